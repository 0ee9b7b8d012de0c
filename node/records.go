package node

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entente"
	"entente/consent"
	"entente/record"
	"entente/store"
)

// below says, for each log, below which index the records of an instrument are read: what a cursor says, else a cut, else what
// counts.
func (g *group) below(c Cursor, cut consent.Sizes) (consent.Sizes, error) {
	out, parties := consent.Sizes{}, g.ledger.Parties()
	for p, l := range g.logs {
		out[p] = l.counted
	}
	for p := range cut {
		out[p] = min(out[p], cut[p])
	}
	if c == "" {
		return out, nil
	}
	bad := fmt.Errorf("%w: %w", ErrInvalid, record.Because("list.cursor", "cursor: use earlier of the page before"))
	places := strings.Split(string(c), ".")
	if len(c) > maxBefore || len(places) != len(parties) {
		return nil, bad
	}
	for i, p := range parties {
		v, err := strconv.ParseUint(places[i], 36, 64)
		if err != nil || v > out[p] {
			return nil, bad
		}
		out[p] = v
	}
	if g.before(out) != c {
		return nil, bad
	}
	return out, nil
}

// before writes the cursor of what lies below the indexes.
func (g *group) before(below consent.Sizes) Cursor {
	var s []string
	for _, p := range g.ledger.Parties() {
		s = append(s, strconv.FormatUint(below[p], 36))
	}
	return Cursor(strings.Join(s, "."))
}

// lastOf reads the last records of an instrument, in any order, and lowers below to where they start.
func lastOf(v *store.View, g *group, id record.ID, below consent.Sizes) ([]store.Entry, error) {
	var all []store.Entry
	for p, l := range g.logs {
		if err := store.OfInstrument(v, l.row, id, below[p], maxRecords, func(e store.Entry) error { all = append(all, e); return nil }); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b store.Entry) int { return entente.Order(b.Record.Header(), a.Record.Header()) })
	all = all[:min(len(all), maxRecords)]
	for _, e := range all {
		h := e.Record.Header()
		below[h.Party] = min(below[h.Party], h.Index)
	}
	return all, nil
}

// earlier is the cursor of the records below, absent where there is none.
func earlier(v *store.View, g *group, id record.ID, below consent.Sizes) (Cursor, error) {
	more := false
	for p, l := range g.logs {
		if err := store.OfInstrument(v, l.row, id, below[p], 1, func(store.Entry) error { more = true; return nil }); err != nil {
			return "", err
		}
	}
	if !more {
		return "", nil
	}
	return g.before(below), nil
}

// withNamed adds the records that the state names and that pages show however old they are: what opened the instrument, its last
// texts and who signed them, and the points of its agenda.
func withNamed(v *store.View, g *group, s *entente.State, cut consent.Sizes, have []store.Entry) ([]store.Entry, error) {
	has := map[record.ID]bool{}
	for _, e := range have {
		has[e.Record.ID()] = true
	}
	var ids []record.ID
	name := func(id record.ID) {
		if !has[id] && len(ids) < maxNamed {
			has[id] = true
			ids = append(ids, id)
		}
	}
	if s.Instrument != g.id {
		name(s.Instrument)
	}
	var refs []record.Ref
	for _, x := range slices.Backward(s.Versions) {
		name(x.ID)
		for _, y := range x.Sides {
			if y.Consent != nil && len(refs) < maxNamed {
				refs = append(refs, y.Consent.Ref)
			}
		}
	}
	for _, x := range slices.Backward(s.Agenda) {
		name(x.ID)
	}
	found, err := store.ByIDs(v, g.rows(), ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if e, ok := found[id]; ok {
			have = append(have, e)
		}
	}
	for _, ref := range refs {
		e, err := store.At(v, store.PosOf(g.logs[ref.Party].row, ref.Index))
		if errors.Is(err, store.ErrNotFound) {
			continue
		} else if err != nil {
			return nil, err
		}
		if !has[e.Record.ID()] {
			has[e.Record.ID()] = true
			have = append(have, e)
		}
	}
	return slices.DeleteFunc(have, func(e store.Entry) bool {
		h := e.Record.Header()
		return !e.Judged || cut != nil && h.Index >= cut[h.Party]
	}), nil
}
