package release

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Ground is why a passage is held.
type Ground string

// The grounds.
const (
	GroundWording Ground = "wording" // the same thing is said, in these or in other words
	GroundName    Ground = "name"    // of a place or a body, with what else is said of it
	GroundDate    Ground = "date"
	GroundAmount  Ground = "amount"
	GroundNumber  Ground = "number" // of a record, a file, a case
	GroundTerm    Ground = "term"   // of the watch list
)

// Hold is a passage of a text that says what may not be published: a sentence, or two. Offsets are bytes.
type Hold struct {
	Start, End int
	Grounds    []Ground // ascending, each once
	Source     Source   // whose content it is; 0: of the watch list
	From, To   int      // the passage there
	Term       string   // of the watch list
}

// Source is a text of an index. The first is 1.
type Source uint32

// ErrFull: an index has MaxPassages already.
var ErrFull = errors.New("more text than a check holds")

// Index holds texts that may not be published, and texts that are public, by their words and facts; not the texts themselves. It is
// for memory alone: whoever has it can tell what stands in them. Checks may run beside each other, but not beside Add and Drop.
type Index struct {
	passages []entry
	owners   []Source            // of the passages, apart: near reads many, and nothing else of them
	postings map[uint32][]uint32 // word or fact → passages, ascending
	forms    map[uint64]uint16   // sentences without facts: in how many texts they stand alike
	sources  []kept              // by Source-1
	dropped  int
}

type kept struct{ public, gone bool }

type entry struct {
	source     Source
	start, end uint32
	form       uint64 // of its words in their order; 0: it has facts
	words      []mark // in their order
}

type mark struct {
	hash   uint32
	sort   sort
	digits uint8
}

// NewIndex is an empty one.
func NewIndex() *Index { return &Index{postings: map[uint32][]uint32{}, forms: map[uint64]uint16{}} }

// Add takes a text: one that may not be published, or one that is public, whose wording is then held nowhere.
func (x *Index) Add(text string, public bool) (Source, error) {
	ss := sentences(text)
	if len(x.passages)+len(ss) > MaxPassages {
		return 0, ErrFull
	}
	x.sources = append(x.sources, kept{public: public})
	id := Source(len(x.sources))
	seen := map[uint64]bool{}
	for _, s := range ss {
		p := entry{source: id, start: uint32(s.start), end: uint32(s.end), words: make([]mark, len(s.tokens)), form: 14695981039346656037}
		at := uint32(len(x.passages))
		for i, t := range s.tokens {
			p.words[i] = mark{t.hash, t.sort, uint8(min(t.digits, 255))}
			if p.form != 0 {
				p.form = (p.form ^ uint64(t.hash)) * 1099511628211
			}
			if t.sort >= amount {
				p.form = 0
			}
			if ps := x.postings[t.hash]; len(ps) == 0 || ps[len(ps)-1] != at {
				x.postings[t.hash] = append(ps, at)
			}
		}
		if p.form != 0 && !seen[p.form] && x.forms[p.form] < math.MaxUint16 {
			seen[p.form] = true
			x.forms[p.form]++
		}
		x.passages, x.owners = append(x.passages, p), append(x.owners, id)
	}
	return id, nil
}

// Drop takes a text out: it was destroyed, or may be published now. Its words are forgotten with the index; see Worn.
func (x *Index) Drop(id Source) {
	if s := &x.sources[id-1]; !s.gone {
		s.gone = true
		x.dropped++
	}
}

// Worn reports whether so much was dropped that the index should be built anew.
func (x *Index) Worn() bool { return x.dropped > 100 && x.dropped > len(x.sources)/4 }

// Len is how many texts and passages it holds.
func (x *Index) Len() (texts, passages int) { return len(x.sources) - x.dropped, len(x.passages) }

// Term is an entry of a watch list, as it is looked for.
type Term struct {
	text  string
	words []string
}

// ParseTerm reads a term: words that are held wherever they stand one after the other, in any case, with accents or without.
func ParseTerm(s string) (Term, error) {
	t := Term{text: strings.TrimSpace(s)}
	for _, ls := range lexemes(t.text) {
		for _, x := range ls {
			t.words = append(t.words, stem(x.text))
		}
	}
	if len(t.words) == 0 || len(t.text) > MaxTerm {
		return t, fmt.Errorf("a term of a watch list has a word, and at most %d bytes", MaxTerm)
	}
	return t, nil
}

