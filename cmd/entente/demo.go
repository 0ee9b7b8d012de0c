package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"entente/demo"
	"entente/node"
	"entente/record"
)

type demoCmd struct {
	Once bool `help:"Run, check, prove, print the result and end; without it both nodes stay up to be looked at."`
}

func (demoCmd) Help() string {
	return `Makes the nodes of México and the United States in DIR (default ./entente-demo; only a folder that the example made is replaced),
and runs two groups between them over the real connection: charters, texts agreed and withdrawn, published figures, meetings,
decisions, a statement. Then checks both nodes and verifies an evidence file. The keys of the example protect nothing.

Examples:
  entente demo
  entente demo --once --json --dir /tmp/demo`
}

// demoHTTP are ports that people can remember.
var demoHTTP = map[record.Party]string{"MX": "127.0.0.1:8101", "US": "127.0.0.1:8102"}

// demoLink is how long a link of the example lets its office in.
const demoLink = 24 * time.Hour

func (c *demoCmd) Run(a *app) error {
	dir := a.flags.Dir
	if filepath.Base(dir) == "entente-node" && os.Getenv("ENTENTE_DIR") == "" {
		dir = filepath.Join(filepath.Dir(dir), "entente-demo")
	}
	step, end := a.progress("demo")
	res, err := demo.Run(a.ctx, demo.Options{Dir: dir, Progress: func(done, total int, _ string) { step(uint64(done), uint64(total)) }})
	end()
	if errors.Is(err, demo.ErrFolder) {
		return hint(err, "choose an empty folder with --dir")
	} else if err != nil {
		return err
	}
	if err := a.print(res, func(w io.Writer) { demoText(w, res) }); err != nil {
		return err
	}
	if c.Once {
		return nil
	}
	return c.stay(a, res)
}

func demoText(w io.Writer, r *demo.Result) {
	for _, g := range r.Groups {
		fmt.Fprintf(w, "%s (%s): state %s\n", g.Name, g.Track, g.State.Short())
	}
	fmt.Fprintf(w, "%d instruments, %d in force, %d waiting; %d figures; one state on both nodes: %v\n", r.Instruments, r.InForce, r.Pending, r.Observations, r.SameState)
	for _, p := range r.Parties {
		fmt.Fprintf(w, "%s: %d records, check passed: %v\n", p, r.Records[p], r.Check[p])
	}
	fmt.Fprintf(w, "evidence %s: verified %v, %s; %.1f seconds\n", r.Evidence.File, r.Evidence.Verified, r.Evidence.Grade, r.Seconds)
}

// demoHost is where a browser finds a party's node: names under .localhost are this machine.
func demoHost(p record.Party) string {
	return "http://" + strings.Replace(demoHTTP[p], "127.0.0.1", strings.ToLower(string(p))+".localhost", 1)
}

// stay serves both nodes until the command is stopped.
func (c *demoCmd) stay(a *app, res *demo.Result) error {
	ctx, stop := context.WithCancel(a.ctx)
	defer stop()
	var wg sync.WaitGroup
	errs := make([]error, len(res.Parties))
	var ready atomic.Int32
	for i, p := range res.Parties {
		folder := filepath.Join(res.Dir, demo.FolderOf(p))
		wg.Go(func() {
			defer stop() // one without the other shows nothing
			host := demoHost(p)
			o := serveOptions{dir: folder, listen: listenOf(folder), http: demoHTTP[p], origin: host, public: true, log: slog.New(slog.DiscardHandler)}
			errs[i] = a.serve(ctx, o, func(s serving) error {
				a.say("\nThe node of %s serves on %s. Sign in (each link works once):", p, host)
				for _, office := range res.Offices[p] {
					path, err := s.link(ctx, office, demoLink)
					if err != nil {
						return err
					}
					a.say("  %-22s %s%s", office, host, path)
				}
				a.say("  on the command line    entente --dir %s --as OFFICE list --group security", folder)
				a.say("  sign with              %s (passphrase %s)", filepath.Join(folder, "seats", "OFFICE-N.age"), demo.Passphrase)
				if ready.Add(1) == int32(len(res.Parties)) {
					a.say("\nFive minutes, in this order:")
					for k, x := range res.Tour {
						a.say("  %d. %-62s %s", k+1, x.What, demoHost(x.Party)+x.Path)
					}
				}
				return nil
			})
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// listenOf is the address that the other node of the example knows.
func listenOf(folder string) string {
	var c node.Config
	b, err := os.ReadFile(filepath.Join(folder, node.ConfigFile))
	if err != nil || json.Unmarshal(b, &c) != nil {
		return "127.0.0.1:0"
	}
	return c.Address
}
