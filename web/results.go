package web

import (
	"fmt"
	"math/big"
	"slices"

	"entente"
	"entente/node"
	"entente/record"
)

// resultsBody is the periodic report on a line of effort, from the same data as the pages, for print.
type resultsBody struct {
	Line       string
	At         int64
	Outcomes   []resultOutcome
	Keys       []chartKey
	Indicators []multiple
	Promises   []promiseSide
	Money      []moneyLine
	Findings   []findingRow
	MoreOf     int // commitments not listed
}

type resultOutcome struct {
	Name     name
	Href     string
	Key      string
	Statuses []sideStatus
}

// promiseSide is what became of one side's commitments, own side first.
type promiseSide struct {
	Party                  record.Party
	Kept, Said, Late, Owed []promised
}

type promised struct {
	Name name
	Href string
	Due  int64
}

// moneyLine is what one side's commitments state in one currency: stated, not spent, and never converted.
type moneyLine struct {
	Party record.Party
	Text  string
	Of    int
}

// resultsData is what the report says, in no language yet.
type resultsData struct {
	line    string
	kinds   map[string][]node.Listed
	list    []node.Listed // commitments
	more    int
	signals map[record.ID]*node.Signals
	texts   reading
}

// results is the report on one line of effort: outcome and status, indicators with targets and both series, commitments kept and
// missed, money stated, and recommendations with what became of each.
func (w *Web) results(r *request) (answer, error) {
	d, err := w.resultsData(r)
	if err != nil {
		return nil, err
	}
	p := page{name: "results", title: r.t("results.title") + " – " + r.group.LineName(d.line), nav: indicatorKind, body: w.resultsIn(r, d)}
	p.heading = r.group.LineName(d.line)
	return p, nil
}

// resultsData reads it. The read stands in the access log.
func (w *Web) resultsData(r *request) (*resultsData, error) {
	d := &resultsData{line: r.PathValue("line"), kinds: map[string][]node.Listed{}}
	if !r.group.Chart.HasLine(d.line) {
		return nil, fmt.Errorf("line: %w", node.ErrNotFound)
	}
	for _, k := range []string{objectiveKind, indicatorKind, commitments, findingKind} {
		q := node.Query{Kind: k, Line: d.line, Phase: entente.PhaseInForce}
		if k == findingKind {
			q.Phase = ""
		}
		var err error
		if d.kinds[k], err = w.listed(r, q); err != nil {
			return nil, err
		}
	}
	var err error
	if d.signals, err = w.signals(r, d.kinds[indicatorKind]); err != nil {
		return nil, err
	}
	d.list = d.kinds[commitments]
	slices.SortStableFunc(d.list, func(x, y node.Listed) int { return int(max(-1, min(1, x.State.Due-y.State.Due))) })
	if n := len(d.list); n > resultCommitments {
		d.list, d.more = d.list[n-resultCommitments:], n-resultCommitments
	}
	var wants []node.Want
	for _, items := range [][]node.Listed{d.kinds[objectiveKind], d.kinds[indicatorKind], d.list, d.kinds[findingKind]} {
		wants = append(wants, titles(r.group, items)...)
	}
	d.texts, err = w.read(r, wants)
	return d, err
}

// resultsIn says it in the language of the request.
func (w *Web) resultsIn(r *request, d *resultsData) *resultsBody {
	kinds, signals, list, texts := d.kinds, d.signals, d.list, d.texts
	texts.lang = r.lang
	b := &resultsBody{Line: d.line, At: w.node.Now(), Keys: w.sideKeys(r), MoreOf: d.more}
	for _, x := range kinds[objectiveKind] {
		b.Outcomes = append(b.Outcomes, resultOutcome{texts.name(r, r.group, x.State), r.group.Href("i", x.State.Instrument.String()), "level." + x.State.Fact("level"), w.statusesOf(r.group, x.State)})
	}
	slices.SortStableFunc(b.Outcomes, func(x, y resultOutcome) int { return -slices.Compare([]string{x.Key}, []string{y.Key}) })
	for _, x := range kinds[indicatorKind] {
		if y := signals[x.State.Instrument]; y != nil {
			m := w.multiple(r, x.State, y.Results)
			m.Name = texts.name(r, r.group, x.State)
			b.Indicators = append(b.Indicators, m)
		}
	}
	for _, p := range readerParty(w.node.Party(), r.group.Chart.IDs()) {
		side := promiseSide{Party: p}
		for _, x := range list {
			if x.State.Owner != p {
				continue
			}
			y := promised{texts.name(r, r.group, x.State), r.group.Href("i", x.State.Instrument.String()), x.State.Due}
			switch {
			case x.View.Verified:
				side.Kept = append(side.Kept, y)
			case x.View.Done:
				side.Said = append(side.Said, y)
			case x.View.Overdue:
				side.Late = append(side.Late, y)
			default:
				side.Owed = append(side.Owed, y)
			}
		}
		b.Promises = append(b.Promises, side)
		b.Money = append(b.Money, r.money(p, kinds[commitments])...)
	}
	for _, x := range kinds[findingKind] {
		b.Findings = append(b.Findings, w.findingRow(r, texts, x))
	}
	return b
}

// resultCommitments are listed in a report, those that fall due last.
const resultCommitments = 200

// money adds up exactly what a party's commitments state, by currency.
func (r *request) money(p record.Party, list []node.Listed) []moneyLine {
	sums, counts, places := map[string]*big.Rat{}, map[string]int{}, map[string]int{}
	for _, x := range list {
		currency := x.State.Fact("currency")
		v, ok := new(big.Rat).SetString(x.State.Fact("budget"))
		if x.State.Owner != p || currency == "" || !ok {
			continue
		}
		if sums[currency] == nil {
			sums[currency] = new(big.Rat)
		}
		sums[currency].Add(sums[currency], v)
		counts[currency]++
		places[currency] = max(places[currency], 2)
	}
	var out []moneyLine
	for currency, sum := range sums {
		out = append(out, moneyLine{p, r.web.languages[r.lang].amount(record.Decimal(sum.FloatString(places[currency])), currency), counts[currency]})
	}
	slices.SortFunc(out, func(a, b moneyLine) int { return slices.Compare([]string{a.Text}, []string{b.Text}) })
	return out
}
