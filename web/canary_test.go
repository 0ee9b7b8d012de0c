package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"entente"
	"entente/node"
	"entente/record"
)

// canary is a secret that was planted at one side: who may read it, and where it can be read.
type canary struct {
	what  string
	text  string
	home  record.Party
	may   func(office string) bool // of the home party
	other func(office string) bool // of the other party; nil: nobody
	about record.ID                // under which its reads stand in the access log; zero: not looked for
}

func only(offices ...string) func(string) bool {
	return func(o string) bool { return slices.Contains(offices, o) }
}

// planted are the secrets and the paths under which each would stand if nothing kept it back.
type planted struct {
	secrets []canary
	paths   map[record.Party][]string
}

func (p *planted) plant(x *side, what string, may func(string) bool) string {
	text := fmt.Sprintf("canary-%s-%d-%s", strings.ToLower(string(x.id)), len(p.secrets), what)
	p.secrets = append(p.secrets, canary{what: what, text: text, home: x.id, may: may})
	return text
}

func (p *planted) last() *canary { return &p.secrets[len(p.secrets)-1] }

func (p *planted) at(x *side, paths ...string) { p.paths[x.id] = append(p.paths[x.id], paths...) }

func red(offices ...string) *record.Marking {
	m := &record.Marking{TLP: record.Red}
	for _, o := range offices {
		m.Offices = append(m.Offices, o)
		if p, _, _ := strings.Cut(o, "/"); !slices.Contains(m.ReleasableTo, record.Party(p)) {
			m.ReleasableTo = append(m.ReleasableTo, record.Party(p))
		}
	}
	slices.Sort(m.Offices)
	return m
}

