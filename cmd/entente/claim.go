package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"entente"
	"entente/api"
	"entente/node"
	"entente/progress"
	"entente/record"
)

type claimCmd struct {
	Add      claimAddCmd      `cmd:"" help:"Keep a public claim at home: its exact quote, who said it, and what it states."`
	Import   claimImportCmd   `cmd:"" help:"Keep the claims of a JSON file."`
	List     claimListCmd     `cmd:"" help:"Claims with their findings."`
	Check    claimCheckCmd    `cmd:"" help:"One claim held against the series, with the arithmetic."`
	Position claimPositionCmd `cmd:"" help:"Note this party's own position on one; it stays at home."`
	Put      claimPutCmd      `cmd:"" help:"Put one before the other side; signed by officials."`
	Release  claimReleaseCmd  `cmd:"" help:"Let one be published with its finding; signed by officials."`
	Export   claimExportCmd   `cmd:"" help:"One that both sides released, as schema.org ClaimReview."`
}

const claimsAtHome = "A claim is kept in this party's own group: the other side does not learn that there is one before it is put."

type claimAddCmd struct {
	Quote     string   `arg:"" help:"The exact words, at most 25."`
	Office    string   `required:"" help:"The office whose words they are." placeholder:"TEXT"`
	Side      string   `help:"The party of that office; without: neither's." placeholder:"MX"`
	Said      string   `help:"When. Figures of later periods were not known then." placeholder:"DATE"`
	Outlet    string   `help:"Who carried it." placeholder:"TEXT"`
	Agency    string   `help:"Whose figure the office was using." placeholder:"TEXT"`
	Link      string   `help:"Where it was read." placeholder:"URL"`
	Language  string   `help:"Of the quote." placeholder:"es"`
	Indicator string   `help:"The indicator that it is tied to: code, id or prefix." placeholder:"CODE"`
	Measure   string   `help:"What is counted, in words." placeholder:"TEXT"`
	Area      string   `help:"Where, as the figures are reported." placeholder:"AREA"`
	Breakdown string   `help:"Of which disaggregation." placeholder:"TEXT"`
	Form      string   `help:"What it states: a value, a change in percent or in units, the highest or lowest there was; without: no figure." enum:",value,percent,change,highest,lowest" default:"" placeholder:"FORM"`
	Value     string   `help:"In digits as quoted: they carry its rounding. A fall is negative: --value=-32." placeholder:"N"`
	Unit      string   `help:"Of the value." placeholder:"UNIT"`
	Bound     string   `help:"What the quote says of its precision: about, at-least, at-most." enum:",about,at-least,at-most" default:"" placeholder:"BOUND"`
	From      string   `help:"First day of its period; without --to: since then." placeholder:"DATE"`
	To        string   `help:"The day after its last." placeholder:"DATE"`
	BaseFrom  string   `help:"First day of the period it is compared with." placeholder:"DATE"`
	BaseTo    string   `help:"The day after its last." placeholder:"DATE"`
	Note      string   `help:"What the words leave open." placeholder:"TEXT"`
	Position  []string `help:"This party's position, by language; it stays at home." placeholder:"es=TEXT" sep:"none"`
	Group     string   `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (claimAddCmd) Help() string {
	return claimsAtHome + `

Examples:
  entente claim add "a 32% decline in high-impact crimes" --office "President of Mexico" --side MX --outlet "El País" --form percent --value=-32 --unit percent --indicator high-impact-crimes --said 2025-09-03
  entente claim add "record fentanyl seizures" --office "President of Mexico" --side MX --form highest --indicator fentanyl-seized-weight`
}

func (c *claimAddCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		x := entente.Claim{Office: c.Office, Side: record.Party(c.Side), Outlet: c.Outlet, Agency: c.Agency, Link: c.Link, Language: c.Language, Measure: c.Measure, Area: c.Area, Disaggregation: c.Breakdown,
			Form: progress.ClaimForm(c.Form), Value: record.Decimal(c.Value), Unit: c.Unit, Bound: c.Bound, Note: c.Note}
		for text, t := range map[string]*int64{c.Said: &x.Said, c.From: &x.Start, c.To: &x.End, c.BaseFrom: &x.BaseStart, c.BaseTo: &x.BaseEnd} {
			if text == "" {
				continue
			}
			if *t, err = parseDate(text); err != nil {
				return err
			}
		}
		if c.Indicator != "" {
			if x.Indicator, err = s.indicator(a, g.ID, c.Indicator); err != nil {
				return err
			}
		}
		position, err := byLanguage("position", c.Position)
		if err != nil {
			return err
		}
		v, err := s.keepClaim(a, g.ID, x, c.Quote, position)
		if err != nil {
			return err
		}
		return a.print(v, func(w io.Writer) {
			fmt.Fprintf(w, "%s is kept at home. See entente claim check %s.\n", v.ID.Short(), v.ID.Short())
		})
	})
}

func (s *session) keepClaim(a *app, g record.ID, c entente.Claim, quote string, position map[string]string) (*node.Sealed, error) {
	j, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return s.NewClaim(a.ctx, g, api.NewClaim{Claim: j, Quote: quote, Position: position})
}

type claimImportCmd struct {
	File  string            `arg:"" help:"A JSON list of claims, or an object with the list \"claims\"." type:"existingfile"`
	Map   map[string]string `help:"Which indicator a code of the file is." placeholder:"CODE=INDICATOR"`
	Dry   bool              `help:"Say what would be taken, and take nothing."`
	Group string            `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (claimImportCmd) Help() string {
	return claimsAtHome + `
Each claim has quote, office, party, value, unit, direction (increase, decrease, level, record high …), indicator (its code), and where
known said, link, source_outlet, agency, language, period and base ("2025-08-01/2025-09-01" or "since 2024-10-01"). One that is kept
already, with the same quote of the same office, is left alone: importing a file twice adds nothing. A code that no indicator has is
kept as words; --map says which indicator it is.

Example:
  entente claim import claims.json --map transfers_to_us=transfers --map drug_seizures_weight_fentanyl=fentanyl-seized-weight`
}

// importedClaim is what became of one claim of a file.
type importedClaim struct {
	entente.ImportedClaim
	Kept  record.ID `json:"kept,omitzero"`
	Known record.ID `json:"known,omitzero"` // it was kept before
	Tied  string    `json:"tied,omitempty"` // code of the indicator
}

func (c *claimImportCmd) Run(a *app) error {
	info, err := os.Stat(c.File)
	if err != nil {
		return err
	}
	if info.Size() > entente.MaxClaimsFile {
		return usage("%s is longer than %d bytes", c.File, entente.MaxClaimsFile)
	}
	b, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		rows, err := entente.ParseClaims(b, g.Founding.IDs())
		if err != nil {
			return err
		}
		kept, err := s.claims(a, g.ID, record.ID{})
		if err != nil {
			return err
		}
		codes, err := s.indicatorCodes(a, g.ID)
		if err != nil {
			return err
		}
		var out []importedClaim
		for _, r := range rows {
			x := importedClaim{ImportedClaim: r}
			for _, k := range kept {
				if k.Quote == r.Quote && k.Claim.Office == r.Claim.Office {
					x.Known = k.ID
				}
			}
			x.Tied = c.tie(r.Indicator, codes)
			if x.Tied != "" {
				x.Claim.Indicator = codes[x.Tied]
			}
			if len(r.Refused) == 0 && x.Known.IsZero() && !c.Dry {
				v, err := s.keepClaim(a, g.ID, x.Claim, r.Quote, nil)
				if err != nil {
					return fmt.Errorf("claim %s: %w", r.ID, err)
				}
				x.Kept = v.ID
			}
			out = append(out, x)
		}
		if err := a.print(out, func(w io.Writer) { importedText(w, out) }); err != nil {
			return err
		}
		if slices.ContainsFunc(out, func(x importedClaim) bool { return len(x.Refused) > 0 }) {
			return errSilent
		}
		return nil
	})
}

