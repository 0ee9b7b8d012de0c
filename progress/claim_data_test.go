package progress_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"entente/progress"
	"entente/record"
)

// published is a file that stays outside the repository; without it the test cannot be made.
func published(t *testing.T, path ...string) []byte {
	t.Helper()
	dir := os.Getenv("ENTENTE_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	b, err := os.ReadFile(filepath.Join(append([]string{dir}, path...)...))
	if err != nil {
		msg := "the published figures are not here, so the claims were not held against them; set ENTENTE_DATA to the folder of claims.json and tidy/"
		if os.Getenv("CI") != "" {
			t.Fatal(msg)
		}
		t.Skip(msg)
	}
	return b
}

// tidy reads figures in the tidy form, one report of each party and indicator.
func tidy(t *testing.T, out map[string][]progress.Report, name string, take func(row []string) bool) {
	rows, err := csv.NewReader(bytes.NewReader(published(t, "tidy", name))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows[1:] {
		if take != nil && !take(r) {
			continue
		}
		end, err := time.Parse(time.DateOnly, r[3])
		if err != nil {
			t.Fatal(err)
		}
		reports := out[r[0]]
		n := -1
		for k := range reports {
			if reports[k].Party == record.Party(r[1]) && reports[k].Source == r[8] {
				n = k
			}
		}
		if n < 0 {
			n = len(reports)
			reports = append(reports, progress.Report{ID: record.ID{byte(n + 1), r[1][0]}, Party: record.Party(r[1]), Index: uint64(n), Source: r[8], Rows: record.Table{Columns: columns}})
		}
		reports[n].Rows.Rows = append(reports[n].Rows.Rows, []string{strconv.Itoa(i), r[2], end.AddDate(0, 0, 1).Format(time.DateOnly), r[4], r[5], r[6], r[7], "final"})
		out[r[0]] = reports
	}
}

// The ten claims against the figures as published, each tied to the indicator that it names and to nothing that it does not say:
// its period, base and date are left open. What a desk officer knows beyond that makes the finding sharper.
func TestTheTenClaims(t *testing.T) {
	series := map[string][]progress.Report{}
	tidy(t, series, "reported_figures_secondary.csv", nil)
	tidy(t, series, "us_cbp_sw_border_encounters_monthly.csv", nil)
	tidy(t, series, "us_cbp_drug_seizures_monthly.csv", func(r []string) bool {
		if r[0] == "drug_seizures_weight" && (bytes.HasPrefix([]byte(r[5]), []byte("drug=Fentanyl"))) {
			r[0] = "drug_seizures_weight_fentanyl"
			return true
		}
		return false
	})
	var file struct {
		Claims []struct {
			ID, Indicator, Direction, Unit, Quote string
			Value                                 json.Number
		}
	}
	if err := json.Unmarshal(published(t, "claims.json"), &file); err != nil {
		t.Fatal(err)
	}
	measures := map[string]progress.Measure{}
	for code, reports := range series {
		m := progress.Measure{Code: code, Agreed: true, Collection: progress.Collect(reports, 0)}
		if code == "drug_seizures_weight_fentanyl" {
			m.Fiscal = 10
		}
		measures[code] = m
	}
	want := map[string]struct {
		word      progress.FindingWord
		why, adds string
	}{
		"C1":  {progress.FindingSide, "", "29 + 26 = 55"},
		"C2":  {progress.FindingDiffers, "", "(6321 − 58009) ÷ 58009 × 100 = −89.1034"},
		"C3":  {progress.FindingDiffers, "", "12027.2779 < 27022.8511"},
		"C4":  {progress.FindingDefinition, "", "(59.5 − 86.9) ÷ 86.9 × 100 = −31.5305"},
		"C5":  {progress.FindingNotCheckable, progress.UncheckedFigures, ""},
		"C6":  {progress.FindingNotCheckable, progress.UncheckedFigures, ""},
		"C7":  {progress.FindingNotCheckable, progress.UncheckedMeasure, ""},
		"C8":  {progress.FindingNotCheckable, progress.UncheckedMeasure, ""},
		"C9":  {progress.FindingNotCheckable, progress.UncheckedMeasure, ""},
		"C10": {progress.FindingNotCheckable, progress.UncheckedForm, ""},
	}
	for _, x := range file.Claims {
		c := progress.Claim{Value: record.Decimal(x.Value), Unit: x.Unit}
		switch {
		case x.Unit == "percent":
			c.Form = progress.ClaimPercent
		case x.Value != "":
			c.Form = progress.ClaimValue
		case x.Direction == "record high" || x.Direction == "highest ever":
			c.Form = progress.ClaimHighest
		}
		var tied *progress.Measure
		if m, ok := measures[x.Indicator]; ok {
			tied = &m
		} else if x.Indicator != "" {
			tied = &progress.Measure{Code: x.Indicator}
		}
		var others []progress.Measure
		for _, m := range measures {
			if m.Code == "homicide_victims_daily_average" || m.Code == "extraditions_to_us" {
				others = append(others, m)
			}
		}
		f := progress.Hold(c, tied, others)
		if w := want[x.ID]; f.Word != w.word || f.Why != w.why {
			t.Errorf("%s %q: %s %s, want %s %s", x.ID, x.Quote, f.Word, f.Why, w.word, w.why)
		}
		if w := want[x.ID].adds; w != "" && !slices.ContainsFunc(f.Readings, func(r progress.Reading) bool { return strings.Contains(r.Arithmetic(c.Form), w) }) {
			t.Errorf("%s: no reading has %q", x.ID, w)
		}
		t.Logf("%s %q: %s %s tried %d fit %d", x.ID, x.Quote, f.Word, f.Why, f.Tried, f.Fit)
		for _, r := range append(f.Stated, f.Readings...) {
			t.Logf("    %s %s %s %s: %s, fits %v", r.Party, r.Measure, r.Span, r.Name, r.Arithmetic(c.Form), r.Fits)
		}
	}
}
