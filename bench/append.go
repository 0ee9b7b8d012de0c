package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	immu "github.com/codenotary/immudb/embedded/store"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"entente"
	"entente/record"
	"entente/store"
	"entente/tlog"
)

const submitters = 256

// ours appends sealed records with their tables through the store, in natural group commits, unsigned.
type ours struct {
	s     *store.Store
	tree  *tlog.Tree
	log   int64
	grp   int64
	queue chan chan error
	make  func(index uint64) *record.Record
	body  []byte
}

func newOurs(ctx context.Context, dir string) (*ours, error) {
	var kek [32]byte
	rand.Read(kek[:])
	s, err := store.Open(ctx, dir, kek)
	if err != nil {
		return nil, err
	}
	o := &ours{s: s, queue: make(chan chan error, 4*submitters)}
	if o.tree, err = tlog.Load(0, nil); err != nil {
		return nil, err
	}
	err = s.Update(ctx, nil, func(tx *store.Tx) error {
		g, err := tx.PutGroup(record.ID{1}, []byte("founding"), []record.Party{"MX"})
		if err != nil {
			return err
		}
		o.grp = g.Row
		l, err := store.Logs(tx, g.Row)
		if err == nil {
			o.log = l[0].Row
		}
		return err
	})
	o.body, _ = (&entente.State{Kind: "commitment", Versions: []entente.VersionState{{}}}).Encode()
	go o.writer(ctx)
	return o, err
}

func (o *ours) writer(ctx context.Context) {
	for c := range o.queue {
		batch := []chan error{c}
		for len(batch) < 512 {
			select {
			case c := <-o.queue:
				batch = append(batch, c)
				continue
			default:
			}
			break
		}
		err := o.s.Update(ctx, nil, func(tx *store.Tx) error {
			for range batch {
				r := prepared[o.tree.Size()]
				for _, t := range o.tree.Append(tlog.LeafHash(r.Bytes())) {
					if err := tx.PutTile(o.log, t); err != nil {
						return err
					}
				}
				pos, err := tx.PutJudged(o.log, r, false, r.Header().Time, []byte{0x80})
				if err != nil {
					return err
				}
				if err := tx.PutState(o.grp, store.StateRow{Pos: pos, Kind: "commitment", Line: "fuel", Owner: "MX", Phase: "proposed", Due: 1, Opened: 1, Last: 1, Body: o.body},
					[]store.AttentionRow{{Party: "MX", Reason: "sign"}, {Party: "US", Reason: "sign"}}, nil, true); err != nil {
					return err
				}
			}
			root := o.tree.Root()
			return tx.PutHead(o.log, o.tree.Size(), o.tree.Size(), root[:])
		})
		for _, c := range batch {
			c <- err
		}
	}
}

func (o *ours) append() error {
	c := make(chan error, 1)
	o.queue <- c
	return <-c
}

// prepared are records sealed before the clock starts: the comparison is of logs, not of signatures.
var prepared []*record.Record

func prepare(n int) error {
	k := key("append")
	for i := range n {
		h := record.Header{Group: record.ID{1}, Party: "MX", Index: uint64(i), Kind: "commitment", Verb: record.Propose, Charter: record.ID{1}, Time: 1}
		rand.Read(h.Nonce[:])
		r, err := record.Seal(h, k)
		if err != nil {
			return err
		}
		prepared = append(prepared, r)
	}
	return nil
}

func newTessera(ctx context.Context, dir string) (func([]byte, bool) error, func(context.Context) error, error) {
	d, err := posix.New(ctx, posix.Config{Path: dir})
	if err != nil {
		return nil, nil, err
	}
	sk, _, err := note.GenerateKey(rand.Reader, "bench")
	if err != nil {
		return nil, nil, err
	}
	signer, err := note.NewSigner(sk)
	if err != nil {
		return nil, nil, err
	}
	a, shutdown, reader, err := tessera.NewAppender(ctx, d, tessera.NewAppendOptions().WithCheckpointSigner(signer).
		WithCheckpointInterval(100*time.Millisecond).WithBatching(submitters, 5*time.Millisecond))
	if err != nil {
		return nil, nil, err
	}
	await := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 5*time.Millisecond)
	return func(b []byte, published bool) error {
		f := a.Add(ctx, tessera.NewEntry(b))
		if published {
			_, _, err := await.Await(ctx, f)
			return err
		}
		_, err := f()
		return err
	}, shutdown, nil
}

func rate(n int, f func(i int) error) (float64, error) {
	began := time.Now()
	err := many(n, submitters, f)
	return float64(n) / time.Since(began).Seconds(), err
}

func appends(ctx context.Context, r *report, dir string, rounds, per int) error {
	if err := prepare((rounds + 1) * per); err != nil {
		return err
	}
	o, err := newOurs(ctx, mkdir(dir, "append-ours"))
	if err != nil {
		return err
	}
	add, shutdown, err := newTessera(ctx, mkdir(dir, "append-tessera"))
	if err != nil {
		return err
	}
	db, err := immu.Open(mkdir(dir, "append-immudb"), immu.DefaultOptions().WithSynced(true).WithMaxConcurrency(submitters))
	if err != nil {
		return err
	}
	p, err := newPair(ctx, filepath.Join(dir, "append-pair"))
	if err != nil {
		return err
	}
	p.unplug()
	body := make([]byte, 500)
	n := 0
	one := map[string]func(i int) error{
		"ours": func(int) error { return o.append() },
		"tessera": func(i int) error {
			return add(fmt.Appendf(body[:0:0], "%d %s", i, prepared[i%len(prepared)].Bytes()), false)
		},
		"awaited": func(i int) error { return add(fmt.Appendf(nil, "w%d %s", i, prepared[i%len(prepared)].Bytes()), true) },
		"immudb": func(i int) error {
			tx, err := db.NewWriteOnlyTx(ctx)
			if err != nil {
				return err
			}
			if err := tx.Set([]byte(strconv.Itoa(i)), nil, prepared[i%len(prepared)].Bytes()); err != nil {
				return err
			}
			_, err = tx.Commit(ctx)
			return err
		},
		"signed": func(i int) error { return p.act(ctx, "MX", commitment(i)) },
	}
	rates := map[string][]float64{}
	for round := range rounds + 1 {
		for _, name := range []string{"ours", "tessera", "signed", "awaited", "immudb"} {
			base := n
			n += per
			x, err := rate(per, func(i int) error { return one[name](base + i) })
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if round > 0 {
				rates[name] = append(rates[name], x)
			}
		}
	}
	r.add("unsigned append with tables, durable", "1/s", "", rates["ours"]...)
	r.add("tessera POSIX, durable index", "1/s", "", rates["tessera"]...)
	r.add("unsigned append with tables ÷ tessera POSIX", "ratio", ">= 0.9", ratio(rates["ours"], rates["tessera"])...)
	r.add("signed append, sealed and folded", "1/s", "", rates["signed"]...)
	r.add("signed append ÷ tessera awaited at 100 ms checkpoints", "ratio", "", ratio(rates["signed"], rates["awaited"])...)
	r.add("signed append ÷ immudb embedded, synced", "ratio", "", ratio(rates["signed"], rates["immudb"])...)
	_ = p.nodes["MX"].Close()
	_ = p.nodes["US"].Close()
	_ = db.Close()
	sctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_ = shutdown(sctx) // what was measured is measured
	return nil
}

func ratio(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] / b[i]
	}
	return out
}

func mkdir(dir, name string) string {
	d := filepath.Join(dir, name)
	if err := os.MkdirAll(d, 0o700); err != nil {
		panic(err)
	}
	return d
}
