package web

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"time"

	"entente"
	"entente/chart"
	"entente/node"
	"entente/progress"
	"entente/record"
)

// multiple is one indicator among several: small pictures of its series, what the figures say, and what people say.
type multiple struct {
	Name     name
	Href     string
	Code     string
	Charts   []smallChart
	Sides    []sideFigure
	Statuses []sideStatus
	Target   string
	Moved    bool // the target moved
	state    *entente.State
}

// smallChart is one measure: what is not in one unit and span does not stand on one axis.
type smallChart struct {
	SVG  template.HTML
	Unit string
}

// multiplesBody is a page of them by line of effort.
type multiplesBody struct {
	Line    string
	Lines   []multiplesLine
	Parties []chartKey
	Before  string
	After   string
}

type multiplesLine struct {
	Code string
	Href string
	Rows []multiple
}

// multiple shows an indicator by what is kept of its signals.
func (w *Web) multiple(r *request, s *entente.State, results []progress.Result) multiple {
	m := multiple{Href: r.group.Href("indicators", s.Instrument.String()), Code: s.Fact("code"), Statuses: w.statusesOf(r.group, s), Target: r.level(s, s.Definition().Target), state: s,
		Moved: slices.ContainsFunc(s.Definitions, func(d entente.DefinitionState) bool { return d.Moved })}
	type measure struct {
		unit string
		span progress.Span
	}
	var order []measure
	charts := map[measure]*chart.Chart{}
	for _, y := range results {
		m.Sides = append(m.Sides, r.sideFigure(s, y))
		if y.Series == nil {
			continue
		}
		k := measure{y.Unit, y.Span}
		c := charts[k]
		if c == nil {
			order = append(order, k)
			c = &chart.Chart{ID: s.Instrument.Short() + strconv.Itoa(len(order)), Title: r.t("multiples.chart", "Code", m.Code, "Unit", r.unit(k.unit), "Period", r.t("span."+string(k.span))),
				Time: func(t int64) string { return strconv.Itoa(time.Unix(t, 0).UTC().Year()) }}
			charts[k] = c
			w.levels(r, c, &drawn{}, y)
		}
		c.Series = append(c.Series, chart.Series{Name: r.group.PartyName(y.Party), Style: w.styleOf(r, y.Party), Points: points(y.Series)})
		for _, x := range y.Series.Breaks {
			c.Breaks = append(c.Breaks, chart.Break{X: x.At})
		}
	}
	for _, k := range order {
		if svg := charts[k].Small(); svg != nil {
			m.Charts = append(m.Charts, smallChart{template.HTML(svg), r.unit(k.unit) + ", " + r.t("span."+string(k.span))}) //nolint:gosec // chart escapes every text
		}
	}
	return m
}

// sideKeys are the parties with their mark, for a page of charts.
func (w *Web) sideKeys(r *request) []chartKey {
	var out []chartKey
	for _, p := range readerParty(w.node.Party(), r.group.Chart.IDs()) {
		out = append(out, chartKey{w.styleOf(r, p), r.group.PartyName(p)})
	}
	return out
}

// multiples shows the indicators of a line of effort, or of all, as small pictures.
func (w *Web) multiples(r *request) (answer, error) {
	line := r.PathValue("line")
	if line != "" && !r.group.Chart.HasLine(line) {
		return nil, fmt.Errorf("line: %w", node.ErrNotFound)
	}
	list, err := w.node.Instruments(r.Context(), r.who, r.group.ID, node.Query{Kind: indicatorKind, Line: line, Phase: entente.PhaseInForce, Limit: indicatorPage, Cursor: node.Cursor(r.FormValue("from"))})
	if err != nil {
		return nil, err
	}
	signals, err := w.signals(r, list.Items)
	if err != nil {
		return nil, err
	}
	texts, err := w.read(r, titles(r.group, list.Items))
	if err != nil {
		return nil, err
	}
	b := multiplesBody{Line: line, Parties: w.sideKeys(r)}
	for _, code := range lineCodes(r.group) {
		l := multiplesLine{Code: code, Href: r.group.Href("multiples", code)}
		for _, x := range list.Items {
			if s := signals[x.State.Instrument]; s != nil && x.State.Line == code {
				m := w.multiple(r, x.State, s.Results)
				m.Name = texts.name(r, r.group, x.State)
				l.Rows = append(l.Rows, m)
			}
		}
		if len(l.Rows) > 0 {
			b.Lines = append(b.Lines, l)
		}
	}
	for at, to := range map[node.Cursor]*string{list.Next: &b.After, list.Prev: &b.Before} {
		if at != "" {
			*to = r.group.Href("multiples", line) + "?from=" + string(at)
		}
	}
	p := page{name: "multiples", title: r.t("multiples.title"), nav: indicatorKind, body: b, wide: true}
	if line != "" {
		p.title += " – " + r.group.LineName(line)
	}
	return p, nil
}

