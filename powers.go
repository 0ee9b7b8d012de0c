package entente

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entente/record"
)

// Key is a public key with its algorithm.
type Key struct {
	Alg    record.Alg `cbor:"1,keyasint" json:"alg"`
	Public HexBytes   `cbor:"2,keyasint" json:"public"`
}

// HexBytes shows as hex in JSON and is a byte string in CBOR.
type HexBytes []byte

// MarshalText writes lower-case hex.
func (b HexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(b)), nil }

// UnmarshalText reads hex.
func (b *HexBytes) UnmarshalText(t []byte) error {
	v, err := hex.DecodeString(string(t))
	*b = v
	return err
}

func (k Key) String() string { return fmt.Sprintf("%d:%x", k.Alg, []byte(k.Public)) }

// Digest commits to a key before it is shown: what a party's next root is held to.
func (k Key) Digest() record.ID { return record.Digest("entente/key/v1", []byte(k.String())) }

// Ed25519 returns the key for crypto/ed25519, nil for another algorithm.
func (k Key) Ed25519() ed25519.PublicKey {
	if k.Alg != record.Ed25519 || len(k.Public) != ed25519.PublicKeySize {
		return nil
	}
	return ed25519.PublicKey(k.Public)
}

// ParseKey reads what String writes.
func ParseKey(s string) (Key, error) {
	alg, public, ok := strings.Cut(s, ":")
	n, err := strconv.ParseInt(alg, 10, 64)
	b, err2 := hex.DecodeString(public)
	k := Key{Alg: record.Alg(n), Public: b}
	if !ok || err != nil || err2 != nil || k.String() != s {
		return Key{}, fmt.Errorf("key %.100q: want ALGORITHM:HEX, as %d:… (Ed25519) or %d:… (WebAuthn)", s, record.Ed25519, record.WebAuthn)
	}
	return k, record.CheckKey(k.Alg, k.Public)
}

// check holds the keys of roots and nodes. Those of seats may be of every algorithm that officials sign with.
func (k Key) check() error {
	if k.Alg == record.WebAuthn {
		return fmt.Errorf("algorithm %d is for seats: roots and nodes sign with Ed25519 (%d)", k.Alg, record.Ed25519)
	}
	return record.CheckKey(k.Alg, k.Public)
}

// pair names the key pair: two hosts of a WebAuthn key do not make two keys of it.
func (k Key) pair() string {
	if k.Alg == record.WebAuthn {
		return string(k.Public[:len(k.Public)-len(record.ID{})])
	}
	return k.String()
}

// Use is what a node's key is for. No key serves two.
type Use string

// The uses of a node's keys.
const (
	UseRecord  Use = "record"  // seals headers; puts nothing in force
	UseLog     Use = "log"     // signs checkpoints and nothing else
	UseWitness Use = "witness" // cosigns a peer's checkpoint as consistent
	UseMirror  Use = "mirror"  // cosigns a peer's checkpoint as held on disk
	UseTLS     Use = "tls"     // the node's side of a connection
)

// Uses in the order they stand in a powers record.
var Uses = []Use{UseLog, UseMirror, UseRecord, UseTLS, UseWitness}

// Powers is what a party says of its own keys and offices. Its latest record before an index judges the record there
// (rule C6; compare the Vienna Convention on the Law of Treaties, art. 7). The approval of the root key carries it.
type Powers struct {
	Root    Key         `cbor:"1,keyasint" json:"root"`
	Next    record.ID   `cbor:"2,keyasint" json:"next"` // digest of the next root, which only a change of root changes
	Keys    map[Use]Key `cbor:"3,keyasint" json:"keys"`
	Address string      `cbor:"4,keyasint,omitempty" json:"address,omitempty"` // host:port of the node, for peers
	Offices []Office    `cbor:"5,keyasint" json:"offices"`                     // ascending by id
}

// Office is held by officials with keys of their own, in numbered seats.
type Office struct {
	ID     string            `cbor:"1,keyasint" json:"id"`
	Names  map[string]string `cbor:"2,keyasint" json:"names"`
	Seats  []Seat            `cbor:"3,keyasint,omitempty" json:"seats,omitempty"` // ascending by number
	Grants []Grant           `cbor:"4,keyasint,omitempty" json:"grants,omitempty"`
	Reach  *Reach            `cbor:"5,keyasint,omitempty" json:"reach,omitempty"`
}

