package progress

import (
	"cmp"
	"math/big"
	"slices"
	"strings"

	"entente/record"
)

// holding computes the readings of one claim.
type holding struct {
	claim     Claim
	tolerance *big.Rat
	readings  []Reading
	figures   bool // something was reported in time
	unit      bool // and in the unit
}

// track is one series with what was known of it when the claim was made.
type track struct {
	*Series
	measure *Measure
	tied    bool
	main    bool
	points  []Point // with a value, by end
	at      map[int64]int
	from    int    // its first reading
	of      string // the unit in which it was reported, where it was converted
}

func (h *holding) track(s *Series, m *Measure, tied, main bool) *track {
	t := &track{Series: s, measure: m, tied: tied, main: main, at: map[int64]int{}, from: len(h.readings)}
	for i := range s.Points {
		p := s.Points[i]
		if !p.Missing() && (h.claim.Said == 0 || p.End <= h.claim.Said) {
			t.points = append(t.points, p)
		}
	}
	for i := range t.points {
		t.at[t.points[i].Start] = i // of several that start together the longest
	}
	return t
}

// measure reads one indicator: each party's series as it stands, then its areas and breakdowns.
func (h *holding) measure(m *Measure, tied bool) {
	c := &h.claim
	for _, party := range m.Parties() {
		mains := map[place]map[Span]bool{}
		for _, span := range Spans {
			s, ok := m.Choose(party, Choice{Area: c.Area, Disaggregation: c.Disaggregation, Span: span})
			if !ok {
				continue
			}
			p := place{party, s.Area, s.Disaggregation, s.Unit}
			if mains[p] == nil {
				mains[p] = map[Span]bool{}
			}
			mains[p][span] = true
			t := h.track(s, m, tied, true)
			h.series(t)
		}
		var same []*track
		for i := range m.Series {
			s := &m.Series[i]
			if s.Party == party && !mains[place{party, s.Area, s.Disaggregation, s.Unit}][s.Span] {
				same = append(same, h.track(s, m, tied, false))
			}
		}
		if len(same) > maxParts {
			continue
		}
		for _, t := range same {
			t.from = len(h.readings)
			h.series(t)
		}
		if tied && c.Form == ClaimValue {
			h.parts(same)
		}
	}
}

// series computes the readings of one series.
func (h *holding) series(t *track) {
	if len(t.points) == 0 {
		return
	}
	h.figures = h.figures || t.tied
	if u := h.claim.Unit; h.claim.Form != ClaimPercent && u != "" && u != t.Unit {
		c := t.Converted(u)
		if c == nil {
			return
		}
		of := t.Unit
		t = h.track(c, t.measure, t.tied, t.main)
		t.of = of
	}
	h.unit = h.unit || t.tied
	switch h.claim.Form {
	case ClaimValue:
		h.values(t)
	case ClaimPercent, ClaimChange:
		h.changes(t)
	case ClaimHighest, ClaimLowest:
		h.superlative(t)
	}
}

// rate: figures that are not added: per day, percent and the like.
func (t *track) rate() bool {
	return strings.Contains(t.Unit, " per ") || strings.Contains(t.Unit, "/") || strings.HasPrefix(t.Unit, "percent")
}

// window adds the figures of exactly that period. nil: they do not cover it, or must not be added.
func (t *track) window(start, end int64) *Term {
	var of []*Point
	for cur := start; cur < end; {
		i, ok := t.at[cur]
		if !ok {
			break
		}
		for ; i > 0 && t.points[i].End > end && t.points[i-1].Start == cur; i-- { // cumulative figures start together
		}
		p := &t.points[i]
		if p.End > end || len(of) > 0 && t.Span == Cumulative {
			break
		}
		of = append(of, p)
		cur = p.End
	}
	if len(of) == 0 || of[len(of)-1].End != end || len(of) > 1 && t.rate() {
		return nil
	}
	return termOf(of)
}

