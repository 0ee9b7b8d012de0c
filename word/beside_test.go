package word_test

import (
	"slices"
	"strings"
	"testing"

	"entente/word"

	"pgregory.net/rapid"
)

func TestSentences(t *testing.T) {
	for _, x := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"The group met. It decided.", []string{"The group met.", "It decided."}},
		{"The group met\nin Washington", []string{"The group met", "in Washington"}},
		{"Se reunió el Sr. Secretario con el Gral. de División. ¿Qué se acordó? ¡Todo!", []string{"Se reunió el Sr. Secretario con el Gral. de División.", "¿Qué se acordó?", "¡Todo!"}},
		{"The U.S. Government and EE. UU. are one. See art. 5 and No. 7.", []string{"The U.S. Government and EE. UU. are one.", "See art. 5 and No. 7."}},
		{"1. The first point. 2. The second.", []string{"1. The first point.", "2. The second."}},
		{"It seized 1,204.5 kg. 55 persons were handed over.", []string{"It seized 1,204.5 kg.", "55 persons were handed over."}},
		{"«Respetamos la soberanía.» “Así será.”", []string{"«Respetamos la soberanía.»", "“Así será.”"}},
		{"They said no. The group met.", []string{"They said no.", "The group met."}},
		{"in 2025. and then", []string{"in 2025. and then"}},
	} {
		if got := word.Sentences(x.text); !slices.Equal(got, x.want) {
			t.Errorf("%q\n got %q\nwant %q", x.text, got, x.want)
		}
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{"  Número, de:  ACCIÓN ": "numero de accion", "1,204.5 kg.": "1,204.5 kg", "−32 %": "32 %", "": "", "¿Año?": "ano"} {
		if got := word.Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestBeside(t *testing.T) {
	ours := word.Sentences("El grupo se reunió en Washington. Se entregaron 26 personas conforme al tratado. Cada Parte actúa en su propio territorio. México no aceptó operaciones conjuntas.")
	theirs := word.Sentences("Cada parte actua en su propio territorio. Se entregaron 55 personas conforme al tratado. El grupo se reunió en Washington. Felicitamos a nuestros agentes por su trabajo.")
	c := word.Beside(ours, theirs)
	if len(c.Common) != 3 || !c.Common[0].Same || c.Common[1].Same || !c.Common[2].Same {
		t.Fatalf("in common: %+v", c.Common)
	}
	if p := c.Common[1]; !p.Figures || !strings.Contains(p.Theirs, "55") || len(p.Pieces) == 0 {
		t.Errorf("other figures are not told: %+v", p)
	}
	if len(c.Ours) != 1 || !strings.Contains(c.Ours[0], "conjuntas") || len(c.Theirs) != 1 || !strings.Contains(c.Theirs[0], "Felicitamos") {
		t.Errorf("alone: %q %q", c.Ours, c.Theirs)
	}
}

// Every sentence of both texts stands in the comparison once, and the sides change places with the texts.
func TestBesideLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) []string {
			return rapid.SliceOfN(rapid.SampledFrom([]string{"The group met.", "the group met", "It met in Mexico City on 5 May.", "It met in Mexico City on 6 May.", "Nothing was agreed.", "Todo.", "5."}), 0, 12).Draw(t, name)
		}
		ours, theirs := draw("ours"), draw("theirs")
		c := word.Beside(ours, theirs)
		a, b := slices.Clone(c.Ours), slices.Clone(c.Theirs)
		for _, p := range c.Common {
			a, b = append(a, p.Ours), append(b, p.Theirs)
			if p.Same && (p.Figures || p.Pieces != nil) {
				t.Fatalf("the same, and not: %+v", p)
			}
		}
		for _, x := range [][2][]string{{ours, a}, {theirs, b}} {
			if !slices.Equal(slices.Sorted(slices.Values(x[0])), slices.Sorted(slices.Values(x[1]))) {
				t.Fatalf("in %q, out %q", x[0], x[1])
			}
		}
		if back := word.Beside(theirs, ours); len(back.Common) != len(c.Common) {
			t.Fatalf("%d in common one way, %d the other", len(c.Common), len(back.Common))
		}
	})
}

func TestSentencesLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("aA1.?! \n“)¿É"))).Draw(t, "text")
		if got, want := strings.Join(word.Sentences(s), " "), strings.Join(strings.Fields(s), " "); got != want {
			t.Fatalf("%q came out as %q", s, got)
		}
	})
}
