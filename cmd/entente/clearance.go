package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"entente"
	"entente/api"
	"entente/node"
	"entente/record"
)

type clearCmd struct {
	Ask     clearanceAskCmd     `cmd:"" help:"Ask own offices to clear a draft or a non-paper before the other side sees it."`
	Clear   clearanceClearCmd   `cmd:"" help:"Clear it, in the name of the office."`
	Return  clearanceReturnCmd  `cmd:"" help:"Return it, saying what must change."`
	Comment clearanceCommentCmd `cmd:"" help:"Say something about it; this changes nothing."`
	List    clearanceListCmd    `cmd:"" help:"What waits for the office, and how far what it asked for has come."`
	Show    clearanceShowCmd    `cmd:"" help:"One clearance: the text, who has cleared it, what was said."`
	Route   clearanceRouteCmd   `cmd:"" help:"Which offices clear what."`
}

type clearanceAskCmd struct {
	Draft  string   `arg:"" help:"The draft or non-paper, by its name or a prefix."`
	Office []string `help:"Offices of one stage, side by side; once per stage, one after the other. Beside those that the routes name." placeholder:"A,B" sep:"none"`
	By     string   `help:"Deadline." placeholder:"DATE"`
	After  string   `help:"The clearance of the text that this one mends." placeholder:"ID"`
	Text   []string `help:"What the offices should know, by language." placeholder:"es=TEXT" sep:"none"`
	Group  string   `help:"The group of the draft: track, id or prefix." placeholder:"GROUP"`
}

func (clearanceAskCmd) Help() string {
	return `Clearance is for exactly this text: a changed text is another draft and is cleared again. What is said stays in this party's
own group and leaves the node in no form.

Examples:
  entente clearance ask 0f3a9c                                     as the routes say
  entente clearance ask 0f3a9c --office legal,lead --office minister --by 2026-05-01 --text es="Urge para el jueves."`
}

func (c *clearanceAskCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		n, err := s.homeText(a, g.ID, c.Draft)
		if err != nil {
			return err
		}
		q := api.NewClearance{Stages: stages(c.Office)}
		if c.By != "" {
			if q.By, err = parseDate(c.By); err != nil {
				return err
			}
		}
		if c.After != "" {
			if q.After, err = s.clearance(a, c.After); err != nil {
				return err
			}
		}
		if q.Text, err = byLanguage("text", c.Text); err != nil {
			return err
		}
		x, err := s.AskClearance(a.ctx, g.ID, n, q)
		if err != nil {
			return err
		}
		return a.print(x, func(w io.Writer) {
			fmt.Fprintf(w, "Asked: clearance %s\n  entente clearance show %s\n", x.ID, x.ID.String()[:8])
		})
	})
}

func stages(flags []string) [][]string {
	var out [][]string
	for _, s := range flags {
		out = append(out, strings.Split(s, ","))
	}
	return out
}

// byLanguage reads LANGUAGE=TEXT pairs.
func byLanguage(flag string, pairs []string) (map[string]string, error) {
	out := map[string]string{}
	for _, p := range pairs {
		l, text, err := pair(flag, p)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(entente.Languages, l) {
			return nil, usage("--%s %s=…: write one of %s before the text", flag, l, strings.Join(entente.Languages, ", "))
		}
		out[l] = text
	}
	return out, nil
}

// homeText completes the name of a draft or of a non-paper of this party's own.
func (s *session) homeText(a *app, g record.ID, name string) (record.Nonce, error) {
	var n record.Nonce
	if b, err := hex.DecodeString(name); err == nil && len(b) == len(n) {
		return record.Nonce(b), nil
	}
	d, derr := s.draft(a, g, name)
	if derr == nil {
		return d.Nonce, nil
	}
	x, err := s.nonPaper(a, g, name)
	if err != nil {
		return n, derr
	}
	return x.ID, nil
}

// clearance completes the id of one.
func (s *session) clearance(a *app, name string) (record.ID, error) {
	own, err := s.group(a, "own")
	if err != nil {
		return record.ID{}, err
	}
	t, err := s.find(a, own.ID, name)
	return t.ID, err
}

// answering are the flags of an office's word.
type answering struct {
	Clearance string   `arg:"" help:"The clearance, by its id or a prefix."`
	Text      []string `help:"What the office says, by language." placeholder:"es=TEXT" sep:"none"`
}

