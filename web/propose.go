package web

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"entente"
	"entente/consent"
	"entente/node"
	"entente/record"
)

// proposal is the form for a new text of a commitment: of a new one, of a counter-proposal to a text that is open, or of a new
// version in the place of the text that is agreed.
type proposal struct {
	from   *node.Detail // nil: a new commitment
	of     *node.RecordInfo
	stands *entente.VersionState
	amends bool

	decisions, objectives []node.Listed // that it may name
}

// proposeBody is its page.
type proposeBody struct {
	Form    *form
	Lead    string
	Quoted  []text
	Signers []string

	Languages []string // the reader's first
}

func (w *Web) propose(r *request) (answer, error) {
	p, err := w.proposal(r)
	if err != nil {
		return nil, err
	}
	key := "propose"
	var wants []node.Want
	if p.of != nil {
		key = map[bool]string{true: "amend", false: "counter"}[p.amends]
		wants = append(wants, node.Want{Group: r.group.ID, Record: p.of.ID, Names: words})
	}
	for _, k := range []*[]node.Listed{&p.decisions, &p.objectives} {
		wants = append(wants, titles(r.group, *k)...)
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	f, err := w.proposeForm(r, p, texts)
	if err != nil {
		return nil, err
	}
	b := proposeBody{Form: f, Lead: r.t(key + ".lead"), Languages: readerFirst(r.lang, r.group.Chart.Languages)}
	f.Back = r.group.Href("list", commitments)
	if p.of != nil {
		b.Quoted, f.Back = texts.bilingual(r.group, p.of.Header, p.of.ID), r.group.Href("i", p.from.State.Instrument.String())
	}
	if powers, err := w.node.Powers(r.group.ID); err == nil && powers != nil {
		for _, l := range append([]string{""}, lineCodes(r.group)...) {
			for _, o := range signersFor(powers, commitments, l, w.node.Now(), r.lang) {
				if !slices.Contains(b.Signers, o) {
					b.Signers = append(b.Signers, o)
				}
			}
		}
	}
	pg := page{name: "propose", title: r.t(key + ".title"), nav: commitments, body: b}
	if r.Method != http.MethodPost {
		return pg, nil
	}
	a, err := w.proposed(r, p, f, texts)
	if err != nil {
		return nil, err
	}
	if !f.ok() {
		return f.again(pg), nil
	}
	return w.prepare(r, a)
}

// commitments is the kind that this form and its list are for.
const commitments = "commitment"

// proposal reads from the address which text the new one stands against.
func (w *Web) proposal(r *request) (*proposal, error) {
	p := &proposal{}
	var err error
	if p.decisions, err = w.agreed(r, "decision"); err != nil {
		return nil, err
	}
	if p.objectives, err = w.agreed(r, "objective"); err != nil {
		return nil, err
	}
	name := r.FormValue("counter")
	if name == "" {
		if name = r.FormValue("amend"); name == "" {
			return p, nil
		}
		p.amends = true
	}
	id, err := record.ParseID(name)
	if err != nil {
		return nil, fmt.Errorf("text: %w", node.ErrNotFound)
	}
	if p.of, err = w.node.Record(r.Context(), r.who, r.group.ID, id); err != nil {
		return nil, err
	}
	instrument := p.of.Header.Instrument
	if instrument.IsZero() {
		instrument = id
	}
	if p.from, err = w.node.Instrument(r.Context(), r.who, r.group.ID, instrument); err != nil {
		return nil, err
	}
	if !w.offers(r, p.from, record.Propose, id, "") {
		return nil, changed()
	}
	for i := range p.from.State.Versions {
		if v := &p.from.State.Versions[i]; v.ID == id {
			p.stands = v
		}
	}
	if p.stands == nil || p.amends != (p.stands.Standing == consent.InForce) {
		return nil, changed()
	}
	return p, nil
}

// proposeForm asks for the text in every language and for what states depend on; a text that stands against another begins as it.
func (w *Web) proposeForm(r *request, p *proposal, texts reading) (*form, error) {
	g, q := r.group, r.URL.Query()
	var fields []field
	if p.of == nil {
		fields = append(fields, field{Name: "line", Control: controlSelect, Label: r.t("commitment.line"), Options: r.lines(), Optional: len(g.Chart.Lines) == 0, Values: []string{q.Get("line")}})
	}
	for _, l := range readerFirst(r.lang, g.Chart.Languages) {
		in := r.t("in-language." + l)
		fields = append(fields, field{Name: "title." + l, Control: controlInput, Label: r.t("propose.name", "Language", in), Lang: tags[l]},
			field{Name: "body." + l, Control: controlText, Label: r.t("propose.body", "Language", in), Lang: tags[l], Rows: 7},
			field{Name: "done." + l, Control: controlText, Label: r.t("propose.done", "Language", in), Hint: r.t("propose.done-hint"), Lang: tags[l], Rows: 4, Optional: true})
	}
	fields = append(fields,
		field{Name: "owner", Control: controlSelect, Label: r.t("propose.owner"), Options: append([]option{{"", r.t("choose"), ""}}, w.offices(r)...)},
		field{Name: "due", Control: controlDate, Label: r.t("commitment.due"), Hint: r.t("propose.due-hint")},
		field{Name: "verifier", Control: controlSelect, Label: r.t("propose.verifier"), Options: append([]option{{"any", r.t("verifier.any"), ""}}, w.offices(r)...), Values: []string{"any"}},
		field{Name: "nature", Control: controlRadios, Label: r.t("commitment.nature"), Options: natures(r), Values: []string{string(record.Political)}})
	for _, l := range readerFirst(r.lang, g.Chart.Languages) {
		fields = append(fields, field{Name: "treaty." + l, Control: controlInput, Label: r.t("propose.treaty", "Language", r.t("in-language."+l)), Lang: tags[l], Optional: true})
	}
	fields = append(fields,
		field{Name: "decision", Control: controlSelect, Label: r.t("propose.decision"), Options: texts.options(r, p.decisions), Optional: true, Values: []string{q.Get("decision")}},
		field{Name: "objective", Control: controlSelect, Label: r.t("propose.objective"), Options: texts.options(r, p.objectives), Optional: true, Values: []string{q.Get("objective")}},
		field{Name: "budget", Control: controlInput, Label: r.t("commitment.budget"), Hint: r.t("propose.budget-hint"), Width: 10, Optional: true},
		field{Name: "currency", Control: controlInput, Label: r.t("propose.currency"), Hint: r.t("propose.currency-hint"), Width: 5, Optional: true},
		field{Name: "until", Control: controlDate, Label: r.t("commitment.until"), Hint: r.t("propose.until-hint"), Optional: true},
		field{Name: "papers", Control: controlFile, Label: r.t("propose.papers"), Hint: r.t("propose.papers-hint", "Parties", w.partyNames(g, g.Chart.IDs())), Optional: true, Many: true},
		field{Name: "counter", Control: controlHidden, Values: []string{q.Get("counter")}}, field{Name: "amend", Control: controlHidden, Values: []string{q.Get("amend")}})
	fields = append(fields, r.handled("handling", r.t("propose.handling"))...)
	f, err := r.form(g.Href("commitments", "new"), r.t("draft.go"), fields...)
	if err != nil {
		return nil, err
	}
	if p.of == nil {
		return f, f.beginAs(w)
	}
	for _, l := range g.Chart.Languages {
		for _, n := range []string{"title.", "body.", "done."} {
			f.set(n+l, texts.part(p.of.ID, n+l))
		}
	}
	if err := w.prefill(r, f, p.from.State.Instrument); err != nil {
		return nil, err
	}
	f.set("nature", string(p.of.Header.Nature))
	if t, ok := p.of.Terms.(*entente.Commitment); ok {
		f.set("owner", officeValue(t.Owner, t.Office))
		f.set("due", isoDeadline(t.Due))
		if t.Verifier != "" {
			f.set("verifier", officeValue(t.Verifier, t.VerifierOffice))
		}
		for l, n := range t.Treaty {
			f.set("treaty."+l, n)
		}
		f.set("decision", idText(t.Decision))
		f.set("objective", idText(t.Objective))
		f.set("budget", string(t.Budget))
		f.set("currency", t.Currency)
	}
	return f, f.beginAs(w)
}

// officeValue names a party, or an office of it, in a form.
func officeValue(p record.Party, office string) string {
	if office == "" {
		return string(p)
	}
	return string(p) + "/" + office
}

func idText(id record.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

func lineCodes(g *group) []string {
	var out []string
	for _, l := range g.Chart.Lines {
		out = append(out, l.Code)
	}
	return out
}

func (r *request) lines() []option {
	out := []option{{"", r.t("choose"), ""}}
	for _, l := range r.group.Chart.Lines {
		out = append(out, option{Value: l.Code, Text: l.Names[r.lang]})
	}
	return out
}

// offices are the parties and their offices that sign, own party first.
func (w *Web) offices(r *request) []option {
	var out []option
	parties := r.group.Chart.IDs()
	ownFirst(w.node.Party(), parties, func(p record.Party) record.Party { return p })
	for _, p := range parties {
		name := r.group.PartyName(p)
		out = append(out, option{Value: string(p), Text: name})
		if powers := w.powersNow(r, p); powers != nil {
			for _, o := range powers.Offices {
				if len(o.Grants) > 0 {
					out = append(out, option{Value: string(p) + "/" + o.ID, Text: r.t("office.of", "Party", name, "Office", officeIn(powers, o.ID, r.lang))})
				}
			}
		}
	}
	return out
}

func natures(r *request) []option {
	var out []option
	for _, n := range []record.Nature{record.Political, record.Arrangement, record.Treaty} {
		out = append(out, option{string(n), r.t("nature." + string(n)), r.t("nature." + string(n) + ".hint")})
	}
	return out
}

// agreed lists the instruments of a kind that a new text may name.
func (w *Web) agreed(r *request, kind string) ([]node.Listed, error) {
	p, err := w.node.Instruments(r.Context(), r.who, r.group.ID, node.Query{Kind: kind, Phase: entente.PhaseInForce, Limit: maxChoices})
	if err != nil {
		return nil, err
	}
	return p.Items, nil
}

// options are instruments to choose from, by title.
func (x reading) options(r *request, items []node.Listed) []option {
	out := []option{{"", r.t("choose.none"), ""}}
	for _, i := range items {
		out = append(out, option{Value: i.State.Instrument.String(), Text: x.name(r, r.group, i.State).Text})
	}
	return out
}

// proposed reads the form into an act; what is wrong stands at its field.
func (w *Web) proposed(r *request, p *proposal, f *form, texts reading) (node.Act, error) {
	g := r.group
	a := node.Act{Group: g.ID, Kind: commitments, Verb: record.Propose}
	if p.of == nil {
		a.Line = f.choice("line")
	} else {
		a.Instrument, a.Replaces = p.from.State.Instrument, p.stands.Replaces
		if p.amends {
			a.Replaces = p.stands.ID
		}
	}
	for _, l := range g.Chart.Languages {
		for _, n := range []string{"title." + l, "body." + l} {
			a.Parts = append(a.Parts, node.NewPart{Name: n, Content: []byte(f.text(n))})
		}
		if v := f.text("done." + l); v != "" {
			a.Parts = append(a.Parts, node.NewPart{Name: "done." + l, Content: []byte(v)})
		}
	}
	f.everyLanguage("done.")
	t := entente.Commitment{Due: f.deadline("due"), Decision: f.id("decision"), Objective: f.id("objective"), Budget: string(f.decimal("budget")),
		Currency: strings.ToUpper(f.text("currency"))}
	owner, office, _ := strings.Cut(f.choice("owner"), "/")
	t.Owner, t.Office = record.Party(owner), office
	if v := f.choice("verifier"); v != "any" {
		verifier, office, _ := strings.Cut(v, "/")
		t.Verifier, t.VerifierOffice = record.Party(verifier), office
	}
	if t.Verifier != "" && t.Verifier == t.Owner {
		f.wrong("verifier", "propose.verifier-owner")
	}
	if (t.Budget == "") != (t.Currency == "") {
		f.wrong(map[bool]string{true: "budget", false: "currency"}[t.Budget == ""], "propose.budget-currency")
	}
	if t.Currency != "" && (len(t.Currency) != 3 || strings.Trim(t.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		f.wrong("currency", "propose.currency-code")
	}
	a.Nature = record.Nature(f.choice("nature"))
	for _, l := range g.Chart.Languages {
		name := f.text("treaty." + l)
		switch {
		case a.Nature == record.Treaty && name == "":
			f.wrong("treaty."+l, "propose.treaty-name")
		case a.Nature == record.Treaty:
			if t.Treaty == nil {
				t.Treaty = map[string]string{}
			}
			t.Treaty[l] = name
		case name != "":
			f.wrong("nature", "propose.treaty-nature")
		}
	}
	if p.of != nil { // a date that was not touched stays what it is, to the second
		if old, ok := p.of.Terms.(*entente.Commitment); ok && t.Due != 0 && isoDeadline(t.Due) == isoDeadline(old.Due) {
			t.Due = old.Due
		}
	}
	now := w.node.Now()
	if t.Due != 0 && t.Due < now {
		f.wrong("due", "propose.past")
	}
	if a.Until = f.deadline("until"); a.Until != 0 && a.Until < now {
		f.wrong("until", "propose.past")
	}
	files, err := f.papers("papers", f.marking("handling"))
	if err != nil {
		return a, err
	}
	a.Parts = append(a.Parts, files...)
	for i := range a.Parts {
		a.Parts[i].Marking = f.marking("handling")
	}
	if p.of != nil && f.ok() && len(files) == 0 && p.same(a, &t, texts) {
		f.wrong("body."+readerFirst(r.lang, g.Chart.Languages)[0], "propose.same")
	}
	a.Terms, err = termsOf(t)
	return a, err
}

// everyLanguage holds a text that stands in one language to standing in all.
func (f *form) everyLanguage(prefix string) {
	var lacks []string
	for _, l := range f.r.group.Chart.Languages {
		if f.text(prefix+l) == "" {
			lacks = append(lacks, prefix+l)
		}
	}
	if len(lacks) < len(f.r.group.Chart.Languages) {
		for _, n := range lacks {
			f.wrong(n, "form.every-language")
		}
	}
}

// same: neither the particulars nor the words differ from the text it stands against.
func (p *proposal) same(a node.Act, t *entente.Commitment, texts reading) bool {
	old, ok := p.of.Terms.(*entente.Commitment)
	if !ok || p.of.Header.Nature != a.Nature || p.of.Header.Until != a.Until {
		return false
	}
	x, err1 := termsOf(old)
	y, err2 := termsOf(t)
	return err1 == nil && err2 == nil && bytes.Equal(x, y) && len(a.Parts) == len(texts.texts[p.of.ID].Parts) &&
		!slices.ContainsFunc(a.Parts, func(n node.NewPart) bool { return strings.TrimSpace(texts.part(p.of.ID, n.Name)) != string(n.Content) })
}
