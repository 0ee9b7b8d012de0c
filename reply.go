package entente

import (
	"slices"

	"entente/record"
)

// Stance is what a reply says.
type Stance string

// The stances of a reply.
const (
	Acknowledge Stance = "acknowledge"
	Contest     Stance = "contest" // has observations
	Object      Stance = "object"
	Answer      Stance = "answer"
	// AdReferendum agrees to a text subject to confirmation at home (compare the Vienna Convention on the Law of Treaties, art.
	// 12(2)(b)). It binds nobody; a consent confirms it.
	AdReferendum Stance = "ad-referendum"
	// AskNoObjection is the author's: whoever objects to its text is asked to say so by a time. Silence binds nobody.
	AskNoObjection Stance = "ask-no-objection"
)

// Stances are all that a reply may say.
var Stances = []Stance{Acknowledge, Contest, Object, Answer, AdReferendum, AskNoObjection}

// ReplyTerms are the terms of reply, the same for every kind that takes it.
type ReplyTerms struct {
	To     record.ID `cbor:"1,keyasint" json:"to"` // the record it answers
	Stance Stance    `cbor:"2,keyasint" json:"stance"`
	Rows   []string  `cbor:"3,keyasint,omitempty" json:"rows,omitempty"` // keys of the rows it speaks of
	By     int64     `cbor:"4,keyasint,omitzero" json:"by,omitzero"`     // ask-no-objection: the last second for objections
}

// maxReplyRows bounds the keys one reply cites: more than that is a reply to the whole record.
const maxReplyRows = 200

// withdrawRule lets a party give its reason.
var withdrawRule = Rule{Approved: true, Parts: []string{"body.*"}}

var replyRule = Rule{Approved: true, Terms: func() any { return new(ReplyTerms) }, Parts: []string{"body.*"}}

// checkReply holds a reply to its form: it answers a record of the same instrument that it knows.
func checkReply(c *Case) {
	t, ok := c.Terms.(*ReplyTerms)
	if !ok || c.Header.Verb != record.Reply {
		return
	}
	if !slices.Contains(Stances, t.Stance) {
		c.Against(ReasonTerms, "reply.stance", "stance %.70q is not one of %v", t.Stance, Stances)
	}
	if (t.By != 0) != (t.Stance == AskNoObjection) {
		c.Against(ReasonTerms, "reply.by", "whoever asks for objections says by when, and nobody else does")
	}
	switch r := c.Find(t.To); {
	case r == nil || r.Instrument() != c.Header.Instrument:
		c.Against(ReasonReference, "reply.to", "it answers %s, which is no record of this instrument that it knows", t.To.Short())
	case t.Stance == AdReferendum || t.Stance == AskNoObjection:
		c.checkText(t, r.Header())
	case r.Header().Party == c.Header.Party && (t.Stance == Acknowledge || t.Stance == Contest):
		c.Against(ReasonTerms, "reply.own", "a party does not %s its own record", t.Stance)
	}
	if len(t.Rows) > maxReplyRows {
		c.Against(ReasonTerms, "reply.rows", "it cites %d rows: the limit is %d", len(t.Rows), maxReplyRows)
	}
}

// checkText holds what is said of a text alone.
func (c *Case) checkText(t *ReplyTerms, text *record.Header) {
	bound := c.bound(text)
	switch {
	case len(bound) == 0:
		c.Against(ReasonReference, "reply.open", "%s is said of a text that waits for consent", t.Stance)
	case t.Stance == AskNoObjection:
		checkSilence(c, t, text)
	case text.Party == c.Header.Party:
		c.Against(ReasonParties, "reply.author", "its author proposed the text: it agrees to it by its consent")
	case !slices.Contains(bound, c.Header.Party):
		c.Against(ReasonParties, "reply.required", "only those whose consent the text needs agree to it ad referendum")
	}
}

// foldReplies writes reports and replies into the state.
func foldReplies(s *State, records []Judged, progress func(Judged) string) {
	for _, j := range records {
		h := j.Header()
		switch h.Verb {
		case record.Report:
			r := Report{ID: j.ID(), Ref: h.Ref(), Time: h.Time}
			if progress != nil {
				r.Progress = progress(j)
			}
			if p, ok := h.Part(record.RowsPart); ok {
				r.Rows = p.Rows
			}
			s.Reports = append(s.Reports, r)
		case record.Reply:
			t := new(ReplyTerms)
			if record.Unmarshal(h.Terms, t) == nil {
				s.Replies = append(s.Replies, Reply{ID: j.ID(), Ref: h.Ref(), Time: h.Time, To: t.To, Stance: t.Stance, Rows: t.Rows, By: t.By})
			}
		}
	}
}

// textTerms decodes the terms of the text to show: that in force, else the latest proposed.
func textTerms[T any](s *State, records []Judged) *T {
	v := s.Text()
	if v == nil {
		return nil
	}
	for _, j := range records {
		if j.ID() == v.ID {
			t := new(T)
			if len(j.Header().Terms) == 0 || record.Unmarshal(j.Header().Terms, t) == nil {
				return t
			}
		}
	}
	return nil
}