// standing puts on the sheet where the indicators stand: of one line the first with their pictures, of all lines how many stand how.
func (s *sheet) standing(b *ministerBody) error {
	r, w := s.r, s.w
	all, err := w.listed(r, node.Query{Kind: indicatorKind, Line: s.line, Phase: entente.PhaseInForce})
	if err != nil {
		return err
	}
	signals, err := w.signals(r, all)
	if err != nil {
		return err
	}
	aims, err := w.listed(r, node.Query{Kind: objectiveKind, Line: s.line, Phase: entente.PhaseInForce})
	if err != nil {
		return err
	}
	outcome := map[string]*entente.State{}
	for _, o := range aims {
		if o.State.Fact("level") == "outcome" && outcome[o.State.Line] == nil {
			outcome[o.State.Line] = o.State
		}
	}
	tally := map[string]map[progress.Word]int{}
	for _, x := range all {
		y := signals[x.State.Instrument]
		if y == nil {
			continue
		}
		if tally[x.State.Line] == nil {
			tally[x.State.Line] = map[progress.Word]int{}
		}
		for _, res := range y.Results {
			tally[x.State.Line][res.Word]++
		}
	}
	for i := range b.Lines {
		l := &b.Lines[i]
		l.Signals = r.tallied(tally[l.Code])
		if o := outcome[l.Code]; o != nil {
			l.Statuses = w.statusesOf(r.group, o)
		}
	}
	if s.line == "" {
		return nil
	}
	if o := outcome[s.line]; o != nil {
		b.Outcome = &outcomeStanding{Href: r.group.Href("i", o.Instrument.String()), Statuses: w.statusesOf(r.group, o)}
		s.name(&b.Outcome.Name, o)
	}
	slices.SortStableFunc(all, func(x, y node.Listed) int { return sheetRank(signals, x) - sheetRank(signals, y) })
	n := min(len(all), sheetIndicators)
	b.Multiples = make([]multiple, 0, n)
	for _, x := range all[:n] {
		if y := signals[x.State.Instrument]; y != nil {
			b.Multiples = append(b.Multiples, w.multiple(r, x.State, y.Results))
			s.name(&b.Multiples[len(b.Multiples)-1].Name, x.State)
		}
	}
	b.Keys, b.MoreIndicators = w.sideKeys(r), len(all)-len(b.Multiples)
	return nil
}

// sheetRank puts first what is judged, then what has figures.
func sheetRank(signals map[record.ID]*node.Signals, x node.Listed) int {
	y := signals[x.State.Instrument]
	rank := 3
	if y == nil {
		return rank
	}
	for _, res := range y.Results {
		switch {
		case res.Word == progress.NoData:
		case res.Word == progress.NotJudged, res.Word == progress.TooFew:
			rank = min(rank, 2)
		default:
			rank = min(rank, 1)
		}
	}
	return rank
}

// tallied says how many signals say what, of both sides.
func (r *request) tallied(n map[progress.Word]int) []talliedSignal {
	var out []talliedSignal
	for _, word := range progress.Words {
		if n[word] > 0 {
			out = append(out, talliedSignal{tagOf(word), n[word]})
		}
	}
	return out
}

type talliedSignal struct {
	Tag signalTag
	N   int
}

// outcomeStanding is the outcome of a line with what each side says of it.
type outcomeStanding struct {
	Name     name
	Href     string
	Statuses []sideStatus
}

// sheetIndicators is how many pictures stand on the sheet of a line.
const sheetIndicators = 4
