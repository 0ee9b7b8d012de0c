package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"entente"
	"entente/record"
	"entente/release"
	"entente/store"
)

// Held is a passage of a text that cannot be announced as things stand. Of a part that the asking office may not read it says no more
// than the sentence and whose word it needs.
type Held struct {
	Part    string           `json:"part"` // of the text
	Start   int              `json:"start"`
	End     int              `json:"end"` // bytes of the part
	Passage string           `json:"passage"`
	Needs   record.Party     `json:"needs"`             // whose release it needs: the originator's
	Source  *HeldSource      `json:"source,omitempty"`  // absent: not for this office
	Grounds []release.Ground `json:"grounds,omitempty"` // absent: not for this office
}

// HeldSource is the passage that a text gives away.
type HeldSource struct {
	Group   record.ID `json:"group"`
	Record  record.ID `json:"record"`
	Part    string    `json:"part"`
	Passage string    `json:"passage"`
}

// ReasonHeld is the code of the gate's refusal to let out a text that gives away what may not be published.
const ReasonHeld = "held"

// unannounced is the index of what this party holds and may not publish. It is in memory alone: a stolen database reads nothing that
// was derived from a part. It is built at the first check and goes on from there.
type unannounced struct {
	mu      sync.Mutex
	index   *release.Index
	next    map[int64]uint64           // by log: records below are in it
	sources []heldPart                 // by release.Source - 1
	absent  map[store.PartKey]heldPart // parts that have not arrived
	public  map[record.ID]bool
	checks  map[string]map[record.ID]int64 // by office: what it asked within the last hour, and when first
}

type heldPart struct {
	group      *group
	id         record.ID
	instrument record.ID
	name       string
	author     record.Party
	marking    record.Marking
}

// CheckAnnouncement holds a text against everything that this party holds and may not publish, in all its groups. Nothing binds by
// it.
func (n *Node) CheckAnnouncement(ctx context.Context, who Caller, group record.ID, texts map[string]string) ([]Held, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	if who.Office == "" {
		return nil, fmt.Errorf("the operator reads no parts: use an office's token: %w", ErrForbidden)
	}
	return n.shownHeld(ctx, who, g, record.ID{}, texts)
}

// HeldDraft is the same of a draft whose text may be published one day: the text itself, or the act that lets it out.
func (n *Node) HeldDraft(ctx context.Context, who Caller, d *Draft) ([]Held, error) {
	g, err := n.reading(who, d.Header.Group)
	if err != nil || who.Office == "" {
		return nil, err
	}
	texts, err := n.announced(ctx, g, d.Header, d.parts)
	if err != nil || len(texts) == 0 {
		return nil, err
	}
	return n.shownHeld(ctx, who, g, d.Header.Instrument, texts)
}

// announced are the texts that the public would read by an act: of the text that it proposes, or that it lets out; none of others.
func (n *Node) announced(ctx context.Context, g *group, h *record.Header, parts []record.Part) (map[string]string, error) {
	k := n.kinds[h.Kind]
	if k == nil || len(g.logs) < 2 || !k.Announces() {
		return nil, nil
	}
	texts := map[string]string{}
	add := func(h *record.Header, p record.Part) {
		ref, ok := h.Part(p.Name)
		if ok && n.withheld(h, ref, g.ledger.Parties()) == "" && utf8.Valid(p.Content) && isText(p.Name) {
			texts[p.Name] = string(p.Content)
		}
	}
	switch h.Verb {
	case record.Propose:
		for _, p := range parts {
			add(h, p)
		}
	case record.Release:
		err := n.store.Snapshot(ctx, func(v *store.View) error {
			e, err := store.ByID(v, g.rows(), h.Version)
			if err != nil {
				return err
			}
			text := e.Record.Header()
			var keys []store.PartKey
			for _, ref := range text.Parts {
				keys = append(keys, store.PartKey{Pos: e.Pos, ID: h.Version, Name: ref.Name})
			}
			return store.Parts(v, keys, func(_ store.PartKey, p record.Part, err error) error {
				if errors.Is(err, store.ErrErased) {
					return nil
				}
				add(text, p)
				return err
			})
		})
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil // the judge says so
		} else if err != nil {
			return nil, explain(err)
		}
	}
	return texts, nil
}

