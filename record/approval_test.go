package record

import (
	"crypto/ed25519"
	"reflect"
	"testing"
)

func TestApproval(t *testing.T) {
	key := fixedKey(2)
	h := fullHeader(t)
	act, err := Act(&h)
	if err != nil {
		t.Fatal(err)
	}
	a := Approve(act, "MX", "line-lead", 2, 1_790_000_000, key)
	if !a.Verify(act, "MX", Ed25519, public(key)) {
		t.Fatal("a fresh approval does not verify")
	}
	for name, ok := range map[string]bool{
		"another act":       a.Verify(fixedID("x"), "MX", Ed25519, public(key)),
		"another party":     a.Verify(act, "US", Ed25519, public(key)),
		"another key":       a.Verify(act, "MX", Ed25519, public(fixedKey(3))),
		"another algorithm": a.Verify(act, "MX", -8, public(key)),
		"a short key":       a.Verify(act, "MX", Ed25519, public(key)[:31]),
		"no key":            a.Verify(act, "MX", Ed25519, nil),
	} {
		if ok {
			t.Errorf("verifies under %s", name)
		}
	}
	for name, edit := range map[string]func(*Approval){
		"office":    func(a *Approval) { a.Office = "foreign-secretary" },
		"seat":      func(a *Approval) { a.Seat++ },
		"time":      func(a *Approval) { a.Time++ },
		"algorithm": func(a *Approval) { a.Alg = -8 },
		"evidence":  func(a *Approval) { a.Evidence = [][]byte{{}} },
		"signature": func(a *Approval) { a.Signature = a.Signature[:63] },
		"no signer": func(a *Approval) { a.Signature = nil },
		"bare key":  func(a *Approval) { a.Signature = ed25519.Sign(key, act[:]) }, // not domain-separated
	} {
		b := a
		edit(&b)
		if b.Verify(act, "MX", Ed25519, public(key)) {
			t.Errorf("verifies with another %s", name)
		}
	}
}

// actEdits changes each field of a header once. The test below fails when a field is added and not listed here.
var actEdits = map[string]func(*Header){
	"Group":        func(h *Header) { h.Group[0] ^= 1 },
	"Party":        func(h *Header) { h.Party = "US" },
	"Kind":         func(h *Header) { h.Kind = "decision" },
	"Verb":         func(h *Header) { h.Verb = Consent },
	"Instrument":   func(h *Header) { h.Instrument[0] ^= 1 },
	"Version":      func(h *Header) { h.Version[0] ^= 1 },
	"Replaces":     func(h *Header) { h.Replaces[0] ^= 1 },
	"Charter":      func(h *Header) { h.Charter[0] ^= 1 },
	"Until":        func(h *Header) { h.Until++ },
	"Participants": func(h *Header) { h.Participants = h.Participants[:1] },
	"Line":         func(h *Header) { h.Line = "arms" },
	"Nature":       func(h *Header) { h.Nature = Treaty },
	"Area":         func(h *Header) { h.Area = h.Area[1:] },
	"Terms":        func(h *Header) { h.Terms = Terms{0xa0} },
	"Parts":        func(h *Header) { h.Parts = h.Parts[1:] },
	"Nonce":        func(h *Header) { h.Nonce[15] ^= 1 },

	"Format":    nil, // set by Act itself
	"Index":     nil,
	"Time":      nil,
	"Seen":      nil,
	"Approvals": nil,
}

func TestActBinds(t *testing.T) {
	h := fullHeader(t)
	want, err := Act(&h)
	if err != nil {
		t.Fatal(err)
	}
	fields := reflect.TypeFor[Header]()
	for i := range fields.NumField() {
		if _, ok := actEdits[fields.Field(i).Name]; !ok {
			t.Errorf("no word on whether the act binds %s", fields.Field(i).Name)
		}
	}
	for name, edit := range actEdits {
		if edit == nil {
			continue
		}
		b := fullHeader(t)
		edit(&b)
		if got, err := Act(&b); err != nil || got == want {
			t.Errorf("the act does not bind %s (%v)", name, err)
		}
	}
	part := func(edit func(*PartRef)) {
		b := fullHeader(t)
		edit(&b.Parts[1])
		if got, err := Act(&b); err != nil || got == want {
			t.Errorf("the act does not bind the whole of a part (%v)", err)
		}
	}
	part(func(p *PartRef) { p.Name = "a" })
	part(func(p *PartRef) { p.Digest[0] ^= 1 })
	part(func(p *PartRef) { p.Length++ })
	part(func(p *PartRef) { p.Rows++ })
	part(func(p *PartRef) { p.Root[0] ^= 1 })
	for _, edit := range markingEdits {
		part(func(p *PartRef) { edit(&p.Marking) })
	}
	b := fullHeader(t)
	b.Format, b.Index, b.Time, b.Seen, b.Approvals = 0, 5, 5, nil, nil
	if got, err := Act(&b); err != nil || got != want {
		t.Errorf("the act binds what the node fills in (%v)", err)
	}
	if b.Index != 5 || h.Seen == nil || h.Approvals == nil {
		t.Error("Act changed the header")
	}
}
