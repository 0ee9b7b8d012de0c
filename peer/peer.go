// Package peer carries records between the nodes of a group: store and forward over TLS 1.3 with pinned keys, cosignatures
// back as receipts, and the questions that find a fork. doc/peer.md specifies the exchange.
package peer

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"entente/node"
	"entente/record"
)

// Options of a Peer.
type Options struct {
	Listen string                                                   // address for other nodes, host:port; empty: only outgoing
	Log    *slog.Logger                                             // nil: slog.Default
	Dial   func(ctx context.Context, addr string) (net.Conn, error) // nil: TCP; tests cut links here
	Fault  func(point string)                                       // tests: called at named points of send and acknowledge
	Wire   func(to record.Party, path string, message []byte)       // tests: every request and answer as it is sent, before TLS
	Ready  func(addr net.Addr)                                      // called once the listener is open
}

// Peer exchanges one node's groups with the other parties' nodes.
type Peer struct {
	n       *node.Node
	o       Options
	log     *slog.Logger
	mu      sync.Mutex
	certs   map[string]*tls.Certificate    // by the public key in them
	wakeups map[record.Party]chan struct{} // it spoke
	losses  map[record.Party]chan struct{} // it was restored: what it acknowledged may be gone
}

// New prepares the exchange; Run starts it.
func New(n *node.Node, o Options) (*Peer, error) {
	p := &Peer{n: n, o: o, log: o.Log, certs: map[string]*tls.Certificate{}, wakeups: map[record.Party]chan struct{}{},
		losses: map[record.Party]chan struct{}{}}
	if p.log == nil {
		p.log = slog.Default()
	}
	if p.o.Dial == nil {
		d := &net.Dialer{Timeout: dialTimeout}
		p.o.Dial = func(ctx context.Context, addr string) (net.Conn, error) { return d.DialContext(ctx, "tcp", addr) }
	}
	for _, k := range n.OwnTLSKeys() {
		if _, err := p.cert(k); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// cert is the certificate around a key of this node.
func (p *Peer) cert(key ed25519.PrivateKey) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := string(key.Public().(ed25519.PublicKey))
	if c := p.certs[id]; c != nil {
		return c, nil
	}
	c, err := selfSigned(key, string(p.n.Party()))
	if err == nil {
		p.certs[id] = &c
	}
	return &c, err
}

// keyName is how the one who connects says which key it expects: while keys are being replaced a node has two, and shows the one
// that the other side knows. It is a server name (RFC 6066, section 3) under a domain that is no address.
func keyName(pub ed25519.PublicKey) string {
	d := record.Digest("entente/tls-key/v1", pub)
	return hex.EncodeToString(d[:16]) + ".key.invalid"
}

// shown chooses the certificate for whoever connects: the one asked for, else the newest.
func (p *Peer) shown(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
	keys := p.n.OwnTLSKeys()
	for _, k := range keys {
		if keyName(k.Public().(ed25519.PublicKey)) == h.ServerName {
			return p.cert(k)
		}
	}
	return p.cert(keys[0])
}

// selfSigned wraps the node's TLS key in the certificate that TLS wants. Only the key in it counts.
func selfSigned(key ed25519.PrivateKey, party string) (tls.Certificate, error) {
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: party},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(record.MaxTime, 0)}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("peer certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// config is TLS 1.3 with the hybrid post-quantum key agreement only; check decides by the other side's key. The caller says which
// certificate is shown.
func (p *Peer) config(check func(ed25519.PublicKey) error) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768},
		ClientAuth: tls.RequireAnyClientCert, InsecureSkipVerify: true, // no CA: VerifyConnection pins the key instead
		NextProtos: []string{"http/1.1"}, SessionTicketsDisabled: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) != 1 {
				return errors.New("peer: want one certificate")
			}
			pub, ok := s.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
			if !ok {
				return errors.New("peer: want an Ed25519 key")
			}
			return check(pub)
		},
	}
}

// Run listens and pushes until ctx ends. It returns early only when the address cannot be listened on.
func (p *Peer) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	if p.o.Listen != "" {
		l, err := net.Listen("tcp", p.o.Listen)
		if err != nil {
			return fmt.Errorf("listen for peers on %s: %w; is another process using the port?", p.o.Listen, err)
		}
		wg.Go(func() {
			if err := p.Serve(ctx, l); err != nil {
				p.log.Error("peer server ended", "err", err)
			}
		})
	}
	wg.Go(func() { p.receipts(ctx) })
	started := map[record.Party]bool{}
	for {
		changed := p.n.Changed()
		for _, q := range p.n.Correspondents(ctx) {
			if !started[q] {
				started[q] = true
				wg.Go(func() { p.push(ctx, q) })
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// Serve answers other nodes on a listener until ctx ends. It closes the listener.
func (p *Peer) Serve(ctx context.Context, l net.Listener) error {
	if p.o.Ready != nil {
		p.o.Ready(l.Addr())
	}
	var busy sync.RWMutex // read-held by every request under way
	defer busy.Lock()     // closing the server does not wait for them, and they use the node
	routes := p.routes()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		busy.RLock()
		defer busy.RUnlock()
		routes.ServeHTTP(w, r)
	})
	srv := &http.Server{Handler: handler, MaxHeaderBytes: maxHeader, ReadHeaderTimeout: dialTimeout, ReadTimeout: callTimeout,
		WriteTimeout: callTimeout, IdleTimeout: 3 * heartbeat, ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	known := p.config(func(pub ed25519.PublicKey) error {
		if _, ok := p.n.PartyByKey(ctx, pub); !ok {
			return errors.New("peer: this key belongs to no party met here")
		}
		return nil
	})
	known.GetCertificate = p.shown
	err := srv.Serve(tls.NewListener(netutil.LimitListener(l, maxConns), known))
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// signal is the channel by which a peer's pusher is told to try now.
func (p *Peer) signal(m map[record.Party]chan struct{}, q record.Party) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := m[q]
	if c == nil {
		c = make(chan struct{}, 1)
		m[q] = c
	}
	return c
}

func (p *Peer) tell(m map[record.Party]chan struct{}, q record.Party) {
	select {
	case p.signal(m, q) <- struct{}{}:
	default:
	}
}

func (p *Peer) fault(point string) {
	if p.o.Fault != nil {
		p.o.Fault(point)
	}
}

func (p *Peer) wire(to record.Party, path string, b []byte) {
	if p.o.Wire != nil {
		p.o.Wire(to, path, b)
	}
}

// receipts writes, after things arrived, what others wait to hear (node.Receipt).
func (p *Peer) receipts(ctx context.Context) {
	for {
		changed := p.n.Changed()
		if err := p.n.Tick(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, node.ErrClosed) {
			p.log.Warn("records dated ahead stay held back", "err", err)
		}
		for _, q := range p.n.Peers() {
			for _, g := range p.n.Shared(q) {
				if _, err := p.n.Receipt(ctx, g); err != nil && ctx.Err() == nil && !errors.Is(err, node.ErrClosed) {
					p.log.Warn("receipt not written", "group", g.Short(), "err", err)
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-time.After(heartbeat):
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(receiptDelay):
		}
	}
}
