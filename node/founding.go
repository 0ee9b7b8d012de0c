package node

import (
	"fmt"

	"entente/record"
)

// SetsUp reports whether the caller sets this node up: the operator of the machine, or an office that the party's own powers, those
// of its group of one, let sign charters. Whoever may bind the party to a group may also prepare one, and say what passes which
// office at home; keys and powers stay with the root key.
func (n *Node) SetsUp(who Caller) bool { return n.setsUp(who) == nil }

func (n *Node) setsUp(who Caller) error {
	if who.Operator {
		return nil
	}
	own := n.own()
	if own == nil {
		return fmt.Errorf("group of one: %w", ErrNotFound)
	}
	p := own.ledger.Ring(n.party).At(own.logs[n.party].tree.Size())
	if p == nil || !p.May(who.Office, "charter", record.Consent, "", n.clock()) {
		return fmt.Errorf("an office that may sign charters sets this up, or the operator of the node: %w", ErrForbidden)
	}
	return nil
}
