package entente

import (
	"maps"
	"slices"

	"entente/record"
)

// PartsOf names parts of a record of the instrument: the terms of recall and of erase.
type PartsOf struct {
	Of    record.ID `cbor:"1,keyasint" json:"of"`
	Parts []string  `cbor:"2,keyasint" json:"parts"` // ascending
}

// A recall asks the others for their copies back; each acknowledges, and then keeps none, or refuses, by a reply to it. An erase is
// a party's word that parts are to be destroyed everywhere: it takes effect when every party has said so, or when one says so
// after the instrument has ended and the charter's retention has passed.
var (
	recallRule = Rule{Approved: true, Terms: func() any { return new(PartsOf) }, Parts: []string{"body.*"}}
	eraseRule  = Rule{Approved: true, Terms: func() any { return new(PartsOf) }, Parts: []string{"body.*"}}
)

// withContentVerbs is the kind with the verbs by which content goes further, is asked back and is destroyed. Every kind has them whose
// parts go to other parties, who answer by replies; where a kind releases for publication, its terms say which of the two is meant.
func (x *Kind) withContentVerbs() *Kind {
	_, answered := x.Verbs[record.Reply]
	if x.Home || x.Silent || !answered {
		return x
	}
	y := *x
	y.Verbs = maps.Clone(x.Verbs)
	y.Verbs[record.Recall], y.Verbs[record.Erase] = recallRule, eraseRule
	if _, ok := y.Verbs[record.Release]; !ok {
		y.Verbs[record.Release] = widenRule
	}
	return &y
}

// RecallState is one party's asking for copies back, with the last answer of each other party.
type RecallState struct {
	ID      record.ID  `cbor:"1,keyasint" json:"id"`
	Ref     record.Ref `cbor:"2,keyasint" json:"ref"`
	Time    int64      `cbor:"3,keyasint" json:"time"`
	Of      record.ID  `cbor:"4,keyasint" json:"of"`
	Parts   []string   `cbor:"5,keyasint" json:"parts"`
	Answers []Reply    `cbor:"6,keyasint,omitempty" json:"answers,omitempty"`
}

// Answer is what a party said of a recall, empty where it has not answered.
func (r *RecallState) Answer(p record.Party) Stance {
	for _, a := range r.Answers {
		if a.Ref.Party == p {
			return a.Stance
		}
	}
	return ""
}

// Erasure is a part that parties want destroyed.
type Erasure struct {
	Of    record.ID      `cbor:"1,keyasint" json:"of"`
	Part  string         `cbor:"2,keyasint" json:"part"`
	By    []record.Party `cbor:"3,keyasint" json:"by"`                      // ascending
	Since int64          `cbor:"4,keyasint,omitzero" json:"since,omitzero"` // destroyed everywhere from then; 0: not all have said so yet
}

// checkParts holds a recall or an erase to naming parts of a record of the instrument that it knows.
func checkParts(c *Case) {
	t, ok := c.Terms.(*PartsOf)
	if !ok {
		return
	}
	r := c.named(t.Of, t.Parts)
	if r != nil && c.Header.Verb == record.Recall && r.Header().Party != c.Header.Party {
		c.Against(ReasonParties, "parts.author", "only %s, whose words they are, asks for copies back", r.Header().Party)
	}
}

// named finds the record of the instrument whose parts an act names; nil where it knows none.
func (c *Case) named(of record.ID, parts []string) *record.Record {
	r := c.Find(of)
	if r == nil || r.Instrument() != c.Header.Instrument {
		c.Against(ReasonReference, "parts.of", "it names %s, which is no record of this instrument that it knows", of.Short())
		return nil
	}
	if len(parts) == 0 || !slices.IsSorted(parts) || len(slices.Compact(slices.Clone(parts))) != len(parts) {
		c.Against(ReasonTerms, "parts.names", "it names parts, ascending, each once")
	}
	for _, name := range parts {
		if _, ok := r.Header().Part(name); !ok {
			c.Against(ReasonReference, "parts.unknown", "that record has no part %.70q", name)
		}
	}
	return r
}

