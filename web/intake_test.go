package web_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/node"
	"entente/record"
)

// measure finds an indicator of the example by its code.
func (x *side) measure(t *testing.T, code string) record.ID {
	t.Helper()
	list, err := x.node.Instruments(t.Context(), who("desk"), x.security(t).ID, query("indicator"))
	must(t, err)
	i := slices.IndexFunc(list.Items, func(l node.Listed) bool { return l.State.Fact("code") == code })
	if i < 0 {
		t.Fatalf("no indicator %s", code)
	}
	return list.Items[i].State.Instrument
}

// agencyFile is a file in CBP's form.
func agencyFile(rows ...string) []byte {
	return []byte("FY,Month (abbv),Component,Region,Land Filter,Area of Responsibility,Drug Type,Count of Event,Sum Qty (lbs)\n" + strings.Join(rows, "\n") + "\n")
}

func seizure(fy, month, drug, events, lbs string) string {
	return fy + "," + month + ",U.S. Border Patrol,Southwest Border,Land Only,YUMA SECTOR," + drug + "," + events + "," + lbs
}

// A file is read with its rows refused one by one, nothing is taken before it is confirmed, and the same file again adds nothing.
func TestFiguresFromAFile(t *testing.T) {
	x := example(t).sides["US"]
	r, slug, id := newReader(t, x, "desk", "en"), x.slug(t), x.measure(t, "fentanyl-seizure-events")
	says := func(status, want int, page string, words ...string) {
		t.Helper()
		if status != want {
			t.Fatalf("answers %d: %.2000s", status, page)
		}
		for _, w := range words {
			if !strings.Contains(page, w) {
				t.Errorf("the page does not say %q: %.1500s", w, page[strings.Index(page, "<main"):])
			}
		}
	}
	status, page := r.get(slug + "/indicators/" + id.String())
	says(status, 200, page, `/figures?indicator=`+id.String(), "From an agency&#39;s file")
	status, page = r.get(slug + "/figures?indicator=" + id.String())
	says(status, 200, page, "cbp-fentanyl-events", "20")
	upload := func(content []byte, mapping string) (int, string) {
		t.Helper()
		return r.send(slug+"/figures", "file", content, map[string]string{"indicator": id.String(), "mapping": mapping, "vintage": "May 2026"})
	}
	file := agencyFile(seizure("2021", "OCT", "Fentanyl", "7", "1.5"), seizure("2021", "NOV", "Fentanyl", "many", "1.5"), seizure("2021", "DEC", "Fentanyl", "-3", "1"),
		seizure("2021", "JAN", "Fentanyl", "2.5", "1"), seizure("2021", "OCT", "Fentanyl", "8", "1"), seizure("2021", "FEB", "Heroin", "1", "1"), seizure("2091", "FEB", "Fentanyl", "1", "1"), seizure("2021", "MAR", "Fentanyl", `"1,024"`, "1"))
	status, page = upload(file, "cbp-fentanyl-events")
	says(status, 200, page, "2 figures are new", "5 cells or rows are refused", "is not a number", "is below zero", "has a fraction", "stands in an earlier row too", "is of a period that has not begun", "H3", "Take the rest without them", "1 row: Drug Type is “Heroin”")
	before := len(x.drafts(t))
	status, page = r.post(slug+"/figures/preview", url.Values{"source": {"CBP"}, "audience": {"usual"}})
	says(status, 422, page, "Choose one of the answers")
	if len(x.drafts(t)) != before {
		t.Error("something was taken before it was confirmed")
	}
	status, page = r.post(slug+"/figures/preview", url.Values{"source": {"CBP"}, "vintage": {"May 2026"}, "audience": {"usual"}, "rest": {"take"}})
	says(status, 200, page, "The figures wait as a draft", "October 2020", "US-CBP-YUMA-SECTOR", "May 2026", "Fentanyl;USBP;Southwest Border;Land Only")
	ds := x.drafts(t)
	if len(ds) != before+1 {
		t.Fatal("no draft was made")
	}
	for _, d := range ds {
		if d.Header.Kind == "observation" {
			t.Cleanup(func() { must(t, x.node.Drop(context.Background(), who("desk"), d.Nonce)) })
		}
	}
	status, page = upload(file, "cbp-fentanyl-events")
	says(status, 200, page, "2 figures wait in drafts already", "No row of the file can be taken")

	// The mapping goes with what colleagues keep, is handed on as a file, and comes in from one.
	status, page = r.post(slug+"/figures/keep", url.Values{"name": {"cbp-fentanyl-events"}})
	says(status, 422, page, "comes with the program")
	status, page = r.post(slug+"/figures/keep", url.Values{"name": {"yuma-events"}})
	says(status, 200, page, "kept for your colleagues")
	status, mapping := r.get(slug + "/figures/mappings/yuma-events")
	says(status, 200, mapping, `"fiscal_from": 10`)
	for _, office := range []string{"auditor"} {
		if status, page := newReader(t, x, office, "es").get(slug + "/figures/mappings"); status != 200 || !strings.Contains(page, "yuma-events") {
			t.Errorf("%s does not find the mapping: %d", office, status)
		}
	}
	if _, page := newReader(t, example(t).sides["MX"], "desk", "es").get(slug + "/figures/mappings"); strings.Contains(page, "yuma-events") {
		t.Error("the other side sees the mapping")
	}
	status, page = r.send(slug+"/figures/mappings", "mapping", []byte(mapping), map[string]string{"name": "yuma-again"})
	says(status, 200, page, "yuma-again")
	status, page = r.send(slug+"/figures/mappings", "mapping", []byte(`{"v":1,"columns":[],"evil":1}`), nil)
	says(status, 422, page, "makes no figures")
	for _, name := range []string{"yuma-events", "yuma-again"} {
		status, page = r.post(slug+"/figures/mappings/"+name+"/drop", nil)
		says(status, 200, page, "no longer kept")
	}
}

