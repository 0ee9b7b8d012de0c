package web

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"entente/node"
	"entente/record"
)

// nonPaperRow is one non-paper in a list.
type nonPaperRow struct {
	*node.NonPaper
	Name name
	Href string
}

type nonPapersBody struct {
	Theirs, Ours []nonPaperRow
}

// nonPapers lists what was shown without standing, either way. What waits for a look comes first.
func (w *Web) nonPapers(r *request) (answer, error) {
	all, err := w.node.NonPapers(r.Context(), r.who, r.group.ID, r.Pattern)
	if err != nil {
		return nil, err
	}
	b := nonPapersBody{}
	slices.Reverse(all)
	for _, x := range all {
		row := nonPaperRow{x, nonPaperName(r, r.group, x), r.group.Href(nonPaperPath(x)...)}
		if x.Author == w.node.Party() {
			b.Ours = append(b.Ours, row)
		} else {
			b.Theirs = append(b.Theirs, row)
		}
	}
	return page{name: "nonpapers", title: r.t("nonpapers.title"), nav: "nonpapers", body: b}, nil
}

func nonPaperPath(x *node.NonPaper) []string {
	return []string{"nonpapers", string(x.Author), x.ID.String()}
}

// nonPaperName is its title in the reader's language, else in another; without one, that it was one.
func nonPaperName(r *request, g *group, x *node.NonPaper) name {
	for _, l := range readerFirst(r.lang, g.Chart.Languages) {
		if t := strings.TrimSpace(x.Titles[l]); t != "" {
			n := name{Text: t}
			if l != r.lang {
				n.Tag = tags[l]
			}
			return n
		}
	}
	return name{Text: r.t("nonpaper.untitled", "Day", r.day(x.Created))}
}

type nonPaperBody struct {
	*node.NonPaper
	Own       bool
	Name      name
	Texts     []text
	About     *link
	Uncleared *unclearedText
	Path      string
	Proposals []link // forms that begin as it
}

// nonPaperOf reads the non-paper of a path.
func (w *Web) nonPaperOf(r *request) (*node.NonPaper, map[string]node.FloatText, error) {
	var nonce record.Nonce
	author := record.Party(r.PathValue("party"))
	if err := nonce.UnmarshalText([]byte(r.PathValue("nonce"))); err != nil || !author.Valid() {
		return nil, nil, fmt.Errorf("non-paper: %w", node.ErrNotFound)
	}
	return w.node.NonPaper(r.Context(), r.who, r.group.ID, author, nonce)
}

func (w *Web) nonPaper(r *request) (answer, error) {
	x, texts, err := w.nonPaperOf(r)
	if err != nil {
		return nil, err
	}
	b := nonPaperBody{NonPaper: x, Own: x.Author == w.node.Party(), Name: nonPaperName(r, r.group, x), Path: r.group.Href(nonPaperPath(x)...)}
	for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
		if t, ok := texts[l]; ok {
			b.Texts = append(b.Texts, text{Lang: l, Tag: tags[l], Title: t.Title, Body: t.Body})
		}
	}
	if !x.About.IsZero() {
		b.About = &link{Text: r.t("nonpaper.about-link"), Href: r.group.Href("i", x.About.String())}
		if d, err := w.node.Instrument(r.Context(), r.who, r.group.ID, x.About); err == nil {
			t, err := w.read(r, []node.Want{{Group: r.group.ID, Record: titled(d.State), Names: []string{"title.*"}}})
			if err != nil {
				return nil, err
			}
			b.About.Text = t.name(r, r.group, d.State).Text
		}
	}
	if b.Own && x.State == node.NonPaperDraft {
		if b.Uncleared, err = w.unclearedOf(r, x.ID, x.Uncleared, b.Path+"/clearance"); err != nil {
			return nil, err
		}
	}
	if b.Own && texts != nil {
		b.Proposals = w.proposalsFrom(r, x)
	}
	return page{name: "nonpaper", title: b.Name.Text, nav: "nonpapers", body: b}, nil
}

