package node

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"entente"
	"entente/record"
	"entente/store"
)

// Act is what an office wants to put on record.
type Act struct {
	Group        record.ID       `json:"group"`
	Kind         string          `json:"kind"`
	Verb         record.Verb     `json:"verb"`
	Instrument   record.ID       `json:"instrument,omitzero"`
	Version      record.ID       `json:"version,omitzero"`
	Replaces     record.ID       `json:"replaces,omitzero"`
	Until        int64           `json:"until,omitzero"`
	Participants []record.Party  `json:"participants,omitempty"`
	Line         string          `json:"line,omitempty"`
	Nature       record.Nature   `json:"nature,omitempty"`
	Terms        json.RawMessage `json:"terms,omitempty"`
	Parts        []NewPart       `json:"parts,omitempty"`
}

// NewPart is content for an act. Without a marking it goes to every party of the group, TLP:AMBER.
type NewPart struct {
	Name    string          `json:"name"`
	Content []byte          `json:"content"`
	Marking *record.Marking `json:"marking,omitempty"`
}

// Draft is an act with its exact digest, waiting for its signatures.
type Draft struct {
	Act       record.ID      `json:"act"` // what officials sign
	Nonce     record.Nonce   `json:"nonce"`
	Office    string         `json:"office"` // that drafted it
	Created   int64          `json:"created"`
	Header    *record.Header `json:"header"`
	Missing   []record.Why   `json:"missing,omitempty"`   // why it cannot be sealed yet; empty: it can
	Uncleared []Uncleared    `json:"uncleared,omitempty"` // the party's own offices that must clear it first, named in missing too
	parts     []record.Part
	saved     bool // it is in the database too
}

// Sealed is an act on record.
type Sealed struct {
	ID         record.ID  `json:"id"`
	Instrument record.ID  `json:"instrument"`
	Ref        record.Ref `json:"ref"`
	Time       int64      `json:"time"`
	Next       *Draft     `json:"-"` // the sequel, drafted and kept (SaveWith)
}

// Prepare makes a draft of an act: terms encoded, parts salted, digest computed. Nothing is stored.
func (n *Node) Prepare(_ context.Context, who Caller, a Act) (*Draft, error) {
	g, err := n.find(a.Group)
	if err != nil {
		return nil, err
	}
	if err := n.mayAct(who, g); err != nil {
		return nil, err
	}
	d, err := n.make(g, who, a)
	if err != nil {
		return nil, err
	}
	d.Missing = n.missing(g, d)
	return d, n.awaitDraft(g, d)
}

func (n *Node) make(g *group, who Caller, a Act) (*Draft, error) {
	k, _, err := n.kinds.Rule(a.Kind, a.Verb)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if k.Silent || k.Home {
		return nil, fmt.Errorf("the kind %s is written by the node alone: %w", k.Name, ErrForbidden)
	}
	h := record.Header{Format: record.Format, Group: g.id, Party: n.party, Kind: a.Kind, Verb: a.Verb, Instrument: a.Instrument, Version: a.Version,
		Replaces: a.Replaces, Until: a.Until, Participants: sorted(a.Participants), Line: a.Line, Nature: a.Nature}
	if h.Terms, err = n.kinds.EncodeTerms(a.Kind, a.Verb, a.Terms); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := n.inherit(g, &h); err != nil {
		return nil, err
	}
	if err := n.setArea(g, k, &h, a.Parts); err != nil {
		return nil, err
	}
	if id, _ := g.ledger.Charter(); !id.IsZero() {
		h.Charter = id
	} else {
		h.Charter = g.id
	}
	rand.Read(h.Nonce[:])
	d := &Draft{Nonce: h.Nonce, Office: who.Office, Created: n.clock(), Header: &h}
	slices.SortFunc(a.Parts, func(x, y NewPart) int { return compare(x.Name, y.Name) })
	usual, err := n.marking(context.Background(), g, a.Kind)
	if err != nil {
		return nil, err
	}
	translated, err := earlierText(n.store.View(context.Background()), g, n.kinds.TranslationOf(&h))
	if err != nil {
		return nil, explain(err)
	}
	size := 0
	for _, p := range a.Parts {
		if size += len(p.Content); size > maxParts {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("act.size", "the parts of one act have at most %d bytes together, so that they travel in one message", maxParts))
		}
		m := usual
		if x, ok := translated.marking(p.Name, true); ok { // a translation goes no further than what it translates
			if m = x; !forAll(x) {
				m.ReleasableTo = append(slices.Clone(x.ReleasableTo), translated.header.Party)
			}
		}
		if p.Marking != nil {
			m = *p.Marking
		}
		m.Originator = n.party
		m.ReleasableTo = sorted(m.ReleasableTo)
		part := record.Part{Name: p.Name, Content: p.Content}
		rand.Read(part.Salt[:])
		ref, err := record.Describe(g.id, h.Nonce, part, m)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		h.Parts, d.parts = append(h.Parts, ref), append(d.parts, part)
	}
	d.Act, err = record.Act(&h)
	return d, err
}

