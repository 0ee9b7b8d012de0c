package territory

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// small is a boundary of three squares of a tenth of a degree: AA, to its east BB, and north of both a state that is no party.
func small(t testing.TB) *Boundary {
	t.Helper()
	b, err := Parse(smallFile(t))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func square(name string, lat, lon float64) string {
	return fmt.Sprintf(`{"type":"Feature","properties":{"A3":%q},"geometry":{"type":"Polygon","coordinates":[[[%g,%g],[%g,%g],[%g,%g],[%g,%g],[%g,%g]]]}}`,
		name, lon, lat, lon+.1, lat, lon+.1, lat+.1, lon, lat+.1, lon, lat)
}

func smallFile(t testing.TB) []byte {
	t.Helper()
	in := `{"type":"FeatureCollection","features":[` + strings.Join([]string{square("AAA", 10, 20), square("BBB", 10, 20.1), square("CCC", 10.1, 20)}, ",") + `]}`
	b, err := Build(Source{Info: Info{Name: "small", Source: "squares", Date: "2025", Licence: "CC0-1.0", Attribution: "none", BandM: 500},
		Countries: strings.NewReader(in), Property: "A3", Codes: map[string][]string{"AA": {"AAA"}, "BB": {"BBB"}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSquares(t *testing.T) {
	b := small(t)
	for _, x := range []struct {
		lat, lon float64
		hosts    string
		notified string
		where    Place
		aa, bb   int64
	}{
		{10.05, 20.05, "AA", "", OnLand, 0, 5475},
		{10.05, 20.0999, "AA", "BB", OnLand, 0, 11},
		{10.05, 20.15, "BB", "", OnLand, 5475, 0},
		{10.05, 20.1, "AA BB", "", OnLand, 0, 0},
		{10.05, 19.997, "", "AA", HighSeas, 328, 11278},
		{10.15, 20.05, "", "", ThirdState, 5560, 7802},
		{9, 20, "", "", HighSeas, 111195, 111731},
	} {
		a := b.Answer(At(pos(x.lat, x.lon), 0))
		if strings.Join(a.Hosts, " ") != x.hosts || strings.Join(a.Notified, " ") != x.notified || a.Where != x.where ||
			math.Abs(float64(a.Parties[0].DistanceM-x.aa)) > 15 || math.Abs(float64(a.Parties[1].DistanceM-x.bb)) > 15 {
			t.Errorf("%g, %g: %+v", x.lat, x.lon, a)
		}
	}
	whole := Area{[]Shape{{Kind: Polygon, Rings: [][]Position{{pos(9, 19), pos(9, 21), pos(11, 21), pos(11, 19)}}}}}
	if a := b.Answer(whole); strings.Join(a.Hosts, " ") != "AA BB" || a.Where != ThirdState || a.Parties[0].DistanceM != 0 || a.Parties[1].DistanceM != 0 {
		t.Errorf("an area around all: %+v", a)
	}
}

func TestFile(t *testing.T) {
	f := smallFile(t)
	b := small(t)
	again, err := b.encode()
	if err != nil || !bytes.Equal(f, again) {
		t.Fatalf("it does not encode to itself: %v", err)
	}
	if fmt.Sprintf("%x", b.Digest()) != b.Hex() {
		t.Error("digest")
	}
	for i := range f {
		if _, err := Parse(f[:i]); !errors.Is(err, ErrBoundary) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	if _, err := Parse(append(slices.Clone(f), 0)); !errors.Is(err, ErrBoundary) {
		t.Errorf("something after its end: %v", err)
	}
}

const geo = `{"type":"FeatureCollection","features":[{"type":"Feature","properties":%s,"geometry":{"type":%q,"coordinates":%s}}]}`

// Every form of input is answered, or refused in words.
func TestInput(t *testing.T) {
	b := small(t)
	many := func(n int, at func(k int) (lat, lon float64)) string {
		var s []string
		for k := range n {
			lat, lon := at(k)
			s = append(s, fmt.Sprintf("[%.7f,%.7f]", lon, lat))
		}
		return "[" + strings.Join(append(s, s[0]), ",") + "]"
	}
	round := func(k int) (float64, float64) {
		s, c := math.Sincos(float64(k) * 2 * math.Pi / 10_000)
		return 10.05 + 0.04*s, 20.05 + 0.04*c
	}
	for _, x := range []struct{ name, props, kind, coords, want, err string }{
		{"a point", `{}`, "Point", `[20.05,10.05]`, "AA", ""},
		{"a point with a height", `{}`, "Point", `[20.05,10.05,12.5]`, "AA", ""},
		{"a radius over the line", `{"radius_m":6000}`, "Point", `[20.05,10.05]`, "AA BB", ""},
		{"a radius that is none", `{"radius_m":-1}`, "Point", `[20.05,10.05]`, "", "whole metres"},
		{"a line", `{}`, "LineString", `[[20.05,10.05],[20.15,10.05]]`, "AA BB", ""},
		{"a line of one point", `{}`, "LineString", `[[20.05,10.05]]`, "", "two different points"},
		{"a line of one point twice", `{}`, "LineString", `[[20.05,10.05],[20.05,10.05]]`, "", "two different points"},
		{"a polygon", `{}`, "Polygon", `[[[20.01,10.01],[20.02,10.01],[20.02,10.02],[20.01,10.01]]]`, "AA", ""},
		{"a polygon that is not closed", `{}`, "Polygon", `[[[20.01,10.01],[20.02,10.01],[20.02,10.02]]]`, "AA", ""},
		{"a polygon the other way round", `{}`, "Polygon", `[[[20.01,10.01],[20.02,10.02],[20.02,10.01],[20.01,10.01]]]`, "AA", ""},
		{"a hole around BB", `{}`, "Polygon", `[[[20.01,9.9],[20.3,9.9],[20.3,10.2],[20.01,10.2]],[[20.097,9.99],[20.21,9.99],[20.21,10.11],[20.097,10.11]]]`, "AA", ""},
		{"a hole outside", `{}`, "Polygon", `[[[20.01,10.01],[20.02,10.01],[20.02,10.02]],[[20.05,10.05],[20.06,10.05],[20.06,10.06]]]`, "", "lies outside"},
		{"two corners", `{}`, "Polygon", `[[[20.01,10.01],[20.02,10.01],[20.01,10.01]]]`, "", "three or more"},
		{"a bow tie", `{}`, "Polygon", `[[[20.01,10.01],[20.02,10.02],[20.02,10.01],[20.01,10.02]]]`, "", "crosses itself"},
		{"10,000 corners", `{}`, "Polygon", "[" + many(10_000, round) + "]", "AA", ""},
		{"10,000 corners, two swapped", `{}`, "Polygon", "[" + many(10_000, func(k int) (float64, float64) {
			if k == 17 || k == 5017 {
				k = 5034 - k
			}
			return round(k)
		}) + "]", "", "crosses itself"},
		{"too many corners", `{}`, "Polygon", "[" + many(MaxVertices+1, func(k int) (float64, float64) { return 10 + float64(k)/1e6, 20 }) + "]", "", "more than"},
		{"over the antimeridian", `{}`, "Polygon", `[[[179.9,10],[-179.9,10],[-179.9,10.1],[179.9,10.1],[179.9,10]]]`, "", ""},
		{"over the antimeridian, beyond 180", `{}`, "Polygon", `[[[179.9,10],[180.1,10],[180.1,10.1],[179.9,10.1],[179.9,10]]]`, "", ""},
		{"around the pole", `{}`, "Polygon", `[[[0,80],[90,80],[180,80],[-90,80],[0,80]]]`, "", ""},
		{"half the world", `{}`, "Polygon", `[[[0,0],[120,0],[-120,0],[0,0]]]`, "", "put points between"},
		{"no coordinates", `{}`, "Polygon", `[]`, "", "empty"},
		{"an empty multipoint", `{}`, "MultiPoint", `[]`, "", "empty"},
		{"off the globe", `{}`, "Point", `[20,91]`, "", "longitude, latitude"},
		{"words", `{}`, "Point", `["a","b"]`, "", "list of numbers"},
		{"no geometry", `{}`, "Sphere", `[]`, "", "no geometry"},
		{"two polygons", `{}`, "MultiPolygon", `[[[[20.01,10.01],[20.02,10.01],[20.02,10.02]]],[[[20.15,10.01],[20.16,10.01],[20.16,10.02]]]]`, "AA BB", ""},
	} {
		a, err := ParseGeoJSON(fmt.Appendf(nil, geo, x.props, x.kind, x.coords))
		if x.err != "" {
			if !errors.Is(err, ErrArea) || !strings.Contains(err.Error(), x.err) {
				t.Errorf("%s: %v", x.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", x.name, err)
			continue
		}
		cells := a.Cells(b)
		if err := CheckCells(cells); err != nil {
			t.Errorf("%s: %v", x.name, err)
		}
		if !Covers(cells, a) {
			t.Errorf("%s: its cells do not cover it", x.name)
		}
		if got := b.Answer(a); strings.Join(got.Hosts, " ") != x.want {
			t.Errorf("%s: %+v", x.name, got)
		}
		again, err := ParseGeoJSON(a.GeoJSON())
		if err != nil || !slices.EqualFunc(a.Shapes, again.Shapes, func(x, y Shape) bool { return fmt.Sprint(x) == fmt.Sprint(y) }) {
			t.Errorf("%s: written and read again: %v %v", x.name, again, err)
		}
	}
	for _, s := range []string{"", "null", "{}", "[]", `{"type":"FeatureCollection"}`, `{"type":"FeatureCollection","features":[]}`, strings.Repeat(`{"type":"Feature","geometry":`, 40)} {
		if _, err := ParseGeoJSON([]byte(s)); !errors.Is(err, ErrArea) {
			t.Errorf("%.40q: %v", s, err)
		}
	}
	if _, err := ParsePosition("32,5", "-117"); !errors.Is(err, ErrArea) {
		t.Errorf("a comma for a point: %v", err)
	}
}

func TestKML(t *testing.T) {
	kml := func(s string) []byte {
		return []byte(`<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>x</name>` + s + `</Placemark></Document></kml>`)
	}
	for _, x := range []struct{ name, in, want, err string }{
		{"point", `<Point><coordinates>20.05,10.05,0</coordinates></Point>`, "1 point", ""},
		{"line", "<LineString><tessellate>1</tessellate><coordinates>\n20.05,10.05 20.15,10.05\n</coordinates></LineString>", "1 line", ""},
		{"polygon with a hole", `<Polygon><outerBoundaryIs><LinearRing><coordinates>20,10 21,10 21,11 20,11 20,10</coordinates></LinearRing></outerBoundaryIs>` +
			`<innerBoundaryIs><LinearRing><coordinates>20.4,10.4 20.6,10.4 20.6,10.6 20.4,10.4</coordinates></LinearRing></innerBoundaryIs></Polygon>`, "1 polygon", ""},
		{"several", `<MultiGeometry><Point><coordinates>20,10</coordinates></Point><Point><coordinates>21,10</coordinates></Point></MultiGeometry>`, "2 point", ""},
		{"nothing", ``, "", "empty"},
		{"words", `<Point><coordinates>here</coordinates></Point>`, "", "longitude,latitude"},
		{"a hole first", `<Polygon><innerBoundaryIs><LinearRing><coordinates>20,10 21,10 21,11</coordinates></LinearRing></innerBoundaryIs></Polygon>`, "", "outer boundary"},
	} {
		a, err := ParseKML(kml(x.in), 50)
		if x.err != "" {
			if !errors.Is(err, ErrArea) || !strings.Contains(err.Error(), x.err) {
				t.Errorf("%s: %v", x.name, err)
			}
			continue
		}
		if err != nil || fmt.Sprintf("%d %s", len(a.Shapes), a.Shapes[0].Kind) != x.want {
			t.Errorf("%s: %v %v", x.name, a, err)
		}
	}
	for _, s := range []string{"", "<a/>", "PK\x03\x04", "<kml>", strings.Repeat("<kml>", 40)} {
		if _, err := ParseKML([]byte(s), 0); !errors.Is(err, ErrArea) {
			t.Errorf("%.10q: %v", s, err)
		}
	}
}

// What lies in an area lies in its cells, with boundary data and without.
func TestCellsContain(t *testing.T) {
	b := small(t)
	rnd := rand.New(rand.NewPCG(8, 8))
	inside := 0
	for range 60 {
		p := pos(10+rnd.Float64()*0.2, 20+rnd.Float64()*0.2)
		a := At(p, int64(rnd.IntN(3000)))
		if rnd.IntN(2) == 0 {
			a = Area{[]Shape{{Kind: Polygon, Rings: [][]Position{ring(p, 3+rnd.IntN(9), 0.02)}}}}
		}
		for _, bb := range []*Boundary{nil, b} {
			cells := a.Cells(bb)
			if !Covers(cells, a) {
				t.Fatalf("%v is not covered", a)
			}
			for range 50 {
				q := pos(float64(p.Lat)/degree+(rnd.Float64()*2-1)*0.02, float64(p.Lon)/degree+(rnd.Float64()*2-1)*0.02)
				in := false
				if s := a.Shapes[0]; s.Kind == Point {
					in = angle(p.vec(), q.vec())*earthRadius < float64(s.RadiusM)
				} else {
					in = inLoop(s.Rings[0], q)
				}
				leaf := uint64(leafAt(q.point()))
				covered := slices.ContainsFunc(cells, func(c uint64) bool { lsb := c & -c; return c-lsb < leaf && leaf < c+lsb })
				if in && !covered {
					t.Fatalf("%s lies in %v and in none of its cells", q, a)
				}
				if in {
					inside++
				}
			}
		}
	}
	if inside < 500 {
		t.Errorf("%d places inside", inside)
	}
	if Covers(At(pos(10, 20), 10).Cells(nil), At(pos(10, 20), 100)) {
		t.Error("cells of a smaller circle cover a larger one")
	}
}

func TestCheckCells(t *testing.T) {
	good := polygonAt(pos(10, 20)).Cells(nil)
	for name, c := range map[string][]uint64{"none": nil, "zero": {0}, "no cell": {2}, "face 6": {6<<61 | 1<<60}, "doubled": {good[0], good[0]},
		"out of order": {good[1], good[0]}, "one in the other": {good[0] - (good[0]&-good[0])/2, good[0]}, "too many": make([]uint64, MaxCells+1)} {
		if err := CheckCells(c); !errors.Is(err, ErrArea) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := CheckCells(good); err != nil {
		t.Error(err)
	}
}

func FuzzGeoJSON(f *testing.F) {
	for _, s := range []string{`{"type":"Point","coordinates":[20,10]}`, `{"type":"Polygon","coordinates":[[[0,80],[90,80],[180,80],[-90,80],[0,80]]]}`,
		fmt.Sprintf(geo, `{"radius_m":5}`, "LineString", `[[179,10],[-179,10]]`)} {
		f.Add([]byte(s))
	}
	b := small(f)
	f.Fuzz(func(t *testing.T, in []byte) { fuzzed(t, b, in, ParseGeoJSON) })
}

func FuzzKML(f *testing.F) {
	f.Add([]byte(`<kml><Point><coordinates>20,10</coordinates></Point></kml>`))
	f.Add([]byte(`<kml><Polygon><outerBoundaryIs><LinearRing><coordinates>0,80 90,80 180,80 -90,80</coordinates></LinearRing></outerBoundaryIs></Polygon></kml>`))
	b := small(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		fuzzed(t, b, in, func(x []byte) (Area, error) { return ParseKML(x, 10) })
	})
}

func fuzzed(t *testing.T, b *Boundary, in []byte, parse func([]byte) (Area, error)) {
	a, err := parse(in)
	if err != nil {
		if !errors.Is(err, ErrArea) {
			t.Fatal(err)
		}
		return
	}
	cells := a.Cells(b)
	if err := CheckCells(cells); err != nil {
		t.Fatal(err)
	}
	b.Locate(cells)
	if _, err := ParseGeoJSON(a.GeoJSON()); err != nil {
		t.Fatalf("written and read again: %v", err)
	}
}

func FuzzBoundary(f *testing.F) {
	tiny, err := Build(Source{Info: Info{Name: "tiny", Source: "a square", Date: "2025", Licence: "CC0-1.0", Attribution: "none", BandM: 50},
		Countries: strings.NewReader(`{"features":[{"properties":{"A3":"AAA"},"geometry":{"type":"Polygon","coordinates":[[[20,10],[20.002,10],[20.002,10.002]]]}}]}`),
		Property:  "A3", Codes: map[string][]string{"AA": {"AAA"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(tiny)
	f.Fuzz(func(t *testing.T, in []byte) {
		b, err := Parse(in)
		if err != nil {
			if !errors.Is(err, ErrBoundary) {
				t.Fatal(err)
			}
			return
		}
		again, err := b.encode()
		if err != nil || !bytes.Equal(in, again) {
			t.Fatalf("it does not encode to itself: %v", err)
		}
		b.Answer(At(pos(10, 20), 100))
	})
}

func TestNoDataIsCommitted(t *testing.T) {
	b, err := os.ReadFile("../.gitignore")
	if err != nil || !bytes.Contains(b, []byte("*.boundary")) {
		t.Errorf("boundary files must be ignored: they stand under a licence of their own (%v)", err)
	}
}
