package entente_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"entente"
	"entente/consent"
	"entente/record"
)

// Every kind: what it takes, and one refusal per rule, with its reason.

// desk is a group in which one instrument of each kind is agreed.
type desk struct {
	*world
	objective, commitment, indicator, meeting, decision, statement, observation, term, finding record.ID
}

func figures(p *party, source string) []edit {
	table := record.Table{Columns: entente.ObservationColumns, Rows: [][]string{{"1", "2025-01-01", "2025-02-01", "MX", "", "12.50", "kg", "provisional"}}}
	b, err := table.Encode()
	if err != nil {
		p.w.tb.Fatal(err)
	}
	return []edit{content(record.RowsPart, string(b)), content("body.en", source), content("body.es", source)}
}

func newDesk(tb tester) *desk {
	w := newWorld(tb, landCharter("MX", "US"))
	d := &desk{world: w}
	agree := func(id record.ID) record.ID {
		for _, p := range w.order {
			w.As(p).good(w.As(p).Consent(id))
		}
		return id
	}
	mx := w.As("MX")
	d.objective = agree(mx.Propose("objective", entente.Objective{Level: "outcome", Owner: "US"}, line("fuel")))
	d.commitment = agree(mx.Propose("commitment", entente.Commitment{Owner: "MX", Office: "fuel-desk", Due: epoch + 99, Verifier: "US", VerifierOffice: "audit", Objective: d.objective,
		Budget: "12.50", Currency: "USD", Treaty: map[string]string{"en": "Treaty", "es": "Tratado"}}, line("fuel"), content("done.en", "x"), content("done.es", "x"),
		with(func(h *record.Header) { h.Nature = record.Treaty })))
	d.indicator = agree(mx.Propose("indicator", entente.Indicator{Code: "fuel.seized", Unit: "l", CountingUnit: "seizure", Direction: "up", Period: "month", FiscalMonth: 10, Since: 5,
		Sources: map[record.Party]string{"MX": "a", "US": "b"}, Baseline: &entente.Level{Value: "1.0", Date: epoch}, Target: &entente.Level{Value: "2", Date: epoch + 5}, Objective: d.objective}))
	d.meeting = agree(mx.Propose("meeting", entente.Meeting{Starts: epoch + 50, Host: "US", Number: 3}))
	d.decision = agree(mx.Propose("decision", entente.Decision{Meeting: d.meeting, Item: 1}))
	d.statement = agree(mx.Propose("statement", entente.Statement{Embargo: epoch + 77, Form: entente.FormReadout, Meeting: d.meeting}))
	d.term = agree(mx.Propose("term", nil))
	agree(mx.Propose("action", action("MX"), mx.at(spot("inside MX"))))
	d.observation = mx.good(mx.Write("observation", record.Report, append(figures(mx, "x"), terms(entente.Observation{Indicator: d.indicator, Version: d.indicator, Source: "agency", Vintage: "2025-03"}))...)).ID()
	d.finding = mx.good(mx.Write("finding", record.Report, append(texts("x"), line("fuel"), terms(finding()))...)).ID()
	return d
}

func finding() entente.Finding {
	return entente.Finding{Source: "Audit office", Published: epoch, Number: "7", Link: "https://audit.example/7", To: []record.Party{"US"}}
}

