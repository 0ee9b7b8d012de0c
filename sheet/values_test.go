package sheet

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente/record"
)

func TestParseNumber(t *testing.T) {
	for _, c := range []struct {
		text, mark string
		want       any // decimal with its signs, or a Reason
	}{
		{"1,234.56", "", "1234.56"}, {"1.234,56", "", "1234.56"}, {"1 234", "", "1234"}, {"1\u00a0234,5", "", "1234.5"}, {"1\u202f234\u202f567", "", "1234567"}, {"12’345.6", "", "12345.6"},
		{"1,234", "", AmbiguousMark}, {"1.234", "", AmbiguousMark}, {"1234", "", "1234"}, {"0.5", "", "0.5"}, {"0,5", "", "0.5"}, {"1,5", "", "1.5"}, {"1.234.567", "", "1234567"}, {"0.123", "", "0.123"},
		{"1,234", Point, "1234"}, {"1,234", Comma, "1.234"}, {"1.234", Point, "1.234"}, {"1.234", Comma, "1234"},
		{"1.234,56", Point, OtherMark}, {"1,234.56", Comma, OtherMark}, {"1,23", Point, OtherMark}, {"0,123", Point, OtherMark},
		{"12,34,567", Point, NotNumber}, {"1,2345", Point, OtherMark}, {"1 23", Point, NotNumber}, {"1,234 567", Point, NotNumber}, {"1.2.3", Point, NotNumber},
		{"-5", "", "-5"}, {"−5", "", "-5"}, {"+5", "", "5"}, {"(1,234.5)", "", "-1234.5"}, {"(5", "", NotNumber}, {"--5", "", NotNumber}, {"(-5)", "", NotNumber}, {"-0", "", "0"}, {"-0.00", "", "0.00"},
		{"32 %", "", "32%"}, {"-32%", "", "-32%"}, {"%", "", NotNumber}, {"5%%", "", NotNumber},
		{"$1,234.50", "", "1234.50$"}, {"US$ 5", "", "5US$"}, {"5 MXN", "", "5MXN"}, {"-$5", "", "-5$"}, {"$-5", "", "-5$"}, {"$$5", "", NotNumber}, {"usd 5", "", "5USD"},
		{"007", "", "7"}, {"00.50", "", "0.50"}, {".5", "", "0.5"}, {"5.", "", NotNumber}, {"", "", "missing"}, {" - ", "", "missing"}, {"N/D", "", "missing"}, {"NA", "", "missing"}, {"0", "", "0"},
		{"2.20462262e-05", "", "0.0000220462262"}, {"4.5E3", "", "4500"}, {"1e99", "", NumberTooLong}, {"1e", "", NotNumber}, {"1e2e3", "", NotNumber}, {strings.Repeat("9", 41), "", NumberTooLong},
		{"12 kg", "", NotNumber}, {"NaN", "", NotNumber}, {"0x10", "", NotNumber}, {"١", "", NotNumber}, {"abc", "", NotNumber}, {"1_000", "", NotNumber},
	} {
		n, err := ParseNumber(c.text, NumberStyle{Mark: c.mark})
		got := any(string(n.Decimal) + map[bool]string{true: "%"}[n.Percent] + n.Currency)
		if n.Missing {
			got = "missing"
		}
		if err != nil {
			got = err
		}
		if got != c.want {
			t.Errorf("%q, mark %q: %v, want %v", c.text, c.mark, got, c.want)
		}
	}
	if n, err := ParseNumber("s.n.", NumberStyle{Missing: []string{"S.N."}}); err != nil || !n.Missing {
		t.Errorf("a mark of one's own: %+v, %v", n, err)
	}
	if _, err := ParseNumber("n/d", NumberStyle{Missing: []string{}}); !errors.Is(err, NotNumber) {
		t.Errorf("no marks: %v", err)
	}
}

