package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"entente"
	"entente/node"
	"entente/record"
	"entente/release"
)

// suggestion is something open that belongs on an agenda. The order of the reasons is the order of the agenda: what became of
// what was decided, what is late, what one side has said of the other's text, what waits for signature, what falls due before
// the group meets, and what the last meeting did not get to.
type suggestion struct {
	ID     record.ID // of the instrument, or of the note that is carried over
	About  record.ID
	Reason string
	Name   name
	View   *entente.View
	State  *entente.State
	Place  uint64
	Ticked bool
	titled record.ID // the record whose title it takes
}

// The reasons of suggestions, in order.
const (
	suggestDecided  = "decided"
	suggestOverdue  = "overdue"
	suggestObserved = "observed"
	suggestProposed = "proposed"
	suggestDue      = "due"
	suggestCarried  = "carried"
)

// maxTicked is how many suggestions are ticked before anybody has looked: a day's work.
const maxTicked = 15

// maxSuggested is how many things open for one reason are suggested: what is not among them waits longer than a meeting.
const maxSuggested = 30

// suggest finds what is open and not on the agenda yet.
func (p *meetingParts) suggest() error {
	s, now := p.s.State, p.w.node.Now()
	taken := map[record.ID]bool{s.Instrument: true}
	for _, a := range s.Agenda {
		taken[a.About] = true
	}
	add := func(reason string, x node.Listed) {
		if id := x.State.Instrument; !taken[id] && x.State.Fact("starts") == "" {
			taken[id] = true
			p.open = append(p.open, suggestion{ID: id, About: id, Reason: reason, View: &x.View, State: x.State, titled: titled(x.State)})
		}
	}
	for _, x := range p.lastOf {
		if x.State.Fact("form") == "" && (x.View.Phase == entente.PhaseInForce || x.View.Phase == entente.PhaseProposed) {
			add(suggestDecided, x)
		}
	}
	for _, waits := range []struct {
		reason entente.AttentionReason
		on     string
	}{{entente.AttentionOverdue, suggestOverdue}, {entente.AttentionAnswer, suggestObserved}, {entente.AttentionSign, suggestProposed}} {
		for _, party := range readerParty(p.w.node.Party(), p.r.group.Chart.IDs()) {
			page, err := p.w.node.Attention(p.r.Context(), p.r.who, p.r.group.ID, node.AttentionQuery{Party: party, Reason: waits.reason, Limit: maxSuggested})
			if err != nil {
				return err
			}
			for _, x := range page.Items {
				add(waits.on, x.Listed)
			}
		}
	}
	due, err := p.w.node.Instruments(p.r.Context(), p.r.who, p.r.group.ID, node.Query{Progress: node.ProgressOwed, DueFrom: now, DueBefore: p.s.Starts + 1, Limit: maxSuggested})
	if err != nil {
		return err
	}
	slices.SortStableFunc(due.Items, func(a, b node.Listed) int { return cmp.Compare(a.State.Due, b.State.Due) })
	for _, x := range due.Items {
		add(suggestDue, x)
	}
	if p.last != nil {
		for _, a := range p.last.State.Agenda {
			decided := slices.ContainsFunc(p.lastOf, func(x node.Listed) bool { return x.State.Fact("item") == strconv.FormatUint(a.Item, 10) })
			if !decided && (a.About.IsZero() || !taken[a.About]) {
				p.open = append(p.open, suggestion{ID: a.ID, About: a.About, Reason: suggestCarried, titled: a.ID})
			}
		}
	}
	place := uint64(0)
	for _, a := range s.Agenda {
		place = max(place, a.Item)
	}
	for i := range p.open {
		p.open[i].Place, p.open[i].Ticked = place+uint64(i)+1, i < maxTicked
	}
	return nil
}

// agendaBody is the page on which the desk ticks what goes on the agenda, and in which order.
type agendaBody struct {
	*meetingBody
	Open     []suggestion
	Problems []*field
}

