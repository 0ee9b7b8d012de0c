package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"entente/node"
	"entente/store"
)

// session is one sign-in of an official.
type session struct {
	store.Login
	secret string
}

// Link makes a path by which an office signs in once, within a time.
func (w *Web) Link(ctx context.Context, office string, life time.Duration) (string, error) {
	s, err := w.node.NewLink(ctx, office, 0, life)
	return LinkPath + s, err
}

// Sessions is how many sign-ins have not ended.
func (w *Web) Sessions() int {
	n, err := w.node.CountSessions(context.Background())
	if err != nil {
		w.log.Error("sessions not counted", "err", err)
	}
	return int(n)
}

// LinkPath is where one-time links are opened, followed by the secret.
const LinkPath = "/signin/link/"

// cookieName: over TLS the prefix binds the cookie to this host and to its root path.
func (w *Web) cookieName() string {
	if w.secure() {
		return "__Host-session"
	}
	return "session"
}

func (w *Web) sessionOf(r *http.Request) (*session, error) {
	c, err := r.Cookie(w.cookieName())
	if err != nil {
		return nil, nil
	}
	l, err := w.node.Session(r.Context(), c.Value)
	if errors.Is(err, node.ErrForbidden) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return &session{l, c.Value}, nil
}

type signedIn struct{ secret, to string }

// write gives the browser a new secret. The session that it had before, perhaps another office's, ends.
func (a signedIn) write(rw http.ResponseWriter, r *request) error {
	if r.session != nil {
		if err := r.web.node.EndSession(r.Context(), r.session.secret); err != nil {
			return err
		}
	}
	http.SetCookie(rw, &http.Cookie{Name: r.web.cookieName(), Value: a.secret, Path: "/", HttpOnly: true, Secure: r.web.secure(), SameSite: http.SameSiteLaxMode})
	return redirect{to: a.to}.write(rw, r)
}

// signInBody offers the ways to sign in that this node has.
type signInBody struct {
	Problem string // message key
	Next    string
	OIDC    string // name of the identity provider; empty: none
}

func (w *Web) signInPage(r *request, problem string, status int) answer {
	return page{name: "signin", title: r.t("signin.title"), status: status, body: signInBody{problem, local(r.FormValue("next")), w.oidc.name()}}
}

func (w *Web) signIn(r *request) (answer, error) {
	if r.session != nil {
		return redirect{to: local(r.URL.Query().Get("next"))}, nil
	}
	return w.signInPage(r, "", 0), nil
}

// linkForm shows a button: a program that follows links, as mail filters do, must not use up the link.
func (w *Web) linkForm(r *request) (answer, error) {
	return page{name: "signin-link", title: r.t("signin.title"), body: r.PathValue("secret")}, nil
}

func (w *Web) useLink(r *request) (answer, error) {
	s, err := w.node.UseLink(r.Context(), r.PostFormValue("secret"))
	if errors.Is(err, node.ErrForbidden) {
		return w.signInPage(r, "signin.link-ended", http.StatusForbidden), nil
	} else if err != nil {
		return nil, err
	}
	return signedIn{s, "/"}, nil
}

func (w *Web) signOut(r *request) (answer, error) {
	if r.session != nil {
		if err := w.node.EndSession(r.Context(), r.session.secret); err != nil {
			return nil, err
		}
	}
	return redirect{to: "/signin", done: "signed-out"}, nil
}

func (r *request) t(key string, args ...any) string { return r.web.languages[r.lang].t(key, args...) }
