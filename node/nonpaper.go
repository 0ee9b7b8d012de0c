package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"entente"
	"entente/record"
	"entente/store"
)

// NonPaperKind is the name under which a route covers non-papers. It is no kind of record.
const NonPaperKind = "non-paper"

// NonPaper is a draft shown to the other side without standing: in no log, signed by nobody, and its author can take it back. What
// was read can be remembered.
type NonPaper struct {
	Group     record.ID         `json:"group"`
	Author    record.Party      `json:"author"`
	ID        record.Nonce      `json:"id"`
	To        []record.Party    `json:"to"`
	About     record.ID         `json:"about,omitzero"` // an instrument
	State     NonPaperState     `json:"state"`
	Changed   int64             `json:"changed"` // Unix seconds of the state
	Created   int64             `json:"created"` // by its author's clock
	Until     int64             `json:"until"`   // both sides' nodes destroy it then
	Received  int64             `json:"received,omitzero"`
	Seen      int64             `json:"seen,omitzero"`      // when an office of this party first opened another's
	Office    string            `json:"office,omitempty"`   // of this party, that wrote it
	Delivery  []Delivery        `json:"delivery,omitempty"` // of this party's own
	Uncleared []Uncleared       `json:"uncleared,omitempty"`
	Titles    map[string]string `json:"titles,omitempty"` // by language; absent where its texts are destroyed
	held      bool
}

// NonPaperState is where a non-paper stands here.
type NonPaperState string

// The states of a non-paper.
const (
	NonPaperDraft     NonPaperState = "draft" // not shown to anybody yet
	NonPaperFloated   NonPaperState = "floated"
	NonPaperTakenBack NonPaperState = "taken-back"
	NonPaperLapsed    NonPaperState = "lapsed" // its time has run out
)

// Delivery is what one reader's node last said of a non-paper.
type Delivery struct {
	Party record.Party `json:"party"`
	Said  Said         `json:"said,omitempty"` // absent: nothing yet
	Time  int64        `json:"time,omitzero"`
}

// FloatText is a non-paper in one language.
type FloatText struct {
	Title string `cbor:"1,keyasint" json:"title"`
	Body  string `cbor:"2,keyasint" json:"body"`
}

// NewNonPaper is what an office wants to show.
type NewNonPaper struct {
	Group record.ID
	To    []record.Party // empty: every other party
	Until int64          // 0: thirty days
	About record.ID
	Texts map[string]FloatText // by language; one is enough
}

// nonPaperBody is what is encrypted of a non-paper. The salt stays with its author: a digest without it tells nothing of the texts.
type nonPaperBody struct {
	Salt  record.Salt          `cbor:"1,keyasint"`
	Texts map[string]FloatText `cbor:"2,keyasint"`
}

// marking of every non-paper: for those it was shown to and nobody beyond them.
func (x *NonPaper) marking() record.Marking {
	return record.Marking{TLP: record.AmberStrict, ReleasableTo: x.To, Originator: x.Author}
}

// logID stands for it in the access log.
func (x *NonPaper) logID() record.ID {
	return record.Digest("entente/non-paper/v1", x.Group[:], []byte(x.Author), x.ID[:])
}

func (n *Node) nonPaper(g *group, x store.NonPaper, now int64) *NonPaper {
	out := &NonPaper{Group: g.id, Author: x.Author, ID: x.Nonce, To: x.Readers, About: x.About, State: NonPaperState(x.State), Changed: x.Changed, Created: x.Created,
		Until: x.Until, Received: x.Received, Seen: x.Seen, Office: x.Office, held: x.Held}
	if x.Held && x.Until <= now { // the texts are about to be destroyed
		out.State, out.Changed, out.held = NonPaperLapsed, x.Until, false
	}
	return out
}

