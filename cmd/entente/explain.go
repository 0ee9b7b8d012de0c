package main

import (
	"encoding/json"
	"fmt"
	"io"

	"entente/node"
	"entente/progress"
	"entente/record"
)

type progressCmd struct {
	Explain   explainCmd        `cmd:"" help:"The signal of each party's figures, with its rule and inputs."`
	Status    progressStatusCmd `cmd:"" help:"Each side's signal and the status its people set; set this side's own."`
	Checklist checklistCmd      `cmd:"" help:"What each objective lacks of good monitoring practice."`
}

type explainCmd struct {
	Code      string `arg:"" help:"The indicator: its code, id or prefix." placeholder:"CODE"`
	Group     string `help:"The group: track, id or prefix." placeholder:"GROUP"`
	Area      string `help:"Only this area, as it is reported; without: all together." placeholder:"AREA"`
	Breakdown string `help:"Only this disaggregation." placeholder:"TEXT"`
	Period    string `help:"month, quarter, year, cumulative or irregular; without: the latest reported." enum:",month,quarter,year,cumulative,irregular" default:"" placeholder:"SPAN"`
}

func (explainCmd) Help() string {
	return `The same result as on the page of the indicator. With --json it holds the definition, every figure as the rule took it and
every step, in exact decimals: whoever has the figures computes it again. doc/decisions/021-signal.md says the rule. The read of
the figures stands in the access log.

Examples:
  entente progress explain homicide-files
  entente progress explain homicide-files --area MX-SON --period month --json`
}

func (c *explainCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		id, err := s.indicator(a, g.ID, c.Code)
		if err != nil {
			return err
		}
		out, err := s.Progress(a.ctx, g.ID, id, progress.Choice{Area: c.Area, Disaggregation: c.Breakdown, Span: progress.Span(c.Period)})
		if err != nil {
			return err
		}
		var results []explained
		if err := json.Unmarshal(out, &results); err != nil {
			return err
		}
		return a.print(out, func(w io.Writer) {
			for _, r := range results {
				r.text(w)
			}
		})
	})
}

// indicator finds an indicator by its code, else by id.
func (s *session) indicator(a *app, g record.ID, code string) (record.ID, error) {
	q := node.Query{Kind: "indicator", Limit: pageSize}
	for {
		p, err := s.Instruments(a.ctx, g, q)
		if err != nil {
			return record.ID{}, err
		}
		for _, x := range p.Items {
			if x.State.Fact("code") == code {
				return x.State.Instrument, nil
			}
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	t, err := s.find(a, g, code)
	if err != nil {
		return record.ID{}, hint(fmt.Errorf("no indicator has the code %q", code), "entente list --kind indicator --json names their codes")
	}
	return t.Instrument, nil
}

// explained is what the command prints of a result.
type explained struct {
	Rule      string       `json:"rule"`
	Party     record.Party `json:"party"`
	Word      string       `json:"word"`
	Why       string       `json:"why"`
	Would     string       `json:"would"`
	Unit      string       `json:"unit"`
	Span      string       `json:"span"`
	Latest    int64        `json:"latest"`
	Now       int64        `json:"now"`
	Awaited   int64        `json:"awaited"`
	LateFrom  int64        `json:"late_from"`
	Converted *struct {
		From   string `json:"from"`
		To     string `json:"to"`
		Factor string `json:"factor"`
	} `json:"converted"`
	PerMonth bool   `json:"per_month"`
	Level    string `json:"level"`
	Goal     string `json:"goal"`
	Trend    *struct {
		Method string `json:"method"`
		Points int    `json:"points"`
		Slope  string `json:"slope"`
		Low    string `json:"low"`
		High   string `json:"high"`
	} `json:"trend"`
}

func (r *explained) text(w io.Writer) {
	fmt.Fprintf(w, "%-4s %s", r.Party, r.Word)
	if r.Why != "" {
		fmt.Fprintf(w, " (%s)", r.Why)
	}
	if r.Would != "" {
		fmt.Fprintf(w, "; the figures would say %s", r.Would)
	}
	fmt.Fprintln(w)
	if r.Latest == 0 {
		return
	}
	per := ""
	if r.PerMonth {
		per = " per month"
	}
	fmt.Fprintf(w, "     figures in %s, %s, to %s; level %s%s", r.Unit, r.Span, day(r.Latest-1), r.Level, per)
	if r.Goal != "" {
		fmt.Fprintf(w, ", target %s", r.Goal)
	}
	fmt.Fprintln(w)
	if c := r.Converted; c != nil {
		fmt.Fprintf(w, "     level, target and trend in %s: 1 %s = %s %s\n", c.To, c.From, c.Factor, c.To)
	}
	if r.Awaited != 0 && r.LateFrom != 0 {
		late := ""
		if r.Now >= r.LateFrom {
			late = ": late"
		}
		fmt.Fprintf(w, "     next figures, to %s, due by %s%s\n", day(r.Awaited-1), day(r.LateFrom-1), late)
	}
	if t := r.Trend; t != nil {
		fmt.Fprintf(w, "     trend %s each month (%s to %s), %s of %d figures; %s\n", t.Slope, open(t.Low), open(t.High), t.Method, t.Points, r.Rule)
	}
}

func open(s string) string {
	if s == "" {
		return "open"
	}
	return s
}
