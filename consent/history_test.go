package consent

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"entente/record"
)

// long reports whether the larger scope was asked for (make test-long).
var long = os.Getenv("ENTENTE_LONG") == "1"

const maxParties = 4

var names = [maxParties]record.Party{"AA", "BB", "CC", "DD"}

func number(p record.Party) int {
	for i, n := range names {
		if n == p {
			return i
		}
	}
	panic("no such party: " + p)
}

// sizes is a cut of a history: how many records of each log.
type sizes [maxParties]int

func (c sizes) within(d sizes) bool {
	for i := range c {
		if c[i] > d[i] {
			return false
		}
	}
	return true
}

// rec is one record of a history. A note speaks of no version; it only shows what its author knows.
type rec struct {
	Act
	p    int
	seen sizes // as Act.Seen; the own entry is the record's index
	kept bool  // shown to its author's side only (for the naive form that addresses records)
}

func (r *rec) cut() sizes { return r.seen }

func (r *rec) knows(p, i int) bool { return i < r.seen[p] }

// history is records in an order in which each follows all it knows.
type history struct {
	n    int // parties
	recs []*rec
	logs [maxParties][]*rec
}

func (h *history) full() (c sizes) {
	for p := range h.n {
		c[p] = len(h.logs[p])
	}
	return c
}

// closed reports whether every record under the cut knows nothing above it.
func (h *history) closed(c sizes) bool {
	for p := range h.n {
		for _, r := range h.logs[p][:c[p]] {
			if !r.seen.within(c) {
				return false
			}
		}
	}
	return true
}

// cuts calls f with every vector of sizes up to the whole history.
func (h *history) cuts(f func(sizes)) {
	var c sizes
	full := h.full()
	for {
		f(c)
		p := 0
		for p < h.n && c[p] == full[p] {
			c[p] = 0
			p++
		}
		if p == h.n {
			return
		}
		c[p]++
	}
}

// acts of the cut, in the order of the history or reversed.
func (h *history) acts(c sizes, reversed bool) []Act {
	out := make([]Act, 0, len(h.recs))
	for i := range h.recs {
		r := h.recs[i]
		if reversed {
			r = h.recs[len(h.recs)-1-i]
		}
		if int(r.Ref.Index) < c[r.p] && r.Verb != record.Note {
			out = append(out, r.Act)
		}
	}
	return out
}

// knowledge answers from a cut of a history.
type knowledge struct {
	h *history
	c sizes
}

func (k knowledge) First(p record.Party, of record.Ref) (Moment, bool) {
	n := number(p)
	for _, r := range k.h.logs[n][:k.c[n]] {
		if r.knows(number(of.Party), int(of.Index)) {
			return Moment{r.Ref, r.Time}, true
		}
	}
	return Moment{}, false
}

func id(n byte) record.ID { return record.ID{n, 'v'} }

func verName(v record.ID) string {
	if v.IsZero() {
		return ""
	}
	return fmt.Sprintf(" v%d", v[0])
}

func (r *rec) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s#%d %s%s", string(r.Ref.Party[:1]), r.Ref.Index, r.Verb, verName(r.Version))
	var seen []string
	for q := range maxParties {
		if q != r.p && r.seen[q] > 0 {
			seen = append(seen, fmt.Sprintf("%s:%d", string(names[q][:1]), r.seen[q]))
		}
	}
	if len(seen) > 0 {
		fmt.Fprintf(&b, " seen{%s}", strings.Join(seen, ","))
	}
	if r.kept {
		b.WriteString(" (kept)")
	}
	fmt.Fprintf(&b, " @%d", r.Time)
	return b.String()
}

func (h *history) String() string {
	out := make([]string, len(h.recs))
	for i, r := range h.recs {
		out[i] = r.String()
	}
	return strings.Join(out, "; ")
}

// newRec makes the next record of p's log. Its time is one past the latest it knows: nothing hangs on the interleaving.
func (h *history) newRec(p int, verb record.Verb, v record.ID, seen sizes) *rec {
	seen[p] = len(h.logs[p])
	r := &rec{p: p, seen: seen}
	r.Act = Act{Ref: record.Ref{Party: names[p], Index: uint64(seen[p])}, Verb: verb, Version: v}
	r.ID = record.ID{'r', byte(p), byte(seen[p])}
	for q := range h.n {
		if q != p && seen[q] > 0 {
			if r.Seen == nil {
				r.Seen = record.Seen{}
			}
			r.Seen[names[q]] = record.Mark{Size: uint64(seen[q])}
		}
		if seen[q] > 0 {
			r.Time = max(r.Time, h.logs[q][seen[q]-1].Time)
		}
	}
	r.Time++
	return r
}

func (h *history) push(r *rec) { h.recs, h.logs[r.p] = append(h.recs, r), append(h.logs[r.p], r) }