// String is the term as it was written.
func (t Term) String() string { return t.text }

// Check holds a text against the index and the watch list. allowed names sources that do not count for this text; nil: none. The
// answer is in the order of the text, one hold for each passage and source, MaxHolds at most; it is a function of what was added.
func (x *Index) Check(text string, allowed func(Source) bool, terms []Term) ([]Hold, error) {
	if len(text) > MaxChecked {
		return nil, fmt.Errorf("%d bytes of text, the limit of a check is %d", len(text), MaxChecked)
	}
	out := watched(text, terms)
	c := &check{Index: x, allowed: allowed, weight: make([]float32, len(x.passages))}
	ss := sentences(text)
	for i, s := range ss {
		out = append(out, c.held(s)...)
		if i+1 < len(ss) { // what was one sentence may be said in two
			n := ss[i+1]
			both := sentence{s.start, n.end, append(s.tokens[:len(s.tokens):len(s.tokens)], n.tokens...)}
			c.pair, c.first = true, len(s.tokens)
			for _, h := range c.held(both) {
				if !c.done[doneKey{i, h.Source, h.From}] && !c.done[doneKey{i + 1, h.Source, h.From}] {
					out = append(out, h)
				}
			}
			c.pair = false
		}
		c.at++
	}
	out = c.distinct(out)
	return out[:min(len(out), MaxHolds)], nil
}

// distinct leaves one hold for a passage and a source: that of the single sentence before that of two.
func (c *check) distinct(hs []Hold) []Hold {
	slices.SortStableFunc(hs, func(a, b Hold) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.From, b.From), strings.Compare(a.Term, b.Term), cmp.Compare(a.End-a.Start, b.End-b.Start), cmp.Compare(a.Start, b.Start))
	})
	var out []Hold
	for _, h := range hs {
		if n := len(out); n > 0 && h.Source != 0 && out[n-1].Source == h.Source && out[n-1].From == h.From && h.Start <= out[n-1].Start && out[n-1].End <= h.End {
			continue
		}
		out = append(out, h)
	}
	slices.SortStableFunc(out, func(a, b Hold) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Source, b.Source), cmp.Compare(a.From, b.From), strings.Compare(a.Term, b.Term))
	})
	var one []Hold // a source that holds a passage twice is named once
	for _, h := range out {
		if i := slices.IndexFunc(one, func(y Hold) bool {
			return h.Source != 0 && y.Source == h.Source && y.Start == h.Start && y.End == h.End
		}); i >= 0 {
			one[i].Grounds = grounds(append(one[i].Grounds, h.Grounds...))
			continue
		}
		one = append(one, h)
	}
	return one
}

func grounds(gs []Ground) []Ground { return slices.Compact(slices.Sorted(slices.Values(gs))) }

// watched finds the sentences with terms of the watch list: a term alone would tell the list to whoever reads the answer.
func watched(text string, terms []Term) []Hold {
	var out []Hold
	if len(terms) == 0 {
		return nil
	}
	for _, ls := range lexemes(text) {
		stems := make([]string, len(ls))
		for i, l := range ls {
			stems[i] = stem(l.text)
		}
		for _, t := range terms {
			for i := 0; i+len(t.words) <= len(ls); i++ {
				if slices.Equal(stems[i:i+len(t.words)], t.words) {
					out = append(out, Hold{Start: ls[0].start, End: ls[len(ls)-1].end, Grounds: []Ground{GroundTerm}, Term: t.text})
					break
				}
			}
		}
	}
	return out
}

// check is one under way.
type check struct {
	*Index
	allowed func(Source) bool
	weight  []float32 // by passage, of the words shared with the one in hand; 0 between two
	pair    bool
	first   int // words of the first of two
	at      int
	done    map[doneKey]bool
}

type doneKey struct {
	sentence int
	source   Source
	from     int
}

// worth of a word: the rarer, the more. A fact counts twice: it does not change with the wording.
func (x *Index) worth(m mark) float32 {
	n := len(x.postings[m.hash])
	w := float32(math.Log(float64(len(x.passages)+2) / float64(n+1)))
	if m.sort == amount || m.sort == date || m.sort == number {
		w *= 2
	}
	return max(w, 0.1)
}