// inherit fills in what a later act takes from the instrument it speaks of.
func (n *Node) inherit(g *group, h *record.Header) error {
	if h.Instrument.IsZero() && h.Version.IsZero() {
		return nil
	}
	src := n.source(context.Background(), g)
	if h.Instrument.IsZero() && h.Version != g.id {
		v := src.ByID(h.Version)
		if src.err != nil || v == nil {
			return fmt.Errorf("version %s: %w", h.Version.Short(), errors.Join(ErrNotFound, src.err))
		}
		h.Instrument = v.Instrument()
	}
	if h.Instrument.IsZero() {
		h.Instrument = g.id
	}
	if h.Instrument == g.id {
		return nil
	}
	open := src.ByID(h.Instrument)
	if src.err != nil || open == nil {
		return fmt.Errorf("instrument %s: %w", h.Instrument.Short(), errors.Join(ErrNotFound, src.err))
	}
	h.Line = open.Header().Line
	return nil
}

// source reads what is committed, for the gate's answers outside a batch.
func (n *Node) source(ctx context.Context, g *group) *source {
	return &source{g: g, r: viewReader{n.store.View(ctx)}}
}

// missing says which signatures a draft still needs.
func (n *Node) missing(g *group, d *Draft) []record.Why {
	h := *d.Header
	h.Index, h.Time = g.logs[n.party].tree.Size(), n.clock()
	_, rule, err := n.kinds.Rule(h.Kind, h.Verb)
	if err != nil {
		return []record.Why{record.Because("kind.unknown", "%s", err)}
	}
	switch {
	case rule.Root:
		for _, a := range h.Approvals {
			if a.Office == record.RootOffice {
				return nil
			}
		}
		return []record.Why{record.Because("root.missing", "the root key has not signed it")}
	case !rule.Approved:
		return nil
	}
	p := g.ledger.Ring(n.party).At(h.Index)
	if p == nil {
		return []record.Why{record.Because("powers.yet", "no powers are on record")}
	}
	_, why := g.ledger.Approved(&h, d.Act, p)
	return why
}

// Sign adds approvals to a draft. They are verified here and again by the judge when the act is sealed.
func (d *Draft) Sign(a ...record.Approval) {
	h := *d.Header
	h.Approvals = append(slices.Clone(h.Approvals), a...)
	d.Header = &h
}

// Save keeps a draft until its signatures are complete or it is dropped.
func (n *Node) Save(ctx context.Context, d *Draft) error { return n.SaveAll(ctx, d) }

// SaveAll keeps drafts of one group, all or none.
func (n *Node) SaveAll(ctx context.Context, ds ...*Draft) error {
	if len(ds) == 0 {
		return nil
	}
	g, err := n.find(ds[0].Header.Group)
	if err != nil {
		return err
	}
	var rows []store.Draft
	for _, d := range ds {
		if d.Header.Group != g.id {
			return fmt.Errorf("drafts of several groups: %w", ErrInvalid)
		}
		row, err := d.row(g)
		if err != nil {
			return err
		}
		d.saved = true
		rows = append(rows, row)
	}
	return n.write(ctx, func(b *batch) error { return b.keep(g, rows...) })
}

