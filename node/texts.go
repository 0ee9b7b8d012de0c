package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"entente"
	"entente/record"
	"entente/release"
	"entente/store"
)

// Want names parts of a record that a page shows. A name that ends in * stands for all that begin so; no name: every part.
type Want struct {
	Group  record.ID
	Record record.ID
	Names  []string
	Own    bool // with the party's own note on the record
	Short  bool // what is too long to be laid out is a gap; false: all of it, or an error
	Tables bool // with Short: rows are computed with and not laid out, so that more of them are read
}

func (w *Want) wants(name string) bool {
	return len(w.Names) == 0 || slices.ContainsFunc(w.Names, func(x string) bool {
		base, all := strings.CutSuffix(x, "*")
		return x == name || all && strings.HasPrefix(name, base)
	})
}

// MarkedPart is a part with its marking.
type MarkedPart struct {
	record.Part
	Marking record.Marking
}

// Gap is why a part that the header names is not shown.
type Gap string

// The gaps.
const (
	GapParty  Gap = "party"  // it is not released to this party
	GapOffice Gap = "office" // it is for the offices that its marking names
	GapAbsent Gap = "absent" // it has not arrived
	GapErased Gap = "erased" // its content was destroyed
	GapLong   Gap = "long"   // it is too long for a page, and can be read as a file
)

// Text is what a page shows of one record, by the names of the parts.
type Text struct {
	Parts []MarkedPart
	Gaps  map[string]Gap // by name; never a part that is shown
	Own   *OwnNote       // nil: none, or not wanted
}

// Part finds a part by name.
func (t *Text) Part(name string) (MarkedPart, bool) {
	if t != nil {
		for _, p := range t.Parts {
			if p.Name == name {
				return p, true
			}
		}
	}
	return MarkedPart{}, false
}

// Texts are what a page shows, by record. A record that is not held is missing.
type Texts map[record.ID]*Text

// Texts reads what one page shows: all parts wanted that the caller's office may read, from one state of the database. Before
// anything is returned, what is above TLP:CLEAR stands in the party's own access log as one entry for the whole page.
// page says which it was. Errors: ErrNotFound for a group that is not the office's, ErrForbidden for the operator, ErrInvalid
// where it is more than a page may show.
func (n *Node) Texts(ctx context.Context, who Caller, page string, wants []Want) (Texts, error) {
	if len(wants) > MaxWants {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("texts.many", "a page reads from at most %d records", MaxWants))
	}
	return n.texts(ctx, who, page, wants, maxTexts)
}

