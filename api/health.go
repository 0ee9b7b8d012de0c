package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"entente/node"
)

// The paths that answer without a token: whether the process lives, and whether the node can do all of its work.
const (
	livePath  = "/healthz"
	readyPath = "/readyz"
)

// Readiness is whether the node can do all of its work, with every reason why not.
type Readiness struct {
	Ready   bool             `json:"ready"`
	Reasons []node.Condition `json:"reasons"`
}

// live answers as long as the process does. It looks at nothing: a full disk is no reason to be restarted.
func (a *API) live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

func (a *API) ready(w http.ResponseWriter, r *http.Request) {
	out := Readiness{Reasons: a.node.Conditions(r.Context())}
	out.Ready = len(out.Reasons) == 0
	if out.Ready {
		out.Reasons = []node.Condition{}
	}
	w.Header().Set("Content-Type", "application/json")
	if !out.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(out)
}

// open lets the health paths through before anybody is asked who they are.
func (a *API) open(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+livePath, a.live)
	mux.HandleFunc("GET "+readyPath, a.ready)
	mux.Handle("/", next)
	return mux
}

func (a *API) lastCheck(ctx context.Context, _ *none) (*body[node.Checked], error) {
	c, err := a.node.LastCheck(ctx, caller(ctx))
	if err == nil && c == nil {
		err = node.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return ok(*c, nil)
}

// Readiness of the node.
func (c *Client) Readiness(ctx context.Context) (Readiness, error) {
	var out Readiness
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+readyPath, nil)
	if err != nil {
		return out, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return out, errors.Join(errors.New("the node does not answer"), err)
	}
	defer res.Body.Close()
	return out, json.NewDecoder(res.Body).Decode(&out)
}

// LastCheck is the full check that was kept last; node.ErrNotFound before the first.
func (c *Client) LastCheck(ctx context.Context) (node.Checked, error) {
	return fetch[node.Checked](ctx, c, "/v1/check")
}
