package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"entente"
	"entente/record"
	"entente/store"
)

// Introduction is what a party hands to another before they have a group: who it is and under which keys. Its fingerprint
// is read over the telephone.
type Introduction struct {
	Format  string            `json:"format"` // entente/introduction/v1
	Party   record.Party      `json:"party"`
	Names   map[string]string `json:"names"`
	Root    entente.Key       `json:"root"`
	Next    record.ID         `json:"next"`
	TLS     entente.Key       `json:"tls"`
	Address string            `json:"address"`
}

// Fingerprint is read aloud: eight groups of four digits over everything in the introduction but the address.
func (i Introduction) Fingerprint() string {
	d := record.Digest("entente/introduction/v1", []byte(i.Party), []byte(i.Root.String()), i.Next[:], []byte(i.TLS.String()))
	s := ""
	for k := range 8 {
		if k > 0 {
			s += " "
		}
		s += fmt.Sprintf("%04d", (uint32(d[2*k])<<8|uint32(d[2*k+1]))%10000)
	}
	return s
}

const introductionFormat = "entente/introduction/v1"

// Introduction is this node's own, as it stands: the root and next root of its own powers, and the newest TLS key.
func (n *Node) Introduction(ctx context.Context) (Introduction, error) {
	var i Introduction
	b, err := store.Setting(n.store.View(ctx), "introduction")
	if err == nil {
		err = json.Unmarshal(b, &i)
	}
	if err != nil {
		return i, err
	}
	if own := n.own(); own != nil {
		if p := own.ledger.Ring(n.party).At(own.logs[n.party].tree.Size()); p != nil {
			i.Root, i.Next = p.Root, p.Next
		}
	}
	c := n.Config()
	i.TLS, i.Address, i.Names = PublicKey(n.keys.key(entente.UseTLS)), c.Address, c.Names
	return i, nil
}

// Meet keeps another party's introduction: its node is known from then on by these keys. The caller has compared the
// fingerprint with the other side by another channel.
func (n *Node) Meet(ctx context.Context, i Introduction) error {
	if i.Format != introductionFormat || !i.Party.Valid() || i.Party == n.party || i.Root.Ed25519() == nil || i.TLS.Ed25519() == nil || i.Next.IsZero() {
		return fmt.Errorf("introduction: %w", ErrInvalid)
	}
	return n.meet(ctx, metIntroduction{Introduction: i, Met: n.clock()}, func(*metIntroduction) error { return nil })
}

// meet keeps an introduction, unless expected refuses the one that is kept now (nil: none).
func (n *Node) meet(ctx context.Context, i metIntroduction, expected func(*metIntroduction) error) error {
	b, err := json.Marshal(i)
	if err != nil {
		return err
	}
	told := n.replaces(ctx, i.Introduction)
	return n.write(ctx, func(x *batch) error {
		was, err := metIn(x.tx, i.Party)
		switch {
		case errors.Is(err, ErrNotFound):
			err = expected(nil)
		case err == nil:
			err = expected(&was)
		default:
			return x.fail(err)
		}
		if err != nil {
			return err
		}
		for _, g := range told {
			err := x.tx.PutAlarm(g.row, store.Alarm{Party: i.Party, Code: AlarmIntroduction, Time: x.now,
				Text: fmt.Sprintf("Another introduction of %s was kept here (fingerprint %s): its node is known by other keys from now on.", i.Party, i.Fingerprint())})
			if err != nil {
				return x.fail(err)
			}
		}
		return x.fail(x.tx.PutSetting("introduction/"+string(i.Party), b))
	})
}

// AlarmIntroduction: somebody here had a party's node known by other keys than before. Whoever did not compare a fingerprint asks
// who did.
const AlarmIntroduction = "introduction"

// replaces are the groups in which people are told that an introduction takes the place of other keys; none where it says nothing new.
func (n *Node) replaces(ctx context.Context, i Introduction) (out []*group) {
	pin, _, err := n.PeerKey(ctx, i.Party)
	if err != nil || pin.Equal(i.TLS.Ed25519()) {
		return nil
	}
	for _, id := range n.Shared(i.Party) {
		if g, err := n.find(id); err == nil {
			out = append(out, g)
		}
	}
	if own := n.own(); len(out) == 0 && own != nil {
		out = append(out, own)
	}
	return out
}

// metIntroduction is another party's introduction with when it was kept, in Unix seconds, and by which office; empty: the operator.
type metIntroduction struct {
	Introduction
	Met    int64  `json:"met"`
	Office string `json:"office,omitempty"`
}

// Known is a party whose introduction people here compared.
type Known struct {
	Introduction
	Fingerprint string
	Met         int64  // Unix seconds
	Office      string // that compared it; empty: the operator of the node
}

