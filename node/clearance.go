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

// ClearanceRequest is an office's wish that others of its own party clear a kept draft.
type ClearanceRequest struct {
	Group  record.ID
	Draft  record.Nonce
	Stages [][]string        // beside those that the party's routes name
	By     int64             // Unix seconds; 0: as the routes say
	After  record.ID         // the clearance of the text that this one mends
	Text   map[string]string // language → what the offices should know
}

// ClearanceInfo is a clearance as its offices see it.
type ClearanceInfo struct {
	ID    record.ID               `json:"id"`
	Asked int64                   `json:"asked"` // Unix seconds
	State *entente.ClearanceState `json:"state"`
	Kept  bool                    `json:"kept"` // the draft waits; false: it is on record or was dropped
	Late  bool                    `json:"late"` // it is kept, not cleared, and its deadline has passed
}

// AskClearance asks offices of this node's own party to clear a kept draft: those that the routes name and those given. An office
// is asked once about one draft. What is said stays in the group of one and goes to nobody else.
func (n *Node) AskClearance(ctx context.Context, who Caller, q ClearanceRequest) (*Sealed, error) {
	g, own, err := n.atHome(who, q.Group)
	if err != nil {
		return nil, err
	}
	held, err := n.heldOf(ctx, g, q.Draft)
	if err != nil {
		return nil, err
	}
	var out *Sealed
	err = n.write(ctx, func(b *batch) error {
		t, err := n.homeText(b.tx, g, q.Draft)
		if err != nil {
			return err
		}
		ask, err := n.clearanceAsk(b, who, q, t)
		if err != nil {
			return err
		}
		ask.Held, ask.Holds = uint64(len(held)), held
		h, err := entente.AskClearance(*ask)
		if err != nil {
			return err
		}
		w, err := b.group(own.row)
		if err != nil {
			return err
		}
		texts := map[string]string{}
		for _, p := range t.parts {
			if strings.HasPrefix(p.Name, "title.") && p.Marking.TLP != record.Red {
				texts[p.Name] = string(p.Content)
			}
		}
		for l, t := range q.Text {
			texts["body."+l] = t
		}
		r, err := w.atHome(h, texts, append(slices.Concat(ask.Stages...), ask.Office))
		if err != nil {
			return err
		}
		out = &Sealed{ID: r.ID(), Instrument: r.Instrument(), Ref: r.Header().Ref(), Time: r.Header().Time}
		return b.fail(b.tx.PutAsked(store.PosOf(w.logs[n.party].row, r.Header().Index), q.Draft))
	})
	return out, err
}

// clearanceAsk decides whom to ask: the routes' offices and those given, but for those asked about this draft before.
func (n *Node) clearanceAsk(b *batch, who Caller, q ClearanceRequest, t *homeText) (*entente.ClearanceAsk, error) {
	if _, rule, err := n.kinds.Rule(t.header.Kind, t.header.Verb); err == nil && rule.Root {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("clearance.root", "what the root key signs passes no clearance"))
	}
	stages, within := plan(n.routing(), t.header, q.Stages)
	if err := n.ownOffices(slices.Concat(stages...)); err != nil {
		return nil, err
	}
	states, err := b.askedStates(t.nonce)
	if err != nil {
		return nil, b.fail(err)
	}
	for _, x := range states {
		s, err := entente.ParseState(x)
		if err != nil || s.Clearance == nil {
			return nil, b.fail(errors.Join(store.ErrCorrupt, err))
		}
		for i := range stages {
			stages[i] = slices.DeleteFunc(stages[i], func(o string) bool { _, was := s.Clearance.Of(o); return was })
		}
	}
	stages = slices.DeleteFunc(stages, func(s []string) bool { return len(s) == 0 })
	switch {
	case len(stages) == 0 && len(states) > 0:
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("clearance.asked", "every office was asked about this draft already"))
	case len(stages) == 0:
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("clearance.name", "name the offices that are to clear it: no route covers this draft"))
	}
	a := &entente.ClearanceAsk{Office: who.Office, Seat: who.Seat, Group: t.group.id, Act: t.act, Draft: t.nonce, Kind: t.header.Kind, Verb: t.header.Verb,
		Line: t.header.Line, Instrument: t.header.Instrument, Stages: stages, By: q.By, After: q.After}
	if a.By == 0 && within > 0 {
		a.By = b.now + within
	}
	return a, nil
}

// atHome lets an office into a group and into the group of one.
func (n *Node) atHome(who Caller, group record.ID) (g, own *group, err error) {
	if g, err = n.reading(who, group); err != nil {
		return nil, nil, err
	}
	own, err = n.home(who)
	return g, own, err
}

