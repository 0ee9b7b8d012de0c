package web

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"entente"
	"entente/node"
	"entente/record"
)

// text is a part of a record in one language, as a page shows it.
type text struct {
	Lang, Tag string
	Title     string
	Body      string
	Missing   bool // not supplied in this language
	Withheld  bool // not held here, or not for this office
}

// bilingual reads the parts title.* and body.* of a record in every language of the charter, the reader's language first
// (alternat: each reader sees their own copy first).
func (w *Web) bilingual(r *request, g *group, h *record.Header, id record.ID) ([]text, error) {
	parts, err := w.node.Parts(r.Context(), r.who, g.ID, id)
	if err != nil && !errors.Is(err, node.ErrNotFound) {
		return nil, err
	}
	content := map[string]string{}
	for _, p := range parts {
		if utf8.Valid(p.Content) {
			content[p.Name] = string(p.Content)
		}
	}
	return textsOf(r.lang, g.Chart.Languages, h, content), nil
}

func textsOf(lang string, languages []string, h *record.Header, content map[string]string) []text {
	var out []text
	for _, l := range readerFirst(lang, languages) {
		t := text{Lang: l, Tag: tags[l], Title: content["title."+l], Body: content["body."+l]}
		_, named := h.Part("title." + l)
		if _, body := h.Part("body." + l); body {
			named = true
		}
		t.Missing = !named
		t.Withheld = named && t.Title == "" && t.Body == ""
		out = append(out, t)
	}
	return out
}

func readerFirst(lang string, languages []string) []string {
	out := slices.Clone(languages)
	slices.SortStableFunc(out, func(a, b string) int {
		switch {
		case a == lang && b != lang:
			return -1
		case b == lang && a != lang:
			return 1
		}
		return 0
	})
	return out
}

// name is the title by which a list names an instrument: in the reader's language, else in another of the charter.
type name struct {
	Text string
	Tag  string // of its language, where it is not the reader's
}

// names reads the titles of many instruments.
func (w *Web) names(r *request, g *group, items []node.Listed) (map[record.ID]name, error) {
	out := map[record.ID]name{}
	for _, x := range items {
		id := titled(x.State)
		parts, err := w.node.Parts(r.Context(), r.who, g.ID, id, titleParts(g.Chart.Languages)...)
		if err != nil && !errors.Is(err, node.ErrNotFound) {
			return nil, err
		}
		content := map[string]string{}
		for _, p := range parts {
			content[p.Name] = string(p.Content)
		}
		out[x.State.Instrument] = nameOf(r.lang, g.Chart.Languages, content)
	}
	return out, nil
}

func titleParts(languages []string) []string {
	out := make([]string, len(languages))
	for i, l := range languages {
		out[i] = "title." + l
	}
	return out
}

func nameOf(lang string, languages []string, content map[string]string) name {
	for _, l := range readerFirst(lang, languages) {
		if s := strings.TrimSpace(content["title."+l]); s != "" {
			n := name{Text: s}
			if l != lang {
				n.Tag = tags[l]
			}
			return n
		}
	}
	return name{}
}

// titled is the record whose title names an instrument: the text in force, else the latest proposed, else the opening.
func titled(s *entente.State) record.ID {
	if v := s.Text(); v != nil {
		return v.ID
	}
	return s.Instrument
}
