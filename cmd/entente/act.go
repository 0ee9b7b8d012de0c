package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"entente"
	"entente/api"
	"entente/node"
	"entente/record"
)

// content are the flags of an act's own content.
type content struct {
	Group     string   `help:"The group: track, id or prefix; own: the party's own." placeholder:"GROUP"`
	Set       []string `help:"A term, by the kind's names. Dates and short ids are completed; dots go deeper." placeholder:"NAME=VALUE" sep:"none"`
	Terms     string   `help:"Terms as a JSON object, from a file or stdin (-)." placeholder:"FILE"`
	Part      []string `help:"A part with its text." placeholder:"NAME=TEXT" sep:"none"`
	PartFile  []string `help:"A part from a file." placeholder:"NAME=FILE" sep:"none"`
	Rows      string   `help:"The part rows from a CSV file; its first column is the key." placeholder:"FILE" type:"existingfile"`
	ReleaseTo []string `help:"Parties that the parts go to. Default: every party of the group." placeholder:"MX,US"`
	Keep      []string `help:"A part that stays with this party." placeholder:"NAME" sep:"none"`
	TLP       string   `name:"tlp" help:"TLP 2.0 level of the parts: CLEAR, GREEN, AMBER, AMBER+STRICT, RED." placeholder:"LEVEL"`
	Handling  string   `help:"Handling, from the charter's list." placeholder:"TEXT"`
	Offices   []string `help:"For TLP:RED, the offices that may read." placeholder:"MX/legal"`
}

// opening are the flags of an act that opens an instrument or proposes a text.
type opening struct {
	Line   string   `help:"Line of effort, by the charter's code." placeholder:"CODE"`
	Nature string   `help:"political, arrangement or treaty." placeholder:"NATURE"`
	With   []string `name:"participants" help:"Parties that take part." placeholder:"MX,US"`
}

// signFlags say who signs now.
type signFlags struct {
	Seat           []string `help:"A seat that signs now; without one the act stays a draft. OFFICE/N=FILE names the key file." placeholder:"OFFICE/N" sep:"none"`
	PassphraseFile string   `help:"File that holds the seat's passphrase; ENTENTE_PASSPHRASE is read too." placeholder:"FILE" type:"path"`
	Yes            bool     `help:"Sign without asking."`
	Widen          bool     `name:"confirm-widening" help:"The act lets more hold or read something than before, and that is meant."`
}

type proposeCmd struct {
	Kind     string `arg:"" help:"The kind of instrument."`
	Replaces string `help:"The version that this text is to replace." placeholder:"VERSION"`
	Of       string `help:"The instrument that this is another text for, a counter-proposal." placeholder:"ID"`
	Until    string `help:"Consents later than this do not count." placeholder:"DATE"`
	content
	opening
	signFlags
}

func (proposeCmd) Help() string {
	return `A proposal binds nobody: each party consents to it by its version, the proposer too.

Examples:
  entente propose commitment --line arms --set owner=US --set due=2026-12-31 --part title.en="Trace requests" \
    --part title.es="Solicitudes de rastreo" --part-file body.en=body.en.md --part-file body.es=body.es.md --seat desk/1
  entente propose commitment --replaces 3fa4c1 --terms terms.json …        a new version
  entente propose commitment --of 3fa4c1 …                                 a counter-proposal
  entente propose statement … --tlp CLEAR                                  public`
}

func (c *proposeCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		act := api.NewAct{Kind: c.Kind, Verb: record.Propose}
		if c.Until != "" {
			if act.Until, err = parseDate(c.Until); err != nil {
				return err
			}
		}
		for name, id := range map[string]*record.ID{c.Replaces: &act.Replaces, c.Of: &act.Instrument} {
			if name == "" {
				continue
			}
			t, err := s.find(a, g.ID, name)
			if err != nil {
				return err
			}
			*id, act.Instrument = t.ID, t.Instrument
		}
		c.fill(&act)
		return c.put(a, s, g, act, c.signFlags)
	})
}

func (o opening) fill(act *api.NewAct) {
	act.Line, act.Nature = o.Line, record.Nature(o.Nature)
	for _, p := range o.With {
		act.Participants = append(act.Participants, record.Party(p))
	}
}

// onVersion is consent and withdraw: nothing but the version.
type onVersion struct {
	Version string `arg:"" help:"The version: its id, or a prefix. The first version of an instrument has its id; the founding charter the group's."`
	Group   string `help:"The group: track, id or prefix." placeholder:"GROUP"`
	signFlags
}

