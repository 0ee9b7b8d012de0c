package tlog

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"

	sumdb "golang.org/x/mod/sumdb/tlog"
)

// memory is a log in memory that enforces the contract of Source: full tiles only, leaves only right of them.
type memory struct {
	t       testing.TB
	tree    *Tree
	data    [][]byte
	leafs   []Hash
	tiles   map[tileID][]byte
	reads   int
	nodes   []Hash // the x/mod reference: stored hashes by index
	corrupt bool   // Tile answers with one bit flipped
}

func newMemory(t testing.TB, size int) *memory {
	m := &memory{t: t, tree: new(Tree), tiles: map[tileID][]byte{}}
	m.grow(size)
	return m
}

func entry(i int) []byte { return fmt.Appendf(nil, "entry %d", i) }

func (m *memory) grow(size int) {
	for i := len(m.leafs); i < size; i++ {
		m.add(entry(i))
	}
}

func (m *memory) add(data []byte) {
	h := LeafHash(data)
	add, err := sumdb.StoredHashesForRecordHash(int64(len(m.leafs)), h, m.reference())
	if err != nil {
		m.t.Fatal(err)
	}
	m.nodes = append(m.nodes, add...)
	m.data = append(m.data, data)
	m.leafs = append(m.leafs, h)
	for _, tile := range m.tree.Append(h) {
		id := tileID{tile.Level, tile.N}
		if _, ok := m.tiles[id]; ok {
			m.t.Fatalf("tile %v given out twice", id)
		}
		if len(tile.Data) != TileBytes {
			m.t.Fatalf("tile %v has %d bytes", id, len(tile.Data))
		}
		m.tiles[id] = tile.Data
	}
}

func (m *memory) reference() sumdb.HashReader {
	return sumdb.HashReaderFunc(func(idx []int64) ([]Hash, error) {
		out := make([]Hash, len(idx))
		for i, x := range idx {
			out[i] = m.nodes[x]
		}
		return out, nil
	})
}

func (m *memory) Tile(level int, n uint64) ([]byte, error) {
	m.reads++
	d, ok := m.tiles[tileID{level, n}]
	if !ok {
		return nil, fmt.Errorf("tile %d/%d is not full", level, n)
	}
	if m.corrupt {
		d = append([]byte{}, d...)
		d[17] ^= 1
	}
	return d, nil
}

func (m *memory) Leaves(from, to uint64) ([]Hash, error) {
	if to-from >= TileWidth || from%TileWidth != 0 || to > uint64(len(m.leafs)) {
		return nil, fmt.Errorf("leaves %d to %d asked against the contract", from, to)
	}
	return m.leafs[from:to:to], nil
}

func (m *memory) entries(from, to uint64) ([][]byte, error) { return m.data[from:to], nil }

// at returns the checkpoint and its note at a size.
func (m *memory) at(size int) Checkpoint {
	root, err := sumdb.TreeHash(int64(size), m.reference())
	if err != nil {
		m.t.Fatal(err)
	}
	return Checkpoint{Origin: testOrigin, Size: uint64(size), Root: root}
}

func (m *memory) note(size int, key ed25519.PrivateKey) []byte {
	n, err := SignCheckpoint(m.at(size), key)
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}

// seeded returns the key of a label, the same in every run: SHA-256 of the label is the seed.
func seeded(label string) ed25519.PrivateKey {
	s := sha256.Sum256([]byte(label))
	return ed25519.NewKeyFromSeed(s[:])
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

var (
	testGroup   = sha256.Sum256([]byte("group"))
	testOrigin  = Origin(testGroup, "MX")
	logKey      = seeded("MX log")
	nextKey     = seeded("MX log, second key")
	witnessKey  = seeded("US witness")
	mirrorKey   = seeded("US mirror")
	witnessName = WitnessName(testGroup, "US")
	mirrorName  = MirrorName(testGroup, "US")
)

// eachFlip calls f with every single-bit change of b.
func eachFlip(b []byte, f func(at int, changed []byte)) int {
	c := append([]byte{}, b...)
	for i := range c {
		for bit := range 8 {
			c[i] ^= 1 << bit
			f(i, c)
			c[i] ^= 1 << bit
		}
	}
	return len(b) * 8
}
