package web

import (
	"strings"
	"time"

	"entente/progress"
	"entente/record"
)

func (l *language) dayUTC(sec int64) string { return l.dayIn(sec, time.UTC) }

// period is a half-open period in words: a month, a quarter, a year, or its first and last day.
func (r *request) period(p record.Period, span progress.Span) string {
	l, from, last := r.web.languages[r.lang], time.Unix(p.Start, 0).UTC(), time.Unix(p.End-1, 0).UTC()
	month := func(t time.Time) string { return l.t("month." + strings.ToLower(t.Month().String())) }
	whole := from.Day() == 1 && time.Unix(p.End, 0).UTC().Day() == 1
	months := (last.Year()-from.Year())*12 + int(last.Month()) - int(from.Month()) + 1
	switch {
	case span == progress.Cumulative:
		return l.t("period.until", "Day", l.dayUTC(p.End-1))
	case whole && months == 1:
		return l.t("period.month", "Month", month(from), "Year", from.Year())
	case whole && months == 12 && from.Month() == time.January:
		return l.t("period.year", "Year", from.Year())
	case whole && from.Year() == last.Year():
		return l.t("period.months", "From", month(from), "To", month(last), "Year", from.Year())
	case whole:
		return l.t("period.span", "From", month(from), "FromYear", from.Year(), "To", month(last), "ToYear", last.Year())
	}
	if p.End-p.Start <= 86400 {
		return l.dayUTC(p.Start)
	}
	return l.t("period.days", "From", l.dayUTC(p.Start), "To", l.dayUTC(p.End-1))
}
