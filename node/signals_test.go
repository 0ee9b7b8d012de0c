package node

import (
	"slices"
	"testing"

	"entente/progress"
	"entente/record"
)

// What is kept of an indicator goes when a record on it counts, and what was read before the change is not kept after it.
func TestSignalsAreForgotten(t *testing.T) {
	n := &Node{party: "MX"}
	s := &n.signals
	k := signalsOf{record.ID{1}, record.ID{2}}
	all := record.Marking{TLP: record.Amber, ReleasableTo: []record.Party{"MX", "US"}}
	reports := []keptReport{{"US", all}, {"US", record.Marking{TLP: record.Red, ReleasableTo: []record.Party{"MX"}, Offices: []string{"MX/legal"}}}}
	keep := func(office string, stale *bool, until int64) {
		readable, _ := n.readable(reports, office)
		s.keep(k, stale, reports, readable, keptResults{results: []progress.Result{{Why: office}}, until: until})
	}
	stale := s.begin(k.indicator)
	keep("desk", stale, 100)
	s.end(k.indicator, stale)
	if r, logged, ok := s.find(n, k, "desk", 99); !ok || !logged || r.results[0].Why != "desk" {
		t.Fatalf("nothing is kept: %+v", r)
	}
	if _, _, ok := s.find(n, k, "desk", 100); ok {
		t.Error("kept beyond the moment at which the rule says something else")
	}
	if _, _, ok := s.find(n, k, "legal", 1); ok {
		t.Error("an office is shown what was computed from the reports that another may read")
	}
	stale = s.begin(k.indicator)
	s.forget(k.group, k.indicator)
	keep("desk", stale, 0)
	if _, _, ok := s.find(n, k, "desk", 1); ok {
		t.Error("what was read before a change is kept after it")
	}
	if s.end(k.indicator, stale); len(s.under) != 0 || !slices.Equal([]int{len(s.kept)}, []int{0}) {
		t.Errorf("left over: %d, %d", len(s.under), len(s.kept))
	}
}
