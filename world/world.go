// Package world runs the nodes of several parties in one process, over their real databases and real TLS, with seeded keys,
// a clock that stands still, and links that can be cut: the stage on which stories are told.
package world

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"entente"
	"entente/node"
	"entente/peer"
	"entente/record"
	"entente/store"
)

// Start is the first second of every story.
const Start = 1_700_000_000

// Day in seconds.
const Day = 86400

// World is the stage. Its parties share a clock that only Pass moves.
type World struct {
	Dir     string
	Group   record.ID
	Charter *entente.Charter
	now     atomic.Int64
	mu      sync.Mutex
	cut     map[[2]record.Party]bool
	lines   map[record.Party]*line // where each party's node is reached
	conns   map[net.Conn][2]record.Party
	parties map[record.Party]*Party
	kinds   entente.Kinds
	log     *slog.Logger
	sockets string
}

// Party is one side with its folder, its officials and, while it runs, its node.
type Party struct {
	W     *World
	ID    record.Party
	Dir   string
	Node  *node.Node
	Seats map[string]ed25519.PrivateKey // "office/seat"
	Root  ed25519.PrivateKey
	Fault store.Fault                                        // points of a commit
	Send  func(point string)                                 // points of an exchange
	Wire  func(to record.Party, path string, message []byte) // every message it sends, before TLS
	stop  context.CancelFunc
	done  chan struct{}
}

// Options of a world.
type Options struct {
	Parties []record.Party
	Kinds   entente.Kinds
	Change  func(*entente.Charter)                // changes the charter before it is founded
	Offices func(p record.Party) []entente.Office // nil: desk (one signature for everything) and minister (two of three)
	Log     *slog.Logger                          // of every exchange; nil: discarded
	Sockets string                                // folder of sockets by which parties in several processes reach each other; empty: in memory
}

// Passphrase of every root key on the stage.
const Passphrase = "a passphrase for tests"

// Key is the seeded key of that name: the same in every run.
func Key(name string) ed25519.PrivateKey {
	d := record.Digest("entente/world/v1", []byte(name))
	return ed25519.NewKeyFromSeed(d[:])
}

func empty(dir string, o Options) *World {
	w := &World{Dir: dir, cut: map[[2]record.Party]bool{}, lines: map[record.Party]*line{}, conns: map[net.Conn][2]record.Party{},
		parties: map[record.Party]*Party{}, kinds: o.Kinds, log: o.Log, sockets: o.Sockets}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	w.now.Store(Start)
	for _, id := range o.Parties {
		p := &Party{W: w, ID: id, Dir: filepath.Join(dir, string(id)), Seats: map[string]ed25519.PrivateKey{}, Root: Key(string(id) + "/root")}
		for _, s := range []string{"desk/1", "minister/1", "minister/2", "minister/3"} {
			p.Seats[s] = Key(string(id) + "/" + s)
		}
		w.parties[id], w.lines[id] = p, newLine()
	}
	return w
}

// Again is the stage of folders that New made, in this process or another. No node is open: Restart opens one.
func Again(dir string, group record.ID, now int64, o Options) *World {
	w := empty(dir, o)
	w.Group = group
	w.now.Store(now)
	return w
}

