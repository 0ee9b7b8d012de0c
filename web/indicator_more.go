package web

import (
	"cmp"
	"math/big"
	"slices"

	"entente/node"
	"entente/progress"
	"entente/record"
)

// movement is what a later edition changed of what its party had reported before.
type movement struct {
	Party     record.Party
	Source    string
	Vintage   string
	Href      string
	Time      int64
	Revised   int
	Periods   []moved
	Left      int // periods not shown
	Increased int
	Decreased int
}

// moved is one period of one series: what it was, and is.
type moved struct {
	Period, Area, Part string
	Was, Now, Diff     string
}

// moved finds what the reports revised: every figure beside the one that it took the place of, the latest report first.
func (w *Web) moved(r *request, b *indicatorBody, all *node.Figures) {
	type change struct {
		s        *progress.Series
		was, now *progress.Figure
	}
	by := map[record.ID][]change{}
	for i := range all.Series {
		s := &all.Series[i]
		for k := range s.Points {
			p := &s.Points[k]
			for n := range p.Earlier {
				was, now := &p.Earlier[n], &p.Figure
				if n+1 < len(p.Earlier) {
					now = &p.Earlier[n+1]
				}
				if was.Value != now.Value || was.Status != now.Status && (was.Missing() || now.Missing()) {
					by[now.Report] = append(by[now.Report], change{s, was, now})
				}
			}
		}
	}
	for _, x := range all.Reports { // newest first
		list := by[x.ID]
		if len(list) == 0 || len(b.Moved) == movedReports {
			continue
		}
		slices.SortFunc(list, func(a, c change) int {
			return cmp.Or(cmp.Compare(c.now.End, a.now.End), cmp.Compare(a.s.Area, c.s.Area), cmp.Compare(a.s.Disaggregation, c.s.Disaggregation))
		})
		m := movement{Party: x.Party, Source: x.Source, Vintage: x.Vintage, Href: w.reportHref(r, b.State, x.ID), Time: x.Time, Revised: len(list)}
		for _, c := range list {
			diff := ""
			if !c.was.Missing() && !c.now.Missing() {
				d := progress.Minus(c.now.Value, c.was.Value)
				diff = r.figure(d, c.s.Unit)
				switch {
				case d != "" && d[0] == '-':
					m.Decreased++
				default:
					m.Increased++
				}
			}
			if len(m.Periods) == movedPeriods {
				m.Left++
				continue
			}
			m.Periods = append(m.Periods, moved{r.period(c.now.Period, c.s.Span), c.s.Area, c.s.Disaggregation, r.figureOrNone(c.was, c.s.Unit), r.figureOrNone(c.now, c.s.Unit), diff})
		}
		b.Moved = append(b.Moved, m)
	}
}

// olderLeft says whose reports are more than is read.
func (r *request) olderLeft(f *node.Figures) (out []string) {
	for _, p := range f.Older {
		n := 0
		for i := range f.Reports {
			if f.Reports[i].Party == p {
				n++
			}
		}
		out = append(out, r.t("indicator.older-left", "Party", r.group.PartyName(p), "Count", n))
	}
	return out
}

func (r *request) figureOrNone(f *progress.Figure, unit string) string {
	if f.Missing() {
		return r.t("status.missing")
	}
	return r.web.languages[r.lang].amount(f.Value, r.unit(unit))
}

// totals holds what each side reported as a total against the parts that it reported.
func (w *Web) totals(r *request, b *indicatorBody, all *progress.Collection) {
	type measure struct {
		party record.Party
		unit  string
	}
	cells := map[measure][]progress.Cell{}
	var order []measure
	for i := range all.Series {
		s := &all.Series[i]
		m := measure{s.Party, s.Unit}
		if cells[m] == nil {
			order = append(order, m)
		}
		for k := range s.Points {
			if p := &s.Points[k]; !p.Missing() {
				cells[m] = append(cells[m], progress.Cell{Period: p.Period, Area: s.Area, Disaggregation: s.Disaggregation, Value: p.Value})
			}
		}
	}
	for _, m := range order {
		for _, l := range r.mismatches(progress.Totals(cells[m], mismatchesShown), m.unit) {
			l.Party = r.group.PartyName(m.party)
			b.Sums = append(b.Sums, l)
		}
	}
}

// converted shows the sides in one unit where the reader asks for it and a factor leads there for each: the exact one of units of one
// measure, or into the indicator's unit the one that its definition declares. The factor stands on the page. What the signal says is
// computed apart from it.
func (w *Web) converted(r *request, b *indicatorBody, results []progress.Result) []progress.Result {
	units := []string{}
	for _, y := range results {
		if y.Series != nil && !slices.Contains(units, y.Unit) {
			units = append(units, y.Unit)
		}
	}
	if len(units) < 2 {
		return results
	}
	d := b.State.Definition()
	if !slices.Contains(units, d.Unit) {
		units = append(units, d.Unit)
	}
	units = slices.DeleteFunc(units, func(to string) bool {
		return slices.ContainsFunc(results, func(y progress.Result) bool {
			return y.Series != nil && y.Unit != to && d.Into(y.Party, y.Unit, to) == nil
		})
	})
	if len(units) == 0 {
		return results
	}
	to := r.FormValue("unit")
	if !slices.Contains(units, to) {
		to = ""
	}
	b.Units = &choice{Name: "unit", Label: r.t("indicator.convert"), Value: to, Options: []option{{"", r.t("indicator.convert-none"), ""}}}
	for _, u := range units {
		b.Units.Options = append(b.Units.Options, option{Value: u, Text: r.unit(u)})
	}
	b.Choose = append(b.Choose, *b.Units)
	if to == "" {
		return results
	}
	out := slices.Clone(results)
	for i, y := range out {
		if y.Series == nil || y.Unit == to {
			continue
		}
		x := d.Into(y.Party, y.Unit, to)
		b.Declared = append(b.Declared, r.convertedBy(y.Party, x))
		out[i].Series, out[i].Unit = y.Series.Times(x.By(), to), to
	}
	return out
}

// convertedBy says by which factor a side's figures are converted, and what kind of factor it is.
func (r *request) convertedBy(p record.Party, x *progress.Converted) string {
	key, factor := "indicator.converted-declared", x.Factor
	if !x.Declared {
		key, factor = "indicator.converted", factorText(x.By())
	}
	return r.t(key, "Party", r.group.PartyName(p), "From", r.unit(x.From), "To", r.unit(x.To), "Factor", factor)
}

// conversions says by what the sides' different units are converted into the indicator's, or that nothing is agreed.
func (w *Web) conversions(r *request, b *indicatorBody, results []progress.Result) reason {
	out := reason{Key: "differs.conversion"}
	d := b.State.Definition()
	for _, y := range results {
		s := sideWord{y.Party, r.t("differs.no-conversion", "From", r.unit(y.Series.Unit), "To", r.unit(d.Unit))}
		if x := d.Convert(y.Party, y.Series.Unit); x != nil {
			s.Text = r.convertedBy(y.Party, x)
		} else if y.Series.Unit == d.Unit {
			s.Text = r.t("differs.own-unit", "Unit", r.unit(d.Unit))
		}
		out.Sides = append(out.Sides, s)
	}
	return out
}

// factorText is a factor to the last digit, or to twelve with an ellipsis where it has no end.
func factorText(f *big.Rat) string {
	if n, exact := f.FloatPrec(); exact && n <= 12 {
		return f.FloatString(n)
	}
	return f.FloatString(12) + "…"
}
