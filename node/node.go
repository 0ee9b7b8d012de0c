// Package node is one party's side of its groups: the use cases, and the one gate through which every write and every read
// of a part passes. It alone holds clock, keys and database.
package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"entente"
	"entente/record"
	"entente/store"
	"entente/tlog"
)

// The errors a caller decides by. They cross the wire as kinds (package api) and say nothing a stranger may not know.
var (
	ErrNotFound  = errors.New("not found") // also where the reader may not know that it exists
	ErrRefused   = errors.New("refused")   // the rules hold reasons against the act; Refusal names them
	ErrForbidden = errors.New("not for this office")
	ErrInvalid   = errors.New("not understood")
	ErrConflict  = errors.New("conflict")
	ErrReadOnly  = errors.New("read-only until the peers have said what they hold of this log")
	ErrClosed    = errors.New("the node is closing")
	ErrDiskFull  = errors.New("the disk is full")
	ErrWithheld  = errors.New("withheld") // inside; a stranger is told ErrNotFound
	ErrInUse     = errors.New("another process serves this folder")
)

// Refusal is why the gate did not let an act be written: every reason at once.
type Refusal struct{ Reasons []entente.Reason }

func (r *Refusal) Error() string {
	s := make([]string, len(r.Reasons))
	for i, x := range r.Reasons {
		s[i] = x.String()
	}
	return "refused: " + strings.Join(s, "; ")
}

func (r *Refusal) has(code string) bool {
	for _, x := range r.Reasons {
		if x.Code == code {
			return true
		}
	}
	return false
}

// Unwrap lets errors.Is find ErrRefused.
func (r *Refusal) Unwrap() error { return ErrRefused }

// Caller is who asks: an office of the node's own party, or the operator of the machine, who sets up and reads no part.
type Caller struct {
	Office   string
	Seat     uint64 // of the official who signed in; 0: not known
	Operator bool
	Via      string // api, cli, web, export: stands in the access log
	How      string // by which it came in: a token, or as a session says; stands there too
}

// Options open a node.
type Options struct {
	Dir    string        // the data folder: database, key file, node keys
	Keys   string        // file of the node's own keys; empty: node.keys in Dir
	Anchor string        // file outside Dir that names the last head; empty: as AnchorOf says
	Clock  func() int64  // Unix seconds; nil: the system's
	Kinds  entente.Kinds // nil: the standard ones
	Fault  store.Fault   // tests: called at named steps of a commit
	// Committed is told of every commit, on the writer's goroutine: it returns at once. Nil: nobody.
	Committed func(Commit)
}

// Config is the node's own description, in node.json.
type Config struct {
	Party   record.Party      `json:"party"`
	Names   map[string]string `json:"names"`
	Address string            `json:"address"` // host:port at which peers reach this node
	// Recovery is the recipient (age, hybrid) that backups seal the node's own keys to; empty: they are in no backup.
	Recovery string `json:"recovery,omitempty"`
	// Anchor is the file outside the folder that names the last head; empty: beside the folder.
	Anchor string `json:"anchor,omitempty"`
}

func (c Config) save(dir string) error {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return writeNew(filepath.Join(dir, ConfigFile), append(b, '\n'))
}

// AnchorOf is where a folder's anchor lies: at chosen where that is not empty, else where the description says, else beside the
// folder.
func (c Config) AnchorOf(dir, chosen string) string {
	switch {
	case chosen != "":
		return chosen
	case c.Anchor != "":
		return c.Anchor
	}
	return strings.TrimRight(dir, "/") + ".anchor"
}

// ReadConfig reads the description of a node's folder.
func ReadConfig(dir string) (Config, error) {
	var c Config
	b, err := os.ReadFile(filepath.Join(dir, ConfigFile))
	if err != nil {
		return c, fmt.Errorf("%s is not a node's folder: %w; run entente init first", dir, err)
	}
	if err := json.Unmarshal(b, &c); err != nil || !c.Party.Valid() {
		return c, fmt.Errorf("%s: not a node's description", filepath.Join(dir, ConfigFile))
	}
	return c, nil
}

// Node is a running node. All methods may be used from many goroutines.
type Node struct {
	party  record.Party
	config Config
	dir    string
	clock  func() int64
	kinds  entente.Kinds
	fault  store.Fault
	off    filter // none: only a test of this package switches one off
	keys   *nodeKeys
	store  *store.Store
	anchor *anchor
	lock   *os.File

	queue    chan *op
	stop     chan struct{}
	stopped  chan struct{}
	closing  sync.Once
	recents  map[int64]*recent       // the writer's
	routes   atomic.Pointer[[]Route] // as stored
	tell     func(Commit)
	health   health
	checking sync.Mutex // one full check at a time: it reads everything
	saving   sync.Mutex // one backup at a time

	boundaries boundaries

	idle    idle // of sessions
	digests digests
	signals signals

	unannounced unannounced

	mu        sync.RWMutex
	groups    map[int64]*group
	changed   chan struct{}
	restoring map[record.ID]map[record.Party]bool // group → peers that have not answered yet
	copies    map[record.Party]*copyOf            // live copies of peers
	hunts     []Hunt
}

