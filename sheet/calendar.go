package sheet

import (
	"fmt"
	"math"
)

// The calendar, computed: this package has no clock and needs none.

// A Day is a day of the Gregorian calendar.
type Day struct{ Year, Month, Day int }

// String is the ISO form, 2024-03-15.
func (d Day) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Valid reports whether the calendar has the day, in the years 1 to 9999.
func (d Day) Valid() bool {
	return d.Year >= 1 && d.Year <= 9999 && d.Month >= 1 && d.Month <= 12 && d.Day >= 1 && d.Day <= monthDays(d.Year, d.Month)
}

func monthDays(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// number counts the days since 1970-01-01, by years that start in March.
func (d Day) number() int {
	y, m := d.Year, d.Month-3
	if m < 0 {
		y, m = y-1, m+12
	}
	return y*365 + floorDiv(y, 4) - floorDiv(y, 100) + floorDiv(y, 400) + (m*153+2)/5 + d.Day - 1 - 719468
}

// dayOf is the inverse of number, for days from the year 1 on.
func dayOf(number int) Day {
	n := number + 719468
	era := floorDiv(n, 146097)
	n -= era * 146097
	y := (n - n/1460 + n/36524 - n/146096) / 365
	n -= 365*y + y/4 - y/100
	m := (5*n + 2) / 153
	d := Day{Year: era*400 + y, Month: m + 3, Day: n - (153*m+2)/5 + 1}
	if d.Month > 12 {
		d.Year, d.Month = d.Year+1, d.Month-12
	}
	return d
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// epoch1900 is the day before 1900-01-01 twice over: spreadsheets count a 29 February 1900 that was not.
var (
	epoch1900 = Day{1899, 12, 30}.number()
	epoch1904 = Day{1904, 1, 1}.number()
)

// lastSerial is 9999-12-31 in the 1900 system.
const lastSerial = 2958465

// serialDate is the ISO date of a spreadsheet's day number, with the time of day where there is one; "" when there is no such
// day.
func serialDate(f float64, d1904 bool) string {
	if !(f >= 0 && f < lastSerial+1) {
		return ""
	}
	days := int(math.Floor(f))
	seconds := int(math.Round((f - math.Floor(f)) * 86400))
	if seconds == 86400 {
		days, seconds = days+1, 0
	}
	n := epoch1904 + days
	if !d1904 {
		n = epoch1900 + days
		if days == 60 || days == 0 {
			return ""
		}
		if days < 60 {
			n++
		}
	}
	d := dayOf(n)
	if !d.Valid() {
		return ""
	}
	if seconds == 0 {
		return d.String()
	}
	return fmt.Sprintf("%sT%02d:%02d:%02d", d, seconds/3600, seconds/60%60, seconds%60)
}

// serialOf is the day number of the 1900 system, for days from 1900-03-01 on; ok is false for others.
func serialOf(d Day) (serial int, ok bool) {
	serial = d.number() - epoch1900
	return serial, d.Valid() && serial > 60
}
