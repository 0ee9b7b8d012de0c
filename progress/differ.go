package progress

import (
	"slices"
	"strconv"

	"entente/record"
)

// What is found to differ between two parties' figures on one indicator.
const (
	DiffUnit      = "unit"
	DiffSpan      = "span"
	DiffCalendar  = "calendar" // years that start in different months
	DiffArea      = "area"
	DiffBreakdown = "breakdown"
	DiffCoverage  = "coverage" // how many areas are summed
	DiffVersion   = "version"
	DiffPeriods   = "periods" // no period in common
	DiffStatus    = "status"
	DiffLatest    = "latest"
)

// Difference is one thing in which the figures of parties differ. Of has what each has; codes, not words.
type Difference struct {
	What string                  `json:"what"`
	Of   map[record.Party]string `json:"of,omitempty"`
}

// Differences names what differs in how two series were made. None found does not say that they count the same thing.
func Differences(a, b *Series) []Difference {
	var out []Difference
	add := func(what, x, y string) {
		if x != y {
			out = append(out, Difference{what, map[record.Party]string{a.Party: x, b.Party: y}})
		}
	}
	add(DiffUnit, a.Unit, b.Unit)
	add(DiffSpan, string(a.Span), string(b.Span))
	if a.Span == Year && b.Span == Year {
		add(DiffCalendar, a.startMonth(), b.startMonth())
	}
	add(DiffArea, a.Area, b.Area)
	add(DiffBreakdown, a.Disaggregation, b.Disaggregation)
	if a.Areas > 0 || b.Areas > 0 {
		add(DiffCoverage, strconv.Itoa(max(a.Areas, 1)), strconv.Itoa(max(b.Areas, 1)))
	}
	if x, y := a.Last(), b.Last(); x != nil && y != nil {
		add(DiffVersion, x.Version.Short(), y.Version.Short())
		add(DiffStatus, string(x.Status), string(y.Status))
		add(DiffLatest, strconv.FormatInt(x.End, 10), strconv.FormatInt(y.End, 10))
	}
	if !slices.ContainsFunc(a.Points, func(p Point) bool {
		return slices.ContainsFunc(b.Points, func(q Point) bool { return p.Period == q.Period })
	}) {
		out = append(out, Difference{What: DiffPeriods})
	}
	return out
}

func (s *Series) startMonth() string {
	if len(s.Points) == 0 {
		return ""
	}
	_, m, _ := civil(s.Points[len(s.Points)-1].Start / day)
	return strconv.FormatInt(m, 10)
}
