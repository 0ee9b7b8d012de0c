package node

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"

	"entente"
	"entente/record"
	"entente/store"
)

// FeedInfo is a calendar that a program reads by a secret, without the secret.
type FeedInfo struct {
	Digest  record.ID
	Office  string
	Lang    string
	Titles  bool // titles above TLP:CLEAR too
	Created int64
	Read    int64 // last; 0: never
}

// NewFeed makes a calendar of a group for the caller's office: meetings, and the due dates of what its own party owes. The
// secret is returned once and stored as a digest only. A calendar leaves the node for programs nobody here knows: without
// titles it tells dates and what sort of thing falls on them, and only the titles that everybody may have.
func (n *Node) NewFeed(ctx context.Context, who Caller, group record.ID, lang string, titles bool) (string, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return "", err
	}
	if who.Office == "" {
		return "", fmt.Errorf("a calendar is an office's: %w", ErrForbidden)
	}
	if !slices.Contains(entente.Languages, lang) {
		return "", fmt.Errorf("language %.10q: %w", lang, ErrInvalid)
	}
	secret := base64.RawURLEncoding.EncodeToString(random(tokenBytes))
	return secret, n.write(ctx, func(b *batch) error {
		have, err := store.Feeds(b.tx, g.row)
		if err != nil {
			return b.fail(err)
		}
		if len(have) >= maxFeeds {
			return fmt.Errorf("%w: %w", ErrConflict, record.Because("feed.many", "%d calendars of this group are read: revoke those nobody needs", len(have)))
		}
		return b.fail(b.tx.PutFeed(store.Feed{Digest: feedDigest(secret), Group: g.row, Office: who.Office, Lang: lang, Titles: titles, Created: b.now}))
	})
}

func feedDigest(secret string) record.ID { return record.Digest("entente/feed/v1", []byte(secret)) }

// Feeds lists the calendars of a group that the caller's office made; the operator sees all.
func (n *Node) Feeds(ctx context.Context, who Caller, group record.ID) ([]FeedInfo, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	all, err := store.Feeds(n.store.View(ctx), g.row)
	var out []FeedInfo
	for _, f := range all {
		if n.lists(who, f) {
			out = append(out, FeedInfo{f.Digest, f.Office, f.Lang, f.Titles, f.Created, f.Read})
		}
	}
	return out, explainNil(err)
}

// RevokeFeed ends a calendar of the caller's office at once.
func (n *Node) RevokeFeed(ctx context.Context, who Caller, group, digest record.ID) error {
	have, err := n.Feeds(ctx, who, group)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(have, func(f FeedInfo) bool { return f.Digest == digest }) {
		return fmt.Errorf("calendar: %w", ErrNotFound)
	}
	return n.write(ctx, func(b *batch) error { return b.fail(b.tx.DropFeed(digest)) })
}

// Calendar is what a calendar's program is told.
type Calendar struct {
	Group  record.ID
	Office string // whose it is
	Lang   string
	Tag    string // changes when anything in it does
	Dates  []CalendarDate
}

// CalendarDate is one thing on a day.
type CalendarDate struct {
	State  *entente.State
	View   entente.View
	Meets  bool              // it takes place then; else it falls due
	Titles map[string]string // by language, as far as they may be told
}

