package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"entente"
	"entente/record"
)

// CharterMessage is the message by which a node shows another the founding charter of a group. It is signed by nobody: the line says who sends it.
type CharterMessage struct {
	Charter []byte `cbor:"1,keyasint"`
}

// CharterAnswer answers it: held, or full where too many of that party wait here.
type CharterAnswer struct {
	Said Said `cbor:"1,keyasint"`
}

// readCharter reads the bytes of a charter that another handed over, and refuses one of a group that this party, by its root key, could
// not be in. Errors wrap ErrInvalid.
func (n *Node) readCharter(ctx context.Context, text []byte) (*entente.Charter, error) {
	c, err := entente.ParseCharter(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	me, ok := c.Party(n.party)
	if !ok || len(c.Parties) < 2 || c.Track == ownTrack {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("founding.parties", "the charter is of no group of %s with others", n.party))
	}
	i, err := n.Introduction(ctx)
	if err != nil {
		return nil, err
	}
	if me.Root.String() != i.Root.String() || me.Next != i.Next {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("founding.own-root", "the charter names another root key for %s than this node's: hand over the introduction again", n.party))
	}
	for _, m := range append([]map[string]string{c.Names, c.Purpose}, charterNames(c)...) {
		for _, s := range m {
			if !plainText(s) {
				return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("founding.control", "the charter has control characters"))
			}
		}
	}
	return c, nil
}

// charterNames are those of its parties and lines.
func charterNames(c *entente.Charter) (out []map[string]string) {
	for _, p := range c.Parties {
		out = append(out, p.Names)
	}
	for _, l := range c.Lines {
		out = append(out, l.Names)
	}
	return out
}

// TakeCharter keeps a founding charter that another party handed over as a file. The caller has it in hand from then on.
func (n *Node) TakeCharter(ctx context.Context, who Caller, text []byte) (*Proposal, error) {
	if err := n.setsUp(who); err != nil {
		return nil, err
	}
	c, err := n.readCharter(ctx, text)
	if err != nil {
		return nil, err
	}
	id := entente.GroupOf(text)
	k := &keptProposal{Charter: text, Office: who.Office, Created: n.clock(), Within: c.Parent}
	err = n.write(ctx, func(b *batch) error {
		old, err := keptProposalOf(b.tx, id)
		switch {
		case errors.Is(err, ErrNotFound):
			if err := b.roomForProposal(""); err != nil {
				return err
			}
		case err != nil:
			return b.fail(err)
		case old.Declined:
			k.From = old.From
		case old.Office != "" && old.Office != who.Office && !who.Operator && !n.hasInHand(who, id, old):
			return fmt.Errorf("%w: %w", ErrConflict, record.Because("founding.in-hand", "another office of %s has this charter in hand", n.party))
		default:
			old.Office = cmp.Or(old.Office, who.Office)
			k = old
		}
		return b.putProposal(id, k)
	})
	if err != nil {
		return nil, err
	}
	return n.proposal(ctx, id, k)
}

// ReceiveCharter keeps a founding charter that another party's node sends: within bounds, where the sender and this party are in it.
// What was declined stays declined, and its sender is not told.
func (n *Node) ReceiveCharter(ctx context.Context, from record.Party, m CharterMessage) (*CharterAnswer, error) {
	c, err := n.readCharter(ctx, m.Charter)
	if err != nil {
		return nil, err
	}
	if _, ok := c.Party(from); !ok || from == n.party {
		return nil, fmt.Errorf("charter: %w: its sender is not in it", ErrInvalid)
	}
	id, out := entente.GroupOf(m.Charter), &CharterAnswer{SaidHeld}
	if _, err := n.find(id); err == nil {
		return out, nil
	}
	err = n.write(ctx, func(b *batch) error {
		old, err := keptProposalOf(b.tx, id)
		switch {
		case err == nil && old.From == "" && !old.Declined: // it came as a file before
			old.From = from
			return b.putProposal(id, old)
		case err == nil:
			return nil
		case !errors.Is(err, ErrNotFound):
			return b.fail(err)
		}
		if err := b.roomForProposal(from); errors.Is(err, errProposals) {
			out.Said = SaidFull
			return nil
		} else if err != nil {
			return err
		}
		return b.putProposal(id, &keptProposal{Charter: m.Charter, From: from, Created: b.now, Within: c.Parent})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// SendCharter has a proposal sent to another party's node, again where it did not take it.
func (n *Node) SendCharter(ctx context.Context, who Caller, id record.ID, to record.Party) error {
	if _, _, err := n.PeerKey(ctx, to); err != nil || to == n.party {
		return fmt.Errorf("%w: %w", ErrConflict, record.Because("founding.unknown", "the node of %s is not known here: compare its introduction first", to))
	}
	return n.changeProposal(ctx, who, id, func(b *batch, k *keptProposal) error {
		c, err := entente.ParseCharter(k.Charter)
		if err != nil {
			return b.fail(err)
		}
		if _, ok := c.Party(to); !ok {
			return fmt.Errorf("charter: %w: %s is not in it", ErrInvalid, to)
		}
		if k.Send == nil {
			k.Send = map[record.Party]sending{}
		}
		k.Send[to] = sending{Asked: b.now}
		b.news = true
		return b.putProposal(id, k)
	})
}

// UntoldCharter is the next founding charter that a peer's node must get; nil: there is none now.
func (n *Node) UntoldCharter(ctx context.Context, peer record.Party) (*CharterMessage, error) {
	all, err := n.keptProposals(n.store.View(ctx))
	if err != nil {
		return nil, err
	}
	for _, k := range all {
		if s, ok := k.Send[peer]; ok && !k.Declined && s.Said != SaidHeld && s.Next <= n.clock() {
			return &CharterMessage{k.Charter}, nil
		}
	}
	return nil, nil
}

// ToldCharter notes what a peer's node said to it; empty: it refused it. It is told again later where it did not take it.
func (n *Node) ToldCharter(ctx context.Context, peer record.Party, m *CharterMessage, said Said) error {
	id := entente.GroupOf(m.Charter)
	return n.write(ctx, func(b *batch) error {
		k, err := keptProposalOf(b.tx, id)
		if errors.Is(err, ErrNotFound) {
			return nil // discarded meanwhile
		} else if err != nil {
			return b.fail(err)
		}
		s := k.Send[peer]
		if s.Said = said; said != SaidHeld && said != SaidFull {
			s.Said = SaidRefused
		}
		s.Next = b.now + floatAgain
		k.Send[peer] = s
		return b.putProposal(id, k)
	})
}

// sendsTo are the parties whose nodes must get a charter.
func (n *Node) sendsTo(ctx context.Context) ([]record.Party, error) {
	all, err := n.keptProposals(n.store.View(ctx))
	var out []record.Party
	for _, k := range all {
		for p, s := range k.Send {
			if s.Said != SaidHeld {
				out = append(out, p)
			}
		}
	}
	return out, err
}

// Correspondents are the parties whose nodes this one speaks to: those of its groups, and those to whom a founding charter is sent.
func (n *Node) Correspondents(ctx context.Context) []record.Party {
	out := n.Peers()
	if more, err := n.sendsTo(ctx); err == nil { // an unreadable database shows at every other step
		out = append(out, more...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
