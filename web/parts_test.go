package web_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"entente"
	"entente/node"
	"entente/record"
)

// holdersOf is the row of the draft page that names who will hold a copy of the section.
var holdersOf = regexp.MustCompile(`(?s)<tr[^>]*><td[^>]*>route\.txt</td>.{0,400}México, Estados Unidos`)

var dropped = regexp.MustCompile(`action="([^"]*/drop)"`)

// A party asks for its copy back on the page; the other side finds that it waits, gives it back, and its page says that it is gone.
// Content of an ended text is offered to be destroyed.
func TestCopiesAreAskedBack(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	parts := append(append(both("title", "Copies of this test"), both("body", "x")...), node.NewPart{Name: "annex/names.txt", Content: []byte("secret names")})
	x := mx.seal(t, "desk", node.Act{Kind: "decision", Verb: record.Propose, Parts: parts}, entente.Decision{Meeting: s.agreedMeeting(t, "Copies"), Item: 1})
	us.await(t, x.ID, func(*entente.State) bool { return true })
	at := mx.slug(t) + "/i/" + x.ID.String()
	r := newReader(t, mx, "desk", "es")
	if _, page := r.get(at); !strings.Contains(page, "Pedir la devolución de copias…") || strings.Contains(page, "Eliminar contenido…") {
		t.Fatalf("what can be done: %s", page)
	}
	if _, page := r.post(at+"/recall", url.Values{"of": {x.ID.String()}}); !strings.Contains(page, "govuk-error-summary") {
		t.Error("nothing was chosen, and that is right")
	}
	if _, page := r.post(at+"/recall", url.Values{"of": {x.ID.String()}, "parts": {"annex/names.txt"}}); !strings.Contains(page, "Leer y firmar") {
		t.Errorf("the draft: %s", page)
	} else if drop := dropped.FindStringSubmatch(page); drop != nil {
		r.post(drop[1], nil)
	}
	recall := mx.seal(t, "desk", node.Act{Kind: "decision", Verb: record.Recall, Instrument: x.ID}, entente.PartsOf{Of: x.ID, Parts: []string{"annex/names.txt"}})
	us.await(t, x.ID, func(y *entente.State) bool { return len(y.Recalls) == 1 })
	q := newReader(t, us, "desk", "en")
	_, page := q.get(at)
	if !strings.Contains(page, "Give the copy back…") || !strings.Contains(page, "names.txt") {
		t.Fatalf("the other side: %s", page)
	}
	if status, page := q.get(at + "/reply?to=" + recall.ID.String() + "&stance=acknowledge"); status != 200 || !strings.Contains(page, "destroys its copy") {
		t.Errorf("%d %s", status, page)
	}
	us.seal(t, "desk", node.Act{Kind: "decision", Verb: record.Reply, Instrument: x.ID}, entente.ReplyTerms{To: recall.ID, Stance: entente.Acknowledge})
	if status, _ := q.get(us.slug(t) + "/r/" + x.ID.String() + "/annex/names.txt"); status != 404 {
		t.Errorf("the copy answers %d", status)
	}
	mx.await(t, x.ID, func(y *entente.State) bool { return y.Recalls[0].Answer("US") == entente.Acknowledge })
	if _, page := r.get(at); strings.Count(page, "Pedir la devolución de copias…") != 1 { // of the rest
		t.Error("what was given back is asked for again")
	}
}

// A section that stays at home is released to the other side on the page: the form is filled in, the act signed, and the other side
// reads the section, which its page did not have before.
func TestSectionsAreReleased(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	parts := append(append(both("title", "Release of this test"), both("body", "x")...), node.NewPart{Name: "annex/route.txt", Content: []byte("the northern route"),
		Marking: &record.Marking{TLP: record.Amber}})
	x := mx.seal(t, "press", node.Act{Kind: "statement", Verb: record.Propose, Parts: parts}, entente.Statement{Own: true})
	us.await(t, x.ID, func(*entente.State) bool { return true })
	file := "/r/" + x.ID.String() + "/annex/route.txt"
	q := newReader(t, us, "desk", "en")
	if status, page := q.get(us.slug(t) + file); status != 404 || strings.Contains(page, "northern") {
		t.Fatalf("before: %d", status)
	}
	at := mx.slug(t) + "/i/" + x.ID.String()
	r := newReader(t, mx, "press", "es")
	if _, page := r.get(at); !strings.Contains(page, "/widen?of="+x.ID.String()) {
		t.Fatalf("it is not offered: %s", page)
	}
	if _, page := r.post(at+"/widen", url.Values{"of": {x.ID.String()}, "parts": {"annex/route.txt"}}); !strings.Contains(page, "Elija a quién se entregan los apartados.") {
		t.Errorf("nobody was named: %s", page)
	}
	_, page := r.post(at+"/widen", url.Values{"of": {x.ID.String()}, "parts": {"annex/route.txt"}, "to": {"US"}})
	if !strings.Contains(page, "Leer y firmar") || !strings.Contains(page, "Su nodo envía estos apartados a quienes se nombra.") ||
		!holdersOf.MatchString(page) {
		t.Errorf("the draft: %s", page)
	}
	if !strings.Contains(page, "Tendrán acceso quienes antes no lo tenían") || !strings.Contains(page, "route.txt: <strong>Estados Unidos</strong>") {
		t.Errorf("it does not say who gets more: %s", page)
	}
	sign := strings.Replace(dropped.FindStringSubmatch(page)[1], "/drop", "/sign", 1)
	signature := url.Values{"seat": {"1"}, "alg": {"-19"}, "time": {"1"}, "signature": {"00"}}
	if status, page := r.post(sign, signature); status != 422 || !strings.Contains(page, `href="#widening"`) || !strings.Contains(page, "route.txt: <strong>Estados Unidos</strong>") {
		t.Errorf("signed without the box: %d %s", status, page)
	}
	signature.Set("widening", "yes")
	if status, page := r.post(sign, signature); status != 422 || strings.Contains(page, `href="#widening"`) {
		t.Errorf("the box is ticked, and a signature that is none is not taken: %d %s", status, page)
	}
	if drop := dropped.FindStringSubmatch(page); drop != nil {
		r.post(drop[1], nil)
	}
	mx.seal(t, "press", node.Act{Kind: "statement", Verb: record.Release, Instrument: x.ID},
		entente.Released{Widening: entente.Widening{Of: x.ID, Parts: []string{"annex/route.txt"}, To: []record.Party{"US"}}})
	us.await(t, x.ID, func(y *entente.State) bool { return len(y.Widened) == 1 })
	if status, page := q.get(us.slug(t) + file); status != 200 || !strings.Contains(page, "northern") {
		t.Errorf("after: %d %s", status, page)
	}
	if _, page := q.get(us.slug(t) + "/i/" + x.ID.String()); !strings.Contains(page, "released sections to others") {
		t.Error("the history does not say so")
	}
}
