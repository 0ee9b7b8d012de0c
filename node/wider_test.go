package node

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"entente"
	"entente/record"
)

// Nobody hands on more than was handed on before without saying that this is meant: not by a release, not by a marking that is wider
// than the text before it or the party's default, not by letting a text be published, and not by translating what stayed at home.
func TestWhatWidensIsConfirmed(t *testing.T) {
	w := newSeveral(t, deskAlone, func(desk entente.Office) []entente.Office {
		legal := desk
		legal.ID, legal.Names, legal.Seats = "legal", bothNames("Legal"), []entente.Seat{{Number: 1, Key: PublicKey(testKey("legal"))}}
		return []entente.Office{desk, legal}
	}, "MX", "US")
	w.agreeCharter(t)
	who, n := Caller{Office: "desk", Via: "test"}, w.nodes["MX"]
	prepared := func(a Act) *Draft {
		t.Helper()
		a.Group = w.group
		d, err := n.Prepare(t.Context(), who, a)
		if err == nil {
			err = n.Save(t.Context(), d)
		}
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	sign := func(d *Draft, meant bool) (*Sealed, error) {
		_, s, err := n.AddApprovals(t.Context(), who, w.group, d.Nonce, []record.Approval{record.Approve(d.Act, "MX", "desk", 1, w.now, w.seats["MX"])}, meant)
		return s, err
	}
	signed := func(a Act, want ...string) *Sealed {
		t.Helper()
		d := prepared(a)
		all, err := n.Widens(t.Context(), who, d)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range all {
			got = append(got, x.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s %s widens %q, want %q", a.Kind, a.Verb, got, want)
		}
		s, err := sign(d, false)
		if len(want) == 0 {
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		var r *Refusal
		if !errors.As(err, &r) || len(r.Reasons) != 1 || r.Reasons[0].Code != ReasonWidens || r.Reasons[0].Values[0] == "" {
			t.Fatalf("%s %s: %v", a.Kind, a.Verb, err)
		}
		if s, err = sign(d, true); err != nil {
			t.Fatal(err)
		}
		return s
	}
	terms := func(v any) json.RawMessage {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	own := func(name string) NewPart {
		return NewPart{Name: name, Content: []byte("x"), Marking: &record.Marking{TLP: record.AmberStrict}}
	}
	red := func(name string, offices ...string) NewPart {
		return NewPart{Name: name, Content: []byte("x"), Marking: &record.Marking{TLP: record.Red, ReleasableTo: []record.Party{"US"}, Offices: offices}}
	}
	statement := terms(entente.Statement{Own: true})

	usual := signed(Act{Kind: "statement", Verb: record.Propose, Terms: statement, Parts: append(texts(), own("annex/route"), red("annex/names", "MX/desk"), red("annex/legal", "MX/legal"))[:6]})
	signed(Act{Kind: "statement", Verb: record.Propose, Instrument: usual.ID, Replaces: usual.ID, Terms: statement,
		Parts: append(texts(), NewPart{Name: "annex/route", Content: []byte("x")}, NewPart{Name: "annex/names", Content: []byte("x")})},
		"annex/names to every office of MX, every office of US", "annex/route to US")
	signed(Act{Kind: "statement", Verb: record.Release, Instrument: usual.ID, Terms: terms(entente.Widening{Of: usual.ID, Parts: []string{"annex/names"}, Offices: []string{"US/legal"}})},
		"annex/names to US/legal")
	signed(Act{Kind: "statement", Verb: record.Release, Instrument: usual.ID, Terms: terms(entente.Widening{Of: usual.ID, Parts: []string{"annex/names"}, Offices: []string{"US/desk", "US/legal"}})},
		"annex/names to US/desk") // the other has it
	signed(Act{Kind: "statement", Verb: record.Consent, Version: usual.ID})
	signed(Act{Kind: "statement", Verb: record.Release, Version: usual.ID}, "body.en, body.es, title.en, title.es to everybody")

	clear := NewPart{Name: "body.en", Content: []byte("x"), Marking: &record.Marking{TLP: record.Clear, ReleasableTo: []record.Party{record.Public}}}
	incident := Act{Kind: "incident", Verb: record.Report, Terms: terms(entente.Incident{Where: "MX", At: w.now - 60, Severity: "serious"})}
	incident.Parts = append(texts()[:2:2], clear)
	signed(incident, "body.en to everybody")
	incident.Parts = append(texts()[:2:2], own("body.es"))
	quiet := signed(incident)
	signed(Act{Kind: "incident", Verb: record.Note, Instrument: quiet.ID, Terms: terms(entente.Translation{Of: quiet.ID}), Parts: []NewPart{{Name: "body.en", Content: []byte("x")}}}) // as what it translates, unless it says otherwise
	incident.Parts = append(texts()[:2:2], own("body.es"))
	quiet = signed(incident)
	signed(Act{Kind: "incident", Verb: record.Note, Instrument: quiet.ID, Terms: terms(entente.Translation{Of: quiet.ID}), Parts: []NewPart{{Name: "body.en", Content: []byte("x"),
		Marking: &record.Marking{TLP: record.Amber, ReleasableTo: []record.Party{"MX", "US"}}}}}, "body.en to US")

	// What an office may not read it does not hand on, to itself least of all; once it may, it does.
	incident.Parts = append(texts(), red("annex/advice", "MX/legal"))
	d := prepared(incident)
	if _, err := sign(d, true); !errors.Is(err, ErrConflict) {
		t.Errorf("a text of which the signer's office may not read a part: %v", err)
	}
	legal := func(d *Draft) *Sealed {
		t.Helper()
		_, s, err := n.AddApprovals(t.Context(), who, w.group, d.Nonce, []record.Approval{record.Approve(d.Act, "MX", "legal", 1, w.now, testKey("legal"))}, true)
		if err != nil || s == nil {
			t.Fatal(err)
		}
		return s
	}
	advice := legal(d).ID
	to := func(offices ...string) *Draft {
		return prepared(Act{Kind: "incident", Verb: record.Release, Instrument: advice, Terms: terms(entente.Widening{Of: advice, Parts: []string{"annex/advice"}, Offices: offices})})
	}
	d = to("MX/desk")
	if _, err := sign(d, true); !errors.Is(err, ErrConflict) {
		t.Errorf("an office releases to itself what it may not read: %v", err)
	}
	d.Sign(record.Approve(d.Act, "MX", "desk", 1, w.now, w.seats["MX"]))
	if _, err := n.Seal(t.Context(), who, d); !errors.Is(err, ErrConflict) {
		t.Errorf("and seals it: %v", err)
	}
	legal(to("MX/desk"))
	if _, err := sign(to("US/desk"), true); err != nil {
		t.Errorf("what was released to it: %v", err)
	}
}
