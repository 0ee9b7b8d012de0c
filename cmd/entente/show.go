package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"entente"
	"entente/api"
	"entente/consent"
	"entente/node"
	"entente/record"
)

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

type listCmd struct {
	Group  string `help:"The group: track, id or prefix; own: the party's own." placeholder:"GROUP"`
	Kind   string `help:"Only this kind." placeholder:"KIND"`
	Line   string `help:"Only this line of effort." placeholder:"CODE"`
	Owner  string `help:"Only what this party owes." placeholder:"PARTY"`
	Phase  string `help:"proposed, withdrawn, lapsed, in-force, ended, recorded or rejected." placeholder:"PHASE"`
	Cursor string `help:"Go on from here: next of the page before." placeholder:"CURSOR"`
	Limit  int    `help:"One page of so many; without it all." placeholder:"N"`
}

func (listCmd) Help() string {
	return `Titles are parts: entente show and entente read open them, and the read stands in the access log.

Examples:
  entente list --phase in-force --owner US
  entente list --kind commitment --line arms --json
  entente list --limit 50 --json               {"items": […], "next": "c1x"}`
}

func (c *listCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		f := node.Query{Kind: c.Kind, Line: c.Line, Owner: record.Party(c.Owner), Phase: entente.Phase(c.Phase), Cursor: node.Cursor(c.Cursor), Limit: c.Limit}
		if f.Limit == 0 {
			f.Limit = pageSize
		}
		out := node.Page{Items: []node.Listed{}}
		for {
			p, err := s.Instruments(a.ctx, g.ID, f)
			if err != nil {
				return err
			}
			out.Items, out.Next, f.Cursor = append(out.Items, p.Items...), p.Next, p.Next
			if p.Next == "" || c.Limit > 0 {
				break
			}
		}
		return a.print(out, func(w io.Writer) {
			for _, x := range out.Items {
				fmt.Fprintf(w, "%s  %-11s %-12s %-10s %-8s %s\n", x.State.Instrument.Short(), x.View.Phase, x.State.Kind, x.State.Line, x.State.Owner, strings.Join(words(x), ", "))
			}
			if out.Next != "" {
				fmt.Fprintf(w, "more: --cursor %s\n", out.Next)
			}
		})
	})
}

// words are what else there is to say of an instrument now.
func words(x node.Listed) []string {
	var out []string
	add := func(is bool, s string) {
		if is {
			out = append(out, s)
		}
	}
	v := x.View
	add(x.State.Due != 0, "due "+day(x.State.Due))
	add(v.Overdue, "OVERDUE")
	add(v.Done, "reported done")
	add(v.Verified, "verified")
	add(v.Observations, "with observations")
	add(v.Counter, "counter-proposal")
	add(v.Amending, "new version proposed")
	add(v.Leaving, "notice running, ends "+day(x.State.Ends))
	add(v.Pending, "withdrawal not yet known to the other side")
	add(v.Phase == entente.PhaseInForce && !v.Settled, "signatures not exchanged yet")
	add(v.Settled, "settled")
	add(v.Published, "published")
	if len(v.AdReferendum) > 0 {
		add(true, fmt.Sprintf("agreed ad referendum by %v", v.AdReferendum))
	}
	for _, x := range v.Silence {
		switch {
		case len(x.Objected) > 0:
			add(true, fmt.Sprintf("objected to by %v", x.Objected))
		case x.Over:
			add(true, "nobody objected by "+moment(x.By))
		default:
			add(true, "objections asked for by "+moment(x.By))
		}
	}
	return out
}

type showCmd struct {
	ID     string `arg:"" help:"The instrument, or any record of it: id or prefix."`
	Group  string `help:"The group: track, id or prefix." placeholder:"GROUP"`
	Before string `help:"The records before those of another answer: its \"earlier\"." placeholder:"PLACE"`
}

func (showCmd) Help() string {
	return `Where it stands, who consented with which office, the parts of the text, the history, and the reasons why a record has no
effect. Parts are named, not opened: entente read opens one.

Examples:
  entente show 3fa4c1
  entente show 3fa4c1 --json`
}

func (c *showCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		t, err := s.find(a, g.ID, c.ID)
		if err != nil {
			return err
		}
		i, err := s.InstrumentBefore(a.ctx, g.ID, t.Instrument, node.Cursor(c.Before))
		if err != nil {
			return err
		}
		return a.print(i, func(w io.Writer) { instrumentText(w, i) })
	})
}

