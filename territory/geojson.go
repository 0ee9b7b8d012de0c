package territory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
)

// object is any GeoJSON object (RFC 7946), as far as it says where something is.
type object struct {
	Type        string            `json:"type"`
	Features    []json.RawMessage `json:"features"`
	Geometries  []json.RawMessage `json:"geometries"`
	Geometry    json.RawMessage   `json:"geometry"`
	Coordinates json.RawMessage   `json:"coordinates"`
	Properties  json.RawMessage   `json:"properties"`
}

// ParseGeoJSON reads an area: a geometry, a feature or a collection (RFC 7946). The property radius_m of a feature, whole
// metres, is the radius of its points. Errors wrap ErrArea.
func ParseGeoJSON(b []byte) (Area, error) {
	var a Area
	if len(b) > MaxInput {
		return a, fmt.Errorf("%w: the file has %d bytes, the limit is %d", ErrArea, len(b), MaxInput)
	}
	if err := a.object(b, 0, 0); err != nil {
		return Area{}, fmt.Errorf("%w: GeoJSON: %w", ErrArea, err)
	}
	return a, a.Check()
}

func (a *Area) object(b []byte, radius int64, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("more than %d levels", maxDepth)
	}
	if s := string(bytes.TrimSpace(b)); s == "" || s == "null" {
		return nil
	}
	var o object
	if err := json.Unmarshal(b, &o); err != nil {
		return fmt.Errorf("it is not understood: %w", err)
	}
	switch o.Type {
	case "FeatureCollection":
		return a.objects(o.Features, radius, depth)
	case "GeometryCollection":
		return a.objects(o.Geometries, radius, depth)
	case "Feature":
		r, err := radiusOf(o.Properties, radius)
		if err != nil {
			return err
		}
		return a.object(o.Geometry, r, depth+1)
	}
	return a.geometry(o, radius)
}

