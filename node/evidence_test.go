package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entente"
	"entente/record"
	"entente/tlog"
)

// pair is two nodes with a group between them, whose charter both have signed.
type pair struct {
	t     *testing.T
	ctx   context.Context
	dir   string
	now   int64
	nodes map[record.Party]*Node
	seats map[record.Party]ed25519.PrivateKey
	gid   record.ID
}

const pairPassphrase = "a passphrase for tests"

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, ctx: context.Background(), dir: t.TempDir(), now: 1_760_000_000, nodes: map[record.Party]*Node{}, seats: map[record.Party]ed25519.PrivateKey{}}
	var parties []entente.CharterParty
	for _, id := range []record.Party{"MX", "US"} {
		seed := record.Digest("evidence test", []byte(id))
		p.seats[id] = ed25519.NewKeyFromSeed(seed[:])
		names := map[string]string{"en": string(id), "es": string(id)}
		p.must(Init(p.ctx, Setup{Dir: filepath.Join(p.dir, string(id)), Config: Config{Party: id, Names: names, Address: "localhost:1"},
			Passphrase: pairPassphrase, WorkFactor: 2, Offices: p.offices(id), Now: p.now}))
		p.open(id)
		i, err := p.nodes[id].Introduction(p.ctx)
		p.must(err)
		parties = append(parties, entente.CharterParty{ID: id, Names: i.Names, Root: i.Root, Next: i.Next})
	}
	t.Cleanup(func() {
		for _, n := range p.nodes {
			_ = n.Close()
		}
	})
	texts := map[string]string{"en": "G", "es": "G"}
	founding, err := (&entente.Charter{Rules: entente.Rules, Founded: p.now, Track: "security", Languages: []string{"en", "es"}, Names: texts, Purpose: texts,
		Parties: parties, Clocks: entente.Clocks{Notice: 30 * 86400, Ceiling: 10 * 86400, Retention: 1, Skew: 300}}).Encode()
	p.must(err)
	for id, n := range p.nodes {
		for other, x := range p.nodes {
			if id != other {
				meet(t, n, x)
			}
		}
		p.gid, err = n.Join(p.ctx, founding)
		p.must(err)
		p.must(n.PutPowers(p.ctx, p.gid, p.offices(id), p.root(id)))
	}
	p.act("MX", Act{Kind: "charter", Verb: record.Consent, Version: p.gid})
	p.act("US", Act{Kind: "charter", Verb: record.Consent, Version: p.gid})
	p.exchange()
	p.exchange()
	return p
}

func (p *pair) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *pair) offices(id record.Party) []entente.Office {
	names := map[string]string{"en": "Desk", "es": "Oficina"}
	return []entente.Office{
		{ID: "desk", Names: names}, // it drafts, and may not read what is for the office that signs
		{ID: "legal", Names: names, Seats: []entente.Seat{{Number: 1, Key: PublicKey(p.seats[id])}}, Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}},
	}
}

func (p *pair) root(id record.Party) ed25519.PrivateKey {
	p.t.Helper()
	k, err := OpenKey(filepath.Join(p.dir, string(id), RootFile), pairPassphrase)
	p.must(err)
	return k
}

func (p *pair) open(id record.Party) {
	p.t.Helper()
	n, err := Open(p.ctx, Options{Dir: filepath.Join(p.dir, string(id)), Clock: func() int64 { return p.now }})
	p.must(err)
	p.nodes[id] = n
}

func (p *pair) act(id record.Party, a Act) *Sealed {
	p.t.Helper()
	a.Group = p.gid
	who := Caller{Office: "desk", Via: "test"}
	d, err := p.nodes[id].Prepare(p.ctx, who, a)
	p.must(err)
	d.Sign(record.Approve(d.Act, id, "legal", 1, p.now, p.seats[id]))
	s, err := p.nodes[id].Seal(p.ctx, who, d)
	p.must(err)
	p.now++
	return s
}

