package node

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"entente/record"
)

// stories are statements of two parties: how far each has come, and what of it may be read by the public at that time.
type publicStory struct {
	name    string
	author  record.Party
	terms   string
	marked  map[string]*record.Marking // of parts that do not go out as usual
	signed  []record.Party
	freed   []record.Party // who let it out
	at      int64          // from when, after the story's start; 0: at once
	public  []string       // parts that the public may read, at the author's node
	private bool           // not at the other node
}

// What is reached without a session is what both let out, from the hour on, and nothing else: each part of each record holds a
// word of its own, and the words of what is not public are looked for in all that the public can get.
func TestOnlyWhatIsPublishedIsPublic(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	all := []record.Party{"MX", "US"}
	red := &record.Marking{TLP: record.Red, ReleasableTo: all, Offices: []string{"MX/desk", "US/desk"}}
	clear := &record.Marking{TLP: record.Clear, ReleasableTo: []record.Party{record.Public}}
	texts := []string{"body.en", "body.es", "title.en", "title.es"}
	start, hour := w.now, int64(5000)
	stories := []publicStory{
		{name: "agreed and let out by both", author: "MX", signed: all, freed: all, public: texts},
		{name: "let out by one", author: "MX", signed: all, freed: all[:1]},
		{name: "let out by the other", author: "MX", signed: all, freed: all[1:]},
		{name: "agreed, and kept", author: "US", signed: all},
		{name: "proposed", author: "MX"},
		{name: "signed by one and let out by one", author: "MX", signed: all[:1], freed: all[:1]},
		{name: "public by its marking, and kept", author: "MX", marked: map[string]*record.Marking{"title.en": clear, "title.es": clear, "body.en": clear, "body.es": clear}, signed: all},
		{name: "under an embargo", author: "US", terms: fmt.Sprintf(`{"embargo":%d}`, start+hour), signed: all, freed: all, at: hour, public: texts},
		{name: "with annexes", author: "MX", marked: map[string]*record.Marking{"annex/a": nil, "annex/b": clear}, signed: all, freed: all, public: append([]string{"annex/b"}, texts...)},
		{name: "with one language for offices alone", author: "MX", marked: map[string]*record.Marking{"body.en": red}, signed: all, freed: all, public: []string{"body.es", "title.en", "title.es"}},
		{name: "one party's own", author: "MX", terms: `{"own":true}`, signed: all[:1], freed: all[:1], public: texts, private: true},
		{name: "one party's own, kept", author: "US", terms: `{"own":true}`, signed: all[1:]},
	}
	word := func(story, part string) string { return "canary of " + story + ", " + part + ";" }
	ids := make([]record.ID, len(stories))
	for i, s := range stories {
		names := map[string]*record.Marking{"title.en": nil, "title.es": nil, "body.en": nil, "body.es": nil}
		for n, m := range s.marked {
			names[n] = m
		}
		a := Act{Kind: "statement", Verb: record.Propose, Terms: []byte(s.terms)}
		for n, m := range names {
			a.Parts = append(a.Parts, NewPart{n, []byte(word(s.name, n)), m})
		}
		ids[i] = w.act(t, s.author, a).ID
		w.sync(t, "MX", "US")
		w.sync(t, "US", "MX")
		for _, verb := range []record.Verb{record.Consent, record.Release} {
			for _, p := range map[record.Verb][]record.Party{record.Consent: s.signed, record.Release: s.freed}[verb] {
				w.act(t, p, Act{Kind: "statement", Verb: verb, Version: ids[i]})
				w.sync(t, "MX", "US")
				w.sync(t, "US", "MX")
			}
		}
	}
	w.act(t, "MX", Act{Kind: "commitment", Verb: record.Propose, Terms: []byte(`{"owner":"MX","due":1900000000}`), Parts: []NewPart{
		{"title.en", []byte(word("commitment", "t")), clear}, {"title.es", []byte("x"), clear}, {"body.en", []byte("x"), clear}, {"body.es", []byte("x"), clear}}})
	for i := range 7 {
		w.act(t, all[i%2], Act{Kind: "statement", Verb: record.Reply, Instrument: ids[0], Terms: fmt.Appendf(nil, `{"to":%q,"stance":"answer"}`, ids[0]),
			Parts: []NewPart{{"body.en", []byte(word("reply", "b")), nil}}})
	}
	w.sync(t, "MX", "US")
	w.sync(t, "US", "MX")
	shown := 0
	for _, at := range []int64{0, hour - 1, hour, hour * 2} {
		w.now = start + at
		for p, n := range w.nodes {
			list, err := n.PublicTexts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			want := 0
			for i, s := range stories {
				public := s.public != nil && at >= s.at && (!s.private || s.author == p)
				x, err := n.PublicText(t.Context(), w.group, ids[i])
				if !public {
					if !errors.Is(err, ErrNotFound) || !strings.HasPrefix(err.Error(), "text: ") {
						t.Errorf("%s, after %d at %s: %v", s.name, at, p, err)
					}
					continue
				}
				want++
				if err != nil {
					t.Errorf("%s, after %d at %s: %v", s.name, at, p, err)
					continue
				}
				var names []string
				for _, part := range x.Parts {
					names = append(names, part.Name)
					if string(part.Content) != word(s.name, part.Name) {
						t.Errorf("%s: %q", s.name, part.Content)
					}
				}
				if fmt.Sprint(names) != fmt.Sprint(s.public) || x.Time != max(start+s.at, x.Time) || x.Instrument != ids[i] {
					t.Errorf("%s: %v, want %v: %+v", s.name, names, s.public, x)
				}
			}
			for _, x := range list {
				fmt.Fprintf(&got, "%+v", x)
				for _, part := range x.Parts {
					got.Write(part.Content)
				}
			}
			if len(list) != want {
				t.Errorf("after %d %s lists %d texts, want %d", at, p, len(list), want)
			}
			shown += want
			for _, s := range append(stories, publicStory{name: "commitment"}, publicStory{name: "reply"}) {
				for _, part := range append([]string{"annex/a", "annex/b", "t", "b"}, texts...) {
					public := at >= s.at && (!s.private || s.author == p) && strings.Contains(" "+strings.Join(s.public, " ")+" ", " "+part+" ")
					if held := bytes.Contains(got.Bytes(), []byte(word(s.name, part))); held != public {
						t.Errorf("after %d the public at %s reads %q: %v", at, p, word(s.name, part), held)
					}
				}
			}
		}
	}
	if shown < 20 {
		t.Errorf("%d texts were public: this test looks at nothing", shown)
	}
	for _, n := range w.nodes { // nobody's name is asked, and nothing is written of it
		if log, err := n.Access(t.Context(), Caller{Office: "desk"}, 0, 100); err != nil || len(log) > 0 {
			t.Errorf("%d entries in the access log: %v", len(log), err)
		}
		for _, other := range []record.ID{{}, {9}, w.group} {
			if _, err := n.PublicText(t.Context(), other, ids[0]); other != w.group && !errors.Is(err, ErrNotFound) {
				t.Errorf("of another group: %v", err)
			}
			if _, err := n.PublicText(t.Context(), w.group, other); !errors.Is(err, ErrNotFound) {
				t.Errorf("of no instrument: %v", err)
			}
		}
	}
}

