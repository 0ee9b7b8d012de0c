package node

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"entente"
	"entente/record"
	"entente/store"
)

// Proposal is the founding charter of a group that does not stand yet: drafted here, handed over as a file, or sent by another
// party's node. Nothing is signed by keeping it. What waits for whom is read from it.
type Proposal struct {
	Group   record.ID        `json:"group"` // the digest of the charter's bytes
	Charter *entente.Charter `json:"charter"`
	Bytes   []byte           `json:"bytes"`
	From    record.Party     `json:"from,omitempty"`   // whose text it is: this party's, or of the node that sent it; empty: it came as a file
	Office  string           `json:"office,omitempty"` // of this party, that has it in hand; empty: it came by wire, and nobody has yet
	Created int64            `json:"created"`          // Unix seconds
	Joined  bool             `json:"joined"`           // this node is in the group
	InForce bool             `json:"in_force"`         // every founder has signed
	Powers  *Draft           `json:"-"`                // this party's first powers in the group, which wait for its root key
	Waits   record.Nonce     `json:"waits,omitzero"`   // the draft of these
	Parties []Founder        `json:"parties"`          // own first
}

// Founder is how far a party of a proposal has come.
type Founder struct {
	Party  record.Party `json:"party"`
	Known  bool         `json:"known"`           // by the root that the charter names; this party always
	Asked  int64        `json:"asked,omitzero"`  // when the text was to be sent to its node
	Said   Said         `json:"said,omitempty"`  // what its node said to it
	Powers bool         `json:"powers"`          // its powers in the group are on record here
	Signed int64        `json:"signed,omitzero"` // when it signed the charter
}

// keptProposal is a proposal as it is stored.
type keptProposal struct {
	Charter  []byte                   `json:"charter,omitempty"` // absent: declined
	From     record.Party             `json:"from,omitempty"`
	Office   string                   `json:"office,omitempty"`
	Created  int64                    `json:"created"`
	Send     map[record.Party]sending `json:"send,omitempty"`
	Declined bool                     `json:"declined,omitempty"`
	Within   record.ID                `json:"within,omitzero"`    // the group around it
	Operator bool                     `json:"operator,omitempty"` // it was joined on the command line: no office has it in hand
}

type sending struct {
	Asked int64 `json:"asked"`
	Said  Said  `json:"said,omitempty"`
	Next  int64 `json:"next,omitzero"` // not told again before
}

const proposalSetting = "founding/"

func (n *Node) keptProposals(r store.Reader) (map[record.ID]*keptProposal, error) {
	out := map[record.ID]*keptProposal{}
	err := store.Settings(r, proposalSetting, func(name string, value []byte) error {
		id, err := record.ParseID(name[len(proposalSetting):])
		if err != nil {
			return fmt.Errorf("%w: %s", store.ErrCorrupt, name)
		}
		out[id] = new(keptProposal)
		return json.Unmarshal(value, out[id])
	})
	return out, explainNil(err)
}

func keptProposalOf(r store.Reader, id record.ID) (*keptProposal, error) {
	b, err := store.Setting(r, proposalSetting+id.String())
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("charter %s: %w", id.Short(), ErrNotFound)
	} else if err != nil {
		return nil, explain(err)
	}
	k := new(keptProposal)
	return k, json.Unmarshal(b, k)
}

func (b *batch) putProposal(id record.ID, k *keptProposal) error {
	v, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return b.fail(b.tx.PutSetting(proposalSetting+id.String(), v))
}

// followFounding keeps the charter of a group that was joined on the command line, so that its people see what waits for whom.
func (b *batch) followFounding(id record.ID, text []byte, within record.ID) error {
	_, err := keptProposalOf(b.tx, id)
	if errors.Is(err, ErrNotFound) {
		return b.putProposal(id, &keptProposal{Charter: text, Created: b.now, Within: within, Operator: true})
	}
	return b.fail(err)
}

// Proposals are those that the caller sees and that are not in force yet, oldest first.
func (n *Node) Proposals(ctx context.Context, who Caller) ([]*Proposal, error) {
	all, err := n.keptProposals(n.store.View(ctx))
	if err != nil {
		return nil, err
	}
	out := []*Proposal{}
	for id, k := range all {
		if k.Declined || !n.hasInHand(who, id, k) {
			continue
		}
		if g, err := n.find(id); err == nil {
			if in, _ := g.ledger.Charter(); !in.IsZero() {
				continue
			}
		}
		p, err := n.proposal(ctx, id, k)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b *Proposal) int {
		if a.Created != b.Created {
			return int(a.Created - b.Created)
		}
		return slices.Compare(a.Group[:], b.Group[:])
	})
	return out, nil
}

