package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"entente/node"
)

type accessCmd struct {
	Office  string `help:"Only reads of this office." placeholder:"OFFICE"`
	From    string `help:"From this day on (UTC)." placeholder:"DATE"`
	Until   string `help:"Up to this day, which is included." placeholder:"DATE"`
	Unusual bool   `help:"Only what is unusual: at night or on a weekend (UTC), by a link that the operator printed, outside the office's lines of effort, or very much in an hour."`
	Cursor  string `help:"Go on from here: next of the page before." placeholder:"CURSOR"`
	Limit   int    `help:"So many entries." default:"50" placeholder:"N"`
}

func (accessCmd) Help() string {
	return `Who was shown what above TLP:CLEAR, newest first, for the party's auditors: offices that the powers of its own group name for the kind
access. What is unusual is counted by rules that anybody can compute again; it says nothing of who was right.

Examples:
  entente access --unusual
  entente access --office desk --from 2026-11-01 --json`
}

func (c *accessCmd) Run(a *app) error {
	q := node.AccessQuery{Office: c.Office, Unusual: c.Unusual, Cursor: node.Cursor(c.Cursor), Limit: c.Limit}
	for _, x := range []struct {
		flag, day string
		at        *int64
		more      int
	}{{"--from", c.From, &q.From, 0}, {"--until", c.Until, &q.Until, 1}} {
		if x.day == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, x.day)
		if err != nil {
			return usage("%s %s: want a day such as 2026-11-25", x.flag, x.day)
		}
		*x.at = t.AddDate(0, 0, x.more).Unix()
	}
	return a.with(func(s *session) error {
		p, err := s.Review(a.ctx, q)
		if err != nil {
			return err
		}
		return a.print(p, func(w io.Writer) {
			if len(p.Items) == 0 {
				fmt.Fprintln(w, "Nobody was shown anything of that sort.")
			}
			for i := range p.Items {
				x := &p.Items[i]
				by := fmt.Sprintf("%s/%d", x.Access.Office, x.Access.Seat)
				fmt.Fprintf(w, "%s  %-14s %3d records  %s  %s", moment(x.Time), clean(by), x.Records, clean(x.Access.Via+" "+x.Access.Page), clean(x.Words()))
				if len(x.Unusual) > 0 {
					var s []string
					for _, u := range x.Unusual {
						s = append(s, string(u))
					}
					fmt.Fprintf(w, "  UNUSUAL: %s", strings.Join(s, ", "))
				}
				fmt.Fprintln(w)
			}
			if p.Next != "" {
				fmt.Fprintf(w, "more: --cursor %s\n", p.Next)
			}
		})
	})
}