// send delivers everything of one side to the other, and brings the acknowledgement back.
func (p *pair) send(a, b record.Party) {
	p.t.Helper()
	for {
		from, err := p.nodes[a].Acked(p.ctx, p.gid, b)
		p.must(err)
		m, err := p.nodes[a].Outgoing(p.ctx, p.gid, b, from)
		p.must(err)
		ack, err := p.nodes[b].Receive(p.ctx, a, *m)
		p.must(err)
		p.must(p.nodes[a].Acknowledged(p.ctx, p.gid, b, m, ack))
		if x, _ := p.nodes[a].Acked(p.ctx, p.gid, b); len(m.Records) == 0 || x == from {
			return
		}
	}
}

// deliver brings one message over, whose answer is lost.
func (p *pair) deliver(a, b record.Party) {
	p.t.Helper()
	from, err := p.nodes[a].Acked(p.ctx, p.gid, b)
	p.must(err)
	m, err := p.nodes[a].Outgoing(p.ctx, p.gid, b, from)
	p.must(err)
	_, err = p.nodes[b].Receive(p.ctx, a, *m)
	p.must(err)
}

func (p *pair) exchange() { p.t.Helper(); p.send("MX", "US"); p.send("US", "MX"); p.send("MX", "US") }

func (p *pair) evidence(id record.Party, about record.ID, parts []string, pins ...[]byte) ([]byte, *entente.Verdict) {
	p.t.Helper()
	b, err := p.nodes[id].EvidencePinned(p.ctx, Caller{Office: "desk", Via: "test"}, p.gid, about, parts, pins)
	p.must(err)
	return b, p.verify(b, pins...)
}

func (p *pair) verify(b []byte, pins ...[]byte) *entente.Verdict {
	p.t.Helper()
	e, err := entente.ParseEvidence(b)
	p.must(err)
	again, err := e.Encode()
	if p.must(err); !bytes.Equal(again, b) {
		p.t.Error("the file does not encode to itself")
	}
	return e.Verify(entente.VerifyOptions{Now: p.now, Pins: pins})
}

func (p *pair) want(v *entente.Verdict, grade string, standing entente.Phase) {
	p.t.Helper()
	if !v.Valid || v.Grade != grade || v.Standing != standing {
		j, _ := json.MarshalIndent(v, "", " ")
		p.t.Fatalf("valid %v, grade %q, standing %q; want %q, %q\n%s", v.Valid, v.Grade, v.Standing, grade, standing, j)
	}
}

const canary = "CANARY-OF-THE-ANNEX"

func (p *pair) propose() *Sealed {
	p.t.Helper()
	red := record.Marking{TLP: record.Red, ReleasableTo: []record.Party{"MX", "US"}, Offices: []string{"MX/legal", "US/legal"}}
	return p.act("MX", Act{Kind: "commitment", Verb: record.Propose, Terms: []byte(`{"owner":"US","due":1770000000}`), Parts: []NewPart{
		{Name: "title.en", Content: []byte("title")}, {Name: "title.es", Content: []byte("título")}, {Name: "body.en", Content: []byte("BODY-EN")},
		{Name: "body.es", Content: []byte("BODY-ES")}, {Name: "annex/names", Content: []byte(canary), Marking: &red}}})
}

func hasReason(rs []entente.Reason, code string) bool {
	return slices.ContainsFunc(rs, func(r entente.Reason) bool { return r.Code == code })
}

