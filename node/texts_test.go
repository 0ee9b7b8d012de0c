package node

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"entente"
	"entente/record"
)

// fifty commitments of one node, with titles and bodies in two languages.
func fifty(t testing.TB, w *two) []record.ID {
	var ids []record.ID
	for i := range 50 {
		s := w.act(t, "MX", Act{Kind: "commitment", Verb: record.Propose, Parts: texts(), Terms: fmt.Appendf(nil, `{"owner":"US","due":%d}`, 1_900_000_000+i)})
		ids = append(ids, s.ID)
	}
	return ids
}

func titles(group record.ID, ids []record.ID) []Want {
	var out []Want
	for _, id := range ids {
		out = append(out, Want{Group: group, Record: id, Names: []string{"title.*"}})
	}
	return out
}

func TestTextsOfOnePage(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	ids := fifty(t, w)
	n, desk := w.nodes["MX"], Caller{Office: "desk", Via: "web"}
	wants := append(titles(w.group, ids), Want{Group: w.group, Record: ids[7], Names: []string{"body.en", "body.xx"}}, Want{Group: w.group, Record: record.ID{1}})
	got, err := n.Texts(t.Context(), desk, "list", wants)
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		want := []string{"title.en", "title.es"}
		if i == 7 {
			want = []string{"body.en", "title.en", "title.es"}
		}
		var names []string
		for _, p := range got[id].Parts {
			names = append(names, p.Name)
		}
		if fmt.Sprint(names) != fmt.Sprint(want) || len(got[id].Gaps) > 0 {
			t.Errorf("%d: %v %v", i, names, got[id].Gaps)
		}
	}
	if got[record.ID{1}] != nil || len(got) != len(ids) {
		t.Errorf("%d texts of %d records", len(got), len(ids))
	}
	if p, ok := got[ids[7]].Part("title.es"); !ok || string(p.Content) != "Título" {
		t.Errorf("%q", p.Content)
	}
	log, err := n.Access(t.Context(), desk, 0, 10)
	if err != nil || len(log) != 1 {
		t.Fatalf("%d entries: %v", len(log), err)
	}
	a := log[0].Terms.(*entente.Access)
	if len(a.Items) != 2 || len(a.Items[0].Records)+len(a.Items[1].Records) != 50 {
		t.Errorf("%+v", a)
	}

	// Content that was destroyed is a gap with a word of its own; the rest of the page stands.
	w.sync(t, "MX", "US")
	for name, who := range map[string]Caller{"the operator": {Operator: true}, "a strange office": {Office: "nobody"}} {
		if got, err := n.Texts(t.Context(), who, "list", titles(w.group, ids)); !errors.Is(err, ErrForbidden) && !errors.Is(err, ErrNotFound) || got != nil {
			t.Errorf("%s: %d texts, %v", name, len(got), err)
		}
	}
	if _, err := n.Texts(t.Context(), desk, "list", append(titles(w.group, ids), Want{Group: record.ID{9}, Record: ids[0]})); !errors.Is(err, ErrNotFound) {
		t.Errorf("a group that is not there: %v", err)
	}
	if _, err := n.Texts(t.Context(), desk, "list", make([]Want, MaxWants+1)); !errors.Is(err, ErrInvalid) {
		t.Errorf("too many: %v", err)
	}
	if got, err := n.Texts(t.Context(), desk, string(make([]byte, 300)), titles(w.group, ids)); err == nil || got != nil {
		t.Error("a page with too long a name is shown")
	}
	if log, err := n.Access(t.Context(), desk, 0, 10); err != nil || len(log) != 1 {
		t.Errorf("%d entries: %v", len(log), err)
	}
}

// More readers than connections, each with a query inside the rows of another: none waits for the others.
func TestManyReadersAtOnce(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	ids := fifty(t, w)
	n, desk := w.nodes["MX"], Caller{Office: "desk", Via: "web"}
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			for k := range 10 {
				if d, err := n.Instrument(t.Context(), desk, w.group, ids[(i+k)%50]); err != nil || len(d.Records) != 1 || len(d.Records[0].Held) != 4 {
					t.Errorf("%+v %v", d, err)
				}
				if _, err := n.Texts(t.Context(), desk, "", titles(w.group, ids[:i])); err != nil {
					t.Error(err)
				}
				if _, err := n.Access(t.Context(), desk, 0, 20); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// BenchmarkTexts is a page of 50 titles in two languages, with its entry in the access log.
func BenchmarkTexts(b *testing.B) {
	w := newTwo(b)
	w.agreeCharter(b)
	wants := titles(w.group, fifty(b, w))
	n, desk := w.nodes["MX"], Caller{Office: "desk", Via: "web"}
	for b.Loop() {
		if got, err := n.Texts(b.Context(), desk, "list", wants); err != nil || len(got) != 50 {
			b.Fatal(len(got), err)
		}
	}
}

// What is too long for a page is a gap there and whole as a file; who reads a page for something else is told.
func TestLongTextsAreGapsOfAPage(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	long := func(n int) []byte { return make([]byte, n) }
	parts := texts()
	for i := range parts {
		if parts[i].Name == "title.en" {
			parts[i].Content = long(longestTitle + 1)
		}
	}
	first := w.act(t, "MX", Act{Kind: "commitment", Verb: record.Propose, Parts: parts, Terms: []byte(`{"owner":"US","due":1900000000}`)})
	n, desk := w.nodes["MX"], Caller{Office: "desk", Via: "web"}
	ids := []record.ID{first.ID}
	for range maxShown / longestText {
		parts := append(texts(), NewPart{Name: "annex/long", Content: long(longestText)})
		ids = append(ids, w.act(t, "MX", Act{Kind: "commitment", Verb: record.Propose, Parts: parts, Terms: []byte(`{"owner":"US","due":1900000000}`)}).ID)
	}
	read := func(short bool) Texts {
		t.Helper()
		wants := titles(w.group, ids)
		for _, id := range ids {
			wants = append(wants, Want{Group: w.group, Record: id, Names: []string{"annex/*"}, Short: short})
		}
		for i := range ids {
			wants[i].Short = true
		}
		got, err := n.Texts(t.Context(), desk, "page", wants)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got, gaps := read(true), 0
	if got[first.ID].Gaps["title.en"] != GapLong {
		t.Errorf("a title of %d bytes: %v", longestTitle+1, got[first.ID].Gaps)
	}
	for _, id := range ids {
		if got[id].Gaps["annex/long"] == GapLong {
			gaps++
		}
	}
	if gaps != 1 { // the titles take the room of the last
		t.Errorf("%d of %d long texts are left out", gaps, len(ids)-1)
	}
	got = read(false)
	for _, id := range ids {
		if len(got[id].Gaps) > 0 {
			t.Errorf("whoever wants all of it misses %v", got[id].Gaps)
		}
	}
	if p, _, err := n.Part(t.Context(), desk, w.group, first.ID, "title.en"); err != nil || len(p.Content) != longestTitle+1 {
		t.Errorf("as a file: %d bytes, %v", len(p.Content), err)
	}
}