// tie finds the code of an indicator for a code of the file: as it was mapped, else the same but for the hyphens.
func (c *claimImportCmd) tie(code string, codes map[string]record.ID) string {
	for _, try := range []string{c.Map[code], code, strings.ReplaceAll(code, "_", "-")} {
		if _, ok := codes[try]; ok && try != "" {
			return try
		}
	}
	return ""
}

func (s *session) indicatorCodes(a *app, g record.ID) (map[string]record.ID, error) {
	out := map[string]record.ID{}
	q := node.Query{Kind: "indicator", Limit: pageSize}
	for {
		p, err := s.Instruments(a.ctx, g, q)
		if err != nil {
			return nil, err
		}
		for _, x := range p.Items {
			if code := x.State.Fact("code"); code != "" {
				out[code] = x.State.Instrument
			}
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			return out, nil
		}
	}
}

func importedText(w io.Writer, all []importedClaim) {
	for _, x := range all {
		tied := "tied to no indicator"
		if x.Tied != "" {
			tied = "tied to " + x.Tied
		}
		switch {
		case len(x.Refused) > 0:
			var why []string
			for _, y := range x.Refused {
				why = append(why, y.Text)
			}
			fmt.Fprintf(w, "%-6s left out: %s\n", x.ID, strings.Join(why, "; "))
		case !x.Known.IsZero():
			fmt.Fprintf(w, "%-6s kept already as %s\n", x.ID, x.Known.Short())
		case x.Kept.IsZero():
			fmt.Fprintf(w, "%-6s would be kept, %s: %q\n", x.ID, tied, x.Quote)
		default:
			fmt.Fprintf(w, "%-6s %s kept, %s: %q\n", x.ID, x.Kept.Short(), tied, x.Quote)
		}
	}
}

