package web_test

import (
	"strings"
	"testing"

	"entente"
	"entente/node"
	"entente/record"

	"github.com/chromedp/chromedp"
)

// What both sides signed is found without accents and in either language, begins a statement, and is all that is found: no text of
// one party alone, none that is only proposed, none that is for other offices. The access log names the texts shown and no others.
func TestAgreedLanguage(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	propose := func(title, en, es string, terms entente.Statement, m *record.Marking) *node.Sealed {
		parts := append(both("title", title), node.NewPart{Name: "body.en", Content: []byte(en), Marking: m}, node.NewPart{Name: "body.es", Content: []byte(es), Marking: m})
		return mx.seal(t, "press", node.Act{Kind: "statement", Verb: record.Propose, Nature: record.Political, Parts: parts}, terms)
	}
	agree := func(id record.ID) {
		mx.seal(t, "press", node.Act{Kind: "statement", Verb: record.Consent, Version: id}, nil)
		us.await(t, id, func(y *entente.State) bool { return y.Versions[0].Sides[0].Consent != nil })
		us.seal(t, "press", node.Act{Kind: "statement", Verb: record.Consent, Version: id}, nil)
		mx.await(t, id, func(y *entente.State) bool { return y.InForce() != nil })
	}
	joint := propose("Joint of the shelf", "The zorilla commission meets in Mexico City. It reports by quarter to both governments.", "La comisión zorrilla se reúne en la Ciudad de México. Informa cada trimestre a ambos Gobiernos.", entente.Statement{}, nil)
	agree(joint.ID)
	propose("Only proposed on the shelf", "The zorilla commission is dissolved without delay.", "La comisión zorrilla se disuelve sin demora.", entente.Statement{}, nil)
	own := propose("Own of the shelf", "The zorilla commission was our idea from the start.", "La comisión zorrilla fue idea nuestra desde el inicio.", entente.Statement{Own: true}, nil)
	mx.seal(t, "press", node.Act{Kind: "statement", Verb: record.Consent, Version: own.ID}, nil)
	shelf := func(office, search string) *node.AgreedLanguage {
		t.Helper()
		x, err := mx.node.AgreedLanguage(t.Context(), who(office), mx.security(t).ID, "test", node.AgreedQuery{Search: search})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for _, search := range []string{"COMISION zorrilla", "zorilla commission"} {
		x := shelf("press", search)
		if x.Found != 1 || !strings.Contains(x.Sentences[0].Texts["es"], "se reúne en la Ciudad") || !strings.Contains(x.Sentences[0].Texts["en"], "meets in Mexico City") || x.Sentences[0].Uses != 1 {
			t.Errorf("%q found %d: %+v", search, x.Found, x.Sentences)
		}
	}
	if x := shelf("press", "no such words anywhere"); x.Found != 0 || x.Texts < 5 {
		t.Errorf("found %d in %d texts", x.Found, x.Texts)
	}
	red := &record.Marking{TLP: record.Red, ReleasableTo: []record.Party{"MX", "US"}, Originator: "MX", Offices: []string{"MX/press", "US/press"}}
	agree(propose("Red of the shelf", "The zorilla commission has a sealed annex in the vault.", "La comisión zorrilla tiene un anexo sellado en la bóveda.", entente.Statement{}, red).ID)
	if x := shelf("press", "zorilla"); x.Found != 2 {
		t.Errorf("for the offices named: %d", x.Found)
	}
	if x := shelf("desk", "zorilla"); x.Found != 1 {
		t.Errorf("for another office: %d, %+v", x.Found, x.Sentences)
	}
	log, err := mx.node.Access(t.Context(), node.Caller{Operator: true}, 0, 1)
	if err != nil || len(log) != 1 {
		t.Fatal(log, err)
	}
	a, ok := log[0].Terms.(*entente.Access)
	if !ok || a.Office != "desk" || len(a.Items) != 1 || len(a.Items[0].Records) != 1 || a.Items[0].Records[0] != joint.ID {
		t.Errorf("the access log says %+v", log[0].Terms)
	}
	b := newTab(t)
	b.signIn(mx, "press", "es")
	b.open(mx.url + mx.path(t, "/g/security/agreed-language?q=comision+trimestre"))
	if text := b.text("main"); !strings.Contains(text, "Ninguna oración acordada") {
		t.Errorf("words of two sentences: %s", text)
	}
	b.open(mx.url + mx.path(t, "/g/security/agreed-language?q=trimestre+gobiernos"))
	if text := b.text("main"); !strings.Contains(text, "Textos en que figura: 1 · acordada por última vez el") || strings.Contains(text, "[[") {
		t.Errorf("how often and when: %s", text)
	}
	b.do(chromedp.Click(chromedp.CSS(`input[name="use"]`)))
	b.press(`form[action$="/statements/new"] .govuk-button`)
	for field, want := range map[string]string{"body.es": "Informa cada trimestre a ambos Gobiernos.", "body.en": "It reports by quarter to both governments."} {
		if got := evaluate[string](b, `document.querySelector('[name="`+field+`"]').value`); got != want {
			t.Errorf("%s: %q", field, got)
		}
	}
}
