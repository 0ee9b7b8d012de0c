package api

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// backup streams a tar: manifest.json, the files of the archive, and last the key file, which is to be kept apart. A tar that
// ends before the files that its manifest names is of a backup that failed.
func (a *API) backup(_ context.Context, _ *none) (*huma.StreamResponse, error) {
	return &huma.StreamResponse{Body: func(c huma.Context) {
		_, w := humago.Unwrap(c)
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
		var t *tar.Writer
		_, err := a.node.Backup(c.Context(), func(name string, size int64, r io.Reader) error {
			if t == nil {
				w.Header().Set("Content-Type", "application/x-tar")
				t = tar.NewWriter(w)
			}
			err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: time.Unix(a.node.Now(), 0), Format: tar.FormatPAX})
			if err == nil {
				_, err = io.Copy(t, r)
			}
			return err
		})
		if err != nil && t == nil {
			writeProblem(w, problemOf(c.Context(), a.log, err))
			return
		}
		if err == nil {
			err = t.Close()
		}
		if err != nil {
			problemOf(c.Context(), a.log, errors.Join(err, c.Context().Err())) // a client that gave up is no fault of the node
			panic(http.ErrAbortHandler)                                        // the client must not take the part for the whole
		}
	}}, nil
}

// Backup streams a tar of what a node cannot make again, its manifest first and its key file last. The caller closes it. Operator.
func (c *Client) Backup(ctx context.Context) (io.ReadCloser, error) {
	res, err := c.do(ctx, http.MethodGet, "/v1/backup", "", nil)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}
