package web_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"entente"
	"entente/consent"
	"entente/demo"
	"entente/node"
	"entente/record"
)

// fill answers fields of a form, by name.
func (b *tab) fill(values map[string]string) {
	b.t.Helper()
	for name, v := range values {
		b.do(chromedp.SetValue(chromedp.CSS(`[name="`+name+`"]`), v))
	}
}

// choose ticks an option.
func (b *tab) choose(name, value string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.querySelector('[name="%s"][value="%s"]').checked = true`, name, value)))
}

// sign signs what the page shows with a seat's key file, in the page.
func (b *tab) sign(x *side, office string, seat int) {
	b.t.Helper()
	b.do(chromedp.SetValue(chromedp.CSS("#seat"), fmt.Sprint(seat)),
		chromedp.SetUploadFiles(chromedp.CSS("#keyfile"), []string{filepath.Join(x.dir, "seats", fmt.Sprintf("%s-%d.age", office, seat))}),
		chromedp.SetValue(chromedp.CSS("#passphrase"), demo.Passphrase),
		chromedp.Evaluate[chromedp.Void](`document.querySelector("#widening:not(:checked)")?.click()`)) // who gets more by it is to have it
	b.press("form[data-sign] button")
}

// security is the example's group at a side.
func (x *side) security(t *testing.T) node.GroupInfo {
	t.Helper()
	for _, g := range x.node.Groups(t.Context(), who("desk")) {
		if g.Founding.Track == "security" {
			return g
		}
	}
	t.Fatal("no group")
	return node.GroupInfo{}
}

// seal puts an act of a side on record, signed by a seat of an office.
func (x *side) seal(t *testing.T, office string, a node.Act, terms any) *node.Sealed {
	t.Helper()
	a.Group = x.security(t).ID
	if terms != nil {
		b, err := json.Marshal(terms)
		if err != nil {
			t.Fatal(err)
		}
		a.Terms = b
	}
	d, err := x.node.Prepare(t.Context(), who(office), a)
	if err != nil {
		t.Fatal(err)
	}
	key, err := node.OpenKey(filepath.Join(x.dir, "seats", office+"-1.age"), demo.Passphrase)
	if err != nil {
		t.Fatal(err)
	}
	d.Sign(record.Approve(d.Act, x.id, office, 1, x.node.Now(), key))
	s, err := x.node.Seal(t.Context(), who(office), d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// both are a text in both languages as parts.
func both(name, s string) []node.NewPart {
	return []node.NewPart{{Name: name + ".en", Content: []byte(s)}, {Name: name + ".es", Content: []byte(s + " (es)")}}
}

// await waits until a side's state of an instrument is as wanted.
func (x *side) await(t *testing.T, id record.ID, want func(*entente.State) bool) *entente.State {
	t.Helper()
	g := x.security(t).ID
	for end := time.Now().Add(time.Minute); ; {
		changed := x.node.Changed()
		if d, err := x.node.Instrument(t.Context(), who("desk"), g, id); err == nil && want(d.State) {
			return d.State
		}
		select {
		case <-changed:
		case <-time.After(time.Until(end)):
			t.Fatalf("%s did not come about at %s", id.Short(), x.id)
		}
	}
}

// agreedMeeting is a meeting of the test's own, in the future, agreed by both.
func (s *stage) agreedMeeting(t *testing.T, title string) record.ID {
	t.Helper()
	mx, us := s.sides["MX"], s.sides["US"]
	m := mx.seal(t, "desk", node.Act{Kind: "meeting", Verb: record.Propose, Parts: both("title", title)}, entente.Meeting{Starts: mx.node.Now() + 40*86400, Host: "MX", Number: 77})
	mx.seal(t, "desk", node.Act{Kind: "meeting", Verb: record.Consent, Version: m.ID}, nil)
	us.await(t, m.ID, func(x *entente.State) bool { return x.Versions[0].Sides[0].Consent != nil })
	us.seal(t, "desk", node.Act{Kind: "meeting", Verb: record.Consent, Version: m.ID}, nil)
	for _, x := range s.sides {
		x.await(t, m.ID, func(x *entente.State) bool { return x.Versions[0].Standing == consent.InForce })
	}
	return m.ID
}

func TestMeetingIsProposed(t *testing.T) {
	s := example(t)
	mx := s.sides["MX"]
	b := newTab(t)
	b.signIn(mx, "desk", "es")
	b.open(mx.url + mx.path(t, "/g/security/meetings"))
	b.press(`a[href$="/meetings/new"]`)
	b.fill(map[string]string{"day": "2000-01-01", "number": "x"})
	b.press("main form .govuk-button")
	if text := b.text(".govuk-error-summary"); !strings.Contains(text, "Elija un día que no haya pasado") || !strings.Contains(text, "número entero") {
		t.Errorf("what is wrong: %s", text)
	}
	b.fill(map[string]string{"day": "2044-05-06", "hour": "09:30", "zone": "America/Tijuana", "number": "44", "title.es": "Reunión de prueba", "title.en": "A meeting of this test",
		"place.es": "Tijuana", "place.en": "Tijuana"})
	b.choose("host", "MX")
	b.press("main form .govuk-button")
	b.sign(mx, "desk", 1)
	id := b.at()[strings.LastIndex(b.at(), "/")+1:]
	b.open(mx.url + mx.path(t, "/g/security/meetings/"+id))
	if text := b.text("main"); !strings.Contains(text, "Reunión de prueba") || !strings.Contains(text, "6 de mayo de 2044") || !strings.Contains(text, "Su Parte aún no acepta") {
		t.Errorf("the meeting: %s", text)
	}
	rid, err := record.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	us := s.sides["US"]
	st := us.await(t, rid, func(*entente.State) bool { return true })
	if want := time.Date(2044, 5, 6, 16, 30, 0, 0, time.UTC).Unix(); st.Due != want || st.Owner != "MX" || st.Fact("number") != "44" {
		t.Errorf("%+v", st)
	}
	c := newTab(t)
	c.signIn(us, "desk", "en")
	c.open(us.url + us.path(t, "/g/security/meetings"))
	if text := c.text("main"); !strings.Contains(text, "A meeting of this test") {
		t.Errorf("at the other side: %s", text)
	}
}

// The agenda builds itself from what is open; what the desk ticks is signed at once, each point by its own signature.
func TestAgendaIsBuiltAndSigned(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	id := s.agreedMeeting(t, "Agenda of this test")
	b := newTab(t)
	b.signIn(mx, "desk", "en")
	at := mx.url + mx.path(t, "/g/security/meetings/"+id.String())
	b.open(at)
	if text := b.text("main"); !strings.Contains(text, "Nothing is on the agenda yet") || !strings.Contains(text, "What became of the last decisions") {
		t.Errorf("the meeting: %s", text)
	}
	b.open(at + "/agenda")
	rows := evaluate[[]string](b, `[...document.querySelectorAll("tbody tr")].map((r) => r.cells[2].innerText + "|" + r.cells[0].innerText)`)
	order := []string{"Decided at the last meeting", "Overdue", "Observations to answer", "Waits for signature", "Falls due before", "On the last agenda"}
	last, seen := 0, map[int]bool{}
	for _, r := range rows {
		k := -1
		for i, o := range order {
			if strings.HasPrefix(r, o) {
				k = i
			}
		}
		if k < last {
			t.Errorf("%q stands after what comes later", r)
		}
		last, seen[k] = max(last, k), true
	}
	if !seen[0] || !seen[1] || !seen[3] {
		t.Errorf("suggested: %q", rows)
	}
	// Nothing ticked, and two at one place, are said; then the last comes first.
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("[name=tick]").forEach((x) => { x.checked = false })`))
	b.press("main form .govuk-button")
	if text := b.text(".govuk-error-summary"); !strings.Contains(text, "Tick at least one") {
		t.Errorf("what is wrong: %s", text)
	}
	b.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll("[name=tick]")].slice(0, 3).forEach((x) => { x.checked = true; document.getElementById(x.id.replace("tick", "place")).value = 7 })`))
	b.press("main form .govuk-button")
	if text := b.text(".govuk-error-summary"); !strings.Contains(text, "Another point stands at place 7") {
		t.Errorf("what is wrong: %s", text)
	}
	b.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll("[name=tick]:checked")].forEach((x, i) => { document.getElementById(x.id.replace("tick", "place")).value = 3 - i })`))
	first := evaluate[string](b, `document.querySelector("[name=tick]:checked").labels[0].innerText`)
	b.press("main form .govuk-button")
	if text := b.text("h1"); !strings.Contains(text, "Read and sign 3 acts") {
		t.Errorf("not the page to sign them together: %s", text)
	}
	b.sign(mx, "desk", 1)
	st := us.await(t, id, func(x *entente.State) bool { return len(x.Agenda) == 3 })
	if st.Agenda[0].About.IsZero() || st.Agenda[0].Ref.Party != "MX" {
		t.Errorf("%+v", st.Agenda)
	}
	b.open(at)
	points := evaluate[[]string](b, `[...document.querySelectorAll("main ol > li[value]")].map((x) => x.innerText)`)
	if len(points) != 3 || !strings.Contains(points[2], first) || !strings.Contains(points[2], "Follow-up: ") {
		t.Errorf("points %q, the first that was ticked %q", points, first)
	}

	// The other side adds a point of its own in one language, changes it, and takes it off. It cannot take off ours.
	c := newTab(t)
	c.signIn(us, "desk", "en")
	there := us.url + us.path(t, "/g/security/meetings/"+id.String())
	c.open(there + "/item")
	c.fill(map[string]string{"place": "1"})
	c.press("main form .govuk-button")
	if text := c.text(".govuk-error-summary"); !strings.Contains(text, "Another point stands at place 1") || !strings.Contains(text, "Fill this in") {
		t.Errorf("what is wrong: %s", text)
	}
	c.fill(map[string]string{"place": "9", "title.en": "Our point", "body.en": "What we want to say of it."})
	c.do(chromedp.SetUploadFiles(chromedp.CSS("#paper"), []string{filepath.Join(us.dir, "node.json")}))
	c.press("main form .govuk-button")
	c.sign(us, "desk", 2)
	mx.await(t, id, func(x *entente.State) bool { return len(x.Agenda) == 4 })
	b.open(at)
	if text := b.text("#p9"); !strings.Contains(text, "Our point") || !strings.Contains(text, "node.json") || !strings.Contains(text, "one language is missing; owed by United States") || strings.Contains(text, "Change") {
		t.Errorf("the point at the other side: %s", text)
	}
	c.open(there)
	c.press("#p9 .ent-linklike")
	c.sign(us, "desk", 1)
	mx.await(t, id, func(x *entente.State) bool { return len(x.Agenda) == 3 })
	r := newReader(t, us, "desk", "en")
	if status, _ := r.post(us.path(t, "/g/security/meetings/"+id.String()+"/off"), map[string][]string{"point": {st.Agenda[0].ID.String()}}); status != 409 {
		t.Errorf("the other side's point is taken off: %d", status)
	}
}

