package api

import (
	"context"
	"net/url"

	"entente"
	"entente/node"
	"entente/record"
)

// NewClearance is what an office asks of others of its own party.
type NewClearance struct {
	Stages [][]string        `json:"stages,omitempty" doc:"offices beside those that the routes name: of one stage side by side, stages one after the other"`
	By     int64             `json:"by,omitzero" doc:"Unix seconds; absent: as the routes say"`
	After  record.ID         `json:"after,omitzero" doc:"the clearance of the text that this one mends"`
	Text   map[string]string `json:"text,omitempty" doc:"by language: what the offices should know"`
}

// ClearanceAnswer is an office's word on a clearance.
type ClearanceAnswer struct {
	Word entente.ClearanceWord `json:"word" enum:"clear,return,comment"`
	Text map[string]string     `json:"text,omitempty" doc:"by language; needed for return and comment"`
}

// Clearance is one clearance with everything that was said.
type Clearance struct {
	node.ClearanceInfo
	Draft  *Draft                `json:"draft,omitempty" doc:"while it is kept; absent for a non-paper"`
	Sealed *node.Sealed          `json:"sealed,omitempty" doc:"once it is on record"`
	Words  []node.ClearanceEntry `json:"words"`
}

type inAsk struct {
	InDraft
	Body NewClearance
}

func (a *API) askClearance(ctx context.Context, in *inAsk) (*body[*node.Sealed], error) {
	return ok(a.node.AskClearance(ctx, caller(ctx), node.ClearanceRequest{Group: in.Group, Draft: in.Nonce, Stages: in.Body.Stages, By: in.Body.By, After: in.Body.After, Text: in.Body.Text}))
}

func (a *API) clearances(ctx context.Context, _ *none) (*body[*node.ClearancesFor], error) {
	return ok(a.node.ClearancesFor(ctx, caller(ctx)))
}

// InClearance is the path of a clearance.
type InClearance struct {
	ID record.ID `path:"id" doc:"id of the clearance"`
}

func (a *API) clearance(ctx context.Context, in *InClearance) (*body[Clearance], error) {
	c, err := a.node.Clearance(ctx, caller(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := Clearance{ClearanceInfo: c.ClearanceInfo, Sealed: c.Sealed, Words: c.Words}
	if c.Draft != nil {
		d, err := a.oneDraft(ctx, c.Draft)
		if err != nil {
			return nil, err
		}
		out.Draft = &d
	}
	return ok(out, nil)
}

func (a *API) clearanceParts(ctx context.Context, in *InClearance) (*body[[]Part], error) {
	parts, err := a.node.ClearanceParts(ctx, caller(ctx), in.ID)
	out := make([]Part, len(parts))
	for i, p := range parts {
		out[i] = partOf(p.Part, p.Marking)
	}
	return list(out, err)
}

type inAnswer struct {
	InClearance
	Body ClearanceAnswer
}

func (a *API) answerClearance(ctx context.Context, in *inAnswer) (*body[*node.Sealed], error) {
	return ok(a.node.AnswerClearance(ctx, caller(ctx), in.ID, in.Body.Word, in.Body.Text))
}

func (a *API) routes(ctx context.Context, _ *none) (*body[[]node.Route], error) {
	return list(a.node.Routes(ctx, caller(ctx)))
}

func (a *API) putRoute(ctx context.Context, in *struct{ Body node.Route }) (*body[node.Route], error) {
	return ok(in.Body, a.node.PutRoute(ctx, caller(ctx), in.Body))
}

func (a *API) dropRoute(ctx context.Context, in *struct {
	Name string `path:"name"`
}) (*none, error) {
	return &none{}, a.node.DropRoute(ctx, caller(ctx), in.Name)
}

// AskClearance asks offices of the own party to clear a kept draft.
func (c *Client) AskClearance(ctx context.Context, g record.ID, n record.Nonce, q NewClearance) (*node.Sealed, error) {
	return send[*node.Sealed](ctx, c, inGroupPath(g, "drafts", n.String(), "clearance"), q)
}

// Clearances in which the office has a part.
func (c *Client) Clearances(ctx context.Context) (node.ClearancesFor, error) {
	return fetch[node.ClearancesFor](ctx, c, "/v1/clearances")
}

// Clearance reads one.
func (c *Client) Clearance(ctx context.Context, id record.ID) (Clearance, error) {
	return fetch[Clearance](ctx, c, "/v1/clearances/"+id.String())
}

// ClearanceParts reads the text to be cleared.
func (c *Client) ClearanceParts(ctx context.Context, id record.ID) ([]Part, error) {
	return fetch[[]Part](ctx, c, "/v1/clearances/"+id.String()+"/parts")
}

// AnswerClearance says the office's word.
func (c *Client) AnswerClearance(ctx context.Context, id record.ID, x ClearanceAnswer) (*node.Sealed, error) {
	return send[*node.Sealed](ctx, c, "/v1/clearances/"+id.String()+"/words", x)
}

// Routes of clearance.
func (c *Client) Routes(ctx context.Context) ([]node.Route, error) {
	return fetch[[]node.Route](ctx, c, "/v1/clearance-routes")
}

// PutRoute sets a route. Operator.
func (c *Client) PutRoute(ctx context.Context, r node.Route) (node.Route, error) {
	return send[node.Route](ctx, c, "/v1/clearance-routes", r)
}

// DropRoute ends a route. Operator.
func (c *Client) DropRoute(ctx context.Context, name string) error {
	return c.call(ctx, "DELETE", "/v1/clearance-routes/"+url.PathEscape(name), nil, nil)
}
