package world_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"entente/node"
	"entente/record"
	"entente/world"
)

// backup copies a closed node's folder, without the anchor that stands beside it.
func backup(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), filepath.Base(dir))
	ok(t, os.CopyFS(to, os.DirFS(dir)))
	for _, f := range []string{node.NodeKeyFile, "node.json"} {
		ok(t, os.Chmod(filepath.Join(to, f), 0o600))
	}
	return to
}

// putBack replaces a closed node's folder by a copy.
func putBack(t *testing.T, p *world.Party, from string) {
	t.Helper()
	ok(t, p.Wipe())
	ok(t, os.CopyFS(p.Dir, os.DirFS(from)))
	ok(t, os.Chmod(filepath.Join(p.Dir, node.NodeKeyFile), 0o600))
}

func anchorOf(p *world.Party) string { return p.Dir + ".anchor" }

func commits(t *testing.T, p *world.Party, n int) (out []*node.Sealed) {
	t.Helper()
	for i := range n {
		s, err := p.Commit(t.Context(), fmt.Sprintf("%s %s %d", canary, p.ID, i), "US")
		ok(t, err)
		out = append(out, s)
	}
	return out
}

func noForks(t *testing.T, w *world.World, parties ...record.Party) {
	t.Helper()
	for _, p := range parties {
		if a := alarms(t, w.As(p), node.AlarmFork); len(a) > 0 {
			t.Errorf("an honest node is called a forker at %s: %q", p, a)
		}
		if a := alarms(t, w.As(p), node.AlarmMismatch); len(a) > 0 {
			t.Errorf("an honest node is suspected at %s: %q", p, a)
		}
	}
}

func TestRestoredNodeTakesBackWhatItLost(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	commits(t, mx, 3)
	settle(t, w, "MX", "US")
	ok(t, mx.Stop())
	saved := backup(t, mx.Dir)
	ok(t, mx.Restart(ctx))
	lost, theirs := commits(t, mx, 600), commits(t, us, 5) // more than one message
	own, err := mx.Act(ctx, node.Act{Kind: "statement", Verb: record.Propose, Parts: world.Texts(canary)})
	ok(t, err)
	settle(t, w, "MX", "US")
	before, err := us.Node.Sizes(w.Group)
	ok(t, err)
	w.Cut("MX", "US")
	ok(t, mx.Stop())
	putBack(t, mx, saved)
	ok(t, mx.Restart(ctx))

	if left := mx.Node.Restoring()[w.Group]; len(left) != 1 || left[0] != "US" {
		t.Fatalf("it waits for %v", left)
	}
	_, err = mx.Commit(ctx, canary, "US")
	refused(t, err, "read-only", "US")
	if !errors.Is(err, node.ErrReadOnly) {
		t.Fatal(err)
	}
	sizes, err := mx.Node.Sizes(w.Group)
	ok(t, err)
	counted(t, "records lost", int(before["MX"]-sizes["MX"]))

	w.Mend("MX", "US")
	settle(t, w, "MX", "US")
	soon(t, "writable again", func() bool { return len(mx.Node.Restoring()) == 0 })
	for _, s := range append(lost, own, theirs[0]) {
		if _, _, err := mx.Node.Part(ctx, desk, w.Group, s.ID, "body.es"); err != nil {
			t.Fatalf("record %s: its part did not come back: %v", s.Ref, err)
		}
	}
	more := commits(t, mx, 2)
	if more[0].Ref.Index < before["MX"] {
		t.Fatalf("it goes on at %d, %d were signed", more[0].Ref.Index, before["MX"])
	}
	settle(t, w, "MX", "US")
	noForks(t, w, "MX", "US")
	checked(t, mx)
	checked(t, us)
	ok(t, mx.Stop())
	ok(t, mx.Restart(ctx)) // the anchor names the new head
	if left := mx.Node.Restoring(); len(left) > 0 {
		t.Fatalf("asked again: %v", left)
	}
}

// The mutant that does not ask: an old folder with an anchor that fits it writes at once, and is proved a forker.
func TestRestoredNodeThatDoesNotAskForks(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	ok(t, mx.Stop())
	saved := backup(t, mx.Dir)
	anchor, err := os.ReadFile(anchorOf(mx))
	ok(t, err)
	ok(t, mx.Restart(ctx))
	commits(t, mx, 3)
	settle(t, w, "MX", "US")
	ok(t, mx.Stop())
	putBack(t, mx, saved)
	ok(t, os.WriteFile(anchorOf(mx), anchor, 0o600))
	w.Cut("MX", "US")
	ok(t, mx.Restart(ctx))
	commits(t, mx, 1)
	w.Pass(200) // past the lease: the old copy is not heard of any more
	w.Mend("MX", "US")
	soon(t, "the fork is proved", func() bool { return len(alarms(t, w.As("US"), node.AlarmFork)) > 0 })
}

