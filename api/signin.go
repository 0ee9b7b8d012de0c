package api

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"entente/node"
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

func (a *API) signIns(ctx context.Context, in *struct {
	Office string `query:"office" doc:"absent: every office's"`
}) (*body[node.SignIns], error) {
	s, err := a.node.SignIns(ctx, caller(ctx), in.Office)
	if err != nil {
		return nil, err
	}
	return ok(*s, nil)
}

func (a *API) dropSignIns(ctx context.Context, in *struct {
	Office string `path:"office"`
	Seat   uint64 `query:"seat" doc:"absent: all of the office"`
}) (*none, error) {
	return &none{}, a.node.DropSignIns(ctx, caller(ctx), in.Office, in.Seat)
}

func (a *API) dropCredential(ctx context.Context, in *struct {
	ID string `path:"id" doc:"in base64 for URLs, without padding"`
}) (*none, error) {
	id, err := base64.RawURLEncoding.DecodeString(in.ID)
	if err != nil {
		return nil, fmt.Errorf("credential: %w", node.ErrInvalid)
	}
	if _, err := a.node.Credential(ctx, id); err != nil {
		return nil, err
	}
	return &none{}, a.node.DropCredential(ctx, id)
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

// SignIns lists by what officials sign in: of one office, or of all with an empty one. Operator.
func (c *Client) SignIns(ctx context.Context, office string) (out node.SignIns, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/signins?"+url.Values{"office": {office}}.Encode(), nil, &out)
	return out, err
}

// DropSignIns ends every way in of an office, or of one seat of it. Operator.
func (c *Client) DropSignIns(ctx context.Context, office string, seat uint64) error {
	return c.call(ctx, http.MethodDelete, "/v1/signins/"+url.PathEscape(office)+"?seat="+strconv.FormatUint(seat, 10), nil, nil)
}

// DropCredential removes one key of an official. Operator.
func (c *Client) DropCredential(ctx context.Context, id []byte) error {
	return c.call(ctx, http.MethodDelete, "/v1/credentials/"+base64.RawURLEncoding.EncodeToString(id), nil, nil)
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
