package entente

import (
	"fmt"
	"slices"

	"entente/consent"
	"entente/record"
	"entente/territory"
)

// State is what the fold says of one instrument at a cut. It gives dates, never "now"; At reads it for a moment.
type State struct {
	Instrument   record.ID         `cbor:"1,keyasint" json:"instrument"`
	Kind         string            `cbor:"2,keyasint" json:"kind"`
	Line         string            `cbor:"3,keyasint,omitempty" json:"line,omitempty"`
	Nature       record.Nature     `cbor:"4,keyasint,omitempty" json:"nature,omitempty"`
	Author       record.Party      `cbor:"5,keyasint,omitempty" json:"author,omitempty"`
	Opened       consent.Moment    `cbor:"6,keyasint" json:"opened"`
	Last         int64             `cbor:"7,keyasint" json:"last"` // time of its latest record
	Participants []record.Party    `cbor:"8,keyasint,omitempty" json:"participants,omitempty"`
	Versions     []VersionState    `cbor:"9,keyasint,omitempty" json:"versions,omitempty"` // by time
	Notices      []consent.Notice  `cbor:"10,keyasint,omitempty" json:"notices,omitempty"`
	Ends         int64             `cbor:"11,keyasint,omitzero" json:"ends,omitzero"`
	Owner        record.Party      `cbor:"12,keyasint,omitempty" json:"owner,omitempty"`
	Due          int64             `cbor:"13,keyasint,omitzero" json:"due,omitzero"`
	Reports      []Report          `cbor:"14,keyasint,omitempty" json:"reports,omitempty"`
	Replies      []Reply           `cbor:"15,keyasint,omitempty" json:"replies,omitempty"`
	Facts        []Fact            `cbor:"16,keyasint,omitempty" json:"facts,omitempty"` // the kind's own, ascending by name
	Rejected     []Rejected        `cbor:"17,keyasint,omitempty" json:"rejected,omitempty"`
	Clearance    *ClearanceState   `cbor:"18,keyasint,omitempty" json:"clearance,omitempty"` // of a draft, by the party's own offices
	Agenda       []AgendaPoint     `cbor:"19,keyasint,omitempty" json:"agenda,omitempty"`    // of a meeting
	Translations []Translated      `cbor:"20,keyasint,omitempty" json:"translations,omitempty"`
	Untranslated []Untranslated    `cbor:"21,keyasint,omitempty" json:"untranslated,omitempty"`
	Assessments  []AssessmentState `cbor:"22,keyasint,omitempty" json:"assessments,omitempty"` // statuses that people set
	Definitions  []DefinitionState `cbor:"23,keyasint,omitempty" json:"definitions,omitempty"` // of an indicator, by the time they entered into force
	Recalls      []RecallState     `cbor:"24,keyasint,omitempty" json:"recalls,omitempty"`
	Erasures     []Erasure         `cbor:"25,keyasint,omitempty" json:"erasures,omitempty"`
	Widened      []Widened         `cbor:"26,keyasint,omitempty" json:"widened,omitempty"` // parts released to more than their marking names
}

// VersionState is one text of the instrument.
type VersionState struct {
	ID       record.ID        `cbor:"1,keyasint" json:"id"`
	Replaces record.ID        `cbor:"2,keyasint,omitzero" json:"replaces,omitzero"`
	Ref      record.Ref       `cbor:"3,keyasint" json:"ref"`
	Time     int64            `cbor:"4,keyasint" json:"time"`
	Until    int64            `cbor:"5,keyasint,omitzero" json:"until,omitzero"`
	Required []record.Party   `cbor:"6,keyasint" json:"required"`
	Standing consent.Standing `cbor:"7,keyasint" json:"standing"`
	Since    int64            `cbor:"8,keyasint,omitzero" json:"since,omitzero"`
	Settled  bool             `cbor:"9,keyasint,omitempty" json:"settled,omitempty"`
	Sides    []Side           `cbor:"10,keyasint" json:"sides"`
	Late     []record.Ref     `cbor:"11,keyasint,omitempty" json:"late,omitempty"`
	Releases []Release        `cbor:"12,keyasint,omitempty" json:"releases,omitempty"` // one of each party, in the order of its first
	Hosts    []record.Party   `cbor:"13,keyasint,omitempty" json:"hosts,omitempty"`    // of its area: those it lies in, and those it names
	Notified []record.Party   `cbor:"14,keyasint,omitempty" json:"notified,omitempty"` // parties that its area comes near
	Place    territory.Place  `cbor:"15,keyasint,omitempty" json:"place,omitempty"`    // of its area
	Stops    []Stop           `cbor:"16,keyasint,omitempty" json:"stops,omitempty"`    // what keeps it from being in force, whenever it was agreed
}

