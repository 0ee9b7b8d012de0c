// Package record defines the signed bytes of Entente: headers as COSE_Sign1 over deterministic CBOR, the parts kept
// outside them by salted digest, and the one function that turns received bytes into a verified record.
//
// The format is specified in doc/record.md; vectors/record.json holds its language-neutral test vectors.
package record

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
)

// Format is the version of the header format this package reads and writes.
const Format = 1

// ID is the SHA-256 digest of a header's complete bytes, or of a founding charter's.
type ID [32]byte

// IsZero reports whether the id is absent.
func (id ID) IsZero() bool { return id == ID{} }

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Short is the first eight hex digits, for people; never a key.
func (id ID) Short() string { return hex.EncodeToString(id[:4]) }

// MarshalText writes 64 lower-case hex digits, nothing for an absent id.
func (id ID) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = ID{}
		return nil
	}
	v, err := ParseID(string(b))
	if err == nil {
		*id = v
	}
	return err
}

// ParseID reads 64 lower-case hex digits.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 64 {
		return id, fmt.Errorf("id %.70q: want 64 hex digits", s)
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil || id.String() != s {
		return ID{}, fmt.Errorf("id %q: want lower-case hex digits", s)
	}
	return id, nil
}

// Party is the id of a sovereign member: 2 to 8 capital letters, ISO 3166 where one fits.
type Party string

