package record

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const vectorsFile = "../vectors/record.json"

// hexBytes are written as lower-case hex, in the vectors alone.
type hexBytes []byte

func (b hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(b)), nil }

type vectors struct {
	About    string               `json:"about"`
	Keys     map[string]vectorKey `json:"keys"`
	Records  []vectorRecord       `json:"records"`
	Approval vectorApproval       `json:"approval"`
	WebAuthn vectorWebAuthn       `json:"webauthn"`
	Parts    []vectorPart         `json:"parts"`
	Rows     []vectorRows         `json:"rows"`
	Decimals map[string]bool      `json:"decimals"`
	Refused  []vectorRefused      `json:"refused"`
}

type vectorKey struct {
	Seed   hexBytes `json:"seed"`
	Public hexBytes `json:"public"`
	KeyID  hexBytes `json:"key_id"`
}

type vectorRecord struct {
	Name         string   `json:"name"`
	Key          string   `json:"key"`    // the name of the key that sealed it
	Header       *Header  `json:"header"` // to read; the payload is what counts
	Payload      hexBytes `json:"payload"`
	Protected    hexBytes `json:"protected"`
	SigStructure hexBytes `json:"sig_structure"`
	Record       hexBytes `json:"record"`
	ID           ID       `json:"id"`
	Act          ID       `json:"act"`
}

type vectorApproval struct {
	Act       ID       `json:"act"`
	Party     Party    `json:"party"`
	Office    string   `json:"office"`
	Seat      uint64   `json:"seat"`
	Time      int64    `json:"time"`
	Statement hexBytes `json:"statement"`
	Key       string   `json:"key"`
	Signature hexBytes `json:"signature"`
}

// vectorWebAuthn is one statement and many approvals of it: those that count, and those that do not.
type vectorWebAuthn struct {
	Act       ID               `json:"act"`
	Party     Party            `json:"party"`
	Statement hexBytes         `json:"statement"` // of office line-lead, seat 3, at 1790000000
	Challenge hexBytes         `json:"challenge"`
	Cases     []vectorApproved `json:"cases"`
}

type vectorApproved struct {
	Name      string     `json:"name"`
	Verifies  bool       `json:"verifies"`
	KeyAlg    Alg        `json:"key_alg"` // of the seat
	Key       hexBytes   `json:"key"`
	Office    string     `json:"office"`
	Seat      uint64     `json:"seat"`
	Alg       Alg        `json:"alg"`
	Time      int64      `json:"time"`
	Evidence  []hexBytes `json:"evidence"`
	Signature hexBytes   `json:"signature"`
}

type vectorPart struct {
	Name      string   `json:"name"`
	Group     ID       `json:"group"`
	Nonce     Nonce    `json:"nonce"`
	Marking   Marking  `json:"marking"`
	Salt      hexBytes `json:"salt"`
	Content   hexBytes `json:"content"`
	Bound     hexBytes `json:"bound"` // the CBOR array that the digest covers
	Reference PartRef  `json:"reference"`
}

type vectorRows struct {
	Table    Table         `json:"table"`
	Content  hexBytes      `json:"content"`
	Salt     hexBytes      `json:"salt"`
	RowSalts []hexBytes    `json:"row_salts"`
	Leaves   []ID          `json:"leaves"` // leaf hashes
	Root     ID            `json:"root"`
	Proofs   []vectorProof `json:"proofs"`
}

type vectorProof struct {
	Index uint64   `json:"index"`
	Path  []ID     `json:"path"`
	Proof hexBytes `json:"proof"` // the proof as it is carried
}

type vectorRefused struct {
	Name   string   `json:"name"`
	Reason string   `json:"reason"` // format, place or signature
	Group  ID       `json:"group"`  // the place it is read for
	Party  Party    `json:"party"`
	Index  uint64   `json:"index"`
	Key    string   `json:"key"`
	Record hexBytes `json:"record"`
}

