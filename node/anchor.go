package node

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"entente/record"
)

// anchor is a small file outside the backed-up folder. It names the last head of this node's own logs, so that a start from
// a restored backup is noticed (rule C10), and the running copies of the node, so that peers can tell a restart from a second
// copy. It is written at every commit and synced at least every anchorEvery and at the end: a killed process loses nothing of
// it; after a power cut it may be a second behind, and then names a head that lies under the database's own.
type anchor struct {
	mu     sync.Mutex
	f      *os.File
	data   anchorData
	dirty  bool
	synced time.Time
}

type anchorData struct {
	Instances []string               `json:"instances"` // newest last; the last is this process
	Heads     map[string]record.Mark `json:"heads"`     // group → own size and root
}

func openAnchor(path string) (*anchor, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("anchor: %w; it must be a file outside the data folder that this process may write", err)
	}
	a := &anchor{f: f}
	b, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("anchor: %w", err), f.Close())
	}
	if json.Unmarshal(b, &a.data) != nil || a.data.Heads == nil {
		a.data = anchorData{Heads: map[string]record.Mark{}} // unreadable is as good as missing: the peers are asked
	}
	return a, nil
}

// agrees reports whether the database goes on where the anchor left it: same head, or the anchor's head lies under it.
func (a *anchor) agrees(group record.ID, own *plog, r storeReader) (bool, error) {
	m, ok := a.data.Heads[group.String()]
	if !ok || m.Size > own.tree.Size() {
		return false, nil
	}
	if m.Size == 0 {
		return true, nil
	}
	root, err := own.root(r, m.Size)
	return root == m.Root, err
}

// names reports whether the anchor knows records of this node's log in a group.
func (a *anchor) names(group record.ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.data.Heads[group.String()].Size > 0
}

// begin starts a new running copy.
func (a *anchor) begin() error {
	a.mu.Lock()
	a.data.Instances = append(a.data.Instances, hex.EncodeToString(random(16)))
	if n := len(a.data.Instances); n > keepInstances {
		a.data.Instances = slices.Clone(a.data.Instances[n-keepInstances:])
	}
	a.dirty = true
	a.mu.Unlock()
	return a.sync()
}

func (a *anchor) instances() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.data.Instances)
}

func (a *anchor) set(group record.ID, size uint64, root record.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.data.Heads = maps.Clone(a.data.Heads)
	a.data.Heads[group.String()] = record.Mark{Size: size, Root: root}
	a.dirty = true
}

func (a *anchor) write() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.flush(time.Since(a.synced) > anchorEvery)
}

func (a *anchor) sync() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.flush(true)
}

func (a *anchor) flush(sync bool) error {
	if a.dirty {
		b, err := json.Marshal(a.data)
		if err != nil {
			return err
		}
		b = append(b, '\n')
		if _, err := a.f.WriteAt(b, 0); err != nil {
			return fmt.Errorf("anchor: %w", err)
		}
		if err := a.f.Truncate(int64(len(b))); err != nil {
			return fmt.Errorf("anchor: %w", err)
		}
		a.dirty = false
	}
	if sync {
		a.synced = time.Now()
		if err := a.f.Sync(); err != nil {
			return fmt.Errorf("anchor: %w", err)
		}
	}
	return nil
}

func (a *anchor) close() error { return errors.Join(a.sync(), a.f.Close()) }
