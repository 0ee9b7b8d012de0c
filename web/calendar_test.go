package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// An office makes an address, a calendar program reads it, and the address ends when it is revoked.
func TestCalendarAddress(t *testing.T) {
	s := example(t)
	mx := s.sides["MX"]
	s.agreedMeeting(t, "Calendar of this test, with a comma; and a very long title that goes on and on until no line of seventy-five octets can hold it")
	b := newTab(t)
	b.signIn(mx, "desk", "es")
	b.open(mx.url + mx.path(t, "/g/security/calendar"))
	b.choose("titles", "yes")
	b.press("main form:last-of-type .govuk-button")
	made, err := url.Parse(strings.TrimSpace(b.text("#made")))
	if err != nil {
		t.Fatal(err)
	}
	read := func(path string) (*http.Response, string) {
		r := stranger(t, mx.web.Handler(), path, "en")
		return r, bodyOf(t, r)
	}
	r, file := read(made.Path)
	if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "text/calendar; charset=utf-8" || r.Header.Get("Set-Cookie") != "" || strings.Contains(r.Header.Get("Cache-Control"), "public") {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
	for _, l := range strings.Split(strings.TrimSuffix(file, "\r\n"), "\r\n") {
		if len(l) > 75 || strings.ContainsAny(l, "\r\n") || !utf8.ValidString(l) {
			t.Errorf("no content line: %q", l)
		}
	}
	whole := strings.ReplaceAll(file, "\r\n ", "")
	if !strings.Contains(whole, `SUMMARY:Reunión 77: Calendar of this test\, with a comma\; and`) || !regexp.MustCompile(`(?m)^DTSTART;VALUE=DATE:\d{8}\r$`).MatchString(whole) ||
		strings.Count(whole, "BEGIN:VEVENT") != strings.Count(whole, "END:VEVENT") || !strings.HasPrefix(whole, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") {
		t.Errorf("%s", whole)
	}
	for _, bad := range []string{"/calendar/x.ics", "/calendar/" + strings.TrimSuffix(made.Path[len("/calendar/"):], ".ics"), made.Path + ".ics"} {
		if r, _ := read(bad); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s answers %d", bad, r.StatusCode)
		}
	}
	b.open(mx.url + mx.path(t, "/g/security/calendar"))
	if text := b.text("main"); strings.Contains(text, made.Path) || !strings.Contains(text, "Fechas y títulos") {
		t.Errorf("the page afterwards: %s", text)
	}
	b.press("main .ent-list .ent-linklike")
	if text := b.text("body"); !strings.Contains(text, "Se revocó la dirección") {
		t.Errorf("revoked: %s", text)
	}
	if r, _ := read(made.Path); r.StatusCode != http.StatusNotFound {
		t.Errorf("a revoked address answers %d", r.StatusCode)
	}
	c := newReader(t, mx, "desk", "en")
	at := mx.path(t, "/g/security/calendar")
	if status, page := c.post(at, url.Values{"titles": {"perhaps"}}); status != http.StatusUnprocessableEntity || !strings.Contains(page, "There is a problem") {
		t.Errorf("a choice that is none: %d", status)
	}
	for feed, want := range map[string]int{"x": 422, strings.Repeat("a1", 32): 404} {
		if status, _ := c.post(at+"/revoke", url.Values{"feed": {feed}}); status != want {
			t.Errorf("revoke %s: %d", feed, status)
		}
	}
}
