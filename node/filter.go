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
type filter uint32

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
	filterCalendars                    // an office is told of the calendars that it made
	filterFounding                     // a founding charter that waits is for who has it in hand
	filterTitles                       // a calendar tells titles above TLP:CLEAR where its office chose so
	filterHome                         // nothing of a group of one is public
	filterAuthor                       // one party's own text is public at that party's node alone
	filterHour                         // a text that was let out is public from its hour on
	filterOpen                         // of it, what is TLP:RED is not public
	filterAll                          // nor what is not released to every party
	filterAnnex                        // nor an annex that is not public by its own marking
	filterEnd
)

// lets is where every filter is asked: it reports whether a reader passes, by the answer of a rule. That nothing is
// read past them, and that each of them is needed, is tested with one of them off; no running node has any off.
func (n *Node) lets(f filter, answer bool) bool { return answer || n.off&f != 0 }

// mayAct lets an office into the groups whose powers name it, and who runs the machine into all.
func (n *Node) mayAct(who Caller, g *group) error {
	if n.lets(filterGroup, who.Operator) {
		return nil
	}
	if p := g.ledger.Ring(n.party).At(g.logs[n.party].tree.Size()); p != nil {
		if _, ok := p.Office(who.Office); ok {
			return nil
		}
	}
	return fmt.Errorf("group %s: %w", g.id.Short(), ErrNotFound) // it learns nothing of a group it is not in, or in which no office is yet
}

// reading finds a group that the caller may read in.
func (n *Node) reading(who Caller, id record.ID) (*group, error) {
	g, err := n.find(id)
	if err != nil {
		return nil, err
	}
	if n.mayAct(who, g) != nil {
		return nil, fmt.Errorf("group %s: %w", id.Short(), ErrNotFound) // whether it exists is not for this office
	}
	return g, nil
}

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

// logs reports whether what shows a part so marked stands in the access log, and bears the mark of its reader.
func logs(m record.Marking) bool { return release.Logged(m) }

// gains is who would hold or read a part by a marking that could not by another.
func gains(before, after record.Marking, author record.Party, parties []record.Party) release.Gain {
	return release.Gains(before, after, author, parties)
}

// releasedAs is a marking once its originator's release of the part counts.
func releasedAs(m record.Marking, x *entente.Widening) record.Marking {
	return release.Widen(m, x.To, x.Offices)
}

// publicAs is the marking of a part of a text once the text is let out.
func (n *Node) publicAs(h *record.Header, ref record.PartRef, parties []record.Party) record.Marking {
	m := ref.Marking
	k := n.kinds[h.Kind]
	if ref.Name == entente.QuotePart || k != nil && k.Announces() && n.withheld(h, ref, parties) == "" { // of a claim its words alone
		m.TLP, m.ReleasableTo, m.Offices = record.Clear, []record.Party{record.Public}, nil
	}
	return m
}

// forAll reports whether a part is public by its own marking.
func forAll(m record.Marking) bool { return release.Published(m) }

// runsMachine: the operator of the machine, in no office's name.
func runsMachine(who Caller) bool { return who.Operator && who.Office == "" }

// readsParts refuses the operator, who is no office.
func (n *Node) readsParts(who Caller) error {
	if !n.lets(filterMachine, !runsMachine(who)) {
		return fmt.Errorf("the operator reads no parts: use an office's token: %w", ErrForbidden)
	}
	return nil
}

// in reports whether a draft or non-paper kept under a group's row is one of this group.
func (n *Node) in(g *group, row int64) bool { return n.lets(filterPlace, row == g.row) }

func (n *Node) involved(c *entente.ClearanceState, office string) bool {
	return n.lets(filterClearance, c.Involves(office))
}

// audits reports whether an office, by the powers of the group of one, or who runs the machine may read the access log.
func (n *Node) audits(who Caller, p *entente.Powers) bool {
	if runsMachine(who) {
		return true
	}
	if p == nil {
		return false
	}
	o, ok := p.Office(who.Office)
	return n.lets(filterAudit, ok && slices.ContainsFunc(o.Grants, func(g entente.Grant) bool { return g.Covers("access", record.Note, "", n.clock()) }))
}

// lists reports whether a caller is told of a calendar: its secret is in no list.
func (n *Node) lists(who Caller, f store.Feed) bool {
	return n.lets(filterCalendars, who.Operator || f.Office == who.Office)
}

// hasInHand decides who sees a proposal: who sets the node up and has it in hand; where no office has yet, all that set up and, of a
// group within another that is held here, have a part in that one; and once the powers of the new group name offices, these.
func (n *Node) hasInHand(who Caller, id record.ID, k *keptProposal) bool {
	if g, err := n.find(id); err == nil && !who.Operator && n.mayAct(who, g) == nil {
		return true
	}
	if k.Declined {
		return false
	}
	if around, err := n.find(k.Within); err == nil && k.Office == "" && n.mayAct(who, around) != nil {
		return false
	}
	sees := n.setsUp(who) == nil && (who.Operator || !k.Operator && (k.Office == "" || k.Office == who.Office))
	return n.lets(filterFounding, sees)
}

// tells reports whether a calendar may tell a title.
func (n *Node) tells(f store.Feed, m record.Marking) bool {
	return n.lets(filterTitles, f.Titles || !release.Logged(m))
}

// public is the text of an instrument that the public may read at this node now; nil: none.
func (n *Node) public(g *group, s *entente.State, now int64) *entente.VersionState {
	own := record.Party(s.Fact("own"))
	if !n.lets(filterHome, len(g.logs) > 1) || !n.lets(filterAuthor, own == "" || own == n.party) {
		return nil
	}
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
