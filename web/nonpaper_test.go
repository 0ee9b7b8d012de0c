package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/node"
	"entente/record"
)

// delivered waits until a side's own non-paper was answered by the other node.
func (x *side) delivered(t *testing.T, path string, want node.Said) {
	t.Helper()
	var id record.Nonce
	if err := id.UnmarshalText([]byte(path[strings.LastIndex(path, "/")+1:])); err != nil {
		t.Fatal(err)
	}
	eventually(t, x.node, func() bool {
		p, _, err := x.node.NonPaper(t.Context(), who("desk"), x.security(t).ID, x.id, id)
		if err != nil {
			t.Fatal(err)
		}
		return len(p.Delivery) == 1 && p.Delivery[0].Said == want
	})
}

func TestNonPaperIsShownAndTakenBack(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	a, b := newTab(t), newTab(t)
	a.signIn(mx, "desk", "es")
	b.signIn(us, "desk", "en")

	// Nothing, or half a text, is not kept; what was written stays in the form.
	a.open(mx.url + mx.slug(t) + "/nonpapers")
	a.press(`main a[href$="/nonpapers/new"]`)
	a.fill(map[string]string{"until": "2001-01-01"})
	a.press("main form button")
	a.says("Redáctelo en al menos un idioma", "Elija un día dentro del próximo año")
	a.fill(map[string]string{"title.es": "Una ventanilla común para rastreos", "until": "2026-12-31"})
	a.press("main form button")
	a.says("Llene este campo")
	if v := a.value("title.es"); v != "Una ventanilla común para rastreos" {
		t.Errorf("the form forgot the title: %q", v)
	}
	a.accessible()
	a.fill(map[string]string{"body.es": "¿Y si ambas Partes respondieran en cinco días?\n\nSolo es una idea.", "until": isoIn(mx, 20)})
	a.press("main form button")
	a.says("Guardado en casa", "Solo es una idea.", "En casa")
	a.accessible()
	a.shot("nonpaper-draft")
	path := strings.TrimPrefix(a.at(), mx.url)

	// Nobody of the other side sees it before it is shown, nor shows it himself.
	there := newReader(t, us, "foreign-secretary", "en")
	if status, _ := there.get(path); status != http.StatusNotFound {
		t.Errorf("%d before it was shown", status)
	}
	a.press(`main a[href$="/float"]`)
	a.says("podrá leerlo desde ahora", "Estados Unidos")
	a.accessible()
	a.press("main form button")
	a.says("La contraparte lo recibe ahora")
	mx.delivered(t, path, node.SaidHeld)

	b.open(us.url + us.slug(t) + "/nonpapers")
	b.says("Not read yet", "Una ventanilla común para rastreos", "from Mexico")
	b.accessible()
	b.press(`main a[href="` + path + `"]`)
	b.says("It has no standing", "¿Y si ambas Partes respondieran en cinco días?")
	b.accessible()
	b.shot("nonpaper-theirs")
	if n := evaluate[int](b, `document.querySelectorAll("main form, main a.govuk-button").length`); n != 0 {
		t.Errorf("the reader is offered %d acts", n)
	}
	for _, act := range []string{"/float", "/take-back"} {
		if status, _ := there.post(path+act, url.Values{}); status != http.StatusForbidden {
			t.Errorf("the reader's %s is answered %d", act, status)
		}
	}

	// It becomes a proposal: the form begins with its words.
	a.open(mx.url + path)
	a.press(`main a[href*="commitments/new?nonpaper="]`)
	if a.value("title.es") != "Una ventanilla común para rastreos" || !strings.Contains(a.value("body.es"), "cinco días") {
		t.Error("the proposal does not begin as the non-paper")
	}

	a.open(mx.url + path)
	a.press(`main a[href$="/take-back"]`)
	a.says("Lo leído puede recordarse")
	a.press("main form button")
	a.says("Retirado")
	mx.delivered(t, path, node.SaidDestroyed)
	b.open(us.url + path)
	b.says("Taken back", "Its text was destroyed")
	if strings.Contains(b.text("main"), "ventanilla") {
		t.Error("the text is still shown after it was taken back")
	}
	a.open(mx.url + path)
	a.says("Destruyó su copia")
}

// One that no route lets out is cleared first; one that is discarded was never seen.
func TestNonPaperIsClearedFirst(t *testing.T) {
	s := example(t)
	us := s.sides["US"]
	if err := us.node.PutRoute(t.Context(), operator, node.Route{Name: "ideas", Kinds: []string{node.NonPaperKind}, Stages: [][]string{{"legal"}}}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := us.node.DropRoute(t.Context(), operator, "ideas"); err != nil {
			t.Error(err)
		}
	}()
	desk, legal := newTab(t), newTab(t)
	desk.signIn(us, "desk", "en")
	legal.signIn(us, "legal", "en")
	desk.open(us.url + us.slug(t) + "/nonpapers/new")
	desk.fill(map[string]string{"title.en": "An idea to be cleared", "body.en": "What if?"})
	desk.press("main form button")
	desk.says("must clear the text", "Not asked yet")
	path := desk.at()
	desk.open(path + "/float")
	desk.press("main form button")
	desk.says("This was not put on record", "Clearance at home")
	desk.open(path + "/clearance")
	desk.says("Asked in any case")
	desk.press("main form button")
	desk.says("The offices were asked")
	clearance := desk.at()
	legal.open(clearance)
	legal.says("An idea to be cleared", "What if?", "Non-paper", "Mexico")
	legal.accessible()
	legal.choose("word", "clear")
	legal.press("main form button")
	legal.says("Your office has cleared the text")
	desk.open(path)
	desk.says("Every office asked has cleared this text")
	desk.press(`main a[href$="/take-back"]`)
	desk.says("never learns of it")
	desk.press("main form button")
	desk.says("Discarded")
	legal.open(clearance)
	legal.says("Nothing is left to clear")
	if status, _ := newReader(t, us, "desk", "en").get(strings.TrimPrefix(path, us.url)); status != http.StatusNotFound {
		t.Errorf("a discarded one answers %d", status)
	}
}
