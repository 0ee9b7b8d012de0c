package world_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"entente"
	"entente/node"
	"entente/peer"
	"entente/record"
	"entente/tlog"
	"entente/world"
)

// forger speaks for a party with its real keys and none of its honesty.
type forger struct {
	t         *testing.T
	w         *world.World
	id        record.Party
	keys      map[entente.Use]entente.HexBytes
	instances []string
	base      [][]byte // the honest log so far
	parts     [][]record.Part
}

// branch is one history that a forger shows.
type branch [][]byte

// turn makes a forger of a party: its honest node is stopped and its keys are read from its folder.
func turn(t *testing.T, w *world.World, id, seenBy record.Party) *forger {
	t.Helper()
	p := w.As(id)
	f := &forger{t: t, w: w, id: id, keys: nodeKeys(t, p.Dir), instances: p.Node.Instances()}
	push, err := p.Node.Outgoing(t.Context(), w.Group, seenBy, 0)
	ok(t, err)
	f.base, f.parts = push.Records, push.Parts
	ok(t, p.Stop())
	return f
}

func (f *forger) key(u entente.Use) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(f.keys[u]) }

// note makes a record that goes on from a history and can be told from any other by its nonce.
func (f *forger) note(on branch, change func(*record.Header)) []byte {
	f.t.Helper()
	h := entente.Receipt()
	last, err := record.Stored(on[len(on)-1])
	ok(f.t, err)
	h.Format, h.Group, h.Party, h.Index, h.Charter = record.Format, f.w.Group, f.id, uint64(len(on)), f.w.Group
	h.Time, h.Seen = f.w.Now(), last.Header().Seen
	rand.Read(h.Nonce[:])
	if change != nil {
		change(&h)
	}
	r, err := record.Seal(h, f.key(entente.UseRecord))
	ok(f.t, err)
	return r.Bytes()
}

// grow returns a history with n records more.
func (f *forger) grow(on branch, n int) branch {
	out := append(branch(nil), on...)
	for range n {
		out = append(out, f.note(out, nil))
	}
	return out
}

func (f *forger) head(b branch) []byte {
	f.t.Helper()
	tree, err := tlog.Load(0, nil)
	ok(f.t, err)
	for _, raw := range b {
		tree.Append(tlog.LeafHash(raw))
	}
	note, err := tlog.SignCheckpoint(tlog.Checkpoint{Origin: tlog.Origin(f.w.Group, string(f.id)), Size: uint64(len(b)), Root: tree.Root()}, f.key(entente.UseLog))
	ok(f.t, err)
	return note
}

// push is the message that shows a history from an index on.
func (f *forger) push(b branch, from int) *node.Push {
	p := &node.Push{Group: f.w.Group, From: uint64(from), Records: b[from:], Checkpoint: f.head(b)}
	for i := from; i < len(b); i++ {
		parts := []record.Part{}
		if i < len(f.parts) && bytes.Equal(b[i], f.base[i]) {
			parts = f.parts[i]
		}
		p.Parts = append(p.Parts, parts)
	}
	return p
}

func certificate(t *testing.T, key ed25519.PrivateKey) tls.Certificate {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	ok(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// client is a raw HTTP client of a party's key; change may spoil its TLS.
func (f *forger) client(to record.Party, change func(*tls.Config)) *http.Client {
	conf := &tls.Config{Certificates: []tls.Certificate{certificate(f.t, f.key(entente.UseTLS))}, InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}
	if change != nil {
		change(conf)
	}
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true, DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		raw, err := f.w.As(f.id).Dial(ctx, to)
		if err != nil {
			return nil, err
		}
		c := tls.Client(raw, conf)
		if err := c.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, raw.Close())
		}
		return c, nil
	}}}
}

// post sends bytes to a path of a node and returns status and body.
func (f *forger) post(to record.Party, path string, body []byte, change func(*http.Request)) (int, []byte, error) {
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodPost, "https://x"+path, bytes.NewReader(body))
	ok(f.t, err)
	req.Header.Set("Entente-Instance", strings.Join(f.instances, ","))
	if change != nil {
		change(req)
	}
	res, err := f.client(to, nil).Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, b, err
}

// send shows a message to a node: the answer's fault code, "" where it was taken.
func (f *forger) send(to record.Party, path string, m any) (code string, answer []byte) {
	f.t.Helper()
	b, err := cbor.Marshal(m)
	ok(f.t, err)
	status, body, err := f.post(to, path, b, nil)
	ok(f.t, err)
	if status == http.StatusOK {
		return "", body
	}
	watched.check("answer", string(body))
	var fault peer.Fault
	ok(f.t, cbor.Unmarshal(body, &fault))
	return fault.Code, body
}

func (f *forger) show(to record.Party, b branch, from int) string {
	f.t.Helper()
	code, _ := f.send(to, "/entente/v1/push", f.push(b, from))
	return code
}

// proved wants exactly one portable proof against a party on a node, good for whoever knows origin and log key only.
func proved(t *testing.T, at *world.Party, f *forger) {
	t.Helper()
	proofs := alarms(t, at, node.AlarmFork)
	if len(proofs) != 1 {
		t.Fatalf("%s holds %d proofs against %s: %v", at.ID, len(proofs), f.id, alarms(t, at, ""))
	}
	fork, err := tlog.ParseFork([]byte(proofs[0]))
	ok(t, err)
	ok(t, fork.Verify(tlog.Origin(f.w.Group, string(f.id)), tlog.OneKey(f.key(entente.UseLog).Public().(ed25519.PublicKey))))
	other := world.Key("another").Public().(ed25519.PublicKey)
	if fork.Verify(tlog.Origin(f.w.Group, string(f.id)), tlog.OneKey(other)) == nil {
		t.Error("the proof holds under any key")
	}
	g, err := at.Node.Group(t.Context(), desk, f.w.Group)
	ok(t, err)
	if len(g.Closed) != 1 || g.Closed[0] != f.id {
		t.Errorf("%s shows %v as closed, not %s", at.ID, g.Closed, f.id)
	}
}

// answer is how a forger's node answers questions about its log: with the history it shows elsewhere.
func (f *forger) answer(b branch) func(node.Ask) (*node.Answer, error) {
	return func(q node.Ask) (*node.Answer, error) {
		a := &node.Answer{Held: uint64(len(b)), Note: f.head(b)}
		src := leaves(b)
		if !q.Record {
			h, err := tlog.RootAt(src, a.Held, q.Size)
			a.Root = record.ID(h)
			return a, err
		}
		path, err := tlog.Inclusion(src, q.Size, a.Held)
		for _, h := range path {
			a.Path = append(a.Path, record.ID(h))
		}
		a.Raw = b[q.Size]
		return a, err
	}
}

// leaves is the tlog.Source of a history shorter than a tile.
type leaves [][]byte

func (l leaves) Tile(int, uint64) ([]byte, error) { return nil, errors.New("no full tile") }
func (l leaves) Leaves(from, to uint64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, raw := range l[from:to] {
		out = append(out, tlog.LeafHash(raw))
	}
	return out, nil
}