// secretsOf plants one secret of each sort at a side.
func (p *planted) secretsOf(t *testing.T, x, y *side) {
	t.Helper()
	own, g, slug := string(x.id), x.security(t).ID, x.slug(t)
	inside := func(o string) bool { return x.has(t, g, o) }
	add := func(what string, may func(string) bool, m *record.Marking) node.NewPart {
		return node.NewPart{Name: "annex/" + what + ".txt", Content: []byte(p.plant(x, what, may)), Marking: m}
	}
	parts := append(both("title", "On record"), node.NewPart{Name: "body.en", Content: []byte("Text")},
		node.NewPart{Name: "body.es", Content: []byte(p.plant(x, "red-body", only("legal", "press"))), Marking: red(own+"/legal", own+"/press")},
		add("red", only("legal", "press"), red(own+"/legal", own+"/press")),
		add("own", inside, &record.Marking{TLP: record.AmberStrict}),
		add("red-abroad", only("legal", "press"), red(own+"/legal", own+"/press", string(y.id)+"/legal")))
	abroad := p.last()
	abroad.other = only("legal")
	s := x.seal(t, "press", node.Act{Kind: "statement", Verb: record.Propose, Parts: parts}, entente.Statement{Own: true})
	for i := len(p.secrets) - 4; i < len(p.secrets); i++ {
		p.secrets[i].about = s.ID
	}
	for _, z := range []*side{x, y} {
		p.at(z, slug+"/i/"+s.ID.String(), slug+"/i/"+s.ID.String()+"/evidence", slug+"/r/"+s.ID.String()+"/body.es", slug+"/i/"+s.ID.String()+"/translate?of="+s.ID.String())
		for _, a := range []string{"red", "own", "red-abroad"} {
			p.at(z, slug+"/r/"+s.ID.String()+"/annex/"+a+".txt")
		}
	}

	meeting := x.seal(t, "desk", node.Act{Kind: "meeting", Verb: record.Propose, Parts: both("title", "Meeting of canaries")}, entente.Meeting{Starts: x.node.Now() + 50*86400, Host: x.id, Number: 90})
	must(t, x.node.PutNote(t.Context(), who("desk"), g, meeting.ID, p.plant(x, "home-note", inside), 0))
	p.last().about = meeting.ID
	for _, z := range []*side{x, y} {
		p.at(z, slug+"/meetings/"+meeting.ID.String(), slug+"/meetings/"+meeting.ID.String()+"/briefing", slug+"/i/"+meeting.ID.String(), slug+"/i/"+meeting.ID.String()+"/evidence")
	}

	draft := func(parts ...node.NewPart) *node.Draft {
		d, err := x.node.Prepare(t.Context(), who("press"), node.Act{Group: g, Kind: "statement", Verb: record.Propose, Parts: append(both("title", "Kept"), parts...)})
		must(t, err)
		return d
	}
	keep := func(d *node.Draft) {
		for _, z := range []*side{x, y} {
			p.at(z, slug+"/drafts/"+d.Nonce.String(), slug+"/sign?d="+d.Nonce.String(), slug+"/drafts/"+d.Nonce.String()+"/clearance")
		}
		t.Cleanup(func() { _ = x.node.Drop(t.Context(), operator, d.Nonce) })
	}
	plain := draft(node.NewPart{Name: "body.en", Content: []byte(p.plant(x, "draft", inside))}, node.NewPart{Name: "body.es", Content: []byte("t")})
	p.last().about = plain.Act
	must(t, x.node.Save(t.Context(), plain))
	keep(plain)
	kept := draft(node.NewPart{Name: "body.en", Content: []byte(p.plant(x, "red-draft", only("legal"))), Marking: red(own + "/legal")}, node.NewPart{Name: "body.es", Content: []byte("t")})
	p.last().about = kept.Act
	q := node.Act{Group: g, Kind: "statement", Verb: record.Propose, Terms: json.RawMessage(`{}`), Parts: append(both("title", "Follows"),
		node.NewPart{Name: "body.en", Content: []byte(p.plant(x, "red-sequel", only("legal"))), Marking: red(own + "/legal")}, node.NewPart{Name: "body.es", Content: []byte("t")})}
	p.last().about = kept.Act
	must(t, x.node.SaveWith(t.Context(), who("press"), kept, node.Sequel{Act: q, Term: "corrects"}))
	keep(kept)

	asked, err := x.node.AskClearance(t.Context(), who("press"), node.ClearanceRequest{Group: g, Draft: plain.Nonce, Stages: [][]string{{"trade-legal"}},
		Text: map[string]string{"en": p.plant(x, "clearance", only("press", "trade-legal"))}})
	must(t, err)
	p.last().about = asked.ID
	p.secrets[slices.IndexFunc(p.secrets, func(c canary) bool { return c.home == x.id && c.what == "draft" })].may = func(o string) bool { return inside(o) || o == "trade-legal" }
	home := ""
	for _, i := range x.node.Groups(t.Context(), operator) {
		if i.Own {
			home = "/g/" + i.Founding.Track + "-" + i.ID.Short()
		}
	}
	for _, z := range []*side{x, y} {
		p.at(z, "/clearances/"+asked.ID.String(), home+"/i/"+asked.ID.String(), home+"/i/"+asked.ID.String()+"/evidence", home+"/r/"+asked.ID.String()+"/body.en", home+"/list/clearance", home+"/list/access")
	}

	claim, err := x.node.NoteClaim(t.Context(), who("press"), g, record.ID{}, node.NewClaim{Claim: &entente.Claim{Office: "An office"}, Quote: p.plant(x, "claim", inside),
		Position: map[string]string{"es": p.plant(x, "position", inside)}})
	must(t, err)
	for i := len(p.secrets) - 2; i < len(p.secrets); i++ {
		p.secrets[i].about = claim.ID
	}
	for _, z := range []*side{x, y} {
		base := slug + "/claims/" + claim.ID.String()
		p.at(z, slug+"/claims", base, base+"/edit", base+"/put", base+"/release", base+"/finding.json", base+"/review.jsonld", home+"/i/"+claim.ID.String(), home+"/r/"+claim.ID.String()+"/quote", home+"/list/claim-note")
	}

	line, err := x.node.NotePressLine(t.Context(), who("press"), g, record.ID{}, node.NewPressLine{Line: entente.PressLine{About: meeting.ID}, Title: map[string]string{"en": "Asked", "es": p.plant(x, "press-question", inside)},
		Body: map[string]string{"en": p.plant(x, "press-line", inside), "es": "t"}})
	must(t, err)
	for i := len(p.secrets) - 2; i < len(p.secrets); i++ {
		p.secrets[i].about = line.ID
	}
	for _, z := range []*side{x, y} {
		p.at(z, slug+"/press", slug+"/press?about="+meeting.ID.String(), slug+"/press/"+line.ID.String(), slug+"/claims/"+line.ID.String(), home+"/i/"+line.ID.String(), home+"/i/"+line.ID.String()+"/evidence",
			home+"/r/"+line.ID.String()+"/body.en", home+"/list/press-line")
	}

	paper, err := x.node.DraftNonPaper(t.Context(), who("desk"), node.NewNonPaper{Group: g, Texts: map[string]node.FloatText{"en": {Title: "Idea", Body: p.plant(x, "non-paper", inside)}}})
	must(t, err)
	t.Cleanup(func() { _, _ = x.node.TakeBack(t.Context(), who("desk"), g, paper.ID) })
	for _, z := range []*side{x, y} {
		base := slug + "/nonpapers/" + string(x.id) + "/" + paper.ID.String()
		p.at(z, base, base+"/float", base+"/take-back", base+"/clearance", slug+"/commitments/new?nonpaper="+paper.ID.String())
	}
}

// has reports whether an office is in a side's powers of a group.
func (x *side) has(t *testing.T, group record.ID, office string) bool {
	t.Helper()
	p, err := x.node.Powers(group)
	must(t, err)
	_, ok := p.Office(office)
	return ok
}

