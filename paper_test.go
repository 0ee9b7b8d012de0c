package entente_test

import (
	"slices"
	"testing"

	"entente"
	"entente/record"
)

// Signed on paper: one party's own statement, which an office with the power to say so makes, and which is asked the same
// authority as a key.

func TestSignedOnPaper(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	v := us.Propose("commitment", promise("US"), line("fuel"))
	charter := mx.AmendCharter(w.group, func() *entente.Charter { c := newCharter("MX", "US"); c.Track = "trade"; return c }())
	no, yes := []string{entente.ReasonApproval}, []string(nil)
	paper := func(p entente.Paper) edit { return terms(entente.ConsentTerms{Paper: &p}) }
	scan := content("annex/scan", "scan")
	good := entente.Paper{Office: "minister", Signed: w.now}
	for name, c := range map[string]struct {
		want  []string
		edits []edit
	}{
		"recorded by an office that may":   {yes, []edit{paper(good), scan, by("registry/1")}},
		"with its place":                   {yes, []edit{onPaper("minister"), by("registry/1")}},
		"by an office that signs by key":   {yes, []edit{onPaper("foreign"), by("registry/1")}},
		"by an office on its line":         {yes, []edit{onPaper("fuel-desk"), by("registry/1")}},
		"two recorders":                    {yes, []edit{onPaper("minister"), by("registry/1", "registry/2")}},
		"kept at home":                     {yes, []edit{paper(good), content("annex/scan", "scan", record.Marking{TLP: record.AmberStrict, Originator: "MX"}), by("registry/1")}},
		"two scans":                        {yes, []edit{onPaper("minister"), content("annex/2", "x"), by("registry/1")}},
		"by an office that may not record": {no, []edit{onPaper("minister"), by("foreign/1")}},
		"by the signatory with its key":    {no, []edit{onPaper("foreign"), by("foreign/1")}},
		"recorded by nobody":               {no, []edit{onPaper("minister"), by()}},
		"an office that is not there":      {no, []edit{onPaper("president"), by("registry/1")}},
		"the other party's office":         {no, []edit{onPaper("us/minister"), by("registry/1")}},
		"an office without the authority":  {no, []edit{onPaper("press"), by("registry/1")}},
		"without its scan":                 {[]string{"parts"}, []edit{paper(good), by("registry/1")}},
		"another part for the scan":        {[]string{"parts"}, []edit{paper(good), content("body.en", "x"), by("registry/1")}},
		"before it was signed":             {[]string{"terms"}, []edit{paper(entente.Paper{Office: "minister", Signed: w.now + 1}), scan, by("registry/1")}},
		"without a date":                   {[]string{"terms"}, []edit{rawTerms(map[int]any{1: map[int]any{1: "minister", 2: 0}}), scan, by("registry/1")}},
		"by the root":                      {[]string{"approval", "terms"}, []edit{onPaper("root"), by("registry/1")}},
		"by nobody":                        {[]string{"approval", "terms"}, []edit{rawTerms(map[int]any{1: map[int]any{1: "", 2: 5}}), scan, by("registry/1")}},
		"a place of many lines":            {[]string{"terms"}, []edit{paper(entente.Paper{Office: "minister", Signed: 5, Place: "a\nb"}), scan, by("registry/1")}},
		"null for the paper":               {[]string{"terms"}, []edit{rawTerms(map[int]any{1: nil}), by("foreign/1")}},
		"empty terms":                      {[]string{"terms"}, []edit{rawTerms(map[int]any{}), by("foreign/1")}},
		"a scan and no paper":              {[]string{"parts"}, []edit{scan, by("foreign/1")}},
		"a scan and no paper, by registry": {[]string{"parts"}, []edit{scan, by("registry/1")}},
		"no paper":                         {yes, []edit{by("foreign/1")}},
		"no paper, by registry":            {yes, []edit{by("registry/1")}},
	} {
		t.Run(name, func(t *testing.T) {
			only(t, mx.Reasons("commitment", record.Consent, append([]edit{mx.about(v)}, c.edits...)...), c.want...)
		})
	}
	only(t, mx.Reasons("charter", record.Consent, mx.about(charter), onPaper("minister"), by("registry/1")))
	for name, verb := range map[string]record.Verb{"a withdrawal": record.Withdraw, "a reply": record.Reply} {
		if got := mx.Reasons("commitment", verb, mx.about(v), rawTerms(map[int]any{1: map[int]any{1: "minister", 2: 5}}), scan, by("foreign/1")); !slices.Contains(codes(got), entente.ReasonTerms) {
			t.Errorf("%s on paper: %v", name, got)
		}
	}

	mx.good(mx.Consent(v, onPaper("minister"), by("registry/1")))
	us.good(us.Consent(v))
	s := us.State(v)
	for _, x := range s.InForce().Sides {
		if (x.Party == "MX") != (x.Paper != nil) {
			t.Errorf("side of %s: %+v", x.Party, x)
		}
	}
	if p := s.InForce().Sides[0].Paper; p.Office != "minister" || p.Signed != w.now-1 || p.Place == "" {
		t.Errorf("%+v", p)
	}
	w.same()
}

// Every kind that takes consents takes those of paper.
func TestPaperInEveryKind(t *testing.T) {
	d := newDesk(t)
	mx := d.As("MX")
	tried := map[string]bool{}
	for id := range mx.view.states {
		s := mx.State(id)
		if len(s.Versions) == 0 {
			continue
		}
		v := s.Versions[0].ID
		only(t, mx.Reasons(s.Kind, record.Consent, mx.about(v), onPaper("minister"), by("registry/1")))
		tried[s.Kind] = true
	}
	for _, k := range d.kinds.Names() {
		if _, _, err := d.kinds.Rule(k, record.Consent); err == nil && !tried[k] {
			t.Errorf("no consent to a %s is tried here", k)
		}
	}
}

// The authority of the signatory is held against the date on the paper, the recorder's against the record's own time.
func TestPaperAndDates(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx := w.As("MX")
	v := w.As("US").Propose("statement", entente.Statement{})
	ends := int64(epoch + 10_000) // press: statements, until then, but for proposals alone
	for i, o := range mx.powers.Offices {
		if o.ID == "press" {
			o.Grants[0].Verbs = []record.Verb{record.Propose, record.Consent}
			mx.powers.Offices[i] = o
		}
		if o.ID == "registry" {
			o.Grants[0].Until = ends + 100
			mx.powers.Offices[i] = o
		}
	}
	mx.good(mx.Powers())
	try := func(signed, recorded int64, want ...string) {
		t.Helper()
		only(t, mx.Reasons("statement", record.Consent, mx.about(v), terms(entente.ConsentTerms{Paper: &entente.Paper{Office: "press", Signed: signed}}),
			content("annex/scan", "x"), by("registry/1"), with(func(h *record.Header) { h.Time = recorded })), want...)
	}
	try(ends-1, ends+50)
	try(ends, ends+50, entente.ReasonApproval)
	try(ends-1, ends+99)
	try(ends-1, ends+100, entente.ReasonApproval)
}
