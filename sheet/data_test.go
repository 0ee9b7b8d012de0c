package sheet

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"entente/record"
)

// published is a file as its agency publishes it; without it the test cannot be made.
func published(t testing.TB, folder, name string) []byte {
	t.Helper()
	dir := os.Getenv("ENTENTE_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	b, err := os.ReadFile(filepath.Join(dir, folder, name))
	if err != nil {
		msg := fmt.Sprintf("the file as published is not here (%s/%s), so reading it was not tried; set ENTENTE_DATA to the folder of agency/ and tidy/", folder, name)
		if os.Getenv("CI") != "" {
			t.Fatal(msg)
		}
		t.Skip(msg)
	}
	return b
}

func open(t testing.TB, b []byte, o Options) *Book {
	t.Helper()
	book, err := Open(bytes.NewReader(b), int64(len(b)), o)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func rowsOf(t testing.TB, b *Book, name string) []Row {
	t.Helper()
	s, err := b.Sheet(name)
	if err != nil {
		t.Fatal(err)
	}
	var out []Row
	for r, err := range s.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// cbpMapping is what an official shares with a colleague for the file of seizures.
const cbpMapping = `{"v":1,"name":"CBP seizures","numbers":{"mark":"point"},
"columns":[
 {"header":"FY","field":"fy","as":"year","required":true},
 {"header":"Month (abbv)","field":"month","as":"month","required":true},
 {"header":"Area of Responsibility","field":"area"},
 {"header":"Drug Type","field":"drug"},
 {"header":"Count of Event","field":"events","as":"number"},
 {"header":"Sum Qty (lbs)","field":"value","as":"number","required":true}],
"constants":{"unit":"lb"},
"period":{"year":"fy","month":"month","fiscal_from":10,"start":"start","end":"end"},
"filters":[{"header":"Drug Type","in":["Fentanyl"]}]}`

func parse(t testing.TB, s string) Mapping {
	t.Helper()
	m, err := ParseMapping([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The totals are those of the data's README, added exactly and rounded once.
func TestSeizuresAsPublished(t *testing.T) {
	b := open(t, published(t, "agency", "cbp_nationwide-drugs-fy23-fy26-apr.csv"), Options{})
	if b.Found.Encoding != UTF8 || b.Found.Separator != ',' {
		t.Errorf("found %+v", b.Found)
	}
	sums := make(map[string]*big.Rat)
	for r, err := range b.Apply(parse(t, cbpMapping)) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Status == Refused {
			t.Fatalf("line %d: %v", r.Line, r.Problems)
		}
		if r.Status == Skipped {
			continue
		}
		fy := r.Fields["fy"].Text
		if sums[fy] == nil {
			sums[fy] = new(big.Rat)
		}
		sums[fy].Add(sums[fy], record.Decimal(r.Fields["value"].Text).Rat())
		if month := r.Fields["month"].Text; month >= "10" && r.Fields["start"].Text[:4] >= fy || r.Fields["unit"].Text != "lb" {
			t.Fatalf("line %d: %v", r.Line, r.Fields)
		}
	}
	for fy, want := range map[string]string{"2023": "27022.85", "2024": "21889.21", "2025": "12027.28"} {
		if sums[fy] == nil || sums[fy].FloatString(2) != want {
			t.Errorf("fentanyl, FY%s: %v, want %s", fy, sums[fy], want)
		}
	}
}

// Spanish, ISO 8859-1, months in columns.
func TestIncidenceAsPublished(t *testing.T) {
	b := open(t, published(t, "agency", "sesnsp_IDEFC_estatal_2015-2021.csv"), Options{})
	if b.Found.Encoding != Latin1 || b.Found.Stated {
		t.Errorf("found %+v", b.Found)
	}
	m := parse(t, `{"v":1,"columns":[{"header":"año","field":"year","as":"year","required":true},{"header":"Entidad","field":"area","required":true},
	{"header":"Clave_Ent","field":"code"}],
	"melt":{"from":{"header":"Enero"},"to":{"header":"Diciembre"},"label":"month","value":"value","as":"number"},
	"period":{"year":"year","month":"month","start":"start","end":"end"},
	"filters":[{"header":"Subtipo de delito","in":["homicidio doloso"]},{"letter":"A","in":["2019"]}]}`)
	total, months := new(big.Rat), make(map[string]bool)
	for r, err := range b.Apply(m) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Status == Refused {
			t.Fatalf("line %d: %v", r.Line, r.Problems)
		}
		if r.Status == Taken {
			total.Add(total, record.Decimal(r.Fields["value"].Text).Rat())
			months[r.Fields["start"].Text] = true
		}
	}
	if got := total.FloatString(0); got != "29482" || len(months) != 12 || !months["2019-12-01"] {
		t.Errorf("Homicidio doloso 2019: %s files in %d months, want 29482", got, len(months))
	}
}

// Every published file is read cell by cell as encoding/csv reads it, and every number and date in it is one.
func TestEveryPublishedFile(t *testing.T) {
	for _, f := range []struct{ folder, name string }{
		{"agency", "cbp_nationwide-drugs-fy23-fy26-apr.csv"}, {"agency", "cbp_nationwide-drugs-fy23-fy26-dec.csv"}, {"agency", "sesnsp_IDEFC_estatal_2015-2021.csv"},
		{"tidy", "mx_sesnsp_homicidio_state_year_2015-2026.csv"}, {"tidy", "mx_sesnsp_national_year_2015-2026.csv"}, {"tidy", "reported_figures_secondary.csv"},
		{"tidy", "us_cbp_drug_seizures_monthly.csv"}, {"tidy", "us_cbp_drug_seizures_revisions.csv"}, {"tidy", "us_cbp_sw_border_encounters_monthly.csv"},
	} {
		t.Run(f.name, func(t *testing.T) {
			raw := published(t, f.folder, f.name)
			utf := raw
			if strings.HasPrefix(f.name, "sesnsp") { // ISO 8859-1: a byte is a letter
				utf = nil
				for _, c := range raw {
					utf = utf8.AppendRune(utf, rune(c))
				}
			}
			compare(t, rowsOf(t, open(t, raw, Options{}), ""), utf)
			if f.folder != "tidy" || strings.Contains(f.name, "revisions") {
				return
			}
			m := parse(t, `{"v":1,"numbers":{"mark":"point"},"columns":[{"header":"period_start","field":"start","as":"date","required":true},
			{"header":"period_end","field":"end","as":"date","required":true},{"header":"value","field":"value","as":"number"},{"header":"unit","field":"unit","required":true}]}`)
			p, err := open(t, raw, m.File).Preview(m, 3)
			if err != nil || p.Refused != 0 || p.Taken != bytes.Count(raw, []byte("\n"))-1 {
				t.Errorf("taken %d, refused %d %+v, %v", p.Taken, p.Refused, p.Tally, err)
			}
		})
	}
}

func compare(t *testing.T, got []Row, utf []byte) {
	t.Helper()
	want, err := csv.NewReader(bytes.NewReader(utf)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || len(got) < 50 {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i, r := range got {
		if r.Row != i+1 || r.Line != i+1 || len(r.Cells) != len(want[i]) {
			t.Fatalf("row %d: %+v", i+1, r)
		}
		for k, c := range r.Cells {
			if c.Text != want[i][k] {
				t.Fatalf("%s: %q, want %q", A1(k, r.Row), c.Text, want[i][k])
			}
		}
	}
}

// BenchmarkSeizures maps the whole published file: rows per second.
func BenchmarkSeizures(b *testing.B) {
	raw := published(b, "agency", "cbp_nationwide-drugs-fy23-fy26-apr.csv")
	m := parse(b, strings.Replace(cbpMapping, `"in":["Fentanyl"]`, `"in":["Fentanyl"],"not":true`, 1))
	rows := 0
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		book := open(b, raw, m.File)
		for r, err := range book.Apply(m) {
			if err != nil {
				b.Fatal(err)
			}
			if r.Status == Taken || r.Status == Skipped {
				rows++
			}
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkSeizuresXLSX reads the same rows from a workbook.
func BenchmarkSeizuresXLSX(b *testing.B) {
	raw := published(b, "agency", "cbp_nationwide-drugs-fy23-fy26-apr.csv")
	book := toXLSX(b, rowsOf(b, open(b, raw, Options{}), ""))
	rows := 0
	for b.Loop() {
		rows += len(rowsOf(b, open(b, book, Options{}), ""))
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// toXLSX writes rows, the first as header and the last column as numbers.
func toXLSX(t testing.TB, rows []Row) []byte {
	t.Helper()
	var table Table
	for i, c := range rows[0].Cells {
		h := Heading{Titles: []string{c.Text}}
		if i == len(rows[0].Cells)-1 {
			h.Kind = KindNumber
		}
		table.Headings = append(table.Headings, h)
	}
	table.Rows = func(yield func([]string, error) bool) {
		for _, r := range rows[1:] {
			var texts []string
			for _, c := range r.Cells {
				texts = append(texts, c.Text)
			}
			if !yield(texts, nil) {
				return
			}
		}
	}
	var out bytes.Buffer
	if _, err := WriteXLSX(&out, table, About{Sheet: "Data", Name: "About", Count: "Rows"}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
