package sheet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

const plan100 = "Secretaría de Seguridad;;;;;\n" +
	";;;;;\n" +
	"No.;Compromiso;Área a cargo;Fecha límite;Avance;Presupuesto\n" +
	"01;Instalar escáneres;SSPC;30/09/2026;45 %;$1.250.000,50\n" +
	"02;Compartir trazas;FGR;15 de octubre de 2026;n/d;-\n" +
	"03;;SRE;03/14/2026;x;$5\n" +
	"04;Capacitar;XX;2026-12-01;0%;US$ 7\n" +
	"05;Informar;SRE;;100%;3.5;sobra\n" +
	";;;;;\n" +
	"Total;;;;;$1.250.007,50\n" +
	"Fuente: elaboración propia;;;;;\n"

const planMapping = `{"v":1,"name":"Plan de acción","columns":[
{"header":"no.","field":"key","required":true},
{"header":"Compromiso","field":"title.es","required":true},
{"header":"Área a cargo","field":"owner","values":{"SSPC":"security","sre":"foreign","FGR":"prosecutor"}},
{"letter":"D","field":"due","as":"date","dates":{"order":"dmy"}},
{"header":"Avance","field":"done","as":"percent"},
{"header":"Presupuesto","field":"budget","as":"money","numbers":{"mark":"comma"}}],
"constants":{"party":"MX"},
"skip":[{"letter":"A","starts":["total","Fuente:"]}]}`

func TestApply(t *testing.T) {
	b := open(t, []byte(plan100), Options{})
	p, err := b.Preview(parse(t, planMapping), 10)
	if err != nil {
		t.Fatal(err)
	}
	if p.Taken != 2 || p.Refused != 3 || p.Skipped != 2 || p.Header.Row != 3 {
		t.Errorf("%d taken, %d refused, %d skipped, header %d", p.Taken, p.Refused, p.Skipped, p.Header.Row)
	}
	want := map[string]Value{
		"key": {Text: "01", Cell: "A4", Shown: "01"}, "title.es": {Text: "Instalar escáneres", Cell: "B4", Shown: "Instalar escáneres"}, "owner": {Text: "security", Cell: "C4", Shown: "SSPC"},
		"due": {Text: "2026-09-30", Cell: "D4", Shown: "30/09/2026"}, "done": {Text: "45", Cell: "E4", Shown: "45 %"}, "budget": {Text: "1250000.50", Unit: "$", Cell: "F4", Shown: "$1.250.000,50"}, "party": {Text: "MX"},
	}
	if diff := cmp.Diff(want, p.Records[0].Fields); diff != "" {
		t.Error(diff)
	}
	if v := p.Records[1].Fields; !v["done"].Missing || v["done"].Text != "" || !v["budget"].Missing || v["due"].Text != "2026-10-15" {
		t.Errorf("missing is not zero: %+v", v)
	}
	var got []string
	for _, r := range p.Records {
		for _, q := range r.Problems {
			if q.Line != r.Line || q.Row != r.Row {
				t.Errorf("%+v", q)
			}
			got = append(got, fmt.Sprintf("%s %s %s", q.Cell, q.Field, string(q.Reason)))
		}
		if r.Status == Skipped {
			got = append(got, fmt.Sprintf("%d %s", r.Row, r.Rule))
		}
	}
	if diff := cmp.Diff([]string{"B6 title.es empty", "D6 due other-date-order", "E6 done not-a-number", "C7 owner not-in-the-list", "G8  too-many-cells", "F8 budget other-number-style",
		`10 A starts as in "Total"`, `11 A starts as in "Fuente: elaboración propia"`}, got); diff != "" {
		t.Error(diff)
	}
	if len(p.Tally) != 8 || p.Tally[0].Count != 1 {
		t.Errorf("tally %+v", p.Tally)
	}
	if small, err := b.Preview(parse(t, planMapping), 1); err != nil || len(small.Records) != 3 || small.Refused != 3 {
		t.Errorf("%+v, %v", small, err)
	}
}

