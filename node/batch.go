package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"entente"
	"entente/consent"
	"entente/record"
	"entente/store"
	"entente/tlog"
)

// op is one operation of the writer. run either fails before it has written anything, or marks the batch as failed.
type op struct {
	run  func(*batch) error
	done chan error
	err  error
}

// batch is what one commit takes: operations that queued while the last commit ran (natural group commit).
type batch struct {
	n      *Node
	tx     *store.Tx
	groups map[int64]*work
	now    int64
	failed error
	news   bool     // peers must hear of it though no log grew
	after  []func() // run once the commit is on disk, before anybody sees it
}

// work is one group's share of a batch.
type work struct {
	*group
	b       *batch
	src     *source
	grown   map[record.Party]bool // logs that grew or whose checkpoint changed
	touched map[record.ID]*touch
	sealed  *record.Record // by this node, judged a moment ago
}

// touch is an instrument whose state must be folded again.
type touch struct {
	records []entente.Judged // those of this batch
	fresh   bool             // opened in this batch: records are all there are
}

// fail marks the batch as failed: nothing of it will be written.
func (b *batch) fail(err error) error {
	if err != nil && b.failed == nil {
		b.failed = err
	}
	return err
}

// group returns the working copy of a group.
func (b *batch) group(row int64) (*work, error) {
	if w, ok := b.groups[row]; ok {
		return w, nil
	}
	g := b.n.groupByRow(row)
	if g == nil {
		return nil, fmt.Errorf("group %d: %w", row, ErrNotFound)
	}
	w := b.wrap(g.clone())
	return w, nil
}

func (b *batch) wrap(g *group) *work {
	w := &work{group: g, b: b, grown: map[record.Party]bool{}, touched: map[record.ID]*touch{}}
	rec := b.n.recents[g.row]
	if rec == nil {
		rec = newRecent()
		b.n.recents[g.row] = rec
	}
	w.src = &source{g: g, r: txReader{b.tx}, pending: map[record.Ref]*record.Record{}, recent: rec}
	b.groups[g.row] = w
	return w
}

