package release_test

import (
	"slices"
	"strings"
	"testing"

	"entente/record"
	"entente/release"
)

var parties = []record.Party{"CA", "MX", "US"}

// every marking of the small scope: each level, each set of recipients with or without the public, each originator.
func every(f func(m record.Marking)) {
	for _, l := range []record.TLP{record.Clear, record.Green, record.Amber, record.AmberStrict, record.Red} {
		for set := range 16 {
			var to []record.Party
			if set&8 != 0 {
				to = append(to, record.Public)
			}
			for i, p := range parties {
				if set&(1<<i) != 0 {
					to = append(to, p)
				}
			}
			for _, o := range parties {
				for _, offices := range [][]string{nil, {"MX/legal"}} {
					f(record.Marking{TLP: l, ReleasableTo: to, Originator: o, Offices: offices})
				}
			}
		}
	}
}

func TestOnlyThoseNamedMayHold(t *testing.T) {
	held, withheld := 0, 0
	every(func(m record.Marking) {
		for _, author := range parties {
			for _, p := range append(parties, "XX") {
				named := slices.Contains(m.ReleasableTo, p) || slices.Contains(m.ReleasableTo, record.Public)
				want := named || p == author || p == m.Originator
				if got := release.MayHold(m, author, p); got != want {
					t.Fatalf("%+v by %s: %s may hold it: %v", m, author, p, got)
				}
				if want {
					held++
				} else {
					withheld++
				}
			}
		}
	})
	if held == 0 || withheld == 0 {
		t.Errorf("%d held, %d withheld", held, withheld)
	}
}

func TestCheck(t *testing.T) {
	good, bad := 0, map[string]int{}
	every(func(m record.Marking) {
		why := ""
		for _, s := range release.Check(m, "MX", parties, []string{"H1"}) {
			why += s.Text + "; "
		}
		public := slices.Contains(m.ReleasableTo, record.Public)
		for _, c := range []struct {
			word  string
			wrong bool
		}{
			{"if and only if", public != (m.TLP == record.Clear)},
			{"no other recipient", public && len(m.ReleasableTo) > 1},
			{"named offices", m.TLP == record.Red && len(m.Offices) == 0},
			{"originator", m.Originator != "MX"},
		} {
			if strings.Contains(why, c.word) != c.wrong {
				t.Fatalf("%+v: %q", m, why)
			}
			if c.wrong {
				bad[c.word]++
			}
		}
		if why == "" {
			good++
		}
	})
	if good == 0 || len(bad) != 4 {
		t.Errorf("%d good markings, refused %v", good, bad)
	}
	for _, m := range []record.Marking{
		{TLP: record.Amber, Originator: "MX", Handling: "H9"},
		{TLP: record.Amber, Originator: "MX", ReleasableTo: []record.Party{"XX"}},
	} {
		if len(release.Check(m, "MX", parties, []string{"H1"})) != 1 {
			t.Errorf("%+v passes", m)
		}
	}
}

func TestReading(t *testing.T) {
	red := record.Marking{TLP: record.Red, Offices: []string{"MX/legal"}}
	if !release.MayRead(red, "MX", "legal") || release.MayRead(red, "MX", "desk") || release.MayRead(red, "US", "legal") {
		t.Error("TLP:RED is for the offices it names and for no other")
	}
	every(func(m record.Marking) {
		if release.Logged(m) == (m.TLP == record.Clear) {
			t.Fatalf("%+v: a read is logged unless it is TLP:CLEAR", m)
		}
		if m.TLP != record.Red && !release.MayRead(m, "MX", "desk") {
			t.Fatalf("%+v: not for the desk", m)
		}
	})
	if d := release.Default("MX"); release.MayHold(d, "MX", "US") || release.Published(d) {
		t.Error("a part of which nothing was said leaves its author's party")
	}
}
