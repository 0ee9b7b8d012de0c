package entente_test

import (
	"fmt"
	"slices"
	"testing"

	"entente"
	"entente/record"
)

// What is said of a text and binds nobody: ad referendum, and silence.

func TestAdReferendum(t *testing.T) {
	w := newWorld(t, newCharter("CA", "MX", "US"))
	ca, mx, us := w.As("CA"), w.As("MX"), w.As("US")
	v := mx.Propose("commitment", promise("MX"))
	expect := func(want ...record.Party) {
		t.Helper()
		if got := mx.State(v).At(w.now).AdReferendum; !slices.Equal(got, want) {
			t.Errorf("ad referendum %v, want %v", got, want)
		}
		w.same()
	}
	mx.good(mx.Consent(v))
	us.good(us.Reply(v, entente.AdReferendum))
	ca.good(ca.Reply(v, entente.AdReferendum))
	expect("CA", "US")
	if got := us.Phase(v); got != entente.PhaseProposed {
		t.Errorf("agreed ad referendum: %s", got)
	}
	us.good(us.Reply(v, entente.Object)) // thinks again
	expect("CA")
	us.good(us.Reply(v, entente.AdReferendum))
	us.good(us.Reply(v, entente.Answer)) // says nothing of the text
	expect("CA", "US")
	ca.good(ca.Consent(v)) // confirms it
	expect("US")
	us.good(us.Consent(v))
	expect()
	if got := us.Phase(v); got != entente.PhaseInForce {
		t.Errorf("confirmed by all: %s", got)
	}
	next := us.Amend(v, v, promise("MX"))
	ca.good(ca.Reply(next, entente.AdReferendum))
	expect("CA")
	if got := ca.State(v).AdReferendum(next); !slices.Equal(got, []record.Party{"CA"}) || ca.State(v).AdReferendum(v) != nil || ca.State(v).AdReferendum(record.ID{1}) != nil {
		t.Errorf("by version: %v", got)
	}
	us.good(us.Withdraw(next))
	expect() // the text is withdrawn
}

