package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"entente"
	"entente/node"
	"entente/record"
)

// pressBody is what the reader's own party says to the press: one sheet, which prints. The other side sees none of it.
type pressBody struct {
	About   *link // what the lines are about, where they are those of one thing
	Now     []pressGroup
	Past    []pressLine // ended, or not said after a day that has passed
	New     string
	Reads   bool
	Ordered []string // languages of the charter, the reader's first
}

// pressGroup is the lines about one thing.
type pressGroup struct {
	About *link // nil: the work of the group
	Lines []pressLine
}

type pressLine struct {
	entente.PressLine
	Title name
	Texts []text
	Noted int64
	Edit  string
	End   string
}

// press lists the lines to take, by what they are about.
func (w *Web) press(r *request) (answer, error) {
	about, err := r.about()
	if err != nil {
		return nil, err
	}
	lines, err := w.node.PressLines(r.Context(), r.who, r.group.ID, about)
	if err != nil {
		return nil, err
	}
	ids := []record.ID{}
	for _, x := range lines {
		if id := x.State.PressLine().About; !id.IsZero() {
			ids = append(ids, id)
		}
	}
	if !about.IsZero() {
		ids = append(ids, about)
	}
	of, err := w.node.InstrumentsByID(r.Context(), r.who, r.group.ID, ids...)
	if err != nil {
		return nil, err
	}
	wants := w.node.PressTexts(lines...)
	for _, x := range of {
		wants = append(wants, titles(r.group, []node.Listed{x})...)
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	named := func(id record.ID) *link {
		if x, ok := of[id]; ok {
			return &link{Text: texts.name(r, r.group, x.State).Text, Href: r.group.Href("i", id.String())}
		}
		return nil
	}
	b := pressBody{New: r.group.Href("press", "new"), Ordered: readerFirst(r.lang, r.group.Chart.Languages)}
	if b.About = named(about); b.About != nil {
		b.New += "?about=" + about.String()
	}
	_, b.Reads = w.mayPrepare(r, &entente.State{Kind: statementKind})
	at := map[record.ID]int{}
	for _, x := range lines {
		l := w.pressLine(r, texts, x)
		if l.Ended || l.Until != 0 && l.Until < w.node.Now() {
			b.Past = append(b.Past, l)
			continue
		}
		i, ok := at[l.About]
		if !ok {
			i = len(b.Now)
			at[l.About], b.Now = i, append(b.Now, pressGroup{About: named(l.About)})
		}
		b.Now[i].Lines = append(b.Now[i].Lines, l)
	}
	return page{name: "press", title: r.t("press.title"), nav: statementKind, body: b}, nil
}

// about is the instrument that a page is narrowed to; zero: none.
func (r *request) about() (record.ID, error) {
	v := r.FormValue("about")
	if v == "" {
		return record.ID{}, nil
	}
	id, err := record.ParseID(v)
	if err != nil {
		err = fmt.Errorf("about: %w", node.ErrNotFound)
	}
	return id, err
}

func (w *Web) pressLine(r *request, texts reading, x node.Listed) pressLine {
	l := pressLine{PressLine: x.State.PressLine(), Noted: factTime(x.State, "noted"), Edit: r.group.Href("press", x.State.Instrument.String()), End: r.group.Href("press", x.State.Instrument.String(), "end")}
	id, err := record.ParseID(x.State.Fact("latest"))
	if err != nil {
		return l
	}
	l.Title = texts.titleOf(r.group, id)
	for _, lang := range readerFirst(r.lang, r.group.Chart.Languages) {
		t := text{Lang: lang, Tag: tags[lang], Title: texts.part(id, "title."+lang), Body: texts.part(id, "body."+lang)}
		if l.Ask[lang] != "" { // said in the language of the text, whatever the page's
			t.Body = strings.TrimSpace(w.languages[lang].t("press.not-our-remit", "Office", l.Ask[lang]) + "\n\n" + t.Body)
		}
		l.Texts = append(l.Texts, t)
	}
	return l
}

// newPressLine keeps a line to take.
func (w *Web) newPressLine(r *request) (answer, error) { return w.writePressLine(r, nil) }

// changePressLine changes one.
func (w *Web) changePressLine(r *request) (answer, error) {
	x, err := w.pressAt(r)
	if err != nil {
		return nil, err
	}
	return w.writePressLine(r, x)
}

func (w *Web) pressAt(r *request) (*node.Listed, error) {
	id, err := record.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("line: %w", node.ErrNotFound)
	}
	return w.node.PressLine(r.Context(), r.who, r.group.ID, id)
}

