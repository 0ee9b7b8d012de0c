package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"entente"
	"entente/node"
	"entente/progress"
	"entente/record"
	"entente/web"
)

// progressOf measures a group with many indicators and figures: all signals computed anew, and the pages that show them.
func progressOf(ctx context.Context, r *report, dir string, indicators, rows int) error {
	p, err := newPair(ctx, filepath.Join(dir, "progress"))
	if err != nil {
		return err
	}
	defer func() { _ = p.close() }()
	desk := node.Caller{Office: "desk", Via: "bench"}
	if err := many(indicators, 8, func(i int) error {
		t, err := json.Marshal(entente.Indicator{Code: "i" + strconv.Itoa(i), Unit: "files", Direction: "down", Period: "month",
			Baseline: &entente.Level{Value: "120000", Start: 1420070400, Date: 1451606400}, Target: &entente.Level{Value: "60000", Start: 1798761600, Date: 1830297600}})
		if err != nil {
			return err
		}
		return p.act(ctx, "MX", node.Act{Kind: "indicator", Verb: record.Propose, Nature: record.Arrangement, Terms: t, Parts: commitment(i).Parts})
	}); err != nil {
		return err
	}
	if err := p.even(ctx); err != nil {
		return err
	}
	var states []*entente.State
	list := func(phase entente.Phase) error {
		states = nil
		q := node.Query{Kind: "indicator", Phase: phase, Limit: 500}
		for {
			page, err := p.nodes["MX"].Instruments(ctx, desk, p.group, q)
			if err != nil {
				return err
			}
			for _, x := range page.Items {
				states = append(states, x.State)
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				return nil
			}
		}
	}
	if err := list(""); err != nil {
		return err
	}
	for _, party := range parties {
		if err := many(len(states), 8, func(i int) error {
			return p.act(ctx, party, node.Act{Kind: "indicator", Verb: record.Consent, Version: states[i].Instrument})
		}); err != nil {
			return err
		}
	}
	if err := p.even(ctx); err != nil {
		return err
	}
	if err := list(entente.PhaseInForce); err != nil {
		return err
	}
	if len(states) != indicators {
		return fmt.Errorf("%d of %d indicators are agreed", len(states), indicators)
	}
	const months = 120
	table := record.Table{Columns: entente.ObservationColumns}
	for k := range max(1, rows/indicators/2/months) {
		for m := range months {
			start := time.Date(2016, time.Month(1+m), 1, 0, 0, 0, 0, time.UTC)
			table.Rows = append(table.Rows, []string{fmt.Sprintf("%03d-%s", k, start.Format("2006-01")), start.Format(time.DateOnly), start.AddDate(0, 1, 0).Format(time.DateOnly), fmt.Sprintf("MX-%03d", k), "",
				strconv.Itoa(700 - m + (k*7919+m*104729)%97), "files", "final"})
		}
	}
	content, err := table.Encode()
	if err != nil {
		return err
	}
	for _, party := range parties {
		if err := many(indicators, 4, func(i int) error {
			t, err := json.Marshal(entente.Observation{Indicator: states[i].Instrument, Version: states[i].Instrument, Source: "bench"})
			if err != nil {
				return err
			}
			return p.act(ctx, party, node.Act{Kind: "observation", Verb: record.Report, Terms: t, Parts: []node.NewPart{{Name: record.RowsPart, Content: content}}})
		}); err != nil {
			return err
		}
	}
	if err := p.even(ctx); err != nil {
		return err
	}
	figures := 2 * len(table.Rows) * indicators
	mx := p.nodes["MX"]
	began := time.Now()
	if _, err := mx.Signals(ctx, desk, "bench", p.group, states); err != nil {
		return err
	}
	r.add(fmt.Sprintf("all signals anew: %d indicators, %d figures", indicators, figures), "s", "under 10", time.Since(began).Seconds())
	get, err := signedIn(ctx, mx)
	if err != nil {
		return err
	}
	g := "/g/bench-" + p.group.Short()
	claim, err := claimsOf(ctx, mx, desk, p.group, states)
	if err != nil {
		return err
	}
	first := make([]float64, 0, len(states))
	for _, s := range states { // more than is kept: each is read from the database
		t := time.Now()
		if code := get(g + "/indicators/" + s.Instrument.String()); code != http.StatusOK {
			return fmt.Errorf("an indicator answers %d", code)
		}
		first = append(first, float64(time.Since(t).Microseconds())/1000)
	}
	r.add(fmt.Sprintf("page: one indicator, first view, p95 of %d", len(states)), "ms", "under 50", quantile(first, 0.95))
	for _, x := range []struct{ name, path, budget string }{{"minister's page", "/minister", "under 150"}, {"one indicator", "/indicators/" + states[0].Instrument.String(), "under 50"},
		{"indicators", "/indicators", ""}, {"all indicators at a glance", "/multiples", ""}, {"claims", "/claims", "under 50"}, {"one claim", "/claims/" + claim.String(), "under 50"}} {
		var ms []float64
		for i := range 40 {
			t := time.Now()
			if code := get(g + x.path); code != http.StatusOK {
				return fmt.Errorf("%s answers %d", x.path, code)
			}
			if i >= 5 {
				ms = append(ms, float64(time.Since(t).Microseconds())/1000)
			}
		}
		r.add(fmt.Sprintf("page: %s, p95 at %d figures", x.name, figures), "ms", x.budget, quantile(ms, 0.95))
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r.add("memory in use, both nodes", "MB", "under 400", float64(m.HeapInuse)/1e6)
	return nil
}

// claimsOf keeps claims at home on so many indicators as a press office follows, and gives one of them.
func claimsOf(ctx context.Context, n *node.Node, who node.Caller, group record.ID, states []*entente.State) (id record.ID, err error) {
	for i, s := range states[:min(len(states), 10)] {
		c := entente.Claim{Office: "Press office", Side: "MX", Indicator: s.Instrument, Form: progress.ClaimPercent, Value: record.Decimal(strconv.Itoa(-10 - i)), Said: 1764028800}
		x, err := n.NoteClaim(ctx, who, group, record.ID{}, node.NewClaim{Claim: &c, Quote: "fewer cases than before"})
		if err != nil {
			return id, err
		}
		id = x.ID
	}
	return id, nil
}

// signedIn gives a reader of a node's pages as the office desk.
func signedIn(ctx context.Context, n *node.Node) (get func(path string) int, err error) {
	const host = "http://mx.localhost:1"
	w, err := web.New(n, web.Options{Origin: host})
	if err != nil {
		return nil, err
	}
	h := w.Handler()
	link, err := w.Link(ctx, "desk", time.Hour)
	if err != nil {
		return nil, err
	}
	q := httptest.NewRequest(http.MethodPost, host+"/signin/link", strings.NewReader(url.Values{"secret": {strings.TrimPrefix(link, web.LinkPath)}}.Encode()))
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, q)
	cookie := ""
	for _, c := range rec.Result().Cookies() {
		cookie += c.Name + "=" + c.Value + "; "
	}
	return func(path string) int {
		q := httptest.NewRequest(http.MethodGet, host+path, nil)
		q.Header.Set("Cookie", cookie)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, q)
		return rec.Code
	}, nil
}
