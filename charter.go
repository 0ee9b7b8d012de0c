package entente

import (
	"fmt"
	"maps"
	"slices"

	"entente/consent"
	"entente/record"
)

// Charter is the text that constitutes a group. The digest of the founding charter is the group's id; amendments are
// versions signed by all. What states depend on stands here, in the header, where every party has it.
type Charter struct {
	Rules     uint64            `cbor:"1,keyasint" json:"rules"`
	Nonce     record.Nonce      `cbor:"2,keyasint" json:"nonce"`
	Names     map[string]string `cbor:"3,keyasint" json:"names"`   // language → name of the group
	Purpose   map[string]string `cbor:"4,keyasint" json:"purpose"` // language → text, equally authentic
	Founded   int64             `cbor:"5,keyasint" json:"founded"` // Unix seconds
	Track     string            `cbor:"6,keyasint" json:"track"`   // security, trade …
	Parent    record.ID         `cbor:"7,keyasint,omitzero" json:"parent,omitzero"`
	Parties   []CharterParty    `cbor:"8,keyasint" json:"parties"` // ascending by id
	Languages []string          `cbor:"9,keyasint" json:"languages"`
	Lines     []CharterLine     `cbor:"10,keyasint,omitempty" json:"lines,omitempty"`
	Consent   map[string]string `cbor:"11,keyasint,omitempty" json:"consent,omitempty"` // kind → all | participants; absent: the kind's own
	Clocks    Clocks            `cbor:"12,keyasint" json:"clocks"`
	Handling  []string          `cbor:"13,keyasint,omitempty" json:"handling,omitempty"`
	Boundary  *Boundary         `cbor:"14,keyasint,omitempty" json:"boundary,omitempty"`
	Meetings  *Meetings         `cbor:"15,keyasint,omitempty" json:"meetings,omitempty"`
	Silence   []string          `cbor:"16,keyasint,omitempty" json:"silence,omitempty"` // kinds to which objections may be asked for by a time, ascending
}

// CharterParty is a founder with the root that its powers start from.
type CharterParty struct {
	ID    record.Party      `cbor:"1,keyasint" json:"id"`
	Names map[string]string `cbor:"2,keyasint" json:"names"`
	Root  Key               `cbor:"3,keyasint" json:"root"`
	Next  record.ID         `cbor:"4,keyasint" json:"next"` // digest of the next root key
}

// CharterLine is a line of effort.
type CharterLine struct {
	Code  string            `cbor:"1,keyasint" json:"code"`
	Names map[string]string `cbor:"2,keyasint" json:"names"`
}

// Clocks are the charter's periods, in seconds.
type Clocks struct {
	Notice       int64 `cbor:"1,keyasint" json:"notice"`
	Ceiling      int64 `cbor:"2,keyasint" json:"ceiling"`
	Consultation int64 `cbor:"3,keyasint,omitzero" json:"consultation,omitzero"`
	Escalation   int64 `cbor:"4,keyasint,omitzero" json:"escalation,omitzero"`
	Retention    int64 `cbor:"5,keyasint" json:"retention"`
	Skew         int64 `cbor:"6,keyasint" json:"skew"`                             // a record dated further ahead of local time is held back
	Contact      int64 `cbor:"7,keyasint,omitzero" json:"contact_report,omitzero"` // from a contact's end to its report; absent: three days
}

// Boundary names the boundary data by digest (rule C3).
type Boundary struct {
	Name   string    `cbor:"1,keyasint" json:"name"`
	Digest record.ID `cbor:"2,keyasint" json:"digest"`
	BandM  int64     `cbor:"3,keyasint" json:"band_m"`
}

// Meetings is how often the group meets and who hosts first; hosts rotate in the order of the parties.
type Meetings struct {
	EveryDays int64        `cbor:"1,keyasint" json:"every_days"`
	First     record.Party `cbor:"2,keyasint" json:"first"`
}

