package entente

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entente/progress"
	"entente/record"
)

// Claim is something that was said in public of what a group measures: who said it, how it came down, and what exactly it states. The
// quote itself is the part quote; the position of a party on it is the part body.
type Claim struct {
	Group          record.ID          `cbor:"1,keyasint,omitzero" json:"group,omitzero"` // kept at home: the group that it concerns
	Office         string             `cbor:"2,keyasint" json:"office"`                  // whose words they are: an office, not a person
	Side           record.Party       `cbor:"3,keyasint,omitempty" json:"side,omitempty"`
	Said           int64              `cbor:"4,keyasint,omitzero" json:"said,omitzero"`       // Unix seconds; absent: not known
	Outlet         string             `cbor:"5,keyasint,omitempty" json:"outlet,omitempty"`   // that carried it
	Agency         string             `cbor:"6,keyasint,omitempty" json:"agency,omitempty"`   // whose figure the office was using
	Link           string             `cbor:"7,keyasint,omitempty" json:"link,omitempty"`     // where it was read
	Language       string             `cbor:"8,keyasint,omitempty" json:"language,omitempty"` // of the quote, BCP 47
	Indicator      record.ID          `cbor:"9,keyasint,omitzero" json:"indicator,omitzero"`  // absent: none measures it
	Measure        string             `cbor:"10,keyasint,omitempty" json:"measure,omitempty"` // what is counted, in words
	Area           string             `cbor:"11,keyasint,omitempty" json:"area,omitempty"`
	Disaggregation string             `cbor:"12,keyasint,omitempty" json:"disaggregation,omitempty"`
	Form           progress.ClaimForm `cbor:"13,keyasint,omitempty" json:"form,omitempty"`
	Value          record.Decimal     `cbor:"14,keyasint,omitempty" json:"value,omitempty"` // digits as quoted; a fall is negative
	Unit           string             `cbor:"15,keyasint,omitempty" json:"unit,omitempty"`
	Bound          string             `cbor:"16,keyasint,omitempty" json:"bound,omitempty"` // about, at-least, at-most
	Start          int64              `cbor:"17,keyasint,omitzero" json:"start,omitzero"`   // of the period; without end: since then
	End            int64              `cbor:"18,keyasint,omitzero" json:"end,omitzero"`
	BaseStart      int64              `cbor:"19,keyasint,omitzero" json:"base_start,omitzero"` // of the period that it is compared with
	BaseEnd        int64              `cbor:"20,keyasint,omitzero" json:"base_end,omitzero"`
	Note           string             `cbor:"21,keyasint,omitempty" json:"note,omitempty"` // what the words leave open
}

// Bounds of a claim.
const (
	// MaxQuoteWords of an exact quote: what a court or a journalist would call a short one.
	MaxQuoteWords = 25
	// maxQuote of a quote in bytes: 25 long words.
	maxQuote = 600
	// maxClaimText of an office, outlet, agency, area or measure, in bytes.
	maxClaimText = 300
	// maxClaimLink of the address where it was read.
	maxClaimLink = 2000
)

// QuotePart is the part with the exact quote.
const QuotePart = "quote"

// Kinds of claims, for lists.
const (
	ClaimKind     = "claim"
	ClaimNoteKind = "claim-note"
)

// ClaimNote is what a party keeps of a claim in its group of one: the claim, changed or as it was, and by which act it was put before
// the others, if it was.
type ClaimNote struct {
	Claim *Claim       `cbor:"1,keyasint,omitempty" json:"claim,omitempty"` // absent: as before
	Act   record.Nonce `cbor:"2,keyasint,omitzero" json:"act,omitzero"`     // drafted to put it before the others
	By    string       `cbor:"3,keyasint" json:"by"`                        // the office that noted it
	Seat  uint64       `cbor:"4,keyasint,omitzero" json:"seat,omitzero"`
}

// ClaimRelease is a party's word that a claim may be published with that finding; an empty word takes it back. Where it names parts, it
// is that they may go to more parties.
type ClaimRelease struct {
	Widening
	Report record.ID            `cbor:"1,keyasint,omitzero" json:"report,omitzero"` // the claim as it stands there
	Word   progress.FindingWord `cbor:"2,keyasint,omitempty" json:"word,omitempty"`
	Rule   string               `cbor:"3,keyasint,omitempty" json:"rule,omitempty"` // by which it was found
}

