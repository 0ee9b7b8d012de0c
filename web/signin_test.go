package web_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"entente"
	"entente/demo"
	"entente/node"
	"entente/record"
	"entente/store"
	"entente/web"
)

// authenticator gives the tab a virtual one: CTAP 2.1 with keys and a person who says yes.
func (b *tab) authenticator() webauthn.AuthenticatorID {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{})
	b.ok(err)
	a, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: "ctap2_1", Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
	b.ok(err)
	return a.AuthenticatorID
}

// An official adds a key to sign in and another to sign with; the administrator names the second in the powers; the official
// signs in by the first, signs a text by the second, and the proof verifies without a node.
func TestPasskeysSignInAndSign(t *testing.T) {
	s := example(t)
	x, b := s.sides["MX"], newTab(t)
	b.authenticator()
	b.signIn(x, "legal", "es")
	add := func(use string) {
		b.open(x.url + "/keys")
		b.do(chromedp.SetValue(chromedp.ID("use"), use), chromedp.SendKeys(chromedp.ID("name"), "equipo "+use))
		b.press("main form[data-passkey] button")
		if got := b.text("main"); !strings.Contains(got, "equipo "+use) {
			t.Fatalf("the key is not listed: %s", got)
		}
	}
	add(node.CredentialSignIn)
	add(node.CredentialSign)
	if got := b.text("main"); !strings.Contains(got, "Aún sin facultades") {
		t.Errorf("a key that no powers name is shown as good: %s", got)
	}
	key := strings.TrimSpace(b.text("main .ent-id"))

	b.press(".ent-header form button") // sign out
	b.open(x.url + "/signin")
	b.press("main form[data-passkey] button")
	if at := b.at(); at != x.url+"/" {
		t.Fatalf("after the passkey: %s", at)
	}

	group, _ := x.group(t)
	x.addSeat(t, group, "legal", key)
	b.open(x.url + "/keys")
	if got := b.text("main"); !strings.Contains(got, "Puede firmar") {
		t.Errorf("the powers name the key, and the page does not say so: %s", got)
	}
	d, err := x.node.Prepare(t.Context(), who("legal"), node.Act{Group: group, Kind: "statement", Verb: record.Propose, Nature: record.Political, Parts: texts("Prueba de firma", "Signature test")})
	must(t, err)
	must(t, x.node.Save(t.Context(), d))
	b.open(x.url + x.path(t, "/g/security/drafts/"+d.Nonce.String()))
	b.do(chromedp.Evaluate[chromedp.Void](`for (const o of document.querySelectorAll("#seat option")) if (o.dataset.alg !== "-19") { o.selected = true; o.parentElement.dispatchEvent(new Event("change")) }`))
	b.press("form[data-sign] button")
	if got := b.text("main"); !strings.Contains(got, "Prueba de firma") {
		t.Fatalf("after signing: %s", got)
	}
	id, err := record.ParseID(b.at()[strings.LastIndex(b.at(), "/")+1:])
	must(t, err)
	r, err := x.node.Record(t.Context(), who("legal"), group, id)
	must(t, err)
	if len(r.Header.Approvals) != 1 || r.Header.Approvals[0].Alg != record.WebAuthn {
		t.Fatalf("approvals %+v", r.Header.Approvals)
	}
	file, err := x.node.Evidence(t.Context(), who("legal"), group, id, nil)
	must(t, err)
	e, err := entente.ParseEvidence(file)
	must(t, err)
	if verdict := e.Verify(entente.VerifyOptions{Kinds: entente.Standard(), Now: x.node.Now()}); !verdict.Valid {
		t.Fatalf("the proof does not verify: %+v", verdict)
	}
}

// A person whom the authenticator did not verify gets nowhere, and neither does a credential that signs acts.
func TestUnverifiedPasskeyIsRefused(t *testing.T) {
	s := example(t)
	x, b := s.sides["US"], newTab(t)
	a := b.authenticator()
	b.signIn(x, "press", "en")
	b.open(x.url + "/keys")
	b.do(chromedp.SendKeys(chromedp.ID("name"), "laptop"))
	b.press("main form[data-passkey] button")
	b.press(".ent-header form button")
	b.signIn(x, "legal", "en") // who sets up sees it, and removes another
	b.open(x.url + "/signins")
	b.says("Keys and accounts", "Signs in: laptop")
	b.accessible()
	b.press(`main a[href^="/signins/remove?key="]`)
	b.says("Nobody signs in by it any more")
	b.press("main form button")
	b.says("Removed.")
	b.press(".ent-header form button")
	b.signIn(x, "press", "en")
	b.open(x.url + "/keys")
	b.do(chromedp.SendKeys(chromedp.ID("name"), "laptop"))
	b.press("main form[data-passkey] button")
	b.press(".ent-header form button")
	bad := true
	_, err := chromedp.Call(b.ctx, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: a, IsBadUV: &bad})
	b.ok(err)
	b.open(x.url + "/signin")
	b.press("main form[data-passkey] button")
	if got := b.text("main"); !strings.Contains(got, "was not accepted") {
		t.Errorf("an unverified person came in: %s", got)
	}
}

