package store

import (
	"cmp"
	"database/sql"
	"slices"
	"strings"

	"entente/record"
)

// Sort is an order of lists. Equal dates stand by position.
type Sort int

// The orders. Those by due and by change need a kind.
const (
	SortOpened  Sort = iota // oldest first
	SortNewest              // newest first
	SortDue                 // by date, nearest first, those without a date last
	SortLatest              // by date, latest first
	SortChanged             // last changed first
)

// Key is a place in a list: the value that it is sorted by, and the position.
type Key struct {
	Value int64
	Pos   Pos
}

// Filter narrows and orders a list of states. What is zero does not narrow.
type Filter struct {
	Kind      string
	Line      string
	Owner     record.Party
	Phase     string    // StateRow.Phase, with these ranges of its dates
	Until     [2]int64  // from, to: both within
	Ends      [2]int64  // likewise
	Done      []Done    // any of these
	Due       [2]int64  // likewise
	Overdue   int64     // overdue at that moment: ends later
	Owed      bool      // will be overdue, or is
	Changed   int64     // since
	Target    record.ID // refers to that record
	Name      string    // by a fact of that name
	Sort      Sort
	Backwards bool
	After     *Key // the place to go on from, forwards or backwards
	Limit     int
	Few       bool // it is known to leave no more than FewToSort
}

// Never is the end of a range without one.
const Never = never

// index is what a list is read by. Each holds all columns of a filter, so that nothing is read of states that are not shown.
type index struct {
	name  string
	order string // the column by which it lists what its own filter leaves
}

var (
	byAll    = index{"state_all", "opened"}
	byOpened = index{"state_opened", "opened"}
	byDue    = index{"state_due", "due"}
	byLast   = index{"state_last", "last"}
	byLine   = index{"state_line", "due"}
	byPhase  = index{"state_phase", "due"}
	byOwed   = index{"state_owed", "overdue"} // the due date of what is owed
	byDone   = index{"state_done", "owner"}   // what was said to be done
	byTarget = index{"ref_target", "opened"}
)

func (s Sort) column() string {
	switch s {
	case SortDue, SortLatest:
		return "due"
	case SortChanged:
		return "last"
	}
	return "opened"
}

func (s Sort) descends() bool { return s == SortNewest || s == SortLatest || s == SortChanged }

// where writes the conditions of a filter but for its place, over the columns of an index.
func (f *Filter) where(grp int64, ix index) (string, []any) {
	var q strings.Builder
	var args []any
	add := func(cond string, v ...any) {
		if q.Len() > 0 {
			q.WriteString(" AND ")
		}
		q.WriteString(cond)
		args = append(args, v...)
	}
	if ix == byTarget {
		add("r.grp = ? AND r.target = ?", grp, f.Target[:])
		if f.Name != "" {
			add("r.name = ?", f.Name)
		} else { // once, by whatever facts
			add("r.first = 1")
		}
		q.WriteString(" AND s.pos = r.pos")
	}
	add("s.grp = ?", grp)
	if f.Kind != "" {
		add("s.kind = ?", f.Kind)
	}
	if f.Line != "" {
		add("s.line = ?", f.Line)
	}
	if f.Owner != "" {
		add("s.owner = ?", string(f.Owner))
	}
	if f.Phase != "" {
		add("s.phase = ?", f.Phase)
	}
	for _, x := range []struct {
		column string
		r      [2]int64
	}{{"until", f.Until}, {"ends", f.Ends}, {"due", f.Due}} {
		if x.r != ([2]int64{}) {
			add("s."+x.column+" BETWEEN ? AND ?", x.r[0], x.r[1])
		}
	}
	if len(f.Done) > 0 {
		add("s.done IN (?" + strings.Repeat(", ?", len(f.Done)-1) + ")")
		for _, d := range f.Done {
			args = append(args, int64(d))
		}
		if ix == byDone { // as the partial index has it
			add("s.done > 0")
		}
	}
	if f.Overdue != 0 {
		add("s.overdue <= ? AND s.ends > ?", f.Overdue, f.Overdue)
	}
	if f.Owed || f.Overdue != 0 { // as the partial index has it, word for word
		add("s.overdue < 9223372036854775807")
	}
	if f.Changed != 0 {
		add("s.last >= ?", f.Changed)
	}
	return q.String(), args
}

// from names the tables of a list read by an index. INDEXED BY makes a list fail rather than read every state.
func (ix index) from() string {
	if ix == byTarget {
		return " FROM ref r INDEXED BY ref_target CROSS JOIN state s WHERE "
	}
	return " FROM state s INDEXED BY " + ix.name + " WHERE "
}

// narrow is the index that leaves least to look at, by the filter alone.
func (f *Filter) narrow() index {
	switch {
	case !f.Target.IsZero():
		return byTarget
	case f.Kind == "":
		return byAll
	case f.Changed != 0:
		return byLast
	case f.Owed || f.Overdue != 0:
		return byOwed
	case len(f.Done) > 0 && !slices.Contains(f.Done, 0):
		return byDone
	case f.Phase != "":
		return byPhase
	case f.Line != "":
		return byLine
	case f.Due != ([2]int64{}):
		return byDue
	}
	return byOpened
}

// CountStatesOf counts what a filter leaves, whatever its place, up to most: more says that there are more.
func CountStatesOf(r reader, grp int64, f Filter, most int) (n int, more bool, err error) {
	return countBy(r, grp, f, f.narrow(), most)
}

func countBy(r reader, grp int64, f Filter, ix index, most int) (n int, more bool, err error) {
	cond, args := f.where(grp, ix)
	err = one(r, []any{&n}, "SELECT count(*) FROM (SELECT 1"+ix.from()+cond+" LIMIT ?)", append(args, most+1)...)
	return min(n, most), n > most, err
}

