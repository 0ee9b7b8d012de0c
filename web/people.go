package web

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"

	"entente"
	"entente/node"
	"entente/record"
)

// peopleBody says whom to call, which offices there are on each side, and who signs for what.
type peopleBody struct {
	Call      []callRow
	Parties   []powersView
	May       []grantView // of the reader's own office
	Office    string
	SetsUp    bool
	Pending   *pendingPowers
	Languages []string
	Markings  []markingRow
	Around    *link  // the group that this one lies within, where the reader has a part in it
	Inside    bool   // it lies within one
	Smaller   []link // groups within this one that the reader has a part in
	Within    string // where a smaller group is drafted
}

// callRow is one way to reach the other side.
type callRow struct {
	Party          record.Party
	Name           string
	Telephone, Tel string // as written; as a telephone dials it
	Mail, Hours    string
	Note           string
	Duty, Own      bool // Own: noted by this party, not published by the other
	At             int  // its place among those
}

// pendingPowers are powers that wait for the root key.
type pendingPowers struct {
	Href    string
	By      string
	Changes []string
}

type markingRow struct {
	Kind string
	node.DefaultMarking
}

func (w *Web) people(r *request) (answer, error) {
	l, err := w.node.Ledger(r.group.ID)
	if err != nil {
		return nil, err
	}
	b := peopleBody{SetsUp: w.node.SetsUp(r.who), Languages: r.group.Chart.Languages}
	parties := r.group.Chart.IDs()
	ownFirst(w.node.Party(), parties, func(p record.Party) record.Party { return p })
	for _, p := range parties {
		v, err := w.partyPowers(r, l, p)
		if err != nil {
			return nil, err
		}
		b.Parties = append(b.Parties, v)
		for _, o := range v.Offices {
			if x := o.Reach; x != nil && !v.Own {
				b.Call = append(b.Call, callRow{Party: p, Name: o.Name, Telephone: x.Telephone, Tel: dial(x.Telephone), Mail: x.Mail, Hours: x.Hours, Duty: x.Duty})
			}
			if v.Own && o.ID == r.who.Office {
				b.May, b.Office = o.Grants, o.Name
			}
		}
	}
	noted, _, err := w.node.Directory(r.Context(), r.who, r.group.ID)
	if err != nil {
		return nil, err
	}
	for i, c := range noted {
		b.Call = append(b.Call, callRow{Party: c.Party, Name: contactName(c, r.lang), Telephone: c.Telephone, Tel: dial(c.Telephone), Mail: c.Mail, Hours: c.Hours, Note: c.Note, Duty: c.Duty, Own: true, At: i})
	}
	slices.SortStableFunc(b.Call, func(a, c callRow) int { // who answers at any hour comes first
		switch {
		case a.Duty && !c.Duty:
			return -1
		case c.Duty && !a.Duty:
			return 1
		}
		return 0
	})
	markings, _, err := w.node.DefaultMarkings(r.Context(), r.who, r.group.ID)
	if err != nil {
		return nil, err
	}
	for _, m := range markings {
		name := r.t("marking.every-other")
		if m.Kind != "*" {
			name = r.kindName(m.Kind, true)
		}
		b.Markings = append(b.Markings, markingRow{name, m})
	}
	x, err := w.working(r)
	if err != nil {
		return nil, err
	}
	b.Pending = w.pending(r, x)
	if err := w.surrounding(r, &b); err != nil {
		return nil, err
	}
	return page{name: "people", title: r.t("people.title"), nav: "people", body: b}, nil
}

