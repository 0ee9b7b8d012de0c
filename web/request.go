package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"entente/node"
)

// request is what a handler knows of who asks for what.
type request struct {
	*http.Request
	web     *Web
	lang    string
	session *session // nil on open pages that nobody is signed in to
	who     node.Caller
	group   *group // on paths under /g/{group}
}

// answer is what a handler gives back: a page, a file, or the way to another page.
type answer interface {
	write(rw http.ResponseWriter, r *request) error
}

// handle runs a route: who asks, in which language, in which group; and renders its answer or its error in one place.
func (w *Web) handle(rt route) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, hr *http.Request) {
		r := &request{Request: hr, web: w, lang: w.languageOf(hr)}
		a, err := w.run(rt, r)
		if err == nil {
			err = a.write(rw, r)
		}
		if err != nil {
			w.fail(rw, r, err)
		}
	})
}

func (w *Web) run(rt route, r *request) (answer, error) {
	var err error
	if !w.only {
		if r.session, err = w.sessionOf(r.Request); err != nil {
			return nil, err
		}
	}
	if r.session != nil {
		r.who = node.Caller{Office: r.session.Office, Seat: r.session.Seat, Via: "web", How: r.session.How}
	} else if r.Body = http.MaxBytesReader(nil, r.Body, maxOpen); !rt.open {
		return redirect{to: "/signin?next=" + url.QueryEscape(r.next())}, nil
	}
	if slug := r.PathValue("group"); slug != "" {
		g, err := w.findGroup(r, slug, rt.pattern)
		if err != nil {
			return nil, err
		}
		r.group = g
	}
	if r.Method == http.MethodPost && !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		if err := r.ParseForm(); err != nil {
			return nil, fmt.Errorf("form: %w: %w", node.ErrInvalid, err)
		}
	}
	return rt.do(w, r)
}

// next is where to go on after a sign-in: the page asked for, or the page of the form that was sent.
func (r *request) next() string {
	if r.Method == http.MethodGet {
		return r.URL.RequestURI()
	}
	return "/"
}

// redirect sends the browser to another page of this node. done is the key of a message shown there once.
type redirect struct {
	to   string
	done string
}

func (a redirect) write(rw http.ResponseWriter, r *request) error {
	if a.done != "" {
		r.web.flash(rw, a.done)
	}
	http.Redirect(rw, r.Request, a.to, http.StatusSeeOther)
	return nil
}

// local is a path of this node: what a stranger put into next leads nowhere else.
func local(path string) string {
	if u, err := url.Parse(path); err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/") &&
		!strings.HasPrefix(path, "//") && !strings.Contains(path, "\\") {
		return path
	}
	return "/"
}

// file is a download.
type file struct {
	name, mime string
	content    []byte
	inline     bool // shown by the browser rather than saved
}

func (a file) write(rw http.ResponseWriter, r *request) error {
	disposition := "attachment"
	if a.inline {
		disposition = "inline"
	}
	rw.Header().Set("Content-Type", a.mime)
	rw.Header().Set("Content-Disposition", disposition+"; filename*=UTF-8''"+url.PathEscape(a.name))
	_, err := rw.Write(a.content)
	return clientGone(err)
}

// page is a page under the layout.
type page struct {
	name    string // of its template
	title   string // in the reader's language
	heading string // where the title of the window says more
	nav     string // key of the section it stands in
	body    any
	status  int
	wide    bool
}

func (a page) write(rw http.ResponseWriter, r *request) error {
	var b bytes.Buffer
	c, err := r.web.chrome(rw, r, a)
	if err != nil {
		return err
	}
	if err := r.web.languages[r.lang].execute(&b, a.name, view{c, a.body}); err != nil {
		return err
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.Header().Set("Content-Language", r.web.languages[r.lang].tag)
	if a.status != 0 {
		rw.WriteHeader(a.status)
	}
	_, err = rw.Write(visible(b.Bytes()))
	return clientGone(err)
}

// clientGone: a browser that closed the line is no fault of the page.
func clientGone(err error) error {
	if err != nil {
		return errors.Join(http.ErrAbortHandler, err)
	}
	return nil
}
