package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"entente"
	"entente/consent"
	"entente/node"
	"entente/record"
	"entente/tlog"
)

type exportCmd struct {
	ID       string   `arg:"" help:"The instrument or record: id or prefix."`
	Output   string   `short:"o" required:"" help:"File to write." placeholder:"FILE" type:"path"`
	Group    string   `help:"The group: track, id or prefix." placeholder:"GROUP"`
	Parts    []string `help:"Show only these parts; - : none." placeholder:"NAME,NAME"`
	Withhold []string `help:"Show all parts but these." placeholder:"NAME,NAME"`
	Pin      []string `help:"A checkpoint that the auditor holds: the file proves that its log goes on from there." placeholder:"FILE" type:"existingfile" sep:"none"`
}

func (exportCmd) Help() string {
	return `The file holds the headers, the parts shown, the proofs, the signed and cosigned checkpoints and the history of keys and powers:
whoever has it needs no node to check it. Parts that are not shown stay provable: their digests are in the headers.

Examples:
  entente export 3fa4c1 -o commitment.evidence
  entente export 3fa4c1 -o public.evidence --withhold annex/operational,body.en
  entente export 3fa4c1 -o bare.evidence --parts -`
}

func (c *exportCmd) Run(a *app) error {
	if len(c.Parts) > 0 && len(c.Withhold) > 0 {
		return usage("give --parts or --withhold, not both")
	}
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		t, err := s.find(a, g.ID, c.ID)
		if err != nil {
			return err
		}
		parts := c.Parts
		if len(c.Withhold) > 0 {
			if parts, err = s.others(a, g.ID, t.Instrument, c.Withhold); err != nil {
				return err
			}
		}
		pins, err := readPins(c.Pin)
		if err != nil {
			return err
		}
		step, end := a.progress("export")
		step(0, 1)
		var b []byte
		if len(pins) > 0 {
			b, err = s.EvidencePinned(a.ctx, g.ID, t.ID, parts, pins)
		} else {
			b, err = s.Evidence(a.ctx, g.ID, t.ID, parts)
		}
		end()
		if err != nil {
			return err
		}
		if err := writeFile(c.Output, b, 0o600); err != nil {
			return err
		}
		return a.print(map[string]any{"file": c.Output, "bytes": len(b), "subject": t.ID}, func(w io.Writer) {
			fmt.Fprintf(w, "%s: %d bytes; entente verify %s checks it anywhere\n", c.Output, len(b), c.Output)
		})
	})
}

// others are the names of an instrument's parts without those withheld; - alone when none is left.
func (s *session) others(a *app, g, instrument record.ID, withhold []string) ([]string, error) {
	var all, out []string
	for before, done := node.Cursor(""), false; !done; {
		i, err := s.InstrumentBefore(a.ctx, g, instrument, before)
		if err != nil {
			return nil, err
		}
		for _, r := range i.Records {
			for _, p := range r.Header.Parts {
				all = append(all, p.Name)
				if !slices.Contains(withhold, p.Name) && !slices.Contains(out, p.Name) {
					out = append(out, p.Name)
				}
			}
		}
		before, done = i.Earlier, i.Earlier == ""
	}
	for _, w := range withhold {
		if !slices.Contains(all, w) {
			return nil, usage("--withhold %s: the instrument has no such part: %s", w, strings.Join(slices.Compact(slices.Sorted(slices.Values(all))), ", "))
		}
	}
	if len(out) == 0 {
		out = []string{"-"}
	}
	return out, nil
}

type verifyCmd struct {
	File     string   `arg:"" help:"The evidence file."`
	Pin      []string `help:"A signed checkpoint that you trust already; the file is held against it." placeholder:"FILE" type:"existingfile" sep:"none"`
	Boundary string   `help:"Boundary file, for evidence of an action. Without it: the one of the node's folder, else mx-us.boundary beside the program." env:"ENTENTE_BOUNDARY" placeholder:"FILE" type:"path"`

	At string `help:"Tell standing and age for this moment instead of now." placeholder:"DATE"`
}

func (verifyCmd) Help() string {
	return `Offline: it needs no node, no database and no network. Every reason against the file is given at once, and what it cannot show.
The group's id must be that of the charter you know: compare it. Exit code 0 when the file is valid, 1 when it is not.

Grades: signed, by officials with the powers of that moment; witnessed, another party cosigned the log; settled, every required
party has a record that knows all consents.

Examples:
  entente verify commitment.evidence
  entente verify commitment.evidence --pin checkpoint --json`
}