// A real OpenID Connect provider: an account without a place is told what to hand over; with one it comes in, and no other
// browser's answer is taken.
func TestIdentityProvider(t *testing.T) {
	s := example(t)
	x := s.sides["MX"]
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	issuer := "http://" + l.Addr().String() + "/"
	pages, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	_, port, _ := net.SplitHostPort(pages.Addr().String())
	origin := "http://mx.localhost:" + port
	users := storage.NewUserStore(issuer)
	provider := exampleop.SetupServer(issuer, storage.NewStorageWithClients(users, map[string]*storage.Client{"entente": storage.WebClient("entente", "secret", origin+"/signin/oidc/callback")}),
		slog.New(slog.DiscardHandler), false)
	w, err := web.New(x.node, web.Options{Origin: origin, Zone: time.UTC, Log: slog.New(slog.DiscardHandler), OIDC: &web.OIDC{Name: "Ministerio", Issuer: issuer, ClientID: "entente", Secret: "secret"}})
	must(t, err)
	for l, h := range map[net.Listener]http.Handler{l: provider, pages: w.Handler()} {
		srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
		go func() { _ = srv.Serve(l) }()
		t.Cleanup(func() { _ = srv.Close() })
	}
	jar, err := cookiejar.New(nil)
	must(t, err)
	c := &http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{DialContext: toThisMachine}}
	read := func(res *http.Response, err error) (string, string) {
		t.Helper()
		must(t, err)
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		must(t, err)
		return res.Request.URL.String(), string(b)
	}
	signIn := func() (string, string) {
		t.Helper()
		at, page := read(c.Get(origin + "/signin/oidc?next=" + url.QueryEscape("/keys")))
		id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(page)
		if id == nil {
			t.Fatalf("the provider's form is not at %s: %.500s", at, page)
		}
		return read(c.PostForm(issuer+"login/username", url.Values{"id": {id[1]}, "username": {"test-user@127.0.0.1"}, "password": {"verysecure"}}))
	}
	if at, page := signIn(); !strings.Contains(page, issuer) || strings.Contains(page, "/signout") {
		t.Fatalf("an account without a place, at %s: %s", at, page)
	}
	must(t, x.node.PutSubject(t.Context(), store.Subject{Issuer: issuer, Subject: "id1", Office: "desk", Seat: 1}))
	if at, page := signIn(); at != origin+"/keys" || !strings.Contains(page, "/signout") {
		t.Errorf("after the provider, at %s: %s", at, page)
	}
	stranger, err := cookiejar.New(nil) // who is given somebody else's answer
	must(t, err)
	c.Jar = stranger
	if _, page := read(c.Get(origin + "/signin/oidc/callback?code=x&state=y")); !strings.Contains(page, "not accepted") {
		t.Errorf("an answer that nobody asked for: %s", page)
	}
	must(t, x.node.DropSubject(context.WithoutCancel(t.Context()), issuer, "id1"))
}

// addSeat names a further seat in the powers, as the administrator does with the root key.
func (x *side) addSeat(t *testing.T, group record.ID, office, key string) {
	t.Helper()
	root, err := node.OpenKey(filepath.Join(x.dir, node.RootFile), demo.Passphrase)
	must(t, err)
	p, err := x.node.Powers(group)
	must(t, err)
	k, err := entente.ParseKey(key)
	must(t, err)
	offices := append([]entente.Office(nil), p.Offices...)
	for i := range offices {
		if offices[i].ID == office {
			last := offices[i].Seats[len(offices[i].Seats)-1].Number
			offices[i].Seats = append(append([]entente.Seat(nil), offices[i].Seats...), entente.Seat{Number: last + 1, Key: k})
			offices[i].Grants = []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}
		}
	}
	must(t, x.node.PutPowers(t.Context(), group, offices, root))
}

func texts(es, en string) []node.NewPart {
	return []node.NewPart{{Name: "title.es", Content: []byte(es)}, {Name: "title.en", Content: []byte(en)}, {Name: "body.es", Content: []byte(es)}, {Name: "body.en", Content: []byte(en)}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The answer of an authenticator serves once, and in the browser that asked for it.
func TestPasskeyAnswerServesOnce(t *testing.T) {
	s := example(t)
	x, b := s.sides["MX"], newTab(t)
	b.authenticator()
	b.signIn(x, "auditor", "en")
	b.open(x.url + "/keys")
	b.do(chromedp.SendKeys(chromedp.ID("name"), "laptop"))
	b.press("main form[data-passkey] button")
	b.press(".ent-header form button")
	b.open(x.url + "/signin")
	got := evaluate[[]string](b, `(async () => {
		const options = async () => (await fetch("/signin/passkey/options", {method: "POST", body: new URLSearchParams()})).json();
		const answer = async o => JSON.stringify((await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(o)})).toJSON());
		const send = async a => { const r = await fetch("/signin/passkey", {method: "POST", body: new URLSearchParams({response: a, next: "/keys"})}); return r.status + " " + new URL(r.url).pathname; };
		const other = await options(), own = await options();
		const out = [await send(await answer(other))];
		const right = await answer(own);
		return [...out, await send(right), await send(right)];
	})()`, chromedp.EvalAwaitPromise)
	if want := []string{"403 /signin/passkey", "200 /keys", "403 /signin/passkey"}; !slices.Equal(got, want) {
		t.Errorf("another sign-in's answer, the right one, and that again: %q", got)
	}
}
