package consent

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"entente/record"

	"pgregory.net/rapid"
)

// TestMain draws enough that every event asked for is certain; the command line may say otherwise.
func TestMain(m *testing.M) {
	checks := "1000"
	if long {
		checks = "20000"
	}
	if err := flag.Set("rapid.checks", checks); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// randomFamily has a text, a rival of it, and one that replaces it and requires one party less.
func randomFamily(n int, until int64) *family {
	return &family{parties: n, clocks: Clocks{Notice: 4, Ceiling: 6},
		versions: []Version{version(1, n, 0, until), version(2, n, 0, 0), version(3, max(n-1, 2), 1, 0)}}
}

func drawHistory(t *rapid.T, upTo int) (*family, *history) {
	n := rapid.IntRange(2, maxParties).Draw(t, "parties")
	fam := randomFamily(n, int64(rapid.SampledFrom([]int{0, 0, 12}).Draw(t, "until")))
	h := &history{n: n}
	choices := []choice{does(record.Consent, 1), does(record.Consent, 1), does(record.Withdraw, 1), note, does(record.Consent, 2),
		does(record.Withdraw, 2), does(record.Consent, 3), does(record.Withdraw, 3)}
	for range rapid.IntRange(0, upTo).Draw(t, "records") {
		p := rapid.IntRange(0, n-1).Draw(t, "party")
		var seen sizes
		if k := len(h.logs[p]); k > 0 {
			seen = h.logs[p][k-1].seen
		}
		for q := range n {
			if more := len(h.logs[q]) - seen[q]; q != p && more > 0 {
				seen[q] += rapid.IntRange(0, min(more, 3)).Draw(t, "more")
			}
		}
		c := rapid.SampledFrom(choices).Draw(t, "act")
		r := h.newRec(p, c.verb, c.v, closure(h, p, seen))
		r.Time += int64(rapid.IntRange(0, 2).Draw(t, "pause"))
		h.push(r)
	}
	return fam, h
}

// TestRandomHistories holds long histories against the same checker as the small ones.
func TestRandomHistories(t *testing.T) {
	ev := events{}
	rapid.Check(t, func(t *rapid.T) {
		fam, h := drawHistory(t, 24)
		if f := check(fam, real, h, len(h.recs) <= 10, ev); f != nil {
			t.Fatalf("%s\n%s: %s", h, f.prop, f.detail)
		}
	})
	ev.need(t, "entered into force", "withdrawal too late", "withdrawal in time", "pending", "settled", "stayed without what it waits for")
}

// arrivals lists every record once and some twice, shuffled.
func arrivals(t *rapid.T, h *history) []record.Ref {
	var refs []record.Ref
	for _, r := range h.recs {
		refs = append(refs, r.Ref)
	}
	if len(refs) == 0 {
		return nil
	}
	refs = append(refs, rapid.SliceOfN(rapid.SampledFrom(refs), 0, 5).Draw(t, "twice")...)
	return rapid.Permutation(refs).Draw(t, "arrivals")
}

// TestRandomDelivery: whatever the order, doubles and delays of arrival, equal records end in equal cuts and results; a
// cut moved in steps equals one from scratch; what is held back is named with its reason.
func TestRandomDelivery(t *testing.T) {
	ev := events{}
	rapid.Check(t, func(t *rapid.T) {
		fam, h := drawHistory(t, 40)
		b := bookOf(h)
		forged := len(h.recs) > 0 && rapid.IntRange(0, 3).Draw(t, "forged") == 0
		if forged { // somebody is shown another log
			x := b.Header(h.recs[rapid.IntRange(0, len(h.recs)-1).Draw(t, "where")].Ref)
			for _, q := range x.Seen.Parties()[:min(1, len(x.Seen))] {
				x.Seen[q] = record.Mark{Size: x.Seen[q].Size, Root: record.ID{0xff}}
			}
		}
		parties, latest := names[:h.n], int64(0)
		for _, r := range h.recs {
			b.hide(r.Ref)
			latest = max(latest, r.Time)
		}
		cut, done := Sizes{}, []record.Ref{}
		horizon := rapid.Int64Range(0, latest).Draw(t, "horizon")
		last := Result{}
		var lastCut sizes
		for _, ref := range append(arrivals(t, h), record.Ref{}) {
			if ref == (record.Ref{}) {
				horizon = latest
			}
			b.show(ref)
			if ref != (record.Ref{}) && rapid.Bool().Draw(t, "later") {
				continue
			}
			horizon += rapid.Int64Range(0, 2).Draw(t, "passes")
			counted, held := Advance(cut, parties, b, horizon)
			done = append(done, counted...)
			follows(t, b, done)
			if want := b.settle(parties, horizon, func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }); !equalCuts(cut, want) {
				t.Fatalf("cut %v, by definition %v", cut, want)
			}
			scratch := Sizes{}
			slices.Reverse(parties)
			_, heldAgain := Advance(scratch, parties, b, horizon)
			slices.Reverse(parties)
			if !equalCuts(scratch, cut) || !slices.Equal(held, heldAgain) {
				t.Fatalf("in steps %v %v, from scratch %v %v", cut, held, scratch, heldAgain)
			}
			named(t, b, cut, parties, horizon, held, ev)
			var c sizes
			for i, p := range parties {
				c[i] = int(cut[p])
			}
			if !h.closed(c) {
				t.Fatalf("cut %v is not complete", cut)
			}
			now := evalReal(0, h, c, fam)
			if f := pair(fam, real, h, lastCut, orEmpty(last, fam, h, lastCut), c, now, nil); f != nil {
				t.Fatalf("%s\n%s: %s", h, f.prop, f.detail)
			}
			last, lastCut = now, c
		}
		if !forged && lastCut != h.full() {
			t.Fatalf("all is here and %v of %v counts", lastCut, h.full())
		}
		ev["histories"]++
	})
	ev.need(t, HeldMissing, HeldOtherLog, HeldAhead)
}

