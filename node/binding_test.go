package node

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"entente"
	"entente/record"
	"entente/store"
)

// Whoever takes over a seat's number inherits no way in; an official who replaces the own key by an authenticator goes on.
func TestSignInsFollowTheKey(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	n, ctx := w.nodes["MX"], t.Context()
	root, err := OpenKey(filepath.Join(n.dir, RootFile), testPassphrase)
	if err != nil {
		t.Fatal(err)
	}
	key := func(s string) entente.Key { return PublicKey(testKey(s)) }
	seats := func(keys ...entente.Key) {
		t.Helper()
		o := entente.Office{ID: "desk", Names: bothNames("Desk"), Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}}
		for i, k := range keys {
			o.Seats = append(o.Seats, entente.Seat{Number: uint64(i) + 1, Key: k})
		}
		for _, g := range []record.ID{n.own().id, w.group} {
			if err := n.PutPowers(ctx, g, []entente.Office{o}, root); err != nil {
				t.Fatal(err)
			}
		}
	}
	seats(key("first"), key("second"))
	credential := func(id, use, signs string, seat uint64) {
		t.Helper()
		c := store.Credential{ID: []byte(id), Office: "desk", Seat: seat, Use: use, Name: id, Data: []byte("{}")}
		if signs != "" {
			c.Key = key(signs).String()
		}
		if err := n.PutCredential(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	type way struct{ first, second, office string }
	begin := func() (sessions, links way) {
		t.Helper()
		for at, x := range map[*string]uint64{&sessions.first: 1, &sessions.second: 2, &sessions.office: 0} {
			if *at, err = n.StartSession(ctx, "desk", x, ByPasskey); err != nil {
				t.Fatal(err)
			}
		}
		for at, x := range map[*string]uint64{&links.first: 1, &links.second: 2, &links.office: 0} {
			if *at, err = n.NewLink(ctx, "desk", x, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		return sessions, links
	}
	s, l := begin()
	credential("first in", CredentialSignIn, "", 1)
	credential("second in", CredentialSignIn, "", 2)
	credential("second signs", CredentialSign, "second's device", 2)
	for sub, seat := range map[string]uint64{"a": 1, "b": 2, "c": 0} {
		if err := n.PutSubject(ctx, store.Subject{Issuer: "https://id", Subject: sub, Office: "desk", Seat: seat}); err != nil {
			t.Fatal(err)
		}
	}
	is := func(what string, err error, good bool) {
		t.Helper()
		if good != (err == nil) || !good && !errors.Is(err, ErrForbidden) && !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	look := func(first, second, office bool) {
		t.Helper()
		for _, x := range []struct {
			secret, subject, credential string
			good                        bool
		}{{s.first, "a", "first in", first}, {s.second, "b", "second in", second}, {s.office, "c", "", office}} {
			_, err := n.Session(ctx, x.secret)
			is("session of "+x.subject, err, x.good)
			_, err = n.Subject(ctx, "https://id", x.subject)
			is("account "+x.subject, err, x.good)
			if x.credential != "" {
				_, err = n.Credential(ctx, []byte(x.credential))
				is(x.credential, err, x.good)
			}
		}
	}
	look(true, true, true)
	seats(key("first"), key("second"), key("third"))
	look(true, true, true)

	// The second official signs with a device from now on: it is the same person.
	seats(key("first"), key("second's device"), key("third"))
	look(true, true, true)
	if all, err := n.Credentials(ctx, CredentialSign, "desk"); err != nil || len(all) != 1 {
		t.Errorf("%d credentials that sign: %v", len(all), err)
	}
	// Another follows the first: under the same number there is no way in, and the office's own must come in anew.
	seats(key("successor"), key("second's device"), key("third"))
	look(false, true, false)
	for what, link := range map[string]string{"first": l.first, "office": l.office} {
		_, err := n.UseLink(ctx, link)
		is("link of "+what, err, false)
	}
	if _, err := n.UseLink(ctx, l.second); err != nil {
		t.Error(err)
	}
	if all, err := n.Subjects(ctx); err != nil || len(all) != 1 {
		t.Errorf("%d accounts stay stored: %v", len(all), err)
	}
	// The key comes back: what ended stays ended.
	seats(key("first"), key("second's device"), key("third"))
	look(false, true, false)

	// The access log says what a way in by link was.
	log, err := n.Access(ctx, Caller{Operator: true}, 0, 50)
	if err != nil {
		t.Fatal(err)
	}
	printed, used := 0, 0
	for _, x := range log {
		if a, ok := x.Terms.(*entente.Access); ok && a.How == ByLink && len(a.Items) == 0 {
			if a.Via == "operator" {
				printed++
			} else {
				used++
			}
		}
	}
	if printed != 3 || used != 1 {
		t.Errorf("%d links printed and %d used in the access log", printed, used)
	}
}
