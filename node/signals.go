package node

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"entente"
	"entente/progress"
	"entente/record"
	"entente/release"
	"entente/store"
)

// Signals is what each party's figures on an indicator say now, own party first, as an office may see them: without the inputs of
// the rule, and with the latest points of the series. Progress has all of it.
type Signals struct {
	Results []progress.Result
	Unread  int // reports that are not for this office, have not arrived or were destroyed
}

// signals keeps what was computed from figures, in memory alone: a stolen database reads nothing that was derived from a part. What
// is kept of an indicator goes when a record on it or on its figures counts.
type signals struct {
	mu    sync.Mutex
	under map[record.ID][]*bool // indicators being read, so that what was read before a change is not kept after it
	kept  map[signalsOf]*keptSignals
}

type signalsOf struct{ group, indicator record.ID }

type keptSignals struct {
	reports []keptReport
	results map[string]keptResults // by which of the reports the reader may read
}

type keptReport struct {
	author  record.Party
	marking record.Marking
}

type keptResults struct {
	results []progress.Result
	unread  int
	until   int64 // from then on the rule says something else of the same figures; 0: never
}

// begin marks an indicator as being read; end takes the mark away. It is set where the indicator changes meanwhile.
func (s *signals) begin(id record.ID) *bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.under == nil {
		s.under = map[record.ID][]*bool{}
	}
	stale := new(bool)
	s.under[id] = append(s.under[id], stale)
	return stale
}

func (s *signals) end(id record.ID, stale *bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.under[id] = slices.DeleteFunc(s.under[id], func(x *bool) bool { return x == stale }); len(s.under[id]) == 0 {
		delete(s.under, id)
	}
}

// forget drops what is kept of indicators.
func (s *signals) forget(group record.ID, ids ...record.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		for _, stale := range s.under[id] {
			*stale = true
		}
		delete(s.kept, signalsOf{group, id})
	}
}

// find gives what is kept for an office at a moment.
func (s *signals) find(n *Node, k signalsOf, office string, now int64) (r keptResults, logged, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.kept[k]
	if kept == nil {
		return r, false, false
	}
	readable, logged := n.readable(kept.reports, office)
	r, ok = kept.results[readable]
	return r, logged, ok && (r.until == 0 || now < r.until)
}

func (s *signals) keep(k signalsOf, stale *bool, reports []keptReport, readable string, r keptResults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *stale {
		return
	}
	kept := s.kept[k]
	if kept == nil || !slices.EqualFunc(kept.reports, reports, func(a, b keptReport) bool { return a.author == b.author }) {
		kept = &keptSignals{reports: reports, results: map[string]keptResults{}}
	}
	if len(kept.results) >= maxReaders {
		clear(kept.results)
	}
	kept.results[readable] = r
	if s.kept == nil {
		s.kept = map[signalsOf]*keptSignals{}
	}
	for x := range s.kept {
		if len(s.kept) < maxSignals {
			break
		}
		delete(s.kept, x)
	}
	s.kept[k] = kept
}

// readable says which reports an office may read, as a key, and whether any of them stands in the access log when it is read.
func (n *Node) readable(reports []keptReport, office string) (key string, logged bool) {
	b := make([]byte, len(reports))
	for i := range reports {
		if n.gapOf(reports[i].author, reports[i].marking, office) == "" {
			b[i] = 1
			logged = logged || release.Logged(reports[i].marking)
		}
	}
	return string(b), logged
}

