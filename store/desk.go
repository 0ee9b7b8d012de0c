package store

import (
	"database/sql"
	"errors"

	"entente/record"
)

// Outbox is what one peer has acknowledged of this node's log.
type Outbox struct {
	Peer    record.Party
	Acked   uint64 // size that the peer's mirror cosignature covers
	Contact int64  // Unix seconds of the last answer; 0: none yet
	Note    []byte // our checkpoint of that size with the peer's cosignatures
	State   []byte // the peer's last word on cut and state digest
}

// PutOutbox stores a peer's acknowledgement.
func (tx *Tx) PutOutbox(grp int64, o Outbox) error {
	return tx.exec(`INSERT INTO outbox (grp, peer, acked, contact, note, state) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (grp, peer) DO UPDATE SET acked = excluded.acked, contact = excluded.contact, note = coalesce(excluded.note, note), state = coalesce(excluded.state, state)`,
		grp, string(o.Peer), int64(o.Acked), o.Contact, o.Note, o.State)
}

// Outboxes lists them for a group, by peer.
func Outboxes(r reader, grp int64) ([]Outbox, error) {
	var out []Outbox
	err := each(r, func(rows *sql.Rows) error {
		var o Outbox
		err := rows.Scan(&o.Peer, &o.Acked, &o.Contact, &o.Note, &o.State)
		out = append(out, o)
		return err
	}, "SELECT peer, acked, contact, note, state FROM outbox WHERE grp = ? ORDER BY peer", grp)
	return out, err
}

// Draft is an act that waits for its signatures, with its parts. It never leaves the party.
type Draft struct {
	Nonce   record.Nonce
	Group   int64
	Created int64
	Office  string
	Header  []byte // CBOR of the header so far, approvals included
	Parts   []byte // CBOR of []record.Part; encrypted at rest
}

// PutDraft stores or replaces a draft. What it replaces is destroyed with the commit.
func (tx *Tx) PutDraft(d Draft) error {
	if err := tx.doom(d.Nonce); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	slot, body, err := tx.s.keys.seal(d.Parts, draftAbout(d.Nonce))
	if err != nil {
		return err
	}
	return tx.exec(`INSERT INTO draft (nonce, grp, created, office, header, slot, body) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (nonce) DO UPDATE SET header = excluded.header, slot = excluded.slot, body = excluded.body`,
		d.Nonce[:], d.Group, d.Created, d.Office, d.Header, int64(slot), body)
}

func draftAbout(n record.Nonce) []byte { return append([]byte("draft/"), n[:]...) }

// Drafts lists the drafts of a group, oldest first, without their parts.
func Drafts(r reader, grp int64) ([]Draft, error) {
	var out []Draft
	err := each(r, func(rows *sql.Rows) error {
		d := Draft{Group: grp}
		var n []byte
		if err := rows.Scan(&n, &d.Created, &d.Office, &d.Header); err != nil {
			return err
		}
		copy(d.Nonce[:], n)
		out = append(out, d)
		return nil
	}, "SELECT nonce, created, office, header FROM draft WHERE grp = ? ORDER BY created, nonce", grp)
	return out, err
}

// DraftByNonce reads a draft with its parts.
func DraftByNonce(r reader, n record.Nonce) (Draft, error) {
	d := Draft{Nonce: n}
	var slot int64
	var body []byte
	if err := one(r, []any{&d.Group, &d.Created, &d.Office, &d.Header, &slot, &body}, "SELECT grp, created, office, header, slot, body FROM draft WHERE nonce = ?", n[:]); err != nil {
		return d, err
	}
	var err error
	d.Parts, err = r.store().keys.open(uint64(slot), body, draftAbout(n))
	return d, err
}

// doom has the data key of a draft destroyed with the commit.
func (tx *Tx) doom(n record.Nonce) error {
	var slot int64
	err := one(tx, []any{&slot}, "SELECT slot FROM draft WHERE nonce = ?", n[:])
	if err == nil {
		tx.doomed = append(tx.doomed, uint64(slot))
	}
	return err
}

// DropDraft removes a draft and destroys its content with the commit.
func (tx *Tx) DropDraft(n record.Nonce) error {
	if err := tx.doom(n); err != nil {
		return err
	}
	if err := tx.DropAsked(n); err != nil {
		return err
	}
	return tx.exec("DELETE FROM draft WHERE nonce = ?", n[:])
}

// Token is a bearer token of an office; only its digest is stored.
type Token struct {
	Digest  record.ID
	Office  string
	Created int64
	Until   int64 // 0: no end
}

// PutToken stores a token.
func (tx *Tx) PutToken(t Token) error {
	return tx.exec("INSERT INTO token (digest, office, created, until) VALUES (?, ?, ?, ?)", t.Digest[:], t.Office, t.Created, t.Until)
}

// DropTokens revokes every token of an office.
func (tx *Tx) DropTokens(office string) error {
	return tx.exec("DELETE FROM token WHERE office = ?", office)
}

