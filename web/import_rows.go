package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"entente/node"
	"entente/record"
	tables "entente/sheet"
)

// importedRow is what a row of the spreadsheet would become.
type importedRow struct {
	Line     int
	Name     string
	Act      node.Act
	Owner    string
	Due      int64
	Formulas []string // cells whose value a spreadsheet computed
	Problems []rowProblem
	Skipped  *tables.Rule
	Twin     *twin // a commitment with that title
}

// rowProblem is why a row is refused: where it stands, what it shows.
type rowProblem struct {
	Cell, Header, Field, Shown, Why string
}

// twin is what has the title already: a commitment on record, a draft, or an earlier row.
type twin struct {
	Href string
	Line int
}

type previewBody struct {
	File     string
	Taken    []importedRow
	Refused  []importedRow
	Skipped  []importedRow
	Twins    []importedRow
	Formulas int
	Form     *form
	Map      string
}

// importPreview shows what would be taken and what not, and on a POST makes a draft of each row that is.
func (w *Web) importPreview(r *request) (answer, error) {
	x := w.importOf(r)
	if x == nil {
		return r.importGone(), nil
	}
	if len(x.mapping.Columns) == 0 {
		return redirect{to: r.group.Href("import", "map")}, nil
	}
	rows, err := w.importRows(r, x)
	if fault, line := tables.FaultOf(err); fault != "" { // the table ends in something that cannot be read: nothing of it is taken
		p, f, err2 := w.mapPage(r.asGet(), x)
		if err2 != nil {
			return nil, err2
		}
		f.wrong("header", "sheet.fault", "Text", r.faultWords(err, fault, line))
		return f.again(p), nil
	} else if err != nil {
		return nil, err
	}
	b := previewBody{File: x.name, Map: r.group.Href("import", "map")}
	for _, row := range rows {
		b.Formulas += len(row.Formulas)
		switch {
		case row.Skipped != nil:
			b.Skipped = append(b.Skipped, row)
		case len(row.Problems) > 0:
			b.Refused = append(b.Refused, row)
		case row.Twin != nil:
			b.Twins = append(b.Twins, row)
		default:
			b.Taken = append(b.Taken, row)
		}
	}
	var fields []field
	if len(b.Twins) > 0 {
		fields = append(fields, field{Name: "twins", Control: controlRadios, Label: r.t("import.twins-ask"), Values: []string{"leave"}, Options: []option{
			{"leave", r.t("import.twins-leave"), ""}, {"take", r.t("import.twins-take"), ""}}})
	}
	f, err := r.form(r.group.Href("import", "preview"), r.t("import.confirm"), fields...)
	if err != nil {
		return nil, err
	}
	f.Back, b.Form = b.Map, f
	p := page{name: "import-preview", title: r.t("import.preview-title"), nav: commitments, body: b}
	if r.Method != http.MethodPost {
		return p, nil
	}
	take := b.Taken
	if len(b.Twins) > 0 && f.choice("twins") == "take" {
		take = append(take, b.Twins...)
	}
	if !f.ok() {
		return f.again(p), nil
	}
	slices.SortStableFunc(take, func(a, b importedRow) int { return a.Line - b.Line })
	done := imported{group: r.group.ID, name: x.name}
	for _, row := range take {
		nonce, err := w.keepRow(r.Context(), r, row)
		if err != nil {
			if !rowsFault(err) {
				return nil, err
			}
			done.refused = append(done.refused, failedRow{row.Line, row.Name, err.Error()})
			continue
		}
		done.made = append(done.made, nonce)
	}
	w.imports.put(r.session.secret, done)
	return redirect{to: r.group.Href("import", "drafts")}, nil
}

// keepRow makes one draft, whole or not at all.
func (w *Web) keepRow(ctx context.Context, r *request, row importedRow) (record.Nonce, error) {
	d, err := w.node.Prepare(ctx, r.who, row.Act)
	if err != nil {
		return record.Nonce{}, err
	}
	return d.Nonce, w.node.Save(ctx, d)
}

func noncesOf(ds []*node.Draft) []record.Nonce {
	out := make([]record.Nonce, len(ds))
	for i, d := range ds {
		out[i] = d.Nonce
	}
	return out
}

// rowsFault: the row is at fault, or there is no room for it, and the others can go on.
func rowsFault(err error) bool {
	return errors.Is(err, node.ErrInvalid) || errors.Is(err, node.ErrRefused) || errors.Is(err, node.ErrConflict)
}

// asGet is the request as if the page had been asked for: its form is answered by what is kept.
func (r *request) asGet() *request {
	out := *r
	out.Request = r.Clone(r.Context())
	out.Method = http.MethodGet
	return &out
}

