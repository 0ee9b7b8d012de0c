package entente_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"entente"
	"entente/record"
)

// However much is shown at once, every record and part of it stands in the log, in headers that fit, and few of them.
func TestAccessEntriesNameAll(t *testing.T) {
	id := func(i int) record.ID { return record.Digest("test", fmt.Append(nil, i)) }
	long := []string{}
	for i := range record.MaxParts {
		long = append(long, fmt.Sprintf("annex/%02d%s", i, strings.Repeat("x", record.MaxName-8)))
	}
	split := 0
	for _, c := range []struct {
		records int
		parts   func(i int) []string
		headers int
	}{
		{0, nil, 0},
		{1, func(int) []string { return []string{"title.en"} }, 1},
		{900, func(int) []string { return []string{"title.en", "title.es"} }, 1},
		{5000, func(int) []string { return []string{"title.en"} }, 6},
		{40, func(i int) []string { return slices.Concat(long[i:], long[:i]) }, 6},
	} {
		a := entente.Access{Office: strings.Repeat("o", record.MaxName), Seat: 3, Via: "web", Page: strings.Repeat("p", 200)}
		want := map[string]bool{}
		for i := range c.records {
			a.Items = append(a.Items, entente.AccessItem{Group: id(-1), Records: []record.ID{id(i)}, Parts: c.parts(i)})
			for _, p := range c.parts(i) {
				want[id(i).String()+p] = true
			}
		}
		hs, err := entente.AccessEntries(a)
		if err != nil || len(hs) != c.headers {
			t.Errorf("%d records: %d headers, want %d: %v", c.records, len(hs), c.headers, err)
		}
		split += max(0, len(hs)-1)
		got := map[string]bool{}
		for _, h := range hs {
			var x entente.Access
			if err := record.Unmarshal(h.Terms, &x); err != nil || len(h.Terms) > record.MaxTerms || x.Office != a.Office || x.Seat != 3 || x.Page != a.Page {
				t.Errorf("%d bytes of terms: %v", len(h.Terms), err)
			}
			for _, i := range x.Items {
				for _, r := range i.Records {
					for _, p := range i.Parts {
						if got[r.String()+p] {
							t.Error("named twice")
						}
						got[r.String()+p] = true
					}
				}
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d parts named of %d", len(got), len(want))
		}
		for k := range want {
			if !got[k] {
				t.Error("not named: " + k)
			}
		}
	}
	if split == 0 {
		t.Error("nothing was split")
	}
}