func TestEveryKindTakesAValidInstrument(t *testing.T) {
	d := newDesk(t)
	mx, us := d.As("MX"), d.As("US")
	for range 1 {
		us.good(us.Write("meeting", record.Note, on(d.meeting), terms(entente.AgendaItem{Item: 1, About: d.commitment}), content("title.en", "x"), content("title.es", "x")))
		d.Wait(100)
		us.good(us.Write("meeting", record.Report, on(d.meeting), terms(entente.MeetingHeld{Held: d.now - 1})))
		mx.good(mx.Report(d.commitment, entente.Progress{Progress: "under-way"}))
	}
	r := us.good(us.Write("observation", record.Reply, on(d.observation), terms(entente.ReplyTerms{To: d.observation, Stance: entente.Contest, Rows: []string{"1"}})))
	d.same()
	for id, want := range map[record.ID]entente.State{
		d.objective: {Kind: "objective", Line: "fuel", Owner: "US", Facts: []entente.Fact{{Name: "body", Value: "stated"}, {Name: "level", Value: "outcome"}}},
		d.finding: {Kind: "finding", Line: "fuel", Facts: []entente.Fact{{Name: "link", Value: "https://audit.example/7"}, {Name: "number", Value: "7"}, {Name: "published", Value: fmt.Sprint(epoch)},
			{Name: "source", Value: "Audit office"}, {Name: "to.US", Value: "US"}}},
		d.commitment: {Kind: "commitment", Line: "fuel", Owner: "MX", Due: epoch + 99, Facts: []entente.Fact{{Name: "budget", Value: "12.50"}, {Name: "currency", Value: "USD"}, {Name: "objective", Value: d.objective.String(), Link: true}, {Name: "office", Value: "fuel-desk"},
			{Name: "treaty.en", Value: "Treaty"}, {Name: "treaty.es", Value: "Tratado"}, {Name: "verifier", Value: "US"}, {Name: "verifier_office", Value: "audit"}}},
		d.indicator: {Kind: "indicator", Due: epoch + 5, Facts: []entente.Fact{{Name: "baseline", Value: "1.0"}, {Name: "baseline_date", Value: fmt.Sprint(epoch)}, {Name: "code", Value: "fuel.seized"}, {Name: "counting_unit", Value: "seizure"}, {Name: "direction", Value: "up"},
			{Name: "fiscal_month", Value: "10"}, {Name: "objective", Value: d.objective.String(), Link: true}, {Name: "period", Value: "month"}, {Name: "since", Value: "5"}, {Name: "source.MX", Value: "a"}, {Name: "source.US", Value: "b"}, {Name: "target", Value: "2"},
			{Name: "target_date", Value: fmt.Sprint(epoch + 5)}, {Name: "unit", Value: "l"}}},
		d.meeting:     {Kind: "meeting", Owner: "US", Due: epoch + 50, Facts: []entente.Fact{{Name: "held", Value: fmt.Sprint(epoch + 100)}, {Name: "host", Value: "US"}, {Name: "items", Value: "1"}, {Name: "number", Value: "3"}, {Name: "starts", Value: fmt.Sprint(epoch + 50)}}},
		d.decision:    {Kind: "decision", Facts: []entente.Fact{{Name: "item", Value: "1"}, {Name: "meeting", Value: d.meeting.String(), Link: true}}},
		d.statement:   {Kind: "statement", Due: epoch + 77, Facts: []entente.Fact{{Name: "embargo", Value: fmt.Sprint(epoch + 77)}, {Name: "form", Value: "readout"}, {Name: "meeting", Value: d.meeting.String(), Link: true}}},
		d.term:        {Kind: "term"},
		d.observation: {Kind: "observation", Owner: "MX", Facts: []entente.Fact{{Name: "indicator", Value: d.indicator.String(), Link: true}, {Name: "source", Value: "agency"}, {Name: "version", Value: d.indicator.String()}, {Name: "vintage", Value: "2025-03"}}},
	} {
		s := us.State(id)
		if s.Kind != want.Kind || s.Line != want.Line || s.Owner != want.Owner || s.Due != want.Due || s.Author != "MX" || !slices.Equal(s.Facts, want.Facts) {
			t.Errorf("state of the %s: %+v, want %+v", want.Kind, s, want)
		}
		if phase := s.At(d.now).Phase; recorded(want.Kind) && phase != entente.PhaseRecorded || !recorded(want.Kind) && phase != entente.PhaseInForce {
			t.Errorf("the %s is %s", want.Kind, phase)
		}
	}
	if s := mx.State(d.observation); len(s.Reports) != 1 || s.Reports[0].Rows != 1 || len(s.Replies) != 1 || s.Replies[0].ID != r.ID() || !s.At(d.now).Observations {
		t.Errorf("observation: %+v", s)
	}
	if s := mx.State(mx.written[0].ID()); s.Kind != "powers" || s.At(d.now).Phase != entente.PhaseRecorded {
		t.Errorf("powers: %+v", s)
	}
	tested := []string{"access", "action", "charter", "claim", "claim-note", "clearance", "contact", "incident", "press-line", "receipt"} // in tests of their own
	for _, s := range us.view.states {
		x, _ := entente.ParseState(s)
		tested = append(tested, x.Kind)
	}
	slices.Sort(tested)
	if got := slices.Compact(tested); !slices.Equal(got, d.kinds.Names()) {
		t.Errorf("kinds with a valid instrument here: %v; kinds there are: %v", got, d.kinds.Names())
	}
}

// recorded kinds are one party's own word: nobody agrees to them.
func recorded(kind string) bool { return kind == "observation" || kind == "finding" }

