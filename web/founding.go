package web

import (
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

// foundingRow is a group that does not stand yet, in a list.
type foundingRow struct {
	Name, Href string
	With       []string
	Waits      string // what is to be done here next, in words
	Ours       bool   // and not by another party
	Created    int64
}

// foundingsWait are the groups to be founded that the reader sees.
func (w *Web) foundingsWait(r *request) ([]foundingRow, error) {
	all, err := w.node.Proposals(r.Context(), r.who)
	if err != nil {
		return nil, err
	}
	var out []foundingRow
	for _, p := range all {
		g := w.groupOfCharter(r, p)
		x := foundingRow{Name: g.Name, Href: foundingHref(p.Group), Waits: r.t("founding.next." + nextStep(p)), Ours: nextStep(p) != "wait", Created: p.Created}
		for _, q := range g.Others(w.node.Party()) {
			x.With = append(x.With, g.PartyName(q))
		}
		out = append(out, x)
	}
	return out, nil
}

func foundingHref(id record.ID) string { return "/setup/charters/" + id.String() }

// groupOfCharter names a group that may not stand yet as pages name groups.
func (w *Web) groupOfCharter(r *request, p *node.Proposal) *group {
	return &group{ID: p.Group, Slug: w.slugOf(p.Charter, p.Group), Name: p.Charter.Names[r.lang], Chart: p.Charter, lang: r.lang}
}

// nextStep is the message key of what this party does next.
func nextStep(p *node.Proposal) string {
	own := p.Parties[0]
	switch {
	case slices.ContainsFunc(p.Parties, func(f node.Founder) bool { return !f.Known }):
		return "stranger"
	case p.InForce:
		return "stands"
	case own.Signed != 0:
		return "wait"
	case own.Powers:
		return "sign"
	case p.Powers != nil:
		return "root"
	case p.From == p.Parties[0].Party && !slices.ContainsFunc(p.Parties, func(f node.Founder) bool { return f.Asked != 0 }):
		return "send"
	}
	return "join"
}

// charterView is a charter in words: exactly what its parties sign, in all its languages.
type charterView struct {
	*group
	Founded int64
	Within  *link // the group that it lies within, where the reader has a part in it
	Inside  bool  // it lies within one
	Texts   []text
	Lines   []lineView
	Founder []founderView
	Rules   []ruleView
	Ground  bool // it names boundary data that this node does not hold
}

type lineView struct {
	Code  string
	Names []text
}

type founderView struct {
	Name, Root string
	Own        bool
}

type ruleView struct{ Label, Value string }

func (w *Web) charterView(r *request, g *group, c *entente.Charter) *charterView {
	v := &charterView{group: g, Founded: c.Founded, Inside: !c.Parent.IsZero(), Ground: !w.node.HoldsBoundary(c.Boundary)}
	languages := readerFirst(r.lang, c.Languages)
	for _, l := range languages {
		v.Texts = append(v.Texts, text{Lang: l, Tag: tags[l], Title: c.Names[l], Body: c.Purpose[l]})
	}
	for _, l := range c.Lines {
		x := lineView{Code: l.Code}
		for _, k := range languages {
			x.Names = append(x.Names, text{Lang: k, Tag: tags[k], Title: l.Names[k]})
		}
		v.Lines = append(v.Lines, x)
	}
	parties := slices.Clone(c.Parties)
	ownFirst(w.node.Party(), parties, func(p entente.CharterParty) record.Party { return p.ID })
	for _, p := range parties {
		v.Founder = append(v.Founder, founderView{Name: p.Names[r.lang] + " (" + string(p.ID) + ")", Root: w.languages[r.lang].digestWords(p.Root.Digest()), Own: p.ID == w.node.Party()})
	}
	if v.Inside {
		for _, i := range w.node.Groups(r.Context(), r.who) {
			if i.ID == c.Parent {
				if around, err := w.groupFrom(r, i); err == nil {
					v.Within = &link{Text: around.Name, Href: around.Href()}
				}
			}
		}
	}
	rule := func(key, value string) { v.Rules = append(v.Rules, ruleView{r.t("founding.rule." + key), value}) }
	days := func(sec int64) string { return r.t("founding.days", "Count", int(sec/86400)) }
	rule("track", c.Track)
	for _, k := range w.node.Kinds().Names() {
		switch c.Consent[k] {
		case entente.ConsentParticipants:
			rule("consent-of", r.t("founding.consent-participants", "Kind", r.kindName(k, true)))
		case entente.ConsentAll:
			rule("consent-of", r.t("founding.consent-all", "Kind", r.kindName(k, true)))
		}
	}
	if len(c.Consent) == 0 {
		rule("consent-of", r.t("founding.consent-usual"))
	}
	var silent []string
	for _, k := range c.Silence {
		silent = append(silent, r.kindName(k, true))
	}
	if len(silent) > 0 {
		rule("silence", strings.Join(silent, ", "))
	}
	rule("notice", r.t("founding.notice-words", "Notice", days(c.Clocks.Notice), "Ceiling", days(c.Clocks.Ceiling)))
	rule("consultation", days(c.Clocks.Consultation))
	rule("escalation", days(c.Clocks.Escalation))
	rule("retention", days(c.Clocks.Retention))
	if m := c.Meetings; m != nil {
		rule("meetings", r.t("founding.meetings-words", "Every", days(m.EveryDays*86400), "Host", g.PartyName(m.First)))
	}
	if len(c.Handling) > 0 {
		rule("handling", strings.Join(c.Handling, ", "))
	}
	if c.Boundary != nil {
		rule("boundary", r.t("founding.boundary-words", "Name", c.Boundary.Name, "Digest", c.Boundary.Digest.String(), "Band", int(c.Boundary.BandM)))
	}
	rule("skew", r.t("founding.seconds", "Count", int(c.Clocks.Skew)))
	return v
}

// foundingBody is the page of a group to be founded: its charter, and what waits for whom.
type foundingBody struct {
	*node.Proposal
	Href    string
	Next    string // step of this party
	View    *charterView
	From    string // the party whose text it is; empty: it came as a file
	Founder []founderStep
	Unknown []string // parties whose introduction was not compared
	SetsUp  bool
	Own     bool // this party's own text, which may still be changed
	Root    *draftRoot
	Signers []string
	Draft   string // where the reader's office signs the charter; empty: another office does
	Lost    bool   // no draft of it is kept: it is prepared anew
	Enter   string // the group's page, where the reader's office has a part in it
}

type founderStep struct {
	node.Founder
	Name string
	Own  bool
}

// draftRoot is what the root key signs.
type draftRoot struct {
	Act     record.ID
	Seats   []seat
	Powers  powersView
	Command string
}

func (w *Web) foundingOf(r *request) (*node.Proposal, error) {
	id, err := record.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("charter: %w", node.ErrNotFound)
	}
	return w.node.Proposal(r.Context(), r.who, id)
}

