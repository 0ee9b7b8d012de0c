package sheet

import (
	"fmt"
	"strconv"
	"strings"
)

// Kinds of a cell. A text file has texts only.
const (
	KindText   Kind = "text"
	KindNumber Kind = "number"
	KindDate   Kind = "date" // a number that the file shows as a date
	KindTime   Kind = "time" // a number that the file shows as a time of day or a duration
	KindBool   Kind = "bool"
	KindError  Kind = "error"
)

// A Kind says what a cell holds; "" is a cell without content.
type Kind string

// A Cell is one cell as its file shows it.
type Cell struct {
	Text    string // as shown: "07", "1,234.50", "15-mar-24"
	Raw     string // of a workbook: the stored number ("45366.5"), "" for texts
	Date    string // of a KindDate: ISO, "2024-03-15" or "2024-03-15T12:00:00"
	Kind    Kind
	Formula bool // the value was computed by the program that wrote the file; it is never computed here
	Merged  bool // the value is that of the merged range, which stands in its first cell
}

// Blank reports whether the cell shows nothing but spaces.
func (c Cell) Blank() bool { return strings.TrimSpace(c.Text) == "" }

// A Row is one row that has cells. Rows without any are left out, so Row and Line may leap.
type Row struct {
	Row    int // as a spreadsheet numbers it, from 1
	Line   int // of a text file: where the row starts, from 1. In a workbook it is Row
	Hidden bool
	Cells  []Cell // from column A
}

// Blank reports whether no cell of the row shows anything.
func (r Row) Blank() bool {
	for _, c := range r.Cells {
		if !c.Blank() {
			return false
		}
	}
	return true
}

// At gives the cell of a column counted from 0, the zero Cell to the right of the last one.
func (r Row) At(column int) Cell {
	if column < 0 || column >= len(r.Cells) {
		return Cell{}
	}
	return r.Cells[column]
}

// Letter names a column counted from 0: A, B … Z, AA.
func Letter(column int) string {
	if column < 0 {
		return "?"
	}
	var b [8]byte
	i := len(b)
	for n := column + 1; n > 0 && i > 0; n = (n - 1) / 26 {
		i--
		b[i] = byte('A' + (n-1)%26)
	}
	return string(b[i:])
}

// ColumnOf is the inverse of Letter; small letters do too.
func ColumnOf(letter string) (int, error) {
	n := 0
	for _, c := range []byte(letter) {
		c &^= 0x20
		if c < 'A' || c > 'Z' || n > MaxColumns {
			return 0, fmt.Errorf("%w: %.10q names no column", ErrMapping, letter)
		}
		n = n*26 + int(c-'A') + 1
	}
	if n == 0 || n > MaxColumns {
		return 0, fmt.Errorf("%w: %.10q names no column up to %s", ErrMapping, letter, Letter(MaxColumns-1))
	}
	return n - 1, nil
}

// A1 names a cell: column from 0, row from 1.
func A1(column, row int) string { return Letter(column) + strconv.Itoa(row) }

// parseA1 reads "BC12" to column 54 and row 12; ok is false for anything else.
func parseA1(s string) (column, row int, ok bool) {
	i := 0
	for ; i < len(s) && s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z' && i < 4; i++ {
		column = column*26 + int(s[i]|0x20-'a') + 1
	}
	if i == 0 || i == len(s) || len(s)-i > 7 || s[i] == '0' {
		return 0, 0, false
	}
	for _, c := range []byte(s[i:]) {
		if c < '0' || c > '9' {
			return 0, 0, false
		}
		row = row*10 + int(c-'0')
	}
	return column - 1, row, true
}
