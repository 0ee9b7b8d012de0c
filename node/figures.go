package node

import (
	"context"
	"fmt"
	"slices"

	"entente"
	"entente/progress"
	"entente/record"
)

// Reports are the reports of figures on an indicator, without their rows: a page reads those with its other texts, by Rows and
// Filled. What is more than limit is left out, the oldest first.
func (n *Node) Reports(ctx context.Context, who Caller, group, indicator record.ID, limit int) ([]progress.Report, error) {
	var out []progress.Report
	q := Query{Target: indicator, Fact: "indicator", Sort: SortNewest, Limit: maxPage}
	for {
		p, err := n.Instruments(ctx, who, group, q)
		if err != nil {
			return nil, err
		}
		for _, x := range p.Items {
			more, err := n.reportsOf(ctx, who, group, x.State)
			if err != nil {
				return nil, err
			}
			if out = append(out, more...); len(out) >= limit {
				return out[:limit], nil
			}
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			return out, nil
		}
	}
}

func (n *Node) reportsOf(ctx context.Context, who Caller, group record.ID, s *entente.State) ([]progress.Report, error) {
	terms := map[record.ID]*entente.Observation{}
	if len(s.Reports) > 1 { // the state tells the terms of the latest only
		ids := make([]record.ID, len(s.Reports))
		for i, x := range s.Reports {
			ids[i] = x.ID
		}
		records, err := n.RecordsByID(ctx, who, group, ids)
		if err != nil {
			return nil, err
		}
		for _, x := range records {
			if t, ok := x.Terms.(*entente.Observation); ok {
				terms[x.ID] = t
			}
		}
	}
	var out []progress.Report
	for _, x := range s.Reports {
		r := progress.Report{ID: x.ID, Party: x.Ref.Party, Index: x.Ref.Index, Time: x.Time, Source: s.Fact("source"), Vintage: s.Fact("vintage"), Contests: s.Contests(x.ID), Accepted: s.Accepts(x.ID)}
		if v, err := record.ParseID(s.Fact("version")); err == nil {
			r.Version = v
		}
		if t := terms[x.ID]; t != nil {
			r.Version, r.Source, r.Vintage = t.Version, t.Source, t.Vintage
		}
		out = append(out, r)
	}
	slices.Reverse(out)
	return out, nil
}

// Rows wants the rows of reports.
func Rows(group record.ID, reports []progress.Report) []Want {
	out := make([]Want, len(reports))
	for i, r := range reports {
		out[i] = Want{Group: group, Record: r.ID, Names: []string{record.RowsPart}}
	}
	return out
}

// Filled puts the rows that were read into their reports, and says how many reports could not be read: they are not this
// office's, have not arrived or were destroyed.
func (t Texts) Filled(reports []progress.Report) (out []progress.Report, unread int) {
	out = slices.Clone(reports)
	for i := range out {
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
	if d.State.Fact("direction") == "" {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("figures.none", "%s is no indicator", indicator.Short()))
	}
	reports, err := n.Reports(ctx, who, group, indicator, MaxWants)
	if err != nil {
		return nil, err
	}
	texts, err := n.texts(ctx, who, "progress", Rows(group, reports), maxFigureHistory)
	if err != nil {
		return nil, err
	}
	reports, _ = texts.Filled(reports)
	return n.Judge(group, d.State, d.State.Collect(reports), x)
}

// Judge gives the signal of each party's figures now, own party first.
func (n *Node) Judge(group record.ID, indicator *entente.State, c progress.Collection, x progress.Choice) ([]progress.Result, error) {
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
		s, _ := c.Choose(p, x)
		r := progress.Signal(indicator.Definition(), s, n.clock())
		r.Party, r.Choice = p, x
		out = append(out, r)
	}
	return out, nil
}
