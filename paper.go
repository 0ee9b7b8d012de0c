package entente

import (
	"strings"

	"entente/record"
)

// ConsentTerms are the terms of consent, the same for every kind that takes it. Most consents have none.
type ConsentTerms struct {
	Paper *Paper `cbor:"1,keyasint,omitempty" json:"paper,omitempty"`
}

// Paper says that an official signed the text on paper, whose scan is an annex of the consent. It is the party's own statement: an
// office that may record such signatures approves it, and nobody checks the ink.
type Paper struct {
	Office string `cbor:"1,keyasint" json:"office"`                    // the signatory's, of the same party
	Signed int64  `cbor:"2,keyasint" json:"signed"`                    // the date on the paper, Unix seconds
	Place  string `cbor:"3,keyasint,omitempty" json:"place,omitempty"` // as on the paper
}

const scans = "annex"

// consentRule is the same for every kind that takes consents.
var consentRule = Rule{Approved: true, Terms: func() any { return new(ConsentTerms) }, Parts: []string{scans + "/*"}}

// checkConsent holds a consent to its form. Without a signature on paper it has neither terms nor parts.
func checkConsent(c *Case) {
	t, ok := c.Terms.(*ConsentTerms)
	if !ok || c.Header.Verb != record.Consent {
		return
	}
	p := t.Paper
	if p == nil {
		if len(c.Header.Parts) > 0 {
			c.Against(ReasonParts, "paper.parts", "a consent has parts only where it records a signature on paper")
		}
		if len(c.Header.Terms) > 0 {
			c.Against(ReasonTerms, "paper.terms", "a consent without a signature on paper has no terms")
		}
		return
	}
	scanned := false
	for _, x := range c.Header.Parts {
		scanned = scanned || strings.HasPrefix(x.Name, scans+"/")
	}
	if !scanned {
		c.Against(ReasonParts, "paper.scan", "a signature on paper is recorded with its scan as an annex")
	}
	if !record.ValidName(p.Office) || p.Office == record.RootOffice {
		c.Against(ReasonTerms, "paper.office", "signed on paper by %.70q: want an office of the party", p.Office)
	}
	if p.Signed <= 0 || p.Signed > c.Header.Time {
		c.Against(ReasonTerms, "paper.date", "a signature on paper is recorded after it was made")
	}
	if p.Place != "" && !record.ValidText(p.Place) {
		c.Against(ReasonTerms, "paper.place", "place: want at most %d bytes of plain text", record.MaxName)
	}
}

// PaperOf returns what a consent says of a signature on paper, nil where it says nothing.
func PaperOf(h *record.Header) *Paper {
	t := new(ConsentTerms)
	if h.Verb != record.Consent || len(h.Terms) == 0 || record.Unmarshal(h.Terms, t) != nil {
		return nil
	}
	return t.Paper
}

// maySign says what keeps an office from having signed that on paper: the same authority is asked of ink as of a key, at the date
// on the paper.
func (p *Paper) maySign(h *record.Header, powers *Powers) record.Why {
	o, ok := powers.Office(p.Office)
	if !ok {
		return record.Because("approval.paper-office", "the office %s, said to have signed on paper, is not in the powers of %s", p.Office, h.Party)
	}
	for _, g := range o.Grants {
		if g.Covers(h.Kind, h.Verb, h.Line, p.Signed) {
			return record.Why{}
		}
	}
	return record.Because("approval.paper-grant", "the office %s, said to have signed on paper, had no authority for %s %s%s on that date", p.Office, h.Kind, h.Verb, ofLine(h.Line))
}
