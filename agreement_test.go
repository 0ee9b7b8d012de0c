package entente_test

import (
	"errors"
	"slices"
	"testing"

	"entente"
	"entente/consent"
	"entente/record"
	"entente/release"
)

// Stories of agreement: rules C1, C2, C5 and C8 through the ledger.

func TestAgreementAndSettlement(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	v := mx.Propose("commitment", promise("MX"), line("fuel"))
	mx.good(mx.Consent(v))
	if got := us.Phase(v); got != entente.PhaseProposed {
		t.Fatalf("one consent: %s", got)
	}
	w.Cut("MX", "US")
	us.good(us.Consent(v))
	if got := us.Phase(v); got != entente.PhaseInForce {
		t.Errorf("both consents at US: %s", got)
	}
	if us.State(v).InForce().Settled {
		t.Error("settled before MX knows")
	}
	if got := mx.Phase(v); got != entente.PhaseProposed {
		t.Errorf("at MX, cut off: %s", got)
	}
	w.Mend("MX", "US")
	if mx.State(v).InForce().Settled {
		t.Error("settled before MX has put on record that it knows")
	}
	mx.Receipt()
	w.same()
	s := us.State(v)
	if !s.InForce().Settled || s.Owner != "MX" || s.Line != "fuel" || s.Due != epoch+20_000 || !s.At(w.now).Settled {
		t.Errorf("settled state: %+v", s)
	}
	if why, n := newAuditor(us.view, byIndex).unsupported(us.view); len(why) > 0 || n != 4 {
		t.Errorf("%d consents found, want 2 of the charter and 2 of the text; %v", n, why)
	}
}

func TestUntilAndLateConsent(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	v := mx.Propose("commitment", promise("MX"), until(w.now+100))
	mx.good(mx.Consent(v))
	edge := mx.Propose("commitment", promise("MX"), until(w.now+100))
	mx.good(mx.Consent(edge))
	w.Wait(100)
	us.good(us.Consent(edge))
	w.Wait(1)
	late := us.good(us.Consent(v))
	s := mx.State(v)
	if mx.Phase(v) != entente.PhaseLapsed || len(s.Versions[0].Late) != 1 || s.Versions[0].Late[0] != late.Header().Ref() {
		t.Errorf("a late consent: %s, %+v", mx.Phase(v), s.Versions[0])
	}
	if got := mx.Phase(edge); got != entente.PhaseInForce {
		t.Errorf("in the last second: %s", got)
	}
	only(t, us.Reasons("commitment", record.Consent, us.about(v), until(w.now+5)), entente.ReasonTerms)
	w.same()
}

func TestWithdrawals(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")

	in := mx.Propose("commitment", promise("MX"))
	mx.good(mx.Consent(in))
	w.Cut("MX", "US")
	mx.good(mx.Withdraw(in))
	if v := mx.State(in).At(w.now); v.Phase != entente.PhaseWithdrawn || !v.Pending {
		t.Errorf("withdrawn while the other side does not know: %+v", v)
	}
	w.Mend("MX", "US")
	us.Receipt()
	if v := mx.State(in).At(w.now); v.Phase != entente.PhaseWithdrawn || v.Pending {
		t.Errorf("withdrawn and known: %+v", v)
	}
	// Posted beats unseen: the withdrawal that the other side's consent did not know is notice to leave.
	crossed := mx.Propose("commitment", promise("MX"))
	mx.good(mx.Consent(crossed))
	w.Cut("MX", "US")
	mx.good(mx.Withdraw(crossed))
	us.good(us.Consent(crossed))
	w.Mend("MX", "US")
	for _, p := range w.order {
		if v := w.As(p).State(crossed).At(w.now); v.Phase != entente.PhaseInForce || !v.Leaving {
			t.Errorf("at %s a withdrawal that came too late: %+v", p, v)
		}
	}
	w.same()
}

