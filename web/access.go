package web

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente"
	"entente/node"
	tables "entente/sheet"
)

// accessBody is the access log as the party's auditors read it.
type accessBody struct {
	Form  *form
	Open  bool
	Rows  []accessRow
	Next  string
	Sheet string // address of the same as CSV
	Clear string
}

type accessRow struct {
	node.AccessRow
	Office  string
	Groups  []string
	Read    string // what was read, without languages; the file names each part
	Page    string
	Unusual []string
}

// accessQuery is what the address narrows the log to. Days are in the page's zone.
func (r *request) accessQuery() (*form, node.AccessQuery, error) {
	f, err := r.form("/access", r.t("filter.apply"),
		field{Name: "office", Control: controlText, Label: r.t("access.office")},
		field{Name: "from", Control: controlDate, Label: r.t("access.from")},
		field{Name: "until", Control: controlDate, Label: r.t("access.until")},
		field{Name: "unusual", Control: controlChecks, Label: r.t("access.unusual"), Options: []option{{Value: "only", Text: r.t("access.unusual-only")}}})
	if err != nil {
		return nil, node.AccessQuery{}, err
	}
	in := r.URL.Query()
	for _, x := range f.Fields {
		x.Optional, x.Unmarked, x.Values = true, true, in[x.Name]
	}
	q := node.AccessQuery{Office: strings.TrimSpace(f.text("office")), From: f.day("from"), Unusual: in.Get("unusual") != "", Zone: r.web.zone, Cursor: node.Cursor(in.Get("before")), Limit: listPage}
	if t, ok := f.date("until", r.web.zone); ok {
		q.Until = t.AddDate(0, 0, 1).Unix()
	}
	return f, q, nil
}

// accessLog says who of the party was shown what, and what is unusual about it.
func (w *Web) accessLog(r *request) (answer, error) {
	f, q, err := r.accessQuery()
	if err != nil {
		return nil, err
	}
	b := accessBody{Form: f, Open: len(r.URL.Query()) > 0, Sheet: "/access/csv", Clear: "/access"}
	if r.URL.RawQuery != "" {
		b.Sheet += "?" + r.URL.Query().Encode()
	}
	p := page{name: "access", title: r.t("access.title"), nav: "audit", body: &b, wide: true}
	if !f.ok() {
		return f.again(p), nil
	}
	log, err := w.node.Review(r.Context(), r.who, q)
	if err != nil {
		return nil, err
	}
	b.Rows = w.accessRows(r, log)
	b.Next = r.before(log.Next)
	return p, nil
}

// before is this page's address further back; empty: there is none.
func (r *request) before(c node.Cursor) string {
	if c == "" {
		return ""
	}
	v := r.URL.Query()
	v.Set("before", string(c))
	return r.URL.Path + "?" + v.Encode()
}

func (w *Web) accessRows(r *request, log *node.AccessPage) []accessRow {
	names := map[string]string{}
	for _, g := range w.node.Groups(r.Context(), r.who) { // of others the id alone
		names[g.ID.String()] = g.Founding.Names[r.lang]
	}
	var out []accessRow
	for _, x := range log.Items {
		row := accessRow{AccessRow: x, Office: w.officeName(r, x.Access.Office), Read: r.readWords(x.Access.Items), Page: strings.TrimSuffix(x.Access.Page, "{$}")}
		for _, i := range x.Access.Items {
			name := names[i.Group.String()]
			if name == "" {
				name = i.Group.Short()
			}
			if len(row.Groups) == 0 || row.Groups[len(row.Groups)-1] != name {
				row.Groups = append(row.Groups, name)
			}
		}
		for _, u := range x.Unusual {
			row.Unusual = append(row.Unusual, r.t("access.unusual."+string(u)))
		}
		out = append(out, row)
	}
	return out
}

// readWords names what was read in the reader's language, each sort of part once.
func (r *request) readWords(items []entente.AccessItem) string {
	var out []string
	for _, i := range items {
		for _, name := range i.Parts {
			words := r.partWords(name)
			if rest, ok := strings.CutPrefix(name, "non-paper/"); ok {
				words = r.t("access.of-non-paper", "Part", r.partWords(rest))
			}
			if !slices.Contains(out, words) {
				out = append(out, words)
			}
		}
	}
	return strings.Join(out, ", ")
}

// accessCSV is the same as a file: of one page of the log, as long as a page may be.
func (w *Web) accessCSV(r *request) (answer, error) {
	f, q, err := r.accessQuery()
	if err != nil {
		return nil, err
	}
	if !f.ok() {
		return nil, fmt.Errorf("access log: %w", node.ErrInvalid)
	}
	q.Limit = 0
	log, err := w.node.Review(r.Context(), r.who, q)
	if err != nil {
		return nil, err
	}
	rows := w.accessRows(r, log)
	var heads []tables.Heading
	for _, s := range []string{r.t("access.time"), r.t("access.office"), r.t("sign.seat"), r.t("access.how"), r.t("access.group"), r.t("access.what"), r.t("access.records"), r.t("access.hour"), r.t("access.page"), r.t("access.unusual")} {
		heads = append(heads, tables.Heading{Titles: []string{s}})
	}
	t := tables.Table{Headings: heads,
		Rows: func(yield func([]string, error) bool) {
			for _, x := range rows {
				if !yield([]string{time.Unix(x.Time, 0).UTC().Format(time.RFC3339), x.Access.Office, strconv.FormatUint(x.Access.Seat, 10), x.Access.How, strings.Join(x.Groups, ", "), x.Words(),
					strconv.Itoa(x.Records), strconv.Itoa(x.Hour), x.Access.Via + " " + x.Access.Page, strings.Join(x.Unusual, "; ")}, nil) {
					return
				}
			}
			yield([]string{w.shownTo(r), "", "", "", "", "", "", "", "", ""}, nil)
		}}
	var b bytes.Buffer
	if _, err := tables.WriteCSV(&b, t); err != nil {
		return nil, err
	}
	return file{name: "access-" + time.Unix(w.node.Now(), 0).UTC().Format(time.DateOnly) + ".csv", mime: "text/csv; charset=utf-8", content: b.Bytes()}, nil
}

// shownTo is the mark on whatever is shown to a person: which office and seat read it, and when.
func (w *Web) shownTo(r *request) string {
	who := r.who.Office
	if r.who.Seat != 0 {
		who += "/" + strconv.FormatUint(r.who.Seat, 10)
	}
	return r.t("mark.shown", "Office", w.officeName(r, r.who.Office), "Seat", who, "Time", time.Unix(w.node.Now(), 0).UTC().Format("2006-01-02 15:04:05 UTC"))
}
