package entente

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"entente/consent"
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

	Objectives []record.ID      `cbor:"12,keyasint,omitempty" json:"objectives,omitempty"` // others that it serves too
	Breakdowns []Disaggregation `cbor:"13,keyasint,omitempty" json:"disaggregations,omitempty"`
	Owner      record.Party     `cbor:"14,keyasint,omitempty" json:"owner,omitempty"`     // who answers for the definition and its figures
	Office     string           `cbor:"15,keyasint,omitempty" json:"office,omitempty"`    // of the owner
	Frequency  string           `cbor:"16,keyasint,omitempty" json:"frequency,omitempty"` // month, quarter or year: how often each side reports
	DueDays    uint64           `cbor:"17,keyasint,omitzero" json:"due_days,omitzero"`    // so many days after the end of a period its figures are due
	Codes      []string         `cbor:"18,keyasint,omitempty" json:"codes,omitempty"`     // in international classifications: ICCS:0101, SDG:16.1.1
	Conversion []Conversion     `cbor:"20,keyasint,omitempty" json:"conversions,omitempty"`
	SameCount  bool             `cbor:"19,keyasint,omitempty" json:"same_count,omitempty"` // what is counted is what the version it replaces counts: no break
}

// Disaggregation is a breakdown of the figures with its list of codes. Names are by language.
type Disaggregation struct {
	Code   string            `cbor:"1,keyasint" json:"code"`
	Names  map[string]string `cbor:"2,keyasint,omitempty" json:"names,omitempty"`
	Values []CodeName        `cbor:"3,keyasint" json:"values"`
}

// CodeName is one code of a list with its name by language.
type CodeName struct {
	Code  string            `cbor:"1,keyasint" json:"code"`
	Names map[string]string `cbor:"2,keyasint,omitempty" json:"names,omitempty"`
}

// Conversion declares by what figures of a party in another unit are multiplied to be in the indicator's, and on what ground. Units of
// one measure have an exact factor, and none is declared (doc/decisions/033-conversions.md).
type Conversion struct {
	Party  record.Party      `cbor:"1,keyasint" json:"party"`
	From   string            `cbor:"2,keyasint" json:"from"`
	Factor string            `cbor:"3,keyasint" json:"factor"` // a decimal, or a fraction of two: 1/9090
	Ground map[string]string `cbor:"4,keyasint" json:"ground"` // its source and reason, in every language of the charter
}

// conversionFact begins the name of a fact: conversion.MX.pills.
const conversionFact = "conversion."

// Bounds of a definition, so that its terms stay within a header.
const (
	maxBreakdowns = 8
	maxCodes      = 200 // in all lists together: the states of both countries, and some
	maxDueDays    = 366
	maxServes     = 20 // objectives, and codes of classifications
	maxDeclared   = 8  // conversions: some units of each party
	MaxGround     = 500
	MaxFactor     = 40 // characters: more digits than any source has
)

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
			Parts: []string{"title.*", "body.*", "method.*", "limits.*", "annex/*"}, Needs: []string{"title.*", "body.*"}},
		record.Consent:  consentRule,
		record.Withdraw: withdrawRule,
		record.Report:   statusRule,
		record.Reply:    replyRule,
		record.Note:     translationRule,
	},
	Check: func(c *Case) {
		checkReply(c)
		checkStatus(c)
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
		t.checkMore(c)
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
			for _, o := range t.Objectives {
				s.link("objective", o)
			}
			for _, b := range t.Breakdowns {
				s.set("disaggregation."+b.Code, strings.Join(b.codes(), " "))
			}
			for _, x := range t.Conversion {
				s.set(conversionFact+string(x.Party)+"."+x.From, x.Factor)
			}
			s.set("owner", string(t.Owner))
			s.set("office", t.Office)
			s.set("frequency", t.Frequency)
			if t.DueDays > 0 {
				s.set("due_days", strconv.FormatUint(t.DueDays, 10))
			}
			for _, x := range t.Codes {
				s.set("classified", x)
			}
		}
		s.stated(records, "method", "limits")
		foldDefinitions(s, records)
		foldStatuses(s, records)
		foldReplies(s, texts(records), nil)
	},
}

