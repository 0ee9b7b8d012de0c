package consent

import (
	"maps"
	"slices"

	"entente/record"
)

// book is a set of logs with roots, as a node holds them, with holes where a record has not arrived.
type book struct {
	logs   map[record.Party][]*record.Header
	absent map[record.Ref]bool
}

// bookOf writes a history as headers whose seen names the true roots.
func bookOf(h *history) *book {
	b := &book{map[record.Party][]*record.Header{}, map[record.Ref]bool{}}
	for _, r := range h.recs {
		x := &record.Header{Party: r.Ref.Party, Index: r.Ref.Index, Verb: r.Verb, Version: r.Version, Time: r.Time}
		for q, m := range r.Seen {
			if x.Seen == nil {
				x.Seen = record.Seen{}
			}
			root, _ := b.Root(q, m.Size)
			x.Seen[q] = record.Mark{Size: m.Size, Root: root}
		}
		b.logs[x.Party] = append(b.logs[x.Party], x)
	}
	return b
}

func (b *book) header(p record.Party, i uint64) *record.Header { return b.logs[p][i] }
func (b *book) hide(r record.Ref)                              { b.absent[r] = true }
func (b *book) show(r record.Ref)                              { delete(b.absent, r) }

func (b *book) Header(r record.Ref) *record.Header {
	if b.absent[r] || r.Index >= uint64(len(b.logs[r.Party])) {
		return nil
	}
	return b.logs[r.Party][r.Index]
}

// Root is a digest of the first headers of a log, by all that a history says of them.
func (b *book) Root(p record.Party, size uint64) (record.ID, bool) {
	var root record.ID
	for i := range size {
		h := b.Header(record.Ref{Party: p, Index: i})
		if h == nil {
			return record.ID{}, false
		}
		text := []byte(h.Verb)
		for _, q := range h.Seen.Parties() {
			m := h.Seen[q]
			text = append(append(append(text, q...), byte(m.Size)), m.Root[:]...)
		}
		root = record.Digest("test", root[:], text, h.Version[:], []byte{byte(h.Time), byte(h.Time >> 8)})
	}
	return root, true
}

// raised is the same logs as Sequence wants them.
func (b *book) raised() *book {
	out := &book{map[record.Party][]*record.Header{}, maps.Clone(b.absent)}
	for p, l := range b.logs {
		var before *record.Header
		for _, h := range l {
			before = Raise(h, before)
			out.logs[p] = append(out.logs[p], before)
		}
	}
	return out
}

func (b *book) parties() []record.Party { return slices.Sorted(maps.Keys(b.logs)) }

// settle is Advance by definition: whatever may count, counts, in any order, until nothing more may. The roots are asked
// once the logs count, so the answer does not hang on what else is held.
func (b *book) settle(parties []record.Party, horizon int64, pick func(n int) int) Sizes {
	cut := Sizes{}
	for {
		var may []record.Party
		for _, p := range parties {
			if h := b.Header(record.Ref{Party: p, Index: cut[p]}); h != nil && b.reason(cut, h, horizon) == "" {
				may = append(may, p)
			}
		}
		if len(may) == 0 {
			return cut
		}
		cut[may[pick(len(may))]]++
	}
}

// reason says why a record cannot count at a cut: missing before other-log within one peer, ahead last.
func (b *book) reason(cut Sizes, h *record.Header, horizon int64) string {
	why := ""
	for _, q := range h.Seen.Parties() {
		if why != "" {
			break
		}
		root, _ := b.Root(q, min(h.Seen[q].Size, cut[q]))
		switch {
		case h.Seen[q].Size > cut[q]:
			why = HeldMissing
		case h.Seen[q].Root != root:
			why = HeldOtherLog
		}
	}
	if why == "" && h.Time > horizon {
		why = HeldAhead
	}
	return why
}
