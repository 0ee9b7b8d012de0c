package entente_test

import (
	"slices"
	"strings"
	"testing"

	"entente"
	"entente/progress"
	"entente/record"
	"entente/release"
)

func claimOf(f func(*entente.Claim)) entente.Claim {
	c := entente.Claim{Office: "President of Mexico", Side: "MX", Outlet: "El País", Agency: "SESNSP", Link: "https://example.org/a", Language: "es", Form: progress.ClaimPercent, Value: "-32", Unit: "percent",
		Start: epoch, End: epoch + 86400, BaseStart: epoch - 86400, BaseEnd: epoch, Said: epoch + 86400, Area: "MX", Bound: progress.BoundAbout}
	if f != nil {
		f(&c)
	}
	return c
}

// A claim before the others: its author says what it is, the others answer, and it may be published when each has said so with one word.
func TestAClaimIsReleasedByEachForItself(t *testing.T) {
	d := newDesk(t)
	mx, us := d.As("MX"), d.As("US")
	put := func(p *party, on ...edit) record.ID {
		return p.good(p.Write("claim", record.Report, append(on, terms(claimOf(func(c *entente.Claim) { c.Indicator = d.indicator })), content("quote", "a 32% decline"), content("body.en", "x"), content("body.es", "x"))...)).ID()
	}
	release := func(p *party, claim, report record.ID, w progress.FindingWord) {
		r := entente.ClaimRelease{Report: report, Word: w, Rule: progress.ClaimRule}
		if w == "" {
			r.Rule = ""
		}
		p.good(p.Write("claim", record.Release, on(claim), terms(r)))
	}
	id := put(mx)
	word := func() progress.FindingWord {
		d.same()
		return us.State(id).ReleasedWord([]record.Party{"MX", "US"})
	}
	if s := us.State(id); s.At(d.now).Phase != entente.PhaseRecorded || s.Fact("measured_by") != d.indicator.String() || s.Claim() != claimOf(func(c *entente.Claim) { c.Indicator = d.indicator }) {
		t.Errorf("state %+v", s)
	}
	if a := us.State(id).Attention([]record.Party{"MX", "US"}); len(a) != 1 || a[0].Reason != entente.AttentionClaim || a[0].Party != "US" {
		t.Errorf("it waits for %+v", a)
	}
	us.good(us.Write("claim", record.Reply, on(id), terms(entente.ReplyTerms{To: id, Stance: entente.Answer}), content("body.en", "x"), content("body.es", "x")))
	if a := us.State(id).Attention([]record.Party{"MX", "US"}); len(a) != 0 {
		t.Errorf("answered, and it waits for %+v", a)
	}
	if w := word(); w != "" {
		t.Errorf("released by nobody: %s", w)
	}
	release(mx, id, id, progress.FindingDefinition)
	if w := word(); w != "" {
		t.Errorf("released by one: %s", w)
	}
	release(us, id, id, progress.FindingDiffers)
	if w := word(); w != "" {
		t.Errorf("released with two words: %s", w)
	}
	release(us, id, id, progress.FindingDefinition)
	if w := word(); w != progress.FindingDefinition {
		t.Errorf("released by both: %q", w)
	}
	release(us, id, id, "")
	if w := word(); w != "" {
		t.Errorf("taken back: %s", w)
	}
	release(us, id, id, progress.FindingDefinition)
	put(mx, on(id)) // another claim than the one that was released
	if w := word(); w != "" {
		t.Errorf("changed after it was released: %s", w)
	}
}

func TestClaimsAreRefused(t *testing.T) {
	d := newDesk(t)
	mx, us := d.As("MX"), d.As("US")
	report := func(c entente.Claim, e ...edit) []edit { return append([]edit{terms(c), content("quote", "x")}, e...) }
	id := us.good(us.Write("claim", record.Report, report(claimOf(nil))...)).ID()
	for name, x := range map[string]struct {
		verb  record.Verb
		edits []edit
		want  string
		text  string
	}{
		"no office":          {record.Report, report(claimOf(func(c *entente.Claim) { c.Office = " " })), "terms", "office"},
		"a long outlet":      {record.Report, report(claimOf(func(c *entente.Claim) { c.Outlet = strings.Repeat("x", 301) })), "terms", "outlet"},
		"a control":          {record.Report, report(claimOf(func(c *entente.Claim) { c.Agency = "a\x1bb" })), "terms", "agency"},
		"a script":           {record.Report, report(claimOf(func(c *entente.Claim) { c.Link = "javascript:alert(1)" })), "terms", "link"},
		"a language":         {record.Report, report(claimOf(func(c *entente.Claim) { c.Language = "e s" })), "terms", "language"},
		"a form":             {record.Report, report(claimOf(func(c *entente.Claim) { c.Form = "guess" })), "terms", "form"},
		"a bound":            {record.Report, report(claimOf(func(c *entente.Claim) { c.Bound = "roughly" })), "terms", "bound"},
		"no value":           {record.Report, report(claimOf(func(c *entente.Claim) { c.Value = "" })), "terms", "value"},
		"no digits":          {record.Report, report(claimOf(func(c *entente.Claim) { c.Value = "1e3" })), "terms", "value"},
		"a period backwards": {record.Report, report(claimOf(func(c *entente.Claim) { c.Start = c.End })), "terms", "period"},
		"a base in the past": {record.Report, report(claimOf(func(c *entente.Claim) { c.BaseStart = -1 })), "terms", "period"},
		"said in 10000":      {record.Report, report(claimOf(func(c *entente.Claim) { c.Said = record.MaxTime + 1 })), "terms", "said"},
		"another group":      {record.Report, report(claimOf(func(c *entente.Claim) { c.Group = d.group })), "terms", "no other group"},
		"no indicator":       {record.Report, report(claimOf(func(c *entente.Claim) { c.Indicator = d.meeting })), "reference", "indicator"},
		"a stranger":         {record.Report, report(claimOf(func(c *entente.Claim) { c.Side = "FR" })), "parties", "FR"},
		"no quote":           {record.Report, []edit{terms(claimOf(nil))}, "parts", "quote"},
		"a long quote":       {record.Report, []edit{terms(claimOf(nil)), content("quote", strings.Repeat("x", 601))}, "parts", "600"},
		"a part withheld":    {record.Report, append(report(claimOf(nil)), content("body.es", "x", release.Default("MX"))), "parts", "stays at home"},
		"another's claim":    {record.Report, report(claimOf(nil), on(id)), "parties", "US"},
		"nothing released":   {record.Release, []edit{on(id), terms(entente.ClaimRelease{Report: d.indicator, Word: progress.FindingDiffers, Rule: "x"})}, "reference", "no claim"},
		"another word":       {record.Release, []edit{on(id), terms(entente.ClaimRelease{Report: id, Word: "lie", Rule: "x"})}, "terms", "finding"},
		"a word by no rule":  {record.Release, []edit{on(id), terms(entente.ClaimRelease{Report: id, Word: progress.FindingDiffers})}, "terms", "finding"},
	} {
		got := mx.Reasons("claim", x.verb, x.edits...)
		if c := codes(got); len(c) != 1 || c[0] != x.want {
			t.Errorf("%s: %v, want %s", name, got, x.want)
		} else if !strings.Contains(got[0].Text, x.text) {
			t.Errorf("%s: %q does not say %q", name, got[0].Text, x.text)
		}
	}
}

