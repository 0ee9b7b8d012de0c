package word

import (
	"cmp"
	"slices"
)

// A Pair is a sentence of each of two texts that say the same, or nearly.
type Pair struct {
	Ours, Theirs string
	Same         bool     // but for case, accents and signs
	Pieces       []Change // where they differ, word by word: theirs against ours
	Figures      bool     // they give other figures
}

// A Comparison is what two texts of one language have in common, and what each says alone, in the order of their sentences. Every
// sentence of both stands in it once; a sentence that a text says twice counts twice.
type Comparison struct {
	Common []Pair // in the order of ours
	Ours   []string
	Theirs []string
}

// near is the least likeness, in thousandths, at which two sentences are set beside each other as saying nearly the same: more than
// half of the words. Below it readers see no relation.
const near = 550

// Beside compares two texts sentence by sentence. The order of the sentences does not matter: two parties tell one meeting in
// different orders. Each sentence is paired with the likest of the other text, the same ones first; the answer depends on the texts
// alone. Past maxPair only what is the same is paired.
func Beside(ours, theirs []string) Comparison {
	var c Comparison
	mate := make([]int, len(ours))
	taken := make([]bool, len(theirs))
	byWords := map[string][]int{}
	for j, s := range theirs {
		byWords[Fold(s)] = append(byWords[Fold(s)], j)
	}
	for i, s := range ours {
		mate[i] = -1
		if left := byWords[Fold(s)]; len(left) > 0 {
			mate[i], taken[left[0]] = left[0], true
			byWords[Fold(s)] = left[1:]
		}
	}
	for _, m := range likest(ours, theirs, mate, taken) {
		if mate[m.i] < 0 && !taken[m.j] {
			mate[m.i], taken[m.j] = m.j, true
		}
	}
	for i, s := range ours {
		if mate[i] < 0 {
			c.Ours = append(c.Ours, s)
			continue
		}
		t := theirs[mate[i]]
		p := Pair{Ours: s, Theirs: t, Same: Fold(s) == Fold(t)}
		if !p.Same {
			p.Pieces, p.Figures = Redline([]string{s}, []string{t}), !slices.Equal(slices.Sorted(slices.Values(Figures(s))), slices.Sorted(slices.Values(Figures(t))))
		}
		c.Common = append(c.Common, p)
	}
	for j, t := range theirs {
		if !taken[j] {
			c.Theirs = append(c.Theirs, t)
		}
	}
	return c
}

type match struct{ i, j, like int }

// likest are the pairs of what is left that are alike, the likest first.
func likest(ours, theirs []string, mate []int, taken []bool) []match {
	fold := func(list []string) []string {
		out := make([]string, len(list))
		for i, s := range list {
			out[i] = Fold(s)
		}
		return out
	}
	a, wordsA := bags(fold(ours))
	b, wordsB := bags(fold(theirs))
	if wordsA*len(theirs)+wordsB*len(ours) > maxPair {
		return nil
	}
	var out []match
	for i := range ours {
		for j := range theirs {
			if mate[i] < 0 && !taken[j] {
				if l := likeness(a[i], b[j]); l >= near {
					out = append(out, match{i, j, l})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(x, y match) int { return cmp.Compare(y.like, x.like) })
	return out
}
