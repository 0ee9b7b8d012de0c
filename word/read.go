package word

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"entente/opc"
)

// What Returned.Unread counts.
const (
	Pictures   = "pictures"    // and text boxes, drawings
	Notes      = "notes"       // at the foot or the end
	Tables     = "tables"      // inside the table, or beside it
	Equations  = "equations"   // and other objects
	Numbering  = "numbering"   // numbers of paragraphs that the program makes and the text does not hold
	Columns    = "columns"     // cells to the right of the second
	HiddenText = "hidden text" // text that the file holds and does not show
)

// A Returned text is what Read found.
type Returned struct {
	Rows      []ReadRow
	Languages [2]string // as the styles and runs of each column say; "" where they say nothing
	Reference string    // of the Document that was written, "" when the file does not say
	Outside   []string  // paragraphs above and below the table: somebody wrote there
	Comments  []Comment
	Inserted  int            // tracked changes: places where text was inserted (it is in the text),
	Deleted   int            // and where it was deleted (it is not)
	Unread    map[string]int // what the file holds beside
}

// A ReadRow is one row of the table: mostly one paragraph in each column, more where somebody pressed Enter.
type ReadRow struct {
	Style      string // Text, Heading or Title, as far as the styles of Write are still there
	Paragraphs [2][]string
}

// A Comment stands apart from the text.
type Comment struct {
	Author string // as the file says
	Date   string // as the file says, mostly ISO
	Text   string
	Row    int    // of Rows; -1 for one outside the table
	Column int    // 0 or 1
	Quote  string // the text that it is about, cut to MaxQuote bytes
}

// Column gives the paragraphs of one column, the empty ones left out: what Redline compares.
func (r Returned) Column(i int) []string {
	var out []string
	for _, row := range r.Rows {
		for _, p := range row.Paragraphs[i] {
			if strings.TrimSpace(p) != "" {
				out = append(out, p)
			}
		}
	}
	return out
}

// Read reads the two columns of a DOCX of size bytes: of the table that Write wrote, else of the largest one with two columns.
// Tracked changes are read as they are shown. Errors wrap ErrFormat or ErrTooLarge and say what to do.
func Read(file io.ReaderAt, size int64) (Returned, error) {
	if what, kind := foreign(file); what != "" {
		return Returned{}, fault(kind, "this is %s: save it as .docx", what)
	}
	p, err := opc.Open(file, size, packageLimits)
	if err != nil {
		return Returned{}, wordError(err)
	}
	r, err := readPackage(p)
	return r, wordError(err)
}

func wordError(err error) error {
	switch {
	case errors.Is(err, opc.ErrTooLarge):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	case errors.Is(err, opc.ErrFormat), errors.Is(err, opc.ErrEncrypted), errors.Is(err, opc.ErrNoPart):
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return err
}

// foreign names a file of another kind, by its first bytes.
func foreign(file io.ReaderAt) (what string, f Fault) {
	head := make([]byte, 8)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", ""
	}
	switch s := string(head[:n]); {
	case strings.HasPrefix(s, "\xd0\xcf\x11\xe0"):
		return "an old Word file (.doc) or one with a password", Protected
	case strings.HasPrefix(s, `{\rtf`):
		return "an RTF text", OtherKind
	case strings.HasPrefix(s, "%PDF"):
		return "a PDF", OtherKind
	case !strings.HasPrefix(s, "PK"):
		return "no Word file", OtherKind
	}
	return "", ""
}

func readPackage(p *opc.Package) (Returned, error) {
	root, err := p.Relationships("")
	if err != nil {
		return Returned{}, err
	}
	main := opc.Related(root, "officeDocument")
	if main == "" {
		what := "no Word text"
		if p.Has("content.xml") {
			what = "an OpenDocument text"
		}
		return Returned{}, fault(OtherKind, "this is %s: save it as .docx", what)
	}
	rels, err := p.Relationships(main)
	if err != nil {
		return Returned{}, err
	}
	r := &reader{p: p, byID: make(map[string]*comment), languages: make(map[string]string)}
	r.out.Unread = make(map[string]int)
	if part := opc.Related(root, "custom-properties"); part != "" && p.Has(part) {
		if r.out.Reference, err = readReference(p, part); err != nil {
			return Returned{}, fmt.Errorf("reading the properties: %w", err)
		}
	}
	if part := opc.Related(rels, "styles"); part != "" && p.Has(part) {
		if err := r.readStyles(part); err != nil {
			return Returned{}, fmt.Errorf("reading the styles: %w", err)
		}
	}
	if part := opc.Related(rels, "comments"); part != "" && p.Has(part) {
		if err := r.readComments(part); err != nil {
			return Returned{}, fmt.Errorf("reading the comments: %w", err)
		}
	}
	if err := r.readBody(main); err != nil {
		return Returned{}, fmt.Errorf("reading the text: %w", err)
	}
	return r.choose()
}

