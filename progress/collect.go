package progress

import (
	"cmp"
	"slices"
	"strings"

	"entente/record"
)

// Collection are the series of everything that was reported on an indicator.
type Collection struct {
	Series  []Series
	Refused []Refused // rows that could not be read
	Unread  int       // rows refused beyond those listed
}

// place is one thing that one party counts.
type place struct {
	party      record.Party
	area, part string
	unit       string
}

// Collect puts reports into series by party, area, disaggregation, unit and span. Of what a party says of one period, its latest
// report counts, and what it had said before stays beside it. since is from when the definition counts cumulatively, 0: it does
// not. The order of the reports and of their rows does not matter.
func Collect(reports []Report, since int64) Collection {
	var out Collection
	reports = slices.Clone(reports)
	slices.SortFunc(reports, func(a, b Report) int {
		return cmp.Or(cmp.Compare(a.Party, b.Party), cmp.Compare(a.Index, b.Index), slices.Compare(a.ID[:], b.ID[:]))
	})
	at := map[place]map[record.Period][]Figure{}
	for i := range reports {
		out.read(&reports[i], at)
	}
	places := make([]place, 0, len(at))
	for p := range at {
		places = append(places, p)
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.party, b.party), cmp.Compare(a.area, b.area), cmp.Compare(a.part, b.part), cmp.Compare(a.unit, b.unit))
	})
	for _, p := range places {
		spans := spansOf(at[p], since)
		for _, span := range Spans {
			s := Series{Party: p.party, Area: p.area, Disaggregation: p.part, Unit: p.unit, Span: span}
			for period, figures := range at[p] {
				if spans[period] == span {
					p := Point{Figure: figures[len(figures)-1]}
					if n := len(figures) - 1; n > 0 { // else the array, which nothing needs, would stay with the point
						p.Earlier = figures[:n:n]
					}
					s.Points = append(s.Points, p)
				}
			}
			if len(s.Points) > 0 {
				s.Points = slices.Clip(s.Points)
				s.order()
				out.Series = append(out.Series, s)
			}
		}
	}
	return out
}

// read adds the rows of a report.
func (c *Collection) read(r *Report, at map[place]map[record.Period][]Figure) {
	columns := map[string]int{}
	for i, n := range r.Rows.Columns {
		columns[n] = i
	}
	for _, n := range Columns {
		if _, ok := columns[n]; !ok && len(r.Rows.Rows) > 0 {
			c.refuse(r, "", "columns")
			return
		}
	}
	for _, row := range r.Rows.Rows {
		cell := func(n string) string { return row[columns[n]] }
		f := Figure{Key: cell("key"), Status: Status(cell("status")), Report: r.ID, Version: r.Version}
		start, ok1 := ParseDate(cell("start"))
		end, ok2 := ParseDate(cell("end"))
		f.Period = record.Period{Start: start, End: end}
		if !ok1 || !ok2 || !f.Valid() {
			c.refuse(r, f.Key, "period")
			continue
		}
		value, err := record.ParseDecimal(cell("value"))
		f.Value = value
		switch f.Status {
		case Missing:
			if cell("value") != "" {
				c.refuse(r, f.Key, "value")
				continue
			}
			f.Value = ""
		case Provisional, Revised, Final:
			if err != nil {
				c.refuse(r, f.Key, "value")
				continue
			}
		default:
			c.refuse(r, f.Key, "status")
			continue
		}
		for _, x := range r.Contests {
			if x.By != r.Party && (len(x.Keys) == 0 || slices.Contains(x.Keys, f.Key)) {
				f.Contested = append(f.Contested, x)
			}
		}
		for _, x := range r.Accepted {
			if x.By != r.Party && (len(x.Keys) == 0 || slices.Contains(x.Keys, f.Key)) && !slices.Contains(f.Accepted, x.By) {
				f.Accepted = append(f.Accepted, x.By)
			}
		}
		slices.Sort(f.Accepted)
		p := place{r.Party, cell("area"), cell("disaggregation"), cell("unit")}
		if at[p] == nil {
			at[p] = map[record.Period][]Figure{}
		}
		at[p][f.Period] = append(at[p][f.Period], f)
	}
}

func (c *Collection) refuse(r *Report, key, why string) {
	if len(c.Refused) == maxRefused {
		c.Unread++
		return
	}
	c.Refused = append(c.Refused, Refused{r.ID, key, why})
}

// spansOf says of which span each period is. Periods that start together and are no plain months, quarters or years are
// cumulative; then those quarters and years are too that start there.
func spansOf(at map[record.Period][]Figure, since int64) map[record.Period]Span {
	out, odd := map[record.Period]Span{}, map[int64]int{}
	for p := range at {
		if out[p] = spanOf(p); out[p] == Irregular {
			odd[p.Start]++
		}
	}
	for p, s := range out {
		if s != Month && (since != 0 && p.Start == since || odd[p.Start] > 1) {
			out[p] = Cumulative
		}
	}
	return out
}

// order puts points in order and finds the breaks of a series.
func (s *Series) order() {
	slices.SortFunc(s.Points, func(a, b Point) int { return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(a.Start, b.Start)) })
	s.Breaks = nil
	for i := 1; i < len(s.Points); i++ {
		a, b := &s.Points[i-1], &s.Points[i]
		switch {
		case a.Version != b.Version:
			s.Breaks = append(s.Breaks, Break{At: b.Start, Why: BreakDefinition})
		case a.Areas > 2*b.Areas || b.Areas > 2*a.Areas:
			s.Breaks = append(s.Breaks, Break{At: b.Start, Why: BreakCoverage, Before: a.Areas, After: b.Areas})
		}
	}
}

