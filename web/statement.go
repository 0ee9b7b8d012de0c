package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"entente"
	"entente/consent"
	"entente/node"
	"entente/record"
)

// statementDraft is a new text under way: of a new statement, in the place of another text of one, or to correct one.
type statementDraft struct {
	from     *node.Detail // of which this is another text
	of       *node.RecordInfo
	amends   bool
	corrects *node.Detail
	meeting  *meetingParts
	form     string
}

// newStatement composes a statement, minutes or a readout in every language.
func (w *Web) newStatement(r *request) (answer, error) {
	s, err := w.statementDraft(r)
	if err != nil {
		return nil, err
	}
	f, err := w.statementForm(r, s)
	if err != nil {
		return nil, err
	}
	b := composer{Form: f, Lead: r.t("compose.lead"), Shelf: r.group.Href("agreed-language")}
	title := r.t("compose.title")
	switch {
	case s.meeting != nil:
		title, b.Lead = r.t("compose.of-meeting", "Title", s.meeting.s.Name.Text), r.t("compose.of-meeting-lead")
	case s.corrects != nil:
		title, b.Lead = r.t("compose.correct"), r.t("compose.correct-lead")
	case s.from != nil && s.amends:
		title = r.t("amend.title")
	case s.from != nil:
		title = r.t("counter.title")
	}
	if b.Terms, err = w.agreedTerms(r, f); err != nil {
		return nil, err
	}
	p := page{name: "meet-form", title: title, nav: "statements", body: b}
	if r.Method != http.MethodPost {
		return p, nil
	}
	a, terms, err := w.composed(r, s, f)
	if err != nil {
		return nil, err
	}
	if !f.ok() {
		return f.again(p), nil
	}
	return w.prepareWith(r, a, terms)
}

// statementDraft reads from the address what the new text is.
func (w *Web) statementDraft(r *request) (*statementDraft, error) {
	s := &statementDraft{form: r.FormValue("form")}
	id := func(name string) (record.ID, bool, error) {
		v := r.FormValue(name)
		if v == "" {
			return record.ID{}, false, nil
		}
		x, err := record.ParseID(v)
		if err != nil {
			err = fmt.Errorf("%s: %w", name, node.ErrNotFound)
		}
		return x, true, err
	}
	if m, ok, err := id("meeting"); err != nil {
		return nil, err
	} else if ok {
		r.SetPathValue("id", m.String())
		if s.meeting, err = w.meetingParts(r, false, nil); err != nil {
			return nil, err
		}
		if s.form != entente.FormReadout {
			s.form = entente.FormMinutes
		}
		return s, nil
	}
	s.form = ""
	if c, ok, err := id("corrects"); err != nil {
		return nil, err
	} else if ok {
		s.corrects, err = w.node.Instrument(r.Context(), r.who, r.group.ID, c)
		return s, err
	}
	for _, name := range []string{"counter", "amend"} {
		v, ok, err := id(name)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if s.of, err = w.node.Record(r.Context(), r.who, r.group.ID, v); err != nil {
			return nil, err
		}
		instrument := s.of.Header.Instrument
		if instrument.IsZero() {
			instrument = v
		}
		if s.from, err = w.node.Instrument(r.Context(), r.who, r.group.ID, instrument); err != nil {
			return nil, err
		}
		if !w.offers(r, s.from, record.Propose, v, map[bool]string{true: "act.amend", false: "act.counter"}[name == "amend"]) {
			return nil, changed()
		}
		s.amends, s.form = name == "amend", s.from.State.Fact("form")
	}
	return s, nil
}

func (w *Web) statementForm(r *request, s *statementDraft) (*form, error) {
	var fields []field
	whose := "joint"
	if r.URL.Query().Get("whose") == "own" {
		whose = "own"
	}
	if s.meeting != nil {
		fields = append(fields, field{Name: "form", Control: controlRadios, Label: r.t("statement.form"), Values: []string{s.form}, Options: []option{
			{Value: entente.FormMinutes, Text: r.t("form-of.minutes"), Hint: r.t("form-of.minutes-hint")}, {Value: entente.FormReadout, Text: r.t("form-of.readout"), Hint: r.t("form-of.readout-hint")}}})
	}
	if s.from == nil && s.corrects == nil {
		fields = append(fields, field{Name: "whose", Control: controlRadios, Label: r.t("statement.whose"), Values: []string{whose}, Options: []option{
			{Value: "joint", Text: r.t("statement.joint"), Hint: r.t("statement.joint-hint")},
			{Value: "own", Text: r.t("statement.own", "Party", r.group.PartyName(w.node.Party())), Hint: r.t("statement.own-hint")}}})
	}
	fields = append(fields, r.inLanguages("title", "meet.title", controlInput, false)...)
	for _, x := range r.inLanguages("body", "compose.text", controlText, false) {
		x.Rows = 12
		fields = append(fields, x)
	}
	fields = append(fields, field{Name: "day", Control: controlDate, Label: r.t("compose.embargo-day"), Hint: r.t("compose.embargo-hint"), Optional: true},
		field{Name: "hour", Control: controlTime, Label: r.t("compose.embargo-hour"), Optional: true},
		field{Name: "zone", Control: controlSelect, Label: r.t("meet.zone"), Options: r.zones(), Values: []string{w.zone.String()}},
		field{Name: "paper", Control: controlFile, Many: true, Optional: true, Label: r.t("meet.paper"), Hint: r.t("compose.paper-hint")})
	fields = append(fields, r.handled("handling", r.t("compose.paper-audience"))...)
	for _, name := range []string{"meeting", "corrects", "counter", "amend"} {
		if v := r.FormValue(name); v != "" {
			fields = append(fields, field{Name: name, Control: controlHidden, Values: []string{v}})
		}
	}
	f, err := r.form(r.group.Href("statements", "new"), r.t("draft.go"), fields...)
	if err != nil {
		return nil, err
	}
	f.Back = r.group.Href("statements")
	return f, w.beginStatement(r, s, f)
}