// listedClaim is what the commands print of a claim.
type listedClaim struct {
	ID    record.ID `json:"id"`
	Draft string    `json:"draft"`
	Home  *struct{} `json:"home"`
	Joint *struct {
		State *entente.State `json:"state"`
	} `json:"joint"`
	Claim    entente.Claim     `json:"claim"`
	Quote    string            `json:"quote"`
	Position map[string]string `json:"position"`
	Unread   int               `json:"unread"`
	Finding  struct {
		Rule      string               `json:"rule"`
		Word      progress.FindingWord `json:"word"`
		Why       string               `json:"why"`
		Sides     []record.Party       `json:"sides"`
		Tolerance string               `json:"tolerance"`
		Tried     int                  `json:"tried"`
		Fit       int                  `json:"fit"`
		Readings  []listedReading      `json:"readings"`
		Claim     progress.Claim       `json:"claim"`
	} `json:"finding"`
}

type listedReading struct {
	Measure        string       `json:"measure"`
	Party          record.Party `json:"party"`
	Area           string       `json:"area"`
	Disaggregation string       `json:"disaggregation"`
	Unit           string       `json:"unit"`
	Name           string       `json:"name"`
	Arithmetic     string       `json:"arithmetic"`
	Fits           bool         `json:"fits"`
	From           int64        `json:"from"`
	Of             int          `json:"of"`
}

func (s *session) claims(a *app, g, indicator record.ID) ([]listedClaim, error) {
	b, err := s.Claims(a.ctx, g, indicator)
	if err != nil {
		return nil, err
	}
	var out []listedClaim
	return out, json.Unmarshal(b, &out)
}

