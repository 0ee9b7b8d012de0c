package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/net/netutil"
)

// Serve answers requests on a listener until ctx ends, then lets those under way come to their end. It closes the listener.
// local: as Handler. pages, if not nil, answer what is not the API's.
func (a *API) Serve(ctx context.Context, l net.Listener, local bool, pages http.Handler) error {
	h := a.Handler(local)
	if pages != nil {
		mux := http.NewServeMux()
		mux.Handle("/v1/", h)
		mux.Handle(openapiPath, h)
		mux.Handle(livePath, h)
		mux.Handle(readyPath, h)
		mux.Handle("/", pages)
		h = mux
	}
	return a.serve(ctx, l, local, h)
}

// ServePages answers with pages alone, on a listener for whoever comes, until ctx ends; nothing of the API is there. It closes the
// listener.
func (a *API) ServePages(ctx context.Context, l net.Listener, pages http.Handler) error {
	return a.serve(ctx, l, false, pages)
}

func (a *API) serve(ctx context.Context, l net.Listener, local bool, h http.Handler) error {
	if !local && a.proxy {
		h = behindProxy(h)
	}
	srv := &http.Server{Handler: h, MaxHeaderBytes: maxHeaderBytes, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug)}
	if !local {
		l = netutil.LimitListener(l, maxConns)
		if a.tls != nil {
			l = tls.NewListener(l, a.tls)
		}
	}
	done := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		err := srv.Shutdown(soon)
		if errors.Is(err, context.DeadlineExceeded) {
			err = srv.Close()
		}
		done <- err
	})
	err := srv.Serve(l)
	if errors.Is(err, http.ErrServerClosed) && !stop() {
		return <-done
	}
	return err
}

// behindProxy takes the client's address from the proxy on this machine: else all clients would be one, and whoever fails to sign
// in would lock out the others. Of several addresses the last one is the proxy's own word. From elsewhere the header says nothing.
func behindProxy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := r.Header.Values("X-Forwarded-For"); len(f) > 0 && net.ParseIP(host(r.RemoteAddr)).IsLoopback() {
			all := strings.Split(f[len(f)-1], ",")
			if ip := net.ParseIP(strings.TrimSpace(all[len(all)-1])); ip != nil {
				r.RemoteAddr = net.JoinHostPort(ip.String(), "0")
			}
		}
		next.ServeHTTP(w, r)
	})
}

// SocketFile is the name of the local socket in a node's folder.
const SocketFile = "socket"

// ErrServed: a node answers on the socket already.
var ErrServed = errors.New("a node answers there already")

// ListenLocal opens the local socket of a node's folder. Only the owner of its file can open it: it is bound in a folder of
// its own that nobody else can enter, given its mode, and only then moved to its place.
func ListenLocal(dir string) (net.Listener, error) {
	path := filepath.Join(dir, SocketFile)
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		return nil, errors.Join(fmt.Errorf("socket %s: %w", path, ErrServed), c.Close())
	}
	tmp, err := os.MkdirTemp(dir, ".s")
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	defer os.RemoveAll(tmp)
	bound := filepath.Join(tmp, "s")
	l, err := net.Listen("unix", bound)
	if err != nil {
		return nil, fmt.Errorf("socket: %w; a path longer than about 100 characters cannot be one: choose a shorter --dir", err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(bound, 0o600), os.Rename(bound, path)); err != nil {
		return nil, errors.Join(fmt.Errorf("socket: %w", err), l.Close())
	}
	return &socket{l, path}, nil
}

type socket struct {
	net.Listener
	path string
}

func (s *socket) Close() error {
	_ = os.Remove(s.path)
	return s.Listener.Close()
}
