package progress

import (
	"math/big"
	"slices"

	"entente/record"
)

// Rule names the published rule by which Signal judges. A change of the rule is a new name.
const Rule = "entente/signal/v2"

// Word is what a signal says.
type Word string

// The words.
const (
	Met       Word = "met"
	OnTrack   Word = "on-track"
	AtRisk    Word = "at-risk"
	OffTrack  Word = "off-track"
	NoData    Word = "no-data"
	LateData  Word = "late-data"
	Contested Word = "contested"
	TooFew    Word = "too-few"
	NotJudged Word = "not-judged"
)

// Words are all of them.
var Words = []Word{Met, OnTrack, AtRisk, OffTrack, NoData, LateData, Contested, TooFew, NotJudged}

// Why a series is not judged.
const (
	WhyContext = "context" // the definition names no good direction
	WhyTarget  = "target"  // no target is agreed
	WhyUnit    = "unit"    // the series is in another unit than the target
	WhySpan    = "span"    // the periods are of different lengths, and the target names none
	WhyBreak   = "break"   // the coverage changed after the baseline
)

// Level is a value to start from or to reach. With Start it is that of the span to Date, without, that of the moment Date.
type Level struct {
	Value record.Decimal `json:"value"`
	Start int64          `json:"start,omitzero"`
	Date  int64          `json:"date"`
}

// Definition is what a signal needs of an indicator.
type Definition struct {
	Unit      string `json:"unit"`
	Direction string `json:"direction"` // up, down or context
	Period    Span   `json:"period"`    // of the figures: month, quarter or year
	Baseline  *Level `json:"baseline,omitempty"`
	Target    *Level `json:"target,omitempty"`

	Frequency   Span         `json:"frequency,omitempty"`   // how often each side reports; empty: each period
	DueDays     int64        `json:"due_days,omitzero"`     // so many days after the end of a period its figures are due; 0: none is agreed
	FiscalMonth int64        `json:"fiscal_month,omitzero"` // in which quarters and years of the definition start; 0: January
	Conversions []Conversion `json:"conversions,omitempty"` // into the definition's unit, where no exact factor leads there
}

// Number is an exact fraction. It is written rounded to ten places.
type Number struct{ *big.Rat }

// MarshalText writes the number in decimals.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.Decimal()), nil }

// Decimal is the number to ten places, without zeros at the end.
func (n Number) Decimal() record.Decimal { return n.Round(shownPlaces) }

// Round is the number to so many places, without zeros at the end.
func (n Number) Round(places int) record.Decimal {
	if n.Rat == nil {
		return ""
	}
	s := []byte(n.FloatString(places))
	if slices.Contains(s, '.') {
		for s[len(s)-1] == '0' {
			s = s[:len(s)-1]
		}
		if s[len(s)-1] == '.' {
			s = s[:len(s)-1]
		}
	}
	if string(s) == "-0" {
		s = s[1:]
	}
	return record.Decimal(s)
}

// Input is one point as the rule took it.
type Input struct {
	record.Period
	Value record.Decimal `json:"value,omitempty"`
	Used  bool           `json:"used"`
	Why   string         `json:"why,omitempty"` // not used: missing, break, older or first
	Per   *Number        `json:"per_month,omitempty"`
	At    *Number        `json:"at,omitempty"` // months since January 1970, of its middle or of its end
}

// Trend is how the points run, per month.
type Trend struct {
	Method     string   `json:"method"` // theil-sen or seasonal-kendall
	Seasons    int      `json:"seasons,omitempty"`
	Points     int      `json:"points"`
	Pairs      int      `json:"pairs"`
	Variance   Number   `json:"variance"` // of Kendall's S
	Confidence string   `json:"confidence"`
	Slope      Number   `json:"slope"`
	Low        *Number  `json:"low,omitempty"` // absent: open
	High       *Number  `json:"high,omitempty"`
	Reaches    *Number  `json:"reaches,omitempty"` // at the target's time, by the slope
	Between    []Number `json:"between,omitempty"` // and by the ends of its interval; absent while one is open
}

