package web_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"entente"
	"entente/node"
	"entente/progress"
	"entente/record"
)

var draftPath = regexp.MustCompile(`/g/[^/"]+/drafts/([0-9a-f]{32})`)

// drafted is the act that a form led to.
func (r *reader) drafted(t *testing.T, path string, form url.Values) *node.Draft {
	t.Helper()
	g, _ := r.side.group(t)
	status, page := r.post(path, form)
	m := draftPath.FindStringSubmatch(page)
	if status != 200 || m == nil {
		t.Fatalf("%s answers %d and leads to no draft: %s", path, status, problems(page))
	}
	var n record.Nonce
	if err := n.UnmarshalText([]byte(m[1])); err != nil {
		t.Fatal(err)
	}
	d, err := r.side.node.GroupDraft(t.Context(), who("desk"), g, n)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func problems(page string) string {
	_, p, _ := strings.Cut(page, "govuk-error-summary__list")
	p, _, _ = strings.Cut(p, "</ul>")
	return p
}

// formOf reads what a page's form is filled in with.
func formOf(page string) url.Values {
	v := url.Values{}
	for _, m := range regexp.MustCompile(`<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>`).FindAllStringSubmatch(page, -1) {
		v.Set(m[1], unescape(m[2]))
	}
	for _, tag := range regexp.MustCompile(`<input[^>]*>`).FindAllString(page, -1) {
		attr := func(n string) string {
			if m := regexp.MustCompile(` ` + n + `="([^"]*)"`).FindStringSubmatch(tag); m != nil {
				return unescape(m[1])
			}
			return ""
		}
		if kind := attr("type"); kind == "radio" || kind == "checkbox" {
			if strings.Contains(tag, " checked") {
				v.Add(attr("name"), attr("value"))
			}
		} else {
			v.Set(attr("name"), attr("value"))
		}
	}
	for _, m := range regexp.MustCompile(`(?s)<select[^>]* name="([^"]+)".*?</select>`).FindAllStringSubmatch(page, -1) {
		if o := regexp.MustCompile(`<option value="([^"]*)" selected>`).FindStringSubmatch(m[0]); o != nil {
			v.Set(m[1], o[1])
		} else if o := regexp.MustCompile(`<option value="([^"]*)"`).FindStringSubmatch(m[0]); o != nil {
			v.Set(m[1], o[1])
		}
	}
	return v
}

func unescape(s string) string {
	return strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&#43;", "+", "&amp;", "&").Replace(s)
}

// An indicator is defined in the browser with everything that the two sides agree on; what is wrong is said at its field.
func TestDefineAnIndicator(t *testing.T) {
	s := example(t)
	x := s.sides["MX"]
	_, base := x.group(t)
	r := newReader(t, x, "desk", "en")
	path := strings.TrimPrefix(base, x.url) + "/indicators/new"
	status, page := r.post(path, url.Values{})
	for _, wants := range []string{"#code", "Choose"} {
		if status != 422 || !strings.Contains(problems(page), wants) {
			t.Errorf("an empty form answers %d: %s", status, problems(page))
		}
	}
	form := url.Values{"line": {"fuel"}, "code": {"fuel-recovered"}, "title.en": {"Fuel recovered"}, "title.es": {"Combustible recuperado"}, "body.en": {"Litres handed over."}, "body.es": {"Litros entregados."},
		"method.en": {"Weighed."}, "method.es": {"Pesado."}, "limits.en": {"Only depots."}, "limits.es": {"Sólo depósitos."}, "unit": {"other"}, "unit-other": {"m3"}, "counted": {"seizure"}, "direction": {"up"}, "period": {"quarter"},
		"fiscal": {"10"}, "source-MX": {"Pemex"}, "part1": {"product; Product; Producto"}, "codes1": {"D; Diesel; Diésel\r\nG; Gasoline; Gasolina\r\n"}, "baseline": {"1,200"}, "baseline-from": {"2025-01-01"}, "baseline-to": {"2025-12-31"},
		"conversion-US": {"pills"}, "conversion-US-factor": {"1/9090"}, "conversion-US-ground.en": {"Laboratory manual"}, "conversion-US-ground.es": {"Manual de laboratorio"},
		"target": {"2400.5"}, "target-from": {"2027-01-01"}, "target-to": {"2027-12-31"}, "owner": {"MX"}, "frequency": {"quarter"}, "due": {"20"}, "code-SDG": {"16.4.1"}, "handling": {"usual"}}
	bad := url.Values{}
	for k, v := range form {
		bad[k] = v
	}
	for k, v := range map[string]string{"code": "homicide-files", "limits.es": "", "unit-other": "", "target-to": "2024-12-31", "target-from": "2024-01-01", "codes1": "D; Diesel", "due": "x", "conversion-US-factor": "0", "conversion-US-ground.es": "", "conversion-MX": "kg", "conversion-MX-factor": "0.5"} {
		bad.Set(k, v)
	}
	_, page = r.post(path, bad)
	for _, wants := range []string{"Another indicator has this code", "#limits-es", "Write which", "not after the baseline", "D; Diesel", "#due", "#conversion-US-factor", "#conversion-US-ground-es", "#conversion-MX-ground-en"} {
		if !strings.Contains(problems(page), wants) {
			t.Errorf("the form does not say %q: %s", wants, problems(page))
		}
	}
	d := r.drafted(t, path, form)
	v, err := x.node.Kinds().DecodeTerms(d.Header)
	if err != nil {
		t.Fatal(err)
	}
	i := v.(*entente.Indicator)
	if len(i.Conversion) != 1 || i.Conversion[0].Party != "US" || i.Conversion[0].From != "pills" || i.Conversion[0].Factor != "1/9090" || i.Conversion[0].Ground["es"] != "Manual de laboratorio" {
		t.Errorf("conversions %+v", i.Conversion)
	}
	if i.Code != "fuel-recovered" || i.Unit != "m3" || i.CountingUnit != "seizure" || i.FiscalMonth != 10 || i.Sources["MX"] != "Pemex" || len(i.Breakdowns) != 1 || i.Breakdowns[0].Values[1].Names["es"] != "Gasolina" ||
		*i.Baseline != (entente.Level{Value: "1200", Start: 1735689600, Date: 1767225600}) || i.Target.Value != "2400.5" || i.Owner != "MX" || i.DueDays != 20 || i.Codes[0] != "SDG:16.4.1" || i.SameCount || d.Header.Line != "fuel" || len(d.Header.Parts) != 8 {
		t.Errorf("%+v", i)
	}
}

// A new version begins as the old one; a target alone moves without a break.
func TestANewDefinition(t *testing.T) {
	s := example(t)
	x := s.sides["US"]
	_, base := x.group(t)
	r := newReader(t, x, "desk", "en")
	base = strings.TrimPrefix(base, x.url)
	id := x.figureIs(t, "illegal-taps").String()
	path := base + "/indicators/new"
	status, page := r.get(path + "?amend=" + id)
	if status != 200 {
		t.Fatalf("the form answers %d", status)
	}
	form := formOf(page)
	if form.Get("code") != "illegal-taps" || form.Get("limits.es") == "" || form.Get("counted") != "tap" || form.Get("target-to") == "" {
		t.Fatalf("the form begins with %v", form)
	}
	if _, page := r.post(path, form); !strings.Contains(problems(page), "#counting-0") {
		t.Errorf("it does not ask whether the figures are counted as before: %s", problems(page))
	}
	form.Set("counting", "same")
	form.Set("unit", "kg")
	if _, page := r.post(path, form); !strings.Contains(problems(page), "that is a break") {
		t.Errorf("another unit is no break: %s", problems(page))
	}
	form.Set("unit", formOf(page).Get("unit"))
	form.Set("target", "1")
	d := r.drafted(t, path, form)
	v, _ := x.node.Kinds().DecodeTerms(d.Header)
	if i := v.(*entente.Indicator); !i.SameCount || i.Target.Value != "1" || d.Header.Replaces.String() != id || d.Header.Instrument.String() != id || i.Baseline == nil || len(i.Sources) == 0 {
		t.Errorf("%+v", i)
	}
}

// A status is one side's own act, with reasons; both stand side by side, apart from the signal.
func TestStatusesStandSideBySide(t *testing.T) {
	s := example(t)
	for _, x := range s.sides {
		g, base := x.group(t)
		r := newReader(t, x, "desk", "en")
		base = strings.TrimPrefix(base, x.url)
		id := x.figureIs(t, "homicide-files")
		_, page := r.get(base + "/indicators/" + id.String())
		for _, wants := range []string{"On track", "At risk", "several states report late", "Status by the co-chairs"} {
			if !strings.Contains(page, wants) {
				t.Errorf("%s: the page does not say %q", x.id, wants)
			}
		}
		path := base + "/i/" + id.String() + "/assess"
		if _, page := r.post(path, url.Values{"status": {"met"}, "handling": {"usual"}}); !strings.Contains(problems(page), "body-en") {
			t.Errorf("a status without reasons: %s", problems(page))
		}
		d := r.drafted(t, path, url.Values{"status": {"off-track"}, "body.en": {"It rises."}, "handling": {"usual"}})
		v, _ := x.node.Kinds().DecodeTerms(d.Header)
		if a, ok := v.(*entente.Assessment); !ok || a.Status != progress.OffTrack || d.Header.Version != id || d.Header.Group != g {
			t.Errorf("%+v", d.Header)
		}
	}
}

// What an evaluation recommends goes on record, and those to whom it is addressed say what became of it.
func TestRecommendations(t *testing.T) {
	s := example(t)
	x := s.sides["US"]
	_, base := x.group(t)
	r := newReader(t, x, "desk", "en")
	base = strings.TrimPrefix(base, x.url)
	_, page := r.get(base + "/findings")
	for _, wants := range []string{"Measure outcomes, not activity", "Under way", "Accepted", "Nothing reported yet"} {
		if !strings.Contains(page, wants) {
			t.Errorf("the list does not say %q", wants)
		}
	}
	if _, page := r.post(base+"/findings/new", url.Values{"link": {"javascript:x"}, "title.en": {"x"}}); !strings.Contains(problems(page), "#link") || !strings.Contains(problems(page), "#body-en") || !strings.Contains(problems(page), "#to-0") {
		t.Errorf("what is wrong: %s", problems(page))
	}
	d := r.drafted(t, base+"/findings/new", url.Values{"line": {"arms"}, "source": {"Audit"}, "published": {"2024-05-01"}, "to": {"MX", "US"}, "title.en": {"x"}, "body.en": {"y"}, "handling": {"usual"}})
	if d.Header.Line != "arms" || len(d.Header.Parts) != 2 {
		t.Errorf("%+v", d.Header)
	}
	i := regexp.MustCompile(`/i/([0-9a-f]{64})">Say what the traces`).FindStringSubmatch(page)
	if i == nil {
		t.Fatal("no recommendation to answer")
	}
	if d := r.drafted(t, base+"/findings/"+i[1]+"/became", url.Values{"became": {"done"}, "body.en": {"Published."}, "handling": {"usual"}}); d.Header.Instrument.String() != i[1] {
		t.Errorf("%+v", d.Header)
	}
}

// The checklist names what each objective lacks, and each gap leads to where it is filled.
func TestChecklistLeadsToTheGap(t *testing.T) {
	s := example(t)
	x := s.sides["MX"]
	_, base := x.group(t)
	r := newReader(t, x, "desk", "en")
	base = strings.TrimPrefix(base, x.url)
	status, page := r.get(base + "/checklist")
	for _, wants := range []string{"An indicator measures it", "Risks and assumptions", "Target with a date", "What became of recommendations"} {
		if status != 200 || !strings.Contains(page, wants) {
			t.Errorf("%d, the page does not say %q", status, wants)
		}
	}
	links := regexp.MustCompile(`<dd class="govuk-summary-list__value"><a class="govuk-link" href="([^"]+)"`).FindAllStringSubmatch(page, -1)
	seen := map[string]bool{}
	for _, l := range links {
		to := unescape(l[1])
		form := regexp.MustCompile(`[0-9a-f]{64}`).ReplaceAllString(to, "")
		if seen[form] {
			continue
		}
		seen[form] = true
		if status, _ := r.get(to); status != 200 {
			t.Errorf("%s answers %d", to, status)
		}
	}
	if len(seen) < 4 {
		t.Errorf("the gaps lead to %v", seen)
	}
	if status, _ := r.get(base + "/checklist/fuel"); status != 200 {
		t.Errorf("a line answers %d", status)
	}
}
