package api

import (
	"context"
	"encoding/json"
	"fmt"

	"entente"
	"entente/node"
	"entente/record"
)

// NewClaim is what an office notes of a claim at home. A new one needs claim and quote; later notes may have a position alone.
type NewClaim struct {
	Claim    json.RawMessage   `json:"claim,omitempty" doc:"who said it and what exactly it states: the terms of the kind; absent: as before"`
	Quote    string            `json:"quote,omitempty" maxLength:"600" doc:"exact, at most 25 words"`
	Position map[string]string `json:"position,omitempty" doc:"by language: what this party's offices say of it; stays at home"`
}

// PutClaim is what the others are shown of a claim beside its quote.
type PutClaim struct {
	Position map[string]string `json:"position,omitempty" doc:"by language; absent: the claim alone"`
}

type inClaims struct {
	InGroup
	Indicator record.ID `query:"indicator" doc:"only those tied to it"`
}

func (a *API) claims(ctx context.Context, in *inClaims) (*body[[]node.ClaimChecked], error) {
	infos, err := a.node.Claims(ctx, caller(ctx), in.Group, in.Indicator)
	if err != nil {
		return nil, err
	}
	return list(a.node.CheckClaims(ctx, caller(ctx), in.Group, infos))
}

func (a *API) claim(ctx context.Context, in *InRecord) (*body[node.ClaimChecked], error) {
	all, err := a.checked(ctx, in)
	if err != nil {
		return nil, err
	}
	return ok(all[0], nil)
}

func (a *API) checked(ctx context.Context, in *InRecord) ([]node.ClaimChecked, error) {
	info, err := a.node.Claim(ctx, caller(ctx), in.Group, in.ID)
	if err != nil {
		return nil, err
	}
	return a.node.CheckClaims(ctx, caller(ctx), in.Group, []node.ClaimInfo{*info})
}

type inNewClaim struct {
	InGroup
	Body NewClaim
}

func (a *API) newClaim(ctx context.Context, in *inNewClaim) (*body[*node.Sealed], error) {
	x, err := noted(in.Body)
	if err != nil {
		return nil, err
	}
	return ok(a.node.NoteClaim(ctx, caller(ctx), in.Group, record.ID{}, x))
}

type inNoteClaim struct {
	InRecord
	Body NewClaim
}

func (a *API) noteClaim(ctx context.Context, in *inNoteClaim) (*body[*node.Sealed], error) {
	x, err := noted(in.Body)
	if err != nil {
		return nil, err
	}
	return ok(a.node.NoteClaim(ctx, caller(ctx), in.Group, in.ID, x))
}

func noted(b NewClaim) (node.NewClaim, error) {
	x := node.NewClaim{Quote: b.Quote, Position: b.Position}
	if len(b.Claim) > 0 {
		x.Claim = new(entente.Claim)
		if err := json.Unmarshal(b.Claim, x.Claim); err != nil {
			return x, fmt.Errorf("claim: %w: %w", node.ErrInvalid, err)
		}
	}
	return x, nil
}

type inPutClaim struct {
	InRecord
	Body PutClaim
}

func (a *API) putClaim(ctx context.Context, in *inPutClaim) (*body[Draft], error) {
	d, err := a.node.PutClaim(ctx, caller(ctx), in.Group, in.ID, in.Body.Position)
	if err != nil {
		return nil, err
	}
	return ok(a.oneDraft(ctx, d))
}

func (a *API) releaseClaim(ctx context.Context, in *InRecord) (*body[Draft], error) {
	all, err := a.checked(ctx, in)
	if err != nil {
		return nil, err
	}
	act, err := a.node.ReleaseClaim(ctx, caller(ctx), in.Group, &all[0])
	if err != nil {
		return nil, err
	}
	d, err := a.node.Prepare(ctx, caller(ctx), act)
	if err == nil {
		err = a.node.Save(ctx, d)
	}
	if err != nil {
		return nil, err
	}
	return ok(a.oneDraft(ctx, d))
}

func (a *API) claimReview(ctx context.Context, in *InRecord) (*body[*node.ClaimReview], error) {
	return ok(a.node.ClaimReview(ctx, caller(ctx), in.Group, in.ID))
}

// Claims that the office sees, compared with the figures of the moment; of one indicator, or all.
func (c *Client) Claims(ctx context.Context, g, indicator record.ID) (json.RawMessage, error) {
	path := inGroupPath(g, "claims")
	if !indicator.IsZero() {
		path += "?indicator=" + indicator.String()
	}
	return fetch[json.RawMessage](ctx, c, path)
}

// Claim reads one.
func (c *Client) Claim(ctx context.Context, g, id record.ID) (json.RawMessage, error) {
	return fetch[json.RawMessage](ctx, c, inGroupPath(g, "claims", id.String()))
}

// NewClaim keeps one at home.
func (c *Client) NewClaim(ctx context.Context, g record.ID, x NewClaim) (*node.Sealed, error) {
	return send[*node.Sealed](ctx, c, inGroupPath(g, "claims"), x)
}

// NoteClaim changes one kept at home, or says the party's position on it.
func (c *Client) NoteClaim(ctx context.Context, g, id record.ID, x NewClaim) (*node.Sealed, error) {
	return send[*node.Sealed](ctx, c, inGroupPath(g, "claims", id.String(), "notes"), x)
}

// PutClaim drafts the act that puts one before the others.
func (c *Client) PutClaim(ctx context.Context, g, id record.ID, x PutClaim) (Draft, error) {
	return send[Draft](ctx, c, inGroupPath(g, "claims", id.String(), "put"), x)
}

// ReleaseClaim drafts the act by which this party lets one be published with the finding of the moment.
func (c *Client) ReleaseClaim(ctx context.Context, g, id record.ID) (Draft, error) {
	return send[Draft](ctx, c, inGroupPath(g, "claims", id.String(), "release"), nil)
}

// ClaimReview gives one that every party released as schema.org names its parts.
func (c *Client) ClaimReview(ctx context.Context, g, id record.ID) (json.RawMessage, error) {
	return fetch[json.RawMessage](ctx, c, inGroupPath(g, "claims", id.String(), "review"))
}
