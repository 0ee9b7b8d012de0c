package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"entente"
	"entente/record"
	"entente/store"
	"entente/tlog"
)

// Push is one message of records from a party's node to another: the records of its own log from an index on, the parts
// that the receiver may hold, and a checkpoint that covers exactly them.
type Push struct {
	Group      record.ID       `cbor:"1,keyasint"`
	From       uint64          `cbor:"2,keyasint"`
	Records    [][]byte        `cbor:"3,keyasint"`
	Parts      [][]record.Part `cbor:"4,keyasint"` // as many as records
	Checkpoint []byte          `cbor:"5,keyasint"`
	Gossip     []Head          `cbor:"6,keyasint,omitempty"`
	State      *StateWord      `cbor:"7,keyasint,omitempty"`

	bytes int // of records and parts so far
}

// Head is the latest signed checkpoint of another party's log that the sender holds.
type Head struct {
	Party record.Party `cbor:"1,keyasint"`
	Note  []byte       `cbor:"2,keyasint"`
}

// Ack answers a push: what is held now, and the cosignatures that say so.
type Ack struct {
	Size         uint64     `cbor:"1,keyasint"`
	Cosignatures [][]byte   `cbor:"2,keyasint,omitempty"` // witness, then mirror; under new keys first, while older ones are known
	Gossip       []Head     `cbor:"3,keyasint,omitempty"`
	State        *StateWord `cbor:"4,keyasint,omitempty"`
}

// StateWord is a node's digest of its state at a cut (rule C7). Two nodes with one cut must have one digest.
type StateWord struct {
	Cut    map[record.Party]record.Mark `cbor:"1,keyasint" json:"cut"`
	Digest record.ID                    `cbor:"2,keyasint" json:"digest"`
}

// Codes of alarms.
const (
	AlarmFork      = "fork"       // a party signed two histories; Proof is portable
	AlarmMismatch  = "mismatch"   // records do not lead to the checkpoint; not yet provable
	AlarmCopy      = "copy"       // a second live copy of a party's node was refused
	AlarmState     = "state"      // one cut, two digests of state
	AlarmUnasked   = "unreleased" // a part came that was not released to this party; it was not stored
	AlarmFalseSeen = "other-log"  // a record knows another log than the one held here
	AlarmOrphan    = "orphan"     // own records surfaced that the restored log does not hold
)

// The errors of an exchange.
var (
	// ErrGap: the push starts above what is held; Ack.Size says where to start.
	ErrGap = errors.New("records before these are missing")
	// ErrFork: the other side's records conflict with those it signed before. An alarm with the proof is kept.
	ErrFork = errors.New("records do not match those signed before")
	// ErrTampered: a record, part or checkpoint does not verify. Nothing of the message was taken.
	ErrTampered = errors.New("does not verify")
)

// Receive takes a peer's push: verified outside the writer, appended, counted and folded in one commit, and only then
// cosigned, as witness (it only grew) and as mirror (it is on this disk).
func (n *Node) Receive(ctx context.Context, from record.Party, p Push) (*Ack, error) {
	g, err := n.find(p.Group)
	if err != nil || g.logs[from] == nil || from == n.party {
		return nil, fmt.Errorf("group: %w", ErrNotFound)
	}
	if len(p.Records) > MaxPushRecords || len(p.Parts) != len(p.Records) || len(p.Gossip) > MaxGossip {
		return nil, fmt.Errorf("push: %w: at most %d records with their parts", ErrInvalid, MaxPushRecords)
	}
	if g.closed[from] {
		return nil, fmt.Errorf("%w: a fork of this log is on file here", ErrFork)
	}
	held := g.logs[from].tree.Size()
	if p.From > held {
		return &Ack{Size: held}, ErrGap
	}
	if err := n.overlap(ctx, g, from, &p, held); err != nil {
		return nil, err
	}
	if len(p.Records) == 0 && held == 0 {
		return &Ack{Size: 0}, nil
	}
	checked, err := n.verifyRun(g, from, p)
	if err != nil {
		return nil, err
	}
	ack, err := n.take(ctx, g, from, p, checked)
	if err != nil {
		return ack, err // with ErrGap, the size to go on from
	}
	ack.Gossip = n.gossip(g.id, from)
	n.compareGossip(ctx, g.id, from, p.Gossip)
	n.compareState(ctx, g.id, from, p.State)
	return ack, nil
}