func (c *answering) run(a *app, word entente.ClearanceWord) error {
	text, err := byLanguage("text", c.Text)
	if err != nil {
		return err
	}
	return a.with(func(s *session) error {
		id, err := s.clearance(a, c.Clearance)
		if err != nil {
			return err
		}
		x, err := s.AnswerClearance(a.ctx, id, api.ClearanceAnswer{Word: word, Text: text})
		if err != nil {
			return err
		}
		return a.print(x, func(w io.Writer) { fmt.Fprintf(w, "On record at home as %s\n", x.Ref) })
	})
}

type clearanceClearCmd struct{ answering }

func (clearanceClearCmd) Help() string {
	return `The office of the token speaks; --as OFFICE chooses another. Read the text first with entente clearance show.

Example:
  entente clearance clear 3fa4c1 --as legal`
}

func (c *clearanceClearCmd) Run(a *app) error { return c.run(a, entente.ClearanceClear) }

type clearanceReturnCmd struct{ answering }

func (clearanceReturnCmd) Help() string {
	return "Example:\n  entente clearance return 3fa4c1 --as legal --text es=\"El inciso b) excede el mandato.\""
}

func (c *clearanceReturnCmd) Run(a *app) error { return c.run(a, entente.ClearanceReturn) }

type clearanceCommentCmd struct{ answering }

func (clearanceCommentCmd) Help() string {
	return "Example:\n  entente clearance comment 3fa4c1 --as lead --text en=\"Finance has seen the figure.\""
}

func (c *clearanceCommentCmd) Run(a *app) error { return c.run(a, entente.ClearanceComment) }

type clearanceListCmd struct{}

func (clearanceListCmd) Help() string {
	return "Examples:\n  entente clearance list --as legal\n  entente clearance list --json"
}

func (clearanceListCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		x, err := s.Clearances(a.ctx)
		if err != nil {
			return err
		}
		return a.print(x, func(w io.Writer) {
			none := true
			for _, part := range []struct {
				title string
				list  []node.ClearanceInfo
			}{{"Waits for this office", x.Waiting}, {"Returned to this office", x.Returned}, {"Cleared, may go out", x.Cleared}, {"Under way", x.UnderWay}} {
				for i, c := range part.list {
					if i == 0 {
						fmt.Fprintf(w, "%s:\n", part.title)
					}
					none = false
					fmt.Fprintf(w, "  %s  %s%s\n", c.ID.String()[:8], clean(strings.TrimSpace(c.State.Kind+" "+string(c.State.Verb))), clearanceDates(c))
				}
			}
			if none {
				fmt.Fprintln(w, "Nothing waits for clearance.")
			}
		})
	})
}

func clearanceDates(c node.ClearanceInfo) string {
	s := fmt.Sprintf(", asked %s by %s", day(c.Asked), c.State.Office)
	if c.State.By != 0 {
		s += ", by " + moment(c.State.By)
	}
	if c.Late {
		s += ", LATE"
	}
	return s
}

type clearanceShowCmd struct {
	Clearance string `arg:"" help:"The clearance, by its id or a prefix."`
}

func (clearanceShowCmd) Help() string { return "Example:\n  entente clearance show 3fa4c1 --as legal" }

func (c *clearanceShowCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		id, err := s.clearance(a, c.Clearance)
		if err != nil {
			return err
		}
		x, err := s.Clearance(a.ctx, id)
		if err != nil {
			return err
		}
		var parts []api.Part
		if x.Kept {
			if parts, err = s.ClearanceParts(a.ctx, id); err != nil {
				return err
			}
		}
		out := struct {
			api.Clearance
			Parts []api.Part `json:"parts,omitempty"`
		}{x, parts}
		return a.print(out, func(w io.Writer) {
			fmt.Fprintf(w, "%s %s: %s%s\n", x.State.Kind, x.State.Verb, x.State.Standing, clearanceDates(x.ClearanceInfo))
			if !x.Kept {
				fmt.Fprintln(w, "  it is out, or was dropped: nothing is left to clear")
			}
			for _, o := range x.State.Offices {
				fmt.Fprintf(w, "  %d. %-16s %s", o.Stage, o.Office, o.Standing)
				if o.Time != 0 {
					fmt.Fprintf(w, " on %s%s", moment(o.Time), seatText(o.Seat))
				}
				fmt.Fprintln(w)
			}
			for _, p := range parts {
				fmt.Fprintf(w, "part %s:\n  %s\n", p.Name, strings.ReplaceAll(clean(p.Text), "\n", "\n  "))
			}
			for _, e := range x.Words {
				word := string(e.Word)
				if word == "" {
					word = "asks"
				}
				fmt.Fprintf(w, "%s %s%s: %s\n", moment(e.Time), e.Office, seatText(e.Seat), word)
				for _, l := range entente.Languages {
					if t := e.Texts["body."+l]; t != "" {
						fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(clean(t), "\n", "\n  "))
					}
				}
			}
		})
	})
}

