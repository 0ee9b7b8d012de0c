package main

import (
	"crypto/rand"
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

type groupCmd struct {
	New   groupNewCmd   `cmd:"" help:"Write the founding charter of a group to a file."`
	Found groupFoundCmd `cmd:"" help:"Join the group of a charter file: powers, then this party's signature under the charter."`
	Wait  groupWaitCmd  `cmd:"" help:"Charters that wait, by wire, from the pages or joined, and what waits for whom; save one as a file."`
	Show  groupShowCmd  `cmd:"" help:"A group: charter, what is held of each log, what counts, what is held back."`
}

type groupNewCmd struct {
	Track        string   `required:"" help:"The track: security, trade …" placeholder:"NAME"`
	With         []string `required:"" help:"Introductions of the other parties." placeholder:"FILE" sep:"none" type:"existingfile"`
	Within       string   `help:"The group that this smaller one lies within: track, id or prefix." placeholder:"GROUP"`
	NameEn       string   `required:"" help:"Name of the group in English." placeholder:"NAME"`
	NameEs       string   `required:"" help:"Name of the group in Spanish." placeholder:"NAME"`
	PurposeEn    string   `required:"" help:"Purpose in English; @FILE reads it from a file." placeholder:"TEXT"`
	PurposeEs    string   `required:"" help:"Purpose in Spanish; @FILE reads it from a file." placeholder:"TEXT"`
	Line         []string `help:"A line of effort with its names." placeholder:"CODE=EN|ES" sep:"none"`
	Consent      []string `help:"Whose consent a kind needs, where it is not the kind's own rule." placeholder:"KIND=all|participants" sep:"none"`
	Silence      []string `help:"A kind whose author may ask for objections to a text by a time. Silence binds nobody." placeholder:"KIND" sep:"none"`
	Notice       period   `help:"From the day the other side knows a withdrawal until the instrument ends." default:"90d"`
	Ceiling      period   `help:"Notice starts at the latest this long after the withdrawal itself." default:"30d"`
	Consultation period   `help:"Period of consultation." default:"30d"`
	Escalation   period   `help:"Period of escalation." default:"15d"`
	Retention    period   `help:"How long parts are kept after an instrument's end." default:"10y"`
	Skew         period   `help:"A record dated further ahead of local time is held back." default:"300s"`
	Handling     []string `help:"A handling string that markings may carry." placeholder:"TEXT" sep:"none"`
	MeetEvery    period   `help:"How often the group meets."`
	Host         string   `help:"Party that hosts first." placeholder:"PARTY"`
	Output       string   `short:"o" help:"File to write; default: TRACK.charter." placeholder:"FILE" type:"path"`
}

func (groupNewCmd) Help() string {
	return `Nothing is signed by it. Hand the same file to every party; each reads it and signs it with entente group found. The
group's id is the digest of the file: compare it over the telephone.

Example:
  entente group new --track security --with us.introduction --name-en "Security Implementation Group" \
    --name-es "Grupo de Implementación de Seguridad" --purpose-en @purpose.en.txt --purpose-es @purpose.es.txt \
    --line arms="Arms smuggling|Tráfico de armas" --line tunnels="Border tunnels|Túneles fronterizos" --notice 90d`
}

// charterFile is what group new answers.
type charterFile struct {
	Group   record.ID        `json:"group"`
	File    string           `json:"file"`
	Charter *entente.Charter `json:"charter"`
}

func (c *groupNewCmd) Run(a *app) error {
	ch := &entente.Charter{Rules: entente.Rules, Track: c.Track, Languages: slices.Clone(entente.Languages), Names: map[string]string{"en": c.NameEn, "es": c.NameEs},
		Handling: c.Handling, Clocks: entente.Clocks{Notice: int64(c.Notice), Ceiling: int64(c.Ceiling), Consultation: int64(c.Consultation), Escalation: int64(c.Escalation),
			Retention: int64(c.Retention), Skew: int64(c.Skew)}}
	rand.Read(ch.Nonce[:])
	var err error
	if ch.Purpose, err = texts(c.PurposeEn, c.PurposeEs); err != nil {
		return err
	}
	for _, l := range c.Line {
		code, names, err := pair("line", l)
		en, es, ok := strings.Cut(names, "|")
		if err != nil || !ok {
			return usage("--line %q: write CODE=ENGLISH|SPANISH", l)
		}
		ch.Lines = append(ch.Lines, entente.CharterLine{Code: code, Names: map[string]string{"en": en, "es": es}})
	}
	slices.SortFunc(ch.Lines, func(x, y entente.CharterLine) int { return strings.Compare(x.Code, y.Code) })
	for _, k := range c.Consent {
		kind, mode, err := pair("consent", k)
		if err != nil {
			return err
		}
		if ch.Consent == nil {
			ch.Consent = map[string]string{}
		}
		ch.Consent[kind] = mode
	}
	ch.Silence = slices.Compact(slices.Sorted(slices.Values(c.Silence)))
	if c.MeetEvery > 0 {
		ch.Meetings = &entente.Meetings{EveryDays: int64(c.MeetEvery) / 86400, First: record.Party(c.Host)}
	}
	return a.with(func(s *session) error {
		own, err := s.operator.Introduction(a.ctx)
		if err != nil {
			return err
		}
		n, err := s.operator.Node(a.ctx)
		if err != nil {
			return err
		}
		ch.Founded = n.Time
		if c.Within != "" {
			around, err := s.group(a, c.Within)
			if err != nil {
				return err
			}
			ch.Parent = around.ID
		}
		i := own.Introduction
		ch.Parties = []entente.CharterParty{{ID: i.Party, Names: i.Names, Root: i.Root, Next: i.Next}}
		for _, f := range c.With {
			i, err := readIntroduction(f)
			if err == nil {
				err = s.known(a, i)
			}
			if err != nil {
				return err
			}
			ch.Parties = append(ch.Parties, entente.CharterParty{ID: i.Party, Names: i.Names, Root: i.Root, Next: i.Next})
		}
		slices.SortFunc(ch.Parties, func(x, y entente.CharterParty) int { return strings.Compare(string(x.ID), string(y.ID)) })
		b, err := ch.Encode()
		if err != nil {
			return hint(err, "entente group new --help shows an example")
		}
		out := charterFile{entente.GroupOf(b), or(c.Output, c.Track+".charter"), ch}
		if err := writeFile(out.File, b, 0o644); err != nil {
			return err
		}
		return a.print(out, func(w io.Writer) {
			fmt.Fprintf(w, "The charter is in %s. Nobody has signed it yet.\ngroup %s\n\nHand the file to every party; compare the group's id. Each then runs:\n  entente group found %s --seat OFFICE/1\n", out.File, out.Group, out.File)
		})
	})
}

func texts(en, es string) (map[string]string, error) {
	out := map[string]string{}
	for l, t := range map[string]string{"en": en, "es": es} {
		if f, ok := strings.CutPrefix(t, "@"); ok {
			b, err := os.ReadFile(f)
			if err != nil {
				return nil, fmt.Errorf("purpose: %w", err)
			}
			t = strings.TrimSpace(string(b))
		}
		out[l] = t
	}
	return out, nil
}

type groupFoundCmd struct {
	File           string   `arg:"" help:"The founding charter." type:"existingfile"`
	Offices        string   `help:"Offices as JSON; default: those of the party's own group." placeholder:"FILE" type:"existingfile"`
	Seat           []string `help:"A seat that signs the charter." placeholder:"OFFICE/N" sep:"none"`
	PassphraseFile string   `help:"File that holds the passphrase of the seats." placeholder:"FILE" type:"path"`
	Yes            bool     `help:"Do not ask."`
	rootFlags
}

func (groupFoundCmd) Help() string {
	return `Joins the group, puts this party's powers in it on record under the root key, and signs the charter with the seats given. It
may be repeated where it was interrupted. The charter is in force when every founder has signed it.

Examples:
  entente group found security.charter --seat desk/1
  entente group found trade.charter --offices trade-offices.json --seat minister/1`
}

// founded is what group found answers.
type founded struct {
	Group   record.ID     `json:"group"`
	Track   string        `json:"track"`
	Consent *api.Progress `json:"consent,omitempty"`
}

func (c *groupFoundCmd) Run(a *app) error {
	b, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	ch, err := entente.ParseCharter(b)
	if err != nil {
		return hint(fmt.Errorf("%s: %w", c.File, err), "entente group new writes such a file; it must come through unchanged")
	}
	a.say("%s", charterText(entente.GroupOf(b), ch))
	return a.with(func(s *session) error {
		op := &session{Client: s.operator, operator: s.operator}
		id, err := s.operator.Join(a.ctx, b)
		if err != nil {
			return err
		}
		me, err := s.operator.Node(a.ctx)
		if err != nil {
			return err
		}
		ps, err := s.operator.Powers(a.ctx, id)
		if err != nil {
			return err
		}
		if ps[me.Party] == nil || c.Offices != "" {
			offices, err := c.offices(a, op, me.Party)
			if err != nil {
				return err
			}
			if _, err := op.putPowers(a, id, offices, c.rootFlags, c.Yes); err != nil {
				return err
			}
		}
		out := founded{Group: id, Track: ch.Track}
		signed, err := op.signedBy(a, id, me.Party)
		if err != nil {
			return err
		}
		if signed {
			a.say("%s has signed the charter already.", me.Party)
		} else if len(c.Seat) > 0 {
			act := api.NewAct{Kind: "charter", Verb: record.Consent, Instrument: id, Version: id}
			p, err := op.put(a, id, act, signFlags{Seat: c.Seat, PassphraseFile: c.PassphraseFile, Yes: c.Yes})
			if err != nil {
				return err
			}
			out.Consent = p
		}
		return a.print(out, func(w io.Writer) {
			fmt.Fprintf(w, "This node is in the group %s (%s).\n", ch.Track, id.Short())
			if out.Consent == nil && !signed {
				fmt.Fprintf(w, "The charter is not signed yet: entente consent %s --group %s --seat OFFICE/1\n", id.Short(), id.Short())
			} else if out.Consent != nil {
				progressText(w, out.Consent)
			}
		})
	})
}

// signedBy reports whether a party has consented to the founding charter.
func (s *session) signedBy(a *app, g record.ID, p record.Party) (bool, error) {
	i, err := s.Instrument(a.ctx, g, g)
	if errors.Is(err, node.ErrNotFound) { // before the first signature there is no state
		return false, nil
	} else if err != nil {
		return false, err
	}
	for _, v := range i.State.Versions {
		for _, sd := range v.Sides {
			if v.ID == g && sd.Party == p && sd.Consent != nil {
				return true, nil
			}
		}
	}
	return false, nil
}

func (c *groupFoundCmd) offices(a *app, s *session, me record.Party) ([]entente.Office, error) {
	if c.Offices != "" {
		return readOffices(c.Offices, a.flags.Dir)
	}
	own, err := s.group(a, "own")
	if err != nil {
		return nil, err
	}
	ps, err := s.Powers(a.ctx, own.ID)
	if err != nil {
		return nil, err
	}
	if ps[me] == nil {
		return nil, hint(errors.New("no offices are known"), "name them with --offices FILE")
	}
	return ps[me].Offices, nil
}

func charterText(id record.ID, c *entente.Charter) string {
	s := fmt.Sprintf("Charter of %q (%s), track %s\ngroup %s\n", c.Names["en"], c.Names["es"], c.Track, id)
	for _, l := range c.Languages {
		s += fmt.Sprintf("purpose (%s): %s\n", l, c.Purpose[l])
	}
	for _, p := range c.Parties {
		s += fmt.Sprintf("party %s, %s: root key %s\n", p.ID, p.Names["en"], p.Root)
	}
	if !c.Parent.IsZero() {
		s += fmt.Sprintf("within group %s\n", c.Parent)
	}
	for _, l := range c.Lines {
		s += fmt.Sprintf("line %s: %s | %s\n", l.Code, l.Names["en"], l.Names["es"])
	}
	if len(c.Silence) > 0 {
		s += "objections may be asked for by a time: " + strings.Join(c.Silence, ", ") + "; silence binds nobody\n"
	}
	return clean(s) + fmt.Sprintf("notice %s, at the latest %s after the withdrawal; parts kept %s\n", span(c.Clocks.Notice), span(c.Clocks.Ceiling), span(c.Clocks.Retention))
}

type groupsCmd struct{}

func (groupsCmd) Help() string {
	return "Examples:\n  entente groups\n  entente groups --as desk --json"
}

func (groupsCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		gs, err := s.Groups(a.ctx)
		if err != nil {
			return err
		}
		return a.print(gs, func(w io.Writer) {
			for _, g := range gs {
				inForce := "charter in force"
				if g.Charter.IsZero() {
					inForce = "charter not signed by all yet"
				}
				fmt.Fprintf(w, "%s  %-10s %v  %s, %s\n", g.ID.Short(), g.Founding.Track, g.Founding.IDs(), clean(g.Founding.Names["en"]), inForce)
			}
		})
	})
}

