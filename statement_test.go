package entente_test

import (
	"slices"
	"testing"

	"entente"
	"entente/record"
)

// A text is public when every party whose consent it needed has let it out and the hour has come; what is public stays so.
func TestPublication(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	hour := epoch + 1000
	id := mx.Propose("statement", entente.Statement{Embargo: hour})
	mx.good(mx.Release(id, hour+50)) // of a text that is not agreed yet: it counts once it is
	is := func(when string, at int64, published bool) {
		t.Helper()
		for _, p := range w.order {
			s := w.As(p).State(id)
			if s.Published(at) != published || s.At(at).Published != published {
				t.Errorf("%s, at %s: published %v, want %v", when, p, s.Published(at), published)
			}
		}
	}
	us.good(us.Consent(id))
	mx.good(mx.Consent(id))
	us.good(us.Release(id, 0))
	is("a second before the later hour", hour+49, false)
	is("at the later hour", hour+50, true)

	w.Wait(10)
	mx.good(mx.Release(id, hour+10)) // its hour has not come: it may change it
	is("brought forward", hour+10, true)
	is("a second before", hour+9, false)
	us.good(us.Release(id, hour+500))
	is("put off by the other", hour+499, false)
	us.good(us.Release(id, 0))
	w.now = hour + 10
	us.good(us.Release(id, hour+9999))
	is("what is out stays out", hour+10, true)
	w.same()

	// A new version is public when it has been let out itself; until then the one before it is.
	fixed := us.Amend(id, id, entente.Statement{})
	for _, p := range w.order {
		w.As(p).good(w.As(p).Consent(fixed))
	}
	s := mx.State(id)
	if p := s.Public(w.now); p == nil || p.ID != id || s.Published(w.now) {
		t.Errorf("a new version that nobody let out: public is %+v", p)
	}
	for _, p := range w.order {
		w.As(p).good(w.As(p).Release(fixed, 0))
	}
	s = mx.State(id)
	if p := s.Public(w.now); p == nil || p.ID != fixed || !s.Published(w.now) {
		t.Errorf("a new version that both let out: public is %+v", p)
	}
	if at, ok := version(s, fixed).PublishedAt(); !ok || at != w.now {
		t.Errorf("public from %d, %v, want %d", at, ok, w.now)
	}
	// Leaving does not take back what was said in public.
	mx.good(mx.Withdraw(fixed))
	us.Receipt()
	s = mx.State(id)
	if end := s.At(s.Ends); end.Phase != entente.PhaseEnded || s.Public(s.Ends) == nil {
		t.Errorf("ended: %+v, public %v", end, s.Public(s.Ends))
	}
	// What was still to come when it ended never comes.
	late := mx.Propose("statement", entente.Statement{Embargo: hour + 90_000})
	for _, p := range w.order {
		w.As(p).good(w.As(p).Consent(late))
		w.As(p).good(w.As(p).Release(late, 0))
	}
	mx.good(mx.Withdraw(late))
	if s := mx.State(late); s.Ends == 0 || s.Public(hour+90_001) != nil {
		t.Errorf("published after its end: %+v", s.Public(hour+90_001))
	}
	w.same()
}

// One party's own text takes its own consent and release; the others reply, and can neither sign, change nor stop it.
func TestOwnStatement(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	id := mx.Propose("statement", entente.Statement{Own: true})
	us.good(us.Consent(id))
	if got := mx.Phase(id); got != entente.PhaseProposed {
		t.Errorf("signed by another alone it is %s", got)
	}
	if c := mx.State(id).Copies(id, w.order); len(c) != 1 || c[0].Party != "US" || c[0].Stance != "" {
		t.Errorf("a copy of which nothing was said: %+v", c)
	}
	us.good(us.Reply(id, entente.Contest))
	mx.good(mx.Consent(id))
	s := us.State(id)
	if c := s.Copies(id, w.order); len(c) != 1 || c[0].Stance != entente.Contest || c[0].Reply.Time == 0 {
		t.Errorf("a copy on which there are observations: %+v", c)
	}
	if f := s.InForce(); f == nil || !slices.Equal(f.Required, []record.Party{"MX"}) || !f.Settled || !s.At(w.now).Observations {
		t.Errorf("own text: %+v", s)
	}
	mx.good(mx.Release(id, 0))
	if !us.State(id).Published(w.now) {
		t.Error("released by its author, and not public")
	}
	fix := mx.Propose("statement", entente.Statement{Own: true, Corrects: id})
	if f := us.State(fix).Fact("corrects"); f != id.String() {
		t.Errorf("corrects %q", f)
	}
	us.good(us.Withdraw(id))
	if s := us.State(id); s.Ends != 0 || !s.Published(w.now) {
		t.Errorf("another's withdrawal changed it: %+v", s)
	}
	// Parts need go nowhere that consent is not needed from.
	mx.good(mx.Write("statement", record.Propose, append(texts("x"), terms(entente.Statement{Own: true}), content("annex/1", "x", record.Marking{TLP: record.AmberStrict, Originator: "MX"}))...))
	w.same()
}

// Whoever judges a release looks at the charter that the text's author knew, whatever charters came since.
func TestReleaseUnderAChangedCharter(t *testing.T) {
	c := newCharter("CA", "MX", "US")
	c.Consent = map[string]string{"statement": entente.ConsentParticipants}
	w := newWorld(t, c)
	mx, ca := w.As("MX"), w.As("CA")
	id := mx.Propose("statement", entente.Statement{}, among("MX", "US"))
	for _, p := range []record.Party{"MX", "US"} {
		w.As(p).good(w.As(p).Consent(id))
	}
	only(t, ca.Reasons("statement", record.Release, ca.about(id)), entente.ReasonParties)
	all := newCharter("CA", "MX", "US")
	v2 := mx.AmendCharter(w.group, all)
	for _, p := range w.order {
		w.As(p).good(w.As(p).Consent(v2))
	}
	only(t, ca.Reasons("statement", record.Release, ca.about(id)), entente.ReasonParties)
	for _, p := range []record.Party{"MX", "US"} {
		w.As(p).good(w.As(p).Release(id, 0))
	}
	if !ca.State(id).Published(w.now) {
		t.Error("released by both who agreed to it, and not public")
	}
	w.same()
}

// A text may name a charter that its author did not know, which makes it void. What is said of it is judged alike by those
// who know that charter and those who do not yet.
func TestReleaseOfATextUnderACharterNotKnown(t *testing.T) {
	w := newWorld(t, newCharter("CA", "MX", "US"))
	ca, mx, us := w.As("CA"), w.As("MX"), w.As("US")
	w.Cut("MX", "US")
	w.Cut("MX", "CA")
	c := newCharter("CA", "MX", "US")
	c.Consent = map[string]string{"statement": entente.ConsentParticipants}
	unknown := mx.AmendCharter(w.group, c)
	text := us.Write("statement", record.Propose, append(texts("x"), terms(entente.Statement{}), among("US"), with(func(h *record.Header) { h.Charter = unknown }))...)
	only(t, us.view.judged[text.Header().Ref()].Reasons, entente.ReasonCharter)
	r := ca.Write("statement", record.Release, ca.about(text.ID()))
	w.MendAll()
	for _, p := range w.order {
		if got := w.As(p).view.judged[r.Header().Ref()].Reasons; len(got) != 0 {
			t.Errorf("at %s: %v", p, got)
		}
	}
	w.same()
}
