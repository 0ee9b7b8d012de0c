package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"entente/record"
)

// StateRow is the fold's output for one instrument, with the columns that lists are filtered by.
type StateRow struct {
	Pos    Pos // of the opening record; FoundingPos for a group's charter
	Kind   string
	Line   string
	Owner  record.Party
	Due    int64
	Opened int64
	Last   int64
	Body   []byte
}

// FoundingPos is the place of the state of a group's charter, which no record opens.
func FoundingPos(grp int64) Pos { return Pos(-grp) }

// PutState stores the state of an instrument.
func (tx *Tx) PutState(grp int64, s StateRow) error {
	return tx.exec(`INSERT INTO state (pos, grp, kind, line, owner, due, opened, last, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (pos) DO UPDATE SET line = excluded.line, owner = excluded.owner, due = excluded.due, last = excluded.last, body = excluded.body`,
		int64(s.Pos), grp, s.Kind, s.Line, string(s.Owner), s.Due, s.Opened, s.Last, s.Body)
}

// State reads one instrument's state.
func State(r reader, pos Pos) ([]byte, error) {
	var b []byte
	err := one(r, []any{&b}, "SELECT body FROM state WHERE pos = ?", int64(pos))
	return b, err
}

// Filter narrows a list of states.
type Filter struct {
	Kind  string
	Line  string
	Owner record.Party
	After Pos // cursor: the last position of the page before; 0: from the start
	Limit int
}

// States lists states of a group by position.
func States(r reader, grp int64, f Filter, fn func(Pos, []byte) error) error {
	q := strings.Builder{}
	q.WriteString("SELECT pos, body FROM state WHERE grp = ?")
	args := []any{grp}
	add := func(cond string, v any) { q.WriteString(" AND " + cond); args = append(args, v) }
	if f.Kind != "" {
		add("kind = ?", f.Kind)
	}
	if f.Line != "" {
		add("line = ?", f.Line)
	}
	if f.Owner != "" {
		add("owner = ?", string(f.Owner))
	}
	if f.After != 0 {
		add("pos > ?", int64(f.After))
	}
	q.WriteString(" ORDER BY pos")
	if f.Limit > 0 {
		q.WriteString(" LIMIT ?")
		args = append(args, f.Limit)
	}
	return each(r, func(rows *sql.Rows) error {
		var pos Pos
		var b []byte
		if err := rows.Scan(&pos, &b); err != nil {
			return err
		}
		return fn(pos, b)
	}, q.String(), args...)
}

// StateRows lists whole rows of a group by position, for comparison.
func StateRows(r reader, grp int64, fn func(StateRow) error) error {
	return each(r, func(rows *sql.Rows) error {
		var s StateRow
		if err := rows.Scan(&s.Pos, &s.Kind, &s.Line, &s.Owner, &s.Due, &s.Opened, &s.Last, &s.Body); err != nil {
			return err
		}
		return fn(s)
	}, "SELECT pos, kind, line, owner, due, opened, last, body FROM state WHERE grp = ? ORDER BY pos", grp)
}

// PutSeen stores that the record at idx of the knower's log is the first to know size records of the author's.
func (tx *Tx) PutSeen(knower, author int64, size, idx uint64, time int64) error {
	return tx.exec("INSERT INTO seen (knower, author, size, idx, time) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", knower, author, int64(size), int64(idx), time)
}

// FirstKnown finds the first record of a log that knows the record at idx of another: index and time.
func FirstKnown(r reader, knower, author int64, idx uint64) (index uint64, time int64, ok bool, err error) {
	var i int64
	err = one(r, []any{&i, &time}, "SELECT idx, time FROM seen WHERE knower = ? AND author = ? AND size > ? ORDER BY size LIMIT 1", knower, author, int64(idx))
	if errors.Is(err, ErrNotFound) {
		return 0, 0, false, nil
	}
	return uint64(i), time, err == nil, err
}

// SeenSizes is how much of each other log the knower's records in sequence are known to know.
func SeenSizes(r reader, knower int64) (map[record.Party]uint64, error) {
	out := map[record.Party]uint64{}
	err := each(r, func(rows *sql.Rows) error {
		var author record.Party
		var size int64
		err := rows.Scan(&author, &size)
		out[author] = uint64(size)
		return err
	}, "SELECT l.party, max(s.size) FROM seen s JOIN log l ON l.id = s.author WHERE s.knower = ? GROUP BY l.party", knower)
	return out, err
}

// Wait is knowledge an instrument's state waits for.
type Wait struct {
	Knower, Author int64
	Index          uint64
}

