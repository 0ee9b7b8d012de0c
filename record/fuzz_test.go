package record

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

func sha(b []byte) [32]byte { return sha256.Sum256(b) }

// FuzzVerify: no bytes make Verify panic, and what parses encodes to itself again.
func FuzzVerify(f *testing.F) {
	full, plain := fullHeader(f), plainHeader()
	f.Add(mustSeal(f, full).Bytes())
	f.Add(mustSeal(f, plain).Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) { checkRecord(t, raw) })
}

// FuzzHeader: the same with the envelope left whole, so that the search spends itself on the payload.
func FuzzHeader(f *testing.F) {
	f.Add(payloadOf(f, fullHeader(f)))
	f.Add(payloadOf(f, plainHeader()))
	prot := protectedOf(public(fixedKey(1)))
	f.Fuzz(func(t *testing.T, payload []byte) { checkRecord(t, enclose(prot, payload, make([]byte, 64))) })
}

func enclose(prot, payload, sig []byte) []byte {
	return slices.Concat(envelopeHead, appendString(nil, majorBytes, prot), []byte{noUnprotected},
		appendString(nil, majorBytes, payload), appendString(nil, majorBytes, sig))
}

func checkRecord(t *testing.T, raw []byte) {
	t.Helper()
	pub := public(fixedKey(1))
	h, kid, err := Peek(raw)
	if err != nil {
		if !errors.Is(err, ErrFormat) || len(err.Error()) > 1000 {
			t.Fatalf("%.2000v", err)
		}
		if _, err := Verify(raw, Place{}, keysOf(pub)); !errors.Is(err, ErrFormat) {
			t.Fatalf("Peek and Verify differ: %v", err)
		}
		return
	}
	prot := append(bytes.Clone(protectedHead), kid[:]...)
	if again := enclose(prot, mustMarshal(t, h), raw[len(raw)-ed25519.SignatureSize:]); !bytes.Equal(again, raw) {
		t.Fatalf("does not encode to itself:\n%x\n%x", raw, again)
	}
	sealed, err := Seal(*h, fixedKey(1))
	if err != nil {
		t.Fatalf("Seal refuses what parses: %v", err)
	}
	if r, err := Verify(raw, placeOf(h), keysOf(pub)); err != nil && !errors.Is(err, ErrSignature) {
		t.Fatal(err)
	} else if err == nil && kid == sealed.Key() && !bytes.Equal(r.Bytes(), sealed.Bytes()) {
		t.Fatalf("two records of one header under one key:\n%x\n%x", raw, sealed.Bytes())
	}
	if _, err := Act(h); err != nil {
		t.Fatal(err)
	}
	if len(h.Terms) > 0 {
		if _, err := h.Terms.MarshalJSON(); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzTerms: the walker accepts nothing that a general decoder refuses or writes otherwise.
func FuzzTerms(f *testing.F) {
	f.Add([]byte(fullHeader(f).Terms))
	general := must(cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		UTF8: cbor.UTF8RejectInvalid, MaxNestedLevels: MaxDepth + 2}.DecMode())
	f.Fuzz(func(t *testing.T, b []byte) {
		err := checkTerms(b)
		if err != nil || len(b) == 0 {
			return
		}
		var v any
		if err := general.Unmarshal(b, &v); err != nil {
			t.Fatalf("%x: %v", b, err)
		}
		if again := mustMarshal(t, v); !bytes.Equal(again, b) {
			t.Fatalf("%x encodes to %x", b, again)
		}
	})
}

// FuzzParseTable: the hand-written reader accepts exactly what the general decoder reads strictly and the rules allow.
func FuzzParseTable(f *testing.F) {
	f.Add(tableBytes(f, 1))
	f.Add(tableBytes(f, 3))
	f.Fuzz(func(t *testing.T, b []byte) {
		tab, err := ParseTable(b)
		var general Table
		errGeneral := Unmarshal(b, &general)
		if errGeneral == nil {
			errGeneral = general.check()
		}
		if (err == nil) != (errGeneral == nil) {
			t.Fatalf("ParseTable: %v; in general: %v", err, errGeneral)
		}
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		if again, err := tab.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x encodes to %x (%v)", b, again, err)
		}
		salt, last := Salt{1}, tab.Rows[len(tab.Rows)-1]
		p, err := tab.Prove(salt, last[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Verify(PartRef{Rows: uint64(len(tab.Rows)), Root: tab.root(salt)}); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzOpenPart: what can be described opens, and with one byte changed it does not.
func FuzzOpenPart(f *testing.F) {
	f.Add("body.en-us", []byte("0123456789abcdef"), []byte("text"), uint(0))
	f.Add(RowsPart, []byte("0123456789abcdef"), tableBytes(f, 3), uint(20))
	f.Fuzz(func(t *testing.T, name string, salt, content []byte, at uint) {
		p := Part{Name: name, Content: content}
		copy(p.Salt[:], salt)
		h := Header{Group: fixedID("group"), Nonce: Nonce{1}}
		ref, err := Describe(h.Group, h.Nonce, p, Marking{TLP: Green, Originator: "MX"})
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
			full := fullHeader(t)
			if Open(&full, p) == nil {
				t.Fatal("opens what cannot be described")
			}
			return
		}
		h.Parts = []PartRef{ref}
		if err := Open(&h, p); err != nil {
			t.Fatal(err)
		}
		if len(content) > 0 {
			q := p
			q.Content = bytes.Clone(content)
			q.Content[at%uint(len(content))] ^= 1
			if err := Open(&h, q); !errors.Is(err, ErrPart) {
				t.Fatalf("a changed byte: %v", err)
			}
		}
		p.Salt[at%16] ^= 1
		if err := Open(&h, p); !errors.Is(err, ErrPart) {
			t.Fatalf("a changed salt: %v", err)
		}
	})
}

// FuzzDecimal: each number has one form, and its value is exact.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "-1.50", "1e9", "00", "-0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDecimal(s)
		if err != nil {
			if Decimal(s).Rat().Sign() != 0 {
				t.Fatalf("%q has a value", s)
			}
			return
		}
		places := 0
		if i := bytes.IndexByte([]byte(s), '.'); i >= 0 {
			places = len(s) - i - 1
		}
		if got := d.Rat().FloatString(places); got != s {
			t.Fatalf("%q is %s", s, got)
		}
	})
}