// DraftNonPaper keeps a non-paper at home. Float shows it.
func (n *Node) DraftNonPaper(ctx context.Context, who Caller, q NewNonPaper) (*NonPaper, error) {
	g, err := n.speaking(who, q.Group)
	if err != nil {
		return nil, err
	}
	now := n.clock()
	f := Float{Group: g.id, To: sorted(q.To), Created: now, Until: q.Until, About: q.About, Texts: q.Texts}
	copy(f.ID[:], random(16))
	if len(f.To) == 0 {
		f.To = slices.Sorted(maps.Keys(g.others(n.party)))
	}
	if f.Until == 0 {
		f.Until = now + nonPaperTime
	}
	if err := f.check(g, n.party, now); err != nil {
		return nil, err
	}
	if !f.About.IsZero() {
		if e, err := store.ByID(n.store.View(ctx), g.rows(), f.About); err != nil || !e.Record.Header().Instrument.IsZero() {
			return nil, fmt.Errorf("instrument %s: %w", f.About.Short(), ErrNotFound)
		}
	}
	k := nonPaperBody{Texts: f.Texts}
	copy(k.Salt[:], random(16))
	body, err := record.Marshal(k)
	if err != nil {
		return nil, fmt.Errorf("non-paper: %w: %w", ErrInvalid, err)
	}
	row := store.NonPaper{Group: g.row, Author: n.party, Nonce: f.ID, Readers: f.To, About: f.About, State: string(NonPaperDraft), Changed: now, Created: now, Until: f.Until,
		Office: who.Office, Bytes: f.bytes(), Held: true}
	err = n.write(ctx, func(b *batch) error {
		full, err := b.fullOfNonPapers(g, n.party, row.Bytes)
		if err != nil {
			return err
		}
		if full {
			return fmt.Errorf("%w: %w", ErrConflict, record.Because("nonpaper.many", "too many non-papers of this party are open in the group: take some back"))
		}
		return b.fail(b.tx.PutNonPaper(row, body))
	})
	if err != nil {
		return nil, err
	}
	return n.ownNonPaper(ctx, g, row)
}

// speaking lets an office into a group where it may float. The operator floats nothing.
func (n *Node) speaking(who Caller, id record.ID) (*group, error) {
	g, err := n.reading(who, id)
	if err != nil {
		return nil, err
	}
	if who.Office == "" {
		return nil, fmt.Errorf("an office floats and reads non-papers, not the operator: use an office's token: %w", ErrForbidden)
	}
	if len(g.logs) == 1 {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("nonpaper.alone", "there is no other side in the group of one"))
	}
	return g, nil
}

// fullOfNonPapers reports whether one more of an author would be too much.
func (b *batch) fullOfNonPapers(g *group, author record.Party, more int64) (bool, error) {
	c, bytes, err := store.CountNonPapers(b.tx, g.row, author)
	return c >= maxNonPapers || bytes+more > maxNonPaperBytes, b.fail(err)
}

// ownNonPaper completes one of this party's own with what the readers' nodes said, and which offices have not cleared it.
func (n *Node) ownNonPaper(ctx context.Context, g *group, row store.NonPaper) (*NonPaper, error) {
	v := n.store.View(ctx)
	said, err := store.Floats(v, g.row, n.party)
	if err != nil {
		return nil, explain(err)
	}
	x := n.nonPaper(g, row, n.clock())
	x.deliver(said)
	return x, n.awaitNonPaper(v, g, x)
}

// awaitNonPaper says which offices must clear one before it can be floated.
func (n *Node) awaitNonPaper(r store.Reader, g *group, x *NonPaper) error {
	if x.State != NonPaperDraft || len(n.routing()) == 0 {
		return nil
	}
	t, err := n.nonPaperText(r, g, x)
	if err == nil {
		x.Uncleared, err = n.await(r, t)
	}
	return err
}

