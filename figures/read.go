package figures

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"entente/progress"
	"entente/record"
	"entente/sheet"
)

// A Figure is one value of a file, or one that somebody typed.
type Figure struct {
	record.Period                 // half-open, days in UTC
	Area          string          `json:"area"`
	Part          string          `json:"disaggregation"` // what is counted; empty: everything
	Value         record.Decimal  `json:"value"`          // as published; "" where it is missing
	Unit          string          `json:"unit"`
	Status        progress.Status `json:"status"`
	Line          int             `json:"line,omitempty"` // of the file; of a sum its first
	Cell          string          `json:"cell,omitempty"`
	Rows          int             `json:"rows,omitempty"` // it is the sum of so many
}

// Key cites the figure: "2025-01-01/2025-02-01|MX-SON|con-arma-de-fuego". It is the same in every vintage.
func (f *Figure) Key() string {
	return progress.Date(f.Start) + "/" + progress.Date(f.End) + "|" + f.Area + "|" + strings.ReplaceAll(strings.ToLower(f.Part), " ", "-")
}

// Reasons for which a figure is refused, beside those of package sheet. The set is closed: pages hold a sentence for each.
const (
	NotPeriod = "not-a-period"  // the end is not after the start, or lies before 1970
	Future    = "future"        // the period has not begun
	Negative  = "negative"      // below zero, and the mapping says that nothing is
	Fraction  = "fraction"      // a part of what is counted in whole numbers
	OtherUnit = "other-unit"    // its row is in another unit
	NotStatus = "not-a-status"  // no word for the standing of a figure
	HasValue  = "has-value"     // it is called missing and has a value
	Repeated  = "repeated"      // an earlier row is of the same period, area and part
	Overlap   = "overlap"       // its period lies across another of its series
	LongText  = "too-long-text" // of an area, or of what is counted
)

// Reasons gives all of them, in one order.
func Reasons() []string {
	return []string{NotPeriod, Future, Negative, Fraction, OtherUnit, NotStatus, HasValue, Repeated, Overlap, LongText}
}

// Refused is a row, or a cell of it, that gives no figure: where it stands, what it shows, why.
type Refused struct {
	Line   int    `json:"line"`
	Cell   string `json:"cell,omitempty"`
	Header string `json:"header,omitempty"`
	Field  string `json:"field,omitempty"`
	Text   string `json:"text,omitempty"`
	Reason string `json:"reason"`
}

func (r Refused) Error() string {
	return fmt.Sprintf("line %d, %s: %q: %s", r.Line, r.Cell, r.Text, r.Reason)
}

// Skipped counts rows that one rule of the mapping leaves out.
type Skipped struct {
	Rule  sheet.Rule `json:"rule"`
	Count int        `json:"count"`
	First int        `json:"first"` // its line
}

// A Reading is what a mapping makes of a file.
type Reading struct {
	Sheet     string      `json:"sheet,omitempty"`
	Found     sheet.Found `json:"found"`
	Rows      int         `json:"rows"` // of the file below its header
	Figures   []Figure    `json:"-"`
	Refused   []Refused   `json:"refused,omitempty"`
	Untold    int         `json:"untold,omitempty"`    // refused beyond those listed
	Blocked   bool        `json:"blocked,omitempty"`   // a row of a sum was refused: the sums would be short, so none is taken
	Skipped   []Skipped   `json:"skipped,omitempty"`   // most frequent first
	Formulas  int         `json:"formulas,omitempty"`  // values that a spreadsheet computed
	Unskipped int         `json:"unskipped,omitempty"` // skipped rows of rules beyond those counted apart
}

// maxSkipped rules are counted apart: a filter on a drug leaves nine others out, one on a crime a hundred.
const maxSkipped = 200

func (x *Reading) refuse(r Refused) {
	if len(x.Refused) == MaxRefused {
		x.Untold++
		return
	}
	x.Refused = append(x.Refused, r)
}

// RefusedCount is how many cells and rows were refused.
func (x *Reading) RefusedCount() int { return len(x.Refused) + x.Untold }

// reader is a reading under way.
type reader struct {
	m       Mapping
	now     int64
	out     *Reading
	at      map[place]int // of figures
	skipped map[sheet.Rule]int
	texts   map[string]string // areas and parts repeat: one copy of each
	dates   map[string]int64
}

// place is what may have one figure.
type place struct {
	record.Period
	area, part string
}

