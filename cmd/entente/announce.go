package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"entente/release"
)

type announceCmd struct {
	File  string `arg:"" help:"A text file." type:"existingfile"`
	Group string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (announceCmd) Help() string {
	return `What the text says is held against every part that this party holds and may not publish, in all its groups: wording, names, dates,
amounts, numbers of records. The check stands in the access log. Of a part that your office may not read it says no more than the
sentence and whose release it needs.

Example:
  entente announce statement.txt --json`
}

func (c *announceCmd) Run(a *app) error {
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
