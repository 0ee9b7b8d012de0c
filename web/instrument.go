package web

import (
	"cmp"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"

	"entente"
	"entente/consent"
	"entente/node"
	"entente/record"
	"entente/release"
	"entente/word"
)

// instrumentBody is one instrument as pages show it: what it is and where it stands, what may be done, its texts in every
// language, who has signed them, what was reported and answered, what happened, and the proof. Kinds with a page of their own
// share it.
type instrumentBody struct {
	*node.Detail
	Kind    string
	Name    name
	Status  []sentence
	Acts    []act // on the whole
	Signers []string
	Reads   bool // the reader's office signs nothing here
	Related []related
	Came    []came    // what names this one
	Own     *link     // the page it has beside this one
	Texts   []version // what counts or may still be agreed, the first foremost
	Former  []version
	Reports []reported
	History []happened
	Earlier string // address of the records before
	Proof   proof
	AsOf    string // the day asked for
}

// nothingToDo takes away what could be done: a page of the past is read.
func (b *instrumentBody) nothingToDo() {
	b.Acts, b.Signers = nil, nil
	for _, texts := range [][]version{b.Texts, b.Former} {
		for i := range texts {
			texts[i].Acts, texts[i].Blocked = nil, ""
		}
	}
	for i := range b.Reports {
		b.Reports[i].Acts = nil
		for k := range b.Reports[i].Replies {
			b.Reports[i].Replies[k].Acts = nil
		}
	}
	for i := range b.History {
		b.History[i].Acts = nil
	}
}

// version is one text of the instrument.
type version struct {
	*entente.VersionState
	Label       string // message key: what it is among the others
	By          record.Party
	Texts       []text
	Differs     []difference // from the text it stands against
	Against     string       // message key: which that is
	Particulars []particular
	Map         *mapView // of its area; nil: it has none
	Annexes     []annex
	Sides       []side
	Acts        []act
	Blocked     string // message key: why it cannot be signed yet
}

// difference is a text against another, in one language.
type difference struct {
	Lang, Tag         string
	Title, Body, Done []word.Change
	DoneMeans         string
	More              []rewording
}

// rewording is a passage under its heading against the other text's.
type rewording struct {
	Heading string
	Changes []word.Change
}

// rewritten reports whether anything was put in or left out.
func rewritten(x []word.Change) bool {
	return slices.ContainsFunc(x, func(c word.Change) bool { return c.Kind != word.Same })
}

func redline(old, text string) []word.Change {
	return word.Redline(word.Paragraphs(old), word.Paragraphs(text))
}

// particular is one line of the terms in words.
type particular struct {
	Key  string // message key of what it is
	Text string
	Was  string // in the text it stands against, where that says something else
}

// side is one party's word on the text, own party first.
type side struct {
	Party   record.Party
	Own     bool
	Word    string // message key
	Time    int64
	Paper   string // who signed on paper, when and where
	Signers []string
}

// related is another instrument that this one names.
type related struct {
	Key  string // message key of how
	Name name
	Href string
	To   *entente.State
	id   record.ID
}

// reported is a report with what the others said of it.
type reported struct {
	entente.Report
	Key     string // message key
	By      record.Party
	Texts   []text
	Annexes []annex
	Replies []replied
	Signers []string
	Acts    []act
}

type replied struct {
	entente.Reply
	Key     string // message key of its stance
	By      record.Party
	Texts   []text
	Signers []string
	Acts    []act
}

// happened is one record in the history.
type happened struct {
	ID      record.ID
	Time    int64
	Party   record.Party
	Key     string
	Void    []entente.Reason
	Texts   []text
	Signers []string
	Counts  bool
	Annexes []annex
	Acts    []act
	About   []string // the sections that it asks back, or wants destroyed
}

// kindPage is what a kind's own page adds. Kinds without one are shown by the general page.
type kindPage struct {
	path        string // in the group of its page, where that is not the general address
	template    string
	particulars func(w *Web, r *request, h *record.Header, terms any) []particular
	compose     string // path in the group of the form for a new text
	report      bool   // it has a form for reports
	says        func(w *Web, r *request, s *entente.State) []sentence
	acts        func(w *Web, r *request, d *node.Detail, v *entente.VersionState) []act // with a text, beside the usual
	whole       func(w *Web, r *request, d *node.Detail) []act                          // with the whole, in the place of a report
}

