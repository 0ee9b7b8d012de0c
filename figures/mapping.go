// Package figures turns the rows of an agency's file into figures of an indicator, and holds them against what was reported
// before: what is added, what is revised, what stays, what is refused and why. It computes on bytes and decimals only.
package figures

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"entente/progress"
	"entente/sheet"
)

// ErrMapping says that a mapping makes no figures.
var ErrMapping = errors.New("the mapping makes no figures")

// Fields of a sheet.Mapping by which a row becomes a figure. All but the value may be constants.
const (
	FieldValue  = "value"
	FieldStart  = "start"  // a date; made by Period, or of a column
	FieldEnd    = "end"    // a date: the day after the last, unless LastDay
	FieldPeriod = "period" // a text as 2024, 2024-03, mar-24, 2024 T1, instead of start and end
	FieldArea   = "area"
	FieldUnit   = "unit"   // of a file with several; rows of another than the mapping's are refused
	FieldStatus = "status" // provisional, revised, final or missing
	FieldPart   = "part"   // part1 to part6: what is counted, joined by semicolons
	fieldMark   = "mark"   // the texts that Provisional looks at
)

// A Mapping says how the rows of an agency's file become figures of one indicator. It is JSON that a colleague can be sent, and
// holds no data.
type Mapping struct {
	sheet.Mapping
	Unit        string            `json:"unit"`                  // of every value
	Indicator   string            `json:"indicator,omitempty"`   // code of the one it was made for
	Source      string            `json:"source,omitempty"`      // who publishes the file
	About       map[string]string `json:"about,omitempty"`       // by language: what it takes from which file
	FiscalFrom  int               `json:"fiscal_from,omitempty"` // of the field period: 10: the year 2026 starts in October 2025
	Span        string            `json:"span,omitempty"`        // where rows have a start and no end: month, quarter or year
	LastDay     bool              `json:"last_day,omitempty"`    // end is the last day of the period, not the day after it
	AreaPrefix  string            `json:"area_prefix,omitempty"` // before every area; spaces in the area become hyphens then
	Provisional []Mark            `json:"provisional,omitempty"` // rows whose figures are provisional; without one they are Status
	Status      progress.Status   `json:"standing,omitempty"`    // of figures of which nothing else is said; final where absent
	Sum         bool              `json:"sum,omitempty"`         // the file is finer than the figures: rows of one period, area and part are added up
	Negative    bool              `json:"negative,omitempty"`    // values below zero occur: net changes
	Overlapping bool              `json:"overlapping,omitempty"` // periods overlap and mean it: a table of figures of many sorts
}

// A Mark is a text that a cell of a row holds.
type Mark struct {
	sheet.Ref
	Has string `json:"has"`
}

// ParseMapping reads a mapping's JSON. A member that is not known is refused: it may be a slip of the pen. Errors wrap ErrMapping
// or sheet.ErrMapping.
func ParseMapping(b []byte) (Mapping, error) {
	var m Mapping
	if err := sheet.DecodeMapping(b, MaxMapping, &m); err != nil {
		return Mapping{}, fmt.Errorf("%w: %w", ErrMapping, err)
	}
	return m, m.Check()
}

// Check reports what is wrong with the mapping by itself, all of it at once.
func (m Mapping) Check() error {
	var all []error
	bad := func(format string, a ...any) {
		all = append(all, fmt.Errorf("%w: "+format, append([]any{ErrMapping}, a...)...))
	}
	if b, err := json.Marshal(m); err != nil || len(b) > MaxMapping {
		bad("it is longer than %d bytes", MaxMapping)
	}
	if m.Name != "" && !ValidName(m.Name) {
		bad("the name %.70q: small letters, digits and hyphens, at most %d", m.Name, MaxName)
	}
	all = append(all, m.rows().Check())
	has := func(field string) bool { return m.makes(field) }
	if !has(FieldValue) {
		bad("no column is the %s", FieldValue)
	}
	switch start, end, period := has(FieldStart), has(FieldEnd), has(FieldPeriod); {
	case period && (start || end), !period && !start:
		bad("say the period by %s and %s, or by %s", FieldStart, FieldEnd, FieldPeriod)
	case start && !end && spanMonths(m.Span) == 0:
		bad("periods have a start and no end: say whether they are a month, a quarter or a year")
	}
	if m.FiscalFrom < 0 || m.FiscalFrom > 12 {
		bad("the fiscal year starts in month %d", m.FiscalFrom)
	}
	if m.Unit == "" || len(m.Unit) > 64 {
		bad("name the unit of the values")
	}
	if !slices.Contains([]progress.Status{"", progress.Provisional, progress.Revised, progress.Final}, m.Status) {
		bad("figures are provisional, revised or final: %.30q", string(m.Status))
	}
	for _, p := range m.Provisional {
		if p.Has == "" {
			bad("a mark of provisional figures has no text")
		}
	}
	if len(m.Provisional) > 8 || len(m.AreaPrefix) > MaxText || len(m.Source) > 500 || len(m.Indicator) > 64 {
		bad("its texts are too long, or too many")
	}
	for l, s := range m.About {
		if len(l) > 8 || len(s) > 500 {
			bad("what it says about itself is too long")
		}
	}
	return errors.Join(all...)
}

// ValidName reports whether a mapping may be kept under a name.
func ValidName(s string) bool {
	return s != "" && len(s) <= MaxName && s[0] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// rows is the mapping of the table, with the texts that Provisional looks at as fields of their own.
func (m Mapping) rows() sheet.Mapping {
	r := m.Mapping
	r.Columns = slices.Clone(r.Columns)
	for i, p := range m.Provisional {
		r.Columns = append(r.Columns, sheet.Column{Ref: p.Ref, Field: markField(i)})
	}
	return r
}

func markField(i int) string { return fieldMark + string(rune('1'+i)) }

func partField(i int) string { return FieldPart + string(rune('1'+i)) }

// makes reports whether rows get a field.
func (m Mapping) makes(field string) bool {
	_, constant := m.Constants[field]
	return constant || slices.ContainsFunc(m.Columns, func(c sheet.Column) bool { return c.Field == field }) ||
		m.Melt != nil && (m.Melt.Value == field || m.Melt.Label == field) || m.Period != nil && (m.Period.Start == field || m.Period.End == field)
}

func spanMonths(span string) int {
	switch progress.Span(span) {
	case progress.Month:
		return 1
	case progress.Quarter:
		return 3
	case progress.Year:
		return 12
	}
	return 0
}