func makeVectors(t *testing.T) vectors {
	t.Helper()
	v := vectors{
		About:    "Test vectors of doc/record.md. Byte strings are hex. A changed vector is a change of the format.",
		Keys:     map[string]vectorKey{},
		Decimals: map[string]bool{},
	}
	keys := map[string]ed25519.PrivateKey{"record": fixedKey(1), "official": fixedKey(2), "other": fixedKey(3)}
	for name, k := range keys {
		kid := KeyIDOf(public(k))
		v.Keys[name] = vectorKey{hexBytes(k.Seed()), hexBytes(public(k)), kid[:]}
	}

	full := fullHeader(t)
	full.Approvals = nil
	act, err := Act(&full)
	if err != nil {
		t.Fatal(err)
	}
	a := Approve(act, "MX", "line-lead", 2, 1_790_000_000, keys["official"])
	v.Approval = vectorApproval{act, "MX", a.Office, a.Seat, a.Time, Statement(act, "MX", a.Office, a.Seat, a.Time), "official", a.Signature}
	act, cases := assertions(t)
	challenge := Challenge(act, "MX", "line-lead", 3, authTime)
	v.WebAuthn = vectorWebAuthn{act, "MX", Statement(act, "MX", "line-lead", 3, authTime), challenge[:], nil}
	for _, x := range cases {
		y := vectorApproved{x.name, x.valid, x.alg, x.key, x.a.Office, x.a.Seat, x.a.Alg, x.a.Time, []hexBytes{}, x.a.Signature}
		for _, e := range x.a.Evidence {
			y.Evidence = append(y.Evidence, e)
		}
		v.WebAuthn.Cases = append(v.WebAuthn.Cases, y)
	}
	full.Approvals = []Approval{a}
	for _, r := range []struct {
		name string
		h    Header
	}{{"every field", full}, {"no optional field", plainHeader()}} {
		sealed := mustSeal(t, r.h)
		prot, payload, _, err := openEnvelope(sealed.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		act, err := Act(&r.h)
		if err != nil {
			t.Fatal(err)
		}
		v.Records = append(v.Records, vectorRecord{r.name, "record", sealed.Header(), payload, prot, toBeSigned(prot, payload), sealed.Bytes(), sealed.ID(), act})
	}

	for _, p := range []Part{{Name: "body.en-us", Salt: Salt{9}, Content: []byte("text")}, {Name: "annex/1", Salt: Salt{10}}, {Name: RowsPart, Salt: Salt{8}, Content: tableBytes(t, 3)}} {
		m := full.Parts[0].Marking
		ref := mustRef(t, &full, p, m)
		bound := mustMarshal(t, []any{full.Group, full.Nonce, p.Name, m, len(p.Content), p.Salt})
		want := Digest("entente/part/v1", bound, p.Content)
		if p.Name == RowsPart {
			bound = mustMarshal(t, []any{full.Group, full.Nonce, p.Name, m, len(p.Content), ref.Rows, ref.Root})
			want = Digest("entente/rows/v1", bound)
		}
		if ref.Digest != want {
			t.Fatalf("%s: the bound bytes are not those of the specification", p.Name)
		}
		v.Parts = append(v.Parts, vectorPart{p.Name, full.Group, full.Nonce, m, p.Salt[:], p.Content, bound, ref})
	}

	for _, n := range []int{1, 2, 3, 7} {
		tab, salt := table(n), Salt{8}
		r := vectorRows{Table: tab, Content: tableBytes(t, n), Salt: salt[:], Leaves: tab.leaves(salt), Root: tab.root(salt)}
		for _, row := range tab.Rows {
			p, err := tab.Prove(salt, row[0])
			if err != nil {
				t.Fatal(err)
			}
			r.RowSalts = append(r.RowSalts, hexBytes(p.Salt[:]))
			r.Proofs = append(r.Proofs, vectorProof{p.Index, p.Path, mustMarshal(t, p)})
		}
		v.Rows = append(v.Rows, r)
	}

	for _, s := range []string{"0", "-1", "12.50", "0.0", "-0", "00", "1e3", "5.", ".5", "+1", "", "1,000"} {
		v.Decimals[s] = Decimal(s).Valid()
	}

	at := Place{full.Group, "MX", 812}
	refuse := func(name, reason string, at Place, key string, raw []byte) {
		v.Refused = append(v.Refused, vectorRefused{name, reason, at.Group, at.Party, at.Index, key, raw})
	}
	prot := protectedOf(public(keys["record"]))
	payloads, whole := forms(t), envelopes(t)
	for _, name := range slices.Sorted(maps.Keys(payloads)) {
		if raw := forge(prot, []byte{0xa0}, payloads[name]); len(raw) < 2000 { // the hostile giants are left to the tests
			refuse(name, "format", at, "record", raw)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(whole)) {
		refuse(name, "format", at, "record", whole[name])
	}
	good := mustSeal(t, full).Bytes()
	refuse("another group", "place", Place{fixedID("another"), "MX", 812}, "record", good)
	refuse("another party", "place", Place{full.Group, "US", 812}, "record", good)
	refuse("another index", "place", Place{full.Group, "MX", 813}, "record", good)
	refuse("another key", "signature", at, "other", good)
	bad := bytes.Clone(good)
	bad[len(bad)-64] ^= 1
	refuse("a bit of R flipped", "signature", at, "record", bad)
	other := full
	other.Line = "arms-smuggling"
	otherPayload := payloadOf(t, other)
	refuse("another header under the signature", "signature", at, "record", enclose(prot, otherPayload, good[len(good)-64:]))
	bare := payloadOf(t, full)
	refuse("signed without the Sig_structure", "signature", at, "record", enclose(prot, bare, ed25519.Sign(keys["record"], bare)))
	return v
}

func TestVectors(t *testing.T) {
	v := makeVectors(t)
	classes := map[string]error{"format": ErrFormat, "place": ErrPlace, "signature": ErrSignature}
	for _, r := range v.Records {
		if _, err := Verify(r.Record, placeOf(r.Header), keysOf(ed25519.PublicKey(v.Keys[r.Key].Public))); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
	}
	for _, x := range v.WebAuthn.Cases {
		a := Approval{Office: x.Office, Seat: x.Seat, Alg: x.Alg, Time: x.Time, Signature: x.Signature}
		for _, e := range x.Evidence {
			a.Evidence = append(a.Evidence, e)
		}
		if a.Verify(v.WebAuthn.Act, v.WebAuthn.Party, x.KeyAlg, x.Key) != x.Verifies {
			t.Errorf("%s: verifies: %v", x.Name, !x.Verifies)
		}
	}
	for _, r := range v.Refused {
		if _, err := Verify(r.Record, Place{r.Group, r.Party, r.Index}, keysOf(ed25519.PublicKey(v.Keys[r.Key].Public))); !errors.Is(err, classes[r.Reason]) {
			t.Errorf("%s: %v, want %s", r.Name, err, r.Reason)
		}
	}
	got, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(filepath.FromSlash(vectorsFile), got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.FromSlash(vectorsFile))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("the format changed (-vectors/record.json +now); if it must, raise Format and run with -update:\n%.3000s", d)
	}
}