// What was decided is typed in the meeting; what follows from it is a commitment at the other side, which names the decision.
func TestDecisionBecomesACommitment(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	id := s.agreedMeeting(t, "Decisions of this test")
	point := mx.seal(t, "desk", node.Act{Kind: "meeting", Verb: record.Note, Instrument: id, Parts: both("title", "A point to decide")}, entente.AgendaItem{Item: 3})
	b := newTab(t)
	b.signIn(mx, "desk", "es")
	at := mx.url + mx.path(t, "/g/security/meetings/"+id.String())
	b.open(at + "/session")
	b.press(`ol a[href$="item=3"]`)
	if text := b.text("main"); !strings.Contains(text, "A point to decide (es)") {
		t.Errorf("the form: %s", text)
	}
	b.choose("gives", "yes")
	b.fill(map[string]string{"due": "2001-01-01", "title.en": "Taps are counted monthly"})
	b.press("main form .govuk-button")
	if text := b.text(".govuk-error-summary"); !strings.Contains(text, "Responsable: Elija") || !strings.Contains(text, "Fecha límite: Elija un día") || !strings.Contains(text, "Decisión, en una línea en español") {
		t.Errorf("what is wrong: %s", text)
	}
	b.fill(map[string]string{"title.es": "Las tomas se cuentan cada mes", "body.es": "Texto de la decisión.", "body.en": "Text of the decision.", "owner": "US/line-lead-fuel", "due": "2044-02-03",
		"line": "fuel", "done.es": "llegue la tabla", "done.en": "the table arrives"})
	b.press("main form .govuk-button")
	if text := b.text("main"); !strings.Contains(text, "Después: Compromiso") || strings.Count(text, "Las tomas se cuentan cada mes") != 2 {
		t.Errorf("both are shown before signing: %s", text)
	}
	b.sign(mx, "desk", 2)
	if text := b.text("main"); !strings.Contains(text, "no tiene facultades") || !strings.Contains(text, "Compromiso") {
		t.Errorf("after the decision: %s", text)
	}
	c := newTab(t)
	c.signIn(mx, "foreign-secretary", "en")
	c.open(b.at())
	c.sign(mx, "foreign-secretary", 1)
	commitment, err := record.ParseID(c.at()[strings.LastIndex(c.at(), "/")+1:])
	if err != nil {
		t.Fatal(c.at())
	}
	st := us.await(t, commitment, func(*entente.State) bool { return true })
	decision, err := record.ParseID(st.Fact("decision"))
	if err != nil || st.Owner != "US" || st.Fact("office") != "line-lead-fuel" || st.Line != "fuel" || st.Due != time.Date(2044, 2, 3, 23, 59, 59, 0, time.UTC).Unix() {
		t.Fatalf("the commitment at the other side: %+v", st)
	}
	if d := us.await(t, decision, func(*entente.State) bool { return true }); d.Fact("meeting") != id.String() || d.Fact("item") != "3" {
		t.Errorf("the decision: %+v", d)
	}
	u := newTab(t)
	u.signIn(us, "desk", "en")
	u.open(us.url + us.path(t, "/g/security/meetings/"+id.String()))
	if text := u.text("#p3"); !strings.Contains(text, "Taps are counted monthly") || strings.Count(text, "Proposed") != 2 {
		t.Errorf("the meeting at the other side: %s", text)
	}

	// The book shows it, with a note that stays at home.
	b.open(at + "/briefing")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach((x) => { x.open = true })`),
		chromedp.SetValue(chromedp.CSS("#t-"+point.ID.String()), "No ceder en el plazo"))
	b.press("#n-" + point.ID.String() + " button")
	if text := b.text("#n-" + point.ID.String()); !strings.Contains(text, "No ceder en el plazo") {
		t.Errorf("the note: %s", text)
	}
	u.open(us.url + us.path(t, "/g/security/meetings/"+id.String()+"/briefing"))
	if text := u.text("main"); strings.Contains(text, "No ceder") || !strings.Contains(text, "A point to decide") {
		t.Errorf("the other side's book: %s", text)
	}
	r := newReader(t, mx, "desk", "en")
	note := map[string][]string{"about": {point.ID.String()}, "before": {"0"}, "note": {"typed over it"}}
	if status, page := r.post(mx.path(t, "/g/security/meetings/"+id.String()+"/note"), note); status != 409 || !strings.Contains(page, "typed over it") || !strings.Contains(page, "No ceder") {
		t.Errorf("written over another's note: %d", status)
	}
	for name, bad := range map[string]map[string][]string{"no point": {"about": {decision.String()}, "before": {"0"}}, "no time": {"about": {point.ID.String()}, "before": {"x"}}} {
		if status, _ := r.post(mx.path(t, "/g/security/meetings/"+id.String()+"/note"), bad); status != 422 {
			t.Errorf("%s: %d", name, status)
		}
	}
}