func (w *Web) founding(r *request) (answer, error) {
	p, err := w.foundingOf(r)
	if err != nil {
		return nil, err
	}
	g := w.groupOfCharter(r, p)
	b := &foundingBody{Proposal: p, Href: foundingHref(p.Group), Next: nextStep(p), View: w.charterView(r, g, p.Charter), SetsUp: w.node.SetsUp(r.who)}
	if p.From != "" && p.From != w.node.Party() {
		b.From = g.PartyName(p.From)
	}
	sent := false
	for _, f := range p.Parties {
		sent = sent || f.Asked != 0
		b.Founder = append(b.Founder, founderStep{f, g.PartyName(f.Party), f.Party == w.node.Party()})
		if !f.Known {
			b.Unknown = append(b.Unknown, g.PartyName(f.Party))
		}
	}
	b.Own = p.From == w.node.Party() && !p.Joined && !sent
	if p.Powers != nil && b.SetsUp {
		b.Root = &draftRoot{Act: p.Powers.Act, Seats: rootSeat(p.Powers), Powers: w.powersIn(r, g, w.node.Party(), w.draftedPowers(p.Powers.Header)),
			Command: "entente sign " + p.Powers.Nonce.String()[:12] + " --group " + p.Group.Short() + " --root"}
	}
	if slices.ContainsFunc(w.node.Groups(r.Context(), r.who), func(i node.GroupInfo) bool { return i.ID == p.Group }) {
		b.Enter = g.Href()
	}
	if b.Next == "sign" {
		d, err := w.node.CharterConsent(r.Context(), r.who, p.Group)
		if err != nil {
			return nil, err
		}
		if b.Lost = d == nil; d != nil && b.Enter != "" {
			b.Draft = g.Href("drafts", d.Nonce.String())
		}
		powers, err := w.node.Powers(p.Group)
		if err != nil {
			return nil, err
		}
		for _, o := range powers.Offices {
			if powers.May(o.ID, "charter", record.Consent, "", w.node.Now()) {
				b.Signers = append(b.Signers, officeNameIn(o, r.lang))
			}
		}
	}
	return page{name: "founding", title: g.Name, nav: "setup", body: b}, nil
}

