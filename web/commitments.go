package web

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"entente"
	"entente/node"
	"entente/record"
)

// commitmentsBody is a page of the commitments of a group, narrowed and ordered by the address.
type commitmentsBody struct {
	Views    []link
	Saved    []link // the office's own
	Save     *form  // nil: this view has a name
	Open     bool   // the filters
	Form     *form
	Narrowed bool
	Clear    string
	Count    node.Count
	Rows     []commitmentRow
	Next     string
	Prev     string
	Sheets   map[string]string
	New      string // of the form for a new one; empty: the office signs nothing here
}

type commitmentRow struct {
	row
	Late string // how late, in words
}

// statuses are what a list is narrowed to, in the order of the form.
var statuses = []struct {
	key   string
	apply func(*node.Query)
}{
	{"proposed", func(q *node.Query) { q.Phase = entente.PhaseProposed }},
	{"in-force", func(q *node.Query) { q.Phase = entente.PhaseInForce }},
	{"owed", func(q *node.Query) { q.Progress = node.ProgressOwed }},
	{"late", func(q *node.Query) { q.Overdue = true }},
	{"done", func(q *node.Query) { q.Progress = node.ProgressDone }},
	{"verified", func(q *node.Query) { q.Progress = node.ProgressVerified }},
	{"lapsed", func(q *node.Query) { q.Phase = entente.PhaseLapsed }},
	{"withdrawn", func(q *node.Query) { q.Phase = entente.PhaseWithdrawn }},
	{"ended", func(q *node.Query) { q.Phase = entente.PhaseEnded }},
}

var listSorts = []node.Sort{node.SortDue, node.SortLatest, node.SortChanged, node.SortNewest, node.SortOpened}

func (w *Web) commitmentList(r *request) (answer, error) {
	f, err := w.filters(r)
	if err != nil {
		return nil, err
	}
	q := w.narrow(r, f)
	title := r.kindName(commitments, true)
	b := commitmentsBody{Form: f, Views: w.views(r), Clear: r.group.Href("commitments"), Narrowed: r.URL.RawQuery != "", Sheets: r.spreadsheets()}
	if err := w.savedViews(r, &b); err != nil {
		return nil, err
	}
	if powers, err := w.node.Powers(r.group.ID); err == nil && powers != nil && signs(powers, r.who.Office) {
		b.New = r.group.Href("commitments", "new")
	}
	p := page{name: "commitments", title: title, nav: commitments, body: &b}
	if !f.ok() {
		return f.again(p), nil
	}
	at, err := r.asOf()
	if err != nil {
		f.wrong("asof", "form.date")
		return f.again(p), nil
	}
	items, err := w.listAt(r, q, at, &b)
	if err != nil {
		return nil, err
	}
	texts, err := w.read(r, titles(r.group, items.Items))
	if err != nil {
		return nil, err
	}
	for _, x := range items.Items {
		row := commitmentRow{row: row{Name: texts.name(r, r.group, x.State), Href: href(r.group, x.State), State: x.State, View: x.View, Group: r.group}}
		if x.View.Overdue {
			row.Late = r.dateWords(x.State.Due)
		}
		if at != 0 {
			row.Href += "?asof=" + r.URL.Query().Get("asof")
		}
		b.Rows = append(b.Rows, row)
	}
	b.Next, b.Prev = r.turned(items.Next), r.turned(items.Prev)
	return p, nil
}

// listAt lists now, with the count, or as of a moment.
func (w *Web) listAt(r *request, q node.Query, at int64, b *commitmentsBody) (*node.Page, error) {
	if at != 0 {
		b.New = ""
		return w.node.AsOfList(r.Context(), r.who, r.group.ID, at, q)
	}
	p, n, err := w.node.Counted(r.Context(), r.who, r.group.ID, q)
	b.Count = n
	return p, err
}

// turned is this page's address with another place in the list; empty: there is none.
func (r *request) turned(c node.Cursor) string {
	if c == "" {
		return ""
	}
	v := r.URL.Query()
	v.Set("from", string(c))
	return r.URL.Path + "?" + v.Encode()
}

// filters is the form above the list. It is sent in the address, so that a view can be kept and passed on.
func (w *Web) filters(r *request) (*form, error) {
	any := option{Value: "", Text: r.t("filter.any")}
	lines, owners, status, sorts := []option{any}, []option{any}, []option{any}, []option{}
	for _, l := range r.group.Chart.Lines {
		lines = append(lines, option{Value: l.Code, Text: l.Names[r.lang]})
	}
	for _, p := range readerParty(w.node.Party(), r.group.Chart.IDs()) {
		owners = append(owners, option{Value: string(p), Text: r.group.PartyName(p)})
	}
	for _, s := range statuses {
		status = append(status, option{Value: s.key, Text: r.t("filter.status." + s.key)})
	}
	for _, s := range listSorts {
		sorts = append(sorts, option{Value: string(s), Text: r.t("filter.sort." + string(s))})
	}
	f, err := r.form(r.group.Href("commitments"), r.t("filter.apply"),
		field{Name: "line", Control: controlSelect, Label: r.t("commitment.line"), Options: lines},
		field{Name: "owner", Control: controlSelect, Label: r.t("commitment.owner"), Options: owners},
		field{Name: "status", Control: controlSelect, Label: r.t("filter.status"), Options: status},
		field{Name: "due-from", Control: controlDate, Label: r.t("filter.due-from")},
		field{Name: "due-to", Control: controlDate, Label: r.t("filter.due-to")},
		field{Name: "sort", Control: controlSelect, Label: r.t("filter.sort"), Options: sorts},
		field{Name: "asof", Control: controlDate, Label: r.t("asof.field")})
	if err != nil {
		return nil, err
	}
	for _, x := range f.Fields {
		x.Optional, x.Unmarked, x.Values = true, true, r.URL.Query()[x.Name]
	}
	return f, nil
}

