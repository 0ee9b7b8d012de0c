package tlog

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
)

// equivocator has one history for one peer and another, from index 3, for the other.
func equivocator(t testing.TB) (a, b *memory) {
	a, b = newMemory(t, 7), newMemory(t, 3)
	for i := 3; i < 5; i++ {
		b.add([]byte("other " + string(entry(i))))
	}
	return a, b
}

func side(t testing.TB, m *memory, index, size int, key ed25519.PrivateKey) ForkLeaf {
	p, err := Inclusion(m, uint64(index), uint64(size))
	if err != nil {
		t.Fatal(err)
	}
	return ForkLeaf{Leaf: m.leafs[index], Path: p, Note: m.note(size, key)}
}

func forks(t testing.TB) map[string]Fork {
	a, b := equivocator(t)
	keys := OneKey(public(logKey))
	roots, err := ForkOfRoots(testOrigin, keys, a.note(5, logKey), b.note(5, logKey))
	if err != nil {
		t.Fatal(err)
	}
	leaves, err := ForkOfLeaves(testOrigin, keys, 3, side(t, a, 3, 7, logKey), side(t, b, 3, 5, logKey))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]Fork{"roots": roots, "leaves": leaves}
}

func TestForkIsPortable(t *testing.T) {
	for form, f := range forks(t) {
		text, err := f.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseFork(text)
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		if err := back.Verify(testOrigin, OneKey(public(logKey))); err != nil {
			t.Errorf("%s: a third verifier refuses: %v", form, err)
		}
		if err := back.Verify(Origin(testGroup, "US"), OneKey(public(logKey))); !errors.Is(err, ErrOrigin) {
			t.Errorf("%s: holds against another party: %v", form, err)
		}
		if err := back.Verify(testOrigin, OneKey(public(nextKey))); !errors.Is(err, ErrMissing) {
			t.Errorf("%s: holds under another key: %v", form, err)
		}
		if err := back.Verify(testOrigin, func(uint64) []ed25519.PublicKey { return nil }); !errors.Is(err, ErrMissing) {
			t.Errorf("%s: holds under no key: %v", form, err)
		}
		n := eachFlip(text, func(at int, changed []byte) {
			f, err := ParseFork(changed)
			if err == nil {
				err = f.Verify(testOrigin, OneKey(public(logKey)))
			}
			if err == nil {
				t.Errorf("%s: byte %d changed and still a proof", form, at)
			}
		})
		for i := range text {
			if _, err := ParseFork(text[:i]); err == nil {
				t.Errorf("%s: parses cut at %d", form, i)
			}
		}
		t.Logf("%s: %d changes refused, %d bytes", form, n, len(text))
	}
}

// The sides of a fork by leaves are tlog-proofs that another implementation accepts, one by one.
func TestForkSidesArePublicProofs(t *testing.T) {
	text, err := forks(t)["leaves"].MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	_, leaves, ok := forks(t)["leaves"].Leaves()
	if !ok {
		t.Fatal("no leaves")
	}
	v, err := note.NewVerifier(Key{testOrigin, AlgEd25519, public(logKey)}.String())
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(testOrigin), torchwood.SingleVerifierPolicy(v))
	sides := strings.Split(string(text), "\nleaf ")[1:]
	if len(sides) != 2 {
		t.Fatalf("%d sides", len(sides))
	}
	for i, s := range sides {
		_, proof, _ := strings.Cut(s, "\n")
		if err := torchwood.VerifyProof(policy, leaves[i], []byte(proof)); err != nil {
			t.Errorf("side %d: %v", i, err)
		}
		if err := torchwood.VerifyProof(policy, leaves[1-i], []byte(proof)); err == nil {
			t.Errorf("side %d proves the other leaf too", i)
		}
	}
}

