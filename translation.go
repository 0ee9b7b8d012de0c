package entente

import (
	"slices"
	"strings"

	"entente/record"
)

// Translation is a note that supplies languages which a report, reply, note or reason of withdrawal lacks. A proposal has
// every language from the start: what binds is never a translation.
type Translation struct {
	Of record.ID `cbor:"1,keyasint" json:"of"`
}

// translating are the terms of notes that may be translations.
type translating interface {
	// translates names the record translated; absent: the note is something else.
	translates() record.ID
}

func (t *Translation) translates() record.ID { return t.Of }

var translationRule = Rule{Approved: true, Terms: func() any { return new(Translation) }, Parts: []string{"title.*", "body.*"}}

// Translated says which parts of a record a note supplies.
type Translated struct {
	ID    record.ID  `cbor:"1,keyasint" json:"id"` // of the note
	Ref   record.Ref `cbor:"2,keyasint" json:"ref"`
	Time  int64      `cbor:"3,keyasint" json:"time"`
	Of    record.ID  `cbor:"4,keyasint" json:"of"`
	Parts []string   `cbor:"5,keyasint" json:"parts"` // body.es …
}

// Untranslated is a record whose text nobody has supplied in every language of its charter yet. Its author owes it.
type Untranslated struct {
	Of    record.ID  `cbor:"1,keyasint" json:"of"`
	Ref   record.Ref `cbor:"2,keyasint" json:"ref"`
	Parts []string   `cbor:"3,keyasint" json:"parts"` // those missing
}

// translatable reports whether a kind's texts may be supplied in another language afterwards.
func (x *Kind) translatable() bool {
	rule, ok := x.Verbs[record.Note]
	if !ok || rule.Terms == nil {
		return false
	}
	_, ok = rule.Terms().(translating)
	return ok
}

// TranslationOf is the record that a note translates; zero: it is something else.
func (k Kinds) TranslationOf(h *record.Header) record.ID {
	if t, err := k.DecodeTerms(h); err == nil && h.Verb == record.Note {
		if x, ok := t.(translating); ok {
			return x.translates()
		}
	}
	return record.ID{}
}

// otherLanguages lists the parts that would make a header's texts complete.
func otherLanguages(h *record.Header, languages []string) []string {
	var out []string
	for _, p := range h.Parts {
		base, lang, ok := strings.Cut(p.Name, ".")
		if !ok || !slices.Contains(languages, lang) {
			continue
		}
		for _, l := range languages {
			name := base + "." + l
			if _, has := h.Part(name); !has && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// translation holds a note that says it is a translation to supplying what its record lacks.
func (l *Ledger) translation(c *Case, charter *Charter) {
	t, ok := c.Terms.(translating)
	if !ok {
		return
	}
	of := t.translates()
	if _, plain := t.(*Translation); of.IsZero() {
		if plain {
			c.Against(ReasonReference, "translation.of", "a note of this kind names the record that it translates")
		}
		return
	}
	r := c.Find(of)
	if r == nil || r.Instrument() != c.Header.Instrument {
		c.Against(ReasonReference, "translation.unknown", "it translates %s, which is no record of this instrument that it knows", of.Short())
		return
	}
	if x, err := l.Kinds.DecodeTerms(r.Header()); err == nil {
		if q, ok := x.(translating); ok && !q.translates().IsZero() {
			c.Against(ReasonReference, "translation.twice", "it translates a translation")
		}
	}
	if r.Header().Verb == record.Propose {
		c.Against(ReasonReference, "translation.proposal", "a proposal has every language: another wording is another proposal")
	}
	if len(c.Header.Parts) == 0 {
		c.Against(ReasonParts, "translation.text", "a translation has the text that is missing")
	}
	missing := otherLanguages(r.Header(), charter.Languages)
	for _, p := range c.Header.Parts {
		if !slices.Contains(missing, p.Name) {
			c.Against(ReasonParts, "translation.part", "the part %s is not missing there", p.Name)
		}
	}
}

// foldTranslations keeps what was supplied, and what is still missing in the language of the charter each record stands under.
func (l *Ledger) foldTranslations(s *State, k *Kind, effect []Judged) {
	if !k.translatable() {
		return
	}
	supplied := map[record.ID][]string{}
	isTranslation := map[record.ID]bool{}
	for _, j := range effect {
		h := j.Header()
		if h.Verb != record.Note {
			continue
		}
		x, _ := l.Kinds.DecodeTerms(h) // judged before
		if t, ok := x.(translating); ok && !t.translates().IsZero() {
			isTranslation[j.ID()] = true
			d := Translated{ID: j.ID(), Ref: h.Ref(), Time: h.Time, Of: t.translates()}
			for _, p := range h.Parts {
				d.Parts = append(d.Parts, p.Name)
			}
			s.Translations = append(s.Translations, d)
			supplied[d.Of] = append(supplied[d.Of], d.Parts...)
		}
	}
	for _, j := range effect {
		h := j.Header()
		if h.Verb == record.Propose || isTranslation[j.ID()] {
			continue
		}
		missing := slices.DeleteFunc(otherLanguages(h, l.charterOf(h).Languages), func(p string) bool { return slices.Contains(supplied[j.ID()], p) })
		if len(missing) > 0 {
			s.Untranslated = append(s.Untranslated, Untranslated{j.ID(), h.Ref(), missing})
		}
	}
}
