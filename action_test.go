package entente_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"entente"
	"entente/consent"
	"entente/record"
	"entente/territory"
)

// The ground of these tests: MX, to its east US, each a tenth of a degree wide; north of MX a state that is no party.
var ground = sync.OnceValue(func() *territory.Boundary {
	square := func(name string, lat, lon float64) string {
		return fmt.Sprintf(`{"type":"Feature","properties":{"A3":%q},"geometry":{"type":"Polygon","coordinates":[[[%g,%g],[%g,%g],[%g,%g],[%g,%g]]]}}`,
			name, lon, lat, lon+.1, lat, lon+.1, lat+.1, lon, lat+.1)
	}
	f, err := territory.Build(territory.Source{Info: territory.Info{Name: "ground", Source: "squares", Date: "2025", Licence: "CC0-1.0", Attribution: "none", BandM: 500},
		Countries: strings.NewReader(`{"features":[` + square("MEX", 10, 20) + "," + square("USA", 10, 20.1) + "," + square("GTM", 10.1, 20) + `]}`),
		Property:  "A3", Codes: map[string][]string{"MX": {"MEX"}, "US": {"USA"}}})
	if err != nil {
		panic(err)
	}
	b, err := territory.Parse(f)
	if err != nil {
		panic(err)
	}
	return b
})

func boundaryAt(digest record.ID) *territory.Boundary {
	if b := ground(); record.ID(b.Digest()) == digest {
		return b
	}
	return nil
}

// The places, with the hosts and the notified that anybody can see on a map.
var spots = []struct {
	name            string
	lat, lon        string
	radius          int64
	hosts, notified []record.Party
	others          bool
}{
	{"inside MX", "10.05", "20.05", 100, []record.Party{"MX"}, nil, false},
	{"inside US", "10.05", "20.15", 100, []record.Party{"US"}, nil, false},
	{"tunnel", "10.05", "20.1", 300, []record.Party{"MX", "US"}, nil, false},
	{"MX, near the line", "10.05", "20.098", 20, []record.Party{"MX"}, []record.Party{"US"}, false},
	{"high seas", "9", "19", 1000, nil, nil, false},
	{"third state", "10.15", "20.05", 100, nil, nil, true},
	{"MX and a third state", "10.1", "20.05", 900, []record.Party{"MX"}, nil, true},
}

func spot(name string) int {
	for i, s := range spots {
		if s.name == name {
			return i
		}
	}
	panic(name)
}

func (s *party) at(i int) edit {
	p, err := territory.ParsePosition(spots[i].lat, spots[i].lon)
	if err != nil {
		panic(err)
	}
	a := territory.At(p, spots[i].radius)
	return func(d *draft) {
		d.h.Area = a.Cells(ground())
		content(entente.ShapePart, string(a.GeoJSON()))(d)
	}
}

func landCharter(ids ...record.Party) *entente.Charter {
	c := newCharter(ids...)
	c.Boundary = &entente.Boundary{Name: "ground", Digest: record.ID(ground().Digest()), BandM: 500}
	return c
}

func action(lead record.Party, hosts ...record.Party) entente.Action {
	return entente.Action{Lead: lead, From: epoch + 1000, To: epoch + 5000, Hosts: hosts, Conditions: []string{"accompanied", "unarmed"}}
}

func TestHosts(t *testing.T) {
	w := newWorld(t, landCharter("CA", "MX", "US"))
	for i, s := range spots {
		id := w.As("CA").Propose("action", action("CA"), w.As("CA").at(i), among("CA"))
		want := slices.Sorted(slices.Values(append([]record.Party{"CA"}, s.hosts...)))
		v := w.As("MX").State(id).Versions[0]
		if !slices.Equal(v.Required, want) || !slices.Equal(v.Hosts, s.hosts) || !slices.Equal(v.Notified, s.notified) {
			t.Errorf("%s: required %v, hosts %v, notified %v", s.name, v.Required, v.Hosts, v.Notified)
		}
		for _, p := range w.order {
			if slices.Contains(want, p) {
				w.As(p).good(w.As(p).Consent(id))
			}
		}
		phase := entente.PhaseInForce
		if len(s.hosts) == 0 || s.others {
			phase = entente.PhaseAgreed
		}
		if got := w.As("US").Phase(id); got != phase {
			t.Errorf("%s: agreed by all that must, it is %s, want %s", s.name, got, phase)
		}
	}
	w.same()
}

