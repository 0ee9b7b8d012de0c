//go:build !race

// The searches go through signatures alone, which take ten times as long under the race detector: make test runs them without it.

package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"entente"
	"entente/record"
	"entente/store"
)

// hidden is a word that was planted at one party.
type hidden struct {
	word    string
	offices []string // "MX/desk"; "MX/" is who runs the machine
	parties []record.Party
	public  record.Party // at whose node everybody may read it; empty: nowhere
	feeds   bool         // a calendar without titles may tell it
}

// leak is a secret found where it may not be: in what an office reads, what runs the machine, a message to a peer, the disk of a party, the
// public's texts, a calendar, or a line of the log.
type leak struct{ way, reader, word string }

// hunted is a generated group with its secrets, and all that names what can be asked for.
type hunted struct {
	*two
	t          *testing.T
	r          *rand.Rand
	secrets    []hidden
	records    []record.ID
	second     record.ID // another group, with other offices
	promised   record.ID // a commitment that all agree on
	statements []record.ID
	drafts     map[record.Party][]record.Nonce
	papers     map[record.Party][]record.Nonce
	clearances map[record.Party][]record.ID
	feeds      map[record.Party]string
	charters   []record.ID
	pages      map[record.Party]visit
	clear      []string // words that stand in the database in the clear: of charters, and names of pages in the access log
	log        *bytes.Buffer
	mu         sync.Mutex
	leaks      map[leak]bool   // what was found where it may not be
	found      map[string]bool // the words that their readers found
}

// visit is a read that the access log holds under a planted word.
type visit struct {
	page string
	of   record.ID
}

// visited has the desk make its visit again, so that it is among the last in the log.
func (h *hunted) visited(p record.Party) {
	_, err := h.nodes[p].Texts(h.t.Context(), deskCaller, h.pages[p].page, []Want{{Group: h.group, Record: h.pages[p].of}})
	h.must(err)
}

var jointOffices = []string{"desk", "legal", "press"}

func named(desk entente.Office, ids ...string) []entente.Office {
	out := []entente.Office{desk}
	for _, id := range ids {
		out = append(out, entente.Office{ID: id, Names: bothNames(id)})
	}
	return out
}

func homeOffices(desk entente.Office) []entente.Office {
	out := named(desk, "audit", "legal", "press", "trade")
	out[0].Grants = []entente.Grant{{Kinds: []string{"charter", "claim-note", "clearance", "press-line", "statement"}, Sign: 1}}
	out[1].Grants = []entente.Grant{{Kinds: []string{"access"}, Sign: 1}}
	out[2].Grants = []entente.Grant{{Kinds: []string{"charter"}, Sign: 1}}
	return out
}

func (h *hunted) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func of(p record.Party, offices ...string) (out []string) {
	for _, o := range offices {
		out = append(out, string(p)+"/"+o)
	}
	return out
}

// plant makes a word for those who may read it; the party that plants it holds it.
func (h *hunted) plant(p record.Party, what string, offices ...string) string {
	word := fmt.Sprintf("canary-%d-%s-%s;", len(h.secrets), p, what)
	h.secrets = append(h.secrets, hidden{word: word, offices: offices, parties: []record.Party{p}})
	return word
}

// part plants a word in a part with a marking, under the rules as the model states them.
func (h *hunted) part(p record.Party, name string, m record.Marking) NewPart {
	var offices []string
	var parties []record.Party
	for q := range h.nodes {
		if q == p || slices.Contains(m.ReleasableTo, q) || m.TLP == record.Clear {
			parties = append(parties, q)
			for _, o := range of(q, jointOffices...) {
				if m.TLP != record.Red || slices.Contains(m.Offices, o) {
					offices = append(offices, o)
				}
			}
		}
	}
	word := h.plant(p, name, offices...)
	s := &h.secrets[len(h.secrets)-1]
	s.parties, s.feeds = parties, m.TLP == record.Clear
	return NewPart{Name: name, Content: []byte(word), Marking: &m}
}

