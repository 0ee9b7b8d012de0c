package tlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
	sumdb "golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func exportTo(m *memory, size int, dir string) error {
	return Export(m, m.entries, uint64(size), m.note(size, logKey), func(path string, data []byte) error {
		name := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // each path once
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.Write(data)
		return err
	}, nil)
}

// A public client, knowing only the vkey, reads an exported log back: all entries, and proofs from the tiles.
func TestExportReadByTorchwood(t *testing.T) {
	m := newMemory(t, 66000)
	v, err := note.NewVerifier(Key{testOrigin, AlgEd25519, public(logKey)}.String())
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(testOrigin), torchwood.SingleVerifierPolicy(v))
	for _, size := range []int{0, 1, 255, 256, 257, 600, 65535, 65536, 65537, 66000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			dir := t.TempDir()
			if err := exportTo(m, size, dir); err != nil {
				t.Fatal(err)
			}
			tiles, err := torchwood.NewTileFS(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			signed, err := tiles.ReadEndpoint(t.Context(), "checkpoint")
			if err != nil {
				t.Fatal(err)
			}
			c, _, err := torchwood.VerifyCheckpoint(signed, policy)
			if err != nil || c.N != int64(size) {
				t.Fatalf("checkpoint: %v %v", c, err)
			}
			client, err := torchwood.NewClient(tiles)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for i, data := range client.AllEntries(t.Context(), c.Tree, 0) {
				if int(i) != n || !bytes.Equal(data, m.data[n]) {
					t.Fatalf("entry %d differs", i)
				}
				n++
			}
			if client.Err() != nil || n != size {
				t.Fatalf("read %d of %d entries: %v", n, size, client.Err())
			}
			if size == 0 {
				return
			}
			reader := torchwood.TileHashReaderWithContext(context.Background(), c.Tree, tiles)
			for _, at := range []int{1, size/2 + 1, size} {
				p, err := sumdb.ProveTree(int64(size), int64(at), reader)
				if err != nil {
					t.Fatal(err)
				}
				if err := CheckConsistency(p, uint64(at), m.at(at).Root, uint64(size), c.Hash); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestExportPaths(t *testing.T) {
	for _, test := range []struct {
		size int
		want []string
	}{
		{0, []string{"checkpoint"}},
		{1, []string{"checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1"}},
		{256, []string{"checkpoint", "tile/0/000", "tile/1/000.p/1", "tile/entries/000"}},
		{257, []string{"checkpoint", "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/1"}},
	} {
		dir := t.TempDir()
		if err := exportTo(newMemory(t, test.size), test.size, dir); err != nil {
			t.Fatal(err)
		}
		var got []string
		err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
			if !d.IsDir() {
				got = append(got, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("size %d: %s", test.size, d)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		tile := sumdb.Tile{H: 8, L: rapid.IntRange(-1, 5).Draw(t, "level"), N: rapid.Int64Range(0, 1<<40).Draw(t, "n"), W: rapid.IntRange(1, 256).Draw(t, "width")}
		if got, want := TilePath(tile.L, uint64(tile.N), tile.W), torchwood.TilePath(tile); got != want {
			t.Fatalf("path %s, want %s", got, want)
		}
	})
}

func TestExportRefusesDamage(t *testing.T) {
	fail := errors.New("disk full")
	for name, test := range map[string]struct {
		change func(m *memory)
		size   uint64
		fails  string // path whose write fails
		want   error
	}{
		"entry changed in the tail": {func(m *memory) { m.data[590] = []byte("x") }, 600, "", ErrSource},
		"entry changed":             {func(m *memory) { m.data[3] = []byte("x") }, 600, "", ErrSource},
		"tile changed":              {func(m *memory) { m.corrupt = true }, 600, "", ErrSource},
		"entry too long":            {func(m *memory) { m.data[3] = make([]byte, MaxEntry+1) }, 600, "", ErrMalformed},
		"checkpoint of other size":  {func(m *memory) {}, 599, "", ErrMalformed},
		"write fails":               {func(m *memory) {}, 600, "tile/entries/001", fail},
		"last write fails":          {func(m *memory) {}, 600, "checkpoint", fail},
	} {
		m := newMemory(t, 600)
		msg := m.note(600, logKey)
		test.change(m)
		var written []string
		err := Export(m, m.entries, test.size, msg, func(path string, _ []byte) error {
			if path == test.fails {
				return fail
			}
			written = append(written, path)
			return nil
		}, nil)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if slices.Contains(written, "checkpoint") {
			t.Errorf("%s: a failed export left a checkpoint", name)
		}
	}
	m := newMemory(t, 600)
	short := func(from, to uint64) ([][]byte, error) { return m.data[from : to-1], nil }
	if err := Export(m, short, 600, m.note(600, logKey), func(string, []byte) error { return nil }, nil); !errors.Is(err, ErrSource) {
		t.Errorf("entries missing: %v", err)
	}
}

func TestExportLongestEntryAndProgress(t *testing.T) {
	m := newMemory(t, 0)
	m.add(bytes.Repeat([]byte("x"), MaxEntry))
	m.add(nil)
	m.grow(300)
	var seen []string
	var bundle []byte
	err := Export(m, m.entries, 300, m.note(300, logKey), func(path string, data []byte) error {
		if strings.HasSuffix(path, "entries/000") {
			bundle = bytes.Clone(data)
		}
		return nil
	}, func(done, total uint64) { seen = append(seen, fmt.Sprint(done, "/", total)) })
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"256/300", "300/300"}, seen); d != "" {
		t.Error(d)
	}
	for i := range 256 {
		var e []byte
		if e, bundle, err = torchwood.ReadTileEntry(bundle); err != nil || !bytes.Equal(e, m.data[i]) {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
}
