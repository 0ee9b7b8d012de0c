package tlog

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	sumdb "golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

var boundaries = []int{0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 65793}

func TestTreeAtBoundaries(t *testing.T) {
	m := newMemory(t, 0)
	for _, size := range boundaries {
		m.grow(size)
		want := m.at(size).Root
		if got := m.tree.Root(); got != want || m.tree.Size() != uint64(size) {
			t.Errorf("size %d: tree says %d, %v; reference %v", size, m.tree.Size(), got, want)
		}
		loaded, err := Load(uint64(size), m)
		if err != nil {
			t.Fatal(err)
		}
		if got := loaded.Root(); got != want {
			t.Errorf("size %d: loaded root %v, want %v", size, got, want)
		}
		// A loaded tree goes on as the one that never stopped: same roots, same tiles.
		kept := m.tree.Clone()
		for i := size; i < size+300; i++ {
			h := LeafHash(entry(i))
			if d := cmp.Diff(kept.Append(h), loaded.Append(h)); d != "" || kept.Root() != loaded.Root() {
				t.Fatalf("size %d: diverges at %d: %s", size, i, d)
			}
		}
	}
	if n := len(m.tiles); n != 65793/256+1 {
		t.Errorf("%d full tiles, want %d", n, 65793/256+1)
	}
	for id, data := range m.tiles {
		want, err := sumdb.ReadTileData(sumdb.Tile{H: 8, L: id.level, N: int64(id.n), W: 256}, m.reference())
		if err != nil || string(want) != string(data) {
			t.Errorf("tile %v differs from the reference (%v)", id, err)
		}
	}
	for at := 0; at <= 65793; at += 997 {
		got, err := RootAt(m, 65793, uint64(at))
		if err != nil || got != m.at(at).Root {
			t.Errorf("root at %d: %v, %v", at, got, err)
		}
	}
}

func TestTreeAgainstReference(t *testing.T) {
	m := newMemory(t, 1400)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(0, 1400).Draw(t, "size")
		at := rapid.IntRange(0, size).Draw(t, "at")
		tree, err := Load(uint64(size), m)
		if err != nil {
			t.Fatal(err)
		}
		if tree.Root() != m.at(size).Root {
			t.Fatal("root of loaded tree")
		}
		for _, s := range []Source{m, tree.Over(m)} {
			if got, err := RootAt(s, uint64(size), uint64(at)); err != nil || got != m.at(at).Root {
				t.Fatalf("root at %d of %d: %v %v", at, size, got, err)
			}
			checkProofs(t, m, s, size, at)
		}
	})
}

func TestCloneIsIndependent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Two trees from one, each appended to in turn with its own leaves; each must equal a tree built alone.
		trees := []*Tree{new(Tree)}
		leaves := [][]Hash{nil}
		var views []Source
		var viewed []Checkpoint
		for step := range rapid.IntRange(1, 30).Draw(t, "steps") {
			i := rapid.IntRange(0, len(trees)-1).Draw(t, "which")
			if rapid.Bool().Draw(t, "clone") {
				trees = append(trees, trees[i].Clone())
				leaves = append(leaves, append([]Hash{}, leaves[i]...))
				views = append(views, trees[i].Over(noSource{}))
				viewed = append(viewed, Checkpoint{Size: trees[i].Size(), Root: trees[i].Root()})
			}
			for n := range rapid.IntRange(0, 40).Draw(t, "n") {
				h := LeafHash([]byte{byte(i), byte(step), byte(n)})
				trees[i].Append(h)
				leaves[i] = append(leaves[i], h)
			}
		}
		for i, tree := range trees {
			alone := new(Tree)
			for _, h := range leaves[i] {
				alone.Append(h)
			}
			if tree.Root() != alone.Root() || tree.Size() != alone.Size() {
				t.Fatalf("tree %d was changed by another", i)
			}
			if d := cmp.Diff(alone.edge, tree.edge); d != "" {
				t.Fatalf("partial tiles of tree %d were changed by another: %s", i, d)
			}
		}
		for i, v := range views {
			if viewed[i].Size >= TileWidth {
				continue
			}
			if got, err := RootAt(v, viewed[i].Size, viewed[i].Size); err != nil || got != viewed[i].Root {
				t.Fatalf("view %d changed under appends: %v", i, err)
			}
		}
	})
}

type noSource struct{}

func (noSource) Tile(int, uint64) ([]byte, error)      { return nil, ErrSource }
func (noSource) Leaves(uint64, uint64) ([]Hash, error) { return nil, ErrSource }

func BenchmarkAppend(b *testing.B) {
	tree, leaf := new(Tree), LeafHash([]byte("leaf"))
	b.ReportAllocs()
	for b.Loop() {
		tree.Append(leaf)
	}
}

// BenchmarkCommit is what one transaction of 8 entries costs the tree: clone, append, root.
func BenchmarkCommit(b *testing.B) {
	tree, leaf := new(Tree), LeafHash([]byte("leaf"))
	b.ReportAllocs()
	for b.Loop() {
		next := tree.Clone()
		for range 8 {
			next.Append(leaf)
		}
		next.Root()
		tree = next
	}
}
