package territory

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Budgets: hosts of a point with a radius under 20 µs, of a polygon of 8 corners under 100 µs, of a line of 200 points under
// 1 ms, each from the shape to the hosts, the median over places near and far; the file loads under 1 s and 60 MB.

func places(n int) []Position {
	rnd := rand.New(rand.NewPCG(1, 2))
	var out []Position
	for range n {
		out = append(out, pos(15+rnd.Float64()*30, -120+rnd.Float64()*40))
	}
	return out
}

func ring(p Position, n int, r float64) []Position {
	var out []Position
	for k := range n {
		s, c := math.Sincos(float64(k) * 2 * math.Pi / float64(n))
		out = append(out, pos(float64(p.Lat)/degree+r*s, float64(p.Lon)/degree+r*c))
	}
	return out
}

func polygonAt(p Position) Area {
	return Area{[]Shape{{Kind: Polygon, Rings: [][]Position{ring(p, 8, 0.05)}}}}
}

func lineAt(p Position) Area {
	var l []Position
	for k := range 200 {
		l = append(l, pos(float64(p.Lat)/degree+float64(k)*0.002, float64(p.Lon)/degree+math.Sin(float64(k)/9)*0.05))
	}
	return Area{[]Shape{{Kind: Line, Rings: [][]Position{l}}}}
}

func benchHosts(b *testing.B, area func(Position) Area) {
	d := real(b)
	var all []Area
	for _, p := range places(512) {
		all = append(all, area(p))
	}
	took := make([]time.Duration, 0, 1<<16)
	i := 0
	for b.Loop() {
		t := time.Now()
		d.Locate(all[i%len(all)].Cells(d))
		took = append(took, time.Since(t))
		i++
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "median-ns")
}

func BenchmarkHostsPoint(b *testing.B) {
	benchHosts(b, func(p Position) Area { return At(p, 500) })
}
func BenchmarkHostsPolygon(b *testing.B) { benchHosts(b, polygonAt) }
func BenchmarkHostsLine(b *testing.B)    { benchHosts(b, lineAt) }

func BenchmarkLoad(b *testing.B) {
	d := file(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(d); err != nil {
			b.Fatal(err)
		}
	}
}
