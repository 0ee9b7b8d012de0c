package sheet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func texts(rows []Row) [][]string {
	var out [][]string
	for _, r := range rows {
		line := []string{}
		for _, c := range r.Cells {
			line = append(line, c.Text)
		}
		out = append(out, line)
	}
	return out
}

func utf16Bytes(s string, order binary.AppendByteOrder) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func latin1(s string) []byte {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r))
	}
	return b
}

func TestEncodings(t *testing.T) {
	const text = "Año;Entidad\r\n2024;Michoacán\r\n2025;Coahuila\r\n"
	want := [][]string{{"Año", "Entidad"}, {"2024", "Michoacán"}, {"2025", "Coahuila"}}
	for name, c := range map[string]struct {
		in     []byte
		stated Encoding
		enc    Encoding
		mark   bool
	}{
		"utf-8":                {in: []byte(text), enc: UTF8},
		"utf-8 with mark":      {in: []byte("\ufeff" + text), enc: UTF8, mark: true},
		"utf-16le with mark":   {in: utf16Bytes("\ufeff"+text, binary.LittleEndian), enc: UTF16LE, mark: true},
		"utf-16be with mark":   {in: utf16Bytes("\ufeff"+text, binary.BigEndian), enc: UTF16BE, mark: true},
		"utf-16le, stated":     {in: utf16Bytes(text, binary.LittleEndian), stated: UTF16LE, enc: UTF16LE},
		"iso 8859-1":           {in: latin1(text), enc: Latin1},
		"windows-1252, stated": {in: latin1(text), stated: Windows1252, enc: Windows1252},
	} {
		b := open(t, c.in, Options{Encoding: c.stated})
		if b.Found.Encoding != c.enc || b.Found.Mark != c.mark || b.Found.Stated != (c.stated != "") || b.Found.Separator != ';' {
			t.Errorf("%s: found %+v", name, b.Found)
		}
		if diff := cmp.Diff(want, texts(rowsOf(t, b, ""))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	// A byte from 80 to 9F makes it Windows-1252, wherever in the file it stands.
	long := bytes.Repeat(latin1("Año,Entidad\n"), 20_000)
	b := open(t, append(long, "“precio”: 5 €\n"...), Options{})
	if b.Found.Encoding != Latin1 && b.Found.Encoding != Windows1252 {
		t.Fatal(b.Found)
	}
	b = open(t, append(long, "\x93precio\x94,5 \x80\n"...), Options{})
	rows := rowsOf(t, b, "")
	if last := rows[len(rows)-1]; b.Found.Encoding != Windows1252 || last.At(0).Text != "“precio”" || last.At(1).Text != "5 €" || rows[0].At(0).Text != "Año" {
		t.Errorf("windows-1252: %+v %+v", b.Found, last)
	}
	// A character that the buffer cuts is still one.
	for pad := range 4 {
		s := strings.Repeat("x", 64<<10-2-pad) + "€\n"
		if b := open(t, []byte(s), Options{}); b.Found.Encoding != UTF8 {
			t.Errorf("padding %d: %+v", pad, b.Found)
		}
	}
}

func TestRefusedTexts(t *testing.T) {
	faults := map[string]Fault{"empty": NothingInIt, "blank": NothingInIt, "old Excel": Protected, "pdf": OtherKind, "web page": OtherKind, "xml": OtherKind,
		"utf-16 without mark": UnknownEncoding, "unknown encoding": UnknownEncoding, "not utf-8 as was stated": OtherEncoding, "separator": Damaged, "two separators": Damaged}
	for name, c := range map[string]struct {
		in   string
		o    Options
		want string
	}{
		"empty":                   {"", Options{}, "empty"},
		"blank":                   {" \n\n", Options{}, "empty"},
		"old Excel":               {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Options{}, "old Excel"},
		"pdf":                     {"%PDF-1.7", Options{}, "PDF"},
		"web page":                {"\n<HTML><table>", Options{}, "web page"},
		"xml":                     {"<?xml version='1.0'?>", Options{}, "XML"},
		"utf-16 without mark":     {string(utf16Bytes("a,b\nc,d\n", binary.LittleEndian)), Options{}, "state the encoding"},
		"unknown encoding":        {"a,b\n", Options{Encoding: "ebcdic"}, "not known"},
		"not utf-8 as was stated": {"a,b\n\xf1,c\n", Options{Encoding: UTF8}, "state another encoding"},
		"separator":               {"a,b\n", Options{Separator: "x"}, "separator"},
		"two separators":          {"a,b\n", Options{Separator: ",;"}, "separator"},
	} {
		_, err := Open(strings.NewReader(c.in), int64(len(c.in)), c.o)
		if f, _ := FaultOf(err); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.want) || f != faults[name] {
			t.Errorf("%s: %q, %v", name, f, err)
		}
	}
	// Invalid bytes far behind the sample are found when they are reached.
	b := open(t, []byte(strings.Repeat("a,b\n", 50_000)+"\xf1,c\n"), Options{Encoding: UTF8})
	s, err := b.Sheet("")
	if err != nil {
		t.Fatal(err)
	}
	n, last := 0, error(nil)
	for _, err := range s.Rows() {
		n++
		last = err
	}
	if n < 40_000 || !errors.Is(last, ErrFormat) {
		t.Errorf("%d rows, then %v", n, last)
	}
}

func TestSeparatorsAndLines(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		sep  rune
		want [][]string
	}{
		"comma":             {"a,b\n1,2\n", ',', [][]string{{"a", "b"}, {"1", "2"}}},
		"decimal commas":    {"a;b;c\n1,5;2,5;x\n3,5;4,5;y\n", ';', [][]string{{"a", "b", "c"}, {"1,5", "2,5", "x"}, {"3,5", "4,5", "y"}}},
		"tab":               {"a\tb, c\n1\t2\n", '\t', [][]string{{"a", "b, c"}, {"1", "2"}}},
		"bar":               {"a|b;c\r\n1|2\r\n", '|', [][]string{{"a", "b;c"}, {"1", "2"}}},
		"quotes":            {"a,b\n\"x, y\",\"say \"\"no\"\"\"\n", ',', [][]string{{"a", "b"}, {"x, y", `say "no"`}}},
		"line in a cell":    {"a,b\n\"x\r\ny\",2\n\n3,4\n", ',', [][]string{{"a", "b"}, {"x\ny", "2"}, {"3", "4"}}},
		"CR alone":          {"a,b\r1,2\r3,4", ',', [][]string{{"a", "b"}, {"1", "2"}, {"3", "4"}}},
		"sep=":              {"sep=|\r\na,b|c\r\n1|2\r\n", '|', [][]string{{"a,b", "c"}, {"1", "2"}}},
		"ragged":            {"a,b\n1\n1,2,3\n", ',', [][]string{{"a", "b"}, {"1"}, {"1", "2", "3"}}},
		"leading zeros":     {"a,b\n007,00\n", ',', [][]string{{"a", "b"}, {"007", "00"}}},
		"one column":        {"a\nb\nc\n", ',', [][]string{{"a"}, {"b"}, {"c"}}},
		"end of text":       {"a,b\n1,2\n\x1a", ',', [][]string{{"a", "b"}, {"1", "2"}}},
		"titles above":      {"Secretaría, México\n\na;b;c\n1;2;3\n4;5;6\n", ';', [][]string{{"Secretaría, México"}, {"a", "b", "c"}, {"1", "2", "3"}, {"4", "5", "6"}}},
		"formula is a text": {"a,b\n=1+1,@x\n", ',', [][]string{{"a", "b"}, {"=1+1", "@x"}}},
	} {
		o := Options{}
		if name == "end of text" {
			o.Encoding = UTF8 // a control character is refused otherwise
		}
		b := open(t, []byte(c.in), o)
		if b.Found.Separator != c.sep {
			t.Errorf("%s: separator %q", name, b.Found.Separator)
		}
		if diff := cmp.Diff(c.want, texts(rowsOf(t, b, ""))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	rows := rowsOf(t, open(t, []byte("sep=,\na,b\n\n\n\"x\ny\",2\n3,4\n"), Options{}), "")
	if rows[1].Row != 4 || rows[1].Line != 5 || rows[2].Row != 5 || rows[2].Line != 7 {
		t.Errorf("places: %+v", rows)
	}
}

func TestQuotes(t *testing.T) {
	const in = "a,b\nrifle .22\" x,1\n\"open,2\n3,4\n"
	read := func(o Options) (n int, err error) {
		s, err := open(t, []byte(in), o).Sheet("")
		if err != nil {
			return 0, err
		}
		for _, e := range s.Rows() {
			if e != nil {
				return n, e
			}
			n++
		}
		return n, nil
	}
	if n, err := read(Options{}); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "line 2, byte 10") || n != 1 {
		t.Errorf("strict: %d rows, %v", n, err)
	}
	if _, err := read(Options{}); err != nil {
		if f, line := FaultOf(err); f != OpenQuote || line != 2 {
			t.Errorf("%s on line %d", f, line)
		}
	}
	if n, err := read(Options{Loose: true}); err != nil || n != 3 {
		t.Errorf("loose: %d rows, %v", n, err)
	}
	long := "a,b\n\"open,1\n" + strings.Repeat("3,4\n", MaxBreaks+1)
	s, err := open(t, []byte(long), Options{Loose: true}).Sheet("")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range s.Rows() {
		err = e
	}
	if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("an open quote: %v", err)
	}
}

