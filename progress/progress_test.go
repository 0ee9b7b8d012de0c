package progress_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"entente/progress"
	"entente/record"
)

var columns = []string{"key", "start", "end", "area", "disaggregation", "value", "unit", "status"}

// row is a figure of a month.
func row(month int, area, part, value, status string) []string {
	from := time.Date(2020, time.Month(1+month), 1, 0, 0, 0, 0, time.UTC)
	s, e := from.Format(time.DateOnly), from.AddDate(0, 1, 0).Format(time.DateOnly)
	return []string{s + "/" + e + "|" + area + "|" + part, s, e, area, part, value, "files", status}
}

func report(n uint64, party record.Party, rows ...[]string) progress.Report {
	return progress.Report{ID: record.ID{byte(n), party[0]}, Party: party, Index: n, Version: record.ID{1}, Rows: record.Table{Columns: columns, Rows: rows}}
}

func at(s string) int64 {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t.Unix()
}

func choose(t *testing.T, c progress.Collection, p record.Party, x progress.Choice) *progress.Series {
	t.Helper()
	s, ok := c.Choose(p, x)
	if !ok {
		t.Fatalf("no series of %s", p)
	}
	return s
}

// A later report revises, and what was said before stays beside it; missing is not zero; nobody's figures join another's.
func TestALaterReportRevises(t *testing.T) {
	c := progress.Collect([]progress.Report{
		report(5, "MX", row(0, "MX", "", "12", "revised"), row(1, "MX", "", "", "missing")),
		report(2, "MX", row(0, "MX", "", "10", "provisional"), row(2, "MX", "", "0", "final")),
		report(3, "US", row(0, "MX", "", "11", "final")),
	}, 0)
	if len(c.Series) != 2 || len(c.Refused) != 0 {
		t.Fatalf("%d series, refused %v", len(c.Series), c.Refused)
	}
	s := choose(t, c, "MX", progress.Choice{})
	if p := s.Points[0]; p.Value != "12" || len(p.Earlier) != 1 || p.Earlier[0].Value != "10" {
		t.Errorf("the first month is %+v", p)
	}
	if p := s.Points[1]; !p.Missing() || p.Value != "" {
		t.Errorf("what is missing reads %+v", p)
	}
	if p := s.Points[2]; p.Missing() || p.Value != "0" {
		t.Errorf("zero reads %+v", p)
	}
}

func TestContestedRowsAreMarked(t *testing.T) {
	old, next := report(1, "MX", row(0, "MX", "", "10", "final"), row(1, "MX", "", "20", "final")), report(2, "MX", row(1, "MX", "", "21", "revised"))
	old.Contests = []progress.Contest{{By: "US", Reply: record.ID{9}, Keys: []string{old.Rows.Rows[0][0], old.Rows.Rows[1][0]}}, {By: "MX", Reply: record.ID{8}}}
	s := choose(t, progress.Collect([]progress.Report{old, next}, 0), "MX", progress.Choice{})
	if n := len(s.Points[0].Contested); n != 1 {
		t.Errorf("%d contest the first month", n)
	}
	if p := s.Points[1]; len(p.Contested) != 0 || len(p.Earlier[0].Contested) != 1 {
		t.Errorf("a revision is contested with the figure that it revises: %+v", p)
	}
}

func TestRowsThatAreNoFiguresAreNamed(t *testing.T) {
	good := row(0, "MX", "", "1", "final")
	for why, change := range map[string]func(r []string){
		"period": func(r []string) { r[1], r[2] = r[2], r[1] },
		"value":  func(r []string) { r[5] = "1,5" },
		"status": func(r []string) { r[7] = "sure" },
	} {
		r := slices.Clone(good)
		change(r)
		c := progress.Collect([]progress.Report{report(1, "MX", r)}, 0)
		if len(c.Series) != 0 || len(c.Refused) != 1 || c.Refused[0].Why != why {
			t.Errorf("%s: %+v", why, c)
		}
	}
	for _, d := range []string{"2021-02-29", "2021-13-01", "21-01-01", "2021-01-0x", "1969-12-31"} {
		r := slices.Clone(good)
		r[1] = d
		if c := progress.Collect([]progress.Report{report(1, "MX", r)}, 0); len(c.Refused) != 1 {
			t.Errorf("%s is taken for a date", d)
		}
	}
}

