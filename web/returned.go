package web

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"entente/node"
	"entente/record"
	"entente/word"
)

// cameBack is a text that came back as a Word file: its parts as they read there, until they are proposed. In memory only.
type cameBack struct {
	group, instrument record.ID
	of                record.ID // the text that the file was written from, where it says so
	file              string
	parts             map[string]string // by the names of a record's parts
	languages         []string          // that its columns are in
	read              word.Returned
}

type returnedBody struct {
	Name     name
	Link     string
	Form     *form
	File     string
	Earlier  bool // the file was written from another text than the one that counts now
	Changes  []trackedText
	Same     bool
	Inserted int
	Deleted  int
	Comments []word.Comment
	Outside  []string
	Unread   []string
	Propose  []act
}

// trackedText is a text in one language against what came back.
type trackedText struct {
	Lang, Tag  string
	Title      []word.Change
	Paragraphs []word.Change
	Done       []word.Change
	DoneMeans  string
	More       []rewording
	Changed    bool
	Absent     bool // the file has no column in it
}

// returned takes a Word file that came back.
func (w *Web) returned(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	f, err := r.form(r.group.Href("i", d.State.Instrument.String(), "returned"), r.t("returned.go"),
		field{Name: "file", Control: controlFile, Label: r.t("returned.file"), Hint: r.t("returned.file-hint", "Size", w.languages[r.lang].bytes(word.MaxFile))})
	if err != nil {
		return nil, err
	}
	texts, err := w.read(r, []node.Want{{Group: r.group.ID, Record: titled(d.State), Names: []string{"title.*"}}})
	if err != nil {
		return nil, err
	}
	b := returnedBody{Form: f, Name: texts.name(r, r.group, d.State), Link: r.group.Href("i", d.State.Instrument.String())}
	f.Back = b.Link
	p := page{name: "returned", title: r.t("returned.title"), nav: d.State.Kind, body: b}
	if r.Method != http.MethodPost {
		return p, nil
	}
	files, err := f.uploads("file")
	if err != nil {
		return nil, err
	}
	if f.ok() {
		c := cameBack{group: r.group.ID, instrument: d.State.Instrument, file: files[0].Name}
		if c.read, err = word.Read(bytes.NewReader(files[0].Content), int64(len(files[0].Content))); err != nil {
			fault := word.FaultOf(err)
			if fault == "" {
				return nil, err
			}
			f.wrong("file", "word.fault."+string(fault))
		} else if c.of, err = record.ParseID(c.read.Reference); err == nil && !slices.ContainsFunc(d.Records, func(x node.RecordInfo) bool { return x.ID == c.of }) {
			f.wrong("file", "returned.other")
		} else if w.sorted(r, &c); f.ok() && !w.cameBack.put(r.session.secret, c) {
			f.wrong("file", "import.full")
		}
	}
	if !f.ok() {
		return f.again(p), nil
	}
	return redirect{to: r.group.Href("i", d.State.Instrument.String(), "redline")}, nil
}

// sorted puts the paragraphs of each column to the parts of a text.
func (w *Web) sorted(r *request, c *cameBack) {
	c.parts = map[string]string{}
	order := readerFirst(r.lang, r.group.Chart.Languages)
	for i := range 2 {
		lang := ""
		for l, tag := range tags {
			if got := c.read.Languages[i]; got != "" && strings.EqualFold(strings.SplitN(got, "-", 2)[0], strings.SplitN(tag, "-", 2)[0]) {
				lang = l
			}
		}
		if lang == "" || i == 1 && c.read.Languages[0] == c.read.Languages[1] { // it does not say: as the pages write it
			lang = order[min(i, len(order)-1)]
		}
		if !slices.Contains(order, lang) || slices.Contains(c.languages, lang) {
			continue
		}
		c.languages = append(c.languages, lang)
		in, to, found := r.speaking(lang), "body.", map[string][]string{}
		for _, row := range c.read.Rows {
			for _, p := range row.Paragraphs[i] {
				switch t := strings.TrimSpace(p); {
				case t == "":
				case row.Style == word.Title:
					found["title."] = append(found["title."], oneLine(t))
				case t == in.t("text.done"):
					to = "done."
				case in.passage(t) != "":
					to = in.passage(t) + "."
				case t == in.t("export.particulars"):
					to = ""
				case to != "":
					found[to] = append(found[to], strings.Trim(p, "\n"))
				}
			}
		}
		c.parts["title."+lang] = strings.Join(found["title."], " ")
		for name, paragraphs := range found {
			if name != "title." {
				c.parts[name+lang] = word.Join(paragraphs)
			}
		}
	}
}

