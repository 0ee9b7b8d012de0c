package web

import (
	"fmt"
	"io"
	"slices"

	"entente/word"
)

// resultsWord is the results report for Word, in the languages side by side, with what the page has but for its pictures.
func (w *Web) resultsWord(r *request) (answer, error) {
	asked := *r
	asked.who = r.exported()
	d, err := w.resultsData(&asked)
	if err != nil {
		return nil, err
	}
	sides := wordSides(r)
	doc := word.Document{Group: r.inAll(func(r *request) string { return r.group.Name }), Reference: d.line, Marking: w.copied(r),
		Status: r.inAll(func(r *request) string { return r.t("results.title") + ", " + w.languages[r.lang].day(w.node.Now()) })}
	var rows [2][]word.Row
	for i, l := range sides {
		in := r.speaking(l)
		doc.Languages[i], doc.Names[i] = tags[l], in.t("language.name")
		rows[i] = w.resultsRows(in, w.resultsIn(in, d), i)
	}
	if len(rows[0]) != len(rows[1]) {
		return nil, fmt.Errorf("results: %d rows in one language, %d in the other", len(rows[0]), len(rows[1]))
	}
	for i := range rows[0] {
		x := rows[0][i]
		x.Texts[1] = rows[1][i].Texts[1]
		doc.Rows = append(doc.Rows, x)
	}
	return file{name: "results-" + d.line + ".docx", mime: mimeDOCX}.from(func(out io.Writer) error { return word.Write(out, doc) })
}

// resultsRows is the report in one language, in one column; another language has as many rows.
func (w *Web) resultsRows(r *request, b *resultsBody, column int) []word.Row {
	var out []word.Row
	add := func(style, text string) {
		x := word.Row{Style: style}
		x.Texts[column] = text
		out = append(out, x)
	}
	statuses := func(list []sideStatus) (s string) {
		for _, x := range list {
			if x.Word.Key != "" {
				s += "; " + r.t("assess.of", "Party", r.group.PartyName(x.Party)) + " " + r.t(x.Word.Key)
			}
		}
		return s
	}
	section := func(key string, empty bool, none string) {
		if add(word.Heading, r.t(key)); empty {
			add(word.Text, r.t(none))
		}
	}
	add(word.Title, r.group.LineName(b.Line))
	add(word.Text, r.t("results.lead"))
	section("results.outcomes", len(b.Outcomes) == 0, "checklist.none")
	for _, x := range b.Outcomes {
		add(word.Text, r.t(x.Key)+": "+x.Name.Text+statuses(x.Statuses))
	}
	section("nav.indicators", len(b.Indicators) == 0, "indicators.none")
	for _, x := range b.Indicators {
		target := x.Target
		if target == "" {
			target = r.t("indicator.none-agreed")
		}
		if x.Moved {
			target += ". " + r.t("target.has-moved")
		}
		add(word.Text, x.Name.Text+" ("+x.Code+"). "+r.t("indicator.target")+": "+target+statuses(x.Statuses))
		for _, s := range x.Sides {
			text := r.group.PartyName(s.Party) + ": "
			if s.Point != nil {
				text += s.Value + ", " + s.Period + "; "
			}
			if text += r.t(s.Signal.Key); s.Late != "" {
				text += ". " + s.Late
			}
			add(word.Text, text)
		}
	}
	section("nav.commitments", len(b.Promises) == 0, "minister.owes-nothing")
	if b.MoreOf > 0 {
		add(word.Text, w.languages[r.lang].count("results.more", b.MoreOf))
	}
	for _, p := range b.Promises {
		name := r.group.PartyName(p.Party)
		if len(p.Kept)+len(p.Said)+len(p.Late)+len(p.Owed) == 0 {
			add(word.Text, name+": "+r.t("minister.owes-nothing"))
		}
		for _, g := range []struct {
			key  string
			list []promised
		}{{"results.kept", p.Kept}, {"results.said", p.Said}, {"results.late", p.Late}, {"results.owed", p.Owed}} {
			for _, x := range g.list {
				add(word.Text, name+", "+r.t(g.key)+": "+x.Name.Text+" ("+w.languages[r.lang].day(x.Due)+")")
			}
		}
	}
	section("results.money", len(b.Money) == 0, "results.no-money")
	for _, x := range b.Money {
		add(word.Text, r.group.PartyName(x.Party)+": "+x.Text+" "+w.languages[r.lang].count("results.money-of", x.Of))
	}
	section("kind.finding.many", len(b.Findings) == 0, "findings.none")
	for _, x := range b.Findings {
		text := x.Name.Text + " (" + x.Source + ")"
		for _, y := range x.Became {
			text += "; " + r.group.PartyName(y.Party) + ": " + r.t(y.Key)
		}
		add(word.Text, text)
	}
	return slices.Clip(out)
}
