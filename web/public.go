package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"entente"
	"entente/node"
	"entente/record"
)

// The public pages: what both sides have let out, for whoever comes, without sign-in and without cookies. What they show is
// decided by the node alone (node.PublicTexts); a node serves them only where it is told to.

// publicText is a published text as its page shows it.
type publicText struct {
	Group     string
	Href      string
	Title     name
	Texts     []text
	Form      string // message key
	By        string // the parties whose text it is
	Own       bool
	Time      int64
	Corrects  string
	Corrected []string
	Beside    []link // other texts of the same meeting
	Annexes   []link
	Version   record.ID
	Of        record.ID // the group
	Command   string
}

func (w *Web) publicText(lang string, p *node.PublicText) *publicText {
	at := "/public/" + w.slugOf(p.Founding, p.Group) + "/"
	x := &publicText{Group: p.Founding.Names[lang], Href: at + p.Instrument.String(), Form: formKey(p.Form), Own: p.Own != "", Time: p.Time, Version: p.Version, Of: p.Group,
		Command: "entente verify " + proofName(p)}
	parties := slices.Clone(p.Parties)
	ownFirst(w.node.Party(), parties, func(q record.Party) record.Party { return q })
	var names []string
	for _, q := range parties {
		if c, ok := p.Founding.Party(q); ok {
			names = append(names, c.Names[lang])
		}
	}
	x.By = strings.Join(names, ", ")
	for _, l := range readerFirst(lang, p.Founding.Languages) {
		t := text{Lang: l, Tag: tags[l], Title: p.Part("title." + l), Body: p.Part("body." + l)}
		t.Missing = t.Title == "" && t.Body == ""
		if x.Title.Text == "" && t.Title != "" {
			if x.Title = (name{Text: t.Title}); l != lang {
				x.Title.Tag = tags[l]
			}
		}
		x.Texts = append(x.Texts, t)
	}
	if !p.Corrects.IsZero() {
		x.Corrects = at + p.Corrects.String()
	}
	for _, id := range p.Corrected {
		x.Corrected = append(x.Corrected, at+id.String())
	}
	for _, o := range p.Beside {
		y := w.publicText(lang, o)
		x.Beside = append(x.Beside, link{Text: y.Title.Text, Lang: y.Title.Tag, Href: y.Href})
	}
	for _, part := range p.Parts {
		if n, ok := strings.CutPrefix(part.Name, "annex/"); ok {
			x.Annexes = append(x.Annexes, link{Text: n, Href: x.Href + "/annex/" + url.PathEscape(n)})
		}
	}
	return x
}

// publicGroup finds a group by its name in an address. Whether it exists is told by nothing but a text of it that is public.
func (w *Web) publicGroup(r *request) (record.ID, error) {
	for _, g := range w.node.Groups(r.Context(), node.Caller{Operator: true, Via: "public"}) {
		if w.slugOf(g.Founding, g.ID) == r.PathValue("of") {
			return g.ID, nil
		}
	}
	return record.ID{}, fmt.Errorf("page: %w", node.ErrNotFound)
}

// openPublic lets a request for a public page through, or says why not.
func (w *Web) openPublic(r *request) error {
	if !w.public {
		return fmt.Errorf("page: %w", node.ErrNotFound)
	}
	r.lang = accepted(r.Request) // and by no cookie: caches keep one page for all who ask alike
	if l := r.URL.Query().Get("lang"); tags[l] != "" {
		r.lang = l
	}
	return nil
}

func (w *Web) publicOne(r *request) (*node.PublicText, error) {
	if err := w.openPublic(r); err != nil {
		return nil, err
	}
	g, err := w.publicGroup(r)
	if err != nil {
		return nil, err
	}
	id, err := record.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("page: %w", node.ErrNotFound)
	}
	return w.node.PublicText(r.Context(), g, id)
}

// publicPage is a page without sign-in: it sets no cookie, and caches may keep it for a minute.
type publicPage struct {
	name  string
	title string
	body  any
}

// publicView is what its template gets.
type publicView struct {
	Lang, Tag  string
	Title      string
	Party      string
	Languages  []link
	Feed       string
	Stylesheet string
	Body       any
}

func (a publicPage) write(rw http.ResponseWriter, r *request) error {
	w := r.web
	v := publicView{Lang: r.lang, Tag: tags[r.lang], Title: a.title, Party: w.node.Config().Names[r.lang], Feed: "/public/feed/" + r.lang, Stylesheet: w.assets.url["main.css"], Body: a.body}
	if v.Party == "" {
		v.Party = string(w.node.Party())
	}
	for _, code := range entente.Languages {
		v.Languages = append(v.Languages, link{Text: w.languages[code].t("language.name"), Lang: code, Current: code == r.lang, Href: r.URL.Path + "?lang=" + code})
	}
	var b bytes.Buffer
	if err := w.languages[r.lang].executeAs(&b, "public", a.name, v); err != nil {
		return err
	}
	rw.Header().Set("Content-Language", w.languages[r.lang].tag)
	return public(rw, r, "text/html; charset=utf-8", visible(b.Bytes()))
}

// public answers with what anybody may have. Caches keep it for a minute, so that what is let out at an hour is seen at it.
func public(rw http.ResponseWriter, r *request, mime string, b []byte) error {
	sum := sha256.Sum256(b)
	h := rw.Header()
	h.Set("Content-Type", mime)
	h.Set("Cache-Control", "public, max-age=60")
	h.Set("Vary", "Accept-Language")
	h.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	http.ServeContent(rw, r.Request, "", time.Time{}, bytes.NewReader(b))
	return nil
}

// publicFile is a file for anybody.
type publicFile struct {
	name, mime string
	content    []byte
}

