package entente_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"entente"
	"entente/record"
)

// Invariants 6 and 7 at this level: the fold reads headers. Its signature gives it nothing else; here every part holds a
// canary, and no state, reason or error may sing.

func canary(n int) string { return fmt.Sprintf("KANARIENVOGEL%04d", n) }

func TestNoPartInAnyStateReasonOrError(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	parts := map[string]string{}
	n := 0
	sing := func(names ...string) (out []edit) {
		for _, name := range names {
			n++
			parts[canary(n)] = name
			out = append(out, content(name, "x"+canary(n)+"y"))
		}
		return out
	}
	text := func() []edit { return sing("title.en", "title.es", "body.en", "body.es", "annex/a") }
	said := ""
	write := func(p *party, kind string, verb record.Verb, edits ...edit) record.ID {
		r := p.Write(kind, verb, edits...)
		said += fmt.Sprint(p.view.judged[r.Header().Ref()].Reasons)
		return r.ID()
	}
	v := write(mx, "commitment", record.Propose, append(text(), terms(promise("MX")))...)
	mx.good(mx.Consent(v))
	us.good(us.Consent(v))
	write(mx, "commitment", record.Report, append(sing("body.en", "annex/1"), mx.about(v), terms(entente.Progress{Progress: "done"}))...)
	write(us, "commitment", record.Reply, append(sing("body.en"), on(v), terms(entente.ReplyTerms{To: v, Stance: entente.Contest}))...)
	ind := write(mx, "indicator", record.Propose, append(text(), terms(entente.Indicator{Code: "a", Unit: "kg", Direction: "up", Period: "month"}))...)
	n++
	table := record.Table{Columns: []string{"key", canary(n)}, Rows: [][]string{{canary(n), canary(n)}}}
	parts[canary(n)] = "rows"
	rows, err := table.Encode()
	if err != nil {
		t.Fatal(err)
	}
	write(us, "observation", record.Report, content(record.RowsPart, string(rows)), terms(entente.Observation{Indicator: ind, Version: ind, Source: "s"}))
	// Refused, with every reason that speaks of a part.
	write(mx, "commitment", record.Propose, append(sing("title.en", "shape", "operational"), terms(promise("FR")), by("joint/1"))...)
	write(mx, "statement", record.Propose, append(text(), func(d *draft) {
		for i := range d.h.Parts {
			d.h.Parts[i].Marking.TLP, d.h.Parts[i].Marking.Handling = record.Clear, "H9"
		}
	})...)
	write(mx, "pact", record.Propose, text()...)
	w.same()

	for _, p := range w.order {
		view := w.As(p).view
		for _, j := range view.judged {
			said += fmt.Sprint(j.Reasons)
		}
		for _, b := range view.states {
			s, err := entente.ParseState(b)
			if err != nil {
				t.Fatal(err)
			}
			js, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			said += string(b) + string(js) + fmt.Sprint(s.At(w.now))
		}
		for _, l := range view.logs { // nor in any header
			for _, r := range l.records {
				said += string(r.Bytes())
			}
		}
	}
	// A gate says why it refuses.
	for _, e := range []error{mx.mayConsent(&record.Header{Party: "MX", Kind: "commitment", Instrument: v, Version: record.ID{1}})} {
		if e == nil {
			t.Error("a version that is none")
		}
		said += fmt.Sprint(e)
	}
	if len(parts) < 25 || len(said) < 5000 || !strings.Contains(said, "released") && !strings.Contains(said, "handling") {
		t.Fatalf("%d canaries, %d bytes listened to", len(parts), len(said))
	}
	for c, name := range parts {
		if strings.Contains(said, c) {
			t.Errorf("the part %s sings: %s", name, c)
		}
	}
}

// The same history with other content and other salts under the digests: every header differs, and no state says anything
// else but ids and digests. Withheld, erased or garbled parts are not there to be asked at all.
func TestStatesDoNotDependOnParts(t *testing.T) {
	history := func(content string) *world {
		w := newWorld(t, newCharter("MX", "US"))
		mx, us := w.As("MX"), w.As("US")
		v := mx.Propose("commitment", promise("MX"), texts(content)...)
		mx.good(mx.Consent(v))
		us.good(us.Consent(v))
		mx.good(mx.Report(v, entente.Progress{Progress: "done"}, texts(content)[2:]...))
		us.good(us.Withdraw(v))
		mx.Receipt()
		return w
	}
	a, b := history("one"), history("two")
	plain := func(w *world) string {
		view := w.As("US").view
		var out []string
		number := map[record.ID]int{}
		for _, p := range w.order { // ids by position, since they are digests of headers that name parts
			for _, r := range view.logs[p].records {
				number[r.ID()] = len(number) + 1
			}
		}
		ids := slices.SortedFunc(maps.Keys(view.states), func(x, y record.ID) int { return number[x] - number[y] })
		for _, id := range ids {
			s := string(view.states[id])
			for r, n := range number {
				s = strings.ReplaceAll(s, string(r[:]), fmt.Sprint("#", n, "#"))
				s = strings.ReplaceAll(s, r.String(), fmt.Sprint("#", n, "#"))
			}
			out = append(out, s)
		}
		return strings.Join(out, "\n")
	}
	if plain(a) != plain(b) {
		t.Error("what a part holds changes a state")
	}
	x, y := a.As("US").view.logs["MX"].records, b.As("US").view.logs["MX"].records
	differ := 0
	for i := range x {
		if !bytes.Equal(x[i].Bytes(), y[i].Bytes()) && len(x[i].Header().Parts) > 0 {
			differ++
		}
	}
	if differ == 0 {
		t.Error("the two histories do not differ")
	}
}
