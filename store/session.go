package store

import (
	"database/sql"

	"entente/record"
)

// Login is an official's place in the party: whoever signs in is one. Seat 0: the office, nobody in particular.
type Login struct {
	Office  string `json:"office"`
	Seat    uint64 `json:"seat,omitzero"`
	How     string `json:"how"`     // link, passkey or oidc
	Created int64  `json:"created"` // Unix seconds
	Until   int64  `json:"until"`
	Bound   string `json:"-"` // to which keys
}

// PutLink stores a one-time link by the digest of its secret.
func (tx *Tx) PutLink(digest record.ID, office string, seat uint64, bound string, until int64) error {
	return tx.exec("INSERT INTO onelink (digest, office, seat, bound, until) VALUES (?, ?, ?, ?, ?)", digest[:], office, int64(seat), bound, until)
}

// HasLink reports whether a link is stored and has not ended.
func HasLink(r reader, digest record.ID, now int64) (bool, error) {
	var n int
	err := one(r, []any{&n}, "SELECT count(*) FROM onelink WHERE digest = ? AND until > ?", digest[:], now)
	return n > 0, err
}

// TakeLink reads a link and removes it, and all that have ended: whoever comes second finds nothing.
func (tx *Tx) TakeLink(digest record.ID, now int64) (l Login, err error) {
	if err := tx.exec("DELETE FROM onelink WHERE until <= ?", now); err != nil {
		return l, err
	}
	if err := one(tx, []any{&l.Office, &l.Seat, &l.Bound}, "SELECT office, seat, bound FROM onelink WHERE digest = ?", digest[:]); err != nil {
		return l, err
	}
	return l, tx.exec("DELETE FROM onelink WHERE digest = ?", digest[:])
}

// PutSession stores a session by the digest of its secret, and forgets those that have ended.
func (tx *Tx) PutSession(digest record.ID, l Login) error {
	if err := tx.exec("DELETE FROM session WHERE until <= ?", l.Created); err != nil {
		return err
	}
	return tx.exec("INSERT INTO session (digest, office, seat, bound, how, created, until) VALUES (?, ?, ?, ?, ?, ?, ?)", digest[:], l.Office, int64(l.Seat), l.Bound, l.How, l.Created, l.Until)
}

// Session finds a session.
func Session(r reader, digest record.ID) (Login, error) {
	var l Login
	err := one(r, []any{&l.Office, &l.Seat, &l.Bound, &l.How, &l.Created, &l.Until}, "SELECT office, seat, bound, how, created, until FROM session WHERE digest = ?", digest[:])
	return l, err
}

// Sessions lists those that have not ended, newest first.
func Sessions(r reader, now int64) ([]Login, error) {
	var out []Login
	err := each(r, func(rows *sql.Rows) error {
		var l Login
		err := rows.Scan(&l.Office, &l.Seat, &l.Bound, &l.How, &l.Created, &l.Until)
		out = append(out, l)
		return err
	}, "SELECT office, seat, bound, how, created, until FROM session WHERE until > ? ORDER BY created DESC, office, seat", now)
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

// Credential is a WebAuthn credential of an official, to sign in or to sign with. Never both.
type Credential struct {
	ID      []byte `json:"id"`
	Office  string `json:"office"`
	Seat    uint64 `json:"seat"`
	Use     string `json:"use"` // signin or sign
	Name    string `json:"name"`
	Key     string `json:"key,omitempty"` // of one that signs: as powers name it
	Bound   string `json:"-"`             // to which keys
	Data    []byte `json:"-"`             // public key and counters, as the verifier keeps them
	Created int64  `json:"created"`
	Used    int64  `json:"used,omitzero"`
}

// PutCredential stores a credential, or what changed at its latest use.
func (tx *Tx) PutCredential(c Credential) error {
	return tx.exec(`INSERT INTO credential (id, office, seat, bound, use, name, key, data, created, used) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET data = excluded.data, used = excluded.used WHERE office = excluded.office AND seat = excluded.seat AND use = excluded.use`,
		c.ID, c.Office, int64(c.Seat), c.Bound, c.Use, c.Name, c.Key, c.Data, c.Created, c.Used)
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
		err := rows.Scan(&c.ID, &c.Office, &c.Seat, &c.Bound, &c.Use, &c.Name, &c.Key, &c.Data, &c.Created, &c.Used)
		out = append(out, c)
		return err
	}, "SELECT id, office, seat, bound, use, name, key, data, created, used FROM credential WHERE use = ? AND (? = '' OR office = ?) ORDER BY office, seat, created", use, office, office)
	return out, err
}