// marking is one at random that lets the author's desk, which signs, read.
func (h *hunted) marking(p record.Party, all []record.Party) record.Marking {
	m := record.Marking{TLP: []record.TLP{record.Clear, record.Green, record.Amber, record.AmberStrict, record.Red}[h.r.IntN(5)]}
	if m.TLP == record.Clear {
		m.ReleasableTo = []record.Party{record.Public}
		return m
	}
	for _, q := range all {
		if h.r.IntN(2) == 0 {
			m.ReleasableTo = append(m.ReleasableTo, q)
		}
	}
	if m.TLP == record.Red {
		m.Offices = of(p, "desk")
		for _, q := range append(m.ReleasableTo, p) {
			for _, o := range of(q, jointOffices...) {
				if h.r.IntN(3) == 0 && !slices.Contains(m.Offices, o) {
					m.Offices = append(m.Offices, o)
				}
			}
		}
		slices.Sort(m.Offices)
	}
	return m
}

var deskCaller = Caller{Office: "desk", Seat: 1, Via: "test"}

// hunt generates a group with markings, remits and releases, and plants secrets in it, while some filters are off.
func hunt(t *testing.T, seed uint64, off filter, all ...record.Party) *hunted {
	t.Helper()
	h := &hunted{t: t, r: rand.New(rand.NewPCG(seed, 7)), drafts: map[record.Party][]record.Nonce{}, papers: map[record.Party][]record.Nonce{},
		clearances: map[record.Party][]record.ID{}, feeds: map[record.Party]string{}, pages: map[record.Party]visit{}, log: new(bytes.Buffer)}
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	h.two = newSeveral(t, homeOffices, func(d entente.Office) []entente.Office { return named(d, jointOffices[1:]...) }, all...)
	h.switched(off)
	h.agreeCharter(t)
	h.besides(all)
	for _, p := range all {
		h.fill(p, all)
		h.exchange(t)
	}
	h.measure(all)
	h.exchange(t)
	return h
}

// besides has all found a second group, in which an office reads that has no part in the first.
func (h *hunted) besides(all []record.Party) {
	first, offices := h.group, map[record.Party][]entente.Office{}
	for _, p := range all {
		desk := entente.Office{ID: "desk", Names: bothNames("Desk"), Seats: []entente.Seat{{Number: 1, Key: PublicKey(h.seats[p])}}, Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}}
		offices[p] = named(desk, "trade")
	}
	h.second = h.joins(h.t, h.charter("trade", "Second", all), offices)
	h.group = h.second
	h.agreeCharter(h.t)
	h.group = first
}

// charter is one of a group of all.
func (h *hunted) charter(track, purpose string, all []record.Party) *entente.Charter {
	c := &entente.Charter{Rules: entente.Rules, Founded: h.now, Track: track, Languages: []string{"en", "es"}, Names: bothNames("Group"),
		Purpose: bothNames(purpose), Clocks: entente.Clocks{Notice: 86400, Ceiling: 3 * 86400, Retention: 86400, Skew: 300}}
	for _, p := range all {
		i, err := h.nodes[p].Introduction(h.t.Context())
		h.must(err)
		c.Parties = append(c.Parties, entente.CharterParty{ID: p, Names: i.Names, Root: i.Root, Next: i.Next})
	}
	return c
}

// measure has all agree on a commitment and on an indicator, and each report figures on it that stay at home.
func (h *hunted) measure(all []record.Party) {
	t := h.t
	amber := record.Marking{TLP: record.Amber, ReleasableTo: all}
	i := h.act(t, all[0], Act{Kind: "indicator", Verb: record.Propose, Line: "fuel", Terms: []byte(`{"code":"fuel.seized","unit":"litres","direction":"up","period":"month"}`),
		Parts: []NewPart{h.part(all[0], "title.en", amber), h.part(all[0], "title.es", amber), {Name: "body.en", Content: []byte("T"), Marking: &amber}, {Name: "body.es", Content: []byte("T"), Marking: &amber}}})
	h.exchange(t)
	h.records = append(h.records, i.ID)
	for _, p := range all {
		h.act(t, p, Act{Kind: "indicator", Verb: record.Consent, Version: i.ID})
		h.act(t, p, Act{Kind: "commitment", Verb: record.Consent, Version: h.promised})
		h.exchange(t)
	}
	h.exchange(t)
	for k, p := range all {
		figure := fmt.Sprintf("739.18420%d561734", k)
		h.secrets = append(h.secrets, hidden{word: figure, offices: of(p, jointOffices...), parties: []record.Party{p}})
		x := record.Table{Columns: entente.ObservationColumns, Rows: [][]string{{"0", "2025-06-01", "2025-07-01", string(p), "", figure, "litres", "final"}}}
		b, err := x.Encode()
		h.must(err)
		s := h.act(t, p, Act{Kind: "observation", Verb: record.Report, Line: "fuel", Terms: fmt.Appendf(nil, `{"indicator":%q,"version":%q,"source":"agency"}`, i.ID, i.ID),
			Parts: []NewPart{{Name: record.RowsPart, Content: b, Marking: &record.Marking{TLP: record.AmberStrict}}}})
		h.records = append(h.records, s.ID)
		h.exchange(t)
	}
}

