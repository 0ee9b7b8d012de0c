package world

import (
	"context"
	"errors"
	"net"
	"sync"
)

// line is a listener in memory that can be closed and opened again.
type line struct {
	mu   sync.Mutex
	open *lineListener
}

func newLine() *line { return &line{} }

type lineListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *line) listen() net.Listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = &lineListener{conns: make(chan net.Conn), done: make(chan struct{})}
	return l.open
}

func (l *line) dial(ctx context.Context) (net.Conn, error) {
	l.mu.Lock()
	x := l.open
	l.mu.Unlock()
	if x == nil {
		return nil, errors.New("nobody listens")
	}
	a, b := net.Pipe()
	select {
	case x.conns <- b:
		return a, nil
	case <-x.done:
		return nil, errors.New("nobody listens")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (x *lineListener) Accept() (net.Conn, error) {
	select {
	case c := <-x.conns:
		return c, nil
	case <-x.done:
		return nil, net.ErrClosed
	}
}

func (x *lineListener) Close() error   { x.once.Do(func() { close(x.done) }); return nil }
func (x *lineListener) Addr() net.Addr { return lineAddr{} }

type lineAddr struct{}

func (lineAddr) Network() string { return "memory" }
func (lineAddr) String() string  { return "memory" }
