package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"entente"
	"entente/node"
	"entente/record"
)

// chrome is what stands around every page.
type chrome struct {
	Lang, Tag  string
	Title      string // of the window
	Heading    string // the same, without what the window says beside it
	Wide       bool
	Back       string // of the language links: this page
	Languages  []link
	Party      string
	Office     string // of the session; empty: nobody is signed in
	Home       bool
	Count      int // of what waits for the office in the group
	Group      *group
	Groups     []group // the office's others
	Nav        []section
	Flash      string
	Past       *past  // the page shows a past moment
	Mark       string // who reads it, and when; empty: nobody is signed in
	Now        int64
	Version    string
	Stylesheet string
	Script     string
}

type link struct {
	Text, Href, Lang string
	Current          bool
}

type section struct {
	Key, Href string
	Current   bool
}

// view is what a template gets.
type view struct {
	chrome
	Body any
}

// group is a group as the reader's pages name it.
type group struct {
	ID    record.ID
	Slug  string
	Name  string
	Own   bool
	Info  node.GroupInfo
	Chart *entente.Charter // in force, else as founded
	lang  string
}

// Href is a page of the group.
func (g *group) Href(parts ...string) string {
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.TrimSuffix("/g/"+g.Slug+"/"+strings.Join(parts, "/"), "/")
}

// PartyName is a party's name in the reader's language.
func (g *group) PartyName(p record.Party) string {
	if x, ok := g.Chart.Party(p); ok {
		return x.Names[g.lang]
	}
	return string(p)
}

// LineName is the name of a line of effort.
func (g *group) LineName(code string) string {
	for _, l := range g.Chart.Lines {
		if l.Code == code {
			return l.Names[g.lang]
		}
	}
	return code
}

// Others are the parties beside the reader's own.
func (g *group) Others(own record.Party) []record.Party {
	var out []record.Party
	for _, p := range g.Chart.IDs() {
		if p != own {
			out = append(out, p)
		}
	}
	return out
}

// slugOf names a group in an address: by the first digits of its id, or, where another group of this node has the same, which a
// founder who looks for it can bring about, by the whole.
func (w *Web) slugOf(c *entente.Charter, id record.ID) string {
	var all []record.ID
	for _, i := range w.node.Groups(context.Background(), node.Caller{Operator: true, Via: "web"}) {
		all = append(all, i.ID)
	}
	return slug(c.Track, id, all)
}

func slug(track string, id record.ID, all []record.ID) string {
	if slices.ContainsFunc(all, func(o record.ID) bool { return o != id && o.Short() == id.Short() }) {
		return track + "-" + id.String()
	}
	return track + "-" + id.Short()
}

// groupsOf are the joint groups that the reader's office has a part in.
func (w *Web) groupsOf(r *request) ([]group, error) {
	var out []group
	for _, i := range w.node.Groups(r.Context(), r.who) {
		if i.Own {
			continue
		}
		g, err := w.groupFrom(r, i)
		if err != nil {
			return nil, err
		}
		out = append(out, *g)
	}
	return out, nil
}

func (w *Web) groupFrom(r *request, i node.GroupInfo) (*group, error) {
	l, err := w.node.Ledger(i.ID)
	if err != nil {
		return nil, err
	}
	g := &group{ID: i.ID, Own: i.Own, Info: i, Chart: i.Founding, lang: r.lang}
	if _, c := l.Charter(); c != nil {
		g.Chart = c
	}
	g.Slug, g.Name = w.slugOf(i.Founding, i.ID), g.Chart.Names[r.lang]
	return g, nil
}

// ofOwnGroup are the paths that the group of one has too: who may act for the party there. What else stands there, clearances and
// the access log, has pages of its own or none.
var ofOwnGroup = regexp.MustCompile(`^[A-Z]+ /g/\{group\}/(people|drafts/\{nonce\})(/|$)`)

// findGroup finds the group of a path. Whether a group exists is not for an office that has no part in it.
func (w *Web) findGroup(r *request, slug, pattern string) (*group, error) {
	for _, i := range w.node.Groups(r.Context(), r.who) {
		if (!i.Own || ofOwnGroup.MatchString(pattern)) && w.slugOf(i.Founding, i.ID) == slug {
			return w.groupFrom(r, i)
		}
	}
	return nil, fmt.Errorf("group: %w", node.ErrNotFound)
}