func (t *Indicator) checkMore(c *Case) {
	serves := append(slices.Clone(t.Objectives), t.Objective)
	for i, o := range t.Objectives {
		c.refersTo("objective", o)
		if o.IsZero() || slices.Contains(serves[i+1:], o) {
			c.Against(ReasonTerms, "indicator.objectives", "each further objective is named once")
		}
	}
	if len(t.Objectives) > maxServes || len(t.Codes) > maxServes {
		c.Against(ReasonTerms, "indicator.many", "an indicator serves at most %d objectives and stands in as many classifications", maxServes)
	}
	if t.Owner != "" {
		c.task("owner", t.Owner)
	}
	if t.Office != "" && (t.Owner == "" || !record.ValidName(t.Office)) {
		c.Against(ReasonTerms, "owner.office", "office %.70q is no name, or of no owner", t.Office)
	}
	if t.Frequency != "" && !slices.Contains([]string{"month", "quarter", "year"}, t.Frequency) || t.DueDays > maxDueDays {
		c.Against(ReasonTerms, "indicator.frequency", "figures come each month, quarter or year, at most %d days after its end", maxDueDays)
	}
	for _, x := range t.Codes {
		if scheme, code, ok := strings.Cut(x, ":"); !ok || !record.ValidName(strings.ToLower(scheme)) || code == "" || len(x) > record.MaxName || strings.ContainsAny(code, " \t\n:") {
			c.Against(ReasonTerms, "indicator.scheme", "code %.70q is not SCHEME:CODE, such as ICCS:0101", x)
		}
	}
	t.checkConversions(c)
	if t.SameCount && c.Header.Replaces.IsZero() {
		c.Against(ReasonTerms, "indicator.first", "a first version counts like none before it")
	}
	n, seen := 0, map[string]bool{}
	for _, b := range t.Breakdowns {
		if !record.ValidName(b.Code) || seen[b.Code] || len(b.Values) == 0 {
			c.Against(ReasonTerms, "indicator.breakdown", "a breakdown has a code of its own and a list of codes")
		}
		seen[b.Code] = true
		n += len(b.Values)
		codes := b.codes()
		slices.Sort(codes)
		if len(slices.Compact(codes)) != len(b.Values) || slices.Contains(codes, "") || slices.ContainsFunc(codes, func(x string) bool { return len(x) > record.MaxName || strings.ContainsAny(x, " \t\n") }) {
			c.Against(ReasonTerms, "indicator.codes", "the codes of the breakdown %.70q are short, without spaces, each once", b.Code)
		}
		for _, v := range append([]CodeName{{b.Code, b.Names}}, b.Values...) {
			for l, name := range v.Names {
				if !slices.Contains(Languages, l) || name == "" || len(name) > 2*record.MaxName {
					c.Against(ReasonTerms, "indicator.name", "the name of %.70q is short and in a language of the charter", v.Code)
				}
			}
		}
	}
	if len(t.Breakdowns) > maxBreakdowns || n > maxCodes {
		c.Against(ReasonTerms, "indicator.breakdowns", "at most %d breakdowns with %d codes in all", maxBreakdowns, maxCodes)
	}
}

// checkConversions: one factor for a unit of a party, from a unit that measures something else, with its ground.
func (t *Indicator) checkConversions(c *Case) {
	if len(t.Conversion) > maxDeclared {
		c.Against(ReasonTerms, "indicator.conversions", "at most %d conversions are declared", maxDeclared)
	}
	for i, x := range t.Conversion {
		if !c.isParty(x.Party) || x.From == "" || len(x.From) > record.MaxName || strings.TrimSpace(x.From) != x.From ||
			slices.ContainsFunc(t.Conversion[:i], func(y Conversion) bool { return y.Party == x.Party && y.From == x.From }) {
			c.Against(ReasonTerms, "indicator.conversion", "a conversion is from a unit of a party of the group, each once")
		}
		if progress.Factor(x.From, t.Unit) != nil {
			c.Against(ReasonTerms, "indicator.exact", "from %.70q to %.70q the factor is exact, and none is declared", x.From, t.Unit)
		}
		if _, ok := progress.ParseFactor(x.Factor); !ok || len(x.Factor) > MaxFactor {
			c.Against(ReasonTerms, "indicator.factor", "factor %.70q is not a decimal above zero, or a fraction of two such as 1/9090", x.Factor)
		}
		long := slices.ContainsFunc(slices.Collect(maps.Values(x.Ground)), func(s string) bool { return len(s) > MaxGround })
		if long || c.Charter != nil && c.Charter.texts("ground of the conversion", x.Ground) != nil {
			c.Against(ReasonTerms, "indicator.ground", "the ground of a conversion stands in every language of the charter, and is short")
		}
	}
}

