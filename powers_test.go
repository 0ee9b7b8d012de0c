package entente_test

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"

	"entente"
	"entente/consent"
	"entente/record"
)

// Invariant 11 and rule C6: which keys and seats count, by position.

// rotate puts the key that was committed to in the place of the root, and commits to another.
func (p *party) rotate(generation int) {
	p.root, p.next = p.next, seedKey(p.id, "next", generation)
	p.powers.Root, p.powers.Next = publicKey(p.root), publicKey(p.next).Digest()
}

func (p *party) newRecordKey(generation int) {
	p.keys[entente.UseRecord] = seedKey(p.id, entente.UseRecord, generation)
	keys := map[entente.Use]entente.Key{}
	for u, k := range p.keys {
		keys[u] = publicKey(k)
	}
	p.powers.Keys = keys
}

func TestRecordKeyCountsInItsSpanOnly(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US").view
	old := mx.keys[entente.UseRecord]
	mx.newRecordKey(2)

	d := mx.draft("receipt", record.Note, by()) // the new key before it is on record
	d.seal = mx.keys[entente.UseRecord]
	if err := us.receive("MX", d.sealed().Bytes()); !errors.Is(err, record.ErrSignature) {
		t.Errorf("a record under a key not yet on record: %v, want ErrSignature", err)
	}
	for _, u := range entente.Uses {
		if u == entente.UseRecord {
			continue
		}
		d.seal = mx.keys[u]
		if err := us.receive("MX", d.sealed().Bytes()); !errors.Is(err, record.ErrSignature) {
			t.Errorf("a record under the %s key: %v, want ErrSignature", u, err)
		}
	}
	mx.good(mx.Powers()) // sealed with the key it names itself
	d = mx.draft("receipt", record.Note, by())
	d.seal = old
	if err := us.receive("MX", d.sealed().Bytes()); !errors.Is(err, record.ErrSignature) {
		t.Errorf("a record under a key that was replaced: %v, want ErrSignature", err)
	}
	if mx.view.ledger.Ring("MX").RecordKey(&d.h, record.KeyIDOf(old.Public().(ed25519.PublicKey))) != nil {
		t.Error("the replaced key counts")
	}
	w.same()
}

// Powers may be sealed by the key they name themselves, and only if the root approved them.
func TestPowersWithoutTheRootOpenNoDoor(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US").view
	mx.newRecordKey(2)
	for name, e := range map[string]edit{
		"nobody's approval": by(), "an office's": by("foreign/1"),
		"the root's of another act": func(d *draft) {
			d.signers, d.moved = nil, []record.Approval{record.Approve(record.ID{1}, "MX", record.RootOffice, 0, epoch, mx.root)}
		},
		"another party's root": func(d *draft) {
			act, _ := record.Act(&d.h)
			d.signers, d.moved = nil, []record.Approval{record.Approve(act, "MX", record.RootOffice, 0, epoch, w.As("US").root)}
		},
	} {
		r := mx.draft("powers", record.Propose, terms(mx.powers), e).sealed()
		if err := us.receive("MX", r.Bytes()); !errors.Is(err, record.ErrSignature) {
			t.Errorf("with %s: %v, want ErrSignature", name, err)
		}
	}
	mx.good(mx.Powers())
}

// A clone goes on alone: what a transaction that fails fed to it is gone with it.
func TestCloneOfALedger(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	before := us.view.ledger.Clone()
	id := mx.AmendCharter(w.group, func() *entente.Charter { c := newCharter("MX", "US"); c.Track = "trade"; return c }())
	mx.good(mx.Consent(id))
	us.good(us.Consent(id))
	mx.newRecordKey(2)
	r := mx.good(mx.Powers())
	try := before.Clone()
	try.Hold(r.Header(), r.ID())
	for _, x := range us.view.instruments[w.group] {
		if x.Header().Index > 1 {
			try.Count(x)
		}
	}
	if got, _ := try.Charter(); got != id || len(try.Ring("MX").Spans()) != 2 {
		t.Fatalf("the clone names charter %s and %d powers", got.Short(), len(try.Ring("MX").Spans()))
	}
	if got, _ := before.Charter(); got != w.group || len(before.Ring("MX").Spans()) != 1 || before.CharterByID(id) != nil {
		t.Errorf("what a clone took is in its original: charter %s, %d powers", got.Short(), len(before.Ring("MX").Spans()))
	}
}

