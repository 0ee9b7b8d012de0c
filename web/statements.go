package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"entente"
	"entente/consent"
	"entente/node"
	"entente/record"
)

// statementsBody lists what is or will be said to the public: what is held back and why, what is public, what came to nothing.
type statementsBody struct {
	Held   []statementRow
	Public []statementRow
	Other  []statementRow
	Open   bool // the node shows public pages
}

type statementRow struct {
	row
	Form string // message key
	Own  record.Party
	Why  []sentence
}

func (w *Web) statements(r *request) (answer, error) {
	all, err := w.listed(r, node.Query{Kind: statementKind, Sort: node.SortNewest})
	if err != nil {
		return nil, err
	}
	texts, err := w.read(r, titles(r.group, all))
	if err != nil {
		return nil, err
	}
	b := statementsBody{Open: w.public}
	for _, x := range all {
		y := statementRow{row: w.rowOf(r, texts, x), Form: formKey(x.State.Fact("form")), Own: record.Party(x.State.Fact("own")), Why: w.publication(r, x.State)}
		switch {
		case x.State.Public(w.node.Now()) != nil:
			b.Public = append(b.Public, y)
		case x.View.Phase == entente.PhaseProposed || x.View.Phase == entente.PhaseInForce:
			b.Held = append(b.Held, y)
		default:
			b.Other = append(b.Other, y)
		}
	}
	return page{name: "statements", title: r.kindName(statementKind, true), nav: "statements", body: b}, nil
}

func formKey(form string) string {
	if form == "" {
		return "form-of.statement"
	}
	return "form-of." + form
}

// stated says the terms of a statement in words.
func (w *Web) stated(r *request, h *record.Header, terms any) []particular {
	t, ok := terms.(*entente.Statement)
	if !ok {
		return nil
	}
	whose := r.t("statement.joint")
	if t.Own {
		whose = r.t("statement.own", "Party", r.group.PartyName(h.Party))
	}
	out := []particular{{Key: "statement.form", Text: r.t(formKey(t.Form))}, {Key: "statement.whose", Text: whose}}
	if t.Embargo != 0 {
		out = append(out, particular{Key: "statement.embargo", Text: w.languages[r.lang].moment(t.Embargo)})
	}
	return out
}

// publication says whether a statement is public, and if not, what holds it back.
func (w *Web) publication(r *request, s *entente.State) []sentence {
	now := r.now()
	var out []sentence
	say := func(weight, key string, args ...any) { out = append(out, sentence{r.t(key, args...), weight}) }
	if v := s.Public(now); v != nil {
		at, _ := v.PublishedAt()
		say("ok", "public.since", "Time", w.languages[r.lang].moment(at))
		if f := s.InForce(); f == nil || f.ID == v.ID {
			return out
		}
	}
	v, phase := s.Text(), s.Standing().At(now)
	if v == nil || phase != entente.PhaseProposed && phase != entente.PhaseInForce {
		return out
	}
	var unsigned, keeping []record.Party
	until := int64(0)
	for _, x := range v.Sides {
		if x.Consent == nil {
			unsigned = append(unsigned, x.Party)
		}
		i := slices.IndexFunc(v.Releases, func(y entente.Release) bool { return y.Ref.Party == x.Party })
		if i < 0 {
			keeping = append(keeping, x.Party)
		} else {
			until = max(until, v.Releases[i].At)
		}
	}
	if len(unsigned) > 0 {
		say("wait", "held.unsigned", "Parties", w.partyNames(r.group, unsigned))
	}
	if len(keeping) > 0 {
		say("wait", "held.keeping", "Parties", w.partyNames(r.group, keeping))
	}
	if e := factTime(s, "embargo"); e > now {
		until = max(until, e)
	}
	if until > now {
		say("wait", "held.until", "Time", w.languages[r.lang].moment(until))
	}
	return append(out, w.copyWords(r, s, v)...)
}

// copyWords says what became of the courtesy copies of one party's own text.
func (w *Web) copyWords(r *request, s *entente.State, v *entente.VersionState) []sentence {
	var out []sentence
	for _, c := range s.Copies(v.ID, r.group.Chart.IDs()) {
		name, day := r.group.PartyName(c.Party), w.languages[r.lang].moment(c.Reply.Time)
		switch c.Stance {
		case "":
			out = append(out, sentence{r.t("copy.silent", "Party", name, "Time", w.languages[r.lang].moment(v.Time)), "wait"})
		case entente.Acknowledge:
			out = append(out, sentence{r.t("copy.no-objection", "Party", name, "Time", day), "ok"})
		default:
			out = append(out, sentence{r.t("copy.observations", "Party", name, "Time", day), "wait"})
		}
	}
	return out
}