// foldParts keeps what was released to more, who asked for copies back and what is to be destroyed.
func (l *Ledger) foldParts(s *State, effect []Judged) {
	retention := l.founding.Clocks.Retention
	for _, j := range effect {
		h, t := j.Header(), new(PartsOf)
		if x := l.Kinds.WideningOf(h); x != nil {
			s.Widened = append(s.Widened, Widened{j.ID(), h.Ref(), h.Time, x.Of, x.Parts, x.To, x.Offices})
			continue
		}
		if h.Verb != record.Recall && h.Verb != record.Erase || record.Unmarshal(h.Terms, t) != nil {
			continue
		}
		if h.Verb == record.Recall {
			r := RecallState{ID: j.ID(), Ref: h.Ref(), Time: h.Time, Of: t.Of, Parts: t.Parts}
			for _, y := range s.Replies {
				if y.To == r.ID && (y.Stance == Acknowledge || y.Stance == Object) {
					r.Answers = append(slices.DeleteFunc(r.Answers, func(a Reply) bool { return a.Ref.Party == y.Ref.Party }), y)
				}
			}
			s.Recalls = append(s.Recalls, r)
			continue
		}
		late := s.Ends != 0 && h.Time >= s.Ends+retention
		for _, name := range t.Parts {
			i := slices.IndexFunc(s.Erasures, func(e Erasure) bool { return e.Of == t.Of && e.Part == name })
			if i < 0 {
				i = len(s.Erasures)
				s.Erasures = append(s.Erasures, Erasure{Of: t.Of, Part: name})
			}
			e := &s.Erasures[i]
			if !slices.Contains(e.By, h.Party) {
				e.By = append(e.By, h.Party)
				slices.Sort(e.By)
			}
			if e.Since == 0 && (late || len(e.By) == len(l.founding.Parties)) {
				e.Since = h.Time
			}
		}
	}
}

// gaveBack are those who acknowledged a recall; that stands, whatever they say later.
func (s *State) gaveBack(r *RecallState) (out []record.Party) {
	for _, y := range s.Replies {
		if y.To == r.ID && y.Stance == Acknowledge && y.Ref.Party != r.Ref.Party {
			out = append(out, y.Ref.Party)
		}
	}
	return out
}

// fate is what became of a part on record: whether copies were asked back, by whom they were given back, from when it is destroyed.
func (s *State) fate(of record.ID, part string) (recalled bool, gaveBack []record.Party, erased int64) {
	for i := range s.Recalls {
		r := &s.Recalls[i]
		if r.Of != of || !slices.Contains(r.Parts, part) {
			continue
		}
		recalled = true
		gaveBack = append(gaveBack, s.gaveBack(r)...)
	}
	slices.Sort(gaveBack)
	gaveBack = slices.Compact(gaveBack)
	for _, e := range s.Erasures {
		if e.Of == of && e.Part == part {
			erased = e.Since
		}
	}
	return recalled, gaveBack, erased
}

// Gone is what a party keeps no longer: what is destroyed everywhere, and what it gave back. It never comes back.
func (s *State) Gone(p record.Party) []PartsOf {
	var out []PartsOf
	for i := range s.Recalls {
		if r := &s.Recalls[i]; slices.Contains(s.gaveBack(r), p) {
			out = append(out, PartsOf{r.Of, r.Parts})
		}
	}
	for _, e := range s.Erasures {
		if e.Since != 0 {
			out = append(out, PartsOf{e.Of, []string{e.Part}})
		}
	}
	return out
}

// waitParts: who has not answered a recall, or said whether content is to be destroyed. That outlasts the instrument.
func (s *State) waitParts(parties []record.Party) (out []Attention) {
	for i := range s.Recalls {
		for _, p := range parties {
			if r := &s.Recalls[i]; p != r.Ref.Party && r.Answer(p) == "" {
				out = append(out, Attention{Party: p, Reason: AttentionRecall, About: r.ID})
			}
		}
	}
	asked := map[record.ID][]record.Party{}
	for _, e := range s.Erasures {
		for _, p := range parties {
			if e.Since == 0 && !slices.Contains(e.By, p) && !slices.Contains(asked[e.Of], p) {
				asked[e.Of] = append(asked[e.Of], p)
				out = append(out, Attention{Party: p, Reason: AttentionErase, About: e.Of})
			}
		}
	}
	return out
}
