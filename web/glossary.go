package web

import (
	"slices"
	"strings"
	"unicode"

	"entente"
	"entente/node"
	"entente/record"
)

// termKind is the kind of an entry of the glossary.
const termKind = "term"

// entry is an agreed pair of words.
type entry struct {
	State *entente.State
	View  entente.View
	Href  string
	Words []text // the reader's language first
}

// termsBody is the glossary: both languages side by side.
type termsBody struct {
	Search  string
	Entries []entry
	All     int
}

// entries reads the glossary; agreed says whether only what both have agreed.
func (w *Web) entries(r *request, agreed bool) ([]entry, error) {
	q := node.Query{Kind: termKind}
	if agreed {
		q.Phase = entente.PhaseInForce
	}
	all, err := w.listed(r, q)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	var wants []node.Want
	for _, x := range all {
		wants = append(wants, node.Want{Group: r.group.ID, Record: titled(x.State), Names: words})
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, x := range all {
		if x.View.Phase != entente.PhaseInForce && x.View.Phase != entente.PhaseProposed {
			continue
		}
		e := entry{State: x.State, View: x.View, Href: r.group.Href("i", x.State.Instrument.String())}
		for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
			id := titled(x.State)
			e.Words = append(e.Words, text{Lang: l, Tag: tags[l], Title: texts.part(id, "title."+l), Body: texts.part(id, "body."+l)})
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b entry) int { return strings.Compare(folded(a.Words[0].Title), folded(b.Words[0].Title)) })
	return out, nil
}

// folded is text as people search for it: without case and accents.
func folded(s string) string { return strings.ToLower(plain(s)) }

// glossary lists and searches the glossary.
func (w *Web) glossary(r *request) (answer, error) {
	all, err := w.entries(r, false)
	if err != nil {
		return nil, err
	}
	b := termsBody{Search: strings.TrimSpace(r.URL.Query().Get("q")), All: len(all)}
	if len(b.Search) > record.MaxName {
		b.Search = b.Search[:record.MaxName]
	}
	for _, e := range all {
		if b.Search == "" || slices.ContainsFunc(e.Words, func(t text) bool { return strings.Contains(folded(t.Title+"\n"+t.Body), folded(b.Search)) }) {
			b.Entries = append(b.Entries, e)
		}
	}
	return page{name: "terms", title: r.kindName(termKind, true), nav: "terms", body: b}, nil
}

// newTerm proposes an entry. What it means or how it is used may stay empty.
func (w *Web) newTerm(r *request) (answer, error) {
	fields := append(r.inLanguages("title", "term.words", controlInput, false), r.inLanguages("body", "term.usage", controlText, true)...)
	f, err := r.form(r.group.Href("terms", "new"), r.t("draft.go"), fields...)
	if err != nil {
		return nil, err
	}
	f.Back = r.group.Href("terms")
	p := page{name: "meet-form", title: r.t("term.propose"), nav: "terms", body: composer{Form: f, Lead: r.t("term.propose-lead")}}
	if r.Method != "POST" {
		return p, nil
	}
	parts := f.parts(nil, "title", "body")
	if n := len(parts); n > len(r.group.Chart.Languages) && n < 2*len(r.group.Chart.Languages) {
		for _, l := range r.group.Chart.Languages {
			if f.text("body."+l) == "" {
				f.wrong("body."+l, "term.usage-all")
			}
		}
	}
	if !f.ok() {
		return f.again(p), nil
	}
	return w.prepareWith(r, node.Act{Kind: termKind, Verb: record.Propose, Nature: record.Political, Parts: parts}, struct{}{})
}

// agreedTerms are the agreed entries whose words stand in a form's texts.
func (w *Web) agreedTerms(r *request, f *form) ([]glossed, error) {
	var said strings.Builder
	for _, x := range f.Fields {
		if strings.HasPrefix(x.Name, "title.") || strings.HasPrefix(x.Name, "body.") {
			said.WriteString(" " + spaced(x.Value()) + " ")
		}
	}
	all, err := w.entries(r, true)
	if err != nil {
		return nil, err
	}
	var out []glossed
	for _, e := range all {
		if slices.ContainsFunc(e.Words, func(t text) bool { return t.Title != "" && strings.Contains(said.String(), " "+spaced(t.Title)+" ") }) {
			out = append(out, glossed{e.Href, e.Words})
		}
	}
	return out, nil
}

// spaced is folded text with one space between words and nothing else.
func spaced(s string) string {
	return strings.Join(strings.FieldsFunc(folded(s), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsNumber(c) }), " ")
}