func (d *Draft) row(g *group) (store.Draft, error) {
	header, err := record.Marshal(d.Header)
	if err != nil {
		return store.Draft{}, err
	}
	parts, err := record.Marshal(d.parts)
	return store.Draft{Nonce: d.Nonce, Group: g.row, Created: d.Created, Office: d.Office, Header: header, Parts: parts}, err
}

func (b *batch) keep(g *group, rows ...store.Draft) error {
	ds, err := store.Drafts(b.tx, g.row)
	if err != nil {
		return b.fail(err)
	}
	fresh := 0
	for _, d := range rows {
		if !slices.ContainsFunc(ds, func(x store.Draft) bool { return x.Nonce == d.Nonce }) {
			fresh++
		}
	}
	if fresh > 0 && len(ds)+fresh > maxDrafts {
		return fmt.Errorf("%w: %w", ErrConflict, record.Because("drafts.waiting", "%d drafts wait for signatures: sign or drop some first", len(ds)))
	}
	for _, d := range rows {
		if err := b.tx.PutDraft(d); err != nil {
			return b.fail(err)
		}
	}
	return nil
}

// Saved reads a kept draft.
func (n *Node) Saved(ctx context.Context, who Caller, nonce record.Nonce) (*Draft, error) {
	s, err := store.DraftByNonce(n.store.View(ctx), nonce)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("draft %s: %w", nonce, ErrNotFound)
	} else if err != nil {
		return nil, err
	}
	g := n.groupByRow(s.Group)
	if g == nil {
		return nil, fmt.Errorf("draft %s: %w", nonce, ErrNotFound)
	}
	if err := n.mayAct(who, g); err != nil {
		return nil, err
	}
	return n.draft(g, s)
}

func (n *Node) draft(g *group, s store.Draft) (*Draft, error) {
	d := &Draft{Nonce: s.Nonce, Office: s.Office, Created: s.Created, Header: new(record.Header), saved: true}
	if err := record.Unmarshal(s.Header, d.Header); err != nil {
		return nil, fmt.Errorf("draft: %w: %w", store.ErrCorrupt, err)
	}
	if s.Parts != nil {
		if err := record.Unmarshal(s.Parts, &d.parts); err != nil {
			return nil, fmt.Errorf("draft: %w: %w", store.ErrCorrupt, err)
		}
	}
	var err error
	if d.Act, err = record.Act(d.Header); err != nil {
		return nil, err
	}
	d.Missing = n.missing(g, d)
	return d, n.awaitDraft(g, d)
}

