package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"entente/store"
)

type inLink struct {
	Body struct {
		Office  string `json:"office"`
		Seat    uint64 `json:"seat,omitzero" doc:"of the official; absent: nobody in particular"`
		Seconds int64  `json:"seconds" doc:"how long the link may be used"`
	}
}

// Link is a one-time link, shown once.
type Link struct {
	Office string `json:"office"`
	Secret string `json:"secret"`
	Until  int64  `json:"until"`
}

func (a *API) newLink(ctx context.Context, in *inLink) (*body[Link], error) {
	life := time.Duration(in.Body.Seconds) * time.Second
	s, err := a.node.NewLink(ctx, in.Body.Office, in.Body.Seat, life)
	return ok(Link{in.Body.Office, s, a.node.Now() + in.Body.Seconds}, err)
}

func (a *API) endSessions(ctx context.Context, in *struct {
	Office string `path:"office"`
}) (*none, error) {
	return &none{}, a.node.EndSessions(ctx, caller(ctx), in.Office)
}

func (a *API) accounts(ctx context.Context, _ *none) (*body[[]store.Subject], error) {
	s, err := a.node.Subjects(ctx)
	return list(s, err)
}

func (a *API) putAccount(ctx context.Context, in *struct{ Body store.Subject }) (*body[store.Subject], error) {
	return ok(in.Body, a.node.PutSubject(ctx, in.Body))
}

func (a *API) dropAccount(ctx context.Context, in *struct {
	Issuer  string `query:"issuer" required:"true"`
	Subject string `query:"subject" required:"true"`
}) (*none, error) {
	return &none{}, a.node.DropSubject(ctx, in.Issuer, in.Subject)
}

// NewLink makes a one-time link of an office. Operator.
func (c *Client) NewLink(ctx context.Context, office string, seat uint64, life time.Duration) (Link, error) {
	return send[Link](ctx, c, "/v1/links", map[string]any{"office": office, "seat": seat, "seconds": int64(life / time.Second)})
}

// EndSessions ends every sign-in and unused link of an office. Operator.
func (c *Client) EndSessions(ctx context.Context, office string) error {
	return c.call(ctx, http.MethodDelete, "/v1/sessions/"+url.PathEscape(office), nil, nil)
}

// Accounts lists the accounts that have a place in the party. Operator.
func (c *Client) Accounts(ctx context.Context) (out []store.Subject, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/accounts", nil, &out)
	return out, err
}

// PutAccount gives an account of the identity provider its place. Operator.
func (c *Client) PutAccount(ctx context.Context, s store.Subject) error {
	_, err := send[store.Subject](ctx, c, "/v1/accounts", s)
	return err
}

// DropAccount takes an account's place away. Operator.
func (c *Client) DropAccount(ctx context.Context, issuer, subject string) error {
	return c.call(ctx, http.MethodDelete, "/v1/accounts?"+url.Values{"issuer": {issuer}, "subject": {subject}}.Encode(), nil, nil)
}
