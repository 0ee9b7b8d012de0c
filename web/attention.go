package web

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"entente"
	"entente/node"
	"entente/record"
)

// homeBody is what waits for the reader's office: everything at home and in all its groups, or in one.
type homeBody struct {
	Count   int
	Home    []waitingSet // at home: texts to clear, and what came of those sent to be cleared
	Groups  []desk
	One     bool   // the page is of one group
	All     bool   // of every office of the party, not of the reader's alone
	Other   string // the same page the other way round
	Propose string

	Foundings []foundingRow // groups to be founded
	SetsUp    bool
}

// desk is what waits in one group.
type desk struct {
	Group    *group
	Count    int
	Alarms   int
	Records  string // where alarms are explained
	Drafts   []waiting
	Papers   []waiting // non-papers that nobody here has opened
	Sets     []waitingSet
	Others   []waitingSet // what waits for the other side
	Next     *row         // the next meeting
	NextAt   int64
	Reads    bool // the office signs nothing in this group
	Minister string
}

// waitingSet is what waits for one reason.
type waitingSet struct {
	Reason entente.AttentionReason
	Count  node.Count
	Items  []waiting
	All    string // where all of them stand; empty: they stand here
}

// waiting is one thing that waits, with the one place where it is done.
type waiting struct {
	Name   name
	Href   string
	Line   string
	Words  string // since when, until when
	Late   bool
	Reason string // which of several texts
	Said   name   // why, in the words of whoever did it
	ID     record.ID
	Acts   []act // what is done here with one click
}

// shownOfReason is how many things of one reason stand on the page of all groups before a link leads to the rest.
const shownOfReason = 6

// others are the reasons in which the next word is not this party's.
var others = []entente.AttentionReason{entente.AttentionWithdrawn, entente.AttentionEnding, entente.AttentionWait}

// home is the page officials open in the morning.
func (w *Web) home(r *request) (answer, error) {
	groups, err := w.groupsOf(r)
	if err != nil {
		return nil, err
	}
	return w.attentionPage(r, groups, homeBody{})
}

// groupHome is the same of one group.
func (w *Web) groupHome(r *request) (answer, error) {
	if r.group.Own {
		return redirect{to: "/"}, nil
	}
	return w.attentionPage(r, []group{*r.group}, homeBody{One: true})
}

