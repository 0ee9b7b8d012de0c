package demo

import (
	"context"
	"slices"

	"entente"
	"entente/node"
	"entente/progress"
	"entente/record"
)

// A Status is one side's word on where an indicator or objective stands.
type Status struct {
	Key    Key    `json:"key"`
	Party  string `json:"party"`
	Of     Key    `json:"of"` // code of an indicator, or key of an objective
	Status string `json:"status"`
	Day    int    `json:"day"`
	Text
}

// A Finding is a recommendation of an evaluation, with what those to whom it is addressed say became of it.
type Finding struct {
	Key       Key      `json:"key"`
	Party     string   `json:"party"` // that puts it on record
	Line      string   `json:"line"`
	Objective Key      `json:"objective,omitempty"`
	Day       int      `json:"day"`
	To        []string `json:"to"`
	Source    string   `json:"source"`
	Published int      `json:"published"` // a day
	Number    string   `json:"number,omitempty"`
	Became    []Became `json:"became,omitempty"`
	Document
}

// Became is what one side says became of a recommendation.
type Became struct {
	By     string `json:"by"`
	Day    int    `json:"day"`
	Became string `json:"became"`
	Text
}

// dueDays is how long after the end of a period figures are due in the example.
const dueDays = 30

// countingUnit is the code of a counting unit that pages know by name; others stay as they are written.
func countingUnit(words string) string {
	codes := map[string]string{"Investigation file": "file", "Victim": "victim", "Person": "person", "Event": "event", "Firearm": "firearm", "Laboratory": "laboratory", "Tap": "tap", "Barrel": "barrel", "Weight": "weight", "Weight as each side publishes it": "weight", "Tunnel": "tunnel"}
	if c := codes[words]; c != "" {
		return c
	}
	return words
}

// progress plans what people say of the figures, and what evaluations say of the group.
func (s *story) progress() {
	for i, x := range s.g.Statuses {
		s.at(x.Day, 960+i, "status "+string(x.Key), func(ctx context.Context) error {
			kind, id := "indicator", s.codes[x.Of]
			if id.IsZero() {
				kind, id = "objective", s.ids[x.Of]
			}
			_, err := s.act(ctx, s.g, record.Party(x.Party), node.Act{Group: s.id, Kind: kind, Verb: record.Report, Instrument: id, Version: id,
				Terms: terms(entente.Assessment{Status: progress.Word(x.Status)}), Parts: x.parts("body")})
			return err
		})
	}
	for i, x := range s.g.Findings {
		s.at(x.Day, 970+i, "recommendation "+string(x.Key), func(ctx context.Context) error {
			t := entente.Finding{Source: x.Source, Published: (s.end + int64(x.Published)*day) / day * day, Number: x.Number, Objective: s.ids[x.Objective]}
			for _, p := range x.To {
				t.To = append(t.To, record.Party(p))
			}
			v, err := s.act(ctx, s.g, record.Party(x.Party), node.Act{Group: s.id, Kind: "finding", Verb: record.Report, Line: x.Line, Terms: terms(t), Parts: x.parts()})
			if err == nil {
				s.ids[x.Key] = v.ID
			}
			return err
		})
		for k, b := range x.Became {
			s.at(b.Day, 970+k, "recommendation "+string(x.Key)+", what became", func(ctx context.Context) error {
				_, err := s.act(ctx, s.g, record.Party(b.By), node.Act{Group: s.id, Kind: "finding", Verb: record.Report, Instrument: s.ids[x.Key], Line: x.Line,
					Terms: terms(entente.Finding{Became: b.Became}), Parts: b.parts("body")})
				return err
			})
		}
	}
}

// progress checks statuses and recommendations.
func (c *check) progress() {
	for _, x := range c.g.Statuses {
		c.key(x.Key, "status")
		c.party(string(x.Key), x.Party)
		c.must(slices.Contains(entente.Assessed, progress.Word(x.Status)), "%s: status %q", x.Key, x.Status)
		indicator := slices.ContainsFunc(c.g.Indicators, func(i Indicator) bool { return i.Code == x.Of })
		c.must(indicator || c.keys[x.Of] == "objective", "%s: no indicator or objective %s", x.Key, x.Of)
		c.invented(string(x.Key), x.Text)
	}
	for _, x := range c.g.Findings {
		c.key(x.Key, "recommendation")
		c.party(string(x.Key), x.Party)
		c.line(string(x.Key), x.Line)
		c.must(x.Objective == "" || c.keys[x.Objective] == "objective", "%s: no objective %s", x.Key, x.Objective)
		c.text(string(x.Key), x.Title)
		c.invented(string(x.Key), x.Body)
		for _, b := range x.Became {
			c.must(slices.Contains(x.To, b.By) && slices.Contains(entente.Becomes, b.Became) && b.Day > x.Day, "%s: what became of it", x.Key)
			c.invented(string(x.Key), b.Text)
		}
	}
}
