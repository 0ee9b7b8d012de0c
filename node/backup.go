package node

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"entente"
	"entente/record"
	"entente/store"
	"entente/territory"
)

// Manifest says what a backup holds. It stands first in the archive, as manifest.json. The key file lies apart: whoever has the
// archive alone reads no part.
type Manifest struct {
	Format string        `json:"format"` // entente/backup/v1
	Party  record.Party  `json:"party"`
	Time   int64         `json:"time"` // Unix seconds
	Groups []BackupGroup `json:"groups"`
	Files  []BackupFile  `json:"files"` // of the archive, in its order
	Keys   BackupFile    `json:"keys"`  // the key file that was saved with it
	Slots  uint64        `json:"slots"` // data keys that the database needs: a key file saved later has them too
}

// BackupGroup is the head of the node's own log in a group, as the backup holds it.
type BackupGroup struct {
	Group record.ID   `json:"group"`
	Head  record.Mark `json:"head"`
}

// BackupFile is one file of a backup.
type BackupFile struct {
	Name   string    `json:"name"`
	Size   int64     `json:"size"`
	SHA256 record.ID `json:"sha256"`
}

const backupFormat = "entente/backup/v1"

// Files of a backup beside those of a node's folder.
const (
	ManifestFile = "manifest.json"
	SealFile     = "manifest.seal"      // over the manifest, under the node's own keys
	SealedKeys   = NodeKeyFile + ".age" // the node's own keys, sealed to the recovery key
)

// maxManifest in bytes: a few hundred for each group.
const maxManifest = 1 << 20

// backupFiles are the files that an archive may hold, in their order; the manifest comes before them, boundary files after.
var backupFiles = []string{ConfigFile, SealedKeys, store.File}

// ParseManifest reads a manifest. Names of files are those of this program and nothing else: they become paths.
func ParseManifest(b []byte) (*Manifest, error) {
	m := new(Manifest)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if len(b) > maxManifest || d.Decode(m) != nil || m.Format != backupFormat || !m.Party.Valid() {
		return nil, fmt.Errorf("backup: %w: not a manifest of this program", ErrInvalid)
	}
	at, seen := -1, map[string]bool{}
	last := ""
	for _, f := range m.Files {
		i := slices.Index(backupFiles, f.Name)
		if f.Name == boundaryName(f.SHA256) && f.Name > last && f.Size <= territory.MaxFile {
			i, at, last = len(backupFiles), len(backupFiles)-1, f.Name
		}
		if i <= at || f.Size < 0 {
			return nil, fmt.Errorf("backup: %w: its files are not those of a backup", ErrInvalid)
		}
		at, seen[f.Name] = i, true
	}
	if !seen[ConfigFile] || !seen[store.File] || m.Keys.Name != store.KeyFile || m.Keys.Size < 0 {
		return nil, fmt.Errorf("backup: %w: its files are not those of a backup", ErrInvalid)
	}
	return m, nil
}

// Sealed reports whether the archive holds the node's own keys, sealed to the recovery key.
func (m *Manifest) Sealed() bool {
	return slices.ContainsFunc(m.Files, func(f BackupFile) bool { return f.Name == SealedKeys })
}

const backupPrefix = ".backup-"

// Backup copies what a node cannot make again while it serves: description, database, data keys, the boundary data that it holds;
// and its own keys where there is a recovery key to seal them to. put is called with the manifest, with each file of the archive, and last with the key
// file, which is to be kept apart. The anchor is never part of it: it is what tells a restored node from one that went on.
func (n *Node) Backup(ctx context.Context, put func(name string, size int64, r io.Reader) error) (m *Manifest, err error) {
	if !n.saving.TryLock() {
		return nil, fmt.Errorf("a backup is under way: %w", ErrConflict)
	}
	defer n.saving.Unlock()
	if u, err := n.store.Usage(); err == nil && u.Known && u.Free < u.Database+u.Keys+lowDisk {
		return nil, fmt.Errorf("backup: %w: a copy of %d MiB is made in the node's folder first, and %d MiB are left", ErrDiskFull, (u.Database+u.Keys)>>20, u.Free>>20)
	}
	dir, err := os.MkdirTemp(n.dir, backupPrefix)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", explain(err))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	m = &Manifest{Format: backupFormat, Party: n.party, Time: n.clock()}
	db, keys := filepath.Join(dir, store.File), filepath.Join(dir, store.KeyFile)
	if m.Slots, err = n.store.Copy(ctx, db, keys); err != nil {
		return nil, fmt.Errorf("backup: %w", explain(err))
	}
	n.step("backup-copied")
	if m.Groups, err = n.heads(ctx, dir); err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	paths := map[string]string{ConfigFile: filepath.Join(n.dir, ConfigFile), store.File: db}
	if n.Config().Recovery != "" {
		if paths[SealedKeys], err = n.sealKeys(dir); err != nil {
			return nil, fmt.Errorf("backup: %w", err)
		}
	}
	bounds, at := n.boundaryFiles()
	maps.Copy(paths, at)
	for _, name := range append(slices.Clone(backupFiles), bounds...) {
		if p, ok := paths[name]; ok {
			f, err := describe(name, p)
			if err != nil {
				return nil, fmt.Errorf("backup: %w", err)
			}
			m.Files = append(m.Files, f)
		}
	}
	if m.Keys, err = describe(store.KeyFile, keys); err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := put(ManifestFile, int64(len(b)), bytes.NewReader(b)); err != nil {
		return nil, err
	}
	seal := n.keys.seal(b)
	if err := put(SealFile, int64(len(seal)), bytes.NewReader(seal)); err != nil {
		return nil, err
	}
	paths[store.KeyFile] = keys
	for _, f := range append(slices.Clone(m.Files), m.Keys) {
		if err := putFile(f, paths[f.Name], put); err != nil {
			return nil, err
		}
		n.step("backup-" + f.Name)
	}
	return m, nil
}

