package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"entente/node"
)

// announce measures how long a node takes to hold a statement of two pages against everything that it may not publish: every
// text of n records, each of other words, with a day and an amount.
func announce(ctx context.Context, r *report, dir string, n int) error {
	p, err := newPair(ctx, filepath.Join(dir, "announce"))
	if err != nil {
		return err
	}
	defer func() { _ = p.close() }()
	if err := many(n, 32, func(i int) error {
		a, said := commitment(i), prose(uint64(i), 3)
		for k := range a.Parts {
			if strings.HasPrefix(a.Parts[k].Name, "body.") {
				a.Parts[k].Content = []byte(said)
			}
		}
		return p.act(ctx, "MX", a)
	}); err != nil {
		return err
	}
	mx, who := p.nodes["MX"], node.Caller{Office: "desk", Via: "bench"}
	check := func(text string) (held int, seconds float64, err error) {
		t := time.Now()
		hs, err := mx.CheckAnnouncement(ctx, who, p.group, map[string]string{"body.en": text})
		return len(hs), time.Since(t).Seconds(), err
	}
	_, first, err := check(prose(1<<40, 40))
	if err != nil {
		return err
	}
	r.add(fmt.Sprintf("announce: first check after start, %d records", n), "s", "", first)
	var ms []float64
	for i := range 30 {
		_, s, err := check(prose(1<<41+uint64(i), 40))
		if err != nil {
			return err
		}
		ms = append(ms, s*1000)
	}
	r.add(fmt.Sprintf("announce: a text of 40 sentences, p95 at %d records", n), "ms", "at most 100", quantile(ms, 0.95))
	if held, _, err := check(prose(1<<42, 20) + prose(uint64(n/2), 3)); err != nil || held == 0 {
		return fmt.Errorf("three sentences of a record are not held: %d, %w", held, err)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r.add("announce: memory in use, both nodes", "MB", "", float64(m.HeapInuse)/1e6)
	return nil
}

// prose are sentences of 12 to 24 words out of some thousands, the common ones more often, as in a language.
func prose(seed uint64, sentences int) string {
	x := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // the same each time
	var b strings.Builder
	for range sentences {
		for k := range 12 + x.IntN(13) {
			w := int(5000 * x.Float64() * x.Float64() * x.Float64())
			switch {
			case k == 6 && x.IntN(4) == 0:
				fmt.Fprintf(&b, "on %d March 20%02d ", 1+x.IntN(28), 20+x.IntN(10))
			case k == 9 && x.IntN(4) == 0:
				fmt.Fprintf(&b, "%d kilograms ", x.IntN(90000))
			default:
				b.WriteString(string(rune('a'+w%23)) + string(rune('a'+w/23%23)) + string("aeiou"[w%5]) + string(rune('a'+w/529%23)) + "en ")
			}
		}
		b.WriteString("stands. ")
	}
	return b.String()
}
