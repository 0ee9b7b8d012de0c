package entente_test

import (
	"strings"
	"testing"

	"entente"
	"entente/record"
	"entente/release"
)

// A line to take stays in the group of one, in every language; the last note is the whole of what is said, and it can be ended.
func TestLinesToTakeStayAtHome(t *testing.T) {
	w := newWorld(t, newCharter("MX"))
	mx := w.As("MX")
	group, about := record.ID{7}, record.ID{8}
	note := func(n entente.PressLine, e ...edit) []edit {
		n.By = "press"
		return append([]edit{by(), terms(n)}, e...)
	}
	both := func(s string) map[string]string { return map[string]string{"en": s, "es": s} }
	whole := []edit{home("title.en", "x"), home("title.es", "x"), home("body.en", "x"), home("body.es", "x")}
	id := mx.good(mx.Write("press-line", record.Note, note(entente.PressLine{Group: group, About: about, Question: true, Until: epoch + 500}, whole...)...)).ID()
	s := mx.State(id)
	if l := s.PressLine(); l.About != about || !l.Question || l.Until != epoch+500 || l.By != "press" || l.Ended || s.Owner != "MX" || s.Fact("group") != group.String() || s.Fact("latest") != id.String() {
		t.Errorf("state %+v", s.Facts)
	}
	mx.good(mx.Write("press-line", record.Note, note(entente.PressLine{Group: group, Ended: true}, on(id))...))
	if l := mx.State(id).PressLine(); !l.Ended || !l.Question {
		t.Errorf("ended: %+v", l)
	}
	again := mx.good(mx.Write("press-line", record.Note, note(entente.PressLine{Group: group, Ask: both("Attorney General")}, on(id), whole[0], whole[1])...)).ID()
	if l := mx.State(id).PressLine(); l.Ended || l.Question || l.Until != 0 || !l.About.IsZero() || l.Ask["es"] != "Attorney General" || mx.State(id).Fact("latest") != again.String() {
		t.Errorf("what stands now is the last note alone: %+v", l)
	}
	w.same()
	for name, x := range map[string]struct {
		edits []edit
		code  string
	}{
		"in one language":       {note(entente.PressLine{Group: group}, whole[0], whole[2]), entente.ReasonParts},
		"nothing said":          {note(entente.PressLine{Group: group}, whole[0], whole[1]), entente.ReasonParts},
		"a first that ends":     {note(entente.PressLine{Group: group, Ended: true}), entente.ReasonParts},
		"asked in one language": {note(entente.PressLine{Group: group, Ask: map[string]string{"en": "x"}}, whole[0], whole[1]), entente.ReasonParts},
		"no group":              {note(entente.PressLine{}, whole...), entente.ReasonTerms},
		"no office":             {append([]edit{by(), terms(entente.PressLine{Group: group})}, whole...), entente.ReasonTerms},
		"until never":           {note(entente.PressLine{Group: group, Until: -1}, whole...), entente.ReasonTerms},
		"two lines to ask":      {note(entente.PressLine{Group: group, Ask: both("a\nb")}, whole...), entente.ReasonTerms},
		"a long office to ask":  {note(entente.PressLine{Group: group, Ask: both(strings.Repeat("x", 201))}, whole...), entente.ReasonTerms},
		"a part that travels":   {note(entente.PressLine{Group: group, Ask: both("x")}, whole[0], content("title.es", "x", release.Default("MX", "MX"))), entente.ReasonParts},
	} {
		if got := mx.Reasons("press-line", record.Note, x.edits...); len(got) == 0 || got[0].Code != x.code {
			t.Errorf("%s: %v", name, got)
		}
	}
	two := newWorld(t, newCharter("MX", "US"))
	if got := two.As("MX").Reasons("press-line", record.Note, note(entente.PressLine{Group: group}, whole...)...); len(got) == 0 {
		t.Error("a line to take stands before the other side")
	}
}
