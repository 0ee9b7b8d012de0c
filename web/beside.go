package web

import (
	"cmp"
	"fmt"
	"slices"

	"entente"
	"entente/node"
	"entente/record"
	"entente/word"
)

// besideBody sets one party's own text beside another's: what both say, and what each says alone.
type besideBody struct {
	Of     []spoken // the two, the reader's own first; one: there is nothing to set beside it
	Langs  []besideLang
	Others []row     // what the first may be set beside instead
	Write  string    // address of the form for an own account of the same meeting; empty: there is one, or it is of no meeting
	From   record.ID // the statement that the page was opened from
	Link   string
}

// spoken is one party's own text.
type spoken struct {
	row
	Party record.Party
	Form  string // message key
	Why   []sentence
	id    record.ID // of the text
}

// besideLang compares the two in one language.
type besideLang struct {
	Lang, Tag string
	Missing   []record.Party // whose text is not in it
	By        []record.Party // that translated one of them
	word.Comparison
}

// beside sets an own statement beside one of another party, by default of the same meeting.
func (w *Web) beside(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	base := d.State
	if base.Fact("own") == "" || base.Text() == nil {
		return nil, fmt.Errorf("statement: %w", node.ErrNotFound)
	}
	others, err := w.ownTexts(r, base)
	if err != nil {
		return nil, err
	}
	var with *entente.State
	if v := r.URL.Query().Get("with"); v != "" {
		i := slices.IndexFunc(others, func(x node.Listed) bool { return x.State.Instrument.String() == v })
		if i < 0 {
			return nil, fmt.Errorf("statement: %w", node.ErrNotFound)
		}
		with = others[i].State
	} else if len(others) > 0 && base.Fact("meeting") != "" && others[0].State.Fact("meeting") == base.Fact("meeting") {
		with = others[0].State
	}
	wants := titles(r.group, others)
	two := []*entente.State{base}
	if with != nil {
		two = append(two, with)
	}
	for _, s := range two {
		wants = append(wants, node.Want{Group: r.group.ID, Record: titled(s), Names: words})
		for _, t := range s.Translations {
			wants = append(wants, node.Want{Group: r.group.ID, Record: t.ID, Names: words})
		}
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	b := besideBody{From: base.Instrument, Link: r.group.Href("i", base.Instrument.String())}
	for _, s := range two {
		texts.supply(s)
		x := spoken{row: w.rowOf(r, texts, node.Listed{State: s, View: s.At(r.now())}), Party: record.Party(s.Fact("own")), Form: formKey(s.Fact("form")), Why: w.copyWords(r, s, s.Text()), id: titled(s)}
		if s.Public(r.now()) != nil {
			x.Why = w.publication(r, s)
		}
		b.Of = append(b.Of, x)
	}
	own := w.node.Party()
	ownFirst(own, b.Of, func(x spoken) record.Party { return x.Party })
	for _, x := range others {
		if x.State != with {
			b.Others = append(b.Others, w.rowOf(r, texts, x))
		}
	}
	if m := base.Fact("meeting"); m != "" && with == nil && base.Fact("own") != string(own) {
		b.Write = r.group.Href("statements", "new") + "?meeting=" + m + "&form=" + entente.FormReadout + "&whose=own"
	}
	if len(b.Of) == 2 {
		for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
			b.Langs = append(b.Langs, texts.beside(l, b.Of[0], b.Of[1]))
		}
	}
	return page{name: "beside", title: r.t("beside.title"), nav: statementKind, wide: true, body: b}, nil
}

// ownTexts are the other parties' own texts beside which one may be set: those of its meeting first, then the newest. A party's
// own text is set beside the others', and another's beside the reader's own.
func (w *Web) ownTexts(r *request, of *entente.State) ([]node.Listed, error) {
	all, err := w.listed(r, node.Query{Kind: statementKind, Sort: node.SortNewest})
	if err != nil {
		return nil, err
	}
	own := string(w.node.Party())
	all = slices.DeleteFunc(all, func(x node.Listed) bool {
		by := x.State.Fact("own")
		return by == "" || by == of.Fact("own") || of.Fact("own") != own && by != own || x.State.Text() == nil
	})
	other := func(x node.Listed) int {
		if m := x.State.Fact("meeting"); m != "" && m == of.Fact("meeting") {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(all, func(a, b node.Listed) int { return cmp.Compare(other(a), other(b)) })
	return all[:min(len(all), besideOffered)], nil
}

// beside compares two texts in one language, in which each was written or translated.
func (x reading) beside(lang string, a, b spoken) besideLang {
	out := besideLang{Lang: lang, Tag: tags[lang]}
	var said [2][]string
	for i, s := range []spoken{a, b} {
		body := x.part(s.id, "body."+lang)
		if body == "" {
			out.Missing = append(out.Missing, s.Party)
			continue
		}
		said[i] = word.Sentences(body)
		if n, ok := x.supplied[s.id]["body."+lang]; ok {
			out.By = append(out.By, n.Ref.Party)
		}
	}
	if len(out.Missing) == 0 {
		out.Comparison = word.Beside(said[0], said[1])
	}
	return out
}
