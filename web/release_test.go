package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"entente"
	"entente/node"
	"entente/record"
)

// An office of one party sees that a list is withheld and asks for it; an official of the party whose words they are hands it to that
// office alone, once the page has said who gets more by it; the office reads it. Of two copies asked back later one is given back and
// destroyed, the other kept, with the reason.
func TestReleaseIsAskedAndGranted(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	red := &record.Marking{TLP: record.Red, Offices: []string{"MX/press"}}
	list := func(name string) node.NewPart {
		return node.NewPart{Name: "annex/" + name, Content: []byte("the list " + name), Marking: red}
	}
	x := mx.seal(t, "press", node.Act{Kind: "statement", Verb: record.Propose, Parts: append(append(both("title", "Lists of this test"), both("body", "Two lists stay at home.")...), list("a.txt"), list("b.txt"))},
		entente.Statement{Own: true})
	us.await(t, x.ID, func(*entente.State) bool { return true })
	b, c := newTab(t), newTab(t)
	b.signIn(mx, "press", "es")
	c.signIn(us, "press", "en")
	there, here := us.url+us.path(t, "/g/security/i/"+x.ID.String()), mx.url+mx.path(t, "/g/security/i/"+x.ID.String())

	c.open(there)
	c.says("a.txt – ")
	c.press(`main a[href*="stance=contest"]`)
	c.fill(map[string]string{"body.en": "Please let our office read the two lists."})
	c.press("main form button.govuk-button")
	c.sign(us, "press", 1)
	mx.await(t, x.ID, func(y *entente.State) bool { return len(y.Replies) == 1 })

	b.open(here)
	b.says("Please let our office read the two lists.")
	b.press(`main a[href*="/widen?of="]`)
	b.shot("release-form")
	b.choose("parts", "annex/a.txt")
	b.choose("parts", "annex/b.txt")
	b.choose("to", "US")
	b.fill(map[string]string{"offices": "US/press"})
	b.press("main form button.govuk-button")
	b.says("a.txt, b.txt: Estados Unidos; ", "Tendrán acceso quienes antes no lo tenían")
	b.accessible()
	b.shot("release-sign")
	if !evaluate[bool](b, `document.querySelector("form[data-sign]").checkValidity() === false`) {
		t.Error("the page would be sent without the box")
	}
	b.sign(mx, "press", 1)
	us.await(t, x.ID, func(y *entente.State) bool { return len(y.Widened) == 1 })
	c.open(there)
	c.says("released sections to others")
	if got := c.fetched(t, `main a[download][href$="a.txt"]`); !strings.Contains(got, "the list a.txt") || !strings.Contains(got, "Shown to ") {
		t.Errorf("the list: %q", got)
	}
	q := newReader(t, us, "desk", "en")
	if status, page := q.get(strings.TrimPrefix(there, us.url)); status != 200 || strings.Contains(page, `a.txt" download`) {
		t.Error("another office of the party has the list too")
	}

	ask := func(name string) record.ID {
		t.Helper()
		b.open(here)
		b.press(`main a[href*="/recall?of=` + x.ID.String() + `"]`)
		b.choose("parts", "annex/"+name)
		b.fill(map[string]string{"body.es": "La lista " + name + " tiene un error."})
		b.press("main form button.govuk-button")
		b.sign(mx, "press", 1)
		var id record.ID
		us.await(t, x.ID, func(y *entente.State) bool {
			for _, r := range y.Recalls {
				if r.Parts[0] == "annex/"+name {
					id = r.ID
				}
			}
			return !id.IsZero()
		})
		return id
	}
	answer := func(to record.ID, stance string, words string) {
		t.Helper()
		c.open(there)
		c.press(`main a[href*="` + to.String() + `"][href*="stance=` + stance + `"]`)
		c.shot("recall-" + stance)
		c.fill(map[string]string{"body.en": words})
		c.press("main form button.govuk-button")
		c.sign(us, "press", 1)
	}
	given, kept := ask("a.txt"), ask("b.txt")
	c.open(us.url + us.path(t, "/g/security"))
	c.says("Copies that the other side asks back")
	answer(given, "acknowledge", "Given back.")
	answer(kept, "object", "A court here has asked for it.")
	mx.await(t, x.ID, func(y *entente.State) bool {
		return len(y.Recalls) == 2 && y.Recalls[0].Answer("US") == entente.Acknowledge && y.Recalls[1].Answer("US") == entente.Object
	})
	b.open(here)
	b.says("A court here has asked for it.", "conserva su copia", "devolvió su copia", "Given back.")
	c.open(there)
	if c.has(`main a[download][href$="a.txt"]`) || !c.has(`main a[download][href$="b.txt"]`) {
		t.Error("the copy that was given back is offered, or the one that was kept is not")
	}
	d := newReader(t, us, "press", "en")
	path := us.slug(t) + "/r/" + x.ID.String() + "/annex/"
	if status, _ := d.get(path + "a.txt"); status != 404 {
		t.Errorf("what was given back answers %d", status)
	}
	if status, page := d.get(path + "b.txt"); status != 200 || !strings.Contains(page, "the list b.txt") {
		t.Errorf("what was kept answers %d", status)
	}
}

// fetched is what a link leads to, read as the browser that shows it would.
func (b *tab) fetched(t *testing.T, selector string) string {
	t.Helper()
	return evaluate[string](b, `fetch(document.querySelector('`+selector+`').href).then(r => r.text())`, chromedp.EvalAwaitPromise)
}

// has reports whether the page has what a selector finds.
func (b *tab) has(selector string) bool {
	b.t.Helper()
	return evaluate[bool](b, `document.querySelector('`+selector+`') !== null`)
}
