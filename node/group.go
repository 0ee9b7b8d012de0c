package node

import (
	"errors"
	"fmt"
	"maps"

	"entente"
	"entente/consent"
	"entente/record"
	"entente/store"
	"entente/tlog"
)

// group is what a node remembers of one group between commits. A committed value is never changed: a batch works on a clone
// and the clone takes its place when the commit is on disk.
type group struct {
	row    int64
	id     record.ID
	ledger *entente.Ledger
	logs   map[record.Party]*plog
	held   []consent.Held
	odd    bool                  // a record that breaks the order of the logs has counted: times are looked up
	stray  map[record.ID]bool    // instruments that records without effect speak of, maybe before they are opened
	closed map[record.Party]bool // parties whose log conflicts: nothing more of it is taken, no new commitment with it
}

// plog is one party's log in memory.
type plog struct {
	row        int64
	party      record.Party
	tree       *tlog.Tree
	counted    uint64
	last       *record.Header            // the last counted, as consent.Raise returns it
	raised     map[uint64]*record.Header // counted records that break the log's order, as Raise returns them: none in an honest log
	seen       map[record.Party]uint64   // what the last record in sequence knew
	checkpoint []byte
	at         record.Mark // a size and root that was asked for last
}

func emptyTree() *tlog.Tree {
	t, err := tlog.Load(0, nil)
	if err != nil {
		panic(err) // an empty log reads nothing
	}
	return t
}

func newGroup(row int64, id record.ID, l *entente.Ledger) *group {
	return &group{row: row, id: id, ledger: l, logs: map[record.Party]*plog{}, stray: map[record.ID]bool{}, closed: map[record.Party]bool{}}
}

func (g *group) clone() *group {
	c := *g
	c.ledger = g.ledger.Clone()
	c.logs = make(map[record.Party]*plog, len(g.logs))
	for p, l := range g.logs {
		x := *l
		x.tree, x.seen, x.raised = l.tree.Clone(), maps.Clone(l.seen), maps.Clone(l.raised)
		c.logs[p] = &x
	}
	c.closed, c.stray = maps.Clone(g.closed), maps.Clone(g.stray)
	return &c
}

// others are the parties beside one.
func (g *group) others(me record.Party) map[record.Party]bool {
	out := map[record.Party]bool{}
	for p := range g.logs {
		if p != me {
			out[p] = true
		}
	}
	return out
}

func (g *group) rows() []int64 {
	out := make([]int64, 0, len(g.logs))
	for _, l := range g.logs {
		out = append(out, l.row)
	}
	return out
}

func (g *group) party(row int64) *plog {
	for _, l := range g.logs {
		if l.row == row {
			return l
		}
	}
	return nil
}

func (g *group) cut() consent.Sizes {
	out := consent.Sizes{}
	for p, l := range g.logs {
		out[p] = l.counted
	}
	return out
}

// root is the log's root at a size, by memory or by tiles.
func (l *plog) root(r storeReader, size uint64) (record.ID, error) {
	if size == l.tree.Size() {
		return record.ID(l.tree.Root()), nil
	}
	if size > l.tree.Size() {
		return record.ID{}, fmt.Errorf("log of %s has %d records, not %d", l.party, l.tree.Size(), size)
	}
	if l.at.Size == size {
		return l.at.Root, nil
	}
	h, err := tlog.RootAt(l.tree.Over(r.tiles(l.row)), l.tree.Size(), size)
	if err == nil {
		l.at = record.Mark{Size: size, Root: record.ID(h)}
	}
	return record.ID(h), err
}

// storeReader reads inside a transaction or beside it.
type storeReader interface {
	tiles(log int64) tlog.Source
	at(store.Pos) (store.Entry, error)
	byID(logs []int64, id record.ID) (store.Entry, error)
	byInstrument(logs []int64, id record.ID, f func(store.Entry) error) error
	nonceAt(log int64, n record.Nonce) (uint64, bool, error)
	firstKnown(knower, author int64, idx uint64) (uint64, int64, bool, error)
}

type txReader struct{ tx *store.Tx }

func (r txReader) tiles(log int64) tlog.Source                       { return store.Tiles(r.tx, log) }
func (r txReader) at(p store.Pos) (store.Entry, error)               { return store.At(r.tx, p) }
func (r txReader) byID(l []int64, id record.ID) (store.Entry, error) { return store.ByID(r.tx, l, id) }
func (r txReader) byInstrument(l []int64, id record.ID, f func(store.Entry) error) error {
	return store.ByInstrument(r.tx, l, id, f)
}
func (r txReader) nonceAt(l int64, n record.Nonce) (uint64, bool, error) {
	return store.NonceAt(r.tx, l, n)
}
func (r txReader) firstKnown(k, a int64, i uint64) (uint64, int64, bool, error) {
	return store.FirstKnown(r.tx, k, a, i)
}

