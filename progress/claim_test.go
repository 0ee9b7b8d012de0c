package progress_test

import (
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"entente/progress"
	"entente/record"
)

// measured is an indicator of months of one party.
func measured(code string, reports ...progress.Report) progress.Measure {
	return progress.Measure{Code: code, Agreed: true, Collection: progress.Collect(reports, 0)}
}

// cells are rows of a party with periods of their own.
func cells(n uint64, party record.Party, unit string, rows ...[4]string) progress.Report {
	r := report(n, party)
	for i, x := range rows {
		r.Rows.Rows = append(r.Rows.Rows, []string{strconv.Itoa(i), x[0], x[1], "MX", x[3], x[2], unit, "final"})
	}
	return r
}

func accept(r progress.Report, by record.Party) progress.Report {
	r.Accepted = []progress.Contest{{By: by}}
	return r
}

func TestRoundingOfAQuote(t *testing.T) {
	for _, x := range []struct {
		quoted string
		about  bool
		want   string
	}{{"55", false, "0.5"}, {"90", false, "0.5"}, {"90", true, "5"}, {"-32", false, "0.5"}, {"1.4", false, "0.05"}, {"-0.25", true, "0.005"}, {"100", true, "5"}, {"100", false, "0.5"},
		{"125800", false, "50"}, {"240000", false, "5000"}, {"100000", false, "5000"}, {"1640286", false, "0.5"}, {"9", true, "0.5"}, {"0", true, "0.5"}, {"1000", false, "50"}} {
		if got := (progress.Number{Rat: progress.Rounding(record.Decimal(x.quoted), x.about)}).Decimal(); string(got) != x.want {
			t.Errorf("%s (about: %v) is right within %s, want %s", x.quoted, x.about, got, x.want)
		}
	}
}

