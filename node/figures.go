package node

import (
	"context"
	"fmt"
	"slices"

	"entente"
	"entente/progress"
	"entente/record"
	"entente/release"
	"entente/store"
)

// Figures are what was reported on an indicator, as an office may read it: the one reading that pages, lists, files, claims, the
// command line and the API show. They are shared: nobody changes them.
type Figures struct {
	Reports []FigureReport // the newest first
	progress.Collection
	Results []progress.Result // own party first, of what Choose chooses where nothing is asked for
	Unread  int               // reports that are not for this office, have not arrived or were destroyed
	Older   []record.Party    // that reported more than is read: of them the newest reports stand here
	reading uint64            // no other reading of figures has this number
}

// size is how many figures are held.
func (f *Figures) size() int {
	n := 0
	for i := range f.Reports {
		n += f.Reports[i].Figures
	}
	return n
}

// TextsAndFigures reads what one page shows of texts and of the figures on indicators, with one entry in the access log for all of
// it, as Texts does. The entry names the reports of one indicator; of several it names the indicators and the part rows, since each
// report would be more than the page shows. Figures beyond what one page computes with are left out, those of the last indicators
// first: they are missing in the answer, as is what is no indicator.
func (n *Node) TextsAndFigures(ctx context.Context, who Caller, page string, wants []Want, group record.ID, indicators ...*entente.State) (Texts, map[record.ID]*Figures, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, nil, err
	}
	texts, shown, err := n.readTexts(ctx, who, wants, maxTexts)
	if err != nil {
		return nil, nil, err
	}
	out := make(map[record.ID]*Figures, len(indicators))
	size := 0
	for _, s := range indicators {
		if s.Fact("direction") == "" || out[s.Instrument] != nil || size > maxPageFigures {
			continue
		}
		f, logged, err := n.figuresOf(ctx, who, g, s)
		if err != nil {
			return nil, nil, err
		}
		if len(indicators) > 1 && size+f.size() > maxPageFigures {
			size = maxPageFigures + 1
			continue
		}
		out[s.Instrument], size = f, size+f.size()
		item := entente.AccessItem{Group: group, Parts: []string{record.RowsPart}}
		switch {
		case len(indicators) > 1 && logged:
			item.Records = []record.ID{s.Instrument}
		case logged:
			for _, r := range f.Reports {
				if r.Figures > 0 && release.Logged(r.Marking) {
					item.Records = append(item.Records, r.ID)
				}
			}
		}
		if len(item.Records) > 0 {
			shown = append(shown, item)
		}
	}
	if err := n.logShown(ctx, who, page, shown); err != nil {
		return nil, nil, err
	}
	return texts, out, nil
}

// figuresOf gives the figures on an indicator, read or as they are kept. logged: some of them stand in the access log when they
// are shown.
func (n *Node) figuresOf(ctx context.Context, who Caller, g *group, s *entente.State) (f *Figures, logged bool, err error) {
	kept, logged, ok := n.signals.find(n, signalsOf{g.id, s.Instrument}, definedBy(s), who.Office)
	if !ok || kept.whole == nil {
		return n.readAndKeep(ctx, who, g, s, true)
	}
	again, now := *kept.whole, n.clock()
	if again.Results = at(again.Results, now); !kept.holds(now) {
		again.Results, err = n.Judge(g.id, s, &again, progress.Choice{})
	}
	return &again, logged, err
}

// readAndKeep reads the figures on an indicator, and keeps what they say; whole: with the figures.
func (n *Node) readAndKeep(ctx context.Context, who Caller, g *group, s *entente.State, whole bool) (*Figures, bool, error) {
	stale := n.signals.begin(s.Instrument)
	defer n.signals.end(s.Instrument, stale)
	f, reports, absent, err := n.readFigures(ctx, who, g, s)
	if err != nil {
		return nil, false, err
	}
	readable, logged := n.readable(reports, who.Office)
	if absent == 0 { // what has not arrived comes without a record
		n.signals.keep(signalsOf{g.id, s.Instrument}, stale, &keptSignals{text: definedBy(s), reports: reports}, readable, keptOf(f, whole))
	}
	return f, logged, nil
}

