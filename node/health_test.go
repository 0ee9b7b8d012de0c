package node

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/store"
)

func codes(n *Node, t *testing.T) (out []string) {
	t.Helper()
	for _, c := range n.Conditions(t.Context()) {
		if c.Code == ConditionDisk { // the machine's own business
			continue
		}
		if c.Text == "" || strings.Contains(c.Text, "canary") {
			t.Errorf("condition %+v", c)
		}
		out = append(out, c.Code)
	}
	return out
}

func TestConditions(t *testing.T) {
	w := newTwo(t)
	n := w.nodes["MX"]
	if got := codes(n, t); len(got) > 0 {
		t.Fatalf("a fresh node is not ready: %v", got)
	}
	var told []Commit
	n.tell = func(c Commit) { told = append(told, c) }
	put := func(err error) error {
		return n.write(t.Context(), func(b *batch) error { return b.fail(err) })
	}
	for err, want := range map[error]string{errors.New("database or disk is full (13) canary"): "disk full", errors.New("canary"): "node's log"} {
		if err := put(err); err == nil {
			t.Fatal("the commit did not fail")
		}
		c := n.Conditions(t.Context())
		i := slices.IndexFunc(c, func(c Condition) bool { return c.Code == ConditionWrites })
		if i < 0 || !strings.Contains(c[i].Text, want) {
			t.Errorf("after %q: %+v", err, c)
		}
		codes(n, t)
	}
	if err := put(nil); err != nil {
		t.Fatal(err)
	}
	if got := codes(n, t); len(got) > 0 {
		t.Errorf("after a commit that succeeded: %v", got)
	}
	if len(told) != 3 || told[0].Err == nil || told[2].Err != nil || told[2].Operations != 1 {
		t.Errorf("commits told: %+v", told)
	}
	n.mu.Lock()
	n.restoring[w.group] = n.groupsByID(w.group).others("MX")
	n.mu.Unlock()
	if got := codes(n, t); !slices.Equal(got, []string{ConditionRestoring}) {
		t.Errorf("restoring: %v", got)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if got := codes(n, t); !slices.Equal(got, []string{ConditionClosing}) {
		t.Errorf("closed: %v", got)
	}
}

// groupsByID finds a group while the caller holds the lock.
func (n *Node) groupsByID(id [32]byte) *group {
	for _, g := range n.groups {
		if g.id == id {
			return g
		}
	}
	return nil
}

func TestCheckIsKept(t *testing.T) {
	w := newTwo(t)
	n, operator, office := w.nodes["MX"], Caller{Operator: true}, Caller{Office: "desk"}
	if c, err := n.LastCheck(t.Context(), operator); err != nil || c != nil {
		t.Fatalf("before the first: %+v, %v", c, err)
	}
	if _, err := n.CheckAndKeep(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	c, err := n.LastCheck(t.Context(), operator)
	if err != nil || !c.OK || c.Time != w.now || c.Report == nil || c.Report.Groups != 2 {
		t.Fatalf("the first: %+v, %v", c, err)
	}
	// damage: a state that no record leads to
	if err := n.write(t.Context(), func(b *batch) error {
		return b.fail(b.tx.PutState(n.own().row, store.StateRow{Pos: store.PosOf(n.own().logs["MX"].row, 999), Kind: "x", Body: []byte{0xa0}}, nil, nil, true))
	}); err != nil {
		t.Fatal(err)
	}
	w.now += 60
	if rep, err := n.CheckAndKeep(t.Context(), nil); err != nil || rep.OK {
		t.Fatalf("damage was not found: %+v, %v", rep, err)
	}
	if c, err = n.LastCheck(t.Context(), operator); err != nil || c.OK || c.Found != 1 || len(c.Report.Faults) != 1 || c.Time != w.now {
		t.Fatalf("kept: %+v, %v", c, err)
	}
	if c, err = n.LastCheck(t.Context(), office); err != nil || c.OK || c.Found != 1 || c.Report != nil {
		t.Fatalf("an office is told %+v, %v", c, err)
	}
	as, err := n.Alarms(t.Context(), office, n.own().id)
	if err != nil || len(as) != 1 || as[0].Code != AlarmCheck {
		t.Fatalf("alarms: %+v, %v", as, err)
	}
	s, err := n.Stats(t.Context())
	if err != nil || s.Check.Found != 1 || len(s.Groups) != 2 {
		t.Fatalf("stats: %+v, %v", s, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.CheckAndKeep(gone, nil); err == nil {
		t.Error("a check that was given up succeeds")
	}
	if again, err := n.LastCheck(t.Context(), operator); err != nil || again.Time != c.Time || again.Failed != "" {
		t.Errorf("a check that was given up was kept: %+v, %v", again, err)
	}
	n.checking.Lock()
	if _, err := n.CheckAndKeep(t.Context(), nil); !errors.Is(err, ErrConflict) {
		t.Errorf("a second check at a time: %v", err)
	}
	n.checking.Unlock()
}

// lines hands over the messages of a log.
type lines chan string

func (l lines) Enabled(context.Context, slog.Level) bool { return true }
func (l lines) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l lines) WithGroup(string) slog.Handler            { return l }
func (l lines) Handle(ctx context.Context, r slog.Record) error {
	l <- r.Message
	return nil
}

func TestCheckEvery(t *testing.T) {
	w := newTwo(t)
	n := w.nodes["MX"]
	ctx, stop := context.WithCancel(t.Context())
	said, ended := make(lines, 100), make(chan struct{})
	go func() {
		defer close(ended)
		n.CheckEvery(ctx, 5*time.Millisecond, slog.New(said))
	}()
	for range 2 { // once after the start, and again
		if m := <-said; !strings.Contains(m, "everything holds") {
			t.Errorf("the log says %q", m)
		}
	}
	stop()
	<-ended
	if c, err := n.LastCheck(t.Context(), Caller{Operator: true}); err != nil || !c.OK {
		t.Errorf("%+v, %v", c, err)
	}
}
