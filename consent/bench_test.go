package consent

import (
	"fmt"
	"testing"

	"entente/record"
)

// BenchmarkEvaluate folds an instrument as large as most get: two parties, three versions, ten acts.
func BenchmarkEvaluate(b *testing.B) {
	h := write(b, 2,
		"A#0 consent v1", "A#1 withdraw v1 seen{B:0}", "B#0 note seen{A:2}", "A#2 consent v2 seen{B:1}", "B#1 consent v2 seen{A:3}",
		"A#3 note seen{B:2}", "A#4 consent v3 seen{B:2}", "B#2 withdraw v3 seen{A:5}", "B#3 consent v3 seen{A:5}", "A#5 note seen{B:4}",
		"A#6 withdraw v3 seen{B:4}", "B#4 note seen{A:7}", "A#7 consent v3 seen{B:5}", "B#5 consent v3 seen{A:8}")
	versions := []Version{version(1, 2, 0, 0), version(2, 2, 0, 0), version(3, 2, 2, 0)}
	acts, k := h.acts(h.full(), false), knowledge{h, h.full()}
	if len(acts) != 10 {
		b.Fatalf("%d acts", len(acts))
	}
	b.ReportAllocs()
	for b.Loop() {
		if res := Evaluate(versions, acts, k, Clocks{Notice: 10, Ceiling: 10}); res.Outcomes[2].Standing != InForce {
			b.Fatal(show(res))
		}
	}
}

// flat holds logs whose roots cost nothing, so that Advance itself is measured.
type flat map[record.Party][]*record.Header

func (f flat) Header(r record.Ref) *record.Header {
	if l := f[r.Party]; r.Index < uint64(len(l)) {
		return l[r.Index]
	}
	return nil
}

func (f flat) Root(record.Party, uint64) (record.ID, bool) { return record.ID{}, true }

// BenchmarkAdvance counts 10,000 records of two parties: in turns, each knowing the last of the other, and as a backlog.
func BenchmarkAdvance(b *testing.B) {
	const n = 10_000
	for _, run := range []uint64{1, n / 2} {
		f := flat{}
		size := Sizes{}
		for i := range uint64(n) {
			p, q := names[i/run%2], names[1-i/run%2]
			h := &record.Header{Party: p, Index: size[p], Time: int64(i + 1)}
			if size[q] > 0 {
				h.Seen = record.Seen{q: {Size: size[q]}}
			}
			f[p], size[p] = append(f[p], h), size[p]+1
		}
		b.Run(fmt.Sprintf("runs of %d", run), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if counted, _ := Advance(Sizes{}, names[:2], f, n+1); len(counted) != n {
					b.Fatal(len(counted))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
		})
	}
}
