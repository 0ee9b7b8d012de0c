package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"entente"
	"entente/node"
	"entente/record"
)

// briefingBody is the book one side takes into the room: agenda, status and history in short, positions, papers, and what it has
// noted for itself, which stays at its node. It prints.
type briefingBody struct {
	*meetingBody
	Items []brief
	Ours  *node.OwnNote // on the whole meeting
	Lost  string        // typed over a note that another office had written meanwhile, and not kept
}

type brief struct {
	point
	Root      record.ID // the note this point began with: own notes stand on it, wherever it is moved
	Positions []position
	History   []happened
}

// position is where a party stands on what a point is about.
type position struct {
	Party record.Party
	Own   bool
	Words []string // message keys
	Time  int64
}

// briefHistory is how many of the latest records a book tells of.
const briefHistory = 5

func (w *Web) briefing(r *request) (answer, error) {
	return w.briefingPage(r, "")
}

func (w *Web) briefingPage(r *request, lost string) (answer, error) {
	p, err := w.meetingParts(r, true, nil)
	if err != nil {
		return nil, err
	}
	b := briefingBody{meetingBody: p.s, Lost: lost}
	if t := p.texts.texts[p.s.State.Instrument]; t != nil {
		b.Ours = t.Own
	}
	for _, x := range p.s.Points {
		i := brief{point: x, Root: p.root(x.ID)}
		if t := p.texts.texts[i.Root]; t != nil {
			i.Note = t.Own
		}
		if d := p.about[x.AgendaPoint.About]; d != nil {
			i.Positions, i.History = w.positions(d), w.lately(d)
		}
		b.Items = append(b.Items, i)
	}
	pg := page{name: "briefing", title: r.t("meet.briefing"), nav: "meetings", body: b}
	if lost != "" {
		pg.status = http.StatusConflict
	}
	return pg, nil
}

// root follows a point that was changed back to the note it began with.
func (p *meetingParts) root(id record.ID) record.ID {
	for range p.s.Records {
		i := slices.IndexFunc(p.s.Records, func(x node.RecordInfo) bool { return x.ID == id })
		if i < 0 {
			break
		}
		t, ok := p.s.Records[i].Terms.(*entente.AgendaItem)
		if !ok || t.Replaces.IsZero() {
			break
		}
		id = t.Replaces
	}
	return id
}

// positions are each party's word on the text that counts and what it last said of it, own party first.
func (w *Web) positions(d *node.Detail) []position {
	v := d.State.Text()
	if v == nil {
		return nil
	}
	at := map[record.Party]*position{}
	var out []*position
	for _, x := range v.Sides {
		p := &position{Party: x.Party, Own: x.Party == w.node.Party()}
		switch {
		case x.Withdrawn != nil && x.Pending:
			p.Words, p.Time = []string{"side.withdrawal-pending"}, x.Withdrawn.Time
		case x.Withdrawn != nil:
			p.Words, p.Time = []string{"side.withdrawn"}, x.Withdrawn.Time
		case x.Consent != nil:
			p.Words, p.Time = []string{"side.agreed"}, x.Consent.Time
		default:
			p.Words = []string{"side.none"}
		}
		out, at[x.Party] = append(out, p), p
	}
	for i := len(d.State.Replies) - 1; i >= 0; i-- { // the last word of each
		y := d.State.Replies[i]
		if p := at[y.Ref.Party]; p != nil && len(p.Words) == 1 {
			p.Words, p.Time = append(p.Words, "said."+string(y.Stance)), max(p.Time, y.Time)
		}
	}
	ownFirst(w.node.Party(), out, func(p *position) record.Party { return p.Party })
	flat := make([]position, len(out))
	for i, p := range out {
		flat[i] = *p
	}
	return flat
}

// lately are the latest records of an instrument, the newest first, without their texts.
func (w *Web) lately(d *node.Detail) []happened {
	var out []happened
	for i := len(d.Records) - 1; i >= 0 && len(out) < briefHistory; i-- {
		if x := d.Records[i]; x.Counts && len(x.Reasons) == 0 {
			out = append(out, happened{ID: x.ID, Time: x.Header.Time, Party: x.Header.Party, Key: "did." + string(x.Header.Verb)})
		}
	}
	return out
}

// noteHome keeps the party's own note on a point or on the meeting. It never leaves the node.
func (w *Web) noteHome(r *request) (answer, error) {
	s, err := w.meetingOf(r, false)
	if err != nil {
		return nil, err
	}
	about, err := record.ParseID(r.PostFormValue("about"))
	if err != nil || !slices.ContainsFunc(s.Records, func(x node.RecordInfo) bool { return x.ID == about }) {
		return nil, fmt.Errorf("%w: %w", node.ErrInvalid, record.Because("briefing.point", "this meeting has no such point"))
	}
	before, err := strconv.ParseInt(r.PostFormValue("before"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("note: %w", node.ErrInvalid)
	}
	if err := w.node.PutNote(r.Context(), r.who, r.group.ID, about, r.PostFormValue("note"), before); errors.Is(err, node.ErrConflict) {
		return w.briefingPage(r, r.PostFormValue("note"))
	} else if err != nil {
		return nil, err
	}
	return redirect{to: s.Href(r.group, "briefing") + "#n-" + about.String(), done: "note-kept"}, nil
}
