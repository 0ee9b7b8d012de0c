package progress

import (
	"math/big"
	"strings"

	"entente/record"
)

// Conversion is a factor that a definition declares: what values of a party in that unit are multiplied by to be in the unit of the
// definition. It stands where units measure different things, so that no exact factor leads from one to the other.
type Conversion struct {
	Party  record.Party `json:"party"`
	From   string       `json:"from"`
	Factor string       `json:"factor"` // a decimal, or a fraction of two: 1/9090
}

// Converted is a factor as it was used.
type Converted struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Factor   string `json:"factor"`             // an exact fraction
	Declared bool   `json:"declared,omitempty"` // by the definition; else it is the one between units of one measure
	by       *big.Rat
}

// By is the factor.
func (c *Converted) By() *big.Rat { return c.by }

// ParseFactor reads a declared factor: above zero, a decimal or a fraction of two.
func ParseFactor(s string) (*big.Rat, bool) {
	above, below, fraction := strings.Cut(s, "/")
	out := big.NewRat(1, 1)
	for i, part := range []string{above, below} {
		if i == 1 && !fraction {
			break
		}
		d, err := record.ParseDecimal(part)
		if err != nil {
			return nil, false
		}
		v := rat(d)
		if v.Sign() <= 0 {
			return nil, false
		}
		if i == 1 {
			v.Inv(v)
		}
		out.Mul(out, v)
	}
	return out, true
}

// Convert finds how values of a party in a unit become values in the definition's: by the exact factor between the two, else by the
// declared one; nil: they do not, or are in it.
func (d *Definition) Convert(p record.Party, from string) *Converted {
	if from == d.Unit {
		return nil
	}
	if f := Factor(from, d.Unit); f != nil {
		return &Converted{From: from, To: d.Unit, Factor: f.RatString(), by: f}
	}
	for _, c := range d.Conversions {
		if f, ok := ParseFactor(c.Factor); ok && c.Party == p && c.From == from {
			return &Converted{From: from, To: d.Unit, Factor: c.Factor, Declared: true, by: f}
		}
	}
	return nil
}

// Into is Convert for a unit that the reader chose: another than the definition's is reached by an exact factor alone.
func (d *Definition) Into(p record.Party, from, to string) *Converted {
	if to == d.Unit {
		return d.Convert(p, from)
	}
	e := Definition{Unit: to}
	return e.Convert(p, from)
}

func (r *Result) convert() { r.Converted = r.Definition.Convert(r.Party, r.Unit) }