// CredentialByID finds a credential.
func CredentialByID(r reader, id []byte) (Credential, error) {
	c := Credential{ID: id}
	err := one(r, []any{&c.Office, &c.Seat, &c.Bound, &c.Use, &c.Name, &c.Key, &c.Data, &c.Created, &c.Used}, "SELECT office, seat, bound, use, name, key, data, created, used FROM credential WHERE id = ?", id)
	return c, err
}

// Subject binds an account of an identity provider to a place in the party.
type Subject struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
	Office  string `json:"office"`
	Seat    uint64 `json:"seat,omitzero"`
	Bound   string `json:"-"` // to which keys
}

// PutSubject stores or moves an account's place.
func (tx *Tx) PutSubject(s Subject) error {
	return tx.exec(`INSERT INTO subject (issuer, subject, office, seat, bound) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (issuer, subject) DO UPDATE SET office = excluded.office, seat = excluded.seat, bound = excluded.bound`, s.Issuer, s.Subject, s.Office, int64(s.Seat), s.Bound)
}

// DropSubject removes an account's place.
func (tx *Tx) DropSubject(issuer, subject string) error {
	return tx.exec("DELETE FROM subject WHERE issuer = ? AND subject = ?", issuer, subject)
}

// SubjectOf finds an account's place.
func SubjectOf(r reader, issuer, subject string) (Subject, error) {
	s := Subject{Issuer: issuer, Subject: subject}
	err := one(r, []any{&s.Office, &s.Seat, &s.Bound}, "SELECT office, seat, bound FROM subject WHERE issuer = ? AND subject = ?", issuer, subject)
	return s, err
}

// Subjects lists all accounts.
func Subjects(r reader) ([]Subject, error) {
	var out []Subject
	err := each(r, func(rows *sql.Rows) error {
		var s Subject
		err := rows.Scan(&s.Issuer, &s.Subject, &s.Office, &s.Seat, &s.Bound)
		out = append(out, s)
		return err
	}, "SELECT issuer, subject, office, seat, bound FROM subject ORDER BY office, seat, issuer, subject")
	return out, err
}

// Binding is what one sign-in is bound to: a session, a link, a credential or an account.
type Binding struct {
	Office string
	Seat   uint64
	Bound  string
	Signs  bool // a credential that signs acts and opens no session
	from   bindingTable
	id     [2][]byte
}

type bindingTable struct{ table, first, second, signs string }

var bindingTables = []bindingTable{{"onelink", "digest", "", "0"}, {"session", "digest", "", "0"}, {"credential", "id", "", "use = 'sign'"}, {"subject", "issuer", "subject", "0"}}

// where finds a binding's row.
func (b Binding) where() (string, []any) {
	if b.from.second == "" {
		return b.from.first + " = ?", []any{b.id[0]}
	}
	return b.from.first + " = ? AND " + b.from.second + " = ?", []any{string(b.id[0]), string(b.id[1])}
}

// Bindings lists them all.
func Bindings(r reader) ([]Binding, error) {
	var out []Binding
	for _, t := range bindingTables {
		second := t.second
		if second == "" {
			second = "''"
		}
		err := each(r, func(rows *sql.Rows) error {
			b := Binding{from: t}
			err := rows.Scan(&b.id[0], &b.id[1], &b.Office, &b.Seat, &b.Bound, &b.Signs)
			out = append(out, b)
			return err
		}, "SELECT "+t.first+", "+second+", office, seat, bound, "+t.signs+" FROM "+t.table)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Unbind ends what is bound.
func (tx *Tx) Unbind(b Binding) error {
	where, args := b.where()
	return tx.exec("DELETE FROM "+b.from.table+" WHERE "+where, args...)
}

// Rebind binds it to other keys.
func (tx *Tx) Rebind(b Binding, bound string) error {
	where, args := b.where()
	return tx.exec("UPDATE "+b.from.table+" SET bound = ? WHERE "+where, append([]any{bound}, args...)...)
}
