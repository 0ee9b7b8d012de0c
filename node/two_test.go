package node

import (
	"crypto/ed25519"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"entente"
	"entente/record"
)

// two are the nodes of two parties without a network: messages are handed over by the test.
type two struct {
	now   int64
	ahead map[record.Party]int64 // how far a party's clock is ahead
	nodes map[record.Party]*Node
	seats map[record.Party]ed25519.PrivateKey
	group record.ID
	dir   string
}

const testPassphrase = "correct horse"

func bothNames(s string) map[string]string { return map[string]string{"en": s, "es": s} }

func testKey(s string) ed25519.PrivateKey {
	d := record.Digest("test", []byte(s))
	return ed25519.NewKeyFromSeed(d[:])
}

func newTwo(t testing.TB) *two { return newSeveral(t, deskAlone, deskAlone, "MX", "US") }

func deskAlone(desk entente.Office) []entente.Office { return []entente.Office{desk} }

// newSeveral are the nodes of several parties, with the offices that each has at home and in the group. Its desk signs for a party.
func newSeveral(t testing.TB, home, joint func(desk entente.Office) []entente.Office, parties ...record.Party) *two {
	t.Helper()
	w := &two{now: 1_760_000_000, ahead: map[record.Party]int64{}, nodes: map[record.Party]*Node{}, seats: map[record.Party]ed25519.PrivateKey{}, dir: t.TempDir()}
	c := &entente.Charter{Rules: entente.Rules, Founded: w.now, Track: "security", Languages: []string{"en", "es"}, Names: bothNames("Group"), Purpose: bothNames("Purpose"), Lines: []entente.CharterLine{{Code: "fuel", Names: bothNames("Fuel")}},
		Clocks: entente.Clocks{Notice: 86400, Ceiling: 3 * 86400, Retention: 86400, Skew: 300}}
	offices := map[record.Party][]entente.Office{}
	for _, p := range parties {
		w.seats[p] = testKey("desk/" + string(p))
		desk := entente.Office{ID: "desk", Names: bothNames("Desk"), Seats: []entente.Seat{{Number: 1, Key: PublicKey(w.seats[p])}}, Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}}
		offices[p] = joint(desk)
		d := filepath.Join(w.dir, string(p))
		if err := Init(t.Context(), Setup{Dir: d, Config: Config{Party: p, Names: bothNames(string(p)), Address: "localhost:1"}, Passphrase: testPassphrase, WorkFactor: 2,
			Offices: home(desk), Now: w.now}); err != nil {
			t.Fatal(err)
		}
		n, err := Open(t.Context(), Options{Dir: d, Clock: func() int64 { return w.now + w.ahead[p] }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		})
		w.nodes[p] = n
		i, err := n.Introduction(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c.Parties = append(c.Parties, entente.CharterParty{ID: p, Names: i.Names, Root: i.Root, Next: i.Next})
	}
	for p, n := range w.nodes {
		for q, other := range w.nodes {
			if p != q {
				meet(t, n, other)
			}
		}
	}
	w.group = w.joins(t, c, offices)
	return w
}

// joins has all join a group, with these powers.
func (w *two) joins(t testing.TB, c *entente.Charter, offices map[record.Party][]entente.Office) (group record.ID) {
	t.Helper()
	founding, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for p, n := range w.nodes {
		if group, err = n.Join(t.Context(), founding); err != nil {
			t.Fatal(err)
		}
		root, err := OpenKey(filepath.Join(w.dir, string(p), RootFile), testPassphrase)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.PutPowers(t.Context(), group, offices[p], root); err != nil {
			t.Fatal(err)
		}
	}
	return group
}