// Sums are exact, never go over parties, and are missing where a part is.
func TestSumsAreExact(t *testing.T) {
	c := progress.Collect([]progress.Report{report(1, "MX",
		row(0, "MX-SON", "a", "0.1", "final"), row(0, "MX-SON", "b", "0.2", "final"), row(0, "MX-TAM", "a", "9007199254740993.03", "provisional"),
		row(1, "MX-SON", "a", "1", "final"), row(1, "MX-TAM", "a", "", "missing")), report(1, "US", row(0, "US", "a", "1000", "final"))}, 0)
	s := choose(t, c, "MX", progress.Choice{})
	if p := s.Points[0]; p.Value != "9007199254740993.33" || p.Status != progress.Provisional || p.Sum != 3 || p.Areas != 2 {
		t.Errorf("the sum is %+v", p)
	}
	if p := s.Points[1]; !p.Missing() || p.Value != "" {
		t.Errorf("a sum with a missing part is %+v", p)
	}
	if s := choose(t, c, "MX", progress.Choice{Area: "MX-SON"}); s.Points[0].Value != "0.3" {
		t.Errorf("the area's sum is %s", s.Points[0].Value)
	}
	// What a party says of the whole stands; different counts of one thing are never summed.
	c = progress.Collect([]progress.Report{report(1, "MX", row(0, "MX", "", "7", "final"), row(0, "MX-SON", "", "3", "final"), row(0, "MX-TAM", "", "3", "final"))}, 0)
	if s := choose(t, c, "MX", progress.Choice{}); s.Points[0].Value != "7" || s.Of != 0 {
		t.Errorf("the whole is %+v", s)
	}
	c = progress.Collect([]progress.Report{report(1, "MX", row(0, "MX", "all", "7", "final"), row(0, "MX", "nationals", "3", "final"))}, 0)
	if s := choose(t, c, "MX", progress.Choice{}); s.Of != 0 {
		t.Errorf("counts of one thing were summed: %+v", s)
	}
}

func TestSpansAndCumulativePeriods(t *testing.T) {
	r := func(start, end, v string) []string {
		return []string{start + "/" + end, start, end, "MX", "", v, "files", "final"}
	}
	c := progress.Collect([]progress.Report{report(1, "MX", r("2019-01-01", "2020-01-01", "5"), r("2019-01-01", "2019-02-01", "1"), r("2019-04-01", "2019-07-01", "2"),
		r("2024-10-01", "2025-03-10", "4"), r("2024-10-01", "2025-10-01", "9"), r("2024-10-01", "2025-07-04", "6"), r("2022-01-05", "2022-01-09", "1"))}, 0)
	got := map[progress.Span]int{}
	for _, s := range c.Series {
		got[s.Span] = len(s.Points)
	}
	if want := map[progress.Span]int{progress.Month: 1, progress.Quarter: 1, progress.Year: 1, progress.Cumulative: 3, progress.Irregular: 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("spans %v, want %v", got, want)
	}
}

// Any order of reports and rows gives the same bytes.
func TestOrderDoesNotMatter(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	revised := 0
	for range 60 {
		var reports []progress.Report
		for n := range uint64(4) {
			var rows [][]string
			for m := range 8 {
				for _, area := range []string{"MX-SON", "MX-TAM"} {
					if rnd.IntN(3) > 0 {
						rows = append(rows, row(m, area, "", strconv.Itoa(rnd.IntN(50)), []string{"final", "provisional"}[rnd.IntN(2)]))
					}
				}
			}
			reports = append(reports, report(n, []record.Party{"MX", "US"}[n%2], rows...))
		}
		first := progress.Collect(reports, 0)
		want, err := json.Marshal(first)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range first.Series {
			for _, p := range s.Points {
				revised += len(p.Earlier)
			}
		}
		for range 3 {
			rnd.Shuffle(len(reports), func(i, j int) { reports[i], reports[j] = reports[j], reports[i] })
			for _, r := range reports {
				rnd.Shuffle(len(r.Rows.Rows), func(i, j int) { r.Rows.Rows[i], r.Rows.Rows[j] = r.Rows.Rows[j], r.Rows.Rows[i] })
			}
			again := progress.Collect(reports, 0)
			if got, _ := json.Marshal(again); string(got) != string(want) {
				t.Fatal("another order gives another collection")
			}
			a, _ := json.Marshal(choose(t, first, "MX", progress.Choice{}))
			b, _ := json.Marshal(choose(t, again, "MX", progress.Choice{}))
			if string(a) != string(b) {
				t.Fatal("another order gives another sum")
			}
		}
	}
	if revised < 100 {
		t.Errorf("%d revisions: the test shows nothing", revised)
	}
}

