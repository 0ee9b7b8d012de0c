package entente_test

import (
	"testing"

	"entente"
	"entente/progress"
	"entente/record"
)

// Each side sets a status of its own with its reasons; they may differ, and one that was set for another target says so.
func TestStatusOfEachSide(t *testing.T) {
	d := newDesk(t)
	mx, us := d.As("MX"), d.As("US")
	set := func(p *party, id, version record.ID, w progress.Word) {
		t.Helper()
		p.good(p.Write("indicator", record.Report, on(id), with(func(h *record.Header) { h.Version = version }), terms(entente.Assessment{Status: w}), content("body.en", "because")))
		d.Wait(5)
	}
	set(mx, d.indicator, d.indicator, progress.OnTrack)
	set(us, d.indicator, d.indicator, progress.AtRisk)
	d.same()
	s := us.State(d.indicator)
	if a, b := s.Status("MX"), s.Status("US"); a == nil || b == nil || a.Status != progress.OnTrack || b.Status != progress.AtRisk || a.Moved || b.Moved {
		t.Fatalf("statuses %+v", s.Assessments)
	}
	if len(s.Reports) != 0 || len(s.Untranslated) != 2 {
		t.Errorf("a status is no report of figures, and lacks a language: %+v", s)
	}
	text := entente.Indicator{Code: "fuel.seized", Unit: "l", Direction: "up", Period: "month", SameCount: true, Target: &entente.Level{Value: "9", Date: epoch + 9}}
	moved := mx.Amend(d.indicator, d.indicator, text)
	mx.good(mx.Consent(moved))
	if s := mx.State(d.indicator); s.Status("MX").Moved || len(s.Definitions) != 1 {
		t.Errorf("a target that one side signed moved: %+v", s.Definitions)
	}
	us.good(us.Consent(moved))
	set(us, d.indicator, moved, progress.Met)
	d.same()
	s = mx.State(d.indicator)
	if a, b := s.Status("MX"), s.Status("US"); a == nil || !a.Moved || b.Moved || b.Status != progress.Met {
		t.Errorf("after the target moved: %+v", s.Assessments)
	}
	if x := s.Definitions; len(x) != 2 || x[0].Moved || !x[1].Moved || x[1].Counting != d.indicator || x[0].Target.Value != "2" || x[1].Target.Value != "9" {
		t.Errorf("definitions %+v", x)
	}
	set(us, d.indicator, moved, progress.NotJudged)
	if mx.State(d.indicator).Status("US") != nil || mx.State(d.indicator).Status("MX") == nil {
		t.Error("a status that was taken back stands")
	}
}

// Figures counted by a version that counts the same go on; across one that does not, the series breaks.
func TestTheSameCountIsNoBreak(t *testing.T) {
	row := func(start, end string) record.Table {
		return record.Table{Columns: entente.ObservationColumns, Rows: [][]string{{"1", start, end, "MX", "", "5", "l", "final"}}}
	}
	for _, same := range []bool{true, false} {
		d := newDesk(t)
		mx, us := d.As("MX"), d.As("US")
		next := mx.Amend(d.indicator, d.indicator, entente.Indicator{Code: "fuel.seized", Unit: "l", Direction: "up", Period: "month", SameCount: same})
		for _, p := range []*party{mx, us} {
			p.good(p.Consent(next))
		}
		c := us.State(d.indicator).Collect([]progress.Report{{ID: record.ID{1}, Party: "MX", Version: d.indicator, Rows: row("2025-01-01", "2025-02-01")},
			{ID: record.ID{2}, Party: "MX", Index: 1, Version: next, Rows: row("2025-02-01", "2025-03-01")}})
		if len(c.Series) != 1 || len(c.Series[0].Breaks) != map[bool]int{true: 0, false: 1}[same] {
			t.Errorf("same count %v: %+v", same, c.Series)
		}
	}
}

// What became of a recommendation is told by those to whom it is addressed.
func TestWhatBecameOfARecommendation(t *testing.T) {
	d := newDesk(t)
	us := d.As("US")
	if b := us.State(d.finding).Became("US"); b != "" {
		t.Errorf("it became %q before anybody said so", b)
	}
	us.good(us.Write("finding", record.Report, on(d.finding), line("fuel"), terms(entente.Finding{Became: entente.BecameUnderWay}), content("body.en", "x"), content("body.es", "x")))
	d.same()
	if s := d.As("MX").State(d.finding); s.Became("US") != entente.BecameUnderWay || s.Became("MX") != "" || s.Fact("number") != "7" {
		t.Errorf("%+v", s)
	}
}