func TestStancesOnTexts(t *testing.T) {
	c := newCharter("CA", "MX", "US")
	c.Consent = map[string]string{"commitment": "participants"}
	w := newWorld(t, c)
	ca, mx, us := w.As("CA"), w.As("MX"), w.As("US")
	v := mx.Propose("commitment", promise("MX"), among("MX", "US"), until(w.now+1000))
	o := mx.Propose("objective", entente.Objective{Level: "outcome"}, line("fuel"))
	report := mx.good(mx.Report(v, entente.Progress{Progress: "under-way"})).ID()
	answer := us.good(us.Reply(v, entente.Answer)).ID()
	say := func(p *party, on, to record.ID, t entente.ReplyTerms) []entente.Reason {
		t.To = to
		return p.Reasons(p.kindOf(on), record.Reply, p.about(on), terms(t), with(func(h *record.Header) { h.Version = record.ID{} }))
	}
	ad, ask := entente.ReplyTerms{Stance: entente.AdReferendum}, func(by int64) entente.ReplyTerms {
		return entente.ReplyTerms{Stance: entente.AskNoObjection, By: by}
	}
	for name, c := range map[string]struct {
		got  []entente.Reason
		want []string
	}{
		"ad referendum":                          {say(us, v, v, ad), nil},
		"ad referendum, of another instrument":   {say(us, v, o, ad), []string{"reference"}},
		"ad referendum, of a report":             {say(us, v, report, ad), []string{"reference"}},
		"ad referendum, of a reply":              {say(mx, v, answer, ad), []string{"reference"}},
		"ad referendum, of what is not known":    {say(us, v, record.ID{1}, ad), []string{"reference"}},
		"ad referendum, by its author":           {say(mx, v, v, ad), []string{"parties"}},
		"ad referendum, by who need not consent": {say(ca, v, v, ad), []string{"parties"}},
		"ad referendum, by a time":               {say(us, v, v, entente.ReplyTerms{Stance: entente.AdReferendum, By: w.now + 5}), []string{"terms"}},
		"an answer by a time":                    {say(us, v, v, entente.ReplyTerms{Stance: entente.Answer, By: w.now + 5}), []string{"terms"}},
		"asked":                                  {say(mx, v, v, ask(w.now+1)), nil},
		"asked to the last second":               {say(mx, v, v, ask(epoch+1+1000)), nil},
		"asked beyond its until":                 {say(mx, v, v, ask(epoch+1+1001)), []string{"terms"}},
		"asked by now":                           {say(mx, v, v, ask(w.now)), []string{"terms"}},
		"asked by no time":                       {say(mx, v, v, ask(0)), []string{"terms"}},
		"asked by a time before":                 {say(mx, v, v, ask(-1)), []string{"terms"}},
		"asked beyond the years":                 {say(mx, o, o, ask(record.MaxTime+1)), []string{"terms"}},
		"asked by another":                       {say(us, v, v, ask(w.now+1)), []string{"parties"}},
		"asked of a report":                      {say(mx, v, report, ask(w.now+1)), []string{"reference"}},
		"asked of a kind the charter leaves out": {say(mx, o, o, ask(w.now+1)), []string{"terms"}},
	} {
		if !slices.Equal(codes(c.got), c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	// Of figures nobody asks.
	d := newDesk(t)
	got := d.As("US").Reasons("observation", record.Reply, on(d.observation), terms(entente.ReplyTerms{To: d.observation, Stance: entente.AdReferendum}))
	only(t, got, entente.ReasonReference)
}

// A charter that is amended decides for those who know the amendment.
func TestSilenceFollowsTheCharter(t *testing.T) {
	c := newCharter("MX", "US")
	c.Silence = nil
	w := newWorld(t, c)
	mx := w.As("MX")
	v := mx.Propose("commitment", promise("MX"))
	ask := terms(entente.ReplyTerms{To: v, Stance: entente.AskNoObjection, By: w.now + 100})
	only(t, mx.Reasons("commitment", record.Reply, on(v), ask), entente.ReasonTerms)
	c.Silence = []string{"commitment"}
	id := mx.AmendCharter(w.group, c)
	only(t, mx.Reasons("commitment", record.Reply, on(v), ask), entente.ReasonTerms)
	for _, p := range w.order {
		w.As(p).good(w.As(p).Consent(id))
	}
	only(t, mx.Reasons("commitment", record.Reply, on(v), ask))
}

func TestSilence(t *testing.T) {
	w := newWorld(t, newCharter("CA", "MX", "US"))
	ca, mx, us := w.As("CA"), w.As("MX"), w.As("US")
	v := mx.Propose("commitment", promise("MX"))
	mx.good(mx.Consent(v))
	expect := func(now int64, want string) {
		t.Helper()
		got := ""
		for _, x := range ca.State(v).At(now).Silence {
			got += fmt.Sprintf("by %d, over %v, objected %v", x.By-epoch, x.Over, x.Objected)
		}
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if p := ca.State(v).At(now).Phase; p != entente.PhaseProposed {
			t.Errorf("silence made it %s", p)
		}
		w.same()
	}
	expect(w.now, "")
	ask := func(by int64) {
		mx.good(mx.Write("commitment", record.Reply, on(v), terms(entente.ReplyTerms{To: v, Stance: entente.AskNoObjection, By: epoch + by})))
	}
	ask(100)
	expect(epoch+100, "by 100, over false, objected []")
	expect(epoch+101, "by 100, over true, objected []")
	w.Wait(50)
	us.good(us.Reply(v, entente.Contest))
	ca.good(ca.Reply(v, entente.Object))
	expect(epoch+60, "by 100, over false, objected [CA US]")
	us.good(us.Reply(v, entente.Acknowledge)) // takes it back
	expect(epoch+60, "by 100, over false, objected [CA]")
	mx.good(mx.Reply(v, entente.Object)) // its own author is nobody who objects
	expect(epoch+60, "by 100, over false, objected [CA]")
	w.Wait(60)
	us.good(us.Reply(v, entente.Object)) // too late
	expect(epoch+200, "by 100, over true, objected [CA]")
	ask(300) // asks again: what was said stands
	expect(epoch+200, "by 300, over false, objected [CA US]")
	ca.good(ca.Consent(v))
	expect(epoch+200, "by 300, over false, objected [US]")

	// An objection that was held up on its way counts from when it arrives, for everybody alike.
	other := mx.Propose("commitment", promise("MX"))
	mx.good(mx.Write("commitment", record.Reply, on(other), terms(entente.ReplyTerms{To: other, Stance: entente.AskNoObjection, By: w.now + 100})))
	w.Cut("US", "MX")
	w.Cut("US", "CA")
	us.good(us.Reply(other, entente.Object))
	w.Wait(200)
	if x := mx.State(other).At(w.now).Silence; len(x) != 1 || !x[0].Over || len(x[0].Objected) != 0 {
		t.Errorf("before it arrives: %+v", x)
	}
	w.MendAll()
	if x := mx.State(other).At(w.now).Silence; len(x) != 1 || !slices.Equal(x[0].Objected, []record.Party{"US"}) {
		t.Errorf("after it arrives: %+v", x)
	}
	// One party's own text: the others may object, and it is no matter of consent.
	own := mx.Propose("statement", entente.Statement{Own: true})
	mx.good(mx.Write("statement", record.Reply, on(own), terms(entente.ReplyTerms{To: own, Stance: entente.AskNoObjection, By: w.now + 100})))
	us.good(us.Reply(own, entente.Object))
	if x := mx.State(own).At(w.now).Silence; len(x) != 1 || !slices.Equal(x[0].Objected, []record.Party{"US"}) {
		t.Errorf("a courtesy copy: %+v", x)
	}
	w.same()
}