// A powers record is bound to its place by nothing but its nonce: its old bytes, sealed again further on, must not bring back
// keys and seats that were replaced, whether the thief holds the present record key or the old one.
func TestOldPowersAreNotBroughtBack(t *testing.T) {
	for _, thief := range []string{"the old record key", "the present record key"} {
		t.Run(thief, func(t *testing.T) {
			w := newWorld(t, newCharter("MX", "US"))
			mx, us := w.As("MX"), w.As("US")
			first := mx.written[0].Header()
			old := mx.keys[entente.UseRecord]
			stolen := mx.seats["foreign/1"]
			mx.newRecordKey(2)
			mx.revoke("foreign", 1)
			mx.good(mx.Powers())

			d := mx.draft("powers", record.Propose)
			d.h.Terms, d.h.Nonce, d.h.Instrument, d.h.Charter, d.h.Line = first.Terms, first.Nonce, first.Instrument, first.Charter, first.Line
			d.moved, d.signers = first.Approvals, nil
			if thief == "the old record key" {
				d.seal = old
				if err := us.view.receive("MX", d.sealed().Bytes()); !errors.Is(err, record.ErrSignature) {
					t.Fatalf("replayed powers under the old record key: %v, want ErrSignature", err)
				}
				return
			}
			mx.put(d.sealed())
			only(t, us.view.judged[d.h.Ref()].Reasons, entente.ReasonNonce, entente.ReasonApproval)
			if key := us.view.ledger.Ring("MX").Key(entente.UseRecord, d.h.Index+1); string(key) != string(publicKey(mx.keys[entente.UseRecord]).Public) {
				t.Error("the replayed powers changed the record key")
			}
			mx.seats["foreign/1"] = stolen
			only(t, mx.Reasons("statement", record.Propose, append(texts("x"), by("foreign/1"))...), entente.ReasonApproval)
			only(t, mx.Reasons("statement", record.Propose, append(texts("x"), by("foreign/2"))...))
			w.same()
		})
	}
}

