//go:build !race

package node_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/api"
	"entente/node"
	"entente/record"
	"entente/web"
)

// asked is one request of the walk.
type asked struct {
	method, path, body string
	route              string // of the table; empty: where a link led
	nth                int    // of its route
	once               string // key under which the API answers again
}

// walker asks the nodes of a generated group by their pages and their API.
type walker struct {
	t       *testing.T
	h       *node.Hunted
	parties map[record.Party]*served
	at      string  // where the pages of the group of all are
	web     []asked // every page and form, with every id of every party
	api     []asked
	mu      sync.Mutex
	got     map[string]bool // routes that answered somebody
	links   map[string]bool
	count   int
	until   string // the way by which a find ends the walk; empty: it goes to its end
}

type served struct {
	p                       record.Party
	pages, api, local, open http.Handler // open: the address of published texts
	offices                 []*visitor
}

// visitor is who asks: an office with a session and a token, a stranger, or who runs the machine.
type visitor struct {
	party          record.Party
	office         string
	session, token string
}

// asksFor are queries without which a page shows nothing; ID is the id in the path.
var asksFor = map[string]string{
	"GET /g/{group}/contact-files/{file}": "month=2025-10",
	"GET /g/{group}/commitments/export":   "format=csv",
	"GET /g/{group}/agreed-language":      "q=canary",
	"GET /g/{group}/claims":               "q=canary",
	"GET /g/{group}/commitments":          "q=canary",
	"GET /g/{group}/statements":           "q=canary",
}

// silent are the routes that answer nobody in a generated group, and why. What they show is asked for on the example by the tests of
// package web.
var silent = map[string]string{
	"GET /clearances/routes/end":                    "there is no route",
	"GET /g/{group}/actions/new":                    "there is no boundary file",
	"GET /g/{group}/claims/{id}/release":            "no claim is before the others",
	"GET /g/{group}/claims/{id}/review.jsonld":      "no claim is before the others",
	"GET /g/{group}/contacts/{id}/report":           "there is no contact",
	"GET /g/{group}/drafts/{nonce}/figures":         "no draft reports figures",
	"GET /g/{group}/figures/map":                    "nobody has given a file",
	"GET /g/{group}/figures/mappings/{name}":        "nobody keeps a mapping",
	"GET /g/{group}/figures/preview":                "nobody has given a file",
	"GET /g/{group}/findings/{id}/became":           "there is no finding",
	"GET /g/{group}/i/{id}/paper":                   "nothing waits for a signature on paper",
	"GET /g/{group}/i/{id}/translate":               "every text stands in both languages",
	"GET /g/{group}/i/{id}/redline":                 "no text came back",
	"GET /g/{group}/import/map":                     "nobody has given a file",
	"GET /g/{group}/import/mapping":                 "nobody has given a file",
	"GET /g/{group}/import/preview":                 "nobody has given a file",
	"GET /g/{group}/meetings/{id}/decide":           "no meeting is agreed",
	"GET /g/{group}/meetings/{id}/held":             "no meeting is agreed",
	"GET /g/{group}/outlines/{digest}":              "there is no boundary file",
	"GET /setup/boundary/{digest}":                  "there is no boundary file",
	"GET /g/{group}/people/contact/remove":          "there is no directory",
	"GET /g/{group}/records/proof/{alarm}":          "there is no alarm",
	"GET /guide/pictures/{name}":                    "a file of the program",
	"GET /language/{language}":                      "leads back",
	"GET /signin/oidc":                              "there is no identity provider",
	"GET /signin/oidc/callback":                     "there is no identity provider",
	"GET /signins/remove":                           "nobody has a key",
	"GET /v1/check":                                 "nothing was checked yet",
	"GET /v1/groups/{group}/claims/{id}/review":     "no claim is before the others",
	"GET /v1/groups/{group}/figure-mappings/{name}": "nobody keeps a mapping",
}

var (
	wildcard  = regexp.MustCompile(`\{[^}]+\}`)
	anyID     = regexp.MustCompile(`[0-9a-f]{64}`)
	elsewhere = regexp.MustCompile(`^/g/[^/]+/(people|drafts|nonpapers)`) // by which somebody reads from another group's path
)

