package web_test

import (
	"context"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// reader is an office signed in with a plain HTTP client: no script, as a locked-down desktop would.
type reader struct {
	t    *testing.T
	side *side
	http *http.Client
	look func(path, body string) // at all that is answered, if not nil
	lang string
}

func newReader(t *testing.T, x *side, office, lang string) *reader {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, side: x, lang: lang, http: &http.Client{Jar: jar, Transport: &http.Transport{DialContext: toThisMachine}, Timeout: time.Minute, CheckRedirect: func(q *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(q.URL.String(), x.url+"/") {
			t.Errorf("sent elsewhere: %s", q.URL)
		}
		return nil
	}}}
	link, err := x.web.Link(t.Context(), office, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if status, page := r.post("/signin/link", url.Values{"secret": {link[strings.LastIndex(link, "/")+1:]}}); status != http.StatusOK {
		t.Fatalf("%s of %s cannot sign in: %d %.300s", office, x.id, status, page)
	}
	if status, _ := r.get("/language/" + lang + "?back=/"); status != http.StatusOK {
		t.Fatalf("language %s: %d", lang, status)
	}
	return r
}

// toThisMachine dials names under .localhost as browsers do.
func toThisMachine(ctx context.Context, network, addr string) (net.Conn, error) {
	_, port, _ := net.SplitHostPort(addr)
	return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+port)
}

func (r *reader) get(path string) (int, string) {
	r.t.Helper()
	res, err := r.http.Get(r.side.url + path)
	return r.read(res, err)
}

func (r *reader) post(path string, form url.Values) (int, string) {
	r.t.Helper()
	res, err := r.http.PostForm(r.side.url+path, form)
	return r.read(res, err)
}

func (r *reader) read(res *http.Response, err error) (int, string) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if r.look != nil {
		r.look(res.Request.URL.Path, string(b))
	}
	if csp := res.Header.Get("Content-Security-Policy"); csp == "" || strings.Contains(csp, "unsafe") {
		r.t.Errorf("%s: policy %q", res.Request.URL, csp)
	}
	return res.StatusCode, string(b)
}

var (
	href     = regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
	idPart   = regexp.MustCompile(`[0-9a-f]{16,}`)
	outside  = regexp.MustCompile(`(?i)(?:href|src|action)="(?:https?:)?//`)
	inline   = regexp.MustCompile(`(?i)<script(?:>|[^>]*[^>]>[^<])|\son[a-z]+="|\sstyle="|<style`)
	unspoken = regexp.MustCompile(`\[\[[^\]]+\]\]|&lt;no value&gt;|%!`)
)

// shape is a path without what differs between things of one sort, so that each sort is looked at a few times.
func shape(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		return path
	}
	return idPart.ReplaceAllString(u.Path, "*") + map[bool]string{true: "?", false: ""}[u.RawQuery != ""]
}

// perShape is how many pages of one sort a crawl opens.
const perShape = 6

// crawl opens every page that links lead to and returns one path of each shape.
func (r *reader) crawl(from string) []string {
	r.t.Helper()
	seen, count, queue := map[string]bool{from: true}, map[string]int{}, []string{from}
	var shapes []string
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if count[shape(path)]++; count[shape(path)] > perShape {
			continue
		}
		status, page := r.get(path)
		if status != http.StatusOK {
			r.t.Errorf("%s: %s answers %d", r.side.id, path, status)
			continue
		}
		if count[shape(path)] == 1 {
			shapes = append(shapes, path)
		}
		if !strings.HasPrefix(page, "<!DOCTYPE html>") {
			continue
		}
		if w := unspoken.FindString(page); w != "" {
			r.t.Errorf("%s: %s says %q", r.side.id, path, w)
		}
		if r.lang == "es" && count[shape(path)] == 1 && !strings.HasPrefix(path, "/public") { // which speaks both
			if w := englishOn(r.t, page); w != "" {
				r.t.Errorf("%s: %s says in English, on a page in Spanish: %q", r.side.id, path, w)
			}
		}
		if w := inline.FindString(page); w != "" {
			r.t.Errorf("%s: %s has a script or style of its own: %.80q", r.side.id, path, w)
		}
		if w := outside.FindString(page); w != "" {
			r.t.Errorf("%s: %s leads outside: %q", r.side.id, path, w)
		}
		for _, m := range href.FindAllStringSubmatch(page, -1) {
			to := strings.ReplaceAll(m[1], "&amp;", "&")
			u, err := url.Parse(to)
			if err != nil || to == "" || strings.HasPrefix(to, "#") || strings.HasPrefix(u.Path, "/language/") || strings.HasPrefix(u.Path, "/signout") {
				continue
			}
			if base, _ := url.Parse(path); base != nil {
				u = base.ResolveReference(u)
			}
			u.Fragment = ""
			if to = u.String(); !seen[to] && !isForm(page, m[1]) {
				seen[to] = true
				queue = append(queue, to)
			}
		}
	}
	return shapes
}

