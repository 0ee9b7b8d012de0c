package web

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"entente"
	"entente/figures"
	"entente/node"
	"entente/progress"
	"entente/record"
	tables "entente/sheet"
)

// draftedFigures are the figures of a draft, as those see them who clear or sign it.
type draftedFigures struct {
	Name            name
	Href            string
	Source, Vintage string
	Unit            string
	Total           int
	Standings       []string
	Lines           []figureLine
	File            string // of all of them
}

// draftedFigures reads the rows of a draft; nil: it has none, or this office may not see them. The indicator is named where the
// reader's office has a part in the group.
func (w *Web) draftedFigures(r *request, g *group, h *record.Header, parts []node.MarkedPart) *draftedFigures {
	t, err := w.node.Kinds().DecodeTerms(h)
	o, ok := t.(*entente.Observation)
	i := slices.IndexFunc(parts, func(p node.MarkedPart) bool { return p.Name == record.RowsPart })
	if err != nil || !ok || i < 0 {
		return nil
	}
	rows, err := record.ParseTable(parts[i].Content)
	if err != nil {
		return nil
	}
	b := &draftedFigures{Name: name{Text: o.Indicator.Short()}, Source: o.Source, Vintage: o.Vintage, Total: len(rows.Rows)}
	at := *r
	at.group = g
	if s, n, err := w.measuredBy(&at, o.Indicator); err == nil {
		b.Name, b.Href = n, g.Href("indicators", s.Instrument.String())
	}
	counts, units := map[progress.Status]int{}, []string{}
	for _, s := range progress.Collect([]progress.Report{{Party: h.Party, Rows: rows}}, 0).Series {
		if !slices.Contains(units, r.unit(s.Unit)) {
			units = append(units, r.unit(s.Unit))
		}
		for _, p := range s.Points {
			counts[p.Status]++
			if len(b.Lines) == rowsOfDraft {
				continue
			}
			b.Lines = append(b.Lines, r.figureLine(&figures.Compared{Figure: figures.Figure{Period: p.Period, Area: s.Area, Part: s.Disaggregation, Value: p.Value, Status: p.Status}}))
		}
	}
	b.Unit = strings.Join(units, ", ")
	for _, s := range []progress.Status{progress.Final, progress.Revised, progress.Provisional, progress.Missing} {
		if counts[s] > 0 {
			b.Standings = append(b.Standings, r.t("figures.of-standing", "Standing", r.t("status."+string(s)), "Number", w.languages[r.lang].number(counts[s])))
		}
	}
	return b
}

// draftedFile is the rows of a draft as a file, for whoever clears or signs more than a page shows.
func (w *Web) draftedFile(r *request) (answer, error) {
	d, err := w.draftOf(r)
	if err != nil {
		return nil, err
	}
	parts, err := w.node.DraftParts(r.Context(), r.who, r.group.ID, d.Nonce)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(parts, func(p node.MarkedPart) bool { return p.Name == record.RowsPart })
	if i < 0 {
		return nil, fmt.Errorf("rows: %w", node.ErrNotFound)
	}
	rows, err := record.ParseTable(parts[i].Content)
	if err != nil {
		return nil, err
	}
	t := tables.Table{Rows: func(yield func([]string, error) bool) {
		for _, row := range rows.Rows {
			if !yield(row, nil) {
				return
			}
		}
	}}
	for _, c := range rows.Columns {
		kind := tables.KindText
		if c == "value" {
			kind = tables.KindNumber
		}
		t.Headings = append(t.Headings, tables.Heading{Titles: []string{c}, Kind: kind})
	}
	var b bytes.Buffer
	mark := &strictest{}
	mark.add(r.group, d.Header, record.PartRef{Name: record.RowsPart, Marking: parts[i].Marking})
	if _, err := tables.WriteCSV(&b, w.marked(r, t, mark)); err != nil {
		return nil, err
	}
	return file{name: "figures-" + d.Nonce.String()[:8] + ".csv", mime: "text/csv; charset=utf-8", content: b.Bytes()}, nil
}
