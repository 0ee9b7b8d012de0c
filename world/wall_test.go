package world_test

import (
	"errors"
	"testing"

	"entente"
	"entente/node"
	"entente/record"
	"entente/world"
)

// One node, two groups with other parties and other officials: neither office, and neither peer, learns of the other.
func TestGroupsAreWalledOff(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "CA", "MX", "US") // the group of all three
	mx, us, ca := w.As("MX"), w.As("US"), w.As("CA")
	c := *w.Charter
	c.Track, c.Nonce = "trade", [16]byte{9}
	c.Parties = nil
	for _, p := range w.Charter.Parties {
		if p.ID != "CA" {
			c.Parties = append(c.Parties, p)
		}
	}
	founding, err := c.Encode()
	ok(t, err)
	var trade record.ID
	for _, p := range []*world.Party{mx, us} {
		trade, err = p.Node.Join(ctx, founding)
		ok(t, err)
		key := world.Key(string(p.ID) + "/trade/1")
		office := entente.Office{ID: "trade", Names: map[string]string{"en": "Trade", "es": "Comercio"}, Seats: []entente.Seat{{Number: 1, Key: node.PublicKey(key)}},
			Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}}
		ok(t, p.Node.PutPowers(ctx, trade, []entente.Office{office}, p.Root))
		who := node.Caller{Office: "trade", Via: "world"}
		d, err := p.Node.Prepare(ctx, who, node.Act{Group: trade, Kind: "charter", Verb: record.Consent, Version: trade})
		ok(t, err)
		d.Sign(record.Approve(d.Act, p.ID, "trade", 1, w.Now(), key))
		_, err = p.Node.Seal(ctx, who, d)
		ok(t, err)
	}
	founded(t, w, "CA", "MX", "US")
	tr := node.Caller{Office: "trade", Via: "world"}
	soon(t, "the second group's charter in force at both", func() bool {
		a, err := mx.Node.Group(ctx, tr, trade)
		ok(t, err)
		b, err := us.Node.Group(ctx, tr, trade)
		ok(t, err)
		return !a.Charter.IsZero() && !b.Charter.IsZero()
	})
	s, err := mx.Commit(ctx, canary, "US")
	ok(t, err)
	settle(t, w, "CA", "MX", "US")

	walls := 0
	for _, x := range []struct {
		who  node.Caller
		not  record.ID
		mine record.ID
	}{{desk, trade, w.Group}, {tr, w.Group, trade}} {
		reads := map[string]func(g record.ID) error{
			"group":            func(g record.ID) error { _, err := mx.Node.Group(ctx, x.who, g); return err },
			"instruments":      func(g record.ID) error { _, err := mx.Node.Instruments(ctx, x.who, g, node.Query{}); return err },
			"instrument":       func(g record.ID) error { _, err := mx.Node.Instrument(ctx, x.who, g, g); return err },
			"alarms":           func(g record.ID) error { _, err := mx.Node.Alarms(ctx, x.who, g); return err },
			"counts":           func(g record.ID) error { _, err := mx.Node.Counts(ctx, x.who, g); return err },
			"count":            func(g record.ID) error { _, err := mx.Node.Count(ctx, x.who, g, node.Query{}); return err },
			"attention":        func(g record.ID) error { _, err := mx.Node.Attention(ctx, x.who, g, node.AttentionQuery{}); return err },
			"attention counts": func(g record.ID) error { _, err := mx.Node.AttentionCounts(ctx, x.who, g); return err },
			"changes":          func(g record.ID) error { _, err := mx.Node.Changes(ctx, x.who, g, node.ChangeQuery{}); return err },
			"by id":            func(g record.ID) error { _, err := mx.Node.InstrumentsByID(ctx, x.who, g, g); return err },
			"as of":            func(g record.ID) error { _, err := mx.Node.AsOf(ctx, x.who, g, g, w.Now()); return err },
			"list as of":       func(g record.ID) error { _, err := mx.Node.AsOfList(ctx, x.who, g, w.Now(), node.Query{}); return err },
			"cut as of":        func(g record.ID) error { _, err := mx.Node.CutAt(ctx, x.who, g, w.Now()); return err },
			"texts": func(g record.ID) error {
				_, err := mx.Node.Texts(ctx, x.who, "page", []node.Want{{Group: g, Record: s.ID}})
				return err
			},
			"orphans": func(g record.ID) error { _, err := mx.Node.Orphans(ctx, x.who, g); return err },
			"export": func(g record.ID) error {
				return mx.Node.ExportLog(ctx, x.who, g, "MX", func(string, []byte) error { return nil }, nil)
			},
			"drafts": func(g record.ID) error { _, err := mx.Node.Drafts(ctx, x.who, g); return err },
			"prepare": func(g record.ID) error {
				_, err := mx.Node.Prepare(ctx, x.who, node.Act{Group: g, Kind: "statement", Verb: record.Propose, Parts: world.Texts(canary)})
				return err
			},
		}
		for name, read := range reads {
			if err := read(x.not); !errors.Is(err, node.ErrNotFound) {
				t.Errorf("%s of a group of other officials: %v", name, err)
			}
			if a, b := read(x.not), read(record.ID{7}); len(a.Error()) != len(b.Error()) {
				t.Errorf("%s: a group it is not in says %q, one that does not exist %q", name, a, b)
			}
			if err := read(x.mine); err != nil {
				t.Errorf("%s of its own group: %v", name, err)
			}
			walls++
		}
	}
	if _, err := mx.Node.Record(ctx, tr, w.Group, s.ID); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("a record of another group: %v", err)
	}
	if _, err := mx.Node.Record(ctx, tr, trade, s.ID); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("a record of another group by its id: %v", err)
	}
	if by, err := mx.Node.InstrumentsByID(ctx, tr, trade, s.ID); err != nil || len(by) > 0 {
		t.Errorf("%d instruments of another group by their ids: %v", len(by), err)
	}
	if texts, err := mx.Node.Texts(ctx, tr, "page", []node.Want{{Group: trade, Record: s.ID}}); err != nil || len(texts) > 0 {
		t.Errorf("%d texts of another group by their record: %v", len(texts), err)
	}
	if _, err := mx.Node.Parts(ctx, tr, trade, s.ID); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("parts of another group by their record: %v", err)
	}
	for _, g := range mx.Node.Groups(ctx, tr) {
		if g.ID == w.Group {
			t.Error("the list names a group of other officials")
		}
	}
	peers, err := mx.Node.PeerList(ctx, tr)
	ok(t, err)
	for _, p := range peers {
		if p.Peer == "CA" {
			t.Error("the trade office learns of a party it has no group with")
		}
	}
	// The third party's node has no trace of the second group.
	for _, g := range ca.Node.Groups(ctx, node.Caller{Operator: true}) {
		if g.ID == trade {
			t.Error("CA knows the group")
		}
	}
	onDisk(t, ca.Dir, string(trade[:]), trade.String())
	if _, err := mx.Node.Return(ctx, "CA", trade, 0); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("CA is answered: %v", err)
	}
	if _, err := mx.Node.Answer(ctx, "CA", node.Ask{Group: trade, Party: "MX"}); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("CA is answered: %v", err)
	}
	counted(t, "walls tried", walls)
	checked(t, mx)
}
