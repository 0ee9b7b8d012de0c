package demo

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"entente"
	"entente/record"
)

// Validate tells everything that is wrong with the group at once: a text missing in a language or the same in
// both, a reference that leads nowhere, an office without the remit it needs, an act that the scenario needs
// and lacks or has and does not need, an invented text that does not say so.
func (g *Group) Validate() error {
	c := &check{g: g, keys: make(map[Key]string)}
	c.group()
	c.offices()
	c.objectives()
	c.indicators()
	c.meetings()
	c.decisions()
	for i := range g.Commitments {
		c.commitment(&g.Commitments[i])
	}
	c.statements()
	for _, x := range g.Terms {
		c.key(x.Key, "term")
		c.text(string(x.Key), x.Title)
		c.invented(string(x.Key), x.Body)
	}
	for _, x := range g.Minutes {
		c.key(x.Key, "minutes")
		c.must(c.keys[x.Meeting] == "meeting", "%s: no meeting %s", x.Key, x.Meeting)
		c.text(string(x.Key), x.Title)
		c.invented(string(x.Key), x.Body)
	}
	for _, x := range g.NonPapers {
		c.key(x.Key, "non-paper")
		c.text(string(x.Key), x.Title)
		c.invented(string(x.Key), x.Body)
	}
	for _, x := range g.Clearances {
		c.key(x.Key, "clearance")
		c.text(string(x.Key), x.Title, x.Note)
		c.invented(string(x.Key), x.Body)
	}
	for _, x := range g.Press {
		where := string(x.Key)
		c.key(x.Key, "line to take")
		c.party(where, x.Party)
		c.text(where, x.Title)
		c.must(x.About == "" || c.keys[x.About] == "meeting" || c.keys[x.About] == "statement", "%s: about %q", where, x.About)
		c.must(x.Days > 0 && (x.Body != nil || x.Ask != nil), "%s: nothing is said, or for no day", where)
		if x.Body != nil {
			c.invented(where, *x.Body)
		}
		if x.Ask != nil {
			c.text(where, *x.Ask)
		}
	}
	c.claims()
	c.progress()
	return errors.Join(c.errs...)
}

func (c *check) claims() {
	for _, x := range c.g.Claims {
		where := string(x.Key)
		c.key(x.Key, "claim")
		c.must(entente.ValidQuote(x.Quote) == nil, "%s: %v", where, entente.ValidQuote(x.Quote))
		c.must(x.Indicator == "" || c.keys[x.Indicator] == "indicator", "%s: no indicator %s", where, x.Indicator)
		c.must(x.Office != "", "%s: whose words are they", where)
		if x.Side != "" {
			c.party(where, x.Side)
		}
		if x.Position != nil {
			c.invented(where, *x.Position)
			c.must(x.Side != "", "%s: a position of nobody", where)
		}
		c.must((x.Put == "") == (x.Shown == nil) && (x.Answer == nil || x.Put != "") && (!x.Released || x.Put != ""), "%s: it is not put", where)
		if x.Put != "" {
			c.party(where, x.Put)
			c.invented(where, *x.Shown)
			c.must(x.Day < 0, "%s: on day %d", where, x.Day)
		}
		if x.Answer != nil {
			c.invented(where, *x.Answer)
		}
	}
}

type check struct {
	g    *Group
	keys map[Key]string // key → kind of content
	errs []error
}

func (c *check) must(ok bool, format string, args ...any) {
	if !ok {
		c.errs = append(c.errs, fmt.Errorf("%w: %s", ErrContent, fmt.Sprintf(format, args...)))
	}
}

func (c *check) text(where string, texts ...Text) {
	for _, t := range texts {
		en, es := strings.TrimSpace(t.En), strings.TrimSpace(t.Es)
		c.must(en != "" && es != "", "%s: a language is missing", where)
		c.must(en == "" || en != es, "%s: both languages say %q", where, en)
		c.must(en == t.En && es == t.Es, "%s: space around the text", where)
	}
}

