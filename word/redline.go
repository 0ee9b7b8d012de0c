package word

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// What became of a paragraph, and of a piece of one.
const (
	Same    = "same"
	Changed = "changed" // of paragraphs only
	Added   = "added"
	Removed = "removed"
)

// A Change is one paragraph of the old or the new text, or of both, with what became of it.
type Change struct {
	Kind   string
	Old    int // number of the paragraph in the old text, from 0; -1 when it was added
	New    int // in the new text; -1 when it was removed
	Pieces []Piece
}

// A Piece is a run of words. Those that are Same or Removed are together the old paragraph, those that are Same or Added the new
// one, to the letter.
type Piece struct {
	Kind string // Same, Added or Removed
	Text string
}

// Redline compares two texts paragraph by paragraph, and a paragraph that changed word by word. Every paragraph of both stands in
// one Change, in the order of its text. The answer depends on the texts alone. The work is bounded by limits.go: paragraphs past
// the bounds are shown as removed and added, whole.
func Redline(old, new []string) []Change {
	c := &comparison{old: old, new: new, work: maxWork}
	for _, e := range c.diff(old, new, false) {
		switch e.kind {
		case Removed:
			c.gone += e.count
		case Added:
			c.come += e.count
		default:
			c.block()
			for range e.count {
				c.out = append(c.out, Change{Same, c.o, c.n, pieces(Piece{Same, new[c.n]})})
				c.o, c.n = c.o+1, c.n+1
			}
		}
	}
	c.block()
	return c.out
}

// comparison walks through both texts: o and n are the paragraphs reached, gone and come those that wait to be paired.
type comparison struct {
	old, new   []string
	o, n       int
	gone, come int
	work       int // left, see maxWork
	out        []Change
}

// block pairs the paragraphs that wait and writes them.
func (c *comparison) block() {
	pairs := pair(c.old[c.o:c.o+c.gone], c.new[c.n:c.n+c.come])
	endO, endN := c.o+c.gone, c.n+c.come
	for _, p := range append(pairs, [2]int{c.gone, c.come}) {
		toO, toN := endO-c.gone+p[0], endN-c.come+p[1]
		for ; c.o < toO; c.o++ {
			c.out = append(c.out, Change{Removed, c.o, -1, pieces(Piece{Removed, c.old[c.o]})})
		}
		for ; c.n < toN; c.n++ {
			c.out = append(c.out, Change{Added, -1, c.n, pieces(Piece{Added, c.new[c.n]})})
		}
		if toO < endO && toN < endN {
			c.out = append(c.out, Change{Changed, c.o, c.n, c.words(c.old[c.o], c.new[c.n])})
			c.o, c.n = c.o+1, c.n+1
		}
	}
	c.gone, c.come = 0, 0
}

// pieces leaves out the empty ones.
func pieces(list ...Piece) []Piece {
	var out []Piece
	for _, p := range list {
		if p.Text != "" {
			out = append(out, p)
		}
	}
	return out
}

// words compares two paragraphs.
func (c *comparison) words(old, new string) []Piece {
	a, b := tokens(old), tokens(new)
	if len(a) > maxWords || len(b) > maxWords {
		return pieces(Piece{Removed, old}, Piece{Added, new})
	}
	var out []Piece
	i, j := 0, 0
	for _, e := range c.diff(a, b, true) {
		switch e.kind {
		case Removed:
			out = append(out, Piece{Removed, strings.Join(a[i:i+e.count], "")})
			i += e.count
		case Added:
			out = append(out, Piece{Added, strings.Join(b[j:j+e.count], "")})
			j += e.count
		default:
			out = append(out, Piece{Same, strings.Join(a[i:i+e.count], "")})
			i, j = i+e.count, j+e.count
		}
	}
	return pieces(out...)
}

// edit is a run of items of one kind.
type edit struct {
	kind  string
	count int
}