// nonPaperText is one of this party's own as the offices at home clear it.
func (n *Node) nonPaperText(r store.Reader, g *group, x *NonPaper) (*homeText, error) {
	k, err := n.nonPaperTexts(r, Caller{}, x)
	if err != nil {
		return nil, err
	}
	if k == nil {
		return nil, fmt.Errorf("non-paper: %w: a draft without its texts", store.ErrCorrupt)
	}
	body, err := record.Marshal(k)
	if err != nil {
		return nil, err
	}
	id := x.logID()
	t := &homeText{group: g, nonce: x.ID, act: n.keys.name("entente/non-paper-text/v1", append(id[:], body...)), header: &record.Header{Group: g.id, Party: n.party, Kind: NonPaperKind}}
	if !x.About.IsZero() {
		about, err := store.ByID(r, g.rows(), x.About)
		if err != nil {
			return nil, notFound("instrument "+x.About.Short(), err)
		}
		t.header.Line = about.Record.Header().Line
	}
	for _, l := range slices.Sorted(maps.Keys(k.Texts)) {
		t.parts = append(t.parts, MarkedPart{record.Part{Name: "title." + l, Content: []byte(k.Texts[l].Title)}, x.marking()},
			MarkedPart{record.Part{Name: "body." + l, Content: []byte(k.Texts[l].Body)}, x.marking()})
	}
	return t, nil
}

func (x *NonPaper) deliver(said map[record.Nonce][]store.Float) {
	for _, f := range said[x.ID] {
		x.Delivery = append(x.Delivery, Delivery{f.Peer, Said(f.Said), f.Time})
	}
}

// Float shows a kept non-paper to the parties it is for. Their nodes are told until they say that they hold it. A route may want
// it cleared first, like any text that the other side sees: Refusal.
func (n *Node) Float(ctx context.Context, who Caller, group record.ID, id record.Nonce) (*NonPaper, error) {
	g, err := n.speaking(who, group)
	if err != nil {
		return nil, err
	}
	var row store.NonPaper
	err = n.write(ctx, func(b *batch) error {
		if row, err = b.own(g, id); err != nil {
			return err
		}
		x := n.nonPaper(g, row, b.now)
		switch x.State {
		case NonPaperFloated: // a client that lost the answer asks twice
			return nil
		case NonPaperDraft:
		default:
			return fmt.Errorf("%w: %w", ErrConflict, record.Because("nonpaper.over", "it is %s: write another", x.State))
		}
		t, err := n.nonPaperText(b.tx, g, x)
		if err != nil {
			return b.fail(err)
		}
		if err := b.cleared(t); err != nil {
			return err
		}
		for _, p := range x.To {
			if err := b.tx.PutFloat(store.Float{Nonce: id, Peer: p}); err != nil {
				return b.fail(err)
			}
		}
		row.State, row.Changed, b.news = string(NonPaperFloated), b.now, true
		return b.fail(errors.Join(b.tx.DropAsked(id), b.tx.SetNonPaper(n.party, id, row.State, b.now, false)))
	})
	if err != nil {
		return nil, err
	}
	return n.ownNonPaper(ctx, g, row)
}