// proposalsFrom are the forms that can begin as a non-paper of this party's own: what had no standing becomes a proposal there.
func (w *Web) proposalsFrom(r *request, x *node.NonPaper) []link {
	var out []link
	if d, err := w.node.Instrument(r.Context(), r.who, r.group.ID, x.About); err == nil && !x.About.IsZero() {
		for i := range d.State.Versions {
			acts, _ := w.versionActs(r, d, &d.State.Versions[i])
			for _, a := range acts {
				if a.Verb == record.Propose && a.Href != "" {
					out = append(out, link{Text: r.t(a.Key), Href: a.Href + "&nonpaper=" + x.ID.String()})
				}
			}
		}
	}
	for _, k := range w.node.Kinds().Names() {
		if k == actionKind && r.group.Chart.Boundary == nil { // an action needs boundary data
			continue
		}
		if compose := kindPages[k].compose; compose != "" {
			out = append(out, link{Text: r.t("nonpaper.propose", "Kind", r.kindName(k, false)), Href: r.group.Href() + "/" + compose + "?nonpaper=" + x.ID.String()})
		}
	}
	return out
}

// beginAs fills a form for a new text with a non-paper of this party's own, where the address names one.
func (f *form) beginAs(w *Web) error {
	var nonce record.Nonce
	name := f.r.URL.Query().Get("nonpaper")
	if name == "" || f.r.Method == "POST" {
		return nil
	}
	if err := nonce.UnmarshalText([]byte(name)); err != nil {
		return fmt.Errorf("non-paper: %w", node.ErrNotFound)
	}
	_, texts, err := w.node.NonPaper(f.r.Context(), f.r.who, f.r.group.ID, w.node.Party(), nonce)
	for l, t := range texts {
		f.set("title."+l, t.Title)
		f.set("body."+l, t.Body)
	}
	return err
}

type newNonPaperBody struct {
	Form      *form
	Languages []string
	To        string // the only reader there can be
}

// newNonPaper writes one and keeps it at home.
func (w *Web) newNonPaper(r *request) (answer, error) {
	languages := readerFirst(r.lang, r.group.Chart.Languages)
	b := newNonPaperBody{Languages: languages}
	var fields []field
	for _, l := range languages {
		in := r.t("in-language." + l)
		fields = append(fields, field{Name: "title." + l, Control: controlInput, Label: r.t("propose.name", "Language", in), Lang: tags[l], Optional: true},
			field{Name: "body." + l, Control: controlText, Label: r.t("propose.body", "Language", in), Lang: tags[l], Rows: 10, Optional: true})
	}
	var readers []option
	others := r.group.Others(w.node.Party())
	for _, p := range others {
		readers = append(readers, option{Value: string(p), Text: r.group.PartyName(p)})
	}
	if len(others) > 1 {
		fields = append(fields, field{Name: "to", Control: controlChecks, Label: r.t("nonpaper.to"), Options: readers})
	} else if len(others) == 1 {
		b.To = r.group.PartyName(others[0])
	}
	fields = append(fields, field{Name: "until", Control: controlDate, Label: r.t("nonpaper.until"), Hint: r.t("nonpaper.until-hint"), Values: []string{isoDeadline(w.node.Now() + 30*86400)}},
		field{Name: "about", Control: controlHidden, Optional: true, Values: []string{r.URL.Query().Get("about")}})
	f, err := r.form(r.group.Href("nonpapers", "new"), r.t("nonpaper.keep"), fields...)
	if err != nil {
		return nil, err
	}
	f.Back, b.Form = r.group.Href("nonpapers"), f
	p := page{name: "nonpaper-new", title: r.t("nonpaper.new"), nav: "nonpapers", body: b}
	if r.Method != "POST" {
		return p, nil
	}
	q := node.NewNonPaper{Group: r.group.ID, About: f.id("about"), Texts: map[string]node.FloatText{}}
	for _, l := range languages {
		t := node.FloatText{Title: f.text("title." + l), Body: f.text("body." + l)}
		switch {
		case t == node.FloatText{}:
			continue
		case t.Title == "":
			f.wrong("title."+l, "form.required")
		case t.Body == "":
			f.wrong("body."+l, "form.required")
		}
		q.Texts[l] = t
	}
	if len(q.Texts) == 0 {
		f.wrong("title."+languages[0], "nonpaper.no-text")
	}
	if len(others) > 1 {
		for _, p := range f.choices("to") {
			q.To = append(q.To, record.Party(p))
		}
	}
	if q.Until = f.deadline("until"); q.Until != 0 && (q.Until <= w.node.Now() || q.Until > w.node.Now()+365*86400) {
		f.wrong("until", "nonpaper.until-wrong")
	}
	if f.ok() {
		x, err := w.node.DraftNonPaper(r.Context(), r.who, q)
		if err == nil {
			return redirect{to: r.group.Href(nonPaperPath(x)...), done: "nonpaper-kept"}, nil
		}
		if !errors.Is(err, node.ErrInvalid) {
			return nil, err
		}
		f.wrong("body."+languages[0], "nonpaper.too-long")
	}
	return f.again(p), nil
}

