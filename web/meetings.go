package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"entente"
	"entente/node"
	"entente/record"
)

// meetingsBody lists the meetings of a group: those to come, the nearest first, and those held, the latest first.
type meetingsBody struct {
	Coming []meetingRow
	Held   []meetingRow
	Other  []meetingRow // neither: withdrawn, lapsed, or past and not reported held
	Feed   string       // path of the calendar page
}

type meetingRow struct {
	row
	Starts  int64
	Held    int64
	Number  string
	Items   int
	Happens bool // it is agreed and its day has not passed
}

func (w *Web) meetings(r *request) (answer, error) {
	all, err := w.allMeetings(r)
	if err != nil {
		return nil, err
	}
	texts, err := w.read(r, titles(r.group, all))
	if err != nil {
		return nil, err
	}
	b := meetingsBody{Feed: r.group.Href("calendar")}
	for _, x := range all {
		m := meetingRow{row: row{Name: texts.name(r, r.group, x.State), Href: r.group.Href("meetings", x.State.Instrument.String()), State: x.State, View: x.View, Group: r.group},
			Starts: factTime(x.State, "starts"), Held: factTime(x.State, "held"), Number: x.State.Fact("number"), Items: len(x.State.Agenda)}
		switch live := x.View.Phase == entente.PhaseProposed || x.View.Phase == entente.PhaseInForce; {
		case m.Held != 0:
			b.Held = append(b.Held, m)
		case live && m.Starts > w.node.Now()-86400:
			b.Coming = append(b.Coming, m)
		default:
			b.Other = append(b.Other, m)
		}
	}
	slices.Reverse(b.Held)
	slices.Reverse(b.Other)
	return page{name: "meetings", title: r.kindName(meetingKind, true), nav: "meetings", body: b}, nil
}

// The names of kinds that these pages list and write. What a record is of which kind is decided by the root package.
const (
	meetingKind    = "meeting"
	decisionKind   = "decision"
	commitmentKind = "commitment"
	statementKind  = "statement"
)

// allMeetings are those held and those to come, by their day.
func (w *Web) allMeetings(r *request) ([]node.Listed, error) {
	all, err := w.listed(r, node.Query{Kind: meetingKind})
	slices.SortStableFunc(all, func(a, b node.Listed) int {
		return cmp.Compare(factTime(a.State, "starts"), factTime(b.State, "starts"))
	})
	return all, err
}

// listed reads a list to its end, up to a bound.
func (w *Web) listed(r *request, q node.Query) ([]node.Listed, error) {
	var out []node.Listed
	for {
		p, err := w.node.Instruments(r.Context(), r.who, r.group.ID, q)
		if err != nil {
			return nil, err
		}
		out = append(out, p.Items...)
		if p.Next == "" || len(out) >= maxListed {
			return out, nil
		}
		q.Cursor = p.Next
	}
}

// naming lists what names an instrument in a fact: the decisions of a meeting, the commitments of a decision.
func (w *Web) naming(r *request, fact string, target record.ID) ([]node.Listed, error) {
	return w.listed(r, node.Query{Target: target, Fact: fact})
}

