package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"entente/record"
	"entente/store"
)

// Sequel is an act that can be drafted only once another is on record, because it names that record: a commitment names the
// decision it came from. Until then it is kept as it was written, encrypted at rest; dropping the draft it follows drops it too.
type Sequel struct {
	Act  Act    `json:"act"`
	Term string `json:"term"` // of its terms: the one that takes the id of the record it follows
}

// SaveWith keeps a draft and its sequel. When the draft is put on record, the sequel is drafted and kept in the same commit.
func (n *Node) SaveWith(ctx context.Context, who Caller, d *Draft, q Sequel) error {
	g, err := n.find(d.Header.Group)
	if err != nil {
		return err
	}
	if q.Act.Group != g.id || !q.Act.Instrument.IsZero() || !q.Act.Version.IsZero() {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("sequel.group", "a sequel opens an instrument of the same group"))
	}
	if _, err := n.follow(g, who, q, d.Act); err != nil { // what cannot be drafted then is refused now
		return err
	}
	body, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	row, err := d.row(g)
	if err != nil {
		return err
	}
	d.saved = true
	return n.write(ctx, func(b *batch) error {
		if err := b.keep(g, row); err != nil {
			return err
		}
		return b.fail(b.tx.PutKept(store.Kept{Sort: store.KeptAct, About: d.Nonce[:], Group: g.row, Office: who.Office, Time: b.now, Body: body}))
	})
}

// Sequel reads what follows a kept draft, nil where nothing does, with the parts that the caller's office may read. Like every
// text it stands in the access log first.
func (n *Node) Sequel(ctx context.Context, who Caller, group record.ID, nonce record.Nonce) (*Sequel, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	if err := n.readsParts(who); err != nil {
		return nil, err
	}
	q, _, err := sequelOf(store.KeptAbout(n.store.View(ctx), g.row, store.KeptAct, nonce[:]))
	if err != nil || q == nil {
		return nil, explainNil(err)
	}
	d, err := n.GroupDraft(ctx, who, group, nonce)
	if err != nil {
		return nil, err
	}
	usual, err := n.marking(ctx, g, q.Act.Kind)
	if err != nil {
		return nil, err
	}
	shown := &Text{}
	q.Act.Parts = slices.DeleteFunc(q.Act.Parts, func(p NewPart) bool {
		m := usual
		if p.Marking != nil {
			m = *p.Marking
		}
		if n.gap(&record.Header{Party: n.party}, record.PartRef{Marking: m}, who.Office) != "" {
			return true
		}
		shown.Parts = append(shown.Parts, MarkedPart{record.Part{Name: p.Name}, m})
		return false
	})
	return q, n.logShown(ctx, who, "", logged(g.id, d.Act, shown))
}

func sequelOf(k store.Kept, err error) (*Sequel, store.Kept, error) {
	if errors.Is(err, store.ErrNotFound) {
		return nil, k, nil
	} else if err != nil {
		return nil, k, err
	}
	q := new(Sequel)
	if err := json.Unmarshal(k.Body, q); err != nil {
		return nil, k, fmt.Errorf("sequel: %w: %w", store.ErrCorrupt, err)
	}
	return q, k, nil
}

// follow drafts a sequel of the record with that id.
func (n *Node) follow(g *group, who Caller, q Sequel, id record.ID) (*Draft, error) {
	terms := map[string]json.RawMessage{}
	if len(q.Act.Terms) > 0 {
		if err := json.Unmarshal(q.Act.Terms, &terms); err != nil {
			return nil, fmt.Errorf("terms: %w: %w", ErrInvalid, err)
		}
	}
	a := q.Act
	var err error
	if terms[q.Term], err = json.Marshal(id); err != nil {
		return nil, err
	}
	if a.Terms, err = json.Marshal(terms); err != nil {
		return nil, fmt.Errorf("terms: %w: %w", ErrInvalid, err)
	}
	return n.make(g, who, a)
}

// sequel drafts and keeps what follows a draft that was put on record a moment ago.
func (w *work) sequel(d *Draft, id record.ID) (*Draft, error) {
	n := w.b.n
	q, k, err := sequelOf(store.KeptAbout(w.b.tx, w.row, store.KeptAct, d.Nonce[:]))
	if err != nil || q == nil {
		return nil, err
	}
	next, err := n.follow(w.group, Caller{Office: k.Office}, *q, id)
	if errors.Is(err, ErrInvalid) { // it was drafted once before it was kept: the rules have changed since, and what is signed stands
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	row, err := next.row(w.group)
	if err == nil {
		err = w.b.tx.PutDraft(row) // however many wait: it takes the place of the one that is gone
	}
	if err == nil {
		err = w.b.tx.DropKept(store.KeptAct, d.Nonce[:])
	}
	next.saved = true
	return next, err
}
