package entente

import "entente/record"

// Objective is an outcome of a line of effort, or an objective under one.
type Objective struct {
	Level  string       `cbor:"1,keyasint" json:"level"` // outcome or objective
	Parent record.ID    `cbor:"2,keyasint,omitzero" json:"parent,omitzero"`
	Owner  record.Party `cbor:"3,keyasint,omitempty" json:"owner,omitempty"`
	Office string       `cbor:"4,keyasint,omitempty" json:"office,omitempty"` // of the owner
}

var objectiveKind = &Kind{
	Name: "objective",
	Verbs: map[record.Verb]Rule{
		record.Propose: {Opens: true, Approved: true, Terms: func() any { return new(Objective) },
			Parts: []string{"title.*", "body.*", "activities.*", "risks.*", "annex/*"}, Needs: []string{"title.*"}},
		record.Consent:  consentRule,
		record.Withdraw: withdrawRule,
		record.Report:   statusRule,
		record.Reply:    replyRule,
		record.Note:     translationRule,
	},
	Check: func(c *Case) {
		checkReply(c)
		checkStatus(c)
		if t, ok := c.Terms.(*Objective); ok {
			if t.Level != "outcome" && t.Level != "objective" {
				c.Against(ReasonTerms, "objective.level", "level %q is not one of outcome, objective", t.Level)
			}
			c.refersTo("objective", t.Parent)
			if t.Owner != "" {
				c.task("owner", t.Owner)
			}
			if t.Office != "" && (t.Owner == "" || !record.ValidName(t.Office)) {
				c.Against(ReasonTerms, "owner.office", "office %.70q is no name, or of no owner", t.Office)
			}
			if c.Header.Line == "" {
				c.Against(ReasonTerms, "objective.line", "an objective stands on a line of effort")
			}
		}
	},
	Fold: func(s *State, records []Judged) {
		if t := textTerms[Objective](s, records); t != nil {
			s.Owner = t.Owner
			s.set("level", t.Level)
			s.set("office", t.Office)
			s.link("parent", t.Parent)
		}
		s.stated(records, "body", "activities", "risks")
		foldStatuses(s, records)
		foldReplies(s, texts(records), nil)
	},
}