// Read applies a mapping to a book. now bounds periods; 0: it does not. tell, if not nil, hears of rows read, and ends the reading
// by an error. Errors: of sheet where the file is no table or the mapping does not fit it, sheet.ErrTooLarge beyond MaxFigures.
func Read(b *sheet.Book, m Mapping, now int64, tell func(rows int) error) (*Reading, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	s, err := b.Sheet(m.Sheet)
	if err != nil {
		return nil, err
	}
	r := &reader{m: m, now: now, out: &Reading{Sheet: s.Name, Found: b.Found}, at: map[place]int{}, skipped: map[sheet.Rule]int{}, texts: map[string]string{}, dates: map[string]int64{}}
	last := 0
	for rec, err := range b.Apply(m.rows()) {
		if err != nil {
			return nil, err
		}
		if rec.Row != last {
			if last, r.out.Rows = rec.Row, r.out.Rows+1; tell != nil && r.out.Rows%1000 == 0 {
				if err := tell(r.out.Rows); err != nil {
					return nil, err
				}
			}
		}
		r.record(&rec)
		if len(r.out.Figures) > MaxFigures {
			return nil, fmt.Errorf("%w: more than %d figures: filter the rows that are not of this indicator, or cut the file", sheet.ErrTooLarge, MaxFigures)
		}
	}
	if m.Sum {
		r.sums()
	}
	slices.SortStableFunc(r.out.Skipped, func(a, b Skipped) int { return b.Count - a.Count })
	return r.out, nil
}

// sums refuses a sum that has more digits than a figure can have, and all of them where a row is lacking.
func (r *reader) sums() {
	for i := range r.out.Figures {
		if f := &r.out.Figures[i]; f.Status != progress.Missing && !f.Value.Valid() {
			r.out.refuse(Refused{Line: f.Line, Cell: f.Cell, Field: FieldValue, Text: cut(string(f.Value)), Reason: string(sheet.NumberTooLong)})
		}
	}
	r.out.Blocked = r.out.RefusedCount() > 0
}

func (r *reader) record(rec *sheet.Record) {
	switch rec.Status {
	case sheet.Skipped:
		i, ok := r.skipped[rec.Rule]
		if !ok {
			if len(r.out.Skipped) == maxSkipped {
				r.out.Unskipped++
				return
			}
			i = len(r.out.Skipped)
			r.skipped[rec.Rule] = i
			r.out.Skipped = append(r.out.Skipped, Skipped{Rule: rec.Rule, First: rec.Line})
		}
		r.out.Skipped[i].Count++
		return
	case sheet.Refused:
		for _, p := range rec.Problems {
			r.out.refuse(Refused{rec.Line, p.Cell, p.Header, p.Field, p.Text, string(p.Reason)})
		}
		return
	}
	v := rec.Fields[FieldValue]
	f := Figure{Line: rec.Line, Cell: v.Cell, Unit: r.m.Unit, Rows: 1, Value: record.Decimal(v.Text)}
	if v.Formula {
		r.out.Formulas++
	}
	no := func(field, reason string) {
		x := rec.Fields[field]
		if x.Cell == "" && field == FieldStart && r.m.Period != nil { // made of the year
			x = rec.Fields[r.m.Period.Year]
		}
		if x.Cell == "" {
			x.Cell = v.Cell
		}
		text := x.Shown
		if text == "" {
			text = x.Text
		}
		r.out.refuse(Refused{Line: rec.Line, Cell: x.Cell, Header: r.header(field, rec.Fields), Field: field, Text: cut(text), Reason: reason})
	}
	ok := true
	if f.Period, ok = r.period(rec.Fields); !ok {
		no(r.periodField(), NotPeriod)
		return
	}
	if u := rec.Fields[FieldUnit]; r.m.makes(FieldUnit) && u.Text != r.m.Unit {
		no(FieldUnit, OtherUnit)
		return
	}
	if f.Area = rec.Fields[FieldArea].Text; r.m.AreaPrefix != "" && f.Area != "" {
		f.Area = r.m.AreaPrefix + strings.ReplaceAll(f.Area, " ", "-")
	}
	var parts []string
	for i := range MaxParts {
		if t := rec.Fields[partField(i)].Text; t != "" {
			parts = append(parts, t)
		}
	}
	f.Area, f.Part = r.once(f.Area), r.once(strings.Join(parts, ";"))
	switch f.Status = r.status(rec.Fields); {
	case f.Status == "":
		no(FieldStatus, NotStatus)
		return
	case v.Missing:
		f.Status, f.Value = progress.Missing, ""
	case f.Status == progress.Missing:
		no(FieldStatus, HasValue)
		return
	}
	if why := f.Fault(r.now, r.m.Negative); why != "" {
		field := FieldValue
		switch why {
		case Future, NotPeriod:
			field = r.periodField()
		case LongText:
			field = FieldArea
		}
		no(field, why)
		return
	}
	p := place{f.Period, f.Area, f.Part}
	i, seen := r.at[p]
	switch {
	case !seen:
		r.at[p] = len(r.out.Figures)
		r.out.Figures = append(r.out.Figures, f)
	case r.m.Sum:
		r.out.Figures[i].add(&f)
	default:
		no(FieldValue, Repeated)
	}
}

