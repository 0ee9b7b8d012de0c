package record

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"flag"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write vectors/record.json: a changed vector is a change of the format")

func fixedKey(fill byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{fill}, ed25519.SeedSize))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func fixedID(s string) ID { return sha256.Sum256([]byte(s)) }

func mustRef(t testing.TB, h *Header, p Part, m Marking) PartRef {
	t.Helper()
	ref, err := Describe(h.Group, h.Nonce, p, m)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// fullHeader has every field.
func fullHeader(t testing.TB) Header {
	t.Helper()
	terms, err := Marshal(map[uint64]any{1: "security/fuel", 2: int64(-5), 3: []any{"MX/line-lead", true, nil}, 4: map[string]uint64{"a": 1, "bb": 300}})
	if err != nil {
		t.Fatal(err)
	}
	h := Header{Group: fixedID("group"), Party: "MX", Index: 812, Kind: "commitment", Verb: Propose, Instrument: fixedID("instrument"),
		Version: fixedID("version"), Replaces: fixedID("replaces"), Charter: fixedID("charter"), Time: 1_790_000_000, Until: 1_800_000_000,
		Participants: []Party{"MX", "US"}, Line: "fuel-theft", Nature: Political, Area: []uint64{0x80c2c90000000000, 0x80c2cb0000000000},
		Terms: terms, Seen: Seen{"US": {Size: 900, Root: fixedID("us root")}, "CAN": {Size: 1, Root: fixedID("can root")}}, Nonce: Nonce{1, 2, 3}}
	m := Marking{TLP: Amber, ReleasableTo: []Party{"MX", "US"}, Originator: "MX", Handling: "h1", National: "RESERVADO", Review: 1_800_000_000, Offices: []string{"MX/legal"}}
	h.Parts = []PartRef{
		mustRef(t, &h, Part{Name: "body.en-us", Salt: Salt{9}, Content: []byte("text")}, m),
		mustRef(t, &h, Part{Name: RowsPart, Salt: Salt{8}, Content: tableBytes(t, 3)}, m),
	}
	h.Approvals = []Approval{{Office: "line-lead", Seat: 2, Alg: Ed25519, Time: 1_790_000_000, Signature: make([]byte, 64), Evidence: [][]byte{{1}, {2, 3}}}}
	return h
}

// plainHeader has the fields that must be there and no other.
func plainHeader() Header {
	return Header{Group: fixedID("group"), Party: "MX", Index: 0, Kind: "note", Verb: Note, Charter: fixedID("charter"), Time: 1, Nonce: Nonce{7}}
}

func placeOf(h *Header) Place { return Place{h.Group, h.Party, h.Index} }

func keysOf(pub ed25519.PublicKey) Keys { return func(*Header, KeyID) ed25519.PublicKey { return pub } }

func mustSeal(t testing.TB, h Header) *Record {
	t.Helper()
	r, err := Seal(h, fixedKey(1))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func table(n int) Table {
	t := Table{Columns: []string{"key", "value"}}
	for i := range n {
		t.Rows = append(t.Rows, []string{fmt.Sprintf("row-%03d", i), fmt.Sprint(i*37) + ".50"})
	}
	return t
}

func tableBytes(t testing.TB, n int) []byte {
	t.Helper()
	b, err := table(n).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// field is one entry of a CBOR map, as bytes.
type field struct{ key, value []byte }

// fields takes a payload apart, so that a test can put it together wrongly.
func fields(t testing.TB, payload []byte) []field {
	t.Helper()
	_, n, rest, err := head(payload)
	if err != nil {
		t.Fatal(err)
	}
	next := func() []byte {
		start := rest
		if rest, err = walk(rest, 20); err != nil {
			t.Fatal(err)
		}
		return start[:len(start)-len(rest)]
	}
	var out []field
	for range n {
		out = append(out, field{key: next(), value: next()})
	}
	return out
}

func joined(fs []field) []byte {
	b := appendHead(nil, majorMap, uint64(len(fs)))
	for _, f := range fs {
		b = append(append(b, f.key...), f.value...)
	}
	return b
}

// forge signs whatever it is given: what is refused then is refused for its form, not for its signature.
func forge(prot, unprotected, payload []byte) []byte {
	b := appendString([]byte{0xd2, 0x84}, majorBytes, prot)
	b = appendString(append(b, unprotected...), majorBytes, payload)
	return appendString(b, majorBytes, ed25519.Sign(fixedKey(1), toBeSigned(prot, payload)))
}

func protectedOf(pub ed25519.PublicKey) []byte {
	kid := KeyIDOf(pub)
	return append(bytes.Clone(protectedHead), kid[:]...)
}

var drawName = rapid.StringMatching(`[a-z0-9]{1,8}([-./][a-z0-9]{1,8}){0,3}`)

func drawID(t *rapid.T, label string) (id ID) {
	copy(id[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
	return id
}

func drawParties(t *rapid.T, label string) []Party {
	all := []Party{"BZ", "CA", "CAN", "GT", "MX", "US", "ZZZZZZZZ"}
	var out []Party
	for i, in := range rapid.SliceOfN(rapid.Bool(), len(all), len(all)).Draw(t, label) {
		if in {
			out = append(out, all[i])
		}
	}
	return out
}

// drawHeader draws any header that every node must accept.
func drawHeader(t *rapid.T) Header {
	some := func(label string) bool { return rapid.Bool().Draw(t, label) }
	second := rapid.Int64Range(1, MaxTime)
	h := Header{Group: drawID(t, "group"), Party: "MX", Index: rapid.Uint64Range(0, MaxIndex).Draw(t, "index"), Kind: drawName.Draw(t, "kind"),
		Verb: rapid.SampledFrom(Verbs).Draw(t, "verb"), Charter: drawID(t, "charter"), Time: second.Draw(t, "time"), Participants: drawParties(t, "participants")}
	copy(h.Nonce[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "nonce"))
	if some("has ids") {
		h.Instrument, h.Version, h.Replaces = drawID(t, "instrument"), drawID(t, "version"), drawID(t, "replaces")
	}
	if some("has line") {
		h.Line, h.Nature, h.Until = drawName.Draw(t, "line"), Treaty, second.Draw(t, "until")
	}
	h.Area = append(h.Area, rapid.SliceOfNDistinct(rapid.Uint64(), 0, 5, rapid.ID[uint64]).Draw(t, "area")...)
	for i := range h.Area { // insertion sort keeps the draw simple to shrink
		for j := i; j > 0 && h.Area[j-1] > h.Area[j]; j-- {
			h.Area[j-1], h.Area[j] = h.Area[j], h.Area[j-1]
		}
	}
	if some("has terms") {
		b, err := Marshal(rapid.MapOfN(rapid.StringN(0, 10, 30), rapid.Int64(), 0, 5).Draw(t, "terms"))
		if err != nil {
			t.Fatal(err)
		}
		h.Terms = b
	}
	for _, p := range drawParties(t, "seen") {
		if p != h.Party {
			if h.Seen == nil {
				h.Seen = Seen{}
			}
			h.Seen[p] = Mark{Size: rapid.Uint64Range(1, MaxIndex).Draw(t, "size"), Root: drawID(t, "root")}
		}
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "parts") {
		m := Marking{TLP: rapid.SampledFrom([]TLP{Clear, Green, Amber, AmberStrict, Red}).Draw(t, "tlp"), ReleasableTo: drawParties(t, "to"), Originator: "MX"}
		p := Part{Name: fmt.Sprintf("annex/%d", i), Content: rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "content")}
		ref, err := Describe(h.Group, h.Nonce, p, m)
		if err != nil {
			t.Fatal(err)
		}
		h.Parts = append(h.Parts, ref)
	}
	for range rapid.IntRange(0, 2).Draw(t, "approvals") {
		h.Approvals = append(h.Approvals, Approval{Office: drawName.Draw(t, "office"), Seat: rapid.Uint64Range(0, MaxSeat).Draw(t, "seat"),
			Alg: Alg(rapid.Int64().Draw(t, "alg")), Time: second.Draw(t, "at"), Signature: rapid.SliceOfN(rapid.Byte(), 0, 70).Draw(t, "sig")})
	}
	return h
}
