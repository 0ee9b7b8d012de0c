package territory

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ParseKML reads the points, lines and polygons of a KML file (OGC 12-007r2). Heights and styles are left out; radiusM is
// that of its points. Errors wrap ErrArea.
func ParseKML(b []byte, radiusM int64) (Area, error) {
	if len(b) > MaxInput {
		return Area{}, fmt.Errorf("%w: the file has %d bytes, the limit is %d", ErrArea, len(b), MaxInput)
	}
	if bytes.HasPrefix(b, []byte("PK")) {
		return Area{}, fmt.Errorf("%w: it is a KMZ: unzip it and give the KML inside", ErrArea)
	}
	a, err := parseKML(b, radiusM)
	if err != nil {
		return Area{}, fmt.Errorf("%w: KML: %w", ErrArea, err)
	}
	return a, a.Check()
}

func parseKML(b []byte, radiusM int64) (Area, error) {
	var a Area
	d := xml.NewDecoder(bytes.NewReader(b))
	var path []string
	var text strings.Builder
	var poly [][]Position
	hole, root := false, false
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return a, fmt.Errorf("it is not understood: %w", err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if path = append(path, t.Name.Local); len(path) > maxDepth {
				return a, fmt.Errorf("more than %d levels", maxDepth)
			}
			root = root || t.Name.Local == "kml"
			text.Reset()
			switch t.Name.Local {
			case "Polygon":
				poly = nil
			case "outerBoundaryIs", "innerBoundaryIs":
				hole = t.Name.Local == "innerBoundaryIs"
			}
		case xml.CharData:
			if n := len(path); n > 0 && path[n-1] == "coordinates" {
				text.Write(t)
			}
		case xml.EndElement:
			n := len(path)
			path = path[:n-1]
			if t.Name.Local == "Polygon" && poly != nil {
				a.Shapes = append(a.Shapes, Shape{Polygon, 0, poly})
			}
			if t.Name.Local != "coordinates" || n < 2 {
				continue
			}
			ring, err := coordinates(text.String())
			if err != nil {
				return a, err
			}
			switch path[n-2] {
			case "Point":
				a.Shapes = append(a.Shapes, Shape{Point, radiusM, [][]Position{ring}})
			case "LineString":
				a.Shapes = append(a.Shapes, Shape{Line, 0, [][]Position{ring}})
			case "LinearRing":
				if hole == (len(poly) == 0) {
					return a, errors.New("a polygon has one outer boundary, before its inner ones")
				}
				poly = append(poly, ring)
			}
			if len(a.Shapes) > MaxShapes {
				return a, fmt.Errorf("more than %d shapes", MaxShapes)
			}
		}
	}
	if !root {
		return a, errors.New("it has no element kml")
	}
	return a, nil
}

// coordinates reads "lon,lat[,height]" one after the other.
func coordinates(s string) ([]Position, error) {
	var out []Position
	for f := range strings.FieldsSeq(s) {
		v := strings.Split(f, ",")
		if len(v) < 2 || len(v) > 3 {
			return nil, fmt.Errorf("coordinates %.40q: want longitude,latitude", f)
		}
		p, err := ParsePosition(v[1], v[0])
		if err != nil {
			return nil, err
		}
		if out = append(out, p); len(out) > MaxVertices {
			return nil, fmt.Errorf("more than %d points", MaxVertices)
		}
	}
	return out, nil
}
