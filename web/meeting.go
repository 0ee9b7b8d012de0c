package web

import (
	"fmt"
	"slices"
	"strconv"

	"entente"
	"entente/consent"
	"entente/node"
	"entente/record"
)

// meetingBody is a meeting as its pages show it, read once: its agenda, what it decided, and what became of the one before.
type meetingBody struct {
	*node.Detail
	Name     name
	Texts    []text
	Place    string
	Starts   int64
	Held     int64
	Host     record.Party
	Number   string
	Points   []point
	Decided  []decided // without a point
	Accounts []row     // minutes and readouts
	Beside   string    // address of the page that sets two parties' own accounts side by side; empty: there are not two
	Before   *before
	Live     bool      // proposed or agreed, and not held
	Agree    record.ID // the text that waits for this party's signature; zero: none
}

// point is one point of the agenda.
type point struct {
	entente.AgendaPoint
	Title   name
	Texts   []text
	Own     bool // this party put it there
	Matter  *row
	Papers  []paper
	Decided []decided
	Note    *node.OwnNote
	Lacks   []string // languages in which its title is missing
}

// decided is a decision with the commitments that came of it.
type decided struct {
	row
	Item  string
	Gives []row
}

// before is the meeting held last before this one, and what became of each of its decisions.
type before struct {
	row
	Held    int64
	Decided []decided
}

// meetingOf reads a meeting, with own notes if they are shown.
func (w *Web) meetingOf(r *request, own bool) (*meetingBody, error) {
	p, err := w.meetingParts(r, own, nil)
	if err != nil {
		return nil, err
	}
	return p.s, nil
}

// meetingParts reads a meeting and what else its page lists, every text at once.
func (w *Web) meetingParts(r *request, own bool, also func(*meetingParts) error) (*meetingParts, error) {
	id, err := record.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("meeting: %w", node.ErrNotFound)
	}
	d, err := w.node.Instrument(r.Context(), r.who, r.group.ID, id)
	if err != nil {
		return nil, err
	}
	s := &meetingBody{Detail: d, Starts: factTime(d.State, "starts"), Held: factTime(d.State, "held"), Host: d.State.Owner, Number: d.State.Fact("number")}
	if s.Starts == 0 {
		return nil, fmt.Errorf("meeting: %w", node.ErrNotFound)
	}
	s.Live = s.Held == 0 && (d.View.Phase == entente.PhaseProposed || d.View.Phase == entente.PhaseInForce)
	p := &meetingParts{w: w, r: r, s: s, about: map[record.ID]*node.Detail{}}
	if err := p.states(); err != nil {
		return nil, err
	}
	if also != nil {
		if err := also(p); err != nil {
			return nil, err
		}
	}
	if p.texts, err = w.read(r, p.wants(own)); err != nil {
		return nil, err
	}
	p.texts.supply(d.State)
	p.fill()
	return p, nil
}

// meetingParts is a meeting under way: first the states of all it speaks of, then every text at once.
type meetingParts struct {
	w        *Web
	r        *request
	s        *meetingBody
	about    map[record.ID]*node.Detail
	of       []node.Listed // what names this meeting
	last     *node.Listed
	lastOf   []node.Listed
	promised []node.Listed // what names a decision
	open     []suggestion  // on pages that suggest points
	texts    reading
}

func (p *meetingParts) states() error {
	var err error
	for _, a := range p.s.State.Agenda {
		if a.About.IsZero() || p.about[a.About] != nil {
			continue
		}
		if p.about[a.About], err = p.w.node.Instrument(p.r.Context(), p.r.who, p.r.group.ID, a.About); err != nil {
			return err
		}
	}
	if p.of, err = p.w.naming(p.r, "meeting", p.s.State.Instrument); err != nil {
		return err
	}
	if p.last, err = p.w.heldBefore(p.r, p.s.State); err != nil {
		return err
	}
	if p.last != nil {
		if p.lastOf, err = p.w.naming(p.r, "meeting", p.last.State.Instrument); err != nil {
			return err
		}
	}
	for _, x := range slices.Concat(p.of, p.lastOf) {
		if x.State.Fact("form") != "" {
			continue
		}
		gives, err := p.w.naming(p.r, "decision", x.State.Instrument)
		if err != nil {
			return err
		}
		p.promised = append(p.promised, gives...)
	}
	return nil
}