// offices are all of a side, of every group.
func (x *side) offices(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, g := range x.node.Groups(t.Context(), operator) {
		p, err := x.node.Powers(g.ID)
		must(t, err)
		for _, o := range p.Offices {
			out = append(out, o.ID)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// reads is what the access log of a side says: office and record, or digest of an act.
func (x *side) reads(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for before := uint64(0); ; {
		entries, err := x.node.Access(t.Context(), node.Caller{Operator: true, Office: ""}, before, 500)
		must(t, err)
		if len(entries) == 0 {
			return out
		}
		for _, e := range entries {
			a, ok := e.Terms.(*entente.Access)
			if !ok {
				t.Fatalf("an entry of the access log has terms %T", e.Terms)
			}
			for _, i := range a.Items {
				for _, id := range i.Records {
					out[a.Office+" "+id.String()] = true
				}
			}
		}
		if before = entries[len(entries)-1].Header.Index; before == 0 {
			return out
		}
	}
}

// Every office of both sides, and a stranger, ask for everything there is, and for every address where a secret was planted, also
// under the paths of groups that it does not belong to. Each secret is read by all its readers, by nobody else, and no read of it
// is missing in the access log.
func TestSecretsReachTheirReadersAlone(t *testing.T) {
	s := example(t)
	mx, us := s.sides["MX"], s.sides["US"]
	p := &planted{paths: map[record.Party][]string{}}
	p.secretsOf(t, mx, us)
	p.secretsOf(t, us, mx)
	if len(p.secrets) != 28 {
		t.Fatalf("%d secrets were planted", len(p.secrets))
	}
	for _, c := range p.secrets { // what goes abroad has arrived before anybody looks
		if c.other != nil {
			y := s.sides[map[record.Party]record.Party{"MX": "US", "US": "MX"}[c.home]]
			g := y.security(t).ID
			eventually(t, y.node, func() bool {
				_, _, err := y.node.Part(t.Context(), who("legal"), g, c.about, "annex/red-abroad.txt")
				return err == nil
			})
		}
	}

	found := map[string]map[string]bool{} // by secret, party/office
	pages, offices := 0, 0
	look := func(reader string) func(path, body string) {
		return func(path, body string) {
			pages++
			for _, c := range p.secrets {
				if strings.Contains(body, c.text) {
					if found[c.text] == nil {
						found[c.text] = map[string]bool{}
					}
					if !found[c.text][reader] {
						found[c.text][reader] = true
						t.Logf("%s read by %s at %s", c.text, reader, path)
					}
				}
			}
		}
	}
	for _, x := range s.sides {
		stranger := &reader{t: t, side: x, http: &http.Client{Transport: &http.Transport{DialContext: toThisMachine}}, look: look(string(x.id) + "/")}
		for _, path := range append([]string{"/", "/signin", "/guide", "/public"}, p.paths[x.id]...) {
			stranger.get(path)
		}
		for _, office := range x.offices(t) {
			offices++
			r := newReader(t, x, office, "en")
			r.look = look(string(x.id) + "/" + office)
			r.crawl("/")
			for _, path := range p.paths[x.id] {
				r.get(path)
				for _, g := range x.node.Groups(t.Context(), who(office)) { // the same ids under every group of its own
					if rest := strings.SplitN(strings.TrimPrefix(path, "/g/"), "/", 2); strings.HasPrefix(path, "/g/") && len(rest) == 2 {
						r.get("/g/" + g.Founding.Track + "-" + g.ID.Short() + "/" + rest[1])
					}
				}
			}
		}
	}
	t.Logf("%d offices and strangers, %d answers, %d secrets", offices, pages, len(p.secrets))
	if offices < 20 || pages < 1000 {
		t.Errorf("%d offices were given %d answers: that is too few to tell", offices, pages)
	}
	logged := map[record.Party]map[string]bool{}
	for id, x := range s.sides {
		logged[id] = x.reads(t)
	}
	for _, c := range p.secrets {
		reads := 0
		for id, x := range s.sides {
			for _, office := range append(x.offices(t), "") {
				may := office != "" && (id == c.home && c.may(office) || id != c.home && c.other != nil && c.other(office))
				got := found[c.text][string(id)+"/"+office]
				switch {
				case got && !may:
					t.Errorf("%s is read by %s/%s", c.text, id, office)
				case !got && may:
					t.Errorf("%s is not read by %s/%s, for whom it is", c.text, id, office)
				case got:
					reads++
					if !c.about.IsZero() && !logged[id][office+" "+c.about.String()] {
						t.Errorf("%s was read by %s/%s, and the access log does not say so", c.text, id, office)
					}
				}
			}
		}
		if reads == 0 {
			t.Errorf("%s is read by nobody: this test would not notice a leak", c.text)
		}
	}
}
