package web

import (
	"strings"

	"entente/node"
	"entente/record"
)

// agreedBody is the shelf of agreed language: sentences that both sides have signed before.
type agreedBody struct {
	Search    string
	Sentences []agreedRow
	Found     int
	Texts     int
	Left      bool
	Action    string // of the form that begins a statement with those chosen
}

type agreedRow struct {
	Ref   string
	ID    string // of its element
	Texts []text // the reader's language first
	Uses  int
	Last  int64
	From  row
	Kind  string
}

// agreedLanguage lists and searches it.
func (w *Web) agreedLanguage(r *request) (answer, error) {
	b := agreedBody{Search: strings.TrimSpace(r.URL.Query().Get("q")), Action: r.group.Href("statements", "new")}
	if len(b.Search) > record.MaxName {
		b.Search = strings.ToValidUTF8(b.Search[:record.MaxName], "")
	}
	found, err := w.node.AgreedLanguage(r.Context(), r.who, r.group.ID, r.Pattern, node.AgreedQuery{Search: b.Search})
	if err != nil {
		return nil, err
	}
	b.Found, b.Texts, b.Left = found.Found, found.Texts, found.Left
	for _, s := range found.Sentences {
		x := agreedRow{Ref: s.Ref, ID: strings.ReplaceAll(s.Ref, ".", "-"), Uses: s.Uses, Last: s.Last, Kind: r.kindName(s.Latest.State.Kind, false),
			From: row{Href: r.group.Href("i", s.Latest.State.Instrument.String()), State: s.Latest.State, View: s.Latest.View, Group: r.group}}
		for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
			if s.Texts[l] != "" {
				x.Texts = append(x.Texts, text{Lang: l, Tag: tags[l], Body: s.Texts[l]})
			}
			if x.From.Name.Text == "" && s.Title[l] != "" {
				if x.From.Name = (name{Text: s.Title[l]}); l != r.lang {
					x.From.Name.Tag = tags[l]
				}
			}
		}
		if x.From.Name.Text == "" {
			x.From.Name.Text = x.Kind
		}
		b.Sentences = append(b.Sentences, x)
	}
	return page{name: "agreed", title: r.t("agreed.title"), nav: "terms", body: b}, nil
}

// beginAgreed begins a statement with sentences chosen from the shelf, each in a paragraph of its own.
func (w *Web) beginAgreed(r *request, f *form) error {
	refs := r.URL.Query()["use"]
	if len(refs) == 0 {
		return nil
	}
	found, err := w.node.AgreedLanguage(r.Context(), r.who, r.group.ID, r.Pattern, node.AgreedQuery{Refs: refs})
	if err != nil {
		return err
	}
	for _, l := range r.group.Chart.Languages {
		var said []string
		for _, s := range found.Sentences {
			if s.Texts[l] != "" {
				said = append(said, s.Texts[l])
			}
		}
		f.set("body."+l, strings.Join(said, "\n\n"))
	}
	return nil
}
