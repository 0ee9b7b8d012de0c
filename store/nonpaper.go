package store

import (
	"database/sql"
	"strings"

	"entente/record"
)

// Reader reads inside the writer's transaction or beside it.
type Reader = reader

// NonPaper is a text without standing, as this node keeps it. It is in no log and no state.
type NonPaper struct {
	Group    int64
	Author   record.Party
	Nonce    record.Nonce
	Readers  []record.Party // ascending
	About    record.ID      // an instrument; zero: none
	State    string
	Changed  int64  // Unix seconds of the state
	Created  int64  // by the author's clock
	Until    int64  // both sides destroy it then
	Received int64  // here; 0: it is this party's own
	Seen     int64  // when an office of this party first opened it; 0: none has
	Office   string // of this party, that wrote it; empty: another party's
	Bytes    int64  // of its texts; 0: they never came, only that it was taken back
	Held     bool   // its texts are here
}

const nonPaperColumns = "grp, author, nonce, readers, about, state, changed, created, until, received, seen, office, bytes, body IS NOT NULL"

func scanNonPaper(rows *sql.Rows) (NonPaper, error) {
	var x NonPaper
	var nonce, about []byte
	var readers string
	err := rows.Scan(&x.Group, &x.Author, &nonce, &readers, &about, &x.State, &x.Changed, &x.Created, &x.Until, &x.Received, &x.Seen, &x.Office, &x.Bytes, &x.Held)
	copy(x.Nonce[:], nonce)
	copy(x.About[:], about)
	for _, p := range strings.Fields(readers) {
		x.Readers = append(x.Readers, record.Party(p))
	}
	return x, err
}

func nonPapers(r reader, f func(NonPaper) error, where string, args ...any) error {
	return each(r, func(rows *sql.Rows) error {
		x, err := scanNonPaper(rows)
		if err != nil {
			return err
		}
		return f(x)
	}, "SELECT "+nonPaperColumns+" FROM nonpaper "+where, args...)
}

func nonPaperAbout(author record.Party, n record.Nonce) []byte {
	return append([]byte("nonpaper/"+string(author)+"/"), n[:]...)
}

