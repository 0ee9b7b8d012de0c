package node

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entente"
	"entente/record"
	"entente/store"
)

// AttentionQuery narrows what waits for a party now. What is zero does not narrow.
type AttentionQuery struct {
	Party  record.Party            // empty: this node's own
	Reason entente.AttentionReason // empty: all, in the order of entente.AttentionReasons
	Kind   string
	Line   string
	Mine   bool // only kinds and lines for which the caller's office has authority now
	Most   int  // count no further than this for each reason; 0: a thousand
	Bare   bool // without counts
	Cursor Cursor
	Limit  int
}

// Waiting is one thing that waits, with its instrument.
type Waiting struct {
	Attention entente.Attention `json:"attention"`
	Listed
}

// AttentionPage is a page of what waits.
type AttentionPage struct {
	Items  []Waiting        `json:"items"`
	Next   Cursor           `json:"next,omitempty"`
	Counts []AttentionCount `json:"counts"` // of the query whatever its reason, those with none left out
}

// AttentionCount is how many things wait for a party for a reason.
type AttentionCount struct {
	Party  record.Party            `json:"party"`
	Line   string                  `json:"line,omitempty"` // where counts are by line
	Reason entente.AttentionReason `json:"reason"`
	Count
}

// Attention lists what waits for a party now: reason by reason, what has waited longest first, then the nearest date.
func (n *Node) Attention(ctx context.Context, who Caller, group record.ID, q AttentionQuery) (*AttentionPage, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	now := n.clock()
	f, at, err := n.attentionFilter(who, g, q, now)
	if err != nil {
		return nil, err
	}
	limit, most := pageLimit(q.Limit), maxCount
	if q.Most > 0 && q.Most < maxCount {
		most = q.Most
	}
	p := &AttentionPage{Items: []Waiting{}, Counts: []AttentionCount{}}
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		var rows []store.AttentionRow
		for i, reason := range entente.AttentionReasons {
			f.Reason = string(reason)
			if !q.Bare {
				c := AttentionCount{Party: f.Party, Reason: reason}
				var err error
				if c.N, c.More, err = store.CountAttention(v, g.row, f, most); err != nil {
					return err
				}
				if c.N == 0 {
					continue
				}
				p.Counts = append(p.Counts, c)
			}
			if (q.Reason != "" && q.Reason != reason) || i < at.reason || len(rows) > limit {
				continue
			}
			here := f
			here.Limit = limit + 1 - len(rows)
			if i == at.reason {
				here.After = at.key
			}
			found, err := store.Attention(v, g.row, here)
			if err != nil {
				return err
			}
			rows = append(rows, found...)
		}
		if len(rows) > limit {
			rows = rows[:limit]
			p.Next = attentionCursor(rows[limit-1])
		}
		p.Items, err = waiting(v, rows, now)
		return err
	})
	if err != nil {
		return nil, explain(err)
	}
	return p, nil
}

func waiting(v *store.View, rows []store.AttentionRow, now int64) ([]Waiting, error) {
	at := make([]store.Pos, len(rows))
	for i, r := range rows {
		at[i] = r.Pos
	}
	ls, err := listed(v, at, now)
	if err != nil {
		return nil, err
	}
	out := make([]Waiting, len(rows))
	for i, r := range rows {
		out[i] = Waiting{entente.Attention{Party: r.Party, Reason: entente.AttentionReason(r.Reason), About: r.About, From: r.From, Until: r.Until, By: r.By}, ls[i]}
	}
	return out, nil
}

// AttentionCounts says how much waits for each party of the group, by line of effort and reason: what a minister's page counts.
// Each is exact up to a thousand for a party and reason in all lines together. No reasons given: all.
func (n *Node) AttentionCounts(ctx context.Context, who Caller, group record.ID, reasons ...entente.AttentionReason) ([]AttentionCount, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	f := store.AttentionFilter{Now: n.clock()}
	out := []AttentionCount{}
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		for _, p := range g.ledger.Parties() {
			for _, reason := range entente.AttentionReasons {
				if len(reasons) > 0 && !slices.Contains(reasons, reason) {
					continue
				}
				f.Party, f.Reason = p, string(reason)
				byLine, more, err := store.AttentionByLine(v, g.row, f, maxCount)
				if err != nil {
					return err
				}
				for line, k := range byLine {
					out = append(out, AttentionCount{p, line, reason, Count{k, more}})
				}
			}
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b AttentionCount) int { return compare(a.Line, b.Line) })
	return out, explainNil(err)
}

// place is where a page of what waits begins.
type place struct {
	reason int // in entente.AttentionReasons
	key    *store.AttentionKey
}

func (n *Node) attentionFilter(who Caller, g *group, q AttentionQuery, now int64) (f store.AttentionFilter, at place, err error) {
	f = store.AttentionFilter{Party: q.Party, Now: now, Kind: q.Kind, Line: q.Line}
	if f.Party == "" {
		f.Party = n.party
	}
	if q.Reason != "" && !slices.Contains(entente.AttentionReasons, q.Reason) {
		return f, at, fmt.Errorf("%w: %w", ErrInvalid, record.Because("attention.reason", "reason %.70q", string(q.Reason)))
	}
	if q.Mine {
		f.Scopes = n.scopes(who, g, now)
	}
	if q.Cursor != "" {
		at, err = parsePlace(q.Cursor)
	}
	return f, at, err
}

// scopes are the kinds and lines for which an office has authority at a moment; one that matches nothing where it has none.
func (n *Node) scopes(who Caller, g *group, now int64) []store.Scope {
	out := []store.Scope{}
	if p := g.ledger.Ring(n.party).At(g.logs[n.party].tree.Size()); p != nil {
		o, _ := p.Office(who.Office)
		for _, x := range o.Grants {
			if x.Until != 0 && now >= x.Until {
				continue
			}
			s := store.Scope{Kinds: x.Kinds, Lines: x.Lines}
			if slices.Contains(x.Kinds, "*") {
				s.Kinds = nil
			}
			if s.Kinds == nil && len(s.Lines) == 0 {
				return nil // everything
			}
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return []store.Scope{{Kinds: []string{""}}}
	}
	return out
}

// attentionCursor writes a place: the reason's number and the row's key.
func attentionCursor(r store.AttentionRow) Cursor {
	k := r.Key()
	s := "w" + strconv.Itoa(slices.Index(entente.AttentionReasons, entente.AttentionReason(r.Reason)))
	for _, x := range []int64{k.From, k.By, int64(k.Pos), int64(k.N)} {
		s += "." + strconv.FormatInt(x, 36)
	}
	return Cursor(s)
}

// parsePlace reads one in its one form.
func parsePlace(c Cursor) (place, error) {
	if f := strings.Split(string(c), "."); len(c) <= maxCursor && len(f) == 5 && strings.HasPrefix(f[0], "w") {
		i, err := strconv.Atoi(f[0][1:])
		var x [4]int64
		for k := range x {
			if err == nil {
				x[k], err = strconv.ParseInt(f[k+1], 36, 64)
			}
		}
		if err == nil && i >= 0 && i < len(entente.AttentionReasons) {
			key := store.AttentionKey{From: x[0], By: x[1], Pos: store.Pos(x[2]), N: int(x[3])}
			r := store.AttentionRow{Reason: string(entente.AttentionReasons[i]), Pos: key.Pos, N: key.N, From: key.From, By: key.By}
			if attentionCursor(r) == c {
				return place{i, &key}, nil
			}
		}
	}
	return place{}, fmt.Errorf("%w: %w", ErrInvalid, record.Because("list.cursor", "cursor: use next of the page before"))
}
