package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	Listed  bool             `json:"listed,omitempty"`  // by the watch list of this party
	Term    string           `json:"entry,omitempty"`   // of the watch list; absent: not for this office
	Grounds []release.Ground `json:"grounds,omitempty"` // absent: not for this office
}

// HeldSource is the passage that a text gives away.
type HeldSource struct {
	Group      record.ID `json:"group"`
	Record     record.ID `json:"record"`
	Instrument record.ID `json:"instrument"`
	Part       string    `json:"part"`
	Passage    string    `json:"passage"`
}

// ReasonHeld is the code of the gate's refusal to let out a text that gives away what may not be published.
const ReasonHeld = "held"

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
	return n.shownHeld(ctx, who, g, said{}, texts)
}

// HeldDraft is the same of a draft whose text may be published one day: the text itself, the act that lets it out, or this party's word
// that it has no objection to another's.
func (n *Node) HeldDraft(ctx context.Context, who Caller, d *Draft) ([]Held, error) {
	g, err := n.reading(who, d.Header.Group)
	if err != nil || who.Office == "" {
		return nil, err
	}
	texts, err := n.announced(ctx, g, d.Header, d.parts)
	if err != nil || len(texts) == 0 {
		return nil, err
	}
	by, err := n.saidOf(ctx, g, d.Header)
	if err != nil {
		return nil, err
	}
	return n.shownHeld(ctx, who, g, by, texts)
}

