package api

import (
	"context"

	"entente/node"
	"entente/record"
)

// NewNonPaper is a text to be shown without standing.
type NewNonPaper struct {
	To    []record.Party            `json:"to,omitempty" doc:"absent: every other party of the group"`
	Until int64                     `json:"until,omitzero" doc:"Unix seconds, when every node destroys it; absent: thirty days"`
	About record.ID                 `json:"about,omitzero" doc:"an instrument"`
	Texts map[string]node.FloatText `json:"texts" doc:"by language; one is enough"`
}

// NonPaperTexts is a non-paper with its texts, absent where they were destroyed.
type NonPaperTexts struct {
	*node.NonPaper
	Texts map[string]node.FloatText `json:"texts,omitempty"`
}

func (a *API) nonPapers(ctx context.Context, in *InGroup) (*body[[]*node.NonPaper], error) {
	return list(a.node.NonPapers(ctx, caller(ctx), in.Group, ""))
}

type inNonPaper struct {
	InGroup
	Body NewNonPaper
}

func (a *API) draftNonPaper(ctx context.Context, in *inNonPaper) (*body[*node.NonPaper], error) {
	return ok(a.node.DraftNonPaper(ctx, caller(ctx), node.NewNonPaper{Group: in.Group, To: in.Body.To, Until: in.Body.Until, About: in.Body.About, Texts: in.Body.Texts}))
}

func (a *API) nonPaper(ctx context.Context, in *struct {
	InDraft
	Author string `path:"author" doc:"a party"`
}) (*body[NonPaperTexts], error) {
	x, texts, err := a.node.NonPaper(ctx, caller(ctx), in.Group, record.Party(in.Author), in.Nonce)
	return ok(NonPaperTexts{x, texts}, err)
}

func (a *API) floatNonPaper(ctx context.Context, in *InDraft) (*body[*node.NonPaper], error) {
	return ok(a.node.Float(ctx, caller(ctx), in.Group, in.Nonce))
}

func (a *API) takeBack(ctx context.Context, in *InDraft) (*body[*node.NonPaper], error) {
	return ok(a.node.TakeBack(ctx, caller(ctx), in.Group, in.Nonce))
}

func (a *API) promote(ctx context.Context, in *struct {
	InDraft
	Body NewAct
}) (*body[Draft], error) {
	act, err := actOf(in.Group, in.Body)
	if err != nil {
		return nil, err
	}
	d, err := a.node.Promote(ctx, caller(ctx), in.Nonce, act)
	if err != nil {
		return nil, err
	}
	if err := a.node.Save(ctx, d); err != nil {
		return nil, err
	}
	return ok(a.oneDraft(ctx, d))
}

// NonPapers of a group.
func (c *Client) NonPapers(ctx context.Context, g record.ID) ([]*node.NonPaper, error) {
	return fetch[[]*node.NonPaper](ctx, c, inGroupPath(g, "nonpapers"))
}

// NonPaper reads one with its texts.
func (c *Client) NonPaper(ctx context.Context, g record.ID, author record.Party, n record.Nonce) (NonPaperTexts, error) {
	return fetch[NonPaperTexts](ctx, c, inGroupPath(g, "nonpapers", string(author), n.String()))
}

// DraftNonPaper keeps one at home.
func (c *Client) DraftNonPaper(ctx context.Context, g record.ID, x NewNonPaper) (*node.NonPaper, error) {
	return send[*node.NonPaper](ctx, c, inGroupPath(g, "nonpapers"), x)
}

// Float shows a kept one.
func (c *Client) Float(ctx context.Context, g record.ID, n record.Nonce) (*node.NonPaper, error) {
	return send[*node.NonPaper](ctx, c, inGroupPath(g, "nonpapers", n.String(), "float"), nil)
}

// TakeBack takes one back.
func (c *Client) TakeBack(ctx context.Context, g record.ID, n record.Nonce) (*node.NonPaper, error) {
	return send[*node.NonPaper](ctx, c, inGroupPath(g, "nonpapers", n.String(), "take-back"), nil)
}

// Promote drafts an act from one's texts.
func (c *Client) Promote(ctx context.Context, g record.ID, n record.Nonce, a NewAct) (Draft, error) {
	return send[Draft](ctx, c, inGroupPath(g, "nonpapers", n.String(), "act"), a)
}