// diff compares two lists item by item: every distinct item becomes a character for the library, which compares texts. With tidy
// it gives up short sameness between long changes, which nobody can read.
func (c *comparison) diff(a, b []string, tidy bool) []edit {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	a, b = a[head:len(a)-tail], b[head:len(b)-tail]
	out := []edit{{Same, head}}
	if cost := (len(a) + len(b)) * (len(a) + len(b)); len(a)+len(b) > maxWords*2 || cost > c.work {
		out = append(out, edit{Removed, len(a)}, edit{Added, len(b)})
	} else {
		c.work -= cost
		d := diffmatchpatch.New()
		d.DiffTimeout = 0 // no clock: equal texts, equal answers
		names := make(map[string]rune)
		diffs := d.DiffMainRunes(runes(names, a), runes(names, b), false)
		if tidy {
			diffs = d.DiffCleanupSemantic(diffs)
		}
		for _, e := range diffs {
			kind := map[diffmatchpatch.Operation]string{diffmatchpatch.DiffDelete: Removed, diffmatchpatch.DiffInsert: Added, diffmatchpatch.DiffEqual: Same}[e.Type]
			out = append(out, edit{kind, utf8.RuneCountInString(e.Text)})
		}
	}
	return append(out, edit{Same, tail})
}

// runes writes items as characters, equal ones alike.
func runes(names map[string]rune, items []string) []rune {
	out := make([]rune, len(items))
	for i, s := range items {
		r, ok := names[s]
		if !ok {
			r = rune(len(names) + 1)
			if r >= 0xd800 {
				r += 0x800 // no surrogates, which are no characters
			}
			names[s] = r
		}
		out[i] = r
	}
	return out
}

// tokens cuts a paragraph into words, runs of spaces, and signs.
func tokens(s string) []string {
	var out []string
	kind := func(r rune) int {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			return 1
		case unicode.IsSpace(r):
			return 2
		}
		return 0
	}
	start, last := 0, 0
	for i, r := range s {
		k := kind(r)
		if i > 0 && (k != last || k == 0) {
			out = append(out, s[start:i])
			start = i
		}
		last = k
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// alike is the least likeness, in thousandths, at which a paragraph counts as changed rather than as another one.
const alike = 300

// pair finds which of the old paragraphs became which of the new ones, in order: the pairing with the greatest likeness in all.
func pair(old, new []string) [][2]int {
	if len(old) == 0 || len(new) == 0 {
		return nil
	}
	a, wordsA := bags(old)
	b, wordsB := bags(new)
	if wordsA*len(new)+wordsB*len(old) > maxPair || len(old)*len(new) > maxPair/10 {
		var out [][2]int // too many to compare each with each: the first with the first
		for i := range min(len(old), len(new)) {
			out = append(out, [2]int{i, i})
		}
		return out
	}
	width := len(new) + 1
	best := make([]int, (len(old)+1)*width)
	like := make([]int, len(old)*len(new))
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(new) - 1; j >= 0; j-- {
			l := likeness(a[i], b[j])
			like[i*len(new)+j] = l
			most := max(best[(i+1)*width+j], best[i*width+j+1])
			if l >= alike {
				most = max(most, l+best[(i+1)*width+j+1])
			}
			best[i*width+j] = most
		}
	}
	var out [][2]int
	for i, j := 0, 0; i < len(old) && j < len(new); {
		switch l := like[i*len(new)+j]; {
		case l >= alike && best[i*width+j] == l+best[(i+1)*width+j+1]:
			out = append(out, [2]int{i, j})
			i, j = i+1, j+1
		case best[i*width+j] == best[(i+1)*width+j]:
			i++
		default:
			j++
		}
	}
	return out
}

// bag counts the words of a paragraph.
type bag struct {
	words map[string]int
	size  int
}

func bags(list []string) (out []bag, words int) {
	for _, s := range list {
		b := bag{words: make(map[string]int)}
		for _, t := range tokens(s) {
			if r, _ := utf8.DecodeRuneInString(t); !unicode.IsSpace(r) {
				b.words[t]++
				b.size++
			}
		}
		out, words = append(out, b), words+b.size
	}
	return out, words
}

// likeness is the share of words that two paragraphs have in common, in thousandths.
func likeness(a, b bag) int {
	if a.size+b.size == 0 {
		return 1000
	}
	if len(a.words) > len(b.words) {
		a, b = b, a
	}
	common := 0
	for w, n := range a.words {
		common += min(n, b.words[w])
	}
	return 2000 * common / (a.size + b.size)
}
