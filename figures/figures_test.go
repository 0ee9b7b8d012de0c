package figures

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente/progress"
	"entente/record"
	"entente/sheet"
)

const quarterly = `{"v":1,"unit":"files","numbers":{"mark":"point"},"columns":[{"header":"Periodo","field":"period","required":true},
{"header":"Entidad","field":"area"},{"header":"Delito","field":"part1"},{"header":"Total","field":"value","as":"number"},{"header":"Unidad","field":"unit"},{"header":"Estatus","field":"status"}],
"skip":[{"header":"Periodo","starts":["Fuente"]}]}`

func parse(t testing.TB, s string) Mapping {
	t.Helper()
	m, err := ParseMapping([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Every cell that is wrong is refused by itself, with its line, column and reason; the others are taken.
func TestBadRows(t *testing.T) {
	rows := []struct{ row, reason string }{
		{"2024 T1,MX,robo,5,files,final", ""}, {"2024-Q2,MX,robo,6,files,", ""}, {"mar-24,MX,robo,0,files,provisional", ""}, {"2024,MX,robo,n/d,files,", ""}, {"2025,MX,robo,,files,missing", ""},
		{"2024 T1,MX,robo,7,files,", Repeated}, {"2024 T5,MX,robo,7,files,", NotPeriod}, {"soon,MX,robo,7,files,", NotPeriod}, {",MX,robo,7,files,", string(sheet.Empty)},
		{"2023,MX,robo,-1,files,", Negative}, {"2022,MX,robo,1.5,files,", Fraction}, {"2021,MX,robo,7,victims,", OtherUnit}, {"2020,MX,robo,7,files,certain", NotStatus}, {"2019,MX,robo,7,files,missing", HasValue},
		{"2018,MX,robo,seven,files,", string(sheet.NotNumber)}, {`2017,MX,robo,"1,23",files,`, string(sheet.OtherMark)}, {"2016,MX,robo,5 %,files,", string(sheet.HasPercent)}, {"2015,MX,robo,$5,files,", string(sheet.HasCurrency)},
		{"2999,MX,robo,1,files,", Future}, {"2014,MX,robo," + strings.Repeat("9", 60) + ",files,", string(sheet.NumberTooLong)}, {"2013," + strings.Repeat("x", MaxText+1) + ",robo,1,files,", LongText},
		{"2012,MX,\"ro\tbo\",1,files,", LongText}, {"2011,MX,robo,1,files,final,more", string(sheet.Ragged)}, {"2010,MX,robo,=1+1,files,", string(sheet.NotNumber)}, {`2009,MX,robo,"1,234",files,`, ""},
		{"Fuente: the agency,,,,,", "skipped"},
	}
	file, want := "Periodo,Entidad,Delito,Total,Unidad,Estatus\n", map[int]string{}
	taken := 0
	for i, r := range rows {
		file += r.row + "\n"
		if r.reason == "" {
			taken++
		} else {
			want[i+2] = r.reason
		}
	}
	m := parse(t, quarterly)
	book, err := sheet.Open(strings.NewReader(file), int64(len(file)), m.File)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Read(book, m, 1_790_000_000, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[int]string{}
	for _, x := range r.Refused {
		got[x.Line] = x.Reason
		if x.Cell == "" || x.Field == "" && x.Reason != string(sheet.Ragged) {
			t.Errorf("line %d: no place: %+v", x.Line, x)
		}
	}
	for line, reason := range got {
		if want[line] == "" {
			t.Errorf("line %d, %q: %s", line, rows[line-2].row, reason)
		}
	}
	for line, reason := range want {
		if reason != "skipped" && got[line] != reason {
			t.Errorf("line %d, %q: %q, want %q", line, rows[line-2].row, got[line], reason)
		}
	}
	if len(r.Figures) != taken || len(got) != len(want)-1 || len(r.Skipped) != 1 || r.Skipped[0].Count != 1 {
		t.Errorf("%d figures, %d refused, skipped %v", len(r.Figures), len(got), r.Skipped)
	}
	missing := 0
	for _, f := range r.Figures {
		if f.Status == progress.Missing {
			missing++
			if f.Value != "" {
				t.Errorf("missing with a value: %+v", f)
			}
		}
	}
	if missing != 2 {
		t.Errorf("%d are missing, want 2: a zero is not missing, and missing is not zero", missing)
	}
}

func TestPeriods(t *testing.T) {
	for text, want := range map[string]string{
		"2024": "2024-01-01/2025-01-01", "FY2026": "2026-01-01/2027-01-01", "2024-03": "2024-03-01/2024-04-01", "marzo 2024": "2024-03-01/2024-04-01", "12/2024": "2024-12-01/2025-01-01",
		"2024 T1": "2024-01-01/2024-04-01", "Q4 2024": "2024-10-01/2025-01-01", "2024-Q2": "2024-04-01/2024-07-01", "2024q3": "2024-07-01/2024-10-01", "4T2024": "", "1er trimestre de 2024": "2024-01-01/2024-04-01",
		"II Trim. 2024": "2024-04-01/2024-07-01", "2024-01-15/2024-02-01": "2024-01-15/2024-02-01", "2024-02-01/2024-01-15": "", "T1": "", "trimestre 2024": "", "1969": "", "": "", "quarter 9 2024": "",
	} {
		p, ok := ParsePeriod(text, 0, sheet.DateStyle{Century: 2000})
		got := ""
		if ok {
			got = progress.Date(p.Start) + "/" + progress.Date(p.End)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"FY2026": "2025-10-01/2026-10-01", "2026 Q1": "2025-10-01/2026-01-01", "FY2026 Q2": "2026-01-01/2026-04-01", "2026 T4": "2026-07-01/2026-10-01", "2026-01": "2026-01-01/2026-02-01"} {
		if p, ok := ParsePeriod(text, 10, sheet.DateStyle{}); !ok || progress.Date(p.Start)+"/"+progress.Date(p.End) != want {
			t.Errorf("fiscal %q: %v %v, want %s", text, progress.Date(p.Start), progress.Date(p.End), want)
		}
	}
}

func figure(start, end, area, part, value string) Figure {
	a, _ := progress.ParseDate(start)
	b, _ := progress.ParseDate(end)
	f := Figure{Period: record.Period{Start: a, End: b}, Area: area, Part: part, Value: record.Decimal(value), Unit: "files", Status: progress.Provisional, Line: 1}
	if value == "" {
		f.Status = progress.Missing
	}
	return f
}

func TestCompare(t *testing.T) {
	first := []Figure{figure("2024-01-01", "2024-02-01", "MX", "", "10"), figure("2024-02-01", "2024-03-01", "MX", "", "20.0"), figure("2024-03-01", "2024-04-01", "MX", "", ""), figure("2024-04-01", "2024-05-01", "MX", "", "5")}
	on := reported(t, progress.Collection{}, Compare(first, NewKnown(progress.Collection{}, "US", "files"), false).Take)
	final := figure("2024-04-01", "2024-05-01", "MX", "", "5")
	final.Status = progress.Final
	later := []Figure{figure("2024-01-01", "2024-02-01", "MX", "", "11"), figure("2024-02-01", "2024-03-01", "MX", "", "20"), figure("2024-03-01", "2024-04-01", "MX", "", "0"), final, figure("2024-05-01", "2024-06-01", "MX", "", "1"), figure("2024-01-15", "2024-02-15", "MX", "", "1")}
	c := Compare(later, NewKnown(on, "US", "files"), false)
	if c.Revised != 2 || c.Unchanged != 1 || c.Confirmed != 1 || c.Added != 1 || c.RefusedCount() != 1 || c.Refused[0].Reason != Overlap || c.Gone != 0 {
		t.Errorf("%+v", c)
	}
	if x := Compare(later, NewKnown(on, "US", "victims"), false); x.Added != 5 { // another unit is another series
		t.Errorf("in another unit: %+v", x)
	}
	if x := Compare(later[:1], NewKnown(on, "MX", "files"), false); x.Added != 1 { // what the other side reported is not ours
		t.Errorf("of another party: %+v", x)
	}
	k := NewKnown(on, "US", "files")
	for _, t := range Tables(c.Take) {
		k.Await(t, "files")
	}
	if x := Compare(later[:5], k, false); len(x.Take) > 0 || x.Waiting != 4 {
		t.Errorf("with the draft that waits: %+v", x)
	}
}

// A total that is not the sum of its parts is shown, whatever it is a total of.
func TestTotals(t *testing.T) {
	fs := []Figure{figure("2024-01-01", "2025-01-01", "MX", "homicidio", "100"), figure("2024-01-01", "2025-01-01", "MX-SON", "homicidio", "60"), figure("2024-01-01", "2025-01-01", "MX-SIN", "homicidio", "41"),
		figure("2024-01-01", "2025-01-01", "MX-SIN", "homicidio;arma", "40"), figure("2024-01-01", "2025-01-01", "MX-SIN", "homicidio;otro", "1")}
	for m := 1; m <= 12; m++ {
		fs = append(fs, figure(fmt.Sprintf("2024-%02d-01", m), progress.Date(progress.Later(fs[0].Start, int64(m))), "MX", "homicidio", "8"))
	}
	c := Compare(fs, NewKnown(progress.Collection{}, "US", "files"), false)
	var got []string
	for _, m := range c.Mismatches {
		got = append(got, fmt.Sprintf("%s %s %s %s %d", m.Over, m.Total, m.Sum, m.Difference, m.Of))
	}
	if want := []string{"areas 100 101 -1 2", "time 100 96 4 12"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestMappings(t *testing.T) {
	if len(Shipped()) < 4 {
		t.Errorf("%d mappings come with the program", len(Shipped()))
	}
	for _, m := range Shipped() {
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseMapping(b)
		if err != nil || m.About["en"] == "" || m.About["es"] == "" || m.Source == "" || again.Name != m.Name {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
	for name, s := range map[string]string{
		"no value": `{"v":1,"unit":"lb","columns":[{"header":"a","field":"period"}]}`, "no period": `{"v":1,"unit":"lb","columns":[{"header":"a","field":"value"}]}`,
		"no unit": `{"v":1,"columns":[{"header":"a","field":"value"},{"header":"b","field":"period"}]}`, "start alone": `{"v":1,"unit":"lb","columns":[{"header":"a","field":"value"},{"header":"b","field":"start","as":"date"}]}`,
		"unknown member": `{"v":1,"unit":"lb","sums":true,"columns":[]}`, "two periods": `{"v":1,"unit":"lb","columns":[{"header":"a","field":"value"},{"header":"b","field":"period"},{"header":"c","field":"start"}]}`,
		"bad name": `{"v":1,"name":"../x","unit":"lb","columns":[{"header":"a","field":"value"},{"header":"b","field":"period"}]}`, "two": `{} {}`, "none": ``, "standing": `{"v":1,"standing":"sure","unit":"lb","columns":[{"header":"a","field":"value"},{"header":"b","field":"period"}]}`,
	} {
		if _, err := ParseMapping([]byte(s)); !errors.Is(err, ErrMapping) && !errors.Is(err, sheet.ErrMapping) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(Areas("us")) != 51 || Areas("us")["Arizona"] != "US-AZ" || len(Areas("mx")) < 32 || Areas("x") != nil {
		t.Error("lists of areas")
	}
}

// A row of a sum that is refused lets none of the sums stand: they would be short and nobody would see it.
func TestSumsAreWhole(t *testing.T) {
	m := parse(t, `{"v":1,"unit":"lb","sum":true,"columns":[{"header":"p","field":"period","required":true},{"header":"v","field":"value","as":"number"}]}`)
	r := read(t, []byte("p,v\n2024,1.5\n2024,2.25\n2023,1\n"), m)
	if len(r.Figures) != 2 || r.Figures[0].Value != "3.75" || r.Figures[0].Rows != 2 || r.Blocked {
		t.Errorf("%+v", r)
	}
	if r = read(t, []byte("p,v\n2024,1.5\n2024,x\n"), m); !r.Blocked {
		t.Errorf("a sum without one of its rows: %+v", r)
	}
	if r = read(t, []byte("p,v\n2024,1.5\n2024,n/d\n"), m); r.Blocked || r.Figures[0].Status != progress.Missing || r.Figures[0].Value != "" {
		t.Errorf("a sum with a missing figure: %+v", r.Figures)
	}
}

// Whatever is reported: reporting it again changes nothing, and a figure that is taken is one that the node reads back.
func TestAgainAddsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) []Figure {
			var out []Figure
			seen := map[string]bool{}
			for range rapid.IntRange(0, 12).Draw(t, label) {
				m := rapid.IntRange(1, 11).Draw(t, "month")
				f := figure(fmt.Sprintf("2024-%02d-01", m), fmt.Sprintf("2024-%02d-01", m+1), rapid.SampledFrom([]string{"MX", "MX-SON", ""}).Draw(t, "area"), rapid.SampledFrom([]string{"", "a", "a;b"}).Draw(t, "part"),
					rapid.SampledFrom([]string{"", "0", "1", "1.0", "7"}).Draw(t, "value"))
				if !seen[f.Key()] {
					seen[f.Key()] = true
					out = append(out, f)
				}
			}
			return out
		}
		var takes [][]Compared
		var on progress.Collection
		for i := range rapid.IntRange(1, 4).Draw(t, "reports") {
			fs := draw(fmt.Sprint("figures", i))
			c := Compare(fs, NewKnown(on, "US", "files"), false)
			if n := c.Added + c.Revised + c.Confirmed; n != len(c.Take) || n+c.Unchanged != len(fs) {
				t.Fatalf("%d figures: %+v", len(fs), c)
			}
			if len(c.Take) > 0 {
				takes = append(takes, c.Take)
				var reports []progress.Report
				for k, take := range takes {
					reports = append(reports, progress.Report{ID: record.ID{byte(k)}, Party: "US", Index: uint64(k), Rows: Tables(take)[0]})
				}
				on = progress.Collect(reports, 0)
			}
			if again := Compare(fs, NewKnown(on, "US", "files"), false); len(again.Take) > 0 {
				t.Fatalf("again: %+v", again.Take)
			}
		}
	})
}

// Foreign bytes and mappings: no panic, every figure valid, every error of a known sort.
func FuzzRead(f *testing.F) {
	f.Add([]byte("Periodo,Entidad,Delito,Total,Unidad,Estatus\n2024 T1,MX,robo,5,files,final\n"), []byte(quarterly))
	f.Add([]byte("p;v\n2024;1,5\n"), []byte(`{"v":1,"unit":"lb","sum":true,"columns":[{"header":"p","field":"period"},{"header":"v","field":"value","as":"number"}]}`))
	for _, m := range Shipped() {
		b, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte("FY,Month (abbv),Component\n2025,OCT,x\n"), b)
	}
	f.Fuzz(func(t *testing.T, file, mapping []byte) {
		m, err := ParseMapping(mapping)
		if err != nil {
			if !errors.Is(err, ErrMapping) && !errors.Is(err, sheet.ErrMapping) {
				t.Fatalf("an error of no known sort: %v", err)
			}
			return
		}
		book, err := sheet.Open(bytes.NewReader(file), int64(len(file)), m.File)
		if err != nil {
			return
		}
		r, err := Read(book, m, 0, nil)
		if err != nil {
			if fault, _ := sheet.FaultOf(err); fault == "" {
				t.Fatalf("an error of no known sort: %v", err)
			}
			return
		}
		c := Compare(r.Figures, NewKnown(progress.Collection{}, "US", m.Unit), m.Overlapping)
		if r.Blocked {
			return
		}
		for _, table := range Tables(c.Take) {
			if len(table.Rows) == 0 {
				continue
			}
			if x := progress.Collect([]progress.Report{{Party: "US", Rows: table}}, 0); len(x.Refused) > 0 {
				t.Fatalf("a figure that cannot be read back: %v", x.Refused)
			}
		}
	})
}

func FuzzPeriod(f *testing.F) {
	for _, s := range []string{"2024", "2024 T1", "mar-24", "2024-01-01/2024-02-01", "FY2026"} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, s string, fiscal int) {
		if p, ok := ParsePeriod(s, fiscal%13, sheet.DateStyle{Century: 2000}); ok && !p.Valid() {
			t.Fatalf("%q: %+v", s, p)
		}
	})
}