func TestApprovalsThatDoNotCarry(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx := w.As("MX")
	text := append(texts("x"), terms(promise("MX")), line("fuel"))
	try := func(name string, want []string, kind string, verb record.Verb, edits ...edit) {
		t.Helper()
		t.Run(name, func(t *testing.T) { t.Helper(); only(t, mx.Reasons(kind, verb, edits...), want...) })
	}
	no, yes := []string{entente.ReasonApproval}, []string(nil)
	add := func(e ...edit) []edit { return append(slices.Clone(text), e...) }

	try("an office with the powers", yes, "commitment", record.Propose, add(by("foreign/2"))...)
	try("nobody", no, "commitment", record.Propose, add(by())...)
	try("its line", yes, "commitment", record.Propose, add(by("fuel-desk/1"))...)
	try("another line", no, "commitment", record.Propose, add(by("fuel-desk/1"), line("arms"))...)
	try("no line", no, "commitment", record.Propose, add(by("fuel-desk/1"), line(""))...)
	try("another kind", no, "statement", record.Propose, append(texts("x"), by("fuel-desk/1"), line("fuel"))...)
	own := w.As("US").Propose("statement", entente.Statement{})
	try("its kind, another verb", no, "statement", record.Consent, mx.about(own), by("press/1"))
	try("the same by another office", yes, "statement", record.Consent, mx.about(own))
	try("two of two", yes, "commitment", record.Propose, add(by("joint/1", "joint/3"))...)
	try("one of two", no, "commitment", record.Propose, add(by("joint/1"))...)
	try("the same seat twice", no, "commitment", record.Propose, add(by("joint/2", "joint/2"))...)
	try("one seat each of two offices", no, "commitment", record.Propose, add(by("joint/1", "press/1"))...)
	try("one office is enough", yes, "commitment", record.Propose, add(by("foreign/1", "press/1"))...)
	try("the root", no, "commitment", record.Propose, add(by("root"))...)
	try("a good seat and a bad signature", no, "commitment", record.Propose, add(by("foreign/1"), func(d *draft) {
		d.moved = []record.Approval{record.Approve(record.ID{1}, "MX", "foreign", 2, epoch, mx.seats["foreign/2"])}
	})...)
	try("another party's seat", no, "commitment", record.Propose, add(by(), func(d *draft) {
		act, _ := record.Act(&d.h)
		d.moved = []record.Approval{record.Approve(act, "US", "foreign", 1, epoch, w.As("US").seats["foreign/1"])}
	})...)
	try("a seat that does not exist", no, "commitment", record.Propose, add(by(), func(d *draft) {
		act, _ := record.Act(&d.h)
		d.moved = []record.Approval{record.Approve(act, "MX", "foreign", 9, epoch, mx.seats["foreign/1"])}
	})...)
	try("a seat of another office", no, "commitment", record.Propose, add(by(), func(d *draft) {
		act, _ := record.Act(&d.h)
		d.moved = []record.Approval{record.Approve(act, "MX", "foreign", 1, epoch, mx.seats["joint/1"])}
	})...)
	at := func(x int64) edit { return with(func(h *record.Header) { h.Time = x }) }
	press := append(texts("x"), by("press/1"))
	try("a second before its grant ends", yes, "statement", record.Propose, append(slices.Clone(press), at(epoch+9_999))...)
	try("when its grant has ended", no, "statement", record.Propose, append(slices.Clone(press), at(epoch+10_000))...)
}

func TestRevokedByPositionNotByTime(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	v := us.Propose("commitment", promise("US"))
	before := mx.good(mx.Consent(v, by("foreign/1"))) // and in the same second:
	mx.revoke("foreign", 1)
	mx.good(mx.Powers())
	after := mx.Consent(v, by("foreign/1"))
	if before.Header().Time != after.Header().Time {
		t.Fatal("the story needs one second")
	}
	only(t, us.view.judged[after.Header().Ref()].Reasons, entente.ReasonApproval)
	us.good(us.Consent(v))
	w.Wait(500).Deliver()
	if got := us.Phase(v); got != entente.PhaseInForce {
		t.Errorf("a consent before the revocation in one log: %s, want in force", got)
	}
	w.same()

	// The mutant that compares times cannot tell the two apart.
	rule, mutant := newAuditor(us.view, byIndex), newAuditor(us.view, byTime)
	for _, r := range []struct {
		h    *record.Header
		want bool
	}{{before.Header(), true}, {after.Header(), false}} {
		if got := rule.signed(r.h); got != r.want {
			t.Errorf("by index %s is signed: %v", r.h.Ref(), got)
		}
	}
	if mutant.signed(before.Header()) != mutant.signed(after.Header()) {
		t.Error("the story does not catch the mutant")
	}
	if why, _ := mutant.unsupported(us.view); len(why) == 0 {
		t.Error("by time the agreement would stand: the mutant is not caught")
	}
	if why, n := rule.unsupported(us.view); len(why) > 0 || n == 0 {
		t.Errorf("by index: %v, %d consents", why, n)
	}
}

