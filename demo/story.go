package demo

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"entente"
	"entente/node"
	"entente/record"
)

// story plays one group on the stage, event by event in the order of their days.
type story struct {
	*stage
	g      *Group
	id     record.ID
	end    int64 // the present; days count from it
	ids    map[Key]record.ID
	codes  map[Key]record.ID // indicators
	events []event
	rows   int // figures reported
}

type event struct {
	day  int
	rank int // within a day: what others refer to comes first
	name string
	play func(ctx context.Context) error
}

func newStory(s *stage, g *Group, end int64) *story {
	return &story{stage: s, g: g, end: end, ids: map[Key]record.ID{}, codes: map[Key]record.ID{}}
}

func (s *story) at(d, rank int, name string, play func(ctx context.Context) error) {
	s.events = append(s.events, event{d, rank, name, play})
}

// first is the day on which the story begins: before everything the content dates.
func (s *story) first() int {
	d := 0
	for _, m := range s.g.Meetings {
		d = min(d, m.Day)
	}
	for _, c := range s.g.Commitments {
		d = min(d, c.Opened)
	}
	return d - 8
}

func (s *story) other(p record.Party) record.Party {
	for _, q := range s.order {
		if q != p {
			return q
		}
	}
	return p
}

// plan turns the content into dated events.
func (s *story) plan() error {
	d0 := s.first()
	for i, o := range s.g.Objectives {
		s.at(d0+1, i, "objective "+string(o.Key), func(ctx context.Context) error { return s.objective(ctx, o, s.order[i%2]) })
	}
	for i, x := range s.g.Indicators {
		s.at(d0+2, i, "indicator "+string(x.Code), func(ctx context.Context) error { return s.indicator(ctx, x, s.order[i%2]) })
	}
	if err := s.imports(d0 + 3); err != nil {
		return err
	}
	for i, m := range s.g.Meetings {
		s.meeting(i, m)
	}
	for i, d := range s.g.Decisions {
		m := s.find(d.Meeting)
		s.at(m.Day, 500+i, "decision "+string(d.Key), func(ctx context.Context) error { return s.decision(ctx, d, s.order[i%2]) })
	}
	for i, c := range s.g.Commitments {
		s.commitment(i, c)
	}
	for i, x := range s.g.Statements {
		p := record.Party(x.Proposer)
		if x.Scenario == "own" {
			s.communique(i, x)
			continue
		}
		if x.Scenario == "held" {
			s.heldBack(i, x)
			continue
		}
		s.at(x.Day, 900+i, "statement "+string(x.Key), func(ctx context.Context) error {
			v, err := s.act(ctx, s.g, p, node.Act{Group: s.id, Kind: "statement", Verb: record.Propose, Nature: record.Political, Parts: x.parts()})
			if err != nil {
				return err
			}
			if s.ids[x.Key] = v.ID; x.Scenario != "agreed" {
				return nil
			}
			if err := s.agree(ctx, "statement", v.ID, p); err != nil {
				return err
			}
			for _, q := range s.order {
				_, err := s.act(ctx, s.g, q, node.Act{Group: s.id, Kind: "statement", Verb: record.Release, Version: v.ID, Terms: terms(entente.Released{At: s.clock.Load() + 3600})})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	for i, x := range s.g.Terms {
		s.at(d0+2, 100+i, "term "+string(x.Key), func(ctx context.Context) error {
			by := s.order[i%2]
			v, err := s.act(ctx, s.g, by, node.Act{Group: s.id, Kind: "term", Verb: record.Propose, Nature: record.Political, Parts: x.parts()})
			if err != nil {
				return err
			}
			return s.agree(ctx, "term", v.ID, by)
		})
	}
	for i, x := range s.g.Minutes {
		by := record.Party(x.Proposer)
		s.at(x.Day, 950+i, "minutes "+string(x.Key), func(ctx context.Context) error {
			v, err := s.act(ctx, s.g, by, node.Act{Group: s.id, Kind: "statement", Verb: record.Propose, Nature: record.Political, Parts: x.parts(),
				Terms: terms(entente.Statement{Form: entente.FormMinutes, Meeting: s.ids[x.Meeting]})})
			if err != nil {
				return err
			}
			return s.agree(ctx, "statement", v.ID, by)
		})
	}
	for i, x := range s.g.NonPapers {
		s.at(-1, 990+i, "non-paper "+string(x.Key), func(ctx context.Context) error { return s.float(ctx, x) })
	}
	for i, x := range s.g.Clearances {
		s.at(-1, 995+i, "clearance "+string(x.Key), func(ctx context.Context) error { return s.clear(ctx, x) })
	}
	for i, x := range s.g.Press {
		s.at(-1, 920+i, "line to take "+string(x.Key), func(ctx context.Context) error { return s.pressLine(ctx, x) })
	}
	for i, x := range s.g.Claims {
		s.at(-8, 940+i, "claim "+string(x.Key), func(ctx context.Context) error { return s.keepClaim(ctx, x) })
		if x.Put != "" {
			s.at(x.Day, 960+i, "claim before both "+string(x.Key), func(ctx context.Context) error { return s.putClaim(ctx, x) })
		}
	}
	if s.stage != nil && s.land != nil && s.g.Key == securityKey {
		s.actions()
	}
	if s.g.Key == securityKey {
		s.contacts()
	}
	s.progress()
	slices.SortStableFunc(s.events, func(a, b event) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.rank, b.rank)) })
	return nil
}

func (s *story) find(k Key) Meeting {
	for _, m := range s.g.Meetings {
		if m.Key == k {
			return m
		}
	}
	return Meeting{}
}

// play runs all events up to the present; tick is told of each.
func (s *story) play(ctx context.Context, tick func(string)) error {
	for i, e := range s.events {
		s.clock.Store(max(s.clock.Load(), s.end+int64(e.day)*day-day/2+int64(i%500)))
		if err := e.play(ctx); err != nil {
			return fmt.Errorf("%s, %s: %w", s.g.Key, e.name, err)
		}
		tick(e.name)
	}
	return nil
}

// agree lets the proposer and then the other side sign a text.
func (s *story) agree(ctx context.Context, kind string, version record.ID, first record.Party) error {
	for _, p := range []record.Party{first, s.other(first)} {
		if _, err := s.consent(ctx, kind, version, p); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) consent(ctx context.Context, kind string, version record.ID, p record.Party) (*node.Sealed, error) {
	return s.act(ctx, s.g, p, node.Act{Group: s.id, Kind: kind, Verb: record.Consent, Version: version})
}

func (s *story) objective(ctx context.Context, o Objective, by record.Party) error {
	t := map[string]any{"level": o.Level}
	if o.Parent != "" {
		t["parent"] = s.ids[o.Parent]
	}
	v, err := s.act(ctx, s.g, by, node.Act{Group: s.id, Kind: "objective", Verb: record.Propose, Line: o.Line, Nature: record.Political, Terms: terms(t), Parts: o.parts()})
	if err != nil {
		return err
	}
	s.ids[o.Key] = v.ID
	return s.agree(ctx, "objective", v.ID, by)
}

func (s *story) indicator(ctx context.Context, x Indicator, by record.Party) error {
	t := entente.Indicator{Code: string(x.Code), Unit: x.Unit, CountingUnit: trim(x.CountingUnit.En), Direction: x.Direction, Period: x.Period,
		Objective: s.ids[x.Objective], Sources: map[record.Party]string{}}
	if x.Calendar.Kind == "fiscal" {
		t.FiscalMonth = uint64(x.Calendar.Month)
	}
	if x.Calendar.Since != "" {
		since, err := date(x.Calendar.Since)
		if err != nil {
			return err
		}
		t.Since = since
	}
	for _, r := range x.Sources {
		t.Sources[record.Party(r.Party)] = r.Agency.En
	}
	var err error
	if t.Baseline, err = level(x.Baseline); err != nil {
		return err
	}
	if t.Target, err = level(x.Target); err != nil {
		return err
	}
	t.CountingUnit, t.Frequency, t.DueDays = countingUnit(t.CountingUnit), x.Period, dueDays
	t.Owner = record.Party(x.Sources[0].Party)
	v, err := s.act(ctx, s.g, by, node.Act{Group: s.id, Kind: "indicator", Verb: record.Propose, Line: x.Line, Nature: record.Arrangement, Terms: terms(t),
		Parts: append(Document{x.Title, x.Definition}.parts(), x.Limits.parts("limits")...)})
	if err != nil {
		return err
	}
	s.codes[x.Code] = v.ID
	return s.agree(ctx, "indicator", v.ID, by)
}

// trim keeps a label within what the header carries; the full words are in the body.
func trim(s string) string {
	if len(s) > record.MaxName {
		return s[:record.MaxName]
	}
	return s
}

func level(r *Reference) (*entente.Level, error) {
	if r == nil {
		return nil, nil
	}
	start, err := date(r.Start)
	if err != nil {
		return nil, err
	}
	end, err := date(r.End)
	return &entente.Level{Value: record.Decimal(r.Value), Start: start, Date: end}, err
}

func date(s string) (int64, error) {
	t, err := time.Parse(time.DateOnly, s)
	return t.Unix(), err
}

// imports are the files that the parties import, each when its last period has ended.
func (s *story) imports(first int) error {
	all, err := Imports()
	if err != nil {
		return err
	}
	for n, f := range all {
		i := slices.IndexFunc(s.g.Indicators, func(x Indicator) bool { return string(x.Code) == f.Indicator })
		if i < 0 || !slices.Contains(s.order, record.Party(f.Party)) {
			continue
		}
		r, err := f.read()
		if err != nil {
			return err
		}
		at := first
		for _, x := range r.Figures {
			at = max(at, int((x.End-s.end)/day)+2)
		}
		x := s.g.Indicators[i]
		s.at(min(at, -1), n, "figures "+f.Source, func(ctx context.Context) error { return s.report(ctx, x, f) })
	}
	return nil
}

// report imports a published file for an indicator, as an official would, and signs what is new in it.
func (s *story) report(ctx context.Context, x Indicator, f Import) error {
	p := record.Party(f.Party)
	if err := s.turn(ctx, s.id, p); err != nil {
		return err
	}
	o, err := signer(s.g, p, &record.Header{Kind: entente.Figures, Line: x.Line})
	if err != nil {
		return err
	}
	b, err := f.Content()
	if err != nil {
		return err
	}
	n, who := s.sides[p].node, node.Caller{Office: string(o.Key), Via: "example"}
	q := node.FigureImport{Group: s.id, Indicator: s.codes[x.Code], Mapping: f.Mapping, Source: f.Named, Vintage: trim(f.Vintage)}
	read, err := n.ReadFigures(ctx, who, q, bytes.NewReader(b), int64(len(b)), nil)
	if err != nil || len(read.Change.Take) == 0 {
		return err
	}
	ds, err := n.DraftFigures(ctx, who, q, read.Change.Take)
	if err != nil {
		return err
	}
	for _, d := range ds {
		if _, err := s.seal(ctx, s.g, p, d); err != nil {
			return err
		}
	}
	s.rows += len(read.Change.Take)
	return nil
}

func (s *story) meeting(i int, m Meeting) {
	host := record.Party(m.Host)
	held := m.Day < 0
	called := min(m.Day-6, -6)
	s.at(called, 0, "meeting "+string(m.Key), func(ctx context.Context) error {
		v, err := s.act(ctx, s.g, host, node.Act{Group: s.id, Kind: "meeting", Verb: record.Propose, Nature: record.Political, Parts: append(m.Title.parts("title"), m.Place.parts("place")...),
			Terms: terms(entente.Meeting{Starts: s.end + int64(m.Day)*day, Host: host, Number: uint64(i + 1)})})
		if err != nil {
			return err
		}
		s.ids[m.Key] = v.ID
		return s.agree(ctx, "meeting", v.ID, host)
	})
	for k, a := range m.Agenda {
		s.at(max(called, min(m.Day-2, -2)), 1+k, "agenda "+string(a.Key), func(ctx context.Context) error {
			t := entente.AgendaItem{Item: uint64(k + 1)}
			if len(a.Carries) > 0 {
				t.About = s.ids[a.Carries[0]]
			}
			_, err := s.act(ctx, s.g, s.order[k%2], node.Act{Group: s.id, Kind: "meeting", Verb: record.Note, Instrument: s.ids[m.Key], Terms: terms(t), Parts: a.Title.parts("title")})
			return err
		})
	}
	if held {
		s.at(m.Day, 400, "meeting held "+string(m.Key), func(ctx context.Context) error {
			_, err := s.act(ctx, s.g, host, node.Act{Group: s.id, Kind: "meeting", Verb: record.Report, Instrument: s.ids[m.Key], Version: s.ids[m.Key],
				Terms: terms(entente.MeetingHeld{Held: s.clock.Load()})})
			return err
		})
	}
}

func (s *story) decision(ctx context.Context, d Decision, by record.Party) error {
	item := 0
	for i, a := range s.find(d.Meeting).Agenda {
		if a.Key == d.Item {
			item = i + 1
		}
	}
	v, err := s.act(ctx, s.g, by, node.Act{Group: s.id, Kind: "decision", Verb: record.Propose, Nature: record.Political, Parts: d.parts(),
		Terms: terms(entente.Decision{Meeting: s.ids[d.Meeting], Item: uint64(item)})})
	if err != nil {
		return err
	}
	s.ids[d.Key] = v.ID
	return s.agree(ctx, "decision", v.ID, by)
}

// commitment plans the acts that a scenario takes.
func (s *story) commitment(i int, c Commitment) {
	owner := record.Party(c.Owner.Party)
	t := entente.Commitment{Owner: owner, Office: string(c.Owner.Office), Due: s.end + int64(c.Due)*day, Verifier: record.Party(c.Verifier.Party)}
	if c.Treaty != nil {
		t.Treaty = both(*c.Treaty)
	}
	propose := func(ctx context.Context, by record.Party, replaces record.ID, t entente.Commitment, doc Document) (*node.Sealed, error) {
		t.Decision, t.Objective = s.ids[c.Decision], s.ids[c.Objective]
		a := node.Act{Group: s.id, Kind: "commitment", Verb: record.Propose, Line: c.Line, Nature: nature(c.Nature), Terms: terms(t), Parts: doc.parts()}
		if id := s.ids[c.Key]; !id.IsZero() {
			a.Instrument, a.Replaces = id, replaces
		}
		if c.Until != nil && replaces.IsZero() {
			a.Until = s.end + int64(*c.Until)*day
		}
		return s.act(ctx, s.g, by, a)
	}
	name := "commitment " + string(c.Key)
	s.at(c.Opened, 600+i, name, func(ctx context.Context) error {
		v, err := propose(ctx, owner, record.ID{}, t, c.Document)
		if err != nil {
			return err
		}
		s.ids[c.Key] = v.ID
		switch c.Scenario {
		case Proposed, Lapsed, CounterProposal, WithdrawnTooLate:
			return nil
		case ConsentedByOne, WithdrawnInTime:
			_, err := s.consent(ctx, "commitment", v.ID, owner)
			return err
		}
		return s.agree(ctx, "commitment", v.ID, owner)
	})
	if c.Counter != nil || c.Amendment != nil {
		n, replaces := c.Counter, false
		if n == nil {
			n, replaces = c.Amendment, true
		}
		s.at(n.Day, 600+i, name+", new text", func(ctx context.Context) error {
			u, by, old := t, record.Party(n.By), record.ID{}
			u.Due = s.end + int64(n.Due)*day
			if replaces {
				old = s.ids[c.Key]
			}
			v, err := propose(ctx, by, old, u, Document{c.Title, n.Body})
			if err != nil || !replaces {
				return err
			}
			return s.agree(ctx, "commitment", v.ID, by)
		})
	}
	if c.Report != nil {
		s.at(c.Report.Day, 600+i, name+", report", func(ctx context.Context) error {
			r, err := s.act(ctx, s.g, record.Party(c.Report.By), node.Act{Group: s.id, Kind: "commitment", Verb: record.Report, Instrument: s.ids[c.Key], Version: s.ids[c.Key],
				Terms: terms(entente.Progress{Progress: entente.ProgressDone}), Parts: c.Report.Text.parts("body")})
			if err == nil {
				s.ids[c.Key+"/report"] = r.ID
			}
			return err
		})
	}
	for _, r := range []struct {
		act    *Act
		stance entente.Stance
	}{{c.Verified, entente.Acknowledge}, {c.Reply, entente.Contest}} {
		if r.act == nil {
			continue
		}
		s.at(r.act.Day, 600+i, name+", reply", func(ctx context.Context) error {
			_, err := s.act(ctx, s.g, record.Party(r.act.By), node.Act{Group: s.id, Kind: "commitment", Verb: record.Reply, Instrument: s.ids[c.Key],
				Terms: terms(entente.ReplyTerms{To: s.ids[c.Key+"/report"], Stance: r.stance}), Parts: r.act.Text.parts("body")})
			return err
		})
	}
	if c.Withdraw != nil {
		s.at(c.Withdraw.Day, 600+i, name+", withdrawal", func(ctx context.Context) error { return s.withdraw(ctx, c) })
	}
}

// withdraw takes a signature back: in time, or too late, because the other side signs while the cable is out.
func (s *story) withdraw(ctx context.Context, c Commitment) error {
	by, id := record.Party(c.Withdraw.By), s.ids[c.Key]
	withdraw := func() error {
		_, err := s.act(ctx, s.g, by, node.Act{Group: s.id, Kind: "commitment", Verb: record.Withdraw, Version: id, Parts: c.Withdraw.Text.parts("body")})
		return err
	}
	if c.Scenario == WithdrawnInTime {
		return withdraw()
	}
	if _, err := s.consent(ctx, "commitment", id, by); err != nil {
		return err
	}
	if err := s.meet(ctx, s.id); err != nil {
		return err
	}
	s.unplug()
	if err := withdraw(); err != nil {
		return err
	}
	if _, err := s.consent(ctx, "commitment", id, s.other(by)); err != nil {
		return err
	}
	return s.plug(context.WithoutCancel(ctx))
}

// float shows a text without standing to the other side.
func (s *story) float(ctx context.Context, x NonPaper) error {
	n, who := s.sides[record.Party(x.From)].node, node.Caller{Office: x.Office, Via: "example"}
	p, err := n.DraftNonPaper(ctx, who, node.NewNonPaper{Group: s.id, Until: s.end + int64(x.Days)*day,
		Texts: map[string]node.FloatText{"en": {Title: x.Title.En, Body: x.Body.En}, "es": {Title: x.Title.Es, Body: x.Body.Es}}})
	if err != nil {
		return err
	}
	_, err = n.Float(ctx, who, s.id, p.ID)
	return err
}

// clear leaves a text at home, with offices asked to clear it.
func (s *story) clear(ctx context.Context, x Clearance) error {
	n, who := s.sides[record.Party(x.Party)].node, node.Caller{Office: x.Office, Via: "example"}
	d, err := n.Prepare(ctx, who, node.Act{Group: s.id, Kind: "statement", Verb: record.Propose, Nature: record.Political, Parts: x.parts()})
	if err != nil {
		return err
	}
	if err := n.Save(ctx, d); err != nil {
		return err
	}
	_, err = n.AskClearance(ctx, who, node.ClearanceRequest{Group: s.id, Draft: d.Nonce, Stages: [][]string{x.Asks}, By: s.end + int64(x.Days)*day,
		Text: map[string]string{"en": x.Note.En, "es": x.Note.Es}})
	return err
}

func nature(s string) record.Nature {
	switch s {
	case "agencies":
		return record.Arrangement
	case "treaty":
		return record.Treaty
	}
	return record.Political
}