// invented checks a text that no government wrote: its last sentence says so.
func (c *check) invented(where string, t Text) {
	c.text(where, t)
	n := c.g.Notice
	c.must(n.En != "" && strings.HasSuffix(t.En, " "+n.En) && n.Es != "" && strings.HasSuffix(t.Es, " "+n.Es), "%s: does not end with the notice that it is illustrative", where)
}

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func (c *check) key(k Key, kind string) {
	c.must(keyForm.MatchString(string(k)), "%s %q: keys are lower-case words and hyphens", kind, k)
	c.must(c.keys[k] == "", "%s %q: the key is a %s already", kind, k, c.keys[k])
	c.keys[k] = kind
}

func (c *check) party(where, id string) {
	c.must(slices.ContainsFunc(c.g.Parties, func(p Party) bool { return p.ID == id }), "%s: %q is no party", where, id)
}

func (c *check) line(where, code string) {
	c.must(slices.ContainsFunc(c.g.Lines, func(l Line) bool { return l.Code == code }), "%s: %q is no line of effort", where, code)
}

func (c *check) group() {
	g := c.g
	c.must(g.Illustrative, "group %q: the texts are invented and must say so", g.Key)
	c.must(slices.Equal(g.Languages, []string{"en", "es"}), "group %q: languages %q", g.Key, g.Languages)
	c.text("group", g.Notice, g.Name, g.Purpose, g.Charter.Title)
	c.invented("charter", g.Charter.Body)
	c.must(len(g.Parties) >= 2, "group %q: fewer than two parties", g.Key)
	for _, p := range g.Parties {
		c.text("party "+p.ID, p.Name)
	}
	for _, l := range g.Lines {
		c.text("line "+l.Code, l.Name)
	}
	k := g.Clocks
	c.must(k.Meeting > 0 && k.Notice > 0 && k.NoticeCeiling >= k.Notice && k.Consultation > 0 && k.Escalation > 0 && k.Retention > 0, "clocks: %+v", k)
}

// signedKinds are the kinds of record that an office of the example may sign.
var signedKinds = []string{"charter", "powers", "objective", "commitment", "action", "indicator", "observation", "finding", "meeting", "decision", "statement", "term", "claim", "contact", "incident"}

func (c *check) offices() {
	seen := make(map[OfficeRef]bool)
	for _, o := range c.g.Offices {
		where := "office " + o.Party + "/" + string(o.Key)
		c.must(keyForm.MatchString(string(o.Key)), "%s: keys are lower-case words and hyphens", where)
		c.must(!seen[OfficeRef{o.Party, o.Key}], "%s: twice", where)
		seen[OfficeRef{o.Party, o.Key}] = true
		c.party(where, o.Party)
		c.text(where, o.Name)
		c.must(len(o.Lines) > 0, "%s: no line", where)
		for _, l := range o.Lines {
			if l != "all" {
				c.line(where, l)
			}
		}
		for _, k := range o.Kinds {
			c.must(slices.Contains(signedKinds, k), "%s: kind %q", where, k)
		}
		if len(o.Kinds) == 0 {
			c.must(o.Signatures == 0, "%s: signs nothing and needs %d signatures", where, o.Signatures)
		} else {
			c.must(o.Signatures >= 1 && o.Signatures <= o.Seats, "%s: %d signatures of %d seats", where, o.Signatures, o.Seats)
		}
	}
	for _, p := range c.g.Parties {
		for _, k := range signedKinds {
			for _, l := range c.g.Lines {
				c.must(slices.ContainsFunc(c.g.Offices, func(o Office) bool { return o.Party == p.ID && o.May(k, l.Code) }), "no office of %s may sign %s on line %s", p.ID, k, l.Code)
			}
		}
	}
}

// May tells whether the office may sign records of kind on line.
func (o Office) May(kind, line string) bool {
	return slices.Contains(o.Kinds, kind) && (slices.Contains(o.Lines, "all") || slices.Contains(o.Lines, line))
}

// Office finds an office of the group.
func (g *Group) Office(ref OfficeRef) (Office, bool) {
	i := slices.IndexFunc(g.Offices, func(o Office) bool { return o.Party == ref.Party && o.Key == ref.Office })
	if i < 0 {
		return Office{}, false
	}
	return g.Offices[i], true
}