func (a *Area) objects(list []json.RawMessage, radius int64, depth int) error {
	for _, x := range list {
		if err := a.object(x, radius, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// radiusOf reads radius_m of a feature's properties, which may be absent or of any form.
func radiusOf(b json.RawMessage, otherwise int64) (int64, error) {
	var p struct {
		Radius *float64 `json:"radius_m"`
	}
	if !bytes.Contains(b, []byte("radius_m")) {
		return otherwise, nil
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return 0, fmt.Errorf("radius_m: want whole metres")
	}
	if p.Radius == nil {
		return otherwise, nil
	}
	if *p.Radius < 0 || *p.Radius > MaxRadius || *p.Radius != math.Trunc(*p.Radius) {
		return 0, fmt.Errorf("radius_m: want whole metres, 0 to %d", MaxRadius)
	}
	return int64(*p.Radius), nil
}

func (a *Area) geometry(o object, radius int64) error {
	var err error
	put := func(k Kind, radius int64, rings ...[]Position) {
		a.Shapes = append(a.Shapes, Shape{k, radius, rings})
	}
	bad := func(into any) bool {
		if len(a.Shapes) > MaxShapes {
			err = fmt.Errorf("more than %d shapes", MaxShapes)
			return true
		}
		if err = json.Unmarshal(o.Coordinates, into); err != nil {
			err = fmt.Errorf("the coordinates of a %s are not understood: %w", o.Type, err)
		}
		return err != nil
	}
	switch o.Type {
	case "Point":
		var p place
		if !bad(&p) && p.set {
			put(Point, radius, []Position{p.Position})
		}
	case "MultiPoint":
		var ps []place
		if !bad(&ps) {
			for _, p := range ps {
				put(Point, radius, []Position{p.Position})
			}
		}
	case "LineString":
		var l []place
		if !bad(&l) && len(l) > 0 {
			put(Line, 0, positions(l))
		}
	case "MultiLineString":
		var ls [][]place
		if !bad(&ls) {
			for _, l := range ls {
				put(Line, 0, positions(l))
			}
		}
	case "Polygon":
		var p [][]place
		if !bad(&p) && len(p) > 0 {
			put(Polygon, 0, allPositions(p)...)
		}
	case "MultiPolygon":
		var ps [][][]place
		if !bad(&ps) {
			for _, p := range ps {
				put(Polygon, 0, allPositions(p)...)
			}
		}
	default:
		return fmt.Errorf("type %.40q is no geometry, feature or collection", o.Type)
	}
	return err
}

// place is a GeoJSON position: longitude, latitude, and what may follow.
type place struct {
	Position
	set bool
}

// UnmarshalJSON reads [longitude, latitude, …].
func (p *place) UnmarshalJSON(b []byte) error {
	var v []float64
	if err := json.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("a position is a list of numbers")
	}
	if len(v) == 0 {
		return nil
	}
	if len(v) < 2 || math.Abs(v[0]) > 360 || math.Abs(v[1]) > 90 {
		return fmt.Errorf("a position is [longitude, latitude] in degrees; %.60s is none", b)
	}
	p.Position, p.set = position(int64(math.RoundToEven(v[1]*degree)), int64(math.RoundToEven(v[0]*degree))), true
	return nil
}

func positions(l []place) []Position {
	out := make([]Position, 0, len(l))
	for _, p := range l {
		if p.set {
			out = append(out, p.Position)
		}
	}
	return out
}

func allPositions(ls [][]place) [][]Position {
	out := make([][]Position, len(ls))
	for i, l := range ls {
		out[i] = positions(l)
	}
	return out
}

// GeoJSON writes the area as a FeatureCollection in one form. ParseGeoJSON reads it back.
func (a Area) GeoJSON() []byte {
	var b strings.Builder
	b.WriteString(`{"type":"FeatureCollection","features":[`)
	for i, s := range a.Shapes {
		if i > 0 {
			b.WriteByte(',')
		}
		props := "{}"
		if s.Kind == Point {
			props = fmt.Sprintf(`{"radius_m":%d}`, s.RadiusM)
		}
		fmt.Fprintf(&b, `{"type":"Feature","properties":%s,"geometry":{"type":%q,"coordinates":`, props,
			map[Kind]string{Point: "Point", Line: "LineString", Polygon: "Polygon"}[s.Kind])
		switch s.Kind {
		case Point:
			s.Rings[0][0].json(&b)
		case Line:
			writeRing(&b, s.Rings[0], false)
		default:
			for j, r := range s.Rings {
				b.WriteByte("[,"[min(j, 1)])
				writeRing(&b, r, true)
			}
			b.WriteByte(']')
		}
		b.WriteString("}}")
	}
	b.WriteString("]}\n")
	return []byte(b.String())
}

func writeRing(b *strings.Builder, r []Position, closed bool) {
	b.WriteByte('[')
	for i, p := range r {
		if i > 0 {
			b.WriteByte(',')
		}
		p.json(b)
	}
	if closed {
		b.WriteByte(',')
		r[0].json(b)
	}
	b.WriteByte(']')
}

func (p Position) json(b *strings.Builder) {
	fmt.Fprintf(b, "[%s,%s]", decimal(p.Lon), decimal(p.Lat))
}

// eachFeature reads a large FeatureCollection feature by feature.
func eachFeature(r io.Reader, f func(properties map[string]json.RawMessage, rings [][]Position) error) error {
	d := json.NewDecoder(r)
	if err := seek(d, "features"); err != nil {
		return err
	}
	for d.More() {
		var x struct {
			Properties map[string]json.RawMessage `json:"properties"`
			Geometry   struct {
				Type        string          `json:"type"`
				Coordinates json.RawMessage `json:"coordinates"`
			} `json:"geometry"`
		}
		if err := d.Decode(&x); err != nil {
			return fmt.Errorf("a feature: %w", err)
		}
		var polys [][][][]float64
		var err error
		switch x.Geometry.Type {
		case "Polygon":
			polys = make([][][][]float64, 1)
			err = json.Unmarshal(x.Geometry.Coordinates, &polys[0])
		case "MultiPolygon":
			err = json.Unmarshal(x.Geometry.Coordinates, &polys)
		default:
			continue
		}
		if err != nil {
			return fmt.Errorf("coordinates of a %s: %w", x.Geometry.Type, err)
		}
		var rings [][]Position
		for _, p := range polys {
			for _, ring := range p {
				var out []Position
				for _, v := range ring {
					if len(v) < 2 || math.Abs(v[0]) > 360 || math.Abs(v[1]) > 90 {
						return fmt.Errorf("%v is no position", v)
					}
					out = append(out, position(int64(math.RoundToEven(v[1]*degree)), int64(math.RoundToEven(v[0]*degree))))
				}
				if out = simple(out, true); len(out) >= 3 {
					rings = append(rings, straight(out, true, straightBoundary))
				}
			}
		}
		if err := f(x.Properties, rings); err != nil {
			return err
		}
	}
	return nil
}

// seek reads up to the first element of the list of that name in the outermost object.
func seek(d *json.Decoder, name string) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("it is no GeoJSON FeatureCollection")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if key == name {
			if t, err := d.Token(); err != nil || t != json.Delim('[') {
				return fmt.Errorf("its %s are no list", name)
			}
			return nil
		}
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			return err
		}
	}
	return fmt.Errorf("it has no %s", name)
}