// sections of a group, in the order in which officials need them.
var sections = []struct{ key, path, kind string }{
	{"attention", "", ""},
	{"minister", "minister", ""},
	{"commitments", "commitments", commitments},
	{"indicators", "indicators", indicatorKind},
	{"claims", "claims", entente.ClaimKind},
	{"meetings", "meetings", "meeting"},
	{"statements", "statements", "statement"},
	{"actions", "actions", actionKind},
	{"contacts", "contacts", entente.ContactKind},
	{"nonpapers", "nonpapers", ""},
	{"terms", "terms", "term"},
	{"people", "people", ""},
	{"records", "records", ""},
}

// homeSections are the pages of the party's own, beside its groups.
var homeSections = []struct{ key, path string }{
	{"attention", "/"},
	{"clearances", "/clearances"},
	{"signins", "/signins"},
	{"audit", "/access"},
	{"setup", "/setup"},
}

func (w *Web) chrome(rw http.ResponseWriter, r *request, p page) (chrome, error) {
	c := chrome{Lang: r.lang, Tag: tags[r.lang], Title: p.title, Heading: p.title, Wide: p.wide, Back: r.next(), Now: w.node.Now(), Version: w.version, Group: r.group,
		Stylesheet: w.assets.url["main.css"], Script: w.assets.url["app.js"], Home: r.URL.Path == "/", Flash: w.takeFlash(rw, r.Request), Past: r.past()}
	if p.heading != "" {
		c.Heading = p.heading
	}
	if c.Party = w.node.Config().Names[r.lang]; c.Party == "" {
		c.Party = string(w.node.Party())
	}
	for _, code := range entente.Languages {
		c.Languages = append(c.Languages, link{Text: w.languages[code].t("language.name"), Lang: code, Current: code == r.lang,
			Href: "/language/" + code + "?back=" + url.QueryEscape(c.Back)})
	}
	if r.session == nil {
		return c, nil
	}
	c.Office, c.Mark = w.officeName(r, r.session.Office), w.shownTo(r)
	groups, err := w.groupsOf(r)
	if err != nil {
		return c, err
	}
	for _, g := range groups {
		if r.group == nil || g.ID != r.group.ID {
			c.Groups = append(c.Groups, g)
		}
	}
	if r.group == nil || r.group.Own {
		for _, s := range homeSections {
			if s.key == "setup" && !w.node.SetsUp(r.who) || s.key == "audit" && !w.node.Audits(r.who) {
				continue
			}
			c.Nav = append(c.Nav, section{s.key, s.path, s.key == p.nav})
		}
	}
	if r.group != nil && !r.group.Own {
		if c.Count, err = w.attentionCount(r, r.group); err != nil {
			return c, err
		}
		for _, s := range sections {
			c.Nav = append(c.Nav, section{s.key, strings.TrimSuffix("/g/"+r.group.Slug+"/"+s.path, "/"), p.nav != "" && (s.key == p.nav || s.kind == p.nav)})
		}
	}
	return c, nil
}

// officeName is an office's name by the powers of any group it has a part in.
func (w *Web) officeName(r *request, id string) string {
	for _, i := range w.node.Groups(r.Context(), r.who) {
		if p, err := w.node.Powers(i.ID); err == nil && p != nil {
			if o, ok := p.Office(id); ok && o.Names[r.lang] != "" {
				return o.Names[r.lang]
			}
		}
	}
	return id
}

// flash keeps the key of a message for the next page.
func (w *Web) flash(rw http.ResponseWriter, key string) {
	http.SetCookie(rw, &http.Cookie{Name: "flash", Value: key, Path: "/", MaxAge: 60, HttpOnly: true, Secure: w.secure(), SameSite: http.SameSiteLaxMode})
}

func (w *Web) takeFlash(rw http.ResponseWriter, r *http.Request) string {
	c, err := r.Cookie("flash")
	if err != nil || !record.ValidName(c.Value) {
		return ""
	}
	http.SetCookie(rw, &http.Cookie{Name: "flash", Path: "/", MaxAge: -1, HttpOnly: true, Secure: w.secure(), SameSite: http.SameSiteLaxMode})
	return c.Value
}
