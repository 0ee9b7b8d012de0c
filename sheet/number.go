package sheet

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"entente/record"
)

// Decimal marks that a NumberStyle states.
const (
	Point = "point" // 1,234.56 and 1 234.56: Mexico, the United States
	Comma = "comma" // 1.234,56 and 1 234,56
)

// A NumberStyle says how numbers are written. Without a decimal mark only what can be read in one way is a number: 1,234.56 is,
// 1,234 is not. Spaces, also the narrow ones, and the Swiss apostrophe group digits in either style.
type NumberStyle struct {
	Mark    string   `json:"mark,omitempty"`    // Point or Comma
	Missing []string `json:"missing,omitempty"` // instead of DefaultMissing
}

func (s NumberStyle) missing() []string {
	if s.Missing != nil {
		return s.Missing
	}
	return DefaultMissing
}

// A Number is what a cell says, exactly; it never passes through a float, unless a workbook stored one.
type Number struct {
	Decimal  record.Decimal // "" when missing
	Missing  bool
	Percent  bool   // 32 % has the decimal 32
	Currency string // the sign as written: "$", "US$", "MXN"; a sign alone does not tell the country
}

// currencies that may stand before or behind a number; longer ones first.
var currencies = []string{"US$", "MX$", "USD", "MXN", "EUR", "M.N.", "$", "€", "£"}

// ParseNumber reads a text. The error is a Reason.
func ParseNumber(text string, s NumberStyle) (Number, error) {
	var n Number
	if isMissing(text, s.missing()) {
		n.Missing = true
		return n, nil
	}
	t := strings.TrimSpace(text)
	signed, negative := false, false
	if inside, ok := strings.CutPrefix(t, "("); ok { // how accounts write what is below zero
		if inside, ok = strings.CutSuffix(inside, ")"); !ok {
			return n, NotNumber
		}
		t, negative = strings.TrimSpace(inside), true
		signed = true
	}
	for range 3 { // a sign, a currency, a percent sign, each once, in any order
		switch {
		case !signed && strings.IndexAny(t, "-−+") == 0:
			r, size := utf8.DecodeRuneInString(t)
			t, signed, negative = t[size:], true, r != '+'
		case !n.Percent && strings.HasSuffix(t, "%"):
			t, n.Percent = t[:len(t)-1], true
		case n.Currency == "":
			t, n.Currency = cutCurrency(t)
		}
		t = strings.TrimSpace(t)
	}
	digits, err := plain(t, s.Mark)
	if err != nil {
		return Number{}, err
	}
	if negative && strings.Trim(digits, "0.") != "" {
		digits = "-" + digits
	}
	if n.Decimal, err = record.ParseDecimal(digits); err != nil {
		return Number{}, NumberTooLong
	}
	return n, nil
}

func cutCurrency(t string) (rest, sign string) {
	for _, c := range currencies {
		if len(t) >= len(c) && strings.EqualFold(t[:len(c)], c) {
			return t[len(c):], c
		}
		if len(t) >= len(c) && strings.EqualFold(t[len(t)-len(c):], c) {
			return t[:len(t)-len(c)], c
		}
	}
	return t, ""
}

// groupers separate thousands in either style.
const groupers = " \u00a0\u2009\u202f'’"

// plain turns digits with their marks into digits with a point.
func plain(t, mark string) (string, error) {
	mantissa, exponent, err := cutExponent(t)
	if err != nil {
		return "", err
	}
	switch mark {
	case Point, Comma:
		out, ok := ungroup(mantissa, mark)
		if !ok {
			other := map[string]string{Point: Comma, Comma: Point}[mark]
			if _, ok := ungroup(mantissa, other); ok {
				return "", OtherMark
			}
			return "", NotNumber
		}
		return shift(out, exponent)
	case "":
		a, okA := ungroup(mantissa, Point)
		b, okB := ungroup(mantissa, Comma)
		switch {
		case okA && okB && a != b:
			return "", AmbiguousMark
		case okA:
			return shift(a, exponent)
		case okB:
			return shift(b, exponent)
		}
	}
	return "", NotNumber
}

// cutExponent splits 2.5E-05.
func cutExponent(t string) (mantissa string, exponent int, err error) {
	i := strings.IndexAny(t, "eE")
	if i < 0 {
		return t, 0, nil
	}
	e := t[i+1:]
	if strings.Trim(e, "0123456789+-") != "" || len(e) > 4 {
		return "", 0, NotNumber
	}
	if exponent, err = strconv.Atoi(e); err != nil {
		return "", 0, NotNumber
	}
	return t[:i], exponent, nil
}

