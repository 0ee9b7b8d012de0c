package consent

import (
	"maps"
	"slices"

	"entente/record"
)

// Sizes is a cut: how many records of each log count at a node (rule C4). An absent party counts for nothing.
type Sizes map[record.Party]uint64

// Logs is what a node holds on disk, counted or not.
type Logs interface {
	// Header returns the verified header at ref, nil when it is not held.
	Header(ref record.Ref) *record.Header
	// Root returns the Merkle root of the party's log at that size, false when fewer records are held.
	Root(p record.Party, size uint64) (record.ID, bool)
}

// Equipped is what Logs may be too: Ready reports whether all that a header is judged by is at hand, beside the records it knows.
type Equipped interface{ Ready(h *record.Header) bool }

// Held names a record that is held back, and so every later one of its log, with the reason.
type Held struct {
	Ref    record.Ref   `json:"ref"`
	Reason string       `json:"reason"` // missing, other-log or ahead
	Party  record.Party `json:"party,omitempty"`
	Size   uint64       `json:"size,omitempty"` // records of Party that must be here first
}

// The reasons for which a record is held back.
const (
	HeldMissing  = "missing"   // it knows records that are not here yet
	HeldOtherLog = "other-log" // it knows a log of that size with another root: somebody shows two logs
	HeldAhead    = "ahead"     // its time is later than the horizon
	HeldBoundary = "boundary"  // the boundary data that it is judged by is not here
)

// Advance moves the cut as far as rule C4 allows and returns the records that now count, in an order in which each
// follows all it knows, and what is held back. The result depends on what is held and on horizon (Unix seconds: local
// time plus the charter's skew), never on the order of arrival. The cut is changed in place.
func Advance(cut Sizes, parties []record.Party, logs Logs, horizon int64) (counted []record.Ref, held []Held) {
	parties = slices.Sorted(slices.Values(parties))
	for again := true; again; {
		again, held = false, held[:0]
		for _, p := range parties {
			for {
				ref := record.Ref{Party: p, Index: cut[p]}
				h := logs.Header(ref)
				if h == nil {
					break
				}
				if why, ok := countable(cut, h, logs, horizon); !ok {
					held = append(held, why)
					break
				}
				cut[p]++
				counted = append(counted, ref)
				again = true
			}
		}
	}
	return counted, held
}

func countable(cut Sizes, h *record.Header, logs Logs, horizon int64) (Held, bool) {
	ready := true
	for q, m := range h.Seen {
		if ready = m.Size <= cut[q]; !ready {
			break
		}
		root, ok := logs.Root(q, m.Size)
		if ready = ok && root == m.Root; !ready {
			break
		}
	}
	if e, ok := logs.(Equipped); ready && ok && !e.Ready(h) {
		return Held{Ref: h.Ref(), Reason: HeldBoundary}, false
	}
	if ready {
		return Held{Ref: h.Ref(), Reason: HeldAhead}, h.Time <= horizon
	}
	for _, q := range h.Seen.Parties() { // one reason, the same on every node
		m := h.Seen[q]
		if m.Size > cut[q] {
			return Held{h.Ref(), HeldMissing, q, m.Size}, false
		}
		if root, ok := logs.Root(q, m.Size); !ok || root != m.Root {
			return Held{h.Ref(), HeldOtherLog, q, m.Size}, false
		}
	}
	return Held{}, true
}

// Raise returns h as its log stands there: Seen and Time at least those of before, the record before it as Raise returned
// it (nil at index 0). A header that keeps the order is returned itself; otherwise a copy, fit for Sequence only.
func Raise(h, before *record.Header) *record.Header {
	if before == nil {
		return h
	}
	low := h.Time < before.Time
	for q, m := range before.Seen {
		low = low || h.Seen[q].Size < m.Size
	}
	if !low {
		return h
	}
	r := *h
	r.Time, r.Seen = max(h.Time, before.Time), maps.Clone(before.Seen)
	if r.Seen == nil {
		r.Seen = record.Seen{}
	}
	for q, m := range h.Seen {
		if m.Size > r.Seen[q].Size {
			r.Seen[q] = m
		}
	}
	return &r
}

// Sequence says why a record breaks the order of the logs (rules C4 and C6): seen goes down, is not closed, or time goes
// back. prev is the record before it in its log, nil at index 0; at returns the header at a ref that the record knows.
// It depends only on what the record knows. Such a record is kept, and has no effect.
//
// Both must be as Raise returns them: a record that breaks the order must not hide from the next what stands before it.
// Otherwise one void record buys a log the right to forget a withdrawal, or to date a consent back before its until. In a
// log that keeps the order every header is that already.
func Sequence(h, prev *record.Header, at func(record.Ref) *record.Header) []record.Why {
	var out []record.Why
	if prev != nil {
		if h.Time < prev.Time {
			out = append(out, record.Because("sequence.time", "its time is before that of %s", prev.Ref()))
		}
		for _, q := range prev.Seen.Parties() {
			if h.Seen[q].Size < prev.Seen[q].Size {
				out = append(out, record.Because("sequence.seen", "its seen of %s goes down from %d to %d", q, prev.Seen[q].Size, h.Seen[q].Size))
			}
		}
	}
	for _, q := range h.Seen.Parties() {
		last := at(record.Ref{Party: q, Index: h.Seen[q].Size - 1})
		if last == nil {
			out = append(out, record.Because("sequence.missing", "it names %d records of %s that are not there", h.Seen[q].Size, q))
			continue
		}
		if h.Time < last.Time {
			out = append(out, record.Because("sequence.time", "its time is before that of %s, which it knows", last.Ref()))
		}
		for _, s := range last.Seen.Parties() {
			known := h.Seen[s].Size
			if s == h.Party {
				known = h.Index
			}
			if last.Seen[s].Size > known {
				out = append(out, record.Because("sequence.closed", "its seen is not closed: %s knows %d records of %s", last.Ref(), last.Seen[s].Size, s))
			}
		}
	}
	return out
}