func (a publicFile) write(rw http.ResponseWriter, r *request) error {
	if a.name != "" {
		rw.Header().Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(a.name))
	}
	return public(rw, r, a.mime, a.content)
}

// publicList lists what is public of every group of this node.
func (w *Web) publicList(r *request) (answer, error) {
	if err := w.openPublic(r); err != nil {
		return nil, err
	}
	texts, err := w.node.PublicTexts(r.Context())
	if err != nil {
		return nil, err
	}
	var out []*publicText
	for _, p := range texts {
		out = append(out, w.publicText(r.lang, p))
	}
	return publicPage{"public", r.t("public.title"), out}, nil
}

func (w *Web) publicShow(r *request) (answer, error) {
	p, err := w.publicOne(r)
	if err != nil {
		return nil, err
	}
	x := w.publicText(r.lang, p)
	return publicPage{"public-text", x.Title.Text, x}, nil
}

// publicProof is the file by which anybody verifies the text offline.
func (w *Web) publicProof(r *request) (answer, error) {
	p, err := w.publicOne(r)
	if err != nil {
		return nil, err
	}
	b, err := w.node.Publication(r.Context(), p.Group, p.Instrument)
	if err != nil {
		return nil, err
	}
	return publicFile{proofName(p), "application/octet-stream", b}, nil
}

func proofName(p *node.PublicText) string {
	return "entente-" + p.Founding.Track + "-" + p.Instrument.Short() + ".publication"
}

func (w *Web) publicAnnex(r *request) (answer, error) {
	p, err := w.publicOne(r)
	if err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	for _, x := range p.Parts {
		if x.Name == "annex/"+name {
			return publicFile{name, "application/octet-stream", x.Content}, nil
		}
	}
	return nil, fmt.Errorf("page: %w", node.ErrNotFound)
}

// atom is a feed (RFC 4287).
type atom struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr,omitempty"`
	Href string `xml:"href,attr"`
	Lang string `xml:"hreflang,attr,omitempty"`
}

type atomEntry struct {
	ID        string     `xml:"id"`
	Title     string     `xml:"title"`
	Updated   string     `xml:"updated"`
	Published string     `xml:"published"`
	Author    string     `xml:"author>name"`
	Links     []atomLink `xml:"link"`
	Content   atomText   `xml:"content"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Lang string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
	Text string `xml:",chardata"`
}

// publicFeed is the same list for programs, in one language.
func (w *Web) publicFeed(r *request) (answer, error) {
	lang := r.PathValue("language")
	if tags[lang] == "" {
		return nil, fmt.Errorf("page: %w", node.ErrNotFound)
	}
	if err := w.openPublic(r); err != nil {
		return nil, err
	}
	r.lang = lang
	texts, err := w.node.PublicTexts(r.Context())
	if err != nil {
		return nil, err
	}
	base := w.base(r)
	party := w.node.Config().Names[lang]
	f := atom{Lang: tags[lang], ID: base + "/public/feed/" + lang, Title: r.t("public.title") + " – " + party, Updated: time.Unix(0, 0).UTC().Format(time.RFC3339), Author: party,
		Links: []atomLink{{Rel: "self", Href: base + "/public/feed/" + lang}, {Rel: "alternate", Href: base + "/public?lang=" + lang, Lang: tags[lang]}}}
	for i, p := range texts {
		x := w.publicText(lang, p)
		at := time.Unix(p.Time, 0).UTC().Format(time.RFC3339)
		if i == 0 {
			f.Updated = at
		}
		e := atomEntry{ID: "urn:entente:" + p.Group.String() + ":" + p.Version.String(), Title: x.Title.Text, Updated: at, Published: at, Author: x.By, Links: []atomLink{{Rel: "alternate", Href: base + x.Href + "?lang=" + lang, Lang: tags[lang]}}}
		for _, t := range x.Texts {
			if t.Body != "" {
				e.Content = atomText{Type: "text", Lang: t.Tag, Text: t.Body}
				break
			}
		}
		f.Entries = append(f.Entries, e)
	}
	b, err := xml.MarshalIndent(f, "", " ")
	if err != nil {
		return nil, err
	}
	return publicFile{"", "application/atom+xml; charset=utf-8", visible(append([]byte(xml.Header), b...))}, nil
}

// base is the address of this node as browsers see it.
func (w *Web) base(r *request) string {
	if w.origin != nil {
		return w.origin.String()
	}
	return "http://" + r.Host
}

// rate bounds how often one address asks for public pages, so that a crowd at the hour of an announcement is served and one
// machine cannot keep the node busy.
type rate struct {
	now    func() int64
	mu     sync.Mutex
	minute int64
	by     map[string]int
}

func (x *rate) allows(remote string) bool {
	from, _, err := net.SplitHostPort(remote)
	if err != nil {
		from = remote
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if m := x.now() / 60; m != x.minute || x.by == nil || len(x.by) >= maxAsking {
		x.minute, x.by = m, map[string]int{}
	}
	x.by[from]++
	return x.by[from] <= maxPublicRequests
}

// bounded refuses what is asked too often.
func bounded(do func(*Web, *request) (answer, error)) func(*Web, *request) (answer, error) {
	return func(w *Web, r *request) (answer, error) {
		if w.public && !w.asked.allows(r.RemoteAddr) {
			return tooMany{}, nil
		}
		return do(w, r)
	}
}

type tooMany struct{}

func (tooMany) write(rw http.ResponseWriter, r *request) error {
	rw.Header().Set("Retry-After", "60")
	http.Error(rw, r.t("public.too-many"), http.StatusTooManyRequests)
	return nil
}