func newWalker(t *testing.T, h *node.Hunted) *walker {
	t.Helper()
	w := &walker{t: t, h: h, parties: map[record.Party]*served{}, got: map[string]bool{}, links: map[string]bool{}}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	var slugs, groups []string
	jointSlug := ""
	for p, n := range h.Nodes() {
		pages, err := web.New(n, web.Options{Zone: time.UTC, Public: true})
		ok(err)
		a := api.New(n, api.Options{Clock: func() time.Time { return time.Unix(n.Now(), 0) }})
		s := &served{p: p, pages: pages.Handler(), api: a.Handler(false), local: a.Handler(true)}
		s.open, err = pages.PublicHandler("")
		ok(err)
		for _, office := range []string{"desk", "legal", "press", "trade", "audit"} {
			v := &visitor{party: p, office: office}
			link, err := n.NewLink(ctx, office, 0, time.Hour)
			ok(err)
			v.session, err = n.UseLink(ctx, link)
			ok(err)
			v.token, err = n.NewToken(ctx, office, 0)
			ok(err)
			s.offices = append(s.offices, v)
		}
		w.parties[p] = s
		for _, i := range n.Groups(ctx, node.Caller{Operator: true}) {
			groups = append(groups, i.ID.String())
			slugs = append(slugs, i.Founding.Track+"-"+i.ID.Short())
			if i.ID == h.Joint() {
				jointSlug = slugs[len(slugs)-1]
			}
		}
	}
	w.at = "/g/" + jointSlug
	slices.Sort(slugs)
	slugs = slices.Compact(slugs)
	slices.Sort(groups)
	groups = slices.Compact(groups)
	records, nonces, feeds := h.IDs()
	var ids, drafts, files []string
	for _, id := range records {
		ids = append(ids, id.String())
	}
	for _, x := range nonces {
		drafts = append(drafts, x.String())
	}
	for _, f := range feeds {
		files = append(files, f+".ics")
	}
	joint := h.Joint().String()
	parts := []string{"title.en", "title.es", "body.en", "body.es", "annex/a", "annex/open", "quote", record.RowsPart}
	for i := range 7 {
		parts = append(parts, fmt.Sprintf("annex/%d", i))
	}
	parties := []string{}
	for p := range h.Nodes() {
		parties = append(parties, string(p))
	}
	// What a wildcard of a path may stand for. A new one must be put here: else its route is not searched.
	fill := map[string][]string{
		"{group}": slugs, "{id}": append(ids, joint), "{record}": ids, "{report}": ids, "{nonce}": drafts, "{party}": parties, "{part...}": parts,
		"{name}": {"a", "open"}, "{line}": {"fuel"}, "{of}": slugs, "{language}": {"en", "es"}, "{secret}": {"x"}, "{alarm}": {"1"}, "{digest}": {strings.Repeat("0", 64)}, "{kind}": {"commitment", "meeting", "statement", "clearance", "access", "claim-note", "press-line"}, "{file}": append(files, "contacts.csv", "figures.csv", "figures.xlsx", "figures-sdmx.csv", "signals.csv", "results.xml"),
	}
	inAPI := map[string][]string{
		"{group}": groups, "{id}": ids, "{nonce}": drafts, "{author}": parties, "{party}": parties, "{office}": {"desk"}, "{name}": parts,
	}
	table, err := os.ReadFile("../web/routes.go")
	ok(err)
	patterns := regexp.MustCompile(`\{"((?:GET|POST) [^"]+)", (?:true|false),`).FindAllStringSubmatch(string(table), -1)
	if len(patterns) != strings.Count(string(table), "(*Web).") {
		t.Fatalf("%d routes of %d were read: this walk reads the wrong table", len(patterns), strings.Count(string(table), "(*Web)."))
	}
	for _, m := range patterns {
		method, path, _ := strings.Cut(m[1], " ")
		all := filled(t, method, strings.ReplaceAll(path, "{$}", ""), m[1], fill)
		if q := asksFor[m[1]]; q != "" {
			for _, a := range slices.Clone(all) {
				a.path += "?" + strings.ReplaceAll(q, "ID", anyID.FindString(a.path))
				all = append(all, a)
			}
		}
		for i, a := range all { // whoever has no part in a group is told so before any page of it: one page of each sort is enough
			if i < len(slugs) || !strings.HasPrefix(a.path, "/g/") || strings.HasPrefix(a.path, w.at) || elsewhere.MatchString(a.path) {
				w.web = append(w.web, a)
			}
		}
	}
	slices.SortStableFunc(w.web, func(a, b asked) int { return a.nth - b.nth })
	var doc struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	for _, s := range w.parties {
		rw, _ := ask(s.local, asked{method: "GET", path: "/openapi.json"}, &visitor{})
		ok(json.Unmarshal(rw.Body.Bytes(), &doc))
	}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for method := range doc.Paths[path] {
			method = strings.ToUpper(method)
			w.api = append(w.api, filled(t, method, path, method+" "+path, inAPI)...)
		}
	}
	slices.SortStableFunc(w.api, func(a, b asked) int { return a.nth - b.nth })
	return w
}