// own finds one of this party's own non-papers in a group.
func (b *batch) own(g *group, id record.Nonce) (store.NonPaper, error) {
	row, err := store.NonPaperByNonce(b.tx, b.n.party, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && row.Group != g.row {
		return row, fmt.Errorf("non-paper %s: %w", id, ErrNotFound)
	}
	return row, b.fail(err)
}

// TakeBack destroys a non-paper of this party's own and has the readers' nodes destroy their copies; they are asked until they say
// so. One that was not floated is forgotten. What was read before can be remembered, or photographed: no program undoes that.
func (n *Node) TakeBack(ctx context.Context, who Caller, group record.ID, id record.Nonce) (*NonPaper, error) {
	g, err := n.speaking(who, group)
	if err != nil {
		return nil, err
	}
	var row store.NonPaper
	err = n.write(ctx, func(b *batch) error {
		if row, err = b.own(g, id); err != nil {
			return err
		}
		row.Held = false
		switch NonPaperState(row.State) {
		case NonPaperTakenBack:
			return nil
		case NonPaperDraft:
			row.State, row.Changed = string(NonPaperTakenBack), b.now
			return b.fail(errors.Join(b.tx.DropAsked(id), b.tx.DropNonPaper(n.party, id)))
		}
		for _, p := range row.Readers { // also where nothing was acknowledged: the message may be on its way
			if err := b.tx.PutFloat(store.Float{Nonce: id, Peer: p}); err != nil {
				return b.fail(err)
			}
		}
		row.State, row.Changed, b.news = string(NonPaperTakenBack), b.now, true
		return b.fail(b.tx.SetNonPaper(n.party, id, row.State, b.now, true))
	})
	if err != nil {
		return nil, err
	}
	return n.ownNonPaper(ctx, g, row)
}

// NonPapers lists those of a group, this party's own and those shown to it, oldest first, with their titles. The titles stand in
// the access log first, as one entry; page says which page shows them.
func (n *Node) NonPapers(ctx context.Context, who Caller, group record.ID, page string) ([]*NonPaper, error) {
	g, err := n.speaking(who, group)
	if err != nil {
		return nil, err
	}
	out := []*NonPaper{}
	var shown []entente.AccessItem
	now := n.clock()
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		said, err := store.Floats(v, g.row, n.party)
		if err != nil {
			return err
		}
		err = store.NonPapers(v, g.row, func(row store.NonPaper) error {
			out = append(out, n.nonPaper(g, row, now))
			return nil
		})
		for _, x := range out {
			if err != nil {
				return err
			}
			if x.Author == n.party {
				x.deliver(said)
				if err = n.awaitNonPaper(v, g, x); err != nil {
					return err
				}
			}
			var k *nonPaperBody
			if k, err = n.nonPaperTexts(v, who, x); err == nil && k != nil {
				x.Titles = map[string]string{}
				for l, t := range k.Texts {
					x.Titles[l] = t.Title
				}
				shown = append(shown, x.shown(k, "title")...)
			}
		}
		return err
	})
	if err != nil {
		return nil, explain(err)
	}
	return out, n.logShown(ctx, who, page, shown)
}

// UnseenNonPapers counts those shown to this party that no office of it has opened. It reads none of their texts.
func (n *Node) UnseenNonPapers(ctx context.Context, who Caller, group record.ID) (int, error) {
	g, err := n.speaking(who, group)
	if err != nil {
		return 0, err
	}
	count, now := 0, n.clock()
	err = store.NonPapers(n.store.View(ctx), g.row, func(row store.NonPaper) error {
		if x := n.nonPaper(g, row, now); x.Author != n.party && x.State == NonPaperFloated && x.Seen == 0 {
			count++
		}
		return nil
	})
	return count, explainNil(err)
}

// shown is what of a non-paper must stand in the access log.
func (x *NonPaper) shown(k *nonPaperBody, names ...string) []entente.AccessItem {
	var parts []MarkedPart
	for _, name := range names {
		for _, l := range slices.Sorted(maps.Keys(k.Texts)) {
			parts = append(parts, MarkedPart{record.Part{Name: NonPaperKind + "/" + name + "." + l}, x.marking()})
		}
	}
	return logged(x.Group, x.logID(), &Text{Parts: parts})
}

// nonPaperTexts decrypts what an office may read; nil where the texts are destroyed or not for it.
func (n *Node) nonPaperTexts(r store.Reader, who Caller, x *NonPaper) (*nonPaperBody, error) {
	if !x.held || n.gap(&record.Header{Party: x.Author}, record.PartRef{Marking: x.marking()}, who.Office) != "" {
		return nil, nil
	}
	b, err := store.NonPaperTexts(r, x.Author, x.ID)
	if errors.Is(err, store.ErrErased) || errors.Is(err, store.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, explain(err)
	}
	k := new(nonPaperBody)
	if err := record.Unmarshal(b, k); err != nil {
		return nil, fmt.Errorf("non-paper: %w: %w", store.ErrCorrupt, err)
	}
	return k, nil
}

