package demo

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"entente"
	"entente/node"
	"entente/peer"
	"entente/record"
)

// Passphrase of every key of the example. The example's keys are worth nothing; those of a real group are made by entente init.
const Passphrase = "entente-example"

// workFactor of the example's keys: opening one takes a few milliseconds instead of a second.
const workFactor = 8

const day = 86400

// stage is two nodes with a story clock and a cable between them that can be pulled out.
type stage struct {
	dir   string
	clock atomic.Int64
	sides map[record.Party]*side
	order []record.Party
	run   context.CancelFunc
	ended sync.WaitGroup
	land  *entente.Boundary // as charters name it; nil: there is no boundary file
	last  record.Party      // who acted last: the other side reads it before it acts
}

// side is one party on the stage.
type side struct {
	id    record.Party
	dir   string
	node  *node.Node
	peer  *peer.Peer
	addr  string
	seats map[string]map[uint64]ed25519.PrivateKey // office → seat → key
}

// FolderOf is the name of a party's folder in the example's.
func FolderOf(p record.Party) string { return strings.ToLower(string(p)) }

// newStage makes both folders with keys, seats and tokens, and opens the nodes.
func newStage(ctx context.Context, dir string, start int64, groups []*Group) (*stage, error) {
	s := &stage{dir: dir, sides: map[record.Party]*side{}}
	s.clock.Store(start)
	for _, p := range groups[0].Parties {
		id := record.Party(p.ID)
		s.order = append(s.order, id)
		x := &side{id: id, dir: filepath.Join(dir, FolderOf(id)), seats: map[string]map[uint64]ed25519.PrivateKey{}}
		s.sides[id] = x
		l, err := net.Listen("tcp", "127.0.0.1:0") // a free port, for this run and for serving afterwards
		if err != nil {
			return nil, fmt.Errorf("a port for the node of %s: %w", id, err)
		}
		x.addr = l.Addr().String()
		if err := l.Close(); err != nil {
			return nil, err
		}
		if err := x.init(ctx, p, start, groups); err != nil {
			return nil, fmt.Errorf("node of %s: %w", id, err)
		}
		if x.node, err = node.Open(ctx, node.Options{Dir: x.dir, Clock: s.clock.Load}); err != nil {
			return nil, err
		}
	}
	for _, a := range s.order {
		for _, b := range s.order {
			if a == b {
				continue
			}
			i, err := s.sides[b].node.Introduction(ctx)
			if err == nil {
				err = s.sides[a].node.Meet(ctx, i)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func (x *side) init(ctx context.Context, p Party, now int64, groups []*Group) error {
	for _, d := range []string{"seats", "tokens"} {
		if err := os.MkdirAll(filepath.Join(x.dir, d), 0o700); err != nil {
			return err
		}
	}
	var all []entente.Office
	for _, g := range groups {
		for _, o := range g.Offices {
			if record.Party(o.Party) != x.id || x.seats[string(o.Key)] != nil {
				continue
			}
			x.seats[string(o.Key)] = map[uint64]ed25519.PrivateKey{}
			for n := range uint64(o.Seats) {
				_, k, err := ed25519.GenerateKey(rand.Reader)
				if err != nil {
					return err
				}
				x.seats[string(o.Key)][n+1] = k
				if err := node.SaveKey(filepath.Join(x.dir, "seats", fmt.Sprintf("%s-%d.age", o.Key, n+1)), k, Passphrase, workFactor); err != nil {
					return err
				}
			}
		}
		all = append(all, x.offices(g)...)
	}
	slices.SortFunc(all, func(a, b entente.Office) int { return strings.Compare(a.ID, b.ID) })
	all = slices.CompactFunc(all, func(a, b entente.Office) bool { return a.ID == b.ID })
	for i := range all { // who signs nothing audits: it reads the access log at home
		if len(all[i].Grants) == 0 {
			all[i].Grants = []entente.Grant{{Kinds: []string{"access"}, Sign: 1}}
		}
	}
	return node.Init(ctx, node.Setup{Dir: x.dir, Passphrase: Passphrase, WorkFactor: workFactor, Now: now, Offices: all,
		Config: node.Config{Party: x.id, Names: both(p.Name), Address: x.addr}})
}

// offices are the party's offices of a group with their seats and what they may sign.
func (x *side) offices(g *Group) []entente.Office {
	var out []entente.Office
	for _, o := range g.Offices {
		if record.Party(o.Party) != x.id {
			continue
		}
		e := entente.Office{ID: string(o.Key), Names: both(o.Name)}
		for n := range uint64(o.Seats) {
			e.Seats = append(e.Seats, entente.Seat{Number: n + 1, Key: node.PublicKey(x.seats[e.ID][n+1])})
		}
		if len(o.Kinds) > 0 {
			lines := o.Lines
			if slices.Contains(lines, "all") {
				lines = nil
			}
			e.Grants = []entente.Grant{{Kinds: o.Kinds, Lines: lines, Sign: uint64(o.Signatures), Paper: o.Paper}}
		}
		out = append(out, e)
	}
	return out
}

func both(t Text) map[string]string { return map[string]string{"en": t.En, "es": t.Es} }

// plug connects the nodes over TLS on the loopback; unplug pulls the cable.
func (s *stage) plug(ctx context.Context) error {
	ctx, s.run = context.WithCancel(ctx)
	for _, id := range s.order {
		x := s.sides[id]
		p, err := peer.New(x.node, peer.Options{Listen: x.addr, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			return err
		}
		s.ended.Go(func() {
			if err := p.Run(ctx); err != nil {
				slog.Error("peer", "party", id, "err", err)
			}
		})
	}
	return nil
}

func (s *stage) unplug() {
	if s.run != nil {
		s.run()
		s.ended.Wait()
		s.run = nil
	}
}

func (s *stage) close() error {
	s.unplug()
	var err error
	for _, x := range s.sides {
		if x.node != nil {
			err = errors.Join(err, x.node.Close())
		}
	}
	return err
}

// found constitutes a group: one charter's bytes, joined and signed by each side for itself.
func (s *stage) found(ctx context.Context, g *Group, at int64) (record.ID, error) {
	c := &entente.Charter{Rules: entente.Rules, Founded: at, Track: string(g.Key), Names: both(g.Name), Purpose: both(g.Charter.Body), Languages: g.Languages,
		Clocks: entente.Clocks{Notice: int64(g.Clocks.Notice) * day, Ceiling: int64(g.Clocks.NoticeCeiling) * day, Consultation: int64(g.Clocks.Consultation) * day,
			Escalation: int64(g.Clocks.Escalation) * day, Retention: int64(g.Clocks.Retention) * day, Skew: 300},
		Meetings: &entente.Meetings{EveryDays: int64(g.Clocks.Meeting), First: s.order[0]}}
	if g.Key == securityKey {
		c.Boundary = s.land
	}
	rand.Read(c.Nonce[:])
	for _, p := range g.Parties {
		i, err := s.sides[record.Party(p.ID)].node.Introduction(ctx)
		if err != nil {
			return record.ID{}, err
		}
		c.Parties = append(c.Parties, entente.CharterParty{ID: i.Party, Names: both(p.Name), Root: i.Root, Next: i.Next})
	}
	for _, l := range g.Lines {
		c.Lines = append(c.Lines, entente.CharterLine{Code: l.Code, Names: both(l.Name)})
	}
	slices.SortFunc(c.Lines, func(a, b entente.CharterLine) int { return strings.Compare(a.Code, b.Code) })
	founding, err := c.Encode()
	if err != nil {
		return record.ID{}, err
	}
	id := entente.GroupOf(founding)
	for _, p := range s.order {
		x := s.sides[p]
		if _, err := x.node.Join(ctx, founding); err != nil {
			return id, err
		}
		root, err := node.OpenKey(filepath.Join(x.dir, node.RootFile), Passphrase)
		if err != nil {
			return id, err
		}
		if err := x.node.PutPowers(ctx, id, x.offices(g), root); err != nil {
			return id, err
		}
		if _, err := s.act(ctx, g, p, node.Act{Group: id, Kind: "charter", Verb: record.Consent, Version: id}); err != nil {
			return id, err
		}
	}
	return id, s.meet(ctx, id)
}

// act drafts, has as many seats of an office with the remit sign as it takes, and puts the act on record.
func (s *stage) act(ctx context.Context, g *Group, p record.Party, a node.Act) (*node.Sealed, error) {
	x := s.sides[p]
	if err := s.turn(ctx, a.Group, p); err != nil {
		return nil, err
	}
	d, err := x.node.Prepare(ctx, node.Caller{Operator: true, Via: "example"}, a)
	if err != nil {
		return nil, err
	}
	return s.seal(ctx, g, p, d)
}

// seal has as many seats of an office with the remit sign a draft as it takes, and puts it on record.
func (s *stage) seal(ctx context.Context, g *Group, p record.Party, d *node.Draft) (*node.Sealed, error) {
	x := s.sides[p]
	o, err := signer(g, p, d.Header)
	if err != nil {
		return nil, err
	}
	d.Office = string(o.Key)
	for n := range uint64(o.Signatures) {
		d.Sign(record.Approve(d.Act, p, string(o.Key), n+1, s.clock.Load(), x.seats[string(o.Key)][n+1]))
	}
	return x.node.Seal(ctx, node.Caller{Office: string(o.Key), Via: "example"}, d)
}

// turn lets a party act after it has read what the other side did.
func (s *stage) turn(ctx context.Context, group record.ID, p record.Party) error {
	if s.run != nil && s.last != "" && s.last != p {
		if err := s.meet(ctx, group); err != nil {
			return err
		}
	}
	s.last = p
	return nil
}

// signer is the narrowest office of a party with the remit for an act.
func signer(g *Group, p record.Party, h *record.Header) (Office, error) {
	var best *Office
	for i := range g.Offices {
		o := &g.Offices[i]
		if record.Party(o.Party) != p || !o.May(h.Kind, h.Line) || (h.Line == "" && !slices.Contains(o.Lines, "all")) {
			continue
		}
		if best == nil || len(o.Kinds) < len(best.Kinds) {
			best = o
		}
	}
	if best == nil {
		return Office{}, fmt.Errorf("no office of %s signs %s on %q: %w", p, h.Kind, h.Line, ErrContent)
	}
	return *best, nil
}

// meet waits until both nodes hold and have acknowledged everything of a group.
func (s *stage) meet(ctx context.Context, group record.ID) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		even := true
		for _, a := range s.order {
			mine, err := s.sides[a].node.Sizes(group)
			if err != nil {
				return err
			}
			for _, b := range s.order {
				if a == b {
					continue
				}
				acked, err := s.sides[a].node.Acked(ctx, group, b)
				if err != nil {
					return err
				}
				even = even && acked == mine[a]
			}
		}
		if even {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the nodes did not reach each other within a minute: %w", ctx.Err())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// tokens writes one token per office, for the command line.
func (s *stage) tokens(ctx context.Context) error {
	for _, x := range s.sides {
		for office := range x.seats {
			secret, err := x.node.NewToken(ctx, office, 0)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(x.dir, "tokens", office), []byte(secret+"\n"), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

func terms(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // of a map made here
	}
	return b
}

func (t Text) parts(name string) []node.NewPart {
	return []node.NewPart{{Name: name + ".en", Content: []byte(t.En)}, {Name: name + ".es", Content: []byte(t.Es)}}
}

func (d Document) parts() []node.NewPart {
	return append(d.Title.parts("title"), d.Body.parts("body")...)
}
