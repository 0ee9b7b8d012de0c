package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"entente/node"
	"entente/record"
	tables "entente/sheet"
)

// imported is a spreadsheet between its upload and the drafts that come of it. It is in memory only.
type imported struct {
	group   record.ID
	name    string
	content []byte
	mapping tables.Mapping
	refused []failedRow    // of the last confirmation: rows that the node did not take
	made    []record.Nonce // its drafts, in the order of the rows
}

// failedRow is a row that became no draft.
type failedRow struct {
	Line int
	Name string
	Why  string
}

func (x *imported) open() (*tables.Book, error) {
	return tables.Open(bytes.NewReader(x.content), int64(len(x.content)), x.mapping.File)
}

// importOf is the session's spreadsheet for this group; nil: there is none any more.
func (w *Web) importOf(r *request) *imported {
	x, ok := w.imports.get(r.session.secret)
	if !ok || x.group != r.group.ID {
		return nil
	}
	return &x
}

func (r *request) importGone() answer {
	return redirect{to: r.group.Href("import") + "?gone=1"}
}

type importBody struct {
	Form    *form
	Gone    bool
	Waiting string // the page of drafts
}

// importFile takes a spreadsheet. A file that cannot be read is refused here, with the line.
func (w *Web) importFile(r *request) (answer, error) {
	encodings := []option{{"", r.t("import.guess"), ""}}
	for _, e := range []tables.Encoding{tables.UTF8, tables.Windows1252, tables.Latin1, tables.UTF16LE, tables.UTF16BE} {
		encodings = append(encodings, option{Value: string(e), Text: strings.ToUpper(string(e))})
	}
	separators := []option{{"", r.t("import.guess"), ""}}
	for _, s := range []string{",", ";", "\t", "|"} {
		separators = append(separators, option{Value: s, Text: r.t("import.separator." + map[string]string{",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}[s])})
	}
	f, err := r.form(r.group.Href("import"), r.t("import.go"),
		field{Name: "file", Control: controlFile, Label: r.t("import.file"), Hint: r.t("import.file-hint", "Size", w.languages[r.lang].bytes(maxImport), "Rows", w.languages[r.lang].number(maxImportRows))},
		field{Name: "encoding", Control: controlSelect, Label: r.t("import.encoding"), Hint: r.t("import.encoding-hint"), Options: encodings, Optional: true},
		field{Name: "separator", Control: controlSelect, Label: r.t("import.separator"), Options: separators, Optional: true})
	if err != nil {
		return nil, err
	}
	f.Back = r.group.Href("commitments")
	p := page{name: "import", title: r.t("import.title"), nav: commitments, body: importBody{f, r.URL.Query().Get("gone") != "", r.group.Href("import", "drafts")}}
	if r.Method != http.MethodPost {
		return p, nil
	}
	files, err := f.uploads("file")
	if err != nil {
		return nil, err
	}
	o := tables.Options{Encoding: tables.Encoding(f.choice("encoding")), Separator: f.choice("separator"), Unescape: true}
	if len(files) > 0 && len(files[0].Content) > maxImport {
		f.wrong("file", "import.too-large", "Size", w.languages[r.lang].bytes(maxImport))
	}
	if !f.ok() {
		return f.again(p), nil
	}
	x := imported{group: r.group.ID, name: files[0].Name, content: files[0].Content, mapping: tables.Mapping{V: 1, File: o}}
	if err := w.readable(r, f, "file", &x); err != nil {
		return nil, err
	}
	if !f.ok() {
		return f.again(p), nil
	}
	if !w.imports.put(r.session.secret, x) {
		f.wrong("file", "import.full")
		return f.again(p), nil
	}
	return redirect{to: r.group.Href("import", "map")}, nil
}

// readable reads the whole table once; what is wrong with it stands at a field.
func (w *Web) readable(r *request, f *form, name string, x *imported) error {
	b, err := x.open()
	if err != nil {
		return r.tableFault(f, name, err)
	}
	s, err := b.Sheet(x.mapping.Sheet)
	if err != nil {
		return r.tableFault(f, name, err)
	}
	rows := 0
	for row, err := range s.Rows() {
		if err != nil {
			return r.tableFault(f, name, err)
		}
		if !row.Blank() {
			rows++
		}
		if rows > maxImportRows+tables.MaxHeaderRows+tables.MaxSearch {
			f.wrong(name, "import.too-many", "Rows", w.languages[r.lang].number(maxImportRows))
			break
		}
	}
	return nil
}

// tableFault puts what is wrong with a table at a field. What is not about the table is an error.
func (r *request) tableFault(f *form, name string, err error) error {
	fault, line := tables.FaultOf(err)
	if fault == "" {
		return err
	}
	f.wrong(name, "sheet.fault", "Text", r.faultWords(err, fault, line))
	return nil
}

func (r *request) faultWords(err error, fault tables.Fault, line int) string {
	s := r.t("sheet.fault." + string(fault))
	if lost := new(tables.MissingColumns); errors.As(err, &lost) {
		s = r.t("sheet.fault.columns", "Columns", strings.Join(lost.Missing, ", "))
	}
	if line > 0 {
		s = r.t("sheet.fault.line", "Line", line, "Text", s)
	}
	return s
}

type mapBody struct {
	File     string
	Form     *form
	Upload   *form
	Download string
	Columns  []string // names of the first columns
	Sample   [][]string
	Targets  []string
	Same     []string
}

// importMap says which column is what.
func (w *Web) importMap(r *request) (answer, error) {
	x := w.importOf(r)
	if x == nil {
		return r.importGone(), nil
	}
	p, f, err := w.mapPage(r, x)
	if err != nil || r.Method != http.MethodPost {
		return p, err
	}
	if other, ok := w.elsewhere(r, x, f); !ok {
		return f.again(p), nil
	} else if other != nil { // the columns are others: they are shown before anything is taken from them
		if err := w.readable(r, f, "header", other); err != nil {
			return nil, err
		}
		if !f.ok() {
			return f.again(p), nil
		}
		if !w.imports.put(r.session.secret, *other) {
			return r.importGone(), nil
		}
		return redirect{to: r.group.Href("import", "map")}, nil
	}
	m, err := w.mapped(r, x, f)
	if err != nil {
		return nil, err
	}
	if !f.ok() {
		return f.again(p), nil
	}
	x.mapping = m
	if err := w.readable(r, f, "header", x); err != nil {
		return nil, err
	}
	if !f.ok() {
		return f.again(p), nil
	}
	if !w.imports.put(r.session.secret, *x) {
		return r.importGone(), nil
	}
	return redirect{to: r.group.Href("import", "preview")}, nil
}

// elsewhere is the same file with the header or the sheet that the form names; nil: they are those that the page showed.
func (w *Web) elsewhere(r *request, x *imported, f *form) (*imported, bool) {
	next := *x
	if name := f.choice("sheet"); name != r.PostFormValue("shown-sheet") {
		next.mapping.Sheet, next.mapping.Header, next.mapping.Columns = name, tables.HeaderRule{}, nil
		return &next, f.ok()
	}
	v := f.text("header")
	if v == r.PostFormValue("shown-header") {
		return nil, f.ok()
	}
	next.mapping.Header = tables.HeaderRule{}
	if v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > tables.MaxSearch {
			f.wrong("header", "import.header-number", "Rows", w.languages[r.lang].number(tables.MaxSearch))
		}
		next.mapping.Header.Row = max(n, 0)
	}
	next.mapping.Columns = nil
	return &next, f.ok()
}

// mapPage is the form, answered as the mapping says, or else as the names of the columns suggest.
func (w *Web) mapPage(r *request, x *imported) (page, *form, error) {
	book, err := x.open()
	if err != nil {
		return page{}, nil, err
	}
	var h tables.Header
	var rows []tables.Row
	s, failed := book.Sheet(x.mapping.Sheet)
	if failed == nil {
		h, rows, failed = s.Head(x.mapping.Header)
	}
	b := mapBody{File: x.name, Download: r.group.Href("import", "mapping")}
	var columns []option
	columns, b.Columns, b.Sample = r.looked(h, rows[:min(3, len(rows))], oneLine)
	var fields []field
	for _, t := range w.importTargets(r) {
		fields = append(fields, field{Name: "col." + t.name, Control: controlSelect, Label: t.label, Options: columns, Optional: !t.needed})
		b.Targets = append(b.Targets, "col."+t.name)
		if t.same {
			fields = append(fields, field{Name: "same." + t.name, Control: controlSelect, Label: t.label, Options: append([]option{{"", r.t("choose.none"), ""}}, t.options...), Optional: true})
			b.Same = append(b.Same, "same."+t.name)
		}
	}
	fields = append(fields, field{Name: "same.currency", Control: controlInput, Label: r.t("propose.currency"), Hint: r.t("propose.currency-hint"), Width: 5, Optional: true})
	audience := r.handled("same.handling", r.t("propose.handling"))[0]
	fields = append(fields, audience)
	b.Same = append(b.Same, "same.currency", "same.handling")
	fields = append(fields,
		field{Name: "order", Control: controlRadios, Label: r.t("import.order"), Hint: r.t("import.order-hint"), Options: []option{
			{"", r.t("import.order.clear"), ""}, {tables.DayFirst, r.t("import.order.dmy"), ""}, {tables.MonthFirst, r.t("import.order.mdy"), ""}}, Optional: true},
		field{Name: "header", Control: controlInput, Label: r.t("import.header"), Hint: r.t("import.header-hint"), Width: 3, Optional: true})
	var sheets []option
	for _, s := range book.Sheets {
		sheets = append(sheets, option{Value: s.Name, Text: s.Name})
	}
	sheetField := field{Name: "sheet", Control: controlSelect, Label: r.t("import.sheet"), Options: sheets, Optional: true}
	if len(sheets) < 2 {
		sheetField = field{Name: "sheet", Control: controlHidden, Optional: true, Options: append(sheets, option{})}
	}
	fields = append(fields, sheetField, field{Name: "shown-header", Control: controlHidden, Optional: true}, field{Name: "shown-sheet", Control: controlHidden, Optional: true})
	f, err := r.form(r.group.Href("import", "map"), r.t("import.preview"), fields...)
	if err != nil {
		return page{}, nil, err
	}
	f.Back = r.group.Href("import")
	if failed == nil {
		f.set("sheet", s.Name)
		f.set("shown-sheet", s.Name)
	}
	w.answerMap(f, x, h, r)
	if failed != nil {
		if err := r.tableFault(f, "header", failed); err != nil {
			return page{}, nil, err
		}
	}
	b.Upload, b.Form = r.mappingForm(), f
	return page{name: "import-map", title: r.t("import.map-title"), nav: commitments, body: b}, f, nil
}

// answerMap fills the form in.
func (w *Web) answerMap(f *form, x *imported, h tables.Header, r *request) {
	m := x.mapping
	f.set("order", m.Dates.Order)
	if m.Header.Row > 0 {
		f.set("header", strconv.Itoa(m.Header.Row))
	} else if h.Last > 0 {
		f.set("header", strconv.Itoa(h.Last))
	}
	if x, err := f.Field("header"); err == nil {
		f.set("shown-header", x.Value())
	}
	if len(m.Columns) == 0 {
		for name, letter := range w.guess(r, h) {
			f.set("col."+name, letter)
		}
		return
	}
	for _, c := range m.Columns {
		letter := c.Letter
		if c.Header != "" {
			if i, ok := h.Column(c.Header); ok {
				letter = h.Columns[i].Letter
			}
		}
		f.set("col."+c.Field, letter)
	}
	for name, v := range m.Constants {
		f.set("same."+name, v)
	}
}

// mapped reads the form into a mapping. Lists of values that an uploaded mapping brought stay.
func (w *Web) mapped(r *request, x *imported, f *form) (tables.Mapping, error) {
	m := tables.Mapping{V: 1, Name: x.mapping.Name, File: x.mapping.File, Sheet: x.mapping.Sheet, Header: x.mapping.Header, Skip: x.mapping.Skip, Filters: x.mapping.Filters,
		Dates: tables.DateStyle{Order: f.choice("order"), Serials: x.mapping.Dates.Serials, Century: x.mapping.Dates.Century}, Numbers: tables.NumberStyle{Mark: tables.Point}, Constants: map[string]string{}}
	b, err := x.open()
	if err != nil {
		return m, err
	}
	var h tables.Header
	if s, err := b.Sheet(m.Sheet); err == nil {
		if h, _, err = s.Head(m.Header); err != nil && f.ok() {
			return m, r.tableFault(f, "header", err)
		}
	}
	for _, t := range w.importTargets(r) {
		letter := f.choice("col." + t.name)
		if letter == "" {
			if t.same {
				if v := f.choice("same." + t.name); v != "" {
					m.Constants[t.name] = v
				}
			}
			continue
		}
		c := tables.Column{Field: t.name, As: t.as}
		c.Letter = letter
		if i, err := tables.ColumnOf(letter); err == nil && i < len(h.Columns) && h.Columns[i].Name != "" {
			c.Ref = tables.Ref{Header: h.Columns[i].Name}
		}
		if i := slices.IndexFunc(x.mapping.Columns, func(o tables.Column) bool { return o.Field == t.name && o.Ref == c.Ref }); i >= 0 {
			c.Values, c.Numbers, c.Dates = x.mapping.Columns[i].Values, x.mapping.Columns[i].Numbers, x.mapping.Columns[i].Dates
		}
		m.Columns = append(m.Columns, c)
	}
	if !slices.ContainsFunc(m.Columns, func(c tables.Column) bool { return c.Field == "currency" }) {
		if v := strings.ToUpper(f.text("same.currency")); v != "" {
			m.Constants["currency"] = v
		}
	}
	m.Constants["handling"] = f.choice("same.handling")
	if f.choice("col.owner") == "" && m.Constants["owner"] == "" {
		f.wrong("col.owner", "import.need-owner")
	}
	if !f.ok() {
		return m, nil
	}
	if err := m.Check(); err != nil {
		return m, r.tableFault(f, "header", err)
	}
	return m, nil
}

func (r *request) mappingForm() *form {
	return &form{Action: r.group.Href("import", "mapping"), Submit: r.t("import.mapping-take"), r: r,
		Fields: []*field{{Name: "mapping", Control: controlFile, Label: r.t("import.mapping-file"), Hint: r.t("import.mapping-hint")}}}
}

// saveMapping gives the mapping to keep for the next file of the same form.
func (w *Web) saveMapping(r *request) (answer, error) {
	x := w.importOf(r)
	if x == nil {
		return r.importGone(), nil
	}
	if len(x.mapping.Columns) == 0 {
		return redirect{to: r.group.Href("import", "map")}, nil
	}
	b, err := json.MarshalIndent(x.mapping, "", " ")
	if err != nil {
		return nil, err
	}
	return file{name: "mapping.json", mime: "application/json", content: append(b, '\n')}, nil
}

// takeMapping uses a mapping that was kept.
func (w *Web) takeMapping(r *request) (answer, error) {
	x := w.importOf(r)
	if x == nil {
		return r.importGone(), nil
	}
	if err := r.ParseMultipartForm(maxField); err != nil {
		return nil, fmt.Errorf("form: %w: %w", node.ErrInvalid, err)
	}
	up := r.mappingForm()
	files, err := up.uploads("mapping")
	if err != nil {
		return nil, err
	}
	var m tables.Mapping
	if up.ok() {
		if m, err = tables.ParseMapping(files[0].Content); err != nil {
			if err := r.tableFault(up, "mapping", err); err != nil {
				return nil, err
			}
		}
	}
	if up.ok() {
		m.File = x.mapping.File
		next := *x
		next.mapping = m
		if err := w.readable(r, up, "mapping", &next); err != nil {
			return nil, err
		}
		if up.ok() {
			if err := next.fits(r, up); err != nil {
				return nil, err
			}
		}
		if up.ok() && w.imports.put(r.session.secret, next) {
			return redirect{to: r.group.Href("import", "map")}, nil
		}
	}
	get := r.speaking(r.lang)
	get.Request = r.Clone(r.Context())
	get.Method = http.MethodGet
	p, _, err := w.mapPage(get, x)
	if err != nil {
		return nil, err
	}
	b, _ := p.body.(mapBody)
	b.Upload = up
	p.body = b
	return up.again(p), nil
}

// fits holds a mapping against the table: every column that it names must be there.
func (x *imported) fits(r *request, f *form) error {
	b, err := x.open()
	if err != nil {
		return err
	}
	for _, err := range b.Apply(x.mapping) {
		if err != nil {
			return r.tableFault(f, "mapping", err)
		}
		break
	}
	return nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// looked are the columns of a table to choose from, their names, and some of its rows; named writes a column's name.
func (r *request) looked(h tables.Header, rows []tables.Row, named func(string) string) (columns []option, names []string, sample [][]string) {
	columns = []option{{"", r.t("import.no-column"), ""}}
	for _, c := range h.Columns[:min(len(h.Columns), maxImportColumns)] {
		columns = append(columns, option{Value: c.Letter, Text: strings.TrimSpace(c.Letter + "  " + named(c.Name))})
		names = append(names, strings.TrimSpace(c.Letter+" "+named(c.Name)))
	}
	for _, row := range rows {
		var cells []string
		for k := range names {
			cells = append(cells, cut(row.At(k).Text))
		}
		sample = append(sample, cells)
	}
	return columns, names, sample
}

// cut shortens a cell for a page.
func cut(s string) string { return shorten(oneLine(s), maxShownCell) }

func shorten(s string, most int) string {
	if c := []rune(s); len(c) > most {
		return string(c[:most]) + "…"
	}
	return s
}