func (c *verifyCmd) Run(a *app) error {
	now := time.Now().Unix()
	if c.At != "" {
		var err error
		if now, err = parseDate(c.At); err != nil {
			return err
		}
	}
	b, err := readBounded(c.File, entente.MaxEvidence)
	if err != nil {
		return err
	}
	pins, err := readPins(c.Pin)
	if err != nil {
		return err
	}
	e, err := entente.ParseEvidence(b)
	v := &entente.Verdict{Now: now}
	if err != nil {
		v.Reasons = []entente.Reason{{Code: entente.ReasonForm, Text: err.Error()}}
	} else {
		v = e.Verify(entente.VerifyOptions{Kinds: a.kinds, Now: now, Pins: pins, Boundary: a.boundaryFor(c.Boundary)})
	}
	if err := a.print(v, func(w io.Writer) { verdictText(w, v) }); err != nil {
		return err
	}
	if !v.Valid {
		return errSilent
	}
	return nil
}

func readPins(files []string) (pins [][]byte, err error) {
	for _, f := range files {
		b, err := readBounded(f, tlog.MaxNote)
		if err != nil {
			return nil, err
		}
		pins = append(pins, b)
	}
	return pins, nil
}

// readBounded reads a file of at most so many bytes and one more, by which a reader sees that it is too long.
func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most+1))
}

func acting(is bool) string {
	if is {
		return ", acting"
	}
	return ""
}

// inked says what a consent says of a signature on paper.
func inked(p *entente.Paper) string {
	if p == nil {
		return ""
	}
	s := fmt.Sprintf(", who records that %s signed on paper on %s", p.Office, day(p.Signed))
	if p.Place != "" {
		s += " in " + clean(p.Place)
	}
	return s
}

func verdictText(w io.Writer, v *entente.Verdict) {
	if !v.Valid {
		fmt.Fprintln(w, "NOT VALID")
		for _, r := range v.Reasons {
			fmt.Fprintf(w, "  %s\n", clean(r.String()))
		}
		return
	}
	fmt.Fprintf(w, "Valid, %s: %s %s\ngroup %s\nstands: %s\n", v.Grade, v.Kind, v.Subject, v.Group, v.Standing)
	if c := v.Copy; c != nil {
		seat := ""
		if c.Seat > 0 {
			seat = fmt.Sprintf("/%d", c.Seat)
		}
		fmt.Fprintf(w, "copy made for %s %s%s on %s, as the file says; nobody signed that\n", c.Party, c.Office, seat, moment(c.Time))
	}
	for _, x := range v.Versions {
		fmt.Fprintf(w, "version %s: %s", x.ID.Short(), x.Standing)
		if x.Standing != consent.Open {
			fmt.Fprintf(w, " since %s", moment(x.Since))
		}
		fmt.Fprintln(w)
		for _, s := range x.Signed {
			fmt.Fprintf(w, "  %s: %s by %s/%d%s%s\n", s.Party, s.Verb, s.Office, s.Seat, acting(s.Acting), inked(s.Paper))
		}
	}
	for _, p := range v.Parts {
		fmt.Fprintf(w, "part %s of %s: %s\n", p.Name, p.Record.Short(), shown(&p))
	}
	for _, l := range v.Logs {
		fmt.Fprintf(w, "log of %s: %d records, %d of them here; as of %s\n", l.Party, l.Size, l.Records, moment(l.Time))
	}
	fmt.Fprintf(w, "the checkpoints are %s old\n", (time.Duration(v.Age) * time.Second).String())
	if len(v.Limits) > 0 {
		fmt.Fprintln(w, "what the file cannot show:")
		for _, r := range v.Limits {
			fmt.Fprintf(w, "  %s\n", clean(r.String()))
		}
	}
}

// shown says whether a part is in the file, and what the records say became of it.
func shown(p *entente.VerdictPart) string {
	s := "shown"
	switch {
	case p.Erased != 0:
		s = "destroyed on record, " + moment(p.Erased)
		if p.Included {
			s = "shown, though " + s
		}
	case !p.Included:
		s = "withheld"
	}
	if p.Recalled {
		s += "; its author asked for copies back"
		for _, q := range p.GaveBack {
			s += ", " + string(q) + " keeps none"
		}
	}
	return s
}
