package node

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"entente"
	"entente/record"
	"entente/store"
	"entente/tlog"
)

// PublicKeys are the public halves of the node's own keys, by use: what the party's next powers name.
func (n *Node) PublicKeys() map[entente.Use]entente.Key { return n.keys.public() }

// AddApprovals adds signatures to a kept draft and, once nothing is missing, puts the act on record. Exactly one of the draft
// and the sealed act comes back. A signature that does not verify under the seat's key, or under the root key for what the root
// signs, is refused and the draft stays as it was; a second signature of a seat takes the place of its first. Adding is atomic:
// two officials who sign at one time both count. It may be repeated: an act that is on record already is answered again.
// Errors: ErrNotFound, ErrInvalid, and those of Seal.
func (n *Node) AddApprovals(ctx context.Context, who Caller, group record.ID, nonce record.Nonce, add []record.Approval, widening bool) (*Draft, *Sealed, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, nil, err
	}
	if len(add) == 0 || len(add) > record.MaxApprovals {
		return nil, nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("sign.count", "approvals: want 1 to %d", record.MaxApprovals))
	}
	d, err := n.GroupDraft(ctx, who, group, nonce)
	if err == nil {
		err = n.meant(ctx, g, d, add, widening)
	}
	if err == nil { // before it is signed: signed and held, it would wait for nobody
		err = n.mayAnnounce(ctx, g, d)
	}
	if err != nil && !errors.Is(err, ErrNotFound) { // what is on record already is answered below
		return nil, nil, err
	}
	err = n.write(ctx, func(b *batch) error {
		s, err := store.DraftByNonce(b.tx, nonce)
		if errors.Is(err, store.ErrNotFound) || (err == nil && s.Group != g.row) {
			return fmt.Errorf("draft %s: %w", nonce, ErrNotFound)
		} else if err != nil {
			return b.fail(err)
		}
		if d, err = n.draft(g, s); err != nil {
			return err
		}
		if err := b.cleared(d.text(g)); err != nil {
			return err
		}
		if err := n.approve(g, d, add); err != nil {
			return err
		}
		if s.Header, err = record.Marshal(d.Header); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		return b.fail(b.tx.PutDraft(s))
	})
	if errors.Is(err, ErrNotFound) {
		return n.sealedBefore(ctx, g, nonce)
	} else if err != nil {
		return nil, nil, err
	}
	if d.Missing = n.missing(g, d); len(d.Missing) > 0 {
		return d, nil, nil
	}
	seal := n.Seal
	if d.Header.Verb == record.Restore {
		seal = n.sealRestore
	}
	sealed, err := seal(ctx, who, d)
	if err != nil {
		return nil, nil, err
	}
	return nil, sealed, nil
}

// approve verifies signatures under the powers of this moment and puts them into the draft.
func (n *Node) approve(g *group, d *Draft, add []record.Approval) error {
	p := g.ledger.Ring(n.party).At(g.logs[n.party].tree.Size())
	all := slices.Clone(d.Header.Approvals)
	named := powersOf(d.Header)
	if err := n.reads(add, d.Header); err != nil {
		return err
	}
	for _, a := range add {
		var key entente.Key
		var ok bool
		var seat entente.Seat
		switch {
		case a.Office == record.RootOffice && named != nil: // the judge says whether that root may follow
			key, ok = named.Root, true
		case a.Office == record.RootOffice && p != nil:
			key, ok = p.Root, true
		case a.Office == record.RootOffice: // before the first powers: the founding root
			founder, _ := g.ledger.Founding().Party(n.party)
			key, ok = founder.Root, true
		case p != nil:
			o, _ := p.Office(a.Office)
			seat, ok = o.Seat(a.Seat)
			key = seat.Key
		}
		if !ok {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("sign.seat", "the powers name no seat %s/%d", a.Office, a.Seat))
		}
		if !a.Verify(d.Act, n.party, key.Alg, key.Public) {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("sign.wrong", "the signature of %s/%d does not verify under the key that the powers name", a.Office, a.Seat))
		}
		if !seat.Sits(n.clock()) {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("sign.term", "the term of the seat %s/%d does not cover this day", a.Office, a.Seat))
		}
		all = slices.DeleteFunc(all, func(x record.Approval) bool { return x.Office == a.Office && x.Seat == a.Seat })
		all = append(all, a)
	}
	if len(all) > record.MaxApprovals {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("sign.many", "an act carries at most %d approvals", record.MaxApprovals))
	}
	h := *d.Header
	h.Approvals = all
	d.Header = &h
	return nil
}

