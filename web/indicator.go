package web

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente"
	"entente/chart"
	"entente/node"
	"entente/progress"
	"entente/record"
)

// indicatorBody is one indicator: what the figures say, both sides' series, why they differ, how the signal was made, what was
// reported, and the definition.
type indicatorBody struct {
	*node.Detail
	Name      name
	Results   []judged
	Choose    []choice
	Charts    []drawn
	Parties   []record.Party
	Rows      []comparison
	Older     []comparison // folded away
	Left      int          // periods not shown
	Differ    bool
	Reasons   []reason
	Reports   []figureReport
	Unread    int      // reports that this office may not read, or that have not arrived
	OlderLeft []string // whose reports are more than is read
	Refused   []progress.Refused
	Texts     []text
	Facts     []particular
	Command   string
	Whole     string // path of the page of the text, signatures and proof
	Proposed  bool
	Statuses  []sideStatus
	Targets   []sentence // the target's earlier places
	Acts      []act
	Moved     []movement
	Sums      []mismatchLine
	Units     *choice     // in which both sides can be shown; nil: they are in one
	Declared  []string    // what was converted, by which factor
	Report    *reportWays // nil: this office signs nothing here, or a past moment is shown
}

// reportWays are how the reader's party reports figures on an indicator.
type reportWays struct {
	File, Typed string
}

// judged is one side's signal.
type judged struct {
	progress.Result
	Latest sideFigure
	Would  signalTag
	Say    []string
	Taken  []inputRow
	Facts  []particular
	Summed string
}

type inputRow struct {
	Period, Value, Per, Why string
}

type choice struct {
	Name    string
	Label   string
	Options []option
	Value   string
}

type drawn struct {
	SVG   template.HTML
	Unit  string
	Keys  []chartKey
	Lines []string
}

type chartKey struct {
	Style int
	Text  string
}

// comparison is one period in the table.
type comparison struct {
	period     record.Period
	Period     string
	Cells      []*cell // by party; nil: nothing was reported
	Difference string  // only where units and spans agree
}

type cell struct {
	Value     string
	Exact     record.Decimal
	Missing   bool
	Status    progress.Status
	Contested []record.Party
	Was       []string
	Areas     int
	Revised   int
	Href      string // of the report that it stands in
}

type reason struct {
	Key   string
	Sides []sideWord
}

type sideWord struct {
	Party record.Party
	Text  string
}

type figureReport struct {
	node.FigureReport
	Href      string
	Contested []record.Party
}

func (w *Web) indicator(r *request) (answer, error) {
	d, err := w.figured(r)
	if err != nil {
		return nil, err
	}
	s := d.State
	text := titled(s)
	texts, all, err := w.readFigures(r, append(w.statusWants(r, s), node.Want{Group: r.group.ID, Record: text, Names: words}), s)
	if err != nil {
		return nil, err
	}
	read := all[s.Instrument]
	b := &indicatorBody{Detail: d, Name: texts.name(r, r.group, s),
		Whole: r.group.Href("i", s.Instrument.String()), Command: "entente progress explain " + s.Fact("code") + " --json"}
	b.Proposed = s.InForce() == nil
	if _, reads := w.mayPrepare(r, s); !reads && r.past() == nil {
		b.Report = &reportWays{r.group.Href("figures") + "?indicator=" + s.Instrument.String(), r.group.Href("indicators", s.Instrument.String(), "add")}
	}
	b.Statuses, b.Targets = w.reasonedStatuses(r, d, texts), w.targets(r, s)
	if v := s.InForce(); v != nil && r.past() == nil {
		acts, _ := w.versionActs(r, d, v)
		for _, a := range acts {
			if a.Href != "" && (a.Verb == record.Report || a.Verb == record.Propose) {
				a.Second = true
				b.Acts = append(b.Acts, a)
			}
		}
	}
	b.Unread, b.Refused, b.OlderLeft = read.Unread, read.Refused, r.olderLeft(read)
	x := progress.Choice{Area: r.FormValue("area"), Disaggregation: r.FormValue("breakdown"), Span: progress.Span(r.FormValue("period"))}
	results := read.Results
	if x != (progress.Choice{}) {
		if results, err = w.node.Judge(r.group.ID, s, read, x); err != nil {
			return nil, err
		}
	}
	for _, y := range results {
		b.Parties = append(b.Parties, y.Party)
		b.Results = append(b.Results, w.judged(r, s, y))
	}
	b.Choose = choicesOf(r, &read.Collection, x)
	results = w.converted(r, b, results)
	b.Charts = w.drawn(r, b, results)
	w.table(r, b, results)
	w.reasons(r, b, results, read.Reports)
	w.moved(r, b, read)
	w.totals(r, b, &read.Collection)
	for _, x := range read.Reports {
		f := figureReport{FigureReport: x, Href: w.reportHref(r, s, x.ID)}
		for _, c := range x.Contests {
			f.Contested = append(f.Contested, c.By)
		}
		b.Reports = append(b.Reports, f)
	}
	for i := range d.Records {
		if d.Records[i].ID == text {
			b.Texts = texts.bilingual(r.group, d.Records[i].Header, text)
			b.Facts = w.counted(r, d.Records[i].Header, d.Records[i].Terms)
		}
	}
	return page{name: "indicator", title: b.Name.Text, nav: indicatorKind, body: b}, nil
}