func TestAnchor(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	w.Cut("MX", "US")
	read := func() []byte {
		b, err := os.ReadFile(anchorOf(mx))
		ok(t, err)
		return b
	}
	restart := func(change func()) bool {
		t.Helper()
		ok(t, mx.Stop())
		if change != nil {
			change()
		}
		ok(t, mx.Restart(ctx))
		return len(mx.Node.Restoring()) > 0
	}
	if restart(nil) {
		t.Error("an equal anchor does not let it go on")
	}
	old := read()
	commits(t, mx, 1)
	if restart(func() { ok(t, os.WriteFile(anchorOf(mx), old, 0o600)) }) {
		t.Error("an anchor one commit behind, as after a power cut, does not let it go on")
	}
	commits(t, mx, 1)
	for name, spoil := range map[string]func(){
		"missing": func() { ok(t, os.Remove(anchorOf(mx))) },
		"empty":   func() { ok(t, os.WriteFile(anchorOf(mx), nil, 0o600)) },
		"garbled": func() { ok(t, os.WriteFile(anchorOf(mx), []byte(`{"heads":{"`), 0o600)) },
	} {
		good := read()
		if !restart(spoil) {
			t.Errorf("anchor %s: it goes straight on", name)
		}
		_, err := mx.Commit(ctx, canary, "US")
		refused(t, err, "read-only")
		if !restart(nil) {
			t.Errorf("anchor %s: a second start forgets that it must ask", name)
		}
		ok(t, mx.Stop())
		ok(t, os.WriteFile(anchorOf(mx), good, 0o600))
		ok(t, mx.Restart(ctx))
	}
	// Missing with the peers there: they are asked, and it goes on.
	restart(func() { ok(t, os.Remove(anchorOf(mx))) })
	w.Pass(121) // without its anchor it looks like a second copy until the lease of the first has run out
	w.Mend("MX", "US")
	soon(t, "writable again", func() bool { return len(mx.Node.Restoring()) == 0 })
	commits(t, mx, 1)
	settle(t, w, "MX", "US")
	noForks(t, w, "MX", "US")
}

// A folder from before the group was joined knows nothing of the log; the anchor does.
func TestBackupFromBeforeTheGroup(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	mx := w.As("MX")
	founding, err := w.Charter.Encode()
	ok(t, err)
	fresh := world.Again(t.TempDir(), w.Group, w.Now(), world.Options{Parties: []record.Party{"MX"}}).As("MX")
	ok(t, node.Init(ctx, node.Setup{Dir: fresh.Dir, Passphrase: world.Passphrase, WorkFactor: 2, Now: w.Now(), Offices: fresh.Offices(),
		Seeds: func(name string) []byte {
			return world.Key("MX/" + name).Seed()[:map[bool]int{true: 16, false: 32}[name == "own-nonce"]]
		},
		Config: node.Config{Party: "MX", Names: map[string]string{"en": "MX", "es": "MX"}, Address: "MX"}}))
	founded(t, w, "MX", "US")
	commits(t, mx, 2)
	settle(t, w, "MX", "US")
	ok(t, mx.Stop())
	putBack(t, mx, fresh.Dir)
	ok(t, mx.Open(ctx))
	us, err := w.As("US").Node.Introduction(ctx)
	ok(t, err)
	ok(t, mx.Node.Meet(ctx, us))
	_, err = mx.Node.Join(ctx, founding)
	ok(t, err)
	err = mx.Node.PutPowers(ctx, w.Group, mx.Offices(), mx.Root)
	refused(t, err, "read-only")
	ok(t, mx.Stop())
	ok(t, mx.Open(ctx))
	if len(mx.Node.Restoring()) == 0 {
		t.Fatal("a second start forgets that it must ask")
	}
	ok(t, mx.Run(ctx))
	settle(t, w, "MX", "US")
	soon(t, "writable again", func() bool { return len(mx.Node.Restoring()) == 0 })
	commits(t, mx, 1)
	settle(t, w, "MX", "US")
	noForks(t, w, "MX", "US")
}

