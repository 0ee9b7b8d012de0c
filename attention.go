package entente

import (
	"cmp"
	"math"
	"slices"

	"entente/consent"
	"entente/record"
)

// Attention is one thing that waits for one party. It is read from a state alone, so it can be stored beside it: which of
// the stored things show at a moment is decided by From and Until, and agrees with State.At.
type Attention struct {
	Party  record.Party    `json:"party"`
	Reason AttentionReason `json:"reason"`
	About  record.ID       `json:"about"`           // the text, report or reply that waits
	From   int64           `json:"from,omitempty"`  // Unix seconds from which it shows; 0: at once
	Until  int64           `json:"until,omitempty"` // the first second in which it no longer shows; 0: no end
	By     int64           `json:"by,omitempty"`    // the date to print: last day to sign, due date, start; 0: none
}

// AttentionReason is a short code, stable because it is stored and translated.
type AttentionReason string

// The reasons for attention.
const (
	AttentionSign        AttentionReason = "sign"               // an open text waits for this party's consent
	AttentionWait        AttentionReason = "wait"               // this party consented, and another is asked to
	AttentionDue         AttentionReason = "due"                // what this party owes falls due within two weeks
	AttentionOverdue     AttentionReason = "overdue"            // and the date has passed
	AttentionVerify      AttentionReason = "verify"             // reported done: this party says whether it is
	AttentionAnswer      AttentionReason = "answer"             // another party has observations on this party's text or report
	AttentionFigures     AttentionReason = "figures-to-answer"  // another party's figures, neither acknowledged nor contested
	AttentionMeeting     AttentionReason = "meeting"            // it takes place within three weeks
	AttentionHeld        AttentionReason = "report-held"        // its host has not reported it held
	AttentionPublish     AttentionReason = "publish"            // agreed under an embargo, and this party has not let it out
	AttentionClaim       AttentionReason = "claim-to-answer"    // another party put a claim before this one, which said nothing of it
	AttentionContact     AttentionReason = "contact-to-report"  // this party planned a contact; the charter's clock runs to its report
	AttentionContactLate AttentionReason = "contact-overdue"    // and that clock has run out
	AttentionStopped     AttentionReason = "action-stopped"     // this party's action was stopped, or a text for it claimed, by another party
	AttentionNear        AttentionReason = "action-near"        // an action of others comes near this party's territory: it may claim the place
	AttentionHere        AttentionReason = "action-here"        // an action led by another party is agreed for a place of this one, which may stop it
	AttentionAuthorised  AttentionReason = "authorisation-ends" // this party leads an action whose time ends within two weeks
	AttentionIncident    AttentionReason = "incident-to-answer" // an incident is attributed to this party, which said nothing of it
	AttentionCopy        AttentionReason = "courtesy-copy"      // another party's own text, of which this party said nothing
	AttentionTranslate   AttentionReason = "translate"          // this party's words stand in one language and not in every other
	AttentionSilence     AttentionReason = "objections-asked"   // another party asked for objections to its text, and this party said nothing of it
	AttentionEnding      AttentionReason = "ending"             // notice is running
	AttentionRecall      AttentionReason = "recalled"           // another party asks for its copies back, and this party has not answered
	AttentionErase       AttentionReason = "erase-asked"        // another party wants content destroyed, and this party has not said so
	AttentionWithdrawn   AttentionReason = "withdrawn-pending"  // this party's withdrawal is not yet known to the others
)

// AttentionReasons are all reasons, in the order in which lists show them.
var AttentionReasons = []AttentionReason{AttentionOverdue, AttentionContactLate, AttentionStopped, AttentionSign, AttentionVerify, AttentionAnswer, AttentionIncident, AttentionPublish, AttentionHeld, AttentionFigures,
	AttentionClaim, AttentionCopy, AttentionSilence, AttentionRecall, AttentionErase, AttentionContact, AttentionNear, AttentionHere, AttentionAuthorised, AttentionDue, AttentionMeeting, AttentionWithdrawn, AttentionEnding, AttentionTranslate, AttentionWait}