func (n *Node) step(name string) {
	if n.fault != nil {
		n.fault(name)
	}
}

func putFile(f BackupFile, path string, put func(string, int64, io.Reader) error) error {
	r, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer r.Close()
	return put(f.Name, f.Size, io.LimitReader(r, f.Size))
}

func describe(name, path string) (BackupFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return BackupFile{}, err
	}
	defer f.Close()
	h := sha256.New()
	size, err := io.Copy(h, f)
	return BackupFile{name, size, record.ID(h.Sum(nil))}, err
}

// heads reads from the copy what it holds of the node's own logs.
func (n *Node) heads(ctx context.Context, dir string) ([]BackupGroup, error) {
	s, err := store.OpenSealed(ctx, dir)
	if err != nil {
		return nil, err
	}
	v := s.View(ctx)
	out := []BackupGroup{}
	groups, err := store.Groups(v)
	for _, g := range groups {
		logs, lerr := store.Logs(v, g.Row)
		err = errors.Join(err, lerr)
		for _, l := range logs {
			if l.Party == n.party {
				x := BackupGroup{Group: g.ID, Head: record.Mark{Size: l.Size}}
				if l.Size > 0 {
					t, terr := loadTree(v, l)
					if err = errors.Join(err, terr); terr == nil {
						x.Head.Root = record.ID(t.Root())
					}
				}
				out = append(out, x)
			}
		}
	}
	return out, errors.Join(err, s.Close())
}

// sealKeys writes the node's own keys under the recovery key.
func (n *Node) sealKeys(dir string) (string, error) {
	to, err := age.ParseHybridRecipient(n.Config().Recovery)
	if err != nil {
		return "", fmt.Errorf("recovery key in %s: %w: not a recipient of age", ConfigFile, ErrInvalid)
	}
	b, err := n.keys.encode()
	if err != nil {
		return "", err
	}
	var buf bytes.Buffer
	w, err := age.Encrypt(&buf, to)
	if err == nil {
		_, err = w.Write(b)
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		return "", fmt.Errorf("seal the node's keys: %w", err)
	}
	path := filepath.Join(dir, SealedKeys)
	return path, writeNew(path, buf.Bytes())
}

// sweep removes what a backup left that was killed. The folder's lock is held: none is under way.
func sweep(dir string) error {
	left, err := filepath.Glob(filepath.Join(globEscape(dir), backupPrefix+"*"))
	for _, d := range left {
		err = errors.Join(err, os.RemoveAll(d))
	}
	return err
}

func globEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(s)
}

// ErrSeal: an archive was not made by the node whose keys are held against it, or was changed since.
var ErrSeal = errors.New("this archive was not made under these node keys, or was changed since")

// seal authenticates a manifest, and with it every file of the archive: settings, pinned keys and sign-ins in a database are signed
// by nobody, and whoever can write to where backups lie could add their own.
func (k *nodeKeys) seal(manifest []byte) []byte { return k.mac("entente/backup-seal/v1", manifest) }

// Made says whether a manifest was sealed under these keys: ErrSeal where not. The sealing key does not change when keys are
// replaced.
func (b *BackupKeys) Made(manifest, seal []byte) error {
	if !hmac.Equal(seal, b.k.seal(manifest)) {
		return ErrSeal
	}
	return nil
}

// BackupKeys are what opens the parts of a backup: the node's own keys.
type BackupKeys struct{ k *nodeKeys }

// ReadBackupKeys reads a file of a node's own keys, wherever it lies.
func ReadBackupKeys(path string) (*BackupKeys, error) {
	k, err := loadNodeKeys(path)
	if err != nil {
		return nil, err
	}
	return &BackupKeys{k}, nil
}