func TestNumbersOfWorkbooks(t *testing.T) {
	for _, c := range []struct {
		cell Cell
		want any
	}{
		{Cell{Kind: KindNumber, Raw: "0.1", Text: "0.1"}, "0.1"}, {Cell{Kind: KindNumber, Raw: "0.30000000000000004", Text: "0.3"}, "0.30000000000000004"},
		{Cell{Kind: KindNumber, Raw: "0.10000000000000001", Text: "0.1"}, "0.1"}, {Cell{Kind: KindNumber, Raw: "1234.5", Text: "1.235"}, "1234.5"}, {Cell{Kind: KindNumber, Raw: "1E+3", Text: "1000"}, "1000"},
		{Cell{Kind: KindNumber, Raw: "0.32", Text: "32%"}, "32%"}, {Cell{Kind: KindNumber, Raw: "0.325", Text: "33%"}, "32.5%"}, {Cell{Kind: KindNumber, Raw: "5", Text: "$5.00"}, "5$"}, {Cell{Kind: KindNumber, Raw: "-5", Text: "(5)"}, "-5"},
		{Cell{Kind: KindNumber, Raw: "0", Text: "-"}, "0"}, {Cell{Kind: KindNumber, Raw: "-0", Text: "0"}, "0"}, {Cell{Kind: KindNumber, Raw: "1e99", Text: "1e99"}, NumberTooLong}, {Cell{Kind: KindNumber, Raw: "528.4390030612581", Text: "528.44"}, "528.4390030612581"},
		{Cell{Kind: KindError, Text: "#N/A"}, "missing"}, {Cell{Kind: KindError, Text: "#REF!"}, ErrorCell}, {Cell{Kind: KindDate, Raw: "45366", Text: "x", Date: "2024-03-15"}, NotNumber}, {Cell{Kind: KindBool, Text: "TRUE"}, NotNumber},
		{Cell{Kind: KindText, Formula: true}, NoValue}, {Cell{}, "missing"}, {Cell{Kind: KindText, Text: "1,234.5"}, "1234.5"},
	} {
		n, err := c.cell.AsNumber(NumberStyle{})
		got := any(string(n.Decimal) + map[bool]string{true: "%"}[n.Percent] + n.Currency)
		if n.Missing {
			got = "missing"
		}
		if err != nil {
			got = err
		}
		if got != c.want {
			t.Errorf("%+v: %v, want %v", c.cell, got, c.want)
		}
	}
}

// A number written in a style is read as the number it is, and never as another one without that style.
func TestNumbersRoundTrip(t *testing.T) {
	ambiguous := 0
	rapid.Check(t, func(t *rapid.T) {
		cents := rapid.OneOf(rapid.Int64Range(-1e12, 1e12), rapid.Map(rapid.Int64Range(-9999, 9999), func(n int64) int64 { return 100 * n })).Draw(t, "hundredths")
		want := big.NewRat(cents, 100)
		for mark, signs := range map[string][2]string{Point: {",", "."}, Comma: {".", ","}, "spaces": {"\u202f", ","}} {
			whole, rest := fmt.Sprint(abs(cents)/100), fmt.Sprintf("%02d", abs(cents)%100)
			for i := len(whole) - 3; i > 0; i -= 3 {
				whole = whole[:i] + signs[0] + whole[i:]
			}
			text := whole
			if rapid.Bool().Draw(t, "fraction") || cents%100 != 0 {
				text += signs[1] + rest
			}
			if cents < 0 {
				text = "-" + text
			}
			stated := mark
			if mark == "spaces" {
				stated = Comma
			}
			n, err := ParseNumber(text, NumberStyle{Mark: stated})
			if err != nil || n.Decimal.Rat().Cmp(want) != 0 {
				t.Fatalf("%q in %s: %v, %v", text, stated, n, err)
			}
			n, err = ParseNumber(text, NumberStyle{})
			if errors.Is(err, AmbiguousMark) {
				ambiguous++
			} else if err != nil || n.Decimal.Rat().Cmp(want) != 0 {
				t.Fatalf("%q without a style: %v, %v", text, n, err)
			}
		}
	})
	if ambiguous < 3 {
		t.Errorf("%d ambiguous numbers", ambiguous)
	}
}

func abs(n int64) int64 { return max(n, -n) }

