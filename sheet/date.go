package sheet

import (
	"strconv"
	"strings"
	"unicode"
)

// Orders of day and month that a DateStyle states.
const (
	DayFirst   = "dmy" // 31/12/2024: Mexico
	MonthFirst = "mdy" // 12/31/2024: the United States
)

// A DateStyle says how dates are written. ISO dates (2024-03-15, 2024/03/15, 20240315, with a time of day or without) and dates
// with the month's name in English or Spanish are always read; 31/12/2024 too, since it can be read in one way only; 03/04/2024
// is refused without an order. The time of day is left out: a date as written, in no particular zone.
type DateStyle struct {
	Order   string   `json:"order,omitempty"`   // DayFirst or MonthFirst
	Century int      `json:"century,omitempty"` // 2000: the year 24 is 2024; without it years of two digits are refused
	Serials bool     `json:"serials,omitempty"` // take a bare number of five digits for a spreadsheet's day number
	Missing []string `json:"missing,omitempty"` // instead of DefaultMissing
}

func (s DateStyle) missing() []string { return NumberStyle{Missing: s.Missing}.missing() }

// A Date is what a cell says.
type Date struct {
	Day     Day
	Missing bool
}

// firstYear and lastYear that a date may have: an earlier or later one is a slip of the pen.
const firstYear, lastYear = 1800, 2999

// ParseDate reads a text. The error is a Reason.
func ParseDate(text string, s DateStyle) (Date, error) {
	if isMissing(text, s.missing()) {
		return Date{Missing: true}, nil
	}
	d, err := dateWords(text).day(s)
	if n := strings.TrimSpace(text); s.Serials && len(n) >= 5 && allDigits(n[:5]) && (len(n) == 5 || n[5] == '.' && allDigits(n[6:])) {
		serial, _ := number(n[:5])
		d, err = dayOf(epoch1900+serial), nil
	}
	if err != nil {
		return Date{}, err
	}
	if d.Year < firstYear || d.Year > lastYear {
		return Date{}, NotYear
	}
	if !d.Valid() {
		return Date{}, NoSuchDay
	}
	return Date{Day: d}, nil
}

// AsDate reads a cell: the stored day of a workbook, else the text. The error is a Reason.
func (c Cell) AsDate(s DateStyle) (Date, error) {
	switch c.Kind {
	case KindDate:
		if c.Date == "" {
			return Date{}, NotDate
		}
		return ParseDate(c.Date, s)
	case KindNumber:
		return ParseDate(c.Raw, s) // 20240315, or a day number where these are stated
	case KindTime, KindBool:
		return Date{}, NotDate
	case KindError:
		if isMissing(c.Text, s.missing()) {
			return Date{Missing: true}, nil
		}
		return Date{}, ErrorCell
	}
	if c.Formula && c.Text == "" {
		return Date{}, NoValue
	}
	return ParseDate(c.Text, s)
}

// words of a date: numbers and month names in their order.
type words struct {
	parts []string // digits, or a word in small letters
	clean bool     // nothing but these and the usual signs between them
}

// dateWords cuts a text into its numbers and words; a time of day behind is dropped.
func dateWords(text string) words {
	t := strings.ToLower(strings.TrimSpace(text))
	if len(t) > 64 {
		return words{}
	}
	if i := strings.IndexByte(t, ':'); i > 0 { // 2024-03-15T10:30:00Z, 15/03/2024 10:30 p. m.
		if j := strings.LastIndexAny(t[:i], "t "); j > 0 && timeOfDay(t[j+1:]) {
			t = strings.TrimRight(t[:j], " ,")
		}
	}
	w := words{clean: true}
	for t != "" {
		digit := func(r rune) bool { return r >= '0' && r <= '9' }
		end := strings.IndexFunc(t, func(r rune) bool { return !digit(r) })
		if end < 0 {
			end = len(t)
		}
		if end == 0 {
			if end = strings.IndexFunc(t, func(r rune) bool { return !unicode.IsLetter(r) }); end < 0 {
				end = len(t)
			}
		}
		if end > 0 {
			w.parts = append(w.parts, t[:end])
			t = t[end:]
			continue
		}
		r := []rune(t)[0]
		w.clean = w.clean && strings.ContainsRune(" -/.,°\u00a0", r)
		t = t[len(string(r)):]
	}
	// "de", "del", "of", "the", ordinal endings and the day of the week say nothing more.
	kept := w.parts[:0]
	for i, p := range w.parts {
		ordinal := i > 0 && (p == "st" || p == "nd" || p == "rd" || p == "th" || p == "o" || p == "er" || p == "ro" || p == "º" || p == "ª")
		if p != "de" && p != "del" && p != "of" && p != "the" && !ordinal && !weekdays[p] {
			kept = append(kept, p)
		}
	}
	w.parts = kept
	return w
}

var weekdays = map[string]bool{
	"lunes": true, "martes": true, "miércoles": true, "miercoles": true, "jueves": true, "viernes": true, "sábado": true, "sabado": true, "domingo": true,
	"monday": true, "tuesday": true, "wednesday": true, "thursday": true, "friday": true, "saturday": true, "sunday": true,
}

// timeOfDay accepts what may stand behind a date: 10:30, 10:30:00.000, with a zone or a half of the day.
func timeOfDay(t string) bool {
	h, rest, ok := strings.Cut(t, ":")
	return ok && allDigits(h) && len(h) <= 2 && h != "" && len(rest) >= 2 && allDigits(rest[:2]) &&
		strings.Trim(rest[2:], "0123456789:.,+-zapm \u00a0") == ""
}

