package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"entente"
	"entente/node"
	"entente/progress"
	"entente/record"
)

// figuresBody is one report of figures: where they come from, its rows, what the other side said, and the form to say it.
type figuresBody struct {
	Name    name
	Back    string
	Report  progress.Report
	Gap     bool // this office does not see the rows, or they have not arrived
	Rows    []figureRow
	Total   int
	Area    string
	Areas   []string
	Form    *form // nil: it is the reader's own party's
	Said    []replied
	Signers []string
	Whole   string
}

type figureRow struct {
	ID                      string
	Key, Period, Area, Part string
	Value                   string
	Exact, Status           string
	Contested               []record.Party
	Chosen                  bool
}

// replyStances are what another party says of figures.
var replyStances = []entente.Stance{entente.Contest, entente.Acknowledge}

func (w *Web) figures(r *request) (answer, error) {
	d, err := w.figured(r)
	if err != nil {
		return nil, err
	}
	id, err := record.ParseID(r.PathValue("report"))
	if err != nil {
		return nil, fmt.Errorf("report: %w", node.ErrNotFound)
	}
	report, err := w.node.Report(r.Context(), r.who, r.group.ID, d.State.Instrument, id)
	if err != nil {
		return nil, err
	}
	reports := []node.FigureReport{*report}
	rec, err := w.node.Record(r.Context(), r.who, r.group.ID, id)
	if err != nil {
		return nil, err
	}
	opening := rec.Header.Instrument
	if opening.IsZero() {
		opening = id
	}
	whole, err := w.node.Instrument(r.Context(), r.who, r.group.ID, opening)
	if err != nil {
		return nil, err
	}
	wants := append(node.Rows(r.group.ID, reports), node.Want{Group: r.group.ID, Record: titled(d.State), Names: []string{"title.*"}})
	var replies []record.ID
	for _, y := range whole.State.Replies {
		if y.To == id && len(replies) < listPage {
			replies = append(replies, y.ID)
			wants = append(wants, node.Want{Group: r.group.ID, Record: y.ID, Names: words})
		}
	}
	records, err := w.node.RecordsByID(r.Context(), r.who, r.group.ID, replies)
	if err != nil {
		return nil, err
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	filled, unread := texts.texts.Filled(reports)
	b := &figuresBody{Name: texts.name(r, r.group, d.State), Back: r.group.Href("indicators", d.State.Instrument.String()), Report: filled[0], Gap: unread > 0,
		Area: r.FormValue("area"), Whole: r.group.Href("i", opening.String())}
	for _, y := range whole.State.Replies {
		for k := range records {
			if x := &records[k]; x.ID == y.ID {
				b.Said = append(b.Said, replied{Reply: y, Key: "stance." + string(y.Stance), By: y.Ref.Party, Texts: texts.bilingual(r.group, x.Header, x.ID), Signers: w.signers(r, x.Header)})
			}
		}
	}
	b.rows(r, r.PostForm["row"])
	b.Signers, _ = w.mayPrepare(r, whole.State)
	pg := page{name: "figures", title: r.t("figures.title", "Party", r.group.PartyName(b.Report.Party)), nav: indicatorKind, body: b}
	if b.Report.Party == w.node.Party() {
		if r.Method == http.MethodPost {
			return nil, changed()
		}
		return pg, nil
	}
	stances := make([]option, len(replyStances))
	for k, x := range replyStances {
		stances[k] = option{string(x), r.t("figures.stance." + string(x)), r.t("figures.stance." + string(x) + ".hint")}
	}
	fields := append([]field{{Name: "stance", Control: controlRadios, Label: r.t("figures.stance"), Options: stances}}, r.bodies("reply.text", 6)...)
	fields = append(fields, field{Name: "area", Control: controlHidden, Values: []string{b.Area}})
	if b.Form, err = r.form(w.reportHref(r, d.State, id), r.t("draft.go"), fields...); err != nil || r.Method != http.MethodPost {
		return pg, err
	}
	stance := entente.Stance(b.Form.choice("stance"))
	parts := b.Form.bodyParts(stance == entente.Contest)
	if !b.Form.ok() {
		return b.Form.again(pg), nil
	}
	var rows []string
	for _, x := range b.Rows {
		if x.Chosen {
			rows = append(rows, x.Key)
		}
	}
	terms, err := termsOf(entente.ReplyTerms{To: id, Stance: stance, Rows: rows})
	if err != nil {
		return nil, err
	}
	return w.prepare(r, node.Act{Group: r.group.ID, Kind: whole.State.Kind, Verb: record.Reply, Instrument: opening, Terms: terms, Parts: parts})
}

// rows are the figures of the area that is chosen.
func (b *figuresBody) rows(r *request, chosen []string) {
	t := b.Report.Rows
	at := map[string]int{}
	for i, n := range t.Columns {
		at[n] = i
	}
	cell := func(row []string, name string) string {
		if i, ok := at[name]; ok {
			return row[i]
		}
		return ""
	}
	for _, row := range t.Rows {
		if a := cell(row, "area"); !slices.Contains(b.Areas, a) {
			b.Areas = append(b.Areas, a)
		}
	}
	slices.Sort(b.Areas)
	for i, row := range t.Rows {
		area := cell(row, "area")
		if b.Area != "" && area != b.Area {
			continue
		}
		if b.Total++; len(b.Rows) == rowsShown {
			continue
		}
		x := figureRow{ID: fmt.Sprintf("row-%d", i), Key: row[0], Period: cell(row, "start") + " – " + cell(row, "end"), Area: area, Part: cell(row, "disaggregation"), Exact: cell(row, "value"),
			Status: r.known("status.", cell(row, "status")), Chosen: slices.Contains(chosen, row[0])}
		x.Value = strings.TrimSpace(r.web.languages[r.lang].amount(record.Decimal(x.Exact), r.unit(cell(row, "unit"))))
		if x.Exact == "" {
			x.Value = "–"
		}
		for _, c := range b.Report.Contests {
			if len(c.Keys) == 0 || slices.Contains(c.Keys, x.Key) {
				x.Contested = append(x.Contested, c.By)
			}
		}
		b.Rows = append(b.Rows, x)
	}
}
