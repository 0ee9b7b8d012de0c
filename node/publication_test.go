package node

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"entente"
	"entente/record"
)

// The proof of a published text is verified offline, tells of nothing else, and does not bear a change.
func TestPublication(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	meet := func() { w.sync(t, "MX", "US"); w.sync(t, "US", "MX") }
	meet()
	secret := w.act(t, "MX", Act{Kind: "commitment", Verb: record.Propose, Parts: texts(), Terms: []byte(`{"owner":"US","due":1900000000}`)})
	meeting := w.act(t, "US", Act{Kind: "meeting", Verb: record.Propose, Parts: texts(), Terms: []byte(`{"starts":1900000000,"host":"MX"}`)})
	meet()
	hour := w.now + 1000
	s := w.act(t, "MX", Act{Kind: "statement", Verb: record.Propose, Parts: append(texts(), NewPart{"annex/kept", []byte("kept back"), nil}),
		Terms: fmt.Appendf(nil, `{"embargo":%d,"form":"readout","meeting":%q}`, hour, meeting.ID)})
	meet()
	var contest *Sealed
	for _, p := range []record.Party{"MX", "US"} {
		w.act(t, p, Act{Kind: "statement", Verb: record.Consent, Version: s.ID})
		meet()
		if p == "MX" {
			contest = w.act(t, "US", Act{Kind: "statement", Verb: record.Reply, Instrument: s.ID, Terms: fmt.Appendf(nil, `{"to":%q,"stance":"contest"}`, s.ID), Parts: []NewPart{{"body.en", []byte("x"), nil}}})
			meet()
		}
	}
	for _, p := range []record.Party{"MX", "US"} {
		w.act(t, p, Act{Kind: "statement", Verb: record.Release, Version: s.ID})
		meet()
	}
	n := w.nodes["MX"]
	if _, err := n.Publication(t.Context(), w.group, s.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("before the hour: %v", err)
	}
	w.now = hour
	for p, n := range w.nodes {
		b, err := n.Publication(t.Context(), w.group, s.ID)
		if err != nil {
			t.Fatal(err)
		}
		v := verdictOf(t, b, w.now)
		if !v.Valid || !v.Publication || v.Grade != entente.GradeWitnessed || v.View == nil || !v.View.Published || v.Subject != s.ID || len(v.Records) != 5 {
			t.Errorf("at %s: %+v", p, v)
		}
		for _, part := range v.Parts {
			if part.Included != (part.Name != "annex/kept") {
				t.Errorf("%s: included %v", part.Name, part.Included)
			}
		}
		for _, other := range []*Sealed{secret, meeting, contest} {
			r, err := n.Record(t.Context(), Caller{Office: "desk"}, w.group, other.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range parsed(t, b).Records {
				if h := r.Header.Ref(); h.Party == x.Party && h.Index == x.Index {
					t.Errorf("it holds the record %s of something else", h)
				}
			}
		}
	}
	b, err := n.Publication(t.Context(), w.group, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	// Another digit in the text, somebody's signature left out, a stranger put in, or taken for a full file.
	for name, change := range map[string]func(*entente.Evidence){
		"a letter":        func(e *entente.Evidence) { e.Parts[0].Part.Content[0] ^= 1 },
		"a full file":     func(e *entente.Evidence) { e.Format = entente.EvidenceFormat },
		"powers left out": func(e *entente.Evidence) { e.Records = e.Records[1:] },
	} {
		e := parsed(t, b)
		change(e)
		if v := e.Verify(entente.VerifyOptions{Now: w.now}); v.Valid {
			t.Errorf("%s: it is valid still", name)
		}
	}
	stranger, err := n.Evidence(t.Context(), Caller{Office: "desk"}, w.group, secret.ID, []string{"-"})
	if err != nil {
		t.Fatal(err)
	}
	e, full := parsed(t, b), parsed(t, stranger)
	full.Format, full.Subject = entente.PublicationFormat, e.Subject
	if v := full.Verify(entente.VerifyOptions{Now: w.now}); v.Valid {
		t.Error("a publication with other records is valid")
	}
	for i := range e.Records {
		x := parsed(t, b)
		x.Records = slices.Delete(x.Records, i, i+1)
		if v := x.Verify(entente.VerifyOptions{Now: w.now}); v.Valid && v.View.Published {
			t.Errorf("without record %d it is published still", i)
		}
	}
	changed, refused := 0, 0
	for i := 0; i < len(b); i += 29 {
		c := bytes.Clone(b)
		c[i] ^= 0x10
		changed++
		e, err := entente.ParseEvidence(c)
		if err != nil {
			refused++
			continue
		}
		v := e.Verify(entente.VerifyOptions{Now: w.now})
		if !v.Valid {
			refused++
			continue
		}
		if v.Group != w.group || v.Subject != s.ID || !v.View.Published { // what may change is a cosignature
			t.Errorf("byte %d: %+v", i, v)
		}
	}
	if changed < 200 || refused < changed*9/10 {
		t.Errorf("%d of %d changes were refused", refused, changed)
	}
}

func parsed(t *testing.T, b []byte) *entente.Evidence {
	t.Helper()
	e, err := entente.ParseEvidence(b)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func verdictOf(t *testing.T, b []byte, now int64) *entente.Verdict {
	t.Helper()
	return parsed(t, b).Verify(entente.VerifyOptions{Now: now})
}
