package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"entente"
	"entente/api"
	"entente/node"
	"entente/record"
)

type paperCmd struct {
	Float    nonPaperFloatCmd   `cmd:"" help:"Show a text to the other side without standing."`
	List     nonPaperListCmd    `cmd:"" help:"List this party's own and those shown to it."`
	Show     nonPaperShowCmd    `cmd:"" help:"Read one. The read stands in the access log."`
	TakeBack nonPaperBackCmd    `cmd:"" help:"Destroy one here and have the other side's node destroy it."`
	Propose  nonPaperProposeCmd `cmd:"" help:"Make a proposal of one."`
}

const noStanding = "A non-paper has no standing: it is in no log, nobody signed it, and its author can take it back."

type nonPaperFloatCmd struct {
	ID       string   `arg:"" optional:"" help:"One that is kept at home already; without it, a new one."`
	To       []string `help:"Parties it is for. Default: every other party." placeholder:"US"`
	Until    string   `help:"When every node destroys it. Default: in thirty days." placeholder:"DATE"`
	About    string   `help:"The instrument it speaks of." placeholder:"ID"`
	Title    []string `help:"Its title, by language." placeholder:"en=TEXT" sep:"none"`
	Body     []string `help:"Its text, by language." placeholder:"en=TEXT" sep:"none"`
	BodyFile []string `help:"Its text from a file, by language." placeholder:"en=FILE" sep:"none"`
	Keep     bool     `help:"Keep it at home for now; float it by its id later."`
	Group    string   `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (nonPaperFloatCmd) Help() string {
	return noStanding + ` It is shown to
the parties named and nobody else, in one language or more. Taking it back destroys it on both nodes; what was read before can be
remembered, copied or photographed, and nothing undoes that. Where a clearance route covers non-papers it is cleared at home first.

Examples:
  entente nonpaper float --to US --title en="Joint tracing desk" --body-file en=idea.md
  entente nonpaper float --keep --title es="Mesa conjunta" --body es="…"
  entente nonpaper float 7c21d0`
}

func (c *nonPaperFloatCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		x, err := c.kept(a, s, g.ID)
		if err != nil {
			return err
		}
		if !c.Keep {
			kept := x.ID
			if x, err = s.Float(a.ctx, g.ID, kept); errors.Is(err, node.ErrRefused) {
				return hint(err, "it is kept at home: entente clearance ask %s, then entente nonpaper float %s", kept.String()[:8], kept.String()[:8])
			} else if err != nil {
				return err
			}
		}
		return a.print(x, func(w io.Writer) { nonPaperText(w, x) })
	})
}

// kept finds the one named, or keeps a new one.
func (c *nonPaperFloatCmd) kept(a *app, s *session, g record.ID) (*node.NonPaper, error) {
	if c.ID != "" {
		if len(c.Title)+len(c.Body)+len(c.BodyFile)+len(c.To) > 0 || c.Until != "" || c.About != "" {
			return nil, usage("one that is kept already is floated as it is: take it back and write another to change it")
		}
		return s.nonPaper(a, g, c.ID)
	}
	q := api.NewNonPaper{Texts: map[string]node.FloatText{}}
	var err error
	if c.Until != "" {
		if q.Until, err = parseDate(c.Until); err != nil {
			return nil, err
		}
	}
	if c.About != "" {
		t, err := s.find(a, g, c.About)
		if err != nil {
			return nil, err
		}
		q.About = t.Instrument
	}
	for _, p := range c.To {
		q.To = append(q.To, record.Party(p))
	}
	titles, err := byLanguage("title", c.Title)
	if err != nil {
		return nil, err
	}
	bodies, err := byLanguage("body", c.Body)
	if err != nil {
		return nil, err
	}
	files, err := byLanguage("body-file", c.BodyFile)
	if err != nil {
		return nil, err
	}
	for l, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("body: %w", err)
		}
		bodies[l] = string(b)
	}
	for l, t := range titles {
		q.Texts[l] = node.FloatText{Title: t, Body: bodies[l]}
	}
	for l := range bodies {
		if titles[l] == "" {
			return nil, usage("the text in %s has no title: --title %s=…", l, l)
		}
	}
	return s.DraftNonPaper(a.ctx, g, q)
}

// nonPaper completes the id of one, this party's own or shown to it.
func (s *session) nonPaper(a *app, g record.ID, name string) (*node.NonPaper, error) {
	all, err := s.NonPapers(a.ctx, g)
	if err != nil {
		return nil, err
	}
	var found []*node.NonPaper
	for _, x := range all {
		if len(name) >= minPrefix && strings.HasPrefix(x.ID.String(), strings.ToLower(name)) {
			found = append(found, x)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return nil, hint(fmt.Errorf("%d non-papers have an id that begins with %q", len(found), name), "entente nonpaper list names them; write at least %d digits", minPrefix)
}

func nonPaperText(w io.Writer, x *node.NonPaper) {
	title := "(its text is destroyed)"
	for _, l := range slices.Backward(entente.Languages) {
		if t := x.Titles[l]; t != "" {
			title = t
		}
	}
	if len(x.Titles) == 0 && x.State != node.NonPaperTakenBack && x.State != node.NonPaperLapsed {
		title = ""
	}
	fmt.Fprintf(w, "%s  non-paper of %s, %s  %s\n", x.ID.String()[:8], x.Author, x.State, clean(title))
	switch x.State {
	case node.NonPaperDraft, node.NonPaperFloated:
		fmt.Fprintf(w, "  for %v until %s\n", x.To, day(x.Until))
	default:
		fmt.Fprintf(w, "  since %s\n", moment(x.Changed))
	}
	for _, d := range x.Delivery {
		fmt.Fprintf(w, "  %s: %s\n", d.Party, saidText(d))
	}
	for _, u := range x.Uncleared {
		fmt.Fprintf(w, "  %s\n", u)
	}
}

func saidText(d node.Delivery) string {
	switch d.Said {
	case "":
		return "its node has not answered yet"
	case node.SaidHeld:
		return "its node holds it since " + moment(d.Time)
	case node.SaidDestroyed:
		return "its node says that it is destroyed there, " + moment(d.Time)
	case node.SaidFull:
		return "its node holds too many of ours already; it is asked again"
	}
	return "its node did not take the message; it is asked again"
}

type nonPaperListCmd struct {
	Group string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (nonPaperListCmd) Help() string { return "Example:\n  entente nonpaper list" }

func (c *nonPaperListCmd) Run(a *app) error {
	return listOf(a, c.Group, "There are no non-papers in this group.", (*api.Client).NonPapers, nonPaperText)
}

// oneNonPaper names one.
type oneNonPaper struct {
	ID    string `arg:"" help:"The non-paper, by its id or a prefix."`
	Group string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (c *oneNonPaper) find(a *app, s *session) (record.ID, *node.NonPaper, error) {
	g, err := s.group(a, c.Group)
	if err != nil {
		return record.ID{}, nil, err
	}
	x, err := s.nonPaper(a, g.ID, c.ID)
	return g.ID, x, err
}

type nonPaperShowCmd struct{ oneNonPaper }

func (nonPaperShowCmd) Help() string { return "Example:\n  entente nonpaper show 7c21d0" }

func (c *nonPaperShowCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, x, err := c.find(a, s)
		if err != nil {
			return err
		}
		t, err := s.NonPaper(a.ctx, g, x.Author, x.ID)
		if err != nil {
			return err
		}
		return a.print(t, func(w io.Writer) {
			fmt.Fprintln(w, noStanding)
			nonPaperText(w, t.NonPaper)
			for _, l := range entente.Languages {
				if x, ok := t.Texts[l]; ok {
					fmt.Fprintf(w, "\n[%s] %s\n\n%s\n", l, clean(x.Title), clean(x.Body))
				}
			}
		})
	})
}

type nonPaperBackCmd struct{ oneNonPaper }

func (nonPaperBackCmd) Help() string {
	return `Destroys the text on this node at once and asks the node of each party that it was for to destroy its copy, until that says so; also
when that node is away now. What was read before can be remembered, copied or photographed, and a backup may still hold it:
nothing undoes that.

Example:
  entente nonpaper take-back 7c21d0`
}

func (c *nonPaperBackCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, x, err := c.find(a, s)
		if err != nil {
			return err
		}
		if x, err = s.TakeBack(a.ctx, g, x.ID); err != nil {
			return err
		}
		return a.print(x, func(w io.Writer) { nonPaperText(w, x) })
	})
}

type nonPaperProposeCmd struct {
	ID   string `arg:"" help:"The non-paper, by its id or a prefix. One of this party's own."`
	Kind string `arg:"" help:"The kind of instrument."`
	content
	opening
	signFlags
}

func (nonPaperProposeCmd) Help() string {
	return `Drafts a proposal from its titles and texts. A part given here takes the place of its own, and the language that it lacks can be
given. The non-paper stays as it is until it is taken back.

Example:
  entente nonpaper propose 7c21d0 commitment --line arms --set owner=US --set due=2026-12-31 --part title.es="…" --part body.es="…" --seat desk/1`
}

func (c *nonPaperProposeCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		x, err := s.nonPaper(a, g.ID, c.ID)
		if err != nil {
			return err
		}
		act := api.NewAct{Kind: c.Kind, Verb: record.Propose}
		c.fill(&act)
		if err := c.complete(a, s, g, &act); err != nil {
			return err
		}
		p, err := s.putDraft(a, g.ID, c.signFlags, func() (api.Draft, error) { return s.Promote(a.ctx, g.ID, x.ID, act) })
		if err != nil {
			return err
		}
		return a.print(p, func(w io.Writer) { progressText(w, p) })
	})
}
