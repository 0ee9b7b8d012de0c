package figures

import (
	"cmp"
	"slices"

	"entente/progress"
	"entente/record"
)

// Class says what a figure is beside what was reported before.
type Class string

// The classes. Taken are those that a report would hold.
const (
	Added     Class = "added"
	Revised   Class = "revised"   // another value
	Confirmed Class = "confirmed" // the same value, final now
	Unchanged Class = "unchanged"
	Waiting   Class = "waiting" // the same stands in a draft that waits
)

// A Compared is a figure beside what was reported before.
type Compared struct {
	Figure
	Class Class           `json:"class"`
	Was   record.Decimal  `json:"was,omitempty"` // of a revised one; "" where it was missing
	Stood progress.Status `json:"stood,omitempty"`
	key   string          // made once: there may be many
}

// A Comparison is what a report of figures would change.
type Comparison struct {
	Added      int                 `json:"added"`
	Revised    int                 `json:"revised"`
	Confirmed  int                 `json:"confirmed"`
	Unchanged  int                 `json:"unchanged"`
	Waiting    int                 `json:"waiting"`
	Missing    int                 `json:"missing"` // of those taken: the source says that there is no figure
	Take       []Compared          `json:"-"`       // added, revised and confirmed, by key
	Refused    []Refused           `json:"refused,omitempty"`
	Untold     int                 `json:"untold,omitempty"`
	Gone       int                 `json:"gone"` // reported before for a period of the file, and not in it
	Vanished   []Figure            `json:"vanished,omitempty"`
	Mismatches []progress.Mismatch `json:"mismatches,omitempty"` // sums that are not their totals, of what would stand
}

// RefusedCount is how many were refused for what stands beside them.
func (c *Comparison) RefusedCount() int { return len(c.Refused) + c.Untold }

// Known is what a party has reported on an indicator in one unit, and what waits in drafts.
type Known struct {
	at map[place]known
}

type known struct {
	value  record.Decimal
	status progress.Status
	draft  bool
}

// NewKnown takes what a party has on record, in a unit.
func NewKnown(on progress.Collection, party record.Party, unit string) *Known {
	k := &Known{at: map[place]known{}}
	for i := range on.Series {
		s := &on.Series[i]
		if s.Party != party || s.Unit != unit {
			continue
		}
		for j := range s.Points {
			p := &s.Points[j]
			k.at[place{p.Period, s.Area, s.Disaggregation}] = known{value: p.Value, status: p.Status}
		}
	}
	return k
}

// Await adds the rows of a draft. What stands on record stays, unless the draft has another value for it.
func (k *Known) Await(rows record.Table, unit string) {
	c := progress.Collect([]progress.Report{{Party: "AA", Rows: rows}}, 0)
	for i := range c.Series {
		s := &c.Series[i]
		if s.Unit != unit {
			continue
		}
		for j := range s.Points {
			p := &s.Points[j]
			k.at[place{p.Period, s.Area, s.Disaggregation}] = known{p.Value, p.Status, true}
		}
	}
}

// Compare holds figures against what is known. overlapping lets periods of one series lie across each other.
func Compare(fs []Figure, k *Known, overlapping bool) *Comparison {
	c := &Comparison{}
	bad := map[int]bool{}
	if !overlapping {
		bad = overlaps(fs, k)
	}
	in := make(map[place]bool, len(fs))
	periods := map[record.Period]bool{}
	for i := range fs {
		f := &fs[i]
		p := place{f.Period, f.Area, f.Part}
		in[p], periods[f.Period] = true, true
		if bad[i] {
			if len(c.Refused) == MaxRefused {
				c.Untold++
			} else {
				c.Refused = append(c.Refused, Refused{Line: f.Line, Cell: f.Cell, Field: FieldStart, Text: progress.Date(f.Start) + " – " + progress.Date(f.End-86400), Reason: Overlap})
			}
			continue
		}
		x := Compared{Figure: *f}
		was, before := k.at[p]
		switch {
		case !before:
			x.Class = Added
			c.Added++
		case !same(was.value, f.Value) || (was.status == progress.Missing) != (f.Status == progress.Missing):
			x.Class, x.Was, x.Stood = Revised, was.value, was.status
			c.Revised++
			if x.Status != progress.Missing {
				x.Status = progress.Revised
			}
		case was.draft:
			x.Class = Waiting
			c.Waiting++
		case was.status == progress.Provisional && (f.Status == progress.Final || f.Status == progress.Revised):
			x.Class, x.Stood = Confirmed, was.status
			c.Confirmed++
		default:
			x.Class = Unchanged
			c.Unchanged++
		}
		if x.Class == Unchanged || x.Class == Waiting {
			continue
		}
		if x.Status == progress.Missing {
			c.Missing++
		}
		x.key = x.Key()
		c.Take = append(c.Take, x)
	}
	c.gone(k, in, periods)
	c.totals(fs, k, periods)
	slices.SortFunc(c.Take, func(a, b Compared) int { return cmp.Compare(a.key, b.key) })
	return c
}

