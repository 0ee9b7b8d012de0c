package record

import (
	"fmt"
	"math/big"
)

// Decimal is a number as text: optional minus, no leading zeros, an optional fraction whose trailing zeros stay, because
// they say how exactly something was counted. At most 40 characters. Never a float.
type Decimal string

// ParseDecimal accepts the one form of each written number.
func ParseDecimal(s string) (Decimal, error) {
	d := s
	if len(d) > 0 && d[0] == '-' {
		d = d[1:]
	}
	digits, frac := 0, -1
	zero := true
	for i, c := range []byte(d) {
		switch {
		case c >= '0' && c <= '9':
			if frac < 0 {
				digits++
			} else {
				frac++
			}
			zero = zero && c == '0'
		case c == '.' && frac < 0 && i > 0:
			frac = 0
		default:
			return "", fmt.Errorf("number %.50q: write digits with a point, as 1234.50", s)
		}
	}
	if digits == 0 || frac == 0 || len(s) > 40 || (digits > 1 && d[0] == '0') || (zero && s[0] == '-') {
		return "", fmt.Errorf("number %.50q: write digits with a point, as 1234.50, without leading zeros", s)
	}
	return Decimal(s), nil
}

// Valid reports whether d has its one form.
func (d Decimal) Valid() bool { _, err := ParseDecimal(string(d)); return err == nil }

// Rat is the exact value of a valid decimal, zero for an invalid one: an exponent from outside must not reach big.Rat.
func (d Decimal) Rat() *big.Rat {
	if !d.Valid() {
		return new(big.Rat)
	}
	r, ok := new(big.Rat).SetString(string(d))
	if !ok {
		return new(big.Rat)
	}
	return r
}

// Period is half-open, in Unix seconds: Start is in it, End is not.
type Period struct {
	Start int64 `cbor:"1,keyasint" json:"start"`
	End   int64 `cbor:"2,keyasint" json:"end"`
}

// Valid reports whether the period has at least one second within the years 1970 to 9999.
func (p Period) Valid() bool { return p.Start >= 0 && p.Start < p.End && p.End <= MaxTime }
