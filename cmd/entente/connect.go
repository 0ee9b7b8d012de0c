package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"entente/api"
	"entente/node"
	"entente/record"
)

// session is a connection to the node of --dir: the one that serves it, or one opened here for this command.
type session struct {
	*api.Client             // as the office, else as the operator
	operator    *api.Client // over the local socket: who can open it is the operator
	office      string      // empty: the operator
	done        func() error
}

// connect dials the node's socket, or opens the node in this process and serves the same API in memory, so that every command
// has one path. The caller closes the session.
func (a *app) connect() (*session, error) {
	token, office, err := a.token()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(a.flags.Dir, api.SocketFile)
	if c, err := net.Dial("unix", path); err == nil {
		_ = c.Close()
		op := api.DialClient(func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "unix", path) })
		return &session{op.As(token), op, office, func() error { op.Close(); return nil }}, nil
	}
	n, err := node.Open(a.ctx, node.Options{Dir: a.flags.Dir, Kinds: a.kinds, Keys: a.flags.NodeKeys})
	if err != nil {
		return nil, a.explainOpen(err)
	}
	m := &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
	ctx, stop := context.WithCancel(context.WithoutCancel(a.ctx))
	ended := make(chan error, 1)
	go func() { ended <- api.New(n, api.Options{Log: a.logger(), Version: version()}).Serve(ctx, m, true, nil) }()
	op := api.DialClient(m.dial)
	return &session{op.As(token), op, office, func() error {
		op.Close()
		stop()
		return errors.Join(<-ended, n.Close())
	}}, nil
}

func (a *app) explainOpen(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		if _, e := os.Stat(filepath.Join(a.flags.Dir, node.ConfigFile)); e != nil {
			return hint(fmt.Errorf("%s is not a node's folder", a.flags.Dir), "name the folder with --dir or ENTENTE_DIR, or make a node with entente init")
		}
		return hint(err, "the node cannot start without it: put it back from where you keep it")
	}
	return err
}

// with runs f in a session.
func (a *app) with(f func(*session) error) error {
	s, err := a.connect()
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.done())
}

// token finds the office to act as.
func (a *app) token() (token, office string, err error) {
	path := a.flags.TokenFile
	tokens := filepath.Join(a.flags.Dir, tokenDir)
	switch {
	case path != "":
		office = filepath.Base(path)
	case a.flags.As != "":
		office = a.flags.As
		path = filepath.Join(tokens, filepath.FromSlash(office))
		if !filepath.IsLocal(filepath.FromSlash(office)) {
			return "", "", usage("--as %q is not an office", office)
		}
	default:
		es, err := os.ReadDir(tokens)
		if err != nil || len(es) != 1 {
			return "", "", nil
		}
		office, path = es[0].Name(), filepath.Join(tokens, es[0].Name())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", "", hint(fmt.Errorf("token of %s: %w", office, err), "entente token new %s writes one", office)
	}
	return strings.TrimSpace(string(b)), office, nil
}

const tokenDir = "tokens"

// logger writes what goes wrong below to stderr.
func (a *app) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelError}))
}

// memory is a listener whose connections never leave the process.
type memory struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (m *memory) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case m.conns <- there:
		return here, nil
	case <-m.closed:
		return nil, io.ErrClosedPipe
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

func (m *memory) Addr() net.Addr { return memoryAddr{} }

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }

// listOf prints what the node answers of a group, one by one; none is said where there is nothing.
func listOf[T any](a *app, group, none string, all func(*api.Client, context.Context, record.ID) ([]T, error), text func(io.Writer, T)) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, group)
		if err != nil {
			return err
		}
		out, err := all(s.Client, a.ctx, g.ID)
		if err != nil {
			return err
		}
		return a.print(out, func(w io.Writer) {
			if len(out) == 0 {
				fmt.Fprintln(w, none)
			}
			for _, x := range out {
				text(w, x)
			}
		})
	})
}