// Every word, each by the case it is there for.
func TestEveryFinding(t *testing.T) {
	two := []string{}
	for i := range 24 {
		two = append(two, strconv.Itoa(200-5*i+i%3))
	}
	two[11], two[23] = "100", "60" // December: a fall of 40 %
	plain := months(two...)[0]
	contested := plain
	contested.Contests = []progress.Contest{{By: "US", Keys: []string{plain.Rows.Rows[23][0]}}}
	us := plain
	us.Party, us.ID = "US", record.ID{1, 'U'}
	newer := plain
	newer.ID, newer.Index, newer.Version = record.ID{2, 'M'}, 2, record.ID{2}
	newer.Rows.Rows = plain.Rows.Rows[20:]
	events := cells(1, "MX", "persons", [4]string{"2025-02-27", "2025-03-01", "29"}, [4]string{"2025-08-12", "2025-08-13", "26"})
	victims := cells(1, "MX", "victims", [4]string{"2020-12-01", "2021-01-01", "200"}, [4]string{"2021-12-01", "2022-01-01", "130"})
	parts := cells(1, "MX", "kg", [4]string{"2020-12-01", "2021-01-01", "7", "a"}, [4]string{"2020-12-01", "2021-01-01", "11", "b"}, [4]string{"2020-12-01", "2021-01-01", "40", "c"},
		[4]string{"2020-11-01", "2020-12-01", "41", "c"})
	percent := func(v string) progress.Claim {
		return progress.Claim{Form: progress.ClaimPercent, Value: record.Decimal(v), Unit: "percent"}
	}
	draft := measured("files", accept(plain, "US"))
	draft.Agreed = false
	for _, x := range []struct {
		name   string
		c      progress.Claim
		tied   progress.Measure
		others []progress.Measure
		word   progress.FindingWord
		why    string
		reads  string
		adds   string // what stands in the arithmetic
	}{
		{"acknowledged", percent("-40"), measured("files", accept(plain, "US")), nil, progress.FindingAgreed, "", progress.ReadYearAgo, "(60 − 100) ÷ 100 × 100 = −40"},
		{"its own word is no acknowledgement", percent("-40"), measured("files", accept(plain, "MX")), nil, progress.FindingSide, "", progress.ReadYearAgo, ""},
		{"both say so", percent("-40"), measured("files", plain, us), nil, progress.FindingAgreed, "", progress.ReadYearAgo, ""},
		{"one side", percent("-40"), measured("files", plain), nil, progress.FindingSide, "", progress.ReadYearAgo, ""},
		{"contested", percent("-40"), measured("files", accept(contested, "US")), nil, progress.FindingSide, "", progress.ReadYearAgo, ""},
		{"the definition is not agreed", percent("-40"), draft, nil, progress.FindingSide, "", progress.ReadYearAgo, ""},
		{"from the peak", percent("-70"), measured("files", plain), nil, progress.FindingBase, "", progress.ReadPeak, "÷ 200"},
		{"what it states itself does not fit", progress.Claim{Form: progress.ClaimPercent, Value: "-40", BaseStart: at("2020-01-01"), BaseEnd: at("2020-02-01")}, measured("files", plain), nil, progress.FindingBase, "", progress.ReadYearAgo, ""},
		{"victims, not files", percent("-35"), measured("files", plain), []progress.Measure{measured("victims", victims)}, progress.FindingDefinition, "", progress.ReadYearAgo, "130"},
		{"nothing fits", percent("-90"), measured("files", plain), []progress.Measure{measured("victims", victims)}, progress.FindingDiffers, "", "", ""},
		{"more than", progress.Claim{Form: progress.ClaimPercent, Value: "-30", Bound: progress.BoundAtLeast}, measured("files", plain), nil, progress.FindingSide, "", progress.ReadYearAgo, ""},
		{"more than that is not reached", progress.Claim{Form: progress.ClaimPercent, Value: "-80", Bound: progress.BoundAtLeast}, measured("files", plain), nil, progress.FindingDiffers, "", "", ""},
		{"a sum of events", progress.Claim{Form: progress.ClaimValue, Value: "55", Unit: "persons"}, measured("handed-over", events), nil, progress.FindingSide, "", progress.ReadLatest, "29 + 26 = 55"},
		{"events since", progress.Claim{Form: progress.ClaimValue, Value: "26", Unit: "persons", Start: at("2025-06-01")}, measured("handed-over", events), nil, progress.FindingSide, "", progress.ReadStated, "26"},
		{"some of the parts", progress.Claim{Form: progress.ClaimValue, Value: "18", Unit: "kg"}, measured("seized", parts), nil, progress.FindingDefinition, "", progress.ReadParts, "7 + 11 = 18"},
		{"a stated year", progress.Claim{Form: progress.ClaimValue, Value: "60", Start: at("2021-12-01"), End: at("2022-01-01")}, measured("files", plain), nil, progress.FindingSide, "", progress.ReadStated, "60"},
		{"the lowest", progress.Claim{Form: progress.ClaimLowest}, measured("files", plain), nil, progress.FindingSide, "", progress.ReadLatest, "60 < "},
		{"no record", progress.Claim{Form: progress.ClaimHighest}, measured("files", plain), nil, progress.FindingDiffers, "", progress.ReadLatest, "60 < 200"},
		{"across a break", percent("-40"), measured("files", plain, newer), nil, progress.FindingDiffers, "", "", ""},
		{"said before the figures", progress.Claim{Form: progress.ClaimPercent, Value: "-40", Said: at("2019-01-01")}, measured("files", plain), nil, progress.FindingNotCheckable, progress.UncheckedFigures, "", ""},
		{"no such unit", progress.Claim{Form: progress.ClaimValue, Value: "60", Unit: "lb"}, measured("files", plain), nil, progress.FindingNotCheckable, progress.UncheckedUnit, "", ""},
		{"no such period", progress.Claim{Form: progress.ClaimPercent, Value: "-40", BaseStart: at("2001-01-01"), BaseEnd: at("2002-01-01")}, measured("handed-over", events), nil, progress.FindingNotCheckable, progress.UncheckedPeriod, "", ""},
		{"nothing reported", percent("-40"), measured("files"), nil, progress.FindingNotCheckable, progress.UncheckedFigures, "", ""},
		{"nothing stated", progress.Claim{}, measured("files", plain), nil, progress.FindingNotCheckable, progress.UncheckedForm, "", ""},
	} {
		f := progress.Hold(x.c, &x.tied, x.others)
		if f.Word != x.word || f.Why != x.why {
			t.Errorf("%s: %s %s, want %s %s", x.name, f.Word, f.Why, x.word, x.why)
			continue
		}
		if x.reads != "" && (len(f.Readings) == 0 || f.Readings[0].Name != x.reads) {
			t.Errorf("%s: read as %+v, want %s", x.name, f.Readings, x.reads)
			continue
		}
		if x.adds != "" && !strings.Contains(f.Readings[0].Arithmetic(x.c.Form), x.adds) {
			t.Errorf("%s: %q has no %q", x.name, f.Readings[0].Arithmetic(x.c.Form), x.adds)
		}
		if b, err := json.Marshal(f); err != nil || !json.Valid(b) {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	if f := progress.Hold(percent("-40"), nil, nil); f.Why != progress.UncheckedMeasure {
		t.Errorf("tied to nothing it is %s %s", f.Word, f.Why)
	}
}

// The fiscal year of the definition is tried, and the daily average where periods differ in length.
func TestNamedBases(t *testing.T) {
	var values []string
	for i := range 30 { // January 2020 to June 2022
		values = append(values, strconv.Itoa(1000+37*i+(i*i)%11))
	}
	m := measured("files", months(values...)...)
	m.Fiscal = 10
	sum := func(from, to int) *big.Rat {
		x := new(big.Rat)
		for _, v := range values[from:to] {
			r, _ := new(big.Rat).SetString(v)
			x.Add(x, r)
		}
		return x
	}
	change := func(now, base *big.Rat) record.Decimal {
		x := new(big.Rat).Quo(now, base)
		return progress.Number{Rat: x.Sub(x, big.NewRat(1, 1)).Mul(x, big.NewRat(100, 1))}.Round(4)
	}
	daily := func(x *big.Rat, days int64) *big.Rat { return new(big.Rat).Quo(x, big.NewRat(days, 1)) }
	for name, v := range map[string]record.Decimal{
		progress.ReadYearSoFar:  change(sum(24, 30), sum(12, 18)),
		progress.ReadFiscal:     change(sum(21, 30), sum(9, 18)),
		progress.ReadTwelve:     change(sum(18, 30), sum(6, 18)),
		progress.ReadYear:       change(sum(12, 24), sum(0, 12)),
		progress.ReadFiscalYear: "", // the one before is not whole
		progress.ReadBefore:     change(daily(sum(29, 30), 30), daily(sum(28, 29), 31)),
	} {
		if v == "" {
			continue
		}
		f := progress.Hold(progress.Claim{Form: progress.ClaimPercent, Value: v}, &m, nil)
		if f.Word != progress.FindingBase || f.Readings[0].Name != name || f.Readings[0].Daily != (name == progress.ReadBefore) {
			t.Errorf("%s of %s reads %s %+v", v, name, f.Word, f.Readings)
		}
	}
}

// Whatever the figures: the order of reports changes nothing; a claim made from a reading is found by it; another party's figures
// are never added to one's own; and every reading can be computed again from what is shown with it.
func TestFindingsHoldForAnyFigures(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	words := map[progress.FindingWord]int{}
	for range 300 {
		var reports []progress.Report
		for i, party := range []record.Party{"MX", "US"} {
			var rows [][]string
			for m := range 14 + rnd.IntN(30) {
				rows = append(rows, row(m, "MX", "", strconv.Itoa(50+rnd.IntN(200)), "final"))
			}
			r := report(uint64(i+1), party, rows...)
			if rnd.IntN(3) == 0 {
				r.Accepted = []progress.Contest{{By: "US"}, {By: "MX"}}
			}
			reports = append(reports, r)
		}
		m := measured("files", reports...)
		c := progress.Claim{Form: progress.ClaimForms[rnd.IntN(len(progress.ClaimForms))], Value: record.Decimal(strconv.Itoa(rnd.IntN(200) - 100))}
		f := progress.Hold(c, &m, nil)
		words[f.Word]++
		slices.Reverse(reports)
		again := measured("files", reports...)
		a, _ := json.Marshal(f)
		b, _ := json.Marshal(progress.Hold(c, &again, nil))
		if string(a) != string(b) {
			t.Fatalf("another order gives another finding:\n%s\n%s", a, b)
		}
		for _, r := range slices.Concat(f.Readings, f.Stated) {
			now := new(big.Rat)
			for _, x := range r.Now {
				now.Add(now, x.Value.Rat)
			}
			switch c.Form {
			case progress.ClaimPercent:
				now.Quo(now, r.Base.Value.Rat)
				now.Sub(now, big.NewRat(1, 1)).Mul(now, big.NewRat(100, 1))
			case progress.ClaimChange, progress.ClaimHighest, progress.ClaimLowest:
				now.Sub(now, r.Base.Value.Rat)
			}
			if now.Cmp(r.Result.Rat) != 0 {
				t.Fatalf("%s: the result is %s, computed again %s", r.Name, r.Result, now)
			}
			for _, x := range r.Now {
				s := choose(t, m.Collection, r.Party, progress.Choice{})
				sum := new(big.Rat)
				for _, p := range s.Points {
					if p.Start >= x.Start && p.End <= x.End {
						v, _ := new(big.Rat).SetString(string(p.Value))
						sum.Add(sum, v)
					}
				}
				if !r.Daily && sum.Cmp(x.Value.Rat) != 0 {
					t.Fatalf("%s of %s is not the sum of its figures", r.Name, r.Party)
				}
			}
		}
		if c.Form != progress.ClaimPercent || len(f.Readings) == 0 {
			continue
		}
		from := f.Readings[rnd.IntN(len(f.Readings))]
		c.Value = from.Result.Round(6)
		g := progress.Hold(c, &m, nil)
		if !slices.ContainsFunc(g.Readings, func(r progress.Reading) bool { return r.Name == from.Name && r.Party == from.Party && r.Fits }) && g.Word == progress.FindingDiffers {
			t.Fatalf("a claim made from the reading %s of %s is %s", from.Name, from.Party, g.Word)
		}
	}
	for _, w := range []progress.FindingWord{progress.FindingAgreed, progress.FindingSide, progress.FindingBase, progress.FindingDiffers} {
		if words[w] < 3 {
			t.Errorf("%s came %d times: the test shows nothing of it", w, words[w])
		}
	}
}
