package tlog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	sumdb "golang.org/x/mod/sumdb/tlog"
)

// TilePath returns the path of tlog-tiles for a tile of the given level, tile/<L>/<N>, with the suffix .p/<width> when
// the width is below 256. Level -1 is the entry bundle, tile/entries/<N>.
func TilePath(level int, n uint64, width int) string {
	t := sumdb.Tile{H: tileHeight, L: level, N: int64(n), W: width}
	rest := strings.TrimPrefix(t.Path(), "tile/8/")
	if level < 0 {
		return "tile/entries/" + strings.TrimPrefix(rest, "data/")
	}
	return "tile/" + rest
}

// Export writes the log at the given size in the tlog-tiles layout: entry bundles, full and partial tiles, and last the
// file "checkpoint", so that a reader who finds it finds all. A failed export leaves none.
//
// The tree is built anew from the entries: a stored tile that differs, or a root that is not the checkpoint's, is
// [ErrSource], and what was written is not to be used. The signature of the checkpoint is not checked here.
//
// entries returns the entries [from, to), at most 256, each at most [MaxEntry] bytes. write is called once per path;
// paths use slashes; data are not kept. progress, if not nil, is called with the entries done after each bundle.
func Export(s Source, entries func(from, to uint64) ([][]byte, error), size uint64, checkpoint []byte,
	write func(path string, data []byte) error, progress func(done, total uint64)) error {
	c, err := ParseCheckpoint(checkpoint)
	if err != nil {
		return fmt.Errorf("export log: %w", err)
	}
	if c.Size != size {
		return fmt.Errorf("export log of size %d: checkpoint is of size %d: %w", size, c.Size, ErrMalformed)
	}
	e := exporter{s: s, write: write, tree: new(Tree)}
	for from := uint64(0); from < size; {
		to := min(from+TileWidth, size)
		list, err := entries(from, to)
		if err != nil {
			return fmt.Errorf("export entries %d to %d: %w", from, to, err)
		}
		if uint64(len(list)) != to-from {
			return fmt.Errorf("export entries %d to %d: got %d: %w", from, to, len(list), ErrSource)
		}
		if err := e.bundle(from, list); err != nil {
			return err
		}
		if from = to; progress != nil {
			progress(from, size)
		}
	}
	for level, data := range e.tree.edge {
		if width := len(data) / 32; width > 0 {
			n := size >> (tileHeight * (level + 1))
			if err := e.file(TilePath(level, n, width), data); err != nil {
				return err
			}
		}
	}
	if e.tree.Root() != c.Root {
		return fmt.Errorf("export log of size %d: entries do not lead to the root of the checkpoint: %w", size, ErrSource)
	}
	return e.file("checkpoint", checkpoint)
}

type exporter struct {
	s     Source
	write func(path string, data []byte) error
	tree  *Tree
	buf   []byte
}

func (e *exporter) bundle(from uint64, list [][]byte) error {
	e.buf = e.buf[:0]
	for i, entry := range list {
		if len(entry) > MaxEntry {
			return fmt.Errorf("export entry %d: %d bytes, at most %d: %w", from+uint64(i), len(entry), MaxEntry, ErrMalformed)
		}
		e.buf = binary.BigEndian.AppendUint16(e.buf, uint16(len(entry)))
		e.buf = append(e.buf, entry...)
		for _, t := range e.tree.Append(LeafHash(entry)) {
			stored, err := e.s.Tile(t.Level, t.N)
			if err != nil {
				return fmt.Errorf("export: read tile %d/%d: %w", t.Level, t.N, err)
			}
			if !bytes.Equal(stored, t.Data) {
				return fmt.Errorf("export: tile %d/%d differs from the entries: %w", t.Level, t.N, ErrSource)
			}
			if err := e.file(TilePath(t.Level, t.N, TileWidth), t.Data); err != nil {
				return err
			}
		}
	}
	return e.file(TilePath(-1, from/TileWidth, len(list)), e.buf)
}

func (e *exporter) file(path string, data []byte) error {
	if err := e.write(path, data); err != nil {
		return fmt.Errorf("export: write %s: %w", path, err)
	}
	return nil
}