var kindPages = map[string]kindPage{
	meetingKind:   {path: "meetings", particulars: (*Web).appointed},
	statementKind: {template: "commitment", particulars: (*Web).stated, compose: "statements/new", says: (*Web).publication, acts: (*Web).statementActs},
	"commitment":  {template: "commitment", particulars: (*Web).promise, compose: "commitments/new", report: true},
	indicatorKind: {path: "indicators", particulars: (*Web).counted, compose: "indicators/new", acts: (*Web).statusActs},
	objectiveKind: {particulars: (*Web).aimed, compose: "objectives/new", acts: (*Web).statusActs},
	findingKind:   {particulars: (*Web).recommended, whole: (*Web).findingActs},

	actionKind: {template: "commitment", particulars: (*Web).acted, compose: "actions/new", report: true, acts: (*Web).actionActs},

	entente.ContactKind:  {particulars: (*Web).contacted, says: (*Web).contactSays, compose: "contacts/new", whole: (*Web).contactActs},
	entente.IncidentKind: {particulars: (*Web).happening, says: (*Web).incidentSays, compose: "incidents/new"},

	entente.ClaimKind: {path: "claims"},
}

func (w *Web) instrument(r *request) (answer, error) {
	if before := r.URL.Query().Get("before"); before != "" {
		return w.earlierRecords(r, node.Cursor(before))
	}
	d, err := w.detail(r)
	if err != nil {
		return nil, err
	}
	b, err := w.subject(r, d)
	if err != nil {
		return nil, err
	}
	name := "instrument"
	if p := kindPages[d.State.Kind]; p.template != "" {
		name = p.template
	}
	return page{name: name, title: b.Name.Text, nav: d.State.Kind, body: b}, nil
}

// detail finds the instrument of a path.
func (w *Web) detail(r *request) (*node.Detail, error) {
	id, err := record.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("instrument: %w", node.ErrNotFound)
	}
	at, err := r.asOf()
	if err != nil {
		return nil, err
	}
	if at != 0 && r.Method == http.MethodGet {
		return w.node.AsOf(r.Context(), r.who, r.group.ID, id, at)
	}
	return w.node.Instrument(r.Context(), r.who, r.group.ID, id)
}

// subject assembles what pages of an instrument share. Everything that is shown of parts is read at once.
func (w *Web) subject(r *request, d *node.Detail) (*instrumentBody, error) {
	b := &instrumentBody{Detail: d, Kind: r.kindName(d.State.Kind, false)}
	var err error
	if b.Related, err = w.related(r, d.State); err != nil {
		return nil, err
	}
	var wants []node.Want
	for _, x := range d.Records {
		wants = append(wants, node.Want{Group: r.group.ID, Record: x.ID, Names: words})
	}
	for _, x := range b.Related {
		wants = append(wants, node.Want{Group: r.group.ID, Record: titled(x.To), Names: []string{"title.*"}})
	}
	named, err := w.node.Instruments(r.Context(), r.who, r.group.ID, node.Query{Target: d.State.Instrument, Limit: listPage})
	if err != nil {
		return nil, err
	}
	wants = append(wants, titles(r.group, named.Items)...)
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	for i := range b.Related {
		x := &b.Related[i]
		x.Name = texts.name(r, r.group, x.To)
	}
	b.Came = w.came(r, d.State, named.Items, texts)
	if p := kindPages[d.State.Kind]; p.path != "" {
		b.Own = &link{Text: r.t("own-page." + p.path), Href: r.group.Href() + "/" + p.path + "/" + d.State.Instrument.String()}
	}
	texts.supply(d.State)
	b.Name = texts.name(r, r.group, d.State)
	b.Status = w.status(r, d.State, d.View)
	if says := kindPages[d.State.Kind].says; says != nil {
		b.Status = append(says(w, r, d.State), b.Status...)
	}
	b.Signers, b.Reads = w.mayPrepare(r, d.State)
	w.versions(r, b, texts)
	w.reports(r, b, texts)
	b.Acts = w.acts(r, d)
	for i := range d.Records {
		x := &d.Records[i]
		above := x.Header.Verb == record.Propose || x.Header.Verb == record.Report && !d.State.Assessed(x.ID) || x.Header.Verb == record.Reply && recallAnswered(d.State, x) == ""
		b.History = append(b.History, w.happened(r, d.State, x, texts, above && len(x.Reasons) == 0))
		h := &b.History[i]
		if h.Texts != nil {
			h.Acts = w.translateActs(r, b.State, x.ID)
		}
		h.Acts = append(append(h.Acts, w.recallActs(r, b.State, x.ID)...), w.partsActs(r, d, x)...)
	}
	slices.Reverse(b.History)
	b.Earlier = r.earlier(d)
	if r.past() != nil {
		b.nothingToDo()
	}
	b.AsOf = r.URL.Query().Get("asof")
	b.Proof, err = w.proofOf(r, d)
	return b, err
}

