package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"entente/release"
)

type announceCmd struct {
	Check announceCheckCmd `cmd:"" default:"withargs" help:"Hold a text against what this party may not publish."`
	Terms announceTermsCmd `cmd:"" help:"The watch list: terms that hold a text wherever they stand."`
}

type announceCheckCmd struct {
	File  string `arg:"" help:"A text file." type:"existingfile"`
	Group string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (announceCheckCmd) Help() string {
	return `What the text says is held against every part that this party holds and may not publish, in all its groups: wording, names, dates,
amounts, numbers of records. The check stands in the access log. Of a part that your office may not read it says no more than the
sentence and whose release it needs.

Example:
  entente announce statement.txt --json`
}

func (c *announceCheckCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(io.LimitReader(f, release.MaxChecked+1))
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		held, err := s.CheckAnnouncement(a.ctx, g.ID, map[string]string{"text": string(text)})
		if err != nil {
			return err
		}
		return a.print(held, func(w io.Writer) {
			if len(held) == 0 {
				fmt.Fprintln(w, "Nothing is held.")
			}
			for _, h := range held {
				fmt.Fprintf(w, "%q\n  needs the release of %s", h.Passage, h.Needs)
				if h.Listed {
					fmt.Fprintf(w, ": on the watch list %s\n", h.Term)
					continue
				}
				if h.Source == nil {
					fmt.Fprintln(w, ": a text that this office may not read")
					continue
				}
				var why []string
				for _, x := range h.Grounds {
					why = append(why, string(x))
				}
				fmt.Fprintf(w, " (%s): %s of %s: %q\n", strings.Join(why, ", "), h.Source.Part, h.Source.Record.Short(), h.Source.Passage)
			}
		})
	})
}

type announceTermsCmd struct {
	Add    []string `help:"A term to add." placeholder:"TERM" sep:"none"`
	Remove []string `help:"A term to take off, as it is written there." placeholder:"TERM" sep:"none"`
}

func (announceTermsCmd) Help() string {
	return `Offices that may sign charters for the party read and write the list; each reading stands in the access log. It is encrypted at rest and
never leaves the node. A term holds wherever its words stand one after the other: capitals, accents and endings do not matter.
Other offices learn that a passage is on the list, and not by which term.

Examples:
  entente announce terms --as minister
  entente announce terms --add "Sable Anchor" --remove "Old Name"`
}

func (c *announceTermsCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		l, err := s.WatchList(a.ctx)
		if err != nil {
			return err
		}
		if len(c.Add)+len(c.Remove) > 0 {
			for _, t := range c.Remove {
				if !slices.Contains(l.Terms, t) {
					return usage("%q is not on the watch list", t)
				}
			}
			l.Terms = slices.DeleteFunc(append(l.Terms, c.Add...), func(t string) bool { return slices.Contains(c.Remove, t) })
			if l, err = s.PutWatchList(a.ctx, *l); err != nil {
				return err
			}
		}
		return a.print(l, func(w io.Writer) {
			if len(l.Terms) == 0 {
				fmt.Fprintln(w, "No term is on the watch list.")
			}
			for _, t := range l.Terms {
				fmt.Fprintln(w, t)
			}
		})
	})
}
