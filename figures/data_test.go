package figures

import (
	"bytes"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"entente/progress"
	"entente/record"
	"entente/sheet"
)

// published is a file as its agency publishes it; without it the test cannot be made.
func published(t testing.TB, name string) []byte {
	t.Helper()
	dir := os.Getenv("ENTENTE_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	b, err := os.ReadFile(filepath.Join(dir, "agency", name))
	if err != nil {
		msg := fmt.Sprintf("the file as published is not here (agency/%s), so importing it was not tried; set ENTENTE_DATA to the folder of agency/", name)
		if os.Getenv("CI") != "" {
			t.Fatal(msg)
		}
		t.Skip(msg)
	}
	return b
}

const cbpDecember, cbpApril, sesnsp = "cbp_nationwide-drugs-fy23-fy26-dec.csv", "cbp_nationwide-drugs-fy23-fy26-apr.csv", "sesnsp_IDEFC_estatal_2015-2021.csv"

func shipped(t testing.TB, name string) Mapping {
	t.Helper()
	m, ok := Named(name)
	if !ok {
		t.Fatalf("no mapping %s", name)
	}
	return m
}

func read(t testing.TB, b []byte, m Mapping) *Reading {
	t.Helper()
	book, err := sheet.Open(bytes.NewReader(b), int64(len(b)), m.File)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Read(book, m, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// reported is what a party has on record after a report of these figures.
func reported(t testing.TB, k progress.Collection, takes ...[]Compared) progress.Collection {
	t.Helper()
	var reports []progress.Report
	for i, take := range takes {
		for n, rows := range Tables(take) {
			if _, err := rows.Encode(); err != nil {
				t.Fatal(err)
			}
			reports = append(reports, progress.Report{ID: record.ID{byte(i), byte(n)}, Party: "US", Index: uint64(i*100 + n), Rows: rows})
		}
	}
	c := progress.Collect(reports, 0)
	if len(c.Refused) > 0 {
		t.Fatalf("refused: %v", c.Refused)
	}
	return c
}

func between(fs []Compared, start, end string) *big.Rat {
	sum := new(big.Rat)
	for _, f := range fs {
		if progress.Date(f.Start) >= start && progress.Date(f.End) <= end {
			sum.Add(sum, f.Value.Rat())
		}
	}
	return sum
}

// The totals of the data's README, from the agency's own files, to the last digit.
func TestAgencyTotals(t *testing.T) {
	r := read(t, published(t, cbpApril), shipped(t, "cbp-fentanyl-weight"))
	c := Compare(r.Figures, NewKnown(progress.Collection{}, "US", "lb"), false)
	if r.RefusedCount() > 0 || c.RefusedCount() > 0 || c.Added != 767 || r.Rows != 8673 {
		t.Errorf("%d rows, %d added, refused %v %v", r.Rows, c.Added, r.Refused, c.Refused)
	}
	for fy, want := range map[int]string{2023: "27022.85", 2024: "21889.21", 2025: "12027.28"} {
		if got := between(c.Take, fmt.Sprint(fy-1)+"-10-01", fmt.Sprint(fy)+"-10-01").FloatString(2); got != want {
			t.Errorf("fentanyl, FY%d: %s lb, want %s", fy, got, want)
		}
	}
	for _, f := range c.Take {
		if want := map[bool]progress.Status{true: progress.Provisional, false: progress.Final}[f.Start >= 1759276800]; f.Status != want {
			t.Fatalf("%s is %s", f.Key(), f.Status)
		}
	}
	r = read(t, published(t, sesnsp), shipped(t, "sesnsp-homicide"))
	if r.RefusedCount() > 0 || r.Found.Encoding != sheet.Latin1 || len(r.Figures) != 32*4*12*7 {
		t.Errorf("%d figures, %v, %s", len(r.Figures), r.Refused, r.Found.Encoding)
	}
	c = Compare(r.Figures, NewKnown(progress.Collection{}, "MX", "files"), false)
	if got := between(c.Take, "2019-01-01", "2020-01-01").FloatString(2); got != "29482.00" {
		t.Errorf("Homicidio doloso 2019: %s files, want 29,482", got)
	}
}

// The second vintage revises 54 month-cells of region, drug and component, all in October to December 2025, and changes nothing else
// that the first one had. The same file again adds nothing.
func TestVintages(t *testing.T) {
	events := shipped(t, "cbp-drugs-events-by-region")
	first, second := read(t, published(t, cbpDecember), events), read(t, published(t, cbpApril), events)
	a := Compare(first.Figures, NewKnown(progress.Collection{}, "US", "events"), false)
	if a.Added != 1594 || first.Blocked {
		t.Fatalf("the first vintage adds %d, refused %v", a.Added, first.Refused)
	}
	on := reported(t, progress.Collection{}, a.Take)
	again := Compare(first.Figures, NewKnown(on, "US", "events"), false)
	if again.Unchanged != 1594 || len(again.Take) > 0 {
		t.Errorf("the same file again: %d unchanged, %d taken", again.Unchanged, len(again.Take))
	}
	b := Compare(second.Figures, NewKnown(on, "US", "events"), false)
	if b.Revised != 54 || b.Added != 1749-1594 || b.Unchanged != 1594-54 || b.Confirmed != 0 || b.Gone != 0 {
		t.Errorf("the second vintage: %d revised, %d added, %d unchanged, %d confirmed, %d gone", b.Revised, b.Added, b.Unchanged, b.Confirmed, b.Gone)
	}
	for _, f := range b.Take {
		if f.Class == Revised && (progress.Date(f.Start) < "2025-10-01" || progress.Date(f.End) > "2026-01-01" || f.Status != progress.Revised || f.Was == f.Value) {
			t.Errorf("revised: %+v", f)
		}
	}
	on = reported(t, on, a.Take, b.Take)
	if x := Compare(second.Figures, NewKnown(on, "US", "events"), false); len(x.Take) > 0 || x.Unchanged != 1749 {
		t.Errorf("the second vintage again: %d taken", len(x.Take))
	}
	kept := 0
	for _, s := range on.Series {
		for _, p := range s.Points {
			if len(p.Earlier) > 0 {
				kept++
			}
		}
	}
	if kept != 54 {
		t.Errorf("%d figures keep their earlier value beside them", kept)
	}
	weight := shipped(t, "cbp-drugs-weight-by-region")
	w := Compare(read(t, published(t, cbpDecember), weight).Figures, NewKnown(progress.Collection{}, "US", "lb"), false)
	v := Compare(read(t, published(t, cbpApril), weight).Figures, NewKnown(reported(t, progress.Collection{}, w.Take), "US", "lb"), false)
	if v.Revised != 29 {
		t.Errorf("the second vintage revises %d weights, want the 29 of the 54 cells whose weight differs", v.Revised)
	}
}

// BenchmarkRead reads the whole published file, of which every row is mapped.
func BenchmarkRead(b *testing.B) {
	raw, m := published(b, cbpApril), shipped(b, "cbp-fentanyl-weight")
	m.Filters = nil
	rows := 0
	for b.Loop() {
		r := read(b, raw, m)
		c := Compare(r.Figures, NewKnown(progress.Collection{}, "US", "lb"), false)
		rows += len(Tables(c.Take)[0].Rows)
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// The same file saved as a workbook gives the same figures, to the last digit.
func TestWorkbook(t *testing.T) {
	raw, m := published(t, cbpDecember), shipped(t, "cbp-fentanyl-weight")
	want := read(t, raw, m)
	book, err := sheet.Open(bytes.NewReader(raw), int64(len(raw)), sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := book.Sheet("")
	if err != nil {
		t.Fatal(err)
	}
	table := sheet.Table{}
	var rows [][]string
	for row, err := range s.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, c := range row.Cells {
			texts = append(texts, c.Text)
		}
		if rows = append(rows, texts); len(rows) > 3000 {
			break
		}
	}
	for i, name := range rows[0] {
		h := sheet.Heading{Titles: []string{name}}
		if i >= 7 {
			h.Kind = sheet.KindNumber
		}
		table.Headings = append(table.Headings, h)
	}
	table.Rows = func(yield func([]string, error) bool) {
		for _, r := range rows[1:] {
			if !yield(r, nil) {
				return
			}
		}
	}
	var out bytes.Buffer
	if _, err := sheet.WriteXLSX(&out, table, sheet.About{Sheet: "Data", Name: "About", Count: "Rows"}); err != nil {
		t.Fatal(err)
	}
	got := read(t, out.Bytes(), m)
	if len(got.Figures) < 100 || len(got.Refused) > 0 {
		t.Fatalf("%d figures, refused %v", len(got.Figures), got.Refused)
	}
	for i := range got.Figures {
		if a, b := got.Figures[i], want.Figures[i]; a.Key() != b.Key() || !same(a.Value, b.Value) || a.Status != b.Status {
			t.Fatalf("%+v, in the text file %+v", a, b)
		}
	}
}