// charterFile is the text as it is handed over: it must come through unchanged.
func (w *Web) charterFile(r *request) (answer, error) {
	p, err := w.foundingOf(r)
	if err != nil {
		return nil, err
	}
	return file{name: p.Charter.Track + ".charter", mime: "application/octet-stream", content: p.Bytes}, nil
}

// takeCharter reads a charter that came as a file.
func (w *Web) takeCharter(r *request) (answer, error) {
	if !w.node.SetsUp(r.who) {
		return nil, fmt.Errorf("charter: %w", node.ErrForbidden)
	}
	f, err := r.form("/setup/charter/file", r.t("founding.take-read"), field{Name: "file", Control: controlFile, Label: r.t("founding.take-file"), Hint: r.t("founding.take-hint")})
	if err != nil {
		return nil, err
	}
	f.Back = "/setup"
	p := page{name: "people-form", title: r.t("founding.take"), nav: "setup", body: peopleForm{Form: f, Lead: r.t("founding.take-lead")}}
	if r.Method != "POST" {
		return p, nil
	}
	files, err := f.uploads("file")
	if err != nil {
		return nil, err
	}
	if !f.ok() {
		return f.again(p), nil
	}
	x, err := w.node.TakeCharter(r.Context(), r.who, files[0].Content)
	if errors.Is(err, node.ErrInvalid) {
		f.wrong("file", "founding.take-wrong", "Why", r.whyNot(err))
		return f.again(p), nil
	} else if err != nil {
		return nil, err
	}
	return redirect{to: foundingHref(x.Group)}, nil
}

// whyNot is what the node says to mend, in the reader's language.
func (r *request) whyNot(err error) string {
	if why := (record.Why{}); errors.As(err, &why) {
		return r.web.languages[r.lang].why(why.Code, why.Values)
	}
	return r.t("why.charter.form")
}

func (w *Web) sendCharter(r *request) (answer, error) {
	p, err := w.foundingOf(r)
	if err != nil {
		return nil, err
	}
	for _, f := range p.Parties[1:] {
		if f.Said != node.SaidHeld {
			if err := w.node.SendCharter(r.Context(), r.who, p.Group, f.Party); err != nil {
				return nil, err
			}
		}
	}
	return redirect{to: foundingHref(p.Group), done: "charter-sent"}, nil
}

