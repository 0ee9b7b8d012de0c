package main

import (
	"errors"
	"fmt"
	"io"

	"entente/node"
)

type checkCmd struct {
	Last bool `help:"Do not check: print the result of the last one."`
}

func (checkCmd) Help() string {
	return `Works on one snapshot while the node serves. Exit code 0 when everything holds, 1 with all faults when not. The
result is kept, and shown to people; entente serve --check-every makes a check by itself.

Examples:
  entente check --dir mx
  entente check --json
  entente check --last`
}

func (c checkCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		if c.Last {
			last, err := s.operator.LastCheck(a.ctx)
			if errors.Is(err, node.ErrNotFound) {
				return hint(errors.New("no full check was made yet"), "entente check makes one")
			} else if err != nil {
				return err
			}
			if err := a.print(last, func(w io.Writer) { checkText(w, &last) }); err != nil || last.OK {
				return err
			}
			return errSilent
		}
		step, end := a.progress("check")
		rep, err := s.operator.Check(a.ctx, step)
		end()
		if err != nil {
			return err
		}
		if err := a.print(rep, func(w io.Writer) {
			for _, f := range rep.Faults {
				fmt.Fprintf(w, "FAULT: %s\n", clean(f))
			}
			verdict := "Everything holds"
			if !rep.OK {
				verdict = "It does not hold"
			}
			fmt.Fprintf(w, "%s: %s\n", verdict, tally(rep))
		}); err != nil {
			return err
		}
		if !rep.OK {
			return errSilent
		}
		return nil
	})
}

func tally(r *node.Report) string {
	return fmt.Sprintf("%d groups, %d records, %d parts, %d states, %d signatures", r.Groups, r.Records, r.Parts, r.States, r.Signatures)
}
