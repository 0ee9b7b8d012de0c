package node

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"entente"
	"entente/consent"
	"entente/record"
	"entente/store"
)

// GroupInfo describes a group as this node sees it.
type GroupInfo struct {
	ID        record.ID               `json:"id"`
	Own       bool                    `json:"own"` // a group of one
	Founding  *entente.Charter        `json:"founding"`
	Charter   record.ID               `json:"charter,omitzero"` // in force; absent before all founders signed
	Held      map[record.Party]uint64 `json:"held"`             // records held of each log
	Cut       consent.Sizes           `json:"cut"`              // records that count
	HeldBack  []consent.Held          `json:"held_back,omitempty"`
	Closed    []record.Party          `json:"closed,omitempty"`    // logs that conflict
	Restoring []record.Party          `json:"restoring,omitempty"` // peers asked and silent: read-only
}

// Groups lists the groups the caller's office has a part in.
func (n *Node) Groups(_ context.Context, who Caller) []GroupInfo {
	n.mu.RLock()
	rows := make([]int64, 0, len(n.groups))
	for row := range n.groups {
		rows = append(rows, row)
	}
	n.mu.RUnlock()
	slices.Sort(rows)
	var out []GroupInfo
	for _, row := range rows {
		if g := n.groupByRow(row); n.mayAct(who, g) == nil {
			out = append(out, n.info(g))
		}
	}
	return out
}

func (n *Node) info(g *group) GroupInfo {
	i := GroupInfo{ID: g.id, Own: len(g.logs) == 1, Founding: g.ledger.Founding(), Cut: g.cut(), HeldBack: g.held, Held: map[record.Party]uint64{},
		Restoring: n.Restoring()[g.id]}
	i.Charter, _ = g.ledger.Charter()
	for p, l := range g.logs {
		i.Held[p] = l.tree.Size()
		if g.closed[p] {
			i.Closed = append(i.Closed, p)
		}
	}
	slices.Sort(i.Closed)
	return i
}

// Group describes one group.
func (n *Node) Group(_ context.Context, who Caller, id record.ID) (*GroupInfo, error) {
	g, err := n.reading(who, id)
	if err != nil {
		return nil, err
	}
	i := n.info(g)
	return &i, nil
}

// Ledger is the group's charters and powers, for reading.
func (n *Node) Ledger(group record.ID) (*entente.Ledger, error) {
	g, err := n.find(group)
	if err != nil {
		return nil, err
	}
	return g.ledger, nil
}

// Detail is an instrument with its records: the last of them, and those that its state names, however old.
type Detail struct {
	Listed
	Records []RecordInfo `json:"records"`           // in the order they are read
	Earlier Cursor       `json:"earlier,omitempty"` // of the records before; absent where these are all
}

// RecordInfo is a record as shown to people and programs.
type RecordInfo struct {
	ID      record.ID        `json:"id"`
	Header  *record.Header   `json:"header"`
	Terms   any              `json:"terms,omitempty"`
	Held    []string         `json:"held,omitempty"` // parts that this node holds
	Counts  bool             `json:"counts"`         // false: held back
	Reasons []entente.Reason `json:"reasons,omitempty"`
}

// Instrument reads one instrument.
func (n *Node) Instrument(ctx context.Context, who Caller, group, id record.ID) (*Detail, error) {
	return n.InstrumentBefore(ctx, who, group, id, "")
}

// InstrumentBefore reads one instrument with the records before those of a page. Errors: ErrInvalid for a cursor that is none.
func (n *Node) InstrumentBefore(ctx context.Context, who Caller, group, id record.ID, before Cursor) (*Detail, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	var d *Detail
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		d, err = n.detail(v, g, id, before, nil)
		return err
	})
	if err != nil {
		return nil, notFound("instrument "+id.Short(), err)
	}
	return d, nil
}