// claimKind is a claim that a party put before the others of a group. Whoever opened it says what it is; the others answer; each
// releases it for itself.
var claimKind = &Kind{
	Name: ClaimKind,
	Verbs: map[record.Verb]Rule{
		record.Report:  {Opens: true, Approved: true, Terms: func() any { return new(Claim) }, Parts: []string{QuotePart, "body.*"}, Needs: []string{QuotePart}},
		record.Reply:   replyRule,
		record.Release: {Approved: true, Terms: func() any { return new(ClaimRelease) }},
		record.Note:    translationRule,
	},
	Check: func(c *Case) {
		checkReply(c)
		switch t := c.Terms.(type) {
		case *Claim:
			t.check(c)
			if !t.Group.IsZero() {
				c.Against(ReasonTerms, "claim.group", "a claim before the others names no other group")
			}
			if o := c.Opening; o != nil && o.Party != c.Header.Party {
				c.Against(ReasonParties, "claim.author", "only %s, who opened it, changes it", o.Party)
			}
			c.refersTo(indicatorKind.Name, t.Indicator)
			if t.Side != "" && !c.isParty(t.Side) {
				c.Against(ReasonParties, "claim.side", "%s is not a party of the group", t.Side)
			}
			if p, ok := c.Header.Part(QuotePart); ok && p.Length > maxQuote {
				c.Against(ReasonParts, "claim.quote-long", "a quote has at most %d bytes", maxQuote)
			}
			for _, p := range c.Header.Parts {
				if c.Charter != nil && slices.ContainsFunc(c.Charter.IDs(), func(q record.Party) bool {
					return q != c.Header.Party && !slices.Contains(p.Marking.ReleasableTo, q) && !slices.Contains(p.Marking.ReleasableTo, record.Public)
				}) {
					c.Against(ReasonParts, "claim.withheld", "part %s: a claim that is not for every party stays at home", p.Name)
				}
			}
		case *ClaimRelease:
			if !t.Of.IsZero() {
				if !t.Report.IsZero() || t.Word != "" || t.Rule != "" {
					c.Against(ReasonTerms, "claim.widen", "a release of parts to other parties names no finding")
				}
				return
			}
			if r := c.Find(t.Report); r == nil || r.Instrument() != c.Header.Instrument || r.Header().Verb != record.Report {
				c.Against(ReasonReference, "claim.unknown", "it knows no claim %s here", t.Report.Short())
			}
			if (t.Word == "") != (t.Rule == "") || t.Word != "" && !slices.Contains(progress.FindingWords, t.Word) || len(t.Rule) > record.MaxName {
				c.Against(ReasonTerms, "claim.release", "a release names the finding and the rule by which it was found, or neither to take it back")
			}
		}
	},
	Fold: func(s *State, records []Judged) {
		words := map[record.Party]*ClaimRelease{}
		latest := record.ID{}
		for _, j := range records {
			switch j.Header().Verb {
			case record.Report:
				t := new(Claim)
				if record.Unmarshal(j.Header().Terms, t) == nil {
					latest, s.Facts = j.ID(), nil
					t.fold(s)
				}
			case record.Release:
				t := new(ClaimRelease)
				if record.Unmarshal(j.Header().Terms, t) == nil && t.Of.IsZero() {
					words[j.Header().Party] = t
				}
			}
		}
		for p, t := range words { // facts are put in order
			if t.Report == latest {
				s.set("released."+string(p), string(t.Word))
			}
		}
		foldReplies(s, records, nil)
	},
}

