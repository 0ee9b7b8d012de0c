package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"entente"
	"entente/api"
	"entente/node"
	"entente/progress"
	"entente/record"
)

type progressStatusCmd struct {
	Code string `arg:"" optional:"" help:"An indicator by its code, or an objective or indicator by id; without: all indicators." placeholder:"CODE"`
	Line string `help:"Only this line of effort." placeholder:"CODE"`
	Word string `name:"status" help:"Set this party's status: met, on-track, at-risk, off-track, or not-judged, which takes it back." placeholder:"STATUS"`
	content
	signFlags
}

func (progressStatusCmd) Help() string {
	return `Where indicators stand: the signal of each side's figures by the published rule, and beside it the status that each side's
people set, which may differ from the signal and from each other. With --status a status is drafted, with its reasons in the parts
body.en and body.es; it is the party's own word, publishes nothing, and changes no figure.

Examples:
  entente progress status
  entente progress status homicide-files --json
  entente progress status homicide-files --status at-risk --part body.en="Three states report late." --part body.es="…" --seat co-chair/1`
}

func (c *progressStatusCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.content.Group)
		if err != nil {
			return err
		}
		if c.Word != "" {
			return c.assess(a, s, g)
		}
		all, err := s.Standings(a.ctx, g.ID, c.Line)
		if err != nil {
			return err
		}
		if c.Code != "" {
			id, err := s.indicator(a, g.ID, c.Code)
			if err != nil {
				return err
			}
			all = slices.DeleteFunc(all, func(x node.Standing) bool { return x.Indicator != id })
			if len(all) == 0 {
				return hint(fmt.Errorf("the indicator %q is not agreed", c.Code), "entente show %s says who still has to sign", c.Code)
			}
		}
		return a.print(all, func(w io.Writer) {
			for _, x := range all {
				standingText(w, &x)
			}
		})
	})
}

func (c *progressStatusCmd) assess(a *app, s *session, g node.GroupInfo) error {
	if c.Code == "" {
		return usage("say of which indicator or objective")
	}
	if !slices.Contains(entente.Assessed, progress.Word(c.Word)) {
		return usage("a status is one of met, on-track, at-risk, off-track, not-judged")
	}
	id, err := s.indicator(a, g.ID, c.Code)
	if err != nil {
		return err
	}
	t, err := s.find(a, g.ID, id.String())
	if err != nil {
		return err
	}
	act := api.NewAct{Kind: t.Kind, Verb: record.Report, Instrument: t.Instrument}
	if t.State != nil && t.State.InForce() != nil {
		act.Version = t.State.InForce().ID
	}
	if act.Terms, err = json.Marshal(entente.Assessment{Status: progress.Word(c.Word)}); err != nil {
		return err
	}
	return c.put(a, s, g, act, c.signFlags)
}

func standingText(w io.Writer, x *node.Standing) {
	fmt.Fprintf(w, "%s (%s)\n", x.Code, x.Line)
	for _, y := range x.Sides {
		fmt.Fprintf(w, "  %-4s signal %s", y.Party, y.Signal)
		if y.Why != "" {
			fmt.Fprintf(w, " (%s)", y.Why)
		}
		if y.Would != "" {
			fmt.Fprintf(w, ", the figures would say %s", y.Would)
		}
		if y.Status == nil {
			fmt.Fprintln(w, "; no status set")
			continue
		}
		fmt.Fprintf(w, "; status %s, set %s", y.Status.Status, day(y.Status.Time))
		if y.Status.Moved {
			fmt.Fprint(w, ", before the target moved")
		}
		fmt.Fprintln(w)
	}
	for i, d := range x.Targets {
		if d.Moved && i > 0 {
			fmt.Fprintf(w, "  the target moved on %s\n", day(d.Since))
		}
	}
}

type checklistCmd struct {
	Group string `help:"The group: track, id or prefix." placeholder:"GROUP"`
	Line  string `help:"Only this line of effort." placeholder:"CODE"`
}

func (checklistCmd) Help() string {
	return `Holds each objective in force against a checklist of monitoring practice: outcome stated, hierarchy, activities, indicator,
baseline, target, owner, who answers for each indicator, frequency, data source, risks and assumptions, limits stated, follow-up of
findings. Only what is missing is printed; --json has every line with the instruments that lack it.

Examples:
  entente progress checklist
  entente progress checklist --line fuel --json`
}

func (c *checklistCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		all, err := s.Checklist(a.ctx, g.ID, c.Line)
		if err != nil {
			return err
		}
		return a.print(all, func(w io.Writer) {
			for _, o := range all {
				var lacks []string
				for _, k := range o.Checks {
					if !k.Met {
						lacks = append(lacks, k.Practice)
					}
				}
				if lacks == nil {
					lacks = []string{"nothing"}
				}
				fmt.Fprintf(w, "%s (%s) lacks %s\n", o.Objective.Short(), o.Line, strings.Join(lacks, ", "))
			}
		})
	})
}