// months makes a series of one party.
func months(values ...string) []progress.Report {
	var rows [][]string
	for i, v := range values {
		status := "final"
		if v == "" {
			status = "missing"
		}
		rows = append(rows, row(i, "MX", "", v, status))
	}
	return []progress.Report{report(1, "MX", rows...)}
}

func definition(direction, baseline, target string) progress.Definition {
	return progress.Definition{Unit: "files", Direction: direction, Period: progress.Month, Baseline: &progress.Level{Value: record.Decimal(baseline), Start: at("2019-01-01"), Date: at("2020-01-01")},
		Target: &progress.Level{Value: record.Decimal(target), Start: at("2024-01-01"), Date: at("2025-01-01")}}
}

// run is n months of a line with a season and noise.
func run(n int, start, slope float64, noise int, rnd *rand.Rand) []string {
	out := make([]string, n)
	for i := range out {
		v := start + slope*float64(i) + []float64{0, 8, 3, -5, 12, 7, 0, -9, -4, 2, -6, -8}[i%12]
		if noise > 0 {
			v += float64(rnd.IntN(2*noise+1) - noise)
		}
		out[i] = strconv.Itoa(int(v))
	}
	return out
}

// Every word, each by the case it is there for.
func TestEveryWord(t *testing.T) {
	now := at("2023-02-01")
	down := definition("down", "1200", "600")
	contested := months(run(36, 100, -1, 0, nil)...)
	contested[0].Contests = []progress.Contest{{By: "US", Reply: record.ID{7}, Keys: []string{contested[0].Rows.Rows[30][0]}}}
	other := down
	other.Unit = "victims"
	none := down
	none.Target = nil
	two := months(run(36, 100, -1, 0, nil)...)
	two[0].Rows.Rows = two[0].Rows.Rows[:30]
	next := months(run(36, 100, -1, 0, nil)...)[0]
	next.ID, next.Index, next.Version, next.Rows.Rows = record.ID{2, 'M'}, 2, record.ID{2}, next.Rows.Rows[30:]
	for _, x := range []struct {
		name    string
		d       progress.Definition
		reports []progress.Report
		now     int64
		word    progress.Word
		why     string
		would   progress.Word
	}{
		{"falls fast enough", down, months(run(36, 100, -1, 0, nil)...), now, progress.OnTrack, "", ""},
		{"rises", down, months(run(36, 100, 1, 0, nil)...), now, progress.OffTrack, "", ""},
		{"rises and should", definition("up", "1200", "1800"), months(run(36, 100, 1, 0, nil)...), now, progress.OnTrack, "", ""},
		{"neither", definition("down", "1200", "1092"), months(run(36, 100, -0.2, 9, rand.New(rand.NewPCG(1, 2)))...), now, progress.AtRisk, "", ""},
		{"there already", definition("down", "1200", "960"), months(run(36, 100, -1, 0, nil)...), now, progress.Met, "", ""},
		{"the time has passed", down, months(run(60, 100, 0, 0, nil)...), at("2025-01-10"), progress.OffTrack, "", ""},
		{"nothing", down, nil, now, progress.NoData, "", ""},
		{"nothing but missing", down, months("", "", ""), now, progress.NoData, "", ""},
		{"old figures", down, months(run(36, 100, -1, 0, nil)...), at("2023-03-01"), progress.LateData, "", progress.OnTrack},
		{"contested", down, contested, now, progress.Contested, "", progress.OnTrack},
		{"too few", down, months(run(23, 100, -1, 0, nil)...), at("2022-01-01"), progress.TooFew, "", ""},
		{"new definition", down, append(two, next), now, progress.TooFew, "", ""},
		{"no direction", definition("context", "1200", "600"), months(run(36, 100, -1, 0, nil)...), now, progress.NotJudged, progress.WhyContext, ""},
		{"no target", none, months(run(36, 100, -1, 0, nil)...), now, progress.NotJudged, progress.WhyTarget, ""},
		{"another unit", other, months(run(36, 100, -1, 0, nil)...), now, progress.NotJudged, progress.WhyUnit, ""},
	} {
		c := progress.Collect(x.reports, 0)
		s, _ := c.Choose("MX", progress.Choice{})
		r := progress.Signal(x.d, s, x.now)
		if r.Word != x.word || r.Why != x.why || r.Would != x.would {
			t.Errorf("%s: %s %s %s, want %s %s %s; trend %+v", x.name, r.Word, r.Why, r.Would, x.word, x.why, x.would, r.Trend)
		}
		if b, err := json.Marshal(r); err != nil || !json.Valid(b) {
			t.Errorf("%s: %v", x.name, err)
		}
	}
}

