package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// ndjson is asked for by who wants to hear how far long work is: a line of JSON for each step, and a last one with the answer or why
// there is none.
const ndjson = "application/x-ndjson"

// streamed answers with what work gives; as lines, without a time limit on writing, where accept asks for them.
func streamed[T any](ctx context.Context, a *API, accept string, work func(ctx context.Context, tell func(done, total uint64)) (*T, error),
	line func(done, total uint64, out *T, p *Problem) any) (*huma.StreamResponse, error) {
	if accept != ndjson {
		out, err := work(ctx, func(uint64, uint64) {})
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(c huma.Context) {
			c.SetHeader("Content-Type", "application/json")
			_ = json.NewEncoder(c.BodyWriter()).Encode(out)
		}}, nil
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		_, w := humago.Unwrap(c)
		rc := http.NewResponseController(w)
		_ = rc.SetWriteDeadline(time.Time{})
		w.Header().Set("Content-Type", ndjson)
		enc := json.NewEncoder(w)
		write := func(l any) {
			_ = enc.Encode(l)
			_ = rc.Flush()
		}
		out, err := work(c.Context(), func(done, total uint64) { write(line(done, total, nil, nil)) })
		if err != nil {
			write(line(0, 0, nil, problemOf(c.Context(), a.log, err)))
			return
		}
		write(line(0, 0, out, nil))
	}}, nil
}

// follow reads what streamed wrote; progress, if not nil, hears how far it is.
func follow[L, T any](ctx context.Context, c *Client, path string, body any, what string, progress func(done, total uint64),
	read func(*L) (done, total uint64, out *T, p *Problem)) (*T, error) {
	res, err := c.do(ctx, http.MethodPost, path, ndjson, body)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, maxAnswer)
	for lines.Scan() {
		l := new(L)
		if err := json.Unmarshal(lines.Bytes(), l); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		switch done, total, out, problem := read(l); {
		case problem != nil:
			return nil, problem
		case out != nil:
			return out, nil
		case progress != nil:
			progress(done, total)
		}
	}
	return nil, errors.Join(fmt.Errorf("%s: the node stopped before it was done", what), lines.Err())
}
