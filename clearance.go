package entente

import (
	"slices"
	"strings"

	"entente/record"
)

// Clearance is the word of a party's own offices on a draft, before the other side sees any of it. It stands in the party's group
// of one: opened by a note that asks, answered by notes of the offices asked. It binds nobody; a node holds drafts back by it.
type Clearance struct {
	Ask    *ClearanceAsk    `cbor:"1,keyasint,omitempty" json:"ask,omitempty"`
	Answer *ClearanceAnswer `cbor:"2,keyasint,omitempty" json:"answer,omitempty"`
}

// ClearanceAsk names the exact draft and who is to clear it. A changed draft has another digest and is asked for again.
type ClearanceAsk struct {
	Office     string       `cbor:"1,keyasint" json:"office"` // that asks
	Seat       uint64       `cbor:"2,keyasint,omitzero" json:"seat,omitzero"`
	Group      record.ID    `cbor:"3,keyasint" json:"group"` // where the draft would go on record
	Act        record.ID    `cbor:"4,keyasint" json:"act"`   // digest of the draft
	Draft      record.Nonce `cbor:"5,keyasint" json:"draft"`
	Kind       string       `cbor:"6,keyasint" json:"kind"`
	Verb       record.Verb  `cbor:"7,keyasint,omitempty" json:"verb,omitempty"` // absent: a non-paper
	Line       string       `cbor:"8,keyasint,omitempty" json:"line,omitempty"`
	Instrument record.ID    `cbor:"9,keyasint,omitzero" json:"instrument,omitzero"` // that the draft speaks of
	Stages     [][]string   `cbor:"10,keyasint" json:"stages"`                      // offices of one stage side by side, stages one after the other
	By         int64        `cbor:"11,keyasint,omitzero" json:"by,omitzero"`        // Unix seconds
	Held       uint64       `cbor:"13,keyasint,omitzero" json:"held,omitzero"`      // passages of the text that give away what may not be published
	Holds      []record.ID  `cbor:"14,keyasint,omitempty" json:"holds,omitempty"`   // a digest for each of them: which, and by which text; it tells neither
	After      record.ID    `cbor:"12,keyasint,omitzero" json:"after,omitzero"`     // the clearance of an earlier text that this one mends
}

// ClearanceAnswer is an office's word on it.
type ClearanceAnswer struct {
	Word   ClearanceWord `cbor:"1,keyasint" json:"word"`
	Office string        `cbor:"2,keyasint" json:"office"`
	Seat   uint64        `cbor:"3,keyasint,omitzero" json:"seat,omitzero"` // who sat there; absent: not known
}

// ClearanceWord is what an answer says.
type ClearanceWord string

// The words of an answer. The last word of an office stands; a comment changes nothing.
const (
	ClearanceClear   ClearanceWord = "clear"
	ClearanceReturn  ClearanceWord = "return" // with what must change
	ClearanceComment ClearanceWord = "comment"
)

// ClearanceState is how far a clearance has come.
type ClearanceState struct {
	ClearanceAsk
	Standing ClearanceStanding `cbor:"20,keyasint" json:"standing"`
	Offices  []OfficeClearance `cbor:"21,keyasint" json:"offices"` // by stage, as asked
	Comments uint64            `cbor:"22,keyasint,omitzero" json:"comments,omitzero"`
}

// OfficeClearance is one office's part in it.
type OfficeClearance struct {
	Office   string            `cbor:"1,keyasint" json:"office"`
	Stage    uint64            `cbor:"2,keyasint" json:"stage"` // from 1
	Standing ClearanceStanding `cbor:"3,keyasint" json:"standing"`
	Record   record.ID         `cbor:"4,keyasint,omitzero" json:"record,omitzero"` // of its word
	Seat     uint64            `cbor:"5,keyasint,omitzero" json:"seat,omitzero"`
	Time     int64             `cbor:"6,keyasint,omitzero" json:"time,omitzero"`
}

