package web

import "strings"

// difference is a text against another, in one language.
type difference struct {
	Lang, Tag         string
	Title, Body, Done redlined
	DoneMeans         string
}

// redlined are the words of both texts in order.
type redlined []piece

// piece is words that stand in both texts, or are put in or left out.
type piece struct {
	Text string
	In   bool
	Out  bool
}

// Changed reports whether anything was put in or left out.
func (x redlined) Changed() bool {
	for _, w := range x {
		if w.In || w.Out {
			return true
		}
	}
	return false
}

// maxRedline bounds the words that are put in and left out before a text is shown as another one altogether: the work grows
// with the square of it.
const maxRedline = 1500

// redline compares two texts word by word, by the shortest script (Myers, An O(ND) Difference Algorithm, 1986).
func redline(old, text string) redlined {
	a, b := split(old), split(text)
	d := shortest(a, b)
	if d == nil {
		return redlined{{Text: old, Out: true}, {Text: text, In: true}}.tidy()
	}
	var out redlined
	i, j := 0, 0
	for _, s := range d {
		for ; i < s.i; i, j = i+1, j+1 {
			out = append(out, piece{Text: a[i]})
		}
		if s.in {
			out = append(out, piece{Text: b[j], In: true})
			j++
		} else {
			out = append(out, piece{Text: a[i], Out: true})
			i++
		}
	}
	for ; i < len(a); i++ {
		out = append(out, piece{Text: a[i]})
	}
	return out.tidy()
}

// tidy joins what is of one sort.
func (x redlined) tidy() redlined {
	var out redlined
	for _, w := range x {
		if n := len(out); w.Text == "" {
			continue
		} else if n > 0 && out[n-1].In == w.In && out[n-1].Out == w.Out {
			out[n-1].Text += w.Text
		} else {
			out = append(out, w)
		}
	}
	return out
}

// split cuts a text into words, each with the space after it.
func split(s string) []string {
	var out []string
	start, space := 0, false
	for i, c := range s {
		blank := strings.ContainsRune(" \n\t", c)
		if space && !blank {
			out = append(out, s[start:i])
			start = i
		}
		space = blank
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// step puts one word of b in, or leaves the word at i of a out.
type step struct {
	i  int
	in bool
}

// shortest is the script from a to b; nil: it has more than maxRedline steps.
func shortest(a, b []string) []step {
	n, m := len(a), len(b)
	limit := min(n+m, maxRedline)
	v := make([]int, 2*limit+3)
	at := func(k int) *int { return &v[k+limit+1] }
	var trace [][]int
	for d := 0; d <= limit; d++ {
		trace = append(trace, append([]int(nil), v[limit+1-d:limit+2+d]...)) // diagonals -d to d, as they were before this round
		for k := -d; k <= d; k += 2 {
			var x int
			if k == -d || k != d && *at(k - 1) < *at(k + 1) {
				x = *at(k + 1)
			} else {
				x = *at(k - 1) + 1
			}
			for x < n && x-k < m && a[x] == b[x-k] {
				x++
			}
			if *at(k) = x; x >= n && x-k >= m {
				return backtrack(trace, n, m)
			}
		}
	}
	return nil
}

// backtrack reads the script from the rounds, last step first, and turns it round.
func backtrack(trace [][]int, x, y int) []step {
	out := make([]step, len(trace)-1)
	for d := len(trace) - 1; d > 0; d-- {
		was := func(k int) int { // the furthest point on a diagonal before round d
			if k < -(d-1) || k > d-1 {
				return -1
			}
			return trace[d][k+d]
		}
		k := x - y
		in := k == -d || k != d && was(k-1) < was(k+1)
		if in {
			x, y = was(k+1), was(k+1)-(k+1)
		} else {
			x, y = was(k-1), was(k-1)-(k-1)
		}
		out[d-1] = step{x, in}
	}
	return out
}
