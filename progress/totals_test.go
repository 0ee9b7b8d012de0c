package progress_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"entente/progress"
	"entente/record"
)

// Totals are held against their parts at every level, along each way in which they are broken down, and parts of one way are never
// added to those of another.
func TestTotalsAtEveryLevel(t *testing.T) {
	year := func(y string) record.Period {
		a, _ := progress.ParseDate(y + "-01-01")
		return record.Period{Start: a, End: progress.Later(a, 12)}
	}
	cells := func(p record.Period, at ...string) (out []progress.Cell) {
		for _, x := range at {
			f := strings.Split(x, " ")
			out = append(out, progress.Cell{Period: p, Area: f[0], Disaggregation: strings.Trim(f[1], "."), Value: record.Decimal(f[2])})
		}
		return out
	}
	p := year("2024")
	crossed := []string{"MX . 10", "MX gun 6", "MX knife 4", "MX f 3", "MX m 7", "MX gun;f 2", "MX gun;m 4", "MX knife;f 1", "MX knife;m 3"}
	change := func(from []string, old, now string) []string {
		out := slices.Clone(from)
		i := slices.Index(out, old)
		out[i] = now
		return out
	}
	quarters := func(values ...string) (out []progress.Cell) {
		for i, v := range values {
			a := progress.Later(p.Start, int64(3*i))
			out = append(out, progress.Cell{Period: record.Period{Start: a, End: progress.Later(a, 3)}, Area: "MX", Value: record.Decimal(v)})
		}
		return out
	}
	months := func(value string) (out []progress.Cell) {
		for i := range int64(3) {
			a := progress.Later(p.Start, i)
			out = append(out, progress.Cell{Period: record.Period{Start: a, End: progress.Later(a, 1)}, Area: "MX", Value: record.Decimal(value)})
		}
		return out
	}
	for name, x := range map[string]struct {
		cells []progress.Cell
		want  []string
	}{
		"crossed, whole":           {cells(p, crossed...), nil},
		"a cell of a cross":        {cells(p, change(crossed, "MX gun;f 2", "MX gun;f 5")...), []string{"parts f 3 6 2", "parts gun 6 9 2"}},
		"the total of one way":     {cells(p, change(crossed, "MX f 3", "MX f 4")...), []string{"parts  10 11 2", "parts f 4 3 2"}},
		"the total":                {cells(p, change(crossed, "MX . 10", "MX . 11")...), []string{"parts  11 10 2", "parts  11 10 2"}},
		"one under another":        {cells(p, "MX . 9", "MX a 5", "MX b 4", "MX a;x 3", "MX a;y 1", "MX b;z 4", "MX a;x;1 2"), []string{"parts a 5 4 2", "parts a;x 3 2 1"}},
		"a word of two levels":     {cells(p, "MX . 9", "MX a 5", "MX other 4", "MX a;x 3", "MX a;other 2"), nil},
		"areas under areas":        {cells(p, "MX . 9", "MX-SON . 9", "MX-SON-HMO . 5", "MX-SON-CAJ . 3"), []string{"areas  9 8 2"}},
		"quarters of a year":       {append(cells(p, "MX . 10"), quarters("1", "2", "3", "5")...), []string{"quarters  10 11 4"}},
		"three quarters of a year": {append(cells(p, "MX . 10"), quarters("1", "2", "3")...), nil},
		"months of a quarter":      {append(quarters("7"), months("2")...), []string{"time  7 6 3"}},
	} {
		for range 5 { // maps are in no order
			var got []string
			for _, m := range progress.Totals(x.cells, 100) {
				got = append(got, fmt.Sprintf("%s %s %s %s %d", m.Over, m.Disaggregation, m.Total, m.Sum, m.Of))
			}
			if slices.Sort(got); !slices.Equal(got, x.want) {
				t.Errorf("%s: %q, want %q", name, got, x.want)
			}
		}
	}
}
