// Package demo holds the example groups: their texts, their published figures, and the story that two nodes play with them.
package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

//go:embed content/security.json content/trade.json
var contentFiles embed.FS

// ErrContent says that the text of an example group is incomplete or contradicts itself.
var ErrContent = errors.New("example content is not complete")

// A Text is one text in both languages of the group; both are originals.
type Text struct {
	En string `json:"en"`
	Es string `json:"es"`
}

// In gives the text in lang, "en" or "es", and "" for any other.
func (t Text) In(lang string) string {
	switch lang {
	case "en":
		return t.En
	case "es":
		return t.Es
	}
	return ""
}

// A Key names a piece of content within its group ("c-fuel-1"); references between pieces are keys.
type Key string

// A Group is everything the example says of one group. Days are relative to the end of the story,
// negative for the past.
type Group struct {
	Key          Key          `json:"key"`
	Illustrative bool         `json:"illustrative"` // the texts are invented; the figures are not
	Notice       Text         `json:"notice"`       // last sentence of every invented commitment, decision and statement
	Name         Text         `json:"name"`
	Purpose      Text         `json:"purpose"`
	Charter      Document     `json:"charter"`
	Languages    []string     `json:"languages"`
	Parties      []Party      `json:"parties"`
	Lines        []Line       `json:"lines"`
	Clocks       Clocks       `json:"clocks"`
	Offices      []Office     `json:"offices"`
	Objectives   []Objective  `json:"objectives"`
	Indicators   []Indicator  `json:"indicators"`
	Meetings     []Meeting    `json:"meetings"`
	Decisions    []Decision   `json:"decisions"`
	Commitments  []Commitment `json:"commitments"`
	Statements   []Statement  `json:"statements"`
	Terms        []Term       `json:"terms,omitempty"`
	Minutes      []Minutes    `json:"minutes,omitempty"`
	NonPapers    []NonPaper   `json:"nonpapers,omitempty"`
	Clearances   []Clearance  `json:"clearances,omitempty"`
	Press        []PressLine  `json:"press,omitempty"`
	Claims       []Claim      `json:"claims,omitempty"`
	Statuses     []Status     `json:"statuses,omitempty"`
	Findings     []Finding    `json:"findings,omitempty"`
}

// A Claim was made in public; its quote is exact. Each party keeps it at home, the one that puts it before the other with words.
type Claim struct {
	Key       Key    `json:"key"`
	Quote     string `json:"quote"`
	Office    string `json:"office"`
	Side      string `json:"side,omitempty"`
	Outlet    string `json:"outlet,omitempty"`
	Language  string `json:"language"`
	Indicator Key    `json:"indicator,omitempty"`
	Measure   string `json:"measure,omitempty"`
	Form      string `json:"form,omitempty"`
	Value     string `json:"value,omitempty"`
	Unit      string `json:"unit,omitempty"`
	Note      string `json:"note,omitempty"`
	Position  *Text  `json:"position,omitempty"` // of the side whose office it was, kept at home
	Day       int    `json:"day,omitempty"`      // when it is put
	Put       string `json:"put,omitempty"`      // by that party
	Shown     *Text  `json:"shown,omitempty"`
	Answer    *Text  `json:"answer,omitempty"` // of the other
	Released  bool   `json:"released,omitempty"`
}

// A Term is an agreed term of the glossary.
type Term struct {
	Key Key `json:"key"`
	Document
}

// Minutes are agreed by both after a meeting.
type Minutes struct {
	Key      Key    `json:"key"`
	Meeting  Key    `json:"meeting"`
	Day      int    `json:"day"`
	Proposer string `json:"proposer"`
	Document
}

// A NonPaper is shown to the other side without standing, at the end of the story.
type NonPaper struct {
	Key    Key    `json:"key"`
	From   string `json:"from"`
	Office string `json:"office"`
	Days   int    `json:"days"` // until it lapses
	Document
}

// A Clearance is a text that waits at home for other offices, at the end of the story.
type Clearance struct {
	Key    Key      `json:"key"`
	Party  string   `json:"party"`
	Office string   `json:"office"` // that drafted it
	Asks   []string `json:"asks"`
	Days   int      `json:"days"` // to answer
	Note   Text     `json:"note"` // what the offices are told
	Document
}

// A PressLine is what a party says to the press when it is asked, kept at home.
type PressLine struct {
	Key      Key    `json:"key"`
	Party    string `json:"party"`
	About    Key    `json:"about,omitempty"` // a meeting or statement
	Question bool   `json:"question,omitempty"`
	Ask      *Text  `json:"ask,omitempty"` // not our remit: whom to ask
	Days     int    `json:"days"`          // that it is valid
	Title    Text   `json:"title"`
	Body     *Text  `json:"body,omitempty"`
}

