package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"entente"
	"entente/node"
	"entente/peer"
	"entente/record"
)

// pair is two nodes over TLS on the loopback, as two ministries would run them.
type pair struct {
	nodes map[record.Party]*node.Node
	seats map[record.Party]ed25519.PrivateKey
	addrs map[record.Party]string
	group record.ID
	stop  context.CancelFunc
	wg    sync.WaitGroup
}

var parties = []record.Party{"MX", "US"}

func key(name string) ed25519.PrivateKey {
	d := record.Digest("entente/bench/v1", []byte(name))
	return ed25519.NewKeyFromSeed(d[:])
}

func names(s string) map[string]string { return map[string]string{"en": s, "es": s} }

func newPair(ctx context.Context, dir string) (*pair, error) {
	p := &pair{nodes: map[record.Party]*node.Node{}, seats: map[record.Party]ed25519.PrivateKey{}, addrs: map[record.Party]string{}}
	c := &entente.Charter{Rules: entente.Rules, Founded: time.Now().Unix(), Track: "bench", Languages: []string{"en", "es"}, Names: names("Bench"), Purpose: names("Bench"),
		Clocks: entente.Clocks{Notice: 86400, Ceiling: 86400, Retention: 86400, Skew: 300}}
	offices := map[record.Party][]entente.Office{}
	for _, id := range parties {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		p.addrs[id] = l.Addr().String()
		if err := l.Close(); err != nil {
			return nil, err
		}
		p.seats[id] = key(string(id) + "/desk")
		offices[id] = []entente.Office{{ID: "desk", Names: names("Desk"), Seats: []entente.Seat{{Number: 1, Key: node.PublicKey(p.seats[id])}}, Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}}}
		d := filepath.Join(dir, string(id))
		if err := node.Init(ctx, node.Setup{Dir: d, Config: node.Config{Party: id, Names: names(string(id)), Address: p.addrs[id]}, Passphrase: "only for a bench", WorkFactor: 2, Offices: offices[id]}); err != nil {
			return nil, err
		}
		n, err := node.Open(ctx, node.Options{Dir: d})
		if err != nil {
			return nil, err
		}
		p.nodes[id] = n
		i, err := n.Introduction(ctx)
		if err != nil {
			return nil, err
		}
		c.Parties = append(c.Parties, entente.CharterParty{ID: id, Names: names(string(id)), Root: i.Root, Next: i.Next})
	}
	founding, err := c.Encode()
	if err != nil {
		return nil, err
	}
	for _, id := range parties {
		for _, q := range parties {
			if q == id {
				continue
			}
			i, err := p.nodes[q].Introduction(ctx)
			if err == nil {
				err = p.nodes[id].Meet(ctx, i)
			}
			if err != nil {
				return nil, err
			}
		}
		if p.group, err = p.nodes[id].Join(ctx, founding); err != nil {
			return nil, err
		}
		root, err := node.OpenKey(filepath.Join(dir, string(id), node.RootFile), "only for a bench")
		if err != nil {
			return nil, err
		}
		if err := p.nodes[id].PutPowers(ctx, p.group, offices[id], root); err != nil {
			return nil, err
		}
		if err := p.act(ctx, id, node.Act{Kind: "charter", Verb: record.Consent, Version: p.group}); err != nil {
			return nil, err
		}
	}
	if err := p.plug(ctx); err != nil {
		return nil, err
	}
	return p, p.even(ctx)
}

