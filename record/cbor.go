package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// ErrFormat: the bytes are not a record in the one form that is accepted. Nothing of them is used.
var ErrFormat = errors.New("not in the format")

var (
	enc       = must(encOptions().UserBufferEncMode())
	dec       = must(decOptions(1<<20, 1<<16).DecMode())
	decHeader = must(decOptions(MaxItems, MaxItems).DecMode())
)

// encOptions is RFC 8949 section 4.2.1, where an empty list has one form: null never stands for it.
func encOptions() cbor.EncOptions {
	o := cbor.CoreDetEncOptions()
	o.NilContainers = cbor.NilContainerAsEmpty
	return o
}

func decOptions(arrays, maps int) cbor.DecOptions {
	return cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		UTF8: cbor.UTF8RejectInvalid, MaxNestedLevels: maxNesting, ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxArrayElements: arrays, MaxMapPairs: maps,
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Marshal encodes v as deterministic CBOR (RFC 8949 section 4.2.1). It fails only on a type that cannot be encoded.
func Marshal(v any) ([]byte, error) { return enc.Marshal(v) }

// Unmarshal decodes b into v and refuses whatever does not encode to b again: unknown fields, doubled keys, indefinite
// lengths, tags, long integers, absent fields written as zero. Errors wrap ErrFormat and quote little of the content.
func Unmarshal(b []byte, v any) error { return unmarshal(dec, b, v) }

func unmarshal(mode cbor.DecMode, b []byte, v any) error {
	if err := mode.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %.200s", ErrFormat, err.Error()) // a doubled key stands in the error as long as it was sent
	}
	return withEncoded(v, func(again []byte) error {
		if !bytes.Equal(again, b) {
			return fmt.Errorf("%w: it does not encode to itself", ErrFormat)
		}
		return nil
	})
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// withEncoded lends f the encoding of v; f must not keep it.
func withEncoded(v any, f func([]byte) error) error {
	buf := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	defer func() {
		if buf.Cap() <= 2*MaxHeader { // a large one is left to the collector
			buffers.Put(buf)
		}
	}()
	if err := enc.MarshalToBuffer(v, buf); err != nil {
		return fmt.Errorf("%w: %.200s", ErrFormat, err.Error())
	}
	return f(buf.Bytes())
}

// Terms is what a kind adds to the header: one deterministic CBOR map, without floats, which the kind decodes strictly.
type Terms []byte

// IsZero reports whether there are no terms, so that the field is left out.
func (t Terms) IsZero() bool { return len(t) == 0 }

// MarshalCBOR writes the bytes as they are.
func (t Terms) MarshalCBOR() ([]byte, error) { return cbor.RawMessage(t).MarshalCBOR() }

// UnmarshalCBOR keeps the bytes as they are.
func (t *Terms) UnmarshalCBOR(b []byte) error { *t = bytes.Clone(b); return nil }

// MarshalJSON shows the CBOR diagnostic form (RFC 8949 section 8) to people; programs ask the kind.
func (t Terms) MarshalJSON() ([]byte, error) {
	s, err := cbor.Diagnose(t)
	if err != nil {
		return nil, err
	}
	return json.Marshal(s)
}

func checkTerms(t Terms) error {
	if len(t) == 0 {
		return nil
	}
	if t[0]>>5 != majorMap {
		return fmt.Errorf("terms are not a map")
	}
	rest, err := walk(t, MaxDepth)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes follow the map", len(rest))
	}
	if err != nil {
		return fmt.Errorf("terms: %w", err)
	}
	return nil
}