// happened is one record of the history, with what it says where no other place of the page does.
func (w *Web) happened(r *request, s *entente.State, x *node.RecordInfo, texts reading, above bool) happened {
	h := happened{ID: x.ID, Time: x.Header.Time, Party: x.Header.Party, Key: "did." + string(x.Header.Verb), Void: x.Reasons, Counts: x.Counts, Signers: w.signers(r, x.Header)}
	if !above {
		h.Texts = texts.bilingual(r.group, x.Header, x.ID)
	}
	if t := w.node.Kinds().WideningOf(x.Header); t != nil {
		h.Key = "did.widen"
		for _, name := range t.Parts {
			h.About = append(h.About, r.sectionWords(name))
		}
		h.About = append(h.About, r.recipients(t))
	}
	if key := recallAnswered(s, x); key != "" {
		h.Key = key
	}
	if t, ok := x.Terms.(*entente.PartsOf); ok {
		for _, name := range t.Parts {
			h.About = append(h.About, r.sectionWords(name))
		}
	}
	if x.Header.Verb == record.Consent { // the scan of a signature on paper
		h.Annexes = annexes(r, s, x)
	}
	return h
}

// recallAnswered says how a record answers the asking for copies back; empty: it is something else.
func recallAnswered(s *entente.State, x *node.RecordInfo) string {
	t, ok := x.Terms.(*entente.ReplyTerms)
	if !ok || !slices.ContainsFunc(s.Recalls, func(r entente.RecallState) bool { return r.ID == t.To }) {
		return ""
	}
	switch t.Stance {
	case entente.Acknowledge:
		return "did.gave-back"
	case entente.Object:
		return "did.kept-copy"
	}
	return ""
}

// earlier is the address of the records before those shown; empty: there is none, or the page is of a past day.
func (r *request) earlier(d *node.Detail) string {
	if d.Earlier == "" || r.past() != nil {
		return ""
	}
	return r.group.Href("i", d.State.Instrument.String()) + "?before=" + string(d.Earlier)
}

// earlierBody is the history of an instrument before what its page shows.
type earlierBody struct {
	ID      record.ID
	Name    name
	History []happened
	Earlier string
}

// earlierRecords shows the records before those of another page.
func (w *Web) earlierRecords(r *request, before node.Cursor) (answer, error) {
	id, err := record.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("instrument: %w", node.ErrNotFound)
	}
	d, err := w.node.InstrumentBefore(r.Context(), r.who, r.group.ID, id, before)
	if err != nil {
		return nil, err
	}
	wants := []node.Want{{Group: r.group.ID, Record: titled(d.State), Names: []string{"title.*"}}}
	for _, x := range d.Records {
		wants = append(wants, node.Want{Group: r.group.ID, Record: x.ID, Names: words})
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	b := &earlierBody{ID: id, Name: texts.name(r, r.group, d.State), Earlier: r.earlier(d)}
	for i := range slices.Backward(d.Records) {
		b.History = append(b.History, w.happened(r, d.State, &d.Records[i], texts, false))
	}
	return page{name: "earlier", title: r.t("history.earlier"), nav: d.State.Kind, body: b}, nil
}

