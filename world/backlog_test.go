package world_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"entente/node"
	"entente/record"
	"entente/world"
)

// flood lets many writers of one party propose at once.
func flood(t *testing.T, p *world.Party, n int) {
	t.Helper()
	var wg sync.WaitGroup
	errs := make(chan error, n)
	for k := range 50 {
		wg.Go(func() {
			for i := k; i < n; i += 50 {
				_, err := p.Commit(t.Context(), fmt.Sprintf("%s %s %d", canary, p.ID, i), "US")
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		ok(t, err)
	}
}

func TestBacklogOfWeeks(t *testing.T) {
	wide(t)
	ctx := t.Context()
	w := stage(t, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	var armed atomic.Bool
	var cuts atomic.Int64
	us.Send = func(point string) { // the link breaks again and again, before and after a message is taken
		if armed.Load() && (point == "received" || point == "acknowledge") {
			if n := cuts.Add(1); n == 2 || n == 3 {
				w.Cut("MX", "US")
				w.Mend("MX", "US")
			}
		}
	}
	founded(t, w, "MX", "US")
	w.Cut("MX", "US")
	w.Pass(21 * world.Day)
	each, larges := 1500, 4
	if long() {
		each = 10_000
	}
	flood(t, mx, each)
	flood(t, us, each)
	big := bytes.Repeat([]byte(canary+" "), 5<<20/len(canary))
	var large []*node.Sealed
	for i := range larges { // with four of them, more than one message holds
		parts := append(world.Texts(canary), node.NewPart{Name: "annex/a", Content: big}, node.NewPart{Name: "annex/b", Content: big[i:]})
		s, err := mx.Act(ctx, node.Act{Kind: "statement", Verb: record.Propose, Parts: parts})
		ok(t, err)
		large = append(large, s)
	}
	flood(t, mx, 20)

	missing := func(p *world.Party) (behind uint64) {
		list, err := p.Node.PeerList(ctx, desk)
		ok(t, err)
		for _, x := range list {
			if x.Group == w.Group {
				behind += x.Behind
			}
		}
		return behind
	}
	if b := missing(mx); b < uint64(each+larges+20) {
		t.Errorf("the list says that the other side lacks %d records", b)
	}
	counted(t, "records waiting", int(missing(mx)+missing(us)))

	from, err := mx.Node.Acked(ctx, w.Group, "US")
	ok(t, err)
	first, messages := from, 0
	var old []*node.Push
	sizes, err := mx.Node.Sizes(w.Group)
	ok(t, err)
	for from < sizes["MX"] {
		p, err := mx.Node.Outgoing(ctx, w.Group, "US", from)
		ok(t, err)
		size := 0
		for i, r := range p.Records {
			size += len(r)
			for _, x := range p.Parts[i] {
				size += len(x.Content)
			}
		}
		if len(p.Records) == 0 || len(p.Records) > node.MaxPushRecords || size > node.MaxPushBytes {
			t.Fatalf("a message of %d records and %d bytes", len(p.Records), size)
		}
		if messages < 2 {
			old = append(old, p)
		}
		messages++
		from += uint64(len(p.Records))
	}
	counted(t, "messages", messages)

	armed.Store(true)
	w.Mend("MX", "US")
	settle(t, w, "MX", "US")
	counted(t, "messages while the link broke", int(cuts.Load()))
	if b := missing(mx) + missing(us); b != 0 {
		t.Errorf("%d records are said to be missing after all", b)
	}

	// Duplicates and overlaps change nothing.
	before, err := us.Node.State(ctx, w.Group)
	ok(t, err)
	doubles := 0
	for _, p := range old {
		p.State = nil
		for range 2 {
			a, err := us.Node.Receive(ctx, "MX", *p)
			if (err != nil && !errors.Is(err, node.ErrGap)) || a == nil || a.Size < sizes["MX"] { // gap: it ends before what is held
				t.Fatalf("a doubled message: %v", err)
			}
			doubles++
		}
	}
	if _, err := us.Node.Receive(ctx, "MX", node.Push{Group: w.Group, From: sizes["MX"] + 1e6, Checkpoint: old[0].Checkpoint}); !errors.Is(err, node.ErrGap) {
		t.Errorf("a message above a gap: %v", err)
	}
	counted(t, "doubled messages", doubles)
	after, err := us.Node.State(ctx, w.Group)
	ok(t, err)
	if before.Digest != after.Digest {
		t.Error("doubles changed the state")
	}
	for _, s := range large {
		p, _, err := us.Node.Part(ctx, desk, w.Group, s.ID, "annex/a")
		ok(t, err)
		if !bytes.Equal(p.Content, big) {
			t.Error("a large part did not arrive whole")
		}
	}
	// In order and complete: index by index the same bytes.
	a, err := mx.Node.Outgoing(ctx, w.Group, "US", first)
	ok(t, err)
	b, err := us.Node.Return(ctx, "MX", w.Group, first)
	ok(t, err)
	for i := range min(len(a.Records), len(b.Records)) {
		if !bytes.Equal(a.Records[i], b.Records[i]) {
			t.Fatalf("record %d differs", first+uint64(i))
		}
	}
	noForks(t, w, "MX", "US")
	checked(t, us)
}

// What can never be carried is refused before it is signed.
func TestActTooLargeToCarry(t *testing.T) {
	w := stage(t, "MX", "US")
	big := bytes.Repeat([]byte("x"), record.MaxPart)
	parts := append(world.Texts(canary), node.NewPart{Name: "annex/a", Content: big}, node.NewPart{Name: "annex/b", Content: big})
	_, err := w.As("MX").Node.Prepare(t.Context(), desk, node.Act{Group: w.Group, Kind: "statement", Verb: record.Propose, Parts: parts})
	refused(t, err, "bytes together")
}

// Three parties with one link cut: records do not travel through the third. What waits for them is named and resolves.
func TestHeldBackUntilTheLinkMends(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "CA", "MX", "US")
	founded(t, w, "CA", "MX", "US")
	w.Cut("CA", "MX")
	s := commits(t, w.As("MX"), 3)
	soon(t, "MX's records at US", func() bool {
		n, err := w.As("US").Node.Sizes(w.Group)
		ok(t, err)
		return n["MX"] > s[2].Ref.Index
	})
	reply, err := w.As("US").Consent(ctx, "commitment", s[2].ID)
	ok(t, err)
	held := 0
	soon(t, "US's record is held back at CA", func() bool {
		g, err := w.As("CA").Node.Group(ctx, desk, w.Group)
		ok(t, err)
		for _, h := range g.HeldBack {
			if h.Ref.Party == "US" && h.Party == "MX" && h.Reason == "missing" {
				held++
			}
		}
		return held > 0
	})
	counted(t, "held back and named", held)
	r, err := w.As("CA").Node.Record(ctx, desk, w.Group, reply.ID)
	if err == nil && r.Counts {
		t.Error("it counts before what it knows is there")
	}
	checked(t, w.As("CA"))
	w.Mend("CA", "MX")
	settle(t, w, "CA", "MX", "US")
	g, err := w.As("CA").Node.Group(ctx, desk, w.Group)
	ok(t, err)
	if len(g.HeldBack) > 0 {
		t.Errorf("still held back: %+v", g.HeldBack)
	}
	for _, p := range []record.Party{"CA", "MX", "US"} {
		checked(t, w.As(p))
	}
}
