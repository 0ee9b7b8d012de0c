package sheet

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"entente/opc"
)

// workbook is what is held of an opened XLSX: its directory, shared texts and number formats. Cells are not.
type workbook struct {
	p      *opc.Package
	shared []string
	styles []style // by the index that cells name
	d1904  bool
	render *renderer
}

// namespaces of SpreadsheetML: transitional and strict.
func ours(n xml.Name) bool {
	return n.Space == "http://schemas.openxmlformats.org/spreadsheetml/2006/main" || n.Space == "http://purl.oclc.org/ooxml/spreadsheetml/main"
}

func (b *Book) openXLSX() error {
	p, err := opc.Open(b.file, b.size, packageLimits)
	if err != nil {
		return sheetError(err)
	}
	w := &workbook{p: p}
	if err := b.readWorkbook(w); err != nil {
		return sheetError(err)
	}
	b.Format, b.work = XLSX, w
	return nil
}

func (b *Book) readWorkbook(w *workbook) error {
	root, err := w.p.Relationships("")
	if err != nil {
		return err
	}
	main := opc.Related(root, "officeDocument")
	switch {
	case main == "" && w.p.Has("content.xml"):
		return fault(OtherKind, 0, "this is an OpenDocument file: save it as .xlsx")
	case strings.HasSuffix(main, ".bin"):
		return fault(OtherKind, 0, "this is a binary workbook (.xlsb): save it as .xlsx")
	case main == "" || !w.p.Has(main):
		return fault(OtherKind, 0, "the zip holds no workbook")
	}
	rels, err := w.p.Relationships(main)
	if err != nil {
		return err
	}
	if err := b.readSheets(w, main, rels); err != nil {
		return fmt.Errorf("reading the workbook: %w", err)
	}
	if part := opc.Related(rels, "sharedStrings"); part != "" {
		if err := w.readShared(part); err != nil {
			return fmt.Errorf("reading the shared texts: %w", err)
		}
	}
	if part := opc.Related(rels, "styles"); part != "" {
		if err := w.readStyles(part); err != nil {
			return fmt.Errorf("reading the styles: %w", err)
		}
	}
	w.render = newRenderer(w.d1904)
	return nil
}

// each reads a part and calls for every element of SpreadsheetML that starts, with the names of those around it. The call says
// whether it read the element up to its end.
func (w *workbook) each(part string, start func(d *opc.Decoder, around []string, e xml.StartElement) (read bool, err error)) error {
	d, err := w.p.XML(part)
	if err != nil {
		return err
	}
	defer d.Close()
	var around []string
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
			if !ours(t.Name) {
				if len(around) == 0 {
					return fmt.Errorf("%w: %.80q is no part of a workbook", ErrFormat, part)
				}
				if err := d.Skip(); err != nil {
					return err
				}
				continue
			}
			read, err := start(d, around, t)
			if err != nil {
				return err
			}
			if !read {
				around = append(around, t.Name.Local)
			}
		case xml.EndElement:
			around = around[:len(around)-1]
		}
	}
}

// in reports whether the innermost elements around are these.
func in(around []string, parents ...string) bool {
	return len(around) >= len(parents) && slices.Equal(around[len(around)-len(parents):], parents)
}

func (b *Book) readSheets(w *workbook, main string, rels []opc.Relationship) error {
	parts := make(map[string]string)
	for _, r := range rels {
		if r.Type == "worksheet" {
			parts[r.ID] = r.Part
		}
	}
	return w.each(main, func(_ *opc.Decoder, around []string, e xml.StartElement) (bool, error) {
		switch {
		case len(around) == 0 && e.Name.Local != "workbook":
			return false, fault(OtherKind, 0, "it is no workbook")
		case e.Name.Local == "workbookPr" && in(around, "workbook"):
			w.d1904 = isTrue(opc.Attr(e, "date1904"))
		case e.Name.Local == "sheet" && in(around, "workbook", "sheets"):
			if len(b.Sheets) == MaxSheets {
				return false, fmt.Errorf("%w: more than %d sheets", ErrTooLarge, MaxSheets)
			}
			part := ""
			for _, a := range e.Attr {
				if a.Name.Local == "id" && a.Name.Space != "" {
					part = parts[a.Value]
				}
			}
			if part != "" { // a chart or a dialogue is no table
				state := opc.Attr(e, "state")
				b.Sheets = append(b.Sheets, SheetInfo{Name: opc.Attr(e, "name"), Hidden: state == "hidden" || state == "veryHidden", part: part})
			}
		}
		return false, nil
	})
}

