package consent

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"entente/record"
)

func at(h *history, c sizes, fam *family) Outcome { return evalReal(0, h, c, fam).Outcomes[0] }

func standing(t *testing.T, h *history, fam *family, want ...Standing) Result {
	t.Helper()
	if f := check(fam, real, h, true, nil); f != nil {
		t.Fatalf("%s\n%s: %s", h, f.prop, f.detail)
	}
	res := evalReal(0, h, h.full(), fam)
	for i, w := range want {
		if res.Outcomes[i].Standing != w {
			t.Errorf("%s\nv%d is %s, want %s", h, i+1, res.Outcomes[i].Standing, w)
		}
	}
	return res
}

// The executions of doc/model.md, "Shortest counterexamples to the naive forms", under the real rules.

// Every header goes to every party: a withdrawal that a consent knows counts at both nodes alike. B's record names A's
// log up to it, so it does not count before the withdrawal is there to be read.
func TestTableAddressedRecords(t *testing.T) {
	h := write(t, 2, "A#0 consent v1", "A#1 withdraw v1", "B#0 consent v1 seen{A:2}")
	standing(t, h, oneVersion(2, 0), Open)
	b := bookOf(h)
	b.hide(record.Ref{Party: "AA", Index: 1})
	cut := Sizes{}
	_, held := Advance(cut, names[:2], b, 100)
	want := []Held{{Ref: record.Ref{Party: "BB"}, Reason: HeldMissing, Party: "AA", Size: 2}}
	if cut["BB"] != 0 || !slices.Equal(held, want) {
		t.Errorf("cut %v, held %v: want B#0 held back for A's second record", cut, held)
	}
}

// Without hold-back a node would call this in force until A's withdrawal arrives.
func TestTableHoldBack(t *testing.T) {
	h := write(t, 3, "A#0 consent v1", "B#0 consent v1", "A#1 withdraw v1", "C#0 consent v1 seen{A:2}")
	fam := oneVersion(3, 0)
	standing(t, h, fam, Open)
	if o := at(h, sizes{1, 1, 1}, fam); o.Standing != InForce {
		t.Fatal("the cut that is not closed no longer shows why hold-back is needed")
	}
	b := bookOf(h)
	b.hide(record.Ref{Party: "AA", Index: 1})
	cut := Sizes{}
	counted, held := Advance(cut, names[:3], b, 100)
	if len(counted) != 2 || len(held) != 1 || held[0].Ref.Party != "CC" || held[0].Reason != HeldMissing {
		t.Errorf("counted %v, held %v: want C#0 held back", counted, held)
	}
	b.show(record.Ref{Party: "AA", Index: 1})
	if counted, held = Advance(cut, names[:3], b, 100); len(counted) != 2 || len(held) != 0 {
		t.Errorf("counted %v, held %v: want A#1 and C#0 to count", counted, held)
	}
}

// C holds proof of A's withdrawal through B and may not count as ignorant of it.
func TestTableClosedSeen(t *testing.T) {
	h := write(t, 3, "A#0 consent v1", "A#1 withdraw v1", "B#0 consent v1", "B#1 note seen{A:2}", "C#0 consent v1 seen{B:2}")
	b := bookOf(h)
	why := Sequence(b.header("CC", 0), nil, b.Header)
	if len(why) != 1 || !strings.Contains(why[0].Text, "not closed") {
		t.Errorf("C#0: %q, want that its seen is not closed", why)
	}
	closed := write(t, 3, "A#0 consent v1", "A#1 withdraw v1", "B#0 consent v1", "B#1 note seen{A:2}", "C#0 consent v1 seen{A:2,B:2}")
	standing(t, closed, oneVersion(3, 0), Open)
}

// Consenting twice does not undo an agreement in force; the withdrawal is notice.
func TestTableConsentTwice(t *testing.T) {
	h := write(t, 2, "A#0 consent v1", "A#1 withdraw v1", "B#0 consent v1", "B#1 consent v1 seen{A:2}")
	if res := standing(t, h, oneVersion(2, 0), InForce); len(res.Notices) != 1 || res.Notices[0].By.Ref != h.recs[1].Ref {
		t.Errorf("notices %v, want A#1", res.Notices)
	}
}