// isText: a part that is words. Files and tables are compared by people.
func isText(name string) bool { return name != record.RowsPart && !strings.HasPrefix(name, "annex/") }

// mayAnnounce refuses to let out a text that gives away what may not be published, unless two offices have cleared exactly this act
// knowing as many passages held. It asks before the commit: what comes to be held later is no part of it.
func (n *Node) mayAnnounce(ctx context.Context, g *group, d *Draft) error {
	if d.Header.Verb != record.Release {
		return nil
	}
	texts, err := n.announced(ctx, g, d.Header, nil)
	if err != nil || len(texts) == 0 {
		return err
	}
	held, err := n.held(ctx, d.Header.Instrument, texts)
	if err != nil || len(held) == 0 {
		return err
	}
	states, err := store.AskedStates(n.store.View(ctx), d.Nonce)
	if err != nil {
		return explain(err)
	}
	knew := map[string]bool{}
	for _, body := range states {
		s, err := entente.ParseState(body)
		if err != nil || s.Clearance == nil {
			return fmt.Errorf("clearance: %w", errors.Join(store.ErrCorrupt, err))
		}
		if s.Clearance.Act != d.Act || s.Clearance.Held < uint64(len(held)) {
			continue
		}
		for _, o := range s.Clearance.Offices {
			if o.Standing == entente.ClearanceCleared {
				knew[o.Office] = true
			}
		}
	}
	if len(knew) >= 2 {
		return nil
	}
	return &Refusal{[]entente.Reason{entente.ReasonFor(ReasonHeld, record.Because("announce.held", "%d passages of the text give away what may not be published: its offices see which; ask for their release, or have two offices clear this draft", len(held)))}}
}

// heldOf is how many passages of a kept draft are held.
func (n *Node) heldOf(ctx context.Context, g *group, nonce record.Nonce) (int, error) {
	t, err := n.homeText(n.store.View(ctx), g, nonce)
	if err != nil {
		return 0, err
	}
	var parts []record.Part
	for _, p := range t.parts {
		parts = append(parts, p.Part)
	}
	texts, err := n.announced(ctx, g, t.header, parts)
	if err != nil || len(texts) == 0 {
		return 0, err
	}
	held, err := n.held(ctx, t.header.Instrument, texts)
	return len(held), err
}

// heldIn is a hold with what it was found in.
type heldIn struct {
	release.Hold
	part   string
	source heldPart
}

