package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"entente/record"
	"entente/store"
)

// Commit is what one commit took, for metrics.
type Commit struct {
	Operations int
	Took       time.Duration
	Err        error // nothing of it was written
}

// Condition is one thing that keeps the node from all of its work. Code is one of a closed set. Text names no group, office
// or instrument: it is shown to whoever reaches the address.
type Condition struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// The codes of conditions.
const (
	ConditionClosing   = "closing"   // the node is being stopped
	ConditionDatabase  = "database"  // it cannot be read
	ConditionWrites    = "writes"    // the last commit failed
	ConditionQueue     = "queue"     // acts wait for the writer and are held up
	ConditionDisk      = "disk"      // little room is left
	ConditionRestoring = "restoring" // groups are read-only until peers have answered
)

// health is the outcome of the last commit.
type health struct {
	mu     sync.Mutex
	failed error
}

func (h *health) note(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed = err
}

func (h *health) last() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failed
}

// Conditions says why the node is not ready: every reason at once, none when it is. It writes nothing.
func (n *Node) Conditions(ctx context.Context) []Condition {
	var out []Condition
	add := func(code, format string, args ...any) {
		out = append(out, Condition{code, fmt.Sprintf(format, args...)})
	}
	select {
	case <-n.stop:
		add(ConditionClosing, "The node is closing.")
		return out
	default:
	}
	if _, err := store.Groups(n.store.View(ctx)); err != nil && ctx.Err() == nil {
		add(ConditionDatabase, "The database cannot be read: see the node's log, then entente check.")
	}
	switch err := n.health.last(); {
	case errors.Is(err, ErrDiskFull):
		add(ConditionWrites, "The last commit found the disk full and wrote nothing: make room.")
	case err != nil:
		add(ConditionWrites, "The last commit failed and wrote nothing: see the node's log.")
	}
	if q := len(n.queue); q >= maxQueue/2 {
		add(ConditionQueue, "%d operations wait for a commit.", q)
	}
	if u, err := n.store.Usage(); err == nil && u.Known && u.Free < lowDisk {
		add(ConditionDisk, "The disk of the node's folder has %d MiB left.", u.Free>>20)
	}
	if r := n.Restoring(); len(r) > 0 {
		add(ConditionRestoring, "%d groups are read-only after a restore until their peers have answered; reading goes on.", len(r))
	}
	return out
}

// Stats is what an operator's metrics show. Groups are named by the first digits of their ids, and nothing names an office or
// an instrument.
type Stats struct {
	Party    record.Party
	Queue    int
	Instance int // starts that the anchor remembers
	Usage    store.Usage
	Groups   []GroupStats
	Check    *Checked // nil before the first
}

// GroupStats is one group's part.
type GroupStats struct {
	Group    string
	ReadOnly bool
	HeldBack int
	Drafts   int
	Alarms   map[string]int // by code
	Logs     []LogStats
	Peers    []PeerInfo
}

// LogStats is one party's log as it is held here.
type LogStats struct {
	Party   record.Party
	Held    uint64
	Counted uint64
}

// Stats counts. It reads the database a little: it is meant for a scrape every few seconds.
func (n *Node) Stats(ctx context.Context) (*Stats, error) {
	s := &Stats{Party: n.party, Queue: len(n.queue), Instance: len(n.Instances())}
	var err error
	if s.Usage, err = n.store.Usage(); err != nil {
		return nil, err
	}
	operator := Caller{Operator: true}
	if s.Check, err = n.LastCheck(ctx, operator); err != nil {
		return nil, err
	}
	peers, err := n.PeerList(ctx, operator)
	if err != nil {
		return nil, err
	}
	v := n.store.View(ctx)
	for _, i := range n.Groups(ctx, operator) {
		g, err := n.find(i.ID)
		if err != nil {
			return nil, err
		}
		x := GroupStats{Group: i.ID.Short(), ReadOnly: len(i.Restoring) > 0, HeldBack: len(i.HeldBack), Alarms: map[string]int{}}
		alarms, err := store.Alarms(v, g.row)
		if err != nil {
			return nil, explain(err)
		}
		for _, a := range alarms {
			x.Alarms[a.Code]++
		}
		if x.Drafts, err = store.CountDrafts(v, g.row); err != nil {
			return nil, explain(err)
		}
		for _, p := range g.ledger.Parties() {
			x.Logs = append(x.Logs, LogStats{p, i.Held[p], i.Cut[p]})
		}
		for _, p := range peers {
			if p.Group == i.ID {
				x.Peers = append(x.Peers, p)
			}
		}
		s.Groups = append(s.Groups, x)
	}
	return s, nil
}