func instrumentText(w io.Writer, i api.Instrument) {
	st := i.State
	fmt.Fprintf(w, "%s %s\n", st.Kind, st.Instrument)
	fmt.Fprintf(w, "stands: %s\n", strings.Join(append([]string{string(i.View.Phase)}, words(i.Listed)...), ", "))
	who := map[record.Ref]string{}
	for _, r := range i.Records {
		who[r.Header.Ref()] = offices(r.Header.Approvals)
	}
	if st.Owner != "" {
		fmt.Fprintf(w, "owner: %s\n", st.Owner)
	}
	for _, f := range st.Facts {
		fmt.Fprintf(w, "%s: %s\n", clean(f.Name), clean(f.Value))
	}
	for _, v := range st.Versions {
		fmt.Fprintf(w, "version %s, proposed by %s on %s: %s", v.ID.Short(), v.Ref.Party, day(v.Time), v.Standing)
		if v.Standing != consent.Open {
			fmt.Fprintf(w, " since %s", moment(v.Since))
		}
		fmt.Fprintln(w)
		for _, sd := range v.Sides {
			fmt.Fprintf(w, "  %s %s\n", sd.Party, sideText(sd, who))
		}
		for _, r := range v.Releases {
			fmt.Fprintf(w, "  %s lets it be published from %s%s\n", r.Ref.Party, moment(r.At), ", "+who[r.Ref])
		}
	}
	fmt.Fprintln(w, "history:")
	for _, r := range i.Records {
		h := r.Header
		fmt.Fprintf(w, "  %s  %-10s %s %s%s\n", moment(h.Time), h.Ref(), h.Verb, r.ID.Short(), by(h.Approvals))
		if len(h.Terms) > 0 {
			fmt.Fprintf(w, "      terms %s\n", clean(string(h.Terms)))
		}
		for _, p := range h.Parts {
			held := ""
			if !slices.Contains(r.Held, p.Name) {
				held = ", not held here"
			}
			fmt.Fprintf(w, "      part %s, %d bytes, TLP:%s to %v%s\n", p.Name, p.Length, p.Marking.TLP, p.Marking.ReleasableTo, held)
		}
		if !r.Counts {
			fmt.Fprintln(w, "      HELD BACK: what it knows is not here yet")
		}
		for _, x := range r.Reasons {
			fmt.Fprintf(w, "      NO EFFECT: %s\n", clean(x.String()))
		}
	}
	if i.Earlier != "" {
		fmt.Fprintf(w, "  earlier records: entente show %s --before %s\n", st.Instrument.Short(), i.Earlier)
	}
}

func sideText(s entente.Side, who map[record.Ref]string) string {
	out := "has not consented"
	if s.Consent != nil {
		out = fmt.Sprintf("consented %s, %s%s", moment(s.Consent.Time), who[s.Consent.Ref], inked(s.Paper))
	}
	if s.Withdrawn != nil {
		out += fmt.Sprintf("; withdrew %s, %s", moment(s.Withdrawn.Time), who[s.Withdrawn.Ref])
	}
	if s.Pending {
		out += " (pending: the other side may have signed before it learnt of it)"
	}
	return out
}

func offices(as []record.Approval) string {
	var out []string
	for _, x := range as {
		out = append(out, fmt.Sprintf("%s/%d", x.Office, x.Seat))
	}
	if len(out) == 0 {
		return "unsigned"
	}
	return "signed by " + strings.Join(out, " and ")
}

func by(as []record.Approval) string {
	if len(as) == 0 {
		return ""
	}
	return ", " + offices(as)
}

type readCmd struct {
	ID     string `arg:"" help:"The record: id or prefix."`
	Part   string `arg:"" help:"The part, as body.en or rows."`
	Group  string `help:"The group: track, id or prefix." placeholder:"GROUP"`
	Format string `help:"raw: the bytes as they are; csv: rows as CSV." enum:",raw,csv" default:"" placeholder:"raw|csv"`
	Output string `short:"o" help:"File to write to." placeholder:"FILE" type:"path"`
}

func (readCmd) Help() string {
	return `What is above TLP:CLEAR stands in the party's own access log before it is shown. The operator reads no parts: an office's
token is needed (--as OFFICE).

Examples:
  entente read 3fa4c1 body.es
  entente read 5c10aa rows --format csv -o rows.csv`
}

func (c *readCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		t, err := s.find(a, g.ID, c.ID)
		if err != nil {
			return err
		}
		format := c.Format
		if format == "" && c.Output != "" {
			format = "raw"
		}
		if format != "" {
			b, err := s.PartFile(a.ctx, g.ID, t.ID, c.Part, format)
			if err != nil {
				return err
			}
			if c.Output != "" {
				if err := writeFile(c.Output, b, 0o600); err != nil {
					return err
				}
				return a.print(map[string]any{"file": c.Output, "bytes": len(b)}, func(w io.Writer) { fmt.Fprintf(w, "%s: %d bytes\n", c.Output, len(b)) })
			}
			_, err = a.out.Write(b)
			return err
		}
		p, err := s.Part(a.ctx, g.ID, t.ID, c.Part)
		if err != nil {
			return err
		}
		return a.print(p, func(w io.Writer) {
			switch {
			case p.Table != nil:
				fmt.Fprintln(w, clean(strings.Join(p.Table.Columns, "\t")))
				for _, r := range p.Table.Rows {
					fmt.Fprintln(w, clean(strings.Join(r, "\t")))
				}
			case p.Text != "":
				fmt.Fprintln(w, clean(p.Text))
			default:
				fmt.Fprintf(w, "%d bytes that are not text: -o FILE writes them\n", p.Length)
			}
		})
	})
}
