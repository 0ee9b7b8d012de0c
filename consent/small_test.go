package consent

import (
	"testing"

	"entente/record"
)

// one version: consent, withdraw, note.
func oneVersion(parties int, until int64) *family {
	return &family{name: "one version", parties: parties, versions: []Version{version(1, parties, 0, until)},
		choices: []choice{does(record.Consent, 1), does(record.Withdraw, 1), note}, clocks: Clocks{Notice: 1, Ceiling: 2}}
}

// two versions: v2 is a rival of v1, or replaces it.
func twoVersions(parties int, replaces byte, notes bool) *family {
	f := &family{name: "rivals", parties: parties, versions: []Version{version(1, parties, 0, 0), version(2, parties, replaces, 0)},
		choices: []choice{does(record.Consent, 1), does(record.Withdraw, 1), does(record.Consent, 2), does(record.Withdraw, 2)},
		clocks:  Clocks{Notice: 1, Ceiling: 2}}
	f.twins = replaces == 0
	if replaces != 0 {
		f.name = "successor"
	}
	if notes {
		f.choices = append(f.choices, note)
	}
	return f
}

// TestEveryHistory holds the rules against every closed history of the scope: equal cuts, stability, settlement, notices,
// waits, rivals, and the definition itself.
func TestEveryHistory(t *testing.T) {
	scopes := []struct {
		fam       *family
		upTo, far int // records in go test, and in make test-long
	}{
		{oneVersion(2, 0), 5, 6},
		{oneVersion(3, 0), 3, 4},
		{oneVersion(2, 2), 4, 5},
		{oneVersion(3, 1), 3, 4},
		{twoVersions(2, 0, true), 4, 5},
		{twoVersions(2, 0, false), 5, 6},
		{twoVersions(3, 0, true), 3, 3},
		{twoVersions(3, 0, false), 3, 4},
		{twoVersions(2, 1, true), 4, 5},
		{twoVersions(3, 1, true), 3, 3},
	}
	ev := events{}
	for _, s := range scopes {
		n := s.upTo
		if long {
			n = s.far
		}
		count := 0
		for k := 0; k <= n; k++ {
			s.fam.each(k, func(h *history) bool {
				count++
				if f := check(s.fam, real, h, k <= 3, ev); f != nil {
					t.Errorf("%s, %d parties: %s\n%s\n%s", s.fam.name, s.fam.parties, h, f.prop, f.detail)
					return false
				}
				return true
			})
			if t.Failed() {
				return
			}
		}
		t.Logf("%s: %d parties, until %d, to %d records: %d histories", s.fam.name, s.fam.parties, s.fam.versions[0].Until, n, count)
	}
	ev.need(t, append(wanted, "two rivals in force, no gate kept")...)
}