// held are the passages of the index that a sentence gives away.
func (c *check) held(s sentence) []Hold {
	near := c.near(s.tokens, false)
	if len(near) == 0 {
		return nil
	}
	have := map[uint32]*token{}
	for i := range s.tokens {
		have[s.tokens[i].hash] = &s.tokens[i]
	}
	var out []Hold
	forms := map[uint64]int{} // by the words shared
	for _, at := range near {
		p := &c.passages[at]
		if c.allowed != nil && c.allowed(p.source) {
			continue
		}
		shared, why := c.compare(p, have, s.tokens, 0)
		if len(why) > 0 {
			key := uint64(0)
			for _, m := range shared {
				if m.sort == word {
					key += uint64(m.hash) * 0x9e3779b97f4a7c15
				}
			}
			said, ok := forms[key]
			if !ok {
				said = c.saidIn(shared, near)
				forms[key] = said
			}
			if said >= commonTexts { // a form of words: only its facts give it away
				shared, why = c.compare(p, have, s.tokens, said)
			}
		}
		if len(why) == 0 || c.pair && !c.both(shared, s.tokens) || c.common(p) || c.known(shared) {
			continue
		}
		h := Hold{Start: s.start, End: s.end, Grounds: grounds(why), Source: p.source, From: int(p.start), To: int(p.end)}
		if !c.pair {
			if c.done == nil {
				c.done = map[doneKey]bool{}
			}
			c.done[doneKey{c.at, h.Source, h.From}] = true
		}
		out = append(out, h)
	}
	return out
}

// both: what is shared is said by each of two sentences, so that together they say more than one alone.
func (c *check) both(shared []mark, tokens []token) bool {
	var all, first, second float32
	for _, m := range shared {
		w := c.worth(m)
		all += w
		is := func(t token) bool { return t.hash == m.hash }
		a, b := slices.ContainsFunc(tokens[:c.first], is), slices.ContainsFunc(tokens[c.first:], is)
		if a && !b {
			first += w
		} else if b && !a {
			second += w
		}
	}
	return min(first, second) >= 0.3*all
}

// saidIn is in how many of these texts the words shared stand together, facts apart: where many, they are how such things are said.
func (c *check) saidIn(shared []mark, near []uint32) int {
	var all float32
	var words []uint32
	var worth []float32
	for _, m := range shared {
		if m.sort == word {
			words, worth = append(words, m.hash), append(worth, c.worth(m))
			all += worth[len(worth)-1]
		}
	}
	var texts []Source
	for _, at := range near {
		var part float32
		for i, h := range words {
			if slices.ContainsFunc(c.passages[at].words, func(m mark) bool { return m.hash == h }) {
				part += worth[i]
			}
		}
		if id := c.passages[at].source; part >= 0.8*all && !slices.Contains(texts, id) {
			texts = append(texts, id)
		}
	}
	return len(texts)
}

// near finds the passages that share most with these words, the public ones or those that may not be published.
func (c *check) near(tokens []token, public bool) []uint32 {
	type posting struct {
		m  mark
		at []uint32
	}
	var ps []posting
	seen := map[uint32]bool{}
	for _, t := range tokens {
		if at := c.postings[t.hash]; len(at) > 0 && len(at) <= maxPostings && !seen[t.hash] {
			seen[t.hash] = true
			ps = append(ps, posting{mark{t.hash, t.sort, uint8(min(t.digits, 255))}, at})
		}
	}
	slices.SortFunc(ps, func(a, b posting) int {
		return cmp.Or(cmp.Compare(len(a.at), len(b.at)), cmp.Compare(a.m.hash, b.m.hash))
	})
	var touched []uint32
	looked := 0
	for _, p := range ps {
		if looked += len(p.at); looked > maxLooked && len(touched) > 0 {
			break
		}
		w := c.worth(p.m)
		for _, at := range p.at {
			if s := c.sources[c.owners[at]-1]; s.gone || s.public != public {
				continue
			}
			if c.weight[at] == 0 {
				touched = append(touched, at)
			}
			c.weight[at] += w
		}
	}
	better := func(a, b uint32) int { return cmp.Or(cmp.Compare(c.weight[b], c.weight[a]), cmp.Compare(a, b)) }
	best := make([]uint32, 0, maxCandidates+1)
	for _, at := range touched { // sorting all of them took most of the time
		if len(best) == maxCandidates && better(at, best[maxCandidates-1]) > 0 {
			continue
		}
		i, _ := slices.BinarySearchFunc(best, at, better)
		best = slices.Insert(best, i, at)
		best = best[:min(len(best), maxCandidates)]
	}
	for _, at := range touched {
		c.weight[at] = 0
	}
	return best
}

