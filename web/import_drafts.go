package web

import (
	"net/url"

	"entente/node"
)

type draftsBody struct {
	Made    int
	Refused []failedRow
	Rows    []waitingDraft
	Batches []link
	New     string
}

type waitingDraft struct {
	Name      name
	Kind      string
	Href      string
	Uncleared bool // offices at home come first
}

// importDrafts are the office's drafts that wait for signatures, signed a batch at a time on one page each.
func (w *Web) importDrafts(r *request) (answer, error) {
	ds, err := w.waiting(r)
	if err != nil {
		return nil, err
	}
	texts := reading{lang: r.lang, web: w}
	if texts.texts, err = w.node.DraftTexts(r.Context(), r.who, r.group.ID, r.Pattern, []string{"title.*"}, noncesOf(ds)...); err != nil {
		return nil, err
	}
	b := draftsBody{New: r.group.Href("import")}
	if x := w.importOf(r); x != nil && x.content == nil {
		if b.Refused = x.refused; len(ds) >= len(x.made) { // none of them was signed yet
			b.Made = len(x.made)
		}
	}
	for _, d := range ds {
		x := waitingDraft{Name: texts.titleOf(r.group, d.Act), Kind: r.kindName(d.Header.Kind, false), Href: r.group.Href("drafts", d.Nonce.String()), Uncleared: len(d.Uncleared) > 0}
		if x.Name.Text == "" {
			x.Name.Text = r.t("untitled", "Kind", x.Kind, "Id", d.Nonce.String()[:8])
		}
		b.Rows = append(b.Rows, x)
	}
	for from := 0; from < len(ds); from += importBatch {
		to := min(from+importBatch, len(ds))
		text := r.t("import.sign-batch", "From", w.languages[r.lang].number(from+1), "To", w.languages[r.lang].number(to))
		if to == from+1 {
			text = r.t("import.sign-one", "Number", w.languages[r.lang].number(to))
		}
		b.Batches = append(b.Batches, link{Text: text, Href: r.signHref(ds[from:to])})
	}
	return page{name: "import-drafts", title: r.t("import.drafts-title"), nav: commitments, body: b}, nil
}

// signHref is the page where drafts are read and signed together; it leads back to the list.
func (r *request) signHref(ds []*node.Draft) string {
	q := url.Values{"back": {"drafts"}}
	for _, d := range ds {
		q.Add("d", d.Nonce.String())
	}
	return r.group.Href("sign") + "?" + q.Encode()
}