// UnsealBackupKeys opens the node's own keys of an archive with the recovery key, as it was printed.
func UnsealBackupKeys(sealed io.Reader, recovery string) (*BackupKeys, error) {
	id, err := age.ParseHybridIdentity(strings.ToUpper(strings.Join(strings.Fields(recovery), "")))
	if err != nil {
		return nil, fmt.Errorf("recovery key: %w: it starts with AGE-SECRET-KEY-PQ-1; look for a letter that was misread", ErrInvalid)
	}
	r, err := age.Decrypt(sealed, id)
	if err != nil {
		return nil, fmt.Errorf("recovery key: %w: it does not open this backup; look whose sheet it is", ErrPassphrase)
	}
	b, err := io.ReadAll(io.LimitReader(r, maxNodeKeys))
	if err != nil {
		return nil, fmt.Errorf("sealed node keys: %w", ErrInvalid)
	}
	k, err := decodeNodeKeys("the sealed node keys", b)
	if err != nil {
		return nil, err
	}
	return &BackupKeys{k}, nil
}

// Recovery makes a recovery key: the identity is for paper, the recipient for the node's description.
func Recovery() (identity, recipient string, err error) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return "", "", fmt.Errorf("recovery key: %w", err)
	}
	return id.String(), id.Recipient().String(), nil
}

// CheckFolder checks a folder that no node serves: one that a backup was unpacked into. keys nil: everything but the content of
// parts. Nothing in the folder is changed but what SQLite needs.
func CheckFolder(ctx context.Context, dir string, kinds entente.Kinds, keys *BackupKeys, progress func(done, total uint64)) (*Report, error) {
	c, err := ReadConfig(dir)
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	n := &Node{dir: dir, config: c, party: c.Party, clock: func() int64 { return time.Now().Unix() }, kinds: kinds, boundaries: boundariesIn(dir)}
	if keys != nil {
		n.keys = keys.k
		n.store, err = store.Open(ctx, dir, [32]byte(keys.k.Wrap))
	} else {
		n.store, err = store.OpenSealed(ctx, dir)
	}
	if err != nil {
		return nil, err
	}
	rep, err := n.Check(ctx, progress)
	return rep, errors.Join(err, n.store.Close())
}

// PutBackOptions say what is put back.
type PutBackOptions struct {
	Dir         string // holds the database and the key file
	Manifest    []byte // as it stands in the archive, whose files were held against it
	Seal        []byte
	Description []byte // the archive's node.json
	Anchor      string // where the anchor lies from now on; empty: beside the folder
	KeepSignIns bool   // no passkey and no account was ended since the backup
	Kinds       entente.Kinds
}

// PutBack makes a node's folder of files that a backup was unpacked into: the node's keys are written, the data keys held
// against them, tokens ended (those revoked since would come back), everything checked, and last the description put in its
// place, which makes it a node's folder. The anchor is not touched; where it lies is said anew, empty for beside the folder: an
// archive that was tampered with must not choose a file that the node writes to.
func PutBack(ctx context.Context, o PutBackOptions, keys *BackupKeys, progress func(done, total uint64)) (*Report, error) {
	dir := o.Dir
	if err := keys.Made(o.Manifest, o.Seal); err != nil {
		return nil, err
	}
	m, err := ParseManifest(o.Manifest)
	if err != nil {
		return nil, err
	}
	var c Config
	if err := json.Unmarshal(o.Description, &c); err != nil || c.Party != m.Party {
		return nil, fmt.Errorf("backup: %w: its description is not of %s", ErrInvalid, m.Party)
	}
	c.Anchor = o.Anchor
	if err := KeysCover(filepath.Join(dir, store.KeyFile), m, keys); err != nil {
		return nil, err
	}
	if err := keys.k.save(dir); err != nil {
		return nil, fmt.Errorf("node keys: %w", err)
	}
	s, err := store.Open(ctx, dir, [32]byte(keys.k.Wrap))
	if err != nil {
		return nil, err
	}
	err = s.Update(ctx, nil, func(tx *store.Tx) error { return tx.Forget(o.KeepSignIns) })
	if err := errors.Join(err, s.Close()); err != nil {
		return nil, explain(err)
	}
	if err := c.save(dir); err != nil {
		return nil, err
	}
	return CheckFolder(ctx, dir, o.Kinds, keys, progress)
}

// KeysCover says whether a key file has every data key that a backup's database needs and, where keys is not nil, whether these
// open it. The error wraps store.ErrKey.
func KeysCover(file string, m *Manifest, keys *BackupKeys) error {
	if keys == nil {
		return store.CheckKeys(file, m.Slots, nil)
	}
	kek := [32]byte(keys.k.Wrap)
	return store.CheckKeys(file, m.Slots, &kek)
}
