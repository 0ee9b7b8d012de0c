package entente

import (
	"cmp"
	"slices"
	"strconv"

	"entente/consent"
	"entente/record"
)

// Action is something that officials do at a place: an inspection, an operation, an overflight. Its area stands in the header,
// its exact shape in the part shape (GeoJSON), and what only those who act need in the part operational.
type Action struct {
	Lead       record.Party            `cbor:"1,keyasint" json:"lead"`
	LeadOffice string                  `cbor:"2,keyasint,omitempty" json:"lead_office,omitempty"` // of the lead
	Offices    map[record.Party]string `cbor:"3,keyasint,omitempty" json:"offices,omitempty"`     // taking part, party → office
	From       int64                   `cbor:"4,keyasint" json:"from"`                            // Unix seconds
	To         int64                   `cbor:"5,keyasint" json:"to"`                              // likewise; not part of it
	Hosts      []record.Party          `cbor:"6,keyasint,omitempty" json:"hosts,omitempty"`       // beside those whose territory it is, ascending
	Conditions []string                `cbor:"7,keyasint,omitempty" json:"conditions,omitempty"`  // of the host, ascending: Conditions
	LowM       int64                   `cbor:"8,keyasint,omitzero" json:"low_m,omitzero"`         // overflight: metres above ground
	HighM      int64                   `cbor:"9,keyasint,omitzero" json:"high_m,omitzero"`        // likewise; 0: no overflight
}

// Conditions that a host may set; others stand in the part conditions.
var Conditions = []string{"accompanied", "reporting", "unarmed"}

// Parts of an action beside title and body.
const (
	ShapePart       = "shape"       // GeoJSON of the exact area; the cells of the header contain it
	OperationalPart = "operational" // narrower by office than the rest; never withheld from a required party
)

// maxHeight of an overflight in metres: above it nothing of these groups flies.
const maxHeight = 50_000

// ActionNote claims the place for a party that was only notified, or supplies another language of a record.
type ActionNote struct {
	Claim bool      `cbor:"1,keyasint,omitempty" json:"claim,omitempty"` // of the version that the note names
	Of    record.ID `cbor:"2,keyasint,omitzero" json:"of,omitzero"`
}

func (n *ActionNote) translates() record.ID { return n.Of }

var actionKind = &Kind{
	Name: "action",
	Verbs: map[record.Verb]Rule{
		record.Propose: {Opens: true, Approved: true, Terms: func() any { return new(Action) },
			Parts: []string{"title.*", "body.*", "conditions.*", ShapePart, OperationalPart, "annex/*"}, Needs: []string{"title.*", "body.*", ShapePart}},
		record.Consent:  consentRule,
		record.Withdraw: withdrawRule,
		record.Report:   {Approved: true, Terms: func() any { return new(Progress) }, Parts: []string{"body.*", "annex/*"}},
		record.Reply:    replyRule,
		record.Note:     {Approved: true, Terms: func() any { return new(ActionNote) }, Parts: []string{"title.*", "body.*"}},
	},
	Required: func(c *Charter, h *record.Header) []record.Party {
		if len(h.Participants) == 0 {
			return nil
		}
		return together(h.Participants, []record.Party{h.Party})
	},
	Area: func(h *record.Header) []record.Party {
		t := new(Action)
		if record.Unmarshal(h.Terms, t) != nil {
			return nil
		}
		return t.Hosts
	},
	Check: checkAction,
	Fold: func(s *State, records []Judged) {
		if t := textTerms[Action](s, records); t != nil {
			s.Owner, s.Due = t.Lead, t.To
			s.set("lead", string(t.Lead))
			s.set("office", t.LeadOffice)
			s.set("from", strconv.FormatInt(t.From, 10))
			s.set("to", strconv.FormatInt(t.To, 10))
			for p, o := range t.Offices { // facts are put in order
				s.set("office."+string(p), o)
			}
			for _, x := range t.Conditions {
				s.set("condition."+x, "yes")
			}
			if t.HighM > 0 {
				s.set("low_m", strconv.FormatInt(t.LowM, 10))
				s.set("high_m", strconv.FormatInt(t.HighM, 10))
			}
		}
		foldReplies(s, records, func(j Judged) string {
			p := new(Progress)
			_ = record.Unmarshal(j.Header().Terms, p) // judged before
			return p.Progress
		})
	},
}