func TestRootRotation(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	stolen, committed := mx.root, mx.next

	// Whoever stole the root cannot commit to a next of his own, nor put a root of his own in its place.
	honest := mx.powers
	mx.powers.Next = publicKey(seedKey("thief")).Digest()
	only(t, mx.Reasons("powers", record.Propose, terms(mx.powers), by("root")), entente.ReasonApproval)
	mx.Powers()
	mx.powers.Root = publicKey(seedKey("thief"))
	mx.root = seedKey("thief")
	mx.Powers()
	if got := us.view.ledger.Ring("MX").At(uint64(len(mx.written))); got.Root.String() != publicKey(stolen).String() || got.Next != publicKey(committed).Digest() {
		t.Fatal("a thief of the root changed the root or its successor")
	}
	// The owner shows the key that was committed to.
	mx.powers, mx.root = honest, stolen
	mx.rotate(2)
	mx.good(mx.Powers())
	// The stolen root counts no longer.
	mx.root = stolen
	again := honest
	only(t, mx.Reasons("powers", record.Propose, terms(again), by("root")), entente.ReasonApproval)
	only(t, mx.Reasons("powers", record.Propose, terms(mx.powers), by("root")), entente.ReasonApproval)
	mx.root = committed
	mx.rotate(3)
	mx.good(mx.Powers())
	w.same()

	// A newcomer gets the whole log at once: what was judged early by others must be judged alike here.
	late := newView(w.kinds, w.founding)
	for _, p := range w.order {
		for _, r := range w.As(p).written {
			if err := late.receive(p, r.Bytes()); err != nil {
				t.Fatal(err)
			}
		}
	}
	late.advance(w.now + 300)
	if late.cutKey() != us.view.cutKey() || late.digest() != us.view.digest() {
		for ref, j := range late.judged {
			if !slices.Equal(codes(j.Reasons), codes(us.view.judged[ref].Reasons)) {
				t.Errorf("%s: %v, judged early %v", ref, j.Reasons, us.view.judged[ref].Reasons)
			}
		}
		t.Fatal("a newcomer comes to another state")
	}
}

func TestStolenRecordKeyPutsNothingInForce(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	v := us.Propose("commitment", promise("US"))
	us.good(us.Consent(v))
	only(t, mx.Reasons("commitment", record.Consent, mx.about(v), by()), entente.ReasonApproval)

	// Approvals of the officials, moved from an act of theirs to another.
	other := us.Propose("commitment", promise("US"))
	real := mx.good(mx.Consent(other)).Header()
	for _, name := range []string{"with its own nonce", "with the nonce of the act"} {
		only(t, mx.Reasons("commitment", record.Consent, mx.about(v), by(), func(d *draft) {
			d.moved = real.Approvals
			if name != "with its own nonce" {
				d.h.Nonce = real.Nonce
			}
		}), map[string][]string{"with its own nonce": {"approval"}, "with the nonce of the act": {"approval", "nonce"}}[name]...)
	}
	// The same act again: consent, withdrawal, and the consent replayed.
	us.good(us.Consent(other, by("foreign/2")))
	mine := mx.Propose("commitment", promise("MX"))
	yes := mx.good(mx.Consent(mine)).Header()
	mx.good(mx.Withdraw(mine))
	replay := mx.draft("commitment", record.Consent, mx.about(mine), by(), with(func(h *record.Header) { h.Nonce, h.Charter = yes.Nonce, yes.Charter }))
	replay.moved = yes.Approvals
	r := mx.put(replay.sealed())
	only(t, us.view.judged[r.Header().Ref()].Reasons, entente.ReasonNonce)
	us.careless = true
	us.good(us.Consent(mine))
	if got := us.Phase(mine); got != entente.PhaseWithdrawn {
		t.Errorf("a replayed consent counts: %s", got)
	}
	if got := us.Phase(v); got != entente.PhaseProposed {
		t.Errorf("without officials: %s", got)
	}
	w.same()
	if s := us.State(mine); len(s.Rejected) != 1 || s.Rejected[0].ID != r.ID() || version(s, mine).Standing != consent.Open {
		t.Errorf("the replay is not kept as rejected: %+v", s.Rejected)
	}
}