func (c *check) objectives() {
	level := make(map[Key]Objective)
	for _, o := range c.g.Objectives {
		where := "objective " + string(o.Key)
		c.key(o.Key, "objective")
		level[o.Key] = o
		c.line(where, o.Line)
		c.text(where, o.Title)
		c.invented(where, o.Body)
		for _, i := range o.Indicators {
			c.must(slices.ContainsFunc(c.g.Indicators, func(x Indicator) bool { return x.Code == i && x.Objective == o.Key }), "%s: indicator %q does not name it", where, i)
		}
		switch o.Level {
		case "outcome":
			c.must(o.Parent == "", "%s: an outcome under %q", where, o.Parent)
		case "objective":
			c.must(level[o.Parent].Level == "outcome" && level[o.Parent].Line == o.Line, "%s: parent %q is no outcome of its line", where, o.Parent)
		default:
			c.must(false, "%s: level %q", where, o.Level)
		}
	}
	for _, l := range c.g.Lines {
		c.must(slices.ContainsFunc(c.g.Objectives, func(o Objective) bool { return o.Line == l.Code && o.Level == "outcome" }), "line %s has no outcome", l.Code)
	}
}

func (c *check) indicators() {
	for _, i := range c.g.Indicators {
		where := "indicator " + string(i.Code)
		c.key(i.Code, "indicator")
		c.line(where, i.Line)
		c.text(where, i.Title, i.Definition, i.CountingUnit, i.Limits)
		c.must(slices.ContainsFunc(c.g.Objectives, func(o Objective) bool { return o.Key == i.Objective && slices.Contains(o.Indicators, i.Code) }), "%s: objective %q does not list it", where, i.Objective)
		c.must(i.Unit != "", "%s: no unit", where)
		c.must(slices.Contains([]string{"up", "down", "context"}, i.Direction), "%s: direction %q", where, i.Direction)
		c.must(slices.Contains([]string{"month", "quarter", "year"}, i.Period), "%s: period %q", where, i.Period)
		c.calendar(where, i.Calendar)
		c.reference(where+" baseline", i.Baseline)
		c.reference(where+" target", i.Target)
		c.must(i.Target == nil || i.Target.Illustrative, "%s: no source gives a target, so it is illustrative", where)
		c.must(i.Target == nil || i.Direction != "context", "%s: a target without a good direction", where)
		reports := make(map[string]bool)
		for _, s := range i.Sources {
			c.party(where, s.Party)
			c.must(!reports[s.Party], "%s: %s reports twice", where, s.Party)
			reports[s.Party] = true
			c.text(where+" "+s.Party, s.Agency, s.Note)
			c.calendar(where+" "+s.Party, s.Calendar)
			c.must(s.Unit != "", "%s: no unit of %s", where, s.Party)
		}
		for _, p := range c.g.Parties {
			c.must(reports[p.ID], "%s: %s is not mentioned, not even as a gap", where, p.ID)
		}
		for _, b := range i.Breaks {
			c.date(where, b.Date)
			c.text(where+" break", b.Note)
		}
	}
}

func (c *check) calendar(where string, k Calendar) {
	switch k.Kind {
	case "calendar":
		c.must(k.Month == 0 && k.Since == "", "%s: calendar %+v", where, k)
	case "fiscal":
		c.must(k.Month >= 1 && k.Month <= 12 && k.Since == "", "%s: calendar %+v", where, k)
	case "cumulative":
		c.must(k.Month == 0, "%s: calendar %+v", where, k)
		c.date(where, k.Since)
	default:
		c.must(false, "%s: calendar %q", where, k.Kind)
	}
}

func (c *check) date(where, d string) {
	_, err := time.Parse(time.DateOnly, d)
	c.must(err == nil, "%s: date %q", where, d)
}

