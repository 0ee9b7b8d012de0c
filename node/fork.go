package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"entente"
	"entente/record"
	"entente/store"
	"entente/tlog"
)

// Ask is a question about a log that the asker and the one who answers both hold: its root at Size, or the record at Index.
type Ask struct {
	Group  record.ID    `cbor:"1,keyasint"`
	Party  record.Party `cbor:"2,keyasint"`
	Size   uint64       `cbor:"3,keyasint"`
	Record bool         `cbor:"4,keyasint,omitempty"` // the record at Size, with its path to Note
}

// Answer is what the other node holds.
type Answer struct {
	Held uint64      `cbor:"1,keyasint"`
	Root record.ID   `cbor:"2,keyasint,omitzero"`
	Raw  []byte      `cbor:"3,keyasint,omitempty"`
	Path []record.ID `cbor:"4,keyasint,omitempty"`
	Note []byte      `cbor:"5,keyasint,omitempty"`
}

// Answer tells a member of a group what this node holds of a log: sizes, roots, headers. Never a part.
func (n *Node) Answer(ctx context.Context, from record.Party, q Ask) (*Answer, error) {
	g, err := n.find(q.Group)
	if err != nil || g.logs[from] == nil || g.logs[q.Party] == nil {
		return nil, fmt.Errorf("group: %w", ErrNotFound)
	}
	l, v := g.logs[q.Party], n.store.View(ctx)
	a := &Answer{Held: l.tree.Size(), Note: l.checkpoint}
	if q.Size > a.Held || (q.Record && q.Size == a.Held) {
		return a, nil
	}
	src := l.tree.Over(store.Tiles(v, l.row))
	if !q.Record {
		h, err := tlog.RootAt(src, a.Held, q.Size)
		a.Root = record.ID(h)
		return a, err
	}
	e, err := store.At(v, store.PosOf(l.row, q.Size))
	if err != nil {
		return nil, explain(err)
	}
	path, err := tlog.Inclusion(src, q.Size, a.Held)
	if err != nil {
		return nil, err
	}
	a.Raw = e.Record.Bytes()
	for _, h := range path {
		a.Path = append(a.Path, record.ID(h))
	}
	return a, nil
}

// logKeys are the keys that could sign a head of a party's log, by size.
func (g *group) logKeys(p record.Party) tlog.Keys {
	ring := g.ledger.Ring(p)
	return func(size uint64) []ed25519.PublicKey {
		if k := ring.Key(entente.UseLog, size); k != nil {
			return []ed25519.PublicKey{k}
		}
		return nil
	}
}

// prove makes the portable proof of a conflict at an index between what is held and what was pushed, and keeps it as an alarm.
func (n *Node) prove(ctx context.Context, g *group, from record.Party, p Push, index uint64) error {
	l, origin := g.logs[from], tlog.Origin(g.id, string(from))
	var fork tlog.Fork
	var err error
	if index == l.tree.Size() && len(p.Records) == 0 {
		fork, err = tlog.ForkOfRoots(origin, g.logKeys(from), l.checkpoint, p.Checkpoint)
	} else {
		fork, err = n.forkOfPush(ctx, g, from, p, index)
	}
	if err == nil {
		return n.closeLog(ctx, g, from, index, fork)
	}
	err = fmt.Errorf("records of %s differ from those held, and it cannot be proved by this message: %w: %w", from, ErrTampered, err)
	if _, _, bad := tlog.OpenCheckpointKeys(p.Checkpoint, origin, g.logKeys(from)); bad != nil {
		return err
	}
	// It signed a head of another history that parts from ours before this message: it is asked where.
	if fork, ferr := tlog.ForkOfRoots(origin, g.logKeys(from), l.checkpoint, p.Checkpoint); ferr == nil {
		return n.closeLog(ctx, g, from, index, fork)
	}
	return errors.Join(err, n.mismatch(ctx, g, from, p))
}

func (n *Node) forkOfPush(ctx context.Context, g *group, from record.Party, p Push, index uint64) (tlog.Fork, error) {
	l, v := g.logs[from], n.store.View(ctx)
	k := int(index - p.From)
	if _, err := record.Verify(p.Records[k], record.Place{Group: g.id, Party: from, Index: index}, g.ledger.Ring(from).RecordKey); err != nil {
		return tlog.Fork{}, err
	}
	over := &overlay{Source: store.Tiles(v, l.row), tiles: map[[2]uint64][]byte{}}
	other, err := tlog.Load(p.From, over)
	if err != nil {
		return tlog.Fork{}, err
	}
	for _, raw := range p.Records {
		for _, t := range other.Append(tlog.LeafHash(raw)) {
			over.tiles[[2]uint64{uint64(t.Level), t.N}] = t.Data
		}
	}
	theirs, err := tlog.Inclusion(other.Over(over), index, other.Size())
	if err != nil {
		return tlog.Fork{}, err
	}
	ours, err := tlog.Inclusion(l.tree.Over(store.Tiles(v, l.row)), index, l.tree.Size())
	if err != nil {
		return tlog.Fork{}, err
	}
	e, err := store.At(v, store.PosOf(l.row, index))
	if err != nil {
		return tlog.Fork{}, err
	}
	return tlog.ForkOfLeaves(tlog.Origin(g.id, string(from)), g.logKeys(from), index,
		tlog.ForkLeaf{Leaf: tlog.LeafHash(e.Record.Bytes()), Path: ours, Note: l.checkpoint},
		tlog.ForkLeaf{Leaf: tlog.LeafHash(p.Records[k]), Path: theirs, Note: p.Checkpoint})
}

