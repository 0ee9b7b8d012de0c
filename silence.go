package entente

import (
	"slices"

	"entente/consent"
	"entente/record"
)

// Silence is what came of asking the others whether they object to a text. It binds nobody: a text is agreed by consents alone.
type Silence struct {
	Version  record.ID      `json:"version"`
	Asked    consent.Moment `json:"asked"` // the latest request counts
	By       int64          `json:"by"`    // the last second for an objection
	Over     bool           `json:"over,omitempty"`
	Objected []record.Party `json:"objected,omitempty"` // by then, ascending; nobody, once it is over: no objection was received
}

// checkSilence holds a request to the author's own text, a time ahead, and a charter that lets it be made.
func checkSilence(c *Case, t *ReplyTerms, text *record.Header) {
	h := c.Header
	switch {
	case text.Party != h.Party:
		c.Against(ReasonParties, "silence.author", "only its author, %s, asks whether the others object to a text", text.Party)
	case t.By <= h.Time || t.By > record.MaxTime:
		c.Against(ReasonTerms, "silence.past", "objections are asked for by a time to come")
	case text.Until != 0 && t.By > text.Until:
		c.Against(ReasonTerms, "silence.until", "objections are asked for by a time at which the text can still be agreed")
	}
	if c.Charter == nil || !slices.Contains(c.Charter.Silence, h.Kind) {
		c.Against(ReasonTerms, "silence.kind", "the charter does not let objections to the kind %s be asked for", h.Kind)
	}
}

// silence reads what came of the latest request on a text, false where none was made. An objection is what another party
// last said of the text by then, if it objects or has observations; its consent afterwards takes that back.
func (s *State) silence(v *VersionState, now int64) (out Silence, asked bool) {
	for _, r := range s.Replies {
		if r.To == v.ID && r.Stance == AskNoObjection {
			out, asked = Silence{Version: v.ID, Asked: consent.Moment{Ref: r.Ref, Time: r.Time}, By: r.By, Over: now > r.By}, true
		}
	}
	if !asked {
		return out, false
	}
	for p, r := range s.position(v.ID, out.By) {
		consented := slices.ContainsFunc(v.Sides, func(x Side) bool {
			return x.Party == p && x.Consent != nil && x.Consent.Ref.Index > r.Ref.Index
		})
		if p != v.Ref.Party && !consented && (r.Stance == Object || r.Stance == Contest) {
			out.Objected = append(out.Objected, p)
		}
	}
	slices.Sort(out.Objected)
	return out, true
}

// position is what each party last said of a text itself, up to a time: requests and answers to questions say nothing of it.
func (s *State) position(version record.ID, until int64) map[record.Party]Reply {
	out := map[record.Party]Reply{}
	for _, r := range s.Replies {
		if r.To == version && r.Time <= until && slices.Contains([]Stance{Acknowledge, Contest, Object, AdReferendum}, r.Stance) {
			out[r.Ref.Party] = r
		}
	}
	return out
}

// AdReferendum lists the parties that agree to a text subject to confirmation and have not confirmed it by their consent.
func (s *State) AdReferendum(version record.ID) []record.Party {
	i := s.version(version)
	if i < 0 {
		return nil
	}
	var out []record.Party
	said := s.position(version, record.MaxTime)
	for _, x := range s.Versions[i].Sides {
		if x.Consent == nil && x.Withdrawn == nil && said[x.Party].Stance == AdReferendum {
			out = append(out, x.Party)
		}
	}
	return out
}
