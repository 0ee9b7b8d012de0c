package entente_test

import (
	"crypto/ed25519"
	"fmt"
	"slices"

	"entente"
	"entente/consent"
	"entente/record"
)

// A second reading of rules C2 and C6, from the raw bytes and as slowly as they are written: it shares no code with the
// ledger beyond the decoding of structs. pick chooses the powers that judge a record; naming it makes mutants possible.
type auditor struct {
	founding *entente.Charter
	logs     map[record.Party][]*record.Header
	ids      map[record.ID]*record.Header
	pick     func(spans []span, h *record.Header) *entente.Powers
}

type span struct {
	from   uint64
	time   int64
	powers *entente.Powers
}

// byIndex is the rule.
func byIndex(spans []span, h *record.Header) (p *entente.Powers) {
	for _, s := range spans {
		if s.from < h.Index {
			p = s.powers
		}
	}
	return p
}

// byTime is the mutant: it compares times where the rule compares positions.
func byTime(spans []span, h *record.Header) (p *entente.Powers) {
	for _, s := range spans {
		if s.time <= h.Time {
			p = s.powers
		}
	}
	return p
}

func newAuditor(v *view, pick func([]span, *record.Header) *entente.Powers) *auditor {
	a := &auditor{founding: v.ledger.Founding(), logs: map[record.Party][]*record.Header{}, ids: map[record.ID]*record.Header{}, pick: pick}
	for p, n := range v.cut {
		for _, r := range v.logs[p].records[:n] {
			h, _, err := record.Peek(r.Bytes())
			if err != nil {
				panic(err)
			}
			a.logs[p], a.ids[r.ID()] = append(a.logs[p], h), h
		}
	}
	return a
}

func (a *auditor) spans(p record.Party) (out []span) {
	i := slices.IndexFunc(a.founding.Parties, func(c entente.CharterParty) bool { return c.ID == p })
	root, next := a.founding.Parties[i].Root, a.founding.Parties[i].Next
	nonces := map[record.Nonce]bool{}
	for _, h := range a.logs[p] {
		if h.Kind != "powers" || h.Verb != record.Propose {
			continue
		}
		again := nonces[h.Nonce]
		nonces[h.Nonce] = true
		var x entente.Powers
		if again || record.Unmarshal(h.Terms, &x) != nil || x.Check() != nil {
			continue
		}
		stays := x.Root.String() == root.String() && x.Next == next
		if !stays && x.Root.Digest() != next {
			continue
		}
		act, _ := record.Act(h)
		for _, s := range h.Approvals {
			if s.Office == record.RootOffice && ed25519.Verify(ed25519.PublicKey(x.Root.Public), record.Statement(act, p, s.Office, s.Seat, s.Time), s.Signature) {
				out = append(out, span{h.Index, h.Time, &x})
				root, next = x.Root, x.Next
				break
			}
		}
	}
	return out
}

// signed says whether enough officials with the powers signed the record.
func (a *auditor) signed(h *record.Header) bool {
	p := a.pick(a.spans(h.Party), h)
	if p == nil {
		return false
	}
	act, _ := record.Act(h)
	for _, o := range p.Offices {
		seats := map[uint64]bool{}
		for _, s := range h.Approvals {
			for _, seat := range o.Seats {
				if s.Office == o.ID && s.Seat == seat.Number &&
					ed25519.Verify(ed25519.PublicKey(seat.Key.Public), record.Statement(act, h.Party, o.ID, s.Seat, s.Time), s.Signature) {
					seats[s.Seat] = true
				}
			}
		}
		for _, g := range o.Grants {
			kind := slices.Contains(g.Kinds, h.Kind) || slices.Contains(g.Kinds, "*")
			verb := len(g.Verbs) == 0 || slices.Contains(g.Verbs, h.Verb)
			where := len(g.Lines) == 0 || slices.Contains(g.Lines, h.Line)
			if kind && verb && where && (g.Until == 0 || h.Time < g.Until) && uint64(len(seats)) >= g.Sign {
				return true
			}
		}
	}
	return false
}

// first says whether the act stands at no lower index of its log.
func (a *auditor) first(h *record.Header) bool {
	for _, x := range a.logs[h.Party][:h.Index] {
		if x.Nonce == h.Nonce {
			return false
		}
	}
	return true
}

// required is rule C2 for every kind but powers, in the words of the model.
func (a *auditor) required(h *record.Header) []record.Party {
	c := a.founding
	if x := a.ids[h.Charter]; x != nil {
		c = new(entente.Charter)
		if err := record.Unmarshal(x.Terms, c); err != nil {
			panic(err)
		}
	}
	if h.Kind != "charter" && c.Consent[h.Kind] == "participants" && len(h.Participants) > 0 {
		return h.Participants
	}
	var out []record.Party
	for _, p := range c.Parties {
		out = append(out, p.ID)
	}
	return out
}

// unsupported returns why a version that a state calls in force has no right to it (invariant 1): a required party without
// one valid consent in the cut. checked counts the consents that were found.
func (a *auditor) unsupported(v *view) (why []string, checked int) {
	for id := range v.states {
		s := v.state(id)
		for _, x := range s.Versions {
			if x.Standing == consent.Open {
				continue
			}
			required := a.founding.IDs()
			if h := a.ids[x.ID]; h != nil {
				required = a.required(h)
			}
			if len(required) == 0 || !slices.Equal(required, x.Required) {
				why = append(why, fmt.Sprintf("%s needs %v, the state says %v", x.ID.Short(), required, x.Required))
			}
			for _, p := range required {
				if !slices.ContainsFunc(a.logs[p], func(h *record.Header) bool {
					return h.Verb == record.Consent && h.Version == x.ID && (x.Until == 0 || h.Time <= x.Until) && a.first(h) && a.signed(h)
				}) {
					why = append(why, fmt.Sprintf("%s is %s without a valid consent of %s", x.ID.Short(), x.Standing, p))
					continue
				}
				checked++
			}
		}
	}
	return why, checked
}