// Figures are late from the day after the agreed due day, and not before.
func TestLateByTheDueDay(t *testing.T) {
	pills := months(run(36, 100, -1, 0, nil)...) // to the end of 2022
	for _, x := range []struct {
		frequency         progress.Span
		due, fiscal       int64
		awaited, lateFrom string
	}{
		{"", 0, 0, "2023-02-01", "2023-03-01"},
		{progress.Month, 20, 0, "2023-02-01", "2023-02-21"},
		{"", 20, 0, "2023-02-01", "2023-02-21"},
		{progress.Quarter, 10, 0, "2023-04-01", "2023-04-11"},
		{progress.Quarter, 10, 2, "2023-02-01", "2023-02-11"},
		{progress.Year, 30, 10, "2023-10-01", "2023-10-31"},
	} {
		d := definition("down", "1200", "600")
		d.Frequency, d.DueDays, d.FiscalMonth = x.frequency, x.due, x.fiscal
		c := progress.Collect(pills, 0)
		s, _ := c.Choose("MX", progress.Choice{})
		before, after := progress.Signal(d, s, at(x.lateFrom)-1), progress.Signal(d, s, at(x.lateFrom))
		if before.Awaited != at(x.awaited) || before.Late() || before.Word != progress.OnTrack || after.Word != progress.LateData || after.Would != progress.OnTrack || before.Changes() != at(x.lateFrom) {
			t.Errorf("%+v: awaited %s, late from %s, %s then %s", x, progress.Date(before.Awaited), progress.Date(before.LateFrom), before.Word, after.Word)
		}
	}
}

// A declared factor brings a side's unit into the definition's, for that side alone; an exact one needs no word.
func TestDeclaredConversions(t *testing.T) {
	reports := months(run(36, 100, -1, 0, nil)...)
	c := progress.Collect(reports, 0)
	s, _ := c.Choose("MX", progress.Choice{})
	plain := progress.Signal(definition("down", "1200", "600"), s, at("2023-02-01"))
	d := definition("down", "0.6", "0.3")
	d.Unit, d.Conversions = "kg", []progress.Conversion{{Party: "MX", From: "files", Factor: "1/2000"}}
	r := progress.Signal(d, s, at("2023-02-01"))
	if r.Word != plain.Word || r.Converted == nil || !r.Converted.Declared || new(big.Rat).Mul(plain.Level.Rat, big.NewRat(1, 2000)).Cmp(r.Level.Rat) != 0 || r.Inputs[0].Value != plain.Inputs[0].Value {
		t.Errorf("%s with %+v, level %v; in its own unit %s, level %v", r.Word, r.Converted, r.Level, plain.Word, plain.Level)
	}
	d.Conversions[0].Party = "US"
	if r := progress.Signal(d, s, at("2023-02-01")); r.Word != progress.NotJudged || r.Why != progress.WhyUnit {
		t.Errorf("by the other side's factor it is %s", r.Word)
	}
	if x := d.Convert("MX", "lb"); x == nil || x.Declared || x.By().Cmp(big.NewRat(45359237, 100000000)) != 0 {
		t.Errorf("a pound is %+v", x)
	}
	for _, bad := range []string{"", "0", "-1", "1/0", "1/", "x", "1/2/3", "01"} {
		if f, ok := progress.ParseFactor(bad); ok {
			t.Errorf("%q is taken for the factor %s", bad, f)
		}
	}
}

