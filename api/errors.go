package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"entente/node"
)

// Problem is an error as it crosses the wire (RFC 9457). Type is one of a closed set of URNs; Hint says what to do.
type Problem struct {
	Type      string          `json:"type"`
	Title     string          `json:"title"`
	Status    int             `json:"status"`
	Detail    string          `json:"detail,omitempty"`
	Hint      string          `json:"hint,omitempty"`
	Reference string          `json:"reference,omitempty" doc:"stands in the node's log beside the cause, which is not told"`
	Errors    []ProblemReason `json:"errors,omitempty"`
}

// ProblemReason is one of several reasons.
type ProblemReason struct {
	Code     string `json:"code,omitempty"`
	Text     string `json:"text"`
	Location string `json:"location,omitempty"`
}

// Error makes a problem an error of the client.
func (p *Problem) Error() string {
	s := p.Title
	if p.Detail != "" {
		s = p.Detail
	}
	for _, r := range p.Errors {
		s += "\n  - "
		if r.Code != "" {
			s += r.Code + ": "
		}
		s += r.Text
		if r.Location != "" {
			s += " (" + r.Location + ")"
		}
	}
	if p.Reference != "" {
		s += " (reference " + p.Reference + ")"
	}
	return s
}

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return problemType }

// Is lets errors.Is find the node's sentinel behind a problem, on the client's side too.
func (p *Problem) Is(err error) bool {
	for _, k := range problems {
		if k.err == err && k.kind == p.Type {
			return true
		}
	}
	return false
}

const problemType = "application/problem+json"

// The URNs of problems that no error of the node stands for.
const (
	kindUnauthorized = "urn:entente:problem:unauthorized"
	kindTooMany      = "urn:entente:problem:too-many-failures"
	kindRequest      = "urn:entente:problem:request"
	kindInternal     = "urn:entente:problem:internal"
	kindNoRoute      = "urn:entente:problem:no-route"
)

// problems is the whole mapping from the node's errors to HTTP. The first that matches wins. Without says: the error's own
// words stay in the node, because they could tell a stranger what exists, or name files.
var problems = []struct {
	err     error
	status  int
	kind    string
	title   string
	hint    string
	without bool
}{
	{node.ErrRefused, http.StatusConflict, "urn:entente:problem:refused", "The rules hold reasons against this act. Nothing was written.",
		"Every reason is listed: mend them all, then draft the act again.", false},
	{node.ErrReadOnly, http.StatusServiceUnavailable, "urn:entente:problem:read-only", "The group is read-only after a restore.",
		"Wait until the peers have answered; entente restore status names those that have not.", false},
	{node.ErrDiskFull, http.StatusInsufficientStorage, "urn:entente:problem:disk-full", "The disk of the node is full. Nothing was written.",
		"Make room on the node's disk and try again.", true},
	{node.ErrClosed, http.StatusServiceUnavailable, "urn:entente:problem:closing", "The node is closing.", "Try again when it runs.", true},
	{node.ErrForbidden, http.StatusForbidden, "urn:entente:problem:forbidden", "This is not for this office.",
		"Use the token of an office that may do it (--as OFFICE).", false},
	{node.ErrNotFound, http.StatusNotFound, "urn:entente:problem:not-found", "Not found, or not for this office.",
		"Look at the id and the group; what an office may not see is not found for it either.", true},
	{node.ErrConflict, http.StatusConflict, "urn:entente:problem:conflict", "Something stands in the way.", "Read where things stand, then decide again.", false},
	{node.ErrInvalid, http.StatusUnprocessableEntity, "urn:entente:problem:invalid", "The request was understood and its content was not.",
		"The detail names what is wrong; nothing was written.", false},
}

// problemOf maps an error for the wire. Whatever is not in the table is an internal fault: its cause goes to the log under a
// random reference and never to the caller.
func problemOf(ctx context.Context, log *slog.Logger, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	for _, k := range problems {
		if !errors.Is(err, k.err) {
			continue
		}
		p := &Problem{Type: k.kind, Title: k.title, Status: k.status, Hint: k.hint}
		var r *node.Refusal
		switch {
		case errors.As(err, &r):
			for _, x := range r.Reasons {
				p.Errors = append(p.Errors, ProblemReason{Code: x.Code, Text: x.Text})
			}
		case !k.without:
			p.Detail = err.Error()
		}
		if k.status >= http.StatusInternalServerError {
			log.WarnContext(ctx, "request failed", "problem", k.kind, "err", err)
		}
		return p
	}
	ref := reference()
	if errors.Is(err, context.Canceled) {
		log.DebugContext(ctx, "request given up by its client", "reference", ref)
	} else {
		log.ErrorContext(ctx, "request failed", "reference", ref, "err", err)
	}
	return &Problem{Type: kindInternal, Title: "The node could not do this.", Status: http.StatusInternalServerError, Reference: ref,
		Hint: "The node's log names the cause under this reference; entente check looks for damage."}
}

func reference() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// plain turns huma's own errors into problems. What was sent is never sent back: it may be the content of a part.
func plain(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := &Problem{Type: kindRequest, Title: http.StatusText(m.Status), Status: m.Status, Detail: m.Detail, Hint: "GET /openapi.json describes every route."}
	if m.Status >= http.StatusInternalServerError {
		p.Type, p.Detail = kindInternal, ""
		return p, nil
	}
	for _, d := range m.Errors {
		if d != nil {
			p.Errors = append(p.Errors, ProblemReason{Text: d.Message, Location: d.Location})
		}
	}
	return p, nil
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}
