package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entente"
	"entente/progress"
	"entente/record"
	"entente/store"
)

// NewClaim is what an office notes of a claim at home. A nil claim leaves it as it was.
type NewClaim struct {
	Claim    *entente.Claim    `json:"claim,omitempty"`
	Quote    string            `json:"quote,omitempty"`
	Position map[string]string `json:"position,omitempty"` // by language; empty: as before
}

// ClaimInfo is a claim that an office sees: one that its party keeps at home, one that stands before the others, or both.
type ClaimInfo struct {
	ID    record.ID     `json:"id"`              // at home, else before the others
	Home  *Listed       `json:"home,omitempty"`  // nil: another party put it before this one
	Joint *Listed       `json:"joint,omitempty"` // nil: seen by this party alone
	Draft record.Nonce  `json:"draft,omitzero"`  // waits for signatures, to be put before the others
	Claim entente.Claim `json:"claim"`           // as it stands before the others, else at home
}

// Changed reports whether what is kept at home states something else than what stands before the others.
func (c *ClaimInfo) Changed() bool {
	return c.Home != nil && c.Joint != nil && c.Home.State.Claim() != c.Claim
}

// AtHome is what is kept of it at home alone.
func (c *ClaimInfo) AtHome() *ClaimInfo {
	return &ClaimInfo{ID: c.ID, Home: c.Home, Draft: c.Draft, Claim: c.Home.State.Claim()}
}

// state is the one that says what the claim is.
func (c *ClaimInfo) state() *entente.State {
	if c.Joint != nil {
		return c.Joint.State
	}
	return c.Home.State
}

// NoteClaim keeps a claim of a group, or a new word on one, in the party's group of one; id is zero for a new claim. It leaves the node
// in no form, and its texts are for the party's offices in that group.
func (n *Node) NoteClaim(ctx context.Context, who Caller, group, id record.ID, x NewClaim) (*Sealed, error) {
	g, own, err := n.atHome(who, group)
	if err != nil {
		return nil, err
	}
	if !n.signsIn(g, who.Office) {
		return nil, fmt.Errorf("the office %s signs nothing in this group, so it reads claims and keeps none: %w", who.Office, ErrForbidden)
	}
	note, texts := entente.ClaimNote{By: who.Office, Seat: who.Seat}, map[string]string{}
	if x.Claim != nil {
		if err := entente.ValidQuote(x.Quote); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		c := *x.Claim
		c.Group = group
		note.Claim, texts[entente.QuotePart] = &c, strings.TrimSpace(x.Quote)
		if err := n.claimable(ctx, who, group, &c); err != nil {
			return nil, err
		}
	}
	for l, t := range x.Position {
		if t = strings.TrimSpace(t); t != "" {
			texts["body."+l] = t
		}
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("claim.nothing", "a note says something"))
	}
	if !id.IsZero() {
		if _, err := n.kept(ctx, who, entente.ClaimNoteKind, group, id); err != nil {
			return nil, err
		}
	}
	return n.noteHome(ctx, g, own, entente.ClaimNoteKind, id, note, who.Office, texts)
}

// noteHome appends a note of a home kind, for the party's offices of the group that it concerns.
func (n *Node) noteHome(ctx context.Context, g, own *group, kind string, id record.ID, terms any, by string, texts map[string]string) (*Sealed, error) {
	t, err := record.Marshal(terms)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", kind, ErrInvalid, err)
	}
	h := record.Header{Kind: kind, Verb: record.Note, Instrument: id, Terms: t}
	var out *Sealed
	err = n.write(ctx, func(b *batch) error {
		w, err := b.group(own.row)
		if err != nil {
			return err
		}
		r, err := w.atHome(h, texts, n.officesIn(g, by))
		if err != nil {
			return err
		}
		out = &Sealed{ID: r.ID(), Instrument: r.Instrument(), Ref: r.Header().Ref(), Time: r.Header().Time}
		return nil
	})
	return out, err
}

// officesIn are the party's offices of a group, the given one first, as many as a marking names.
func (n *Node) officesIn(g *group, first string) []string {
	out := []string{first}
	if p := g.ledger.Ring(n.party).At(g.logs[n.party].tree.Size()); p != nil {
		for _, o := range p.Offices {
			if o.ID != first && len(out) < record.MaxParties {
				out = append(out, o.ID)
			}
		}
	}
	return out
}

