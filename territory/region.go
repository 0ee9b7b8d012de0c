package territory

import (
	"math"

	"github.com/golang/geo/r2"
	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// earthRadius in metres: the sphere of equal surface. Distances on it are within 0.6 % of those on the ellipsoid.
const earthRadius = 6371010.0

func metres(m int64) s1.ChordAngle {
	return s1.ChordAngleFromAngle(s1.Angle(float64(m) / earthRadius))
}

// quad is a cell that a region meets, with the edges that pass through it.
type quad struct {
	id     s2.CellID
	edges  []int32
	inside bool // its centre lies in the region's polygons
	near   bool // of use to who covers territory
	whole  bool // it lies in the region
}

// region is a part of the sphere that can be told cell by cell. What split returns contains all of the region in the cell;
// it may hold a sliver more, never less.
type region interface {
	roots() []quad
	split(q quad) []quad
}

// padding of cells and edges in (u,v): the error of clipping, with room. It is a nanometre on the ground.
const padding = 1e-14

// edge is one edge of a region, clipped to the faces of the cube that it touches.
type edge struct {
	a, b s2.Point
	face int
	u, v r2.Point // in the face's coordinates
}

// edges is a region of lines, or of polygons by parity.
type edges struct {
	list   []edge
	closed bool
	origin bool // polygons: whether s2's origin lies inside
	count  int  // of edges before clipping
	raw    []s2.Edge
}

// newEdges makes a region of rings. The inside of a ring is the smaller of its two sides; where several contain a place, an
// even number of them does not.
func newEdges(rings [][]Position, closed bool) *edges {
	r := &edges{closed: closed}
	for _, ring := range rings {
		r.add(straight(ring, closed, straightArea))
	}
	return r
}

func (r *edges) add(ring []Position) {
	pts := make([]s2.Point, 0, len(ring))
	for _, p := range ring {
		v, n := p.point(), len(pts)
		switch {
		case n > 0 && pts[n-1] == v: // at a pole all longitudes are one place
		case r.closed && n > 1 && pts[n-2] == v: // out and back, as where a map is cut at the antimeridian
			pts = pts[:n-1]
		default:
			pts = append(pts, v)
		}
	}
	if r.closed && len(pts) > 2 {
		l := s2.LoopFromPoints(pts)
		l.Normalize()
		r.origin = r.origin != l.ContainsOrigin()
	}
	n := len(pts)
	if !r.closed {
		n--
	}
	for i := range n {
		a, b := pts[i], pts[(i+1)%len(pts)]
		if a == b {
			continue
		}
		r.raw = append(r.raw, s2.Edge{V0: a, V1: b})
		fa, fb := face(a), face(b)
		for f := range 6 {
			if fa == fb && f != fa && !onSide(a) && !onSide(b) {
				continue // a face is convex: the edge does not leave it
			}
			if u, v, ok := s2.ClipToPaddedFace(a, b, f, padding); ok {
				r.list = append(r.list, edge{a, b, f, u, v})
			}
		}
	}
}

func face(p s2.Point) int { return leafAt(p).Face() }

// onSide: so near a side of its face that the next face may want the edge too.
func onSide(p s2.Point) bool {
	x, y, z := math.Abs(p.X), math.Abs(p.Y), math.Abs(p.Z)
	top, n := max(x, y, z)*(1-1e-9), 0
	for _, v := range []float64{x, y, z} {
		if v >= top {
			n++
		}
	}
	return n > 1
}

// contains tells whether a place lies in the polygons, by the number of edges between it and a place that is known.
func (r *edges) contains(p s2.Point) bool {
	in := r.origin
	o := s2.OriginPoint()
	c := s2.NewEdgeCrosser(o, p)
	for i := range r.raw {
		if c.EdgeOrVertexCrossing(r.raw[i].V0, r.raw[i].V1) {
			in = !in
		}
	}
	return in
}

// roots are the smallest cells that hold each face's edges, and faces that lie inside.
func (r *edges) roots() []quad {
	var out []quad
	for f := range 6 {
		var mine []int32
		whole := s2.CellIDFromFace(f)
		first, low := s2.CellID(0), 30
		for i := range r.list {
			e := &r.list[i]
			if e.face != f {
				continue
			}
			mine = append(mine, int32(i))
			for _, p := range []s2.Point{e.a, e.b} {
				id := leafAt(p)
				if first == 0 {
					first = id
				}
				l, ok := first.CommonAncestorLevel(id)
				if !ok || id.Face() != f {
					l = 0
				}
				low = min(low, l)
			}
		}
		id := whole
		if len(mine) > 0 && first.Face() == f {
			id = first.Parent(low)
		}
		q := quad{id: id, edges: mine}
		if r.closed {
			q.inside = r.contains(id.Point())
			if id != whole && r.contains(beside(whole, id).Point()) { // the rest of the face is inside: rare, and large
				q = quad{id: whole, edges: mine, inside: r.contains(whole.Point())}
			}
		}
		if len(mine) > 0 || q.inside {
			q.whole = len(mine) == 0
			out = append(out, q)
		}
	}
	return out
}

// beside is a child of the face that the cell does not lie in: no edge passes through it.
func beside(face, id s2.CellID) s2.CellID {
	c := face.Children()
	if c[0].Contains(id) {
		return c[1]
	}
	return c[0]
}

func (r *edges) split(q quad) []quad {
	out := make([]quad, 0, 4)
	c := q.id.Point()
	for _, id := range q.id.Children() {
		rect := s2.CellFromCellID(id).BoundUV().ExpandedByMargin(padding)
		k := quad{id: id, near: q.near}
		for _, i := range q.edges {
			if e := &r.list[i]; meets(rect, e.u, e.v) {
				k.edges = append(k.edges, i)
			}
		}
		if r.closed {
			k.inside = q.inside
			if len(q.edges) > 0 {
				x := s2.NewEdgeCrosser(c, id.Point())
				for _, i := range q.edges {
					if x.EdgeOrVertexCrossing(r.list[i].a, r.list[i].b) {
						k.inside = !k.inside
					}
				}
			}
		}
		if len(k.edges) > 0 || k.inside {
			k.whole = len(k.edges) == 0
			out = append(out, k)
		}
	}
	return out
}

// meets tells whether a segment touches a rectangle.
func meets(r r2.Rect, a, b r2.Point) bool {
	if max(a.X, b.X) < r.X.Lo || min(a.X, b.X) > r.X.Hi || max(a.Y, b.Y) < r.Y.Lo || min(a.Y, b.Y) > r.Y.Hi {
		return false
	}
	dx, dy := b.X-a.X, b.Y-a.Y
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, x := range [2]float64{r.X.Lo, r.X.Hi} {
		for _, y := range [2]float64{r.Y.Lo, r.Y.Hi} {
			s := dx*(y-a.Y) - dy*(x-a.X)
			lo, hi = min(lo, s), max(hi, s)
		}
	}
	slack := padding * (math.Abs(dx) + math.Abs(dy))
	return lo <= slack && hi >= -slack
}

// circle is a point with a radius.
type circle struct {
	centre s2.Point
	radius s1.ChordAngle
	m      int64
}

func (c circle) roots() []quad {
	leaf := leafAt(c.centre)
	if c.m == 0 {
		return []quad{{id: leaf}}
	}
	level := s2.MinWidthMetric.MaxLevel(float64(c.m)/earthRadius) - 1
	if level < 1 {
		var out []quad
		for f := range 6 {
			out = append(out, c.keep(s2.CellIDFromFace(f))...)
		}
		return out
	}
	var out []quad
	for _, id := range leaf.VertexNeighbors(level) {
		out = append(out, c.keep(id)...)
	}
	return out
}

func (c circle) keep(id s2.CellID) []quad {
	if s2.CellFromCellID(id).Distance(c.centre) > c.radius.Expanded(1e-15) {
		return nil
	}
	return []quad{{id: id}}
}

func (c circle) split(q quad) []quad {
	var out []quad
	for _, id := range q.id.Children() {
		out = append(out, c.keep(id)...)
	}
	return out
}

// leafAt is the leaf cell of a place.
func leafAt(p s2.Point) s2.CellID { return s2.CellFromPoint(p).ID() }