// Release is a required party's word that a text may be published.
type Release struct {
	ID   record.ID  `cbor:"1,keyasint" json:"id"`
	Ref  record.Ref `cbor:"2,keyasint" json:"ref"`
	Time int64      `cbor:"3,keyasint" json:"time"`
	At   int64      `cbor:"4,keyasint" json:"at"` // from when: never before the embargo, nor before it was said
}

// Stop is a host's withdrawal, or the claim of a party that was only notified.
type Stop struct {
	ID    record.ID  `cbor:"1,keyasint" json:"id"`
	Ref   record.Ref `cbor:"2,keyasint" json:"ref"`
	Time  int64      `cbor:"3,keyasint" json:"time"`
	Claim bool       `cbor:"4,keyasint,omitempty" json:"claim,omitempty"`
}

// Side is one required party's word on a version.
type Side struct {
	Party     record.Party    `cbor:"1,keyasint" json:"party"`
	Consent   *consent.Moment `cbor:"2,keyasint,omitempty" json:"consent,omitempty"`
	Withdrawn *consent.Moment `cbor:"3,keyasint,omitempty" json:"withdrawn,omitempty"`
	Pending   bool            `cbor:"4,keyasint,omitempty" json:"pending,omitempty"` // the withdrawal is not yet known to the others
	Paper     *Paper          `cbor:"5,keyasint,omitempty" json:"paper,omitempty"`   // what the consent records, where it was signed on paper
}

// Report is a party's report on the instrument.
type Report struct {
	ID       record.ID  `cbor:"1,keyasint" json:"id"`
	Ref      record.Ref `cbor:"2,keyasint" json:"ref"`
	Time     int64      `cbor:"3,keyasint" json:"time"`
	Progress string     `cbor:"4,keyasint,omitempty" json:"progress,omitempty"`
	Rows     uint64     `cbor:"5,keyasint,omitzero" json:"rows,omitzero"`
}

// Reply is a party's answer to a record of the instrument.
type Reply struct {
	ID     record.ID  `cbor:"1,keyasint" json:"id"`
	Ref    record.Ref `cbor:"2,keyasint" json:"ref"`
	Time   int64      `cbor:"3,keyasint" json:"time"`
	To     record.ID  `cbor:"4,keyasint" json:"to"`
	Stance Stance     `cbor:"5,keyasint" json:"stance"`
	Rows   []string   `cbor:"6,keyasint,omitempty" json:"rows,omitempty"` // keys of the rows it speaks of
	By     int64      `cbor:"7,keyasint,omitzero" json:"by,omitzero"`     // objections are asked for by then
}

// Fact is a kind's own word about the instrument.
type Fact struct {
	Name  string `cbor:"1,keyasint" json:"name"`
	Value string `cbor:"2,keyasint" json:"value"`
	Link  bool   `cbor:"3,keyasint,omitempty" json:"link,omitempty"` // the value is the id of another instrument
}

// Rejected is a record that is kept and has no effect.
type Rejected struct {
	ID      record.ID   `cbor:"1,keyasint" json:"id"`
	Ref     record.Ref  `cbor:"2,keyasint" json:"ref"`
	Verb    record.Verb `cbor:"3,keyasint" json:"verb"`
	Reasons []Reason    `cbor:"4,keyasint" json:"reasons"` // their codes; the node that judged keeps the words
}

// Encode writes the state's one form: equal states, equal bytes.
func (s *State) Encode() ([]byte, error) { return record.Marshal(s) }

// ParseState reads what Encode wrote.
func ParseState(b []byte) (*State, error) {
	s := new(State)
	if err := record.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	return s, nil
}