func (w *Web) narrow(r *request, f *form) node.Query {
	q := node.Query{Kind: commitments, Line: f.choice("line"), Owner: record.Party(f.choice("owner")), Sort: node.Sort(f.choice("sort")), Limit: listPage,
		Cursor: node.Cursor(r.URL.Query().Get("from"))}
	if q.Sort == "" {
		q.Sort = node.SortDue
	}
	status := f.choice("status")
	for _, s := range statuses {
		if s.key == status {
			s.apply(&q)
		}
	}
	if d, ok := f.date("due-from", time.UTC); ok {
		q.DueFrom = d.Unix()
	}
	if d, ok := f.date("due-to", time.UTC); ok {
		q.DueBefore = d.AddDate(0, 0, 1).Unix()
	}
	return q
}

// commitmentsPage is the page that saved views are of.
const commitmentsPage = "commitments"

// savedViews adds the views that the reader's office keeps, and the form that keeps this one where it has no name yet.
func (w *Web) savedViews(r *request, b *commitmentsBody) error {
	saved, _, err := w.node.Views(r.Context(), r.who, r.group.ID)
	if err != nil {
		return err
	}
	query := viewQuery(r.URL.Query())
	named := query == ""
	for _, v := range saved {
		if v.Page == commitmentsPage {
			b.Saved = append(b.Saved, link{Text: v.Name, Href: r.group.Href("commitments") + "?" + v.Query, Current: v.Query == query})
			named = named || v.Query == query
		}
	}
	for _, v := range b.Views {
		_, q, _ := strings.Cut(v.Href, "?")
		named = named || q == query
	}
	if b.Open = !named; named {
		return nil
	}
	b.Save, err = r.form(r.group.Href("commitments", "views"), r.t("view.save"),
		field{Name: "name", Control: controlInput, Label: r.t("view.name"), Width: 20}, field{Name: "query", Control: controlHidden, Values: []string{query}})
	return err
}

// viewQuery is a view's address without the place in its list and without what narrows nothing.
func viewQuery(q url.Values) string {
	q.Del("from")
	for k, v := range q {
		if len(v) == 0 || v[0] == "" {
			q.Del(k)
		}
	}
	return q.Encode()
}

// saveView keeps a view under a name for the reader's office; dropView forgets it.
func (w *Web) saveView(r *request) (answer, error) {
	name := strings.TrimSpace(r.PostFormValue("name"))
	q, err := url.ParseQuery(r.PostFormValue("query"))
	if err != nil {
		return nil, fmt.Errorf("view: %w", node.ErrInvalid)
	}
	v := node.SavedView{Name: name, Page: commitmentsPage, Query: viewQuery(q)}
	err = w.changeViews(r, func(all []node.SavedView) []node.SavedView {
		return append(slices.DeleteFunc(all, func(x node.SavedView) bool { return x.Page == v.Page && x.Name == v.Name }), v)
	})
	return redirect{to: r.group.Href("commitments") + "?" + v.Query, done: "view-saved"}, err
}

func (w *Web) dropView(r *request) (answer, error) {
	name := r.PostFormValue("name")
	err := w.changeViews(r, func(all []node.SavedView) []node.SavedView {
		return slices.DeleteFunc(all, func(x node.SavedView) bool { return x.Page == commitmentsPage && x.Name == name })
	})
	return redirect{to: r.group.Href("commitments"), done: "view-dropped"}, err
}

func (w *Web) changeViews(r *request, f func([]node.SavedView) []node.SavedView) error {
	all, before, err := w.node.Views(r.Context(), r.who, r.group.ID)
	if err != nil {
		return err
	}
	return w.node.PutViews(r.Context(), r.who, r.group.ID, f(all), before)
}

// views are lists that people come back to.
func (w *Web) views(r *request) []link {
	own, now := w.node.Party(), w.node.Now()
	soon := url.Values{"status": {"owed"}, "due-from": {isoDeadline(now)}, "due-to": {isoDeadline(now + soonDays*86400)}}
	out := []link{{Text: r.t("view.all")}, {Text: r.t("view.late-own"), Href: url.Values{"status": {"late"}, "owner": {string(own)}}.Encode()}}
	for _, p := range r.group.Others(own) {
		out = append(out, link{Text: r.t("view.late-of", "Party", r.group.PartyName(p)), Href: url.Values{"status": {"late"}, "owner": {string(p)}}.Encode()})
	}
	out = append(out, link{Text: r.t("view.soon"), Href: soon.Encode()}, link{Text: r.t("view.to-sign"), Href: "status=proposed"}, link{Text: r.t("view.to-verify"), Href: "status=done"})
	for i := range out {
		x := &out[i]
		x.Current = x.Href == r.URL.RawQuery
		x.Href = strings.TrimSuffix(r.group.Href("commitments")+"?"+x.Href, "?")
	}
	return out
}
