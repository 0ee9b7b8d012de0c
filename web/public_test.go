package web_test

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"entente"
	"entente/consent"
	"entente/node"
	"entente/record"
	"entente/web"
)

// stranger asks a side's node as anybody does: no cookies, no session.
func stranger(t *testing.T, h http.Handler, path, accept string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Language", accept)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Result()
}

func bodyOf(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// statement puts a text on record that both have signed.
func (s *stage) statement(t *testing.T, title string, terms entente.Statement) record.ID {
	t.Helper()
	mx, us := s.sides["MX"], s.sides["US"]
	x := mx.seal(t, "press", node.Act{Kind: "statement", Verb: record.Propose, Parts: append(both("title", title), both("body", title+", in full.")...)}, terms)
	mx.seal(t, "press", node.Act{Kind: "statement", Verb: record.Consent, Version: x.ID}, nil)
	if !terms.Own {
		us.await(t, x.ID, func(y *entente.State) bool { return y.Versions[0].Sides[0].Consent != nil })
		us.seal(t, "press", node.Act{Kind: "statement", Verb: record.Consent, Version: x.ID}, nil)
	}
	for _, y := range s.sides {
		y.await(t, x.ID, func(z *entente.State) bool { return z.Versions[0].Standing == consent.InForce })
	}
	return x.ID
}

// A statement is composed in the browser, signed by both, held back until both have cleared it, and then stands on both
// nodes' public pages and in their feeds, with a proof that verifies offline.
func TestStatementIsHeldBackThenPublished(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	b := newTab(t)
	b.signIn(mx, "press", "es")
	b.open(mx.url + mx.path(t, "/g/security/statements/new"))
	b.fill(map[string]string{"title.en": "Only one language"})
	b.press("main form .govuk-button")
	if text := b.text(".govuk-error-summary"); !strings.Contains(text, "Título en español") || !strings.Contains(text, "Texto en inglés") {
		t.Errorf("what is wrong: %s", text)
	}
	b.fill(map[string]string{"title.en": "On the taps", "title.es": "Sobre las tomas", "body.en": "Taps are counted alike.", "body.es": "Las tomas se cuentan igual.", "day": "2020-01-01"})
	b.press("main form .govuk-button")
	if text := b.text(".govuk-error-summary"); !strings.Contains(text, "No difundir antes de: día") {
		t.Errorf("what is wrong: %s", text)
	}
	b.fill(map[string]string{"day": "", "hour": ""})
	b.press("main form .govuk-button")
	b.sign(mx, "press", 1)
	at := b.at()
	id, err := record.ParseID(at[strings.LastIndex(at, "/")+1:])
	if err != nil {
		t.Fatal(at)
	}
	if text := b.text("main"); !strings.Contains(text, "En reserva: falta la firma de México, Estados Unidos") {
		t.Errorf("the statement: %s", text)
	}
	b.press(`a[href*="/preview"]`)
	if text := b.text("main"); !strings.Contains(text, "Vista previa") || !strings.Contains(text, "Las tomas se cuentan igual.") || !strings.Contains(text, "Taps are counted alike.") {
		t.Errorf("the preview: %s", text)
	}
	slug := mx.path(t, "/g/security")[len("/g/"):]
	page, proof := "/public/"+slug+"/"+id.String(), "/public/"+slug+"/"+id.String()+"/proof"
	hidden := func(when string) {
		t.Helper()
		for p, x := range s.sides {
			for _, path := range []string{page, proof, page + "/annex/x"} {
				r := stranger(t, x.web.Handler(), path, "en")
				if text := bodyOf(t, r); r.StatusCode != http.StatusNotFound || strings.Contains(text, "taps") || r.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s: %s of %s answers %d", when, path, p, r.StatusCode)
				}
			}
			for _, path := range []string{"/public", "/public/feed/en"} {
				r := stranger(t, x.web.Handler(), path, "en")
				if text := bodyOf(t, r); r.StatusCode != http.StatusOK || strings.Contains(text, "taps") || strings.Contains(text, id.String()) {
					t.Errorf("%s: %s of %s answers %d: %s", when, path, p, r.StatusCode, text)
				}
			}
		}
	}
	hidden("proposed")
	mx.seal(t, "press", node.Act{Kind: "statement", Verb: record.Consent, Version: id}, nil)
	us.await(t, id, func(y *entente.State) bool { return y.Versions[0].Sides[0].Consent != nil })
	us.seal(t, "press", node.Act{Kind: "statement", Verb: record.Consent, Version: id}, nil)
	mx.await(t, id, func(y *entente.State) bool { return y.Versions[0].Standing == consent.InForce })
	hidden("agreed")
	b.open(at)
	b.press(`a[href$="/release"]`)
	b.choose("when", "later")
	b.press("main form .govuk-button")
	if text := b.text(".govuk-error-summary"); !strings.Contains(text, "Día") {
		t.Errorf("what is wrong: %s", text)
	}
	b.choose("when", "soonest")
	b.press("main form .govuk-button")
	b.sign(mx, "press", 1)
	if text := b.text("main"); !strings.Contains(text, "falta la autorización de difusión de Estados Unidos") {
		t.Errorf("cleared by one: %s", text)
	}
	us.await(t, id, func(y *entente.State) bool { return len(y.Versions[0].Releases) == 1 })
	hidden("cleared by one")
	us.seal(t, "press", node.Act{Kind: "statement", Verb: record.Release, Version: id}, nil)
	mx.await(t, id, func(y *entente.State) bool { return y.Published(mx.node.Now()) })

	for p, x := range s.sides {
		for lang, want := range map[string]string{"en": "Taps are counted alike.", "es": "Las tomas se cuentan igual."} {
			r := stranger(t, x.web.Handler(), page, lang)
			text := bodyOf(t, r)
			if r.StatusCode != http.StatusOK || !strings.Contains(text, want) || !strings.Contains(text, "entente verify") {
				t.Errorf("%s at %s answers %d", page, p, r.StatusCode)
			}
			if r.Header.Get("Set-Cookie") != "" || !strings.HasPrefix(r.Header.Get("Cache-Control"), "public, max-age=") || r.Header.Get("ETag") == "" || r.Header.Get("Content-Security-Policy") == "" {
				t.Errorf("headers of a public page: %v", r.Header)
			}
			if strings.Contains(text, "press") || strings.Contains(text, "/g/"+slug) {
				t.Errorf("the public page names an office or leads inside")
			}
			feed := stranger(t, x.web.Handler(), "/public/feed/"+lang, "de")
			var f struct {
				Entries []struct {
					ID      string `xml:"id"`
					Title   string `xml:"title"`
					Content string `xml:"content"`
					Link    struct {
						Href string `xml:"href,attr"`
					} `xml:"link"`
				} `xml:"entry"`
			}
			if err := xml.Unmarshal([]byte(bodyOf(t, feed)), &f); err != nil || feed.Header.Get("Content-Type") != "application/atom+xml; charset=utf-8" {
				t.Fatalf("feed: %v", err)
			}
			found := false
			for _, e := range f.Entries {
				found = found || e.Content == want && strings.HasPrefix(e.Link.Href, x.url+page)
			}
			if !found {
				t.Errorf("the feed of %s in %s: %+v", p, lang, f)
			}
		}
		r := stranger(t, x.web.Handler(), proof, "en")
		file := bodyOf(t, r)
		e, err := entente.ParseEvidence([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		if v := e.Verify(entente.VerifyOptions{Now: x.node.Now()}); !v.Valid || !v.View.Published || v.Subject != id {
			t.Errorf("the proof of %s: %+v", p, v)
		}
		one := stranger(t, x.web.Handler(), page, "en")
		again := httptest.NewRequest(http.MethodGet, page, nil)
		again.Header.Set("Accept-Language", "en")
		again.Header.Set("If-None-Match", one.Header.Get("ETag"))
		rec := httptest.NewRecorder()
		x.web.Handler().ServeHTTP(rec, again)
		if rec.Code != http.StatusNotModified {
			t.Errorf("asked again: %d", rec.Code)
		}
	}
	// In a browser, by somebody who never signed in.
	c := newTab(t)
	c.open(us.url + "/public?lang=en")
	c.press(`a[href$="` + id.String() + `"]`)
	if text := c.text("main"); !strings.Contains(text, "On the taps") || !strings.Contains(text, "Agreed by United States, Mexico") {
		t.Errorf("the public page: %s", text)
	}
	if cookies := evaluate[string](c, `document.cookie`); cookies != "" {
		t.Errorf("cookies %q", cookies)
	}
	b.open(mx.url + mx.path(t, "/g/security/statements"))
	if text := b.text("main"); !strings.Contains(text, "Público desde el") {
		t.Errorf("the list: %s", text)
	}
}

// What is under an embargo, or one party's own, and how the other side answers to that.
func TestCourtesyCopy(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	far := mx.node.Now() + 400*86400
	held := s.statement(t, "Under an embargo of this test", entente.Statement{Embargo: far})
	for p, x := range s.sides {
		x.seal(t, "press", node.Act{Kind: "statement", Verb: record.Release, Version: held}, nil)
		_ = p
	}
	for _, x := range s.sides {
		x.await(t, held, func(y *entente.State) bool { return len(y.Versions[0].Releases) == 2 })
		if text := bodyOf(t, stranger(t, x.web.Handler(), "/public", "en")); strings.Contains(text, "embargo of this test") {
			t.Error("public before the hour")
		}
	}
	own := s.statement(t, "Our own word of this test", entente.Statement{Own: true})
	b := newTab(t)
	b.signIn(us, "press", "en")
	at := us.url + us.path(t, "/g/security/i/"+own.String())
	b.open(at)
	if text := b.text("main"); !strings.Contains(text, "No objection") || strings.Contains(strings.ToLower(text), "approv") {
		t.Errorf("the copy: %s", text)
	}
	b.press(`a[href*="stance=acknowledge"]`)
	b.press("main form .govuk-button")
	b.sign(us, "press", 1)
	mx.await(t, own, func(y *entente.State) bool { return len(y.Replies) == 1 && y.Replies[0].Stance == entente.Acknowledge })
	c := newTab(t)
	c.signIn(mx, "press", "en")
	c.open(mx.url + mx.path(t, "/g/security/statements/"+own.String()+"/release"))
	if text := c.text("main"); !strings.Contains(text, "United States has no objection to the courtesy copy") {
		t.Errorf("before it is let out: %s", text)
	}
	mx.seal(t, "press", node.Act{Kind: "statement", Verb: record.Release, Version: own}, nil)
	us.await(t, own, func(y *entente.State) bool { return y.Published(us.node.Now()) })
	if text := bodyOf(t, stranger(t, mx.web.Handler(), "/public", "en")); !strings.Contains(text, "Our own word of this test") {
		t.Error("not public at the node of the party that said it")
	}
	if text := bodyOf(t, stranger(t, us.web.Handler(), "/public", "en")); strings.Contains(text, "Our own word of this test") {
		t.Error("public at the node of the other party")
	}
	b.open(us.url + us.path(t, "/g/security/i/"+held.String()))
	if text := b.text("main"); !strings.Contains(text, "Held back until") {
		t.Errorf("under an embargo: %s", text)
	}
}

// A courtesy copy comes back with observations; its author answers by another text, which is another copy, and lets it out after it
// has read that nothing was said of that one.
func TestCourtesyCopyComesBackWithObservations(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	text := func(body string, instrument record.ID) *node.Sealed {
		return mx.seal(t, "press", node.Act{Kind: "statement", Verb: record.Propose, Nature: record.Political, Instrument: instrument, Parts: append(both("title", "Copy with observations"), both("body", body)...)}, entente.Statement{Own: true})
	}
	first := text("We found five crossings.", record.ID{})
	us.await(t, first.ID, func(*entente.State) bool { return true })
	b := newTab(t)
	b.signIn(us, "press", "en")
	b.open(us.url + us.path(t, "/g/security"))
	b.says("Texts of the other side, shown to you beforehand", "Copy with observations")
	b.open(us.url + us.path(t, "/g/security/i/"+first.ID.String()))
	b.press(`a[href*="stance=contest"]`)
	b.fill(map[string]string{"body.en": "Please leave the number out."})
	b.press("main form .govuk-button")
	b.sign(us, "press", 1)
	mx.await(t, first.ID, func(y *entente.State) bool { return len(y.Replies) == 1 && y.Replies[0].Stance == entente.Contest })
	c := newTab(t)
	c.signIn(mx, "press", "en")
	c.open(mx.url + mx.path(t, "/g/security/i/"+first.ID.String()))
	c.says("United States has observations on the courtesy copy", "Please leave the number out.")
	second := text("We found crossings.", first.ID)
	mx.seal(t, "press", node.Act{Kind: "statement", Verb: record.Consent, Version: second.ID}, nil)
	us.await(t, first.ID, func(y *entente.State) bool { return y.InForce() != nil && y.InForce().ID == second.ID })
	b.open(us.url + us.path(t, "/g/security/i/"+first.ID.String()))
	b.says("United States has had the courtesy copy since", "No objection")
	c.open(mx.url + mx.path(t, "/g/security/statements/"+first.ID.String()+"/release"))
	c.says("United States has had the courtesy copy since")
	c.press("main form .govuk-button")
	c.sign(mx, "press", 1)
	mx.await(t, first.ID, func(y *entente.State) bool { return y.Published(mx.node.Now()) })
	if page := bodyOf(t, stranger(t, mx.web.Handler(), "/public/"+strings.TrimPrefix(mx.slug(t), "/g/")+"/"+first.ID.String(), "en")); !strings.Contains(page, "We found crossings.") || strings.Contains(page, "five") {
		t.Errorf("what is public: %s", page)
	}
}

// Two parties tell one meeting each in its own words: what both say, what they say otherwise, and what each says alone.
func TestTwoCommuniques(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	meeting := s.agreedMeeting(t, "Communiques of this test")
	said := map[string]string{"MX": "We met. We handed over 26 persons under the treaty in this period. No operation was discussed.",
		"US": "We met. We handed over 55 persons under the treaty in this period. We thank our officers."}
	ids := map[string]record.ID{}
	for _, p := range []string{"MX", "US"} {
		parts := append(both("title", "Account of "+p), node.NewPart{Name: "body.en", Content: []byte(said[p])}, node.NewPart{Name: "body.es", Content: []byte("Nos reunimos.")})
		ids[p] = s.sides[record.Party(p)].seal(t, "press", node.Act{Kind: "statement", Verb: record.Propose, Nature: record.Political, Parts: parts}, entente.Statement{Form: entente.FormReadout, Meeting: meeting, Own: true}).ID
	}
	mx.await(t, ids["US"], func(*entente.State) bool { return true })
	us.await(t, ids["MX"], func(*entente.State) bool { return true })
	b := newTab(t)
	b.signIn(mx, "press", "en")
	b.open(mx.url + mx.path(t, "/g/security/meetings/"+meeting.String()))
	b.press(`a[href$="/beside"]`)
	text := b.text("main")
	for _, want := range []string{"Account of MX", "Account of US", "We met.", "Other figures", "Said by Mexico alone", "No operation was discussed.", "Said by United States alone", "We thank our officers."} {
		if !strings.Contains(text, want) {
			t.Errorf("side by side lacks %q: %s", want, text)
		}
	}
	if strings.Count(text, "We met.") != 1 || strings.Index(text, "Account of MX") > strings.Index(text, "Account of US") {
		t.Errorf("what both say stands once, and the own text first: %s", text)
	}
	if !strings.Contains(text, "United States has had the courtesy copy since") {
		t.Errorf("the courtesy copy is not spoken of: %s", text)
	}
	joint := s.statement(t, "A joint text of this test", entente.Statement{})
	b.do(chromedp.Navigate(mx.url + mx.path(t, "/g/security/statements/"+joint.String()+"/beside")))
	if text := b.text("main"); strings.Contains(text, "side by side") {
		t.Errorf("a joint text beside itself: %s", text)
	}
}

// Minutes begin with what was decided, and both agree to them; the meeting's page names them.
func TestMinutesAreAgreed(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	meeting := s.agreedMeeting(t, "Minutes of this test")
	mx.seal(t, "desk", node.Act{Kind: "meeting", Verb: record.Note, Instrument: meeting, Parts: both("title", "Counting")}, entente.AgendaItem{Item: 4})
	mx.seal(t, "desk", node.Act{Kind: "decision", Verb: record.Propose, Parts: append(both("title", "We count alike"), both("body", "x")...)}, entente.Decision{Meeting: meeting, Item: 4})
	b := newTab(t)
	b.signIn(mx, "foreign-secretary", "en")
	b.open(mx.url + mx.path(t, "/g/security/meetings/"+meeting.String()))
	b.press(`a[href*="statements/new?meeting="]`)
	body := evaluate[string](b, `document.querySelector('[name="body.es"]').value`)
	if !strings.Contains(body, "4. Counting (es)") || !strings.Contains(body, "Se decidió: We count alike (es) (falta firma de ambas Partes)") {
		t.Errorf("prefilled: %s", body)
	}
	b.choose("whose", "own")
	b.press("main form .govuk-button")
	if text := b.text(".govuk-error-summary"); !strings.Contains(text, "Minutes are agreed by both sides") {
		t.Errorf("what is wrong: %s", text)
	}
	b.choose("whose", "joint")
	b.press("main form .govuk-button")
	b.sign(mx, "foreign-secretary", 1)
	b.press(`form[action$="/act"] button`)
	b.sign(mx, "foreign-secretary", 1)
	id, err := record.ParseID(b.at()[strings.LastIndex(b.at(), "/")+1:])
	if err != nil {
		t.Fatal(b.at())
	}
	us.await(t, id, func(y *entente.State) bool { return y.Versions[0].Sides[0].Consent != nil })
	c := newTab(t)
	c.signIn(us, "press", "en")
	c.open(us.url + us.path(t, "/g/security/i/"+id.String()))
	c.press(`form[action$="/act"] button`)
	c.sign(us, "press", 1)
	mx.await(t, id, func(y *entente.State) bool {
		return y.Versions[0].Standing == consent.InForce && y.Fact("form") == "minutes"
	})
	b.open(mx.url + mx.path(t, "/g/security/meetings/"+meeting.String()))
	if text := b.text("main"); !strings.Contains(text, "Minutes: Minutes of this test") {
		t.Errorf("the meeting: %s", text)
	}
	b.do(chromedp.Navigate(mx.url + mx.path(t, "/g/security/i/"+meeting.String())))
	if text := b.text("main"); !strings.Contains(text, "Decisions, minutes and readouts") || !strings.Contains(text, "We count alike") {
		t.Errorf("what came of it: %s", text)
	}
}

// A node that was not told to has no public pages, and one that is asked too often says so.
func TestPublicPagesAreOffUnlessAllowed(t *testing.T) {
	s := example(t)
	mx := s.sides["MX"]
	id := s.statement(t, "Published by this test \u202e4321", entente.Statement{})
	for _, x := range s.sides {
		x.seal(t, "press", node.Act{Kind: "statement", Verb: record.Release, Version: id}, nil)
	}
	mx.await(t, id, func(y *entente.State) bool { return y.Published(mx.node.Now()) })
	page := "/public/" + mx.path(t, "/g/security")[len("/g/"):] + "/" + id.String()
	off, err := web.New(mx.node, web.Options{Origin: mx.url, Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	on, err := web.New(mx.node, web.Options{Origin: mx.url, Zone: time.UTC, Public: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/public", page, page + "/proof", "/public/feed/en"} {
		if r := stranger(t, off.Handler(), path, "en"); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s answers %d where it is off", path, r.StatusCode)
		}
		r := stranger(t, on.Handler(), path, "en")
		if r.StatusCode != http.StatusOK {
			t.Errorf("%s answers %d where it is on", path, r.StatusCode)
		}
		if text := bodyOf(t, r); path != page+"/proof" && (strings.Contains(text, "\u202e") || !strings.Contains(text, "Published by this test [U+202E]4321")) {
			t.Errorf("%s hides what turns the text round", path)
		}
	}
	for _, path := range []string{"/public/feed/fr", "/public/nothing/" + id.String(), page[:len(page)-1] + "0", page + "x", page + "/annex/none", "/public/" + page[8:24]} {
		if r := stranger(t, on.Handler(), path, "en"); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s answers %d", path, r.StatusCode)
		}
	}
	refused := 0
	for range 700 {
		if r := stranger(t, on.Handler(), "/public/feed/xx", "en"); r.StatusCode == http.StatusTooManyRequests && r.Header.Get("Retry-After") != "" {
			refused++
		}
	}
	if refused < 50 {
		t.Errorf("%d of 700 requests were refused", refused)
	}
}
