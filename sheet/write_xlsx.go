package sheet

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"entente/opc"
)

const (
	sheetRows  = 1_048_576 // of a spreadsheet, header included
	sheetChars = 32_767    // UTF-16 units of a cell
	sheetName  = 31        // UTF-16 units of a sheet's name
)

// About is the second sheet of a written workbook: it says what the first is a copy of. The caller brings the words.
type About struct {
	Sheet   string      // name of the first sheet, "Commitments · Compromisos"
	Name    string      // name of this sheet, "About · Acerca de"
	Marking string      // printed at the head of every page of both sheets: "TLP:AMBER · MX, US"
	Lines   []AboutLine // group, as of when, handling, who made it
	Count   string      // label of the line with the number of rows, which is written last
}

// An AboutLine is a label and what it says.
type AboutLine struct{ Label, Text string }

const (
	contentWorkbook  = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
	contentWorksheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
	contentStyles    = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
	spreadsheetML    = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
)

// Styles by the index of cellXfs below.
const (
	styleText = iota + 1
	styleNumber
	styleDate
	styleHeader
	styleLabel
	styleCount
	styleDecimals // and maxDecimals-1 more: numbers with one decimal, two, …
)

// maxDecimals are shown with all their zeros: 1234.50 says how exactly something was counted. A spreadsheet keeps 15 digits.
const maxDecimals = 15

// styles of the workbook. Dates are shown in ISO form: neither country's order, and nobody reads it wrong.
var styles = func() string {
	formats, xfs := "", ""
	for i := range maxDecimals {
		formats += fmt.Sprintf(`<numFmt numFmtId="%d" formatCode="0.%s"/>`, 165+i, strings.Repeat("0", i+1))
		xfs += fmt.Sprintf(`<xf numFmtId="%d" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1"><alignment vertical="top"/></xf>`, 165+i)
	}
	return fmt.Sprintf(stylesheet, 1+maxDecimals, formats, styleDecimals+maxDecimals, xfs)
}()

const stylesheet = `<styleSheet ` + spreadsheetML + `><numFmts count="%d"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/>%s</numFmts>` +
	`<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font><font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>` +
	`<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFE7E6E6"/><bgColor indexed="64"/></patternFill></fill></fills>` +
	`<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border><border><left/><right/><top/><bottom style="thin"><color rgb="FF595959"/></bottom><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
	`<cellXfs count="%d"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>` +
	`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1"><alignment vertical="top"/></xf>` +
	`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1"><alignment horizontal="left" vertical="top"/></xf>` +
	`<xf numFmtId="0" fontId="1" fillId="2" borderId="1" xfId="0" quotePrefix="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>` +
	`<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyFont="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>` +
	`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1"><alignment horizontal="left" vertical="top"/></xf>%s</cellXfs>` +
	`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

// WriteXLSX writes a workbook of two sheets: the table, its header frozen, filtered and repeated on every printed page, with real
// numbers and dates; and About. It is written as a stream; equal content gives equal bytes. It returns the number of rows
// without the header. Errors wrap ErrTooLarge or ErrFormat, or are the writer's.
func WriteXLSX(w io.Writer, t Table, a About) (rows int, err error) {
	for _, name := range []string{a.Sheet, a.Name} {
		if n := units(name); n == 0 || n > sheetName || strings.ContainsAny(name, `[]:*?/\`) || strings.HasPrefix(name, "'") || strings.HasSuffix(name, "'") {
			return 0, fmt.Errorf("%w: %q cannot name a sheet: use 1 to %d characters without [ ] : * ? / \\", ErrFormat, name, sheetName)
		}
	}
	if strings.EqualFold(a.Sheet, a.Name) {
		return 0, fmt.Errorf("%w: two sheets named %q", ErrFormat, a.Name)
	}
	p := opc.NewWriter(w)
	if err := p.Relate("", opc.Link{ID: "rId1", Type: "officeDocument", Target: "xl/workbook.xml"}); err != nil {
		return 0, err
	}
	if err := p.Relate("xl/workbook.xml", opc.Link{ID: "rId1", Type: "worksheet", Target: "worksheets/sheet1.xml"},
		opc.Link{ID: "rId2", Type: "worksheet", Target: "worksheets/sheet2.xml"}, opc.Link{ID: "rId3", Type: "styles", Target: "styles.xml"}); err != nil {
		return 0, err
	}
	if err := p.Put("xl/styles.xml", contentStyles, styles); err != nil {
		return 0, err
	}
	part, err := p.Create("xl/worksheets/sheet1.xml", contentWorksheet)
	if err != nil {
		return 0, err
	}
	if rows, err = writeTable(part, t, a.Marking); err != nil {
		return rows, err
	}
	if part, err = p.Create("xl/worksheets/sheet2.xml", contentWorksheet); err != nil {
		return rows, err
	}
	if err := writeAbout(part, a, rows); err != nil {
		return rows, err
	}
	quoted := "'" + strings.ReplaceAll(a.Sheet, "'", "''") + "'!"
	last := Letter(len(t.Headings) - 1)
	err = p.Put("xl/workbook.xml", contentWorkbook, `<workbook `+spreadsheetML+`><sheets><sheet name="`+opc.Escape(a.Sheet)+`" sheetId="1" r:id="rId1"/><sheet name="`+
		opc.Escape(a.Name)+`" sheetId="2" r:id="rId2"/></sheets><definedNames><definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">`+
		opc.Escape(fmt.Sprintf("%s$A$1:$%s$%d", quoted, last, rows+1))+`</definedName><definedName name="_xlnm.Print_Titles" localSheetId="0">`+
		opc.Escape(quoted)+`$1:$1</definedName></definedNames></workbook>`)
	if err != nil {
		return rows, err
	}
	return rows, p.Close()
}