// choose settles which table is the text; what stands in the others is counted.
func (r *reader) choose() (Returned, error) {
	best := -1
	for i, t := range r.tables {
		if t.two == 0 {
			continue
		}
		if best < 0 || t.ours && !r.tables[best].ours || t.ours == r.tables[best].ours && t.two > r.tables[best].two {
			best = i
		}
	}
	if best < 0 {
		return Returned{}, fault(NoTable, "it has no table of two columns: put the text back into the table that was exported")
	}
	t := r.tables[best]
	r.out.Rows = t.rows
	if len(r.tables) > 1 {
		r.out.Unread[Tables] += len(r.tables) - 1
	}
	for _, c := range []int{0, 1} {
		most := 0
		for _, lang := range slices.Sorted(maps.Keys(t.languages[c])) {
			if n := t.languages[c][lang]; n > most {
				most, r.out.Languages[c] = n, lang
			}
		}
	}
	for _, c := range r.comments {
		out := Comment{Author: c.author, Date: c.date, Text: strings.TrimSpace(c.text.String()), Row: -1, Quote: strings.TrimSpace(cut(c.quote.String()))}
		if c.placed && c.table == best {
			out.Row, out.Column = c.row, c.column
		}
		r.out.Comments = append(r.out.Comments, out)
	}
	return r.out, nil
}

// ours reports whether a name belongs to WordprocessingML, transitional or strict.
func ours(n xml.Name) bool {
	return n.Space == "http://schemas.openxmlformats.org/wordprocessingml/2006/main" || n.Space == "http://purl.oclc.org/ooxml/wordprocessingml/main"
}

// readReference gives the value of our property.
func readReference(p *opc.Package, part string) (string, error) {
	d, err := p.XML(part)
	if err != nil {
		return "", err
	}
	defer d.Close()
	mine := false
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		if e, ok := t.(xml.StartElement); ok {
			switch e.Name.Local {
			case "property":
				mine = opc.Attr(e, "name") == property
			case "lpwstr":
				if mine {
					return d.Text(MaxQuote)
				}
			}
		}
	}
}

// readStyles learns which language a paragraph style sets.
func (r *reader) readStyles(part string) error {
	d, err := r.p.XML(part)
	if err != nil {
		return err
	}
	defer d.Close()
	style := ""
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		e, ok := t.(xml.StartElement)
		if !ok || !ours(e.Name) {
			continue
		}
		switch e.Name.Local {
		case "style":
			style = opc.Attr(e, "styleId")
		case "lang":
			if style != "" && len(r.languages) < MaxParagraphs {
				r.languages[style] = opc.Attr(e, "val")
			}
		}
	}
}

// readComments reads the comments in the order of their part, which is that of writing.
func (r *reader) readComments(part string) error {
	d, err := r.p.XML(part)
	if err != nil {
		return err
	}
	defer d.Close()
	var c *comment
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		e, ok := t.(xml.StartElement)
		if !ok || !ours(e.Name) {
			continue
		}
		text := ""
		switch e.Name.Local {
		case "comment":
			id := opc.Attr(e, "id")
			if r.byID[id] != nil {
				return fmt.Errorf("%w: two comments %.20q", ErrFormat, id)
			}
			if len(r.comments) == MaxComments {
				return fmt.Errorf("%w: more than %d comments", ErrTooLarge, MaxComments)
			}
			c = &comment{author: cut(opc.Attr(e, "author")), date: cut(opc.Attr(e, "date"))}
			r.byID[id] = c
			r.comments = append(r.comments, c)
		case "p", "br", "cr":
			text = "\n"
		case "t":
			if text, err = d.Text(MaxToken); err != nil {
				return err
			}
		}
		if c != nil {
			if err := r.add(len(text)); err != nil {
				return err
			}
			c.text.WriteString(text)
		}
	}
}

// add counts text that is kept.
func (r *reader) add(n int) error {
	if r.size += n; r.size > MaxText {
		return fmt.Errorf("%w: more than %d bytes of text", ErrTooLarge, MaxText)
	}
	return nil
}

// cut shortens what is shown beside a text.
func cut(s string) string {
	if len(s) <= MaxQuote {
		return s
	}
	return strings.ToValidUTF8(s[:MaxQuote], "")
}
