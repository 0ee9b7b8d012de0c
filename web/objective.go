package web

import (
	"strings"

	"entente"
	"entente/node"
	"entente/record"
)

const objectiveKind = "objective"

// newObjective proposes an outcome or objective, or another text of one.
func (w *Web) newObjective(r *request) (answer, error) {
	return w.define(r, objectiveKind, w.objectiveForm, w.objectiveOf)
}

func (w *Web) objectiveForm(r *request, p *proposal, texts reading) (*form, []formSection, error) {
	g, q := r.group, r.URL.Query()
	var fields []field
	if p.of == nil {
		fields = append(fields, field{Name: "line", Control: controlSelect, Label: r.t("commitment.line"), Options: r.lines(), Values: []string{q.Get("line")}})
	}
	fields = append(fields, field{Name: "level", Control: controlRadios, Label: r.t("objective.level"), Options: []option{
		{"outcome", r.t("level.outcome"), r.t("level.outcome-hint")}, {"objective", r.t("level.objective"), r.t("level.objective-hint")}}})
	if opts := texts.options(r, p.objectives); len(opts) > 1 {
		fields = append(fields, field{Name: "parent", Control: controlSelect, Label: r.t("fact.parent"), Options: opts, Optional: true})
	}
	for _, l := range readerFirst(r.lang, g.Chart.Languages) {
		in := r.t("in-language." + l)
		fields = append(fields, field{Name: "title." + l, Control: controlInput, Label: r.t("define.name", "Language", in), Lang: tags[l]},
			field{Name: "body." + l, Control: controlText, Label: r.t("objective.outcome", "Language", in), Lang: tags[l], Rows: 5},
			field{Name: "activities." + l, Control: controlText, Label: r.t("objective.activities", "Language", in), Lang: tags[l], Rows: 4, Optional: true},
			field{Name: "risks." + l, Control: controlText, Label: r.t("objective.risks", "Language", in), Lang: tags[l], Rows: 4, Optional: true})
	}
	fields = append(fields, field{Name: "owner", Control: controlSelect, Label: r.t("objective.owner"), Options: append([]option{{"", r.t("choose.none"), ""}}, w.offices(r)...), Optional: true},
		field{Name: "until", Control: controlDate, Label: r.t("commitment.until"), Hint: r.t("propose.until-hint"), Optional: true},
		field{Name: "counter", Control: controlHidden, Values: []string{q.Get("counter")}}, field{Name: "amend", Control: controlHidden, Values: []string{q.Get("amend")}})
	fields = append(fields, r.handled("handling", r.t("propose.handling"))...)
	f, err := r.form(g.Href("objectives", "new"), r.t("draft.go"), fields...)
	if err != nil {
		return nil, nil, err
	}
	f.Back = g.Href("list", objectiveKind)
	sections := []formSection{f.section("", "", "counter", "amend", "line", "level", "parent"), f.section("propose.text", "", "title.", "body.", "activities.", "risks."),
		f.section("propose.more", "", "owner", "until", "handling", "handling.handling")}
	if p.of == nil {
		return f, sections, f.beginAs(w)
	}
	if t, ok := p.of.Terms.(*entente.Objective); ok {
		f.set("level", t.Level)
		f.set("parent", idText(t.Parent))
		if t.Owner != "" {
			f.set("owner", officeValue(t.Owner, t.Office))
		}
	}
	for _, l := range g.Chart.Languages {
		for _, n := range []string{"title.", "body.", "activities.", "risks."} {
			f.set(n+l, texts.part(p.of.ID, n+l))
		}
	}
	if err := w.prefill(r, f, p.from.State.Instrument); err != nil {
		return nil, nil, err
	}
	return f, sections, f.beginAs(w)
}

// objectiveOf reads the form into an act.
func (w *Web) objectiveOf(r *request, p *proposal, f *form) (node.Act, any, error) {
	a := node.Act{Nature: record.Political, Parts: f.parts(nil, "title", "body", "activities", "risks")}
	if p.of == nil {
		a.Line = f.choice("line")
	}
	f.everyLanguage("activities.")
	f.everyLanguage("risks.")
	t := entente.Objective{Level: f.choice("level")}
	owner, office, _ := strings.Cut(f.choice("owner"), "/")
	t.Owner, t.Office = record.Party(owner), office
	if f.Has("parent") && f.choice("parent") != "" {
		t.Parent = f.id("parent")
	}
	if p.from != nil && !t.Parent.IsZero() && t.Parent == p.from.State.Instrument {
		f.wrong("parent", "objective.own-parent")
	}
	if a.Until = f.deadline("until"); a.Until != 0 && a.Until < w.node.Now() {
		f.wrong("until", "propose.past")
	}
	return a, t, nil
}

// aimed says the terms of an objective in words.
func (w *Web) aimed(r *request, _ *record.Header, terms any) []particular {
	t, ok := terms.(*entente.Objective)
	if !ok {
		return nil
	}
	out := []particular{{Key: "objective.level", Text: r.t("level." + t.Level)}}
	if t.Owner != "" {
		out = append(out, particular{Key: "objective.owner", Text: w.responsible(r, t.Owner, t.Office)})
	}
	return out
}