func (x *side) drafts(t *testing.T) []*node.Draft {
	t.Helper()
	ds, err := x.node.Drafts(t.Context(), who("desk"), x.security(t).ID)
	must(t, err)
	return ds
}

// bomb is a workbook whose sheet unpacks to a thousand times its size.
func bomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range []struct{ name, text string }{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="r"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
	} {
		w, err := z.Create(f.name)
		must(t, err)
		_, err = io.WriteString(w, f.text)
		must(t, err)
	}
	w, err := z.Create("xl/worksheets/sheet1.xml")
	must(t, err)
	_, err = io.WriteString(w, `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	must(t, err)
	row := []byte(strings.Repeat("<row/>", 1<<17))
	for range 60 {
		_, err = w.Write(row)
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

// zeros is a file of so many bytes that nobody holds.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	n := min(int64(len(p)), z.left)
	if z.left -= n; n == 0 {
		return 0, io.EOF
	}
	for i := range p[:n] {
		p[i] = '0'
	}
	return int(n), nil
}

// What is no table, or too large, is refused with its reason; the page stays a page.
func TestHostileFiguresFiles(t *testing.T) {
	x := example(t).sides["US"]
	r, slug, id := newReader(t, x, "line-lead-arms", "en"), x.slug(t), x.measure(t, "fentanyl-seizure-events")
	before := len(x.drafts(t))
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"empty": {nil, "Choose a file"}, "pdf": {[]byte("%PDF-1.7\n"), "no spreadsheet"}, "page": {[]byte("<html><table>"), "no spreadsheet"}, "old Excel": {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "old Excel"},
		"cut zip": {[]byte("PK\x03\x04rest"), "damaged"}, "bomb": {bomb(t), "larger than a table can be"},
		"other columns": {[]byte("a,b\n1,2\n"), "does not have the columns"}, "shifted header": {[]byte("Nationwide\n,,\n1,2,3\n"), "ead"},
		"other separator": {bytes.ReplaceAll(agencyFile(seizure("2021", "OCT", "Fentanyl", "7", "1.5")), []byte(","), []byte(";")), "1 figure is new"},
		"UTF-16":          {utf16le(string(agencyFile(seizure("2021", "OCT", "Fentanyl", "7", "1.5")))), "1 figure is new"},
		"formula":         {agencyFile(seizure("2021", "OCT", "Fentanyl", "=1+1", "1")), "is not a number"},
		"script":          {agencyFile(seizure("2021", "OCT", "Fentanyl", "<script>alert(1)</script>", "1")), "&lt;script&gt;"},
		"open quote":      {agencyFile(`"2021,OCT`, seizure("2021", "OCT", "Fentanyl", "7", "1.5")), "quot"},
		"21 MB":           {bytes.Repeat([]byte("x"), node.MaxFigureFile+1), "at most 20 MB"},
	} {
		status, page := r.send(slug+"/figures", "file", c.content, map[string]string{"indicator": id.String(), "mapping": "cbp-fentanyl-events"})
		if name == "empty" {
			status, page = r.post(slug+"/figures", url.Values{"indicator": {id.String()}, "mapping": {"cbp-fentanyl-events"}})
		}
		if status != http.StatusOK && status != http.StatusUnprocessableEntity || !strings.Contains(page, c.want) || strings.Contains(page, "<script>alert") {
			t.Errorf("%s: %d, without %q: %.1200s", name, status, c.want, page[max(0, strings.Index(page, "<main")):])
		}
	}
	// 200 MB are heard to the end and refused with the bound.
	head := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"large.csv\"\r\n\r\n"
	body := io.MultiReader(strings.NewReader(head), &zeros{200 << 20}, strings.NewReader("\r\n--b--\r\n"))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, x.url+slug+"/figures", body)
	must(t, err)
	req.ContentLength = int64(len(head)) + 200<<20 + 9
	req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	res, err := r.http.Do(req)
	status, page := r.read(res, err)
	if status != http.StatusUnprocessableEntity || !strings.Contains(page, "Choose a file of at most 20 MB") {
		t.Errorf("200 MB: %d %.2000s", status, page)
	}
	if len(x.drafts(t)) != before {
		t.Error("a hostile file became a draft")
	}
	if status, _ := newReader(t, x, "auditor", "en").get(slug + "/figures/preview"); status != http.StatusOK {
		t.Errorf("an office without a file: %d", status)
	}
}

