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

func (a *API) watchList(ctx context.Context, _ *none) (*body[*node.WatchList], error) {
	return ok(a.node.WatchList(ctx, caller(ctx)))
}

type inWatchList struct{ Body node.WatchList }

func (a *API) putWatchList(ctx context.Context, in *inWatchList) (*body[*node.WatchList], error) {
	if err := a.node.PutWatchList(ctx, caller(ctx), in.Body.Terms, in.Body.Edition); err != nil {
		return nil, err
	}
	return ok(a.node.WatchList(ctx, caller(ctx)))
}

// WatchList reads the terms that hold a text, for an office that may sign charters.
func (c *Client) WatchList(ctx context.Context) (*node.WatchList, error) {
	return fetch[*node.WatchList](ctx, c, "/v1/watch-list")
}

// PutWatchList keeps terms in place of those of the list's edition.
func (c *Client) PutWatchList(ctx context.Context, l node.WatchList) (*node.WatchList, error) {
	return send[*node.WatchList](ctx, c, "/v1/watch-list", l)
}
