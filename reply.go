package entente

import (
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
)

// ReplyTerms are the terms of reply, the same for every kind that takes it.
type ReplyTerms struct {
	To     record.ID `cbor:"1,keyasint" json:"to"` // the record it answers
	Stance Stance    `cbor:"2,keyasint" json:"stance"`
	Rows   []string  `cbor:"3,keyasint,omitempty" json:"rows,omitempty"` // keys of the rows it speaks of
}

// maxReplyRows bounds the keys one reply cites: more than that is a reply to the whole record.
const maxReplyRows = 200

var (
	consentRule  = Rule{Approved: true}
	withdrawRule = Rule{Approved: true, Parts: []string{"body.*"}} // with its reason, where the party gives one
)

var replyRule = Rule{Approved: true, Terms: func() any { return new(ReplyTerms) }, Parts: []string{"body.*"}}

// checkReply holds a reply to its form: it answers a record of the same instrument that it knows.
func checkReply(c *Case) {
	t, ok := c.Terms.(*ReplyTerms)
	if !ok || c.Header.Verb != record.Reply {
		return
	}
	switch t.Stance {
	case Acknowledge, Contest, Object, Answer:
	default:
		c.Add(ReasonTerms, "stance %q is not one of acknowledge, contest, object, answer", t.Stance)
	}
	if r := c.Find(t.To); r == nil || r.Instrument() != c.Header.Instrument {
		c.Add(ReasonReference, "it answers %s, which is no record of this instrument that it knows", t.To.Short())
	} else if r.Header().Party == c.Header.Party && (t.Stance == Acknowledge || t.Stance == Contest) {
		c.Add(ReasonTerms, "a party does not %s its own record", t.Stance)
	}
	if len(t.Rows) > maxReplyRows {
		c.Add(ReasonTerms, "it cites %d rows: the limit is %d", len(t.Rows), maxReplyRows)
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
				s.Replies = append(s.Replies, Reply{ID: j.ID(), Ref: h.Ref(), Time: h.Time, To: t.To, Stance: t.Stance, Rows: t.Rows})
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
