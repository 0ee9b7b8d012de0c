// Package territory says in whose territory an area lies: areas as people write them, the cells that stand for them in a
// header, boundary data, and what is near. What a state depends on compares integers only; distances are for pages.
package territory

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// ErrArea: it is no area. The text says what to change.
var ErrArea = errors.New("no area")

// Position is a place on the WGS 84 ellipsoid, in degrees × 10⁷: about a centimetre.
type Position struct{ Lat, Lon int32 }

const degree = 10_000_000

// Kind of a shape.
type Kind string

// The kinds of shapes.
const (
	Point   Kind = "point"
	Line    Kind = "line"
	Polygon Kind = "polygon"
)

// Shape is a point with a radius, a line, or a polygon with holes.
type Shape struct {
	Kind    Kind
	RadiusM int64        // metres around a point; 0: the point alone
	Rings   [][]Position // a point's one place; a line; a polygon's outline and then its holes, without their last point again
}

// Area is one shape or several.
type Area struct{ Shapes []Shape }

// ParsePosition reads latitude and longitude in decimal degrees, as people type them.
func ParsePosition(lat, lon string) (Position, error) {
	a, err := parseDegrees(lat)
	if err != nil || a < -90*degree || a > 90*degree {
		return Position{}, fmt.Errorf("%w: latitude %.30q: want degrees between -90 and 90, like 32.5438", ErrArea, lat)
	}
	o, err := parseDegrees(lon)
	if err != nil || o < -360*degree || o > 360*degree {
		return Position{}, fmt.Errorf("%w: longitude %.30q: want degrees between -180 and 180, like -116.9729", ErrArea, lon)
	}
	return position(a, o), nil
}

// position brings a longitude beyond 180 degrees, as maps that were scrolled write it, to its own.
func position(lat, lon int64) Position {
	switch {
	case lon > 180*degree:
		lon -= 360 * degree
	case lon < -180*degree:
		lon += 360 * degree
	}
	return Position{int32(lat), int32(lon)}
}

// parseDegrees reads a decimal, exactly; what is finer than 10⁻⁷ is rounded.
func parseDegrees(s string) (int64, error) {
	s = strings.TrimSpace(s)
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || len(s) > 40 || math.IsNaN(f) || math.Abs(f) > 400 || strings.ContainsAny(s, "xXpP_iI") {
		return 0, ErrArea
	}
	return int64(math.RoundToEven(f * degree)), nil
}

func (p Position) point() s2.Point {
	return s2.PointFromLatLng(s2.LatLng{Lat: s1.Angle(p.Lat) * s1.Degree / degree, Lng: s1.Angle(p.Lon) * s1.Degree / degree})
}

// String is the place in decimal degrees, latitude first.
func (p Position) String() string { return decimal(p.Lat) + ", " + decimal(p.Lon) }