func TestNotice(t *testing.T) {
	for _, c := range []struct {
		name    string
		known   int64 // seconds after the withdrawal until the other side's record knows it; 0: never
		back    int64 // seconds after the withdrawal until it is taken back; 0: never
		ends    int64 // seconds after the withdrawal; 0: no notice runs
		counted bool
	}{
		{"known at once", 10, 0, 1010, true},
		{"never known: the ceiling", 0, 0, 6000, false},
		{"known after the ceiling", 5001, 0, 6000, false},
		{"taken back in time", 10, 1009, 0, false},
		{"taken back in the second it takes effect", 10, 1010, 1010, true},
		{"taken back before it is known", 0, 5999, 0, false},
		{"taken back too late", 0, 6000, 6000, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, newCharter("MX", "US"))
			mx, us := w.As("MX"), w.As("US")
			v := mx.Propose("commitment", promise("MX"))
			mx.good(mx.Consent(v))
			us.good(us.Consent(v))
			v2 := us.Amend(v, v, promise("US")) // notice is on the instrument, in all its versions
			us.good(us.Consent(v2))
			mx.good(mx.Consent(v2))
			w.Wait(100)
			start := w.now
			w.Cut("MX", "US")
			mx.good(mx.Withdraw(v))
			if c.known > 0 {
				w.now = start + c.known
				w.Mend("MX", "US")
				us.Receipt()
			}
			if c.back > 0 {
				w.now = start + c.back
				mx.good(mx.Consent(v2))
			}
			w.MendAll()
			s := mx.State(v)
			if c.ends == 0 {
				if len(s.Notices) != 0 || s.Ends != 0 || s.At(start+10_000).Phase != entente.PhaseInForce {
					t.Errorf("taken back: %+v", s.Notices)
				}
			} else {
				if s.Ends != start+c.ends || len(s.Notices) != 1 || s.Notices[0].Known != c.counted {
					t.Errorf("ends %d, want %d: %+v", s.Ends-start, c.ends, s.Notices)
				}
				if a, b := s.At(s.Ends-1), s.At(s.Ends); a.Phase != entente.PhaseInForce || !a.Leaving || b.Phase != entente.PhaseEnded || b.Leaving {
					t.Errorf("around the end: %+v %+v", a, b)
				}
			}
			if version(s, v).Standing != consent.Superseded || version(s, v2).Standing != consent.InForce {
				t.Errorf("history changed: %+v", s.Versions)
			}
			w.same()
		})
	}
}

func TestRivalsAndTheGate(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	a := mx.Propose("commitment", promise("MX"))
	b := us.Amend(a, record.ID{}, promise("MX"), line(""))
	if v := mx.State(a).At(w.now); !v.Counter {
		t.Errorf("two open texts with one predecessor: %+v", v)
	}
	if got := mx.State(a).Text().ID; got != b {
		t.Error("the text to show is not the latest, which knows the other")
	}
	mx.good(mx.Consent(a))
	try := func(p *party, v record.ID) error {
		return p.mayConsent(p.draft("commitment", record.Consent, p.about(v)).sealed().Header())
	}
	if err := try(mx, b); !errors.Is(err, consent.ErrRival) {
		t.Errorf("MX consented to a: %v", err)
	}
	w.Cut("MX", "US")
	mx.good(mx.Withdraw(a))
	if err := try(mx, b); !errors.Is(err, consent.ErrRival) {
		t.Errorf("its withdrawal is not known to US: %v", err)
	}
	w.Mend("MX", "US")
	us.Receipt()
	if err := try(mx, b); err != nil {
		t.Errorf("US knows it: %v", err)
	}
	mx.good(mx.Consent(b))
	us.good(us.Consent(b))
	if err := try(us, a); !errors.Is(err, consent.ErrRival) {
		t.Errorf("a rival is in force: %v", err)
	}
	// One honest gate is enough.
	us.careless = true
	us.good(us.Consent(a))
	if s := mx.State(a); version(s, a).Standing != consent.Open || version(s, b).Standing != consent.InForce {
		t.Errorf("%+v", s.Versions)
	}
	// Without any, the earlier is shown, and all nodes agree on which.
	mx.careless = true
	mx.Consent(a)
	s := mx.State(a)
	if version(s, a).Standing != consent.InForce || version(s, b).Standing != consent.InForce || s.InForce().ID != a {
		t.Errorf("two careless gates: %+v", s.Versions)
	}
	w.same()
}