// Reach is how the other parties reach an office: the office, never a person. Its party signs it with its powers, so every party has
// it, and for good.
type Reach struct {
	Telephone string `cbor:"1,keyasint,omitempty" json:"telephone,omitempty"`
	Mail      string `cbor:"2,keyasint,omitempty" json:"mail,omitempty"`
	Hours     string `cbor:"3,keyasint,omitempty" json:"hours,omitempty"` // with their time zone
	Duty      bool   `cbor:"4,keyasint,omitempty" json:"duty,omitempty"`  // it answers at any hour
}

func (r *Reach) check() error {
	if r == nil {
		return nil
	}
	if *r == (Reach{}) {
		return fmt.Errorf("a way to reach it that says nothing is left out")
	}
	for _, s := range []string{r.Telephone, r.Mail, r.Hours} {
		if s != "" && !record.ValidText(s) {
			return fmt.Errorf("telephone, mail and hours are one line of plain text, of at most %d bytes each", record.MaxName)
		}
	}
	return nil
}

// Seat is one official's key. A deputy or an acting official has a seat for a term, half-open, against the record's own time.
type Seat struct {
	Number uint64 `cbor:"1,keyasint" json:"number"`
	Key    Key    `cbor:"2,keyasint" json:"key"`
	From   int64  `cbor:"3,keyasint,omitzero" json:"from,omitzero"`     // Unix seconds; zero: from the start
	Until  int64  `cbor:"4,keyasint,omitzero" json:"until,omitzero"`    // zero: no end
	Acting bool   `cbor:"5,keyasint,omitempty" json:"acting,omitempty"` // shown with the signature, judged by nobody
}

// Sits reports whether the seat's term covers a record's own time.
func (s Seat) Sits(time int64) bool { return time >= s.From && (s.Until == 0 || time < s.Until) }

func (s Seat) checkTerm() error {
	if s.From < 0 || s.Until < 0 || s.From > record.MaxTime || s.Until > record.MaxTime || (s.Until != 0 && s.From >= s.Until) {
		return fmt.Errorf("a term starts before it ends, in the years 1970 to 9999")
	}
	return nil
}

// Grant is authority to sign for the party.
type Grant struct {
	Kinds []string      `cbor:"1,keyasint" json:"kinds"`                     // [*] is every kind
	Verbs []record.Verb `cbor:"2,keyasint,omitempty" json:"verbs,omitempty"` // empty: every verb
	Lines []string      `cbor:"3,keyasint,omitempty" json:"lines,omitempty"` // empty: every line of effort
	Until int64         `cbor:"4,keyasint,omitzero" json:"until,omitzero"`   // against the record's own time; zero: no end
	Sign  uint64        `cbor:"5,keyasint" json:"sign"`                      // how many seats of the office must sign
	Paper bool          `cbor:"6,keyasint,omitempty" json:"paper,omitempty"` // it may also record that another office signed on paper
}

// Covers reports whether the grant reaches an act of that kind, verb and line at the record's own time.
func (g Grant) Covers(kind string, verb record.Verb, line string, time int64) bool {
	return (slices.Contains(g.Kinds, "*") || slices.Contains(g.Kinds, kind)) &&
		(len(g.Verbs) == 0 || slices.Contains(g.Verbs, verb)) &&
		(len(g.Lines) == 0 || (line != "" && slices.Contains(g.Lines, line))) &&
		(g.Until == 0 || time < g.Until)
}

// Office finds an office.
func (p *Powers) Office(id string) (Office, bool) {
	for _, o := range p.Offices {
		if o.ID == id {
			return o, true
		}
	}
	return Office{}, false
}

// May reports whether an office has authority for an act of that kind, verb and line at a time.
func (p *Powers) May(office, kind string, verb record.Verb, line string, time int64) bool {
	o, _ := p.Office(office)
	return slices.ContainsFunc(o.Grants, func(g Grant) bool { return g.Covers(kind, verb, line, time) })
}

// Seat finds a seat by its number.
func (o Office) Seat(n uint64) (Seat, bool) {
	for _, s := range o.Seats {
		if s.Number == n {
			return s, true
		}
	}
	return Seat{}, false
}

