package web

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"entente"
	"entente/node"
	"entente/record"
	tables "entente/sheet"
)

// contactsBody is the log of contacts, of all months or of one, and below it the incidents.
type contactsBody struct {
	Form      *form
	Month     string // as asked for: 2026-05; empty: all
	Rows      []contactRow
	Incidents []row
	CSV, XLSX string // the bundle of the month as a file; empty: no month was asked for
}

type contactRow struct {
	row
	By            record.Party
	When          string
	Agents        string
	Status        string
	Late          bool
	Authorisation string
	Said          []passage // place, who was there, what it was about
	Proof         string
}

// month reads a month as it stands in addresses, in the page's zone.
func (r *request) month(v string) (from, to int64, ok bool) {
	t, err := time.ParseInLocation("2006-01", v, r.web.zone)
	if err != nil || t.Year() < 1970 || t.Year() > 9998 {
		return 0, 0, false
	}
	return t.Unix(), t.AddDate(0, 1, 0).Unix(), true
}

// contactsOf are the contacts of a month in the order of their beginnings, or the newest of all, the newest first.
func (w *Web) contactsOf(r *request, month string) ([]node.Listed, error) {
	if from, to, ok := r.month(month); ok {
		return w.node.Contacts(r.Context(), r.who, r.group.ID, node.ContactQuery{From: from, Until: to})
	}
	all, err := w.listed(r, node.Query{Kind: entente.ContactKind})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b node.Listed) int { return cmp.Compare(b.State.Begins(), a.State.Begins()) })
	return all[:min(len(all), node.MaxContacts)], nil
}

func contactWants(g *group, all []node.Listed) []node.Want {
	return node.ContactWants(g.ID, g.Chart.Languages, all)
}

// logged is what a log says last under a name, in the reader's language if it is there.
func (x reading) logged(s *entente.State, languages []string, name string) string {
	for _, id := range s.Sayings() {
		if v := x.part(id, name); v != "" {
			return v
		}
		for _, l := range readerFirst(x.lang, languages) {
			if v := x.part(id, name+"."+l); v != "" {
				return v
			}
		}
	}
	return ""
}

func (w *Web) contactRow(r *request, texts reading, x node.Listed) contactRow {
	s := x.State
	out := contactRow{row: w.rowOf(r, texts, x), By: s.Author, When: r.window(s.Fact("from"), s.Fact("to")), Agents: w.agentsOf(r, s), Authorisation: texts.logged(s, r.group.Chart.Languages, entente.AuthorisationPart)}
	for _, n := range entente.ContactParts[1:] {
		if v := texts.logged(s, r.group.Chart.Languages, n); v != "" {
			out.Said = append(out.Said, passage{r.t("contact." + n), v})
		}
	}
	said := w.contactSays(r, s)
	out.Status, out.Late = said[0].Text, said[0].Weight == "late"
	out.Proof = r.group.Href("i", s.Instrument.String(), "evidence")
	return out
}

func (w *Web) agentsOf(r *request, s *entente.State) string {
	return w.partyNames(r.group, r.agents(s))
}

// agents are the parties whose agents a log names.
func (r *request) agents(s *entente.State) []record.Party {
	return slices.DeleteFunc(r.group.Chart.IDs(), func(p record.Party) bool { return s.Fact("agents."+string(p)) == "" })
}

// contactSays says first how a log stands to its clock, then when and with whose agents.
func (w *Web) contactSays(r *request, s *entente.State) []sentence {
	l, now := w.languages[r.lang], r.now()
	var first sentence
	switch by := factTime(s, "report_by"); {
	case s.Fact("contact") == entente.ContactCalledOff:
		first.Text = r.t("contact.called-off")
	case by != 0 && now > by:
		first = sentence{r.t("contact.overdue", "When", l.late(by, now), "Moment", l.moment(by)), "late"}
	case by != 0:
		first = sentence{r.t("contact.counts", "When", l.late(by, now), "Moment", l.moment(by)), ""}
	case s.Late() > 0:
		first = sentence{r.t("contact.late", "Late", l.count("contact.days", int((s.Late()+86399)/86400)), "Moment", l.moment(factTime(s, "reported"))), "late"}
	default:
		first = sentence{r.t("contact.in-time", "Moment", l.moment(factTime(s, "reported"))), "ok"}
	}
	return []sentence{first, {r.t("contact.with", "When", r.window(s.Fact("from"), s.Fact("to")), "Agents", w.agentsOf(r, s)), ""}}
}

