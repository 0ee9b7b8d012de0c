package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"entente"
	"entente/consent"
	"entente/node"
	"entente/record"
)

// act is something the reader's party may do now: by a form of its own, or with one button that goes to the page where the
// act is read and signed.
type act struct {
	Verb    record.Verb
	Key     string // of its label
	Version record.ID
	Warning bool
	Second  bool   // not what one usually comes for
	Href    string // of its form; empty: the button
}

// mayPrepare names the reader's party's offices that may sign acts on an instrument, and says whether the reader's own office
// signs nothing in this group and so only reads.
func (w *Web) mayPrepare(r *request, s *entente.State) (offices []string, reads bool) {
	p, err := w.node.Powers(r.group.ID)
	if err != nil || p == nil {
		return nil, true
	}
	return signersFor(p, s.Kind, s.Line, w.node.Now(), r.lang), !signs(p, r.who.Office)
}

// signs reports whether an office has authority to sign anything.
func signs(p *entente.Powers, office string) bool {
	o, _ := p.Office(office)
	return slices.ContainsFunc(o.Grants, func(g entente.Grant) bool { return len(g.Kinds) > 0 })
}

func signersFor(p *entente.Powers, kind, line string, now int64, lang string) []string {
	var out []string
	for _, o := range p.Offices {
		if covers(o, kind, line, now) {
			out = append(out, officeIn(p, o.ID, lang))
		}
	}
	return out
}

// covers reports whether an office has authority for any act on a kind and line.
func covers(o entente.Office, kind, line string, now int64) bool {
	return slices.ContainsFunc(o.Grants, func(g entente.Grant) bool {
		return slices.ContainsFunc(record.Verbs, func(v record.Verb) bool { return g.Covers(kind, v, line, now) })
	})
}

// versionActs are what the reader's party may do with a text now, and what stands in the way of signing it. The gate decides
// again when it is done.
func (w *Web) versionActs(r *request, d *node.Detail, v *entente.VersionState) (out []act, blocked string) {
	own, now, s := w.node.Party(), w.node.Now(), d.State
	i := slices.IndexFunc(v.Sides, func(x entente.Side) bool { return x.Party == own })
	kind := w.node.Kinds()[s.Kind]
	if more := kindPages[s.Kind].acts; more != nil {
		out = more(w, r, d, v)
	}
	if kind == nil || i < 0 {
		return out, ""
	}
	mine, id, f := v.Sides[i], s.Instrument.String(), s.InForce()
	open := v.Standing == consent.Open && (v.Until == 0 || now <= v.Until) && (f == nil || v.Replaces == f.ID)
	form := func(name string) string { return r.group.Href("i", id, name) + "?version=" + v.ID.String() }
	switch {
	case open && mine.Consent == nil:
		if blocked = rivals(s, v, own); blocked == "" {
			out = append(out, act{Verb: record.Consent, Key: "act.agree", Version: v.ID})
		}
	case open && mine.Withdrawn == nil:
		out = append(out, act{Verb: record.Withdraw, Key: "act.withdraw", Version: v.ID, Second: true, Href: form("withdraw")})
	case v.Standing == consent.InForce && d.View.Phase == entente.PhaseInForce && slices.Contains(v.Hosts, own): // it stops it
	case v.Standing == consent.InForce && d.View.Phase == entente.PhaseInForce && !slices.Contains(leavers(s), own):
		out = append(out, act{Verb: record.Withdraw, Key: "act.leave", Version: v.ID, Second: true, Href: form("withdraw")})
	case v.Standing == consent.InForce && d.View.Phase == entente.PhaseInForce:
		out = append(out, act{Verb: record.Consent, Key: "act.take-back", Version: v.ID})
	}
	_, replies := kind.Verbs[record.Reply]
	if open && mine.Consent == nil && mine.Withdrawn == nil {
		if blocked == "" && w.recordsPaper(r, s) {
			out = append(out, act{Verb: record.Consent, Key: "act.paper", Version: v.ID, Second: true, Href: form("paper")})
		}
		if replies && v.Ref.Party != own && !slices.Contains(s.AdReferendum(v.ID), own) {
			out = append(out, act{Verb: record.Reply, Key: "act.ad-referendum", Version: v.ID, Second: true, Href: w.replyHref(r, s, v.ID, entente.AdReferendum)})
		}
	}
	if replies && open && v.Ref.Party == own && !pulled(v) && slices.Contains(r.group.Chart.Silence, s.Kind) {
		out = append(out, act{Verb: record.Reply, Key: "act.ask-no-objection", Version: v.ID, Second: true, Href: w.replyHref(r, s, v.ID, entente.AskNoObjection)})
	}
	if compose := kindPages[s.Kind].compose; compose != "" {
		switch {
		case open && !pulled(v):
			out = append(out, act{Verb: record.Propose, Key: "act.counter", Version: v.ID, Second: true, Href: r.group.Href() + "/" + compose + "?counter=" + v.ID.String()})
		case f != nil && f.ID == v.ID && d.View.Phase == entente.PhaseInForce:
			out = append(out, act{Verb: record.Propose, Key: "act.amend", Version: v.ID, Second: true, Href: r.group.Href() + "/" + compose + "?amend=" + v.ID.String()})
		}
	}
	if replies && open && v.Ref.Party != own {
		out = append(out, act{Verb: record.Reply, Key: "act.observe", Version: v.ID, Second: true, Href: w.replyHref(r, s, v.ID, entente.Contest)})
	}
	return out, blocked
}