func TestParseDate(t *testing.T) {
	for _, c := range []struct {
		text  string
		style DateStyle
		want  any
	}{
		{"2024-03-15", DateStyle{}, "2024-03-15"}, {"2024/3/5", DateStyle{}, "2024-03-05"}, {"20240315", DateStyle{}, "2024-03-15"}, {"2024-03-15T10:30:00Z", DateStyle{}, "2024-03-15"}, {"2024-03-15 10:30:00.000", DateStyle{}, "2024-03-15"},
		{"2024-02-30", DateStyle{}, NoSuchDay}, {"2023-02-29", DateStyle{}, NoSuchDay}, {"2024-02-29", DateStyle{Order: DayFirst}, "2024-02-29"}, {"2024-13-01", DateStyle{}, NoSuchDay},
		{"31/12/2024", DateStyle{}, "2024-12-31"}, {"12/31/2024", DateStyle{}, "2024-12-31"}, {"03/04/2024", DateStyle{}, AmbiguousDate}, {"04/04/2024", DateStyle{}, "2024-04-04"},
		{"03/04/2024", DateStyle{Order: DayFirst}, "2024-04-03"}, {"03/04/2024", DateStyle{Order: MonthFirst}, "2024-03-04"}, {"31/12/2024", DateStyle{Order: MonthFirst}, OtherOrder}, {"12/31/2024", DateStyle{Order: DayFirst}, OtherOrder}, {"31.12.2024", DateStyle{}, "2024-12-31"},
		{"32/13/2024", DateStyle{}, NoSuchDay}, {"15/03/24", DateStyle{Order: DayFirst}, ShortYear}, {"15/03/24", DateStyle{Order: DayFirst, Century: 2000}, "2024-03-15"},
		{"15 de marzo de 2024", DateStyle{}, "2024-03-15"}, {"viernes, 15 de marzo del 2024", DateStyle{}, "2024-03-15"}, {"15-mar-2024", DateStyle{}, "2024-03-15"}, {"15-ene.-2024", DateStyle{}, "2024-01-15"}, {"1º de mayo de 2024", DateStyle{}, "2024-05-01"}, {"1o. de mayo de 2024", DateStyle{}, "2024-05-01"},
		{"March 15, 2024", DateStyle{}, "2024-03-15"}, {"Friday, March 15th, 2024", DateStyle{}, "2024-03-15"}, {"15 Aug 2024", DateStyle{}, "2024-08-15"}, {"the 3rd of April 2024", DateStyle{}, "2024-04-03"}, {"2024 March 15", DateStyle{}, "2024-03-15"}, {"15/03/2024 10:30 p. m.", DateStyle{}, "2024-03-15"},
		{"mar-24", DateStyle{Century: 2000}, NoDay}, {"marzo 2024", DateStyle{}, NoDay}, {"2024-03", DateStyle{}, NoDay}, {"marzo", DateStyle{}, NoDay},
		{"0024-03-15", DateStyle{}, NotYear}, {"3024-03-15", DateStyle{}, NotYear}, {"2024", DateStyle{}, NotDate}, {"soon", DateStyle{}, NotDate}, {"2024-03-15?", DateStyle{}, NotDate}, {"15 foo 2024", DateStyle{}, NotDate}, {"1/2/3/2024", DateStyle{}, NotDate}, {"martes 2024-03-15", DateStyle{}, "2024-03-15"},
		{"45366", DateStyle{}, NotDate}, {"45366", DateStyle{Serials: true}, "2024-03-15"}, {"45366.75", DateStyle{Serials: true}, "2024-03-15"}, {"", DateStyle{}, "missing"}, {"n/d", DateStyle{}, "missing"}, {strings.Repeat("1", 100), DateStyle{}, NotDate},
	} {
		d, err := ParseDate(c.text, c.style)
		got := any(d.Day.String())
		if d.Missing {
			got = "missing"
		}
		if err != nil {
			got = err
		}
		if got != c.want {
			t.Errorf("%q, %+v: %v, want %v", c.text, c.style, got, c.want)
		}
	}
	for _, c := range []struct {
		cell Cell
		want any
	}{
		{Cell{Kind: KindDate, Raw: "45366.5", Text: "15/03", Date: "2024-03-15T12:00:00"}, "2024-03-15"}, {Cell{Kind: KindNumber, Raw: "45366", Text: "45,366"}, NotDate}, {Cell{Kind: KindNumber, Raw: "20240315", Text: "20,240,315"}, "2024-03-15"},
		{Cell{Kind: KindTime, Text: "12:00"}, NotDate}, {Cell{Kind: KindError, Text: "#REF!"}, ErrorCell}, {Cell{Formula: true, Kind: KindText}, NoValue}, {Cell{Kind: KindDate, Date: "x"}, NotDate},
	} {
		d, err := c.cell.AsDate(DateStyle{})
		if got := any(d.Day.String()); err != nil && err != c.want || err == nil && got != c.want {
			t.Errorf("%+v: %v, %v, want %v", c.cell, got, err, c.want)
		}
	}
}