// ConfigFile is the name of the node's description in its folder.
const ConfigFile = "node.json"

// Open opens a node's folder. Errors say what to do: a missing or wrong key, a damaged or newer database, a folder in use.
func Open(ctx context.Context, o Options) (*Node, error) {
	c, err := ReadConfig(o.Dir)
	if err != nil {
		return nil, err
	}
	n := &Node{dir: o.Dir, clock: o.Clock, kinds: o.Kinds, fault: o.Fault, tell: o.Committed, queue: make(chan *op, maxQueue), stop: make(chan struct{}),
		stopped: make(chan struct{}), recents: map[int64]*recent{}, groups: map[int64]*group{}, changed: make(chan struct{}),
		restoring: map[record.ID]map[record.Party]bool{}, copies: map[record.Party]*copyOf{}}
	n.config, n.party = c, c.Party
	n.boundaries = boundariesIn(o.Dir)
	if n.clock == nil {
		n.clock = systemClock
	}
	if n.kinds == nil {
		n.kinds = entente.Standard()
	}
	if n.lock, err = lockFolder(o.Dir); err != nil {
		return nil, err
	}
	if n.keys, err = loadNodeKeys(keyPath(o)); err != nil {
		return nil, errors.Join(err, n.lock.Close())
	}
	if n.store, err = store.Open(ctx, o.Dir, [32]byte(n.keys.Wrap)); err != nil {
		return nil, errors.Join(err, n.lock.Close())
	}
	if err := n.store.Update(ctx, nil, (*store.Tx).EraseAgain); err != nil {
		return nil, errors.Join(err, n.store.Close(), n.lock.Close())
	}
	if err := sweep(o.Dir); err != nil {
		return nil, errors.Join(err, n.store.Close(), n.lock.Close())
	}
	if err := n.load(ctx, n.config.AnchorOf(o.Dir, o.Anchor)); err != nil {
		return nil, errors.Join(err, n.store.Close(), n.lock.Close())
	}
	go n.writer()
	return n, nil
}

func (n *Node) load(ctx context.Context, anchorPath string) error {
	v := n.store.View(ctx)
	groups, err := store.Groups(v)
	if err != nil {
		return explain(err)
	}
	routes, err := storedRoutes(store.Setting(v, routesSetting))
	if err != nil {
		return fmt.Errorf("clearance routes: %w", explain(err))
	}
	n.routes.Store(&routes)
	for _, row := range groups {
		g, err := n.loadGroup(v, row)
		if err != nil {
			return fmt.Errorf("group %s: %w", row.ID.Short(), explain(err))
		}
		n.groups[g.row] = g
	}
	if n.anchor, err = openAnchor(anchorPath); err != nil {
		return err
	}
	restored := map[string]string{} // group → head of this party's log in it, where the anchor does not vouch for that
	for _, g := range n.groups {
		own := g.logs[n.party]
		if own == nil {
			return fmt.Errorf("group %s: %w: no log of %s", g.id.Short(), store.ErrCorrupt, n.party)
		}
		ok, err := n.anchor.agrees(g.id, own, viewReader{v})
		if err != nil {
			return err
		}
		if !ok && (own.tree.Size() > 0 || n.anchor.names(g.id)) { // of a group that was joined, and nothing more, there is nothing to lose
			restored[g.id.String()] = fmt.Sprintf("%d %s", own.tree.Size(), record.ID(own.tree.Root()))
			if len(g.logs) > 1 {
				n.restoring[g.id] = g.others(n.party)
			}
		}
		if len(n.restoring[g.id]) == 0 {
			n.anchor.set(g.id, own.tree.Size(), record.ID(own.tree.Root()))
		}
	}
	if err := n.forgetWays(ctx, restored); err != nil {
		return explain(err)
	}
	return n.anchor.begin()
}

