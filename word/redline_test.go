package word

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// shown writes changes for a comparison: [-removed-]{+added+}.
func shown(changes []Change) []string {
	var out []string
	for _, c := range changes {
		s := fmt.Sprintf("%s %d %d: ", c.Kind, c.Old, c.New)
		for _, p := range c.Pieces {
			switch p.Kind {
			case Removed:
				s += "[-" + p.Text + "-]"
			case Added:
				s += "{+" + p.Text + "+}"
			default:
				s += p.Text
			}
		}
		out = append(out, s)
	}
	return out
}

func TestRedline(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want []string }{
		"nothing": {nil, nil, nil},
		"same":    {[]string{"a b", "c"}, []string{"a b", "c"}, []string{"same 0 0: a b", "same 1 1: c"}},
		"a word": {[]string{"The Parties inspect every crossing once a month."}, []string{"The Parties inspect each crossing once a month."},
			[]string{"changed 0 0: The Parties inspect [-every-]{+each+} crossing once a month."}},
		"a sign":  {[]string{"Se acuerda, en principio"}, []string{"Se acuerda en principio."}, []string{"changed 0 0: Se acuerda[-,-] en principio{+.+}"}},
		"accents": {[]string{"El próximo día"}, []string{"El próximo año"}, []string{"changed 0 0: El próximo [-día-]{+año+}"}},
		"added":   {[]string{"first one here", "last one there"}, []string{"first one here", "between them", "last one there"}, []string{"same 0 0: first one here", "added -1 1: {+between them+}", "same 1 2: last one there"}},
		"removed": {[]string{"first", "second", "third"}, []string{"first", "third"}, []string{"same 0 0: first", "removed 1 -1: [-second-]", "same 2 1: third"}},
		"another": {[]string{"Todo cambia aquí"}, []string{"No word remains"}, []string{"removed 0 -1: [-Todo cambia aquí-]", "added -1 0: {+No word remains+}"}},
		"paired": {[]string{"The first clause of the text", "The second clause says more"}, []string{"A preamble nobody had", "The first clause of this text", "The second clause says less"},
			[]string{"added -1 0: {+A preamble nobody had+}", "changed 0 1: The first clause of [-the-]{+this+} text", "changed 1 2: The second clause says [-more-]{+less+}"}},
	} {
		if diff := cmp.Diff(c.want, shown(Redline(c.old, c.new))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// whole checks that changes hold both texts to the letter, every paragraph once and in order.
func whole(t interface{ Fatalf(string, ...any) }, old, new []string, changes []Change) {
	var gotOld, gotNew []string
	for _, c := range changes {
		var o, n strings.Builder
		for _, p := range c.Pieces {
			if p.Kind != Added {
				o.WriteString(p.Text)
			}
			if p.Kind != Removed {
				n.WriteString(p.Text)
			}
			if p.Text == "" {
				t.Fatalf("an empty piece: %+v", c)
			}
		}
		if c.Old >= 0 {
			if c.Old != len(gotOld) {
				t.Fatalf("old paragraph %d after %d", c.Old, len(gotOld))
			}
			gotOld = append(gotOld, o.String())
		}
		if c.New >= 0 {
			if c.New != len(gotNew) {
				t.Fatalf("new paragraph %d after %d", c.New, len(gotNew))
			}
			gotNew = append(gotNew, n.String())
		}
		if want := map[string]bool{Same: c.Old >= 0 && c.New >= 0, Changed: c.Old >= 0 && c.New >= 0, Added: c.Old < 0 && c.New >= 0, Removed: c.Old >= 0 && c.New < 0}[c.Kind]; !want {
			t.Fatalf("%+v", c)
		}
		if c.Kind == Changed && old[c.Old] == new[c.New] || c.Kind == Same && old[c.Old] != new[c.New] {
			t.Fatalf("%+v", c)
		}
	}
	if !slices.Equal(gotOld, old) || !slices.Equal(gotNew, new) {
		t.Fatalf("%q and %q, want %q and %q", gotOld, gotNew, old, new)
	}
}

func TestRedlineIsWhole(t *testing.T) {
	changed := 0
	rapid.Check(t, func(t *rapid.T) {
		paragraph := rapid.OneOf(rapid.StringMatching(`([abc]{1,2}[ ,.]){1,6}`), rapid.String())
		old := rapid.SliceOfN(paragraph, 0, 8).Draw(t, "old")
		new := slices.Clone(old)
		for range rapid.IntRange(0, 6).Draw(t, "edits") {
			at := rapid.IntRange(0, len(new)).Draw(t, "at")
			switch what := rapid.SampledFrom([]string{"change", "change", "insert", "delete"}).Draw(t, "what"); {
			case at == len(new) || what == "insert":
				new = slices.Insert(new, at, paragraph.Draw(t, "text"))
			case what == "delete":
				new = slices.Delete(new, at, at+1)
			default:
				new[at] += rapid.SampledFrom([]string{"ab", ".", " c "}).Draw(t, "end")
			}
		}
		changes := Redline(old, new)
		whole(t, old, new, changes)
		if !cmp.Equal(changes, Redline(old, new)) {
			t.Fatalf("equal texts, other answers")
		}
		for _, c := range changes {
			if c.Kind == Changed {
				changed++
			}
		}
	})
	if changed < 20 {
		t.Errorf("%d paragraphs changed: the interesting case did not occur", changed)
	}
}

// Texts made to be hard to compare are still answered, in the bounds of the work.
func TestRedlineIsBounded(t *testing.T) {
	word := func(s string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%s%d ", s, i)
		}
		return b.String()
	}
	many := func(s string, n int) (out []string) {
		for i := range n {
			out = append(out, fmt.Sprintf("%s %d same words here", s, i))
		}
		return out
	}
	backwards := strings.Fields(word("a", maxWords/2-10)) // all words in common, none in its place
	slices.Reverse(backwards)
	for name, c := range map[string]struct{ old, new []string }{
		"long paragraph":     {[]string{word("a", 20_000)}, []string{word("b", 20_000)}},
		"within the bound":   {[]string{word("a", maxWords/2-10)}, []string{strings.Join(backwards, " ")}},
		"again and again":    {slices.Repeat([]string{word("a", maxWords/2-10)}, 3), slices.Repeat([]string{strings.Join(backwards, " ")}, 3)},
		"many paragraphs":    {many("a", 20_000), many("b", 20_000)},
		"paragraphs, paired": {many("a", 1000), many("b", 1000)},
	} {
		t.Run(name, func(t *testing.T) { whole(t, c.old, c.new, Redline(c.old, c.new)) })
	}
}

func FuzzRedline(f *testing.F) {
	f.Add("a b c\nd", "a x c\nd\ne")
	f.Add("\xff \xfe", "\ufffd")
	f.Fuzz(func(t *testing.T, a, b string) {
		old, new := strings.Split(a, "\n"), strings.Split(b, "\n")
		whole(t, old, new, Redline(old, new))
	})
}
