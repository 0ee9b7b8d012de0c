package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	xlanguage "golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"entente"
)

//go:embed locale/*.json
var locales embed.FS

//go:embed templates/*.html
var templates embed.FS

// tags are the locales of the pages, by the language codes of charters.
var tags = map[string]string{"en": "en-US", "es": "es-MX"}

// language is everything that pages need to speak one language: messages, forms of dates and numbers, and the templates.
type language struct {
	code, tag string
	local     *i18n.Localizer
	print     *message.Printer
	zone      *time.Location
	pages     map[string]*template.Template
}

func (w *Web) loadLanguages() (map[string]*language, error) {
	bundle := i18n.NewBundle(xlanguage.AmericanEnglish)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	files, err := fs.Glob(locales, "locale/*.json")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if _, err := bundle.LoadMessageFileFS(locales, f); err != nil {
			return nil, fmt.Errorf("messages: %s: %w", f, err)
		}
	}
	out := map[string]*language{}
	for _, code := range entente.Languages {
		tag, err := xlanguage.Parse(tags[code])
		if err != nil {
			return nil, err
		}
		l := &language{code: code, tag: tags[code], local: i18n.NewLocalizer(bundle, tags[code]), print: message.NewPrinter(tag), zone: w.zone, pages: map[string]*template.Template{}}
		if err := l.parse(w); err != nil {
			return nil, err
		}
		out[code] = l
	}
	return out, nil
}

// parse reads the templates: layout and those that begin with _ are shared, each other file is a page's content.
func (l *language) parse(w *Web) error {
	shared := template.New("").Option("missingkey=error").Funcs(l.funcs(w))
	shared, err := shared.ParseFS(templates, "templates/_*.html")
	if err != nil {
		return err
	}
	files, err := fs.Glob(templates, "templates/[^_]*.html")
	if err != nil {
		return err
	}
	for _, f := range files {
		t, err := shared.Clone()
		if err == nil {
			_, err = t.ParseFS(templates, f)
		}
		if err != nil {
			return err
		}
		l.pages[strings.TrimSuffix(path.Base(f), ".html")] = t
	}
	return nil
}

func (l *language) execute(w io.Writer, name string, data any) error {
	return l.executeAs(w, "layout", name, data)
}

// executeAs renders a page's content under a layout.
func (l *language) executeAs(w io.Writer, layout, name string, data any) error {
	t := l.pages[name]
	if t == nil {
		return fmt.Errorf("template %s is not there", name)
	}
	if err := t.ExecuteTemplate(w, layout, data); err != nil {
		return fmt.Errorf("template %s: %w", name, err)
	}
	return nil
}

// t is the message of a key. args are names and values in turn; a value named Count chooses the plural. A key without a
// message in this language shows as the key in double brackets, and a test fails.
func (l *language) t(key string, args ...any) string {
	c := &i18n.LocalizeConfig{MessageID: key}
	if len(args) > 0 {
		data := make(map[string]any, len(args)/2)
		for i := 0; i+1 < len(args); i += 2 {
			name, _ := args[i].(string)
			data[name] = args[i+1]
			if n, ok := args[i+1].(int); ok && name == "Count" {
				c.PluralCount = n
				data[name] = l.number(n)
			}
		}
		c.TemplateData = data
	}
	s, tag, err := l.local.LocalizeWithTag(c)
	if err != nil || tag.String() != l.tag {
		return "[[" + key + "]]"
	}
	return s
}

func (l *language) number(n any) string { return l.print.Sprint(number.Decimal(n)) }

// day is a date in the words of the language: 25 November 2026, 25 de noviembre de 2026. Unix seconds; 0 is no date.
func (l *language) day(sec int64) string { return l.dayIn(sec, l.zone) }

func (l *language) dayIn(sec int64, zone *time.Location) string {
	if sec == 0 {
		return "–"
	}
	t := time.Unix(sec, 0).In(zone)
	return l.t("date.day", "Day", t.Day(), "Month", l.t("month."+strings.ToLower(t.Month().String())), "Year", t.Year())
}

// moment is a date with the time of day and its zone.
func (l *language) moment(sec int64) string {
	if sec == 0 {
		return "–"
	}
	return l.t("date.moment", "Day", l.day(sec), "Time", time.Unix(sec, 0).In(l.zone).Format("15:04 MST"))
}

func (w *Web) languageOf(r *http.Request) string {
	if c, err := r.Cookie(languageCookie); err == nil && tags[c.Value] != "" {
		return c.Value
	}
	return accepted(r)
}

// accepted is the language a browser asks for.
func accepted(r *http.Request) string {
	accept, _, err := xlanguage.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err == nil {
		for _, t := range accept {
			if base, _ := t.Base(); tags[base.String()] != "" {
				return base.String()
			}
		}
	}
	return entente.Languages[0]
}

const languageCookie = "language"

// chooseLanguage keeps the reader's choice and goes back to the page it was made on.
func (w *Web) chooseLanguage(r *request) (answer, error) {
	code := r.PathValue("language")
	if tags[code] == "" {
		code = r.lang
	}
	return chosen{code, local(r.URL.Query().Get("back"))}, nil
}

type chosen struct{ code, back string }

func (a chosen) write(rw http.ResponseWriter, r *request) error {
	http.SetCookie(rw, &http.Cookie{Name: languageCookie, Value: a.code, Path: "/", MaxAge: 365 * 86400, HttpOnly: true, Secure: r.web.secure(), SameSite: http.SameSiteLaxMode})
	return redirect{to: a.back}.write(rw, r)
}