// Half the states stop reporting: the sum falls, and nothing is said of it.
func TestFewerAreasAreNoProgress(t *testing.T) {
	var rows [][]string
	for m := range 48 {
		for a := range 10 {
			if m < 12 || a < 3 {
				rows = append(rows, row(m, fmt.Sprintf("MX-%02d", a), "", "10", "final"))
			}
		}
	}
	d := definition("down", "1200", "600")
	d.Baseline.Start, d.Baseline.Date = at("2020-01-01"), at("2021-01-01")
	s := choose(t, progress.Collect([]progress.Report{report(1, "MX", rows...)}, 0), "MX", progress.Choice{})
	if len(s.Breaks) != 1 || s.Breaks[0].Before != 10 || s.Breaks[0].After != 3 || s.Breaks[0].Why != progress.BreakCoverage {
		t.Fatalf("breaks %+v", s.Breaks)
	}
	if r := progress.Signal(d, s, at("2024-01-01")); r.Word != progress.NotJudged || r.Why != progress.WhyBreak {
		t.Errorf("it is %s (%s)", r.Word, r.Why)
	}
}

// Pounds or kilograms, and counted from any zero: the word stays, the slope goes along.
func TestUnitsAndShiftsChangeNothing(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	words := map[progress.Word]int{}
	for range 150 {
		values := run(24+rnd.IntN(24), 100, rnd.Float64()*2-1, rnd.IntN(12), rnd)
		now := at("2023-11-15")
		target := 700 + rnd.IntN(700)
		judge := func(change func(v string, months int64) string) progress.Result {
			out := make([]string, len(values))
			for i, v := range values {
				out[i] = change(v, 1)
			}
			d := definition("down", change("1200", 12), change(strconv.Itoa(target), 12))
			c := progress.Collect(months(out...), 0)
			s, _ := c.Choose("MX", progress.Choice{})
			return progress.Signal(d, s, now)
		}
		plain := judge(func(v string, _ int64) string { return v })
		scale, shift := big.NewRat(220462262, 100000000), big.NewRat(int64(rnd.IntN(400)), 4)
		scaled := judge(func(v string, _ int64) string {
			x, _ := new(big.Rat).SetString(v)
			return x.Mul(x, scale).FloatString(8)
		})
		shifted := judge(func(v string, n int64) string {
			x, _ := new(big.Rat).SetString(v)
			return x.Add(x, new(big.Rat).Mul(shift, big.NewRat(n, 1))).FloatString(2)
		})
		word := func(r progress.Result) progress.Word {
			if r.Would != "" {
				return r.Would
			}
			return r.Word
		}
		words[word(plain)]++
		if word(scaled) != word(plain) || word(shifted) != word(plain) || plain.Word != scaled.Word {
			t.Fatalf("%s, scaled %s, shifted %s", word(plain), word(scaled), word(shifted))
		}
		if new(big.Rat).Mul(plain.Trend.Slope.Rat, scale).Cmp(scaled.Trend.Slope.Rat) != 0 || plain.Trend.Slope.Cmp(shifted.Trend.Slope.Rat) != 0 {
			t.Fatalf("slopes %s %s %s", plain.Trend.Slope, scaled.Trend.Slope, shifted.Trend.Slope)
		}
	}
	for _, w := range []progress.Word{progress.Met, progress.OnTrack, progress.AtRisk, progress.OffTrack} {
		if words[w] < 5 {
			t.Errorf("%s came %d times: the test shows nothing of it", w, words[w])
		}
	}
}

