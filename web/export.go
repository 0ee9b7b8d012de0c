package web

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente"
	"entente/node"
	"entente/record"
	"entente/release"
	tables "entente/sheet"
)

// exported is who reads for a file: the access log says that it left the pages.
func (r *request) exported() node.Caller {
	who := r.who
	who.Via = "export"
	return who
}

// speaking is the same request in another language, for what is written in all of them.
func (r *request) speaking(lang string) *request {
	out := *r
	out.lang = lang
	if r.group != nil {
		g := *r.group
		g.lang, g.Name = lang, g.Chart.Names[lang]
		out.group = &g
	}
	return &out
}

// inAll says something in every language of the charter, the reader's first; what is the same in all stands once.
func (r *request) inAll(say func(*request) string) string {
	var out []string
	for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
		if s := say(r.speaking(l)); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, " · ")
}

// aboutFile is the sheet that says of a file what it holds, for whom, and of which group; line adds to it.
func (r *request) aboutFile(mark *strictest, sheet func(*request) string) (about *tables.About, line func(key, text string)) {
	about = &tables.About{Sheet: r.inAll(sheet), Name: r.inAll(func(r *request) string { return r.t("export.about") }), Marking: mark.String(), Count: r.inAll(func(r *request) string { return r.t("export.rows") })}
	line = func(key, text string) {
		about.Lines = append(about.Lines, tables.AboutLine{Label: r.inAll(func(r *request) string { return r.t(key) }), Text: text})
	}
	line("export.group", r.inAll(func(r *request) string { return r.group.Name }))
	return about, line
}

// seat is the place of an official in an office, as a mark has it.
func (r *request) seat() string {
	if r.who.Seat == 0 {
		return ""
	}
	return " (" + r.who.Office + "/" + strconv.FormatUint(r.who.Seat, 10) + ")"
}

// copied is the mark of a file: which office took it, and when.
func (w *Web) copied(r *request) string {
	at := time.Unix(w.node.Now(), 0).UTC().Format("2006-01-02 15:04 UTC")
	return r.inAll(func(r *request) string { return r.t("export.copy", "Office", w.officeName(r, r.who.Office)+r.seat()) }) + " · " + at
}

// strictest is the marking of a file: the narrowest of what it holds, for the parties that may have all of it.
type strictest struct {
	tlp     record.TLP
	parties []record.Party
	any     bool
}

func (s *strictest) add(g *group, h *record.Header, parts ...record.PartRef) {
	for _, p := range parts {
		var to []record.Party
		for _, q := range g.Chart.IDs() {
			if release.MayHold(p.Marking, h.Party, q) {
				to = append(to, q)
			}
		}
		if !s.any {
			s.tlp, s.parties, s.any = p.Marking.TLP, to, true
			continue
		}
		if slices.Index(levels, p.Marking.TLP) < slices.Index(levels, s.tlp) {
			s.tlp = p.Marking.TLP
		}
		s.parties = slices.DeleteFunc(s.parties, func(q record.Party) bool { return !slices.Contains(to, q) })
	}
}

// levels from the narrowest.
var levels = []record.TLP{record.Red, record.AmberStrict, record.Amber, record.Green, record.Clear}

func (s *strictest) String() string {
	tlp := s.tlp
	if !s.any {
		tlp = record.Amber // an empty list still says what was asked for
	}
	out := "TLP:" + string(tlp)
	for i, p := range s.parties {
		out += map[bool]string{true: " · ", false: ", "}[i == 0] + string(p)
	}
	return out
}

// exportCommitments is the list as a spreadsheet, narrowed as the page is.
func (w *Web) exportCommitments(r *request) (answer, error) {
	q, at, err := w.exportQuery(r)
	if err != nil {
		return nil, err
	}
	rows, mark, err := w.register(r, q, at)
	if err != nil {
		return nil, err
	}
	t := tables.Table{Headings: w.registerHeadings(r), Rows: func(yield func([]string, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}}
	about, line := r.aboutFile(mark, func(r *request) string { return r.kindName(commitments, true) })
	if at == 0 {
		at = w.node.Now()
	}
	line("export.at", time.Unix(at, 0).UTC().Format("2006-01-02 15:04 UTC"))
	line("marking", mark.String())
	line("export.by", w.copied(r))
	if f := r.URL.Query(); len(f) > 1 {
		f.Del("format")
		line("export.narrowed", f.Encode())
	}
	var b bytes.Buffer
	name := strings.ToLower(plain(r.kindName(commitments, true))) + "-" + time.Unix(w.node.Now(), 0).UTC().Format(time.DateOnly)
	switch r.URL.Query().Get("format") {
	case tables.XLSX:
		_, err = tables.WriteXLSX(&b, t, *about)
		return file{name: name + ".xlsx", mime: mimeXLSX, content: b.Bytes()}, err
	case tables.CSV:
		_, err = tables.WriteCSV(&b, w.marked(r, t, mark))
		return file{name: name + ".csv", mime: "text/csv; charset=utf-8", content: b.Bytes()}, err
	}
	return nil, fmt.Errorf("format: %w", node.ErrNotFound)
}

const (
	mimeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	mimeDOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
)

// exportQuery is what the address narrows the list to, and the past moment that it names.
func (w *Web) exportQuery(r *request) (node.Query, int64, error) {
	f, err := w.filters(r)
	if err != nil {
		return node.Query{}, 0, err
	}
	q := w.narrow(r, f)
	q.Cursor = ""
	if !f.ok() {
		return q, 0, fmt.Errorf("%w: %w", node.ErrInvalid, record.Because("list.fact", "the list cannot be narrowed so"))
	}
	at, err := r.asOf()
	return q, at, err
}

// registerHeadings are the columns of the list, with their names in every language.
func (w *Web) registerHeadings(r *request) []tables.Heading {
	var out []tables.Heading
	add := func(kind tables.Kind, width int, say func(*request) string) {
		h := tables.Heading{Kind: kind, Width: width}
		for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
			h.Titles = append(h.Titles, say(r.speaking(l)))
		}
		out = append(out, h)
	}
	for _, key := range []string{"propose.name", "propose.body", "propose.done"} {
		for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
			add(tables.KindText, 50, func(r *request) string { return r.t(key, "Language", r.t("in-language."+l)) })
		}
	}
	for _, c := range []struct {
		key   string
		kind  tables.Kind
		width int
	}{{"commitment.line", tables.KindText, 24}, {"commitment.owner", tables.KindText, 28}, {"commitment.due", tables.KindDate, 0}, {"export.status", tables.KindText, 24},
		{"commitment.verifier", tables.KindText, 28}, {"commitment.nature", tables.KindText, 24}, {"commitment.budget", tables.KindNumber, 0}, {"propose.currency", tables.KindText, 10},
		{"export.proposed", tables.KindDate, 0}, {"export.agreed", tables.KindDate, 0}, {"export.number", tables.KindText, 20}} {
		add(c.kind, c.width, func(r *request) string { return r.t(c.key) })
	}
	return out
}

