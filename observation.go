package entente

import (
	"slices"

	"entente/progress"
	"entente/record"
)

// Observation is one report of figures by one party for one version of an indicator. The figures are the part rows.
type Observation struct {
	Indicator record.ID `cbor:"1,keyasint" json:"indicator"`
	Version   record.ID `cbor:"2,keyasint" json:"version"` // of the indicator's definition they were counted by
	Source    string    `cbor:"3,keyasint" json:"source"`
	Vintage   string    `cbor:"4,keyasint,omitempty" json:"vintage,omitempty"` // as the source dates its publication
}

// ObservationColumns are the columns of the rows.
var ObservationColumns = progress.Columns

// Figures is the name of the kind, for those who report figures.
const Figures = "observation"

// MaxSource bounds the name of a source in bytes: agency, publication and where it is found.
const MaxSource = 500

var observationKind = &Kind{
	Name: Figures,
	Verbs: map[record.Verb]Rule{
		record.Report: {Opens: true, Approved: true, Terms: func() any { return new(Observation) },
			Parts: []string{record.RowsPart, "body.*", "annex/*"}, Needs: []string{record.RowsPart}},
		record.Reply: replyRule,
		record.Note:  translationRule,
	},
	Check: func(c *Case) {
		checkReply(c)
		t, ok := c.Terms.(*Observation)
		if !ok {
			return
		}
		if o := c.Opening; o != nil && o.Party != c.Header.Party {
			c.Against(ReasonParties, "figures.author", "only %s, who opened it, adds figures to it", o.Party)
		}
		r := c.Find(t.Indicator)
		if t.Indicator.IsZero() || r == nil {
			c.Against(ReasonReference, "figures.indicator", "it knows no indicator %s", t.Indicator.Short())
			return
		}
		c.refersTo(indicatorKind.Name, t.Indicator)
		if v := c.Find(t.Version); v == nil || v.Instrument() != t.Indicator || v.Header().Verb != record.Propose {
			c.Against(ReasonReference, "figures.version", "it knows no version %s of that indicator", t.Version.Short())
		}
		if t.Source == "" || len(t.Source) > MaxSource || len(t.Vintage) > record.MaxName {
			c.Against(ReasonTerms, "figures.source", "figures name their source")
		}
	},
	Fold: func(s *State, records []Judged) {
		s.Owner = s.Author
		for _, j := range records {
			if t := new(Observation); j.Header().Verb == record.Report && record.Unmarshal(j.Header().Terms, t) == nil {
				s.Facts = nil
				s.link("indicator", t.Indicator)
				s.set("version", t.Version.String())
				s.set("source", t.Source)
				s.set("vintage", t.Vintage)
			}
		}
		foldReplies(s, records, nil)
	},
}

// Contests are what other parties do not accept of a report of figures, as far as they have not acknowledged it since.
func (s *State) Contests(report record.ID) []progress.Contest {
	var out []progress.Contest
	for _, r := range s.Replies {
		if r.To != report || s.authorOf(report) == r.Ref.Party {
			continue
		}
		switch r.Stance {
		case Contest, Object:
			out = append(out, progress.Contest{By: r.Ref.Party, Reply: r.ID, Keys: r.Rows})
		case Acknowledge:
			out = slices.DeleteFunc(out, func(c progress.Contest) bool {
				return c.By == r.Ref.Party && (len(r.Rows) == 0 || len(c.Keys) > 0 && !slices.ContainsFunc(c.Keys, func(k string) bool { return !slices.Contains(r.Rows, k) }))
			})
		}
	}
	return out
}

// Accepts are the words by which other parties acknowledged a report of figures, as far as they have not contested it since.
func (s *State) Accepts(report record.ID) []progress.Contest {
	var out []progress.Contest
	for _, r := range s.Replies {
		if r.To != report || s.authorOf(report) == r.Ref.Party {
			continue
		}
		switch r.Stance {
		case Acknowledge:
			out = append(out, progress.Contest{By: r.Ref.Party, Reply: r.ID, Keys: r.Rows})
		case Contest, Object:
			out = slices.DeleteFunc(out, func(c progress.Contest) bool {
				return c.By == r.Ref.Party && (len(r.Rows) == 0 || len(c.Keys) == 0 || slices.ContainsFunc(c.Keys, func(k string) bool { return slices.Contains(r.Rows, k) }))
			})
		}
	}
	return out
}