// figured finds the indicator of a path.
func (w *Web) figured(r *request) (*node.Detail, error) {
	d, err := w.detail(r)
	if err == nil && d.State.Fact("direction") == "" {
		err = fmt.Errorf("indicator: %w", node.ErrNotFound)
	}
	return d, err
}

func (w *Web) reportHref(r *request, s *entente.State, report record.ID) string {
	return r.group.Href("indicators", s.Instrument.String(), "reports", report.String())
}

// counted says the terms of an indicator in words.
func (w *Web) counted(r *request, _ *record.Header, terms any) []particular {
	t, ok := terms.(*entente.Indicator)
	if !ok {
		return nil
	}
	s := entente.State{Facts: []entente.Fact{{Name: "unit", Value: t.Unit}}}
	level := func(l *entente.Level) string {
		if l == nil {
			return r.t("indicator.none-agreed")
		}
		return r.level(&s, &progress.Level{Value: l.Value, Start: l.Start, Date: l.Date})
	}
	period := r.t("span." + t.Period)
	if t.FiscalMonth > 0 {
		period = r.t("indicator.fiscal", "Period", period, "Month", r.t("month."+strings.ToLower(time.Month(t.FiscalMonth).String())))
	}
	if t.Since != 0 {
		period = r.t("indicator.since", "Period", period, "Day", w.languages[r.lang].dayUTC(t.Since))
	}
	out := []particular{{Key: "indicator.code", Text: t.Code}, {Key: "indicator.unit", Text: r.unit(t.Unit)}}
	if t.CountingUnit != "" {
		out = append(out, particular{Key: "indicator.counting", Text: r.known("counting.", t.CountingUnit)})
	}
	out = append(out, particular{Key: "indicator.direction", Text: r.t("direction." + t.Direction)}, particular{Key: "indicator.period", Text: period},
		particular{Key: "indicator.baseline", Text: level(t.Baseline)}, particular{Key: "indicator.target", Text: level(t.Target)})
	parties := r.group.Chart.IDs()
	ownFirst(w.node.Party(), parties, func(p record.Party) record.Party { return p })
	for _, p := range parties {
		if src := t.Sources[p]; src != "" {
			out = append(out, particular{Key: "indicator.source", Text: r.t("indicator.source-of", "Party", r.group.PartyName(p), "Source", src)})
		}
	}
	return append(out, w.defines(r, t)...)
}

// choicesOf are the selections of the form: what any side reports on.
func choicesOf(r *request, c *progress.Collection, x progress.Choice) []choice {
	areas, parts, spans := map[string]bool{}, map[string]bool{}, map[progress.Span]bool{}
	for i := range c.Series {
		s := &c.Series[i]
		areas[s.Area], parts[s.Disaggregation], spans[s.Span] = true, true, true
	}
	var out []choice
	add := func(name, value, none string, in map[string]bool) {
		if len(in) < 2 {
			return
		}
		f := choice{Name: name, Label: r.t("indicator.choose." + name), Value: value, Options: []option{{"", r.t(none), ""}}}
		var keys []string
		for k := range in {
			if k != "" {
				keys = append(keys, k)
			}
		}
		slices.Sort(keys)
		for _, k := range keys {
			f.Options = append(f.Options, option{Value: k, Text: k})
		}
		out = append(out, f)
	}
	add("area", x.Area, "indicator.all-areas", areas)
	add("breakdown", x.Disaggregation, "indicator.all-breakdowns", parts)
	if len(spans) > 1 {
		f := choice{Name: "period", Label: r.t("indicator.choose.period"), Value: string(x.Span), Options: []option{{"", r.t("indicator.latest-period"), ""}}}
		for _, s := range progress.Spans {
			if spans[s] {
				f.Options = append(f.Options, option{Value: string(s), Text: r.t("span." + string(s))})
			}
		}
		out = append(out, f)
	}
	return out
}

