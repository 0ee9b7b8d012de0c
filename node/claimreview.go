package node

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"entente"
	"entente/progress"
	"entente/record"
)

// ClaimReview is a claim with its finding as schema.org names its parts (https://schema.org/ClaimReview). Its rating has the words of
// the finding and no number: nothing here says that anybody spoke well or ill.
type ClaimReview struct {
	Context  string         `json:"@context"`
	Type     string         `json:"@type"`
	Date     string         `json:"datePublished"`
	Author   []thing        `json:"author"`
	Quote    string         `json:"claimReviewed"`
	Language string         `json:"inLanguage,omitempty"`
	Item     reviewed       `json:"itemReviewed"`
	Rating   rating         `json:"reviewRating"`
	Body     []inTheirWords `json:"reviewBody"`
	Method   string         `json:"measurementTechnique"` // the published rule
}

type thing struct {
	Type string `json:"@type"`
	Name string `json:"name"`
}

type reviewed struct {
	Type       string      `json:"@type"`
	Author     thing       `json:"author"`
	Date       string      `json:"datePublished,omitempty"`
	Appearance *appearance `json:"appearance,omitempty"`
}

type appearance struct {
	Type      string `json:"@type"`
	URL       string `json:"url,omitempty"`
	Publisher *thing `json:"publisher,omitempty"`
}

type rating struct {
	Type string         `json:"@type"`
	Name []inTheirWords `json:"alternateName"`
}

// inTheirWords is a text with its language, as JSON-LD writes it.
type inTheirWords struct {
	Language string `json:"@language"`
	Value    string `json:"@value"`
}

// ClaimReview gives a claim for publication. It is refused unless every party of the group released it with one word, and the figures
// still say that word: ErrConflict says what is missing.
func (n *Node) ClaimReview(ctx context.Context, who Caller, group, id record.ID) (*ClaimReview, error) {
	info, err := n.Claim(ctx, who, group, id)
	if err != nil {
		return nil, err
	}
	l, err := n.Ledger(group)
	if err != nil {
		return nil, err
	}
	if info.Joint == nil {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("claim.alone", "the claim is seen by this party alone: it is published once every party released it"))
	}
	word := info.Joint.State.ReleasedWord(l.Parties())
	if word == "" {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("claim.not-released", "it is published once every party released it with the same finding"))
	}
	all, err := n.CheckClaims(ctx, who, group, []ClaimInfo{*info})
	if err != nil {
		return nil, err
	}
	c := &all[0]
	if c.Finding.Word != word {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("claim.changed", "it was released as %s, and by the figures of today it is %s: release it again", word, c.Finding.Word))
	}
	if c.Quote == "" {
		return nil, fmt.Errorf("the quote is not for the office %s, or has not arrived: %w", who.Office, ErrForbidden)
	}
	chart := l.Founding()
	if _, in := l.Charter(); in != nil {
		chart = in
	}
	t := c.Claim
	out := &ClaimReview{Context: "https://schema.org", Type: "ClaimReview", Date: isoDate(info.Joint.State.Last), Quote: c.Quote, Language: t.Language, Rating: rating{Type: "Rating"}, Method: c.Finding.Rule,
		Item: reviewed{Type: "Claim", Author: thing{"Organization", t.Office}, Date: isoDate(t.Said)}}
	if t.Link != "" || t.Outlet != "" {
		out.Item.Appearance = &appearance{Type: "CreativeWork", URL: t.Link}
		if t.Outlet != "" {
			out.Item.Appearance.Publisher = &thing{"Organization", t.Outlet}
		}
	}
	for _, p := range chart.Parties {
		for _, lang := range chart.Languages {
			if p.Names[lang] != "" {
				out.Author = append(out.Author, thing{"GovernmentOrganization", p.Names[lang]})
				break
			}
		}
	}
	for _, lang := range chart.Languages {
		name := entente.FindingName(word, lang)
		if name == "" {
			continue
		}
		out.Rating.Name = append(out.Rating.Name, inTheirWords{lang, name})
		out.Body = append(out.Body, inTheirWords{lang, name + ". " + arithmetic(&c.Finding)})
	}
	return out, nil
}

// arithmetic is how the finding was computed, in digits and names of series.
func arithmetic(f *progress.Finding) string {
	var lines []string
	for i := range f.Readings {
		r := &f.Readings[i]
		where := strings.Join(slices.DeleteFunc([]string{string(r.Party), r.Measure, r.Area, r.Disaggregation}, func(s string) bool { return s == "" }), " · ")
		lines = append(lines, where+": "+r.Arithmetic(f.Claim.Form)+" "+r.Unit)
	}
	return strings.Join(lines, "; ")
}

func isoDate(t int64) string {
	if t == 0 {
		return ""
	}
	return time.Unix(t, 0).UTC().Format(time.DateOnly)
}
