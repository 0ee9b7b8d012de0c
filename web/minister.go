package web

import (
	"cmp"
	"fmt"
	"slices"

	"entente"
	"entente/node"
	"entente/record"
)

// ministerBody is what fits on one sheet: what each side owes and what is late, what only the two sides together can settle, what
// changed since they last met, and when they meet next. Of one line of effort, or of all.
type ministerBody struct {
	Line      string
	Sides     []owing
	Decisions []decisionNeeded
	Since     int64
	Met       *row // the last meeting held; nil: none was, and Since is the founding
	Changes   []changedThing
	More      int // changes not listed
	Lines     []lineStanding
	Next      *row

	Outcome        *outcomeStanding // of the line
	Multiples      []multiple
	Keys           []chartKey
	MoreIndicators int // not shown on the sheet
}

// owing is one side's tally, own side first.
type owing struct {
	Party  record.Party
	Own    bool
	Owed   node.Count
	Late   node.Count
	Listed []owedThing // the latest first, then what falls due next
	List   string      // where all of it stands
}

type owedThing struct {
	Name  name
	Href  string
	Words string
	Late  bool
}

type decisionNeeded struct {
	Name  name
	Href  string
	Line  string
	Key   string // message key: what is to be decided
	Who   string
	Words string
}

type changedThing struct {
	Name  name
	Href  string
	Line  string
	Words []string
	View  entente.View
}

// lineStanding is a line of effort in one row.
type lineStanding struct {
	Code   string
	Href   string
	Signal string // late, soon or well
	Sides  []owing

	Statuses []sideStatus    // of its outcome
	Signals  []talliedSignal // of its indicators, both sides
}

// What stands on the sheet, so that it stays one.
const (
	sheetOwed      = 4
	sheetDecisions = 3
	sheetChanges   = 6
	sheetLooked    = 150 // records, for what changed: a sheet that says "and a hundred more" has said it
)

func (w *Web) minister(r *request) (answer, error) {
	line := r.PathValue("line")
	if line != "" && !r.group.Chart.HasLine(line) {
		return nil, fmt.Errorf("line: %w", node.ErrNotFound)
	}
	b := &ministerBody{Line: line}
	s := &sheet{w: w, r: r, line: line}
	for _, f := range []func(*ministerBody) error{s.sides, s.decisions, s.meetings, s.changes, s.lines, s.standing} {
		if err := f(b); err != nil {
			return nil, err
		}
	}
	texts, err := w.read(r, s.wants)
	if err != nil {
		return nil, err
	}
	for _, name := range s.names {
		name(texts)
	}
	p := page{name: "minister", title: r.t("minister.title"), nav: "minister", body: b}
	p.heading = r.t("minister.all")
	if line != "" {
		p.heading = r.group.LineName(line)
		p.title += " – " + p.heading
	}
	return p, nil
}

// sheet gathers a minister's page: what is to be read, and who is named by it once it has been.
type sheet struct {
	w     *Web
	r     *request
	line  string
	wants []node.Want
	names []func(reading)
}

// name has a place filled in with an instrument's title when all titles are read.
func (s *sheet) name(to *name, of *entente.State) {
	g := s.r.group
	s.wants = append(s.wants, node.Want{Group: g.ID, Record: titled(of), Names: []string{"title.*"}})
	s.names = append(s.names, func(x reading) { *to = x.name(s.r, g, of) })
}

func (s *sheet) instruments(q node.Query) ([]node.Listed, error) {
	p, err := s.w.node.Instruments(s.r.Context(), s.r.who, s.r.group.ID, q)
	if err != nil {
		return nil, err
	}
	return p.Items, nil
}

func (s *sheet) count(q node.Query) (node.Count, error) {
	return s.w.node.Count(s.r.Context(), s.r.who, s.r.group.ID, q)
}

// tally counts what a party owes on a line.
func (s *sheet) tally(p record.Party, line string) (o owing, err error) {
	o = owing{Party: p, Own: p == s.w.node.Party()}
	q := node.Query{Kind: commitments, Line: line, Owner: p, Progress: node.ProgressOwed}
	if o.Owed, err = s.count(q); err != nil {
		return o, err
	}
	q.Overdue = true
	o.Late, err = s.count(q)
	return o, err
}