// Choice says which of a party's series to look at. What is empty is chosen: the sum over areas and breakdowns where figures come
// by area, and the span whose figures are the latest; irregular periods only where there are no others.
type Choice struct {
	Area           string `json:"area,omitempty"`
	Disaggregation string `json:"disaggregation,omitempty"`
	Span           Span   `json:"span,omitempty"`
}

// Choose finds a party's series. Figures of one party are summed over areas and their breakdowns where it reports more than one
// area and none, or no breakdown, is chosen; where it reports on the area that holds the others, that figure stands and nothing is
// summed. Breakdowns of one area alone may be different counts of one thing and are never summed: the latest is chosen. Figures of
// two parties are never summed.
func (c *Collection) Choose(party record.Party, x Choice) (*Series, bool) {
	var fit []*Series
	areas := map[string]bool{}
	for i := range c.Series {
		s := &c.Series[i]
		if s.Party != party || x.Span != "" && s.Span != x.Span {
			continue
		}
		areas[s.Area] = true
		if (x.Area == "" || s.Area == x.Area) && (x.Disaggregation == "" || s.Disaggregation == x.Disaggregation) {
			fit = append(fit, s)
		}
	}
	if len(fit) == 0 {
		return nil, false
	}
	regular := func(s *Series) int {
		if s.Span == Irregular {
			return 0
		}
		return 1
	}
	best := slices.MaxFunc(fit, func(a, b *Series) int {
		return cmp.Or(cmp.Compare(regular(a), regular(b)), cmp.Compare(a.end(), b.end()), cmp.Compare(len(a.Points), len(b.Points)), -cmp.Compare(a.Span.length(), b.Span.length()),
			-cmp.Compare(a.Area, b.Area), -cmp.Compare(a.Disaggregation, b.Disaggregation), -cmp.Compare(a.Unit, b.Unit))
	})
	fit = slices.DeleteFunc(fit, func(s *Series) bool { return s.Span != best.Span || s.Unit != best.Unit })
	outer, inner := map[string]bool{}, map[string]bool{}
	for _, s := range fit {
		for _, o := range fit {
			if strings.HasPrefix(o.Area, s.Area+"-") {
				outer[s.Area] = true
			}
		}
		inner[s.Area] = true
	}
	switch {
	case x.Area == "" && len(outer) > 0: // the party says itself what the areas come to
		for _, s := range fit {
			if outer[s.Area] && (!outer[best.Area] || s.end() > best.end()) {
				best = s
			}
		}
		return best, true
	case len(fit) == 1 || len(inner) == 1 && len(areas) == 1:
		return best, true
	}
	return sum(fit, x), true
}

// sum adds series of one party, span and unit period by period. A period in which one of them says missing is missing.
func sum(all []*Series, x Choice) *Series {
	out := &Series{Party: all[0].Party, Area: x.Area, Disaggregation: x.Disaggregation, Unit: all[0].Unit, Span: all[0].Span, Of: len(all)}
	at, areas, parts := map[record.Period]*Point{}, map[string]bool{}, map[string]bool{}
	inPeriod, only := map[record.Period]map[string]bool{}, map[record.Period]Point{}
	for _, s := range all {
		areas[s.Area], parts[s.Disaggregation] = true, true
		for _, q := range s.Points {
			p := at[q.Period]
			if p == nil {
				p = &Point{Figure: Figure{Period: q.Period, Value: "0", Status: q.Status, Version: q.Version, Accepted: slices.Clone(q.Accepted)}}
				only[q.Period] = q
				at[q.Period], inPeriod[q.Period] = p, map[string]bool{}
			}
			p.Sum++
			if slices.ContainsFunc(q.Earlier, func(f Figure) bool { return f.Value != q.Value }) {
				p.Revised++
			}
			inPeriod[q.Period][s.Area] = true
			p.Accepted = slices.DeleteFunc(p.Accepted, func(x record.Party) bool { return !slices.Contains(q.Accepted, x) })
			if Weaker(q.Status, p.Status) {
				p.Status = q.Status
			}
			if q.Version != p.Version && slices.Compare(q.Version[:], p.Version[:]) > 0 {
				p.Version = q.Version
			}
			if !q.Missing() {
				p.Value = Plus(p.Value, q.Value)
			}
			for _, c := range q.Contested {
				if !slices.ContainsFunc(p.Contested, func(o Contest) bool { return o.Reply == c.Reply }) {
					p.Contested = append(p.Contested, c)
				}
			}
		}
	}
	for period, p := range at {
		if p.Sum == 1 {
			*p = only[period]
			p.Sum = 1
		}
		p.Areas = len(inPeriod[period])
		if p.Missing() {
			p.Value = ""
		}
		out.Points = append(out.Points, *p)
	}
	out.Areas, out.Breakdown = len(areas), len(parts)
	out.order()
	return out
}

// Weaker: a sum is no firmer than any of its figures.
func Weaker(a, b Status) bool {
	firm := []Status{Final, Revised, Provisional, Missing}
	return slices.Index(firm, a) > slices.Index(firm, b)
}

// Parties that reported anything.
func (c *Collection) Parties() []record.Party {
	var out []record.Party
	for i := range c.Series {
		if !slices.Contains(out, c.Series[i].Party) {
			out = append(out, c.Series[i].Party)
		}
	}
	return out
}
