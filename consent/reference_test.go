package consent

import (
	"cmp"
	"maps"
	"slices"

	"entente/record"
)

// form is a way to read C5 and C8. The zero form is the model's; each field set is a naive reading that a test must catch.
type form struct {
	anyConsent    bool // not only these: no consent of a required party may know such a withdrawal
	anyWithdrawal bool // not only theirs: a withdrawal from before the consent counts too
	laterPulls    bool // a consent to another version with that predecessor withdraws the earlier one
	noUntil       bool
	ownDate       bool // notice runs from the withdrawal's own date
}

// reference is a second reading of C5 and C8, slow and by definition: it tries every combination of consents and reads
// the records themselves, not an index of who knows what. It gives no Waits.
func (fm form) reference(h *history, c sizes, versions []Version, clocks Clocks) Result {
	var res Result
	for _, v := range versions {
		res.Outcomes = append(res.Outcomes, fm.outcome(h, c, v, versions))
	}
	for i := range versions { // a version is superseded when one in force stands above it in its line
		for id := versions[i].Replaces; !id.IsZero() && res.Outcomes[i].Standing != Open; {
			j := slices.IndexFunc(versions, func(v Version) bool { return v.ID == id })
			if res.Outcomes[j].Standing != Open {
				res.Outcomes[j].Standing = Superseded
			}
			id = versions[j].Replaces
		}
	}
	fm.notices(h, c, versions, clocks, &res)
	return res
}

func under(h *history, c sizes, p int) []*rec { return h.logs[p][:c[p]] }

// pulls reports whether w withdraws from v.
func (fm form) pulls(w *rec, v Version, versions []Version) bool {
	if w.Verb == record.Withdraw && w.Version == v.ID {
		return true
	}
	return fm.laterPulls && w.Verb == record.Consent && slices.ContainsFunc(versions, func(u Version) bool {
		return u.ID == w.Version && u.ID != v.ID && u.Replaces == v.Replaces
	})
}

func (fm form) late(v Version, r *rec) bool { return !fm.noUntil && v.Until != 0 && r.Time > v.Until }

func (fm form) consents(h *history, c sizes, v Version, p int) (out []*rec) {
	for _, r := range under(h, c, p) {
		if r.Verb == record.Consent && r.Version == v.ID && !fm.late(v, r) {
			out = append(out, r)
		}
	}
	return out
}

// clash reports whether a knows the withdrawal of b.
func (fm form) clash(h *history, c sizes, v Version, versions []Version, a, b *rec) bool {
	for _, w := range under(h, c, b.p) {
		if fm.pulls(w, v, versions) && (w.Ref.Index > b.Ref.Index || fm.anyWithdrawal) && a.knows(w.p, int(w.Ref.Index)) {
			return true
		}
	}
	return false
}

func (fm form) binds(h *history, c sizes, v Version, versions []Version, these []*rec) bool {
	for _, b := range these {
		knowers := these
		if fm.anyConsent {
			knowers = nil
			for _, p := range v.Required {
				knowers = append(knowers, fm.consents(h, c, v, number(p))...)
			}
		}
		for _, a := range knowers {
			if a.p != b.p && fm.clash(h, c, v, versions, a, b) {
				return false
			}
		}
	}
	return true
}

// combinations of one consent of each required party that bind.
func (fm form) combinations(h *history, c sizes, v Version, versions []Version) (out [][]*rec) {
	var pick func(i int, these []*rec)
	pick = func(i int, these []*rec) {
		if i == len(v.Required) {
			if fm.binds(h, c, v, versions, these) {
				out = append(out, slices.Clone(these))
			}
			return
		}
		for _, r := range fm.consents(h, c, v, number(v.Required[i])) {
			pick(i+1, append(these, r))
		}
	}
	if len(v.Required) > 0 {
		pick(0, nil)
	}
	return out
}