// judged says a signal in words, with what it was made from.
func (w *Web) judged(r *request, s *entente.State, y progress.Result) judged {
	j := judged{Result: y, Latest: r.sideFigure(s, y)}
	if y.Would != "" {
		j.Would = tagOf(y.Would)
	}
	key := "signal." + string(y.Word) + ".text"
	if y.Word == progress.NotJudged {
		key = "signal.why." + y.Why
	}
	if y.Word == progress.LateData {
		j.Say = append(j.Say, j.Latest.Late)
	} else {
		j.Say = append(j.Say, r.t(key))
		if j.Latest.Late != "" {
			j.Say = append(j.Say, j.Latest.Late)
		}
	}
	if y.Series == nil {
		return j
	}
	if y.Series.Of > 0 {
		j.Summed = r.t("indicator.summed", "Series", y.Series.Of, "Areas", y.Series.Areas)
	}
	unit := r.unit(y.Unit)
	if y.Converted != nil {
		unit = r.unit(y.Converted.To)
	}
	number := func(n *progress.Number) string {
		if n == nil {
			return r.t("signal.open")
		}
		return w.languages[r.lang].amount(n.Round(2), unit)
	}
	fact := func(key, text string) { j.Facts = append(j.Facts, particular{Key: key, Text: text}) }
	per := map[bool]string{true: "signal.per-month", false: "signal.plain"}[y.PerMonth]
	fact("signal.values", r.t(per))
	if y.Converted != nil {
		fact("signal.converted", r.convertedBy(y.Party, y.Converted))
	}
	if y.Level != nil {
		fact("signal.level", r.t("signal.median", "Value", number(y.Level), "Points", y.LevelOf))
	}
	if y.Baseline != nil {
		fact("indicator.baseline", number(y.Baseline))
	}
	if y.Target != nil {
		fact("indicator.target", number(y.Target))
	}
	if y.PathNow != nil {
		fact("signal.path", number(y.PathNow))
	}
	if t := y.Trend; t != nil {
		fact("signal.trend", r.t("signal.slope", "Slope", number(&t.Slope), "Low", number(t.Low), "High", number(t.High)))
		fact("signal.method", r.t("signal.method."+t.Method, "Points", t.Points, "Pairs", t.Pairs))
		if t.Reaches != nil {
			between := "–"
			if len(t.Between) == 2 {
				a, z := t.Between[0], t.Between[1]
				between = r.t("signal.between", "Low", number(&a), "High", number(&z))
			}
			fact("signal.reaches", r.t("signal.reaches-text", "Value", number(t.Reaches), "Between", between))
		}
	}
	if y.Awaited != 0 {
		fact("signal.awaited", w.languages[r.lang].dayUTC(y.Awaited-1))
	}
	if y.LateFrom != 0 {
		fact("signal.late-from", w.languages[r.lang].dayUTC(y.LateFrom))
	}
	for _, x := range y.Series.Breaks {
		day := w.languages[r.lang].dayUTC(x.At)
		j.Say = append(j.Say, r.t("break."+x.Why, "Day", day, "Before", x.Before, "After", x.After))
	}
	for i := len(y.Inputs) - 1; i >= 0; i-- {
		in := y.Inputs[i]
		row := inputRow{Period: r.period(in.Period, y.Span), Value: string(in.Value)}
		if in.Per != nil {
			row.Per = string(in.Per.Round(4))
		}
		if in.Why != "" {
			row.Why = r.t("input." + in.Why)
		}
		if j.Taken = append(j.Taken, row); len(j.Taken) == inputsShown {
			break
		}
	}
	return j
}

// styleOf: a side has the same mark and dash on every chart, whoever looks.
func (w *Web) styleOf(r *request, p record.Party) int { return slices.Index(r.group.Chart.IDs(), p) }