// joinGroup asks which offices have a part in the group, and makes it here. Nothing binds before signatures.
func (w *Web) joinGroup(r *request) (answer, error) {
	p, err := w.foundingOf(r)
	if err != nil {
		return nil, err
	}
	if !w.node.SetsUp(r.who) {
		return nil, fmt.Errorf("offices: %w", node.ErrForbidden)
	}
	var offices []option
	var all []string
	for _, i := range w.node.Groups(r.Context(), r.who) {
		if !i.Own {
			continue
		}
		powers, err := w.node.Powers(i.ID)
		if err != nil {
			return nil, err
		}
		for _, o := range powers.Offices {
			x := option{Value: o.ID, Text: officeNameIn(o, r.lang)}
			for _, a := range o.Grants {
				x.Hint = strings.TrimPrefix(x.Hint+"; "+r.grantWords(r.grantIn(w.groupOfCharter(r, p), a, w.node.Now())), "; ")
			}
			offices, all = append(offices, x), append(all, o.ID)
		}
	}
	f, err := r.form(foundingHref(p.Group)+"/join", r.t("founding.join-go"), field{Name: "offices", Control: controlChecks, Label: r.t("founding.offices"), Hint: r.t("founding.offices-hint"), Options: offices})
	if err != nil {
		return nil, err
	}
	f.Back = foundingHref(p.Group)
	switch {
	case p.Powers != nil:
		var now []string
		for _, o := range w.draftedPowers(p.Powers.Header).Offices {
			now = append(now, o.ID)
		}
		f.set("offices", now...)
	case p.Charter.Parent.IsZero(): // into a smaller group go those that are chosen
		f.set("offices", all...)
	default:
		f.set("offices", r.who.Office)
	}
	at := page{name: "people-form", title: r.t("founding.join-title", "Name", p.Charter.Names[r.lang]), nav: "setup", body: peopleForm{Form: f, Lead: r.t("founding.join-lead")}}
	if r.Method != "POST" {
		return at, nil
	}
	chosen := f.choices("offices")
	if f.ok() {
		_, err := w.node.JoinProposal(r.Context(), r.who, p.Group, chosen)
		if err == nil {
			return redirect{to: foundingHref(p.Group), done: "group-joined"}, nil
		}
		if !errors.Is(err, node.ErrInvalid) {
			return nil, err
		}
		f.wrong("offices", "founding.offices-wrong")
	}
	return f.again(at), nil
}

// signFounding takes the root key's signature under the party's first powers.
func (w *Web) signFounding(r *request) (answer, error) {
	p, err := w.foundingOf(r)
	if err != nil {
		return nil, err
	}
	a, err := approvalOf(r)
	if err != nil {
		return nil, err
	}
	if _, err := w.node.ApproveProposal(r.Context(), r.who, p.Group, a); err != nil {
		return nil, err
	}
	return redirect{to: foundingHref(p.Group), done: "founding-powers"}, nil
}

// signCharter goes to where the reader's office signs the charter.
func (w *Web) signCharter(r *request) (answer, error) {
	p, err := w.foundingOf(r)
	if err != nil {
		return nil, err
	}
	if _, err := w.node.DraftCharterConsent(r.Context(), r.who, p.Group); err != nil {
		return nil, err
	}
	return redirect{to: foundingHref(p.Group)}, nil
}

func (w *Web) discardCharter(r *request) (answer, error) {
	p, err := w.foundingOf(r)
	if err != nil {
		return nil, err
	}
	f, err := r.form(foundingHref(p.Group)+"/discard", r.t("founding.discard"))
	if err != nil {
		return nil, err
	}
	f.Back, f.Warning = foundingHref(p.Group), true
	if r.Method != "POST" {
		return page{name: "confirm", title: r.t("founding.discard-title", "Name", p.Charter.Names[r.lang]), nav: "setup", body: confirmBody{f, r.t("founding.discard-follows")}}, nil
	}
	if err := w.node.DropProposal(r.Context(), r.who, p.Group); err != nil {
		return nil, err
	}
	return redirect{to: "/setup", done: "charter-discarded"}, nil
}

