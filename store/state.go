package store

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"entente/record"
)

// StateRow is the fold's output for one instrument, with the columns that lists are filtered by. A date of 0 does not come.
type StateRow struct {
	Pos     Pos // of the opening record; FoundingPos for a group's charter
	Kind    string
	Line    string
	Owner   record.Party
	Phase   string // whatever the hour (entente.Standing), with Until and Ends
	Until   int64
	Ends    int64
	Done    Done
	Due     int64
	Overdue int64 // from when it is; 0: never, as it stands
	Opened  int64
	Last    int64
	Body    []byte
}

// Done is how far what was promised has come.
type Done int64

// The steps.
const (
	NotDone  Done = iota
	SaidDone      // its owner reports it done
	Verified      // and the other side agrees
)

// AttentionRow is one thing that waits for a party, of the state at Pos. A date of 0 is none: From at once, Until no end.
type AttentionRow struct {
	Pos    Pos
	N      int // its number among those of the state
	Party  record.Party
	Reason string
	About  record.ID
	From   int64
	Until  int64
	By     int64
	Kind   string
	Line   string
}

// RefRow is a fact of the state at Pos that names a record.
type RefRow struct {
	Pos    Pos
	Name   string
	Target record.ID
	Opened int64 // the state's
}

const never = math.MaxInt64

// date keeps a date that does not come behind all others.
func date(t int64) int64 {
	if t == 0 {
		return never
	}
	return t
}

func undate(t int64) int64 {
	if t == never {
		return 0
	}
	return t
}

// FoundingPos is the place of the state of a group's charter, which no record opens.
func FoundingPos(grp int64) Pos { return Pos(-grp) }

// PutState stores the state of an instrument with what waits and what it refers to, in place of what stood there. fresh says
// that nothing did.
func (tx *Tx) PutState(grp int64, s StateRow, waits []AttentionRow, refs []RefRow, fresh bool) error {
	err := tx.exec(`INSERT INTO state (pos, grp, kind, line, owner, phase, until, ends, done, due, overdue, opened, last, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (pos) DO UPDATE SET line = excluded.line, owner = excluded.owner, phase = excluded.phase, until = excluded.until, ends = excluded.ends,
		done = excluded.done, due = excluded.due, overdue = excluded.overdue, last = excluded.last, body = excluded.body`,
		int64(s.Pos), grp, s.Kind, s.Line, string(s.Owner), s.Phase, date(s.Until), date(s.Ends), int64(s.Done), date(s.Due), date(s.Overdue), s.Opened, s.Last, s.Body)
	if err == nil && !fresh {
		err = errors.Join(tx.exec("DELETE FROM attention WHERE pos = ?", int64(s.Pos)), tx.exec("DELETE FROM ref WHERE pos = ?", int64(s.Pos)))
	}
	for i, a := range waits {
		if err != nil {
			return err
		}
		err = tx.exec("INSERT INTO attention (pos, n, grp, party, reason, about, from_, until_, by_, kind, line) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			int64(s.Pos), i, grp, string(a.Party), a.Reason, a.About[:], a.From, date(a.Until), date(a.By), s.Kind, s.Line)
	}
	for i, x := range refs {
		if err != nil {
			return err
		}
		first := 1
		if slices.ContainsFunc(refs[:i], func(y RefRow) bool { return y.Target == x.Target }) {
			first = 0
		}
		err = tx.exec("INSERT INTO ref (pos, name, target, grp, opened, first) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", int64(s.Pos), x.Name, x.Target[:], grp, s.Opened, first)
	}
	return err
}

// State reads one instrument's state.
func State(r reader, pos Pos) ([]byte, error) {
	var b []byte
	err := one(r, []any{&b}, "SELECT body FROM state WHERE pos = ?", int64(pos))
	return b, err
}

// States calls f with every state of a group, by position.
func States(r reader, grp int64, fn func(Pos, []byte) error) error {
	return StateRows(r, grp, func(s StateRow) error { return fn(s.Pos, s.Body) })
}

// StateRows lists whole rows of a group by position, for comparison.
func StateRows(r reader, grp int64, fn func(StateRow) error) error {
	return each(r, func(rows *sql.Rows) error {
		var s StateRow
		if err := rows.Scan(&s.Pos, &s.Kind, &s.Line, &s.Owner, &s.Phase, &s.Until, &s.Ends, &s.Done, &s.Due, &s.Overdue, &s.Opened, &s.Last, &s.Body); err != nil {
			return err
		}
		s.Until, s.Ends, s.Due, s.Overdue = undate(s.Until), undate(s.Ends), undate(s.Due), undate(s.Overdue)
		return fn(s)
	}, "SELECT pos, kind, line, owner, phase, until, ends, done, due, overdue, opened, last, body FROM state WHERE grp = ? ORDER BY pos", grp)
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

// OfStates lists the rows of each table that is read from states, by the place of the state they belong to, for comparison.
var OfStates = map[string]func(r reader, grp int64, f func(Pos, []byte)) error{
	"attention": func(r reader, grp int64, f func(Pos, []byte)) error {
		return each(r, func(rows *sql.Rows) error {
			var a AttentionRow
			var about []byte
			err := rows.Scan(&a.Pos, &a.N, &a.Party, &a.Reason, &about, &a.From, &a.Until, &a.By, &a.Kind, &a.Line)
			f(a.Pos, fmt.Appendf(nil, "%d/%s/%s/%x/%d/%d/%d/%s/%s", a.N, a.Party, a.Reason, about, a.From, a.Until, a.By, a.Kind, a.Line))
			return err
		}, "SELECT pos, n, party, reason, about, from_, until_, by_, kind, line FROM attention WHERE grp = ? ORDER BY pos, n", grp)
	},
	"ref": func(r reader, grp int64, f func(Pos, []byte)) error {
		return each(r, func(rows *sql.Rows) error {
			var x RefRow
			var target []byte
			var first int
			err := rows.Scan(&x.Pos, &x.Name, &target, &x.Opened, &first)
			f(x.Pos, fmt.Appendf(nil, "%s/%x/%d/%d", x.Name, target, x.Opened, first))
			return err
		}, "SELECT pos, name, target, opened, first FROM ref WHERE grp = ? ORDER BY pos, name, target", grp)
	},
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
			var pos, id, instrument, nonce, silent, time int64
			var kind string
			err := rows.Scan(&pos, &id, &instrument, &nonce, &kind, &silent, &time)
			f(fmt.Appendf(nil, "%d/%x/%x/%x/%s/%d/%d", Pos(pos).Index(), id, instrument, nonce, kind, silent, time))
			return err
		}, "SELECT pos, id8, instrument8, nonce8, kind, silent, coalesce(time, -1) FROM entry WHERE pos >= ? AND pos < ? AND reasons IS NOT NULL ORDER BY pos", int64(PosOf(log, 0)), int64(PosOf(log+1, 0)))
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
