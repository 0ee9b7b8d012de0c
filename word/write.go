package word

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"entente/opc"
)

const (
	wordML   = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	content  = "application/vnd.openxmlformats-officedocument.wordprocessingml."
	property = "Entente" // name of the property that holds Document.Reference
	caption  = "entente" // marks the table, whatever else is put into the file
)

// column of the table in twentieths of a point: US Letter, which both countries print on, less its margins.
const column = 5220

// sides are the style names' endings of the two columns.
var sides = [2]string{"Left", "Right"}

// Write writes the document: equal documents give equal bytes. Errors wrap ErrTooLarge or are the writer's.
func Write(w io.Writer, d Document) error {
	if len(d.Rows) > MaxParagraphs/2 {
		return fmt.Errorf("%w: %d rows, the limit is %d", ErrTooLarge, len(d.Rows), MaxParagraphs/2)
	}
	size := 0
	for _, r := range d.Rows {
		size += len(r.Texts[0]) + len(r.Texts[1])
	}
	if size > MaxText {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, size, MaxText)
	}
	p := opc.NewWriter(w)
	if err := p.Relate("", opc.Link{ID: "rId1", Type: "officeDocument", Target: "word/document.xml"}, opc.Link{ID: "rId2", Type: "custom-properties", Target: "docProps/custom.xml"}); err != nil {
		return err
	}
	part, err := p.Create("word/document.xml", content+"document.main+xml")
	if err != nil {
		return err
	}
	if err := writeBody(part, d); err != nil {
		return err
	}
	if err := p.Relate("word/document.xml", opc.Link{ID: "rId1", Type: "styles", Target: "styles.xml"}, opc.Link{ID: "rId2", Type: "settings", Target: "settings.xml"},
		opc.Link{ID: "rId3", Type: "header", Target: "header1.xml"}, opc.Link{ID: "rId4", Type: "footer", Target: "footer1.xml"}); err != nil {
		return err
	}
	for _, f := range []struct{ name, kind, text string }{
		{"word/styles.xml", content + "styles+xml", stylesOf(d)},
		{"word/settings.xml", content + "settings+xml", `<w:settings ` + wordML + `><w:trackRevisions/><w:defaultTabStop w:val="720"/><w:compat>` +
			`<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat></w:settings>`},
		{"word/header1.xml", content + "header+xml", `<w:hdr ` + wordML + `>` + edge("Header", tab+text(d.Marking)) + edge("Header", text(d.Group)+tab+tab+text(d.Status)) + `</w:hdr>`},
		{"word/footer1.xml", content + "footer+xml", `<w:ftr ` + wordML + `>` + edge("Footer", tab+text(d.Marking)+tab+field("PAGE")+text(" / ")+field("NUMPAGES")) + `</w:ftr>`},
		{"docProps/custom.xml", "application/vnd.openxmlformats-officedocument.custom-properties+xml", `<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" ` +
			`xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"><property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="` + property + `"><vt:lpwstr>` +
			opc.Escape(d.Reference) + `</vt:lpwstr></property></Properties>`},
	} {
		if err := p.Put(f.name, f.kind, f.text); err != nil {
			return err
		}
	}
	return p.Close()
}

func writeBody(w io.Writer, d Document) error {
	b := bufio.NewWriter(w) // its errors stay until Flush
	fmt.Fprintf(b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<w:document `+wordML+`><w:body><w:tbl><w:tblPr><w:tblW w:w="%d" w:type="dxa"/><w:tblBorders>`+
		`<w:insideV w:val="single" w:sz="4" w:space="0" w:color="A6A6A6"/></w:tblBorders><w:tblLayout w:type="fixed"/>`+
		`<w:tblCellMar><w:left w:w="115" w:type="dxa"/><w:right w:w="115" w:type="dxa"/></w:tblCellMar><w:tblCaption w:val="%s"/></w:tblPr><w:tblGrid>`+
		`<w:gridCol w:w="%d"/><w:gridCol w:w="%d"/></w:tblGrid>`, 2*column, caption, column, column)
	writeRow(b, `<w:trPr><w:tblHeader/></w:trPr>`, "Language", d.Names)
	for _, r := range d.Rows {
		switch r.Style {
		case Title:
			writeRow(b, "", "Title", r.Texts)
		case Heading:
			writeRow(b, "", "Heading", r.Texts)
		default:
			writeRow(b, "", "Text", r.Texts)
		}
	}
	b.WriteString(`</w:tbl><w:p><w:pPr><w:pStyle w:val="End"/></w:pPr></w:p><w:sectPr><w:headerReference w:type="default" r:id="rId3"/><w:footerReference w:type="default" r:id="rId4"/>` +
		`<w:pgSz w:w="12240" w:h="15840"/><w:pgMar w:top="1296" w:right="900" w:bottom="1152" w:left="900" w:header="576" w:footer="576" w:gutter="0"/></w:sectPr></w:body></w:document>`)
	return b.Flush()
}

func writeRow(b *bufio.Writer, properties, style string, texts [2]string) {
	b.WriteString(`<w:tr>` + properties)
	for i, t := range texts {
		fmt.Fprintf(b, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/></w:tcPr><w:p><w:pPr><w:pStyle w:val="%s%s"/></w:pPr>`, column, style, sides[i])
		b.WriteString(text(t))
		b.WriteString(`</w:p></w:tc>`)
	}
	b.WriteString(`</w:tr>`)
}

