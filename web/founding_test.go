package web_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"entente"
	"entente/demo"
	"entente/node"
	"entente/peer"
	"entente/record"
	"entente/territory"
	"entente/web"
)

// fresh are two ministries' nodes as entente init leaves them, served, on two addresses: they do not know one another.
func fresh(t *testing.T) (mx, us *side) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	sides := map[record.Party]*side{}
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		var err error
		for _, x := range sides {
			err = errors.Join(err, x.node.Close())
		}
		must(t, err)
	})
	names := map[record.Party]map[string]string{"MX": {"en": "Mexico", "es": "México"}, "US": {"en": "United States", "es": "Estados Unidos"}}
	for p := range names {
		x := &side{id: p, dir: filepath.Join(t.TempDir(), string(p))}
		free, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		address := free.Addr().String()
		must(t, free.Close())
		must(t, os.MkdirAll(filepath.Join(x.dir, "seats"), 0o700))
		var offices []entente.Office
		for _, o := range []string{"desk", "trade", "press"} {
			pub, key, err := ed25519.GenerateKey(nil)
			must(t, err)
			must(t, node.SaveKey(filepath.Join(x.dir, "seats", o+"-1.age"), key, demo.Passphrase, 2))
			kinds := []string{"*"}
			if o == "press" {
				kinds = []string{"statement"}
			}
			offices = append(offices, entente.Office{ID: o, Names: map[string]string{"en": "Office " + o, "es": "Oficina " + o}, Seats: []entente.Seat{{Number: 1, Key: entente.Key{Alg: record.Ed25519, Public: entente.HexBytes(pub)}}},
				Grants: []entente.Grant{{Kinds: kinds, Sign: 1}}})
		}
		must(t, node.Init(ctx, node.Setup{Dir: x.dir, Config: node.Config{Party: p, Names: names[p], Address: address}, Passphrase: demo.Passphrase, WorkFactor: 2, Offices: offices}))
		x.node, err = node.Open(ctx, node.Options{Dir: x.dir})
		must(t, err)
		sides[p] = x
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		_, port, _ := net.SplitHostPort(l.Addr().String())
		x.url = "http://" + strings.ToLower(string(p)) + ".localhost:" + port
		x.web, err = web.New(x.node, web.Options{Origin: x.url, Zone: time.UTC})
		must(t, err)
		srv := &http.Server{Handler: x.web.Handler(), ReadHeaderTimeout: time.Minute}
		ex, err := peer.New(x.node, peer.Options{Listen: address})
		must(t, err)
		wg.Go(func() { _ = srv.Serve(l) })
		wg.Go(func() { _ = ex.Run(ctx) })
		wg.Go(func() { <-ctx.Done(); _ = srv.Close() })
	}
	return sides["MX"], sides["US"]
}

// keep writes what a page gave out into a file, to be handed over.
func keep(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, b, 0o600))
	return path
}

// introduce has one side keep the other's introduction: a file, and what is heard over the telephone.
func introduce(t *testing.T, b *tab, x *side, file, heard string, wrong ...string) {
	t.Helper()
	b.open(x.url + "/setup/party")
	b.upload("file", file)
	b.press("main form button")
	for _, w := range wrong {
		b.fill(map[string]string{"heard": w})
		b.press("main form button")
		if all, err := x.node.Introductions(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("kept though %q was heard: %v", w, err)
		}
	}
	if all := evaluate[string](b, `document.documentElement.outerHTML`); strings.Contains(all, heard) {
		t.Error("the page shows what is to be heard")
	}
	if len(wrong) > 0 {
		b.accessible()
	}
	b.shot("found-heard-" + string(x.id))
	b.fill(map[string]string{"heard": heard})
	b.press("main form button")
}