// drawn makes a chart of each unit and span: what is not one measure does not stand on one axis.
func (w *Web) drawn(r *request, b *indicatorBody, results []progress.Result) []drawn {
	type measure struct {
		unit string
		span progress.Span
	}
	var order []measure
	charts := map[measure]*chart.Chart{}
	keys := map[measure]*drawn{}
	l := w.languages[r.lang]
	for _, y := range results {
		if y.Series == nil {
			continue
		}
		m := measure{y.Unit, y.Span}
		c := charts[m]
		if c == nil {
			order = append(order, m)
			c = &chart.Chart{ID: strconv.Itoa(len(order)), Unit: m.unit, Title: r.t("indicator.chart", "Name", b.Name.Text, "Unit", r.unit(m.unit)), Description: r.t("indicator.chart-text"),
				Value: func(v float64) string { return l.number(v) }, Time: func(t int64) string { return strconv.Itoa(time.Unix(t, 0).UTC().Year()) }, Ticks: years}
			charts[m], keys[m] = c, &drawn{Unit: r.unit(m.unit) + ", " + r.t("span."+string(m.span))}
			w.levels(r, c, keys[m], y)
		}
		style := w.styleOf(r, y.Party)
		c.Series = append(c.Series, chart.Series{Name: r.group.PartyName(y.Party), Style: style, Points: points(y.Series)})
		keys[m].Keys = append(keys[m].Keys, chartKey{style, r.group.PartyName(y.Party)})
		for _, x := range y.Series.Breaks {
			c.Breaks = append(c.Breaks, chart.Break{X: x.At, Name: r.t("break.short")})
		}
	}
	from, to := int64(0), int64(0)
	for _, c := range charts {
		for _, x := range c.Series {
			for _, p := range x.Points {
				if from == 0 || p.X < from {
					from = p.X
				}
				to = max(to, p.X)
			}
		}
	}
	var out []drawn
	for _, m := range order {
		charts[m].From, charts[m].To = from, to
		k := keys[m]
		if svg := charts[m].SVG(); svg != nil {
			k.SVG = template.HTML(svg) //nolint:gosec // chart escapes every text
			out = append(out, *k)
		}
	}
	return out
}