func (c *onVersion) run(a *app, verb record.Verb, terms json.RawMessage, parts ...api.NewPart) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		t, err := s.find(a, g.ID, c.Version)
		if err != nil {
			return err
		}
		p, err := s.put(a, g.ID, api.NewAct{Kind: t.Kind, Verb: verb, Instrument: t.Instrument, Version: t.ID, Terms: terms, Parts: parts}, c.signFlags)
		if err != nil {
			return err
		}
		return a.print(p, func(w io.Writer) { progressText(w, p) })
	})
}

type consentCmd struct {
	Paper    string `help:"The office that signed on paper." placeholder:"OFFICE"`
	Signed   string `help:"The date on the paper." placeholder:"DATE"`
	Place    string `help:"The place on the paper." placeholder:"TEXT"`
	Scan     string `help:"The scan of the paper." placeholder:"FILE" type:"existingfile"`
	KeepScan bool   `help:"The scan stays with this party."`
	onVersion
}

func (consentCmd) Help() string {
	return `Consents to exactly that text. It is in force when every required party has consented. The node refuses before it holds
every part of the text, and shows the text before the seat signs.

A minister who signed on paper: an office with the power to say so consents, names the minister's office and gives the scan.

Examples:
  entente consent 3fa4c1 --seat desk/1
  entente consent 3fa4c1 --paper minister --signed 2026-03-01 --place "Mexico City" --scan signed.pdf --seat registry/1
  entente consent 3fa4c1                       leaves a draft that others sign
  entente consent 3fa4c1 --seat desk/1 --seat desk/2 --json --yes`
}

func (c *consentCmd) Run(a *app) error {
	if c.Paper == "" {
		if c.Signed != "" || c.Place != "" || c.Scan != "" || c.KeepScan {
			return usage("say which office signed on paper: --paper OFFICE")
		}
		return c.run(a, record.Consent, nil)
	}
	if c.Signed == "" || c.Scan == "" {
		return usage("a signature on paper has its date, --signed DATE, and its scan, --scan FILE")
	}
	at, err := parseDate(c.Signed)
	if err != nil {
		return err
	}
	terms, err := json.Marshal(entente.ConsentTerms{Paper: &entente.Paper{Office: c.Paper, Signed: at, Place: c.Place}})
	if err != nil {
		return err
	}
	b, err := os.ReadFile(c.Scan)
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	scan := api.NewPart{Name: "annex/scan", Content: b}
	if named := scan.Name + strings.ToLower(filepath.Ext(c.Scan)); record.ValidName(named) {
		scan.Name = named
	}
	if c.KeepScan {
		scan.Marking = &api.NewMarking{TLP: record.AmberStrict}
	}
	return c.run(a, record.Consent, terms, scan)
}

type withdraw struct{ onVersion }

func (withdraw) Help() string {
	return `Before the text is in force: takes the consent back, if the other side has not consented before it learns of it. After: it is
notice, and the instrument ends when the charter's notice has run out; a new consent before then takes it back.

Example:
  entente withdraw 3fa4c1 --seat desk/1`
}

func (c *withdraw) Run(a *app) error { return c.run(a, record.Withdraw, nil) }

type releaseCmd struct {
	At      string   `help:"Not to be published before; never before the text's embargo. Default: the embargo, or at once." placeholder:"DATE"`
	To      []string `help:"Release parts of a record to these parties instead." placeholder:"US,CA"`
	Office  []string `help:"Release parts that are TLP:RED to these offices instead." placeholder:"US/legal"`
	Section []string `help:"With --to or --office: a part; without one, all of the record." placeholder:"NAME" sep:"none"`
	onVersion
}

func (releaseCmd) Help() string {
	return `Says that this text may be published. It is public when every party whose consent it needed has said so and the hour has
come. Until then a second release puts this party's own hour off.

With --to or --office it names a record of this party whose parts may go to more parties, or to more offices where they are
TLP:RED. The node sends them. What has left can only be asked back, by entente recall.

Examples:
  entente release 5c10aa --section annex/list.txt --to US --seat desk/1
  entente release 8d02ab --seat press/1
  entente release 8d02ab --at 2026-03-01T15:00:00-06:00 --seat press/1`
}

func (c *releaseCmd) Run(a *app) error {
	if len(c.To) > 0 || len(c.Office) > 0 {
		if c.At != "" {
			return errors.New("--at is for publication; a release to parties or offices takes effect at once")
		}
		of := partsFlags{Record: c.Version, Section: c.Section, content: content{Group: c.Group}, signFlags: c.signFlags}
		return of.putTerms(a, record.Release, func(id record.ID, parts []string) any {
			t := entente.Widening{Of: id, Parts: parts, Offices: c.Office}
			for _, p := range c.To {
				t.To = append(t.To, record.Party(p))
			}
			slices.Sort(t.To)
			slices.Sort(t.Offices)
			return t
		})
	}
	if len(c.Section) > 0 {
		return errors.New("--section is for a release to parties or offices: name them with --to or --office")
	}
	if c.At == "" {
		return c.run(a, record.Release, nil)
	}
	at, err := parseDate(c.At)
	if err != nil {
		return err
	}
	terms, err := json.Marshal(entente.Released{At: at})
	if err != nil {
		return err
	}
	return c.run(a, record.Release, terms)
}

