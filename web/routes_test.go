package web_test

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// openRoutes need no sign-in. Whoever adds one says here why it tells a stranger nothing.
var openRoutes = []string{
	"GET /signin", "GET /signin/link/{secret}", "POST /signin/link", "GET /signin/oidc", "GET /signin/oidc/callback", "POST /signin/passkey/options",
	"POST /signin/passkey", "POST /signout", // ways in and out
	"GET /guide", "GET /guide/pictures/{name}", // the same for everybody
	"GET /language/{language}", // a cookie
	"GET /calendar/{file}",     // a secret in the address, which its office revokes (node.Calendar decides)
}

// publicRoutes answer only what both sides have let out (node.PublicTexts decides), and only where the node is told to.
const publicRoutes = "GET /public"

// Every route sends a stranger to sign in, and answers an office that has no part in a group as if the group were not there.
func TestRoutesAskWhoComes(t *testing.T) {
	x := example(t).sides["US"]
	table, err := os.ReadFile("routes.go")
	must(t, err)
	stranger := &http.Client{Transport: &http.Transport{DialContext: toThisMachine}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	foreign := newReader(t, x, "trade-desk", "en")
	foreign.http.CheckRedirect = stranger.CheckRedirect
	ask := func(c *http.Client, method, path string) (int, string) {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), method, x.url+path, strings.NewReader(url.Values{"verb": {"consent"}, "word": {"clear"}}.Encode()))
		must(t, err)
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := c.Do(q)
		must(t, err)
		must(t, res.Body.Close())
		return res.StatusCode, res.Header.Get("Location")
	}
	closed, inGroups, missing := 0, 0, 0
	for _, m := range regexp.MustCompile(`\{"((GET|POST) ([^"]+))", (true|false),`).FindAllStringSubmatch(string(table), -1) {
		name, method, path := m[1], m[2], m[3]
		path = strings.ReplaceAll(strings.ReplaceAll(path, "{$}", ""), "{group}", strings.TrimPrefix(x.slug(t), "/g/"))
		path = regexp.MustCompile(`\{[^}]+\}`).ReplaceAllString(path, strings.Repeat("a1", 32))
		if m[4] == "true" {
			if !slices.Contains(openRoutes, name) && !strings.HasPrefix(name, publicRoutes) {
				t.Errorf("%s needs no sign-in: openRoutes says why", name)
			}
			continue
		}
		closed++
		if status, to := ask(stranger, method, path); status != http.StatusSeeOther || !strings.HasPrefix(to, "/signin?next=") {
			t.Errorf("%s answers a stranger %d %s", name, status, to)
		}
		if !strings.HasPrefix(path, "/g/") {
			continue
		}
		inGroups++
		known, _ := ask(foreign.http, method, path)
		unknown, _ := ask(foreign.http, method, strings.Replace(path, x.slug(t), "/g/security-00000000", 1))
		if known != http.StatusNotFound || unknown != known {
			t.Errorf("%s answers an office without a part in the group %d, and %d where there is no such group", name, known, unknown)
		}
		missing++
	}
	if closed < 40 || inGroups < 30 || missing != inGroups {
		t.Errorf("%d routes ask who comes, %d are of a group", closed, inGroups)
	}
}
