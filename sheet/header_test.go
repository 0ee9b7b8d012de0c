package sheet

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

func headOf(t *testing.T, b *Book, rule HeaderRule) (Header, []Row, error) {
	t.Helper()
	s, err := b.Sheet("")
	if err != nil {
		t.Fatal(err)
	}
	return s.Head(rule)
}

func names(h Header) []string {
	var out []string
	for _, c := range h.Columns {
		out = append(out, c.Name)
	}
	return out
}

func TestHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		in        string
		rule      HeaderRule
		row, last int
		want      []string
	}{
		"first row":      {in: "a,b,c\n1,2,3\n", row: 1, last: 1, want: []string{"a", "b", "c"}},
		"titles above":   {in: "Secretaría de Seguridad\nIncidencia delictiva,2024\n\nEntidad,Año,Delito,Carpetas\nSonora,2024,x,5\n", row: 4, last: 4, want: []string{"Entidad", "Año", "Delito", "Carpetas"}},
		"blank column":   {in: "a,,c,d\n1,,3,4\n", row: 1, last: 1, want: []string{"a", "", "c", "d"}},
		"nameless":       {in: "a,b,\n1,2,x\n3,4,y\n", row: 1, last: 1, want: []string{"a", "b", ""}},
		"a slip":         {in: "a,b\n1,2\n3,4\n5,6,oops\n7,8\n", row: 1, last: 1, want: []string{"a", "b"}},
		"repeated":       {in: "Total,Total,total,Total (2)\n1,2,3,4\n", row: 1, last: 1, want: []string{"Total", "Total (2)", "total (3)", "Total (2) (2)"}},
		"years":          {in: "Entidad,2022,2023,2024\nSonora,1,2,3\n", row: 1, last: 1, want: []string{"Entidad", "2022", "2023", "2024"}},
		"two levels":     {in: "Cuadro 1\nEntidad,2023,,2024,\n,Hombres,Mujeres,Hombres,Mujeres\nSonora,1,2,3,4\n", row: 2, last: 3, want: []string{"Entidad", "2023 / Hombres", "2023 / Mujeres", "2024 / Hombres", "2024 / Mujeres"}},
		"spaces":         {in: "\" Fecha\n límite \",b\nx,1\n", row: 1, last: 1, want: []string{"Fecha límite", "b"}},
		"stated":         {in: "x,y\na,b\n1,2\n", rule: HeaderRule{Row: 2}, row: 2, last: 2, want: []string{"a", "b"}},
		"stated, two":    {in: "x,y\na,b\n1,2\n", rule: HeaderRule{Row: 1, Rows: 2}, row: 1, last: 2, want: []string{"x / a", "y / b"}},
		"none":           {in: "1,2\n3,4\n", rule: HeaderRule{None: true}, row: 0, last: 0, want: []string{"", ""}},
		"none, from row": {in: "x\n1,2\n3,4\n", rule: HeaderRule{None: true, Row: 2}, row: 0, last: 1, want: []string{"", ""}},
	} {
		h, rows, err := headOf(t, open(t, []byte(c.in), Options{Separator: ","}), c.rule)
		if err != nil || h.Row != c.row || h.Last != c.last || len(rows) == 0 {
			t.Errorf("%s: rows %d to %d, %d below, %v", name, h.Row, h.Last, len(rows), err)
		}
		if diff := cmp.Diff(c.want, names(h)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for name, in := range map[string]string{"numbers": "1,2\n3,4\n", "marks": "n/d,-\n1,2\n"} {
		if _, _, err := headOf(t, open(t, []byte(in), Options{}), HeaderRule{}); !errors.Is(err, ErrNoHeader) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := headOf(t, open(t, []byte("a,b\n1,2\n"), Options{}), HeaderRule{Rows: MaxHeaderRows + 1}); !errors.Is(err, ErrMapping) {
		t.Errorf("too many rows: %v", err)
	}
	if _, _, err := headOf(t, open(t, []byte("a,b\n1,2\n"), Options{}), HeaderRule{Row: 7}); !errors.Is(err, ErrNoHeader) {
		t.Errorf("a row that is not there: %v", err)
	}
	h, _, err := headOf(t, open(t, []byte("Sum Qty  (lbs),Año\n1,2\n"), Options{}), HeaderRule{})
	if i, ok := h.Column("sum qty (LBS)"); err != nil || !ok || i != 0 || h.Columns[1].Letter != "B" || !h.Columns[1].Filled {
		t.Errorf("%+v %v", h, err)
	}
	if _, ok := h.Column("Ano"); ok {
		t.Error("accents count")
	}
}

// Merged header cells, as statistics offices set them: a title over all, groups of columns, a label over two rows.
func TestMergedHeader(t *testing.T) {
	b := byExcelize(t, func(f *excelize.File) {
		for cell, v := range map[string]any{"A1": "Víctimas de homicidio", "A3": "Entidad", "B3": 2023, "D3": 2024, "B4": "Hombres", "C4": "Mujeres", "D4": "Hombres", "E4": "Mujeres", "A5": "Sonora", "B5": 1, "C5": 2, "D5": 3, "E5": 4} {
			must(t, f.SetCellValue("Sheet1", cell, v))
		}
		for _, m := range [][2]string{{"A1", "E1"}, {"A3", "A4"}, {"B3", "C3"}, {"D3", "E3"}} {
			must(t, f.MergeCell("Sheet1", m[0], m[1]))
		}
	})
	h, rows, err := headOf(t, open(t, b, Options{}), HeaderRule{})
	if err != nil || h.Row != 3 || h.Last != 4 || len(rows) != 1 {
		t.Fatalf("%+v %v", h, err)
	}
	if diff := cmp.Diff([]string{"Entidad", "2023 / Hombres", "2023 / Mujeres", "2024 / Hombres", "2024 / Mujeres"}, names(h)); diff != "" {
		t.Error(diff)
	}
	m := parse(t, `{"v":1,"columns":[{"header":"entidad","field":"area"}],"melt":{"from":{"letter":"B"},"to":{"letter":"E"},"label":"group","value":"value","as":"number"}}`)
	got := make(map[string]string)
	for r, err := range open(t, b, Options{}).Apply(m) {
		must(t, err)
		got[r.Fields["group"].Text] = r.Fields["value"].Text + " " + r.Fields["value"].Cell + " " + r.Fields["area"].Text
	}
	if diff := cmp.Diff(map[string]string{"2023 / Hombres": "1 B5 Sonora", "2023 / Mujeres": "2 C5 Sonora", "2024 / Hombres": "3 D5 Sonora", "2024 / Mujeres": "4 E5 Sonora"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestHeaderIsSearchedInTheFirstRows(t *testing.T) {
	in := strings.Repeat("title\n", MaxSearch) + "a,b,c,d\n1,2,3,4\n"
	h, _, err := headOf(t, open(t, []byte(in), Options{Separator: ","}), HeaderRule{})
	if err != nil || h.Row != 1 { // in the first rows there is one column, whose name is the title
		t.Errorf("%+v, %v", h, err)
	}
	h, _, err = headOf(t, open(t, []byte(in), Options{Separator: ","}), HeaderRule{Row: MaxSearch + 1})
	if err != nil || len(h.Columns) != 4 {
		t.Errorf("%+v, %v", h, err)
	}
}
