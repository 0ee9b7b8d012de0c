package record

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrPart: content is not the part that was signed.
var ErrPart = errors.New("not the part that was signed")

// TLP is a level of the Traffic Light Protocol 2.0 (FIRST).
type TLP string

// The levels, widest first.
const (
	Clear       TLP = "CLEAR"
	Green       TLP = "GREEN"
	Amber       TLP = "AMBER"
	AmberStrict TLP = "AMBER+STRICT"
	Red         TLP = "RED"
)

// Public in ReleasableTo means everybody. It is no party's id.
const Public Party = "*"

// Marking says who may hold a part. Package release evaluates it; empty ReleasableTo is the author's party alone.
type Marking struct {
	TLP          TLP      `cbor:"1,keyasint" json:"tlp"`
	ReleasableTo []Party  `cbor:"2,keyasint,omitempty" json:"releasable_to,omitempty"` // ascending; [*] is public
	Originator   Party    `cbor:"3,keyasint" json:"originator"`
	Handling     string   `cbor:"4,keyasint,omitempty" json:"handling,omitempty"` // from the charter's list
	National     string   `cbor:"5,keyasint,omitempty" json:"national,omitempty"` // opaque to the other side
	Review       int64    `cbor:"6,keyasint,omitzero" json:"review,omitzero"`     // Unix seconds
	Offices      []string `cbor:"7,keyasint,omitempty" json:"offices,omitempty"`  // RED: the offices named, as MX/legal
}

// PartRef stands in the header for content kept outside it.
type PartRef struct {
	Name    string  `cbor:"1,keyasint" json:"name"`
	Digest  ID      `cbor:"2,keyasint" json:"digest"`
	Length  uint64  `cbor:"3,keyasint" json:"length"` // bytes of the content
	Marking Marking `cbor:"4,keyasint" json:"marking"`
	Rows    uint64  `cbor:"5,keyasint,omitzero" json:"rows,omitzero"` // number of rows, for a rows part
	Root    ID      `cbor:"6,keyasint,omitzero" json:"root,omitzero"` // Merkle root of the rows, for a rows part
}

func (p *PartRef) check() error {
	m := p.Marking
	switch {
	case !validName(p.Name):
		return fmt.Errorf("not a name")
	case p.Length > MaxPart:
		return fmt.Errorf("%d bytes, the limit is %d", p.Length, MaxPart)
	case p.Rows > MaxRows:
		return fmt.Errorf("%d rows, the limit is %d", p.Rows, MaxRows)
	case (p.Name == RowsPart) != !p.Root.IsZero() || (p.Name == RowsPart) != (p.Rows > 0):
		return fmt.Errorf("the number and the Merkle root of rows stand in the part %q and only there", RowsPart)
	case !m.Originator.Valid():
		return fmt.Errorf("originator %.20q is not a party", string(m.Originator))
	case !validText(m.Handling) || !validText(m.National) || len(m.Offices) > MaxParties:
		return fmt.Errorf("handling, national marking or offices are too long or not plain text")
	case m.Review < 0 || m.Review > MaxTime:
		return fmt.Errorf("review date outside the years 1970 to 9999")
	case len(m.ReleasableTo) > MaxParties || !Ascending(m.ReleasableTo) || !Ascending(m.Offices):
		return fmt.Errorf("recipients and offices must ascend without doubles")
	case !slices.Contains([]TLP{Clear, Green, Amber, AmberStrict, Red}, m.TLP):
		return fmt.Errorf("TLP level %.20q is unknown", string(m.TLP))
	}
	for _, q := range m.ReleasableTo {
		if q != Public && !q.Valid() {
			return fmt.Errorf("recipient %.20q is not a party", string(q))
		}
	}
	for _, o := range m.Offices {
		if p, name, ok := strings.Cut(o, "/"); !ok || !Party(p).Valid() || !validName(name) {
			return fmt.Errorf("office %.70q: want PARTY/office", o)
		}
	}
	return nil
}

// Salt is 128 fresh random bits per part and version; without it a digest tells nothing of a guessable content.
type Salt [16]byte

// Part is content with its salt: what is delivered, stored encrypted, and erased.
type Part struct {
	Name    string `cbor:"1,keyasint" json:"name"`
	Salt    Salt   `cbor:"2,keyasint" json:"-"`
	Content []byte `cbor:"3,keyasint" json:"content"`
}

// Describe computes the reference of a part: digest over group, nonce, name, marking, length, salt and content, or for rows
// over their Merkle root in the content's place. It fails with ErrFormat where rows are not in their one form.
func Describe(group ID, nonce Nonce, p Part, m Marking) (PartRef, error) {
	ref := PartRef{Name: p.Name, Length: uint64(len(p.Content)), Marking: m}
	if p.Name == RowsPart {
		t, err := ParseTable(p.Content)
		if err != nil {
			return PartRef{}, err
		}
		ref.Rows, ref.Root = uint64(len(t.Rows)), t.root(p.Salt)
	}
	if err := ref.check(); err != nil {
		return PartRef{}, fmt.Errorf("part %.70q: %w: %w", p.Name, ErrFormat, err)
	}
	var err error
	ref.Digest, err = ref.digest(group, nonce, p.Salt, p.Content)
	return ref, err
}

func (p *PartRef) digest(group ID, nonce Nonce, salt Salt, content []byte) (ID, error) {
	if p.Name == RowsPart { // the salted leaves blind the root, so one row can be shown without the salt of the others
		b, err := enc.Marshal([]any{group, nonce, p.Name, p.Marking, p.Length, p.Rows, p.Root})
		return Digest("entente/rows/v1", b), err
	}
	b, err := enc.Marshal([]any{group, nonce, p.Name, p.Marking, p.Length, salt})
	return Digest("entente/part/v1", b, content), err
}

// Open proves that content is the part that was signed in h. Errors wrap ErrPart.
func Open(h *Header, p Part) error {
	ref, ok := h.Part(p.Name)
	if !ok {
		return fmt.Errorf("part %.70q: %w: the header names no such part", p.Name, ErrPart)
	}
	if ref.Length != uint64(len(p.Content)) { // before any hashing
		return fmt.Errorf("part %.70q: %w: %d bytes, signed were %d", p.Name, ErrPart, len(p.Content), ref.Length)
	}
	got, err := Describe(h.Group, h.Nonce, p, ref.Marking)
	if err != nil {
		return fmt.Errorf("part %.70q: %w: %w", p.Name, ErrPart, err)
	}
	if got.Digest != ref.Digest || got.Root != ref.Root || got.Rows != ref.Rows {
		return fmt.Errorf("part %.70q: %w", p.Name, ErrPart)
	}
	return nil
}