// agenda suggests points from what is open; each that is ticked becomes a note of this party.
func (w *Web) agenda(r *request) (answer, error) {
	p, err := w.meetingParts(r, false, (*meetingParts).suggest)
	if err != nil {
		return nil, err
	}
	if !p.s.Live {
		return nil, fmt.Errorf("%w: %w", node.ErrConflict, record.Because("meeting.over", "this meeting was held, or is not to take place"))
	}
	for i := range p.open {
		x := &p.open[i]
		if x.Name = p.texts.titleOf(r.group, x.titled); x.Name.Text == "" {
			x.Name = name{Text: r.t("meet.untitled-point", "Id", x.ID.Short())}
		}
	}
	b := agendaBody{meetingBody: p.s, Open: p.open}
	pg := page{name: "agenda", title: r.t("meet.build"), nav: "meetings", body: &b}
	if r.Method != "POST" {
		return pg, nil
	}
	b.tick(r)
	if len(b.Problems) > 0 {
		pg.status, pg.title = 422, r.t("form.error-title", "Title", pg.title)
		return pg, nil
	}
	var acts []node.Act
	for _, x := range b.Open {
		if x.Ticked {
			a, err := withTerms(r, node.Act{Kind: meetingKind, Verb: record.Note, Instrument: p.s.State.Instrument, Parts: p.titlesFor(&x)},
				entente.AgendaItem{Item: x.Place, About: x.About})
			if err != nil {
				return nil, err
			}
			acts = append(acts, a)
		}
	}
	return w.prepareAll(r, acts)
}

// tick reads what was ticked and where it is to stand. Two points at one place are a problem.
func (b *agendaBody) tick(r *request) {
	wrong := func(at, key string, args ...any) {
		b.Problems = append(b.Problems, &field{Name: at, Control: controlInput, Error: r.t(key, args...)})
	}
	taken := map[uint64]bool{}
	for _, a := range b.State.Agenda {
		taken[a.Item] = true
	}
	ticked := r.PostForm["tick"]
	n := 0
	for i := range b.Open {
		x := &b.Open[i]
		x.Ticked = slices.Contains(ticked, x.ID.String())
		place, err := strconv.ParseUint(r.PostFormValue("place-"+x.ID.String()), 10, 32)
		if err == nil {
			x.Place = place
		}
		if !x.Ticked {
			continue
		}
		n++
		switch at := "place-" + x.ID.String(); {
		case err != nil || place == 0 || place > entente.MaxAgenda:
			wrong(at, "form.whole", "From", 1, "To", entente.MaxAgenda)
		case taken[place]:
			wrong(at, "meet.place-taken", "Place", place)
		}
		taken[x.Place] = true
	}
	switch {
	case n == 0:
		wrong("suggestions", "meet.tick-one")
	case n > maxBundle:
		wrong("suggestions", "meet.tick-fewer", "Limit", maxBundle)
	}
	slices.SortStableFunc(b.Open, func(x, y suggestion) int { return cmp.Compare(x.Place, y.Place) })
}

// titlesFor are the titles under which a suggestion goes on the agenda: those of what it is about, where every party of the
// group may have them, under the same marking; else it says only that there is something.
func (p *meetingParts) titlesFor(x *suggestion) []node.NewPart {
	var out []node.NewPart
	for _, l := range p.r.group.Chart.Languages {
		t := p.w.languages[l].t
		title, m := "", (*record.Marking)(nil)
		if part, ok := p.texts.texts[x.titled].Part("title." + l); ok && forAll(part.Marking, p.r.group.Chart.IDs()) {
			title, m = string(part.Content), &record.Marking{TLP: part.Marking.TLP, ReleasableTo: p.r.group.Chart.IDs(), Handling: part.Marking.Handling}
			if release.Published(part.Marking) {
				m.ReleasableTo = []record.Party{record.Public}
			}
		} else if x.State != nil {
			title = t("untitled", "Kind", t("kind."+x.State.Kind), "Id", x.ID.Short())
		} else {
			title = t("meet.untitled-point", "Id", x.ID.Short())
		}
		if x.Reason == suggestDecided {
			title = t("meet.follow-up", "Title", title)
		}
		out = append(out, node.NewPart{Name: "title." + l, Content: []byte(title), Marking: m})
	}
	return out
}

// forAll reports whether every party may hold a part, and any office of it read it.
func forAll(m record.Marking, parties []record.Party) bool {
	return m.TLP != record.Red && !slices.ContainsFunc(parties, func(q record.Party) bool { return !release.MayHold(m, m.Originator, q) })
}