const tab = `<w:r><w:tab/></w:r>`

// text is a run, its line ends and tabs as the elements that stand for them.
func text(s string) string {
	if s == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString(`<w:r>`)
	for i, line := range strings.Split(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"), "\n") {
		if i > 0 {
			b.WriteString(`<w:br/>`)
		}
		for k, piece := range strings.Split(line, "\t") {
			if k > 0 {
				b.WriteString(`<w:tab/>`)
			}
			if piece != "" {
				b.WriteString(`<w:t xml:space="preserve">` + opc.Escape(piece) + `</w:t>`)
			}
		}
	}
	b.WriteString(`</w:r>`)
	return b.String()
}

func field(name string) string {
	return `<w:fldSimple w:instr=" ` + name + ` "><w:r><w:t>1</w:t></w:r></w:fldSimple>`
}

// edge is the line above or below every page: left, centre, right.
func edge(style, runs string) string {
	return `<w:p><w:pPr><w:pStyle w:val="` + style + `"/></w:pPr>` + runs + `</w:p>`
}

// stylesOf gives every column styles of its own, which carry its language: what is typed there is spelled in it.
func stylesOf(d Document) string {
	var b strings.Builder
	lang := func(i int) string { return `<w:lang w:val="` + opc.Escape(d.Languages[i]) + `"/>` }
	b.WriteString(`<w:styles ` + wordML + `><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Calibri" w:eastAsia="Calibri"/><w:sz w:val="22"/><w:szCs w:val="22"/>` +
		lang(0) + `</w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="120" w:line="264" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>` +
		`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>`)
	style := func(id, name, next, paragraph, run string) {
		custom := ` w:customStyle="1"`
		if id == "Header" || id == "Footer" { // which every program has
			custom = ""
		}
		b.WriteString(`<w:style w:type="paragraph"` + custom + ` w:styleId="` + id + `"><w:name w:val="` + name + `"/><w:basedOn w:val="Normal"/>`)
		if next != "" {
			b.WriteString(`<w:next w:val="` + next + `"/>`)
		}
		b.WriteString(`<w:qFormat/><w:pPr>` + paragraph + `</w:pPr><w:rPr>` + run + `</w:rPr></w:style>`)
	}
	for i, side := range sides {
		low := strings.ToLower(side)
		style("Text"+side, "Text "+low, "", "", lang(i))
		style("Heading"+side, "Heading "+low, "Text"+side, `<w:keepNext/><w:spacing w:before="240" w:after="80"/><w:outlineLvl w:val="1"/>`, `<w:b/><w:sz w:val="24"/><w:szCs w:val="24"/>`+lang(i))
		style("Title"+side, "Title "+low, "Text"+side, `<w:keepNext/><w:spacing w:before="120" w:after="240"/><w:outlineLvl w:val="0"/>`, `<w:b/><w:sz w:val="30"/><w:szCs w:val="30"/>`+lang(i))
		style("Language"+side, "Language "+low, "", `<w:spacing w:after="60"/>`, `<w:color w:val="595959"/><w:sz w:val="18"/><w:szCs w:val="18"/>`+lang(i))
	}
	edges := fmt.Sprintf(`<w:tabs><w:tab w:val="center" w:pos="%d"/><w:tab w:val="right" w:pos="%d"/></w:tabs><w:spacing w:after="0"/>`, column, 2*column)
	for _, id := range []string{"Header", "Footer"} {
		style(id, strings.ToLower(id), "", edges, `<w:color w:val="595959"/><w:sz w:val="18"/><w:szCs w:val="18"/>`)
	}
	style("End", "End", "", `<w:spacing w:after="0" w:line="20" w:lineRule="exact"/>`, `<w:sz w:val="2"/><w:szCs w:val="2"/>`)
	b.WriteString(`</w:styles>`)
	return b.String()
}
