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
	Listen string `help:"Address for other nodes; - : none, only outgoing." default:":8443" placeholder:"HOST:PORT"`
	HTTP   string `name:"http" help:"Address of the API; - : none. Put a TLS proxy before it if it is not local." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Debug  bool   `help:"Log more."`
}

func (serveCmd) Help() string {
	return `Exchanges records with the other parties' nodes over TLS 1.3 under the keys in their powers, and answers the API on an address
and on the unix socket DIR/socket, which only the owner of the folder can open: who opens it is the operator. Ends on SIGINT and
SIGTERM after what is under way.

Examples:
  entente serve --dir mx
  entente serve --dir us --listen 10.0.0.5:8443 --http 127.0.0.1:8081`
}

// serving is what serve says once it answers.
type serving struct {
	Party  string `json:"party"`
	Peers  string `json:"peers,omitempty"`
	HTTP   string `json:"http,omitempty"`
	Socket string `json:"socket"`

	link func(office string, life time.Duration) string
}

func (c *serveCmd) Run(a *app) error {
	level := slog.LevelInfo
	if c.Debug {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	return a.serve(a.ctx, a.flags.Dir, c.Listen, c.HTTP, log, func(s serving) error {
		return a.print(s, func(w io.Writer) {
			fmt.Fprintf(w, "The node of %s serves.\n  peers   %s\n  API     %s\n  socket  %s\n", s.Party, or(s.Peers, "none, only outgoing"), or(s.HTTP, "socket only"), s.Socket)
		})
	})
}

// serve runs the node of a folder until ctx ends. Everything is open before ready is called: a port in use, a missing key or a
// second process is said at once.
func (a *app) serve(ctx context.Context, dir, listen, http string, log *slog.Logger, ready func(serving) error) (err error) {
	n, err := node.Open(ctx, node.Options{Dir: dir, Kinds: a.kinds})
	if err != nil {
		return a.explainOpen(err)
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	ctx, stop := context.WithCancel(ctx)
	out := serving{Party: string(n.Party())}
	srv := api.New(n, api.Options{Log: log, Version: version()})
	p, err := peer.New(n, peer.Options{Log: log})
	if err != nil {
		stop()
		return err
	}
	pages, err := web.New(n, web.Options{Log: log, Version: version(), Origin: ""})
	if err != nil {
		stop()
		return err
	}
	out.link = pages.Link
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
	if listen != "-" {
		l, err := open("peers", listen)
		if err != nil {
			return err
		}
		out.Peers = l.Addr().String()
		start(func() error { return p.Serve(ctx, l) })
	}
	if http != "-" {
		l, err := open("the API", http)
		if err != nil {
			return err
		}
		out.HTTP = "http://" + l.Addr().String()
		if ip := l.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
			log.Warn("the API can be reached from other machines and has no TLS of its own: put a TLS proxy before it", "address", l.Addr())
		}
		start(func() error { return srv.Serve(ctx, l, false, pages.Handler()) })
	}
	local, err := api.ListenLocal(dir)
	if err != nil {
		return err
	}
	out.Socket = filepath.Join(dir, api.SocketFile)
	start(func() error { return srv.Serve(ctx, local, true, nil) })
	start(func() error { return p.Run(ctx) })
	if err := ready(out); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case err = <-ended: // one of them gave up by itself
		running--
	}
	return err
}
