package entente

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"entente/record"
)

// Meeting is a session of the group: proposed and agreed with its date, its agenda noted by either side, reported held.
type Meeting struct {
	Starts int64        `cbor:"1,keyasint" json:"starts"`
	Host   record.Party `cbor:"2,keyasint" json:"host"`
	Number uint64       `cbor:"3,keyasint,omitzero" json:"number,omitzero"`
}

// AgendaItem is a point one side puts on the agenda; About is the instrument it speaks of, if any. A later note of the same side
// takes the place of an earlier one, or takes it off.
type AgendaItem struct {
	Item     uint64    `cbor:"1,keyasint,omitzero" json:"item,omitzero"`
	About    record.ID `cbor:"2,keyasint,omitzero" json:"about,omitzero"`
	Replaces record.ID `cbor:"3,keyasint,omitzero" json:"replaces,omitzero"` // the side's own earlier note
	Off      bool      `cbor:"4,keyasint,omitempty" json:"off,omitempty"`    // with Replaces: it is no longer on the agenda
	Of       record.ID `cbor:"5,keyasint,omitzero" json:"of,omitzero"`       // alone: the note is no point but a translation of this record
}

// AgendaPoint is what stands on the agenda of a meeting, in the order of the numbers.
type AgendaPoint struct {
	ID    record.ID  `cbor:"1,keyasint" json:"id"` // of the note
	Ref   record.Ref `cbor:"2,keyasint" json:"ref"`
	Time  int64      `cbor:"3,keyasint" json:"time"`
	Item  uint64     `cbor:"4,keyasint" json:"item"`
	About record.ID  `cbor:"5,keyasint,omitzero" json:"about,omitzero"`
}

// MaxAgenda is the highest number of a point: no meeting gets through more.
const MaxAgenda = 200

// MeetingHeld reports that the meeting took place.
type MeetingHeld struct {
	Held int64 `cbor:"1,keyasint" json:"held"`
}

var meetingKind = &Kind{
	Name: "meeting",
	Verbs: map[record.Verb]Rule{
		record.Propose: {Opens: true, Approved: true, Terms: func() any { return new(Meeting) },
			Parts: []string{"title.*", "body.*", "place.*", "annex/*"}, Needs: []string{"title.*"}},
		record.Consent:  consentRule,
		record.Withdraw: withdrawRule,
		record.Note: {Approved: true, Terms: func() any { return new(AgendaItem) },
			Parts: []string{"title.*", "body.*", "annex/*"}},
		record.Report: {Approved: true, Terms: func() any { return new(MeetingHeld) }, Parts: []string{"body.*", "annex/*"}},
		record.Reply:  replyRule,
	},
	Check: func(c *Case) {
		checkReply(c)
		switch t := c.Terms.(type) {
		case *Meeting:
			if t.Starts <= 0 || t.Starts > record.MaxTime {
				c.Against(ReasonTerms, "meeting.date", "a meeting has a date")
			}
			c.task("host", t.Host)
		case *AgendaItem:
			t.check(c)
		case *MeetingHeld:
			if t.Held <= 0 || t.Held > c.Header.Time {
				c.Against(ReasonTerms, "meeting.held", "a meeting is reported held after it was")
			}
		}
	},
	Fold: func(s *State, records []Judged) {
		held := int64(0)
		if t := textTerms[Meeting](s, records); t != nil {
			s.Owner, s.Due = t.Host, t.Starts
			s.set("host", string(t.Host))
			s.set("starts", strconv.FormatInt(t.Starts, 10))
			if t.Number > 0 {
				s.set("number", strconv.FormatUint(t.Number, 10))
			}
		}
		for _, j := range records {
			if t := new(MeetingHeld); j.Header().Verb == record.Report && record.Unmarshal(j.Header().Terms, t) == nil {
				held = t.Held
			}
		}
		if held != 0 {
			s.set("held", strconv.FormatInt(held, 10))
		}
		s.Agenda = agenda(records)
		s.set("items", strconv.Itoa(len(s.Agenda)))
		foldReplies(s, records, func(Judged) string { return ProgressDone })
	},
}

func (t *AgendaItem) translates() record.ID { return t.Of }

func (t *AgendaItem) check(c *Case) {
	if !t.Of.IsZero() {
		if *t != (AgendaItem{Of: t.Of}) {
			c.Against(ReasonTerms, "agenda.translation", "a translation is no point of the agenda")
		}
		return
	}
	if t.Item == 0 || t.Item > MaxAgenda {
		c.Against(ReasonTerms, "agenda.number", "agenda items are numbered from 1 to %d", MaxAgenda)
	}
	if r := c.Find(t.About); !t.About.IsZero() && (r == nil || !r.Header().Instrument.IsZero()) {
		c.Against(ReasonReference, "agenda.about", "it knows no instrument %s", t.About.Short())
	}
	switch r := c.Find(t.Replaces); {
	case t.Replaces.IsZero():
		if t.Off {
			c.Against(ReasonTerms, "agenda.nothing", "it does not say what it takes off the agenda")
		}
	case r == nil || r.Header().Verb != record.Note || r.Header().Instrument != c.Header.Instrument:
		c.Against(ReasonReference, "agenda.unknown", "it knows no point %s of this agenda", t.Replaces.Short())
	case r.Header().Party != c.Header.Party:
		c.Against(ReasonParties, "agenda.side", "a point is changed and taken off by the side that put it there")
	}
	if !t.Off && !slices.ContainsFunc(c.Header.Parts, func(p record.PartRef) bool { return strings.HasPrefix(p.Name, "title.") }) {
		c.Against(ReasonParts, "agenda.title", "a point has a title, in one language at least")
	}
}

// agenda is what stands on it: each note adds a point, or takes the place of the one it names while that stands.
func agenda(records []Judged) []AgendaPoint {
	var out []AgendaPoint
	for _, j := range records {
		h, t := j.Header(), new(AgendaItem)
		if h.Verb != record.Note || record.Unmarshal(h.Terms, t) != nil || !t.Of.IsZero() {
			continue
		}
		if !t.Replaces.IsZero() {
			i := slices.IndexFunc(out, func(p AgendaPoint) bool { return p.ID == t.Replaces })
			if i < 0 {
				continue
			}
			out = slices.Delete(out, i, i+1)
		}
		if !t.Off {
			out = append(out, AgendaPoint{j.ID(), h.Ref(), h.Time, t.Item, t.About})
		}
	}
	slices.SortStableFunc(out, func(a, b AgendaPoint) int { return cmp.Compare(a.Item, b.Item) })
	return out
}
