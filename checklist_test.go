package entente_test

import (
	"slices"
	"testing"

	"entente"
	"entente/record"
)

// Every line of the checklist can fail, and names what lacks it.
func TestChecklist(t *testing.T) {
	fact := func(facts ...string) (s *entente.State) {
		s = &entente.State{}
		for i := 0; i < len(facts); i += 2 {
			s.Facts = append(s.Facts, entente.Fact{Name: facts[i], Value: facts[i+1]})
		}
		return s
	}
	gaps := func(h *entente.Held) (out []string) {
		for _, c := range h.Checks() {
			if c.Met != (len(c.Lacks) == 0) {
				t.Errorf("%+v", c)
			}
			if !c.Met {
				out = append(out, c.Practice)
			}
		}
		return out
	}
	parties := []record.Party{"MX", "US"}
	bare := &entente.Held{Objective: fact("level", "objective"), Parties: parties}
	if got := gaps(bare); !slices.Equal(got, []string{"outcome", "hierarchy", "activities", "indicator", "owner", "risks"}) {
		t.Errorf("a bare objective lacks %v", got)
	}
	bare.Indicators = []*entente.State{fact("direction", "up")}
	bare.Findings = []*entente.State{fact("to.US", "US")}
	if got := gaps(bare); !slices.Equal(got, []string{"outcome", "hierarchy", "activities", "baseline", "target", "owner", "answers", "frequency", "source", "risks", "limits", "follow-up"}) {
		t.Errorf("with a bare indicator and an open recommendation it lacks %v", got)
	}
	full := &entente.Held{Objective: fact("level", "outcome", "body", "stated", "risks", "stated"), Parties: parties, Commitments: 1,
		Indicators: []*entente.State{fact("direction", "context", "owner", "MX", "frequency", "month", "source.MX", "a", "source.US", "b", "limits", "stated")},
		Findings:   []*entente.State{fact("to.US", "US")}}
	full.Objective.Owner = "MX"
	full.Findings[0].Reports = []entente.Report{{Ref: record.Ref{Party: "US"}, Progress: entente.BecameRefused}}
	if got := gaps(full); got != nil {
		t.Errorf("a full one lacks %v", got)
	}
}
