package entente

import (
	"slices"
	"strings"

	"entente/progress"
	"entente/record"
)

// Assessment is one side's word on where an objective or an indicator stands: the status, which people set. Its reasons are in the
// body. It may differ from the signal and from the other side's; both stand side by side, and nothing is published by it.
type Assessment struct {
	Status progress.Word `cbor:"1,keyasint" json:"status"`
}

// Assessed are the words of a status. NotJudged takes an earlier one back: the side says nothing for now, and why.
var Assessed = []progress.Word{progress.Met, progress.OnTrack, progress.AtRisk, progress.OffTrack, progress.NotJudged}

var statusRule = Rule{Approved: true, Terms: func() any { return new(Assessment) }, Parts: []string{"body.*", "annex/*"}}

// checkStatus holds a status to a word of the list, a version that it speaks of, and reasons.
func checkStatus(c *Case) {
	t, ok := c.Terms.(*Assessment)
	if !ok {
		return
	}
	if !slices.Contains(Assessed, t.Status) {
		c.Against(ReasonTerms, "status.word", "status %.70q is not one of %v", string(t.Status), Assessed)
	}
	if c.Proposal == nil {
		c.Against(ReasonReference, "status.version", "a status names the version that it speaks of")
	}
	if !c.hasPart("body.") {
		c.Against(ReasonParts, "status.reasons", "a status has its reasons, in one language at least")
	}
}

func (c *Case) hasPart(prefix string) bool {
	return slices.ContainsFunc(c.Header.Parts, func(p record.PartRef) bool { return strings.HasPrefix(p.Name, prefix) })
}

// webAddress: an address that a page may link to. Nothing that a browser would run.
func webAddress(s string) bool {
	return len(s) <= maxSource && strings.HasPrefix(s, "https://") && len(s) > len("https://") && !strings.ContainsAny(s, " \t\r\n\"<>\\^`{|}")
}

// AssessmentState is a status as it was set.
type AssessmentState struct {
	ID      record.ID     `cbor:"1,keyasint" json:"id"`
	Ref     record.Ref    `cbor:"2,keyasint" json:"ref"`
	Time    int64         `cbor:"3,keyasint" json:"time"`
	Version record.ID     `cbor:"4,keyasint" json:"version"`
	Status  progress.Word `cbor:"5,keyasint" json:"status"`
	Moved   bool          `cbor:"6,keyasint,omitempty" json:"moved,omitempty"` // set for another target than the one that counts now
}

// foldStatuses keeps every status that was set, in order.
func foldStatuses(s *State, records []Judged) {
	target := map[record.ID]*Level{}
	for _, d := range s.Definitions {
		target[d.Version] = d.Target
	}
	for _, j := range records {
		h, t := j.Header(), new(Assessment)
		if h.Verb != record.Report || record.Unmarshal(h.Terms, t) != nil {
			continue
		}
		a := AssessmentState{ID: j.ID(), Ref: h.Ref(), Time: h.Time, Version: h.Version, Status: t.Status}
		if f := s.InForce(); f != nil && f.ID != h.Version {
			was, ok := target[h.Version]
			a.Moved = ok && !sameLevel(was, target[f.ID])
		}
		s.Assessments = append(s.Assessments, a)
	}
}

// Status is what a party last said, nil where it says nothing, or took it back.
func (s *State) Status(p record.Party) *AssessmentState {
	for i := len(s.Assessments) - 1; i >= 0; i-- {
		if a := &s.Assessments[i]; a.Ref.Party == p {
			if a.Status == progress.NotJudged {
				return nil
			}
			return a
		}
	}
	return nil
}

// Assessed reports whether a record of the instrument sets a status.
func (s *State) Assessed(id record.ID) bool {
	return slices.ContainsFunc(s.Assessments, func(a AssessmentState) bool { return a.ID == id })
}

// texts leaves out the statuses: replies speak of texts.
func texts(records []Judged) []Judged {
	return slices.DeleteFunc(slices.Clone(records), func(j Judged) bool { return j.Header().Verb == record.Report })
}

// stated notes which passages the text to show has, beside title and body.
func (s *State) stated(records []Judged, passages ...string) {
	v := s.Text()
	if v == nil {
		return
	}
	for _, j := range records {
		if j.ID() != v.ID {
			continue
		}
		for _, n := range passages {
			if slices.ContainsFunc(j.Header().Parts, func(p record.PartRef) bool { return strings.HasPrefix(p.Name, n+".") }) {
				s.set(n, Stated)
			}
		}
	}
}

// Stated is the fact of a passage that a text has.
const Stated = "stated"