func writeTable(w io.Writer, t Table, marking string) (int, error) {
	b := bufio.NewWriter(w) // its errors stay until Flush
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<worksheet ` + spreadsheetML + `><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>` +
		`<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>`)
	for i, h := range t.Headings {
		fmt.Fprintf(b, `<col min="%d" max="%d" width="%d" customWidth="1"/>`, i+1, i+1, h.width())
	}
	titles := make([]string, len(t.Headings))
	for i, h := range t.Headings {
		titles[i] = strings.Join(h.Titles, "\n")
	}
	b.WriteString(`</cols><sheetData>` + t.rowStart(1, titles))
	for i := range t.Headings {
		if err := textCell(b, i, 1, styleHeader, titles[i]); err != nil {
			return 0, err
		}
	}
	b.WriteString(`</row>`)
	number := 1
	rows, err := t.each(func(row []string) error {
		number++
		b.WriteString(t.rowStart(number, row))
		for i, text := range row {
			if text == "" {
				continue
			}
			switch t.Headings[i].kindOf(text) {
			case KindNumber:
				fmt.Fprintf(b, `<c r="%s" s="%d"><v>%s</v></c>`, A1(i, number), numberStyle(text), text)
				continue
			case KindDate:
				day, _ := isoDay(text)
				if serial, ok := serialOf(day); ok {
					fmt.Fprintf(b, `<c r="%s" s="%d"><v>%d</v></c>`, A1(i, number), styleDate, serial)
					continue
				}
			}
			if err := textCell(b, i, number, styleText, text); err != nil {
				return err
			}
		}
		_, err := b.WriteString(`</row>`)
		return err
	})
	if err != nil {
		return rows, err
	}
	fmt.Fprintf(b, `</sheetData><autoFilter ref="A1:%s"/>`, A1(len(t.Headings)-1, number))
	pageEnd(b, marking)
	return rows, b.Flush()
}

func writeAbout(w io.Writer, a About, rows int) error {
	b := bufio.NewWriter(w)
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<worksheet ` + spreadsheetML + `><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>` +
		`<cols><col min="1" max="1" width="36" customWidth="1"/><col min="2" max="2" width="80" customWidth="1"/></cols><sheetData>`)
	number := 0
	for _, l := range a.Lines {
		number++
		fmt.Fprintf(b, `<row r="%d">`, number)
		if err := textCell(b, 0, number, styleLabel, l.Label); err != nil {
			return err
		}
		if err := textCell(b, 1, number, styleText, l.Text); err != nil {
			return err
		}
		b.WriteString(`</row>`)
	}
	number++
	fmt.Fprintf(b, `<row r="%d">`, number)
	if err := textCell(b, 0, number, styleLabel, a.Count); err != nil {
		return err
	}
	fmt.Fprintf(b, `<c r="%s" s="%d"><v>%d</v></c></row></sheetData>`, A1(1, number), styleCount, rows)
	pageEnd(b, a.Marking)
	return b.Flush()
}

