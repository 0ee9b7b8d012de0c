package store

import (
	"database/sql"
	"errors"
)

// Kept is what a party keeps for itself beside the records: its own note on one, an act that waits until a draft is on
// record, or a setting of its pages. It never leaves the party. Its content is encrypted at rest under a data key of its own, like a draft's.
type Kept struct {
	Sort   KeptSort
	About  []byte // id of the record, nonce of the draft
	Group  int64
	Office string // that wrote it last
	Time   int64
	Body   []byte
}

// KeptSort says what is kept.
type KeptSort string

// The sorts.
const (
	KeptNote KeptSort = "note" // on a record
	KeptAct  KeptSort = "act"  // after a draft

	// Settings of the party's pages, by the group and, for views, the office.
	KeptViews     KeptSort = "views"
	KeptDirectory KeptSort = "directory"
	KeptMarkings  KeptSort = "markings"
	KeptMappings  KeptSort = "mappings" // of files of figures
	KeptRecovery  KeptSort = "recovery" // where the party keeps its keys
	KeptWatch     KeptSort = "watch"    // the terms of its watch list
)

func (k Kept) about() []byte { return append([]byte("kept/"+k.Sort+"/"), k.About...) }

// PutKept stores or replaces what is kept about something. What it replaces is destroyed with the commit.
func (tx *Tx) PutKept(k Kept) error {
	if err := tx.DropKept(k.Sort, k.About); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	slot, body, err := tx.s.keys.seal(k.Body, k.about())
	if err != nil {
		return err
	}
	return tx.exec("INSERT INTO kept (sort, about, grp, office, time, slot, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
		string(k.Sort), k.About, k.Group, k.Office, k.Time, int64(slot), body)
}

// DropKept removes what is kept and destroys its content with the commit.
func (tx *Tx) DropKept(sort KeptSort, about []byte) error {
	var slot int64
	if err := one(tx, []any{&slot}, "SELECT slot FROM kept WHERE sort = ? AND about = ?", string(sort), about); err != nil {
		return err
	}
	tx.doomed = append(tx.doomed, uint64(slot))
	return tx.exec("DELETE FROM kept WHERE sort = ? AND about = ?", string(sort), about)
}

// KeptAbout reads what a group keeps about something.
func KeptAbout(r reader, grp int64, sort KeptSort, about []byte) (Kept, error) {
	k := Kept{Sort: sort, About: about, Group: grp}
	var slot int64
	var body []byte
	if err := one(r, []any{&k.Office, &k.Time, &slot, &body}, "SELECT office, time, slot, body FROM kept WHERE sort = ? AND about = ? AND grp = ?", string(sort), about, grp); err != nil {
		return k, err
	}
	var err error
	k.Body, err = r.store().keys.open(uint64(slot), body, k.about())
	return k, err
}

// KeptOf lists about what a group keeps something of a sort, without the content.
func KeptOf(r reader, grp int64, sort KeptSort) ([][]byte, error) {
	var out [][]byte
	err := each(r, func(rows *sql.Rows) error {
		var b []byte
		err := rows.Scan(&b)
		out = append(out, b)
		return err
	}, "SELECT about FROM kept WHERE grp = ? AND sort = ? ORDER BY time, about", grp, string(sort))
	return out, err
}
