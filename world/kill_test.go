package world_test

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"entente"
	"entente/node"
	"entente/record"
	"entente/store"
	"entente/tlog"
	"entente/world"
)

// job is what a child process does: be one party's node, write, exchange, and die.
type job struct {
	Do      string // kill, disk, backup
	Then    string // what a child to be killed does: backup; empty: exchange and write
	Dir     string
	Sockets string
	Group   record.ID
	Me      record.Party
	Parties []record.Party
	Now     int64
	Point   string // where to die; empty: the parent kills at any moment
	Nth     int
	Writers int
	Limit   uint64 // bytes per file
	Part    int    // bytes of a part
}

// said is a line of a child: what it was told is on record.
type said struct {
	Index uint64
	ID    record.ID
	Err   string
	Full  bool
	Died  bool
}

func child(raw string) int {
	var j job
	if err := json.Unmarshal([]byte(raw), &j); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	w := world.Again(j.Dir, j.Group, j.Now, world.Options{Parties: j.Parties, Sockets: j.Sockets, Log: slog.Default()})
	if j.Do == "disk" {
		return diskChild(w, j)
	}
	if j.Do == "backup" || j.Then == "backup" {
		return backupChild(w, j)
	}
	p, seen := w.As(j.Me), atomic.Int64{}
	die := func(point string) {
		if point == j.Point && seen.Add(1) == int64(j.Nth) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // nothing more happens in this process
		}
	}
	p.Fault, p.Send = die, die
	ctx := context.Background()
	if err := p.Restart(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	write(ctx, p, j.Writers, func(s said) {
		b, _ := json.Marshal(s)
		_, _ = os.Stdout.Write(append(b, '\n'))
	})
	return 0
}

// write seals commitments from several writers until ctx ends or the node is gone.
func write(ctx context.Context, p *world.Party, writers int, tell func(said)) {
	done := make(chan struct{})
	for range writers {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := 0; ctx.Err() == nil; i++ {
				s, err := p.Commit(ctx, fmt.Sprintf("%s %d", canary, i), "US")
				if err != nil {
					if !errors.Is(err, node.ErrClosed) && ctx.Err() == nil {
						tell(said{Err: err.Error()})
					}
					return
				}
				tell(said{Index: s.Ref.Index, ID: s.ID})
			}
		}()
	}
	for range writers {
		<-done
	}
}

// run starts a child and hands back what it said until it died. kill, if not nil, ends it from outside.
func run(t *testing.T, j job, kill func(*os.Process)) []said {
	t.Helper()
	b, err := json.Marshal(j)
	ok(t, err)
	exe, err := os.Executable()
	ok(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "ENTENTE_WORLD_CHILD="+string(b))
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	ok(t, err)
	ok(t, cmd.Start())
	limit := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	var got []said
	sc := bufio.NewScanner(out)
	for sc.Scan() {
		var s said
		if json.Unmarshal(sc.Bytes(), &s) == nil { // the last line may be torn
			got = append(got, s)
			watched.check("child", s.Err)
			if kill != nil && len(got) == 1 {
				kill(cmd.Process)
			}
		}
	}
	err = cmd.Wait()
	watched.check("stderr", errs.String())
	var ee *exec.ExitError
	if j.Do == "kill" {
		if !errors.As(err, &ee) || ee.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("the child did not die at %s %d: %v %s", j.Point, j.Nth, err, errs.String())
		}
		if !limit.Stop() {
			t.Fatalf("the child did not reach %s %d within a minute", j.Point, j.Nth)
		}
	} else if err != nil {
		t.Fatalf("child: %v %s", err, errs.String())
	}
	return got
}

// lost judges what a party's disk holds after a kill: everything the node answered "written" to, and everything its mirror
// cosignature says is held. It opens the folder before any exchange could heal it.
func lost(ctx context.Context, w *world.World, dead, other record.Party, told []said) (string, error) {
	p, q := w.As(dead), w.As(other)
	if err := p.Open(ctx); err != nil {
		return "", err
	}
	sizes, err := p.Node.Sizes(w.Group)
	if err != nil {
		return "", err
	}
	for _, s := range told {
		if s.Err != "" {
			return "the node refused a write: " + s.Err, nil
		}
		r, err := p.Node.Record(ctx, desk, w.Group, s.ID)
		if err != nil || r.Header.Index != s.Index {
			return fmt.Sprintf("%s answered that record %d was written and does not hold it: %v", dead, s.Index, err), nil
		}
	}
	acked, err := q.Node.Acked(ctx, w.Group, dead)
	if err != nil {
		return "", err
	}
	if acked > sizes[other] {
		return fmt.Sprintf("%s cosigned %d records of %s and holds %d", dead, acked, other, sizes[other]), nil
	}
	return "", nil
}

