package entente_test

import (
	"slices"
	"testing"

	"entente"
	"entente/record"
	"entente/release"
)

// Whatever a kind carries can be released to more, asked back and destroyed: no kind is left out for want of a line in its file.
// Figures, claims, contacts and incidents go the whole way here.
func TestContentOfEveryKindGoesFurtherAndIsGivenBack(t *testing.T) {
	d := newDesk(t)
	mx, us := d.As("MX"), d.As("US")
	red := release.Default("MX", "MX", "US")
	red.TLP, red.Offices = record.Red, []string{"MX/desk"}
	opened := []record.ID{
		mx.good(mx.Write("claim", record.Report, terms(claimOf(func(c *entente.Claim) { c.Indicator = d.indicator })), content("quote", "a 32% decline"), content("body.en", "x", red), content("body.es", "x"))).ID(),
		mx.good(mx.Write("contact", record.Report, terms(contact(nil)), content("title.es", "x"), content("body.es", "x", red))).ID(),
		mx.good(mx.Write("incident", record.Report, append(texts("x"), terms(entente.Incident{Where: "MX", At: epoch - 60, Severity: "serious"}), content("body.en", "x", red))...)).ID(),
		mx.good(mx.Write("observation", record.Report, append(figures(mx, "x"), terms(entente.Observation{Indicator: d.indicator, Version: d.indicator, Source: "s"}), content("annex/list", "x", red))...)).ID(),
	}
	kinds := map[string]bool{}
	for id := range us.view.states {
		s := us.State(id)
		if s.Kind == "charter" || s.Kind == "powers" || s.Author != "MX" {
			continue
		}
		kinds[s.Kind] = true
		if slices.Contains(opened, id) {
			reds := ""
			for _, p := range us.view.byID[id].Header().Parts {
				if p.Marking.TLP == record.Red {
					reds = p.Name
				}
			}
			w := entente.Widening{Of: id, Parts: []string{reds}, Offices: []string{"US/desk"}}
			var v any = w
			if s.Kind == "claim" {
				v = entente.ClaimRelease{Widening: w}
			}
			mx.good(mx.Write(s.Kind, record.Release, on(id), mx.lineOf(id), terms(v)))
			if m := us.State(id).Marking(id, reds, red); !release.MayRead(m, "US", "desk") {
				t.Errorf("%s: %s was released to an office of the other party, and is marked %+v", s.Kind, reds, m)
			}
		}
		part := []string{us.view.byID[id].Header().Parts[0].Name}
		recall := mx.good(mx.Write(s.Kind, record.Recall, on(id), mx.lineOf(id), terms(entente.PartsOf{Of: id, Parts: part}))).ID()
		us.good(us.Write(s.Kind, record.Reply, on(id), us.lineOf(id), terms(entente.ReplyTerms{To: recall, Stance: entente.Acknowledge})))
		if gone := mx.State(id).Gone("US"); len(gone) != 1 || gone[0].Of != id || !slices.Equal(gone[0].Parts, part) {
			t.Errorf("%s: given back: %+v", s.Kind, gone)
		}
		for _, p := range []*party{mx, us} {
			p.good(p.Write(s.Kind, record.Erase, on(id), p.lineOf(id), terms(entente.PartsOf{Of: id, Parts: part})))
		}
		if gone := us.State(id).Gone("MX"); len(gone) != 1 || gone[0].Of != id {
			t.Errorf("%s: destroyed: %+v", s.Kind, gone)
		}
	}
	for n, k := range d.kinds {
		carries := false
		for _, rule := range k.Verbs {
			carries = carries || len(rule.Parts) > 0
		}
		if carries && !k.Home && !k.Silent && n != "charter" && !kinds[n] {
			t.Errorf("%s carries content, and none of it was given back here", n)
		}
	}
	d.same()
}
