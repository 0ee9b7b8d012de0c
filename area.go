package entente

import (
	"errors"
	"fmt"
	"slices"

	"entente/consent"
	"entente/record"
	"entente/territory"
)

// Rule C3: who hosts is computed from the cells of the header and the boundary data that the charter names, by every node for
// itself. A node without that data lets nothing count that needs it (Ready): it never answers otherwise than the others.

// ErrBoundary: the boundary data that a charter names is not at hand.
var ErrBoundary = errors.New("the boundary data that the charter names is not here")

// ReasonArea: the area, or what it needs, is not as rule C3 wants it.
const ReasonArea = "area"

// boundary is the data that a charter names; nil where it names none. ok is false where it is not at hand.
func (l *Ledger) boundary(c *Charter) (b *territory.Boundary, ok bool) {
	if c == nil || c.Boundary == nil {
		return nil, true
	}
	if l.Boundary != nil {
		b = l.Boundary(c.Boundary.Digest)
	}
	return b, b != nil
}

// Ready reports whether the boundary data is at hand by which a header must be judged. What is not ready does not count yet.
func (l *Ledger) Ready(h *record.Header) bool {
	k := l.Kinds[h.Kind]
	if k == nil || k.Area == nil || h.Verb != record.Propose {
		return true
	}
	named := l.CharterByID(h.Charter)
	if named == nil {
		named = l.founding
	}
	_, ok := l.boundary(named)
	if in := l.charterFor(h); ok && in != nil {
		_, ok = l.boundary(in.charter)
	}
	return ok
}

// MissingBoundary names the boundary data that a charter's text asks for and that is not at hand, nil where nothing is missing.
func (l *Ledger) MissingBoundary(c *Charter) *Boundary {
	if _, ok := l.boundary(c); ok {
		return nil
	}
	return c.Boundary
}

// Locate says in whose territory the area of a header lies, by its charter. Territory of a party of the data that is no party of
// the group is that of a third state.
func (l *Ledger) Locate(h *record.Header) (territory.Finding, bool) {
	c := l.CharterByID(h.Charter)
	if c == nil {
		c = l.founding
	}
	return l.locate(c, h)
}

func (l *Ledger) locate(c *Charter, h *record.Header) (territory.Finding, bool) {
	b, ok := l.boundary(c)
	if !ok || b == nil || territory.CheckCells(h.Area) != nil {
		return territory.Finding{}, false
	}
	f := b.Locate(h.Area)
	stranger := func(p string) bool { return !slices.Contains(c.IDs(), record.Party(p)) }
	f.Others = f.Others || slices.ContainsFunc(f.Hosts, stranger)
	f.Hosts = slices.DeleteFunc(f.Hosts, stranger)
	f.Notified = slices.DeleteFunc(f.Notified, stranger)
	return f, true
}

// required evaluates rules C2 and C3 for a header of a kind.
func (l *Ledger) required(c *Charter, k *Kind, h *record.Header) []record.Party {
	ps := c.required(k, h)
	if k.Area == nil {
		return ps
	}
	hosts, _, _ := l.hosts(c, k, h)
	return together(ps, hosts)
}

// hosts are the parties that an area lies in and those that its proposer names; notified those it comes near.
func (l *Ledger) hosts(c *Charter, k *Kind, h *record.Header) (hosts, notified []record.Party, f territory.Finding) {
	f, _ = l.locate(c, h)
	named := slices.DeleteFunc(slices.Clone(k.Area(h)), func(p record.Party) bool { return !slices.Contains(c.IDs(), p) })
	hosts = together(parties(f.Hosts), named)
	notified = slices.DeleteFunc(parties(f.Notified), func(p record.Party) bool { return slices.Contains(hosts, p) })
	return hosts, notified, f
}

func parties(names []string) []record.Party {
	out := make([]record.Party, len(names))
	for i, n := range names {
		out[i] = record.Party(n)
	}
	return out
}