// pageEnd closes a worksheet: landscape, as wide as the page, marking above, page of pages below.
func pageEnd(b *bufio.Writer, marking string) {
	head := ""
	if marking != "" {
		head = `<oddHeader>&amp;C` + opc.Escape(strings.ReplaceAll(marking, "&", "&&")) + `</oddHeader>`
	}
	b.WriteString(`<pageMargins left="0.5" right="0.5" top="0.75" bottom="0.75" header="0.3" footer="0.3"/>` +
		`<pageSetup orientation="landscape" fitToWidth="1" fitToHeight="0"/><headerFooter>` + head + `<oddFooter>&amp;L&amp;A&amp;R&amp;P / &amp;N</oddFooter></headerFooter></worksheet>`)
}

func (h Heading) width() int {
	switch {
	case h.Width > 0:
		return min(h.Width, 255)
	case h.Kind == KindNumber, h.Kind == KindDate:
		return 14
	}
	return 32
}

// numberStyle shows as many decimals as the text has.
func numberStyle(text string) int {
	if _, rest, ok := strings.Cut(text, "."); ok && len(rest) <= maxDecimals {
		return styleDecimals + len(rest) - 1
	}
	return styleNumber
}

// rowStart opens a row. Programs do not agree on who finds the height of a row whose texts wrap: it is stated.
func (t Table) rowStart(number int, texts []string) string {
	lines := 1
	for i, text := range texts {
		n, width := 0, max(t.Headings[i].width()-2, 1)
		for l := range strings.SplitSeq(text, "\n") {
			n += 1 + max(utf8.RuneCountInString(l)-1, 0)/width
		}
		lines = max(lines, n)
	}
	if lines == 1 {
		return fmt.Sprintf(`<row r="%d">`, number)
	}
	return fmt.Sprintf(`<row r="%d" ht="%d" customHeight="1">`, number, min(15*lines, 409))
}

// textCell writes a text in place: it is never taken for a formula.
func textCell(b *bufio.Writer, column, row, style int, text string) error {
	if units(text) > sheetChars {
		return fmt.Errorf("%w: the cell %s has more than the %d characters that a spreadsheet holds", ErrTooLarge, A1(column, row), sheetChars)
	}
	fmt.Fprintf(b, `<c r="%s" s="%d" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, A1(column, row), style, escapeX(text))
	return nil
}

// units counts a text as spreadsheets do.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// escapeX is the inverse of unescapeX, and XML.
func escapeX(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '_' && isX(s[i:]):
			b.WriteString("_x005F_")
		case r < ' ' && r != '\t' && r != '\n', r == 0xfffe, r == 0xffff:
			fmt.Fprintf(&b, "_x%04X_", r)
		case r == utf8.RuneError:
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return opc.Escape(b.String())
}

// isX reports whether s starts with what unescapeX undoes.
func isX(s string) bool {
	if len(s) < 7 || s[1] != 'x' || s[6] != '_' {
		return false
	}
	_, err := strconv.ParseUint(s[2:6], 16, 16)
	return err == nil
}
