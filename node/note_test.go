package node

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente"
	"entente/record"
)

const homeCanary = "what we say only among ourselves, 4711"

// An own note is read by its party with the record, is in the access log, is in no message and no readable form on disk.
func TestOwnNoteStaysAtHome(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	s := w.act(t, "MX", Act{Kind: "commitment", Verb: record.Propose, Parts: texts(), Terms: []byte(`{"owner":"US","due":1900000000}`)})
	n, desk := w.nodes["MX"], Caller{Office: "desk", Via: "web"}
	put := func(text string, before int64) error {
		return n.PutNote(t.Context(), desk, w.group, s.ID, text, before)
	}
	read := func() *OwnNote {
		t.Helper()
		got, err := n.Texts(t.Context(), desk, "book", []Want{{Group: w.group, Record: s.ID, Names: []string{"-"}, Own: true}})
		if err != nil {
			t.Fatal(err)
		}
		return got[s.ID].Own
	}
	if read() != nil {
		t.Error("a note that nobody wrote")
	}
	if err := put(homeCanary, 0); err != nil {
		t.Fatal(err)
	}
	first := read()
	if first == nil || first.Text != homeCanary || first.Office != "desk" {
		t.Fatalf("%+v", first)
	}
	log, err := n.Access(t.Context(), desk, 0, 1)
	if err != nil || len(log) != 1 || log[0].Terms.(*entente.Access).Items[0].Parts[0] != OwnNotePart {
		t.Errorf("access log %+v, %v", log, err)
	}
	if got, err := n.Texts(t.Context(), desk, "page", []Want{{Group: w.group, Record: s.ID}}); err != nil || got[s.ID].Own != nil {
		t.Errorf("a page that does not want the note gets it: %v", err)
	}
	if err := put("another", 0); !errors.Is(err, ErrConflict) {
		t.Errorf("written over what the writer had not read: %v", err)
	}
	if err := put(homeCanary+", mended", first.Time); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []error{
		n.PutNote(t.Context(), Caller{Office: "nobody"}, w.group, s.ID, "x", 0),
		n.PutNote(t.Context(), Caller{Operator: true}, w.group, s.ID, "x", 0),
		n.PutNote(t.Context(), desk, w.group, record.ID{1}, "x", 0),
		put(strings.Repeat("x", maxNote+1), read().Time),
	} {
		if bad == nil {
			t.Error("written")
		}
	}
	out, err := n.Outgoing(t.Context(), w.group, "US", 0)
	if err != nil {
		t.Fatal(err)
	}
	wire, err := record.Marshal(out)
	if err != nil || bytes.Contains(wire, []byte(homeCanary)) || !bytes.Contains(wire, []byte("Título")) {
		t.Errorf("the message to the other side: %v", err)
	}
	evidence, err := n.Evidence(t.Context(), desk, w.group, s.ID, nil)
	if err != nil || bytes.Contains(evidence, []byte(homeCanary)) {
		t.Errorf("the evidence file: %v", err)
	}
	files, _ := filepath.Glob(filepath.Join(n.dir, "*"))
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && bytes.Contains(b, []byte(homeCanary)) {
			t.Errorf("%s holds the note in the clear", f)
		}
	}
	if err := put(" ", read().Time); err != nil || read() != nil {
		t.Errorf("not destroyed: %v", err)
	}
	w.sync(t, "MX", "US")
	if r, err := n.Check(t.Context(), nil); err != nil || !r.OK {
		t.Errorf("%+v %v", r, err)
	}
}

// A commitment that names the decision it came from is kept until the decision is on record, and then drafted with it.
func TestSequel(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	n, desk := w.nodes["MX"], Caller{Office: "desk", Via: "web"}
	meeting := w.act(t, "MX", Act{Kind: "meeting", Verb: record.Propose, Parts: texts(), Terms: []byte(`{"starts":1900000000,"host":"MX"}`)})
	decide := func() *Draft {
		t.Helper()
		d, err := n.Prepare(t.Context(), desk, Act{Group: w.group, Kind: "decision", Verb: record.Propose, Parts: texts(), Terms: []byte(`{"meeting":"` + meeting.ID.String() + `"}`)})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	q := Sequel{Act{Group: w.group, Kind: "commitment", Verb: record.Propose, Parts: []NewPart{{Name: "title.en", Content: []byte(homeCanary)}, {Name: "title.es", Content: []byte("x")},
		{Name: "body.en", Content: []byte("x")}, {Name: "body.es", Content: []byte("x")}}, Terms: []byte(`{"owner":"US","due":1900000000}`)}, "decision"}
	for name, bad := range map[string]Sequel{
		"a term it does not have":   {q.Act, "source"},
		"no such kind":              {Act{Group: w.group, Kind: "pact", Verb: record.Propose}, "decision"},
		"of an instrument":          {Act{Group: w.group, Kind: "commitment", Verb: record.Report, Instrument: meeting.ID}, "decision"},
		"of another group":          {Act{Kind: "commitment", Verb: record.Propose}, "decision"},
		"terms that are not a list": {Act{Group: w.group, Kind: "commitment", Verb: record.Propose, Terms: []byte(`1`)}, "decision"},
	} {
		if err := n.SaveWith(t.Context(), desk, decide(), bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := decide()
	if err := n.SaveWith(t.Context(), desk, d, q); err != nil {
		t.Fatal(err)
	}
	got, err := n.Sequel(t.Context(), desk, w.group, d.Nonce)
	if err != nil || got == nil || string(got.Act.Parts[2].Content) != homeCanary {
		t.Fatalf("%+v %v", got, err)
	}
	sign := func(d *Draft) *Sealed {
		t.Helper()
		left, s, err := n.AddApprovals(t.Context(), desk, w.group, d.Nonce, []record.Approval{record.Approve(d.Act, "MX", "desk", 1, w.now, w.seats["MX"])}, false)
		if err != nil || left != nil {
			t.Fatal(left, err)
		}
		return s
	}
	decision := sign(d)
	if decision.Next == nil {
		t.Fatal("no commitment was drafted")
	}
	next, err := n.GroupDraft(t.Context(), desk, w.group, decision.Next.Nonce)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := n.Sequel(t.Context(), desk, w.group, d.Nonce); got != nil || err != nil {
		t.Errorf("it follows still: %v", err)
	}
	commitment := sign(next)
	x, err := n.Instrument(t.Context(), desk, w.group, commitment.ID)
	if err != nil || x.State.Fact("decision") != decision.ID.String() {
		t.Errorf("%+v %v", x, err)
	}

	// Dropped with the draft it follows.
	e := decide()
	if err := n.SaveWith(t.Context(), desk, e, q); err != nil {
		t.Fatal(err)
	}
	if err := n.Drop(t.Context(), desk, e.Nonce); err != nil {
		t.Fatal(err)
	}
	if got, err := n.Sequel(t.Context(), desk, w.group, e.Nonce); got != nil || err != nil {
		t.Errorf("it outlives its draft: %v", err)
	}
	if r, err := n.Check(t.Context(), nil); err != nil || !r.OK {
		t.Errorf("%+v %v", r, err)
	}
}
