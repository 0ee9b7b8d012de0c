package node

import (
	"context"
	"fmt"
	"slices"

	"entente"
	"entente/progress"
	"entente/record"
)

// ObjectiveCheck is an objective held against the checklist of monitoring practice.
type ObjectiveCheck struct {
	Objective record.ID       `json:"id"` // of the objective
	Line      string          `json:"line"`
	Checks    []entente.Check `json:"checks"`

	State      *entente.State   `json:"-"`
	Indicators []*entente.State `json:"-"`
	Findings   []*entente.State `json:"-"`
}

// Checklist holds the objectives in force of a line of effort, or of all, against the checklist. It reads states alone.
func (n *Node) Checklist(ctx context.Context, who Caller, group record.ID, line string) ([]ObjectiveCheck, error) {
	l, err := n.Ledger(group)
	if err != nil {
		return nil, err
	}
	objectives, err := n.statesOf(ctx, who, group, Query{Kind: entente.ObjectiveKind, Line: line, Phase: entente.PhaseInForce})
	if err != nil {
		return nil, err
	}
	out := make([]ObjectiveCheck, 0, len(objectives))
	for _, o := range objectives {
		h := &entente.Held{Objective: o, Parties: l.Parties()}
		served := Query{Target: o.Instrument, Fact: entente.ObjectiveKind}
		q := served
		q.Kind, q.Phase = entente.IndicatorKind, entente.PhaseInForce
		if h.Indicators, err = n.statesOf(ctx, who, group, q); err != nil {
			return nil, err
		}
		q.Kind = entente.CommitmentKind
		c, err := n.Count(ctx, who, group, q)
		if err != nil {
			return nil, err
		}
		h.Commitments = c.N
		q = served
		q.Kind = entente.FindingKind
		if h.Findings, err = n.statesOf(ctx, who, group, q); err != nil {
			return nil, err
		}
		out = append(out, ObjectiveCheck{Objective: o.Instrument, Line: o.Line, Checks: h.Checks(), State: o, Indicators: h.Indicators, Findings: h.Findings})
	}
	return out, nil
}

// statesOf lists instruments to the end, up to a bound.
func (n *Node) statesOf(ctx context.Context, who Caller, group record.ID, q Query) ([]*entente.State, error) {
	var out []*entente.State
	q.Limit = maxPage
	for {
		p, err := n.Instruments(ctx, who, group, q)
		if err != nil {
			return nil, err
		}
		for _, x := range p.Items {
			out = append(out, x.State)
		}
		if q.Cursor = p.Next; q.Cursor == "" || len(out) >= maxStates {
			return out, nil
		}
	}
}

// Standing is where an indicator stands: what each party's figures say by the rule, and what each party's people say.
type Standing struct {
	Indicator record.ID                 `json:"indicator"`
	Code      string                    `json:"code"`
	Line      string                    `json:"line"`
	Sides     []SideStanding            `json:"sides"` // own party first
	Targets   []entente.DefinitionState `json:"definitions,omitempty"`
	History   []entente.AssessmentState `json:"statuses,omitempty"`
}

// SideStanding is one party's signal and status.
type SideStanding struct {
	Party  record.Party             `json:"party"`
	Signal progress.Word            `json:"signal"`
	Why    string                   `json:"why,omitempty"`
	Would  progress.Word            `json:"would,omitempty"`
	Status *entente.AssessmentState `json:"status,omitempty"` // absent: none is set
}

// Standings tells where the indicators in force stand, of a line or of all. The read of the figures stands in the access log.
func (n *Node) Standings(ctx context.Context, who Caller, group record.ID, line string) ([]Standing, error) {
	states, err := n.statesOf(ctx, who, group, Query{Kind: entente.IndicatorKind, Line: line, Phase: entente.PhaseInForce})
	if err != nil {
		return nil, err
	}
	signals, err := n.Signals(ctx, who, "progress", group, states)
	if err != nil {
		return nil, err
	}
	out := []Standing{}
	for _, s := range states {
		x := Standing{Indicator: s.Instrument, Code: s.Fact("code"), Line: s.Line, History: s.Assessments}
		if slices.ContainsFunc(s.Definitions, func(d entente.DefinitionState) bool { return d.Moved }) {
			x.Targets = s.Definitions
		}
		if signals[s.Instrument] == nil {
			return nil, fmt.Errorf("indicator %s: %w", s.Instrument.Short(), ErrInvalid)
		}
		for _, y := range signals[s.Instrument].Results {
			x.Sides = append(x.Sides, SideStanding{y.Party, y.Word, y.Why, y.Would, s.Status(y.Party)})
		}
		out = append(out, x)
	}
	return out, nil
}