func (p *pair) plug(ctx context.Context) error {
	ctx, p.stop = context.WithCancel(ctx)
	for _, id := range parties {
		x, err := peer.New(p.nodes[id], peer.Options{Listen: p.addrs[id], Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			return err
		}
		p.wg.Go(func() {
			if err := x.Run(ctx); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		})
	}
	return nil
}

func (p *pair) unplug() { p.stop(); p.wg.Wait() }

func (p *pair) close() error {
	p.unplug()
	return errors.Join(p.nodes["MX"].Close(), p.nodes["US"].Close())
}

// even waits until each side has acknowledged everything.
func (p *pair) even(ctx context.Context) error {
	for {
		done := true
		for _, a := range parties {
			for _, b := range parties {
				if a == b {
					continue
				}
				s, err := p.nodes[a].Sizes(p.group)
				if err != nil {
					return err
				}
				n, err := p.nodes[a].Acked(ctx, p.group, b)
				if err != nil {
					return err
				}
				done = done && n == s[a]
			}
		}
		if done {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
}

func (p *pair) act(ctx context.Context, id record.Party, a node.Act) error {
	a.Group = p.group
	who := node.Caller{Office: "desk", Via: "bench"}
	d, err := p.nodes[id].Prepare(ctx, who, a)
	if err != nil {
		return err
	}
	d.Sign(record.Approve(d.Act, id, "desk", 1, time.Now().Unix(), p.seats[id]))
	_, err = p.nodes[id].Seal(ctx, who, d)
	return err
}

// commitment is what one exchange carries: a dated promise with title and body in two languages, about 700 bytes.
func commitment(i int) node.Act {
	body := strings.Repeat("Done means that the list is delivered and acknowledged. ", 5)
	return node.Act{Kind: "commitment", Verb: record.Propose, Nature: record.Political, Terms: []byte(`{"owner":"US","due":1900000000}`),
		Parts: []node.NewPart{{Name: "title.en", Content: []byte("Commitment " + strconv.Itoa(i))}, {Name: "title.es", Content: []byte("Compromiso " + strconv.Itoa(i))},
			{Name: "body.en", Content: []byte(body)}, {Name: "body.es", Content: []byte(body)}}}
}

// many runs n acts with that many submitters.
func many(n, submitters int, f func(i int) error) error {
	var wg sync.WaitGroup
	next, errs := make(chan int, n), make(chan error, submitters)
	for i := range n {
		next <- i
	}
	close(next)
	for range submitters {
		wg.Go(func() {
			for i := range next {
				if err := f(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

// bare does the signatures and verifications of one exchange and nothing else, on all cores: two signatures (official and
// record), three verifications (the official's at both nodes, the record at the other), over messages of the real length.
func bare(n int) float64 {
	k := key("bare")
	pub := k.Public().(ed25519.PublicKey)
	statement, header := make([]byte, 120), make([]byte, 1200)
	began := time.Now()
	if err := many(n, runtime.GOMAXPROCS(0), func(int) error {
		a, b := ed25519.Sign(k, statement), ed25519.Sign(k, header)
		if !ed25519.Verify(pub, statement, a) || !ed25519.Verify(pub, header, b) || !ed25519.Verify(pub, statement, a) {
			return errors.New("a signature does not verify")
		}
		return nil
	}); err != nil {
		panic(err)
	}
	return float64(n) / time.Since(began).Seconds()
}

func exchange(ctx context.Context, r *report, dir string, rounds, per int) error {
	p, err := newPair(ctx, filepath.Join(dir, "exchange"))
	if err != nil {
		return err
	}
	defer func() { _ = p.close() }()
	var rates, limits, ratios, cpus []float64
	for round := range rounds + 1 {
		began, used := time.Now(), cpu()
		if err := many(per, 256, func(i int) error { return p.act(ctx, "MX", commitment(i)) }); err != nil {
			return err
		}
		if err := p.even(ctx); err != nil {
			return err
		}
		rate, spent := float64(per)/time.Since(began).Seconds(), (cpu()-used)/float64(per)*1e6
		limit := bare(per)
		if round == 0 {
			continue // the first fills caches
		}
		rates, limits, ratios, cpus = append(rates, rate), append(limits, limit), append(ratios, rate/limit), append(cpus, spent)
	}
	r.add("exchange: sealed, durable at both, mirrored", "1/s", "", rates...)
	r.add("bare signatures and verifications of it, all cores", "1/s", "", limits...)
	r.add("exchange ÷ bare", "ratio", ">= 0.40", ratios...)
	r.add("CPU per exchange, both nodes", "µs", "", cpus...)
	var seal, mirrored []float64
	for i := range 300 {
		began := time.Now()
		if err := p.act(ctx, "MX", commitment(i)); err != nil {
			return err
		}
		seal = append(seal, float64(time.Since(began).Microseconds())/1000)
		s, _ := p.nodes["MX"].Sizes(p.group)
		for {
			if n, err := p.nodes["MX"].Acked(ctx, p.group, "US"); err != nil {
				return err
			} else if n >= s["MX"] {
				break
			}
			time.Sleep(50 * time.Microsecond)
		}
		mirrored = append(mirrored, float64(time.Since(began).Microseconds())/1000)
	}
	for _, x := range []struct {
		name string
		v    []float64
	}{{"one submitter, durable here", seal}, {"one submitter, mirrored there", mirrored}} {
		r.add(x.name+", p50", "ms", "", quantile(x.v, 0.5))
		r.add(x.name+", p99", "ms", "", quantile(x.v, 0.99))
	}
	return nil
}

func quantile(x []float64, q float64) float64 {
	s := append([]float64(nil), x...)
	for i := range s { // a few hundred values
		for j := i + 1; j < len(s); j++ {
			if s[j] < s[i] {
				s[i], s[j] = s[j], s[i]
			}
		}
	}
	return s[min(len(s)-1, int(q*float64(len(s))))]
}

func backlogs(ctx context.Context, r *report, dir string, n int) error {
	p, err := newPair(ctx, filepath.Join(dir, "backlog"))
	if err != nil {
		return err
	}
	defer func() { _ = p.close() }()
	p.unplug()
	if err := many(n, 256, func(i int) error { return p.act(ctx, "MX", commitment(i)) }); err != nil {
		return err
	}
	if err := p.plug(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := p.even(ctx); err != nil {
		return err
	}
	r.add(fmt.Sprintf("backlog of %d, complete and in order", n), "1/s", "", float64(n)/time.Since(began).Seconds())
	return idleAndCheck(ctx, r, p, n)
}

// idleAndCheck measures the memory of a node at rest, and how fast it checks itself.
func idleAndCheck(ctx context.Context, r *report, p *pair, n int) error {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r.add(fmt.Sprintf("memory of two idle nodes with %d records each (heap in use)", n), "MB", "", float64(m.HeapInuse)/1e6)
	began := time.Now()
	rep, err := p.nodes["US"].Check(ctx, nil)
	if err != nil {
		return err
	}
	if !rep.OK {
		return fmt.Errorf("check: %v", rep.Faults)
	}
	r.add("check: verify and rebuild everything", "records/s", "", float64(rep.Records)/time.Since(began).Seconds())
	return fold(ctx, r, p)
}

// fold measures the pure fold over instruments of one record, without the database.
func fold(ctx context.Context, r *report, p *pair) error {
	l, err := p.nodes["US"].Ledger(p.group)
	if err != nil {
		return err
	}
	page, err := p.nodes["US"].Instruments(ctx, node.Caller{Office: "desk"}, p.group, node.Query{Kind: "commitment", Limit: 1})
	if err != nil {
		return err
	}
	d, err := p.nodes["US"].Instrument(ctx, node.Caller{Office: "desk"}, p.group, page.Items[0].State.Instrument)
	if err != nil {
		return err
	}
	h := *d.Records[0].Header
	sealed, err := record.Seal(h, key("fold"))
	if err != nil {
		return err
	}
	j := []entente.Judged{{Record: sealed}}
	began, n := time.Now(), 200_000
	for range n {
		if _, _, err := l.Fold(sealed.ID(), j, nil); err != nil {
			return err
		}
	}
	r.add("fold, one record each", "records/s", "", float64(n)/time.Since(began).Seconds())
	return nil
}

func bySize(ctx context.Context, r *report, dir, sizes string, per int) error {
	p, err := newPair(ctx, filepath.Join(dir, "sizes"))
	if err != nil {
		return err
	}
	defer func() { _ = p.close() }()
	have := 0
	for _, s := range strings.Split(sizes, ",") {
		size, err := strconv.Atoi(s)
		if err != nil {
			return err
		}
		if err := many(size-have, 256, func(i int) error { return p.act(ctx, "MX", commitment(i)) }); err != nil {
			return err
		}
		if err := p.even(ctx); err != nil {
			return err
		}
		began := time.Now()
		if err := many(per, 256, func(i int) error { return p.act(ctx, "MX", commitment(i)) }); err != nil {
			return err
		}
		if err := p.even(ctx); err != nil {
			return err
		}
		rate := float64(per) / time.Since(began).Seconds()
		have = size + per
		r.add(fmt.Sprintf("exchange ÷ bare, at %d records", size), "ratio", "", rate/bare(per))
	}
	return nil
}
