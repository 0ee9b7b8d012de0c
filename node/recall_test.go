package node

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"entente"
	"entente/record"
)

func partsOf(of record.ID, names ...string) []byte {
	b, _ := json.Marshal(entente.PartsOf{Of: of, Parts: names})
	return b
}

// A copy that is asked back is destroyed by the party that gives it back, and by no other; content is destroyed everywhere when all
// have said so, or when one says so after the end and the retention. It stays destroyed where an older key file is put back, and the
// evidence verifies without it.
func TestRecallAndErase(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	both := func() {
		for range 2 {
			w.sync(t, "MX", "US")
			w.sync(t, "US", "MX")
		}
	}
	has := func(p record.Party, id record.ID, name string) bool {
		t.Helper()
		_, _, err := w.nodes[p].Part(t.Context(), Caller{Office: "desk", Via: "test"}, w.group, id, name)
		if err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	open := w.act(t, "MX", Act{Kind: "commitment", Verb: record.Propose, Nature: record.Political, Terms: []byte(`{"owner":"MX","due":1900000000}`),
		Parts: append(texts(), NewPart{Name: "annex/list", Content: []byte("names")}, NewPart{Name: "annex/map", Content: []byte("places")})})
	both()
	who := Caller{Office: "desk", Via: "test"}
	refused := func(p record.Party, terms []byte) {
		t.Helper()
		d, err := w.nodes[p].Prepare(t.Context(), who, Act{Group: w.group, Kind: "commitment", Verb: record.Recall, Instrument: open.ID, Terms: terms})
		if err != nil {
			t.Fatal(err)
		}
		d.Sign(record.Approve(d.Act, p, "desk", 1, w.now, w.seats[p]))
		if _, err := w.nodes[p].Seal(t.Context(), who, d); !errors.Is(err, ErrRefused) {
			t.Errorf("%s recalls %s: %v", p, terms, err)
		}
	}
	refused("US", partsOf(open.ID, "annex/list")) // another's words
	refused("MX", partsOf(open.ID, "annex/none"))
	refused("MX", partsOf(open.ID))
	refused("MX", partsOf(open.ID, "body.en", "annex/list"))
	refused("MX", partsOf(record.ID{1}, "annex/list"))
	recall := w.act(t, "MX", Act{Kind: "commitment", Verb: record.Recall, Instrument: open.ID, Terms: partsOf(open.ID, "annex/list")})
	both()
	if !has("US", open.ID, "annex/list") {
		t.Fatal("asking alone destroyed the copy")
	}
	answer := func(stance string) {
		w.act(t, "US", Act{Kind: "commitment", Verb: record.Reply, Instrument: open.ID, Terms: []byte(`{"to":"` + recall.ID.String() + `","stance":"` + stance + `"}`)})
		both()
	}
	answer("object")
	if !has("US", open.ID, "annex/list") {
		t.Fatal("a copy that was refused is destroyed")
	}
	answer("acknowledge")
	if has("US", open.ID, "annex/list") || !has("US", open.ID, "annex/map") || !has("MX", open.ID, "annex/list") {
		t.Fatalf("given back: US list %v, US map %v, MX list %v", has("US", open.ID, "annex/list"), has("US", open.ID, "annex/map"), has("MX", open.ID, "annex/list"))
	}
	keys := filepath.Join(w.nodes["US"].dir, "parts.keys")
	before, err := os.ReadFile(keys)
	if err != nil {
		t.Fatal(err)
	}
	erase := func(p record.Party) {
		w.act(t, p, Act{Kind: "commitment", Verb: record.Erase, Instrument: open.ID, Terms: partsOf(open.ID, "annex/map")})
		both()
	}
	erase("MX")
	if !has("US", open.ID, "annex/map") || !has("MX", open.ID, "annex/map") {
		t.Fatal("one party alone destroyed content")
	}
	erase("US")
	if has("US", open.ID, "annex/map") || has("MX", open.ID, "annex/map") || !has("US", open.ID, "body.en") {
		t.Fatal("all have said so, and it is there, or more is gone")
	}
	// after the end and the retention one says so for all, and not before
	ended := w.act(t, "MX", Act{Kind: "commitment", Verb: record.Propose, Nature: record.Political, Terms: []byte(`{"owner":"MX","due":1900000000}`), Parts: texts()})
	both()
	for _, p := range []record.Party{"MX", "US"} {
		w.act(t, p, Act{Kind: "commitment", Verb: record.Consent, Instrument: ended.ID, Version: ended.ID})
		both()
	}
	w.act(t, "US", Act{Kind: "commitment", Verb: record.Withdraw, Instrument: ended.ID, Version: ended.ID})
	both()
	w.now += 86400 // the notice
	alone := func() {
		w.act(t, "MX", Act{Kind: "commitment", Verb: record.Erase, Instrument: ended.ID, Terms: partsOf(ended.ID, "body.es")})
		both()
	}
	alone()
	if !has("MX", ended.ID, "body.es") || !has("US", ended.ID, "body.es") {
		t.Fatal("destroyed before the retention")
	}
	w.now += 3 * 86400
	alone()
	if has("MX", ended.ID, "body.es") || has("US", ended.ID, "body.es") || !has("MX", ended.ID, "body.en") {
		t.Fatal("not destroyed after the retention, or more is gone")
	}
	// an older key file is put back, as from a backup
	us := w.nodes["US"]
	dir := us.dir
	if err := us.Close(); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(keys)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keys, append(before, after[min(len(before), len(after)):]...), 0o600); err != nil {
		t.Fatal(err)
	}
	if w.nodes["US"], err = Open(t.Context(), Options{Dir: dir, Clock: func() int64 { return w.now }}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.nodes["US"].Close() })
	if has("US", open.ID, "annex/map") {
		t.Fatal("an older key file brought it back")
	}
	for p, n := range w.nodes {
		rep, err := n.Check(t.Context(), nil)
		if err != nil || len(rep.Faults) > 0 {
			t.Errorf("%s: %v %v", p, rep.Faults, err)
		}
		file, err := n.Evidence(t.Context(), who, w.group, open.ID, nil)
		if err != nil {
			t.Fatal(err)
		}
		e, err := entente.ParseEvidence(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range e.Parts {
			if x.Part.Name == "annex/map" {
				t.Errorf("the evidence of %s shows what was destroyed", p)
			}
		}
		v := e.Verify(entente.VerifyOptions{Now: w.now})
		if !v.Valid {
			t.Fatalf("without what is gone the file does not verify: %v", v.Reasons)
		}
		for _, x := range v.Parts {
			list, gone := x.Record == open.ID && x.Name == "annex/list", x.Record == open.ID && x.Name == "annex/map"
			if (x.Erased != 0) != gone || x.Recalled != list || (len(x.GaveBack) == 1 && x.GaveBack[0] == "US") != list {
				t.Errorf("the evidence of %s says of %s: recalled %v, given back by %v, destroyed %d", p, x.Name, x.Recalled, x.GaveBack, x.Erased)
			}
		}
	}
}
