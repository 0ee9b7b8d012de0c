package entente_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"

	"entente"
	"entente/consent"
	"entente/record"
)

// view is what one party makes of the logs it holds: the same calls as a node makes, without store, clock or network.
// It folds again only what a new record or a satisfied wait touches; scratch folds everything from nothing.
type view struct {
	ledger      *entente.Ledger
	logs        map[record.Party]*plog
	cut         consent.Sizes
	held        []consent.Held
	byID        map[record.ID]*record.Record
	judged      map[record.Ref]entente.Judged
	nonces      map[record.Party]map[record.Nonce]uint64
	known       map[record.Party]map[record.Ref]consent.Moment // knower → record → first record that knows it
	knownTo     map[record.Party]map[record.Party]uint64       // knower → author → size
	instruments map[record.ID][]entente.Judged
	states      map[record.ID][]byte
	waits       map[consent.Wait]map[record.ID]bool
	folds       int
	woken       int // folds that a wait alone asked for
	check       func(v *view)
}

type plog struct {
	records []*record.Record
	roots   []record.ID // of the first n+1 records
	peaks   []record.ID
}

func newView(kinds entente.Kinds, founding []byte) *view {
	l, err := entente.NewLedger(kinds, founding)
	if err != nil {
		panic(err)
	}
	l.Boundary = boundaryAt
	v := &view{ledger: l, logs: map[record.Party]*plog{}, cut: consent.Sizes{}, byID: map[record.ID]*record.Record{}, judged: map[record.Ref]entente.Judged{},
		nonces: map[record.Party]map[record.Nonce]uint64{}, known: map[record.Party]map[record.Ref]consent.Moment{}, knownTo: map[record.Party]map[record.Party]uint64{},
		instruments: map[record.ID][]entente.Judged{}, states: map[record.ID][]byte{}, waits: map[consent.Wait]map[record.ID]bool{}}
	for _, p := range l.Parties() {
		v.logs[p], v.nonces[p] = &plog{}, map[record.Nonce]uint64{}
		v.known[p], v.knownTo[p] = map[record.Ref]consent.Moment{}, map[record.Party]uint64{}
	}
	return v
}

// receive verifies bytes that claim to be the next record of a log, and holds them.
func (v *view) receive(p record.Party, raw []byte) error {
	l := v.logs[p]
	r, err := record.Verify(raw, record.Place{Group: v.ledger.Group, Party: p, Index: uint64(len(l.records))}, v.ledger.Ring(p).RecordKey)
	if err != nil {
		return err
	}
	l.append(r)
	v.ledger.Hold(r.Header(), r.ID())
	return nil
}

// append computes the root of RFC 6962 section 2.1 at every size.
func (l *plog) append(r *record.Record) {
	node := func(a, b record.ID) record.ID { return sha256.Sum256(slices.Concat([]byte{1}, a[:], b[:])) }
	l.peaks = append(l.peaks, sha256.Sum256(append([]byte{0}, r.Bytes()...)))
	for range bits.TrailingZeros(uint(len(l.records) + 1)) {
		n := len(l.peaks)
		l.peaks = append(l.peaks[:n-2], node(l.peaks[n-2], l.peaks[n-1]))
	}
	root := l.peaks[len(l.peaks)-1]
	for i := len(l.peaks) - 2; i >= 0; i-- {
		root = node(l.peaks[i], root)
	}
	l.records, l.roots = append(l.records, r), append(l.roots, root)
}

// advance counts what may count, judges it, and folds what it touches.
func (v *view) advance(horizon int64) {
	final := maps.Clone(v.cut)
	counted, held := consent.Advance(final, v.ledger.Parties(), logs{v}, horizon)
	v.held = slices.Clone(held)
	touched := map[record.ID]bool{}
	for _, ref := range counted { // the source answers from what counts before each record
		v.count(v.logs[ref.Party].records[ref.Index], touched)
	}
	if !maps.Equal(final, v.cut) {
		panic(fmt.Sprintf("counted %v, advance said %v", v.cut, final))
	}
	for id := range touched {
		v.fold(id)
	}
	if v.check != nil && len(counted) > 0 {
		v.check(v)
	}
}

