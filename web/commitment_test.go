package web_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"entente/node"
	"entente/record"
)

// minister is an office of both sides with authority over everything, and one seat.
var minister = map[record.Party]string{"MX": "foreign-secretary", "US": "foreign-secretary"}

// desks opens a tab on each side, each in its own language.
func desks(t *testing.T, s *stage) (mx, us *tab) {
	t.Helper()
	mx, us = newTab(t), newTab(t)
	mx.signIn(s.sides["MX"], minister["MX"], "es")
	us.signIn(s.sides["US"], minister["US"], "en")
	return mx, us
}

func (x *side) group(t *testing.T) (record.ID, string) {
	t.Helper()
	for _, g := range x.node.Groups(t.Context(), operator) {
		if g.Founding.Track == "security" {
			return g.ID, x.url + "/g/security-" + g.ID.Short()
		}
	}
	t.Fatal("there is no group")
	return record.ID{}, ""
}

// state reads an instrument on a side; nil while it has not arrived.
func (x *side) state(t *testing.T, id record.ID) *node.Detail {
	t.Helper()
	g, _ := x.group(t)
	d, err := x.node.Instrument(t.Context(), who(minister[x.id]), g, id)
	if err != nil {
		return nil
	}
	return d
}

// instrument is the one that a page stands for.
func (b *tab) instrument() record.ID {
	b.t.Helper()
	at := b.at()
	i := strings.Index(at, "/i/")
	if i < 0 || len(at) < i+67 {
		b.t.Fatalf("%s is no instrument", at)
	}
	id, err := record.ParseID(at[i+3 : i+67])
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

// promise are the answers of a form for a commitment.
func promise(name, due string) map[string]string {
	return map[string]string{"line": "arms", "title.es": name + " (es)", "title.en": name, "body.es": "Las solicitudes se responden en diez días.",
		"body.en": "Requests are answered within ten days.", "done.es": "cada solicitud tiene respuesta.", "done.en": "each request has an answer.",
		"owner": "US", "due": due, "verifier": "MX", "budget": "1,250,000.50", "currency": "usd"}
}

// propose puts a commitment of MX on record through its form.
func propose(t *testing.T, s *stage, mx *tab, name string) record.ID {
	t.Helper()
	_, group := s.sides["MX"].group(t)
	mx.open(group + "/commitments/new")
	mx.fill(promise(name, "2031-05-20"))
	mx.press("main form button.govuk-button")
	mx.says("Requests are answered within ten days.", "Quién tendrá copia")
	mx.sign(s.sides["MX"], minister["MX"], 1)
	id := mx.instrument()
	eventually(t, s.sides["US"].node, func() bool { return s.sides["US"].state(t, id) != nil })
	return id
}

// agree signs the text that a page offers, or the one named.
func (b *tab) agree(x *side, version string) {
	b.t.Helper()
	form := "main form[action$='/act']"
	if version != "" {
		form = "#v-" + version + " form[action$='/act']"
	}
	b.press(form + " button")
	b.sign(x, minister[x.id], 1)
}

func (x *side) page(t *testing.T, id record.ID) string {
	_, group := x.group(t)
	return group + "/i/" + id.String()
}

// One side proposes, the other counter-proposes, both sign, and both pages say the same.
func TestCommitmentIsAgreed(t *testing.T) {
	s := example(t)
	mx, us := desks(t, s)
	a, b := s.sides["MX"], s.sides["US"]
	id := propose(t, s, mx, "Answers to trace requests")
	mx.says("Falta la firma de: México, Estados Unidos", "USD", "1,250,000.50", "20 de mayo de 2031", "Tráfico de armas")

	us.open(b.page(t, id))
	us.says("Still to sign: United States, Mexico", "20 May 2031")
	us.press("main a[href*='counter=']")
	if got := us.value("body.en"); got != "Requests are answered within ten days." {
		t.Errorf("the form begins with %q", got)
	}
	us.press("main form button.govuk-button")
	us.says("Change something")
	us.fill(map[string]string{"body.en": "Requests are answered within fifteen days.", "body.es": "Las solicitudes se responden en quince días.", "due": "2031-06-20"})
	us.press("main form button.govuk-button")
	us.sign(b, minister["US"], 1)
	us.says("Counter-proposal by: United States", "Only one of them", "20 May 2031")

	eventually(t, a.node, func() bool { return len(a.state(t, id).State.Versions) == 2 })
	counter := a.state(t, id).State.Versions[1].ID.String()
	mx.open(a.page(t, id))
	mx.says("Contrapropuesta de: Estados Unidos", "Qué cambia del primer texto")
	if ins, del := mx.text("#v-"+counter+" [lang=es-MX] ins"), mx.text("#v-"+counter+" [lang=es-MX] del"); strings.Join(strings.Fields(ins), " ") != "agregado: quince" || strings.Join(strings.Fields(del), " ") != "quitado: diez" { // with the words that a screen reader says
		t.Errorf("put in %q, left out %q", ins, del)
	}
	mx.agree(a, counter)
	eventually(t, b.node, func() bool { return b.state(t, id).State.Versions[1].Sides[0].Consent != nil })
	us.open(b.page(t, id))
	us.agree(b, counter)
	for _, x := range []*side{a, b} {
		eventually(t, x.node, func() bool { return x.state(t, id).View.Settled })
	}
	mx.open(a.page(t, id))
	mx.says("Firmas intercambiadas", "Texto acordado", "quince días", "20 de junio de 2031", "Vence el")
	us.open(b.page(t, id))
	us.says("Signatures exchanged", "Agreed text", "fifteen days", "20 June 2031")
}

// A withdrawal crosses the other side's signature: the text stands, the withdrawal is notice, and both pages say so.
func TestWithdrawalCrossesAnAgreement(t *testing.T) {
	s := example(t)
	mx, us := desks(t, s)
	a, b := s.sides["MX"], s.sides["US"]
	id := propose(t, s, mx, "A text that crosses its withdrawal")
	mx.agree(a, "")
	eventually(t, b.node, func() bool { d := b.state(t, id); return d.State.Versions[0].Sides[0].Consent != nil })
	s.unplug()
	mended := false
	t.Cleanup(func() {
		if !mended {
			_ = s.plug()
		}
	})
	mx.open(a.page(t, id))
	mx.press("main a[href*='withdraw']")
	mx.fill(map[string]string{"body.es": "Cambió el presupuesto."})
	mx.press("main form button.govuk-button")
	mx.sign(a, minister["MX"], 1)
	mx.says("Retiro enviado, aún no recibido", "Cambió el presupuesto.")
	us.open(b.page(t, id))
	us.agree(b, "")
	us.says("Agreed since")
	if err := s.plug(); err != nil {
		t.Fatal(err)
	}
	mended = true
	for _, x := range []*side{a, b} {
		eventually(t, x.node, func() bool { d := x.state(t, id); return d.View.Leaving && d.View.Settled })
	}
	mx.open(a.page(t, id))
	mx.says("Acordado desde", "Dio aviso de terminación: México")
	us.open(b.page(t, id))
	us.says("Agreed since", "Notice to end it was given by: Mexico", "Cambió el presupuesto.")
	mx.agree(a, "")
	mx.says("Acordado desde")
	eventually(t, b.node, func() bool { return !b.state(t, id).View.Leaving })
}

// A report with a paper, observations, the answer, a second report, and the word that it is done.
func TestCommitmentIsVerified(t *testing.T) {
	s := example(t)
	mx, us := desks(t, s)
	a, b := s.sides["MX"], s.sides["US"]
	id := propose(t, s, mx, "A promise that is kept")
	mx.agree(a, "")
	eventually(t, b.node, func() bool { return b.state(t, id).State.Versions[0].Sides[0].Consent != nil })
	us.open(b.page(t, id))
	us.agree(b, "")
	paper := filepath.Join(t.TempDir(), "Relación número 1.csv")
	if err := os.WriteFile(paper, []byte("a,b\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	us.press("main a[href$='/report']")
	us.press("main form button.govuk-button")
	us.says("There is a problem", "Choose one of the answers", "Write it in at least one language")
	us.choose("progress", "done")
	us.fill(map[string]string{"body.en": "All requests were answered."})
	us.upload("papers", paper)
	us.press("main form button.govuk-button")
	us.says("relacion-numero-1.csv")
	us.sign(b, minister["US"], 1)
	if got := evaluate[string](us, `fetch(document.querySelector("main a[download][href*=annex]").href).then(r => r.text())`, chromedp.EvalAwaitPromise); !strings.HasPrefix(got, "PK") || !strings.Contains(got, "a,b\n1,2\n") { // with the sheet that bears the mark
		t.Errorf("the paper is now %q", got)
	}
	us.says("Reported done", "relacion-numero-1.csv", "Still to say whether it is done: Mexico")

	eventually(t, a.node, func() bool { return a.state(t, id).View.Done })
	mx.open(a.page(t, id))
	mx.says("Reportado como cumplido", "Falta que diga si está cumplido: México", "relacion-numero-1.csv")
	mx.press("main a[href*='stance=contest'][href*='" + a.state(t, id).State.Reports[0].ID.String() + "']")
	mx.press("main form button.govuk-button")
	mx.says("Hay datos por corregir")
	mx.fill(map[string]string{"body.es": "Faltan dos solicitudes."})
	mx.press("main form button.govuk-button")
	mx.sign(a, minister["MX"], 1)
	mx.says("tiene observaciones", "Falta la respuesta de: Estados Unidos")

	eventually(t, b.node, func() bool { return b.state(t, id).View.Observations })
	us.open(b.page(t, id))
	us.press("main a[href*='stance=answer']")
	us.fill(map[string]string{"body.en": "They were answered today."})
	us.press("main form button.govuk-button")
	us.sign(b, minister["US"], 1)
	us.says("There are observations, and they were answered.")

	eventually(t, a.node, func() bool { return len(a.state(t, id).State.Replies) == 2 })
	mx.open(a.page(t, id))
	mx.says("They were answered today.")
	mx.press("main a[href*='/translate?of=" + a.state(t, id).State.Reports[0].ID.String() + "']")
	mx.fill(map[string]string{"body.es": "Se respondieron todas las solicitudes."})
	mx.press("main form button.govuk-button")
	mx.sign(a, minister["MX"], 1)
	mx.says("Se respondieron todas las solicitudes.", "Agregado por: México")
	mx.press("main a[href*='stance=acknowledge']")
	mx.press("main form button.govuk-button")
	mx.sign(a, minister["MX"], 1)
	mx.says("verificado por la contraparte")
	eventually(t, b.node, func() bool { return b.state(t, id).View.Verified })
	us.open(b.page(t, id))
	us.says("and verified by the other side")
}

// What a form refuses stays as it was typed, and the summary leads to the field.
func TestBadInputKeepsWhatWasTyped(t *testing.T) {
	s := example(t)
	_, us := desks(t, s)
	_, group := s.sides["US"].group(t)
	us.open(group + "/commitments/new")
	answers := promise("Half a promise", "2001-01-01")
	answers["title.es"], answers["done.es"], answers["currency"], answers["budget"] = "", "", "dollars", "much"
	typed := maps.Clone(answers)
	maps.DeleteFunc(typed, func(_, v string) bool { return v == "" })
	us.fill(typed)
	us.choose("nature", string(record.Treaty))
	us.press("main form button.govuk-button")
	us.says("There is a problem", "Choose a day that has not passed", "Enter a number", "Enter three letters", "Name the treaty", "Fill this in", "Write it in every language")
	for name, want := range answers {
		if got := us.value(name); got != want {
			t.Errorf("%s is now %q, %q was typed", name, got, want)
		}
	}
	if got := evaluate[string](us, `document.querySelector(".govuk-error-summary a").getAttribute("href")`); got != "#title-es" {
		t.Errorf("the first problem leads to %s", got)
	}
	if n := evaluate[int](us, `[...document.querySelectorAll(".govuk-error-summary a")].filter(a => !document.querySelector(a.getAttribute("href"))).length`); n != 0 {
		t.Errorf("%d problems lead nowhere", n)
	}
	drafts, err := s.sides["US"].node.Drafts(t.Context(), who(minister["US"]), mustGroup(t, s.sides["US"]))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range drafts {
		if x, ok := d.Header.Part("title.en"); ok && d.Header.Kind == "commitment" {
			t.Errorf("a draft was kept: %v", x.Digest)
		}
	}
}

func mustGroup(t *testing.T, x *side) record.ID {
	g, _ := x.group(t)
	return g
}

// The rest of what officials do with a text: agreed to ad referendum, signed on paper, replaced by a new version, which leaves the
// text that stands where it is until all have signed.
func TestTextIsSignedOnPaperAndAmended(t *testing.T) {
	s := example(t)
	mx, us := desks(t, s)
	a, b := s.sides["MX"], s.sides["US"]
	id := propose(t, s, mx, "A text that changes")
	mx.agree(a, "")
	eventually(t, b.node, func() bool { return b.state(t, id).State.Versions[0].Sides[0].Consent != nil })
	us.open(b.page(t, id))
	us.press("main a[href*='stance=ad-referendum']")
	us.says("subject to confirmation at home")
	us.press("main form button.govuk-button")
	us.sign(b, minister["US"], 1)
	us.says("Agreed ad referendum, still to be confirmed by a signature: United States.", "Agrees ad referendum, has not signed")

	scan := filepath.Join(t.TempDir(), "scan.pdf")
	if err := os.WriteFile(scan, []byte("%PDF-1.4 signed"), 0o600); err != nil {
		t.Fatal(err)
	}
	us.press("main a[href*='/paper']")
	us.press("main form button.govuk-button")
	us.says("There is a problem", "Choose a file")
	us.fill(map[string]string{"office": "line-lead-arms", "signed": isoDay(b.node.Now()), "place": "Washington"})
	us.upload("scan", scan)
	us.press("main form button.govuk-button")
	us.sign(b, minister["US"], 1)
	us.says("Signed on paper", "Line lead, arms smuggling", "Washington", "scan.pdf", "Agreed since")

	eventually(t, a.node, func() bool { return a.state(t, id).State.InForce() != nil })
	mx.open(a.page(t, id))
	mx.says("Firmó en papel")
	mx.press("main a[href*='amend=']")
	if got := mx.value("title.es"); got != "A text that changes (es)" {
		t.Errorf("the new version begins with %q", got)
	}
	mx.fill(map[string]string{"due": "2032-01-15"})
	mx.press("main form button.govuk-button")
	mx.sign(a, minister["MX"], 1)
	mx.says("Nueva versión propuesta por: México", "este texto sigue en pie", "Qué cambia del texto al que sustituye", "15 de enero de 2032", "20 de mayo de 2031")
	v := a.state(t, id).State.Versions[1].ID.String()
	mx.agree(a, v)
	eventually(t, b.node, func() bool {
		d := b.state(t, id)
		return len(d.State.Versions) == 2 && d.State.Versions[1].Sides[0].Consent != nil
	})
	us.open(b.page(t, id))
	us.agree(b, v)
	us.says("Former texts", "15 January 2032")
	us.press("main a[href*='withdraw']")
	us.says("Notice runs")
	us.fill(map[string]string{"body.en": "Another text is ready."})
	us.press("main form button.govuk-button")
	us.sign(b, minister["US"], 1)
	us.says("Notice to end it was given by: United States")
}

// A view is kept under a name for the office, and forgotten.
func TestViewsAreSaved(t *testing.T) {
	s := example(t)
	_, us := desks(t, s)
	x := s.sides["US"]
	_, group := x.group(t)
	us.open(group + "/commitments?line=fuel&sort=&status=owed")
	us.fill(map[string]string{"name": "Fuel, owed"})
	us.press("main form[action$='/views'] button")
	us.says("The view is saved", "Fuel, owed")
	if other, _ := newReader(t, x, "desk", "en").waiting("/g/security-" + x.security(t).ID.Short() + "/commitments"); strings.Contains(other, "Fuel, owed") {
		t.Error("another office sees the view")
	}
	us.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("details").open = true`))
	us.press("main form[action$='/views/drop'] button")
	us.says("The view is gone")
}
