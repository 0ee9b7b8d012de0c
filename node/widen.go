package node

import (
	"fmt"
	"slices"

	"entente"
	"entente/record"
	"entente/store"
)

// widened is the marking of a part as its originator has widened it, by the state of its instrument, which alone says so. states keeps
// what was read; nil: nothing is kept.
func widened(v store.Reading, logs []int64, instrument, id record.ID, name string, m record.Marking, states map[record.ID]*entente.State) (record.Marking, error) {
	s, read := states[instrument]
	if !read {
		var err error
		if s, err = stateOf(v, logs, instrument); err != nil {
			return m, err
		}
		if states != nil {
			states[instrument] = s
		}
	}
	return s.Marking(id, name, m), nil
}

// stateOf reads the state of an instrument; an empty one where it has none yet.
func stateOf(v store.Reading, logs []int64, instrument record.ID) (*entente.State, error) {
	s := new(entente.State)
	err := store.StatesByID(v, logs, []record.ID{instrument}, func(body []byte) error {
		x, err := entente.ParseState(body)
		if err == nil {
			s = x
		}
		return err
	})
	return s, err
}

// releasedBy are the parts of an earlier record that travel with the release that names the peer: they are those that were signed there,
// and open against that record alone.
func (n *Node) releasedBy(v *store.View, g *group, h *record.Header, peer record.Party) ([]record.Part, error) {
	x := n.kinds.WideningOf(h)
	if x == nil || !n.lets(filterSend, slices.Contains(x.To, peer)) {
		return nil, nil
	}
	e, err := n.entryOf(v, g, h, x)
	if err != nil || e == nil {
		return nil, err
	}
	return heldParts(v, *e, x.Parts)
}

func (n *Node) entryOf(v *store.View, g *group, h *record.Header, x *entente.Widening) (*store.Entry, error) {
	held, err := store.ByIDs(v, g.rows(), []record.ID{x.Of})
	if err != nil {
		return nil, err
	}
	e, ok := held[x.Of]
	if !ok || e.Record.Header().Party != h.Party {
		return nil, nil
	}
	return &e, nil
}

// keepReleased stores parts that came with the release of them: of an earlier record of the same party, those that the release names,
// for this party. Anything else is refused, and named.
func (w *work) keepReleased(l *plog, r *record.Record, x *entente.Widening, parts []record.Part) error {
	of := w.src.ByID(x.Of)
	if w.src.err != nil {
		return w.src.err
	}
	for _, p := range parts {
		if of == nil || of.Header().Party != l.party || of.Instrument() != r.Instrument() || !w.b.n.lets(filterKeep, slices.Contains(x.To, w.b.n.party)) || !slices.Contains(x.Parts, p.Name) {
			if err := w.unasked(l, r, p.Name); err != nil {
				return err
			}
			continue
		}
		if err := record.Open(of.Header(), p); err != nil {
			return fmt.Errorf("record %s: %w: %w", r.Header().Ref(), ErrTampered, err)
		}
		if err := w.b.tx.PutParts(store.PosOf(l.row, of.Header().Index), x.Of, p); err != nil {
			return err
		}
	}
	return nil
}

// unasked names what a peer sent that is not for this party; none of it is kept.
func (w *work) unasked(l *plog, r *record.Record, name string) error {
	return w.b.tx.PutAlarm(w.row, store.Alarm{Party: l.party, Code: AlarmUnasked, Time: w.b.now,
		Text: fmt.Sprintf("%s sent the part %s of its record %s, which is not released to %s", l.party, name, r.ID().Short(), w.b.n.party)})
}