// signsIn reports whether an office has authority to sign anything in a group.
func (n *Node) signsIn(g *group, office string) bool {
	p := g.ledger.Ring(n.party).At(g.logs[n.party].tree.Size())
	if p == nil {
		return false
	}
	o, ok := p.Office(office)
	return ok && len(o.Grants) > 0
}

// claimable: the indicator is one of the group.
func (n *Node) claimable(ctx context.Context, who Caller, group record.ID, c *entente.Claim) error {
	if c.Indicator.IsZero() {
		return nil
	}
	d, err := n.Instrument(ctx, who, group, c.Indicator)
	if err != nil {
		return err
	}
	if d.State.Fact("direction") == "" {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("claim.no-indicator", "%s is no indicator", c.Indicator.Short()))
	}
	return nil
}

// kept reads what this party keeps at home of a group, of one kind.
func (n *Node) kept(ctx context.Context, who Caller, kind string, group, id record.ID) (*Listed, error) {
	_, own, err := n.atHome(who, group)
	if err != nil {
		return nil, err
	}
	var out *Listed
	err = n.store.Snapshot(ctx, func(v *store.View) error {
		all, err := listedByID(v, own, []record.ID{id}, n.clock())
		if x, ok := all[id]; ok && x.State.Kind == kind && x.State.Fact("group") == group.String() {
			out = &x
		}
		return err
	})
	if err != nil {
		return nil, explain(err)
	}
	if out == nil {
		return nil, fmt.Errorf("%s %s: %w", kind, id.Short(), ErrNotFound)
	}
	return out, nil
}

// Claims lists the claims of a group that the office sees, the newest first: what its party keeps at home and what stands before the
// others. indicator narrows them to those tied to it; zero: all. At most one page of each.
func (n *Node) Claims(ctx context.Context, who Caller, group, indicator record.ID) ([]ClaimInfo, error) {
	p, err := n.Instruments(ctx, who, group, Query{Kind: entente.ClaimKind, Sort: SortNewest, Limit: maxClaims})
	if err != nil {
		return nil, err
	}
	joint := map[record.ID]*Listed{}
	for i := range p.Items {
		joint[p.Items[i].State.Instrument] = &p.Items[i]
	}
	var out []ClaimInfo
	if own := n.own(); own != nil && n.mayAct(who, own) == nil {
		home, err := n.Instruments(ctx, who, own.id, Query{Kind: entente.ClaimNoteKind, Target: group, Fact: "group", Sort: SortNewest, Limit: maxClaims})
		if err != nil {
			return nil, err
		}
		for i := range home.Items {
			c, err := n.claimInfo(ctx, who, group, &home.Items[i])
			if err != nil {
				return nil, err
			}
			if c.Joint != nil {
				delete(joint, c.Joint.State.Instrument)
			}
			out = append(out, *c)
		}
	}
	for i := range p.Items {
		if x := &p.Items[i]; joint[x.State.Instrument] != nil {
			out = append(out, ClaimInfo{ID: x.State.Instrument, Joint: x, Claim: x.State.Claim()})
		}
	}
	return slices.DeleteFunc(out, func(c ClaimInfo) bool { return !indicator.IsZero() && c.Claim.Indicator != indicator }), nil
}

// Claim reads one, by its id at home or before the others.
func (n *Node) Claim(ctx context.Context, who Caller, group, id record.ID) (*ClaimInfo, error) {
	home, err := n.kept(ctx, who, entente.ClaimNoteKind, group, id)
	if err == nil {
		return n.claimInfo(ctx, who, group, home)
	}
	if !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrForbidden) {
		return nil, err
	}
	all, err := n.Claims(ctx, who, group, record.ID{}) // of one that this party put there itself, with what it keeps of it
	if err != nil {
		return nil, err
	}
	for i := range all {
		if c := &all[i]; c.Joint != nil && c.Joint.State.Instrument == id {
			return c, nil
		}
	}
	x, err := n.InstrumentsByID(ctx, who, group, id)
	if err != nil {
		return nil, err
	}
	if y, ok := x[id]; ok && y.State.Kind == entente.ClaimKind {
		return &ClaimInfo{ID: id, Joint: &y, Claim: y.State.Claim()}, nil
	}
	return nil, fmt.Errorf("claim %s: %w", id.Short(), ErrNotFound)
}