// Valid reports whether p has the form of a party's id.
func (p Party) Valid() bool {
	if len(p) < 2 || len(p) > 8 {
		return false
	}
	for _, c := range []byte(p) {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

// Verb is what a record does to its instrument.
type Verb string

// The verbs. Each kind states which it takes and what they need; a verb outside this list is refused at parse.
const (
	Propose  Verb = "propose"
	Consent  Verb = "consent"
	Withdraw Verb = "withdraw"
	Report   Verb = "report"
	Reply    Verb = "reply"
	Release  Verb = "release"
	Recall   Verb = "recall"
	Erase    Verb = "erase"
	Note     Verb = "note"
	Restore  Verb = "restore"
)

// Verbs is the closed list, in the order of the model.
var Verbs = []Verb{Propose, Consent, Withdraw, Report, Reply, Release, Recall, Erase, Note, Restore}

// Mark is a size of a log and its root at that size (RFC 6962 tree head).
type Mark struct {
	Size uint64 `cbor:"1,keyasint" json:"size"`
	Root ID     `cbor:"2,keyasint" json:"root"`
}

// Seen is, for each peer, the size and root of that peer's log which counted at the author's node (rule C4).
// A peer of which nothing counts yet is absent.
type Seen map[Party]Mark

// Ref is the position of a record: a party's log and the index in it.
type Ref struct {
	Party Party  `cbor:"1,keyasint" json:"party"`
	Index uint64 `cbor:"2,keyasint" json:"index"`
}

func (r Ref) String() string { return fmt.Sprintf("%s#%d", r.Party, r.Index) }

// Nature says what an instrument is in law; Entente records it and decides nothing by it.
type Nature string

// The natures of an instrument.
const (
	Political   Nature = "political"   // political commitment
	Arrangement Nature = "arrangement" // between agencies
	Treaty      Nature = "treaty"      // under a named treaty
)

// Header is the signed content of a record. Every header goes to every party of its group.
// Field numbers are the CBOR map keys; absent fields are left out, never written as zero.
type Header struct {
	Format       uint64     `cbor:"1,keyasint" json:"format"`
	Group        ID         `cbor:"2,keyasint" json:"group"`
	Party        Party      `cbor:"3,keyasint" json:"party"`
	Index        uint64     `cbor:"4,keyasint" json:"index"`
	Kind         string     `cbor:"5,keyasint" json:"kind"`
	Verb         Verb       `cbor:"6,keyasint" json:"verb"`
	Instrument   ID         `cbor:"7,keyasint,omitzero" json:"instrument,omitzero"` // absent: this record opens it
	Version      ID         `cbor:"8,keyasint,omitzero" json:"version,omitzero"`    // the record that a verb other than propose speaks of
	Replaces     ID         `cbor:"9,keyasint,omitzero" json:"replaces,omitzero"`   // propose: the version it replaces
	Charter      ID         `cbor:"10,keyasint" json:"charter"`                     // the charter in force for the author
	Time         int64      `cbor:"11,keyasint" json:"time"`                        // Unix seconds
	Until        int64      `cbor:"12,keyasint,omitzero" json:"until,omitzero"`     // propose: consents later than this do not count
	Participants []Party    `cbor:"13,keyasint,omitempty" json:"participants,omitempty"`
	Line         string     `cbor:"14,keyasint,omitempty" json:"line,omitempty"` // line of effort, by the charter's code
	Nature       Nature     `cbor:"15,keyasint,omitempty" json:"nature,omitempty"`
	Area         []uint64   `cbor:"16,keyasint,omitempty" json:"area,omitempty"` // S2 cell ids, ascending
	Terms        Terms      `cbor:"17,keyasint,omitzero" json:"terms,omitempty"` // what the kind adds: dates and owners that states depend on
	Seen         Seen       `cbor:"18,keyasint,omitempty" json:"seen,omitempty"`
	Parts        []PartRef  `cbor:"19,keyasint,omitempty" json:"parts,omitempty"`
	Nonce        Nonce      `cbor:"20,keyasint" json:"nonce"`
	Approvals    []Approval `cbor:"21,keyasint,omitempty" json:"approvals,omitempty"`
}

// Ref is the record's position.
func (h *Header) Ref() Ref { return Ref{h.Party, h.Index} }

// Knows reports whether this record knows the record at r: it lies under its seen, or precedes it in one log (rule C4).
func (h *Header) Knows(r Ref) bool {
	if r.Party == h.Party {
		return r.Index < h.Index
	}
	return r.Index < h.Seen[r.Party].Size
}

// Part returns the reference to the part of that name.
func (h *Header) Part(name string) (PartRef, bool) {
	for _, p := range h.Parts {
		if p.Name == name {
			return p, true
		}
	}
	return PartRef{}, false
}

// Nonce is 128 fresh random bits of one act: approvals bind it, so an approval counts once.
type Nonce [16]byte

func (n Nonce) String() string { return hex.EncodeToString(n[:]) }

// MarshalText writes 32 hex digits.
func (n Nonce) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads 32 hex digits.
func (n *Nonce) UnmarshalText(b []byte) error {
	if len(b) != 32 {
		return fmt.Errorf("nonce: want 32 hex digits")
	}
	_, err := hex.Decode(n[:], b)
	return err
}

// check refuses what no kind may allow: wrong format, unsorted or oversized lists, unknown verbs.
func (h *Header) check() error {
	switch {
	case h.Format != Format:
		return fmt.Errorf("format %d: this node reads format %d", h.Format, Format)
	case !h.Party.Valid():
		return fmt.Errorf("party %.20q: want 2 to 8 capital letters", string(h.Party))
	case h.Index > MaxIndex:
		return fmt.Errorf("index %d: the limit is %d", h.Index, uint64(MaxIndex))
	case !validName(h.Kind):
		return fmt.Errorf("kind %.70q is not a name", h.Kind)
	case !slices.Contains(Verbs, h.Verb):
		return fmt.Errorf("verb %.20q is unknown", string(h.Verb))
	case h.Time <= 0 || h.Time > MaxTime || h.Until < 0 || h.Until > MaxTime:
		return fmt.Errorf("time or until outside the years 1970 to 9999")
	case h.Line != "" && !validName(h.Line):
		return fmt.Errorf("line %.70q is not a name", h.Line)
	case !validText(string(h.Nature)):
		return fmt.Errorf("nature is too long or not plain text")
	case len(h.Terms) > MaxTerms:
		return fmt.Errorf("terms of %d bytes: the limit is %d", len(h.Terms), MaxTerms)
	case len(h.Area) > MaxArea:
		return fmt.Errorf("area of %d cells: the limit is %d", len(h.Area), MaxArea)
	case len(h.Participants) > MaxParties || len(h.Seen) > MaxParties:
		return fmt.Errorf("more than %d parties", MaxParties)
	case len(h.Parts) > MaxParts:
		return fmt.Errorf("%d parts: the limit is %d", len(h.Parts), MaxParts)
	case len(h.Approvals) > MaxApprovals:
		return fmt.Errorf("%d approvals: the limit is %d", len(h.Approvals), MaxApprovals)
	}
	if !Ascending(h.Area) || !Ascending(h.Participants) {
		return fmt.Errorf("area and participants must ascend without doubles")
	}
	for _, p := range h.Participants {
		if !p.Valid() {
			return fmt.Errorf("participant %.20q is not a party", string(p))
		}
	}
	for p, m := range h.Seen {
		if !p.Valid() || p == h.Party || m.Size == 0 || m.Size > MaxIndex {
			return fmt.Errorf("seen of %.20q: want another party and a size above zero", string(p))
		}
	}
	for i, p := range h.Parts {
		if i > 0 && h.Parts[i-1].Name >= p.Name {
			return fmt.Errorf("parts must ascend by name without doubles")
		}
		if err := p.check(); err != nil {
			return fmt.Errorf("part %.70q: %w", p.Name, err)
		}
	}
	for i, a := range h.Approvals {
		if err := a.check(); err != nil {
			return fmt.Errorf("approval %d: %w", i, err)
		}
	}
	return checkTerms(h.Terms)
}

// validName: lower-case letters, digits, and single - . / between them, at most MaxName bytes. Names become paths of
// exported files: no name may climb out of its folder.
func validName(s string) bool {
	if s == "" || len(s) > MaxName {
		return false
	}
	for i, c := range []byte(s) {
		if alnum(c) || ((c == '-' || c == '.' || c == '/') && i > 0 && i < len(s)-1 && alnum(s[i-1])) {
			continue
		}
		return false
	}
	return true
}

func alnum(c byte) bool { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') }

// validText: at most MaxName bytes of UTF-8 without control characters; what is not UTF-8 cannot be written as CBOR text.
func validText(s string) bool {
	if len(s) > MaxName || !utf8.ValidString(s) {
		return false
	}
	for _, c := range []byte(s) {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// ValidName reports whether s may name a kind, a line, an office or a part: lower-case letters, digits, and single - . /
// between them.
func ValidName(s string) bool { return validName(s) }

// ValidText reports whether s is at most MaxName bytes of plain text.
func ValidText(s string) bool { return validText(s) }

// Ascending reports whether a list ascends, each once.
func Ascending[T interface{ ~uint64 | ~string }](s []T) bool {
	for i := 1; i < len(s); i++ {
		if s[i-1] >= s[i] {
			return false
		}
	}
	return true
}

// Digest is SHA-256 over a domain and the bytes: no digest of one use passes for one of another.
func Digest(domain string, b ...[]byte) ID {
	h := sha256.New()
	h.Write([]byte(domain))
	h.Write([]byte{0})
	for _, p := range b {
		h.Write(p)
	}
	return ID(h.Sum(nil))
}

// Parties returns the keys in ascending order.
func (s Seen) Parties() []Party { return slices.Sorted(maps.Keys(s)) }
