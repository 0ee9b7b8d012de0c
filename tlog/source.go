package tlog

import (
	"fmt"

	sumdb "golang.org/x/mod/sumdb/tlog"
)

// A Source holds one log that only grows. Full tiles are stored; what lies right of them comes from the entries.
type Source interface {
	// Tile returns the TileBytes of a full tile. It is asked only for tiles that are full at the size of the request.
	// The bytes are not modified and not kept beyond the request.
	Tile(level int, n uint64) ([]byte, error)
	// Leaves returns the leaf hashes of the entries [from, to), at most 255 of them, none of which is in a full tile
	// at the size of the request.
	Leaves(from, to uint64) ([]Hash, error)
}

// reader reads nodes of a log of at least the given size, each tile once. It implements sumdb.HashReader.
type reader struct {
	s     Source
	size  uint64
	head  *head // nil when s is not the head of a Tree
	tiles map[tileID][]byte
	roots map[tileID]Hash // roots of full tiles, kept instead of the tiles below a partial one
	tail  []byte          // leaf hashes right of the full tiles of level 0
}

type tileID struct {
	level int
	n     uint64
}

func newReader(s Source, size uint64) (*reader, error) {
	if size > MaxSize {
		return nil, fmt.Errorf("size %d is above the limit of %d: %w", size, uint64(MaxSize), ErrMalformed)
	}
	r := &reader{s: s, size: size}
	if h, ok := s.(*head); ok {
		if h.size < size {
			return nil, fmt.Errorf("size %d asked of a tree of size %d: %w", size, h.size, ErrSource)
		}
		r.head, r.size = h, h.size
	}
	return r, nil
}

// ReadHashes returns the nodes with the given stored hash indexes (see sumdb.StoredHashIndex).
func (r *reader) ReadHashes(indexes []int64) ([]Hash, error) {
	hashes := make([]Hash, len(indexes))
	for i, x := range indexes {
		b, n := sumdb.SplitStoredHashIndex(x)
		level, below := b/tileHeight, b%tileHeight
		data, err := r.entries(level, uint64(n)<<below, uint64(n+1)<<below)
		if err != nil {
			return nil, err
		}
		hashes[i] = fold(data)
	}
	return hashes, nil
}

// entries returns the hashes [from, to) of a tile level, which lie in one tile.
func (r *reader) entries(level int, from, to uint64) ([]byte, error) {
	n := from / TileWidth
	base := n * TileWidth
	if (n+1)*TileWidth <= r.size>>(tileHeight*level) {
		data, err := r.tile(level, n)
		if err != nil {
			return nil, err
		}
		return data[(from-base)*32 : (to-base)*32], nil
	}
	switch {
	case r.head != nil:
		return r.head.edge[level][(from-base)*32 : (to-base)*32], nil
	case level == 0:
		tail, err := r.leaves(base)
		if err != nil {
			return nil, err
		}
		return tail[(from-base)*32 : (to-base)*32], nil
	}
	data := make([]byte, 0, (to-from)*32)
	for i := from; i < to; i++ {
		root, err := r.root(level-1, i)
		if err != nil {
			return nil, err
		}
		data = append(data, root[:]...)
	}
	return data, nil
}

func (r *reader) tile(level int, n uint64) ([]byte, error) {
	id := tileID{level, n}
	if data, ok := r.tiles[id]; ok {
		return data, nil
	}
	data, err := r.s.Tile(level, n)
	if err != nil {
		return nil, fmt.Errorf("read tile %d/%d: %w", level, n, err)
	}
	if len(data) != TileBytes {
		return nil, fmt.Errorf("read tile %d/%d: %d bytes, need %d: %w", level, n, len(data), TileBytes, ErrSource)
	}
	if r.tiles == nil {
		r.tiles = make(map[tileID][]byte)
	}
	r.tiles[id] = data
	return data, nil
}

func (r *reader) root(level int, n uint64) (Hash, error) {
	id := tileID{level, n}
	if h, ok := r.roots[id]; ok {
		return h, nil
	}
	data, err := r.tile(level, n)
	if err != nil {
		return Hash{}, err
	}
	if r.roots == nil {
		r.roots = make(map[tileID]Hash)
	}
	h := fold(data)
	r.roots[id] = h
	return h, nil
}

func (r *reader) leaves(from uint64) ([]byte, error) {
	if r.tail != nil {
		return r.tail, nil
	}
	hashes, err := r.s.Leaves(from, r.size)
	if err != nil {
		return nil, fmt.Errorf("read leaves %d to %d: %w", from, r.size, err)
	}
	if uint64(len(hashes)) != r.size-from {
		return nil, fmt.Errorf("read leaves %d to %d: got %d: %w", from, r.size, len(hashes), ErrSource)
	}
	r.tail = make([]byte, 0, len(hashes)*32)
	for i := range hashes {
		r.tail = append(r.tail, hashes[i][:]...)
	}
	return r.tail, nil
}

// fold returns the root of a full subtree from its bottom row, whose length is a power of two.
func fold(data []byte) Hash {
	if len(data) == 32 {
		return Hash(data)
	}
	mid := len(data) / 2
	return sumdb.NodeHash(fold(data[:mid]), fold(data[mid:]))
}
