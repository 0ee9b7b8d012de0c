package territory

import (
	"math"
	"slices"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// Relation of an area to a party.
type Relation string

// The relations. Inside: the party hosts. Band: it is notified.
const (
	Inside  Relation = "inside"
	Band    Relation = "band"
	Outside Relation = "outside"
)

// Place is what kind of territory an area lies in.
type Place string

// The places. An area that reaches into the territory of a state that is no party is in a third state, whoever hosts the rest.
const (
	OnLand     Place = "land"
	AtSea      Place = "sea" // territorial sea, or inland waters away from land
	ThirdState Place = "third_state"
	HighSeas   Place = "high_seas"
)

// Answer says where an area lies, for people and programs.
type Answer struct {
	Hosts    []string      `json:"hosts"`
	Notified []string      `json:"notified"`
	Parties  []PartyAnswer `json:"parties"`
	Where    Place         `json:"where"`
	Dataset  string        `json:"dataset"`
	BandM    int64         `json:"band_m"`
}

// PartyAnswer is how far an area is from one party's territory.
type PartyAnswer struct {
	Party     string   `json:"party"`
	DistanceM int64    `json:"distance_m"` // whole metres; 0 where they meet
	Relation  Relation `json:"relation"`
}

// Answer says where the area lies: hosts and notified from its cells, as every node finds them, and distances from its shape.
// The area has been checked.
func (b *Boundary) Answer(a Area) Answer {
	return b.AnswerFor(b.Locate(a.Cells(b)), a)
}

// AnswerFor is Answer where the cells are given: those of a header.
func (b *Boundary) AnswerFor(f Finding, a Area) Answer {
	out := Answer{Hosts: slices.Clone(f.Hosts), Notified: slices.Clone(f.Notified), Dataset: b.Source, BandM: b.BandM, Where: f.Place()}
	if out.Hosts == nil {
		out.Hosts = []string{}
	}
	if out.Notified == nil {
		out.Notified = []string{}
	}
	for i, p := range b.Parties {
		x := PartyAnswer{Party: p, Relation: Outside, DistanceM: int64(math.Round(b.distance(i, a)))}
		switch {
		case slices.Contains(f.Hosts, p):
			x.Relation = Inside
		case slices.Contains(f.Notified, p):
			x.Relation = Band
		}
		out.Parties = append(out.Parties, x)
	}
	return out
}

// Place of what was found.
func (f Finding) Place() Place {
	switch {
	case f.Others:
		return ThirdState
	case len(f.Hosts) == 0:
		return HighSeas
	case f.Land:
		return OnLand
	}
	return AtSea
}

// distance in metres from an area to a party's territory, whole where they meet.
func (b *Boundary) distance(party int, a Area) float64 {
	x := b.exact[party]
	x.once.Do(func() { x.build(b.lands[party]) })
	best := s1.InfChordAngle()
	shrink := math.Inf(1) // metres, after the radius of a point
	q := s2.NewClosestEdgeQuery(x.index, s2.NewClosestEdgeQueryOptions().IncludeInteriors(false))
	for _, s := range a.Shapes {
		first := s.Rings[0][0].point()
		if slices.ContainsFunc(x.inside, func(e *edges) bool { return e.contains(first) }) {
			return 0 // what has no place inside and meets it crosses its outline, or holds a whole island
		}
		if s.Kind == Point {
			d := q.Distance(s2.NewMinDistanceToPointTarget(first))
			shrink = min(shrink, max(0, float64(d.Angle())*earthRadius-float64(s.RadiusM)))
			continue
		}
		r := newEdges(s.Rings, s.Kind == Polygon)
		if r.closed && slices.ContainsFunc(x.heads, r.contains) {
			return 0
		}
		for _, e := range r.raw {
			// Edge by edge: a target of a whole index misses overlaps (golang/geo#293).
			if best = min(best, q.Distance(s2.NewMinDistanceToEdgeTarget(e))); best == 0 {
				return 0
			}
		}
	}
	return min(shrink, float64(best.Angle())*earthRadius)
}

func (x *exact) build(countries []country) {
	var rings [][]s2.Point
	for _, loops := range countries {
		e := &edges{closed: true}
		for _, l := range loops {
			e.add(l)
			pts := make([]s2.Point, 0, len(l))
			for _, p := range l {
				pts = append(pts, p.point())
			}
			rings = append(rings, pts)
			x.heads = append(x.heads, pts[0])
		}
		x.inside = append(x.inside, e)
	}
	x.index = s2.NewShapeIndex()
	if len(rings) > 0 {
		x.index.Add(s2.LaxPolygonFromPoints(rings))
	}
	x.index.Build()
}

// AnswerCells is Answer from the cells of a header alone: distances are to the cells, so never more than those to the shape.
func (b *Boundary) AnswerCells(cells []uint64) Answer {
	return b.AnswerFor(b.Locate(cells), CellArea(cells))
}

func cellShape(c uint64) Shape {
	cell := s2.CellFromCellID(s2.CellID(c))
	ring := make([]Position, 4)
	for k := range ring {
		ring[k] = placeOf(cell.Vertex(k))
	}
	if simple := simple(ring, true); len(simple) < 3 { // a cell finer than a position
		return Shape{Kind: Point, Rings: [][]Position{{ring[0]}}}
	}
	return Shape{Kind: Polygon, Rings: [][]Position{ring}}
}

// Around is a circle that contains the cells: its centre, and its radius in whole metres.
func Around(cells []uint64) (Position, int64) {
	var u s2.CellUnion
	for _, c := range cells {
		u = append(u, s2.CellID(c))
	}
	c := u.CapBound()
	return placeOf(c.Center()), int64(math.Ceil(float64(c.Radius()) * earthRadius))
}

func placeOf(p s2.Point) Position {
	ll := s2.LatLngFromPoint(p)
	return position(int64(math.Round(ll.Lat.Degrees()*degree)), int64(math.Round(ll.Lng.Degrees()*degree)))
}