func TestPowersCheck(t *testing.T) {
	w := bareWorld(t, newCharter("MX", "US"))
	p := w.As("MX")
	good := p.powers
	seat := func(n uint64, k ...any) entente.Seat { return entente.Seat{Number: n, Key: publicKey(seedKey(k...))} }
	cases := map[string]func(*entente.Powers){
		"one key":       func(x *entente.Powers) { x.Keys[entente.UseLog] = x.Keys[entente.UseTLS] },
		"no record key": func(x *entente.Powers) { delete(x.Keys, entente.UseRecord) },
		"a use":         func(x *entente.Powers) { x.Keys["spare"] = publicKey(seedKey("spare")) },
		"algorithm":     func(x *entente.Powers) { k := x.Keys[entente.UseLog]; k.Alg = -7; x.Keys[entente.UseLog] = k },
		"bytes": func(x *entente.Powers) {
			k := x.Keys[entente.UseLog]
			k.Public = k.Public[:31]
			x.Keys[entente.UseLog] = k
		},
		"next":           func(x *entente.Powers) { x.Next = x.Root.Digest() },
		"another key":    func(x *entente.Powers) { x.Next = record.ID{} },
		"address":        func(x *entente.Powers) { x.Address = strings.Repeat("x", 257) },
		"root, ascend":   func(x *entente.Powers) { x.Offices[0].ID = "root" },
		"without double": func(x *entente.Powers) { x.Offices[1].ID = x.Offices[0].ID },
		"numbered from":  func(x *entente.Powers) { x.Offices[0].Seats = []entente.Seat{seat(0, "z")} },
		"have one key": func(x *entente.Powers) {
			x.Offices[0].Seats = append(x.Offices[0].Seats, entente.Seat{Number: 9, Key: x.Root})
		},
		"is for seats":                        func(x *entente.Powers) { x.Keys[entente.UseLog] = x.Offices[0].Seats[0].Key },
		"root key: algorithm":                 func(x *entente.Powers) { x.Root = x.Offices[0].Seats[0].Key },
		"deputy/1 key: a WebAuthn key starts": func(x *entente.Powers) { x.Offices[0].Seats[0].Key.Public[0] = 4 },
		"deputy/1 key: algorithm":             func(x *entente.Powers) { x.Offices[0].Seats[0].Key.Alg = -7 },
		"deputy/2 and deputy/1 have one": func(x *entente.Powers) { // on two hosts
			k := slices.Clone(x.Offices[0].Seats[0].Key.Public)
			k[64] ^= 1
			x.Offices[0].Seats[1].Key.Public = k
		},
		"a term starts":    func(x *entente.Powers) { x.Offices[0].Seats[0].From = -1 },
		"a term starts, 2": func(x *entente.Powers) { x.Offices[0].Seats[0].Until = -1 },
		"a term starts, 3": func(x *entente.Powers) { x.Offices[0].Seats[1].Until = x.Offices[0].Seats[1].From },
		"a term starts, 4": func(x *entente.Powers) { x.Offices[0].Seats[0].From = record.MaxTime + 1 },
		"a way to reach":   func(x *entente.Powers) { x.Offices[0].Reach = &entente.Reach{} },
		"telephone":        func(x *entente.Powers) { x.Offices[0].Reach = &entente.Reach{Telephone: "1\n2"} },
		"telephone, 2": func(x *entente.Powers) {
			x.Offices[0].Reach = &entente.Reach{Hours: strings.Repeat("x", record.MaxName+1)}
		},
		"a grant names": func(x *entente.Powers) { x.Offices[0].Grants = []entente.Grant{{Kinds: []string{"*"}}} },
		"a grant":       func(x *entente.Powers) { x.Offices[0].Grants = []entente.Grant{{Sign: 1}} },
	}
	for want, spoil := range cases {
		b, err := record.Marshal(good)
		if err != nil {
			t.Fatal(err)
		}
		var x entente.Powers
		if err := record.Unmarshal(b, &x); err != nil {
			t.Fatal(err)
		}
		x.Offices[1].Reach = &entente.Reach{Telephone: "+52 55 0000 0000", Mail: "guardia@example.mx", Hours: "08:00–20:00 (UTC−6)", Duty: true}
		if err := x.Check(); err != nil {
			t.Fatal(err)
		}
		spoil(&x)
		if err := x.Check(); err == nil || !strings.Contains(err.Error(), strings.Split(want, ",")[0]) {
			t.Errorf("%s: %v", want, err)
		}
		p.powers = x
		if _, err := record.Marshal(x); err == nil {
			if got := codes(p.Reasons("powers", record.Propose, terms(x), by("root"))); !slices.Contains(got, entente.ReasonApproval) {
				t.Errorf("%s: judged %v", want, got)
			}
		}
	}
}

