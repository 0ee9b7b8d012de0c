package store

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"entente/record"
)

// PutParts encrypts and stores parts of a record, each under its own data key and bound to the record and its name.
func (tx *Tx) PutParts(pos Pos, id record.ID, parts ...record.Part) error {
	gone := map[string]bool{} // what was destroyed is not taken again
	if err := each(tx, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		gone[name] = true
		return err
	}, "SELECT name FROM erased WHERE pos = ?", int64(pos)); err != nil {
		return err
	}
	if len(gone) > 0 {
		parts = slices.DeleteFunc(slices.Clone(parts), func(p record.Part) bool { return gone[p.Name] })
	}
	for len(parts) > 0 {
		n := min(len(parts), partsAtOnce)
		args := make([]any, 0, 4*n)
		for _, p := range parts[:n] {
			slot, body, err := tx.s.keys.seal(append(p.Salt[:len(p.Salt):len(p.Salt)], p.Content...), partAbout(id, p.Name))
			if err != nil {
				return err
			}
			args = append(args, int64(pos), p.Name, int64(slot), body)
		}
		if err := tx.exec("INSERT INTO part (pos, name, slot, body) VALUES (?, ?, ?, ?)"+strings.Repeat(", (?, ?, ?, ?)", n-1)+" ON CONFLICT DO NOTHING", args...); err != nil {
			return err
		}
		parts = parts[n:]
	}
	return nil
}

func partAbout(id record.ID, name string) []byte { return append(id[:len(id):len(id)], name...) }

// Part reads and decrypts a part: ErrNotFound where it is not held, ErrErased where it was destroyed.
func Part(r reader, pos Pos, id record.ID, name string) (record.Part, error) {
	var slot int64
	var body []byte
	if err := one(r, []any{&slot, &body}, "SELECT slot, body FROM part WHERE pos = ? AND name = ?", int64(pos), name); err != nil {
		return record.Part{}, err
	}
	return openPart(r, PartKey{pos, id, name}, slot, body)
}

// PartKey names a part: the record's place and id, and the part's name.
type PartKey struct {
	Pos  Pos
	ID   record.ID
	Name string
}

// Parts reads and decrypts many parts, in any order. f is called with each that is held: err is ErrErased where it was
// destroyed. What is not held is passed over.
func Parts(r reader, keys []PartKey, f func(k PartKey, p record.Part, err error) error) error {
	type place struct {
		pos  Pos
		name string
	}
	ids := make(map[place]record.ID, len(keys))
	for _, k := range keys {
		ids[place{k.Pos, k.Name}] = k.ID
	}
	return chunks(keys, func(n int, keys []PartKey) error {
		args := make([]any, 0, 2*n)
		for _, k := range keys {
			args = append(args, int64(k.Pos), k.Name)
		}
		return each(r, func(rows *sql.Rows) error {
			var at place
			var slot int64
			var body []byte
			if err := rows.Scan(&at.pos, &at.name, &slot, &body); err != nil {
				return err
			}
			k := PartKey{at.pos, ids[at], at.name}
			p, err := openPart(r, k, slot, body)
			if err != nil && !errors.Is(err, ErrErased) {
				return err
			}
			return f(k, p, err)
		}, "SELECT pos, name, slot, body FROM part WHERE (pos, name) IN (VALUES (?, ?)"+strings.Repeat(", (?, ?)", n-1)+")", args...)
	})
}

// chunks calls f with pieces of keys, each filled up with its last to one of few lengths: so few statements are kept prepared.
func chunks[T any](keys []T, f func(n int, piece []T) error) error {
	for len(keys) > 0 {
		n := manyAtOnce
		for _, size := range []int{1, manyAtOnce / 8} {
			if len(keys) <= size {
				n = size
				break
			}
		}
		piece := append(make([]T, 0, n), keys[:min(n, len(keys))]...)
		keys = keys[len(piece):]
		for len(piece) < n {
			piece = append(piece, piece[len(piece)-1])
		}
		if err := f(n, piece); err != nil {
			return err
		}
	}
	return nil
}

