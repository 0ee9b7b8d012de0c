package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"entente/node"
)

// ShownTo is the header of every answer to an office: which office it is, and when it was answered, as MX/legal 2026-01-02T03:04:05Z.
const ShownTo = "Entente-Shown-To"

type callerKey struct{}

// caller is who the request was authenticated as. No handler runs without one.
func caller(ctx context.Context) node.Caller {
	c, _ := ctx.Value(callerKey{}).(node.Caller)
	return c
}

// authenticate lets a request in under the office of its token. Over the local socket, whose file only the operator can open,
// a request without a token is the operator's; over TCP it is nobody's.
func (a *API) authenticate(local bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == openapiPath && r.Method == http.MethodGet {
			next.ServeHTTP(w, r) // describes the program, not the node
			return
		}
		via, from := "api", host(r.RemoteAddr)
		if local {
			via, from = "cli", "local"
		}
		if wait := a.failures.wait(from); wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
			writeProblem(w, &Problem{Type: kindTooMany, Title: "Too many failed sign-ins from this address.", Status: http.StatusTooManyRequests, Hint: "Wait a minute, then use a valid token."})
			return
		}
		secret, given := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		var who node.Caller
		var err error
		switch {
		case given:
			who, err = a.node.Authenticate(r.Context(), secret, via)
		case local && r.Header.Get("Authorization") == "":
			who = node.Caller{Operator: true, Via: via}
		default:
			err = node.ErrForbidden
		}
		if errors.Is(err, node.ErrForbidden) {
			if !local {
				a.failures.add(from)
			}
			w.Header().Set("WWW-Authenticate", `Bearer realm="entente"`)
			writeProblem(w, &Problem{Type: kindUnauthorized, Title: "No valid token came with the request.", Status: http.StatusUnauthorized,
				Hint: "Send Authorization: Bearer TOKEN; entente token new OFFICE makes one."})
			return
		} else if err != nil {
			writeProblem(w, problemOf(r.Context(), a.log, err))
			return
		}
		if who.Office != "" { // bytes that were signed cannot bear a mark, so the answer does, whatever it is
			w.Header().Set(ShownTo, string(a.node.Party())+"/"+who.Office+" "+time.Unix(a.node.Now(), 0).UTC().Format(time.RFC3339))
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, who)))
	})
}

func host(addr string) string {
	if h, _, err := net.SplitHostPort(addr); err == nil {
		return h
	}
	return addr
}

// failures counts failed sign-ins per address within a window.
type failures struct {
	mu  sync.Mutex
	now func() time.Time
	by  map[string]*failing
}

type failing struct {
	n     int
	since time.Time
}

// wait says how long an address must wait; zero: it may try.
func (f *failures) wait(addr string) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	x, now := f.by[addr], f.now()
	if x == nil || x.n < maxFailures || now.Sub(x.since) >= failureWindow {
		return 0
	}
	return failureWindow - now.Sub(x.since)
}

func (f *failures) add(addr string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	x := f.by[addr]
	if x != nil && now.Sub(x.since) < failureWindow {
		x.n++
		return
	}
	if len(f.by) >= maxFailing {
		for k, v := range f.by {
			if now.Sub(v.since) >= failureWindow {
				delete(f.by, k)
			}
		}
	}
	if len(f.by) < maxFailing {
		f.by[addr] = &failing{1, now}
	}
}