// Fact returns a fact of the kind, empty where it has none.
func (s *State) Fact(name string) string {
	for _, f := range s.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

func (s *State) set(name, value string) {
	if value != "" {
		s.Facts = append(s.Facts, Fact{Name: name, Value: value})
	}
}

// link sets a fact that names another instrument. The fold does not read that one: what points here is found by lists.
func (s *State) link(name string, to record.ID) {
	if !to.IsZero() {
		s.Facts = append(s.Facts, Fact{name, to.String(), true})
	}
}

// InForce returns the version in force, nil while none is. Of rivals in force, which only dishonest nodes make, the earliest.
func (s *State) InForce() *VersionState {
	for i := range s.Versions {
		if s.Versions[i].Standing == consent.InForce {
			return &s.Versions[i]
		}
	}
	return nil
}

// Text returns the version to show first: that in force, else the latest proposed. Nil for kinds without versions.
func (s *State) Text() *VersionState {
	if v := s.InForce(); v != nil || len(s.Versions) == 0 {
		return v
	}
	return &s.Versions[len(s.Versions)-1]
}

// Phase is where an instrument stands at a moment.
type Phase string

// The phases.
const (
	PhaseProposed  Phase = "proposed"  // waits for consent
	PhaseWithdrawn Phase = "withdrawn" // every open text was withdrawn in time
	PhaseLapsed    Phase = "lapsed"    // its until passed without agreement
	PhaseInForce   Phase = "in-force"
	PhaseStopped   Phase = "stopped"  // agreed, and a host withdrew, or a party claims the place
	PhaseAgreed    Phase = "agreed"   // among the participants; no host's consent is on record, so it is not in force
	PhaseEnded     Phase = "ended"    // notice has run out
	PhaseRecorded  Phase = "recorded" // one party's own word; nobody's consent is needed
	PhaseRejected  Phase = "rejected" // no record of it has effect
)

// View is a state read at a moment.
type View struct {
	Phase        Phase `json:"phase"`
	Settled      bool  `json:"settled,omitempty"`      // signatures exchanged
	Overdue      bool  `json:"overdue,omitempty"`      // in force, due date passed, not reported done
	Done         bool  `json:"done,omitempty"`         // its owner reports it done
	Verified     bool  `json:"verified,omitempty"`     // another party, the verifier where one is named, acknowledges the latest report
	Observations bool  `json:"observations,omitempty"` // another party contests or objects to the latest report, or to the text
	Counter      bool  `json:"counter,omitempty"`      // more than one open text with one predecessor
	Leaving      bool  `json:"leaving,omitempty"`      // a notice is running
	Pending      bool  `json:"pending,omitempty"`      // a withdrawal is not yet known to the others
	Amending     bool  `json:"amending,omitempty"`     // in force, and a new version is proposed
	Published    bool  `json:"published,omitempty"`    // in force, and let out by every required party

	AdReferendum []record.Party `json:"ad_referendum,omitempty"` // agreed to an open text subject to confirmation, not yet confirmed
	Silence      []Silence      `json:"silence,omitempty"`       // open texts to which objections were asked for by a time
}

// At reads the state at a moment, Unix seconds.
func (s *State) At(now int64) View {
	v := View{Phase: s.Standing().At(now), Observations: len(s.observations()) > 0}
	f, live := s.InForce(), s.live()
	open := map[record.ID]bool{}
	for i, x := range s.Versions {
		if live[i] && (x.Until == 0 || now <= x.Until) {
			v.Counter = v.Counter || open[x.Replaces]
			v.Amending = f != nil
			open[x.Replaces] = true
			v.AdReferendum = append(v.AdReferendum, s.AdReferendum(x.ID)...)
			if y, asked := s.silence(&s.Versions[i], now); asked {
				v.Silence = append(v.Silence, y)
			}
		}
		for _, sd := range x.Sides {
			v.Pending = v.Pending || (x.Standing == consent.Open && sd.Pending)
		}
	}
	if f != nil {
		v.Settled = f.Settled
		v.Leaving = len(s.Notices) > 0 && now < s.Ends
		v.Published = s.Published(now)
	}
	slices.Sort(v.AdReferendum)
	v.AdReferendum = slices.Compact(v.AdReferendum)
	v.Done, v.Verified = s.done()
	v.Overdue = v.Phase == PhaseInForce && s.Owner != "" && s.Due != 0 && now >= s.Due && !v.Done && !s.session()
	return v
}

// live says of each version whether it can still be agreed, but for its until: open, withdrawn by nobody, and, where a text
// is in force, meant to replace it, directly or through texts between.
func (s *State) live() []bool {
	f, out := s.InForce(), make([]bool, len(s.Versions))
	follows := map[record.ID]bool{}
	for i := range s.Versions { // a text stands after those it replaces
		v := &s.Versions[i]
		if f == nil || v.Replaces == f.ID || follows[v.Replaces] {
			follows[v.ID] = true
			out[i] = v.Standing == consent.Open && !v.pulled()
		}
	}
	return out
}

// session: it takes place at its date, where other kinds fall due.
func (s *State) session() bool { return s.Fact("starts") != "" }

// done says whether the latest report says done, and whether the other side, the verifier where one is named, agrees.
func (s *State) done() (done, verified bool) {
	n := len(s.Reports)
	if done = n > 0 && s.Reports[n-1].Progress == ProgressDone; !done {
		return false, false
	}
	verifier := record.Party(s.Fact("verifier"))
	return true, slices.ContainsFunc(s.spoken(), func(r Reply) bool {
		return r.Stance == Acknowledge && (verifier == "" || r.Ref.Party == verifier)
	})
}

// spoken is each party's latest reply on what counts now: the latest report, or the texts while there is none.
func (s *State) spoken() []Reply {
	about := map[record.ID]bool{}
	if n := len(s.Reports); n > 0 {
		about[s.Reports[n-1].ID] = true
	} else {
		for _, v := range s.Versions {
			about[v.ID] = true
		}
	}
	var out []Reply
	for _, r := range s.Replies {
		if !about[r.To] || r.Stance == AskNoObjection { // which says nothing of it
			continue
		}
		out = append(slices.DeleteFunc(out, func(x Reply) bool { return x.Ref.Party == r.Ref.Party }), r)
	}
	return out
}

// stance is what a party said last of it, empty where it said nothing.
func (s *State) stance(p record.Party) Stance {
	for _, r := range s.spoken() {
		if r.Ref.Party == p {
			return r.Stance
		}
	}
	return ""
}

// observations are those of the others that count now. What a party consents to afterwards settles its own on the texts.
func (s *State) observations() []Reply {
	return slices.DeleteFunc(s.spoken(), func(r Reply) bool {
		if r.Stance != Contest && r.Stance != Object || s.authorOf(r.To) == r.Ref.Party {
			return true
		}
		return len(s.Reports) == 0 && slices.ContainsFunc(s.Versions, func(v VersionState) bool {
			return slices.ContainsFunc(v.Sides, func(x Side) bool {
				return x.Party == r.Ref.Party && x.Consent != nil && x.Consent.Ref.Index > r.Ref.Index
			})
		})
	})
}

// answered: the author replied to the observations, or put a new text forward after them.
func (s *State) answered(o Reply, author record.Party) bool {
	i := slices.IndexFunc(s.Replies, func(r Reply) bool { return r.ID == o.ID })
	return slices.ContainsFunc(s.Replies[i+1:], func(r Reply) bool {
		return r.Ref.Party == author && (r.To == o.ID || r.To == o.To && r.Stance == Answer)
	}) || slices.ContainsFunc(s.Versions[s.version(o.To)+1:], func(v VersionState) bool {
		return len(s.Reports) == 0 && v.Ref.Party == author && v.Time >= o.Time
	})
}

// authorOf names the party whose text or report that is, empty for the founding charter, which is everybody's.
func (s *State) authorOf(id record.ID) record.Party {
	if i := s.version(id); i >= 0 {
		return s.Versions[i].Ref.Party
	}
	for _, r := range s.Reports {
		if r.ID == id {
			return r.Ref.Party
		}
	}
	return ""
}

// version is the place of a text among the versions, -1 for what is none.
func (s *State) version(id record.ID) int {
	return slices.IndexFunc(s.Versions, func(v VersionState) bool { return v.ID == id })
}

func (v *VersionState) pulled() bool {
	return slices.ContainsFunc(v.Sides, func(x Side) bool { return x.Withdrawn != nil })
}
