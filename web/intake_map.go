package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"entente/figures"
	"entente/node"
	"entente/progress"
	tables "entente/sheet"
)

// intakeColumns are what a column of a file of figures may be, with the words by which it is known, without accents.
var intakeColumns = []struct {
	field, as string
	words     []string
}{
	{"year", tables.AsYear, []string{"fy", "fiscal year", "year", "ano", "anio", "ejercicio"}},
	{"month", tables.AsMonth, []string{"month", "mes"}},
	{figures.FieldPeriod, tables.AsText, []string{"period", "periodo", "trimestre", "quarter", "fecha", "date"}},
	{figures.FieldStart, tables.AsDate, []string{"period_start", "start", "inicio", "desde"}},
	{figures.FieldEnd, tables.AsDate, []string{"period_end", "end", "fin", "hasta"}},
	{figures.FieldValue, tables.AsNumber, []string{"value", "valor", "sum", "total", "cantidad", "quantity", "count", "numero", "number"}},
	{figures.FieldUnit, tables.AsText, []string{"unit", "unidad"}},
	{figures.FieldArea, tables.AsText, []string{"entidad", "estado", "state", "area", "municipio", "region", "sector"}},
	{"part1", tables.AsText, nil}, {"part2", tables.AsText, nil}, {"part3", tables.AsText, nil}, {"part4", tables.AsText, nil},
	{figures.FieldStatus, tables.AsText, []string{"status", "estatus", "situacion"}},
}

type intakeMapBody struct {
	File     string
	Measure  name
	Unit     string
	Form     *form
	Columns  []string
	Sample   [][]string
	Filters  []int
	Download string
	Upload   *form
}

// intakeMap says how the rows of a file become figures. Everything that a mapping can say and this form does not ask stays as it
// was.
func (w *Web) intakeMap(r *request) (answer, error) {
	x := w.intakeOf(r)
	if x == nil {
		return r.intakeGone(), nil
	}
	p, f, h, err := w.intakeMapPage(r, x)
	if err != nil || r.Method != http.MethodPost {
		return p, err
	}
	header, sheet := f.text("header"), f.choice("sheet")
	if header != r.PostFormValue("shown-header") || sheet != r.PostFormValue("shown-sheet") { // other columns: they are shown first
		m := x.mapping
		m.Sheet, m.Header, m.Columns, m.Melt, m.Period, m.Filters, m.Skip, m.Provisional = sheet, tables.HeaderRule{}, nil, nil, nil, nil, nil, nil
		if header != "" {
			n, err := strconv.Atoi(header)
			if err != nil || n < 1 || n > tables.MaxSearch {
				f.wrong("header", "import.header-number", "Rows", w.languages[r.lang].number(tables.MaxSearch))
				return f.again(p), nil
			}
			m.Header.Row = n
		}
		if !w.intakes.put(r.session.secret, x.with(m)) {
			return r.intakeGone(), nil
		}
		return redirect{to: r.group.Href("figures", "map")}, nil
	}
	m := w.intakeMapping(x.mapping, f, h)
	if f.ok() {
		if err := m.Check(); err != nil {
			f.wrong(w.missingField(m), "intake.mapping-wrong", "Text", shorten(err.Error(), maxShownFault))
		}
	}
	if !f.ok() {
		return f.again(p), nil
	}
	if !w.intakes.put(r.session.secret, x.with(m)) {
		return r.intakeGone(), nil
	}
	return redirect{to: r.group.Href("figures", "preview")}, nil
}

// missingField is where a mapping that lacks something is mended.
func (w *Web) missingField(m figures.Mapping) string {
	has := func(field string) bool {
		return slices.ContainsFunc(m.Columns, func(c tables.Column) bool { return c.Field == field })
	}
	switch {
	case m.Melt == nil && !has(figures.FieldValue):
		return "col.value"
	case m.Period == nil && !has(figures.FieldPeriod) && !has(figures.FieldStart):
		return "col.year"
	}
	return "unit"
}

