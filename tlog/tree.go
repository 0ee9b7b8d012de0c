package tlog

import (
	"fmt"
	"math/bits"

	sumdb "golang.org/x/mod/sumdb/tlog"
)

// A Tile is a full tile of tlog-tiles: 256 hashes of one level. Level 0 holds leaf hashes, level n+1 the roots of full
// tiles of level n. A full tile never changes again.
type Tile struct {
	Level int    // 0 to 5
	N     uint64 // index within the level
	Data  []byte // TileBytes long, hashes in order; not to be modified
}

// A Tree is the right edge of one log in memory: what is needed to append and to state the root. It does no I/O.
// It is not safe for concurrent use; a [Tree.Clone] and the result of [Tree.Over] may be used beside it.
//
// Ownership: a partial tile is written by one Tree only. Clones and views share its bytes up to their own length and
// never write behind it, so an append to one is never seen by another.
type Tree struct {
	size  uint64
	peaks [treeHeight + 1]Hash // peaks[b], root of a full subtree of 2^b leaves, stands if and only if bit b of size is set
	edge  [tileLevels][]byte   // the hashes of each level that are not in a full tile yet
}

// Load reads the right edge of a log of the given size. It trusts s for content: the caller compares [Tree.Root] with
// the signed checkpoint. It reads at most 255 tiles per level.
func Load(size uint64, s Source) (*Tree, error) {
	r, err := newReader(s, size)
	if err != nil {
		return nil, fmt.Errorf("load tree of size %d: %w", size, err)
	}
	t := &Tree{size: size}
	for level := range t.edge {
		width := int(size >> (tileHeight * level) % TileWidth)
		if width == 0 {
			continue
		}
		from := size >> (tileHeight * level) &^ (TileWidth - 1)
		data, err := r.entries(level, from, from+uint64(width))
		if err != nil {
			return nil, fmt.Errorf("load tree of size %d: %w", size, err)
		}
		t.edge[level] = data[:len(data):len(data)]
		at := 0
		for b := tileHeight - 1; b >= 0; b-- {
			if n := 1 << b; width&n != 0 {
				t.peaks[tileHeight*level+b] = fold(data[at*32 : (at+n)*32])
				at += n
			}
		}
	}
	return t, nil
}

// Size returns the number of leaves.
func (t *Tree) Size() uint64 { return t.size }

// Root returns the Merkle tree hash of all leaves, RFC 6962 section 2.1. It costs one hash per bit set in the size.
func (t *Tree) Root() Hash {
	if t.size == 0 {
		return EmptyRoot()
	}
	b := bits.TrailingZeros64(t.size)
	root := t.peaks[b]
	for b++; b < bits.Len64(t.size); b++ {
		if t.size>>b&1 == 1 {
			root = sumdb.NodeHash(t.peaks[b], root)
		}
	}
	return root
}

// Append adds one leaf and returns the tiles it filled, lowest level first; most calls fill none. The caller stores
// them in the transaction that stores the entry, once, and never again. It costs two hashes on average.
// A tree of [MaxSize] panics: no log reaches it, and the arithmetic does not hold beyond.
func (t *Tree) Append(leaf Hash) (done []Tile) {
	if t.size >= MaxSize {
		panic("tlog: append beyond MaxSize")
	}
	done = t.put(0, &leaf, done)
	h, b := leaf, 0
	for s := t.size; s&1 == 1; s >>= 1 {
		h = sumdb.NodeHash(t.peaks[b], h)
		if b++; b%tileHeight == 0 {
			done = t.put(b/tileHeight, &h, done)
		}
	}
	t.peaks[b] = h
	t.size++
	return done
}

// put adds a hash to the partial tile of a level. It runs before size counts the leaf that completed the hash.
func (t *Tree) put(level int, h *Hash, done []Tile) []Tile {
	e := t.edge[level]
	if len(e) == cap(e) {
		// A buffer whose capacity is its length belongs to another tree or is full-grown nowhere yet: take a new one.
		e = append(make([]byte, 0, TileBytes), e...)
	}
	e = append(e, h[:]...)
	if len(e) < TileBytes {
		t.edge[level] = e
		return done
	}
	t.edge[level] = nil
	return append(done, Tile{Level: level, N: t.size >> (tileHeight * (level + 1)), Data: e})
}

// Clone returns an independent tree with the same leaves, for a transaction that may fail. It copies no tile; the
// clone's first append copies one.
func (t *Tree) Clone() *Tree {
	c := *t
	for i, e := range c.edge {
		c.edge[i] = e[:len(e):len(e)]
	}
	return &c
}

// Over returns a [Source] for proofs up to the tree's present size, which takes the full tiles from s and all else
// from memory. Without it a proof near the head of a long log reads up to 255 tiles. Later appends to t do not change it.
func (t *Tree) Over(s Source) Source {
	c := t.Clone()
	return &head{Source: s, size: c.size, edge: c.edge}
}

type head struct {
	Source
	size uint64
	edge [tileLevels][]byte
}