// Calendar reads a calendar by its secret. Titles above TLP:CLEAR stand in the access log first, under the office that chose
// to have them told; a program that has this content already (its tag) is told so, and nothing is read. A secret that is
// unknown or revoked, or whose office has no part in the group any more: ErrNotFound.
func (n *Node) Calendar(ctx context.Context, secret, tag string) (c *Calendar, same bool, err error) {
	f, err := store.FeedByDigest(n.store.View(ctx), feedDigest(secret))
	if err != nil {
		return nil, false, notFound("calendar", err)
	}
	g := n.groupByRow(f.Group)
	who := Caller{Office: f.Office, Via: "calendar"}
	if g == nil || n.mayAct(who, g) != nil {
		return nil, false, fmt.Errorf("calendar: %w", ErrNotFound)
	}
	if c, err = n.dates(ctx, who, g, f); err != nil {
		return nil, false, err
	}
	if now := n.clock(); now-f.Read >= 86400 && n.writable(g) == nil {
		if err := n.write(ctx, func(b *batch) error { return b.fail(b.tx.ReadFeed(f.Digest, now)) }); err != nil {
			return nil, false, err
		}
	}
	if tag != "" && tag == c.Tag {
		return c, true, nil
	}
	return c, false, n.tellTitles(ctx, who, g, f, c)
}

// dates are the meetings, and what this party owes, from a quarter back.
func (n *Node) dates(ctx context.Context, who Caller, g *group, f store.Feed) (*Calendar, error) {
	c := &Calendar{Group: g.id, Office: f.Office, Lang: f.Lang}
	since := n.clock() - calendarBack
	add := func(q Query, meets bool) error {
		q.Limit = maxDates
		p, err := n.Instruments(ctx, who, g.id, q)
		if err != nil {
			return err
		}
		for _, x := range p.Items {
			live := x.View.Phase == entente.PhaseInForce || meets && x.View.Phase == entente.PhaseProposed
			if live && (x.State.Fact("starts") != "") == meets && x.State.Due >= since {
				c.Dates = append(c.Dates, CalendarDate{State: x.State, View: x.View, Meets: meets})
			}
		}
		return nil
	}
	if err := add(Query{Kind: "meeting", Sort: SortLatest, DueFrom: since}, true); err != nil {
		return nil, err
	}
	if err := add(Query{Owner: n.party, Progress: ProgressOwed, DueFrom: since}, false); err != nil {
		return nil, err
	}
	slices.SortFunc(c.Dates, func(a, b CalendarDate) int {
		return cmp.Or(cmp.Compare(a.State.Due, b.State.Due), slices.Compare(a.State.Instrument[:], b.State.Instrument[:]))
	})
	parts := [][]byte{[]byte(f.Lang), fmt.Appendf(nil, "%v", f.Titles)}
	for _, d := range c.Dates {
		parts = append(parts, d.State.Instrument[:], fmt.Appendf(nil, "/%d/%d/%s/", d.State.Last, d.State.Due, d.View.Phase))
	}
	tag := record.Digest("entente/calendar/v1", parts...)
	c.Tag = hex.EncodeToString(tag[:12])
	return c, nil
}

// tellTitles reads the titles that a calendar tells.
func (n *Node) tellTitles(ctx context.Context, who Caller, g *group, f store.Feed, c *Calendar) error {
	text := func(s *entente.State) record.ID {
		if v := s.Text(); v != nil {
			return v.ID
		}
		return s.Instrument
	}
	var ids []record.ID
	for _, d := range c.Dates {
		ids = append(ids, text(d.State))
	}
	held, err := store.ByIDs(n.store.View(ctx), g.rows(), ids)
	if err != nil {
		return explain(err)
	}
	var wants []Want
	for _, id := range ids {
		e, ok := held[id]
		if !ok {
			continue
		}
		w := Want{Group: g.id, Record: id, Names: []string{"-"}}
		for _, l := range g.ledger.Founding().Languages {
			if ref, ok := e.Record.Header().Part("title." + l); ok && n.tells(f, ref.Marking) {
				w.Names = append(w.Names, ref.Name)
			}
		}
		wants = append(wants, w)
	}
	texts, err := n.Texts(ctx, who, "calendar", wants)
	if err != nil {
		return err
	}
	for i := range c.Dates {
		d := &c.Dates[i]
		d.Titles = map[string]string{}
		if t := texts[text(d.State)]; t != nil {
			for _, p := range t.Parts {
				d.Titles[p.Name[len("title."):]] = string(p.Content)
			}
		}
	}
	return nil
}