// Proposal reads one. What is not there and what is not for the caller: ErrNotFound.
func (n *Node) Proposal(ctx context.Context, who Caller, id record.ID) (*Proposal, error) {
	k, err := keptProposalOf(n.store.View(ctx), id)
	if err == nil && (k.Declined || !n.hasInHand(who, id, k)) {
		err = fmt.Errorf("charter %s: %w", id.Short(), ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return n.proposal(ctx, id, k)
}

func (n *Node) proposal(ctx context.Context, id record.ID, k *keptProposal) (*Proposal, error) {
	c, err := entente.ParseCharter(k.Charter)
	if err != nil {
		return nil, fmt.Errorf("charter %s: %w: %w", id.Short(), store.ErrCorrupt, err)
	}
	p := &Proposal{Group: id, Charter: c, Bytes: k.Charter, From: k.From, Office: k.Office, Created: k.Created}
	signed := map[record.Party]int64{}
	g, err := n.find(id)
	if p.Joined = err == nil; p.Joined {
		in, _ := g.ledger.Charter()
		p.InForce = !in.IsZero()
		d, err := n.powersDraft(ctx, g, n.store.View(ctx))
		if err != nil {
			return nil, err
		}
		if d.OnRecord == nil {
			if p.Powers = d.Draft; p.Powers != nil {
				p.Waits = p.Powers.Nonce
			}
		}
		if signed, err = n.founders(ctx, g); err != nil {
			return nil, err
		}
	}
	for _, x := range c.Parties {
		f := Founder{Party: x.ID, Known: n.knows(ctx, x) == nil, Asked: k.Send[x.ID].Asked, Said: k.Send[x.ID].Said, Signed: signed[x.ID]}
		f.Powers = p.Joined && g.ledger.Ring(x.ID).At(g.logs[x.ID].tree.Size()) != nil
		p.Parties = append(p.Parties, f)
	}
	slices.SortStableFunc(p.Parties, func(a, b Founder) int {
		switch n.party {
		case a.Party:
			return -1
		case b.Party:
			return 1
		}
		return 0
	})
	return p, nil
}

// founders says who has signed a founding charter, and when.
func (n *Node) founders(ctx context.Context, g *group) (map[record.Party]int64, error) {
	body, err := store.State(n.store.View(ctx), store.FoundingPos(g.row))
	if errors.Is(err, store.ErrNotFound) { // before the first signature there is no state
		return nil, nil
	} else if err != nil {
		return nil, explain(err)
	}
	s, err := entente.ParseState(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	out := map[record.Party]int64{}
	for _, v := range s.Versions {
		for _, x := range v.Sides {
			if v.ID == g.id && x.Consent != nil {
				out[x.Party] = x.Consent.Time
			}
		}
	}
	return out, nil
}

// founder is a party as a new charter names it: this one as it stands, another by the introduction that people here compared or, where
// they have met in a group since, by its powers there.
func (n *Node) founder(ctx context.Context, p record.Party) (entente.CharterParty, error) {
	var out entente.CharterParty
	if p == n.party {
		i, err := n.Introduction(ctx)
		return entente.CharterParty{ID: p, Names: namesOf(p, i.Names), Root: i.Root, Next: i.Next}, err
	}
	said := int64(-1)
	i, err := n.met(ctx, p)
	if err == nil {
		out, said = entente.CharterParty{ID: p, Names: namesOf(p, i.Names), Root: i.Root, Next: i.Next}, i.Met
	} else if !errors.Is(err, ErrNotFound) {
		return out, err
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, g := range n.groups {
		l := g.logs[p]
		if l == nil {
			continue
		}
		if s := spanAt(g.ledger.Ring(p), l.tree.Size()); s != nil && s.Time >= said {
			x, _ := g.ledger.Founding().Party(p)
			out, said = entente.CharterParty{ID: p, Names: namesOf(p, x.Names), Root: s.Powers.Root, Next: s.Powers.Next}, s.Time
		}
	}
	if said < 0 {
		return out, fmt.Errorf("introduction of %s: %w: compare its fingerprint first", p, ErrNotFound)
	}
	return out, nil
}

// namesOf are a party's names in every language of a charter; its id where it has none.
func namesOf(p record.Party, names map[string]string) map[string]string {
	out := map[string]string{}
	for _, l := range entente.Languages {
		if out[l] = names[l]; out[l] == "" {
			out[l] = string(p)
		}
	}
	return out
}

// DraftCharter makes the founding charter of a group of this party and others from what a form says: names, purpose, track, lines and
// periods. Parties, nonce, day and rules are filled in here. With a parent, a group that the caller's office has a part in, the others
// are of that group. before, not zero, is the caller's proposal that it takes the place of: one that no other node was told of.
func (n *Node) DraftCharter(ctx context.Context, who Caller, c entente.Charter, others []record.Party, before record.ID) (*Proposal, error) {
	if err := n.setsUp(who); err != nil {
		return nil, err
	}
	if c.Track == ownTrack {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("founding.track", "the short name %s is that of the party's own group", ownTrack))
	}
	if len(others) == 0 || slices.Contains(others, n.party) {
		return nil, fmt.Errorf("charter: %w: a group has this party and others", ErrInvalid)
	}
	if !c.Parent.IsZero() {
		g, err := n.reading(who, c.Parent)
		if err != nil {
			return nil, err
		}
		for _, p := range others {
			if g.logs[p] == nil {
				return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("founding.within", "%s is not in the group that this one lies within", p))
			}
		}
	}
	c.Rules, c.Languages, c.Founded, c.Parties = entente.Rules, slices.Clone(entente.Languages), n.clock(), nil
	copy(c.Nonce[:], random(len(c.Nonce)))
	for _, p := range append([]record.Party{n.party}, others...) {
		x, err := n.founder(ctx, p)
		if err != nil {
			return nil, err
		}
		c.Parties = append(c.Parties, x)
	}
	slices.SortFunc(c.Parties, func(a, b entente.CharterParty) int { return compare(string(a.ID), string(b.ID)) })
	text, err := c.Encode()
	if err == nil {
		_, err = entente.ParseCharter(text) // its bound, too
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	id := entente.GroupOf(text)
	k := &keptProposal{Charter: text, From: n.party, Office: who.Office, Created: n.clock(), Within: c.Parent}
	err = n.write(ctx, func(b *batch) error {
		if !before.IsZero() {
			old, err := keptProposalOf(b.tx, before)
			if err != nil {
				return err
			}
			if _, err := n.find(before); err == nil || old.From != n.party || old.Declined || len(old.Send) > 0 || !n.hasInHand(who, before, old) {
				return fmt.Errorf("%w: %w", ErrConflict, record.Because("founding.shown", "this charter was shown to others, or joined, since: write another"))
			}
			if err := b.tx.DropSetting(proposalSetting + before.String()); err != nil {
				return b.fail(err)
			}
		}
		if err := b.roomForProposal(n.party); err != nil {
			return err
		}
		return b.putProposal(id, k)
	})
	if err != nil {
		return nil, err
	}
	return n.proposal(ctx, id, k)
}

// roomForProposal bounds the proposals of one author that wait here, and forgets the oldest that were declined.
func (b *batch) roomForProposal(from record.Party) error {
	all, err := b.n.keptProposals(b.tx)
	if err != nil {
		return b.fail(err)
	}
	open := 0
	var declined []record.ID
	for id, k := range all {
		if k.From != from {
			continue
		}
		if k.Declined {
			declined = append(declined, id)
		} else if _, err := b.n.find(id); err != nil {
			open++
		}
	}
	if open >= maxProposals {
		return fmt.Errorf("%w: %w", errProposals, record.Because("founding.many", "%d charters wait: discard one first", open))
	}
	slices.SortFunc(declined, func(x, y record.ID) int { return int(all[x].Created - all[y].Created) })
	for len(declined) >= maxProposals {
		if err := b.tx.DropSetting(proposalSetting + declined[0].String()); err != nil {
			return b.fail(err)
		}
		declined = declined[1:]
	}
	return nil
}

var errProposals = fmt.Errorf("too many: %w", ErrConflict)

// changeProposal changes a stored proposal that the caller has in hand.
func (n *Node) changeProposal(ctx context.Context, who Caller, id record.ID, change func(*batch, *keptProposal) error) error {
	if err := n.setsUp(who); err != nil {
		return err
	}
	return n.write(ctx, func(b *batch) error {
		k, err := keptProposalOf(b.tx, id)
		if err != nil {
			return err
		}
		if k.Declined || !n.hasInHand(who, id, k) {
			return fmt.Errorf("charter %s: %w", id.Short(), ErrNotFound)
		}
		k.Office = cmp.Or(k.Office, who.Office)
		return change(b, k)
	})
}

// DropProposal discards a proposal that this node has not joined. Of another party's the id is remembered, so that it stays away; copies
// at other nodes stay.
func (n *Node) DropProposal(ctx context.Context, who Caller, id record.ID) error {
	return n.changeProposal(ctx, who, id, func(b *batch, k *keptProposal) error {
		if _, err := n.find(id); err == nil {
			return fmt.Errorf("%w: %w", ErrConflict, record.Because("founding.joined", "this node has joined the group"))
		}
		if k.From == n.party {
			return b.fail(b.tx.DropSetting(proposalSetting + id.String()))
		}
		return b.putProposal(id, &keptProposal{From: k.From, Created: b.now, Declined: true})
	})
}

// JoinProposal makes the group of a proposal on this node, and drafts the party's first powers in it with those of the offices of its
// group of one that are named. The root key signs them (ApproveProposal). It may be repeated, with other offices, until it has.
func (n *Node) JoinProposal(ctx context.Context, who Caller, id record.ID, offices []string) (*Draft, error) {
	var text []byte
	err := n.changeProposal(ctx, who, id, func(b *batch, k *keptProposal) error {
		text = k.Charter
		return b.putProposal(id, k)
	})
	if err != nil {
		return nil, err
	}
	own := n.own()
	if own == nil {
		return nil, fmt.Errorf("group of one: %w", ErrNotFound)
	}
	var chosen []entente.Office
	signs := false
	if p := own.ledger.Ring(n.party).At(own.logs[n.party].tree.Size()); p != nil {
		for _, o := range p.Offices {
			if slices.Contains(offices, o.ID) {
				chosen = append(chosen, o)
				signs = signs || p.May(o.ID, "charter", record.Consent, "", n.clock())
			}
		}
	}
	if len(chosen) != len(offices) || !signs {
		return nil, fmt.Errorf("offices: %w: name offices of %s, one of them that may sign charters", ErrInvalid, n.party)
	}
	if _, err := n.Join(ctx, text); err != nil {
		return nil, err
	}
	g, err := n.find(id)
	if err != nil {
		return nil, err
	}
	was, err := n.powersDraft(ctx, g, n.store.View(ctx))
	if err != nil {
		return nil, err
	}
	if was.OnRecord != nil {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("founding.powers", "the first powers are on record already"))
	}
	return n.PutPowersDraft(ctx, Caller{Operator: true, Office: who.Office, Seat: who.Seat, Via: who.Via}, id, chosen, was.Base())
}

// ApproveProposal takes the root key's signature under the first powers, and then drafts the party's signature of the charter, which
// its officials give. sealed nil: something is missing still.
func (n *Node) ApproveProposal(ctx context.Context, who Caller, id record.ID, a record.Approval) (*Sealed, error) {
	if err := n.setsUp(who); err != nil {
		return nil, err
	}
	p, err := n.Proposal(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if p.Powers == nil || a.Office != record.RootOffice {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("founding.root", "nothing waits for the root key here"))
	}
	by := Caller{Operator: true, Office: who.Office, Seat: who.Seat, Via: who.Via}
	_, sealed, err := n.AddApprovals(ctx, by, id, p.Powers.Nonce, []record.Approval{a}, false)
	if err != nil || sealed == nil {
		return nil, err
	}
	_, err = n.DraftCharterConsent(ctx, who, id)
	return sealed, err
}

// DraftCharterConsent keeps a draft of this party's signature of a founding charter, once its powers are on record; the one that is
// kept already, where there is one. nil: the party has signed.
func (n *Node) DraftCharterConsent(ctx context.Context, who Caller, id record.ID) (*Draft, error) {
	if _, err := n.Proposal(ctx, who, id); err != nil {
		return nil, err
	}
	g, err := n.find(id)
	if err != nil {
		return nil, err
	}
	signed, err := n.founders(ctx, g)
	if err != nil || signed[n.party] != 0 {
		return nil, err
	}
	d, err := n.charterConsent(ctx, g)
	if err != nil || d != nil {
		return d, err
	}
	p := g.ledger.Ring(n.party).At(g.logs[n.party].tree.Size())
	if p == nil {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("founding.root-first", "the root key signs the powers first"))
	}
	office := who.Office
	may := func(o entente.Office) bool { return p.May(o.ID, "charter", record.Consent, "", n.clock()) }
	if i := slices.IndexFunc(p.Offices, may); i >= 0 && !may(entente.Office{ID: office}) {
		office = p.Offices[i].ID
	}
	d, err = n.Prepare(ctx, Caller{Operator: true, Office: office, Via: who.Via}, Act{Group: id, Kind: "charter", Verb: record.Consent, Instrument: id, Version: id})
	if err != nil {
		return nil, err
	}
	return d, n.Save(ctx, d)
}

// CharterConsent is the draft of this party's signature of a founding charter; nil where none is kept.
func (n *Node) CharterConsent(ctx context.Context, who Caller, id record.ID) (*Draft, error) {
	if _, err := n.Proposal(ctx, who, id); err != nil {
		return nil, err
	}
	g, err := n.find(id)
	if err != nil {
		return nil, err
	}
	return n.charterConsent(ctx, g)
}

func (n *Node) charterConsent(ctx context.Context, g *group) (*Draft, error) {
	rows, err := store.Drafts(n.store.View(ctx), g.row)
	if err != nil {
		return nil, explain(err)
	}
	for _, s := range rows {
		d, err := n.draft(g, s)
		if err != nil {
			return nil, err
		}
		if d.Header.Version == g.id && d.Header.Verb == record.Consent {
			return d, nil
		}
	}
	return nil, nil
}
