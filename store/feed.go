package store

import (
	"database/sql"

	"entente/record"
)

// Feed is a calendar that a program reads by a secret in its address, without signing in; only the secret's digest is stored.
type Feed struct {
	Digest  record.ID
	Group   int64
	Office  string // for which it was made
	Lang    string
	Titles  bool // titles above TLP:CLEAR too
	Created int64
	Read    int64 // last, 0: never; kept by the day
}

// PutFeed stores a feed.
func (tx *Tx) PutFeed(f Feed) error {
	return tx.exec("INSERT INTO feed (digest, grp, office, lang, titles, created, read) VALUES (?, ?, ?, ?, ?, ?, ?)", f.Digest[:], f.Group, f.Office, f.Lang, f.Titles, f.Created, f.Read)
}

// ReadFeed notes when a feed was read.
func (tx *Tx) ReadFeed(d record.ID, now int64) error {
	return tx.exec("UPDATE feed SET read = ? WHERE digest = ?", now, d[:])
}

// DropFeed revokes a feed.
func (tx *Tx) DropFeed(d record.ID) error { return tx.exec("DELETE FROM feed WHERE digest = ?", d[:]) }

// FeedByDigest finds a feed.
func FeedByDigest(r reader, d record.ID) (Feed, error) {
	f := Feed{Digest: d}
	err := one(r, []any{&f.Group, &f.Office, &f.Lang, &f.Titles, &f.Created, &f.Read}, "SELECT grp, office, lang, titles, created, read FROM feed WHERE digest = ?", d[:])
	return f, err
}

// Feeds lists the feeds of a group, oldest first.
func Feeds(r reader, grp int64) ([]Feed, error) {
	var out []Feed
	err := each(r, func(rows *sql.Rows) error {
		f := Feed{Group: grp}
		var d []byte
		if err := rows.Scan(&d, &f.Office, &f.Lang, &f.Titles, &f.Created, &f.Read); err != nil {
			return err
		}
		copy(f.Digest[:], d)
		out = append(out, f)
		return nil
	}, "SELECT digest, office, lang, titles, created, read FROM feed WHERE grp = ? ORDER BY created, digest", grp)
	return out, err
}
