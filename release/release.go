// Package release decides who may hold a part: markings, recipients, and nothing wider than the originator allowed.
package release

import (
	"slices"

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
