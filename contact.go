package entente

import (
	"slices"
	"strconv"

	"entente/record"
)

// Contact is a party's own log of a meeting or exchange of its officials with agents of another party: planned, then reported as held
// or called off. The header says when and whose agents; the rest stands in parts, which are for the author's party alone unless it
// says otherwise (doc/decisions/034-contacts.md).
type Contact struct {
	Agents    []record.Party `cbor:"1,keyasint" json:"agents"`                   // whose agents, ascending
	From      int64          `cbor:"2,keyasint" json:"from"`                     // Unix seconds
	To        int64          `cbor:"3,keyasint" json:"to"`                       // likewise; the charter's clock runs from it
	Held      bool           `cbor:"4,keyasint,omitempty" json:"held,omitempty"` // it took place; absent: it is planned
	CalledOff bool           `cbor:"5,keyasint,omitempty" json:"called_off,omitempty"`
	Action    record.ID      `cbor:"6,keyasint,omitzero" json:"action,omitzero"` // that it belongs to
}

// ContactKind is the name of the kind, for lists.
const ContactKind = "contact"

// AuthorisationPart is the number of the authorisation that the law of the author's party asks for.
const AuthorisationPart = "authorisation"

// ContactParts are the parts of a contact that are said in words, in the order in which a log is read.
var ContactParts = []string{"title", "body", "place", "present", "accompanied"}

// contactClock is the period from a contact's end to its report where the charter sets none: three days (Mexico, Ley de Seguridad
// Nacional, on officials who meet agents of another state).
const contactClock = 3 * 86400

// maxContact is the longest a contact lasts, in seconds: what goes on for longer is several.
const maxContact = 31 * 86400

// Where a contact stands.
const (
	ContactPlanned   = "planned"
	ContactHeld      = "held"
	ContactCalledOff = "called-off"
)

var contactKind = &Kind{
	Name:       ContactKind,
	Unilateral: true,
	OwnAlone:   true,
	Verbs: map[record.Verb]Rule{
		record.Report: {Opens: true, Approved: true, Terms: func() any { return new(Contact) },
			Parts: []string{"title.*", "body.*", "place.*", "present.*", "accompanied.*", AuthorisationPart, "annex/*"}},
		record.Reply: replyRule,
	},
	Check: func(c *Case) {
		checkReply(c)
		t, ok := c.Terms.(*Contact)
		if !ok {
			return
		}
		if o := c.Opening; o != nil && o.Party != c.Header.Party {
			c.Against(ReasonParties, "contact.author", "only %s, whose log it is, reports on it", o.Party)
		}
		if t.From <= 0 || t.To < t.From || t.To > record.MaxTime || t.To-t.From > maxContact {
			c.Against(ReasonTerms, "contact.time", "a contact has a beginning and an end, at most 31 days apart")
		}
		if t.Held && t.To > c.Header.Time {
			c.Against(ReasonTerms, "contact.held", "a contact is reported after it took place")
		}
		if t.Held && t.CalledOff {
			c.Against(ReasonTerms, "contact.both", "a contact took place or was called off, not both")
		}
		if len(t.Agents) == 0 || len(t.Agents) > record.MaxParties || !record.Ascending(t.Agents) || slices.ContainsFunc(t.Agents, func(p record.Party) bool { return !p.Valid() || !c.isParty(p) || p == c.Header.Party }) {
			c.Against(ReasonTerms, "contact.agents", "it names whose agents, other parties of the group, ascending")
		}
		if c.Opening == nil && !c.hasPart("title.") {
			c.Against(ReasonParts, "contact.subject", "a contact has a subject, in one language at least")
		}
		c.refersTo(actionKind.Name, t.Action)
	},
	Fold: func(s *State, records []Judged) {
		s.Owner = s.Author
		reported := int64(0)
		for _, j := range records {
			t := new(Contact)
			if j.Header().Verb != record.Report || record.Unmarshal(j.Header().Terms, t) != nil {
				continue
			}
			s.Facts = nil
			for _, p := range t.Agents {
				s.set("agents."+string(p), string(p))
			}
			s.set("from", strconv.FormatInt(t.From, 10))
			s.set("to", strconv.FormatInt(t.To, 10))
			s.link("action", t.Action)
			switch {
			case t.CalledOff:
				s.set("contact", ContactCalledOff)
			case t.Held:
				if reported == 0 { // what is mended later was reported when it was
					reported = j.Header().Time
				}
				s.set("contact", ContactHeld)
				s.set("reported", strconv.FormatInt(reported, 10))
			default:
				s.set("contact", ContactPlanned)
			}
		}
		foldReplies(s, records, nil)
	},
	Clocks: func(s *State, c *Charter) {
		by := s.seconds("to") + c.ContactClock()
		switch s.Fact("contact") {
		case ContactPlanned:
			s.set("report_by", strconv.FormatInt(by, 10))
		case ContactHeld:
			if late := s.seconds("reported") - by; late > 0 {
				s.set("late", strconv.FormatInt(late, 10))
			}
		}
	},
}

// ContactClock is the period in seconds from a contact's end to its report.
func (c *Charter) ContactClock() int64 {
	if c.Clocks.Contact == 0 {
		return contactClock
	}
	return c.Clocks.Contact
}

// Begins is when a contact begins, Unix seconds.
func (s *State) Begins() int64 { return s.seconds("from") }

// Sayings are the records that a log of a contact is read from, the later first: what it says anew, and its opening.
func (s *State) Sayings() []record.ID {
	if k := len(s.Reports); k > 1 {
		return []record.ID{s.Reports[k-1].ID, s.Instrument}
	}
	return []record.ID{s.Instrument}
}

// Late is by how many seconds a contact was reported after its time; 0: in time, or not yet.
func (s *State) Late() int64 { return s.seconds("late") }

// waitContact: a planned contact waits for its report from its beginning; the charter's clock runs from its end.
func (s *State) waitContact(add func(Attention)) {
	if by := s.seconds("report_by"); by != 0 {
		add(Attention{Party: s.Author, Reason: AttentionContact, About: s.Instrument, From: s.seconds("from"), Until: by + 1, By: by})
		add(Attention{Party: s.Author, Reason: AttentionContactLate, About: s.Instrument, From: by + 1, By: by})
	}
}
