package web_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"entente"
	"entente/node"
	"entente/record"
)

var counted = regexp.MustCompile(`class="count"><span[^>]*>[^<]*</span>(\d+)<`)

// waiting is the page of what waits, without the rest, and the number that the navigation shows.
func (r *reader) waiting(path string) (string, int) {
	r.t.Helper()
	status, page := r.get(path)
	if status != http.StatusOK {
		r.t.Fatalf("%s answers %d", path, status)
	}
	n := 0
	if m := counted.FindStringSubmatch(page); m != nil {
		n, _ = strconv.Atoi(m[1])
	}
	main, _, _ := strings.Cut(page[strings.Index(page, "<main"):], "</main>")
	return main, n
}

// What waits for an office shows until it is done, and the navigation counts it.
func TestWhatWaits(t *testing.T) {
	s := example(t)
	a, b := s.sides["MX"], s.sides["US"]
	g := b.security(t)
	home := "/g/security-" + g.ID.Short()
	us := newReader(t, b, minister["US"], "en")
	_, before := us.waiting(home)

	m := a.seal(t, minister["MX"], node.Act{Kind: "commitment", Verb: record.Propose, Line: "arms", Parts: append(both("title", "What waits"), both("body", "Text")...), Until: a.node.Now() + 5*86400},
		entente.Commitment{Owner: "US", Due: a.node.Now() + 3*86400})
	b.await(t, m.ID, func(*entente.State) bool { return true })
	page, n := us.waiting(home)
	if n != before+1 || !strings.Contains(page, "/i/"+m.ID.String()) || !strings.Contains(page, "since today, until") || !strings.Contains(page, "in five days") {
		t.Errorf("%d things wait, %d before:\n%s", n, before, page)
	}
	for _, x := range []struct {
		office string
		shown  bool
	}{{"line-lead-arms", true}, {"line-lead-drugs", false}, {"auditor", false}} {
		if page, _ := newReader(t, b, x.office, "en").waiting("/"); strings.Contains(page, m.ID.String()) != x.shown {
			t.Errorf("shown to %s: %v", x.office, !x.shown)
		}
	}
	if page, _ := newReader(t, b, "auditor", "en").waiting(home + "?of=party"); !strings.Contains(page, m.ID.String()) {
		t.Error("an auditor does not see what waits for the party")
	}

	a.seal(t, minister["MX"], node.Act{Kind: "commitment", Verb: record.Consent, Version: m.ID}, nil)
	b.await(t, m.ID, func(x *entente.State) bool { return x.Versions[0].Sides[0].Consent != nil })
	d, err := b.node.Prepare(t.Context(), who(minister["US"]), node.Act{Group: g.ID, Kind: "commitment", Verb: record.Consent, Version: m.ID})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.node.Save(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if page, n := us.waiting(home); n != before+2 || !strings.Contains(page, "/drafts/"+d.Nonce.String()) || !strings.Contains(page, "Signature: What waits") {
		t.Errorf("a draft to sign does not wait: %d\n%s", n, page)
	}
	if page, _ := newReader(t, b, "line-lead-drugs", "en").waiting(home); strings.Contains(page, d.Nonce.String()) {
		t.Error("a draft waits for an office that cannot sign it")
	}
	if err := b.node.Drop(t.Context(), who(minister["US"]), d.Nonce); err != nil {
		t.Fatal(err)
	}
	b.seal(t, minister["US"], node.Act{Kind: "commitment", Verb: record.Consent, Version: m.ID}, nil)
	page, n = us.waiting(home)
	if i, due := strings.Index(page, m.ID.String()), strings.Index(page, "Due soon"); n != before+1 || due < 0 || i < due || !strings.Contains(page, "in three days") {
		t.Errorf("what falls due soon does not wait: %d\n%s", n, page)
	}
	if page, _ := newReader(t, a, minister["MX"], "es").waiting("/"); strings.Contains(page, m.ID.String()) {
		t.Error("what the other side owes waits here")
	}
}

// The minister's page stands on one sheet, of the group and of each line, and says what its rule says.
func TestMinistersPageIsOneSheet(t *testing.T) {
	s := example(t)
	x := s.sides["MX"]
	b := newTab(t)
	b.signIn(x, minister["MX"], "es")
	g := x.security(t)
	at := x.url + "/g/security-" + g.ID.Short() + "/minister"
	paths := []string{at}
	for _, l := range g.Founding.Lines {
		paths = append(paths, at+"/"+l.Code)
	}
	for _, path := range paths {
		b.open(path)
		b.says("por cumplir", "con atraso", "Decisiones que se requieren", "Qué cambió desde Segunda reunión")
		for name, size := range map[string]chromedp.PaperSize{"letter": chromedp.PaperLetter, "A4": chromedp.PaperA4} {
			pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(chromedp.PDFPaper(size), chromedp.PDFMargin(0.6)))
			b.ok(err)
			if n := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(pdf, -1)); n != 1 {
				t.Errorf("%s on %s: %d sheets", path, name, n)
			}
		}
	}
	b.open(at)
	own := evaluate[string](b, `document.querySelector(".ent-sides h2").innerText`)
	if own != "México" {
		t.Errorf("%s comes first", own)
	}
	b.open(at + "/fuel")
	steps := evaluate[[]string](b, `[...document.querySelectorAll(".ent-steps > li")].map(x => x.innerText)`)
	if len(steps) == 0 || !strings.Contains(steps[0], "Un solo método para contar tomas") || !strings.Contains(steps[0], "México") {
		t.Errorf("the first decision is not the observations that nobody has answered: %q", steps)
	}
}