// PutNonPaper stores a new one, its texts encrypted under a data key of their own. body nil: only that there was one.
func (tx *Tx) PutNonPaper(x NonPaper, body []byte) error {
	var slot uint64
	var sealed, about []byte
	if body != nil {
		var err error
		if slot, sealed, err = tx.s.keys.seal(body, nonPaperAbout(x.Author, x.Nonce)); err != nil {
			return err
		}
	}
	if !x.About.IsZero() {
		about = x.About[:]
	}
	readers := make([]string, len(x.Readers))
	for i, p := range x.Readers {
		readers[i] = string(p)
	}
	return tx.exec(`INSERT INTO nonpaper (grp, author, nonce, readers, about, state, changed, created, until, received, seen, office, bytes, slot, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, x.Group, string(x.Author), x.Nonce[:], strings.Join(readers, " "), about, x.State, x.Changed, x.Created, x.Until,
		x.Received, x.Seen, x.Office, x.Bytes, int64(slot), sealed)
}

// NonPaperByNonce finds one by its author and name. Authors choose names: two may choose one.
func NonPaperByNonce(r reader, author record.Party, n record.Nonce) (NonPaper, error) {
	var out NonPaper
	found := false
	err := nonPapers(r, func(x NonPaper) error { out, found = x, true; return nil }, "WHERE author = ? AND nonce = ?", string(author), n[:])
	if err == nil && !found {
		err = ErrNotFound
	}
	return out, err
}

// NonPapers lists those of a group whose texts are or were here, oldest first.
func NonPapers(r reader, grp int64, f func(NonPaper) error) error {
	return nonPapers(r, f, "WHERE grp = ? AND bytes > 0 ORDER BY created, author, nonce", grp)
}

// Lapsing lists those whose texts are here and whose time has run out.
func Lapsing(r reader, now int64) ([]NonPaper, error) {
	var out []NonPaper
	err := nonPapers(r, func(x NonPaper) error { out = append(out, x); return nil }, "WHERE body IS NOT NULL AND until <= ?", now)
	return out, err
}

// NonPaperTexts decrypts one: ErrErased where its texts were destroyed.
func NonPaperTexts(r reader, author record.Party, n record.Nonce) ([]byte, error) {
	var slot int64
	var body []byte
	if err := one(r, []any{&slot, &body}, "SELECT slot, body FROM nonpaper WHERE author = ? AND nonce = ?", string(author), n[:]); err != nil {
		return nil, err
	}
	if body == nil {
		return nil, ErrErased
	}
	return r.store().keys.open(uint64(slot), body, nonPaperAbout(author, n))
}

// SetNonPaper changes the state of one and, with destroy, destroys its texts with the commit.
func (tx *Tx) SetNonPaper(author record.Party, n record.Nonce, state string, now int64, destroy bool) error {
	if destroy {
		var slot int64
		if err := one(tx, []any{&slot}, "SELECT slot FROM nonpaper WHERE author = ? AND nonce = ?", string(author), n[:]); err != nil {
			return err
		}
		if slot != 0 {
			tx.doomed = append(tx.doomed, uint64(slot))
		}
		if err := tx.exec("UPDATE nonpaper SET slot = 0, body = NULL WHERE author = ? AND nonce = ?", string(author), n[:]); err != nil {
			return err
		}
	}
	return tx.exec("UPDATE nonpaper SET state = ?, changed = ? WHERE author = ? AND nonce = ?", state, now, string(author), n[:])
}

// SetSeen notes when one was first opened.
func (tx *Tx) SetSeen(author record.Party, n record.Nonce, now int64) error {
	return tx.exec("UPDATE nonpaper SET seen = ? WHERE author = ? AND nonce = ? AND seen = 0", now, string(author), n[:])
}

// DropNonPaper forgets one that nobody was shown.
func (tx *Tx) DropNonPaper(author record.Party, n record.Nonce) error {
	if err := tx.SetNonPaper(author, n, "", 0, true); err != nil {
		return err
	}
	return tx.exec("DELETE FROM nonpaper WHERE author = ? AND nonce = ?", string(author), n[:])
}

// CountNonPapers counts those of an author in a group whose texts are here, and their bytes.
func CountNonPapers(r reader, grp int64, author record.Party) (n int, bytes int64, err error) {
	err = one(r, []any{&n, &bytes}, "SELECT count(*), coalesce(sum(bytes), 0) FROM nonpaper WHERE grp = ? AND author = ? AND body IS NOT NULL", grp, string(author))
	return n, bytes, err
}

// ForgetNonPapers keeps the newest of an author's whose texts are gone, so many, and forgets the rest.
func (tx *Tx) ForgetNonPapers(grp int64, author record.Party, keep int) error {
	return tx.exec(`DELETE FROM nonpaper WHERE author = ?1 AND nonce IN
		(SELECT nonce FROM nonpaper WHERE grp = ?2 AND author = ?1 AND body IS NULL ORDER BY changed DESC, nonce LIMIT -1 OFFSET ?3)`, string(author), grp, keep)
}

// Float is what a reader's node said of one of this party's own.
type Float struct {
	Nonce record.Nonce
	Peer  record.Party
	Said  string
	Time  int64 // of its word
	Next  int64 // not to be told again before
}

// PutFloat stores it.
func (tx *Tx) PutFloat(f Float) error {
	return tx.exec(`INSERT INTO floated (nonce, peer, said, time, next) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (nonce, peer) DO UPDATE SET said = excluded.said, time = excluded.time, next = excluded.next`, f.Nonce[:], string(f.Peer), f.Said, f.Time, f.Next)
}

// Floats lists what the readers' nodes said of those of a group.
func Floats(r reader, grp int64, author record.Party) (map[record.Nonce][]Float, error) {
	out := map[record.Nonce][]Float{}
	err := each(r, func(rows *sql.Rows) error {
		var f Float
		var n []byte
		err := rows.Scan(&n, &f.Peer, &f.Said, &f.Time, &f.Next)
		copy(f.Nonce[:], n)
		out[f.Nonce] = append(out[f.Nonce], f)
		return err
	}, "SELECT f.nonce, f.peer, f.said, f.time, f.next FROM floated f JOIN nonpaper p ON p.nonce = f.nonce AND p.author = ? WHERE p.grp = ? ORDER BY f.nonce, f.peer", string(author), grp)
	return out, err
}

// Untold finds the oldest of this party's own of which a peer's node must be told: floated and neither held nor destroyed there, or
// taken back and not destroyed there. Past its time nothing is told: each node destroys it then by itself.
func Untold(r reader, grp int64, author, peer record.Party, floated, held, takenBack, destroyed string, now int64) (NonPaper, error) {
	var out NonPaper
	found := false
	err := nonPapers(r, func(x NonPaper) error { out, found = x, true; return nil }, `WHERE grp = ?1 AND author = ?2 AND
		state IN (?4, ?6) AND until > ?8 AND EXISTS (SELECT 1 FROM floated f WHERE f.nonce = nonpaper.nonce AND f.peer = ?3 AND f.next <= ?8
		AND f.said <> ?7 AND (f.said <> ?5 OR nonpaper.state = ?6)) ORDER BY changed, nonce LIMIT 1`,
		grp, string(author), string(peer), floated, held, takenBack, destroyed, now)
	if err == nil && !found {
		err = ErrNotFound
	}
	return out, err
}

// HasFloated reports whether a peer's node said anything yet that Forgotten would undo.
func HasFloated(r reader, peer record.Party) (bool, error) {
	found := false
	err := each(r, func(*sql.Rows) error { found = true; return nil }, "SELECT 1 FROM floated WHERE peer = ? AND said <> '' LIMIT 1", string(peer))
	return found, err
}

// Forgotten has a peer's node told again of everything: what it said may be gone with a restore.
func (tx *Tx) Forgotten(peer record.Party) error {
	return tx.exec("UPDATE floated SET said = '', next = 0 WHERE peer = ?", string(peer))
}
