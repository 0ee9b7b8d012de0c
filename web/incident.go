package web

import (
	"net/http"

	"entente"
	"entente/node"
	"entente/record"
)

// newIncident logs a presence or an act on a party's territory for which no authorisation is on record.
func (w *Web) newIncident(r *request) (answer, error) {
	g := r.group
	var parties, grades []option
	for _, p := range readerParty(w.node.Party(), g.Chart.IDs()) {
		parties = append(parties, option{Value: string(p), Text: g.PartyName(p)})
	}
	for _, x := range entente.Severities {
		grades = append(grades, option{Value: x, Text: r.t("severity." + x)})
	}
	fields := []field{{Name: "where", Control: controlSelect, Label: r.t("incident.where"), Options: parties},
		{Name: "day", Control: controlDate, Label: r.t("incident.day")}, {Name: "time", Control: controlTime, Label: r.t("incident.time")},
		{Name: "severity", Control: controlRadios, Label: r.t("incident.severity"), Options: grades},
		{Name: "attributed", Control: controlSelect, Label: r.t("incident.attributed"), Options: append([]option{{"", r.t("incident.unknown"), ""}}, parties...), Optional: true}}
	fields = append(fields, r.inLanguages("title", "contact.subject", controlInput, false)...)
	fields = append(fields, r.inLanguages("place", "contact.place", controlInput, true)...)
	fields = append(fields, r.inLanguages("body", "incident.what", controlText, false)...)
	f, err := r.form(g.Href("incidents", "new"), r.t("draft.go"), append(fields, r.handled("handling", r.t("propose.handling"))...)...)
	if err != nil {
		return nil, err
	}
	f.Back = g.Href("contacts")
	p := page{name: "meet-form", title: r.t("incident.new"), nav: "contacts", body: composer{Form: f, Lead: r.t("incident.lead")}}
	if r.Method != http.MethodPost {
		return p, nil
	}
	t := entente.Incident{Where: record.Party(f.choice("where")), At: f.moment("day", "time"), Severity: f.choice("severity"), Attributed: record.Party(f.choice("attributed"))}
	f.everyLanguage("place.")
	if t.At > w.node.Now() {
		f.wrong("day", "paper.future")
	}
	a := node.Act{Kind: entente.IncidentKind, Verb: record.Report, Parts: f.parts(f.marking("handling"), "title", "place", "body")}
	if !f.ok() {
		return f.again(p), nil
	}
	return w.prepareWith(r, a, t)
}

// incidentSays says what the state has of an incident.
func (w *Web) incidentSays(r *request, s *entente.State) []sentence {
	to := r.t("incident.unknown")
	if p := record.Party(s.Fact("attributed")); p != "" {
		to = r.group.PartyName(p)
	}
	return []sentence{{r.t("incident.says", "Moment", w.languages[r.lang].moment(factTime(s, "happened")), "Where", r.group.PartyName(record.Party(s.Fact("where"))), "Severity", r.t("severity."+s.Fact("severity")), "To", to), ""}}
}

// happening says the terms of an incident in words.
func (w *Web) happening(r *request, _ *record.Header, terms any) []particular {
	t, ok := terms.(*entente.Incident)
	if !ok {
		return nil
	}
	to := r.t("incident.unknown")
	if t.Attributed != "" {
		to = r.group.PartyName(t.Attributed)
	}
	return []particular{{Key: "incident.where", Text: r.group.PartyName(t.Where)}, {Key: "incident.day", Text: w.languages[r.lang].moment(t.At)},
		{Key: "incident.severity", Text: r.t("severity." + t.Severity)}, {Key: "incident.attributed", Text: to}}
}
