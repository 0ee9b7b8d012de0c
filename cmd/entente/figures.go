package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"entente/api"
	"entente/figures"
	"entente/node"
	"entente/record"
	tables "entente/sheet"
)

type figuresCmd struct {
	Import  figuresImport  `cmd:"" help:"Report figures from a file as its agency publishes it."`
	Mapping figuresMapping `cmd:"" help:"How agencies' files are read."`
}

type figuresImport struct {
	File      string   `arg:"" help:"The agency's file, CSV or XLSX; - reads stdin." placeholder:"FILE"`
	Indicator string   `required:"" help:"The indicator: its code, id or prefix." placeholder:"CODE"`
	Mapping   string   `required:"" help:"A mapping by its name, or its file." placeholder:"NAME|FILE"`
	Where     []string `help:"Take only rows whose column shows the text, in the place of the mapping's filter on that column." placeholder:"COLUMN=TEXT" sep:"none"`
	Source    string   `help:"Who publishes the file; default: as the mapping says." placeholder:"TEXT"`
	Vintage   string   `help:"How the source dates this publication." placeholder:"TEXT"`
	Preview   bool     `help:"Look only: nothing is drafted."`
	Rest      bool     `help:"Take the rest where rows are refused."`
	Group     string   `help:"The group: track, id or prefix." placeholder:"GROUP"`
	signFlags
}

func (figuresImport) Help() string {
	return `Reads the file with the mapping and holds each figure against what this party has on record: added, revised, unchanged, refused
with line, column and reason. What is new becomes a draft, which is signed here with --seat, or cleared at home first. The same file
again adds nothing; a later edition adds revisions beside the old values. Where a row is refused nothing is drafted, unless --rest
takes the others. entente figures mapping list names the mappings.

Examples:
  entente figures import nationwide-drugs-apr.csv --mapping cbp-fentanyl-weight --indicator fentanyl-seized-weight --preview
  entente figures import nationwide-drugs-apr.csv --mapping cbp-fentanyl-weight --where 'Drug Type=Cocaine' --indicator cocaine-weight
  entente figures import IDEFC.csv --mapping sesnsp-homicide --indicator homicide-files --vintage 2026-04 --seat desk/1 --yes --json`
}

func (c *figuresImport) Run(a *app) error {
	content, err := a.readAll(c.File, node.MaxFigureFile)
	if err != nil {
		return err
	}
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		id, err := s.indicator(a, g.ID, c.Indicator)
		if err != nil {
			return err
		}
		f := api.FiguresFile{Indicator: id, Content: content, Source: c.Source, Vintage: c.Vintage, Draft: !c.Preview, Rest: c.Rest}
		if f.Mapping, f.Use, err = c.mapping(a, s, g.ID); err != nil {
			return err
		}
		var seats []seatRef
		for _, x := range c.Seat { // before anything is drafted
			ref, err := parseSeat(a.flags.Dir, x)
			if err != nil {
				return err
			}
			seats = append(seats, ref)
		}
		step, end := a.progress("Reading")
		out, err := s.Figures(a.ctx, g.ID, f, step)
		end()
		if err != nil {
			return err
		}
		done := figuresDone{FiguresAnswer: out}
		for _, d := range out.Drafts {
			p := &api.Progress{Draft: &d}
			if len(seats) > 0 && len(d.Uncleared) == 0 {
				if p, err = s.sign(a, g.ID, d, seats, c.signFlags); err != nil {
					return hint(err, "the figures stay as draft %s", d.Nonce.String()[:8])
				}
			}
			done.Acts = append(done.Acts, p)
		}
		if err := a.print(done, done.text); err != nil {
			return err
		}
		if out.Refused() > 0 && !c.Rest && !c.Preview {
			return errors.Join(errSilent)
		}
		return nil
	})
}

