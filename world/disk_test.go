package world_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"entente/node"
	"entente/record"
	"entente/store"
	"entente/world"
)

// diskChild writes until its files may not grow, and then once more with room again.
func diskChild(w *world.World, j job) int {
	tell := func(s said) {
		b, _ := json.Marshal(s)
		_, _ = os.Stdout.Write(append(b, '\n'))
	}
	signal.Ignore(syscall.SIGXFSZ) // the write fails instead, as on a full disk
	p, ctx := w.As(j.Me), context.Background()
	if err := p.Open(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	var old syscall.Rlimit
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
	act := func() (*node.Sealed, error) {
		parts := append(world.Texts(canary), node.NewPart{Name: "annex/a", Content: bytes.Repeat([]byte(canary), j.Part/len(canary))})
		return p.Act(ctx, node.Act{Kind: "statement", Verb: record.Propose, Parts: parts})
	}
	failed := false
	for range 400 {
		s, err := act()
		if err != nil {
			tell(said{Err: err.Error(), Full: errors.Is(err, node.ErrDiskFull)})
			failed = true
			break
		}
		tell(said{Index: s.Ref.Index, ID: s.ID})
	}
	if failed { // what is not written is not shown either: the access log could not be written
		if l, err := p.Node.Instruments(ctx, desk, w.Group, node.Query{Kind: "statement"}); err != nil || len(l.Items) == 0 {
			tell(said{Err: fmt.Sprintf("reading does not go on: %v", err)})
		}
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	s, err := act() // room again: no restart is needed
	if err != nil {
		tell(said{Err: "after room was made: " + err.Error()})
	} else {
		tell(said{Index: s.Ref.Index, ID: s.ID, Died: true})
	}
	if err := p.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return 0
}

func TestDiskFull(t *testing.T) {
	ctx := t.Context()
	w, sockets := killStage(t)
	mx := w.As("MX")
	full, written := 0, 0
	for _, part := range []int{200, 100_000} { // the database is full first, whatever fills it
		ok(t, mx.Stop())
		size := uint64(0)
		for _, f := range []string{store.File, store.KeyFile} {
			fi, err := os.Stat(filepath.Join(mx.Dir, f))
			ok(t, err)
			size = max(size, uint64(fi.Size()))
		}
		told := run(t, job{Do: "disk", Dir: w.Dir, Sockets: sockets, Group: w.Group, Me: "MX", Parties: []record.Party{"MX", "US"}, Now: w.Now(), Limit: size + 600_000, Part: part}, nil)
		var kept []said
		for _, s := range told {
			switch {
			case s.Full:
				full++
				refused(t, errors.New(s.Err), "nothing was written", "room")
			case s.Err != "":
				t.Errorf("with a full disk: %s", s.Err)
			default:
				kept = append(kept, s)
			}
		}
		written += len(kept)
		if len(kept) == 0 || !kept[len(kept)-1].Died {
			t.Error("it does not go on when there is room again")
		}
		why, err := lost(ctx, w, "MX", "US", kept)
		ok(t, err)
		if why != "" {
			t.Fatal(why)
		}
		sizes, err := mx.Node.Sizes(w.Group)
		ok(t, err)
		if last := kept[len(kept)-1].Index; sizes["MX"] != last+1 {
			t.Errorf("%d records, the last acknowledged is %d: something half-written counts", sizes["MX"], last)
		}
		ok(t, mx.Run(ctx))
		settle(t, w, "MX", "US")
		checked(t, mx)
		checked(t, w.As("US"))
	}
	counted(t, "writes refused for lack of room", full)
	counted(t, "records kept", written)
}

// Whatever is wrong with a folder is said at the start, with what to do, and nothing in it is changed by that.
func TestDamagedFolders(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	commits(t, w.As("MX"), 30)
	settle(t, w, "MX", "US")
	us := backupOf(t, w.As("US"))
	mx := backupOf(t, w.As("MX"))
	file := func(dir, name string) string { return filepath.Join(dir, name) }
	write := func(t *testing.T, path string, change func([]byte) []byte) {
		t.Helper()
		b, err := os.ReadFile(path)
		ok(t, err)
		ok(t, os.WriteFile(path, change(b), 0o600))
	}
	foreign := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			b, err := os.ReadFile(file(us, name))
			ok(t, err)
			ok(t, os.WriteFile(file(dir, name), b, 0o600))
		}
	}
	found := 0
	for name, x := range map[string]struct {
		do   func(*testing.T, string)
		is   error
		says []string
	}{
		"no node.keys":       {func(t *testing.T, d string) { ok(t, os.Remove(file(d, node.NodeKeyFile))) }, os.ErrNotExist, []string{"node keys", "restore it"}},
		"node.keys readable": {func(t *testing.T, d string) { ok(t, os.Chmod(file(d, node.NodeKeyFile), 0o644)) }, nil, []string{"chmod 600"}},
		"node.keys garbled": {func(t *testing.T, d string) {
			write(t, file(d, node.NodeKeyFile), func(b []byte) []byte { return b[:len(b)/2] })
		}, nil, []string{"not a key file"}},
		"another's node.keys": {foreign(node.NodeKeyFile), store.ErrKey, []string{"restore the key"}},
		"another's key file":  {foreign(store.KeyFile), store.ErrKey, []string{"restore the key"}},
		"no key file":         {func(t *testing.T, d string) { ok(t, os.Remove(file(d, store.KeyFile))) }, store.ErrKey, []string{"restore the key file"}},
		"an older key file": {func(t *testing.T, d string) {
			write(t, file(d, store.KeyFile), func(b []byte) []byte { return b[:64*5] })
		}, store.ErrKey, []string{"restore the key file"}},
		"no node.json":       {func(t *testing.T, d string) { ok(t, os.Remove(file(d, "node.json"))) }, os.ErrNotExist, []string{"entente init"}},
		"database truncated": {func(t *testing.T, d string) { write(t, file(d, store.File), func(b []byte) []byte { return b[:8192] }) }, store.ErrCorrupt, []string{"backup"}},
		"database header": {func(t *testing.T, d string) {
			write(t, file(d, store.File), func(b []byte) []byte { copy(b, "no database"); return b })
		}, store.ErrCorrupt, []string{"backup"}},
		"database zeroed": {func(t *testing.T, d string) {
			write(t, file(d, store.File), func(b []byte) []byte { clear(b[4096:]); return b })
		}, store.ErrCorrupt, []string{"backup"}},
		"newer schema": {func(t *testing.T, d string) {
			db := rawDB(t, &world.Party{Dir: d})
			_, err := db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
			ok(t, err)
			ok(t, db.Close())
		}, store.ErrNewer, []string{"newer program"}},
		"a record changed": {func(t *testing.T, d string) {
			db := rawDB(t, &world.Party{Dir: d})
			res, err := db.Exec("UPDATE entry SET raw = substr(raw, 1, length(raw) - 1) || x'ff' WHERE pos = (SELECT max(pos) FROM entry WHERE kind = 'commitment')")
			ok(t, err)
			if n, _ := res.RowsAffected(); n != 1 {
				t.Fatal("nothing was changed")
			}
			ok(t, db.Close())
		}, store.ErrCorrupt, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := backup(t, mx)
			x.do(t, dir)
			before := digestOf(t, dir)
			n, err := node.Open(ctx, node.Options{Dir: dir, Clock: w.Now})
			if err == nil {
				_ = n.Close()
			}
			refused(t, err, x.says...)
			if x.is != nil && !errors.Is(err, x.is) {
				t.Errorf("not %v: %v", x.is, err)
			}
			if after := digestOf(t, dir); after != before {
				t.Error("the refused start changed the files")
			}
			found++
		})
	}
	t.Run("in use", func(t *testing.T) {
		_, err := node.Open(ctx, node.Options{Dir: w.As("US").Dir, Clock: w.Now})
		refused(t, err, "stop it")
		if !errors.Is(err, node.ErrInUse) {
			t.Error(err)
		}
		found++
	})
	t.Run("anchor nowhere", func(t *testing.T) {
		_, err := node.Open(ctx, node.Options{Dir: backup(t, mx), Clock: w.Now, Anchor: filepath.Join(t.TempDir(), "no", "such", "anchor")})
		refused(t, err, "outside the data folder")
		_, err = node.Open(ctx, node.Options{Dir: backup(t, mx), Clock: w.Now, Anchor: t.TempDir()})
		refused(t, err, "outside the data folder")
		found++
	})
	counted(t, "faults found at the start", found)
	n, err := node.Open(ctx, node.Options{Dir: backup(t, mx), Clock: w.Now}) // a refused start leaves no lock and no harm
	ok(t, err)
	ok(t, n.Close())
}

// backupOf closes a node, copies its folder and opens it again.
func backupOf(t *testing.T, p *world.Party) string {
	t.Helper()
	ok(t, p.Stop())
	dir := backup(t, p.Dir)
	ok(t, p.Restart(t.Context()))
	return dir
}

// digestOf is over the files that hold what cannot be made again.
func digestOf(t *testing.T, dir string) record.ID {
	t.Helper()
	var all [][]byte
	for _, f := range []string{node.NodeKeyFile, store.KeyFile} {
		b, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		all = append(all, []byte(f), b)
	}
	return record.Digest("test", all...)
}
