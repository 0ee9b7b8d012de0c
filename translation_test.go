package entente_test

import (
	"reflect"
	"testing"

	"entente"
	"entente/record"
)

// What is said in one language is owed in the others by whoever said it, and may be supplied by anybody.
func TestTranslations(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx, us := w.As("MX"), w.As("US")
	v := mx.Propose("commitment", promise("MX"), line("fuel"))
	for _, p := range w.order {
		w.As(p).good(w.As(p).Consent(v))
	}
	report := mx.good(mx.Report(v, entente.Progress{Progress: "under-way"}, content("body.es", "En curso"), content("annex/1", "x")))
	reply := us.good(us.Reply(report.ID(), entente.Acknowledge)) // says nothing that could be translated
	reason := us.good(us.Withdraw(v, content("body.en", "x")))
	owed := func(when string, want ...entente.Untranslated) {
		t.Helper()
		for _, p := range w.order {
			if got := w.As(p).State(v).Untranslated; !reflect.DeepEqual(got, want) {
				t.Errorf("%s, at %s: %+v, want %+v", when, p, got, want)
			}
		}
	}
	a := entente.Untranslated{Of: report.ID(), Ref: report.Header().Ref(), Parts: []string{"body.en"}}
	b := entente.Untranslated{Of: reason.ID(), Ref: reason.Header().Ref(), Parts: []string{"body.es"}}
	owed("in one language", a, b)
	waits := func(want int) {
		t.Helper()
		n := 0
		for _, x := range mx.State(v).Attention(w.order) {
			if x.Reason == entente.AttentionTranslate && x.Party == "MX" && x.About == report.ID() {
				n++
			}
		}
		if n != want {
			t.Errorf("%d translations wait for MX, want %d", n, want)
		}
	}
	waits(1)
	us.Write("commitment", record.Note, on(v), us.lineOf(v), terms(entente.Translation{Of: report.ID()}), content("body.en", "x"), by()) // signed by nobody
	owed("a translation without effect", a, b)
	note := us.good(us.Write("commitment", record.Note, on(v), us.lineOf(v), terms(entente.Translation{Of: report.ID()}), content("body.en", "Under way")))
	owed("the other side supplied it", b)
	waits(0)
	again := mx.good(mx.Write("commitment", record.Note, on(v), mx.lineOf(v), terms(entente.Translation{Of: report.ID()}), content("body.en", "In progress")))
	got := us.State(v).Translations
	if len(got) != 2 || got[0].ID != note.ID() || got[1].ID != again.ID() || got[0].Of != report.ID() || got[1].Ref.Party != "MX" || !reflect.DeepEqual(got[0].Parts, []string{"body.en"}) {
		t.Errorf("translations %+v", got)
	}
	only(t, us.Reasons("commitment", record.Note, on(v), us.lineOf(v), terms(entente.Translation{Of: reply.ID()}), content("body.es", "x")), entente.ReasonParts)

	// A meeting's notes are points of its agenda, or translations.
	m := mx.Propose("meeting", entente.Meeting{Starts: w.now + 10, Host: "US"}, content("place.en", "x"), content("place.es", "x"))
	point := mx.good(mx.Write("meeting", record.Note, on(m), terms(entente.AgendaItem{Item: 1}), content("title.en", "x"), content("title.es", "x"), content("body.es", "Antecedentes")))
	us.good(us.Write("meeting", record.Note, on(m), terms(entente.AgendaItem{Of: point.ID()}), content("body.en", "Background")))
	if s := us.State(m); len(s.Agenda) != 1 || len(s.Translations) != 1 || len(s.Untranslated) != 0 {
		t.Errorf("meeting: %+v", s)
	}
	w.same()
}
