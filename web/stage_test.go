package web_test

import (
	"context"
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

	"entente/demo"
	"entente/node"
	"entente/peer"
	"entente/record"
	"entente/web"
)

// stage is the example group on two real nodes that exchange over TLS, each serving its pages on a port of its own.
type stage struct {
	dir   string
	sides map[record.Party]*side
	stop  func() error

	ctx    context.Context
	unplug func() // cuts the line between the nodes; plug mends it
}

type side struct {
	id   record.Party
	dir  string
	node *node.Node
	web  *web.Web
	url  string
}

var theStage struct {
	once sync.Once
	s    *stage
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if theBrowser.stop != nil {
		theBrowser.stop()
	}
	if s := theStage.s; s != nil {
		if err := errors.Join(s.stop(), os.RemoveAll(s.dir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// example is one stage for all tests of the package that only look, or that put on record what disturbs nobody.
func example(t *testing.T) *stage {
	t.Helper()
	theStage.once.Do(func() { theStage.s, theStage.err = newStage() })
	if theStage.err != nil {
		t.Fatal(theStage.err)
	}
	return theStage.s
}

func newStage() (*stage, error) {
	dir, err := os.MkdirTemp("", "entente-web")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &stage{dir: dir, sides: map[record.Party]*side{}, ctx: ctx, unplug: func() {}}
	var wg sync.WaitGroup
	s.stop = func() error {
		s.unplug()
		cancel()
		wg.Wait()
		var err error
		for _, x := range s.sides {
			err = errors.Join(err, x.node.Close())
		}
		return err
	}
	res, err := demo.Run(ctx, demo.Options{Dir: filepath.Join(dir, "example")})
	if err != nil {
		return nil, err
	}
	for _, p := range res.Parties {
		x := &side{id: p, dir: filepath.Join(res.Dir, demo.FolderOf(p))}
		if x.node, err = node.Open(ctx, node.Options{Dir: x.dir}); err != nil {
			return nil, err
		}
		s.sides[p] = x
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		x.url = "http://" + strings.ToLower(string(p)) + ".localhost:" + port
		if x.web, err = web.New(x.node, web.Options{Origin: x.url, Zone: time.UTC, Public: true}); err != nil {
			return nil, err
		}
		srv := &http.Server{Handler: x.web.Handler(), ReadHeaderTimeout: time.Minute}
		wg.Go(func() { _ = srv.Serve(l) })
		wg.Go(func() { <-ctx.Done(); _ = srv.Close() })
	}
	return s, s.plug()
}

// plug lets the nodes exchange.
func (s *stage) plug() error {
	ctx, cut := context.WithCancel(s.ctx)
	var wg sync.WaitGroup
	s.unplug = func() { cut(); wg.Wait() }
	for _, x := range s.sides {
		ex, err := peer.New(x.node, peer.Options{Listen: x.node.Config().Address})
		if err != nil {
			return err
		}
		wg.Go(func() { _ = ex.Run(ctx) })
	}
	return nil
}