// related finds the instruments that this one names, and where they come from in turn.
func (w *Web) related(r *request, s *entente.State) ([]related, error) {
	var out []related
	for depth, from := 0, []*entente.State{s}; depth < 2 && len(from) > 0; depth++ {
		var next []*entente.State
		for _, x := range from {
			for _, f := range x.Facts {
				id, err := record.ParseID(f.Value)
				if !f.Link || err != nil || slices.ContainsFunc(out, func(y related) bool { return y.id == id }) {
					continue
				}
				d, err := w.node.Instrument(r.Context(), r.who, r.group.ID, id)
				if errors.Is(err, node.ErrNotFound) {
					continue
				} else if err != nil {
					return nil, err
				}
				out = append(out, related{Key: "fact." + f.Name, Href: href(r.group, d.State), To: d.State, id: id})
				next = append(next, d.State)
			}
		}
		from = next
	}
	return out, nil
}

// find gives a record of the instrument.
func (b *instrumentBody) find(id record.ID) *node.RecordInfo {
	for i := range b.Records {
		if b.Records[i].ID == id {
			return &b.Records[i]
		}
	}
	return nil
}

// versions sorts the texts: what is in force comes first, then what may still be agreed, in the order in which it was proposed.
func (w *Web) versions(r *request, b *instrumentBody, texts reading) {
	s, now := b.State, r.now()
	inForce, kind := s.InForce(), kindPages[s.Kind]
	all := make([]version, 0, len(s.Versions))
	for i := range s.Versions {
		v := version{VersionState: &s.Versions[i], By: s.Versions[i].Ref.Party, Label: "version.proposal"}
		x := b.find(v.ID)
		if x == nil {
			if v.ID != r.group.ID {
				continue
			}
		} else {
			v.Texts = texts.bilingual(r.group, x.Header, x.ID)
			if kind.particulars != nil {
				v.Particulars = kind.particulars(w, r, x.Header, x.Terms)
			}
			v.Annexes, v.Map = annexes(r, s, x), w.mapOfText(r, x)
		}
		v.Sides = w.sides(r, b, v.VersionState)
		v.Acts, v.Blocked = w.versionActs(r, b.Detail, v.VersionState)
		all = append(all, v)
	}
	for i := range all {
		v := &all[i]
		open := v.Standing == consent.Open && (v.Until == 0 || now <= v.Until) && !pulled(v.VersionState)
		switch {
		case v.Standing == consent.InForce:
			v.Label = "version.in-force"
		case v.Standing == consent.Stopped:
			v.Label = "version.stopped"
		case v.Standing == consent.Hostless:
			v.Label = "version.agreed"
		case v.Standing == consent.Superseded:
			v.Label = "version.former"
		case !open:
			v.Label = "version.dead"
		case inForce != nil:
			v.Label = "version.new"
		}
		for k := range all[:i] { // what it stands against: the text it replaces, or the first with the same predecessor
			o := &all[k]
			switch {
			case v.Replaces == o.ID:
				v.Against = "version.against-former"
			case v.Replaces == o.Replaces:
				v.Against = "version.against-rival"
				if open && v.Label == "version.proposal" {
					v.Label = "version.counter"
				}
			default:
				continue
			}
			v.Differs, v.Particulars = compare(o, v)
			break
		}
	}
	for i := range all {
		switch v := &all[i]; {
		case v.Label == "version.in-force":
			b.Texts = slices.Insert(b.Texts, 0, *v)
		case v.Label == "version.former" || v.Label == "version.dead":
			b.Former = append(b.Former, *v)
		default:
			b.Texts = append(b.Texts, *v)
		}
	}
	if n := len(b.Former); b.Texts == nil && n > 0 { // nothing can be agreed any more: the last text is shown
		b.Texts, b.Former = b.Former[n-1:], b.Former[:n-1]
	}
	if b.Texts == nil && len(b.Records) > 0 { // one party's own word has no versions
		x := b.Records[0]
		v := version{VersionState: &entente.VersionState{ID: x.ID, Time: x.Header.Time}, By: x.Header.Party, Label: "version.own", Texts: texts.bilingual(r.group, x.Header, x.ID)}
		if slices.ContainsFunc(v.Texts, func(t text) bool { return !t.Missing }) {
			b.Texts = []version{v}
		}
	}
}

