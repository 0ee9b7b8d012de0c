package node

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"

	"entente"
	"entente/consent"
	"entente/record"
	"entente/store"
)

// Times in one log never go down and are never before a time that the record knows. So the records dated up to a moment are
// a cut of their own, and what the rules say of it is what this node showed then, as far as it held them.

// past reads a group as of a moment.
type past struct {
	n   *Node
	v   *store.View
	g   *group
	at  int64
	cut consent.Sizes
	src *source
}

func (n *Node) past(v *store.View, g *group, at int64) (*past, error) {
	p := &past{n: n, v: v, g: g, at: at, cut: consent.Sizes{}, src: &source{g: g, r: viewReader{v}}}
	logs, err := store.Logs(v, g.row)
	if err != nil {
		return nil, err
	}
	for _, l := range logs {
		p.cut[l.Party] = uint64(sort.Search(int(l.Counted), func(i int) bool {
			t, e := store.TimeAt(v, store.PosOf(l.Row, uint64(i)))
			if e != nil {
				err = e
			}
			return t > at
		}))
	}
	return p, err
}

// First implements consent.Knowledge: what was known by a record of the cut.
func (p *past) First(by record.Party, of record.Ref) (consent.Moment, bool) {
	m, ok := p.src.First(by, of)
	return m, ok && m.Ref.Index < p.cut[by]
}

// fold computes the state of an instrument at the cut; nil: it was not opened yet, or its kind has none.
func (p *past) fold(id record.ID) (*entente.State, error) {
	if id == p.g.id && p.at < p.g.ledger.Founding().Founded {
		return nil, nil
	}
	records, err := instrument(viewReader{p.v}, p.g.rows(), id)
	if err != nil {
		return nil, err
	}
	records = slices.DeleteFunc(records, func(j entente.Judged) bool { return j.Header().Index >= p.cut[j.Header().Party] })
	if id != p.g.id && !slices.ContainsFunc(records, func(j entente.Judged) bool { return j.ID() == id }) {
		return nil, nil
	}
	s, _, err := p.g.ledger.Fold(id, records, p)
	if err == nil {
		err = p.src.err
	}
	return s, err
}

// CutAt says how many records of each log are dated up to a moment, of those that count here now.
func (n *Node) CutAt(ctx context.Context, who Caller, group record.ID, at int64) (consent.Sizes, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	var cut consent.Sizes
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		p, err := n.past(v, g, at)
		if err == nil {
			cut = p.cut
		}
		return err
	})
	return cut, explainNil(err)
}

// AsOf reads one instrument as of a moment: its state from the records dated up to then, read at that moment. ErrNotFound
// where it was not opened yet.
func (n *Node) AsOf(ctx context.Context, who Caller, group, id record.ID, at int64) (*Detail, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	var d *Detail
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		p, err := n.past(v, g, at)
		if err != nil {
			return err
		}
		if d, err = n.detail(v, g, id, "", p.cut); err != nil {
			return err
		}
		if d.State, err = p.fold(id); err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		return nil, notFound("instrument "+id.Short(), err)
	}
	if d.State == nil {
		return nil, fmt.Errorf("instrument %s: %w then", id.Short(), ErrNotFound)
	}
	d.View = d.State.At(at)
	return d, nil
}

// AsOfList lists a page of a group's instruments as of a moment. Lists by date or change name a kind, and take at most
// maxLooked instruments of it and the line: ErrInvalid beyond. Others may come short with a next page, where what is asked
// for was rare.
func (n *Node) AsOfList(ctx context.Context, who Caller, group record.ID, at int64, q Query) (*Page, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	f, err := q.filter(at)
	if err != nil {
		return nil, err
	}
	plain := f.Sort == store.SortOpened || f.Sort == store.SortNewest
	if !plain && f.Kind == "" {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("list.kind", "name the kind of what is listed by date or by change"))
	}
	f.Limit = pageLimit(q.Limit)
	out := &Page{Items: []Listed{}}
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		p, err := n.past(v, g, at)
		if err != nil {
			return err
		}
		if plain {
			return p.walk(&f, out)
		}
		return p.gather(&f, out)
	})
	if err != nil {
		return nil, explain(err)
	}
	return out, nil
}

