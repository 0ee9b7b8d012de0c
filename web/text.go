package web

import (
	"slices"
	"strings"
	"unicode/utf8"

	"entente"
	"entente/node"
	"entente/record"
)

// text is what a record says in one language, as a page shows it.
type text struct {
	Lang, Tag string
	Title     string
	Body      string
	Done      string       // what done means, where the text says so apart
	DoneMeans string       // the words above it, in the text's language
	More      []passage    // what the text says beside, under headings of their own
	Missing   bool         // not supplied in this language
	Gap       node.Gap     // supplied, and not shown here
	Files     []annex      // the parts that are too long for a page
	By        record.Party // that translated it, where its author did not write it
}

// passage is a part of a text under a heading, in the text's language.
type passage struct{ Heading, Text string }

// passages are the parts that some kinds have beside title and body, in the order in which they are read.
var passages = []string{"method", "limits", "activities", "risks", "place", "present", "accompanied"}

// reading is everything one page shows of parts: read at once, with one entry in the access log.
type reading struct {
	lang     string
	web      *Web
	texts    node.Texts
	supplied map[record.ID]map[string]entente.Translated // of a record: by which note a part was supplied that it lacked
}

// supply lets the translations of an instrument stand for what its records lack. They must have been wanted too.
func (x *reading) supply(s *entente.State) {
	for _, t := range s.Translations {
		if x.supplied == nil {
			x.supplied = map[record.ID]map[string]entente.Translated{}
		}
		if x.supplied[t.Of] == nil {
			x.supplied[t.Of] = map[string]entente.Translated{}
		}
		for _, name := range t.Parts {
			x.supplied[t.Of][name] = t
		}
	}
}

// read reads the parts that a page shows. A page calls it once. What is too long for a page is left out and offered as a file,
// and so is what stands in more records than a page reads: nobody keeps others from a page by writing much.
func (w *Web) read(r *request, wants []node.Want) (reading, error) {
	out := reading{lang: r.lang, web: w}
	if len(wants) == 0 {
		return out, nil
	}
	var err error
	out.texts, err = w.node.Texts(r.Context(), r.who, r.Pattern, laidOut(wants))
	return out, err
}

func laidOut(wants []node.Want) []node.Want {
	wants = wants[:min(len(wants), node.MaxWants)]
	for i := range wants {
		wants[i].Short = true
	}
	return wants
}

// readFigures reads as read does, and the figures on indicators with it. What is missing in the answer is no indicator, or was more
// than a page computes with.
func (w *Web) readFigures(r *request, wants []node.Want, indicators ...*entente.State) (reading, map[record.ID]*node.Figures, error) {
	texts, figures, err := w.node.TextsAndFigures(r.Context(), r.who, r.Pattern, laidOut(wants), r.group.ID, indicators...)
	return reading{lang: r.lang, web: w, texts: texts}, figures, err
}

// titles wants the titles of listed instruments.
func titles(g *group, items []node.Listed) []node.Want {
	out := make([]node.Want, len(items))
	for i, x := range items {
		out[i] = node.Want{Group: g.ID, Record: titled(x.State), Names: []string{"title.*", entente.QuotePart}}
	}
	return out
}

// titled is the record whose title names an instrument: the text in force, else the latest proposed, else the opening.
func titled(s *entente.State) record.ID {
	if v := s.Text(); v != nil {
		return v.ID
	}
	return s.Instrument
}

// part is the content of a part as text, empty where it is not shown or is no text.
func (x reading) part(id record.ID, name string) string {
	p, ok := x.texts[id].Part(name)
	if from, has := x.supplied[id][name]; !ok && has {
		p, ok = x.texts[from.ID].Part(name)
	}
	if !ok || !utf8.Valid(p.Content) {
		return ""
	}
	return string(p.Content)
}

// bilingual is what a record says in every language of the charter, the reader's first (alternat: each reads their own copy first).
func (x reading) bilingual(g *group, h *record.Header, id record.ID) []text {
	var out []text
	for _, l := range readerFirst(x.lang, g.Chart.Languages) {
		t := text{Lang: l, Tag: tags[l], Title: x.part(id, "title."+l), Body: x.part(id, "body."+l), Done: x.part(id, "done."+l),
			DoneMeans: x.web.languages[l].t("text.done"), Missing: true}
		if v := x.part(id, entente.AuthorisationPart); v != "" { // the same in every language
			t.More = append(t.More, passage{x.web.languages[l].t("text.authorisation"), v})
		}
		for _, n := range passages {
			if v := x.part(id, n+"."+l); v != "" {
				t.More = append(t.More, passage{x.web.languages[l].t("text." + n), v})
			}
		}
		for _, pattern := range words {
			base, in := strings.CutSuffix(pattern, "*")
			name := base + l
			if !in {
				continue
			}
			note, supplied := x.supplied[id][name]
			if supplied {
				t.By = note.Ref.Party
			}
			ref, named := h.Part(name)
			if named || supplied {
				t.Missing = false
			}
			from := id
			if !named && supplied {
				from = note.ID
			}
			if why := x.gap(from, name); why != "" && (named || supplied) {
				if t.Gap = why; why == node.GapLong {
					t.Files = append(t.Files, annex{Name: name, Length: ref.Length, Href: g.Href("r", from.String(), name)})
				}
			}
		}
		out = append(out, t)
	}
	return out
}

// gap is why a part that its record names is not shown. A record that the page had no room to read is too long for it.
func (x reading) gap(id record.ID, name string) node.Gap {
	if t := x.texts[id]; t != nil {
		return t.Gaps[name]
	}
	return node.GapLong
}

// words are the parts of a record that are texts in a language of the charter.
var words = []string{"title.*", "body.*", "done.*", "method.*", "limits.*", "activities.*", "risks.*", "place.*", "present.*", "accompanied.*", entente.QuotePart, entente.AuthorisationPart}

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

// name is the title of a record; without one, its kind and its source with the edition, or the first digits of its id.
func (x reading) name(r *request, g *group, s *entente.State) name {
	if n := x.titleOf(g, titled(s)); n.Text != "" {
		return n
	}
	if from := s.Fact("source"); from != "" {
		if edition := s.Fact("vintage"); edition != "" {
			from += ", " + edition
		}
		return name{Text: r.t("untitled-from", "Kind", r.kindName(s.Kind, false), "Source", shorten(from, maxShownCell))}
	}
	return name{Text: r.t("untitled", "Kind", r.kindName(s.Kind, false), "Id", s.Instrument.Short())}
}

// titleOf is the title of one record in the reader's language, else in another; empty where none is shown.
func (x reading) titleOf(g *group, id record.ID) name {
	for _, l := range readerFirst(x.lang, g.Chart.Languages) {
		if t := strings.TrimSpace(x.part(id, "title."+l)); t != "" {
			n := name{Text: t}
			if l != x.lang {
				n.Tag = tags[l]
			}
			return n
		}
	}
	return name{Text: strings.TrimSpace(x.part(id, entente.QuotePart))} // of a claim: the words are its name
}
