package node

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"

	"entente"
	"entente/consent"
	"entente/record"
	"entente/store"
)

// invent puts states of every shape straight into a node's tables, as the fold would have left them, and returns them by place.
func invent(t testing.TB, n *Node, g *group, r *rand.Rand, many int) []placed {
	t.Helper()
	parties := g.ledger.Parties()
	day := func(days int) int64 { return n.clock() + int64(r.IntN(2*days)-days)*86400 }
	id := func(i int) record.ID { return record.Digest("invented", fmt.Append(nil, i)) }
	var out []placed
	for i := range many {
		kind := []string{"commitment", "commitment", "commitment", "observation", "meeting"}[r.IntN(5)]
		p := parties[r.IntN(len(parties))]
		s := &entente.State{Instrument: id(i), Kind: kind, Line: []string{"", "fuel", "fuel", "tunnels"}[r.IntN(4)], Author: p, Last: day(100)}
		s.Opened = consent.Moment{Ref: record.Ref{Party: p, Index: uint64(1000 + i)}, Time: s.Last - int64(r.IntN(50))*86400}
		if r.IntN(5) > 0 {
			s.Owner = parties[r.IntN(len(parties))]
		}
		if r.IntN(5) > 0 {
			s.Due = day(20) // many fall on one second
		}
		if i > 10 && r.IntN(3) == 0 {
			s.Facts = append(s.Facts, entente.Fact{Name: []string{"decision", "indicator"}[r.IntN(2)], Value: id(r.IntN(4)).String()})
			if r.IntN(3) == 0 { // named twice
				s.Facts = append(s.Facts, entente.Fact{Name: "version", Value: s.Facts[0].Value})
			}
		}
		if kind == "meeting" && s.Due != 0 {
			s.Facts = append(s.Facts, entente.Fact{Name: "starts", Value: fmt.Sprint(s.Due)})
		}
		if kind != "observation" {
			for k := range 1 + r.IntN(2) {
				v := entente.VersionState{ID: id(-i*4 - k - 1), Ref: s.Opened.Ref, Standing: consent.Open, Required: parties}
				if r.IntN(2) == 0 {
					v.Until = day(10)
				}
				for _, q := range parties {
					x := entente.Side{Party: q}
					switch r.IntN(6) {
					case 0:
						x.Withdrawn = &consent.Moment{}
					case 1, 2:
						x.Consent = &consent.Moment{}
					}
					v.Sides = append(v.Sides, x)
				}
				if k == 0 && r.IntN(3) > 0 {
					v.Standing = consent.InForce
				}
				s.Versions = append(s.Versions, v)
			}
			if s.InForce() != nil && r.IntN(4) == 0 {
				s.Ends = day(10)
				s.Notices = []consent.Notice{{Ends: s.Ends}}
			}
		}
		if kind == "observation" || s.InForce() != nil && r.IntN(2) == 0 {
			rep := entente.Report{ID: id(1_000_000 + i), Ref: s.Opened.Ref, Progress: []string{"", entente.ProgressDone, entente.ProgressDone}[r.IntN(3)]}
			s.Reports = []entente.Report{rep}
			if r.IntN(2) == 0 {
				s.Replies = []entente.Reply{{ID: id(2_000_000 + i), Ref: record.Ref{Party: parties[r.IntN(len(parties))]}, To: rep.ID, Stance: entente.Acknowledge}}
			}
		} else if len(s.Versions) == 0 && r.IntN(4) == 0 {
			s.Rejected = []entente.Rejected{{}}
		}
		out = append(out, placed{store.PosOf(g.logs[p].row, s.Opened.Ref.Index), s})
	}
	err := n.store.Update(t.Context(), nil, func(tx *store.Tx) error {
		for _, x := range out {
			row, waits, refs := rowsOf(x.s, parties)
			var err error
			row.Pos = x.pos
			if row.Body, err = x.s.Encode(); err != nil {
				return err
			}
			if err := tx.PutState(g.row, row, waits, refs, true); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(out, func(a, b placed) int { return cmp.Compare(a.pos, b.pos) })
	return out
}

type placed struct {
	pos store.Pos
	s   *entente.State
}

// leaves is a second reading of a query, state by state.
func (q *Query) leaves(s *entente.State, now int64) bool {
	v := s.At(now)
	owed := v.Phase == entente.PhaseInForce && !v.Done && s.Due != 0 && s.Owner != "" && s.Fact("starts") == "" && (s.Ends == 0 || s.Due < s.Ends)
	switch {
	case q.Kind != "" && s.Kind != q.Kind, q.Line != "" && s.Line != q.Line, q.Owner != "" && s.Owner != q.Owner, q.Phase != "" && v.Phase != q.Phase:
	case q.Overdue && !v.Overdue, q.Changed > s.Last:
	case q.Progress == ProgressOwed && !owed, q.Progress == ProgressDone && (!v.Done || v.Verified), q.Progress == ProgressVerified && !v.Verified:
	case (q.DueFrom != 0 || q.DueBefore != 0) && s.Due == 0, s.Due < q.DueFrom, q.DueBefore != 0 && s.Due >= q.DueBefore:
	case !q.Target.IsZero() && !slices.ContainsFunc(s.Facts, func(f entente.Fact) bool {
		return f.Value == q.Target.String() && (q.Fact == "" || q.Fact == f.Name)
	}):
	default:
		return true
	}
	return false
}

// before is a second reading of an order.
func (q *Query) before(a, b placed) int {
	due := func(s *entente.State) int64 {
		if s.Due == 0 {
			return math.MaxInt64
		}
		return s.Due
	}
	x := cmp.Or(cmp.Compare(a.s.Opened.Time, b.s.Opened.Time), cmp.Compare(a.pos, b.pos))
	switch q.Sort {
	case SortNewest:
		return -x
	case SortDue:
		return cmp.Or(cmp.Compare(due(a.s), due(b.s)), cmp.Compare(a.pos, b.pos))
	case SortLatest:
		return -cmp.Or(cmp.Compare(due(a.s), due(b.s)), cmp.Compare(a.pos, b.pos))
	case SortChanged:
		return -cmp.Or(cmp.Compare(a.s.Last, b.s.Last), cmp.Compare(a.pos, b.pos))
	}
	return x
}

// scope is how much a test goes through: more when ENTENTE_LONG asks for it.
func scope(short, long int) int {
	if os.Getenv("ENTENTE_LONG") != "" {
		return long
	}
	return short
}

// Lists narrowed and ordered in the database are those that reading every state gives, page by page forwards and backwards,
// whichever index they are read by.
func TestListsAgreeWithTheStates(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	n, desk := w.nodes["MX"], Caller{Office: "desk"}
	g, err := n.find(w.group)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	invent(t, n, g, r, scope(1500, 6000))
	var all []placed // with the charter and the powers
	if err := store.States(n.store.View(t.Context()), g.row, func(p store.Pos, b []byte) error {
		s, err := entente.ParseState(b)
		all = append(all, placed{p, s})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	pick := func(xs ...string) string { return xs[r.IntN(len(xs))] }
	start, pages, full, none, counts := w.now, 0, 0, 0, 0
	for range 200 {
		w.now = start + int64(r.IntN(30)-15)*86400 + int64(r.IntN(3)-1)
		q := Query{Kind: pick("", "commitment", "commitment", "commitment", "meeting", "observation"), Line: pick("", "", "", "fuel", "tunnels"),
			Owner: record.Party(pick("", "", "MX", "US")), Progress: Progress(pick("", "", "", "", "", "", "owed", "done", "verified")), Overdue: r.IntN(12) == 0,
			Phase: entente.Phase(pick("", "", "", "", "", "", "", "proposed", "lapsed", "withdrawn", "in-force", "ended", "recorded", "rejected")),
			Sort:  Sort(pick("", "opened", "newest", "due", "latest", "changed")), Limit: 5 + r.IntN(100)}
		if r.IntN(6) == 0 {
			q.DueFrom = start + int64(r.IntN(20)-10)*86400
		}
		if r.IntN(6) == 0 {
			q.DueBefore = start + int64(r.IntN(20)-10)*86400
		}
		if r.IntN(5) == 0 {
			q.Changed = start + int64(r.IntN(100)-50)*86400
		}
		if r.IntN(8) == 0 {
			q.Target, q.Fact = record.Digest("invented", fmt.Append(nil, r.IntN(4))), pick("", "", "version", "decision", "indicator")
		}
		if plain := q.Sort == "" || q.Sort == SortOpened || q.Sort == SortNewest; q.Kind == "" && q.Target.IsZero() && (!plain || q.Changed != 0) {
			if _, err := n.Instruments(t.Context(), desk, w.group, q); !errors.Is(err, ErrInvalid) {
				t.Errorf("%+v without a kind: %v", q, err)
			}
			continue
		}
		var want []record.ID
		left := slices.DeleteFunc(slices.Clone(all), func(x placed) bool { return !q.leaves(x.s, w.now) })
		slices.SortFunc(left, q.before)
		for _, x := range left {
			want = append(want, x.s.Instrument)
		}
		c, err := n.Count(t.Context(), desk, w.group, q)
		if err != nil || c.N != min(len(want), maxCount) || c.More != (len(want) > maxCount) {
			t.Fatalf("%+v: counted %+v of %d: %v", q, c, len(want), err)
		}
		counts++
		var got []record.ID
		var last *Page
		for {
			p, err := n.Instruments(t.Context(), desk, w.group, q)
			if err != nil {
				t.Fatalf("%+v: %v", q, err)
			}
			pages++
			if len(p.Items) == q.Limit {
				full++
			}
			for _, x := range p.Items {
				got = append(got, x.State.Instrument)
				if !reflect.DeepEqual(x.View, x.State.At(w.now)) {
					t.Errorf("%+v", x.View)
				}
			}
			if (p.Prev == "") != (q.Cursor == "") || len(got) > len(want) {
				t.Fatalf("%+v: %d listed of %d, prev %q", q, len(got), len(want), p.Prev)
			}
			last = p
			if q.Cursor = p.Next; q.Cursor == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+v: %d listed, %d wanted", q, len(got), len(want))
		}
		if len(want) == 0 {
			none++
		}
		end := len(want) - len(last.Items)
		for q.Cursor = last.Prev; q.Cursor != ""; q.Cursor = last.Prev { // and back
			if last, err = n.Instruments(t.Context(), desk, w.group, q); err != nil || last.Next == "" {
				t.Fatalf("%+v: %v", q, err)
			}
			begin := end - len(last.Items)
			if begin < 0 || begin > 0 && len(last.Items) != q.Limit {
				t.Fatalf("%+v: back to %d", q, begin)
			}
			for i, x := range last.Items {
				if x.State.Instrument != want[begin+i] {
					t.Fatalf("%+v: another list backwards", q)
				}
			}
			end = begin
		}
		if end > 0 {
			t.Fatalf("%+v: backwards it ends %d before the start", q, end)
		}
	}
	if counts < 120 || full < 200 || none < 5 || none > counts/2 {
		t.Errorf("%d queries, %d pages, %d of them full, %d queries that leave nothing", counts, pages, full, none)
	}
}

// What waits for a party is what reading every state gives, reason by reason.
func TestAttentionAgreesWithTheStates(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	n, desk := w.nodes["MX"], Caller{Office: "desk"}
	g, err := n.find(w.group)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	all := invent(t, n, g, r, scope(1200, 4000))
	start, items := w.now, 0
	for range scope(30, 60) {
		w.now = start + int64(r.IntN(30)-15)*86400
		q := AttentionQuery{Party: []record.Party{"", "MX", "US"}[r.IntN(3)], Line: []string{"", "fuel"}[r.IntN(2)], Kind: []string{"", "commitment"}[r.IntN(2)],
			Limit: 1 + r.IntN(100), Mine: r.IntN(2) == 0}
		if r.IntN(2) == 0 {
			q.Reason = entente.AttentionReasons[r.IntN(len(entente.AttentionReasons))]
		}
		type one struct {
			id    record.ID
			about record.ID
		}
		want := map[entente.AttentionReason]map[one]int{}
		counts := map[entente.AttentionReason]int{}
		for _, x := range all {
			if q.Line != "" && x.s.Line != q.Line || q.Kind != "" && x.s.Kind != q.Kind {
				continue
			}
			for _, a := range x.s.Attention(g.ledger.Parties()) {
				if a.Party != cmp.Or(q.Party, "MX") || !a.Shows(w.now) {
					continue
				}
				counts[a.Reason]++
				if q.Reason != "" && a.Reason != q.Reason {
					continue
				}
				if want[a.Reason] == nil {
					want[a.Reason] = map[one]int{}
				}
				want[a.Reason][one{x.s.Instrument, a.About}]++
			}
		}
		reason, from := 0, int64(0)
		for {
			p, err := n.Attention(t.Context(), desk, w.group, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range p.Counts {
				if c.N != min(counts[c.Reason], maxCount) || c.More != (counts[c.Reason] > maxCount) {
					t.Fatalf("%+v: %+v, there are %d", q, c, counts[c.Reason])
				}
			}
			short := q
			short.Most = 3
			few, err := n.Attention(t.Context(), desk, w.group, short)
			if err != nil || !reflect.DeepEqual(few.Items, p.Items) || len(few.Counts) != len(p.Counts) {
				t.Fatalf("%+v: counted less far it is another list: %v", q, err)
			}
			for _, c := range few.Counts {
				if c.N != min(counts[c.Reason], 3) || c.More != (counts[c.Reason] > 3) {
					t.Fatalf("%+v: %+v, there are %d", q, c, counts[c.Reason])
				}
			}
			short.Bare = true
			if bare, err := n.Attention(t.Context(), desk, w.group, short); err != nil || !reflect.DeepEqual(bare.Items, p.Items) || len(bare.Counts) > 0 || bare.Next != p.Next {
				t.Fatalf("%+v: without counts it is another list: %v", q, err)
			}
			for _, x := range p.Items {
				i := slices.Index(entente.AttentionReasons, x.Attention.Reason)
				if i < reason || i == reason && x.Attention.From < from {
					t.Fatalf("%+v: out of order", q)
				}
				reason, from = i, x.Attention.From
				k := one{x.State.Instrument, x.Attention.About}
				if want[x.Attention.Reason][k]--; want[x.Attention.Reason][k] < 0 {
					t.Fatalf("%+v: %+v waits once too often", q, x.Attention)
				}
				items++
			}
			if q.Cursor = p.Next; q.Cursor == "" {
				break
			}
		}
		for reason, m := range want {
			for k, left := range m {
				if left != 0 {
					t.Fatalf("%+v: %s of %s does not wait", q, reason, k.id.Short())
				}
			}
		}
		byLine, err := n.AttentionCounts(t.Context(), desk, w.group)
		if err != nil {
			t.Fatal(err)
		}
		sum := map[entente.AttentionReason]int{}
		for _, c := range byLine {
			if c.Party == cmp.Or(q.Party, "MX") && (q.Line == "" || c.Line == q.Line) && !c.More {
				sum[c.Reason] += c.N
			}
		}
		for reason, k := range sum {
			if q.Kind == "" && k != counts[reason] {
				t.Fatalf("%s: %d by line, %d in all", reason, k, counts[reason])
			}
		}
	}
	if items < 2000 {
		t.Errorf("only %d things waited", items)
	}
	nobody, err := n.Attention(t.Context(), Caller{Operator: true}, w.group, AttentionQuery{Mine: true})
	if err != nil || len(nobody.Items) > 0 {
		t.Errorf("%d things for an office without authority: %v", len(nobody.Items), err)
	}
}

// The phases read in columns are those of the standing, at every moment.
func TestPhasesInColumns(t *testing.T) {
	phases := []entente.Phase{entente.PhaseProposed, entente.PhaseWithdrawn, entente.PhaseLapsed, entente.PhaseInForce, entente.PhaseEnded, entente.PhaseRecorded, entente.PhaseRejected}
	within := func(r [2]int64, x int64) bool {
		if x == 0 {
			x = store.Never
		}
		return r == [2]int64{} || r[0] <= x && x <= r[1]
	}
	for _, st := range []entente.Standing{{Phase: entente.PhaseProposed}, {Phase: entente.PhaseProposed, Until: 100}, {Phase: entente.PhaseWithdrawn}, {Phase: entente.PhaseInForce},
		{Phase: entente.PhaseInForce, Ends: 100}, {Phase: entente.PhaseRecorded}, {Phase: entente.PhaseRejected}} {
		for now := int64(98); now < 103; now++ {
			for _, p := range phases {
				var f store.Filter
				inPhase(&f, p, now)
				if got := f.Phase == string(st.Phase) && within(f.Until, st.Until) && within(f.Ends, st.Ends); got != (st.At(now) == p) {
					t.Errorf("%+v at %d: %s reads %v", st, now, p, got)
				}
			}
		}
	}
}

func FuzzCursor(f *testing.F) {
	for _, s := range []string{"", "n1.2", "p-1.zz", "w3.0.1y2p0ij32e8e7.5.1", "n9223372036854775807.0", "c.1.2x", "w99.0.0.0.0", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, back, err := Cursor(s).parse()
		if err == nil && s != "" && cursorAt(back, *k) != Cursor(s) {
			t.Errorf("%q is read as %+v", s, k)
		}
		p, err := parsePlace(Cursor(s))
		if err == nil && (p.key == nil || p.reason < 0 || p.reason >= len(entente.AttentionReasons)) {
			t.Errorf("%q is read as %+v", s, p)
		}
		if (errors.Is(err, ErrInvalid)) == (err == nil) {
			t.Error(err)
		}
		parties := []record.Party{"MX", "US"}
		if cut, err := Cursor(s).parseCut(parties); err == nil && s != "" && (cutCursor(parties, cut) != Cursor(s) || len(cut) != 2) {
			t.Errorf("%q is read as %v", s, cut)
		}
	})
}

// The feed is every record that people read of, newest first, each once, whatever the pages; what one log knows of another
// stands before it.
func TestChanges(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	var want []record.ID
	for i := range 40 {
		p := []record.Party{"MX", "US"}[i%3%2]
		s := w.act(t, p, Act{Kind: "commitment", Verb: record.Propose, Parts: texts(), Terms: []byte(`{"owner":"US","due":1900000000}`)})
		want = append([]record.ID{s.ID}, want...)
		w.now += int64(i % 2)
		w.sync(t, "MX", "US")
		w.sync(t, "US", "MX")
		if _, err := w.nodes["US"].Receipt(t.Context(), w.group); err != nil {
			t.Fatal(err)
		}
	}
	n, desk := w.nodes["MX"], Caller{Office: "desk"}
	read := func(q ChangeQuery) (out []Change, pages int) {
		for {
			p, err := n.Changes(t.Context(), desk, w.group, q)
			if err != nil {
				t.Fatal(err)
			}
			out, pages = append(out, p.Items...), pages+1
			if q.Cursor = p.Next; q.Cursor == "" {
				return out, pages
			}
		}
	}
	for _, limit := range []int{0, 1, 7, 44} {
		got, pages := read(ChangeQuery{Limit: limit})
		if len(got) != 44 || limit == 7 && pages < 7 { // with two powers and two consents to the charter
			t.Fatalf("%d changes on %d pages", len(got), pages)
		}
		for i, id := range want {
			if c := got[i]; c.ID != id || c.Instrument != id || c.Kind != "commitment" || c.Verb != record.Propose || c.Void || c.Of == nil || c.Of.State.Instrument != id ||
				len(c.Offices) != 1 || c.Offices[0] != "desk" {
				t.Fatalf("%d of pages of %d: %+v", i, limit, got[i])
			}
		}
		if c := got[40]; c.Instrument != w.group || c.Of == nil || c.Of.State.Kind != "charter" {
			t.Errorf("%+v", c)
		}
	}
	if got, _ := read(ChangeQuery{Since: w.now - 3}); len(got) < 5 || len(got) > 10 || got[len(got)-1].Time < w.now-3 {
		t.Errorf("%d changes in the last seconds", len(got))
	}
	if got, _ := read(ChangeQuery{Party: "US", Kind: "commitment", Limit: 3}); len(got) == 0 || len(got) == 40 || got[0].Ref.Party != "US" {
		t.Errorf("%d changes of US", len(got))
	}
	if got, _ := read(ChangeQuery{Line: "arms"}); len(got) != 0 {
		t.Errorf("%d changes on no line", len(got))
	}
	for _, c := range []Cursor{"c", "c.1", "c.1.2.3", "c.zz.-1", "n1.2", "c.01.1"} {
		if _, err := n.Changes(t.Context(), desk, w.group, ChangeQuery{Cursor: c}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", c, err)
		}
	}
	by, err := n.InstrumentsByID(t.Context(), desk, w.group, want[3], want[3], w.group, record.ID{1})
	if err != nil || len(by) != 2 || by[want[3]].State.Instrument != want[3] || by[w.group].State.Kind != "charter" {
		t.Errorf("%v %v", by, err)
	}
}
