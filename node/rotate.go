package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"entente"
	"entente/record"
	"entente/store"
)

// ErrKeysOlder: the node's own keys are not those that its powers name.
var ErrKeysOlder = errors.New("the node's own keys are not those that its powers name")

// signer is the private key of a use that the powers name at a size of this node's own log; before the first powers the newest.
func (n *Node) signer(g *group, u entente.Use, size uint64) (ed25519.PrivateKey, error) {
	p := g.ledger.Ring(n.party).At(size)
	if p == nil {
		return n.keys.key(u), nil
	}
	if k := n.keys.of(p.Keys[u].Ed25519()); k != nil {
		return k, nil
	}
	return nil, fmt.Errorf("group %s, %s key: %w: put the latest node.keys back, or entente rotate node makes new ones under the root key", g.id.Short(), u, ErrKeysOlder)
}

// sealer is the record key for the next record. Powers may be sealed with the key that they name: so a lost record key is replaced.
func (n *Node) sealer(g *group, h *record.Header) (ed25519.PrivateKey, error) {
	k, err := n.signer(g, entente.UseRecord, h.Index)
	if p := powersOf(h); err != nil && p != nil {
		if k = n.keys.of(p.Keys[entente.UseRecord].Ed25519()); k != nil {
			return k, nil
		}
	}
	return k, err
}

// namesOwnKeys refuses powers that name node keys which this node does not hold: it could sign nothing after them.
func (n *Node) namesOwnKeys(h *record.Header) error {
	p := powersOf(h)
	if p == nil {
		return nil
	}
	for _, u := range entente.Uses {
		if n.keys.of(p.Keys[u].Ed25519()) == nil {
			return fmt.Errorf("%w: %w", ErrConflict, record.Because("rotate.key", "the powers name a %s key that this node does not hold", u))
		}
	}
	return nil
}

// NodeKeys is how far the node's own keys have come: those that new powers name, and where older ones are still in use.
type NodeKeys struct {
	Keys   map[entente.Use]entente.Key `json:"keys"`
	Groups []KeyUse                    `json:"groups"`
	Older  int                         `json:"older"` // sets that are still signed with somewhere
}

// KeyUse is one group's part: whether its powers name the newest keys, and which peers have not acknowledged that.
type KeyUse struct {
	Group   record.ID      `json:"group"`
	Current bool           `json:"current"`
	Waiting []record.Party `json:"waiting,omitempty"`
}

// NodeKeys says where the node's own keys are in use.
func (n *Node) NodeKeys(ctx context.Context) (*NodeKeys, error) {
	out := &NodeKeys{Keys: n.keys.public(), Groups: []KeyUse{}}
	n.keys.mu.RLock()
	for _, set := range n.keys.Older {
		if len(set) > 1 {
			out.Older++
		}
	}
	n.keys.mu.RUnlock()
	n.mu.RLock()
	groups := slices.SortedFunc(maps.Values(n.groups), func(a, b *group) int { return int(a.row - b.row) })
	n.mu.RUnlock()
	for _, g := range groups {
		s := spanAt(g.ledger.Ring(n.party), g.logs[n.party].tree.Size())
		if s == nil { // joined, and no powers yet: the first will name the newest
			continue
		}
		use := KeyUse{Group: g.id, Current: sameKeys(s.Powers.Keys, out.Keys)}
		boxes, err := store.Outboxes(n.store.View(ctx), g.row)
		if err != nil {
			return nil, explain(err)
		}
		for _, p := range g.ledger.Parties() {
			acked := uint64(0)
			for _, o := range boxes {
				if o.Peer == p {
					acked = o.Acked
				}
			}
			if p != n.party && acked <= s.From {
				use.Waiting = append(use.Waiting, p)
			}
		}
		out.Groups = append(out.Groups, use)
	}
	return out, nil
}

func sameKeys(a, b map[entente.Use]entente.Key) bool {
	return maps.EqualFunc(a, b, func(x, y entente.Key) bool { return x.String() == y.String() })
}