func TestEveryRuleRefuses(t *testing.T) {
	d := newDesk(t)
	mx := d.As("MX")
	us := d.As("US")
	mine := us.good(us.Write("observation", record.Report, append(figures(us, "x"), terms(entente.Observation{Indicator: d.indicator, Version: d.indicator, Source: "s"}))...)).ID()
	point := us.good(us.Write("meeting", record.Note, on(d.meeting), terms(entente.AgendaItem{Item: 1}), content("title.en", "x"), content("title.es", "x"))).ID()
	own := us.Propose("statement", entente.Statement{Own: true})
	term := mx.Propose("term", nil)
	english := us.good(us.Reply(d.commitment, entente.Contest, content("body.en", "x"))).ID()
	translation := func(of, what record.ID) []edit {
		return []edit{on(of), mx.lineOf(of), terms(entente.Translation{Of: what}), content("body.es", "x")}
	}
	spanish := us.good(us.Write("commitment", record.Note, translation(d.commitment, english)...)).ID()
	held := us.good(us.Write("meeting", record.Report, on(d.meeting), terms(entente.MeetingHeld{Held: epoch}), content("body.en", "x"))).ID()
	nowhere := record.ID{5}
	long := strings.Repeat("x", 501)
	x := texts("x")
	level := &entente.Level{Value: "1", Date: epoch}
	ind := func(f func(*entente.Indicator)) []edit {
		i := entente.Indicator{Code: "a", Unit: "kg", Direction: "up", Period: "month", Target: level}
		f(&i)
		return append(slices.Clone(x), terms(i))
	}
	com := func(f func(*entente.Commitment), e ...edit) []edit {
		c := promise("MX")
		f(&c)
		return append(append(slices.Clone(x), terms(c)), e...)
	}
	obs := func(f func(*entente.Observation)) []edit {
		o := entente.Observation{Indicator: d.indicator, Version: d.indicator, Source: "s"}
		f(&o)
		return append(figures(mx, "x"), terms(o))
	}
	plus := func(t any, e ...edit) []edit { return append(append(slices.Clone(x), terms(t)), e...) }
	version := func(id record.ID) edit { return with(func(h *record.Header) { h.Version = id }) }
	replaces := func(id record.ID) edit { return with(func(h *record.Header) { h.Replaces = id }) }
	about := func(id record.ID) edit { return mx.about(id) }
	cases := []struct {
		name  string
		kind  string
		verb  record.Verb
		want  string // codes
		text  string // in a reason
		edits []edit
	}{
		{"owner", "commitment", record.Propose, "terms", "owner", com(func(c *entente.Commitment) { c.Owner = "FR" })},
		{"no owner", "commitment", record.Propose, "terms", "owner", com(func(c *entente.Commitment) { c.Owner = "" })},
		{"verifier", "commitment", record.Propose, "terms", "verifier", com(func(c *entente.Commitment) { c.Verifier = "FR" })},
		{"office", "commitment", record.Propose, "terms", "office", com(func(c *entente.Commitment) { c.Office = "A desk" })},
		{"due", "commitment", record.Propose, "terms", "due", com(func(c *entente.Commitment) { c.Due = 0 })},
		{"due after 9999", "commitment", record.Propose, "terms", "due", com(func(c *entente.Commitment) { c.Due = record.MaxTime + 1 })},
		{"decision", "commitment", record.Propose, "reference", "decision", com(func(c *entente.Commitment) { c.Decision = d.meeting })},
		{"objective", "commitment", record.Propose, "reference", "objective", com(func(c *entente.Commitment) { c.Objective = nowhere })},
		{"verifies itself", "commitment", record.Propose, "terms", "does not verify it", com(func(c *entente.Commitment) { c.Verifier = "MX" })},
		{"an office of no verifier", "commitment", record.Propose, "terms", "that verifies", com(func(c *entente.Commitment) { c.VerifierOffice = "audit" })},
		{"verifier's office", "commitment", record.Propose, "terms", "office", com(func(c *entente.Commitment) { c.Verifier, c.VerifierOffice = "US", "An office" })},
		{"what done means in one language", "commitment", record.Propose, "parts", "done.es", append(com(func(*entente.Commitment) {}), content("done.en", "x"))},
		{"definition in one language", "term", record.Propose, "parts", "body.es", []edit{content("title.en", "x"), content("title.es", "x"), content("body.en", "x")}},
		{"a term in one language", "term", record.Propose, "parts", "title.es", []edit{content("title.en", "x")}},
		{"translates nothing", "term", record.Note, "reference", "names the record", []edit{on(term)}},
		{"translates what is not there", "commitment", record.Note, "reference", "no record of this instrument", translation(d.commitment, d.statement)},
		{"translates a proposal", "commitment", record.Note, "parts reference", "another proposal", translation(d.commitment, d.commitment)},
		{"translates what is not missing", "commitment", record.Note, "parts", "body.en is not missing", append(translation(d.commitment, english), content("body.en", "x"))},
		{"translates a title that is not there", "commitment", record.Note, "parts", "title.es is not missing", append(translation(d.commitment, english), content("title.es", "x"))},
		{"translates a translation", "commitment", record.Note, "parts reference", "translates a translation", translation(d.commitment, spanish)},
		{"translates with nothing", "commitment", record.Note, "parts", "the text that is missing", append(translation(d.commitment, english), drop("body.es"))},
		{"a point that is a translation", "meeting", record.Note, "terms", "no point", []edit{on(d.meeting), terms(entente.AgendaItem{Item: 1, Of: held}), content("body.es", "x")}},
		{"budget", "commitment", record.Propose, "terms", "budget", com(func(c *entente.Commitment) { c.Budget, c.Currency = "1e3", "USD" })},
		{"currency alone", "commitment", record.Propose, "terms", "budget", com(func(c *entente.Commitment) { c.Currency = "USD" })},
		{"treaty without a name", "commitment", record.Propose, "terms", "treaty is named", com(func(c *entente.Commitment) {}, with(func(h *record.Header) { h.Nature = record.Treaty }))},
		{"a treaty's name alone", "commitment", record.Propose, "terms", "treaty is named", com(func(c *entente.Commitment) { c.Treaty = inBoth("x") })},
		{"half a treaty's name", "commitment", record.Propose, "terms", "name of the treaty", com(func(c *entente.Commitment) { c.Treaty = map[string]string{"en": "x"} }, with(func(h *record.Header) { h.Nature = record.Treaty }))},
		{"currency", "commitment", record.Propose, "terms", "budget", com(func(c *entente.Commitment) { c.Budget, c.Currency = "1", "us$" })},
		{"no body", "commitment", record.Propose, "parts", "body.es", com(func(*entente.Commitment) {}, drop("body.es"))},
		{"a part of another kind", "commitment", record.Propose, "parts", "shape", append(com(func(*entente.Commitment) {}), content("shape", "x"))},
		{"a language of no charter", "commitment", record.Propose, "parts", "title.fr", append(com(func(*entente.Commitment) {}), content("title.fr", "x"))},
		{"line", "commitment", record.Propose, "terms", "line of effort", append(com(func(*entente.Commitment) {}), line("drugs"))},
		{"nature", "commitment", record.Propose, "terms", "nature", append(com(func(*entente.Commitment) {}), with(func(h *record.Header) { h.Nature = "gift" }))},
		{"area", "commitment", record.Propose, "terms", "area", append(com(func(*entente.Commitment) {}), with(func(h *record.Header) { h.Area = []uint64{1} }))},
		{"participant", "commitment", record.Propose, "parties", "FR", append(com(func(*entente.Commitment) {}), among("FR", "MX"))},
		{"no terms", "commitment", record.Propose, "terms", "", x},
		{"floats", "commitment", record.Propose, "terms", "one form", append(slices.Clone(x), rawTerms(map[int]any{1: "MX", 3: "soon"}))},
		{"opens and replaces", "commitment", record.Propose, "reference", "opens", append(com(func(*entente.Commitment) {}), replaces(d.commitment))},
		{"unknown instrument", "commitment", record.Propose, "reference", "knows no", append(com(func(*entente.Commitment) {}), on(nowhere))},
		{"instrument of another kind", "commitment", record.Propose, "reference", "knows no", append(com(func(*entente.Commitment) {}), on(d.statement))},
		{"replaces a version elsewhere", "commitment", record.Propose, "reference", "to replace", append(com(func(*entente.Commitment) {}), on(d.commitment), line("fuel"), replaces(d.statement))},
		{"proposal with a version", "commitment", record.Propose, "reference", "not a version", append(com(func(*entente.Commitment) {}), on(d.commitment), line("fuel"), version(d.commitment))},
		{"line of its instrument", "commitment", record.Propose, "terms", "not that of its instrument", append(com(func(*entente.Commitment) {}), on(d.commitment), replaces(d.commitment))},
		{"consent to nothing", "commitment", record.Consent, "reference", "no version", []edit{on(d.commitment), line("fuel")}},
		{"consent without instrument", "commitment", record.Consent, "reference", "names no instrument", nil},
		{"consent to a version elsewhere", "commitment", record.Consent, "reference", "knows no version", []edit{about(d.commitment), version(d.statement)}},
		{"consent with terms", "commitment", record.Consent, "terms", "one form", []edit{about(d.commitment), rawTerms(map[int]any{1: "MX"})}},
		{"consent with a part", "commitment", record.Consent, "parts", "takes no part", []edit{about(d.commitment), content("body.en", "x")}},
		{"consent that replaces", "commitment", record.Consent, "reference", "only a proposal", []edit{about(d.commitment), replaces(d.commitment)}},
		{"withdraws with an until", "commitment", record.Withdraw, "terms", "until", []edit{about(d.commitment), until(epoch + 9999)}},
		{"progress", "commitment", record.Report, "terms", "progress", []edit{about(d.commitment), terms(entente.Progress{Progress: "nearly"})}},
		{"report on no version", "commitment", record.Report, "reference", "names the version", []edit{on(d.commitment), line("fuel"), terms(entente.Progress{Progress: "done"})}},
		{"unknown verb", "commitment", record.Restore, "kind", "restore", []edit{about(d.commitment)}},
		{"recall of nothing", "commitment", record.Recall, "terms", "names parts", []edit{on(d.commitment), line("fuel"), terms(entente.PartsOf{Of: d.commitment})}},
		{"recall of what is not there", "commitment", record.Recall, "reference", "no part", []edit{on(d.commitment), line("fuel"), terms(entente.PartsOf{Of: d.commitment, Parts: []string{"annex/x"}})}},
		{"erase in another instrument", "commitment", record.Erase, "reference", "no record of this instrument", []edit{on(d.commitment), line("fuel"), terms(entente.PartsOf{Of: d.statement, Parts: []string{"body.en"}})}},
		{"unknown kind", "pact", record.Propose, "kind", "pact", nil},
		{"stance", "commitment", record.Reply, "terms", "stance", []edit{on(d.commitment), line("fuel"), terms(entente.ReplyTerms{To: d.commitment, Stance: "shrug"})}},
		{"reply to another instrument", "commitment", record.Reply, "reference", "answers", []edit{on(d.commitment), line("fuel"), terms(entente.ReplyTerms{To: d.statement, Stance: "answer"})}},
		{"contests its own", "commitment", record.Reply, "terms", "its own record", []edit{on(d.commitment), line("fuel"), terms(entente.ReplyTerms{To: d.commitment, Stance: "contest"})}},
		{"too many rows", "commitment", record.Reply, "terms", "rows", []edit{on(d.commitment), line("fuel"), terms(entente.ReplyTerms{To: d.commitment, Stance: "answer", Rows: make([]string, 201)})}},
		{"level", "objective", record.Propose, "terms", "level", plus(entente.Objective{Level: "dream"}, line("fuel"))},
		{"objective without line", "objective", record.Propose, "terms", "line of effort", plus(entente.Objective{Level: "outcome"})},
		{"parent", "objective", record.Propose, "reference", "objective", plus(entente.Objective{Level: "objective", Parent: d.meeting}, line("fuel"))},
		{"owner of an objective", "objective", record.Propose, "terms", "owner", plus(entente.Objective{Level: "objective", Owner: "FR"}, line("fuel"))},
		{"code", "indicator", record.Propose, "terms", "code", ind(func(i *entente.Indicator) { i.Code = "A B" })},
		{"unit", "indicator", record.Propose, "terms", "unit", ind(func(i *entente.Indicator) { i.Unit = "" })},
		{"direction", "indicator", record.Propose, "terms", "direction", ind(func(i *entente.Indicator) { i.Direction = "left" })},
		{"period", "indicator", record.Propose, "terms", "period", ind(func(i *entente.Indicator) { i.Period = "week" })},
		{"fiscal month", "indicator", record.Propose, "terms", "period", ind(func(i *entente.Indicator) { i.FiscalMonth = 13 })},
		{"source", "indicator", record.Propose, "terms", "source", ind(func(i *entente.Indicator) { i.Sources = map[record.Party]string{"FR": "x", "US": ""} })},
		{"baseline", "indicator", record.Propose, "terms", "baseline", ind(func(i *entente.Indicator) { i.Baseline = &entente.Level{Value: "01", Date: epoch} })},
		{"target", "indicator", record.Propose, "terms", "target", ind(func(i *entente.Indicator) { i.Target = &entente.Level{Value: "1"} })},
		{"objective of an indicator", "indicator", record.Propose, "reference", "objective", ind(func(i *entente.Indicator) { i.Objective = nowhere })},
		{"a further objective twice", "indicator", record.Propose, "terms", "once", ind(func(i *entente.Indicator) { i.Objective, i.Objectives = d.objective, []record.ID{d.objective} })},
		{"owner of an indicator", "indicator", record.Propose, "terms", "owner", ind(func(i *entente.Indicator) { i.Owner = "FR" })},
		{"office of no owner", "indicator", record.Propose, "terms", "office", ind(func(i *entente.Indicator) { i.Office = "desk" })},
		{"frequency", "indicator", record.Propose, "terms", "each month", ind(func(i *entente.Indicator) { i.Frequency = "week" })},
		{"due day", "indicator", record.Propose, "terms", "at most 366 days", ind(func(i *entente.Indicator) { i.DueDays = 367 })},
		{"conversion of no party", "indicator", record.Propose, "terms", "of a party", ind(declared("FR", "pills", "1/9090"))},
		{"conversion between weights", "indicator", record.Propose, "terms", "is exact", ind(func(i *entente.Indicator) { i.Unit = "kg"; declared("US", "lb", "0.45")(i) })},
		{"factor", "indicator", record.Propose, "terms", "fraction of two", ind(declared("US", "pills", "0"))},
		{"factor without ground", "indicator", record.Propose, "terms", "ground", ind(func(i *entente.Indicator) {
			i.Conversion = []entente.Conversion{{Party: "US", From: "pills", Factor: "2"}}
		})},
		{"many factors", "indicator", record.Propose, "terms", "at most 8", ind(func(i *entente.Indicator) { i.Conversion = make([]entente.Conversion, 9) })},
		{"classification", "indicator", record.Propose, "terms", "SCHEME:CODE", ind(func(i *entente.Indicator) { i.Codes = []string{"0101"} })},
		{"counts like nothing before", "indicator", record.Propose, "terms", "first version", ind(func(i *entente.Indicator) { i.SameCount = true })},
		{"breakdown without codes", "indicator", record.Propose, "terms", "list of codes", ind(func(i *entente.Indicator) { i.Breakdowns = []entente.Disaggregation{{Code: "sex"}} })},
		{"a code twice", "indicator", record.Propose, "terms", "each once", ind(func(i *entente.Indicator) {
			i.Breakdowns = []entente.Disaggregation{{Code: "sex", Values: []entente.CodeName{{Code: "F"}, {Code: "F"}}}}
		})},
		{"name of a code", "indicator", record.Propose, "terms", "in a language", ind(func(i *entente.Indicator) {
			i.Breakdowns = []entente.Disaggregation{{Code: "sex", Values: []entente.CodeName{{Code: "F", Names: map[string]string{"fr": "x"}}}}}
		})},
		{"limits in one language", "indicator", record.Propose, "parts", "limits.es", append(ind(func(*entente.Indicator) {}), content("limits.en", "x"))},
		{"status", "indicator", record.Report, "terms", "status", []edit{about(d.indicator), terms(entente.Assessment{Status: "late-data"}), content("body.en", "x")}},
		{"status without reasons", "indicator", record.Report, "parts", "reasons", []edit{about(d.indicator), terms(entente.Assessment{Status: "met"})}},
		{"status of no version", "objective", record.Report, "reference", "names the version", []edit{on(d.objective), line("fuel"), terms(entente.Assessment{Status: "met"}), content("body.en", "x")}},
		{"office of an objective", "objective", record.Propose, "terms", "office", plus(entente.Objective{Level: "objective", Office: "desk"}, line("fuel"))},
		{"source of a recommendation", "finding", record.Report, "terms", "source", plus(func() entente.Finding { f := finding(); f.Source = ""; return f }(), line("fuel"))},
		{"link of a recommendation", "finding", record.Report, "terms", "https", plus(func() entente.Finding { f := finding(); f.Link = "javascript:x"; return f }(), line("fuel"))},
		{"addressed to nobody", "finding", record.Report, "terms", "addressed", plus(func() entente.Finding { f := finding(); f.To = nil; return f }(), line("fuel"))},
		{"a recommendation without line", "finding", record.Report, "terms", "line of effort", plus(finding())},
		{"a recommendation without words", "finding", record.Report, "parts", "title", []edit{line("fuel"), terms(finding())}},
		{"what became of another's", "finding", record.Report, "parties", "addressed", []edit{on(d.finding), line("fuel"), terms(entente.Finding{Became: "done"}), content("body.en", "x")}},
		{"became what", "finding", record.Report, "parties terms", "what became", []edit{on(d.finding), line("fuel"), terms(entente.Finding{Became: "lost"}), content("body.en", "x")}},
		{"indicator", "observation", record.Report, "reference", "indicator", obs(func(o *entente.Observation) { o.Indicator = nowhere })},
		{"of another kind", "observation", record.Report, "reference", "indicator", obs(func(o *entente.Observation) { o.Indicator, o.Version = d.commitment, d.commitment })},
		{"version", "observation", record.Report, "reference", "version", obs(func(o *entente.Observation) { o.Version = d.commitment })},
		{"source of figures", "observation", record.Report, "terms", "source", obs(func(o *entente.Observation) { o.Source = "" })},
		{"vintage", "observation", record.Report, "terms", "source", obs(func(o *entente.Observation) { o.Vintage = long })},
		{"no figures", "observation", record.Report, "parts", "rows", append(obs(func(*entente.Observation) {}), drop(record.RowsPart))},
		{"another's observation", "observation", record.Report, "parties", "US", append(obs(func(*entente.Observation) {}), on(mine))},
		{"starts", "meeting", record.Propose, "terms", "date", plus(entente.Meeting{Host: "MX"})},
		{"host", "meeting", record.Propose, "terms", "host", plus(entente.Meeting{Host: "FR", Starts: epoch})},
		{"item", "meeting", record.Note, "terms", "agenda", append(slices.Clone(x), on(d.meeting), terms(entente.AgendaItem{Item: 201}))},
		{"an item without a title", "meeting", record.Note, "parts", "title", []edit{on(d.meeting), terms(entente.AgendaItem{Item: 1}), content("body.en", "x")}},
		{"takes nothing off", "meeting", record.Note, "terms", "takes off", []edit{on(d.meeting), terms(entente.AgendaItem{Item: 1, Off: true})}},
		{"takes off what is no point", "meeting", record.Note, "reference", "point", []edit{on(d.meeting), terms(entente.AgendaItem{Item: 1, Off: true, Replaces: d.meeting})}},
		{"takes off another's point", "meeting", record.Note, "parties", "the side that put it", []edit{on(d.meeting), terms(entente.AgendaItem{Item: 1, Off: true, Replaces: point})}},
		{"about", "meeting", record.Note, "reference", "instrument", append(slices.Clone(x), on(d.meeting), terms(entente.AgendaItem{Item: 1, About: nowhere}))},
		{"about a record that is no instrument", "meeting", record.Note, "reference", "instrument", append(slices.Clone(x), on(d.meeting), terms(entente.AgendaItem{Item: 1, About: english}))},
		{"held in the future", "meeting", record.Report, "terms", "held", []edit{on(d.meeting), terms(entente.MeetingHeld{Held: d.now + 1})}},
		{"item of a decision", "decision", record.Propose, "terms", "agenda", plus(entente.Decision{Meeting: d.meeting, Item: 201})},
		{"since", "indicator", record.Propose, "terms", "since", ind(func(i *entente.Indicator) { i.Since = -1 })},
		{"meeting of a decision", "decision", record.Propose, "terms", "meeting", plus(entente.Decision{})},
		{"not a meeting", "decision", record.Propose, "reference", "meeting", plus(entente.Decision{Meeting: d.objective})},
		{"embargo", "statement", record.Propose, "terms", "embargo", plus(entente.Statement{Embargo: -1})},
		{"form", "statement", record.Propose, "terms", "form", plus(entente.Statement{Form: "tweet"})},
		{"minutes of nothing", "statement", record.Propose, "terms", "their meeting", plus(entente.Statement{Form: "minutes"})},
		{"a statement of a meeting", "statement", record.Propose, "terms", "nothing else does", plus(entente.Statement{Meeting: d.meeting})},
		{"minutes of another kind", "statement", record.Propose, "reference", "meeting", plus(entente.Statement{Form: "minutes", Meeting: d.decision})},
		{"own minutes", "statement", record.Propose, "terms", "readout", plus(entente.Statement{Form: "minutes", Meeting: d.meeting, Own: true})},
		{"corrects nothing", "statement", record.Propose, "reference", "statement", plus(entente.Statement{Corrects: d.meeting})},
		{"corrects all's text alone", "statement", record.Propose, "parties", "those who made it", plus(entente.Statement{Corrects: d.statement, Own: true})},
		{"corrects another's own text", "statement", record.Propose, "parties", "those who made it", plus(entente.Statement{Corrects: own, Own: true})},
		{"corrects itself", "statement", record.Propose, "parties", "of its own", plus(entente.Statement{Corrects: d.statement}, on(d.statement), replaces(d.statement))},
		{"own text in the place of all's", "statement", record.Propose, "parties", "its author alone", plus(entente.Statement{Own: true}, on(d.statement), replaces(d.statement))},
		{"text in the place of another's own", "statement", record.Propose, "parties", "its author alone", plus(entente.Statement{Own: true}, on(own), replaces(own))},
		{"joint text in the place of another's own", "statement", record.Propose, "parties", "its author alone", plus(entente.Statement{}, on(own), replaces(own))},
		{"release of nothing", "statement", record.Release, "reference", "names the text", []edit{on(d.statement)}},
		{"release of another's own text", "statement", record.Release, "parties", "whose consent", []edit{about(own)}},
		{"release before the embargo", "statement", record.Release, "terms", "embargo", []edit{about(d.statement), terms(entente.Released{At: epoch + 76})}},
		{"release after 9999", "statement", record.Release, "terms", "embargo", []edit{about(d.statement), terms(entente.Released{At: record.MaxTime + 1})}},
		{"release of no record", "commitment", record.Release, "reference", "no record of this instrument", []edit{on(d.commitment), line("fuel")}},
		{"release of a text to a party", "commitment", record.Release, "reference parts", "no version", []edit{about(d.commitment), line("fuel"), terms(entente.Widening{Of: d.commitment, Parts: []string{"body.en"}, To: []record.Party{"US"}})}},
		{"release to those who have it", "commitment", record.Release, "parts", "not released before", []edit{on(d.commitment), line("fuel"), terms(entente.Widening{Of: d.commitment, Parts: []string{"body.en"}, To: []record.Party{"US"}})}},
		{"release to a stranger", "commitment", record.Release, "parties", "not a party", []edit{on(d.commitment), line("fuel"), terms(entente.Widening{Of: d.commitment, Parts: []string{"body.en"}, To: []record.Party{"FR"}})}},
		{"release to offices of what is not red", "commitment", record.Release, "parts", "TLP:RED alone", []edit{on(d.commitment), line("fuel"), terms(entente.Widening{Of: d.commitment, Parts: []string{"body.en"}, Offices: []string{"US/desk"}})}},
		{"release at an hour to a party", "statement", record.Release, "parts terms", "no hour", []edit{on(d.statement), terms(entente.Released{At: epoch + 99, Widening: entente.Widening{Of: d.statement, Parts: []string{"body.en"}, To: []record.Party{"US"}}})}},
		{"receipt in an instrument", "receipt", record.Note, "reference", "of its own", []edit{on(d.meeting)}},
		{"a second founding", "charter", record.Propose, "reference", "names no instrument", []edit{terms(newCharter("MX", "US"))}},
		{"other parties", "charter", record.Propose, "terms", "keeps the parties", []edit{terms(newCharter("CA", "MX", "US")), on(d.group), replaces(d.group)}},
		{"other roots", "charter", record.Propose, "terms", "founding roots", []edit{func(x *draft) {
			c := newCharter("MX", "US")
			c.Parties[0].Root = publicKey(seedKey("other"))
			terms(c)(x)
		}, on(d.group), replaces(d.group)}},
		{"a charter that is none", "charter", record.Propose, "terms", "skew", []edit{func(x *draft) { c := newCharter("MX", "US"); c.Clocks.Skew = 0; terms(c)(x) }, on(d.group), replaces(d.group)}},
	}
	refusedKinds := map[string]bool{}
	for _, c := range cases {
		t.Run(c.kind+"/"+c.name, func(t *testing.T) {
			got := mx.Reasons(c.kind, c.verb, c.edits...)
			only(t, got, strings.Fields(c.want)...)
			if !strings.Contains(fmt.Sprint(got), c.text) {
				t.Errorf("reasons %v do not say %q", got, c.text)
			}
		})
		refusedKinds[c.kind] = true
	}
	for _, n := range d.kinds.Names() {
		if !refusedKinds[n] && n != "access" && n != "action" && n != "claim" && n != "claim-note" && n != "clearance" && n != "contact" && n != "incident" && n != "powers" && n != "press-line" {
			t.Errorf("no rule of the kind %s is tested", n)
		}
	}
}