func termOf(of []*Point) *Term {
	x := &Term{Period: record.Period{Start: of[0].Start, End: of[0].End}, Of: len(of)}
	sum := new(big.Rat)
	for i, p := range of {
		x.Start, x.End = min(x.Start, p.Start), max(x.End, p.End)
		sum.Add(sum, rat(p.Value))
		if i < maxAddends-1 || i == len(of)-1 {
			x.Values = append(x.Values, p.Value)
		}
	}
	x.Value = Number{sum}
	return x
}

// last is the term of the latest period; of single events, of all.
func (t *track) last() *Term {
	if t.Span == Irregular && !t.rate() {
		return t.all()
	}
	p := &t.points[len(t.points)-1]
	return termOf([]*Point{p})
}

// all adds everything; nil where periods overlap or figures must not be added.
func (t *track) all() *Term {
	if t.rate() || t.Span == Cumulative {
		return nil
	}
	of := make([]*Point, len(t.points))
	for i := range t.points {
		if of[i] = &t.points[i]; i > 0 && of[i].Start < of[i-1].End {
			return nil
		}
	}
	return termOf(of)
}

// named are the windows that end with the latest period, by name; how long each is in months, and whether it is a year's beginning.
func (t *track) named() []named {
	end := t.points[len(t.points)-1].End
	y, m, _ := civil((end - 1) / day)
	first := func(y, m int64) int64 { return days(y, m, 1) * day }
	fiscal := t.measure.Fiscal
	fy := y
	if fiscal > 1 && m < fiscal {
		fy--
	}
	out := []named{{ReadYearSoFar, first(y, 1), end}, {ReadTwelve, first(y, m-11), end}}
	if y2, _, _ := civil(end / day); y2 > y { // the year is whole
		out = append(out, named{ReadYear, first(y, 1), end})
	} else {
		out = append(out, named{ReadYear, first(y-1, 1), first(y, 1)})
	}
	if fiscal > 1 {
		out = append(out, named{ReadFiscal, first(fy, fiscal), end})
		if whole := first(fy+1, fiscal); whole == end {
			out = append(out, named{ReadFiscalYear, first(fy, fiscal), end})
		} else {
			out = append(out, named{ReadFiscalYear, first(fy-1, fiscal), first(fy, fiscal)})
		}
	}
	return out
}

type named struct {
	name       string
	start, end int64
}

func (n named) yearEarlier() (int64, int64) { return Later(n.start, -12), Later(n.end, -12) }

// values reads a count or an amount.
func (h *holding) values(t *track) {
	c := &h.claim
	stated := false
	switch {
	case c.Start != 0 && c.End != 0:
		h.add(t, ReadStated, true, t.window(c.Start, c.End), nil)
		stated = true
	case c.Start != 0:
		h.add(t, ReadStated, true, t.since(c.Start), nil)
		stated = true
	case c.End != 0:
		stated = true
		for i := range t.points {
			if t.points[i].End == c.End {
				h.add(t, ReadStated, true, termOf([]*Point{&t.points[i]}), nil)
			}
		}
	}
	h.add(t, ReadLatest, !stated, t.last(), nil)
	for _, n := range t.named() {
		h.add(t, n.name, false, t.window(n.start, n.end), nil)
	}
	h.add(t, ReadAll, false, t.all(), nil)
}

// since is everything from a day on.
func (t *track) since(start int64) *Term {
	last := t.points[len(t.points)-1].End
	if x := t.window(start, last); x != nil {
		return x
	}
	if t.Span == Irregular && !t.rate() {
		var of []*Point
		for i := range t.points {
			if p := &t.points[i]; p.Start >= start && (len(of) == 0 || p.Start >= of[len(of)-1].End) {
				of = append(of, p)
			}
		}
		if len(of) > 0 {
			return termOf(of)
		}
	}
	return nil
}

