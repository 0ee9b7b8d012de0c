package web

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"entente/node"
	"entente/record"
	"entente/word"
)

// exportWord is a text of an instrument in its languages side by side, for Word.
func (w *Web) exportWord(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	info, err := textOf(d, r.URL.Query().Get("text"))
	if err != nil {
		return nil, err
	}
	texts := reading{lang: r.lang, web: w}
	if texts.texts, err = w.node.Texts(r.Context(), r.exported(), r.Pattern, wantsOf(r, d, info)); err != nil {
		return nil, err
	}
	texts.supply(d.State)
	sides := wordSides(r)
	doc := word.Document{Group: r.inAll(func(r *request) string { return r.group.Name }), Reference: info.ID.String(),
		Status: r.inAll(func(r *request) string { return r.kindName(d.State.Kind, false) + ": " + r.t(phaseOf(d.View).Key) })}
	mark := &strictest{}
	for _, p := range info.Header.Parts {
		if texts.part(info.ID, p.Name) != "" {
			mark.add(r.group, info.Header, p)
		}
	}
	doc.Marking = mark.String() + " · " + w.copied(r)
	get := func(name string) (out [2]string) {
		for i, l := range sides {
			out[i] = texts.part(info.ID, name+l)
		}
		return out
	}
	in := func(say func(*request) string) (out [2]string) {
		for i, l := range sides {
			out[i] = say(r.speaking(l))
		}
		return out
	}
	doc.Languages, doc.Names = in(func(r *request) string { return tags[r.lang] }), in(func(r *request) string { return r.t("language.name") })
	if t := get("title."); t != [2]string{} {
		doc.Rows = append(doc.Rows, word.Row{Style: word.Title, Texts: t})
	}
	paragraphs := func(name string) []word.Row {
		t := get(name)
		return word.Align(word.Paragraphs(t[0]), word.Paragraphs(t[1]))
	}
	doc.Rows = append(doc.Rows, paragraphs("body.")...)
	if rows := paragraphs("done."); len(rows) > 0 {
		doc.Rows = append(append(doc.Rows, word.Row{Style: word.Heading, Texts: in(func(r *request) string { return r.t("text.done") })}), rows...)
	}
	for _, n := range passages {
		if rows := paragraphs(n + "."); len(rows) > 0 {
			doc.Rows = append(append(doc.Rows, word.Row{Style: word.Heading, Texts: in(func(r *request) string { return r.t("text." + n) })}), rows...)
		}
	}
	if len(doc.Rows) == 0 {
		return nil, fmt.Errorf("the record has no text that may be shown: %w", node.ErrNotFound)
	}
	if more := kindPages[d.State.Kind].particulars; more != nil {
		doc.Rows = append(doc.Rows, word.Row{Style: word.Heading, Texts: in(func(r *request) string { return r.t("export.particulars") })})
		var lines [2][]string
		for i, l := range sides {
			in := r.speaking(l)
			for _, p := range more(w, in, info.Header, info.Terms) {
				lines[i] = append(lines[i], in.t(p.Key)+": "+p.Text)
			}
		}
		doc.Rows = append(doc.Rows, word.Align(lines[0], lines[1])...)
	}
	name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(plain(r.kindName(d.State.Kind, false))), "-"), "-") + "-" + d.State.Instrument.Short()
	return file{name: name + ".docx", mime: mimeDOCX}.from(func(out io.Writer) error { return word.Write(out, doc) })
}

// wordSides are the languages of the two columns, the reader's left.
func wordSides(r *request) [2]string {
	l := readerFirst(r.lang, r.group.Chart.Languages)
	return [2]string{l[0], l[len(l)-1]}
}

// textOf is the record that an address names, or the text that the instrument is known by.
func textOf(d *node.Detail, name string) (*node.RecordInfo, error) {
	id := titled(d.State)
	if name != "" {
		var err error
		if id, err = record.ParseID(name); err != nil {
			return nil, fmt.Errorf("text: %w", node.ErrNotFound)
		}
	}
	i := slices.IndexFunc(d.Records, func(x node.RecordInfo) bool { return x.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("text: %w", node.ErrNotFound)
	}
	return &d.Records[i], nil
}

// wantsOf are the words of one record, with the translations that may stand for what it lacks.
func wantsOf(r *request, d *node.Detail, info *node.RecordInfo) []node.Want {
	out := []node.Want{{Group: r.group.ID, Record: info.ID, Names: words}}
	for _, t := range d.State.Translations {
		if t.Of == info.ID {
			out = append(out, node.Want{Group: r.group.ID, Record: t.ID, Names: words})
		}
	}
	return out
}

// Written reports whether the text that the instrument is known by can be shown, and so written as a file.
func (b *instrumentBody) Written() bool {
	return slices.ContainsFunc(b.Texts, func(v version) bool {
		return v.ID == titled(b.State) && slices.ContainsFunc(v.Texts, func(t text) bool { return !t.Missing && t.Gap == "" })
	})
}
