package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"entente/node"
	"entente/record"
	"entente/store"
)

// stream is a node's answer to entente backup, with its manifest changed as a test wants it.
func stream(t testing.TB, change func(*node.Manifest)) []byte {
	t.Helper()
	files := map[string][]byte{node.ConfigFile: []byte("{}\n"), store.File: bytes.Repeat([]byte("db"), 5000), store.KeyFile: make([]byte, 640)}
	m := node.Manifest{Format: "entente/backup/v1", Party: "MX", Time: 1_760_000_000, Groups: []node.BackupGroup{}, Slots: 9}
	file := func(name string) node.BackupFile {
		return node.BackupFile{Name: name, Size: int64(len(files[name])), SHA256: record.ID(sha256.Sum256(files[name]))}
	}
	m.Files, m.Keys = []node.BackupFile{file(node.ConfigFile), file(store.File)}, file(store.KeyFile)
	if change != nil {
		change(&m)
	}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	put := func(name string, c []byte) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(c))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(c); err != nil {
			t.Fatal(err)
		}
	}
	put(node.ManifestFile, raw)
	put(node.SealFile, make([]byte, 32))
	for _, name := range []string{node.ConfigFile, store.File, store.KeyFile} {
		put(name, files[name])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSave(t *testing.T) {
	whole := stream(t, nil)
	names := func(dir string) func(*node.Manifest) (string, string) {
		return func(*node.Manifest) (string, string) { return filepath.Join(dir, "a"), filepath.Join(dir, "k") }
	}
	dir := t.TempDir()
	s, err := save(bytes.NewReader(whole), names(dir))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := readArchive(s.archive); err != nil || m.Party != "MX" {
		t.Fatalf("%+v, %v", m, err)
	}
	if is, err := keyFileIs(s.keys, s.manifest, nil); err != nil || is != "own" {
		t.Errorf("%s, %v", is, err)
	}
	later := filepath.Join(dir, "later")
	if err := os.WriteFile(later, make([]byte, 704), 0o600); err != nil {
		t.Fatal(err)
	}
	if is, err := keyFileIs(later, s.manifest, nil); err != nil || is != "later" {
		t.Errorf("%s, %v", is, err)
	}
	if err := os.WriteFile(later, make([]byte, 512), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keyFileIs(later, s.manifest, nil); !errors.Is(err, store.ErrKey) {
		t.Errorf("a key file that is too short: %v", err)
	}
	// whatever breaks off, nothing bears the name of a backup, and nothing is left
	for name, in := range map[string]io.Reader{
		"nothing":              bytes.NewReader(nil),
		"ends in the keys":     bytes.NewReader(whole[:len(whole)-2048]),
		"ends in the database": bytes.NewReader(whole[:5000]),
		"a read fails":         io.MultiReader(bytes.NewReader(whole[:5000]), errorReader{}),
		"another digest":       bytes.NewReader(stream(t, func(m *node.Manifest) { m.Files[1].SHA256[0] ^= 1 })),
		"other keys":           bytes.NewReader(stream(t, func(m *node.Manifest) { m.Keys.SHA256[0] ^= 1 })),
		"another size":         bytes.NewReader(stream(t, func(m *node.Manifest) { m.Files[0].Size++ })),
		"a path":               bytes.NewReader(stream(t, func(m *node.Manifest) { m.Files[0].Name = "../node.json" })),
		"order":                bytes.NewReader(stream(t, func(m *node.Manifest) { m.Files[0], m.Files[1] = m.Files[1], m.Files[0] })),
		"no database":          bytes.NewReader(stream(t, func(m *node.Manifest) { m.Files = m.Files[:1] })),
	} {
		dir := t.TempDir()
		if _, err := save(in, names(dir)); err == nil {
			t.Errorf("%s: taken for a backup", name)
		} else if !errors.Is(err, errNotWhole) && !errors.Is(err, node.ErrInvalid) && !errors.Is(err, errReader) {
			t.Errorf("%s: %v", name, err)
		}
		if es, err := os.ReadDir(dir); err != nil || len(es) > 0 {
			t.Errorf("%s: left %v, %v", name, es, err)
		}
	}
	// a name that is taken, a folder that takes nothing
	if _, err := save(bytes.NewReader(whole), names(dir)); !errors.Is(err, os.ErrExist) {
		t.Errorf("overwritten: %v", err)
	}
	if _, err := save(bytes.NewReader(whole), names(filepath.Join(dir, "nowhere"))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("into a folder that is not there: %v", err)
	}
}

var errReader = errors.New("the line is down")

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errReader }

func FuzzArchive(f *testing.F) {
	whole := stream(f, nil)
	f.Add(whole)
	f.Add(whole[:1500])
	f.Add(stream(f, func(m *node.Manifest) { m.Files[0].Name = "../x" }))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		names := []string{}
		m, err := entries(bytes.NewReader(b), func(*node.Manifest, sealed) error { return nil }, func(x node.BackupFile, r io.Reader) error {
			names = append(names, x.Name)
			return nil
		}, nil)
		for _, n := range names {
			if n != node.ConfigFile && n != node.SealedKeys && n != store.File {
				t.Fatalf("the file %q would be written", n)
			}
		}
		if err == nil && (m == nil || len(names) != len(m.Files)) {
			t.Fatalf("taken with %d of its files", len(names))
		}
		if err != nil && !errors.Is(err, errNotWhole) && !errors.Is(err, node.ErrInvalid) {
			t.Fatalf("not the error of a bad archive: %v", err)
		}
	})
}
