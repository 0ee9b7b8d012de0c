package entente

import (
	"slices"
	"strconv"

	"entente/progress"
	"entente/record"
)

// Indicator is a jointly agreed definition of what is counted and how. Changing it makes a new version, and a break.
type Indicator struct {
	Code         string                  `cbor:"1,keyasint" json:"code"`
	Unit         string                  `cbor:"2,keyasint" json:"unit"`                              // lb, kg, count …
	CountingUnit string                  `cbor:"3,keyasint,omitempty" json:"counting_unit,omitempty"` // file, victim, event, seizure …
	Direction    string                  `cbor:"4,keyasint" json:"direction"`                         // up, down or context
	Period       string                  `cbor:"5,keyasint" json:"period"`                            // month, quarter or year
	FiscalMonth  uint64                  `cbor:"6,keyasint,omitzero" json:"fiscal_month,omitzero"`    // years start in that month; absent: calendar years
	Since        int64                   `cbor:"7,keyasint,omitzero" json:"since,omitzero"`           // cumulative since, Unix seconds
	Sources      map[record.Party]string `cbor:"8,keyasint,omitempty" json:"sources,omitempty"`       // each side's source
	Objective    record.ID               `cbor:"9,keyasint,omitzero" json:"objective,omitzero"`
	Baseline     *Level                  `cbor:"10,keyasint,omitempty" json:"baseline,omitempty"`
	Target       *Level                  `cbor:"11,keyasint,omitempty" json:"target,omitempty"`
}

// Level is a value at a date, or of the span that ends there.
type Level struct {
	Value record.Decimal `cbor:"1,keyasint" json:"value"`
	Date  int64          `cbor:"2,keyasint" json:"date"`                    // Unix seconds
	Start int64          `cbor:"3,keyasint,omitzero" json:"start,omitzero"` // of the span; absent: the value at the date
}

var indicatorKind = &Kind{
	Name: "indicator",
	Verbs: map[record.Verb]Rule{
		record.Propose: {Opens: true, Approved: true, Terms: func() any { return new(Indicator) },
			Parts: []string{"title.*", "body.*", "annex/*"}, Needs: []string{"title.*", "body.*"}},
		record.Consent:  consentRule,
		record.Withdraw: withdrawRule,
		record.Reply:    replyRule,
		record.Note:     translationRule,
	},
	Check: func(c *Case) {
		checkReply(c)
		t, ok := c.Terms.(*Indicator)
		if !ok {
			return
		}
		if !record.ValidName(t.Code) || t.Unit == "" || len(t.Unit) > record.MaxName || len(t.CountingUnit) > record.MaxName {
			c.Against(ReasonTerms, "indicator.code", "an indicator has a code and a unit")
		}
		if !slices.Contains([]string{"up", "down", "context"}, t.Direction) {
			c.Against(ReasonTerms, "indicator.direction", "direction %q is not one of up, down, context", t.Direction)
		}
		if !slices.Contains([]string{"month", "quarter", "year"}, t.Period) || t.FiscalMonth > 12 {
			c.Against(ReasonTerms, "indicator.period", "period is month, quarter or year, of a calendar or of a fiscal year from month 1 to 12")
		}
		if t.Since < 0 || t.Since > record.MaxTime {
			c.Against(ReasonTerms, "indicator.since", "since lies outside the years 1970 to 9999")
		}
		for p, s := range t.Sources {
			if !c.isParty(p) || s == "" || len(s) > 500 {
				c.Against(ReasonTerms, "indicator.source", "a source names a party of the group and where its figures are published")
			}
		}
		for _, l := range []*Level{t.Baseline, t.Target} {
			if l != nil && (!l.Value.Valid() || l.Date <= 0 || l.Date > record.MaxTime || l.Start < 0 || l.Start >= l.Date) {
				c.Against(ReasonTerms, "indicator.target", "baseline and target are a decimal with a date, or with the span that ends there")
			}
		}
		c.refersTo("objective", t.Objective)
	},
	Fold: func(s *State, records []Judged) {
		if t := textTerms[Indicator](s, records); t != nil {
			s.set("code", t.Code)
			s.set("unit", t.Unit)
			s.set("counting_unit", t.CountingUnit)
			s.set("direction", t.Direction)
			s.set("period", t.Period)
			if t.FiscalMonth > 0 {
				s.set("fiscal_month", strconv.FormatUint(t.FiscalMonth, 10))
			}
			if t.Since != 0 {
				s.set("since", strconv.FormatInt(t.Since, 10))
			}
			for p, source := range t.Sources { // facts are put in order
				s.set("source."+string(p), source)
			}
			if t.Baseline != nil {
				s.set("baseline", string(t.Baseline.Value))
				s.set("baseline_date", strconv.FormatInt(t.Baseline.Date, 10))
				if t.Baseline.Start != 0 {
					s.set("baseline_start", strconv.FormatInt(t.Baseline.Start, 10))
				}
			}
			if t.Target != nil {
				s.Due = t.Target.Date
				s.set("target", string(t.Target.Value))
				s.set("target_date", strconv.FormatInt(t.Target.Date, 10))
				if t.Target.Start != 0 {
					s.set("target_start", strconv.FormatInt(t.Target.Start, 10))
				}
			}
			s.link("objective", t.Objective)
		}
		foldReplies(s, records, nil)
	},
}

// Definition is what the progress of an indicator is judged by, as far as its text says it.
func (s *State) Definition() progress.Definition {
	level := func(name string) *progress.Level {
		v := s.Fact(name)
		if v == "" {
			return nil
		}
		return &progress.Level{Value: record.Decimal(v), Start: s.seconds(name + "_start"), Date: s.seconds(name + "_date")}
	}
	return progress.Definition{Unit: s.Fact("unit"), Direction: s.Fact("direction"), Period: progress.Span(s.Fact("period")), Baseline: level("baseline"), Target: level("target")}
}

// Since is from when an indicator counts cumulatively; 0: it does not.
func (s *State) Since() int64 { return s.seconds("since") }

func (s *State) seconds(fact string) int64 {
	n, err := strconv.ParseInt(s.Fact(fact), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
