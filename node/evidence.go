package node

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"entente"
	"entente/consent"
	"entente/record"
	"entente/store"
	"entente/tlog"
)

// Evidence makes an evidence file (doc/evidence.md) about an instrument or one record of it, by its id; the group's own id
// stands for its charter. parts nil shows all that the caller's office may read, names restrict it, and an empty list or the
// one name "-" shows none. What is shown stands in the access log before. A name that is not here or not for this office:
// ErrNotFound.
func (n *Node) Evidence(ctx context.Context, who Caller, group, id record.ID, parts []string) ([]byte, error) {
	return n.EvidencePinned(ctx, who, group, id, parts, nil)
}

// EvidencePinned is Evidence with a proof that the logs in the file continue the checkpoints an auditor holds: signed notes
// of this group's logs, not larger than what is held here. Others are passed over; the verdict says so.
func (n *Node) EvidencePinned(ctx context.Context, who Caller, group, id record.ID, parts []string, pins [][]byte) ([]byte, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	instrument, err := n.instrumentOf(ctx, g, id)
	if err != nil {
		return nil, err
	}
	shown, marked, err := n.evidenceParts(ctx, who, g, instrument, parts)
	if err != nil {
		return nil, err
	}
	if g, err = n.reading(who, group); err != nil { // anew: the access log may stand in this group
		return nil, err
	}
	x := &exhibit{n: n, g: g, v: n.store.View(ctx), e: &entente.Evidence{Format: entente.EvidenceFormat, Subject: id}, sizes: map[record.Party]uint64{},
		links: map[record.Party]map[uint64]bool{}}
	if x.e.Parts = shown; marked {
		x.e.Copy = &entente.EvidenceCopy{Party: n.party, Office: who.Office, Seat: who.Seat, Time: n.clock()}
	}
	for _, f := range []func() error{x.founding, x.heads, func() error { return x.records(instrument) }, func() error { return x.pin(pins) }, x.link} {
		if err := f(); err != nil {
			return nil, fmt.Errorf("evidence about %s: %w", id.Short(), explain(err))
		}
	}
	b, err := x.e.Encode()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return b, nil
}

