package sheet

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"entente/opc"
)

// read gives the rows of a worksheet until each says no.
func (w *workbook) read(part string, each func(Row) bool) error {
	merges, err := w.merges(part)
	if err != nil {
		return err
	}
	d, err := w.p.XML(part)
	if err != nil {
		return err
	}
	defer d.Close()
	last, inData := 0, false
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch {
			case !ours(t.Name):
				err = d.Skip()
			case t.Name.Local == "sheetData":
				inData = true
			case t.Name.Local == "row" && inData:
				row := Row{Row: last + 1, Hidden: isTrue(opc.Attr(t, "hidden"))}
				if v := opc.Attr(t, "r"); v != "" {
					n, nerr := strconv.Atoi(v)
					if nerr != nil || n <= last {
						return fmt.Errorf("%w: the row %.20q follows the row %d", ErrFormat, v, last)
					}
					row.Row = n
				}
				if row.Row > MaxRows {
					return fmt.Errorf("%w: row %d, the limit is %d", ErrTooLarge, row.Row, MaxRows)
				}
				last, row.Line = row.Row, row.Row
				if row.Cells, err = w.readRow(d, row.Row); err != nil {
					return err
				}
				if row.Cells, err = merges.fill(row); err != nil {
					return err
				}
				if len(row.Cells) > 0 && !each(row) {
					return nil
				}
			case inData:
				err = d.Skip()
			}
			if err != nil {
				return err
			}
		case xml.EndElement:
			if inData && t.Name.Local == "sheetData" {
				return nil
			}
		}
	}
}

// readRow reads up to the end of the row.
func (w *workbook) readRow(d *opc.Decoder, number int) ([]Cell, error) {
	var cells []Cell
	size := 0
	for {
		t, err := d.Token()
		if err != nil {
			return nil, cutShort(err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			return cells, nil
		case xml.StartElement:
			if !ours(t.Name) || t.Name.Local != "c" {
				if err := d.Skip(); err != nil {
					return nil, err
				}
				continue
			}
			column := len(cells)
			if v := opc.Attr(t, "r"); v != "" {
				c, r, ok := parseA1(v)
				if !ok || r != number || c < len(cells) {
					return nil, fmt.Errorf("%w: the cell %.20q stands in row %d after %s", ErrFormat, v, number, A1(len(cells)-1, number))
				}
				column = c
			}
			if column >= MaxColumns {
				return nil, fmt.Errorf("%w: the cell %s, the last column that is read is %s", ErrTooLarge, A1(column, number), Letter(MaxColumns-1))
			}
			c, err := w.readCell(d, t)
			if err != nil {
				return nil, fmt.Errorf("cell %s: %w", A1(column, number), err)
			}
			if size += len(c.Text); size > MaxRow {
				return nil, fmt.Errorf("%w: row %d has more than %d bytes", ErrTooLarge, number, MaxRow)
			}
			if c.Kind == "" {
				continue // a cell with a style and no content
			}
			cells = append(cells, make([]Cell, column-len(cells))...)
			cells = append(cells, c)
		}
	}
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: it ends in the middle", ErrFormat)
	}
	return err
}