// agendaItem adds a point of this party's own, with a paper, or puts one in the place of an earlier.
func (w *Web) agendaItem(r *request) (answer, error) {
	s, err := w.meetingOf(r, false)
	if err != nil {
		return nil, err
	}
	if !s.Live {
		return nil, fmt.Errorf("%w: %w", node.ErrConflict, record.Because("meeting.over", "this meeting was held, or is not to take place"))
	}
	old, err := s.ownPoint(r.FormValue("replaces"))
	if err != nil {
		return nil, err
	}
	fields := []field{{Name: "place", Control: controlInput, Width: 3, Label: r.t("meet.place-on"), Hint: r.t("meet.place-hint")}}
	fields = append(fields, r.inLanguages("title", "meet.point-title", controlInput, true)...)
	fields = append(fields, r.inLanguages("body", "meet.point-body", controlText, true)...)
	fields = append(fields, field{Name: "paper", Control: controlFile, Many: true, Optional: true, Label: r.t("meet.paper"), Hint: r.t("meet.paper-hint")})
	fields = append(fields, r.handled("handling", r.t("meet.audience"))...)
	fields = append(fields, field{Name: "replaces", Control: controlHidden, Optional: true}, field{Name: "about", Control: controlHidden, Optional: true})
	f, err := r.form(s.Href(r.group, "item"), r.t("meet.continue"), fields...)
	if err != nil {
		return nil, err
	}
	f.Back = s.Href(r.group)
	p := page{name: "meet-form", title: r.t("meet.add-point"), nav: "meetings", body: composer{Form: f, Lead: r.t("meet.add-point-lead")}}
	next := uint64(1)
	for _, a := range s.State.Agenda {
		next = max(next, a.Item+1)
	}
	f.set("place", strconv.FormatUint(next, 10))
	f.set("about", r.FormValue("about"))
	if old != nil {
		p.title = r.t("meet.change-point")
		f.set("replaces", old.ID.String())
		f.set("place", strconv.FormatUint(old.Item, 10))
		if !old.About.IsZero() {
			f.set("about", old.About.String())
		}
		for _, t := range old.Texts {
			f.set("title."+t.Lang, t.Title)
			f.set("body."+t.Lang, t.Body)
		}
	}
	if r.Method != "POST" {
		return p, nil
	}
	t := entente.AgendaItem{Item: f.number("place", 1, entente.MaxAgenda), About: f.id("about"), Replaces: f.id("replaces")}
	m := f.marking("handling")
	parts := f.parts(m, "title", "body")
	if !slices.ContainsFunc(r.group.Chart.Languages, func(l string) bool { return f.text("title."+l) != "" }) {
		f.wrong("title."+r.lang, "form.required")
	}
	if slices.ContainsFunc(s.State.Agenda, func(a entente.AgendaPoint) bool { return a.Item == t.Item && a.ID != t.Replaces }) {
		f.wrong("place", "meet.place-taken", "Place", t.Item)
	}
	papers, err := f.papers("paper", m)
	if err != nil {
		return nil, err
	}
	if !f.ok() {
		return f.again(p), nil
	}
	return w.prepareWith(r, node.Act{Kind: meetingKind, Verb: record.Note, Instrument: s.State.Instrument, Parts: append(parts, papers...)}, t)
}

// ownPoint finds a point that this party put on the agenda; nil where none is named.
func (s *meetingBody) ownPoint(id string) (*point, error) {
	if id == "" {
		return nil, nil
	}
	for i := range s.Points {
		if p := &s.Points[i]; p.ID.String() == id && p.Own {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: %w", node.ErrConflict, record.Because("agenda.not-yours", "this point is not on the agenda, or the other side put it there"))
}

// takeOff takes a point of this party off the agenda.
func (w *Web) takeOff(r *request) (answer, error) {
	s, err := w.meetingOf(r, false)
	if err != nil {
		return nil, err
	}
	p, err := s.ownPoint(r.PostFormValue("point"))
	if err != nil {
		return nil, err
	}
	if p == nil || !s.Live {
		return nil, fmt.Errorf("%w: %w", node.ErrConflict, record.Because("agenda.nothing-left", "nothing to take off"))
	}
	return w.prepareWith(r, node.Act{Kind: meetingKind, Verb: record.Note, Instrument: s.State.Instrument}, entente.AgendaItem{Item: p.Item, Replaces: p.ID, Off: true})
}

// prepareAll keeps drafts of several acts and goes to the page on which they are read and signed together.
func (w *Web) prepareAll(r *request, acts []node.Act) (answer, error) {
	var drafts []*node.Draft
	q := url.Values{}
	for _, a := range acts {
		d, err := w.node.Prepare(r.Context(), r.who, a)
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, d)
		q.Add("d", d.Nonce.String())
	}
	if err := w.node.SaveAll(r.Context(), drafts...); err != nil {
		return nil, err
	}
	return redirect{to: r.group.Href("sign") + "?" + q.Encode()}, nil
}