// floatNonPaper says what follows, and then shows the non-paper to the other side.
func (w *Web) floatNonPaper(r *request) (answer, error) {
	return w.decideNonPaper(r, "float", func(x *node.NonPaper) bool { return x.State == node.NonPaperDraft },
		func(x *node.NonPaper) error {
			_, err := w.node.Float(r.Context(), r.who, r.group.ID, x.ID)
			return err
		})
}

// takeBackNonPaper says what follows, and then takes it back.
func (w *Web) takeBackNonPaper(r *request) (answer, error) {
	return w.decideNonPaper(r, "take-back", func(x *node.NonPaper) bool { return x.State == node.NonPaperDraft || x.State == node.NonPaperFloated },
		func(x *node.NonPaper) error {
			_, err := w.node.TakeBack(r.Context(), r.who, r.group.ID, x.ID)
			return err
		})
}

func (w *Web) decideNonPaper(r *request, what string, may func(*node.NonPaper) bool, do func(*node.NonPaper) error) (answer, error) {
	x, _, err := w.nonPaperOf(r)
	if err != nil {
		return nil, err
	}
	if x.Author != w.node.Party() {
		return nil, fmt.Errorf("its author alone shows it and takes it back: %w", node.ErrForbidden)
	}
	back := r.group.Href(nonPaperPath(x)...)
	if !may(x) {
		return redirect{to: back}, nil
	}
	key := "nonpaper." + what
	if x.State == node.NonPaperDraft && what == "take-back" {
		key, what = "nonpaper.drop", "drop"
	}
	f, err := r.form(r.URL.Path, r.t(key))
	if err != nil {
		return nil, err
	}
	if r.Method != "POST" {
		f.Back, f.Warning = back, what != "float"
		return page{name: "confirm", title: r.t(key + "-title"), nav: "nonpapers",
			body: confirmBody{f, r.t(key+"-follows", "Parties", w.partyNames(r.group, x.To), "Day", r.deadline(x.Until))}}, nil
	}
	if err := do(x); err != nil {
		return nil, err
	}
	if what == "drop" {
		back = r.group.Href("nonpapers")
	}
	return redirect{to: back, done: "nonpaper-" + what}, nil
}

// askNonPaper asks offices at home to clear a non-paper before it is shown.
func (w *Web) askNonPaper(r *request) (answer, error) {
	x, _, err := w.nonPaperOf(r)
	if err != nil {
		return nil, err
	}
	if x.Author != w.node.Party() || x.State != node.NonPaperDraft {
		return nil, fmt.Errorf("%w: %w", node.ErrConflict, record.Because("nonpaper.shown", "it was shown already, or is not this party's"))
	}
	return w.ask(r, x.ID, x.Uncleared, r.group.Href(nonPaperPath(x)...))
}
