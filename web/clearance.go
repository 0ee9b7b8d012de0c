package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"entente"
	"entente/node"
	"entente/record"
)

// clearanceRow is one clearance in a list.
type clearanceRow struct {
	node.ClearanceInfo
	Name name
	Href string
	What string
}

// clearanceLists are the clearances of kept texts in which the reader's office has a part.
type clearanceLists struct {
	Waiting  []clearanceRow // for this office's word
	Returned []clearanceRow // to this office: mend the text and ask again
	Cleared  []clearanceRow // what it asked for may be signed
	UnderWay []clearanceRow
}

// ownGroup is the party's group of one, nil where the reader's office has no part in it.
func (w *Web) ownGroup(r *request) (*group, error) {
	for _, i := range w.node.Groups(r.Context(), r.who) {
		if i.Own {
			return w.groupFrom(r, i)
		}
	}
	return nil, nil
}

// homeOffices are the offices of the reader's own party.
func (w *Web) homeOffices(r *request) ([]entente.Office, error) {
	g, err := w.ownGroup(r)
	if g == nil || err != nil {
		return nil, err
	}
	p, err := w.node.Powers(g.ID)
	if p == nil || err != nil {
		return nil, err
	}
	return slices.Clone(p.Offices), nil
}

// clearancesFor are the reader's clearances with their titles: what For attention shows, and the page of them all. Empty for an
// office that has no part in its party's own group.
func (w *Web) clearancesFor(r *request) (*clearanceLists, error) {
	out := &clearanceLists{}
	g, err := w.ownGroup(r)
	if g == nil || err != nil {
		return out, err
	}
	f, err := w.node.ClearancesFor(r.Context(), r.who)
	if err != nil {
		return nil, err
	}
	var wants []node.Want
	for _, i := range slices.Concat(f.Waiting, f.Returned, f.Cleared, f.UnderWay) {
		wants = append(wants, node.Want{Group: g.ID, Record: i.ID, Names: []string{"title.*"}})
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	rows := func(in []node.ClearanceInfo) (rows []clearanceRow) {
		for _, i := range in {
			what := r.clearanceWhat(i.State)
			rows = append(rows, clearanceRow{ClearanceInfo: i, Name: texts.clearanceName(g, i.ID, what), Href: "/clearances/" + i.ID.String(), What: what})
		}
		return rows
	}
	out.Waiting, out.Returned, out.Cleared, out.UnderWay = rows(f.Waiting), rows(f.Returned), rows(f.Cleared), rows(f.UnderWay)
	return out, nil
}

// clearanceName is the title of what is cleared, or what it is where its title is not for this office.
func (x reading) clearanceName(g *group, id record.ID, what string) name {
	for _, l := range readerFirst(x.lang, g.Chart.Languages) {
		if t := strings.TrimSpace(x.part(id, "title."+l)); t != "" {
			n := name{Text: t}
			if l != x.lang {
				n.Tag = tags[l]
			}
			return n
		}
	}
	return name{Text: what}
}

// clearanceWhat says what the text is: a proposal of a commitment, a non-paper.
func (r *request) clearanceWhat(c *entente.ClearanceState) string {
	if c.Verb == "" {
		return r.kindName(c.Kind, false)
	}
	return r.t("clearance.what", "Verb", r.t("verb."+string(c.Verb)), "Kind", r.kindName(c.Kind, false))
}

type clearancesBody struct {
	*clearanceLists
	Any bool
}

// clearances is the page of what waits for the reader's office at home, and how far what it asked for has come.
func (w *Web) clearances(r *request) (answer, error) {
	l, err := w.clearancesFor(r)
	if err != nil {
		return nil, err
	}
	b := clearancesBody{clearanceLists: l, Any: len(l.Waiting)+len(l.Returned)+len(l.Cleared)+len(l.UnderWay) > 0}
	return page{name: "clearances", title: r.t("clearances.title"), nav: "clearances", body: b}, nil
}

// clearanceBody is one clearance: the text as it would go out, where it stands, and what the offices said of it at home.
type clearanceBody struct {
	*node.ClearanceDetail
	What        string
	Name        name
	Group       *group          // whose parties would receive the text
	Inside      bool            // the reader's office has a part in that group
	Draft       string          // page of the text, where the office may see it
	Figures     *draftedFigures // nil: it reports none
	Texts       []text
	Version     []text // that the act speaks of
	Unread      bool   // it speaks of a text that this office may not read
	Holders     []holder
	Particulars []particular
	Terms       string // as they are signed, where no page says them in words
	Offices     []officeStanding
	Words       []clearanceWord
	Form        *form
}

type officeStanding struct {
	entente.OfficeClearance
	Name string
}

// clearanceWord is what one office said, in the language it wrote in.
type clearanceWord struct {
	node.ClearanceEntry
	Name  string
	Texts []text
}

func (w *Web) clearance(r *request) (answer, error) {
	id, err := record.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("clearance: %w", node.ErrNotFound)
	}
	d, err := w.node.Clearance(r.Context(), r.who, id)
	if err != nil {
		return nil, err
	}
	b := &clearanceBody{ClearanceDetail: d, What: r.clearanceWhat(d.State)}
	if b.Form, err = w.clearanceForm(r, d); err != nil {
		return nil, err
	}
	if r.Method == "POST" {
		if b.Form == nil {
			return nil, fmt.Errorf("%w: %w", node.ErrConflict, record.Because("clearance.nothing", "nothing is left to clear"))
		}
		word := entente.ClearanceWord(b.Form.choice("word"))
		if f, err := b.Form.Field("text"); err == nil {
			f.Optional = word == entente.ClearanceClear
		}
		text := b.Form.text("text")
		if b.Form.ok() {
			texts := map[string]string{}
			if text != "" {
				texts[r.lang] = text
			}
			if _, err := w.node.AnswerClearance(r.Context(), r.who, id, word, texts); err != nil {
				return nil, err
			}
			return redirect{to: "/clearances/" + id.String(), done: "clearance-" + string(word)}, nil
		}
	}
	if err := w.fillClearance(r, b); err != nil {
		return nil, err
	}
	p := page{name: "clearance", title: b.Name.Text, nav: "clearances", body: b}
	if b.Form != nil && !b.Form.ok() {
		return b.Form.again(p), nil
	}
	return p, nil
}