func TestEvidenceStory(t *testing.T) {
	p := newPair(t)
	s := p.propose()
	_, v := p.evidence("MX", s.ID, nil)
	p.want(v, entente.GradeSigned, entente.PhaseProposed) // before contact
	p.act("MX", Act{Kind: "commitment", Verb: record.Consent, Version: s.ID})
	p.send("MX", "US")
	_, v = p.evidence("MX", s.ID, nil)
	p.want(v, entente.GradeWitnessed, entente.PhaseProposed)
	us := p.act("US", Act{Kind: "commitment", Verb: record.Consent, Version: s.ID})
	p.send("US", "MX")
	_, v = p.evidence("MX", s.ID, nil)
	p.want(v, entente.GradeWitnessed, entente.PhaseInForce) // MX has no record yet that knows the consent of US
	if ok, err := p.nodes["MX"].Receipt(p.ctx, p.gid); !ok || err != nil {
		t.Fatal(ok, err)
	}
	p.send("MX", "US")
	p.send("US", "MX")

	var files [][]byte
	for _, id := range []record.Party{"MX", "US"} {
		b, v := p.evidence(id, s.ID, nil)
		files = append(files, b)
		p.want(v, entente.GradeSettled, entente.PhaseInForce)
		d, err := p.nodes[id].Instrument(p.ctx, Caller{Office: "desk"}, p.gid, s.ID)
		p.must(err)
		here, err := d.State.Encode()
		p.must(err)
		shown, err := v.State.Encode()
		p.must(err)
		if !bytes.Equal(here, shown) {
			t.Error("the state in the verdict is not the node's")
		}
		if len(v.Versions) != 1 || len(v.Versions[0].Signed) != 3 {
			t.Fatalf("signers: %+v", v.Versions)
		}
		for _, x := range v.Versions[0].Signed {
			if x.Office != "legal" || x.Seat != 1 || x.Time == 0 {
				t.Errorf("signer %+v", x)
			}
		}
		var in, out []string
		for _, x := range v.Parts {
			if x.Included {
				in = append(in, x.Name)
			} else {
				out = append(out, x.Name)
			}
		}
		if !slices.Equal(in, []string{"body.en", "body.es", "title.en", "title.es"}) || !slices.Equal(out, []string{"annex/names"}) {
			t.Errorf("%s: included %v, withheld %v", id, in, out)
		}
		if bytes.Contains(b, []byte(canary)) || bytes.Contains(b, []byte(hex.EncodeToString([]byte(canary)))) {
			t.Errorf("%s: what the office may not read is in the file", id)
		}
		if !hasReason(v.Limits, entente.LimitAfter) || !hasReason(v.Limits, entente.LimitTimes) {
			t.Errorf("limits %v", v.Limits)
		}
		if _, err := json.Marshal(v); err != nil {
			t.Error(err)
		}
	}
	// About another record of the same instrument, and about the charter.
	_, v = p.evidence("MX", us.ID, []string{})
	p.want(v, entente.GradeSettled, entente.PhaseInForce)
	_, v = p.evidence("US", p.gid, nil)
	if p.want(v, entente.GradeSettled, entente.PhaseInForce); v.Kind != "charter" {
		t.Errorf("kind %q", v.Kind)
	}
	// After notice was given: still in force, and the file says when it ends.
	p.act("US", Act{Kind: "commitment", Verb: record.Withdraw, Version: s.ID})
	p.exchange()
	_, v = p.evidence("MX", s.ID, nil)
	if p.want(v, entente.GradeSettled, entente.PhaseInForce); !v.View.Leaving || v.State.Ends == 0 {
		t.Errorf("the withdrawal does not show: %+v", v.State)
	}
	p.now = v.State.Ends
	p.want(p.verify(files[0]), entente.GradeSettled, entente.PhaseInForce) // made before: it cannot know, and says so
	_, v = p.evidence("MX", s.ID, nil)
	p.want(v, entente.GradeSettled, entente.PhaseEnded)
}