// surrounding names the groups around and within this one. A group that the reader has no part in is not named, nor counted.
func (w *Web) surrounding(r *request, b *peopleBody) error {
	groups, err := w.groupsOf(r)
	if err != nil {
		return err
	}
	parent := r.group.Info.Founding.Parent
	b.Inside = !parent.IsZero()
	for _, g := range groups {
		switch {
		case b.Inside && g.ID == parent:
			b.Around = &link{Text: g.Name, Href: g.Href("people")}
		case g.Info.Founding.Parent == r.group.ID:
			b.Smaller = append(b.Smaller, link{Text: g.Name, Href: g.Href("people")})
		}
	}
	if b.SetsUp && !r.group.Own && !r.group.Info.Charter.IsZero() {
		b.Within = "/setup/charter?within=" + r.group.Slug
	}
	return nil
}

// partyPowers are the powers of a party that judge what it signs next.
func (w *Web) partyPowers(r *request, l *entente.Ledger, p record.Party) (powersView, error) {
	spans := l.Ring(p).Spans()
	held := r.group.Info.Held[p]
	for _, s := range slices.Backward(spans) {
		if s.From >= held {
			continue
		}
		v := w.powersIn(r, r.group, p, s.Powers)
		rec, err := w.node.Record(r.Context(), r.who, r.group.ID, s.ID)
		if err != nil {
			return v, err
		}
		v.Since = rec.Header.Time
		return v, nil
	}
	return powersView{Party: p, Own: p == w.node.Party()}, nil
}

// dial is a telephone number without what people put between its digits.
func dial(s string) string {
	out := make([]byte, 0, len(s))
	for i, c := range []byte(s) {
		if c >= '0' && c <= '9' || c == '+' && i == 0 {
			out = append(out, c)
		}
	}
	return string(out)
}

func contactName(c node.Contact, lang string) string {
	for _, l := range readerFirst(lang, entente.Languages) {
		if n := c.Names[l]; n != "" {
			return n
		}
	}
	return c.Office
}

// powersPast are the powers of both sides as they changed, newest first.
type powersPast struct {
	Time    int64
	Party   record.Party
	Href    string
	Changes []string
}

func (w *Web) peopleHistory(r *request) (answer, error) {
	l, err := w.node.Ledger(r.group.ID)
	if err != nil {
		return nil, err
	}
	var out []powersPast
	for _, p := range r.group.Chart.IDs() {
		var was *entente.Powers
		for _, s := range l.Ring(p).Spans() {
			rec, err := w.node.Record(r.Context(), r.who, r.group.ID, s.ID)
			if err != nil {
				return nil, err
			}
			out = append(out, powersPast{rec.Header.Time, p, r.group.Href("i", s.ID.String()), w.powersChanges(r, r.group, was, s.Powers)})
			was = s.Powers
		}
	}
	slices.SortStableFunc(out, func(a, b powersPast) int { return int(b.Time - a.Time) })
	return page{name: "people-history", title: r.t("people.history"), nav: "people", body: out}, nil
}

// signIns says who is signed in now.
func (w *Web) signIns(r *request) (answer, error) {
	all, err := w.node.Sessions(r.Context(), r.who)
	if err != nil {
		return nil, err
	}
	b := signInsBody{SetsUp: w.node.SetsUp(r.who)}
	for _, l := range all {
		i := slices.IndexFunc(b.Offices, func(o officeSignIns) bool { return o.Office == l.Office })
		if i < 0 {
			i = len(b.Offices)
			b.Offices = append(b.Offices, officeSignIns{Office: l.Office, Name: w.officeName(r, l.Office), Own: l.Office == r.who.Office})
		}
		b.Offices[i].Logins = append(b.Offices[i].Logins, signInRow{l.Seat, l.How, l.Created, l.Until})
	}
	if b.SetsUp {
		if err := w.waysIn(r, &b); err != nil {
			return nil, err
		}
	}
	return page{name: "signins", title: r.t("signins.title"), nav: "signins", body: b}, nil
}