func utf16le(s string) []byte {
	b := []byte{0xff, 0xfe}
	for _, c := range []byte(s) {
		b = append(b, c, 0)
	}
	return b
}

// A file of no known form is read by a mapping that is made on its page, without code; what cannot be read leads back to it.
func TestAMappingIsMade(t *testing.T) {
	x := example(t).sides["MX"]
	r, slug, id := newReader(t, x, "desk", "es"), x.slug(t), x.measure(t, "illegal-taps")
	upload := func(content, mapping string) (int, string) {
		t.Helper()
		return r.send(slug+"/figures", "file", []byte(content), map[string]string{"indicator": id.String(), "mapping": mapping})
	}
	file := "Tomas clandestinas;;;\nEntidad;Concepto;ene-2011;feb-2011\nHidalgo;tomas;1.234;n/d\nPuebla;tomas;7;x\nTotal;tomas;1.241;\nHidalgo;otras;1;2\n"
	status, page := upload(file, "new")
	if status != http.StatusOK || !strings.Contains(page, "Cómo se lee el archivo") || !strings.Contains(page, `<option value="A" selected>A  Entidad`) || !strings.Contains(page, `name="header" value="2"`) {
		t.Fatalf("%d %.3000s", status, page)
	}
	form := url.Values{"header": {"2"}, "shown-header": {"2"}, "sheet": {""}, "shown-sheet": {""}, "melt.from": {"C"}, "melt.to": {"D"}, "unit": {"taps"}, "col.area": {"A"}, "areas": {"mx"}, "col.part1": {"B"},
		"standing": {"provisional"}, "filter.1": {"B"}, "filter-in.1": {"tomas\n"}, "skip.col": {"A"}, "skip.starts": {"Total"}, "mark": {"comma"}, "source": {"Pemex"}}
	without := url.Values{}
	for k, v := range form {
		if k != "melt.to" {
			without[k] = v
		}
	}
	if status, page = r.post(slug+"/figures/map", without); status != http.StatusUnprocessableEntity || !strings.Contains(page, "Elija la primera y la última") {
		t.Errorf("half a range: %d", status)
	}
	status, page = r.post(slug+"/figures/map", form)
	for _, w := range []string{"3 cifras son nuevas", "1 celda o renglón se rechaza", "no es un número", "1,234", "MX-HID", "enero de 2011", "1 de ellas dice que no hay dato", "1 renglón: Concepto es «otras»", "«Total»"} {
		if status != http.StatusOK || !strings.Contains(page, w) {
			t.Errorf("%d, without %q: %.2000s", status, w, page[max(0, strings.Index(page, "<main")):])
		}
	}
	if status, _ = r.post(slug+"/figures/keep", url.Values{"name": {"pemex-tomas"}}); status != http.StatusOK {
		t.Fatalf("keeping it: %d", status)
	}
	t.Cleanup(func() {
		must(t, x.node.DropMapping(context.Background(), who("desk"), x.security(t).ID, "pemex-tomas"))
	})
	if status, page = upload(file, "pemex-tomas"); status != http.StatusOK || !strings.Contains(page, "3 cifras son nuevas") {
		t.Errorf("with the mapping that was kept: %d", status)
	}
	if status, page = upload("a;b\n1;2\n", "pemex-tomas"); status != http.StatusUnprocessableEntity || !strings.Contains(page, "Cómo se lee el archivo") {
		t.Errorf("on another file: %d", status)
	}
	form.Set("unit", "kg")
	_, _ = upload(file, "new")
	if status, page = r.post(slug+"/figures/map", form); status != http.StatusUnprocessableEntity || !strings.Contains(page, "mide algo distinto de kg") {
		t.Errorf("a unit of something else: %d %.1500s", status, page[max(0, strings.Index(page, "<main")):])
	}
}
