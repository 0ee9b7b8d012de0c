package web_test

import (
	"errors"
	"strings"
	"testing"

	"entente"
	"entente/node"
	"entente/record"

	"github.com/chromedp/chromedp"
)

// A press office writes what it says in both languages, with "not our remit" ready; an answer is changed, runs out of its days and is
// ended; the other side has nothing of it.
func TestLinesToTake(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	meeting := s.agreedMeeting(t, "Lines of this test")
	b := newTab(t)
	b.signIn(mx, "press", "es")
	b.open(mx.url + mx.path(t, "/g/security/press/new?about="+meeting.String()))
	b.choose("sort", "question")
	b.fill(map[string]string{"title.es": "¿Hubo agentes extranjeros?", "title.en": "Were there foreign agents?", "body.es": "No hubo ninguno."})
	b.press("main form .govuk-button")
	if text := b.text(".govuk-error-summary"); !strings.Contains(text, "indique a qué oficina") {
		t.Errorf("in one language: %s", text)
	}
	b.fill(map[string]string{"body.en": "There were none."})
	b.press("main form .govuk-button")
	if text := b.text("main"); !strings.Contains(text, "Lines of this test") || !strings.Contains(text, "¿Hubo agentes extranjeros?") || !strings.Contains(text, "There were none.") {
		t.Errorf("the sheet: %s", text)
	}
	b.press(`.ent-press a[href*="/press/"]`)
	if got := b.value("body.es"); got != "No hubo ninguno." {
		t.Errorf("to change: %q", got)
	}
	b.do(chromedp.Evaluate[chromedp.Void](`for (const x of document.querySelectorAll('[name^="body."]')) x.value = ""`))
	b.fill(map[string]string{"ask.es": "Fiscalía de prueba", "ask.en": "Prosecutor of this test"})
	b.press("main form .govuk-button")
	if text := b.text("main"); strings.Contains(text, "No hubo ninguno.") || !strings.Contains(text, "No nos corresponde; consulte a: Fiscalía de prueba.") || !strings.Contains(text, "This is not our remit; please ask: Prosecutor of this test.") {
		t.Errorf("not our remit: %s", text)
	}
	g := mx.security(t).ID
	all, err := mx.node.PressLines(t.Context(), who("press"), g, meeting)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	id := all[0].State.Instrument
	b.open(mx.url + mx.path(t, "/g/security/press?about="+meeting.String()))
	b.press(`form[action$="/end"] button`)
	b.open(mx.url + mx.path(t, "/g/security/press?about="+meeting.String()))
	if text := b.text("main"); !strings.Contains(text, "No hay ninguna línea discursiva") || !strings.Contains(text, "Ya no se usan") {
		t.Errorf("ended: %s", text)
	}
	if other, err := us.node.PressLines(t.Context(), who("press"), us.security(t).ID, record.ID{}); err != nil || hasAny(other, id) {
		t.Errorf("the other side lists %v, %v", other, err)
	}
	if _, err := us.node.PressLine(t.Context(), who("press"), us.security(t).ID, id); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("the other side reads it: %v", err)
	}
	if _, err := mx.node.Claim(t.Context(), who("press"), g, id); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("it passes for a claim: %v", err)
	}
	x := node.NewPressLine{Line: entente.PressLine{}, Title: map[string]string{"en": "x", "es": "x"}, Body: map[string]string{"en": "x", "es": "x"}}
	if _, err := mx.node.NotePressLine(t.Context(), who("auditor"), g, record.ID{}, x); !errors.Is(err, node.ErrForbidden) && !errors.Is(err, node.ErrNotFound) {
		t.Errorf("an office that signs nothing writes one: %v", err)
	}
	x.Line.About = record.ID{9}
	if _, err := mx.node.NotePressLine(t.Context(), who("press"), g, record.ID{}, x); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("about nothing: %v", err)
	}
}

func hasAny(list []node.Listed, id record.ID) bool {
	for _, x := range list {
		if x.State.Instrument == id {
			return true
		}
	}
	return false
}