// Whatever raced it, a host's withdrawal stops its action; what is stopped stays so until a new version has the host's consent.
func TestHostStops(t *testing.T) {
	w := newWorld(t, landCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	tunnel := us.at(spot("tunnel"))
	id := us.Propose("action", action("US"), tunnel)
	mx.good(mx.Consent(id))
	w.CutAll()
	mx.good(mx.Withdraw(id)) // as US, not knowing it, signs
	us.good(us.Consent(id))
	if us.Phase(id) != entente.PhaseInForce {
		t.Errorf("to US it is %s", us.Phase(id))
	}
	w.MendAll()
	for _, p := range w.order {
		if got := w.As(p).Phase(id); got != entente.PhaseStopped {
			t.Errorf("to %s it is %s", p, got)
		}
	}
	if s := mx.State(id).Versions[0].Stops; len(s) != 1 || s[0].Ref.Party != "MX" || s[0].Claim {
		t.Errorf("stops %+v", s)
	}
	mx.good(mx.Consent(id))
	if got := us.Phase(id); got != entente.PhaseStopped {
		t.Errorf("a consent to the same text makes it %s", got)
	}
	next := us.Amend(id, id, action("US"), tunnel)
	mx.good(mx.Consent(next))
	us.good(us.Consent(next))
	if s := us.State(id); s.InForce() == nil || s.InForce().ID != next {
		t.Errorf("the new version is not in force: %+v", s.Versions)
	}
	mx.good(mx.Withdraw(id)) // of the text before: its last word is no
	if got := us.Phase(id); got != entente.PhaseStopped {
		t.Errorf("a later withdrawal of the earlier text leaves it %s", got)
	}
	w.same()
}

// A notified party claims the place, before or after the action is in force; a text that names it as a host asks its consent.
func TestClaim(t *testing.T) {
	w := newWorld(t, landCharter("CA", "MX", "US"))
	ca, mx, us := w.As("CA"), w.As("MX"), w.As("US")
	near := mx.at(spot("MX, near the line"))
	id := mx.Propose("action", action("MX"), near, among("MX"))
	mx.good(mx.Consent(id))
	if mx.Phase(id) != entente.PhaseInForce {
		t.Fatalf("one side's action on its own ground is %s", mx.Phase(id))
	}
	claim := []edit{on(id), target(us.view.byID[id]), terms(entente.ActionNote{Claim: true})}
	only(t, ca.Reasons("action", record.Note, claim...), entente.ReasonParties)
	only(t, mx.Reasons("action", record.Note, claim...), entente.ReasonParties)
	us.good(us.Write("action", record.Note, claim...))
	if got := mx.Phase(id); got != entente.PhaseStopped {
		t.Errorf("claimed by US, it is %s", got)
	}
	without := mx.Amend(id, id, action("MX"), near, among("MX"))
	mx.good(mx.Consent(without))
	if got := mx.Phase(id); got != entente.PhaseStopped {
		t.Errorf("a version that does not name US is %s", got)
	}
	with := mx.Amend(id, without, action("MX", "US"), near, among("MX"))
	mx.good(mx.Consent(with))
	if got := mx.Phase(id); got == entente.PhaseInForce {
		t.Error("in force before US has consented")
	}
	us.good(us.Consent(with))
	if s := mx.State(id); s.InForce() == nil || s.InForce().ID != with || !slices.Equal(s.InForce().Hosts, []record.Party{"MX", "US"}) {
		t.Errorf("named and agreed, it is %s", s.At(w.now).Phase)
	}
	w.same()
}

func TestActionRefuses(t *testing.T) {
	w := newWorld(t, landCharter("MX", "US"))
	mx := w.As("MX")
	at := mx.at(spot("inside MX"))
	try := func(name string, a entente.Action, want string, edits ...edit) {
		t.Helper()
		all := append(texts("x"), terms(a), at)
		got := mx.Reasons("action", record.Propose, append(all, edits...)...)
		if want == "" && len(got) > 0 || want != "" && !slices.Contains(codes(got), want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	good := action("MX")
	try("good", good, "")
	try("no area", good, entente.ReasonArea, with(func(h *record.Header) { h.Area = nil }))
	try("no cells", good, entente.ReasonArea, with(func(h *record.Header) { h.Area = []uint64{2, 4} }))
	try("no shape", good, entente.ReasonParts, drop(entente.ShapePart))
	late := good
	late.To = late.From
	try("no window", late, entente.ReasonTerms)
	odd := good
	odd.Conditions = []string{"unarmed", "accompanied"}
	try("conditions out of order", odd, entente.ReasonTerms)
	odd.Conditions = []string{"armed"}
	try("an unknown condition", odd, entente.ReasonTerms)
	strange := good
	strange.Hosts = []record.Party{"FR"}
	try("a host from outside", strange, entente.ReasonTerms)
	strange = good
	strange.Offices = map[record.Party]string{"FR": "police"}
	try("an office from outside", strange, entente.ReasonTerms)
	high := good
	high.LowM = 100
	try("a height without its end", high, entente.ReasonTerms)
	try("withheld from the host", action("MX"), entente.ReasonParts, mx.at(spot("inside US")), among("MX"),
		content(entente.OperationalPart, "x", record.Marking{TLP: record.Amber, Originator: "MX"}))
	if got := mx.Reasons("commitment", record.Propose, append(texts("x"), terms(promise("MX")), with(func(h *record.Header) { h.Area = []uint64{1 << 60} }))...); !slices.Contains(codes(got), entente.ReasonTerms) {
		t.Errorf("a commitment with an area: %v", got)
	}
	bare := newWorld(t, newCharter("MX", "US"))
	mx = bare.As("MX")
	if got := mx.Reasons("action", record.Propose, append(texts("x"), terms(good), mx.at(0))...); !slices.Equal(codes(got), []string{entente.ReasonArea}) {
		t.Errorf("a charter without boundary data: %v", got)
	}
}

// A node that has not got the boundary data lets nothing count that needs it, and then computes what the others do.
func TestWithoutBoundaryData(t *testing.T) {
	w := newWorld(t, landCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	us.view.ledger.Boundary = nil
	id := mx.Propose("action", action("MX"), mx.at(spot("tunnel")))
	mx.good(mx.Consent(id))
	if us.view.states[id] != nil || len(us.view.held) == 0 || us.view.held[0].Reason != consent.HeldBoundary {
		t.Fatalf("without the data: held %v", us.view.held)
	}
	us.view.ledger.Boundary = boundaryAt
	us.view.advance(w.now + 300)
	if us.view.states[id] == nil || len(us.view.held) > 0 {
		t.Fatalf("with the data: held %v", us.view.held)
	}
	w.same()
}

// Invariant 4 over random histories: in force ⇒ every host consented, and no host withdrew. The hosts are read off the map; the
// mutant, which asks only who consented and who knew what, must be seen to fail.
func TestActionsInForceOnlyByTheirHosts(t *testing.T) {
	quick(t, 25)
	count := tally{}
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(what string, n int) int { return rapid.IntRange(0, n-1).Draw(rt, what) }
		ids := []record.Party{"CA", "MX", "US"}[draw("drop", 2):]
		w := newWorld(rt, landCharter(ids...))
		where := map[record.ID]int{}
		last := map[string]consent.Standing{}
		for _, id := range w.order {
			p := w.As(id)
			p.careless = true
			p.view.check = func(v *view) { heldToTheMap(rt, id, v, where, last, count) }
		}
		var texts []record.ID
		for range 10 + draw("steps", 18) {
			p := w.As(w.order[draw("party", len(w.order))])
			v := record.ID{}
			if len(texts) > 0 {
				v = texts[draw("text", len(texts))]
			}
			switch x := draw("act", 20); {
			case x < 3 || v.IsZero() || p.view.byID[v] == nil:
				i := draw("spot", len(spots)+2) % len(spots)
				if draw("near", 3) == 0 {
					i = spot("MX, near the line")
				}
				var hosts []record.Party
				if draw("named", 4) == 0 {
					hosts = []record.Party{w.order[draw("host", len(w.order))]}
				}
				edits := []edit{p.at(i)}
				if draw("among", 2) == 0 {
					edits = append(edits, among(p.id))
				}
				a := action(p.id, hosts...)
				var id record.ID
				if r := p.view.byID[v]; r != nil && draw("amend", 3) > 0 {
					id = p.Amend(r.Instrument(), v, a, edits...)
				} else {
					id = p.Propose("action", a, edits...)
				}
				where[id] = i
				texts = append(texts, id)
			case x < 13:
				p.Consent(v)
			case x < 16:
				p.Withdraw(v)
			case x < 18:
				if u := w.As("US"); spots[where[v]].notified != nil && u.view.byID[v] != nil {
					p = u
				}
				r := p.view.byID[v]
				p.Write("action", record.Note, on(r.Instrument()), target(r), terms(entente.ActionNote{Claim: true}))
			case x < 19 && len(w.cuts) == 0:
				w.CutAll()
			default:
				w.MendAll()
			}
			w.Wait(5)
		}
		w.MendAll()
		w.same()
	})
	count.need(t, "in force", "stopped by a host", "stopped by a claim", "agreed without a host", "the mutant fails", "stopped after it was in force")
}

func heldToTheMap(rt *rapid.T, me record.Party, v *view, where map[record.ID]int, last map[string]consent.Standing, count tally) {
	for id := range v.states {
		s := v.state(id)
		if s.Kind != "action" {
			continue
		}
		for _, x := range s.Versions {
			key := string(me) + x.ID.String()
			was := last[key]
			last[key] = x.Standing
			switch {
			case was == consent.Stopped && x.Standing != consent.Stopped && x.Standing != consent.Superseded,
				was == consent.Superseded && x.Standing != consent.Superseded,
				was == consent.InForce && (x.Standing == consent.Open || x.Standing == consent.Hostless):
				rt.Fatalf("a version that was %s is %s", was, x.Standing)
			case was == consent.InForce && x.Standing == consent.Stopped:
				count["stopped after it was in force"]++
			}
			i, mine := where[x.ID]
			if !mine {
				continue
			}
			hosts := spots[i].hosts
			consents, against := map[record.Party]bool{}, 0
			for _, j := range v.instruments[id] {
				h := j.Header()
				if len(j.Reasons) > 0 || h.Version != x.ID {
					continue
				}
				switch {
				case h.Verb == record.Consent:
					consents[h.Party] = true
				case h.Verb == record.Withdraw && slices.Contains(hosts, h.Party), h.Verb == record.Note && !slices.Contains(x.Hosts, h.Party):
					against++
				}
			}
			switch x.Standing {
			case consent.InForce:
				count["in force"]++
				if len(hosts) == 0 || spots[i].others || against > 0 {
					rt.Fatalf("%s: in force; hosts %v, %d words against it", spots[i].name, hosts, against)
				}
				for _, p := range hosts {
					if !consents[p] {
						rt.Fatalf("%s: in force without the consent of %s", spots[i].name, p)
					}
				}
			case consent.Stopped:
				claimed := slices.ContainsFunc(x.Stops, func(y entente.Stop) bool { return y.Claim })
				if claimed {
					count["stopped by a claim"]++
				} else {
					count["stopped by a host"]++
				}
				count["the mutant fails"] += min(against, 1) // by consents alone it would be in force
			case consent.Hostless:
				count["agreed without a host"]++
			}
		}
	}
}
