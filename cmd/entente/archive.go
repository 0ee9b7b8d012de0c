package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"entente/node"
	"entente/record"
)

// errNotWhole: a backup that ends early, or whose files are not those that its manifest names.
var errNotWhole = errors.New("the backup is not whole")

// sealed is a manifest as it stands in an archive, with the seal over it.
type sealed struct{ manifest, seal []byte }

// maxSeal in bytes that are read.
const maxSeal = 256

// entries reads the files of a backup in their order, each held against the manifest while f reads it. extra are files that
// follow those of the archive: the key file, in the node's stream.
func entries(r io.Reader, begin func(*node.Manifest, sealed) error, f func(node.BackupFile, io.Reader) error, extra func(*node.Manifest) []node.BackupFile) (*node.Manifest, error) {
	t := tar.NewReader(r)
	head, err := next(t, node.ManifestFile)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(t, min(head.Size, maxManifest)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotWhole, err)
	}
	m, err := node.ParseManifest(raw)
	if err != nil {
		return nil, err
	}
	if _, err := next(t, node.SealFile); err != nil {
		return nil, err
	}
	seal, err := io.ReadAll(io.LimitReader(t, maxSeal))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotWhole, err)
	}
	if err := begin(m, sealed{raw, seal}); err != nil {
		return nil, err
	}
	files := m.Files
	if extra != nil {
		files = append(files[:len(files):len(files)], extra(m)...)
	}
	for _, want := range files {
		h, err := next(t, want.Name)
		if err != nil {
			return nil, err
		}
		if h.Size != want.Size {
			return nil, fmt.Errorf("%w: %s has %d bytes, not %d", errNotWhole, want.Name, h.Size, want.Size)
		}
		sum := sha256.New()
		in := io.TeeReader(t, sum)
		if err := f(want, in); errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("%w: %s ends early", errNotWhole, want.Name)
		} else if err != nil {
			return nil, err
		}
		if _, err := io.Copy(io.Discard, in); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", errNotWhole, want.Name, err)
		}
		if record.ID(sum.Sum(nil)) != want.SHA256 {
			return nil, fmt.Errorf("%w: %s is not what was saved", errNotWhole, want.Name)
		}
	}
	switch _, err := t.Next(); {
	case errors.Is(err, io.EOF):
		return m, nil
	case err == nil:
		return nil, fmt.Errorf("%w: it holds more than its manifest names", errNotWhole)
	default:
		return nil, fmt.Errorf("%w: %w", errNotWhole, err)
	}
}

// maxManifest in bytes that are read; the parser has the same bound.
const maxManifest = 1<<20 + 1

func next(t *tar.Reader, name string) (*tar.Header, error) {
	h, err := t.Next()
	if err != nil {
		return nil, fmt.Errorf("%w: no %s in it: %w", errNotWhole, name, err)
	}
	if h.Name != name || h.Typeflag != tar.TypeReg {
		return nil, fmt.Errorf("%w: %.70q stands where %s should", errNotWhole, h.Name, name)
	}
	return h, nil
}

// newFile is a file under another name until it is whole, so that what breaks off is never taken for a backup.
type newFile struct {
	*os.File
	path string
	kept bool
}

func createFile(path string) (*newFile, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("%s: %w", path, os.ErrExist)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".entente-*.part") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("write: %w", err)
	}
	return &newFile{File: f, path: path}, nil
}

// keep gives the file its name once it is on disk.
func (f *newFile) keep() error {
	err := errors.Join(f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	f.kept = true
	if d, err := os.Open(filepath.Dir(f.path)); err == nil { // the name too; where a folder cannot be synced, the file still is
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}

// drop removes what was not kept.
func (f *newFile) drop() {
	if f != nil && !f.kept {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
}

// saved is where a backup lies.
type saved struct {
	archive, keys string
	manifest      *node.Manifest
}

// save writes a node's stream to two files, archive and keys. Either both are whole and on disk when it returns, or neither
// bears its name; the archive gets its name last.
func save(stream io.Reader, name func(*node.Manifest) (archive, keys string)) (s saved, err error) {
	var archive, keys *newFile
	var out *tar.Writer
	defer func() { archive.drop(); keys.drop() }()
	put := func(name string, size int64, at int64, r io.Reader) error {
		err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: time.Unix(at, 0), Format: tar.FormatPAX})
		if err == nil {
			_, err = io.Copy(out, r)
		}
		return err
	}
	s.manifest, err = entries(stream, func(m *node.Manifest, raw sealed) (err error) {
		s.manifest = m
		s.archive, s.keys = name(m)
		if archive, err = createFile(s.archive); err != nil {
			return err
		}
		if keys, err = createFile(s.keys); err != nil {
			return err
		}
		out = tar.NewWriter(archive)
		if err := put(node.ManifestFile, int64(len(raw.manifest)), m.Time, bytes.NewReader(raw.manifest)); err != nil {
			return err
		}
		return put(node.SealFile, int64(len(raw.seal)), m.Time, bytes.NewReader(raw.seal))
	}, func(f node.BackupFile, r io.Reader) error {
		if f.Name == s.manifest.Keys.Name {
			_, err := io.Copy(keys, r)
			return err
		}
		return put(f.Name, f.Size, s.manifest.Time, r)
	}, func(m *node.Manifest) []node.BackupFile { return []node.BackupFile{m.Keys} })
	if err != nil {
		return s, err
	}
	if err := out.Close(); err != nil {
		return s, fmt.Errorf("write: %w", err)
	}
	if err := keys.keep(); err != nil {
		return s, err
	}
	if err := archive.keep(); err != nil {
		return s, errors.Join(err, os.Remove(s.keys))
	}
	return s, nil
}

// unpacked is an archive whose files lie in a folder, but for the node's description.
type unpacked struct {
	*node.Manifest
	sealed
	description []byte
	keys        []byte // the node's own, sealed to the recovery key; nil: not in it
}

// unpack writes the files of an archive to a folder.
func unpack(file, dir string) (u *unpacked, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	u = new(unpacked)
	u.Manifest, err = entries(f, func(_ *node.Manifest, s sealed) error { u.sealed = s; return nil }, func(x node.BackupFile, r io.Reader) error {
		var err error
		switch x.Name {
		case node.ConfigFile:
			u.description, err = io.ReadAll(io.LimitReader(r, maxManifest))
		case node.SealedKeys:
			u.keys, err = io.ReadAll(io.LimitReader(r, maxManifest))
		default:
			path := filepath.Join(dir, filepath.FromSlash(x.Name)) // ParseManifest let it pass
			if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
				err = copyNew(path, r)
			}
		}
		return err
	}, nil)
	return u, err
}

// copyNew writes a file that must not exist yet, for its owner only, and syncs it.
func copyNew(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if _, err := io.Copy(f, r); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}

// keyFileIs holds a key file against a backup: "own" is the one saved with it, "later" covers it all the same.
// keys, where they are given, must open it.
func keyFileIs(file string, m *node.Manifest, keys *node.BackupKeys) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("key file: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return "", fmt.Errorf("key file: %w", err)
	}
	if err := node.KeysCover(file, m, keys); err != nil {
		return "", err
	}
	if n == m.Keys.Size && record.ID(sum.Sum(nil)) == m.Keys.SHA256 {
		return "own", nil
	}
	return "later", nil
}
