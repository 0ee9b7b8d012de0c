package figures

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"entente/progress"
	"entente/record"
	"entente/sheet"
)

// ParsePeriod reads a period as files write it in one cell: a year (2024, FY2026), a month (2024-03, mar-24, marzo 2024), a
// quarter (2024 T1, Q1 2024, 2024-Q1, 1er trimestre 2024), or two dates as 2024-01-01/2024-02-01. fiscal is the month in which
// years start, 0 or 1 for calendar years: with 10 the year 2026 starts in October 2025. Months are of the calendar.
func ParsePeriod(text string, fiscal int, s sheet.DateStyle) (record.Period, bool) {
	text = strings.TrimSpace(text)
	if s.Century == 0 { // mar-24: a period that has not begun is refused by whoever knows the time
		s.Century = 2000
	}
	if a, b, ok := strings.Cut(text, "/"); ok && len(a) == 10 {
		start, ok1 := progress.ParseDate(a)
		end, ok2 := progress.ParseDate(b)
		p := record.Period{Start: start, End: end}
		return p, ok1 && ok2 && p.Valid()
	}
	if y, q, ok := quarter(text); ok {
		return months(y, 3*(q-1)+1, 3, fiscal, true)
	}
	if y, m, err := sheet.ParseMonthYear(text, s); err == nil {
		return months(y, m, 1, 0, false)
	}
	if y, err := sheet.ParseYear(text); err == nil && y != 0 && !said(text, y) {
		return months(y, 1, 12, fiscal, true)
	}
	return record.Period{}, false
}

// said reports whether more than a note stands behind a year: 2024 T5 is no year, 2024 (FYTD) is one.
func said(text string, year int) bool {
	_, rest, _ := strings.Cut(text, strconv.Itoa(year))
	rest = strings.TrimSpace(rest)
	return rest != "" && rest[0] != '(' && rest[0] != '*'
}

// months is a period of n months from the m-th of a year; of a fiscal year they are counted from its first.
func months(y, m, n, fiscal int, whole bool) (record.Period, bool) {
	if whole && fiscal > 1 {
		if m += fiscal - 1; m > 12 {
			m, y = m-12, y+1
		}
		y--
	}
	first := sheet.Day{Year: y, Month: m, Day: 1}
	start, ok := progress.ParseDate(first.String())
	if !ok {
		return record.Period{}, false
	}
	p := record.Period{Start: start, End: progress.Later(start, int64(n))}
	return p, p.Valid()
}

var quarterWords = map[string]int{"q1": 1, "q2": 2, "q3": 3, "q4": 4, "t1": 1, "t2": 2, "t3": 3, "t4": 4, "1q": 1, "2q": 2, "3q": 3, "4q": 4, "1t": 1, "2t": 2, "3t": 3, "4t": 4,
	"i": 1, "ii": 2, "iii": 3, "iv": 4, "1": 1, "2": 2, "3": 3, "4": 4, "1er": 1, "1o": 1, "2o": 2, "3er": 3, "4o": 4, "1º": 1, "2º": 2, "3º": 3, "4º": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4,
	"primer": 1, "segundo": 2, "tercer": 3, "cuarto": 4, "first": 1, "second": 2, "third": 3, "fourth": 4}

var quarterNames = map[string]bool{"trimestre": true, "trim": true, "quarter": true, "qtr": true}

// quarter reads a quarter and its year. A number alone is no quarter: the word must stand beside it.
func quarter(text string) (year, q int, ok bool) {
	if len(text) > 40 || !utf8.ValidString(text) {
		return 0, 0, false
	}
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" -/.,()_\u00a0", r) })
	if len(words) == 1 && len(words[0]) == 6 { // 2024q1
		words = []string{words[0][:4], words[0][4:]}
	}
	named := false
	for _, w := range words {
		w = strings.TrimPrefix(w, "fy")
		switch {
		case w == "" || w == "de" || w == "del" || w == "of":
		case quarterNames[w]:
			named = true
		case len(w) == 4 && year == 0 && strings.Trim(w, "0123456789") == "":
			if y, err := sheet.ParseYear(w); err == nil {
				year = y
			}
		case quarterWords[w] != 0 && q == 0:
			q = quarterWords[w]
			named = named || len(w) == 2 && strings.Trim(w, "qt1234") == "" && strings.Trim(w, "1234") != ""
		default:
			return 0, 0, false
		}
	}
	return year, q, named && year != 0 && q != 0
}
