package node

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entente"
	"entente/record"
	"entente/store"
)

// Query narrows and orders a list of instruments. What is zero does not narrow. Everything is decided in the database, from
// what the fold has left there, at the node's time.
type Query struct {
	Kind      string
	Line      string
	Owner     record.Party
	Phase     entente.Phase
	Progress  Progress
	DueFrom   int64 // Unix seconds
	DueBefore int64
	Overdue   bool
	Changed   int64     // a record of it since then, Unix seconds; needs a kind
	Target    record.ID // it names that record: the commitments of a decision, the observations of an indicator
	Fact      string    // by the fact of that name
	Sort      Sort
	Cursor    Cursor // next or prev of the page before
	Limit     int
}

// Progress is how far what was promised has come.
type Progress string

// The steps that lists are narrowed to.
const (
	ProgressOwed     Progress = "owed"     // agreed, its owner has not reported it done, and it falls due before any notice ends it
	ProgressDone     Progress = "done"     // its owner reports it done, the other side has not agreed to that yet
	ProgressVerified Progress = "verified" // and the other side agrees
)

// Sort is an order of lists.
type Sort string

// The orders. All but the first two need a kind, or a target.
const (
	SortOpened  Sort = "opened"  // oldest first; the default
	SortNewest  Sort = "newest"  // newest first
	SortDue     Sort = "due"     // nearest date first, those without one last
	SortLatest  Sort = "latest"  // latest date first
	SortChanged Sort = "changed" // last change first
)

var sorts = map[Sort]store.Sort{"": store.SortOpened, SortOpened: store.SortOpened, SortNewest: store.SortNewest, SortDue: store.SortDue,
	SortLatest: store.SortLatest, SortChanged: store.SortChanged}

// Cursor is a place in a list, opaque to who passes it on. It holds for the same query only.
type Cursor string

// Page is a page of a list.
type Page struct {
	Items []Listed `json:"items"`
	Next  Cursor   `json:"next,omitempty"` // of the page after; absent at the end
	Prev  Cursor   `json:"prev,omitempty"` // of the page before; absent at the start
}

// Listed is an instrument in a list.
type Listed struct {
	State *entente.State `json:"state"`
	View  entente.View   `json:"view"`
}

// Instruments lists a page of a group's instruments. Errors: ErrInvalid for a cursor or order that is none.
func (n *Node) Instruments(ctx context.Context, who Caller, group record.ID, q Query) (*Page, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	return n.list(ctx, g, q, nil)
}

// Counted lists a page of a group's instruments, and says how many the query leaves, as Count does.
func (n *Node) Counted(ctx context.Context, who Caller, group record.ID, q Query) (*Page, Count, error) {
	var c Count
	g, err := n.reading(who, group)
	if err != nil {
		return nil, c, err
	}
	p, err := n.list(ctx, g, q, &c)
	return p, c, err
}

func (n *Node) list(ctx context.Context, g *group, q Query, count *Count) (*Page, error) {
	now := n.clock()
	f, err := q.filter(now)
	if err != nil {
		return nil, err
	}
	limit := pageLimit(q.Limit)
	f.Limit = limit + 1
	p := &Page{Items: []Listed{}}
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		if count != nil { // once over what is looked at where little is left, not three times
			var err error
			if count.N, count.More, err = store.CountStatesOf(v, g.row, f, maxCount); err != nil || count.N == 0 {
				return err
			}
			f.Few = !count.More && count.N <= store.FewToSort
		}
		keys, err := store.List(v, g.row, f)
		if err != nil {
			return err
		}
		more := len(keys) > limit
		keys = keys[:min(len(keys), limit)]
		if f.Backwards {
			slices.Reverse(keys)
		}
		if len(keys) > 0 {
			if f.Backwards || more {
				p.Next = cursorAt(false, keys[len(keys)-1])
			}
			if f.Backwards && more || !f.Backwards && f.After != nil {
				p.Prev = cursorAt(true, keys[0])
			}
		}
		p.Items, err = listed(v, positions(keys), now)
		return err
	})
	if err != nil {
		return nil, explain(err)
	}
	return p, nil
}

func pageLimit(n int) int {
	if n <= 0 || n > maxPage {
		return maxPage
	}
	return n
}

func positions(keys []store.Key) []store.Pos {
	out := make([]store.Pos, len(keys))
	for i, k := range keys {
		out[i] = k.Pos
	}
	return out
}

// listed reads states in the order of their positions given.
func listed(v *store.View, at []store.Pos, now int64) ([]Listed, error) {
	bodies, err := store.StatesAt(v, at)
	if err != nil {
		return nil, err
	}
	out := make([]Listed, 0, len(at))
	for _, p := range at {
		s, err := entente.ParseState(bodies[p])
		if err != nil {
			return nil, fmt.Errorf("%w: %w", store.ErrCorrupt, err)
		}
		out = append(out, Listed{s, s.At(now)})
	}
	return out, nil
}

// InstrumentsByID reads instruments by their ids: those that records and facts name. What is no instrument of the group is missing in
// the answer.
func (n *Node) InstrumentsByID(ctx context.Context, who Caller, group record.ID, ids ...record.ID) (map[record.ID]Listed, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	if len(ids) > MaxWants {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("list.many", "at most %d instruments at once", MaxWants))
	}
	var out map[record.ID]Listed
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		out, err = listedByID(v, g, ids, n.clock())
		return err
	})
	return out, explainNil(err)
}