// newCharter is the one form by which a group is drafted: of parties that are known here, or within a group of its parties.
func (w *Web) newCharter(r *request) (answer, error) {
	known, err := w.node.KnownParties(r.Context(), r.who) // who may not set up learns nothing
	if err != nil {
		return nil, err
	}
	from, c, err := w.charterBefore(r)
	if err != nil {
		return nil, err
	}
	var around *group
	if !c.Parent.IsZero() {
		for _, i := range w.node.Groups(r.Context(), r.who) {
			if i.ID == c.Parent && !i.Own {
				if around, err = w.groupFrom(r, i); err != nil {
					return nil, err
				}
			}
		}
		if around == nil {
			return nil, fmt.Errorf("group: %w", node.ErrNotFound)
		}
	}
	var parties []option
	if around != nil {
		for _, p := range around.Others(w.node.Party()) {
			parties = append(parties, option{Value: string(p), Text: around.PartyName(p)})
		}
	} else {
		for _, k := range known {
			parties = append(parties, option{Value: string(k.Party), Text: nameIn(k.Introduction, r.lang)})
		}
	}
	body := charterFormBody{Around: around}
	title := r.t("founding.new")
	if around != nil {
		title = r.t("founding.new-within", "Name", around.Name)
	}
	p := page{name: "setup-charter", title: title, nav: "setup", body: &body}
	if len(parties) == 0 {
		return p, nil
	}
	f, err := r.form(r.URL.RequestURI(), r.t("founding.keep"), w.charterFields(r, parties)...)
	if err != nil {
		return nil, err
	}
	body.Form, f.Back = f, "/setup"
	w.fillCharter(r, f, c, parties)
	if r.Method != "POST" {
		return p, nil
	}
	n, with := w.charterSent(f, c)
	if !f.ok() {
		return f.again(p), nil
	}
	x, err := w.node.DraftCharter(r.Context(), r.who, n, with, from)
	if errors.Is(err, node.ErrInvalid) {
		f.wrong("name."+r.lang, "founding.wrong", "Why", r.whyNot(err))
		return f.again(p), nil
	} else if err != nil {
		return nil, err
	}
	return redirect{to: foundingHref(x.Group), done: "charter-kept"}, nil
}

type charterFormBody struct {
	Form   *form  // nil: no other party is known yet
	Around *group // the group that the new one lies within
}

// firstTrack and usualPurpose are what the form offers: a charter's own words, in all its languages at once.
const firstTrack = "security"

var usualPurpose = map[string]string{"en": "To coordinate, carry out and evaluate what the Parties agree.", "es": "Coordinar, ejecutar y evaluar lo que acuerden las Partes."}

// charterBefore is what the form starts from: a charter that is changed, the terms of the group around, or good defaults.
func (w *Web) charterBefore(r *request) (record.ID, entente.Charter, error) {
	q := r.URL.Query()
	if s := q.Get("from"); s != "" {
		id, err := record.ParseID(s)
		if err != nil {
			return id, entente.Charter{}, fmt.Errorf("charter: %w", node.ErrNotFound)
		}
		p, err := w.node.Proposal(r.Context(), r.who, id)
		if err != nil {
			return id, entente.Charter{}, err
		}
		return id, *p.Charter, nil
	}
	c := entente.Charter{Track: firstTrack, Purpose: map[string]string{}, Clocks: entente.Clocks{Notice: 90 * 86400, Ceiling: 30 * 86400, Consultation: 30 * 86400, Escalation: 15 * 86400, Retention: 3653 * 86400, Skew: 300}}
	maps.Copy(c.Purpose, usualPurpose)
	if slug := q.Get("within"); slug != "" {
		g, err := w.findGroup(r, slug, "")
		if err != nil {
			return record.ID{}, c, err
		}
		around := g.Chart
		c.Track, c.Parent, c.Clocks, c.Handling, c.Meetings, c.Consent, c.Silence, c.Boundary = "", g.ID, around.Clocks, around.Handling, around.Meetings, around.Consent, around.Silence, around.Boundary
	}
	return record.ID{}, c, nil
}

// bindable are the kinds whose texts parties agree to.
func (w *Web) bindable(r *request, wants func(*entente.Kind) bool) []option {
	var out []option
	for _, name := range w.node.Kinds().Names() {
		k := w.node.Kinds()[name]
		if _, ok := k.Verbs[record.Consent]; ok && !k.Home && !k.Silent && k.Required == nil && wants(k) {
			out = append(out, option{Value: name, Text: r.kindName(name, true)})
		}
	}
	return out
}