// filled is a route with everything that its wildcards may stand for.
func filled(t *testing.T, method, path, route string, values map[string][]string) []asked {
	t.Helper()
	out := []string{path}
	for _, name := range wildcard.FindAllString(path, -1) {
		all, ok := values[name]
		if !ok || len(all) == 0 {
			t.Fatalf("%s: nothing stands for %s: say what may", route, name)
		}
		var next []string
		for _, p := range out {
			for _, v := range all {
				if strings.Contains(name, "...") {
					v = strings.ReplaceAll(url.PathEscape(v), "%2F", "/")
				} else {
					v = url.PathEscape(v)
				}
				next = append(next, strings.Replace(p, name, v, 1))
			}
		}
		out = next
	}
	var as []asked
	for i, p := range out {
		as = append(as, asked{method: method, path: p, route: route, nth: i})
	}
	return as
}

// ask has one handler answer one request, and says by which route of the pages.
func ask(h http.Handler, a asked, v *visitor) (*httptest.ResponseRecorder, string) {
	r := httptest.NewRequest(a.method, "http://localhost"+a.path, strings.NewReader(a.body))
	r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1", rand.N(250), rand.N(250), rand.N(250)) // nobody is told to wait
	if v.session != "" {
		r.AddCookie(&http.Cookie{Name: "session", Value: v.session})
	}
	if v.token != "" {
		r.Header.Set("Authorization", "Bearer "+v.token)
	}
	if a.once != "" {
		r.Header.Set("Idempotency-Key", a.once)
	}
	if a.method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if strings.HasPrefix(a.path, "/v1/") {
			r.Header.Set("Content-Type", "application/json")
		}
	}
	rw := httptest.NewRecorder()
	h.ServeHTTP(rw, r)
	return rw, r.Pattern
}

// said is all that an answer says: head, body, and what is packed in it.
func said(rw *httptest.ResponseRecorder) string {
	var b strings.Builder
	_ = rw.Result().Header.Write(&b)
	body := rw.Body.Bytes()
	b.Write(body)
	if bytes.HasPrefix(body, []byte("PK")) {
		z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
		if err != nil {
			return b.String()
		}
		for _, f := range z.File {
			b.WriteString(f.Name)
			if r, err := f.Open(); err == nil {
				_, _ = io.Copy(&b, r)
			}
		}
	}
	if kind := rw.Result().Header.Get("Content-Type"); strings.Contains(kind, "json") {
		for _, s := range inJSON.FindAllString(string(body), -1) {
			if x, err := base64.StdEncoding.DecodeString(s[1 : len(s)-1]); err == nil {
				b.Write(x)
			}
		}
	} else if strings.HasPrefix(kind, "text/calendar") {
		b.WriteString(strings.NewReplacer("\r\n ", "", `\;`, ";").Replace(string(body)))
	}
	return b.String()
}

var inJSON = regexp.MustCompile(`"[A-Za-z0-9+/]{8,}={0,2}"`)