func (w *Web) contacts(r *request) (answer, error) {
	f, err := r.form(r.group.Href("contacts"), r.t("filter.apply"), field{Name: "month", Control: controlInput, Label: r.t("contact.month"), Hint: r.t("contact.month-hint"), Width: 10, Optional: true, Unmarked: true})
	if err != nil {
		return nil, err
	}
	month := strings.TrimSpace(r.URL.Query().Get("month"))
	f.set("month", month)
	b := contactsBody{Form: f, Month: month}
	p := page{name: "contacts", title: r.kindName(entente.ContactKind, true), nav: "contacts", body: &b}
	if _, _, ok := r.month(month); !ok && month != "" {
		f.wrong("month", "contact.month-wrong")
		return f.again(p), nil
	}
	all, err := w.contactsOf(r, month)
	if err != nil {
		return nil, err
	}
	incidents, err := w.listed(r, node.Query{Kind: entente.IncidentKind, Sort: node.SortNewest})
	if err != nil {
		return nil, err
	}
	incidents = incidents[:min(len(incidents), listPage)]
	texts, err := w.read(r, append(contactWants(r.group, all), titles(r.group, incidents)...))
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		b.Rows = append(b.Rows, w.contactRow(r, texts, x))
	}
	for _, x := range incidents {
		b.Incidents = append(b.Incidents, w.rowOf(r, texts, x))
	}
	if month != "" {
		p.title = r.t("contact.bundle", "Month", month)
		b.CSV, b.XLSX = r.group.Href("contact-files", "contacts.csv")+"?month="+month, r.group.Href("contact-files", "contacts.xlsx")+"?month="+month
	}
	return p, nil
}

// contactsFile is the bundle of a month as a spreadsheet: contacts.csv or contacts.xlsx, of what the reader may see.
func (w *Web) contactsFile(r *request) (answer, error) {
	name, month := r.PathValue("file"), r.URL.Query().Get("month")
	if _, _, ok := r.month(month); !ok || name != "contacts.csv" && name != "contacts.xlsx" {
		return nil, fmt.Errorf("file: %w", node.ErrNotFound)
	}
	all, err := w.contactsOf(r, month)
	if err != nil {
		return nil, err
	}
	mark := &strictest{}
	texts := reading{lang: r.lang, web: w}
	if texts.texts, err = w.node.Texts(r.Context(), r.exported(), r.Pattern, contactWants(r.group, all)); err != nil {
		return nil, err
	}
	for _, x := range all {
		for _, rep := range x.State.Reports {
			t := texts.texts[rep.ID]
			if t == nil {
				continue
			}
			for _, p := range t.Parts {
				mark.add(r.group, &record.Header{Party: x.State.Author}, record.PartRef{Name: p.Name, Marking: p.Marking})
			}
		}
	}
	var t tables.Table
	for _, key := range []string{"party", "contact.subject", "contact.when", "contact.agents", "contact.authorisation", "contact.place", "contact.present", "contact.accompanied", "contact.body", "contact.status"} {
		t.Headings = append(t.Headings, tables.Heading{Titles: []string{r.inAll(func(r *request) string { return r.t(key) })}, Width: 24})
	}
	t.Rows = func(yield func([]string, error) bool) {
		for _, x := range all {
			s := x.State
			said := func(n string) string { return texts.logged(s, r.group.Chart.Languages, n) }
			if !yield([]string{string(s.Author), said("title"), r.window(s.Fact("from"), s.Fact("to")), w.agentsOf(r, s), said(entente.AuthorisationPart), said("place"), said("present"), said("accompanied"), said("body"),
				r.inAll(func(r *request) string { return w.contactSays(r, s)[0].Text })}, nil) {
				return
			}
		}
		if name == "contacts.csv" {
			yield([]string{w.copied(r), mark.String(), "", "", "", "", "", "", "", ""}, nil)
		}
	}
	var b bytes.Buffer
	if name == "contacts.csv" {
		_, err = tables.WriteCSV(&b, t)
		return file{name: name, mime: "text/csv; charset=utf-8", content: b.Bytes()}, err
	}
	about, line := r.aboutFile(mark, func(r *request) string { return r.kindName(entente.ContactKind, true) })
	line("contact.month", month)
	line("marking", mark.String())
	line("export.by", w.copied(r))
	_, err = tables.WriteXLSX(&b, t, *about)
	return file{name: name, mime: mimeXLSX, content: b.Bytes()}, err
}