func (v *view) count(r *record.Record, touched map[record.ID]bool) {
	h := r.Header()
	j := entente.Judged{Record: r, Reasons: v.ledger.Judge(r, counted{v})}
	v.cut[h.Party] = h.Index + 1
	v.judged[h.Ref()], v.byID[r.ID()] = j, r
	if _, ok := v.nonces[h.Party][h.Nonce]; !ok {
		v.nonces[h.Party][h.Nonce] = h.Index
	}
	v.ledger.Count(j)
	id := r.Instrument()
	v.instruments[id], touched[id] = append(v.instruments[id], j), true
	if slices.ContainsFunc(j.Reasons, func(x entente.Reason) bool { return x.Code == entente.ReasonSequence }) {
		return
	}
	for q, m := range h.Seen {
		for i := v.knownTo[h.Party][q]; i < m.Size; i++ {
			of := record.Ref{Party: q, Index: i}
			v.known[h.Party][of] = consent.Moment{Ref: h.Ref(), Time: h.Time}
			for w := range v.waits[consent.Wait{Knower: h.Party, Of: of}] {
				if !touched[w] {
					v.woken++
				}
				touched[w] = true
			}
		}
		v.knownTo[h.Party][q] = max(v.knownTo[h.Party][q], m.Size)
	}
}

func (v *view) fold(id record.ID) {
	if id != v.ledger.Group && v.byID[id] == nil {
		return // nobody opened it yet
	}
	s, waits, err := v.ledger.Fold(id, v.instruments[id], counted{v})
	if err != nil {
		panic(err)
	}
	v.folds++
	for _, ids := range v.waits {
		delete(ids, id)
	}
	for _, w := range waits {
		if v.waits[w] == nil {
			v.waits[w] = map[record.ID]bool{}
		}
		v.waits[w][id] = true
	}
	if s != nil {
		b, err := s.Encode()
		if err != nil {
			panic(err)
		}
		v.states[id] = b
	}
}

// scratch folds every instrument from all its records, in an order of its own, and returns the first difference.
func (v *view) scratch() error {
	for id := range v.instruments {
		if id != v.ledger.Group && v.byID[id] == nil {
			continue
		}
		back := slices.Clone(v.instruments[id])
		slices.Reverse(back)
		s, _, err := v.ledger.Fold(id, back, counted{v})
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		b, err := s.Encode()
		if err != nil {
			return err
		}
		if !bytes.Equal(b, v.states[id]) {
			was, _ := entente.ParseState(v.states[id])
			return fmt.Errorf("instrument %s: kept %+v\nfrom scratch %+v", id.Short(), was, s)
		}
	}
	return nil
}

// digest names all states at the present cut.
func (v *view) digest() record.ID {
	var all [][]byte
	for _, id := range slices.SortedFunc(maps.Keys(v.states), func(a, b record.ID) int { return bytes.Compare(a[:], b[:]) }) {
		all = append(all, id[:], v.states[id])
	}
	return record.Digest("states", all...)
}

func (v *view) cutKey() string {
	s := ""
	for _, p := range v.ledger.Parties() {
		s += fmt.Sprintf("%s:%d ", p, v.cut[p])
		if n := v.cut[p]; n > 0 {
			s += v.logs[p].roots[n-1].Short() + " "
		}
	}
	return s
}

func (v *view) state(id record.ID) *entente.State {
	b, ok := v.states[id]
	if !ok {
		return nil
	}
	s, err := entente.ParseState(b)
	if err != nil {
		panic(err)
	}
	return s
}

// counted answers from what counts and from nothing else.
type counted struct{ v *view }

var _ entente.Source = counted{}

func (s counted) Header(ref record.Ref) *record.Header {
	if ref.Index >= s.v.cut[ref.Party] {
		return nil
	}
	return s.v.logs[ref.Party].records[ref.Index].Header()
}

func (s counted) ByID(id record.ID) *record.Record { return s.v.byID[id] }

func (s counted) NonceUsed(p record.Party, n record.Nonce) (uint64, bool) {
	i, ok := s.v.nonces[p][n]
	return i, ok
}

func (s counted) First(p record.Party, of record.Ref) (consent.Moment, bool) {
	m, ok := s.v.known[p][of]
	return m, ok
}

// logs answers from what is held.
type logs struct{ v *view }

func (l logs) Header(ref record.Ref) *record.Header {
	if p := l.v.logs[ref.Party]; p != nil && ref.Index < uint64(len(p.records)) {
		return p.records[ref.Index].Header()
	}
	return nil
}

func (l logs) Ready(h *record.Header) bool { return l.v.ledger.Ready(h) }

func (l logs) Root(p record.Party, size uint64) (record.ID, bool) {
	x := l.v.logs[p]
	if x == nil || size == 0 || size > uint64(len(x.roots)) {
		return record.ID{}, false
	}
	return x.roots[size-1], true
}

// refused reports the sentinel that an error wraps, for tests.
func refused(err error) error {
	for _, s := range []error{record.ErrFormat, record.ErrPlace, record.ErrSignature} {
		if errors.Is(err, s) {
			return s
		}
	}
	return err
}