// switched has these filters off, and no others.
func (h *hunted) switched(off filter) {
	for _, n := range h.nodes {
		n.off = off
	}
}

func (h *hunted) fill(p record.Party, all []record.Party) {
	t, n := h.t, h.nodes[p]
	amber := record.Marking{TLP: record.Amber, ReleasableTo: all}
	inside := of(p, jointOffices...)
	signed := func(a Act) record.ID {
		s := h.act(t, p, a)
		h.records = append(h.records, s.ID)
		return s.ID
	}
	title := NewPart{Name: "title.es", Content: []byte("T"), Marking: &amber}
	body := NewPart{Name: "body.es", Content: []byte("T"), Marking: &amber}

	// Of each marking one at least, and others at random.
	v := signed(Act{Kind: "commitment", Verb: record.Propose, Line: "fuel", Terms: fmt.Appendf(nil, `{"owner":%q,"due":%d}`, p, h.now+30*86400),
		Parts: []NewPart{h.part(p, "title.en", amber), title, h.part(p, "body.en", amber), body}})
	if h.promised.IsZero() {
		h.promised = v
	}
	marks := []record.Marking{{TLP: record.AmberStrict}, {TLP: record.Red, ReleasableTo: all, Offices: of(p, "desk")}, {TLP: record.Green, ReleasableTo: all}}
	for range 4 {
		marks = append(marks, h.marking(p, all))
	}
	report := Act{Kind: "commitment", Verb: record.Report, Instrument: v, Version: v, Terms: []byte(`{"progress":"under-way"}`)}
	for i, m := range marks {
		report.Parts = append(report.Parts, h.part(p, fmt.Sprintf("annex/%d", i), m))
	}
	signed(report)

	m := signed(Act{Kind: "meeting", Verb: record.Propose, Terms: fmt.Appendf(nil, `{"starts":%d,"host":%q,"number":%d}`, h.now+20*86400, p, len(h.records)+1),
		Parts: []NewPart{h.part(p, "title.en", amber), title, h.part(p, "body.en", amber), body}})
	h.must(n.PutNote(t.Context(), deskCaller, h.group, m, h.plant(p, "note", inside...), 0))

	// Texts of its own that it lets out: what of them the public reads is title and text, from the hour on.
	let := func(terms string, parts ...NewPart) {
		id := signed(Act{Kind: "statement", Verb: record.Propose, Terms: []byte(terms), Parts: parts})
		for _, verb := range []record.Verb{record.Consent, record.Release} {
			h.act(t, p, Act{Kind: "statement", Verb: verb, Version: id})
		}
		h.statements = append(h.statements, id)
	}
	open := h.part(p, "annex/open", record.Marking{TLP: record.Clear, ReleasableTo: []record.Party{record.Public}})
	h.secrets[len(h.secrets)-1].public = p
	shown := h.part(p, "title.en", amber)
	h.secrets[len(h.secrets)-1].public = p
	let(`{"own":true}`, shown, title, h.part(p, "body.en", record.Marking{TLP: record.Red, ReleasableTo: all, Offices: of(p, "desk")}),
		h.part(p, "body.es", record.Marking{TLP: record.Amber, ReleasableTo: []record.Party{p}}), h.part(p, "annex/a", amber), open)
	let(fmt.Sprintf(`{"own":true,"embargo":%d}`, h.now+90*86400), h.part(p, "title.en", amber), title, h.part(p, "body.en", amber), body)

	// The same in its group of one, where nothing is public.
	joint, atHome := h.group, of(p, "desk", "audit", "legal", "press", "trade")
	h.group = n.own().id
	let(`{"own":true}`, NewPart{Name: "title.en", Content: []byte(h.plant(p, "home-title", atHome...)), Marking: &record.Marking{TLP: record.Amber}}, NewPart{Name: "title.es", Content: []byte("T")},
		NewPart{Name: "body.en", Content: []byte("T")}, NewPart{Name: "body.es", Content: []byte("T")})
	h.group = joint

	// What is not on record: a draft before its clearance, a non-paper, a calendar, and the access log.
	asked := append(of(p, "trade"), inside...)
	red := record.Marking{TLP: record.Red, Offices: of(p, "legal")}
	plain := NewPart{Name: "body.en", Content: []byte(h.plant(p, "draft", asked...)), Marking: &amber}
	d, err := n.Prepare(t.Context(), deskCaller, Act{Group: h.group, Kind: "statement", Verb: record.Propose,
		Parts: []NewPart{{Name: "title.en", Content: []byte("T")}, title, plain, {Name: "body.es", Content: []byte(h.plant(p, "red-draft", of(p, "legal")...)), Marking: &red}}})
	h.must(err)
	h.must(n.Save(t.Context(), d))
	c, err := n.AskClearance(t.Context(), deskCaller, ClearanceRequest{Group: h.group, Draft: d.Nonce, Stages: [][]string{{"trade"}},
		Text: map[string]string{"en": h.plant(p, "clearance", of(p, "desk", "trade")...)}})
	h.must(err)
	x, err := n.DraftNonPaper(t.Context(), deskCaller, NewNonPaper{Group: h.group, Texts: map[string]FloatText{"en": {Title: "Idea", Body: h.plant(p, "non-paper", inside...)}}})
	h.must(err)
	h.drafts[p], h.papers[p], h.clearances[p] = append(h.drafts[p], d.Nonce), append(h.papers[p], x.ID), append(h.clearances[p], c.ID)
	h.feeds[p], err = n.NewFeed(t.Context(), deskCaller, h.group, "en", false)
	h.must(err)
	h.secrets = append(h.secrets, hidden{word: feedDigest(h.feeds[p]).String(), offices: of(p, "desk", ""), parties: []record.Party{p}})
	purpose := h.plant(p, "charter", of(p, "desk", "")...)
	charter := h.charter("security", purpose, all)
	h.clear = append(h.clear, purpose, feedDigest(h.feeds[p]).String())
	text, err := charter.Encode()
	h.must(err)
	proposal, err := n.TakeCharter(t.Context(), deskCaller, text)
	h.must(err)
	h.charters = append(h.charters, proposal.Group)

	// What its offices keep at home about the group.
	claim, err := n.NoteClaim(t.Context(), deskCaller, h.group, record.ID{}, NewClaim{Claim: &entente.Claim{Office: "An office"}, Quote: h.plant(p, "quote", inside...)})
	h.must(err)
	line, err := n.NotePressLine(t.Context(), deskCaller, h.group, record.ID{}, NewPressLine{Title: bothNames("Asked"), Body: bothNames(h.plant(p, "press", inside...))})
	h.must(err)
	h.records = append(h.records, claim.ID, line.ID)
	h.pages[p] = visit{h.plant(p, "page", of(p, "audit", "")...), v}
	h.clear = append(h.clear, h.pages[p].page)
}