// claimID completes the id of a claim, at home or before the others.
func (s *session) claimID(a *app, g record.ID, name string) (record.ID, error) {
	if len(name) == 64 {
		return record.ParseID(name)
	}
	all, err := s.claims(a, g, record.ID{})
	if err != nil {
		return record.ID{}, err
	}
	var found []record.ID
	for _, c := range all {
		joint := c.Joint != nil && strings.HasPrefix(c.Joint.State.Instrument.String(), name)
		if len(name) >= minPrefix && (joint || strings.HasPrefix(c.ID.String(), name)) {
			found = append(found, c.ID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return record.ID{}, hint(fmt.Errorf("no claim begins with %s", name), "entente claim list names them")
	}
	return record.ID{}, hint(fmt.Errorf("%d claims begin with %s", len(found), name), "write more of its digits")
}

type claimListCmd struct {
	Indicator string `help:"Only those tied to this indicator: code, id or prefix." placeholder:"CODE"`
	Group     string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (claimListCmd) Help() string {
	return `What this party keeps at home, and what stands before the others, each with what the series say of it now.

Examples:
  entente claim list
  entente claim list --indicator fentanyl-seized-weight --json`
}

func (c *claimListCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		indicator := record.ID{}
		if c.Indicator != "" {
			if indicator, err = s.indicator(a, g.ID, c.Indicator); err != nil {
				return err
			}
		}
		raw, err := s.Claims(a.ctx, g.ID, indicator)
		if err != nil {
			return err
		}
		var all []listedClaim
		if err := json.Unmarshal(raw, &all); err != nil {
			return err
		}
		return a.print(raw, func(w io.Writer) {
			if len(all) == 0 {
				fmt.Fprintln(w, "No claim is kept or stands before the others. entente claim add keeps one.")
			}
			for i := range all {
				all[i].line(w)
			}
		})
	})
}

func (c *listedClaim) line(w io.Writer) {
	where := "at home"
	if c.Joint != nil {
		where = "before both"
	}
	fmt.Fprintf(w, "%s  %-22s %-11s %q, %s\n", c.ID.Short(), c.word(), where, c.Quote, c.Claim.Office)
}

func (c *listedClaim) word() string {
	w := entente.FindingName(c.Finding.Word, "en")
	if len(c.Finding.Sides) == 1 {
		w += " (" + string(c.Finding.Sides[0]) + ")"
	}
	return w
}

// uncheckedText says why a claim cannot be held against figures.
var uncheckedText = map[string]string{
	progress.UncheckedMeasure: "It is tied to no indicator of the group.",
	progress.UncheckedForm:    "It states no figure, change or superlative.",
	progress.UncheckedFigures: "No figures are reported on its indicator, or none that were known when it was said.",
	progress.UncheckedUnit:    "Nothing is reported in its unit.",
	progress.UncheckedPeriod:  "There are no figures for the period or base that it names.",
}

func (c *listedClaim) text(w io.Writer) {
	fmt.Fprintf(w, "%q\n", c.Quote)
	chain := slices.Compact(slices.DeleteFunc([]string{c.Claim.Outlet, c.Claim.Office, c.Claim.Agency}, func(s string) bool { return s == "" }))
	fmt.Fprintln(w, strings.Join(chain, " ← "))
	if c.Claim.Said != 0 {
		fmt.Fprintln(w, "Said", time.Unix(c.Claim.Said, 0).UTC().Format(time.DateOnly))
	}
	if c.Claim.Note != "" {
		fmt.Fprintln(w, "Left open:", c.Claim.Note)
	}
	fmt.Fprintf(w, "%s, by %s\n", c.word(), c.Finding.Rule)
	if why := uncheckedText[c.Finding.Why]; why != "" {
		fmt.Fprintln(w, why)
	}
	for _, r := range c.Finding.Readings {
		series := strings.Join(slices.DeleteFunc([]string{string(r.Party), r.Measure, r.Area, r.Disaggregation}, func(s string) bool { return s == "" }), " · ")
		mark := "nearest"
		if r.Fits {
			mark = "fits"
		}
		fmt.Fprintf(w, "  %-8s %-20s %s  (%s, %s)\n", mark, r.Name, r.Arithmetic, series, r.Unit)
		if r.Of > 0 {
			fmt.Fprintf(w, "           of %d periods since %s\n", r.Of, time.Unix(r.From, 0).UTC().Format(time.DateOnly))
		}
	}
	if c.Finding.Tried > 0 {
		fmt.Fprintf(w, "%d readings were computed, %d fit%s\n", c.Finding.Tried, c.Finding.Fit, fitsWithin(c.Finding.Tolerance))
	}
	if c.Unread > 0 {
		fmt.Fprintf(w, "Reports that are not for this office, or have not arrived: %d\n", c.Unread)
	}
	for _, l := range entente.Languages {
		if c.Position[l] != "" {
			fmt.Fprintf(w, "Our position (%s, at home): %s\n", l, c.Position[l])
		}
	}
	if c.Draft != "" {
		fmt.Fprintf(w, "A draft that puts it before the others waits for signatures: %s\n", c.Draft[:8])
	}
}

func fitsWithin(tolerance string) string {
	if tolerance == "" {
		return "."
	}
	return "; a figure fits within " + tolerance + "."
}

// onClaim names one.
type onClaim struct {
	ID    string `arg:"" help:"The claim: its id or a prefix."`
	Group string `help:"The group: track, id or prefix." placeholder:"GROUP"`
}

func (c *onClaim) with(a *app, f func(s *session, g, id record.ID) error) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		id, err := s.claimID(a, g.ID, strings.ToLower(c.ID))
		if err != nil {
			return err
		}
		return f(s, g.ID, id)
	})
}

type claimCheckCmd struct{ onClaim }