// Result is a signal with everything that it was computed from, so that anybody computes it again.
type Result struct {
	Rule       string       `json:"rule"`
	Word       Word         `json:"word"`
	Why        string       `json:"why,omitempty"`
	Would      Word         `json:"would,omitempty"` // late or contested data: what the rule says of the figures all the same
	Now        int64        `json:"now"`
	Definition Definition   `json:"definition"`
	Party      record.Party `json:"party"`
	Series     *Series      `json:"-"`
	Choice     Choice       `json:"choice"`
	Older      bool         `json:"older_left_out,omitempty"` // the party reported more, before what was read
	Unit       string       `json:"unit,omitempty"`
	Span       Span         `json:"span,omitempty"`
	Inputs     []Input      `json:"inputs,omitempty"`
	PerMonth   bool         `json:"per_month"`            // values were divided by the months of their periods
	Latest     int64        `json:"latest,omitzero"`      // end of the latest period with a value
	Awaited    int64        `json:"awaited,omitzero"`     // end of the period whose figures come next
	LateFrom   int64        `json:"late_from,omitzero"`   // from when those are late
	Converted  *Converted   `json:"converted,omitempty"`  // values were taken times a factor: levels and trend are in its unit
	Level      *Number      `json:"level,omitempty"`      // where it stands now: the median of the latest points
	LevelOf    int          `json:"level_of,omitempty"`   // so many
	Baseline   *Number      `json:"start,omitempty"`      // per month where values are
	Target     *Number      `json:"goal,omitempty"`       // likewise
	TargetAt   *Number      `json:"goal_at,omitempty"`    // months since January 1970
	PathNow    *Number      `json:"path_now,omitempty"`   // where the straight path from baseline to target stands at the latest point
	PathSlope  *Number      `json:"path_slope,omitempty"` // per month
	Trend      *Trend       `json:"trend,omitempty"`
}

// Signal judges a series by the rule:
//
//  1. Without a direction or a target nothing is judged. Without a value: no data. Values in another unit than the definition's are
//     taken times the exact factor between the two, or the one that the definition declares; without either nothing is judged.
//  2. Points before the latest break are not used; after a change of coverage since the baseline nothing is judged. Values of a
//     target that names a span are compared per month, each divided by the months of its own period; figures that are cumulative
//     are then taken as what was added since the figure before.
//  3. Met: the median of the latest points – a year of months or quarters, else three; of cumulative figures the last – is at the
//     target or beyond it. When the target's time has passed and it is not met: off track.
//  4. Else, from the Theil–Sen slope with its 90 % interval, seasonal where periods are months or quarters: on track when the whole
//     interval leads to the target by its time, off track when none of it does, at risk between. Fewer than five points, or than two
//     years of months or quarters: too few points.
//  5. The word is late data from the day after the agreed due day of the figures that come next, or where no due day is agreed when
//     two periods have passed since the latest figure's, and contested when a point used is contested; what the figures would say
//     stands beside it. The figures that come next are those of the following period; where each side reports less often than that,
//     all to the end of the calendar or fiscal quarter or year in which the latest figure's period ended.
//
// now is in Unix seconds. A nil series has no data.
func Signal(d Definition, s *Series, now int64) Result {
	r := Result{Rule: Rule, Now: now, Definition: d, Series: s}
	if s != nil {
		r.Party, r.Unit, r.Span = s.Party, s.Unit, s.Span
		r.Latest = s.end()
		r.convert()
	}
	if r.Latest != 0 {
		r.late()
	}
	r.Word, r.Why = r.judge()
	if r.Word == NoData || r.Word == NotJudged {
		return r
	}
	contested := slices.ContainsFunc(s.Points, func(p Point) bool {
		return len(p.Contested) > 0 && slices.ContainsFunc(r.Inputs, func(i Input) bool { return i.Used && i.Period == p.Period })
	})
	switch {
	case contested:
		r.Word, r.Would = Contested, r.Word
	case r.Late():
		r.Word, r.Would = LateData, r.Word
	}
	return r
}