var anyLink = regexp.MustCompile(`(?:href|src|action)="(/[^"#]*)"`)

// hears asks, notes what was said to whom, and gathers where it leads.
func (w *walker) hears(h http.Handler, a asked, way, reader string, v *visitor) {
	if w.until != "" && w.h.Leaks(w.until) > 0 {
		return
	}
	rw, pattern := ask(h, a, v)
	w.h.Look(way, reader, said(rw))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	if rw.Code < 300 {
		w.got[cmp.Or(a.route, pattern)] = true
	}
	if strings.HasPrefix(rw.Result().Header.Get("Content-Type"), "text/html") {
		for _, m := range anyLink.FindAllStringSubmatch(rw.Body.String(), -1) {
			if to := html.UnescapeString(m[1]); strings.Contains(to, "?") && !strings.HasPrefix(to, "/language/") {
				w.links[to] = true
			}
		}
	}
}

// page asks for a page as an office, with its session, or as a stranger.
func (w *walker) page(s *served, a asked, v *visitor) {
	way, reader := "office", string(s.p)+"/"+v.office
	switch {
	case strings.HasPrefix(a.path, "/public"):
		way, reader = "public", string(s.p)
	case strings.HasPrefix(a.path, "/calendar/"):
		way = "calendar"
	}
	w.hears(s.pages, a, way, reader, v)
}

// each party's node is asked beside the others.
func (w *walker) each(f func(s *served)) {
	var wg sync.WaitGroup
	for _, s := range w.parties {
		wg.Go(func() { f(s) })
	}
	wg.Wait()
}

var stranger = &visitor{office: "stranger"}

// walk asks for these pages and calls as everybody: one in some of them, of every route the first before the second.
func (w *walker) walk(pages, calls []asked, some int) {
	order := append(slices.Clone(calls), pages...)
	slices.SortStableFunc(order, func(a, b asked) int { return a.nth - b.nth })
	w.each(func(s *served) {
		w.h.Visited(s.p)
		r := rand.New(rand.NewPCG(uint64(some), 1))
		for _, a := range order {
			if r.IntN(some) != 0 {
				continue
			}
			if strings.HasPrefix(a.path, "/v1/") || strings.HasPrefix(a.path, "/openapi") {
				for _, v := range append(slices.Clone(s.offices), stranger) {
					w.hears(s.api, a, "office", string(s.p)+"/"+v.office, v)
				}
				w.hears(s.local, a, "machine", string(s.p)+"/", &visitor{}) // over the local socket, without a token
				continue
			}
			for _, v := range append(slices.Clone(s.offices), stranger) {
				w.page(s, a, v)
			}
			if strings.HasPrefix(a.path, "/public") {
				w.hears(s.open, a, "public", string(s.p), stranger)
			}
		}
	})
}

// by are the requests of one method.
func by(method string, all []asked) []asked {
	return slices.DeleteFunc(slices.Clone(all), func(a asked) bool { return a.method != method })
}

// The searcher finds nothing on any page, form, route of the API, export, feed or calendar of a generated group that is not for its
// reader, asking with every id of every party and following every link that anybody was shown; and finds there all that is for
// somebody. A route that it does not reach is named, with the reason.
func TestSearcherFindsNothingOnPages(t *testing.T) {
	h := node.HuntIn(t, 0, 0, "MX", "US")
	w := newWalker(t, h)
	h.Anew()
	w.walk(by("GET", w.web), by("GET", w.api), 1)
	var more []asked
	for _, to := range slices.Sorted(maps.Keys(w.links)) {
		more = append(more, asked{method: "GET", path: to})
	}
	w.walk(more, nil, 1)
	for _, a := range slices.Concat(w.web, w.api) {
		if a.method != "GET" {
			continue
		}
		if a.nth == 0 && w.got[a.route] == (silent[a.route] != "") {
			t.Errorf("%s: answered somebody %v, and is named as silent %v", a.route, w.got[a.route], silent[a.route] != "")
		}
	}
	w.send()
	w.walk(more, nil, 20)
	h.Look("log", "log", h.Log())
	h.Judge()
	t.Logf("%d requests", w.count)
	if w.count < 50_000 {
		t.Errorf("%d requests: that is too few to tell", w.count)
	}
}

