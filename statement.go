package entente

import (
	"slices"
	"strconv"

	"entente/consent"
	"entente/record"
)

// Statement is a text for the public or of a meeting: agreed by all, or one party's own with a courtesy copy to the others,
// who may reply that they have no objection or that they have observations.
type Statement struct {
	Embargo  int64     `cbor:"1,keyasint,omitzero" json:"embargo,omitzero"`  // not to be published before, Unix seconds
	Form     string    `cbor:"2,keyasint,omitempty" json:"form,omitempty"`   // absent: a statement
	Meeting  record.ID `cbor:"3,keyasint,omitzero" json:"meeting,omitzero"`  // of minutes and readouts
	Own      bool      `cbor:"4,keyasint,omitempty" json:"own,omitempty"`    // the author's alone: nobody else's consent is needed
	Corrects record.ID `cbor:"5,keyasint,omitzero" json:"corrects,omitzero"` // an earlier statement
}

// The forms of a statement.
const (
	FormMinutes = "minutes" // what was said, agreed by those who met
	FormReadout = "readout" // what may be told of it
)

// Released is a party's word that the text named may be published, by itself and by the others; or, where it names parts, that they
// may go to more parties.
type Released struct {
	Widening
	At int64 `cbor:"1,keyasint,omitzero" json:"at,omitzero"` // not before, Unix seconds; absent: from the embargo, or at once
}

var statementKind = &Kind{
	Name: "statement",
	Verbs: map[record.Verb]Rule{
		record.Propose: {Opens: true, Approved: true, Terms: func() any { return new(Statement) },
			Parts: []string{"title.*", "body.*", "annex/*"}, Needs: []string{"title.*", "body.*"}},
		record.Consent:  consentRule,
		record.Withdraw: withdrawRule,
		record.Reply:    replyRule,
		record.Note:     translationRule,
		record.Release:  {Approved: true, Terms: func() any { return new(Released) }},
	},
	Required: func(_ *Charter, h *record.Header) []record.Party {
		if t := statementOf(h); t != nil && t.Own {
			return []record.Party{h.Party}
		}
		return nil
	},
	Check: func(c *Case) {
		checkReply(c)
		switch t := c.Terms.(type) {
		case *Statement:
			t.check(c)
		case *Released:
			if !t.Of.IsZero() {
				if t.At != 0 {
					c.Against(ReasonTerms, "widen.hour", "a release of parts to other parties names no hour")
				}
				return
			}
			o := c.Proposal
			if o == nil {
				c.Against(ReasonReference, "publish.text", "a release names the text that may be published")
				return
			}
			if !slices.Contains(c.Bound, c.Header.Party) {
				c.Against(ReasonParties, "publish.party", "a text is released for publication by those whose consent it needs")
			}
			if s := statementOf(o); t.At < 0 || t.At > record.MaxTime || s != nil && t.At != 0 && t.At < s.Embargo {
				c.Against(ReasonTerms, "publish.embargo", "a text is released for a time that is not before its embargo")
			}
		}
	},
	Fold: func(s *State, records []Judged) {
		if t := textTerms[Statement](s, records); t != nil {
			if s.Due = t.Embargo; s.Due != 0 {
				s.set("embargo", strconv.FormatInt(s.Due, 10))
			}
			s.set("form", t.Form)
			s.link("meeting", t.Meeting)
			s.link("corrects", t.Corrects)
			if t.Own {
				s.set("own", string(s.Author))
			}
		}
		foldReplies(s, records, nil)
		foldReleases(s, records)
	},
}

// statementOf reads the terms of a text, nil where they are not of the form.
func statementOf(h *record.Header) *Statement {
	t := new(Statement)
	if len(h.Terms) > 0 && record.Unmarshal(h.Terms, t) != nil {
		return nil
	}
	return t
}

func (t *Statement) check(c *Case) {
	if t.Embargo < 0 || t.Embargo > record.MaxTime {
		c.Against(ReasonTerms, "statement.embargo", "embargo outside the years 1970 to 9999")
	}
	of := t.Form == FormMinutes || t.Form == FormReadout
	switch {
	case t.Form != "" && !of:
		c.Against(ReasonTerms, "statement.form", "form %.70q is not one of minutes, readout; a statement has none", t.Form)
	case of == t.Meeting.IsZero():
		c.Against(ReasonTerms, "statement.meeting", "minutes and readouts name their meeting, and nothing else does")
	case t.Form == FormMinutes && t.Own:
		c.Against(ReasonTerms, "statement.minutes", "minutes are agreed by those who met: one party's own account is a readout")
	}
	c.refersTo(meetingKind.Name, t.Meeting)
	c.refersTo("statement", t.Corrects)
	same := func(h *record.Header) bool { // spoken by the same: all, or one party
		s := statementOf(h)
		return s != nil && s.Own == t.Own && (!t.Own || h.Party == c.Header.Party)
	}
	if o := c.Opening; o != nil && !same(o) { // else one party could put its own text in the place of one agreed by all
		c.Against(ReasonParties, "statement.own", "an own text is changed by its author alone, and stays an own text; one agreed by all stays that")
	}
	if r := c.Find(t.Corrects); !t.Corrects.IsZero() && r != nil && r.Header().Kind == "statement" && (t.Corrects == c.Header.Instrument || !same(r.Header())) {
		c.Against(ReasonParties, "statement.corrects", "a statement is corrected by those who made it, in a statement of its own")
	}
}