// KnownParties are those, for who sets the node up.
func (n *Node) KnownParties(ctx context.Context, who Caller) ([]Known, error) {
	if err := n.setsUp(who); err != nil {
		return nil, err
	}
	var out []Known
	err := store.Settings(n.store.View(ctx), "introduction/", func(_ string, value []byte) error {
		var i metIntroduction
		err := json.Unmarshal(value, &i)
		out = append(out, Known{i.Introduction, i.Fingerprint(), i.Met, i.Office})
		return err
	})
	return out, explainNil(err)
}

// ErrFingerprint: what was heard is not the fingerprint of the introduction at hand.
var ErrFingerprint = fmt.Errorf("what was heard is not the fingerprint of this introduction: %w", ErrInvalid)

// MeetHeard keeps another party's introduction where heard, the digits that the other side read over the telephone, are its
// fingerprint: ErrFingerprint where they are not. was is the fingerprint of the introduction that it takes the place of, as it was shown
// to the caller, empty for none: ErrConflict where another is kept. Who sets the node up does this.
func (n *Node) MeetHeard(ctx context.Context, who Caller, i Introduction, heard, was string) error {
	if err := n.setsUp(who); err != nil {
		return err
	}
	if err := i.check(); err != nil {
		return err
	}
	if i.Party == n.party {
		return fmt.Errorf("introduction: %w: it is this party's own", ErrInvalid)
	}
	if digits(heard) != digits(i.Fingerprint()) {
		return ErrFingerprint
	}
	return n.meet(ctx, metIntroduction{i, n.clock(), who.Office}, func(old *metIntroduction) error {
		if (old == nil) != (was == "") || old != nil && old.Fingerprint() != was {
			return fmt.Errorf("%w: %w", ErrConflict, record.Because("introduction.other", "another introduction of %s was kept since this page was shown: look at it first", i.Party))
		}
		return nil
	})
}

// digits are those of a text, whatever stands between them.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// ParseIntroduction reads a file that another party handed over: what entente introduction -o wrote, or printed with --json. Errors wrap
// ErrInvalid.
func ParseIntroduction(b []byte) (Introduction, error) {
	var x struct {
		Introduction
		Inner *Introduction `json:"introduction"`
	}
	if len(b) > maxIntroduction || json.Unmarshal(b, &x) != nil {
		return x.Introduction, fmt.Errorf("introduction: %w", ErrInvalid)
	}
	i := x.Introduction
	if x.Inner != nil {
		i = *x.Inner
	}
	return i, i.check()
}

// Encode writes the file.
func (i Introduction) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(i, "", "  ")
	return append(b, '\n'), err
}

func (i Introduction) check() error {
	switch {
	case i.Format != introductionFormat || !i.Party.Valid() || i.Root.Ed25519() == nil || i.TLS.Ed25519() == nil || i.Next.IsZero():
		return fmt.Errorf("introduction: %w", ErrInvalid)
	case len(i.Address) > maxAddress || !plainLine(i.Address, maxAddress):
		return fmt.Errorf("introduction: %w: its address", ErrInvalid)
	}
	if _, _, err := net.SplitHostPort(i.Address); err != nil {
		return fmt.Errorf("introduction: %w: its address is not host:port", ErrInvalid)
	}
	for l, s := range i.Names {
		if !slices.Contains(entente.Languages, l) || !plainLine(s, maxPartyName) {
			return fmt.Errorf("introduction: %w: a name in %.10q", ErrInvalid, l)
		}
	}
	return nil
}

// Introductions are those of the other parties that people here compared, by party.
func (n *Node) Introductions(ctx context.Context) ([]Introduction, error) {
	out := []Introduction{}
	err := store.Settings(n.store.View(ctx), "introduction/", func(_ string, value []byte) error {
		var i metIntroduction
		err := json.Unmarshal(value, &i)
		out = append(out, i.Introduction)
		return err
	})
	return out, explainNil(err)
}

// Met is the introduction of another party.
func (n *Node) Met(ctx context.Context, p record.Party) (Introduction, error) {
	i, err := n.met(ctx, p)
	return i.Introduction, err
}

func (n *Node) met(ctx context.Context, p record.Party) (metIntroduction, error) {
	return metIn(n.store.View(ctx), p)
}

func metIn(r store.Reader, p record.Party) (metIntroduction, error) {
	var i metIntroduction
	b, err := store.Setting(r, "introduction/"+string(p))
	if err == nil {
		err = json.Unmarshal(b, &i)
	}
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("introduction of %s: %w: entente peer add its file first", p, ErrNotFound)
	}
	return i, err
}
