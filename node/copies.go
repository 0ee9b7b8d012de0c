package node

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"entente/record"
	"entente/store"
)

// ErrCopy: another copy of that node is live. Two copies of one node would sign two histories.
var ErrCopy = errors.New("another copy of this node is live")

type copyOf struct {
	id   string
	last int64
}

// Instances name this running copy and those it goes on from, newest last. They are shown to peers with every message.
func (n *Node) Instances() []string { return n.anchor.instances() }

// Admit lets a peer's running copy speak, or refuses a second live copy (rule C10): one that does not go on from the copy
// known here, while that was heard of within the lease.
func (n *Node) Admit(ctx context.Context, p record.Party, instances []string) error {
	if len(instances) == 0 || len(instances) > keepInstances {
		return fmt.Errorf("%w: name the running copy", ErrInvalid)
	}
	newest, now := instances[len(instances)-1], n.clock()
	n.mu.Lock()
	c := n.copies[p]
	ok := c == nil || slices.Contains(instances, c.id) || now-c.last > int64(lease.Seconds())
	started := c == nil || c.id != newest
	if ok {
		n.copies[p] = &copyOf{newest, now}
	}
	n.mu.Unlock()
	if ok && started {
		return n.retell(ctx, p)
	} else if ok {
		return nil
	}
	for _, id := range n.Shared(p) {
		g, err := n.find(id)
		if err == nil {
			_ = n.alarm(ctx, g, store.Alarm{Party: p, Code: AlarmCopy, Text: fmt.Sprintf("A second live copy of the node of %s was refused. If it was moved or restored, its operator stops the other copy first.", p)})
		}
	}
	return fmt.Errorf("%s: %w: stop the other copy, or wait %s after it has stopped", p, ErrCopy, lease)
}
