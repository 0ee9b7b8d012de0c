package sheet_test

import (
	"bytes"
	"fmt"
	"strings"

	"entente/sheet"
)

// An action plan comes as CSV. A mapping, kept as JSON, says what its columns are; the preview says what would be taken.
func ExampleBook_Preview() {
	file := "Plan de acción\n\nNo.;Compromiso;Fecha límite;Avance\n01;Instalar escáneres;30/09/2026;45 %\n02;Compartir trazas;pronto;n/d\nTotal;;;\n"
	m, err := sheet.ParseMapping([]byte(`{"v":1,"dates":{"order":"dmy"},
		"columns":[{"header":"No.","field":"key","required":true},{"header":"Compromiso","field":"title.es"},
			{"header":"Fecha límite","field":"due","as":"date"},{"header":"Avance","field":"done","as":"percent"}],
		"skip":[{"header":"No.","equals":["Total"]}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := sheet.Open(strings.NewReader(file), int64(len(file)), m.File)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := b.Preview(m, 20)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.Found.Encoding, p.Taken, "taken,", p.Refused, "refused,", p.Skipped, "skipped")
	for _, r := range p.Records {
		switch r.Status {
		case sheet.Taken:
			fmt.Println(r.Row, r.Fields["key"].Text, r.Fields["due"].Text, r.Fields["done"].Text)
		case sheet.Refused:
			fmt.Println(r.Problems[0])
		case sheet.Skipped:
			fmt.Println(r.Row, r.Rule)
		}
	}
	// Output:
	// utf-8 1 taken, 1 refused, 1 skipped
	// 4 01 2026-09-30 45
	// line 5, column 3 (C5, Fecha límite): "pronto" is not a date
	// 6 No. is "Total"
}

// Before there is a mapping, a page shows the sheets, the header that was found, and the first rows below it.
func ExampleSheet_Head() {
	file := "Incidencia delictiva\nEntidad;2023;;2024;\n;Hombres;Mujeres;Hombres;Mujeres\nSonora;1;2;3;4\n"
	b, err := sheet.Open(strings.NewReader(file), int64(len(file)), sheet.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := b.Sheet("")
	if err != nil {
		fmt.Println(err)
		return
	}
	h, rows, err := s.Head(sheet.HeaderRule{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, c := range h.Columns {
		fmt.Println(c.Letter, c.Name, rows[0].At(i).Text)
	}
	// Output:
	// A Entidad Sonora
	// B 2023 / Hombres 1
	// C 2023 / Mujeres 2
	// D 2024 / Hombres 3
	// E 2024 / Mujeres 4
}

// A register of commitments: the caller turns its things into rows of texts.
func ExampleWriteXLSX() {
	t := sheet.Table{
		Headings: []sheet.Heading{{Titles: []string{"Commitment", "Compromiso"}, Width: 60}, {Titles: []string{"Due date", "Fecha límite"}, Kind: sheet.KindDate}},
		Rows: func(yield func([]string, error) bool) {
			_ = yield([]string{"Inspect the crossings", "2026-09-30"}, nil) && yield([]string{"Report each month", ""}, nil)
		},
	}
	var file bytes.Buffer
	rows, err := sheet.WriteXLSX(&file, t, sheet.About{Sheet: "Commitments · Compromisos", Name: "About · Acerca de", Marking: "TLP:AMBER",
		Lines: []sheet.AboutLine{{Label: "Group / Grupo", Text: "Implementation group"}, {Label: "As of / Con corte a", Text: "2026-04-30 12:00 UTC"}}, Count: "Rows / Renglones"})
	fmt.Println(rows, err)
	// Output: 2 <nil>
}
