package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"entente/node"
	"entente/record"
)

// control is what a field of a form is filled in with.
type control string

// The controls.
const (
	controlInput    control = "input"
	controlText     control = "textarea"
	controlSelect   control = "select"
	controlRadios   control = "radios"
	controlChecks   control = "checkboxes"
	controlDate     control = "date"
	controlTime     control = "time"
	controlFile     control = "file"
	controlHidden   control = "hidden"
	controlPassword control = "password"
	controlMap      control = "map" // no answer of its own: it fills in the fields of an area
)

// field is one question of a form. Its words are in the reader's language already.
type field struct {
	Name     string
	Control  control
	Label    string
	Hint     string
	Lang     string // tag of the language to write in, where it is not the page's
	Options  []option
	Optional bool
	Unmarked bool // and not said to be: every field of a filter is
	Many     bool // files
	Rows     int  // of a textarea; 0: six
	Width    int  // of an input in characters, as GOV.UK names them: 2, 3, 4, 5, 10, 20; 0: full
	Values   []string
	Error    string
	Map      *mapView
}

// option is one answer to choose.
type option struct {
	Value, Text, Hint string
}

// form is a form as it is first shown, or as it was sent: then every answer is kept, and what is wrong stands at its field.
//
//	f, err := r.form(action, label, field{Name: "title.es", Control: controlInput, Label: …}, …)
//	title, due := f.text("title.es"), f.deadline("due")
//	if !f.ok() { return f.again(page{name: "thing", title: …, body: body{Form: f}}), nil }
//
// and in the template {{template "form" .Form}}, or field by field {{template "field" (.Form.Field "due")}}.
type form struct {
	Action  string
	Submit  string // text of the button
	Back    string // where to go instead; empty: no link
	Warning bool   // what it does is hard to undo
	Fields  []*field
	r       *request
}

// form makes a form. On a POST its fields hold what was sent; else the values that they were given.
func (r *request) form(action, submit string, fields ...field) (*form, error) {
	f := &form{Action: action, Submit: submit, r: r}
	sent := r.Method == http.MethodPost
	if sent && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") && r.MultipartForm == nil {
		if err := r.ParseMultipartForm(maxUpload); err != nil {
			return nil, fmt.Errorf("form: %w: %w", node.ErrInvalid, err)
		}
	}
	for _, x := range fields {
		if sent {
			x.Values = nil
			for _, v := range r.PostForm[x.Name] {
				x.Values = append(x.Values, strings.ReplaceAll(v, "\r\n", "\n"))
			}
		}
		f.Fields = append(f.Fields, &x)
	}
	for _, x := range f.Fields {
		for _, v := range x.Values {
			if sent && (len(v) > maxField || !utf8.ValidString(v)) {
				f.wrong(x.Name, "form.too-long")
			}
		}
	}
	return f, nil
}

// ID is the field's element, which the error summary links to.
func (x *field) ID() string { return strings.NewReplacer(".", "-", "/", "-").Replace(x.Name) }

// Value is the one answer.
func (x *field) Value() string {
	if len(x.Values) == 0 {
		return ""
	}
	return x.Values[0]
}

// Has reports whether an option is chosen.
func (x *field) Has(value string) bool { return slices.Contains(x.Values, value) }

// Target is where a link to the field goes: of a group of options, the first.
func (x *field) Target() string {
	if (x.Control == controlRadios || x.Control == controlChecks) && len(x.Options) > 0 {
		return x.ID() + "-0"
	}
	return x.ID()
}

// Describes names the hint and the message that belong to the field, for those who hear it.
func (x *field) Describes() string {
	var ids []string
	if x.Hint != "" {
		ids = append(ids, x.ID()+"-hint")
	}
	if x.Error != "" {
		ids = append(ids, x.ID()+"-error")
	}
	return strings.Join(ids, " ")
}

// Field finds a field for the template. A name the form does not have is a fault of the page.
func (f *form) Field(name string) (*field, error) {
	for _, x := range f.Fields {
		if x.Name == name {
			return x, nil
		}
	}
	return nil, fmt.Errorf("the form has no field %q", name)
}

// Has reports whether the form asks that.
func (f *form) Has(name string) bool {
	_, err := f.Field(name)
	return err == nil
}

// Files: the form uploads.
func (f *form) Files() bool {
	return slices.ContainsFunc(f.Fields, func(x *field) bool { return x.Control == controlFile })
}

// Problems are the fields to mend.
func (f *form) Problems() []*field {
	return slices.DeleteFunc(slices.Clone(f.Fields), func(x *field) bool { return x.Error == "" })
}

func (f *form) ok() bool { return len(f.Problems()) == 0 }

// again shows the form with what is wrong.
func (f *form) again(p page) page {
	p.status = http.StatusUnprocessableEntity
	p.heading, p.title = p.title, f.r.t("form.error-title", "Title", p.title)
	return p
}

// wrong puts a message at a field; the first stays.
func (f *form) wrong(name, key string, args ...any) {
	if x, err := f.Field(name); err == nil && x.Error == "" {
		x.Error = f.r.t(key, args...)
	}
}