// Both last words are yes.
func TestTableChangedMind(t *testing.T) {
	h := write(t, 2, "A#0 withdraw v1", "A#1 consent v1", "B#0 consent v1 seen{A:1}")
	standing(t, h, oneVersion(2, 0), InForce)
}

// Nothing but the writer's gate keeps two rivals apart: it refuses the second consent at each of the two nodes.
func TestTableRivals(t *testing.T) {
	fam := twoVersions(2, 0, true)
	h := write(t, 2, "A#0 consent v1", "B#0 consent v1", "A#1 consent v2", "B#1 consent v2")
	standing(t, h, fam, InForce, InForce)
	for p, c := range []sizes{{1, 0}, {0, 1}} {
		if err := MayConsent(names[p], id(2), fam.versions, h.acts(c, false), knowledge{h, c}); !errors.Is(err, ErrRival) {
			t.Errorf("the gate of %s: %v, want %v", names[p], err, ErrRival)
		}
	}
}

// A consent to a rival does not withdraw the earlier one: each node refuses its second consent.
func TestTableLaterConsent(t *testing.T) {
	fam := twoVersions(2, 0, true)
	h := write(t, 2, "A#0 consent v1", "B#0 consent v2", "A#1 consent v2 seen{B:1}", "B#1 consent v1 seen{A:1}")
	standing(t, h, fam, InForce, InForce)
	for _, r := range h.recs[2:] {
		c := r.cut()
		if err := MayConsent(r.Ref.Party, r.Version, fam.versions, h.acts(c, false), knowledge{h, c}); !errors.Is(err, ErrRival) {
			t.Errorf("the gate before %s: %v, want %v", r, err, ErrRival)
		}
	}
}

// A shows B and C different logs of one size. With sizes alone B and C count equal numbers and answer differently, and
// nobody notices; with roots whatever either says of A's log is held back at the other.
func TestTableSeenWithoutRoot(t *testing.T) {
	fam := oneVersion(3, 0)
	fam.versions = []Version{version(1, 2, 0, 0)}
	yes := write(t, 3, "A#0 consent v1", "B#0 consent v1 seen{A:1}", "C#0 note seen{A:1,B:1}")
	no := write(t, 3, "A#0 withdraw v1", "B#0 consent v1 seen{A:1}", "C#0 note seen{A:1,B:1}")
	atB, atC := bookOf(yes), bookOf(no)
	atC.logs["BB"] = atB.logs["BB"] // B wrote one record, over the log of A that it was shown
	root, _ := atB.Root("BB", 1)
	atC.header("CC", 0).Seen["BB"] = record.Mark{Size: 1, Root: root}
	atB.logs["CC"] = atC.logs["CC"] // and so did C
	cutB, cutC := Sizes{}, Sizes{}
	blindB, blindC := Sizes{}, Sizes{}
	Advance(blindB, names[:3], &sizesOnly{book: atB}, 100)
	Advance(blindC, names[:3], &sizesOnly{book: atC}, 100)
	full := sizes{1, 1, 1}
	if blindB["CC"] != 1 || blindC["CC"] != 1 || same(evalReal(0, yes, full, fam), evalReal(0, no, full, fam)) {
		t.Fatalf("without roots: cuts %v and %v; the naive form no longer shows the danger", blindB, blindC)
	}
	_, heldB := Advance(cutB, names[:3], atB, 100)
	_, heldC := Advance(cutC, names[:3], atC, 100)
	if want := []Held{{record.Ref{Party: "CC"}, HeldOtherLog, "AA", 1}}; !slices.Equal(heldB, want) {
		t.Errorf("B holds back %v, want %v", heldB, want)
	}
	if len(heldC) != 2 || heldC[0] != (Held{record.Ref{Party: "BB"}, HeldOtherLog, "AA", 1}) || heldC[1].Reason != HeldMissing {
		t.Errorf("C holds back %v, want B#0 for another log of A, and so its own C#0", heldC)
	}
}

// sizesOnly is the naive form: whatever root the record under judgement names is right.
type sizesOnly struct {
	*book
	last *record.Header
}

