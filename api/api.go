// Package api is the node's use cases as JSON over HTTP: OpenAPI 3.1, problems, cursors, idempotency keys, a token per office;
// and the Go client of it. It decides nothing: the gate is package node.
package api

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"runtime/debug"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"entente/node"
)

// Options of an API.
type Options struct {
	Log     *slog.Logger     // nil: slog.Default
	Version string           // of the program, for the OpenAPI document
	Origin  string           // where browsers reach the pages, for whoever makes links to them; empty: not known
	TLS     *tls.Config      // of the TCP listener; nil: a proxy before it has it
	Proxy   bool             // a proxy on this machine stands before the TCP listener and names the clients
	Clock   func() time.Time // of the limit on failed sign-ins; nil: time.Now
}

// API serves one node.
type API struct {
	node     *node.Node
	log      *slog.Logger
	version  string
	origin   string
	tls      *tls.Config
	proxy    bool
	failures failures
	underWay underWay
}

// New prepares an API; Handler and Serve start it.
func New(n *node.Node, o Options) *API {
	a := &API{node: n, log: o.Log, version: o.Version, origin: o.Origin, tls: o.TLS, proxy: o.Proxy, underWay: underWay{keys: map[string]bool{}}}
	a.failures = failures{now: o.Clock, by: map[string]*failing{}}
	if a.log == nil {
		a.log = slog.Default()
	}
	if a.failures.now == nil {
		a.failures.now = time.Now
	}
	if a.version == "" {
		a.version = "devel"
	}
	return a
}

const openapiPath = "/openapi.json"

// Handler answers requests. local is the unix socket's: it alone has the operator's routes, and takes who opens it for the
// operator.
func (a *API) Handler(local bool) http.Handler {
	mux := http.NewServeMux()
	h := humago.New(mux, a.config())
	for _, r := range routes {
		if local || !r.operator {
			r.register(a, h)
		}
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, &Problem{Type: kindNoRoute, Title: "There is no such route.", Status: http.StatusNotFound, Hint: "GET /openapi.json lists the routes of this address."})
	})
	return a.guard(a.open(a.authenticate(local, mux)))
}

func (a *API) config() huma.Config {
	c := huma.DefaultConfig("Entente", a.version)
	c.Info.Description = "One party's node of an implementation group. Ids are 64 hex digits; times are Unix seconds; problems are RFC 9457."
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = strings.TrimSuffix(openapiPath, ".json"), "", ""
	c.CreateHooks = nil // no $schema links in answers
	c.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	c.Transformers = []huma.Transformer{plain}
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"office": {Type: "http", Scheme: "bearer", Description: "A token of an office."}}
	c.Security = []map[string][]string{{"office": {}}}
	c.RejectUnknownQueryParameters = true
	return c
}

// schemaName puts the package before the type's name: two packages may name a type alike.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	pkg := t.PkgPath()
	if pkg == "" || pkg == "entente/api" || t.Name() == "" {
		return name
	}
	pkg = pkg[strings.LastIndex(pkg, "/")+1:]
	return strings.ToUpper(pkg[:1]) + pkg[1:] + name
}

// guard sets what every answer carries, and turns a panic into a problem that tells nothing.
func (a *API) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		defer func() {
			if v := recover(); v != nil {
				if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(v)
				}
				ref := reference()
				a.log.ErrorContext(r.Context(), "request panicked", "reference", ref, "type", reflect.TypeOf(v).String(), "stack", string(debug.Stack()))
				writeProblem(w, &Problem{Type: kindInternal, Title: "The node could not do this.", Status: http.StatusInternalServerError, Reference: ref})
			}
		}()
		r.Body = http.MaxBytesReader(w, r.Body, maxDraftBody)
		next.ServeHTTP(w, r)
	})
}