// set answers a field that nobody has answered yet.
func (f *form) set(name string, values ...string) {
	if x, err := f.Field(name); err == nil && f.r.Method != http.MethodPost {
		x.Values = values
	}
}

// text is an answer in words. Empty is a problem unless the field is optional.
func (f *form) text(name string) string {
	x, err := f.Field(name)
	if err != nil {
		return ""
	}
	v := strings.TrimSpace(x.Value())
	if v == "" && !x.Optional {
		f.wrong(name, "form.required")
	}
	return v
}

// choice is one of the options.
func (f *form) choice(name string) string {
	x, err := f.Field(name)
	if err != nil {
		return ""
	}
	v := x.Value()
	switch {
	case v == "" && !x.Optional:
		f.wrong(name, "form.choose")
	case v != "" && !slices.ContainsFunc(x.Options, func(o option) bool { return o.Value == v }):
		f.wrong(name, "form.choose")
		return ""
	}
	return v
}

// choices are those of the options that are ticked.
func (f *form) choices(name string) []string {
	x, err := f.Field(name)
	if err != nil {
		return nil
	}
	for _, v := range x.Values {
		if !slices.ContainsFunc(x.Options, func(o option) bool { return o.Value == v }) {
			f.wrong(name, "form.choose")
			return nil
		}
	}
	if len(x.Values) == 0 && !x.Optional {
		f.wrong(name, "form.choose")
	}
	return x.Values
}

// decimal is a number as records carry it. A comma between thousands is taken as English and Spanish of Mexico write it.
func (f *form) decimal(name string) record.Decimal {
	v := f.text(name)
	if v == "" {
		return ""
	}
	d := record.Decimal(strings.ReplaceAll(strings.ReplaceAll(v, ",", ""), " ", ""))
	if !d.Valid() {
		f.wrong(name, "form.decimal")
		return ""
	}
	return d
}

// id is the id of a record; an optional one may be zero.
func (f *form) id(name string) record.ID {
	v := f.text(name)
	if v == "" {
		return record.ID{}
	}
	id, err := record.ParseID(v)
	if err != nil {
		f.wrong(name, "form.choose")
	}
	return id
}

// date reads a day as browsers send it, or as people who have no date control type it.
func (f *form) date(name string, zone *time.Location) (time.Time, bool) {
	v := f.text(name)
	if v == "" {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation(time.DateOnly, v, zone)
	if err != nil || t.Unix() <= 0 || t.Unix() > record.MaxTime-86400 {
		f.wrong(name, "form.date")
		return time.Time{}, false
	}
	return t, true
}

// day is the first second of a day in the page's zone; 0: none was given.
func (f *form) day(name string) int64 {
	t, ok := f.date(name, f.r.web.zone)
	if !ok {
		return 0
	}
	return t.Unix()
}

// deadline is the last second of a day in UTC: both sides read the same date, whatever their zones; 0: none was given.
func (f *form) deadline(name string) int64 {
	t, ok := f.date(name, time.UTC)
	if !ok {
		return 0
	}
	return t.AddDate(0, 0, 1).Unix() - 1
}

// moment is a day and a time of day in the page's zone; 0: none was given.
func (f *form) moment(day, hour string) int64 {
	d, ok := f.date(day, f.r.web.zone)
	v := f.text(hour)
	if v == "" {
		return 0
	}
	t, err := time.Parse("15:04", v)
	if err != nil { // some browsers send seconds
		t, err = time.Parse(time.TimeOnly, v)
	}
	if err != nil {
		f.wrong(hour, "form.time")
	}
	if err != nil || !ok {
		return 0
	}
	return time.Date(d.Year(), d.Month(), d.Day(), t.Hour(), t.Minute(), t.Second(), 0, f.r.web.zone).Unix()
}

// isoDay and isoTime are how date and time controls are filled in.
func (r *request) isoDay(sec int64) string {
	return time.Unix(sec, 0).In(r.web.zone).Format(time.DateOnly)
}
func (r *request) isoTime(sec int64) string {
	return time.Unix(sec, 0).In(r.web.zone).Format("15:04")
}
func isoDeadline(sec int64) string { return time.Unix(sec, 0).UTC().Format(time.DateOnly) }

// upload is a file that was sent.
type upload struct {
	Name    string // its last element
	Content []byte
}

// uploads are the files of a field. Browsers send an empty one where none was chosen.
func (f *form) uploads(name string) ([]upload, error) {
	x, err := f.Field(name)
	if err != nil {
		return nil, err
	}
	var out []upload
	if f.r.MultipartForm != nil {
		for _, h := range f.r.MultipartForm.File[name] {
			if h.Filename == "" {
				continue
			}
			in, err := h.Open()
			if err != nil {
				return nil, err
			}
			b, err := io.ReadAll(in)
			if err = errors.Join(err, in.Close()); err != nil {
				return nil, err
			}
			out = append(out, upload{path.Base(strings.ReplaceAll(h.Filename, "\\", "/")), b})
		}
	}
	if len(out) == 0 && !x.Optional {
		f.wrong(name, "form.file")
	}
	return out, nil
}
