package peer

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"entente/node"
	"entente/record"
)

// The paths of the exchange. Every request is a POST of one CBOR item, every answer one CBOR item.
const (
	pathPush     = "/entente/v1/push"      // node.Push → node.Ack
	pathAsk      = "/entente/v1/ask"       // node.Ask → node.Answer
	pathReturn   = "/entente/v1/return"    // ReturnQuery → node.Push: the asker's own log
	pathFloat    = "/entente/v1/float"     // node.Float → node.FloatAnswer: a non-paper
	pathTakeBack = "/entente/v1/take-back" // node.TakenBack → node.FloatAnswer
	pathCharter  = "/entente/v1/charter"   // node.CharterMessage → node.CharterAnswer: a group to be founded
	pathCBOR     = "application/cbor"
	// instanceHeader names the sender's running copy and those it goes on from, newest last, separated by commas.
	instanceHeader = "Entente-Instance"
)

// ReturnQuery asks for the sender's own records from an index on.
type ReturnQuery struct {
	Group record.ID `cbor:"1,keyasint"`
	From  uint64    `cbor:"2,keyasint"`
}

// Fault is how an error crosses the wire: a code of a closed set, a sentence, and for a gap the size held.
type Fault struct {
	Code string `cbor:"1,keyasint"`
	Text string `cbor:"2,keyasint"`
	Size uint64 `cbor:"3,keyasint,omitempty"`
}

// faults maps the errors of an exchange to codes and statuses, both ways. What is not here crosses as "error", without its text.
var faults = []struct {
	err    error
	code   string
	status int
}{
	{node.ErrGap, "gap", http.StatusConflict},
	{node.ErrFork, "fork", http.StatusConflict},
	{node.ErrTampered, "tampered", http.StatusUnprocessableEntity},
	{node.ErrCopy, "copy", http.StatusForbidden},
	{node.ErrNotFound, "not-found", http.StatusNotFound},
	{node.ErrInvalid, "invalid", http.StatusBadRequest},
	{node.ErrDiskFull, "disk-full", http.StatusInsufficientStorage},
	{node.ErrClosed, "closing", http.StatusServiceUnavailable},
}

var errRemote = errors.New("the other node could not answer")

func toFault(err error) (Fault, int) {
	for _, f := range faults {
		if errors.Is(err, f.err) {
			return Fault{Code: f.code, Text: f.err.Error()}, f.status
		}
	}
	return Fault{Code: "error", Text: errRemote.Error()}, http.StatusInternalServerError
}

func (f Fault) err() error {
	for _, x := range faults {
		if f.Code == x.code {
			return fmt.Errorf("the other node says: %w", x.err)
		}
	}
	return errRemote
}

var (
	enc = must(cbor.CoreDetEncOptions().EncMode())
	dec = must(cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		UTF8: cbor.UTF8RejectInvalid, MaxNestedLevels: 8, MaxArrayElements: 4096, MaxMapPairs: 256, ExtraReturnErrors: cbor.ExtraDecErrorUnknownField}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// read decodes one message, of bounded size. The error wraps node.ErrInvalid.
func read(r io.Reader, v any) error {
	b, err := io.ReadAll(io.LimitReader(r, maxMessage+1))
	if err != nil {
		return fmt.Errorf("message: %w", err)
	}
	if len(b) > maxMessage {
		return fmt.Errorf("message: %w: more than %d bytes", node.ErrInvalid, maxMessage)
	}
	return decode(b, v)
}

func decode(b []byte, v any) error {
	if err := dec.Unmarshal(b, v); err != nil {
		return fmt.Errorf("message: %w: %w", node.ErrInvalid, err)
	}
	return nil
}

func instances(h string) []string {
	if h == "" {
		return nil
	}
	return strings.Split(h, ",")
}