// stood is an instrument as it stood.
type stood struct {
	key   store.Key
	state *entente.State
}

// stood folds the instrument opened at a position, and says whether the filter leaves it.
func (p *past) stood(f *store.Filter, k store.Key) (stood, bool, error) {
	id := p.g.id
	if k.Pos != store.FoundingPos(p.g.row) {
		e, err := store.At(p.v, k.Pos)
		if err != nil {
			return stood{}, false, err
		}
		id = e.Record.ID()
	}
	s, err := p.fold(id)
	if err != nil || s == nil {
		return stood{}, false, err
	}
	row, _, refs := rowsOf(s, p.g.ledger.Parties())
	row.Pos = k.Pos
	return stood{f.Key(&row), s}, f.Leaves(&row, refs), nil
}

// walk goes through the instruments in the order in which they were opened, which no time changes.
func (p *past) walk(f *store.Filter, out *Page) error {
	steps := store.Filter{Kind: f.Kind, Line: f.Line, Sort: f.Sort, Backwards: f.Backwards, After: f.After, Limit: feedAhead}
	down := (f.Sort == store.SortNewest) != f.Backwards
	if down && steps.After == nil {
		steps.After = &store.Key{Value: p.at, Pos: math.MaxInt64}
	}
	var found []stood
	more := false
walk:
	for looked := 0; ; {
		keys, err := store.List(p.v, p.g.row, steps)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if !down && k.Value > p.at {
				break walk // this and all that are left were opened later
			}
			if len(found) == f.Limit || looked == maxLooked {
				more = true
				break walk
			}
			steps.After = &k
			looked++
			x, ok, err := p.stood(f, k)
			if err != nil {
				return err
			}
			if ok {
				found = append(found, x)
			}
		}
		if len(keys) < steps.Limit {
			break
		}
	}
	if more { // from where it stopped
		*cursorOf(out, f.Backwards) = cursorAt(f.Backwards, *steps.After)
	}
	if f.After != nil { // the other way
		from := *f.After
		if len(found) > 0 {
			from = found[0].key
		}
		*cursorOf(out, !f.Backwards) = cursorAt(!f.Backwards, from)
	}
	out.put(f, found, p.at)
	return nil
}

// cursorOf is the cursor by which a list goes on, or back.
func cursorOf(p *Page, back bool) *Cursor {
	if back {
		return &p.Prev
	}
	return &p.Next
}

func (p *Page) put(f *store.Filter, found []stood, at int64) {
	if f.Backwards {
		slices.Reverse(found)
	}
	for _, x := range found {
		p.Items = append(p.Items, Listed{x.state, x.state.At(at)})
	}
}

// gather reads all there were, and puts them in order.
func (p *past) gather(f *store.Filter, out *Page) error {
	keys, err := store.List(p.v, p.g.row, store.Filter{Kind: f.Kind, Line: f.Line, Limit: maxLooked + 1})
	if err != nil {
		return err
	}
	if len(keys) > maxLooked {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("list.narrow", "there are more than %d: narrow the list to a line of effort, or order it by opening", maxLooked))
	}
	var found []stood
	for _, k := range keys {
		x, ok, err := p.stood(f, k)
		if err != nil {
			return err
		}
		if ok && (f.After == nil || f.Compare(x.key, *f.After) > 0) {
			found = append(found, x)
		}
	}
	slices.SortFunc(found, func(a, b stood) int { return f.Compare(a.key, b.key) })
	more := len(found) > f.Limit
	found = found[:min(len(found), f.Limit)]
	if len(found) > 0 {
		if more {
			*cursorOf(out, f.Backwards) = cursorAt(f.Backwards, found[len(found)-1].key)
		}
		if f.After != nil {
			*cursorOf(out, !f.Backwards) = cursorAt(!f.Backwards, found[0].key)
		}
	}
	out.put(f, found, p.at)
	return nil
}
