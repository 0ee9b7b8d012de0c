package web

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"entente"
	"entente/node"
	"entente/record"
	"entente/word"
)

// heldRow is a passage of a text that cannot be announced as things stand.
type heldRow struct {
	*node.Held
	Tag    string // language of the passage; empty: not known
	Why    string
	Href   string // of the source, where the office may read it
	How    string // how its release is asked for, or how far that has come
	Ask    string // where; empty: nowhere to go
	AskKey string // what the link says
}

// heldRows are the passages held of a draft that may be published one day, or to which this party has no objection; false: it never is.
func (w *Web) heldRows(r *request, d *node.Draft) ([]heldRow, bool, error) {
	k, h := w.node.Kinds()[d.Header.Kind], d.Header
	if k == nil || r.group.Own || h.Verb != record.Propose && h.Verb != record.Release && h.Verb != record.Reply || !k.Announces() {
		return nil, false, nil
	}
	held, err := w.node.HeldDraft(r.Context(), r.who, d)
	if err != nil {
		return nil, false, err
	}
	out := w.rowsOfHeld(r, held)
	if h.Verb == record.Reply {
		return out, len(out) > 0, nil
	}
	var s *entente.State
	if !h.Instrument.IsZero() {
		x, err := w.node.Instrument(r.Context(), r.who, r.group.ID, h.Instrument)
		if err != nil {
			return nil, false, err
		}
		s = x.State
	}
	t, err := w.node.Kinds().DecodeTerms(h)
	if err != nil {
		return nil, false, err
	}
	x, ok := t.(*entente.Statement)
	own := ok && x.Own || s != nil && s.Fact("own") != ""
	for i := range out {
		w.askRelease(r, &out[i], d, s, own)
	}
	return out, true, nil
}

// askRelease says how the release of a passage is asked for. What is the party's own is released by two offices that clear this very
// draft; what is another's, by its word on this very text.
func (w *Web) askRelease(r *request, x *heldRow, d *node.Draft, s *entente.State, own bool) {
	party := r.group.PartyName(x.Needs)
	switch {
	case x.Needs == w.node.Party() && d.Header.Verb == record.Release:
		x.How, x.Ask, x.AskKey = r.t("announce.ask.clear-how"), r.group.Href("drafts", d.Nonce.String(), "clearance"), "announce.ask.clear"
	case x.Needs == w.node.Party():
		x.How = r.t("announce.ask.later")
	case !own:
		x.How = r.t("announce.ask.joint", "Party", party)
	case d.Header.Verb == record.Propose || s == nil:
		x.How = r.t("announce.ask.copy", "Party", party)
	default:
		x.How, x.Ask, x.AskKey = r.t("announce.ask.waits", "Party", party), r.group.Href("i", s.Instrument.String()), "announce.ask.see"
		for _, c := range s.Copies(d.Header.Version, []record.Party{x.Needs}) {
			if c.Stance != "" {
				x.How = r.t("announce.ask.observes", "Party", party)
			}
		}
	}
}

func (w *Web) rowsOfHeld(r *request, held []node.Held) []heldRow {
	var out []heldRow
	for i := range held {
		x := heldRow{Held: &held[i]}
		if _, l, ok := strings.Cut(x.Part, "."); ok {
			x.Tag = tags[l]
		}
		var why []string
		for _, g := range x.Grounds {
			why = append(why, r.t("announce.ground."+string(g)))
		}
		x.Why = strings.Join(why, ", ")
		if s := x.Source; s != nil && s.Group == r.group.ID {
			x.Href = r.group.Href("i", s.Instrument.String())
		}
		out = append(out, x)
	}
	return out
}

type announceBody struct {
	Form  *form
	Done  bool
	Held  []heldRow
	Watch string // of the party's watch list, for who may read it
}