// claimNoteKind is a claim with the party's own position, seen by nobody else. Its texts are for the offices of the party in the
// group that it concerns.
var claimNoteKind = &Kind{
	Name:       ClaimNoteKind,
	Unilateral: true,
	Home:       true,
	Verbs: map[record.Verb]Rule{record.Note: {Opens: true, Terms: func() any { return new(ClaimNote) },
		Parts: []string{QuotePart, "body.*"}}},
	Check: func(c *Case) {
		c.staysHome()
		t, ok := c.Terms.(*ClaimNote)
		if !ok {
			return
		}
		if !record.ValidName(t.By) || t.Seat > record.MaxSeat {
			c.Against(ReasonTerms, "claim.by", "it does not say which office noted it")
		}
		_, quoted := c.Header.Part(QuotePart)
		switch {
		case t.Claim == nil && (c.Header.Instrument.IsZero() || quoted):
			c.Against(ReasonTerms, "claim.first", "a quote stands with its claim, and the first note has one")
		case t.Claim != nil && !quoted:
			c.Against(ReasonParts, "claim.quote-missing", "the part %s is missing", QuotePart)
		case t.Claim != nil:
			t.Claim.check(c)
			if t.Claim.Group.IsZero() {
				c.Against(ReasonTerms, "claim.which-group", "it names the group that it concerns")
			}
		}
	},
	Fold: func(s *State, records []Judged) {
		s.Owner = s.Author
		var latest, position record.ID
		var act record.Nonce
		for _, j := range records {
			t := new(ClaimNote)
			if record.Unmarshal(j.Header().Terms, t) != nil {
				continue
			}
			if t.Claim != nil {
				latest, s.Facts = j.ID(), nil
				t.Claim.fold(s)
			}
			if slices.ContainsFunc(j.Header().Parts, func(p record.PartRef) bool { return strings.HasPrefix(p.Name, "body.") }) {
				position = j.ID() // the last word stands
			}
			if t.Act != (record.Nonce{}) {
				act = t.Act
			}
		}
		s.set("latest", latest.String())
		if !position.IsZero() {
			s.set("position", position.String())
		}
		if act != (record.Nonce{}) {
			s.set("act", act.String())
		}
	},
}

func (t *Claim) check(c *Case) {
	for what, s := range map[string]string{"office": t.Office, "outlet": t.Outlet, "agency": t.Agency, "measure": t.Measure, "area": t.Area, "breakdown": t.Disaggregation, "note": t.Note} {
		if len(s) > maxClaimText || strings.ContainsFunc(s, control) {
			c.Against(ReasonTerms, "claim.text", "%s: more than %d bytes, or no plain text", what, maxClaimText)
		}
	}
	if strings.TrimSpace(t.Office) == "" {
		c.Against(ReasonTerms, "claim.office", "a claim names the office whose words they are")
	}
	if l := t.Link; l != "" && (!strings.HasPrefix(l, "https://") && !strings.HasPrefix(l, "http://") || len(l) > maxClaimLink || strings.ContainsFunc(l, control) || strings.Contains(l, " ")) {
		c.Against(ReasonTerms, "claim.link", "a link is a web address of at most %d bytes", maxClaimLink)
	}
	if len(t.Language) > 35 || t.Language != "" && strings.Trim(t.Language, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
		c.Against(ReasonTerms, "claim.language", "a language is a tag like en or es-MX")
	}
	if t.Form != "" && !slices.Contains(progress.ClaimForms, t.Form) || t.Bound != "" && !slices.Contains(progress.ClaimBounds, t.Bound) {
		c.Against(ReasonTerms, "claim.form", "its form or bound is none of those known: %s", fmt.Sprint(progress.ClaimForms, progress.ClaimBounds))
	}
	counts := t.Form == progress.ClaimValue || t.Form == progress.ClaimPercent || t.Form == progress.ClaimChange
	if t.Value != "" && !t.Value.Valid() || counts && t.Value == "" || len(t.Unit) > record.MaxName {
		c.Against(ReasonTerms, "claim.value", "a count or change has its value in digits, with its unit")
	}
	for _, p := range [][2]int64{{t.Start, t.End}, {t.BaseStart, t.BaseEnd}} {
		if p[0] < 0 || p[1] < 0 || p[0] > record.MaxTime || p[1] > record.MaxTime || p[0] != 0 && p[1] != 0 && p[0] >= p[1] {
			c.Against(ReasonTerms, "claim.period", "a period ends after it starts, in the years 1970 to 9999")
		}
	}
	if t.Said < 0 || t.Said > record.MaxTime {
		c.Against(ReasonTerms, "claim.said", "it was said in the years 1970 to 9999")
	}
}