type reportCmd struct {
	On   string `arg:"" optional:"" help:"The instrument or version reported on."`
	Kind string `help:"Without an instrument: open a report of this kind." placeholder:"KIND"`
	content
	opening
	signFlags
}

func (reportCmd) Help() string {
	return `On an instrument it speaks of the version in force. Without one, --kind opens an instrument that is a report.

Examples:
  entente report 3fa4c1 --set progress=done --part body.en="All offices connected." --part body.es="…" --seat desk/1
  entente report --kind observation --set indicator=77ab12 --set version=77ab12 --set source="CBP" --rows seizures.csv --seat desk/1`
}

func (c *reportCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, act, err := s.about(a, c.Group, c.On, c.Kind, record.Report)
		if err != nil {
			return err
		}
		c.fill(&act)
		return c.put(a, s, g, act, c.signFlags)
	})
}

type noteCmd struct {
	On   string `arg:"" optional:"" help:"The instrument noted on."`
	Kind string `help:"Without an instrument: open a note of this kind." placeholder:"KIND"`
	content
	opening
	signFlags
}

func (noteCmd) Help() string {
	return `Examples:
  entente note 91cc02 --set item=1 --part title.en="Fuel theft" --part title.es="Robo de combustible" --seat desk/1
  entente note 3fa4c1 --set of=5c10aa --part body.es="…" --seat desk/1      a report or reply in another language`
}

func (c *noteCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, act, err := s.about(a, c.Group, c.On, c.Kind, record.Note)
		if err != nil {
			return err
		}
		act.Version = record.ID{}
		c.fill(&act)
		return c.put(a, s, g, act, c.signFlags)
	})
}

// about starts an act on an instrument, or one that opens an instrument of a kind.
func (s *session) about(a *app, group, on, kind string, verb record.Verb) (node.GroupInfo, api.NewAct, error) {
	act := api.NewAct{Kind: kind, Verb: verb}
	g, err := s.group(a, group)
	if err != nil || (on == "" && kind != "") {
		return g, act, err
	}
	if on == "" || kind != "" {
		return g, act, usage("name the instrument, or open one with --kind: one of the two")
	}
	t, err := s.find(a, g.ID, on)
	if err != nil {
		return g, act, err
	}
	act.Kind, act.Instrument = t.Kind, t.Instrument
	if t.State != nil {
		if v := t.State.Text(); v != nil {
			act.Version = v.ID
		}
	}
	return g, act, nil
}

type replyCmd struct {
	Record string   `arg:"" help:"The record answered."`
	Stance string   `required:"" help:"acknowledge, contest, object, answer; on a text also ad-referendum or, by its author, ask-no-objection." placeholder:"STANCE"`
	By     string   `help:"With ask-no-objection: objections are asked for by then. Silence binds nobody." placeholder:"DATE"`
	Row    []string `help:"Key of a row that the reply speaks of." placeholder:"KEY" sep:"none"`
	content
	signFlags
}

func (replyCmd) Help() string {
	return `Examples:
  entente reply 5c10aa --stance acknowledge --seat desk/1
  entente reply 3fa4c1 --stance ad-referendum --seat desk/1
  entente reply 3fa4c1 --stance ask-no-objection --by 2026-03-01 --seat desk/1
  entente reply 5c10aa --stance contest --row 2026-01 --part body.en="Counts seizures twice." --part body.es="…" --seat desk/1`
}

func (c *replyCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		t, err := s.find(a, g.ID, c.Record)
		if err != nil {
			return err
		}
		terms := entente.ReplyTerms{To: t.ID, Stance: entente.Stance(c.Stance), Rows: c.Row}
		if c.By != "" {
			if terms.By, err = parseDate(c.By); err != nil {
				return err
			}
		}
		act := api.NewAct{Kind: t.Kind, Verb: record.Reply, Instrument: t.Instrument}
		if act.Terms, err = json.Marshal(terms); err != nil {
			return err
		}
		return c.put(a, s, g, act, c.signFlags)
	})
}

