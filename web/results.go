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

// results is the report on one line of effort: outcome and status, indicators with targets and both series, commitments kept and
// missed, money stated, and recommendations with what became of each.
func (w *Web) results(r *request) (answer, error) {
	line := r.PathValue("line")
	if !r.group.Chart.HasLine(line) {
		return nil, fmt.Errorf("line: %w", node.ErrNotFound)
	}
	kinds := map[string][]node.Listed{}
	for _, k := range []string{objectiveKind, indicatorKind, commitments, findingKind} {
		q := node.Query{Kind: k, Line: line, Phase: entente.PhaseInForce}
		if k == findingKind {
			q.Phase = ""
		}
		var err error
		if kinds[k], err = w.listed(r, q); err != nil {
			return nil, err
		}
	}
	signals, err := w.signals(r, kinds[indicatorKind])
	if err != nil {
		return nil, err
	}
	b := &resultsBody{Line: line, At: w.node.Now(), Keys: w.sideKeys(r)}
	list := kinds[commitments]
	slices.SortStableFunc(list, func(x, y node.Listed) int { return int(max(-1, min(1, x.State.Due-y.State.Due))) })
	if n := len(list); n > resultCommitments {
		list, b.MoreOf = list[n-resultCommitments:], n-resultCommitments
	}
	var wants []node.Want
	for _, items := range [][]node.Listed{kinds[objectiveKind], kinds[indicatorKind], list, kinds[findingKind]} {
		wants = append(wants, titles(r.group, items)...)
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
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
	p := page{name: "results", title: r.t("results.title") + " – " + r.group.LineName(line), nav: indicatorKind, body: b}
	p.heading = r.group.LineName(line)
	return p, nil
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