// NonPaper reads one, by its author and id. The read stands in the access log first. Texts are absent where they were destroyed.
func (n *Node) NonPaper(ctx context.Context, who Caller, group record.ID, author record.Party, id record.Nonce) (*NonPaper, map[string]FloatText, error) {
	g, err := n.speaking(who, group)
	if err != nil {
		return nil, nil, err
	}
	v := n.store.View(ctx)
	row, err := store.NonPaperByNonce(v, author, id)
	if err == nil && (!n.in(g, row.Group) || row.Bytes == 0) { // one taken back before it came was never shown here
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, nil, notFound("non-paper "+id.String(), err)
	}
	x := n.nonPaper(g, row, n.clock())
	if author == n.party {
		if x, err = n.ownNonPaper(ctx, g, row); err != nil {
			return nil, nil, err
		}
	}
	k, err := n.nonPaperTexts(v, who, x)
	if err != nil || k == nil {
		return x, nil, err
	}
	if err := n.logShown(ctx, who, NonPaperKind+"/"+id.String(), x.shown(k, "title", "body")); err != nil {
		return nil, nil, err
	}
	if author != n.party && x.Seen == 0 {
		x.Seen = n.clock()
		if err := n.write(ctx, func(b *batch) error { return b.fail(b.tx.SetSeen(author, id, x.Seen)) }); err != nil {
			return nil, nil, err
		}
	}
	x.Titles = map[string]string{}
	for l, t := range k.Texts {
		x.Titles[l] = t.Title
	}
	return x, k.Texts, nil
}

// Promote prepares an act from the texts of a non-paper of this party's own: what had no standing becomes a proposal, once
// officials sign it. Parts that the act brings take the place of the non-paper's.
func (n *Node) Promote(ctx context.Context, who Caller, id record.Nonce, a Act) (*Draft, error) {
	x, texts, err := n.NonPaper(ctx, who, a.Group, n.party, id)
	if err != nil {
		return nil, err
	}
	if texts == nil {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("nonpaper.destroyed", "its texts are destroyed"))
	}
	if a.Verb == "" {
		a.Verb = record.Propose
	}
	if a.Instrument.IsZero() && a.Replaces.IsZero() && !x.About.IsZero() {
		if about, err := n.Record(ctx, who, a.Group, x.About); err == nil && about.Header.Kind == a.Kind {
			a.Instrument = x.About // another text for what it spoke of
		}
	}
	for _, l := range slices.Sorted(maps.Keys(texts)) {
		for name, text := range map[string]string{"title." + l: texts[l].Title, "body." + l: texts[l].Body} {
			if !slices.ContainsFunc(a.Parts, func(p NewPart) bool { return p.Name == name }) {
				a.Parts = append(a.Parts, NewPart{Name: name, Content: []byte(text)})
			}
		}
	}
	return n.Prepare(ctx, who, a)
}

// lapse destroys the texts of non-papers whose time has run out.
func (n *Node) lapse(ctx context.Context) error {
	over, err := store.Lapsing(n.store.View(ctx), n.clock())
	if err != nil || len(over) == 0 {
		return explainNil(err)
	}
	return n.write(ctx, func(b *batch) error {
		for _, x := range over {
			err := errors.Join(b.tx.DropAsked(x.Nonce), b.tx.SetNonPaper(x.Author, x.Nonce, string(NonPaperLapsed), x.Until, true))
			if err == nil && x.Author != n.party {
				err = b.tx.ForgetNonPapers(x.Group, x.Author, keepNonPapers)
			}
			if err != nil {
				return b.fail(err)
			}
		}
		return nil
	})
}

// plainText reports whether a text is plain: no control characters but tabs and new lines.
func plainText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 })
}