func openPart(r reader, k PartKey, slot int64, body []byte) (record.Part, error) {
	b, err := r.store().keys.open(uint64(slot), body, partAbout(k.ID, k.Name))
	if err != nil {
		return record.Part{}, fmt.Errorf("part %s: %w", k.Name, err)
	}
	p := record.Part{Name: k.Name}
	if len(b) < len(p.Salt) {
		return record.Part{}, fmt.Errorf("part %s: %w", k.Name, ErrCorrupt)
	}
	copy(p.Salt[:], b)
	p.Content = b[len(p.Salt):]
	return p, nil
}

// HeldParts lists the names of the parts of a record that are held and not destroyed.
func HeldParts(r reader, pos Pos) ([]string, error) {
	var out []string
	err := each(r, func(rows *sql.Rows) error {
		var name string
		var slot int64
		if err := rows.Scan(&name, &slot); err != nil {
			return err
		}
		if _, err := r.store().keys.key(uint64(slot)); errors.Is(err, ErrErased) {
			return nil
		} else if err != nil {
			return err
		}
		out = append(out, name)
		return nil
	}, "SELECT name, slot FROM part WHERE pos = ? ORDER BY name", int64(pos))
	return out, err
}

// ErasePart destroys the data key of a part with the commit, for good; what stays of the ciphertext reads as noise.
func (tx *Tx) ErasePart(pos Pos, name string) error {
	if err := tx.exec("INSERT INTO erased (pos, name) VALUES (?, ?) ON CONFLICT DO NOTHING", int64(pos), name); err != nil {
		return err
	}
	var slot int64
	err := one(tx, []any{&slot}, "SELECT slot FROM part WHERE pos = ? AND name = ?", int64(pos), name)
	if errors.Is(err, ErrNotFound) { // it is not held, or comes later: then it is not taken
		return nil
	} else if err != nil {
		return err
	}
	tx.doomed = append(tx.doomed, uint64(slot))
	return nil
}

// EraseAgain destroys the data keys of parts that were destroyed before: the key file may come from an older backup.
func (tx *Tx) EraseAgain() error {
	return each(tx, func(rows *sql.Rows) error {
		var slot int64
		err := rows.Scan(&slot)
		if _, gone := tx.s.keys.key(uint64(slot)); err == nil && !errors.Is(gone, ErrErased) {
			tx.doomed = append(tx.doomed, uint64(slot))
		}
		return err
	}, "SELECT p.slot FROM erased e CROSS JOIN part p WHERE p.pos = e.pos AND p.name = e.name")
}

// newestSlot is the highest key slot that drafts, what is kept, non-papers or the last parts of any log name. Slots are given in the
// order of writing, so the last record of each log that has parts is enough.
func newestSlot(r reader) (uint64, error) {
	newest, logs := int64(0), []int64{}
	take := func(rows *sql.Rows) error {
		var slot sql.NullInt64
		err := rows.Scan(&slot)
		newest = max(newest, slot.Int64)
		return err
	}
	err := each(r, take, "SELECT max(slot) FROM (SELECT slot FROM draft UNION ALL SELECT slot FROM kept UNION ALL SELECT slot FROM nonpaper)")
	if err == nil {
		err = each(r, func(rows *sql.Rows) error {
			var log int64
			err := rows.Scan(&log)
			logs = append(logs, log)
			return err
		}, "SELECT id FROM log")
	}
	for _, log := range logs {
		if err == nil {
			err = each(r, take, `SELECT max(slot) FROM part WHERE pos = (SELECT pos FROM part WHERE pos >= ? AND pos < ? ORDER BY pos DESC LIMIT 1)`,
				int64(PosOf(log, 0)), int64(PosOf(log+1, 0)))
		}
	}
	return uint64(newest), err
}
