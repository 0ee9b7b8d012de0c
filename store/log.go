package store

import (
	"database/sql"
	"errors"
	"fmt"

	"entente/record"
	"entente/tlog"
)

// Group is one group's row.
type Group struct {
	Row      int64
	ID       record.ID
	Founding []byte
}

// Log is one party's log as held here.
type Log struct {
	Row        int64
	Party      record.Party
	Size       uint64 // records held
	Counted    uint64 // records in the cut
	Checkpoint []byte // signed note of the latest head
}

// PutGroup makes a group and an empty log for each party.
func (tx *Tx) PutGroup(id record.ID, founding []byte, parties []record.Party) (Group, error) {
	if err := tx.exec("INSERT INTO grp (digest, founding) VALUES (?, ?)", id[:], founding); err != nil {
		return Group{}, err
	}
	g := Group{ID: id, Founding: founding}
	if err := one(tx, []any{&g.Row}, "SELECT id FROM grp WHERE digest = ?", id[:]); err != nil {
		return Group{}, err
	}
	for _, p := range parties {
		if err := tx.exec("INSERT INTO log (grp, party, size, counted) VALUES (?, ?, 0, 0)", g.Row, string(p)); err != nil {
			return Group{}, err
		}
	}
	return g, nil
}

// Groups lists all groups, oldest first.
func Groups(r reader) ([]Group, error) {
	var out []Group
	err := each(r, func(rows *sql.Rows) error {
		var g Group
		var d []byte
		if err := rows.Scan(&g.Row, &d, &g.Founding); err != nil {
			return err
		}
		if len(d) != len(g.ID) {
			return fmt.Errorf("group %d: %w", g.Row, ErrCorrupt)
		}
		copy(g.ID[:], d)
		out = append(out, g)
		return nil
	}, "SELECT id, digest, founding FROM grp ORDER BY id")
	return out, err
}

// Logs lists the logs of a group by party.
func Logs(r reader, grp int64) ([]Log, error) {
	var out []Log
	err := each(r, func(rows *sql.Rows) error {
		var l Log
		if err := rows.Scan(&l.Row, &l.Party, &l.Size, &l.Counted, &l.Checkpoint); err != nil {
			return err
		}
		out = append(out, l)
		return nil
	}, "SELECT id, party, size, counted, checkpoint FROM log WHERE grp = ? ORDER BY party", grp)
	return out, err
}

// PutHead stores a log's sizes and its signed checkpoint.
func (tx *Tx) PutHead(log int64, size, counted uint64, checkpoint []byte) error {
	return tx.exec("UPDATE log SET size = ?, counted = ?, checkpoint = ? WHERE id = ?", int64(size), int64(counted), checkpoint, log)
}

// PutTile stores a full tile. It is written once.
func (tx *Tx) PutTile(log int64, t tlog.Tile) error {
	return tx.exec("INSERT INTO tile (log, level, n, data) VALUES (?, ?, ?, ?)", log, t.Level, int64(t.N), t.Data)
}

// Tiles returns the tlog.Source of a log.
func Tiles(r reader, log int64) tlog.Source { return tiles{r, log} }

type tiles struct {
	r   reader
	log int64
}

func (t tiles) Tile(level int, n uint64) ([]byte, error) {
	var b []byte
	err := one(t.r, []any{&b}, "SELECT data FROM tile WHERE log = ? AND level = ? AND n = ?", t.log, level, int64(n))
	if errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("tile %d/%d: %w", level, n, ErrCorrupt)
	}
	return b, err
}

func (t tiles) Leaves(from, to uint64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, 0, to-from)
	err := Raw(t.r, t.log, from, to, func(_ uint64, raw []byte) error {
		out = append(out, tlog.LeafHash(raw))
		return nil
	})
	if err == nil && uint64(len(out)) != to-from {
		err = fmt.Errorf("entries %d to %d of log %d: %w", from, to, t.log, ErrCorrupt)
	}
	return out, err
}

// Raw calls f with the signed bytes of the records [from, to) of a log, in order. f must not keep them.
func Raw(r reader, log int64, from, to uint64, f func(index uint64, raw []byte) error) error {
	return each(r, func(rows *sql.Rows) error {
		var pos Pos
		var raw []byte
		if err := rows.Scan(&pos, &raw); err != nil {
			return err
		}
		return f(pos.Index(), raw)
	}, "SELECT pos, raw FROM entry WHERE pos >= ? AND pos < ? ORDER BY pos", int64(PosOf(log, from)), int64(PosOf(log, to)))
}
