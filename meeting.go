package entente

import (
	"strconv"

	"entente/record"
)

// Meeting is a session of the group: proposed and agreed with its date, its agenda noted by either side, reported held.
type Meeting struct {
	Starts int64        `cbor:"1,keyasint" json:"starts"`
	Host   record.Party `cbor:"2,keyasint" json:"host"`
	Number uint64       `cbor:"3,keyasint,omitzero" json:"number,omitzero"`
}

// AgendaItem is a point one side puts on the agenda; About is the instrument it speaks of, if any.
type AgendaItem struct {
	Item  uint64    `cbor:"1,keyasint" json:"item"`
	About record.ID `cbor:"2,keyasint,omitzero" json:"about,omitzero"`
}

// MeetingHeld reports that the meeting took place.
type MeetingHeld struct {
	Held int64 `cbor:"1,keyasint" json:"held"`
}

var meetingKind = &Kind{
	Name: "meeting",
	Verbs: map[record.Verb]Rule{
		record.Propose: {Opens: true, Approved: true, Terms: func() any { return new(Meeting) },
			Parts: []string{"title.*", "body.*", "annex/*"}, Needs: []string{"title.*"}},
		record.Consent:  consentRule,
		record.Withdraw: withdrawRule,
		record.Note: {Approved: true, Terms: func() any { return new(AgendaItem) },
			Parts: []string{"title.*", "body.*", "annex/*"}, Needs: []string{"title.*"}},
		record.Report: {Approved: true, Terms: func() any { return new(MeetingHeld) }, Parts: []string{"body.*", "annex/*"}},
		record.Reply:  replyRule,
	},
	Check: func(c *Case) {
		checkReply(c)
		switch t := c.Terms.(type) {
		case *Meeting:
			if t.Starts <= 0 || t.Starts > record.MaxTime {
				c.Add(ReasonTerms, "a meeting has a date")
			}
			c.task("host", t.Host)
		case *AgendaItem:
			if t.Item == 0 || t.Item > 200 {
				c.Add(ReasonTerms, "agenda items are numbered from 1 to 200")
			}
			if r := c.Find(t.About); !t.About.IsZero() && (r == nil || !r.Header().Instrument.IsZero()) {
				c.Add(ReasonReference, "it knows no instrument %s", t.About.Short())
			}
		case *MeetingHeld:
			if t.Held <= 0 || t.Held > c.Header.Time {
				c.Add(ReasonTerms, "a meeting is reported held after it was")
			}
		}
	},
	Fold: func(s *State, records []Judged) {
		items := uint64(0)
		if t := textTerms[Meeting](s, records); t != nil {
			s.Owner, s.Due = t.Host, t.Starts
			s.set("host", string(t.Host))
			s.set("starts", strconv.FormatInt(t.Starts, 10))
			if t.Number > 0 {
				s.set("number", strconv.FormatUint(t.Number, 10))
			}
		}
		for _, j := range records {
			if j.Header().Verb == record.Note {
				items++
			}
		}
		s.set("items", strconv.FormatUint(items, 10))
		foldReplies(s, records, func(Judged) string { return ProgressDone })
	},
}