// claimInfo finds what of a claim kept at home stands before the others, by the act that was drafted for it.
func (n *Node) claimInfo(ctx context.Context, who Caller, group record.ID, home *Listed) (*ClaimInfo, error) {
	c := &ClaimInfo{ID: home.State.Instrument, Home: home, Claim: home.State.Claim()}
	act := home.State.Fact("act")
	if act == "" {
		return c, nil
	}
	var nonce record.Nonce
	if err := nonce.UnmarshalText([]byte(act)); err != nil {
		return nil, fmt.Errorf("claim: %w: %w", store.ErrCorrupt, err)
	}
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	src := n.source(ctx, g)
	i, used := src.NonceUsed(n.party, nonce)
	if src.err != nil {
		return nil, src.err
	}
	if !used {
		if _, err := n.Saved(ctx, who, nonce); err == nil {
			c.Draft = nonce
		}
		return c, nil
	}
	r := src.Header(record.Ref{Party: n.party, Index: i})
	rec := src.get(record.Ref{Party: n.party, Index: i})
	if r == nil || rec == nil {
		return c, src.err
	}
	all, err := n.InstrumentsByID(ctx, who, group, rec.Instrument())
	if err != nil {
		return nil, err
	}
	if x, ok := all[rec.Instrument()]; ok {
		c.Joint, c.Claim = &x, x.State.Claim()
	}
	return c, nil
}

// ClaimTexts wants the quote of a claim and the positions on it.
func (n *Node) ClaimTexts(group record.ID, c *ClaimInfo) []Want {
	var out []Want
	if c.Joint != nil {
		for _, r := range c.Joint.State.Reports {
			out = append(out, Want{Group: group, Record: r.ID, Names: []string{entente.QuotePart, "body.*"}})
		}
		for _, r := range c.Joint.State.Replies {
			out = append(out, Want{Group: group, Record: r.ID, Names: []string{"body.*"}})
		}
	}
	own := n.own()
	if c.Home == nil || own == nil {
		return out
	}
	for _, f := range []string{"latest", "position"} {
		if id, err := record.ParseID(c.Home.State.Fact(f)); err == nil {
			out = append(out, Want{Group: own.id, Record: id, Names: []string{entente.QuotePart, "body.*"}})
		}
	}
	return out
}

// Quote is the exact quote of a claim, empty where the office does not see it.
func (t Texts) Quote(c *ClaimInfo) string {
	id, _ := record.ParseID(c.state().Fact("latest"))
	if c.Joint != nil {
		id = c.Joint.State.Reports[len(c.Joint.State.Reports)-1].ID
	}
	p, _ := t[id].Part(entente.QuotePart)
	return string(p.Content)
}

// Position is what the party itself notes of it at home, by language.
func (t Texts) Position(c *ClaimInfo) map[string]string {
	if c.Home == nil {
		return nil
	}
	id, err := record.ParseID(c.Home.State.Fact("position"))
	if err != nil || t[id] == nil {
		return nil
	}
	out := map[string]string{}
	for _, p := range t[id].Parts {
		if l, ok := strings.CutPrefix(p.Name, "body."); ok {
			out[l] = string(p.Content)
		}
	}
	return out
}

// Measures are the indicators that claims are held against: what a page reads once, with TextsAndFigures.
type Measures struct {
	kept  *signals
	of    map[record.ID]*measured
	order []*entente.State       // those that claims are tied to first
	lines map[string][]record.ID // others by line of effort
	left  int
}

type measured struct {
	state *entente.State
	held  *progress.Measure
	read  *Figures
}

