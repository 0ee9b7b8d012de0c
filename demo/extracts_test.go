package demo

import (
	"bytes"
	"encoding/csv"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/figures"
	"entente/progress"
	"entente/record"
)

func allFigures(t *testing.T) map[SeriesID][]Series {
	t.Helper()
	all, err := Figures()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestFiguresAreEnoughAndWellFormed(t *testing.T) {
	byParty := make(map[string]int)
	byStatus := make(map[string]int)
	indicators := make(map[string]bool)
	for id, list := range allFigures(t) {
		indicators[id.Indicator] = true
		for _, s := range list {
			if s.SeriesID != id || len(s.Figures) == 0 {
				t.Errorf("%v under %v, %d figures", s.SeriesID, id, len(s.Figures))
			}
			keys := make(map[string]bool)
			for _, f := range s.Figures {
				byParty[id.Party]++
				byStatus[f.Status]++
				if keys[f.Key()] {
					t.Errorf("%v of %s: row %s twice", id, s.Source, f.Key())
				}
				keys[f.Key()] = true
				if f.Indicator != id.Indicator || f.Source != s.Source || f.Vintage != s.Vintage || f.Start < s.Start || f.End > s.End {
					t.Errorf("%v stands in the wrong series %v", f, id)
				}
				start, err1 := time.Parse(time.DateOnly, f.Start)
				end, err2 := time.Parse(time.DateOnly, f.End)
				if err1 != nil || err2 != nil || !start.Before(end) {
					t.Errorf("period of %v", f)
				}
				if (f.Value == "") != (f.Status == StatusMissing) {
					t.Errorf("missing is not a value: %v", f)
				}
				if f.Value != "" {
					if !record.Decimal(f.Value).Valid() {
						t.Errorf("value of %v", f)
					}
				}
				if s.SecondHand && f.Status == StatusFinal {
					t.Errorf("second-hand and final: %v", f)
				}
			}
		}
	}
	t.Logf("figures by party %v, by status %v, %d indicators", byParty, byStatus, len(indicators))
	if byParty["MX"] < 300 || byParty["US"] < 300 || len(indicators) < 8 {
		t.Errorf("figures by party %v on %d indicators, want 300 each on 8 or more", byParty, len(indicators))
	}
	for _, s := range []string{StatusFinal, StatusProvisional, StatusMissing} {
		if byStatus[s] == 0 {
			t.Errorf("no figure is %s", s)
		}
	}
}

// The totals that the agencies' files give, as far as the extracts hold all their rows.
func TestTotals(t *testing.T) {
	all := allFigures(t)
	sum := func(id SeriesID, source, start, end string) *big.Rat {
		total, rows := new(big.Rat), 0
		for _, s := range all[id] {
			for _, f := range s.Figures {
				if f.Source == source && f.Start >= start && f.End <= end && f.Value != "" {
					total.Add(total, rat(t, f.Value))
					rows++
				}
			}
		}
		if rows == 0 {
			t.Fatalf("no rows of %v from %s to %s", id, start, end)
		}
		return total
	}
	fentanyl := SeriesID{"fentanyl-seized-weight", "US"}
	for fy, want := range map[string]string{"2023": "27022.85", "2024": "21889.21", "2025": "12027.28"} {
		start, end := fiscalYear(t, fy)
		if got := sum(fentanyl, "S02", start, end).FloatString(2); got != want {
			t.Errorf("fentanyl, FY%s: %s lb, want %s", fy, got, want)
		}
	}
	if got := sum(SeriesID{"homicide-files", "MX"}, "S05", "2019-01-01", "2020-01-01").FloatString(0); got != "29482" {
		t.Errorf("Homicidio doloso 2019: %s files, want 29482", got)
	}
	// The second vintage raised fentanyl of December 2025 by one revised cell (Tucson).
	before := sum(fentanyl, "S02b", "2025-12-01", "2026-01-01")
	after := sum(fentanyl, "S02", "2025-12-01", "2026-01-01")
	if after.Cmp(before) <= 0 {
		t.Errorf("December 2025: %s, then %s", before.FloatString(4), after.FloatString(4))
	}
}

func fiscalYear(t *testing.T, fy string) (start, end string) {
	t.Helper()
	y, err := time.Parse("2006", fy)
	if err != nil {
		t.Fatal(err)
	}
	return y.AddDate(-1, 9, 0).Format(time.DateOnly), y.AddDate(0, 9, 0).Format(time.DateOnly)
}

// What the second vintage revises stands beside what the first one said, and nothing else of the first one changes.
func TestRevisionsKeepTheEarlierFigure(t *testing.T) {
	imports, err := Imports()
	if err != nil {
		t.Fatal(err)
	}
	for _, second := range imports {
		if second.Source != "S02" {
			continue
		}
		i := slices.IndexFunc(imports, func(x Import) bool { return x.Source == "S02b" && x.SeriesID == second.SeriesID })
		first, err := imports[i].read()
		if err != nil {
			t.Fatal(err)
		}
		later, err := second.read()
		if err != nil {
			t.Fatal(err)
		}
		unit := second.Mapping.Unit
		a := figures.Compare(first.Figures, figures.NewKnown(progress.Collection{}, "US", unit), false)
		on := progress.Collect([]progress.Report{{Party: "US", Rows: figures.Tables(a.Take)[0]}}, 0)
		b := figures.Compare(later.Figures, figures.NewKnown(on, "US", unit), false)
		if b.Revised == 0 || b.Gone > 0 || b.RefusedCount() > 0 || b.Unchanged+b.Revised != a.Added {
			t.Errorf("%v: %d revised, %d unchanged of %d, %d gone, refused %v", second.SeriesID, b.Revised, b.Unchanged, a.Added, b.Gone, b.Refused)
		}
		for _, f := range b.Take {
			if f.Class == figures.Revised && (f.Was == f.Value || f.Status != progress.Revised || progress.Date(f.Start) < "2025-10-01" || progress.Date(f.End) > "2026-01-01") {
				t.Errorf("revised outside October to December 2025, or not at all: %+v", f)
			}
			if f.Key() == "2025-12-01/2026-01-01|US-CBP-TUCSON-FIELD-OFFICE|fentanyl;ofo;southwest-border;land-only" && unit == "lb" && (f.Was != "528.41717729732" || f.Value != "528.4390030612581") {
				t.Errorf("Tucson, December 2025: %+v", f)
			}
		}
	}
}

func TestTwoAnswersOfOneAgencyStandApart(t *testing.T) {
	answers := make(map[string][]string)
	all := allFigures(t)
	for _, id := range []SeriesID{{"illegal-taps", "MX"}, {"extraditions", "US"}} {
		for _, s := range all[id] {
			for _, f := range s.Figures {
				if f.Area == "MX" {
					answers[id.Indicator+" "+f.Start+" "+f.End] = append(answers[id.Indicator+" "+f.Start+" "+f.End], f.Value)
				}
			}
		}
	}
	for at, want := range map[string][]string{
		"illegal-taps 2023-01-01 2023-02-01": {"1388", "1017"},
		"illegal-taps 2017-01-01 2018-01-01": {"10923", "10363"},
		"extraditions 2008-01-01 2009-01-01": {"85", "95"},
	} {
		if !slices.Equal(answers[at], want) {
			t.Errorf("%s: %v, want %v", at, answers[at], want)
		}
	}
}

func TestSourcesAreComplete(t *testing.T) {
	sources, err := Sources()
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, s := range sources {
		if s.ID == "" || s.Agency == "" || s.Publication == "" || s.Locator == "" || s.Vintage == "" || s.Licence == "" || s.Note == "" || seen[s.ID] {
			t.Errorf("source %+v", s)
		}
		if s.Supersedes != "" && !seen[s.Supersedes] {
			t.Errorf("source %s supersedes %s, which does not stand before it", s.ID, s.Supersedes)
		}
		if s.ID[0] == 'R' && !s.SecondHand {
			t.Errorf("source %s is second-hand", s.ID)
		}
		seen[s.ID] = true
	}
	extracts, err := Extracts()
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, e := range extracts {
		b, err := extractFiles.ReadFile("extracts/" + e.File)
		if err != nil {
			t.Error(err)
		}
		size += len(b)
		if e.Original == "" || e.Selection == "" || e.Encoding == "" || (e.Source == "") != (e.Format == "tidy") || e.SecondHand != (e.Format == "tidy") {
			t.Errorf("extract %+v", e)
		}
	}
	if size > 300_000 {
		t.Errorf("extracts take %d bytes, want at most 300,000", size)
	}
	used := make(map[string]bool)
	for _, list := range allFigures(t) {
		for _, s := range list {
			used[s.Source] = true
		}
	}
	for id := range seen {
		if !used[id] {
			t.Errorf("no figure comes from source %s", id)
		}
	}
}

// dataDir is the folder with the files as published; without it the comparison cannot be made.
func dataDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("ENTENTE_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	if _, err := os.Stat(filepath.Join(dir, "agency")); err != nil {
		msg := "the files as published (agency/, tidy/) are not here, so the extracts were not compared with them; set ENTENTE_DATA to their folder"
		if os.Getenv("CI") != "" {
			t.Fatal(msg)
		}
		t.Skip(msg)
	}
	return dir
}

