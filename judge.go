package entente

import (
	"slices"

	"entente/consent"
	"entente/record"
	"entente/release"
	"entente/territory"
)

// Reason says why a record has no effect: a code for programs and translations, and what it is about.
type Reason struct {
	Code   string   `cbor:"1,keyasint" json:"code"`
	Text   string   `cbor:"2,keyasint,omitempty" json:"text,omitempty"`   // in English
	Why    string   `cbor:"3,keyasint,omitempty" json:"why,omitempty"`    // the code of the sentence, finer than Code and no part of a state
	Values []string `cbor:"4,keyasint,omitempty" json:"values,omitempty"` // of the sentence
}

// ReasonFor is a reason that says why.
func ReasonFor(code string, why record.Why) Reason {
	return Reason{Code: code, Text: why.Text, Why: why.Code, Values: why.Values}
}

func (r Reason) String() string { return r.Code + ": " + r.Text }

// The codes of reasons. A record may have several; all are kept and shown.
const (
	ReasonSequence  = "sequence"  // it breaks the order of the logs (C4, C6)
	ReasonCharter   = "charter"   // its charter is not the one in force for its author (C2)
	ReasonKind      = "kind"      // kind or verb unknown under these rules
	ReasonTerms     = "terms"     // terms not of the kind's form, or against its rules
	ReasonReference = "reference" // it names an instrument or version that it does not know
	ReasonParties   = "parties"   // author or participants not of the group
	ReasonParts     = "parts"     // parts missing, not of the kind, or badly marked (C1)
	ReasonApproval  = "approval"  // no office with the powers signed it (C6)
	ReasonNonce     = "nonce"     // the act was recorded before: an approval counts once
)

// Judged is a record with what the rules hold against it. No reasons: it has effect.
type Judged struct {
	*record.Record
	Reasons []Reason
}

// Source answers from the records that count at a node, and from nothing else.
type Source interface {
	// Header returns the header at ref, nil where none counts.
	Header(ref record.Ref) *record.Header
	// ByID returns the record of that id, nil where none counts.
	ByID(id record.ID) *record.Record
	// NonceUsed returns the lowest index in a party's log with that nonce.
	NonceUsed(p record.Party, n record.Nonce) (uint64, bool)
	consent.Knowledge
}

// Ledger is what judging needs to remember of one group: its charters and each party's powers.
type Ledger struct {
	Kinds Kinds
	Group record.ID
	// Boundary finds boundary data by digest, nil where it is not at hand: then nothing that needs it counts (Ready). Nil: none is.
	Boundary func(record.ID) *territory.Boundary
	// Verify checks one approval; nil is record's own check. A node puts a memory of what it has verified here.
	Verify func(act record.ID, party record.Party, a *record.Approval, k Key) bool

	founding    *Charter
	rings       map[record.Party]*Keyring
	charters    []charterText
	charterActs []consent.Act
	current     *charterText // in force when every charter act is known
}

type charterText struct {
	version consent.Version
	header  *record.Header // nil for the founding charter
	charter *Charter
}

// NewLedger starts a group from its founding charter's bytes.
func NewLedger(kinds Kinds, founding []byte) (*Ledger, error) {
	c, err := ParseCharter(founding)
	if err != nil {
		return nil, err
	}
	l := &Ledger{Kinds: kinds, Group: GroupOf(founding), founding: c, rings: map[record.Party]*Keyring{}}
	for _, p := range c.Parties {
		l.rings[p.ID] = NewKeyring(p)
	}
	l.charters = []charterText{{consent.Version{ID: l.Group, Required: c.IDs()}, nil, c}}
	return l, nil
}

// Clone returns a ledger that can go on without touching this one, for a transaction that may fail.
func (l *Ledger) Clone() *Ledger {
	c := *l
	c.rings = map[record.Party]*Keyring{}
	for p, r := range l.rings {
		c.rings[p] = r.Clone()
	}
	c.charters, c.charterActs = slices.Clone(l.charters), slices.Clone(l.charterActs)
	return &c
}

// Parties of the group, ascending.
func (l *Ledger) Parties() []record.Party { return l.founding.IDs() }

// Founding is the charter the group was founded with.
func (l *Ledger) Founding() *Charter { return l.founding }

// Ring is a party's keyring, nil for a stranger.
func (l *Ledger) Ring(p record.Party) *Keyring { return l.rings[p] }

