package node

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"

	"entente"
	"entente/record"
	"entente/store"
	"entente/tlog"
)

// Report is what a check found. Faults are complete: a check goes on after the first.
type Report struct {
	OK         bool     `json:"ok"`
	Groups     int      `json:"groups"`
	Records    uint64   `json:"records"`
	Parts      uint64   `json:"parts"`
	States     uint64   `json:"states"`
	Signatures uint64   `json:"signatures"`
	Sealed     bool     `json:"sealed,omitempty"` // no keys were there: the content of parts was not looked at
	Faults     []string `json:"faults,omitempty"`
}

// maxFaults listed: a damaged disk yields thousands, and the first ones say where.
const maxFaults = 100

func (r *Report) fault(format string, args ...any) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
	}
}

// Check rebuilds every table from the logs in a scratch database, with the same code that wrote them, and compares byte for
// byte; and verifies every signature, checkpoint, cosignature and part digest. The node may serve meanwhile: the check works
// on one snapshot. progress, if not nil, is called with records done and in all.
func (n *Node) Check(ctx context.Context, progress func(done, total uint64)) (*Report, error) {
	dir, err := os.MkdirTemp("", "entente-check-")
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	defer os.RemoveAll(dir)
	scratch, err := store.Open(ctx, dir, [32]byte(random(32)))
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	defer scratch.Close()
	rep := &Report{Sealed: n.keys == nil}
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		groups, err := store.Groups(v)
		if err != nil {
			return err
		}
		total := uint64(0)
		for _, g := range groups {
			logs, err := store.Logs(v, g.Row)
			if err != nil {
				return err
			}
			for _, l := range logs {
				total += l.Size
			}
		}
		c := &checker{n: n, v: v, rep: rep, scratch: scratch, progress: progress, total: total,
			shadow: &Node{party: n.party, clock: n.clock, kinds: n.kinds, store: scratch, recents: map[int64]*recent{}, groups: map[int64]*group{}}}
		for _, g := range groups {
			rep.Groups++
			if err := c.group(ctx, g); err != nil {
				return fmt.Errorf("group %s: %w", g.ID.Short(), err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, explain(err)
	}
	rep.OK = len(rep.Faults) == 0
	return rep, nil
}

type checker struct {
	n        *Node
	v        *store.View
	rep      *Report
	scratch  *store.Store
	shadow   *Node
	progress func(done, total uint64)
	done     uint64
	total    uint64
	doubt    map[partOf]record.Ref // parts of the log in hand that are for others by their marking
}

func (c *checker) group(ctx context.Context, row store.Group) error {
	if entente.GroupOf(row.Founding) != row.ID {
		c.rep.fault("group %s: its founding charter has another digest", row.ID.Short())
		return nil
	}
	l, err := c.n.ledger(row.Founding)
	if err != nil {
		c.rep.fault("group %s: %s", row.ID.Short(), err)
		return nil
	}
	logs, err := store.Logs(c.v, row.Row)
	if err != nil {
		return err
	}
	g := newGroup(0, row.ID, l)
	b := c.batch()
	err = c.scratch.Update(ctx, nil, func(tx *store.Tx) error {
		b.tx = tx
		r, err := tx.PutGroup(row.ID, row.Founding, l.Parties())
		if err != nil {
			return err
		}
		g.row = r.Row
		fresh, err := store.Logs(tx, r.Row)
		for _, x := range fresh {
			g.logs[x.Party] = newPlog(x)
		}
		return err
	})
	if err != nil {
		return err
	}
	c.shadow.groups[g.row] = g
	for _, x := range logs {
		c.doubt = map[partOf]record.Ref{}
		if err := c.records(ctx, row, x); err != nil {
			return err
		}
		for _, k := range slices.SortedFunc(maps.Keys(c.doubt), func(a, b partOf) int { return cmp.Or(compare(a.id.String(), b.id.String()), compare(a.name, b.name)) }) {
			c.rep.fault("record %s: the part %s is here and should not be", c.doubt[k], k.name)
		}
	}
	g = c.shadow.groups[g.row]
	for _, x := range logs {
		c.head(row, x, g)
	}
	if err := c.receipts(row, g, logs); err != nil {
		return err
	}
	if _, charter := g.ledger.Charter(); charter != nil {
		if b := g.ledger.MissingBoundary(charter); b != nil { // what counts without it is not what counted with it
			c.rep.fault("group %s: %s", row.ID.Short(), needsBoundary(b))
			return nil
		}
	}
	return c.compare(ctx, row, g, logs)
}

// receipts verifies the cosignatures by which peers said what they hold of our log.
func (c *checker) receipts(row store.Group, g *group, logs []store.Log) error {
	i := slices.IndexFunc(logs, func(l store.Log) bool { return l.Party == c.n.party })
	boxes, err := store.Outboxes(c.v, row.Row)
	if err != nil || i < 0 {
		return err
	}
	own, origin := logs[i], tlog.Origin(row.ID, string(c.n.party))
	for _, o := range boxes {
		if len(o.Note) == 0 || g.logs[o.Peer] == nil {
			continue
		}
		good := false
		for _, s := range g.ledger.Ring(o.Peer).Spans() {
			_, cs, err := tlog.OpenCosigned(o.Note, origin, g.logKeys(c.n.party), []tlog.Key{
				{Name: tlog.WitnessName(row.ID, string(o.Peer)), Alg: tlog.AlgCosignatureV1, Public: s.Powers.Keys[entente.UseWitness].Ed25519()},
				{Name: tlog.MirrorName(row.ID, string(o.Peer)), Alg: tlog.AlgCosignatureV1, Public: s.Powers.Keys[entente.UseMirror].Ed25519()}})
			good = good || err == nil && cs[0].Err == nil && cs[1].Err == nil
		}
		c.rep.Signatures += 2
		if !good {
			c.rep.fault("the cosignatures of %s on our log do not verify", o.Peer)
			continue
		}
		head, err := tlog.ParseCheckpoint(o.Note)
		if err == nil && head.Size <= own.Size {
			var t *tlog.Tree
			var root tlog.Hash
			if t, err = tlog.Load(own.Size, store.Tiles(c.v, own.Row)); err == nil {
				root, err = tlog.RootAt(t.Over(store.Tiles(c.v, own.Row)), own.Size, head.Size)
			}
			if err == nil && root != head.Root {
				err = errRoot
			}
		}
		if err != nil {
			c.rep.fault("the head of our log that %s cosigned: %s", o.Peer, err)
		}
	}
	return nil
}

func (c *checker) batch() *batch {
	return &batch{n: c.shadow, groups: map[int64]*work{}, now: record.MaxTime}
}

// records verifies one log and feeds what counts in it to the scratch database.
func (c *checker) records(ctx context.Context, row store.Group, x store.Log) error {
	from := uint64(0)
	for from < x.Size {
		to := min(x.Size, from+MaxPushRecords)
		var entries []store.Entry
		next := from
		err := store.Between(c.v, x.Row, from, to, func(e store.Entry) error {
			entries = append(entries, e)
			return nil
		})
		if errors.Is(err, store.ErrCorrupt) {
			c.rep.fault("log of %s, records %d to %d: %s", x.Party, from, to, err)
			return nil
		} else if err != nil {
			return err
		}
		if uint64(len(entries)) != to-from {
			c.rep.fault("log of %s: %d of the records %d to %d are missing", x.Party, to-from-uint64(len(entries)), from, to)
			return nil
		}
		g := c.shadow.groups[c.rowOf(row.ID)]
		ring := g.ledger.Ring(x.Party).Clone()
		broken, waiting := false, false
		for _, e := range entries {
			if _, err := record.Verify(e.Record.Bytes(), record.Place{Group: row.ID, Party: x.Party, Index: next}, ring.RecordKey); err != nil {
				c.rep.fault("log of %s, record %d: %s", x.Party, next, err)
				broken = broken || e.Record.Header().Ref() != record.Ref{Party: x.Party, Index: next}
			}
			if waiting && e.Judged {
				c.rep.fault("log of %s: record %d is marked as counted, one before it is not", x.Party, next)
				broken = true
			}
			waiting = waiting || !e.Judged
			c.rep.Signatures++
			ring.Feed(e.Record.Header(), e.Record.ID())
			next++
			if err := c.parts(e); err != nil {
				return err
			}
		}
		if broken { // nothing can be rebuilt on it; the comparison names what is missing
			return nil
		}
		b := c.batch()
		err = c.scratch.Update(ctx, nil, func(tx *store.Tx) error {
			b.tx = tx
			w, err := b.group(g.row)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if !e.Judged { // held back: it is in the log and does not count
					continue
				}
				if err := w.hold(e.Record); err != nil {
					return err
				}
				if len(w.ledger.Ring(x.Party).Spans()) > 0 && len(e.Record.Header().Approvals) > 0 {
					c.rep.Signatures += uint64(len(e.Record.Header().Approvals))
				}
			}
			if err := w.advance(); err != nil {
				return err
			}
			return w.finish()
		})
		if err != nil {
			return err
		}
		for r, w := range b.groups {
			c.shadow.groups[r] = w.group
		}
		c.rep.Records += uint64(len(entries))
		c.done += uint64(len(entries))
		if c.progress != nil {
			c.progress(c.done, c.total)
		}
		from = to
	}
	return nil
}

func (c *checker) rowOf(id record.ID) int64 {
	for r, g := range c.shadow.groups {
		if g.id == id {
			return r
		}
	}
	return 0
}

func (c *checker) parts(e store.Entry) error {
	if c.rep.Sealed {
		return nil
	}
	h := e.Record.Header()
	if x := c.n.kinds.WideningOf(h); x != nil && slices.Contains(x.To, c.n.party) {
		for _, name := range x.Parts {
			if k := (partOf{x.Of, name}); c.doubt[k].Party == h.Party { // whether or not the release counts yet: it came with the part
				delete(c.doubt, k)
			}
		}
	}
	held, err := store.HeldParts(c.v, e.Pos)
	if err != nil {
		c.rep.fault("record %s of %s: %s", e.Record.ID().Short(), h.Ref(), err)
		return nil
	}
	for _, name := range held {
		c.rep.Parts++
		ref, ok := h.Part(name)
		if !ok || !c.n.mayHold(filterKeep, ref.Marking, h.Party, c.n.party) {
			c.doubt[partOf{e.Record.ID(), name}] = h.Ref() // unless a later record of the log released it
		}
		p, err := store.Part(c.v, e.Pos, e.Record.ID(), name)
		if err == nil {
			err = record.Open(h, p)
		}
		if err != nil {
			c.rep.fault("record %s: %s", h.Ref(), err)
		}
	}
	return nil
}

// head verifies the checkpoint of a log over the root that the records lead to.
func (c *checker) head(row store.Group, x store.Log, g *group) {
	if x.Size == 0 {
		return
	}
	t, err := tlog.Load(x.Size, store.Tiles(c.v, x.Row))
	if err != nil {
		c.rep.fault("log of %s: %s", x.Party, err)
		return
	}
	if x.Counted == x.Size && g.logs[x.Party].tree.Root() != t.Root() {
		c.rep.fault("log of %s: its tiles do not lead to the root of its records", x.Party)
	}
	cp, _, err := tlog.OpenCheckpointKeys(x.Checkpoint, tlog.Origin(row.ID, string(x.Party)), g.logKeys(x.Party))
	c.rep.Signatures++
	if err != nil {
		c.rep.fault("checkpoint of %s: %s", x.Party, err)
	} else if cp.Size != x.Size || cp.Root != t.Root() {
		c.rep.fault("log of %s: its records do not lead to its checkpoint", x.Party)
	}
}

// compare holds every rebuilt table against the stored one.
func (c *checker) compare(ctx context.Context, row store.Group, g *group, logs []store.Log) error {
	sv := c.scratch.View(ctx)
	want := map[store.Pos]store.StateRow{}
	shift := func(p store.Pos) store.Pos { return p }
	if g.row != row.Row {
		rows := map[int64]int64{}
		for _, x := range logs {
			rows[g.logs[x.Party].row] = x.Row
		}
		shift = func(p store.Pos) store.Pos {
			if p == store.FoundingPos(g.row) {
				return store.FoundingPos(row.Row)
			}
			return store.PosOf(rows[p.Log()], p.Index())
		}
	}
	if err := store.StateRows(sv, g.row, func(s store.StateRow) error {
		s.Pos = shift(s.Pos)
		want[s.Pos] = s
		return nil
	}); err != nil {
		return err
	}
	if err := store.StateRows(c.v, row.Row, func(s store.StateRow) error {
		c.rep.States++
		p := s.Pos
		if w, ok := want[p]; !ok {
			c.rep.fault("group %s: a state stands at %d/%d that no record leads to", row.ID.Short(), p.Log(), p.Index())
		} else if !reflect.DeepEqual(w, s) {
			c.rep.fault("group %s: the state at %d/%d is not what its records lead to", row.ID.Short(), p.Log(), p.Index())
		}
		delete(want, p)
		return nil
	}); err != nil {
		return err
	}
	for p := range want {
		c.rep.fault("group %s: the state at %d/%d is missing", row.ID.Short(), p.Log(), p.Index())
	}
	if err := c.ofStates(sv, row, g, shift); err != nil {
		return err
	}
	for _, x := range logs {
		l := g.logs[x.Party]
		if l.counted != x.Counted {
			c.rep.fault("log of %s: %d records count, %d are marked so", x.Party, l.counted, x.Counted)
		}
		if err := c.tables(sv, x, l); err != nil {
			return err
		}
	}
	return nil
}

// ofStates compares what is read from states: what waits, and what refers to what.
func (c *checker) ofStates(sv *store.View, row store.Group, g *group, shift func(store.Pos) store.Pos) error {
	for name, f := range store.OfStates {
		want, got := map[store.Pos][]string{}, map[store.Pos][]string{}
		if err := f(sv, g.row, func(p store.Pos, b []byte) { p = shift(p); want[p] = append(want[p], string(b)) }); err != nil {
			return err
		}
		if err := f(c.v, row.Row, func(p store.Pos, b []byte) { got[p] = append(got[p], string(b)) }); err != nil {
			return err
		}
		for p, rows := range got {
			if !slices.Equal(rows, want[p]) {
				c.rep.fault("group %s: the rows of table %s for the state at %d/%d are not what it leads to", row.ID.Short(), name, p.Log(), p.Index())
			}
			delete(want, p)
		}
		for p := range want {
			c.rep.fault("group %s: the rows of table %s for the state at %d/%d are missing", row.ID.Short(), name, p.Log(), p.Index())
		}
	}
	return nil
}

func (c *checker) tables(sv *store.View, x store.Log, l *plog) error {
	for name, f := range store.Derived {
		var a, b [][]byte
		if err := f(c.v, x.Row, func(row []byte) { a = append(a, bytes.Clone(row)) }); err != nil {
			return err
		}
		if err := f(sv, l.row, func(row []byte) { b = append(b, bytes.Clone(row)) }); err != nil {
			return err
		}
		if name == "tile" && x.Counted != x.Size {
			continue // tiles cover what is held back too; head() held them against the checkpoint
		}
		if len(a) != len(b) {
			c.rep.fault("log of %s: table %s has %d rows, its records lead to %d", x.Party, name, len(a), len(b))
			continue
		}
		for i := range a {
			if !bytes.Equal(a[i], b[i]) {
				c.rep.fault("log of %s: row %d of table %s is not what its records lead to", x.Party, i, name)
				break
			}
		}
	}
	return nil
}
