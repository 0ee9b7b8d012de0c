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
	"entente/record"
)

type powersCmd struct {
	Show powersShowCmd `cmd:"" help:"Show each party's offices, seats and what they may sign."`
	Set  powersSetCmd  `cmd:"" help:"Put new powers of this party on record, under the root key."`
}

type powersShowCmd struct {
	Group  string `help:"The group: track, id or prefix." placeholder:"GROUP"`
	Output string `short:"o" help:"File to write this party's offices to, as entente powers set reads them." placeholder:"FILE" type:"path"`
}

func (powersShowCmd) Help() string {
	return "Examples:\n  entente powers show\n  entente powers show --group trade --json\n  entente powers show --group own -o offices.json"
}

func (c *powersShowCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		ps, err := s.Powers(a.ctx, g.ID)
		if err != nil {
			return err
		}
		if c.Output != "" {
			n, err := s.operator.Node(a.ctx)
			if err != nil {
				return err
			}
			if ps[n.Party] == nil {
				return hint(fmt.Errorf("%s has no powers in this group yet", n.Party), "entente group found puts the first on record")
			}
			b, err := json.MarshalIndent(ps[n.Party].Offices, "", "  ")
			if err == nil {
				err = writeFile(c.Output, append(b, '\n'), 0o644)
			}
			if err != nil {
				return err
			}
		}
		return a.print(ps, func(w io.Writer) {
			for _, p := range g.Founding.IDs() {
				if ps[p] == nil {
					fmt.Fprintf(w, "%s: no powers here yet\n", p)
					continue
				}
				fmt.Fprintf(w, "%s: root key %s\n", p, ps[p].Root)
				for _, o := range ps[p].Offices {
					fmt.Fprintf(w, "  %-16s %d seats%s\n", o.ID, len(o.Seats), grants(o))
					for _, x := range o.Seats {
						fmt.Fprintf(w, "    %s\n", seatLine(x))
					}
				}
			}
		})
	})
}

func grants(o entente.Office) string {
	s := ""
	for _, g := range o.Grants {
		s += fmt.Sprintf("; %d sign for %s", g.Sign, strings.Join(g.Kinds, ", "))
		if len(g.Verbs) > 0 {
			s += fmt.Sprintf(" (%v)", g.Verbs)
		}
		if len(g.Lines) > 0 {
			s += " on " + strings.Join(g.Lines, ", ")
		}
		if g.Until != 0 {
			s += " until " + moment(g.Until)
		}
		if g.Paper {
			s += ", also to record signatures on paper"
		}
	}
	return s
}

type powersSetCmd struct {
	Group   string `help:"The group: track, id or prefix; own: the party's own." placeholder:"GROUP"`
	Offices string `required:"" help:"The offices as JSON." placeholder:"FILE" type:"existingfile"`
	Yes     bool   `help:"Do not ask."`
	rootFlags
}

func (powersSetCmd) Help() string {
	return `The whole list of offices takes the place of the one before, from this record on. The root key signs it.

FILE is a list like this. A seat without a key takes the one that entente seat new or seat add left here; a key may stand as text,
ALGORITHM:HEX. A deputy or acting official sits from and until a date, which is the first second that no longer counts. kinds ["*"]
is every kind; verbs, lines and until may be left out; sign says how many seats of the office must sign; with paper the office may
also record that another office signed on paper. reach tells the other parties how to reach the office: telephone, mail, hours, and
duty where it answers at any hour. Dates are YYYY-MM-DD, RFC 3339 or Unix seconds:

  [{"id": "legal", "names": {"en": "Legal adviser", "es": "Consultoría Jurídica"},
    "seats": [{"number": 1}, {"number": 2, "acting": true, "from": "2026-03-01", "until": "2026-06-01"}],
    "grants": [{"kinds": ["commitment", "statement"], "verbs": ["consent"], "lines": ["arms"], "sign": 2, "paper": true}]},
   {"id": "minister", "seats": [{"number": 1, "key": "-65543:02…"}], "reach": {"telephone": "+52 55 0000 0000", "duty": true}, "grants": [{"kinds": ["*"], "sign": 1}]}]

Examples:
  entente powers set --group security --offices offices.json
  entente powers set --group own --offices offices.json`
}

func (c *powersSetCmd) Run(a *app) error {
	offices, err := readOffices(c.Offices, a.flags.Dir)
	if err != nil {
		return err
	}
	return a.with(func(s *session) error {
		op := &session{Client: s.operator, operator: s.operator}
		g, err := op.group(a, c.Group)
		if err != nil {
			return err
		}
		sealed, err := op.putPowers(a, g.ID, offices, c.rootFlags, c.Yes)
		if err != nil {
			return err
		}
		return a.print(sealed, func(w io.Writer) { fmt.Fprintf(w, "Powers are on record: %s\n", sealed.Ref) })
	})
}

// putPowers drafts powers with the node's own keys and the offices given, and signs them here with the root key: it never
// reaches the node.
func (s *session) putPowers(a *app, g record.ID, offices []entente.Office, root rootFlags, yes bool) (*node.Sealed, error) {
	n, err := s.Node(a.ctx)
	if err != nil {
		return nil, err
	}
	i, err := s.operator.Introduction(a.ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(offices, func(x, y entente.Office) int { return strings.Compare(x.ID, y.ID) })
	p := entente.Powers{Root: i.Introduction.Root, Next: i.Introduction.Next, Keys: n.Keys, Address: n.Address, Offices: offices}
	if err := p.Check(); err != nil {
		return nil, hint(fmt.Errorf("powers: %w", err), "entente powers set --help shows the form of offices")
	}
	terms, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	d, err := s.operator.NewDraft(a.ctx, g, api.NewAct{Kind: "powers", Verb: record.Propose, Terms: terms})
	if err != nil {
		return nil, err
	}
	sealed, err := s.signRoot(a, g, d, root, yes)
	if err != nil {
		_ = s.operator.DropDraft(a.ctx, g, d.Nonce)
	}
	return sealed, err
}