// An agenda is what both sides put on it, by number; each side moves and takes off its own points.
func TestAgenda(t *testing.T) {
	d := newDesk(t)
	mx, us := d.As("MX"), d.As("US")
	note := func(p *party, i entente.AgendaItem) record.ID {
		t.Helper()
		e := []edit{on(d.meeting), terms(i)}
		if !i.Off {
			e = append(e, content("title.en", "x"), content("title.es", "x"))
		}
		return p.good(p.Write("meeting", record.Note, e...)).ID()
	}
	want := func(ids ...record.ID) {
		t.Helper()
		d.same()
		s := us.State(d.meeting)
		got := make([]record.ID, len(s.Agenda))
		for i, p := range s.Agenda {
			got[i] = p.ID
		}
		if !slices.Equal(got, ids) || s.Fact("items") != fmt.Sprint(len(ids)) {
			t.Errorf("agenda %v, want %v; %s items", got, ids, s.Fact("items"))
		}
	}
	want()
	a := note(mx, entente.AgendaItem{Item: 2, About: d.commitment})
	b := note(us, entente.AgendaItem{Item: 1})
	c := note(us, entente.AgendaItem{Item: 2})
	want(b, a, c)
	if p := us.State(d.meeting).Agenda[1]; p.Item != 2 || p.About != d.commitment || p.Ref.Party != "MX" {
		t.Errorf("the point: %+v", p)
	}
	moved := note(us, entente.AgendaItem{Item: 9, Replaces: b})
	want(a, c, moved)
	note(mx, entente.AgendaItem{Item: 2, Off: true, Replaces: a})
	want(c, moved)
	note(us, entente.AgendaItem{Item: 3, Replaces: b}) // what it would replace stands no more
	want(c, moved)
}

