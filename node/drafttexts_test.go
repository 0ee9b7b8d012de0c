package node

import (
	"errors"
	"testing"

	"entente"
	"entente/record"
)

// An office does not sign a text of its own party of which a part is not for it, nor the other side's; one that may read it does.
func TestAnOfficeSignsWhatItReads(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	who := Caller{Office: "desk", Via: "test"}
	red := func(offices ...string) []NewPart {
		p := append(texts(), NewPart{Name: "annex/list", Content: []byte("x")})
		p[len(p)-1].Marking = &record.Marking{TLP: record.Red, ReleasableTo: []record.Party{"MX", "US"}, Offices: offices, Originator: "MX"}
		return p
	}
	act := Act{Group: w.group, Kind: "commitment", Verb: record.Propose, Terms: []byte(`{"owner":"US","due":1900000000}`)}
	signed := func(p record.Party, a Act) error {
		d, err := w.nodes[p].Prepare(t.Context(), who, a)
		if err == nil {
			err = w.nodes[p].Save(t.Context(), d)
		}
		if err != nil {
			t.Fatal(err)
		}
		yes := record.Approve(d.Act, p, "desk", 1, w.now, w.seats[p])
		_, _, kept := w.nodes[p].AddApprovals(t.Context(), who, w.group, d.Nonce, []record.Approval{yes}, false)
		d.Sign(yes)
		if _, sealed := w.nodes[p].Seal(t.Context(), who, d); (kept == nil) != (sealed == nil) {
			t.Fatalf("kept: %v, sealed: %v", kept, sealed)
		}
		return kept
	}
	act.Parts = red("MX/minister", "US/desk")
	if err := signed("MX", act); !errors.Is(err, ErrConflict) {
		t.Errorf("its own text: %v", err)
	}
	act.Parts = red("MX/desk", "US/minister")
	if err := signed("MX", act); err != nil {
		t.Fatal(err)
	}
	w.sync(t, "MX", "US")
	page, err := w.nodes["US"].Instruments(t.Context(), who, w.group, Query{Kind: "commitment"})
	if err != nil || len(page.Items) != 1 {
		t.Fatal(len(page.Items), err)
	}
	id := page.Items[0].State.Instrument
	if err := signed("US", Act{Group: w.group, Kind: "commitment", Verb: record.Consent, Instrument: id, Version: id}); !errors.Is(err, ErrConflict) {
		t.Errorf("the other side's text: %v", err)
	}
}

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