// The same with more parties, by a part of all requests.
func TestSearcherFindsNothingOnPagesOfMore(t *testing.T) {
	h := node.HuntIn(t, 1, 0, "CA", "GT", "MX", "US")
	w := newWalker(t, h)
	h.Anew()
	w.walk(by("GET", w.web), by("GET", w.api), 50)
	h.Look("log", "log", h.Log())
	h.Clean()
	t.Logf("%d requests", w.count)
}

// send posts every form and every call of the API, with ids of all parties, as everybody: first those who may least.
func (w *walker) send() {
	records, nonces, _ := w.h.IDs()
	form := url.Values{}
	for _, name := range []string{"version", "of", "to", "about", "id", "indicator", "meeting", "item", "replaces", "was"} {
		form.Set(name, records[0].String())
	}
	for name, v := range map[string]string{"verb": "consent", "word": "comment", "text": "T", "d": nonces[0].String(), "title.en": "T", "title.es": "T", "body.en": "T", "body.es": "T",
		"office": "desk", "seat": "1", "name": "n", "note": "T", "parts": "annex/0", "stance": "support", "use": "sign"} {
		form.Set(name, v)
	}
	var forms, calls []asked
	for _, a := range w.web {
		if a.nth%9 == 0 && !strings.HasPrefix(a.path, "/sign") {
			a.body = form.Encode()
			forms = append(forms, a)
		}
	}
	for _, a := range w.api {
		a.body = `{}`
		if strings.HasSuffix(a.path, "/announcement") {
			a.body = `{"texts":{"body.en":"The text of the statement"}}`
		}
		if a.nth%9 == 0 {
			calls = append(calls, a)
		}
	}
	w.each(func(s *served) { slices.Reverse(s.offices) })
	w.walk(by("POST", forms), by("POST", calls), 1)
	w.walk(nil, by("DELETE", calls), 1)
}

// shut names, by the way and the path, where the searcher on pages looks first: what a filter shuts.
var shut = map[string]string{
	"calendar": `^/calendar/`,
	"public":   `^/public`,
	"machine":  `^/v1/groups/[^/]+/records/`,
	"office":   `/(records|r|nonpapers|clearances|access|calendar|charters)(/|$)`,
}

// With any one filter off the searcher finds something on pages or by the API, by the way that the filter closes: those of what goes
// between nodes, and to the disk, have no page.
func TestEachFilterIsNeededOnPages(t *testing.T) {
	walkers := map[node.Filter]*walker{}
	for _, row := range node.FilterRows() {
		if row.Way == "frame" || row.Way == "disk" {
			continue
		}
		off := row.Before | row.Filter
		w := walkers[off&node.MovingFilters]
		if w == nil {
			w = newWalker(t, node.HuntIn(t, 0, off&node.MovingFilters, "MX", "US"))
			walkers[off&node.MovingFilters] = w
		}
		first := regexp.MustCompile(shut[row.Way])
		walk := func(off node.Filter, until string, some int) int {
			w.h.Switched(off)
			w.h.Anew()
			w.until, w.count = until, 0
			w.walk(at(first, by("GET", w.web)), at(first, by("GET", w.api)), some)
			w.h.Switched(0)
			return w.h.Leaks(row.Way)
		}
		if row.Before != 0 {
			if n := walk(row.Before, "", 20); n > 0 {
				t.Errorf("filter %b: %d secrets found by way of %s while it is on", row.Filter, n, row.Way)
			}
		}
		n := walk(off, row.Way, 1)
		t.Logf("filter %b off: found by way of %s after %d requests", row.Filter, row.Way, w.count)
		if n == 0 {
			t.Errorf("filter %b is off, and nothing is found by way of %s", row.Filter, row.Way)
		}
	}
}

// at are the requests for some paths.
func at(path *regexp.Regexp, all []asked) []asked {
	return slices.DeleteFunc(all, func(a asked) bool { return !path.MatchString(a.path) })
}
