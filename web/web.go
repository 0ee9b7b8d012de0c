// Package web is the workspace in a browser: pages rendered on the server, in English and Spanish, that need no script to be
// read. It decides nothing: the gate is package node, the rules are the fold's, and pages print their reasons.
package web

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"runtime/debug"
	"strings"
	"time"

	"entente/node"
)

// Options of the pages.
type Options struct {
	Log     *slog.Logger   // nil: slog.Default
	Version string         // of the program
	Origin  string         // scheme://host[:port] under which browsers reach this node; empty: the host of a request on loopback
	Zone    *time.Location // in which pages show dates and times; nil: the machine's
	OIDC    *OIDC          // an identity provider; nil: none
	Public  bool           // serve what is published to whoever comes, without sign-in
}

// Web serves one node's pages.
type Web struct {
	node      *node.Node
	log       *slog.Logger
	version   string
	origin    *url.URL // nil: none was given
	zone      *time.Location
	languages map[string]*language
	assets    *assets
	oidc      *provider // nil: none
	ceremony  *ceremonies
	imports   *shelf[imported]
	cameBack  *shelf[cameBack]
	intakes   *shelf[*intake]
	reading   chan struct{} // one for each file of figures that is read at once
	public    bool
	only      bool  // it answers whoever comes with what is public, and with nothing else
	asked     *rate // for public pages
}

// New prepares the pages. It fails when a template, a message or the origin is not well formed.
func New(n *node.Node, o Options) (*Web, error) {
	w := &Web{node: n, log: o.Log, version: o.Version, zone: o.Zone, ceremony: newCeremonies(n.Now), public: o.Public, asked: &rate{now: n.Now},
		imports: newShelf[imported](n.Now, maxImports), cameBack: newShelf[cameBack](n.Now, maxCameBack),
		intakes: newShelf[*intake](n.Now, maxIntakes), reading: make(chan struct{}, maxReadAtOnce)}
	if w.log == nil {
		w.log = slog.Default()
	}
	if w.zone == nil {
		w.zone = time.Local
	}
	if o.Origin != "" {
		u, err := parseOrigin(o.Origin)
		if err != nil {
			return nil, err
		}
		w.origin = u
	}
	if o.OIDC != nil {
		if w.origin == nil {
			return nil, errors.New("an identity provider needs the origin under which browsers reach this node")
		}
		w.oidc = newProvider(*o.OIDC, w.origin)
	}
	var err error
	if w.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if w.languages, err = w.loadLanguages(); err != nil {
		return nil, err
	}
	return w, nil
}

// Handler answers browsers.
func (w *Web) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes {
		mux.Handle(rt.pattern, w.handle(rt))
	}
	mux.Handle("GET /assets/", w.assets)
	mux.Handle("/", w.handle(route{open: true, do: func(*Web, *request) (answer, error) {
		return nil, fmt.Errorf("page: %w", node.ErrNotFound)
	}}))
	same := http.NewCrossOriginProtection()
	same.SetDenyHandler(w.handle(route{open: true, do: func(*Web, *request) (answer, error) {
		return nil, fmt.Errorf("a form of another site: %w", node.ErrForbidden)
	}}))
	return w.guard(same.Handler(mux))
}

// PublicHandler answers whoever comes with what has been published, and knows nothing else of the node: no sign-in, no session, no
// other address. origin is where browsers reach it; empty: on this machine.
func (w *Web) PublicHandler(origin string) (http.Handler, error) {
	p := *w
	p.public, p.only, p.origin = true, true, nil
	if origin != "" {
		var err error
		if p.origin, err = parseOrigin(origin); err != nil {
			return nil, err
		}
	}
	mux := http.NewServeMux()
	for _, rt := range routes {
		if strings.HasPrefix(rt.pattern, "GET /public") {
			mux.Handle(rt.pattern, p.handle(rt))
		}
	}
	mux.Handle("GET /{$}", http.RedirectHandler("/public", http.StatusSeeOther))
	mux.Handle("GET /assets/", p.assets)
	mux.Handle("/", http.NotFoundHandler())
	return p.guard(mux), nil
}

// parseOrigin reads where browsers reach a node.
func parseOrigin(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.Path != "" {
		return nil, fmt.Errorf("origin %q: want https://host or https://host:port", s)
	}
	return u, nil
}

// policy lets a page load from its own node only, run no inline script, wear no inline style, and stand in no frame.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard sets what every answer carries, bounds what comes in, and turns a panic into a page that tells nothing.
func (w *Web) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		if w.secure() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		defer func() {
			if v := recover(); v != nil {
				if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(v)
				}
				w.log.ErrorContext(r.Context(), "page panicked", "page", r.Pattern, "type", reflect.TypeOf(v).String(), "stack", string(debug.Stack()))
				http.Error(rw, "Entente could not show this page. / Entente no pudo mostrar esta página.", http.StatusInternalServerError)
			}
		}()
		r.Body = &boundedBody{http.MaxBytesReader(rw, r.Body, maxUpload), r.Body}
		next.ServeHTTP(rw, r)
	})
}

// boundedBody is what a request sends, up to maxUpload bytes; whole is all of it.
type boundedBody struct {
	io.ReadCloser
	whole io.ReadCloser
}

// tooLarge reports whether a request says that it is longer than any. It is heard to its end: a browser that is still sending reads
// no answer.
func (r *request) tooLarge() bool {
	b, ok := r.Body.(*boundedBody)
	if !ok || r.ContentLength <= maxUpload {
		return false
	}
	_, _ = io.CopyN(io.Discard, b.whole, min(r.ContentLength, maxDrained))
	return true
}

// secure: browsers reach this node by TLS, so cookies are marked for it.
func (w *Web) secure() bool { return w.origin != nil && w.origin.Scheme == "https" }
