package web

import (
	"net/http"
	"slices"
	"strings"

	"entente"
	"entente/node"
	"entente/record"
)

const findingKind = "finding"

// findingsBody lists the recommendations of evaluations by line of effort, with what became of each.
type findingsBody struct {
	Lines []findingLine
}

type findingLine struct {
	Code string
	Rows []findingRow
}

type findingRow struct {
	row
	Source    string
	Number    string
	Link      string
	Published int64
	Became    []becameOf
}

// becameOf is what one side to whom a recommendation is addressed says became of it.
type becameOf struct {
	Party record.Party
	Key   string
	Time  int64
}

func (w *Web) findingsOf(r *request, line string) ([]node.Listed, error) {
	return w.listed(r, node.Query{Kind: findingKind, Line: line})
}

func (w *Web) findingRow(r *request, texts reading, x node.Listed) findingRow {
	s := x.State
	out := findingRow{row: row{Name: texts.name(r, r.group, s), Href: r.group.Href("i", s.Instrument.String()), State: s, View: x.View, Group: r.group},
		Source: s.Fact("source"), Number: s.Fact("number"), Link: s.Fact("link"), Published: factTime(s, "published")}
	for _, p := range readerParty(w.node.Party(), r.group.Chart.IDs()) {
		if s.Fact("to."+string(p)) == "" {
			continue
		}
		b := becameOf{Party: p, Key: "became.none"}
		if became := s.Became(p); became != "" {
			b.Key = "became." + became
			for _, y := range s.Reports {
				if y.Ref.Party == p && y.Progress == became {
					b.Time = y.Time
				}
			}
		}
		out.Became = append(out.Became, b)
	}
	return out
}

func (w *Web) findings(r *request) (answer, error) {
	all, err := w.findingsOf(r, "")
	if err != nil {
		return nil, err
	}
	all = all[max(0, len(all)-node.MaxWants/2):]
	texts, err := w.read(r, titles(r.group, all))
	if err != nil {
		return nil, err
	}
	b := findingsBody{}
	for _, l := range lineCodes(r.group) {
		x := findingLine{Code: l}
		for _, i := range all {
			if i.State.Line == l {
				x.Rows = append(x.Rows, w.findingRow(r, texts, i))
			}
		}
		slices.Reverse(x.Rows)
		if len(x.Rows) > 0 {
			b.Lines = append(b.Lines, x)
		}
	}
	return page{name: "findings", title: r.kindName(findingKind, true), nav: indicatorKind, body: b}, nil
}

