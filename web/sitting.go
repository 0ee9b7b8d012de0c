package web

import (
	"fmt"
	"strconv"
	"strings"

	"entente"
	"entente/node"
	"entente/record"
)

// sitting is the page that is open during a meeting: point by point, what was decided is typed, and what follows from it.
func (w *Web) sitting(r *request) (answer, error) {
	s, err := w.meetingOf(r, false)
	if err != nil {
		return nil, err
	}
	return page{name: "sitting", title: r.t("meet.session"), nav: "meetings", body: s}, nil
}

// decide takes a decision in both languages and, where one follows, the commitment that carries it out. The commitment names the
// decision, so it is drafted when the decision is on record; both are shown before anybody signs.
func (w *Web) decide(r *request) (answer, error) {
	s, err := w.meetingOf(r, false)
	if err != nil {
		return nil, err
	}
	if s.View.Phase != entente.PhaseInForce {
		return nil, fmt.Errorf("%w: %w", node.ErrConflict, record.Because("meeting.decides", "a meeting that is not agreed decides nothing"))
	}
	f, err := w.decideForm(r, s)
	if err != nil {
		return nil, err
	}
	b := composer{Form: f, Lead: r.t("decide.lead")}
	item, _ := strconv.ParseUint(r.FormValue("item"), 10, 32)
	for _, x := range s.Points {
		if x.Item == item {
			b.Point = &x
			if r.Method != "POST" && x.Matter != nil && x.Matter.State.Line != "" {
				f.set("line", x.Matter.State.Line)
			}
		}
	}
	p := page{name: "meet-form", title: r.t("decide.title"), nav: "meetings", body: b}
	if r.Method != "POST" {
		return p, nil
	}
	d := entente.Decision{Meeting: s.State.Instrument, Item: f.number("item", 0, entente.MaxAgenda)}
	parts := f.parts(nil, "title", "body")
	next, err := f.promised(parts)
	if err != nil {
		return nil, err
	}
	if !f.ok() {
		return f.again(p), nil
	}
	a, err := withTerms(r, node.Act{Kind: decisionKind, Verb: record.Propose, Nature: record.Political, Parts: parts}, d)
	if err != nil {
		return nil, err
	}
	if next == nil {
		return w.prepareAll(r, []node.Act{a})
	}
	draft, err := w.node.Prepare(r.Context(), r.who, a)
	if err != nil {
		return nil, err
	}
	if err := w.node.SaveWith(r.Context(), r.who, draft, node.Sequel{Act: *next, Term: "decision"}); err != nil {
		return nil, err
	}
	return redirect{to: r.group.Href("sign") + "?d=" + draft.Nonce.String()}, nil
}

func (w *Web) decideForm(r *request, s *meetingBody) (*form, error) {
	fields := r.inLanguages("title", "decide.name", controlInput, false)
	fields = append(fields, r.inLanguages("body", "decide.text", controlText, false)...)
	fields = append(fields, field{Name: "gives", Control: controlRadios, Label: r.t("decide.gives"), Hint: r.t("decide.gives-hint"),
		Options: []option{{Value: "yes", Text: r.t("decide.gives-yes")}, {Value: "no", Text: r.t("decide.gives-no")}}},
		field{Name: "owner", Control: controlSelect, Label: r.t("decide.owner"), Options: w.promisers(r), Optional: true},
		field{Name: "due", Control: controlDate, Label: r.t("decide.due"), Hint: r.t("decide.due-hint"), Optional: true})
	if len(r.group.Chart.Lines) > 0 {
		lines := []option{{Value: "", Text: "–"}}
		for _, l := range r.group.Chart.Lines {
			lines = append(lines, option{Value: l.Code, Text: l.Names[r.lang]})
		}
		fields = append(fields, field{Name: "line", Control: controlSelect, Label: r.t("decide.line"), Options: lines, Optional: true})
	}
	fields = append(fields, r.inLanguages("done", "decide.done", controlText, true)...)
	fields = append(fields, field{Name: "item", Control: controlHidden, Optional: true, Values: []string{r.URL.Query().Get("item")}})
	f, err := r.form(s.Href(r.group, "decide"), r.t("meet.continue"), fields...)
	if err != nil {
		return nil, err
	}
	f.Back = s.Href(r.group, "session")
	f.set("due", isoDeadline(w.node.Now()+30*86400))
	return f, nil
}

// promisers are the parties and those of their offices that sign, own party first.
func (w *Web) promisers(r *request) []option {
	out := []option{{Value: "", Text: "–"}}
	l, err := w.node.Ledger(r.group.ID)
	if err != nil {
		return out
	}
	for _, p := range readerParty(w.node.Party(), r.group.Chart.IDs()) {
		out = append(out, option{Value: string(p), Text: r.group.PartyName(p)})
		ring := l.Ring(p)
		if ring == nil {
			continue
		}
		powers := ring.At(r.group.Info.Held[p])
		if powers == nil {
			continue
		}
		for _, o := range powers.Offices {
			if len(o.Grants) > 0 {
				out = append(out, option{Value: string(p) + "/" + o.ID, Text: r.group.PartyName(p) + " – " + o.Names[r.lang]})
			}
		}
	}
	return out
}

// promised reads the commitment that a decision gives, nil where none follows. Its title and text are the decision's.
func (f *form) promised(decision []node.NewPart) (*node.Act, error) {
	if f.choice("gives") != "yes" {
		return nil, nil
	}
	r := f.r
	owner, office, _ := strings.Cut(f.choice("owner"), "/")
	t := entente.Commitment{Owner: record.Party(owner), Office: office, Due: f.deadline("due")}
	if owner == "" {
		f.wrong("owner", "form.choose")
	}
	if t.Due == 0 {
		f.wrong("due", "form.date")
	} else if t.Due < r.web.node.Now() {
		f.wrong("due", "meet.past")
	}
	a := node.Act{Kind: commitmentKind, Verb: record.Propose, Nature: record.Political, Parts: append(append([]node.NewPart(nil), decision...), f.parts(nil, "done")...)}
	for _, l := range r.group.Chart.Languages {
		if f.text("done."+l) == "" {
			f.wrong("done."+l, "form.required")
		}
	}
	if len(r.group.Chart.Lines) > 0 {
		a.Line = f.choice("line")
	}
	a, err := withTerms(r, a, t)
	return &a, err
}