// Drafts lists the drafts of a group that wait for signatures.
func (n *Node) Drafts(ctx context.Context, who Caller, group record.ID) ([]*Draft, error) {
	g, err := n.find(group)
	if err != nil {
		return nil, err
	}
	if err := n.mayAct(who, g); err != nil {
		return nil, err
	}
	rows, err := store.Drafts(n.store.View(ctx), g.row)
	if err != nil {
		return nil, err
	}
	out := make([]*Draft, 0, len(rows))
	for _, s := range rows {
		d, err := n.draft(g, s)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// Drop discards a draft with its sequel and destroys their content.
func (n *Node) Drop(ctx context.Context, who Caller, nonce record.Nonce) error {
	if _, err := n.Saved(ctx, who, nonce); err != nil {
		return err
	}
	return n.write(ctx, func(b *batch) error {
		if err := b.tx.DropKept(store.KeptAct, nonce[:]); err != nil && !errors.Is(err, store.ErrNotFound) {
			return b.fail(err)
		}
		return b.fail(b.tx.DropDraft(nonce))
	})
}

// Seal puts a signed draft on record: judged, sealed with the record key, appended, folded, durable. All or nothing.
// It may be repeated: the same act is put on record once. Errors: Refusal with every reason, ErrReadOnly.
func (n *Node) Seal(ctx context.Context, who Caller, d *Draft) (*Sealed, error) {
	g, err := n.find(d.Header.Group)
	if err != nil {
		return nil, err
	}
	if err := n.mayAct(who, g); err != nil {
		return nil, err
	}
	for _, p := range d.parts {
		if err := record.Open(d.Header, p); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	if len(d.parts) != len(d.Header.Parts) {
		return nil, fmt.Errorf("%w: the header names %d parts, %d are there", ErrInvalid, len(d.Header.Parts), len(d.parts))
	}
	if err := n.mayAnnounce(ctx, g, d); err != nil {
		return nil, err
	}
	ok := n.preverify(g, d.Header)
	var out *Sealed
	err = n.write(ctx, func(b *batch) error {
		if err := n.writable(g); err != nil && d.Header.Verb != record.Restore { // a restore is approved by the root key alone
			return err
		}
		w, err := b.group(g.row)
		if err != nil {
			return err
		}
		if out, err = w.again(d); out != nil || err != nil {
			return err
		}
		if err := w.restores(d.Header); err != nil {
			return err
		}
		if err := b.cleared(d.text(g)); err != nil {
			return err
		}
		r, err := w.append(*d.Header, d.parts, ok)
		if err != nil {
			return err
		}
		out = &Sealed{ID: r.ID(), Instrument: r.Instrument(), Ref: r.Header().Ref(), Time: r.Header().Time}
		if !d.saved {
			return nil
		}
		if err := b.tx.DropDraft(d.Nonce); err != nil && !errors.Is(err, store.ErrNotFound) {
			return b.fail(err)
		}
		out.Next, err = w.sequel(d, out.ID)
		return b.fail(err)
	})
	if err != nil {
		return nil, err
	}
	if powersOf(d.Header) != nil {
		n.forgetKeys(ctx)
		_ = n.endStale(ctx) // the record stands; what this did not reach is refused when it is used
	}
	return out, nil
}

// restores refuses a restore that names another head than the one it would follow: a peer answered after it was drafted.
func (w *work) restores(h *record.Header) error {
	if h.Verb != record.Restore {
		return nil
	}
	t, own := new(entente.Restored), w.logs[w.b.n.party]
	if err := record.Unmarshal(h.Terms, t); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if t.Size != own.tree.Size() || t.Root != record.ID(own.tree.Root()) {
		return fmt.Errorf("our log has grown since the restore was drafted: draft it again: %w", ErrConflict)
	}
	return nil
}

// again finds an act that is on record already: a client that lost the answer asks twice.
func (w *work) again(d *Draft) (*Sealed, error) {
	i, used := w.src.NonceUsed(w.b.n.party, d.Nonce)
	if w.src.err != nil {
		return nil, w.b.fail(w.src.err)
	}
	if !used {
		return nil, nil
	}
	r := w.src.get(record.Ref{Party: w.b.n.party, Index: i})
	if r == nil {
		return nil, w.b.fail(w.src.err)
	}
	act, err := record.Act(r.Header())
	if err != nil || act != d.Act {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("nonce.other", "another act with that nonce is on record"))
	}
	return &Sealed{ID: r.ID(), Instrument: r.Instrument(), Ref: r.Header().Ref(), Time: r.Header().Time}, nil
}

// verified are approvals that were checked before the commit, with the key they were checked under.
type verified map[*record.Approval]string

// preverify checks the approvals of a header outside the writer, so that signatures of many acts are checked in parallel.
func (n *Node) preverify(g *group, h *record.Header) verified {
	ok := verified{}
	p := g.ledger.Ring(h.Party).At(h.Index)
	if h.Index == 0 {
		p = g.ledger.Ring(h.Party).At(g.logs[h.Party].tree.Size())
	}
	ok.check(h, p)
	return ok
}

// check adds the approvals of a header that verify under powers; nil powers let none verify.
func (v verified) check(h *record.Header, p *entente.Powers) {
	if p == nil || len(h.Approvals) == 0 {
		return
	}
	act, err := record.Act(h)
	if err != nil {
		return
	}
	for i := range h.Approvals {
		a := &h.Approvals[i]
		o, _ := p.Office(a.Office)
		if s, found := o.Seat(a.Seat); found && a.Verify(act, h.Party, s.Key.Alg, s.Key.Public) {
			v[a] = act.String() + s.Key.String()
		}
	}
}

func (v verified) verify(act record.ID, p record.Party, a *record.Approval, k entente.Key) bool {
	if was, ok := v[a]; ok && was == act.String()+k.String() {
		return true
	}
	return a.Verify(act, p, k.Alg, k.Public)
}

// append seals a header at the end of this node's own log. Nothing is written when the judge or the gate refuses.
func (w *work) append(h record.Header, parts []record.Part, ok verified) (*record.Record, error) {
	n := w.b.n
	own := w.logs[n.party]
	h.Index, h.Time, h.Seen = own.tree.Size(), w.stamp(), record.Seen{}
	for p, l := range w.logs {
		if p == n.party || l.counted == 0 {
			continue
		}
		root, err := l.root(w.src.r, l.counted)
		if err != nil {
			return nil, w.b.fail(err)
		}
		h.Seen[p] = record.Mark{Size: l.counted, Root: root}
	}
	w.ledger.Verify = ok.verify
	if h.Kind == "powers" && h.Index == 0 {
		w.ledger.Verify = nil
	}
	reasons := w.ledger.JudgeHeader(&h, w.src)
	if w.src.err != nil {
		return nil, w.b.fail(w.src.err)
	}
	if len(reasons) > 0 {
		return nil, &Refusal{reasons}
	}
	if err := w.gate(&h); err != nil {
		return nil, err
	}
	key, err := n.sealer(w.group, &h)
	if err != nil {
		return nil, err
	}
	r, err := record.Seal(h, key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := w.hold(r); err != nil {
		return nil, w.b.fail(err)
	}
	w.sealed = r
	pos := store.PosOf(own.row, h.Index)
	if err := w.b.tx.PutParts(pos, r.ID(), parts...); err != nil {
		return nil, w.b.fail(err)
	}
	w.src.recent.put(r)
	if err := w.advance(); err != nil {
		return nil, err
	}
	return r, nil
}

// gate is what this node asks of itself beyond what every node asks of every record: all parts held before consent (C1), no
// rival in the way (C5), no new commitment with a party whose logs conflict.
func (w *work) gate(h *record.Header) error {
	if err := w.b.n.reads(h.Approvals, h); err != nil {
		return err
	}
	if err := w.reads(h); err != nil {
		return err
	}
	if h.Verb != record.Propose && h.Verb != record.Consent {
		return nil
	}
	if err := w.b.n.namesOwnKeys(h); err != nil {
		return err
	}
	text := h
	if h.Verb == record.Consent && h.Version != w.id {
		r := w.src.ByID(h.Version)
		if r == nil {
			return w.b.fail(errors.Join(w.src.err, store.ErrCorrupt))
		}
		text = r.Header()
		pos := store.PosOf(w.logs[text.Party].row, text.Index)
		have, err := store.HeldParts(w.b.tx, pos)
		if err != nil {
			return w.b.fail(err)
		}
		for _, p := range text.Parts {
			if !slices.Contains(have, p.Name) {
				return fmt.Errorf("%w: %w", ErrConflict, record.Because("sign.unread", "the part %s of the text has not arrived: a party signs what it has read", p.Name))
			}
		}
		if err := w.checkPlace(h.Version, text, pos); err != nil {
			return err
		}
	}
	if c := charterIn(w, text, h); c != nil {
		if err := w.knowsCharter(c); err != nil {
			return err
		}
	}
	for _, p := range w.ledger.Required(text) {
		if w.closed[p] {
			return fmt.Errorf("%w: %w", ErrConflict, record.Because("fork", "records of %s do not match: call your counterpart; no new commitment with it until that is cleared", p))
		}
	}
	if h.Verb == record.Propose {
		return nil
	}
	records, err := instrument(w.src.r, w.rows(), h.Instrument)
	if err != nil {
		return w.b.fail(err)
	}
	if err := w.ledger.MayConsent(h, records, w.src); err != nil {
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return nil
}

func sorted(p []record.Party) []record.Party {
	if len(p) == 0 {
		return nil
	}
	return slices.Compact(slices.Sorted(slices.Values(p)))
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