func number(s string) (int, bool) {
	if s == "" || len(s) > 8 || !allDigits(s) {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

func (w words) day(s DateStyle) (Day, error) {
	if !w.clean {
		return Day{}, NotDate
	}
	switch len(w.parts) {
	case 1:
		return compact(w.parts[0])
	case 2:
		if _, _, err := w.month(s); err == nil {
			return Day{}, NoDay
		}
		return Day{}, NotDate
	case 3:
	default:
		return Day{}, NotDate
	}
	a, okA := number(w.parts[0])
	b, okB := number(w.parts[1])
	c, okC := number(w.parts[2])
	switch {
	case okA && okB && okC && len(w.parts[0]) == 4:
		return Day{a, b, c}, nil
	case okA && okB && okC:
		if len(w.parts[0]) > 2 || len(w.parts[1]) > 2 {
			return Day{}, NotDate
		}
		y, err := year(w.parts[2], s)
		if err != nil {
			return Day{}, err
		}
		return inOrder(a, b, y, s.Order)
	case okA && okC: // 15 March 2024, 2024 March 15
		m := monthNames[w.parts[1]]
		if m == 0 {
			return Day{}, NotDate
		}
		if len(w.parts[0]) == 4 {
			return Day{a, m, c}, nil
		}
		y, err := year(w.parts[2], s)
		return Day{y, m, a}, err
	case okB && okC: // March 15, 2024
		m := monthNames[w.parts[0]]
		if m == 0 {
			return Day{}, NotDate
		}
		y, err := year(w.parts[2], s)
		return Day{y, m, b}, err
	}
	return Day{}, NotDate
}

// compact reads 20240315.
func compact(t string) (Day, error) {
	n, ok := number(t)
	switch {
	case ok && len(t) == 8:
		return Day{n / 10000, n / 100 % 100, n % 100}, nil
	case monthNames[t] != 0:
		return Day{}, NoDay
	}
	return Day{}, NotDate
}

// inOrder decides which of two numbers is the month.
func inOrder(a, b, year int, order string) (Day, error) {
	dayFirst, monthFirst := Day{year, b, a}, Day{year, a, b}
	switch order {
	case DayFirst:
		if !dayFirst.Valid() && monthFirst.Valid() {
			return Day{}, OtherOrder
		}
		return dayFirst, nil
	case MonthFirst:
		if !monthFirst.Valid() && dayFirst.Valid() {
			return Day{}, OtherOrder
		}
		return monthFirst, nil
	}
	switch {
	case a == b || b > 12:
		return monthFirst, nil
	case a > 12:
		return dayFirst, nil
	}
	return Day{}, AmbiguousDate
}

func year(t string, s DateStyle) (int, error) {
	n, ok := number(t)
	switch {
	case ok && len(t) == 4:
		return n, nil
	case ok && len(t) == 2:
		if s.Century == 0 {
			return 0, ShortYear
		}
		return s.Century/100*100 + n, nil
	}
	return 0, NotDate
}

// month reads a month with its year, in either order: marzo 2024, mar-24, 2024-03, 03/2024.
func (w words) month(s DateStyle) (y, m int, err error) {
	if !w.clean || len(w.parts) != 2 {
		return 0, 0, NotMonth
	}
	for _, order := range [2][2]int{{0, 1}, {1, 0}} {
		mt, yt := w.parts[order[0]], w.parts[order[1]]
		if m = monthNames[mt]; m == 0 {
			if n, ok := number(mt); ok && len(mt) <= 2 && len(yt) == 4 && n >= 1 && n <= 12 {
				m = n
			}
		}
		if m == 0 {
			continue
		}
		y, err = year(yt, s)
		return y, m, err
	}
	return 0, 0, NotMonth
}

// monthNames in English and Spanish, whole and cut, without a point.
var monthNames = func() map[string]int {
	out := make(map[string]int)
	for i, names := range []string{
		"january jan enero ene", "february feb febrero", "march mar marzo", "april apr abril abr", "may mayo", "june jun junio",
		"july jul julio", "august aug agosto ago", "september sep sept septiembre setiembre set", "october oct octubre",
		"november nov noviembre", "december dec diciembre dic",
	} {
		for _, n := range strings.Fields(names) {
			out[n] = i + 1
		}
	}
	return out
}()

// ParseMonth reads the month of a year: its name in English or Spanish, whole or cut to three letters, or its number. It is 1 to
// 12, 0 for a missing one. The error is a Reason.
func ParseMonth(text string) (int, error) {
	if isMissing(text, DefaultMissing) {
		return 0, nil
	}
	t := strings.ToLower(strings.TrimRight(strings.TrimSpace(text), "."))
	if m := monthNames[t]; m != 0 {
		return m, nil
	}
	if n, ok := number(t); ok && len(t) <= 2 && n >= 1 && n <= 12 {
		return n, nil
	}
	return 0, NotMonth
}

// ParseYear reads a year, with or without a note behind it: 2024, 2026 (FYTD), FY2026. It is 0 for a missing one. The error is a
// Reason.
func ParseYear(text string) (int, error) {
	if isMissing(text, DefaultMissing) {
		return 0, nil
	}
	t := strings.TrimSpace(text)
	for _, before := range []string{"FY", "AF", "CY", "Año"} { // año fiscal
		if rest, ok := strings.CutPrefix(t, before); ok {
			t = strings.TrimSpace(rest)
			break
		}
	}
	n, ok := number(t[:min(len(t), 4)])
	if rest := t[min(len(t), 4):]; !ok || len(t) < 4 || n < firstYear || n > lastYear || rest != "" && rest[0] != ' ' && rest[0] != '*' && rest[0] != '(' {
		return 0, NotYear
	}
	return n, nil
}

// ParseMonthYear reads a month with its year, in either order: marzo 2024, mar-24, 2024-03, 03/2024. The error is a Reason.
func ParseMonthYear(text string, s DateStyle) (year, month int, err error) {
	return dateWords(text).month(s)
}
