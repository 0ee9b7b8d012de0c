package web_test

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"entente"
	"entente/node"
	"entente/record"
	"entente/web"
)

// hidden finds what a page must not hold: it turns the order of a text round, or cannot be seen.
func hidden(page string) string {
	for _, c := range page {
		if unicode.Is(unicode.Cf, c) || unicode.IsControl(c) && !strings.ContainsRune("\n\r\t", c) || c == '\u2028' || c == '\u115f' || c == '\ufe0f' {
			return fmt.Sprintf("%U", c)
		}
	}
	return ""
}

// What the other side writes is shown as it was signed: nothing runs, nothing hides, nothing is so long that a page fails, and
// no file is opened by the browser as a page of this node.
func TestHostileTexts(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	attack := `<script>alert(1)</script><img src=x onerror="alert(2)">" onfocus="alert(3)" {{.}} `
	tricked := "Mexico pays \u202e000,1 DSU\u202c and \u2066not\u2069 mo\u00adre\u200b.\u0085\ufeff\U000e0041\u2028\u115f\ufe0f end"
	statement := func(parts ...node.NewPart) record.ID {
		return us.seal(t, "press", node.Act{Kind: "statement", Verb: record.Propose, Parts: parts}, entente.Statement{Own: true}).ID
	}
	id := statement(append(append(both("title", attack+tricked), both("body", attack+tricked)...),
		node.NewPart{Name: "annex/page.html", Content: []byte("<script>alert(4)</script>")}, node.NewPart{Name: "annex/plan.svg", Content: []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(5)</script></svg>`)},
		node.NewPart{Name: "annex/page.xhtml", Content: []byte(` <html xmlns="http://www.w3.org/1999/xhtml"><script>alert(6)</script></html>`)}, node.NewPart{Name: "annex/plain.txt", Content: []byte("<html>")})...)
	long := statement(append(both("title", strings.Repeat("A title without an end. ", 5000)), append(both("body", "short"), node.NewPart{Name: "annex/a.txt", Content: []byte("x")})...)...)
	huge := statement(append(both("title", "A text without an end"), both("body", strings.Repeat("word ", 500_000))...)...)
	for _, x := range []record.ID{id, long, huge} {
		mx.await(t, x, func(*entente.State) bool { return true })
	}

	r := newReader(t, mx, "desk", "en")
	marked, pages := 0, 0
	r.look = func(path, page string) {
		if !strings.HasPrefix(page, "<!DOCTYPE html>") {
			return
		}
		if pages++; hidden(page) != "" {
			t.Errorf("%s holds %s as it is", path, hidden(page))
		}
		if strings.Contains(page, "[U+202E]000,1 DSU[U+202C] and [U+2066]not[U+2069] mo[U+00AD]re[U+200B].[U+0085][U+FEFF][U+E0041][U+2028][U+115F][U+FE0F] end") {
			marked++
		}
		if strings.Contains(page, "<script>alert") || strings.Contains(page, `<img src=x`) || strings.Contains(page, `" onfocus="`) {
			t.Errorf("%s runs what the other side wrote", path)
		}
		if len(page) > 1<<20 {
			t.Errorf("%s has %d bytes", path, len(page))
		}
	}
	slug := mx.slug(t)
	paths := []string{"/", slug, slug + "/list/statement", slug + "/records"}
	for _, x := range []record.ID{id, long, huge} {
		paths = append(paths, slug+"/i/"+x.String())
	}
	for _, path := range paths {
		if status, page := r.get(path); status != http.StatusOK {
			t.Errorf("%s answers %d: %.300s", path, status, page)
		}
	}
	if marked < 2 || pages != len(paths) {
		t.Errorf("on %d of %d pages the hidden characters are shown", marked, pages)
	}
	_, page := r.get(slug + "/i/" + huge.String())
	if !strings.Contains(page, "too long for a page") || !strings.Contains(page, "/r/"+huge.String()+"/body.en") {
		t.Error("a text that is too long for a page is not offered as a file")
	}
	if status, text := r.get(slug + "/r/" + huge.String() + "/body.en"); status != http.StatusOK || len(text) < 2_500_000 || !strings.HasPrefix(text, "PK") {
		t.Errorf("as a file: %d, %d bytes", status, len(text))
	}
	if _, page := r.get(slug + "/i/" + long.String()); !strings.Contains(page, "/r/"+long.String()+"/title.en") {
		t.Error("a title that is too long for a page is not offered as a file")
	}
	for _, name := range []string{"page.html", "plan.svg", "page.xhtml", "plain.txt"} {
		res, err := r.http.Get(mx.url + slug + "/r/" + id.String() + "/annex/" + name)
		must(t, err)
		must(t, res.Body.Close())
		kind := res.Header.Get("Content-Type")
		if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment;") || res.Header.Get("X-Content-Type-Options") != "nosniff" ||
			regexp.MustCompile(`html|svg|xml|script`).MatchString(kind) || !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %d %v", name, res.StatusCode, res.Header)
		}
	}
}

// Strangers can neither fill the memory of a node, nor keep its officials out: behind a proxy all have one address.
func TestStrangers(t *testing.T) {
	x := example(t).sides["US"]
	c := &http.Client{Transport: &http.Transport{DialContext: toThisMachine}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	post := func(path string, form url.Values) int {
		t.Helper()
		res, err := c.PostForm(x.url+path, form)
		must(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		must(t, err)
		must(t, res.Body.Close())
		return res.StatusCode
	}
	for i := range 50 {
		if status := post("/signin/link", url.Values{"secret": {fmt.Sprint("guess", i)}}); status != http.StatusForbidden {
			t.Fatalf("guess %d: %d", i, status)
		}
		if status := post("/signin/passkey", url.Values{"response": {"{}"}}); status != http.StatusForbidden {
			t.Fatalf("guess %d of a passkey: %d", i, status)
		}
	}
	newReader(t, x, "desk", "en") // comes in nevertheless
	if status := post("/signin/passkey/options", nil); status != http.StatusOK {
		t.Errorf("options of a passkey: %d", status)
	}
	for _, path := range []string{"/signin/link", "/signin/passkey", "/signout"} {
		if status := post(path, url.Values{"secret": {strings.Repeat("x", 200_000)}}); status != http.StatusUnprocessableEntity {
			t.Errorf("a stranger's request of 200 kB to %s is answered %d", path, status)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", x.url+"/signin/passkey", strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"response\"\r\n\r\n"+strings.Repeat("y", 200_000)+"\r\n--x--\r\n"))
	must(t, err)
	req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	res, err := c.Do(req)
	must(t, err)
	must(t, res.Body.Close())
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("a stranger's files: %d", res.StatusCode)
	}

	// A form of another site is refused, whatever route it is sent to.
	for _, path := range []string{"/signin/link", "/signout", "/keys", x.slug(t) + "/commitments/new", "/clearances/x"} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", x.url+path, strings.NewReader("a=b"))
		must(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "https://elsewhere.example")
		res, err := c.Do(req)
		must(t, err)
		must(t, res.Body.Close())
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("a form of another site to %s: %d", path, res.StatusCode)
		}
	}
	for _, next := range []string{"//elsewhere.example", `/\elsewhere.example`, "https://elsewhere.example/", "/\t/elsewhere.example", "/..//elsewhere.example", "javascript:alert(1)", "/%5celsewhere.example"} {
		r := newReader(t, x, "desk", "en")
		r.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		for _, path := range []string{"/signin?next=", "/language/en?back="} {
			res, err := r.http.Get(x.url + path + url.QueryEscape(next))
			must(t, err)
			must(t, res.Body.Close())
			to, err := res.Location()
			if err != nil || !strings.HasPrefix(to.String(), x.url+"/") || strings.HasPrefix(res.Header.Get("Location"), "//") || strings.HasPrefix(res.Header.Get("Location"), `/\`) {
				t.Errorf("%s%s leads to %v", path, next, res.Header["Location"])
			}
		}
	}
}

// A session that was left open, or stolen, gives nobody a key of their own; no key is for no seat; and signing in ends the session
// that the browser had.
func TestStolenSession(t *testing.T) {
	now, dir := int64(1_900_000_000), filepath.Join(t.TempDir(), "mx")
	_, key, err := ed25519.GenerateKey(nil)
	must(t, err)
	must(t, node.Init(t.Context(), node.Setup{Dir: dir, Passphrase: "a passphrase of a test", WorkFactor: 1, Now: now,
		Offices: []entente.Office{{ID: "desk", Names: map[string]string{"en": "Desk", "es": "Mesa"}, Seats: []entente.Seat{{Number: 1, Key: node.PublicKey(key)}}, Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}}},
		Config:  node.Config{Party: "MX", Names: map[string]string{"en": "Mexico", "es": "México"}, Address: "127.0.0.1:1"}}))
	n, err := node.Open(t.Context(), node.Options{Dir: dir, Clock: func() int64 { return now }})
	must(t, err)
	t.Cleanup(func() { must(t, n.Close()) })
	w, err := web.New(n, web.Options{Origin: "https://mx.example", Zone: time.UTC})
	must(t, err)
	var cookie *http.Cookie
	ask := func(method, path string, form url.Values) *httptest.ResponseRecorder {
		t.Helper()
		q := httptest.NewRequest(method, "https://mx.example"+path, strings.NewReader(form.Encode()))
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		q.Header.Set("Accept-Language", "en")
		if cookie != nil {
			q.AddCookie(cookie)
		}
		rec := httptest.NewRecorder()
		w.Handler().ServeHTTP(rec, q)
		for _, c := range rec.Result().Cookies() {
			if c.Name == "__Host-session" {
				if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
					t.Errorf("session cookie %+v", c)
				}
				cookie = c
			}
		}
		return rec
	}
	signIn := func() {
		t.Helper()
		link, err := w.Link(t.Context(), "desk", time.Hour)
		must(t, err)
		if rec := ask("POST", "/signin/link", url.Values{"secret": {link[len(web.LinkPath):]}}); rec.Code != http.StatusSeeOther {
			t.Fatalf("signing in: %d", rec.Code)
		}
	}
	add := func(seat string) int {
		return ask("POST", "/keys/options", url.Values{"use": {"signin"}, "name": {"laptop"}, "seat": {seat}}).Code
	}
	signIn()
	if got := []int{add("1"), add("0"), add("-1"), add("")}; !slices.Equal(got, []int{200, 422, 422, 422}) {
		t.Errorf("keys for the seats 1, 0, -1 and none: %d", got)
	}
	now += 16 * 60
	if code := add("1"); code != http.StatusConflict {
		t.Errorf("a key after 16 minutes: %d", code)
	}
	if rec := ask("GET", "/keys", nil); rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), `action="/keys"`) || !strings.Contains(rec.Body.String(), "sign in again") {
		t.Errorf("the page of keys after 16 minutes: %d", rec.Code)
	}
	old := cookie
	signIn()
	if cookie.Value == old.Value || add("1") != http.StatusOK {
		t.Error("signing in again does not help")
	}
	cookie = old
	if rec := ask("GET", "/keys", nil); rec.Code != http.StatusSeeOther {
		t.Errorf("the session before the second sign-in goes on: %d", rec.Code)
	}
	for _, h := range []string{"Cache-Control", "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Strict-Transport-Security", "Cross-Origin-Opener-Policy"} {
		if ask("GET", "/signin", nil).Header().Get(h) == "" {
			t.Errorf("no %s", h)
		}
	}
}