// beginStatement begins with the text that this one stands against, or with what a meeting decided.
func (w *Web) beginStatement(r *request, s *statementDraft, f *form) error {
	if r.Method == http.MethodPost {
		return nil
	}
	begin := func(id record.ID) error {
		t, err := w.read(r, []node.Want{{Group: r.group.ID, Record: id, Names: words}})
		for _, l := range r.group.Chart.Languages {
			f.set("title."+l, t.part(id, "title."+l))
			f.set("body."+l, t.part(id, "body."+l))
		}
		return err
	}
	switch {
	case s.meeting != nil:
		f.Back = s.meeting.s.Href(r.group)
		for _, l := range r.group.Chart.Languages {
			title, body := s.meeting.account(l)
			f.set("title."+l, title)
			f.set("body."+l, body)
		}
		return nil
	case s.of != nil:
		f.Back = r.group.Href("i", s.from.State.Instrument.String())
		if e := factTime(s.from.State, "embargo"); e != 0 {
			f.set("day", r.isoDay(e))
			f.set("hour", r.isoTime(e))
		}
		return begin(s.of.ID)
	case s.corrects != nil:
		f.Back = r.group.Href("i", s.corrects.State.Instrument.String())
		return begin(titled(s.corrects.State))
	}
	return w.beginAgreed(r, f)
}

// composed reads the form into an act.
func (w *Web) composed(r *request, s *statementDraft, f *form) (node.Act, entente.Statement, error) {
	t := entente.Statement{}
	a := node.Act{Kind: statementKind, Verb: record.Propose, Nature: record.Political, Parts: f.parts(nil, "title", "body")}
	switch {
	case s.meeting != nil:
		t.Form, t.Meeting = f.choice("form"), s.meeting.s.State.Instrument
	case s.from != nil:
		a.Instrument, a.Replaces = s.from.State.Instrument, s.of.Header.Replaces
		if s.amends {
			a.Replaces = s.of.ID
		}
		if o, ok := s.of.Terms.(*entente.Statement); ok {
			t.Form, t.Meeting, t.Corrects, t.Own = o.Form, o.Meeting, o.Corrects, o.Own
		}
	case s.corrects != nil:
		t.Corrects, t.Own = s.corrects.State.Instrument, s.corrects.State.Fact("own") != ""
	}
	if s.from == nil && s.corrects == nil {
		t.Own = f.choice("whose") == "own"
	}
	if t.Own && t.Form == entente.FormMinutes {
		f.wrong("whose", "compose.own-minutes")
	}
	if f.text("day") != "" || f.text("hour") != "" {
		if t.Embargo = f.momentIn("day", "hour", "zone"); t.Embargo == 0 {
			f.wrong("day", "compose.embargo-both")
		}
	}
	papers, err := f.papers("paper", f.marking("handling"))
	a.Parts = append(a.Parts, papers...)
	return a, t, err
}

// account begins the minutes of a meeting in one language, from its agenda and what was decided: whoever drafts goes on from it.
func (p *meetingParts) account(lang string) (title, body string) {
	l := p.w.languages[lang]
	in := p.texts
	in.lang = lang
	name := func(s *entente.State) string { return in.titleOf(p.r.group, titled(s)).Text }
	party := func(q record.Party) string {
		if x, ok := p.r.group.Chart.Party(q); ok {
			return x.Names[lang]
		}
		return string(q)
	}
	var b strings.Builder
	when := p.s.Held
	if when == 0 {
		when = p.s.Starts
	}
	b.WriteString(l.t("account.opening", "Day", l.day(when), "Party", party(p.s.Host)))
	decided := func(d decided) {
		b.WriteString("\n" + l.t("account.decided", "Title", name(d.State)))
		if v := d.State.Text(); v == nil || v.Standing != consent.InForce {
			b.WriteString(" " + l.t("account.not-agreed"))
		}
		for _, g := range d.Gives {
			b.WriteString("\n" + l.t("account.commitment", "Title", name(g.State), "Party", party(g.State.Owner), "Day", l.dayIn(g.State.Due, time.UTC)))
		}
	}
	for _, x := range p.s.Points {
		b.WriteString("\n\n" + strconv.FormatUint(x.Item, 10) + ". " + in.titleOf(p.r.group, x.ID).Text)
		for _, d := range x.Decided {
			decided(d)
		}
	}
	if len(p.s.Decided) > 0 {
		b.WriteString("\n")
		for _, d := range p.s.Decided {
			decided(d)
		}
	}
	return l.t("account.title", "Title", name(p.s.State)), b.String()
}
