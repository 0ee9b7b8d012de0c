package node

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"entente"
	"entente/record"
	"entente/store"
)

// How an official signed in.
const (
	ByLink    = "link"
	ByPasskey = "passkey"
	ByOIDC    = "oidc"
	ByToken   = "token" // of the API: no session
)

// Uses of a credential. One that signs in never signs an act, and one that signs acts opens no session.
const (
	CredentialSignIn = "signin"
	CredentialSign   = "sign"
)

// idle remembers when a session was last used. It is not stored: a page would cost a commit. After a restart every session
// counts as just used.
type idle struct {
	mu   sync.Mutex
	last map[record.ID]int64
}

// touch reports whether a session may go on, and marks it as used.
func (i *idle) touch(d record.ID, now int64) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.last == nil || len(i.last) > maxSessions {
		i.last = map[record.ID]int64{}
	}
	if t, ok := i.last[d]; ok && now-t > int64(sessionIdle/time.Second) {
		return false
	}
	i.last[d] = now
	return true
}

func secret() string { return base64.RawURLEncoding.EncodeToString(random(tokenBytes)) }

func linkDigest(s string) record.ID    { return record.Digest("entente/link/v1", []byte(s)) }
func sessionDigest(s string) record.ID { return record.Digest("entente/session/v1", []byte(s)) }

// placed is place as a word.
func (n *Node) placed(ctx context.Context, office string, seat uint64) bool {
	return n.place(ctx, office, seat) == nil
}

// place says whether an office with that seat, within its term, is in this party's powers in any group.
func (n *Node) place(ctx context.Context, office string, seat uint64) error {
	for _, i := range n.Groups(ctx, Caller{Office: office}) {
		p, err := n.Powers(i.ID)
		if err != nil || p == nil {
			continue
		}
		if o, ok := p.Office(office); ok {
			if seat == 0 || slices.ContainsFunc(o.Seats, func(s entente.Seat) bool { return s.Number == seat && s.Sits(n.clock()) }) {
				return nil
			}
		}
	}
	return fmt.Errorf("%w: %w", ErrInvalid, record.Because("session.place", "office %.70q, seat %d: the powers name no such place", office, seat))
}

// NewLink makes a link by which an official signs in once, within its life. The secret is returned once and stored as a digest only.
func (n *Node) NewLink(ctx context.Context, office string, seat uint64, life time.Duration) (string, error) {
	if life <= 0 || life > maxLinkLife {
		return "", fmt.Errorf("%w: a link lives up to %s", ErrInvalid, maxLinkLife)
	}
	if err := n.place(ctx, office, seat); err != nil {
		return "", err
	}
	if err := n.logWayIn(ctx, office, seat, ByLink, "operator"); err != nil {
		return "", err
	}
	s := secret()
	err := n.write(ctx, func(b *batch) error {
		return b.fail(b.tx.PutLink(linkDigest(s), office, seat, n.bind(ctx, office, seat), b.now+int64(life/time.Second)))
	})
	return s, err
}

// UseLink opens a session with a link, which is used up by it. Of two who come at once one finds nothing: ErrForbidden.
func (n *Node) UseLink(ctx context.Context, link string) (session string, err error) {
	s := secret()
	if has, err := store.HasLink(n.store.View(ctx), linkDigest(link), n.clock()); err != nil {
		return "", explain(err)
	} else if !has { // whoever guesses costs a look and no commit
		return "", fmt.Errorf("link: %w: unknown, used or ended", ErrForbidden)
	}
	var used store.Login
	err = n.write(ctx, func(b *batch) error {
		l, err := b.tx.TakeLink(linkDigest(link), b.now)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("link: %w: unknown, used or ended", ErrForbidden)
		} else if err != nil {
			return b.fail(err)
		}
		if ok, err := n.holds(ctx, b.tx, l.Office, l.Bound); err != nil || !ok {
			return errors.Join(fmt.Errorf("link: %w: its official has another key since", ErrForbidden), b.fail(err))
		}
		used = l
		return b.fail(b.tx.PutSession(sessionDigest(s), login(l.Office, l.Seat, l.Bound, ByLink, b.now)))
	})
	if err == nil {
		err = n.logWayIn(ctx, used.Office, used.Seat, ByLink, "web") // else the secret goes to nobody
	}
	if err != nil {
		return "", err
	}
	return s, nil
}

