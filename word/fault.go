package word

import (
	"errors"
	"fmt"

	"entente/opc"
)

// A Fault says why a file gives no text. The set is closed: pages hold a sentence for each in every language.
type Fault string

const (
	Protected  Fault = "protected"  // an old Word file (.doc), or one with a password
	OtherKind  Fault = "other-kind" // a PDF, an OpenDocument text, a workbook …
	NoTable    Fault = "no-table"   // a Word text without a table of two columns
	Damaged    Fault = "damaged"
	PastBounds Fault = "past-bounds"
)

// Faults gives every fault, in one order.
func Faults() []Fault { return []Fault{Protected, OtherKind, NoTable, Damaged, PastBounds} }

// FaultOf gives the fault of an error of this package; "" for one that is not about the file.
func FaultOf(err error) Fault {
	var t *told
	switch {
	case errors.As(err, &t):
		return t.fault
	case errors.Is(err, ErrTooLarge):
		return PastBounds
	case errors.Is(err, opc.ErrEncrypted):
		return Protected
	case errors.Is(err, ErrFormat):
		return Damaged
	}
	return ""
}

// told is an error whose fault its kind does not tell.
type told struct {
	error
	fault Fault
}

func (t *told) Unwrap() error { return t.error }

func fault(f Fault, format string, a ...any) error {
	return &told{fmt.Errorf("%w: "+format, append([]any{ErrFormat}, a...)...), f}
}
