package sheet

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"entente/record"
)

// A Heading is one column of a table to be written.
type Heading struct {
	Titles []string // one per language: "Due date", "Fecha límite"; all stand in one header cell
	Kind   Kind     // KindNumber (a record.Decimal), KindDate (an ISO day), else text; a cell that is not of its kind is written as text
	Width  int      // in characters, 0 for one that suits the kind
}

// A Table is what WriteCSV and WriteXLSX write: the caller turns its things into rows of texts, one per heading. An empty text is
// an empty cell, which is how a missing figure is written.
type Table struct {
	Headings []Heading
	Rows     iter.Seq2[[]string, error] // an error ends the writing and is returned
}

// each calls for every row, and counts them.
func (t Table) each(write func(row []string) error) (rows int, err error) {
	if len(t.Headings) == 0 || len(t.Headings) > MaxColumns {
		return 0, fmt.Errorf("%w: a table of %d columns, write 1 to %d", ErrTooLarge, len(t.Headings), MaxColumns)
	}
	for row, err := range t.Rows {
		if err != nil {
			return rows, err
		}
		if len(row) != len(t.Headings) {
			return rows, fmt.Errorf("%w: row %d has %d cells under %d headings", ErrFormat, rows+1, len(row), len(t.Headings))
		}
		if rows++; rows >= sheetRows {
			return rows, fmt.Errorf("%w: more rows than the %d of a spreadsheet", ErrTooLarge, sheetRows)
		}
		if err := write(row); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// kindOf is the kind in which a text can be written under a heading.
func (h Heading) kindOf(text string) Kind {
	switch h.Kind {
	case KindNumber:
		if record.Decimal(text).Valid() {
			return KindNumber
		}
	case KindDate:
		if _, ok := isoDay(text); ok {
			return KindDate
		}
	}
	return KindText
}

// isoDay reads exactly 2024-03-15.
func isoDay(s string) (Day, bool) {
	var d Day
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return d, false
	}
	for i, c := range []byte(s) {
		if i == 4 || i == 7 {
			continue
		}
		if c < '0' || c > '9' {
			return d, false
		}
		n := int(c - '0')
		switch {
		case i < 4:
			d.Year = d.Year*10 + n
		case i < 7:
			d.Month = d.Month*10 + n
		default:
			d.Day = d.Day*10 + n
		}
	}
	return d, d.Valid()
}

// WriteCSV writes a table as spreadsheets of both countries open it: UTF-8 with a byte order mark, commas, CRLF, every text in
// quotes. Line ends in a text become LF. A text that a spreadsheet would compute (see Escape) is escaped. It returns the number
// of rows without the header.
func WriteCSV(w io.Writer, t Table) (rows int, err error) {
	b := bufio.NewWriter(w)
	b.WriteString("\ufeff") // errors stay in b until Flush
	for i, h := range t.Headings {
		if i > 0 {
			b.WriteByte(',')
		}
		quote(b, strings.Join(h.Titles, " / "))
	}
	b.WriteString("\r\n")
	rows, err = t.each(func(row []string) error {
		for i, text := range row {
			if i > 0 {
				b.WriteByte(',')
			}
			if t.Headings[i].kindOf(text) == KindText {
				quote(b, text)
			} else {
				b.WriteString(text)
			}
		}
		_, err := b.WriteString("\r\n")
		return err
	})
	if err != nil {
		return rows, err
	}
	return rows, b.Flush()
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func quote(b *bufio.Writer, text string) {
	b.WriteByte('"')
	b.WriteString(strings.ReplaceAll(Escape(lineEnds.Replace(strings.ToValidUTF8(text, "\ufffd"))), `"`, `""`))
	b.WriteByte('"')
}

// computed reports whether a spreadsheet that opens a CSV may take the text for a formula. The wide signs are those of East Asian
// keyboards, which some spreadsheets take too.
func computed(s string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, "'"))
	return s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", r)
}

// Escape puts an apostrophe before a text of a CSV that a spreadsheet would compute: one that starts with = + - @, their wide
// forms, a tab or a line end, with apostrophes before it or none. Unescape undoes it.
func Escape(s string) string {
	if computed(s) {
		return "'" + s
	}
	return s
}

// Unescape undoes Escape, and leaves every other text as it is.
func Unescape(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && computed(rest) {
		return rest
	}
	return s
}
