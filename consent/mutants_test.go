package consent

import (
	"slices"
	"testing"

	"entente/record"
)

// The naive forms of C4 and C5, each as an evaluator or a gate, each held to the same checker as the real rules. One that
// survives shows that the checker is blind there.

func naive(fm form) rules {
	return rules{eval: func(_ int, h *history, c sizes, fam *family) Result {
		return fm.reference(h, c, fam.versions, fam.clocks)
	}, may: MayConsent}
}

// gate is MayConsent with one half of the rival rule left out: acknowledged asks whether the withdrawal is known to the
// others, standing whether a rival is in force.
func gate(acknowledged, standing bool) gateFunc {
	return func(me record.Party, to record.ID, versions []Version, acts []Act, k Knowledge) error {
		i := slices.IndexFunc(versions, func(v Version) bool { return v.ID == to })
		res := Evaluate(versions, acts, k, Clocks{})
		for j, u := range versions {
			if !unrelated(versions, i, j) {
				continue
			}
			if standing && res.Outcomes[j].Standing != Open {
				return ErrRival
			}
			var last *Act
			for n := range acts {
				if a := &acts[n]; a.Version == u.ID && a.Ref.Party == me && (last == nil || a.Ref.Index > last.Ref.Index) {
					last = a
				}
			}
			switch {
			case last == nil:
				continue
			case last.Verb == record.Consent:
				return ErrRival
			}
			for _, p := range u.Required {
				if _, ok := k.First(p, last.Ref); acknowledged && p != me && !ok {
					return ErrRival
				}
			}
		}
		return nil
	}
}

// siblingsOnly is the gate that looks at texts with the same predecessor and no further.
func siblingsOnly(me record.Party, to record.ID, versions []Version, acts []Act, k Knowledge) error {
	i := slices.IndexFunc(versions, func(v Version) bool { return v.ID == to })
	same := slices.DeleteFunc(slices.Clone(versions), func(v Version) bool { return v.Replaces != versions[i].Replaces })
	return MayConsent(me, to, same, acts, k)
}

func anything(record.Party, record.ID, []Version, []Act, Knowledge) error { return nil }

// gated is the real rules with another gate.
func gated(may gateFunc) rules {
	return rules{eval: evalReal, may: may}
}

// addressed evaluates at each node only what was shown to it; the rest are leaf hashes, which count.
func addressed(node int, h *history, c sizes, fam *family) Result {
	acts := slices.DeleteFunc(h.acts(c, false), func(a Act) bool {
		r := h.logs[number(a.Ref.Party)][a.Ref.Index]
		return r.kept && r.p != node
	})
	return Evaluate(fam.versions, acts, knowledge{h, c}, fam.clocks)
}

func withoutWaits(node int, h *history, c sizes, fam *family) Result {
	res := evalReal(node, h, c, fam)
	res.Waits = nil
	return res
}

// lastWordOnly: in force exactly while the last word of every required party is yes.
func lastWordOnly(_ int, h *history, c sizes, fam *family) Result {
	var res Result
	for _, v := range fam.versions {
		o := Outcome{Version: v.ID, Standing: Open}
		if lastWord(v, h, c) != nil {
			o.Standing, o.Consents = InForce, map[record.Party]Moment{}
			for _, p := range v.Required {
				for _, r := range under(h, c, number(p)) {
					if r.Verb == record.Consent && r.Version == v.ID {
						o.Consents[p] = Moment{r.Ref, r.Time}
					}
				}
			}
		}
		res.Outcomes = append(res.Outcomes, o)
	}
	return res
}

func TestNaiveForms(t *testing.T) {
	with := func(f *family, change func(*family)) *family { change(f); return f }
	only := func(c ...choice) func(*family) { return func(f *family) { f.choices = c } }
	c1, w1, c2 := does(record.Consent, 1), does(record.Withdraw, 1), does(record.Consent, 2)
	bypass := with(twoVersions(2, 0, false), func(f *family) { // v3 replaces v1, which was never agreed
		f.versions = append(f.versions, version(3, 2, 1, 0))
		f.choices, f.twins = []choice{c2, does(record.Consent, 3)}, false
	})
	for _, m := range []struct {
		name string
		rules
		fam  *family
		upTo int
		by   string
	}{
		{"records addressed to some parties only", rules{eval: addressed, may: MayConsent}, with(oneVersion(2, 0), func(f *family) { f.kept = true }), 3, unequal},
		{"no hold-back", rules{eval: evalReal, may: MayConsent, partial: true}, with(oneVersion(3, 0), only(c1, w1)), 4, unstable},
		{"seen is not closed", rules{eval: evalReal, may: MayConsent}, with(oneVersion(3, 0), func(f *family) { f.open = true }), 5, knowing},
		{"no consent knows a withdrawal of another's", naive(form{anyConsent: true, anyWithdrawal: true}), oneVersion(2, 0), 4, unstable},
		{"the same, without these", naive(form{anyConsent: true}), oneVersion(2, 0), 4, unstable},
		{"the same, without them: changed mind", naive(form{anyWithdrawal: true}), oneVersion(2, 0), 3, lastYes},
		{"the last word counts", rules{eval: lastWordOnly, may: MayConsent}, oneVersion(2, 0), 3, unstable},
		{"nothing said of rivals", gated(anything), twoVersions(2, 0, false), 4, rivals},
		{"a later consent withdraws the earlier", rules{eval: naive(form{laterPulls: true}).eval, may: anything}, twoVersions(2, 0, false), 4, rivals},
		{"rivals: own withdrawal need not be known", gated(gate(false, true)), with(twoVersions(2, 0, false), only(c1, w1, c2)), 5, rivals},
		{"rivals: one in force does not matter", gated(gate(true, false)), with(twoVersions(2, 0, false), only(c1, w1, c2)), 5, rivals},
		{"rivals: only those with one predecessor", gated(siblingsOnly), bypass, 4, rivals},
		{"until is ignored", naive(form{noUntil: true}), oneVersion(2, 1), 3, lateEntry},
		{"notice runs from its own date", naive(form{ownDate: true}), oneVersion(2, 0), 3, badNotice},
		{"nothing is waited for", rules{eval: withoutWaits, exact: true}, oneVersion(2, 0), 3, unwaited},
	} {
		t.Run(m.name, func(t *testing.T) {
			for n := 1; n <= m.upTo; n++ { // shortest first
				found := !m.fam.each(n, func(h *history) bool {
					f := check(m.fam, m.rules, h, false, nil)
					if f == nil || f.prop != m.by {
						return true
					}
					t.Logf("%s\n%s: %s", h, f.prop, f.detail)
					return false
				})
				if found {
					return
				}
			}
			t.Errorf("it survived: nothing %q to %d records", m.by, m.upTo)
		})
	}
	// The families made for a mutant alone must be sound under the real rules, or the catch proves nothing.
	for _, fam := range []*family{bypass, with(oneVersion(3, 0), only(c1, w1)), with(twoVersions(2, 0, false), only(c1, w1, c2))} {
		for n := range 5 {
			fam.each(n, func(h *history) bool {
				if f := check(fam, real, h, false, nil); f != nil {
					t.Errorf("%s\n%s: %s", h, f.prop, f.detail)
				}
				return !t.Failed()
			})
		}
	}
}