// statementActs are what a statement takes beside signatures: letting it out, and the reply to a courtesy copy, which is no
// objection or has observations, and never an approval.
func (w *Web) statementActs(r *request, d *node.Detail, v *entente.VersionState) []act {
	own, s := w.node.Party(), d.State
	var out []act
	page := func(name string) string { return r.group.Href("statements", s.Instrument.String(), name) }
	live := d.View.Phase == entente.PhaseProposed || d.View.Phase == entente.PhaseInForce
	if v.Standing == consent.InForce && slices.Contains(v.Required, own) {
		if i := slices.IndexFunc(v.Releases, func(x entente.Release) bool { return x.Ref.Party == own }); i < 0 {
			out = append(out, act{Verb: record.Release, Key: "act.release", Version: v.ID, Href: page("release")})
		} else if v.Releases[i].At > w.node.Now() {
			out = append(out, act{Verb: record.Release, Key: "act.release-later", Version: v.ID, Second: true, Href: page("release")})
		}
	}
	if from := record.Party(s.Fact("own")); from != "" && from != own && live && v.ID == s.Text().ID {
		out = append(out, act{Verb: record.Reply, Key: "act.no-objection", Version: v.ID, Href: w.replyHref(r, s, v.ID, entente.Acknowledge)},
			act{Verb: record.Reply, Key: "act.observe", Version: v.ID, Second: true, Href: w.replyHref(r, s, v.ID, entente.Contest)})
	}
	if live && d.View.Phase == entente.PhaseInForce && s.Public(w.node.Now()) != nil && slices.Contains(v.Required, own) {
		out = append(out, act{Verb: record.Propose, Key: "act.correct", Version: v.ID, Second: true, Href: r.group.Href("statements", "new") + "?corrects=" + s.Instrument.String()})
	}
	if s.Fact("own") != "" && v.ID == s.Text().ID {
		out = append(out, act{Key: "act.beside", Second: true, Href: page("beside")})
	}
	if v.ID == s.Text().ID {
		out = append(out, act{Key: "press.title", Second: true, Href: r.group.Href("press") + "?about=" + s.Instrument.String()})
	}
	return append(out, act{Key: "act.preview", Second: true, Href: page("preview") + "?version=" + v.ID.String()})
}

// releasing lets a text out: by itself from the embargo, or at once, or not before an hour.
func (w *Web) releasing(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	v := d.State.InForce()
	if v == nil || !w.offers(r, d, record.Release, v.ID, "") {
		return nil, changed()
	}
	f, err := r.form(r.group.Href("statements", d.State.Instrument.String(), "release"), r.t("draft.go"),
		field{Name: "when", Control: controlRadios, Label: r.t("release.when"), Values: []string{"soonest"}, Options: []option{
			{Value: "soonest", Text: r.t("release.soonest"), Hint: r.t("release.soonest-hint")}, {Value: "later", Text: r.t("release.later")}}},
		field{Name: "day", Control: controlDate, Label: r.t("meet.day"), Optional: true},
		field{Name: "hour", Control: controlTime, Label: r.t("meet.hour"), Optional: true},
		field{Name: "zone", Control: controlSelect, Label: r.t("meet.zone"), Options: r.zones(), Values: []string{w.zone.String()}})
	if err != nil {
		return nil, err
	}
	p, err := w.aboutAct(r, d, r.t("release.title"), r.t("release.lead"), f, v.ID)
	if b, ok := p.body.(actBody); ok {
		b.Facts = w.copyWords(r, d.State, v)
		p.body = b
	}
	if err != nil || r.Method != http.MethodPost {
		return p, err
	}
	t := entente.Released{}
	if f.choice("when") == "later" {
		if t.At = f.momentIn("day", "hour", "zone"); t.At == 0 {
			f.wrong("day", "form.required")
		} else if t.At < factTime(d.State, "embargo") {
			f.wrong("day", "release.before-embargo")
		}
	}
	if !f.ok() {
		return f.again(p), nil
	}
	return w.prepareWith(r, node.Act{Kind: d.State.Kind, Verb: record.Release, Instrument: d.State.Instrument, Version: v.ID}, t)
}

// preview shows a text as the public would read it, and what of it would not be public, and why.
func (w *Web) preview(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	id, err := record.ParseID(r.FormValue("version"))
	if err != nil || !slices.ContainsFunc(d.State.Versions, func(v entente.VersionState) bool { return v.ID == id }) {
		return nil, fmt.Errorf("text: %w", node.ErrNotFound)
	}
	p, held, err := w.node.PublicPreview(r.Context(), r.who, r.group.ID, id)
	if err != nil {
		return nil, err
	}
	b := publicPreview{Text: w.publicText(r.lang, p), Why: w.publication(r, d.State), Link: r.group.Href("i", d.State.Instrument.String())}
	for _, x := range held {
		b.Held = append(b.Held, heldPart{strings.TrimPrefix(x.Name, "annex/"), "held-part." + string(x.Why)})
	}
	return page{name: "preview", title: r.t("preview.title"), nav: "statements", body: b}, nil
}

type publicPreview struct {
	Text *publicText
	Why  []sentence
	Held []heldPart
	Link string
}

type heldPart struct{ Name, Key string }
