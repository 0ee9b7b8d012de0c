package web_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente/node"
	"entente/record"
)

// secret stands in what is said at home: no page and no store of the other side may hold it.
const secret = "palabra-que-se-queda-en-casa"

// slug is the path of the group that most tests speak of.
func (x *side) slug(t *testing.T) string { return "/g/security-" + x.security(t).ID.Short() }

// drafted keeps a draft of a commitment that nobody has signed.
func (x *side) drafted(t *testing.T, office, title string) (*node.Draft, string) {
	t.Helper()
	d, err := x.node.Prepare(t.Context(), who(office), node.Act{Group: x.security(t).ID, Kind: "commitment", Verb: record.Propose, Line: "arms", Terms: []byte(`{"owner":"MX","due":2000000000}`),
		Parts: append(both("title", title), both("body", title)...)})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.node.Save(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return d, x.slug(t) + "/drafts/" + d.Nonce.String()
}

func TestClearanceAtHome(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	_, draft := mx.drafted(t, "line-lead-arms", "Un texto que primero se lee en casa")
	desk, legal, press := newTab(t), newTab(t), newTab(t)
	desk.signIn(mx, "line-lead-arms", "es")
	legal.signIn(mx, "legal", "es")
	press.signIn(mx, "press", "en")

	// The form names whoever is not chosen, and keeps what was written.
	desk.open(mx.url + draft)
	desk.press(`main a[href$="/clearance"]`)
	desk.fill(map[string]string{"text": "Antes del jueves. " + secret})
	desk.fill(map[string]string{"by": "2001-01-01"})
	desk.press("main form button")
	desk.says("Elija al menos una oficina")
	desk.says("Elija el día de hoy u otro posterior")
	desk.accessible()
	desk.shot("clearance-ask")
	desk.fill(map[string]string{"office.legal": "1"})
	desk.fill(map[string]string{"office.press": "2"})
	desk.fill(map[string]string{"by": "2036-01-01"})
	desk.press("main form button")
	desk.says("Se consultó a las oficinas")
	desk.says(secret)
	clearance := desk.at()
	desk.press(`main a[href*="/drafts/"]`)
	desk.says("En espera de visto bueno")

	// Whose turn has not come may comment only.
	press.open(clearance)
	press.says("Comes later")
	if n := evaluate[int](press, `document.querySelectorAll('input[name="word"]').length`); n != 1 {
		t.Errorf("press has %d answers before its turn", n)
	}
	press.fill(map[string]string{"text": "Noted. " + secret})
	press.press("main form button")
	press.says("The comment is kept at home")

	legal.open(mx.url + "/clearances")
	legal.press(`main a[href="` + strings.TrimPrefix(clearance, mx.url) + `"]`)
	legal.says("Un texto que primero se lee en casa")
	legal.press("main form button")
	legal.says("Elija una de las respuestas")
	legal.choose("word", "return")
	legal.press("main form button")
	legal.says("Llene este campo")
	legal.accessible()
	legal.fill(map[string]string{"text": "Falta el plazo. " + secret})
	legal.press("main form button")
	legal.says("Su oficina devolvió el texto")
	legal.shot("clearance")
	desk.open(mx.url + "/clearances")
	desk.says("Devueltos a su oficina")
	desk.accessible()
	desk.shot("clearances")
	legal.open(clearance)
	legal.choose("word", "clear")
	legal.press("main form button")
	legal.says("Su oficina dio el visto bueno")
	press.open(clearance)
	press.choose("word", "clear")
	press.press("main form button")
	press.says("Your office has cleared the text")
	desk.open(mx.url + "/clearances")
	desk.says("Con visto bueno: pueden firmarse o mostrarse")

	// An office without a part in it finds nothing, nor does the other side.
	for _, x := range []*reader{newReader(t, mx, "auditor", "es"), newReader(t, us, "desk", "en")} {
		if status, page := x.get(strings.TrimPrefix(clearance, mx.url)); status != http.StatusNotFound || strings.Contains(page, secret) {
			t.Errorf("%s: the clearance answers %d", x.side.id, status)
		}
		if status, _ := x.post(strings.TrimPrefix(clearance, mx.url), url.Values{"word": {"clear"}}); status != http.StatusNotFound {
			t.Errorf("%s: an answer is answered %d", x.side.id, status)
		}
	}
	for _, path := range []string{"/", "/clearances"} {
		if _, page := newReader(t, us, "desk", "en").get(path); strings.Contains(page, secret) {
			t.Errorf("the other side reads it at %s", path)
		}
	}
	us.holdsNot(t, secret)

	// The text is still held by nobody else: discard it.
	desk.open(mx.url + draft)
	desk.press(`form[action$="/drop"] button`)
	legal.open(clearance)
	legal.says("No queda nada por revisar")
}

// holdsNot fails when any file of a node, or any page that one of its offices opens, has a text in it.
func (x *side) holdsNot(t *testing.T, text string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(x.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), text) {
			t.Errorf("%s holds %q", path, text)
		}
		return err
	})
	if err != nil || files < 3 {
		t.Fatalf("%d files read: %v", files, err)
	}
	r := newReader(t, x, "foreign-secretary", "en")
	for _, path := range r.crawl("/") {
		if _, page := r.get(path); strings.Contains(page, text) {
			t.Errorf("%s shows %q", path, text)
		}
	}
}

