package progress

import (
	"cmp"
	"math/big"
	"slices"

	"entente/record"
)

// ClaimRule names the published rule by which Hold compares a claim with series. A change of the rule is a new name.
const ClaimRule = "entente/claim/v1"

// ClaimForm is what sort of thing a claim says.
type ClaimForm string

// The forms. A claim of no form states nothing that figures can be held against.
const (
	ClaimValue   ClaimForm = "value"   // a count or an amount
	ClaimPercent ClaimForm = "percent" // a change in percent; a fall is negative
	ClaimChange  ClaimForm = "change"  // a change in the unit of the series; a fall is negative
	ClaimHighest ClaimForm = "highest" // the highest there was
	ClaimLowest  ClaimForm = "lowest"
)

// ClaimForms are all of them.
var ClaimForms = []ClaimForm{ClaimValue, ClaimPercent, ClaimChange, ClaimHighest, ClaimLowest}

// Bounds of the value that a claim states.
const (
	BoundAtLeast = "at-least" // "more than"
	BoundAtMost  = "at-most"
	BoundAbout   = "about"
)

// ClaimBounds are all of them.
var ClaimBounds = []string{BoundAbout, BoundAtLeast, BoundAtMost}

// Claim is what was said, as far as figures can be held against it.
type Claim struct {
	Form           ClaimForm      `json:"form,omitempty"`
	Value          record.Decimal `json:"value,omitempty"` // digits as quoted: they carry its rounding
	Unit           string         `json:"unit,omitempty"`  // of a value or change; empty: not said
	Bound          string         `json:"bound,omitempty"`
	Start          int64          `json:"start,omitzero"` // of the period that it speaks of, Unix seconds; without End: since then
	End            int64          `json:"end,omitzero"`
	BaseStart      int64          `json:"base_start,omitzero"` // of the period that it is compared with
	BaseEnd        int64          `json:"base_end,omitzero"`
	Area           string         `json:"area,omitempty"`
	Disaggregation string         `json:"disaggregation,omitempty"`
	Said           int64          `json:"said,omitzero"` // periods that ended later were not known then; 0: not known when
}

// FindingWord is what the comparison of a claim with the series says.
type FindingWord string

// The words.
const (
	FindingAgreed       FindingWord = "matches-agreed"
	FindingSide         FindingWord = "matches-side"
	FindingBase         FindingWord = "another-base"
	FindingDefinition   FindingWord = "another-definition"
	FindingDiffers      FindingWord = "differs"
	FindingNotCheckable FindingWord = "not-checkable"
)

// FindingWords are all of them.
var FindingWords = []FindingWord{FindingAgreed, FindingSide, FindingBase, FindingDefinition, FindingDiffers, FindingNotCheckable}

// Why a claim cannot be held against figures.
const (
	UncheckedMeasure = "measure" // it is tied to no indicator
	UncheckedForm    = "form"    // it states no figure, change or superlative
	UncheckedFigures = "figures" // no figures are reported, or none that were known when it was said
	UncheckedUnit    = "unit"    // nothing is reported in its unit
	UncheckedPeriod  = "period"  // no figures for its period or base
)

// Names of how a reading takes its periods, beside those that the claim itself states.
const (
	ReadStated     = "stated"
	ReadLatest     = "latest"      // the latest period
	ReadAll        = "all"         // everything reported
	ReadYearAgo    = "year-ago"    // the latest period and the same a year earlier
	ReadBefore     = "before"      // the latest period and the one before it
	ReadYearSoFar  = "year-so-far" // the calendar year so far
	ReadFiscal     = "fiscal-so-far"
	ReadTwelve     = "twelve-months"
	ReadYear       = "whole-year" // the latest whole calendar year
	ReadFiscalYear = "whole-fiscal-year"
	ReadPeak       = "peak"     // the latest period and the highest before it
	ReadBaseline   = "baseline" // as long a period as the baseline of the definition, and the baseline's
	ReadSince      = "since"    // everything since the day that the claim names
	ReadParts      = "parts"    // some of the parts of the latest period
)

// ReadingNames are all of them.
var ReadingNames = []string{ReadStated, ReadLatest, ReadAll, ReadYearAgo, ReadBefore, ReadYearSoFar, ReadFiscal, ReadTwelve, ReadYear, ReadFiscalYear, ReadPeak, ReadBaseline, ReadSince, ReadParts}

// Measure is an indicator with what was reported on it.
type Measure struct {
	Code   string
	Agreed bool  // its definition is in force
	Fiscal int64 // the month in which its years start; 0: January
	Definition
	Collection
}

