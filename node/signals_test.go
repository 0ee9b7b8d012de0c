package node

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"entente"
	"entente/progress"
	"entente/record"
)

// What is kept of an indicator goes when a record on it counts, and what was read before the change is not kept after it.
func TestSignalsAreForgotten(t *testing.T) {
	n := &Node{party: "MX"}
	s := &n.signals
	k, text := signalsOf{record.ID{1}, record.ID{2}}, record.ID{3}
	all := record.Marking{TLP: record.Amber, ReleasableTo: []record.Party{"MX", "US"}}
	reports := []keptReport{{record.ID{4}, "US", all}, {record.ID{5}, "US", record.Marking{TLP: record.Red, ReleasableTo: []record.Party{"MX"}, Offices: []string{"MX/legal"}}}}
	keep := func(k signalsOf, office string, stale *bool, size int) {
		readable, _ := n.readable(reports, office)
		f := &Figures{Reports: []FigureReport{{Figures: size}}, Results: []progress.Result{{Why: office}}}
		s.keep(k, stale, &keptSignals{text: text, reports: reports}, readable, keptOf(f, size > 0))
	}
	stale := s.begin(k.indicator)
	keep(k, "desk", stale, 7)
	s.end(k.indicator, stale)
	if r, logged, ok := s.find(n, k, text, "desk"); !ok || !logged || r.Results[0].Why != "desk" || r.whole == nil || s.size != 7 {
		t.Fatalf("nothing is kept: %+v", r)
	}
	if _, _, ok := s.find(n, k, record.ID{9}, "desk"); ok {
		t.Error("kept for another text of the indicator")
	}
	if _, _, ok := s.find(n, k, text, "legal"); ok {
		t.Error("an office is shown what was computed from the reports that another may read")
	}
	stale = s.begin(k.indicator)
	s.forget(k.group, k.indicator)
	keep(k, "desk", stale, 7)
	if _, _, ok := s.find(n, k, text, "desk"); ok {
		t.Error("what was read before a change is kept after it")
	}
	if s.end(k.indicator, stale); len(s.under)+len(s.kept)+len(s.used)+s.size != 0 {
		t.Errorf("left over: %d, %d, %d, %d", len(s.under), len(s.kept), len(s.used), s.size)
	}

	// Of the figures those are dropped that were not used for longest; what they say stays.
	other := signalsOf{k.group, record.ID{8}}
	keep(k, "desk", new(bool), maxKeptFigures/2)
	keep(other, "desk", new(bool), maxKeptFigures/2)
	s.find(n, k, text, "desk")
	keep(k, "legal", new(bool), maxKeptFigures/2)
	for _, x := range []struct {
		k      signalsOf
		office string
		whole  bool
	}{{k, "desk", true}, {other, "desk", false}, {k, "legal", true}} {
		if r, _, ok := s.find(n, x.k, text, x.office); !ok || (r.whole != nil) != x.whole {
			t.Errorf("%x of %s: kept %v, whole %v", x.k.indicator[:1], x.office, ok, r.whole != nil)
		}
	}
	if keep(other, "desk", new(bool), maxKeptFigures+1); s.size > maxKeptFigures {
		t.Errorf("%d figures are kept", s.size)
	}
	r := keptOf(&Figures{Results: []progress.Result{{Now: 50, LateFrom: 100}}}, false)
	if !r.holds(99) || r.holds(100) {
		t.Errorf("holds until %d", r.until)
	}
}

