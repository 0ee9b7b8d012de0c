package word

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sample() Document {
	return Document{
		Languages: [2]string{"en-US", "es-MX"}, Names: [2]string{"English", "Español"}, Group: "Implementation group · Grupo de implementación", Status: "Proposed · Propuesto",
		Marking: "TLP:AMBER · MX & US", Reference: "sha256:00ff",
		Rows: []Row{
			{Title, [2]string{"Inspection of crossings", "Revisión de cruces"}}, {Heading, [2]string{"1. Purpose", "1. Objeto"}},
			{Text, [2]string{"The Parties inspect every crossing\tonce a month.\nSecond line <&>.", "Las Partes revisan cada cruce una vez al mes.\nSegunda línea."}},
			{Text, [2]string{"Only in English so far.", ""}},
		},
	}
}

func write(t testing.TB, d Document) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, Write(&b, d))
	return b.Bytes()
}

func read(t testing.TB, b []byte) Returned {
	t.Helper()
	r, err := Read(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	return r
}

// What Write writes, Read gives back: paragraphs, their place, the languages, the reference.
func TestRoundTrip(t *testing.T) {
	blank := 0
	rapid.Check(t, func(rt *rapid.T) {
		d := sample()
		d.Rows = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Row {
			text := rapid.OneOf(rapid.StringMatching(`[a-zñ <&>\t\n]{0,20}`), rapid.String(), rapid.Just(""))
			return Row{rapid.SampledFrom([]string{Text, Heading, Title}).Draw(t, "style"), [2]string{text.Draw(t, "left"), text.Draw(t, "right")}}
		}), 1, 8).Draw(rt, "rows")
		var b, again bytes.Buffer
		if err := errors.Join(Write(&b, d), Write(&again, d)); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
			rt.Fatalf("equal documents, other bytes: %v", err)
		}
		r, err := Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			rt.Fatal(err)
		}
		if len(r.Rows) != len(d.Rows) || r.Reference != d.Reference || len(r.Outside)+len(r.Comments)+len(r.Unread)+r.Inserted+r.Deleted != 0 {
			rt.Fatalf("%+v", r)
		}
		for i, row := range d.Rows {
			for c, text := range row.Texts {
				want := strings.Map(func(r rune) rune {
					if r == '\t' || r == '\n' || r >= ' ' && r != 0xfffe && r != 0xffff {
						return r
					}
					return '\ufffd'
				}, strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\r\n", "\n"), "\r", "\n"))
				if text == "" {
					blank++
				}
				if got := r.Rows[i].Paragraphs[c]; len(got) != 1 || got[0] != want || r.Rows[i].Style != row.Style {
					rt.Fatalf("row %d, column %d: %q %q, want %q %q", i, c, r.Rows[i].Style, got, row.Style, want)
				}
			}
		}
	})
	if blank < 20 {
		t.Errorf("%d blank cells: the interesting case did not occur", blank)
	}
	r := read(t, write(t, sample()))
	if r.Languages != [2]string{"en-US", "es-MX"} {
		t.Errorf("languages %q", r.Languages)
	}
	if diff := cmp.Diff([]string{"Revisión de cruces", "1. Objeto", "Las Partes revisan cada cruce una vez al mes.\nSegunda línea."}, r.Column(1)); diff != "" {
		t.Error(diff)
	}
}

// parts of a written file, by name.
func parts(t testing.TB, b []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	out := make(map[string]string)
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		c, err := io.ReadAll(r)
		must(t, err)
		out[f.Name] = string(c)
	}
	return out
}

func TestWhatIsWritten(t *testing.T) {
	p := parts(t, write(t, sample()))
	for name, want := range map[string][]string{
		"word/styles.xml":     {`<w:lang w:val="en-US"/>`, `<w:lang w:val="es-MX"/>`},
		"word/settings.xml":   {`<w:trackRevisions/>`},
		"word/header1.xml":    {"Implementation group", "TLP:AMBER · MX &amp; US", "Proposed · Propuesto"},
		"word/footer1.xml":    {"TLP:AMBER", " PAGE ", " NUMPAGES "},
		"word/document.xml":   {`<w:tblHeader/>`, "English", `w:val="TitleLeft"`, `w:val="TextRight"`, `<w:br/>`, `<w:tab/>`, "&lt;&amp;&gt;"},
		"[Content_Types].xml": {"wordprocessingml.document.main+xml", "/word/header1.xml"},
	} {
		for _, s := range want {
			if !strings.Contains(p[name], s) {
				t.Errorf("%s has no %s", name, s)
			}
		}
	}
	for _, d := range []Document{{Rows: make([]Row, MaxParagraphs)}, {Rows: []Row{{Texts: [2]string{strings.Repeat("x", MaxText+1)}}}}} {
		if err := Write(io.Discard, d); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%v", err)
		}
	}
}

