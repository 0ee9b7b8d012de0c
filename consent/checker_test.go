package consent

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"entente/record"
)

// rules is what the checker judges: an evaluator per node and a writer's gate. The real ones answer alike at every node.
type rules struct {
	eval    func(node int, h *history, c sizes, fam *family) Result
	may     gateFunc
	partial bool // evaluates cuts that are not closed as well (no hold-back)
	exact   bool // must equal the reference, and its waits must be sound
}

func evalReal(_ int, h *history, c sizes, fam *family) Result {
	return Evaluate(fam.versions, h.acts(c, false), knowledge{h, c}, fam.clocks)
}

var real = rules{eval: evalReal, may: MayConsent, exact: true}

// What the checker finds broken.
const (
	unstable  = "in force at a cut, then not"
	rechosen  = "other consents count than before"
	unsettled = "settled, then not"
	unequal   = "equal cuts, different answers"
	ordered   = "the order in which acts are given matters"
	lastYes   = "every party's last word is yes and it is not in force"
	knowing   = "in force by a consent whose author held proof of the other's withdrawal"
	lateEntry = "in force by a late consent"
	baseless  = "in force without a consent of each required party"
	badNotice = "notice does not run from what the other side knew"
	rivals    = "two rivals in force though a party kept the gate"
	unwaited  = "changed without anything it waits for"
	different = "differs from the definition"
)

// events counts how often something interesting was seen: a green run without it proves nothing.
type events map[string]int

// wanted are the events of the main scope.
var wanted = []string{
	"entered into force", "withdrawal too late", "withdrawal in time", "pending", "consent withdraw consent", "settled",
	"notice taken back", "too late to take back", "notice from the ceiling", "crossing", "late consent", "superseded",
	"raised past the first consent", "changed while waiting", "stayed without what it waits for",
}

func (e events) need(t *testing.T, names ...string) {
	t.Helper()
	for _, k := range slices.Sorted(maps.Keys(e)) {
		t.Logf("%9d %s", e[k], k)
	}
	for _, n := range names {
		if e[n] == 0 {
			t.Errorf("never seen: %s", n)
		}
	}
}

// finding is a broken property with the history that shows it.
type finding struct{ prop, detail string }

func broken(prop, format string, args ...any) *finding {
	return &finding{prop, fmt.Sprintf(format, args...)}
}

// check holds one history, as the later cut T, against the rules. Every pair S ⊆ T of complete cuts is a chain of steps by
// one record through complete cuts, each of which is a history of the scope, and every property compared here carries over
// along the chain: so S runs over T less one record, unless all asks for every S.
func check(fam *family, r rules, h *history, all bool, ev events) *finding {
	T := h.full()
	after := r.eval(0, h, T, fam)
	for node := 1; node < h.n; node++ {
		if other := r.eval(node, h, T, fam); !same(after, other) {
			return broken(unequal, "at %s %s; at %s %s", names[0], show(after), names[node], show(other))
		}
	}
	if f := alone(fam, r, h, T, after, ev); f != nil {
		return f
	}
	var found *finding
	h.cuts(func(S sizes) {
		if found != nil || S == T || !r.partial && !h.closed(S) {
			return
		}
		if !all && !r.partial && total(S) != total(T)-1 {
			return
		}
		found = pair(fam, r, h, S, r.eval(0, h, S, fam), T, after, ev)
	})
	return found
}

func total(c sizes) (n int) {
	for _, x := range c {
		n += x
	}
	return n
}

// alone checks what holds at one cut.
func alone(fam *family, r rules, h *history, T sizes, res Result, ev events) *finding {
	if r.exact {
		if want := (form{}).reference(h, T, fam.versions, fam.clocks); !same(res, want) {
			return broken(different, "%s; by definition %s", show(res), show(want))
		}
		turned := slices.Clone(fam.versions)
		slices.Reverse(turned)
		other := Evaluate(turned, h.acts(T, true), knowledge{h, T}, fam.clocks)
		if !same(byVersion(res), byVersion(other)) || !slices.Equal(res.Waits, other.Waits) {
			return broken(ordered, "%s; reversed %s", show(res), show(other))
		}
	}
	for i, o := range res.Outcomes {
		if o.Standing == Open {
			if f := lastWord(fam.versions[i], h, T); f != nil {
				return f
			}
			continue
		}
		if f := bound(fam.versions[i], o, h, T); f != nil {
			return f
		}
	}
	for _, n := range res.Notices {
		if f := fairNotice(fam, n, h, T); f != nil {
			return f
		}
	}
	if f := onlyOne(fam, r, h, res, ev); f != nil {
		return f
	}
	if ev != nil {
		observe(fam, h, T, res, ev)
	}
	return nil
}