// recordsPaper reports whether an office of the reader's party may say that another signed on paper.
func (w *Web) recordsPaper(r *request, s *entente.State) bool {
	p, err := w.node.Powers(r.group.ID)
	return err == nil && p != nil && slices.ContainsFunc(p.Offices, func(o entente.Office) bool {
		return slices.ContainsFunc(o.Grants, func(g entente.Grant) bool { return g.Paper && g.Covers(s.Kind, record.Consent, s.Line, w.node.Now()) })
	})
}

// rivals says why a text waits: this party's word stands on another with the same predecessor (rule C5).
func rivals(s *entente.State, v *entente.VersionState, own record.Party) string {
	out := ""
	for _, o := range s.Versions {
		if o.ID == v.ID || o.Replaces != v.Replaces || o.Standing != consent.Open {
			continue
		}
		for _, x := range o.Sides {
			switch {
			case x.Party != own:
			case x.Withdrawn != nil && x.Pending:
				out = "blocked.pending"
			case x.Consent != nil && x.Withdrawn == nil:
				return "blocked.rival"
			}
		}
	}
	return out
}

// acts are what may be done with the whole.
func (w *Web) acts(r *request, d *node.Detail) []act {
	s, p := d.State, kindPages[d.State.Kind]
	if p.whole != nil {
		return p.whole(w, r, d)
	}
	f := s.InForce()
	if p.report && f != nil && d.View.Phase == entente.PhaseInForce && s.Owner == w.node.Party() && !d.View.Verified {
		return []act{{Verb: record.Report, Key: "act.report", Version: f.ID, Href: r.group.Href("i", s.Instrument.String(), "report")}}
	}
	return nil
}

// replyActs are what the reader's party may say of a report or of what was said.
func (w *Web) replyActs(r *request, d *node.Detail, to record.ID) []act {
	own, s := w.node.Party(), d.State
	kind := w.node.Kinds()[s.Kind]
	if acts := w.recallActs(r, s, to); acts != nil {
		return acts
	}
	if kind == nil || d.View.Phase != entente.PhaseInForce && d.View.Phase != entente.PhaseRecorded && d.View.Phase != entente.PhaseProposed {
		return nil
	}
	if _, ok := kind.Verbs[record.Reply]; !ok {
		return nil
	}
	href := func(x entente.Stance) string { return w.replyHref(r, s, to, x) }
	if n := len(s.Reports); n > 0 && s.Reports[n-1].ID == to && s.Reports[n-1].Ref.Party != own {
		out := []act{{Verb: record.Reply, Key: "act.acknowledge", Href: href(entente.Acknowledge)}, {Verb: record.Reply, Key: "act.observe", Second: true, Href: href(entente.Contest)}}
		if d.View.Done && (s.Fact("verifier") == "" || s.Fact("verifier") == string(own)) {
			out[0].Key = "act.verify"
		}
		if d.View.Verified {
			return out[1:]
		}
		return out
	}
	for _, x := range s.Replies {
		if x.ID == to && x.Ref.Party != own && (x.Stance == entente.Contest || x.Stance == entente.Object) {
			return []act{{Verb: record.Reply, Key: "act.answer", Href: href(entente.Answer)}}
		}
	}
	return nil
}

// translateActs: a text that stands in one language is owed in the others by its author, and anybody may supply them.
func (w *Web) translateActs(r *request, s *entente.State, of record.ID) []act {
	if !slices.ContainsFunc(s.Untranslated, func(u entente.Untranslated) bool { return u.Of == of }) {
		return nil
	}
	return []act{{Verb: record.Note, Key: "act.translate", Second: true, Href: r.group.Href("i", s.Instrument.String(), "translate") + "?of=" + of.String()}}
}

