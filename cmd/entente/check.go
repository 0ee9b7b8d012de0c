package main

import (
	"fmt"
	"io"
)

type checkCmd struct{}

func (checkCmd) Help() string {
	return `Works on one snapshot while the node serves. Exit code 0 when everything holds, 1 with all faults when not.

Examples:
  entente check --dir mx
  entente check --json`
}

func (checkCmd) Run(a *app) error {
	return a.with(func(s *session) error {
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
			fmt.Fprintf(w, "%s: %d groups, %d records, %d parts, %d states, %d signatures\n", verdict, rep.Groups, rep.Records, rep.Parts, rep.States, rep.Signatures)
		}); err != nil {
			return err
		}
		if !rep.OK {
			return errSilent
		}
		return nil
	})
}