func (b *Disaggregation) codes() []string {
	out := make([]string, len(b.Values))
	for i, v := range b.Values {
		out[i] = v.Code
	}
	return out
}

// DefinitionState is a version of an indicator that is in force or was.
type DefinitionState struct {
	Version  record.ID `cbor:"1,keyasint" json:"version"`
	Counting record.ID `cbor:"2,keyasint" json:"counting"` // the version since which the same is counted: across another nothing is compared
	Since    int64     `cbor:"3,keyasint" json:"since"`
	Baseline *Level    `cbor:"4,keyasint,omitempty" json:"baseline,omitempty"`
	Target   *Level    `cbor:"5,keyasint,omitempty" json:"target,omitempty"`
	Moved    bool      `cbor:"6,keyasint,omitempty" json:"moved,omitempty"` // another target than the definition before it had
}

func sameLevel(a, b *Level) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// foldDefinitions keeps what was agreed one after another, so that a target that moved shows as moved.
func foldDefinitions(s *State, records []Judged) {
	for i := range s.Versions {
		v := &s.Versions[i]
		if v.Standing == consent.Open {
			continue
		}
		j := slices.IndexFunc(records, func(j Judged) bool { return j.ID() == v.ID })
		t := new(Indicator)
		if j < 0 || record.Unmarshal(records[j].Header().Terms, t) != nil {
			continue
		}
		d := DefinitionState{Version: v.ID, Counting: v.ID, Since: v.Since, Baseline: t.Baseline, Target: t.Target}
		if k := slices.IndexFunc(s.Definitions, func(x DefinitionState) bool { return x.Version == v.Replaces }); k >= 0 {
			if t.SameCount {
				d.Counting = s.Definitions[k].Counting
			}
			d.Moved = !sameLevel(s.Definitions[k].Target, t.Target)
		}
		s.Definitions = append(s.Definitions, d)
	}
}

// Collect puts reports on an indicator into series. Figures counted by two versions that count the same stand without a break.
func (s *State) Collect(reports []progress.Report) progress.Collection {
	reports = slices.Clone(reports)
	for i := range reports {
		for _, d := range s.Definitions {
			if d.Version == reports[i].Version {
				reports[i].Version = d.Counting
			}
		}
	}
	return progress.Collect(reports, s.Since())
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
	d := progress.Definition{Unit: s.Fact("unit"), Direction: s.Fact("direction"), Period: progress.Span(s.Fact("period")), Baseline: level("baseline"), Target: level("target"),
		Frequency: progress.Span(s.Fact("frequency")), DueDays: s.number("due_days"), FiscalMonth: s.number("fiscal_month")}
	for _, f := range s.Facts {
		if of, ok := strings.CutPrefix(f.Name, conversionFact); ok {
			p, from, _ := strings.Cut(of, ".")
			d.Conversions = append(d.Conversions, progress.Conversion{Party: record.Party(p), From: from, Factor: f.Value})
		}
	}
	return d
}

// Since is from when an indicator counts cumulatively; 0: it does not.
func (s *State) Since() int64 { return s.seconds("since") }

func (s *State) seconds(fact string) int64 { return s.number(fact) }

func (s *State) number(fact string) int64 {
	n, err := strconv.ParseInt(s.Fact(fact), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
