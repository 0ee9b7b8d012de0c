package tlog

import (
	"errors"
	"testing"

	"filippo.io/torchwood"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
	sumdb "golang.org/x/mod/sumdb/tlog"
)

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

// checkProofs compares inclusion of entry at, and consistency of sizes at and size, with the x/mod reference.
func checkProofs(t failer, m *memory, s Source, size, at int) {
	t.Helper()
	now, then := m.at(size), m.at(at)
	con, err := Consistency(s, then.Size, now.Size)
	if err != nil {
		t.Fatalf("consistency %d %d: %v", at, size, err)
	}
	if at > 0 {
		want, err := sumdb.ProveTree(int64(size), int64(at), m.reference())
		if err != nil || !cmp.Equal(want, con) {
			t.Fatalf("consistency %d %d differs from reference: %v", at, size, err)
		}
	}
	if err := CheckConsistency(con, then.Size, then.Root, now.Size, now.Root); err != nil {
		t.Fatalf("%v", err)
	}
	bad := now.Root
	bad[31] ^= 1
	if CheckConsistency(con, then.Size, then.Root, now.Size, bad) == nil && at > 0 {
		t.Fatalf("consistency %d %d holds for a false root", at, size)
	}
	if CheckConsistency(con, then.Size, bad, now.Size, now.Root) == nil {
		t.Fatalf("consistency %d %d holds for a false old root", at, size)
	}
	if at == size {
		return
	}
	inc, err := Inclusion(s, uint64(at), uint64(size))
	if err != nil {
		t.Fatalf("inclusion %d in %d: %v", at, size, err)
	}
	want, err := sumdb.ProveRecord(int64(size), int64(at), m.reference())
	if err != nil || !cmp.Equal(want, inc) {
		t.Fatalf("inclusion %d in %d differs from reference: %v", at, size, err)
	}
	leaf := m.leafs[at]
	if err := CheckInclusion(inc, uint64(at), now.Size, leaf, now.Root); err != nil {
		t.Fatalf("%v", err)
	}
	if CheckInclusion(inc, uint64(at), now.Size, leaf, bad) == nil {
		t.Fatalf("inclusion %d in %d holds for a false root", at, size)
	}
	for i := range inc {
		inc[i][i] ^= 1
		if CheckInclusion(inc, uint64(at), now.Size, leaf, now.Root) == nil {
			t.Fatalf("inclusion %d in %d holds with hash %d changed", at, size, i)
		}
		inc[i][i] ^= 1
	}
	for other := range uint64(min(size, 300)) {
		if other != uint64(at) && CheckInclusion(inc, other, now.Size, leaf, now.Root) == nil {
			t.Fatalf("inclusion of %d in %d holds for index %d", at, size, other)
		}
	}
}

func TestProofsExhaustiveSmall(t *testing.T) {
	m := newMemory(t, 40)
	for size := range 41 {
		for at := range size + 1 {
			checkProofs(t, m, m, size, at)
		}
	}
}

func TestProofsAtBoundaries(t *testing.T) {
	m := newMemory(t, 65793)
	over := m.tree.Over(m)
	for _, size := range boundaries {
		for _, at := range append([]int{size - 1, size / 2}, boundaries...) {
			if at < 0 || at > size {
				continue
			}
			checkProofs(t, m, m, size, at)
			checkProofs(t, m, over, size, at)
		}
	}
	// At the head, the tree in memory saves the reads below a partial tile.
	m.reads = 0
	if _, err := Inclusion(over, 65700, 65793); err != nil {
		t.Fatal(err)
	}
	if m.reads > 3 {
		t.Errorf("a proof at the head read %d tiles", m.reads)
	}
}

func TestProofArgumentsRefused(t *testing.T) {
	m := newMemory(t, 5)
	root := m.at(5).Root
	if _, err := Inclusion(m, 5, 5); !errors.Is(err, ErrMalformed) {
		t.Errorf("inclusion beyond the log: %v", err)
	}
	if _, err := Consistency(m, 6, 5); !errors.Is(err, ErrMalformed) {
		t.Errorf("consistency backwards: %v", err)
	}
	if _, err := RootAt(m, 5, 6); !errors.Is(err, ErrMalformed) {
		t.Errorf("root beyond the log: %v", err)
	}
	if _, err := RootAt(m.tree.Over(m), 6, 1); !errors.Is(err, ErrSource) {
		t.Errorf("size beyond the tree: %v", err)
	}
	// Sizes at which the arithmetic underneath would not end.
	for _, huge := range []uint64{MaxSize + 1, 1<<62 + 1, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		for what, err := range map[string]error{
			"inclusion":   CheckInclusion(InclusionProof{root}, 0, huge, root, root),
			"consistency": CheckConsistency(ConsistencyProof{root}, 1, root, huge, root),
			"from zero":   CheckConsistency(nil, 0, EmptyRoot(), huge, root),
		} {
			if !errors.Is(err, ErrProof) {
				t.Errorf("%s at size %d: %v", what, huge, err)
			}
		}
		if _, err := Load(huge, m); err == nil {
			t.Errorf("load at size %d", huge)
		}
	}
	if CheckConsistency(nil, 0, root, 5, root) == nil {
		t.Error("a tree of size 0 with a root of its own is a prefix")
	}
	if CheckConsistency(ConsistencyProof{root}, 0, EmptyRoot(), 5, root) == nil {
		t.Error("an empty tree took a proof with hashes")
	}
	if CheckConsistency(nil, 0, EmptyRoot(), 0, root) == nil {
		t.Error("two roots of size 0")
	}
}

