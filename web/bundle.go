package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"entente/node"
	"entente/record"
)

// bundleBody is several acts that one official reads and signs one after the other on one page: the points of an agenda, or a
// decision with the commitment that comes of it. Each is an act of its own, with its own number and its own signature.
type bundleBody struct {
	Items  []bundled
	Widens *widening
	Seats  []seat
	Office string
	Acts   string // digests, in order
	Query  string
	Lacks  bool // this office has no authority for one of them
}

type bundled struct {
	*draftBody
	Next *sequelBody
}

// sequelBody is what will be drafted once the act before it is on record.
type sequelBody struct {
	Kind  string
	Texts []text
	Terms string
}

// maxBundle is how many acts one page shows to be signed: their names fit in an address, and a person can read them.
const maxBundle = 30

// bundle shows drafts of the group, by their nonces in the address.
func (w *Web) bundle(r *request) (answer, error) {
	b, err := w.bundleOf(r)
	if err != nil {
		return nil, err
	}
	return r.bundlePage(b), nil
}

func (r *request) bundlePage(b *bundleBody) page {
	return page{name: "bundle", title: r.t("bundle.title", "Count", len(b.Items)), nav: "meetings", body: b}
}

func (w *Web) bundleOf(r *request) (*bundleBody, error) {
	names := r.URL.Query()["d"]
	if len(names) == 0 || len(names) > maxBundle {
		return nil, fmt.Errorf("drafts: %w", node.ErrNotFound)
	}
	b := &bundleBody{Office: r.who.Office, Query: bundleQuery(r, names)}
	var acts []string
	var drafts []*node.Draft
	for _, n := range names {
		var nonce record.Nonce
		if err := nonce.UnmarshalText([]byte(n)); err != nil {
			return nil, fmt.Errorf("draft: %w", node.ErrNotFound)
		}
		d, err := w.node.GroupDraft(r.Context(), r.who, r.group.ID, nonce)
		if err != nil {
			return nil, err
		}
		x := bundled{}
		if x.draftBody, err = w.draftBody(r, d); err != nil {
			return nil, err
		}
		if x.Figures != nil {
			x.Figures.File = r.group.Href("drafts", n, "figures")
		}
		q, err := w.node.Sequel(r.Context(), r.who, r.group.ID, nonce)
		if err != nil {
			return nil, err
		}
		if q != nil {
			x.Next = r.sequel(q)
		}
		b.Items, acts, drafts = append(b.Items, x), append(acts, d.Act.String()), append(drafts, d)
	}
	var err error
	if b.Widens, err = w.widening(r, drafts...); err != nil {
		return nil, err
	}
	b.Seats, b.Acts = b.Items[0].Seats, strings.Join(acts, " ")
	p, err := w.node.Powers(r.group.ID)
	if err != nil || p == nil {
		return b, err
	}
	o, _ := p.Office(r.who.Office)
	for _, x := range b.Items {
		may := false
		for _, g := range o.Grants {
			may = may || g.Covers(x.Header.Kind, x.Header.Verb, x.Header.Line, w.node.Now())
		}
		b.Lacks = b.Lacks || !may
	}
	return b, nil
}

// fromDrafts: the page was reached from the list of drafts, and leads back to it.
func fromDrafts(r *request) bool { return r.URL.Query().Get("back") == "drafts" }

func bundleQuery(r *request, names []string) string {
	q := url.Values{"d": names}
	if fromDrafts(r) {
		q.Set("back", "drafts")
	}
	return q.Encode()
}

func (r *request) sequel(q *node.Sequel) *sequelBody {
	s := &sequelBody{Kind: r.kindName(q.Act.Kind, false), Terms: string(q.Act.Terms)}
	part := func(name string) string {
		for _, p := range q.Act.Parts {
			if p.Name == name {
				return string(p.Content)
			}
		}
		return ""
	}
	for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
		s.Texts = append(s.Texts, text{Lang: l, Tag: tags[l], Title: part("title." + l), Body: part("body." + l)})
	}
	return s
}

// signBundle takes one signature for each act. What was signed stays signed where a later one fails.
func (w *Web) signBundle(r *request) (answer, error) {
	b, err := w.bundleOf(r)
	if err != nil {
		return nil, err
	}
	approvals, err := approvalsOf(r, len(b.Items))
	if err != nil {
		return nil, err
	}
	var open []string // drafts that wait for another signature, or for this one's sequel
	to, done := "", "on-record"
	for i, x := range b.Items {
		left, sealed, err := w.node.AddApprovals(r.Context(), r.who, r.group.ID, x.Nonce, approvals[i:i+1], meansIt(r))
		if r.unmeant(b.Widens, err) {
			p := r.bundlePage(b)
			p.status = http.StatusUnprocessableEntity
			return p, nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case left != nil:
			open, done = append(open, left.Nonce.String()), "signed"
		case sealed.Next != nil:
			open = append(open, sealed.Next.Nonce.String())
		}
		if sealed != nil {
			to = r.group.Href("i", sealed.Instrument.String())
		}
	}
	if len(open) > 0 {
		to = r.group.Href("sign") + "?" + bundleQuery(r, open)
	} else if fromDrafts(r) {
		to = r.group.Href("import", "drafts")
	}
	return redirect{to: to, done: done}, nil
}

// dropBundle discards the drafts.
func (w *Web) dropBundle(r *request) (answer, error) {
	b, err := w.bundleOf(r)
	if err != nil {
		return nil, err
	}
	to := r.group.Href("meetings")
	for _, x := range b.Items {
		if err := w.node.Drop(r.Context(), r.who, x.Nonce); err != nil {
			return nil, err
		}
		if i := x.Header.Instrument; !i.IsZero() {
			to = r.group.Href("i", i.String())
		}
	}
	if fromDrafts(r) {
		to = r.group.Href("import", "drafts")
	}
	return redirect{to: to, done: "draft-dropped"}, nil
}