func (w *Web) attentionPage(r *request, groups []group, b homeBody) (answer, error) {
	b.All = r.URL.Query().Get("of") == "party"
	if b.Other = r.URL.Path + "?of=party"; b.All {
		b.Other = r.URL.Path
	}
	var found []*found
	var wants []node.Want
	for i := range groups {
		f, err := w.find(r, &groups[i], b.All, b.One)
		if err != nil {
			return nil, err
		}
		found, wants = append(found, f), append(wants, f.wants...)
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	if b.Home, err = w.clearancesWait(r); err != nil {
		return nil, err
	}
	for _, x := range b.Home {
		b.Count += x.Count.N
	}
	for _, f := range found {
		d := w.deskOf(r, f, texts)
		b.Count += d.Count
		b.Groups = append(b.Groups, d)
	}
	b.SetsUp = w.node.SetsUp(r.who)
	if b.Foundings, err = w.foundingsWait(r); err != nil {
		return nil, err
	}
	for _, x := range b.Foundings {
		if x.Ours && !b.One {
			b.Count++
		}
	}
	if b.One {
		b.Foundings = slices.DeleteFunc(b.Foundings, func(x foundingRow) bool { return x.Href != foundingHref(groups[0].ID) })
	}
	p := page{name: "home", title: r.t("attention.title"), nav: "attention", body: b}
	return p, nil
}

// clearancesWait are the texts that wait at home for the reader's office: for its word, for mending, or for a signature.
func (w *Web) clearancesWait(r *request) ([]waitingSet, error) {
	c, err := w.clearancesFor(r)
	if err != nil {
		return nil, err
	}
	var out []waitingSet
	for _, x := range []struct {
		reason entente.AttentionReason
		rows   []clearanceRow
	}{{"clear", c.Waiting}, {"cleared-returned", c.Returned}, {"cleared", c.Cleared}} {
		set := waitingSet{Reason: x.reason}
		for _, y := range x.rows {
			if r.group != nil && y.State.Group != r.group.ID {
				continue
			}
			t := waiting{Name: y.Name, Href: y.Href, Words: w.languages[r.lang].since(y.Asked, w.node.Now()), Late: y.Late}
			if y.State.By != 0 {
				t.Words = r.t("waits.until", "Since", t.Words, "When", r.dateWords(y.State.By), "Day", r.day(y.State.By))
			}
			set.Items = append(set.Items, t)
		}
		if set.Count.N = len(set.Items); set.Count.N > 0 {
			out = append(out, set)
		}
	}
	return out, nil
}

// found is what a group's page shows, before any of its texts is read.
type found struct {
	group  *group
	page   *node.AttentionPage
	reason entente.AttentionReason // that was asked for
	drafts []*node.Draft
	held   map[record.Nonce]int // passages of them that may not be published
	papers []*node.NonPaper     // shown to this party, and opened by nobody here
	alarms int
	next   *node.Listed
	linked map[record.ID]*entente.State // instruments by which things without a title are named
	powers *entente.Powers              // of this party; nil: it has none here
	reads  bool
	all    bool
	one    bool
	wants  []node.Want
}

func (w *Web) find(r *request, g *group, all, one bool) (*found, error) {
	f := &found{group: g, linked: map[record.ID]*entente.State{}, all: all, one: one}
	q := node.AttentionQuery{Mine: !all, Limit: listPage}
	if one {
		q.Reason, q.Cursor = entente.AttentionReason(r.URL.Query().Get("reason")), node.Cursor(r.URL.Query().Get("from"))
		f.reason = q.Reason
	}
	var err error
	if f.page, err = w.node.Attention(r.Context(), r.who, g.ID, q); err != nil {
		return nil, err
	}
	if q.Reason == "" { // a page of the first reasons alone says nothing of the others
		for _, c := range f.page.Counts {
			if slices.ContainsFunc(f.page.Items, func(x node.Waiting) bool { return x.Attention.Reason == c.Reason }) {
				continue
			}
			more, err := w.node.Attention(r.Context(), r.who, g.ID, node.AttentionQuery{Mine: !all, Reason: c.Reason, Limit: shownOfReason, Bare: true})
			if err != nil {
				return nil, err
			}
			f.page.Items = append(f.page.Items, more.Items...)
		}
	}
	powers, err := w.node.Powers(g.ID)
	if err != nil {
		return nil, err
	}
	f.powers = powers
	f.reads = powers == nil || !signs(powers, r.who.Office)
	if f.drafts, err = w.draftsFor(r, g, powers, all); err != nil {
		return nil, err
	}
	if f.held, err = w.node.HeldDrafts(r.Context(), r.who, g.ID, f.drafts); err != nil {
		return nil, err
	}
	if f.papers, err = w.node.NonPapers(r.Context(), r.who, g.ID, r.Pattern); err != nil {
		return nil, err
	}
	f.papers = slices.DeleteFunc(f.papers, func(x *node.NonPaper) bool {
		return x.Author == w.node.Party() || x.State != node.NonPaperFloated || x.Seen != 0
	})
	alarms, err := w.node.Alarms(r.Context(), r.who, g.ID)
	if err != nil {
		return nil, err
	}
	f.alarms = len(alarms)
	next, err := w.node.Instruments(r.Context(), r.who, g.ID, node.Query{Kind: meetingKind, Phase: entente.PhaseInForce, DueFrom: w.node.Now(), Sort: node.SortDue, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(next.Items) > 0 {
		f.next = &next.Items[0]
		f.wants = append(f.wants, titles(g, next.Items)...)
	}
	for _, x := range f.page.Items {
		f.wants = append(f.wants, node.Want{Group: g.ID, Record: titled(x.State), Names: []string{"title.*", entente.QuotePart}})
		if x.Attention.Reason == entente.AttentionStopped { // with what was said of it
			f.wants = append(f.wants, node.Want{Group: g.ID, Record: x.Attention.About, Names: []string{"body.*"}})
		}
		if err := w.link(r, g, x.State, f.linked); err != nil {
			return nil, err
		}
	}
	for _, d := range f.drafts { // named by the instrument they speak of
		if i := d.Header.Instrument; !i.IsZero() && f.linked[i] == nil {
			x, err := w.node.Instrument(r.Context(), r.who, g.ID, i)
			if err != nil {
				return nil, err
			}
			f.linked[i] = x.State
		}
	}
	for _, s := range f.linked {
		f.wants = append(f.wants, node.Want{Group: g.ID, Record: titled(s), Names: []string{"title.*", entente.QuotePart}})
	}
	return f, nil
}

// link reads the instrument by which one without a title of its own is named: figures by their indicator.
func (w *Web) link(r *request, g *group, s *entente.State, into map[record.ID]*entente.State) error {
	if len(s.Versions) > 0 {
		return nil
	}
	for _, f := range s.Facts {
		id, err := record.ParseID(f.Value)
		if !f.Link || err != nil || into[id] != nil {
			continue
		}
		d, err := w.node.Instrument(r.Context(), r.who, g.ID, id)
		if err != nil {
			return err
		}
		into[id] = d.State
	}
	return nil
}

// linkedName names an instrument by its own title, else by what it links to, with its source.
func (x reading) linkedName(r *request, g *group, s *entente.State, linked map[record.ID]*entente.State) name {
	if n := x.titleOf(g, titled(s)); n.Text != "" {
		return n
	}
	for _, f := range s.Facts {
		id, err := record.ParseID(f.Value)
		if to := linked[id]; len(s.Versions) == 0 && f.Link && err == nil && to != nil {
			n := x.name(r, g, to)
			n.Text = r.t("attention.figures", "Indicator", n.Text, "Source", s.Fact("source"))
			return n
		}
	}
	return x.name(r, g, s)
}

// draftsFor are the drafts that wait for a signature of the reader's office, or of any office of its party.
func (w *Web) draftsFor(r *request, g *group, powers *entente.Powers, all bool) ([]*node.Draft, error) {
	drafts, err := w.node.Drafts(r.Context(), r.who, g.ID)
	if err != nil || powers == nil {
		return nil, err
	}
	o, _ := powers.Office(r.who.Office)
	now := w.node.Now()
	return slices.DeleteFunc(drafts, func(d *node.Draft) bool { return !all && !wantsSignature(o, d, now) }), nil
}

// wantsSignature: the office has authority for the draft and has not signed it as often as that takes.
func wantsSignature(o entente.Office, d *node.Draft, now int64) bool {
	h := d.Header
	signed := uint64(0)
	for _, a := range h.Approvals {
		if a.Office == o.ID {
			signed++
		}
	}
	return slices.ContainsFunc(o.Grants, func(g entente.Grant) bool { return g.Covers(h.Kind, h.Verb, h.Line, now) && signed < g.Sign })
}

// deskOf says in words what was found.
func (w *Web) deskOf(r *request, f *found, texts reading) desk {
	g, now := f.group, w.node.Now()
	d := desk{Group: g, Alarms: f.alarms, Records: g.Href("records"), Reads: f.reads, Minister: g.Href("minister")}
	for _, x := range f.drafts {
		d.Drafts = append(d.Drafts, w.draftWaits(r, f, texts, x))
	}
	d.Count = len(d.Drafts) + d.Alarms
	for _, c := range f.page.Counts {
		set := waitingSet{Reason: c.Reason, Count: c.Count}
		for _, x := range f.page.Items {
			if x.Attention.Reason == c.Reason {
				set.Items = append(set.Items, w.waits(r, f, texts, x, now))
			}
		}
		if f.reason != "" && f.reason != c.Reason {
			continue
		}
		if f.reason == "" && len(set.Items) > shownOfReason {
			set.Items = set.Items[:shownOfReason]
		}
		if len(set.Items) < c.N {
			set.All = g.Href() + "?reason=" + string(c.Reason) + map[bool]string{true: "&of=party"}[f.all]
			if f.reason != "" && f.page.Next != "" {
				set.All += "&from=" + string(f.page.Next)
			} else if f.reason != "" {
				set.All = ""
			}
		}
		if slices.Contains(others, c.Reason) {
			d.Others = append(d.Others, set)
		} else {
			d.Sets, d.Count = append(d.Sets, set), d.Count+c.N
		}
	}
	for _, x := range f.papers {
		d.Papers = append(d.Papers, waiting{Name: nonPaperName(r, g, x), Href: g.Href(nonPaperPath(x)...),
			Words: r.t("waits.paper", "Party", g.PartyName(x.Author), "Since", w.languages[r.lang].since(cmp.Or(x.Received, x.Created), now))})
	}
	d.Count += len(d.Papers)
	if f.next != nil {
		d.Next = &row{Name: texts.name(r, g, f.next.State), Href: href(g, f.next.State), State: f.next.State, View: f.next.View, Group: g}
		d.NextAt = f.next.State.Due
	}
	return d
}

// draftWaits names a draft by the instrument it speaks of, else by its kind: what it says is read on its own page.
func (w *Web) draftWaits(r *request, f *found, texts reading, d *node.Draft) waiting {
	h := d.Header
	x := waiting{Href: f.group.Href("drafts", d.Nonce.String()), Line: h.Line, Words: w.languages[r.lang].since(d.Created, w.node.Now())}
	if k := f.held[d.Nonce]; k > 0 {
		x.Words, x.Late = r.t("waits.held-back", "Count", k, "Since", x.Words), true
	}
	what := r.t("verb." + string(h.Verb))
	if s := f.linked[h.Instrument]; s != nil {
		n := texts.name(r, f.group, s)
		x.Name = name{r.t("attention.draft-of", "What", what, "Name", n.Text), n.Tag}
	} else {
		x.Name = name{Text: r.t("attention.draft", "What", what, "Kind", r.kindName(h.Kind, false))}
	}
	return x
}

// waits says of one thing since when it waits and until when.
func (w *Web) waits(r *request, f *found, texts reading, x node.Waiting, now int64) waiting {
	a, s, l := x.Attention, x.State, w.languages[r.lang]
	out := waiting{Name: texts.linkedName(r, f.group, s, f.linked), Line: s.Line, Href: href(f.group, s)}
	since := func() string { return l.since(cmp.Or(timeOf(s, a.About), s.Last), now) }
	switch a.Reason {
	case entente.AttentionOverdue:
		out.Words, out.Late = r.t("waits.overdue", "When", l.late(a.By, now), "Day", r.deadline(a.By)), true
	case entente.AttentionContactLate:
		out.Words, out.Late = r.t("waits.overdue", "When", l.late(a.By, now), "Day", r.deadline(a.By)), true
	case entente.AttentionContact:
		out.Words = r.t("waits.contact", "When", l.late(a.By, now), "Moment", l.moment(a.By))
	case entente.AttentionStopped:
		out.Words, out.Late, out.Said = w.stopWords(r, f, x), true, texts.saidIn(f.group, a.About)
	case entente.AttentionNear:
		out.Words = r.t("waits.near", "When", l.late(a.By, now), "Moment", l.moment(a.By))
		out.ID, out.Acts = s.Instrument, w.clicks(r, f, s, act{Verb: record.Note, Key: "act.claim", Version: a.About, Second: true})
	case entente.AttentionHere:
		out.Words = r.t("waits.here", "Window", r.window(s.Fact("from"), s.Fact("to")))
		out.ID, out.Acts = s.Instrument, w.clicks(r, f, s, act{Verb: record.Withdraw, Key: "act.stop", Version: a.About, Second: true})
	case entente.AttentionAuthorised:
		out.Words = r.t("waits.authorised", "When", l.late(a.By, now), "Moment", l.moment(a.By))
	case entente.AttentionDue:
		out.Words = r.t("waits.due", "When", l.late(a.By, now), "Day", r.deadline(a.By))
	case entente.AttentionMeeting:
		out.Words = r.t("waits.meeting", "Moment", l.moment(a.By))
	case entente.AttentionHeld:
		out.Words, out.Late = r.t("waits.held", "Day", r.day(a.By)), true
	case entente.AttentionEnding:
		out.Words = r.t("waits.ending", "When", l.late(a.By, now), "Day", r.day(a.By))
	case entente.AttentionPublish, entente.AttentionCopy:
		if out.Words = since(); a.By != 0 {
			out.Words = r.t("waits.embargo", "Since", out.Words, "Moment", l.moment(a.By))
		}
	default:
		if i := slices.IndexFunc(s.Versions, func(v entente.VersionState) bool { return v.ID == a.About }); i >= 0 && x.View.Counter {
			out.Href += "#v-" + a.About.String()
			out.Reason = r.t("waits.text-of", "Party", f.group.PartyName(s.Versions[i].Ref.Party))
		}
		if out.Words = since(); a.By != 0 {
			out.Words = r.t("waits.until", "Since", out.Words, "When", l.late(a.By, now), "Day", r.deadline(a.By))
		}
	}
	return out
}

// stopWords says who stopped an action, when, and what to do next.
func (w *Web) stopWords(r *request, f *found, x node.Waiting) string {
	for _, v := range x.State.Versions {
		for _, y := range v.Stops {
			if y.ID == x.Attention.About {
				return r.t(map[bool]string{true: "waits.claimed", false: "waits.stopped"}[y.Claim], "Party", f.group.PartyName(y.Ref.Party), "Day", r.day(y.Time))
			}
		}
	}
	return ""
}

// saidIn is what a record says in its body, in the reader's language or in another.
func (x reading) saidIn(g *group, id record.ID) name {
	for _, l := range readerFirst(x.lang, g.Chart.Languages) {
		if t := strings.TrimSpace(x.part(id, "body."+l)); t != "" {
			return name{t, map[bool]string{true: tags[l]}[l != x.lang]}
		}
	}
	return name{}
}

// clicks are acts that the reader's office may sign now; the page of the draft and the gate decide again.
func (w *Web) clicks(r *request, f *found, s *entente.State, acts ...act) []act {
	if f.powers == nil {
		return nil
	}
	o, _ := f.powers.Office(r.who.Office)
	return slices.DeleteFunc(acts, func(a act) bool {
		return !slices.ContainsFunc(o.Grants, func(g entente.Grant) bool { return g.Covers(s.Kind, a.Verb, s.Line, w.node.Now()) })
	})
}

// timeOf is when a record of an instrument was written, as far as its state says; 0: it does not.
func timeOf(s *entente.State, id record.ID) int64 {
	for _, v := range s.Versions {
		if v.ID == id {
			return v.Time
		}
	}
	for _, x := range s.Reports {
		if x.ID == id {
			return x.Time
		}
	}
	for _, x := range s.Replies {
		if x.ID == id {
			return x.Time
		}
	}
	return 0
}

// href is the page of an instrument: its kind's own, or the general one.
func href(g *group, s *entente.State) string {
	if p := kindPages[s.Kind].path; p != "" {
		return g.Href(p, s.Instrument.String())
	}
	return g.Href("i", s.Instrument.String())
}

// attentionCount is how much waits for the reader's office in a group, for the navigation.
func (w *Web) attentionCount(r *request, g *group) (int, error) {
	p, err := w.node.Attention(r.Context(), r.who, g.ID, node.AttentionQuery{Mine: true, Limit: 1, Most: mostWaiting})
	if err != nil {
		return 0, fmt.Errorf("attention: %w", err)
	}
	n := 0
	for _, c := range p.Counts {
		if !slices.Contains(others, c.Reason) {
			n += c.N
		}
	}
	powers, err := w.node.Powers(g.ID)
	if err != nil {
		return 0, err
	}
	drafts, err := w.draftsFor(r, g, powers, false)
	if err != nil {
		return 0, err
	}
	alarms, err := w.node.Alarms(r.Context(), r.who, g.ID)
	if err != nil {
		return 0, err
	}
	papers, err := w.node.UnseenNonPapers(r.Context(), r.who, g.ID)
	if err != nil {
		return 0, err
	}
	c, err := w.node.ClearancesFor(r.Context(), r.who)
	if errors.Is(err, node.ErrNotFound) { // the office has no part in its party's own group
		return n + len(drafts) + len(alarms) + papers, nil
	} else if err != nil {
		return 0, err
	}
	for _, i := range slices.Concat(c.Waiting, c.Returned, c.Cleared) {
		if i.State.Group == g.ID {
			n++
		}
	}
	return n + len(drafts) + len(alarms) + papers, nil
}
