package store

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"entente/record"
)

func scratch(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), t.TempDir(), [32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// planOf is how SQLite reads a statement.
func planOf(t *testing.T, v *View, q string, args []any) string {
	t.Helper()
	var out []string
	err := each(v, func(rows *sql.Rows) error {
		var id, parent, x int
		var s string
		err := rows.Scan(&id, &parent, &x, &s)
		out = append(out, s)
		return err
	}, "EXPLAIN QUERY PLAN "+q, args...)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return strings.Join(out, "; ")
}

// Whatever lists are narrowed to, no list scans a table, one read in its index's order sorts nothing, and what is narrowed to
// is decided within the index.
func TestNoListScansStates(t *testing.T) {
	s := scratch(t)
	v := s.View(t.Context())
	id := record.ID{7}
	sorted, counted := 0, 0
	for bits := range 1 << 8 {
		f := Filter{Kind: "commitment", Limit: 50}
		has := func(bit int) bool { return bits>>bit&1 == 1 }
		if has(0) {
			f.Line = "fuel"
		}
		if has(1) {
			f.Owner = "MX"
		}
		if has(2) {
			f.Phase, f.Until, f.Ends = "proposed", [2]int64{1, 2}, [2]int64{1, 2}
		}
		if has(3) {
			f.Owed = true
		}
		if has(4) {
			f.Done = []Done{NotDone, SaidDone}
		}
		if has(5) {
			f.Due = [2]int64{1, 2}
		}
		if has(6) {
			f.Target = id
		}
		if has(7) {
			f.Kind = ""
		}
		for sort := SortOpened; sort <= SortChanged; sort++ {
			f.Sort = sort
			if f.Kind == "" && f.Target.IsZero() && sort > SortNewest {
				continue
			}
			for _, after := range []*Key{nil, {1, 2}} {
				f.After = after
				ix := map[string]index{"opened": byOpened, "due": byDue, "last": byLast}[sort.column()]
				switch {
				case !f.Target.IsZero():
					ix = byTarget
				case f.Kind == "":
					ix = byAll
				}
				q, args := f.query(1, ix)
				p := planOf(t, v, q, args)
				if strings.Contains(p, "SCAN") {
					t.Errorf("%s\n%s", q, p)
				}
				if ix != byTarget && (strings.Contains(p, "TEMP B-TREE") || !strings.Contains(p, "COVERING")) {
					t.Errorf("it sorts, or reads the table: %s\n%s", q, p)
				}
				sorted++
			}
		}
		f.After = nil
		ix := f.narrow()
		cond, args := f.where(1, ix)
		p := planOf(t, v, "SELECT count(*) FROM (SELECT 1"+ix.from()+cond+" LIMIT ?)", append(args, 9))
		if strings.Contains(p, "SCAN s") || ix != byTarget && !strings.Contains(p, "COVERING") && !(ix == byOwed && (has(2) || has(4))) {
			t.Errorf("counting %s by %s: %s", cond, ix.name, p)
		}
		counted++
	}
	if sorted < 1000 || counted < 200 {
		t.Errorf("only %d lists and %d counts", sorted, counted)
	}
	f := AttentionFilter{Party: "MX", Reason: "sign", Now: 5, Line: "fuel", Scopes: []Scope{{Kinds: []string{"a"}}, {Lines: []string{"b", "c"}}}, After: &AttentionKey{}}
	q, args := f.where(1)
	p := planOf(t, v, "SELECT line, count(*) FROM (SELECT line"+q+" LIMIT 9) GROUP BY line", args)
	if !strings.Contains(p, "COVERING INDEX attention_party (grp=? AND party=? AND reason=? AND from_<?)") {
		t.Error(p)
	}
	if p := planOf(t, v, "SELECT kind, count(*) FROM state WHERE grp = ? GROUP BY kind", []any{1}); !strings.Contains(p, "COVERING") || strings.Contains(p, "TEMP") {
		t.Error(p)
	}
}

// A connection keeps few statements, however lists are narrowed.
func TestStatementsAreBounded(t *testing.T) {
	s := scratch(t)
	for i := range 3 * maxStatements {
		err := s.Snapshot(t.Context(), func(v *View) error {
			return each(v, func(*sql.Rows) error { return nil }, fmt.Sprintf("SELECT %d FROM state", i))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range maxReaders {
		if c := <-s.idle; c != nil && len(c.stmt) > maxStatements+1 {
			t.Errorf("%d statements", len(c.stmt))
		}
	}
	for range maxReaders {
		s.idle <- nil
	}
}