// heldBefore is the meeting held last before another one takes place, nil: there is none.
func (w *Web) heldBefore(r *request, s *entente.State) (*node.Listed, error) {
	all, err := w.allMeetings(r)
	if err != nil {
		return nil, err
	}
	var last *node.Listed
	for i, x := range all {
		if x.State.Instrument != s.Instrument && factTime(x.State, "held") != 0 && factTime(x.State, "starts") <= factTime(s, "starts") {
			last = &all[i]
		}
	}
	return last, nil
}

func (p *meetingParts) wants(own bool) []node.Want {
	g := p.r.group.ID
	wants := []node.Want{{Group: g, Record: titled(p.s.State), Names: []string{"title.*", "place.*", "body.*"}}}
	for _, a := range p.s.State.Agenda {
		wants = append(wants, node.Want{Group: g, Record: a.ID, Names: []string{"title.*", "body.*"}})
		if own {
			wants = append(wants, node.Want{Group: g, Record: p.root(a.ID), Names: []string{"-"}, Own: true})
		}
	}
	if own {
		wants = append(wants, node.Want{Group: g, Record: p.s.State.Instrument, Names: []string{"-"}, Own: true})
	}
	for _, t := range p.s.State.Translations {
		wants = append(wants, node.Want{Group: g, Record: t.ID})
	}
	for _, d := range p.about {
		wants = append(wants, node.Want{Group: g, Record: titled(d.State), Names: []string{"title.*"}})
	}
	all := slices.Concat(p.of, p.lastOf, p.promised)
	if p.last != nil {
		all = append(all, *p.last)
	}
	for _, x := range p.open {
		wants = append(wants, node.Want{Group: g, Record: x.titled, Names: []string{"title.*"}})
	}
	return append(wants, titles(p.r.group, all)...)
}

func (p *meetingParts) row(x node.Listed) row { return p.w.rowOf(p.r, p.texts, x) }

func (w *Web) rowOf(r *request, texts reading, x node.Listed) row {
	return row{Name: texts.name(r, r.group, x.State), Href: r.group.Href("i", x.State.Instrument.String()), State: x.State, View: x.View, Group: r.group}
}

func (p *meetingParts) decided(of []node.Listed) (out []decided, accounts []row) {
	for _, x := range of {
		if x.State.Fact("form") != "" {
			accounts = append(accounts, p.row(x))
			continue
		}
		d := decided{row: p.row(x), Item: x.State.Fact("item")}
		for _, y := range p.promised {
			if y.State.Fact("decision") == x.State.Instrument.String() {
				d.Gives = append(d.Gives, p.row(y))
			}
		}
		out = append(out, d)
	}
	return out, accounts
}

