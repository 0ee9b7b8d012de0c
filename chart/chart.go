// Package chart draws time series as SVG for pages: no script, no colour that alone carries meaning, and every text escaped. It
// computes where marks stand; what they mean is in the table that stands beside every chart.
package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Point is a value at a time. A series without a value at a time has no point there: missing is not zero, and the line breaks
// where Gap is set.
type Point struct {
	X    int64 // Unix seconds
	Y    float64
	Gap  bool   // the line does not come here from the point before
	Mark string // provisional, revised, contested: drawn hollow, dashed or crossed; empty: plain
}

// Series is one line with its name. Style 0 to 3 choose stroke, dash and the shape of marks together.
type Series struct {
	Name   string
	Style  int
	Points []Point // ascending by X
	Bars   bool    // stand-alone values, as of years that do not join
}

// Line is a level across the chart, such as a baseline or a target, or a path between two points.
type Line struct {
	Name   string
	From   Point
	To     Point
	Target bool
}

// Break is a moment at which a definition changed: nothing is compared across it.
type Break struct {
	X    int64
	Name string
}

// Chart is everything one picture shows. Title and Description are what a screen reader says.
type Chart struct {
	ID                 string // of its elements, where a page has several
	Title, Description string
	Unit               string
	From, To           int64 // the axis of time holds these at least, so that charts can stand above each other; 0: no matter
	Series             []Series
	Lines              []Line
	Breaks             []Break
	Value              func(float64) string // words of a value on the axis
	Time               func(int64) string   // words of a time on the axis
	Ticks              func(from, to int64) []int64
}

// The picture's measures, in the units of its viewBox; pages scale it to their width.
const (
	width, height            = 860, 360
	left, right, top, bottom = 76, 18, 14, 34
	markSize                 = 3.2
	dense                    = 80 // above so many points a series is a line without marks
)

// SVG draws the chart. Without any point it returns nil: the page says that there are no figures.
func (c *Chart) SVG() []byte {
	s, ok := c.scale()
	if !ok {
		return nil
	}
	b := new(bytes.Buffer)
	fmt.Fprintf(b, `<svg class="chart" viewBox="0 0 %d %d" role="img" aria-labelledby="chart%[3]s-t chart%[3]s-d" xmlns="http://www.w3.org/2000/svg">`, width, height, escape(c.ID))
	fmt.Fprintf(b, `<title id="chart%[3]s-t">%[1]s</title><desc id="chart%[3]s-d">%[2]s</desc>`, escape(c.Title), escape(c.Description), escape(c.ID))
	c.axes(b, s)
	for _, x := range c.Breaks {
		if at := s.x(x.X); at >= left && at <= width-right {
			fmt.Fprintf(b, `<line class="break" x1="%[1]s" x2="%[1]s" y1="%[2]d" y2="%[3]d"/><text class="label" x="%[4]s" y="%[5]d">%[6]s</text>`, f(at), top, height-bottom, f(at+4), top+12, escape(x.Name))
		}
	}
	for _, l := range c.Lines {
		class := "level"
		if l.Target {
			class = "target"
		}
		fmt.Fprintf(b, `<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`, class, f(s.x(l.From.X)), f(s.y(l.From.Y)), f(s.x(l.To.X)), f(s.y(l.To.Y)))
		fmt.Fprintf(b, `<text class="label" text-anchor="end" x="%s" y="%s">%s</text>`, f(s.x(l.To.X)), f(s.y(l.To.Y)-5), escape(l.Name))
	}
	for _, x := range c.Series {
		draw(b, s, x)
	}
	b.WriteString(`</svg>`)
	return b.Bytes()
}

// box is where in a picture the series stand.
type box struct{ left, right, top, bottom float64 }

var whole = box{left, width - right, top, height - bottom}

// scale maps times and values to the picture.
type scale struct {
	box    box
	x0, x1 int64
	y0, y1 float64
	step   float64
}

func (s scale) x(t int64) float64 {
	return s.box.left + (s.box.right-s.box.left)*float64(t-s.x0)/float64(s.x1-s.x0)
}

