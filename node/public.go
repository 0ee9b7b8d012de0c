package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"entente"
	"entente/record"
	"entente/store"
)

// PublicText is a text that has been published, with what of it the public may read.
type PublicText struct {
	Group      record.ID
	Founding   *entente.Charter // names of the group and its parties
	Instrument record.ID
	Version    record.ID
	Time       int64          // from which it is public
	Form       string         // empty: a statement
	Own        record.Party   // whose own text it is; empty: agreed by Parties
	Parties    []record.Party // whose consent it needed
	Parts      []MarkedPart   // title and text in each language, and annexes that are public
	Corrects   record.ID      // an earlier text, where that is public too
	Corrected  []record.ID    // later texts that correct it and are public; not in lists
	Beside     []*PublicText  // other texts of the same meeting that are public; not in lists
	meeting    record.ID
}

// Part is the content of a part, empty where the public may not read it.
func (p *PublicText) Part(name string) string {
	for _, x := range p.Parts {
		if x.Name == name {
			return string(x.Content)
		}
	}
	return ""
}

// published is the one way by which anything is read without a session. A text is public when every party whose consent it
// needed has let it out and the hour has come (entente.State.Public); nil: not, and then nothing is told of it. Its title and
// text are let out by these acts, unless they are TLP:RED or not released to every party of the group; an annex is public only
// by its own marking. One party's own text is published by that party's node.
func (n *Node) published(v *store.View, g *group, s *entente.State, now int64) (*PublicText, error) {
	text := n.public(g, s, now)
	if text == nil {
		return nil, nil
	}
	at, _ := text.PublishedAt()
	e, err := store.ByID(v, g.rows(), text.ID)
	if err != nil {
		return nil, err
	}
	h := e.Record.Header()
	p := &PublicText{Group: g.id, Founding: g.ledger.Founding(), Instrument: s.Instrument, Version: text.ID, Time: at, Form: s.Fact("form"), Own: record.Party(s.Fact("own")), Parties: text.Required}
	if _, c := g.ledger.Charter(); c != nil {
		p.Founding = c
	}
	var keys []store.PartKey
	for _, ref := range h.Parts {
		if n.withheld(h, ref, g.ledger.Parties()) == "" {
			keys = append(keys, store.PartKey{Pos: e.Pos, ID: text.ID, Name: ref.Name})
		}
	}
	err = store.Parts(v, keys, func(k store.PartKey, part record.Part, err error) error {
		if errors.Is(err, store.ErrErased) {
			return nil
		}
		if err := record.Open(h, part); err != nil {
			return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
		}
		ref, _ := h.Part(k.Name)
		p.Parts = append(p.Parts, MarkedPart{part, ref.Marking})
		return nil
	})
	slices.SortFunc(p.Parts, func(a, b MarkedPart) int { return compare(a.Name, b.Name) })
	if of, err := record.ParseID(s.Fact("corrects")); err == nil {
		p.Corrects = of
	}
	if of, err := record.ParseID(s.Fact("meeting")); err == nil {
		p.meeting = of
	}
	return p, err
}

// Withheld is why a part of a text that is let out is not public.
type Withheld string

// The reasons.
const (
	WithheldOffices Withheld = "offices" // it is for named offices
	WithheldParties Withheld = "parties" // not every party of the group may have it
	WithheldAnnex   Withheld = "annex"   // an annex is public by its own marking alone
)

// WithheldPart is a part that would not be public.
type WithheldPart struct {
	Name string
	Why  Withheld
}

// PublicPreview shows an office a text as the public would read it if it were let out now, and what of it would not be public.
func (n *Node) PublicPreview(ctx context.Context, who Caller, group, id record.ID) (*PublicText, []WithheldPart, error) {
	r, err := n.Record(ctx, who, group, id)
	if err != nil {
		return nil, nil, err
	}
	g, err := n.reading(who, group)
	if err != nil {
		return nil, nil, err
	}
	p := &PublicText{Group: group, Founding: g.ledger.Founding(), Instrument: id, Version: id, Parties: g.ledger.Required(r.Header)}
	if _, c := g.ledger.Charter(); c != nil {
		p.Founding = c
	}
	if !r.Header.Instrument.IsZero() {
		p.Instrument = r.Header.Instrument
	}
	if t, ok := r.Terms.(*entente.Statement); ok {
		p.Form, p.Corrects = t.Form, t.Corrects
		if t.Own {
			p.Own = r.Header.Party
		}
	}
	var names []string
	var held []WithheldPart
	for _, ref := range r.Header.Parts {
		if why := n.withheld(r.Header, ref, g.ledger.Parties()); why != "" {
			held = append(held, WithheldPart{ref.Name, why})
		} else {
			names = append(names, ref.Name)
		}
	}
	if len(names) > 0 {
		texts, err := n.Texts(ctx, who, "preview", []Want{{Group: group, Record: id, Names: names}})
		if err != nil {
			return nil, nil, err
		}
		p.Parts = texts[id].Parts
	}
	return p, held, nil
}