func (r *Result) judge() (Word, string) {
	d, s := &r.Definition, r.Series
	r.PerMonth = d.Target != nil && d.Target.Start != 0
	var points []observation
	if s != nil {
		points = r.take()
	}
	if len(points) > 0 {
		r.level(points)
		r.trend(points)
	}
	switch {
	case r.Latest == 0:
		return NoData, ""
	case d.Direction != "up" && d.Direction != "down":
		return NotJudged, WhyContext
	case d.Target == nil:
		return NotJudged, WhyTarget
	case s.Unit != d.Unit && r.Converted == nil:
		return NotJudged, WhyUnit
	case !r.PerMonth && s.Span == Irregular:
		return NotJudged, WhySpan
	}
	at, goal := position(d.Target.Start, d.Target.Date), r.perMonth(*d.Target)
	r.Target, r.TargetAt = &Number{goal}, &Number{at}
	if b := d.Baseline; b != nil && (b.Start != 0) == r.PerMonth {
		if slices.ContainsFunc(s.Breaks, func(x Break) bool { return x.Why == BreakCoverage && x.At >= b.Date }) {
			return NotJudged, WhyBreak
		}
		r.path(points, r.perMonth(*b), position(b.Start, b.Date), goal, at)
	}
	if len(points) == 0 {
		return TooFew, ""
	}
	reached := func(v *big.Rat) bool {
		if d.Direction == "down" {
			return v.Cmp(goal) <= 0
		}
		return v.Cmp(goal) >= 0
	}
	enough := len(points) >= minPoints
	if n := r.seasons(); n > 0 {
		enough = len(points) >= minCycles*n && r.Trend != nil && r.Trend.Pairs >= minPairs
	}
	switch {
	case len(points) < r.LevelOf || r.Trend == nil || !enough && r.now().Cmp(at) <= 0:
		return TooFew, ""
	case reached(r.Level.Rat):
		return Met, ""
	case r.now().Cmp(at) > 0:
		return OffTrack, ""
	}
	slope := func(v *Number) *big.Rat {
		if v == nil {
			return nil
		}
		return v.Rat
	}
	low, high := slope(r.Trend.Low), slope(r.Trend.High)
	mid := project(points, r.Trend.Slope.Rat, at)
	r.Trend.Reaches = &Number{mid}
	all, none := low != nil && high != nil && reached(mid), low != nil && high != nil && !reached(mid)
	for _, v := range []*big.Rat{low, high} {
		if low == nil || high == nil {
			break
		}
		end := project(points, v, at)
		r.Trend.Between = append(r.Trend.Between, Number{end})
		all, none = all && reached(end), none && !reached(end)
	}
	switch {
	case all:
		return OnTrack, ""
	case none:
		return OffTrack, ""
	}
	return AtRisk, ""
}

func (r *Result) now() *big.Rat { return months(r.Now) }

// position is where a span or moment stands on the line of time: the middle of a span.
func position(start, end int64) *big.Rat {
	if start == 0 {
		return months(end)
	}
	v := new(big.Rat).Add(months(start), months(end))
	return v.Quo(v, big.NewRat(2, 1))
}

func (r *Result) perMonth(l Level) *big.Rat {
	v := rat(l.Value)
	if r.PerMonth && l.Start != 0 && l.Start < l.Date {
		v.Quo(v, new(big.Rat).Sub(months(l.Date), months(l.Start)))
	}
	return v
}

// seasons of the series; 0: none.
func (r *Result) seasons() int {
	switch r.Span {
	case Month:
		return 12
	case Quarter:
		return 4
	}
	return 0
}