// The list is narrowed, ordered and turned by its address.
func TestCommitmentsAreListed(t *testing.T) {
	s := example(t)
	x := s.sides["US"]
	r := newReader(t, x, "desk", "en")
	list := "/g/security-" + x.security(t).ID.Short() + "/commitments"
	for _, c := range []struct {
		query    string
		has, not string
	}{
		{"", "Seal the southern ends", "Nothing"},
		{"?line=fuel", "Taps by state, each quarter", "Seal the southern ends"},
		{"?owner=MX", "Taps by state, each quarter", "Answer trace requests within thirty days"},
		{"?status=late&owner=US", "Answer trace requests within thirty days", "Taps by state, each quarter"},
		{"?status=verified", "Complete trace requests", "Taps by state, each quarter"},
		{"?status=lapsed", "Loan of", "Taps by state, each quarter"},
		{"?due-from=2001-01-01&due-to=2001-01-02", "No commitment is like that", "Taps by state"},
		{"?sort=latest", "Taps by state, each quarter", "There is a problem"},
	} {
		status, page := r.get(list + c.query)
		if status != http.StatusOK || !strings.Contains(page, c.has) || strings.Contains(page, c.not) {
			t.Errorf("%s answers %d, with %q %v, with %q %v", c.query, status, c.has, strings.Contains(page, c.has), c.not, strings.Contains(page, c.not))
		}
	}
	if status, page := r.get(list + "?line=nowhere&due-from=soon"); status != http.StatusUnprocessableEntity || !strings.Contains(page, "Enter a date") || !strings.Contains(page, `value="soon"`) {
		t.Errorf("what is no filter answers %d", status)
	}
}

// A page of the past shows what was on record then, says so, and lets nothing be done.
func TestPagesOfThePast(t *testing.T) {
	s := example(t)
	x := s.sides["MX"]
	r := newReader(t, x, minister["MX"], "es")
	g := x.security(t)
	list, err := x.node.Instruments(t.Context(), who("desk"), g.ID, node.Query{Kind: "commitment", Progress: node.ProgressVerified, Limit: 1})
	if err != nil || len(list.Items) == 0 {
		t.Fatal("nothing is verified", err)
	}
	of := list.Items[0].State
	day := func(sec int64) string { return isoDay(sec) }
	at := "/g/security-" + g.ID.Short() + "/i/" + of.Instrument.String()
	status, page := r.get(at + "?asof=" + day(of.Reports[0].Time-86400))
	if status != http.StatusOK || !strings.Contains(page, "Con corte al") || strings.Contains(page, "verificado por la contraparte") || strings.Contains(page, "govuk-button\"") && strings.Contains(page, "/withdraw") {
		t.Errorf("before its report: %d\n%s", status, page)
	}
	if status, page := r.get(at); status != http.StatusOK || !strings.Contains(page, "verificado por la contraparte") || strings.Contains(page, "Con corte al {") {
		t.Errorf("now: %d", status)
	}
	if status, _ := r.get(at + "?asof=" + day(of.Opened.Time-3*86400)); status != http.StatusNotFound {
		t.Errorf("before it was opened: %d", status)
	}
	if status, _ := r.get(at + "?asof=yesterday"); status != http.StatusUnprocessableEntity {
		t.Errorf("no day: %d", status)
	}
	if _, page := r.get(at + "?asof=2999-01-01"); strings.Contains(page, "No se muestra lo posterior") {
		t.Error("a day to come is shown as past")
	}
	if status, page := r.get("/g/security-" + g.ID.Short() + "/commitments?asof=" + day(of.Opened.Time-3*86400)); status != http.StatusOK || strings.Contains(page, "/i/"+of.Instrument.String()) {
		t.Errorf("the list before it was opened: %d", status)
	}
}