func pulled(v *entente.VersionState) bool {
	return slices.ContainsFunc(v.Sides, func(x entente.Side) bool { return x.Withdrawn != nil })
}

// compare shows a text against another: words put in and left out, and the particulars that change.
func compare(old, v *version) (out []difference, particulars []particular) {
	for _, t := range v.Texts {
		i := slices.IndexFunc(old.Texts, func(o text) bool { return o.Lang == t.Lang })
		if i < 0 || t.Gap != "" || old.Texts[i].Gap != "" {
			continue
		}
		d := difference{Lang: t.Lang, Tag: t.Tag, Title: redline(old.Texts[i].Title, t.Title), Body: redline(old.Texts[i].Body, t.Body), Done: redline(old.Texts[i].Done, t.Done), DoneMeans: t.DoneMeans}
		d.More = reworded(old.Texts[i].More, t.More)
		if len(d.More) > 0 || rewritten(d.Title) || rewritten(d.Body) || rewritten(d.Done) {
			out = append(out, d)
		}
	}
	for _, p := range v.Particulars {
		for _, o := range old.Particulars {
			if o.Key == p.Key && o.Text != p.Text {
				p.Was = o.Text
			}
		}
		particulars = append(particulars, p)
	}
	for _, o := range old.Particulars {
		if !slices.ContainsFunc(particulars, func(p particular) bool { return p.Key == o.Key }) {
			particulars = append(particulars, particular{Key: o.Key, Was: o.Text})
		}
	}
	return out, particulars
}

// reworded are the passages that differ.
func reworded(old, text []passage) []rewording {
	var out []rewording
	find := func(in []passage, heading string) string {
		for _, p := range in {
			if p.Heading == heading {
				return p.Text
			}
		}
		return ""
	}
	seen := map[string]bool{}
	for _, p := range append(slices.Clone(text), old...) {
		if c := redline(find(old, p.Heading), find(text, p.Heading)); rewritten(c) && !seen[p.Heading] {
			out = append(out, rewording{p.Heading, c})
		}
		seen[p.Heading] = true
	}
	return out
}

// reports are what was reported, newest first, each with what was said of it.
func (w *Web) reports(r *request, b *instrumentBody, texts reading) {
	said := func(to record.ID) []replied {
		var out []replied
		for _, y := range b.State.Replies {
			x := b.find(y.ID)
			if y.To != to || x == nil {
				continue
			}
			out = append(out, replied{Reply: y, Key: "stance." + string(y.Stance), By: y.Ref.Party, Texts: texts.bilingual(r.group, x.Header, x.ID),
				Signers: w.signers(r, x.Header), Acts: append(w.replyActs(r, b.Detail, y.ID), w.translateActs(r, b.State, y.ID)...)})
		}
		return out
	}
	nested := func(to record.ID) []replied {
		var out []replied
		for _, x := range said(to) {
			out = append(append(out, x), said(x.ID)...)
		}
		return out
	}
	for _, y := range b.State.Reports {
		x := b.find(y.ID)
		if x == nil {
			continue
		}
		b.Reports = append(b.Reports, reported{Report: y, Key: progressKey(y.Progress), By: y.Ref.Party, Texts: texts.bilingual(r.group, x.Header, x.ID),
			Annexes: annexes(r, b.State, x), Replies: nested(y.ID), Signers: w.signers(r, x.Header),
			Acts: append(w.replyActs(r, b.Detail, y.ID), w.translateActs(r, b.State, y.ID)...)})
	}
	slices.Reverse(b.Reports)
	for i := range b.State.Versions {
		v := &b.State.Versions[i]
		if y := nested(v.ID); len(y) > 0 {
			b.Reports = append(b.Reports, reported{Report: entente.Report{ID: v.ID, Ref: v.Ref, Time: v.Time}, Key: "reported.text", By: v.Ref.Party, Replies: y})
		}
	}
}

func progressKey(p string) string { return "reported." + cmp.Or(p, "none") }