// mapping is named, or a file; with --where it is changed here and given with the file.
func (c *figuresImport) mapping(a *app, s *session, g record.ID) (string, json.RawMessage, error) {
	var m figures.Mapping
	b, err := os.ReadFile(c.Mapping)
	if err == nil {
		m, err = figures.ParseMapping(b)
		if err != nil {
			return "", nil, hint(fmt.Errorf("mapping %s: %w", c.Mapping, err), "entente figures mapping show NAME prints one as an example")
		}
	} else if len(c.Where) == 0 {
		if !figures.ValidName(c.Mapping) {
			return "", nil, hint(fmt.Errorf("mapping %s: %w", c.Mapping, err), "entente figures mapping list names those that are kept")
		}
		return c.Mapping, nil, nil
	} else {
		b, err := s.Mapping(a.ctx, g, c.Mapping)
		if err != nil {
			return "", nil, err
		}
		if m, err = figures.ParseMapping(b); err != nil {
			return "", nil, err
		}
	}
	in := map[string][]string{}
	for _, x := range c.Where {
		column, text, err := pair("where", x)
		if err != nil {
			return "", nil, err
		}
		in[column] = append(in[column], text)
	}
	for column, texts := range in {
		m.Filters = slices.DeleteFunc(m.Filters, func(f tables.Filter) bool { return strings.EqualFold(f.Ref.Header, column) })
		m.Filters = append(m.Filters, tables.Filter{Ref: tables.Ref{Header: column}, In: texts})
	}
	b, err = json.Marshal(m)
	return "", b, err
}

// readAll reads a file of at most so many bytes, or stdin.
func (a *app) readAll(file string, most int64) ([]byte, error) {
	in := a.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(in, most+1))
	if err == nil && n > most {
		err = hint(fmt.Errorf("%s has more than %d bytes", file, most), "cut it by years, or filter its rows before")
	}
	return b.Bytes(), err
}

type figuresDone struct {
	*api.FiguresAnswer
	Acts []*api.Progress `json:"acts,omitempty"`
}

func (d figuresDone) text(w io.Writer) {
	c, r := d.Change, d.Reading
	fmt.Fprintf(w, "%d rows read: %d figures added, %d revised, %d confirmed, %d unchanged, %d in drafts already; %d refused\n", r.Rows, c.Added, c.Revised, c.Confirmed, c.Unchanged, c.Waiting, d.Refused())
	for _, x := range slices.Concat(r.Refused, c.Refused)[:min(len(r.Refused)+len(c.Refused), shownRefused)] {
		fmt.Fprintf(w, "  refused: line %d", x.Line)
		if x.Cell != "" {
			fmt.Fprintf(w, ", %s", x.Cell)
		}
		if x.Header != "" {
			fmt.Fprintf(w, " (%s)", clean(x.Header))
		}
		fmt.Fprintf(w, ": %q %s\n", clean(x.Text), refusedWords(x.Reason))
	}
	if n := d.Refused(); n > shownRefused {
		fmt.Fprintf(w, "  … %d more\n", n-shownRefused)
	}
	if r.Blocked {
		fmt.Fprintln(w, "Rows are added up, so that the sums would be short: nothing is taken before the refused rows are mended or filtered.")
	}
	for _, x := range r.Skipped[:min(len(r.Skipped), shownRefused)] {
		fmt.Fprintf(w, "  left out: %d rows, %s\n", x.Count, clean(x.Rule.String()))
	}
	if c.Gone > 0 {
		fmt.Fprintf(w, "%d figures that were reported before for these periods are not in the file; they stay on record.\n", c.Gone)
	}
	for _, m := range c.Mismatches[:min(len(c.Mismatches), shownRefused)] {
		fmt.Fprintf(w, "  total that is not its sum: %s to %s, %s %s: %s reported, %d %s come to %s, difference %s\n", day(m.Start), day(m.End-1), clean(m.Area), clean(m.Disaggregation), m.Total, m.Of, m.Over, m.Sum, m.Difference)
	}
	for _, p := range d.Acts {
		progressText(w, p)
	}
	if d.Refused() > 0 && len(d.Acts) == 0 && c.Added+c.Revised+c.Confirmed > 0 && !r.Blocked {
		fmt.Fprintln(w, "Nothing is drafted: mend the file or the mapping, or take the rest with --rest.")
	}
}

