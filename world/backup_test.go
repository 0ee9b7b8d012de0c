package world_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"entente"
	"entente/node"
	"entente/record"
	"entente/store"
	"entente/territory"
	"entente/world"
)

// saveTo unpacks a backup into a folder as it comes.
func saveTo(t *testing.T, p *world.Party) (string, *node.Manifest) {
	t.Helper()
	dir := t.TempDir()
	m, err := p.Node.Backup(t.Context(), func(name string, size int64, r io.Reader) error {
		b, err := io.ReadAll(r)
		if err == nil && int64(len(b)) != size {
			err = fmt.Errorf("%s: %d bytes, announced %d", name, len(b), size)
		}
		if bytes.Contains(b, []byte(canary)) {
			t.Errorf("%s of the backup holds the content of a part in the clear", name)
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		return errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b, 0o600))
	})
	ok(t, err)
	raw, err := os.ReadFile(filepath.Join(dir, node.ManifestFile))
	ok(t, err)
	again, err := node.ParseManifest(raw)
	ok(t, err)
	if len(again.Files) != len(m.Files) || again.Slots != m.Slots {
		t.Errorf("the manifest reads as %+v", again)
	}
	return dir, m
}

// holds checks what a backup was unpacked into.
func holds(t *testing.T, dir, nodeKeys string) *node.Report {
	t.Helper()
	keys, err := node.ReadBackupKeys(nodeKeys)
	ok(t, err)
	r, err := node.CheckFolder(t.Context(), dir, entente.Standard(), keys, nil)
	ok(t, err)
	if !r.OK {
		t.Fatalf("the backup does not hold: %v", r.Faults)
	}
	return r
}

// A node is saved while both sides write: every backup is one moment of the node, whole, with a key for each of its parts.
func TestBackupWhileWriting(t *testing.T) {
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	told := make(chan said, 1<<16)
	go func() {
		defer close(ended)
		write(ctx, mx, 2, func(s said) { told <- s })
	}()
	before, parts := uint64(0), uint64(0)
	for range 5 {
		<-told // something new since the last backup
		dir, m := saveTo(t, mx)
		r := holds(t, dir, filepath.Join(mx.Dir, node.NodeKeyFile))
		for _, g := range m.Groups {
			if g.Group == w.Group {
				if g.Head.Size <= before {
					t.Errorf("a backup holds %d records, the one before held %d", g.Head.Size, before)
				}
				before = g.Head.Size
			}
		}
		if r.Parts < parts {
			t.Errorf("%d parts, %d before", r.Parts, parts)
		}
		parts = r.Parts
	}
	stop()
	<-ended
	counted(t, "parts opened in a backup", int(parts))
	settle(t, w, "MX", "US")
	checked(t, mx)
	if _, err := mx.Node.Backup(t.Context(), func(string, int64, io.Reader) error { return errors.New("no room there") }); err == nil {
		t.Error("a backup that could not be handed over succeeds")
	}
	noLeftovers(t, mx)
}

func noLeftovers(t *testing.T, p *world.Party) {
	t.Helper()
	if left, err := filepath.Glob(filepath.Join(p.Dir, ".backup-*")); err != nil || len(left) > 0 {
		t.Errorf("a backup left %v, %v", left, err)
	}
}

// A backup without keys tells that all is in order but for the content of parts; a changed one that it is not.
func TestBackupWithoutKeys(t *testing.T) {
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	commits(t, mx, 3)
	dir, _ := saveTo(t, mx)
	r, err := node.CheckFolder(t.Context(), dir, entente.Standard(), nil, nil)
	ok(t, err)
	if !r.OK || !r.Sealed || r.Parts != 0 || r.Records == 0 {
		t.Errorf("without keys: %+v", r)
	}
	db := rawDB(t, &world.Party{Dir: dir})
	_, err = db.Exec("UPDATE state SET owner = 'XX'")
	ok(t, err)
	ok(t, db.Close())
	if r, err = node.CheckFolder(t.Context(), dir, entente.Standard(), nil, nil); err != nil || r.OK {
		t.Errorf("a changed backup: %+v, %v", r, err)
	}
	keys, err := node.ReadBackupKeys(filepath.Join(w.As("US").Dir, node.NodeKeyFile))
	ok(t, err)
	_, err = node.CheckFolder(t.Context(), dir, entente.Standard(), keys, nil)
	refused(t, err, "another node key")
}