func listedByID(v *store.View, g *group, ids []record.ID, now int64) (map[record.ID]Listed, error) {
	ids = slices.Compact(slices.SortedFunc(slices.Values(ids), func(a, b record.ID) int { return bytes.Compare(a[:], b[:]) }))
	out := make(map[record.ID]Listed, len(ids))
	read := func(b []byte) error {
		s, err := entente.ParseState(b)
		if err != nil {
			return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
		}
		if _, ok := slices.BinarySearchFunc(ids, s.Instrument, func(a, b record.ID) int { return bytes.Compare(a[:], b[:]) }); ok {
			out[s.Instrument] = Listed{s, s.At(now)}
		}
		return nil
	}
	if slices.Contains(ids, g.id) {
		b, err := store.State(v, store.FoundingPos(g.row))
		if err == nil {
			err = read(b)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, store.StatesByID(v, g.rows(), ids, read)
}

// Count is how many there are.
type Count struct {
	N    int  `json:"n"`
	More bool `json:"more,omitempty"` // more than N
}

// Count says how many instruments a query leaves, exactly up to a thousand. Its cursor and order play no part.
func (n *Node) Count(ctx context.Context, who Caller, group record.ID, q Query) (Count, error) {
	var c Count
	g, err := n.reading(who, group)
	if err != nil {
		return c, err
	}
	q.Cursor, q.Sort = "", ""
	f, err := q.filter(n.clock())
	if err != nil {
		return c, err
	}
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		c.N, c.More, err = store.CountStatesOf(v, g.row, f, maxCount)
		return err
	})
	return c, explainNil(err)
}

// filter reads a query for a moment.
func (q *Query) filter(now int64) (store.Filter, error) {
	f := store.Filter{Kind: q.Kind, Line: q.Line, Owner: q.Owner, Changed: q.Changed, Target: q.Target, Name: q.Fact}
	var ok bool
	if f.Sort, ok = sorts[q.Sort]; !ok {
		return f, fmt.Errorf("%w: %w", ErrInvalid, record.Because("list.order", "order %.20q: want opened, newest, due, latest or changed", string(q.Sort)))
	}
	if plain := f.Sort == store.SortOpened || f.Sort == store.SortNewest; q.Kind == "" && q.Target.IsZero() && (!plain || q.Changed != 0) {
		return f, fmt.Errorf("%w: %w", ErrInvalid, record.Because("list.kind", "name the kind of what is listed by date or by change"))
	}
	if q.Fact != "" && q.Target.IsZero() {
		return f, fmt.Errorf("%w: %w", ErrInvalid, record.Because("list.fact", "a fact is asked for with the record it names"))
	}
	if q.Phase != "" {
		inPhase(&f, q.Phase, now)
	}
	if q.DueFrom != 0 || q.DueBefore != 0 {
		f.Due = [2]int64{q.DueFrom, store.Never - 1}
		if q.DueBefore != 0 {
			f.Due[1] = q.DueBefore - 1
		}
	}
	switch q.Progress {
	case "":
	case ProgressOwed:
		f.Owed = true
		narrowed(&f, now)
	case ProgressDone:
		f.Done = []store.Done{store.SaidDone}
	case ProgressVerified:
		f.Done = []store.Done{store.Verified}
	default:
		return f, fmt.Errorf("%w: %w", ErrInvalid, record.Because("list.progress", "progress %.20q: want owed, done or verified", string(q.Progress)))
	}
	if q.Overdue {
		f.Overdue = now
		narrowed(&f, now)
	}
	var err error
	f.After, f.Backwards, err = q.Cursor.parse()
	return f, err
}

// narrowed: only what is in force is owed. Which that is, the index of what is owed holds already, but for its end.
func narrowed(f *store.Filter, now int64) {
	var in store.Filter
	inPhase(&in, entente.PhaseInForce, now)
	if f.Ends != ([2]int64{}) {
		in.Ends = [2]int64{max(f.Ends[0], in.Ends[0]), min(f.Ends[1], in.Ends[1])}
	}
	if f.Ends = in.Ends; f.Phase == in.Phase {
		f.Phase = ""
	}
}

// cursorAt writes a cursor: direction, value and position, in digits that cannot be mistaken for a date.
func cursorAt(back bool, k store.Key) Cursor {
	dir := "n"
	if back {
		dir = "p"
	}
	return Cursor(dir + strconv.FormatInt(k.Value, 36) + "." + strconv.FormatInt(int64(k.Pos), 36))
}

// parse reads a cursor in its one form; nil: the start.
func (c Cursor) parse() (k *store.Key, back bool, err error) {
	if c == "" {
		return nil, false, nil
	}
	if len(c) <= maxCursor {
		value, pos, _ := strings.Cut(string(c[1:]), ".")
		v, err1 := strconv.ParseInt(value, 36, 64)
		p, err2 := strconv.ParseInt(pos, 36, 64)
		k, back = &store.Key{Value: v, Pos: store.Pos(p)}, c[0] == 'p'
		if err1 == nil && err2 == nil && cursorAt(back, *k) == c {
			return k, back, nil
		}
	}
	return nil, false, fmt.Errorf("%w: %w", ErrInvalid, record.Because("list.cursor", "cursor: use next or prev of the page before"))
}