// changes reads a change over every named base.
func (h *holding) changes(t *track) {
	c := &h.claim
	latest := &t.points[len(t.points)-1]
	now := termOf([]*Point{latest})
	end := c.End
	if c.Start == 0 && end != 0 { // the period that ends there
		now = nil
		for i := range t.points {
			if t.points[i].End == end {
				now, latest = termOf([]*Point{&t.points[i]}), &t.points[i]
			}
		}
	} else if c.Start != 0 && end != 0 {
		now = t.window(c.Start, end)
	}
	stated := c.BaseEnd != 0
	if stated {
		base := t.window(c.BaseStart, c.BaseEnd)
		if c.BaseStart == 0 {
			for i := range t.points {
				if t.points[i].End == c.BaseEnd {
					base = termOf([]*Point{&t.points[i]})
				}
			}
		}
		h.add(t, ReadStated, true, now, base)
		h.daily(t, ReadStated, now, base)
	}
	if now == nil || t.Span == Irregular && !t.rate() { // single events run no course
		return
	}
	if t.Span == Cumulative { // totals of counts that began together are no levels
		if a, z := Later(now.Start, -12), Later(now.End, -12); !stated {
			h.add(t, ReadYearAgo, true, now, t.window(a, z))
		}
		return
	}
	since := c.Start != 0 && c.End == 0
	if since { // "since then": the latest period and the one before that day, and all since then with as long before
		for i := range t.points {
			if t.points[i].End == c.Start || t.points[i].Start < c.Start && t.points[i].End > c.Start {
				base := termOf([]*Point{&t.points[i]})
				h.add(t, ReadStated, !stated, now, base)
				h.daily(t, ReadStated, now, base)
			}
		}
		if x := t.window(c.Start, latest.End); x != nil {
			n := whole(record.Period{Start: c.Start, End: latest.End})
			h.add(t, ReadSince, false, x, t.window(Later(c.Start, -n), c.Start))
		}
	}
	yearAgo := t.window(Later(now.Start, -12), Later(now.End, -12))
	h.add(t, ReadYearAgo, !stated && !since, now, yearAgo)
	h.daily(t, ReadYearAgo, now, yearAgo)
	var before *Term
	for i := range t.points {
		if t.points[i].End == now.Start {
			before = termOf([]*Point{&t.points[i]})
		}
	}
	h.add(t, ReadBefore, false, now, before)
	h.daily(t, ReadBefore, now, before)
	for _, n := range t.named() {
		a, z := n.yearEarlier()
		h.add(t, n.name, false, t.window(n.start, n.end), t.window(a, z))
	}
	if b := t.measure.Baseline; b != nil && b.Start != 0 {
		if n := whole(record.Period{Start: b.Start, End: b.Date}); n > 0 {
			h.add(t, ReadBaseline, false, t.window(Later(now.End, -n), now.End), t.window(b.Start, b.Date))
		}
	}
	if now.Of != 1 {
		return
	}
	earlier := t.before(now.Start)
	if len(earlier) == 0 {
		return
	}
	peak := slices.MaxFunc(earlier, func(a, b *Point) int { return compare(a.Value, b.Value) })
	h.add(t, ReadPeak, false, now, termOf([]*Point{peak}))
}

// before are the points that ended by then, as long as the latest kind of period.
func (t *track) before(start int64) []*Point {
	var out []*Point
	for i := range t.points {
		if t.points[i].End <= start {
			out = append(out, &t.points[i])
		}
	}
	return out
}

// superlative holds a period against the whole series from its start.
func (h *holding) superlative(t *track) {
	c := &h.claim
	stated := c.Start != 0 && c.End != 0
	if t.Span == Cumulative { // a running total is always at its highest: what was added each day is compared
		h.added(t)
		return
	}
	if stated {
		if x := t.window(c.Start, c.End); x != nil {
			h.ranked(t, ReadStated, true, x, t.like(*x))
		}
	}
	if t.Span == Irregular {
		return // periods of any length are not compared
	}
	last := termOf([]*Point{&t.points[len(t.points)-1]})
	h.ranked(t, ReadLatest, !stated, last, t.like(*last))
	for _, n := range t.named() {
		if n.name == ReadYearSoFar || n.name == ReadFiscal { // a part of a year is the highest of such parts too easily
			continue
		}
		if x := t.window(n.start, n.end); x != nil && x.Of > 1 {
			h.ranked(t, n.name, false, x, t.like(*x))
		}
	}
}

