package record

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDecimal(t *testing.T) {
	for s, want := range map[string]bool{
		"0": true, "0.0": true, "0.50": true, "-0.5": true, "1234.50": true, "-1": true, "10": true, strings.Repeat("9", 40): true,
		"": false, "-": false, ".": false, "-.5": false, ".5": false, "5.": false, "00": false, "01": false, "-01": false, "00.1": false,
		"-0": false, "-0.00": false, "+1": false, "1e3": false, "1,000": false, "1.2.3": false, " 1": false, "1 ": false, "--1": false, "1-": false,
		"0x10": false, "1_000": false, "NaN": false, "Inf": false, "1/2": false, "٣": false, "1\x00": false, strings.Repeat("9", 41): false,
	} {
		d, err := ParseDecimal(s)
		if (err == nil) != want || Decimal(s).Valid() != want {
			t.Errorf("%q: %v", s, err)
		}
		if want && string(d) != s {
			t.Errorf("%q became %q", s, d)
		}
	}
	if got := Decimal("-12.50").Rat(); got.Cmp(big.NewRat(-25, 2)) != 0 {
		t.Error(got)
	}
	for _, hostile := range []Decimal{"1e999999999", "1/3", "0x1p-99999999", "x"} { // an exponent would fill the memory
		if got := hostile.Rat(); got.Sign() != 0 {
			t.Errorf("%s is %s", hostile, got)
		}
	}
}

func TestDecimalIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, places := rapid.Int64().Draw(t, "n"), rapid.IntRange(0, 9).Draw(t, "places")
		want := new(big.Rat).SetFrac(big.NewInt(n), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
		d, err := ParseDecimal(want.FloatString(places))
		if err != nil {
			t.Fatal(err)
		}
		if d.Rat().Cmp(want) != 0 {
			t.Fatalf("%s is %s, not %s", d, d.Rat(), want)
		}
	})
}

func TestPeriod(t *testing.T) {
	for p, want := range map[Period]bool{
		{0, 1}: true, {5, 6}: true, {0, MaxTime}: true, {5, 5}: false, {6, 5}: false, {-1, 5}: false, {0, MaxTime + 1}: false, {}: false,
	} {
		if p.Valid() != want {
			t.Errorf("%v: %v", p, !want)
		}
	}
}