func killStage(t *testing.T) (*world.World, string) {
	t.Helper()
	sockets, err := os.MkdirTemp("", "ew") // paths of sockets are short
	ok(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	w := stageWith(t, world.Options{Parties: []record.Party{"MX", "US"}, Sockets: sockets})
	founded(t, w, "MX", "US")
	return w, sockets
}

// round lets one party's node die in a child while the other goes on writing here, and judges both.
func round(t *testing.T, w *world.World, sockets string, dead, other record.Party, point string, nth int, kill func(*os.Process)) int {
	t.Helper()
	ok(t, w.As(dead).Stop())
	ctx, cancel := context.WithCancel(t.Context())
	var mine []said
	writing := make(chan struct{})
	tell := make(chan said, 1<<16)
	go func() {
		defer close(writing)
		write(ctx, w.As(other), 1, func(s said) {
			tell <- s
			select { // a steady trickle, not a flood
			case <-ctx.Done():
			case <-time.After(time.Millisecond):
			}
		})
	}()
	told := run(t, job{Do: "kill", Dir: w.Dir, Sockets: sockets, Group: w.Group, Me: dead, Parties: []record.Party{"MX", "US"}, Now: w.Now(),
		Point: point, Nth: nth, Writers: 2}, kill)
	cancel()
	<-writing
	close(tell)
	for s := range tell {
		mine = append(mine, s)
	}
	why, err := lost(t.Context(), w, dead, other, told)
	ok(t, err)
	if why != "" {
		t.Fatalf("killed at %s %d: %s", point, nth, why)
	}
	if left := w.As(dead).Node.Restoring(); len(left) > 0 {
		t.Fatalf("killed at %s %d: read-only after it: %v", point, nth, left)
	}
	ok(t, w.As(dead).Run(t.Context()))
	settle(t, w, "MX", "US")
	for _, s := range mine {
		if _, err := w.As(dead).Node.Record(t.Context(), desk, w.Group, s.ID); err != nil {
			t.Fatalf("record %d of %s never arrived: %v", s.Index, other, err)
		}
	}
	if a := append(alarms(t, w.As("MX"), ""), alarms(t, w.As("US"), "")...); len(a) > 0 {
		t.Fatalf("killed at %s %d: alarms: %q", point, nth, a)
	}
	return len(told)
}

func TestKillAtEveryPoint(t *testing.T) {
	wide(t)
	w, sockets := killStage(t)
	kills, written := map[string]int{}, 0
	sides := [][2]record.Party{{"US", "MX"}, {"MX", "US"}}
	for _, point := range []string{"begin", "written", "keys", "commit", "send", "received", "acknowledge", "acknowledged"} {
		for i, nth := range []int{1, 2, 5} {
			for k, side := range sides {
				if !long() && k != i%2 { // each side at every point, not at every occurrence
					continue
				}
				written += round(t, w, sockets, side[0], side[1], point, nth, nil)
				kills[point]++
			}
		}
	}
	for p, n := range kills {
		counted(t, "killed at "+p, n)
	}
	counted(t, "records acknowledged before a kill", written)
	a, b := checked(t, w.As("MX")), checked(t, w.As("US"))
	if a.Records == 0 || b.Records == 0 {
		t.Error("nothing was checked")
	}
}

func TestKillAtRandom(t *testing.T) {
	w, sockets := killStage(t)
	rounds, written := 10, 0
	if long() {
		rounds = 50
	}
	r := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	for i := range rounds {
		dead, other := record.Party("US"), record.Party("MX")
		if i%2 == 1 {
			dead, other = other, dead
		}
		written += round(t, w, sockets, dead, other, "", 0, func(p *os.Process) {
			time.AfterFunc(time.Duration(r.IntN(200_000))*time.Microsecond, func() { _ = p.Kill() })
		})
	}
	counted(t, "records acknowledged before a kill", written)
	checked(t, w.As("MX"))
	checked(t, w.As("US"))
}

// A node that acknowledges before its commit is on disk must not pass the judge of the tests above.
func TestAcknowledgeBeforeCommitIsCaught(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	us, mx := w.As("US"), w.As("MX")
	us.Hang()
	mx.Hang()
	for i := range 5 {
		_, err := mx.Commit(ctx, fmt.Sprint(canary, i), "US")
		ok(t, err)
	}
	from, err := mx.Node.Acked(ctx, w.Group, "US")
	ok(t, err)
	push, err := mx.Node.Outgoing(ctx, w.Group, "US", from)
	ok(t, err)
	// The mutant: both cosignatures leave the node, and it dies before the commit.
	keys := nodeKeys(t, us.Dir)
	c, err := tlog.ParseCheckpoint(push.Checkpoint)
	ok(t, err)
	ack := &node.Ack{Size: c.Size}
	for _, x := range []struct {
		name string
		use  entente.Use
	}{{tlog.WitnessName(w.Group, "US"), entente.UseWitness}, {tlog.MirrorName(w.Group, "US"), entente.UseMirror}} {
		line, err := tlog.Cosign(push.Checkpoint, x.name, ed25519.NewKeyFromSeed(keys[x.use]), w.Now())
		ok(t, err)
		ack.Cosignatures = append(ack.Cosignatures, line)
	}
	ok(t, mx.Node.Acknowledged(ctx, w.Group, "US", push, ack))
	ok(t, us.Stop())
	why, err := lost(ctx, w, "US", "MX", nil)
	ok(t, err)
	if why == "" {
		t.Fatal("a lost record that was cosigned is not noticed")
	}
	ok(t, us.Stop())
	// And the other half: "written" said of what is not there.
	if why, err = lost(ctx, w, "US", "MX", []said{{Index: 99, ID: record.ID{1}}}); err != nil || why == "" {
		t.Fatal("a lost record that was answered written is not noticed", err)
	}
	// The exchange heals even this: the sender hears what is really held and starts over there.
	ok(t, us.Run(ctx))
	ok(t, mx.Run(ctx))
	settle(t, w, "MX", "US")
}

var _ = store.File