// A correction is linked with what it corrects once both are public.
func TestCorrectionsAreLinked(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	n := w.nodes["MX"]
	publish := func(terms string) record.ID {
		s := w.act(t, "MX", Act{Kind: "statement", Verb: record.Propose, Parts: texts(), Terms: []byte(terms)})
		w.act(t, "MX", Act{Kind: "statement", Verb: record.Consent, Version: s.ID})
		return s.ID
	}
	out := func(id record.ID) { w.act(t, "MX", Act{Kind: "statement", Verb: record.Release, Version: id}) }
	first := publish(`{"own":true}`)
	second := publish(fmt.Sprintf(`{"own":true,"corrects":%q}`, first))
	links := func(wantFirst int, wantSecond record.ID) {
		t.Helper()
		if x, err := n.PublicText(t.Context(), w.group, first); err == nil && len(x.Corrected) != wantFirst || err != nil && wantFirst >= 0 {
			t.Errorf("the first: %+v %v", x, err)
		}
		if x, err := n.PublicText(t.Context(), w.group, second); err == nil && x.Corrects != wantSecond {
			t.Errorf("the second: %+v", x)
		}
		list, err := n.PublicTexts(t.Context())
		for _, x := range list {
			if x.Instrument == second && x.Corrects != wantSecond {
				t.Errorf("in the list: %+v %v", x, err)
			}
		}
	}
	out(second)
	links(-1, record.ID{})
	out(first)
	links(1, first)
}
