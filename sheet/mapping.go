package sheet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// As says what a column's cells are read as.
const (
	AsText    = "text"    // as shown, spaces around it dropped; the default
	AsNumber  = "number"  // a record.Decimal; a percent or currency sign is refused
	AsPercent = "percent" // 32 % and 32 give "32"
	AsMoney   = "money"   // the sign goes to Value.Unit
	AsDate    = "date"    // 2024-03-15
	AsMonth   = "month"   // 01 to 12
	AsYear    = "year"    // 2026, also of "2026 (FYTD)"
)

var readings = []string{AsText, AsNumber, AsPercent, AsMoney, AsDate, AsMonth, AsYear}

// A Mapping says how the rows of a table become records of fields. It is JSON that a colleague can be sent; it holds no data.
type Mapping struct {
	V         int               `json:"v"` // 1
	Name      string            `json:"name,omitempty"`
	File      Options           `json:"file,omitzero"`   // how the file is to be opened; who opens the book heeds it
	Sheet     string            `json:"sheet,omitempty"` // "" for the first that shows anything
	Header    HeaderRule        `json:"header,omitzero"`
	Columns   []Column          `json:"columns"`
	Melt      *Melt             `json:"melt,omitempty"`
	Period    *Period           `json:"period,omitempty"`
	Constants map[string]string `json:"constants,omitempty"` // field → text, the same in every record
	Filters   []Filter          `json:"filters,omitempty"`   // a row must pass every one, or is skipped
	Skip      []Skip            `json:"skip,omitempty"`      // a row that meets one is skipped
	Numbers   NumberStyle       `json:"numbers,omitzero"`    // of every column that states none
	Dates     DateStyle         `json:"dates,omitzero"`
}

// A Ref names a column, by its header or by its letter: one of the two.
type Ref struct {
	Header string `json:"header,omitempty"`
	Letter string `json:"letter,omitempty"`
}

func (r Ref) String() string {
	if r.Header != "" {
		return r.Header
	}
	return r.Letter
}

// A Column becomes a field.
type Column struct {
	Ref
	Field    string            `json:"field"`
	As       string            `json:"as,omitempty"`
	Required bool              `json:"required,omitempty"` // refuse the row where it is missing
	Values   map[string]string `json:"values,omitempty"`   // shown text → text of the field; a text that is not listed is refused. Case does not matter
	Numbers  *NumberStyle      `json:"numbers,omitempty"`
	Dates    *DateStyle        `json:"dates,omitempty"`
}

// A Melt makes a record of its own of each of several columns: "January" … "December" of one row become twelve records, the
// column's name in the field Label, its cell in the field Value.
type Melt struct {
	From    Ref               `json:"from,omitzero"` // From to To, both in it, or Columns
	To      Ref               `json:"to,omitzero"`
	Columns []Ref             `json:"columns,omitempty"`
	Label   string            `json:"label"`
	Labels  map[string]string `json:"labels,omitempty"` // column's name → text of Label; others keep their name
	Value   string            `json:"value"`
	As      string            `json:"as,omitempty"`
	// SkipMissing leaves out a column whose cell shows nothing at all: months that have not come yet. A mark such as n/d is still
	// a record without value.
	SkipMissing bool `json:"skip_missing,omitempty"`
}

// A Period makes two dates of a year and a month: the half-open [Start, End) of a month, or of a year when there is no month.
type Period struct {
	Year       string `json:"year"`                  // a field that is read as a year
	Month      string `json:"month,omitempty"`       // a field that is read as a month, or the Label of Melt
	FiscalFrom int    `json:"fiscal_from,omitempty"` // 10: the year 2026 starts in October 2025
	Start      string `json:"start"`                 // the fields that are made
	End        string `json:"end"`
}

// A Filter keeps the rows whose cell shows one of In, or with Not those whose cell shows none. Case and spaces do not matter.
type Filter struct {
	Ref
	In  []string `json:"in"`
	Not bool     `json:"not,omitempty"`
}

// A Skip leaves out the rows whose cell is as it says: one of the three.
type Skip struct {
	Ref
	Blank  bool     `json:"blank,omitempty"`  // shows nothing
	Equals []string `json:"equals,omitempty"` // shows one of these
	Starts []string `json:"starts,omitempty"` // starts with one of these: "Total", "Fuente:", "Source:"
	Hidden bool     `json:"hidden,omitempty"` // the row is hidden in the workbook; needs no column
}

// ParseMapping reads a mapping's JSON. A member that is not known is refused: it may be a slip of the pen. Errors wrap ErrMapping.
func ParseMapping(b []byte) (Mapping, error) {
	var m Mapping
	if err := DecodeMapping(b, MaxMapping, &m); err != nil {
		return Mapping{}, fmt.Errorf("%w: %w", ErrMapping, err)
	}
	return m, m.Check()
}