// heard collects what a reader is told: values, bytes and errors alike.
type heard struct{ strings.Builder }

func (o *heard) say(x any, err error) {
	switch x := x.(type) {
	case []byte:
		o.Write(x)
	default:
		b, jsonErr := json.Marshal(x)
		o.Write(b)
		fmt.Fprintf(o, "%s %v", x, jsonErr)
	}
	fmt.Fprintln(o, err)
}

func (o *heard) texts(t Texts, err error) {
	for _, x := range t {
		o.parts(x.Parts, nil)
		if x.Own != nil {
			o.WriteString(x.Own.Text)
		}
	}
	fmt.Fprintln(o, err)
}

func (o *heard) parts(ps []MarkedPart, err error) {
	for _, p := range ps {
		o.Write(p.Content)
	}
	fmt.Fprintln(o, err)
}

// reads asks a node for everything as one caller.
func (h *hunted) reads(p record.Party, who Caller) string {
	n, ctx, o := h.nodes[p], h.t.Context(), new(heard)
	own := n.own().id
	for _, g := range []record.ID{h.group, own, h.second} {
		var wants []Want
		for _, id := range h.records {
			wants = append(wants, Want{Group: g, Record: id, Own: true})
			o.say(n.Record(ctx, who, g, id))
			o.say(n.Instrument(ctx, who, g, id))
			o.say(n.Evidence(ctx, who, g, id, nil))
		}
		o.texts(n.Texts(ctx, who, "", wants))
		o.say(n.Instruments(ctx, who, g, Query{}))
		o.say(n.Attention(ctx, who, g, AttentionQuery{}))
		o.say(n.Alarms(ctx, who, g))
		o.say(n.Feeds(ctx, who, g))
		for _, id := range h.statements {
			x, _, err := n.PublicPreview(ctx, who, g, id)
			if x != nil {
				o.parts(x.Parts, nil)
			}
			o.say(nil, err)
		}
		for q := range h.nodes {
			for _, nonce := range slices.Concat(h.drafts[q], h.papers[q]) {
				o.texts(n.DraftTexts(ctx, who, g, "", nil, nonce))
				o.parts(n.DraftParts(ctx, who, g, nonce))
				_, texts, err := n.NonPaper(ctx, who, g, q, nonce)
				o.say(texts, err)
			}
		}
	}
	for _, q := range slices.Sorted(maps.Keys(h.nodes)) {
		for _, id := range h.clearances[q] {
			o.say(n.Clearance(ctx, who, id))
			o.parts(n.ClearanceParts(ctx, who, id))
		}
	}
	o.say(n.Proposals(ctx, who))
	for _, id := range h.charters {
		o.say(n.Proposal(ctx, who, id))
	}
	o.say(n.Groups(ctx, who), nil)
	o.say(n.Access(ctx, who, 0, 500))
	o.say(n.Review(ctx, who, AccessQuery{Limit: 500}))
	return o.String()
}

