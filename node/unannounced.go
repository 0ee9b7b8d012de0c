package node

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"entente/record"
	"entente/release"
	"entente/store"
)

// unannounced is the index of what this party holds and may not publish. It is in memory alone: a stolen database reads nothing that
// was derived from a part. It is built at the first check and goes on from there.
type unannounced struct {
	mu      sync.Mutex
	index   *release.Index
	next    map[int64]uint64           // by log: records below are in it
	sources []heldPart                 // by release.Source - 1
	absent  map[store.PartKey]heldPart // parts that have not arrived
	public  map[record.ID]bool
	taken   map[record.ID]taken            // by group: what of it is public was last read then
	checks  map[string]map[record.ID]int64 // by office: what it asked within the last hour, and when first
	counted map[record.ID]counted          // by act: how much of a draft was held
	built   atomic.Bool                    // a check waits for no more than what came since the last one
}

type heldPart struct {
	group      *group
	id         record.ID
	instrument record.ID
	name       string
	pos        store.Pos
	author     record.Party
	marking    record.Marking
	salt       [16]byte // of the part
}

// originator is whose word it needs.
func (x *heldPart) originator() record.Party {
	if x.marking.Originator != "" {
		return x.marking.Originator
	}
	return x.author
}

func (x *heldPart) key() store.PartKey { return store.PartKey{Pos: x.pos, ID: x.id, Name: x.name} }

// taken says how much of a group was on record when its public texts were read, and when that was.
type taken struct {
	records uint64
	at      int64
}

// counted is how many passages of a draft were held when that much was known.
type counted struct {
	known, watched uint64
	held           int
}

// Gather reads what this party may not publish, so that the first check after a start does not wait for it.
func (n *Node) Gather(ctx context.Context) error {
	u := &n.unannounced
	u.mu.Lock()
	defer u.mu.Unlock()
	return explainNil(n.index(ctx))
}

// HeldDrafts says of which of these drafts passages are held now, and of how many: the acts that let a text out. It tells nothing of
// them, and names none before the first check, or Gather, has read what may not be published.
func (n *Node) HeldDrafts(ctx context.Context, who Caller, group record.ID, drafts []*Draft) (map[record.Nonce]int, error) {
	g, err := n.reading(who, group)
	if err != nil || !n.unannounced.built.Load() {
		return nil, err
	}
	out := map[record.Nonce]int{}
	for _, d := range drafts {
		if d.Header.Verb != record.Release || d.Header.Group != g.id {
			continue
		}
		k, err := n.heldCount(ctx, g, d)
		if err != nil {
			return nil, err
		}
		if k > 0 {
			out[d.Nonce] = k
		}
	}
	return out, nil
}

func (n *Node) heldCount(ctx context.Context, g *group, d *Draft) (int, error) {
	_, edition, err := n.watched(ctx)
	if err != nil {
		return 0, err
	}
	u := &n.unannounced
	u.mu.Lock()
	err = n.index(ctx)
	now := counted{watched: uint64(edition.Time)}
	for _, k := range u.next {
		now.known += k
	}
	was, ok := u.counted[d.Act]
	u.mu.Unlock()
	if err != nil {
		return 0, explain(err)
	}
	if now.held = was.held; ok && now == was {
		return was.held, nil
	}
	held, err := n.heldOf(ctx, g, d.Nonce)
	if err != nil {
		return 0, err
	}
	now.held = len(held)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.counted == nil || len(u.counted) > maxCounted {
		u.counted = map[record.ID]counted{}
	}
	u.counted[d.Act] = now
	return now.held, nil
}

