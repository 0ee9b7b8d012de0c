package entente_test

import (
	"fmt"
	"slices"
	"testing"

	"entente"
	"entente/record"
	"entente/release"
)

func contact(f func(*entente.Contact)) entente.Contact {
	c := entente.Contact{Agents: []record.Party{"US"}, From: epoch - 7200, To: epoch - 3600, Held: true}
	if f != nil {
		f(&c)
	}
	return c
}

func log(p *party, c entente.Contact, edits ...edit) record.ID {
	own := release.Default(p.id)
	return p.good(p.Write("contact", record.Report, append([]edit{terms(c), content("title.es", "x", own), content(entente.AuthorisationPart, "A-17", own)}, edits...)...)).ID()
}

// shown is which reasons of a state wait for a party at a moment.
func shown(s *entente.State, p record.Party, now int64) (out []entente.AttentionReason) {
	for _, a := range s.Attention([]record.Party{"MX", "US"}) {
		if a.Party == p && a.Shows(now) {
			out = append(out, a.Reason)
		}
	}
	return out
}

// The clock of a planned contact runs from its end: counted down for its author, then overdue to the second, then late by what was lost.
func TestContactClock(t *testing.T) {
	d := newDesk(t)
	mx, us := d.As("MX"), d.As("US")
	start := d.now + 1000
	id := log(mx, contact(func(c *entente.Contact) { c.From, c.To, c.Held = start, start+3600, false }))
	d.same()
	by := start + 3600 + 3*day
	s := us.State(id)
	for _, x := range []struct {
		at   int64
		want []entente.AttentionReason
	}{{start - 1, nil}, {start, []entente.AttentionReason{entente.AttentionContact}}, {by, []entente.AttentionReason{entente.AttentionContact}},
		{by + 1, []entente.AttentionReason{entente.AttentionContactLate}}} {
		if got := shown(s, "MX", x.at); !slices.Equal(got, x.want) {
			t.Errorf("at %d, %d before its time: %v, want %v", x.at, by-x.at, got, x.want)
		}
		if got := shown(s, "US", x.at); len(got) > 0 {
			t.Errorf("the other side's clock does not run: %v", got)
		}
	}
	if phase := s.At(by).Phase; phase != entente.PhaseRecorded || s.Fact("contact") != entente.ContactPlanned || s.Fact("report_by") != fmt.Sprint(by) {
		t.Errorf("%s: %+v", phase, s.Facts)
	}
	d.Wait(by + 50 - d.now)
	held := mx.good(mx.Write("contact", record.Report, on(id), terms(contact(func(c *entente.Contact) { c.From, c.To = start, start+3600 }))))
	d.same()
	late := held.Header().Time - by
	if s = us.State(id); s.Late() != late || late < 50 || len(shown(s, "MX", record.MaxTime-1)) > 0 {
		t.Errorf("late by %d, want %d: %+v", s.Late(), late, s.Facts)
	}
	d.Wait(5000)
	mx.good(mx.Write("contact", record.Report, on(id), terms(contact(func(c *entente.Contact) { c.From, c.To = start, start+3600 }))))
	if s = mx.State(id); s.Late() != late {
		t.Errorf("a later correction changes when it was reported: late by %d, want %d", s.Late(), late)
	}
	if s = mx.State(log(mx, contact(func(c *entente.Contact) { c.From, c.To = d.now-60, d.now }))); s.Late() != 0 || s.Fact("contact") != entente.ContactHeld {
		t.Errorf("reported within the hour: %+v", s.Facts)
	}
	off := log(mx, contact(func(c *entente.Contact) { c.Held = false }))
	mx.good(mx.Write("contact", record.Report, on(off), terms(contact(func(c *entente.Contact) { c.Held, c.CalledOff = false, true }))))
	if s = mx.State(off); s.Fact("report_by") != "" || len(shown(s, "MX", record.MaxTime-1)) > 0 {
		t.Errorf("called off, and its clock runs: %+v", s.Facts)
	}
}

// The clock is the charter's; a charter without one has three days.
func TestContactClockOfTheCharter(t *testing.T) {
	c := landCharter("MX", "US")
	if c.ContactClock() != 3*day {
		t.Errorf("%d seconds without a clock", c.ContactClock())
	}
	c.Clocks.Contact = day
	w := newWorld(t, c)
	mx := w.As("MX")
	if s := mx.State(log(mx, contact(func(c *entente.Contact) { c.Held = false }))); s.Fact("report_by") != fmt.Sprint(epoch-3600+day) {
		t.Errorf("a clock of a day: %+v", s.Facts)
	}
	c.Clocks.Contact = -1
	if c.Check() == nil {
		t.Error("a clock runs backwards")
	}
}

