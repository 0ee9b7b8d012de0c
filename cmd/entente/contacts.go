package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entente"
	"entente/api"
	"entente/node"
	"entente/record"
	tables "entente/sheet"
)

type contactsCmd struct {
	Month string `help:"Contacts that begin in this month; without: in the one before this one." placeholder:"2026-10"`
	Zone  string `help:"Time zone in which the month begins and ends; default: the machine's." placeholder:"America/Mexico_City"`
	Party string `help:"Only this party's logs." placeholder:"MX"`
	Group string `help:"The group: track, id or prefix." placeholder:"GROUP"`
	Lang  string `help:"Language that is read first where a log says something in several." enum:"en,es" default:"en"`
	CSV   string `help:"Write the month as CSV to this file; - : stdout." placeholder:"FILE"`
	Proof string `help:"Write an evidence file of each contact into this folder." placeholder:"DIR" type:"path"`
}

func (contactsCmd) Help() string {
	return `The logs of contacts with the other side's agents: when, whose, under which authorisation, and whether they were reported within the
clock of the charter. Each party's logs are its own: of another party's there is here what it released. The read stands in the
access log.

Examples:
  entente contacts --month 2026-10 --party MX
  entente contacts --month 2026-10 --party MX --csv october.csv --proof october/
  entente contacts --month 2026-10 --json`
}

func (c *contactsCmd) query(now time.Time) (node.ContactQuery, string, error) {
	zone := time.Local
	if c.Zone != "" {
		z, err := time.LoadLocation(c.Zone)
		if err != nil {
			return node.ContactQuery{}, "", usage("--zone %s: want a name such as America/Mexico_City", c.Zone)
		}
		zone = z
	}
	now = now.In(zone)
	month := time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, zone)
	if c.Month != "" {
		t, err := time.ParseInLocation("2006-01", c.Month, zone)
		if err != nil {
			return node.ContactQuery{}, "", usage("--month %s: want a month such as 2026-10", c.Month)
		}
		month = t
	}
	return node.ContactQuery{From: month.Unix(), Until: month.AddDate(0, 1, 0).Unix(), Party: record.Party(strings.ToUpper(c.Party))}, month.Format("2006-01"), nil
}

func (c *contactsCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		n, err := s.Node(a.ctx)
		if err != nil {
			return err
		}
		q, month, err := c.query(time.Unix(n.Time, 0))
		if err != nil {
			return err
		}
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		all, err := s.Contacts(a.ctx, g.ID, q)
		if err != nil {
			return err
		}
		if c.Proof != "" {
			if err := c.proofs(a, s, g.ID, all); err != nil {
				return err
			}
		}
		switch c.CSV {
		case "":
		case "-":
			_, err := tables.WriteCSV(a.out, c.table(all))
			return err
		default:
			f, err := os.OpenFile(c.CSV, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
			if err != nil {
				return err
			}
			if _, err := tables.WriteCSV(f, c.table(all)); err != nil {
				_ = f.Close()
				return err
			}
			if err := f.Close(); err != nil {
				return err
			}
		}
		return a.print(all, func(w io.Writer) {
			if len(all) == 0 {
				fmt.Fprintf(w, "No contact that begins in %s is on record here.\n", month)
			}
			for i := range all {
				x := &all[i]
				fmt.Fprintf(w, "%s  %s  %s with %s  %-12s %s  %s\n", x.State.Instrument.Short(), moment(x.State.Begins()), x.State.Author, contactAgents(x.State), contactStatus(x.State),
					clean(c.said(x, entente.AuthorisationPart)), clean(c.said(x, "title")))
			}
			if c.CSV != "" {
				fmt.Fprintln(w, c.CSV)
			}
		})
	})
}

// proofs writes an evidence file for each log, in a folder that need not be there.
func (c *contactsCmd) proofs(a *app, s *session, g record.ID, all []api.ContactLog) error {
	if err := os.MkdirAll(c.Proof, 0o700); err != nil {
		return err
	}
	step, end := a.progress("proofs")
	defer end()
	for i := range all {
		step(uint64(i), uint64(len(all)))
		id := all[i].State.Instrument
		b, err := s.Evidence(a.ctx, g, id, nil)
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(c.Proof, id.String()+".evidence"), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// table is the month as a table: what the page of a month gives, with codes and Unix seconds for programs.
func (c *contactsCmd) table(all []api.ContactLog) tables.Table {
	var t tables.Table
	for _, name := range []string{"contact", "party", "agents", "from", "to", "status", "report_by", "reported", "late_seconds", entente.AuthorisationPart} {
		t.Headings = append(t.Headings, tables.Heading{Titles: []string{name}})
	}
	for _, name := range entente.ContactParts {
		t.Headings = append(t.Headings, tables.Heading{Titles: []string{name}})
	}
	t.Headings = append(t.Headings, tables.Heading{Titles: []string{"marking"}})
	t.Rows = func(yield func([]string, error) bool) {
		for i := range all {
			s := all[i].State
			row := []string{s.Instrument.String(), string(s.Author), contactAgents(s), s.Fact("from"), s.Fact("to"), s.Fact("contact"), s.Fact("report_by"), s.Fact("reported"), s.Fact("late"),
				c.said(&all[i], entente.AuthorisationPart)}
			for _, name := range entente.ContactParts {
				row = append(row, c.said(&all[i], name))
			}
			var marks []string
			for _, p := range all[i].Parts {
				marks = append(marks, string(p.Marking.TLP))
			}
			slices.Sort(marks)
			if !yield(append(row, strings.Join(slices.Compact(marks), " ")), nil) {
				return
			}
		}
	}
	return t
}

// said is a part of a log as text, in the language asked for if it is there.
func (c *contactsCmd) said(x *api.ContactLog, name string) string {
	out := ""
	for _, p := range x.Parts {
		switch {
		case p.Name == name || p.Name == name+"."+c.Lang:
			return p.Text
		case out == "" && strings.HasPrefix(p.Name, name+"."):
			out = p.Text
		}
	}
	return out
}

func contactAgents(s *entente.State) string {
	var out []string
	for _, f := range s.Facts {
		if p, ok := strings.CutPrefix(f.Name, "agents."); ok {
			out = append(out, p)
		}
	}
	return strings.Join(out, " ")
}

func contactStatus(s *entente.State) string {
	if s.Late() > 0 {
		return s.Fact("contact") + ", late"
	}
	return s.Fact("contact")
}