// clearanceForm takes the office's word, nil where nothing is left to clear.
func (w *Web) clearanceForm(r *request, d *node.ClearanceDetail) (*form, error) {
	if !d.Kept {
		return nil, nil
	}
	words := []option{}
	if o, asked := d.State.Of(r.who.Office); asked && o.Standing != entente.ClearanceLater {
		words = append(words, option{Value: string(entente.ClearanceClear), Text: r.t("clearance.clear")},
			option{Value: string(entente.ClearanceReturn), Text: r.t("clearance.return"), Hint: r.t("clearance.return-hint")})
	}
	words = append(words, option{Value: string(entente.ClearanceComment), Text: r.t("clearance.comment"), Hint: r.t("clearance.comment-hint")})
	f, err := r.form("/clearances/"+d.ID.String(), r.t("clearance.send"),
		field{Name: "word", Control: controlRadios, Label: r.t("clearance.word"), Options: words},
		field{Name: "text", Control: controlText, Label: r.t("clearance.text"), Hint: r.t("clearance.text-hint"), Lang: tags[r.lang], Rows: 5})
	if err == nil && len(words) == 1 {
		f.set("word", words[0].Value)
	}
	return f, err
}

// fillClearance reads what the page shows.
func (w *Web) fillClearance(r *request, b *clearanceBody) error {
	s := b.State
	b.Name = name{Text: b.What}
	if l, err := w.node.Ledger(s.Group); err == nil {
		if b.Group, err = w.groupFrom(r, node.GroupInfo{ID: s.Group, Founding: l.Founding()}); err != nil {
			return err
		}
		_, err = w.node.Group(r.Context(), r.who, s.Group)
		b.Inside = err == nil
	}
	for _, o := range s.Offices {
		b.Offices = append(b.Offices, officeStanding{o, w.officeName(r, o.Office)})
	}
	own, err := w.ownGroup(r)
	if err != nil {
		return err
	}
	for i, e := range b.ClearanceDetail.Words {
		x := clearanceWord{ClearanceEntry: e, Name: w.officeName(r, e.Office)}
		for _, l := range readerFirst(r.lang, entente.Languages) {
			if t := e.Texts["body."+l]; t != "" {
				x.Texts = append(x.Texts, text{Lang: l, Tag: tags[l], Body: t})
			}
			if t := strings.TrimSpace(e.Texts["title."+l]); i == 0 && t != "" && b.Name.Text == b.What {
				if b.Name.Text = t; l != r.lang {
					b.Name.Tag = tags[l]
				}
			}
		}
		b.Words = append(b.Words, x)
	}
	if !b.Kept || b.Group == nil || own == nil {
		return nil
	}
	return w.fillCleared(r, b)
}

