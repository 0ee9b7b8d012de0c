package entente

import (
	"slices"
	"strconv"
	"strings"

	"entente/record"
)

// PressLine is what a party's own press office says when it is asked: a line to take, or the answer to a question. It stays in the
// party's group of one. The part title is the subject, or the question as it is put; body is what is said.
type PressLine struct {
	Group    record.ID         `cbor:"1,keyasint" json:"group"`                    // that it concerns
	About    record.ID         `cbor:"2,keyasint,omitzero" json:"about,omitzero"`  // the statement, meeting or other instrument there; zero: the group's work
	Question bool              `cbor:"3,keyasint,omitempty" json:"question"`       // absent: a line to take unasked
	Ask      map[string]string `cbor:"4,keyasint,omitempty" json:"ask,omitempty"`  // not our remit: the office to ask instead, by language
	Until    int64             `cbor:"5,keyasint,omitzero" json:"until,omitzero"`  // the last second in which it may be said; 0: no end
	Ended    bool              `cbor:"6,keyasint,omitempty" json:"ended,omitzero"` // it is not said any more
	By       string            `cbor:"7,keyasint" json:"by"`                       // the office that wrote it
	Seat     uint64            `cbor:"8,keyasint,omitzero" json:"seat,omitzero"`
}

// PressKind is the name of the kind, for lists.
const PressKind = "press-line"

// maxAsked of the name of an office that is asked instead, in bytes: a ministry with its unit.
const maxAsked = 200

// pressKind: each note is the whole of what is said from then on, so that nobody reads half of an old line.
var pressKind = &Kind{
	Name:       PressKind,
	Unilateral: true,
	Home:       true,
	Verbs: map[record.Verb]Rule{record.Note: {Opens: true, Terms: func() any { return new(PressLine) },
		Parts: []string{"title.*", "body.*"}}},
	Check: func(c *Case) {
		c.staysHome()
		t, ok := c.Terms.(*PressLine)
		if !ok {
			return
		}
		if t.Group.IsZero() {
			c.Against(ReasonTerms, "press.group", "it names the group that it concerns")
		}
		if !record.ValidName(t.By) || t.Seat > record.MaxSeat {
			c.Against(ReasonTerms, "press.by", "it does not say which office wrote it")
		}
		if t.Until < 0 || t.Until > record.MaxTime {
			c.Against(ReasonTerms, "press.until", "the last day on which it is said lies in the years 1970 to 9999")
		}
		for l, office := range t.Ask {
			if len(office) > maxAsked || strings.TrimSpace(office) == "" || strings.ContainsFunc(office, control) || c.Charter != nil && !slices.Contains(c.Charter.Languages, l) {
				c.Against(ReasonTerms, "press.ask", "the office to ask is one line of at most %d bytes", maxAsked)
			}
		}
		if t.Ended && !c.Header.Instrument.IsZero() || c.Charter == nil {
			return
		}
		for _, l := range c.Charter.Languages {
			_, titled := c.Header.Part("title." + l)
			_, said := c.Header.Part("body." + l)
			if !titled || !said && len(t.Ask) == 0 || len(t.Ask) > 0 && t.Ask[l] == "" {
				c.Against(ReasonParts, "press.languages", "a line to take stands in every language (%s): the same is said in each", l)
			}
		}
	},
	Fold: func(s *State, records []Judged) {
		s.Owner = s.Author
		for _, j := range records {
			t := new(PressLine)
			if record.Unmarshal(j.Header().Terms, t) != nil {
				continue
			}
			if t.Ended {
				s.set("ended", strconv.FormatInt(j.Header().Time, 10))
				continue
			}
			s.Facts = nil
			s.set("latest", j.ID().String())
			s.set("noted", strconv.FormatInt(j.Header().Time, 10))
			s.set("by", t.By)
			for l, office := range t.Ask {
				s.set("ask."+l, office)
			}
			s.link("group", t.Group)
			s.link("about", t.About)
			if t.Question {
				s.set("question", "1")
			}
			if t.Until != 0 {
				s.set("until", strconv.FormatInt(t.Until, 10))
			}
		}
	},
}

// PressLine is what a state of the kind says. It names no seat.
func (s *State) PressLine() PressLine {
	about, err := record.ParseID(s.Fact("about"))
	if err != nil {
		about = record.ID{}
	}
	var ask map[string]string
	for _, f := range s.Facts {
		if l, ok := strings.CutPrefix(f.Name, "ask."); ok {
			if ask == nil {
				ask = map[string]string{}
			}
			ask[l] = f.Value
		}
	}
	return PressLine{About: about, Question: s.Fact("question") != "", Ask: ask, Until: s.seconds("until"), Ended: s.Fact("ended") != "", By: s.Fact("by")}
}

// staysHome holds a record of a home kind to the group of one, and its parts to their party.
func (c *Case) staysHome() {
	if c.Charter != nil && len(c.Charter.Parties) != 1 {
		c.Against(ReasonKind, "home.group", "what a party keeps for itself stands in its group of one")
	}
	for _, p := range c.Header.Parts {
		if len(p.Marking.ReleasableTo) > 0 {
			c.Against(ReasonParts, "home.leaves", "part %s: what is kept at home stays with its party", p.Name)
		}
	}
}