// Check says what is wrong with the powers themselves.
func (p *Powers) Check() error {
	if err := p.Root.check(); err != nil {
		return fmt.Errorf("root key: %w", err)
	}
	if p.Next.IsZero() || p.Next == p.Root.Digest() {
		return fmt.Errorf("next: want the digest of another key than the root")
	}
	if len(p.Address) > 256 {
		return fmt.Errorf("address of %d bytes: the limit is 256", len(p.Address))
	}
	used := map[string]string{p.Root.pair(): "root"}
	once := func(what string, k Key, err error) error {
		if err != nil {
			return fmt.Errorf("%s key: %w", what, err)
		}
		if other, ok := used[k.pair()]; ok {
			return fmt.Errorf("%s and %s have one key: every use and every seat has its own", what, other)
		}
		used[k.pair()] = what
		return nil
	}
	for _, u := range Uses {
		k, ok := p.Keys[u]
		if !ok {
			return fmt.Errorf("no %s key", u)
		}
		if err := once(string(u), k, k.check()); err != nil {
			return err
		}
	}
	if len(p.Keys) != len(Uses) {
		return fmt.Errorf("keys for a use that is not known")
	}
	if len(p.Offices) > maxOffices {
		return fmt.Errorf("%d offices: the limit is %d", len(p.Offices), maxOffices)
	}
	for i, o := range p.Offices {
		if !record.ValidName(o.ID) || o.ID == record.RootOffice || (i > 0 && p.Offices[i-1].ID >= o.ID) {
			return fmt.Errorf("office %.70q: ids are names other than root, ascending without doubles", o.ID)
		}
		if err := o.Reach.check(); err != nil {
			return fmt.Errorf("office %s: %w", o.ID, err)
		}
		if len(o.Seats) > maxSeats {
			return fmt.Errorf("office %s: %d seats, the limit is %d", o.ID, len(o.Seats), maxSeats)
		}
		for j, s := range o.Seats {
			if s.Number == 0 || s.Number > 1000 || (j > 0 && o.Seats[j-1].Number >= s.Number) {
				return fmt.Errorf("office %s: seats are numbered from 1 to 1000, ascending without doubles", o.ID)
			}
			seat := fmt.Sprintf("%s/%d", o.ID, s.Number)
			if err := once(seat, s.Key, record.CheckKey(s.Key.Alg, s.Key.Public)); err != nil {
				return err
			}
			if err := s.checkTerm(); err != nil {
				return fmt.Errorf("seat %s: %w", seat, err)
			}
		}
		for _, g := range o.Grants {
			if len(g.Kinds) == 0 || g.Sign == 0 || g.Sign > uint64(maxSeats) || g.Until < 0 || g.Until > record.MaxTime {
				return fmt.Errorf("office %s: a grant names kinds and how many must sign", o.ID)
			}
			if g.Paper && len(g.Verbs) > 0 && !slices.Contains(g.Verbs, record.Consent) {
				return fmt.Errorf("office %s: signatures on paper are recorded by consents, which the grant leaves out", o.ID)
			}
		}
	}
	return nil
}

// follows applies the rule of succession: root and next stay together; they change together only when the key that next
// committed to is shown as the new root. A stolen root can therefore be replaced by its owner, and cannot lock the owner out.
func (p *Powers) follows(root Key, next record.ID) error {
	same := p.Root.String() == root.String() && p.Next == next
	if !same && p.Root.Digest() != next {
		return fmt.Errorf("it names a root that is neither the current one nor the one that was committed to")
	}
	return nil
}

// Span is one powers record in force in a log from its own index on, until the next.
type Span struct {
	From   uint64
	ID     record.ID
	Time   int64 // of the record, by its author's word
	Powers *Powers
}

// Keyring is one party's powers by position: fed with every record of its log, in order, whether it counts yet or not.
type Keyring struct {
	Party record.Party
	root  Key       // of the founding charter: records may be judged again after later powers were fed
	next  record.ID // likewise
	spans []Span
	acts  []powersAct // every powers record of the log, in force or not: the root's approval counts once
}

type powersAct struct {
	index uint64
	nonce record.Nonce
}

// NewKeyring starts from the roots of the founding charter.
func NewKeyring(p CharterParty) *Keyring { return &Keyring{Party: p.ID, root: p.Root, next: p.Next} }

// Clone returns a copy that can be fed without touching the original.
func (k *Keyring) Clone() *Keyring {
	c := *k
	c.spans, c.acts = slices.Clone(k.spans), slices.Clone(k.acts)
	return &c
}

// Spans are the powers so far, by index.
func (k *Keyring) Spans() []Span { return k.spans }