// disk is what a party holds of all parts.
func (h *hunted) disk(p record.Party) string {
	n, o := h.nodes[p], new(heard)
	g, err := n.find(h.group)
	h.must(err)
	h.must(n.store.Snapshot(h.t.Context(), func(v *store.View) error {
		for _, id := range h.records {
			e, err := store.ByID(v, append(g.rows(), n.own().rows()...), id)
			if errors.Is(err, store.ErrNotFound) {
				continue // of another's group of one
			} else if err != nil {
				return err
			}
			names, err := store.HeldParts(v, e.Pos)
			if err != nil {
				return err
			}
			for _, name := range names {
				x, err := store.Part(v, e.Pos, id, name)
				if err != nil {
					return err
				}
				o.Write(x.Content)
			}
		}
		return nil
	}))
	return o.String()
}

// may reports whether a secret is for a reader by a way; the reader of what is public, and of a calendar, is named by the party whose
// node is asked.
func (s *hidden) may(way, reader string) bool {
	switch way {
	case "office", "machine":
		return slices.Contains(s.offices, reader)
	case "disk", "frame":
		return slices.Contains(s.parties, record.Party(reader))
	case "public":
		return s.public == record.Party(reader)
	case "calendar":
		return s.feeds
	}
	return false
}

// anew forgets what was found.
func (h *hunted) anew() { h.leaks, h.found = map[leak]bool{}, map[string]bool{} }

// look notes what secrets a reader was told.
func (h *hunted) look(way, reader, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.secrets {
		if s := &h.secrets[i]; strings.Contains(text, s.word) {
			if s.may(way, reader) {
				h.found[s.word] = true
			} else {
				h.leaks[leak{way, reader, s.word}] = true
			}
		}
	}
}

var askingOffices = []string{"desk", "legal", "press", "trade", "audit", "nobody", ""}

