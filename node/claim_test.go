package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entente"
	"entente/progress"
	"entente/record"
)

// A claim is kept at home, where nobody else sees that there is one; it crosses as a new record; and it is given out for publication
// only when both released it with the word that the figures say.
func TestAClaimFromHomeToPublication(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	meet := func() { w.sync(t, "MX", "US"); w.sync(t, "US", "MX") }
	meet()
	ctx, desk := t.Context(), Caller{Office: "desk", Seat: 1, Via: "test"}
	mx, us := w.nodes["MX"], w.nodes["US"]
	indicator := func(code string) *Sealed {
		i := w.act(t, "MX", Act{Kind: "indicator", Verb: record.Propose, Parts: texts(), Terms: fmt.Appendf(nil, `{"code":%q,"unit":"persons","direction":"context","period":"year"}`, code)})
		meet()
		for _, p := range []record.Party{"MX", "US"} {
			w.act(t, p, Act{Kind: "indicator", Verb: record.Consent, Version: i.ID})
			meet()
		}
		return i
	}
	transfers, extraditions := indicator("transfers"), indicator("extraditions")
	report := func(i *Sealed, source string, rows ...[3]string) *Sealed {
		x := record.Table{Columns: entente.ObservationColumns}
		for k, r := range rows {
			x.Rows = append(x.Rows, []string{fmt.Sprint(k), r[0], r[1], "MX", "", r[2], "persons", "final"})
		}
		b, err := x.Encode()
		if err != nil {
			t.Fatal(err)
		}
		s := w.act(t, "MX", Act{Kind: "observation", Verb: record.Report, Parts: []NewPart{{Name: record.RowsPart, Content: b}}, Terms: fmt.Appendf(nil, `{"indicator":%q,"version":%q,"source":%q}`, i.ID, i.ID, source)})
		meet()
		return s
	}
	figures := report(transfers, "SSPC", [3]string{"2025-02-27", "2025-03-01", "29"}, [3]string{"2025-08-12", "2025-08-13", "26"})
	report(extraditions, "FGR", [3]string{"2019-01-01", "2020-01-01", "58"}, [3]string{"2022-01-01", "2023-01-01", "78"})

	claim := entente.Claim{Office: "US Secretary of State", Side: "US", Outlet: "Reuters", Link: "https://example.org/55", Language: "en", Indicator: extraditions.ID, Form: progress.ClaimValue, Value: "55", Unit: "persons"}
	const quote, position = "the recent extradition of 55 cartel leaders", "Son traslados, no extradiciones."
	note, err := mx.NoteClaim(ctx, desk, w.group, record.ID{}, NewClaim{Claim: &claim, Quote: quote, Position: map[string]string{"es": position}})
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]NewClaim{
		"no quote":       {Claim: &claim},
		"a long quote":   {Claim: &claim, Quote: strings.Repeat("word ", 26)},
		"nothing":        {},
		"no such office": {Claim: &entente.Claim{}, Quote: quote},
		"no indicator":   {Claim: &entente.Claim{Office: "x", Indicator: figures.ID}, Quote: quote},
	} {
		if _, err := mx.NoteClaim(ctx, desk, w.group, record.ID{}, x); err == nil {
			t.Errorf("%s was kept", name)
		}
	}
	if _, err := mx.NoteClaim(ctx, Caller{Operator: true}, w.group, record.ID{}, NewClaim{Claim: &claim, Quote: quote}); !errors.Is(err, ErrForbidden) {
		t.Errorf("the operator has no word: %v", err)
	}
	if _, err := us.NoteClaim(ctx, desk, w.group, note.ID, NewClaim{Position: map[string]string{"en": "x"}}); !errors.Is(err, ErrNotFound) {
		t.Errorf("another party's claim: %v", err)
	}
	before := us.Groups(ctx, desk)
	meet()
	if after := us.Groups(ctx, desk); fmt.Sprint(before) != fmt.Sprint(after) {
		t.Error("the other side received a record")
	}
	if c, err := us.Claims(ctx, desk, w.group, record.ID{}); err != nil || len(c) != 0 {
		t.Errorf("the other side sees %v %v", c, err)
	}
	one := func(n *Node) ClaimChecked {
		t.Helper()
		c, err := n.Claims(ctx, desk, w.group, extraditions.ID)
		if err != nil || len(c) != 1 {
			t.Fatalf("claims %v %v", c, err)
		}
		all, err := n.CheckClaims(ctx, desk, w.group, c)
		if err != nil {
			t.Fatal(err)
		}
		return all[0]
	}
	c := one(mx)
	if c.Quote != quote || c.Position["es"] != position || c.Finding.Word != progress.FindingDefinition || c.Finding.Readings[0].Arithmetic(c.Finding.Claim.Form) != "29 + 26 = 55" || c.Finding.Readings[0].Measure != "transfers" {
		t.Errorf("%+v", c)
	}
	if _, err := mx.ClaimReview(ctx, desk, w.group, c.ID); !errors.Is(err, ErrConflict) {
		t.Errorf("published from home: %v", err)
	}
	if _, err := mx.ReleaseClaim(ctx, desk, w.group, &c); !errors.Is(err, ErrConflict) {
		t.Errorf("released from home: %v", err)
	}
	d, err := mx.PutClaim(ctx, desk, w.group, note.ID, map[string]string{"en": "Handed over, not extradited.", "es": "Entregados, no extraditados."})
	if err != nil {
		t.Fatal(err)
	}
	if c = one(mx); c.Draft != d.Nonce {
		t.Error("it does not tell of its draft")
	}
	if _, err := mx.PutClaim(ctx, desk, w.group, note.ID, nil); !errors.Is(err, ErrConflict) {
		t.Errorf("drafted twice: %v", err)
	}
	d.Sign(record.Approve(d.Act, "MX", "desk", 1, w.now, w.seats["MX"]))
	if _, err := mx.Seal(ctx, desk, d); err != nil {
		t.Fatal(err)
	}
	meet()
	if c = one(mx); c.Joint == nil || c.Home == nil || c.Quote != quote || c.Position["es"] != position {
		t.Errorf("at home and before the others: %+v", c)
	}
	c = one(us)
	if c.Unread != 0 { // it names the indicator, and is no report of figures
		t.Errorf("%d reports cannot be read", c.Unread)
	}
	if c.Joint == nil || c.Home != nil || c.Quote != quote || len(c.Position) != 0 || c.Finding.Word != progress.FindingDefinition {
		t.Errorf("the other side: %+v", c)
	}
	if b, _ := json.Marshal(c); strings.Contains(string(b), "traslados") {
		t.Error("the position kept at home crossed")
	}
	release := func(p record.Party) {
		t.Helper()
		c := one(w.nodes[p])
		a, err := w.nodes[p].ReleaseClaim(ctx, desk, w.group, &c)
		if err != nil {
			t.Fatal(err)
		}
		w.act(t, p, a)
		meet()
	}
	refused := func(when string) {
		t.Helper()
		for p, n := range w.nodes {
			if _, err := n.ClaimReview(ctx, desk, w.group, one(n).Joint.State.Instrument); !errors.Is(err, ErrConflict) {
				t.Errorf("%s, %s gives it out: %v", when, p, err)
			}
		}
	}
	refused("released by nobody")
	release("MX")
	refused("released by one")
	release("US")
	for p, n := range w.nodes {
		r, err := n.ClaimReview(ctx, desk, w.group, one(n).Joint.State.Instrument)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"@type":"ClaimReview"`, quote, "29 + 26 = 55", `"name":"US Secretary of State"`, `{"@language":"es","@value":"Corresponde a otra definición"}`, `"https://example.org/55"`, progress.ClaimRule} {
			if !strings.Contains(string(b), want) {
				t.Errorf("%s: no %s in %s", p, want, b)
			}
		}
		for _, never := range []string{"ratingValue", "bestRating", "true", "True", "false", "False", "traslados"} {
			if strings.Contains(string(b), never) {
				t.Errorf("%s: it says %s: %s", p, never, b)
			}
		}
	}
	report(transfers, "SSPC", [3]string{"2025-08-12", "2025-08-13", "25"}) // the figures change: what was released no longer holds
	refused("the finding changed")
	if got := one(us).Finding.Word; got == progress.FindingDefinition || !slices.Contains(progress.FindingWords, got) {
		t.Errorf("with another figure it is %s", got)
	}
}