// fillCleared reads the text to be cleared.
func (w *Web) fillCleared(r *request, b *clearanceBody) error {
	s := b.State
	parts, err := w.node.ClearanceParts(r.Context(), r.who, b.ID)
	if errors.Is(err, node.ErrNotFound) { // it went out since the page was asked for
		b.Kept, b.Form = false, nil
		return nil
	} else if err != nil {
		return err
	}
	h := &record.Header{Group: s.Group, Party: w.node.Party(), Kind: s.Kind, Verb: s.Verb}
	for _, p := range parts {
		h.Parts = append(h.Parts, record.PartRef{Name: p.Name, Marking: p.Marking, Length: uint64(len(p.Content))})
	}
	if b.ClearanceDetail.Draft != nil {
		h = b.ClearanceDetail.Draft.Header
	}
	if b.Inside {
		b.Draft = b.Group.Href("drafts", s.Draft.String())
		if s.Verb == "" {
			b.Draft = b.Group.Href("nonpapers", string(h.Party), s.Draft.String())
		}
	}
	shown := reading{lang: r.lang, web: w, texts: node.Texts{s.Act: &node.Text{Parts: parts}}}
	b.Figures = w.draftedFigures(r, b.Group, h, parts)
	if len(h.Parts) > 0 && (b.Figures == nil || len(h.Parts) > 1) {
		b.Texts = shown.bilingual(b.Group, h, s.Act)
	}
	if b.Figures != nil && b.Inside {
		b.Figures.File = b.Group.Href("drafts", s.Draft.String(), "figures")
	}
	b.Holders = w.holders(r, b.Group, h)
	if b.Particulars = w.particularsIn(r, b.Group, h); len(b.Particulars) == 0 {
		b.Terms = w.terms(h)
	}
	if h.Version.IsZero() || h.Version == s.Group {
		return nil
	}
	if b.Unread = !b.Inside; b.Unread {
		return nil
	}
	b.Version, err = w.versionTexts(r, b.Group, h.Version)
	return err
}

// versionTexts are those of the text that an act speaks of.
func (w *Web) versionTexts(r *request, g *group, version record.ID) ([]text, error) {
	v, err := w.node.Record(r.Context(), r.who, g.ID, version)
	if err != nil {
		return nil, err
	}
	t, err := w.read(r, []node.Want{{Group: g.ID, Record: v.ID, Names: words}})
	if err != nil {
		return nil, err
	}
	return t.bilingual(g, v.Header, v.ID), nil
}

// particularsIn says the terms of an act in words, for a page that stands in no group.
func (w *Web) particularsIn(r *request, g *group, h *record.Header) []particular {
	say := kindPages[h.Kind].particulars
	terms, err := w.node.Kinds().DecodeTerms(h)
	if say == nil || err != nil || h.Verb != record.Propose {
		return nil
	}
	in := *r
	in.group = g
	return say(w, &in, h, terms)
}

