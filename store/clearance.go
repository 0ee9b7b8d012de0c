package store

import (
	"database/sql"

	"entente/record"
)

// PutAsked notes that the record at pos asks the party's offices to clear a kept draft. It is forgotten with the draft; the
// record stays.
func (tx *Tx) PutAsked(pos Pos, draft record.Nonce) error {
	return tx.exec("INSERT INTO asked (pos, nonce) VALUES (?, ?)", int64(pos), draft[:])
}

// DropAsked forgets who was asked about a draft.
func (tx *Tx) DropAsked(draft record.Nonce) error {
	return tx.exec("DELETE FROM asked WHERE nonce = ?", draft[:])
}

// AskedStates are the states of the clearances of a kept draft, oldest first.
func AskedStates(r reader, draft record.Nonce) ([][]byte, error) {
	var out [][]byte
	err := each(r, func(rows *sql.Rows) error {
		var b []byte
		err := rows.Scan(&b)
		out = append(out, b)
		return err
	}, "SELECT s.body FROM asked a JOIN state s ON s.pos = a.pos WHERE a.nonce = ? ORDER BY a.pos", draft[:])
	return out, err
}

// AllAsked calls f with the state of every clearance of a kept draft, oldest first.
func AllAsked(r reader, f func(state []byte) error) error {
	return each(r, func(rows *sql.Rows) error {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return err
		}
		return f(b)
	}, "SELECT s.body FROM asked a JOIN state s ON s.pos = a.pos ORDER BY a.pos")
}