// englishOn finds words of the program in English on a page in Spanish. What records say stands in their own language.
func englishOn(t *testing.T, page string) string {
	t.Helper()
	spanish.once.Do(func() {
		es := messages(t, "es-MX")
		for k, v := range messages(t, "en-US") {
			if strings.HasPrefix(k, "text.") { // headings of a text stand in its own language
				continue
			}
			for i, s := range forms(v) {
				if !strings.Contains(s, "{{") && strings.Count(s, " ") > 2 && forms(es[k])[min(i, len(forms(es[k]))-1)] != s {
					spanish.english = append(spanish.english, strings.ReplaceAll(html.EscapeString(s), "&#39;", "'"))
				}
			}
		}
	})
	if len(spanish.english) < 300 {
		t.Fatalf("%d sentences in English: this looks for nothing", len(spanish.english))
	}
	page = strings.ReplaceAll(page, "&#39;", "'")
	for _, s := range spanish.english {
		if strings.Contains(page, s) {
			return s
		}
	}
	return ""
}

var spanish struct {
	once    sync.Once
	english []string
}

// What the rules hold against an act, and what the node says to mend, stands on a page in the reader's language.
func TestReasonsAreInTheReadersLanguage(t *testing.T) {
	x := example(t).sides["MX"]
	at := "/g/security-" + x.security(t).ID.Short()
	for lang, want := range map[string]string{"es": "Empiece por la primera.", "en": "Start from its first page."} {
		r := newReader(t, x, "desk", lang)
		for _, path := range []string{"/commitments?from=elsewhere", "/indicators?from=elsewhere"} {
			if status, page := r.get(at + path); status != http.StatusUnprocessableEntity || !strings.Contains(page, want) || strings.Contains(page, "cursor") {
				t.Errorf("%s in %s answers %d without %q", path, lang, status, want)
			}
		}
	}
}

// isForm: an address that stands only as the action of a form that is sent is no page.
func isForm(page, to string) bool {
	return strings.Contains(page, `method="post" action="`+to+`"`) && !strings.Contains(page, `href="`+to+`"`)
}

// Every page, as every office of both sides, in both languages: no dead link, no untranslated text, nothing from outside.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	s := example(t)
	pages := 0
	for id, x := range s.sides {
		offices := map[string]bool{}
		for _, g := range x.node.Groups(t.Context(), operator) {
			p, err := x.node.Powers(g.ID)
			if err != nil || p == nil || g.Own {
				continue
			}
			for _, o := range p.Offices {
				offices[o.ID] = true
			}
		}
		for office := range offices {
			lang := map[bool]string{true: "es", false: "en"}[(id == "MX") != (office == "legal")]
			pages += len(newReader(t, x, office, lang).crawl("/"))
		}
	}
	if pages < 50 {
		t.Errorf("%d sorts of pages were opened", pages)
	}
}

// What axe-core finds on one page of every sort, in both languages (WCAG 2.2 A and AA).
func TestPagesAreAccessible(t *testing.T) {
	s := example(t)
	for _, x := range []struct {
		side *side
		lang string
	}{{s.sides["MX"], "es"}, {s.sides["US"], "en"}} {
		paths := newReader(t, x.side, "desk", x.lang).crawl("/")
		slices.Sort(paths)
		b := newTab(t)
		b.signIn(x.side, "desk", x.lang)
		looked := 0
		for _, path := range paths {
			if !strings.Contains(evaluate[string](b, `fetch(`+quote(path)+`).then(r => r.headers.get("content-type") + (r.headers.get("content-disposition") ?? ""))`, chromedp.EvalAwaitPromise), "text/html; charset=utf-8") {
				continue
			}
			t.Logf("%s %s", x.side.id, path)
			b.open(x.side.url + path)
			looked++
			b.accessible()
		}
		if looked < 5 {
			t.Errorf("%d pages looked at: %q", looked, paths)
		}
	}
}

// accessible holds the page that a tab shows against axe-core, and to a width without sideways scroll.
func (b *tab) accessible() {
	b.t.Helper()
	axe, err := os.ReadFile("assets/node_modules/axe-core/axe.min.js")
	if err != nil {
		b.t.Fatalf("%v: make assets fetches it", err)
	}
	evaluate[chromedp.Void](b, string(axe))
	found := evaluate[[]string](b, `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => r.violations.map(v => v.id + ": " + v.help + " – " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(" | ")))`, chromedp.EvalAwaitPromise)
	for _, f := range found {
		b.t.Errorf("%s: %s", b.at(), f)
	}
	if wide := evaluate[bool](b, `document.documentElement.scrollWidth > document.documentElement.clientWidth + 1`); wide {
		b.t.Errorf("%s scrolls sideways", b.at())
	}
}
