package word

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"entente/opc"
)

// reader goes through the text once, element by element, and keeps what is shown.
type reader struct {
	p         *opc.Package
	out       Returned
	tables    []*table
	comments  []*comment
	byID      map[string]*comment
	languages map[string]string // of paragraph styles
	size      int               // bytes of text kept
	count     int               // paragraphs

	around   []string            // names of the elements around, all of WordprocessingML
	table    int                 // index of the one that is read, -1 outside
	row      *ReadRow            // nil outside
	rowGone  bool                // the row is a tracked deletion
	header   bool                // the row repeats on every page: names of the languages
	cell     int                 // -1 outside
	cellGone bool                // a tracked deletion, or to the right of the second
	open     map[string]*comment // comments whose text is read
	para     *paragraph
	joined   *paragraph // its end was deleted: the next one continues it
}

type comment struct {
	author, date       string
	text, quote        strings.Builder
	placed             bool
	table, row, column int
}

// a table that may be the text.
type table struct {
	ours      bool
	two       int // rows with two cells
	rows      []ReadRow
	languages [2]map[string]int // bytes of text by language
}

type paragraph struct {
	text    strings.Builder
	style   string
	lang    string // of the run that is read
	hidden  bool   // the run is
	endGone bool   // the mark at its end is deleted
}

// invisible elements hold what is not text; what they are is counted.
var invisible = map[string]string{
	"drawing": Pictures, "pict": Pictures, "object": Equations, "footnoteReference": Notes, "endnoteReference": Notes,
}

// foreignContent is what other vocabularies bring into a text; the rest of them are details of formatting.
var foreignContent = map[string]string{
	"http://schemas.openxmlformats.org/officeDocument/2006/math":  Equations,
	"http://purl.oclc.org/ooxml/officeDocument/math":              Equations,
	"http://schemas.openxmlformats.org/markup-compatibility/2006": Pictures,
}

func (r *reader) readBody(part string) error {
	d, err := r.p.XML(part)
	if err != nil {
		return err
	}
	defer d.Close()
	r.table, r.cell, r.open = -1, -1, make(map[string]*comment)
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
			if len(r.around) == 0 && (t.Name.Local != "document" || !ours(t.Name)) {
				return fault(OtherKind, "it is no Word text")
			}
			read, err := r.start(d, t)
			if err != nil {
				return err
			}
			if !read {
				r.around = append(r.around, t.Name.Local)
			}
		case xml.EndElement:
			r.around = r.around[:len(r.around)-1]
			if err := r.end(t.Name.Local); err != nil {
				return err
			}
		}
	}
}

// start handles an element; read says that it was read up to its end.
func (r *reader) start(d *opc.Decoder, e xml.StartElement) (read bool, err error) {
	if !ours(e.Name) {
		if what := foreignContent[e.Name.Space]; what != "" && r.shown() {
			r.out.Unread[what]++
		}
		return true, d.Skip()
	}
	if what, ok := invisible[e.Name.Local]; ok {
		if r.shown() {
			r.out.Unread[what]++
		}
		return true, d.Skip()
	}
	switch name := e.Name.Local; name {
	case "del", "moveFrom", "ins", "moveTo":
		return r.tracked(d, name)
	case "tbl":
		return r.startTable(d)
	case "tblCaption":
		if r.table >= 0 && opc.Attr(e, "val") == caption {
			r.tables[r.table].ours = true
		}
	case "tr":
		if r.table >= 0 {
			r.row, r.rowGone, r.header, r.cell = &ReadRow{}, false, false, -1
		}
	case "tblHeader":
		r.header = on(e)
	case "tc":
		r.cell, r.cellGone = r.cell+1, false
		if r.cell > 1 {
			if r.cell == 2 {
				r.out.Unread[Columns]++
			}
			r.cellGone = true
		}
	case "cellDel":
		r.cellGone = true
	case "p":
		return false, r.startParagraph()
	case "pStyle":
		if r.para != nil && r.parent() == "pPr" {
			r.para.style = opc.Attr(e, "val")
		}
	case "numPr":
		if r.shown() {
			r.out.Unread[Numbering]++
		}
		return true, d.Skip()
	case "pPrChange", "rPrChange", "tblPrChange", "trPrChange", "tcPrChange", "sectPr", "instrText", "delText", "delInstrText", "rubyPr", "rt":
		return true, d.Skip() // what was before, or is no text
	case "r":
		if r.para != nil {
			r.para.lang, r.para.hidden = r.languages[r.para.style], false
		}
	case "lang":
		if r.para != nil && r.parent() == "rPr" && r.grandparent() == "r" && opc.Attr(e, "val") != "" {
			r.para.lang = opc.Attr(e, "val")
		}
	case "vanish", "webHidden":
		if r.para != nil && r.grandparent() == "r" && on(e) {
			r.para.hidden = true
		}
	case "t":
		s, err := d.Text(MaxToken)
		if err != nil {
			return true, err
		}
		return true, r.write(s)
	case "tab", "ptab":
		if r.parent() == "r" {
			return false, r.write("\t")
		}
	case "br", "cr":
		return false, r.write("\n")
	case "noBreakHyphen":
		return false, r.write("\u2011")
	case "softHyphen":
		return false, r.write("\u00ad")
	case "sym":
		if n, err := strconv.ParseUint(opc.Attr(e, "char"), 16, 16); err == nil && n != 0 && (n < 0xd800 || n > 0xdfff) {
			return false, r.write(string(rune(n)))
		}
	case "commentRangeStart":
		id := opc.Attr(e, "id")
		if c := r.at(id); c != nil && len(r.open) < maxOpen {
			r.open[id] = c
		}
	case "commentRangeEnd":
		delete(r.open, opc.Attr(e, "id"))
	case "commentReference":
		r.at(opc.Attr(e, "id"))
	}
	return false, nil
}

