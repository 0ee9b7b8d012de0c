// Package release decides who may hold a part: markings, recipients, and nothing wider than the originator allowed.
package release

import (
	"slices"
	"strings"

	"entente/record"
)

// MayHold reports whether a party may hold a part with that marking: its author's party always, others only when named.
func MayHold(m record.Marking, author, p record.Party) bool {
	return p == author || p == m.Originator || Published(m) || slices.Contains(m.ReleasableTo, p)
}

// Published reports whether the marking makes the part public.
func Published(m record.Marking) bool { return slices.Contains(m.ReleasableTo, record.Public) }

// Logged reports whether a read of the part must stand in the access log before it is shown: all above TLP:CLEAR.
func Logged(m record.Marking) bool { return m.TLP != record.Clear }

// Check says what is wrong with a marking, under the charter's handling list. Nothing: an empty slice.
func Check(m record.Marking, author record.Party, parties []record.Party, handling []string) []record.Why {
	var out []record.Why
	if Published(m) != (m.TLP == record.Clear) {
		out = append(out, record.Because("marking.public", "a part is public if and only if it is TLP:CLEAR"))
	}
	if Published(m) && len(m.ReleasableTo) != 1 {
		out = append(out, record.Because("marking.recipients", "a public part names no other recipient"))
	}
	if m.TLP == record.Red && len(m.Offices) == 0 {
		out = append(out, record.Because("marking.red", "TLP:RED needs named offices"))
	}
	if m.Handling != "" && !slices.Contains(handling, m.Handling) {
		out = append(out, record.Because("marking.handling", "handling %q is not in the charter's list", m.Handling))
	}
	for _, p := range m.ReleasableTo {
		if p != record.Public && !slices.Contains(parties, p) {
			out = append(out, record.Because("marking.party", "%s is not a party of the group", p))
		}
	}
	if m.Originator != author {
		out = append(out, record.Because("marking.originator", "the originator is %s: only the originator's party may put the part in a record", m.Originator))
	}
	return out
}

// Default is the marking of a part for which nothing was said: its author's party alone, or the parties given.
func Default(author record.Party, to ...record.Party) record.Marking {
	to = slices.Compact(slices.Sorted(slices.Values(to)))
	return record.Marking{TLP: record.Amber, ReleasableTo: to, Originator: author}
}

// MayRead reports whether an office of a party that holds the part may read it: TLP:RED is for the offices it names.
func MayRead(m record.Marking, p record.Party, office string) bool {
	return m.TLP != record.Red || slices.Contains(m.Offices, string(p)+"/"+office)
}

// Widen is a marking after its originator released the part to more parties and, TLP:RED, to more offices. It narrows nothing.
func Widen(m record.Marking, to []record.Party, offices []string) record.Marking {
	m.ReleasableTo = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(m.ReleasableTo), to...))))
	m.Offices = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(m.Offices), offices...))))
	return m
}

// CheckWiden says what is wrong with a release of a part by its author's party. Nothing: an empty slice.
func CheckWiden(m record.Marking, author record.Party, to []record.Party, offices []string) []record.Why {
	var out []record.Why
	if Published(m) {
		return append(out, record.Because("widen.public", "a public part is released to everybody already"))
	}
	w := Widen(m, to, offices)
	if slices.Equal(w.ReleasableTo, m.ReleasableTo) && slices.Equal(w.Offices, m.Offices) || !record.Ascending(to) || !record.Ascending(offices) {
		out = append(out, record.Because("widen.nobody", "a release names those, each once and ascending, to whom the part was not released before"))
	}
	if m.TLP != record.Red && len(offices) > 0 {
		out = append(out, record.Because("widen.offices", "offices are named for TLP:RED alone"))
	}
	of := map[record.Party]bool{}
	for _, o := range offices {
		p, name, ok := strings.Cut(o, "/")
		if !ok || !record.ValidName(name) || !MayHold(w, author, record.Party(p)) {
			out = append(out, record.Because("widen.office", "office %.70q is none of a party that may hold the part: want PARTY/office", o))
		}
		of[record.Party(p)] = true
	}
	for _, p := range to {
		if m.TLP == record.Red && !slices.Contains(m.ReleasableTo, p) && !of[p] {
			out = append(out, record.Because("widen.red", "TLP:RED is released to offices by name: name one of %s", p))
		}
		if p == author {
			out = append(out, record.Because("widen.own", "%s holds its own part", p))
		}
	}
	return out
}

// Gain is who may hold or read a part by one marking and may not by another.
type Gain struct {
	Public  bool           `json:"public,omitempty"`  // everybody
	Parties []record.Party `json:"parties,omitempty"` // that did not hold it
	Whole   []record.Party `json:"whole,omitempty"`   // that held it for named offices, and whose every office reads it now
	Offices []string       `json:"offices,omitempty"` // that a part which is TLP:RED names now, as MX/legal
}

// None: nobody gains.
func (g Gain) None() bool {
	return !g.Public && len(g.Parties) == 0 && len(g.Whole) == 0 && len(g.Offices) == 0
}

// Gains compares two markings of what an author's party puts on record among parties.
func Gains(before, after record.Marking, author record.Party, parties []record.Party) (g Gain) {
	if Published(before) {
		return g
	}
	if Published(after) {
		return Gain{Public: true}
	}
	for _, p := range parties {
		switch {
		case !MayHold(after, author, p):
		case !MayHold(before, author, p):
			g.Parties = append(g.Parties, p)
		case before.TLP == record.Red && after.TLP != record.Red:
			g.Whole = append(g.Whole, p)
		}
	}
	if after.TLP != record.Red {
		return g
	}
	for _, o := range after.Offices {
		name, office, _ := strings.Cut(o, "/")
		if p := record.Party(name); !MayHold(before, author, p) || !MayRead(before, p, office) {
			g.Offices = append(g.Offices, o)
		}
	}
	return g
}
