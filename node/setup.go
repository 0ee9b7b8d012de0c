package node

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"entente"
	"entente/record"
	"entente/store"
)

// Setup makes a node's folder: its own keys, the party's root and next root under a passphrase, and a group of one for the
// party's own drafts and access log.
type Setup struct {
	Dir        string
	Config     Config
	Passphrase string // of the root
	Next       string // of the next root; empty: the same
	WorkFactor int    // base-2 logarithm of scrypt's cost; 0: about a second
	Offices    []entente.Office
	Now        int64
	// Seeds are the 32-byte seeds of root, next root and node keys, for tests that must repeat. Nil: fresh random keys.
	Seeds func(name string) []byte
}

// Init makes the folder. It refuses one that holds a node already, and leaves nothing behind when it fails.
func Init(ctx context.Context, s Setup) (err error) {
	if !s.Config.Party.Valid() {
		return fmt.Errorf("party %.20q: want 2 to 8 capital letters, ISO 3166 where one fits", string(s.Config.Party))
	}
	if _, err := os.Stat(filepath.Join(s.Dir, ConfigFile)); err == nil {
		return fmt.Errorf("%s holds a node already", s.Dir)
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	var made []string
	defer func() {
		if err != nil {
			for _, f := range made {
				_ = os.Remove(filepath.Join(s.Dir, f))
			}
		}
	}()
	keys := newNodeKeys()
	seed := func(string) []byte { return random(ed25519.SeedSize) }
	if s.Seeds != nil {
		seed = s.Seeds
		for _, u := range entente.Uses {
			keys.Seed[u] = seed(string(u))
		}
	}
	keys.expand()
	root, next := ed25519.NewKeyFromSeed(seed("root")), ed25519.NewKeyFromSeed(seed("next-root"))
	made = append(made, NodeKeyFile)
	if err := keys.save(s.Dir); err != nil {
		return fmt.Errorf("node keys: %w", err)
	}
	if s.Next == "" {
		s.Next = s.Passphrase
	}
	for _, x := range []struct {
		name, pass string
		key        ed25519.PrivateKey
	}{{RootFile, s.Passphrase, root}, {NextFile, s.Next, next}} {
		made = append(made, x.name)
		if err := SaveKey(filepath.Join(s.Dir, x.name), x.key, x.pass, s.WorkFactor); err != nil {
			return err
		}
	}
	made = append(made, ConfigFile, store.File, store.KeyFile)
	if err := s.Config.save(s.Dir); err != nil {
		return err
	}
	now := s.Now
	clock := func() int64 { return now }
	if now == 0 {
		now = time.Now().Unix()
	}
	n, err := Open(ctx, Options{Dir: s.Dir, Clock: clock})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(s.Config.AnchorOf(s.Dir, ""))
		}
	}()
	defer func() { err = errors.Join(err, n.Close()) }()
	put := func(name string, v any) error {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return n.write(ctx, func(b2 *batch) error { return b2.fail(b2.tx.PutSetting(name, b)) })
	}
	intro := Introduction{introductionFormat, s.Config.Party, s.Config.Names, PublicKey(root), PublicKey(next).Digest(), PublicKey(keys.key(entente.UseTLS)), s.Config.Address}
	if err := put("introduction", intro); err != nil {
		return err
	}
	return n.foundOwn(ctx, s, root, intro, now)
}

// ownTrack is that of a group of one, by which people name it: no other group has it.
const ownTrack = "own"

// foundOwn makes the group of one.
func (n *Node) foundOwn(ctx context.Context, s Setup, root ed25519.PrivateKey, intro Introduction, now int64) error {
	names := s.Config.Names
	if len(names) == 0 {
		names = map[string]string{"en": string(n.party), "es": string(n.party)}
	}
	c := &entente.Charter{Rules: entente.Rules, Founded: now, Track: ownTrack, Languages: slices.Clone(entente.Languages),
		Names:   map[string]string{"en": "Own records of " + names["en"], "es": "Registros propios de " + names["es"]},
		Purpose: map[string]string{"en": "Drafts and access log of one party. No other party is part of it.", "es": "Borradores y bitácora de consultas de una sola Parte. Ninguna otra Parte forma parte de él."},
		Parties: []entente.CharterParty{{ID: n.party, Names: names, Root: intro.Root, Next: intro.Next}},
		Clocks:  entente.Clocks{Retention: 10 * 365 * 86400, Skew: 300}}
	if s.Seeds != nil {
		copy(c.Nonce[:], s.Seeds("own-nonce"))
	} else {
		copy(c.Nonce[:], random(16))
	}
	founding, err := c.Encode()
	if err != nil {
		return err
	}
	id, err := n.Join(ctx, founding)
	if err != nil {
		return err
	}
	if err := n.PutPowers(ctx, id, s.Offices, root); err != nil {
		return err
	}
	// In a group of one the founder signs with the root: there may be no official yet.
	return n.signOwn(ctx, id, root)
}

// signOwn puts the charter of a group of one in force under the seat of the root office's stead: the first powers grant it.
func (n *Node) signOwn(ctx context.Context, id record.ID, root ed25519.PrivateKey) error {
	d, err := n.Prepare(ctx, Caller{Operator: true}, Act{Group: id, Kind: "charter", Verb: record.Consent, Version: id, Instrument: id})
	if err != nil {
		return err
	}
	d.Sign(record.Approve(d.Act, n.party, record.RootOffice, 0, n.clock(), root))
	_, err = n.Seal(ctx, Caller{Operator: true}, d)
	return err
}