// overlap drops the records that are held already after comparing them, and makes a proof of the first that differs.
func (n *Node) overlap(ctx context.Context, g *group, from record.Party, p *Push, held uint64) error {
	l := g.logs[from]
	differs := -1
	err := store.Raw(n.store.View(ctx), l.row, p.From, min(held, p.From+uint64(len(p.Records))), func(i uint64, raw []byte) error {
		if k := int(i - p.From); differs < 0 && string(raw) != string(p.Records[k]) {
			differs = k
		}
		return nil
	})
	if err != nil {
		return explain(err)
	}
	if differs >= 0 {
		return n.prove(ctx, g, from, *p, p.From+uint64(differs))
	}
	skip := min(held-p.From, uint64(len(p.Records)))
	p.Records, p.Parts, p.From = p.Records[skip:], p.Parts[skip:], p.From+skip
	if len(p.Records) > 0 {
		return nil
	}
	if c, err := tlog.ParseCheckpoint(p.Checkpoint); err == nil && c.Size == l.tree.Size() && c.Root != l.tree.Root() {
		return n.prove(ctx, g, from, *p, held)
	}
	return nil
}

// verifyRun verifies records, approvals and parts in parallel, as far as the powers held before them allow.
func (n *Node) verifyRun(g *group, from record.Party, p Push) (*checkedRun, error) {
	run := &checkedRun{records: make([]*record.Record, len(p.Records)), ok: make([]verified, len(p.Records))}
	ring := g.ledger.Ring(from)
	one := func(i int, ring *entente.Keyring) error {
		at := record.Place{Group: g.id, Party: from, Index: p.From + uint64(i)}
		r, err := record.Verify(p.Records[i], at, ring.RecordKey)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrTampered, err)
		}
		run.records[i] = r
		if n.kinds.WideningOf(r.Header()) != nil {
			return nil // its parts are those of an earlier record: keepReleased opens them against that
		}
		for _, part := range p.Parts[i] {
			if err := record.Open(r.Header(), part); err != nil {
				return fmt.Errorf("record %s: %w: %w", r.Header().Ref(), ErrTampered, err)
			}
		}
		return nil
	}
	approvals := func(i int, ring *entente.Keyring) {
		h := run.records[i].Header()
		run.ok[i] = verified{}
		run.ok[i].check(h, ring.At(h.Index))
	}
	errs := make([]error, len(p.Records))
	parallel(len(p.Records), func(i int) {
		if errs[i] = one(i, ring); errs[i] == nil {
			approvals(i, ring)
		}
	})
	special := slices.ContainsFunc(run.records, func(r *record.Record) bool { return r != nil && r.Header().Kind == "powers" })
	if err := errors.Join(errs...); err == nil && !special {
		return run, nil
	} else if err != nil && !errors.Is(err, record.ErrSignature) {
		return nil, firstError(errs)
	}
	// Powers change on the way: once more in order, each record under the powers before it.
	ring = ring.Clone()
	for i := range p.Records {
		if err := one(i, ring); err != nil {
			return nil, err
		}
		approvals(i, ring)
		ring.Feed(run.records[i].Header(), run.records[i].ID())
	}
	return run, nil
}

type checkedRun struct {
	records []*record.Record
	ok      []verified
}