func isTrue(s string) bool { return s == "1" || s == "true" || s == "on" }

func (w *workbook) readShared(part string) error {
	size := 0
	return w.each(part, func(d *opc.Decoder, around []string, e xml.StartElement) (bool, error) {
		switch {
		case e.Name.Local == "si" && in(around, "sst"):
			if len(w.shared) == MaxShared {
				return false, fmt.Errorf("%w: more than %d shared texts", ErrTooLarge, MaxShared)
			}
			w.shared = append(w.shared, "")
		case e.Name.Local == "t" && len(w.shared) > 0 && (in(around, "sst", "si") || in(around, "si", "r")): // not rPh, which says how to pronounce
			text, err := d.Text(MaxCell)
			if err != nil {
				return false, err
			}
			last := &w.shared[len(w.shared)-1]
			if size += len(text); size > MaxSharedBytes || len(*last)+len(text) > MaxCell {
				return false, fmt.Errorf("%w: shared texts of more than %d bytes, or one of more than %d", ErrTooLarge, MaxSharedBytes, MaxCell)
			}
			*last += unescapeX(text)
			return true, nil
		}
		return false, nil
	})
}

// style is what a cell's style says of its number.
type style struct {
	id   int    // of the number format
	code string // "" for one that every program knows by its number
	kind Kind   // of a number shown with it
}

func (w *workbook) readStyles(part string) error {
	codes := make(map[int]string)
	return w.each(part, func(_ *opc.Decoder, around []string, e xml.StartElement) (bool, error) {
		switch {
		case e.Name.Local == "numFmt" && in(around, "styleSheet", "numFmts"):
			id, err := strconv.Atoi(opc.Attr(e, "numFmtId"))
			code := opc.Attr(e, "formatCode")
			if err != nil || len(codes) == MaxStyles || len(code) > MaxFormat {
				return false, fmt.Errorf("%w: a number format that cannot be used", ErrFormat)
			}
			codes[id] = code
		case e.Name.Local == "xf" && in(around, "styleSheet", "cellXfs"):
			if len(w.styles) == MaxStyles {
				return false, fmt.Errorf("%w: more than %d styles", ErrTooLarge, MaxStyles)
			}
			s := style{kind: KindNumber}
			if v := opc.Attr(e, "numFmtId"); v != "" {
				id, err := strconv.Atoi(v)
				if err != nil {
					return false, fmt.Errorf("%w: a style of the number format %.20q", ErrFormat, v)
				}
				s.id, s.code = id, codes[id]
				s.kind = numberKind(id, s.code)
			}
			w.styles = append(w.styles, s)
		}
		return false, nil
	})
}

// numberKind tells from a number format whether it shows a number, a date or a time.
func numberKind(id int, code string) Kind {
	if code == "" { // ECMA-376 part 1, 18.8.30
		switch {
		case id >= 14 && id <= 17, id == 22, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 58:
			return KindDate
		case id >= 18 && id <= 21, id >= 32 && id <= 35, id >= 45 && id <= 47:
			return KindTime
		}
		return KindNumber
	}
	if strings.EqualFold(code, "general") {
		return KindNumber
	}
	day, hour, month := false, false, false
	for i := 0; i < len(code) && code[i] != ';'; i++ {
		switch c := code[i]; c {
		case '\\', '_', '*': // the next character stands for itself, for its width, for a filling
			i++
		case '"':
			for i++; i < len(code) && code[i] != '"'; i++ {
			}
		case '[': // a colour, a locale, a condition; [h] is a duration
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return KindNumber
			}
			inside := strings.ToLower(code[i+1 : i+end])
			hour = hour || inside != "" && strings.Trim(inside, "hms") == ""
			i += end
		case 'y', 'Y', 'd', 'D':
			day = true
		case 'h', 'H', 's', 'S':
			hour = true
		case 'm', 'M':
			month = true
		}
	}
	switch {
	case day, month && !hour:
		return KindDate
	case hour:
		return KindTime
	}
	return KindNumber
}