// announced are the texts that the public would read by an act: of the text that it proposes, that it lets out, or, another party's,
// that it has no objection to; none of others.
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
	if h.Verb == record.Propose {
		for _, p := range parts {
			add(h, p)
		}
	} else if id := n.textLet(h); !id.IsZero() {
		err := n.store.Snapshot(ctx, func(v *store.View) error {
			e, err := store.ByID(v, g.rows(), id)
			if err != nil {
				return err
			}
			text := e.Record.Header()
			if h.Verb == record.Reply && (text.Party == n.party || text.Verb != record.Propose) {
				return nil
			}
			var keys []store.PartKey
			for _, ref := range text.Parts {
				keys = append(keys, store.PartKey{Pos: e.Pos, ID: id, Name: ref.Name})
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

// textLet is the text that an act lets be published, or says that it has no objection to; zero: it is another act.
func (n *Node) textLet(h *record.Header) record.ID {
	switch h.Verb {
	case record.Release:
		return h.Version
	case record.Reply:
		t, err := n.kinds.DecodeTerms(h)
		if r, ok := t.(*entente.ReplyTerms); ok && err == nil && r.Stance == entente.Acknowledge {
			return r.To
		}
	}
	return record.ID{}
}

// isText: a part that is words. Files and tables are compared by people.
func isText(name string) bool { return name != record.RowsPart && !strings.HasPrefix(name, "annex/") }

// mayAnnounce refuses to let out a text that gives away what may not be published, unless two offices have cleared exactly this act
// after they were asked about these passages: another passage, or the same one by another text, is cleared anew. It asks before the commit: what comes to be held later is no part of it.
func (n *Node) mayAnnounce(ctx context.Context, g *group, d *Draft) error {
	if d.Header.Verb != record.Release {
		return nil
	}
	texts, err := n.announced(ctx, g, d.Header, nil)
	if err != nil || len(texts) == 0 {
		return err
	}
	by, err := n.saidOf(ctx, g, d.Header)
	if err != nil {
		return err
	}
	held, err := n.held(ctx, by, texts)
	if err != nil || len(held) == 0 {
		return err
	}
	holds := digestsOf(d.Act, held)
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
		if s.Clearance.Act != d.Act || slices.ContainsFunc(holds, func(x record.ID) bool { return !slices.Contains(s.Clearance.Holds, x) }) {
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

// heldOf are the passages of a kept draft that are held, by their digests.
func (n *Node) heldOf(ctx context.Context, g *group, nonce record.Nonce) ([]record.ID, error) {
	t, err := n.homeText(n.store.View(ctx), g, nonce)
	if err != nil {
		return nil, err
	}
	var parts []record.Part
	for _, p := range t.parts {
		parts = append(parts, p.Part)
	}
	texts, err := n.announced(ctx, g, t.header, parts)
	if err != nil || len(texts) == 0 {
		return nil, err
	}
	by, err := n.saidOf(ctx, g, t.header)
	if err != nil {
		return nil, err
	}
	held, err := n.held(ctx, by, texts)
	return digestsOf(t.act, held), err
}

// said is what a text that is checked is, and who has let it be said.
type said struct {
	instrument record.ID      // zero: on no record yet
	lets       []record.Party // what is these originators' own may be said in it
	alone      record.Party   // whose sources count alone; empty: all parties'
}

// saidOf reads who has let the text that an act lets out be said.
func (n *Node) saidOf(ctx context.Context, g *group, h *record.Header) (said, error) {
	out := said{instrument: h.Instrument}
	if h.Verb == record.Reply { // to another party's text: of this one's own alone
		out.alone = n.party
	}
	if h.Verb != record.Release {
		return out, nil
	}
	err := n.store.Snapshot(ctx, func(v *store.View) error {
		s, err := stateOf(v, g.rows(), h.Instrument)
		if err != nil {
			return err
		}
		for _, p := range g.ledger.Parties() {
			if p != n.party && s.Lets(h.Version, p) {
				out.lets = append(out.lets, p)
			}
		}
		return nil
	})
	return out, explainNil(err)
}

// heldIn is a hold with what it was found in.
type heldIn struct {
	release.Hold
	part   string
	source heldPart // zero: the watch list
}

// digestsOf stand for passages and what holds them in a clearance, ascending. Who cannot read a source finds out by none of them which
// it is: its part's salt goes into it.
func digestsOf(act record.ID, held []heldIn) []record.ID {
	var out []record.ID
	for _, x := range held {
		h := sha256.New()
		fmt.Fprintf(h, "%s %s %d %d %s %x", act, x.part, x.Start, x.End, x.source.id, x.source.salt)
		out = append(out, record.ID(h.Sum(nil)))
	}
	slices.SortFunc(out, func(a, b record.ID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(out)
}

// shownHeld are the holds as an office may see them. What is held says something of parts that the office may not read: so the check
// stands in the access log, whatever it finds, and an office asks of maxAnnouncements texts in an hour, of the same one as often as
// it likes. More are ErrConflict.
func (n *Node) shownHeld(ctx context.Context, who Caller, g *group, by said, texts map[string]string) ([]Held, error) {
	name := n.keys.nameOf(texts)
	if !n.unannounced.may(who.Office, name, n.clock()) {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("announce.often", "an office checks at most %d texts in an hour", maxAnnouncements))
	}
	found, err := n.held(ctx, by, texts)
	if err != nil {
		return nil, err
	}
	listed := n.readsWatch(who) == nil
	out := make([]Held, len(found)) // never nil: as a list it is empty
	var wants []Want
	for i, h := range found {
		out[i] = Held{Part: h.part, Start: h.Start, End: h.End, Passage: texts[h.part][h.Start:h.End], Needs: h.source.originator()}
		if h.Source == 0 {
			out[i].Needs, out[i].Listed, out[i].Grounds = n.party, true, h.Grounds
			if listed {
				out[i].Term = h.Term
			}
			continue
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
		if h.Source == 0 {
			continue
		}
		if p, ok := shown[h.source.id].Part(h.source.name); ok && h.To <= len(p.Content) && n.mayAct(who, h.source.group) == nil {
			out[i].Grounds = h.Grounds
			out[i].Source = &HeldSource{Group: h.source.group.id, Record: h.source.id, Instrument: h.source.instrument, Part: h.source.name, Passage: string(p.Content[h.From:h.To])}
		}
	}
	return out, nil
}

// held holds texts against the index and the watch list. What stands in the instrument itself, what is public or destroyed by now, and
// what its originator has let this text say, holds nothing.
func (n *Node) held(ctx context.Context, by said, texts map[string]string) ([]heldIn, error) {
	terms, err := n.watchTerms(ctx)
	if err != nil {
		return nil, err
	}
	u := &n.unannounced
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := n.index(ctx); err != nil {
		return nil, fmt.Errorf("what may not be published could not be read, so nothing is announced: %w", explain(err))
	}
	free := func(s release.Source) bool {
		x := u.sources[s-1]
		return !by.instrument.IsZero() && x.instrument == by.instrument || slices.Contains(by.lets, x.originator()) || by.alone != "" && x.originator() != by.alone
	}
	var out []heldIn
	for _, name := range sortedKeys(texts) {
		hs, err := u.index.Check(texts[name], free, terms)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("announce.long", "the text is longer than %d bytes, the most that one check reads", release.MaxChecked))
		}
		for _, h := range hs {
			x := heldIn{Hold: h, part: name}
			if h.Source != 0 {
				x.source = u.sources[h.Source-1]
			}
			if slices.ContainsFunc(out, func(y heldIn) bool {
				return y.part == name && y.Start == h.Start && y.End == h.End && y.source.id == x.source.id
			}) {
				continue // another part of the same record, its other language; or another term
			}
			out = append(out, x)
		}
	}
	return n.stillHeld(ctx, out)
}

// stillHeld leaves out what was destroyed or given back since the index took it in. The lock of the index is held.
func (n *Node) stillHeld(ctx context.Context, found []heldIn) ([]heldIn, error) {
	var keys []store.PartKey
	for _, x := range found {
		if x.Source != 0 {
			keys = append(keys, x.source.key())
		}
	}
	there := map[store.PartKey]bool{}
	err := store.Parts(n.store.View(ctx), keys, func(k store.PartKey, _ record.Part, err error) error {
		there[k] = err == nil
		return nil
	})
	if err != nil {
		return nil, explain(err)
	}
	return slices.DeleteFunc(found, func(x heldIn) bool {
		if x.Source == 0 || there[x.source.key()] {
			return false
		}
		n.unannounced.index.Drop(x.Source)
		return true
	}), nil
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