// register reads the rows of the list, a page of it at a time.
func (w *Web) register(r *request, q node.Query, at int64) ([][]string, *strictest, error) {
	var out [][]string
	mark := &strictest{}
	for q.Limit = exportPage; ; {
		var p *node.Page
		var err error
		if at != 0 {
			p, err = w.node.AsOfList(r.Context(), r.exported(), r.group.ID, at, q)
		} else {
			p, err = w.node.Instruments(r.Context(), r.exported(), r.group.ID, q)
		}
		if err != nil {
			return nil, nil, err
		}
		if len(out)+len(p.Items) > maxExported {
			return nil, nil, fmt.Errorf("%w: %w", node.ErrInvalid, record.Because("export.many", "more than %d commitments: narrow the list first", maxExported))
		}
		var wants []node.Want
		for _, x := range p.Items {
			wants = append(wants, node.Want{Group: r.group.ID, Record: titled(x.State), Names: words, Short: true})
		}
		texts := reading{lang: r.lang, web: w}
		if len(wants) > 0 {
			if texts.texts, err = w.node.Texts(r.Context(), r.exported(), r.Pattern, wants); err != nil {
				return nil, nil, err
			}
		}
		for _, x := range p.Items {
			info, err := w.node.Record(r.Context(), r.exported(), r.group.ID, titled(x.State))
			if err != nil {
				return nil, nil, err
			}
			for _, ref := range info.Header.Parts {
				if texts.part(info.ID, ref.Name) != "" {
					mark.add(r.group, info.Header, ref)
				}
			}
			out = append(out, w.registerRow(r, x, info, texts))
		}
		if p.Next == "" {
			return out, mark, nil
		}
		q.Cursor = p.Next
	}
}

func (w *Web) registerRow(r *request, x node.Listed, info *node.RecordInfo, texts reading) []string {
	var out []string
	for _, name := range []string{"title.", "body.", "done."} {
		for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
			out = append(out, texts.part(info.ID, name+l))
		}
	}
	t, _ := info.Terms.(*entente.Commitment)
	if t == nil {
		t = &entente.Commitment{}
	}
	office := func(p record.Party, o string) string {
		if p == "" {
			return ""
		}
		return r.inAll(func(r *request) string {
			if o == "" {
				return r.group.PartyName(p)
			}
			return r.t("office.of", "Party", r.group.PartyName(p), "Office", w.officeOf(r, p, o))
		})
	}
	agreed := ""
	if f := x.State.InForce(); f != nil {
		agreed = isoDeadline(f.Since)
	}
	due := ""
	if t.Due != 0 {
		due = isoDeadline(t.Due)
	}
	nature := ""
	if n := info.Header.Nature; n != "" {
		nature = r.inAll(func(r *request) string { return r.t("nature." + string(n)) })
	}
	verifier := office(t.Verifier, t.VerifierOffice)
	if verifier == "" {
		verifier = r.inAll(func(r *request) string { return r.t("verifier.any") })
	}
	return append(out, r.inAll(func(r *request) string { return r.group.LineName(x.State.Line) }), office(t.Owner, t.Office), due,
		r.inAll(func(r *request) string { return r.t(phaseOf(x.View).Key) }), verifier, nature, t.Budget, t.Currency,
		isoDeadline(x.State.Opened.Time), agreed, x.State.Instrument.String())
}

// spreadsheets are where the list is one, narrowed as the page is, and where one comes in.
func (r *request) spreadsheets() map[string]string {
	out := map[string]string{"Import": r.group.Href("import")}
	for _, format := range []string{tables.XLSX, tables.CSV} {
		q := r.URL.Query()
		q.Del("from")
		q.Set("format", format)
		out[format] = r.group.Href("commitments", "export") + "?" + q.Encode()
	}
	return out
}

// from fills a file that is made in memory that is made in memory, so that what fails is a page and not half a file.
func (a file) from(write func(io.Writer) error) (answer, error) {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return nil, err
	}
	a.content = b.Bytes()
	return a, nil
}