// Two texts of one second stand in the order in which one knows the other, whatever their parties are called.
func TestTheLatestOfOneSecond(t *testing.T) {
	for _, first := range []record.Party{"MX", "US"} {
		w := newWorld(t, newCharter("MX", "US"))
		one, two := w.As(first), w.As(map[record.Party]record.Party{"MX": "US", "US": "MX"}[first])
		a := one.Propose("commitment", promise("MX"))
		b := two.Amend(a, record.ID{}, promise("US"))
		s := one.State(a)
		if s.Versions[0].Time != s.Versions[1].Time {
			t.Fatal("the story needs one second")
		}
		if s.Text().ID != b || s.Owner != "US" {
			t.Errorf("%s answers %s, and the text to show is the first", two.id, first)
		}
		w.same()
	}
}

func TestCharterAmendment(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	old := mx.Propose("commitment", promise("MX"))
	open := mx.Propose("commitment", promise("MX"))
	mx.good(mx.Consent(old))
	mx.good(mx.Consent(open))

	c := newCharter("MX", "US")
	c.Languages, c.Names, c.Purpose = []string{"en"}, map[string]string{"en": "G"}, map[string]string{"en": "P"}
	for i := range c.Parties {
		c.Parties[i].Names = map[string]string{"en": "P"}
	}
	c.Lines = []entente.CharterLine{{Code: "drugs", Names: map[string]string{"en": "d"}}}
	c.Handling = nil
	c.Consent = map[string]string{"statement": "participants"}
	v2 := mx.AmendCharter(w.group, c)
	mx.good(mx.Consent(v2))
	w.Cut("MX", "US")
	us.good(us.Consent(v2)) // at US the new charter is in force
	if id, _ := mx.view.ledger.Charter(); id != w.group {
		t.Fatal("the amendment is in force for MX, which cannot know it")
	}
	// MX does not know: what it does under the old charter counts.
	under := mx.good(mx.Propose2("commitment", promise("MX")))
	mx.good(mx.Consent(under.ID()))
	w.Mend("MX", "US")
	for _, p := range w.order {
		id, got := w.As(p).view.ledger.Charter()
		if id != v2 || got.Consent["statement"] != "participants" {
			t.Fatalf("at %s the charter in force is %s", p, id.Short())
		}
		if len(w.As(p).view.judged[under.Header().Ref()].Reasons) > 0 {
			t.Errorf("at %s, what MX could not know counts against it", p)
		}
	}
	// US knows the newer charter: its consent to texts under the old one does not count, under either name.
	only(t, us.Reasons("commitment", record.Consent, us.about(open)), entente.ReasonCharter)
	stale := with(func(h *record.Header) { h.Charter = w.group })
	only(t, us.Reasons("commitment", record.Consent, us.about(open), stale), entente.ReasonCharter)
	us.Consent(open, stale)
	if got := mx.Phase(open); got != entente.PhaseProposed {
		t.Errorf("a consent under a charter that its author knew replaced: %s", got)
	}
	// The new charter's languages, lines and handling judge new texts.
	fresh := []edit{content("title.en", "x"), content("body.en", "x"), terms(promise("MX"))}
	only(t, us.Reasons("commitment", record.Propose, fresh...))
	only(t, us.Reasons("commitment", record.Propose, append(fresh, line("drugs"))...))
	only(t, us.Reasons("commitment", record.Propose, append(fresh, line("fuel"))...), entente.ReasonTerms)
	only(t, us.Reasons("commitment", record.Propose, append(texts("x"), terms(promise("MX")))...), entente.ReasonParts)
	// Required parties are computed by each text's own charter.
	solo := us.good(us.Write("statement", record.Propose, content("title.en", "x"), content("body.en", "x"), among("US")))
	us.good(us.Consent(solo.ID()))
	if s := mx.State(solo.ID()); mx.Phase(solo.ID()) != entente.PhaseInForce || !slices.Equal(s.Versions[0].Required, []record.Party{"US"}) {
		t.Errorf("among participants: %+v", s.Versions)
	}
	w.same()
	if why, n := newAuditor(us.view, byIndex).unsupported(us.view); len(why) > 0 || n < 4 {
		t.Errorf("%d, %v", n, why)
	}
}