// terms are the particulars of an act as they are signed, for those who check them.
func (w *Web) terms(h *record.Header) string {
	terms, err := w.node.Kinds().DecodeTerms(h)
	if err != nil || len(h.Terms) == 0 {
		return ""
	}
	j, err := json.MarshalIndent(terms, "", "  ")
	if err != nil {
		return ""
	}
	return string(j)
}

// unclearedText is how far home has come with a text that waits: the offices that must clear it first, and where to read what they say.
type unclearedText struct {
	Waiting []officeStanding // on a route, and not done
	Asked   []link           // clearances of it in which the reader's office has a part
	Ask     string           // where to ask; empty: the node signs this with its root key, which passes no clearance
	Cleared bool             // it was asked for, and nothing is open
}

func (w *Web) uncleared(r *request, d *node.Draft) (*unclearedText, error) {
	if _, rule, err := w.node.Kinds().Rule(d.Header.Kind, d.Header.Verb); err != nil || rule.Root {
		return nil, nil
	}
	return w.unclearedOf(r, d.Nonce, d.Uncleared, r.group.Href("drafts", d.Nonce.String(), "clearance"))
}

func (w *Web) unclearedOf(r *request, nonce record.Nonce, waiting []node.Uncleared, ask string) (*unclearedText, error) {
	home, err := w.homeOffices(r)
	if err != nil || home == nil {
		return nil, err
	}
	b := &unclearedText{Ask: ask}
	for _, u := range waiting {
		b.Waiting = append(b.Waiting, officeStanding{entente.OfficeClearance{Office: u.Office, Standing: u.Standing}, w.officeName(r, u.Office)})
	}
	f, err := w.node.ClearancesFor(r.Context(), r.who)
	if err != nil {
		return nil, err
	}
	for _, c := range slices.Concat(f.Waiting, f.Returned, f.Cleared, f.UnderWay) {
		if c.State.Draft == nonce {
			b.Asked = append(b.Asked, link{Text: r.t("clearance.of", "Day", r.day(c.Asked)) + " – " + r.t("clearance.standing."+string(c.State.Standing)), Href: "/clearances/" + c.ID.String()})
			b.Cleared = c.State.Standing == entente.ClearanceCleared && len(b.Waiting) == 0
		}
	}
	return b, nil
}

// askClearance asks offices at home to clear a kept draft, before the other side sees any of it.
func (w *Web) askClearance(r *request) (answer, error) {
	d, err := w.draftOf(r)
	if err != nil {
		return nil, err
	}
	return w.ask(r, d.Nonce, d.Uncleared, r.group.Href("drafts", d.Nonce.String()))
}

type askBody struct {
	Form     *form
	Back     string
	Required []string // offices that the party's routes ask in any case
	Asked    []string // that were asked about it before
}