// Join makes a group from its founding charter's bytes. Nothing is signed by it: powers and the consent to the charter follow.
func (n *Node) Join(ctx context.Context, founding []byte) (record.ID, error) {
	l, err := n.ledger(founding)
	if err != nil {
		return record.ID{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	me, ok := l.Founding().Party(n.party)
	if ok && len(l.Founding().Parties) > 1 && l.Founding().Track == ownTrack {
		return record.ID{}, fmt.Errorf("%w: the track %s names the group of one", ErrInvalid, ownTrack)
	}
	if !ok {
		return record.ID{}, fmt.Errorf("%w: the charter does not name %s", ErrInvalid, n.party)
	}
	intro, err := n.Introduction(ctx)
	switch {
	case errors.Is(err, store.ErrNotFound): // the group of one comes before
	case err != nil:
		return record.ID{}, err
	case me.Root.String() != intro.Root.String() || me.Next != intro.Next:
		return record.ID{}, fmt.Errorf("%w: the charter names another root key for %s than this node's: %s", ErrInvalid, n.party, me.Root)
	}
	if g, err := n.find(l.Group); err == nil {
		return g.id, nil
	}
	for _, p := range l.Founding().Parties {
		if err := n.knows(ctx, p); err != nil {
			return record.ID{}, err
		}
	}
	err = n.write(ctx, func(b *batch) error {
		row, err := b.tx.PutGroup(l.Group, founding, l.Parties())
		if err != nil {
			return b.fail(err)
		}
		if len(l.Founding().Parties) > 1 {
			if err := b.followFounding(l.Group, founding, l.Founding().Parent); err != nil {
				return err
			}
		}
		g := newGroup(row.Row, row.ID, l)
		logs, err := store.Logs(b.tx, row.Row)
		if err != nil {
			return b.fail(err)
		}
		for _, x := range logs {
			g.logs[x.Party] = newPlog(x)
		}
		b.wrap(g)
		if n.anchor.names(g.id) && len(g.logs) > 1 { // a backup from before the group was joined: its log went on since
			n.mu.Lock()
			n.restoring[g.id] = g.others(n.party)
			n.mu.Unlock()
		}
		return nil
	})
	return l.Group, err
}

// knows refuses a founder whose root is not the one that people here compared: of its introduction, or of its powers in a group that
// began with one. A charter that came with another root would hand that party's name to whoever made it.
func (n *Node) knows(ctx context.Context, p entente.CharterParty) error {
	if p.ID == n.party {
		return nil
	}
	i, err := n.met(ctx, p.ID)
	if err == nil && i.Root.String() == p.Root.String() && i.Next == p.Next {
		return nil
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, g := range n.groups {
		if l := g.logs[p.ID]; l != nil {
			if pw := g.ledger.Ring(p.ID).At(l.tree.Size()); pw != nil && pw.Root.String() == p.Root.String() && pw.Next == p.Next {
				return nil
			}
		}
	}
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("the charter names %s, whose introduction was not compared here: %w: entente peer add its file first", p.ID, ErrConflict)
	} else if err != nil {
		return err
	}
	return fmt.Errorf("the charter names another root key for %s than the introduction that was compared here: %w: call your counterpart; if it has a new introduction, entente peer add that first", p.ID, ErrConflict)
}

// Powers is the latest powers record of this party in a group, nil before the first.
func (n *Node) Powers(group record.ID) (*entente.Powers, error) {
	g, err := n.find(group)
	if err != nil {
		return nil, err
	}
	return g.ledger.Ring(n.party).At(g.logs[n.party].tree.Size()), nil
}

// PutPowers records who may sign for this party in a group. The root key approves it; nobody else can (rule C6).
func (n *Node) PutPowers(ctx context.Context, group record.ID, offices []entente.Office, root ed25519.PrivateKey) error {
	intro, err := n.Introduction(ctx)
	if err != nil {
		return err
	}
	p := entente.Powers{Root: PublicKey(root), Next: intro.Next, Keys: n.keys.public(), Address: n.Config().Address,
		Offices: slices.SortedFunc(slices.Values(offices), func(a, b entente.Office) int { return compare(a.ID, b.ID) })}
	if p.Root.String() != intro.Root.String() {
		return fmt.Errorf("%w: this is not the root key of %s", ErrInvalid, n.party)
	}
	if err := p.Check(); err != nil {
		return fmt.Errorf("powers: %w: %w", ErrInvalid, err)
	}
	terms, err := json.Marshal(p)
	if err != nil {
		return err
	}
	d, err := n.Prepare(ctx, Caller{Operator: true}, Act{Group: group, Kind: "powers", Verb: record.Propose, Terms: terms})
	if err != nil {
		return err
	}
	d.Sign(record.Approve(d.Act, n.party, record.RootOffice, 0, n.clock(), root))
	_, err = n.Seal(ctx, Caller{Operator: true}, d)
	return err
}

func newPlog(x store.Log) *plog {
	return &plog{row: x.Row, party: x.Party, tree: emptyTree(), seen: map[record.Party]uint64{}}
}
