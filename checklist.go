package entente

import (
	"slices"

	"entente/record"
)

// The kinds that progress is made of.
const (
	ObjectiveKind  = "objective"
	IndicatorKind  = "indicator"
	CommitmentKind = "commitment"
	FindingKind    = "finding"
)

// Practice is one line of the checklist of monitoring practice that objectives are held against.
type Practice struct {
	Code string
	// Objective says whether the objective itself has it; nil: its indicators must, each of them.
	Objective func(*Held) bool
	Indicator func(*Held, *State) bool
}

// Held is an objective with what names it.
type Held struct {
	Objective   *State
	Parties     []record.Party
	Indicators  []*State // in force
	Commitments int      // in force
	Findings    []*State
}

// Practices is the checklist, in the order in which gaps are best filled. Each line stands in the common core of results-based
// monitoring as audit offices and development agencies hold programmes against it.
var Practices = []Practice{
	{Code: "outcome", Objective: func(h *Held) bool { return h.Objective.Fact("body") == Stated }},
	{Code: "hierarchy", Objective: func(h *Held) bool {
		return h.Objective.Fact("level") == "outcome" || h.Objective.Fact("parent") != ""
	}},
	{Code: "activities", Objective: func(h *Held) bool { return h.Commitments > 0 || h.Objective.Fact("activities") == Stated }},
	{Code: "indicator", Objective: func(h *Held) bool { return len(h.Indicators) > 0 }},
	{Code: "baseline", Indicator: func(_ *Held, i *State) bool { return context(i) || i.Fact("baseline") != "" }},
	{Code: "target", Indicator: func(_ *Held, i *State) bool { return context(i) || i.Fact("target") != "" }},
	{Code: "owner", Objective: func(h *Held) bool { return h.Objective.Owner != "" }},
	{Code: "answers", Indicator: func(_ *Held, i *State) bool { return i.Fact("owner") != "" }},
	{Code: "frequency", Indicator: func(_ *Held, i *State) bool { return i.Fact("frequency") != "" }},
	{Code: "source", Indicator: func(h *Held, i *State) bool {
		return !slices.ContainsFunc(h.Parties, func(p record.Party) bool { return i.Fact("source."+string(p)) == "" })
	}},
	{Code: "risks", Objective: func(h *Held) bool { return h.Objective.Fact("risks") == Stated }},
	{Code: "limits", Indicator: func(_ *Held, i *State) bool { return i.Fact("limits") == Stated }},
	{Code: "follow-up", Objective: func(h *Held) bool { return len(unanswered(h)) == 0 }},
}

// context: what has no good direction has no target, and needs none.
func context(i *State) bool { return i.Fact("direction") == "context" }

// unanswered are the recommendations of which somebody to whom they are addressed has not said what became.
func unanswered(h *Held) []record.ID {
	var out []record.ID
	for _, f := range h.Findings {
		if slices.ContainsFunc(h.Parties, func(p record.Party) bool { return f.Fact("to."+string(p)) != "" && f.Became(p) == "" }) {
			out = append(out, f.Instrument)
		}
	}
	return out
}

// Check is one line of the checklist for one objective.
type Check struct {
	Practice string      `json:"practice"`
	Met      bool        `json:"met"`
	Lacks    []record.ID `json:"lacks,omitempty"` // the instruments in which it is missing
}

// Checks holds an objective against the checklist. Lines that speak of indicators are met where there are none: that gap is a line
// of its own.
func (h *Held) Checks() []Check {
	out := make([]Check, 0, len(Practices))
	for _, p := range Practices {
		c := Check{Practice: p.Code}
		switch {
		case p.Indicator != nil:
			for _, i := range h.Indicators {
				if !p.Indicator(h, i) {
					c.Lacks = append(c.Lacks, i.Instrument)
				}
			}
		case !p.Objective(h):
			if c.Lacks = unanswered(h); p.Code != "follow-up" {
				c.Lacks = []record.ID{h.Objective.Instrument}
			}
		}
		c.Met = len(c.Lacks) == 0
		out = append(out, c)
	}
	return out
}
