package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente"
	"entente/node"
	"entente/record"
)

// heldOne is the example's announcement that waits to be let out, with the draft that would do so.
func (x *side) heldOne(t *testing.T) *node.Draft {
	t.Helper()
	all, err := x.node.Drafts(t.Context(), who("press"), x.security(t).ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if d.Header.Kind == "statement" && d.Header.Verb == record.Release {
			return d
		}
	}
	t.Fatal("the example holds no announcement back")
	return nil
}

// An announcement says what a text of the other side says. It is held; the other side is shown what it would let be said, has no
// objection, and the text goes out.
func TestAnAnnouncementIsHeldAndReleased(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	d := mx.heldOne(t)
	id := d.Header.Version
	if err := mx.node.Gather(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := newTab(t)
	b.signIn(mx, "press", "en")
	b.open(mx.url + mx.path(t, "/g/security"))
	b.says("held back: 2 passages give away what may not be published")
	b.open(mx.url + mx.path(t, "/g/security/drafts/"+d.Nonce.String()))
	b.says("Mexico will receive notice of each shipment of listed precursors", "Needs the release of United States", "Mexico receives notice of each shipment",
		"Asked: United States has the text as a courtesy copy and has not answered.")
	b.accessible()
	b.shot("announcement-held")
	b.sign(mx, "press", 1)
	b.says("give away what may not be published")

	c := newTab(t)
	c.signIn(us, "press", "es")
	c.open(us.url + us.path(t, "/g/security/i/"+id.String()))
	c.press(`a[href*="stance=acknowledge"]`)
	c.press("main form .govuk-button")
	c.says("Este texto dice lo que su Parte conserva y no ha publicado", "México reciba aviso de cada envío de precursores")
	c.shot("announcement-no-objection")
	c.sign(us, "press", 1)
	mx.await(t, id, func(y *entente.State) bool { return y.Lets(id, "US") })

	b.open(mx.url + mx.path(t, "/g/security/drafts/"+d.Nonce.String()))
	b.says("Nothing in this text gives away")
	b.sign(mx, "press", 1)
	mx.await(t, id, func(y *entente.State) bool { return y.Published(mx.node.Now()) })
}

// Any text can be pasted or uploaded; what is held is shown to whoever may read its source. Nothing of the text is kept.
func TestATextIsCheckedBeforeItIsAStatement(t *testing.T) {
	s := example(t)
	mx := s.sides["MX"]
	r := newReader(t, mx, "press", "en")
	at := mx.path(t, "/g/security/announce")
	if status, page := r.post(at, url.Values{"text": {"  "}}); status != http.StatusUnprocessableEntity || !strings.Contains(page, "Paste a text or choose a file") {
		t.Errorf("nothing to check: %d %.300s", status, page)
	}
	said := "The ministers met. Firearms and components seized southbound will be reported by month and crossing, in separate columns."
	for _, send := range []func() (int, string){
		func() (int, string) { return r.post(at, url.Values{"text": {said}}) },
		func() (int, string) { return r.send(at, "file", []byte(said), nil) },
	} {
		status, page := send()
		if status != http.StatusOK || !strings.Contains(page, "2 passages are held") || !strings.Contains(page, "Firearms and components seized southbound will be reported by month and crossing, in separate columns</mark>") ||
			!strings.Contains(page, "firearms and components seized southbound are reported by month and crossing in separate columns") {
			t.Errorf("what is held: %d %.6000s", status, page[strings.Index(page, "<main"):])
		}
	}
	if _, page := r.post(at, url.Values{"text": {"We met."}}); !strings.Contains(page, "Nothing in this text gives away") {
		t.Errorf("a clean text is held: %.3000s", page)
	}
	if status, _ := r.get(at + "/terms"); status != http.StatusForbidden {
		t.Errorf("the press office reads the watch list: %d", status)
	}
	l := newReader(t, mx, "legal", "en")
	if status, page := l.post(at+"/terms", url.Values{"terms": {"Sable Anchor\r\n\r\nHarbour Nine"}, "edition": {"0"}}); status != http.StatusOK {
		t.Fatalf("keeping the list: %d %.2000s", status, page)
	}
	list, err := mx.node.WatchList(t.Context(), who("legal"))
	if err != nil || len(list.Terms) != 2 {
		t.Fatalf("list: %+v, %v", list, err)
	}
	if _, page := r.post(at, url.Values{"text": {"The sable anchor is weighed."}}); !strings.Contains(page, "On the watch list of your party.") || strings.Contains(page, "Sable Anchor") {
		t.Errorf("a listed term: %.3000s", page[strings.Index(page, "<main"):])
	}
	if _, page := l.post(at, url.Values{"text": {"The sable anchor is weighed."}}); !strings.Contains(page, "Sable Anchor") {
		t.Error("who keeps the list is not told the term")
	}
	if err := mx.node.PutWatchList(t.Context(), who("legal"), nil, list.Edition); err != nil {
		t.Fatal(err)
	}
}
