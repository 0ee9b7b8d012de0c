package world_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"entente"
	"entente/node"
	"entente/peer"
	"entente/record"
	"entente/tlog"
	"entente/world"
)

const pushPath, askPath, returnPath = "/entente/v1/push", "/entente/v1/ask", "/entente/v1/return"

// Nothing of a bad message is taken, and the answer is one of the closed set of codes.
func TestBadMessages(t *testing.T) {
	w, f := forged(t, "MX", "US")
	us := w.As("US")
	good := func() *node.Push { return f.push(f.grow(f.base, 2), len(f.base)) }
	n := 0
	push := func(name, want string, change func(*node.Push)) {
		t.Helper()
		p := good()
		change(p)
		if code, _ := f.send("US", pushPath, p); code != want {
			t.Errorf("%s: answered %q, want %q", name, code, want)
		}
		n++
	}
	other := world.Key("other")
	push("another group", "not-found", func(p *node.Push) { p.Group[0] ^= 1 })
	push("fewer parts than records", "invalid", func(p *node.Push) { p.Parts = p.Parts[1:] })
	push("too many records", "invalid", func(p *node.Push) {
		p.Records, p.Parts = make([][]byte, node.MaxPushRecords+1), make([][]record.Part, node.MaxPushRecords+1)
	})
	push("too much gossip", "invalid", func(p *node.Push) { p.Gossip = make([]node.Head, node.MaxGossip+1) })
	push("a gap", "gap", func(p *node.Push) { p.From += 7 })
	push("an index at the end of numbers", "gap", func(p *node.Push) { p.From = math.MaxUint64 })
	push("a flipped byte", "tampered", func(p *node.Push) {
		p.Records[0] = bytes.Clone(p.Records[0])
		p.Records[0][len(p.Records[0])-3] ^= 1
	})
	push("an empty record", "tampered", func(p *node.Push) { p.Records[1] = nil })
	push("no checkpoint", "tampered", func(p *node.Push) { p.Checkpoint = nil })
	push("a checkpoint of fewer", "tampered", func(p *node.Push) { p.Checkpoint = f.head(f.base) })
	push("a checkpoint of another key", "tampered", func(p *node.Push) {
		c, _ := tlog.ParseCheckpoint(p.Checkpoint)
		p.Checkpoint, _ = tlog.SignCheckpoint(c, other)
	})
	push("another party's records", "tampered", func(p *node.Push) {
		own, err := us.Node.Outgoing(t.Context(), w.Group, "MX", 0)
		ok(t, err)
		p.Records, p.Parts = own.Records[:1], [][]record.Part{{}}
	})
	push("a part that no header names", "tampered", func(p *node.Push) { p.Parts[0] = []record.Part{{Name: "body.en", Content: []byte(canary)}} })
	push("swapped records", "tampered", func(p *node.Push) { slices.Reverse(p.Records) })
	push("a record of another key", "tampered", func(p *node.Push) {
		r, err := record.Stored(p.Records[0])
		ok(t, err)
		s, err := record.Seal(*r.Header(), other)
		ok(t, err)
		p.Records[0] = s.Bytes()
	})

	for name, body := range map[string][]byte{
		"nothing": nil, "garbage": []byte(canary), "another item": {0x01}, "indefinite": {0xbf, 0xff}, "a tag": {0xc1, 0xa0},
		"a field too many": mustCBOR(t, map[int]any{1: w.Group, 99: true}), "doubled keys": {0xa2, 0x02, 0x01, 0x02, 0x01},
		"deep": bytes.Repeat([]byte{0x81}, 100), "a huge count": {0xa1, 0x03, 0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, "cut off": mustCBOR(t, good())[:200],
	} {
		status, b, err := f.post("US", pushPath, body, nil)
		ok(t, err)
		var fault peer.Fault
		if err := cbor.Unmarshal(b, &fault); err != nil || status == http.StatusOK || bytes.Contains(b, []byte(canary)) {
			t.Errorf("%s: %d %q %v", name, status, b, err)
		}
		if status != http.StatusBadRequest && status != http.StatusNotFound {
			t.Errorf("%s: status %d", name, status)
		}
		n++
	}
	for path, method := range map[string]string{"/": http.MethodPost, "/entente/v1/other": http.MethodPost, pushPath: http.MethodGet} {
		status, _, err := f.post("US", path, nil, func(r *http.Request) { r.Method, r.Body, r.ContentLength = method, nil, 0 })
		if err == nil && status < 400 {
			t.Errorf("%s %s: %d", method, path, status)
		}
	}
	status, _, err := f.post("US", pushPath, mustCBOR(t, good()), func(r *http.Request) { r.Header.Del("Entente-Instance") })
	if ok(t, err); status != http.StatusBadRequest {
		t.Errorf("without naming its copy: %d", status)
	}
	status, _, err = f.post("US", pushPath, make([]byte, 60<<20), nil)
	if err == nil && status != http.StatusBadRequest {
		t.Errorf("oversized: %d", status)
	}
	counted(t, "bad messages refused", n)
	sizes, err := us.Node.Sizes(w.Group)
	ok(t, err)
	if sizes["MX"] != uint64(len(f.base)) {
		t.Errorf("something of a bad message was taken: %v", sizes)
	}
	if a := alarms(t, us, node.AlarmFork); len(a) > 0 {
		t.Error("a bad message was taken for a fork")
	}
	checked(t, us)
	if code := f.show("US", f.grow(f.base, 2), len(f.base)); code != "" {
		t.Errorf("a good message after all that: %q", code)
	}
}

func mustCBOR(t *testing.T, v any) []byte {
	t.Helper()
	b, err := cbor.Marshal(v)
	ok(t, err)
	return b
}

// Questions answer with headers of the asker's own groups only, whatever number is asked for.
func TestQuestionsReachNoOtherLog(t *testing.T) {
	w, f := forged(t, "MX", "US")
	us := w.As("US")
	c, err := us.Commit(t.Context(), canary, "US")
	ok(t, err)
	_, _, err = us.Node.Part(t.Context(), desk, w.Group, c.ID, "body.en") // an entry in US's own access log
	ok(t, err)
	returned := 0
	for _, from := range []uint64{0, 1, 1 << 20, 1 << 40, 1<<63 - 1, 1 << 63, math.MaxUint64 - 600, math.MaxUint64 - 511, math.MaxUint64 - 1, math.MaxUint64} {
		code, body := f.send("US", returnPath, peer.ReturnQuery{Group: w.Group, From: from})
		if code != "" {
			continue
		}
		var p node.Push
		ok(t, cbor.Unmarshal(body, &p))
		for _, raw := range p.Records {
			r, err := record.Stored(raw)
			ok(t, err)
			if r.Header().Group != w.Group || r.Header().Party != "MX" {
				t.Fatalf("asked from %d: a record of %s in group %s came back", from, r.Header().Party, r.Header().Group.Short())
			}
			returned++
		}
		var a node.Answer
		if code, body := f.send("US", askPath, node.Ask{Group: w.Group, Party: "US", Size: from, Record: true}); code == "" {
			ok(t, cbor.Unmarshal(body, &a))
			if len(a.Raw) > 0 {
				r, err := record.Stored(a.Raw)
				ok(t, err)
				if r.Header().Group != w.Group || r.Header().Ref() != (record.Ref{Party: "US", Index: from}) {
					t.Fatalf("asked for %d: %s", from, r.Header().Ref())
				}
			}
		}
	}
	counted(t, "own records returned", returned)
	own := us.Node.Groups(t.Context(), desk)
	hidden := 0
	for _, g := range own {
		if g.ID == w.Group {
			continue
		}
		for path, m := range map[string]any{returnPath: peer.ReturnQuery{Group: g.ID}, askPath: node.Ask{Group: g.ID, Party: "US"}, pushPath: node.Push{Group: g.ID, Records: [][]byte{}, Parts: [][]record.Part{}}} {
			known, a := f.send("US", path, m)
			unknown, b := f.send("US", path, strange(m))
			if known != "not-found" || unknown != known || !bytes.Equal(a, b) {
				t.Errorf("%s: a group it is not in answers %q, one that does not exist %q", path, known, unknown)
			}
			hidden++
		}
	}
	counted(t, "questions about groups it is not in", hidden)
}

func strange(m any) any {
	id := record.ID{1, 2, 3}
	switch q := m.(type) {
	case peer.ReturnQuery:
		q.Group = id
		return q
	case node.Ask:
		q.Group = id
		return q
	case node.Push:
		q.Group = id
		return q
	}
	return m
}

// A part that was not released to this party is refused entry and named.
func TestUnaskedPartIsNotStored(t *testing.T) {
	w, f := forged(t, "MX", "US")
	us := w.As("US")
	secret := canary + "-unasked"
	h := func(h *record.Header) {
		h.Kind, h.Verb, h.Instrument = "statement", record.Propose, record.ID{}
	}
	part := record.Part{Name: "annex/x", Content: []byte(secret)}
	rand.Read(part.Salt[:])
	raw := f.note(f.base, func(x *record.Header) {
		h(x)
		ref, err := record.Describe(w.Group, x.Nonce, part, record.Marking{TLP: record.Amber, Originator: "MX"})
		ok(t, err)
		x.Parts = []record.PartRef{ref}
	})
	p := f.push(append(append(branch(nil), f.base...), raw), len(f.base))
	p.Parts[0] = []record.Part{part}
	if code, _ := f.send("US", pushPath, p); code != "" {
		t.Fatal(code)
	}
	counted(t, "alarms", len(alarms(t, us, node.AlarmUnasked)))
	r, err := record.Stored(raw)
	ok(t, err)
	info, err := us.Node.Record(t.Context(), desk, w.Group, r.ID())
	ok(t, err)
	if len(info.Held) > 0 {
		t.Errorf("it was stored: %v", info.Held)
	}
	if len(info.Reasons) == 0 {
		t.Error("a record that nobody approved has effect")
	}
	onDisk(t, us.Dir, secret)
	checked(t, us)
}

// An acknowledgement counts only with both cosignatures of that peer over that head.
func TestFalseAcknowledgements(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	mx.Hang()
	us.Hang()
	commits(t, mx, 2)
	from, err := mx.Node.Acked(ctx, w.Group, "US")
	ok(t, err)
	p, err := mx.Node.Outgoing(ctx, w.Group, "US", from)
	ok(t, err)
	c, err := tlog.ParseCheckpoint(p.Checkpoint)
	ok(t, err)
	keys := nodeKeys(t, us.Dir)
	sign := func(name string, u entente.Use) []byte {
		b, err := tlog.Cosign(p.Checkpoint, name, ed25519.NewKeyFromSeed(keys[u]), w.Now())
		ok(t, err)
		return b
	}
	wit, mir := sign(tlog.WitnessName(w.Group, "US"), entente.UseWitness), sign(tlog.MirrorName(w.Group, "US"), entente.UseMirror)
	refusals := 0
	for name, a := range map[string]*node.Ack{
		"another size":     {Size: c.Size + 1, Cosignatures: [][]byte{wit, mir}},
		"one cosignature":  {Size: c.Size, Cosignatures: [][]byte{mir}},
		"swapped":          {Size: c.Size, Cosignatures: [][]byte{mir, wit}},
		"the same twice":   {Size: c.Size, Cosignatures: [][]byte{wit, wit}},
		"another key":      {Size: c.Size, Cosignatures: [][]byte{wit, sign(tlog.MirrorName(w.Group, "US"), entente.UseWitness)}},
		"another's name":   {Size: c.Size, Cosignatures: [][]byte{wit, sign(tlog.MirrorName(w.Group, "MX"), entente.UseMirror)}},
		"garbage":          {Size: c.Size, Cosignatures: [][]byte{[]byte(canary), nil}},
		"no cosignature":   {Size: c.Size},
		"a size with none": {Size: c.Size + 1000},
	} {
		err := mx.Node.Acknowledged(ctx, w.Group, "US", p, a)
		if len(a.Cosignatures) > 0 {
			refused(t, err)
			if !errors.Is(err, node.ErrTampered) {
				t.Errorf("%s: %v", name, err)
			}
		}
		refusals++
		if n, err := mx.Node.Acked(ctx, w.Group, "US"); err != nil || n != from {
			t.Fatalf("%s: acknowledged %d, %v", name, n, err)
		}
	}
	counted(t, "false acknowledgements", refusals)
	ok(t, mx.Node.Acknowledged(ctx, w.Group, "US", p, &node.Ack{Size: c.Size, Cosignatures: [][]byte{wit, mir}}))
	if n, _ := mx.Node.Acked(ctx, w.Group, "US"); n != c.Size {
		t.Errorf("the true one does not count: %d", n)
	}
}

// Who may speak at all: TLS 1.3, the hybrid key agreement, a key that belongs to a party met here.
func TestHandshake(t *testing.T) {
	w, f := forged(t, "MX", "US")
	try := func(change func(*tls.Config)) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://x"+pushPath, strings.NewReader("x"))
		ok(t, err)
		res, err := f.client("US", change).Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		return err
	}
	ok(t, try(nil))
	for name, change := range map[string]func(*tls.Config){
		"TLS 1.2":        func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 },
		"X25519 only":    func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.X25519} },
		"P-256 only":     func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP256} },
		"no certificate": func(c *tls.Config) { c.Certificates = nil },
		"an unknown key": func(c *tls.Config) { c.Certificates = []tls.Certificate{certificate(t, world.Key("stranger"))} },
		"the server's": func(c *tls.Config) {
			c.Certificates = []tls.Certificate{certificate(t, ed25519.NewKeyFromSeed(nodeKeys(t, w.As("US").Dir)[entente.UseTLS]))}
		},
		"another use key": func(c *tls.Config) { c.Certificates = []tls.Certificate{certificate(t, f.key(entente.UseLog))} },
	} {
		if err := try(change); err == nil {
			t.Errorf("%s was let in", name)
		} else {
			watched.check(name, err.Error())
		}
	}
	// And the other way: a server with another key is told nothing.
	raw, err := w.As("MX").Dial(t.Context(), "US")
	ok(t, err)
	c := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{certificate(t, f.key(entente.UseTLS))}})
	ok(t, c.Handshake())
	if s := c.ConnectionState(); s.Version != tls.VersionTLS13 || s.CurveID != tls.X25519MLKEM768 {
		t.Errorf("negotiated %x %v", s.Version, s.CurveID)
	}
	ok(t, c.Close())
}