func (p *meetingParts) fill() {
	s, r, own := p.s, p.r, p.w.node.Party()
	id := titled(s.State)
	s.Name = p.texts.name(r, r.group, s.State)
	for _, x := range s.Records {
		if x.ID == id {
			s.Texts = p.texts.bilingual(r.group, x.Header, id)
		}
	}
	for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
		if s.Place == "" {
			s.Place = p.texts.part(id, "place."+l)
		}
	}
	if v := s.State.Text(); v != nil && v.Standing == consent.Open && s.View.Phase == entente.PhaseProposed {
		if slices.ContainsFunc(v.Sides, func(x entente.Side) bool { return x.Party == own && x.Consent == nil }) {
			s.Agree = v.ID
		}
	}
	decisions, accounts := p.decided(p.of)
	s.Accounts = accounts
	by := map[string]bool{}
	for _, x := range accounts {
		if of := x.State.Fact("own"); of != "" {
			if by[of] = true; len(by) > 1 && (s.Beside == "" || of == string(own)) {
				s.Beside = r.group.Href("statements", x.State.Instrument.String(), "beside")
			}
		}
	}
	for _, a := range s.State.Agenda {
		x := point{AgendaPoint: a, Own: a.Ref.Party == own, Title: p.texts.titleOf(r.group, a.ID)}
		for _, rec := range s.Records {
			if rec.ID == a.ID {
				x.Texts, x.Papers = p.texts.bilingual(r.group, rec.Header, a.ID), papersOf(r, rec.Header, a.ID)
			}
		}
		for _, u := range s.State.Untranslated {
			if u.Of == a.ID {
				x.Lacks = u.Parts
			}
		}
		if t := p.texts.texts[a.ID]; t != nil {
			x.Note = t.Own
		}
		if d := p.about[a.About]; d != nil {
			x.Matter = new(p.row(d.Listed))
		}
		for _, d := range decisions {
			if d.Item == strconv.FormatUint(a.Item, 10) {
				x.Decided = append(x.Decided, d)
			}
		}
		s.Points = append(s.Points, x)
	}
	for _, d := range decisions {
		if !slices.ContainsFunc(s.State.Agenda, func(a entente.AgendaPoint) bool { return d.Item == strconv.FormatUint(a.Item, 10) }) {
			s.Decided = append(s.Decided, d)
		}
	}
	if p.last != nil {
		s.Before = &before{row: p.row(*p.last), Held: factTime(p.last.State, "held")}
		s.Before.Href = r.group.Href("meetings", p.last.State.Instrument.String())
		s.Before.Decided, _ = p.decided(p.lastOf)
	}
}

// Href is a page of the meeting.
func (s *meetingBody) Href(g *group, parts ...string) string {
	return g.Href(append([]string{"meetings", s.State.Instrument.String()}, parts...)...)
}

func (w *Web) meeting(r *request) (answer, error) {
	s, err := w.meetingOf(r, false)
	if err != nil {
		return nil, err
	}
	return page{name: "meeting", title: s.Name.Text, nav: "meetings", body: s}, nil
}

// held reports that the meeting took place.
func (w *Web) held(r *request) (answer, error) {
	s, err := w.meetingOf(r, false)
	if err != nil {
		return nil, err
	}
	v := s.State.InForce()
	if s.Held != 0 || v == nil {
		return nil, fmt.Errorf("%w: %w", node.ErrConflict, record.Because("meeting.now", "this meeting is not agreed, or was reported held"))
	}
	f, err := r.form(s.Href(r.group, "held"), r.t("meet.continue"), field{Name: "day", Control: controlDate, Label: r.t("meet.held-day")},
		field{Name: "hour", Control: controlTime, Label: r.t("meet.hour")}, field{Name: "zone", Control: controlSelect, Label: r.t("meet.zone"), Options: r.zones()})
	if err != nil {
		return nil, err
	}
	f.Back = s.Href(r.group)
	f.set("day", r.isoDay(s.Starts))
	f.set("hour", r.isoTime(s.Starts))
	f.set("zone", w.zone.String())
	p := page{name: "meet-form", title: r.t("meet.report-held"), nav: "meetings", body: composer{Form: f, Lead: r.t("meet.held-lead")}}
	if r.Method != "POST" {
		return p, nil
	}
	t := entente.MeetingHeld{Held: f.momentIn("day", "hour", "zone")}
	if t.Held > w.node.Now() {
		f.wrong("day", "meet.future")
	}
	if !f.ok() {
		return f.again(p), nil
	}
	return w.prepareWith(r, node.Act{Kind: meetingKind, Verb: record.Report, Instrument: s.State.Instrument, Version: v.ID}, t)
}