// gone finds what was reported for the periods of the file and is not in it.
func (c *Comparison) gone(k *Known, in map[place]bool, periods map[record.Period]bool) {
	for p, was := range k.at {
		if periods[p.Period] && !in[p] && !was.draft {
			if c.Gone++; len(c.Vanished) < 4*MaxListed {
				c.Vanished = append(c.Vanished, Figure{Period: p.Period, Area: p.area, Part: p.part, Value: was.value, Status: was.status})
			}
		}
	}
	slices.SortFunc(c.Vanished, func(a, b Figure) int { return cmp.Compare(a.Key(), b.Key()) })
	c.Vanished = c.Vanished[:min(len(c.Vanished), MaxListed)]
}

// totals holds sums against totals in what would stand after the report, for the periods that it touches.
func (c *Comparison) totals(fs []Figure, k *Known, periods map[record.Period]bool) {
	after := make(map[place]record.Decimal, len(k.at)+len(fs))
	for p, was := range k.at {
		if was.status != progress.Missing {
			after[p] = was.value
		}
	}
	for i := range fs {
		f := &fs[i]
		if p := (place{f.Period, f.Area, f.Part}); f.Status == progress.Missing {
			delete(after, p)
		} else {
			after[p] = f.Value
		}
	}
	cells := make([]progress.Cell, 0, len(after))
	for p, v := range after {
		cells = append(cells, progress.Cell{Period: p.Period, Area: p.area, Disaggregation: p.part, Value: v})
	}
	for _, m := range progress.Totals(cells, 100*MaxMismatches) {
		within := false
		for p := range periods {
			within = within || m.Start <= p.Start && p.End <= m.End
		}
		if within && len(c.Mismatches) < MaxMismatches {
			c.Mismatches = append(c.Mismatches, m)
		}
	}
}

// overlaps finds figures whose period lies across another of their series: neither holds the other. What is on record stands;
// of two new ones the later row is refused.
func overlaps(fs []Figure, k *Known) map[int]bool {
	type series struct{ area, part string }
	type span struct {
		record.Period
		i int // of fs; -1: on record
	}
	all := map[series][]span{}
	for i := range fs {
		f := &fs[i]
		s := series{f.Area, f.Part}
		all[s] = append(all[s], span{f.Period, i})
	}
	for p := range k.at {
		s := series{p.area, p.part}
		if _, ok := all[s]; ok {
			all[s] = append(all[s], span{p.Period, -1})
		}
	}
	bad := map[int]bool{}
	for _, list := range all {
		slices.SortFunc(list, func(a, b span) int {
			return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), cmp.Compare(a.i, b.i))
		})
		var open []span // each holds the next
		for _, x := range list {
			for len(open) > 0 && open[len(open)-1].End <= x.Start {
				open = open[:len(open)-1]
			}
			across := false
			for j := len(open) - 1; j >= 0 && open[j].End < x.End; j-- {
				y := open[j]
				if y.Start == x.Start {
					continue
				}
				switch {
				case x.i < 0 && y.i < 0:
				case x.i < 0, y.i > x.i && y.i >= 0:
					bad[y.i] = true
				default:
					bad[x.i], across = true, true
				}
			}
			if !across {
				open = append(open, x)
			}
		}
	}
	return bad
}

// Tables are the rows of the records that carry figures: one, or a few where there are many.
func Tables(take []Compared) []record.Table {
	var out []record.Table
	for from := 0; from < len(take); from += maxSerial {
		t := record.Table{Columns: progress.Columns}
		for _, x := range take[from:min(from+maxSerial, len(take))] {
			t.Rows = append(t.Rows, []string{x.key, progress.Date(x.Start), progress.Date(x.End), x.Area, x.Part, string(x.Value), x.Unit, string(x.Status)})
		}
		out = append(out, t)
	}
	return out
}