// on reads a switch: an element that is there is on, unless it says otherwise.
func on(e xml.StartElement) bool {
	switch opc.Attr(e, "val") {
	case "0", "false", "off":
		return false
	}
	return true
}

func (r *reader) parent() string { return r.ancestor(1) }

func (r *reader) grandparent() string { return r.ancestor(2) }

func (r *reader) ancestor(n int) string {
	if len(r.around) < n {
		return ""
	}
	return r.around[len(r.around)-n]
}

// tracked handles the marks of a change: around runs, on the end of a paragraph, on a row.
func (r *reader) tracked(d *opc.Decoder, name string) (read bool, err error) {
	deletion := name == "del" || name == "moveFrom"
	switch {
	case r.parent() == "trPr":
		r.rowGone = r.rowGone || deletion
	case r.parent() == "rPr" && r.grandparent() == "pPr":
		if deletion && r.para != nil {
			r.para.endGone = true
		}
	case r.parent() == "rPr" || r.parent() == "numPr":
		return true, d.Skip()
	case deletion:
		r.out.Deleted++
		return true, d.Skip()
	default:
		r.out.Inserted++
		return false, nil
	}
	if deletion {
		r.out.Deleted++
	} else {
		r.out.Inserted++
	}
	return true, d.Skip()
}

func (r *reader) startTable(d *opc.Decoder) (read bool, err error) {
	if r.table >= 0 { // inside a cell
		r.out.Unread[Tables]++
		return true, d.Skip()
	}
	if len(r.tables) == MaxParagraphs {
		return true, fmt.Errorf("%w: more than %d tables", ErrTooLarge, MaxParagraphs)
	}
	r.tables = append(r.tables, &table{languages: [2]map[string]int{{}, {}}})
	r.table, r.joined = len(r.tables)-1, nil
	return false, nil
}

func (r *reader) startParagraph() error {
	if r.para != nil {
		return fmt.Errorf("%w: a paragraph inside a paragraph", ErrFormat)
	}
	if r.count++; r.count > MaxParagraphs {
		return fmt.Errorf("%w: more than %d paragraphs", ErrTooLarge, MaxParagraphs)
	}
	r.para = &paragraph{}
	if r.joined != nil {
		r.para, r.joined = r.joined, nil
		r.para.endGone = false
	}
	return nil
}

// shown reports whether what is read now is in the text.
func (r *reader) shown() bool {
	return r.para != nil && !r.cellGone && !r.rowGone
}

func (r *reader) write(s string) error {
	if !r.shown() {
		return nil
	}
	if r.para.hidden {
		r.out.Unread[HiddenText]++
		return nil
	}
	if err := r.add(len(s)); err != nil {
		return err
	}
	r.para.text.WriteString(s)
	if r.table >= 0 && r.cell >= 0 && r.cell < 2 && r.para.lang != "" && !r.header {
		if langs := r.tables[r.table].languages[r.cell]; len(langs) < MaxEntries || langs[r.para.lang] > 0 {
			langs[r.para.lang] += len(s)
		}
	}
	for id, c := range r.open {
		c.quote.WriteString(cut(s))
		if c.quote.Len() >= MaxQuote {
			delete(r.open, id)
		}
	}
	return nil
}

// at finds a comment and notes its place: the first that names it.
func (r *reader) at(id string) *comment {
	c := r.byID[id]
	if c != nil && !c.placed && r.table >= 0 && r.cell >= 0 && r.cell < 2 && !r.header && !r.rowGone {
		c.placed, c.table, c.row, c.column = true, r.table, len(r.tables[r.table].rows), r.cell
	}
	return c
}

func (r *reader) end(name string) error {
	switch name {
	case "p":
		r.endParagraph()
	case "tc":
		r.flush()
		if r.cell == 1 && r.row != nil && !r.header {
			r.tables[r.table].two++
		}
	case "tr":
		if r.table >= 0 && r.row != nil && !r.rowGone && !r.header {
			r.tables[r.table].rows = append(r.tables[r.table].rows, *r.row)
		}
		r.row, r.cell, r.header, r.rowGone, r.cellGone = nil, -1, false, false, false
	case "tbl":
		r.table, r.joined = -1, nil
	case "body":
		r.flush()
	}
	return nil
}

func (r *reader) endParagraph() {
	p := r.para
	r.para = nil
	if p == nil {
		return
	}
	if p.endGone {
		r.joined = p
		return
	}
	r.keep(p)
}

// flush keeps a paragraph whose end was deleted and which nothing continues.
func (r *reader) flush() {
	if r.joined != nil {
		r.keep(r.joined)
		r.joined = nil
	}
}

func (r *reader) keep(p *paragraph) {
	text := p.text.String()
	switch {
	case r.table < 0:
		if strings.TrimSpace(text) != "" {
			r.out.Outside = append(r.out.Outside, text)
		}
	case r.row != nil && r.cell >= 0 && r.cell < 2 && !r.cellGone:
		r.row.Paragraphs[r.cell] = append(r.row.Paragraphs[r.cell], text)
		for _, s := range []string{Title, Heading} {
			if strings.HasPrefix(strings.ToLower(p.style), s) {
				r.row.Style = s
			}
		}
	}
}