// shownHeld are the holds as an office may see them. What is held says something of parts that the office may not read: so the check
// stands in the access log, whatever it finds, and an office asks of maxAnnouncements texts in an hour, of the same one as often as
// it likes. More are ErrConflict.
func (n *Node) shownHeld(ctx context.Context, who Caller, g *group, instrument record.ID, texts map[string]string) ([]Held, error) {
	name := n.keys.nameOf(texts)
	if !n.unannounced.may(who.Office, name, n.clock()) {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("announce.often", "an office checks at most %d texts in an hour", maxAnnouncements))
	}
	found, err := n.held(ctx, instrument, texts)
	if err != nil {
		return nil, err
	}
	out := make([]Held, len(found)) // never nil: as a list it is empty
	var wants []Want
	for i, h := range found {
		out[i] = Held{Part: h.part, Start: h.Start, End: h.End, Passage: texts[h.part][h.Start:h.End], Needs: h.source.author}
		if o := h.source.marking.Originator; o != "" {
			out[i].Needs = o
		}
		if n.mayAct(who, h.source.group) != nil {
			continue
		}
		m, err := widened(n.store.View(ctx), h.source.group.rows(), h.source.instrument, h.source.id, h.source.name, h.source.marking, nil)
		if err != nil {
			return nil, explain(err)
		}
		if n.gapOf(h.source.author, m, who.Office) == "" {
			wants = append(wants, Want{Group: h.source.group.id, Record: h.source.id, Names: []string{h.source.name}})
		}
	}
	shown := Texts{}
	if len(wants) > 0 {
		if shown, err = n.texts(ctx, who, "announce", wants, maxTexts); err != nil {
			return nil, err
		}
	}
	asked := entente.AccessItem{Group: g.id, Records: []record.ID{name}, Parts: sortedKeys(texts)}
	if err := n.logShown(ctx, who, "announce", []entente.AccessItem{asked}); err != nil {
		return nil, err
	}
	for i, h := range found {
		if p, ok := shown[h.source.id].Part(h.source.name); ok && h.To <= len(p.Content) && n.mayAct(who, h.source.group) == nil {
			out[i].Grounds = h.Grounds
			out[i].Source = &HeldSource{Group: h.source.group.id, Record: h.source.id, Part: h.source.name, Passage: string(p.Content[h.From:h.To])}
		}
	}
	return out, nil
}

// held holds texts against the index. What stands in the instrument itself, and what is public by now, holds nothing.
func (n *Node) held(ctx context.Context, instrument record.ID, texts map[string]string) ([]heldIn, error) {
	u := &n.unannounced
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := n.index(ctx); err != nil {
		return nil, fmt.Errorf("what may not be published could not be read, so nothing is announced: %w", explain(err))
	}
	own := func(s release.Source) bool {
		x := u.sources[s-1]
		return !instrument.IsZero() && x.instrument == instrument
	}
	var out []heldIn
	for _, name := range sortedKeys(texts) {
		hs, err := u.index.Check(texts[name], own, nil)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("announce.long", "the text is longer than %d bytes, the most that one check reads", release.MaxChecked))
		}
		for _, h := range hs {
			if slices.ContainsFunc(out, func(x heldIn) bool {
				return x.part == name && x.Start == h.Start && x.End == h.End && x.source.id == u.sources[h.Source-1].id
			}) {
				continue // another part of the same record: its other language
			}
			out = append(out, heldIn{h, name, u.sources[h.Source-1]})
		}
	}
	return out, nil
}

// nameOf stands for what was asked in the access log.
func (k *nodeKeys) nameOf(texts map[string]string) record.ID {
	var b []byte
	for _, name := range sortedKeys(texts) {
		b = fmt.Appendf(b, "%d %s %d %s", len(name), name, len(texts[name]), texts[name])
	}
	return k.name("entente/announced/v1", b)
}