// SetWaits replaces what an instrument waits for.
func (tx *Tx) SetWaits(pos Pos, had bool, waits []Wait) error {
	if had {
		if err := tx.exec("DELETE FROM wait WHERE pos = ?", int64(pos)); err != nil {
			return err
		}
	}
	for _, w := range waits {
		if err := tx.exec("INSERT INTO wait (knower, author, idx, pos) VALUES (?, ?, ?, ?)", w.Knower, w.Author, int64(w.Index), int64(pos)); err != nil {
			return err
		}
	}
	return nil
}

// Waiting lists the instruments that wait for the knower to know records [from, to) of the author.
func (tx *Tx) Waiting(knower, author int64, from, to uint64) ([]Pos, error) {
	var out []Pos
	err := each(tx, func(rows *sql.Rows) error {
		var p Pos
		err := rows.Scan(&p)
		out = append(out, p)
		return err
	}, "SELECT DISTINCT pos FROM wait WHERE knower = ? AND author = ? AND idx >= ? AND idx < ?", knower, author, int64(from), int64(to))
	return out, err
}

// CountStates counts the states of a group by kind.
func CountStates(r reader, grp int64) (map[string]int, error) {
	out := map[string]int{}
	err := each(r, func(rows *sql.Rows) error {
		var k string
		var n int
		err := rows.Scan(&k, &n)
		out[k] = n
		return err
	}, "SELECT kind, count(*) FROM state WHERE grp = ? GROUP BY kind", grp)
	return out, err
}

// WaitsFor reports whether an instrument waits for the knower to know a record that has counted here: below have(author).
func WaitsFor(r reader, knower int64, have func(author int64) uint64) (bool, error) {
	found := false
	err := each(r, func(rows *sql.Rows) error {
		var author, idx int64
		if err := rows.Scan(&author, &idx); err != nil {
			return err
		}
		found = found || uint64(idx) < have(author)
		return nil
	}, "SELECT author, min(idx) FROM wait WHERE knower = ? GROUP BY author", knower)
	return found, err
}

// Derived lists the rows of each rebuilt table that belong to a log, in a form that does not depend on row numbers of logs
// where these may differ, for comparison byte for byte.
var Derived = map[string]func(r reader, log int64, f func([]byte)) error{
	"tile": func(r reader, log int64, f func([]byte)) error {
		return each(r, func(rows *sql.Rows) error {
			var level, n int64
			var data []byte
			err := rows.Scan(&level, &n, &data)
			f(fmt.Appendf(nil, "%d/%d/%x", level, n, data))
			return err
		}, "SELECT level, n, data FROM tile WHERE log = ? ORDER BY level, n", log)
	},
	"seen": func(r reader, log int64, f func([]byte)) error {
		return each(r, func(rows *sql.Rows) error {
			var party string
			var size, idx, time int64
			err := rows.Scan(&party, &size, &idx, &time)
			f(fmt.Appendf(nil, "%s/%d/%d/%d", party, size, idx, time))
			return err
		}, "SELECT l.party, s.size, s.idx, s.time FROM seen s JOIN log l ON l.id = s.author WHERE s.knower = ? ORDER BY l.party, s.size", log)
	},
	"wait": func(r reader, log int64, f func([]byte)) error {
		return each(r, func(rows *sql.Rows) error {
			var party string
			var idx, pos int64
			err := rows.Scan(&party, &idx, &pos)
			f(fmt.Appendf(nil, "%s/%d/%d", party, idx, Pos(pos).Index()))
			return err
		}, "SELECT l.party, w.idx, w.pos FROM wait w JOIN log l ON l.id = w.author WHERE w.knower = ? ORDER BY l.party, w.idx, w.pos", log)
	},
	"entry": func(r reader, log int64, f func([]byte)) error {
		return each(r, func(rows *sql.Rows) error {
			var pos, id, instrument, nonce int64
			var kind string
			err := rows.Scan(&pos, &id, &instrument, &nonce, &kind)
			f(fmt.Appendf(nil, "%d/%x/%x/%x/%s", Pos(pos).Index(), id, instrument, nonce, kind))
			return err
		}, "SELECT pos, id8, instrument8, nonce8, kind FROM entry WHERE pos >= ? AND pos < ? AND reasons IS NOT NULL ORDER BY pos", int64(PosOf(log, 0)), int64(PosOf(log+1, 0)))
	},
	"reasons": func(r reader, log int64, f func([]byte)) error {
		return each(r, func(rows *sql.Rows) error {
			var pos int64
			var reasons []byte
			err := rows.Scan(&pos, &reasons)
			if len(reasons) > 0 {
				f(fmt.Appendf(nil, "%d/%x", Pos(pos).Index(), reasons))
			}
			return err
		}, "SELECT pos, reasons FROM entry WHERE pos >= ? AND pos < ? AND reasons IS NOT NULL ORDER BY pos", int64(PosOf(log, 0)), int64(PosOf(log+1, 0)))
	},
}
