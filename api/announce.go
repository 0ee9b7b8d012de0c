package api

import (
	"context"

	"entente/node"
	"entente/record"
)

// Announcement is a text to be held against what the party may not publish.
type Announcement struct {
	Texts map[string]string `json:"texts" doc:"by name: a part's, a language's, any; the answer says in which a passage stands"`
}

type inAnnouncement struct {
	InGroup
	Body Announcement
}

func (a *API) checkAnnouncement(ctx context.Context, in *inAnnouncement) (*body[[]node.Held], error) {
	return list(a.node.CheckAnnouncement(ctx, caller(ctx), in.Group, in.Body.Texts))
}

func (a *API) heldDraft(ctx context.Context, in *InDraft) (*body[[]node.Held], error) {
	d, err := a.node.GroupDraft(ctx, caller(ctx), in.Group, in.Nonce)
	if err != nil {
		return nil, err
	}
	return list(a.node.HeldDraft(ctx, caller(ctx), d))
}

// CheckAnnouncement holds texts against what the party may not publish.
func (c *Client) CheckAnnouncement(ctx context.Context, g record.ID, texts map[string]string) ([]node.Held, error) {
	return send[[]node.Held](ctx, c, inGroupPath(g, "announcement"), Announcement{texts})
}
