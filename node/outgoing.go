package node

import (
	"sync"

	"entente/record"
)

// outgoing keeps the records sealed last with their parts, in memory only, until they are pushed out by newer ones.
type outgoing struct {
	mu    sync.Mutex
	byRef map[outRef]outRecord
	order []outRef
	bytes int
}

type outRef struct {
	group record.ID
	index uint64
}

type outRecord struct {
	record *record.Record
	parts  []record.Part
	bytes  int
}

// put keeps a record that is on disk.
func (o *outgoing) put(group record.ID, r *record.Record, parts []record.Part) {
	x := outRecord{r, parts, len(r.Bytes())}
	for _, p := range parts {
		x.bytes += len(p.Content)
	}
	if x.bytes > outgoingBytes/16 {
		return
	}
	ref := outRef{group, r.Header().Index}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.byRef == nil {
		o.byRef = map[outRef]outRecord{}
	}
	o.byRef[ref] = x
	o.order = append(o.order, ref)
	for o.bytes += x.bytes; o.bytes > outgoingBytes; o.order = o.order[1:] {
		o.bytes -= o.byRef[o.order[0]].bytes
		delete(o.byRef, o.order[0])
	}
}

func (o *outgoing) get(group record.ID, index uint64) (outRecord, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	x, ok := o.byRef[outRef{group, index}]
	return x, ok
}