// withBody puts a body and other parts into a written file.
func withBody(t testing.TB, body string, more map[string]string) []byte {
	t.Helper()
	p := parts(t, write(t, sample()))
	if body != "" {
		p["word/document.xml"] = `<w:document ` + wordML + ` xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:w14="urn:w14"><w:body>` + body + `</w:body></w:document>`
	}
	for k, v := range more {
		p[k] = v
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for k, v := range p {
		w, err := z.Create(k)
		must(t, err)
		_, err = io.WriteString(w, v)
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

const commentParts = `<w:comments ` + wordML + `><w:comment w:id="7" w:author="Legal adviser" w:date="2026-04-01T10:00:00Z"><w:p><w:r><w:t>Is this</w:t></w:r></w:p><w:p><w:r><w:t>agreed?</w:t></w:r></w:p></w:comment>` +
	`<w:comment w:id="8" w:author="x"><w:p><w:r><w:t>outside</w:t></w:r></w:p></w:comment></w:comments>`

func withComments(t testing.TB, body string) []byte {
	rels := parts(t, write(t, sample()))["word/_rels/document.xml.rels"]
	rels = strings.Replace(rels, "</Relationships>", `<Relationship Id="c" Type="http://x/comments" Target="comments.xml"/></Relationships>`, 1)
	return withBody(t, body, map[string]string{"word/comments.xml": commentParts, "word/_rels/document.xml.rels": rels})
}

func cell(inside string) string { return `<w:tc><w:p>` + inside + `</w:p></w:tc>` }

func run(s string) string { return `<w:r><w:t xml:space="preserve">` + s + `</w:t></w:r>` }

// What comes back from a word processor: changes as shown, comments apart, the rest counted.
func TestAsShown(t *testing.T) {
	for name, c := range map[string]struct {
		left     string // the left cell's content, or whole rows
		want     []string
		ins, del int
		unread   map[string]int
	}{
		"plain":             {left: cell(run("a b")), want: []string{"a b"}},
		"inserted":          {left: cell(run("a ") + `<w:ins w:id="1">` + run("new ") + `</w:ins>` + run("b")), want: []string{"a new b"}, ins: 1},
		"deleted":           {left: cell(run("a ") + `<w:del w:id="1"><w:r><w:delText>old </w:delText></w:r></w:del>` + run("b")), want: []string{"a b"}, del: 1},
		"deleted insertion": {left: cell(run("a") + `<w:ins><w:del><w:r><w:delText>x</w:delText></w:r></w:del>` + run("b") + `</w:ins>`), want: []string{"ab"}, ins: 1, del: 1},
		"moved":             {left: cell(`<w:moveFrom>` + run("x") + `</w:moveFrom>` + run("a") + `<w:moveTo>` + run("x") + `</w:moveTo>`), want: []string{"ax"}, ins: 1, del: 1},
		"mark deleted": {left: `<w:tc><w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>` + run("a ") + `</w:p><w:p>` + run("b") + `</w:p></w:tc>`,
			want: []string{"a b"}, del: 1},
		"last mark deleted": {left: cell(`<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>` + run("a")), want: []string{"a"}, del: 1},
		"mark inserted": {left: `<w:tc><w:p><w:pPr><w:rPr><w:ins/></w:rPr></w:pPr>` + run("a") + `</w:p><w:p>` + run("b") + `</w:p></w:tc>`,
			want: []string{"a", "b"}, ins: 1},
		"format change":  {left: cell(`<w:pPr><w:pPrChange><w:pPr><w:pStyle w:val="Title"/></w:pPr></w:pPrChange></w:pPr>` + run("a")), want: []string{"a"}},
		"fields, links":  {left: cell(`<w:hyperlink>` + run("a") + `</w:hyperlink><w:r><w:instrText>PAGE</w:instrText></w:r><w:fldSimple>` + run("b") + `</w:fldSimple><w:sdt><w:sdtContent>` + run("c") + `</w:sdtContent></w:sdt>`), want: []string{"abc"}},
		"signs":          {left: cell(`<w:r><w:t>a</w:t><w:noBreakHyphen/><w:t>b</w:t><w:softHyphen/><w:cr/><w:sym w:font="x" w:char="00B0"/><w:tab/></w:r>`), want: []string{"a\u2011b\u00ad\n°\t"}},
		"tab stops":      {left: cell(`<w:pPr><w:tabs><w:tab w:pos="1"/></w:tabs></w:pPr>` + run("a")), want: []string{"a"}},
		"hidden":         {left: cell(run("a") + `<w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>b</w:t></w:r>`), want: []string{"ab"}, unread: map[string]int{HiddenText: 1}},
		"other things":   {left: cell(`<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>` + run("a") + `<w:r><w:drawing><w:t>no</w:t></w:drawing><w:footnoteReference w:id="1"/><w:rPr><w14:ligatures/></w:rPr></w:r><m:oMath><m:r/></m:oMath><mc:AlternateContent/>`), want: []string{"a"}, unread: map[string]int{Numbering: 1, Pictures: 2, Notes: 1, Equations: 1}},
		"table inside":   {left: `<w:tc><w:tbl><w:tr><w:tc><w:p>` + run("x") + `</w:p></w:tc></w:tr></w:tbl><w:p>` + run("a") + `</w:p></w:tc>`, want: []string{"a"}, unread: map[string]int{Tables: 1}},
		"cell deleted":   {left: `<w:tc><w:tcPr><w:cellDel/></w:tcPr><w:p>` + run("a") + `</w:p></w:tc>`, want: nil},
		"a content ctrl": {left: `<w:sdt><w:sdtPr><w:lock/></w:sdtPr><w:sdtContent>` + cell(run("a")) + `</w:sdtContent></w:sdt>`, want: []string{"a"}},
	} {
		r := read(t, withBody(t, `<w:tbl><w:tblPr/><w:tr><w:trPr><w:tblHeader/></w:trPr>`+cell(run("English"))+cell(run("Español"))+`</w:tr><w:tr>`+c.left+cell(run("derecha"))+`</w:tr></w:tbl>`, nil))
		if diff := cmp.Diff(c.want, r.Column(0)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if c.unread == nil {
			c.unread = map[string]int{}
		}
		if diff := cmp.Diff(c.unread, r.Unread); diff != "" || r.Inserted != c.ins || r.Deleted != c.del {
			t.Errorf("%s: %d inserted, %d deleted, %s", name, r.Inserted, r.Deleted, diff)
		}
		if diff := cmp.Diff([]string{"derecha"}, r.Column(1)); diff != "" {
			t.Errorf("%s: right: %s", name, diff)
		}
	}
}

func TestRowsTablesAndComments(t *testing.T) {
	row := func(a, b string) string { return `<w:tr>` + cell(a) + cell(b) + `</w:tr>` }
	gone := `<w:tr><w:trPr><w:del w:id="1"/></w:trPr>` + cell(run("gone")) + cell(run("ido")) + `</w:tr>`
	come := `<w:tr><w:trPr><w:ins w:id="1"/></w:trPr>` + cell(run("come")) + cell(run("venido")) + `</w:tr>`
	other := `<w:tbl>` + row(run("x"), run("y")) + row(run("x"), run("y")) + row(run("x"), run("y")) + row(run("x"), run("y")) + `</w:tbl>`
	mine := `<w:tbl><w:tblPr><w:tblCaption w:val="entente"/></w:tblPr>` + row(run("one"), `<w:commentRangeStart w:id="7"/>`+run("uno ")+run("dos")+`<w:commentRangeEnd w:id="7"/><w:r><w:commentReference w:id="7"/></w:r>`) +
		gone + come + `<w:tr>` + cell(run("three")) + cell(run("tres")) + cell(run("extra")) + `</w:tr></w:tbl>`
	r := read(t, withComments(t, `<w:p>`+run("above")+`<w:r><w:commentReference w:id="8"/></w:r></w:p>`+other+mine+`<w:p/>`))
	if diff := cmp.Diff([]string{"one", "come", "three"}, r.Column(0)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"uno dos", "venido", "tres"}, r.Column(1)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Comment{{"Legal adviser", "2026-04-01T10:00:00Z", "Is this\nagreed?", 0, 1, "uno dos"}, {"x", "", "outside", -1, 0, ""}}, r.Comments); diff != "" {
		t.Error(diff)
	}
	if r.Deleted != 1 || r.Inserted != 1 || r.Unread[Tables] != 1 || r.Unread[Columns] != 1 || len(r.Outside) != 1 || r.Outside[0] != "above" {
		t.Errorf("%+v", r)
	}
	r = read(t, withBody(t, `<w:tbl>`+row(run("x"), run("y"))+`</w:tbl>`+other, nil)) // nobody's mark: the largest
	if len(r.Rows) != 4 {
		t.Errorf("%+v", r)
	}
}

func TestRefusedFiles(t *testing.T) {
	big := func(n int, s string) string { return strings.Repeat(s, n) }
	two := `<w:tbl><w:tr>` + cell(run("a")) + cell(run("b")) + `</w:tr></w:tbl>`
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"old word":            {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), ErrFormat},
		"rtf":                 {[]byte(`{\rtf1}`), ErrFormat},
		"pdf":                 {[]byte("%PDF-1.7"), ErrFormat},
		"empty":               {nil, ErrFormat},
		"cut":                 {write(t, sample())[:500], ErrFormat},
		"no table":            {withBody(t, `<w:p/>`, nil), ErrFormat},
		"one column":          {withBody(t, `<w:tbl><w:tr>`+cell(run("a"))+`</w:tr></w:tbl>`, nil), ErrFormat},
		"no word text":        {withBody(t, "", map[string]string{"word/document.xml": "<x/>"}), ErrFormat},
		"body cut":            {withBody(t, "", map[string]string{"word/document.xml": `<w:document ` + wordML + `><w:body>` + two}), ErrFormat},
		"entities":            {withBody(t, "", map[string]string{"word/document.xml": `<!DOCTYPE x [<!ENTITY a "b">]><w:document ` + wordML + `><w:body>` + two + `</w:body></w:document>`}), ErrFormat},
		"entities elsewhere":  {withBody(t, two, map[string]string{"word/styles.xml": `<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>`}), ErrFormat},
		"paragraph in itself": {withBody(t, `<w:p><w:p/></w:p>`+two, nil), ErrFormat},
		"paragraphs":          {withBody(t, big(MaxParagraphs+1, "<w:p/>")+two, nil), ErrTooLarge},
		"depth":               {withBody(t, big(300, "<w:sdt>")+big(300, "</w:sdt>"), nil), ErrTooLarge},
		"text":                {withBody(t, `<w:tbl><w:tr>`+cell(big(9, run(big(MaxToken/2, "x"))))+cell("")+`</w:tr></w:tbl>`, nil), ErrTooLarge},
		"token":               {withBody(t, `<w:tbl><w:tr>`+cell(run(big(MaxToken+1, "x")))+cell("")+`</w:tr></w:tbl>`, nil), ErrTooLarge},
		"bomb":                {withBody(t, "", map[string]string{"word/media/x.png": big(4<<20, "\x00")}), ErrTooLarge},
	} {
		_, err := Read(bytes.NewReader(c.b), int64(len(c.b)))
		want := map[string]Fault{"old word": Protected, "rtf": OtherKind, "pdf": OtherKind, "empty": OtherKind, "no table": NoTable, "one column": NoTable, "no word text": OtherKind}[name]
		if want == "" {
			want = map[error]Fault{ErrFormat: Damaged, ErrTooLarge: PastBounds}[c.want]
		}
		if f := FaultOf(err); !errors.Is(err, c.want) || f != want || !slices.Contains(Faults(), f) {
			t.Errorf("%s: %q, %v, want %v", name, f, err, c.want)
		}
	}
}

func TestParagraphs(t *testing.T) {
	text := "One\nstill one\r\n\r\n\n\nTwo\n\n \n\n"
	got := Paragraphs(text)
	if diff := cmp.Diff([]string{"One\nstill one", "Two"}, got); diff != "" {
		t.Error(diff)
	}
	if again := Paragraphs(Join(got)); !cmp.Equal(got, again) {
		t.Errorf("%q", again)
	}
	rows := Align([]string{"a", "b"}, []string{"x"})
	if diff := cmp.Diff([]Row{{Texts: [2]string{"a", "x"}}, {Texts: [2]string{"b", ""}}}, rows); diff != "" {
		t.Error(diff)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`<w:tbl><w:tr><w:trPr><w:ins/></w:trPr>`+cell(run("a")+`<w:del><w:r><w:delText>x</w:delText></w:r></w:del>`)+cell(`<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>`+run("b"))+`</w:tr></w:tbl>`, commentParts)
	f.Add(`<w:p>`+run("x")+`</w:p><w:tbl><w:tr>`+cell(`<w:commentRangeStart w:id="7"/>`+run("a"))+cell("")+`</w:tr></w:tbl>`, "")
	f.Fuzz(func(t *testing.T, body, comments string) {
		rels := `<Relationships><Relationship Id="c" Type="http://x/comments" Target="comments.xml"/></Relationships>`
		b := withBody(t, body, map[string]string{"word/comments.xml": comments, "word/_rels/document.xml.rels": rels})
		known(t, b)
	})
}

func FuzzFile(f *testing.F) {
	f.Add(write(f, sample()))
	f.Fuzz(func(t *testing.T, b []byte) { known(t, b) })
}

func known(t *testing.T, b []byte) {
	t.Helper()
	r, err := Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTooLarge) {
			t.Fatalf("an error of no known kind: %v", err)
		}
		return
	}
	size := 0
	for _, row := range r.Rows {
		for _, c := range row.Paragraphs {
			for _, p := range c {
				size += len(p)
			}
		}
	}
	if size > MaxText {
		t.Fatalf("%d bytes of text", size)
	}
	for _, c := range r.Comments {
		if c.Row >= len(r.Rows) || c.Column > 1 || len(c.Quote) > MaxQuote {
			t.Fatalf("%+v of %d rows", c, len(r.Rows))
		}
	}
}
