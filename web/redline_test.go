package web

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// both reads the two texts back out of a redline.
func both(x redlined) (old, text string, changed int) {
	for _, w := range x {
		if !w.In {
			old += w.Text
		}
		if !w.Out {
			text += w.Text
		}
		if w.In || w.Out {
			changed += len(split(w.Text))
		}
	}
	return old, text, changed
}

// slow is the number of words put in and left out by the longest common sequence, the plain way.
func slow(a, b []string) int {
	t := make([][]int, len(a)+1)
	for i := range t {
		t[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if t[i][j] = max(t[i+1][j], t[i][j+1]); a[i] == b[j] {
				t[i][j] = t[i+1][j+1] + 1
			}
		}
	}
	return len(a) + len(b) - 2*t[0][0]
}

func TestRedline(t *testing.T) {
	for _, x := range [][3]string{
		{"", "", ""}, {"a b", "a b", "a b"}, {"", "new", "+new"}, {"old", "", "-old"},
		{"within ten days of it", "within five days of it", "within |-ten |+five |days of it"},
		{"one two", "one two three", "one |-two|+two three"},
	} {
		var s []string
		for _, w := range redline(x[0], x[1]) {
			s = append(s, map[bool]string{true: "+"}[w.In]+map[bool]string{true: "-"}[w.Out]+w.Text)
		}
		if got := strings.Join(s, "|"); got != x[2] {
			t.Errorf("%q to %q: %q", x[0], x[1], got)
		}
	}
	r := rand.New(rand.NewPCG(7, 7))
	long := 0
	for range 3000 {
		var x [2]string
		for i := range x {
			for range r.IntN(12) {
				x[i] += string(rune('a'+r.IntN(3))) + []string{" ", "\n\n"}[r.IntN(2)]
			}
		}
		old, text, changed := both(redline(x[0], x[1]))
		if old != x[0] || text != x[1] {
			t.Fatalf("%q to %q: read back %q and %q", x[0], x[1], old, text)
		}
		if want := slow(split(x[0]), split(x[1])); changed != want {
			t.Fatalf("%q to %q: %d words change, %d would do", x[0], x[1], changed, want)
		} else if want > 5 {
			long++
		}
	}
	if long < 500 {
		t.Errorf("%d texts differed by much", long)
	}
	a, b := strings.Repeat("a ", 2*maxRedline), strings.Repeat("b ", 2*maxRedline)
	if x := redline(a, b); len(x) != 2 || x[0].Text != a || x[1].Text != b {
		t.Errorf("texts that have nothing in common: %d pieces", len(x))
	}
}
