package peer

import (
	"crypto/ed25519"
	"errors"
	"net/http"

	"entente/node"
	"entente/record"
)

func (p *Peer) routes() http.Handler {
	m := http.NewServeMux()
	m.Handle("POST "+pathPush, handle(p, func(r *http.Request, from record.Party, q *node.Push) (any, error) {
		p.fault("received")
		a, err := p.n.Receive(r.Context(), from, *q)
		p.fault("acknowledge")
		return a, err
	}))
	m.Handle("POST "+pathAsk, handle(p, func(r *http.Request, from record.Party, q *node.Ask) (any, error) {
		return p.n.Answer(r.Context(), from, *q)
	}))
	m.Handle("POST "+pathReturn, handle(p, func(r *http.Request, from record.Party, q *ReturnQuery) (any, error) {
		p.tell(p.losses, from) // it lost records of ours too, though it acknowledged them
		return p.n.Return(r.Context(), from, q.Group, q.From)
	}))
	m.Handle("POST "+pathFloat, handle(p, func(r *http.Request, from record.Party, q *node.Float) (any, error) {
		return p.n.ReceiveFloat(r.Context(), from, *q)
	}))
	m.Handle("POST "+pathTakeBack, handle(p, func(r *http.Request, from record.Party, q *node.TakenBack) (any, error) {
		return p.n.ReceiveTakenBack(r.Context(), from, *q)
	}))
	m.Handle("POST "+pathCharter, handle(p, func(r *http.Request, from record.Party, q *node.CharterMessage) (any, error) {
		return p.n.ReceiveCharter(r.Context(), from, *q)
	}))
	return m
}

// handle reads one message from a party's running copy and answers it. The party is known by its key, never by what it says.
func handle[Q any](p *Peer, f func(*http.Request, record.Party, *Q) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, from, err := answer(p, r, f)
		status := http.StatusOK
		if err != nil {
			if !errors.Is(err, node.ErrGap) {
				p.log.Warn("exchange refused", "peer", from, "path", r.URL.Path, "err", err)
			}
			fault, s := toFault(err)
			if a, ok := out.(*node.Ack); ok && a != nil {
				fault.Size = a.Size
			}
			out, status = fault, s
		}
		b, err := enc.Marshal(out)
		if err != nil {
			p.log.Error("answer not encoded", "err", err)
			http.Error(w, "", http.StatusInternalServerError)
			return
		}
		p.wire(from, r.URL.Path, b)
		w.Header().Set("Content-Type", pathCBOR)
		w.WriteHeader(status)
		_, _ = w.Write(b) // the other side asks again when it does not arrive
	})
}

func answer[Q any](p *Peer, r *http.Request, f func(*http.Request, record.Party, *Q) (any, error)) (any, record.Party, error) {
	pub, ok := r.TLS.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok {
		return nil, "", node.ErrNotFound
	}
	from, ok := p.n.PartyByKey(r.Context(), pub) // again: the key may have been replaced since the connection was made
	if !ok {
		return nil, "", node.ErrNotFound
	}
	if err := p.n.Admit(r.Context(), from, instances(r.Header.Get(instanceHeader))); err != nil {
		return nil, from, err
	}
	q := new(Q)
	if err := read(r.Body, q); err != nil {
		return nil, from, err
	}
	p.tell(p.wakeups, from)
	out, err := f(r, from, q)
	return out, from, err
}