// translate supplies the languages that a record lacks.
func (w *Web) translate(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	of, err := record.ParseID(r.FormValue("of"))
	i := slices.IndexFunc(d.State.Untranslated, func(u entente.Untranslated) bool { return u.Of == of })
	if err != nil {
		return nil, fmt.Errorf("record: %w", node.ErrNotFound)
	} else if i < 0 {
		return nil, changed()
	}
	var fields []field
	for _, n := range d.State.Untranslated[i].Parts {
		base, lang, _ := strings.Cut(n, ".")
		fields = append(fields, field{Name: n, Control: controlText, Label: r.t(map[bool]string{true: "translate.title-part", false: "translate.body"}[base == "title"], "Language", r.t("in-language."+lang)), Lang: tags[lang], Rows: 8})
	}
	f, err := r.form(r.group.Href("i", d.State.Instrument.String(), "translate"), r.t("draft.go"),
		append(fields, field{Name: "of", Control: controlHidden, Values: []string{of.String()}})...)
	if err != nil {
		return nil, err
	}
	p, err := w.aboutAct(r, d, r.t("translate.title"), r.t("translate.lead"), f, of)
	if err != nil || r.Method != http.MethodPost {
		return p, err
	}
	var parts []node.NewPart
	for _, x := range fields {
		parts = append(parts, node.NewPart{Name: x.Name, Content: []byte(f.text(x.Name))})
	}
	if !f.ok() {
		return f.again(p), nil
	}
	terms, err := termsOf(entente.Translation{Of: of})
	if err != nil {
		return nil, err
	}
	return w.prepare(r, node.Act{Group: r.group.ID, Kind: d.State.Kind, Verb: record.Note, Instrument: d.State.Instrument, Terms: terms, Parts: parts})
}

func (w *Web) replyHref(r *request, s *entente.State, to record.ID, x entente.Stance) string {
	return r.group.Href("i", s.Instrument.String(), "reply") + "?to=" + to.String() + "&stance=" + string(x)
}

// oneClick are the acts on a text that a button alone asks for, by verb and label; an empty label stands for any.
var oneClick = map[record.Verb]string{record.Consent: "", record.Withdraw: "act.stop", record.Note: "act.claim"}

// startAct drafts a signature of a text: nothing is on record before officials have signed it.
func (w *Web) startAct(r *request) (answer, error) {
	version, err := record.ParseID(r.PostFormValue("version"))
	if err != nil {
		return nil, fmt.Errorf("version: %w", node.ErrInvalid)
	}
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	a := node.Act{Group: r.group.ID, Kind: d.State.Kind, Verb: record.Verb(r.PostFormValue("verb")), Instrument: d.State.Instrument, Version: version}
	key, ok := oneClick[a.Verb]
	if !ok || !w.offers(r, d, a.Verb, version, key) {
		return nil, changed()
	}
	if a.Verb == record.Note {
		if a.Terms, err = termsOf(entente.ActionNote{Claim: true}); err != nil {
			return nil, err
		}
	}
	return w.prepare(r, a)
}

// offers reports whether a page of the instrument offers an act on a text now: any of that verb, or one by its label.
func (w *Web) offers(r *request, d *node.Detail, verb record.Verb, version record.ID, key string) bool {
	for i := range d.State.Versions {
		if v := &d.State.Versions[i]; v.ID == version {
			acts, _ := w.versionActs(r, d, v)
			return slices.ContainsFunc(acts, func(a act) bool { return a.Verb == verb && (key == "" || a.Key == key) })
		}
	}
	return false
}

func changed() error {
	return fmt.Errorf("%w: %w", node.ErrConflict, record.Because("act.changed", "this cannot be done now: the text has changed since the page was shown"))
}

// prepare keeps a draft of an act and goes to the page where it is read and signed.
func (w *Web) prepare(r *request, a node.Act) (answer, error) {
	d, err := w.node.Prepare(r.Context(), r.who, a)
	if err != nil {
		return nil, err
	}
	if err := w.node.Save(r.Context(), d); err != nil {
		return nil, err
	}
	return redirect{to: r.group.Href("drafts", d.Nonce.String())}, nil
}

// actBody is the page of a form about an instrument: what it speaks of is shown above the form.
type actBody struct {
	Form    *form
	Name    name
	Lead    string
	Facts   []sentence
	Quoted  []text
	Link    string
	Signers []string
}

