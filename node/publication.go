package node

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"entente"
	"entente/record"
	"entente/store"
	"entente/tlog"
)

// Publication is the proof of a published text (doc/evidence.md): the charter, the powers under which it was signed, the text
// with who signed it and let it out, and the parts that are public; no record of anything else. What is not public: ErrNotFound.
func (n *Node) Publication(ctx context.Context, group, id record.ID) ([]byte, error) {
	p, err := n.PublicText(ctx, group, id)
	if err != nil {
		return nil, err
	}
	g, err := n.find(group)
	if err != nil {
		return nil, err
	}
	x := &exhibit{n: n, g: g, v: n.store.View(ctx), e: &entente.Evidence{Format: entente.PublicationFormat, Subject: p.Version, Parts: []entente.EvidencePart{}},
		sizes: map[record.Party]uint64{}, links: map[record.Party]map[uint64]bool{}}
	for _, part := range p.Parts {
		x.e.Parts = append(x.e.Parts, entente.EvidencePart{Record: p.Version, Part: part.Part})
	}
	for _, f := range []func() error{x.founding, x.heads, func() error { return x.publication(p) }, x.link} {
		if err := f(); err != nil {
			return nil, fmt.Errorf("proof of %s: %w", id.Short(), explain(err))
		}
	}
	return x.e.Encode()
}

// publication collects the records: what the format takes and nothing else.
func (x *exhibit) publication(p *PublicText) error {
	e, err := store.ByID(x.v, x.g.rows(), p.Instrument)
	if err != nil {
		return err
	}
	refs := map[record.Ref]bool{e.Record.Header().Ref(): true}
	body, err := store.State(x.v, e.Pos)
	if err != nil {
		return err
	}
	s, err := entente.ParseState(body)
	if err != nil {
		return err
	}
	for _, v := range s.Versions {
		if v.ID != p.Version {
			continue
		}
		refs[v.Ref] = true
		for _, side := range v.Sides {
			if side.Consent != nil {
				refs[side.Consent.Ref] = true
			}
		}
		for _, r := range v.Releases {
			refs[r.Ref] = true
		}
	}
	for q, l := range x.g.logs {
		err := store.Special(x.v, l.row, func(e store.Entry) error {
			h := e.Record.Header()
			if h.Index < x.sizes[q] && (h.Kind == "powers" || e.Judged && h.Index < l.counted) {
				refs[h.Ref()] = true
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	x.e.Records = []entente.EvidenceRecord{}
	for _, ref := range slices.SortedFunc(maps.Keys(refs), func(a, b record.Ref) int {
		return cmp.Or(cmp.Compare(a.Party, b.Party), cmp.Compare(a.Index, b.Index))
	}) {
		if _, err := x.record(ref); err != nil {
			return err
		}
	}
	slices.SortFunc(x.e.Parts, func(a, b entente.EvidencePart) int {
		return cmp.Or(bytes.Compare(a.Record[:], b.Record[:]), cmp.Compare(a.Part.Name, b.Part.Name))
	})
	return nil
}

// record adds one record with its path to the head of its log, and says what it has seen.
func (x *exhibit) record(ref record.Ref) (record.Seen, error) {
	l := x.g.logs[ref.Party]
	if l == nil || ref.Index >= x.sizes[ref.Party] {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("publication.yet", "record %s is under no checkpoint", ref))
	}
	e, err := store.At(x.v, store.PosOf(l.row, ref.Index))
	if err != nil {
		return nil, err
	}
	path, err := tlog.Inclusion(l.tree.Over(store.Tiles(x.v, l.row)), ref.Index, x.sizes[ref.Party])
	if err != nil {
		return nil, err
	}
	x.e.Records = append(x.e.Records, entente.EvidenceRecord{Party: ref.Party, Index: ref.Index, Raw: e.Record.Bytes(), Path: entente.EvidencePath(path)})
	return e.Record.Header().Seen, nil
}
