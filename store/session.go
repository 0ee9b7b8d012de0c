package store

import (
	"database/sql"
	"errors"

	"entente/record"
)

// Login is an official's place in the party: whoever signs in is one. Seat 0: the office, nobody in particular.
type Login struct {
	Office  string `json:"office"`
	Seat    uint64 `json:"seat,omitzero"`
	How     string `json:"how"`     // link, passkey or oidc
	Created int64  `json:"created"` // Unix seconds
	Until   int64  `json:"until"`
}

// PutLink stores a one-time link by the digest of its secret.
func (tx *Tx) PutLink(digest record.ID, office string, seat uint64, until int64) error {
	return tx.exec("INSERT INTO onelink (digest, office, seat, until) VALUES (?, ?, ?, ?)", digest[:], office, int64(seat), until)
}

// HasLink reports whether a link is stored and has not ended.
func HasLink(r reader, digest record.ID, now int64) (bool, error) {
	var n int
	err := one(r, []any{&n}, "SELECT count(*) FROM onelink WHERE digest = ? AND until > ?", digest[:], now)
	return n > 0, err
}

// TakeLink reads a link and removes it, and all that have ended: whoever comes second finds nothing.
func (tx *Tx) TakeLink(digest record.ID, now int64) (office string, seat uint64, err error) {
	if err := tx.exec("DELETE FROM onelink WHERE until <= ?", now); err != nil {
		return "", 0, err
	}
	if err := one(tx, []any{&office, &seat}, "SELECT office, seat FROM onelink WHERE digest = ?", digest[:]); err != nil {
		return "", 0, err
	}
	return office, seat, tx.exec("DELETE FROM onelink WHERE digest = ?", digest[:])
}

// PutSession stores a session by the digest of its secret, and forgets those that have ended.
func (tx *Tx) PutSession(digest record.ID, l Login) error {
	if err := tx.exec("DELETE FROM session WHERE until <= ?", l.Created); err != nil {
		return err
	}
	return tx.exec("INSERT INTO session (digest, office, seat, how, created, until) VALUES (?, ?, ?, ?, ?, ?)", digest[:], l.Office, int64(l.Seat), l.How, l.Created, l.Until)
}

// Session finds a session.
func Session(r reader, digest record.ID) (Login, error) {
	var l Login
	err := one(r, []any{&l.Office, &l.Seat, &l.How, &l.Created, &l.Until}, "SELECT office, seat, how, created, until FROM session WHERE digest = ?", digest[:])
	return l, err
}

// Sessions lists those that have not ended, newest first.
func Sessions(r reader, now int64) ([]Login, error) {
	var out []Login
	err := each(r, func(rows *sql.Rows) error {
		var l Login
		err := rows.Scan(&l.Office, &l.Seat, &l.How, &l.Created, &l.Until)
		out = append(out, l)
		return err
	}, "SELECT office, seat, how, created, until FROM session WHERE until > ? ORDER BY created DESC, office, seat", now)
	return out, err
}

// CountSessions counts those that have not ended.
func CountSessions(r reader, now int64) (n int64, err error) {
	err = one(r, []any{&n}, "SELECT count(*) FROM session WHERE until > ?", now)
	return n, err
}

// DropSession ends a session; DropSessions ends all of an office.
func (tx *Tx) DropSession(digest record.ID) error {
	return tx.exec("DELETE FROM session WHERE digest = ?", digest[:])
}

// DropSessions ends every session of an office, and the links that would open new ones.
func (tx *Tx) DropSessions(office string) error {
	if err := tx.exec("DELETE FROM onelink WHERE office = ?", office); err != nil {
		return err
	}
	return tx.exec("DELETE FROM session WHERE office = ?", office)
}

// DropAllSessions ends every session and link.
func (tx *Tx) DropAllSessions() error {
	return errors.Join(tx.exec("DELETE FROM onelink"), tx.exec("DELETE FROM session"))
}

// Credential is a WebAuthn credential of an official, to sign in or to sign with. Never both.
type Credential struct {
	ID      []byte `json:"id"`
	Office  string `json:"office"`
	Seat    uint64 `json:"seat"`
	Use     string `json:"use"` // signin or sign
	Name    string `json:"name"`
	Data    []byte `json:"-"` // public key and counters, as the verifier keeps them
	Created int64  `json:"created"`
	Used    int64  `json:"used,omitzero"`
}

// PutCredential stores a credential, or what changed at its latest use.
func (tx *Tx) PutCredential(c Credential) error {
	return tx.exec(`INSERT INTO credential (id, office, seat, use, name, data, created, used) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET data = excluded.data, used = excluded.used WHERE office = excluded.office AND seat = excluded.seat AND use = excluded.use`,
		c.ID, c.Office, int64(c.Seat), c.Use, c.Name, c.Data, c.Created, c.Used)
}

// DropCredential removes a credential.
func (tx *Tx) DropCredential(id []byte) error {
	return tx.exec("DELETE FROM credential WHERE id = ?", id)
}

// Credentials lists them for a use: of one office, or of all with an empty one.
func Credentials(r reader, use, office string) ([]Credential, error) {
	var out []Credential
	err := each(r, func(rows *sql.Rows) error {
		var c Credential
		err := rows.Scan(&c.ID, &c.Office, &c.Seat, &c.Use, &c.Name, &c.Data, &c.Created, &c.Used)
		out = append(out, c)
		return err
	}, "SELECT id, office, seat, use, name, data, created, used FROM credential WHERE use = ? AND (? = '' OR office = ?) ORDER BY office, seat, created", use, office, office)
	return out, err
}

// CredentialByID finds a credential.
func CredentialByID(r reader, id []byte) (Credential, error) {
	c := Credential{ID: id}
	err := one(r, []any{&c.Office, &c.Seat, &c.Use, &c.Name, &c.Data, &c.Created, &c.Used}, "SELECT office, seat, use, name, data, created, used FROM credential WHERE id = ?", id)
	return c, err
}

// Subject binds an account of an identity provider to a place in the party.
type Subject struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
	Office  string `json:"office"`
	Seat    uint64 `json:"seat,omitzero"`
}

// PutSubject stores or moves an account's place.
func (tx *Tx) PutSubject(s Subject) error {
	return tx.exec(`INSERT INTO subject (issuer, subject, office, seat) VALUES (?, ?, ?, ?)
		ON CONFLICT (issuer, subject) DO UPDATE SET office = excluded.office, seat = excluded.seat`, s.Issuer, s.Subject, s.Office, int64(s.Seat))
}

// DropSubject removes an account's place.
func (tx *Tx) DropSubject(issuer, subject string) error {
	return tx.exec("DELETE FROM subject WHERE issuer = ? AND subject = ?", issuer, subject)
}

// SubjectOf finds an account's place.
func SubjectOf(r reader, issuer, subject string) (Subject, error) {
	s := Subject{Issuer: issuer, Subject: subject}
	err := one(r, []any{&s.Office, &s.Seat}, "SELECT office, seat FROM subject WHERE issuer = ? AND subject = ?", issuer, subject)
	return s, err
}

// Subjects lists all accounts.
func Subjects(r reader) ([]Subject, error) {
	var out []Subject
	err := each(r, func(rows *sql.Rows) error {
		var s Subject
		err := rows.Scan(&s.Issuer, &s.Subject, &s.Office, &s.Seat)
		out = append(out, s)
		return err
	}, "SELECT issuer, subject, office, seat FROM subject ORDER BY office, seat, issuer, subject")
	return out, err
}
