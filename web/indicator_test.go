package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"entente/record"
)

// figureIs finds an indicator by its code.
func (x *side) figureIs(t *testing.T, code string) record.ID {
	t.Helper()
	g, _ := x.group(t)
	p, err := x.node.Instruments(t.Context(), who("desk"), g, query("indicator"))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range p.Items {
		if i.State.Fact("code") == code {
			return i.State.Instrument
		}
	}
	t.Fatalf("no indicator %s", code)
	return record.ID{}
}

// The other side contests a figure with a reason; on both nodes it is crossed, named in the table, and the signal says so.
func TestAContestedFigureIsCrossed(t *testing.T) {
	s := example(t)
	x := s.sides["MX"]
	_, base := s.sides["US"].group(t)
	_, home := x.group(t)
	id := x.figureIs(t, "firearms-seized").String()
	us, mx := newTab(t), newTab(t)
	us.signIn(s.sides["US"], "desk", "en")
	mx.signIn(x, minister["MX"], "es")
	mx.open(home + "/indicators/" + id)
	if n := evaluate[int](mx, `document.querySelectorAll(".chart .cross").length`); n != 0 {
		t.Fatalf("%d crosses before anybody contests anything", n)
	}
	us.open(base + "/indicators/" + id)
	us.accessible()
	at := evaluate[string](us, `[...document.querySelectorAll("#figures ~ div td a")][0].href`)
	us.open(at)
	us.accessible()
	us.press("main form[method=post] button.govuk-button")
	us.says("There is a problem", "Choose")
	evaluate[chromedp.Void](us, `document.querySelector("input[name=row]").click()`)
	us.choose("stance", "contest")
	us.fill(map[string]string{"body.en": "The press conference gives another number."})
	us.press("main form[method=post] button.govuk-button")
	us.sign(s.sides["US"], "desk", 1)
	us.says("On record")
	for _, y := range []struct {
		tab *tab
		url string
	}{{us, base}, {mx, home}} {
		y.tab.until(t, y.url+"/indicators/"+id, func() bool { return evaluate[int](y.tab, `document.querySelectorAll(".chart .cross").length`) == 1 })
		if n := evaluate[int](y.tab, `document.querySelectorAll("#figures ~ div td .ent-late").length`); n != 1 {
			t.Errorf("%d figures are marked in the table", n)
		}
		y.tab.accessible()
	}
	mx.says("Estados Unidos tiene observaciones", "Con observaciones")
	mx.open(home + "/indicators/" + id + "/reports/" + at[strings.LastIndex(at, "/")+1:])
	mx.says("The press conference gives another number.")
	mx.shot("contested")
}

// until opens a page again until it is so.
func (b *tab) until(t *testing.T, url string, is func() bool) {
	t.Helper()
	for range 60 {
		if b.open(url); is() {
			return
		}
	}
	t.Fatalf("%s does not come to it", url)
}

// Every indicator of the example reads on both sides, is small, and gives its signal as a file.
func TestIndicatorsRead(t *testing.T) {
	s := example(t)
	for _, x := range s.sides {
		_, base := x.group(t)
		r := newReader(t, x, "desk", "en")
		base = strings.TrimPrefix(base, x.url)
		status, page := r.get(base + "/indicators")
		if status != 200 || len(page) > 100_000 || !strings.Contains(page, "firearm-homicide-files") {
			t.Fatalf("%s: the list answers %d with %d bytes", x.id, status, len(page))
		}
		for code, wants := range map[string][]string{
			"fentanyl-seized-weight": {"Not judged", "463.38 lb", "in it revised", "Why they differ", "1,800 kg"},
			"firearm-homicide-files": {"from 32 to 6", "Not judged"},
			"homicide-files":         {"Theil–Sen", "29,482"},
		} {
			id := x.figureIs(t, code).String()
			status, page := r.get(base + "/indicators/" + id)
			if status != 200 || len(page) > 100_000 {
				t.Errorf("%s of %s: %d, %d bytes", code, x.id, status, len(page))
			}
			for _, w := range wants {
				if !strings.Contains(page, w) {
					t.Errorf("%s of %s does not say %q", code, x.id, w)
				}
			}
			if status, page := r.get(base + "/indicators/" + id + "/signal.json"); status != 200 || !strings.Contains(page, `"entente/signal/v2"`) {
				t.Errorf("%s: the signal answers %d", code, status)
			}
			for _, q := range []string{"?area=MX-SON", "?period=month", "?area=nowhere"} {
				if status, _ := r.get(base + "/indicators/" + id + q); status != 200 {
					t.Errorf("%s%s answers %d", code, q, status)
				}
			}
			yesterday := "?asof=" + time.Unix(x.node.Now()-86400, 0).UTC().Format(time.DateOnly)
			if status, then := r.get(base + "/indicators/" + id + yesterday); status != 200 || strings.Contains(page, "up to today") || !strings.Contains(then, "up to today") {
				t.Errorf("%s%s answers %d and does not say that its figures are today's", code, yesterday, status)
			}
		}
	}
}