func (c *check) reference(where string, r *Reference) {
	if r == nil {
		return
	}
	c.date(where, r.Start)
	c.date(where, r.End)
	c.must(r.Start < r.End, "%s: from %s to %s", where, r.Start, r.End)
	_, err := record.ParseDecimal(r.Value)
	c.must(err == nil, "%s: value %q", where, r.Value)
	if r.Illustrative {
		c.must(r.Source == "" && r.Of == "", "%s: illustrative, with a source", where)
	} else {
		c.must(r.Source != "" && (r.Of == "figure" || r.Of == "sum"), "%s: neither illustrative nor from a source", where)
	}
}

func (c *check) meetings() {
	for _, m := range c.g.Meetings {
		where := "meeting " + string(m.Key)
		c.key(m.Key, "meeting")
		c.party(where, m.Host)
		c.text(where, m.Title, m.Place)
		c.must(len(m.Agenda) > 0, "%s: no agenda", where)
		for _, i := range m.Agenda {
			where := where + " item " + string(i.Key)
			c.key(i.Key, "agenda item")
			if i.Line != "" {
				c.line(where, i.Line)
			}
			c.text(where, i.Title)
			for _, k := range i.Carries {
				com, ok := c.g.Commitment(k)
				c.must(ok && com.openOn(m.Day), "%s: %q is no commitment open on that day", where, k)
			}
		}
	}
}

// Commitment finds a commitment of the group.
func (g *Group) Commitment(k Key) (Commitment, bool) {
	i := slices.IndexFunc(g.Commitments, func(x Commitment) bool { return x.Key == k })
	if i < 0 {
		return Commitment{}, false
	}
	return g.Commitments[i], true
}

func (x Commitment) openOn(day int) bool {
	for _, end := range []*Act{x.Verified, x.Withdraw} {
		if end != nil && end.Day <= day {
			return false
		}
	}
	return x.Opened <= day && (x.Scenario != Lapsed || x.Until == nil || *x.Until >= day)
}

func (c *check) decisions() {
	for _, d := range c.g.Decisions {
		where := "decision " + string(d.Key)
		c.key(d.Key, "decision")
		c.text(where, d.Title)
		c.invented(where, d.Body)
		held := slices.ContainsFunc(c.g.Meetings, func(m Meeting) bool {
			return m.Key == d.Meeting && m.Day < 0 && slices.ContainsFunc(m.Agenda, func(i AgendaItem) bool { return i.Key == d.Item && i.Line == d.Line })
		})
		c.must(held, "%s: %q of %q is no item of a meeting held, on its line", where, d.Item, d.Meeting)
		for _, k := range d.Gives {
			com, ok := c.g.Commitment(k)
			c.must(ok && com.Decision == d.Key, "%s: %q does not name it", where, k)
		}
	}
}

func (c *check) commitment(x *Commitment) {
	where := "commitment " + string(x.Key)
	c.key(x.Key, "commitment")
	c.line(where, x.Line)
	c.text(where, x.Title)
	c.invented(where, x.Body)
	c.must(strings.HasPrefix(x.Body.En, "Done means that ") && strings.HasPrefix(x.Body.Es, "Se tendrá por cumplido cuando "), "%s: does not say what done means", where)
	for _, ref := range []OfficeRef{x.Owner, x.Verifier} {
		o, ok := c.g.Office(ref)
		c.must(ok && o.May("commitment", x.Line), "%s: %s/%s may not sign commitments on line %s", where, ref.Party, ref.Office, x.Line)
	}
	c.must(x.Owner.Party != x.Verifier.Party, "%s: %s verifies itself", where, x.Owner.Party)
	c.must(c.keys[x.Objective] == "objective", "%s: objective %q", where, x.Objective)
	c.must(x.Indicator == "" || c.keys[x.Indicator] == "indicator", "%s: indicator %q", where, x.Indicator)
	c.must(slices.Contains([]string{"political", "agencies", "treaty"}, x.Nature), "%s: nature %q", where, x.Nature)
	c.must((x.Nature == "treaty") == (x.Treaty != nil), "%s: nature %q and treaty do not agree", where, x.Nature)
	if x.Treaty != nil {
		c.text(where+" treaty", *x.Treaty)
	}
	c.must(x.Opened < 0 && x.Opened < x.Due, "%s: opened on %d, due on %d", where, x.Opened, x.Due)
	if x.Decision != "" {
		ok := slices.ContainsFunc(c.g.Decisions, func(d Decision) bool {
			return d.Key == x.Decision && slices.Contains(d.Gives, x.Key) && slices.ContainsFunc(c.g.Meetings, func(m Meeting) bool { return m.Key == d.Meeting && m.Day <= x.Opened })
		})
		c.must(ok, "%s: decision %q does not give it, or came later", where, x.Decision)
	}
	c.scenario(where, x)
}

