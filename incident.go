package entente

import (
	"slices"
	"strconv"

	"entente/record"
)

// Incident is what one party puts on record of a presence or an act on a party's territory for which it finds no authorisation on
// record. The others answer; nobody's word settles it.
type Incident struct {
	Where      record.Party `cbor:"1,keyasint" json:"where"`                          // on whose territory
	At         int64        `cbor:"2,keyasint" json:"at"`                             // Unix seconds
	Severity   string       `cbor:"3,keyasint" json:"severity"`                       // Severities
	Attributed record.Party `cbor:"4,keyasint,omitempty" json:"attributed,omitempty"` // to which party's agents; absent: not known
	Action     record.ID    `cbor:"5,keyasint,omitzero" json:"action,omitzero"`       // that it has to do with
	Contact    record.ID    `cbor:"6,keyasint,omitzero" json:"contact,omitzero"`      // likewise
}

// IncidentKind is the name of the kind, for lists.
const IncidentKind = "incident"

// Severities of an incident, from the lightest.
var Severities = []string{"minor", "serious", "grave"}

var incidentKind = &Kind{
	Name:       IncidentKind,
	Unilateral: true,
	Verbs: map[record.Verb]Rule{
		record.Report: {Opens: true, Only: true, Approved: true, Terms: func() any { return new(Incident) }, Parts: []string{"title.*", "body.*", "place.*", "annex/*"}},
		record.Reply:  replyRule,
		record.Note:   translationRule,
	},
	Check: func(c *Case) {
		checkReply(c)
		t, ok := c.Terms.(*Incident)
		if !ok {
			return
		}
		if !c.isParty(t.Where) || t.Attributed != "" && !c.isParty(t.Attributed) {
			c.Against(ReasonTerms, "incident.party", "the territory is a party's, and it is attributed to a party or to none")
		}
		if t.At <= 0 || t.At > c.Header.Time {
			c.Against(ReasonTerms, "incident.when", "an incident is logged after it happened")
		}
		if !slices.Contains(Severities, t.Severity) {
			c.Against(ReasonTerms, "incident.severity", "severity %.70q is not one of %v", t.Severity, Severities)
		}
		if !c.hasPart("title.") || !c.hasPart("body.") {
			c.Against(ReasonParts, "incident.words", "an incident has a title and says what happened, in one language at least")
		}
		c.refersTo(actionKind.Name, t.Action)
		c.refersTo(ContactKind, t.Contact)
	},
	Fold: func(s *State, records []Judged) {
		s.Owner = s.Author
		for _, j := range records {
			if t := new(Incident); j.Header().Verb == record.Report && record.Unmarshal(j.Header().Terms, t) == nil {
				s.set("where", string(t.Where))
				s.set("happened", strconv.FormatInt(t.At, 10))
				s.set("severity", t.Severity)
				s.set("attributed", string(t.Attributed))
				s.link("action", t.Action)
				s.link("contact_log", t.Contact)
			}
		}
		foldReplies(s, records, nil)
	},
}
