package consent

import (
	"math/rand/v2"
	"slices"
	"testing"

	"entente/record"
)

type gateFunc = func(me record.Party, to record.ID, versions []Version, acts []Act, k Knowledge) error

// rivalRun is a random history over five texts, of which v1 and v2 are rivals, v3 and v4 rivals that replace v1, and v5
// replaces v2. Party honest asks the gate at what it holds before each consent; the others sign anything, at any seen that
// the log rules let them claim. With honest below zero nobody asks.
func rivalRun(rng *rand.Rand, honest int, may gateFunc, ev events) (*history, []Version) {
	h := &history{n: 2 + rng.IntN(3)}
	versions := []Version{version(1, h.n, 0, 0), version(2, h.n, 0, 0), version(3, h.n, 1, 0), version(4, h.n, 1, 0), version(5, h.n, 2, 0)}
	if honest >= 0 {
		honest %= h.n
		for i := range versions { // the honest party and some of the others
			versions[i].Required = slices.DeleteFunc(slices.Clone(versions[i].Required), func(p record.Party) bool {
				return p != names[honest] && rng.IntN(4) == 0
			})
		}
	}
	for range 6 + rng.IntN(18) {
		p := rng.IntN(h.n)
		seen := randomSeen(rng, h, p, p == honest)
		c := choice{record.Consent, id(byte(1 + rng.IntN(len(versions))))}
		if rng.IntN(3) == 0 {
			c = []choice{note, {record.Withdraw, c.v}}[rng.IntN(2)]
		}
		if p == honest && c.verb == record.Consent {
			cut := seen
			cut[p] = len(h.logs[p])
			if err := may(names[p], c.v, versions, h.acts(cut, false), knowledge{h, cut}); err != nil {
				ev["rival attempted at the honest gate"]++
				for c = note; c == note; { // withdraw from something it has consented to
					if r := h.logs[p]; len(r) == 0 || rng.IntN(4) == 0 {
						c = choice{record.Withdraw, id(1)}
					} else if x := r[rng.IntN(len(r))]; x.Verb == record.Consent {
						c = choice{record.Withdraw, x.Version}
					}
				}
			} else if slices.ContainsFunc(h.logs[p], func(r *rec) bool {
				i, j := int(r.Version[0])-1, int(c.v[0])-1
				return r.Verb == record.Consent && unrelated(versions, i, j)
			}) {
				ev["honest party changed over to a rival"]++
			}
		}
		h.push(h.newRec(p, c.verb, c.v, seen))
	}
	return h, versions
}

// randomSeen draws a lawful seen for p's next record. A node that keeps up sees most of what is there.
func randomSeen(rng *rand.Rand, h *history, p int, keepsUp bool) sizes {
	var seen sizes
	if n := len(h.logs[p]); n > 0 {
		seen = h.logs[p][n-1].seen
	}
	for q := range h.n {
		if more := len(h.logs[q]) - seen[q]; q != p && more > 0 && (keepsUp && rng.IntN(3) > 0 || rng.IntN(4) == 0) {
			seen[q] += 1 + rng.IntN(more)
		}
	}
	return closure(h, p, seen)
}

// closure raises a seen until it covers what the records it covers have seen.
func closure(h *history, p int, seen sizes) sizes {
	for again := true; again; {
		again = false
		for q := range h.n {
			for s := 0; q != p && seen[q] > 0 && s < h.n; s++ {
				if have := h.logs[q][seen[q]-1].seen[s]; s != p && s != q && have > seen[s] {
					seen[s], again = have, true
				}
			}
		}
	}
	seen[p] = 0
	return seen
}

func rivalPairs(h *history, versions []Version) (entered, agreedApart int) {
	res := Evaluate(versions, h.acts(h.full(), false), knowledge{h, h.full()}, Clocks{Notice: 5, Ceiling: 5})
	for i := range versions {
		for j := range i {
			if unrelated(versions, i, j) && res.Outcomes[i].Standing != Open && res.Outcomes[j].Standing != Open {
				entered++
			}
		}
	}
	for _, o := range res.Outcomes {
		if o.Standing != Open {
			agreedApart++
		}
	}
	return entered, agreedApart
}

// TestOneHonestGate: at most one of two rivals is in force if one party that both require keeps the gate (invariant 5).
func TestOneHonestGate(t *testing.T) {
	runs := uint64(6_000)
	if long {
		runs = 200_000
	}
	ev := events{}
	for seed := range runs {
		rng := rand.New(rand.NewPCG(seed, 5))
		h, versions := rivalRun(rng, int(seed%maxParties), MayConsent, ev)
		entered, agreed := rivalPairs(h, versions)
		if entered > 0 {
			t.Fatalf("seed %d: two rivals in force past the gate of %s\n%s", seed, names[int(seed%maxParties)%h.n], h)
		}
		ev["texts in force past an honest gate"] += agreed
		h, versions = rivalRun(rng, -1, nil, ev)
		if entered, _ = rivalPairs(h, versions); entered > 0 {
			ev["two rivals in force without a gate"]++
		}
	}
	ev.need(t, "rival attempted at the honest gate", "honest party changed over to a rival", "texts in force past an honest gate",
		"two rivals in force without a gate")
	for name, half := range map[string]gateFunc{"withdrawal need not be known": gate(false, true),
		"one in force does not matter": gate(true, false), "one predecessor only": siblingsOnly} {
		broke := 0
		for seed := range runs {
			h, versions := rivalRun(rand.New(rand.NewPCG(seed, 5)), int(seed%maxParties), half, events{})
			if entered, _ := rivalPairs(h, versions); entered > 0 {
				broke++
			}
		}
		t.Logf("%9d runs broken by the mutant: %s", broke, name)
		if broke == 0 {
			t.Errorf("the gate %q survived", name)
		}
	}
}