func TestClearanceRules(t *testing.T) {
	s := example(t)
	us := s.sides["US"]
	lead, legal := newTab(t), newTab(t)
	legal.signIn(us, "legal", "en")
	lead.signIn(us, "line-lead-arms", "en")
	legal.open(us.url + "/clearances/routes")
	legal.press(`main a[href="/clearances/routes/edit"]`)
	legal.press("main form button")
	legal.says("Choose one of the answers")
	legal.fill(map[string]string{"name": "Legal Review"})
	legal.fill(map[string]string{"days": "many"})
	legal.choose("kinds", "commitment")
	legal.choose("verbs", "propose")
	legal.choose("lines", "arms")
	legal.press("main form button")
	legal.says("Use small letters, digits and hyphens")
	legal.says("Enter a number of days from 1 to 366")
	legal.says("Choose at least one office")
	legal.accessible()
	legal.shot("clearance-route")
	legal.fill(map[string]string{"name": "arms-review"})
	legal.fill(map[string]string{"days": "3"})
	legal.fill(map[string]string{"office.legal": "1"})
	legal.fill(map[string]string{"office.foreign-secretary": "2"})
	legal.press("main form button")
	legal.says("The clearance settings hold from now on")
	legal.says("Secretary of State")
	legal.accessible()
	legal.shot("clearance-routes")
	t.Cleanup(func() { _ = us.node.DropRoute(context.Background(), operator, "arms-review") })

	// A draft it covers cannot be signed before both have cleared it.
	_, draft := us.drafted(t, "line-lead-arms", "A text on the route")
	lead.open(us.url + draft)
	lead.says("These offices must clear the text before it can go out")
	lead.says("Not asked yet")
	lead.shot("draft-uncleared")
	lead.press(`main a[href$="/clearance"]`)
	lead.says("Asked in any case")
	lead.press("main form button")
	lead.says("The offices were asked")
	lead.says("Comes later")

	// Changed and ended, by whoever sets the node up and by nobody else.
	r := newReader(t, us, "desk", "en")
	for _, path := range []string{"/clearances/routes/edit", "/clearances/routes/edit?name=arms-review", "/clearances/routes/end?name=arms-review"} {
		if status, _ := r.get(path); status != http.StatusForbidden {
			t.Errorf("%s: %d for an office without the right", path, status)
		}
		if status, _ := r.post(path, url.Values{"name": {"arms-review"}, "kinds": {"*"}, "office.legal": {"1"}}); status != http.StatusForbidden {
			t.Errorf("%s: %d for an office without the right", path, status)
		}
	}
	legal.press(`main a[href="/clearances/routes/edit?name=arms-review"]`)
	if v := evaluate[string](legal, `document.querySelector("#days").value + [...document.querySelectorAll("input:checked, select")].map(x => x.value).join("")`); v != "3commitmentproposearms21" {
		t.Errorf("the form holds %q", v)
	}
	legal.fill(map[string]string{"days": "5"})
	legal.press("main form button")
	legal.says("5")
	legal.press(`main a[href="/clearances/routes/end?name=arms-review"]`)
	legal.says("texts can go out without passing the offices")
	legal.accessible()
	legal.press("main form button")
	legal.says("That rule no longer holds")
	lead.open(us.url + draft)
	lead.press(`form[action$="/drop"] button`)
}
