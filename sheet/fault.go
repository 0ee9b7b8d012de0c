package sheet

import (
	"errors"
	"fmt"

	"entente/opc"
)

// A Fault says why a file gives no table. The set is closed: pages hold a sentence for each in every language.
type Fault string

const (
	Protected       Fault = "protected"        // an old Excel file (.xls), or one with a password
	OtherKind       Fault = "other-kind"       // a PDF, a web page, an OpenDocument file …
	NothingInIt     Fault = "nothing-in-it"    // an empty file, or no sheet that shows anything
	UnknownEncoding Fault = "unknown-encoding" // its encoding cannot be told: state it
	OtherEncoding   Fault = "other-encoding"   // it is not in the encoding that was stated
	OpenQuote       Fault = "open-quote"       // a quote that is not closed or not doubled, on a line
	NotThere        Fault = "not-there"        // no sheet of that name
	NoLabels        Fault = "no-labels"        // no header row was found: say where it stands
	Unmapped        Fault = "unmapped"         // the mapping names what the table does not have, or is wrong itself
	Damaged         Fault = "damaged"
	PastBounds      Fault = "past-bounds"
)

// Faults gives every fault, in one order.
func Faults() []Fault {
	return []Fault{Protected, OtherKind, NothingInIt, UnknownEncoding, OtherEncoding, OpenQuote, NotThere, NoLabels, Unmapped, Damaged, PastBounds}
}

// FaultOf gives the fault of an error of this package, and the line of a text file that it is about, 0 for none. It is "" for an
// error that is not about the file: reading failed, the caller stopped.
func FaultOf(err error) (f Fault, line int) {
	var t *told
	switch {
	case errors.As(err, &t):
		return t.fault, t.line
	case errors.Is(err, ErrTooLarge):
		return PastBounds, 0
	case errors.Is(err, opc.ErrEncrypted):
		return Protected, 0
	case errors.Is(err, ErrNoSheet):
		return NotThere, 0
	case errors.Is(err, ErrNoHeader):
		return NoLabels, 0
	case errors.Is(err, ErrMapping):
		return Unmapped, 0
	case errors.Is(err, ErrFormat):
		return Damaged, 0
	}
	return "", 0
}

// told is an error whose fault its kind does not tell.
type told struct {
	error
	fault Fault
	line  int
}

func (t *told) Unwrap() error { return t.error }

func fault(f Fault, line int, format string, a ...any) error {
	return &told{fmt.Errorf("%w: "+format, append([]any{ErrFormat}, a...)...), f, line}
}

// MissingColumns says which columns of a mapping a table does not have. It is an error that wraps ErrMapping.
type MissingColumns struct {
	Missing []string
	Have    []string // the first of those that it has
}

func (m *MissingColumns) Error() string {
	return fmt.Sprintf("%v: the table has no column %q; it has %q", ErrMapping, m.Missing, m.Have)
}

func (m *MissingColumns) Unwrap() error { return ErrMapping }

// Rules by which a row is left out.
const (
	ByFilter = "filter" // its text is not one of those that a filter keeps
	ByBlank  = "blank"
	ByEquals = "equals"
	ByStart  = "starts"
	ByHidden = "hidden"
)

// A Rule says why a row was left out. The zero Rule is of a row that was not.
type Rule struct {
	By     string `json:"by"`
	Column string `json:"column,omitempty"` // header or letter, as in the mapping
	Text   string `json:"text,omitempty"`   // what the cell shows, cut to MaxShown characters
}

// Rules gives every rule, in one order.
func Rules() []string { return []string{ByFilter, ByBlank, ByEquals, ByStart, ByHidden} }

// String is the rule in an English sentence.
func (r Rule) String() string {
	switch r.By {
	case ByFilter:
		return fmt.Sprintf("filter on %s: %q", r.Column, r.Text)
	case ByBlank:
		return r.Column + " is blank"
	case ByEquals:
		return fmt.Sprintf("%s is %q", r.Column, r.Text)
	case ByStart:
		return fmt.Sprintf("%s starts as in %q", r.Column, r.Text)
	case ByHidden:
		return "the row is hidden"
	}
	return ""
}