func published(t *testing.T, e Extract) []byte {
	t.Helper()
	folder := "agency"
	if e.Format == "tidy" {
		folder = "tidy"
	}
	b, err := os.ReadFile(filepath.Join(dataDir(t), folder, e.Original))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// selected says, apart from the parsers, which published rows each extract holds.
var selected = map[string]func(row []string) bool{
	"cbp_nationwide-drugs-fy23-fy26-dec.extract.csv": func(r []string) bool {
		return r[0] == "2026 (FYTD)" && (r[6] == "Fentanyl" || r[6] == "Methamphetamine" && r[3] == "Southwest Border")
	},
	"cbp_nationwide-drugs-fy23-fy26-apr.extract.csv": func(r []string) bool {
		return r[6] == "Fentanyl" || r[6] == "Methamphetamine" && r[3] == "Southwest Border" && (r[0] == "2025" || r[0] == "2026 (FYTD)")
	},
	"sesnsp_IDEFC_estatal_2015-2021.extract.csv": func(r []string) bool {
		border := slices.Contains([]string{"2", "5", "8", "19", "26", "28"}, r[1])
		return r[5] == "Homicidio doloso" && (r[0] == "2019" || (r[0] == "2020" || r[0] == "2021") && border && r[6] == "Con arma de fuego")
	},
	"mx_sesnsp_national_year.extract.csv": func(r []string) bool { return strings.HasPrefix(r[5], "crime=Homicidio doloso;") },
	"reported_figures_secondary.extract.csv": func(r []string) bool {
		return slices.Contains([]string{"fuel_theft_taps", "extraditions_to_us", "transfers_to_us", "tunnels_discovered", "firearms_traced",
			"firearms_seized", "firearms_seized_southbound", "drug_seizures_weight_fentanyl", "labs_destroyed", "homicide_victims_daily_average", "high_impact_crimes_daily_average"}, r[0])
	},
	"us_cbp_sw_border_encounters_monthly.extract.csv": func(r []string) bool { return r[5] == "component=USBP" },
}

// Every extract is its selection of the published file, byte for byte and nothing left out. The rows without a
// value are the exception: the published file must indeed have no such row.
func TestExtractsEqualThePublishedFiles(t *testing.T) {
	extracts, err := Extracts()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range extracts {
		t.Run(e.File, func(t *testing.T) {
			mine, err := extractFiles.ReadFile("extracts/" + e.File)
			if err != nil {
				t.Fatal(err)
			}
			var want []byte
			cells := make(map[string]bool) // indicator, party, period, area, disaggregation and source of tidy rows
			for i, line := range bytes.SplitAfter(published(t, e), []byte("\n")) {
				if len(line) == 0 {
					continue
				}
				row := csvRow(t, line)
				if i == 0 || selected[e.File](row) {
					want = append(want, line...)
					cells[cellOf(e, row)] = true
				}
			}
			var got []byte
			for _, line := range bytes.SplitAfter(mine, []byte("\n")) {
				if len(line) == 0 {
					continue
				}
				row := csvRow(t, line)
				if e.Format == "tidy" && row[6] == "" {
					if cells[cellOf(e, row)] {
						t.Errorf("called missing, but published: %q", row)
					}
					continue
				}
				got = append(got, line...)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%d bytes that are not the %d bytes of the selection", len(got), len(want))
			}
		})
	}
}

func cellOf(e Extract, row []string) string {
	if e.Format != "tidy" {
		return ""
	}
	return strings.Join(append(slices.Clone(row[:6]), row[8]), "|")
}

func csvRow(t *testing.T, line []byte) []string {
	t.Helper()
	row, err := csv.NewReader(bytes.NewReader(line)).Read()
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// Figures are read again from the published files by other code (columns by name, no shared parser) and compared
// to the last digit, as a multiset of period, value and unit.
func TestFiguresEqualThePublishedFiles(t *testing.T) {
	got := make(map[string]int)
	total := 0
	for id, list := range allFigures(t) {
		for _, s := range list {
			for _, f := range s.Figures {
				if f.Status != StatusMissing {
					got[strings.Join([]string{s.Source, id.Indicator, id.Party, f.Start, f.Value, f.Unit}, " ")]++
					total++
				}
			}
		}
	}
	want := make(map[string]int)
	add := func(source, indicator, party, start, value, unit string) {
		want[strings.Join([]string{source, indicator, party, start, value, unit}, " ")]++
	}
	extracts, err := Extracts()
	if err != nil {
		t.Fatal(err)
	}
	month := map[string]string{"JAN": "01", "FEB": "02", "MAR": "03", "APR": "04", "MAY": "05", "JUN": "06", "JUL": "07", "AUG": "08", "SEP": "09", "OCT": "10", "NOV": "11", "DEC": "12"}
	before := map[string]string{"2023": "2022", "2024": "2023", "2025": "2024", "2026": "2025"}
	indicator := map[string]string{"fuel_theft_taps": "illegal-taps", "extraditions_to_us": "extraditions", "transfers_to_us": "transfers", "tunnels_discovered": "tunnels-discovered",
		"firearms_traced": "firearms-traced", "firearms_seized": "firearms-seized", "firearms_seized_southbound": "firearms-seized", "drug_seizures_weight_fentanyl": "fentanyl-seized-weight",
		"labs_destroyed": "labs-dismantled", "crime_investigation_files": "homicide-files", "crime_victims": "homicide-victims",
		"homicide_victims_daily_average": "homicide-victims-daily", "high_impact_crimes_daily_average": "high-impact-crimes-daily", "migrant_encounters": "border-encounters"}
	unit := map[string]string{"carpetas de investigación": "files", "víctimas": "victims"}
	for _, e := range extracts {
		rows, err := csv.NewReader(bytes.NewReader(published(t, e))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		at := make(map[string]int)
		for i, name := range rows[0] {
			at[name] = i
		}
		for _, r := range rows[1:] {
			if !selected[e.File](r) {
				continue
			}
			switch e.Format {
			case "cbp":
				year := r[at["FY"]][:4]
				if m := r[at["Month (abbv)"]]; m == "OCT" || m == "NOV" || m == "DEC" {
					year = before[year]
				}
				start := year + "-" + month[r[at["Month (abbv)"]]] + "-01"
				if r[at["Drug Type"]] == "Fentanyl" {
					add(e.Source, "fentanyl-seized-weight", "US", start, r[at["Sum Qty (lbs)"]], "lb")
					add(e.Source, "fentanyl-seizure-events", "US", start, r[at["Count of Event"]], "events")
				} else {
					add(e.Source, "meth-seized-weight", "US", start, r[at["Sum Qty (lbs)"]], "lb")
				}
			case "sesnsp":
				for i, m := range []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"} {
					value := r[at["Enero"]+i]
					start := r[0] + "-" + month[m] + "-01"
					if r[0] == "2019" {
						add(e.Source, "homicide-files", "MX", start, value, "files")
					}
					if r[at["Modalidad"]] == "Con arma de fuego" {
						add(e.Source, "firearm-homicide-files", "MX", start, value, "files")
					}
				}
			case "tidy":
				u := r[at["unit"]]
				if short, ok := unit[u]; ok {
					u = short
				}
				add(r[at["source"]], indicator[r[at["indicator"]]], r[at["party"]], r[at["period_start"]], r[at["value"]], u)
			}
		}
	}
	for k, n := range want {
		if got[k] != n {
			t.Errorf("published %d times, in the extracts %d times: %s", n, got[k], k)
		}
	}
	for k, n := range got {
		if want[k] == 0 {
			t.Errorf("in the extracts %d times, not published: %s", n, k)
		}
	}
	t.Logf("%d figures compared", total)
}