// EvidenceLater adds to a file made earlier, here or by a peer, the proofs that its logs go on to newer checkpoints which an
// auditor has pinned. Nothing else of the file changes. ErrConflict where the file's logs are not those held here.
func (n *Node) EvidenceLater(ctx context.Context, who Caller, group record.ID, file []byte, pins [][]byte) ([]byte, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	e, err := entente.ParseEvidence(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if entente.GroupOf(e.Founding) != g.id {
		return nil, fmt.Errorf("the file is of another group: %w", ErrInvalid)
	}
	x := &exhibit{n: n, g: g, v: n.store.View(ctx), e: e, sizes: map[record.Party]uint64{}, links: map[record.Party]map[uint64]bool{}}
	for _, h := range e.Heads {
		c, err := tlog.ParseCheckpoint(h.Note)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		l := g.logs[h.Party]
		if l == nil || c.Size > l.tree.Size() {
			return nil, fmt.Errorf("the file shows more of the log of %s than is held here: %w", h.Party, ErrConflict)
		}
		root, err := x.root(l, c.Size)
		if err != nil {
			return nil, explain(err)
		}
		if root != c.Root {
			return nil, fmt.Errorf("the file shows another log of %s than the one held here: %w", h.Party, ErrConflict)
		}
		x.sizes[h.Party] = c.Size
	}
	if err := x.pin(pins); err != nil {
		return nil, explain(err)
	}
	for _, l := range e.Links {
		delete(x.links[l.Party], l.Size)
	}
	if err := x.link(); err != nil {
		return nil, explain(err)
	}
	return e.Encode()
}

// instrumentOf finds the instrument that an id is, or is a record of.
func (n *Node) instrumentOf(ctx context.Context, g *group, id record.ID) (record.ID, error) {
	if id == g.id {
		return id, nil
	}
	e, err := store.ByID(n.store.View(ctx), g.rows(), id)
	if err != nil {
		return record.ID{}, notFound("record "+id.Short(), err)
	}
	if !e.Judged {
		return record.ID{}, fmt.Errorf("%w: %w", ErrConflict, record.Because("evidence.held", "record %s is held back and does not count yet", id.Short()))
	}
	return e.Record.Instrument(), nil
}

// evidenceParts reads what the file will show, through the gate, and says whether any of it is above TLP:CLEAR.
func (n *Node) evidenceParts(ctx context.Context, who Caller, g *group, instrument record.ID, names []string) (out []entente.EvidencePart, marked bool, err error) {
	out = []entente.EvidencePart{}
	none := names != nil && (len(names) == 0 || slices.Equal(names, []string{"-"}))
	if none || (names == nil && n.readsParts(who) != nil) { // who reads none may have the file without
		return out, false, nil
	}
	var wants []Want
	err = store.ByInstrument(n.store.View(ctx), g.rows(), instrument, func(e store.Entry) error {
		if len(e.Record.Header().Parts) > 0 {
			wants = append(wants, Want{Group: g.id, Record: e.Record.ID(), Names: names})
		}
		return nil
	})
	if err != nil {
		return nil, false, explain(err)
	}
	who.Via = "export"
	texts, err := n.texts(ctx, who, "", wants, entente.MaxEvidence)
	if err != nil {
		return nil, false, err
	}
	slices.SortFunc(wants, func(a, b Want) int { return bytes.Compare(a.Record[:], b.Record[:]) })
	found := map[string]bool{}
	for _, w := range wants {
		for _, p := range texts[w.Record].Parts {
			found[p.Name], marked = true, marked || logs(p.Marking)
			out = append(out, entente.EvidencePart{Record: w.Record, Part: p.Part})
		}
	}
	for _, name := range names {
		if !found[name] {
			return nil, false, fmt.Errorf("part %.70q: %w", name, ErrNotFound)
		}
	}
	return out, marked, nil
}

// exhibit is an evidence file under way, from one committed state of a group.
type exhibit struct {
	n     *Node
	g     *group
	v     *store.View
	e     *entente.Evidence
	sizes map[record.Party]uint64          // of the heads
	links map[record.Party]map[uint64]bool // sizes whose roots must be shown
}

func (x *exhibit) founding() error {
	groups, err := store.Groups(x.v)
	for _, g := range groups {
		if g.ID == x.g.id {
			x.e.Founding = g.Founding
		}
	}
	return err
}

// heads collects the checkpoints: of a peer's log that held here under this node's own cosignatures, of the own log the
// latest, and those that peers cosigned.
func (x *exhibit) heads() error {
	x.e.Heads = []entente.EvidenceHead{}
	notes := map[record.Party][][]byte{}
	for p, l := range x.g.logs {
		if len(l.checkpoint) == 0 {
			continue
		}
		c, err := tlog.ParseCheckpoint(l.checkpoint)
		if err != nil {
			return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
		}
		x.sizes[p] = c.Size
		notes[p] = [][]byte{l.checkpoint}
		if p == x.n.party {
			continue
		}
		lines, err := x.n.cosign(x.g, l.checkpoint, x.g.logs[x.n.party].tree.Size())
		if err != nil {
			return err
		}
		if notes[p][0], err = tlog.AddCosignatures(l.checkpoint, lines...); err != nil {
			return err
		}
	}
	boxes, err := store.Outboxes(x.v, x.g.row)
	if err != nil {
		return err
	}
	for _, o := range boxes {
		if len(o.Note) > 0 {
			notes[x.n.party] = append(notes[x.n.party], o.Note)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(x.sizes)) {
		if err := x.arrange(p, notes[p]); err != nil {
			return err
		}
	}
	return nil
}

// arrange merges notes of one size, keeps the cosignatures under keys that count at the cosigners' heads, and drops smaller
// notes that keep none.
func (x *exhibit) arrange(p record.Party, notes [][]byte) error {
	origin, ring := tlog.Origin(x.g.id, string(p)), x.g.ledger.Ring(p)
	cosigners := x.g.ledger.Cosigners(p, x.sizes)
	bySize := map[uint64][]byte{}
	for _, note := range notes {
		c, found, err := tlog.OpenCosigned(note, origin, tlog.OneKey(ring.Key(entente.UseLog, sizeOf(note))), cosigners)
		if err != nil {
			return fmt.Errorf("checkpoint of %s: %w: %w", p, store.ErrCorrupt, err)
		}
		if c.Size > x.sizes[p] {
			continue // committed after the state this file is made from
		}
		if root, err := x.root(x.g.logs[p], c.Size); err != nil {
			return err
		} else if root != c.Root {
			continue // of records that a restored log does not hold
		}
		var names []string
		for _, f := range found {
			if f.Err == nil {
				names = append(names, f.Key.Name)
			}
		}
		if len(names) == 0 && c.Size != x.sizes[p] {
			continue
		}
		note = entente.EvidenceNote(note, origin, names...)
		if old := bySize[c.Size]; old != nil {
			lines := bytes.SplitAfter(note[bytes.Index(note, []byte("\n\n"))+2:], []byte("\n"))
			if note, err = tlog.AddCosignatures(old, lines[:len(lines)-1]...); err != nil {
				return err
			}
			for _, k := range cosigners {
				names = append(names, k.Name)
			}
			note = entente.EvidenceNote(note, origin, names...)
		}
		bySize[c.Size] = note
	}
	for _, size := range slices.Sorted(maps.Keys(bySize)) {
		x.e.Heads = append(x.e.Heads, entente.EvidenceHead{Party: p, Note: bySize[size]})
		x.want(p, size)
	}
	return nil
}

func sizeOf(note []byte) uint64 {
	c, _ := tlog.ParseCheckpoint(note) // a note that cannot be read fails at OpenCosigned
	return c.Size
}

// want asks for a link at a size.
func (x *exhibit) want(p record.Party, size uint64) {
	if l := x.g.logs[p]; l == nil || size == 0 || size == x.sizes[p] || size > l.tree.Size() {
		return
	}
	if x.links[p] == nil {
		x.links[p] = map[uint64]bool{}
	}
	x.links[p][size] = true
}

// records collects what the rules look at, each record with its path.
func (x *exhibit) records(instrument record.ID) error {
	x.e.Records = []entente.EvidenceRecord{}
	var charters, records []entente.Judged
	refs := map[record.Ref]bool{}
	counts := func(e store.Entry) bool {
		l := x.g.party(e.Pos.Log())
		return e.Judged && l != nil && e.Pos.Index() < l.counted
	}
	judged := func(e store.Entry) (entente.Judged, error) {
		reasons, err := decodeReasons(e.Reasons)
		return entente.Judged{Record: e.Record, Reasons: reasons}, err
	}
	for p, l := range x.g.logs {
		err := store.Special(x.v, l.row, func(e store.Entry) error {
			if h := e.Record.Header(); h.Kind == "powers" && h.Index < x.sizes[p] {
				refs[h.Ref()] = true
			}
			if e.Record.Header().Kind != "charter" || !counts(e) {
				return nil
			}
			j, err := judged(e)
			charters = append(charters, j)
			return err
		})
		if err != nil {
			return err
		}
	}
	err := store.ByInstrument(x.v, x.g.rows(), instrument, func(e store.Entry) error {
		if !counts(e) {
			return nil
		}
		j, err := judged(e)
		records = append(records, j)
		return err
	})
	if err != nil {
		return err
	}
	src := &exhibitSource{&source{g: x.g, r: viewReader{x.v}}}
	more, err := x.g.ledger.EvidenceRecords(instrument, records, charters, src)
	if err = errors.Join(err, src.err); err != nil {
		return err
	}
	for _, ref := range more {
		refs[ref] = true
	}
	ordered := slices.SortedFunc(maps.Keys(refs), func(a, b record.Ref) int {
		return cmp.Or(cmp.Compare(a.Party, b.Party), cmp.Compare(a.Index, b.Index))
	})
	for _, ref := range ordered {
		seen, err := x.record(ref)
		if err != nil {
			return err
		}
		for q, m := range seen {
			x.want(q, m.Size)
		}
	}
	return nil
}

// exhibitSource is the source of one committed state: the database may have gone on since.
type exhibitSource struct{ *source }

// First implements entente.Source.
func (s *exhibitSource) First(p record.Party, of record.Ref) (consent.Moment, bool) {
	m, ok := s.source.First(p, of)
	return m, ok && m.Ref.Index < s.g.logs[p].counted
}

// pin asks for links to the checkpoints that the auditor holds.
func (x *exhibit) pin(pins [][]byte) error {
	for i, note := range pins {
		c, err := tlog.ParseCheckpoint(note)
		if err != nil {
			return fmt.Errorf("pinned checkpoint %d: %w: %w", i+1, ErrInvalid, err)
		}
		for p := range x.sizes {
			if tlog.Origin(x.g.id, string(p)) == c.Origin {
				x.want(p, c.Size)
			}
		}
	}
	return nil
}

func (x *exhibit) root(l *plog, size uint64) (tlog.Hash, error) {
	return tlog.RootAt(l.tree.Over(store.Tiles(x.v, l.row)), l.tree.Size(), size)
}

// link proves the roots that were asked for, against the heads.
func (x *exhibit) link() error {
	if x.e.Links == nil {
		x.e.Links = []entente.EvidenceLink{}
	}
	for p, sizes := range x.links {
		l := x.g.logs[p]
		for size := range sizes {
			root, err := x.root(l, size)
			if err != nil {
				return err
			}
			path, err := tlog.Consistency(l.tree.Over(store.Tiles(x.v, l.row)), min(size, x.sizes[p]), max(size, x.sizes[p]))
			if err != nil {
				return err
			}
			x.e.Links = append(x.e.Links, entente.EvidenceLink{Party: p, Size: size, Root: record.ID(root), Path: entente.EvidencePath(path)})
		}
	}
	slices.SortFunc(x.e.Links, func(a, b entente.EvidenceLink) int {
		return cmp.Or(cmp.Compare(a.Party, b.Party), cmp.Compare(a.Size, b.Size))
	})
	return nil
}