// index takes in what came since the last check. Its lock is held.
func (n *Node) index(ctx context.Context) error {
	u := &n.unannounced
	if u.index == nil || u.index.Worn() {
		u.index, u.next, u.sources, u.public, u.absent = release.NewIndex(), map[int64]uint64{}, nil, map[record.ID]bool{}, map[store.PartKey]heldPart{}
		u.taken = map[record.ID]taken{}
	}
	n.mu.RLock()
	var groups []*group
	for _, g := range n.groups {
		groups = append(groups, g)
	}
	n.mu.RUnlock()
	slices.SortFunc(groups, func(a, b *group) int { return int(a.row - b.row) })
	now := n.clock()
	err := n.store.Snapshot(ctx, func(v *store.View) error {
		if err := n.indexParts(v); err != nil {
			return err
		}
		for _, g := range groups {
			if err := n.takePublic(v, g, now); err != nil {
				return err
			}
			for _, p := range g.ledger.Parties() {
				if l := g.logs[p]; l != nil {
					if err := n.indexLog(v, g, l.row); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		u.index = nil // it is built anew: half of it would let things through
	}
	u.built.Store(err == nil)
	return err
}

// indexParts takes in what has arrived of the parts that are still absent.
func (n *Node) indexParts(v *store.View) error {
	u := &n.unannounced
	var keys []store.PartKey
	for k := range u.absent {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b store.PartKey) int { return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.Name, b.Name)) })
	return store.Parts(v, keys, func(k store.PartKey, p record.Part, err error) error {
		x := u.absent[k]
		delete(u.absent, k)
		if errors.Is(err, store.ErrErased) || err == nil && !utf8.Valid(p.Content) {
			return nil
		}
		if err != nil {
			return err
		}
		x.salt = p.Salt
		return n.addHeld(x, string(p.Content), forAll(x.marking))
	})
}

// takePublic notes the texts that are public by now: what the index has of them is no reason to hold, and neither is what says the same.
func (n *Node) takePublic(v *store.View, g *group, now int64) error {
	u := &n.unannounced
	t := taken{at: now}
	for _, l := range g.logs {
		t.records += l.tree.Size()
	}
	if was, ok := u.taken[g.id]; ok && was.records == t.records && now-was.at < publicAgain {
		return nil
	}
	of, err := n.publicOf(v, g, now)
	if err != nil {
		return err
	}
	u.taken[g.id] = t
	for _, p := range of {
		if u.public[p.Version] {
			continue
		}
		for i := range u.sources {
			if u.sources[i].id == p.Version {
				u.index.Drop(release.Source(i + 1))
			}
		}
		for _, part := range p.Parts {
			if isText(part.Name) && utf8.Valid(part.Content) {
				if err := n.addHeld(heldPart{group: g, id: p.Version, instrument: p.Instrument, name: part.Name}, string(part.Content), true); err != nil {
					return err
				}
			}
		}
		u.public[p.Version] = true
	}
	return nil
}

func (n *Node) addHeld(x heldPart, text string, public bool) error {
	u := &n.unannounced
	if _, err := u.index.Add(text, public); err != nil {
		return err
	}
	u.sources = append(u.sources, x)
	return nil
}

func (n *Node) indexLog(v *store.View, g *group, log int64) error {
	u := &n.unannounced
	const step = 500
	for {
		from := u.next[log]
		read := uint64(0)
		wider := map[record.ID][]string{} // by the record whose parts were released to this party later
		err := store.Between(v, log, from, from+step, func(e store.Entry) error {
			read++
			h := e.Record.Header()
			if x := n.kinds.WideningOf(h); x != nil && slices.Contains(x.To, n.party) {
				wider[x.Of] = append(wider[x.Of], x.Parts...)
			}
			for _, ref := range h.Parts {
				if n.mayHold(filterHold, ref.Marking, h.Party, n.party) {
					u.await(g, e, ref)
				}
			}
			return nil
		})
		if err != nil || read == 0 {
			return err
		}
		released, err := store.ByIDs(v, g.rows(), slices.Collect(maps.Keys(wider)))
		if err != nil {
			return err
		}
		for id, e := range released {
			for _, ref := range e.Record.Header().Parts {
				if slices.Contains(wider[id], ref.Name) {
					u.await(g, e, ref)
				}
			}
		}
		if err := n.indexParts(v); err != nil {
			return err
		}
		u.next[log] = from + read
		if read < step {
			return nil
		}
	}
}

// await notes a part that is to be in the index once it is here.
func (u *unannounced) await(g *group, e store.Entry, ref record.PartRef) {
	id := e.Record.ID()
	if isText(ref.Name) && !u.public[id] {
		u.absent[store.PartKey{Pos: e.Pos, ID: id, Name: ref.Name}] = heldPart{group: g, id: id, instrument: e.Record.Instrument(), name: ref.Name, pos: e.Pos,
			author: e.Record.Header().Party, marking: ref.Marking}
	}
}

// may counts the texts that an office checks.
func (u *unannounced) may(office string, text record.ID, now int64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.checks == nil {
		u.checks = map[string]map[record.ID]int64{}
	}
	if u.checks[office] == nil {
		u.checks[office] = map[record.ID]int64{}
	}
	of := u.checks[office]
	maps.DeleteFunc(of, func(_ record.ID, t int64) bool { return t <= now-3600 })
	if _, ok := of[text]; !ok && len(of) >= maxAnnouncements {
		return false
	} else if !ok {
		of[text] = now
	}
	return true
}
