package node

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"entente"
	"entente/record"
	"entente/store"
)

// SetsUp reports whether the caller sets this node up: the operator of the machine, or an office that the party's own powers, those
// of its group of one, let sign charters. Whoever may bind the party to a group may also prepare one, and say what passes which
// office at home; keys and powers stay with the root key.
func (n *Node) SetsUp(who Caller) bool { return n.setsUp(who) == nil }

func (n *Node) setsUp(who Caller) error {
	if who.Operator {
		return nil
	}
	own := n.own()
	if own == nil {
		return fmt.Errorf("group of one: %w", ErrNotFound)
	}
	p := own.ledger.Ring(n.party).At(own.logs[n.party].tree.Size())
	if p == nil || !p.May(who.Office, "charter", record.Consent, "", n.clock()) {
		return fmt.Errorf("an office that may sign charters sets this up, or the operator of the node: %w", ErrForbidden)
	}
	return nil
}

// PowersDraft is who may sign for the party in a group, as it is being changed.
type PowersDraft struct {
	OnRecord *entente.Powers // nil: none yet
	Draft    *Draft          // waits for the root key; nil: nothing was changed
	Powers   *entente.Powers // of the draft, else on record, else the offices of the party's own group; a copy
}

// Base names what a change starts from.
func (d *PowersDraft) Base() record.ID {
	if d.Draft == nil {
		return record.ID{}
	}
	return d.Draft.Act
}

// PowersDraft reads it. One draft holds every change, so that the root key signs once.
func (n *Node) PowersDraft(ctx context.Context, who Caller, group record.ID) (*PowersDraft, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	return n.powersDraft(ctx, g, n.store.View(ctx))
}

func (n *Node) powersDraft(ctx context.Context, g *group, r store.Reader) (*PowersDraft, error) {
	out := &PowersDraft{OnRecord: g.ledger.Ring(n.party).At(g.logs[n.party].tree.Size())}
	rows, err := store.Drafts(r, g.row)
	if err != nil {
		return nil, explain(err)
	}
	from := out.OnRecord
	for _, s := range rows {
		d, err := n.draft(g, s)
		if err != nil {
			return nil, err
		}
		if p := powersOf(d.Header); p != nil && (out.Draft == nil || d.Created >= out.Draft.Created) {
			out.Draft, from = d, p
		}
	}
	if from == nil {
		if from, err = n.firstPowers(ctx, g); err != nil {
			return nil, err
		}
	}
	b, err := record.Marshal(from)
	if err != nil {
		return nil, err
	}
	out.Powers = new(entente.Powers)
	return out, record.Unmarshal(b, out.Powers)
}

// firstPowers of a group name the offices of the party's own group, its newest keys, and the root that the charter names.
func (n *Node) firstPowers(ctx context.Context, g *group) (*entente.Powers, error) {
	founder, ok := g.ledger.Founding().Party(n.party)
	if !ok {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("founding.party", "the charter does not name %s", n.party))
	}
	p := &entente.Powers{Root: founder.Root, Next: founder.Next, Keys: n.keys.public(), Address: n.Config().Address}
	if own := n.own(); own != nil {
		if x := own.ledger.Ring(n.party).At(own.logs[n.party].tree.Size()); x != nil {
			p.Offices = x.Offices
		}
	}
	return p, nil
}

// PutPowersDraft keeps a draft of powers with these offices, in the place of the draft that was shown under base: ErrConflict where
// another is kept now. Who sets the node up does this; the root key signs it by AddApprovals. Offices as on record leave no draft:
// nil.
func (n *Node) PutPowersDraft(ctx context.Context, who Caller, group record.ID, offices []entente.Office, base record.ID) (*Draft, error) {
	g, err := n.settingUp(who, group)
	if err != nil {
		return nil, err
	}
	was, err := n.powersDraft(ctx, g, n.store.View(ctx))
	if err != nil {
		return nil, err
	}
	p := *was.Powers
	p.Offices = slices.SortedFunc(slices.Values(offices), func(a, b entente.Office) int { return compare(a.ID, b.ID) })
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("powers: %w: %w", ErrInvalid, err)
	}
	var d *Draft
	var row store.Draft
	if !samePowers(was.OnRecord, &p) {
		terms, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		if d, err = n.Prepare(ctx, who, Act{Group: group, Kind: "powers", Verb: record.Propose, Terms: terms}); err != nil {
			return nil, err
		}
		if row, err = d.row(g); err != nil {
			return nil, err
		}
		d.saved = true
	}
	err = n.write(ctx, func(b *batch) error {
		now, err := n.powersDraft(ctx, g, b.tx)
		if err != nil {
			return b.fail(err)
		}
		if now.Base() != base {
			return fmt.Errorf("%w: %w", ErrConflict, record.Because("founding.changed", "the powers that wait for the root key were changed since they were shown to you: look at them first"))
		}
		if now.Draft != nil {
			if err := b.tx.DropDraft(now.Draft.Nonce); err != nil {
				return b.fail(err)
			}
		}
		if d == nil {
			return nil
		}
		return b.keep(g, row)
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

func samePowers(a, b *entente.Powers) bool {
	if a == nil {
		return false
	}
	x, err1 := record.Marshal(a)
	y, err2 := record.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}