// decimal writes degrees without trailing zeros.
func decimal(v int32) string {
	sign := ""
	n := int64(v)
	if n < 0 {
		sign, n = "-", -n
	}
	s := fmt.Sprintf("%s%d.%07d", sign, n/degree, n%degree)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// At is the area of one point with a radius in metres.
func At(p Position, radiusM int64) Area {
	return Area{[]Shape{{Kind: Point, RadiusM: radiusM, Rings: [][]Position{{p}}}}}
}

// Check says what keeps it from being an area, and drops points that repeat the one before. Errors wrap ErrArea.
func (a *Area) Check() error {
	if len(a.Shapes) == 0 {
		return fmt.Errorf("%w: it is empty: give a point, a line or a polygon", ErrArea)
	}
	if len(a.Shapes) > MaxShapes {
		return fmt.Errorf("%w: %d shapes, the limit is %d", ErrArea, len(a.Shapes), MaxShapes)
	}
	n := 0
	for i := range a.Shapes {
		s := &a.Shapes[i]
		for _, r := range s.Rings {
			n += len(r)
		}
		if n > MaxVertices {
			return fmt.Errorf("%w: more than %d points", ErrArea, MaxVertices)
		}
		if err := s.check(); err != nil {
			return fmt.Errorf("%w: shape %d: %w", ErrArea, i+1, err)
		}
	}
	return nil
}

func (s *Shape) check() error {
	for i, r := range s.Rings {
		s.Rings[i] = simple(r, s.Kind == Polygon)
	}
	if len(s.Rings) == 0 || len(s.Rings[0]) == 0 {
		return errors.New("it has no point")
	}
	switch s.Kind {
	case Point:
		if len(s.Rings) != 1 || len(s.Rings[0]) != 1 {
			return errors.New("a point is one place")
		}
		if s.RadiusM < 0 || s.RadiusM > MaxRadius {
			return fmt.Errorf("a radius of %d m: want 0 to %d m; draw what is larger", s.RadiusM, MaxRadius)
		}
		return nil
	case Line:
		if len(s.Rings) != 1 || len(s.Rings[0]) < 2 {
			return errors.New("a line has two different points or more; for one place give a point with a radius")
		}
	case Polygon:
		for i, r := range s.Rings {
			if len(r) < 3 {
				return fmt.Errorf("ring %d has %d different points: a polygon has three or more", i+1, len(r))
			}
		}
	default:
		return fmt.Errorf("%.20q is no point, line or polygon", string(s.Kind))
	}
	if s.RadiusM != 0 {
		return errors.New("only a point has a radius")
	}
	for _, r := range s.Rings {
		for i := range r {
			if i+1 == len(r) && s.Kind == Line {
				break
			}
			p, q := r[i], r[(i+1)%len(r)]
			if p.point().Distance(q.point()) > maxEdge*s1.Degree {
				return fmt.Errorf("from %s to %s is more than %d degrees: put points between", p, q, maxEdge)
			}
		}
	}
	if s.Kind == Polygon {
		return s.crossings()
	}
	return nil
}

// simple drops what repeats the point before, and a ring's last point where it is the first again.
func simple(r []Position, ring bool) []Position {
	out := r[:0:0]
	for _, p := range r {
		if len(out) == 0 || out[len(out)-1] != p {
			out = append(out, p)
		}
	}
	for ring && len(out) > 1 && out[0] == out[len(out)-1] {
		out = out[:len(out)-1]
	}
	return out
}

// crossings names two edges of a polygon that cross: which side of it is meant cannot be told then. Rings may touch.
func (s *Shape) crossings() error {
	p := &outline{}
	for _, r := range s.Rings {
		p.add(r)
	}
	if i, j := p.crossing(); i >= 0 {
		return fmt.Errorf("its outline crosses itself, or a hole, between points %d and %d: draw it anew, or as two", i+1, j+1)
	}
	outer := newEdges([][]Position{s.Rings[0]}, true)
	for i, h := range s.Rings[1:] {
		inside := false
		for _, v := range h { // a vertex on the outline says nothing
			inside = inside || outer.contains(v.point())
		}
		if !inside {
			return fmt.Errorf("hole %d lies outside the polygon: give it as a polygon of its own", i+1)
		}
	}
	return nil
}

// outline finds crossings of closed rings.
type outline struct {
	loops [][]s2.Point
	n     int
}

func (o *outline) add(r []Position) {
	pts := make([]s2.Point, len(r))
	for i, p := range r {
		pts[i] = p.point()
	}
	o.loops = append(o.loops, pts)
	o.n += len(r)
}

// few edges are compared pair by pair; more go through an index.
const few = 48

// crossing gives two edges whose insides cross, -1 where none do.
func (o *outline) crossing() (int, int) {
	var edges []s2.Edge
	for _, l := range o.loops {
		for i := range l {
			edges = append(edges, s2.Edge{V0: l[i], V1: l[(i+1)%len(l)]})
		}
	}
	if o.n <= few {
		for i := range edges {
			c := s2.NewEdgeCrosser(edges[i].V0, edges[i].V1)
			for j := i + 1; j < len(edges); j++ {
				if c.CrossingSign(edges[j].V0, edges[j].V1) == s2.Cross {
					return i, j
				}
			}
		}
		return -1, -1
	}
	shape := s2.LaxPolygonFromPoints(o.loops)
	index := s2.NewShapeIndex()
	index.Add(shape)
	q := s2.NewCrossingEdgeQuery(index)
	for i, e := range edges {
		if hits := q.Crossings(e.V0, e.V1, shape, s2.CrossingTypeInterior); len(hits) > 0 {
			return i, hits[0]
		}
	}
	return -1, -1
}
