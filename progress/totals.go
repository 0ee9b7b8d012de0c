package progress

import (
	"cmp"
	"slices"
	"strings"

	"entente/record"
)

// A Cell is one value of one party in one unit.
type Cell struct {
	record.Period
	Area           string
	Disaggregation string
	Value          record.Decimal
}

// What a total is over.
const (
	OverAreas    = "areas"    // MX over MX-SON, MX-SIN …
	OverParts    = "parts"    // all over every part; homicide over homicide;firearm, homicide;knife …
	OverTime     = "time"     // a year over its twelve months, a quarter over its three
	OverQuarters = "quarters" // a year over its four quarters
)

// A Mismatch is a total that is not the sum of its parts.
type Mismatch struct {
	record.Period
	Area           string         `json:"area"`
	Disaggregation string         `json:"disaggregation"`
	Over           string         `json:"over"`
	Total          record.Decimal `json:"total"` // as reported
	Sum            record.Decimal `json:"sum"`
	Of             int            `json:"of"` // so many parts, which may not be all there are
	Difference     record.Decimal `json:"difference"`

	way int
}

// Totals holds every total, and every total of a part, against the sum of its own parts, and gives those that differ, at most most of
// them, the latest first. Over areas and parts nobody knows whether all parts are there, so Of says how many were added; over time
// they all are, or nothing is compared. What is broken down in several ways at once is added along one of them at a time. Cells of
// one place are given once.
func Totals(cells []Cell, most int) []Mismatch {
	type place struct {
		record.Period
		area, part string
	}
	type sum struct {
		value record.Decimal
		of    int
	}
	type along struct { // what is added: over what, and of parts along which of the ways in which they are broken down
		over string
		way  int
	}
	at := make(map[place]record.Decimal, len(cells))
	for _, c := range cells {
		at[place{c.Period, c.Area, c.Disaggregation}] = c.Value
	}
	type breakdown struct {
		record.Period
		area string
	}
	names := map[breakdown]map[string]bool{}
	for p := range at {
		k := breakdown{p.Period, p.area}
		if names[k] == nil {
			names[k] = map[string]bool{}
		}
		names[k][p.part] = true
	}
	sums := map[along]map[place]*sum{}
	add := func(x along, p place, v record.Decimal) {
		if _, ok := at[p]; !ok {
			return
		}
		if sums[x] == nil {
			sums[x] = map[place]*sum{}
		}
		s := sums[x][p]
		if s == nil {
			s = &sum{value: "0"}
			sums[x][p] = s
		}
		s.value, s.of = Plus(s.value, v), s.of+1
	}
	type within struct {
		start      int64
		area, part string
	}
	whole := map[within][]record.Period{} // years and quarters that are there, by where a part of them may start
	for p := range at {
		if s := spanOf(p.Period); s == Year || s == Quarter {
			for m := range s.length() {
				k := within{Later(p.Start, m), p.area, p.part}
				whole[k] = append(whole[k], p.Period)
			}
		}
	}
	ways := map[breakdown]waysOf{}
	for k, all := range names {
		ways[k] = waysIn(all)
	}
	for p, v := range at {
		if up, ok := above(p.area, "-", func(a string) bool { _, ok := at[place{p.Period, a, p.part}]; return ok }); ok {
			add(along{OverAreas, 0}, place{p.Period, up, p.part}, v)
		}
		k := breakdown{p.Period, p.area}
		if up, ok := above(p.part, ";", func(s string) bool { return names[k][s] }); ok {
			way := strings.Count(up, ";") + 1
			if up == "" {
				way = ways[k].of[p.part]
			}
			add(along{OverParts, way}, place{p.Period, p.area, up}, v)
		}
		w := ways[k]
		for way, up := range w.without(p.part) {
			add(along{OverParts, -1 - way}, place{p.Period, p.area, up}, v)
		}
		for _, y := range whole[within{p.Start, p.area, p.part}] {
			switch s := spanOf(p.Period); {
			case s == Month:
				add(along{OverTime, 0}, place{y, p.area, p.part}, v)
			case s == Quarter && spanOf(y) == Year:
				add(along{OverQuarters, 0}, place{y, p.area, p.part}, v)
			}
		}
	}
	complete := func(over string, p record.Period, of int) bool {
		switch over {
		case OverTime:
			return int64(of) == spanOf(p).length()
		case OverQuarters:
			return of == 4
		}
		return true
	}
	var out []Mismatch
	for x, at2 := range sums {
		for p, s := range at2 {
			if complete(x.over, p.Period, s.of) && compare(s.value, at[p]) != 0 {
				out = append(out, Mismatch{Period: p.Period, Area: p.area, Disaggregation: p.part, Over: x.over, Total: at[p], Sum: s.value, Of: s.of, Difference: Minus(at[p], s.value), way: x.way})
			}
		}
	}
	slices.SortFunc(out, func(a, b Mismatch) int {
		return cmp.Or(cmp.Compare(b.End, a.End), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Over, b.Over), cmp.Compare(a.Area, b.Area), cmp.Compare(a.Disaggregation, b.Disaggregation), cmp.Compare(a.way, b.way))
	})
	return out[:min(len(out), most)]
}

// waysOf are the ways in which the figures of one area and period are broken down, as far as their names tell: a;b is the part of a and
// of b where all of b is reported too, and the part b of a where it is not.
type waysOf struct {
	crossed map[[2]int]bool // of names of so many codes: each is there too without the code at that place
	of      map[string]int  // a code that stands alone: along which way it is a part of the whole; the first, where nothing tells
}

func waysIn(names map[string]bool) waysOf {
	w := waysOf{map[[2]int]bool{}, map[string]int{}}
	first := map[string]bool{}
	for n := range names {
		codes := strings.Split(n, ";")
		if first[codes[0]] = first[codes[0]] || len(codes) > 1; len(codes) == 1 {
			continue
		}
		for i := range len(codes) - 1 {
			k := [2]int{len(codes), i}
			if _, seen := w.crossed[k]; !seen {
				w.crossed[k] = true
			}
			w.crossed[k] = w.crossed[k] && names[strings.Join(slices.Delete(slices.Clone(codes), i, i+1), ";")]
		}
	}
	for n := range names {
		if codes := strings.Split(n, ";"); len(codes) == 2 && w.crossed[[2]int{2, 0}] && !first[codes[1]] {
			w.of[codes[1]] = 1
		}
	}
	return w
}

// without gives the names of what a part is a part of, beside the one that its name begins with, by the place of the code that they lack.
func (w *waysOf) without(name string) map[int]string {
	var out map[int]string
	for codes, i := strings.Split(name, ";"), 0; i < len(codes)-1; i++ {
		if w.crossed[[2]int{len(codes), i}] {
			if out == nil {
				out = map[int]string{}
			}
			out[i] = strings.Join(slices.Delete(slices.Clone(codes), i, i+1), ";")
		}
	}
	return out
}

// above is the nearest name that holds another: MX-SON-HMO lies in MX-SON, or else in MX; what has parts lies in them, or else in
// the empty name.
func above(name, by string, there func(string) bool) (string, bool) {
	for name != "" {
		i := strings.LastIndex(name, by)
		if i < 0 {
			if by == "-" { // the areas of a party that have nothing in common have no total
				return "", false
			}
			name = ""
		} else {
			name = name[:i]
		}
		if there(name) {
			return name, true
		}
	}
	return "", false
}
