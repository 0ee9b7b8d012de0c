package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding"
)

// separators in the order in which they win a tie.
var separators = []rune{',', ';', '\t', '|'}

// sampleSize is how much of a text file is looked at for its separator and its line ends.
const sampleSize = 64 << 10

func (b *Book) openCSV() error {
	if b.size > MaxCSV {
		return fmt.Errorf("%w: %d bytes, the limit of a text file is %d", ErrTooLarge, b.size, MaxCSV)
	}
	var err error
	if b.Found, err = findEncoding(b.file, b.size, b.opts.Encoding); err != nil {
		return err
	}
	b.Format, b.Sheets = CSV, []SheetInfo{{}}
	sample := make([]byte, sampleSize)
	n, err := io.ReadFull(b.text(), sample)
	whole := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !whole {
		return textError(err)
	}
	sample = sample[:n]
	if bytes.IndexByte(sample, '\n') < 0 && bytes.IndexByte(sample, '\r') >= 0 {
		b.Found.macLines = true
		sample = bytes.ReplaceAll(sample, []byte{'\r'}, []byte{'\n'})
	}
	if len(bytes.TrimSpace(sample)) == 0 && whole {
		return fault(NothingInIt, 0, "the file is empty")
	}
	if line, _, ok := bytes.Cut(sample, []byte("\n")); ok && bytes.HasPrefix(line, []byte("sep=")) {
		if sep := strings.TrimSuffix(string(line[4:]), "\r"); isSeparator(sep) {
			b.Found.sepLine, b.Found.Separator = true, rune(sep[0])
		}
	}
	if s := b.opts.Separator; s != "" {
		if !isSeparator(s) {
			return fmt.Errorf("%w: the separator %.10q is not one of , ; tab |", ErrFormat, s)
		}
		b.Found.Separator = rune(s[0])
	} else if !b.Found.sepLine {
		if !whole {
			if i := bytes.LastIndexByte(sample, '\n'); i > 0 {
				sample = sample[:i]
			}
		}
		b.Found.Separator = findSeparator(sample)
	}
	return nil
}

func isSeparator(s string) bool { return len(s) == 1 && strings.Contains(",;\t|", s) }

// findSeparator applies the rule of Found to the first lines.
func findSeparator(sample []byte) rune {
	best, bestRows, bestWidth := separators[0], 0, 0
	for _, sep := range separators {
		widths, n := make(map[int]int), 0
		r := csv.NewReader(bytes.NewReader(sample))
		r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = sep, -1, true, true
		for n < 4*MaxSearch {
			row, err := r.Read()
			if err != nil {
				break
			}
			widths[len(row)]++
			n++
		}
		width, rows := 0, 0
		for w, k := range widths {
			if w > 1 && (k > rows || k == rows && w > width) {
				width, rows = w, k
			}
		}
		if rows > bestRows || rows == bestRows && width > bestWidth {
			best, bestRows, bestWidth = sep, rows, width
		}
	}
	return best
}

// readCSV gives the rows of a text file until each says no.
func (b *Book) readCSV(each func(Row) bool) error {
	g := &rowGuard{r: b.text()}
	lines := 0
	if b.Found.sepLine {
		lines = 1
		if err := g.dropLine(); err != nil {
			return err
		}
	}
	r := csv.NewReader(g)
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = b.Found.Separator, -1, b.opts.Loose, true
	next := 1 // the line after the last row, as the reader counts
	number := 0
	for {
		g.read = 0
		before := r.InputOffset()
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return csvError(err, lines)
		}
		if len(record) == 1 && record[0] == "\x1a" && r.InputOffset() == before+1 { // the last byte: how DOS ends a text
			return nil
		}
		if len(record) > MaxColumns {
			return fmt.Errorf("%w: a row of %d cells, the limit is %d", ErrTooLarge, len(record), MaxColumns)
		}
		start, _ := r.FieldPos(0)
		number += 1 + max(start-next, 0) // blank lines are no rows to the reader and rows to a spreadsheet
		row := Row{Row: number, Line: start + lines, Cells: make([]Cell, len(record))}
		breaks := 0
		for i, text := range record {
			if len(text) > MaxCell {
				return fmt.Errorf("%w: line %d: the cell %s has %d bytes, the limit is %d", ErrTooLarge, row.Line, A1(i, number), len(text), MaxCell)
			}
			breaks += strings.Count(text, "\n")
			if b.opts.Unescape {
				text = Unescape(text)
			}
			if text != "" {
				row.Cells[i] = Cell{Text: text, Kind: KindText}
			}
		}
		if b.opts.Loose && breaks > MaxBreaks {
			return fault(OpenQuote, row.Line, "line %d: a quote is opened and not closed within %d lines", row.Line, MaxBreaks)
		}
		next = start + breaks + 1
		if !each(row) {
			return nil
		}
	}
}

// csvError says where and what to do; lines stood before the reader's first.
func csvError(err error, lines int) error {
	var p *csv.ParseError
	if errors.As(err, &p) && (errors.Is(p.Err, csv.ErrQuote) || errors.Is(p.Err, csv.ErrBareQuote)) {
		return fault(OpenQuote, p.Line+lines, "line %d, byte %d: a quote that is not doubled or not closed: mend it, or take quotes as they are", p.Line+lines, p.Column)
	}
	return textError(err)
}

// textError turns an error of decoding into one that says what to do.
func textError(err error) error {
	if errors.Is(err, encoding.ErrInvalidUTF8) {
		return fault(OtherEncoding, 0, "it is not in UTF-8 as was stated: state another encoding")
	}
	return err
}

// rowGuard counts what was read since the last row, so that an open quote cannot take a whole file into memory.
type rowGuard struct {
	r    io.Reader
	read int
}

func (g *rowGuard) Read(b []byte) (int, error) {
	if g.read > MaxRow+sampleSize {
		return 0, fmt.Errorf("%w: a row of more than %d bytes: is a quote left open?", ErrTooLarge, MaxRow)
	}
	n, err := g.r.Read(b)
	g.read += n
	return n, err
}

// dropLine reads the short first line byte by byte.
func (g *rowGuard) dropLine() error {
	b := make([]byte, 1)
	for b[0] != '\n' {
		if _, err := io.ReadFull(g.r, b); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
	return nil
}
