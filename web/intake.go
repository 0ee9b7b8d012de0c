package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"entente"
	"entente/figures"
	"entente/node"
	"entente/record"
	tables "entente/sheet"
)

// intake is an agency's file of figures between its upload and the drafts that come of it. It is in memory only and is not changed:
// another answer is another intake.
type intake struct {
	group, indicator record.ID
	name             string
	content          []byte
	mapping          figures.Mapping // without columns: none was chosen yet
	vintage          string
	work             *intakeWork // nil: nothing was read with this mapping
}

// intakeWork is the reading of a file, which goes on when the page that asked for it is gone.
type intakeWork struct {
	done, total atomic.Uint64
	ended       chan struct{}
	read        *node.FiguresRead
	err         error
}

func (x *intake) open() (*tables.Book, error) {
	return tables.Open(bytes.NewReader(x.content), int64(len(x.content)), x.mapping.File)
}

func (x *intake) with(m figures.Mapping) *intake {
	y := *x
	y.mapping, y.work = m, nil
	return &y
}

func (x *intake) query() node.FigureImport {
	return node.FigureImport{Group: x.group, Indicator: x.indicator, Mapping: x.mapping, Vintage: x.vintage}
}

// intakeOf is the session's file for this group; nil: there is none any more.
func (w *Web) intakeOf(r *request) *intake {
	x, ok := w.intakes.get(r.session.secret)
	if !ok || x.group != r.group.ID {
		return nil
	}
	return x
}

func (r *request) intakeGone() answer { return redirect{to: r.group.Href("figures") + "?gone=1"} }

// read starts to read the file, or tells how far that is: ended, or not within the patience of a page.
func (w *Web) readIntake(r *request, x *intake) (*intake, bool) {
	if x.work == nil {
		y := *x
		y.work = &intakeWork{ended: make(chan struct{})}
		if x = &y; !w.intakes.put(r.session.secret, x) {
			y.work.err = fmt.Errorf("%w: %w", node.ErrConflict, record.Because("figures.full", "too many files wait at this moment: try again in an hour"))
			close(y.work.ended)
			return x, true
		}
		ctx, stop := context.WithTimeout(context.WithoutCancel(r.Context()), readFigures)
		go func() {
			defer stop()
			defer close(y.work.ended)
			select {
			case w.reading <- struct{}{}:
				defer func() { <-w.reading }()
			case <-ctx.Done():
				y.work.err = ctx.Err()
				return
			}
			y.work.read, y.work.err = w.node.ReadFigures(ctx, r.who, y.query(), bytes.NewReader(y.content), int64(len(y.content)), func(done, total uint64) {
				y.work.done.Store(done)
				y.work.total.Store(total)
			})
		}()
	}
	ctx, stop := context.WithTimeout(r.Context(), readPatience)
	defer stop()
	select {
	case <-x.work.ended:
		return x, true
	case <-ctx.Done():
		return x, false
	}
}

type intakeBody struct {
	Form     *form
	Gone     bool
	None     bool // there is no indicator to report on
	Mappings string
	List     string
}