func TestContactRefuses(t *testing.T) {
	d := newDesk(t)
	mx, us := d.As("MX"), d.As("US")
	theirs := log(us, contact(func(c *entente.Contact) { c.Agents = []record.Party{"MX"} }))
	d.same()
	for name, x := range map[string]struct {
		change func(*entente.Contact)
		want   string
		edits  []edit
	}{
		"good":             {nil, "", nil},
		"backwards":        {func(c *entente.Contact) { c.To = c.From - 1 }, entente.ReasonTerms, nil},
		"a whole quarter":  {func(c *entente.Contact) { c.From = c.To - 90*day }, entente.ReasonTerms, nil},
		"before it is":     {func(c *entente.Contact) { c.To = d.now + day }, entente.ReasonTerms, nil},
		"held and off":     {func(c *entente.Contact) { c.CalledOff = true }, entente.ReasonTerms, nil},
		"nobody's agents":  {func(c *entente.Contact) { c.Agents = nil }, entente.ReasonTerms, nil},
		"its own agents":   {func(c *entente.Contact) { c.Agents = []record.Party{"MX"} }, entente.ReasonTerms, nil},
		"agents of others": {func(c *entente.Contact) { c.Agents = []record.Party{"FR"} }, entente.ReasonTerms, nil},
		"of no action":     {func(c *entente.Contact) { c.Action = d.meeting }, entente.ReasonReference, nil},
		"no subject":       {nil, entente.ReasonParts, []edit{drop("title.es")}},
		"another's log":    {nil, entente.ReasonParties, []edit{on(theirs)}},
	} {
		got := mx.Reasons("contact", record.Report, append([]edit{terms(contact(x.change)), content("title.es", "x")}, x.edits...)...)
		if x.want == "" && len(got) > 0 || x.want != "" && !slices.Contains(codes(got), x.want) {
			t.Errorf("%s: %v, want %q", name, got, x.want)
		}
	}
}

func TestIncident(t *testing.T) {
	d := newDesk(t)
	mx, us := d.As("MX"), d.As("US")
	meeting := log(mx, contact(nil))
	good := entente.Incident{Where: "MX", At: epoch - 60, Severity: "serious", Attributed: "US", Contact: meeting}
	write := func(x entente.Incident) record.ID {
		return mx.good(mx.Write("incident", record.Report, append(texts("x"), terms(x))...)).ID()
	}
	id := write(good)
	d.same()
	s := us.State(id)
	if got := shown(s, "US", d.now); !slices.Equal(got, []entente.AttentionReason{entente.AttentionIncident}) || s.At(d.now).Phase != entente.PhaseRecorded || s.Fact("severity") != "serious" || s.Fact("where") != "MX" {
		t.Errorf("it waits for %v: %+v", got, s)
	}
	us.good(us.Write("incident", record.Reply, on(id), terms(entente.ReplyTerms{To: id, Stance: entente.Contest}), content("body.en", "x"), content("body.es", "x")))
	d.same()
	if s = mx.State(id); len(shown(s, "US", d.now)) > 0 || !slices.Equal(shown(s, "MX", d.now), []entente.AttentionReason{entente.AttentionAnswer}) || !s.At(d.now).Observations {
		t.Errorf("contested, it waits for %v and %v", shown(s, "US", d.now), shown(s, "MX", d.now))
	}
	unknown := good
	unknown.Attributed = ""
	if s = mx.State(write(unknown)); len(shown(s, "US", d.now)) > 0 {
		t.Errorf("attributed to nobody, it waits for %v", shown(s, "US", d.now))
	}
	for name, x := range map[string]struct {
		change func(*entente.Incident)
		want   string
		edits  []edit
	}{
		"on no territory":   {func(x *entente.Incident) { x.Where = "FR" }, entente.ReasonTerms, nil},
		"of strangers":      {func(x *entente.Incident) { x.Attributed = "FR" }, entente.ReasonTerms, nil},
		"before it happens": {func(x *entente.Incident) { x.At = d.now + day }, entente.ReasonTerms, nil},
		"how grave":         {func(x *entente.Incident) { x.Severity = "dire" }, entente.ReasonTerms, nil},
		"without words":     {nil, entente.ReasonParts, []edit{drop("body.en"), drop("body.es")}},
		"no such action":    {func(x *entente.Incident) { x.Action = meeting }, entente.ReasonReference, nil},
		"no such contact":   {func(x *entente.Incident) { x.Contact = d.meeting }, entente.ReasonReference, nil},
	} {
		y := good
		if x.change != nil {
			x.change(&y)
		}
		if got := mx.Reasons("incident", record.Report, append(append(texts("x"), terms(y)), x.edits...)...); !slices.Contains(codes(got), x.want) {
			t.Errorf("%s: %v, want %s", name, got, x.want)
		}
	}
}
