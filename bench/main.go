// Command bench measures Entente against limits and peers: medians of interleaved rounds in one run.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
)

// Figure is one measured quantity: the median of its rounds.
type Figure struct {
	Name   string    `json:"name"`
	Unit   string    `json:"unit"`
	Median float64   `json:"median"`
	Rounds []float64 `json:"rounds"`
	Budget string    `json:"budget,omitempty"`
}

type report struct {
	figures []Figure
}

func (r *report) add(name, unit, budget string, rounds ...float64) float64 {
	m := median(rounds)
	r.figures = append(r.figures, Figure{name, unit, m, rounds, budget})
	fmt.Fprintf(os.Stderr, "%-58s %12.3f %-10s %s\n", name, m, unit, budget)
	return m
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	if len(s) == 0 {
		return 0
	}
	return s[len(s)/2]
}

// cpu is the time this process has used on all cores, in seconds.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

var observed int

func main() {
	rounds := flag.Int("rounds", 5, "rounds of each comparison, interleaved")
	per := flag.Int("n", 8000, "operations per round")
	backlog := flag.Int("backlog", 20000, "records written while the other node was away")
	instruments := flag.Int("instruments", 100_000, "instruments of the group whose pages are measured")
	flag.IntVar(&observed, "observed", 2_000_000, "figures on 500 indicators whose signals and pages are measured")
	sizes := flag.String("sizes", "10000,100000", "sizes of the log at which the exchange is measured again")
	dir := flag.String("dir", "", "folder for the databases (default: a temporary one)")
	other := flag.String("told", "", "folder: exchange a round for each line on standard input (what the comparison at rest starts)")
	only := flag.String("only", "", "exchange, append, backlog, figures, progress, pages, announce, sizes or check; empty: all")
	flag.Parse()
	debug.SetGCPercent(400) // as entente serve does
	if *other != "" {
		if err := told(context.Background(), *other, *per); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*rounds, *per, *backlog, *instruments, *sizes, *dir, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(rounds, per, backlog, instruments int, sizes, dir, only string) error {
	if dir == "" {
		d, err := os.MkdirTemp("", "entente-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(d)
		dir = d
	}
	ctx, r := context.Background(), &report{}
	fmt.Fprintf(os.Stderr, "%d cores, %s, %d rounds of %d\n", runtime.GOMAXPROCS(0), runtime.Version(), rounds, per)
	for _, part := range []struct {
		name string
		run  func() error
	}{
		{"exchange", func() error { return errors.Join(exchange(ctx, r, dir, rounds, per), atRest(ctx, r, dir, rounds, per)) }},
		{"append", func() error { return appends(ctx, r, dir, rounds, per) }},
		{"backlog", func() error { return backlogs(ctx, r, dir, backlog) }},
		{"figures", func() error { return imports(ctx, r, dir, rounds) }},
		{"progress", func() error { return progressOf(ctx, r, dir, 500, observed) }},
		{"pages", func() error { return pages(ctx, r, dir, instruments) }},
		{"announce", func() error { return announce(ctx, r, dir, instruments) }},
		{"sizes", func() error { return bySize(ctx, r, dir, sizes, per) }},
	} {
		if only != "" && only != part.name {
			continue
		}
		if err := part.run(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(r.figures)
}