// In a group of one the root's word is enough: nobody else's trust is at stake.
func TestGroupOfOne(t *testing.T) {
	one := newWorld(t, newCharter("MX"))
	only(t, one.As("MX").Reasons("statement", record.Propose, append(texts("x"), by("root"))...))
	two := newWorld(t, newCharter("MX", "US"))
	only(t, two.As("MX").Reasons("statement", record.Propose, append(texts("x"), by("root"))...), entente.ReasonApproval)
	only(t, one.As("MX").Reasons("access", record.Note, terms(entente.Access{Office: "foreign", Via: "api"}), by()))
	only(t, two.As("MX").Reasons("access", record.Note, terms(entente.Access{Office: "foreign", Via: "api"}), by()), entente.ReasonKind)
}

// An assertion of a seat's authenticator carries an act as a signature of a key does; with one bit of it changed, or for
// another act, seat or party, it takes the effect from the record.
func TestApprovalsByWebAuthn(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx := w.As("MX")
	text := append(texts("x"), terms(promise("MX")))
	only(t, mx.Reasons("commitment", record.Propose, append(text, by("deputy/1"))...))
	forged := func(f func(d *draft, a *record.Approval)) []edit {
		return append(slices.Clone(text), by(), func(d *draft) {
			act, err := record.Act(&d.h)
			if err != nil {
				t.Fatal(err)
			}
			a := byDevice(mx.devices["deputy/1"], act, "MX", "deputy", 1, w.now)
			f(d, &a)
			d.moved = []record.Approval{a}
		})
	}
	only(t, mx.Reasons("commitment", record.Propose, forged(func(*draft, *record.Approval) {})...))
	refused := 0
	for name, f := range map[string]func(d *draft, a *record.Approval){
		"of another act": func(_ *draft, a *record.Approval) {
			*a = byDevice(mx.devices["deputy/1"], record.ID{1}, "MX", "deputy", 1, w.now)
		},
		"of another seat":     func(_ *draft, a *record.Approval) { a.Seat = 2 },
		"of another office":   func(_ *draft, a *record.Approval) { a.Office = "foreign" },
		"another host's":      func(d *draft, a *record.Approval) { a.Evidence[0][0] ^= 1 },
		"without presence":    func(d *draft, a *record.Approval) { a.Evidence[0][32] &^= 1 },
		"called Ed25519":      func(d *draft, a *record.Approval) { a.Alg = record.Ed25519 },
		"without evidence":    func(d *draft, a *record.Approval) { a.Evidence = nil },
		"a bit of the client": func(d *draft, a *record.Approval) { a.Evidence[1][40] ^= 1 },
		"a bit of s":          func(d *draft, a *record.Approval) { a.Signature[len(a.Signature)-1] ^= 1 },
		"another party's": func(d *draft, a *record.Approval) {
			act, _ := record.Act(&d.h)
			*a = byDevice(w.As("US").devices["deputy/1"], act, "MX", "deputy", 1, w.now)
		},
	} {
		t.Run(name, func(t *testing.T) {
			only(t, mx.Reasons("commitment", record.Propose, forged(f)...), entente.ReasonApproval)
			refused++
		})
	}
	if refused < 10 {
		t.Errorf("%d forgeries", refused)
	}
	v := mx.Propose("commitment", promise("MX"), by("deputy/1"))
	mx.good(mx.Consent(v, by("deputy/1")))
	us := w.As("US")
	us.good(us.Consent(v, by("deputy/1")))
	if got := us.Phase(v); got != entente.PhaseInForce {
		t.Errorf("signed by WebAuthn on both sides: %s", got)
	}
	w.same()
}

