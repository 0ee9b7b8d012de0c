package entente_test

import (
	"testing"

	"entente"
	"entente/record"
	"entente/release"
)

func askOf(stages ...[]string) entente.ClearanceAsk {
	return entente.ClearanceAsk{Office: "foreign", Seat: 1, Group: record.ID{1}, Act: record.ID{2}, Draft: record.Nonce{3}, Kind: "commitment", Verb: record.Propose, Stages: stages, By: epoch + 50_000}
}

// home is a part that stays with its party.
func home(name, text string) edit {
	return content(name, text, record.Marking{TLP: record.AmberStrict, Originator: "MX"})
}

func (p *party) ask(a entente.ClearanceAsk, edits ...edit) record.ID {
	p.w.tb.Helper()
	return p.good(p.Write("clearance", record.Note, append([]edit{by(), terms(entente.Clearance{Ask: &a}), home("title.en", "x")}, edits...)...)).ID()
}

func word(id record.ID, w entente.ClearanceWord, office string, edits ...edit) []edit {
	return append([]edit{by(), on(id), terms(entente.Clearance{Answer: &entente.ClearanceAnswer{Word: w, Office: office, Seat: 2}}), home("body.es", "x")}, edits...)
}

func TestClearanceByStages(t *testing.T) {
	w := newWorld(t, newCharter("MX"))
	mx := w.As("MX")
	id := mx.ask(askOf([]string{"legal", "fuel-desk"}, []string{"minister"}))
	state := func(whole entente.ClearanceStanding, offices ...entente.ClearanceStanding) {
		t.Helper()
		c := mx.State(id).Clearance
		if c.Standing != whole || len(c.Offices) != len(offices) {
			t.Fatalf("it stands %s, want %s: %+v", c.Standing, whole, c)
		}
		for i, o := range c.Offices {
			if o.Standing != offices[i] {
				t.Errorf("%s stands %s, want %s", o.Office, o.Standing, offices[i])
			}
			if has := !o.Record.IsZero(); has != (o.Standing == entente.ClearanceCleared || o.Standing == entente.ClearanceReturned) || has != (o.Seat == 2) {
				t.Errorf("%s: %+v", o.Office, o)
			}
		}
	}
	say := func(v entente.ClearanceWord, office string) record.ID {
		t.Helper()
		return mx.good(mx.Write("clearance", record.Note, word(id, v, office)...)).ID()
	}
	const asked, later, cleared, returned = entente.ClearanceAsked, entente.ClearanceLater, entente.ClearanceCleared, entente.ClearanceReturned
	state(asked, asked, asked, later)
	say(entente.ClearanceClear, "minister") // its turn has not come: no word yet
	state(asked, asked, asked, later)
	r := say(entente.ClearanceReturn, "fuel-desk")
	state(returned, asked, returned, later)
	if o, _ := mx.State(id).Clearance.Of("fuel-desk"); o.Record != r {
		t.Error("it does not name the record by which it was returned")
	}
	say(entente.ClearanceComment, "legal")
	say(entente.ClearanceComment, "foreign")
	say(entente.ClearanceClear, "legal")
	state(returned, cleared, returned, later)
	say(entente.ClearanceClear, "fuel-desk") // the last word of an office stands
	state(asked, cleared, cleared, asked)
	say(entente.ClearanceReturn, "legal")
	state(returned, returned, cleared, later)
	say(entente.ClearanceClear, "legal")
	say(entente.ClearanceClear, "minister")
	state(cleared, cleared, cleared, cleared)
	say(entente.ClearanceReturn, "legal") // after everything: the minister's word stays, the whole is returned
	state(returned, returned, cleared, cleared)
	s := mx.State(id)
	if s.Clearance.Comments != 2 || s.Due != epoch+50_000 || s.At(w.now).Phase != entente.PhaseRecorded || s.Clearance.Act != (record.ID{2}) {
		t.Errorf("state: %+v %+v", s, s.Clearance)
	}
	if !s.Clearance.Involves("foreign") || !s.Clearance.Involves("minister") || s.Clearance.Involves("press") {
		t.Error("who has a part in it")
	}
	w.same()
}