// What a party keeps of a claim stays in its group of one; the last position stands, a changed claim keeps it.
func TestClaimNotesStayAtHome(t *testing.T) {
	w := newWorld(t, newCharter("MX"))
	mx := w.As("MX")
	group := record.ID{7}
	note := func(n entente.ClaimNote, e ...edit) []edit {
		n.By = "press"
		return append([]edit{by(), terms(n)}, e...)
	}
	first := claimOf(func(c *entente.Claim) { c.Group, c.Indicator = group, record.ID{8} })
	id := mx.good(mx.Write("claim-note", record.Note, note(entente.ClaimNote{Claim: &first}, home("quote", "a 32% decline"))...)).ID()
	word := mx.good(mx.Write("claim-note", record.Note, note(entente.ClaimNote{}, on(id), home("body.es", "x"))...)).ID()
	mx.good(mx.Write("claim-note", record.Note, note(entente.ClaimNote{Act: record.Nonce{5}}, on(id))...))
	second := first
	second.Value = "-33"
	latest := mx.good(mx.Write("claim-note", record.Note, note(entente.ClaimNote{Claim: &second}, on(id), home("quote", "a 33% decline"))...)).ID()
	s := mx.State(id)
	if s.Claim().Value != "-33" || s.Fact("position") != word.String() || s.Fact("latest") != latest.String() || s.Fact("act") != (record.Nonce{5}).String() || s.Fact("group") != group.String() {
		t.Errorf("state %+v", s.Facts)
	}
	if !slices.ContainsFunc(s.Facts, func(f entente.Fact) bool { return f.Name == "measured_by" && f.Link }) {
		t.Error("lists do not find it by its indicator")
	}
	w.same()
	for name, x := range map[string]struct {
		edits []edit
		code  string
	}{
		"no claim":             {note(entente.ClaimNote{}, home("body.es", "x")), entente.ReasonTerms},
		"no quote":             {note(entente.ClaimNote{Claim: &first}), entente.ReasonParts},
		"a quote alone":        {note(entente.ClaimNote{}, on(id), home("quote", "x")), entente.ReasonTerms},
		"no group":             {note(entente.ClaimNote{Claim: new(claimOf(nil))}, home("quote", "x")), entente.ReasonTerms},
		"a claim that is none": {note(entente.ClaimNote{Claim: new(claimOf(func(c *entente.Claim) { c.Group, c.Office = group, "" }))}, home("quote", "x")), entente.ReasonTerms},
		"a part that travels":  {note(entente.ClaimNote{Claim: &first}, content("quote", "x", release.Default("MX", "MX"))), entente.ReasonParts},
	} {
		if got := codes(mx.Reasons("claim-note", record.Note, x.edits...)); len(got) != 1 || got[0] != x.code {
			t.Errorf("%s: reasons %v, want %s", name, got, x.code)
		}
	}
	two := newWorld(t, newCharter("MX", "US"))
	only(t, two.As("MX").Reasons("claim-note", record.Note, note(entente.ClaimNote{Claim: &first}, home("quote", "x"))...), entente.ReasonKind)
}

func TestQuotesAreShortAndPlain(t *testing.T) {
	for q, ok := range map[string]bool{"a 90% drop": true, "": false, "  ": false, strings.Repeat("x ", 25): true, strings.Repeat("x ", 26): false, "a\nb": false, strings.Repeat("x", 601): false} {
		if why := entente.ValidQuote(q); (why == nil) != ok {
			t.Errorf("%.40q: %v", q, why)
		}
	}
	for _, w := range progress.FindingWords {
		for _, l := range entente.Languages {
			if n := entente.FindingName(w, l); n == "" || strings.Contains(strings.ToLower(n), "true") || strings.Contains(strings.ToLower(n), "false") {
				t.Errorf("%s in %s is %q", w, l, n)
			}
		}
	}
}
