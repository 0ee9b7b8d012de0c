package entente

import (
	"slices"

	"entente/record"
	"entente/release"
)

// Widening is an originator's word that parts of a record of its own may go to more parties than their marking names and, where they
// are TLP:RED, to more offices: the terms of a release. It narrows nothing; copies are asked back by a recall.
type Widening struct {
	Of      record.ID      `cbor:"11,keyasint,omitzero" json:"of,omitzero"`
	Parts   []string       `cbor:"12,keyasint,omitempty" json:"parts,omitempty"`   // ascending
	To      []record.Party `cbor:"13,keyasint,omitempty" json:"to,omitempty"`      // ascending
	Offices []string       `cbor:"14,keyasint,omitempty" json:"offices,omitempty"` // of TLP:RED, as MX/legal, ascending
}

var widenRule = Rule{Approved: true, Terms: func() any { return new(Widening) }}

// Widened is a release of parts on record.
type Widened struct {
	ID      record.ID      `cbor:"1,keyasint" json:"id"`
	Ref     record.Ref     `cbor:"2,keyasint" json:"ref"`
	Time    int64          `cbor:"3,keyasint" json:"time"`
	Of      record.ID      `cbor:"4,keyasint" json:"of"`
	Parts   []string       `cbor:"5,keyasint" json:"parts"`
	To      []record.Party `cbor:"6,keyasint,omitempty" json:"to,omitempty"`
	Offices []string       `cbor:"7,keyasint,omitempty" json:"offices,omitempty"`
}

// WideningOf reads which parts a release widens; nil: it is another act, or a release for publication.
func (k Kinds) WideningOf(h *record.Header) *Widening {
	if h.Verb != record.Release {
		return nil
	}
	t, err := k.DecodeTerms(h)
	if err != nil {
		return nil
	}
	return wideningIn(t)
}

// LetsOut is the record whose text a release lets be published; zero: none.
func (k Kinds) LetsOut(h *record.Header) record.ID {
	if h.Verb != record.Release {
		return record.ID{}
	}
	t, err := k.DecodeTerms(h)
	if err != nil || wideningIn(t) != nil {
		return record.ID{}
	}
	if c, ok := t.(*ClaimRelease); ok {
		if c.Word == "" {
			return record.ID{}
		}
		return c.Report
	}
	return h.Version
}

// Publishes reports whether a release of the kind may let a text be published.
func (x *Kind) Publishes() bool {
	rule, ok := x.Verbs[record.Release]
	return ok && (rule.Terms == nil || wideningIn(rule.Terms()) == nil)
}

// Announces reports whether a release of the kind lets the public read its texts.
func (x *Kind) Announces() bool {
	rule, ok := x.Verbs[record.Release]
	if !ok || rule.Terms == nil {
		return false
	}
	_, ok = rule.Terms().(*Released)
	return ok
}

func wideningIn(terms any) *Widening {
	switch t := terms.(type) {
	case *Widening:
		return t
	case *Released:
		if !t.Of.IsZero() {
			return &t.Widening
		}
	case *ClaimRelease:
		if !t.Of.IsZero() {
			return &t.Widening
		}
	}
	return nil
}

// checkWidening holds a release to parts of its author's own record, and to what it may add to their markings.
func checkWidening(c *Case) {
	t := wideningIn(c.Terms)
	if t == nil {
		return
	}
	if !c.Header.Version.IsZero() {
		c.Against(ReasonReference, "widen.version", "a release of parts names their record in its terms, and no version")
	}
	r := c.named(t.Of, t.Parts)
	if r == nil {
		return
	}
	h := r.Header()
	if h.Party != c.Header.Party {
		c.Against(ReasonParties, "widen.author", "only %s, whose words they are, releases them to others", h.Party)
	}
	for _, p := range t.To {
		if !c.isParty(p) {
			c.Against(ReasonParties, "widen.party", "%s is not a party of the group", p)
		}
	}
	for _, name := range t.Parts {
		if ref, ok := h.Part(name); ok {
			for _, why := range release.CheckWiden(ref.Marking, h.Party, t.To, t.Offices) {
				c.hold(ReasonParts, why)
			}
		}
	}
}

// Marking is that of a part as its originator has widened it.
func (s *State) Marking(of record.ID, name string, m record.Marking) record.Marking {
	for _, w := range s.Widened {
		if w.Of == of && slices.Contains(w.Parts, name) {
			m = release.Widen(m, w.To, w.Offices)
		}
	}
	return m
}