// Measures finds what claims are held against: the indicator that each is tied to, and of counts and changes the others of its line of
// effort.
func (n *Node) Measures(ctx context.Context, who Caller, group record.ID, claims ...entente.Claim) (*Measures, error) {
	m := &Measures{kept: &n.signals, of: map[record.ID]*measured{}, lines: map[string][]record.ID{}}
	var ids []record.ID
	for _, c := range claims {
		if !c.Indicator.IsZero() && c.Form != "" {
			ids = append(ids, c.Indicator)
		}
	}
	tied, err := n.InstrumentsByID(ctx, who, group, ids...)
	if err != nil {
		return nil, err
	}
	take := func(s *entente.State) {
		if m.of[s.Instrument] == nil {
			m.of[s.Instrument] = &measured{state: s}
			m.order = append(m.order, s)
		}
	}
	for _, id := range ids {
		if x, ok := tied[id]; ok {
			take(x.State)
		}
	}
	for _, c := range claims {
		x, ok := tied[c.Indicator]
		if _, done := m.lines[lineOf(x)]; !ok || done || c.Form == progress.ClaimHighest || c.Form == progress.ClaimLowest {
			continue
		}
		p, err := n.Instruments(ctx, who, group, Query{Kind: x.State.Kind, Line: x.State.Line, Limit: maxClaimOthers})
		if err != nil {
			return nil, err
		}
		for _, o := range p.Items {
			m.lines[x.State.Line] = append(m.lines[x.State.Line], o.State.Instrument)
			take(o.State)
		}
	}
	return m, nil
}

func lineOf(x Listed) string {
	if x.State == nil {
		return ""
	}
	return x.State.Line
}

// States are the indicators whose figures are to be read.
func (m *Measures) States() []*entente.State { return m.order }

// Fill takes the figures that were read.
func (m *Measures) Fill(figures map[record.ID]*Figures) {
	for id, x := range m.of {
		if x.read = figures[id]; x.read == nil {
			x.read = &Figures{}
			m.left++
		}
		fiscal, _ := strconv.ParseInt(x.state.Fact("fiscal_month"), 10, 64)
		x.held = &progress.Measure{Code: x.state.Fact("code"), Agreed: x.state.InForce() != nil, Fiscal: fiscal, Definition: x.state.Definition(), Collection: x.read.Collection}
	}
}

// Indicator is the state of one of them; nil: it is none of the group.
func (m *Measures) Indicator(id record.ID) *entente.State {
	if x := m.of[id]; x != nil {
		return x.state
	}
	return nil
}

// Indicators are the states of all of them, by code.
func (m *Measures) Indicators() map[string]*entente.State {
	out := map[string]*entente.State{}
	for _, x := range m.of {
		out[x.state.Fact("code")] = x.state
	}
	return out
}

// Series are a party's figures on one of them, as claims are first read; false: there are none.
func (m *Measures) Series(id record.ID, r *progress.Reading) (*progress.Series, bool) {
	x := m.of[id]
	if x == nil {
		return nil, false
	}
	return x.held.Choose(r.Party, progress.Choice{Area: r.Area, Disaggregation: r.Disaggregation, Span: r.Span})
}

// ClaimHeld is how a claim compares with the figures that were read, and what was not.
type ClaimHeld struct {
	Finding progress.Finding `json:"finding"`
	Unread  int              `json:"unread,omitzero"`              // reports that the office may not read, or that have not arrived
	Older   bool             `json:"older_left_out,omitempty"`     // a party reported more on the indicator, before what was read
	Left    int              `json:"indicators_left_out,omitzero"` // more than is read at once, and not held against it
}

// Hold compares a claim with the figures that were read.
func (m *Measures) Hold(c entente.Claim) ClaimHeld {
	x := m.of[c.Indicator]
	if x == nil {
		return ClaimHeld{Finding: progress.Hold(c.Checked(), nil, nil), Left: m.left}
	}
	var others []progress.Measure
	k := heldClaim{c.Checked(), strconv.FormatUint(x.read.reading, 36)}
	for _, id := range m.lines[x.state.Line] {
		if o := m.of[id]; o != nil && o != x {
			others = append(others, *o.held)
			k.readings += " " + strconv.FormatUint(o.read.reading, 36)
		}
	}
	f := m.kept.finding(k, func() progress.Finding { return progress.Hold(c.Checked(), x.held, others) })
	return ClaimHeld{f, x.read.Unread, len(x.read.Older) > 0, m.left}
}

// ClaimChecked is a claim with its quote, what is said of it, and how it compares with the series.
type ClaimChecked struct {
	ClaimInfo
	ClaimHeld
	Quote    string            `json:"quote,omitempty"`
	Position map[string]string `json:"position,omitempty"` // the party's own, kept at home
}

