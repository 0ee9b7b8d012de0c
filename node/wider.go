package node

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"entente"
	"entente/record"
	"entente/release"
	"entente/store"
)

// Wider is who comes to hold or read parts by an act, who could not before: by the text that it replaces or translates, by the
// marking that the part has, or, of what is new, by the party's own default for the kind.
type Wider struct {
	Of    record.ID `json:"of,omitzero"` // the record whose parts they are; absent: the act's own
	Parts []string  `json:"parts"`
	release.Gain
}

func (x Wider) String() string {
	var to []string
	if x.Public {
		to = append(to, "everybody")
	}
	for _, p := range x.Parties {
		to = append(to, string(p))
	}
	for _, p := range x.Whole {
		to = append(to, "every office of "+string(p))
	}
	return strings.Join(x.Parts, ", ") + " to " + strings.Join(append(to, x.Offices...), ", ")
}

// ReasonWidens is the code of the refusal to take a signature under an act that lets more hold or read something, from a signer who
// did not say that this is meant.
const ReasonWidens = "widens"

// Widens says who gets more by a draft than before; empty: nobody. What the caller's office may not read is named all the same: it is
// about to be handed on in the party's name.
func (n *Node) Widens(ctx context.Context, who Caller, d *Draft) ([]Wider, error) {
	g, err := n.reading(who, d.Header.Group)
	if err != nil || len(g.logs) < 2 {
		return nil, err
	}
	var out []Wider
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		out, err = n.widens(ctx, v, g, d.Header, nil)
		return err
	})
	return out, explainNil(err)
}

// widens compares the markings that parts have by an act with those before it. signed are signatures under it: who hands on what another
// office alone may read is refused.
func (n *Node) widens(ctx context.Context, v *store.View, g *group, h *record.Header, signed []record.Approval) ([]Wider, error) {
	parties := g.ledger.Parties()
	var out []Wider
	add := func(of record.ID, name string, before, after record.Marking) {
		x := Wider{Of: of, Gain: gains(before, after, h.Party, parties)}
		if x.None() {
			return
		}
		i := slices.IndexFunc(out, func(y Wider) bool { return y.Of == of && reflect.DeepEqual(y.Gain, x.Gain) })
		if i < 0 {
			i = len(out)
			out = append(out, x)
		}
		out[i].Parts = append(out[i].Parts, name)
	}
	if x := n.kinds.WideningOf(h); x != nil {
		old, err := earlierText(v, g, x.Of)
		if old == nil {
			return nil, err // the judge says so
		}
		if err := n.readsOf(v, g, signed, x.Of, old.header, x.Parts); err != nil {
			return nil, err
		}
		for _, ref := range old.header.Parts {
			if slices.Contains(x.Parts, ref.Name) {
				m := old.state.Marking(x.Of, ref.Name, ref.Marking)
				add(x.Of, ref.Name, m, releasedAs(m, x))
			}
		}
		return out, nil
	}
	if of := n.kinds.LetsOut(h); !of.IsZero() {
		old, err := earlierText(v, g, of)
		if old == nil {
			return nil, err
		}
		for _, ref := range old.header.Parts {
			add(of, ref.Name, old.state.Marking(of, ref.Name, ref.Marking), n.publicAs(old.header, ref, parties))
		}
		return out, nil
	}
	if len(h.Parts) == 0 {
		return nil, nil
	}
	usual, err := n.marking(ctx, g, h.Kind)
	if err != nil {
		return nil, err
	}
	of, translated := h.Replaces, n.kinds.TranslationOf(h)
	if !translated.IsZero() {
		of = translated
	}
	old, err := earlierText(v, g, of)
	if err != nil {
		return nil, err
	}
	for _, ref := range h.Parts {
		before := usual
		if m, ok := old.marking(ref.Name, !translated.IsZero()); ok {
			before = m
		}
		add(record.ID{}, ref.Name, before, ref.Marking)
	}
	return out, nil
}

// earlierRecord is one whose parts an act hands on, replaces or translates, with the state that says who got them since.
type earlierRecord struct {
	id     record.ID
	header *record.Header
	state  *entente.State
}

// earlierText finds it; nil: none, or it is not here.
func earlierText(v store.Reading, g *group, id record.ID) (*earlierRecord, error) {
	if id.IsZero() || id == g.id {
		return nil, nil
	}
	e, err := store.ByID(v, g.rows(), id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	x := &earlierRecord{id: id, header: e.Record.Header()}
	x.state, err = stateOf(v, g.rows(), e.Record.Instrument())
	return x, err
}

// marking is that of the part of the same name; of a translation, of the same text in another language.
func (x *earlierRecord) marking(name string, translated bool) (record.Marking, bool) {
	if x == nil {
		return record.Marking{}, false
	}
	base, _, _ := strings.Cut(name, ".")
	for _, ref := range x.header.Parts {
		if ref.Name == name || translated && strings.HasPrefix(ref.Name, base+".") {
			return x.state.Marking(x.id, ref.Name, ref.Marking), true
		}
	}
	return record.Marking{}, false
}

// readsOf refuses the signature of an office that may not read what is named of a record: an office signs, and hands on, what it has
// read. What its originator released since counts as well.
func (n *Node) readsOf(v store.Reading, g *group, signed []record.Approval, of record.ID, h *record.Header, names []string) error {
	for _, ref := range h.Parts {
		if !slices.Contains(names, ref.Name) {
			continue
		}
		for _, a := range signed {
			if a.Office == record.RootOffice || n.mayRead(ref.Marking, a.Office) {
				continue
			}
			old, err := earlierText(v, g, of)
			if err != nil {
				return err
			}
			if old == nil || !n.mayRead(old.state.Marking(of, ref.Name, ref.Marking), a.Office) {
				return fmt.Errorf("%w: %w", ErrConflict, record.Because("sign.office", "the part %s is not for the office %s, and an office signs what it has read: name the office among those that may read it, or have another sign", ref.Name, a.Office))
			}
		}
	}
	return nil
}

// reads is readsOf before a record is sealed: of the text that it binds its party to, and of what it hands on.
func (w *work) reads(h *record.Header) error {
	of, names := h.Version, []string(nil)
	if x := w.b.n.kinds.WideningOf(h); x != nil {
		of, names = x.Of, x.Parts
	} else if h.Verb != record.Consent || of == w.id {
		return nil
	}
	r := w.src.ByID(of)
	if r == nil {
		return w.b.fail(errors.Join(w.src.err, store.ErrCorrupt)) // the judge knew it
	}
	if names == nil {
		for _, p := range r.Header().Parts {
			names = append(names, p.Name)
		}
	}
	return w.b.n.readsOf(w.b.tx, w.group, h.Approvals, of, r.Header(), names)
}

// meant takes signatures under an act that lets more hold or read something only from a signer who said that this is meant.
func (n *Node) meant(ctx context.Context, g *group, d *Draft, signed []record.Approval, confirmed bool) error {
	if len(g.logs) < 2 {
		return nil
	}
	var wider []Wider
	err := n.store.Snapshot(ctx, func(v *store.View) (err error) {
		wider, err = n.widens(ctx, v, g, d.Header, signed)
		return err
	})
	if err != nil || confirmed || len(wider) == 0 {
		return explainNil(err)
	}
	var list []string
	for _, x := range wider {
		list = append(list, x.String())
	}
	return &Refusal{[]entente.Reason{entente.ReasonFor(ReasonWidens, record.Because("widen.confirm", "by it more may hold or read than before: %s; confirm that this is meant", strings.Join(list, "; ")))}}
}
