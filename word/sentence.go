package word

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// shortened words end in a full stop that ends no sentence; numbered ones only before a number. They are folded, and those of both
// languages of official texts stand together: none of them is a word of the other.
var (
	shortened = []string{"mr", "mrs", "ms", "dr", "dra", "sr", "sra", "sres", "lic", "ing", "gral", "gen", "col", "amb", "hon", "prof", "art", "arts", "parr", "inc", "frac",
		"fracc", "cf", "vs", "st", "av", "ee", "uu", "jr", "approx", "aprox"}
	numbered = []string{"no", "nos", "num", "nums", "par", "sec", "secs", "p", "pp"}
)

// Sentences cuts a text into its sentences. A line end ends one, and so does a full stop, question or exclamation mark before a
// space and what begins a sentence in English or Spanish; not a shortened word, an initial or the number of a point. Spaces
// within are made one. What the rules get wrong is cut in other places, and nothing of the text is lost.
func Sentences(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		start := 0
		for i, w := range words {
			if i+1 < len(words) && !ends(w, words[i+1], i == start) {
				continue
			}
			out = append(out, strings.Join(words[start:i+1], " "))
			start = i + 1
		}
	}
	return out
}

// ends reports whether a sentence ends with a word, by the word after it; first: the word begins the sentence as well.
func ends(w, next string, first bool) bool {
	bare := strings.TrimRightFunc(w, func(r rune) bool { return strings.ContainsRune(`"'”’»)]`, r) })
	end := strings.TrimRight(bare, ".?!…")
	if end == bare {
		return false
	}
	r, _ := utf8.DecodeRuneInString(next)
	if !unicode.IsUpper(r) && !unicode.IsDigit(r) && !strings.ContainsRune(`¿¡"'“‘«([–—-`, r) {
		return false
	}
	if strings.HasSuffix(bare, "?") || strings.HasSuffix(bare, "!") {
		return true
	}
	stem := strings.TrimLeft(end, `"'“‘«([¿¡`)
	if first && strings.Trim(stem, "0123456789.") == "" {
		return false // 1. The first point
	}
	if i := strings.LastIndex(stem, "."); i >= 0 && utf8.RuneCountInString(stem[i+1:]) <= 2 && strings.Trim(stem[i+1:], "0123456789") != "" {
		return false // U.S., EE.UU.
	}
	one := utf8.RuneCountInString(stem) == 1 && unicode.IsUpper([]rune(stem)[0])
	return !one && !slices.Contains(shortened, Fold(stem)) && (!unicode.IsDigit(r) || !slices.Contains(numbered, Fold(stem)))
}

// Fold is text as people compare and search it: without case, marks on letters and signs, with one space between words. The point
// or comma within a number stays.
func Fold(s string) string {
	plain := norm.NFD.String(s)
	var b strings.Builder
	b.Grow(len(plain))
	space, digit := false, false // the sign before was none that stays; it was a digit
	for i, r := range plain {
		letter := r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') || r >= utf8.RuneSelf && unicode.IsLetter(r)
		switch {
		case letter:
			r = unicode.ToLower(r)
		case unicode.IsDigit(r) || r == '%':
		case r >= utf8.RuneSelf && unicode.Is(unicode.Mn, r):
			continue
		case (r == '.' || r == ',') && digit && i+1 < len(plain) && plain[i+1] >= '0' && plain[i+1] <= '9':
		default:
			space, digit = b.Len() > 0, false
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
		digit = unicode.IsDigit(r)
	}
	return b.String()
}

// Figures are the numbers of a sentence in their order, without the commas between thousands.
func Figures(s string) []string {
	var out []string
	for w := range strings.FieldsSeq(Fold(s)) {
		if strings.ContainsFunc(w, unicode.IsDigit) {
			out = append(out, strings.ReplaceAll(w, ",", ""))
		}
	}
	return out
}
