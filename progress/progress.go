// Package progress turns the figures that parties report into series and judges a series against its target by a published rule. It
// computes on exact fractions; whoever holds the same figures and definition gets the same result.
package progress

import (
	"cmp"
	"math/big"
	"strconv"
	"strings"

	"entente/record"
)

// Status is what a party says of its own figure.
type Status string

// The statuses. Missing says that there is no figure; it is never zero.
const (
	Provisional Status = "provisional"
	Revised     Status = "revised"
	Final       Status = "final"
	Missing     Status = "missing"
)

// Report is one record of figures as it was put on record.
type Report struct {
	ID       record.ID
	Party    record.Party
	Index    uint64    // in the log of its party: a later report revises an earlier one
	Version  record.ID // of the definition that the figures were counted by
	Source   string
	Vintage  string
	Time     int64
	Rows     record.Table // empty where this reader may not see them
	Contests []Contest
	Accepted []Contest // another party's word that it acknowledges figures of it, in the same form
}

// Contest is another party's word that it does not accept figures of a report.
type Contest struct {
	By    record.Party `json:"by"`
	Reply record.ID    `json:"reply"`
	Keys  []string     `json:"-"` // of the rows it speaks of; none: all of the report
}

// Figure is one row of a report.
type Figure struct {
	record.Period
	Key       string         `json:"key"`
	Value     record.Decimal `json:"value,omitempty"` // as published, digit for digit; absent where status is missing
	Status    Status         `json:"status"`
	Report    record.ID      `json:"report"`
	Version   record.ID      `json:"version"`
	Contested []Contest      `json:"contested,omitempty"`
	Accepted  []record.Party `json:"accepted,omitempty"` // other parties that acknowledged it
}

// Missing reports whether it says that there is no figure.
func (f *Figure) Missing() bool { return f.Status == Missing }

// Span is how long the periods of a series are.
type Span string

// The spans. Cumulative periods start together and end one after another; irregular ones are of any other length.
const (
	Month      Span = "month"
	Quarter    Span = "quarter"
	Year       Span = "year"
	Cumulative Span = "cumulative"
	Irregular  Span = "irregular"
)

// Spans are all of them.
var Spans = []Span{Month, Quarter, Year, Cumulative, Irregular}

// Point is what a series says of one period.
type Point struct {
	Figure
	Earlier []Figure `json:"earlier,omitempty"` // what the same party had reported before, the oldest first
	Sum     int      `json:"sum,omitempty"`     // it is the sum of so many figures; of more than one, Key and Report are those of none
	Revised int      `json:"revised,omitempty"` // so many of them were reported with another value before
	Areas   int      `json:"areas,omitempty"`   // of so many areas
}

// Break is a moment across which nothing is compared.
type Break struct {
	At     int64  `json:"at"`     // the start of the first period after it
	Why    string `json:"why"`    // definition or coverage
	Before int    `json:"before"` // coverage: areas summed before and after
	After  int    `json:"after"`
}

// Why a series breaks.
const (
	BreakDefinition = "definition" // the later figures were counted by another version
	BreakCoverage   = "coverage"   // a sum goes over less than half, or more than double, of the areas
)

// Series are the figures of one party on one thing, by period.
type Series struct {
	Party          record.Party `json:"party"`
	Area           string       `json:"area"`           // empty: the sum over areas
	Disaggregation string       `json:"disaggregation"` // empty: the sum, or not broken down
	Unit           string       `json:"unit"`
	Span           Span         `json:"span"`
	Points         []Point      `json:"points"` // by period
	Breaks         []Break      `json:"breaks,omitempty"`
	Of             int          `json:"of,omitempty"`        // it is the sum of so many series
	Areas          int          `json:"areas,omitempty"`     // of so many areas
	Breakdown      int          `json:"breakdown,omitempty"` // of so many disaggregations
}

// Last is the latest point that has a value, nil without one.
func (s *Series) Last() *Point {
	for i := len(s.Points) - 1; i >= 0; i-- {
		if !s.Points[i].Missing() {
			return &s.Points[i]
		}
	}
	return nil
}

// end is the end of the latest period with a value; 0: there is none.
func (s *Series) end() int64 {
	if p := s.Last(); p != nil {
		return p.End
	}
	return 0
}

// Refused is a row that could not be read as a figure.
type Refused struct {
	Report record.ID `json:"report"`
	Key    string    `json:"key"`
	Why    string    `json:"why"` // period, value, status or columns
}

// whole64 is the value of a whole number of so few digits that the sum of two fits: most figures are such, and there are many.
func whole64(d record.Decimal) (int64, bool) {
	if len(d) > 17 {
		return 0, false
	}
	n, err := strconv.ParseInt(string(d), 10, 64)
	return n, err == nil && d[0] != '+'
}

// compare orders the exact values of two decimals.
func compare(a, b record.Decimal) int {
	x, ok1 := whole64(a)
	if y, ok2 := whole64(b); ok1 && ok2 {
		return cmp.Compare(x, y)
	}
	return rat(a).Cmp(rat(b))
}

// Plus sums decimals exactly: the sum has the most digits after the point of any.
func Plus(a, b record.Decimal) record.Decimal {
	x, ok1 := whole64(a)
	if y, ok2 := whole64(b); ok1 && ok2 {
		return record.Decimal(strconv.FormatInt(x+y, 10))
	}
	n := max(places(a), places(b))
	return record.Decimal(new(big.Rat).Add(rat(a), rat(b)).FloatString(n))
}

// Minus is a less b, exactly.
func Minus(a, b record.Decimal) record.Decimal {
	n := max(places(a), places(b))
	return record.Decimal(new(big.Rat).Sub(rat(a), rat(b)).FloatString(n))
}

func places(d record.Decimal) int {
	if _, f, ok := strings.Cut(string(d), "."); ok {
		return len(f)
	}
	return 0
}

// rat is the exact value of a decimal that was checked when its row was read, or of a sum of such, which may be longer.
func rat(d record.Decimal) *big.Rat {
	if n, ok := whole64(d); ok {
		return new(big.Rat).SetInt64(n)
	}
	if len(d) > maxDigits || strings.Trim(string(d), "-0123456789.") != "" {
		return new(big.Rat)
	}
	r, ok := new(big.Rat).SetString(string(d))
	if !ok {
		return new(big.Rat)
	}
	return r
}

// Round gives a decimal to so many places, half away from zero; one with fewer stays as it is.
func Round(d record.Decimal, n int) record.Decimal {
	if places(d) <= n {
		return d
	}
	return record.Decimal(rat(d).FloatString(n))
}

// Columns are the columns of the rows of a report, in this order. Periods are ISO dates, half-open; a value is a decimal, and empty
// where status is missing: missing is not zero.
var Columns = []string{"key", "start", "end", "area", "disaggregation", "value", "unit", "status"}