// definedBy is the text that figures on an indicator are judged by.
func definedBy(s *entente.State) record.ID {
	if v := s.Text(); v != nil {
		return v.ID
	}
	return record.ID{}
}

// at gives results as of a moment at which they still hold.
func at(results []progress.Result, now int64) []progress.Result {
	out := slices.Clone(results)
	for i := range out {
		out[i].Now = now
	}
	return out
}

// Report finds a report on an indicator, however old; its rows are read with other texts, by Rows and Filled. ErrNotFound.
func (n *Node) Report(ctx context.Context, who Caller, group, indicator, id record.ID) (*FigureReport, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	r, err := n.Record(ctx, who, group, id)
	if err != nil {
		return nil, err
	}
	if r.Header.Instrument.IsZero() {
		r.Header.Instrument = id
	}
	all, err := n.InstrumentsByID(ctx, who, group, r.Header.Instrument)
	if err != nil {
		return nil, err
	}
	s := all[r.Header.Instrument].State
	if s == nil || s.Fact("indicator") != indicator.String() {
		return nil, fmt.Errorf("report %s: %w", id.Short(), ErrNotFound)
	}
	for _, x := range s.Reports {
		if x.ID == id {
			out := []FigureReport{reportOf(s, x)}
			err := n.store.Snapshot(ctx, func(v *store.View) error { return n.termsOf(v, g, out, []*entente.State{s}) })
			return &out[0], explainNil(err)
		}
	}
	return nil, fmt.Errorf("report %s: %w", id.Short(), ErrNotFound)
}

// Rows wants the rows of reports.
func Rows(group record.ID, reports []FigureReport) []Want {
	out := make([]Want, len(reports))
	for i, r := range reports {
		out[i] = Want{Group: group, Record: r.ID, Names: []string{record.RowsPart}, Tables: true}
	}
	return out
}

// Filled puts the rows that were read into their reports, and says how many reports could not be read: they are not this
// office's, have not arrived or were destroyed.
func (t Texts) Filled(reports []FigureReport) (out []progress.Report, unread int) {
	out = make([]progress.Report, len(reports))
	for i := range out {
		out[i] = reports[i].Report
		p, ok := t[out[i].ID].Part(record.RowsPart)
		var err error
		if ok {
			out[i].Rows, err = record.ParseTable(p.Content)
		}
		if !ok || err != nil {
			unread++
		}
	}
	return out, unread
}

// Progress judges the figures of every party on an indicator, own party first. The read of the rows stands in the access log.
func (n *Node) Progress(ctx context.Context, who Caller, group, indicator record.ID, x progress.Choice) ([]progress.Result, error) {
	d, err := n.Instrument(ctx, who, group, indicator)
	if err != nil {
		return nil, err
	}
	_, all, err := n.TextsAndFigures(ctx, who, "progress", nil, group, d.State)
	if err != nil {
		return nil, err
	}
	f := all[indicator]
	switch {
	case f == nil:
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("figures.none", "%s is no indicator", indicator.Short()))
	case x == progress.Choice{}:
		return f.Results, nil
	}
	return n.Judge(group, d.State, f, x)
}

// Judge gives the signal of each party's figures now, own party first.
func (n *Node) Judge(group record.ID, indicator *entente.State, f *Figures, x progress.Choice) ([]progress.Result, error) {
	l, err := n.Ledger(group)
	if err != nil {
		return nil, err
	}
	parties := slices.Clone(l.Parties())
	slices.SortStableFunc(parties, func(a, b record.Party) int {
		switch {
		case a == n.party && b != n.party:
			return -1
		case b == n.party && a != n.party:
			return 1
		}
		return 0
	})
	out := make([]progress.Result, 0, len(parties))
	for _, p := range parties {
		s, _ := f.Choose(p, x)
		r := progress.Signal(indicator.Definition(), s, n.clock())
		r.Party, r.Choice, r.Older = p, x, slices.Contains(f.Older, p)
		out = append(out, r)
	}
	return out, nil
}