// detail reads an instrument with its last records within a cut; nil: all that counts.
func (n *Node) detail(v *store.View, g *group, id record.ID, before Cursor, cut consent.Sizes) (*Detail, error) {
	d, pos := &Detail{}, store.FoundingPos(g.row)
	if id != g.id {
		e, err := store.ByID(v, g.rows(), id)
		if err != nil {
			return nil, err
		}
		pos = e.Pos
	}
	body, err := store.State(v, pos)
	if err != nil {
		return nil, err
	}
	if d.State, err = entente.ParseState(body); err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	d.View = d.State.At(n.clock())
	below, err := g.below(before, cut)
	if err != nil {
		return nil, err
	}
	last, err := lastOf(v, g, id, below)
	if err != nil {
		return nil, err
	}
	if d.Earlier, err = earlier(v, g, id, below); err != nil {
		return nil, err
	}
	if before == "" {
		if last, err = withNamed(v, g, d.State, cut, last); err != nil {
			return nil, err
		}
	}
	for _, e := range last {
		r, err := n.recordInfo(v, e)
		if err != nil {
			return nil, err
		}
		d.Records = append(d.Records, *r)
	}
	slices.SortFunc(d.Records, func(a, b RecordInfo) int { return entente.Order(a.Header, b.Header) })
	return d, nil
}

// RecordsByID reads records of a group by their ids. Those not held are missing in the answer.
func (n *Node) RecordsByID(ctx context.Context, who Caller, group record.ID, ids []record.ID) ([]RecordInfo, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	var out []RecordInfo
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		found, err := store.ByIDs(v, g.rows(), ids)
		for _, id := range ids {
			if e, ok := found[id]; ok && err == nil {
				var r *RecordInfo
				if r, err = n.recordInfo(v, e); err == nil {
					out = append(out, *r)
				}
			}
		}
		return err
	})
	return out, explainNil(err)
}

func explainNil(err error) error {
	if err == nil {
		return nil
	}
	return explain(err)
}

func notFound(what string, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%s: %w", what, ErrNotFound)
	}
	return explain(err)
}

func (n *Node) recordInfo(v *store.View, e store.Entry) (*RecordInfo, error) {
	held, err := store.HeldParts(v, e.Pos)
	if err != nil {
		return nil, err
	}
	reasons, err := decodeReasons(e.Reasons)
	if err != nil {
		return nil, err
	}
	r := &RecordInfo{ID: e.Record.ID(), Header: e.Record.Header(), Held: held, Counts: e.Judged, Reasons: reasons}
	if t, err := n.kinds.DecodeTerms(r.Header); err == nil {
		r.Terms = t
	}
	return r, nil
}

// Record reads one record of a group.
func (n *Node) Record(ctx context.Context, who Caller, group, id record.ID) (*RecordInfo, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	var r *RecordInfo
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		e, err := store.ByID(v, g.rows(), id)
		if err == nil {
			r, err = n.recordInfo(v, e)
		}
		return err
	})
	if err != nil {
		return nil, notFound("record "+id.Short(), err)
	}
	return r, nil
}

// own is the group of one.
func (n *Node) own() *group {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, g := range n.groups {
		if len(g.logs) == 1 && g.ledger.Founding().Track == "own" {
			return g
		}
	}
	return nil
}

// writeSilent appends records of a kind that the node writes by itself, all in one commit.
func (n *Node) writeSilent(ctx context.Context, g *group, hs ...record.Header) error {
	return n.write(ctx, func(b *batch) error {
		w, err := b.group(g.row)
		if err != nil {
			return err
		}
		for i, h := range hs {
			h.Format, h.Group, h.Party = record.Format, g.id, n.party
			copy(h.Nonce[:], random(16))
			if h.Charter, _ = w.ledger.Charter(); h.Charter.IsZero() {
				h.Charter = g.id
			}
			if _, err := w.append(h, nil, nil); err != nil && i > 0 {
				return b.fail(err) // what was written of the others must not stay
			} else if err != nil {
				return err
			}
		}
		return nil
	})
}

// Receipt lets the others know what has arrived here, when something of theirs waits for that knowledge: agreements settle and
// withdrawals stop being pending without anybody writing. It reports whether it wrote.
func (n *Node) Receipt(ctx context.Context, group record.ID) (bool, error) {
	g, err := n.find(group)
	if err != nil {
		return false, err
	}
	if c, _ := g.ledger.Charter(); c.IsZero() || n.writable(g) != nil {
		return false, nil
	}
	own := g.logs[n.party]
	waits, err := store.WaitsFor(n.store.View(ctx), own.row, func(author int64) uint64 {
		if a := g.party(author); a != nil {
			return a.counted
		}
		return 0
	})
	if err != nil || !waits {
		return false, explainNil(err)
	}
	return true, n.writeSilent(ctx, g, entente.Receipt())
}

