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
