package sheet

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Statuses of a Record.
const (
	Taken   = "taken"
	Refused = "refused" // a cell cannot be read: Problems say which, and why
	Skipped = "skipped" // left out by a rule of the mapping: Rule says which
)

// A Record is what a row became, or one of several that it became by Melt.
type Record struct {
	Row      int              `json:"row"`
	Line     int              `json:"line"`
	Status   string           `json:"status"`
	Fields   map[string]Value `json:"fields,omitempty"` // of a taken one: every field of the mapping
	Problems []Problem        `json:"problems,omitempty"`
	Rule     Rule             `json:"rule,omitzero"`
}

// A Value is one field of a record.
type Value struct {
	Text    string `json:"text"`              // in one form: a record.Decimal, 2024-03-15, 04, or the text
	Missing bool   `json:"missing,omitempty"` // the table says that there is none, or says nothing: not zero, not ""
	Unit    string `json:"unit,omitempty"`    // of AsMoney: the sign as written
	Formula bool   `json:"formula,omitempty"` // the table holds a formula here and this is the value its program saved
	Cell    string `json:"cell,omitempty"`    // A1 name, "" for constants
	Shown   string `json:"shown,omitempty"`   // as the table shows it
}

// plan is a mapping fitted to the columns of one table.
type plan struct {
	m       Mapping
	sheet   string
	header  Header
	columns []int // of m.Columns
	melt    []int
	filters []int
	skip    []int
	listed  []map[string]string // of m.Columns, by folded text
}

// Apply reads the sheet that the mapping names and gives a record for each row below the header, in the order of the file; rows
// that show nothing are passed over. It holds one row at a time. An error is the last thing it gives: it wraps ErrMapping when a
// column is not there, else it is one of Open's or Sheet's.
func (b *Book) Apply(m Mapping) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		p, s, err := b.plan(m)
		if err != nil {
			yield(Record{}, err)
			return
		}
		for row, err := range s.Rows() {
			if err != nil {
				yield(Record{}, err)
				return
			}
			if row.Row <= p.header.Last || row.Blank() {
				continue
			}
			for r := range p.records(row) {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

func (b *Book) plan(m Mapping) (*plan, *Sheet, error) {
	if err := m.Check(); err != nil {
		return nil, nil, err
	}
	s, err := b.Sheet(m.Sheet)
	if err != nil {
		return nil, nil, err
	}
	h, _, err := s.Head(m.Header)
	if err != nil {
		return nil, nil, err
	}
	p := &plan{m: m, sheet: s.Name, header: h}
	missing := []string(nil)
	at := func(r Ref) int {
		if r.Letter != "" {
			i, _ := ColumnOf(r.Letter) // checked
			return i
		}
		i, ok := h.Column(r.Header)
		if !ok {
			missing = append(missing, r.Header)
		}
		return i
	}
	for _, c := range m.Columns {
		p.columns = append(p.columns, at(c.Ref))
		listed := make(map[string]string, len(c.Values))
		for text, value := range c.Values {
			listed[fold(text)] = value
		}
		p.listed = append(p.listed, listed)
	}
	for _, f := range m.Filters {
		p.filters = append(p.filters, at(f.Ref))
	}
	for _, f := range m.Skip {
		if f.Hidden {
			p.skip = append(p.skip, -1)
			continue
		}
		p.skip = append(p.skip, at(f.Ref))
	}
	if t := m.Melt; t != nil {
		for _, r := range t.Columns {
			p.melt = append(p.melt, at(r))
		}
		if len(t.Columns) == 0 {
			from, to := at(t.From), at(t.To)
			if len(missing) == 0 && (to < from || to-from >= MaxMelt) {
				return nil, nil, fmt.Errorf("%w: melt from %v to %v: %d columns, the limit is %d", ErrMapping, t.From, t.To, to-from+1, MaxMelt)
			}
			for i := from; i >= 0 && i <= to; i++ {
				p.melt = append(p.melt, i)
			}
		}
	}
	if len(missing) > 0 {
		var have []string
		for _, c := range h.Columns {
			if c.Name != "" && len(have) < 20 {
				have = append(have, shown(c.Name))
			}
		}
		return nil, nil, &MissingColumns{missing, have}
	}
	return p, s, nil
}

// records gives what one row becomes.
func (p *plan) records(row Row) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		base := Record{Row: row.Row, Line: row.Line}
		if rule := p.skipped(row); rule != (Rule{}) {
			base.Status, base.Rule = Skipped, rule
			yield(base)
			return
		}
		fields := make(map[string]Value, len(p.m.Columns)+len(p.m.Constants)+4)
		for name, text := range p.m.Constants {
			fields[name] = Value{Text: text, Missing: text == ""}
		}
		for i := len(p.header.Columns); i < len(row.Cells); i++ {
			if !row.Cells[i].Blank() && !p.mapped(i) {
				base.Problems = append(base.Problems, p.problem(row, i, "", Ragged))
				break
			}
		}
		for i, c := range p.m.Columns {
			v, err := p.value(row.At(p.columns[i]), c, p.listed[i])
			if err == nil && v.Missing && c.Required {
				err = Empty
			}
			if err != nil {
				base.Problems = append(base.Problems, p.problem(row, p.columns[i], c.Field, err))
				continue
			}
			v.Cell = A1(p.columns[i], row.Row)
			fields[c.Field] = v
		}
		if p.m.Melt == nil {
			yield(p.finish(row, base, fields))
			return
		}
		for _, i := range p.melt {
			t, cell := p.m.Melt, row.At(i)
			if t.SkipMissing && cell.Blank() && !cell.Formula {
				continue
			}
			r, own := base, make(map[string]Value, len(fields)+4)
			r.Problems = slices.Clone(base.Problems)
			for k, v := range fields {
				own[k] = v
			}
			label := Letter(i)
			if i < len(p.header.Columns) && p.header.Columns[i].Name != "" {
				label = p.header.Columns[i].Name
			}
			if other, ok := t.Labels[label]; ok {
				label = other
			}
			own[t.Label] = Value{Text: label, Cell: A1(i, p.header.Last), Shown: label}
			v, err := p.value(cell, Column{Field: t.Value, As: t.As}, nil)
			if err != nil {
				r.Problems = append(r.Problems, p.problem(row, i, t.Value, err))
			}
			v.Cell = A1(i, row.Row)
			own[t.Value] = v
			if !yield(p.finish(row, r, own)) {
				return
			}
		}
	}
}