// announce holds a text that is no draft yet against what the party may not publish. The text is not kept.
func (w *Web) announce(r *request) (answer, error) {
	f, err := r.form(r.group.Href("announce"), r.t("announce.check"),
		field{Name: "text", Control: controlText, Label: r.t("announce.text"), Hint: r.t("announce.text-hint"), Rows: 12, Optional: true, Unmarked: true},
		field{Name: "file", Control: controlFile, Label: r.t("announce.file"), Hint: r.t("announce.file-hint"), Optional: true})
	if err != nil {
		return nil, err
	}
	f.Back = r.group.Href("statements")
	b := announceBody{Form: f}
	if w.node.ReadsWatchList(r.who) {
		b.Watch = r.group.Href("announce", "terms")
	}
	p := page{name: "announce", title: r.t("announce.title"), nav: "statements", body: b}
	if r.Method != http.MethodPost {
		return p, nil
	}
	texts, err := w.pasted(f)
	if err != nil {
		return nil, err
	}
	if len(texts) == 0 && f.ok() {
		f.wrong("text", "announce.nothing")
	}
	if !f.ok() {
		return f.again(p), nil
	}
	held, err := w.node.CheckAnnouncement(r.Context(), r.who, r.group.ID, texts)
	if err != nil {
		return nil, err
	}
	b.Done, b.Held = true, w.rowsOfHeld(r, held)
	for i := range b.Held {
		if x := &b.Held[i]; x.Needs == w.node.Party() {
			x.How = r.t("announce.ask.later")
		} else {
			x.How = r.t("announce.ask.write", "Party", r.group.PartyName(x.Needs))
			x.Ask, x.AskKey = r.group.Href("statements", "new")+"?whose=own", "compose.title"
		}
	}
	p.body = b
	return p, nil
}

// pasted are the texts of the form: what was typed, and the paragraphs of a file, column by column.
func (w *Web) pasted(f *form) (map[string]string, error) {
	texts := map[string]string{}
	if t := f.text("text"); t != "" {
		texts["text"] = t
	}
	files, err := f.uploads("file")
	if err != nil || len(files) == 0 {
		return texts, err
	}
	content := files[0].Content
	if http.DetectContentType(content) == "text/plain; charset=utf-8" && utf8.Valid(content) {
		texts["file"] = string(content)
		return texts, nil
	}
	read, err := word.Read(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		fault := word.FaultOf(err)
		if fault == "" {
			return nil, err
		}
		f.wrong("file", "word.fault."+string(fault))
		return texts, nil
	}
	for name, lines := range map[string][]string{"file-1": read.Column(0), "file-2": read.Column(1), "file-3": read.Outside} {
		if t := strings.TrimSpace(strings.Join(lines, "\n\n")); t != "" {
			texts[name] = t
		}
	}
	return texts, nil
}

// watchTerms shows the party's watch list to who may read it, and keeps another.
func (w *Web) watchTerms(r *request) (answer, error) {
	list, err := w.node.WatchList(r.Context(), r.who)
	if err != nil {
		return nil, err
	}
	f, err := r.form(r.group.Href("announce", "terms"), r.t("watch.save"),
		field{Name: "terms", Control: controlText, Label: r.t("watch.terms"), Hint: r.t("watch.terms-hint"), Rows: 14, Optional: true, Unmarked: true, Values: []string{strings.Join(list.Terms, "\n")}},
		editionField(list.Edition))
	if err != nil {
		return nil, err
	}
	f.Back = r.group.Href("announce")
	p := page{name: "watch", title: r.t("watch.title"), nav: "statements", body: f}
	if r.Method != http.MethodPost {
		return p, nil
	}
	if !f.ok() {
		return f.again(p), nil
	}
	terms := slices.Collect(strings.Lines(f.text("terms")))
	if err := w.node.PutWatchList(r.Context(), r.who, terms, r.edition(list.Edition)); err != nil {
		return nil, err
	}
	return redirect{to: r.group.Href("announce"), done: "watch-saved"}, nil
}
