package world_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entente"
	"entente/consent"
	"entente/node"
	"entente/record"
	"entente/tlog"
	"entente/world"
)

// sight is what a node shows of its group at a moment.
type sight struct {
	at     int64
	cut    consent.Sizes
	states map[record.ID]string
	lists  [][]record.ID
}

// asked are lists of each kind that pages make.
var asked = []node.Query{
	{}, {Sort: node.SortNewest}, {Kind: "commitment", Sort: node.SortDue}, {Kind: "commitment", Sort: node.SortLatest, Owner: "US"},
	{Kind: "commitment", Sort: node.SortChanged, Line: "fuel"}, {Phase: entente.PhaseInForce}, {Phase: entente.PhaseProposed, Sort: node.SortNewest},
	{Phase: entente.PhaseLapsed}, {Phase: entente.PhaseWithdrawn}, {Kind: "commitment", Overdue: true}, {Kind: "commitment", Progress: node.ProgressVerified},
	{Kind: "commitment", Progress: node.ProgressOwed, Sort: node.SortDue},
}

// whole reads a list to its end, page by page, and back again. wrong says where that is another list.
func whole(t *testing.T, q node.Query, page func(node.Query) (*node.Page, error)) (out []record.ID, wrong string) {
	t.Helper()
	q.Limit = 3
	var prev node.Cursor
	for {
		p, err := page(q)
		ok(t, err)
		for _, x := range p.Items {
			out = append(out, x.State.Instrument)
		}
		prev = p.Prev
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	end := len(out)
	for q.Cursor = prev; q.Cursor != ""; {
		p, err := page(q)
		ok(t, err)
		for i := range p.Items { // an as-of page may begin in the middle of one that went forwards
			x := p.Items[len(p.Items)-1-i].State.Instrument
			if k := slices.Index(out, x); k < 0 || k >= end {
				return nil, fmt.Sprintf("%+v: another list backwards", q)
			} else {
				end = k
			}
		}
		q.Cursor = p.Prev
	}
	if prev != "" && end > 0 {
		return nil, fmt.Sprintf("%+v: backwards it ends %d before the start", q, end)
	}
	return out, ""
}

// What a node showed at a moment, it shows for that moment ever after, wherever it held then all that is dated up to it.
func TestAsOfIsWhatWasShown(t *testing.T) {
	wide(t)
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	sides := []*world.Party{w.As("MX"), w.As("US")}
	mx := sides[0].Node
	r := rand.New(rand.NewPCG(11, 12))
	var texts, done []*node.Sealed
	var kept []sight
	incomplete, refused := 0, 0
	for step := range 120 {
		p := sides[r.IntN(2)]
		var err error
		switch k := r.IntN(8); {
		case k < 2 || len(texts) == 0:
			var s *node.Sealed
			until := int64(0)
			if r.IntN(3) == 0 {
				until = w.Now() + int64(1+r.IntN(3))*world.Day
			}
			s, err = p.Act(ctx, node.Act{Kind: "commitment", Verb: record.Propose, Line: []string{"fuel", "tunnels"}[r.IntN(2)], Until: until,
				Terms: fmt.Appendf(nil, `{"owner":%q,"due":%d}`, sides[r.IntN(2)].ID, w.Now()+int64(1+r.IntN(5))*world.Day), Parts: world.Texts(canary)})
			if err == nil {
				texts = append(texts, s)
			}
		case k < 6:
			for _, p := range sides {
				if _, e := p.Consent(ctx, "commitment", texts[r.IntN(len(texts))].ID); e != nil {
					err = e
				}
			}
		case k == 6:
			_, err = p.Withdraw(ctx, "commitment", texts[r.IntN(len(texts))].ID)
		default:
			x := texts[r.IntN(len(texts))]
			var s *node.Sealed
			s, err = p.Act(ctx, node.Act{Kind: "commitment", Verb: record.Report, Instrument: x.Instrument, Version: x.ID, Terms: []byte(`{"progress":"done"}`)})
			if err == nil {
				done = append(done, s)
			} else if len(done) > 0 {
				x := done[r.IntN(len(done))]
				_, err = p.Act(ctx, node.Act{Kind: "commitment", Verb: record.Reply, Instrument: x.Instrument, Terms: fmt.Appendf(nil, `{"to":%q,"stance":"acknowledge"}`, x.ID)})
			}
		}
		if err != nil {
			refused++ // not known there yet, or against the rules
		}
		switch r.IntN(5) {
		case 0:
			w.Cut("MX", "US")
		case 1, 2:
			w.Mend("MX", "US")
			settle(t, w, "MX", "US")
		}
		if step%3 == 0 {
			g, err := mx.Group(ctx, desk, w.Group)
			ok(t, err)
			x := sight{at: w.Now(), cut: g.Cut, states: map[record.ID]string{}}
			var wrong []string
			for _, q := range asked {
				list, bad := whole(t, q, func(q node.Query) (*node.Page, error) { return mx.Instruments(ctx, desk, w.Group, q) })
				if x.lists = append(x.lists, list); bad != "" {
					wrong = append(wrong, bad)
				}
			}
			for _, id := range x.lists[0] {
				d, err := mx.Instrument(ctx, desk, w.Group, id)
				ok(t, err)
				b, err := d.State.Encode()
				ok(t, err)
				x.states[id] = string(b)
			}
			after, err := mx.Group(ctx, desk, w.Group)
			ok(t, err)
			if maps.Equal(g.Cut, after.Cut) { // nothing arrived meanwhile
				if kept = append(kept, x); len(wrong) > 0 {
					t.Fatal(strings.Join(wrong, "\n"))
				}
			}
		}
		w.Pass(1 + int64(r.IntN(world.Day)))
	}
	w.Mend("MX", "US")
	settle(t, w, "MX", "US")
	same, changed := 0, 0
	for _, x := range kept {
		cut, err := mx.CutAt(ctx, desk, w.Group, x.at)
		ok(t, err)
		if !maps.Equal(cut, x.cut) {
			incomplete++ // some of it arrived later
			continue
		}
		for i, q := range asked {
			got, wrong := whole(t, q, func(q node.Query) (*node.Page, error) { return mx.AsOfList(ctx, desk, w.Group, x.at, q) })
			if wrong != "" {
				t.Fatal(wrong)
			}
			if !slices.Equal(got, x.lists[i]) {
				t.Errorf("at %d: %+v: %d listed, %d were then", x.at-world.Start, q, len(got), len(x.lists[i]))
			}
		}
		for id, was := range x.states {
			d, err := mx.AsOf(ctx, desk, w.Group, id, x.at)
			ok(t, err)
			b, err := d.State.Encode()
			ok(t, err)
			if string(b) != was || !reflect.DeepEqual(d.View, d.State.At(x.at)) {
				t.Errorf("at %d: %s is %+v", x.at-world.Start, id.Short(), d.State)
			}
			same++
			now, err := mx.Instrument(ctx, desk, w.Group, id)
			ok(t, err)
			if b, err := now.State.Encode(); err == nil && string(b) != was {
				changed++
			}
			if len(d.Records) > len(now.Records) {
				t.Errorf("%d records then, %d now", len(d.Records), len(now.Records))
			}
		}
		if _, err := mx.AsOf(ctx, desk, w.Group, texts[len(texts)-1].Instrument, world.Start); !errors.Is(err, node.ErrNotFound) {
			t.Errorf("an instrument before it was opened: %v", err)
		}
	}
	counted(t, "states as of a moment", same)
	counted(t, "of them another now", changed)
	counted(t, "moments at which records were still to come", incomplete)
	counted(t, "acts refused", refused)
	checked(t, w.As("MX"))
}

// A log that forges its times and what it has seen takes nothing from it: as of any moment, the records dated up to it know no
// others, more time never means fewer records, and the check finds the times in their place.
func TestCutsByTimeAreClosedUnderForgedTimes(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	us := w.As("US")
	for range 3 {
		w.Pass(10)
		commits(t, w.As("MX"), 1)
		commits(t, us, 1)
		settle(t, w, "MX", "US")
	}
	f := turn(t, w, "MX", "US")
	w.Pass(10)
	commits(t, us, 2)
	own, err := us.Node.Outgoing(ctx, w.Group, "MX", 0)
	ok(t, err)
	head, err := tlog.ParseCheckpoint(own.Checkpoint)
	ok(t, err)
	b := branch(f.base)
	for _, change := range []func(*record.Header){
		func(h *record.Header) { h.Time = world.Start + 1 }, // before its own log
		func(h *record.Header) {
			h.Time, h.Seen = world.Start+2, record.Seen{"US": {Size: head.Size, Root: record.ID(head.Root)}}
		}, // before what it knows
		func(h *record.Header) { h.Time = world.Start + 3 },
		nil,
	} {
		b = append(b, f.note(b, change))
	}
	if code := f.show("US", b, len(f.base)); code != "" {
		t.Fatal(code)
	}
	w.Pass(10)
	commits(t, us, 1)
	own, err = us.Node.Outgoing(ctx, w.Group, "MX", 0)
	ok(t, err)
	headers := map[record.Ref]*record.Header{}
	for _, raw := range append(slices.Clone(own.Records), b...) {
		r, err := record.Stored(raw)
		ok(t, err)
		headers[r.Header().Ref()] = r.Header()
	}
	for again := range 2 {
		g, err := us.Node.Group(ctx, desk, w.Group)
		ok(t, err)
		if g.Cut["MX"] != uint64(len(b)) {
			t.Fatalf("%d records of MX count, not %d", g.Cut["MX"], len(b))
		}
		var last consent.Sizes
		cuts := 0
		for at := int64(world.Start) - 1; at <= w.Now(); at++ {
			cut, err := us.Node.CutAt(ctx, desk, w.Group, at)
			ok(t, err)
			for ref, h := range headers {
				for q, m := range h.Seen {
					if ref.Index < cut[ref.Party] && m.Size > cut[q] {
						t.Fatalf("as of %d: %s knows %d records of %s, the cut has %d", at, ref, m.Size, q, cut[q])
					}
				}
			}
			for q := range last {
				if cut[q] < last[q] {
					t.Fatalf("as of %d the log of %s is shorter than before", at, q)
				}
			}
			if !maps.Equal(cut, last) {
				cuts++
			}
			last = cut
		}
		if !maps.Equal(last, g.Cut) {
			t.Errorf("as of now: %v, counted %v", last, g.Cut)
		}
		counted(t, "cuts", cuts)
		checked(t, us)
		if again == 0 { // what memory held of the forged records is found again
			ok(t, us.Stop())
			ok(t, us.Restart(ctx))
			commits(t, us, 1)
		}
	}
}
