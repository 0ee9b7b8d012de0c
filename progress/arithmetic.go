package progress

import (
	"strconv"
	"strings"
)

// Arithmetic is how the result comes from the figures, in digits; places after the point are cut to four where it does not come
// out.
func (r *Reading) Arithmetic(form ClaimForm) string {
	now := make([]string, len(r.Now))
	for i := range r.Now {
		now[i] = r.Now[i].sum(r.Daily)
	}
	left := strings.Join(now, " + ")
	if r.Base == nil {
		if r.plain() {
			return left
		}
		return left + " = " + string(r.Result.Round(shownDigits))
	}
	base := r.Base.sum(r.Daily)
	switch form {
	case ClaimHighest, ClaimLowest:
		return r.ranking(left, base)
	case ClaimPercent:
		return "(" + left + " − " + bracketed(base) + ") ÷ " + bracketed(base) + " × 100 = " + signed(r.Result)
	}
	return left + " − " + bracketed(base) + " = " + signed(r.Result)
}

func (r *Reading) ranking(left, base string) string {
	if r.Now[0].Of > 1 { // two years of months: their sums say it
		left, base = string(r.Now[0].Value.Round(shownDigits)), string(r.Base.Value.Round(shownDigits))
	}
	return left + []string{" < ", " = ", " > "}[r.Result.Sign()+1] + base
}

// plain: one figure as reported, nothing is computed.
func (r *Reading) plain() bool { return len(r.Now) == 1 && r.Now[0].Of == 1 && !r.Daily }

func (x *Term) sum(daily bool) string {
	if x.Of > maxSpelled && !daily {
		return string(x.Value.Round(shownDigits))
	}
	var parts []string
	for i, v := range x.Values {
		if i == len(x.Values)-1 && x.Of > len(x.Values) {
			parts = append(parts, "…")
		}
		parts = append(parts, string(Round(v, shownDigits)))
	}
	s := strings.Join(parts, " + ")
	if daily && x.Of > 0 && len(x.Values) > 0 && x.Value.Cmp(rat(x.Values[0])) != 0 {
		n := (x.End - x.Start) / day
		return bracketed(s) + " ÷ " + strconv.FormatInt(n, 10)
	}
	return s
}

func bracketed(s string) string {
	if strings.ContainsAny(s, " ") {
		return "(" + s + ")"
	}
	return s
}

// signed writes a minus as one.
func signed(n Number) string { return strings.ReplaceAll(string(n.Round(shownDigits)), "-", "−") }