// compare says what a passage of the index shares with a sentence, and on which grounds that gives it away; none: it does not.
// form is in how many texts its words stand; 0: they say something by themselves.
func (c *check) compare(p *entry, have map[uint32]*token, tokens []token, form int) (shared []mark, why []Ground) {
	var all, common float32
	n := float64(len(c.passages) + 1)
	chance, last := math.Log(n), 0.0 // that facts stand together by chance; of the name just before
	strong, numbered, fixed, words, plain := false, false, 0, 0, 0
	seen := map[uint32]bool{}
	for _, m := range p.words {
		if seen[m.hash] {
			continue
		}
		seen[m.hash] = true
		w := c.worth(m)
		all += w
		t := have[m.hash]
		if t == nil {
			last = 0
			continue
		}
		common += w
		shared = append(shared, m)
		seldom := math.Log(float64(len(c.postings[m.hash])) / n)
		before := last
		last = 0
		switch {
		case m.sort == number:
			why, strong, fixed = append(why, GroundNumber), true, fixed+1
			numbered = true
		case m.sort == amount:
			why, fixed = append(why, GroundAmount), fixed+1
			if chance += seldom; m.digits >= exactDigits {
				strong = true
			}
		case m.sort == date:
			why, fixed, chance = append(why, GroundDate), fixed+1, chance+seldom
		case m.sort == name && t.sort == name:
			words++
			why = append(why, GroundName)
			chance, last = chance+seldom-max(seldom, before), min(seldom, before) // names of several words count once
		case m.sort == count:
			chance += seldom
		default:
			words, plain = words+1, plain+1
		}
	}
	strong = numbered || strong && (fixed > 1 || words > 0)
	if among := math.Log(float64(form)); form == 0 && plain >= fewWords || form > 0 && plain >= 3 {
		chance += max(among, 0) - math.Log(n) // of texts that say the same of other places and days
	}
	if strong || fixed > 0 && len(why) > 1 && chance < math.Log(byChance) { // facts that stand together nowhere else
		if form == 0 && c.worded(common/all, words, len(seen), true) {
			why = append(why, GroundWording)
		}
		return shared, why
	}
	if form == 0 && (c.worded(common/all, words, len(seen), fixed > 0) || run(p.words, tokens) >= sameRun) {
		return shared, append(why, GroundWording)
	}
	return shared, nil
}

// worded: so much of what a passage says is said again that it is known by it. Two sentences together have more words to say it with.
func (c *check) worded(part float32, words, of int, fact bool) bool {
	least := float32(0.5)
	switch {
	case fact:
		least = 0.35
	case of < fewWords:
		return false
	case of < 2*fewWords:
		least = 0.65
	}
	if c.pair {
		least += 0.1
	}
	return part >= least && (words >= fewWords || fact && words >= 2)
}

// run is the longest row of words that stand in both alike, one after the other.
func run(p []mark, s []token) int {
	best := 0
	row := make([]int, len(s)+1)
	for i := range p {
		last := 0
		for j := range s {
			was := row[j+1]
			row[j+1] = 0
			if p[i].hash == s[j].hash {
				row[j+1] = last + 1
				best = max(best, row[j+1])
			}
			last = was
		}
	}
	return best
}

// common: a form of words that stands alike in many texts, without a fact.
func (c *check) common(p *entry) bool { return p.form != 0 && c.forms[p.form] >= commonTexts }

// known: what is shared stands together in public already.
func (c *check) known(shared []mark) bool {
	tokens := make([]token, len(shared))
	var all float32
	for i, m := range shared {
		tokens[i] = token{hash: m.hash, sort: m.sort, digits: int(m.digits)}
		all += c.worth(m)
	}
	for _, at := range c.near(tokens, true) {
		in := map[uint32]bool{}
		for _, m := range c.passages[at].words {
			in[m.hash] = true
		}
		var part float32
		facts := true
		for _, m := range shared {
			if in[m.hash] {
				part += c.worth(m)
			} else if m.sort >= amount {
				facts = false
			}
		}
		if facts && part >= 0.8*all {
			return true
		}
	}
	return false
}
