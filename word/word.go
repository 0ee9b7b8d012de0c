// Package word writes a text in two languages as a DOCX, in the two columns of one table, and reads one that came back.
//
// The languages are equal: row by row one paragraph stands beside the other, each tagged with its language, so that spelling is
// checked in both. The file goes out with tracking of changes switched on. What comes back is read as it is shown: insertions
// are in the text, deletions are not, comments stand apart; what cannot be read is counted, never dropped in silence.
package word

import (
	"errors"
	"strings"
)

var (
	// ErrFormat says that the bytes are no DOCX with such a table; the text says what to do.
	ErrFormat = errors.New("not a readable text of two columns")
	// ErrTooLarge says that the text goes past a bound of limits.go.
	ErrTooLarge = errors.New("the text is too large")
)

// Styles of a Row.
const (
	Text    = ""        // a paragraph
	Heading = "heading" // of a section
	Title   = "title"   // of the whole
)

// A Row is one paragraph in both languages, side by side. A line end in it is a line break.
type Row struct {
	Style string
	Texts [2]string // "" where the other language has nothing to stand beside
}

// A Document is what Write writes. The caller brings all words.
type Document struct {
	Languages [2]string // BCP 47, of the left and of the right column: "en-US", "es-MX"
	Names     [2]string // of the languages, at the head of the columns: "English", "Español"
	Rows      []Row
	Group     string // printed on every page: of whom this is a text,
	Status    string // what it is: "Proposed · Propuesto",
	Marking   string // and who may see it: "TLP:AMBER · MX, US"
	Reference string // kept in the file's properties and given back by Read: the record that this is a copy of
}

// Paragraphs cuts a text at its blank lines. Line ends within a paragraph stay.
func Paragraphs(text string) []string {
	var out []string
	for p := range strings.SplitSeq(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\n\n") {
		if p = strings.Trim(p, "\n"); strings.TrimSpace(p) != "" {
			out = append(out, p)
		}
	}
	return out
}

// Join is the inverse of Paragraphs.
func Join(paragraphs []string) string { return strings.Join(paragraphs, "\n\n") }

// Align puts the paragraphs of two languages side by side, by their number: texts that were written together have as many.
func Align(left, right []string) []Row {
	out := make([]Row, max(len(left), len(right)))
	for i := range out {
		if i < len(left) {
			out[i].Texts[0] = left[i]
		}
		if i < len(right) {
			out[i].Texts[1] = right[i]
		}
	}
	return out
}