// reads refuses the signature of an office on a text of which a part is not for it: an office signs what it has read.
func (n *Node) reads(signed []record.Approval, text *record.Header) error {
	for _, a := range signed {
		for _, p := range text.Parts {
			if a.Office != record.RootOffice && !n.mayRead(p.Marking, a.Office) {
				return fmt.Errorf("%w: %w", ErrConflict, record.Because("sign.office", "the part %s is not for the office %s, and an office signs what it has read: name the office among those that may read it, or have another sign", p.Name, a.Office))
			}
		}
	}
	return nil
}

// powersOf are the powers that a draft would put on record, nil for another act.
func powersOf(h *record.Header) *entente.Powers {
	p := new(entente.Powers)
	if h.Kind != "powers" || h.Verb != record.Propose || record.Unmarshal(h.Terms, p) != nil {
		return nil
	}
	return p
}

// sealedBefore answers a signature that comes after the act was put on record.
func (n *Node) sealedBefore(ctx context.Context, g *group, nonce record.Nonce) (*Draft, *Sealed, error) {
	src := n.source(ctx, g)
	i, used := src.NonceUsed(n.party, nonce)
	if src.err != nil {
		return nil, nil, explain(src.err)
	}
	if !used {
		return nil, nil, fmt.Errorf("draft %s: %w", nonce, ErrNotFound)
	}
	r := src.get(record.Ref{Party: n.party, Index: i})
	if r == nil {
		return nil, nil, explain(errors.Join(store.ErrCorrupt, src.err))
	}
	return nil, &Sealed{ID: r.ID(), Instrument: r.Instrument(), Ref: r.Header().Ref(), Time: r.Header().Time}, nil
}

// GroupDraft reads a kept draft of one group.
func (n *Node) GroupDraft(ctx context.Context, who Caller, group record.ID, nonce record.Nonce) (*Draft, error) {
	if _, err := n.reading(who, group); err != nil {
		return nil, err
	}
	d, err := n.Saved(ctx, who, nonce)
	if err == nil && !n.lets(filterPlace, d.Header.Group == group) {
		return nil, fmt.Errorf("draft %s: %w", nonce, ErrNotFound)
	}
	return d, err
}

// DraftParts reads what an official signs, with its salts, so that the official's own machine can hold it against the digests
// in the header. Like every read above TLP:CLEAR it stands in the access log first, under the act's digest.
func (n *Node) DraftParts(ctx context.Context, who Caller, group record.ID, nonce record.Nonce) ([]MarkedPart, error) {
	d, err := n.GroupDraft(ctx, who, group, nonce)
	if err != nil {
		return nil, err
	}
	if err := n.readsParts(who); err != nil {
		return nil, err
	}
	g, err := n.find(group)
	if err != nil {
		return nil, err
	}
	return n.showText(ctx, who, d.text(g))
}