// passage names the passage that a heading in the reader's language stands above, empty for none.
func (r *request) passage(heading string) string {
	for _, n := range passages {
		if heading == r.t("text."+n) {
			return n
		}
	}
	return ""
}

// redlineOf shows what came back against the text that counts now.
func (w *Web) redlineOf(r *request) (answer, error) {
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	c, ok := w.cameBack.get(r.session.secret)
	if !ok || c.group != r.group.ID || c.instrument != d.State.Instrument {
		return redirect{to: r.group.Href("i", d.State.Instrument.String(), "returned")}, nil
	}
	info, err := textOf(d, "")
	if err != nil {
		return nil, err
	}
	texts, err := w.read(r, wantsOf(r, d, info))
	if err != nil {
		return nil, err
	}
	texts.supply(d.State)
	b := returnedBody{Name: texts.name(r, r.group, d.State), Link: r.group.Href("i", d.State.Instrument.String()), File: c.file, Earlier: !c.of.IsZero() && c.of != info.ID,
		Same: true, Inserted: c.read.Inserted, Deleted: c.read.Deleted, Comments: c.read.Comments, Outside: c.read.Outside}
	for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
		t := trackedText{Lang: l, Tag: tags[l], DoneMeans: w.languages[l].t("text.done"), Absent: !slices.Contains(c.languages, l)}
		if !t.Absent {
			title := c.parts["title."+l]
			if title == "" {
				title = texts.part(info.ID, "title."+l)
			}
			t.Title = redline(texts.part(info.ID, "title."+l), title)
			t.Paragraphs, t.Done = redline(texts.part(info.ID, "body."+l), c.parts["body."+l]), redline(texts.part(info.ID, "done."+l), c.parts["done."+l])
			for _, n := range passages {
				if changes := redline(texts.part(info.ID, n+"."+l), c.parts[n+"."+l]); rewritten(changes) {
					t.More = append(t.More, rewording{w.languages[l].t("text." + n), changes})
				}
			}
			t.Changed = len(t.More) > 0 || rewritten(t.Title) || rewritten(t.Paragraphs) || rewritten(t.Done)
			b.Same = b.Same && !t.Changed
		}
		b.Changes = append(b.Changes, t)
	}
	for _, k := range slices.Sorted(maps.Keys(c.read.Unread)) {
		b.Unread = append(b.Unread, r.t("word.unread."+strings.ReplaceAll(k, " ", "-"), "Number", w.languages[r.lang].number(c.read.Unread[k])))
	}
	if !b.Same {
		for i := range d.State.Versions {
			v := &d.State.Versions[i]
			if v.ID != info.ID {
				continue
			}
			acts, _ := w.versionActs(r, d, v)
			for _, a := range acts {
				if a.Verb == record.Propose && strings.HasPrefix(a.Href, r.group.Href("commitments", "new")+"?") {
					a.Href += "&returned=1"
					b.Propose = append(b.Propose, a)
				}
			}
		}
	}
	return page{name: "redline", title: r.t("returned.redline"), nav: d.State.Kind, body: b}, nil
}

// prefill begins a new text with what came back for the one that it stands against.
func (w *Web) prefill(r *request, f *form, instrument record.ID) error {
	if r.URL.Query().Get("returned") == "" {
		return nil
	}
	c, ok := w.cameBack.get(r.session.secret)
	if !ok || c.group != r.group.ID || c.instrument != instrument {
		return fmt.Errorf("%w: %w", node.ErrConflict, record.Because("returned.gone", "the file that came back is no longer kept: upload it again"))
	}
	for name, text := range c.parts {
		if text != "" {
			f.set(name, text)
		}
	}
	return nil
}