// Hold feeds the next record of a log, in order, as soon as it is held: powers count by position alone.
func (l *Ledger) Hold(h *record.Header, id record.ID) {
	if r := l.rings[h.Party]; r != nil {
		r.Feed(h, id)
	}
}

// Charter is the charter in force when everything that counts is known, nil before all founders have signed.
func (l *Ledger) Charter() (record.ID, *Charter) {
	if l.current == nil {
		return record.ID{}, nil
	}
	return l.current.version.ID, l.current.charter
}

// CharterByID finds a charter's text by its version.
func (l *Ledger) CharterByID(id record.ID) *Charter {
	for i := range l.charters {
		if l.charters[i].version.ID == id {
			return l.charters[i].charter
		}
	}
	return nil
}

// charterFor is the charter in force at the cut that a record knows.
func (l *Ledger) charterFor(h *record.Header) *charterText {
	known := make([]consent.Act, 0, len(l.charterActs))
	for _, a := range l.charterActs {
		if h.Knows(a.Ref) {
			known = append(known, a)
		}
	}
	if len(known) == len(l.charterActs) {
		return l.current
	}
	return l.inForce(known)
}

// charterOf is the charter that a text names, if its author knew it. What others know of that text does not change it.
func (l *Ledger) charterOf(o *record.Header) *Charter {
	for i := range l.charters {
		if x := &l.charters[i]; x.version.ID == o.Charter && (x.header == nil || o.Knows(x.header.Ref())) {
			return x.charter
		}
	}
	return l.founding
}

func (l *Ledger) inForce(acts []consent.Act) *charterText {
	versions := make([]consent.Version, len(l.charters))
	for i := range l.charters {
		versions[i] = l.charters[i].version
	}
	res := consent.Evaluate(versions, acts, nobodyKnows{}, consent.Clocks{})
	for i := range res.Outcomes {
		if res.Outcomes[i].Standing == consent.InForce { // of rivals, which only dishonest nodes make, the earliest
			return new(l.charters[i])
		}
	}
	return nil
}

// nobodyKnows: whether a charter is in force does not depend on what others know of it.
type nobodyKnows struct{}

func (nobodyKnows) First(record.Party, record.Ref) (consent.Moment, bool) {
	return consent.Moment{}, false
}

// Count takes a judged record into the ledger, in the order records count.
func (l *Ledger) Count(j Judged) {
	h := j.Header()
	if h.Kind != charterKind.Name || len(j.Reasons) > 0 {
		return
	}
	if h.Verb == record.Propose {
		c := new(Charter)
		if err := record.Unmarshal(h.Terms, c); err != nil {
			return
		}
		v := consent.Version{ID: j.ID(), Replaces: h.Replaces, Required: c.IDs(), Until: h.Until}
		l.charters = append(l.charters, charterText{v, h, c})
		slices.SortFunc(l.charters[1:], func(a, b charterText) int { return Order(a.header, b.header) })
		return
	}
	l.charterActs = append(l.charterActs, actOf(j.Record))
	l.current = l.inForce(l.charterActs)
}

// Replay takes the judged charter records of all logs again, at a start: proposals first, then who signed them.
func (l *Ledger) Replay(charters []Judged) {
	charters = inOrder(charters)
	for _, propose := range []bool{true, false} {
		for _, j := range charters {
			if (j.Header().Verb == record.Propose) == propose {
				l.Count(j)
			}
		}
	}
}

// Case is one record before the judge, with what it knows.
type Case struct {
	Header   *record.Header
	Charter  *Charter       // in force for the author; nil before all founders signed
	Terms    any            // as the kind decodes them; nil where it takes none
	Opening  *record.Header // the header that opened the instrument; nil when this one opens it, or for the founding charter
	Proposal *record.Header // the version named; nil likewise
	Required []record.Party // who must consent to the text proposed (rule C2); nil for other verbs
	Bound    []record.Party // who must consent to the version named, likewise
	Find     func(record.ID) *record.Record
	notified func(*record.Header) []record.Party // whom the area of a text comes near
	bound    func(*record.Header) []record.Party // who must consent to a record, if it is a text of the kind; else nil
	reasons  []Reason
}