type viewReader struct{ v *store.View }

func (r viewReader) tiles(log int64) tlog.Source                       { return store.Tiles(r.v, log) }
func (r viewReader) at(p store.Pos) (store.Entry, error)               { return store.At(r.v, p) }
func (r viewReader) byID(l []int64, id record.ID) (store.Entry, error) { return store.ByID(r.v, l, id) }
func (r viewReader) byInstrument(l []int64, id record.ID, f func(store.Entry) error) error {
	return store.ByInstrument(r.v, l, id, f)
}
func (r viewReader) nonceAt(l int64, n record.Nonce) (uint64, bool, error) {
	return store.NonceAt(r.v, l, n)
}
func (r viewReader) firstKnown(k, a int64, i uint64) (uint64, int64, bool, error) {
	return store.FirstKnown(r.v, k, a, i)
}

// source answers the judge and the fold (entente.Source, consent.Logs). The first fault of the database stays in err: the
// caller looks at it before it uses any answer.
type source struct {
	g       *group
	r       storeReader
	pending map[record.Ref]*record.Record // held in this batch, not yet in the database
	recent  *recent
	err     error
}

func (s *source) fail(err error) {
	if err != nil && !errors.Is(err, store.ErrNotFound) && s.err == nil {
		s.err = err
	}
}

func (s *source) get(ref record.Ref) *record.Record {
	l := s.g.logs[ref.Party]
	if l == nil || ref.Index >= l.tree.Size() {
		return nil
	}
	if r := s.pending[ref]; r != nil {
		return r
	}
	e, err := s.r.at(store.PosOf(l.row, ref.Index))
	s.fail(err)
	return e.Record
}

// Header implements entente.Source and consent.Logs.
func (s *source) Header(ref record.Ref) *record.Header {
	if l := s.g.logs[ref.Party]; l != nil && l.last != nil {
		if l.last.Index == ref.Index {
			return l.last
		}
		if h := l.raised[ref.Index]; h != nil {
			return h
		}
	}
	if r := s.get(ref); r != nil {
		return r.Header()
	}
	return nil
}

// Root implements consent.Logs.
func (s *source) Root(p record.Party, size uint64) (record.ID, bool) {
	l := s.g.logs[p]
	if l == nil || size > l.tree.Size() {
		return record.ID{}, false
	}
	id, err := l.root(s.r, size)
	s.fail(err)
	return id, err == nil
}

// ByID implements entente.Source.
func (s *source) ByID(id record.ID) *record.Record {
	if r := s.recent.get(id); r != nil {
		return r
	}
	e, err := s.r.byID(s.g.rows(), id)
	s.fail(err)
	if e.Record != nil {
		s.recent.put(e.Record)
	}
	return e.Record
}

// NonceUsed implements entente.Source.
func (s *source) NonceUsed(p record.Party, n record.Nonce) (uint64, bool) {
	l := s.g.logs[p]
	if l == nil {
		return 0, false
	}
	i, ok, err := s.r.nonceAt(l.row, n)
	s.fail(err)
	return i, ok
}

// First implements consent.Knowledge.
func (s *source) First(p record.Party, of record.Ref) (consent.Moment, bool) {
	k, a := s.g.logs[p], s.g.logs[of.Party]
	if k == nil || a == nil {
		return consent.Moment{}, false
	}
	i, t, ok, err := s.r.firstKnown(k.row, a.row, of.Index)
	s.fail(err)
	return consent.Moment{Ref: record.Ref{Party: p, Index: i}, Time: t}, ok && err == nil
}

// recent keeps the last records of a group parsed. It holds committed records and those of the batch under way; an aborted
// batch clears it.
type recent struct {
	at   int
	ring []record.ID
	byID map[record.ID]*record.Record
}

func newRecent() *recent { return &recent{byID: map[record.ID]*record.Record{}} }

func (r *recent) get(id record.ID) *record.Record {
	if r == nil {
		return nil
	}
	return r.byID[id]
}

func (r *recent) put(x *record.Record) {
	if r == nil {
		return
	}
	id := x.ID()
	if _, ok := r.byID[id]; ok {
		return
	}
	if len(r.ring) < recentRecords {
		r.ring = append(r.ring, id)
	} else {
		delete(r.byID, r.ring[r.at])
		r.ring[r.at] = id
		r.at = (r.at + 1) % recentRecords
	}
	r.byID[id] = x
}
