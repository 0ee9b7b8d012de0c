package api

import (
	"context"
	"net/http"

	"entente/node"
)

func (a *API) nodeKeys(ctx context.Context, _ *none) (*body[*node.NodeKeys], error) {
	return ok(a.node.NodeKeys(ctx))
}

func (a *API) prepareKeys(ctx context.Context, _ *none) (*body[*node.NodeKeys], error) {
	return ok(a.node.PrepareKeys(ctx))
}

type inAddress struct {
	Body struct {
		Address string `json:"address" doc:"host:port at which peers reach this node"`
	}
}

func (a *API) setAddress(ctx context.Context, in *inAddress) (*body[Introduction], error) {
	if err := a.node.SetAddress(in.Body.Address); err != nil {
		return nil, err
	}
	return a.introduction(ctx, nil)
}

// NodeKeys says which keys of the node new powers name, and where older ones are still in use. Operator.
func (c *Client) NodeKeys(ctx context.Context) (*node.NodeKeys, error) {
	return fetch[*node.NodeKeys](ctx, c, "/v1/keys")
}

// PrepareKeys makes a new set of the node's own keys, or finds the one that an earlier rotation began with. Operator.
func (c *Client) PrepareKeys(ctx context.Context) (*node.NodeKeys, error) {
	return send[*node.NodeKeys](ctx, c, "/v1/keys", nil)
}

// SetAddress says where peers reach the node from now on; powers must say so too. Operator.
func (c *Client) SetAddress(ctx context.Context, address string) error {
	return c.call(ctx, http.MethodPost, "/v1/address", map[string]any{"address": address}, nil)
}