// shownRefused rows are printed; --json has all that the node lists.
const shownRefused = 20

func refusedWords(reason string) string {
	if s := tables.Reason(reason).Error(); s != tables.Reason("").Error() {
		return s
	}
	return map[string]string{figures.NotPeriod: "is no period", figures.Future: "is of a period that has not begun", figures.Negative: "is below zero", figures.Fraction: "has a fraction, and its unit is counted whole",
		figures.OtherUnit: "is in another unit", figures.NotStatus: "is no standing of a figure", figures.HasValue: "is called missing and has a value", figures.Repeated: "stands in an earlier row too",
		figures.Overlap: "lies across another period of its series", figures.LongText: "is too long, or holds hidden characters"}[reason]
}

type figuresMapping struct {
	List mappingList `cmd:"" help:"List the mappings."`
	Show mappingShow `cmd:"" help:"Print a mapping, or write it to a file."`
	Save mappingSave `cmd:"" help:"Keep a mapping for the colleagues of this party."`
	Drop mappingDrop `cmd:"" help:"Forget a mapping."`
}

type mappingList struct {
	Group string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (mappingList) Help() string {
	return "Mappings that offices of this party keep, and those that come with the program.\n\nExample:\n  entente figures mapping list --json"
}

func (c *mappingList) Run(a *app) error {
	return listOf(a, c.Group, "There are no mappings.", (*api.Client).Mappings, func(w io.Writer, m api.Mapping) {
		by := "comes with the program"
		if m.Time != 0 {
			by = "kept by " + or(m.Office, "the operator") + " on " + day(m.Time)
		}
		fmt.Fprintf(w, "%-30s %-8s %s; %s\n", m.Name, m.Unit, clean(m.Source), by)
	})
}

type mappingShow struct {
	Name   string `arg:"" help:"Its name."`
	Output string `short:"o" help:"File to write it to; default: standard output." default:"-" placeholder:"FILE" type:"path"`
	Group  string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (mappingShow) Help() string {
	return "Example:\n  entente figures mapping show cbp-fentanyl-weight -o cocaine.json"
}

func (c *mappingShow) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		b, err := s.Mapping(a.ctx, g.ID, c.Name)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := json.Indent(&out, b, "", " "); err != nil {
			return err
		}
		out.WriteByte('\n')
		if c.Output == "-" {
			_, err = a.out.Write(out.Bytes())
			return err
		}
		return os.WriteFile(c.Output, out.Bytes(), 0o600)
	})
}

type mappingSave struct {
	Name  string `arg:"" help:"The name to keep it under: small letters, digits, hyphens."`
	File  string `arg:"" help:"The mapping, as JSON." type:"existingfile"`
	Group string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (mappingSave) Help() string {
	return "It takes the place of a mapping that is kept under that name.\n\nExample:\n  entente figures mapping save cbp-cocaine-weight cocaine.json"
}

func (c *mappingSave) Run(a *app) error {
	b, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	if _, err := figures.ParseMapping(b); err != nil {
		return hint(err, "entente figures mapping show NAME prints one as an example")
	}
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		if err := s.KeepMapping(a.ctx, g.ID, c.Name, b); err != nil {
			return err
		}
		return a.print(map[string]any{"kept": c.Name}, func(w io.Writer) { fmt.Fprintf(w, "Kept as %s.\n", c.Name) })
	})
}

type mappingDrop struct {
	Name  string `arg:"" help:"Its name."`
	Group string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (mappingDrop) Help() string {
	return "Example:\n  entente figures mapping drop cbp-cocaine-weight"
}

func (c *mappingDrop) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		if err := s.DropMapping(a.ctx, g.ID, c.Name); err != nil {
			return err
		}
		return a.print(map[string]any{"dropped": c.Name}, func(w io.Writer) { fmt.Fprintf(w, "%s is no longer kept.\n", c.Name) })
	})
}