// ungroup reads digits in one style: groups of three after the first, all with one separator, then the mark and the rest.
func ungroup(t, mark string) (string, bool) {
	point, group := byte('.'), ","
	if mark == Comma {
		point, group = ',', "."
	}
	whole, rest, marked := strings.Cut(t, string(point))
	if marked && (!allDigits(rest) || rest == "") {
		return "", false
	}
	i := strings.IndexAny(whole, group+groupers)
	if i >= 0 {
		r, _ := utf8.DecodeRuneInString(whole[i:])
		parts := strings.Split(whole, string(r))
		for k, p := range parts {
			if !allDigits(p) || k > 0 && len(p) != 3 || k == 0 && (p == "" || len(p) > 3 || p[0] == '0') {
				return "", false
			}
		}
		whole = strings.Join(parts, "")
	}
	if !allDigits(whole) || whole == "" && !marked {
		return "", false
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if marked {
		whole += "." + rest
	}
	return whole, true
}

func allDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// shift moves the point of plain digits by an exponent.
func shift(digits string, exponent int) (string, error) {
	if exponent == 0 {
		return digits, nil
	}
	if exponent > 40 || exponent < -40 {
		return "", NumberTooLong
	}
	whole, rest, _ := strings.Cut(digits, ".")
	if exponent > 0 {
		rest += strings.Repeat("0", max(exponent-len(rest), 0))
		whole, rest = whole+rest[:exponent], rest[exponent:]
	} else {
		whole = strings.Repeat("0", max(1-exponent-len(whole), 0)) + whole
		whole, rest = whole[:len(whole)+exponent], whole[len(whole)+exponent:]+rest
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if rest != "" {
		whole += "." + rest
	}
	return whole, nil
}

// AsNumber reads a cell: the stored number of a workbook, whatever marks it is shown with, else the text. The error is a Reason.
func (c Cell) AsNumber(s NumberStyle) (Number, error) {
	switch c.Kind {
	case KindNumber:
		return c.stored() // also where a format shows it as a dash: zero is stored, and is not missing
	case KindDate, KindTime, KindBool:
		return Number{}, NotNumber
	case KindError:
		if isMissing(c.Text, s.missing()) {
			return Number{Missing: true}, nil
		}
		return Number{}, ErrorCell
	default:
		if c.Formula && c.Text == "" {
			return Number{}, NoValue
		}
	}
	return ParseNumber(c.Text, s)
}

// stored reads the number that a workbook holds. Workbooks hold binary floats: the number meant is the shortest that gives it.
func (c Cell) stored() (Number, error) {
	f, err := strconv.ParseFloat(c.Raw, 64)
	if err != nil {
		return Number{}, NotNumber
	}
	n := Number{Percent: strings.HasSuffix(strings.TrimSpace(c.Text), "%")}
	digits := strings.TrimPrefix(strconv.FormatFloat(f, 'e', -1, 64), "-")
	mantissa, exponent, err := cutExponent(digits)
	if err != nil {
		return Number{}, err
	}
	if n.Percent {
		exponent += 2 // 32 % is stored as 0.32
	}
	if digits, err = shift(mantissa, exponent); err != nil {
		return Number{}, err
	}
	if _, rest, marked := strings.Cut(digits, "."); marked && strings.Trim(rest, "0") == "" {
		digits = digits[:len(digits)-len(rest)-1]
	}
	if f < 0 && digits != "0" {
		digits = "-" + digits
	}
	if n.Decimal, err = record.ParseDecimal(digits); err != nil {
		return Number{}, NumberTooLong
	}
	if t := strings.Trim(strings.TrimSpace(c.Text), "-()0123456789., "); t != "" && t != "%" {
		if _, sign := cutCurrency(t); sign != "" {
			n.Currency = sign
		}
	}
	return n, nil
}

// looksNumeric reports whether a text is a number with its signs in any style.
func looksNumeric(text string) bool {
	if strings.IndexFunc(text, unicode.IsDigit) < 0 {
		return false
	}
	for _, mark := range []string{Point, Comma} {
		if _, err := ParseNumber(text, NumberStyle{Mark: mark}); err == nil {
			return true
		}
	}
	return false
}
