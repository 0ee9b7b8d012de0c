package web

import (
	"slices"

	"entente"
	"entente/node"
	"entente/progress"
	"entente/record"
)

// indicatorKind is what these pages list and write.
const indicatorKind = "indicator"

// indicatorsBody lists the indicators of a group by line of effort.
type indicatorsBody struct {
	Lines   []indicatorLine
	Parties []record.Party
	Before  string
	After   string
}

type indicatorLine struct {
	Code string
	Rows []indicatorRow
}

type indicatorRow struct {
	row
	Code      string
	Direction string
	Target    string // value and time in words; empty: none
	Sides     []sideFigure
}

// sideFigure is the latest figure of a party with its signal.
type sideFigure struct {
	Party  record.Party
	Value  string
	Exact  record.Decimal
	Period string
	Point  *progress.Point
	Late   string // why its next figures are late; empty: they are not
	Signal signalTag
	Older  bool // the party reported more than is read
}

// signalTag is a signal's word as pages show it: a message key and a colour of GOV.UK's tags.
type signalTag struct{ Key, Colour string }

var signalColours = map[progress.Word]string{progress.Met: "green", progress.OnTrack: "green", progress.AtRisk: "yellow", progress.OffTrack: "red", progress.NoData: "grey",
	progress.LateData: "orange", progress.Contested: "orange", progress.TooFew: "grey", progress.NotJudged: "blue"}

func tagOf(w progress.Word) signalTag { return signalTag{"signal." + string(w), signalColours[w]} }

func (w *Web) indicators(r *request) (answer, error) {
	list, err := w.node.Instruments(r.Context(), r.who, r.group.ID, node.Query{Kind: indicatorKind, Limit: indicatorPage, Cursor: node.Cursor(r.FormValue("from"))})
	if err != nil {
		return nil, err
	}
	wants := titles(r.group, list.Items)
	signals, err := w.signals(r, list.Items)
	if err != nil {
		return nil, err
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	b := indicatorsBody{}
	for _, x := range list.Items {
		if signals[x.State.Instrument] == nil { // no text of it has effect
			continue
		}
		results := signals[x.State.Instrument].Results
		u := indicatorRow{row: row{Name: texts.name(r, r.group, x.State), Href: r.group.Href("indicators", x.State.Instrument.String()), State: x.State, View: x.View, Group: r.group},
			Code: x.State.Fact("code"), Direction: x.State.Fact("direction"), Target: r.level(x.State, x.State.Definition().Target)}
		b.Parties = nil
		for _, y := range results {
			u.Sides = append(u.Sides, r.sideFigure(x.State, y))
			b.Parties = append(b.Parties, y.Party)
		}
		k := slices.IndexFunc(b.Lines, func(l indicatorLine) bool { return l.Code == x.State.Line })
		if k < 0 {
			k = len(b.Lines)
			b.Lines = append(b.Lines, indicatorLine{Code: x.State.Line})
		}
		b.Lines[k].Rows = append(b.Lines[k].Rows, u)
	}
	order := lineCodes(r.group)
	slices.SortStableFunc(b.Lines, func(a, c indicatorLine) int { return slices.Index(order, a.Code) - slices.Index(order, c.Code) })
	for at, to := range map[node.Cursor]*string{list.Next: &b.After, list.Prev: &b.Before} {
		if at != "" {
			*to = r.group.Href("indicators") + "?from=" + string(at)
		}
	}
	return page{name: "indicators", title: r.kindName(indicatorKind, true), nav: indicatorKind, body: b}, nil
}

// signals are what the figures on listed indicators say.
func (w *Web) signals(r *request, items []node.Listed) (map[record.ID]*node.Signals, error) {
	states := make([]*entente.State, len(items))
	for i, x := range items {
		states[i] = x.State
	}
	return w.node.Signals(r.Context(), r.who, r.Pattern, r.group.ID, states)
}

func (r *request) sideFigure(s *entente.State, y progress.Result) sideFigure {
	f := sideFigure{Party: y.Party, Signal: tagOf(y.Word), Older: y.Older}
	if y.Series != nil {
		if f.Point = y.Series.Last(); f.Point != nil {
			f.Value, f.Exact, f.Period = r.figure(f.Point.Value, y.Unit), f.Point.Value, r.period(f.Point.Period, y.Span)
		}
	}
	if y.Late() {
		day := r.web.languages[r.lang].dayUTC
		if f.Late = r.t("signal.late-data.text"); y.Definition.DueDays > 0 {
			f.Late = r.t("signal.late-data.due", "To", day(y.Awaited-1), "Due", day(y.LateFrom-1))
		}
	}
	return f
}

// level is a baseline or target in words.
func (r *request) level(s *entente.State, l *progress.Level) string {
	if l == nil {
		return ""
	}
	v := r.figure(l.Value, s.Fact("unit"))
	if l.Start == 0 {
		return r.t("indicator.by", "Value", v, "Day", r.web.languages[r.lang].dayUTC(l.Date))
	}
	return r.t("indicator.in", "Value", v, "Period", r.period(record.Period{Start: l.Start, End: l.Date}, ""))
}

// figure is a value with its unit, rounded to two places where it has more.
func (r *request) figure(d record.Decimal, unit string) string {
	return r.web.languages[r.lang].amount(shorter(d), r.unit(unit))
}

// unit is a unit in the reader's language; what the messages do not know shows as it is.
func (r *request) unit(unit string) string { return r.known("unit.", unit) }

func (r *request) known(prefix, name string) string {
	if s := r.t(prefix + name); s != "[["+prefix+name+"]]" {
		return s
	}
	return name
}

// shorter rounds what has more than two places, exactly, and leaves the others as they were published.
func shorter(d record.Decimal) record.Decimal {
	return progress.Round(d, 2)
}