// New sets up the parties' folders and nodes and founds a group between them. Links are whole, and nothing is exchanged before Run.
func New(ctx context.Context, dir string, o Options) (*World, error) {
	w := empty(dir, o)
	var members []entente.CharterParty
	for _, id := range o.Parties {
		p := w.parties[id]
		seeds := func(name string) []byte { return Key(string(id) + "/" + name).Seed()[:seedLength(name)] }
		err := node.Init(ctx, node.Setup{Dir: p.Dir, Passphrase: Passphrase, WorkFactor: 2, Now: Start, Seeds: seeds, Offices: p.Offices(),
			Config: node.Config{Party: id, Names: names(string(id)), Address: string(id)}})
		if err != nil {
			return nil, err
		}
		if err := p.open(ctx); err != nil {
			return nil, err
		}
		i, err := p.Node.Introduction(ctx)
		if err != nil {
			return nil, err
		}
		members = append(members, entente.CharterParty{ID: id, Names: i.Names, Root: i.Root, Next: i.Next})
	}
	w.Charter = &entente.Charter{Rules: entente.Rules, Founded: Start, Track: "security", Languages: []string{"en", "es"}, Names: names("Group"), Purpose: names("Purpose"),
		Parties: members, Lines: []entente.CharterLine{{Code: "fuel", Names: names("Fuel")}, {Code: "tunnels", Names: names("Tunnels")}},
		Clocks: entente.Clocks{Notice: 90 * Day, Ceiling: 10 * Day, Retention: 365 * Day, Skew: 300}}
	if o.Change != nil {
		o.Change(w.Charter)
	}
	founding, err := w.Charter.Encode()
	if err != nil {
		return nil, err
	}
	for _, id := range o.Parties {
		p := w.parties[id]
		for _, q := range o.Parties {
			if q == id {
				continue
			}
			i, err := w.parties[q].Node.Introduction(ctx)
			if err == nil {
				err = p.Node.Meet(ctx, i)
			}
			if err != nil {
				return nil, err
			}
		}
		if w.Group, err = p.Node.Join(ctx, founding); err != nil {
			return nil, err
		}
		offices := p.Offices()
		if o.Offices != nil {
			offices = o.Offices(id)
		}
		if err := p.Node.PutPowers(ctx, w.Group, offices, p.Root); err != nil {
			return nil, err
		}
		if _, err := p.Act(ctx, node.Act{Kind: "charter", Verb: record.Consent, Version: w.Group}); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func seedLength(name string) int {
	if name == "own-nonce" {
		return 16
	}
	return ed25519.SeedSize
}

func names(s string) map[string]string { return map[string]string{"en": s, "es": s + " (es)"} }

// Offices of a party: desk signs everything alone, minister signs with two of three seats.
func (p *Party) Offices() []entente.Office {
	seat := func(n uint64, s string) entente.Seat { return entente.Seat{Number: n, Key: node.PublicKey(p.Seats[s])} }
	return []entente.Office{
		{ID: "desk", Names: names("Desk"), Seats: []entente.Seat{seat(1, "desk/1")}, Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}},
		{ID: "minister", Names: names("Minister"), Seats: []entente.Seat{seat(1, "minister/1"), seat(2, "minister/2"), seat(3, "minister/3")},
			Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 2}}},
	}
}

// As is a party of the stage.
func (w *World) As(id record.Party) *Party { return w.parties[id] }

// Now is the stage's clock.
func (w *World) Now() int64 { return w.now.Load() }

// Pass lets time go by.
func (w *World) Pass(seconds int64) { w.now.Add(seconds) }

func (p *Party) open(ctx context.Context) error {
	n, err := node.Open(ctx, node.Options{Dir: p.Dir, Clock: p.W.Now, Kinds: p.W.kinds, Fault: func(step string) {
		if p.Fault != nil {
			p.Fault(step)
		}
	}})
	if err == nil {
		p.Node = n
	}
	return err
}

// Run starts the exchange of a party's node.
func (p *Party) Run(ctx context.Context) error {
	x, err := peer.New(p.Node, peer.Options{Log: p.W.log, Dial: p.dial, Wire: p.Wire, Fault: func(point string) {
		if p.Send != nil {
			p.Send(point)
		}
	}})
	if err != nil {
		return err
	}
	l, err := p.listen()
	if err != nil {
		return err
	}
	ctx, p.stop = context.WithCancel(ctx)
	p.done = make(chan struct{})
	go func() {
		defer close(p.done)
		var wg sync.WaitGroup
		wg.Go(func() { _ = x.Serve(ctx, l) })
		_ = x.Run(ctx)
		wg.Wait()
	}()
	return nil
}