// home lets an office into the group of one. The operator has no word there.
func (n *Node) home(who Caller) (*group, error) {
	own := n.own()
	if own == nil || n.mayAct(who, own) != nil {
		return nil, fmt.Errorf("group of one: %w", ErrNotFound)
	}
	if who.Office == "" {
		return nil, fmt.Errorf("an office speaks there, not the operator: use an office's token: %w", ErrForbidden)
	}
	return own, nil
}

// atHome appends a record of a home kind. Its texts are for the offices named and for no other.
func (w *work) atHome(h record.Header, texts map[string]string, offices []string) (*record.Record, error) {
	n := w.b.n
	h.Format, h.Group, h.Party = record.Format, w.id, n.party
	copy(h.Nonce[:], random(16))
	if h.Charter, _ = w.ledger.Charter(); h.Charter.IsZero() {
		h.Charter = w.id
	}
	named := make([]string, len(offices))
	for i, o := range offices {
		named[i] = string(n.party) + "/" + o
	}
	slices.Sort(named)
	m := record.Marking{TLP: record.Red, Originator: n.party, Offices: slices.Compact(named)}
	var parts []record.Part
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		p := record.Part{Name: name, Content: []byte(texts[name])}
		if len(p.Content) > maxClearanceText {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("clearance.long", "part %.70q: at most %d bytes", name, maxClearanceText))
		}
		copy(p.Salt[:], random(16))
		ref, err := record.Describe(w.id, h.Nonce, p, m)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		h.Parts, parts = append(h.Parts, ref), append(parts, p)
	}
	return w.append(h, parts, nil)
}

// AnswerClearance puts the caller's office's word on a clearance on record at home: clear, return or comment, with a text per
// language. An office clears only what it may read whole, and only while the draft is kept.
func (n *Node) AnswerClearance(ctx context.Context, who Caller, id record.ID, word entente.ClearanceWord, text map[string]string) (*Sealed, error) {
	own, err := n.home(who)
	if err != nil {
		return nil, err
	}
	h, err := entente.AnswerClearance(id, entente.ClearanceAnswer{Word: word, Office: who.Office, Seat: who.Seat})
	if err != nil {
		return nil, err
	}
	var out *Sealed
	err = n.write(ctx, func(b *batch) error {
		w, err := b.group(own.row)
		if err != nil {
			return err
		}
		if err := w.fold(); err != nil {
			return b.fail(err)
		}
		e, err := store.ByID(b.tx, w.rows(), id)
		if err != nil {
			return notFound("clearance "+id.Short(), err)
		}
		body, err := store.State(b.tx, e.Pos)
		if err != nil {
			return notFound("clearance "+id.Short(), err)
		}
		s, err := entente.ParseState(body)
		if err != nil {
			return b.fail(errors.Join(store.ErrCorrupt, err))
		}
		if s.Clearance == nil || !n.involved(s.Clearance, who.Office) {
			return fmt.Errorf("clearance %s: %w", id.Short(), ErrNotFound)
		}
		if err := n.mayAnswer(b, who, s.Clearance, word); err != nil {
			return err
		}
		texts := map[string]string{}
		for l, t := range text {
			texts["body."+l] = t
		}
		r, err := w.atHome(h, texts, append(slices.Concat(s.Clearance.Stages...), s.Clearance.Office))
		if err != nil {
			return err
		}
		out = &Sealed{ID: r.ID(), Instrument: r.Instrument(), Ref: r.Header().Ref(), Time: r.Header().Time}
		return nil
	})
	return out, err
}

// mayAnswer says what keeps an office from that word now; what the record itself must hold to is the judge's.
func (n *Node) mayAnswer(b *batch, who Caller, c *entente.ClearanceState, word entente.ClearanceWord) error {
	g, err := n.find(c.Group)
	if err != nil {
		return err
	}
	t, err := n.homeText(b.tx, g, c.Draft)
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrConflict, record.Because("clearance.left", "the text is out or was dropped: nothing is left to clear"))
	} else if err != nil {
		return err
	}
	if t.act != c.Act {
		return fmt.Errorf("%w: %w", ErrConflict, record.Because("clearance.changed", "the text was changed since it was asked about: draft it again"))
	}
	if word == entente.ClearanceComment {
		return nil
	}
	o, ok := c.Of(who.Office)
	switch {
	case !ok:
		return fmt.Errorf("the office %s was not asked to clear it: %w", who.Office, ErrForbidden)
	case o.Standing == entente.ClearanceLater:
		return fmt.Errorf("%w: %w", ErrConflict, record.Because("clearance.turn", "the turn of %s comes when the offices before it have cleared it", who.Office))
	case word == entente.ClearanceReturn:
		return nil
	}
	for _, p := range t.parts {
		if !n.mayRead(p.Marking, who.Office) {
			return fmt.Errorf("%w: %w", ErrConflict, record.Because("clearance.unread", "the part %s is not for the office %s, and an office clears what it has read", p.Name, who.Office))
		}
	}
	return nil
}