// Propose2 proposes without asking whether it has effect, and returns the record.
func (p *party) Propose2(kind string, t any, edits ...edit) *record.Record {
	return p.Write(kind, record.Propose, append(append(texts(kind), terms(t)), edits...)...)
}

func TestRivalCharters(t *testing.T) {
	w := newWorld(t, newCharter("CA", "MX", "US"))
	ca, mx, us := w.As("CA"), w.As("MX"), w.As("US")
	x, y := newCharter("CA", "MX", "US"), newCharter("CA", "MX", "US")
	x.Track, y.Track = "x", "y"
	w.CutAll()
	a := mx.AmendCharter(w.group, x)
	mx.good(mx.Consent(a))
	b := us.AmendCharter(w.group, y)
	us.good(us.Consent(b))
	w.MendAll()
	if id, _ := ca.view.ledger.Charter(); id != w.group {
		t.Fatal("neither has three consents")
	}
	ca.good(ca.Consent(b))
	if err := mx.mayConsent(mx.draft("charter", record.Consent, mx.about(b), on(w.group)).sealed().Header()); !errors.Is(err, consent.ErrRival) {
		t.Errorf("MX has consented to the rival: %v", err)
	}
	mx.good(mx.Withdraw(a))
	ca.Receipt()
	us.Receipt()
	mx.good(mx.Consent(b))
	for _, p := range w.order {
		if id, _ := w.As(p).view.ledger.Charter(); id != b {
			t.Errorf("at %s %s is in force", p, id.Short())
		}
	}
	// The rival was proposed under the charter that is replaced: its time is over.
	us.careless, ca.careless, mx.careless = true, true, true
	only(t, us.Reasons("charter", record.Consent, us.about(a), on(w.group)), entente.ReasonCharter)
	// Nor can one that names another predecessor come in beside it.
	only(t, us.Reasons("charter", record.Propose, terms(x), on(w.group)), entente.ReasonReference)
	only(t, us.Reasons("charter", record.Propose, terms(x), on(w.group), with(func(h *record.Header) { h.Version = w.group })), entente.ReasonReference)
	only(t, us.Reasons("charter", record.Propose, terms(x), on(w.group), with(func(h *record.Header) { h.Replaces = record.ID{7} })), entente.ReasonReference)
	only(t, us.Reasons("charter", record.Propose, terms(x), on(w.group), with(func(h *record.Header) { h.Replaces = b })))
	w.same()
}

// Two charters in force at once need the connivance of all: even then every node names the same one, in whatever order the
// proposals reached it.
func TestRivalChartersInForceAreNamedAlike(t *testing.T) {
	w := newWorld(t, newCharter("CA", "MX", "US"))
	ca, mx, us := w.As("CA"), w.As("MX"), w.As("US")
	ca.careless, mx.careless, us.careless = true, true, true
	x, y := newCharter("CA", "MX", "US"), newCharter("CA", "MX", "US")
	x.Track, y.Track = "x", "y"
	w.Cut("MX", "US")
	a := mx.AmendCharter(w.group, x) // CA has a first
	b := us.AmendCharter(w.group, y) // US has b first
	w.MendAll()
	w.CutAll()
	for _, p := range []*party{ca, mx, us} {
		p.good(p.Consent(a))
		p.good(p.Consent(b))
	}
	w.MendAll()
	w.same()
	want, _ := ca.view.ledger.Charter()
	for _, p := range []*party{mx, us} {
		if got, _ := p.view.ledger.Charter(); got != want || want == w.group {
			t.Errorf("%s names %s, CA %s", p.id, got.Short(), want.Short())
		}
	}
	if s := ca.State(w.group); version(s, a).Standing != consent.InForce || version(s, b).Standing != consent.InForce || s.InForce().ID != want {
		t.Errorf("the ledger names %s, the state %s", want.Short(), s.InForce().ID.Short())
	}
	// A node that starts again replays the charter's records from its tables.
	l, err := entente.NewLedger(w.kinds, w.founding)
	if err != nil {
		t.Fatal(err)
	}
	back := slices.Clone(us.view.instruments[w.group])
	slices.Reverse(back)
	l.Replay(back)
	if got, _ := l.Charter(); got != want {
		t.Errorf("after a start: %s, before: %s", got.Short(), want.Short())
	}
}

