package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"entente"
	"entente/progress"
	"entente/record"
	"entente/store"
)

// FigureReport is a report of figures without its rows.
type FigureReport struct {
	progress.Report
	Marking record.Marking // of the rows
	Figures int            // rows that were read; 0: none, or not for this office
	length  uint64         // of the rows, in bytes
}

// reportsBy finds the reports of a party on an indicator, the newest first: so many at most, and of so many bytes of rows. older says
// that there are more. Each party is asked for apart, so that none crowds out another by reporting much.
func (n *Node) reportsBy(ctx context.Context, g *group, indicator record.ID, party record.Party, most int, bytes uint64) (out []FigureReport, older bool, err error) {
	q := Query{Target: indicator, Fact: "indicator", Owner: party, Sort: SortNewest, Limit: min(most+1, maxPage)}
	var states []*entente.State
	for !older {
		p, err := n.list(ctx, g, q, nil)
		if err != nil {
			return nil, false, err
		}
		for _, x := range p.Items {
			for _, r := range slices.Backward(x.State.Reports) {
				if len(out) == most {
					older = true
					break
				}
				out, states = append(out, reportOf(x.State, r)), append(states, x.State)
			}
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	if err := n.store.Snapshot(ctx, func(v *store.View) error { return n.termsOf(v, g, out, states) }); err != nil {
		return nil, false, explain(err)
	}
	size := uint64(0)
	for i := range out {
		if size += out[i].length; size > bytes && i > 0 {
			return out[:i], true, nil
		}
	}
	return out, older, nil
}

func reportOf(s *entente.State, r entente.Report) FigureReport {
	return FigureReport{Report: progress.Report{ID: r.ID, Party: r.Ref.Party, Index: r.Ref.Index, Time: r.Time, Contests: s.Contests(r.ID), Accepted: s.Accepts(r.ID)}}
}

// termsOf reads what the headers of reports say of them; states are those of their instruments, which say who got the rows since.
func (n *Node) termsOf(v *store.View, g *group, reports []FigureReport, states []*entente.State) error {
	ids := make([]record.ID, len(reports))
	for i := range reports {
		ids[i] = reports[i].ID
	}
	held, err := store.ByIDs(v, g.rows(), ids)
	if err != nil {
		return err
	}
	for i := range reports {
		r := &reports[i]
		e, ok := held[r.ID]
		if !ok {
			return fmt.Errorf("record %s: %w", r.ID.Short(), store.ErrCorrupt)
		}
		h := e.Record.Header()
		if t, err := n.kinds.DecodeTerms(h); err == nil {
			if o, ok := t.(*entente.Observation); ok {
				r.Version, r.Source, r.Vintage = o.Version, o.Source, o.Vintage
			}
		}
		ref, _ := h.Part(record.RowsPart)
		r.Marking, r.length = states[i].Marking(r.ID, ref.Name, ref.Marking), ref.Length
	}
	return nil
}

// rowsOf reads the rows of the reports that ids names, and calls f with each. Those that are not here are left out; of those that
// were destroyed it says how many.
func (n *Node) rowsOf(ctx context.Context, g *group, ids []record.ID, f func(record.ID, record.Table)) (erased int, err error) {
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		held, err := store.ByIDs(v, g.rows(), ids)
		if err != nil {
			return err
		}
		keys := make([]store.PartKey, 0, len(ids))
		for _, id := range ids {
			if e, ok := held[id]; ok {
				keys = append(keys, store.PartKey{Pos: e.Pos, ID: id, Name: record.RowsPart})
			}
		}
		return store.Parts(v, keys, func(k store.PartKey, p record.Part, err error) error {
			if errors.Is(err, store.ErrErased) {
				erased++
				return nil
			}
			if err == nil {
				err = record.Open(held[k.ID].Record.Header(), p)
			}
			var t record.Table
			if err == nil {
				t, err = record.ParseTable(p.Content)
			}
			if err != nil {
				return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
			}
			f(k.ID, t)
			return nil
		})
	})
	return erased, err
}

// readFigures reads the figures on an indicator and judges them. absent says how many reports have not arrived.
func (n *Node) readFigures(ctx context.Context, who Caller, g *group, s *entente.State) (f *Figures, reports []keptReport, absent int, err error) {
	f = &Figures{reading: n.signals.readings.Add(1)}
	for _, p := range g.ledger.Parties() {
		by, older, err := n.reportsBy(ctx, g, s.Instrument, p, maxReports, maxReportBytes)
		if err != nil {
			return nil, nil, 0, err
		}
		if f.Reports = append(f.Reports, by...); older {
			f.Older = append(f.Older, p)
		}
	}
	slices.SortFunc(f.Reports, func(a, b FigureReport) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.Party, b.Party), cmp.Compare(b.Index, a.Index))
	})
	at := map[record.ID]int{}
	var ids []record.ID
	filled := make([]progress.Report, len(f.Reports))
	for i, r := range f.Reports {
		reports = append(reports, keptReport{r.ID, r.Party, r.Marking})
		if filled[i] = r.Report; n.gapOf(r.Party, r.Marking, who.Office) == "" {
			at[r.ID], ids = i, append(ids, r.ID)
		}
	}
	absent = len(ids)
	erased, err := n.rowsOf(ctx, g, ids, func(id record.ID, t record.Table) {
		filled[at[id]].Rows, f.Reports[at[id]].Figures = t, len(t.Rows)
		absent--
	})
	if err != nil {
		return nil, nil, 0, explain(err)
	}
	f.Unread = len(reports) - len(ids) + absent
	f.Collection = s.Collect(filled)
	f.Results, err = n.Judge(g.id, s, f, progress.Choice{})
	return f, reports, absent - erased, err
}