// lastWord: when the last word of each required party is a consent in time, the version is in force.
func lastWord(v Version, h *history, T sizes) *finding {
	for _, p := range v.Required {
		var last *rec
		for _, x := range under(h, T, number(p)) {
			if x.Version == v.ID && x.Verb != record.Note {
				last = x
			}
		}
		if last == nil || last.Verb != record.Consent || v.Until != 0 && last.Time > v.Until {
			return nil
		}
	}
	return broken(lastYes, "v%d", v.ID[0])
}

// bound: a version in force has a consent of each required party, none late, none by an author who held a record from
// which the withdrawal of another of them follows, through whatever other records.
func bound(v Version, o Outcome, h *history, T sizes) *finding {
	for _, p := range v.Required {
		m, ok := o.Consents[p]
		if !ok || int(m.Ref.Index) >= T[number(p)] {
			return broken(baseless, "v%d: none of %s", v.ID[0], p)
		}
		r := h.logs[number(p)][m.Ref.Index]
		if r.Verb != record.Consent || r.Version != v.ID || r.Ref.Party != p {
			return broken(baseless, "v%d: %s", v.ID[0], r)
		}
		if v.Until != 0 && r.Time > v.Until {
			return broken(lateEntry, "v%d until %d: %s", v.ID[0], v.Until, r)
		}
		past := proof(h, r)
		for _, q := range v.Required {
			for _, w := range h.logs[number(q)][:past[number(q)]] {
				if q != p && w.Verb == record.Withdraw && w.Version == v.ID && w.Ref.Index > o.Consents[q].Ref.Index {
					return broken(knowing, "v%d: %s held proof of %s", v.ID[0], r, w)
				}
			}
		}
	}
	return nil
}

// proof is all that follows from what r's author held: what it has seen, what that has seen, and so on.
func proof(h *history, r *rec) sizes {
	past := r.seen
	for again := true; again; {
		again = false
		for p := range h.n {
			for _, x := range h.logs[p][:min(past[p], len(h.logs[p]))] {
				for q := range h.n {
					if x.seen[q] > past[q] && q != r.p {
						past[q], again = x.seen[q], true
					}
				}
			}
		}
	}
	return past
}

// fairNotice: the full period runs from the first moment another required party shows that it knows, or from the ceiling.
func fairNotice(fam *family, n Notice, h *history, T sizes) *finding {
	w := h.logs[number(n.By.Ref.Party)][n.By.Ref.Index]
	start := w.Time + fam.clocks.Ceiling
	for _, v := range fam.versions {
		if v.ID != w.Version {
			continue
		}
		for _, q := range v.Required {
			if m, ok := (knowledge{h, T}).First(q, w.Ref); ok && q != w.Ref.Party {
				start = min(start, m.Time)
			}
		}
	}
	if n.Start != start || n.Ends != start+fam.clocks.Notice {
		return broken(badNotice, "%s: starts at %d, not %d", w, n.Start, start)
	}
	return nil
}

func unrelated(versions []Version, i, j int) bool {
	up := func(a, b int) bool {
		for id := versions[a].Replaces; !id.IsZero(); {
			if id == versions[b].ID {
				return true
			}
			id = versions[slices.IndexFunc(versions, func(v Version) bool { return v.ID == id })].Replaces
		}
		return false
	}
	return i != j && !up(i, j) && !up(j, i)
}

// onlyOne: no two rivals are in force when one party that both require asked the gate before each of its consents, at
// what it knew then.
func onlyOne(fam *family, r rules, h *history, res Result, ev events) *finding {
	for i := range res.Outcomes {
		for j := range i {
			if res.Outcomes[i].Standing == Open || res.Outcomes[j].Standing == Open || !unrelated(fam.versions, i, j) {
				continue
			}
			for p := range h.n {
				both := slices.Contains(fam.versions[i].Required, names[p]) && slices.Contains(fam.versions[j].Required, names[p])
				if both && keptGate(fam, r, h, p) {
					return broken(rivals, "v%d and v%d; %s kept the gate", fam.versions[j].ID[0], fam.versions[i].ID[0], names[p])
				}
			}
			if ev != nil {
				ev["two rivals in force, no gate kept"]++
			}
		}
	}
	return nil
}

func keptGate(fam *family, r rules, h *history, p int) bool {
	for _, x := range h.logs[p] {
		if x.Verb != record.Consent || r.may == nil {
			continue
		}
		if c := x.cut(); r.may(names[p], x.Version, fam.versions, h.acts(c, false), knowledge{h, c}) != nil {
			return false
		}
	}
	return true
}