func TestBeforeAllFoundersSigned(t *testing.T) {
	w := bareWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	mx.good(mx.Powers())
	only(t, us.Reasons("charter", record.Consent, us.about(w.group)), entente.ReasonApproval)
	us.good(us.Powers())
	mx.good(mx.Consent(w.group))
	only(t, mx.Reasons("commitment", record.Propose, append(texts("x"), terms(promise("MX")))...), entente.ReasonCharter)
	amended := newCharter("MX", "US")
	amended.Track = "trade"
	for name, e := range map[string]edit{"as a version": with(func(h *record.Header) { h.Version = w.group }), "as what it replaces": with(func(h *record.Header) { h.Replaces = w.group })} {
		if got := codes(mx.Reasons("charter", record.Propose, terms(amended), on(w.group), e)); !slices.Contains(got, entente.ReasonCharter) {
			t.Errorf("an amendment of a charter that is not in force, naming it %s: %v", name, got)
		}
	}
	us.good(us.Consent(w.group))
	only(t, mx.Reasons("commitment", record.Propose, append(texts("x"), terms(promise("MX")))...))
	w.same()
	if s := mx.State(w.group); s.InForce() == nil || s.InForce().ID != w.group || s.Opened.Time != epoch {
		t.Errorf("the founding charter's state: %+v", s)
	}
}

// C1: every part of a text is released to every required party, and to nobody stricter than its marking says.
func TestPartsAreReleasedToWhoMustConsent(t *testing.T) {
	c := newCharter("CA", "MX", "US")
	c.Consent = map[string]string{"commitment": "participants"}
	w := newWorld(t, c)
	mx := w.As("MX")
	all := append(texts("x"), terms(promise("MX")))
	mark := func(to ...record.Party) record.Marking { return release.Default("MX", to...) }
	cases := []struct {
		name  string
		want  []string
		edits []edit
	}{
		{"all", nil, nil},
		{"without US", []string{"parts"}, []edit{content("annex/1", "x", mark("CA", "MX"))}},
		{"own party need not be named", nil, []edit{content("annex/1", "x", mark("CA", "US"))}},
		{"nobody", []string{"parts"}, []edit{content("annex/1", "x", mark())}},
		{"only among participants", nil, []edit{among("MX", "US"), content("annex/1", "x", mark("US"))}},
		{"public", nil, []edit{content("annex/1", "x", record.Marking{TLP: record.Clear, ReleasableTo: []record.Party{record.Public}, Originator: "MX"})}},
		{"clear and not public", []string{"parts"}, []edit{content("annex/1", "x", record.Marking{TLP: record.Clear, ReleasableTo: []record.Party{"CA", "MX", "US"}, Originator: "MX"})}},
		{"red without offices", []string{"parts"}, []edit{content("annex/1", "x", record.Marking{TLP: record.Red, ReleasableTo: []record.Party{"CA", "MX", "US"}, Originator: "MX"})}},
		{"a handling that the charter does not list", []string{"parts"}, []edit{func(d *draft) { m := mark("CA", "US"); m.Handling = "H9"; content("annex/1", "x", m)(d) }}},
		{"another's originator", []string{"parts"}, []edit{func(d *draft) { m := mark("CA", "US"); m.Originator = "US"; content("annex/1", "x", m)(d) }}},
		{"to a stranger", []string{"parts"}, []edit{content("annex/1", "x", mark("CA", "FR", "US"))}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			only(t, mx.Reasons("commitment", record.Propose, append(slices.Clone(all), c.edits...)...), c.want...)
		})
	}
}