// Feed takes the next record of the log. Powers that the root did not approve, that break succession, or that stand in the
// log already, change nothing.
func (k *Keyring) Feed(h *record.Header, id record.ID) {
	if h.Kind != powersKind.Name || h.Verb != record.Propose {
		return
	}
	if p, err := k.read(h); err == nil {
		k.spans = append(k.spans, Span{h.Index, id, h.Time, p})
	}
	k.acts = append(k.acts, powersAct{h.Index, h.Nonce})
}

// read decodes and judges powers by root alone: they depend on nothing but the log they stand in. An act that stands in the
// log already is refused: whoever holds a record key could otherwise bring back powers that were replaced.
func (k *Keyring) read(h *record.Header) (*Powers, error) {
	p := new(Powers)
	if record.Unmarshal(h.Terms, p) != nil {
		return nil, fmt.Errorf("its terms are not powers in their one form")
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	for _, a := range k.acts {
		if a.nonce == h.Nonce && a.index < h.Index {
			return nil, fmt.Errorf("these powers stand at %s#%d already", k.Party, a.index)
		}
	}
	root, next := k.root, k.next
	if i := k.before(h.Index); i >= 0 {
		root, next = k.spans[i].Powers.Root, k.spans[i].Powers.Next
	}
	if err := p.follows(root, next); err != nil {
		return nil, err
	}
	return p, approvedByRoot(h, p.Root)
}

func approvedByRoot(h *record.Header, root Key) error {
	act, err := record.Act(h)
	if err != nil {
		return err
	}
	for i := range h.Approvals {
		if a := &h.Approvals[i]; a.Office == record.RootOffice && a.Verify(act, h.Party, root.Alg, root.Public) {
			return nil
		}
	}
	return fmt.Errorf("the root key did not approve it")
}

func (k *Keyring) before(index uint64) int {
	for i := len(k.spans) - 1; i >= 0; i-- {
		if k.spans[i].From < index {
			return i
		}
	}
	return -1
}

// At returns the powers that judge the record at an index: the latest before it. Nil: none.
func (k *Keyring) At(index uint64) *Powers {
	if i := k.before(index); i >= 0 {
		return k.spans[i].Powers
	}
	return nil
}

// RecordKey finds the key that may have sealed h: that of the powers before it, or for powers the key they name themselves,
// so that a stolen record key can be replaced without it.
func (k *Keyring) RecordKey(h *record.Header, kid record.KeyID) ed25519.PublicKey {
	if p := k.At(h.Index); p != nil {
		if pub := p.Keys[UseRecord].Ed25519(); pub != nil && record.KeyIDOf(pub) == kid {
			return pub
		}
	}
	if h.Kind == powersKind.Name && h.Verb == record.Propose {
		if p, err := k.read(h); err == nil {
			if pub := p.Keys[UseRecord].Ed25519(); record.KeyIDOf(pub) == kid {
				return pub
			}
		}
	}
	return nil
}

// Key returns the party's key of a use that is current at a size of its log (rule: the powers among the first size records).
func (k *Keyring) Key(u Use, size uint64) ed25519.PublicKey {
	if p := k.At(size); p != nil {
		return p.Keys[u].Ed25519()
	}
	return nil
}

// Restored is what officials sign when a log goes on after a peer that held it is gone for good (rule C10).
type Restored struct {
	Size     uint64         `cbor:"1,keyasint" json:"size"`
	Root     record.ID      `cbor:"2,keyasint" json:"root"`
	Answered []record.Party `cbor:"3,keyasint,omitempty" json:"answered,omitempty"`
	Silent   []record.Party `cbor:"4,keyasint,omitempty" json:"silent,omitempty"`
}

var powersKind = &Kind{
	Name: "powers",
	Verbs: map[record.Verb]Rule{
		record.Propose: {Opens: true, Root: true, Terms: func() any { return new(Powers) }},
		record.Restore: {Opens: true, Only: true, Root: true, Terms: func() any { return new(Restored) }},
	},
	Required:   func(_ *Charter, h *record.Header) []record.Party { return []record.Party{h.Party} },
	Unilateral: true,
	Check: func(c *Case) {
		if t, ok := c.Terms.(*Restored); ok && t.Size != c.Header.Index {
			c.Against(ReasonTerms, "restore.index", "it restores the log at %d records and stands at index %d", t.Size, c.Header.Index)
		}
	},
}