func (s *sheet) sides(b *ministerBody) error {
	for _, p := range readerParty(s.w.node.Party(), s.r.group.Chart.IDs()) {
		o, err := s.tally(p, s.line)
		if err != nil {
			return err
		}
		items, err := s.instruments(node.Query{Kind: commitments, Line: s.line, Owner: p, Progress: node.ProgressOwed, Sort: node.SortDue, Limit: sheetOwed})
		if err != nil {
			return err
		}
		o.Listed = make([]owedThing, len(items))
		for i, x := range items {
			t := &o.Listed[i]
			t.Href, t.Late, t.Words = href(s.r.group, x.State), x.View.Overdue, s.r.t("minister.due", "Day", s.r.deadline(x.State.Due), "When", s.r.dateWords(x.State.Due))
			s.name(&t.Name, x.State)
		}
		o.List = s.r.group.Href("commitments") + "?status=owed&owner=" + string(p)
		if s.line != "" {
			o.List += "&line=" + s.line
		}
		b.Sides = append(b.Sides, o)
	}
	return nil
}

// decisions applies the rule that the page states: texts that lapse within two weeks, the nearest first; then observations that
// nobody has answered, the oldest first; then what is late, the longest first; then texts that wait for a signature, the oldest
// first. Of each instrument the first.
func (s *sheet) decisions(b *ministerBody) error {
	now := s.w.node.Now()
	type candidate struct {
		rank int
		at   int64
		x    node.Waiting
	}
	var all []candidate
	for _, p := range s.r.group.Chart.IDs() {
		for _, reason := range []entente.AttentionReason{entente.AttentionSign, entente.AttentionAnswer, entente.AttentionOverdue} {
			page, err := s.w.node.Attention(s.r.Context(), s.r.who, s.r.group.ID, node.AttentionQuery{Party: p, Reason: reason, Line: s.line, Limit: listPage, Bare: true})
			if err != nil {
				return err
			}
			for _, x := range page.Items {
				c := candidate{x: x, at: cmp.Or(timeOf(x.State, x.Attention.About), x.State.Last)}
				switch a := x.Attention; {
				case reason == entente.AttentionSign && a.By != 0 && a.By-now < soonDays*86400:
					c.rank, c.at = 0, a.By
				case reason == entente.AttentionAnswer:
					c.rank = 1
				case reason == entente.AttentionOverdue:
					c.rank, c.at = 2, a.By
				default:
					c.rank = 3
				}
				all = append(all, c)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.at, b.at)) })
	var taken []record.ID
	who := map[record.ID][]record.Party{}
	for _, c := range all { // all who are asked for the same
		if id := c.x.State.Instrument; !slices.Contains(who[id], c.x.Attention.Party) {
			who[id] = append(who[id], c.x.Attention.Party)
		}
	}
	chosen := make([]decisionNeeded, 0, sheetDecisions)
	for _, c := range all {
		st, a := c.x.State, c.x.Attention
		if len(chosen) == cap(chosen) || slices.Contains(taken, st.Instrument) {
			continue
		}
		taken = append(taken, st.Instrument)
		chosen = append(chosen, decisionNeeded{Href: href(s.r.group, st), Line: st.Line, Key: "minister.decide." + string(a.Reason), Who: s.w.partyNames(s.r.group, who[st.Instrument]),
			Words: s.r.web.languages[s.r.lang].sinceOrUntil(a, c.at, now)})
		s.name(&chosen[len(chosen)-1].Name, st)
	}
	b.Decisions = chosen
	return nil
}

// sinceOrUntil says how urgent a thing is: until when, or since when.
func (l *language) sinceOrUntil(a entente.Attention, since, now int64) string {
	switch {
	case a.Reason == entente.AttentionOverdue:
		return l.late(a.By, now)
	case a.By != 0:
		return l.t("minister.lapses", "When", l.late(a.By, now))
	}
	return l.since(since, now)
}

