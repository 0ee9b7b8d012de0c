package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"entente/node"
)

// A press officer writes down a claim, reads what the series say, notes a position at home, and drafts what the other side is shown.
func TestAClaimFromFormToDraft(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	r, slug := newReader(t, mx, "press", "en"), mx.slug(t)
	list, err := mx.node.Instruments(t.Context(), who("press"), mx.security(t).ID, node.Query{Kind: "indicator"})
	must(t, err)
	indicator := ""
	for _, x := range list.Items {
		if x.State.Fact("code") == "border-encounters" {
			indicator = x.State.Instrument.String()
		}
	}
	form := url.Values{"quote": {"arrests fell by 89% in a year"}, "office": {"President of Mexico"}, "side": {"MX"}, "indicator": {indicator}, "form": {"percent"}, "value": {"-89"}, "language": {"en"},
		"base-from": {"2024-08-01"}, "base-to": {"2024-08-31"}, "to": {"2025-08-31"}, "link": {"https://example.org/said"}}
	wrong := func(name, value, says string) {
		t.Helper()
		f := url.Values{}
		for k, v := range form {
			f[k] = v
		}
		f.Set(name, value)
		if status, page := r.post(slug+"/claims/new", f); status != http.StatusUnprocessableEntity || !strings.Contains(page, says) {
			t.Errorf("%s %.40q: %d, want %q", name, value, status, says)
		}
	}
	wrong("quote", strings.Repeat("word ", 26), "At most 25 words")
	wrong("office", "", "Whose words they are")
	wrong("value", "", "Write the value in digits")
	wrong("link", "javascript:alert(1)", "https://")
	wrong("base-from", "2025-09-30", "after the first")
	status, page := r.post(slug+"/claims/new", form)
	if status != http.StatusOK || !strings.Contains(page, "Matches the series of United States") || !strings.Contains(page, "(6,321 − 58,009) ÷ 58,009 × 100 = −89.1034 %") {
		t.Fatalf("%d: %s", status, main(page))
	}
	if strings.Contains(page, `href="https://example.org`) {
		t.Error("a page leads to an address that somebody wrote down")
	}
	path := slug + "/claims/" + regexp.MustCompile(`/claims/([0-9a-f]{64})/put`).FindStringSubmatch(page)[1]
	if status, page = r.post(path, url.Values{"body.en": {"Ours: POSITION-AT-HOME"}}); status != http.StatusOK || !strings.Contains(page, "POSITION-AT-HOME") {
		t.Errorf("the position: %d", status)
	}
	if status, page = r.get(slug + "/claims?indicator=" + indicator); status != http.StatusOK || strings.Count(page, "Seen by our side alone") < 2 {
		t.Errorf("the indicator's claims: %d", status)
	}
	if status, page = r.get(path + "/finding.json"); status != http.StatusOK || !strings.Contains(page, `"rule": "entente/claim/v1"`) || !strings.Contains(page, `"word": "matches-side"`) {
		t.Errorf("the finding: %d %s", status, page)
	}
	if status, _ = r.get(path + "/review.jsonld"); status != http.StatusConflict {
		t.Errorf("given out from home: %d", status)
	}
	if status, page = r.post(path+"/put", url.Values{"body.en": {"As published."}, "body.es": {"Como se publicó."}}); status != http.StatusOK || !strings.Contains(page, "arrests fell by 89%") || strings.Contains(page, "POSITION-AT-HOME") {
		t.Errorf("the draft: %d %s", status, main(page))
	}
	drop := regexp.MustCompile(`action="(/g/[^"]*/drop)"`).FindStringSubmatch(page)
	if drop == nil {
		t.Fatal("the draft cannot be dropped")
	}
	if status, _ = r.post(drop[1], nil); status != http.StatusOK {
		t.Errorf("dropped: %d", status)
	}
	other := newReader(t, us, "press", "es")
	if _, page = other.get(us.slug(t) + "/claims"); strings.Contains(page, "arrests fell by 89%") || !strings.Contains(page, "Corresponde a otra definición") {
		t.Error("the other side's list")
	}
	if status, _ = other.get(strings.Replace(path, slug, us.slug(t), 1)); status != http.StatusNotFound {
		t.Errorf("the other side asks for it: %d", status)
	}
	found := regexp.MustCompile(`href="([^"]*/claims/[0-9a-f]{64})"[^>]*>“the recent extradition of 55`).FindStringSubmatch(page)
	if found == nil {
		t.Fatal("no claim of the 55 on the other side's list")
	}
	if status, page = other.get(found[1] + "/review.jsonld"); status != http.StatusOK || !strings.Contains(page, `"@type": "ClaimReview"`) || !strings.Contains(page, "29 + 26 = 55") || strings.Contains(page, "ratingValue") {
		t.Errorf("published: %d %s", status, page)
	}
}

// A file of claims is kept at home, once; what is wrong with one is said in the reader's language and does not keep out the others.
func TestAFileOfClaims(t *testing.T) {
	mx := example(t).sides["MX"]
	r, slug := newReader(t, mx, "press", "es"), mx.slug(t)
	file := []byte(`{"claims":[{"quote":"seizures of fentanyl fell","office":"An office of the file","indicator":"fentanyl_seized_weight","value":10,"unit":"percent","direction":"decrease"},{"quote":"","office":"An office of the file"}]}`)
	status, page := r.send(slug+"/claims/import", "file", file, nil)
	if status != http.StatusOK || !strings.Contains(page, "Se guardó en casa · Fentanilo asegurado") || !strings.Contains(page, "necesita sus palabras exactas") {
		t.Errorf("%d %s", status, main(page))
	}
	if status, page = r.send(slug+"/claims/import", "file", file, nil); status != http.StatusOK || !strings.Contains(page, "Ya estaba guardada") {
		t.Errorf("again: %d %s", status, main(page))
	}
	if status, page = r.send(slug+"/claims/import", "file", []byte("quote,office"), nil); status != http.StatusUnprocessableEntity || !strings.Contains(page, "No es un archivo de afirmaciones") {
		t.Errorf("no such file: %d", status)
	}
	if status, _ = newReader(t, mx, "auditor", "en").send(slug+"/claims/import", "file", []byte(`[{"quote":"another","office":"x"}]`), nil); status != http.StatusForbidden {
		t.Errorf("an auditor keeps a claim: %d", status)
	}
}

func main(page string) string {
	if i := strings.Index(page, "<main"); i >= 0 {
		return page[i:]
	}
	return page
}