// pair checks a complete cut against a later one.
func pair(fam *family, r rules, h *history, S sizes, before Result, T sizes, after Result, ev events) *finding {
	for i, o := range before.Outcomes {
		n := after.Outcomes[i]
		if o.Standing == Open {
			continue
		}
		switch {
		case n.Standing == Open, o.Standing == Superseded && n.Standing != Superseded:
			return broken(unstable, "v%d at %v, not at %v", o.Version[0], S[:h.n], T[:h.n])
		case !maps.Equal(o.Consents, n.Consents) || o.Since != n.Since:
			return broken(rechosen, "v%d at %v and %v", o.Version[0], S[:h.n], T[:h.n])
		case o.Settled && !n.Settled:
			return broken(unsettled, "v%d at %v, not at %v", o.Version[0], S[:h.n], T[:h.n])
		}
	}
	if !r.exact {
		return nil
	}
	for p := range h.n {
		for _, x := range h.logs[p][S[p]:T[p]] {
			if x.Verb != record.Note {
				return nil // an act of the instrument: it is folded again anyway
			}
		}
	}
	for _, w := range before.Waits {
		if _, ok := (knowledge{h, S}).First(w.Knower, w.Of); ok {
			return broken(unwaited, "waits for %v, which is there", w)
		}
		if _, ok := (knowledge{h, T}).First(w.Knower, w.Of); ok {
			if ev != nil && !same(before, after) {
				ev["changed while waiting"]++
			}
			return nil
		}
	}
	if !same(before, after) || !slices.Equal(before.Waits, after.Waits) {
		return broken(unwaited, "from %v to %v: %s; then %s", S[:h.n], T[:h.n], show(before), show(after))
	}
	if ev != nil && len(before.Waits) > 0 {
		ev["stayed without what it waits for"]++
	}
	return nil
}

// observe counts the events of one cut.
func observe(fam *family, h *history, T sizes, res Result, ev events) {
	ev["histories"]++
	count := func(ok bool, name string) {
		if ok {
			ev[name]++
		}
	}
	for i, o := range res.Outcomes {
		v := fam.versions[i]
		count(o.Standing != Open, "entered into force")
		count(o.Standing == Superseded, "superseded")
		count(o.Settled, "settled")
		count(len(o.Late) > 0, "late consent")
		for _, w := range o.Pulled {
			count(w.Pending, "pending")
			count(!w.Pending, "withdrawal in time")
		}
		for p := range h.n {
			var verbs []record.Verb
			var acts []*rec
			for _, x := range under(h, T, p) {
				if x.Version == v.ID && x.Verb != record.Note {
					verbs, acts = append(verbs, x.Verb), append(acts, x)
				}
			}
			m, chosen := o.Consents[names[p]]
			for k := range verbs {
				if k+3 <= len(verbs) && verbs[k] == record.Consent && verbs[k+1] == record.Withdraw && verbs[k+2] == record.Consent {
					ev["consent withdraw consent"]++
				}
				if !chosen {
					continue
				}
				after := acts[k].Ref.Index > m.Ref.Index
				count(after && verbs[k] == record.Withdraw, "withdrawal too late")
				count(!after && k > 0 && acts[k].Ref.Index == m.Ref.Index && slices.Contains(verbs[:k], record.Withdraw) &&
					verbs[0] == record.Consent, "raised past the first consent")
				for q, x := range o.Consents { // a withdrawal and the other's consent, neither knowing the other
					other := h.logs[number(q)][x.Ref.Index]
					count(after && verbs[k] == record.Withdraw && q != names[p] && !other.knows(p, int(acts[k].Ref.Index)) &&
						!acts[k].knows(other.p, int(other.Ref.Index)), "crossing")
				}
			}
			if chosen && len(verbs) > 1 && verbs[len(verbs)-1] == record.Consent && verbs[len(verbs)-2] == record.Withdraw &&
				acts[len(verbs)-2].Ref.Index > m.Ref.Index {
				running := slices.ContainsFunc(res.Notices, func(n Notice) bool { return n.By.Ref.Party == names[p] })
				count(!running, "notice taken back")
				count(running, "too late to take back")
			}
		}
	}
	for _, n := range res.Notices {
		count(!n.Known, "notice from the ceiling")
	}
}

func show(r Result) string {
	s := ""
	for _, o := range r.Outcomes {
		s += fmt.Sprintf("[v%d %s since %d settled %v consents %v given %v pulled %v late %v]", o.Version[0], o.Standing, o.Since, o.Settled, o.Consents, o.Given, o.Pulled, o.Late)
	}
	return fmt.Sprintf("%s notices %v ends %d", s, r.Notices, r.Ends)
}
