package web_test

import (
	"archive/zip"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"entente/api"
	"entente/progress"
)

// Every indicator of the example has one signal: on its page, in the list, in its file, in both sorts of export and from the API,
// which the command line prints.
func TestOneSignalEverywhere(t *testing.T) {
	s := example(t)
	sentence := regexp.MustCompile(`<strong class="govuk-tag govuk-tag--\w+">([^<]*)</strong>`)
	for _, x := range s.sides {
		g, base := x.group(t)
		base = strings.TrimPrefix(base, x.url)
		r := newReader(t, x, "desk", "en")
		get := func(path string) string {
			status, body := r.get(base + path)
			if status != 200 {
				t.Fatalf("%s answers %d", path, status)
			}
			return body
		}
		token, err := x.node.NewToken(t.Context(), "desk", 0)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(api.New(x.node, api.Options{}).Handler(false))
		defer server.Close()
		client := api.NewClient(server.URL, server.Client(), token)

		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(get("/progress/signals.csv"), "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		exported := map[string]string{} // by code and party
		for _, row := range rows[1:] {
			exported[row[0]+" "+row[3]] = row[4]
		}
		inSheet := map[string]string{}
		for _, row := range xlsxRows(t, get("/progress/signals.xlsx")) {
			if len(row) > 4 {
				inSheet[row[0]+" "+row[3]] = row[4]
			}
		}
		list := get("/indicators")
		p, err := x.node.Instruments(t.Context(), who("desk"), g, query("indicator"))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, i := range p.Items {
			id, code := i.State.Instrument, i.State.Fact("code")
			if code == "" {
				continue
			}
			b, err := client.Progress(t.Context(), g, id, progress.Choice{})
			if err != nil {
				t.Fatal(err)
			}
			var results, asFile []progressResult
			if err := json.Unmarshal(b, &results); err != nil || len(results) != 2 {
				t.Fatalf("%s: %d results, %v", code, len(results), err)
			}
			if err := json.Unmarshal([]byte(get("/indicators/"+id.String()+"/signal.json")), &struct {
				Signals *[]progressResult `json:"signals"`
			}{&asFile}); err != nil || len(asFile) != 2 {
				t.Fatalf("%s: %d signals in the file, %v", code, len(asFile), err)
			}
			page := get("/indicators/" + id.String())
			_, tags, _ := strings.Cut(page, `<div class="ent-sides">`)
			_, row, _ := strings.Cut(list, "/indicators/"+id.String()+`"`)
			row, _, _ = strings.Cut(row, "</tr>")
			listed, sections := sentence.FindAllStringSubmatch(row, -1), strings.SplitN(tags, "</section>", 3)
			if len(listed) != 2 || len(sections) != 3 {
				t.Fatalf("%s: %d signals in the list, %d on the page", code, len(listed), len(sections)-1)
			}
			for k, y := range results {
				n++
				if own := sentence.FindStringSubmatch(sections[k]); asFile[k] != y || own == nil || own[1] != inEnglish[y.Word] || listed[k][1] != own[1] {
					t.Errorf("%s of %s: API %+v, file %+v, page %q, list %q", code, y.Party, y, asFile[k], own, listed[k][1])
				}
				want := ""
				if i.State.InForce() != nil {
					want = y.Word
				}
				if key := code + " " + y.Party; exported[key] != want || inSheet[key] != want {
					t.Errorf("%s: API %s, CSV %q, spreadsheet %q", key, y.Word, exported[key], inSheet[key])
				}
			}
		}
		if n < 10 {
			t.Errorf("%s: %d signals were held against each other", x.id, n)
		}
	}
}

type progressResult struct {
	Party, Word, Why, Would string
}

var inEnglish = map[string]string{"met": "Target met", "on-track": "On track", "at-risk": "At risk", "off-track": "Off track", "no-data": "No figures", "late-data": "Late figures", "contested": "Contested",
	"too-few": "Too few figures", "not-judged": "Not judged"}

// xlsxRows are the texts of the cells of the sheets of a spreadsheet, row by row.
func xlsxRows(t *testing.T, body string) (out [][]string) {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, "xl/worksheets/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var sheet struct {
			Rows []struct {
				Cells []struct {
					Text  string `xml:"is>t"`
					Value string `xml:"v"`
				} `xml:"c"`
			} `xml:"sheetData>row"`
		}
		if err := xml.NewDecoder(r).Decode(&sheet); err != nil {
			t.Fatal(err)
		}
		for _, x := range sheet.Rows {
			var row []string
			for _, c := range x.Cells {
				row = append(row, c.Text+c.Value)
			}
			out = append(out, row)
		}
	}
	return out
}
