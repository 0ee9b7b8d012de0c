package api

import (
	"context"
	"net/url"
	"strings"

	"entente"
	"entente/node"
	"entente/record"
)

// PressLine is a line to take, or an answer for the press, with its texts.
type PressLine struct {
	ID       record.ID         `json:"id"`
	About    record.ID         `json:"about,omitzero" doc:"the instrument that it speaks of; absent: the group's work"`
	Question bool              `json:"question" doc:"the answer to a question; else a line to take unasked"`
	Ask      map[string]string `json:"ask,omitempty" doc:"not our remit: the office to ask instead, by language"`
	Until    int64             `json:"until,omitzero" doc:"Unix seconds, the last in which it may be said; absent: no end"`
	Ended    bool              `json:"ended" doc:"it is not said any more"`
	Office   string            `json:"office" doc:"that wrote it last"`
	Title    map[string]string `json:"title" doc:"by language: the subject, or the question as it is put"`
	Body     map[string]string `json:"body" doc:"by language: what is said"`
}

// NewPressLine is one as an office writes it; what is not given is as if it were empty.
type NewPressLine struct {
	About    record.ID         `json:"about,omitzero"`
	Question bool              `json:"question,omitempty"`
	Ask      map[string]string `json:"ask,omitempty"`
	Until    int64             `json:"until,omitzero" doc:"Unix seconds"`
	Ended    bool              `json:"ended,omitempty" doc:"of one that is there: it is not said any more, and nothing else is given"`
	Title    map[string]string `json:"title,omitempty"`
	Body     map[string]string `json:"body,omitempty"`
}

func (x *NewPressLine) line() node.NewPressLine {
	return node.NewPressLine{Line: entente.PressLine{About: x.About, Question: x.Question, Ask: x.Ask, Until: x.Until, Ended: x.Ended}, Title: x.Title, Body: x.Body}
}

type inPressLines struct {
	InGroup
	About record.ID `query:"about" doc:"only those on this instrument"`
}

func (a *API) pressLines(ctx context.Context, in *inPressLines) (*body[[]PressLine], error) {
	lines, err := a.node.PressLines(ctx, caller(ctx), in.Group, in.About)
	if err != nil {
		return nil, err
	}
	texts, err := a.node.Texts(ctx, caller(ctx), "press-lines", a.node.PressTexts(lines...))
	if err != nil {
		return nil, err
	}
	out := make([]PressLine, len(lines))
	for i, l := range lines {
		s := l.State.PressLine()
		out[i] = PressLine{ID: l.State.Instrument, About: s.About, Question: s.Question, Ask: s.Ask, Until: s.Until, Ended: s.Ended, Office: s.By, Title: map[string]string{}, Body: map[string]string{}}
		latest, err := record.ParseID(l.State.Fact("latest"))
		if t := texts[latest]; err == nil && t != nil {
			for _, p := range t.Parts {
				if lang, ok := strings.CutPrefix(p.Name, "title."); ok {
					out[i].Title[lang] = string(p.Content)
				} else if lang, ok := strings.CutPrefix(p.Name, "body."); ok {
					out[i].Body[lang] = string(p.Content)
				}
			}
		}
	}
	return list(out, nil)
}

type inNewPressLine struct {
	InGroup
	Body NewPressLine
}

func (a *API) newPressLine(ctx context.Context, in *inNewPressLine) (*body[*node.Sealed], error) {
	return ok(a.node.NotePressLine(ctx, caller(ctx), in.Group, record.ID{}, in.Body.line()))
}

type inChangedPressLine struct {
	InRecord
	Body NewPressLine
}

func (a *API) changePressLine(ctx context.Context, in *inChangedPressLine) (*body[*node.Sealed], error) {
	return ok(a.node.NotePressLine(ctx, caller(ctx), in.Group, in.ID, in.Body.line()))
}

type inAgreed struct {
	InGroup
	Search string `query:"search" doc:"words that all stand in the sentence, in any language; absent: the sentences used most"`
}

func (a *API) agreedLanguage(ctx context.Context, in *inAgreed) (*body[*node.AgreedLanguage], error) {
	return ok(a.node.AgreedLanguage(ctx, caller(ctx), in.Group, "agreed-language", node.AgreedQuery{Search: in.Search}))
}

// PressLines lists lines to take of a group, the newest first; about narrows them to one instrument.
func (c *Client) PressLines(ctx context.Context, g, about record.ID) ([]PressLine, error) {
	p := inGroupPath(g, "press-lines")
	if !about.IsZero() {
		p += "?about=" + about.String()
	}
	return fetch[[]PressLine](ctx, c, p)
}

// NewPressLine keeps one at home.
func (c *Client) NewPressLine(ctx context.Context, g record.ID, x NewPressLine) (*node.Sealed, error) {
	return send[*node.Sealed](ctx, c, inGroupPath(g, "press-lines"), x)
}

// ChangePressLine says another in its place, or ends it.
func (c *Client) ChangePressLine(ctx context.Context, g, id record.ID, x NewPressLine) (*node.Sealed, error) {
	return send[*node.Sealed](ctx, c, inGroupPath(g, "press-lines", id.String(), "notes"), x)
}

// AgreedLanguage searches the sentences that several parties have signed.
func (c *Client) AgreedLanguage(ctx context.Context, g record.ID, search string) (*node.AgreedLanguage, error) {
	return fetch[*node.AgreedLanguage](ctx, c, inGroupPath(g, "agreed-language")+"?search="+url.QueryEscape(search))
}
