package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"entente/node"
	"entente/record"
)

type groupWaitCmd struct {
	Group  string `arg:"" optional:"" help:"The group's id or a prefix; without it all."`
	Output string `short:"o" help:"File to write its charter to." placeholder:"FILE" type:"path"`
}

func (groupWaitCmd) Help() string {
	return `The founding charters that people here drafted on the pages, took from a file, or got from another party's node, and of the groups
joined those that are not signed by all. A charter saved as a file is read and signed with entente group found.

Examples:
  entente group wait
  entente group wait 3f2a91 -o security.charter && entente group found security.charter --seat desk/1`
}

func (c *groupWaitCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		all, err := s.operator.Charters(a.ctx)
		if err != nil {
			return err
		}
		var found []*node.Proposal
		for _, p := range all {
			if strings.HasPrefix(p.Group.String(), strings.ToLower(c.Group)) {
				found = append(found, p)
			}
		}
		if c.Output != "" {
			if len(found) != 1 {
				return hint(errors.New("name one charter to write it to a file"), "entente group wait lists them")
			}
			if err := writeFile(c.Output, found[0].Bytes, 0o644); err != nil {
				return err
			}
		}
		return a.print(found, func(w io.Writer) {
			if len(found) == 0 {
				fmt.Fprintln(w, "No charter waits.")
			}
			for _, p := range found {
				fmt.Fprint(w, charterText(p.Group, p.Charter))
				if p.Waits != (record.Nonce{}) {
					fmt.Fprintf(w, "  the root key has not signed this party's powers: entente sign %s --group %s --root\n", p.Waits.String()[:12], p.Group.Short())
				}
				for _, f := range p.Parties {
					fmt.Fprintf(w, "  %-8s %s\n", f.Party, founderText(p, f))
				}
			}
		})
	})
}

// founderText says how far a party has come.
func founderText(p *node.Proposal, f node.Founder) string {
	var out []string
	if !f.Known {
		out = append(out, "ITS INTRODUCTION WAS NOT COMPARED")
	}
	switch {
	case f.Said == node.SaidHeld:
		out = append(out, "its node has the text")
	case f.Said != "":
		out = append(out, "its node did not take the text")
	case f.Asked != 0:
		out = append(out, "the text is sent since "+moment(f.Asked))
	case p.From == f.Party:
		out = append(out, "it wrote the text")
	}
	if f.Powers {
		out = append(out, "powers on record")
	} else {
		out = append(out, "no powers yet")
	}
	if f.Signed != 0 {
		out = append(out, "signed "+moment(f.Signed))
	} else {
		out = append(out, "not signed")
	}
	return strings.Join(out, ", ")
}