// Boundary files go with a backup, under their digest; what else lies in their folder does not.
func TestBackupBoundaries(t *testing.T) {
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	square := `{"features":[{"type":"Feature","properties":{"A3":"MEX"},"geometry":{"type":"Polygon","coordinates":[[[20,10],[20.1,10],[20.1,10.1],[20,10.1]]]}}]}`
	file, err := territory.Build(territory.Source{Info: territory.Info{Name: "ground", Source: "a square", Date: "2025", Licence: "CC0-1.0", Attribution: "none", BandM: 500},
		Countries: strings.NewReader(square), Property: "A3", Codes: map[string][]string{"MX": {"MEX"}}})
	ok(t, err)
	folder := filepath.Join(mx.Dir, node.BoundaryFolder)
	ok(t, os.MkdirAll(folder, 0o700))
	ok(t, os.WriteFile(filepath.Join(folder, "any name"), file, 0o600))
	ok(t, os.WriteFile(filepath.Join(folder, "notes.txt"), []byte("not boundary data"), 0o600))
	dir, m := saveTo(t, mx)
	b, err := territory.Parse(file)
	ok(t, err)
	got, err := os.ReadFile(filepath.Join(dir, node.BoundaryFolder, b.Hex()+".boundary"))
	ok(t, err)
	if !bytes.Equal(got, file) {
		t.Error("the boundary file came back changed")
	}
	if kept, err := os.ReadDir(filepath.Join(dir, node.BoundaryFolder)); err != nil || len(kept) != 1 {
		t.Errorf("the backup's boundary folder holds %v, %v", kept, err)
	}
	holds(t, dir, filepath.Join(mx.Dir, node.NodeKeyFile))
	for name, change := range map[string]func(*node.BackupFile){
		"another digest": func(f *node.BackupFile) { f.SHA256[0] ^= 1 },
		"a path":         func(f *node.BackupFile) { f.Name = node.BoundaryFolder + "/../x.boundary" },
		"too long":       func(f *node.BackupFile) { f.Size = territory.MaxFile + 1 },
	} {
		x := *m
		x.Files = slices.Clone(m.Files)
		change(&x.Files[len(x.Files)-1])
		raw, err := json.Marshal(x)
		ok(t, err)
		if _, err := node.ParseManifest(raw); !errors.Is(err, node.ErrInvalid) {
			t.Errorf("%s of a boundary file is taken: %v", name, err)
		}
	}
}