// foldReleases keeps for each text that is or was in force from when each required party lets it out. A party may put its
// own hour off until it has come; what it let out stays out.
func foldReleases(s *State, records []Judged) {
	texts, embargo := map[record.ID]*VersionState{}, map[record.ID]int64{}
	for i := range s.Versions {
		texts[s.Versions[i].ID] = &s.Versions[i]
	}
	for _, j := range records { // proposals stand before what speaks of them
		h := j.Header()
		switch h.Verb {
		case record.Propose:
			if t := statementOf(h); t != nil {
				embargo[j.ID()] = t.Embargo
			}
		case record.Release:
			v, t := texts[h.Version], new(Released)
			if v == nil || v.Standing == consent.Open || !slices.Contains(v.Required, h.Party) || len(h.Terms) > 0 && record.Unmarshal(h.Terms, t) != nil {
				continue
			}
			r := Release{ID: j.ID(), Ref: h.Ref(), Time: h.Time, At: max(t.At, embargo[v.ID], h.Time)}
			if k := slices.IndexFunc(v.Releases, func(x Release) bool { return x.Ref.Party == h.Party }); k < 0 {
				v.Releases = append(v.Releases, r)
			} else if h.Time < v.Releases[k].At {
				v.Releases[k] = r
			}
		}
	}
}

// CourtesyCopy is what another party said of one party's own text: no objection, observations, or nothing yet. It is never an
// approval. What it said of an earlier text does not speak of this one.
type CourtesyCopy struct {
	Party  record.Party
	Stance Stance // empty: nothing yet
	Reply  Reply  // zero: nothing yet
}

// Copies are the courtesy copies of a text, in the order of the parties; none of a text that all agree on.
func (s *State) Copies(text record.ID, parties []record.Party) []CourtesyCopy {
	author := record.Party(s.Fact("own"))
	var out []CourtesyCopy
	for _, p := range parties {
		if author == "" || p == author {
			continue
		}
		c := CourtesyCopy{Party: p}
		for _, r := range s.Replies {
			if r.To == text && r.Ref.Party == p && (r.Stance == Acknowledge || r.Stance == Contest || r.Stance == Object) {
				c.Stance, c.Reply = r.Stance, r
			}
		}
		out = append(out, c)
	}
	return out
}

// Lets reports whether a party has let what is its own be said in a text: it released exactly this text for publication, or its last
// word on it as a courtesy copy is that it has no objection.
func (s *State) Lets(text record.ID, p record.Party) bool {
	if i := s.version(text); i >= 0 && slices.ContainsFunc(s.Versions[i].Releases, func(r Release) bool { return r.Ref.Party == p }) {
		return true
	}
	return slices.ContainsFunc(s.Copies(text, []record.Party{p}), func(c CourtesyCopy) bool { return c.Stance == Acknowledge })
}

// PublishedAt is the moment from which a text is public: every party whose consent it needed has let it out by then. false
// while one has not.
func (v *VersionState) PublishedAt() (int64, bool) {
	at := v.Since
	for _, p := range v.Required {
		i := slices.IndexFunc(v.Releases, func(r Release) bool { return r.Ref.Party == p })
		if i < 0 {
			return 0, false
		}
		at = max(at, v.Releases[i].At)
	}
	return at, len(v.Required) > 0
}

// Public is the text that the public may read at a moment: the one in force once every required party has let it out, and
// until then the one before it. What is public stays so, whatever ends. Nil: none.
func (s *State) Public(now int64) *VersionState {
	for i := len(s.Versions) - 1; i >= 0; i-- {
		v := &s.Versions[i]
		if at, ok := v.PublishedAt(); v.Standing != consent.Open && ok && at <= now && (s.Ends == 0 || at < s.Ends) {
			return v
		}
	}
	return nil
}

// Published reports whether the text in force is public at a moment.
func (s *State) Published(now int64) bool {
	f := s.InForce()
	return f != nil && s.Public(now) == f
}