// plan chooses the index that a list is read by: one in whose order it stands, or where the filter leaves few, one that finds
// those, which are then sorted.
func (f *Filter) plan(r reader, grp int64) (index, error) {
	sorted := map[string]index{"opened": byOpened, "due": byDue, "last": byLast}[f.Sort.column()]
	if f.Kind == "" && sorted == byOpened {
		sorted = byAll
	}
	narrow := f.narrow()
	switch {
	case f.Few, narrow == byTarget, narrow == sorted, narrow == byOwed && sorted == byDue:
		return narrow, nil
	}
	for _, ix := range []index{narrow, byLine} {
		if ix == byLine && f.Line == "" || f.Kind == "" {
			continue
		}
		_, more, err := countBy(r, grp, *f, ix, FewToSort)
		if err != nil || !more {
			return ix, err
		}
	}
	return sorted, nil
}

// List lists the positions of states in the order of the filter, with the keys of their places.
func List(r reader, grp int64, f Filter) ([]Key, error) {
	ix, err := f.plan(r, grp)
	if err != nil {
		return nil, err
	}
	q, args := f.query(grp, ix)
	var out []Key
	err = each(r, func(rows *sql.Rows) error {
		var k Key
		err := rows.Scan(&k.Pos, &k.Value)
		out = append(out, k)
		return err
	}, q, args...)
	return out, err
}

// query writes the statement of a list read by an index.
func (f *Filter) query(grp int64, ix index) (string, []any) {
	cond, args := f.where(grp, ix)
	key, pos := "s."+f.Sort.column(), "s.pos"
	switch {
	case ix == byOwed && f.Sort.column() == "due":
		key = "s." + ix.order
	case ix == byTarget:
		if pos = "r.pos"; f.Sort.column() == "opened" {
			key = "r.opened"
		}
	}
	down := f.Sort.descends() != f.Backwards
	if f.After != nil {
		op := " > "
		if down {
			op = " < "
		}
		cond += " AND (" + key + ", " + pos + ")" + op + "(?, ?)"
		args = append(args, f.After.Value, int64(f.After.Pos))
	}
	dir := ""
	if down {
		dir = " DESC"
	}
	return "SELECT " + pos + ", " + key + ix.from() + cond + " ORDER BY " + key + dir + ", " + pos + dir + " LIMIT ?", append(args, f.Limit)
}

// StatesAt reads states by position. Those that are not there are missing in the answer.
func StatesAt(r reader, at []Pos) (map[Pos][]byte, error) {
	out := make(map[Pos][]byte, len(at))
	err := chunks(at, func(n int, at []Pos) error {
		args := make([]any, 0, n)
		for _, p := range at {
			args = append(args, int64(p))
		}
		return each(r, func(rows *sql.Rows) error {
			var p Pos
			var b []byte
			err := rows.Scan(&p, &b)
			out[p] = b
			return err
		}, "SELECT pos, body FROM state WHERE pos IN (?"+strings.Repeat(", ?", n-1)+")", args...)
	})
	return out, err
}

// StatesByID calls f with the states of the instruments that ids may open, by the logs given. Ids are looked up by their first
// eight bytes: f looks at the whole.
func StatesByID(r reader, logs []int64, ids []record.ID, f func(body []byte) error) error {
	return chunks(ids, func(n int, ids []record.ID) error {
		args := make([]any, 0, n)
		for _, id := range ids {
			args = append(args, key8(id[:]))
		}
		return each(r, func(rows *sql.Rows) error {
			var p Pos
			var b []byte
			if err := rows.Scan(&p, &b); err != nil || !contains(logs, p.Log()) {
				return err
			}
			return f(b)
		}, "SELECT s.pos, s.body FROM entry e INDEXED BY entry_id CROSS JOIN state s WHERE e.id8 IN (?"+strings.Repeat(", ?", n-1)+") AND s.pos = e.pos", args...)
	})
}

// Leaves reports whether a filter leaves a state that is not in the table: the same conditions, for states of the past.
func (f *Filter) Leaves(s *StateRow, refs []RefRow) bool {
	within := func(r [2]int64, t int64) bool { return r == [2]int64{} || r[0] <= date(t) && date(t) <= r[1] }
	switch {
	case f.Kind != "" && s.Kind != f.Kind, f.Line != "" && s.Line != f.Line, f.Owner != "" && s.Owner != f.Owner, f.Phase != "" && s.Phase != f.Phase:
	case !within(f.Until, s.Until), !within(f.Ends, s.Ends), !within(f.Due, s.Due), s.Last < f.Changed:
	case len(f.Done) > 0 && !slices.Contains(f.Done, s.Done):
	case f.Owed && s.Overdue == 0, f.Overdue != 0 && (date(s.Overdue) > f.Overdue || date(s.Ends) <= f.Overdue):
	case !f.Target.IsZero() && !slices.ContainsFunc(refs, func(r RefRow) bool { return r.Target == f.Target && (f.Name == "" || r.Name == f.Name) }):
	default:
		return true
	}
	return false
}

// Key is the place of a state in the order of a filter.
func (f *Filter) Key(s *StateRow) Key {
	return Key{map[string]int64{"opened": s.Opened, "due": date(s.Due), "last": s.Last}[f.Sort.column()], s.Pos}
}

// Compare orders two places as the filter lists them, backwards where it does.
func (f *Filter) Compare(a, b Key) int {
	c := cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.Pos, b.Pos))
	if f.Sort.descends() != f.Backwards {
		return -c
	}
	return c
}
