package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"entente/api"
	"entente/node"
	"entente/peer"
	"entente/web"
)

// gcPercent trades memory for speed while serving: a node's heap is small, and most of what it allocates lives for one message.
const gcPercent = 400

type serveCmd struct {
	Listen  string    `help:"Address for other nodes; - : none, only outgoing." default:":8443" placeholder:"HOST:PORT"`
	HTTP    string    `name:"http" help:"Address of the API; - : none. Give it a certificate, or put a TLS proxy before it, if it is not local." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	TLSCert string    `name:"tls-cert" help:"Certificate of that address with its chain, PEM; read again when it changes." placeholder:"FILE" type:"path"`
	TLSKey  string    `name:"tls-key" help:"Its key, PEM." placeholder:"FILE" type:"path"`
	OIDC    oidcFlags `embed:"" prefix:"oidc-"`
	Origin  string    `help:"Where browsers reach the pages, as they see it; needed where that is not this machine." placeholder:"https://HOST[:PORT]"`
	Proxy   bool      `name:"behind-proxy" help:"A proxy on this machine stands before that address: it names the clients in X-Forwarded-For."`
	Public  bool      `help:"Show what both sides have published to whoever comes, under /public, without sign-in."`
	PubHTTP string    `name:"public-http" help:"Address for the published texts alone: no sign-in, no API, nothing else of the node." placeholder:"HOST:PORT"`
	PubName string    `name:"public-origin" help:"Where browsers reach that address; needed where that is not this machine." placeholder:"https://HOST[:PORT]"`
	Metrics string    `help:"Address of Prometheus metrics, GET /metrics; without it: none." placeholder:"HOST:PORT"`
	Every   period    `name:"check-every" help:"Full check in the background, this long after the one before; 0: none." default:"24h"`
	Debug   bool      `help:"Log more."`
}

func (serveCmd) Help() string {
	return `Exchanges records with the other parties' nodes over TLS 1.3 under the keys in their powers, and answers the API on an address
and on the unix socket DIR/socket, which only the owner of the folder can open: who opens it is the operator. The API's address
also answers, without a token, /healthz (the process lives) and /readyz (it can do all of its work; else every reason).
Ends on SIGINT and SIGTERM after what is under way; at the second of them at once.

Examples:
  entente serve --dir mx
  entente serve --dir us --listen 10.0.0.5:8443 --http 127.0.0.1:8081
  entente serve --dir mx --http :443 --origin https://entente.example --tls-cert pages.pem --tls-key pages.key
  entente serve --dir mx --origin https://entente.example --behind-proxy
  entente serve --dir mx --public-http 127.0.0.1:8090 --public-origin https://published.example --behind-proxy
  entente serve --dir mx --metrics 127.0.0.1:9100 --check-every 12h`
}

// serving is what serve says once it answers.
type serving struct {
	Party   string `json:"party"`
	Peers   string `json:"peers,omitempty"`
	HTTP    string `json:"http,omitempty"`
	Public  string `json:"public,omitempty"`
	Metrics string `json:"metrics,omitempty"`
	Socket  string `json:"socket"`

	link func(ctx context.Context, office string, life time.Duration) (string, error)
}

// serveOptions is how a folder's node is run.
type serveOptions struct {
	dir     string
	listen  string       // "-": none
	http    string       // "-": none
	cert    *certificate // of http; nil: plain
	proxy   bool         // before http
	origin  string       // of the pages, as browsers see it; empty: loopback
	oidc    *web.OIDC    // nil: no identity provider
	public  bool         // show what is published
	pubHTTP string       // address for that alone; empty: none
	pubName string       // its origin, as browsers see it; empty: loopback
	metrics string       // empty: none
	every   time.Duration
	log     *slog.Logger
}

func (c *serveCmd) Run(a *app) error {
	level := slog.LevelInfo
	if c.Debug {
		level = slog.LevelDebug
	}
	o := serveOptions{dir: a.flags.Dir, listen: c.Listen, http: c.HTTP, origin: c.Origin, proxy: c.Proxy, public: c.Public, pubHTTP: c.PubHTTP, pubName: c.PubName, metrics: c.Metrics, every: time.Duration(c.Every) * time.Second,
		log: slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))}
	switch {
	case c.TLSCert == "" && c.TLSKey == "":
	case c.TLSCert == "" || c.TLSKey == "":
		return usage("--tls-cert and --tls-key go together")
	case c.HTTP == "-":
		return usage("--tls-cert is for the address of --http, and that is -")
	case c.Origin == "":
		return usage("--tls-cert needs --origin: the name under which browsers reach the pages, as https://entente.example")
	default:
		var err error
		if o.cert, err = loadCertificate(c.TLSCert, c.TLSKey, o.log); err != nil {
			return err
		}
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	var err error
	if o.oidc, err = c.OIDC.provider(c.Origin); err != nil {
		return err
	}
	if left := leftOver(a.flags.Dir); len(left) > 0 {
		o.log.Warn("these lie on the node's machine and should not: whoever takes the machine takes them", "files", left)
	}
	return a.serve(a.ctx, o, func(s serving) error {
		defer notify("READY=1")
		return a.print(s, func(w io.Writer) {
			fmt.Fprintf(w, "The node of %s serves.\n  peers   %s\n  API     %s\n  socket  %s\n", s.Party, or(s.Peers, "none, only outgoing"), or(s.HTTP, "socket only"), s.Socket)
			if s.Public != "" {
				fmt.Fprintf(w, "  public  %s\n", s.Public)
			}
			if s.Metrics != "" {
				fmt.Fprintf(w, "  metrics %s\n", s.Metrics)
			}
		})
	})
}

// serve runs the node of a folder until ctx ends. Everything is open before ready is called: a port in use, a missing key or a
// second process is said at once.
func (a *app) serve(ctx context.Context, o serveOptions, ready func(serving) error) (err error) {
	m := newMetrics(o.log)
	n, err := node.Open(ctx, node.Options{Dir: o.dir, Kinds: a.kinds, Keys: a.flags.NodeKeys, Committed: m.committed})
	if err != nil {
		return a.explainOpen(err)
	}
	m.node = n
	defer func() { err = errors.Join(err, n.Close()) }()
	ctx, stop := context.WithCancel(ctx)
	out := serving{Party: string(n.Party())}
	api0 := api.Options{Log: o.log, Version: version(), Origin: o.origin, Proxy: o.proxy}
	if o.cert != nil {
		api0.TLS = o.cert.config()
	}
	srv := api.New(n, api0)
	p, err := peer.New(n, peer.Options{Log: o.log})
	if err != nil {
		stop()
		return err
	}
	pages, err := web.New(n, web.Options{Log: o.log, Version: version(), Origin: o.origin, OIDC: o.oidc, Public: o.public})
	if err != nil {
		stop()
		return err
	}
	out.link, m.sessions = pages.Link, pages.Sessions
	gathered := make(chan struct{})
	go func() { // a first check that waits for it takes seconds in a large node
		defer close(gathered)
		if err := n.Gather(ctx); err != nil && ctx.Err() == nil {
			o.log.Warn("what may not be published could not be read; the next check tries again", "error", err)
		}
	}()
	defer func() { stop(); <-gathered }()
	ended := make(chan error)
	running := 0
	start := func(f func() error) {
		running++
		go func() { ended <- f() }()
	}
	defer func() { // everything that was started ends before the node closes
		stop()
		for range running {
			err = errors.Join(err, <-ended)
		}
	}()
	open := func(what, addr string) (net.Listener, error) {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, fmt.Errorf("listen for %s: %w", what, err)
		}
		return l, nil
	}
	if o.listen != "-" {
		l, err := open("peers", o.listen)
		if err != nil {
			return err
		}
		out.Peers = l.Addr().String()
		start(func() error { return p.Serve(ctx, l) })
	}
	if o.http != "-" {
		l, err := open("the API", o.http)
		if err != nil {
			return err
		}
		out.HTTP = "http://" + l.Addr().String()
		if o.cert != nil {
			out.HTTP = "https://" + l.Addr().String()
		} else if ip := l.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
			o.log.Warn("the API can be reached from other machines without TLS: give it a certificate, or put a TLS proxy before it", "address", l.Addr())
		}
		start(func() error { return srv.Serve(ctx, l, false, pages.Handler()) })
	}
	if o.pubHTTP != "" {
		published, err := pages.PublicHandler(o.pubName)
		if err != nil {
			return err
		}
		l, err := open("published texts", o.pubHTTP)
		if err != nil {
			return err
		}
		if ip := l.Addr().(*net.TCPAddr).IP; o.pubName == "" && !ip.IsLoopback() { // feeds name the address, and caches keep it
			return errors.Join(usage("--public-http needs --public-origin: the name under which browsers reach the published texts, as https://entente.example"), l.Close())
		}
		scheme := "http://"
		if o.cert != nil {
			scheme = "https://"
		}
		out.Public = scheme + l.Addr().String() + "/public"
		start(func() error { return srv.ServePages(ctx, l, published) })
	}
	if o.metrics != "" {
		l, err := open("metrics", o.metrics)
		if err != nil {
			return err
		}
		out.Metrics = "http://" + l.Addr().String() + "/metrics"
		if ip := l.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
			o.log.Warn("metrics can be read from other machines: they show how much goes on in each group, and when", "address", l.Addr())
		}
		start(func() error { return m.serve(ctx, l) })
	}
	local, err := api.ListenLocal(o.dir)
	if err != nil {
		return err
	}
	out.Socket = filepath.Join(o.dir, api.SocketFile)
	start(func() error { return srv.Serve(ctx, local, true, nil) })
	start(func() error { return p.Run(ctx) })
	if o.every > 0 {
		start(func() error { n.CheckEvery(ctx, o.every, o.log); return nil })
	}
	if err := ready(out); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		notify("STOPPING=1")
	case err = <-ended: // one of them gave up by itself
		running--
	}
	return err
}