func (s *sizesOnly) Header(r record.Ref) *record.Header {
	s.last = s.book.Header(r)
	return s.last
}

func (s *sizesOnly) Root(p record.Party, _ uint64) (record.ID, bool) {
	return s.last.Seen[p].Root, true
}

// Regressions, each named by what went wrong.

// A text that replaces one never agreed passed by the text in force: its predecessor differs.
func TestGateSeesRivalsOfAnotherPredecessor(t *testing.T) {
	versions := []Version{version(1, 2, 0, 0), version(2, 2, 0, 0), version(3, 2, 1, 0), version(4, 2, 2, 0)}
	h := write(t, 2, "A#0 consent v2", "B#0 consent v2 seen{A:1}")
	for v, ok := range map[byte]bool{1: false, 2: true, 3: false, 4: true} {
		err := MayConsent("AA", id(v), versions, h.acts(h.full(), false), knowledge{h, h.full()})
		if (err == nil) != ok || err != nil && !errors.Is(err, ErrRival) {
			t.Errorf("v%d with v2 in force: %v", v, err)
		}
	}
}

// The gate opens again: the withdrawal is known by a record of the other party, and nothing is in force.
func TestGateOpensWhenWithdrawalIsKnown(t *testing.T) {
	fam := twoVersions(2, 0, true)
	h := write(t, 2, "A#0 consent v1", "A#1 withdraw v1", "B#0 note seen{A:1}", "B#1 note seen{A:2}")
	for size, ok := range map[int]bool{0: false, 1: false, 2: true} {
		c := sizes{2, size}
		err := MayConsent("AA", id(2), fam.versions, h.acts(c, false), knowledge{h, c})
		if (err == nil) != ok {
			t.Errorf("holding %d records of B: %v", size, err)
		}
	}
}

// Until bounds entry into force; it took away the right to take back a notice (C8).
func TestNoticeTakenBackAfterUntil(t *testing.T) {
	fam := oneVersion(2, 2)
	h := write(t, 2, "A#0 consent v1", "B#0 consent v1 seen{A:1}", "A#1 withdraw v1 seen{B:1}", "A#2 consent v1 seen{B:1}")
	if res := standing(t, h, fam, InForce); len(res.Notices) != 0 || res.Ends != 0 {
		t.Errorf("%s\nnotices %v: want it taken back", h, res.Notices)
	}
}

// A record without effect, dated before what it knows, made the notice run from before the withdrawal.
func TestNoticeNeverRunsFromBeforeTheWithdrawal(t *testing.T) {
	fam := oneVersion(2, 0)
	h := write(t, 2, "A#0 consent v1 @10", "B#0 consent v1 seen{A:1} @11", "A#1 withdraw v1 seen{B:1} @50", "B#1 note seen{A:2} @12")
	res := evalReal(0, h, h.full(), fam)
	if len(res.Notices) != 1 || res.Notices[0].Start != 50 {
		t.Errorf("notices %v: want a start at 50", res.Notices)
	}
}

// One void record let its log forget a withdrawal and go back in time: the record after it was compared with it alone.
func TestVoidRecordHidesNothing(t *testing.T) {
	forget := write(t, 2, "B#0 consent v1", "B#1 withdraw v1", "A#0 note seen{B:2}")
	void := forget.newRec(0, record.Note, record.ID{}, sizes{})
	void.Time = 4
	forget.push(void)
	again := forget.newRec(0, record.Consent, id(1), sizes{})
	again.Time = 4
	forget.push(again)
	through := write(t, 3, "C#0 consent v1", "C#1 withdraw v1", "B#0 note seen{C:2}")
	through.push(through.newRec(1, record.Note, record.ID{}, sizes{}))
	blind := through.newRec(0, record.Consent, id(1), sizes{1: 2})
	through.push(blind)
	back := write(t, 1, "A#0 note @100", "A#1 note @10", "A#2 consent v1 @10")
	for _, c := range []struct {
		name string
		h    *history
		r    *rec
		why  string
	}{
		{"forgets a withdrawal", forget, again, "goes down"},
		{"forgets through a peer", through, blind, "not closed"},
		{"dates back", back, back.recs[2], "time is before"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := bookOf(c.h)
			h, i := b.header(c.r.Ref.Party, c.r.Ref.Index), c.r.Ref.Index
			var prev *record.Header
			if i > 0 {
				prev = b.header(c.r.Ref.Party, i-1)
			}
			if why := Sequence(h, prev, b.Header); len(why) != 0 {
				t.Fatalf("bare headers already show it: %q", why)
			}
			raised := b.raised()
			if i > 0 {
				prev = raised.header(c.r.Ref.Party, i-1)
			}
			if why := fmt.Sprint(Sequence(h, prev, raised.Header)); !strings.Contains(why, c.why) {
				t.Errorf("%s: %q, want that it %s", c.h, why, c.why)
			}
		})
	}
}