// Bounds of a charter: pages and folds stay readable, and clocks stay within a treaty's life.
const (
	maxLines   = 64
	maxText    = 8 << 10
	maxClock   = 50 * 366 * 86400
	maxSkew    = 86400
	maxOffices = 64
	maxSeats   = 64
)

// Consent modes of a charter.
const (
	ConsentAll          = "all"
	ConsentParticipants = "participants"
)

// GroupOf is the id of the group that a founding charter's bytes constitute.
func GroupOf(founding []byte) record.ID { return record.Digest("entente/charter/v1", founding) }

// ParseCharter reads a charter's bytes, in their one form. Errors wrap record.ErrFormat.
func ParseCharter(b []byte) (*Charter, error) {
	if len(b) > record.MaxTerms {
		return nil, fmt.Errorf("charter: %w: %d bytes, the limit is %d", record.ErrFormat, len(b), record.MaxTerms)
	}
	c := new(Charter)
	if err := record.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("charter: %w", err)
	}
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("charter: %w: %w", record.ErrFormat, err)
	}
	return c, nil
}

// Encode writes the charter in its one form.
func (c *Charter) Encode() ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("charter: %w", err)
	}
	return record.Marshal(c)
}

// Check says what keeps a charter from constituting a group.
func (c *Charter) Check() error {
	switch {
	case c.Rules != Rules:
		return fmt.Errorf("it names fold rules %d: this node applies rules %d", c.Rules, Rules)
	case len(c.Parties) == 0 || len(c.Parties) > record.MaxParties:
		return fmt.Errorf("%d parties: want 1 to %d", len(c.Parties), record.MaxParties)
	case len(c.Languages) == 0:
		return fmt.Errorf("it names no language")
	case !record.ValidName(c.Track):
		return fmt.Errorf("track %.70q is not a name", c.Track)
	case len(c.Lines) > maxLines:
		return fmt.Errorf("%d lines of effort: the limit is %d", len(c.Lines), maxLines)
	case c.Founded <= 0 || c.Founded > record.MaxTime:
		return fmt.Errorf("founded outside the years 1970 to 9999")
	}
	for i, l := range c.Languages {
		if !slices.Contains(Languages, l) || slices.Contains(c.Languages[:i], l) {
			return fmt.Errorf("language %.10q is unknown or doubled", l)
		}
	}
	if err := c.texts("name", c.Names); err != nil {
		return err
	}
	if err := c.texts("purpose", c.Purpose); err != nil {
		return err
	}
	for i, p := range c.Parties {
		if !p.ID.Valid() || (i > 0 && c.Parties[i-1].ID >= p.ID) {
			return fmt.Errorf("party %.20q: want 2 to 8 capital letters, ascending without doubles", string(p.ID))
		}
		if err := p.Root.check(); err != nil {
			return fmt.Errorf("root key of %s: %w", p.ID, err)
		}
		if p.Next.IsZero() || p.Next == p.Root.Digest() {
			return fmt.Errorf("%s names no digest of a next root key, another than its root", p.ID)
		}
		if err := c.texts("name of "+string(p.ID), p.Names); err != nil {
			return err
		}
	}
	for i, l := range c.Lines {
		if !record.ValidName(l.Code) || (i > 0 && c.Lines[i-1].Code >= l.Code) {
			return fmt.Errorf("line %.70q: codes are names, ascending without doubles", l.Code)
		}
		if err := c.texts("name of line "+l.Code, l.Names); err != nil {
			return err
		}
	}
	for _, k := range slices.Sorted(maps.Keys(c.Consent)) { // in one order: the error becomes a reason, and so state
		if m := c.Consent[k]; !record.ValidName(k) || (m != ConsentAll && m != ConsentParticipants) {
			return fmt.Errorf("consent for %.70q: want all or participants", k)
		}
	}
	if len(c.Silence) > maxLines {
		return fmt.Errorf("silence: %d kinds, the limit is %d", len(c.Silence), maxLines)
	}
	for i, k := range c.Silence {
		if !record.ValidName(k) || (i > 0 && c.Silence[i-1] >= k) {
			return fmt.Errorf("silence for %.70q: kinds are names, ascending without doubles", k)
		}
	}
	for _, d := range []int64{c.Clocks.Notice, c.Clocks.Ceiling, c.Clocks.Consultation, c.Clocks.Escalation, c.Clocks.Retention, c.Clocks.Contact} {
		if d < 0 || d > maxClock {
			return fmt.Errorf("clocks: want 0 seconds to 50 years")
		}
	}
	if c.Clocks.Skew <= 0 || c.Clocks.Skew > maxSkew {
		return fmt.Errorf("skew: want 1 second to a day")
	}
	for _, h := range c.Handling {
		if h == "" || len(h) > record.MaxName {
			return fmt.Errorf("handling %.70q is empty or too long", h)
		}
	}
	if m := c.Meetings; m != nil && (m.EveryDays <= 0 || m.EveryDays > 3660 || !slices.Contains(c.IDs(), m.First)) {
		return fmt.Errorf("meetings: want days between meetings and a party that hosts first")
	}
	return nil
}

