package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"entente"
	"entente/record"
)

// loaded are the addresses that a page has loaded, of those that contain one of the words.
func (b *tab) loaded(words ...string) []string {
	b.t.Helper()
	var out []string
	for _, a := range evaluate[[]string](b, `performance.getEntriesByType("resource").map(e => e.name)`) {
		for _, w := range words {
			if strings.Contains(a, w) {
				out = append(out, a)
			}
		}
	}
	return out
}

// openMap opens the first map of a page and waits until it stands.
func (b *tab) openMap() {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS("main details[data-map] summary")), chromedp.WaitReady(chromedp.CSS("main details[data-open] [data-pane] path")))
}

// ownOnly fails where a page has loaded anything from elsewhere.
func (b *tab) ownOnly(x *side) {
	b.t.Helper()
	all := b.loaded("")
	for _, a := range all {
		if !strings.HasPrefix(a, x.url+"/") {
			b.t.Errorf("%s loads %s", b.at(), a)
		}
	}
	if len(all) < 4 {
		b.t.Errorf("%s loads no more than %q", b.at(), all)
	}
}

// An area is drawn on the map near the line, by keyboard and mouse. The page says in words who hosts and who is notified; the host's
// consent is asked on the other node. Nothing of the map is loaded before it is opened, and nothing from elsewhere.
func TestAreaIsDrawnOnTheMap(t *testing.T) {
	s := example(t)
	withGround(t, s)
	us, mx := s.sides["US"], s.sides["MX"]
	const office = "foreign-secretary"
	b := newTab(t)
	b.signIn(us, office, "en")
	b.open(us.url + us.slug(t) + "/actions/new")
	if got := b.loaded("/assets/map-", "/outlines/"); len(got) > 0 {
		t.Fatalf("nobody opened the map, and there are %q", got)
	}
	b.fill(map[string]string{"title.en": "A line drawn", "title.es": "Una zona dibujada", "body.en": "Survey.", "body.es": "Reconocimiento.", "lead": "US/" + office,
		"from": isoIn(us, 3), "from-time": "08:00", "to": isoIn(us, 4), "to-time": "18:00", "lat": "32.5300", "lon": "-116.9729"})
	b.openMap()
	if got := b.loaded("/assets/map-", "/outlines/"); len(got) != 3 {
		t.Errorf("the map is %q", got)
	}
	b.ownOnly(us)
	words := func(want ...string) {
		t.Helper()
		script := "true"
		for _, w := range want {
			script += ` && document.querySelector("[data-words]").textContent.includes(` + quote(w) + `)`
		}
		evaluate[chromedp.Void](b, `new Promise(done => { const look = () => `+script+` ? done() : setTimeout(look, 50); look(); })`, chromedp.EvalAwaitPromise)
	}
	words("Takes place in Mexico.", "m from United States, which is notified.")

	// What stood in the fields is the first point of an area; two more are set by keyboard, one by a click, and that is undone.
	pane := chromedp.CSS("[data-pane]")
	b.do(chromedp.Click(chromedp.CSS("#map-polygon")), chromedp.Focus(pane))
	for range 4 {
		b.do(chromedp.KeyEvent(kb.ArrowRight))
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	if got := b.value("geojson"); got != "" || b.value("lat") != "" {
		t.Errorf("two points are an area: %s, %s", got, b.value("lat"))
	}
	words("Nothing is drawn yet.")
	for range 3 {
		b.do(chromedp.KeyEvent(kb.ArrowDown))
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	three := b.value("geojson")
	if strings.Count(three, "[") != 6 || !strings.HasPrefix(three, `{"type":"Polygon","coordinates":[[[-116.9729,32.53],[-116.9`) {
		t.Fatalf("the field holds %s", three)
	}
	b.do(chromedp.ScrollIntoView(pane), chromedp.Click(pane))
	if got := b.value("geojson"); strings.Count(got, "[") != 7 {
		t.Errorf("after the click: %s", got)
	}
	b.do(chromedp.KeyEvent(kb.Backspace))
	if got := b.value("geojson"); got != three {
		t.Errorf("undone: %s, before %s", got, three)
	}
	words("Takes place in Mexico.", "m from United States, which is notified.")
	b.accessible()
	b.shot("map-drawn")

	b.press("main form .govuk-button-group button.govuk-button")
	b.says("Takes place in Mexico.", "m from United States, which is notified.", "OpenStreetMap contributors", "They are no position of any party on a boundary.")
	b.openMap()
	b.shot("map-draft")
	b.sign(us, office, 1)

	m := newReader(t, mx, office, "es")
	id := us.lastAction(t)
	mx.await(t, id, func(x *entente.State) bool { return len(x.Versions) == 1 })
	if page, _ := m.waiting(mx.slug(t) + "?reason=sign"); !strings.Contains(page, "Por firmar") || !strings.Contains(page, "/i/"+id.String()) {
		t.Errorf("the host's consent is not asked under what waits: %.3000s", page)
	}
	c := newTab(t)
	c.signIn(mx, office, "es")
	c.until(t, mx.url+mx.slug(t)+"/i/"+id.String(), func() bool { // the text comes after the record
		return strings.Contains(evaluate[string](c, `document.querySelector("main").innerText`), "Aceptar este texto")
	})
	c.says("Una zona dibujada", "Se lleva a cabo en México.", "m de Estados Unidos")
	if got := c.loaded("/assets/map-", "/outlines/", "/shape"); len(got) > 0 {
		t.Errorf("nobody opened the map, and there are %q", got)
	}
	c.openMap()
	if got := c.loaded("/assets/map-", "/outlines/", "/shape"); len(got) != 4 {
		t.Errorf("the map of the action is %q", got)
	}
	c.ownOnly(mx)
	c.accessible()
	c.shot("map-action")
}

// lastAction is the action that was proposed last at a side.
func (x *side) lastAction(t *testing.T) record.ID {
	t.Helper()
	q := query("action")
	list, err := x.node.Instruments(t.Context(), who("foreign-secretary"), x.security(t).ID, q)
	if err != nil || len(list.Items) == 0 {
		t.Fatal(err)
	}
	last := list.Items[0].State
	for _, i := range list.Items {
		if i.State.Versions[0].Time > last.Versions[0].Time {
			last = i.State
		}
	}
	return last.Instrument
}

// The outlines are for whoever is signed in and has a part in the group, under the digest of its data alone; and they may be kept.
func TestOutlinesAskWhoComes(t *testing.T) {
	s := example(t)
	withGround(t, s)
	x := s.sides["US"]
	digest := x.security(t).Founding.Boundary.Digest.String()
	path := x.slug(t) + "/outlines/" + digest
	stranger := &http.Client{Transport: &http.Transport{DialContext: toThisMachine}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := stranger.Get(x.url + path)
	must(t, err)
	must(t, res.Body.Close())
	if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(res.Header.Get("Location"), "/signin") {
		t.Errorf("a stranger gets %d", res.StatusCode)
	}
	if status, _ := newReader(t, x, "trade-desk", "en").get(path); status != http.StatusNotFound {
		t.Errorf("an office without a part in the group gets %d", status)
	}
	r := newReader(t, x, "desk", "en")
	if status, _ := r.get(x.slug(t) + "/outlines/" + strings.Repeat("a1", 32)); status != http.StatusNotFound {
		t.Errorf("under another digest: %d", status)
	}
	res, err = r.http.Get(x.url + path)
	must(t, err)
	must(t, res.Body.Close())
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/json" || !strings.HasPrefix(res.Header.Get("Cache-Control"), "private, max-age=") {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

// An area comes as GeoJSON, as KML or as text; what gives none is refused at its field, and two areas are one too many.
func TestAreaIsUploaded(t *testing.T) {
	s := example(t)
	withGround(t, s)
	us := s.sides["US"]
	const office = "foreign-secretary"
	r := newReader(t, us, office, "en")
	at := us.slug(t) + "/actions/new"
	const line = `{"type":"LineString","coordinates":[[-116.9729,32.5438],[-116.9829,32.5500]]}`
	const kml = `<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>` +
		`-117.02,32.50 -117.00,32.50 -117.00,32.53 -117.02,32.50</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Document></kml>`
	for _, x := range []struct{ name, content, says string }{
		{"tunnel.geojson", line, "Takes place in United States, Mexico."},
		{"tunnel.kml", kml, "m from United States, which is notified."},
		{"", line, "Takes place in United States, Mexico."}, // as text
		{"tunnel.geojson", `{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,1],[1,0],[0,0]]]}`, "shape-error"},
		{"tunnel.kml", "<kml", "shape-error"},
		{"", "over there", "geojson-error"},
		{"both.geojson", line, "shape-error"},
	} {
		form := survey(us)
		form.Del("lat")
		form.Del("lon")
		content := []byte(x.content)
		switch x.name {
		case "":
			form.Set("geojson", x.content)
			content = nil
		case "both.geojson":
			form.Set("geojson", x.content)
		}
		want := http.StatusOK
		if strings.HasSuffix(x.says, "-error") {
			want = http.StatusUnprocessableEntity
		}
		if status, page := r.sendAs(at, "shape", x.name, content, form); status != want || !strings.Contains(page, x.says) {
			t.Errorf("%s %.60s: %d, without %q", x.name, x.content, status, x.says)
		}
	}
	ds, err := us.node.Drafts(t.Context(), who(office), us.security(t).ID)
	must(t, err)
	for _, d := range ds {
		if d.Header.Kind == "action" {
			must(t, us.node.Drop(t.Context(), who(office), d.Nonce))
		}
	}
	if status, page := r.post(us.slug(t)+"/actions/where", map[string][]string{"lat": {"14.63"}, "lon": {"-90.5"}, "radius": {"10"}}); status != http.StatusOK || !strings.Contains(page, "no party of the group") {
		t.Errorf("words of a third state: %d %s", status, page)
	}
	if status, page := r.post(us.slug(t)+"/actions/where", map[string][]string{"geojson": {"x"}}); status != http.StatusOK || !strings.Contains(page, `"wrong":true`) {
		t.Errorf("no area: %d %s", status, page)
	}
}