// search asks as everybody for everything that a node gives; way: by that way alone.
func (h *hunted) search(way string) {
	h.anew()
	by := func(ways ...string) bool { return way == "" || slices.Contains(ways, way) }
	ctx := h.t.Context()
	for p, n := range h.nodes {
		h.visited(p)
		for _, office := range askingOffices {
			way := "office"
			if office == "" {
				way = "machine"
			}
			if !by(way) {
				continue
			}
			h.look(way, string(p)+"/"+office, h.reads(p, Caller{Office: office, Operator: office == "", Via: "test"}))
		}
		if by("disk") {
			h.look("disk", string(p), h.disk(p))
		}
		for q := range h.nodes {
			if !by("frame") {
				break
			}
			o := new(heard)
			for _, get := range []func() (*Push, error){func() (*Push, error) { return n.Outgoing(ctx, h.group, q, 0) }, func() (*Push, error) { return n.Return(ctx, q, h.group, 0) }} {
				m, err := get()
				if err == nil {
					for _, parts := range m.Parts {
						for _, x := range parts {
							o.Write(x.Content)
						}
					}
				}
				o.say(nil, err)
			}
			for _, g := range []record.ID{h.group, h.second, n.own().id} {
				for a := range h.nodes {
					o.say(n.Answer(ctx, q, Ask{Group: g, Party: a, Size: 1}))
					o.say(n.Answer(ctx, q, Ask{Group: g, Party: a, Size: 1, Record: true}))
				}
			}
			h.look("frame", string(q), o.String())
		}
		o := new(heard)
		all, err := n.PublicTexts(ctx)
		o.say(nil, err)
		for _, x := range all {
			o.parts(x.Parts, nil)
		}
		for _, id := range h.statements {
			for _, g := range []record.ID{h.group, n.own().id} {
				x, err := n.PublicText(ctx, g, id)
				if x != nil {
					o.parts(x.Parts, nil)
				}
				o.say(nil, err)
			}
		}
		h.look("public", string(p), o.String())
		c, _, err := n.Calendar(ctx, h.feeds[p], "")
		h.must(err)
		o = new(heard)
		o.say(c, nil)
		h.look("calendar", string(p), o.String())
	}
	h.look("log", "log", h.log.String())
}

func (h *hunted) clean() {
	for l := range h.leaks {
		h.t.Errorf("%d parties: %s reads %s by way of %s", len(h.nodes), l.reader, l.word, l.way)
	}
}

// judge fails where something was found that is not for its reader, or nothing by anybody of what is for somebody.
func (h *hunted) judge() {
	h.clean()
	for _, s := range h.secrets {
		if !h.found[s.word] {
			h.t.Errorf("%d parties: %s is read by nobody: the searcher would not notice a leak", len(h.nodes), s.word)
		}
	}
}

// The searcher finds nothing that is not for its reader in generated groups of two to four parties, and all that is for somebody.
func TestSearcherFindsNothing(t *testing.T) {
	for seed, all := range [][]record.Party{{"MX", "US"}, {"CA", "MX", "US"}, {"CA", "GT", "MX", "US"}} {
		h := hunt(t, uint64(seed), 0, all...)
		h.search("")
		h.judge()
		if len(h.secrets) < 20*len(all) {
			t.Errorf("%d secrets were planted", len(h.secrets))
		}
	}
}

// rows of the table of filters: by which way the searcher finds something with one off, and those that stand before it on that way.
var rows = []struct {
	filter, before filter
	way            string
}{
	{filterGroup, 0, "office"},
	{filterMachine, 0, "machine"},
	{filterSend, 0, "frame"},
	{filterKeep, filterSend, "disk"},
	{filterHold, filterSend | filterKeep, "office"},
	{filterOffice, 0, "office"},
	{filterPlace, 0, "office"},
	{filterClearance, 0, "office"},
	{filterAudit, 0, "office"},
	{filterCalendars, 0, "office"},
	{filterFounding, 0, "office"},
	{filterTitles, 0, "calendar"},
	{filterHome, 0, "public"},
	{filterAuthor, 0, "public"},
	{filterHour, 0, "public"},
	{filterOpen, 0, "public"},
	{filterAll, 0, "public"},
	{filterAnnex, 0, "public"},
}

// moving filters are asked while the parts move, the others while they are read.
const moving = filterSend | filterKeep