func (c *Charter) texts(what string, m map[string]string) error {
	for _, l := range c.Languages {
		if m[l] == "" || len(m[l]) > maxText {
			return fmt.Errorf("%s: missing in %s, or longer than %d bytes", what, l, maxText)
		}
	}
	if len(m) != len(c.Languages) {
		return fmt.Errorf("%s stands in a language that the charter does not name", what)
	}
	return nil
}

// IDs of the parties, ascending.
func (c *Charter) IDs() []record.Party {
	out := make([]record.Party, len(c.Parties))
	for i, p := range c.Parties {
		out[i] = p.ID
	}
	return out
}

// Party finds a party's entry.
func (c *Charter) Party(p record.Party) (CharterParty, bool) {
	for _, x := range c.Parties {
		if x.ID == p {
			return x, true
		}
	}
	return CharterParty{}, false
}

// HasLine reports whether the charter names that line of effort.
func (c *Charter) HasLine(code string) bool {
	return slices.ContainsFunc(c.Lines, func(l CharterLine) bool { return l.Code == code })
}

// required evaluates rule C2 for a header of a kind. Hosts of an area join with the kinds that take one.
func (c *Charter) required(k *Kind, h *record.Header) []record.Party {
	if k.Required != nil {
		if ps := k.Required(c, h); len(ps) > 0 {
			return ps
		}
	}
	if c.Consent[k.Name] == ConsentParticipants && len(h.Participants) > 0 {
		return h.Participants
	}
	return c.IDs()
}

func (c *Charter) leaving() consent.Clocks {
	return consent.Clocks{Notice: c.Clocks.Notice, Ceiling: c.Clocks.Ceiling}
}

var charterKind = &Kind{
	Name: "charter",
	Verbs: map[record.Verb]Rule{
		record.Propose:  {Terms: func() any { return new(Charter) }, Approved: true, Parts: []string{"body.*"}},
		record.Consent:  consentRule,
		record.Withdraw: withdrawRule,
	},
	Required: func(c *Charter, _ *record.Header) []record.Party { return c.IDs() },
	Check: func(c *Case) {
		n, ok := c.Terms.(*Charter)
		if !ok || c.Header.Verb != record.Propose {
			return
		}
		if err := n.Check(); err != nil {
			c.Against(ReasonTerms, "charter.form", "%s", err)
			return
		}
		if c.Charter == nil {
			return
		}
		if !slices.Equal(n.IDs(), c.Charter.IDs()) {
			c.Against(ReasonTerms, "charter.parties", "an amendment keeps the parties: other parties found a group of their own, linked to this one")
		}
		for _, p := range n.Parties {
			if q, _ := c.Charter.Party(p.ID); q.Root.String() != p.Root.String() || q.Next != p.Next {
				c.Against(ReasonTerms, "charter.roots", "an amendment keeps the founding roots: a party replaces its keys by its own powers record")
			}
		}
	},
}
