package node

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"entente"
	"entente/record"
	"entente/store"
	"entente/tlog"
)

// Restoring lists the groups that are read-only after a start that the anchor does not vouch for, with the peers that have
// not answered yet.
func (n *Node) Restoring() map[record.ID][]record.Party {
	n.mu.RLock()
	defer n.mu.RUnlock()
	out := map[record.ID][]record.Party{}
	for id, left := range n.restoring {
		for p := range left {
			out[id] = append(out[id], p)
		}
		slices.Sort(out[id])
	}
	return out
}

// Return gives a party records of its own log that this node mirrors, from an index on, with the parts this node holds: how
// a restored node takes back what it lost. Checkpoint is the head held here, of whatever size.
func (n *Node) Return(ctx context.Context, to record.Party, group record.ID, from uint64) (*Push, error) {
	g, err := n.find(group)
	if err != nil || g.logs[to] == nil || to == n.party {
		return nil, fmt.Errorf("group: %w", ErrNotFound)
	}
	l, v := g.logs[to], n.store.View(ctx)
	from = min(from, l.tree.Size()) // a stranger's number: sums above the log's size would wrap and reach other logs
	p := &Push{Group: g.id, From: from, Records: [][]byte{}, Parts: [][]record.Part{}, Checkpoint: l.checkpoint}
	err = store.Between(v, l.row, from, min(l.tree.Size(), from+MaxPushRecords), func(e store.Entry) error {
		parts, err := n.partsFor(v, e, to)
		if err == nil {
			err = p.add(e.Record, parts)
		}
		return err
	})
	if err != nil && !errors.Is(err, errFull) {
		return nil, explain(err)
	}
	return p, nil
}

// Recover asks one peer what it holds of this node's log in a group, takes back what is missing here, and notes that the peer
// has answered. fetch calls the peer's Return. When the last peer has answered the group can be written to again.
func (n *Node) Recover(ctx context.Context, group record.ID, peer record.Party, fetch func(from uint64) (*Push, error)) error {
	g, err := n.find(group)
	if err != nil {
		return err
	}
	own := g.logs[n.party]
	first, err := fetch(own.tree.Size())
	if err != nil {
		return err
	}
	if len(first.Checkpoint) > 0 {
		c, err := tlog.ParseCheckpoint(first.Checkpoint)
		if err != nil {
			return fmt.Errorf("head returned by %s: %w: %w", peer, ErrTampered, err)
		}
		if c.Size > own.tree.Size() {
			err = n.takeBack(ctx, g, peer, c, first, fetch)
		} else {
			err = n.compareOwn(ctx, g, peer, first.Checkpoint)
		}
		if err != nil {
			return err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.restoring[group], peer)
	if len(n.restoring[group]) == 0 {
		delete(n.restoring, group)
		l := n.groups[g.row].logs[n.party]
		n.anchor.set(group, l.tree.Size(), record.ID(l.tree.Root()))
	}
	return nil
}

// ownHead verifies a head of our own log that a peer returned, under the powers that stood when we signed it.
func ownHead(g *group, me, peer record.Party, note []byte, keys tlog.Keys) (tlog.Checkpoint, error) {
	c, _, err := tlog.OpenCheckpointKeys(note, tlog.Origin(g.id, string(me)), keys)
	if errors.Is(err, tlog.ErrSignature) || errors.Is(err, tlog.ErrMissing) {
		return c, fmt.Errorf("%s returned a head of our log that our key did not sign: %w", peer, ErrTampered)
	} else if err != nil {
		return c, fmt.Errorf("head returned by %s: %w: %w", peer, ErrTampered, err)
	}
	return c, nil
}

// compareOwn holds a returned head that is not above ours against our own log.
func (n *Node) compareOwn(ctx context.Context, g *group, peer record.Party, note []byte) error {
	own := g.logs[n.party]
	c, err := ownHead(g, n.party, peer, note, g.logKeys(n.party))
	if err != nil {
		return err
	}
	root, err := tlog.RootAt(own.tree.Over(store.Tiles(n.store.View(ctx), own.row)), own.tree.Size(), c.Size)
	if err != nil || root == c.Root {
		return err
	}
	return errors.Join(ErrFork, n.alarm(ctx, g, store.Alarm{Party: n.party, Code: AlarmFork, Proof: note,
		Text: fmt.Sprintf("%s holds another history of our own log. This copy must not write: restore a later backup.", peer)}))
}

// takeBack verifies everything a peer returns against the head we once signed before any of it is taken.
func (n *Node) takeBack(ctx context.Context, g0 *group, peer record.Party, head tlog.Checkpoint, p *Push, fetch func(uint64) (*Push, error)) error {
	own := g0.logs[n.party]
	tree, ring, note := own.tree.Clone(), g0.ledger.Ring(n.party).Clone(), p.Checkpoint
	var records []*record.Record
	var parts [][]record.Part
	for tree.Size() < head.Size {
		if p.From != tree.Size() || len(p.Records) == 0 || len(p.Parts) != len(p.Records) {
			return fmt.Errorf("%s returned %d records from %d; expected those from %d: %w", peer, len(p.Records), p.From, tree.Size(), ErrTampered)
		}
		for i, raw := range p.Records {
			r, err := record.Verify(raw, record.Place{Group: g0.id, Party: n.party, Index: tree.Size()}, ring.RecordKey)
			if err != nil {
				return fmt.Errorf("own record returned by %s: %w: %w", peer, ErrTampered, err)
			}
			for _, x := range p.Parts[i] {
				if err := record.Open(r.Header(), x); err != nil {
					return fmt.Errorf("own record returned by %s: %w: %w", peer, ErrTampered, err)
				}
			}
			ring.Feed(r.Header(), r.ID())
			tree.Append(tlog.LeafHash(raw))
			records, parts = append(records, r), append(parts, p.Parts[i])
			if tree.Size() == head.Size {
				break
			}
		}
		if tree.Size() < head.Size {
			var err error
			if p, err = fetch(tree.Size()); err != nil {
				return err
			}
		}
	}
	if _, err := ownHead(g0, n.party, peer, note, tlog.OneKey(ring.Key(entente.UseLog, tree.Size()))); err != nil {
		return err // only now: the powers that name the key may be among what was lost
	}
	if tree.Root() != head.Root {
		return fmt.Errorf("records returned by %s: %w: %w", peer, ErrTampered, errRoot)
	}
	defer func() { _ = n.endStale(ctx) }() // powers may have come back; what this does not reach is refused when it is used
	return n.write(ctx, func(b *batch) error {
		w, err := b.group(g0.row)
		if err != nil {
			return err
		}
		l := w.logs[n.party]
		if l.tree.Size() != own.tree.Size() {
			return fmt.Errorf("our log grew meanwhile: %w", ErrConflict)
		}
		for i, r := range records {
			if err := w.hold(r); err != nil {
				return b.fail(err)
			}
			if err := w.keepParts(l, r, parts[i]); err != nil {
				return b.fail(err)
			}
		}
		l.checkpoint = note // as we signed it; where the node still has that key, it is signed once more
		return w.advance()
	})
}

// GiveUp writes the restore record for a group whose silent peers are gone for good: the root key signs which head the log
// goes on from, who answered and who did not.
func (n *Node) GiveUp(ctx context.Context, group record.ID, root ed25519.PrivateKey) error {
	g, err := n.find(group)
	if err != nil {
		return err
	}
	d, err := n.restoreDraft(ctx, Caller{Operator: true}, g)
	if err != nil {
		return err
	}
	d.Sign(record.Approve(d.Act, n.party, record.RootOffice, 0, n.clock(), root))
	_, err = n.sealRestore(ctx, Caller{Operator: true}, d)
	return err
}

// restoreDraft prepares the restore record of a group: its head, who answered and who is silent.
func (n *Node) restoreDraft(ctx context.Context, who Caller, g *group) (*Draft, error) {
	silent := n.Restoring()[g.id]
	if len(silent) == 0 {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("restore.nobody", "group %s waits for nobody", g.id.Short()))
	}
	own := g.logs[n.party]
	t := entente.Restored{Size: own.tree.Size(), Root: record.ID(own.tree.Root()), Silent: silent}
	for p := range g.logs {
		if p != n.party && !slices.Contains(silent, p) {
			t.Answered = append(t.Answered, p)
		}
	}
	slices.Sort(t.Answered)
	terms, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	return n.Prepare(ctx, who, Act{Group: g.id, Kind: "powers", Verb: record.Restore, Terms: terms})
}