// overlay is a log that goes another way than the stored one from some index on.
type overlay struct {
	tlog.Source
	tiles map[[2]uint64][]byte
}

func (o *overlay) Tile(level int, n uint64) ([]byte, error) {
	if b, ok := o.tiles[[2]uint64{uint64(level), n}]; ok {
		return b, nil
	}
	return o.Source.Tile(level, n)
}

// closeLog keeps the proof and takes nothing more of that log. Reading goes on, and so do the others.
func (n *Node) closeLog(ctx context.Context, g0 *group, from record.Party, index uint64, fork tlog.Fork) error {
	proof, err := fork.MarshalText()
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s signed two different records at index %d of its log. The proof is kept; call your counterpart.", from, index)
	err = n.write(ctx, func(b *batch) error {
		w, err := b.group(g0.row)
		if err != nil {
			return err
		}
		w.closed[from] = true
		return b.fail(b.tx.PutAlarm(w.row, store.Alarm{Party: from, Code: AlarmFork, Text: text, Proof: proof, Time: b.now}))
	})
	return errors.Join(fmt.Errorf("%s: %w at index %d", from, ErrFork, index), err)
}

// mismatch keeps a head that the records sent do not lead to. The peer package hunts for the place where the logs part.
func (n *Node) mismatch(ctx context.Context, g *group, from record.Party, p Push) error {
	n.hunt(g.id, from, from)
	return n.alarm(ctx, g, store.Alarm{Party: from, Code: AlarmMismatch, Proof: slices.Concat(g.logs[from].checkpoint, []byte("\n"), p.Checkpoint),
		Text: fmt.Sprintf("The records %s sent do not continue those it signed before.", from)})
}

func (n *Node) alarm(ctx context.Context, g *group, a store.Alarm) error {
	return n.write(ctx, func(b *batch) error {
		a.Time = b.now
		return b.fail(b.tx.PutAlarm(g.row, a))
	})
}

// Hunt names a log that another node holds differently: that node is asked where they part.
type Hunt struct {
	Group record.ID
	Party record.Party // whose log
	Via   record.Party // who holds it differently
}

func (n *Node) hunt(group record.ID, party, via record.Party) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h := (Hunt{group, party, via}); !slices.Contains(n.hunts, h) {
		n.hunts = append(n.hunts, h)
	}
}

// Hunts takes the open hunts that go through a peer.
func (n *Node) Hunts(via record.Party) []Hunt {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []Hunt
	n.hunts = slices.DeleteFunc(n.hunts, func(h Hunt) bool {
		if h.Via == via {
			out = append(out, h)
			return true
		}
		return false
	})
	return out
}

// Pursue finds, with the other node's answers, the first record at which two copies of a log part, and keeps the proof.
// It returns ErrFork when it found one, nil when the copies agree after all.
func (n *Node) Pursue(ctx context.Context, h Hunt, ask func(Ask) (*Answer, error)) error {
	g, err := n.find(h.Group)
	if err != nil || g.logs[h.Party] == nil || g.closed[h.Party] {
		return err
	}
	l, v := g.logs[h.Party], n.store.View(ctx)
	src := l.tree.Over(store.Tiles(v, l.row))
	first, err := ask(Ask{Group: h.Group, Party: h.Party})
	if err != nil {
		return err
	}
	lo, hi := uint64(0), min(first.Held, l.tree.Size()) // equal at lo; looking for the first size at which they differ
	same := func(size uint64) (bool, error) {
		a, err := ask(Ask{Group: h.Group, Party: h.Party, Size: size})
		if err != nil {
			return false, err
		}
		ours, err := tlog.RootAt(src, l.tree.Size(), size)
		return record.ID(ours) == a.Root, err
	}
	if ok, err := same(hi); ok || err != nil {
		return err
	}
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		ok, err := same(mid)
		if err != nil {
			return err
		}
		if ok {
			lo = mid
		} else {
			hi = mid
		}
	}
	a, err := ask(Ask{Group: h.Group, Party: h.Party, Size: lo, Record: true})
	if err != nil {
		return err
	}
	e, err := store.At(v, store.PosOf(l.row, lo))
	if err != nil {
		return explain(err)
	}
	ours, err := tlog.Inclusion(src, lo, l.tree.Size())
	if err != nil {
		return err
	}
	var theirs tlog.InclusionProof
	for _, p := range a.Path {
		theirs = append(theirs, tlog.Hash(p))
	}
	fork, err := tlog.ForkOfLeaves(tlog.Origin(g.id, string(h.Party)), g.logKeys(h.Party), lo,
		tlog.ForkLeaf{Leaf: tlog.LeafHash(e.Record.Bytes()), Path: ours, Note: l.checkpoint},
		tlog.ForkLeaf{Leaf: tlog.LeafHash(a.Raw), Path: theirs, Note: a.Note})
	if err != nil {
		return fmt.Errorf("%s shows a log of %s that %s did not sign: %w", h.Via, h.Party, h.Party, err)
	}
	return n.closeLog(ctx, g, h.Party, lo, fork)
}