// waysIn adds keys and accounts that let people in.
func (w *Web) waysIn(r *request, b *signInsBody) error {
	all, err := w.node.SignIns(r.Context(), r.who, "")
	if err != nil {
		return err
	}
	for _, c := range all.Credentials {
		b.Ways = append(b.Ways, wayIn{Office: w.officeName(r, c.Office), Seat: c.Seat, What: r.t("signins.key." + c.Use), Name: c.Name, Since: c.Created, Remove: "/signins/remove?key=" + hex.EncodeToString(c.ID)})
	}
	for _, s := range all.Accounts {
		b.Ways = append(b.Ways, wayIn{Office: w.officeName(r, s.Office), Seat: s.Seat, What: r.t("signins.account"), Name: s.Subject,
			Remove: "/signins/remove?" + url.Values{"issuer": {s.Issuer}, "subject": {s.Subject}}.Encode()})
	}
	return nil
}

// removeWay says what follows, and then removes a key of an official or the place of an account.
func (w *Web) removeWay(r *request) (answer, error) {
	all, err := w.node.SignIns(r.Context(), r.who, "")
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	id, bad := hex.DecodeString(q.Get("key"))
	name, follows, drop := "", "", func() error { return nil }
	for _, c := range all.Credentials {
		if bad == nil && q.Has("key") && bytes.Equal(c.ID, id) {
			name, follows, drop = c.Name, r.t("signins.remove."+c.Use), func() error { return w.node.DropCredential(r.Context(), id) }
		}
	}
	for _, s := range all.Accounts {
		if q.Has("subject") && s.Issuer == q.Get("issuer") && s.Subject == q.Get("subject") {
			name, follows, drop = s.Subject, r.t("signins.remove.signin"), func() error { return w.node.DropSubject(r.Context(), s.Issuer, s.Subject) }
		}
	}
	if follows == "" {
		return nil, fmt.Errorf("sign-in: %w", node.ErrNotFound)
	}
	f, err := r.form(r.URL.RequestURI(), r.t("people.remove-one"))
	if err != nil {
		return nil, err
	}
	f.Back, f.Warning = "/signins", true
	if r.Method == "POST" {
		w.log.InfoContext(r.Context(), "way in removed", "by", r.who.Office, "name", name)
		return redirect{to: "/signins", done: "way-removed"}, drop()
	}
	return page{name: "confirm", title: r.t("signins.remove-title", "Name", name), nav: "signins", body: confirmBody{f, follows}}, nil
}

type signInsBody struct {
	SetsUp  bool
	Offices []officeSignIns
	Ways    []wayIn // keys and accounts, for who sets up
}

// wayIn is what lets an official in, or signs.
type wayIn struct {
	Office, What, Name string
	Seat               uint64
	Since              int64 // 0: not kept
	Remove             string
}

type officeSignIns struct {
	Office, Name string
	Own          bool
	Logins       []signInRow
}

type signInRow struct {
	Seat           uint64
	How            string
	Created, Until int64
}

// endSignIns says what follows, and then ends every sign-in of an office.
func (w *Web) endSignIns(r *request) (answer, error) {
	office := r.URL.Query().Get("office")
	if !record.ValidName(office) {
		return nil, fmt.Errorf("office: %w", node.ErrNotFound)
	}
	if office != r.who.Office && !w.node.SetsUp(r.who) {
		return nil, fmt.Errorf("sign-ins: %w", node.ErrForbidden)
	}
	f, err := r.form(r.URL.RequestURI(), r.t("signins.end"))
	if err != nil {
		return nil, err
	}
	f.Back, f.Warning = "/signins", true
	if r.Method == "POST" {
		if err := w.node.EndSessions(r.Context(), r.who, office); err != nil {
			return nil, err
		}
		return redirect{to: "/signins", done: "signins-ended"}, nil
	}
	name := w.officeName(r, office)
	key := "signins.end-follows"
	if office == r.who.Office {
		key = "signins.end-own"
	}
	return page{name: "confirm", title: r.t("signins.end-title", "Office", name), nav: "signins", body: confirmBody{f, r.t(key, "Office", name)}}, nil
}