// newContact logs a contact, planned or held.
func (w *Web) newContact(r *request) (answer, error) {
	return w.contactForm(r, nil)
}

// contactActs: whose log it is reports on it, and mends what it reported.
func (w *Web) contactActs(r *request, d *node.Detail) []act {
	if d.State.Author != w.node.Party() || d.View.Phase != entente.PhaseRecorded {
		return nil
	}
	return []act{{Verb: record.Report, Key: contactAct(d), Href: r.group.Href("contacts", d.State.Instrument.String(), "report")}}
}

// contactAct names the report, which is a correction where none is owed any more.
func contactAct(d *node.Detail) string {
	if factTime(d.State, "report_by") == 0 {
		return "act.contact-again"
	}
	return "act.contact"
}

func (w *Web) reportContact(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	if d.State.Kind != entente.ContactKind || len(w.contactActs(r, d)) == 0 {
		return nil, changed()
	}
	return w.contactForm(r, d)
}

func (w *Web) contactForm(r *request, d *node.Detail) (answer, error) {
	g, own := r.group, w.node.Party()
	var others []option
	for _, p := range g.Others(own) {
		others = append(others, option{Value: string(p), Text: g.PartyName(p)})
	}
	answers := []option{{entente.ContactHeld, r.t("contact.is-held"), ""}, {entente.ContactPlanned, r.t("contact.is-planned"), ""}}
	action := g.Href("contacts", "new")
	if d != nil {
		action = g.Href("contacts", d.State.Instrument.String(), "report")
		answers = append(answers, option{entente.ContactCalledOff, r.t("contact.is-off"), ""})
	}
	actions, err := w.listed(r, node.Query{Kind: actionKind, Sort: node.SortNewest})
	if err != nil {
		return nil, err
	}
	actions = actions[:min(len(actions), listPage)]
	wants := titles(g, actions)
	if d != nil {
		wants = append(wants, contactWants(g, []node.Listed{{State: d.State, View: d.View}})...)
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	fields := []field{{Name: "contact", Control: controlRadios, Label: r.t("contact.status"), Options: answers},
		{Name: "agents", Control: controlChecks, Label: r.t("contact.agents"), Options: others},
		{Name: "from", Control: controlDate, Label: r.t("contact.day")}, {Name: "from-time", Control: controlTime, Label: r.t("action.from-time")}, {Name: "to-time", Control: controlTime, Label: r.t("action.to-time")},
		{Name: "authorisation", Control: controlInput, Label: r.t("contact.authorisation"), Width: 20, Optional: true}}
	for _, n := range entente.ContactParts {
		c := controlInput
		if n == "body" {
			c = controlText
		}
		fields = append(fields, r.inLanguages(n, map[bool]string{true: "contact.subject", false: "contact." + n}[n == "title"], c, true)...)
	}
	fields = append(fields, field{Name: "action", Control: controlSelect, Label: r.t("contact.action"), Options: append([]option{{"", "–", ""}}, texts.options(r, actions)...), Optional: true})
	marks := r.ownToo(r.handled("handling", r.t("propose.handling")))
	marks[0].Values = []string{ownAudience}
	marks[0].Options = slices.DeleteFunc(marks[0].Options, func(o option) bool { return o.Value == usual })
	f, err := r.form(action, r.t("draft.go"), append(fields, marks...)...)
	if err != nil {
		return nil, err
	}
	if len(others) == 1 {
		f.set("agents", others[0].Value)
	}
	title := r.t("contacts.new")
	f.Back = g.Href("contacts")
	if d != nil {
		title, f.Back = r.t(contactAct(d)), g.Href("i", d.State.Instrument.String())
		w.contactAgain(r, f, texts, d.State)
	}
	p := page{name: "meet-form", title: title, nav: "contacts", body: composer{Form: f, Lead: r.t("contact.lead-text", "Days", int(g.Chart.ContactClock()/86400))}}
	if r.Method != http.MethodPost {
		return p, nil
	}
	t := entente.Contact{From: f.moment("from", "from-time"), To: f.moment("from", "to-time")}
	switch f.choice("contact") {
	case entente.ContactHeld:
		t.Held = true
	case entente.ContactCalledOff:
		t.CalledOff = true
	}
	for _, x := range sortedOf(f.choices("agents")) {
		t.Agents = append(t.Agents, record.Party(x))
	}
	if f.text("action") != "" {
		t.Action = f.id("action")
	}
	m := f.marking("handling")
	a := node.Act{Kind: entente.ContactKind, Verb: record.Report, Parts: f.parts(m, entente.ContactParts...)}
	if v := f.text("authorisation"); v != "" {
		a.Parts = append(a.Parts, node.NewPart{Name: entente.AuthorisationPart, Content: []byte(v), Marking: m})
	}
	if d != nil {
		a.Instrument, a.Line = d.State.Instrument, d.State.Line
	}
	if t.From != 0 && t.To != 0 && t.To < t.From {
		f.wrong("to-time", "action.to-before")
	}
	if t.Held && t.To > w.node.Now() {
		f.wrong("contact", "contact.not-yet")
	}
	if !slices.ContainsFunc(a.Parts, func(p node.NewPart) bool { return strings.HasPrefix(p.Name, "title.") }) {
		f.wrong("title."+readerFirst(r.lang, g.Chart.Languages)[0], "form.one-language")
	}
	if !f.ok() {
		return f.again(p), nil
	}
	return w.prepareWith(r, a, t)
}

// contactAgain fills the form in with what the log says so far.
func (w *Web) contactAgain(r *request, f *form, texts reading, s *entente.State) {
	if r.Method == http.MethodPost {
		return
	}
	var agents []string
	for _, p := range r.agents(s) {
		agents = append(agents, string(p))
	}
	f.set("agents", agents...)
	f.set("contact", entente.ContactHeld)
	f.set("from", r.isoDay(factTime(s, "from")))
	f.set("from-time", r.isoTime(factTime(s, "from")))
	f.set("to-time", r.isoTime(factTime(s, "to")))
	f.set("authorisation", texts.logged(s, nil, entente.AuthorisationPart))
	f.set("action", s.Fact("action"))
	for _, l := range r.group.Chart.Languages {
		for _, n := range entente.ContactParts {
			f.set(n+"."+l, texts.logged(s, nil, n+"."+l))
		}
	}
}

// contacted says the terms of a contact in words.
func (w *Web) contacted(r *request, _ *record.Header, terms any) []particular {
	t, ok := terms.(*entente.Contact)
	if !ok {
		return nil
	}
	key := map[bool]string{true: "contact.is-held", false: "contact.is-planned"}[t.Held]
	if t.CalledOff {
		key = "contact.is-off"
	}
	l := w.languages[r.lang]
	return []particular{{Key: "contact.status", Text: r.t(key)}, {Key: "contact.when", Text: r.t("action.window", "From", l.moment(t.From), "To", l.moment(t.To))}, {Key: "contact.agents", Text: w.partyNames(r.group, t.Agents)}}
}