func factTime(s *entente.State, name string) int64 {
	n, err := strconv.ParseInt(s.Fact(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// meetingForm asks for what calling a meeting takes.
func (w *Web) meetingForm(r *request) (*form, error) {
	var hosts []option
	for _, p := range readerParty(w.node.Party(), r.group.Chart.IDs()) {
		hosts = append(hosts, option{Value: string(p), Text: r.group.PartyName(p)})
	}
	fields := []field{
		{Name: "number", Control: controlInput, Width: 3, Label: r.t("meet.number"), Hint: r.t("meet.number-hint"), Optional: true},
		{Name: "host", Control: controlRadios, Label: r.t("meet.host"), Hint: r.t("meet.host-hint"), Options: hosts},
		{Name: "day", Control: controlDate, Label: r.t("meet.day")},
		{Name: "hour", Control: controlTime, Label: r.t("meet.hour")},
		{Name: "zone", Control: controlSelect, Label: r.t("meet.zone"), Hint: r.t("meet.zone-hint"), Options: r.zones()},
	}
	fields = append(fields, r.inLanguages("title", "meet.title", controlInput, false)...)
	fields = append(fields, r.inLanguages("place", "meet.place", controlInput, true)...)
	fields = append(fields, r.inLanguages("body", "meet.about", controlText, true)...)
	return r.form(r.group.Href("meetings", "new"), r.t("meet.continue"), fields...)
}

// newMeeting proposes a meeting. Host, number and date are suggested by the charter's rotation and cadence.
func (w *Web) newMeeting(r *request) (answer, error) {
	f, err := w.meetingForm(r)
	if err != nil {
		return nil, err
	}
	p := page{name: "meet-form", title: r.t("meet.propose"), nav: "meetings", body: composer{Form: f, Lead: r.t("meet.propose-lead")}}
	if r.Method != "POST" {
		f.Back = r.group.Href("meetings")
		return p, w.suggestMeeting(r, f)
	}
	t := entente.Meeting{Starts: f.momentIn("day", "hour", "zone"), Host: record.Party(f.choice("host")), Number: f.number("number", 1, 10_000)}
	if t.Starts != 0 && t.Starts <= w.node.Now() {
		f.wrong("day", "meet.past")
	}
	parts := f.parts(nil, "title", "place", "body")
	if !f.ok() {
		return f.again(p), nil
	}
	return w.prepareWith(r, node.Act{Kind: meetingKind, Verb: record.Propose, Nature: record.Political, Parts: parts}, t)
}

// suggestMeeting answers the form by the charter: the next number, the host whose turn it is, the day by the cadence.
func (w *Web) suggestMeeting(r *request, f *form) error {
	all, err := w.allMeetings(r)
	if err != nil {
		return err
	}
	last, number := w.node.Now(), uint64(0)
	for _, x := range all {
		if x.View.Phase != entente.PhaseProposed && x.View.Phase != entente.PhaseInForce {
			continue
		}
		n, _ := strconv.ParseUint(x.State.Fact("number"), 10, 32)
		number, last = max(number, n), max(last, factTime(x.State, "starts"))
	}
	number++
	f.set("number", strconv.FormatUint(number, 10))
	every := int64(28 * 86400)
	if m, ids := r.group.Chart.Meetings, r.group.Chart.IDs(); m != nil {
		if i := slices.Index(ids, m.First); i >= 0 {
			f.set("host", string(ids[(uint64(i)+number-1)%uint64(len(ids))]))
		}
		every = m.EveryDays * 86400
	}
	f.set("day", r.isoDay(last+every))
	f.set("hour", "10:00")
	f.set("zone", w.zone.String())
	for _, l := range r.group.Chart.Languages {
		f.set("title."+l, w.languages[l].t("meet.default-title", "Number", number))
	}
	return nil
}

// composer is a page with one form.
type composer struct {
	Form  *form
	Lead  string
	Point *point      // of an agenda
	Texts []shownText // what it speaks of
	Terms []glossed
	Shelf string // address of the agreed language; empty: it is not offered
}

type shownText struct {
	Label string
	Texts []text
}

// glossed is an agreed term in the charter's languages, beside a composer.
type glossed struct {
	Href  string
	Words []text
}

// inLanguages asks for one text in every language of the charter, the reader's first.
func (r *request) inLanguages(name, key string, c control, optional bool) []field {
	var out []field
	for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
		out = append(out, field{Name: name + "." + l, Control: c, Label: r.t("in."+l, "What", r.t(key)), Lang: tags[l], Optional: optional})
	}
	return out
}

// parts are the texts of a form as parts of an act; what was left empty is left out. m nil: the default marking.
func (f *form) parts(m *record.Marking, names ...string) []node.NewPart {
	var out []node.NewPart
	for _, name := range names {
		for _, l := range f.r.group.Chart.Languages {
			if v := f.text(name + "." + l); v != "" {
				out = append(out, node.NewPart{Name: name + "." + l, Content: []byte(v), Marking: m})
			}
		}
	}
	return out
}

// number is a whole number; an optional one that is left empty is 0.
func (f *form) number(name string, from, to uint64) uint64 {
	v := f.text(name)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil || n < from || n > to {
		f.wrong(name, "form.whole", "From", from, "To", to)
		return 0
	}
	return n
}

// prepareWith drafts an act of the group with terms and goes where it is read and signed.
func (w *Web) prepareWith(r *request, a node.Act, terms any) (answer, error) {
	a, err := withTerms(r, a, terms)
	if err != nil {
		return nil, err
	}
	return w.prepare(r, a)
}

func withTerms(r *request, a node.Act, terms any) (node.Act, error) {
	a.Group = r.group.ID
	var err error
	if a.Terms, err = json.Marshal(terms); err != nil {
		err = fmt.Errorf("terms: %w", err)
	}
	return a, err
}
