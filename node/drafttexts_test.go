package node

import (
	"errors"
	"testing"

	"entente"
	"entente/record"
)

// A page of drafts leaves one entry in the access log, which names what was shown and nothing else.
func TestDraftTexts(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	n, desk := w.nodes["MX"], Caller{Office: "desk", Via: "web"}
	var nonces []record.Nonce
	var acts []record.ID
	for range 3 {
		d, err := n.Prepare(t.Context(), desk, Act{Group: w.group, Kind: "commitment", Verb: record.Propose, Parts: texts(), Terms: []byte(`{"owner":"US","due":1900000000}`)})
		if err == nil {
			err = n.Save(t.Context(), d)
		}
		if err != nil {
			t.Fatal(err)
		}
		nonces, acts = append(nonces, d.Nonce), append(acts, d.Act)
	}
	before, err := n.Access(t.Context(), desk, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	got, err := n.DraftTexts(t.Context(), desk, w.group, "drafts", []string{"title.*"}, append(nonces, record.Nonce{1})...)
	if err != nil || len(got) != 3 {
		t.Fatalf("%d drafts, %v", len(got), err)
	}
	for _, a := range acts {
		if p, ok := got[a].Part("title.en"); !ok || len(p.Content) == 0 {
			t.Errorf("%s has no title", a)
		}
		if _, ok := got[a].Part("body.en"); ok {
			t.Errorf("%s shows what was not asked for", a)
		}
	}
	after, err := n.Access(t.Context(), desk, 0, 100)
	if err != nil || len(after) != len(before)+1 {
		t.Fatalf("%d entries were added, %v", len(after)-len(before), err)
	}
	named := map[record.ID]bool{}
	for _, x := range after[0].Terms.(*entente.Access).Items {
		for _, id := range x.Records {
			named[id] = true
		}
		for _, p := range x.Parts {
			if p != "title.en" && p != "title.es" {
				t.Errorf("the entry names %s", p)
			}
		}
	}
	for _, a := range acts {
		if !named[a] {
			t.Errorf("the entry does not name %s", a)
		}
	}
	if _, err := n.DraftTexts(t.Context(), Caller{Operator: true}, w.group, "drafts", nil, nonces...); !errors.Is(err, ErrForbidden) {
		t.Errorf("the operator reads drafts: %v", err)
	}
	if _, err := n.DraftTexts(t.Context(), Caller{Office: "nobody"}, w.group, "drafts", nil, nonces...); err == nil {
		t.Error("an office without a part in the group reads drafts")
	}
}