// Term is one side of a reading's arithmetic: the figures of a period, added.
type Term struct {
	record.Period
	Values []record.Decimal `json:"values"`         // as reported; the first and last of many
	Of     int              `json:"of"`             // how many there are
	Area   string           `json:"area,omitempty"` // where the figures are of one of several parts
	Value  Number           `json:"value"`
}

// Reading is one way to compute what a claim says from figures, with its arithmetic.
type Reading struct {
	Measure        string       `json:"measure"`
	Tied           bool         `json:"tied"` // to this measure; not: another indicator
	Main           bool         `json:"main"` // the party's series as it stands; not: one of its areas or breakdowns, another unit
	Party          record.Party `json:"party"`
	Area           string       `json:"area,omitempty"`
	Disaggregation string       `json:"disaggregation,omitempty"`
	Unit           string       `json:"unit"`
	Converted      string       `json:"converted,omitempty"` // from this unit, by an exact factor; values are then in Unit
	Span           Span         `json:"span"`
	Name           string       `json:"name"`            // how it takes its periods
	Daily          bool         `json:"daily,omitempty"` // values are per day
	Now            []Term       `json:"now"`             // added
	Base           *Term        `json:"base,omitempty"`  // what it is compared with; of superlatives the highest or lowest of the others
	Of             int          `json:"of,omitempty"`    // superlatives: so many periods were compared
	From           int64        `json:"from,omitzero"`   // superlatives: where the series starts
	Result         Number       `json:"result"`
	Distance       Number       `json:"distance"` // from what the claim says; 0 where it fits a bound
	Fits           bool         `json:"fits"`
	First          bool         `json:"first"`               // it is how the rule reads the claim before any other
	Accepted       bool         `json:"accepted,omitempty"`  // another party acknowledged every figure, and nobody contests one
	Contested      bool         `json:"contested,omitempty"` // a figure in it is contested
	Broken         bool         `json:"broken,omitempty"`    // its periods lie on both sides of a break: it never fits
	Sum            string       `json:"arithmetic"`          // how the result comes from the figures, in digits
}

// Finding is the comparison of a claim with the series, with everything that it was computed from.
type Finding struct {
	Rule      string         `json:"rule"`
	Word      FindingWord    `json:"word"`
	Why       string         `json:"why,omitempty"`
	Sides     []record.Party `json:"sides,omitempty"` // whose figures the claim matches
	Claim     Claim          `json:"claim"`
	Tolerance *Number        `json:"tolerance,omitempty"` // by the rounding of the quoted figure
	Tried     int            `json:"tried"`               // how many readings were computed
	Fit       int            `json:"fit"`                 // and how many of them fit
	Readings  []Reading      `json:"readings,omitempty"`  // those that carry the word, else the nearest
	Stated    []Reading      `json:"stated,omitempty"`    // how the rule reads the claim first, of every party, whether it fits or not
}

// Hold compares a claim with series by the rule:
//
//  1. A claim that states no figure, change or superlative, or is tied to no indicator, is not checkable; likewise where nothing is
//     reported in its unit, for its period and base, before it was said.
//  2. It is read first as it states itself: the period and base that it names. Where it names none: of a value the latest period,
//     or everything reported where figures are single events; of a change the latest period and the same a year earlier; of a
//     superlative the latest period against the whole series from its start. A figure fits within half a unit of the last digit
//     quoted; the zeros at the end of a whole number of four digits and more, or of any that is said to be about so much, count as
//     rounding, but for its first two digits, where it has more.
//  3. When the first reading fits, it matches: the agreed series, where the definition is agreed and the other side acknowledged
//     the figures or its own fit too and nobody contests them; else that side's series.
//  4. Else it fits another base, when another named reading of the same series fits: latest period, a year earlier, the period
//     before, the year so far, calendar or fiscal, twelve months, whole years, the peak, the agreed baseline, daily averages.
//  5. Else another definition, when the first reading of an area, breakdown or unit of the same indicator fits, or of another
//     indicator (not of superlatives), or a sum of two or three of its parts. No reading departs in both, base and definition.
//  6. Else it differs, and the nearest readings stand beside it.
//
// Nothing is read across a break, nothing is filled in, and figures of two parties are never added. How many readings were computed
// is said: the more, the more fit by chance.
func Hold(c Claim, tied *Measure, others []Measure) Finding {
	f := Finding{Rule: ClaimRule, Claim: c, Word: FindingNotCheckable}
	switch {
	case !c.checkable():
		f.Why = UncheckedForm
		return f
	case tied == nil:
		f.Why = UncheckedMeasure
		return f
	}
	h := holding{claim: c, tolerance: Rounding(c.Value, c.Bound == BoundAbout)}
	if c.Value != "" {
		f.Tolerance = &Number{h.tolerance}
	}
	h.measure(tied, true)
	others = slices.SortedFunc(slices.Values(others), func(a, b Measure) int { return cmp.Compare(a.Code, b.Code) })
	for i := range others[:min(len(others), maxMeasures)] {
		if others[i].Code != tied.Code && c.Form != ClaimHighest && c.Form != ClaimLowest {
			h.measure(&others[i], false)
		}
	}
	f.judge(h.readings, tied)
	for _, rs := range [][]Reading{f.Readings, f.Stated} {
		for i := range rs {
			rs[i].Sum = rs[i].Arithmetic(c.Form)
		}
	}
	if f.Word == FindingNotCheckable {
		switch {
		case !h.figures:
			f.Why = UncheckedFigures
		case !h.unit:
			f.Why = UncheckedUnit
		default:
			f.Why = UncheckedPeriod
		}
	}
	return f
}

