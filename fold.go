package entente

import (
	"cmp"
	"fmt"
	"slices"

	"entente/consent"
	"entente/record"
)

// Fold computes the state of one instrument from its judged records that count, in any order. Same records, same
// knowledge, same bytes (rule C7). waits names the knowledge that would change it; nil state: the kind has none.
func (l *Ledger) Fold(instrument record.ID, records []Judged, know consent.Knowledge) (s *State, waits []consent.Wait, err error) {
	records = inOrder(records)
	s = &State{Instrument: instrument}
	founding := instrument == l.Group
	if founding {
		s.Kind, s.Opened = charterKind.Name, consent.Moment{Time: l.founding.Founded}
	} else {
		i := slices.IndexFunc(records, func(j Judged) bool { return j.ID() == instrument })
		if i < 0 {
			return nil, nil, fmt.Errorf("fold %s: its opening record is not among its records", instrument.Short())
		}
		h := records[i].Header()
		s.Kind, s.Line, s.Nature, s.Author, s.Participants = h.Kind, h.Line, h.Nature, h.Party, h.Participants
		s.Opened = consent.Moment{Ref: h.Ref(), Time: h.Time}
	}
	k := l.Kinds[s.Kind]
	if k != nil && k.Silent {
		return nil, nil, nil
	}
	var effect []Judged
	for _, j := range records {
		h := j.Header()
		s.Last = max(s.Last, h.Time)
		if len(j.Reasons) > 0 {
			s.Rejected = append(s.Rejected, Rejected{j.ID(), h.Ref(), h.Verb, codes(j.Reasons)})
		} else {
			effect = append(effect, j)
		}
	}
	if k != nil && k.Area != nil {
		if err := l.atHand(effect); err != nil {
			return nil, nil, fmt.Errorf("fold %s: %w", instrument.Short(), err)
		}
	}
	versions, acts, texts := l.texts(instrument, k, effect)
	res := consent.Evaluate(versions, acts, know, l.clocks())
	for i, o := range res.Outcomes {
		v := VersionState{ID: o.Version, Replaces: versions[i].Replaces, Required: versions[i].Required, Until: versions[i].Until,
			Standing: o.Standing, Since: o.Since, Settled: o.Settled, Late: o.Late}
		if h := texts[o.Version]; h != nil {
			v.Ref, v.Time = h.Ref(), h.Time
		}
		for _, p := range versions[i].Required {
			v.Sides = append(v.Sides, side(p, o, effect))
		}
		s.Versions = append(s.Versions, v)
	}
	s.Notices, s.Ends = res.Notices, res.Ends
	if k != nil && k.Area != nil {
		l.foldArea(s, k, texts, effect)
	}
	if k != nil && k.Fold != nil {
		k.Fold(s, effect)
	}
	if k != nil && k.Clocks != nil {
		l.foldClocks(s, k, records)
	}
	if k != nil {
		l.foldTranslations(s, k, effect)
	}
	l.foldParts(s, effect)
	slices.SortFunc(s.Facts, func(a, b Fact) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) })
	return s, res.Waits, nil
}

// foldClocks applies a kind's clocks under the charter that the instrument was opened under.
func (l *Ledger) foldClocks(s *State, k *Kind, records []Judged) {
	c := l.founding
	for _, j := range records {
		if j.ID() != s.Instrument {
			continue
		}
		if x := l.CharterByID(j.Header().Charter); x != nil {
			c = x
		}
	}
	k.Clocks(s, c)
}

// texts reads versions and acts from the records with effect, in their order.
func (l *Ledger) texts(instrument record.ID, k *Kind, effect []Judged) (versions []consent.Version, acts []consent.Act, texts map[record.ID]*record.Header) {
	if k == nil || k.Unilateral {
		return nil, nil, nil
	}
	texts = map[record.ID]*record.Header{}
	if instrument == l.Group {
		versions = append(versions, l.charters[0].version)
	}
	for _, j := range effect {
		switch h := j.Header(); h.Verb {
		case record.Propose:
			c := l.CharterByID(h.Charter)
			if c == nil {
				c = l.founding
			}
			versions = append(versions, consent.Version{ID: j.ID(), Replaces: h.Replaces, Required: l.required(c, k, h), Until: h.Until})
			texts[j.ID()] = h
		case record.Consent, record.Withdraw:
			acts = append(acts, actOf(j.Record))
		}
	}
	return versions, acts, texts
}

// MayConsent is the writer's own gate before a consent (rule C5): no rival text may stand in the way. records are those of
// the instrument that count, in any order.
func (l *Ledger) MayConsent(h *record.Header, records []Judged, know consent.Knowledge) error {
	effect := inOrder(slices.DeleteFunc(slices.Clone(records), func(j Judged) bool { return len(j.Reasons) > 0 }))
	versions, acts, _ := l.texts(h.Instrument, l.Kinds[h.Kind], effect)
	return consent.MayConsent(h.Party, h.Version, versions, acts, know)
}

// Required is who must consent to a text, by its own header and charter (rule C2).
func (l *Ledger) Required(h *record.Header) []record.Party {
	k, c := l.Kinds[h.Kind], l.CharterByID(h.Charter)
	if k == nil || k.Unilateral {
		return nil
	}
	if c == nil {
		c = l.founding
	}
	return l.required(c, k, h)
}

// inOrder is the one order in which records of an instrument are read.
func inOrder(records []Judged) []Judged {
	return slices.SortedFunc(slices.Values(records), func(a, b Judged) int { return Order(a.Header(), b.Header()) })
}

// Order is the one order in which records of an instrument are read: by time, how much they know, party and index. It follows what each knows: a record in sequence is no
// earlier than those it knows, and knows more than they do, so that two of one second stand right too.
func Order(x, y *record.Header) int {
	return cmp.Or(cmp.Compare(x.Time, y.Time), cmp.Compare(knows(x), knows(y)), cmp.Compare(x.Party, y.Party), cmp.Compare(x.Index, y.Index))
}

// knows is how many records a header knows.
func knows(h *record.Header) uint64 {
	n := h.Index
	for _, m := range h.Seen {
		n += m.Size
	}
	return n
}

// codes leaves the wording of reasons out of the state: another version of the program may say the same in other words.
func codes(reasons []Reason) []Reason {
	var out []Reason
	for _, r := range reasons {
		if !slices.ContainsFunc(out, func(x Reason) bool { return x.Code == r.Code }) {
			out = append(out, Reason{Code: r.Code})
		}
	}
	return out
}

func side(p record.Party, o consent.Outcome, effect []Judged) Side {
	x := Side{Party: p}
	if m, ok := o.Consents[p]; ok {
		x.Consent = &m
	} else if m, ok := o.Given[p]; ok {
		x.Consent = &m
	}
	if w, ok := o.Pulled[p]; ok {
		x.Withdrawn, x.Pending = &w.Moment, w.Pending
	}
	if x.Consent != nil {
		for _, j := range effect {
			if h := j.Header(); h.Ref() == x.Consent.Ref {
				x.Paper = PaperOf(h)
			}
		}
	}
	return x
}

// clocks are those of the founding charter: the same on every node, whatever amendments it has seen.
func (l *Ledger) clocks() consent.Clocks { return l.founding.leaving() }