func (s scale) y(v float64) float64 {
	return s.box.bottom - (s.box.bottom-s.box.top)*(v-s.y0)/(s.y1-s.y0)
}

func (c *Chart) scale() (scale, bool) {
	s := scale{box: whole, x0: math.MaxInt64, x1: math.MinInt64, y0: 0, y1: 0}
	see := func(p Point) {
		s.x0, s.x1 = min(s.x0, p.X), max(s.x1, p.X)
		s.y0, s.y1 = min(s.y0, p.Y), max(s.y1, p.Y)
	}
	any := false
	for _, x := range c.Series {
		for _, p := range x.Points {
			if math.IsNaN(p.Y) || math.IsInf(p.Y, 0) {
				continue
			}
			any = true
			see(p)
		}
	}
	if !any {
		return s, false
	}
	for _, l := range c.Lines {
		see(l.From)
		see(l.To)
	}
	if c.From != 0 && c.To != 0 {
		s.x0, s.x1 = min(s.x0, c.From), max(s.x1, c.To)
	}
	if s.x0 == s.x1 {
		s.x0, s.x1 = s.x0-86400*30, s.x1+86400*30
	}
	pad := (s.x1 - s.x0) / 50
	s.x0, s.x1 = s.x0-pad, s.x1+pad
	if s.y0 == s.y1 {
		s.y1 = s.y0 + 1
	}
	s.step = niceStep((s.y1 - s.y0) / 5)
	s.y0, s.y1 = math.Floor(s.y0/s.step)*s.step, math.Ceil(s.y1/s.step)*s.step
	return s, true
}

// niceStep is 1, 2 or 5 times a power of ten, at least rough.
func niceStep(rough float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*p >= rough {
			return m * p
		}
	}
	return 10 * p
}

func (c *Chart) axes(b *bytes.Buffer, s scale) {
	for i := 0; ; i++ {
		v := s.y0 + float64(i)*s.step
		if v > s.y1+s.step/2 {
			break
		}
		y := s.y(v)
		fmt.Fprintf(b, `<line class="grid" x1="%d" x2="%d" y1="%s" y2="%s"/><text class="tick" text-anchor="end" x="%d" y="%s">%s</text>`,
			left, width-right, f(y), f(y), left-8, f(y+4), escape(c.value(v)))
	}
	for _, t := range c.ticks(s) {
		x := s.x(t)
		fmt.Fprintf(b, `<line class="axis" x1="%[1]s" x2="%[1]s" y1="%[2]d" y2="%[3]d"/><text class="tick" text-anchor="middle" x="%[1]s" y="%[4]d">%[5]s</text>`,
			f(x), height-bottom, height-bottom+5, height-bottom+20, escape(c.time(t)))
	}
	fmt.Fprintf(b, `<line class="axis" x1="%[1]d" x2="%[2]d" y1="%[3]d" y2="%[3]d"/>`, left, width-right, height-bottom)
}

