package entente

import (
	"slices"
	"strings"

	"entente/record"
)

// Commitment is a dated promise of one party, with what done means, in done.* or its body, and who verifies it.
type Commitment struct {
	Owner          record.Party      `cbor:"1,keyasint" json:"owner"`
	Office         string            `cbor:"2,keyasint,omitempty" json:"office,omitempty"` // of the owner
	Due            int64             `cbor:"3,keyasint" json:"due"`                        // Unix seconds
	Verifier       record.Party      `cbor:"4,keyasint,omitempty" json:"verifier,omitempty"`
	Decision       record.ID         `cbor:"5,keyasint,omitzero" json:"decision,omitzero"`   // the decision it came from
	Objective      record.ID         `cbor:"6,keyasint,omitzero" json:"objective,omitzero"`  // the objective it serves
	Budget         string            `cbor:"7,keyasint,omitempty" json:"budget,omitempty"`   // decimal
	Currency       string            `cbor:"8,keyasint,omitempty" json:"currency,omitempty"` // ISO 4217
	Treaty         map[string]string `cbor:"9,keyasint,omitempty" json:"treaty,omitempty"`   // language → its name, where the nature is treaty
	VerifierOffice string            `cbor:"10,keyasint,omitempty" json:"verifier_office,omitempty"`
}

// Progress is what a report on a commitment says.
type Progress struct {
	Progress string `cbor:"1,keyasint" json:"progress"`
}

// The progress of a commitment.
const (
	ProgressUnderWay = "under-way"
	ProgressDone     = "done"
)

var commitmentKind = &Kind{
	Name: "commitment",
	Verbs: map[record.Verb]Rule{
		record.Propose: {Opens: true, Approved: true, Terms: func() any { return new(Commitment) },
			Parts: []string{"title.*", "body.*", "done.*", "annex/*"}, Needs: []string{"title.*", "body.*"}},
		record.Consent:  consentRule,
		record.Withdraw: withdrawRule,
		record.Report:   {Approved: true, Terms: func() any { return new(Progress) }, Parts: []string{"body.*", "annex/*"}},
		record.Reply:    replyRule,
		record.Note:     translationRule,
	},
	Check: func(c *Case) {
		checkReply(c)
		switch t := c.Terms.(type) {
		case *Commitment:
			c.task("owner", t.Owner)
			if t.Verifier != "" {
				c.task("verifier", t.Verifier)
			}
			if t.Verifier != "" && t.Verifier == t.Owner {
				c.Against(ReasonTerms, "commitment.verifier", "its owner does not verify it: name another party, or none")
			}
			if t.VerifierOffice != "" && t.Verifier == "" {
				c.Against(ReasonTerms, "commitment.verifying-party", "an office verifies for the party that verifies: name it")
			}
			for _, o := range []string{t.Office, t.VerifierOffice} {
				if o != "" && !record.ValidName(o) {
					c.Against(ReasonTerms, "office.name", "office %q is not a name", o)
				}
			}
			if t.Due <= 0 || t.Due > record.MaxTime {
				c.Against(ReasonTerms, "commitment.due", "it has no due date")
			}
			c.refersTo("decision", t.Decision)
			c.refersTo("objective", t.Objective)
			if (t.Budget != "" || t.Currency != "") && (!record.Decimal(t.Budget).Valid() || !validCurrency(t.Currency)) {
				c.Against(ReasonTerms, "commitment.budget", "a budget is a decimal with an ISO 4217 currency")
			}
			c.treaty(t.Treaty)
		case *Progress:
			if t.Progress != ProgressUnderWay && t.Progress != ProgressDone {
				c.Against(ReasonTerms, "commitment.progress", "progress %q is not one of under-way, done", t.Progress)
			}
			if o := c.proposal(); o != nil {
				if owner := new(Commitment); record.Unmarshal(o.Terms, owner) == nil && owner.Owner != c.Header.Party {
					c.Against(ReasonParties, "commitment.owner", "only its owner, %s, reports on it", owner.Owner)
				}
			} else {
				c.Against(ReasonReference, "commitment.version", "a report names the version it reports on")
			}
		}
	},
	Fold: func(s *State, records []Judged) {
		if t := textTerms[Commitment](s, records); t != nil {
			s.Owner, s.Due = t.Owner, t.Due
			s.set("office", t.Office)
			s.set("verifier", string(t.Verifier))
			s.set("verifier_office", t.VerifierOffice)
			s.set("budget", t.Budget)
			s.set("currency", t.Currency)
			for l, name := range t.Treaty { // facts are put in order
				s.set("treaty."+l, name)
			}
			s.link("decision", t.Decision)
			s.link("objective", t.Objective)
		}
		own := slices.DeleteFunc(slices.Clone(records), func(j Judged) bool {
			return j.Header().Verb == record.Report && j.Header().Party != s.Owner // it reported on a text of its own that nobody agreed to
		})
		foldReplies(s, own, func(j Judged) string {
			p := new(Progress)
			_ = record.Unmarshal(j.Header().Terms, p) // judged before
			return p.Progress
		})
	},
}

// task holds a text that gives a party something to do to naming one whose consent it needs: nobody is bound by others.
func (c *Case) task(what string, p record.Party) {
	if !c.isParty(p) {
		c.Against(ReasonTerms, "task.party", "%s %.20q is not a party of the group", what, string(p))
	} else if c.Required != nil && !slices.Contains(c.Required, p) {
		c.Against(ReasonTerms, "task.required", "%s %s is not among those whose consent the text needs", what, p)
	}
}

// treaty holds a text under a treaty to naming it in every language of the charter, and any other to naming none.
func (c *Case) treaty(names map[string]string) {
	if (c.Header.Nature == record.Treaty) != (len(names) > 0) {
		c.Against(ReasonTerms, "treaty.name", "a treaty is named where the nature is treaty, and only there")
	} else if len(names) > 0 && c.Charter != nil {
		if err := c.Charter.texts("name of the treaty", names); err != nil {
			c.Against(ReasonTerms, "charter.treaty", "%s", err)
		}
	}
}

// validCurrency: three capital letters, the form of ISO 4217 codes.
func validCurrency(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func (c *Case) isParty(p record.Party) bool {
	return c.Charter == nil || slices.Contains(c.Charter.IDs(), p)
}

// proposal is the version a record names.
func (c *Case) proposal() *record.Header { return c.Proposal }

// refersTo holds a reference in the terms to an instrument of that kind which the record knows. Absent is fine.
func (c *Case) refersTo(kind string, id record.ID) {
	if id.IsZero() {
		return
	}
	if r := c.Find(id); r == nil || r.Header().Kind != kind || !r.Header().Instrument.IsZero() {
		c.Against(ReasonReference, "refers", "it knows no %s %s", kind, id.Short())
	}
}