func login(office string, seat uint64, bound, how string, now int64) store.Login {
	return store.Login{Office: office, Seat: seat, Bound: bound, How: how, Created: now, Until: now + int64(sessionLife/time.Second)}
}

// StartSession opens a session for an official who has shown by other means who it is.
func (n *Node) StartSession(ctx context.Context, office string, seat uint64, how string) (string, error) {
	if err := n.place(ctx, office, seat); err != nil {
		return "", err
	}
	s := secret()
	err := n.write(ctx, func(b *batch) error {
		return b.fail(b.tx.PutSession(sessionDigest(s), login(office, seat, n.bind(ctx, office, seat), how, b.now)))
	})
	return s, err
}

// Session finds who a session speaks for. ErrForbidden when it has ended, lay idle, or its office is in no powers any more.
func (n *Node) Session(ctx context.Context, secret string) (store.Login, error) {
	d, now := sessionDigest(secret), n.clock()
	l, err := store.Session(n.store.View(ctx), d)
	if errors.Is(err, store.ErrNotFound) {
		return l, fmt.Errorf("session: %w: ended", ErrForbidden)
	} else if err != nil {
		return l, explain(err)
	}
	if !n.idle.touch(d, now) { // for good: a restart forgets when it was last used
		return l, errors.Join(fmt.Errorf("session: %w: ended", ErrForbidden), n.EndSession(ctx, secret))
	}
	ok, err := n.holds(ctx, n.store.View(ctx), l.Office, l.Bound)
	if err != nil {
		return l, err
	}
	if now >= l.Until || !ok || !n.placed(ctx, l.Office, l.Seat) {
		return l, fmt.Errorf("session: %w: ended", ErrForbidden)
	}
	return l, nil
}

// CountSessions is how many sessions have not ended; some of them may lie idle.
func (n *Node) CountSessions(ctx context.Context) (int64, error) {
	c, err := store.CountSessions(n.store.View(ctx), n.clock())
	return c, explainNil(err)
}

// EndSession ends one session.
func (n *Node) EndSession(ctx context.Context, secret string) error {
	return n.write(ctx, func(b *batch) error { return b.fail(b.tx.DropSession(sessionDigest(secret))) })
}

// Sessions lists who is signed in, newest first, without any secret: every office's for who sets the node up, else the caller's own.
// Some may lie idle.
func (n *Node) Sessions(ctx context.Context, who Caller) ([]store.Login, error) {
	all, err := store.Sessions(n.store.View(ctx), n.clock())
	if err != nil {
		return nil, explain(err)
	}
	if !n.SetsUp(who) {
		all = slices.DeleteFunc(all, func(l store.Login) bool { return l.Office != who.Office })
	}
	return all, nil
}

// EndSessions ends every session and unused link of an office: of the caller's own, or of any for who sets the node up.
func (n *Node) EndSessions(ctx context.Context, who Caller, office string) error {
	if who.Operator || who.Office != office {
		if err := n.setsUp(who); err != nil {
			return err
		}
	}
	return n.write(ctx, func(b *batch) error { return b.fail(b.tx.DropSessions(office)) })
}