func sortedKeys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// index takes in what came since the last check. Its lock is held.
func (n *Node) index(ctx context.Context) error {
	u := &n.unannounced
	if u.index == nil || u.index.Worn() {
		u.index, u.next, u.sources, u.public, u.absent = release.NewIndex(), map[int64]uint64{}, nil, map[record.ID]bool{}, map[store.PartKey]heldPart{}
	}
	n.mu.RLock()
	var groups []*group
	for _, g := range n.groups {
		groups = append(groups, g)
	}
	n.mu.RUnlock()
	slices.SortFunc(groups, func(a, b *group) int { return int(a.row - b.row) })
	now := n.clock()
	err := n.store.Snapshot(ctx, func(v *store.View) error {
		if err := n.indexParts(v); err != nil {
			return err
		}
		for _, g := range groups {
			if err := n.takePublic(v, g, now); err != nil {
				return err
			}
			for _, p := range g.ledger.Parties() {
				if l := g.logs[p]; l != nil {
					if err := n.indexLog(v, g, l.row); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		u.index = nil // it is built anew: half of it would let things through
	}
	return err
}

// indexParts takes in what has arrived of the parts that are still absent.
func (n *Node) indexParts(v *store.View) error {
	u := &n.unannounced
	var keys []store.PartKey
	for k := range u.absent {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b store.PartKey) int { return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.Name, b.Name)) })
	return store.Parts(v, keys, func(k store.PartKey, p record.Part, err error) error {
		x := u.absent[k]
		delete(u.absent, k)
		if errors.Is(err, store.ErrErased) || err == nil && !utf8.Valid(p.Content) {
			return nil
		}
		if err != nil {
			return err
		}
		return n.addHeld(x, string(p.Content), forAll(x.marking))
	})
}

// takePublic notes the texts that are public by now: what the index has of them is no reason to hold, and neither is what says the same.
func (n *Node) takePublic(v *store.View, g *group, now int64) error {
	u := &n.unannounced
	of, err := n.publicOf(v, g, now)
	if err != nil {
		return err
	}
	for _, p := range of {
		if u.public[p.Version] {
			continue
		}
		for i := range u.sources {
			if u.sources[i].id == p.Version {
				u.index.Drop(release.Source(i + 1))
			}
		}
		for _, part := range p.Parts {
			if isText(part.Name) && utf8.Valid(part.Content) {
				if err := n.addHeld(heldPart{group: g, id: p.Version, instrument: p.Instrument, name: part.Name}, string(part.Content), true); err != nil {
					return err
				}
			}
		}
		u.public[p.Version] = true
	}
	return nil
}

func (n *Node) addHeld(x heldPart, text string, public bool) error {
	u := &n.unannounced
	if _, err := u.index.Add(text, public); err != nil {
		return err
	}
	u.sources = append(u.sources, x)
	return nil
}

func (n *Node) indexLog(v *store.View, g *group, log int64) error {
	u := &n.unannounced
	const step = 500
	for {
		from := u.next[log]
		read := uint64(0)
		wider := map[record.ID][]string{} // by the record whose parts were released to this party later
		err := store.Between(v, log, from, from+step, func(e store.Entry) error {
			read++
			h := e.Record.Header()
			if x := n.kinds.WideningOf(h); x != nil && slices.Contains(x.To, n.party) {
				wider[x.Of] = append(wider[x.Of], x.Parts...)
			}
			for _, ref := range h.Parts {
				if n.mayHold(filterHold, ref.Marking, h.Party, n.party) {
					u.await(g, e, ref)
				}
			}
			return nil
		})
		if err != nil || read == 0 {
			return err
		}
		released, err := store.ByIDs(v, g.rows(), slices.Collect(maps.Keys(wider)))
		if err != nil {
			return err
		}
		for id, e := range released {
			for _, ref := range e.Record.Header().Parts {
				if slices.Contains(wider[id], ref.Name) {
					u.await(g, e, ref)
				}
			}
		}
		if err := n.indexParts(v); err != nil {
			return err
		}
		u.next[log] = from + read
		if read < step {
			return nil
		}
	}
}

// await notes a part that is to be in the index once it is here.
func (u *unannounced) await(g *group, e store.Entry, ref record.PartRef) {
	id := e.Record.ID()
	if isText(ref.Name) && !u.public[id] {
		u.absent[store.PartKey{Pos: e.Pos, ID: id, Name: ref.Name}] = heldPart{group: g, id: id, instrument: e.Record.Instrument(), name: ref.Name, author: e.Record.Header().Party, marking: ref.Marking}
	}
}

// may counts the texts that an office checks.
func (u *unannounced) may(office string, text record.ID, now int64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.checks == nil {
		u.checks = map[string]map[record.ID]int64{}
	}
	if u.checks[office] == nil {
		u.checks[office] = map[record.ID]int64{}
	}
	of := u.checks[office]
	maps.DeleteFunc(of, func(_ record.ID, t int64) bool { return t <= now-3600 })
	if _, ok := of[text]; !ok && len(of) >= maxAnnouncements {
		return false
	} else if !ok {
		of[text] = now
	}
	return true
}