// Against holds a reason against the record: its code, the code of the sentence for pages (web/locale/why.*.json), and the sentence
// in English.
func (c *Case) Against(code, why, format string, args ...any) {
	c.hold(code, record.Because(why, format, args...))
}

func (c *Case) hold(code string, why record.Why) { c.reasons = append(c.reasons, ReasonFor(code, why)) }

// Judge says what keeps a record from having effect, all reasons at once. It depends only on what the record knows.
func (l *Ledger) Judge(r *record.Record, src Source) []Reason { return l.JudgeHeader(r.Header(), src) }

// JudgeHeader judges a header before it is sealed: the writer's gate asks it, so that nothing without effect is written.
func (l *Ledger) JudgeHeader(h *record.Header, src Source) []Reason {
	c := &Case{Header: h, Find: func(id record.ID) *record.Record {
		if q := src.ByID(id); q != nil && h.Knows(q.Header().Ref()) {
			return q
		}
		return nil
	}}
	var prev *record.Header
	if h.Index > 0 {
		prev = src.Header(record.Ref{Party: h.Party, Index: h.Index - 1})
	}
	for _, s := range consent.Sequence(h, prev, src.Header) {
		c.hold(ReasonSequence, s)
	}
	if i, used := src.NonceUsed(h.Party, h.Nonce); used && i < h.Index {
		c.Against(ReasonNonce, "nonce", "the act stands at %s#%d already", h.Party, i)
	}
	l.authority(c)
	return c.reasons
}

// Authority judges what can be judged of a record without its neighbours in the logs: charter, kind, terms, references,
// parts and approvals. It is what an auditor's evidence file shows; Judge adds the order of the logs.
func (l *Ledger) Authority(r *record.Record, find func(record.ID) *record.Record) []Reason {
	c := &Case{Header: r.Header(), Find: func(id record.ID) *record.Record {
		if q := find(id); q != nil && r.Header().Knows(q.Header().Ref()) {
			return q
		}
		return nil
	}}
	l.authority(c)
	return c.reasons
}

func (l *Ledger) authority(c *Case) {
	h := c.Header
	founding := h.Kind == charterKind.Name && h.Verb != record.Propose && h.Instrument == l.Group && h.Version == l.Group
	in := l.charterFor(h)
	switch {
	case in != nil && in.version.ID == h.Charter:
		c.Charter = in.charter
	case in != nil:
		c.Against(ReasonCharter, "charter.other", "it names charter %s; for its author %s was in force", h.Charter.Short(), in.version.ID.Short())
		c.Charter = in.charter
	case h.Charter != l.Group || (!founding && h.Kind != powersKind.Name):
		c.Against(ReasonCharter, "charter.unsigned", "not all founders had signed the charter for its author")
	}
	charter := c.Charter
	if charter == nil {
		charter = l.founding
	}
	k, rule, err := l.Kinds.Rule(h.Kind, h.Verb)
	if err != nil {
		c.Against(ReasonKind, "kind.unknown", "%s", err)
		return
	}
	if c.Terms, err = l.Kinds.DecodeTerms(h); err != nil { // a decoder's own words are no part of a state
		c.Against(ReasonTerms, "terms.form", "its terms are not those of %s %s in their one form", h.Kind, h.Verb)
	}
	if h.Verb == record.Propose {
		c.Required = l.required(charter, k, h)
	}
	c.bound = func(o *record.Header) []record.Party {
		if k.Unilateral || o.Kind != k.Name || o.Verb != record.Propose {
			return nil
		}
		return l.required(l.charterOf(o), k, o)
	}
	l.references(c, k, rule)
	if o := c.Proposal; o != nil {
		c.Bound = l.required(l.charterOf(o), k, o)
	}
	l.parties(c, charter)
	l.area(c, k, charter)
	l.parts(c, rule, charter)
	l.translation(c, charter)
	if err == nil {
		checkConsent(c)
		checkParts(c)
		checkWidening(c)
		if k.Check != nil {
			k.Check(c)
		}
	}
	l.approvals(c, rule)
}