// like are the windows that begin and end at the same time of earlier years, and of one month, quarter or year every such period
// before.
func (t *track) like(x Term) []Term {
	var out []Term
	if x.Of == 1 {
		for _, p := range t.before(x.Start) {
			out = append(out, *termOf([]*Point{p}))
		}
		return out
	}
	for n := int64(12); Later(x.Start, -n) >= t.points[0].Start; n += 12 {
		if w := t.window(Later(x.Start, -n), Later(x.End, -n)); w != nil {
			out = append(out, *w)
		}
	}
	return out
}

// added compares what cumulative figures added a day.
func (h *holding) added(t *track) {
	var steps []Term
	for i := range t.points {
		p := &t.points[i]
		start, v := p.Start, p.Value
		if i > 0 && t.points[i-1].Start == p.Start {
			start, v = t.points[i-1].End, Minus(v, t.points[i-1].Value)
		}
		daily := new(big.Rat).Quo(rat(v), big.NewRat(p.End-start, day))
		steps = append(steps, Term{Period: record.Period{Start: start, End: p.End}, Values: []record.Decimal{v}, Of: 1, Value: Number{daily}})
	}
	n := len(steps) - 1
	h.ranked(t, ReadLatest, true, &steps[n], steps[:n])
	if r := h.lastOf(t, ReadLatest); r != nil {
		r.Daily = true
	}
}

// ranked adds the comparison of a term with the highest or lowest of others.
func (h *holding) ranked(t *track, name string, first bool, x *Term, others []Term) {
	if len(others) < minRanked {
		return
	}
	low := h.claim.Form == ClaimLowest
	best := &others[0]
	for i := range others {
		if k := others[i].Value.Cmp(best.Value.Rat); low && k < 0 || !low && k > 0 {
			best = &others[i]
		}
	}
	h.add(t, name, first, x, best)
	if r := h.lastOf(t, name); r != nil && r.Of == 0 {
		r.Of, r.From = len(others)+1, others[0].Start
		for i := range others {
			r.From = min(r.From, others[i].Start)
		}
	}
}

func (h *holding) lastOf(t *track, name string) *Reading {
	if n := len(h.readings); n > t.from && h.readings[n-1].Name == name && h.readings[n-1].Party == t.Party {
		return &h.readings[n-1]
	}
	return nil
}

// parts are sums of two or three areas or breakdowns in one period.
func (h *holding) parts(all []*track) {
	end := int64(0)
	var fit []*track
	for _, t := range all {
		if len(t.points) > 0 && (h.claim.Unit == "" || h.claim.Unit == t.Unit) && !t.rate() {
			end = max(end, t.points[len(t.points)-1].End)
		}
	}
	if h.claim.End != 0 {
		end = h.claim.End
	}
	at := map[*track]*Term{}
	for _, t := range all {
		for i := range t.points {
			if p := &t.points[i]; p.End == end && (h.claim.Start == 0 || p.Start == h.claim.Start) && !t.rate() && (h.claim.Unit == "" || h.claim.Unit == t.Unit) && !slices.Contains(fit, t) {
				x := termOf([]*Point{p})
				x.Area = strings.Trim(t.Area+" "+t.Disaggregation, " ")
				at[t] = x
				fit = append(fit, t)
			}
		}
	}
	try := func(ts ...*track) {
		for _, t := range ts {
			if at[t].Period != at[ts[0]].Period || t.Unit != ts[0].Unit {
				return
			}
		}
		r := h.reading(ts[0], ReadParts)
		r.Area, r.Disaggregation = "", ""
		for _, t := range ts {
			r.Now = append(r.Now, *at[t])
			h.figuresOf(r, t, at[t])
		}
		h.finish(r)
	}
	for i := range fit {
		for k := i + 1; k < len(fit); k++ {
			try(fit[i], fit[k])
			for l := k + 1; l < len(fit); l++ {
				try(fit[i], fit[k], fit[l])
			}
		}
	}
}

func (h *holding) reading(t *track, name string) *Reading {
	return &Reading{Measure: t.measure.Code, Tied: t.tied, Main: t.main, Party: t.Party, Area: t.Area, Disaggregation: t.Disaggregation, Unit: t.Unit, Converted: t.of, Span: t.Span, Name: name, Accepted: true}
}