// DecodeMapping reads the JSON of a mapping of at most so many bytes into m. A member that m does not know, and anything after it, is
// an error.
func DecodeMapping(b []byte, most int, m any) error {
	if len(b) > most {
		return fmt.Errorf("%d bytes, the limit is %d", len(b), most)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the mapping")
	}
	return nil
}

// Check reports what is wrong with the mapping by itself, all of it at once. Errors wrap ErrMapping.
func (m Mapping) Check() error {
	var all []error
	bad := func(format string, a ...any) {
		all = append(all, fmt.Errorf("%w: "+format, append([]any{ErrMapping}, a...)...))
	}
	if m.V != 1 {
		bad("version %d, this program reads 1", m.V)
	}
	fields := make(map[string]bool)
	field := func(name string) {
		switch {
		case name == "" || len(name) > 64:
			bad("the field %.70q: a name of 1 to 64 characters", name)
		case fields[name]:
			bad("the field %q is made twice", name)
		}
		fields[name] = true
	}
	ref := func(r Ref) {
		if (r.Header == "") == (r.Letter == "") {
			bad("a column is named by its header or by its letter, one of the two: %q, %q", r.Header, r.Letter)
		}
		if r.Letter != "" {
			if _, err := ColumnOf(r.Letter); err != nil {
				all = append(all, err)
			}
		}
	}
	as := func(s string) {
		if s != "" && !slices.Contains(readings, s) {
			bad("a column cannot be read as %.30q: use one of %v", s, readings)
		}
	}
	mark := func(s NumberStyle) {
		if s.Mark != "" && s.Mark != Point && s.Mark != Comma {
			bad("the decimal mark %.30q: use %q or %q", s.Mark, Point, Comma)
		}
	}
	order := func(s DateStyle) {
		if s.Order != "" && s.Order != DayFirst && s.Order != MonthFirst {
			bad("the order %.30q: use %q or %q", s.Order, DayFirst, MonthFirst)
		}
		if s.Century != 0 && (s.Century < firstYear || s.Century > lastYear) {
			bad("the century %d: use 1900 or 2000", s.Century)
		}
	}
	if len(m.Columns) == 0 && m.Melt == nil || len(m.Columns) > MaxColumns {
		bad("%d columns: map 1 to %d", len(m.Columns), MaxColumns)
	}
	mark(m.Numbers)
	order(m.Dates)
	for _, c := range m.Columns {
		ref(c.Ref)
		field(c.Field)
		as(c.As)
		if c.Numbers != nil {
			mark(*c.Numbers)
		}
		if c.Dates != nil {
			order(*c.Dates)
		}
		if len(c.Values) > 0 && c.As != "" && c.As != AsText {
			bad("the field %q: a list of values is for texts", c.Field)
		}
	}
	if t := m.Melt; t != nil {
		field(t.Label)
		field(t.Value)
		as(t.As)
		switch ranged := t.From != (Ref{}) || t.To != (Ref{}); {
		case ranged && len(t.Columns) > 0, !ranged && len(t.Columns) == 0:
			bad("melt: name the first and the last column, or all columns")
		case ranged:
			ref(t.From)
			ref(t.To)
		}
		for _, r := range t.Columns {
			ref(r)
		}
		if len(t.Columns) > MaxMelt {
			bad("melt: %d columns, the limit is %d", len(t.Columns), MaxMelt)
		}
	}
	if p := m.Period; p != nil {
		reads := func(name, want string) {
			i := slices.IndexFunc(m.Columns, func(c Column) bool { return c.Field == name })
			_, constant := m.Constants[name]
			if (i < 0 || m.Columns[i].As != want) && !(i < 0 && (constant || m.Melt != nil && m.Melt.Label == name)) {
				bad("period: %q is no field that is read as %s", name, want)
			}
		}
		reads(p.Year, AsYear)
		if p.Month != "" {
			reads(p.Month, AsMonth)
		}
		if p.FiscalFrom < 0 || p.FiscalFrom > 12 {
			bad("period: the fiscal year starts in month %d", p.FiscalFrom)
		}
		field(p.Start)
		field(p.End)
	}
	for name := range m.Constants {
		field(name)
	}
	for _, f := range m.Filters {
		ref(f.Ref)
		if len(f.In) == 0 {
			bad("a filter on %v without values", f.Ref)
		}
	}
	for _, s := range m.Skip {
		n := 0
		for _, on := range []bool{s.Blank, len(s.Equals) > 0, len(s.Starts) > 0, s.Hidden} {
			if on {
				n++
			}
		}
		if n != 1 {
			bad("a skip rule says one thing: blank, equals, starts or hidden")
		}
		if !s.Hidden {
			ref(s.Ref)
		}
	}
	return errors.Join(all...)
}
