// Package sheet reads the tables that agencies and ministries publish as CSV and XLSX into cells with positions, maps them to
// fields, and writes tables as CSV and XLSX.
//
// A table is read as a stream, and as it is shown: leading zeros stay, a missing figure is not zero, a formula gives the value
// that its file holds and is never computed. What a cell means (a number, a date) is decided by the options that a person
// states; where a text can be read in two ways and nobody said which, it is refused with its place and its reason.
package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"entente/opc"
)

// Formats of a Book.
const (
	CSV  = "csv" // with any of the separators
	XLSX = "xlsx"
)

// Options say what is not to be guessed. The zero value guesses by the rules of Found.
type Options struct {
	Encoding  Encoding `json:"encoding,omitempty"`  // of a text file
	Separator string   `json:"separator,omitempty"` // of a text file: "," ";" "|" or a tab
	Loose     bool     `json:"loose,omitempty"`     // take quotes inside a field as they are (12" pipe); without it they are an error
	Unescape  bool     `json:"unescape,omitempty"`  // undo what WriteCSV does to texts that a spreadsheet would compute
}

// A Book is an opened file: one table of a text file, or the sheets of a workbook. It reads from the file whenever rows are
// asked for, so the file must stay open. A Book may be used by several readers at once.
type Book struct {
	Format string
	Found  Found       // of a text file
	Sheets []SheetInfo // in the order of the file; one without name for a text file
	file   io.ReaderAt
	size   int64
	opts   Options
	work   *workbook // of XLSX
}

// A SheetInfo names one sheet.
type SheetInfo struct {
	Name   string
	Hidden bool
	part   string
}

// Open looks at a file of size bytes and tells what it is by its content, whatever its name says. Errors wrap ErrFormat or
// ErrTooLarge and say what to do.
func Open(file io.ReaderAt, size int64, o Options) (*Book, error) {
	head := make([]byte, 512)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the start of the file: %w", err)
	}
	head = head[:n]
	b := &Book{file: file, size: size, opts: o}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) {
		return b, b.openXLSX()
	}
	if what, kind := foreign(head); what != "" {
		return nil, fault(kind, 0, "this is %s: save it as .xlsx or .csv", what)
	}
	return b, b.openCSV()
}

// foreign names a file of a kind that is not read here, by its first bytes.
func foreign(head []byte) (what string, f Fault) {
	text := strings.ToLower(string(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")))
	switch {
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return "an old Excel file (.xls) or one with a password", Protected
	case bytes.HasPrefix(head, []byte("%PDF")):
		return "a PDF", OtherKind
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return "a compressed file", OtherKind
	case strings.HasPrefix(text, "<!doctype"), strings.HasPrefix(text, "<html"), strings.HasPrefix(text, "<table"):
		return "a web page", OtherKind
	case strings.HasPrefix(text, "<?xml"):
		return "an XML file", OtherKind
	case strings.HasPrefix(text, `{\rtf`):
		return "a text document", OtherKind
	}
	return "", ""
}

// A Sheet is one table of a book.
type Sheet struct {
	SheetInfo
	book *Book
}

// Sheet gives a sheet by its name, for "" the first visible one that shows anything. Errors wrap ErrNoSheet.
func (b *Book) Sheet(name string) (*Sheet, error) {
	for _, info := range b.Sheets {
		s := &Sheet{info, b}
		if name != "" {
			if strings.EqualFold(info.Name, name) {
				return s, nil
			}
			continue
		}
		if info.Hidden {
			continue
		}
		for row, err := range s.Rows() {
			if err != nil {
				return nil, err
			}
			if !row.Blank() {
				return s, nil
			}
		}
	}
	if name == "" {
		return nil, &told{fmt.Errorf("%w: no sheet shows anything", ErrNoSheet), NothingInIt, 0}
	}
	return nil, fmt.Errorf("%w as %.80q", ErrNoSheet, name)
}

// Rows reads the sheet from its start, row by row, in the order of the file. An error is the last thing it gives; it wraps
// ErrFormat or ErrTooLarge. The rows are the caller's.
func (s *Sheet) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		read := s.book.readCSV
		if s.book.Format == XLSX {
			read = func(each func(Row) bool) error { return s.book.work.read(s.part, each) }
		}
		n, open := 0, true
		err := read(func(r Row) bool {
			if n++; n > MaxRows || r.Row > MaxRows {
				return false
			}
			open = yield(r, nil)
			return open
		})
		if err == nil && open && n > MaxRows {
			err = fmt.Errorf("%w: more than %d rows", ErrTooLarge, MaxRows)
		}
		if err != nil && open {
			yield(Row{}, sheetError(err))
		}
	}
}

// sheetError turns the errors of the package below into this one's.
func sheetError(err error) error {
	switch {
	case errors.Is(err, opc.ErrTooLarge):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	case errors.Is(err, opc.ErrFormat), errors.Is(err, opc.ErrEncrypted), errors.Is(err, opc.ErrNoPart):
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return err
}
