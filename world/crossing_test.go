package world_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"entente/consent"
	"entente/node"
	"entente/record"
)

// A withdrawal and the other side's consent cross on the way: both nodes say the same, whatever that is.
func TestWithdrawalCrossesAgreement(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	s, err := mx.Commit(ctx, canary, "US")
	ok(t, err)
	_, err = mx.Consent(ctx, "commitment", s.ID)
	ok(t, err)
	settle(t, w, "MX", "US")
	w.Cut("MX", "US")
	_, err = mx.Withdraw(ctx, "commitment", s.ID)
	ok(t, err)
	a, err := mx.See(ctx, s.ID)
	ok(t, err)
	pending := 0
	for _, side := range a.State.Versions[0].Sides {
		if side.Pending {
			pending++
		}
	}
	counted(t, "withdrawal shown as pending", pending)
	w.Pass(10)
	_, err = us.Consent(ctx, "commitment", s.ID) // it cannot know
	ok(t, err)
	b, err := us.See(ctx, s.ID)
	ok(t, err)
	if b.State.Versions[0].Standing != consent.InForce || b.View.Settled {
		t.Errorf("at US before the link mends: %s, settled %v", b.State.Versions[0].Standing, b.View.Settled)
	}
	w.Mend("MX", "US")
	settle(t, w, "MX", "US")
	soon(t, "settled at both", func() bool {
		a, err = mx.See(ctx, s.ID)
		ok(t, err)
		b, err = us.See(ctx, s.ID)
		ok(t, err)
		return a.View.Settled && b.View.Settled
	})
	for _, d := range []*node.Detail{a, b} {
		if d.State.Versions[0].Standing != consent.InForce || len(d.State.Notices) != 1 { // posted too late: it is notice to leave
			t.Errorf("%+v, notices %v", d.State.Versions[0], d.State.Notices)
		}
	}
}

// Both sides consent to rivals while the link is cut, over and over. At most one text per predecessor comes into force.
func TestRivalsRace(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	r := rand.New(rand.NewPCG(3, 4))
	races, refusals, inForce := 0, 0, 0
	for round := range 6 {
		first, err := w.As("MX").Commit(ctx, fmt.Sprint(canary, round), "US")
		ok(t, err)
		settle(t, w, "MX", "US")
		var texts []record.ID
		w.Cut("MX", "US")
		for _, p := range []record.Party{"MX", "US"} { // two counter-proposals to one text
			s, err := w.As(p).Act(ctx, node.Act{Kind: "commitment", Verb: record.Propose, Instrument: first.ID, Replaces: first.ID, Line: "fuel",
				Terms: fmt.Appendf(nil, `{"owner":"US","due":%d}`, w.Now()+100), Parts: textsOf(round)})
			ok(t, err)
			texts = append(texts, s.ID)
			_, err = w.As(p).Consent(ctx, "commitment", s.ID)
			ok(t, err)
		}
		w.Mend("MX", "US")
		settle(t, w, "MX", "US")
		races++
		for range 8 {
			p, text := []record.Party{"MX", "US"}[r.IntN(2)], texts[r.IntN(2)]
			if r.IntN(3) == 0 {
				w.Cut("MX", "US")
			} else {
				w.Mend("MX", "US")
			}
			if r.IntN(3) == 0 {
				_, err = w.As(p).Withdraw(ctx, "commitment", text)
			} else {
				_, err = w.As(p).Consent(ctx, "commitment", text)
			}
			switch {
			case errors.Is(err, node.ErrConflict):
				refusals++
			case errors.Is(err, node.ErrRefused):
			default:
				ok(t, err)
			}
			w.Pass(1)
		}
		w.Mend("MX", "US")
		settle(t, w, "MX", "US")
		if round%2 == 0 { // US gives its text up, and comes round once MX's node has said that it knows
			_, err := w.As("US").Withdraw(ctx, "commitment", texts[1])
			ok(t, err)
			_, err = w.As("MX").Consent(ctx, "commitment", texts[0])
			if err != nil && !errors.Is(err, node.ErrConflict) {
				ok(t, err)
			}
			soon(t, "the way is free", func() bool {
				_, err := w.As("US").Consent(ctx, "commitment", texts[0])
				return err == nil || !errors.Is(err, node.ErrConflict)
			})
			settle(t, w, "MX", "US")
		}
		for _, p := range []record.Party{"MX", "US"} {
			d, err := w.As(p).See(ctx, first.ID)
			ok(t, err)
			n := 0
			for _, v := range d.State.Versions {
				if v.Replaces == first.ID && v.Standing != consent.Open {
					n++
				}
			}
			if n > 1 {
				t.Fatalf("%d rivals in force at %s", n, p)
			}
			inForce += n
		}
	}
	counted(t, "races", races)
	counted(t, "consents refused for a rival", refusals)
	counted(t, "texts in force", inForce)
	checked(t, w.As("MX"))
	checked(t, w.As("US"))
}

func textsOf(i int) []node.NewPart {
	var out []node.NewPart
	for _, n := range []string{"body.en", "body.es", "title.en", "title.es"} {
		out = append(out, node.NewPart{Name: n, Content: fmt.Append(nil, canary, i)})
	}
	return out
}