// intakeMapPage is the form, answered as the mapping says, or else as the names of the columns suggest.
func (w *Web) intakeMapPage(r *request, x *intake) (page, *form, tables.Header, error) {
	var h tables.Header
	s, name, err := w.measuredBy(r, x.indicator)
	if err != nil {
		return page{}, nil, h, err
	}
	book, err := x.open()
	if err != nil {
		return page{}, nil, h, fmt.Errorf("%w: %w", node.ErrInvalid, err)
	}
	var rows []tables.Row
	sheet, failed := book.Sheet(x.mapping.Sheet)
	if failed == nil {
		h, rows, failed = sheet.Head(x.mapping.Header)
	}
	b := intakeMapBody{File: x.name, Measure: name, Unit: r.unit(s.Fact("unit"))}
	var columns []option
	columns, b.Columns, b.Sample = r.looked(h, rows[:min(4, len(rows))], cut)
	column := func(name, label string) field {
		return field{Name: name, Control: controlSelect, Label: r.t(label), Options: columns, Optional: true, Unmarked: true}
	}
	var fields []field
	for _, c := range intakeColumns {
		fields = append(fields, column("col."+c.field, "intake.col."+c.field))
	}
	fields = append(fields, column("melt.from", "intake.melt.from"), column("melt.to", "intake.melt.to"))
	months := []option{{"", r.t("intake.calendar-year"), ""}}
	for i, m := range monthKeys[1:] {
		months = append(months, option{Value: strconv.Itoa(i + 2), Text: r.t("month." + m)})
	}
	units := []option{}
	for _, u := range progress.Units() {
		units = append(units, option{Value: u, Text: r.unit(u)})
	}
	if u := s.Fact("unit"); !slices.Contains(progress.Units(), u) {
		units = append([]option{{Value: u, Text: r.unit(u)}}, units...)
	}
	if u := x.mapping.Unit; u != "" && !slices.ContainsFunc(units, func(o option) bool { return o.Value == u }) {
		units = append(units, option{Value: u, Text: u})
	}
	spans := []option{{"", r.t("intake.span-columns"), ""}}
	for _, s := range []progress.Span{progress.Month, progress.Quarter, progress.Year} {
		spans = append(spans, option{Value: string(s), Text: r.t("intake.span." + string(s))})
	}
	lists := []option{{"", r.t("intake.areas-as-written"), ""}}
	for _, l := range figures.AreaLists {
		lists = append(lists, option{Value: l, Text: r.t("intake.areas." + l)})
	}
	fields = append(fields,
		field{Name: "fiscal", Control: controlSelect, Label: r.t("intake.fiscal"), Options: months, Optional: true, Unmarked: true},
		field{Name: "span", Control: controlSelect, Label: r.t("intake.span"), Options: spans, Optional: true, Unmarked: true},
		field{Name: "unit", Control: controlSelect, Label: r.t("intake.unit"), Options: units, Values: []string{s.Fact("unit")}},
		field{Name: "same.area", Control: controlInput, Label: r.t("intake.same-area"), Hint: r.t("intake.same-area-hint"), Width: 10, Optional: true, Unmarked: true},
		field{Name: "areas", Control: controlSelect, Label: r.t("intake.areas"), Options: lists, Optional: true, Unmarked: true},
		field{Name: "prefix", Control: controlInput, Label: r.t("intake.prefix"), Hint: r.t("intake.prefix-hint"), Width: 10, Optional: true, Unmarked: true},
		field{Name: "same.part", Control: controlInput, Label: r.t("intake.same-part"), Width: 20, Optional: true, Unmarked: true},
		field{Name: "standing", Control: controlSelect, Label: r.t("intake.standing"), Options: []option{{"final", r.t("status.final"), ""}, {"provisional", r.t("status.provisional"), ""}}},
		column("mark.col", "intake.mark-col"),
		field{Name: "mark.has", Control: controlInput, Label: r.t("intake.mark-has"), Width: 10, Optional: true, Unmarked: true})
	n := max(filtersAsked, len(x.mapping.Filters)+1)
	for i := range n {
		k := strconv.Itoa(i + 1)
		b.Filters = append(b.Filters, i+1)
		fields = append(fields,
			field{Name: "filter." + k, Control: controlSelect, Label: r.t("intake.filter-col", "Number", i+1), Options: columns, Optional: true, Unmarked: true},
			field{Name: "filter-not." + k, Control: controlSelect, Label: r.t("intake.filter-how"), Options: []option{{"", r.t("intake.filter-only"), ""}, {"not", r.t("intake.filter-not"), ""}}, Optional: true, Unmarked: true},
			field{Name: "filter-in." + k, Control: controlText, Label: r.t("intake.filter-in"), Rows: 2, Optional: true, Unmarked: true})
	}
	fields = append(fields, column("skip.col", "intake.skip-col"),
		field{Name: "skip.starts", Control: controlText, Label: r.t("intake.skip-starts"), Rows: 2, Optional: true, Unmarked: true},
		field{Name: "mark", Control: controlRadios, Label: r.t("intake.decimal"), Options: []option{{"", r.t("intake.decimal-clear"), ""}, {tables.Point, "1,234.56", ""}, {tables.Comma, "1.234,56", ""}}, Optional: true, Unmarked: true},
		field{Name: "order", Control: controlRadios, Label: r.t("import.order"), Options: []option{
			{"", r.t("import.order.clear"), ""}, {tables.DayFirst, r.t("import.order.dmy"), ""}, {tables.MonthFirst, r.t("import.order.mdy"), ""}}, Optional: true, Unmarked: true},
		field{Name: "how", Control: controlChecks, Label: r.t("intake.how"), Optional: true, Unmarked: true, Options: []option{
			{"blank", r.t("intake.how.blank"), r.t("intake.how.blank-hint")}, {"last-day", r.t("intake.how.last-day"), ""}, {"sum", r.t("intake.how.sum"), r.t("intake.how.sum-hint")},
			{"negative", r.t("intake.how.negative"), ""}, {"overlapping", r.t("intake.how.overlapping"), ""}}},
		field{Name: "source", Control: controlInput, Label: r.t("intake.source"), Hint: r.t("intake.source-hint")},
		field{Name: "header", Control: controlInput, Label: r.t("import.header"), Hint: r.t("import.header-hint"), Width: 3, Optional: true, Unmarked: true})
	var sheets []option
	for _, s := range book.Sheets {
		sheets = append(sheets, option{Value: s.Name, Text: s.Name})
	}
	if len(sheets) > 1 {
		fields = append(fields, field{Name: "sheet", Control: controlSelect, Label: r.t("import.sheet"), Options: sheets, Optional: true, Unmarked: true})
	} else {
		fields = append(fields, field{Name: "sheet", Control: controlHidden, Optional: true, Options: append(sheets, option{})})
	}
	fields = append(fields, field{Name: "shown-header", Control: controlHidden, Optional: true}, field{Name: "shown-sheet", Control: controlHidden, Optional: true})
	f, err := r.form(r.group.Href("figures", "map"), r.t("intake.preview"), fields...)
	if err != nil {
		return page{}, nil, h, err
	}
	f.Back = r.group.Href("figures")
	if failed == nil {
		f.set("sheet", sheet.Name)
		f.set("shown-sheet", sheet.Name)
	}
	w.answerIntake(f, x, h, s.Fact("sources."+string(w.node.Party())))
	if failed != nil {
		if err := r.tableFault(f, "header", failed); err != nil {
			return page{}, nil, h, err
		}
	}
	b.Form = f
	return page{name: "intake-map", title: r.t("intake.map-title"), nav: indicatorKind, body: b}, f, h, nil
}

