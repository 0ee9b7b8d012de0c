package node

import (
	"testing"

	"entente/consent"
	"entente/record"
)

// A party's clock runs ahead: its records are kept and held back by name, and count once their time has come, without a restart
// and without another record.
func TestRecordsDatedAheadCountInTheirTime(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	w.ahead["MX"] = 3600
	v := w.act(t, "MX", Act{Kind: "commitment", Verb: record.Propose, Parts: texts(), Terms: []byte(`{"owner":"US","due":1900000000}`)})
	w.sync(t, "MX", "US")
	us := Caller{Office: "desk"}
	g, err := w.nodes["US"].Group(t.Context(), us, w.group)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.HeldBack) != 1 || g.HeldBack[0].Reason != consent.HeldAhead || g.HeldBack[0].Ref != v.Ref {
		t.Fatalf("held back: %+v", g.HeldBack)
	}
	if _, err := w.nodes["US"].Instrument(t.Context(), us, w.group, v.ID); err == nil {
		t.Error("a record dated an hour ahead counts")
	}
	w.now += 3600
	if err := w.nodes["US"].Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.nodes["US"].Instrument(t.Context(), us, w.group, v.ID); err != nil {
		t.Error(err)
	}
}