// A Document is a title and a body.
type Document struct {
	Title Text `json:"title"`
	Body  Text `json:"body"`
}

// A Party is a member of the group.
type Party struct {
	ID   string `json:"id"` // MX, US
	Name Text   `json:"name"`
}

// A Line is a line of effort.
type Line struct {
	Code string `json:"code"`
	Name Text   `json:"name"`
}

// Clocks are the charter's spans, in days.
type Clocks struct {
	Meeting       int `json:"meeting_days"`        // from one meeting to the next
	Notice        int `json:"notice_days"`         // of leaving, from when the other side knows it
	NoticeCeiling int `json:"notice_ceiling_days"` // of leaving, at the latest from its own date
	Consultation  int `json:"consultation_days"`
	Escalation    int `json:"escalation_days"`
	Retention     int `json:"retention_days"`
}

// An Office signs for its party within its remit. An office without kinds signs nothing: it reads.
type Office struct {
	Key        Key      `json:"key"` // unique within its party
	Party      string   `json:"party"`
	Name       Text     `json:"name"`
	Kinds      []string `json:"kinds"`
	Lines      []string `json:"lines"` // codes of Line; ["all"] is every line
	Seats      int      `json:"seats"`
	Signatures int      `json:"signatures"`      // how many of its seats must sign
	Paper      bool     `json:"paper,omitempty"` // it may record that another office signed on paper
}

// An OfficeRef names an office of a party.
type OfficeRef struct {
	Party  string `json:"party"`
	Office Key    `json:"office"`
}

// An Objective is an outcome, or an objective under one.
type Objective struct {
	Key        Key    `json:"key"`
	Level      string `json:"level"` // outcome or objective
	Parent     Key    `json:"parent,omitempty"`
	Line       string `json:"line"`
	Indicators []Key  `json:"indicators"` // codes of Indicator; none is a gap that the group shows
	Document
}

// An Indicator is a jointly agreed definition.
type Indicator struct {
	Code         Key         `json:"code"`
	Line         string      `json:"line"`
	Objective    Key         `json:"objective"`
	Title        Text        `json:"title"`
	Definition   Text        `json:"definition"`
	CountingUnit Text        `json:"counting_unit"`
	Unit         string      `json:"unit"`      // the unit of baseline and target
	Direction    string      `json:"direction"` // up or down is good; context has no good direction alone
	Period       string      `json:"period"`    // month, quarter or year
	Calendar     Calendar    `json:"calendar"`
	Baseline     *Reference  `json:"baseline"` // nil is a gap
	Target       *Reference  `json:"target"`   // nil is a gap
	Sources      []Reporting `json:"sources"`
	Limits       Text        `json:"limits"`
	Breaks       []Break     `json:"breaks,omitempty"`
}

// A Calendar says where a year starts. A source may keep another one than its indicator: both are shown.
type Calendar struct {
	Kind  string `json:"kind"`            // calendar, fiscal or cumulative
	Month int    `json:"month,omitempty"` // first month of a fiscal year
	Since string `json:"since,omitempty"` // first day of a cumulative count
}

// A Reference is a baseline or target. A baseline that is not illustrative names the source whose figures,
// one of them or the sum of all within [Start, End), give its value.
type Reference struct {
	Value        string `json:"value"`
	Start        string `json:"start"`
	End          string `json:"end"`
	Source       string `json:"source,omitempty"`
	Of           string `json:"of,omitempty"` // figure or sum
	Illustrative bool   `json:"illustrative"`
}

// A Reporting is what one party reports on an indicator. Series are ids of Source whose figures stand in the
// extracts; none is a gap: the party has no published figure.
type Reporting struct {
	Party    string   `json:"party"`
	Agency   Text     `json:"agency"`
	Unit     string   `json:"unit"`
	Calendar Calendar `json:"calendar"`
	Series   []string `json:"series"`
	Note     Text     `json:"note"`
}

// A Break marks a change of method: figures before and after are not one line.
type Break struct {
	Date string `json:"date"`
	Note Text   `json:"note"`
}

// A Meeting is one held or still to come.
type Meeting struct {
	Key    Key          `json:"key"`
	Title  Text         `json:"title"`
	Place  Text         `json:"place"`
	Host   string       `json:"host"`
	Day    int          `json:"day"`
	Agenda []AgendaItem `json:"agenda"`
}

// An AgendaItem carries the open commitments that put it on the agenda.
type AgendaItem struct {
	Key     Key    `json:"key"`
	Line    string `json:"line,omitempty"`
	Title   Text   `json:"title"`
	Carries []Key  `json:"carries"`
}