// ask is the form for a draft or a non-paper.
func (w *Web) ask(r *request, nonce record.Nonce, uncleared []node.Uncleared, back string) (answer, error) {
	offices, err := w.homeOffices(r)
	if err != nil {
		return nil, err
	}
	lists, err := w.clearancesFor(r)
	if err != nil {
		return nil, err
	}
	b := askBody{Back: back}
	taken := map[string]bool{r.who.Office: true}
	for _, u := range uncleared {
		if u.Standing == "" {
			taken[u.Office] = true
			b.Required = append(b.Required, w.officeName(r, u.Office))
		}
	}
	mended := []option{{Text: r.t("clearance.after-none")}}
	for _, c := range slices.Concat(lists.Waiting, lists.Returned, lists.Cleared, lists.UnderWay) {
		if c.State.Draft != nonce {
			continue
		}
		for _, o := range c.State.Offices {
			taken[o.Office] = true
			b.Asked = append(b.Asked, w.officeName(r, o.Office))
		}
	}
	for _, c := range lists.Returned {
		if c.State.Draft != nonce {
			mended = append(mended, option{Value: c.ID.String(), Text: c.Name.Text})
		}
	}
	fields := officeSteps(r, slices.DeleteFunc(offices, func(o entente.Office) bool { return taken[o.ID] }), 2)
	fields = append(fields, field{Name: "by", Control: controlDate, Label: r.t("clearance.by"), Optional: true},
		field{Name: "text", Control: controlText, Label: r.t("clearance.know"), Hint: r.t("clearance.text-hint"), Lang: tags[r.lang], Rows: 5, Optional: true})
	if len(mended) > 1 {
		fields = append(fields, field{Name: "after", Control: controlSelect, Label: r.t("clearance.after"), Options: mended, Optional: true})
	}
	if b.Form, err = r.form(r.URL.Path, r.t("clearance.ask"), fields...); err != nil {
		return nil, err
	}
	b.Form.Back = back
	if r.Method == "POST" {
		q := node.ClearanceRequest{Group: r.group.ID, Draft: nonce, Stages: b.Form.steps(), Text: map[string]string{}}
		if t := b.Form.text("text"); t != "" {
			q.Text[r.lang] = t
		}
		if q.By = b.Form.day("by"); q.By != 0 {
			if q.By += 86399; q.By < w.node.Now() {
				b.Form.wrong("by", "clearance.by-past")
			}
		}
		if len(mended) > 1 {
			q.After = b.Form.id("after")
		}
		if len(q.Stages)+len(b.Required) == 0 {
			b.Form.wrongSteps("clearance.nobody")
		}
		if b.Form.ok() {
			s, err := w.node.AskClearance(r.Context(), r.who, q)
			if err != nil {
				return nil, err
			}
			return redirect{to: "/clearances/" + s.ID.String(), done: "clearance-asked"}, nil
		}
	}
	p := page{name: "clearance-ask", title: r.t("clearance.ask-title"), body: b}
	if !b.Form.ok() {
		return b.Form.again(p), nil
	}
	return p, nil
}

// officePrefix begins the name of a field that says in which step an office reads a text.
const officePrefix = "office."

// officeSteps asks of each office in which step it reads a text, if in any.
func officeSteps(r *request, offices []entente.Office, steps int) []field {
	options := []option{{Text: r.t("clearance.no-step")}}
	for i := range steps {
		options = append(options, option{Value: strconv.Itoa(i + 1), Text: r.t("routes.step", "Number", i+1)})
	}
	var out []field
	for _, o := range offices {
		out = append(out, field{Name: officePrefix + o.ID, Control: controlSelect, Label: officeNameIn(o, r.lang), Options: options, Optional: true})
	}
	return out
}

// Steps are those fields, for the template.
func (f *form) Steps() []*field {
	return slices.DeleteFunc(slices.Clone(f.Fields), func(x *field) bool { return !strings.HasPrefix(x.Name, officePrefix) })
}

// Rest are the other fields.
func (f *form) Rest() []*field {
	return slices.DeleteFunc(slices.Clone(f.Fields), func(x *field) bool { return strings.HasPrefix(x.Name, officePrefix) })
}

// steps are the offices chosen, step by step, without empty ones.
func (f *form) steps() [][]string {
	by := map[string][]string{}
	for _, x := range f.Steps() {
		if step := f.choice(x.Name); step != "" {
			by[step] = append(by[step], strings.TrimPrefix(x.Name, officePrefix))
		}
	}
	var out [][]string
	for _, step := range slices.Sorted(maps.Keys(by)) {
		out = append(out, by[step])
	}
	return out
}

// wrongSteps puts a message at the first office.
func (f *form) wrongSteps(key string) {
	if x := f.Steps(); len(x) > 0 {
		f.wrong(x[0].Name, key)
	}
}

// officeNameIn is an office's name in a language, else its id.
func officeNameIn(o entente.Office, lang string) string {
	if n := o.Names[lang]; n != "" {
		return n
	}
	return o.ID
}