// With any one filter off the searcher finds something by the way that the filter closes. Where others stand before it these are off
// too: alone it still keeps that way closed.
func TestEachFilterIsNeeded(t *testing.T) {
	hunts := map[filter]*hunted{}
	seen := filter(0)
	for _, row := range rows {
		seen |= row.filter
		count := func(off filter) int {
			h := hunts[off&moving]
			if h == nil {
				h = hunt(t, 0, off&moving, "MX", "US")
				hunts[off&moving] = h
			}
			h.switched(off)
			h.search(row.way)
			h.switched(0)
			return h.Leaks(row.way)
		}
		if row.before != 0 {
			if n := count(row.before); n > 0 {
				t.Errorf("filter %b: %d secrets found by way of %s while it is on", row.filter, n, row.way)
			}
		}
		n := count(row.before | row.filter)
		t.Logf("filter %b off: %d found by way of %s", row.filter, n, row.way)
		if n == 0 {
			t.Errorf("filter %b is off, and nothing is found by way of %s", row.filter, row.way)
		}
	}
	if seen != filterEnd-1 {
		t.Errorf("filters %b are tried of %b", seen, filterEnd-1)
	}
}

// Whatever another party's node may ask for is in the walk of a peer, or tells no more than that a message came.
func TestSearcherAsksWhatPeersAsk(t *testing.T) {
	b, err := os.ReadFile("../peer/server.go")
	if err != nil {
		t.Fatal(err)
	}
	searched := []string{"Answer", "Return"}
	receipts := []string{"Admit", "PartyByKey", "Receive", "ReceiveCharter", "ReceiveFloat", "ReceiveTakenBack"}
	found := 0
	for _, m := range regexp.MustCompile(`p\.n\.(\w+)\(`).FindAllStringSubmatch(string(b), -1) {
		if found++; !slices.Contains(searched, m[1]) && !slices.Contains(receipts, m[1]) {
			t.Errorf("a peer asks %s, and the searcher does not", m[1])
		}
	}
	if found < len(searched)+len(receipts) {
		t.Errorf("%d questions found: this test reads the wrong file", found)
	}
}

// asksWho are the files that ask who the caller is beside the table of filters, and what for: never to read what somebody wrote.
var asksWho = map[string]string{
	"checked.go":   "the faults of a check are for who can mend them",
	"clearance.go": "of the clearances that the table let through, which the office asked for itself",
	"founding.go":  "who sets the node up: an act",
	"handover.go":  "whoever hands over a charter holds it",
	"session.go":   "who is signed in: an office ends its own sessions",
}

// The rules on reading stand in the table and nowhere else in this package; whoever asked them beside it would be a filter that the
// searcher does not know.
func TestFiltersStandInOneTable(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	rules := []string{"MayHold", "MayRead", "Published", "Involves", "Public"}
	calls, who := 0, map[string]bool{}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, f.Name(), b, 0)
		if err != nil {
			t.Fatal(err)
		}
		of := func(e ast.Expr, name string) (string, bool) { // what a selector selects from
			s, ok := e.(*ast.SelectorExpr)
			if !ok || s.Sel.Name != name {
				return "", false
			}
			x, _ := s.X.(*ast.Ident)
			return fmt.Sprint(x), true
		}
		ast.Inspect(tree, func(x ast.Node) bool {
			switch x := x.(type) {
			case *ast.CallExpr:
				s, ok := x.Fun.(*ast.SelectorExpr)
				if !ok || !slices.Contains(rules, s.Sel.Name) || s.Sel.Name == "Public" && len(x.Args) == 0 { // a key's
					return true
				}
				if calls++; f.Name() != "filter.go" {
					t.Errorf("%s: %s is asked outside the table", set.Position(s.Pos()), s.Sel.Name)
				}
			case *ast.BinaryExpr: // whose it is, against who asks
				l, left := of(x.X, "Office")
				r, right := of(x.Y, "Office")
				if left && right && (l == "who" || r == "who") {
					who[f.Name()] = true
				}
			case *ast.SelectorExpr:
				if v, ok := of(x, "Operator"); ok && v == "who" {
					who[f.Name()] = true
				}
				if x.Sel.Name == "off" && f.Name() != "filter.go" {
					t.Errorf("%s: switches filters", set.Position(x.Pos()))
				}
			}
			return true
		})
	}
	if calls < 5 || !who["filter.go"] {
		t.Errorf("%d questions found: this test reads the wrong tree", calls)
	}
	delete(who, "filter.go")
	for f := range asksWho {
		if !who[f] {
			t.Errorf("%s does not ask who the caller is any more", f)
		}
	}
	for f := range who {
		if asksWho[f] == "" {
			t.Errorf("%s asks who the caller is: a rule on reading stands in the table, another is named here with what it is for", f)
		}
	}
}
