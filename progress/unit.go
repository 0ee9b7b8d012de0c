package progress

import (
	"math/big"

	"entente/record"
)

// unit is a unit of measure: so many of its dimension's base.
type unit struct {
	dimension string
	base      string // as an exact fraction
}

// units that are converted, by exact factors: the international pound and gallon (NIST Handbook 44, appendix C), the barrel of
// 42 gallons of petroleum. What is counted in pieces is converted into nothing.
var units = map[string]unit{
	"kg": {"mass", "1"}, "g": {"mass", "1/1000"}, "t": {"mass", "1000"}, "lb": {"mass", "45359237/100000000"}, "oz": {"mass", "45359237/1600000000"},
	"l": {"volume", "1"}, "gal": {"volume", "3785411784/1000000000"}, "barrels": {"volume", "158987294928/1000000000"}, "m3": {"volume", "1000"},
	"l/d": {"flow", "1"}, "gal/d": {"flow", "3785411784/1000000000"}, "barrels/d": {"flow", "158987294928/1000000000"},
	"usd": {"usd", "1"}, "mxn": {"mxn", "1"}, "percent": {"percent", "1"},
}

// Counted are units of which there is no half: what is counted in them is a whole number.
var counted = map[string]bool{"events": true, "files": true, "victims": true, "persons": true, "firearms": true, "labs": true, "taps": true, "tunnels": true, "pills": true,
	"doses": true, "seizures": true, "vehicles": true, "cases": true, "operations": true, "count": true}

// Units that are known, in one order: those that can be converted, then those that are counted.
func Units() []string {
	return []string{"lb", "kg", "g", "t", "oz", "l", "gal", "barrels", "m3", "l/d", "gal/d", "barrels/d", "usd", "mxn", "percent",
		"events", "files", "victims", "persons", "firearms", "labs", "taps", "tunnels", "pills", "doses", "seizures", "vehicles", "cases", "operations", "count"}
}

// Counted reports whether values of a unit are whole numbers.
func Counted(unit string) bool { return counted[unit] }

// Factor is by what a value of one unit is multiplied to be one of another, exactly; nil: the two measure different things.
func Factor(from, to string) *big.Rat {
	if from == to {
		return big.NewRat(1, 1)
	}
	a, ok1 := units[from]
	b, ok2 := units[to]
	if !ok1 || !ok2 || a.dimension != b.dimension {
		return nil
	}
	x, _ := new(big.Rat).SetString(a.base)
	y, _ := new(big.Rat).SetString(b.base)
	return x.Quo(x, y)
}

// Convertible are the other units into which values of a unit can be converted.
func Convertible(from string) []string {
	var out []string
	for _, u := range Units() {
		if u != from && Factor(from, u) != nil {
			out = append(out, u)
		}
	}
	return out
}

// convertedPlaces after the point of a converted value: more than any scale shows. The factor is exact, the result is rounded
// half away from zero where it has no end.
const convertedPlaces = 12

// Converted is the series in another unit by the exact factor, value by value; nil: there is none.
func (s *Series) Converted(to string) *Series {
	f := Factor(s.Unit, to)
	if f == nil || s.Unit == to {
		return nil
	}
	return s.Times(f, to)
}

// Times is the series in another unit, value by value. Sums are made before and not of rounded values.
func (s *Series) Times(f *big.Rat, to string) *Series {
	out := *s
	out.Unit = to
	out.Points = make([]Point, len(s.Points))
	for i := range s.Points {
		p := s.Points[i]
		p.Value = converted(p.Value, f)
		p.Earlier = append([]Figure(nil), p.Earlier...)
		for k := range p.Earlier {
			p.Earlier[k].Value = converted(p.Earlier[k].Value, f)
		}
		out.Points[i] = p
	}
	return &out
}

func converted(d record.Decimal, f *big.Rat) record.Decimal {
	if d == "" {
		return ""
	}
	r := new(big.Rat).Mul(rat(d), f)
	if n, exact := r.FloatPrec(); exact && n <= convertedPlaces {
		return record.Decimal(r.FloatString(n))
	}
	return record.Decimal(r.FloatString(convertedPlaces))
}