// signers names the offices and seats that approved a record.
func (w *Web) signers(r *request, h *record.Header) []string {
	var out []string
	l, err := w.node.Ledger(h.Group)
	if err != nil {
		return nil
	}
	p := l.Ring(h.Party).At(h.Index)
	for _, a := range h.Approvals {
		if a.Office == record.RootOffice {
			out = append(out, r.t("signer.root"))
			continue
		}
		out = append(out, r.t("signer.seat", "Office", officeIn(p, a.Office, r.lang), "Seat", a.Seat))
	}
	return out
}

// officeIn is an office's name in powers, in a language; without one, its id.
func officeIn(p *entente.Powers, id, lang string) string {
	if p != nil {
		if o, ok := p.Office(id); ok && o.Names[lang] != "" {
			return o.Names[lang]
		}
	}
	return id
}

// sides gives each required party's word on a version, own party first.
func (w *Web) sides(r *request, b *instrumentBody, v *entente.VersionState) []side {
	var out []side
	for _, x := range v.Sides {
		s := side{Party: x.Party, Own: x.Party == w.node.Party(), Word: "side.none"}
		var at *consent.Moment
		switch {
		case x.Withdrawn != nil && x.Pending:
			s.Word, at = "side.withdrawal-pending", x.Withdrawn
		case x.Withdrawn != nil:
			s.Word, at = "side.withdrawn", x.Withdrawn
		case x.Consent != nil:
			if s.Word, at = "side.agreed", x.Consent; x.Paper != nil {
				s.Word, s.Paper = "side.paper", r.t("side.paper-of", "Office", w.officeOf(r, x.Party, x.Paper.Office), "Day", r.deadline(x.Paper.Signed), "Place", x.Paper.Place)
			}
		case slices.Contains(b.State.AdReferendum(v.ID), x.Party):
			s.Word = "side.ad-referendum"
		}
		if at != nil {
			s.Time = at.Time
			for i := range b.Records {
				if h := b.Records[i].Header; h.Ref() == at.Ref {
					s.Signers = w.signers(r, h)
				}
			}
		}
		out = append(out, s)
	}
	ownFirst(w.node.Party(), out, func(s side) record.Party { return s.Party })
	return out
}

// ownFirst puts what is the reader's party's own first (alternat) and leaves the rest as it is.
func ownFirst[T any](own record.Party, s []T, of func(T) record.Party) {
	slices.SortStableFunc(s, func(a, b T) int {
		switch x, y := of(a) == own, of(b) == own; {
		case x && !y:
			return -1
		case y && !x:
			return 1
		}
		return 0
	})
}

// annexes are the parts of a record that are files.
func annexes(r *request, s *entente.State, x *node.RecordInfo) []annex {
	var out []annex
	for _, p := range x.Header.Parts {
		if strings.HasPrefix(p.Name, "annex/") {
			m := s.Marking(x.ID, p.Name, p.Marking)
			out = append(out, annex{Name: strings.TrimPrefix(p.Name, "annex/"), Length: p.Length, Href: r.group.Href("r", x.ID.String(), p.Name),
				Held: slices.Contains(x.Held, p.Name) && release.MayRead(m, r.web.node.Party(), r.who.Office), Own: !release.Published(m) && len(m.ReleasableTo) == 0})
		}
	}
	return out
}

// annexTypes are those that a browser hands to another program, or shows without running anything. Every other file is bytes: its
// name is its author's word, and no page of this node may be written by somebody else.
var annexTypes = []string{".csv", ".docx", ".jpeg", ".jpg", ".ods", ".odt", ".pdf", ".png", ".pptx", ".txt", ".xlsx", ".zip"}

func annexType(name string) string {
	ext := path.Ext(name)
	if kind := mime.TypeByExtension(ext); kind != "" && slices.Contains(annexTypes, ext) {
		return kind
	}
	return "application/octet-stream"
}

// part is a part of a record as a file.
func (w *Web) part(r *request) (answer, error) {
	id, err := record.ParseID(r.PathValue("record"))
	if err != nil {
		return nil, fmt.Errorf("record: %w", node.ErrNotFound)
	}
	p, m, err := w.node.Part(r.Context(), r.who, r.group.ID, id, r.PathValue("part"))
	if err != nil {
		return nil, err
	}
	return w.signedFile(r, id, p, m)
}
