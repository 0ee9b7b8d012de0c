package record

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"testing"
)

func benchHeader() (Header, ed25519.PrivateKey) {
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	var id ID
	_, _ = rand.Read(id[:])
	terms, err := Marshal(map[uint64]any{1: "security/fuel", 2: int64(1_800_000_000), 3: []string{"MX/line-lead", "US/line-lead"}})
	if err != nil {
		panic(err)
	}
	h := Header{Group: id, Party: "MX", Index: 812, Kind: "commitment", Verb: Propose, Charter: id, Time: 1_790_000_000,
		Until: 1_800_000_000, Participants: []Party{"MX", "US"}, Line: "fuel-theft", Nature: Political, Terms: terms,
		Seen: Seen{"US": Mark{Size: 900, Root: id}}, Nonce: Nonce(id[:16])}
	m := Marking{TLP: Amber, ReleasableTo: []Party{"MX", "US"}, Originator: "MX"}
	for _, n := range []string{"body.en-us", "body.es-mx", "title.en-us", "title.es-mx"} {
		ref, err := Describe(h.Group, h.Nonce, Part{Name: n, Content: []byte("text of " + n)}, m)
		if err != nil {
			panic(err)
		}
		h.Parts = append(h.Parts, ref)
	}
	act, err := Act(&h)
	if err != nil {
		panic(err)
	}
	h.Approvals = []Approval{Approve(act, "MX", "line-lead", 1, 1_790_000_000, key)}
	return h, key
}

func BenchmarkSeal(b *testing.B) {
	h, key := benchHeader()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Seal(h, key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	h, key := benchHeader()
	r, err := Seal(h, key)
	if err != nil {
		b.Fatal(err)
	}
	pub := key.Public().(ed25519.PublicKey)
	at := Place{h.Group, h.Party, h.Index}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Verify(r.Bytes(), at, func(*Header, KeyID) ed25519.PublicKey { return pub }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStored is Verify without the signature: what parsing itself costs.
func BenchmarkStored(b *testing.B) {
	h, key := benchHeader()
	r, err := Seal(h, key)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(r.Bytes())))
	for b.Loop() {
		if _, err := Stored(r.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAct(b *testing.B) {
	h, _ := benchHeader()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Act(&h); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDescribe1kB(b *testing.B) {
	p := Part{Name: "body.en-us", Content: make([]byte, 1000)}
	m := Marking{TLP: Amber, ReleasableTo: []Party{"MX", "US"}, Originator: "MX"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Describe(ID{}, Nonce{}, p, m); err != nil {
			b.Fatal(err)
		}
	}
}

func benchTable(b *testing.B) []byte {
	t := Table{Columns: []string{"key", "period", "value", "unit", "status"}}
	for i := range 10_000 {
		t.Rows = append(t.Rows, []string{fmt.Sprintf("row-%06d", i), "2026-01", fmt.Sprint(i * 37), "kg", "provisional"})
	}
	raw, err := t.Encode()
	if err != nil {
		b.Fatal(err)
	}
	return raw
}

func BenchmarkTable10kParse(b *testing.B) {
	raw := benchTable(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := ParseTable(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTable10kDescribe(b *testing.B) {
	p := Part{Name: RowsPart, Content: benchTable(b)}
	m := Marking{TLP: Amber, ReleasableTo: []Party{"MX", "US"}, Originator: "MX"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Describe(ID{}, Nonce{}, p, m); err != nil {
			b.Fatal(err)
		}
	}
}