// Surface reads an old copy of this node's folder and keeps those of its own records that this log does not hold and that no
// peer acknowledged there: orphaned, shown, without effect (rule C10). It returns how many.
func (n *Node) Surface(ctx context.Context, dir string) (int, error) {
	if _, err := os.Stat(dir); err != nil {
		return 0, fmt.Errorf("old folder: %w", err)
	}
	old, err := store.Open(ctx, dir, [32]byte(n.keys.Wrap))
	if err != nil {
		return 0, fmt.Errorf("old folder: %w", err)
	}
	defer old.Close()
	v, total := old.View(ctx), 0
	groups, err := store.Groups(v)
	if err != nil {
		return 0, err
	}
	for _, og := range groups {
		g, err := n.find(og.ID)
		if err != nil {
			continue
		}
		boxes, err := store.Outboxes(v, og.Row)
		if err != nil {
			return total, err
		}
		acked := uint64(0)
		for _, o := range boxes {
			acked = max(acked, o.Acked)
		}
		logs, err := store.Logs(v, og.Row)
		if err != nil {
			return total, err
		}
		for _, l := range logs {
			if l.Party != n.party {
				continue
			}
			err := store.Between(v, l.Row, acked, l.Size, func(e store.Entry) error {
				if src := n.source(ctx, g); src.ByID(e.Record.ID()) != nil || src.err != nil {
					return src.err
				}
				total++
				return n.write(ctx, func(b *batch) error {
					if err := b.tx.PutOrphan(g.row, e.Record.Header().Index, e.Record.ID(), e.Record.Bytes()); err != nil {
						return b.fail(err)
					}
					return b.fail(b.tx.PutAlarm(g.row, store.Alarm{Party: n.party, Code: AlarmOrphan, Time: b.now,
						Text: fmt.Sprintf("Our record %s surfaced after the restore. No peer acknowledged it; it has no effect.", e.Record.Header().Ref())}))
				})
			})
			if err != nil {
				return total, err
			}
		}
	}
	return total, nil
}