// intakeFile takes an agency's file and says for which indicator it is and how it is read.
func (w *Web) intakeFile(r *request) (answer, error) {
	indicators, err := w.measures(r)
	if err != nil {
		return nil, err
	}
	kept, err := w.node.Mappings(r.Context(), r.who, r.group.ID)
	if err != nil {
		return nil, err
	}
	ways := []option{{"new", r.t("intake.new-mapping"), ""}}
	for _, m := range kept {
		ways = append(ways, option{Value: m.Mapping.Name, Text: r.t("intake.kept", "Name", m.Mapping.Name, "Office", w.officeName(r, m.Office))})
	}
	for _, m := range figures.Shipped() {
		ways = append(ways, option{Value: m.Name, Text: r.t("intake.shipped", "Name", m.Name, "Source", m.Source)})
	}
	l := w.languages[r.lang]
	largest := l.bytes(node.MaxFigureFile)
	long := r.Method == http.MethodPost && r.tooLarge()
	if long { // what it says was not read
		r = r.asGet()
	}
	f, err := r.form(r.group.Href("figures"), r.t("intake.go"),
		field{Name: "indicator", Control: controlSelect, Label: r.t("intake.indicator"), Options: append([]option{{"", r.t("choose"), ""}}, indicators...), Values: []string{r.FormValue("indicator")}},
		field{Name: "file", Control: controlFile, Label: r.t("intake.file"), Hint: r.t("intake.file-hint", "Size", largest, "Figures", l.number(figures.MaxFigures))},
		field{Name: "mapping", Control: controlSelect, Label: r.t("intake.mapping"), Hint: r.t("intake.mapping-hint"), Options: ways, Values: []string{r.FormValue("mapping")}},
		field{Name: "vintage", Control: controlInput, Label: r.t("intake.vintage"), Hint: r.t("intake.vintage-hint"), Width: 20, Optional: true})
	if err != nil {
		return nil, err
	}
	f.Back = r.group.Href("indicators")
	p := page{name: "intake", title: r.t("intake.title"), nav: indicatorKind, body: intakeBody{f, r.URL.Query().Get("gone") != "", len(indicators) == 0, r.group.Href("figures", "mappings"), r.group.Href("indicators")}}
	if long {
		f.wrong("file", "import.too-large", "Size", largest)
		return f.again(p), nil
	}
	if r.Method != http.MethodPost {
		return p, nil
	}
	x := &intake{group: r.group.ID, indicator: f.id("indicator"), vintage: f.text("vintage")}
	if !slices.ContainsFunc(indicators, func(o option) bool { return o.Value == f.choice("indicator") }) {
		f.wrong("indicator", "form.choose")
	}
	if len(x.vintage) > record.MaxName {
		f.wrong("vintage", "form.too-long")
	}
	files, err := f.uploads("file")
	if err != nil {
		return nil, err
	}
	if len(files) > 0 && len(files[0].Content) > node.MaxFigureFile {
		f.wrong("file", "import.too-large", "Size", largest)
	}
	way := f.choice("mapping")
	if !f.ok() {
		return f.again(p), nil
	}
	x.name, x.content = files[0].Name, files[0].Content
	to := "preview"
	if way == "new" {
		to = "map"
		x.mapping.V = 1
	} else if x.mapping, err = w.node.Mapping(r.Context(), r.who, r.group.ID, way); err != nil {
		return nil, err
	}
	b, err := x.open() // it may be no table at all
	if err == nil {
		_, err = b.Sheet("")
	}
	if fault, _ := tables.FaultOf(err); fault == tables.PastBounds {
		f.wrong("file", "intake.past-bounds", "Figures", l.number(figures.MaxFigures))
	} else if err != nil {
		if err := r.tableFault(f, "file", err); err != nil {
			return nil, err
		}
	}
	if f.ok() && !w.intakes.put(r.session.secret, x) {
		f.wrong("file", "import.full")
	}
	if !f.ok() {
		return f.again(p), nil
	}
	return redirect{to: r.group.Href("figures", to)}, nil
}

// measures are the indicators of the group that figures can be reported on, by their names.
func (w *Web) measures(r *request) ([]option, error) {
	var items []node.Listed
	q := node.Query{Kind: indicatorKind, Limit: maxChoices}
	for len(items) < node.MaxWants {
		p, err := w.node.Instruments(r.Context(), r.who, r.group.ID, q)
		if err != nil {
			return nil, err
		}
		if items = append(items, p.Items...); p.Next == "" {
			break
		}
		q.Cursor = p.Next
	}
	texts, err := w.read(r, titles(r.group, items))
	if err != nil {
		return nil, err
	}
	var out []option
	for _, x := range items {
		if x.State.Text() != nil {
			out = append(out, option{Value: x.State.Instrument.String(), Text: r.t("intake.measure", "Name", texts.name(r, r.group, x.State).Text, "Unit", r.unit(x.State.Fact("unit")))})
		}
	}
	slices.SortStableFunc(out, func(a, b option) int {
		return strings.Compare(plain(strings.ToLower(a.Text)), plain(strings.ToLower(b.Text)))
	})
	return out, nil
}

type mappingsBody struct {
	Kept    []mappingRow
	Shipped []mappingRow
	Form    *form
	File    string
}

type mappingRow struct {
	Name, Text, Href, Drop, Use string
	Office                      string
	Time                        int64
}