func (w *Web) writePressLine(r *request, old *node.Listed) (answer, error) {
	f, err := w.pressForm(r, old)
	if err != nil {
		return nil, err
	}
	title, id := "press.new", record.ID{}
	if old != nil {
		title, id = "press.edit", old.State.Instrument
	}
	f.Back = r.group.Href("press")
	p := page{name: "meet-form", title: r.t(title), nav: statementKind, body: composer{Form: f, Lead: r.t("press.form-lead"), Shelf: r.group.Href("agreed-language")}}
	if r.Method != http.MethodPost {
		return p, nil
	}
	x := node.NewPressLine{Title: map[string]string{}, Body: map[string]string{},
		Line: entente.PressLine{About: f.id("about"), Question: f.choice("sort") == "question", Ask: map[string]string{}, Until: f.deadline("until")}}
	for _, l := range r.group.Chart.Languages {
		x.Title[l], x.Body[l] = f.text("title."+l), f.text("body."+l)
		if ask := f.text("ask." + l); ask != "" {
			x.Line.Ask[l] = ask
		}
	}
	for _, l := range r.group.Chart.Languages {
		switch {
		case len(x.Line.Ask) > 0 && x.Line.Ask[l] == "":
			f.wrong("ask."+l, "form.required")
		case x.Body[l] == "" && len(x.Line.Ask) == 0:
			f.wrong("body."+l, "press.body-missing")
		}
	}
	if x.Line.Until != 0 && x.Line.Until < w.node.Now() {
		f.wrong("until", "propose.past")
	}
	if !f.ok() {
		return f.again(p), nil
	}
	if _, err := w.node.NotePressLine(r.Context(), r.who, r.group.ID, id, x); errors.Is(err, node.ErrInvalid) {
		f.wrong("sort", "claim.refused", "Why", r.whyNot(err))
		return f.again(p), nil
	} else if err != nil {
		return nil, err
	}
	return redirect{to: r.group.Href("press"), done: "press-kept"}, nil
}

func (w *Web) pressForm(r *request, old *node.Listed) (*form, error) {
	about := []option{{"", r.t("press.about-group"), ""}}
	var named []node.Listed
	for _, kind := range []string{statementKind, meetingKind} {
		p, err := w.node.Instruments(r.Context(), r.who, r.group.ID, node.Query{Kind: kind, Sort: node.SortNewest, Limit: maxChoices / 2})
		if err != nil {
			return nil, err
		}
		named = append(named, p.Items...)
	}
	wants := titles(r.group, named)
	if old != nil {
		wants = append(wants, w.node.PressTexts(*old)...)
	}
	chosen, err := r.about()
	if err != nil {
		return nil, err
	}
	l := entente.PressLine{About: chosen}
	if old != nil {
		l = old.State.PressLine()
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	there := l.About.IsZero()
	for _, x := range named {
		there = there || x.State.Instrument == l.About
		about = append(about, option{Value: x.State.Instrument.String(), Text: r.kindName(x.State.Kind, false) + ": " + texts.name(r, r.group, x.State).Text})
	}
	if !there { // of another kind, or older than those offered
		about = append(about, option{Value: l.About.String(), Text: r.t("press.about-other", "Id", l.About.Short())})
	}
	sort, value, until := "line", "", ""
	if l.Question {
		sort = "question"
	}
	if !l.About.IsZero() {
		value = l.About.String()
	}
	if l.Until != 0 {
		until = isoDeadline(l.Until)
	}
	fields := []field{{Name: "sort", Control: controlRadios, Label: r.t("press.sort"), Values: []string{sort}, Options: []option{{Value: "line", Text: r.t("press.line"), Hint: r.t("press.line-hint")}, {Value: "question", Text: r.t("press.question"), Hint: r.t("press.question-hint")}}},
		{Name: "about", Control: controlSelect, Label: r.t("press.about"), Options: about, Values: []string{value}, Optional: true, Unmarked: true}}
	fields = append(fields, r.inLanguages("title", "press.subject", controlInput, false)...)
	fields = append(fields, r.inLanguages("body", "press.said", controlText, true)...)
	for _, x := range r.inLanguages("ask", "press.ask", controlInput, true) {
		x.Hint = r.t("press.ask-hint")
		fields = append(fields, x)
	}
	fields = append(fields, field{Name: "until", Control: controlDate, Label: r.t("press.until"), Hint: r.t("press.until-hint"), Optional: true, Values: []string{until}})
	path := r.group.Href("press", "new")
	if old != nil {
		path = r.group.Href("press", old.State.Instrument.String())
	}
	f, err := r.form(path, r.t("press.keep"), fields...)
	if err != nil || old == nil {
		return f, err
	}
	if id, err := record.ParseID(old.State.Fact("latest")); err == nil {
		for _, lang := range r.group.Chart.Languages {
			f.set("title."+lang, texts.part(id, "title."+lang))
			f.set("body."+lang, texts.part(id, "body."+lang))
			f.set("ask."+lang, l.Ask[lang])
		}
	}
	return f, nil
}

// endPressLine ends one: it stays, and is no longer said.
func (w *Web) endPressLine(r *request) (answer, error) {
	x, err := w.pressAt(r)
	if err != nil {
		return nil, err
	}
	_, err = w.node.NotePressLine(r.Context(), r.who, r.group.ID, x.State.Instrument, node.NewPressLine{Line: entente.PressLine{Ended: true}})
	if err != nil {
		return nil, err
	}
	return redirect{to: r.group.Href("press"), done: "press-ended"}, nil
}