// meetings finds the last that was held and the next.
func (s *sheet) meetings(b *ministerBody) error {
	now, g := s.w.node.Now(), s.r.group
	b.Since = g.Info.Founding.Founded
	past, err := s.instruments(node.Query{Kind: meetingKind, Phase: entente.PhaseInForce, DueBefore: now, Sort: node.SortLatest, Limit: 20})
	if err != nil {
		return err
	}
	for _, x := range past {
		if held := factTime(x.State, "held"); held != 0 {
			b.Since, b.Met = held, &row{Href: href(g, x.State), State: x.State, View: x.View, Group: g}
			s.name(&b.Met.Name, x.State)
			break
		}
	}
	next, err := s.instruments(node.Query{Kind: meetingKind, Phase: entente.PhaseInForce, DueFrom: now, Sort: node.SortDue, Limit: 1})
	if err != nil || len(next) == 0 {
		return err
	}
	b.Next = &row{Href: href(g, next[0].State), State: next[0].State, View: next[0].View, Group: g}
	s.name(&b.Next.Name, next[0].State)
	return nil
}

// changes are what became of each instrument since, the last first, with what was done to it.
func (s *sheet) changes(b *ministerBody) error {
	p, err := s.w.node.Changes(s.r.Context(), s.r.who, s.r.group.ID, node.ChangeQuery{Since: b.Since, Line: s.line, Limit: sheetLooked})
	if err != nil {
		return err
	}
	var order []record.ID
	by := map[record.ID]*changedThing{}
	of := map[record.ID]*entente.State{}
	for _, c := range p.Items {
		if c.Of == nil || c.Void || !slices.Contains(counted, c.Verb) || c.Of.State.Line == "" && !slices.Contains([]string{meetingKind}, c.Kind) {
			continue
		}
		t := by[c.Instrument]
		if t == nil {
			t = &changedThing{Href: href(s.r.group, c.Of.State), Line: c.Of.State.Line, View: c.Of.View}
			by[c.Instrument], of[c.Instrument], order = t, c.Of.State, append(order, c.Instrument)
		}
		if words := s.r.t("minister.did", "Party", s.r.group.PartyName(c.Ref.Party), "Did", s.r.t("did."+string(c.Verb))); len(t.Words) < 2 && !slices.Contains(t.Words, words) {
			t.Words = append(t.Words, words)
		}
	}
	shown := order[:min(len(order), sheetChanges)]
	b.Changes, b.More = make([]changedThing, len(shown)), len(order)-len(shown)
	for i, id := range shown {
		b.Changes[i] = *by[id]
		s.name(&b.Changes[i].Name, of[id])
	}
	return nil
}

// counted are the acts that change where something stands.
var counted = []record.Verb{record.Propose, record.Consent, record.Withdraw, record.Report, record.Reply}

// lines are the lines of effort at a glance, on the sheet of the whole group.
func (s *sheet) lines(b *ministerBody) error {
	if s.line != "" {
		return nil
	}
	counts, err := s.w.node.AttentionCounts(s.r.Context(), s.r.who, s.r.group.ID)
	if err != nil {
		return err
	}
	for _, l := range s.r.group.Chart.Lines {
		x := lineStanding{Code: l.Code, Href: s.r.group.Href("minister", l.Code), Signal: "well"}
		for _, p := range readerParty(s.w.node.Party(), s.r.group.Chart.IDs()) {
			o, err := s.tally(p, l.Code)
			if err != nil {
				return err
			}
			if x.Sides = append(x.Sides, o); o.Late.N > 0 {
				x.Signal = "late"
			}
		}
		for _, c := range counts {
			if c.Line == l.Code && x.Signal == "well" && slices.Contains(soonReasons, c.Reason) {
				x.Signal = "soon"
			}
		}
		b.Lines = append(b.Lines, x)
	}
	return nil
}

// soonReasons are what makes a line amber where nothing of it is late.
var soonReasons = []entente.AttentionReason{entente.AttentionDue, entente.AttentionAnswer, entente.AttentionEnding}
