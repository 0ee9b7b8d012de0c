package entente

import "entente/record"

// Statement is a text for the public, agreed by all, or one side's own shown to the other beforehand.
type Statement struct {
	Embargo int64 `cbor:"1,keyasint,omitzero" json:"embargo,omitzero"` // not before, Unix seconds
}

var statementKind = &Kind{
	Name: "statement",
	Verbs: map[record.Verb]Rule{
		record.Propose: {Opens: true, Approved: true, Terms: func() any { return new(Statement) },
			Parts: []string{"title.*", "body.*", "annex/*"}, Needs: []string{"title.*", "body.*"}},
		record.Consent:  consentRule,
		record.Withdraw: withdrawRule,
		record.Reply:    replyRule,
	},
	Check: func(c *Case) {
		checkReply(c)
		if t, ok := c.Terms.(*Statement); ok && (t.Embargo < 0 || t.Embargo > record.MaxTime) {
			c.Add(ReasonTerms, "embargo outside the years 1970 to 9999")
		}
	},
	Fold: func(s *State, records []Judged) {
		if t := textTerms[Statement](s, records); t != nil {
			s.Due = t.Embargo
		}
		foldReplies(s, records, nil)
	},
}