// TokenByDigest finds a token.
func TokenByDigest(r reader, d record.ID) (Token, error) {
	t := Token{Digest: d}
	err := one(r, []any{&t.Office, &t.Created, &t.Until}, "SELECT office, created, until FROM token WHERE digest = ?", d[:])
	return t, err
}

// Tokens lists the tokens by office.
func Tokens(r reader) ([]Token, error) {
	var out []Token
	err := each(r, func(rows *sql.Rows) error {
		var t Token
		var d []byte
		if err := rows.Scan(&d, &t.Office, &t.Created, &t.Until); err != nil {
			return err
		}
		copy(t.Digest[:], d)
		out = append(out, t)
		return nil
	}, "SELECT digest, office, created, until FROM token ORDER BY office, created")
	return out, err
}

// Answered returns the stored answer to a request with that idempotency key: found, and whether the request was the same.
func Answered(r reader, key, request record.ID) (answer []byte, found, same bool, err error) {
	var req []byte
	err = one(r, []any{&req, &answer}, "SELECT request, answer FROM idempotency WHERE key = ?", key[:])
	if errors.Is(err, ErrNotFound) {
		return nil, false, false, nil
	}
	return answer, err == nil, string(req) == string(request[:]), err
}

// PutAnswer stores an answer and forgets those older than a day.
func (tx *Tx) PutAnswer(key, request record.ID, answer []byte, now int64) error {
	if err := tx.exec("DELETE FROM idempotency WHERE created < ?", now-keepIdempotent); err != nil {
		return err
	}
	return tx.exec("INSERT INTO idempotency (key, request, answer, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", key[:], request[:], answer, now)
}

// Alarm is something people must look at: a fork, a second copy, a false acknowledgement.
type Alarm struct {
	ID    int64        `json:"id"`
	Party record.Party `json:"party"`
	Code  string       `json:"code"`
	Text  string       `json:"text"`
	Proof []byte       `json:"proof,omitempty"`
	Time  int64        `json:"time"`
}

// PutAlarm stores an alarm once.
func (tx *Tx) PutAlarm(grp int64, a Alarm) error {
	return tx.exec("INSERT INTO alarm (grp, party, code, text, proof, time) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		grp, string(a.Party), a.Code, a.Text, a.Proof, a.Time)
}

// Alarms lists the alarms of a group, newest first.
func Alarms(r reader, grp int64) ([]Alarm, error) {
	var out []Alarm
	err := each(r, func(rows *sql.Rows) error {
		var a Alarm
		err := rows.Scan(&a.ID, &a.Party, &a.Code, &a.Text, &a.Proof, &a.Time)
		out = append(out, a)
		return err
	}, "SELECT id, party, code, text, proof, time FROM alarm WHERE grp = ? ORDER BY id DESC", grp)
	return out, err
}

// PutSetting stores a value under a name.
func (tx *Tx) PutSetting(name string, value []byte) error {
	return tx.exec("INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
}

// DropSetting forgets a value.
func (tx *Tx) DropSetting(name string) error {
	return tx.exec("DELETE FROM setting WHERE name = ?", name)
}

// Setting reads a value: ErrNotFound where it was never put.
func Setting(r reader, name string) ([]byte, error) {
	var b []byte
	err := one(r, []any{&b}, "SELECT value FROM setting WHERE name = ?", name)
	return b, err
}

// Settings calls f with every value whose name starts with a prefix, by name.
func Settings(r reader, prefix string, f func(name string, value []byte) error) error {
	return each(r, func(rows *sql.Rows) error {
		var name string
		var value []byte
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		return f(name, value)
	}, "SELECT name, value FROM setting WHERE substr(name, 1, length(?)) = ? ORDER BY name", prefix, prefix)
}

// PutOrphan keeps an own record that surfaced above a restored head and that no peer acknowledged: shown, without effect.
func (tx *Tx) PutOrphan(grp int64, index uint64, id record.ID, raw []byte) error {
	return tx.exec("INSERT INTO orphan (grp, idx, id, raw) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", grp, int64(index), id[:], raw)
}

// Orphans lists them.
func Orphans(r reader, grp int64) ([][]byte, error) {
	var out [][]byte
	err := each(r, func(rows *sql.Rows) error {
		var b []byte
		err := rows.Scan(&b)
		out = append(out, b)
		return err
	}, "SELECT raw FROM orphan WHERE grp = ? ORDER BY idx", grp)
	return out, err
}

// Wipe empties the tables that can be rebuilt from the logs of a group, for a rebuild or a check on a copy.
func (tx *Tx) Wipe(grp int64) error {
	for _, q := range []string{
		"DELETE FROM state WHERE grp = ?",
		"DELETE FROM attention WHERE grp = ?",
		"DELETE FROM ref WHERE grp = ?",
		"DELETE FROM seen WHERE knower IN (SELECT id FROM log WHERE grp = ?)",
		"DELETE FROM wait WHERE knower IN (SELECT id FROM log WHERE grp = ?)",
		"UPDATE log SET counted = 0 WHERE grp = ?",
	} {
		if err := tx.exec(q, grp); err != nil {
			return err
		}
	}
	return nil
}