func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		fiscal      int
		year, month string
		want        string
	}{
		{0, "2026", "APR", "2026-04-01 2026-05-01"}, {0, "2026", "dic", "2026-12-01 2027-01-01"}, {0, "2026", "", "2026-01-01 2027-01-01"}, {1, "2026", "1", "2026-01-01 2026-02-01"},
		{10, "2026 (FYTD)", "OCT", "2025-10-01 2025-11-01"}, {10, "2026", "DEC", "2025-12-01 2026-01-01"}, {10, "2026", "JAN", "2026-01-01 2026-02-01"}, {10, "2026", "SEP", "2026-09-01 2026-10-01"}, {10, "2026", "", "2025-10-01 2026-10-01"},
		{0, "", "APR", "year empty"}, {0, "20", "APR", "year not-a-year"}, {0, "2026", "13", "month not-a-month"},
	} {
		start, end, field, err := Period{Year: "year", Month: "month", FiscalFrom: c.fiscal}.of(map[string]Value{"year": {Text: c.year, Missing: c.year == ""}, "month": {Text: c.month, Missing: c.month == ""}})
		got := start.Text + " " + end.Text
		var r Reason
		if errors.As(err, &r) {
			got = field + " " + string(r)
		}
		if got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestMelt(t *testing.T) {
	b := open(t, []byte("year,area,Jan,Feb,Mar\n2026,Sonora,5,n/d,\n2026,Yuma,x,0,2\n"), Options{})
	const m = `{"v":1,"columns":[{"header":"year","field":"y","as":"year"},{"header":"area","field":"area"}],
	"melt":{"columns":[{"header":"Jan"},{"letter":"D"},{"header":"Mar"}],"label":"m","labels":{"Jan":"enero"},"value":"v","as":"number","skip_missing":true},
	"period":{"year":"y","month":"m","start":"s","end":"e"}}`
	var got []string
	for r, err := range b.Apply(parse(t, m)) {
		must(t, err)
		line := fmt.Sprintf("%d %s %s %q %v %s", r.Row, r.Status, r.Fields["m"].Text, r.Fields["v"].Text, r.Fields["v"].Missing, r.Fields["s"].Text)
		for _, q := range r.Problems {
			line += " " + q.Cell + " " + string(q.Reason)
		}
		got = append(got, line)
	}
	want := []string{`2 taken enero "5" false 2026-01-01`, `2 taken Feb "" true 2026-02-01`, `3 refused  "" false  C3 not-a-number`, `3 taken Feb "0" false 2026-02-01`, `3 taken Mar "2" false 2026-03-01`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFilters(t *testing.T) {
	b := open(t, []byte("k,v\na, X \nb,y\nc,z\nd,\n"), Options{})
	for rules, want := range map[string]string{
		`"filters":[{"header":"v","in":["x","Z"]}]`:                                "a c",
		`"filters":[{"header":"v","in":["x"],"not":true}]`:                         "b c d",
		`"filters":[{"header":"v","in":["x","y"]},{"letter":"A","in":["b"]}]`:      "b",
		`"skip":[{"header":"v","blank":true}]`:                                     "a b c",
		`"skip":[{"header":"v","equals":["X"]},{"header":"k","starts":["d","C"]}]`: "b",
	} {
		var got []string
		for r, err := range b.Apply(parse(t, `{"v":1,"columns":[{"header":"k","field":"k"}],`+rules+`}`)) {
			must(t, err)
			if r.Status == Taken {
				got = append(got, r.Fields["k"].Text)
			} else if r.Rule.String() == "" || !slices.Contains(Rules(), r.Rule.By) {
				t.Errorf("%s: row %d without a reason", rules, r.Row)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %s, want %s", rules, s, want)
		}
	}
}

// Formulas, error cells, hidden rows and stored dates of a workbook.
func TestApplyToWorkbook(t *testing.T) {
	raw := byExcelize(t, func(f *excelize.File) {
		for cell, v := range map[string]any{"A1": "k", "B1": "due", "C1": "n", "A2": "a", "B2": 45366, "C2": 1234.5, "A3": "b", "B3": "15/03/2024", "C3": "1,5", "A4": "h", "C4": 1, "A5": "f", "B5": 45366} {
			must(t, f.SetCellValue("Sheet1", cell, v))
		}
		s, err := f.NewStyle(&excelize.Style{NumFmt: 14})
		must(t, err)
		must(t, f.SetCellStyle("Sheet1", "B2", "B2", s))
		must(t, f.SetCellFormula("Sheet1", "C5", "1+1"))
		must(t, f.SetRowVisible("Sheet1", 4, false))
	})
	m := parse(t, `{"v":1,"columns":[{"header":"k","field":"k"},{"header":"due","field":"due","as":"date"},{"header":"n","field":"n","as":"number"}],"skip":[{"hidden":true}]}`)
	var got []string
	for r, err := range open(t, raw, Options{}).Apply(m) {
		must(t, err)
		line := fmt.Sprintf("%d %s %s %s", r.Row, r.Status, r.Fields["due"].Text, r.Fields["n"].Text)
		for _, q := range r.Problems {
			line += " " + q.Sheet + "!" + q.Cell + " " + string(q.Reason)
		}
		got = append(got, line)
	}
	if diff := cmp.Diff([]string{"2 taken 2024-03-15 1234.5", "3 taken 2024-03-15 1.5", "4 skipped  ", "5 refused   Sheet1!B5 not-a-date Sheet1!C5 no-value"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestMappingsThatAreRefused(t *testing.T) {
	col := `"columns":[{"header":"a","field":"f"}]`
	for _, s := range []string{``, `{}`, `[]`, `{"v":2,` + col + `}`, `{"v":1}`, `{"v":1,` + col + `} x`, `{"v":1,"colums":[]}`, `{"v":1,"columns":[{"field":"f"}]}`, `{"v":1,"columns":[{"header":"a","letter":"B","field":"f"}]}`,
		`{"v":1,"columns":[{"letter":"1","field":"f"}]}`, `{"v":1,"columns":[{"header":"a"}]}`, `{"v":1,"columns":[{"header":"a","field":"f"},{"header":"b","field":"f"}]}`, `{"v":1,"columns":[{"header":"a","field":"f","as":"float"}]}`,
		`{"v":1,"columns":[{"header":"a","field":"f","as":"number","values":{"x":"y"}}]}`, `{"v":1,` + col + `,"constants":{"f":"x"}}`, `{"v":1,` + col + `,"numbers":{"mark":","}}`, `{"v":1,` + col + `,"dates":{"order":"ymd"}}`, `{"v":1,` + col + `,"dates":{"century":20}}`,
		`{"v":1,` + col + `,"filters":[{"header":"a"}]}`, `{"v":1,` + col + `,"skip":[{"header":"a"}]}`, `{"v":1,` + col + `,"skip":[{"header":"a","blank":true,"equals":["x"]}]}`, `{"v":1,` + col + `,"skip":[{"blank":true}]}`,
		`{"v":1,` + col + `,"melt":{"label":"l","value":"v"}}`, `{"v":1,` + col + `,"melt":{"from":{"header":"a"},"label":"l","value":"v"}}`, `{"v":1,` + col + `,"melt":{"columns":[{"header":"a"}],"label":"l","value":"l"}}`,
		`{"v":1,` + col + `,"period":{"year":"f","start":"s","end":"e"}}`, `{"v":1,` + col + `,"constants":{"y":"2024"},"period":{"year":"y","start":"s","end":"s"}}`, `{"v":1,` + col + `,"constants":{"y":"2024"},"period":{"year":"y","fiscal_from":13,"start":"s","end":"e"}}`,
		`{"v":1,"name":"` + strings.Repeat("x", MaxMapping) + `"}`,
	} {
		if _, err := ParseMapping([]byte(s)); !errors.Is(err, ErrMapping) {
			t.Errorf("%.80s: %v", s, err)
		}
	}
	for _, s := range []string{cbpMapping, planMapping} {
		m := parse(t, s)
		b, err := json.Marshal(m)
		must(t, err)
		if again := parse(t, string(b)); !cmp.Equal(m, again) {
			t.Errorf("it does not come back: %s", cmp.Diff(m, again))
		}
	}
	b := open(t, []byte("a,b\n1,2\n"), Options{})
	for _, s := range []string{`{"v":1,"columns":[{"header":"c","field":"f"}]}`, `{"v":1,` + col + `,"melt":{"from":{"letter":"B"},"to":{"letter":"A"},"label":"l","value":"v"}}`} {
		if _, err := b.Preview(parse(t, s), 1); !errors.Is(err, ErrMapping) {
			t.Errorf("%s: %v", s, err)
		}
	}
	if _, err := b.Preview(parse(t, `{"v":1,"columns":[{"header":"c","field":"f"}]}`), 1); !strings.Contains(err.Error(), `["c"]; it has ["a" "b"]`) {
		t.Errorf("%v", err)
	}
	for want, s := range map[Fault]string{Unmapped: `{"v":1,"columns":[{"header":"c","field":"f"}]}`, NotThere: `{"v":1,"sheet":"x",` + col + `}`, NoLabels: `{"v":1,"header":{"row":9},` + col + `}`} {
		if _, err := b.Preview(parse(t, s), 1); err == nil {
			t.Errorf("%s was taken", s)
		} else if f, _ := FaultOf(err); f != want || !slices.Contains(Faults(), f) {
			t.Errorf("%s: %q, want %q", s, f, want)
		}
	}
	if f, _ := FaultOf(io.ErrUnexpectedEOF); f != "" {
		t.Errorf("an error that is not about the file: %q", f)
	}
	if _, err := b.Preview(parse(t, `{"v":1,"sheet":"Hoja2",`+col+`}`), 1); !errors.Is(err, ErrNoSheet) {
		t.Errorf("%v", err)
	}
}

func FuzzMapping(f *testing.F) {
	f.Add(cbpMapping, "FY,Month (abbv),Area of Responsibility,Drug Type,Count of Event,Sum Qty (lbs)\n2026 (FYTD),APR,X,Fentanyl,1,0.5\n")
	f.Add(planMapping, plan100)
	f.Add(`{"v":1,"columns":[],"melt":{"from":{"letter":"A"},"to":{"letter":"C"},"label":"m","value":"v","as":"money"},"header":{"none":true}}`, "$1,2 %,x\n")
	f.Fuzz(func(t *testing.T, mapping, table string) {
		m, err := ParseMapping([]byte(mapping))
		if err != nil {
			known(t, err)
			return
		}
		b, err := Open(strings.NewReader(table), int64(len(table)), m.File)
		if err != nil {
			known(t, err)
			return
		}
		n := 0
		for r, err := range b.Apply(m) {
			if err != nil {
				known(t, err)
				break
			}
			if n++; n > 2000 {
				break
			}
			if (r.Status == Taken) != (r.Fields != nil) || (r.Status == Refused) != (len(r.Problems) > 0) || (r.Status == Skipped) != (r.Rule != Rule{}) {
				t.Fatalf("%+v", r)
			}
			for _, v := range r.Fields {
				if v.Missing && v.Text != "" {
					t.Fatalf("missing and %q", v.Text)
				}
			}
		}
	})
}