func checkAction(c *Case) {
	checkReply(c)
	switch t := c.Terms.(type) {
	case *Action:
		c.task("lead", t.Lead)
		if t.From <= 0 || t.To <= t.From || t.To > record.MaxTime {
			c.Against(ReasonTerms, "action.window", "an action has a beginning and a later end")
		}
		for _, p := range t.Hosts {
			if !c.isParty(p) {
				c.Against(ReasonTerms, "action.host", "the host %.20q is not a party of the group", string(p))
			}
		}
		if !record.Ascending(t.Hosts) || !record.Ascending(t.Conditions) {
			c.Against(ReasonTerms, "action.order", "hosts and conditions ascend without doubles")
		}
		for _, x := range t.Conditions {
			if !slices.Contains(Conditions, x) {
				c.Against(ReasonTerms, "action.condition", "condition %.70q is not one of %v", x, Conditions)
			}
		}
		names := []string{t.LeadOffice}
		for p, o := range t.Offices {
			if !c.isParty(p) {
				names = append(names, "")
				continue
			}
			names = append(names, o)
		}
		if slices.ContainsFunc(names[1:], func(o string) bool { return !record.ValidName(o) }) || t.LeadOffice != "" && !record.ValidName(t.LeadOffice) {
			c.Against(ReasonTerms, "action.office", "offices that take part are named by party and name")
		}
		if t.LowM < 0 || t.HighM < 0 || t.HighM > maxHeight || t.LowM > 0 && t.HighM <= t.LowM {
			c.Against(ReasonTerms, "action.height", "an overflight stays between two heights, up to %d m", maxHeight)
		}
	case *Progress:
		if t.Progress != ProgressUnderWay && t.Progress != ProgressDone {
			c.Against(ReasonTerms, "progress", "progress %q is not one of under-way, done", t.Progress)
		}
		if c.proposal() == nil {
			c.Against(ReasonReference, "report.version", "a report names the version it reports on")
		}
	case *ActionNote:
		if t.Claim == !t.Of.IsZero() {
			c.Against(ReasonTerms, "action.note", "a note on an action claims the place, or supplies another language")
		}
		if !t.Claim {
			return
		}
		if o := c.proposal(); o == nil {
			c.Against(ReasonReference, "action.claim-version", "a claim names the version it speaks of")
		} else if !slices.Contains(c.notified(o), c.Header.Party) {
			c.Against(ReasonParties, "action.claim", "only a party that the area comes near claims the place; a host withdraws its consent")
		}
	}
}

// waitPlace: who is told of a stop or a claim, and who may still say one. Nothing of a place waits when the action's time is over.
func (s *State) waitPlace(add func(Attention)) {
	at := func(a Attention) {
		if s.Due != 0 && (a.Until == 0 || a.Until > s.Due) {
			a.Until = s.Due
		}
		add(a)
	}
	phase, live := s.Standing().Phase, s.live()
	stopped, without := s.stands(consent.Stopped), s.stands(consent.Hostless)
	for i := range s.Versions {
		v := &s.Versions[i]
		if v.Place == "" {
			continue
		}
		until := int64(0)
		if live[i] && v.Until != 0 {
			until = v.Until + 1
		}
		if n := len(v.Stops); n > 0 && (live[i] || phase == PhaseStopped && v == stopped) {
			a := Attention{Reason: AttentionStopped, About: v.Stops[n-1].ID, Until: until}
			for k := i + 1; k < len(s.Versions); k++ { // a later text answers it, until that lapses
				if y := &s.Versions[k]; live[k] && len(y.Stops) == 0 {
					a.From = max(a.From, cmp.Or(y.Until, never-1)+1)
				}
			}
			for _, p := range together(v.Required, []record.Party{s.Owner}) {
				if said := func(x Stop) bool { return x.Ref.Party == p }; a.From != never && !slices.ContainsFunc(v.Stops, said) {
					a.Party = p
					at(a)
				}
			}
		}
		if live[i] || v.Standing == consent.InForce || phase == PhaseAgreed && v == without {
			for _, p := range v.Notified { // whoever is asked for its consent says by that whose place it is
				if !slices.Contains(v.Required, p) && !slices.ContainsFunc(v.Stops, func(x Stop) bool { return x.Claim && x.Ref.Party == p }) &&
					!slices.ContainsFunc(s.Replies, func(x Reply) bool { return x.To == v.ID && x.Ref.Party == p }) {
					at(Attention{Party: p, Reason: AttentionNear, About: v.ID, Until: until, By: s.seconds("from")})
				}
			}
		}
		if done, _ := s.done(); v.Standing == consent.InForce && !done {
			for _, p := range v.Hosts {
				if from := s.seconds("from"); p != s.Owner {
					at(Attention{Party: p, Reason: AttentionHere, About: v.ID, From: max(from-dueAhead, 0), By: from})
				}
			}
		}
	}
}

// together are the parties of both lists, ascending.
func together(a, b []record.Party) []record.Party {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}