// All that is wrong is said at once.
func TestAllReasonsAtOnce(t *testing.T) {
	d := newDesk(t)
	mx := d.As("MX")
	used := mx.written[1].Header().Nonce
	got := mx.Reasons("commitment", record.Propose, terms(promise("FR")), content("shape", "x"), by(), line("drugs"), among("FR"), with(func(h *record.Header) {
		h.Charter, h.Version, h.Nonce, h.Time = record.ID{1}, record.ID{2}, used, 1
	}))
	only(t, got, "approval", "charter", "nonce", "parties", "parts", "reference", "sequence", "terms")
	if len(got) < 12 {
		t.Errorf("%d reasons: %v", len(got), got)
	}
}

// A kind that exists only here goes through judge and fold.
func TestAKindOfItsOwn(t *testing.T) {
	type levy struct {
		Payer record.Party `cbor:"1,keyasint" json:"payer"`
	}
	w := newWorld(t, newCharter("MX", "US"))
	w.kinds.Add(&entente.Kind{
		Name: "levy",
		Verbs: map[record.Verb]entente.Rule{
			record.Propose: {Opens: true, Approved: true, Terms: func() any { return new(levy) }, Parts: []string{"title.*", "annex/*"}, Needs: []string{"title.*"}},
			record.Consent: {Approved: true},
		},
		Required: func(_ *entente.Charter, h *record.Header) []record.Party { return h.Participants },
		Check: func(c *entente.Case) {
			if l, ok := c.Terms.(*levy); ok && l.Payer == "" {
				c.Against(entente.ReasonTerms, "kind.unknown", "who pays?")
			}
		},
		Fold: func(s *entente.State, records []entente.Judged) {
			s.Facts = append(s.Facts, entente.Fact{Name: "records", Value: fmt.Sprint(len(records))})
		},
	})
	mx, us := w.As("MX"), w.As("US")
	title := []edit{content("title.en", "x"), content("title.es", "x"), among("MX")}
	only(t, us.Reasons("levy", record.Propose, append(title, terms(levy{}))...), entente.ReasonTerms)
	only(t, us.Reasons("levy", record.Propose, append(title, terms(levy{"MX"}), content("body.en", "x"))...), entente.ReasonParts)
	id := us.good(us.Write("levy", record.Propose, append(title, terms(levy{"MX"}))...)).ID()
	mx.good(mx.Consent(id))
	s := us.State(id)
	if s.Kind != "levy" || s.Fact("records") != "2" || s.InForce() == nil || !slices.Equal(s.InForce().Required, []record.Party{"MX"}) || s.InForce().Standing != consent.InForce {
		t.Errorf("%+v", s)
	}
	w.same()
	// A node of an older version keeps what it does not know, without effect.
	older := newView(entente.Standard(), w.founding)
	for _, p := range slices.Sorted(maps.Keys(w.parties)) {
		for _, r := range w.As(p).written {
			if err := older.receive(p, r.Bytes()); err != nil {
				t.Fatal(err)
			}
		}
	}
	older.advance(w.now)
	if s := older.state(id); s == nil || len(s.Rejected) != 2 || s.At(w.now).Phase != entente.PhaseRejected {
		t.Errorf("%+v", s)
	}
}

func declared(p record.Party, from, factor string) func(*entente.Indicator) {
	return func(i *entente.Indicator) {
		i.Conversion = []entente.Conversion{{Party: p, From: from, Factor: factor, Ground: map[string]string{"en": "Manual", "es": "Manual"}}}
	}
}