// ClearanceStanding is where an office, or the whole, stands.
type ClearanceStanding string

// The standings. The whole is returned when one office has returned it, and cleared when every office has cleared it.
const (
	ClearanceLater    ClearanceStanding = "later" // an earlier stage has not cleared it yet
	ClearanceAsked    ClearanceStanding = "asked"
	ClearanceCleared  ClearanceStanding = "cleared"
	ClearanceReturned ClearanceStanding = "returned"
)

// maxCleared bounds the offices of one clearance: a text that more must clear needs another procedure.
const maxCleared = 16

// ClearanceKind is the name of the kind, for lists.
const ClearanceKind = "clearance"

var clearanceKind = &Kind{
	Name:       ClearanceKind,
	Unilateral: true,
	Home:       true,
	Verbs: map[record.Verb]Rule{record.Note: {Opens: true, Terms: func() any { return new(Clearance) },
		Parts: []string{"title.*", "body.*"}}},
	Check: func(c *Case) {
		c.staysHome()
		t, ok := c.Terms.(*Clearance)
		switch {
		case !ok:
		case t.Ask != nil && t.Answer == nil && c.Header.Instrument.IsZero():
			c.clearanceAsk(t.Ask)
		case t.Answer != nil && t.Ask == nil && !c.Header.Instrument.IsZero():
			c.clearanceAnswer(t.Answer)
		default:
			c.Against(ReasonTerms, "clearance.order", "the first note asks and each later one answers")
		}
	},
	Fold: func(s *State, records []Judged) {
		for _, j := range records {
			t := new(Clearance)
			if record.Unmarshal(j.Header().Terms, t) != nil {
				continue
			}
			if t.Ask != nil {
				s.Clearance, s.Due = newClearance(t.Ask), t.Ask.By
			} else if s.Clearance != nil && t.Answer != nil {
				s.Clearance.take(t.Answer, j)
			}
		}
	},
}

func (c *Case) clearanceAsk(a *ClearanceAsk) {
	var all []string
	for _, stage := range a.Stages {
		if len(stage) == 0 {
			c.Against(ReasonTerms, "clearance.stage", "a stage names no office")
		}
		all = append(all, stage...)
	}
	for i, o := range all {
		if !record.ValidName(o) || slices.Contains(all[:i], o) {
			c.Against(ReasonTerms, "clearance.office", "office %.70q is not a name, or asked twice", o)
		}
	}
	switch {
	case len(all) == 0 || len(all) > maxCleared:
		c.Against(ReasonTerms, "clearance.offices", "it asks %d offices: want 1 to %d", len(all), maxCleared)
	case !record.ValidName(a.Office) || a.Seat > record.MaxSeat:
		c.Against(ReasonTerms, "clearance.asker", "it does not say which office asks")
	case a.Group.IsZero() || a.Act.IsZero() || a.Draft == record.Nonce{}:
		c.Against(ReasonTerms, "clearance.draft", "it names no draft")
	case !record.ValidName(a.Kind) || (a.Verb != "" && !slices.Contains(record.Verbs, a.Verb)) || (a.Line != "" && !record.ValidName(a.Line)):
		c.Against(ReasonTerms, "clearance.what", "it does not say what the draft is")
	case a.By != 0 && (a.By < c.Header.Time || a.By > record.MaxTime):
		c.Against(ReasonTerms, "clearance.deadline", "its deadline has passed, or lies past the year 9999")
	}
	c.refersTo(ClearanceKind, a.After)
}