var monthKeys = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

// answerIntake fills the form in.
func (w *Web) answerIntake(f *form, x *intake, h tables.Header, source string) {
	m := x.mapping
	letter := func(ref tables.Ref) string {
		if ref.Header != "" {
			if i, ok := h.Column(ref.Header); ok {
				return h.Columns[i].Letter
			}
		}
		return ref.Letter
	}
	row := h.Last
	if m.Header.Row > 0 {
		row = m.Header.Row
	}
	if row > 0 {
		f.set("header", strconv.Itoa(row))
		f.set("shown-header", strconv.Itoa(row))
	}
	f.set("standing", string(progress.Final))
	f.set("source", or(m.Source, source))
	if len(m.Columns) == 0 {
		f.set("mark", tables.Point) // as both countries write them
		f.set("order", "")
		guessIntake(f, h)
		return
	}
	for _, c := range m.Columns {
		f.set("col."+c.Field, letter(c.Ref))
		if c.Field == figures.FieldArea && len(c.Values) > 0 {
			for _, l := range figures.AreaLists {
				if sameList(c.Values, figures.Areas(l)) {
					f.set("areas", l)
				}
			}
		}
	}
	if m.Melt != nil {
		f.set("melt.from", letter(m.Melt.From))
		f.set("melt.to", letter(m.Melt.To))
	}
	if m.Period != nil && m.Period.FiscalFrom > 1 {
		f.set("fiscal", strconv.Itoa(m.Period.FiscalFrom))
	}
	if m.FiscalFrom > 1 {
		f.set("fiscal", strconv.Itoa(m.FiscalFrom))
	}
	f.set("span", m.Span)
	f.set("unit", m.Unit)
	f.set("same.area", m.Constants[figures.FieldArea])
	f.set("same.part", m.Constants["part1"])
	f.set("prefix", m.AreaPrefix)
	if m.Status != "" {
		f.set("standing", string(m.Status))
	}
	for i, p := range m.Provisional {
		if i == 0 {
			f.set("mark.col", letter(p.Ref))
			f.set("mark.has", p.Has)
		}
	}
	for i, x := range m.Filters {
		k := strconv.Itoa(i + 1)
		f.set("filter."+k, letter(x.Ref))
		f.set("filter-in."+k, strings.Join(x.In, "\n"))
		if x.Not {
			f.set("filter-not."+k, "not")
		}
	}
	for _, s := range m.Skip {
		if len(s.Starts) > 0 {
			f.set("skip.col", letter(s.Ref))
			f.set("skip.starts", strings.Join(s.Starts, "\n"))
		}
	}
	f.set("mark", m.Numbers.Mark)
	f.set("order", m.Dates.Order)
	var how []string
	for name, on := range map[string]bool{"sum": m.Sum, "negative": m.Negative, "last-day": m.LastDay, "overlapping": m.Overlapping, "blank": m.Melt != nil && m.Melt.SkipMissing} {
		if on {
			how = append(how, name)
		}
	}
	f.set("how", how...)
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func sameList(a, b map[string]string) bool {
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return len(a) > 0
}

// guessIntake finds a column for each field by its name: the first that has the word, and a run of columns that are months.
func guessIntake(f *form, h tables.Header) {
	used := map[string]bool{}
	for _, c := range intakeColumns {
		for _, word := range c.words {
			found := false
			for _, col := range h.Columns {
				name := strings.ToLower(plain(col.Name))
				if used[col.Letter] || !strings.HasPrefix(name, word) && !strings.Contains(name, " "+word) {
					continue
				}
				if x, err := f.Field("col." + c.field); err == nil && x.Value() == "" {
					f.set("col."+c.field, col.Letter)
					used[col.Letter], found = true, true
				}
				break
			}
			if found {
				break
			}
		}
	}
	from, to := "", ""
	for _, col := range h.Columns {
		if n, err := tables.ParseMonth(col.Name); err == nil && n > 0 && !used[col.Letter] {
			if from == "" {
				from = col.Letter
			}
			to = col.Letter
		}
	}
	if from != to {
		f.set("melt.from", from)
		f.set("melt.to", to)
		f.set("col.value", "")
		f.set("col.month", "")
	}
	value := func(name string) string {
		x, err := f.Field(name)
		if err != nil {
			return ""
		}
		return x.Value()
	}
	if value("col.start") != "" || value("col.year") != "" {
		f.set("col.period", "")
	}
	if value("col.start") != "" {
		f.set("col.year", "")
		f.set("col.month", "")
	}
}

// lines are the answers of a text with one on each line.
func lines(s string) []string {
	var out []string
	for _, l := range strings.Split(s, "\n") {
		if l = strings.TrimSpace(l); l != "" && len(out) < 100 {
			out = append(out, l)
		}
	}
	return out
}

// intakeMapping reads the form into a mapping. What the form does not ask stays: lists of values, other skip rules.
func (w *Web) intakeMapping(old figures.Mapping, f *form, h tables.Header) figures.Mapping {
	m := old
	m.V, m.Columns, m.Melt, m.Period, m.Filters, m.Provisional, m.Constants = 1, nil, nil, nil, nil, nil, map[string]string{}
	ref := func(letter string) tables.Ref {
		if i, err := tables.ColumnOf(letter); err == nil && i < len(h.Columns) && h.Columns[i].Name != "" {
			return tables.Ref{Header: h.Columns[i].Name}
		}
		return tables.Ref{Letter: letter}
	}
	how := f.choices("how")
	on := func(name string) bool { return slices.Contains(how, name) }
	meltFrom, meltTo := f.choice("melt.from"), f.choice("melt.to")
	melted := meltFrom != "" || meltTo != ""
	year := f.choice("col.year") != ""
	for _, c := range intakeColumns {
		letter := f.choice("col." + c.field)
		if letter == "" || melted && (c.field == figures.FieldValue || c.field == "month" && year) {
			continue
		}
		col := tables.Column{Ref: ref(letter), Field: c.field, As: c.as}
		col.Required = c.field != figures.FieldStatus && c.field != figures.FieldValue && !strings.HasPrefix(c.field, "part")
		if i := slices.IndexFunc(old.Columns, func(o tables.Column) bool { return o.Field == c.field && o.Ref == col.Ref }); i >= 0 {
			col.Values, col.Numbers, col.Dates, col.Required = old.Columns[i].Values, old.Columns[i].Numbers, old.Columns[i].Dates, old.Columns[i].Required
		}
		if l := f.choice("areas"); c.field == figures.FieldArea && l != "" && !sameList(col.Values, figures.Areas(l)) {
			col.Values = figures.Areas(l)
		}
		m.Columns = append(m.Columns, col)
	}
	fiscal, _ := strconv.Atoi(f.choice("fiscal"))
	if melted {
		if meltFrom == "" || meltTo == "" {
			f.wrong("melt.to", "intake.melt-both")
		}
		label := figures.FieldPeriod
		if year {
			label = "month"
		}
		m.Melt = &tables.Melt{From: ref(meltFrom), To: ref(meltTo), Label: label, Value: figures.FieldValue, As: tables.AsNumber, SkipMissing: on("blank")}
	}
	if m.FiscalFrom = fiscal; year {
		m.FiscalFrom = 0
		m.Period = &tables.Period{Year: "year", FiscalFrom: fiscal, Start: figures.FieldStart, End: figures.FieldEnd}
		if f.choice("col.month") != "" || melted {
			m.Period.Month = "month"
		}
		for _, name := range []string{figures.FieldPeriod, figures.FieldStart, figures.FieldEnd} {
			if f.choice("col."+name) != "" {
				f.wrong("col."+name, "intake.period-twice")
			}
		}
	}
	if f.choice("col.area") == "" {
		if a := f.text("same.area"); a != "" {
			m.Constants[figures.FieldArea] = a
		}
	}
	if f.choice("col.part1") == "" {
		if p := f.text("same.part"); p != "" {
			m.Constants["part1"] = p
		}
	}
	m.Span, m.Unit, m.AreaPrefix, m.Status, m.Source = f.choice("span"), f.choice("unit"), f.text("prefix"), progress.Status(f.choice("standing")), f.text("source")
	if m.Status == progress.Final {
		m.Status = ""
	}
	if c, has := f.choice("mark.col"), f.text("mark.has"); c != "" && has != "" {
		m.Provisional = []figures.Mark{{Ref: ref(c), Has: has}}
	}
	if len(old.Provisional) > 1 {
		m.Provisional = append(m.Provisional, old.Provisional[1:]...)
	}
	for i := 1; f.Has("filter." + strconv.Itoa(i)); i++ {
		k := strconv.Itoa(i)
		c, in := f.choice("filter."+k), lines(f.text("filter-in."+k))
		switch {
		case c != "" && len(in) > 0:
			m.Filters = append(m.Filters, tables.Filter{Ref: ref(c), In: in, Not: f.choice("filter-not."+k) == "not"})
		case c != "":
			f.wrong("filter-in."+k, "form.required")
		}
	}
	m.Skip = slices.DeleteFunc(slices.Clone(old.Skip), func(s tables.Skip) bool { return len(s.Starts) > 0 })
	if c, starts := f.choice("skip.col"), lines(f.text("skip.starts")); c != "" && len(starts) > 0 {
		m.Skip = append(m.Skip, tables.Skip{Ref: ref(c), Starts: starts})
	}
	m.Numbers.Mark, m.Dates.Order = f.choice("mark"), f.choice("order")
	m.Sum, m.Negative, m.LastDay, m.Overlapping = on("sum"), on("negative"), on("last-day"), on("overlapping")
	return m
}