func seatText(n uint64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (seat %d)", n)
}

type clearanceRouteCmd struct {
	List clearanceRouteListCmd `cmd:"" help:"List the routes."`
	Set  clearanceRouteSetCmd  `cmd:"" help:"Set a route, in the place of the one of its name."`
	Drop clearanceRouteDropCmd `cmd:"" help:"End a route."`
}

type clearanceRouteListCmd struct{}

func (clearanceRouteListCmd) Help() string { return "Example:\n  entente clearance route list" }

func (clearanceRouteListCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		rs, err := s.Routes(a.ctx)
		if err != nil {
			return err
		}
		return a.print(rs, func(w io.Writer) {
			if len(rs) == 0 {
				fmt.Fprintln(w, "No route is set: nothing needs clearance at home.")
			}
			for _, r := range rs {
				fmt.Fprintln(w, routeText(r))
			}
		})
	})
}

func routeText(r node.Route) string {
	var stages []string
	for _, s := range r.Stages {
		stages = append(stages, strings.Join(s, " and "))
	}
	s := r.Name + ": " + strings.Join(r.Kinds, ", ")
	if len(r.Verbs) > 0 {
		s += fmt.Sprintf(" %v", r.Verbs)
	}
	if len(r.Lines) > 0 {
		s += " on " + strings.Join(r.Lines, ", ")
	}
	s += " cleared by " + strings.Join(stages, ", then ")
	if r.Within > 0 {
		s += ", within " + span(r.Within)
	}
	return s
}

type clearanceRouteSetCmd struct {
	Name   string   `arg:"" help:"Its name."`
	Kind   []string `help:"Kinds it covers, non-paper among them; * is every kind and non-papers." default:"*" placeholder:"KIND,…"`
	Verb   []string `help:"Verbs it covers; a non-paper counts as propose. Default: every verb." placeholder:"VERB,…"`
	Line   []string `help:"Lines of effort it covers. Default: all." placeholder:"CODE,…"`
	In     []string `help:"Groups it covers: track, id or prefix. Default: every group with other parties." placeholder:"GROUP,…"`
	Office []string `required:"" help:"Offices of one stage, side by side; once per stage, one after the other." placeholder:"A,B" sep:"none"`
	Within period   `help:"How long the offices are given." placeholder:"3d"`
}

func (clearanceRouteSetCmd) Help() string {
	return `From now on the node puts nothing on record that a route covers and its offices have not cleared. What the root key signs is
exempt. The offices stand in the powers of the party's own group (entente powers set --group own).

Examples:
  entente clearance route set texts --kind commitment,statement --verb propose,consent --office legal,lead --office minister --within 3d
  entente clearance route set ideas --kind non-paper --office lead`
}

func (c *clearanceRouteSetCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		op := &session{Client: s.operator, operator: s.operator}
		r := node.Route{Name: c.Name, Kinds: c.Kind, Lines: c.Line, Stages: stages(c.Office), Within: int64(c.Within)}
		for _, v := range c.Verb {
			r.Verbs = append(r.Verbs, record.Verb(v))
		}
		for _, name := range c.In {
			g, err := op.group(a, name)
			if err != nil {
				return err
			}
			r.Groups = append(r.Groups, g.ID)
		}
		r, err := s.operator.PutRoute(a.ctx, r)
		if err != nil {
			return err
		}
		return a.print(r, func(w io.Writer) { fmt.Fprintln(w, routeText(r)) })
	})
}

type clearanceRouteDropCmd struct {
	Name string `arg:"" help:"Its name."`
}

func (clearanceRouteDropCmd) Help() string { return "Example:\n  entente clearance route drop ideas" }

func (c *clearanceRouteDropCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		if err := s.operator.DropRoute(a.ctx, c.Name); err != nil {
			return err
		}
		return a.print(map[string]string{"dropped": c.Name}, func(w io.Writer) { fmt.Fprintf(w, "The route %s has ended.\n", c.Name) })
	})
}