// DraftTexts reads the parts of several kept drafts of one group that one page shows, by their acts' digests, with one entry in
// the access log. names are as in Want. A draft that is no longer kept is missing.
func (n *Node) DraftTexts(ctx context.Context, who Caller, group record.ID, page string, names []string, nonces ...record.Nonce) (Texts, error) {
	if err := n.readsParts(who); err != nil {
		return nil, err
	}
	if len(nonces) > maxDrafts {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("drafts.many", "a page reads from at most %d drafts", maxDrafts))
	}
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	want, out := &Want{Names: names}, Texts{}
	var shown []entente.AccessItem
	size := 0
	for _, nonce := range nonces {
		t, err := n.homeText(n.store.View(ctx), g, nonce)
		if errors.Is(err, ErrNotFound) {
			continue
		} else if err != nil {
			return nil, err
		}
		text := &Text{Gaps: map[string]Gap{}}
		for _, p := range t.parts {
			if !want.wants(p.Name) {
				continue
			}
			if why := n.gap(&record.Header{Party: n.party}, record.PartRef{Marking: p.Marking}, who.Office); why != "" {
				text.Gaps[p.Name] = why
				continue
			}
			if size += len(p.Content); size > maxTexts {
				return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("drafts.long", "more than %d bytes of content at once: name fewer drafts", maxTexts))
			}
			if len(t.header.Parts) > 0 { // of a non-paper there are no digests
				if err := record.Open(t.header, p.Part); err != nil {
					return nil, fmt.Errorf("draft: %w: %w", store.ErrCorrupt, err)
				}
			}
			text.Parts = append(text.Parts, p)
		}
		out[t.act] = text
		shown = append(shown, logged(group, t.act, text)...)
	}
	return out, n.logShown(ctx, who, page, shown)
}

// RestoreDraft keeps a draft of the record by which a group goes on after its silent peers are gone for good (rule C10). The
// root key signs it; AddApprovals puts it on record.
func (n *Node) RestoreDraft(ctx context.Context, who Caller, group record.ID) (*Draft, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	d, err := n.restoreDraft(ctx, who, g)
	if err != nil {
		return nil, err
	}
	return d, n.Save(ctx, d)
}

// sealRestore seals the one record that a restored node may write while it waits for its peers, and then waits no more.
func (n *Node) sealRestore(ctx context.Context, who Caller, d *Draft) (*Sealed, error) {
	s, err := n.Seal(ctx, who, d)
	if err == nil {
		n.mu.Lock()
		delete(n.restoring, d.Header.Group)
		n.mu.Unlock()
	}
	return s, err
}

// Orphan is an own record that surfaced after a restore: shown, without effect.
type Orphan struct {
	ID     record.ID      `json:"id"`
	Header *record.Header `json:"header"`
}

// Orphans lists them for a group.
func (n *Node) Orphans(ctx context.Context, who Caller, group record.ID) ([]Orphan, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	raws, err := store.Orphans(n.store.View(ctx), g.row)
	if err != nil {
		return nil, explain(err)
	}
	out := make([]Orphan, 0, len(raws))
	for _, raw := range raws {
		r, err := record.Stored(raw)
		if err != nil {
			return nil, fmt.Errorf("orphan: %w: %w", store.ErrCorrupt, err)
		}
		out = append(out, Orphan{r.ID(), r.Header()})
	}
	return out, nil
}

// ExportLog writes a party's log as it is held here in the layout of C2SP tlog-tiles: headers, no part. write is called once
// per path, "checkpoint" last. progress, if not nil, is called with entries done and in all.
func (n *Node) ExportLog(ctx context.Context, who Caller, group record.ID, party record.Party,
	write func(path string, data []byte) error, progress func(done, total uint64)) error {
	g, err := n.reading(who, group)
	if err != nil {
		return err
	}
	l := g.logs[party]
	if l == nil {
		return fmt.Errorf("log of %s: %w", party, ErrNotFound)
	}
	if len(l.checkpoint) == 0 {
		return fmt.Errorf("log of %s: %w: nothing of it is held yet", party, ErrConflict)
	}
	v := n.store.View(ctx)
	entries := func(from, to uint64) ([][]byte, error) {
		var out [][]byte
		err := store.Raw(v, l.row, from, to, func(_ uint64, raw []byte) error {
			out = append(out, slices.Clone(raw))
			return nil
		})
		return out, err
	}
	if err := tlog.Export(store.Tiles(v, l.row), entries, l.tree.Size(), l.checkpoint, write, progress); err != nil {
		return explain(err)
	}
	return nil
}