func (w *Web) charterFields(r *request, parties []option) []field {
	fields := []field{{Name: "with", Control: controlChecks, Label: r.t("founding.with"), Options: parties}}
	languages := readerFirst(r.lang, entente.Languages)
	for _, l := range languages {
		fields = append(fields, field{Name: "name." + l, Control: controlInput, Label: r.t("founding.name", "Language", r.t("in-language."+l)), Lang: tags[l]})
	}
	for _, l := range languages {
		fields = append(fields, field{Name: "purpose." + l, Control: controlText, Label: r.t("founding.purpose", "Language", r.t("in-language."+l)), Lang: tags[l], Rows: 5})
	}
	number := func(name string, width int, optional bool) field {
		return field{Name: name, Control: controlInput, Label: r.t("founding." + name), Hint: r.t("founding." + name + "-hint"), Width: width, Optional: optional}
	}
	hosts := append([]option{{Value: string(w.node.Party()), Text: w.partyName(r)}}, parties...)
	return append(fields,
		field{Name: "track", Control: controlInput, Label: r.t("founding.track"), Hint: r.t("founding.track-hint"), Width: 20},
		field{Name: "lines", Control: controlText, Label: r.t("founding.lines"), Hint: r.t("founding.lines-hint"), Rows: 6, Optional: true},
		field{Name: "boundary", Control: controlSelect, Label: r.t("founding.rule.boundary"), Hint: r.t("founding.boundary-hint"), Options: w.grounds(r), Optional: true},
		number("every", 4, true), field{Name: "host", Control: controlSelect, Label: r.t("founding.host"), Options: hosts},
		number("notice", 4, false), number("ceiling", 4, false), number("consultation", 4, false), number("escalation", 4, false), number("retention", 5, false),
		field{Name: "handling", Control: controlText, Label: r.t("founding.handling"), Hint: r.t("founding.handling-hint"), Rows: 3, Optional: true},
		field{Name: "participants", Control: controlChecks, Label: r.t("founding.participants"), Hint: r.t("founding.participants-hint"), Options: w.bindable(r, func(*entente.Kind) bool { return true }), Optional: true},
		field{Name: "silence", Control: controlChecks, Label: r.t("founding.silence"), Hint: r.t("founding.silence-hint"), Options: w.bindable(r, func(k *entente.Kind) bool { _, ok := k.Verbs[record.Reply]; return ok }), Optional: true})
}

// grounds are the boundary data that a charter may name.
func (w *Web) grounds(r *request) []option {
	out := []option{{Text: r.t("founding.boundary-none")}}
	for _, b := range w.node.Boundaries() {
		out = append(out, option{Value: b.Hex(), Text: b.Name + " · " + b.Source + " · " + b.Date + " · …" + b.Hex()[56:]})
	}
	return out
}

// partyName is this party's own.
func (w *Web) partyName(r *request) string {
	if n := w.node.Config().Names[r.lang]; n != "" {
		return n
	}
	return string(w.node.Party())
}

// fillCharter answers the form by a charter.
func (w *Web) fillCharter(r *request, f *form, c entente.Charter, parties []option) {
	for _, o := range parties {
		if len(parties) == 1 || slices.ContainsFunc(c.Parties, func(p entente.CharterParty) bool { return string(p.ID) == o.Value }) {
			x, _ := f.Field("with")
			f.set("with", append(x.Values, o.Value)...)
		}
	}
	for _, l := range entente.Languages {
		f.set("name."+l, c.Names[l])
		f.set("purpose."+l, c.Purpose[l])
	}
	f.set("track", c.Track)
	var lines []string
	for _, l := range c.Lines {
		lines = append(lines, l.Code+" = "+l.Names["en"]+" | "+l.Names["es"])
	}
	f.set("lines", strings.Join(lines, "\n"))
	if c.Boundary != nil {
		f.set("boundary", c.Boundary.Digest.String())
	}
	f.set("handling", strings.Join(c.Handling, "\n"))
	if c.Meetings != nil {
		f.set("every", strconv.FormatInt(c.Meetings.EveryDays, 10))
		f.set("host", string(c.Meetings.First))
	}
	for name, sec := range map[string]int64{"notice": c.Clocks.Notice, "ceiling": c.Clocks.Ceiling, "consultation": c.Clocks.Consultation, "escalation": c.Clocks.Escalation, "retention": c.Clocks.Retention} {
		f.set(name, strconv.FormatInt(sec/86400, 10))
	}
	var participants []string
	for k, m := range c.Consent {
		if m == entente.ConsentParticipants {
			participants = append(participants, k)
		}
	}
	f.set("participants", participants...)
	f.set("silence", c.Silence...)
}