// mapped reports whether the mapping reads a column.
func (p *plan) mapped(column int) bool {
	return slices.Contains(p.columns, column) || slices.Contains(p.melt, column)
}

// finish makes the period and settles the status.
func (p *plan) finish(row Row, r Record, fields map[string]Value) Record {
	if d := p.m.Period; d != nil && len(r.Problems) == 0 {
		start, end, field, err := d.of(fields)
		if err != nil {
			column := 0
			if v := fields[field]; v.Cell != "" {
				column, _, _ = parseA1(v.Cell)
			}
			problem := p.problem(row, column, field, err)
			problem.Text = shown(fields[field].Shown)
			r.Problems = append(r.Problems, problem)
		}
		fields[d.Start], fields[d.End] = start, end
	}
	r.Status, r.Fields = Taken, fields
	if len(r.Problems) > 0 {
		r.Status, r.Fields = Refused, nil
	}
	return r
}

// of makes the two dates; field is the one that an error is about.
func (d Period) of(fields map[string]Value) (start, end Value, field string, err error) {
	y, err := ParseYear(fields[d.Year].Text)
	if err != nil || fields[d.Year].Missing || y == 0 {
		if err == nil {
			err = Empty
		}
		return start, end, d.Year, err
	}
	m := 0
	if d.Month != "" {
		if m, err = ParseMonth(fields[d.Month].Text); err != nil {
			return start, end, d.Month, err
		}
	}
	first := max(d.FiscalFrom, 1)
	from := Day{y, max(m, 1), 1}
	if m == 0 {
		from.Month = first
	}
	if first > 1 && from.Month >= first { // the months from October on are those of the year before
		from.Year--
	}
	to := from
	if m == 0 {
		to.Year++
	} else if to.Month++; to.Month > 12 {
		to = Day{to.Year + 1, 1, 1}
	}
	return Value{Text: from.String()}, Value{Text: to.String()}, "", nil
}