func (c *Chart) value(v float64) string {
	if c.Value != nil {
		return c.Value(v)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func (c *Chart) time(t int64) string {
	if c.Time != nil {
		return c.Time(t)
	}
	return strconv.FormatInt(t, 10)
}

func (c *Chart) ticks(s scale) []int64 {
	if c.Ticks != nil {
		return slices.DeleteFunc(c.Ticks(s.x0, s.x1), func(t int64) bool { return t < s.x0 || t > s.x1 })
	}
	return []int64{s.x0, (s.x0 + s.x1) / 2, s.x1}
}

func draw(b *bytes.Buffer, s scale, x Series) {
	if !x.Bars && len(x.Points) > 1 {
		join(b, s, x)
	}
	for i, p := range x.Points {
		lone := (i == 0 || p.Gap) && (i+1 == len(x.Points) || x.Points[i+1].Gap)
		if len(x.Points) > dense && p.Mark == "" && !lone {
			continue
		}
		mark(b, s, x.Style&3, p)
	}
}

// join draws the line of a series, broken at its gaps.
func join(b *bytes.Buffer, s scale, x Series) {
	fmt.Fprintf(b, `<path class="line s%d" d="`, x.Style&3)
	for i, p := range x.Points {
		cmd := "L"
		if i == 0 || p.Gap {
			cmd = "M"
		}
		fmt.Fprintf(b, "%s%s %s", cmd, f(s.x(p.X)), f(s.y(p.Y)))
	}
	b.WriteString(`"/>`)
}

func mark(b *bytes.Buffer, s scale, style int, p Point) {
	px, py := s.x(p.X), s.y(p.Y)
	class := fmt.Sprintf("mark s%d", style)
	if p.Mark != "" {
		class += " " + p.Mark
	}
	switch style {
	case 0:
		fmt.Fprintf(b, `<circle class="%s" cx="%s" cy="%s" r="%s"/>`, escape(class), f(px), f(py), f(markSize))
	case 1:
		fmt.Fprintf(b, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>`, escape(class), f(px-markSize), f(py-markSize), f(2*markSize), f(2*markSize))
	case 2:
		fmt.Fprintf(b, `<path class="%s" d="M%s %sl%s %sh%sz"/>`, escape(class), f(px), f(py-markSize-1), f(markSize+1), f(2*markSize+1), f(-2*markSize-2))
	default:
		fmt.Fprintf(b, `<path class="%[1]s" d="M%[2]s %[3]sl%[4]s %[4]sl-%[4]s %[4]sl-%[4]s -%[4]sz"/>`, escape(class), f(px), f(py-markSize-1), f(markSize+1))
	}
	if p.Mark == "contested" {
		fmt.Fprintf(b, `<path class="cross" d="M%s %sl10 10m0 -10l-10 10"/>`, f(px-5), f(py-5))
	}
}

// The measures of a small picture: several stand on a sheet, and the figures beside it say the values.
const smallWidth, smallHeight = 240, 80

var smallBox = box{4, smallWidth - 8, 6, smallHeight - 16}

// Small draws the chart as one of several: lines, the target, the latest mark of each series, and the times at its ends. nil
// without any point.
func (c *Chart) Small() []byte {
	s, ok := c.scale()
	if !ok {
		return nil
	}
	s.box = smallBox
	b := new(bytes.Buffer)
	fmt.Fprintf(b, `<svg class="chart small" viewBox="0 0 %d %d" role="img" aria-labelledby="small%[3]s-t" xmlns="http://www.w3.org/2000/svg"><title id="small%[3]s-t">%[4]s</title>`, smallWidth, smallHeight, escape(c.ID), escape(c.Title))
	fmt.Fprintf(b, `<line class="axis" x1="%[1]s" x2="%[2]s" y1="%[3]s" y2="%[3]s"/>`, f(s.box.left), f(s.box.right), f(s.y(s.y0)))
	fmt.Fprintf(b, `<text class="tick" x="%s" y="%d">%s</text><text class="tick" text-anchor="end" x="%s" y="%d">%s</text>`, f(s.box.left), smallHeight-3, escape(c.time(s.x0)), f(s.box.right), smallHeight-3, escape(c.time(s.x1)))
	for _, x := range c.Breaks {
		if at := s.x(x.X); at >= s.box.left && at <= s.box.right {
			fmt.Fprintf(b, `<line class="break" x1="%[1]s" x2="%[1]s" y1="%[2]s" y2="%[3]s"/>`, f(at), f(s.box.top), f(s.box.bottom))
		}
	}
	for _, l := range c.Lines {
		fmt.Fprintf(b, `<line class="target" x1="%s" y1="%s" x2="%s" y2="%s"/>`, f(s.x(l.From.X)), f(s.y(l.From.Y)), f(s.x(l.To.X)), f(s.y(l.To.Y)))
		mark(b, s, 3, l.To)
	}
	for _, x := range c.Series {
		if n := len(x.Points); n > 0 {
			join(b, s, x)
			mark(b, s, x.Style&3, x.Points[n-1])
		}
	}
	b.WriteString(`</svg>`)
	return b.Bytes()
}

// f writes a measure with one decimal: enough for a screen, and short.
func f(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}
