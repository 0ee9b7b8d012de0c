package world_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"entente"
	"entente/node"
	"entente/record"
	"entente/world"
)

// canary stands in every part that a story writes. It may be in no log line, no error and no file at rest.
const canary = "canary-4f1d"

// watch takes every log line of every node of the process and keeps those that say too much.
type watch struct {
	mu      sync.Mutex
	lines   int
	secrets []string
	leaks   []string
}

var watched = &watch{secrets: []string{canary}}

func (w *watch) guard(secret string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.secrets = append(w.secrets, secret)
}

func (w *watch) check(where, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines++
	for _, s := range w.secrets {
		if strings.Contains(text, s) {
			w.leaks = append(w.leaks, where+": "+strings.ReplaceAll(text, s, "[secret]"))
		}
	}
}

func (w *watch) Enabled(context.Context, slog.Level) bool { return true }
func (w *watch) WithAttrs(a []slog.Attr) slog.Handler     { w.check("attrs", fmt.Sprint(a)); return w }
func (w *watch) WithGroup(string) slog.Handler            { return w }
func (w *watch) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool { fmt.Fprintf(&b, " %s=%v", a.Key, a.Value.Any()); return true })
	w.check("log", b.String())
	if os.Getenv("ENTENTE_SHOW") != "" {
		fmt.Fprintln(os.Stderr, b.String())
	}
	return nil
}

// TestMain is also the door for child processes: a test starts its own binary again to kill it.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(watched))
	if job := os.Getenv("ENTENTE_WORLD_CHILD"); job != "" {
		os.Exit(child(job))
	}
	code := m.Run()
	watched.mu.Lock()
	defer watched.mu.Unlock()
	if watched.lines == 0 {
		fmt.Println("no log line and no error was searched for secrets")
		code = 1
	}
	for _, l := range watched.leaks {
		fmt.Println("leaked:", l)
		code = 1
	}
	os.Exit(code)
}

func stage(t *testing.T, parties ...record.Party) *world.World {
	t.Helper()
	return stageWith(t, world.Options{Parties: parties})
}

func stageWith(t *testing.T, o world.Options) *world.World {
	t.Helper()
	o.Log = slog.New(watched)
	w, err := world.New(t.Context(), t.TempDir(), o)
	ok(t, err)
	for _, p := range o.Parties {
		for _, seed := range nodeKeys(t, w.As(p).Dir) {
			watched.guard(hex.EncodeToString(seed))
			watched.guard(fmt.Sprint([]byte(seed)))
		}
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// nodeKeys reads the file of a node's own keys: the seeds by use, and the wrapping key as "wrap".
func nodeKeys(t *testing.T, dir string) map[entente.Use]entente.HexBytes {
	t.Helper()
	var k struct {
		Wrap entente.HexBytes
		Seed map[entente.Use]entente.HexBytes
	}
	b, err := os.ReadFile(filepath.Join(dir, node.NodeKeyFile))
	ok(t, err)
	ok(t, json.Unmarshal(b, &k))
	k.Seed["wrap"] = k.Wrap
	return k.Seed
}

// ok ends the test on an error, and searches the error for secrets.
func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		watched.check("error", err.Error())
		t.Fatal(err)
	}
}

// refused wants an error, searches it for secrets and for the words that say what to do.
func refused(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("it was not refused")
	}
	watched.check("error", err.Error())
	for _, s := range words {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("the error does not say %q: %v", s, err)
		}
	}
}

// counted fails a test that passed without the event it is about.
func counted(t *testing.T, what string, n int) {
	t.Helper()
	t.Logf("%s: %d", what, n)
	if n == 0 {
		t.Errorf("%s never happened", what)
	}
}

var desk = node.Caller{Office: "desk", Via: "world"}

// checked runs node.Check and wants no fault.
func checked(t *testing.T, p *world.Party) *node.Report {
	t.Helper()
	r, err := p.Node.Check(t.Context(), nil)
	ok(t, err)
	if !r.OK {
		t.Fatalf("check of %s: %s", p.ID, strings.Join(r.Faults, "\n"))
	}
	return r
}

func alarms(t *testing.T, p *world.Party, code string) (out []string) {
	t.Helper()
	as, err := p.Node.Alarms(t.Context(), desk, p.W.Group)
	ok(t, err)
	for _, a := range as {
		watched.check("alarm", a.Text)
		if code == "" || a.Code == code {
			out = append(out, string(a.Proof))
		}
	}
	return out
}

// founded starts every exchange and waits until the charter is in force everywhere.
func founded(t *testing.T, w *world.World, parties ...record.Party) {
	t.Helper()
	ok(t, w.RunAll(t.Context()))
	_, err := w.Settle(t.Context(), parties...)
	ok(t, err)
}

func settle(t *testing.T, w *world.World, parties ...record.Party) record.ID {
	t.Helper()
	d, err := w.Settle(t.Context(), parties...)
	ok(t, err)
	return d
}

func long() bool { return os.Getenv("ENTENTE_LONG") != "" }

// wide marks a test that searches one history after another rather than for races. Under the race detector, where signatures take
// ten times as long, it runs by make test-long only; make test runs it without.
func wide(t *testing.T) {
	t.Helper()
	if slow && !long() {
		t.Skip("a wide search, run without the race detector")
	}
}