func (t *Claim) fold(s *State) {
	s.link("measured_by", t.Indicator) // a report of figures says indicator
	s.link("group", t.Group)
	s.set("speaker", t.Office)
	s.set("side", string(t.Side))
	s.set("outlet", t.Outlet)
	s.set("agency", t.Agency)
	s.set("url", t.Link)
	s.set("language", t.Language)
	s.set("measure", t.Measure)
	s.set("area", t.Area)
	s.set("breakdown", t.Disaggregation)
	s.set("form", string(t.Form))
	s.set("value", string(t.Value))
	s.set("unit", t.Unit)
	s.set("bound", t.Bound)
	s.set("note", t.Note)
	for name, v := range map[string]int64{"said": t.Said, "start": t.Start, "end": t.End, "base_start": t.BaseStart, "base_end": t.BaseEnd} {
		if v != 0 {
			s.set(name, strconv.FormatInt(v, 10))
		}
	}
}

// Claim is what a state of either kind says of its claim. It names no group.
func (s *State) Claim() Claim {
	indicator, err := record.ParseID(s.Fact("measured_by"))
	if err != nil {
		indicator = record.ID{}
	}
	return Claim{Office: s.Fact("speaker"), Side: record.Party(s.Fact("side")), Said: s.seconds("said"), Outlet: s.Fact("outlet"), Agency: s.Fact("agency"), Link: s.Fact("url"),
		Language: s.Fact("language"), Indicator: indicator, Measure: s.Fact("measure"), Area: s.Fact("area"), Disaggregation: s.Fact("breakdown"), Form: progress.ClaimForm(s.Fact("form")),
		Value: record.Decimal(s.Fact("value")), Unit: s.Fact("unit"), Bound: s.Fact("bound"), Start: s.seconds("start"), End: s.seconds("end"), BaseStart: s.seconds("base_start"),
		BaseEnd: s.seconds("base_end"), Note: s.Fact("note")}
}

// Checked is what of a claim figures can be held against.
func (t *Claim) Checked() progress.Claim {
	return progress.Claim{Form: t.Form, Value: t.Value, Unit: t.Unit, Bound: t.Bound, Start: t.Start, End: t.End, BaseStart: t.BaseStart, BaseEnd: t.BaseEnd,
		Area: t.Area, Disaggregation: t.Disaggregation, Said: t.Said}
}

// quoted: it is a claim, where other kinds report figures.
func (s *State) quoted() bool { return s.Fact("speaker") != "" }

// ReleasedWord is the finding with which every one of the parties released a claim; empty while one has not, or where they name
// different ones.
func (s *State) ReleasedWord(parties []record.Party) progress.FindingWord {
	var word progress.FindingWord
	for i, p := range parties {
		w := progress.FindingWord(s.Fact("released." + string(p)))
		if w == "" || i > 0 && w != word {
			return ""
		}
		word = w
	}
	return word
}

// ValidQuote says what is wrong with a quote: it is one line of at most 25 words.
func ValidQuote(q string) error {
	switch n := len(strings.Fields(q)); {
	case n == 0:
		return record.Because("claim.quote-missing", "a claim needs its exact quote")
	case n > MaxQuoteWords || len(q) > maxQuote:
		return record.Because("claim.quote-words", "an exact quote has at most %d words: this one has %d", MaxQuoteWords, n)
	case strings.ContainsFunc(q, control):
		return record.Because("claim.quote-plain", "a quote is one line of plain text")
	}
	return nil
}

func control(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// findingNames are the words of a finding as they are published, in the languages of charters.
var findingNames = map[progress.FindingWord]map[string]string{
	progress.FindingAgreed:       {"en": "Matches the agreed series", "es": "Coincide con la serie acordada"},
	progress.FindingSide:         {"en": "Matches the series of one side", "es": "Coincide con la serie de una de las Partes"},
	progress.FindingBase:         {"en": "Fits another base or period", "es": "Corresponde a otra base o periodo"},
	progress.FindingDefinition:   {"en": "Fits another definition", "es": "Corresponde a otra definición"},
	progress.FindingDiffers:      {"en": "Differs from the series", "es": "Difiere de la serie"},
	progress.FindingNotCheckable: {"en": "Cannot be checked against the series", "es": "No puede contrastarse con la serie"},
}

// FindingName is a finding's words in a language; empty for a language that has none.
func FindingName(w progress.FindingWord, lang string) string { return findingNames[w][lang] }