func firstError(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// parallel runs f for 0 to n-1 on all cores.
func parallel(n int, f func(int)) {
	workers := min(runtime.GOMAXPROCS(0), (n+15)/16)
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var wg sync.WaitGroup
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	for range workers {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	wg.Wait()
}

// take commits a verified run and cosigns the head it leads to.
func (n *Node) take(ctx context.Context, g0 *group, from record.Party, p Push, run *checkedRun) (*Ack, error) {
	var ack *Ack
	var head []byte
	err := n.write(ctx, func(b *batch) error {
		w, err := b.group(g0.row)
		if err != nil {
			return err
		}
		l := w.logs[from]
		if l.tree.Size() != p.From {
			ack = &Ack{Size: l.tree.Size()}
			return ErrGap // another message came first; the sender goes on from the size
		}
		tree := l.tree.Clone()
		ring := w.ledger.Ring(from).Clone()
		for _, r := range run.records {
			tree.Append(tlog.LeafHash(r.Bytes()))
			ring.Feed(r.Header(), r.ID())
		}
		c, err := tlog.OpenCheckpoint(p.Checkpoint, tlog.Origin(w.id, string(from)), ring.Key(entente.UseLog, tree.Size()))
		if err != nil {
			return fmt.Errorf("checkpoint of %s: %w: %w", from, ErrTampered, err)
		}
		if c.Size != tree.Size() || c.Root != tree.Root() {
			return fmt.Errorf("checkpoint of %s over %d records: %w: %w", from, tree.Size(), ErrTampered, errRoot)
		}
		for i, r := range run.records {
			if err := w.hold(r); err != nil {
				return b.fail(err)
			}
			if err := w.keepParts(l, r, p.Parts[i]); err != nil {
				return b.fail(err)
			}
		}
		w.ledger.Verify = mergeVerified(run.ok).verify
		if err := w.advance(); err != nil {
			return err
		}
		if len(run.records) > 0 {
			l.checkpoint = p.Checkpoint
			w.grown[from] = true
		}
		head = p.Checkpoint
		ack = &Ack{Size: tree.Size()}
		return nil
	})
	if errors.Is(err, errRoot) {
		return nil, errors.Join(err, n.mismatch(ctx, g0, from, p))
	}
	if err != nil {
		return ack, err
	}
	if ack.Cosignatures, err = n.cosignatures(ctx, g0.id, from, head); err != nil {
		return nil, err
	}
	return ack, nil
}

// cosignatures are under the keys of our newest powers, and, until the peer has acknowledged those, under the ones before too: it
// takes the pair that it can check.
func (n *Node) cosignatures(ctx context.Context, group record.ID, peer record.Party, head []byte) ([][]byte, error) {
	g, err := n.find(group)
	if err != nil {
		return nil, err
	}
	size := g.logs[n.party].tree.Size()
	out, err := n.cosign(g, head, size)
	if err != nil || n.keys.settled() {
		return out, err
	}
	acked, err := n.Acked(ctx, group, peer)
	ring := g.ledger.Ring(n.party)
	if was := ring.At(acked); err != nil || was == nil || sameKeys(was.Keys, ring.At(size).Keys) {
		return out, err
	}
	if before, err := n.cosign(g, head, acked); err == nil { // a key that was lost helps nobody
		out = append(out, before...)
	}
	return out, nil
}

var errRoot = errors.New("the records do not lead to its root")

func mergeVerified(all []verified) verified {
	out := verified{}
	for _, v := range all {
		for a, k := range v {
			out[a] = k
		}
	}
	return out
}

// keepParts stores the parts that this party may hold; another is refused entry and named (invariant 7).
func (w *work) keepParts(l *plog, r *record.Record, parts []record.Part) error {
	if x := w.b.n.kinds.WideningOf(r.Header()); x != nil {
		return w.keepReleased(l, r, x, parts)
	}
	pos := store.PosOf(l.row, r.Header().Index)
	keep := make([]record.Part, 0, len(parts))
	for _, p := range parts {
		ref, _ := r.Header().Part(p.Name)
		if !w.b.n.mayHold(filterKeep, ref.Marking, l.party, w.b.n.party) {
			if err := w.unasked(l, r, p.Name); err != nil {
				return err
			}
			continue
		}
		keep = append(keep, p)
	}
	return w.b.tx.PutParts(pos, r.ID(), keep...)
}

// cosign signs a head that is on this disk, under both names, with the keys that are current at a size of our own log. The head is
// that of the last commit or an earlier one.
func (n *Node) cosign(g *group, note []byte, size uint64) ([][]byte, error) {
	if g.ledger.Ring(n.party).At(size) == nil {
		size = g.logs[n.party].tree.Size()
	}
	wk, err := n.signer(g, entente.UseWitness, size)
	if err != nil {
		return nil, err
	}
	mk, err := n.signer(g, entente.UseMirror, size)
	if err != nil {
		return nil, err
	}
	now := n.clock()
	w, err := tlog.Cosign(note, tlog.WitnessName(g.id, string(n.party)), wk, now)
	if err != nil {
		return nil, err
	}
	m, err := tlog.Cosign(note, tlog.MirrorName(g.id, string(n.party)), mk, now)
	return [][]byte{w, m}, err
}

// Outgoing collects the next push for a peer from an index on: bounded, with a checkpoint that covers exactly it.
func (n *Node) Outgoing(ctx context.Context, group record.ID, peer record.Party, from uint64) (*Push, error) {
	g, err := n.find(group)
	if err != nil {
		return nil, err
	}
	own := g.logs[n.party]
	if g.logs[peer] == nil || peer == n.party {
		return nil, fmt.Errorf("peer %s: %w", peer, ErrNotFound)
	}
	p := &Push{Group: g.id, From: from, Records: [][]byte{}, Parts: [][]record.Part{}, Gossip: n.gossip(g.id, peer)}
	to := min(own.tree.Size(), from+MaxPushRecords)
	v := n.store.View(ctx)
	err = store.Between(v, own.row, from, to, func(e store.Entry) error {
		parts, err := n.partsFor(v, e, peer)
		if err == nil && n.kinds.WideningOf(e.Record.Header()) != nil {
			parts, err = n.releasedBy(v, g, e.Record.Header(), peer)
		}
		if err == nil {
			err = p.add(e.Record, parts)
		}
		return err
	})
	if err != nil && !errors.Is(err, errFull) {
		return nil, explain(err)
	}
	end := from + uint64(len(p.Records))
	if end == 0 {
		return p, nil
	}
	if end == own.tree.Size() {
		p.Checkpoint = own.checkpoint
		return p, nil
	}
	root, err := tlog.RootAt(own.tree.Over(store.Tiles(v, own.row)), own.tree.Size(), end)
	if err != nil {
		return nil, err
	}
	key, err := n.signer(g, entente.UseLog, end)
	if err != nil {
		return nil, err
	}
	p.Checkpoint, err = tlog.SignCheckpoint(tlog.Checkpoint{Origin: tlog.Origin(g.id, string(n.party)), Size: end, Root: root}, key)
	return p, err
}

var errFull = errors.New("message is full")

// add puts the next record with its parts into the message, or says that it is full. The first record always fits.
func (p *Push) add(r *record.Record, parts []record.Part) error {
	more := len(r.Bytes())
	for _, x := range parts {
		more += len(x.Content) + 64
	}
	if len(p.Records) > 0 && p.bytes+more > MaxPushBytes {
		return errFull
	}
	p.bytes += more
	p.Records, p.Parts = append(p.Records, r.Bytes()), append(p.Parts, parts)
	return nil
}

// partsFor reads the parts of a record that a party may hold and that are held here.
func (n *Node) partsFor(v *store.View, e store.Entry, peer record.Party) ([]record.Part, error) {
	var names []string
	h := e.Record.Header()
	for _, ref := range h.Parts {
		if n.mayHold(filterSend, ref.Marking, h.Party, peer) {
			names = append(names, ref.Name)
		}
	}
	return heldParts(v, e, names)
}

// heldParts are those of a record's parts that are here and not destroyed.
func heldParts(v *store.View, e store.Entry, names []string) ([]record.Part, error) {
	out := []record.Part{}
	for _, name := range names {
		p, err := store.Part(v, e.Pos, e.Record.ID(), name)
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrErased) {
			continue
		} else if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Acknowledged takes a peer's answer: its cosignatures are verified against our own head of that size and kept as receipt.
func (n *Node) Acknowledged(ctx context.Context, group record.ID, peer record.Party, p *Push, a *Ack) error {
	g, err := n.find(group)
	if err != nil {
		return err
	}
	l := g.logs[peer]
	if l == nil {
		return fmt.Errorf("peer %s: %w", peer, ErrNotFound)
	}
	o := store.Outbox{Peer: peer, Acked: a.Size, Contact: n.clock()}
	if len(a.Cosignatures) > 0 {
		if n := len(a.Cosignatures); n != 2 && n != 4 {
			return fmt.Errorf("acknowledgement of %s: %w: want a witness and a mirror cosignature", peer, ErrTampered)
		}
		c, err := tlog.ParseCheckpoint(p.Checkpoint)
		if err != nil || c.Size != a.Size {
			return fmt.Errorf("acknowledgement of %s: %w: it is of another head", peer, ErrTampered)
		}
		ring := g.ledger.Ring(peer)
		if wk := ring.Key(entente.UseWitness, l.tree.Size()); wk != nil { // before a peer's powers are here its word cannot be checked
			mk := ring.Key(entente.UseMirror, l.tree.Size())
			pair := a.Cosignatures
			check := func() error {
				_, err1 := tlog.VerifyCosignature(p.Checkpoint, pair[0], tlog.WitnessName(g.id, string(peer)), wk)
				_, err2 := tlog.VerifyCosignature(p.Checkpoint, pair[1], tlog.MirrorName(g.id, string(peer)), mk)
				return errors.Join(err1, err2)
			}
			err := check()
			if err != nil && len(pair) == 4 { // its powers changed and we have not heard: the second pair is under those before
				pair = pair[2:]
				err = check()
			}
			if err != nil {
				return fmt.Errorf("acknowledgement of %s: %w: %w", peer, ErrTampered, err)
			}
			if o.Note, err = tlog.AddCosignatures(p.Checkpoint, pair[:2]...); err != nil {
				return err
			}
		} else {
			o.Acked = 0
		}
	} else {
		o.Acked = 0
	}
	n.compareGossip(ctx, g.id, peer, a.Gossip)
	n.compareState(ctx, g.id, peer, a.State)
	defer n.forgetKeys(ctx)
	return n.write(ctx, func(b *batch) error {
		if o.Acked == 0 { // contact only
			old, err := store.Outboxes(b.tx, g.row)
			if err != nil {
				return b.fail(err)
			}
			for _, x := range old {
				if x.Peer == peer {
					o.Acked = x.Acked
				}
			}
		}
		return b.fail(b.tx.PutOutbox(g.row, o))
	})
}

// gossip is the latest head of every log but the receiver's own and ours: equivocation to a third party comes out here.
func (n *Node) gossip(group record.ID, to record.Party) []Head {
	g, err := n.find(group)
	if err != nil {
		return nil
	}
	var out []Head
	for _, p := range g.ledger.Parties() {
		if l := g.logs[p]; p != to && p != n.party && len(l.checkpoint) > 0 && len(out) < MaxGossip {
			out = append(out, Head{p, l.checkpoint})
		}
	}
	return out
}

// PeerKey is the pinned TLS key of a party: of its powers and its introduction the one that was said last, by the time of the
// record, or that at which people here compared the fingerprint.
func (n *Node) PeerKey(ctx context.Context, p record.Party) (ed25519.PublicKey, string, error) {
	n.mu.RLock()
	var pub ed25519.PublicKey
	var addr string
	said := int64(-1)
	for _, row := range slices.Sorted(maps.Keys(n.groups)) { // of those said at one time the group founded last counts
		g := n.groups[row]
		if l := g.logs[p]; l != nil && p != n.party {
			if s := spanAt(g.ledger.Ring(p), l.tree.Size()); s != nil && s.Time >= said {
				pub, addr, said = s.Powers.Keys[entente.UseTLS].Ed25519(), s.Powers.Address, s.Time
			}
		}
	}
	n.mu.RUnlock()
	i, err := n.met(ctx, p)
	switch {
	case err == nil && (pub == nil || i.Met > said):
		return i.TLS.Ed25519(), i.Address, nil
	case pub == nil:
		return nil, "", err
	case addr == "" && err == nil:
		addr = i.Address
	}
	return pub, addr, nil
}

// spanAt is the powers in force at a size of a log, with where they stand.
func spanAt(r *entente.Keyring, size uint64) *entente.Span {
	spans := r.Spans()
	for i := len(spans) - 1; i >= 0; i-- {
		if spans[i].From < size {
			return &spans[i]
		}
	}
	return nil
}

// PartyByKey finds the party whose node connects with that TLS key, among those this node shares a group with or has met.
func (n *Node) PartyByKey(ctx context.Context, pub ed25519.PublicKey) (record.Party, bool) {
	parties := n.Peers()
	if met, err := n.Introductions(ctx); err == nil {
		for _, i := range met {
			parties = append(parties, i.Party)
		}
	}
	for _, p := range parties {
		if k, _, err := n.PeerKey(ctx, p); err == nil && k.Equal(pub) {
			return p, true
		}
	}
	return "", false
}

// Peers are the other parties of all groups, ascending.
func (n *Node) Peers() []record.Party {
	n.mu.RLock()
	defer n.mu.RUnlock()
	var out []record.Party
	for _, g := range n.groups {
		for p := range g.logs {
			if p != n.party {
				out = append(out, p)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Shared lists the groups that this node shares with a party.
func (n *Node) Shared(p record.Party) []record.ID {
	n.mu.RLock()
	defer n.mu.RUnlock()
	var out []record.ID
	for _, g := range n.groups {
		if g.logs[p] != nil && p != n.party {
			out = append(out, g.id)
		}
	}
	slices.SortFunc(out, func(a, b record.ID) int { return slices.Compare(a[:], b[:]) })
	return out
}

// Sizes are what this node holds of each log of a group, and of its own log for the pusher.
func (n *Node) Sizes(group record.ID) (map[record.Party]uint64, error) {
	g, err := n.find(group)
	if err != nil {
		return nil, err
	}
	out := map[record.Party]uint64{}
	for p, l := range g.logs {
		out[p] = l.tree.Size()
	}
	return out, nil
}