func TestForkOneEncoding(t *testing.T) {
	a, b := equivocator(t)
	keys := OneKey(public(logKey))
	line := cosign(t, a.note(5, logKey), "witness", testTime)
	cosigned, err := AddCosignatures(a.note(5, logKey), line)
	if err != nil {
		t.Fatal(err)
	}
	var texts [][]byte
	for _, pair := range [][2][]byte{
		{a.note(5, logKey), b.note(5, logKey)}, {b.note(5, logKey), a.note(5, logKey)}, {cosigned, b.note(5, logKey)},
	} {
		f, err := ForkOfRoots(testOrigin, keys, pair[0], pair[1])
		if err != nil {
			t.Fatal(err)
		}
		text, err := f.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if !bytes.Equal(texts[0], texts[1]) || !bytes.Equal(texts[0], texts[2]) {
		t.Error("one conflict has several texts")
	}
	// The same text with its sides swapped, or with a cosignature, is refused.
	parts := strings.SplitN(string(texts[0]), "\n\n", 2)
	at := forkSideEnd([]byte(parts[1]), false)
	swapped := parts[0] + "\n\n" + parts[1][at+1:] + "\n" + parts[1][:at]
	if _, err := ParseFork([]byte(swapped)); !errors.Is(err, ErrMalformed) {
		t.Errorf("sides swapped: %v", err)
	}
	for _, more := range []string{string(line), "\n", "\n" + string(line)} {
		if _, err := ParseFork(append(append([]byte{}, texts[0]...), more...)); !errors.Is(err, ErrMalformed) {
			t.Errorf("with %q: %v", more, err)
		}
	}
}

func TestForkAcrossKeys(t *testing.T) {
	a, b := equivocator(t)
	keys := func(size uint64) []ed25519.PublicKey { // the key changed at size 6
		if size < 6 {
			return []ed25519.PublicKey{public(logKey)}
		}
		return []ed25519.PublicKey{public(nextKey)}
	}
	f, err := ForkOfLeaves(testOrigin, keys, 3, side(t, a, 3, 7, nextKey), side(t, b, 3, 5, logKey))
	if err != nil {
		t.Fatal(err)
	}
	text, err := f.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseFork(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := back.Verify(testOrigin, keys); err != nil {
		t.Errorf("sides signed by different keys of the log: %v", err)
	}
	if _, err := ForkOfLeaves(testOrigin, keys, 3, side(t, a, 3, 7, logKey), side(t, b, 3, 5, logKey)); !errors.Is(err, ErrMissing) {
		t.Errorf("a key counts outside its span: %v", err)
	}
}

// An honest log never yields a proof, whatever is put side by side.
func TestNoForkOfHonestLog(t *testing.T) {
	a, b := equivocator(t)
	keys := OneKey(public(logKey))
	for i := range 8 {
		for j := range 8 {
			if _, err := ForkOfRoots(testOrigin, keys, a.note(i, logKey), a.note(j, logKey)); !errors.Is(err, ErrNoConflict) {
				t.Errorf("roots %d %d: %v", i, j, err)
			}
		}
	}
	for size := 1; size < 8; size++ {
		for index := range size {
			good := side(t, a, index, size, logKey)
			if _, err := ForkOfLeaves(testOrigin, keys, uint64(index), good, side(t, a, index, 7, logKey)); !errors.Is(err, ErrNoConflict) {
				t.Errorf("leaf %d in %d: %v", index, size, err)
			}
			for other := range size { // a true path, claimed for another index, or of another leaf
				if other == index {
					continue
				}
				if _, err := ForkOfLeaves(testOrigin, keys, uint64(other), good, side(t, a, other, size, logKey)); !errors.Is(err, ErrProof) {
					t.Errorf("leaf %d shown as %d in %d: %v", index, other, size, err)
				}
			}
		}
	}
	if _, err := ForkOfRoots(testOrigin, keys, a.note(3, logKey), b.note(5, logKey)); !errors.Is(err, ErrNoConflict) {
		t.Errorf("two sizes: %v", err)
	}
	us := signText(strings.Replace(b.at(5).String(), "/MX", "/US", 1), Origin(testGroup, "US"), logKey)
	if _, err := ForkOfRoots(testOrigin, keys, a.note(5, logKey), us); !errors.Is(err, ErrOrigin) {
		t.Errorf("two logs: %v", err)
	}
	if err := (Fork{}).Verify(testOrigin, keys); !errors.Is(err, ErrNoConflict) {
		t.Errorf("zero fork: %v", err)
	}
	if _, err := (Fork{}).MarshalText(); !errors.Is(err, ErrNoConflict) {
		t.Errorf("zero fork: %v", err)
	}
}

func FuzzParseFork(f *testing.F) {
	for _, fork := range forks(f) {
		text, err := fork.MarshalText()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		fork, err := ParseFork(text)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrNoConflict) {
				t.Errorf("error of no kind: %v", err)
			}
			return
		}
		again, err := fork.MarshalText()
		if err != nil || !bytes.Equal(again, text) {
			t.Errorf("two texts of one fork: %v", err)
		}
		if heads := fork.Heads(); heads[0].Origin != heads[1].Origin {
			t.Error("a fork across logs")
		}
		_ = fork.Verify(testOrigin, OneKey(public(logKey))) // must not panic
	})
}

// The examples of doc/log.md are what this package writes, byte for byte.
func TestDocumentedVectors(t *testing.T) {
	m := newMemory(t, 7)
	msg := m.note(5, logKey)
	full, err := AddCosignatures(msg, cosign(t, msg, "witness", testTime), cosign(t, msg, "mirror", testTime+1))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../doc/log.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"checkpoint": string(full),
		"log key":    Key{testOrigin, AlgEd25519, public(logKey)}.String(),
		"witness":    witness.String(),
		"mirror":     mirror.String(),
	}
	for form, f := range forks(t) {
		text, err := f.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		want["fork by "+form] = string(text)
	}
	for name, text := range want {
		if !strings.Contains(string(doc), text) {
			t.Errorf("doc/log.md does not hold the %s:\n%s", name, text)
		}
	}
}
