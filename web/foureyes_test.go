package web_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"entente/node"
	"entente/record"
)

// Two officials of one office sign, each in a browser of their own: one signature puts nothing on record, nor does the same one twice;
// the other official finds the draft among what waits, and signs exactly the same text.
func TestFourEyes(t *testing.T) {
	s := example(t)
	x, office := s.sides["MX"], "line-lead-tunnels"
	g := x.security(t).ID
	d, err := x.node.Prepare(t.Context(), who(office), node.Act{Group: g, Kind: "commitment", Verb: record.Propose, Line: "tunnels", Parts: texts("Cuatro ojos", "Four eyes"),
		Terms: []byte(`{"owner":` + quote(string(x.id)) + `,"due":` + strconv.FormatInt(x.node.Now()+40*86400, 10) + `}`)})
	must(t, err)
	must(t, x.node.Save(t.Context(), d))
	at := x.slug(t) + "/drafts/" + d.Nonce.String()
	official := func(seat uint64, lang string) *tab {
		b := newTab(t)
		secret, err := x.node.NewLink(t.Context(), office, seat, time.Hour)
		must(t, err)
		b.open(x.url + "/signin/link/" + secret)
		b.press("main form button")
		b.open(x.url + "/language/" + lang + "?back=/")
		return b
	}
	kept := func() *node.Draft {
		t.Helper()
		d, err := x.node.GroupDraft(t.Context(), who(office), g, d.Nonce)
		must(t, err)
		return d
	}
	one, two := official(1, "en"), official(2, "es")

	one.open(x.url + at)
	one.says("Four eyes")
	one.sign(x, office, 1)
	one.says("Another signature is still missing")
	if n := len(kept().Header.Approvals); n != 1 {
		t.Fatalf("%d approvals after one signature", n)
	}
	if !evaluate[bool](one, `document.querySelector("#seat option[value='1']").disabled`) {
		t.Error("the page asks the first official again")
	}
	evaluate[chromedp.Void](one, `document.querySelector("#seat option[value='1']").disabled = false`)
	one.sign(x, office, 1)
	if n := len(kept().Header.Approvals); n != 1 {
		t.Fatalf("%d approvals after the same official signed twice", n)
	}
	one.says("Still missing: 1 of 2")

	two.open(x.url + x.slug(t))
	two.press("main a[href$='" + at + "']")
	two.says("Cuatro ojos")
	two.sign(x, office, 2)
	two.says("Cuatro ojos")
	if strings.Contains(two.at(), "/drafts/") {
		t.Fatalf("after both: %s", two.at())
	}
	id, err := record.ParseID(two.at()[strings.LastIndex(two.at(), "/")+1:])
	must(t, err)
	r, err := x.node.Record(t.Context(), who(office), g, id)
	must(t, err)
	if a := r.Header.Approvals; len(a) != 2 || a[0].Seat == a[1].Seat {
		t.Fatalf("approvals %+v", a)
	}
}