// put completes an act with its content, drafts it, signs it and says how far it has come.
func (c *content) put(a *app, s *session, g node.GroupInfo, act api.NewAct, sign signFlags) error {
	if err := c.complete(a, s, g, &act); err != nil {
		return err
	}
	p, err := s.put(a, g.ID, act, sign)
	if err != nil {
		return err
	}
	return a.print(p, func(w io.Writer) { progressText(w, p) })
}

func (c *content) complete(a *app, s *session, g node.GroupInfo, act *api.NewAct) error {
	if err := c.terms(a, s, g, act); err != nil {
		return err
	}
	return c.parts(g, s, a, act)
}

func (c *content) terms(a *app, s *session, g node.GroupInfo, act *api.NewAct) error {
	terms := map[string]any{}
	raw := []byte(act.Terms)
	if c.Terms != "" {
		var err error
		if c.Terms == "-" {
			raw, err = io.ReadAll(io.LimitReader(a.in, record.MaxTerms*8))
		} else {
			raw, err = os.ReadFile(c.Terms)
		}
		if err != nil {
			return fmt.Errorf("terms: %w", err)
		}
	}
	if len(raw) > 0 {
		d := json.NewDecoder(strings.NewReader(string(raw)))
		d.UseNumber()
		if err := d.Decode(&terms); err != nil {
			return usage("terms: %w", err)
		}
	}
	var form any
	if _, rule, err := a.kinds.Rule(act.Kind, act.Verb); err == nil && rule.Terms != nil {
		form = rule.Terms()
	}
	resolve := func(name string) (record.ID, error) {
		t, err := s.find(a, g.ID, name)
		return t.ID, err
	}
	if err := setTerms(terms, form, c.Set, resolve); err != nil {
		return err
	}
	if len(terms) == 0 {
		return nil
	}
	b, err := json.Marshal(terms)
	act.Terms = b
	return err
}

func (c *content) parts(g node.GroupInfo, s *session, a *app, act *api.NewAct) error {
	m, err := c.marking(g)
	if err != nil {
		return err
	}
	add := func(p api.NewPart) {
		p.Marking = m
		if slices.Contains(c.Keep, p.Name) {
			p.Marking = &api.NewMarking{TLP: record.AmberStrict}
		}
		act.Parts = append(act.Parts, p)
	}
	for _, x := range c.Part {
		name, text, err := pair("part", x)
		if err != nil {
			return err
		}
		add(api.NewPart{Name: name, Text: text})
	}
	for _, x := range c.PartFile {
		name, file, err := pair("part-file", x)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("part %s: %w", name, err)
		}
		add(api.NewPart{Name: name, Content: b})
	}
	if c.Rows != "" {
		t, err := readCSV(c.Rows)
		if err != nil {
			return err
		}
		add(api.NewPart{Name: record.RowsPart, Table: t})
	}
	for _, k := range c.Keep {
		if !slices.ContainsFunc(act.Parts, func(p api.NewPart) bool { return p.Name == k }) {
			return usage("--keep %s: there is no such part", k)
		}
	}
	return nil
}

// marking of all parts; nil: the node's own default.
func (c *content) marking(g node.GroupInfo) (*api.NewMarking, error) {
	if len(c.ReleaseTo) == 0 && c.TLP == "" && c.Handling == "" && len(c.Offices) == 0 {
		return nil, nil
	}
	m := &api.NewMarking{TLP: record.TLP(strings.ToUpper(strings.TrimPrefix(strings.ToUpper(or(c.TLP, "AMBER")), "TLP:"))), Handling: c.Handling, Offices: slices.Sorted(slices.Values(c.Offices))}
	for _, p := range c.ReleaseTo {
		m.ReleasableTo = append(m.ReleasableTo, record.Party(strings.TrimSpace(p)))
	}
	if len(c.ReleaseTo) == 0 {
		m.ReleasableTo = g.Founding.IDs()
		if m.TLP == record.Clear {
			m.ReleasableTo = []record.Party{record.Public}
		}
	}
	return m, nil
}

// readCSV reads a table; rows are put in the order of their keys.
func readCSV(file string) (*api.Table, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("rows: %w", err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, hint(fmt.Errorf("rows in %s: %w", file, err), "every line has as many cells as the first")
	}
	if len(all) < 2 {
		return nil, hint(fmt.Errorf("rows in %s: no rows", file), "the first line names the columns, the first of them key")
	}
	t := &api.Table{Columns: all[0], Rows: all[1:]}
	t.Columns[0] = strings.TrimPrefix(t.Columns[0], "\ufeff")
	if t.Columns[0] != "key" {
		return nil, hint(fmt.Errorf("rows in %s: the first column is not named key", file), "give each row a key of its own: replies cite it")
	}
	slices.SortStableFunc(t.Rows, func(x, y []string) int { return strings.Compare(x[0], y[0]) })
	return t, nil
}