// generated is a file of any size that takes no memory: a header and equal lines.
type generated struct {
	head, line string
	size       int64
}

func (g generated) ReadAt(p []byte, at int64) (int, error) {
	n := 0
	for n < len(p) && at < g.size {
		from := g.head
		if at >= int64(len(g.head)) {
			from = g.line[(at-int64(len(g.head)))%int64(len(g.line)):]
		} else {
			from = from[at:]
		}
		k := copy(p[n:], from[:min(int64(len(from)), g.size-at)])
		n, at = n+k, at+int64(k)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// A large file is read in the memory of a small one: 40 MB, or 200 MB in the long tests.
func TestLargeFileTakesLittleMemory(t *testing.T) {
	line := "Sonora," + strings.Repeat("x", 9_000) + ",1\n" // long lines, so that the test is quick
	head := "state,note,value\n"
	size := int64(40 << 20)
	if os.Getenv("ENTENTE_LONG") != "" {
		size = 200 << 20
	}
	count := size / int64(len(line))
	g := generated{head, line, int64(len(head)) + count*int64(len(line))}
	b, err := Open(g, g.size, Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := parse(t, `{"v":1,"columns":[{"header":"state","field":"state"},{"header":"value","field":"value","as":"number"}]}`)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n, most := int64(0), uint64(0)
	for r, err := range b.Apply(m) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Status != Taken || r.Fields["value"].Text != "1" {
			t.Fatalf("%+v", r)
		}
		if n++; n%1000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		}
	}
	if n != count {
		t.Errorf("%d records, want %d", n, count)
	}
	if grew := int64(most) - int64(before.HeapAlloc); grew > 8<<20 {
		t.Errorf("a file of %d bytes held %d", g.size, grew)
	}
}

// long gives what only the long tests try.
func long(s string) string {
	if os.Getenv("ENTENTE_LONG") == "" {
		return ""
	}
	return s
}

func TestTextBounds(t *testing.T) {
	last := func(in string, o Options) (err error) {
		b, err := Open(strings.NewReader(in), int64(len(in)), o)
		if err != nil {
			return err
		}
		s, err := b.Sheet("")
		if err != nil {
			return err
		}
		for _, e := range s.Rows() {
			err = e
		}
		return err
	}
	for name, in := range map[string]string{
		"cell":    "a,b\n" + strings.Repeat("x", MaxCell+1) + ",1\n",
		"columns": "a,b\n" + strings.Repeat(",", MaxColumns) + "\n",
		"quote":   "a,b\n\"" + strings.Repeat("x\n", MaxRow),
		"rows":    long(strings.Repeat("1,\n", MaxRows+1)),
	} {
		if err := last(in, Options{}); in != "" && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, in := range map[string]string{
		"cell":    "a,b\n" + strings.Repeat("x", MaxCell) + ",1\n",
		"columns": "a,b\n" + strings.Repeat(",", MaxColumns-1) + "\n",
	} {
		if err := last(in, Options{}); err != nil {
			t.Errorf("%s at its bound: %v", name, err)
		}
	}
	if _, err := Open(generated{"a,b\n", "1,2\n", MaxCSV + 1}, MaxCSV+1, Options{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("size: %v", err)
	}
}

func cellText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.StringMatching(`[=+@'\-a-z ,;"\t\n]{0,8}`), rapid.String(), rapid.SampledFrom([]string{
		"", "=1+1", "'=x", "''=x", "'", "-5", "+1", "@SUM", "\tx", "＝1", "007", "_x000D_", "_x005F_", "_xD800_", "2024-02-29", "2024-02-30", "1234.50", "é\u0301", " x ", "a\r\nb", "a\rb", "<&>", "\x01",
	}))
}

func tableOf(t *rapid.T) (Table, [][]string) {
	kinds := rapid.SliceOfN(rapid.SampledFrom([]Kind{KindText, KindNumber, KindDate}), 1, 5).Draw(t, "kinds")
	var table Table
	for i, k := range kinds {
		table.Headings = append(table.Headings, Heading{Titles: []string{fmt.Sprintf("c%d", i), fmt.Sprintf("columna %d", i)}, Kind: k})
	}
	suiting := map[Kind]*rapid.Generator[string]{KindText: cellText(), KindNumber: rapid.SampledFrom([]string{"0", "-12.50", "528.4390030612581", "1234567890123456789"}),
		KindDate: rapid.SampledFrom([]string{"2024-02-29", "1900-03-01", "1900-02-28", "9999-12-31"})}
	rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []string {
		var row []string
		for _, k := range kinds {
			row = append(row, rapid.OneOf(suiting[k], cellText()).Draw(t, "cell"))
		}
		return row
	}), 0, 8).Draw(t, "rows")
	table.Rows = func(yield func([]string, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
	return table, rows
}

// What WriteCSV writes, Open reads back, cell by cell; nothing in it is a formula to a spreadsheet.
func TestCSVRoundTrip(t *testing.T) {
	escaped := 0
	rapid.Check(t, func(t *rapid.T) {
		table, rows := tableOf(t)
		var out bytes.Buffer
		n, err := WriteCSV(&out, table)
		if err != nil || n != len(rows) {
			t.Fatalf("%d rows, %v", n, err)
		}
		b, err := Open(bytes.NewReader(out.Bytes()), int64(out.Len()), Options{Unescape: true})
		if err != nil {
			t.Fatal(err)
		}
		s, err := b.Sheet("")
		if err != nil {
			t.Fatal(err)
		}
		i := -1
		for r, err := range s.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			if i++; i == 0 {
				continue
			}
			for k := range r.Cells {
				want := lineEnds.Replace(strings.ToValidUTF8(rows[i-1][k], "\ufffd"))
				if r.Cells[k].Text != want {
					t.Fatalf("row %d: %q, want %q", i, r.Cells[k].Text, want)
				}
			}
		}
		if i != len(rows) {
			t.Fatalf("%d rows read, %d written", i, len(rows))
		}
		raw, err := Open(bytes.NewReader(out.Bytes()), int64(out.Len()), Options{Encoding: UTF8, Separator: ","})
		if err != nil {
			t.Fatal(err)
		}
		if s, err = raw.Sheet(""); err != nil {
			t.Fatal(err)
		}
		for r, err := range s.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			for k, c := range r.Cells {
				if strings.HasPrefix(c.Text, "'") {
					escaped++
				}
				if c.Text != "" && strings.ContainsAny(c.Text[:1], "=+-@\t\r\n") && table.Headings[k].kindOf(c.Text) != KindNumber {
					t.Fatalf("a spreadsheet computes %q", c.Text)
				}
			}
		}
	})
	if escaped < 20 {
		t.Errorf("%d cells were escaped: the interesting case did not occur", escaped)
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\ufeffAño;Valor\r\n2024;\"1.234,56\"\r\n", "sep=;\na;b\n", "a\tb\r\"x\ry\"\t2", "\xff\xfea\x00,\x00b\x00\n\x00", "a\xf1o,\x93x\x94\n"} {
		f.Add([]byte(s), "", false)
	}
	f.Add(utf16Bytes("a,b\n", binary.BigEndian), "utf-16be", true)
	f.Fuzz(func(t *testing.T, in []byte, enc string, loose bool) {
		b, err := Open(bytes.NewReader(in), int64(len(in)), Options{Encoding: Encoding(enc), Loose: loose})
		if err != nil {
			known(t, err)
			return
		}
		for _, info := range b.Sheets {
			last := 0
			for r, err := range (&Sheet{info, b}).Rows() {
				if err != nil {
					known(t, err)
					break
				}
				if r.Row <= last || len(r.Cells) > MaxColumns || r.Line < 1 {
					t.Fatalf("row %d after %d: %d cells", r.Row, last, len(r.Cells))
				}
				last = r.Row
			}
		}
		if s, err := b.Sheet(""); err == nil {
			_, _, err = s.Head(HeaderRule{})
			known(t, err)
		}
	})
}

func known(t *testing.T, err error) {
	t.Helper()
	for _, k := range []error{ErrFormat, ErrTooLarge, ErrNoSheet, ErrNoHeader, ErrMapping} {
		if errors.Is(err, k) {
			return
		}
	}
	if err != nil {
		t.Fatalf("an error of no known kind: %v", err)
	}
}