func (l *Ledger) references(c *Case, k *Kind, rule Rule) {
	h := c.Header
	if h.Instrument.IsZero() {
		if !rule.Opens {
			c.Against(ReasonReference, "reference.none", "%s %s names no instrument", h.Kind, h.Verb)
		}
		if !h.Version.IsZero() || !h.Replaces.IsZero() {
			c.Against(ReasonReference, "reference.opens", "it opens an instrument and names a version of one")
		}
		return
	}
	if rule.Only {
		c.Against(ReasonReference, "reference.own", "%s %s always opens an instrument of its own", h.Kind, h.Verb)
	}
	charterInstrument := k.Name == charterKind.Name && h.Instrument == l.Group
	if !charterInstrument {
		open := c.Find(h.Instrument)
		if open == nil || !open.Header().Instrument.IsZero() || open.Header().Kind != h.Kind {
			c.Against(ReasonReference, "refers", "it knows no %s %s", h.Kind, h.Instrument.Short())
			return
		}
		c.Opening = open.Header()
	}
	version := func(id record.ID) *record.Header {
		if r := c.Find(id); r != nil && r.Header().Verb == record.Propose && r.Instrument() == h.Instrument {
			return r.Header()
		}
		return nil
	}
	if h.Verb == record.Propose {
		if !h.Version.IsZero() {
			c.Against(ReasonReference, "reference.proposal", "a proposal names what it replaces, not a version")
		}
		if !h.Replaces.IsZero() && version(h.Replaces) == nil && (!charterInstrument || h.Replaces != l.Group) {
			c.Against(ReasonReference, "reference.replaces", "it knows no version %s to replace", h.Replaces.Short())
		}
		if charterInstrument && h.Replaces.IsZero() {
			c.Against(ReasonReference, "charter.replaces", "an amendment names the charter it replaces")
		}
		return
	}
	if !h.Replaces.IsZero() {
		c.Against(ReasonReference, "reference.only-proposal", "only a proposal replaces")
	}
	if h.Version.IsZero() {
		if h.Verb == record.Consent || h.Verb == record.Withdraw {
			c.Against(ReasonReference, "reference.version", "it names no version")
		}
		return
	}
	if charterInstrument && h.Version == l.Group {
		return
	}
	c.Proposal = version(h.Version)
	if c.Proposal == nil {
		c.Against(ReasonReference, "reference.unknown", "it knows no version %s", h.Version.Short())
	} else if h.Verb == record.Consent && c.Proposal.Charter != h.Charter {
		c.Against(ReasonCharter, "charter.old", "the text was proposed under charter %s; propose it again under %s", c.Proposal.Charter.Short(), h.Charter.Short())
	}
}

func (l *Ledger) parties(c *Case, charter *Charter) {
	h, ids := c.Header, charter.IDs()
	if !slices.Contains(ids, h.Party) {
		c.Against(ReasonParties, "party.author", "%s is not a party of the group", h.Party)
	}
	for _, p := range h.Participants {
		if !slices.Contains(ids, p) {
			c.Against(ReasonParties, "party.participant", "participant %s is not a party of the group", p)
		}
	}
	if h.Line != "" && !charter.HasLine(h.Line) {
		c.Against(ReasonTerms, "line", "the charter names no line of effort %q", h.Line)
	}
	if h.Nature != "" && !slices.Contains([]record.Nature{record.Political, record.Arrangement, record.Treaty}, h.Nature) {
		c.Against(ReasonTerms, "nature", "nature %q is not one of political, arrangement, treaty", h.Nature)
	}
	if c.Opening != nil && h.Line != c.Opening.Line {
		c.Against(ReasonTerms, "line.other", "its line of effort is not that of its instrument")
	}
	if h.Until != 0 && h.Verb != record.Propose {
		c.Against(ReasonTerms, "until", "only a proposal has an until")
	}
}

func (l *Ledger) parts(c *Case, rule Rule, charter *Charter) {
	h := c.Header
	for _, m := range missingParts(rule, h, charter.Languages) {
		c.Against(ReasonParts, "part.missing", "the part %s is missing", m)
	}
	for _, p := range h.Parts {
		if !slices.ContainsFunc(rule.Parts, func(pat string) bool { return matchPart(pat, p.Name, charter.Languages) }) {
			c.Against(ReasonParts, "part.unknown", "%s %s takes no part %s", h.Kind, h.Verb, p.Name)
		}
		for _, s := range release.Check(p.Marking, h.Party, charter.IDs(), charter.Handling) {
			s.Text = "part " + p.Name + ": " + s.Text
			c.hold(ReasonParts, s)
		}
		for _, q := range c.Required {
			if !release.MayHold(p.Marking, h.Party, q) {
				c.Against(ReasonParts, "part.release", "part %s is not released to %s, whose consent the text needs", p.Name, q)
			}
		}
	}
}