// ClearancesFor are the clearances of kept drafts in which the caller's office has a part.
type ClearancesFor struct {
	Waiting  []ClearanceInfo `json:"waiting"`   // for this office's word
	Returned []ClearanceInfo `json:"returned"`  // to this office, which asked: mend the text and ask again
	Cleared  []ClearanceInfo `json:"cleared"`   // what this office asked for may be signed
	UnderWay []ClearanceInfo `json:"under_way"` // the rest
}

// ClearancesFor says what waits for an office's clearance, and how far what it asked for has come. Oldest first.
func (n *Node) ClearancesFor(ctx context.Context, who Caller) (*ClearancesFor, error) {
	if _, err := n.home(who); err != nil {
		return nil, err
	}
	out := &ClearancesFor{Waiting: []ClearanceInfo{}, Returned: []ClearanceInfo{}, Cleared: []ClearanceInfo{}, UnderWay: []ClearanceInfo{}}
	now := n.clock()
	err := store.AllAsked(n.store.View(ctx), func(body []byte) error {
		s, err := entente.ParseState(body)
		if err != nil || s.Clearance == nil {
			return fmt.Errorf("clearance: %w", errors.Join(store.ErrCorrupt, err))
		}
		c := s.Clearance
		if !n.involved(c, who.Office) {
			return nil
		}
		i := clearanceInfo(s, true, now)
		o, _ := c.Of(who.Office)
		mine := c.Office == who.Office
		switch {
		case o.Standing == entente.ClearanceAsked:
			out.Waiting = append(out.Waiting, i)
		case mine && c.Standing == entente.ClearanceReturned:
			out.Returned = append(out.Returned, i)
		case mine && c.Standing == entente.ClearanceCleared:
			out.Cleared = append(out.Cleared, i)
		default:
			out.UnderWay = append(out.UnderWay, i)
		}
		return nil
	})
	return out, explainNil(err)
}

func clearanceInfo(s *entente.State, kept bool, now int64) ClearanceInfo {
	c := s.Clearance
	return ClearanceInfo{ID: s.Instrument, Asked: s.Opened.Time, State: c, Kept: kept,
		Late: kept && c.By != 0 && now > c.By && c.Standing != entente.ClearanceCleared}
}

// ClearanceDetail is a clearance with everything that was said.
type ClearanceDetail struct {
	ClearanceInfo
	Draft  *Draft           `json:"draft,omitempty"`  // while it is kept
	Sealed *Sealed          `json:"sealed,omitempty"` // once it is on record
	Words  []ClearanceEntry `json:"words"`            // oldest first; the first asks
}

// ClearanceEntry is one note: who said what.
type ClearanceEntry struct {
	ID     record.ID             `json:"id"`
	Time   int64                 `json:"time"`
	Office string                `json:"office"`
	Seat   uint64                `json:"seat,omitzero"`
	Word   entente.ClearanceWord `json:"word,omitempty"` // absent: it asks
	Texts  map[string]string     `json:"texts,omitempty"`
}

// Clearance reads one in which the caller's office has a part. Its texts stand in the access log first.
func (n *Node) Clearance(ctx context.Context, who Caller, id record.ID) (*ClearanceDetail, error) {
	own, c, err := n.clearance(ctx, who, id)
	if err != nil {
		return nil, err
	}
	out := &ClearanceDetail{ClearanceInfo: *c, Words: []ClearanceEntry{}}
	if g, err := n.find(c.State.Group); err == nil {
		s, err := store.DraftByNonce(n.store.View(ctx), c.State.Draft)
		switch {
		case err == nil:
			if out.Draft, err = n.draft(g, s); err != nil {
				return nil, err
			}
		case !errors.Is(err, store.ErrNotFound):
			return nil, explain(err)
		default:
			if _, out.Sealed, err = n.sealedBefore(ctx, g, c.State.Draft); err != nil && !errors.Is(err, ErrNotFound) {
				return nil, err
			}
		}
	}
	d, err := n.Instrument(ctx, who, own.id, id)
	if err != nil {
		return nil, err
	}
	wants := make([]Want, len(d.Records))
	for i, r := range d.Records {
		wants[i] = Want{Group: own.id, Record: r.ID}
	}
	texts, err := n.Texts(ctx, who, "clearance/"+id.String(), wants)
	if err != nil {
		return nil, err
	}
	for _, r := range d.Records {
		t, ok := r.Terms.(*entente.Clearance)
		if !ok || len(r.Reasons) > 0 {
			continue
		}
		e := ClearanceEntry{ID: r.ID, Time: r.Header.Time, Texts: map[string]string{}}
		if t.Ask != nil {
			e.Office, e.Seat = t.Ask.Office, t.Ask.Seat
		} else {
			e.Office, e.Seat, e.Word = t.Answer.Office, t.Answer.Seat, t.Answer.Word
		}
		for _, p := range texts[r.ID].Parts {
			e.Texts[p.Name] = string(p.Content)
		}
		out.Words = append(out.Words, e)
	}
	return out, nil
}