// acts says which acts a scenario needs; every other act must be absent.
var acts = map[Scenario][]string{
	Settled: nil, InForce: nil, Overdue: nil, Proposed: nil, ConsentedByOne: nil,
	Reported: {"report"}, Verified: {"report", "verification"}, Observations: {"report", "reply"},
	CounterProposal: {"counter-proposal"}, Amended: {"amendment"}, Lapsed: {"until"},
	WithdrawnInTime: {"withdrawal"}, WithdrawnTooLate: {"withdrawal"},
}

func (c *check) scenario(where string, x *Commitment) {
	needs, ok := acts[x.Scenario]
	c.must(ok, "%s: scenario %q", where, x.Scenario)
	has := func(name string, there bool) {
		c.must(there == slices.Contains(needs, name), "%s: scenario %s and %s (present: %v) do not agree", where, x.Scenario, name, there)
	}
	has("until", x.Until != nil)
	c.must(x.Until == nil || (*x.Until > x.Opened && *x.Until < 0), "%s: has not lapsed", where)
	c.must((x.Scenario == Overdue || x.Report != nil) == (x.Due < 0), "%s: scenario %s, due on %d", where, x.Scenario, x.Due)

	other := x.Verifier.Party
	from := x.Opened
	for _, a := range []struct {
		name, by string
		act      *Act
	}{{"report", x.Owner.Party, x.Report}, {"verification", other, x.Verified}, {"reply", other, x.Reply}, {"withdrawal", x.Owner.Party, x.Withdraw}} {
		has(a.name, a.act != nil)
		if a.act == nil {
			continue
		}
		c.invented(where+" "+a.name, a.act.Text)
		c.must(a.act.By == a.by && a.act.Day > from && a.act.Day < 0, "%s: %s by %s on day %d", where, a.name, a.act.By, a.act.Day)
		from = a.act.Day
	}
	for _, v := range []struct {
		name, by string
		version  *NewVersion
	}{{"counter-proposal", other, x.Counter}, {"amendment", x.Owner.Party, x.Amendment}} {
		has(v.name, v.version != nil)
		if v.version == nil {
			continue
		}
		c.invented(where+" "+v.name, v.version.Body)
		c.must(v.version.By == v.by && v.version.Day > x.Opened && v.version.Day < 0 && v.version.Due > 0, "%s: %s by %s on day %d", where, v.name, v.version.By, v.version.Day)
	}
}

func (c *check) statements() {
	for _, s := range c.g.Statements {
		where := "statement " + string(s.Key)
		c.key(s.Key, "statement")
		c.party(where, s.Proposer)
		c.must((s.Scenario == "held") == (s.Meeting == "") && (s.Meeting == "" || c.keys[s.Meeting] == "meeting"), "%s: meeting %q", where, s.Meeting)
		c.must(slices.Contains([]string{"agreed", "proposed", "own", "held"}, s.Scenario), "%s: scenario %q", where, s.Scenario)
		c.must((s.Scenario == "own") == (s.Reply != nil), "%s: an own text has an answer to its courtesy copy, and no other has", where)
		if x := s.Reply; x != nil {
			c.must(x.By != s.Proposer && x.Day > s.Day && x.Day < 0 && (x.Stance == "acknowledge" || x.Stance == "contest" && x.En != ""), "%s: answered %q by %s on day %d", where, x.Stance, x.By, x.Day)
		}
		c.must(s.Day < 0, "%s: day %d", where, s.Day)
		c.text(where, s.Title)
		c.invented(where, s.Body)
	}
}
