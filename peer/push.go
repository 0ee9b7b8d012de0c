package peer

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"entente/node"
	"entente/record"
)

// client speaks to one party's node over one connection at a time.
type client struct {
	p     *Peer
	to    record.Party
	addr  string
	http  *http.Client
	word  map[record.ID]time.Time // when a state digest was last sent, per group
	spoke bool                    // the peer answered, be it with a refusal
	took  bool                    // the peer took something in this round: a line that breaks now and then is no absent peer
	try   int                     // which of our keys, where there are several: the peer may know a later one than it acknowledged
	with  ed25519.PublicKey       // our key of the connection made last
	made  bool                    // that connection was made in this round
}

func (p *Peer) client(to record.Party) *client {
	c := &client{p: p, to: to, word: map[record.ID]time.Time{}}
	tr := &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: 3 * heartbeat, DisableCompression: true,
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			pin, addr, err := p.n.PeerKey(ctx, to)
			if err != nil {
				return nil, err
			}
			key := c.key(ctx)
			cert, err := p.cert(key)
			if err != nil {
				return nil, err
			}
			raw, err := p.o.Dial(ctx, addr)
			if err != nil {
				return nil, err
			}
			conf := p.config(func(pub ed25519.PublicKey) error {
				if !pub.Equal(pin) {
					return fmt.Errorf("the node at %s has not the key of %s: %w", addr, to, errWrongKey)
				}
				return nil
			})
			conf.Certificates, conf.ServerName = []tls.Certificate{*cert}, keyName(pin)
			t := tls.Client(raw, conf)
			hctx, cancel := context.WithTimeout(ctx, dialTimeout)
			defer cancel()
			if err := t.HandshakeContext(hctx); err != nil {
				return nil, errors.Join(err, raw.Close())
			}
			c.with, c.made = key.Public().(ed25519.PublicKey), true
			return t, nil
		}}
	c.http = &http.Client{Transport: tr, Timeout: callTimeout}
	return c
}

// key is our side of the next connection.
func (c *client) key(ctx context.Context) ed25519.PrivateKey {
	keys := c.p.n.TLSKeys(ctx, c.to)
	return keys[c.try%len(keys)]
}

// another has the next attempt made over a new connection: under the key that the peer knows by now, or, where that was just
// used, under another of ours.
func (c *client) another(ctx context.Context) {
	c.http.CloseIdleConnections()
	keys := c.p.n.TLSKeys(ctx, c.to)
	if c.made && c.with.Equal(keys[c.try%len(keys)].Public()) {
		c.try++
	} else {
		c.try = 0
	}
}

var errWrongKey = errors.New("another node answers there")

// call sends one message and reads the answer. A Fault comes back as the node error it stands for.
func (c *client) call(ctx context.Context, path string, in, out any) (Fault, error) {
	b, err := enc.Marshal(in)
	if err != nil {
		return Fault{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+strings.ToLower(string(c.to))+path, bytes.NewReader(b))
	if err != nil {
		return Fault{}, err
	}
	req.Header.Set("Content-Type", pathCBOR)
	req.Header.Set(instanceHeader, strings.Join(c.p.n.Instances(), ","))
	c.p.wire(c.to, path, b)
	c.p.fault("send")
	res, err := c.http.Do(req)
	if err != nil {
		if strings.Contains(err.Error(), "tls: bad certificate") { // what TLS calls it when the other side's node ends the handshake
			err = fmt.Errorf("the other node does not know our key: it has not kept our introduction, or not joined a group with us: %w", err)
		}
		return Fault{}, err
	}
	defer res.Body.Close()
	c.spoke = true
	if res.StatusCode == http.StatusOK {
		return Fault{}, read(res.Body, out)
	}
	var f Fault
	if err := read(io.LimitReader(res.Body, maxHeader), &f); err != nil {
		return Fault{}, fmt.Errorf("%s answers %s: %w", c.to, res.Status, errRemote)
	}
	return f, f.err()
}

// push delivers everything a party has not acknowledged, in order, and goes on as the node grows. An absent peer is tried again
// with growing pauses, for as long as it takes; its own contact ends the pause.
func (p *Peer) push(ctx context.Context, to record.Party) {
	c, wait := p.client(to), time.Duration(0)
	defer c.http.CloseIdleConnections()
	for {
		changed := p.n.Changed()
		c.took, c.made = false, false
		err := c.round(ctx)
		if ctx.Err() != nil {
			return
		}
		pause, heard := heartbeat, chan struct{}(nil)
		if err != nil {
			c.another(ctx)
			if c.took {
				wait = 0
			}
			wait = min(max(wait*2, retryFirst), retryLast)
			pause, changed, heard = wait, nil, p.signal(p.wakeups, to) // its own contact ends the wait; while all is well it says nothing new
			p.log.Info("peer not reached or refused", "peer", to, "retry", pause.String(), "err", err)
		} else {
			wait, c.try = 0, 0
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-changed:
		case <-heard:
		case <-p.signal(p.losses, to):
		case <-t.C:
		}
		t.Stop()
	}
}

// round brings one party up to date in every shared group.
func (c *client) round(ctx context.Context) error {
	var errs []error
	if c.with != nil && !c.with.Equal(c.key(ctx).Public()) {
		c.http.CloseIdleConnections()
	}
	if err := c.charters(ctx); err != nil {
		errs = append(errs, err)
	}
	for _, g := range c.p.n.Shared(c.to) {
		c.spoke = false
		err := c.group(ctx, g)
		if err == nil || c.spoke { // what stands in the way of records does not stand in the way of taking back
			err = errors.Join(err, c.nonPapers(ctx, g))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("group %s: %w", g.Short(), err))
		}
	}
	return errors.Join(errs...)
}

