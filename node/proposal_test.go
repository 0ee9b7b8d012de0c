package node

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entente"
	"entente/record"
)

func charterForm(parent record.ID) entente.Charter {
	return entente.Charter{Names: bothNames("Smaller group"), Purpose: bothNames("Purpose"), Track: "small", Parent: parent,
		Clocks: entente.Clocks{Notice: 86400, Ceiling: 86400, Retention: 86400, Skew: 300}}
}

// pass hands the charters that one node sends to another's.
func (w *two) pass(t *testing.T, a, b record.Party) int {
	t.Helper()
	for n := 0; ; n++ {
		m, err := w.nodes[a].UntoldCharter(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		if m == nil {
			return n
		}
		said := Said("")
		if x, err := w.nodes[b].ReceiveCharter(t.Context(), a, *m); err == nil {
			said = x.Said
		} else if !errors.Is(err, ErrInvalid) {
			t.Fatal(err)
		}
		if err := w.nodes[a].ToldCharter(t.Context(), b, m, said); err != nil {
			t.Fatal(err)
		}
	}
}

// A smaller group is made by one form and the signatures of both sides, and nobody outside it sees anything of it.
func TestSmallerGroup(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	ctx, desk, trade := t.Context(), Caller{Office: "desk", Seat: 1, Via: "test"}, Caller{Office: "trade", Via: "test"}
	root := map[record.Party]func(record.ID) record.Approval{}
	for p, n := range w.nodes {
		key, err := OpenKey(filepath.Join(n.dir, RootFile), testPassphrase)
		if err != nil {
			t.Fatal(err)
		}
		root[p] = func(act record.ID) record.Approval { return record.Approve(act, p, record.RootOffice, 0, w.now, key) }
		own := n.own()
		offices := append(slices.Clone(own.ledger.Ring(p).At(1).Offices), entente.Office{ID: "trade", Names: bothNames("Trade"),
			Seats: []entente.Seat{{Number: 1, Key: PublicKey(testKey("trade/" + string(p)))}}, Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}},
			entente.Office{ID: "press", Names: bothNames("Press"), Seats: []entente.Seat{{Number: 1, Key: PublicKey(testKey("press/" + string(p)))}}, Grants: []entente.Grant{{Kinds: []string{"statement"}, Sign: 1}}})
		more := append(slices.Clone(offices), entente.Office{ID: "other", Names: bothNames("Other"), Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}})
		for g, of := range map[record.ID][]entente.Office{own.id: more, w.group: offices} {
			if err := n.PutPowers(ctx, g, of, key); err != nil {
				t.Fatal(err)
			}
		}
	}
	mx, us := w.nodes["MX"], w.nodes["US"]
	if _, err := mx.DraftCharter(ctx, Caller{Office: "press"}, charterForm(w.group), []record.Party{"US"}, record.ID{}); !errors.Is(err, ErrForbidden) {
		t.Errorf("an office that signs no charters drafts one: %v", err)
	}
	if _, err := mx.DraftCharter(ctx, desk, charterForm(w.group), []record.Party{"CA"}, record.ID{}); !errors.Is(err, ErrInvalid) {
		t.Errorf("with a party that is not in the group around it: %v", err)
	}
	first, err := mx.DraftCharter(ctx, desk, charterForm(w.group), []record.Party{"US"}, record.ID{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := mx.DraftCharter(ctx, desk, charterForm(w.group), []record.Party{"US"}, first.Group)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mx.Proposal(ctx, desk, first.Group); !errors.Is(err, ErrNotFound) {
		t.Errorf("the text that was replaced is still there: %v", err)
	}
	nothing := func(n *Node, who Caller) {
		t.Helper()
		if all, err := n.Proposals(ctx, who); err != nil || len(all) != 0 {
			t.Errorf("%s sees %d charters: %v", who.Office, len(all), err)
		}
		if _, err := n.Proposal(ctx, who, p.Group); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s sees the charter: %v", who.Office, err)
		}
		for _, g := range n.Groups(ctx, who) {
			if g.ID == p.Group {
				t.Errorf("%s sees the group", who.Office)
			}
		}
	}
	nothing(mx, trade)
	nothing(mx, Caller{Office: "press"})
	if err := mx.SendCharter(ctx, desk, p.Group, "US"); err != nil {
		t.Fatal(err)
	}
	if n := w.pass(t, "MX", "US"); n != 1 {
		t.Fatalf("%d charters were sent", n)
	}
	if _, err := mx.DraftCharter(ctx, desk, charterForm(w.group), []record.Party{"US"}, p.Group); !errors.Is(err, ErrConflict) {
		t.Errorf("a text that the other side has is replaced: %v", err)
	}
	nothing(us, Caller{Office: "other"}) // it sets up, and has no part in the group around
	// It waits for whoever sets up there, until one office has it in hand.
	if all, err := us.Proposals(ctx, trade); err != nil || len(all) != 1 || all[0].From != "MX" || all[0].Office != "" {
		t.Fatalf("%+v %v", all, err)
	}
	for party, n := range w.nodes {
		who := map[record.Party]Caller{"MX": desk, "US": trade}[party]
		if _, err := n.JoinProposal(ctx, who, p.Group, []string{"press"}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s joins with an office that may not sign the charter: %v", party, err)
		}
		d, err := n.JoinProposal(ctx, who, p.Group, []string{who.Office})
		if err != nil {
			t.Fatal(err)
		}
		nothing(n, map[record.Party]Caller{"MX": trade, "US": desk}[party])
		if _, err := n.ApproveProposal(ctx, who, p.Group, record.Approve(d.Act, party, record.RootOffice, 0, w.now, w.seats[party])); !errors.Is(err, ErrInvalid) {
			t.Errorf("another key signs for the root: %v", err)
		}
		if s, err := n.ApproveProposal(ctx, who, p.Group, root[party](d.Act)); err != nil || s == nil {
			t.Fatalf("%v %v", s, err)
		}
		c, err := n.CharterConsent(ctx, who, p.Group)
		if err != nil || c == nil {
			t.Fatalf("no signature waits: %v", err)
		}
		if again, err := n.DraftCharterConsent(ctx, who, p.Group); err != nil || again.Nonce != c.Nonce {
			t.Errorf("it is drafted twice: %v", err)
		}
		seat := map[record.Party]string{"MX": "desk/MX", "US": "trade/US"}[party]
		if _, _, err := n.AddApprovals(ctx, who, p.Group, c.Nonce, []record.Approval{record.Approve(c.Act, party, who.Office, 1, w.now, testKey(seat))}, false); err != nil {
			t.Fatal(err)
		}
	}
	old := w.group
	w.group = p.Group
	for range 3 {
		w.sync(t, "MX", "US")
		w.sync(t, "US", "MX")
	}
	for party, who := range map[record.Party]Caller{"MX": desk, "US": trade} {
		x, err := w.nodes[party].Proposal(ctx, who, p.Group)
		if err != nil || !x.InForce || x.Charter.Parent != old || x.Parties[0].Party != party {
			t.Errorf("%s: %+v %v", party, x, err)
		}
		for _, f := range x.Parties {
			if !f.Known || !f.Powers || f.Signed == 0 {
				t.Errorf("%s of %+v", party, f)
			}
		}
		if all, err := w.nodes[party].Proposals(ctx, who); err != nil || len(all) != 0 {
			t.Errorf("%d charters still wait: %v", len(all), err)
		}
	}
	nothing(mx, trade)
	nothing(us, desk)
	nothing(us, Caller{Office: "press"})
}