// How long around its date a thing shows, in seconds.
const (
	dueAhead     = 14 * 86400
	meetingAhead = 21 * 86400
	meetingShown = 86400 // after its start
	never        = math.MaxInt64
)

// Shows reports whether it waits at a moment, Unix seconds.
func (a Attention) Shows(now int64) bool { return a.From <= now && (a.Until == 0 || now < a.Until) }

// Attention lists what the state makes wait, for whom, at any moment: by party, then in the order of the reasons. parties
// are those of the group.
func (s *State) Attention(parties []record.Party) []Attention {
	if s.Standing().Phase == PhaseRejected {
		return nil
	}
	var out []Attention
	add := func(a Attention) {
		if s.Ends != 0 && (a.Until == 0 || a.Until > s.Ends) { // nothing waits on what has ended
			a.Until = s.Ends
		}
		if a.Party != "" && (a.Until == 0 || a.From < a.Until) {
			out = append(out, a)
		}
	}
	s.waitConsent(add)
	s.waitReply(parties, add)
	s.waitCopy(parties, add)
	s.waitSilence(parties, add)
	s.waitContact(add)
	s.waitPlace(add)
	for _, u := range s.Untranslated {
		add(Attention{Party: u.Ref.Party, Reason: AttentionTranslate, About: u.Of})
	}
	out = append(out, s.waitParts(parties)...)
	if f := s.InForce(); f != nil {
		s.waitDate(f, add)
		for _, p := range f.Required {
			if len(s.Notices) > 0 {
				add(Attention{Party: p, Reason: AttentionEnding, About: f.ID, Until: s.Ends, By: s.Ends})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Attention) int {
		return cmp.Or(cmp.Compare(a.Party, b.Party), cmp.Compare(slices.Index(AttentionReasons, a.Reason), slices.Index(AttentionReasons, b.Reason)),
			cmp.Compare(a.From, b.From))
	})
	return out
}

// waitConsent: who is asked to sign which text, and who waits for it. Whose own word stands on a later text with the same
// predecessor has answered this one by it, until that lapses.
func (s *State) waitConsent(add func(Attention)) {
	type word struct {
		replaces record.ID
		party    record.Party
	}
	live := s.live()
	answered := map[word]int64{} // until when, by the later texts
	for i := len(s.Versions) - 1; i >= 0; i-- {
		v := &s.Versions[i]
		for _, x := range v.Sides {
			if v.Standing == consent.Open && x.Pending {
				add(Attention{Party: x.Party, Reason: AttentionWithdrawn, About: v.ID})
			}
		}
		if !live[i] {
			continue
		}
		a := Attention{About: v.ID, By: v.Until}
		if v.Until != 0 {
			a.Until = v.Until + 1 // a consent of that second counts
		}
		first := int64(never)
		for _, x := range v.Sides {
			if a.From = answered[word{v.Replaces, x.Party}]; x.Consent == nil && a.From != never {
				first = min(first, a.From)
				a.Party, a.Reason = x.Party, AttentionSign
				add(a)
			}
		}
		for _, x := range v.Sides {
			if x.Consent == nil {
				continue
			}
			if first != never {
				a.Party, a.Reason, a.From = x.Party, AttentionWait, first
				add(a)
			}
			w := word{v.Replaces, x.Party}
			answered[w] = max(answered[w], cmp.Or(a.Until, never))
		}
	}
}

// waitReply: who says of a report whether it holds, and who answers observations.
func (s *State) waitReply(parties []record.Party, add func(Attention)) {
	f, n := s.InForce(), len(s.Reports)
	if f == nil && n > 0 && len(s.Versions) > 0 {
		return // reported on before it is agreed
	}
	live := s.live()
	asked, observing := map[record.Party]bool{}, map[record.Party]bool{}
	for _, o := range s.observations() {
		by, open, until := s.authorOf(o.To), n > 0, int64(0)
		if i := s.version(o.To); i >= 0 {
			if open = live[i] || f != nil && f.ID == o.To; live[i] && s.Versions[i].Until != 0 {
				until = s.Versions[i].Until + 1
			}
		}
		if !open || s.answered(o, by) {
			continue
		}
		observing[o.Ref.Party] = true
		if !asked[by] {
			asked[by] = true
			add(Attention{Party: by, Reason: AttentionAnswer, About: o.ID, Until: until})
		}
	}
	if n == 0 {
		return
	}
	last := s.Reports[n-1]
	done, verified := s.done()
	verifier := record.Party(s.Fact("verifier"))
	for _, p := range parties {
		st := s.stance(p)
		switch {
		case p == last.Ref.Party || st == Acknowledge:
		case len(s.Versions) == 0 && s.quoted():
			if st == "" { // whatever it said
				add(Attention{Party: p, Reason: AttentionClaim, About: last.ID})
			}
		case len(s.Versions) == 0 && s.Fact("contact") != "": // a party's own log: the others may say something of it
		case len(s.Versions) == 0 && s.Fact("severity") != "":
			if st == "" && p == record.Party(s.Fact("attributed")) {
				add(Attention{Party: p, Reason: AttentionIncident, About: last.ID})
			}
		case len(s.Versions) == 0 && st != Contest && st != Object:
			add(Attention{Party: p, Reason: AttentionFigures, About: last.ID})
		case f != nil && done && !verified && !s.session() && !observing[p] && (verifier == "" || verifier == p):
			add(Attention{Party: p, Reason: AttentionVerify, About: last.ID})
		}
	}
}

// waitCopy: who has been shown one party's own text and may say something before it is public. A new text is a new copy.
func (s *State) waitCopy(parties []record.Party, add func(Attention)) {
	author, v := record.Party(s.Fact("own")), s.Text()
	st := s.Standing()
	if author == "" || v == nil || st.Phase == PhaseWithdrawn {
		return
	}
	until := st.Until
	if until != 0 {
		until++
	}
	if at, ok := v.PublishedAt(); ok {
		until = at
	}
	for _, c := range s.Copies(v.ID, parties) {
		if c.Stance == "" {
			add(Attention{Party: c.Party, Reason: AttentionCopy, About: v.ID, Until: until, By: s.Due})
		}
	}
}

// waitSilence: who may object by a time, and has said nothing yet.
func (s *State) waitSilence(parties []record.Party, add func(Attention)) {
	live := s.live()
	for i := range s.Versions {
		v := &s.Versions[i]
		x, asked := s.silence(v, 0)
		if !asked || !live[i] {
			continue
		}
		said, last := s.position(v.ID, x.By), x.By
		if v.Until != 0 {
			last = min(last, v.Until)
		}
		for _, p := range parties {
			consented := slices.ContainsFunc(v.Sides, func(y Side) bool { return y.Party == p && y.Consent != nil })
			if _, spoke := said[p]; p != v.Ref.Party && !spoke && !consented {
				add(Attention{Party: p, Reason: AttentionSilence, About: v.ID, Until: last + 1, By: x.By})
			}
		}
	}
}

// waitDate: what falls due, and what takes place.
func (s *State) waitDate(f *VersionState, add func(Attention)) {
	if s.Fact("embargo") != "" {
		for _, p := range f.Required {
			if !slices.ContainsFunc(f.Releases, func(r Release) bool { return r.Ref.Party == p }) {
				add(Attention{Party: p, Reason: AttentionPublish, About: f.ID, By: s.Due})
			}
		}
	}
	done, _ := s.done()
	switch {
	case done || s.Due == 0 || s.Owner == "":
	case s.session():
		for _, p := range f.Required {
			add(Attention{Party: p, Reason: AttentionMeeting, About: f.ID, From: s.Due - meetingAhead, Until: s.Due + meetingShown, By: s.Due})
		}
		add(Attention{Party: s.Owner, Reason: AttentionHeld, About: f.ID, From: s.Due, By: s.Due})
	default:
		soon := AttentionDue
		if f.Place != "" {
			soon = AttentionAuthorised
		}
		add(Attention{Party: s.Owner, Reason: soon, About: f.ID, From: s.Due - dueAhead, Until: s.Due, By: s.Due})
		add(Attention{Party: s.Owner, Reason: AttentionOverdue, About: f.ID, From: s.Due, By: s.Due})
	}
}