// Tick destroys non-papers whose time has run out, and looks again at what is held back: a record dated ahead of this node's clock counts once its time has come, and after a
// start the reasons are found anew.
func (n *Node) Tick(ctx context.Context) error {
	if err := n.lapse(ctx); err != nil {
		return err
	}
	n.mu.RLock()
	var rows []int64
	for row, g := range n.groups {
		for _, l := range g.logs {
			if l.counted < l.tree.Size() {
				rows = append(rows, row)
				break
			}
		}
	}
	n.mu.RUnlock()
	if len(rows) == 0 {
		return nil
	}
	return n.write(ctx, func(b *batch) error {
		for _, row := range rows {
			w, err := b.group(row)
			if err != nil {
				return err
			}
			if err := w.advance(); err != nil {
				return err
			}
		}
		return nil
	})
}

// Access lists the newest entries of the access log.
func (n *Node) Access(ctx context.Context, who Caller, before uint64, limit int) ([]RecordInfo, error) {
	own := n.own()
	if own == nil {
		return nil, ErrNotFound
	}
	if !n.Audits(who) {
		return nil, fmt.Errorf("access log: %w", ErrNotFound)
	}
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	l, pos := own.logs[n.party], store.Pos(0)
	if before > 0 {
		pos = store.PosOf(l.row, before)
	}
	var out []RecordInfo
	err := n.store.Snapshot(ctx, func(v *store.View) error {
		return store.ByKind(v, l.row, "access", pos, limit, func(e store.Entry) error {
			r, err := n.recordInfo(v, e)
			if err == nil {
				out = append(out, *r)
			}
			return err
		})
	})
	return out, explainNil(err)
}

// PeerInfo is what a peer holds of our log, and we of its.
type PeerInfo struct {
	Group   record.ID    `json:"group"`
	Peer    record.Party `json:"peer"`
	Ours    uint64       `json:"ours"`    // records of our log
	Acked   uint64       `json:"acked"`   // of them acknowledged: a copy is held there
	Behind  uint64       `json:"behind"`  // not acknowledged yet
	Theirs  uint64       `json:"theirs"`  // records of its log held here
	Counted uint64       `json:"counted"` // of them counting
	Contact int64        `json:"contact"` // Unix seconds of its last answer; 0: none
	Closed  bool         `json:"closed,omitempty"`
}

// PeerList says for each group and peer what the other side does not hold yet.
func (n *Node) PeerList(ctx context.Context, who Caller) ([]PeerInfo, error) {
	var out []PeerInfo
	for _, i := range n.Groups(ctx, who) {
		g, err := n.find(i.ID)
		if err != nil {
			return nil, err
		}
		boxes, err := store.Outboxes(n.store.View(ctx), g.row)
		if err != nil {
			return nil, explain(err)
		}
		for _, p := range g.ledger.Parties() {
			if p == n.party {
				continue
			}
			x := PeerInfo{Group: g.id, Peer: p, Ours: g.logs[n.party].tree.Size(), Theirs: g.logs[p].tree.Size(), Counted: g.logs[p].counted, Closed: g.closed[p]}
			for _, o := range boxes {
				if o.Peer == p {
					x.Acked, x.Contact = o.Acked, o.Contact
				}
			}
			x.Behind = x.Ours - min(x.Acked, x.Ours)
			out = append(out, x)
		}
	}
	return out, nil
}

// Acked is how many of our records a peer has acknowledged.
func (n *Node) Acked(ctx context.Context, group record.ID, peer record.Party) (uint64, error) {
	g, err := n.find(group)
	if err != nil {
		return 0, err
	}
	boxes, err := store.Outboxes(n.store.View(ctx), g.row)
	for _, o := range boxes {
		if o.Peer == peer {
			return o.Acked, nil
		}
	}
	return 0, explainNil(err)
}

// Alarms lists what people must look at in a group.
func (n *Node) Alarms(ctx context.Context, who Caller, group record.ID) ([]store.Alarm, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	a, err := store.Alarms(n.store.View(ctx), g.row)
	return a, explainNil(err)
}

// Counts are the instruments of a group by kind.
func (n *Node) Counts(ctx context.Context, who Caller, group record.ID) (map[string]int, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	c, err := store.CountStates(n.store.View(ctx), g.row)
	return c, explainNil(err)
}