// One required party: in force at once, settled at once; a withdrawal has nobody to tell and runs from the ceiling.
func TestOneRequiredParty(t *testing.T) {
	fam := oneVersion(2, 0)
	fam.versions = []Version{version(1, 1, 0, 0)}
	h := write(t, 2, "A#0 consent v1 @10", "B#0 withdraw v1 seen{A:1} @11", "A#1 withdraw v1 @20")
	res := standing(t, h, fam, InForce)
	if !res.Outcomes[0].Settled || len(res.Notices) != 1 || res.Notices[0].Known || res.Ends != 23 {
		t.Errorf("%s", show(res))
	}
	if res := Evaluate([]Version{{ID: id(1)}}, h.acts(h.full(), false), knowledge{h, h.full()}, fam.clocks); res.Outcomes[0].Standing != Open {
		t.Errorf("a text that requires nobody is %s", res.Outcomes[0].Standing)
	}
}

// What is replaced through a version between ends too, and a late entry into force of what lies between changes nothing.
func TestSupersededThroughAVersionBetween(t *testing.T) {
	fam := oneVersion(2, 0)
	fam.versions = []Version{version(1, 2, 0, 0), version(2, 2, 1, 0), version(3, 2, 2, 0)}
	h := write(t, 2, "A#0 consent v1", "B#0 consent v1", "A#1 consent v3", "B#1 consent v3", "A#2 consent v2", "B#2 consent v2")
	if got := evalReal(0, h, sizes{2, 2}, fam); got.Outcomes[0].Standing != Superseded || got.Outcomes[1].Standing != Open || got.Outcomes[2].Standing != InForce {
		t.Errorf("%s", show(got))
	}
	standing(t, h, fam, Superseded, Superseded, InForce)
	if err := MayConsent("AA", id(2), fam.versions, h.acts(sizes{2, 2}, false), knowledge{h, sizes{2, 2}}); err != nil {
		t.Errorf("between: %v", err)
	}
	if err := MayConsent("AA", id(1), fam.versions, h.acts(sizes{2, 2}, false), knowledge{h, sizes{2, 2}}); !errors.Is(err, ErrRival) {
		t.Errorf("superseded: %v, want %v", err, ErrRival)
	}
}

func TestRaiseKeepsTheHigherOfEach(t *testing.T) {
	mark := func(size uint64, root byte) record.Mark { return record.Mark{Size: size, Root: record.ID{root}} }
	before := &record.Header{Party: "AA", Time: 9, Seen: record.Seen{"BB": mark(5, 1), "CC": mark(2, 2)}}
	h := &record.Header{Party: "AA", Index: 1, Time: 3, Seen: record.Seen{"BB": mark(1, 3), "CC": mark(9, 4), "DD": mark(1, 5)}}
	r := Raise(h, before)
	want := record.Seen{"BB": mark(5, 1), "CC": mark(9, 4), "DD": mark(1, 5)}
	if r.Time != 9 || !maps.Equal(r.Seen, want) || r.Index != 1 {
		t.Errorf("raised to %v at %d, want %v at 9", r.Seen, r.Time, want)
	}
	if h.Time != 3 || h.Seen["BB"] != mark(1, 3) || len(before.Seen) != 2 {
		t.Error("it changed what it was given")
	}
}