// add computes a reading; terms that are nil are not there.
func (h *holding) add(t *track, name string, first bool, now, base *Term) {
	needsBase := h.claim.Form != ClaimValue
	if now == nil || needsBase && base == nil || len(h.readings) >= maxReadings || !first && !(t.main && t.tied) {
		return
	}
	r := h.reading(t, name)
	r.First, r.Now = first, []Term{*now}
	h.figuresOf(r, t, now)
	if base != nil && needsBase {
		r.Base = base
		h.figuresOf(r, t, base)
		a, z := min(base.Start, now.Start), max(base.End, now.End)
		r.Broken = slices.ContainsFunc(t.Breaks, func(b Break) bool { return b.At > a && b.At < z })
	} else {
		r.Broken = slices.ContainsFunc(t.Breaks, func(b Break) bool { return b.At > now.Start && b.At < now.End })
	}
	for i := t.from; i < len(h.readings); i++ { // the same periods under another name
		if x := &h.readings[i]; x.Party == r.Party && x.Span == r.Span && same(&x.Now[0], now) && (r.Base == nil || same(x.Base, base)) {
			return
		}
	}
	h.finish(r)
}

func same(a, b *Term) bool {
	return a.Period == b.Period && a.Of == b.Of && a.Value.Cmp(b.Value.Rat) == 0
}

// daily adds the reading by daily averages, where months of different length are compared.
func (h *holding) daily(t *track, name string, now, base *Term) {
	if now == nil || base == nil || t.rate() || now.End-now.Start == base.End-base.Start || len(h.readings) >= maxReadings {
		return
	}
	per := func(x *Term) *Term {
		y := *x
		y.Value = Number{new(big.Rat).Quo(x.Value.Rat, big.NewRat(x.End-x.Start, day))}
		return &y
	}
	before := len(h.readings)
	h.add(t, name, false, per(now), per(base))
	if len(h.readings) > before {
		h.readings[before].Daily = true
	}
}

// figuresOf says whether the figures of a term are acknowledged or contested.
func (h *holding) figuresOf(r *Reading, t *track, x *Term) {
	for i := range t.points {
		p := &t.points[i]
		if p.Start >= x.Start && p.End <= x.End {
			r.Contested = r.Contested || len(p.Contested) > 0
			r.Accepted = r.Accepted && len(p.Accepted) > 0 && len(p.Contested) == 0
		}
	}
}

// finish computes the result and whether it fits.
func (h *holding) finish(r *Reading) {
	now := new(big.Rat)
	for i := range r.Now {
		now.Add(now, r.Now[i].Value.Rat)
	}
	c := &h.claim
	result, distance := now, new(big.Rat)
	switch c.Form {
	case ClaimPercent:
		if r.Base.Value.Sign() == 0 {
			return
		}
		result = new(big.Rat).Sub(now, r.Base.Value.Rat)
		result.Quo(result, r.Base.Value.Rat).Mul(result, big.NewRat(100, 1))
	case ClaimChange, ClaimHighest, ClaimLowest:
		result = new(big.Rat).Sub(now, r.Base.Value.Rat)
	}
	r.Result = Number{result}
	switch c.Form {
	case ClaimHighest, ClaimLowest:
		if c.Form == ClaimHighest && result.Sign() < 0 || c.Form == ClaimLowest && result.Sign() > 0 {
			distance.Abs(result)
			if base := new(big.Rat).Abs(r.Base.Value.Rat); base.Sign() > 0 {
				distance.Quo(distance, base)
			}
		}
		r.Fits = distance.Sign() == 0
	default:
		want := rat(c.Value)
		distance.Sub(result, want)
		over := c.Bound == BoundAtLeast && outward(distance, want) >= 0 || c.Bound == BoundAtMost && outward(distance, want) <= 0
		distance.Abs(distance)
		r.Fits = over || distance.Cmp(h.tolerance) <= 0
		if over {
			distance.SetInt64(0)
		}
	}
	r.Fits = r.Fits && !r.Broken
	r.Distance = Number{distance}
	h.readings = append(h.readings, *r)
}

// outward is the sign of a difference, away from zero: a fall of more than 90 % is one below -90.
func outward(difference, want *big.Rat) int {
	return difference.Sign() * cmp.Or(want.Sign(), 1)
}