func TestMonthsAndYears(t *testing.T) {
	for text, want := range map[string]any{"ENE": 1, "enero": 1, "Jan.": 1, "setiembre": 9, "SEPT": 9, "12": 12, "04": 4, "": 0, "n/d": 0, "13": NotMonth, "0": NotMonth, "eneroo": NotMonth, "dic": 12, "Dec": 12} {
		m, err := ParseMonth(text)
		if got := any(m); err != nil && err != want || err == nil && got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]any{"2024": 2024, "2026 (FYTD)": 2026, "FY2025": 2025, "FY 2025": 2025, "2024*": 2024, "": 0, "24": NotYear, "20245": NotYear, "0999": NotYear, "año": NotYear, "Añ": NotYear, "2024-25": NotYear} {
		y, err := ParseYear(text)
		if got := any(y); err != nil && err != want || err == nil && got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
}

// Dates written in any of the ways are the date they are; without an order none is read as another.
func TestDatesRoundTrip(t *testing.T) {
	months := [][2]string{{"January", "enero"}, {"February", "febrero"}, {"March", "marzo"}, {"April", "abril"}, {"May", "mayo"}, {"June", "junio"}, {"July", "julio"}, {"August", "agosto"}, {"September", "septiembre"}, {"October", "octubre"}, {"November", "noviembre"}, {"December", "diciembre"}}
	ambiguous := 0
	rapid.Check(t, func(t *rapid.T) {
		d := dayOf(rapid.IntRange(Day{1800, 1, 1}.number(), Day{2999, 12, 31}.number()).Draw(t, "day"))
		m := months[d.Month-1]
		for _, c := range []struct {
			text  string
			style DateStyle
		}{
			{d.String(), DateStyle{Order: MonthFirst}}, {fmt.Sprintf("%d de %s de %d", d.Day, m[1], d.Year), DateStyle{}}, {fmt.Sprintf("%s %d, %d", m[0], d.Day, d.Year), DateStyle{}}, {fmt.Sprintf("%d-%s-%d", d.Day, m[0][:3], d.Year), DateStyle{}},
			{fmt.Sprintf("%02d/%02d/%d", d.Day, d.Month, d.Year), DateStyle{Order: DayFirst}}, {fmt.Sprintf("%d/%d/%d", d.Month, d.Day, d.Year), DateStyle{Order: MonthFirst}},
		} {
			if got, err := ParseDate(c.text, c.style); err != nil || got.Day != d {
				t.Fatalf("%q: %v, %v", c.text, got, err)
			}
			got, err := ParseDate(c.text, DateStyle{})
			if errors.Is(err, AmbiguousDate) {
				ambiguous++
			} else if err != nil || got.Day != d {
				t.Fatalf("%q without an order: %v, %v", c.text, got, err)
			}
		}
	})
	if ambiguous < 20 {
		t.Errorf("%d ambiguous dates", ambiguous)
	}
}

func TestReasonsHaveSentences(t *testing.T) {
	all := Reasons()
	if len(all) != len(sentences) || len(all) < 15 {
		t.Fatalf("%d reasons", len(all))
	}
	p := Problem{Sheet: "Hoja1", Line: 3, Row: 3, Column: 2, Cell: "B3", Header: "Valor", Text: "x", Reason: NotNumber}
	if got := p.Error(); got != `sheet "Hoja1", line 3, column 2 (B3, Valor): "x" is not a number` || !errors.Is(p, NotNumber) {
		t.Errorf("%s", got)
	}
}

func TestNamesOfCells(t *testing.T) {
	for i := range MaxColumns {
		got, err := ColumnOf(strings.ToLower(Letter(i)))
		c, r, ok := parseA1(A1(i, 7))
		if err != nil || got != i || !ok || c != i || r != 7 {
			t.Fatalf("%d: %s %d %v, %d %d %v", i, Letter(i), got, err, c, r, ok)
		}
	}
	for _, bad := range []string{"", "1", "A-", "ZZZZZZZZZZ", "Ñ"} {
		if _, err := ColumnOf(bad); !errors.Is(err, ErrMapping) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, bad := range []string{"", "A", "1", "A0", "A-1", "A12345678", "AB", "$A$1"} {
		if _, _, ok := parseA1(bad); ok {
			t.Errorf("%q is a cell", bad)
		}
	}
}

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"1,234.56", "1.234,56", "(5)", "$-5 %", "2.2e-05", "−1 234", "n/d", "US$ 5"} {
		f.Add(s, Point)
	}
	f.Fuzz(func(t *testing.T, s, mark string) {
		n, err := ParseNumber(s, NumberStyle{Mark: mark})
		var r Reason
		if err != nil && !errors.As(err, &r) || err == nil && n.Missing == n.Decimal.Valid() || n.Missing && n.Decimal != "" {
			t.Fatalf("%q: %+v, %v", s, n, err)
		}
		if err == nil && !n.Missing {
			if again, err := ParseNumber(string(n.Decimal), NumberStyle{Mark: Point}); err != nil || again.Decimal != record.Decimal(n.Decimal) {
				t.Fatalf("%q: %v, then %v, %v", s, n, again, err)
			}
		}
	})
}

func FuzzDate(f *testing.F) {
	for _, s := range []string{"2024-03-15", "15 de marzo de 2024", "03/04/24", "March 15th, 2024", "45366.5", "20240315", "2024-03-15T10:30:00Z"} {
		f.Add(s, DayFirst, 2000, true)
	}
	f.Fuzz(func(t *testing.T, s, order string, century int, serials bool) {
		d, err := ParseDate(s, DateStyle{Order: order, Century: century, Serials: serials})
		var r Reason
		if err != nil && !errors.As(err, &r) || err == nil && d.Missing == d.Day.Valid() {
			t.Fatalf("%q: %+v, %v", s, d, err)
		}
		if err == nil && !d.Missing {
			if again, err := ParseDate(d.Day.String(), DateStyle{}); err != nil || again.Day != d.Day {
				t.Fatalf("%q: %v, then %v, %v", s, d, again, err)
			}
		}
	})
}