// newFinding puts a recommendation on record as it was published.
func (w *Web) newFinding(r *request) (answer, error) {
	objectives, err := w.agreed(r, objectiveKind)
	if err != nil {
		return nil, err
	}
	texts, err := w.read(r, titles(r.group, objectives))
	if err != nil {
		return nil, err
	}
	var parties []option
	for _, p := range readerParty(w.node.Party(), r.group.Chart.IDs()) {
		parties = append(parties, option{Value: string(p), Text: r.group.PartyName(p)})
	}
	fields := []field{{Name: "line", Control: controlSelect, Label: r.t("commitment.line"), Options: r.lines(), Values: []string{r.URL.Query().Get("line")}},
		{Name: "source", Control: controlInput, Label: r.t("finding.source"), Hint: r.t("finding.source-hint")},
		{Name: "published", Control: controlDate, Label: r.t("finding.published")},
		{Name: "number", Control: controlInput, Label: r.t("finding.number"), Width: 5, Optional: true},
		{Name: "link", Control: controlInput, Label: r.t("finding.link"), Hint: r.t("finding.link-hint"), Optional: true},
		{Name: "to", Control: controlChecks, Label: r.t("finding.to"), Options: parties},
		{Name: "objective", Control: controlSelect, Label: r.t("finding.objective"), Options: texts.options(r, objectives), Optional: true}}
	for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
		in := r.t("in-language." + l)
		fields = append(fields, field{Name: "title." + l, Control: controlInput, Label: r.t("finding.title", "Language", in), Lang: tags[l], Optional: true},
			field{Name: "body." + l, Control: controlText, Label: r.t("finding.words", "Language", in), Lang: tags[l], Rows: 5, Optional: true})
	}
	f, err := r.form(r.group.Href("findings", "new"), r.t("draft.go"), append(fields, r.handled("handling", r.t("propose.handling"))...)...)
	if err != nil {
		return nil, err
	}
	f.Back = r.group.Href("findings")
	p := page{name: "define", title: r.t("finding.new"), nav: indicatorKind, body: defineBody{Form: f, Lead: r.t("finding.lead"), Sections: []formSection{
		f.section("", "", "line", "source", "published", "number", "link", "to", "objective"), f.section("propose.text", "finding.languages", "title.", "body."), f.section("", "", "handling", "handling.handling")}}}
	if r.Method != http.MethodPost {
		return p, nil
	}
	t := entente.Finding{Source: f.text("source"), Published: f.utcDay("published"), Number: f.text("number"), Link: f.text("link")}
	if v := f.choice("objective"); v != "" {
		t.Objective = f.id("objective")
	}
	for _, x := range f.choices("to") {
		t.To = append(t.To, record.Party(x))
	}
	a := node.Act{Kind: findingKind, Verb: record.Report, Line: f.choice("line"), Parts: f.parts(f.marking("handling"), "title", "body")}
	if t.Published > w.node.Now() {
		f.wrong("published", "paper.future")
	}
	if len(t.Source) > 500 {
		f.wrong("source", "form.too-long")
	}
	if t.Link != "" && (!strings.HasPrefix(t.Link, "https://") || len(t.Link) > 500 || strings.ContainsAny(t.Link, " \t\"<>\\^`{|}")) {
		f.wrong("link", "finding.link-form")
	}
	whole := false
	for _, l := range r.group.Chart.Languages {
		title, body := f.text("title."+l) != "", f.text("body."+l) != ""
		whole = whole || title && body
		if title != body {
			f.wrong(map[bool]string{true: "body.", false: "title."}[title]+l, "form.required")
		}
	}
	if !whole && f.ok() {
		f.wrong("title."+readerFirst(r.lang, r.group.Chart.Languages)[0], "form.one-language")
	}
	if !f.ok() {
		return f.again(p), nil
	}
	return w.prepareWith(r, a, t)
}

// findingActs: those to whom a recommendation is addressed say what became of it.
func (w *Web) findingActs(r *request, d *node.Detail) []act {
	if d.View.Phase != entente.PhaseRecorded || d.State.Fact("to."+string(w.node.Party())) == "" {
		return nil
	}
	return []act{{Verb: record.Report, Key: "act.became", Href: r.group.Href("findings", d.State.Instrument.String(), "became")}}
}

func (w *Web) became(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	if d.State.Kind != findingKind || len(w.findingActs(r, d)) == 0 {
		return nil, changed()
	}
	var options []option
	for _, x := range entente.Becomes {
		options = append(options, option{x, r.t("became." + x), ""})
	}
	f, err := r.form(r.group.Href("findings", d.State.Instrument.String(), "became"), r.t("draft.go"),
		append(append([]field{{Name: "became", Control: controlRadios, Label: r.t("finding.became"), Options: options}}, r.bodies("finding.became-words", 6)...), r.handled("handling", r.t("propose.handling"))...)...)
	if err != nil {
		return nil, err
	}
	p, err := w.aboutAct(r, d, r.t("act.became"), r.t("finding.became-lead"), f, d.State.Instrument)
	if err != nil || r.Method != http.MethodPost {
		return p, err
	}
	t := entente.Finding{Became: f.choice("became")}
	parts := f.handle(f.bodyParts(true))
	if !f.ok() {
		return f.again(p), nil
	}
	return w.prepareWith(r, node.Act{Kind: findingKind, Verb: record.Report, Instrument: d.State.Instrument, Line: d.State.Line, Parts: parts}, t)
}

// recommended says the terms of a recommendation in words.
func (w *Web) recommended(r *request, _ *record.Header, terms any) []particular {
	t, ok := terms.(*entente.Finding)
	if !ok || t.Source == "" {
		return nil
	}
	out := []particular{{Key: "finding.source", Text: t.Source}, {Key: "finding.published", Text: w.languages[r.lang].dayUTC(t.Published)}}
	if t.Number != "" {
		out = append(out, particular{Key: "finding.number", Text: t.Number})
	}
	if t.Link != "" {
		out = append(out, particular{Key: "finding.link", Text: t.Link})
	}
	return append(out, particular{Key: "finding.to", Text: w.partyNames(r.group, t.To)})
}