func (c *Case) clearanceAnswer(a *ClearanceAnswer) {
	ask := new(Clearance)
	if c.Opening == nil || record.Unmarshal(c.Opening.Terms, ask) != nil || ask.Ask == nil {
		return // references() said so
	}
	asked := slices.ContainsFunc(ask.Ask.Stages, func(s []string) bool { return slices.Contains(s, a.Office) })
	switch a.Word {
	case ClearanceClear, ClearanceReturn:
		if !asked {
			c.Against(ReasonParties, "clearance.not-asked", "the office %.70q was not asked to clear it", a.Office)
		}
	case ClearanceComment:
		if !asked && a.Office != ask.Ask.Office {
			c.Against(ReasonParties, "clearance.no-part", "the office %.70q has no part in it", a.Office)
		}
	default:
		c.Against(ReasonTerms, "clearance.word", "%.20q is not one of clear, return, comment", string(a.Word))
	}
	if a.Seat > record.MaxSeat {
		c.Against(ReasonTerms, "clearance.seat", "seats are numbered up to %d", record.MaxSeat)
	}
	said := false
	for _, p := range c.Header.Parts {
		said = said || strings.HasPrefix(p.Name, "body.")
		if strings.HasPrefix(p.Name, "title.") {
			c.Against(ReasonParts, "clearance.title", "an answer has no title")
		}
	}
	if !said && a.Word != ClearanceClear {
		c.Against(ReasonParts, "clearance.change", "it does not say what must change")
	}
}

func newClearance(a *ClearanceAsk) *ClearanceState {
	s := &ClearanceState{ClearanceAsk: *a}
	for i, stage := range a.Stages {
		for _, o := range stage {
			s.Offices = append(s.Offices, OfficeClearance{Office: o, Stage: uint64(i) + 1})
		}
	}
	s.settle()
	return s
}

// take counts an answer. An office whose turn has not come has no word yet; one that has spoken may change it.
func (s *ClearanceState) take(a *ClearanceAnswer, j Judged) {
	if a.Word == ClearanceComment {
		s.Comments++
		return
	}
	for i := range s.Offices {
		o := &s.Offices[i]
		if o.Office != a.Office || o.Standing == ClearanceLater {
			continue
		}
		o.Record, o.Seat, o.Time, o.Standing = j.ID(), a.Seat, j.Header().Time, ClearanceCleared
		if a.Word == ClearanceReturn {
			o.Standing = ClearanceReturned
		}
	}
	s.settle()
}

// settle says whose turn it is, and how the whole stands.
func (s *ClearanceState) settle() {
	s.Standing = ClearanceCleared
	open := uint64(0) // the first stage that has not cleared it; 0: none
	for i := range s.Offices {
		o := &s.Offices[i]
		if o.Record.IsZero() {
			o.Standing = ClearanceAsked
			if open != 0 && o.Stage > open {
				o.Standing = ClearanceLater
			}
		}
		if o.Standing == ClearanceCleared {
			continue
		}
		if open == 0 {
			open = o.Stage
		}
		if o.Standing == ClearanceReturned {
			s.Standing = ClearanceReturned
		} else if s.Standing == ClearanceCleared {
			s.Standing = ClearanceAsked
		}
	}
}

// Of returns an office's part in the clearance.
func (s *ClearanceState) Of(id string) (OfficeClearance, bool) {
	for _, o := range s.Offices {
		if o.Office == id {
			return o, true
		}
	}
	return OfficeClearance{}, false
}

// Involves reports whether an office asks or is asked.
func (s *ClearanceState) Involves(office string) bool {
	_, asked := s.Of(office)
	return asked || office == s.Office
}

// AskClearance is the header of a note that asks; the node adds place, time, seen and parts.
func AskClearance(a ClearanceAsk) (record.Header, error) {
	t, err := encodeTerms(Clearance{Ask: &a})
	return record.Header{Kind: clearanceKind.Name, Verb: record.Note, Terms: t}, err
}

// AnswerClearance is the header of a note that answers.
func AnswerClearance(id record.ID, a ClearanceAnswer) (record.Header, error) {
	t, err := encodeTerms(Clearance{Answer: &a})
	return record.Header{Kind: clearanceKind.Name, Verb: record.Note, Instrument: id, Terms: t}, err
}
