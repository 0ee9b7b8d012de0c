package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entente"
	"entente/record"
	"entente/store"
)

// Change is one record of a group as a feed shows it.
type Change struct {
	ID         record.ID   `json:"id"`
	Instrument record.ID   `json:"instrument"`
	Ref        record.Ref  `json:"ref"`
	Kind       string      `json:"kind"`
	Verb       record.Verb `json:"verb"`
	Line       string      `json:"line,omitempty"`
	Time       int64       `json:"time"`              // the record's own, Unix seconds
	Offices    []string    `json:"offices,omitempty"` // of its author's party, that signed it
	Void       bool        `json:"void,omitempty"`    // it has no effect
	Of         *Listed     `json:"of,omitempty"`      // its instrument now; absent where the record speaks of none that was opened
}

// ChangeQuery narrows a feed. What is zero does not narrow.
type ChangeQuery struct {
	Since  int64 // Unix seconds
	Line   string
	Kind   string
	Party  record.Party
	Cursor Cursor
	Limit  int
}

// ChangePage is a page of a feed. A page may be shorter than its limit and have a next one: what was asked for is rare.
type ChangePage struct {
	Items []Change `json:"items"`
	Next  Cursor   `json:"next,omitempty"`
}

// Changes lists the records of a group that people read of, newest first, in the order of their times: each log is read
// backwards from its end, as far as it is needed.
func (n *Node) Changes(ctx context.Context, who Caller, group record.ID, q ChangeQuery) (*ChangePage, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	p := &ChangePage{Items: []Change{}}
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		below, err := q.Cursor.parseCut(g.ledger.Parties())
		if err != nil {
			return err
		}
		if below == nil {
			below = g.cut()
		}
		f := &feed{v: v, g: g, q: q, below: below}
		limit := pageLimit(q.Limit)
		for looked := 0; len(p.Items) < limit && looked < maxLooked; looked++ {
			e, err := f.next()
			if err != nil {
				return err
			}
			if e == nil {
				return n.about(v, g, p)
			}
			if c, wanted := q.change(e); wanted {
				p.Items = append(p.Items, c)
			}
		}
		p.Next = cutCursor(g.ledger.Parties(), f.below)
		return n.about(v, g, p)
	})
	if err != nil {
		return nil, explain(err)
	}
	return p, nil
}

// about adds the instruments that changes speak of.
func (n *Node) about(v *store.View, g *group, p *ChangePage) error {
	ids := make([]record.ID, len(p.Items))
	for i, c := range p.Items {
		ids[i] = c.Instrument
	}
	of, err := listedByID(v, g, ids, n.clock())
	for i, c := range p.Items {
		if x, ok := of[c.Instrument]; ok {
			p.Items[i].Of = &x
		}
	}
	return err
}

// feed merges the logs of a group backwards.
type feed struct {
	v     *store.View
	g     *group
	q     ChangeQuery
	below map[record.Party]uint64 // what was read of each log reaches down to here
	ahead map[record.Party][]store.Entry
	ended map[record.Party]bool
}

// next is the newest record not read yet, nil at the end.
func (f *feed) next() (*store.Entry, error) {
	if f.ahead == nil {
		f.ahead, f.ended = map[record.Party][]store.Entry{}, map[record.Party]bool{}
	}
	var best *store.Entry
	for _, p := range f.g.ledger.Parties() {
		if len(f.ahead[p]) == 0 && !f.ended[p] {
			if err := f.fill(p); err != nil {
				return nil, err
			}
		}
		if es := f.ahead[p]; len(es) > 0 && (best == nil || later(&es[0], best)) {
			best = &es[0]
		}
	}
	if best == nil {
		return nil, nil
	}
	h := best.Record.Header()
	if f.q.Since != 0 && best.Time < f.q.Since {
		return nil, nil // and so are all that are left
	}
	f.ahead[h.Party], f.below[h.Party] = f.ahead[h.Party][1:], h.Index
	return best, nil
}

func (f *feed) fill(p record.Party) error {
	below := f.below[p]
	err := store.Said(f.v, f.g.logs[p].row, below, feedAhead, func(e store.Entry) error {
		f.ahead[p] = append(f.ahead[p], e)
		return nil
	})
	f.ended[p] = len(f.ahead[p]) < feedAhead
	return err
}

// later: by the time from which a cut has them, then in the order in which they are read.
func later(a, b *store.Entry) bool {
	return cmp.Or(cmp.Compare(a.Time, b.Time), entente.Order(a.Record.Header(), b.Record.Header())) > 0
}

func (q *ChangeQuery) change(e *store.Entry) (Change, bool) {
	h := e.Record.Header()
	if q.Line != "" && h.Line != q.Line || q.Kind != "" && h.Kind != q.Kind || q.Party != "" && h.Party != q.Party {
		return Change{}, false
	}
	c := Change{ID: e.Record.ID(), Instrument: e.Record.Instrument(), Ref: h.Ref(), Kind: h.Kind, Verb: h.Verb, Line: h.Line, Time: h.Time, Void: len(e.Reasons) > 1}
	for _, a := range h.Approvals {
		if !slices.Contains(c.Offices, a.Office) {
			c.Offices = append(c.Offices, a.Office)
		}
	}
	return c, true
}

// cutCursor writes how much of each log is left to read, in the order of the parties.
func cutCursor(parties []record.Party, below map[record.Party]uint64) Cursor {
	s := "c"
	for _, p := range parties {
		s += "." + strconv.FormatUint(below[p], 36)
	}
	return Cursor(s)
}

// parseCut reads one in its one form; nil: the start.
func (c Cursor) parseCut(parties []record.Party) (map[record.Party]uint64, error) {
	if c == "" {
		return nil, nil
	}
	out := map[record.Party]uint64{}
	f := strings.Split(string(c), ".")
	ok := len(c) <= maxCursor*len(parties) && len(f) == len(parties)+1
	for i, p := range parties {
		if ok {
			n, err := strconv.ParseUint(f[i+1], 36, 64)
			ok, out[p] = err == nil && n <= record.MaxIndex, n
		}
	}
	if !ok || cutCursor(parties, out) != c {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("list.cursor", "cursor: use next of the page before"))
	}
	return out, nil
}