// clearance finds one in which the caller's office has a part; any other is not found.
func (n *Node) clearance(ctx context.Context, who Caller, id record.ID) (*group, *ClearanceInfo, error) {
	own, err := n.home(who)
	if err != nil {
		return nil, nil, err
	}
	v := n.store.View(ctx)
	e, err := store.ByID(v, own.rows(), id)
	if err != nil {
		return nil, nil, notFound("clearance "+id.Short(), err)
	}
	body, err := store.State(v, e.Pos)
	if err != nil {
		return nil, nil, notFound("clearance "+id.Short(), err)
	}
	s, err := entente.ParseState(body)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	if s.Clearance == nil || !n.involved(s.Clearance, who.Office) {
		return nil, nil, fmt.Errorf("clearance %s: %w", id.Short(), ErrNotFound)
	}
	states, err := store.AskedStates(v, s.Clearance.Draft)
	i := clearanceInfo(s, len(states) > 0, n.clock())
	return own, &i, explainNil(err)
}

// ClearanceParts reads the text to be cleared, for an office that has a part in its clearance though it may have none in the
// group. Like every read above TLP:CLEAR it stands in the access log first, under the act's digest.
func (n *Node) ClearanceParts(ctx context.Context, who Caller, id record.ID) ([]MarkedPart, error) {
	_, c, err := n.clearance(ctx, who, id)
	if err != nil {
		return nil, err
	}
	g, err := n.find(c.State.Group)
	if err != nil {
		return nil, err
	}
	t, err := n.homeText(n.store.View(ctx), g, c.State.Draft)
	if err != nil {
		return nil, err
	}
	if t.act != c.State.Act {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("clearance.changed", "the text was changed since it was asked about"))
	}
	return n.showText(ctx, who, t)
}

// homeText is what offices at home clear: a kept draft, or a non-paper that was not floated yet.
type homeText struct {
	group  *group
	nonce  record.Nonce
	act    record.ID      // digest of exactly this text
	header *record.Header // of a non-paper: its kind alone
	parts  []MarkedPart
}

func (d *Draft) text(g *group) *homeText {
	t := &homeText{group: g, nonce: d.Nonce, act: d.Act, header: d.Header}
	for i, ref := range d.Header.Parts {
		if i < len(d.parts) {
			t.parts = append(t.parts, MarkedPart{d.parts[i], ref.Marking})
		}
	}
	return t
}

// homeText finds one by its name. The error wraps ErrNotFound where it is out or was dropped.
func (n *Node) homeText(r store.Reader, g *group, nonce record.Nonce) (*homeText, error) {
	s, err := store.DraftByNonce(r, nonce)
	if err == nil && n.in(g, s.Group) {
		d, err := n.draft(g, s)
		if err != nil {
			return nil, err
		}
		return d.text(g), nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, explain(err)
	}
	row, err := store.NonPaperByNonce(r, n.party, nonce)
	if err == nil {
		if x := n.nonPaper(g, row, n.clock()); n.in(g, row.Group) && x.State == NonPaperDraft {
			return n.nonPaperText(r, g, x)
		}
		err = store.ErrNotFound
	}
	return nil, notFound("draft "+nonce.String(), err)
}

// showText reads what of it the office may see, after the gate has let it in. It stands in the access log first, under the digest.
func (n *Node) showText(ctx context.Context, who Caller, t *homeText) ([]MarkedPart, error) {
	var out []MarkedPart
	for _, p := range t.parts {
		if n.gap(&record.Header{Party: n.party}, record.PartRef{Marking: p.Marking}, who.Office) != "" {
			continue
		}
		if len(t.header.Parts) > 0 {
			if err := record.Open(t.header, p.Part); err != nil {
				return nil, fmt.Errorf("draft: %w: %w", store.ErrCorrupt, err)
			}
		}
		out = append(out, p)
	}
	if err := n.logShown(ctx, who, "", logged(t.group.id, t.act, &Text{Parts: out})); err != nil {
		return nil, err
	}
	return out, nil
}
