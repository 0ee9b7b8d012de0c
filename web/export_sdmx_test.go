package web_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entente/word"
)

// The structure that is offered beside the SDMX-CSV names every column, and every code in it.
func TestTheStructureReadsTheFigures(t *testing.T) {
	s := example(t)
	x := s.sides["MX"]
	_, base := x.group(t)
	r := newReader(t, x, "desk", "es")
	base = strings.TrimPrefix(base, x.url) + "/progress/"
	_, body := r.file(base + "figures-sdmx.csv")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(rows) < 100 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	status, body := r.file(base + "figures-sdmx.json")
	type component struct {
		ID      string `json:"id"`
		Concept string `json:"conceptIdentity"`
		Local   struct {
			Enumeration string `json:"enumeration"`
		} `json:"localRepresentation"`
	}
	type item struct {
		ID    string            `json:"id"`
		Names map[string]string `json:"names"`
	}
	var m struct {
		Data struct {
			Structures []struct {
				ID         string `json:"id"`
				Components struct {
					Dimensions struct {
						List []component `json:"dimensions"`
						Time component   `json:"timeDimension"`
					} `json:"dimensionList"`
					Measures struct {
						List []component `json:"measures"`
					} `json:"measureList"`
					Attributes struct {
						List []component `json:"attributes"`
					} `json:"attributeList"`
				} `json:"dataStructureComponents"`
			} `json:"dataStructures"`
			Concepts []struct {
				Concepts []item `json:"concepts"`
			} `json:"conceptSchemes"`
			Codelists []struct {
				ID    string `json:"id"`
				Codes []item `json:"codes"`
			} `json:"codelists"`
			Dataflows []struct {
				ID        string `json:"id"`
				Structure string `json:"structure"`
			} `json:"dataflows"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil || status != 200 || len(m.Data.Structures) != 1 || len(m.Data.Dataflows) != 1 || len(m.Data.Concepts) != 1 {
		t.Fatalf("the structure answers %d, %v", status, err)
	}
	if dir := os.Getenv("ENTENTE_KEEP"); dir != "" { // to hold them to the published schemas by hand
		_, iati := r.file(base + "results.xml")
		for name, b := range map[string]string{"structure.json": body, "results.xml": iati} {
			if err := os.WriteFile(dir+"/"+name, []byte(b), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := m.Data.Structures[0].Components
	all := slices.Concat(c.Dimensions.List, []component{c.Dimensions.Time}, c.Measures.List, c.Attributes.List)
	if len(all) != len(rows[0])-3 {
		t.Errorf("%d components for %d columns", len(all), len(rows[0])-3)
	}
	id := regexp.MustCompile(`^[A-Za-z0-9_@$-]+$`)
	for i, x := range all {
		if rows[0][i+3] != x.ID || !strings.HasSuffix(x.Concept, "."+x.ID) || !slices.ContainsFunc(m.Data.Concepts[0].Concepts, func(y item) bool { return y.ID == x.ID && y.Names["es"] != "" && y.Names["en"] != "" }) {
			t.Errorf("column %s is component %+v", rows[0][i+3], x)
		}
		_, of, _ := strings.Cut(x.Local.Enumeration, "=")
		codes := map[string]bool{}
		for _, l := range m.Data.Codelists {
			if of == "ENTENTE:"+l.ID+"(1.0)" {
				for _, y := range l.Codes {
					if codes[y.ID] = true; !id.MatchString(y.ID) || strings.HasPrefix(y.Names["es"], "[[") {
						t.Errorf("%s has the code %+v", l.ID, y)
					}
				}
			}
		}
		if x.Local.Enumeration == "" {
			continue
		}
		if len(codes) == 0 {
			t.Errorf("%s has no codes", x.ID)
		}
		for _, row := range rows[1:] {
			if v := row[i+3]; v != "" && !codes[v] {
				t.Fatalf("%s: the structure does not know %q", x.ID, v)
			}
		}
	}
}

// The report for Word says in both languages what the page says, and carries the mark of its reader.
func TestTheResultsForWord(t *testing.T) {
	s := example(t)
	x := s.sides["MX"]
	_, base := x.group(t)
	r := newReader(t, x, "desk", "es")
	status, body := r.file(strings.TrimPrefix(base, x.url) + "/results/drugs/word")
	back, err := word.Read(bytes.NewReader([]byte(body)), int64(len(body)))
	if err != nil || status != 200 {
		t.Fatalf("it answers %d, %v", status, err)
	}
	var text [2]string
	for _, row := range back.Rows {
		for i := range text {
			text[i] += strings.Join(row.Paragraphs[i], "\n") + "\n"
		}
	}
	for i, wants := range [2][]string{{"Medir resultados, no actividad", "México: ", "Meta: "}, {"Measure outcomes, not activity", "Mexico: ", "Target: "}} {
		for _, w := range wants {
			if !strings.Contains(text[i], w) {
				t.Errorf("column %d does not say %q: %.600s", i, w, text[i])
			}
		}
	}
	if status, _ := r.file(strings.TrimPrefix(base, x.url) + "/results/nowhere/word"); status != 404 {
		t.Errorf("a line that is none answers %d", status)
	}
	if dir := os.Getenv("ENTENTE_KEEP"); dir != "" {
		if err := os.WriteFile(dir+"/results.docx", []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
