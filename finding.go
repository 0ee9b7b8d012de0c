package entente

import (
	"slices"
	"strconv"

	"entente/record"
)

// Finding is a recommendation of an evaluation or audit, as it was published. One party puts it on record; those to whom it is
// addressed report what became of it.
type Finding struct {
	Source    string         `cbor:"1,keyasint,omitempty" json:"source,omitempty"`  // who evaluated, and in which publication
	Published int64          `cbor:"2,keyasint,omitzero" json:"published,omitzero"` // Unix seconds
	Number    string         `cbor:"3,keyasint,omitempty" json:"number,omitempty"`  // as the publication numbers it
	Link      string         `cbor:"4,keyasint,omitempty" json:"link,omitempty"`    // to the publication, https
	Objective record.ID      `cbor:"5,keyasint,omitzero" json:"objective,omitzero"` // that it speaks of
	To        []record.Party `cbor:"6,keyasint,omitempty" json:"to,omitempty"`      // to whom it is addressed
	Became    string         `cbor:"7,keyasint,omitempty" json:"became,omitempty"`  // in a later report, alone
}

// What became of a recommendation.
const (
	BecameAccepted = "accepted"
	BecameUnderWay = ProgressUnderWay
	BecameDone     = ProgressDone
	BecameRefused  = "refused" // with its reasons
)

// Becomes are all of them.
var Becomes = []string{BecameAccepted, BecameUnderWay, BecameDone, BecameRefused}

// maxSource bounds source and link of a recommendation.
const maxSource = 500

var findingKind = &Kind{
	Name: "finding",
	Verbs: map[record.Verb]Rule{
		record.Report: {Opens: true, Approved: true, Terms: func() any { return new(Finding) }, Parts: []string{"title.*", "body.*", "annex/*"}},
		record.Reply:  replyRule,
		record.Note:   translationRule,
	},
	Check: func(c *Case) {
		checkReply(c)
		t, ok := c.Terms.(*Finding)
		if !ok {
			return
		}
		if c.Opening == nil {
			t.check(c)
			return
		}
		if !slices.Contains(Becomes, t.Became) || t.Source != "" || t.Published != 0 || t.Number != "" || t.Link != "" || !t.Objective.IsZero() || len(t.To) > 0 {
			c.Against(ReasonTerms, "finding.later", "a later report says what became of it, one of %v, and nothing else", Becomes)
		}
		if o := new(Finding); record.Unmarshal(c.Opening.Terms, o) == nil && !slices.Contains(o.To, c.Header.Party) {
			c.Against(ReasonParties, "finding.addressee", "only those to whom it is addressed say what became of it")
		}
		if !c.hasPart("body.") {
			c.Against(ReasonParts, "finding.became-words", "what became of it is said in words, in one language at least")
		}
	},
	Fold: func(s *State, records []Judged) {
		for _, j := range records {
			if t := new(Finding); j.ID() == s.Instrument && record.Unmarshal(j.Header().Terms, t) == nil {
				s.set("source", t.Source)
				s.set("published", strconv.FormatInt(t.Published, 10))
				s.set("number", t.Number)
				s.set("link", t.Link)
				s.link("objective", t.Objective)
				for _, p := range t.To {
					s.set("to."+string(p), string(p))
				}
			}
		}
		foldReplies(s, records, func(j Judged) string {
			t := new(Finding)
			_ = record.Unmarshal(j.Header().Terms, t) // judged before
			return t.Became
		})
	},
}

func (t *Finding) check(c *Case) {
	if t.Source == "" || len(t.Source) > maxSource || t.Published <= 0 || t.Published > record.MaxTime || len(t.Number) > record.MaxName {
		c.Against(ReasonTerms, "finding.source", "a recommendation names its source and when that was published")
	}
	if t.Link != "" && !webAddress(t.Link) {
		c.Against(ReasonTerms, "finding.link", "link %.70q is no https address", t.Link)
	}
	if t.Became != "" {
		c.Against(ReasonTerms, "finding.own-report", "what became of it is said in a report of its own")
	}
	if len(t.To) == 0 {
		c.Against(ReasonTerms, "finding.to", "it names to whom it is addressed")
	}
	for i, p := range t.To {
		if !c.isParty(p) || slices.Contains(t.To[:i], p) {
			c.Against(ReasonTerms, "party.twice", "%.20q is not a party of the group, or named twice", string(p))
		}
	}
	if c.Header.Line == "" {
		c.Against(ReasonTerms, "finding.line", "a recommendation stands on a line of effort")
	}
	if !c.hasPart("title.") || !c.hasPart("body.") {
		c.Against(ReasonParts, "finding.words", "a recommendation has a title and its words, in one language at least")
	}
	c.refersTo("objective", t.Objective)
}

// Became says what became of a recommendation by the latest report of a party; empty: nothing yet.
func (s *State) Became(p record.Party) string {
	for i := len(s.Reports) - 1; i >= 0; i-- {
		if r := &s.Reports[i]; r.Ref.Party == p && r.Progress != "" {
			return r.Progress
		}
	}
	return ""
}