// compareGossip holds heads that a peer saw of other logs against our copies.
func (n *Node) compareGossip(ctx context.Context, group record.ID, via record.Party, heads []Head) {
	g, err := n.find(group)
	if err != nil {
		return
	}
	for _, h := range heads {
		l := g.logs[h.Party]
		if l == nil || h.Party == via || g.closed[h.Party] {
			continue
		}
		c, _, err := tlog.OpenCheckpointKeys(h.Note, tlog.Origin(g.id, string(h.Party)), g.logKeys(h.Party))
		if err != nil {
			continue
		}
		if c.Size > l.tree.Size() { // ahead of us: whether it goes on from what we hold, only the other copy can say
			n.hunt(group, h.Party, via)
			continue
		}
		ours, err := tlog.RootAt(l.tree.Over(store.Tiles(n.store.View(ctx), l.row)), l.tree.Size(), c.Size)
		if err == nil && ours != c.Root {
			n.hunt(group, h.Party, via)
		}
	}
}

// digests remembers the digest of the latest cut of each group: the state is a pure function of the cut (rule C7), so the same
// cut is never folded into a digest twice.
type digests struct {
	mu sync.Mutex
	by map[record.ID]*StateWord
}

func (d *digests) of(group record.ID, cut map[record.Party]record.Mark) *StateWord {
	d.mu.Lock()
	defer d.mu.Unlock()
	if w := d.by[group]; w != nil && maps.Equal(w.Cut, cut) {
		return w
	}
	return nil
}

func (d *digests) put(group record.ID, w *StateWord) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.by == nil {
		d.by = map[record.ID]*StateWord{}
	}
	d.by[group] = w
}

// State computes this node's digest of its state at its cut, over every instrument in the order of their ids.
func (n *Node) State(ctx context.Context, group record.ID) (*StateWord, error) {
	g, err := n.find(group)
	if err != nil {
		return nil, err
	}
	w := &StateWord{Cut: map[record.Party]record.Mark{}}
	type one struct{ id, digest record.ID }
	var all []one
	var known *StateWord
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		logs, err := store.Logs(v, g.row)
		if err != nil {
			return err
		}
		for _, l := range logs {
			t, err := tlog.Load(l.Size, store.Tiles(v, l.Row))
			if err != nil {
				return err
			}
			root, err := tlog.RootAt(t.Over(store.Tiles(v, l.Row)), l.Size, l.Counted)
			if err != nil {
				return err
			}
			w.Cut[l.Party] = record.Mark{Size: l.Counted, Root: record.ID(root)}
		}
		if known = n.digests.of(group, w.Cut); known != nil {
			return nil
		}
		return store.States(v, g.row, func(_ store.Pos, body []byte) error {
			s, err := entente.ParseState(body)
			if err == nil {
				all = append(all, one{s.Instrument, record.Digest("entente/state/v1", body)})
			}
			return err
		})
	})
	if err != nil {
		return nil, explain(err)
	}
	if known != nil {
		return known, nil
	}
	slices.SortFunc(all, func(a, b one) int { return slices.Compare(a.id[:], b.id[:]) })
	buf := make([]byte, 0, len(all)*32)
	for _, x := range all {
		buf = append(buf, x.digest[:]...)
	}
	w.Digest = record.Digest("entente/states/v1", buf)
	n.digests.put(group, w)
	return w, nil
}

// compareState raises an alarm when one cut has two digests.
func (n *Node) compareState(ctx context.Context, group record.ID, peer record.Party, word *StateWord) {
	g, err := n.find(group)
	if word == nil || err != nil {
		return
	}
	for p, m := range word.Cut {
		if l := g.logs[p]; l == nil || l.counted != m.Size {
			return // not our cut: nothing to compare
		}
	}
	ours, err := n.State(ctx, group)
	if err != nil || len(ours.Cut) != len(word.Cut) {
		return
	}
	for p, m := range ours.Cut {
		if word.Cut[p] != m {
			return
		}
	}
	if ours.Digest != word.Digest {
		_ = n.alarm(ctx, g, store.Alarm{Party: peer, Code: AlarmState, Text: fmt.Sprintf("%s computes another state from the same records. One of the two programs is wrong or was changed.", peer)})
	}
}