// charterSent reads the form. What it does not ask stays as it was.
func (w *Web) charterSent(f *form, was entente.Charter) (entente.Charter, []record.Party) {
	c := entente.Charter{Parent: was.Parent, Names: map[string]string{}, Purpose: map[string]string{}, Track: f.text("track")}
	var with []record.Party
	for _, p := range f.choices("with") {
		with = append(with, record.Party(p))
	}
	for _, l := range entente.Languages {
		c.Names[l], c.Purpose[l] = f.line("name."+l, maxOfficeName), f.text("purpose."+l)
	}
	if c.Track != "" && !record.ValidName(c.Track) {
		f.wrong("track", "founding.track-wrong")
	}
	days := func(name string) int64 {
		v := f.text(name)
		if v == "" {
			return 0
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 || n > maxCharterDays {
			f.wrong(name, "founding.days-wrong")
		}
		return n
	}
	c.Clocks = entente.Clocks{Notice: days("notice") * 86400, Ceiling: days("ceiling") * 86400, Consultation: days("consultation") * 86400, Escalation: days("escalation") * 86400,
		Retention: days("retention") * 86400, Skew: was.Clocks.Skew}
	if every := days("every"); every > 0 {
		c.Meetings = &entente.Meetings{EveryDays: every, First: record.Party(f.choice("host"))}
		if c.Meetings.First != w.node.Party() && !slices.Contains(with, c.Meetings.First) {
			f.wrong("host", "founding.host-wrong")
		}
	}
	c.Lines = linesSent(f)
	if chosen := f.choice("boundary"); chosen != "" {
		for _, b := range w.node.Boundaries() {
			if b.Hex() == chosen {
				c.Boundary = &entente.Boundary{Name: b.Name, Digest: record.ID(b.Digest()), BandM: b.BandM}
			}
		}
	}
	for _, h := range strings.Split(f.text("handling"), "\n") {
		if h = strings.TrimSpace(h); len(h) > record.MaxName {
			f.wrong("handling", "form.too-long")
		} else if h != "" && !slices.Contains(c.Handling, h) {
			c.Handling = append(c.Handling, h)
		}
	}
	c.Consent = map[string]string{}
	for k, m := range was.Consent {
		if m == entente.ConsentAll {
			c.Consent[k] = m
		}
	}
	for _, k := range f.choices("participants") {
		c.Consent[k] = entente.ConsentParticipants
	}
	c.Silence = slices.Sorted(slices.Values(f.choices("silence")))
	return c, with
}

// linesSent reads lines of effort, one a line: code = English | Spanish.
func linesSent(f *form) []entente.CharterLine {
	var out []entente.CharterLine
	for i, s := range strings.Split(f.text("lines"), "\n") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		code, names, ok := strings.Cut(s, "=")
		en, es, both := strings.Cut(names, "|")
		l := entente.CharterLine{Code: strings.TrimSpace(code), Names: map[string]string{"en": strings.TrimSpace(en), "es": strings.TrimSpace(es)}}
		if !ok || !both || !record.ValidName(l.Code) || l.Names["en"] == "" || l.Names["es"] == "" || slices.ContainsFunc(out, func(x entente.CharterLine) bool { return x.Code == l.Code }) {
			f.wrong("lines", "founding.lines-wrong", "Line", i+1)
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b entente.CharterLine) int { return strings.Compare(a.Code, b.Code) })
	return out
}