// aboutAct makes the page of a form about an instrument; id is the record to quote.
func (w *Web) aboutAct(r *request, d *node.Detail, title, lead string, f *form, quote record.ID) (page, error) {
	b := actBody{Form: f, Lead: lead, Link: r.group.Href("i", d.State.Instrument.String())}
	wants := []node.Want{{Group: r.group.ID, Record: titled(d.State), Names: []string{"title.*"}}, {Group: r.group.ID, Record: quote, Names: words}}
	texts, err := w.read(r, wants)
	if err != nil {
		return page{}, err
	}
	b.Name = texts.name(r, r.group, d.State)
	for i := range d.Records {
		if d.Records[i].ID == quote {
			b.Quoted = texts.bilingual(r.group, d.Records[i].Header, quote)
		}
	}
	b.Quoted = slices.DeleteFunc(b.Quoted, func(t text) bool { return t.Missing })
	b.Signers, _ = w.mayPrepare(r, d.State)
	f.Back = b.Link
	return page{name: "act", title: title, nav: d.State.Kind, body: b}, nil
}

// bodies are the fields for a text in each language of the charter, the reader's first. None need be filled in alone; need asks
// for one of them.
func (r *request) bodies(label string, rows int) []field {
	var out []field
	for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
		out = append(out, field{Name: "body." + l, Control: controlText, Label: r.t(label, "Language", r.t("in-language."+l)), Lang: tags[l], Optional: true, Rows: rows})
	}
	return out
}

// bodyParts reads these fields. need: at least one language is wanted.
func (f *form) bodyParts(need bool) []node.NewPart {
	var out []node.NewPart
	for _, l := range readerFirst(f.r.lang, f.r.group.Chart.Languages) {
		if v := f.text("body." + l); v != "" {
			out = append(out, node.NewPart{Name: "body." + l, Content: []byte(v)})
		}
	}
	if need && len(out) == 0 {
		f.wrong("body."+readerFirst(f.r.lang, f.r.group.Chart.Languages)[0], "form.one-language")
	}
	return out
}

// bodyTexts are the same as texts by language.
func (f *form) bodyTexts(need bool) map[string]string {
	out := map[string]string{}
	for _, p := range f.bodyParts(need) {
		out[strings.TrimPrefix(p.Name, "body.")] = string(p.Content)
	}
	return out
}

// handle gives every part the handling that the form says; nothing where it is the party's usual one.
func (f *form) handle(parts []node.NewPart) []node.NewPart {
	if m := f.marking("handling"); m != nil {
		for i := range parts {
			parts[i].Marking = m
		}
	}
	return parts
}

// withdraw takes back a signature, or gives notice to end what is agreed, with a reason where the party gives one.
func (w *Web) withdraw(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	version, err := record.ParseID(r.FormValue("version"))
	if err != nil {
		return nil, fmt.Errorf("version: %w", node.ErrNotFound)
	}
	if !w.offers(r, d, record.Withdraw, version, "") {
		return nil, changed()
	}
	key, lead := "withdraw", r.t("withdraw.lead")
	if f := d.State.InForce(); f != nil && f.ID == version {
		c := r.group.Info.Founding.Clocks
		key, lead = "leave", r.t("leave.lead", "Notice", int(c.Notice/86400), "Ceiling", int(c.Ceiling/86400))
	}
	f, err := r.form(r.group.Href("i", d.State.Instrument.String(), "withdraw"), r.t("draft.go"),
		append(r.bodies("withdraw.reason", 4), field{Name: "version", Control: controlHidden, Values: []string{version.String()}})...)
	if err != nil {
		return nil, err
	}
	f.Warning = true
	p, err := w.aboutAct(r, d, r.t(key+".title"), lead, f, version)
	if err != nil || r.Method != http.MethodPost {
		return p, err
	}
	parts := f.bodyParts(false)
	if !f.ok() {
		return f.again(p), nil
	}
	return w.prepare(r, node.Act{Group: r.group.ID, Kind: d.State.Kind, Verb: record.Withdraw, Instrument: d.State.Instrument, Version: version, Parts: parts})
}

// explained are the stances that say nothing without words.
var explained = []entente.Stance{entente.Contest, entente.Object, entente.Answer}

