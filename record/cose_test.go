package record

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"slices"
	"testing"

	"github.com/veraison/go-cose"
	"pgregory.net/rapid"
)

// oracle signs and verifies for go-cose under algorithm −19, which it does not bring itself.
type oracle struct{ key ed25519.PrivateKey }

func (o oracle) Algorithm() cose.Algorithm { return cose.Algorithm(Ed25519) }

func (o oracle) Sign(_ io.Reader, content []byte) ([]byte, error) {
	return ed25519.Sign(o.key, content), nil
}

func (o oracle) Verify(content, signature []byte) error {
	if !ed25519.Verify(public(o.key), content, signature) {
		return cose.ErrVerification
	}
	return nil
}

// TestAgainstGoCOSE: a second COSE library verifies our bytes, and what it signs with the same headers is our very record.
func TestAgainstGoCOSE(t *testing.T) {
	o := oracle{fixedKey(1)}
	rapid.Check(t, func(t *rapid.T) {
		h := drawHeader(t)
		r, err := Seal(h, o.key)
		if err != nil {
			t.Fatal(err)
		}
		var got cose.Sign1Message
		if err := got.UnmarshalCBOR(r.Bytes()); err != nil {
			t.Fatal(err)
		}
		if err := got.Verify(nil, o); err != nil {
			t.Fatal(err)
		}
		if err := got.Verify(nil, oracle{fixedKey(2)}); err == nil {
			t.Fatal("the oracle accepts any key")
		}
		kid := r.Key()
		msg := cose.NewSign1Message()
		msg.Headers.Protected[cose.HeaderLabelAlgorithm] = cose.Algorithm(Ed25519)
		msg.Headers.Protected[cose.HeaderLabelContentType] = ContentType
		msg.Headers.Protected[cose.HeaderLabelKeyID] = kid[:]
		msg.Payload = got.Payload
		if err := msg.Sign(nil, nil, o); err != nil {
			t.Fatal(err)
		}
		raw, err := msg.MarshalCBOR()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(raw, placeOf(&h), keysOf(public(o.key))); err != nil || !bytes.Equal(raw, r.Bytes()) {
			t.Fatalf("%v\n%x\n%x", err, raw, r.Bytes())
		}
		msg.Signature, msg.Headers.Unprotected[int64(99)] = nil, "a note"
		if err := msg.Sign(nil, nil, o); err != nil {
			t.Fatal(err)
		}
		if raw, err = msg.MarshalCBOR(); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(raw, placeOf(&h), keysOf(public(o.key))); !errors.Is(err, ErrFormat) {
			t.Fatalf("an unprotected header that any hand can add: %v", err)
		}
	})
}

// TestMalleatedSignature adds the group order L to S: the same equation holds, RFC 8032 section 5.1.7 refuses it.
func TestMalleatedSignature(t *testing.T) {
	h := fullHeader(t)
	raw := bytes.Clone(mustSeal(t, h).Bytes())
	l, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := slices.Clone(raw[len(raw)-32:])
	slices.Reverse(s)
	sum := new(big.Int).Add(new(big.Int).SetBytes(s), l).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	copy(raw[len(raw)-32:], sum)
	if _, err := Verify(raw, placeOf(&h), keysOf(public(fixedKey(1)))); !errors.Is(err, ErrSignature) {
		t.Errorf("S + L: %v", err)
	}
}

// TestSmallOrderKeys: the verdict is crypto/ed25519's, whatever one may think of it, on every node and in the auditor's
// tool. Under the neutral element one signature fits every message: who names such a key lets anyone sign for him.
func TestSmallOrderKeys(t *testing.T) {
	accepted := 0
	for _, s := range []string{
		"0100000000000000000000000000000000000000000000000000000000000000", // the neutral element
		"0100000000000000000000000000000000000000000000000000000000000080", // the same, not canonical
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // order 2
		"0000000000000000000000000000000000000000000000000000000000000000", // order 4
		"0000000000000000000000000000000000000000000000000000000000000080", // order 4
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", // order 8
	} {
		pub, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		for n := range byte(16) {
			h := plainHeader()
			h.Nonce[0] = n
			prot, payload := protectedOf(pub), payloadOf(t, h)
			sig := append([]byte{1}, make([]byte, 63)...) // R the neutral element, S zero
			raw := enclose(prot, payload, sig)
			want := ed25519.Verify(pub, toBeSigned(prot, payload), sig)
			_, err := Verify(raw, placeOf(&h), keysOf(pub))
			if (err == nil) != want || (err != nil && !errors.Is(err, ErrSignature)) {
				t.Errorf("key %s: crypto/ed25519 says %v, Verify %v", s, want, err)
			}
			if want {
				accepted++
			}
		}
	}
	if accepted < 16 {
		t.Errorf("%d signatures verified under keys of small order: the neutral element alone takes 16", accepted)
	}
}
