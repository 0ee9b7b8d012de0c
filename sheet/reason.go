package sheet

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

var (
	// ErrFormat says that the file cannot be read as a table; the text says what to do.
	ErrFormat = errors.New("not a readable table")
	// ErrTooLarge says that the file goes past a bound of limits.go.
	ErrTooLarge = errors.New("the table is too large")
	// ErrNoSheet says that the workbook has no such sheet, or none with data.
	ErrNoSheet = errors.New("no such sheet")
	// ErrNoHeader says that no header row was found: name one.
	ErrNoHeader = errors.New("no header row was found: say in which row it stands")
	// ErrMapping says that a mapping cannot be used, or not on this table.
	ErrMapping = errors.New("the mapping does not fit")
)

// A Reason says why a cell was refused. The set is closed: pages hold a sentence for each in every language. It is an error.
type Reason string

const (
	NotNumber     Reason = "not-a-number"
	AmbiguousMark Reason = "ambiguous-number"   // 1,234 may be 1234 or 1.234: say which
	OtherMark     Reason = "other-number-style" // 1.234,56 where 1,234.56 was stated
	NumberTooLong Reason = "number-too-long"
	HasPercent    Reason = "has-percent-sign"
	HasCurrency   Reason = "has-currency-sign"
	NotDate       Reason = "not-a-date"
	AmbiguousDate Reason = "ambiguous-date"   // 03/04/2024: say which order
	OtherOrder    Reason = "other-date-order" // 31/12/2024 where month before day was stated
	NoSuchDay     Reason = "no-such-day"
	ShortYear     Reason = "two-digit-year"
	NoDay         Reason = "no-day" // a month where a date is asked for
	NotMonth      Reason = "not-a-month"
	NotYear       Reason = "not-a-year"
	NotListed     Reason = "not-in-the-list"
	Empty         Reason = "empty"
	ErrorCell     Reason = "error-cell"     // #REF!, #DIV/0!
	NoValue       Reason = "no-value"       // a formula whose value the file does not hold
	Ragged        Reason = "too-many-cells" // a row with more cells than the header
)

var sentences = map[Reason]string{
	NotNumber:     "is not a number",
	AmbiguousMark: "can be read as two numbers: say whether the point or the comma is the decimal mark",
	OtherMark:     "is not written with the decimal mark that was stated",
	NumberTooLong: "has more digits than a figure can have",
	HasPercent:    "has a percent sign: map the column as a percentage",
	HasCurrency:   "has a currency sign: map the column as money",
	NotDate:       "is not a date",
	AmbiguousDate: "can be read as two dates: say whether the day or the month comes first",
	OtherOrder:    "is not written in the order of day and month that was stated",
	NoSuchDay:     "is a day that the calendar does not have",
	ShortYear:     "has a year of two digits: state the century",
	NoDay:         "names a month without a day",
	NotMonth:      "is not a month",
	NotYear:       "is not a year",
	NotListed:     "is not in the list of this column",
	Empty:         "is empty and must not be",
	ErrorCell:     "is an error of the spreadsheet",
	NoValue:       "is a formula whose value the file does not hold: open it in a spreadsheet and save it again",
	Ragged:        "stands to the right of the last column of the header",
}

// Reasons gives every reason, in one order.
func Reasons() []Reason {
	out := make([]Reason, 0, len(sentences))
	for r := range sentences {
		out = append(out, r)
	}
	slices.Sort(out)
	return out
}

// Error is the reason as the end of an English sentence that starts with the cell.
func (r Reason) Error() string {
	if s, ok := sentences[r]; ok {
		return s
	}
	return "is refused"
}

// A Problem is one refused cell: where it stands, what it shows, why. It is an error that wraps its Reason.
type Problem struct {
	Sheet  string `json:"sheet,omitempty"` // "" in a text file
	Line   int    `json:"line"`            // of a text file, from 1; in a workbook the row
	Row    int    `json:"row"`             // as a spreadsheet numbers it, from 1
	Column int    `json:"column"`          // from 1
	Cell   string `json:"cell"`            // A1 name
	Header string `json:"header,omitempty"`
	Field  string `json:"field,omitempty"`
	Text   string `json:"text"` // as shown, cut to MaxShown characters
	Reason Reason `json:"reason"`
}

func (p Problem) Error() string {
	var b strings.Builder
	if p.Sheet != "" {
		fmt.Fprintf(&b, "sheet %q, ", p.Sheet)
	}
	fmt.Fprintf(&b, "line %d, column %d (%s", p.Line, p.Column, p.Cell)
	if p.Header != "" {
		fmt.Fprintf(&b, ", %s", p.Header)
	}
	fmt.Fprintf(&b, "): %q %s", p.Text, p.Reason.Error())
	return b.String()
}

func (p Problem) Unwrap() error { return p.Reason }

// shown cuts a cell's text for a message.
func shown(s string) string {
	n := 0
	for i := range s {
		if n == MaxShown {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