// paper records that an official signed the text on paper: the party's own statement, with the scan.
func (w *Web) paper(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	version, err := record.ParseID(r.FormValue("version"))
	if err != nil {
		return nil, fmt.Errorf("version: %w", node.ErrNotFound)
	}
	if !w.offers(r, d, record.Consent, version, "act.paper") {
		return nil, changed()
	}
	powers, err := w.node.Powers(r.group.ID)
	if err != nil || powers == nil {
		return nil, fmt.Errorf("powers: %w", errors.Join(node.ErrConflict, err))
	}
	offices := []option{{"", r.t("choose"), ""}}
	for _, o := range powers.Offices {
		offices = append(offices, option{Value: o.ID, Text: officeIn(powers, o.ID, r.lang)})
	}
	fields := []field{{Name: "office", Control: controlSelect, Label: r.t("paper.office"), Options: offices}, {Name: "signed", Control: controlDate, Label: r.t("paper.signed")},
		{Name: "place", Control: controlInput, Label: r.t("paper.place"), Width: 20, Optional: true}, {Name: "scan", Control: controlFile, Label: r.t("paper.scan"), Hint: r.t("paper.scan-hint")}}
	fields = append(append(fields, r.ownToo(r.handled("scan-for", r.t("paper.for")))...), field{Name: "version", Control: controlHidden, Values: []string{version.String()}})
	f, err := r.form(r.group.Href("i", d.State.Instrument.String(), "paper"), r.t("draft.go"), fields...)
	if err != nil {
		return nil, err
	}
	p, err := w.aboutAct(r, d, r.t("act.paper.title"), r.t("act.paper.lead"), f, version)
	if err != nil || r.Method != http.MethodPost {
		return p, err
	}
	t := entente.ConsentTerms{Paper: &entente.Paper{Office: f.choice("office"), Signed: f.deadline("signed"), Place: f.text("place")}}
	if day := f.day("signed"); day > w.node.Now() {
		f.wrong("signed", "paper.future")
	}
	t.Paper.Signed = min(t.Paper.Signed, w.node.Now()) // today is not over
	parts, err := f.papers("scan", f.marking("scan-for"))
	if err != nil {
		return nil, err
	}
	if !f.ok() {
		return f.again(p), nil
	}
	terms, err := termsOf(t)
	if err != nil {
		return nil, err
	}
	return w.prepare(r, node.Act{Group: r.group.ID, Kind: d.State.Kind, Verb: record.Consent, Instrument: d.State.Instrument, Version: version, Terms: terms, Parts: parts})
}

// reply says something of a record of the other side: acknowledged or verified, with observations, or the answer to these.
func (w *Web) reply(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	to, err := record.ParseID(r.FormValue("to"))
	stance := entente.Stance(r.FormValue("stance"))
	if err != nil || !slices.Contains(entente.Stances, stance) {
		return nil, fmt.Errorf("reply: %w", node.ErrNotFound)
	}
	key, ok := w.replyKey(r, d, to, stance)
	if !ok {
		return nil, changed()
	}
	var fields []field
	if stance == entente.AskNoObjection {
		fields = append(fields, field{Name: "by", Control: controlDate, Label: r.t("silence.by"), Hint: r.t("silence.by-hint")})
	}
	fields = append(append(fields, r.bodies("reply.text", 8)...), field{Name: "to", Control: controlHidden, Values: []string{to.String()}},
		field{Name: "stance", Control: controlHidden, Values: []string{string(stance)}})
	f, err := r.form(r.group.Href("i", d.State.Instrument.String(), "reply"), r.t("draft.go"), fields...)
	if err != nil {
		return nil, err
	}
	p, err := w.aboutAct(r, d, r.t(key+".title"), r.t(key+".lead"), f, to)
	if err != nil || r.Method != http.MethodPost {
		return p, err
	}
	parts := f.bodyParts(slices.Contains(explained, stance))
	t := entente.ReplyTerms{To: to, Stance: stance, By: f.deadline("by")}
	if f.Has("by") && t.By != 0 && t.By <= w.node.Now() {
		f.wrong("by", "propose.past")
	}
	if !f.ok() {
		return f.again(p), nil
	}
	terms, err := termsOf(t)
	if err != nil {
		return nil, err
	}
	return w.prepare(r, node.Act{Group: r.group.ID, Kind: d.State.Kind, Verb: record.Reply, Instrument: d.State.Instrument, Terms: terms, Parts: parts})
}

// replyKey finds the message of a reply that the instrument's page offers now.
func (w *Web) replyKey(r *request, d *node.Detail, to record.ID, stance entente.Stance) (string, bool) {
	href := w.replyHref(r, d.State, to, stance)
	acts := w.replyActs(r, d, to)
	for i := range d.State.Versions {
		if v := &d.State.Versions[i]; v.ID == to {
			more, _ := w.versionActs(r, d, v)
			acts = append(acts, more...)
		}
	}
	for _, a := range acts {
		if a.Href == href {
			return a.Key, true
		}
	}
	return "", false
}