func (p *Party) listen() (net.Listener, error) {
	if p.W.sockets == "" {
		return p.W.lines[p.ID].listen(), nil
	}
	path := filepath.Join(p.W.sockets, string(p.ID))
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err // a killed process leaves its socket behind
	}
	return net.Listen("unix", path)
}

// Open opens the folder again without exchanging.
func (p *Party) Open(ctx context.Context) error { return p.open(ctx) }

// Hang ends the exchange and leaves the node open.
func (p *Party) Hang() {
	if p.stop != nil {
		p.stop()
		<-p.done
		p.stop = nil
	}
}

// Stop ends the exchange and closes the node, as an operator would.
func (p *Party) Stop() error {
	p.Hang()
	if p.Node == nil {
		return nil
	}
	err := p.Node.Close()
	p.Node = nil
	return err
}

// Restart opens the folder again and goes on exchanging.
func (p *Party) Restart(ctx context.Context) error {
	if err := p.open(ctx); err != nil {
		return err
	}
	return p.Run(ctx)
}

// Close ends everybody.
func (w *World) Close() error {
	var err error
	for _, p := range w.parties {
		if p.stop != nil {
			p.stop()
		}
	}
	for _, p := range w.parties {
		err = errors.Join(err, p.Stop())
	}
	return err
}

// RunAll starts every exchange.
func (w *World) RunAll(ctx context.Context) error {
	for _, p := range w.parties {
		if err := p.Run(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Act drafts, signs with a desk (or the seats given as "office/seat") and seals.
func (p *Party) Act(ctx context.Context, a node.Act, seats ...string) (*node.Sealed, error) {
	if len(seats) == 0 {
		seats = []string{"desk/1"}
	}
	if a.Group.IsZero() {
		a.Group = p.W.Group
	}
	who := node.Caller{Office: "desk", Via: "world"}
	d, err := p.Node.Prepare(ctx, who, a)
	if err != nil {
		return nil, err
	}
	for _, s := range seats {
		office, number, err := splitSeat(s)
		if err != nil {
			return nil, err
		}
		d.Sign(record.Approve(d.Act, p.ID, office, number, p.W.Now(), p.Seats[s]))
	}
	return p.Node.Seal(ctx, who, d)
}

func splitSeat(s string) (string, uint64, error) {
	var n uint64
	for i := range s {
		if s[i] == '/' {
			_, err := fmt.Sscanf(s[i+1:], "%d", &n)
			return s[:i], n, err
		}
	}
	return "", 0, fmt.Errorf("seat %q: want office/number", s)
}

// Commit proposes a commitment of an owner.
func (p *Party) Commit(ctx context.Context, title string, owner record.Party) (*node.Sealed, error) {
	terms, err := json.Marshal(map[string]any{"owner": owner, "due": p.W.Now() + 30*Day})
	if err != nil {
		return nil, err
	}
	return p.Act(ctx, node.Act{Kind: "commitment", Verb: record.Propose, Line: "fuel", Nature: record.Political, Terms: terms, Parts: Texts(title)})
}

// Texts are a title and a body in both languages.
func Texts(title string) []node.NewPart {
	return []node.NewPart{{Name: "title.en", Content: []byte(title)}, {Name: "title.es", Content: []byte(title + " (es)")},
		{Name: "body.en", Content: []byte("Body of " + title)}, {Name: "body.es", Content: []byte("Texto de " + title)}}
}

// Consent signs a version.
func (p *Party) Consent(ctx context.Context, kind string, version record.ID, seats ...string) (*node.Sealed, error) {
	return p.Act(ctx, node.Act{Kind: kind, Verb: record.Consent, Version: version}, seats...)
}

// Withdraw takes a consent back.
func (p *Party) Withdraw(ctx context.Context, kind string, version record.ID) (*node.Sealed, error) {
	return p.Act(ctx, node.Act{Kind: kind, Verb: record.Withdraw, Version: version})
}

// See reads an instrument as this party's node shows it.
func (p *Party) See(ctx context.Context, id record.ID) (*node.Detail, error) {
	return p.Node.Instrument(ctx, node.Caller{Office: "desk", Via: "world"}, p.W.Group, id)
}

// Dial reaches another party's node as this party's own node would: raw bytes, before any TLS.
func (p *Party) Dial(ctx context.Context, to record.Party) (net.Conn, error) {
	return p.dial(ctx, string(to))
}

// Cut cuts the link between two parties, open connections too; Mend repairs it.
func (w *World) Cut(a, b record.Party) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut[[2]record.Party{a, b}], w.cut[[2]record.Party{b, a}] = true, true
	for c, ends := range w.conns {
		if ends == [2]record.Party{a, b} || ends == [2]record.Party{b, a} {
			_ = c.Close()
			delete(w.conns, c)
		}
	}
}

// Mend repairs a link.
func (w *World) Mend(a, b record.Party) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.cut, [2]record.Party{a, b})
	delete(w.cut, [2]record.Party{b, a})
}

