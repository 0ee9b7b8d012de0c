package node

import (
	"errors"
	"fmt"
	"testing"

	"entente"
	"entente/record"
	"entente/store"
)

// A calendar tells dates, titles as far as its office chose and no further, is read by its secret alone, and ends when revoked.
func TestCalendar(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	meet := func() { w.sync(t, "MX", "US"); w.sync(t, "US", "MX") }
	meet()
	clear := &record.Marking{TLP: record.Clear, ReleasableTo: []record.Party{record.Public}}
	agree := func(kind, terms string, m *record.Marking, title string) record.ID {
		t.Helper()
		parts := texts()
		for i := range parts {
			if parts[i].Name == "title.en" {
				parts[i].Content, parts[i].Marking = []byte(title), m
			}
		}
		s := w.act(t, "MX", Act{Kind: kind, Verb: record.Propose, Parts: parts, Terms: []byte(terms)})
		meet()
		for _, p := range []record.Party{"MX", "US"} {
			w.act(t, p, Act{Kind: kind, Verb: record.Consent, Version: s.ID})
			meet()
		}
		return s.ID
	}
	day := int64(86400)
	agree("meeting", fmt.Sprintf(`{"starts":%d,"host":"MX","number":4}`, w.now+9*day), nil, "secret meeting")
	agree("meeting", fmt.Sprintf(`{"starts":%d,"host":"MX","number":5}`, w.now+70*day), clear, "open meeting")
	agree("meeting", fmt.Sprintf(`{"starts":%d,"host":"MX","number":1}`, w.now-200*day), clear, "long ago")
	agree("commitment", fmt.Sprintf(`{"owner":"MX","due":%d}`, w.now+5*day), nil, "secret promise")
	agree("commitment", fmt.Sprintf(`{"owner":"US","due":%d}`, w.now+6*day), clear, "the other's promise")
	n, desk := w.nodes["MX"], Caller{Office: "desk", Via: "web"}
	plain, err := n.NewFeed(t.Context(), desk, w.group, "en", false)
	if err != nil {
		t.Fatal(err)
	}
	full, err := n.NewFeed(t.Context(), desk, w.group, "es", true)
	if err != nil {
		t.Fatal(err)
	}
	read := func(secret, want string) *Calendar {
		t.Helper()
		c, same, err := n.Calendar(t.Context(), secret, "")
		if err != nil || same {
			t.Fatal(same, err)
		}
		got := ""
		for _, d := range c.Dates {
			got += fmt.Sprintf("%d %v %s;", (d.State.Due-w.now)/day, d.Meets, d.Titles["en"])
		}
		if got != want {
			t.Errorf("it tells %q, want %q", got, want)
		}
		return c
	}
	accesses := func() int {
		t.Helper()
		log, err := n.Access(t.Context(), desk, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		return len(log)
	}
	before := accesses()
	c := read(plain, "5 false ;9 true ;70 true open meeting;")
	if accesses() != before {
		t.Error("dates alone stand in the access log")
	}
	f := read(full, "5 false secret promise;9 true secret meeting;70 true open meeting;")
	log, err := n.Access(t.Context(), desk, 0, 1)
	if err != nil || accesses() != before+1 || log[0].Terms.(*entente.Access).Via != "calendar" || log[0].Terms.(*entente.Access).Office != "desk" {
		t.Errorf("the access log: %+v %v", log, err)
	}
	if _, same, err := n.Calendar(t.Context(), full, f.Tag); !same || err != nil || accesses() != before+1 {
		t.Errorf("read again without a change: %v %v", same, err)
	}
	agree("meeting", fmt.Sprintf(`{"starts":%d,"host":"MX","number":6}`, w.now+80*day), clear, "another")
	if d := read(plain, "5 false ;9 true ;70 true open meeting;80 true another;"); d.Tag == c.Tag || d.Tag == f.Tag {
		t.Error("another content has the same tag")
	}
	feeds, err := n.Feeds(t.Context(), desk, w.group)
	if err != nil || len(feeds) != 2 || feeds[0].Read == 0 {
		t.Fatalf("%+v %v", feeds, err)
	}
	stored, err := store.Feeds(n.store.View(t.Context()), n.groupByRow(1).row)
	for _, x := range stored {
		if x.Digest == feedDigest(plain) && string(x.Digest[:]) == plain || err != nil {
			t.Error("the secret is stored")
		}
	}
	for name, err := range map[string]error{
		"another office revokes it": n.RevokeFeed(t.Context(), Caller{Office: "legal"}, w.group, feeds[0].Digest),
		"none to revoke":            n.RevokeFeed(t.Context(), desk, w.group, record.ID{1}),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := n.NewFeed(t.Context(), Caller{Operator: true}, w.group, "en", true); !errors.Is(err, ErrForbidden) {
		t.Errorf("the operator reads titles: %v", err)
	}
	if _, err := n.NewFeed(t.Context(), desk, w.group, "fr", true); !errors.Is(err, ErrInvalid) {
		t.Errorf("a language nobody speaks: %v", err)
	}
	if err := n.RevokeFeed(t.Context(), desk, w.group, feedDigest(full)); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{full, "", plain + "x"} {
		if _, _, err := n.Calendar(t.Context(), secret, f.Tag); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q is read: %v", secret, err)
		}
	}
	read(plain, "5 false ;9 true ;70 true open meeting;80 true another;")
}