// years are the turns of years, not more than ten.
func years(from, to int64) []int64 {
	a, z := time.Unix(from, 0).UTC().Year(), time.Unix(to, 0).UTC().Year()+1
	var out []int64
	for y, step := a, (z-a)/10+1; y <= z; y += step {
		out = append(out, time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
	}
	return out
}

func middle(p record.Period) int64 { return (p.Start + p.End) / 2 }

func float(d record.Decimal) float64 {
	v, err := strconv.ParseFloat(string(d), 64)
	if err != nil {
		return 0
	}
	return v
}

func points(s *progress.Series) []chart.Point {
	var out []chart.Point
	last := int64(0)
	for i := range s.Points {
		p := &s.Points[i]
		if p.Missing() {
			continue
		}
		q := chart.Point{X: middle(p.Period), Y: float(p.Value), Gap: p.Start != last || slices.ContainsFunc(s.Breaks, func(b progress.Break) bool { return b.At == p.Start })}
		if s.Span == progress.Cumulative {
			q.X, q.Gap = p.End, len(out) > 0 && p.Start != s.Points[max(0, i-1)].Start
		}
		last = p.End
		switch {
		case len(p.Contested) > 0:
			q.Mark = "contested"
		case p.Status == progress.Provisional || p.Status == progress.Revised:
			q.Mark = string(p.Status)
		}
		out = append(out, q)
	}
	return out
}

// levels draws baseline, target and the path between where they are of the chart's measure.
func (w *Web) levels(r *request, c *chart.Chart, k *drawn, y progress.Result) {
	if y.Unit != y.Definition.Unit || y.Target == nil {
		return
	}
	length := map[progress.Span]float64{progress.Month: 1, progress.Quarter: 3, progress.Year: 12}[y.Span]
	if !y.PerMonth {
		length = 1
	}
	if length == 0 || y.PerMonth && y.Span == progress.Cumulative {
		return
	}
	at := func(l *progress.Level, n *progress.Number) chart.Point {
		v, _ := n.Float64()
		x := l.Date
		if l.Start != 0 {
			x = middle(record.Period{Start: l.Start, End: l.Date})
		}
		return chart.Point{X: x, Y: v * length}
	}
	target := at(y.Definition.Target, y.Target)
	if y.Baseline != nil {
		base := at(y.Definition.Baseline, y.Baseline)
		c.Lines = append(c.Lines, chart.Line{Name: r.t("indicator.target"), From: base, To: target, Target: true})
		k.Lines = append(k.Lines, r.t("indicator.path-key"))
		return
	}
	c.Lines = append(c.Lines, chart.Line{Name: r.t("indicator.target"), From: target, To: target, Target: true})
}

// table sets the sides' figures against each other, the latest period first.
func (w *Web) table(r *request, b *indicatorBody, results []progress.Result) {
	at := map[record.Period]int{}
	comparable := len(results) > 1
	for i, y := range results {
		comparable = comparable && y.Series != nil && results[0].Series != nil && y.Unit == results[0].Unit && y.Span == results[0].Span
		if y.Series == nil {
			continue
		}
		for k := range y.Series.Points {
			p := &y.Series.Points[k]
			n, ok := at[p.Period]
			if !ok {
				n = len(b.Rows)
				at[p.Period] = n
				b.Rows = append(b.Rows, comparison{period: p.Period, Period: r.period(p.Period, y.Span), Cells: make([]*cell, len(results))})
			}
			c := &cell{Value: r.figure(p.Value, y.Unit), Exact: p.Value, Missing: p.Missing(), Status: p.Status, Areas: p.Areas, Revised: p.Revised}
			for _, x := range p.Contested {
				if !slices.Contains(c.Contested, x.By) {
					c.Contested = append(c.Contested, x.By)
				}
			}
			for _, x := range p.Earlier {
				if x.Value != p.Value {
					c.Was = append(c.Was, r.figure(x.Value, y.Unit))
				}
			}
			if !p.Report.IsZero() {
				c.Href = w.reportHref(r, b.State, p.Report)
			}
			b.Rows[n].Cells[i] = c
		}
	}
	b.Differ = comparable && len(results) == 2
	slices.SortFunc(b.Rows, func(x, y comparison) int {
		if x.period.End != y.period.End {
			return int(min(1, max(-1, y.period.End-x.period.End)))
		}
		return int(min(1, max(-1, y.period.Start-x.period.Start)))
	})
	if n := len(b.Rows); n > periodsShown {
		b.Rows, b.Left = b.Rows[:periodsShown], n-periodsShown
	}
	for i := range b.Rows {
		if !b.Differ {
			break
		}
		if x, y := b.Rows[i].Cells[0], b.Rows[i].Cells[1]; x != nil && y != nil && !x.Missing && !y.Missing {
			b.Rows[i].Difference = r.figure(progress.Minus(x.Exact, y.Exact), results[0].Unit)
		}
	}
	if len(b.Rows) > periodsFirst {
		b.Rows, b.Older = b.Rows[:periodsFirst], b.Rows[periodsFirst:]
	}
}

// reasons says why the sides' figures differ, as far as it is found in how they were made.
func (w *Web) reasons(r *request, b *indicatorBody, results []progress.Result, reports []node.FigureReport) {
	if len(results) < 2 || results[0].Series == nil || results[1].Series == nil {
		return
	}
	x, y := results[0].Series, results[1].Series
	for _, d := range progress.Differences(x, y) {
		out := reason{Key: "differs." + d.What}
		for _, s := range []*progress.Series{x, y} {
			if v, ok := d.Of[s.Party]; ok {
				out.Sides = append(out.Sides, sideWord{s.Party, w.differs(r, d.What, v)})
			}
		}
		b.Reasons = append(b.Reasons, out)
	}
	sources := func(p record.Party) string {
		for _, x := range reports {
			if x.Party == p {
				return strings.TrimSpace(x.Source + " " + x.Vintage)
			}
		}
		return "–"
	}
	if x.Unit != y.Unit {
		b.Reasons = append(b.Reasons, w.conversions(r, b, results[:2]))
	}
	b.Reasons = append(b.Reasons, reason{Key: "differs.source", Sides: []sideWord{{x.Party, sources(x.Party)}, {y.Party, sources(y.Party)}}})
}

func (w *Web) differs(r *request, what, v string) string {
	switch what {
	case progress.DiffUnit:
		return r.unit(v)
	case progress.DiffSpan:
		return r.t("span." + v)
	case progress.DiffStatus:
		return r.t("status." + v)
	case progress.DiffCalendar:
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			return r.t("month." + strings.ToLower(time.Month(n).String()))
		}
	case progress.DiffLatest:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return w.languages[r.lang].dayUTC(n - 1)
		}
	}
	if v == "" {
		return r.t("differs.all")
	}
	return v
}

// explained is the result as a file, with the mark of its reader: the signals are what the command line gives.
func (w *Web) explained(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	results, err := w.node.Progress(r.Context(), r.who, r.group.ID, d.State.Instrument, progress.Choice{Area: r.FormValue("area"), Disaggregation: r.FormValue("breakdown"), Span: progress.Span(r.FormValue("period"))})
	if err != nil {
		return nil, err
	}
	out, err := json.MarshalIndent(map[string]any{"copy": w.copied(r), "signals": results}, "", " ")
	return file{name: "signal-" + d.State.Fact("code") + ".json", mime: "application/json", content: out}, err
}

// Query is the choice as the end of an address.
func (b *indicatorBody) Query() string {
	q := url.Values{}
	for _, c := range b.Choose {
		if c.Value != "" && c.Name != "unit" {
			q.Set(c.Name, c.Value)
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}