func (fm form) outcome(h *history, c sizes, v Version, versions []Version) Outcome {
	o := Outcome{Version: v.ID, Standing: Open}
	for _, p := range v.Required {
		for _, r := range under(h, c, number(p)) {
			if r.Verb == record.Consent && r.Version == v.ID && fm.late(v, r) {
				o.Late = append(o.Late, r.Ref)
			}
		}
	}
	knows := func(p int, r *rec) bool {
		return slices.ContainsFunc(under(h, c, p), func(k *rec) bool { return k.knows(r.p, int(r.Ref.Index)) })
	}
	if all := fm.combinations(h, c, v, versions); len(all) > 0 {
		// Of several, the earliest consent of each party: that this combination binds too is itself a claim under test.
		o.Standing, o.Consents, o.Settled = InForce, map[record.Party]Moment{}, true
		these := slices.Clone(all[0])
		for _, x := range all {
			for i, r := range x {
				if r.Ref.Index < these[i].Ref.Index {
					these[i] = r
				}
			}
		}
		if fm == (form{}) && !fm.binds(h, c, v, versions, these) {
			panic("the least choice does not bind: " + h.String())
		}
		for _, r := range these {
			o.Consents[r.Ref.Party] = Moment{r.Ref, r.Time}
			o.Since = max(o.Since, r.Time)
			one := slices.ContainsFunc(under(h, c, r.p), func(k *rec) bool { // one record of r's party that knows all
				return k.Ref.Index >= r.Ref.Index && !slices.ContainsFunc(these, func(x *rec) bool {
					return x.p != r.p && !k.knows(x.p, int(x.Ref.Index))
				})
			})
			o.Settled = o.Settled && one
		}
		return o
	}
	o.Given, o.Pulled = map[record.Party]Moment{}, map[record.Party]Withdrawal{}
	for _, p := range v.Required {
		var last *rec
		for _, r := range under(h, c, number(p)) {
			if r.Version == v.ID && (r.Verb == record.Withdraw || r.Verb == record.Consent && !fm.late(v, r)) {
				last = r
			}
		}
		switch {
		case last == nil:
		case last.Verb == record.Consent:
			o.Given[p] = Moment{last.Ref, last.Time}
		default:
			w := Withdrawal{Moment: Moment{last.Ref, last.Time}}
			for _, q := range v.Required {
				w.Pending = w.Pending || q != p && !knows(number(q), last)
			}
			o.Pulled[p] = w
		}
	}
	return o
}

// notices by C8: walk each party's log, note what leaves and what takes back.
func (fm form) notices(h *history, c sizes, versions []Version, clocks Clocks, res *Result) {
	for p := range h.n {
		var n *Notice
		for _, r := range under(h, c, p) {
			i := slices.IndexFunc(versions, func(v Version) bool { return v.ID == r.Version })
			if i < 0 || res.Outcomes[i].Standing == Open {
				continue
			}
			mine, ok := res.Outcomes[i].Consents[names[p]]
			switch {
			case !ok:
			case r.Verb == record.Withdraw && r.Ref.Index > mine.Ref.Index && n == nil:
				x := fm.notice(h, c, versions[i], r, clocks)
				n = &x
			case r.Verb == record.Consent && n != nil && r.Time < n.Ends:
				n = nil
			}
		}
		if n != nil {
			res.Notices = append(res.Notices, *n)
			if res.Ends == 0 || n.Ends < res.Ends {
				res.Ends = n.Ends
			}
		}
	}
}

func (fm form) notice(h *history, c sizes, v Version, w *rec, clocks Clocks) Notice {
	n := Notice{By: Moment{w.Ref, w.Time}, Start: w.Time + clocks.Ceiling}
	for _, q := range v.Required {
		for _, r := range under(h, c, number(q)) {
			if r.p != w.p && r.knows(w.p, int(w.Ref.Index)) && r.Time <= n.Start {
				n.Start, n.Known = r.Time, true
			}
		}
	}
	if fm.ownDate {
		n.Start, n.Known = w.Time, false
	}
	n.Ends = n.Start + clocks.Notice
	return n
}

func sameOutcome(a, b Outcome) bool {
	return a.Version == b.Version && a.Standing == b.Standing && a.Since == b.Since && a.Settled == b.Settled &&
		maps.Equal(a.Consents, b.Consents) && maps.Equal(a.Given, b.Given) && maps.Equal(a.Pulled, b.Pulled) && slices.Equal(a.Late, b.Late)
}

// same compares all but Waits.
func same(a, b Result) bool {
	return a.Ends == b.Ends && slices.Equal(a.Notices, b.Notices) && slices.EqualFunc(a.Outcomes, b.Outcomes, sameOutcome)
}

func byVersion(r Result) Result {
	r.Outcomes = slices.SortedFunc(slices.Values(r.Outcomes), func(a, b Outcome) int {
		return cmp.Compare(a.Version.String(), b.Version.String())
	})
	return r
}