func TestEvidenceWithdrawnInTime(t *testing.T) {
	p := newPair(t)
	s := p.propose()
	p.act("MX", Act{Kind: "commitment", Verb: record.Consent, Version: s.ID})
	w := p.act("MX", Act{Kind: "commitment", Verb: record.Withdraw, Version: s.ID})
	_, v := p.evidence("MX", s.ID, nil)
	if p.want(v, entente.GradeSigned, entente.PhaseWithdrawn); !v.View.Pending {
		t.Error("a withdrawal nobody knows of is not shown as pending")
	}
	p.exchange()
	if ok, err := p.nodes["US"].Receipt(p.ctx, p.gid); !ok || err != nil {
		t.Fatal(ok, err)
	}
	p.exchange()
	_, v = p.evidence("US", w.ID, nil)
	if p.want(v, entente.GradeWitnessed, entente.PhaseWithdrawn); v.View.Pending {
		t.Error("the receipt is not in the file")
	}
}

func TestEvidenceParts(t *testing.T) {
	p := newPair(t)
	s := p.propose()
	p.exchange()
	desk := Caller{Office: "desk", Via: "test"}
	for name, c := range map[string]struct {
		who   Caller
		parts []string
		in    []string
		err   error
	}{
		"one":                {desk, []string{"body.es"}, []string{"body.es"}, nil},
		"none":               {desk, []string{}, nil, nil},
		"none, as the api":   {desk, []string{"-"}, nil, nil},
		"operator":           {Caller{Operator: true}, nil, nil, nil},
		"operator asks":      {Caller{Operator: true}, []string{"body.es"}, nil, ErrForbidden},
		"not for the office": {desk, []string{"annex/names"}, nil, ErrNotFound},
		"no such part":       {desk, []string{"annex/other"}, nil, ErrNotFound},
		"the office named":   {Caller{Office: "legal"}, []string{"annex/names"}, []string{"annex/names"}, nil},
		"a stranger":         {Caller{Office: "press"}, nil, nil, ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := p.nodes["US"].Access(p.ctx, Caller{Operator: true}, 0, 0)
			p.must(err)
			b, err := p.nodes["US"].Evidence(p.ctx, c.who, p.gid, s.ID, c.parts)
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			v := p.verify(b)
			p.want(v, entente.GradeWitnessed, entente.PhaseProposed)
			var in []string
			for _, x := range v.Parts {
				if x.Included {
					in = append(in, x.Name)
				}
			}
			if !slices.Equal(in, c.in) {
				t.Errorf("included %v, want %v", in, c.in)
			}
			for name, content := range map[string]string{"body.en": "BODY-EN", "body.es": "BODY-ES", "annex/names": canary} {
				if bytes.Contains(b, []byte(content)) != slices.Contains(c.in, name) {
					t.Errorf("content of %s in the file: %v", name, !slices.Contains(c.in, name))
				}
			}
			after, err := p.nodes["US"].Access(p.ctx, Caller{Operator: true}, 0, 0)
			if p.must(err); (len(after) > len(before)) != (len(c.in) > 0) {
				t.Errorf("%d entries of the access log before, %d after", len(before), len(after))
			}
			if len(c.in) > 0 && !strings.Contains(string(mustJSON(t, after[0].Terms)), `"via":"export"`) {
				t.Errorf("access log: %s", mustJSON(t, after[0].Terms))
			}
		})
	}
	if _, err := p.nodes["US"].Evidence(p.ctx, desk, p.gid, record.ID{1}, nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("an id that is not here: %v", err)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rotate gives a node new keys for everything but its root, as after a theft.
func (p *pair) rotate(id record.Party) {
	p.t.Helper()
	_, err := p.nodes[id].PrepareKeys(p.ctx)
	p.must(err)
	p.must(p.nodes[id].PutPowers(p.ctx, p.gid, p.offices(id), p.root(id)))
}

func TestEvidenceAfterRotation(t *testing.T) {
	p := newPair(t)
	s := p.propose()
	p.act("MX", Act{Kind: "commitment", Verb: record.Consent, Version: s.ID})
	p.exchange()
	old, v := p.evidence("MX", s.ID, nil)
	p.want(v, entente.GradeWitnessed, entente.PhaseProposed)
	p.rotate("MX")
	p.rotate("US")
	// The head is signed by the new key, the smaller checkpoint that US cosigned by the old.
	b, v := p.evidence("MX", s.ID, nil)
	p.want(v, entente.GradeWitnessed, entente.PhaseProposed)
	e, err := entente.ParseEvidence(b)
	p.must(err)
	if e.Heads[0].Party != "MX" || e.Heads[1].Party != "MX" {
		t.Fatal("want two checkpoints of MX")
	}
	l, err := p.nodes["MX"].Ledger(p.gid)
	p.must(err)
	var keys []ed25519.PublicKey
	for _, h := range e.Heads[:2] {
		_, k, err := tlog.OpenCheckpointKeys(h.Note, tlog.Origin(p.gid, "MX"), func(size uint64) []ed25519.PublicKey {
			return []ed25519.PublicKey{l.Ring("MX").Key(entente.UseLog, size)}
		})
		p.must(err)
		keys = append(keys, k)
	}
	if keys[0].Equal(keys[1]) {
		t.Error("the log key did not change")
	}
	p.deliver("MX", "US") // each side learns the other's new keys before it can check an answer under them
	p.deliver("US", "MX")
	p.exchange()
	p.act("US", Act{Kind: "commitment", Verb: record.Consent, Version: s.ID})
	p.exchange()
	if _, err := p.nodes["MX"].Receipt(p.ctx, p.gid); err != nil {
		t.Fatal(err)
	}
	p.exchange()
	p.exchange()
	_, v = p.evidence("MX", s.ID, nil)
	p.want(v, entente.GradeSettled, entente.PhaseInForce)
	for _, x := range v.Logs {
		if len(x.Powers) != 2 {
			t.Errorf("%s: %d powers in the history, want 2", x.Party, len(x.Powers))
		}
	}
	p.want(p.verify(old), entente.GradeWitnessed, entente.PhaseProposed)

	// The head of the old file under the new log key: no key counts outside its span.
	e, err = entente.ParseEvidence(old)
	p.must(err)
	for i := range e.Heads {
		c, err := tlog.ParseCheckpoint(e.Heads[i].Note)
		p.must(err)
		e.Heads[i].Note, err = tlog.SignCheckpoint(c, p.nodes[e.Heads[i].Party].keys.key(entente.UseLog))
		p.must(err)
	}
	if v := e.Verify(entente.VerifyOptions{Now: p.now}); v.Valid || !hasReason(v.Reasons, entente.ReasonCheckpoint) || v.Standing != "" {
		t.Errorf("a checkpoint under a later key: %+v", v)
	}
}

func TestEvidencePins(t *testing.T) {
	p := newPair(t)
	s := p.propose()
	p.exchange()
	old, v := p.evidence("US", s.ID, nil)
	p.want(v, entente.GradeWitnessed, entente.PhaseProposed)
	head := func() []byte { return p.nodes["US"].groupOf(t, p.gid).logs["MX"].checkpoint }
	first := head()
	for range 3 {
		p.act("MX", Act{Kind: "commitment", Verb: record.Consent, Version: s.ID})
		p.act("MX", Act{Kind: "commitment", Verb: record.Withdraw, Version: s.ID})
	}
	p.exchange()
	pinned := func(v *entente.Verdict) []uint64 {
		for _, l := range v.Logs {
			if l.Party == "MX" {
				return l.Pinned
			}
		}
		return nil
	}
	size := func(note []byte) uint64 { return sizeOf(note) }

	if v = p.verify(old, first); !v.Valid || !slices.Equal(pinned(v), []uint64{size(first)}) || hasReason(v.Limits, entente.LimitPin) {
		t.Errorf("the same checkpoint pinned: %+v", v)
	}
	if v = p.verify(old, head()); !v.Valid || len(pinned(v)) != 0 || !hasReason(v.Limits, entente.LimitPin) {
		t.Errorf("a newer checkpoint without proof: %+v", v)
	}
	later, err := p.nodes["US"].EvidenceLater(p.ctx, Caller{Office: "desk"}, p.gid, old, [][]byte{head()})
	p.must(err)
	if v = p.verify(later, head(), first); !v.Valid || !slices.Equal(pinned(v), []uint64{size(head()), size(first)}) || hasReason(v.Limits, entente.LimitPin) {
		t.Errorf("a newer checkpoint with proof: %+v", v)
	}
	again, err := p.nodes["US"].EvidenceLater(p.ctx, Caller{Office: "desk"}, p.gid, later, [][]byte{head()})
	if p.must(err); !bytes.Equal(again, later) {
		t.Error("a proof that is there already was added again")
	}
	odd, err := tlog.SignCheckpoint(tlog.Checkpoint{Origin: tlog.Origin(p.gid, "MX"), Size: 3, Root: mustRoot(t, p, 3)}, p.nodes["MX"].keys.key(entente.UseLog))
	p.must(err)
	if _, v = p.evidence("US", s.ID, nil, odd); !v.Valid || !slices.Equal(pinned(v), []uint64{3}) {
		t.Errorf("an older checkpoint: %+v", v)
	}

	// The log key signs another history: at the head's size, at a size the file links to, and at a newer one.
	for name, c := range map[string]struct {
		file []byte
		at   uint64
		fork bool
	}{"same size": {old, size(first), true}, "linked size": {later, size(head()), true}, "newer, no proof": {old, size(head()), false}} {
		note, err := tlog.SignCheckpoint(tlog.Checkpoint{Origin: tlog.Origin(p.gid, "MX"), Size: c.at, Root: tlog.Hash{1}}, p.nodes["MX"].keys.key(entente.UseLog))
		p.must(err)
		v := p.verify(c.file, note)
		if v.Valid == c.fork || hasReason(v.Reasons, entente.ReasonFork) != c.fork || hasReason(v.Limits, entente.LimitPin) == c.fork {
			t.Errorf("%s: valid %v, reasons %v, limits %v", name, v.Valid, v.Reasons, v.Limits)
		}
	}
	if v = p.verify(old, []byte("no note")); v.Valid || !hasReason(v.Reasons, entente.ReasonPin) {
		t.Error("a pin that cannot be read was passed over")
	}
	if _, err := p.nodes["US"].EvidenceLater(p.ctx, Caller{Office: "desk"}, p.gid, []byte("x"), nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("a file that is none: %v", err)
	}
}

func mustRoot(t *testing.T, p *pair, size uint64) tlog.Hash {
	t.Helper()
	g := p.nodes["MX"].groupOf(t, p.gid)
	x := &exhibit{n: p.nodes["MX"], g: g, v: p.nodes["MX"].store.View(p.ctx)}
	h, err := x.root(g.logs["MX"], size)
	p.must(err)
	return h
}

func (n *Node) groupOf(t *testing.T, id record.ID) *group {
	t.Helper()
	g, err := n.find(id)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestEvidenceOfOwnGroup(t *testing.T) {
	p := newPair(t)
	s := p.propose()
	if _, _, err := p.nodes["MX"].Part(p.ctx, Caller{Office: "desk", Via: "test"}, p.gid, s.ID, "body.en"); err != nil {
		t.Fatal(err)
	}
	entries, err := p.nodes["MX"].Access(p.ctx, Caller{Operator: true}, 0, 1)
	p.must(err)
	b, err := p.nodes["MX"].Evidence(p.ctx, Caller{Operator: true}, p.nodes["MX"].own().id, entries[0].ID, nil)
	p.must(err)
	v := p.verify(b)
	if p.want(v, entente.GradeSigned, entente.PhaseRecorded); v.Kind != "access" || v.State != nil {
		t.Errorf("kind %q, state %v", v.Kind, v.State)
	}
}