var errCut = errors.New("the link is cut")

func (p *Party) dial(ctx context.Context, addr string) (net.Conn, error) {
	to := record.Party(addr)
	p.W.mu.Lock()
	cut, l := p.W.cut[[2]record.Party{p.ID, to}], p.W.lines[to]
	p.W.mu.Unlock()
	if cut || (l == nil && p.W.sockets == "") {
		return nil, errCut
	}
	if p.W.sockets != "" {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(p.W.sockets, addr))
	}
	c, err := l.dial(ctx)
	if err != nil {
		return nil, err
	}
	p.W.mu.Lock()
	defer p.W.mu.Unlock()
	if p.W.cut[[2]record.Party{p.ID, to}] { // cut meanwhile
		return nil, errors.Join(errCut, c.Close())
	}
	p.W.conns[c] = [2]record.Party{p.ID, to}
	return c, nil
}

// Settle waits until every pair with a whole link has acknowledged everything and computes one state at one cut, for at most
// five real minutes: a machine may be busy. It returns the common digest.
func (w *World) Settle(ctx context.Context, ids ...record.Party) (record.ID, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for {
		d, why, err := w.settled(ctx, ids)
		if err != nil || why == "" {
			return d, err
		}
		select {
		case <-ctx.Done():
			return d, fmt.Errorf("not settled after five minutes: %s", why)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (w *World) settled(ctx context.Context, ids []record.Party) (digest record.ID, why string, err error) {
	var word *node.StateWord
	for _, a := range ids {
		mine, err := w.parties[a].Node.Sizes(w.Group)
		if err != nil {
			return digest, "", err
		}
		for _, b := range ids {
			theirs, err := w.parties[b].Node.Sizes(w.Group)
			if err != nil {
				return digest, "", err
			}
			acked, err := w.parties[a].Node.Acked(ctx, w.Group, b)
			if err != nil {
				return digest, "", err
			}
			if a != b && (theirs[a] != mine[a] || acked != mine[a]) {
				return digest, fmt.Sprintf("%s holds %d of %d records of %s, %d acknowledged", b, theirs[a], mine[a], a, acked), nil
			}
		}
	}
	for _, a := range ids {
		s, err := w.parties[a].Node.State(ctx, w.Group)
		if err != nil {
			return digest, "", err
		}
		if word != nil && s.Digest != word.Digest {
			if fmt.Sprint(s.Cut) == fmt.Sprint(word.Cut) {
				return digest, "", fmt.Errorf("one cut, two states: %s and %s", s.Digest, word.Digest)
			}
			return digest, "other cuts", nil
		}
		word = s
	}
	return word.Digest, "", nil
}

// Wipe removes a party's folder, as a lost disk would.
func (p *Party) Wipe() error { return os.RemoveAll(p.Dir) }
