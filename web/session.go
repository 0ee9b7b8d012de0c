package web

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"entente/node"
	"entente/record"
)

// session is one sign-in of an office.
type session struct {
	office  string
	created int64
	last    int64
}

// sessions are kept in memory under the digest of their secret.
type sessions struct {
	mu  sync.Mutex
	now func() int64
	by  map[record.ID]*session
	one map[record.ID]oneTime
}

type oneTime struct {
	office string
	until  int64
}

func newSessions(now func() int64) *sessions {
	return &sessions{now: now, by: map[record.ID]*session{}, one: map[record.ID]oneTime{}}
}

func secretOf() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func sessionDigest(secret string) record.ID {
	return record.Digest("entente/web-session/v1", []byte(secret))
}

// Link makes a link by which an office signs in once, within a time.
func (w *Web) Link(office string, life time.Duration) string {
	s := secretOf()
	w.sessions.mu.Lock()
	defer w.sessions.mu.Unlock()
	w.sessions.one[sessionDigest(s)] = oneTime{office, w.node.Now() + int64(life/time.Second)}
	return "/signin/link/" + s
}

// Sessions is how many sign-ins have not ended.
func (w *Web) Sessions() (n int) {
	w.sessions.mu.Lock()
	defer w.sessions.mu.Unlock()
	for _, x := range w.sessions.by {
		if now := w.sessions.now(); now-x.last <= int64(sessionIdle/time.Second) && now-x.created <= int64(sessionLife/time.Second) {
			n++
		}
	}
	return n
}

func (s *sessions) use(secret string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := sessionDigest(secret)
	l, ok := s.one[d]
	delete(s.one, d)
	return l.office, ok && s.now() < l.until
}

func (s *sessions) start(office string) string {
	secret := secretOf()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.by[sessionDigest(secret)] = &session{office, now, now}
	return secret
}

func (s *sessions) find(secret string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, now := sessionDigest(secret), s.now()
	x := s.by[d]
	if x == nil || now-x.last > int64(sessionIdle/time.Second) || now-x.created > int64(sessionLife/time.Second) {
		delete(s.by, d)
		return nil
	}
	x.last = now
	return x
}

func (s *sessions) end(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, sessionDigest(secret))
}

// cookieName: over TLS the prefix binds the cookie to this host and to its root path.
func (w *Web) cookieName() string {
	if w.secure() {
		return "__Host-session"
	}
	return "session"
}

func (w *Web) sessionOf(r *http.Request) *session {
	c, err := r.Cookie(w.cookieName())
	if err != nil {
		return nil
	}
	return w.sessions.find(c.Value)
}

type signedIn struct{ secret, to string }

func (a signedIn) write(rw http.ResponseWriter, r *request) error {
	http.SetCookie(rw, &http.Cookie{Name: r.web.cookieName(), Value: a.secret, Path: "/", HttpOnly: true, Secure: r.web.secure(), SameSite: http.SameSiteLaxMode})
	return redirect{to: a.to}.write(rw, r)
}

func (w *Web) signIn(r *request) (answer, error) {
	if r.session != nil {
		return redirect{to: local(r.URL.Query().Get("next"))}, nil
	}
	return page{name: "signin", title: r.t("signin.title"), body: nil}, nil
}

// linkForm shows a button: a program that follows links, as mail filters do, must not use up the link.
func (w *Web) linkForm(r *request) (answer, error) {
	return page{name: "signin-link", title: r.t("signin.title"), body: r.PathValue("secret")}, nil
}

func (w *Web) useLink(r *request) (answer, error) {
	from, _, _ := net.SplitHostPort(r.RemoteAddr)
	if w.failures.blocked(from) {
		return nil, fmt.Errorf("too many failed sign-ins from this address: wait a minute: %w", node.ErrConflict)
	}
	office, ok := w.sessions.use(r.PostFormValue("secret"))
	if !ok {
		w.failures.add(from)
		return page{name: "signin", title: r.t("signin.title"), body: "signin.link-ended", status: http.StatusForbidden}, nil
	}
	return signedIn{w.sessions.start(office), "/"}, nil
}

func (w *Web) signOut(r *request) (answer, error) {
	if c, err := r.Cookie(w.cookieName()); err == nil {
		w.sessions.end(c.Value)
	}
	return redirect{to: "/signin", done: "signed-out"}, nil
}

func (r *request) t(key string, args ...any) string { return r.web.languages[r.lang].t(key, args...) }

// failures counts failed sign-ins per address. It never counts offices: nobody can lock another out.
type failures struct {
	now func() int64
	mu  *sync.Mutex
	by  map[string][]int64
}

func newFailures(now func() int64) failures {
	return failures{now: now, mu: new(sync.Mutex), by: map[string][]int64{}}
}

func (f failures) recent(from string) []int64 {
	var out []int64
	for _, t := range f.by[from] {
		if f.now()-t < int64(failureWindow/time.Second) {
			out = append(out, t)
		}
	}
	return out
}

func (f failures) blocked(from string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.recent(from)) >= maxFailures
}

func (f failures) add(from string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.by) >= maxFailing {
		clear(f.by)
	}
	f.by[from] = append(f.recent(from), f.now())
}