// CheckClaims reads claims with everything that it takes to compare them, as one read in the access log.
func (n *Node) CheckClaims(ctx context.Context, who Caller, group record.ID, infos []ClaimInfo) ([]ClaimChecked, error) {
	claims := make([]entente.Claim, len(infos))
	var wants []Want
	for i := range infos {
		claims[i] = infos[i].Claim
		wants = append(wants, n.ClaimTexts(group, &infos[i])...)
	}
	m, err := n.Measures(ctx, who, group, claims...)
	if err != nil {
		return nil, err
	}
	texts, figures, err := n.TextsAndFigures(ctx, who, "claims", wants[:min(len(wants), MaxWants)], group, m.States()...)
	if err != nil {
		return nil, err
	}
	m.Fill(figures)
	out := make([]ClaimChecked, len(infos))
	for i := range infos {
		out[i] = ClaimChecked{infos[i], m.Hold(infos[i].Claim), texts.Quote(&infos[i]), texts.Position(&infos[i])}
	}
	return out, nil
}

// PutClaim drafts the act by which a claim kept at home crosses to the others of its group as a new record there, with the quote and
// the position that the office chooses to show; nothing is on record before officials sign it. The claim remembers the draft.
func (n *Node) PutClaim(ctx context.Context, who Caller, group, id record.ID, position map[string]string) (*Draft, error) {
	home, err := n.kept(ctx, who, entente.ClaimNoteKind, group, id)
	if err != nil {
		return nil, err
	}
	info, err := n.claimInfo(ctx, who, group, home)
	if err != nil {
		return nil, err
	}
	if info.Draft != (record.Nonce{}) {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("claim.waits", "a draft that puts it before the others waits for signatures: sign or drop it"))
	}
	at := info.AtHome()
	texts, err := n.Texts(ctx, who, "claim", n.ClaimTexts(group, at))
	if err != nil {
		return nil, err
	}
	g, own, err := n.atHome(who, group)
	if err != nil {
		return nil, err
	}
	a := Act{Group: group, Kind: entente.ClaimKind, Verb: record.Report}
	if info.Joint != nil {
		a.Instrument = info.Joint.State.Instrument
	} else if !at.Claim.Indicator.IsZero() {
		d, err := n.Instrument(ctx, who, group, at.Claim.Indicator)
		if err != nil {
			return nil, err
		}
		a.Line = d.State.Line
	}
	if a.Terms, err = json.Marshal(at.Claim); err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	all := record.Marking{TLP: record.Amber, ReleasableTo: g.ledger.Parties(), Originator: n.party}
	quote := texts.Quote(at)
	if quote == "" {
		return nil, fmt.Errorf("the quote is not for the office %s: %w", who.Office, ErrForbidden)
	}
	a.Parts = []NewPart{{Name: entente.QuotePart, Content: []byte(quote), Marking: &all}}
	for l, t := range position {
		if t = strings.TrimSpace(t); t != "" {
			a.Parts = append(a.Parts, NewPart{Name: "body." + l, Content: []byte(t), Marking: &all})
		}
	}
	d, err := n.Prepare(ctx, who, a)
	if err != nil {
		return nil, err
	}
	if err := n.Save(ctx, d); err != nil {
		return nil, err
	}
	if info.Joint == nil { // later versions are found by their instrument
		if _, err := n.noteHome(ctx, g, own, entente.ClaimNoteKind, id, entente.ClaimNote{Act: d.Nonce, By: who.Office, Seat: who.Seat}, who.Office, nil); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// ReleaseClaim is the act by which this party lets a claim be published with the finding of the moment.
func (n *Node) ReleaseClaim(ctx context.Context, who Caller, group record.ID, c *ClaimChecked) (Act, error) {
	if c.Joint == nil {
		return Act{}, fmt.Errorf("%w: %w", ErrConflict, record.Because("claim.put-first", "put it before the others first"))
	}
	r := c.Joint.State.Reports
	terms, err := json.Marshal(entente.ClaimRelease{Report: r[len(r)-1].ID, Word: c.Finding.Word, Rule: c.Finding.Rule})
	return Act{Group: group, Kind: entente.ClaimKind, Verb: record.Release, Instrument: c.Joint.State.Instrument, Terms: terms}, err
}