// PrepareKeys makes a new set of the node's own keys, on disk before anything names it, and returns its public halves. The old
// set stays in use until powers name the new one, group by group. Where an earlier rotation is not done in every group, its set
// comes back: it is finished first.
func (n *Node) PrepareKeys(ctx context.Context) (*NodeKeys, error) {
	now, err := n.NodeKeys(ctx)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(now.Groups, func(u KeyUse) bool { return !u.Current }) && now.Older > 0 {
		return now, nil
	}
	err = n.keys.change(func(k *nodeKeys) {
		k.Older = append([]seeds{k.Seed}, k.Older...)
		k.Seed = newSeeds()
	})
	if err != nil {
		return nil, err
	}
	return n.NodeKeys(ctx)
}

// forgetKeys destroys the older keys that nothing needs any more, all but those of the log. It is called when a peer has
// acknowledged something, and is cheap where no rotation is under way.
func (n *Node) forgetKeys(ctx context.Context) {
	if n.keys.settled() {
		return
	}
	now, err := n.NodeKeys(ctx)
	if err != nil || slices.ContainsFunc(now.Groups, func(u KeyUse) bool { return !u.Current || len(u.Waiting) > 0 }) {
		return
	}
	err = n.keys.change(func(k *nodeKeys) {
		older := make([]seeds, 0, len(k.Older))
		for _, set := range k.Older {
			older = append(older, seeds{entente.UseLog: set[entente.UseLog]})
		}
		k.Older = older
	})
	if err != nil {
		slog.Warn("older node keys are not needed any more and could not be destroyed", "err", err)
	}
}

// settled: no older set has more than its log key.
func (k *nodeKeys) settled() bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return !slices.ContainsFunc(k.Older, func(s seeds) bool { return len(s) > 1 })
}

// change writes a changed key file in the place of the old one, and only then uses it.
func (k *nodeKeys) change(f func(*nodeKeys)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := &nodeKeys{Wrap: k.Wrap, Seed: k.Seed, Older: k.Older}
	f(next)
	b, err := next.encode()
	if err != nil {
		return err
	}
	if len(b) > maxNodeKeys {
		return fmt.Errorf("node keys: %w: %d sets are kept already", ErrConflict, len(next.Older))
	}
	if k.lock != nil {
		if b, err = k.lock.seal(b); err != nil {
			return err
		}
	}
	if err := replaceFile(k.path, b); err != nil {
		return fmt.Errorf("node keys: %w: %s cannot be written; put the file for this where the node may write, in its folder, and start it from there", err, k.path)
	}
	next.expand()
	k.Seed, k.Older, k.keys, k.all = next.Seed, next.Older, next.keys, next.all
	return nil
}

// replaceFile puts a file in the place of another at once: after a crash it is the old or the new one, whole.
func replaceFile(path string, b []byte) error {
	tmp := path + ".new"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := writeNew(tmp, b); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// TLSKeys are the node's sides of a connection with a peer, in the order in which they are worth trying: the one that the peer
// knows by what it acknowledged, then the others that the node still holds, newest first.
func (n *Node) TLSKeys(ctx context.Context, peer record.Party) []ed25519.PrivateKey {
	var known ed25519.PrivateKey
	said := int64(-1)
	n.mu.RLock()
	groups := slices.SortedFunc(maps.Values(n.groups), func(a, b *group) int { return int(a.row - b.row) })
	n.mu.RUnlock()
	for _, g := range groups {
		if g.logs[peer] == nil || peer == n.party {
			continue
		}
		acked, err := n.Acked(ctx, g.id, peer)
		if err != nil {
			continue
		}
		if s := spanAt(g.ledger.Ring(n.party), acked); s != nil && s.Time >= said {
			if k := n.keys.of(s.Powers.Keys[entente.UseTLS].Ed25519()); k != nil {
				known, said = k, s.Time
			}
		}
	}
	out := []ed25519.PrivateKey{}
	if known != nil {
		out = append(out, known)
	}
	for _, k := range n.OwnTLSKeys() {
		if known == nil || !k.Equal(known) {
			out = append(out, k)
		}
	}
	return out
}

// OwnTLSKeys are all that the node holds, newest first.
func (n *Node) OwnTLSKeys() []ed25519.PrivateKey {
	n.keys.mu.RLock()
	defer n.keys.mu.RUnlock()
	out := []ed25519.PrivateKey{n.keys.keys[entente.UseTLS]}
	for _, set := range n.keys.Older {
		if s, ok := set[entente.UseTLS]; ok {
			out = append(out, ed25519.NewKeyFromSeed(s))
		}
	}
	return out
}