// By hand: 10, 15, 14, 20, 18 in years 1 to 5 have the slopes -2 -1 1 2 2 2 5/2 10/3 5 6; Var(S) = 50/3, z²·Var = 45.1, so C = 7, and
// the interval goes from the first slope to the tenth.
func TestSlopeByHand(t *testing.T) {
	r := func(year int, v string) []string {
		return []string{strconv.Itoa(year), fmt.Sprintf("%d-01-01", year), fmt.Sprintf("%d-01-01", year+1), "MX", "", v, "files", "final"}
	}
	c := progress.Collect([]progress.Report{report(1, "MX", r(2001, "10"), r(2002, "15"), r(2003, "14"), r(2004, "20"), r(2005, "18"))}, 0)
	d := progress.Definition{Unit: "files", Direction: "up", Period: progress.Year, Target: &progress.Level{Value: "40", Date: at("2010-01-01")}}
	x := progress.Signal(d, choose(t, c, "MX", progress.Choice{}), at("2006-06-01"))
	year := big.NewRat(12, 1)
	if got := new(big.Rat).Mul(x.Trend.Slope.Rat, year); got.Cmp(big.NewRat(2, 1)) != 0 {
		t.Errorf("slope %s a year, want 2", got)
	}
	if x.Trend.Variance.Cmp(big.NewRat(50, 3)) != 0 || x.Trend.Pairs != 10 {
		t.Errorf("variance %s of %d pairs", x.Trend.Variance, x.Trend.Pairs)
	}
	if low, high := new(big.Rat).Mul(x.Trend.Low.Rat, year), new(big.Rat).Mul(x.Trend.High.Rat, year); low.Cmp(big.NewRat(-2, 1)) != 0 || high.Cmp(big.NewRat(6, 1)) != 0 {
		t.Errorf("interval %s to %s", low, high)
	}
	if x.Word != progress.AtRisk {
		t.Errorf("it is %s", x.Word)
	}
}

// The interval holds the slope that the figures were made with about as often as it says.
func TestTheIntervalHolds(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	const runs = 400
	held := 0
	for range runs {
		slope := rnd.Float64()*4 - 2
		c := progress.Collect(months(run(48, 1000, slope, 20, rnd)...), 0)
		s, _ := c.Choose("MX", progress.Choice{})
		x := progress.Signal(definition("down", "1200", "600"), s, at("2024-01-01"))
		low, _ := x.Trend.Low.Float64()
		high, _ := x.Trend.High.Float64()
		if low <= slope && slope <= high {
			held++
		}
	}
	if held < runs*86/100 || held > runs*97/100 {
		t.Errorf("the interval of 90 %% holds %d of %d", held, runs)
	}
}

// Figures that are cumulative are judged by what each adds.
func TestCumulativeFiguresAreNotAdded(t *testing.T) {
	var rows [][]string
	for i := range 8 {
		end := time.Date(2024, time.Month(11+i), 10, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		rows = append(rows, []string{end, "2024-10-01", end, "MX", "", strconv.Itoa(100 * (i + 1)), "files", "final"})
	}
	s := choose(t, progress.Collect([]progress.Report{report(1, "MX", rows...)}, 0), "MX", progress.Choice{})
	d := definition("up", "600", "2400")
	d.Target.Start, d.Target.Date = at("2027-01-01"), at("2028-01-01")
	x := progress.Signal(d, s, at("2025-07-01"))
	if s.Span != progress.Cumulative || x.Level.Cmp(big.NewRat(95, 1)) < 0 || x.Level.Cmp(big.NewRat(110, 1)) > 0 {
		t.Errorf("%s: about 100 are added each month, the level is %s", s.Span, x.Level)
	}
}

func TestDifferencesAreFound(t *testing.T) {
	a := report(1, "MX", row(0, "MX", "files", "10", "final"))
	b := report(1, "US", row(0, "US", "events", "10", "provisional"), row(1, "US", "events", "11", "provisional"))
	for _, r := range b.Rows.Rows {
		r[6] = "lb"
	}
	c := progress.Collect([]progress.Report{a, b}, 0)
	var got []string
	for _, d := range progress.Differences(choose(t, c, "MX", progress.Choice{}), choose(t, c, "US", progress.Choice{})) {
		got = append(got, d.What)
	}
	if want := []string{"unit", "area", "breakdown", "status", "latest"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