// write queues an operation and waits until its commit is on disk.
func (n *Node) write(ctx context.Context, run func(*batch) error) error {
	o := &op{run: run, done: make(chan error, 1)}
	select {
	case n.queue <- o:
	case <-n.stop:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	// Once queued the operation may commit whether or not the caller still waits: so the caller waits.
	select {
	case err := <-o.done:
		return err
	case <-n.stopped:
		select {
		case err := <-o.done:
			return err
		default:
			return ErrClosed
		}
	}
}

// writer is the one goroutine that writes. While a commit runs, operations queue; the next commit takes them all.
func (n *Node) writer() {
	defer close(n.stopped)
	for {
		select {
		case o := <-n.queue:
			ops := []*op{o}
		drain:
			for len(ops) < maxBatch {
				select {
				case o := <-n.queue:
					ops = append(ops, o)
				default:
					break drain
				}
			}
			n.commit(ops)
		case <-n.stop:
			return
		}
	}
}

func (n *Node) commit(ops []*op) {
	b := &batch{n: n, groups: map[int64]*work{}, now: n.clock()}
	began := time.Now()
	err := n.store.Update(context.Background(), n.fault, func(tx *store.Tx) error {
		b.tx = tx
		for _, o := range ops {
			if o.err = o.run(b); b.failed != nil {
				return b.failed
			}
		}
		for _, w := range b.ordered() {
			if err := w.finish(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		n.recents = map[int64]*recent{}
		err = fmt.Errorf("nothing was written: %w", explain(err))
		slog.Error("commit failed", "operations", len(ops), "err", err)
	} else {
		for _, f := range b.after {
			f()
		}
		n.publish(b)
	}
	n.health.note(err)
	if n.tell != nil {
		n.tell(Commit{len(ops), time.Since(began), err})
	}
	for _, o := range ops {
		if err != nil {
			o.err = err
		}
		o.done <- o.err
	}
}

func (b *batch) ordered() []*work {
	out := make([]*work, 0, len(b.groups))
	for _, w := range b.groups {
		out = append(out, w)
	}
	slices.SortFunc(out, func(x, y *work) int { return cmp.Compare(x.row, y.row) })
	return out
}

// hold appends a verified record to its log in memory: it is held from here on, and counts when Advance says so.
func (w *work) hold(r *record.Record) error {
	h := r.Header()
	l := w.logs[h.Party]
	if l == nil || h.Index != l.tree.Size() {
		return fmt.Errorf("record %s does not follow: %w", h.Ref(), record.ErrPlace)
	}
	for _, t := range l.tree.Append(tlog.LeafHash(r.Bytes())) {
		if err := w.b.tx.PutTile(l.row, t); err != nil {
			return w.b.fail(err)
		}
	}
	w.ledger.Hold(h, r.ID())
	w.src.pending[h.Ref()] = r
	w.grown[h.Party] = true
	return nil
}

// advance lets everything count that may (rule C4), judges it, and stores what was held in this batch.
func (w *work) advance() error {
	horizon := w.b.now + w.ledger.Founding().Clocks.Skew
	cut := w.cut()
	for again := true; again; {
		counted, held := consent.Advance(cut, w.ledger.Parties(), w.src, horizon)
		if w.src.err != nil {
			return w.b.fail(w.src.err)
		}
		w.held = held
		for _, ref := range counted {
			if err := w.count(ref); err != nil {
				return w.b.fail(err)
			}
		}
		// A charter that counted just now may be the one by which the next record is judged.
		again = len(counted) > 0 && slices.ContainsFunc(held, func(h consent.Held) bool { return h.Reason == consent.HeldBoundary })
	}
	rest := make([]record.Ref, 0, len(w.src.pending))
	for ref := range w.src.pending {
		rest = append(rest, ref)
	}
	slices.SortFunc(rest, func(a, b record.Ref) int { return cmp.Or(cmp.Compare(a.Party, b.Party), cmp.Compare(a.Index, b.Index)) })
	for _, ref := range rest {
		if _, err := w.b.tx.PutEntry(w.logs[ref.Party].row, w.src.pending[ref], w.silent(w.src.pending[ref])); err != nil {
			return w.b.fail(err)
		}
	}
	clear(w.src.pending)
	return nil
}

func (w *work) count(ref record.Ref) error {
	r, fresh := w.src.pending[ref], true
	if r == nil {
		r, fresh = w.src.get(ref), false
	}
	if r == nil {
		return fmt.Errorf("record %s: %w", ref, store.ErrCorrupt)
	}
	j := entente.Judged{Record: r}
	if r != w.sealed { // what this node just sealed it has judged before
		j.Reasons = w.ledger.Judge(r, w.src)
	}
	if w.src.err != nil {
		return w.src.err
	}
	l := w.logs[ref.Party]
	reasons, err := encodeReasons(j.Reasons)
	if err != nil {
		return err
	}
	time, err := w.timeOf(j)
	if err != nil {
		return err
	}
	if fresh {
		_, err = w.b.tx.PutJudged(l.row, r, w.silent(r), time, reasons)
		delete(w.src.pending, ref)
	} else {
		err = w.b.tx.SetReasons(store.PosOf(l.row, ref.Index), time, reasons)
	}
	if err != nil {
		return err
	}
	w.ledger.Count(j)
	if len(j.Reasons) > 0 {
		w.stray[j.Instrument()] = true
	}
	w.src.recent.put(r)
	l.count(r.Header())
	w.grown[ref.Party] = true
	if err := w.know(l, r.Header(), j.Reasons); err != nil {
		return err
	}
	w.touch(j)
	return nil
}

// silent: the kind has no state of its own, and people need not read of the record.
func (w *work) silent(r *record.Record) bool {
	k := w.ledger.Kinds[r.Header().Kind]
	return k != nil && k.Silent
}

// timeOf is the time from which a cut by time has a record: its own, but never before that of a record it knows. In honest
// logs it is always its own.
func (w *work) timeOf(j entente.Judged) (int64, error) {
	h := j.Header()
	w.odd = w.odd || breaksOrder(j.Reasons)
	t := h.Time
	if !w.odd {
		return t, nil
	}
	raise := func(l *plog, size uint64) error {
		if size == 0 {
			return nil
		}
		u, err := store.TimeAt(w.b.tx, store.PosOf(l.row, size-1))
		t = max(t, u)
		return err
	}
	err := raise(w.logs[h.Party], h.Index)
	for p, m := range h.Seen {
		if err == nil {
			err = raise(w.logs[p], m.Size)
		}
	}
	return t, err
}

func breaksOrder(reasons []entente.Reason) bool {
	return slices.ContainsFunc(reasons, func(r entente.Reason) bool { return r.Code == entente.ReasonSequence })
}

// count takes the next record that counts. One that breaks the order does not hide what stands before it.
func (l *plog) count(h *record.Header) {
	l.counted, l.last = h.Index+1, consent.Raise(h, l.last)
	if l.last != h {
		if l.raised == nil {
			l.raised = map[uint64]*record.Header{}
		}
		l.raised[h.Index] = l.last
	}
}

// know stores what a record in sequence is the first of its log to know, and touches the instruments that waited for it.
func (w *work) know(l *plog, h *record.Header, reasons []entente.Reason) error {
	if breaksOrder(reasons) {
		return nil
	}
	for _, q := range h.Seen.Parties() {
		from, to := l.seen[q], h.Seen[q].Size
		if to <= from {
			continue
		}
		a := w.logs[q]
		if err := w.b.tx.PutSeen(l.row, a.row, to, h.Index, h.Time); err != nil {
			return err
		}
		l.seen[q] = to
		waiting, err := w.b.tx.Waiting(l.row, a.row, from, to)
		if err != nil {
			return err
		}
		for _, pos := range waiting {
			id := w.id
			if pos != store.FoundingPos(w.row) {
				e, err := w.src.r.at(pos)
				if err != nil {
					return err
				}
				id = e.Record.ID()
			}
			if w.touched[id] == nil {
				w.touched[id] = &touch{}
			}
		}
	}
	return nil
}

func (w *work) touch(j entente.Judged) {
	id := j.Instrument()
	t := w.touched[id]
	if t == nil {
		t = &touch{}
		w.touched[id] = t
	}
	if j.Header().Instrument.IsZero() {
		t.fresh = true
	}
	t.records = append(t.records, j)
}

// destroy destroys with the commit what this party keeps no longer, and keeps it so: a start does it again.
func (w *work) destroy(s *entente.State) error {
	for _, x := range s.Gone(w.b.n.party) {
		r := w.src.ByID(x.Of)
		if r == nil {
			return errors.Join(w.src.err, fmt.Errorf("record %s: %w", x.Of.Short(), store.ErrCorrupt))
		}
		h := r.Header()
		for _, name := range x.Parts {
			if err := w.b.tx.ErasePart(store.PosOf(w.logs[h.Party].row, h.Index), name); err != nil {
				return err
			}
		}
	}
	return nil
}

// fold computes and stores the state of every touched instrument.
func (w *work) fold() error {
	ids := make([]record.ID, 0, len(w.touched))
	for id := range w.touched {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b record.ID) int { return slices.Compare(a[:], b[:]) })
	for _, id := range ids {
		if err := w.foldOne(id, w.touched[id]); err != nil {
			return err
		}
	}
	clear(w.touched)
	return nil
}

func (w *work) foldOne(id record.ID, t *touch) error {
	records := t.records
	if !t.fresh || w.stray[id] {
		var err error
		if records, err = instrument(w.src.r, w.rows(), id); err != nil {
			return err
		}
		if id != w.id && !slices.ContainsFunc(records, func(j entente.Judged) bool { return j.ID() == id }) {
			return nil // records that speak of an instrument nobody opened: kept, without a state
		}
	}
	s, waits, err := w.ledger.Fold(id, records, w.src)
	if err == nil {
		err = w.src.err
	}
	if err != nil || s == nil {
		return err
	}
	body, err := s.Encode()
	if err != nil {
		return err
	}
	stale := []record.ID{id}
	for _, f := range s.Facts {
		if to, err := record.ParseID(f.Value); f.Link && err == nil {
			stale = append(stale, to)
		}
	}
	w.b.after = append(w.b.after, func() { w.b.n.signals.forget(w.id, stale...) })
	pos := store.FoundingPos(w.row)
	if id != w.id {
		pos = store.PosOf(w.logs[s.Opened.Ref.Party].row, s.Opened.Ref.Index)
	}
	if err := w.destroy(s); err != nil {
		return err
	}
	row, waiting, refs := rowsOf(s, w.ledger.Parties())
	row.Pos, row.Body = pos, body
	if err := w.b.tx.PutState(w.row, row, waiting, refs, t.fresh); err != nil {
		return err
	}
	ws := make([]store.Wait, 0, len(waits))
	for _, x := range waits {
		ws = append(ws, store.Wait{Knower: w.logs[x.Knower].row, Author: w.logs[x.Of.Party].row, Index: x.Of.Index})
	}
	return w.b.tx.SetWaits(pos, !t.fresh, ws)
}

// instrument reads the counted records of an instrument.
func instrument(r storeReader, logs []int64, id record.ID) ([]entente.Judged, error) {
	var out []entente.Judged
	err := r.byInstrument(logs, id, func(e store.Entry) error {
		reasons, err := decodeReasons(e.Reasons)
		out = append(out, entente.Judged{Record: e.Record, Reasons: reasons})
		return err
	})
	return out, err
}

// finish folds, signs this node's own head, and stores sizes and checkpoints.
func (w *work) finish() error {
	if err := w.fold(); err != nil {
		return err
	}
	for _, h := range w.held {
		if h.Reason != consent.HeldOtherLog {
			continue
		}
		a := store.Alarm{Party: h.Ref.Party, Code: AlarmFalseSeen, Time: w.b.now,
			Text: fmt.Sprintf("Record %s knows a log of %s with %d records that is not the one held here.", h.Ref, h.Party, h.Size)}
		if err := w.b.tx.PutAlarm(w.row, a); err != nil {
			return err
		}
		w.b.after = append(w.b.after, func() { w.b.n.hunt(w.id, h.Party, h.Ref.Party) })
	}
	for p := range w.grown {
		l := w.logs[p]
		if w.b.n.keys != nil && p == w.b.n.party && l.tree.Size() > 0 {
			if err := w.signHead(l); err != nil {
				return err
			}
		}
		if err := w.b.tx.PutHead(l.row, l.tree.Size(), l.counted, l.checkpoint); err != nil {
			return err
		}
	}
	return nil
}

// signHead signs this node's own head. What a peer returned of our log comes with the head that we signed before; the key of it
// may be among what was lost.
func (w *work) signHead(l *plog) error {
	c := tlog.Checkpoint{Origin: tlog.Origin(w.id, string(l.party)), Size: l.tree.Size(), Root: l.tree.Root()}
	key, err := w.b.n.signer(w.group, entente.UseLog, c.Size)
	if err != nil {
		if old, perr := tlog.ParseCheckpoint(l.checkpoint); perr == nil && old.Size == c.Size && old.Root == c.Root {
			return nil
		}
		return err
	}
	l.checkpoint, err = tlog.SignCheckpoint(c, key)
	return err
}

func encodeReasons(r []entente.Reason) ([]byte, error) {
	if r == nil {
		r = []entente.Reason{}
	}
	return record.Marshal(r)
}

func decodeReasons(b []byte) ([]entente.Reason, error) {
	if len(b) == 0 {
		return nil, nil
	}
	var out []entente.Reason
	err := record.Unmarshal(b, &out)
	return out, err
}

// publish makes a committed batch visible to readers and wakes whoever waits for news.
func (n *Node) publish(b *batch) {
	news := b.news
	n.mu.Lock()
	for row, w := range b.groups {
		news = news || len(w.grown) > 0 || n.groups[row] == nil
		n.groups[row] = w.group
		if l := w.logs[n.party]; w.grown[n.party] {
			n.anchor.set(w.id, l.tree.Size(), record.ID(l.tree.Root()))
		}
	}
	if news {
		close(n.changed)
		n.changed = make(chan struct{})
	}
	n.mu.Unlock()
	if err := n.anchor.write(); err != nil {
		slog.Error("the anchor could not be written: the next start will ask the peers", "err", err)
	}
}

// explain adds what to do to the faults of a disk.
func explain(err error) error {
	switch m := err.Error(); {
	case errors.Is(err, store.ErrKey), errors.Is(err, ErrNotFound):
		return err
	case contains(m, "disk is full", "no space left", "file too large", "SQLITE_FULL", "(13)", "(778)"):
		return fmt.Errorf("%w: make room on the disk and try again: %w", ErrDiskFull, err)
	case contains(m, "malformed", "not a database", "SQLITE_CORRUPT"):
		return fmt.Errorf("%w; stop the node and restore it from a backup, the peers hold the records since: %w", store.ErrCorrupt, err)
	default:
		return err
	}
}

// stamp is the time of the next record of this node's own log: local time, never before what it knows (rule C6).
func (w *work) stamp() int64 {
	t := w.b.now
	for _, l := range w.logs {
		if l.last != nil {
			t = max(t, l.last.Time)
		}
	}
	return t
}

// systemClock is the clock outside tests.
func systemClock() int64 { return time.Now().Unix() }