// mappings lists how files are read: what offices of this party keep, and what comes with the program. A POST takes a file.
func (w *Web) mappings(r *request) (answer, error) {
	kept, err := w.node.Mappings(r.Context(), r.who, r.group.ID)
	if err != nil {
		return nil, err
	}
	b := mappingsBody{File: r.group.Href("figures")}
	row := func(m figures.Mapping) mappingRow {
		text := m.About[r.lang]
		if text == "" {
			text = m.Source
		}
		return mappingRow{Name: m.Name, Text: text, Href: r.group.Href("figures", "mappings", m.Name), Drop: r.group.Href("figures", "mappings", m.Name, "drop"), Use: r.group.Href("figures") + "?mapping=" + m.Name}
	}
	for _, m := range kept {
		x := row(m.Mapping)
		x.Office, x.Time = w.officeName(r, m.Office), m.Time
		b.Kept = append(b.Kept, x)
	}
	for _, m := range figures.Shipped() {
		b.Shipped = append(b.Shipped, row(m))
	}
	if b.Form, err = r.form(r.group.Href("figures", "mappings"), r.t("intake.mapping-take"),
		field{Name: "mapping", Control: controlFile, Label: r.t("intake.mapping-file"), Hint: r.t("intake.mapping-file-hint")},
		field{Name: "name", Control: controlInput, Label: r.t("intake.name"), Hint: r.t("intake.name-hint"), Width: 20, Optional: true}); err != nil {
		return nil, err
	}
	p := page{name: "mappings", title: r.t("intake.mappings"), nav: indicatorKind, body: b}
	if r.Method != http.MethodPost {
		return p, nil
	}
	f := b.Form
	files, err := f.uploads("mapping")
	if err != nil {
		return nil, err
	}
	if !f.ok() {
		return f.again(p), nil
	}
	m, err := figures.ParseMapping(files[0].Content)
	if err != nil {
		f.wrong("mapping", "intake.mapping-wrong", "Text", shorten(err.Error(), maxShownFault))
		return f.again(p), nil
	}
	if name := f.text("name"); name != "" {
		m.Name = name
	}
	return w.keepAs(r, f, "name", p, m, redirect{to: r.group.Href("figures", "mappings"), done: "mapping-kept"})
}

// keepAs keeps a mapping under its name; what is wrong with the name stands at a field.
func (w *Web) keepAs(r *request, f *form, name string, p page, m figures.Mapping, done answer) (answer, error) {
	if _, taken := figures.Named(m.Name); taken {
		f.wrong(name, "intake.name-taken")
	} else if !figures.ValidName(m.Name) {
		f.wrong(name, "intake.name-form")
	}
	if !f.ok() {
		return f.again(p), nil
	}
	if err := w.node.PutMapping(r.Context(), r.who, r.group.ID, m); err != nil {
		return nil, err
	}
	return done, nil
}

// mappingFile gives a mapping to hand to colleagues elsewhere.
func (w *Web) mappingFile(r *request) (answer, error) {
	m, err := w.node.Mapping(r.Context(), r.who, r.group.ID, r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(m, "", " ")
	return file{name: m.Name + ".json", mime: "application/json", content: append(b, '\n')}, err
}

func (w *Web) dropMapping(r *request) (answer, error) {
	if err := w.node.DropMapping(r.Context(), r.who, r.group.ID, r.PathValue("name")); err != nil && !errors.Is(err, node.ErrNotFound) {
		return nil, err
	}
	return redirect{to: r.group.Href("figures", "mappings"), done: "mapping-dropped"}, nil
}

// keepMapping keeps the mapping of the file under way for colleagues.
func (w *Web) keepMapping(r *request) (answer, error) {
	x := w.intakeOf(r)
	if x == nil {
		return r.intakeGone(), nil
	}
	if len(x.mapping.Columns) == 0 {
		return redirect{to: r.group.Href("figures", "map")}, nil
	}
	f, err := r.keepForm(x)
	if err != nil {
		return nil, err
	}
	m := x.mapping
	m.Name = f.text("name")
	p := page{name: "intake-keep", title: r.t("intake.keep-title"), nav: indicatorKind, body: f}
	return w.keepAs(r, f, "name", p, m, redirect{to: r.group.Href("figures", "preview"), done: "mapping-kept"})
}

func (r *request) keepForm(x *intake) (*form, error) {
	name := x.mapping.Name
	if _, shipped := figures.Named(name); shipped {
		name = ""
	}
	f, err := r.form(r.group.Href("figures", "keep"), r.t("intake.keep"), field{Name: "name", Control: controlInput, Label: r.t("intake.name"), Hint: r.t("intake.name-hint"), Width: 20, Values: []string{name}})
	if err == nil {
		f.Back = r.group.Href("figures", "preview")
	}
	return f, err
}

// measuredBy is the indicator of a file under way.
func (w *Web) measuredBy(r *request, id record.ID) (*entente.State, name, error) {
	d, err := w.node.Instrument(r.Context(), r.who, r.group.ID, id)
	if err != nil {
		return nil, name{}, err
	}
	texts, err := w.read(r, titles(r.group, []node.Listed{d.Listed}))
	if err != nil {
		return nil, name{}, err
	}
	return d.State, texts.name(r, r.group, d.State), nil
}
