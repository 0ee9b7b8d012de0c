package api

import (
	"archive/tar"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"entente/node"
	"entente/record"
)

func (a *API) introduction(ctx context.Context, _ *none) (*body[Introduction], error) {
	i, err := a.node.Introduction(ctx)
	return ok(Introduction{i, i.Fingerprint()}, err)
}

func (a *API) introductions(ctx context.Context, _ *none) (*body[[]Introduction], error) {
	is, err := a.node.Introductions(ctx)
	out := make([]Introduction, len(is))
	for k, i := range is {
		out[k] = Introduction{i, i.Fingerprint()}
	}
	return list(out, err)
}

type inMeet struct{ Body node.Introduction }

func (a *API) meet(ctx context.Context, in *inMeet) (*body[Introduction], error) {
	return ok(Introduction{in.Body, in.Body.Fingerprint()}, a.node.Meet(ctx, in.Body))
}

type inJoin struct {
	Body struct {
		Founding []byte `json:"founding" doc:"the founding charter's bytes"`
	}
}

// Joined is the group that was joined.
type Joined struct {
	Group record.ID `json:"group"`
}

func (a *API) join(ctx context.Context, in *inJoin) (*body[Joined], error) {
	id, err := a.node.Join(ctx, in.Body.Founding)
	return ok(Joined{id}, err)
}

func (a *API) proposals(ctx context.Context, _ *none) (*body[[]*node.Proposal], error) {
	ps, err := a.node.Proposals(ctx, caller(ctx))
	return list(ps, err)
}

func (a *API) tokens(ctx context.Context, _ *none) (*body[[]Token], error) {
	ts, err := a.node.Tokens(ctx)
	out := make([]Token, len(ts))
	for i, t := range ts {
		out[i] = Token{t.Office, t.Created, t.Until}
	}
	return list(out, err)
}

type inToken struct {
	Body struct {
		Office string `json:"office"`
		Until  int64  `json:"until,omitzero" doc:"Unix seconds; absent: no end"`
	}
}

// NewToken is a token with its secret, shown once.
type NewToken struct {
	Office string `json:"office"`
	Secret string `json:"secret"`
}

func (a *API) newToken(ctx context.Context, in *inToken) (*body[NewToken], error) {
	s, err := a.node.NewToken(ctx, in.Body.Office, in.Body.Until)
	return ok(NewToken{in.Body.Office, s}, err)
}

func (a *API) revokeTokens(ctx context.Context, in *struct {
	Office string `path:"office"`
}) (*none, error) {
	return &none{}, a.node.RevokeTokens(ctx, in.Office)
}

// CheckLine is one line of a check under way: how far it is, or its report, or why it failed.
type CheckLine struct {
	Done    uint64       `json:"done,omitzero"`
	Total   uint64       `json:"total,omitzero"`
	Report  *node.Report `json:"report,omitempty"`
	Problem *Problem     `json:"problem,omitempty"`
}

func (a *API) check(ctx context.Context, in *struct {
	Accept string `header:"Accept"`
}) (*huma.StreamResponse, error) {
	return streamed(ctx, a, in.Accept, a.node.CheckAndKeep, func(done, total uint64, rep *node.Report, p *Problem) any { return CheckLine{done, total, rep, p} })
}

type inLog struct {
	InGroup
	Party string `path:"party"`
}

// exportLog streams a tar. A tar without its file checkpoint, or without its end, is of an export that failed.
func (a *API) exportLog(ctx context.Context, in *inLog) (*huma.StreamResponse, error) {
	g, err := a.node.Group(ctx, caller(ctx), in.Group)
	if err != nil {
		return nil, err
	}
	if _, ok := g.Held[record.Party(in.Party)]; !ok {
		return nil, fmt.Errorf("log of %.20q: %w", in.Party, node.ErrNotFound)
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		_, w := humago.Unwrap(c)
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
		var t *tar.Writer
		put := func(path string, data []byte) error {
			if t == nil {
				w.Header().Set("Content-Type", "application/x-tar")
				t = tar.NewWriter(w)
			}
			err := t.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(data)), ModTime: time.Unix(0, 0), Format: tar.FormatPAX})
			if err == nil {
				_, err = t.Write(data)
			}
			return err
		}
		err := a.node.ExportLog(c.Context(), caller(c.Context()), in.Group, record.Party(in.Party), put, nil)
		if err != nil && t == nil {
			writeProblem(w, problemOf(c.Context(), a.log, err))
			return
		}
		if err == nil {
			err = t.Close()
		}
		if err != nil {
			problemOf(c.Context(), a.log, err)
			panic(http.ErrAbortHandler) // the client must not take the part for the whole
		}
	}}, nil
}

func (a *API) restoring(ctx context.Context, _ *none) (*body[[]Restoring], error) {
	var out []Restoring
	for id, silent := range a.node.Restoring() {
		out = append(out, Restoring{id, silent})
	}
	return list(out, nil)
}

func (a *API) restoreDraft(ctx context.Context, in *InGroup) (*body[Draft], error) {
	d, err := a.node.RestoreDraft(ctx, caller(ctx), in.Group)
	if err != nil {
		return nil, err
	}
	return ok(a.oneDraft(ctx, d))
}

type inSurface struct {
	Body struct {
		Dir string `json:"dir" doc:"the old folder, on the node's machine"`
	}
}

// Surfaced is how many records surfaced.
type Surfaced struct {
	Records int `json:"records"`
}

func (a *API) surface(ctx context.Context, in *inSurface) (*body[Surfaced], error) {
	n, err := a.node.Surface(ctx, in.Body.Dir)
	return ok(Surfaced{n}, err)
}

// Orphan is an own record that surfaced after a restore.
type Orphan struct {
	ID     record.ID `json:"id"`
	Header Header    `json:"header"`
}

func (a *API) orphans(ctx context.Context, in *InGroup) (*body[[]Orphan], error) {
	os, err := a.node.Orphans(ctx, caller(ctx), in.Group)
	if err != nil {
		return nil, err
	}
	out := make([]Orphan, len(os))
	for i, o := range os {
		terms, _ := a.node.Kinds().DecodeTerms(o.Header)
		out[i] = Orphan{o.ID, headerOf(o.Header, terms)}
	}
	return list(out, nil)
}