// importRows applies the mapping. Every row is held to the rules of the form for a commitment, by the form itself.
func (w *Web) importRows(r *request, x *imported) ([]importedRow, error) {
	m := x.mapping
	m.Columns = slices.Clone(m.Columns)
	targets := w.importTargets(r)
	headers, labels := map[string]string{}, map[string]string{}
	for _, t := range targets {
		labels[t.name] = t.label
		for i := range m.Columns {
			c := &m.Columns[i]
			if c.Field != t.name {
				continue
			}
			headers[t.name] = oneLine(c.String())
			if t.values != nil && len(c.Values) == 0 {
				c.As, c.Values = tables.AsText, t.values
			}
		}
	}
	constants := m.Constants
	m.Constants = nil
	b, err := x.open()
	if err != nil {
		return nil, err
	}
	base, err := w.proposeForm(r.asGet(), &proposal{}, reading{lang: r.lang, web: w})
	if err != nil {
		return nil, err
	}
	var out []importedRow
	for rec, err := range b.Apply(m) {
		if err != nil {
			return nil, err
		}
		if len(out) == maxImportRows {
			return nil, fmt.Errorf("%w: more than %d rows", tables.ErrTooLarge, maxImportRows)
		}
		row, err := w.importRow(r, rec, base, constants, headers, labels)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, w.findTwins(r, out)
}

func (w *Web) importRow(r *request, rec tables.Record, base *form, constants, headers, labels map[string]string) (importedRow, error) {
	row := importedRow{Line: rec.Line}
	switch rec.Status {
	case tables.Skipped:
		row.Skipped = &rec.Rule
		return row, nil
	case tables.Refused:
		for _, p := range rec.Problems {
			row.Problems = append(row.Problems, rowProblem{p.Cell, oneLine(p.Header), labels[p.Field], p.Text, r.t("sheet.reason." + string(p.Reason))})
		}
		return row, nil
	}
	f := &form{r: r.asGet()}
	for _, x := range base.Fields {
		y := *x
		if v, ok := constants[x.Name]; ok {
			y.Values = []string{v}
		}
		if v := rec.Fields[x.Name]; !v.Missing && v.Text != "" {
			y.Values = []string{v.Text}
			if v.Formula {
				row.Formulas = append(row.Formulas, v.Cell)
			}
		}
		y.Error = ""
		f.Fields = append(f.Fields, &y)
	}
	if unit := strings.ToUpper(rec.Fields["budget"].Unit); len(unit) == 3 && f.text("currency") == "" {
		f.put("currency", unit)
	}
	if f.text("budget") == "" {
		f.put("currency", "") // a currency that is the same for all rows is of those that have a budget
	}
	f.blank()
	a, err := w.proposed(r, &proposal{}, f, reading{lang: r.lang, web: w})
	if err != nil {
		return row, err
	}
	for _, x := range f.Problems() {
		v := rec.Fields[x.Name]
		row.Problems = append(row.Problems, rowProblem{v.Cell, headers[x.Name], x.Label, cut(v.Shown), x.Error})
	}
	row.Act, row.Due, row.Name = a, f.deadline("due"), oneLine(f.text("title."+r.lang))
	if row.Name == "" {
		row.Name = oneLine(f.text("title." + readerFirst(r.lang, r.group.Chart.Languages)[0]))
	}
	if x, err := f.Field("owner"); err == nil {
		for _, o := range x.Options {
			if o.Value == x.Value() {
				row.Owner = o.Text
			}
		}
	}
	return row, nil
}

// put answers a field of a form that no browser sent.
func (f *form) put(name, value string) {
	if x, err := f.Field(name); err == nil {
		x.Values = []string{value}
	}
}

// blank takes back the messages that asking a field for its answer left behind.
func (f *form) blank() {
	for _, x := range f.Fields {
		x.Error = ""
	}
}

// findTwins flags rows whose title is on record, waits as a draft, or stands in an earlier row.
func (w *Web) findTwins(r *request, rows []importedRow) error {
	at := map[string]twin{}
	known := func(title string, t twin) {
		if k := strings.ToLower(plain(oneLine(title))); k != "" {
			if _, ok := at[k]; !ok {
				at[k] = t
			}
		}
	}
	q := node.Query{Kind: commitments, Limit: exportPage}
	for looked := 0; looked < maxExported; {
		p, err := w.node.Instruments(r.Context(), r.who, r.group.ID, q)
		if err != nil {
			return err
		}
		texts, err := w.read(r, titles(r.group, p.Items))
		if err != nil {
			return err
		}
		for _, x := range p.Items {
			for _, l := range r.group.Chart.Languages {
				known(texts.part(titled(x.State), "title."+l), twin{Href: r.group.Href("i", x.State.Instrument.String())})
			}
		}
		if looked += len(p.Items); p.Next == "" {
			break
		}
		q.Cursor = p.Next
	}
	drafts, err := w.waiting(r)
	if err != nil {
		return err
	}
	texts, err := w.node.DraftTexts(r.Context(), r.who, r.group.ID, r.Pattern, []string{"title.*"}, noncesOf(drafts)...)
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if texts[d.Act] == nil {
			continue
		}
		for _, p := range texts[d.Act].Parts {
			known(string(p.Content), twin{Href: r.group.Href("drafts", d.Nonce.String())})
		}
	}
	for i := range rows {
		row := &rows[i]
		if row.Skipped != nil || len(row.Problems) > 0 {
			continue
		}
		for _, p := range row.Act.Parts {
			if strings.HasPrefix(p.Name, "title.") {
				if t, ok := at[strings.ToLower(plain(oneLine(string(p.Content))))]; ok && t.Line != row.Line {
					row.Twin = &t
				}
				known(string(p.Content), twin{Line: row.Line})
			}
		}
	}
	return nil
}

// waiting are the drafts of this office that would open something: those of the last import in the order of its rows, then the
// others as they were made.
func (w *Web) waiting(r *request) ([]*node.Draft, error) {
	ds, err := w.node.Drafts(r.Context(), r.who, r.group.ID)
	if err != nil {
		return nil, err
	}
	ds = slices.DeleteFunc(ds, func(d *node.Draft) bool {
		return d.Office != r.who.Office || d.Header.Verb != record.Propose || !d.Header.Instrument.IsZero()
	})
	at := map[record.Nonce]int{}
	if x := w.importOf(r); x != nil {
		for i, n := range x.made {
			at[n] = i - len(x.made)
		}
	}
	slices.SortStableFunc(ds, func(a, b *node.Draft) int {
		return cmp.Or(cmp.Compare(at[a.Nonce], at[b.Nonce]), cmp.Compare(a.Created, b.Created))
	})
	return ds, nil
}