func TestClearanceIsRefused(t *testing.T) {
	w := newWorld(t, newCharter("MX"))
	mx := w.As("MX")
	id := mx.ask(askOf([]string{"legal"}))
	other := mx.good(mx.Write("statement", record.Propose, append(texts("x"), terms(entente.Statement{}))...)).ID()
	ask := func(f func(*entente.ClearanceAsk), edits ...edit) []edit {
		a := askOf([]string{"legal"}, []string{"minister"})
		f(&a)
		return append([]edit{by(), terms(entente.Clearance{Ask: &a})}, edits...)
	}
	none := func(*entente.ClearanceAsk) {}
	var many [][]string
	for i := range 17 {
		many = append(many, []string{"o" + string(rune('a'+i))})
	}
	only(t, mx.Reasons("clearance", record.Note, ask(none)...))
	only(t, mx.Reasons("clearance", record.Note, ask(func(a *entente.ClearanceAsk) { a.After = id })...))
	only(t, mx.Reasons("clearance", record.Note, word(id, entente.ClearanceClear, "legal", drop("body.es"))...))
	only(t, mx.Reasons("clearance", record.Note, word(id, entente.ClearanceComment, "foreign")...))
	for name, x := range map[string]struct {
		edits []edit
		code  string
	}{
		"no office":             {ask(func(a *entente.ClearanceAsk) { a.Stages = nil }), entente.ReasonTerms},
		"an empty stage":        {ask(func(a *entente.ClearanceAsk) { a.Stages = [][]string{{"legal"}, {}} }), entente.ReasonTerms},
		"an office twice":       {ask(func(a *entente.ClearanceAsk) { a.Stages = [][]string{{"legal"}, {"legal"}} }), entente.ReasonTerms},
		"no name":               {ask(func(a *entente.ClearanceAsk) { a.Stages = [][]string{{"Legal Adviser"}} }), entente.ReasonTerms},
		"too many":              {ask(func(a *entente.ClearanceAsk) { a.Stages = many }), entente.ReasonTerms},
		"nobody asks":           {ask(func(a *entente.ClearanceAsk) { a.Office = "" }), entente.ReasonTerms},
		"no group":              {ask(func(a *entente.ClearanceAsk) { a.Group = record.ID{} }), entente.ReasonTerms},
		"no draft":              {ask(func(a *entente.ClearanceAsk) { a.Draft = record.Nonce{} }), entente.ReasonTerms},
		"no act":                {ask(func(a *entente.ClearanceAsk) { a.Act = record.ID{} }), entente.ReasonTerms},
		"no verb":               {ask(func(a *entente.ClearanceAsk) { a.Verb = "sing" }), entente.ReasonTerms},
		"deadline past":         {ask(func(a *entente.ClearanceAsk) { a.By = epoch - 1 }), entente.ReasonTerms},
		"after another kind":    {ask(func(a *entente.ClearanceAsk) { a.After = other }), entente.ReasonReference},
		"a part that travels":   {ask(none, content("title.en", "x", release.Default("MX", "MX"))), entente.ReasonParts},
		"neither":               {[]edit{by()}, entente.ReasonTerms},
		"asks in the second":    {ask(none, on(id)), entente.ReasonTerms},
		"answers in the first":  {word(record.ID{}, entente.ClearanceClear, "legal"), entente.ReasonTerms},
		"answers nothing":       {word(record.ID{9}, entente.ClearanceClear, "legal"), entente.ReasonReference},
		"answers another kind":  {word(other, entente.ClearanceClear, "legal"), entente.ReasonReference},
		"an office not asked":   {word(id, entente.ClearanceClear, "minister"), entente.ReasonParties},
		"the asker clears":      {word(id, entente.ClearanceClear, "foreign"), entente.ReasonParties},
		"a stranger's comment":  {word(id, entente.ClearanceComment, "press"), entente.ReasonParties},
		"another word":          {word(id, "bless", "legal"), entente.ReasonTerms},
		"returned without why":  {word(id, entente.ClearanceReturn, "legal", drop("body.es")), entente.ReasonParts},
		"an answer with title":  {word(id, entente.ClearanceClear, "legal", home("title.es", "x")), entente.ReasonParts},
		"another part":          {ask(none, home("annex/x", "x")), entente.ReasonParts},
		"an answer that leaves": {word(id, entente.ClearanceClear, "legal", content("body.es", "x", release.Default("MX", "MX"))), entente.ReasonParts},
	} {
		if got := codes(mx.Reasons("clearance", record.Note, x.edits...)); len(got) != 1 || got[0] != x.code {
			t.Errorf("%s: reasons %v, want %s", name, got, x.code)
		}
	}
	// In a group with others it has no effect, whoever sends it.
	two := newWorld(t, newCharter("MX", "US"))
	only(t, two.As("MX").Reasons("clearance", record.Note, ask(none)...), entente.ReasonKind)
}
