package node

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entente"
	"entente/record"
	"entente/store"
)

// again closes a party's node, lets something happen to its folder, and opens it again.
func (w *two) again(t *testing.T, p record.Party, between func(dir string)) {
	t.Helper()
	dir := w.nodes[p].dir
	if err := w.nodes[p].Close(); err != nil {
		t.Fatal(err)
	}
	between(dir)
	n, err := Open(t.Context(), Options{Dir: dir, Clock: func() int64 { return w.now + w.ahead[p] }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	w.nodes[p] = n
}

func TestSessions(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	n, ctx := w.nodes["MX"], t.Context()
	ended := func(what, secret string) {
		t.Helper()
		if l, err := n.Session(ctx, secret); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %+v %v", what, l, err)
		}
	}
	start := func() string {
		t.Helper()
		s, err := n.StartSession(ctx, "desk", 1, ByPasskey)
		if err != nil {
			t.Fatal(err)
		}
		if l, err := n.Session(ctx, s); err != nil || l.Office != "desk" || l.Seat != 1 || l.How != ByPasskey {
			t.Fatalf("%+v %v", l, err)
		}
		return s
	}
	for _, x := range []struct {
		office string
		seat   uint64
	}{{"nobody", 0}, {"desk", 2}, {"", 0}} {
		if _, err := n.StartSession(ctx, x.office, x.seat, ByOIDC); err == nil {
			t.Errorf("a session of %q seat %d", x.office, x.seat)
		}
		if _, err := n.NewLink(ctx, x.office, x.seat, time.Hour); err == nil {
			t.Errorf("a link of %q seat %d", x.office, x.seat)
		}
	}

	// A link opens one session, however many come at once, and none after its life.
	link, err := n.NewLink(ctx, "desk", 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var opened atomic.Int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if s, err := n.UseLink(ctx, link); err == nil {
				if l, err := n.Session(ctx, s); err == nil && l.Office == "desk" && l.How == ByLink {
					opened.Add(1)
				}
			} else if !errors.Is(err, ErrForbidden) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if opened.Load() != 1 {
		t.Errorf("one link opened %d sessions", opened.Load())
	}
	if link, err = n.NewLink(ctx, "desk", 1, time.Hour); err != nil {
		t.Fatal(err)
	}
	w.now += 3600
	if _, err := n.UseLink(ctx, link); !errors.Is(err, ErrForbidden) {
		t.Errorf("a link after its life: %v", err)
	}

	idle, life := int64(sessionIdle/time.Second), int64(sessionLife/time.Second)
	s := start()
	w.now += idle
	if _, err := n.Session(ctx, s); err != nil {
		t.Errorf("used within its idle time: %v", err)
	}
	w.now += idle + 1
	ended("it lay idle", s)
	n.idle.last = nil // as after a restart
	ended("it lay idle before a restart", s)
	s = start()
	for range life/idle - 1 {
		w.now += idle
		if _, err := n.Session(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	w.now += idle
	ended("a working day", s)
	s, other := start(), start()
	if err := n.EndSession(ctx, s); err != nil {
		t.Fatal(err)
	}
	ended("signed out", s)
	if _, err := n.Session(ctx, other); err != nil {
		t.Errorf("another session: %v", err)
	}
	if err := n.EndSessions(ctx, Caller{Operator: true}, "desk"); err != nil {
		t.Fatal(err)
	}
	ended("all of the office ended", other)

	// With the office, its seat or the seat's term goes the session.
	powers := func(change func(*entente.Office)) {
		t.Helper()
		for _, g := range []record.ID{w.group, n.own().id} {
			root, err := OpenKey(filepath.Join(n.dir, RootFile), testPassphrase)
			if err != nil {
				t.Fatal(err)
			}
			o := entente.Office{ID: "desk", Names: bothNames("Desk"), Seats: []entente.Seat{{Number: 1, Key: PublicKey(w.seats["MX"])}}, Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}}
			change(&o)
			if err := n.PutPowers(ctx, g, []entente.Office{o}, root); err != nil {
				t.Fatal(err)
			}
		}
	}
	s = start()
	powers(func(o *entente.Office) { o.Seats[0].Until = w.now + 100 })
	if _, err := n.Session(ctx, s); err != nil {
		t.Errorf("within the term: %v", err)
	}
	w.now += 100
	ended("the term of the seat is over", s)
	powers(func(*entente.Office) {})
	s = start()
	powers(func(o *entente.Office) { o.Seats[0].Number = 3 })
	ended("the seat is gone", s)
	powers(func(*entente.Office) {})
	s = start()
	powers(func(o *entente.Office) { o.ID = "press" })
	ended("the office is gone", s)
}

// A restart keeps sign-ins; a folder put back from before ends them all, those that were ended since among them.
func TestSessionsAfterRestore(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	n, ctx := w.nodes["MX"], t.Context()
	s, err := n.StartSession(ctx, "desk", 1, ByPasskey)
	if err != nil {
		t.Fatal(err)
	}
	link, err := n.NewLink(ctx, "desk", 1, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	token, err := n.NewToken(ctx, "desk", 0)
	if err != nil {
		t.Fatal(err)
	}
	w.again(t, "MX", func(string) {})
	if _, err := w.nodes["MX"].Session(ctx, s); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	if _, err := w.nodes["MX"].Authenticate(ctx, token, "api"); err != nil {
		t.Errorf("a token after a restart: %v", err)
	}
	// The anchor outside the folder knows a record that the folder does not: the folder is an older one.
	w.again(t, "MX", func(dir string) {
		a, err := openAnchor(dir + ".anchor")
		if err != nil {
			t.Fatal(err)
		}
		a.set(w.group, 1000, record.ID{1})
		if err := errors.Join(a.write(), a.close()); err != nil {
			t.Fatal(err)
		}
	})
	n = w.nodes["MX"]
	if len(n.Restoring()) == 0 {
		t.Fatal("the folder does not look restored")
	}
	if _, err := n.Session(ctx, s); !errors.Is(err, ErrForbidden) {
		t.Errorf("a session of before: %v", err)
	}
	if _, err := n.UseLink(ctx, link); !errors.Is(err, ErrForbidden) {
		t.Errorf("a link of before: %v", err)
	}
	if _, err := n.Authenticate(ctx, token, "api"); !errors.Is(err, ErrForbidden) {
		t.Errorf("a token of before: %v", err)
	}
}

func TestSettings(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	n, ctx := w.nodes["MX"], t.Context()
	desk, operator, stranger := Caller{Office: "desk"}, Caller{Operator: true}, Caller{Office: "nobody"}

	views := []SavedView{{"Due soon", "list/commitment", "due=14d&line=fuel"}, {"Mine", "list/commitment", "owner=MX"}}
	if err := n.PutViews(ctx, desk, w.group, views, Edition{}); err != nil {
		t.Fatal(err)
	}
	got, at, err := n.Views(ctx, desk, w.group)
	if err != nil || len(got) != 2 || got[0] != views[0] || at.Office != "desk" || at.Time == 0 {
		t.Fatalf("%+v %+v %v", got, at, err)
	}
	if other, at, err := n.Views(ctx, operator, w.group); err != nil || len(other) > 0 || at != (Edition{}) {
		t.Errorf("another office sees %v: %v", other, err)
	}
	if other, _, err := n.Views(ctx, desk, n.own().id); err != nil || len(other) > 0 {
		t.Errorf("another group has %v: %v", other, err)
	}
	if err := n.PutViews(ctx, desk, w.group, views[:1], Edition{}); !errors.Is(err, ErrConflict) {
		t.Errorf("over an edition that was not read: %v", err)
	}
	if err := n.PutViews(ctx, desk, w.group, views[:1], at); err != nil {
		t.Errorf("over the edition that was read: %v", err)
	}
	for name, bad := range map[string][]SavedView{"no name": {{"", "p", ""}}, "no query": {{"a", "p", "%zz"}}, "two of a name": {{"a", "p", ""}, {"a", "p", "x=1"}},
		"too many": make([]SavedView, 51), "too long": {{"a", "p", string(make([]byte, 501))}}, "control": {{"a\nb", "p", ""}}} {
		if name == "too many" {
			for i := range bad {
				bad[i] = SavedView{string(rune('a'+i)) + "x", "p", ""}
			}
		}
		if err := n.PutViews(ctx, desk, w.group, bad, at); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}

	contacts := []Contact{{Party: "US", Office: "desk", Names: bothNames("Duty desk"), Duty: true, Telephone: "+1 202 555 0100"}}
	if err := n.PutDirectory(ctx, desk, w.group, contacts, Edition{}); err != nil {
		t.Fatal(err)
	}
	if got, at, err := n.Directory(ctx, desk, w.group); err != nil || len(got) != 1 || got[0].Telephone != contacts[0].Telephone || at.Office != "desk" {
		t.Errorf("%+v %+v %v", got, at, err)
	}
	for name, bad := range map[string]Contact{"party": {Party: "FR", Names: bothNames("x")}, "no name": {Party: "US"}, "language": {Party: "US", Names: map[string]string{"xx": "x"}},
		"long": {Party: "US", Names: bothNames("x"), Note: string(make([]byte, 301))}} {
		if err := n.PutDirectory(ctx, operator, w.group, []Contact{bad}, Edition{}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}

	// What is set is how parts are marked of which nothing else is said.
	marks := []DefaultMarking{{Kind: "*", TLP: record.Green}, {Kind: "statement", TLP: record.AmberStrict, National: "RESERVADO", Review: 30}}
	if err := n.PutDefaultMarkings(ctx, operator, w.group, marks, Edition{}); err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]DefaultMarking{"commitment": marks[0], "statement": marks[1]} {
		terms := map[string]string{"commitment": `{"owner":"US","due":1900000000}`, "statement": ``}[kind]
		d, err := n.Prepare(ctx, desk, Act{Group: w.group, Kind: kind, Verb: record.Propose, Parts: texts(), Terms: []byte(terms)})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range d.Header.Parts {
			if m := p.Marking; m.TLP != want.TLP || m.National != want.National || (m.Review != 0) != (want.Review != 0) || len(m.ReleasableTo) != 2 {
				t.Errorf("%s: %+v", kind, m)
			}
		}
	}
	own, err := n.Prepare(ctx, desk, Act{Group: w.group, Kind: "statement", Verb: record.Propose, Parts: []NewPart{{Name: "title.en", Content: []byte("x"),
		Marking: &record.Marking{TLP: record.Amber, ReleasableTo: []record.Party{"US"}}}}})
	if err != nil || own.Header.Parts[0].Marking.TLP != record.Amber {
		t.Errorf("what its author says stands: %v", err)
	}
	for name, bad := range map[string]DefaultMarking{"kind": {Kind: "nothing", TLP: record.Green}, "public": {Kind: "*", TLP: record.Clear}, "named offices": {Kind: "*", TLP: record.Red},
		"level": {Kind: "*", TLP: "BLUE"}, "handling": {Kind: "*", TLP: record.Green, Handling: "H9"}, "review": {Kind: "*", TLP: record.Green, Review: 1e6}} {
		if err := n.PutDefaultMarkings(ctx, operator, w.group, []DefaultMarking{bad}, Edition{}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}

	for name, err := range map[string]error{
		"views":     n.PutViews(ctx, stranger, w.group, views, Edition{}),
		"directory": n.PutDirectory(ctx, stranger, w.group, contacts, Edition{}),
		"markings":  n.PutDefaultMarkings(ctx, stranger, w.group, marks, Edition{}),
		"reading":   func() error { _, _, err := n.Directory(ctx, stranger, w.group); return err }(),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s by a stranger: %v", name, err)
		}
	}
	if err := n.PutViews(ctx, operator, w.group, views, Edition{}); !errors.Is(err, ErrForbidden) {
		t.Errorf("views of no office: %v", err)
	}
	// Nothing of it stands in the database in the clear.
	var raw []byte
	if err := n.store.Snapshot(context.WithoutCancel(ctx), func(v *store.View) error {
		k, err := store.KeptAbout(v, n.groupRow(t, w.group), store.KeptDirectory, settingKey(&group{id: w.group}, ""))
		raw = k.Body
		return err
	}); err != nil || len(raw) == 0 {
		t.Errorf("the directory is not kept: %v", err)
	}
}

func (n *Node) groupRow(t *testing.T, id record.ID) int64 {
	t.Helper()
	g, err := n.find(id)
	if err != nil {
		t.Fatal(err)
	}
	return g.row
}