func (l *Ledger) approvals(c *Case, rule Rule) {
	h := c.Header
	if !rule.Approved && !rule.Root {
		return
	}
	ring := l.rings[h.Party]
	if ring == nil {
		return // parties() said so
	}
	if rule.Root && h.Kind == powersKind.Name && h.Verb == record.Propose {
		if _, err := ring.read(h); err != nil {
			c.Against(ReasonApproval, "powers.form", "%s", err)
		}
		return
	}
	p := ring.At(h.Index)
	if p == nil {
		c.Against(ReasonApproval, "powers.none", "%s had no powers on record", h.Party)
		return
	}
	act, err := record.Act(h)
	if err != nil {
		c.Against(ReasonApproval, "act.form", "%s", err)
		return
	}
	if rule.Root {
		if err := approvedByRoot(h, p.Root); err != nil {
			c.Against(ReasonApproval, "root", "%s", err)
		}
		return
	}
	if len(l.founding.Parties) == 1 && approvedByRoot(h, p.Root) == nil {
		return // in a group of one nobody else's trust is at stake, and there may be no official yet
	}
	_, why := l.Approved(h, act, p)
	for _, s := range why {
		c.hold(ReasonApproval, s)
	}
}

// Approved counts the approvals of an act under powers and names the office whose authority carries it. why is empty when
// one does; otherwise it says what is missing, per office.
func (l *Ledger) Approved(h *record.Header, act record.ID, p *Powers) (office string, why []record.Why) {
	signed := map[string]map[string]bool{} // office → keys
	for i := range h.Approvals {
		a := &h.Approvals[i]
		o, ok := p.Office(a.Office)
		if !ok {
			why = append(why, record.Because("approval.office", "the office %s is not in the powers of %s", a.Office, h.Party))
			continue
		}
		seat, ok := o.Seat(a.Seat)
		if !ok || !l.verify(act, h.Party, a, seat.Key) {
			why = append(why, record.Because("approval.signature", "the signature of %s/%d does not verify", a.Office, a.Seat))
			continue
		}
		if !seat.Sits(h.Time) {
			why = append(why, record.Because("approval.term", "the term of the seat %s/%d does not cover the record's time", a.Office, a.Seat))
			continue
		}
		if signed[a.Office] == nil {
			signed[a.Office] = map[string]bool{}
		}
		signed[a.Office][string(seat.Key.Public)] = true
	}
	paper := PaperOf(h)
	if paper != nil {
		if s := paper.maySign(h, p); s.Code != "" {
			why = append(why, s)
		}
	}
	if len(why) > 0 {
		return "", why
	}
	for _, o := range p.Offices {
		n := uint64(len(signed[o.ID]))
		if n == 0 {
			continue
		}
		need := uint64(0)
		for _, g := range o.Grants {
			if g.Covers(h.Kind, h.Verb, h.Line, h.Time) && (paper == nil || g.Paper) && (need == 0 || g.Sign < need) {
				need = g.Sign
			}
		}
		switch {
		case need == 0:
			why = append(why, record.Because("approval.grant", "the office %s has no authority for %s %s%s%s then", o.ID, h.Kind, h.Verb, ofLine(h.Line), onPaper(paper)))
		case n < need:
			why = append(why, record.Because("approval.seats", "%d of %d seats of %s signed", n, need, o.ID))
		default:
			return o.ID, nil
		}
	}
	if len(why) == 0 {
		why = append(why, record.Because("approval.nobody", "nobody signed it"))
	}
	return "", why
}

func ofLine(line string) string {
	if line == "" {
		return ""
	}
	return " on the line " + line
}

func onPaper(p *Paper) string {
	if p == nil {
		return ""
	}
	return " to record a signature on paper"
}

func (l *Ledger) verify(act record.ID, p record.Party, a *record.Approval, k Key) bool {
	if l.Verify != nil {
		return l.Verify(act, p, a, k)
	}
	return a.Verify(act, p, k.Alg, k.Public)
}

func actOf(r *record.Record) consent.Act {
	h := r.Header()
	return consent.Act{ID: r.ID(), Ref: h.Ref(), Verb: h.Verb, Version: h.Version, Time: h.Time, Seen: h.Seen}
}
