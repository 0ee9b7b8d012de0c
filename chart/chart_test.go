package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente/chart"
)

var measure = regexp.MustCompile(`(?:cx|cy|x1|x2|y1|y2)="([^"]+)"`)

func wellFormed(t interface{ Fatalf(string, ...any) }, b []byte) (text string) {
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return text
		}
		if err != nil {
			t.Fatalf("%v in %s", err, b)
		}
		switch x := tok.(type) {
		case xml.CharData:
			text += string(x)
		case xml.StartElement:
			if x.Name.Local == "script" {
				t.Fatalf("a text became markup")
			}
			for _, a := range x.Attr {
				if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") {
					t.Fatalf("attribute %s: the policy of the pages refuses it", a.Name.Local)
				}
			}
		}
	}
}

// Whatever the series: well-formed, escaped, and every mark inside the picture.
func TestChartStaysInside(t *testing.T) {
	drawn := 0
	rapid.Check(t, func(t *rapid.T) {
		point := rapid.Custom(func(t *rapid.T) chart.Point {
			return chart.Point{X: rapid.Int64Range(0, 4e9).Draw(t, "x"), Y: rapid.Float64Range(-1e12, 1e12).Draw(t, "y"), Gap: rapid.Bool().Draw(t, "gap"),
				Mark: rapid.SampledFrom([]string{"", "provisional", "contested"}).Draw(t, "mark")}
		})
		c := chart.Chart{Title: rapid.String().Draw(t, "title"), Description: `</desc><script>alert(1)</script>`}
		for i := range rapid.IntRange(0, 4).Draw(t, "series") {
			c.Series = append(c.Series, chart.Series{Name: "s", Style: i, Points: rapid.SliceOfN(point, 0, 120).Draw(t, "points")})
		}
		b := c.SVG()
		n := 0
		for _, s := range c.Series {
			n += len(s.Points)
		}
		if (b == nil) != (n == 0) {
			t.Fatalf("%d points, drawn: %v", n, b != nil)
		}
		if b == nil {
			return
		}
		drawn++
		if !strings.Contains(wellFormed(t, b), "</desc><script>") {
			t.Fatalf("the description is lost")
		}
		for _, m := range measure.FindAllStringSubmatch(string(b), -1) {
			v, err := strconv.ParseFloat(m[1], 64)
			if err != nil || v < -0.1 || v > 861 {
				t.Fatalf("%s lies outside", m[0])
			}
		}
	})
	if drawn == 0 {
		t.Error("nothing was drawn")
	}
}

func TestMissingIsNotZero(t *testing.T) {
	c := chart.Chart{Series: []chart.Series{{Points: []chart.Point{{X: 1e9, Y: 5}, {X: 2e9, Y: 6, Gap: true}}}}}
	if b := string(c.SVG()); strings.Count(b, "M") < 2 || strings.Contains(b, "L") {
		t.Errorf("a line goes over a gap: %s", b)
	}
	if (&chart.Chart{}).SVG() != nil || (&chart.Chart{Series: []chart.Series{{Points: []chart.Point{{Y: math.NaN()}}}}}).SVG() != nil {
		t.Error("no figures, and yet a picture")
	}
}