func TestGiveUpAndOrphans(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "CA", "MX", "US")
	founded(t, w, "CA", "MX", "US")
	mx := w.As("MX")
	ok(t, mx.Stop())
	saved := backup(t, mx.Dir)
	ok(t, mx.Restart(ctx))
	acked := commits(t, mx, 2)
	settle(t, w, "CA", "MX", "US")
	w.Cut("MX", "US")
	w.Cut("MX", "CA")
	orphans := commits(t, mx, 3) // nobody ever hears of these
	ok(t, mx.Stop())
	old := backup(t, mx.Dir)
	putBack(t, mx, saved)
	w.Mend("MX", "CA")
	ok(t, mx.Restart(ctx))
	soon(t, "one peer has answered", func() bool { return len(mx.Node.Restoring()[w.Group]) == 1 })
	_, err := mx.Commit(ctx, canary, "US")
	refused(t, err, "US has not answered", "restore") // every peer, not the first

	refused(t, mx.Node.GiveUp(ctx, w.Group, world.Key("not the root")))
	if len(mx.Node.Restoring()) == 0 {
		t.Fatal("a wrong key ended the wait")
	}
	ok(t, mx.Node.GiveUp(ctx, w.Group, mx.Root))
	if len(mx.Node.Restoring()) > 0 {
		t.Fatal("still waiting")
	}
	new := commits(t, mx, 1)
	if new[0].Ref.Index != acked[1].Ref.Index+2 { // after what CA gave back and the restore record
		t.Errorf("it goes on at %d", new[0].Ref.Index)
	}
	refused(t, mx.Node.GiveUp(ctx, w.Group, mx.Root), "waits for nobody")

	n, err := mx.Node.Surface(ctx, old)
	ok(t, err)
	if n != len(orphans) {
		t.Errorf("%d orphans, want %d", n, len(orphans))
	}
	list, err := mx.Node.Orphans(ctx, desk, w.Group)
	ok(t, err)
	counted(t, "orphans shown", len(list))
	for _, o := range orphans {
		if _, err := mx.Node.Record(ctx, desk, w.Group, o.ID); !errors.Is(err, node.ErrNotFound) {
			t.Errorf("an orphan has effect: %v", err)
		}
	}
	counted(t, "alarms of orphans", len(alarms(t, mx, node.AlarmOrphan)))
	w.Mend("MX", "US") // it was not gone after all, and holds nothing that conflicts
	settle(t, w, "CA", "MX", "US")
	noForks(t, w, "CA", "MX", "US")
	checked(t, mx)
}

func TestSecondLiveCopy(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	ok(t, mx.Stop())
	saved := backup(t, mx.Dir)
	ok(t, mx.Restart(ctx)) // a restart is let in
	commits(t, mx, 1)
	settle(t, w, "MX", "US")
	copied := &world.Party{W: w, ID: "MX", Dir: saved, Seats: mx.Seats, Root: mx.Root}
	ok(t, copied.Open(ctx))
	push, err := copied.Node.Outgoing(ctx, w.Group, "US", 0)
	ok(t, err)
	if err := us.Node.Admit(ctx, "MX", copied.Node.Instances()); !errors.Is(err, node.ErrCopy) {
		t.Fatalf("a second live copy with %d records: %v", len(push.Records), err)
	}
	counted(t, "alarms of a copy", len(alarms(t, us, node.AlarmCopy)))
	if len(copied.Node.Restoring()) == 0 {
		t.Error("a copy without the anchor may write")
	}
	commits(t, mx, 1)
	settle(t, w, "MX", "US")
	ok(t, mx.Stop())
	ok(t, mx.Restart(ctx))
	commits(t, mx, 1)
	settle(t, w, "MX", "US")
	ok(t, mx.Stop())
	if err := us.Node.Admit(ctx, "MX", copied.Node.Instances()); !errors.Is(err, node.ErrCopy) {
		t.Fatalf("the lease has not run out: %v", err)
	}
	w.Pass(121)
	ok(t, us.Node.Admit(ctx, "MX", copied.Node.Instances()))
	ok(t, copied.Run(ctx))
	theirs, err := us.Node.Sizes(w.Group)
	ok(t, err)
	soon(t, "the copy has taken over", func() bool { // its own log, and what that log says it has seen
		got, err := copied.Node.Sizes(w.Group)
		ok(t, err)
		return len(copied.Node.Restoring()) == 0 && got["US"] >= theirs["US"]
	})
	commits(t, copied, 1)
	ok(t, copied.Stop())
	noForks(t, w, "US")
}
