package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"entente/node"
	"entente/record"
)

// calendarBody is the page on which an office makes and revokes its calendars.
type calendarBody struct {
	Form  *form
	Made  string // the address of the one made a moment ago: it is shown once
	Feeds []node.FeedInfo
}

func (w *Web) calendarForm(r *request) (*form, error) {
	return r.form(r.group.Href("calendar"), r.t("calendar.make"), field{Name: "titles", Control: controlRadios, Label: r.t("calendar.titles"), Values: []string{"no"},
		Options: []option{{Value: "no", Text: r.t("calendar.titles-no"), Hint: r.t("calendar.titles-no-hint")}, {Value: "yes", Text: r.t("calendar.titles-yes"), Hint: r.t("calendar.titles-yes-hint")}}})
}

// calendar lists the office's calendars of the group and makes another.
func (w *Web) calendar(r *request) (answer, error) {
	f, err := w.calendarForm(r)
	if err != nil {
		return nil, err
	}
	b := calendarBody{Form: f}
	if r.Method == http.MethodPost {
		titles := f.choice("titles") == "yes"
		if f.ok() {
			secret, err := w.node.NewFeed(r.Context(), r.who, r.group.ID, r.lang, titles)
			if err != nil {
				return nil, err
			}
			b.Made = w.base(r) + "/calendar/" + secret + ".ics"
		}
	}
	if b.Feeds, err = w.node.Feeds(r.Context(), r.who, r.group.ID); err != nil {
		return nil, err
	}
	p := page{name: "calendar", title: r.t("calendar.title"), nav: "meetings", body: b}
	if !f.ok() {
		return f.again(p), nil
	}
	return p, nil
}

// revokeCalendar ends one at once.
func (w *Web) revokeCalendar(r *request) (answer, error) {
	id, err := record.ParseID(r.PostFormValue("feed"))
	if err != nil {
		return nil, fmt.Errorf("calendar: %w", node.ErrInvalid)
	}
	if err := w.node.RevokeFeed(r.Context(), r.who, r.group.ID, id); err != nil {
		return nil, err
	}
	return redirect{to: r.group.Href("calendar"), done: "calendar-revoked"}, nil
}

// readCalendar answers a calendar program. The secret in the address is all that it shows.
func (w *Web) readCalendar(r *request) (answer, error) {
	secret, ok := strings.CutSuffix(r.PathValue("file"), ".ics")
	if !ok {
		return nil, fmt.Errorf("calendar: %w", node.ErrNotFound)
	}
	c, same, err := w.node.Calendar(r.Context(), secret, strings.Trim(strings.TrimPrefix(r.Header.Get("If-None-Match"), "W/"), `"`))
	if err != nil {
		return nil, err
	}
	x := calendarFile{tag: c.Tag}
	if !same {
		x.content = w.ical(r, c)
	}
	return x, nil
}

type calendarFile struct {
	tag     string
	content []byte // nil: the program has it
}

func (a calendarFile) write(rw http.ResponseWriter, _ *request) error {
	h := rw.Header()
	h.Set("ETag", `"`+a.tag+`"`)
	h.Set("Cache-Control", "private, no-cache")
	if a.content == nil {
		rw.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	_, err := rw.Write(a.content)
	return clientGone(err)
}

// ical writes an iCalendar object (RFC 5545): a meeting as an event at its time, a due date as a whole day.
func (w *Web) ical(r *request, c *node.Calendar) []byte {
	l := w.languages[c.Lang]
	var b strings.Builder
	line := func(name, value string) { b.WriteString(folds(name + ":" + value)) }
	line("BEGIN", "VCALENDAR")
	line("VERSION", "2.0")
	line("PRODID", "-//Entente//Entente//EN")
	line("CALSCALE", "GREGORIAN")
	line("X-WR-CALNAME", escaped(l.t("calendar.name")))
	line("REFRESH-INTERVAL;VALUE=DURATION", "PT1H")
	p, _ := w.node.Powers(c.Group) // without powers, the office by its id
	mark := l.t("mark.shown", "Office", officeIn(p, c.Office, c.Lang), "Seat", c.Office, "Time", time.Unix(w.node.Now(), 0).UTC().Format("2006-01-02 15:04:05 UTC"))
	for _, d := range c.Dates {
		s := d.State
		what := l.t("calendar.due", "Kind", l.t("kind."+s.Kind))
		if d.Meets {
			what = l.t("calendar.meeting", "Number", s.Fact("number"))
		}
		for _, lang := range readerFirst(c.Lang, []string{"en", "es"}) {
			if t := d.Titles[lang]; t != "" {
				what += ": " + t
				break
			}
		}
		line("BEGIN", "VEVENT")
		line("UID", s.Instrument.String()+"@"+c.Group.Short()+".entente")
		line("DTSTAMP", utcStamp(s.Last))
		line("LAST-MODIFIED", utcStamp(s.Last))
		if d.Meets {
			line("DTSTART", utcStamp(s.Due))
		} else {
			line("DTSTART;VALUE=DATE", time.Unix(s.Due, 0).UTC().Format("20060102"))
			line("TRANSP", "TRANSPARENT")
		}
		line("SUMMARY", escaped(what))
		if len(d.Titles) > 0 {
			line("DESCRIPTION", escaped(mark))
		}
		line("STATUS", map[bool]string{true: "CONFIRMED", false: "TENTATIVE"}[d.View.Phase == "in-force"])
		line("CLASS", "CONFIDENTIAL")
		line("END", "VEVENT")
	}
	line("END", "VCALENDAR")
	return []byte(b.String())
}

func utcStamp(sec int64) string { return time.Unix(sec, 0).UTC().Format("20060102T150405Z") }

var icalEscapes = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// escaped is a text value (RFC 5545, section 3.3.11).
func escaped(s string) string { return icalEscapes.Replace(s) }

// folds ends a content line, folded so that no line is longer than 75 octets and no character is cut (section 3.1).
func folds(s string) string {
	var b strings.Builder
	room := 75
	for len(s) > room {
		n := room
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		b.WriteString(s[:n] + "\r\n ")
		s, room = s[n:], 74
	}
	b.WriteString(s + "\r\n")
	return b.String()
}
