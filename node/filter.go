package node

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"entente"
	"entente/record"
	"entente/release"
	"entente/store"
)

// filter is one rule between a reader and what is kept here.
type filter uint16

// The filters. Every read passes those of its way: a part of a record on a page passes filterGroup, filterMachine, filterHold and filterOffice.
const (
	filterGroup     filter = 1 << iota // an office reads in the groups whose powers name it
	filterMachine                      // who runs the machine is no office, and reads no part
	filterSend                         // a peer is sent the parts that it may hold
	filterKeep                         // a part that comes and is not for this party is not kept
	filterHold                         // a part is shown where this party may hold it
	filterOffice                       // a part that is TLP:RED is for the offices it names
	filterPlace                        // a draft is read in its own group
	filterClearance                    // a clearance is for who asked and who was asked
	filterAudit                        // the access log is for those who audit it
	filterTitles                       // a calendar tells titles above TLP:CLEAR where its office chose so
	filterHour                         // a text that was let out is public from its hour on
	filterOpen                         // of it, what is TLP:RED is not public
	filterAll                          // nor what is not released to every party
	filterAnnex                        // nor an annex that is not public by its own marking
	filterEnd
)

// lets is where every filter is asked: it reports whether a reader passes, by the answer of a rule. That nothing is
// read past them, and that each of them is needed, is tested with one of them off; no running node has any off.
func (n *Node) lets(f filter, answer bool) bool { return answer || n.off&f != 0 }

// gap is the one place where a read passes the rules of release; empty: the office may read the part.
func (n *Node) gap(h *record.Header, ref record.PartRef, office string) Gap {
	return n.gapOf(h.Party, ref.Marking, office)
}

func (n *Node) gapOf(author record.Party, m record.Marking, office string) Gap {
	switch {
	case !n.mayHold(filterHold, m, author, n.party):
		return GapParty
	case !n.mayRead(m, office):
		return GapOffice
	}
	return ""
}

func (n *Node) mayHold(f filter, m record.Marking, author, p record.Party) bool {
	return n.lets(f, release.MayHold(m, author, p))
}

func (n *Node) mayRead(m record.Marking, office string) bool {
	return n.lets(filterOffice, release.MayRead(m, n.party, office))
}

// forAll reports whether a part is public by its own marking.
func forAll(m record.Marking) bool { return release.Published(m) }

// readsParts refuses the operator, who is no office.
func (n *Node) readsParts(who Caller) error {
	if !n.lets(filterMachine, !who.Operator || who.Office != "") {
		return fmt.Errorf("the operator reads no parts: use an office's token: %w", ErrForbidden)
	}
	return nil
}

// in reports whether a draft or non-paper kept under a group's row is one of this group.
func (n *Node) in(g *group, row int64) bool { return n.lets(filterPlace, row == g.row) }

func (n *Node) involved(c *entente.ClearanceState, office string) bool {
	return n.lets(filterClearance, c.Involves(office))
}

// tells reports whether a calendar may tell a title.
func (n *Node) tells(f store.Feed, m record.Marking) bool {
	return n.lets(filterTitles, f.Titles || !release.Logged(m))
}

// public is the text of an instrument that the public may read now; nil: none.
func (n *Node) public(s *entente.State, now int64) *entente.VersionState {
	if n.lets(filterHour, false) {
		now = math.MaxInt64
	}
	return s.Public(now)
}

// withheld says why a part of a text that is let out is not public; empty: it is.
func (n *Node) withheld(h *record.Header, ref record.PartRef, parties []record.Party) Withheld {
	m := ref.Marking
	switch {
	case release.Published(m):
		return ""
	case !n.lets(filterOpen, m.TLP != record.Red):
		return WithheldOffices
	case !n.lets(filterAll, !slices.ContainsFunc(parties, func(q record.Party) bool { return !release.MayHold(m, h.Party, q) })):
		return WithheldParties
	case !n.lets(filterAnnex, strings.HasPrefix(ref.Name, "title.") || strings.HasPrefix(ref.Name, "body.")):
		return WithheldAnnex
	}
	return ""
}