// A Decision is taken under an agenda item; Gives are the commitments that carry it out.
type Decision struct {
	Key     Key    `json:"key"`
	Meeting Key    `json:"meeting"`
	Item    Key    `json:"item"`
	Line    string `json:"line,omitempty"`
	Gives   []Key  `json:"gives"`
	Document
}

// A Commitment is a promise of one party. Scenario says what the story does with it; only the acts that the
// scenario needs are given.
type Commitment struct {
	Key       Key         `json:"key"`
	Line      string      `json:"line"`
	Objective Key         `json:"objective"`
	Indicator Key         `json:"indicator,omitempty"`
	Owner     OfficeRef   `json:"owner"`
	Verifier  OfficeRef   `json:"verifier"`
	Nature    string      `json:"nature"` // political, agencies or treaty
	Treaty    *Text       `json:"treaty,omitempty"`
	Opened    int         `json:"opened_day"`
	Due       int         `json:"due_day"`
	Until     *int        `json:"until_day,omitempty"` // last day to consent
	Decision  Key         `json:"decision,omitempty"`
	Scenario  Scenario    `json:"scenario"`
	Report    *Act        `json:"report,omitempty"`
	Verified  *Act        `json:"verification,omitempty"`
	Reply     *Act        `json:"reply,omitempty"`
	Withdraw  *Act        `json:"withdrawal,omitempty"`
	Counter   *NewVersion `json:"counter_proposal,omitempty"`
	Amendment *NewVersion `json:"amendment,omitempty"`
	Document
}

// An Act is what a party says about a commitment on a day.
type Act struct {
	By  string `json:"by"`
	Day int    `json:"day"`
	Text
}

// A NewVersion is another text for the same commitment: a counter-proposal or an amendment.
type NewVersion struct {
	By   string `json:"by"`
	Day  int    `json:"day"`
	Due  int    `json:"due_day"`
	Body Text   `json:"body"`
}

// A Statement is a joint text for the public.
type Statement struct {
	Key      Key    `json:"key"`
	Meeting  Key    `json:"meeting"`
	Day      int    `json:"day"`
	Proposer string `json:"proposer"`
	Scenario string `json:"scenario"` // agreed or proposed; own: a readout of the meeting by one party, let out by it; held: one party's own, which it may not let out as it is
	Document
	Reply *CopyReply `json:"reply,omitempty"` // of the other side, to the courtesy copy of an own one
}

// A CopyReply is what the other side says of a courtesy copy.
type CopyReply struct {
	Act
	Stance string `json:"stance"` // acknowledge or contest
}

// A Scenario is where a commitment stands at the end of the story.
type Scenario string

// The scenarios; both groups together cover all of them.
const (
	Settled          Scenario = "settled"            // both signed, and each holds the other's signature
	InForce          Scenario = "in-force"           // both signed; the second signature is not yet acknowledged
	Overdue          Scenario = "overdue"            // agreed, past its date, nothing reported
	Reported         Scenario = "reported"           // the owner reports it done
	Verified         Scenario = "verified"           // and the verifier has answered that it is
	Observations     Scenario = "observations"       // and the other side contests the report
	CounterProposal  Scenario = "counter-proposal"   // the other side proposed another text
	WithdrawnInTime  Scenario = "withdrawn-in-time"  // consent taken back before the other side signed
	WithdrawnTooLate Scenario = "withdrawn-too-late" // the other side had signed unseen: the text stands, this is notice
	Proposed         Scenario = "proposed"           // nobody has signed
	ConsentedByOne   Scenario = "consented-by-one"   // one side has signed
	Lapsed           Scenario = "lapsed"             // the last day to sign went by
	Amended          Scenario = "amended"            // a second version took the first one's place
)

// Scenarios lists every scenario in the order of the constants.
func Scenarios() []Scenario {
	return []Scenario{Settled, InForce, Overdue, Reported, Verified, Observations, CounterProposal,
		WithdrawnInTime, WithdrawnTooLate, Proposed, ConsentedByOne, Lapsed, Amended}
}

// Security gives the security group, validated.
func Security() (*Group, error) { return load("content/security.json") }

// Trade gives the trade group, validated: other lines of effort, other offices.
func Trade() (*Group, error) { return load("content/trade.json") }

func load(name string) (*Group, error) {
	b, err := contentFiles.ReadFile(name)
	if err != nil {
		return nil, err
	}
	g, err := decodeGroup(b)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return g, nil
}

// decodeGroup refuses unknown fields, anything after the group, and a group that does not validate.
func decodeGroup(b []byte) (*Group, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	g := new(Group)
	if err := d.Decode(g); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrContent, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: text after the end of the group", ErrContent)
	}
	if err := g.Validate(); err != nil {
		return nil, err
	}
	return g, nil
}
