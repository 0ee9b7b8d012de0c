package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"entente"
	"entente/node"
	"entente/record"
)

// Whoever comes to the address of published texts reads those, in both languages and as a feed under that address, and reaches nothing
// else of the node: no page, no sign-in, no API, no word about what is not public, whatever they send.
func TestPublicAddressServesNothingElse(t *testing.T) {
	s := example(t)
	mx := s.sides["MX"]
	meeting := s.agreedMeeting(t, "Met in public")
	readout := func(title string, form string, own bool) record.ID {
		return s.statement(t, title, entente.Statement{Form: form, Meeting: meeting, Own: own})
	}
	mine, minutes, kept := readout("Our readout for all", entente.FormReadout, true), readout("Minutes for all", entente.FormMinutes, false), readout("Kept back from all", entente.FormReadout, true)
	mx.seal(t, "press", node.Act{Kind: "statement", Verb: record.Release, Version: mine}, nil)
	h, err := mx.web.PublicHandler("https://published.example")
	if err != nil {
		t.Fatal(err)
	}
	slug := strings.TrimPrefix(mx.slug(t), "/g/")
	at, err := url.Parse(mx.url)
	if err != nil {
		t.Fatal(err)
	}
	session := newReader(t, mx, "press", "en").http.Jar.Cookies(at)
	if len(session) == 0 {
		t.Fatal("nobody is signed in: this test would not notice a page for those who are")
	}
	ask := func(method, path, host string, edit func(*http.Request)) *http.Response {
		t.Helper()
		r := httptest.NewRequest(method, "/", nil)
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
		r.RequestURI, r.Host = path, host
		for _, c := range session {
			r.AddCookie(c)
		}
		if edit != nil {
			edit(r)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Result().Header.Get("Set-Cookie") != "" {
			t.Errorf("%s %s sets a cookie", method, path)
		}
		return rec.Result()
	}
	get := func(path string) (*http.Response, string) {
		t.Helper()
		r := ask(http.MethodGet, path, "evil.example", nil)
		return r, bodyOf(t, r)
	}
	r, page := get("/public/" + slug + "/" + mine.String() + "?lang=es")
	if r.StatusCode != http.StatusOK || !strings.Contains(page, "Our readout for all") || strings.Contains(page, "Minutes for all") || strings.Contains(page, "Kept back") || strings.Contains(page, "/signin") || strings.Contains(page, "<script") {
		t.Errorf("the page, %d: %s", r.StatusCode, page)
	}
	if c := r.Header.Get("Cache-Control"); c != "public, max-age=60" || r.Header.Get("Vary") != "Accept-Language" || r.Header.Get("ETag") == "" {
		t.Errorf("for caches: %v", r.Header)
	}
	tag := r.Header.Get("ETag")
	if again := ask(http.MethodGet, "/public/"+slug+"/"+mine.String()+"?lang=es", "evil.example", func(r *http.Request) { r.Header.Set("If-None-Match", tag) }); again.StatusCode != http.StatusNotModified {
		t.Errorf("the same again: %d", again.StatusCode)
	}
	for _, x := range s.sides { // once both have let the minutes out, each text leads to the other of its meeting
		x.seal(t, "press", node.Act{Kind: "statement", Verb: record.Release, Version: minutes}, nil)
	}
	mx.await(t, minutes, func(y *entente.State) bool { return y.Published(mx.node.Now()) })
	if _, page := get("/public/" + slug + "/" + mine.String()); !strings.Contains(page, "Minutes for all") || strings.Contains(page, "Kept back") {
		t.Errorf("beside another text of the meeting: %s", page)
	}
	if _, feed := get("/public/feed/en"); !strings.Contains(feed, "https://published.example/public/") || strings.Contains(feed, "evil.example") || strings.Contains(feed, mx.url) {
		t.Errorf("the feed: %s", feed)
	}
	if r, _ := get("/"); r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/public" {
		t.Errorf("the root: %d to %s", r.StatusCode, r.Header.Get("Location"))
	}
	asked := 0
	for _, path := range []string{"/signin", "/guide", "/keys", "/setup", "/access", "/g/" + slug, "/g/" + slug + "/i/" + mine.String(), "/g/" + slug + "/statements", "/g/" + slug + "/press", "/v1/groups", "/v1/openapi.json",
		"/healthz", "/readyz", "/metrics", "/language/es", "/calendar/x.ics", "/public/" + slug, "/public/" + slug + "/" + kept.String(), "/public/" + slug + "/" + kept.String() + "/proof", "/public/" + slug + "/" + meeting.String(),
		"/public/" + slug + "/" + mine.String() + "/annex/x", "/public/" + slug + "/" + mine.String() + "/annex/..%2f..%2fparts.keys", "/public/x/y", "/public/" + slug + "/" + strings.Repeat("0", 64), "/public/" + slug + "/" + strings.Repeat("f", 100_000),
		"/public/feed/xx", "/public/feed/\x00", "/assets/", "/assets/../parts.keys", "/public/%00/%00", "/favicon.ico"} {
		r, body := get(path)
		if asked++; r.StatusCode != http.StatusNotFound && r.StatusCode != http.StatusBadRequest && r.StatusCode != http.StatusMovedPermanently && r.StatusCode != http.StatusTemporaryRedirect || len(body) > 400 || strings.Contains(body, "Kept back") || strings.Contains(body, "signin") {
			t.Errorf("%.80q answers %d: %.200s", path, r.StatusCode, body)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodTrace, "PROPFIND"} {
		for _, path := range []string{"/public", "/public/" + slug + "/" + mine.String(), "/signin/link", "/"} {
			if r := ask(method, path, "published.example", nil); r.StatusCode != http.StatusMethodNotAllowed && r.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s answers %d", method, path, r.StatusCode)
			}
		}
	}
	if asked < 30 {
		t.Errorf("only %d addresses were tried", asked)
	}
	if _, err := mx.web.PublicHandler("published.example"); err == nil {
		t.Error("an origin without a scheme is taken")
	}
}
