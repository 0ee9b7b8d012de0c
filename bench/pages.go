package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"entente/node"
	"entente/web"
)

// pages measures every sort of page over a group of many instruments, through the handler: rendered, release decided, the
// access log written and synced.
func pages(ctx context.Context, r *report, dir string, n int) error {
	p, err := newPair(ctx, filepath.Join(dir, "pages"))
	if err != nil {
		return err
	}
	defer func() { _ = p.close() }()
	if err := many(n, 32, func(i int) error { return p.act(ctx, "MX", commitment(i)) }); err != nil {
		return err
	}
	mx := p.nodes["MX"]
	list, err := mx.Instruments(ctx, node.Caller{Office: "desk"}, p.group, node.Query{Kind: "commitment", Limit: 1})
	if err != nil {
		return err
	}
	one := list.Items[0].State.Instrument
	const host = "http://mx.localhost:1"
	began := time.Now()
	w, err := web.New(mx, web.Options{Origin: host})
	if err != nil {
		return err
	}
	h := w.Handler()
	cookie := ""
	get := func(path string) (int, int) {
		q := httptest.NewRequest(http.MethodGet, host+path, nil)
		q.Header.Set("Cookie", cookie)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, q)
		return rec.Code, rec.Body.Len()
	}
	link, err := w.Link(ctx, "desk", time.Hour)
	if err != nil {
		return err
	}
	q := httptest.NewRequest(http.MethodPost, host+"/signin/link", strings.NewReader(url.Values{"secret": {strings.TrimPrefix(link, web.LinkPath)}}.Encode()))
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, q)
	for _, c := range rec.Result().Cookies() {
		cookie += c.Name + "=" + c.Value + "; "
	}
	if code, _ := get("/"); code != http.StatusOK {
		return fmt.Errorf("the first page answers %d", code)
	}
	r.add("first page after start, with sign-in", "s", "at most 1", time.Since(began).Seconds())
	g := "/g/bench-" + p.group.Short()
	for _, x := range []struct{ name, path string }{
		{"for attention, all groups", "/"}, {"for attention, one group", g}, {"minister's page", g + "/minister"},
		{"commitments", g + "/commitments"}, {"commitments, late", g + "/commitments?status=late"}, {"one commitment", g + "/i/" + one.String()},
		{"commitments as of a past day", g + "/commitments?asof=" + time.Now().UTC().Format(time.DateOnly)},
		{"indicators", g + "/indicators"}, {"meetings", g + "/meetings"}, {"statements", g + "/statements"}, {"records", g + "/records"}, {"guide", "/guide"},
	} {
		var ms []float64
		size := 0
		for i := range 60 {
			t := time.Now()
			code, n := get(x.path)
			if code != http.StatusOK {
				r.add("page: "+x.name+" answers", "status", "200", float64(code))
				break
			}
			if size = n; i >= 10 {
				ms = append(ms, float64(time.Since(t).Microseconds())/1000)
			}
		}
		if len(ms) > 0 {
			r.add(fmt.Sprintf("page: %s, p95 at %d instruments", x.name, n), "ms", "at most 25", quantile(ms, 0.95))
			r.add("page: "+x.name+", size", "kB", "at most 100", float64(size)/1000)
		}
	}
	worst, slowest := 0.0, ""
	for _, status := range []string{"", "proposed", "in-force", "owed", "late", "done", "verified", "lapsed", "withdrawn", "ended"} {
		for _, more := range []string{"", "&owner=MX", "&owner=US", "&due-from=2027-01-01", "&due-to=2026-01-01", "&owner=MX&due-from=2027-01-01", "&owner=US&due-to=2028-01-01"} {
			for _, sort := range []string{"due", "latest", "changed", "newest", "opened"} {
				path, ms := g+"/commitments?status="+status+more+"&sort="+sort, []float64{}
				for range 3 {
					t := time.Now()
					if code, _ := get(path); code != http.StatusOK {
						return fmt.Errorf("%s answers %d", path, code)
					}
					ms = append(ms, float64(time.Since(t).Microseconds())/1000)
				}
				if m := quantile(ms, 0.5); m > worst {
					worst, slowest = m, path
				}
			}
		}
	}
	r.add("page: commitments, the slowest filter", "ms", "at most 25", worst)
	fmt.Println("slowest filter:", slowest)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r.add("memory in use after the pages, both nodes", "MB", "at most 250", float64(m.HeapInuse)/1e6)
	return nil
}
