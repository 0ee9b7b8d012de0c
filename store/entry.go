package store

import (
	"database/sql"
	"fmt"
	"strings"

	"entente/record"
)

// Entry is a stored record.
type Entry struct {
	Pos     Pos
	Record  *record.Record
	Time    int64  // from which a cut by time has it; 0 while it does not count
	Judged  bool   // it counts, and Reasons is what the rules hold against it
	Reasons []byte // CBOR of []entente.Reason; an empty list: it has effect
}

// PutEntry stores a record at its place in a log, held and not yet counted. silent: people need not read of it.
func (tx *Tx) PutEntry(log int64, r *record.Record, silent bool) (Pos, error) {
	h := r.Header()
	pos, id, ins := PosOf(log, h.Index), r.ID(), r.Instrument()
	err := tx.exec("INSERT INTO entry (pos, id8, instrument8, nonce8, kind, silent, raw) VALUES (?, ?, ?, ?, ?, ?, ?)",
		int64(pos), key8(id[:]), key8(ins[:]), key8(h.Nonce[:]), h.Kind, silent, r.Bytes())
	if err != nil {
		err = fmt.Errorf("store record %s: %w", h.Ref(), err)
	}
	return pos, err
}

// PutJudged stores a record that counts at once, with the time from which a cut by time has it.
func (tx *Tx) PutJudged(log int64, r *record.Record, silent bool, time int64, reasons []byte) (Pos, error) {
	h := r.Header()
	pos, id, ins := PosOf(log, h.Index), r.ID(), r.Instrument()
	err := tx.exec("INSERT INTO entry (pos, id8, instrument8, nonce8, kind, silent, time, reasons, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		int64(pos), key8(id[:]), key8(ins[:]), key8(h.Nonce[:]), h.Kind, silent, time, reasons, r.Bytes())
	if err != nil {
		err = fmt.Errorf("store record %s: %w", h.Ref(), err)
	}
	return pos, err
}

// SetReasons marks a held record as counted.
func (tx *Tx) SetReasons(pos Pos, time int64, reasons []byte) error {
	return tx.exec("UPDATE entry SET time = ?, reasons = ? WHERE pos = ?", time, reasons, int64(pos))
}

// TimeAt is the time from which a cut by time has the counted record at a position. It never goes down along a log, and is
// never before that of a record which this one knows.
func TimeAt(r reader, pos Pos) (int64, error) {
	var t sql.NullInt64
	err := one(r, []any{&t}, "SELECT time FROM entry WHERE pos = ?", int64(pos))
	if err == nil && !t.Valid {
		err = ErrNotFound
	}
	return t.Int64, err
}

// Said calls f with the last counted records below an index of a log that people read of, newest first.
func Said(r reader, log int64, below uint64, limit int, f func(Entry) error) error {
	return entries(r, f, "INDEXED BY entry_said WHERE silent = 0 AND time IS NOT NULL AND pos >= ? AND pos < ? ORDER BY pos DESC LIMIT ?",
		int64(PosOf(log, 0)), int64(PosOf(log, below)), limit)
}

const entryColumns = "SELECT pos, coalesce(time, 0), reasons, raw FROM entry "

func scanEntry(rows *sql.Rows) (Entry, error) {
	var e Entry
	var raw []byte
	if err := rows.Scan(&e.Pos, &e.Time, &e.Reasons, &raw); err != nil {
		return e, err
	}
	e.Judged = e.Reasons != nil
	var err error
	if e.Record, err = record.Stored(raw); err != nil {
		return e, fmt.Errorf("record at log %d index %d: %w: %w", e.Pos.Log(), e.Pos.Index(), ErrCorrupt, err)
	}
	return e, nil
}

func entries(r reader, f func(Entry) error, where string, args ...any) error {
	return each(r, func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		if err != nil {
			return err
		}
		return f(e)
	}, entryColumns+where, args...)
}

// At returns the record at a position.
func At(r reader, pos Pos) (Entry, error) {
	var out Entry
	err := entries(r, func(e Entry) error { out = e; return nil }, "WHERE pos = ?", int64(pos))
	if err == nil && out.Record == nil {
		err = ErrNotFound
	}
	return out, err
}

// Between calls f with the records [from, to) of a log, in order.
func Between(r reader, log int64, from, to uint64, f func(Entry) error) error {
	return entries(r, f, "WHERE pos >= ? AND pos < ? ORDER BY pos", int64(PosOf(log, from)), int64(PosOf(log, to)))
}