// area holds a header to naming an area where its kind needs one, and nowhere else.
func (l *Ledger) area(c *Case, k *Kind, charter *Charter) {
	h := c.Header
	if k.Area != nil {
		c.notified = func(o *record.Header) []record.Party {
			_, n, _ := l.hosts(l.charterOf(o), k, o)
			return n
		}
	}
	if k.Area == nil || h.Verb != record.Propose {
		if len(h.Area) > 0 {
			c.Against(ReasonTerms, "area", "%s %s takes no area", h.Kind, h.Verb)
		}
		return
	}
	switch err := territory.CheckCells(h.Area); {
	case len(h.Area) == 0:
		c.Against(ReasonArea, "area.none", "it has no area: say where it takes place")
	case err != nil:
		c.Against(ReasonArea, "area.cells", "its area is none: cells of S2 ascend and do not overlap")
	}
	if c.Charter == nil || l.CharterByID(h.Charter) != c.Charter {
		return // it has no effect, whoever hosts
	}
	switch _, ok := l.boundary(charter); {
	case charter.Boundary == nil:
		c.Against(ReasonArea, "area.boundary", "the charter names no boundary data: amend it first")
	case !ok: // Ready keeps nodes from here; whoever verifies a file is told
		c.Against(ReasonArea, "area.data", "the boundary data %s is not at hand", charter.Boundary.Digest.Short())
	}
}

// atHand reports whether everything that was judged by boundary data can be folded by it.
func (l *Ledger) atHand(effect []Judged) error {
	for _, j := range effect {
		if h := j.Header(); !l.Ready(h) {
			return fmt.Errorf("%w: put the file %s into the node's folder boundaries", ErrBoundary, l.CharterByID(h.Charter).Boundary.Digest)
		}
	}
	return nil
}

// foldArea adds what an area means for each version. A version that its required parties agreed on is stopped by a withdrawal of
// a host, of that version or later than its consent, and by a claim of a party that it does not name as a host; and it is never
// more than agreed where no party hosts it, or where it reaches into a third state. More records only stop more.
func (l *Ledger) foldArea(s *State, k *Kind, texts map[record.ID]*record.Header, effect []Judged) {
	for i := range s.Versions {
		v := &s.Versions[i]
		h := texts[v.ID]
		if h == nil {
			continue
		}
		c := l.CharterByID(h.Charter)
		if c == nil {
			c = l.founding
		}
		var f territory.Finding
		v.Hosts, v.Notified, f = l.hosts(c, k, h)
		v.Place = f.Place()
		for _, j := range effect {
			o := j.Header()
			if stop := v.stoppedBy(o, claims(l.Kinds, o)); stop {
				v.Stops = append(v.Stops, Stop{j.ID(), o.Ref(), o.Time, o.Verb != record.Withdraw})
			}
		}
		switch {
		case v.Standing != consent.InForce:
		case len(v.Stops) > 0:
			v.Standing = consent.Stopped
		case len(f.Hosts) == 0 || f.Others: // a host that is only named has no ground there
			v.Standing = consent.Hostless
		}
	}
}

func claims(kinds Kinds, h *record.Header) bool {
	if h.Verb != record.Note {
		return false
	}
	t, err := kinds.DecodeTerms(h)
	n, ok := t.(*ActionNote)
	return err == nil && ok && n.Claim
}

// stoppedBy reports whether a record keeps the version from being in force.
func (v *VersionState) stoppedBy(h *record.Header, claim bool) bool {
	host := slices.Contains(v.Hosts, h.Party)
	switch {
	case claim:
		return slices.Contains(v.Notified, h.Party)
	case v.Standing != consent.InForce: // then a withdrawal is what it always is
		return false
	case h.Verb != record.Withdraw || !host:
		return false
	case h.Version == v.ID:
		return true
	}
	for _, x := range v.Sides {
		if x.Party == h.Party && x.Consent != nil {
			return h.Index > x.Consent.Ref.Index
		}
	}
	return false
}