type groupShowCmd struct {
	Group string `arg:"" optional:"" help:"The group: track, id or prefix."`
}

func (groupShowCmd) Help() string {
	return "Examples:\n  entente group show security\n  entente group show --json"
}

// groupView is what group show answers.
type groupView struct {
	Group   any         `json:"group"`
	Charter api.Charter `json:"charter"`
	State   any         `json:"state"`
}

func (c *groupShowCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		ch, err := s.Charter(a.ctx, g.ID)
		if err != nil {
			return err
		}
		st, err := s.State(a.ctx, g.ID)
		if err != nil {
			return err
		}
		return a.print(groupView{g, ch, st}, func(w io.Writer) {
			text := ch.Founding
			if ch.InForce != nil {
				text = ch.InForce
			}
			fmt.Fprint(w, charterText(g.ID, text))
			if ch.InForce == nil {
				fmt.Fprintln(w, "The charter is not signed by all founders yet: nothing else can be put on record.")
			}
			for _, p := range g.Founding.IDs() {
				fmt.Fprintf(w, "log of %s: %d records held, %d count\n", p, g.Held[p], g.Cut[p])
			}
			for _, h := range g.HeldBack {
				fmt.Fprintf(w, "held back: %s (%s) until %d records of %s are here\n", h.Ref, h.Reason, h.Size, h.Party)
			}
			if len(g.Restoring) > 0 {
				fmt.Fprintf(w, "READ-ONLY after a restore until these have answered: %v\n", g.Restoring)
			}
			if len(g.Closed) > 0 {
				fmt.Fprintf(w, "LOGS THAT CONFLICT: %v; see entente alarms\n", g.Closed)
			}
			fmt.Fprintf(w, "state %s\n", st.Digest)
		})
	})
}