// ByID finds a record of a group by its id, among the logs given.
func ByID(r reader, logs []int64, id record.ID) (Entry, error) {
	var out Entry
	err := entries(r, func(e Entry) error {
		if e.Record.ID() == id && contains(logs, e.Pos.Log()) {
			out = e
		}
		return nil
	}, "WHERE id8 = ?", key8(id[:]))
	if err == nil && out.Record == nil {
		err = ErrNotFound
	}
	return out, err
}

// ByIDs finds records of a group by their ids, among the logs given. Those not held are missing in the answer.
func ByIDs(r reader, logs []int64, ids []record.ID) (map[record.ID]Entry, error) {
	out := make(map[record.ID]Entry, len(ids))
	want := make(map[record.ID]bool, len(ids))
	for _, id := range ids {
		want[id] = true
	}
	err := chunks(ids, func(n int, ids []record.ID) error {
		args := make([]any, 0, n)
		for _, id := range ids {
			args = append(args, key8(id[:]))
		}
		return entries(r, func(e Entry) error {
			if id := e.Record.ID(); want[id] && contains(logs, e.Pos.Log()) {
				out[id] = e
			}
			return nil
		}, "WHERE id8 IN (?"+strings.Repeat(", ?", n-1)+")", args...)
	})
	return out, err
}

func contains(logs []int64, log int64) bool {
	for _, l := range logs {
		if l == log {
			return true
		}
	}
	return false
}

// ByInstrument calls f with the counted records of an instrument, among the logs given.
func ByInstrument(r reader, logs []int64, instrument record.ID, f func(Entry) error) error {
	return entries(r, func(e Entry) error {
		if e.Judged && e.Record.Instrument() == instrument && contains(logs, e.Pos.Log()) {
			return f(e)
		}
		return nil
	}, "WHERE instrument8 = ? ORDER BY pos", key8(instrument[:]))
}

// OfInstrument calls f with the last counted records of an instrument in one log below an index, newest first.
func OfInstrument(r reader, log int64, instrument record.ID, below uint64, limit int, f func(Entry) error) error {
	return entries(r, func(e Entry) error {
		if e.Judged && e.Record.Instrument() == instrument {
			return f(e)
		}
		return nil
	}, "INDEXED BY entry_instrument WHERE instrument8 = ? AND pos >= ? AND pos < ? ORDER BY pos DESC LIMIT ?",
		key8(instrument[:]), int64(PosOf(log, 0)), int64(PosOf(log, below)), limit)
}

// Void lists the indexes of the counted records of a log that have no effect.
func Void(r reader, log int64) ([]uint64, error) {
	var out []uint64
	err := each(r, func(rows *sql.Rows) error {
		var pos Pos
		err := rows.Scan(&pos)
		out = append(out, pos.Index())
		return err
	}, "SELECT pos FROM entry WHERE pos >= ? AND pos < ? AND length(reasons) > 1 ORDER BY pos", int64(PosOf(log, 0)), int64(PosOf(log+1, 0)))
	return out, err
}

// Special calls f with every powers and charter record of a log, in order: what a ledger is rebuilt from at start.
func Special(r reader, log int64, f func(Entry) error) error {
	return entries(r, f, "WHERE kind IN ('powers', 'charter') AND pos >= ? AND pos < ? ORDER BY pos", int64(PosOf(log, 0)), int64(PosOf(log+1, 0)))
}

// NonceAt returns the lowest index in a log with that nonce.
func NonceAt(r reader, log int64, n record.Nonce) (uint64, bool, error) {
	found, at := false, uint64(0)
	var pos Pos
	var raw []byte
	err := each(r, func(rows *sql.Rows) error {
		if err := rows.Scan(&pos, &raw); err != nil {
			return err
		}
		if found || pos.Log() != log {
			return nil
		}
		rec, err := record.Stored(raw)
		if err != nil {
			return err
		}
		if rec.Header().Nonce == n {
			found, at = true, pos.Index()
		}
		return nil
	}, "SELECT pos, raw FROM entry WHERE nonce8 = ? ORDER BY pos", key8(n[:]))
	return at, found, err
}

// ByKind lists the newest records of a kind in a log, before a position (0: the newest).
func ByKind(r reader, log int64, kind string, before Pos, limit int, f func(Entry) error) error {
	if before == 0 {
		before = PosOf(log+1, 0)
	}
	return entries(r, f, "WHERE kind = ? AND pos >= ? AND pos < ? ORDER BY pos DESC LIMIT ?", kind, int64(PosOf(log, 0)), int64(before), limit)
}