// PublicTexts lists what is public of every group, the latest first. It asks for no office: whoever reaches it may read it.
func (n *Node) PublicTexts(ctx context.Context) ([]*PublicText, error) {
	var out []*PublicText
	now := n.clock()
	n.mu.RLock()
	var groups []*group
	for _, g := range n.groups {
		groups = append(groups, g)
	}
	n.mu.RUnlock()
	err := n.store.Snapshot(ctx, func(v *store.View) error {
		for _, g := range groups {
			of, err := n.publicOf(v, g, now)
			if err != nil {
				return err
			}
			out = append(out, of...)
		}
		return nil
	})
	if err != nil {
		return nil, explain(err)
	}
	slices.SortFunc(out, func(a, b *PublicText) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), slices.Compare(a.Instrument[:], b.Instrument[:]))
	})
	for _, p := range out {
		if !slices.ContainsFunc(out, func(q *PublicText) bool { return q.Instrument == p.Corrects && q.Group == p.Group }) {
			p.Corrects = record.ID{}
		}
	}
	return out[:min(len(out), maxPublic)], nil
}

// PublicText reads one published text by its instrument. Whatever is not public: ErrNotFound, as if it were not there.
func (n *Node) PublicText(ctx context.Context, group, id record.ID) (*PublicText, error) {
	g, err := n.find(group)
	if err != nil {
		return nil, fmt.Errorf("text: %w", ErrNotFound)
	}
	var p *PublicText
	now := n.clock()
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		e, err := store.ByID(v, g.rows(), id)
		if err != nil {
			return err
		}
		of, err := n.publicAt(v, g, []store.Pos{e.Pos}, now)
		if err != nil || len(of) == 0 {
			return err
		}
		p = of[0]
		keys, err := store.List(v, g.row, store.Filter{Target: id, Name: "corrects", Limit: maxPage})
		if err != nil {
			return err
		}
		later, err := n.publicAt(v, g, positions(keys), now)
		for _, x := range later {
			p.Corrected = append(p.Corrected, x.Instrument)
		}
		if err != nil {
			return err
		}
		if !p.meeting.IsZero() {
			if keys, err = store.List(v, g.row, store.Filter{Target: p.meeting, Name: "meeting", Limit: maxPage}); err != nil {
				return err
			}
			if p.Beside, err = n.publicAt(v, g, positions(keys), now); err != nil {
				return err
			}
			p.Beside = slices.DeleteFunc(p.Beside, func(x *PublicText) bool { return x.Instrument == id })
		}
		if p.Corrects.IsZero() {
			return nil
		}
		if e, err = store.ByID(v, g.rows(), p.Corrects); err != nil {
			return err
		}
		if of, err = n.publicAt(v, g, []store.Pos{e.Pos}, now); len(of) == 0 {
			p.Corrects = record.ID{}
		}
		return err
	})
	if err == nil && p == nil {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, notFound("text", err)
	}
	return p, nil
}

// publicAt gives those of the states at these positions that are public.
func (n *Node) publicAt(v *store.View, g *group, at []store.Pos, now int64) ([]*PublicText, error) {
	bodies, err := store.StatesAt(v, at)
	if err != nil {
		return nil, err
	}
	var out []*PublicText
	for _, pos := range at {
		if bodies[pos] == nil {
			continue
		}
		s, err := entente.ParseState(bodies[pos])
		if err != nil {
			return nil, fmt.Errorf("%w: %w", store.ErrCorrupt, err)
		}
		p, err := n.published(v, g, s, now)
		if err != nil {
			return nil, err
		}
		if p != nil {
			out = append(out, p)
		}
	}
	return out, nil
}

// publicOf lists what is public of a group, the newest proposed first.
func (n *Node) publicOf(v *store.View, g *group, now int64) ([]*PublicText, error) {
	var out []*PublicText
	for _, kind := range n.kinds.Names() {
		if !n.kinds[kind].Publishes() {
			continue // nothing of it can be let out
		}
		f := store.Filter{Kind: kind, Sort: store.SortNewest, Limit: maxPage}
		for len(out) < maxPublic {
			keys, err := store.List(v, g.row, f)
			if err != nil {
				return nil, err
			}
			of, err := n.publicAt(v, g, positions(keys), now)
			if err != nil {
				return nil, err
			}
			if out = append(out, of...); len(keys) < f.Limit {
				break
			}
			f.After = &keys[len(keys)-1]
		}
	}
	return out, nil
}