// header is the name of the column of a field, as far as the mapping names it.
func (r *reader) header(field string, fields map[string]sheet.Value) string {
	if field == FieldStart && r.m.Period != nil {
		field = r.m.Period.Year
	}
	for _, c := range r.m.Columns {
		if c.Field == field {
			return c.Ref.Header
		}
	}
	if t := r.m.Melt; t != nil && t.Value == field {
		return fields[t.Label].Shown
	}
	return ""
}

// Fault says why a figure cannot stand, by itself.
func (f *Figure) Fault(now int64, negative bool) string {
	switch {
	case !f.Valid() || f.Start%86400 != 0 || f.End%86400 != 0:
		return NotPeriod
	case now != 0 && f.Start > now:
		return Future
	case len(f.Area) > MaxText || len(f.Part) > MaxText || !plain(f.Area) || !plain(f.Part):
		return LongText
	case f.Status == progress.Missing:
		if f.Value != "" {
			return HasValue
		}
		return ""
	case !f.Value.Valid():
		return string(sheet.NotNumber)
	case !negative && strings.HasPrefix(string(f.Value), "-"):
		return Negative
	case progress.Counted(f.Unit) && !f.Value.Rat().IsInt():
		return Fraction
	}
	return ""
}

// plain: one line of UTF-8.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
}

// add makes a sum of one more: no firmer than any, and missing where one is.
func (f *Figure) add(g *Figure) {
	f.Rows++
	if progress.Weaker(g.Status, f.Status) {
		f.Status = g.Status
	}
	if f.Status == progress.Missing {
		f.Value = ""
		return
	}
	f.Value = progress.Plus(f.Value, g.Value)
}

func (r *reader) periodField() string {
	for _, f := range []string{FieldPeriod, FieldStart} {
		if r.m.makes(f) {
			return f
		}
	}
	return FieldStart
}

func (r *reader) period(fields map[string]sheet.Value) (p record.Period, ok bool) {
	if r.m.makes(FieldPeriod) {
		return ParsePeriod(fields[FieldPeriod].Text, r.m.FiscalFrom, r.m.Dates)
	}
	if p.Start, ok = r.date(fields[FieldStart].Text); !ok {
		return p, false
	}
	if r.m.makes(FieldEnd) {
		if p.End, ok = r.date(fields[FieldEnd].Text); ok && r.m.LastDay {
			p.End += 86400
		}
	} else {
		p.End = progress.Later(p.Start, int64(spanMonths(r.m.Span)))
	}
	return p, ok && p.Valid()
}

// date reads an ISO date; the few that a file has are read once.
func (r *reader) date(s string) (int64, bool) {
	t, ok := r.dates[s]
	if ok {
		return t, true
	}
	if t, ok = progress.ParseDate(s); ok {
		r.dates[s] = t
	}
	return t, ok
}

// once keeps one copy of a text that many rows have.
func (r *reader) once(s string) string {
	if t, ok := r.texts[s]; ok {
		return t
	}
	s = strings.Clone(s)
	r.texts[s] = s
	return s
}

// status is the standing that the row says, or the mapping; empty: no such word.
func (r *reader) status(fields map[string]sheet.Value) progress.Status {
	if s := fields[FieldStatus]; s.Text != "" {
		switch t := progress.Status(strings.ToLower(s.Text)); t {
		case progress.Provisional, progress.Revised, progress.Final, progress.Missing:
			return t
		}
		return ""
	}
	for i, p := range r.m.Provisional {
		if strings.Contains(strings.ToLower(fields[markField(i)].Text), strings.ToLower(p.Has)) {
			return progress.Provisional
		}
	}
	if r.m.Status != "" {
		return r.m.Status
	}
	return progress.Final
}

func cut(s string) string {
	if r := []rune(s); len(r) > sheet.MaxShown {
		return string(r[:sheet.MaxShown]) + "…"
	}
	return s
}

// same reports whether two decimals are one number: 1016.0 is 1016.
func same(a, b record.Decimal) bool {
	return a == b || a != "" && b != "" && ratOf(a).Cmp(ratOf(b)) == 0
}

func ratOf(d record.Decimal) *big.Rat {
	if !d.Valid() {
		return new(big.Rat)
	}
	return d.Rat()
}
