package territory

import (
	"encoding/json"
	"math"
)

// Outline is what a map draws of boundary data: a help for the eye. Hosts are found from cells and never from it.
type Outline struct {
	View    [4]float64     `json:"view"` // south, west, north, east of the largest outline of each party
	Parties []PartyOutline `json:"parties"`
}

// PartyOutline is the land and territorial sea of a party. Of each country, what an odd number of rings contains belongs to it. A
// ring is latitude and longitude of its first point and then the differences from one to the next, in 10⁻⁵ degrees; a longitude may
// go on beyond 180 degrees, so that no line runs around the globe.
type PartyOutline struct {
	Party     string      `json:"party"`
	Countries [][][]int64 `json:"countries"`
}

// outlineUnit is 10⁻⁵ degrees, about a metre, in units of a Position.
const outlineUnit = 100

// Outline is the whole data set, without points that stray less than leastStray from a straight line, or more where that leaves more
// than maxOutline points. It is computed once.
func (b *Boundary) Outline() []byte {
	b.drawn.once.Do(func() {
		for stray := leastStray; ; stray *= 2 {
			o, n := b.outline(stray)
			if n > maxOutline {
				continue
			}
			b.drawn.json, _ = json.Marshal(o) // integers and strings
			return
		}
	})
	return b.drawn.json
}

func (b *Boundary) outline(stray float64) (Outline, int) {
	o, total := Outline{View: b.view()}, 0
	for i, p := range b.Parties {
		x := PartyOutline{Party: p, Countries: [][][]int64{}}
		for _, c := range b.lands[i] {
			rings := [][]int64{}
			for _, l := range c {
				r := thin(unrolled(l), stray)
				if len(r) < 3 {
					continue
				}
				total += len(r)
				flat := make([]int64, 0, 2*len(r))
				var last flatPoint
				for _, q := range r {
					q = flatPoint{q.lat / outlineUnit, q.lon / outlineUnit}
					flat = append(flat, q.lat-last.lat, q.lon-last.lon)
					last = q
				}
				rings = append(rings, flat)
			}
			x.Countries = append(x.Countries, rings)
		}
		o.Parties = append(o.Parties, x)
	}
	return o, total
}

// view is where a map opens: around the largest outline of each party.
func (b *Boundary) view() [4]float64 {
	v := [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, countries := range b.lands {
		var most float64
		var best [4]float64
		for _, c := range countries {
			for _, l := range c {
				box := [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
				for _, q := range unrolled(l) {
					lat, lon := float64(q.lat)/degree, float64(q.lon)/degree
					box = [4]float64{min(box[0], lat), min(box[1], lon), max(box[2], lat), max(box[3], lon)}
				}
				if size := (box[2] - box[0]) * (box[3] - box[1]) * math.Cos((box[0]+box[2])/2*math.Pi/180); size > most {
					most, best = size, box
				}
			}
		}
		if most > 0 {
			v = [4]float64{min(v[0], best[0]), min(v[1], best[1]), max(v[2], best[2]), max(v[3], best[3])}
		}
	}
	if math.IsInf(v[0], 0) { // no outline at all
		return [4]float64{-60, -180, 75, 180}
	}
	return v
}

// flatPoint is a Position whose longitude may go on beyond 180 degrees.
type flatPoint struct{ lat, lon int64 }

// unrolled lets the longitude of a ring go on where it crosses 180 degrees.
func unrolled(l []Position) []flatPoint {
	out := make([]flatPoint, len(l))
	turn := int64(0)
	for i, p := range l {
		if i > 0 {
			switch d := int64(p.Lon) - int64(l[i-1].Lon); {
			case d > 180*degree:
				turn -= 360 * degree
			case d < -180*degree:
				turn += 360 * degree
			}
		}
		out[i] = flatPoint{int64(p.Lat), int64(p.Lon) + turn}
	}
	return out
}

// thin leaves out points of a ring that lie within so many metres of the line between those that stay (Douglas and Peucker).
func thin(r []flatPoint, metres float64) []flatPoint {
	if len(r) < 4 {
		return r
	}
	far := 0 // the ring is parted at its first point and at the one farthest from it
	for i := range r {
		if strays(r[i], r[0], r[0]) > strays(r[far], r[0], r[0]) {
			far = i
		}
	}
	keep := make([]bool, len(r)+1)
	keep[0], keep[far], keep[len(r)] = true, true, true
	at := func(i int) flatPoint { return r[i%len(r)] }
	open := [][2]int{{0, far}, {far, len(r)}}
	for len(open) > 0 {
		s := open[len(open)-1]
		open = open[:len(open)-1]
		worst, where := metres, -1
		for i := s[0] + 1; i < s[1]; i++ {
			if d := strays(at(i), at(s[0]), at(s[1])); d > worst {
				worst, where = d, i
			}
		}
		if where >= 0 {
			keep[where] = true
			open = append(open, [2]int{s[0], where}, [2]int{where, s[1]})
		}
	}
	var out []flatPoint
	for i, p := range r {
		if keep[i] {
			out = append(out, p)
		}
	}
	return out
}

// strays is about how many metres a point lies from a stretch, on a plane: enough for a drawing.
func strays(p, a, b flatPoint) float64 {
	const perUnit = earthRadius * math.Pi / 180 / degree
	narrow := math.Cos(float64(p.lat) / degree * math.Pi / 180)
	x := func(q flatPoint) float64 { return float64(q.lon-a.lon) * narrow * perUnit }
	y := func(q flatPoint) float64 { return float64(q.lat-a.lat) * perUnit }
	bx, by, px, py := x(b), y(b), x(p), y(p)
	t := 0.0
	if n := bx*bx + by*by; n > 0 {
		t = max(0, min(1, (px*bx+py*by)/n))
	}
	return math.Hypot(px-t*bx, py-t*by)
}

// CellArea is the area that cells stand for, as polygons.
func CellArea(cells []uint64) Area {
	var a Area
	for _, c := range cells {
		a.Shapes = append(a.Shapes, cellShape(c))
	}
	return a
}