// Nobody is given a task by a text that does not need its consent.
func TestNobodyIsBoundByOthers(t *testing.T) {
	c := newCharter("CA", "MX", "US")
	c.Consent = map[string]string{"commitment": "participants", "meeting": "participants", "objective": "participants"}
	w := newWorld(t, c)
	mx := w.As("MX")
	none := []string(nil)
	for _, x := range []struct {
		kind  string
		terms any
		who   []record.Party
		want  []string
	}{
		{"commitment", promise("CA"), []record.Party{"MX", "US"}, []string{"terms"}},
		{"commitment", promise("CA"), []record.Party{"CA", "US"}, none},
		{"commitment", promise("CA"), nil, none},
		{"commitment", entente.Commitment{Owner: "MX", Verifier: "CA", Due: epoch}, []record.Party{"MX", "US"}, []string{"terms"}},
		{"meeting", entente.Meeting{Starts: epoch, Host: "CA"}, []record.Party{"MX", "US"}, []string{"terms"}},
		{"meeting", entente.Meeting{Starts: epoch, Host: "US"}, []record.Party{"MX", "US"}, none},
		{"objective", entente.Objective{Level: "outcome", Owner: "CA"}, []record.Party{"MX", "US"}, []string{"terms"}},
		{"objective", entente.Objective{Level: "outcome"}, []record.Party{"MX", "US"}, none},
	} {
		only(t, mx.Reasons(x.kind, record.Propose, append(texts("x"), terms(x.terms), line("fuel"), among(x.who...))...), x.want...)
	}
}

// A party reports on what it owes; what it says of a text of its own that nobody agreed to changes nothing.
func TestReportsOnAnothersPromise(t *testing.T) {
	w := newWorld(t, newCharter("CA", "MX", "US"))
	mx, us, ca := w.As("MX"), w.As("US"), w.As("CA")
	v := mx.Propose("commitment", entente.Commitment{Owner: "MX", Due: w.now + 100, Verifier: "US"})
	for _, p := range w.order {
		w.As(p).good(w.As(p).Consent(v))
	}
	w.Wait(100)
	if s := us.State(v).At(w.now); !s.Overdue || s.Done {
		t.Errorf("due and not reported: %+v", s)
	}
	if s := us.State(v).At(w.now - 1); s.Overdue {
		t.Errorf("a second before: %+v", s)
	}
	only(t, us.Reasons("commitment", record.Report, us.about(v), terms(entente.Progress{Progress: "done"})), entente.ReasonParties)
	mine := us.Amend(v, v, promise("US"))
	us.good(us.Report(mine, entente.Progress{Progress: "done"}))
	if s := mx.State(v); s.At(w.now).Done || !s.At(w.now).Overdue || !s.At(w.now).Amending || len(s.Reports) != 0 {
		t.Errorf("reported done by way of an own proposal: %+v %+v", s.At(w.now), s.Reports)
	}
	r := mx.good(mx.Report(v, entente.Progress{Progress: "done"}))
	only(t, mx.Reasons("commitment", record.Reply, on(v), terms(entente.ReplyTerms{To: r.ID(), Stance: entente.Acknowledge})), entente.ReasonTerms)
	ca.good(ca.Reply(r.ID(), entente.Acknowledge))
	if s := mx.State(v).At(w.now); !s.Done || s.Overdue || s.Verified {
		t.Errorf("acknowledged by one who is not the verifier: %+v", s)
	}
	us.good(us.Reply(r.ID(), entente.Contest))
	if s := mx.State(v).At(w.now); s.Verified || !s.Observations {
		t.Errorf("contested: %+v", s)
	}
	us.good(us.Reply(r.ID(), entente.Acknowledge))
	if s := mx.State(v).At(w.now); !s.Verified || s.Observations {
		t.Errorf("acknowledged by the verifier: %+v", s)
	}
	w.same()
}
