package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"entente/node"
)

// answer is a stored answer to a request with an idempotency key.
type answer struct {
	Status int    `json:"status"`
	Type   string `json:"type"`
	Body   []byte `json:"body"`
}

// underWay are the keys of requests that are being answered: the second of two at one time is told to wait.
type underWay struct {
	mu   sync.Mutex
	keys map[string]bool
}

func (u *underWay) begin(key string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.keys[key] {
		return false
	}
	u.keys[key] = true
	return true
}

func (u *underWay) end(key string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.keys, key)
}

// once answers a repeated request with the stored answer to its first. Only answers that say yes are stored: a request that
// failed wrote nothing and may be sent again. The key belongs to the office that sent it.
func (a *API) once(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		next(ctx)
		return
	}
	if len(key) > maxKey {
		writeProblem(w, &Problem{Type: kindRequest, Title: "The idempotency key is too long.", Status: http.StatusBadRequest, Hint: "A UUID is long enough."})
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, ctx.Operation().MaxBodyBytes))
	if err != nil {
		writeProblem(w, &Problem{Type: kindRequest, Title: http.StatusText(http.StatusRequestEntityTooLarge), Status: http.StatusRequestEntityTooLarge})
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	office := caller(r.Context()).Office
	if office == "" {
		office = "#operator" // no office can have this name
	}
	if !a.underWay.begin(office + "\x00" + key) {
		writeProblem(w, problemOf(r.Context(), a.log, errors.Join(node.ErrConflict, errors.New("a request with this idempotency key is being answered"))))
		return
	}
	defer a.underWay.end(office + "\x00" + key)
	request := append([]byte(r.Method+" "+r.URL.Path+"\n"), body...)
	stored, found, err := a.node.Answered(r.Context(), office, key, request)
	if err != nil {
		writeProblem(w, problemOf(r.Context(), a.log, err))
		return
	}
	var x answer
	if found && json.Unmarshal(stored, &x) == nil {
		w.Header().Set("Idempotency-Replayed", "true")
		x.write(w)
		return
	}
	rec := &recorder{header: w.Header(), status: http.StatusOK}
	next(humago.NewContext(ctx.Operation(), r, rec))
	x = answer{rec.status, w.Header().Get("Content-Type"), rec.body.Bytes()}
	if x.Status < 300 {
		b, err := json.Marshal(x)
		if err == nil {
			err = a.node.PutAnswer(r.Context(), office, key, request, b)
		}
		if err != nil { // what was asked for is done all the same
			a.log.WarnContext(r.Context(), "answer was not kept under its idempotency key", "err", err)
		}
	}
	x.write(w)
}

func (x answer) write(w http.ResponseWriter) {
	if x.Type != "" {
		w.Header().Set("Content-Type", x.Type)
	}
	w.WriteHeader(x.Status)
	_, _ = w.Write(x.Body)
}

// recorder holds an answer back until it is stored.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
