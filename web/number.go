package web

import (
	"math"
	"reflect"
	"strings"

	"entente/record"
)

// bytes is a size in words.
func (l *language) bytes(n any) string {
	size := reflect.ValueOf(n)
	x := 0.0
	if size.CanUint() {
		x = float64(size.Uint())
	} else if size.CanInt() {
		x = float64(size.Int())
	}
	switch {
	case x < 1e3:
		return l.t("size.bytes", "Size", l.number(x))
	case x < 1e6:
		return l.t("size.kb", "Size", l.number(math.Round(x/1e3)))
	}
	return l.t("size.mb", "Size", l.number(math.Round(x/1e5)/10))
}

// amount is a sum of money with its currency's code, exactly as it was signed.
func (l *language) amount(d record.Decimal, currency string) string {
	whole, cents, _ := strings.Cut(string(d), ".")
	sign, digits := "", whole
	if strings.HasPrefix(whole, "-") {
		sign, digits = "−", whole[1:]
	}
	var b strings.Builder
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',') // English and the Spanish of Mexico write thousands alike
		}
		b.WriteRune(c)
	}
	out := sign + b.String()
	if cents != "" {
		out += "." + cents
	}
	return strings.TrimSpace(out + " " + currency)
}
