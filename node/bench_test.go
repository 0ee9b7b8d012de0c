package node

import (
	"math/rand/v2"
	"testing"

	"entente"
	"entente/record"
	"entente/store"
)

// BenchmarkLists reads pages of 50 from a group of 100,000 instruments: what every page of the workspace stands on.
func BenchmarkLists(b *testing.B) {
	w := newTwo(b)
	w.agreeCharter(b)
	n, desk := w.nodes["MX"], Caller{Office: "desk", Via: "web"}
	g, err := n.find(w.group)
	if err != nil {
		b.Fatal(err)
	}
	all := invent(b, n, g, rand.New(rand.NewPCG(1, 2)), 100_000)
	deep := func(q Query) Query { // a page in the middle
		q.Cursor = cursorAt(false, store.Key{Value: w.now, Pos: all[len(all)/2].pos})
		return q
	}
	for _, x := range []struct {
		name string
		q    Query
	}{
		{"first", Query{Kind: "commitment", Sort: SortDue}},
		{"deep", deep(Query{Kind: "commitment", Sort: SortDue})},
		{"newest of all kinds", Query{Sort: SortNewest}},
		{"line and owner", Query{Kind: "commitment", Line: "fuel", Owner: "US", Sort: SortLatest}},
		{"overdue", Query{Kind: "commitment", Overdue: true, Sort: SortDue}},
		{"proposed, last changed", Query{Kind: "commitment", Phase: entente.PhaseProposed, Sort: SortChanged}},
		{"nothing, by change", Query{Kind: "commitment", Phase: entente.PhaseRejected, Sort: SortChanged}},
		{"nothing, of all kinds", Query{Line: "arms"}},
		{"by target", Query{Target: record.Digest("invented", []byte("1")), Kind: "commitment", Sort: SortDue}},
		{"verified within days", Query{Kind: "commitment", Progress: ProgressVerified, DueFrom: w.now, DueBefore: w.now + 3*86400, Sort: SortNewest}},
	} {
		x.q.Limit = 50
		b.Run("list/"+x.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := n.Instruments(b.Context(), desk, w.group, x.q); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("count/"+x.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := n.Count(b.Context(), desk, w.group, x.q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("attention", func(b *testing.B) {
		for b.Loop() {
			if p, err := n.Attention(b.Context(), desk, w.group, AttentionQuery{Limit: 50}); err != nil || len(p.Items) != 50 {
				b.Fatal(err)
			}
		}
	})
	b.Run("attention of a line", func(b *testing.B) {
		for b.Loop() {
			if p, err := n.Attention(b.Context(), desk, w.group, AttentionQuery{Line: "tunnels", Limit: 50}); err != nil || len(p.Items) != 50 {
				b.Fatal(err)
			}
		}
	})
	b.Run("attention counts", func(b *testing.B) {
		for b.Loop() {
			if _, err := n.AttentionCounts(b.Context(), desk, w.group); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("counts by kind", func(b *testing.B) {
		for b.Loop() {
			if _, err := n.Counts(b.Context(), desk, w.group); err != nil {
				b.Fatal(err)
			}
		}
	})
}
