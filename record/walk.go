package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// Major types of CBOR (RFC 8949 section 3.1).
const (
	majorUint byte = iota
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple
)

var errShort = errors.New("the bytes end inside an item")

// head reads the head of one item in its only accepted form: definite and as short as its argument allows. Of major
// type 7 it accepts false, true and null: no floats, no other simple values.
func head(b []byte) (major byte, arg uint64, rest []byte, err error) {
	if len(b) == 0 {
		return 0, 0, nil, errShort
	}
	major, info := b[0]>>5, b[0]&31
	b = b[1:]
	if major == majorSimple {
		switch {
		case info >= 20 && info <= 22:
			return major, uint64(info), b, nil
		case info >= 25 && info <= 27:
			return 0, 0, nil, errors.New("a floating-point number: write decimals as strings")
		}
		return 0, 0, nil, errors.New("a simple value other than false, true and null")
	}
	if info < 24 {
		return major, uint64(info), b, nil
	}
	if info > 27 {
		return 0, 0, nil, errors.New("an indefinite length")
	}
	n := 1 << (info - 24)
	if len(b) < n {
		return 0, 0, nil, errShort
	}
	var least uint64 // the least argument that needs n bytes
	switch n {
	case 1:
		arg, least = uint64(b[0]), 24
	case 2:
		arg, least = uint64(binary.BigEndian.Uint16(b)), 1<<8
	case 4:
		arg, least = uint64(binary.BigEndian.Uint32(b)), 1<<16
	default:
		arg, least = binary.BigEndian.Uint64(b), 1<<32
	}
	if arg < least {
		return 0, 0, nil, errors.New("an integer or length in a longer form than it needs")
	}
	return major, arg, b[n:], nil
}

// stringOf reads a string of the major type given, without copying it.
func stringOf(want byte, b []byte) (s, rest []byte, err error) {
	major, n, rest, err := head(b)
	if err != nil {
		return nil, nil, err
	}
	if major != want {
		return nil, nil, fmt.Errorf("an item of major type %d where %d belongs", major, want)
	}
	if n > uint64(len(rest)) {
		return nil, nil, errShort
	}
	return rest[:n], rest[n:], nil
}

// walk passes over one item and refuses what is not deterministic CBOR of the subset that terms may use (RFC 8949 section
// 4.2.1 without tags and floats, at most MaxItems per array or map). It allocates nothing, whatever lengths are declared.
func walk(b []byte, depth int) (rest []byte, err error) {
	major, n, rest, err := head(b)
	if err != nil {
		return nil, err
	}
	switch major {
	case majorUint, majorSimple:
		return rest, nil
	case majorNegative:
		if n > math.MaxInt64 {
			return nil, errors.New("an integer below -2^63")
		}
		return rest, nil
	case majorBytes, majorText:
		if n > uint64(len(rest)) {
			return nil, errShort
		}
		if major == majorText && !utf8.Valid(rest[:n]) {
			return nil, errors.New("text that is not UTF-8")
		}
		return rest[n:], nil
	case majorTag:
		return nil, errors.New("a tag")
	}
	if depth == 0 {
		return nil, fmt.Errorf("arrays and maps nested deeper than %d", MaxDepth)
	}
	if n > MaxItems {
		return nil, fmt.Errorf("an array or map of %d items, the limit is %d", n, MaxItems)
	}
	var last []byte
	for i := range n {
		if major == majorMap {
			start := rest
			if len(rest) > 0 && rest[0]>>5 > majorText {
				return nil, errors.New("a map key that is neither integer nor string")
			}
			if rest, err = walk(rest, depth-1); err != nil {
				return nil, err
			}
			key := start[:len(start)-len(rest)]
			if i > 0 && bytes.Compare(last, key) >= 0 {
				return nil, errors.New("map keys that do not ascend, or are doubled")
			}
			last = key
		}
		if rest, err = walk(rest, depth-1); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// appendHead appends the head of an item in its shortest form.
func appendHead(b []byte, major byte, n uint64) []byte {
	m := major << 5
	switch {
	case n < 24:
		return append(b, m|byte(n))
	case n < 1<<8:
		return append(b, m|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, m|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, m|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, m|27), n)
}

// appendString appends a byte or text string.
func appendString[T ~[]byte | ~string](b []byte, major byte, s T) []byte {
	return append(appendHead(b, major, uint64(len(s))), s...)
}

// appendTexts appends an array of text strings.
func appendTexts(b []byte, texts []string) []byte {
	b = appendHead(b, majorArray, uint64(len(texts)))
	for _, t := range texts {
		b = appendString(b, majorText, t)
	}
	return b
}
