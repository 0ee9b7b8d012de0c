package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

// byExcelize makes a workbook with another program's library.
func byExcelize(t testing.TB, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWorkbookOfAnotherProgram(t *testing.T) {
	date := "dd/mm/yyyy"
	b := byExcelize(t, func(f *excelize.File) {
		style := func(s excelize.Style) int {
			n, err := f.NewStyle(&s)
			must(t, err)
			return n
		}
		set := func(cell string, v any, s int) {
			must(t, f.SetCellValue("Sheet1", cell, v))
			if s != 0 {
				must(t, f.SetCellStyle("Sheet1", cell, cell, s))
			}
		}
		_, err := f.NewSheet("Datos ñ")
		must(t, err)
		_, err = f.NewSheet("Oculta")
		must(t, err)
		must(t, f.SetSheetVisible("Oculta", false))
		set("B2", "Año", 0)
		set("C2", "  x y ", 0)
		set("B3", 1234567.5, style(excelize.Style{NumFmt: 4}))
		set("C3", 0.1, 0)
		set("D3", 0.325, style(excelize.Style{NumFmt: 10}))
		set("E3", 45366, style(excelize.Style{CustomNumFmt: &date}))
		set("F3", 45366.75, style(excelize.Style{NumFmt: 22}))
		set("G3", 0.5, style(excelize.Style{NumFmt: 20}))
		set("H3", true, 0)
		set("I3", 7, style(excelize.Style{CustomNumFmt: ptr("000")}))
		set("J3", 0, style(excelize.Style{CustomNumFmt: ptr(`0;-0;"n/d"`)}))
		must(t, f.SetCellFormula("Sheet1", "K3", "SUM(1,2)"))
		must(t, f.SetCellRichText("Sheet1", "L3", []excelize.RichTextRun{{Text: "uno "}, {Text: "dos", Font: &excelize.Font{Bold: true}}}))
		set("B5", "Norte", 0)
		must(t, f.MergeCell("Sheet1", "B5", "C7"))
		set("D5", 1, 0)
		set("D6", 2, 0)
		set("D8", 3, 0)
		must(t, f.SetRowVisible("Sheet1", 6, false))
		must(t, f.SetCellValue("Datos ñ", "A1", "solo"))
	})
	book := open(t, b, Options{})
	if book.Format != XLSX || len(book.Sheets) != 3 || book.Sheets[1].Name != "Datos ñ" || !book.Sheets[2].Hidden || book.Sheets[0].Hidden {
		t.Fatalf("%+v", book.Sheets)
	}
	rows := rowsOf(t, book, "")
	text := func(s string) Cell { return Cell{Text: s, Kind: KindText} }
	want := []Row{
		{Row: 2, Line: 2, Cells: []Cell{{}, text("Año"), text("  x y ")}},
		{Row: 3, Line: 3, Cells: []Cell{{}, {Text: "1,234,567.50", Raw: "1234567.5", Kind: KindNumber}, {Text: "0.1", Raw: "0.1", Kind: KindNumber},
			{Text: "32.50%", Raw: "0.325", Kind: KindNumber}, {Text: "15/03/2024", Raw: "45366", Kind: KindDate, Date: "2024-03-15"},
			{Text: "3/15/24 18:00", Raw: "45366.75", Kind: KindDate, Date: "2024-03-15T18:00:00"}, {Text: "12:00", Raw: "0.5", Kind: KindTime},
			{Text: "TRUE", Raw: "1", Kind: KindBool}, {Text: "007", Raw: "7", Kind: KindNumber}, {Text: "n/d", Raw: "0", Kind: KindNumber},
			{Kind: KindText, Formula: true}, text("uno dos")}},
		{Row: 5, Line: 5, Cells: []Cell{{}, text("Norte"), {Text: "Norte", Kind: KindText, Merged: true}, {Text: "1", Raw: "1", Kind: KindNumber}}},
		{Row: 6, Line: 6, Hidden: true, Cells: []Cell{{}, {Text: "Norte", Kind: KindText, Merged: true}, {Text: "Norte", Kind: KindText, Merged: true}, {Text: "2", Raw: "2", Kind: KindNumber}}},
		{Row: 8, Line: 8, Cells: []Cell{{}, {}, {}, {Text: "3", Raw: "3", Kind: KindNumber}}},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	if got := rowsOf(t, book, "DATOS Ñ"); len(got) != 1 || got[0].At(0).Text != "solo" {
		t.Errorf("by name: %+v", got)
	}
	if _, err := book.Sheet("Hoja9"); !errors.Is(err, ErrNoSheet) {
		t.Errorf("no such sheet: %v", err)
	}
	n, err := rows[1].At(9).AsNumber(NumberStyle{})
	if err != nil || n.Missing || n.Decimal != "0" {
		t.Errorf("a zero that its format shows as n/d: %+v, %v", n, err)
	}
}

func ptr[T any](v T) *T { return &v }

// TestShownText compares with what excelize shows when it reads the file itself.
func TestShownText(t *testing.T) {
	formats := []string{"0", "0.00", "#,##0", "#,##0.00;[Red]-#,##0.00", "0%", "0.0%", "0.00E+00", "yyyy-mm-dd", "d \"de\" mmmm", "mmm-yy", "[h]:mm", "\"$\"#,##0.00", "# ?/?", "@", "General", "[$-80A]d mmm yyyy", "dd/mm/yyyy hh:mm", "0.0,", "[>100]\"alto\";\"bajo\""}
	values := []float64{0, 1, -1, 0.5, 1234.5678, -98765.4321, 45366, 45366.5, 1e9, 0.000012}
	cells, compared := make(map[string]string), 0
	b := byExcelize(t, func(f *excelize.File) {
		for i, code := range formats {
			s, err := f.NewStyle(&excelize.Style{CustomNumFmt: &code})
			must(t, err)
			for k, v := range values {
				cell := A1(i, k+1)
				must(t, f.SetCellValue("Sheet1", cell, v))
				must(t, f.SetCellStyle("Sheet1", cell, cell, s))
			}
		}
	})
	f, err := excelize.OpenReader(bytes.NewReader(b))
	must(t, err)
	defer f.Close()
	for i := range formats {
		for k := range values {
			cell := A1(i, k+1)
			cells[cell], err = f.GetCellValue("Sheet1", cell)
			must(t, err)
		}
	}
	for _, r := range rowsOf(t, open(t, b, Options{}), "") {
		for i, c := range r.Cells {
			if formats[i] == "General" {
				continue
			}
			compared++
			if want := cells[A1(i, r.Row)]; c.Text != want {
				t.Errorf("%s of %s: %q, want %q", formats[i], c.Raw, c.Text, want)
			}
		}
	}
	if compared < 100 {
		t.Errorf("%d cells compared", compared)
	}
}

func TestGeneral(t *testing.T) {
	for raw, want := range map[string]string{"0.1": "0.1", "0.30000000000000004": "0.3", "1E-3": "0.001", "1e21": "1e21", "123456789012345": "123456789012345",
		"-0": "-0", "1E+3": "1000", "2.0": "2", "528.4390030612581": "528.439003061258"} {
		var f float64
		if _, err := fmt.Sscan(raw, &f); err != nil {
			t.Fatal(err)
		}
		if got := general(f, raw); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}

func TestNumberKinds(t *testing.T) {
	for code, want := range map[string]Kind{
		"General": KindNumber, "0.00": KindNumber, "#,##0": KindNumber, "0.00E+00": KindNumber, `"día" 0`: KindNumber, "[Red]0": KindNumber, `0" kg"`: KindNumber, `\d0`: KindNumber,
		"yyyy-mm-dd": KindDate, "mmm": KindDate, "mmm-yy": KindDate, "d/m/yyyy h:mm": KindDate, "[$-80A]d mmm": KindDate, "h:mm": KindTime, "mm:ss": KindTime, "[h]:mm": KindTime, "[mm]": KindTime, "0;yyyy": KindNumber, "[d": KindNumber,
	} {
		if got := numberKind(164, code); got != want {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
}

// Serial dates are compared with the standard library's calendar, day by day.
func TestSerials(t *testing.T) {
	day := time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)
	for serial := 61; serial <= lastSerial; serial++ {
		if serial < 100_000 || serial%97 == 0 || serial > lastSerial-400 {
			if got := serialDate(float64(serial), false); got != day.Format(time.DateOnly) {
				t.Fatalf("%d: %s, want %s", serial, got, day.Format(time.DateOnly))
			}
			d := Day{day.Year(), int(day.Month()), day.Day()}
			if n, ok := serialOf(d); !ok || n != serial {
				t.Fatalf("%v: %d, want %d", d, n, serial)
			}
		}
		day = day.AddDate(0, 0, 1)
	}
	for in, want := range map[float64]string{0: "", 1: "1900-01-01", 59: "1900-02-28", 60: "", 61: "1900-03-01", -1: "", lastSerial + 1: "", 45366.999999: "2024-03-16", 45366.5: "2024-03-15T12:00:00"} {
		if got := serialDate(in, false); got != want {
			t.Errorf("%v: %q, want %q", in, got, want)
		}
	}
	if got := serialDate(43904, true); got != "2024-03-15" {
		t.Errorf("1904: %s", got)
	}
}

// pack zips parts in order; content of a part that is not said is the least that opens.
func pack(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	base := map[string]string{
		"_rels/.rels":                `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="http://x/officeDocument" Target="/xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook ` + spreadsheetML + `><sheets><sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="http://x/worksheet" Target="worksheets/s.xml"/><Relationship Id="b" Type="http://x/sharedStrings" Target="s.xml"/><Relationship Id="c" Type="http://x/styles" Target="t.xml"/></Relationships>`,
		"xl/s.xml":                   `<sst ` + spreadsheetML + `><si><t>uno</t></si><si><r><t>d</t></r><rPh><t>no</t></rPh><r><t>os</t></r></si></sst>`,
		"xl/t.xml":                   `<styleSheet ` + spreadsheetML + `><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
	}
	for k, v := range parts {
		base[k] = v
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/s.xml", "xl/t.xml", "xl/worksheets/s.xml"} {
		w, err := z.Create(name)
		must(t, err)
		_, err = io.WriteString(w, base[name])
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

func worksheet(t testing.TB, inside string) []byte {
	return pack(t, map[string]string{"xl/worksheets/s.xml": `<worksheet ` + spreadsheetML + `>` + inside + `</worksheet>`})
}

func lastError(b []byte) (rows int, err error) {
	book, err := Open(bytes.NewReader(b), int64(len(b)), Options{})
	if err != nil {
		return 0, err
	}
	for _, info := range book.Sheets {
		for _, e := range (&Sheet{info, book}).Rows() {
			if e != nil {
				return rows, e
			}
			rows++
		}
	}
	return rows, nil
}

// Cells and rows without names, strict files with prefixes, cells without value: what other programs write.
func TestWorksheetsAsFound(t *testing.T) {
	book := open(t, worksheet(t, `<sheetData><row><c t="s"><v>0</v></c><c t="s"><v> 1 </v></c><c t="inlineStr"><is><t xml:space="preserve"> tres</t></is></c></row>
		<row r="4"><c s="1"/><c r="C4" s="1"><v>45366</v></c><c r="D4" t="e"><v>#N/A</v></c><c r="E4" t="str"><f>1+1</f><v>2</v></c><ext xmlns="urn:x"><v>9</v></ext></row><row r="5"/></sheetData>`), Options{})
	want := []Row{
		{Row: 1, Line: 1, Cells: []Cell{{Text: "uno", Kind: KindText}, {Text: "dos", Kind: KindText}, {Text: " tres", Kind: KindText}}},
		{Row: 4, Line: 4, Cells: []Cell{{}, {}, {Text: "03-15-24", Raw: "45366", Kind: KindDate, Date: "2024-03-15"}, {Text: "#N/A", Kind: KindError}, {Text: "2", Kind: KindText, Formula: true}}},
	}
	if diff := cmp.Diff(want, rowsOf(t, book, "")); diff != "" {
		t.Error(diff)
	}
	strict := pack(t, map[string]string{"xl/worksheets/s.xml": `<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData><x:row r="2"><x:c r="B2"><x:v>5</x:v></x:c></x:row></x:sheetData><x:mergeCells><x:mergeCell ref="B2:C2"/></x:mergeCells></x:worksheet>`})
	if rows := rowsOf(t, open(t, strict, Options{}), "s"); len(rows) != 1 || rows[0].At(1).Text != "5" || !rows[0].At(2).Merged {
		t.Errorf("strict: %+v", rows)
	}
}

func TestDamagedWorkbooks(t *testing.T) {
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"cut short":           {pack(t, map[string]string{"xl/worksheets/s.xml": `<worksheet ` + spreadsheetML + `><sheetData><row r="1"><c r="A1"><v>1</v></c></row>`}), ErrFormat},
		"rows go back":        {worksheet(t, `<sheetData><row r="2"><c><v>1</v></c></row><row r="2"><c><v>1</v></c></row></sheetData>`), ErrFormat},
		"cells go back":       {worksheet(t, `<sheetData><row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>1</v></c></row></sheetData>`), ErrFormat},
		"cell of other row":   {worksheet(t, `<sheetData><row r="2"><c r="B3"><v>1</v></c></row></sheetData>`), ErrFormat},
		"no such text":        {worksheet(t, `<sheetData><row><c t="s"><v>2</v></c></row></sheetData>`), ErrFormat},
		"negative text":       {worksheet(t, `<sheetData><row><c t="s"><v>-1</v></c></row></sheetData>`), ErrFormat},
		"no such style":       {worksheet(t, `<sheetData><row><c s="2"><v>2</v></c></row></sheetData>`), ErrFormat},
		"no number":           {worksheet(t, `<sheetData><row><c><v>0x10</v></c></row></sheetData>`), ErrFormat},
		"infinity":            {worksheet(t, `<sheetData><row><c><v>Inf</v></c></row></sheetData>`), ErrFormat},
		"type":                {worksheet(t, `<sheetData><row><c t="q"><v>1</v></c></row></sheetData>`), ErrFormat},
		"column":              {worksheet(t, `<sheetData><row r="1"><c r="XFD1"><v>1</v></c></row></sheetData>`), ErrTooLarge},
		"row":                 {worksheet(t, `<sheetData><row r="9999999"><c><v>1</v></c></row></sheetData>`), ErrTooLarge},
		"doctype":             {pack(t, map[string]string{"xl/worksheets/s.xml": `<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet ` + spreadsheetML + `><sheetData><row><c t="str"><v>&a;</v></c></row></sheetData></worksheet>`}), ErrFormat},
		"entity":              {worksheet(t, `<sheetData><row><c t="str"><v>&a;</v></c></row></sheetData>`), ErrFormat},
		"text":                {worksheet(t, `<sheetData><row><c t="str"><v>`+strings.Repeat("x", MaxCell+1)+`</v></c></row></sheetData>`), ErrTooLarge},
		"attribute":           {worksheet(t, `<sheetData><row spans="`+strings.Repeat("x", MaxRow+1)+`"></row></sheetData>`), ErrTooLarge},
		"depth":               {worksheet(t, strings.Repeat("<a>", 100)+strings.Repeat("</a>", 100)), ErrTooLarge},
		"merge":               {worksheet(t, `<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData><mergeCells><mergeCell ref="B2:A1"/></mergeCells>`), ErrFormat},
		"merges that overlap": {worksheet(t, `<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData><mergeCells>`+strings.Repeat(`<mergeCell ref="A1:BZ9"/>`, 40)+`</mergeCells>`), ErrFormat},
		"no workbook":         {pack(t, map[string]string{"xl/workbook.xml": `<document/>`}), ErrFormat},
		"shared too many":     {pack(t, map[string]string{"xl/s.xml": `<sst ` + spreadsheetML + `>` + strings.Repeat("<si/>", MaxShared+1) + `</sst>`}), ErrTooLarge},
	} {
		if _, err := lastError(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if n, err := lastError(worksheet(t, `<sheetData><row><c><v>1</v></c></row></sheetData>`)); n != 1 || err != nil {
		t.Errorf("the sound one: %d rows, %v", n, err)
	}
}

func TestBombs(t *testing.T) {
	zero := func(n int) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create("xl/worksheets/s.xml")
		must(t, err)
		_, err = w.Write(make([]byte, n))
		must(t, err)
		must(t, z.Close())
		return b.Bytes()
	}
	if _, err := lastError(zero(8 << 20)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("8 MB of zeros: %v", err)
	}
	// The directory says that the entry is short; its bytes say otherwise.
	b := worksheet(t, `<sheetData>`+strings.Repeat(`<row><c><v>1</v></c></row>`, 1000)+`</sheetData>`)
	at := bytes.LastIndex(b, []byte("PK\x01\x02"))
	copy(b[at+24:], []byte{100, 0, 0, 0})
	if _, err := lastError(b); !errors.Is(err, ErrFormat) {
		t.Errorf("a false size: %v", err)
	}
	for name, b := range map[string][]byte{"cut": worksheet(t, "")[:300], "nothing": []byte("PK\x03\x04"), "password": func() []byte {
		b := worksheet(t, "")
		b[bytes.LastIndex(b, []byte("PK\x01\x02"))+8] |= 1
		return b
	}()} {
		if _, err := lastError(b); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What WriteXLSX writes, Open and excelize read back: texts as they were, numbers and dates as such.
func TestXLSXRoundTrip(t *testing.T) {
	kinds := make(map[Kind]int)
	rapid.Check(t, func(t *rapid.T) {
		table, rows := tableOf(t)
		about := About{Sheet: "Compromisos", Name: "About · Acerca de", Marking: "TLP:AMBER · MX & US", Lines: []AboutLine{{"Group", "=1+1"}}, Count: "Rows"}
		var out, again bytes.Buffer
		n, err := WriteXLSX(&out, table, about)
		if err != nil || n != len(rows) {
			t.Fatalf("%d rows, %v", n, err)
		}
		if _, err := WriteXLSX(&again, table, about); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
			t.Fatalf("equal content, other bytes: %v", err)
		}
		b, err := Open(bytes.NewReader(out.Bytes()), int64(out.Len()), Options{})
		if err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		byRow := make(map[int]Row)
		s := &Sheet{b.Sheets[0], b}
		for r, err := range s.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			byRow[r.Row] = r
		}
		for i, row := range rows {
			for k, text := range row {
				c := byRow[i+2].At(k)
				want := strings.ToValidUTF8(text, "\ufffd")
				kind := table.Headings[k].kindOf(text)
				if kind == KindDate && c.Kind == KindDate {
					kinds[KindDate]++
					if c.Date != text {
						t.Fatalf("%q, want the date %q", c.Date, text)
					}
					continue
				}
				if text != "" {
					kinds[c.Kind]++
				}
				if kind == KindNumber {
					_, decimals, _ := strings.Cut(text, ".")
					if c.Raw != text || c.Kind != KindNumber || len(text) < 15 && len(decimals) <= maxDecimals && c.Text != text {
						t.Fatalf("%+v, want the number %q", c, text)
					}
					continue
				}
				if c.Text != want || c.Formula || text != "" && c.Kind != KindText {
					t.Fatalf("%+v, want %q", c, want)
				}
				theirs, err := f.GetCellValue("Compromisos", A1(k, i+2))
				if err != nil || !strings.Contains(want, "_x") && !strings.ContainsFunc(want, func(r rune) bool { return r < ' ' || r >= 0xfffe }) && theirs != want {
					t.Fatalf("excelize reads %q, %v, want %q", theirs, err, want)
				}
			}
		}
		aboutRows := &Sheet{b.Sheets[1], b}
		for r, err := range aboutRows.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			if r.Row == 2 && (r.At(0).Text != "Rows" || r.At(1).Raw != fmt.Sprint(len(rows))) || r.Row == 1 && (r.At(1).Text != "=1+1" || r.At(1).Formula) {
				t.Fatalf("About: %+v", r)
			}
		}
	})
	for _, k := range []Kind{KindText, KindNumber, KindDate} {
		if kinds[k] < 20 {
			t.Errorf("%d cells of kind %s: the interesting case did not occur", kinds[k], k)
		}
	}
}

// A register as a desk gets it: frozen, filtered, its dates and numbers real.
func TestRegister(t *testing.T) {
	table := Table{Headings: []Heading{{Titles: []string{"Commitment", "Compromiso"}, Width: 60}, {Titles: []string{"Due date", "Fecha límite"}, Kind: KindDate}, {Titles: []string{"Budget", "Presupuesto"}, Kind: KindNumber}},
		Rows: func(yield func([]string, error) bool) {
			_ = yield([]string{"Inspect the crossings", "2026-09-30", "1234.50"}, nil) && yield([]string{"Informar cada mes", "", ""}, nil)
		}}
	var out bytes.Buffer
	n, err := WriteXLSX(&out, table, About{Sheet: "Commitments · Compromisos", Name: "About", Marking: "TLP:AMBER", Lines: []AboutLine{{"Group / Grupo", "…"}}, Count: "Rows / Renglones"})
	if err != nil || n != 2 {
		t.Fatal(n, err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	must(t, err)
	defer f.Close()
	sheet := f.GetSheetName(0)
	panes, err := f.GetPanes(sheet)
	if err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("panes %+v, %v", panes, err)
	}
	if w, err := f.GetColWidth(sheet, "A"); err != nil || w != 60 {
		t.Errorf("width %v, %v", w, err)
	}
	names := fmt.Sprint(f.GetDefinedName())
	if !strings.Contains(names, "_xlnm._FilterDatabase") || !strings.Contains(names, "$A$1:$C$3") || !strings.Contains(names, "_xlnm.Print_Titles") {
		t.Errorf("names %s", names)
	}
	b := open(t, out.Bytes(), Options{})
	s, err := b.Sheet("")
	must(t, err)
	h, rows, err := s.Head(HeaderRule{})
	if err != nil || len(rows) != 2 || h.Columns[1].Name != "Due date Fecha límite" || rows[0].At(1).Date != "2026-09-30" {
		t.Errorf("%+v %+v %v", h, rows, err)
	}
	for name, a := range map[string]About{"no name": {Name: "x"}, "same": {Sheet: "x", Name: "X"}, "sign": {Sheet: "a/b", Name: "x"}, "long": {Sheet: strings.Repeat("x", 32), Name: "y"}} {
		if _, err := WriteXLSX(io.Discard, table, a); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	fail := errors.New("reading failed")
	table.Rows = func(yield func([]string, error) bool) { yield(nil, fail) }
	if _, err := WriteXLSX(io.Discard, table, About{Sheet: "a", Name: "b"}); !errors.Is(err, fail) {
		t.Errorf("an error of the caller's rows: %v", err)
	}
}

func FuzzWorksheet(f *testing.F) {
	for _, s := range []string{`<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><f>A1</f><v>45366.5</v></c></row></sheetData><mergeCells><mergeCell ref="A1:A3"/></mergeCells>`,
		`<sheetData><row><c t="inlineStr"><is><r><t>x_x0041_</t></r></is></c></row><row r="7" hidden="1"><c r="B7"><v>-1.5E-7</v></c></row></sheetData>`, `<sheetData/>`} {
		f.Add(s, "<si><t>uno</t></si>", "<numFmts><numFmt numFmtId=\"164\" formatCode=\"#,##0.0;[Red]-0\"/></numFmts><cellXfs><xf/><xf numFmtId=\"164\"/></cellXfs>")
	}
	f.Fuzz(func(t *testing.T, sheet, shared, style string) {
		b := pack(t, map[string]string{"xl/worksheets/s.xml": `<worksheet ` + spreadsheetML + `>` + sheet + `</worksheet>`,
			"xl/s.xml": `<sst ` + spreadsheetML + `>` + shared + `</sst>`, "xl/t.xml": `<styleSheet ` + spreadsheetML + `>` + style + `</styleSheet>`})
		_, err := lastError(b)
		known(t, err)
	})
}

func FuzzXLSX(f *testing.F) {
	f.Add(worksheet(f, `<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := lastError(append([]byte("PK\x03\x04"), bytes.TrimPrefix(b, []byte("PK\x03\x04"))...))
		known(t, err)
	})
}