// skipped gives the rule that leaves a row out.
func (p *plan) skipped(row Row) Rule {
	for i, s := range p.m.Skip {
		if s.Hidden {
			if row.Hidden {
				return Rule{By: ByHidden}
			}
			continue
		}
		text, seen := fold(row.At(p.skip[i]).Text), shown(row.At(p.skip[i]).Text)
		switch {
		case s.Blank && text == "":
			return Rule{ByBlank, s.Ref.String(), ""}
		case slices.ContainsFunc(s.Equals, func(v string) bool { return fold(v) == text }):
			return Rule{ByEquals, s.Ref.String(), seen}
		case slices.ContainsFunc(s.Starts, func(v string) bool { return strings.HasPrefix(text, fold(v)) }):
			return Rule{ByStart, s.Ref.String(), seen}
		}
	}
	for i, f := range p.m.Filters {
		text := fold(row.At(p.filters[i]).Text)
		if slices.ContainsFunc(f.In, func(v string) bool { return fold(v) == text }) == f.Not {
			return Rule{ByFilter, f.Ref.String(), shown(row.At(p.filters[i]).Text)}
		}
	}
	return Rule{}
}

// value reads one cell; the error is a Reason.
func (p *plan) value(c Cell, col Column, listed map[string]string) (Value, error) {
	v := Value{Formula: c.Formula, Shown: c.Text}
	numbers, dates := p.m.Numbers, p.m.Dates
	if col.Numbers != nil {
		numbers = *col.Numbers
	}
	if col.Dates != nil {
		dates = *col.Dates
	}
	switch col.As {
	case AsNumber, AsPercent, AsMoney:
		n, err := c.AsNumber(numbers)
		switch {
		case err != nil:
			return v, err
		case n.Percent && col.As != AsPercent:
			return v, HasPercent
		case n.Currency != "" && col.As != AsMoney:
			return v, HasCurrency
		}
		v.Text, v.Missing, v.Unit = string(n.Decimal), n.Missing, n.Currency
		return v, nil
	case AsDate:
		d, err := c.AsDate(dates)
		if err != nil || d.Missing {
			v.Missing = d.Missing
			return v, err
		}
		v.Text = d.Day.String()
		return v, nil
	case AsMonth, AsYear:
		return monthOrYear(v, c, col.As)
	}
	switch {
	case c.Kind == KindError:
		return v, ErrorCell
	case c.Formula && c.Text == "":
		return v, NoValue
	}
	v.Text = strings.TrimSpace(c.Text)
	v.Missing = v.Text == ""
	if len(listed) > 0 && !v.Missing {
		to, ok := listed[fold(v.Text)]
		if !ok {
			return v, NotListed
		}
		v.Text, v.Missing = to, to == ""
	}
	return v, nil
}

// monthOrYear reads a part of a date: its name or number, or a whole date of a workbook.
func monthOrYear(v Value, c Cell, as string) (Value, error) {
	switch c.Kind {
	case KindError:
		return v, ErrorCell
	case KindDate:
		if len(c.Date) >= 10 {
			v.Text = c.Date[5:7]
			if as == AsYear {
				v.Text = c.Date[:4]
			}
			return v, nil
		}
	}
	if c.Formula && c.Text == "" {
		return v, NoValue
	}
	if as == AsYear {
		n, err := ParseYear(c.Text)
		v.Text, v.Missing = fmt.Sprintf("%04d", n), n == 0
		if n == 0 {
			v.Text = ""
		}
		return v, err
	}
	n, err := ParseMonth(c.Text)
	v.Text, v.Missing = fmt.Sprintf("%02d", n), n == 0
	if n == 0 {
		v.Text = ""
	}
	return v, err
}

func (p *plan) problem(row Row, column int, field string, err error) Problem {
	reason, ok := err.(Reason) //nolint:errorlint // the parsers give nothing else
	if !ok {
		reason = NotNumber
	}
	q := Problem{Sheet: p.sheet, Line: row.Line, Row: row.Row, Column: column + 1, Cell: A1(column, row.Row), Field: field, Text: shown(row.At(column).Text), Reason: reason}
	if column < len(p.header.Columns) {
		q.Header = p.header.Columns[column].Name
	}
	return q
}
