package web

import (
	"fmt"
	"strconv"

	"entente/consent"
	"entente/node"
	"entente/record"
	"entente/store"
)

// recordsBody says what each side holds of the other's records, and what people must look at.
type recordsBody struct {
	Peers    []peerRow
	HeldBack []consent.Held
	Alarms   []store.Alarm
	Closed   []record.Party
	Waiting  []record.Party // peers that have not answered since this node was restored
	Logs     []logRow
	State    *node.StateWord
}

type peerRow struct {
	node.PeerInfo
	Held int // of its records, without effect until what they know is here
}

type logRow struct {
	Party   record.Party
	Held    uint64
	Counted uint64
	Root    record.ID
}

func (w *Web) records(r *request) (answer, error) {
	ctx, id := r.Context(), r.group.ID
	peers, err := w.node.PeerList(ctx, r.who)
	if err != nil {
		return nil, err
	}
	b := recordsBody{HeldBack: r.group.Info.HeldBack, Closed: r.group.Info.Closed, Waiting: r.group.Info.Restoring}
	for _, p := range peers {
		if p.Group == id {
			b.Peers = append(b.Peers, peerRow{p, int(p.Theirs - p.Counted)})
		}
	}
	if b.Alarms, err = w.node.Alarms(ctx, r.who, id); err != nil {
		return nil, err
	}
	if b.State, err = w.node.State(ctx, id); err != nil {
		return nil, err
	}
	for _, p := range r.group.Chart.IDs() {
		b.Logs = append(b.Logs, logRow{p, r.group.Info.Held[p], r.group.Info.Cut[p], b.State.Cut[p].Root})
	}
	return page{name: "records", title: r.t("records.title"), nav: "records", body: b}, nil
}

// proof is the portable proof of an alarm: whoever has it needs no node to check it.
func (w *Web) proof(r *request) (answer, error) {
	n, err := strconv.ParseInt(r.PathValue("alarm"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("alarm: %w", node.ErrNotFound)
	}
	alarms, err := w.node.Alarms(r.Context(), r.who, r.group.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range alarms {
		if a.ID == n && len(a.Proof) > 0 {
			return file{name: fmt.Sprintf("entente-%s-%s-%d.proof", r.group.Chart.Track, a.Party, a.ID), mime: "application/octet-stream", content: a.Proof}, nil
		}
	}
	return nil, fmt.Errorf("alarm: %w", node.ErrNotFound)
}