// What another party's node sends is bounded, names both sides truly, and stays away once it was declined.
func TestForeignCharters(t *testing.T) {
	w := newTwo(t)
	ctx, desk := t.Context(), Caller{Office: "desk", Via: "test"}
	mx, us := w.nodes["MX"], w.nodes["US"]
	text := func(change func(*entente.Charter)) []byte {
		t.Helper()
		p, err := us.DraftCharter(ctx, desk, charterForm(record.ID{}), []record.Party{"MX"}, record.ID{})
		if err != nil {
			t.Fatal(err)
		}
		if err := us.DropProposal(ctx, desk, p.Group); err != nil {
			t.Fatal(err)
		}
		change(p.Charter)
		b, err := p.Charter.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	send := func(b []byte) Said {
		t.Helper()
		a, err := mx.ReceiveCharter(ctx, "US", CharterMessage{b})
		if errors.Is(err, ErrInvalid) {
			return SaidRefused
		} else if err != nil {
			t.Fatal(err)
		}
		return a.Said
	}
	for what, change := range map[string]func(*entente.Charter){
		"another root for this party": func(c *entente.Charter) { c.Parties[0].Root = PublicKey(testKey("stranger")) },
		"not the sender":              func(c *entente.Charter) { c.Parties[1].ID = "UY" },
		"the name of a group of one":  func(c *entente.Charter) { c.Track = ownTrack },
		"control characters":          func(c *entente.Charter) { c.Purpose["en"] = "a\x1b[2Jb" },
		"this party alone":            func(c *entente.Charter) { c.Parties = c.Parties[:1] },
	} {
		if said := send(text(change)); said != SaidRefused {
			t.Errorf("%s: %s", what, said)
		}
	}
	if said := send([]byte("x")); said != SaidRefused {
		t.Errorf("no charter: %s", said)
	}
	// Under a root of the sender's that nobody here compared it is kept and shown as that, and not joined.
	b := text(func(c *entente.Charter) { c.Parties[1].Root = PublicKey(testKey("stranger")) })
	if said := send(b); said != SaidHeld {
		t.Fatal(said)
	}
	id := entente.GroupOf(b)
	if p, err := mx.Proposal(ctx, desk, id); err != nil || p.Parties[1].Known || !p.Parties[0].Known {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := mx.JoinProposal(ctx, desk, id, []string{"desk"}); !errors.Is(err, ErrConflict) {
		t.Errorf("joined under a root that nobody compared: %v", err)
	}
	if err := mx.DropProposal(ctx, desk, id); err != nil {
		t.Fatal(err)
	}
	if said := send(b); said != SaidHeld {
		t.Error(said)
	}
	if all, err := mx.Proposals(ctx, desk); err != nil || len(all) != 1 || all[0].Group != w.group { // the group that was joined, and not signed yet
		t.Errorf("what was declined came back: %d %v", len(all), err)
	}
	if p, err := mx.TakeCharter(ctx, desk, b); err != nil || p.From != "US" { // handed over after all
		t.Errorf("%+v %v", p, err)
	}
	full := 0
	for range maxProposals + 1 {
		if send(text(func(*entente.Charter) {})) == SaidFull {
			full++
		}
	}
	if full == 0 {
		t.Error("a peer fills the disk with charters")
	}
}

// A group that was joined, and in which nothing is on record yet, makes a start no start from a backup.
func TestJoinedGroupOutlivesAStart(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	ctx, desk, mx := t.Context(), Caller{Office: "desk"}, w.nodes["MX"]
	p, err := mx.DraftCharter(ctx, desk, charterForm(record.ID{}), []record.Party{"US"}, record.ID{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mx.JoinProposal(ctx, desk, p.Group, []string{"desk"}); err != nil {
		t.Fatal(err)
	}
	token, err := mx.NewToken(ctx, "desk", 0)
	if err != nil {
		t.Fatal(err)
	}
	w.again(t, "MX", func(string) {})
	if _, err := w.nodes["MX"].Authenticate(ctx, token, "api"); err != nil || len(w.nodes["MX"].Restoring()) > 0 {
		t.Errorf("%v %v", err, w.nodes["MX"].Restoring())
	}
	if again, err := w.nodes["MX"].Proposal(ctx, desk, p.Group); err != nil || !again.Joined || again.Powers == nil {
		t.Errorf("%+v %v", again, err)
	}
}

// A counterpart is known by the digits that were heard, not by a tick.
func TestIntroductionIsHeard(t *testing.T) {
	w := newTwo(t)
	ctx, desk, mx := context.Background(), Caller{Office: "desk"}, w.nodes["MX"]
	i, err := w.nodes["US"].Introduction(ctx)
	if err != nil {
		t.Fatal(err)
	}
	was := i.Fingerprint()
	i.Address = "us.example:8443"
	if err := mx.MeetHeard(ctx, desk, i, strings.ReplaceAll(was, " ", "-"), was); err != nil {
		t.Errorf("heard with hyphens: %v", err)
	}
	other := i
	other.TLS = PublicKey(testKey("another"))
	for what, x := range map[string]struct {
		heard, was string
		want       error
	}{"the old digits": {was, was, ErrFingerprint}, "none": {"", was, ErrFingerprint}, "as if none was known": {other.Fingerprint(), "", ErrConflict}} {
		if err := mx.MeetHeard(ctx, desk, other, x.heard, x.was); !errors.Is(err, x.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := mx.MeetHeard(ctx, Caller{Office: "press"}, other, other.Fingerprint(), was); !errors.Is(err, ErrForbidden) {
		t.Errorf("an office that does not set up: %v", err)
	}
	all, err := mx.KnownParties(ctx, desk)
	if err != nil || len(all) != 1 || all[0].Fingerprint != was || all[0].Office != "desk" || all[0].Address != i.Address {
		t.Errorf("%+v %v", all, err)
	}
	if err := mx.MeetHeard(ctx, desk, other, other.Fingerprint(), was); err != nil {
		t.Error(err)
	}
}