// backupChild dies while it saves the node, or finds no room for the copy.
func backupChild(w *world.World, j job) int {
	p, ctx := w.As(j.Me), context.Background()
	if j.Limit == 0 {
		p.Fault = func(point string) {
			if point == j.Point {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
	}
	tell := func(s said) {
		b, _ := json.Marshal(s)
		_, _ = os.Stdout.Write(append(b, '\n'))
	}
	if err := p.Open(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if s, err := p.Commit(ctx, canary, "US"); err == nil {
		tell(said{Index: s.Ref.Index, ID: s.ID})
	}
	var old syscall.Rlimit
	if j.Limit > 0 {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
		small := old
		small.Cur = j.Limit
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
	}
	_, err := p.Node.Backup(ctx, func(_ string, _ int64, r io.Reader) error { _, err := io.Copy(io.Discard, r); return err })
	if err != nil {
		tell(said{Err: err.Error(), Full: errors.Is(err, node.ErrDiskFull)})
	}
	if j.Limit > 0 {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
		if s, err := p.Commit(ctx, canary, "US"); err == nil { // the node itself goes on
			tell(said{Index: s.Ref.Index, ID: s.ID, Died: true})
		}
	}
	if err := p.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return 0
}

func TestBackupKilled(t *testing.T) {
	w, sockets := killStage(t)
	mx, kills := w.As("MX"), 0
	for _, point := range []string{"backup-copied", "backup-" + node.ConfigFile, "backup-" + store.File, "backup-" + store.KeyFile} {
		ok(t, mx.Stop())
		told := run(t, job{Do: "kill", Then: "backup", Dir: w.Dir, Sockets: sockets, Group: w.Group, Me: "MX", Parties: []record.Party{"MX", "US"}, Now: w.Now(), Point: point}, nil)
		if left, _ := filepath.Glob(filepath.Join(mx.Dir, ".backup-*")); len(left) == 0 {
			t.Errorf("killed at %s: nothing was under way", point)
		}
		why, err := lost(t.Context(), w, "MX", "US", told) // opens it again
		ok(t, err)
		if why != "" {
			t.Fatalf("killed at %s: %s", point, why)
		}
		noLeftovers(t, mx)
		dir, _ := saveTo(t, mx)
		holds(t, dir, filepath.Join(mx.Dir, node.NodeKeyFile))
		ok(t, mx.Run(t.Context()))
		settle(t, w, "MX", "US")
		kills++
	}
	counted(t, "killed during a backup", kills)
	checked(t, mx)
}

func TestBackupDiskFull(t *testing.T) {
	w, sockets := killStage(t)
	mx := w.As("MX")
	flood(t, mx, 50)
	ok(t, mx.Stop())
	told := run(t, job{Do: "backup", Dir: w.Dir, Sockets: sockets, Group: w.Group, Me: "MX", Parties: []record.Party{"MX", "US"}, Now: w.Now(), Limit: 40_000}, nil)
	full := 0
	for _, s := range told {
		if s.Full {
			full++
			refused(t, errors.New(s.Err), "room")
		} else if s.Err != "" {
			t.Error(s.Err)
		}
	}
	counted(t, "backups refused for lack of room", full)
	if len(told) == 0 || !told[len(told)-1].Died {
		t.Error("the node does not go on writing after it")
	}
	noLeftovers(t, mx)
	ok(t, mx.Restart(t.Context()))
	settle(t, w, "MX", "US")
	checked(t, mx)
}

// The node's own keys come back from paper, and from nothing else.
func TestBackupSealedToTheRecoveryKey(t *testing.T) {
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	identity, recipient, err := node.Recovery()
	ok(t, err)
	watched.guard(identity)
	ok(t, mx.Stop())
	var c node.Config
	path := filepath.Join(mx.Dir, node.ConfigFile)
	b, err := os.ReadFile(path)
	ok(t, err)
	ok(t, json.Unmarshal(b, &c))
	c.Recovery = recipient
	b, err = json.Marshal(c)
	ok(t, err)
	ok(t, os.WriteFile(path, b, 0o600))
	ok(t, mx.Restart(t.Context()))
	commits(t, mx, 2)
	settle(t, w, "MX", "US")
	dir, m := saveTo(t, mx)
	if !m.Sealed() {
		t.Fatal("the node's keys are not in it")
	}
	sealed, err := os.ReadFile(filepath.Join(dir, node.SealedKeys))
	ok(t, err)
	for _, seed := range nodeKeys(t, mx.Dir) {
		if bytes.Contains(sealed, seed) || bytes.Contains(sealed, fmt.Appendf(nil, "%x", []byte(seed))) {
			t.Error("a key of the node is in the backup in the clear")
		}
	}
	other, _, err := node.Recovery()
	ok(t, err)
	_, err = node.UnsealBackupKeys(bytes.NewReader(sealed), other)
	refused(t, err, "does not open this backup")
	if !errors.Is(err, node.ErrPassphrase) {
		t.Error(err)
	}
	misread := identity[:40] + "B" + identity[41:]
	_, err = node.UnsealBackupKeys(bytes.NewReader(sealed), misread)
	refused(t, err, "misread")
	keys, err := node.UnsealBackupKeys(bytes.NewReader(sealed), " "+identity[:30]+" \n"+identity[30:]+"\n") // as typed from paper
	ok(t, err)

	commits(t, mx, 3) // after the backup
	settle(t, w, "MX", "US")
	ok(t, mx.Stop())
	ok(t, mx.Wipe())
	ok(t, os.MkdirAll(mx.Dir, 0o700))
	var description []byte
	for _, f := range []string{node.ConfigFile, store.File, store.KeyFile} {
		b, err := os.ReadFile(filepath.Join(dir, f))
		ok(t, err)
		if f == node.ConfigFile {
			description = b
			continue
		}
		ok(t, os.WriteFile(filepath.Join(mx.Dir, f), b, 0o600))
	}
	r, err := node.PutBack(t.Context(), node.PutBackOptions{Dir: mx.Dir, Manifest: sealOf(t, dir, node.ManifestFile), Seal: sealOf(t, dir, node.SealFile), Description: description, Kinds: entente.Standard()}, keys, nil)
	ok(t, err)
	if !r.OK || r.Parts == 0 {
		t.Fatalf("put back: %+v", r)
	}
	ok(t, mx.Open(t.Context()))
	if left := mx.Node.Restoring()[w.Group]; len(left) != 1 {
		t.Errorf("it waits for %v", left)
	}
	ok(t, mx.Run(t.Context()))
	settle(t, w, "MX", "US")
	soon(t, "writable again", func() bool { return len(mx.Node.Restoring()) == 0 })
	commits(t, mx, 1)
	settle(t, w, "MX", "US")
	noForks(t, w, "MX", "US")
	checked(t, mx)
	checked(t, w.As("US"))
}

// What may have been ended since a backup does not come back with it; what officials sign with does.
func TestRestoreEndsWhatMayHaveBeenEnded(t *testing.T) {
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	keys, err := node.ReadBackupKeys(filepath.Join(mx.Dir, node.NodeKeyFile))
	ok(t, err)
	for _, keep := range []bool{false, true} {
		dir, _ := saveTo(t, mx)
		db := rawDB(t, &world.Party{Dir: dir})
		for _, q := range []string{
			"INSERT INTO token VALUES (x'01', 'desk', 1, 0)", "INSERT INTO onelink VALUES (x'01', 'desk', 1, '', 9)",
			"INSERT INTO session VALUES (x'01', 'desk', 1, '', 'link', 1, 9)", "INSERT INTO feed VALUES (x'01', 1, 'desk', 'en', 0, 1, 1)",
			"INSERT INTO credential VALUES (x'01', 'desk', 1, '', 'signin', 'key', '', x'00', 1, 1)", "INSERT INTO credential VALUES (x'02', 'desk', 1, '', 'sign', 'key', '', x'00', 1, 1)",
			"INSERT INTO subject VALUES ('https://id.example', 's', 'desk', 1, '')",
		} {
			_, err := db.Exec(q)
			ok(t, err)
		}
		ok(t, db.Close())
		description, err := os.ReadFile(filepath.Join(dir, node.ConfigFile))
		ok(t, err)
		ok(t, os.Remove(filepath.Join(dir, node.ConfigFile)))
		elsewhere := bytes.Replace(description, []byte("{"), []byte(`{"anchor": "/etc/passwd",`), 1) // an archive that was tampered with
		forged := node.PutBackOptions{Dir: dir, Manifest: append(sealOf(t, dir, node.ManifestFile), '\n'), Seal: sealOf(t, dir, node.SealFile), Description: elsewhere, Kinds: entente.Standard()}
		if _, err := node.PutBack(t.Context(), forged, keys, nil); !errors.Is(err, node.ErrSeal) {
			t.Fatalf("a manifest that was changed: %v", err)
		}
		r, err := node.PutBack(t.Context(), node.PutBackOptions{Dir: dir, Manifest: sealOf(t, dir, node.ManifestFile), Seal: sealOf(t, dir, node.SealFile), Description: elsewhere, KeepSignIns: keep, Kinds: entente.Standard()}, keys, nil)
		ok(t, err)
		if !r.OK {
			t.Fatal(r.Faults)
		}
		if c, err := node.ReadConfig(dir); err != nil || c.Anchor != "" {
			t.Errorf("the archive chose where the anchor lies: %+v, %v", c, err)
		}
		db = rawDB(t, &world.Party{Dir: dir})
		for table, want := range map[string]int{"token": 0, "onelink": 0, "session": 0, "feed": 0, "subject": b2i(keep), "credential": 1 + b2i(keep)} {
			var n int
			ok(t, db.QueryRow("SELECT count(*) FROM "+table).Scan(&n))
			if n != want {
				t.Errorf("kept %v: %d rows of %s, want %d", keep, n, table, want)
			}
		}
		ok(t, db.Close())
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func sealOf(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	ok(t, err)
	return b
}
