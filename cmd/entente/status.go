package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"entente/api"
	"entente/node"
)

type statusCmd struct{}

func (statusCmd) Help() string {
	return `Whether the node can do all of its work, and every reason why not: the same as /readyz on the API's address. Exit code 0 when
it is ready, 1 when not: fit for the health check of a container.

Examples:
  entente status --dir mx
  entente status --json`
}

// status is what status answers.
type status struct {
	Party string           `json:"party"`
	Ready bool             `json:"ready"`
	Why   []node.Condition `json:"reasons"`
	Peers []node.PeerInfo  `json:"peers"`
	Check *node.Checked    `json:"check,omitempty"`
}

func (statusCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		r, err := s.operator.Readiness(a.ctx)
		if err != nil {
			return err
		}
		n, err := s.operator.Node(a.ctx)
		if err != nil {
			return err
		}
		out := status{Party: string(n.Party), Ready: r.Ready, Why: r.Reasons}
		if out.Peers, err = s.operator.Peers(a.ctx); err != nil {
			return err
		}
		switch c, err := s.operator.LastCheck(a.ctx); {
		case err == nil:
			out.Check = &c
		case !errors.Is(err, node.ErrNotFound):
			return err
		}
		if err := a.print(out, func(w io.Writer) { statusText(w, out, n) }); err != nil {
			return err
		}
		if !r.Ready {
			return errSilent
		}
		return nil
	})
}

func statusText(w io.Writer, s status, n api.Node) {
	word := "ready"
	if !s.Ready {
		word = "NOT READY"
	}
	fmt.Fprintf(w, "The node of %s (%s) is %s.\n", s.Party, clean(n.Address), word)
	for _, r := range s.Why {
		fmt.Fprintf(w, "  %s: %s\n", r.Code, r.Text)
	}
	for _, p := range s.Peers {
		peerText(w, p)
	}
	checkText(w, s.Check)
}

// checkText says what the last full check found.
func checkText(w io.Writer, c *node.Checked) {
	switch {
	case c == nil:
		fmt.Fprintln(w, "No full check was made yet: entente check makes one.")
	case c.Failed != "":
		fmt.Fprintf(w, "The full check of %s could not be done: %s\n", moment(c.Time), clean(c.Failed))
	case !c.OK:
		fmt.Fprintf(w, "The full check of %s found %d faults:\n", moment(c.Time), c.Found)
		if c.Report != nil {
			for _, f := range c.Report.Faults {
				fmt.Fprintf(w, "  %s\n", clean(f))
			}
		}
	default:
		fmt.Fprintf(w, "The full check of %s: everything held (%s).\n", moment(c.Time), strings.TrimSpace(tally(c.Report)))
	}
}