func (n *Node) texts(ctx context.Context, who Caller, page string, wants []Want, limit uint64) (Texts, error) {
	out, shown, err := n.readTexts(ctx, who, wants, limit)
	if err == nil {
		err = n.logShown(ctx, who, page, shown)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// readTexts reads texts, and gives what of them must stand in the access log before they are shown.
func (n *Node) readTexts(ctx context.Context, who Caller, wants []Want, limit uint64) (Texts, []entente.AccessItem, error) {
	p, wants, err := n.opened(ctx, who, wants, limit)
	if err != nil {
		return nil, nil, err
	}
	var shown []entente.AccessItem
	for _, w := range wants {
		if t := p.out[w.Record]; t != nil && p.headers[w.Record].Group == w.Group {
			shown = append(shown, logged(w.Group, w.Record, t)...)
		}
	}
	return p.out, shown, nil
}

// opened reads what the office may read and writes nothing: whoever calls it shows none of it before what is shown stands in the
// access log.
func (n *Node) opened(ctx context.Context, who Caller, wants []Want, limit uint64) (*pageParts, []Want, error) {
	if err := n.readsParts(who); err != nil {
		return nil, nil, err
	}
	wants = merged(wants)
	byGroup := map[record.ID][]*Want{}
	groups := map[record.ID]*group{}
	for i := range wants {
		w := &wants[i]
		if groups[w.Group] == nil {
			g, err := n.reading(who, w.Group)
			if err != nil {
				return nil, nil, err
			}
			groups[w.Group] = g
		}
		byGroup[w.Group] = append(byGroup[w.Group], w)
	}
	p := &pageParts{n: n, office: who.Office, out: Texts{}, headers: map[record.ID]*record.Header{}, states: map[record.ID]*entente.State{}, wider: map[partOf]record.Marking{}}
	err := n.store.Snapshot(ctx, func(v *store.View) error {
		for id, g := range groups {
			if err := p.records(v, g, byGroup[id]); err != nil {
				return err
			}
			if err := p.notes(v, g, byGroup[id]); err != nil {
				return err
			}
		}
		if p.size > limit {
			return fmt.Errorf("%w: %w", ErrInvalid, record.Because("texts.long", "%d bytes of content at once, the limit is %d: name fewer parts", p.size, limit))
		}
		return store.Parts(v, p.keys, p.open)
	})
	if err != nil {
		return nil, nil, explain(err)
	}
	for _, t := range p.out {
		slices.SortFunc(t.Parts, func(a, b MarkedPart) int { return compare(a.Name, b.Name) })
	}
	return p, wants, nil
}

// merged lets a page want a record in several places.
func merged(wants []Want) []Want {
	at := make(map[[2]record.ID]int, len(wants))
	out := make([]Want, 0, len(wants))
	for _, w := range wants {
		key := [2]record.ID{w.Group, w.Record}
		i, ok := at[key]
		switch {
		case !ok:
			at[key] = len(out)
			out = append(out, w)
			continue
		case len(w.Names) == 0 || len(out[i].Names) == 0:
			out[i].Names, out[i].Own = nil, out[i].Own || w.Own
		default:
			out[i].Names, out[i].Own = append(slices.Clone(out[i].Names), w.Names...), out[i].Own || w.Own
		}
		out[i].Short = out[i].Short && w.Short
	}
	return out
}

// pageParts is a page under way: the records first, then the parts of them that the rules let through, in few statements.
type pageParts struct {
	n       *Node
	office  string
	out     Texts
	headers map[record.ID]*record.Header
	keys    []store.PartKey
	size    uint64                       // of all that is read
	laid    uint64                       // of what is laid out
	states  map[record.ID]*entente.State // read for what was released since
	wider   map[partOf]record.Marking    // what lets the office read, where it is not the marking in the header
}

type partOf struct {
	id   record.ID
	name string
}

func (p *pageParts) records(v *store.View, g *group, wants []*Want) error {
	ids := make([]record.ID, len(wants))
	for i, w := range wants {
		ids[i] = w.Record
	}
	held, err := store.ByIDs(v, g.rows(), ids)
	if err != nil {
		return err
	}
	for _, w := range wants {
		e, ok := held[w.Record]
		if !ok {
			continue
		}
		h, t := e.Record.Header(), &Text{Gaps: map[string]Gap{}}
		p.out[w.Record], p.headers[w.Record] = t, h
		for _, ref := range h.Parts {
			if !w.wants(ref.Name) {
				continue
			}
			why := p.n.gap(h, ref, p.office)
			if why != "" { // its originator may have released it since
				m, err := widened(v, g.rows(), e.Record.Instrument(), w.Record, ref.Name, ref.Marking, p.states)
				if err != nil {
					return err
				}
				if why = p.n.gapOf(h.Party, m, p.office); why == "" {
					p.wider[partOf{w.Record, ref.Name}] = m
				}
			}
			if why != "" {
				t.Gaps[ref.Name] = why
				continue
			}
			if w.Short && p.long(w, ref) {
				t.Gaps[ref.Name] = GapLong
				continue
			}
			t.Gaps[ref.Name] = GapAbsent // until it is found
			p.keys = append(p.keys, store.PartKey{Pos: e.Pos, ID: w.Record, Name: ref.Name})
			p.size += ref.Length
			if !w.Tables || ref.Name != record.RowsPart {
				p.laid += ref.Length
			}
		}
	}
	return nil
}

// long reports whether a part is too long to be laid out, alone or with what the page shows already.
func (p *pageParts) long(w *Want, ref record.PartRef) bool {
	if w.Tables && ref.Name == record.RowsPart {
		return p.size+ref.Length > maxTables
	}
	longest := uint64(longestText)
	if strings.HasPrefix(ref.Name, "title.") {
		longest = longestTitle
	}
	return ref.Length > longest || p.laid+ref.Length > maxShown
}

func (p *pageParts) open(k store.PartKey, part record.Part, err error) error {
	t, h := p.out[k.ID], p.headers[k.ID]
	if errors.Is(err, store.ErrErased) {
		t.Gaps[k.Name] = GapErased
		return nil
	}
	if err := record.Open(h, part); err != nil {
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	ref, _ := h.Part(k.Name)
	m, ok := p.wider[partOf{k.ID, k.Name}]
	if !ok {
		m = ref.Marking
	}
	t.Parts = append(t.Parts, MarkedPart{part, m})
	delete(t.Gaps, k.Name)
	return nil
}

// logged is what of shown parts must stand in the access log.
func logged(group, id record.ID, t *Text) []entente.AccessItem {
	var names []string
	for _, p := range t.Parts {
		if release.Logged(p.Marking) {
			names = append(names, p.Name)
		}
	}
	if t.Own != nil {
		names = append(names, OwnNotePart)
	}
	if len(names) == 0 {
		return nil
	}
	return []entente.AccessItem{{Group: group, Records: []record.ID{id}, Parts: names}}
}

// logShown writes the access log, in the group of one: one commit, or nothing is shown.
func (n *Node) logShown(ctx context.Context, who Caller, page string, items []entente.AccessItem) error {
	if len(items) == 0 {
		return nil
	}
	own, err := n.own(), error(nil)
	if own == nil {
		err = fmt.Errorf("group of one: %w", ErrNotFound)
	}
	var hs []record.Header
	if err == nil {
		hs, err = entente.AccessEntries(entente.Access{Office: who.Office, Seat: who.Seat, Via: who.Via, How: who.How, Page: page, Items: items})
	}
	if err == nil {
		err = n.writeSilent(ctx, own, hs...)
	}
	if err != nil {
		return fmt.Errorf("the access log could not be written, so nothing is shown: %w", err)
	}
	return nil
}

// logWayIn keeps in the access log that a way in was made or used, before it is.
func (n *Node) logWayIn(ctx context.Context, office string, seat uint64, how, via string) error {
	own := n.own()
	if own == nil {
		return fmt.Errorf("group of one: %w", ErrNotFound)
	}
	h, err := entente.AccessBegun(entente.Access{Office: office, Seat: seat, Via: via, How: how})
	if err == nil {
		err = n.writeSilent(ctx, own, h)
	}
	if err != nil {
		return fmt.Errorf("the access log could not be written: %w", err)
	}
	return nil
}

// Parts reads the parts of a record that the office may see, all of them or those named, with one entry in the access log.
func (n *Node) Parts(ctx context.Context, who Caller, group, id record.ID, names ...string) ([]MarkedPart, error) {
	t, err := n.Texts(ctx, who, "", []Want{{Group: group, Record: id, Names: names}})
	if err != nil {
		return nil, err
	}
	if t[id] == nil {
		return nil, fmt.Errorf("record %s: %w", id.Short(), ErrNotFound)
	}
	return t[id].Parts, nil
}

// Part reads a part for an office. Whatever is above TLP:CLEAR stands in this party's own access log before it is returned.
// A part that is not here, not for this office or destroyed: ErrNotFound, without saying which to strangers.
func (n *Node) Part(ctx context.Context, who Caller, group, id record.ID, name string) (record.Part, record.Marking, error) {
	parts, err := n.Parts(ctx, who, group, id, name)
	if err != nil {
		return record.Part{}, record.Marking{}, err
	}
	for _, p := range parts {
		if p.Name == name {
			return p.Part, p.Marking, nil
		}
	}
	return record.Part{}, record.Marking{}, fmt.Errorf("part %.70q: %w", name, ErrNotFound)
}