func (c *client) group(ctx context.Context, g record.ID) error {
	if slices.Contains(c.p.n.Restoring()[g], c.to) {
		if err := c.recover(ctx, g); err != nil {
			return err
		}
	}
	from, err := c.p.n.Acked(ctx, g, c.to)
	if err != nil {
		return err
	}
	var kept chan error // the receipt of the message before is stored while the next one travels
	settle := func() error {
		if kept == nil {
			return nil
		}
		err := <-kept
		kept = nil
		return err
	}
	defer func() { _ = settle() }() // an error on the way out is of a message that is sent again
	for gaps := 0; ; {
		sizes, err := c.p.n.Sizes(g)
		if err != nil {
			return err
		}
		from = min(from, sizes[c.p.n.Party()])
		m, err := c.p.n.Outgoing(ctx, g, c.to, from)
		if err != nil {
			return err
		}
		done := from+uint64(len(m.Records)) >= sizes[c.p.n.Party()]
		if done && time.Since(c.word[g]) > stateEvery {
			if m.State, err = c.p.n.State(ctx, g); err != nil {
				return err
			}
			c.word[g] = time.Now()
		}
		var ack node.Ack
		f, err := c.call(ctx, pathPush, m, &ack)
		if errors.Is(err, node.ErrGap) && gaps < maxGaps {
			gaps++
			if f.Size > sizes[c.p.n.Party()] { // it says it holds more of our log than we do: then it can show our signature under it
				if err := c.recover(ctx, g); err != nil {
					return err
				}
			}
			from = f.Size // it holds less than it acknowledged: it was restored, or another message came first
			continue
		}
		if err != nil {
			return err
		}
		c.p.fault("acknowledged")
		if err := settle(); err != nil {
			return err
		}
		kept = make(chan error, 1)
		go func(kept chan<- error) { kept <- c.p.n.Acknowledged(ctx, g, c.to, m, &ack) }(kept)
		c.took = true
		next := max(ack.Size, from+uint64(len(m.Records)))
		last := done || next == from
		if last {
			if err := settle(); err != nil {
				return err
			}
		}
		if err := c.hunts(ctx); err != nil {
			return err
		}
		if last {
			return nil
		}
		from = next
	}
}

// nonPapers tells the peer of non-papers floated and taken back, oldest first, until it knows them all. A peer that does not take
// one is told again later: its refusal holds up neither records nor the others.
func (c *client) nonPapers(ctx context.Context, g record.ID) error {
	for {
		f, t, err := c.p.n.Untold(ctx, g, c.to)
		if err != nil || f == nil && t == nil {
			return err
		}
		var a node.FloatAnswer
		var id record.Nonce
		if f != nil {
			id = f.ID
			_, err = c.call(ctx, pathFloat, f, &a)
		} else {
			id = t.ID
			_, err = c.call(ctx, pathTakeBack, t, &a)
		}
		if err != nil && !errors.Is(err, node.ErrNotFound) && !errors.Is(err, node.ErrInvalid) {
			return fmt.Errorf("non-paper: %w", err)
		}
		if err := c.p.n.Told(ctx, c.to, id, t != nil, a.Said); err != nil {
			return err
		}
	}
}

// charters shows the peer the founding charters that people here send it. One that it does not take is shown again later.
func (c *client) charters(ctx context.Context) error {
	for {
		m, err := c.p.n.UntoldCharter(ctx, c.to)
		if err != nil || m == nil {
			return err
		}
		var a node.CharterAnswer
		_, err = c.call(ctx, pathCharter, m, &a)
		if err != nil && !errors.Is(err, node.ErrNotFound) && !errors.Is(err, node.ErrInvalid) {
			return fmt.Errorf("charter: %w", err)
		}
		if err := c.p.n.ToldCharter(ctx, c.to, m, a.Said); err != nil {
			return err
		}
	}
}

// recover takes back what the peer holds of our log and we do not (rule C10).
func (c *client) recover(ctx context.Context, g record.ID) error {
	err := c.p.n.Recover(ctx, g, c.to, func(from uint64) (*node.Push, error) {
		var out node.Push
		_, err := c.call(ctx, pathReturn, ReturnQuery{g, from}, &out)
		return &out, err
	})
	if err != nil {
		return fmt.Errorf("take back what %s holds: %w", c.to, err)
	}
	return nil
}

// hunts asks the peer where its copy of a log parts from ours.
func (c *client) hunts(ctx context.Context) error {
	for _, h := range c.p.n.Hunts(c.to) {
		err := c.p.n.Pursue(ctx, h, func(q node.Ask) (*node.Answer, error) {
			var a node.Answer
			_, err := c.call(ctx, pathAsk, q, &a)
			return &a, err
		})
		switch {
		case errors.Is(err, node.ErrFork):
			c.p.log.Error("records do not match", "party", h.Party, "via", h.Via, "err", err)
		case err != nil:
			return err
		}
	}
	return nil
}