// PutCredential keeps a WebAuthn credential of an official.
func (n *Node) PutCredential(ctx context.Context, c store.Credential) error {
	if len(c.ID) == 0 || len(c.ID) > maxCredentialID || len(c.Data) > maxCredentialData || len(c.Name) > record.MaxName || (c.Use != CredentialSignIn && c.Use != CredentialSign) {
		return fmt.Errorf("credential: %w", ErrInvalid)
	}
	if err := n.place(ctx, c.Office, c.Seat); err != nil {
		return err
	}
	return n.write(ctx, func(b *batch) error {
		all, err := store.Credentials(b.tx, c.Use, c.Office)
		if err != nil {
			return b.fail(err)
		}
		if len(all) >= maxCredentials {
			return fmt.Errorf("%w: %w", ErrConflict, record.Because("session.credentials", "%d credentials of %s: remove one first", len(all), c.Office))
		}
		if c.Created == 0 {
			c.Created = b.now
		}
		c.Bound = n.bind(ctx, c.Office, c.Seat) // one that is kept already keeps what it was bound to
		return b.fail(b.tx.PutCredential(c))
	})
}

// Credentials lists an office's credentials for a use; of every office with an empty one. Those whose official has another key since
// have ended.
func (n *Node) Credentials(ctx context.Context, use, office string) ([]store.Credential, error) {
	v := n.store.View(ctx)
	all, err := store.Credentials(v, use, office)
	if err != nil {
		return nil, explain(err)
	}
	out := all[:0]
	for _, c := range all {
		ok, err := n.holds(ctx, v, c.Office, c.Bound)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, c)
		}
	}
	return out, nil
}

// Credential finds a credential by its id: ErrNotFound.
func (n *Node) Credential(ctx context.Context, id []byte) (store.Credential, error) {
	v := n.store.View(ctx)
	c, err := store.CredentialByID(v, id)
	if err != nil {
		return c, notFound("credential", err)
	}
	if ok, err := n.holds(ctx, v, c.Office, c.Bound); err != nil || !ok {
		return c, errors.Join(fmt.Errorf("credential: %w: its official has another key since", ErrNotFound), err)
	}
	return c, nil
}

// DropCredential removes a credential. Signatures that it made stay good: they are judged by the powers.
func (n *Node) DropCredential(ctx context.Context, id []byte) error {
	return n.write(ctx, func(b *batch) error { return b.fail(b.tx.DropCredential(id)) })
}

// PutSubject gives an account of an identity provider a place in the party.
func (n *Node) PutSubject(ctx context.Context, s store.Subject) error {
	if s.Issuer == "" || s.Subject == "" || len(s.Issuer) > maxSubject || len(s.Subject) > maxSubject {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("session.account", "account: name its issuer and subject"))
	}
	if err := n.place(ctx, s.Office, s.Seat); err != nil {
		return err
	}
	s.Bound = n.bind(ctx, s.Office, s.Seat)
	return n.write(ctx, func(b *batch) error { return b.fail(b.tx.PutSubject(s)) })
}

// Subject finds the place of an account: ErrForbidden where it has none.
func (n *Node) Subject(ctx context.Context, issuer, subject string) (store.Subject, error) {
	v := n.store.View(ctx)
	s, err := store.SubjectOf(v, issuer, subject)
	if errors.Is(err, store.ErrNotFound) {
		return s, fmt.Errorf("account: %w: it has no place here", ErrForbidden)
	} else if err != nil {
		return s, explain(err)
	}
	if ok, err := n.holds(ctx, v, s.Office, s.Bound); err != nil || !ok {
		return s, errors.Join(fmt.Errorf("account: %w: its official has another key since", ErrForbidden), err)
	}
	return s, nil
}

// Subjects lists all accounts with a place.
func (n *Node) Subjects(ctx context.Context) ([]store.Subject, error) {
	s, err := store.Subjects(n.store.View(ctx))
	return s, explainNil(err)
}

// DropSubject takes an account's place away.
func (n *Node) DropSubject(ctx context.Context, issuer, subject string) error {
	return n.write(ctx, func(b *batch) error { return b.fail(b.tx.DropSubject(issuer, subject)) })
}
