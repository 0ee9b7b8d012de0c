package progress

import (
	"math/big"

	"entente/record"
)

const day = 86400

// civil is the date of a day since 1970 in the Gregorian calendar (after Hinnant, chrono-Compatible Low-Level Date Algorithms).
func civil(days int64) (y, m, d int64) {
	z := days + 719468
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	if m = mp + 3; m > 12 {
		m -= 12
	}
	if y = yoe + era*400; m <= 2 {
		y++
	}
	return y, m, d
}

// days since 1970 of a date; the month may lie outside 1 to 12.
func days(y, m, d int64) int64 {
	y, m = y+(m-1)/12, (m-1)%12+1
	if m < 1 {
		y, m = y-1, m+12
	}
	if m <= 2 {
		y--
	}
	era := y / 400
	yoe := y - era*400
	mp := (m + 9) % 12
	doe := yoe*365 + yoe/4 - yoe/100 + (153*mp+2)/5 + d - 1
	return era*146097 + doe - 719468
}

// ParseDate reads an ISO date of the years 1970 to 9999 as its first second in UTC.
func ParseDate(s string) (int64, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	n := func(s string) (v int64) {
		for _, c := range []byte(s) {
			if c < '0' || c > '9' {
				return -1
			}
			v = v*10 + int64(c-'0')
		}
		return v
	}
	y, m, d := n(s[:4]), n(s[5:7]), n(s[8:])
	if y < 1970 || m < 1 || m > 12 || d < 1 {
		return 0, false
	}
	t := days(y, m, d)
	if y2, m2, d2 := civil(t); y2 != y || m2 != m || d2 != d {
		return 0, false
	}
	return t * day, true
}

// months since 1970, of the moment, exactly: a month is one, and a moment within it its share of that month.
func months(t int64) *big.Rat {
	y, m, _ := civil(t / day)
	first, next := days(y, m, 1)*day, days(y, m+1, 1)*day
	return new(big.Rat).Add(new(big.Rat).SetInt64((y-1970)*12+m-1), big.NewRat(t-first, next-first))
}

// whole is the number of months of a period that begins and ends with a month, 0 for any other.
func whole(p record.Period) int64 {
	y1, m1, d1 := civil(p.Start / day)
	y2, m2, d2 := civil(p.End / day)
	if p.Start%day != 0 || p.End%day != 0 || d1 != 1 || d2 != 1 {
		return 0
	}
	return (y2-y1)*12 + m2 - m1
}

// Later is the moment so many months on.
func Later(t, n int64) int64 {
	y, m, d := civil(t / day)
	last := days(y, m+n+1, 1) - days(y, m+n, 1)
	return days(y, m+n, min(d, last))*day + t%day
}

func spanOf(p record.Period) Span {
	switch whole(p) {
	case 1:
		return Month
	case 3:
		return Quarter
	case 12:
		return Year
	}
	return Irregular
}

// length of a span in months; 0: it has none of its own.
func (s Span) length() int64 {
	switch s {
	case Month:
		return 1
	case Quarter:
		return 3
	case Year:
		return 12
	}
	return 0
}

// Date is the day of a moment as ISO writes it, in UTC.
func Date(t int64) string {
	y, m, d := civil(floor(t, day))
	b := [10]byte{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0'}
	for i := 3; i >= 0; i, y = i-1, y/10 {
		b[i] += byte(y % 10)
	}
	b[5], b[6], b[8], b[9] = b[5]+byte(m/10), b[6]+byte(m%10), b[8]+byte(d/10), b[9]+byte(d%10)
	return string(b[:])
}

func floor(a, b int64) int64 {
	if a%b < 0 {
		return a/b - 1
	}
	return a / b
}
