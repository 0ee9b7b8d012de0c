package progress

// late finds the period whose figures come next, and from when they are late.
func (r *Result) late() {
	d, span := &r.Definition, r.Series.Span.length()
	turn := d.Frequency.length()
	if turn == 0 {
		turn = d.Period.length()
	}
	if turn = max(turn, span); turn == 0 {
		return
	}
	if span == turn {
		r.Awaited = Later(r.Latest, span)
	} else {
		r.Awaited = turned(r.Latest, turn, max(d.FiscalMonth, 1))
	}
	if d.DueDays > 0 {
		r.LateFrom = r.Awaited + d.DueDays*day
		return
	}
	r.LateFrom = Later(r.Latest, 2*max(turn, d.Period.length()))
}

// Late reports whether the figures that come next are late, whether they are judged or not.
func (r *Result) Late() bool { return r.LateFrom != 0 && r.Now >= r.LateFrom }

// turned is the first turn after the moment: of every month, or of the quarters or years that start in that month.
func turned(t, months, start int64) int64 {
	y, m, _ := civil(floor(t, day))
	since := (y-1970)*12 + m - start
	return days(1970, start+(floor(since, months)+1)*months, 1) * day
}
