package world_test

import (
	"errors"
	"testing"
	"time"

	"entente"
	"entente/consent"
	"entente/node"
	"entente/record"
	"entente/tlog"
	"entente/world"
)

// soon polls until a condition holds.
func soon(t *testing.T, what string, f func() bool) {
	t.Helper()
	limit := time.After(3 * time.Minute)
	for !f() {
		select {
		case <-limit:
			t.Fatal("never: " + what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func forged(t *testing.T, parties ...record.Party) (*world.World, *forger) {
	t.Helper()
	w := stageWith(t, world.Options{Parties: parties, Change: func(c *entente.Charter) {
		c.Consent = map[string]string{"statement": entente.ConsentParticipants}
	}})
	founded(t, w, parties...)
	_, err := w.As("MX").Commit(t.Context(), canary, "US")
	ok(t, err)
	settle(t, w, parties...)
	return w, turn(t, w, "MX", "US")
}

func TestTwoRootsAtOneSize(t *testing.T) {
	w, f := forged(t, "MX", "US")
	one, two := f.grow(f.base, 3), f.grow(f.base, 3)
	if code := f.show("US", one, len(f.base)); code != "" {
		t.Fatal(code)
	}
	p := f.push(two, len(two)) // no record at all: the checkpoint alone gives it away
	if code, _ := f.send("US", "/entente/v1/push", p); code != "fork" {
		t.Fatalf("answered %q", code)
	}
	afterFork(t, w, f)
}

func TestAnotherRecordAtAnIndex(t *testing.T) {
	for name, x := range map[string]struct{ from, size int }{"from the fork on": {0, 5}, "from before it": {-2, 1}, "one size, from after it": {1, 3}} {
		t.Run(name, func(t *testing.T) {
			w, f := forged(t, "MX", "US")
			one, two := f.grow(f.base, 3), f.grow(f.base, x.size)
			if code := f.show("US", one, len(f.base)); code != "" {
				t.Fatal(code)
			}
			if code := f.show("US", two, len(f.base)+x.from); code != "fork" {
				t.Fatalf("answered %q", code)
			}
			afterFork(t, w, f)
		})
	}
}

// A message that starts after the fork proves nothing by itself: the alarm stands, and the forger's own node is asked.
func TestForkBeforeTheMessage(t *testing.T) {
	ctx := t.Context()
	w, f := forged(t, "MX", "US")
	us := w.As("US")
	one, two := f.grow(f.base, 3), f.grow(f.base, 5)
	if code := f.show("US", one, len(f.base)); code != "" {
		t.Fatal(code)
	}
	if code := f.show("US", two, len(f.base)+1); code != "tampered" {
		t.Fatalf("answered %q", code)
	}
	counted(t, "alarms of a mismatch", len(alarms(t, us, node.AlarmMismatch)))
	hunts := us.Node.Hunts("MX")
	counted(t, "hunts", len(hunts))
	for _, h := range hunts {
		if err := us.Node.Pursue(ctx, h, f.answer(two)); !errors.Is(err, node.ErrFork) {
			t.Fatalf("the hunt ended with %v", err)
		}
	}
	proved(t, us, f)
}

// afterFork: the proof is good and seen, nothing more of that log is taken, no new commitment with that party, reading goes on.
func afterFork(t *testing.T, w *world.World, f *forger) {
	t.Helper()
	us, ctx := w.As("US"), t.Context()
	proved(t, us, f)
	held, err := us.Node.Sizes(w.Group)
	ok(t, err)
	if code := f.show("US", f.grow(f.base, 9), len(f.base)); code != "fork" {
		t.Errorf("a closed log was taken: %q", code)
	}
	again, err := us.Node.Sizes(w.Group)
	ok(t, err)
	if again["MX"] != held["MX"] {
		t.Error("a closed log grew")
	}
	_, err = us.Commit(ctx, canary, "US")
	refused(t, err, "call your counterpart")
	page, err := us.Node.Instruments(ctx, desk, w.Group, node.Query{Kind: "commitment"})
	ok(t, err)
	if len(page.Items) != 1 {
		t.Fatalf("%d instruments to read", len(page.Items))
	}
	_, _, err = us.Node.Part(ctx, desk, w.Group, page.Items[0].State.Instrument, "body.es")
	ok(t, err)
	peers, err := us.Node.PeerList(ctx, desk)
	ok(t, err)
	for _, p := range peers {
		if p.Peer == "MX" && !p.Closed {
			t.Error("the list of peers does not show it")
		}
	}
	ok(t, us.Stop()) // and it stays so
	ok(t, us.Restart(ctx))
	if code := f.show("US", f.grow(f.base, 9), len(f.base)); code != "fork" {
		t.Errorf("forgotten at a restart: %q", code)
	}
	proved(t, us, f)
}

// The forger shows each peer one clean history. They find out by the heads they tell each other.
func TestTwoViewsFoundByGossip(t *testing.T) {
	w, f := forged(t, "CA", "MX", "US")
	w.Cut("CA", "US")
	if code := f.show("US", f.grow(f.base, 3), len(f.base)); code != "" {
		t.Fatal(code)
	}
	if code := f.show("CA", f.grow(f.base, 4), len(f.base)); code != "" {
		t.Fatal(code)
	}
	if a := append(alarms(t, w.As("US"), ""), alarms(t, w.As("CA"), "")...); len(a) > 0 {
		t.Fatalf("alarms before anybody could know: %q", a)
	}
	w.Mend("CA", "US")
	for _, p := range []record.Party{"CA", "US"} {
		soon(t, string(p)+" holds the proof", func() bool { return len(alarms(t, w.As(p), node.AlarmFork)) > 0 })
		proved(t, w.As(p), f)
	}
}

// The same without gossip: the roots in seen are enough.
func TestTwoViewsFoundBySeen(t *testing.T) {
	ctx := t.Context()
	w, f := forged(t, "CA", "MX", "US")
	ca, us := w.As("CA"), w.As("US")
	w.Cut("CA", "US")
	one, two := f.grow(f.base, 3), f.grow(f.base, 3)
	for to, b := range map[record.Party]branch{"US": one, "CA": two} {
		if code := f.show(to, b, len(f.base)); code != "" {
			t.Fatal(code)
		}
	}
	s, err := us.Commit(ctx, canary, "US")
	ok(t, err)
	from, err := us.Node.Acked(ctx, w.Group, "CA")
	ok(t, err)
	push, err := us.Node.Outgoing(ctx, w.Group, "CA", from)
	ok(t, err)
	push.Gossip, push.State = nil, nil
	_, err = ca.Node.Receive(ctx, "US", *push)
	ok(t, err)
	g, err := ca.Node.Group(ctx, desk, w.Group)
	ok(t, err)
	// The receipt that the node writes by itself may have come before the commitment: then it is held back first.
	if len(g.HeldBack) != 1 || g.HeldBack[0].Reason != consent.HeldOtherLog || g.HeldBack[0].Party != "MX" ||
		g.HeldBack[0].Ref.Party != "US" || g.HeldBack[0].Ref.Index > s.Ref.Index || g.HeldBack[0].Size != uint64(len(one)) {
		t.Fatalf("held back: %+v", g.HeldBack)
	}
	counted(t, "alarms of another log", len(alarms(t, ca, node.AlarmFalseSeen)))
	hunts := ca.Node.Hunts("US")
	counted(t, "hunts", len(hunts))
	for _, h := range hunts {
		err := ca.Node.Pursue(ctx, h, func(q node.Ask) (*node.Answer, error) { return us.Node.Answer(ctx, "CA", q) })
		if !errors.Is(err, node.ErrFork) {
			t.Fatalf("the hunt ended with %v", err)
		}
	}
	proved(t, ca, f)

	// The mutant that compares sizes and not roots lets the record count, and nobody notices.
	last, err := record.Stored(push.Records[len(push.Records)-1])
	ok(t, err)
	cut := consent.Sizes{}
	for q, m := range last.Header().Seen {
		cut[q] = m.Size
	}
	cut["US"] = last.Header().Index
	tree, err := tlog.Load(0, nil)
	ok(t, err)
	for _, raw := range two {
		tree.Append(tlog.LeafHash(raw))
	}
	real := oneRecord{last.Header(), func(p record.Party, size uint64) record.ID {
		if p == "MX" && size == tree.Size() {
			return record.ID(tree.Root())
		}
		return last.Header().Seen[p].Root
	}}
	mutant := oneRecord{last.Header(), func(p record.Party, size uint64) record.ID { return last.Header().Seen[p].Root }}
	if n, held := consent.Advance(cut, []record.Party{"US"}, real, w.Now()); len(n) != 0 || len(held) != 1 {
		t.Errorf("with roots it counts: %v %v", n, held)
	}
	if n, _ := consent.Advance(cut, []record.Party{"US"}, mutant, w.Now()); len(n) != 1 {
		t.Error("the mutant without roots is not caught by this story: it holds the record back too")
	}
}

// oneRecord is a log of one record among others of which only roots are known.
type oneRecord struct {
	h    *record.Header
	root func(record.Party, uint64) record.ID
}

func (o oneRecord) Header(r record.Ref) *record.Header {
	if r == o.h.Ref() {
		return o.h
	}
	return nil
}

func (o oneRecord) Root(p record.Party, size uint64) (record.ID, bool) { return o.root(p, size), true }

// After a fork the honest others go on exchanging: what they write arrives, is mirrored, and what cannot count yet is named.
func TestHonestOthersGoOn(t *testing.T) {
	ctx := t.Context()
	w, f := forged(t, "CA", "MX", "US")
	w.Cut("CA", "US")
	for _, to := range []record.Party{"US", "CA"} {
		if code := f.show(to, f.grow(f.base, 2), len(f.base)); code != "" {
			t.Fatal(code)
		}
	}
	w.Mend("CA", "US")
	for _, p := range []record.Party{"CA", "US"} {
		soon(t, "the proof", func() bool { return len(alarms(t, w.As(p), node.AlarmFork)) > 0 })
	}
	s, err := w.As("US").Act(ctx, node.Act{Kind: "statement", Verb: record.Propose, Participants: []record.Party{"CA", "US"}, Parts: world.Texts(canary)})
	ok(t, err)
	soon(t, "the text is mirrored by the other honest party", func() bool {
		n, err := w.As("US").Node.Acked(ctx, w.Group, "CA")
		ok(t, err)
		return n > s.Ref.Index
	})
	g, err := w.As("CA").Node.Group(ctx, desk, w.Group)
	ok(t, err)
	r, err := w.As("CA").Node.Record(ctx, desk, w.Group, s.ID)
	ok(t, err)
	if !r.Counts && (len(g.HeldBack) == 0 || g.HeldBack[0].Party != "MX") {
		t.Errorf("it is held back and nobody says for whom: %+v", g.HeldBack)
	}
	if len(r.Held) == 0 {
		t.Error("its parts did not arrive")
	}
}