// loadGroup rebuilds what memory holds of a group from its logs' heads, its powers and its charters.
func (n *Node) loadGroup(v *store.View, row store.Group) (*group, error) {
	l, err := n.ledger(row.Founding)
	if err != nil {
		return nil, err
	}
	g := newGroup(row.Row, row.ID, l)
	logs, err := store.Logs(v, row.Row)
	if err != nil {
		return nil, err
	}
	var charters []entente.Judged
	for _, x := range logs {
		t, err := loadTree(v, x)
		if err != nil {
			return nil, err
		}
		p := &plog{row: x.Row, party: x.Party, tree: t, counted: x.Counted, seen: map[record.Party]uint64{}, checkpoint: x.Checkpoint}
		if len(x.Checkpoint) > 0 {
			c, err := tlog.ParseCheckpoint(x.Checkpoint)
			if err != nil || c.Size != x.Size || c.Root != t.Root() {
				return nil, fmt.Errorf("log of %s: %w: its records do not lead to its checkpoint", x.Party, store.ErrCorrupt)
			}
		}
		if err := store.Special(v, x.Row, func(e store.Entry) error {
			l.Hold(e.Record.Header(), e.Record.ID())
			if e.Judged && e.Record.Header().Kind == "charter" {
				reasons, err := decodeReasons(e.Reasons)
				charters = append(charters, entente.Judged{Record: e.Record, Reasons: reasons})
				return err
			}
			return nil
		}); err != nil {
			return nil, err
		}
		if x.Counted > 0 {
			if err := p.reload(v, x.Counted, g); err != nil {
				return nil, err
			}
		}
		g.logs[x.Party] = p
	}
	l.Replay(charters)
	alarms, err := store.Alarms(v, row.Row)
	if err != nil {
		return nil, err
	}
	for _, a := range alarms {
		if a.Code == AlarmFork {
			g.closed[a.Party] = true
		}
	}
	return g, nil
}

func loadTree(v *store.View, x store.Log) (*tlog.Tree, error) {
	t, err := tlog.Load(x.Size, store.Tiles(v, x.Row))
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w: %w", x.Party, store.ErrCorrupt, err)
	}
	return t, nil
}

// reload finds again what memory held of the counted records of a log.
func (l *plog) reload(v *store.View, counted uint64, g *group) error {
	void, err := store.Void(v, l.row)
	if err != nil {
		return err
	}
	at := func(i uint64) (*record.Header, error) {
		if h := l.raised[i]; h != nil {
			return h, nil
		}
		e, err := store.At(v, store.PosOf(l.row, i))
		if err != nil {
			return nil, err
		}
		if slices.Contains(void, i) {
			reasons, err := decodeReasons(e.Reasons)
			if err != nil {
				return nil, err
			}
			g.stray[e.Record.Instrument()] = true
			g.odd = g.odd || breaksOrder(reasons)
		}
		return e.Record.Header(), nil
	}
	for _, i := range append(void, counted-1) {
		l.last = nil
		if i > 0 {
			if l.last, err = at(i - 1); err != nil {
				return err
			}
		}
		h, err := at(i)
		if err != nil {
			return err
		}
		l.count(h)
	}
	seen, err := store.SeenSizes(v, l.row)
	l.seen = seen
	return err
}

// Close ends the node: operations under way are committed first.
func (n *Node) Close() error {
	var err error
	n.closing.Do(func() {
		close(n.stop)
		<-n.stopped
		err = errors.Join(n.anchor.close(), n.store.Close(), n.lock.Close())
	})
	return err
}

// lockFolder keeps a second process out of a node's folder. The lock goes with the process, however it ends.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("node folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w: stop it, or talk to it through its socket", dir, ErrInUse), f.Close())
	}
	return f, nil
}

// Party is whose node this is.
func (n *Node) Party() record.Party { return n.party }

// Config is the node's own description.
func (n *Node) Config() Config {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.config
}

// SetAddress says at which host:port peers reach this node. They learn it from the powers that follow.
func (n *Node) SetAddress(address string) error {
	if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" || len(address) > 256 {
		return fmt.Errorf("address %.300q: %w: want host:port", address, ErrInvalid)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.config
	c.Address = address
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(n.dir, ConfigFile), append(b, '\n')); err != nil {
		return fmt.Errorf("address: %w", err)
	}
	n.config = c
	return nil
}

// Kinds are the kinds this node knows.
func (n *Node) Kinds() entente.Kinds { return n.kinds }

// Now is the node's clock, Unix seconds.
func (n *Node) Now() int64 { return n.clock() }

// Changed returns a channel that closes when a log grows or a group is joined.
func (n *Node) Changed() <-chan struct{} {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.changed
}

func (n *Node) groupByRow(row int64) *group {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.groups[row]
}

// find returns a group by its id.
func (n *Node) find(id record.ID) (*group, error) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, g := range n.groups {
		if g.id == id {
			return g, nil
		}
	}
	return nil, fmt.Errorf("group %s: %w", id.Short(), ErrNotFound)
}

// writable says why a group takes no own record now.
func (n *Node) writable(g *group) error {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if left := n.restoring[g.id]; len(left) > 0 {
		var names []string
		for p := range left {
			names = append(names, string(p))
		}
		return fmt.Errorf("%w: %w", ErrReadOnly, record.Because("restore.waits", "%s has not answered; if it is gone for good, the root key signs entente restore", strings.Join(names, ", ")))
	}
	return nil
}

func contains(s string, any ...string) bool {
	for _, a := range any {
		if strings.Contains(s, a) {
			return true
		}
	}
	return false
}
