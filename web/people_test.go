package web_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"entente"
	"entente/demo"
	"entente/node"
	"entente/record"
)

// signRoot signs what the page shows with the party's root key, in the page.
func (b *tab) signRoot(x *side) {
	b.t.Helper()
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#keyfile"), []string{filepath.Join(x.dir, node.RootFile)}), chromedp.SetValue(chromedp.CSS("#passphrase"), demo.Passphrase))
	b.press("form[data-sign] button")
}

// publicFile is a fresh public key as it lies beside a key file.
func publicFile(t *testing.T) (entente.Key, string) {
	t.Helper()
	pub, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	k := entente.Key{Alg: record.Ed25519, Public: entente.HexBytes(pub)}
	body, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "guard-1.age.pub")
	if err := os.WriteFile(path, append(body, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	return k, path
}

func TestPowersAreChangedWithTheRootKey(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	b := newTab(t)
	b.signIn(mx, "legal", "es")
	people := mx.url + mx.slug(t) + "/people"
	b.open(people)
	b.says("A quién llamar", "Persona titular de la Secretaría de Relaciones Exteriores", "basta una firma", "2 firmas de la oficina", "Tráfico de armas")
	b.accessible()
	b.shot("people")

	// An office, its seat and its authority: each form first with what is wrong.
	b.press(`main a[href$="/people/change"]`)
	b.accessible()
	b.press(`main a[href$="/people/office"]`)
	b.fill(map[string]string{"id": "Legal", "telephone": strings.Repeat("5", 65)})
	b.press("main form button")
	b.says("Use minúsculas, cifras y guiones", "Llene este campo", "Acorte este texto")
	b.accessible()
	b.fill(map[string]string{"id": "duty-office", "name.es": "Guardia de Relaciones Exteriores", "name.en": "Foreign Ministry duty office", "telephone": "+52 (55) 5555-0101", "mail": "guardia@example.mx"})
	b.choose("duty", "yes")
	b.press("main form button")
	b.says("Rige en cuanto la llave raíz lo firme", "Oficina nueva: Guardia de Relaciones Exteriores", "+52 (55) 5555-0101")

	k, file := publicFile(t)
	b.press(`main a[href$="/people/seat?office=duty-office"]`)
	b.fill(map[string]string{"number": "0", "from": "2031-02-02", "until": "2031-02-01"})
	b.press("main form button")
	b.says("Indique la llave pública", "El último día va después del primero", "Escriba un número desde 1")
	b.accessible()
	b.fill(map[string]string{"number": "1", "from": "", "until": "2036-02-01", "key": "-19:00"})
	b.press("main form button")
	b.says("Esto no es una llave pública")
	evaluate[chromedp.Void](b, `document.querySelector("#key").value = ""`)
	b.upload("file", filepath.Join(mx.dir, "seats", "legal-1.age"))
	b.press("main form button")
	b.says("Este es el archivo de la llave secreta")
	b.upload("file", file)
	b.choose("acting", "yes")
	b.press("main form button")
	b.says("firmante 1 nuevo", "por suplencia, hasta el 1 de febrero de 2036")

	b.press(`main a[href$="/people/grant?office=duty-office"]`)
	b.fill(map[string]string{"sign": "9"})
	b.press("main form button")
	b.says("Elija una de las respuestas", "los firmantes de la oficina puedan alcanzar")
	b.accessible()
	b.choose("kinds", "statement")
	b.choose("verbs", "propose")
	b.choose("lines", "arms")
	b.choose("paper", "yes")
	b.fill(map[string]string{"sign": "1"})
	b.press("main form button")
	b.says("la oficina necesita el paso «Firma»")
	b.choose("verbs", "consent")
	b.press("main form button")
	b.says("puede asentar firmas en papel", "Comunicados (Propuesta, Firma)")
	b.accessible()
	b.shot("people-change")

	// Another office's form, opened before, does not undo it.
	stale := newReader(t, mx, "legal", "es")
	if status, page := stale.post(mx.slug(t)+"/people/grant?office=desk", url.Values{"base": {strings.Repeat("0", 64)}, "kinds": {"*"}, "sign": {"1"}}); status != http.StatusConflict {
		t.Errorf("a form opened on other powers is answered %d %.200s", status, page)
	}

	// Removed again, with what follows; and back.
	b.press(`main a[href$="/people/remove?office=duty-office&grant=0"]`)
	b.says("la oficina ya no firma")
	b.accessible()
	b.press("main form button")
	b.press(`main a[href$="/people/grant?office=duty-office"]`)
	b.choose("kinds", "statement")
	b.press("main form button")

	// Nothing holds before the root key has signed.
	if p, err := mx.node.Powers(mx.security(t).ID); err != nil || p == nil || strings.Contains(mustJSON(t, p), "duty-office") {
		t.Fatalf("powers changed without the root key: %v", err)
	}
	b.press(`main a[href*="/drafts/"]`)
	b.says("Qué cambia", "Oficina nueva: Guardia de Relaciones Exteriores", "llave raíz de la Parte", "se juzga conforme a estas oficinas")
	if all := evaluate[string](b, `document.querySelector("main").textContent`); !strings.Contains(all, " --root") {
		t.Error("it is not said how to sign on the command line")
	}
	b.accessible()
	b.shot("people-sign")
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#keyfile"), []string{filepath.Join(mx.dir, "seats", "legal-1.age")}), chromedp.SetValue(chromedp.CSS("#passphrase"), demo.Passphrase))
	b.press("form[data-sign] button") // an official's key is not the root's
	b.says("no se pudo comprobar")
	b.open(people)
	b.says("Un cambio espera la llave raíz")
	b.press(`main a[href*="/drafts/"]`)
	b.signRoot(mx)
	b.says("Rige desde ahora", "Guardia de Relaciones Exteriores", "A cualquier hora")
	if strings.Contains(b.text("main"), "espera la llave raíz") {
		t.Error("the change still waits")
	}
	p, err := mx.node.Powers(mx.security(t).ID)
	if err != nil {
		t.Fatal(err)
	}
	o, ok := p.Office("duty-office")
	if !ok || len(o.Seats) != 1 || o.Seats[0].Key.String() != k.String() || !o.Seats[0].Acting || o.Reach == nil || !o.Reach.Duty {
		t.Errorf("on record: %+v", o)
	}

	// The other side knows whom to call.
	g := us.security(t).ID
	eventually(t, us.node, func() bool {
		l, err := us.node.Ledger(g)
		if err != nil {
			t.Fatal(err)
		}
		spans := l.Ring("MX").Spans()
		_, ok := spans[len(spans)-1].Powers.Office("duty-office")
		return ok
	})
	there := newTab(t)
	there.signIn(us, "desk", "en")
	there.open(us.url + us.slug(t) + "/people")
	there.says("Whom to call", "Mexico: Foreign Ministry duty office", "+52 (55) 5555-0101", "At any hour", "An office that may sign charters")
	if tel := evaluate[string](there, `document.querySelector('main a[href^="tel:"]').getAttribute("href")`); tel != "tel:+525555550101" {
		t.Errorf("the telephone dials %q", tel)
	}
	there.accessible()
	there.shot("people-theirs")
	there.press(`main a[href$="/people/history"]`)
	there.says("New office: Foreign Ministry duty office")
	there.accessible()
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The party's own group has powers too: they say who may sign in, clear texts and set the node up.
func TestPowersOfTheGroupOfOne(t *testing.T) {
	s := example(t)
	us := s.sides["US"]
	b := newTab(t)
	b.signIn(us, "legal", "en")
	b.open(us.url + us.slug(t) + "/people/change")
	b.press(`main a[href*="/g/own-"]`)
	b.says("Prepare a change", "Press office, Department of State")
	b.press(`main a[href$="/people/office?office=press"]`)
	b.fill(map[string]string{"name.en": "Press office"})
	b.press("main form button")
	b.says("is called “Press office” now")
	b.press(`main a[href*="/drafts/"]`)
	b.says("What changes", "is called “Press office” now")
	b.press(`form[action$="/drop"] button`)
	b.says("People and authority to sign", "Press office, Department of State")
	b.accessible()
	b.press(`main a[href$="/people/history"]`)
	b.says("New office: Press office, Department of State")
	own := strings.TrimSuffix(strings.TrimPrefix(b.at(), us.url), "/people/history")
	for _, path := range []string{own, own + "/records", own + "/list/commitment", own + "/nonpapers"} {
		if status, _ := newReader(t, us, "legal", "en").get(path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// Whoever may sign no charters changes nothing, and learns by reading only.
func TestOnlyWhoSetsUpChanges(t *testing.T) {
	s := example(t)
	us := s.sides["US"]
	r := newReader(t, us, "desk", "en")
	base := us.slug(t) + "/people/"
	for _, path := range []string{"change", "office", "office?office=desk", "seat?office=desk", "grant?office=desk&grant=0", "remove?office=desk", "contact", "contact/remove?at=0", "marking"} {
		if status, _ := r.get(base + path); status != http.StatusForbidden {
			t.Errorf("%s is shown: %d", path, status)
		}
		if status, _ := r.post(base+path, url.Values{"base": {strings.Repeat("0", 64)}, "kinds": {"*"}, "sign": {"1"}, "kind": {"*"}, "tlp": {"GREEN"}}); status != http.StatusForbidden {
			t.Errorf("%s is taken: %d", path, status)
		}
	}
	for _, path := range []string{"office?office=nobody", "seat?office=legal&seat=77", "seat?office=nobody", "grant?office=legal&grant=9", "remove?office=legal&seat=77", "contact?at=99"} {
		if status, _ := newReader(t, us, "legal", "en").get(base + path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestWhomToCallAndHowTextsAreHandled(t *testing.T) {
	s := example(t)
	us := s.sides["US"]
	b := newTab(t)
	b.signIn(us, "legal", "en")
	b.open(us.url + us.slug(t) + "/people")
	b.press(`main a[href$="/people/contact"]`)
	b.press("main form button")
	b.says("Fill this in", "Enter a telephone number or an e-mail address")
	b.accessible()
	b.fill(map[string]string{"party": "MX", "name.en": "Embassy, after hours", "telephone": "+1 202 555 0142", "note": "Ask for the duty officer"})
	b.press("main form button")
	b.says("It stays with your party", "Mexico: Embassy, after hours", "Ask for the duty officer")
	b.press(`main a[href$="/people/contact?at=0"]`)
	b.fill(map[string]string{"telephone": "+1 202 555 0143"})
	b.press("main form button")
	b.says("+1 202 555 0143")
	if _, page := newReader(t, s.sides["MX"], "legal", "es").get(s.sides["MX"].slug(t) + "/people"); strings.Contains(page, "555 0143") {
		t.Error("the other side reads the note")
	}

	b.press(`main a[href$="/people/marking"]`)
	b.fill(map[string]string{"kind": "objective", "review": "soon"})
	b.choose("tlp", "GREEN")
	b.press("main form button")
	b.says("Enter a number of days from 1 to 3660")
	b.accessible()
	b.fill(map[string]string{"review": "180", "national": "Sensitive"})
	b.press("main form button")
	b.says("Objectives", "TLP:GREEN", "Sensitive", "reviewed after 180 days")
	b.press(`main a[href$="/people/marking?kind=objective"]`)
	if b.value("review") != "180" {
		t.Error("the form forgot the review")
	}
	b.choose("tlp", "")
	b.press("main form button")
	b.says("As usual: TLP:AMBER")

	b.press(`main a[href$="/people/contact/remove?at=0"]`)
	b.accessible()
	b.press("main form button")
	b.says("Saved. It stays with your party.")
	if strings.Contains(b.text("main"), "Embassy") {
		t.Error("the note is still there")
	}
}

func TestSignInsAreEnded(t *testing.T) {
	s := example(t)
	us := s.sides["US"]
	legal, auditor := newTab(t), newTab(t)
	legal.signIn(us, "legal", "en")
	auditor.signIn(us, "auditor", "en")
	link, err := us.web.Link(context.Background(), "auditor", 3600e9)
	if err != nil {
		t.Fatal(err)
	}
	legal.open(us.url + "/signins")
	legal.says("Government Accountability Office", "Office of the Legal Adviser", "one-time link")
	legal.accessible()
	legal.shot("signins")
	own := newReader(t, us, "press", "en")
	if _, page := own.get("/signins"); strings.Contains(page, "Government Accountability Office") {
		t.Error("an office reads who is signed in for another")
	}
	if status, _ := own.post("/signins/end?office=auditor", url.Values{}); status != http.StatusForbidden {
		t.Errorf("an office ends another's: %d", status)
	}
	legal.press(`main a[href="/signins/end?office=auditor"]`)
	legal.says("links not used yet no longer work")
	legal.accessible()
	legal.press("main form button")
	legal.says("Every sign-in of that office was ended")
	auditor.open(us.url + "/clearances")
	auditor.says("Sign in")
	auditor.open(us.url + link)
	auditor.press("main form button")
	auditor.says("used already or has ended")
	if status, _ := own.post("/signins/end?office=press", url.Values{}); status != http.StatusOK { // to the page that asks to sign in
		t.Errorf("an office ends its own: %d", status)
	}
	if _, page := own.get("/signins"); !strings.Contains(page, "passkey") || strings.Contains(page, "Ends at the latest") {
		t.Error("the office is still signed in")
	}
}
