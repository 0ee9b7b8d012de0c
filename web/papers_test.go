package web_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"entente"
	"entente/sheet"
)

// plan is an action plan as ministries keep them: a title page, a header, real dates, and rows that cannot all be taken.
func plan(t *testing.T, rows int, more ...[]string) []byte {
	t.Helper()
	head := []sheet.Heading{{Titles: []string{"Compromiso"}}, {Titles: []string{"Commitment"}}, {Titles: []string{"Descripción"}}, {Titles: []string{"Description"}},
		{Titles: []string{"Responsable"}}, {Titles: []string{"Fecha límite"}, Kind: sheet.KindDate}, {Titles: []string{"Línea de acción"}}, {Titles: []string{"Presupuesto"}, Kind: sheet.KindNumber}}
	var out bytes.Buffer
	_, err := sheet.WriteXLSX(&out, sheet.Table{Headings: head, Rows: func(yield func([]string, error) bool) {
		for i := 1; i <= rows; i++ {
			owner := map[bool]string{true: "México", false: "United States"}[i%2 == 0]
			if !yield([]string{fmt.Sprintf("Acción número %d del plan", i), fmt.Sprintf("Action number %d of the plan", i), "Se entrega un informe.", "A report is handed over.",
				owner, fmt.Sprintf("2032-%02d-%02d", i%12+1, i%28+1), "arms", "1500.5"}, nil) {
				return
			}
		}
		for _, row := range more {
			if !yield(row, nil) {
				return
			}
		}
	}}, sheet.About{Sheet: "Plan", Name: "About", Count: "Rows"})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func written(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// download is what a link of the page gives.
func (b *tab) download(selector string) []byte {
	b.t.Helper()
	s := evaluate[string](b, `fetch(document.querySelector(`+quote(selector)+`).href).then(r => r.blob()).then(f => new Promise(done => { const d = new FileReader(); d.onload = () => done(d.result); d.readAsDataURL(f); }))`,
		chromedp.EvalAwaitPromise)
	_, data, _ := strings.Cut(s, ",")
	out, err := base64.StdEncoding.DecodeString(data)
	b.ok(err)
	return out
}

// A plan of a hundred rows is mapped, looked at, made into drafts, signed together, and arrives; then it is exported and read back.
func TestPlanIsImportedAndExported(t *testing.T) {
	s := example(t)
	a, b := s.sides["MX"], s.sides["US"]
	g, group := a.group(t)
	mx := newTab(t)
	mx.signIn(a, minister["MX"], "es")
	file := written(t, "Plan de acción.xlsx", plan(t, 100, []string{"Sin responsable", "Nobody's", "x", "x", "Nadie", "2032-01-01", "arms", ""},
		[]string{"Sin fecha", "Undated", "x", "x", "México", "pronto", "arms", ""}, []string{"Acción número 7 del plan", "Action number 7 of the plan", "x", "x", "México", "2032-01-01", "arms", ""}))
	mx.open(group + "/commitments")
	mx.press("main a[href$='/import']")
	mx.upload("file", file)
	mx.press("main form button.govuk-button")
	for name, want := range map[string]string{"col.title.es": "A", "col.title.en": "B", "col.body.es": "C", "col.body.en": "D", "col.owner": "E", "col.due": "F", "col.line": "G", "col.budget": "H", "col.verifier": ""} {
		if got := mx.value(name); got != want {
			t.Errorf("the page suggests column %q for %s, want %q", got, name, want)
		}
	}
	mx.accessible()
	mx.shot("import-map")
	mx.press("main form button.govuk-button")
	mx.says("Se rechazan 102 renglones") // a budget without its currency
	mx.press("main a[href$='/import/map']")
	mx.fill(map[string]string{"same.currency": "mxn"})
	mx.press("main form button.govuk-button")
	mx.says("Se pueden tomar 100 renglones", "Se rechazan dos renglones", "E102", "Nadie", "F103", "pronto", "no es una fecha", "el mismo título que la línea 8", "Un renglón tiene un título que ya existe")
	mx.accessible()
	mx.shot("import-preview")
	before, err := b.node.Count(t.Context(), who(minister["US"]), g, query("commitment"))
	if err != nil {
		t.Fatal(err)
	}
	mx.press("main form button.govuk-button")
	mx.says("Se crearon 100 borradores", "Acción número 100 del plan")
	mx.accessible()
	mx.shot("import-drafts")
	for range 4 {
		mx.press("main .ent-actions a.govuk-button")
		mx.says("Se entrega un informe.")
		mx.sign(a, minister["MX"], 1)
	}
	if left := mx.text("main"); strings.Contains(left, "del plan") {
		t.Errorf("drafts were not signed: %.600s", left)
	}
	eventually(t, b.node, func() bool {
		n, err := b.node.Count(t.Context(), who(minister["US"]), g, query("commitment"))
		return err == nil && n.N == before.N+100
	})

	mx.open(group + "/commitments")
	content := mx.download("main a[href*='format=xlsx']")
	book, err := sheet.Open(bytes.NewReader(content), int64(len(content)), sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, info := range book.Sheets {
		x, err := book.Sheet(info.Name)
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range x.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			var cells []string
			for _, c := range row.Cells {
				cells = append(cells, c.Text+c.Date)
			}
			found[row.At(0).Text] = strings.Join(cells, " | ")
		}
	}
	if got := found["Acción número 3 del plan"]; !strings.Contains(got, "Action number 3 of the plan") || !strings.Contains(got, "2032-04-04") || !strings.Contains(got, "Estados Unidos · United States") || !strings.Contains(got, "1500.5") {
		t.Errorf("the row is %q", got)
	}
	if got := found["Copia · Copy"]; !strings.Contains(got, "UTC") {
		t.Errorf("the file does not say who took it: %q", got)
	}
	csv := string(mx.download("main a[href*='format=csv']"))
	if n := strings.Count(csv, "Acción número"); n != 100 {
		t.Errorf("the CSV has %d of the rows", n)
	}
	log, err := a.node.Access(t.Context(), who("auditor"), 0, 20)
	if err != nil {
		t.Fatal(err)
	}
	exported := 0
	for _, x := range log {
		if e, ok := x.Terms.(*entente.Access); ok && e.Via == "export" {
			exported++
		}
	}
	if exported < 2 {
		t.Errorf("%d exports stand in the access log", exported)
	}
}

// tracks marks words of a Word file as its tracking of changes does, and puts a comment in.
func tracks(t *testing.T, docx []byte, old, from, to string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(docx), int64(len(docx)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == "word/document.xml" {
			before, after, ok := strings.Cut(old, from)
			run := func(s string) string { return `<w:r><w:t xml:space="preserve">` + s + `</w:t></w:r>` }
			was := run(old)
			if !ok || strings.Count(string(b), was) != 1 {
				t.Fatalf("the file does not say %q once", old)
			}
			b = []byte(strings.Replace(string(b), was, run(before)+`<w:del w:id="1" w:author="Legal office" w:date="2026-01-01T00:00:00Z"><w:r><w:delText xml:space="preserve">`+from+
				`</w:delText></w:r></w:del><w:ins w:id="2" w:author="Legal office" w:date="2026-01-01T00:00:00Z">`+run(to)+`</w:ins>`+run(after), 1))
		}
		w, err := z.Create(f.Name)
		if err == nil {
			_, err = w.Write(b)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A text goes out as a Word file and comes back with a tracked change: it shows, and begins a counter-proposal.
func TestWordFileComesBack(t *testing.T) {
	s := example(t)
	mx := newTab(t)
	mx.signIn(s.sides["MX"], minister["MX"], "es")
	id := propose(t, s, mx, "A text that goes round in Word")
	mx.open(s.sides["MX"].page(t, id))
	docx := mx.download("main a[href$='/word']")
	mx.press("main a[href$='/returned']")
	mx.upload("file", written(t, "no.docx", []byte("no")))
	mx.press("main form button.govuk-button")
	mx.says("Hay datos por corregir", "No es un archivo de Word")
	mx.upload("file", written(t, "Texto.docx", tracks(t, docx, "Requests are answered within ten days.", "ten", "twenty")))
	mx.press("main form button.govuk-button")
	mx.says("Qué cambió en el archivo", "1 agregados, 1 quitados")
	if ins, del := mx.text("section[lang=en-US] ins"), mx.text("section[lang=en-US] del"); !strings.Contains(ins, "twenty") || !strings.Contains(del, "ten") {
		t.Errorf("put in %q, left out %q", ins, del)
	}
	if n := evaluate[int](mx, `document.querySelectorAll("section[lang=es-MX] ins, section[lang=es-MX] del").length`); n != 0 {
		t.Errorf("%d changes in Spanish, where nothing was changed", n)
	}
	mx.accessible()
	mx.shot("redline")
	mx.press("main a[href*='returned=1']")
	if got := mx.value("body.en"); got != "Requests are answered within twenty days." {
		t.Errorf("the form begins with %q", got)
	}
	if got := mx.value("body.es"); got != "Las solicitudes se responden en diez días." {
		t.Errorf("the form begins with %q", got)
	}
	if got := mx.value("done.en"); got != "each request has an answer." {
		t.Errorf("what done means begins with %q", got)
	}
	mx.press("main form button.govuk-button")
	mx.says("Requests are answered within twenty days.", "Quién tendrá copia")
}

// send uploads a file in a form of several parts.
func (r *reader) send(path, field string, content []byte, values map[string]string) (int, string) {
	r.t.Helper()
	form := url.Values{}
	for k, v := range values {
		form.Set(k, v)
	}
	return r.sendAs(path, field, "file", content, form)
}

// sendAs uploads a file under a name.
func (r *reader) sendAs(path, field, name string, content []byte, form url.Values) (int, string) {
	r.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, vs := range form {
		for _, v := range vs {
			if err := w.WriteField(k, v); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	part, err := w.CreateFormFile(field, name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		r.t.Fatal(err)
	}
	res, err := r.http.Post(r.side.url+path, w.FormDataContentType(), &b)
	return r.read(res, err)
}

// What cannot be read is refused with its place and its reason, and nothing of it is taken.
func TestBadSpreadsheets(t *testing.T) {
	s := example(t)
	x := s.sides["US"]
	g, group := x.group(t)
	group = strings.TrimPrefix(group, x.url)
	r := newReader(t, x, minister["US"], "en")
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	for _, name := range []string{"[Content_Types].xml", "xl/workbook.xml"} {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(bytes.Repeat([]byte(" "), 20<<20))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		content []byte
		values  map[string]string
		says    string
	}{
		{"empty", nil, nil, "There is nothing in the file"},
		{"pdf", []byte("%PDF-1.7\n"), nil, "This is no spreadsheet"},
		{"old excel", append([]byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}, make([]byte, 600)...), nil, "An old Excel file"},
		{"bomb", bomb.Bytes(), nil, "The table is too large"},
		{"open quote", []byte("Title,Due\nA,2030-01-01\n\"B,2030-01-01\n"), nil, "Line 3: A quotation mark is not closed"},
		{"encoding", []byte("T\xedtulo,Fecha\n\xe1,2030-01-01\n"), map[string]string{"encoding": "utf-8"}, "not in the encoding that was stated"},
		{"long", []byte("Title,Due\n" + strings.Repeat("A,2030-01-01\n", 700)), nil, "at most 500 rows"},
		{"large", bytes.Repeat([]byte("A,B\n"), 3<<20), nil, "Choose a file of at most"},
	} {
		if status, page := r.send(group+"/import", "file", c.content, c.values); status != http.StatusUnprocessableEntity || !strings.Contains(page, c.says) {
			t.Errorf("%s: %d, it does not say %q: %.600s", c.name, status, c.says, page[max(strings.Index(page, "<main"), 0):])
		}
		if status, page := r.get(group + "/import/map"); status != http.StatusOK || !strings.Contains(page, "no longer kept") {
			t.Errorf("%s: something was kept: %d", c.name, status)
		}
	}

	table := "Título;Title;Responsable;Fecha límite\nUno;One;México;03/04/2031\nDos;Two;México;31/12/2031\n"
	if status, page := r.send(group+"/import", "file", []byte(table), nil); status != http.StatusOK || !strings.Contains(page, "Which column is what") {
		t.Fatalf("%d %.600s", status, page)
	}
	answers := map[string][]string{"col.title.es": {"A"}, "col.title.en": {"B"}, "col.body.es": {"A"}, "col.body.en": {"B"}, "col.owner": {"C"}, "col.due": {"D"}, "header": {"1"}, "shown-header": {"1"},
		"same.handling": {"AMBER"}, "same.line": {"arms"}}
	if _, page := r.post(group+"/import/map", answers); !strings.Contains(page, "D2") || !strings.Contains(page, "can be read as two dates") || !strings.Contains(page, "One row can be taken") {
		t.Errorf("an order of day and month is guessed: %.900s", page[max(strings.Index(page, "<main"), 0):])
	}
	answers["order"] = []string{"mdy"}
	if _, page := r.post(group+"/import/map", answers); !strings.Contains(page, "D3") || !strings.Contains(page, "not in the order of day and month") {
		t.Errorf("a date in the other order is taken: %.900s", page[max(strings.Index(page, "<main"), 0):])
	}
	answers["order"] = []string{"dmy"}
	if _, page := r.post(group+"/import/map", answers); !strings.Contains(page, "3 April 2031") || !strings.Contains(page, "2 rows can be taken") && !strings.Contains(page, "Two rows can be taken") && !strings.Contains(page, "two rows can be taken") {
		t.Errorf("dates with the day first: %.900s", page[max(strings.Index(page, "<main"), 0):])
	}
	_, mapping := r.get(group + "/import/mapping")
	m, err := sheet.ParseMapping([]byte(mapping))
	if err != nil || m.Dates.Order != sheet.DayFirst {
		t.Fatalf("the mapping that is kept: %v %s", err, mapping)
	}
	if status, page := r.send(group+"/import/mapping", "mapping", []byte(mapping), nil); status != http.StatusOK || !strings.Contains(page, "Which column is what") {
		t.Errorf("the mapping that was kept: %d %.300s", status, page)
	}
	if status, page := r.send(group+"/import/mapping", "mapping", []byte(strings.ReplaceAll(mapping, "Fecha", "Otra fecha")), nil); status != http.StatusUnprocessableEntity || !strings.Contains(page, "does not have the columns: Otra fecha") {
		t.Errorf("a mapping of another table: %d %.900s", status, page[max(strings.Index(page, "<main"), 0):])
	}
	drafts, err := x.node.Drafts(t.Context(), who(minister["US"]), g)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range drafts {
		texts, err := x.node.DraftTexts(t.Context(), who(minister["US"]), g, "test", []string{"title.*"}, d.Nonce)
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := texts[d.Act].Part("title.en"); ok && (string(p.Content) == "One" || string(p.Content) == "Two") {
			t.Errorf("a draft of %q was made before anybody confirmed", p.Content)
		}
	}
}