// Two ministries set up a real group between their own nodes from their browsers alone; one proposes, and the other has it. Then two of
// their offices make a smaller group, of which nobody else sees anything.
func TestGroupIsFounded(t *testing.T) {
	mx, us := fresh(t)
	b, c := newTab(t), newTab(t)
	b.signIn(mx, "desk", "es")
	b.says("Todavía no hay ningún grupo")
	c.signIn(us, "desk", "en")

	// Keys: where they are, and that the paper is this node's.
	b.press(`main a[href="/setup"]`)
	b.says("Llaves de recuperación Por hacer", "root.age")
	b.accessible()
	b.press(`main a[href="/setup/keys"]`)
	i, err := mx.node.Introduction(t.Context())
	must(t, err)
	digest := i.Next.String()
	b.fill(map[string]string{"root": "Caja fuerte 1", "next": "Caja fuerte 1", "sheet": "Notaría", "compared": "00000000"})
	b.press("main form button")
	b.says("dos lugares", "La hoja de este nodo dice otra cosa")
	b.accessible()
	b.shot("found-keys")
	b.fill(map[string]string{"next": "Otro inmueble", "compared": digest[len(digest)-8:]})
	b.press("main form button")
	b.says("Asentado. Permanece en su Parte")

	// Introductions, with what is heard over the telephone.
	files, heard := map[*side]string{}, map[*side]string{}
	for x, p := range map[*side]*tab{mx: b, us: c} {
		p.open(x.url + "/setup")
		files[x] = keep(t, string(x.id)+".introduction", p.download(`main a[href="/setup/introduction"]`))
		heard[x] = p.text("main .ent-words")
	}
	b.open(mx.url + "/setup/party")
	b.upload("file", files[mx])
	b.press("main form button")
	b.says("presentación de su propia Parte")
	introduce(t, b, mx, files[us], heard[us], "1234", heard[mx])
	introduce(t, c, us, files[mx], strings.ReplaceAll(heard[mx], " ", ""))
	b.says("El nodo de esa Parte se conoce por estas llaves desde ahora", "Estados Unidos (US)")
	b.shot("found-setup")

	// Boundary data, which the charter names.
	square := func(name string, lon float64) string {
		return fmt.Sprintf(`{"type":"Feature","properties":{"A3":%q},"geometry":{"type":"Polygon","coordinates":[[[%g,10],[%g,10],[%g,10.1],[%g,10.1]]]}}`, name, lon, lon+.1, lon+.1, lon)
	}
	data, err := territory.Build(territory.Source{Info: territory.Info{Name: "ground", Source: "squares", Date: "2025", Licence: "CC0-1.0", Attribution: "none", BandM: 500},
		Countries: strings.NewReader(`{"features":[` + square("MEX", 20) + "," + square("USA", 20.1) + `]}`), Property: "A3", Codes: map[string][]string{"MX": {"MEX"}, "US": {"USA"}}})
	must(t, err)
	ground := keep(t, "ground.boundary", data)
	b.open(mx.url + "/setup/boundary")
	b.upload("file", files[us])
	b.press("main form button")
	b.says("no es un archivo de datos de límites")
	b.upload("file", ground)
	b.press("main form button")
	b.says("ground (2025)")

	// One form; shown in both languages; sent from node to node.
	b.press(`main a[href="/setup/charter"]`)
	b.shot("found-form")
	b.fill(map[string]string{"name.es": "Grupo de Implementación de Seguridad", "name.en": "Security Implementation Group", "track": "Security!", "lines": "arms = Arms smuggling", "notice": "x"})
	b.press("main form button")
	evaluate[chromedp.Void](b, `document.querySelector("#boundary").selectedIndex = 1`)
	b.says("minúsculas, cifras y guiones", "Renglón 1", "días completos")
	b.accessible()
	b.fill(map[string]string{"track": "security", "lines": "arms = Arms smuggling | Tráfico de armas\ntunnels = Border tunnels | Túneles fronterizos", "notice": "90", "every": "30"})
	b.press("main form button")
	b.says("Security Implementation Group", "Grupo de Implementación de Seguridad", "Tráfico de armas", "Enviar el texto a la contraparte", "90 días")
	number := b.text("main .ent-panel:last-of-type .ent-words")
	b.accessible()
	b.shot("found-page")
	at := b.at()
	b.press(`main form[action$="/send"] button`)
	eventually(t, us.node, func() bool {
		all, err := us.node.Proposals(t.Context(), who("desk"))
		must(t, err)
		return len(all) == 1
	})
	c.open(us.url + "/")
	c.says("Groups to be founded", "Security Implementation Group")
	c.press(`main a[href^="/setup/charters/"]`)
	c.says("Not held here")
	back := c.at()
	b.open(mx.url + "/setup")
	handed := evaluate[string](b, `fetch(document.querySelector("main a[href^='/setup/boundary/']").href).then(r => r.arrayBuffer()).then(x => btoa(String.fromCharCode(...new Uint8Array(x))))`, chromedp.EvalAwaitPromise)
	same, err := base64.StdEncoding.DecodeString(handed)
	must(t, err)
	c.open(us.url + "/setup/boundary")
	c.upload("file", keep(t, "handed.boundary", same))
	c.press("main form button")
	c.open(back)
	c.says("Sent by Mexico", "ground, digest", number, "Tráfico de armas", "Arms smuggling", "Read the charter and choose your offices")

	// Each side joins with its offices; the root key signs who may act; an official signs the charter.
	group := func(p *tab, x *side, office, at string, looks bool, offices ...string) {
		t.Helper()
		p.open(at + "/join")
		evaluate[any](p, `document.querySelectorAll("main [name=offices]").forEach(x => { x.checked = false })`)
		if looks {
			p.press("main form button") // nobody is chosen
			p.accessible()
		}
		for _, o := range offices {
			p.choose("offices", o)
		}
		p.press("main form button")
		p.shot("found-root-" + string(x.id))
		if looks {
			p.accessible()
		}
		p.signRoot(x)
		p.press(`main .ent-panel a.govuk-button[href*="/drafts/"]`)
		if looks {
			p.accessible()
		}
		p.shot("found-sign-" + string(x.id))
		p.sign(x, office, 1)
	}
	group(b, mx, "desk", at, true, "desk", "press")
	b.open(at)
	b.says("toca a la contraparte", "Aún no se incorpora")
	b.shot("found-waits")
	group(c, us, "desk", us.url+strings.TrimPrefix(at, mx.url), false, "desk")
	for _, x := range []*side{mx, us} {
		eventually(t, x.node, func() bool { g, _ := x.standing(t, "security"); return g != "" })
	}
	b.open(at)
	b.says("El grupo quedó constituido")

	// A commitment reaches the other side.
	_, id := mx.standing(t, "security")
	b.open(mx.url + "/g/security-" + id.Short() + "/commitments/new")
	b.fill(promise("Tracing of seized arms", "2031-05-20"))
	b.press("main form button.govuk-button")
	b.sign(mx, "desk", 1)
	eventually(t, us.node, func() bool {
		l, err := us.node.Instruments(t.Context(), who("desk"), id, query("commitment"))
		must(t, err)
		return len(l.Items) == 1
	})
	c.open(us.url + "/")
	c.says("Tracing of seized arms")

	// A smaller group: one form, the signatures of both, and nothing of it for anybody else.
	b.open(mx.url + "/g/security-" + id.Short() + "/people")
	b.press(`main a[href^="/setup/charter?within="]`)
	b.fill(map[string]string{"name.es": "Asuntos Reservados", "name.en": "Reserved Matters", "track": "reserved"})
	b.press("main form button")
	at = b.at()
	file := keep(t, "reserved.charter", b.download(`main a[href$="/file"]`))
	group(b, mx, "desk", at, false, "desk")
	c.open(us.url + "/setup/charter/file")
	c.upload("file", files[mx])
	c.press("main form button")
	c.says("cannot be taken")
	c.upload("file", file)
	c.press("main form button")
	c.says("Reserved Matters", "This group lies within", "Handed over as a file")
	group(c, us, "desk", us.url+strings.TrimPrefix(at, mx.url), false, "desk")
	for _, x := range []*side{mx, us} {
		eventually(t, x.node, func() bool { g, _ := x.standing(t, "reserved"); return g != "" })
	}
	b.open(mx.url + "/g/security-" + id.Short() + "/people")
	b.says("Asuntos Reservados")
	for _, office := range []string{"press", "trade"} {
		r := newReader(t, mx, office, "es")
		r.look = func(path, body string) {
			if strings.Contains(body, "Asuntos Reservados") || strings.Contains(body, "reserved-") {
				t.Errorf("%s sees the smaller group at %s", office, path)
			}
		}
		r.crawl("/")
		if status, _ := r.get(strings.TrimPrefix(at, mx.url)); status != http.StatusNotFound {
			t.Errorf("%s is answered %d at the smaller group's charter", office, status)
		}
	}
}

// standing finds a group whose charter is in force.
func (x *side) standing(t *testing.T, track string) (string, record.ID) {
	t.Helper()
	for _, g := range x.node.Groups(t.Context(), operator) {
		if g.Founding.Track == track && !g.Charter.IsZero() {
			return track, g.ID
		}
	}
	return "", record.ID{}
}