// take chooses the points that the rule uses, and says of each how it was taken.
func (r *Result) take() []observation {
	s := r.Series
	from, n := int64(0), 0
	for _, b := range s.Breaks {
		from = max(from, b.At)
	}
	for _, p := range s.Points {
		if !p.Missing() && p.Start >= from {
			n++
		}
	}
	added := r.PerMonth && s.Span == Cumulative
	var points []observation
	var before *Point
	for i := range s.Points {
		p := &s.Points[i]
		in := Input{Period: p.Period, Value: p.Value}
		switch {
		case p.Missing():
			in.Why = "missing"
		case p.Start < from:
			in.Why = "break"
		case n > maxPoints:
			n--
			in.Why = "older"
		default:
			in.Used = true
			l := Level{p.Value, p.Start, p.End}
			if added && before != nil && before.Start == p.Start {
				l = Level{Minus(p.Value, before.Value), before.End, p.End}
			}
			before = p
			at := position(l.Start, l.Date)
			if !r.PerMonth && s.Span == Cumulative {
				at = months(p.End)
			}
			o := observation{t: at, y: r.perMonth(l)}
			if r.Converted != nil {
				o.y.Mul(o.y, r.Converted.by)
			}
			if n := int64(r.seasons()); n > 0 {
				o.season = new(big.Int).Div(months(p.Start).Num(), big.NewInt(12/n)).Int64() % n
			}
			in.Per, in.At = &Number{o.y}, &Number{o.t}
			points = append(points, o)
		}
		r.Inputs = append(r.Inputs, in)
	}
	return points
}

// level is the median of the latest points.
func (r *Result) level(points []observation) {
	n := 3
	switch {
	case r.seasons() > 0:
		n = r.seasons()
	case r.Span == Cumulative && !r.PerMonth:
		n = 1
	}
	r.LevelOf = n
	var last []*big.Rat
	for _, p := range points[max(0, len(points)-n):] {
		last = append(last, p.y)
	}
	slices.SortFunc(last, (*big.Rat).Cmp)
	r.Level = &Number{median(last)}
}

func (r *Result) trend(points []observation) {
	t := fit(points)
	if t.pairs == 0 {
		return
	}
	r.Trend = &Trend{Method: "theil-sen", Points: len(points), Pairs: t.pairs, Variance: Number{t.variance}, Confidence: "0.90", Slope: Number{t.slope}}
	if n := r.seasons(); n > 0 {
		r.Trend.Method, r.Trend.Seasons = "seasonal-kendall", n
	}
	if t.low != nil {
		r.Trend.Low = &Number{t.low}
	}
	if t.high != nil {
		r.Trend.High = &Number{t.high}
	}
}

// path is the straight way from baseline to target.
func (r *Result) path(points []observation, start, from, goal, to *big.Rat) {
	r.Baseline = &Number{start}
	if to.Cmp(from) <= 0 {
		return
	}
	slope := new(big.Rat).Sub(goal, start)
	slope.Quo(slope, new(big.Rat).Sub(to, from))
	r.PathSlope = &Number{slope}
	if n := len(points); n > 0 {
		v := new(big.Rat).Sub(points[n-1].t, from)
		r.PathNow = &Number{v.Add(v.Mul(v, slope), start)}
	}
}

// Changes is the first second after Now at which the rule says something else of the same figures: they are late, or the target's
// time has passed. 0: it will not.
func (r *Result) Changes() int64 {
	at := int64(0)
	if r.LateFrom > r.Now {
		at = r.LateFrom
	}
	t := r.Definition.Target
	if r.TargetAt == nil || t == nil || r.now().Cmp(r.TargetAt.Rat) > 0 {
		return at
	}
	low, high := r.Now, t.Date+1 // the time of a target is never after its date
	for low+1 < high {
		if mid := low + (high-low)/2; months(mid).Cmp(r.TargetAt.Rat) > 0 {
			high = mid
		} else {
			low = mid
		}
	}
	if at == 0 || high < at {
		at = high
	}
	return at
}

// Tail is a series with its latest points alone, and without what was reported before of each.
func (s *Series) Tail(n int) *Series {
	t := *s
	t.Points = slices.Clone(s.Points[max(0, len(s.Points)-n):])
	for i := range t.Points {
		t.Points[i].Earlier = nil
	}
	return &t
}