func (h *history) pop() {
	r := h.recs[len(h.recs)-1]
	h.recs, h.logs[r.p] = h.recs[:len(h.recs)-1], h.logs[r.p][:len(h.logs[r.p])-1]
}

// legal reports whether p's next record may have that seen: never down, and closed.
func (h *history) legal(p int, seen sizes, open bool) bool {
	if n := len(h.logs[p]); n > 0 {
		prev := h.logs[p][n-1].seen
		prev[p] = 0
		if !prev.within(seen) {
			return false
		}
	}
	if open {
		return true
	}
	seen[p] = len(h.logs[p])
	for q := range h.n {
		if q != p && seen[q] > 0 && !h.logs[q][seen[q]-1].seen.within(seen) {
			return false
		}
	}
	return true
}

// choice is something a record may do.
type choice struct {
	verb record.Verb
	v    record.ID
}

var note = choice{verb: record.Note}

func does(verb record.Verb, v byte) choice { return choice{verb, id(v)} }

// family is a set of histories: all that the parties can write with these choices.
type family struct {
	name     string
	parties  int
	choices  []choice
	versions []Version
	clocks   Clocks
	open     bool // seen need not be closed (for the naive form)
	kept     bool // records may be kept from the other parties (for the naive form)
	twins    bool // v1 and v2 differ in name alone: the first that is spoken of is v1
}

// each calls f with every history of exactly n records until f returns false. Interleavings of the same logs are one
// history: neighbours that do not know each other stand in the order of their parties.
func (fam *family) each(n int, f func(*history) bool) bool {
	return fam.extend(&history{n: fam.parties}, n, f)
}

func (fam *family) extend(h *history, n int, f func(*history) bool) bool {
	if n == 0 {
		return f(h)
	}
	for p := range h.n {
		full := h.full()
		full[p] = 0
		ok := true
		below(h.n, full, func(seen sizes) bool {
			if !h.legal(p, seen, fam.open) {
				return true
			}
			if k := len(h.recs); k > 0 {
				if last := h.recs[k-1]; last.p > p && int(last.Ref.Index) >= seen[last.p] {
					return true
				}
			}
			for _, c := range fam.choices {
				if fam.twins && c.v == id(2) && !slices.ContainsFunc(h.recs, func(r *rec) bool { return r.Verb != record.Note }) {
					continue
				}
				for _, kept := range []bool{false, true}[:map[bool]int{false: 1, true: 2}[fam.kept]] {
					r := h.newRec(p, c.verb, c.v, seen)
					r.kept = kept
					h.push(r)
					ok = fam.extend(h, n-1, f)
					h.pop()
					if !ok {
						return false
					}
				}
			}
			return true
		})
		if !ok {
			return false
		}
	}
	return true
}

func below(n int, full sizes, f func(sizes) bool) {
	var c sizes
	for {
		if !f(c) {
			return
		}
		p := 0
		for p < n && c[p] == full[p] {
			c[p] = 0
			p++
		}
		if p == n {
			return
		}
		c[p]++
	}
}

// version makes a version that the first n parties must consent to.
func version(v byte, n int, replaces byte, until int64) Version {
	out := Version{ID: id(v), Required: names[:n:n], Until: until}
	if replaces != 0 {
		out.Replaces = id(replaces)
	}
	return out
}

// write builds a history from lines like those it prints: "A#1 withdraw v1 seen{B:2} @7". The time may be left out.
func write(t testing.TB, n int, lines ...string) *history {
	t.Helper()
	h := &history{n: n}
	for _, l := range lines {
		var verb record.Verb
		var v record.ID
		var seen sizes
		var at int64
		f := strings.Fields(l)
		p := strings.IndexByte("ABCD", f[0][0])
		if want := fmt.Sprintf("%c#%d", "ABCD"[p], len(h.logs[p])); f[0] != want {
			t.Fatalf("%q: want %s", l, want)
		}
		verb = record.Verb(f[1])
		for _, x := range f[2:] {
			switch {
			case x[0] == 'v':
				v = id(x[1] - '0')
			case x[0] == '@':
				if _, err := fmt.Sscanf(x, "@%d", &at); err != nil {
					t.Fatal(err)
				}
			case strings.HasPrefix(x, "seen{"):
				for _, s := range strings.Split(strings.TrimSuffix(x[5:], "}"), ",") {
					var size int
					if _, err := fmt.Sscanf(s[2:], "%d", &size); err != nil {
						t.Fatal(err)
					}
					seen[strings.IndexByte("ABCD", s[0])] = size
				}
			}
		}
		r := h.newRec(p, verb, v, seen)
		if at != 0 {
			r.Time = at
		}
		h.push(r)
	}
	return h
}
