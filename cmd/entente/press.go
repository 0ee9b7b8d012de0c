package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"entente"
	"entente/api"
	"entente/record"
)

type pressCmd struct {
	List   pressListCmd   `cmd:"" help:"What this party says when it is asked."`
	Add    pressAddCmd    `cmd:"" help:"Keep a line to take, or the answer to a question."`
	End    pressEndCmd    `cmd:"" help:"Say one no more."`
	Agreed pressAgreedCmd `cmd:"" help:"Sentences that both sides have signed before."`
}

type pressListCmd struct {
	About string `help:"Only those on this instrument." placeholder:"ID"`
	Past  bool   `help:"Those no longer said, too."`
	Group string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (pressListCmd) Help() string {
	return `They stay in this party's own group: the other side sees none of them. The reading stands in the access log.

Examples:
  entente press list
  entente press list --about 3f9a1c --json`
}

func (c *pressListCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		about, err := s.pressAbout(a, g.ID, c.About)
		if err != nil {
			return err
		}
		lines, err := s.PressLines(a.ctx, g.ID, about)
		if err != nil {
			return err
		}
		now := time.Now().Unix()
		if !c.Past {
			lines = slices.DeleteFunc(lines, func(x api.PressLine) bool { return x.Ended || x.Until != 0 && x.Until < now })
		}
		return a.print(lines, func(w io.Writer) {
			if len(lines) == 0 {
				fmt.Fprintln(w, "No line to take is ready.")
			}
			for _, x := range lines {
				pressText(w, x)
			}
		})
	})
}

func pressText(w io.Writer, x api.PressLine) {
	what := "Line to take"
	switch {
	case len(x.Ask) > 0:
		what = "Not our remit"
	case x.Question:
		what = "Question and answer"
	}
	fmt.Fprintf(w, "%s  %s, written by %s", x.ID.Short(), what, x.Office)
	switch {
	case x.Ended:
		fmt.Fprint(w, ", no longer said")
	case x.Until != 0:
		fmt.Fprintf(w, ", valid until %s", time.Unix(x.Until, 0).UTC().Format(time.DateOnly))
	}
	fmt.Fprintln(w)
	for _, l := range entente.Languages {
		if x.Title[l] == "" {
			continue
		}
		fmt.Fprintf(w, "  %s: %s\n", l, x.Title[l])
		if o := x.Ask[l]; o != "" {
			fmt.Fprintf(w, "      ask: %s\n", o)
		}
		for line := range strings.Lines(x.Body[l]) {
			fmt.Fprintf(w, "      %s\n", strings.TrimRight(line, "\n"))
		}
	}
}

type pressAddCmd struct {
	Title    []string `required:"" help:"The subject, or the question as it is put, by language." placeholder:"es=TEXT" sep:"none"`
	Body     []string `help:"What is said, by language." placeholder:"es=TEXT" sep:"none"`
	Ask      []string `help:"Not our remit: the office to ask instead, by language." placeholder:"es=TEXT" sep:"none"`
	Question bool     `help:"It answers a question; without: a line to take unasked."`
	About    string   `help:"The instrument that it speaks of; without: the group's work." placeholder:"ID"`
	Until    string   `help:"The last day on which it is said." placeholder:"DATE"`
	Group    string   `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (pressAddCmd) Help() string {
	return `The same is said in every language of the charter. It is kept at home and signed by nobody: it binds nobody.

Examples:
  entente press add --title en="Each on its own territory" --title es="Cada quien en su territorio" --body en="…" --body es="…" --until 2026-12-31
  entente press add --question --title en="When is the trial?" --title es="¿Cuándo es el juicio?" --ask en="the courts" --ask es="los tribunales"`
}

func (c *pressAddCmd) Run(a *app) error {
	x := api.NewPressLine{Question: c.Question}
	for flag, to := range map[string]struct {
		pairs []string
		into  *map[string]string
	}{"title": {c.Title, &x.Title}, "body": {c.Body, &x.Body}, "ask": {c.Ask, &x.Ask}} {
		by, err := byLanguage(flag, to.pairs)
		if err != nil {
			return err
		}
		if len(by) > 0 {
			*to.into = by
		}
	}
	if c.Until != "" {
		var err error
		if x.Until, err = parseDate(c.Until); err != nil {
			return err
		}
		if len(c.Until) == len(time.DateOnly) {
			x.Until += 86399 // the last second of that day
		}
	}
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		if x.About, err = s.pressAbout(a, g.ID, c.About); err != nil {
			return err
		}
		v, err := s.NewPressLine(a.ctx, g.ID, x)
		if err != nil {
			return err
		}
		return a.print(v, func(w io.Writer) { fmt.Fprintf(w, "%s is kept at home.\n", v.ID.Short()) })
	})
}

// pressAbout finds the instrument that lines speak of; none: zero.
func (s *session) pressAbout(a *app, g record.ID, name string) (record.ID, error) {
	if name == "" {
		return record.ID{}, nil
	}
	t, err := s.find(a, g, name)
	return t.Instrument, err
}

type pressEndCmd struct {
	ID    string `arg:"" help:"The line: its id or a prefix."`
	Group string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (pressEndCmd) Help() string {
	return `It stays on record that it was said until then.

Example:
  entente press end 3f9a1c`
}

func (c *pressEndCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		lines, err := s.PressLines(a.ctx, g.ID, record.ID{})
		if err != nil {
			return err
		}
		lines = slices.DeleteFunc(lines, func(x api.PressLine) bool {
			return len(c.ID) < minPrefix || !strings.HasPrefix(x.ID.String(), strings.ToLower(c.ID))
		})
		if len(lines) != 1 {
			return usage("%d lines to take begin with %q: write at least %d digits of one", len(lines), c.ID, minPrefix)
		}
		v, err := s.ChangePressLine(a.ctx, g.ID, lines[0].ID, api.NewPressLine{Ended: true})
		if err != nil {
			return err
		}
		return a.print(v, func(w io.Writer) { fmt.Fprintln(w, "It is no longer said.") })
	})
}

type pressAgreedCmd struct {
	Search string `arg:"" optional:"" help:"Words that all stand in the sentence, in any language, without regard to case and accents."`
	Group  string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (pressAgreedCmd) Help() string {
	return `Whoever writes with sentences that both sides have signed writes what they will sign again. Without a search: those used most.

Examples:
  entente press agreed
  entente press agreed "own territory" --json`
}

func (c *pressAgreedCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		out, err := s.AgreedLanguage(a.ctx, g.ID, c.Search)
		if err != nil {
			return err
		}
		return a.print(out, func(w io.Writer) {
			if len(out.Sentences) == 0 {
				fmt.Fprintln(w, "No sentence was found.")
			}
			for _, x := range out.Sentences {
				for _, l := range entente.Languages {
					if t := x.Texts[l]; t != "" {
						fmt.Fprintf(w, "%s: %s\n", l, t)
					}
				}
				fmt.Fprintf(w, "    in %d agreed texts, last %s\n", x.Uses, time.Unix(x.Last, 0).UTC().Format(time.DateOnly))
			}
		})
	})
}