// A term is half-open and held against the record's own time: neither the official's clock nor a good signature beside counts.
func TestTermsOfSeats(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx := w.As("MX")
	v := w.As("US").Propose("commitment", promise("US"))
	at := func(x int64) edit { return with(func(h *record.Header) { h.Time = x }) }
	rule := newAuditor(w.As("US").view, byIndex)
	mutants := map[string]*auditor{"the official's clock": newAuditor(w.As("US").view, byIndex), "the last second": newAuditor(w.As("US").view, byIndex), "no term": newAuditor(w.As("US").view, byIndex)}
	mutants["the official's clock"].sits, mutants["the last second"].sits, mutants["no term"].sits = byOwnClock, withLastSecond, anyTerm
	caught := map[string]int{}
	for _, c := range []struct {
		name       string
		time, sign int64 // the record's, the official's
		signers    []string
		want       []string
	}{
		{"before", termFrom - 1, termFrom - 1, []string{"deputy/2"}, []string{"approval"}},
		{"before, by a clock ahead", termFrom - 1, termFrom, []string{"deputy/2"}, []string{"approval"}},
		{"from its first second", termFrom, termFrom, []string{"deputy/2"}, nil},
		{"by a clock behind", termFrom, termFrom - 1, []string{"deputy/2"}, nil},
		{"to its last second", termUntil - 1, termUntil - 1, []string{"deputy/2"}, nil},
		{"at its end", termUntil, termUntil - 1, []string{"deputy/2"}, []string{"approval"}},
		{"at its end, beside another", termUntil, termUntil, []string{"foreign/1", "deputy/2"}, []string{"approval"}},
		{"another alone", termUntil, termUntil, []string{"foreign/1"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := w.now
			defer func() { w.now = now }()
			w.now = c.sign
			r := mx.draft("commitment", record.Consent, mx.about(v), at(c.time), by(c.signers...)).sealed()
			only(t, mx.view.ledger.Judge(r, counted{mx.view}), c.want...)
			if rule.signed(r.Header()) != (c.want == nil) {
				t.Error("the second reading differs")
			}
			for name, m := range mutants {
				if m.signed(r.Header()) != (c.want == nil) {
					caught[name]++
				}
			}
		})
	}
	for name := range mutants {
		if caught[name] == 0 {
			t.Errorf("the mutant of %s is not caught", name)
		}
	}
}

func TestParseKey(t *testing.T) {
	k := bareWorld(t, newCharter("MX", "US")).As("MX").powers
	for _, want := range []entente.Key{k.Root, k.Offices[0].Seats[0].Key} {
		if got, err := entente.ParseKey(want.String()); err != nil || got.String() != want.String() {
			t.Errorf("%s: %v", want, err)
		}
	}
	good := k.Root.String()
	for _, s := range []string{"", "-19", good + "00", good[:len(good)-2], strings.ToUpper(good), " " + good, "-7" + good[3:], "+" + good, "-019" + good[3:], k.Offices[0].Seats[0].Key.String()[:80]} {
		if got, err := entente.ParseKey(s); err == nil {
			t.Errorf("%q is %s", s, got)
		}
	}
}