// Whoever reads the figures reads the same, and is told where a history is longer than is read; each view stands in the access log,
// from memory too, and shows an office nothing that is not for it.
func TestOneReadingOfFigures(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	meet := func() { w.sync(t, "MX", "US"); w.sync(t, "US", "MX") }
	meet()
	i := w.act(t, "MX", Act{Kind: "indicator", Verb: record.Propose, Parts: texts(), Terms: []byte(`{"code":"x","unit":"files","direction":"down","period":"month","target":{"value":"1","start":1767225600,"date":1798761600}}`)})
	meet()
	for _, p := range []record.Party{"MX", "US"} {
		w.act(t, p, Act{Kind: "indicator", Verb: record.Consent, Version: i.ID})
		meet()
	}
	n, desk := w.nodes["MX"], Caller{Office: "desk", Via: "test"}
	report := func(month int, value string) *Sealed {
		start := time.Date(1970, time.Month(1+month), 1, 0, 0, 0, 0, time.UTC)
		x := record.Table{Columns: entente.ObservationColumns, Rows: [][]string{{"a", start.Format(time.DateOnly), start.AddDate(0, 1, 0).Format(time.DateOnly), "MX", "", value, "files", "final"}}}
		b, err := x.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return w.act(t, "MX", Act{Kind: "observation", Verb: record.Report, Parts: []NewPart{{Name: record.RowsPart, Content: b}}, Terms: fmt.Appendf(nil, `{"indicator":%q,"version":%q,"source":"SESNSP"}`, i.ID, i.ID)})
	}
	s := func() *entente.State {
		d, err := n.Instrument(t.Context(), desk, w.group, i.ID)
		if err != nil {
			t.Fatal(err)
		}
		return d.State
	}
	same := func(reports int, older bool) {
		t.Helper()
		for range 2 { // read, then from memory
			before, err := n.Access(t.Context(), desk, 0, 1)
			if err != nil {
				t.Fatal(err)
			}
			_, all, err := n.TextsAndFigures(t.Context(), desk, "page", nil, w.group, s())
			if err != nil {
				t.Fatal(err)
			}
			f := all[i.ID]
			after, err := n.Access(t.Context(), desk, 0, 1)
			if err != nil || len(after) == 0 || len(before) > 0 && after[0].ID == before[0].ID {
				t.Fatalf("a view is in no access log: %v", err)
			}
			explained, err := n.Progress(t.Context(), desk, w.group, i.ID, progress.Choice{})
			if err != nil {
				t.Fatal(err)
			}
			listed, err := n.Signals(t.Context(), desk, "list", w.group, []*entente.State{s()})
			if err != nil {
				t.Fatal(err)
			}
			if len(f.Reports) != reports || len(f.Older) > 0 != older {
				t.Fatalf("%d reports, older of %v", len(f.Reports), f.Older)
			}
			for k, y := range explained {
				for _, z := range []progress.Result{f.Results[k], listed[i.ID].Results[k]} {
					if y.Party != z.Party || y.Word != z.Word || y.Latest != z.Latest || y.Older != z.Older || y.Level != nil && y.Level.Cmp(z.Level.Rat) != 0 {
						t.Errorf("%+v and %+v", y, z)
					}
				}
			}
			if y := explained[0]; y.Party != "MX" || y.Older != older || len(f.Results[0].Series.Points) != reports {
				t.Errorf("%s: older %v, %d figures", y.Party, y.Older, len(f.Results[0].Series.Points))
			}
		}
	}
	first := report(0, "1")
	report(1, "2")
	same(2, false)
	for m := 2; m < maxReports; m++ {
		report(m, "3")
	}
	same(maxReports, false)
	report(maxReports, "4")
	same(maxReports, true)
	if r, err := n.Report(t.Context(), desk, w.group, i.ID, first.ID); err != nil || r.Source != "SESNSP" || r.Version != i.ID {
		t.Errorf("the oldest report: %+v, %v", r, err)
	}
	if _, err := n.Report(t.Context(), desk, w.group, record.ID{1}, first.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("a report on another indicator: %v", err)
	}
	for name, who := range map[string]Caller{"the operator": {Operator: true}, "a strange office": {Office: "nobody"}} {
		if _, all, err := n.TextsAndFigures(t.Context(), who, "page", nil, w.group, s()); !errors.Is(err, ErrForbidden) && !errors.Is(err, ErrNotFound) || all != nil {
			t.Errorf("%s: %d, %v", name, len(all), err)
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, all, err := n.TextsAndFigures(stopped, desk, "page", nil, w.group, s()); err == nil || all != nil {
		t.Error("shown without an entry in the access log")
	}
}
