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
	OverAreas = "areas" // MX over MX-SON, MX-SIN …
	OverParts = "parts" // all over every part; homicide over homicide;firearm, homicide;knife …
	OverTime  = "time"  // a year over its twelve months or four quarters
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
}

// Totals holds every total against the sum of its parts and gives those that differ, at most most of them, the latest first. Over
// areas and parts nobody knows whether all parts are there, so Of says how many were added; over time they all are, or nothing is
// compared. Cells of one place are given once.
func Totals(cells []Cell, most int) []Mismatch {
	type place struct {
		record.Period
		area, part string
	}
	type sum struct {
		value record.Decimal
		of    int
	}
	at := make(map[place]record.Decimal, len(cells))
	for _, c := range cells {
		at[place{c.Period, c.Area, c.Disaggregation}] = c.Value
	}
	sums := map[string]map[place]*sum{OverAreas: {}, OverParts: {}, OverTime: {}}
	add := func(over string, p place, v record.Decimal) {
		if _, ok := at[p]; !ok {
			return
		}
		s := sums[over][p]
		if s == nil {
			s = &sum{value: "0"}
			sums[over][p] = s
		}
		s.value, s.of = Plus(s.value, v), s.of+1
	}
	type year struct {
		start      int64
		area, part string
	}
	whole := map[year][]record.Period{} // years that are there, by where a part of them may start
	for p := range at {
		if spanOf(p.Period) == Year {
			for m := int64(0); m < 12; m++ {
				y := year{Later(p.Start, m), p.area, p.part}
				whole[y] = append(whole[y], p.Period)
			}
		}
	}
	for p, v := range at {
		if up, ok := above(p.area, "-", func(a string) bool { _, ok := at[place{p.Period, a, p.part}]; return ok }); ok {
			add(OverAreas, place{p.Period, up, p.part}, v)
		}
		if up, ok := above(p.part, ";", func(s string) bool { _, ok := at[place{p.Period, p.area, s}]; return ok }); ok {
			add(OverParts, place{p.Period, p.area, up}, v)
		}
		if spanOf(p.Period) == Month {
			for _, y := range whole[year{p.Start, p.area, p.part}] {
				add(OverTime, place{y, p.area, p.part}, v)
			}
		}
	}
	var out []Mismatch
	for _, over := range []string{OverAreas, OverParts, OverTime} {
		for p, s := range sums[over] {
			if over == OverTime && s.of != 12 || compare(s.value, at[p]) == 0 {
				continue
			}
			out = append(out, Mismatch{Period: p.Period, Area: p.area, Disaggregation: p.part, Over: over, Total: at[p], Sum: s.value, Of: s.of, Difference: Minus(at[p], s.value)})
		}
	}
	slices.SortFunc(out, func(a, b Mismatch) int {
		return cmp.Or(cmp.Compare(b.End, a.End), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Over, b.Over), cmp.Compare(a.Area, b.Area), cmp.Compare(a.Disaggregation, b.Disaggregation))
	})
	return out[:min(len(out), most)]
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
