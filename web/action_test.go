package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente"
	"entente/consent"
	"entente/demo"
	"entente/node"
	"entente/record"
	"entente/territory"
)

// signDraft signs the one draft of an office that has this verb, as its page would.
func (x *side) signDraft(t *testing.T, office string, verb record.Verb) *node.Sealed {
	t.Helper()
	ds, err := x.node.Drafts(t.Context(), who(office), x.security(t).ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range ds {
		if d.Header.Kind != "action" || d.Header.Verb != verb {
			continue
		}
		key, err := node.OpenKey(filepath.Join(x.dir, "seats", office+"-1.age"), demo.Passphrase)
		if err != nil {
			t.Fatal(err)
		}
		if d, err = x.node.Saved(t.Context(), who(office), d.Nonce); err != nil {
			t.Fatal(err)
		}
		d.Sign(record.Approve(d.Act, x.id, office, 1, x.node.Now(), key))
		s, err := x.node.Seal(t.Context(), who(office), d)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	t.Fatalf("no draft of an action to %s", verb)
	return nil
}

// survey fills in the form of an action on both sides of the line at Otay Mesa.
func survey(x *side) url.Values {
	return url.Values{"line": {"tunnels"}, "title.en": {"A survey typed in"}, "title.es": {"Un reconocimiento capturado"}, "body.en": {"Survey."}, "body.es": {"Reconocimiento."},
		"lead": {"US"}, "with": {"US"}, "from": {isoIn(x, 3)}, "from-time": {"08:00"}, "to": {isoIn(x, 4)}, "to-time": {"18:00"}, "lat": {"32.5438"}, "lon": {"-116.9729"}, "radius": {"600"},
		"conditions": {"accompanied", "unarmed"}, "operational": {"Two vans."}, "operational-for": {"usual"}, "handling": {"usual"}}
}

// withGround skips a test where the example has no boundary data, but never where everything must run.
func withGround(t *testing.T, s *stage) {
	t.Helper()
	if s.sides["MX"].security(t).Founding.Boundary != nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatal("the example has no boundary data")
	}
	t.Skip("no boundary data: run make boundary")
}

// An action typed on one side asks for the host's consent on the other; the host agrees, and stops it with one click.
func TestActionAsksItsHosts(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	withGround(t, s)
	const office = "foreign-secretary"
	r, m := newReader(t, us, office, "en"), newReader(t, mx, office, "es")
	form := survey(us)
	at := us.slug(t) + "/actions/new"
	for field, bad := range map[string]string{"lat": "91", "radius": "9000000", "to": isoIn(us, 1)} {
		wrong := url.Values{}
		for k, v := range form {
			wrong[k] = v
		}
		wrong.Set(field, bad)
		if status, page := r.post(at, wrong); status != http.StatusUnprocessableEntity || !strings.Contains(page, field+"-error") {
			t.Errorf("%s %s: %d", field, bad, status)
		}
	}
	status, page := r.post(at, form)
	if status != http.StatusOK || !strings.Contains(page, "Takes place in United States, Mexico.") || !strings.Contains(page, "OpenStreetMap contributors") {
		t.Fatalf("before signing: %d %.3000s", status, page)
	}
	id := us.signDraft(t, office, record.Propose).ID
	us.seal(t, office, node.Act{Kind: "action", Verb: record.Consent, Version: id}, nil)
	mx.await(t, id, func(x *entente.State) bool {
		return len(x.Versions[0].Required) == 2 && x.Versions[0].Sides[1].Consent != nil
	})
	path := "/i/" + id.String()
	if _, page := m.get(mx.slug(t) + path); !strings.Contains(page, "Se lleva a cabo en México, Estados Unidos.") || strings.Contains(page, "Detener esta acción") {
		t.Error("the host is not asked in words, or may stop what is not agreed")
	}
	mx.seal(t, office, node.Act{Kind: "action", Verb: record.Consent, Version: id}, nil)
	us.await(t, id, func(x *entente.State) bool { return x.InForce() != nil })
	if _, page := m.get(mx.slug(t) + path); !strings.Contains(page, "Detener esta acción") {
		t.Fatal("the host cannot stop it")
	}
	if status, _ := m.post(mx.slug(t)+path+"/act", url.Values{"verb": {"withdraw"}, "version": {id.String()}}); status != http.StatusOK {
		t.Fatalf("stopping: %d", status)
	}
	mx.signDraft(t, office, record.Withdraw)
	us.await(t, id, func(x *entente.State) bool { return x.Versions[0].Standing == consent.Stopped })
	if _, page := r.get(us.slug(t) + path); !strings.Contains(page, "Stopped.") || !strings.Contains(page, "/actions/new?amend=") {
		t.Error("the other side is not told that it is stopped, or not how to go on")
	}
	if status, page := r.get(us.slug(t) + "/actions/new?amend=" + id.String()); status != http.StatusOK || !strings.Contains(page, `value="32.5438"`) {
		t.Errorf("a new version begins as another text: %d", status)
	}
}

// From For attention a host stops its action and a notified party claims the place, each with one click and a signature; whoever
// leads it is told by whom, and what to do.
func TestStopsAndClaimsFromForAttention(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	if mx.security(t).Founding.Boundary == nil {
		t.Skip("no boundary data: run make boundary")
	}
	const office = "foreign-secretary"
	act := func(lead *side, title, lat, lon string, others ...*side) record.ID {
		p, err := territory.ParsePosition(lat, lon)
		if err != nil {
			t.Fatal(err)
		}
		a := node.Act{Kind: "action", Verb: record.Propose, Line: "tunnels", Nature: record.Arrangement,
			Parts: append(append(both("title", title), both("body", "Text")...), node.NewPart{Name: entente.ShapePart, Content: territory.At(p, 50).GeoJSON()})}
		if len(others) == 0 {
			a.Participants = []record.Party{lead.id}
		}
		now := lead.node.Now()
		id := lead.seal(t, office, a, entente.Action{Lead: lead.id, From: now + 3*86400, To: now + 4*86400}).ID
		lead.seal(t, office, node.Act{Kind: "action", Verb: record.Consent, Version: id}, nil)
		for _, o := range others {
			o.await(t, id, func(*entente.State) bool { return true })
			o.seal(t, office, node.Act{Kind: "action", Verb: record.Consent, Version: id}, nil)
		}
		for _, x := range s.sides {
			x.await(t, id, func(v *entente.State) bool { return v.InForce() != nil })
		}
		return id
	}
	hosted := act(us, "To be stopped", "32.5200", "-116.9500", mx)
	near := act(mx, "To be claimed", "32.5420", "-116.9390")
	for _, x := range []struct {
		by, lead   *side
		lang       string
		id         record.ID
		asks, told string
	}{{mx, us, "es", hosted, "Su Parte la aprobó y puede detenerla", "stopped by Mexico on"}, {us, mx, "en", near, "You are notified.", "Estados Unidos señaló el"}} {
		b := newTab(t)
		b.signIn(x.by, office, x.lang)
		b.open(x.by.url + x.by.slug(t))
		b.says(x.asks)
		b.press(`li form:has(input[value="` + x.id.String() + `"]) button`)
		b.sign(x.by, office, 1)
		x.lead.await(t, x.id, func(v *entente.State) bool { return v.Versions[0].Standing == consent.Stopped })
		other := map[string]string{"es": "en", "en": "es"}[x.lang]
		if _, page := newReader(t, x.lead, office, other).get(x.lead.slug(t)); !strings.Contains(page, x.told) {
			t.Errorf("%s is not told: %q is not on its page", x.lead.id, x.told)
		}
		b.open(x.by.url + x.by.slug(t))
		if strings.Contains(b.text("main"), x.asks) && strings.Contains(evaluate[string](b, "document.body.innerHTML"), `value="`+x.id.String()) {
			t.Errorf("%s is asked again", x.by.id)
		}
	}
}

// A proposer that names cells beside its shape would have other hosts asked: whoever holds the shape does not sign.
func TestCellsMustHoldTheShape(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	withGround(t, s)
	const office = "foreign-secretary"
	now := mx.node.Now()
	terms, err := json.Marshal(entente.Action{Lead: "MX", From: now + 86400, To: now + 2*86400})
	if err != nil {
		t.Fatal(err)
	}
	place := func(lat, lon string) territory.Area {
		p, err := territory.ParsePosition(lat, lon)
		if err != nil {
			t.Fatal(err)
		}
		return territory.At(p, 50)
	}
	d, err := mx.node.Prepare(t.Context(), who(office), node.Act{Group: mx.security(t).ID, Kind: "action", Verb: record.Propose, Terms: terms,
		Parts: append(append(both("title", "Elsewhere"), both("body", "x")...), node.NewPart{Name: entente.ShapePart, Content: place("19.43", "-99.13").GeoJSON()})})
	if err != nil {
		t.Fatal(err)
	}
	h := *d.Header
	h.Area = place("25.0", "-100.0").Cells(nil)
	d.Header = &h
	if d.Act, err = record.Act(&h); err != nil {
		t.Fatal(err)
	}
	key, err := node.OpenKey(filepath.Join(mx.dir, "seats", office+"-1.age"), demo.Passphrase)
	if err != nil {
		t.Fatal(err)
	}
	d.Sign(record.Approve(d.Act, "MX", office, 1, now, key))
	p, err := mx.node.Seal(t.Context(), who(office), d)
	if err != nil {
		t.Fatal(err)
	}
	us.await(t, p.ID, func(x *entente.State) bool { return len(x.Versions) == 1 })
	for _, x := range []*side{us, mx} {
		d, err := x.node.Prepare(t.Context(), who(office), node.Act{Group: x.security(t).ID, Kind: "action", Verb: record.Consent, Version: p.ID})
		if err != nil {
			t.Fatal(err)
		}
		key, err := node.OpenKey(filepath.Join(x.dir, "seats", office+"-1.age"), demo.Passphrase)
		if err != nil {
			t.Fatal(err)
		}
		d.Sign(record.Approve(d.Act, x.id, office, 1, x.node.Now(), key))
		if _, err = x.node.Seal(t.Context(), who(office), d); err == nil || !strings.Contains(err.Error(), "does not contain the shape") {
			t.Errorf("%s signs a text whose cells do not hold its shape: %v", x.id, err)
		}
	}
	mx.seal(t, office, node.Act{Kind: "action", Verb: record.Withdraw, Version: p.ID}, nil)
}
