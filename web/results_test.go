package web_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"slices"
	"strings"
	"testing"
)

// The minister's sheet, the pictures side by side and the results report say what the figures and the people say.
func TestProgressPages(t *testing.T) {
	s := example(t)
	for _, lang := range []string{"en", "es"} {
		x := s.sides["MX"]
		_, base := x.group(t)
		r := newReader(t, x, "desk", lang)
		base = strings.TrimPrefix(base, x.url)
		for path, wants := range map[string][]string{
			"/minister":        {map[string]string{"en": "Status of the outcome", "es": "Situación del resultado"}[lang], map[string]string{"en": "At risk", "es": "En riesgo"}[lang]},
			"/minister/drugs":  {`class="chart small"`, map[string]string{"en": "Status by the co-chairs", "es": "Situación según los copresidentes"}[lang]},
			"/multiples":       {`class="chart small"`, "18,000"},
			"/multiples/drugs": {`class="chart small"`},
			"/results/drugs":   {`class="chart small"`, map[string]string{"en": "Measure outcomes, not activity", "es": "Medir resultados, no actividad"}[lang]},
			"/results/fuel":    {map[string]string{"en": "Overdue", "es": "Vencidos"}[lang]},
		} {
			status, page := r.get(base + path)
			if status != 200 || len(page) > 150_000 {
				t.Errorf("%s answers %d with %d bytes", path, status, len(page))
			}
			for _, w := range wants {
				if !strings.Contains(page, w) {
					t.Errorf("%s does not say %q", path, w)
				}
			}
		}
	}
}

// The files hold what the reader may see, in the forms that their formats prescribe.
func TestProgressFiles(t *testing.T) {
	s := example(t)
	x := s.sides["US"]
	_, base := x.group(t)
	r := newReader(t, x, "desk", "en")
	base = strings.TrimPrefix(base, x.url) + "/progress/"
	status, body := r.file(base + "figures-sdmx.csv?indicator=homicide-files")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || status != 200 || len(rows) < 100 || strings.Join(rows[0][:3], ",") != "STRUCTURE,STRUCTURE_ID,ACTION" {
		t.Fatalf("SDMX-CSV: %d, %d rows, %v", status, len(rows), err)
	}
	for _, row := range rows[1:] {
		if row[0] != "dataflow" || row[2] != "I" || slices.Contains(row[3:10], "") || (row[10] == "") != (row[11] == "O") {
			t.Fatalf("SDMX-CSV: %v", row)
		}
	}
	if status, body := r.file(base + "figures.csv?line=arms"); status != 200 || !strings.Contains(body, "firearms-seized") || strings.Contains(body, "homicide-victims") {
		t.Errorf("CSV of a line answers %d with %d bytes", status, len(body))
	}
	status, body = r.file(base + "figures.xlsx?line=arms")
	if _, err := zip.NewReader(strings.NewReader(body), int64(len(body))); err != nil || status != 200 {
		t.Errorf("XLSX: %d, %v", status, err)
	}
	status, body = r.file(base + "results.xml")
	if status != 200 {
		t.Fatalf("IATI answers %d", status)
	}
	iatiOrder(t, []byte(body))
	if status, _ := r.file(base + "other.xml"); status != 404 {
		t.Errorf("a file that is none answers %d", status)
	}
}

func (r *reader) file(path string) (int, string) {
	r.t.Helper()
	return r.get(path)
}

// iatiOrder holds a file to the sequences of the IATI 2.03 schema, as far as results need them, and to its required attributes.
func iatiOrder(t *testing.T, b []byte) {
	t.Helper()
	sequences := map[string][]string{
		"iati-activities": {"iati-activity"},
		"iati-activity":   {"iati-identifier", "reporting-org", "title", "description", "participating-org", "activity-status", "activity-date", "result"},
		"result":          {"title", "description", "document-link", "reference", "indicator"},
		"indicator":       {"title", "description", "document-link", "reference", "baseline", "period"},
		"period":          {"period-start", "period-end", "target", "actual"},
		"actual":          {"location", "dimension", "comment"}, "target": {"location", "dimension", "comment"},
	}
	required := map[string][]string{"iati-activities": {"version"}, "reporting-org": {"ref", "type"}, "participating-org": {"role"}, "activity-status": {"code"}, "activity-date": {"iso-date", "type"},
		"result": {"type"}, "indicator": {"measure"}, "baseline": {"year"}, "period-start": {"iso-date"}, "period-end": {"iso-date"}, "dimension": {"name", "value"}, "reference": {"vocabulary", "code"}}
	needs := map[string][]string{"iati-activity": {"iati-identifier", "reporting-org", "title", "description", "participating-org", "activity-status", "activity-date"}, "result": {"title", "indicator"}, "indicator": {"title"}, "period": {"period-start", "period-end"},
		"title": {"narrative"}, "description": {"narrative"}, "reporting-org": {"narrative"}}
	type open struct {
		name string
		at   int
		seen []string
	}
	var stack []*open
	count := map[string]int{}
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		token, err := d.Token()
		if token == nil {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			name := x.Name.Local
			count[name]++
			for _, a := range required[name] {
				if !slices.ContainsFunc(x.Attr, func(y xml.Attr) bool { return y.Name.Local == a && y.Value != "" }) {
					t.Fatalf("<%s> has no %s", name, a)
				}
			}
			if n := len(stack); n > 0 {
				p := stack[n-1]
				p.seen = append(p.seen, name)
				if seq := sequences[p.name]; seq != nil {
					i := slices.Index(seq, name)
					if i < p.at {
						t.Fatalf("<%s> stands out of order in <%s>, after %v", name, p.name, p.seen)
					}
					p.at = i
				}
			}
			stack = append(stack, &open{name: name})
		case xml.EndElement:
			p := stack[len(stack)-1]
			for _, n := range needs[p.name] {
				if !slices.Contains(p.seen, n) {
					t.Fatalf("<%s> has no <%s>: %v", p.name, n, p.seen)
				}
			}
			stack = stack[:len(stack)-1]
		}
	}
	if count["iati-activity"] != 4 || count["indicator"] < 10 || count["actual"] < 50 || count["target"] < 3 || count["baseline"] < 3 {
		t.Errorf("the file holds %v", count)
	}
}
