package web

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"entente"
	"entente/node"
	"entente/record"
	"entente/store"
)

// problem is the page of an error: what happened, and what to do.
type problem struct {
	Heading   string
	Text      string
	Reasons   []entente.Reason
	Said      string // what to mend, in the reader's language
	Detail    string // what the node says, where there is no sentence for it in the reader's language
	Reference string // names the entry in the log, for those a person cannot
}

// kinds of errors, in the order they are looked for: status and message keys.
var errorPages = []struct {
	err    error
	status int
	key    string
	detail bool // the error's own words help and tell nothing that the reader may not know
}{
	{node.ErrNotFound, http.StatusNotFound, "not-found", false},
	{node.ErrRefused, http.StatusConflict, "refused", true},
	{node.ErrForbidden, http.StatusForbidden, "forbidden", false},
	{node.ErrInvalid, http.StatusUnprocessableEntity, "invalid", true},
	{node.ErrReadOnly, http.StatusServiceUnavailable, "read-only", true},
	{node.ErrConflict, http.StatusConflict, "conflict", true},
	{node.ErrDiskFull, http.StatusInsufficientStorage, "disk-full", false},
	{node.ErrClosed, http.StatusServiceUnavailable, "closing", false},
	{store.ErrCorrupt, http.StatusInternalServerError, "damaged", false},
}

// fail renders an error. Only errors that a person can mend show their own words.
func (w *Web) fail(rw http.ResponseWriter, r *request, err error) {
	if errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	p, status, key := &problem{}, http.StatusInternalServerError, "internal"
	for _, e := range errorPages {
		if errors.Is(err, e.err) {
			status, key = e.status, e.key
			if why := (record.Why{}); e.detail && errors.As(err, &why) {
				p.Said = w.languages[r.lang].why(why.Code, why.Values)
			} else if e.detail {
				p.Detail = err.Error()
			}
			break
		}
	}
	if refusal := new(node.Refusal); errors.As(err, &refusal) {
		p.Reasons, p.Said, p.Detail = refusal.Reasons, "", ""
	}
	if status == http.StatusInternalServerError {
		var ref [6]byte
		rand.Read(ref[:])
		p.Reference = hex.EncodeToString(ref[:])
		w.log.ErrorContext(r.Context(), "page failed", "reference", p.Reference, "page", r.Pattern, "err", err)
	}
	t := w.languages[r.lang].t
	p.Heading, p.Text = t("error."+key+".heading"), t("error."+key+".text")
	if w.only { // whoever comes is told no more, and led to no other page
		http.Error(rw, strings.TrimSpace(p.Heading+" "+p.Reference), status)
		return
	}
	if err := (page{name: "error", title: p.Heading, body: p, status: status}).write(rw, r); err != nil {
		w.log.ErrorContext(r.Context(), "error page failed", "err", err)
		http.Error(rw, p.Heading, status)
	}
}