// meet has one node keep another's introduction.
func meet(t testing.TB, n, other *Node) {
	t.Helper()
	i, err := other.Introduction(t.Context())
	if err == nil {
		err = n.Meet(t.Context(), i)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (w *two) act(t testing.TB, p record.Party, a Act) *Sealed {
	t.Helper()
	a.Group = w.group
	who := Caller{Office: "desk", Via: "test"}
	d, err := w.nodes[p].Prepare(t.Context(), who, a)
	if err != nil {
		t.Fatal(err)
	}
	d.Sign(record.Approve(d.Act, p, "desk", 1, w.now, w.seats[p]))
	s, err := w.nodes[p].Seal(t.Context(), who, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sync hands over what b has not acknowledged of a.
func (w *two) sync(t testing.TB, a, b record.Party) {
	t.Helper()
	from, err := w.nodes[a].Acked(t.Context(), w.group, b)
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.nodes[a].Outgoing(t.Context(), w.group, b, from)
	if err != nil {
		t.Fatal(err)
	}
	ack, err := w.nodes[b].Receive(t.Context(), a, *p)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.nodes[a].Acknowledged(t.Context(), w.group, b, p, ack); err != nil {
		t.Fatal(err)
	}
}

func (w *two) agreeCharter(t testing.TB) {
	t.Helper()
	for p := range w.nodes {
		w.act(t, p, Act{Kind: "charter", Verb: record.Consent, Version: w.group})
	}
	w.exchange(t)
	w.exchange(t)
}

// exchange hands over everything, each party to each other.
func (w *two) exchange(t testing.TB) {
	t.Helper()
	for _, a := range slices.Sorted(maps.Keys(w.nodes)) {
		for b := range w.nodes {
			if a != b {
				w.sync(t, a, b)
			}
		}
	}
}

func texts() []NewPart {
	return []NewPart{{Name: "title.en", Content: []byte("Title")}, {Name: "title.es", Content: []byte("Título")},
		{Name: "body.en", Content: []byte("Body")}, {Name: "body.es", Content: []byte("Texto")}}
}

func TestTwoNodesAgree(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	s := w.act(t, "MX", Act{Kind: "commitment", Verb: record.Propose, Parts: texts(), Terms: []byte(`{"owner":"US","due":1900000000}`)})
	w.act(t, "MX", Act{Kind: "commitment", Verb: record.Consent, Version: s.ID})
	w.sync(t, "MX", "US")
	w.act(t, "US", Act{Kind: "commitment", Verb: record.Consent, Version: s.ID})
	w.sync(t, "US", "MX")
	if ok, err := w.nodes["MX"].Receipt(t.Context(), w.group); !ok || err != nil {
		t.Fatalf("no receipt for an agreement that waits for one: %v", err)
	}
	if again, err := w.nodes["MX"].Receipt(t.Context(), w.group); again || err != nil {
		t.Fatalf("a second receipt for nothing: %v", err)
	}
	w.sync(t, "MX", "US")
	var digest record.ID
	for p, n := range w.nodes {
		desk := Caller{Office: "desk", Via: "test"}
		d, err := n.Instrument(t.Context(), desk, w.group, s.ID)
		if err != nil {
			t.Fatal(err)
		}
		if d.View.Phase != entente.PhaseInForce || !d.View.Settled {
			t.Errorf("%s: %+v", p, d.View)
		}
		word, err := n.State(t.Context(), w.group)
		if err != nil {
			t.Fatal(err)
		}
		if !digest.IsZero() && digest != word.Digest {
			t.Error("one cut, two states")
		}
		digest = word.Digest
		part, _, err := n.Part(t.Context(), desk, w.group, s.ID, "body.es")
		if err != nil || string(part.Content) != "Texto" {
			t.Errorf("%s reads %q: %v", p, part.Content, err)
		}
		log, err := n.Access(t.Context(), desk, 0, 10)
		if err != nil || len(log) != 1 {
			t.Errorf("%s: %d entries in the access log: %v", p, len(log), err)
		}
		r, err := n.Check(t.Context(), nil)
		if err != nil || !r.OK {
			t.Errorf("%s: check %+v: %v", p, r, err)
		}
	}
}