func TestDamagedSourceRefused(t *testing.T) {
	for name, s := range map[string]Source{
		"short tile":   short{newMemory(t, 600)},
		"short leaves": short{newMemory(t, 10)},
	} {
		size := uint64(600)
		if name == "short leaves" {
			size = 10
		}
		if _, err := Load(size, s); !errors.Is(err, ErrSource) {
			t.Errorf("%s: load: %v", name, err)
		}
		if _, err := Inclusion(s, 3, size); !errors.Is(err, ErrSource) {
			t.Errorf("%s: inclusion: %v", name, err)
		}
	}
}

type short struct{ *memory }

func (s short) Tile(l int, n uint64) ([]byte, error) {
	d, err := s.memory.Tile(l, n)
	return d[:len(d)-32], err
}

func (s short) Leaves(from, to uint64) ([]Hash, error) {
	h, err := s.memory.Leaves(from, to)
	return h[:len(h)-1], err
}

func TestProofText(t *testing.T) {
	m := newMemory(t, 700)
	path, err := Inclusion(m, 300, 700)
	if err != nil {
		t.Fatal(err)
	}
	p := Proof{Index: 300, Path: path, Note: m.note(700, logKey)}
	text := p.Append(nil)
	if want := torchwood.FormatProof(300, path, p.Note); string(want) != string(text) {
		t.Fatalf("torchwood writes\n%s\nwe write\n%s", want, text)
	}
	v, err := note.NewVerifier(Key{testOrigin, AlgEd25519, public(logKey)}.String())
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(testOrigin), torchwood.SingleVerifierPolicy(v))
	if err := torchwood.VerifyProof(policy, m.leafs[300], text); err != nil {
		t.Fatalf("torchwood refuses our proof: %v", err)
	}
	back, err := ParseProof(text)
	if err != nil || !cmp.Equal(p, back) {
		t.Fatalf("round trip: %v %s", err, cmp.Diff(p, back))
	}
	if c, err := back.Verify(m.leafs[300], testOrigin, public(logKey)); err != nil || c != m.at(700) {
		t.Fatalf("verify: %v %v", c, err)
	}
	if _, err := back.Verify(m.leafs[301], testOrigin, public(logKey)); !errors.Is(err, ErrProof) {
		t.Errorf("another leaf: %v", err)
	}
	n := eachFlip(text, func(at int, changed []byte) {
		p, err := ParseProof(changed)
		if err == nil {
			_, err = p.Verify(m.leafs[300], testOrigin, public(logKey))
		}
		if err == nil {
			t.Errorf("byte %d changed and still accepted:\n%s", at, changed)
		}
	})
	t.Logf("%d changes refused", n)
}

func BenchmarkInclusionAtHead(b *testing.B) {
	m := newMemory(b, 100_000)
	s := m.tree.Over(m)
	b.ReportAllocs()
	i := uint64(0)
	for b.Loop() {
		i = (i + 7919) % 100_000
		if _, err := Inclusion(s, i, 100_000); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInclusionFromTiles(b *testing.B) {
	m := newMemory(b, 100_000)
	b.ReportAllocs()
	i := uint64(0)
	for b.Loop() {
		i = (i + 7919) % 100_000
		if _, err := Inclusion(m, i, 100_000); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkConsistencyAtHead(b *testing.B) {
	m := newMemory(b, 100_000)
	s := m.tree.Over(m)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Consistency(s, 99_990, 100_000); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheckInclusion(b *testing.B) {
	m := newMemory(b, 100_000)
	p, err := Inclusion(m, 77_777, 100_000)
	if err != nil {
		b.Fatal(err)
	}
	c := m.at(100_000)
	for b.Loop() {
		if CheckInclusion(p, 77_777, c.Size, m.leafs[77_777], c.Root) != nil {
			b.Fatal("refused")
		}
	}
}