// readCell reads up to the end of the cell.
func (w *workbook) readCell(d *opc.Decoder, e xml.StartElement) (Cell, error) {
	kind, styleIndex := opc.Attr(e, "t"), opc.Attr(e, "s")
	var c Cell
	value, inline := "", ""
	for {
		t, err := d.Token()
		if err != nil {
			return c, cutShort(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch {
			case !ours(t.Name):
				err = d.Skip()
			case t.Name.Local == "v":
				value, err = d.Text(MaxCell)
			case t.Name.Local == "f":
				c.Formula = true
				err = d.Skip()
			case t.Name.Local == "is":
				inline, err = inlineText(d)
			default:
				err = d.Skip()
			}
			if err != nil {
				return c, err
			}
		case xml.EndElement:
			return w.cell(c, kind, styleIndex, value, inline)
		}
	}
}

// inlineText reads the text of an is element: t, or the t of every r.
func inlineText(d *opc.Decoder) (string, error) {
	var b strings.Builder
	for open := 1; open > 0; {
		t, err := d.Token()
		if err != nil {
			return "", cutShort(err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			open--
		case xml.StartElement:
			switch {
			case t.Name.Local == "t" && ours(t.Name):
				s, err := d.Text(MaxCell)
				if err != nil {
					return "", err
				}
				if b.Len()+len(s) > MaxCell {
					return "", fmt.Errorf("%w: a text of more than %d bytes", ErrTooLarge, MaxCell)
				}
				b.WriteString(s)
			case t.Name.Local == "r" && ours(t.Name):
				open++
			default:
				if err := d.Skip(); err != nil {
					return "", err
				}
			}
		}
	}
	return unescapeX(b.String()), nil
}

// cell makes a cell of what its element says (ECMA-376 part 1, 18.18.11).
func (w *workbook) cell(c Cell, kind, styleIndex, value, inline string) (Cell, error) {
	switch kind {
	case "inlineStr":
		c.Text, c.Kind = inline, KindText
	case "str":
		c.Text, c.Kind = unescapeX(value), KindText
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || i < 0 || i >= len(w.shared) {
			return c, fmt.Errorf("%w: the shared text %.20q of %d", ErrFormat, value, len(w.shared))
		}
		c.Text, c.Kind = w.shared[i], KindText
	case "b":
		c.Text, c.Kind, c.Raw = "FALSE", KindBool, value
		if isTrue(strings.TrimSpace(value)) {
			c.Text = "TRUE"
		}
	case "e":
		c.Text, c.Kind = value, KindError
	case "d":
		c.Text, c.Date, c.Kind = value, value, KindDate
	case "", "n":
		if value = strings.TrimSpace(value); value == "" {
			if c.Formula {
				c.Kind = KindText // with nothing to show; the flag says why
			}
			return c, nil
		}
		f, err := strconv.ParseFloat(value, 64)
		if err != nil || len(value) > 64 || strings.Trim(value, "0123456789+-.eE") != "" {
			return c, fmt.Errorf("%w: the number %.30q", ErrFormat, value)
		}
		s := style{kind: KindNumber}
		if styleIndex != "" {
			i, err := strconv.Atoi(styleIndex)
			if err != nil || i < 0 || i >= len(w.styles) && i > 0 {
				return c, fmt.Errorf("%w: the style %.20q of %d", ErrFormat, styleIndex, len(w.styles))
			}
			if i < len(w.styles) {
				s = w.styles[i]
			}
		}
		c.Raw, c.Kind = value, s.kind
		if s.kind == KindDate {
			if c.Date = serialDate(f, w.d1904); c.Date == "" {
				c.Kind = KindNumber // below zero or past the year 9999: spreadsheets show ####
			}
		}
		c.Text = w.render.text(f, value, s)
	default:
		return c, fmt.Errorf("%w: a cell of the type %.20q", ErrFormat, kind)
	}
	if c.Text == "" && !c.Formula {
		return Cell{}, nil
	}
	return c, nil
}

// unescapeX undoes _x000D_, the way in which workbooks write characters that XML cannot hold (ECMA-376 part 1, 22.9.2.19).
func unescapeX(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if len(s)-i >= 7 && s[i] == '_' && s[i+1] == 'x' && s[i+6] == '_' {
			if n, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil && (n < 0xd800 || n > 0xdfff) {
				b.WriteRune(rune(n))
				i += 6
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// A merge is a range of cells that shows the value of its first: rows from 1, columns from 0, both ends in it.
type merge struct {
	top, bottom, left, right int
	value                    Cell
}

// mergeList is filled row by row: waiting by top row, active until their bottom row.
type mergeList struct {
	waiting, active []merge
	filled          int
}

// merges of a worksheet stand after its rows.
func (w *workbook) merges(part string) (*mergeList, error) {
	d, err := w.p.Tail(part, "sheetData")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var list mergeList
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		e, ok := t.(xml.StartElement)
		if !ok || e.Name.Local != "mergeCell" {
			continue
		}
		if len(list.waiting) == MaxMerges {
			return nil, fmt.Errorf("%w: more than %d merged ranges", ErrTooLarge, MaxMerges)
		}
		from, to, _ := strings.Cut(opc.Attr(e, "ref"), ":")
		left, top, ok1 := parseA1(from)
		right, bottom, ok2 := parseA1(to)
		if to == "" {
			continue // one cell
		}
		if !ok1 || !ok2 || right < left || bottom < top {
			return nil, fmt.Errorf("%w: the merged range %.40q", ErrFormat, opc.Attr(e, "ref"))
		}
		list.waiting = append(list.waiting, merge{top: top, bottom: bottom, left: left, right: min(right, MaxColumns-1)})
	}
	slices.SortStableFunc(list.waiting, func(a, b merge) int { return cmp.Compare(a.top, b.top) })
	return &list, nil
}

// fill gives the merged cells of a row the value of their range's first cell. Rows must come in order.
func (l *mergeList) fill(row Row) ([]Cell, error) {
	cells := row.Cells
	if len(cells) == 0 {
		return nil, nil // nothing of its own: no row
	}
	l.active = slices.DeleteFunc(l.active, func(m merge) bool { return m.bottom < row.Row })
	for len(l.waiting) > 0 && l.waiting[0].top <= row.Row {
		m := l.waiting[0]
		l.waiting = l.waiting[1:]
		if m.top == row.Row && m.left < len(cells) {
			m.value = cells[m.left]
			m.value.Merged = true
		}
		if m.value.Kind != "" && m.bottom >= row.Row { // a range without value fills nothing
			l.active = append(l.active, m)
		}
	}
	width := 0
	for _, m := range l.active {
		width += m.right + 1 - m.left
	}
	if width > MaxColumns {
		return nil, fmt.Errorf("%w: merged ranges that overlap", ErrFormat)
	}
	if l.filled += width; l.filled > MaxFilled {
		return nil, fmt.Errorf("%w: merged ranges of more than %d cells", ErrTooLarge, MaxFilled)
	}
	for _, m := range l.active {
		if m.right >= len(cells) {
			cells = append(cells, make([]Cell, m.right+1-len(cells))...)
		}
		for c := m.left; c <= m.right; c++ {
			if cells[c].Kind == "" && (row.Row != m.top || c != m.left) {
				cells[c] = m.value
			}
		}
	}
	return cells, nil
}