func orEmpty(r Result, fam *family, h *history, c sizes) Result {
	if r.Outcomes == nil {
		return evalReal(0, h, c, fam)
	}
	return r
}

func equalCuts(a, b Sizes) bool {
	for _, p := range names {
		if a[p] != b[p] {
			return false
		}
	}
	return true
}

// follows: each record that counts comes once, in its log's order, after all it knows.
func follows(t *rapid.T, b *book, counted []record.Ref) {
	at := Sizes{}
	for _, r := range counted {
		if r.Index != at[r.Party] {
			t.Fatalf("%s counts when %d of its log do", r, at[r.Party])
		}
		for q, m := range b.Header(r).Seen {
			if m.Size > at[q] {
				t.Fatalf("%s counts before what it knows of %s", r, q)
			}
		}
		at[r.Party]++
	}
}

// named: exactly the next record of each log that is here and may not count is named, with the reason and what it needs.
func named(t *rapid.T, b *book, cut Sizes, parties []record.Party, horizon int64, held []Held, ev events) {
	var want []string
	for _, p := range parties {
		if h := b.Header(record.Ref{Party: p, Index: cut[p]}); h != nil {
			want = append(want, fmt.Sprint(h.Ref(), b.reason(cut, h, horizon)))
		}
	}
	var got []string
	for _, x := range held {
		got = append(got, fmt.Sprint(x.Ref, x.Reason))
		ev[x.Reason]++
		h := b.Header(x.Ref)
		switch m, ok := h.Seen[x.Party]; {
		case x.Reason == HeldAhead:
			if x.Party != "" || x.Size != 0 {
				t.Fatalf("%v: a record ahead of time waits for nobody", x)
			}
		case !ok || m.Size != x.Size || (x.Reason == HeldMissing) != (x.Size > cut[x.Party]):
			t.Fatalf("%v names the wrong need; it has seen %v at %v", x, h.Seen, cut)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("held back %v, want %v", got, want)
	}
}

// TestSequence: a lawful history has nothing against it; each way to break the order of the logs is named.
func TestSequence(t *testing.T) {
	ev := events{}
	reasons := func(b *book, h *record.Header) []record.Why {
		r := b.raised()
		var prev *record.Header
		if h.Index > 0 {
			prev = r.header(h.Party, h.Index-1)
		}
		return Sequence(h, prev, r.Header)
	}
	rapid.Check(t, func(t *rapid.T) {
		_, h := drawHistory(t, 40)
		b := bookOf(h)
		for _, r := range h.recs {
			x := b.Header(r.Ref)
			if why := reasons(b, x); len(why) > 0 {
				t.Fatalf("%s\n%s: %q", h, r, why)
			}
			if x.Index > 0 && Raise(x, b.header(x.Party, x.Index-1)) != x {
				t.Fatalf("%s\n%s keeps the order and was raised", h, r)
			}
		}
		if len(h.recs) == 0 {
			return
		}
		r := h.recs[rapid.IntRange(0, len(h.recs)-1).Draw(t, "broken")]
		good := b.Header(r.Ref)
		expect := func(name, want string, change func(x *record.Header)) {
			x := *good
			x.Seen = record.Seen{}
			for q, m := range good.Seen {
				x.Seen[q] = m
			}
			change(&x)
			if why := reasons(b, &x); !slices.ContainsFunc(why, func(s record.Why) bool { return strings.Contains(s.Text, want) }) {
				t.Fatalf("%s\n%s, %s: %q", h, r, name, why)
			}
			ev[name]++
		}
		for q := range good.Seen {
			expect("time before a record it knows", "which it knows", func(x *record.Header) {
				x.Time = b.header(q, good.Seen[q].Size-1).Time - 1
			})
			expect("names what is not there", "not there", func(x *record.Header) { x.Seen[q] = record.Mark{Size: 1000} })
			for s, m := range b.header(q, good.Seen[q].Size-1).Seen {
				if s != good.Party {
					expect("not closed", "not closed", func(x *record.Header) { x.Seen[s] = record.Mark{Size: m.Size - 1, Root: m.Root} })
				}
			}
		}
		if good.Index == 0 {
			return
		}
		prev := b.header(good.Party, good.Index-1)
		expect("time goes back", "its time is before that of", func(x *record.Header) { x.Time = prev.Time - 1 })
		for q, m := range prev.Seen {
			expect("seen goes down", "goes down", func(x *record.Header) { x.Seen[q] = record.Mark{Size: m.Size - 1, Root: m.Root} })
			expect("seen is dropped", "goes down", func(x *record.Header) { delete(x.Seen, q) })
		}
	})
	ev.need(t, "time before a record it knows", "names what is not there", "not closed", "time goes back", "seen goes down", "seen is dropped")
	// Equal times are in order, in one log and between two.
	same := &record.Header{Party: "AA", Index: 1, Time: 5, Seen: record.Seen{"BB": {Size: 1}}}
	if why := Sequence(same, &record.Header{Party: "AA", Time: 5}, func(record.Ref) *record.Header {
		return &record.Header{Party: "BB", Time: 5}
	}); len(why) != 0 {
		t.Errorf("equal times: %q", why)
	}
	// A record may claim that a peer knew more of this log than there was: then that record counts nowhere before this one.
	own := &record.Header{Party: "AA", Index: 1, Time: 9, Seen: record.Seen{"BB": {Size: 1}}}
	peer := &record.Header{Party: "BB", Time: 5, Seen: record.Seen{"AA": {Size: 2}}}
	first := &record.Header{Party: "AA", Time: 1}
	if why := Sequence(own, first, func(record.Ref) *record.Header { return peer }); len(why) != 1 || !strings.Contains(why[0].Text, "not closed") {
		t.Errorf("a peer that knows the record itself: %q", why)
	}
}
