package node

import (
	"errors"
	"slices"
	"testing"
	"time"

	"entente"
	"entente/record"
)

// Auditors see who read what and what is unusual about it; others do not see that there is a log.
func TestReview(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	n, desk := w.nodes["MX"], Caller{Office: "desk", Seat: 1, Via: "web"}
	w.now = time.Date(2026, 11, 25, 15, 0, 0, 0, time.UTC).Unix() // a Wednesday
	id := w.act(t, "MX", Act{Kind: "commitment", Verb: record.Propose, Parts: texts(), Terms: []byte(`{"owner":"US","due":1900000000}`)}).ID
	read := func(who Caller, at int64) {
		w.now = at
		if _, err := n.Texts(t.Context(), who, "a page", []Want{{Group: w.group, Record: id}}); err != nil {
			t.Fatal(err)
		}
	}
	noon := w.now
	read(desk, noon)
	read(desk, noon+12*3600) // three in the morning

	w.now = noon + 24*3600
	var items []entente.AccessItem
	for i := range usualRecords + 1 {
		items = append(items, entente.AccessItem{Group: w.group, Records: []record.ID{record.Digest("x", []byte{byte(i), byte(i >> 8)})}, Parts: []string{"title.en"}})
	}
	if err := n.logShown(t.Context(), Caller{Office: "desk", Seat: 2, Via: "web"}, "much", items); err != nil {
		t.Fatal(err)
	}
	if err := n.logShown(t.Context(), Caller{Office: "stranger", Seat: 1, Via: "web"}, "x", items[:1]); err != nil {
		t.Fatal(err)
	}
	if err := n.logWayIn(t.Context(), "desk", 0, ByLink, "operator"); err != nil {
		t.Fatal(err)
	}
	if err := n.logShown(t.Context(), Caller{Office: "desk", Seat: 3, Via: "web", How: ByLink}, "x", items[:1]); err != nil {
		t.Fatal(err)
	}
	p, err := n.Review(t.Context(), desk, AccessQuery{})
	if err != nil {
		t.Fatal(err)
	}
	has := func(office string, seat uint64, want ...Unusual) {
		t.Helper()
		for _, x := range p.Items {
			if x.Access.Office == office && x.Access.Seat == seat && slices.Equal(x.Unusual, want) {
				return
			}
		}
		t.Errorf("no read of %s/%d is %q in %+v", office, seat, want, p.Items)
	}
	has("desk", 1)
	has("desk", 1, UnusualHour)
	has("desk", 2, UnusualVolume)
	has("stranger", 1, UnusualRemit)
	has("desk", 0, UnusualLink)
	has("desk", 3) // an official came by it
	odd, err := n.Review(t.Context(), desk, AccessQuery{Unusual: true, Office: "desk", From: noon, Until: noon + 23*3600})
	if err != nil || len(odd.Items) != 1 || odd.Items[0].Time != noon+12*3600 {
		t.Errorf("narrowed: %+v %v", odd, err)
	}
	got := map[uint64]bool{}
	for q := (AccessQuery{Limit: 2}); ; {
		p, err := n.Review(t.Context(), desk, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range p.Items {
			if got[x.Index] {
				t.Errorf("%d twice", x.Index)
			}
			got[x.Index] = true
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	if len(got) != len(p.Items) {
		t.Errorf("%d of %d entries by pages", len(got), len(p.Items))
	}
	for _, who := range []Caller{{Office: "press"}, {}} {
		if _, err := n.Review(t.Context(), who, AccessQuery{}); !errors.Is(err, ErrNotFound) {
			t.Errorf("%+v: %v", who, err)
		}
		if _, err := n.Access(t.Context(), who, 0, 10); !errors.Is(err, ErrNotFound) {
			t.Errorf("%+v: %v", who, err)
		}
	}
	for _, c := range []Cursor{"x!", "0", "01", "zzzzzzzzzzzzz"} {
		if _, err := n.Review(t.Context(), desk, AccessQuery{Cursor: c}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", c, err)
		}
	}
}
