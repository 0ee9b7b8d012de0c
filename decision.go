package entente

import (
	"strconv"

	"entente/record"
)

// Decision is what a meeting decided; commitments name it as their source.
type Decision struct {
	Meeting record.ID `cbor:"1,keyasint" json:"meeting"`
	Item    uint64    `cbor:"2,keyasint,omitzero" json:"item,omitzero"` // of the agenda
}

var decisionKind = &Kind{
	Name: "decision",
	Verbs: map[record.Verb]Rule{
		record.Propose: {Opens: true, Approved: true, Terms: func() any { return new(Decision) },
			Parts: []string{"title.*", "body.*", "annex/*"}, Needs: []string{"title.*", "body.*"}},
		record.Consent:  consentRule,
		record.Withdraw: withdrawRule,
		record.Reply:    replyRule,
		record.Note:     translationRule,
	},
	Check: func(c *Case) {
		checkReply(c)
		if t, ok := c.Terms.(*Decision); ok {
			if t.Meeting.IsZero() {
				c.Against(ReasonTerms, "decision.meeting", "a decision names its meeting")
			}
			if t.Item > MaxAgenda {
				c.Against(ReasonTerms, "agenda.number", "agenda items are numbered from 1 to %d", MaxAgenda)
			}
			c.refersTo(meetingKind.Name, t.Meeting)
		}
	},
	Fold: func(s *State, records []Judged) {
		if t := textTerms[Decision](s, records); t != nil {
			s.link("meeting", t.Meeting)
			if t.Item > 0 {
				s.set("item", strconv.FormatUint(t.Item, 10))
			}
		}
		foldReplies(s, records, nil)
	},
}