// Signals judges the figures on indicators, and puts the read of the figures into the access log as one entry that names the
// indicators, before anything is returned. What is missing in the answer is no indicator. Errors as Texts.
func (n *Node) Signals(ctx context.Context, who Caller, page string, group record.ID, indicators []*entente.State) (map[record.ID]*Signals, error) {
	if err := n.readsParts(who); err != nil {
		return nil, err
	}
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	now, out := n.clock(), make(map[record.ID]*Signals, len(indicators))
	var shown []record.ID
	type answer struct {
		keptResults
		logged bool
		err    error
	}
	answers := make([]answer, len(indicators))
	var wg sync.WaitGroup
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, s := range indicators {
		a := &answers[i]
		if s.Fact("direction") == "" {
			continue
		}
		var ok bool
		if a.keptResults, a.logged, ok = n.signals.find(n, signalsOf{group, s.Instrument}, who.Office, now); !ok {
			places <- struct{}{}
			wg.Go(func() {
				defer func() { <-places }()
				a.keptResults, a.logged, a.err = n.signalsOf(ctx, who, g, s, now)
			})
		}
	}
	wg.Wait()
	for i, s := range indicators {
		a := &answers[i]
		if a.err != nil {
			return nil, a.err
		}
		if s.Fact("direction") == "" {
			continue
		}
		x := &Signals{Results: slices.Clone(a.results), Unread: a.unread}
		for i := range x.Results {
			x.Results[i].Now = now
		}
		if out[s.Instrument] = x; a.logged {
			shown = append(shown, s.Instrument)
		}
	}
	if len(shown) > 0 {
		if err := n.logShown(ctx, who, page, []entente.AccessItem{{Group: group, Records: shown, Parts: []string{record.RowsPart}}}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// signalsOf reads the figures on one indicator and judges them.
func (n *Node) signalsOf(ctx context.Context, who Caller, g *group, s *entente.State, now int64) (r keptResults, logged bool, err error) {
	stale := n.signals.begin(s.Instrument)
	defer n.signals.end(s.Instrument, stale)
	reports, err := n.Reports(ctx, who, g.id, s.Instrument, MaxWants)
	if err != nil {
		return r, false, err
	}
	ids := make([]record.ID, len(reports))
	for i := range reports {
		ids[i] = reports[i].ID
	}
	kept, absent := make([]keptReport, len(reports)), 0
	readable := ""
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		held, err := store.ByIDs(v, g.rows(), ids)
		if err != nil {
			return err
		}
		for i, id := range ids {
			e, ok := held[id]
			if !ok {
				return fmt.Errorf("record %s: %w", id.Short(), store.ErrCorrupt)
			}
			ref, _ := e.Record.Header().Part(record.RowsPart)
			kept[i] = keptReport{e.Record.Header().Party, ref.Marking}
		}
		readable, logged = n.readable(kept, who.Office)
		at := map[record.ID]int{}
		var keys []store.PartKey
		for i, id := range ids {
			if readable[i] == 1 {
				at[id] = i
				keys = append(keys, store.PartKey{Pos: held[id].Pos, ID: id, Name: record.RowsPart})
			}
		}
		absent = len(keys)
		return store.Parts(v, keys, func(k store.PartKey, p record.Part, err error) error {
			if errors.Is(err, store.ErrErased) {
				return nil
			}
			if err == nil {
				err = record.Open(held[k.ID].Record.Header(), p)
			}
			if err != nil {
				return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
			}
			absent--
			reports[at[k.ID]].Rows, err = record.ParseTable(p.Content)
			return err
		})
	})
	if err != nil {
		return r, false, explain(err)
	}
	r.unread = absent
	for i := range kept {
		if readable[i] == 0 {
			r.unread++
		}
	}
	results, err := n.Judge(g.id, s, s.Collect(reports), progress.Choice{})
	if err != nil {
		return r, false, err
	}
	for i := range results {
		y := &results[i]
		if at := y.Changes(); at != 0 && (r.until == 0 || at < r.until) {
			r.until = at
		}
		y.Inputs = nil
		if y.Series != nil {
			y.Series = y.Series.Tail(keptPoints)
		}
	}
	if r.results = results; absent == 0 { // what has not arrived comes without a record
		n.signals.keep(signalsOf{g.id, s.Instrument}, stale, kept, readable, r)
	}
	return r, logged, nil
}
