package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/record"
)

// asked is a request with a form in it, in English, on a node in Mexico City.
func asked(t *testing.T, values url.Values) *request {
	t.Helper()
	zone, err := time.LoadLocation("America/Mexico_City")
	if err != nil {
		t.Fatal(err)
	}
	w := &Web{zone: zone}
	if w.languages, err = w.loadLanguages(); err != nil {
		t.Fatal(err)
	}
	hr := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(values.Encode()))
	hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if err := hr.ParseForm(); err != nil {
		t.Fatal(err)
	}
	return &request{Request: hr, web: w, lang: "en"}
}

func TestFormReadsWhatWasSent(t *testing.T) {
	yes := []option{{Value: "yes"}, {Value: "no"}}
	r := asked(t, url.Values{"text": {" a\r\nb "}, "due": {"2026-11-25"}, "hour": {"09:30"}, "long": {"09:30:15"}, "amount": {"1,250.50"}, "one": {"yes"}, "some": {"yes", "no"},
		"id": {strings.Repeat("0f", 32)}})
	f, err := r.form("/", "send", field{Name: "text"}, field{Name: "due"}, field{Name: "hour"}, field{Name: "long"}, field{Name: "amount"},
		field{Name: "one", Options: yes}, field{Name: "some", Options: yes}, field{Name: "id"}, field{Name: "none", Optional: true})
	if err != nil {
		t.Fatal(err)
	}
	id, _ := record.ParseID(strings.Repeat("0f", 32))
	at := func(s string) int64 {
		x, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return x.Unix()
	}
	for _, x := range []struct{ got, want any }{
		{f.text("text"), "a\nb"}, {f.day("due"), at("2026-11-25T00:00:00-06:00")}, {f.deadline("due"), at("2026-11-25T23:59:59Z")},
		{f.moment("due", "hour"), at("2026-11-25T09:30:00-06:00")}, {f.moment("due", "long"), at("2026-11-25T09:30:15-06:00")},
		{f.decimal("amount"), record.Decimal("1250.50")}, {f.choice("one"), "yes"}, {len(f.choices("some")), 2}, {f.id("id"), id},
		{f.text("none"), ""}, {f.day("none"), int64(0)}, {f.id("none"), record.ID{}},
	} {
		if x.got != x.want {
			t.Errorf("%v, want %v", x.got, x.want)
		}
	}
	if !f.ok() {
		t.Errorf("%d problems", len(f.Problems()))
	}
}

func TestFormKeepsWhatIsWrong(t *testing.T) {
	yes := []option{{Value: "yes"}}
	r := asked(t, url.Values{"empty": {" "}, "due": {"25 November"}, "hour": {"half past"}, "amount": {"much"}, "one": {"maybe"}, "some": {"yes", "maybe"}, "id": {"zz"},
		"long": {strings.Repeat("x", maxField+1)}})
	f, err := r.form("/", "send", field{Name: "empty"}, field{Name: "due"}, field{Name: "hour"}, field{Name: "amount"}, field{Name: "one", Control: controlRadios, Options: yes},
		field{Name: "some", Options: yes}, field{Name: "id"}, field{Name: "long"}, field{Name: "nothing", Options: yes}, field{Name: "file", Control: controlFile})
	if err != nil {
		t.Fatal(err)
	}
	day := f.day("due")
	f.text("empty")
	f.moment("due", "hour")
	if f.decimal("amount") != "" || f.choice("one") != "" || f.choices("some") != nil || !f.id("id").IsZero() || day != 0 {
		t.Error("a wrong answer has a value")
	}
	f.choices("nothing")
	if _, err := f.uploads("file"); err != nil {
		t.Fatal(err)
	}
	wrong := map[string]bool{}
	for _, x := range f.Problems() {
		wrong[x.Name] = true
	}
	if len(wrong) != 10 {
		t.Errorf("problems with %v", wrong)
	}
	var b strings.Builder
	if err := r.web.languages["en"].pages["home"].ExecuteTemplate(&b, "form", f); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"There is a problem", `href="#due"`, `href="#one-0"`, `value="25 November"`, `aria-describedby="amount-error"`, "multipart/form-data"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the form does not show %s", want)
		}
	}
}
