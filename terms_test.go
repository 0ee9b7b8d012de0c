package entente_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entente"
	"entente/record"
)

// Terms as JSON, charters and states as bytes: one form each, everything else refused.

func TestEncodeTermsIsStrict(t *testing.T) {
	k := entente.Standard()
	good := `{"owner":"MX","due":5}`
	first, err := k.EncodeTerms("commitment", record.Propose, []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	spaced, err := k.EncodeTerms("commitment", record.Propose, []byte(" {\"due\" : 5 ,\n \"owner\" : \"MX\"} \n"))
	if err != nil || !bytes.Equal(first, spaced) {
		t.Errorf("spaces and order change what is signed: %x %x %v", first, spaced, err)
	}
	v, err := k.DecodeTerms(&record.Header{Kind: "commitment", Verb: record.Propose, Terms: first})
	if err != nil || !reflect.DeepEqual(v, &entente.Commitment{Owner: "MX", Due: 5}) {
		t.Errorf("%+v %v", v, err)
	}
	for name, c := range map[string]struct{ kind, terms string }{
		"unknown name":           {"commitment", `{"owner":"MX","due":5,"price":"1"}`},
		"something behind":       {"commitment", good + `{"owner":"US"}`},
		"a brace behind":         {"commitment", good + `}`},
		"text behind":            {"commitment", good + ` x`},
		"a float":                {"commitment", `{"owner":"MX","due":5.5}`},
		"an exponent":            {"commitment", `{"owner":"MX","due":5e0}`},
		"a list":                 {"commitment", `[]`},
		"a text":                 {"commitment", `"x"`},
		"half":                   {"commitment", `{"owner":"MX"`},
		"a number as a text":     {"commitment", `{"owner":"MX","due":"5"}`},
		"a negative number":      {"decision", `{"meeting":"","item":-1}`},
		"an id that is none":     {"commitment", `{"owner":"MX","due":5,"decision":"abc"}`},
		"an id in capitals":      {"commitment", `{"owner":"MX","due":5,"decision":"` + strings.Repeat("AB", 32) + `"}`},
		"terms where none go":    {"receipt", `{"x":1}`},
		"an unknown kind":        {"pact", `{}`},
		"a number beyond 64 bit": {"commitment", `{"owner":"MX","due":9223372036854775808}`},
	} {
		verb := record.Propose
		if c.kind == "receipt" {
			verb = record.Note
		}
		if b, err := k.EncodeTerms(c.kind, verb, []byte(c.terms)); err == nil {
			t.Errorf("%s: taken as %x", name, b)
		}
	}
	for _, none := range []string{"", "null", "{}"} {
		if b, err := k.EncodeTerms("statement", record.Propose, []byte(none)); err != nil || b != nil {
			t.Errorf("%q: %x, %v", none, b, err)
		}
	}
	if _, _, err := k.Rule("pact", record.Propose); !errors.Is(err, entente.ErrUnknown) {
		t.Errorf("unknown kind: %v", err)
	}
	if _, _, err := k.Rule("statement", record.Restore); !errors.Is(err, entente.ErrUnknown) {
		t.Errorf("unknown verb: %v", err)
	}
}

func TestDecodeTermsIsStrict(t *testing.T) {
	k := entente.Standard()
	for name, b := range map[string]string{
		"absent written as zero":  "a3016244580300076" + "0",
		"doubled":                 "a30162445801624458" + "0305",
		"not ascending":           "a2030501624d58",
		"a number too long":       "a201624d58031805",
		"unknown":                 "a301624d58030518630" + "1",
		"a text for the number":   "a201624d5803613" + "5",
		"something behind":        "a201624d58030500",
		"indefinite":              "bf01624d580305ff",
		"the empty map for none":  "a0",
		"a float for the number":  "a201624d5803f94500",
		"a tag before the number": "a201624d5803c105",
	} {
		var raw []byte
		fmt.Sscanf(b, "%x", &raw)
		if v, err := k.DecodeTerms(&record.Header{Kind: "commitment", Verb: record.Propose, Terms: raw}); !errors.Is(err, record.ErrFormat) {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
	if _, err := k.DecodeTerms(&record.Header{Kind: "commitment", Verb: record.Withdraw, Terms: []byte{0xa0}}); err == nil {
		t.Error("terms where none go")
	}
}

func TestCharterCheck(t *testing.T) {
	for want, spoil := range map[string]func(*entente.Charter){
		"fold rules":         func(c *entente.Charter) { c.Rules = 2 },
		"parties":            func(c *entente.Charter) { c.Parties = nil },
		"no language":        func(c *entente.Charter) { c.Languages = nil },
		"unknown or doubled": func(c *entente.Charter) { c.Languages = []string{"en", "en"} },
		"track":              func(c *entente.Charter) { c.Track = "A B" },
		"founded":            func(c *entente.Charter) { c.Founded = 0 },
		"name: missing":      func(c *entente.Charter) { delete(c.Names, "es") },
		"purpose: missing":   func(c *entente.Charter) { c.Purpose["en"] = "" },
		"does not name":      func(c *entente.Charter) { c.Names["fr"] = "x" },
		"ascending without":  func(c *entente.Charter) { c.Parties[0], c.Parties[1] = c.Parties[1], c.Parties[0] },
		"root key of MX":     func(c *entente.Charter) { c.Parties[0].Root.Alg = -7 },
		"another than its":   func(c *entente.Charter) { c.Parties[0].Next = c.Parties[0].Root.Digest() },
		"no digest":          func(c *entente.Charter) { c.Parties[1].Next = record.ID{} },
		"line":               func(c *entente.Charter) { c.Lines[1].Code = c.Lines[0].Code },
		"all or participant": func(c *entente.Charter) { c.Consent = map[string]string{"commitment": "majority"} },
		"clocks":             func(c *entente.Charter) { c.Clocks.Notice = -1 },
		"50 years":           func(c *entente.Charter) { c.Clocks.Ceiling = 51 * 366 * 86400 },
		"skew":               func(c *entente.Charter) { c.Clocks.Skew = 86401 },
		"handling":           func(c *entente.Charter) { c.Handling = []string{""} },
		"silence for":        func(c *entente.Charter) { c.Silence = []string{"statement", "commitment"} },
		"silence for \"A b":  func(c *entente.Charter) { c.Silence = []string{"A b"} },
		"silence: 65":        func(c *entente.Charter) { c.Silence = slices.Repeat([]string{"a"}, 65) },
		"meetings":           func(c *entente.Charter) { c.Meetings = &entente.Meetings{EveryDays: 30, First: "FR"} },
	} {
		c := newCharter("MX", "US")
		if _, err := entente.ParseCharter(mustEncode(c)); err != nil {
			t.Fatal(err)
		}
		spoil(c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if _, err := c.Encode(); err == nil {
			t.Errorf("%s: encoded", want)
		}
		b, err := record.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entente.ParseCharter(b); !errors.Is(err, record.ErrFormat) {
			t.Errorf("%s: parsed, %v", want, err)
		}
		if _, err := entente.NewLedger(entente.Standard(), b); err == nil {
			t.Errorf("%s: a ledger starts from it", want)
		}
	}
	if _, err := entente.ParseCharter(make([]byte, record.MaxTerms+1)); !errors.Is(err, record.ErrFormat) {
		t.Errorf("too long: %v", err)
	}
}

func FuzzParseCharter(f *testing.F) {
	f.Add(mustEncode(newCharter("MX", "US")))
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := entente.ParseCharter(b)
		if err != nil {
			if !errors.Is(err, record.ErrFormat) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		again, err := c.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x parsed and encoded is %x, %v", b, again, err)
		}
		l, err := entente.NewLedger(entente.Standard(), b)
		if err != nil || l.Group != entente.GroupOf(b) || len(l.Parties()) == 0 {
			t.Fatalf("no ledger: %v", err)
		}
	})
}

func FuzzParseState(f *testing.F) {
	d := newDesk(f)
	for _, b := range d.As("MX").view.states {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := entente.ParseState(b)
		if err != nil {
			if !errors.Is(err, record.ErrFormat) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if again, err := s.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x parsed and encoded is %x, %v", b, again, err)
		}
		for _, now := range []int64{0, epoch, record.MaxTime} {
			s.At(now)
		}
		s.Text()
	})
}

func FuzzEncodeTerms(f *testing.F) {
	k := entente.Standard()
	type rule struct {
		kind string
		verb record.Verb
	}
	var rules []rule
	for _, n := range k.Names() {
		for _, v := range record.Verbs {
			if _, r, err := k.Rule(n, v); err == nil && r.Terms != nil {
				rules = append(rules, rule{n, v})
				b, err := json.Marshal(r.Terms())
				if err != nil {
					f.Fatal(err)
				}
				f.Add(uint(len(rules)-1), b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, n uint, j []byte) {
		r := rules[n%uint(len(rules))]
		b, err := k.EncodeTerms(r.kind, r.verb, j)
		if err != nil || len(b) == 0 {
			return
		}
		v, err := k.DecodeTerms(&record.Header{Kind: r.kind, Verb: r.verb, Terms: b})
		if err != nil {
			t.Fatalf("%s %s: what was encoded is not decoded: %v", r.kind, r.verb, err)
		}
		again, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		c, err := k.EncodeTerms(r.kind, r.verb, again)
		if err != nil || !bytes.Equal(b, c) {
			t.Fatalf("%s %s: %x, by way of JSON %x, %v", r.kind, r.verb, b, c, err)
		}
	})
}