func (c *Claim) checkable() bool {
	switch c.Form {
	case ClaimValue, ClaimPercent, ClaimChange:
		return c.Value.Valid()
	case ClaimHighest, ClaimLowest:
		return true
	}
	return false
}

// dated: it names the period or base that it speaks of.
func (c *Claim) dated() bool { return c.Start != 0 || c.End != 0 || c.BaseStart != 0 || c.BaseEnd != 0 }

// Rounding is half a unit of the last digit that a quoted figure states.
func Rounding(d record.Decimal, about bool) *big.Rat {
	half := big.NewRat(1, 2)
	s := []byte(d)
	if len(s) > 0 && s[0] == '-' {
		s = s[1:]
	}
	ten := big.NewRat(10, 1)
	if n := places(d); n > 0 {
		for range n {
			half.Quo(half, ten)
		}
		return half
	}
	if len(s) >= 4 || about {
		for i := len(s) - 1; i >= min(2, len(s)-1) && i > 0 && s[i] == '0'; i-- {
			half.Mul(half, ten)
		}
	}
	return half
}

// judge chooses the word.
func (f *Finding) judge(all []Reading, tied *Measure) {
	f.Tried = len(all)
	var fits []Reading
	for i := range all {
		r := &all[i]
		if r.Fits {
			f.Fit++
			fits = append(fits, *r)
		}
		if r.First && r.Tied && r.Main && len(f.Stated) < maxShown {
			f.Stated = append(f.Stated, *r)
		}
	}
	pick := func(ok func(*Reading) bool) bool {
		f.Readings = nil
		for i := range fits {
			if ok(&fits[i]) {
				f.Readings = append(f.Readings, fits[i])
			}
		}
		nearestFirst(f.Readings)
		f.Readings = f.Readings[:min(len(f.Readings), maxShown)]
		return len(f.Readings) > 0
	}
	switch {
	case pick(func(r *Reading) bool { return r.Tied && r.Main && r.First }):
		f.Word = FindingSide
		accepted := false
		for _, r := range f.Readings {
			if !slices.Contains(f.Sides, r.Party) {
				f.Sides = append(f.Sides, r.Party)
			}
			accepted = accepted || r.Accepted
		}
		slices.Sort(f.Sides)
		contested := slices.ContainsFunc(f.Readings, func(r Reading) bool { return r.Contested })
		if tied.Agreed && !contested && (accepted || len(f.Sides) > 1) {
			f.Word = FindingAgreed
		}
	case pick(func(r *Reading) bool { return r.Tied && r.Main }):
		f.Word = FindingBase
	case pick(func(*Reading) bool { return true }):
		f.Word = FindingDefinition
	case slices.ContainsFunc(all, func(r Reading) bool { return r.Tied && (r.First || !f.Claim.dated()) }):
		f.Word = FindingDiffers
		near := slices.DeleteFunc(slices.Clone(all), func(r Reading) bool { return !r.Tied })
		nearestFirst(near)
		f.Readings = near[:min(len(near), maxShown)]
	}
}

// nearestFirst orders readings by distance, the party's own series before its parts, the plainest first.
func nearestFirst(rs []Reading) {
	main := func(r *Reading) int {
		switch {
		case r.Main && r.First:
			return 0
		case r.Main:
			return 1
		case r.Tied:
			return 2
		}
		return 3
	}
	slices.SortStableFunc(rs, func(a, b Reading) int {
		if a.Broken != b.Broken {
			if a.Broken {
				return 1
			}
			return -1
		}
		return cmp.Or(a.Distance.Cmp(b.Distance.Rat), cmp.Compare(main(&a), main(&b)))
	})
}
