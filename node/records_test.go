package node

import (
	"errors"
	"testing"

	"entente"
	"entente/record"
)

// An instrument on which much was written is read a page at a time, each record once, the newest page first; what its state names
// is always there.
func TestInstrumentIsReadInPages(t *testing.T) {
	w := newTwo(t)
	for _, p := range []record.Party{"MX", "US"} {
		w.act(t, p, Act{Kind: "charter", Verb: record.Consent, Version: w.group})
	}
	for range 2 {
		w.sync(t, "MX", "US")
		w.sync(t, "US", "MX")
	}
	text := []NewPart{{Name: "title.en", Content: []byte("x")}, {Name: "title.es", Content: []byte("x")}, {Name: "body.en", Content: []byte("x")}, {Name: "body.es", Content: []byte("x")}}
	open := w.act(t, "MX", Act{Kind: "commitment", Verb: record.Propose, Nature: record.Political, Terms: []byte(`{"owner":"MX","due":1900000000}`), Parts: text})
	w.sync(t, "MX", "US")
	consent := w.act(t, "US", Act{Kind: "commitment", Verb: record.Consent, Instrument: open.ID, Version: open.ID})
	w.sync(t, "US", "MX")
	all := map[record.ID]int{open.ID: 0, consent.ID: 0}
	for range 2*maxRecords + 5 {
		w.now++
		all[w.act(t, "MX", Act{Kind: "commitment", Verb: record.Report, Instrument: open.ID, Version: open.ID, Terms: []byte(`{"progress":"under-way"}`)}).ID] = 0
	}
	n, who := w.nodes["MX"], Caller{Office: "desk", Via: "test"}
	pages := 0
	var before Cursor
	for {
		d, err := n.InstrumentBefore(t.Context(), who, w.group, open.ID, before)
		if err != nil {
			t.Fatal(err)
		}
		if pages++; len(d.Records) > maxRecords+maxNamed {
			t.Fatalf("%d records on one page", len(d.Records))
		}
		named := 0
		for i, x := range d.Records {
			if i > 0 && entente.Order(d.Records[i-1].Header, x.Header) > 0 {
				t.Fatalf("page %d: out of order at %d", pages, i)
			}
			if all[x.ID]++; x.ID == open.ID || x.ID == consent.ID {
				named++
			}
		}
		if pages == 1 && named != 2 {
			t.Error("the first page lacks the text, or who signed it")
		}
		if before = d.Earlier; before == "" {
			break
		}
	}
	for id, k := range all {
		if want := 1; k != want && (k != 2 || id != open.ID && id != consent.ID) {
			t.Errorf("%s was read %d times", id.Short(), k)
		}
	}
	if pages != 3 {
		t.Errorf("%d pages", pages)
	}
	for _, c := range []Cursor{"x", "1", "1.1.1", "zzzz.zzzz", "01.1", "-1.1", "1.18446744073709551616"} {
		if _, err := n.InstrumentBefore(t.Context(), who, w.group, open.ID, c); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", c, err)
		}
	}
}
