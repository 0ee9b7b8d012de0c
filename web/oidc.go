package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"entente/node"
)

// OIDC names an identity provider: OpenID Connect Core 1.0, code flow with PKCE (RFC 7636).
type OIDC struct {
	Name     string // on the button
	Issuer   string
	ClientID string
	Secret   string       // never logged
	Client   *http.Client // nil: the default one
}

// provider is the identity provider as it describes itself. It is asked when somebody first signs in, so that a node starts
// while the provider is away.
type provider struct {
	OIDC
	callback string
	busy     chan struct{}
	mu       sync.Mutex
	found    *oidc.Provider
}

func newProvider(o OIDC, origin *url.URL) *provider {
	if o.Client == nil {
		o.Client = &http.Client{Timeout: providerTimeout}
	}
	return &provider{OIDC: o, callback: origin.Scheme + "://" + origin.Host + "/signin/oidc/callback", busy: make(chan struct{}, maxExchanges)}
}

func (p *provider) name() string {
	if p == nil {
		return ""
	}
	return p.Name
}

func (p *provider) config(ctx context.Context) (context.Context, *oauth2.Config, *oidc.IDTokenVerifier, error) {
	ctx = oidc.ClientContext(ctx, p.Client)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.Client), p.Issuer)
		if err != nil {
			return ctx, nil, nil, fmt.Errorf("identity provider: %w", err)
		}
		p.found = found
	}
	return ctx, &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.Secret, Endpoint: p.found.Endpoint(), RedirectURL: p.callback, Scopes: []string{oidc.ScopeOpenID}},
		p.found.Verifier(&oidc.Config{ClientID: p.ClientID}), nil
}

// flow is what a browser keeps while it is with the provider.
type flow struct {
	State, Nonce, Verifier, Next string
	Until                        int64
}

// flowCookie: over TLS no other host of the domain can put a sign-in of its own there.
func (w *Web) flowCookie() string {
	if w.secure() {
		return "__Host-oidc"
	}
	return "oidc"
}

type away struct {
	to, cookie string
}

func (a away) write(rw http.ResponseWriter, r *request) error {
	http.SetCookie(rw, &http.Cookie{Name: r.web.flowCookie(), Value: a.cookie, Path: "/", MaxAge: int(ceremonyLife / time.Second), HttpOnly: true, Secure: r.web.secure(), SameSite: http.SameSiteLaxMode})
	http.Redirect(rw, r.Request, a.to, http.StatusSeeOther)
	return nil
}

func (w *Web) startOIDC(r *request) (answer, error) {
	if w.oidc == nil {
		return nil, fmt.Errorf("identity provider: %w", node.ErrNotFound)
	}
	_, conf, _, err := w.oidc.config(r.Context())
	if err != nil {
		w.log.ErrorContext(r.Context(), "identity provider not reached", "err", err)
		return w.signInPage(r, "signin.provider-away", http.StatusBadGateway), nil
	}
	f := flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: local(r.URL.Query().Get("next")), Until: w.node.Now() + int64(ceremonyLife/time.Second)}
	b, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return away{conf.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), base64.RawURLEncoding.EncodeToString(b)}, nil
}

// landed is the answer to who comes back from the provider: what the browser kept for it has served.
type landed struct{ answer }

func (a landed) write(rw http.ResponseWriter, r *request) error {
	http.SetCookie(rw, &http.Cookie{Name: r.web.flowCookie(), Path: "/", MaxAge: -1, HttpOnly: true, Secure: r.web.secure(), SameSite: http.SameSiteLaxMode})
	return a.answer.write(rw, r)
}

func (w *Web) finishOIDC(r *request) (answer, error) {
	if w.oidc == nil {
		return nil, fmt.Errorf("identity provider: %w", node.ErrNotFound)
	}
	a, err := w.landOIDC(r)
	if err != nil {
		return nil, err
	}
	return landed{a}, nil
}

func (w *Web) landOIDC(r *request) (answer, error) {
	token, next, err := w.identify(r)
	if err != nil {
		w.log.WarnContext(r.Context(), "sign-in by identity provider refused", "err", safe(err))
		return w.signInPage(r, "signin.oidc-failed", http.StatusForbidden), nil
	}
	s, err := w.node.Subject(r.Context(), token.Issuer, token.Subject)
	if errors.Is(err, node.ErrForbidden) {
		return page{name: "signin-unknown", title: r.t("signin.title"), status: http.StatusForbidden, body: unknownAccount{token.Issuer, token.Subject}}, nil
	} else if err != nil {
		return nil, err
	}
	secret, err := w.node.StartSession(r.Context(), s.Office, s.Seat, node.ByOIDC)
	if errors.Is(err, node.ErrInvalid) { // the powers name its place no more
		return w.signInPage(r, "signin.oidc-failed", http.StatusForbidden), nil
	} else if err != nil {
		return nil, err
	}
	return signedIn{secret, next}, nil
}

// unknownAccount is what the administrator needs to give an account its place.
type unknownAccount struct{ Issuer, Subject string }

// identify checks everything that OpenID Connect Core, section 3.1.3.7, asks: state, code with verifier, token, nonce.
func (w *Web) identify(r *request) (*oidc.IDToken, string, error) {
	var f flow
	c, err := r.Cookie(w.flowCookie())
	if err != nil {
		return nil, "", errors.New("no sign-in was begun in this browser")
	}
	b, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || json.Unmarshal(b, &f) != nil || f.Until < w.node.Now() {
		return nil, "", errors.New("the sign-in was begun too long ago")
	}
	q := r.URL.Query()
	if f.State == "" || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(f.State)) != 1 {
		return nil, "", errors.New("the answer belongs to another sign-in")
	}
	if e := q.Get("error"); e != "" {
		return nil, "", fmt.Errorf("the provider answered %.40q", e)
	}
	ctx, conf, verifier, err := w.oidc.config(r.Context())
	if err != nil {
		return nil, "", err
	}
	select {
	case w.oidc.busy <- struct{}{}:
		defer func() { <-w.oidc.busy }()
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	t, err := conf.Exchange(ctx, q.Get("code"), oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return nil, "", err
	}
	raw, ok := t.Extra("id_token").(string)
	if !ok {
		return nil, "", errors.New("the provider gave no id token")
	}
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return nil, "", err
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(f.Nonce)) != 1 {
		return nil, "", errors.New("the token belongs to another sign-in")
	}
	return token, local(f.Next), nil
}

// safe is an error without what a provider may have put into it: oauth2 quotes whole answers.
func safe(err error) string {
	var e *oauth2.RetrieveError
	if errors.As(err, &e) {
		return "the provider refused the code: " + e.ErrorCode
	}
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}
