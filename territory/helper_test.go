package territory

import (
	"math"
	"os"
	"sync"
	"testing"
)

// dataFile is what make boundary makes.
const dataFile = "data/mx-us.boundary"

var realData = sync.OnceValues(func() (*Boundary, error) {
	b, err := os.ReadFile(dataFile)
	if err != nil {
		return nil, err
	}
	return Parse(b)
})

func real(t testing.TB) *Boundary {
	t.Helper()
	b, err := realData()
	if os.IsNotExist(err) && os.Getenv("CI") == "" {
		t.Skip("no boundary data: run make boundary")
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pos(lat, lon float64) Position {
	return position(int64(math.Round(lat*degree)), int64(math.Round(lon*degree)))
}

// The slow second implementation: vertices and vectors, nothing of S2. It works on the same outlines.

type vec [3]float64

func (p Position) vec() vec {
	a, o := float64(p.Lat)/degree*math.Pi/180, float64(p.Lon)/degree*math.Pi/180
	return vec{math.Cos(a) * math.Cos(o), math.Cos(a) * math.Sin(o), math.Sin(a)}
}

func cross(a, b vec) vec {
	return vec{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}
func dot(a, b vec) float64   { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }
func length(a vec) float64   { return math.Sqrt(dot(a, a)) }
func angle(a, b vec) float64 { return math.Atan2(length(cross(a, b)), dot(a, b)) }

// toEdge is the distance in metres from p to the great circle arc from a to b.
func toEdge(p, a, b vec) float64 {
	n := cross(a, b)
	if l := length(n); l > 0 && dot(cross(n, a), p) > 0 && dot(cross(b, n), p) > 0 {
		return math.Abs(math.Asin(max(-1, min(1, dot(n, p)/l)))) * earthRadius
	}
	return min(angle(p, a), angle(p, b)) * earthRadius
}

// inLoop counts how often the outline passes the meridian of p to the north of it.
func inLoop(l []Position, p Position) bool {
	in := false
	for i := range l {
		a, b := l[i], l[(i+1)%len(l)]
		x1, x2 := wrap(int64(a.Lon)-int64(p.Lon)), wrap(int64(b.Lon)-int64(p.Lon))
		if (x1 > 0) == (x2 > 0) || math.Abs(x1-x2) > 180*degree {
			continue
		}
		f := x1 / (x1 - x2)
		if lat := float64(a.Lat) + f*float64(int64(b.Lat)-int64(a.Lat)); lat > float64(p.Lat) {
			in = !in
		}
	}
	return in
}

func wrap(d int64) float64 {
	switch {
	case d > 180*degree:
		d -= 360 * degree
	case d < -180*degree:
		d += 360 * degree
	}
	return float64(d)
}

// slowDistance is 0 inside, else metres to the nearest edge; toLine is that to the outlines either way.
func slowDistance(countries []country, p Position) (d, toLine float64) {
	toLine = math.Inf(1)
	in := false
	v := p.vec()
	for _, c := range countries {
		odd := false
		for _, l := range c {
			odd = odd != inLoop(l, p)
			last := l[len(l)-1].vec()
			for _, q := range l {
				w := q.vec()
				if near := angle(v, last)*earthRadius - 300_000; near < toLine { // no edge is longer
					toLine = min(toLine, toEdge(v, last, w))
				}
				last = w
			}
		}
		in = in || odd
	}
	if in {
		return 0, toLine
	}
	return toLine, toLine
}

func file(t testing.TB) []byte {
	t.Helper()
	real(t)
	b, err := os.ReadFile(dataFile)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