func (claimCheckCmd) Help() string {
	return `The finding is computed by the published rule entente/claim/v1 (doc/claims.md), from figures that both sides reported: with --json it
holds every input, so that anybody computes it again. It says matches the agreed series, matches one side, fits another base or
definition, differs, or cannot be checked, and nothing else.

Example:
  entente claim check 3f9a1c --json`
}

func (c *claimCheckCmd) Run(a *app) error {
	return c.with(a, func(s *session, g, id record.ID) error {
		raw, err := s.Claim(a.ctx, g, id)
		if err != nil {
			return err
		}
		var x listedClaim
		if err := json.Unmarshal(raw, &x); err != nil {
			return err
		}
		return a.print(raw, x.text)
	})
}

type claimPositionCmd struct {
	onClaim
	Text []string `required:"" help:"The position, by language." placeholder:"es=TEXT" sep:"none"`
}

func (claimPositionCmd) Help() string {
	return `It is seen by this party's offices of the group and stays at home. What the other side is shown is written when the claim is put.

Example:
  entente claim position 3f9a1c --text es="Son traslados, no extradiciones."`
}

func (c *claimPositionCmd) Run(a *app) error {
	text, err := byLanguage("text", c.Text)
	if err != nil {
		return err
	}
	return c.with(a, func(s *session, g, id record.ID) error {
		v, err := s.NoteClaim(a.ctx, g, id, api.NewClaim{Position: text})
		if err != nil {
			return err
		}
		return a.print(v, func(w io.Writer) { fmt.Fprintln(w, "The position is noted at home.") })
	})
}

type claimPutCmd struct {
	onClaim
	Text []string `help:"What the other side is shown of our position, by language; without: the claim alone." placeholder:"es=TEXT" sep:"none"`
	signFlags
}

func (claimPutCmd) Help() string {
	return `It crosses as a new record of the joint group: quote, who said it, what it states, and what you write here. What is noted at home stays
there. The other side computes the same finding from the same figures.

Example:
  entente claim put 3f9a1c --text en="Handed over, not extradited." --text es="Entregados, no extraditados." --seat press/1`
}

func (c *claimPutCmd) Run(a *app) error {
	text, err := byLanguage("text", c.Text)
	if err != nil {
		return err
	}
	return c.with(a, func(s *session, g, id record.ID) error {
		p, err := s.putDraft(a, g, c.signFlags, func() (api.Draft, error) { return s.PutClaim(a.ctx, g, id, api.PutClaim{Position: text}) })
		if err != nil {
			return err
		}
		return a.print(p, func(w io.Writer) { progressText(w, p) })
	})
}

type claimReleaseCmd struct {
	onClaim
	signFlags
}

func (claimReleaseCmd) Help() string {
	return `The release names the finding of the moment. A claim is published when every party has released it with the same finding; when the
figures say another, it is released again.

Example:
  entente claim release 3f9a1c --seat press/1`
}

func (c *claimReleaseCmd) Run(a *app) error {
	return c.with(a, func(s *session, g, id record.ID) error {
		p, err := s.putDraft(a, g, c.signFlags, func() (api.Draft, error) { return s.ReleaseClaim(a.ctx, g, id) })
		if err != nil {
			return err
		}
		return a.print(p, func(w io.Writer) { progressText(w, p) })
	})
}

type claimExportCmd struct {
	onClaim
	Output string `short:"o" help:"File to write; without: stdout." placeholder:"FILE" type:"path"`
}

func (claimExportCmd) Help() string {
	return `JSON-LD as search engines and libraries read it, with the words of the finding and no number as its rating. Refused unless every party
released the claim.

Example:
  entente claim export 3f9a1c -o claim.jsonld`
}

func (c *claimExportCmd) Run(a *app) error {
	return c.with(a, func(s *session, g, id record.ID) error {
		b, err := s.ClaimReview(a.ctx, g, id)
		if err != nil {
			if errors.Is(err, node.ErrConflict) {
				return hint(err, "entente claim release %s lets it be published for this party", id.Short())
			}
			return err
		}
		if c.Output == "" {
			return a.print(b, func(w io.Writer) { fmt.Fprintln(w, string(b)) })
		}
		if err := os.WriteFile(c.Output, b, 0o644); err != nil { //nolint:gosec // it is for the public
			return err
		}
		return a.print(map[string]string{"written": c.Output}, func(w io.Writer) { fmt.Fprintln(w, c.Output) })
	})
}
