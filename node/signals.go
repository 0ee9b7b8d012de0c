package node

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"entente"
	"entente/progress"
	"entente/record"
	"entente/release"
)

// Signals is what each party's figures on an indicator say now, own party first, as an office may see them: without the inputs of
// the rule, and with the latest points of the series. Progress has all of it.
type Signals struct {
	Results []progress.Result
	Unread  int // reports that are not for this office, have not arrived or were destroyed
}

// signals keeps what was computed from figures, and the figures that were read last, in memory alone: a stolen database reads
// nothing that was derived from a part. What is kept of an indicator goes when a record on it or on its figures counts.
type signals struct {
	mu    sync.Mutex
	under map[record.ID][]*bool // indicators being read, so that what was read before a change is not kept after it
	kept  map[signalsOf]*keptSignals
	used  []usedFigures // of which the figures are kept, the last used last
	size  int           // so many figures

	readings atomic.Uint64                  // that were made
	findings map[heldClaim]progress.Finding // not more than maxFindings
}

// heldClaim is a claim with the readings of figures that it was held against.
type heldClaim struct {
	claim    progress.Claim
	readings string
}

// finding compares a claim with figures, or gives what came of it before. Nobody changes it.
func (s *signals) finding(k heldClaim, hold func() progress.Finding) progress.Finding {
	s.mu.Lock()
	f, ok := s.findings[k]
	s.mu.Unlock()
	if ok {
		return f
	}
	f = hold()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.findings) >= maxFindings || s.findings == nil {
		s.findings = map[heldClaim]progress.Finding{}
	}
	s.findings[k] = f
	return f
}

type signalsOf struct{ group, indicator record.ID }

type usedFigures struct {
	signalsOf
	readable string
}

type keptSignals struct {
	text    record.ID // the definition that it was judged by
	reports []keptReport
	results map[string]keptResults // by which of the reports the reader may read
}

type keptReport struct {
	id      record.ID
	author  record.Party
	marking record.Marking
}

type keptResults struct {
	Signals
	until int64    // from then on the rule says something else of the same figures; 0: never
	whole *Figures // nil: not kept
}

func (r *keptResults) holds(now int64) bool { return r.until == 0 || now < r.until }

// keptOf is what is kept of figures.
func keptOf(f *Figures, whole bool) keptResults {
	r := keptResults{Signals: Signals{Results: slices.Clone(f.Results), Unread: f.Unread}}
	if whole && f.size() <= maxKeptFigures {
		r.whole = f
	}
	for i := range r.Results {
		y := &r.Results[i]
		if at := y.Changes(); at != 0 && (r.until == 0 || at < r.until) {
			r.until = at
		}
		y.Inputs = nil
		if y.Series != nil {
			y.Series = y.Series.Tail(keptPoints)
		}
	}
	return r
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
		s.drop(signalsOf{group, id})
	}
}

// drop forgets an indicator.
func (s *signals) drop(k signalsOf) {
	if kept := s.kept[k]; kept != nil {
		for readable := range kept.results {
			s.unload(usedFigures{k, readable})
		}
		delete(s.kept, k)
	}
}

// unload drops figures, and leaves what was computed from them.
func (s *signals) unload(u usedFigures) {
	i := slices.Index(s.used, u)
	if i < 0 {
		return
	}
	r := s.kept[u.signalsOf].results[u.readable]
	s.size -= r.whole.size()
	r.whole = nil
	s.kept[u.signalsOf].results[u.readable] = r
	s.used = slices.Delete(s.used, i, i+1)
}

// find gives what is kept for an office.
func (s *signals) find(n *Node, k signalsOf, text record.ID, office string) (r keptResults, logged, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.kept[k]
	if kept == nil || kept.text != text {
		return r, false, false
	}
	readable, logged := n.readable(kept.reports, office)
	r, ok = kept.results[readable]
	if i := slices.Index(s.used, usedFigures{k, readable}); i >= 0 {
		s.used = append(slices.Delete(s.used, i, i+1), usedFigures{k, readable})
	}
	return r, logged, ok
}

func (s *signals) keep(k signalsOf, stale *bool, of *keptSignals, readable string, r keptResults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *stale {
		return
	}
	kept := s.kept[k]
	if kept == nil || kept.text != of.text || len(kept.results) >= maxReaders || !slices.EqualFunc(kept.reports, of.reports, func(a, b keptReport) bool { return a.id == b.id }) {
		s.drop(k)
		kept = of
		kept.results = map[string]keptResults{}
	}
	s.unload(usedFigures{k, readable})
	kept.results[readable] = r
	if s.kept == nil {
		s.kept = map[signalsOf]*keptSignals{}
	}
	for x := range s.kept {
		if len(s.kept) < maxSignals {
			break
		}
		if x != k {
			s.drop(x)
		}
	}
	if s.kept[k] = kept; r.whole == nil {
		return
	}
	s.used, s.size = append(s.used, usedFigures{k, readable}), s.size+r.whole.size()
	for s.size > maxKeptFigures {
		s.unload(s.used[0])
	}
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
	type answer struct {
		Signals
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
		kept, logged, ok := n.signals.find(n, signalsOf{group, s.Instrument}, definedBy(s), who.Office)
		if ok && kept.holds(now) {
			a.Signals, a.logged = kept.Signals, logged
			continue
		}
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			var f *Figures
			if f, a.logged, a.err = n.readAndKeep(ctx, who, g, s, false); a.err == nil {
				a.Signals = keptOf(f, false).Signals
			}
		})
	}
	wg.Wait()
	var shown []record.ID
	for i, s := range indicators {
		a := &answers[i]
		if a.err != nil {
			return nil, a.err
		}
		if s.Fact("direction") == "" {
			continue
		}
		if out[s.Instrument] = (&Signals{at(a.Results, now), a.Unread}); a.logged {
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
