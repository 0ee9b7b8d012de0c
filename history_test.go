package entente_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente"
	"entente/consent"
	"entente/record"
	"entente/release"
)

// Invariants 1, 2, 3 and rule C7 over random histories of all kinds: good acts, bad acts, cut links, changes of keys and
// charter. What is counted says whether the interesting things happened at all.
type tally map[string]int

func (c tally) need(t *testing.T, names ...string) {
	t.Helper()
	for _, n := range names {
		if c[n] == 0 {
			t.Errorf("it never happened: %s; a green run proves nothing", n)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(c)) {
		t.Logf("%7d %s", c[n], n)
	}
}

func TestRandomHistories(t *testing.T) {
	quick(t, 30)
	count := tally{}
	rapid.Check(t, func(rt *rapid.T) {
		ids := []record.Party{"CA", "MX", "US"}[rapid.IntRange(0, 1).Draw(rt, "drop"):]
		c := newCharter(ids...)
		if rapid.Bool().Draw(rt, "participants") {
			c.Consent = map[string]string{"commitment": "participants"}
		}
		w := newWorld(rt, c)
		seen := map[string]record.ID{} // cut → digest of states, over all views of this history
		for _, p := range w.order {
			w.As(p).careless = true
			watch(rt, w.As(p).view, seen, count)
		}
		h := &historian{rt: rt, w: w, count: count, generation: 1}
		for range rapid.IntRange(12, 28).Draw(rt, "steps") {
			h.step()
		}
		w.MendAll()
		final := w.now + 10_000
		for _, p := range w.order {
			w.As(p).view.advance(final)
		}
		for _, p := range w.order {
			audit(rt, w.As(p).view, count)
		}
		for i := range 2 {
			v := newView(w.kinds, w.founding)
			watch(rt, v, seen, count)
			shuffle(rt, w, v, fmt.Sprint("order", i), count)
			v.advance(final)
			if v.cutKey() != w.As(w.order[0]).view.cutKey() {
				rt.Fatalf("everything is delivered, and the cut is %s; held %v", v.cutKey(), v.held)
			}
			rejudge(rt, v, count)
		}
	})
	count.need(t, "equal cuts compared", "in force", "superseded", "settled", "withdrawn", "ended by notice", "rivals in force", "late consents", "held back", "duplicates refused",
		"gaps refused", "charters amended", "powers changed", "roots rotated", "woken by a wait alone", "consents audited", "approvals: by time differs from by index", "approvals: a term decides", "approvals: by WebAuthn",
		"approvals: paper decides", "signed on paper", "ad referendum", "objections asked for", "objected in time",
		"contact planned", "contact held", "contact called-off", "contact late", "incidents", "rejudged", "published", "effect", "reason approval", "reason charter", "reason kind", "reason nonce", "reason parties", "reason parts", "reason reference", "reason sequence", "reason terms")
}

// quick runs n random histories from a written seed, so that what is counted is counted every time; ENTENTE_LONG asks for
// fifty times as many from a new seed, and -rapid.checks=N for that many.
func quick(t *testing.T, n int) {
	t.Helper()
	set := map[string]string{"rapid.nofailfile": "true"}
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		set["rapid.checks"], set["rapid.seed"] = fmt.Sprint(n), "20260301"
		if os.Getenv("ENTENTE_LONG") != "" {
			set["rapid.checks"], set["rapid.seed"] = fmt.Sprint(50*n), "0"
		}
	}
	for name, value := range set {
		was := flag.Lookup(name).Value.String()
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set(name, was) })
	}
}

// watch holds a view to what must be true of it after every advance.
func watch(rt *rapid.T, v *view, seen map[string]record.ID, count tally) {
	last := map[record.ID]entente.VersionState{}
	woken := 0
	v.check = func(v *view) {
		key, d := v.cutKey(), v.digest()
		if was, ok := seen[key]; ok {
			count["equal cuts compared"]++
			if was != d {
				rt.Fatalf("two states at the cut %s", key)
			}
		}
		seen[key] = d
		if err := v.scratch(); err != nil {
			rt.Fatalf("folding what changed differs from folding everything: %v", err)
		}
		count["woken by a wait alone"] += v.woken - woken
		woken = v.woken
		count["held back"] += len(v.held)
		for id := range v.states {
			for _, x := range v.state(id).Versions {
				was := last[x.ID]
				switch {
				case was.Standing != "" && was.Standing != consent.Open && x.Standing == consent.Open,
					was.Standing == consent.Superseded && x.Standing != consent.Superseded,
					was.Settled && !x.Settled:
					rt.Fatalf("version %s was %s (settled %v) and is %s (settled %v)", x.ID.Short(), was.Standing, was.Settled, x.Standing, x.Settled)
				case was.Standing != "" && was.Standing != consent.Open:
					if was.Since != x.Since || fmt.Sprint(moments(was)) != fmt.Sprint(moments(x)) {
						rt.Fatalf("version %s entered into force by %v, and now by %v", x.ID.Short(), moments(was), moments(x))
					}
				}
				last[x.ID] = x
			}
		}
	}
}

func moments(v entente.VersionState) (out []consent.Moment) {
	for _, s := range v.Sides {
		out = append(out, *s.Consent)
	}
	return out
}

// audit holds a view to the second reading, and counts what it shows.
func audit(rt *rapid.T, v *view, count tally) {
	rule, mutant, terms := newAuditor(v, byIndex), newAuditor(v, byTime), newAuditor(v, byIndex)
	terms.sits = anyTerm
	ink := newAuditor(v, byIndex)
	ink.paper = false
	why, n := rule.unsupported(v)
	if len(why) > 0 {
		rt.Fatalf("in force without the right to be: %v", why)
	}
	count["consents audited"] += n
	for ref, j := range v.judged {
		for _, c := range codes(j.Reasons) {
			count["reason "+c]++
		}
		if len(j.Reasons) == 0 {
			count["effect"]++
		}
		h := rule.logs[ref.Party][ref.Index]
		if h.Verb != record.Consent && h.Verb != record.Withdraw {
			continue
		}
		signed := rule.signed(h)
		if !slices.Contains(codes(j.Reasons), entente.ReasonApproval) && !slices.Contains(codes(j.Reasons), entente.ReasonKind) && !signed {
			rt.Fatalf("%s has effect and nobody with the powers signed it", ref)
		}
		if signed != mutant.signed(h) {
			count["approvals: by time differs from by index"]++
		}
		if signed != terms.signed(h) {
			count["approvals: a term decides"]++
		}
		if signed != ink.signed(h) {
			count["approvals: paper decides"]++
		}
		if len(j.Reasons) == 0 && paperIn(h) != nil {
			count["signed on paper"]++
		}
		if signed && h.Approvals[0].Alg == record.WebAuthn {
			count["approvals: by WebAuthn"]++
		}
	}
	for id := range v.states {
		s := v.state(id)
		attentive(rt, s, v.ledger.Parties(), count)
		logged(rt, v, s, count)
		count["incidents"] += map[string]int{"incident": 1}[s.Kind]
		forced := 0
		for _, x := range s.Versions {
			count["late consents"] += len(x.Late)
			switch x.Standing {
			case consent.InForce:
				forced++
				count["in force"]++
			case consent.Superseded:
				count["superseded"]++
			}
			if x.Settled {
				count["settled"]++
			}
		}
		if s.Published(record.MaxTime) {
			count["published"]++
		}
		hear(rt, v, rule, s, count)
		if forced > 1 {
			count["rivals in force"]++
		}
		switch s.At(record.MaxTime).Phase {
		case entente.PhaseEnded:
			count["ended by notice"]++
		case entente.PhaseWithdrawn:
			count["withdrawn"]++
		}
		if id == v.ledger.Group && len(s.Versions) > 1 && s.InForce() != nil && s.InForce().ID != id {
			count["charters amended"]++
		}
	}
	for _, p := range v.ledger.Parties() {
		spans := v.ledger.Ring(p).Spans()
		if len(spans) != len(rule.spans(p)) {
			rt.Fatalf("%s has %d powers in force, the second reading finds %d", p, len(spans), len(rule.spans(p)))
		}
		for i := 1; i < len(spans); i++ {
			count["powers changed"]++
			if spans[i].Powers.Root.String() != spans[i-1].Powers.Root.String() {
				count["roots rotated"]++
			}
		}
	}
}

// hear holds what a view says of open texts, at several hours, to the second reading.
func hear(rt *rapid.T, v *view, rule *auditor, s *entente.State, count tally) {
	if s.InForce() != nil {
		return
	}
	bad := func(ref record.Ref) bool { return len(v.judged[ref].Reasons) > 0 }
	for _, now := range []int64{epoch, epoch + 600, record.MaxTime} {
		var want, got []string
		agreed := map[record.Party]bool{}
		for i := range s.Versions {
			x := &s.Versions[i]
			if (x.Until != 0 && now > x.Until) || slices.ContainsFunc(x.Sides, func(y entente.Side) bool { return y.Withdrawn != nil }) {
				continue
			}
			ad, by, objected := rule.heard(x, bad)
			for _, p := range ad {
				agreed[p] = true
			}
			if by != 0 {
				want = append(want, fmt.Sprint(x.ID.Short(), by, now > by, objected))
				count["objections asked for"]++
				count["objected in time"] += len(objected)
			}
		}
		y := s.At(now)
		for _, x := range y.Silence {
			got = append(got, fmt.Sprint(x.Version.Short(), x.By, x.Over, x.Objected))
		}
		count["ad referendum"] += len(agreed)
		if !slices.Equal(want, got) || !slices.Equal(slices.Sorted(maps.Keys(agreed)), y.AdReferendum) {
			rt.Fatalf("at %d: objections %v, ad referendum %v; the second reading says %v, %v", now, got, y.AdReferendum, want, agreed)
		}
	}
}

// shuffle delivers a whole history in a random order, with duplicates, gaps and delays.
func shuffle(rt *rapid.T, w *world, v *view, name string, count tally) {
	burst := rapid.SliceOfN(rapid.IntRange(0, 1<<16), 4, 12).Draw(rt, name)
	for i := 0; ; i++ {
		var left []record.Party
		for _, p := range w.order {
			if len(v.logs[p].records) < len(w.As(p).written) {
				left = append(left, p)
			}
		}
		if len(left) == 0 {
			return
		}
		x := burst[i%len(burst)] + i*7919
		p := left[x%len(left)]
		at := len(v.logs[p].records)
		before := v.digest()
		switch {
		case x%5 == 0 && at > 0: // again
			if err := v.receive(p, w.As(p).written[x%at].Bytes()); refused(err) != record.ErrPlace {
				rt.Fatalf("a record twice: %v", err)
			}
			count["duplicates refused"]++
		case x%5 == 1 && at+1 < len(w.As(p).written): // too early
			if err := v.receive(p, w.As(p).written[at+1].Bytes()); refused(err) != record.ErrPlace {
				rt.Fatalf("a record before the one before it: %v", err)
			}
			count["gaps refused"]++
		}
		if v.digest() != before {
			rt.Fatal("a refused record changed a state")
		}
		for range 1 + x%4 {
			if at = len(v.logs[p].records); at < len(w.As(p).written) {
				if err := v.receive(p, w.As(p).written[at].Bytes()); err != nil {
					rt.Fatalf("%s#%d: %v", p, at, err)
				}
			}
		}
		if x%3 > 0 { // a slow clock lets less count
			v.advance(w.now - int64(x%900))
		}
	}
}

// rejudge holds every record to the reasons it had, now that the ledger knows everything, as it is and after a start.
func rejudge(rt *rapid.T, v *view, count tally) {
	again, err := entente.NewLedger(v.ledger.Kinds, mustEncode(v.ledger.Founding()))
	if err != nil {
		rt.Fatal(err)
	}
	for _, p := range v.ledger.Parties() {
		for _, r := range v.logs[p].records {
			again.Hold(r.Header(), r.ID())
		}
	}
	again.Replay(v.instruments[v.ledger.Group])
	a, ca := v.ledger.Charter()
	if b, cb := again.Charter(); a != b || (ca == nil) != (cb == nil) {
		rt.Fatalf("after a start the charter is %s, before %s", b.Short(), a.Short())
	}
	for ref, j := range v.judged {
		for name, l := range map[string]*entente.Ledger{"again": v.ledger, "of a clone": v.ledger.Clone(), "after a start": again} {
			if got := l.Judge(j.Record, counted{v}); fmt.Sprint(got) != fmt.Sprint(j.Reasons) {
				rt.Fatalf("%s judged %s: %v, at first %v", ref, name, got, j.Reasons)
			}
			count["rejudged"]++
		}
	}
}

func mustEncode(c *entente.Charter) []byte {
	b, err := c.Encode()
	if err != nil {
		panic(err)
	}
	return b
}

// historian writes a history.
type historian struct {
	rt         *rapid.T
	w          *world
	count      tally
	generation int
	proposals  []*record.Record
	all        []*record.Record
}

// draw is uniform, where rapid's ranges prefer small numbers; zero stays the simplest.
func (h *historian) draw(name string, n int) int {
	x := rapid.Uint32().Draw(h.rt, name) * 2654435761
	return int(uint64(x) * uint64(n) >> 32)
}

func (h *historian) step() {
	p := h.w.As(h.w.order[h.draw("party", len(h.w.order))])
	q := h.w.order[h.draw("other", len(h.w.order))]
	switch x := h.draw("step", 100); {
	case x < 10:
		if p.id != q {
			h.w.Cut(p.id, q)
		}
	case x < 20:
		h.w.Mend(p.id, q)
	case x < 25:
		h.w.Wait(int64(h.draw("wait", 600))).Deliver()
	case x < 28:
		h.powers(p)
	case x < 31:
		h.amend(p)
	case x < 36:
		h.rivals(p)
	default:
		h.act(p, x)
	}
}

func (h *historian) powers(p *party) {
	h.generation++
	switch h.draw("powers", 5) {
	case 0, 1:
		p.revoke("foreign", uint64(1+h.draw("seat", 2)))
	case 2:
		p.rotate(h.generation)
	case 3:
		p.newRecordKey(h.generation)
	case 4: // what a thief of the root would try
		p = &party{w: p.w, id: p.id, root: p.root, keys: p.keys, powers: p.powers, view: p.view, written: p.written}
		p.powers.Next = publicKey(seedKey("thief")).Digest()
		real := h.w.As(p.id)
		real.put(p.draft("powers", record.Propose, terms(p.powers), by("root")).sealed())
		return
	}
	h.all = append(h.all, p.Powers())
}

func (h *historian) amend(p *party) {
	c := newCharter(h.w.order...)
	c.Track = []string{"x", "y", "z"}[h.draw("track", 3)]
	if h.draw("consent mode", 2) == 0 {
		c.Consent = map[string]string{"statement": "participants", "meeting": "all"}
	}
	now, _ := p.view.ledger.Charter()
	r := p.Write("charter", record.Propose, terms(c), on(h.w.group), with(func(h *record.Header) { h.Replaces = now }), by("foreign/3"))
	h.proposals, h.all = append(h.proposals, r), append(h.all, r)
	for _, q := range h.w.order {
		if h.draw("signs", 4) > 0 {
			h.w.As(q).Consent(r.ID(), on(h.w.group), by("foreign/3"))
		}
	}
}

// rivals brings two texts with one predecessor before everybody, who may sign both.
func (h *historian) rivals(p *party) {
	v := h.known(p, h.proposals)
	if v == nil || v.Header().Kind == "charter" || p.view.byID[v.ID()] == nil {
		return
	}
	r := p.Write(v.Header().Kind, record.Propose, append(texts("y"), target(v), with(func(x *record.Header) {
		x.Version, x.Replaces, x.Participants, x.Terms = record.ID{}, v.Header().Replaces, v.Header().Participants, v.Header().Terms
		x.Until = h.w.now + 20
	}))...)
	h.proposals, h.all = append(h.proposals, r), append(h.all, r)
	for _, q := range h.w.order {
		h.w.Wait(int64(h.draw("pause", 15)))
		h.all = append(h.all, h.w.As(q).Consent(r.ID(), target(r), by("foreign/3")), h.w.As(q).Consent(v.ID(), target(v), by("foreign/3")))
	}
}

func (h *historian) signers() edit {
	return by([][]string{{"foreign/3"}, {"foreign/3"}, {"foreign/3"}, {"foreign/1"}, {"foreign/2"}, {"joint/1", "joint/2"}, {"joint/1"}, {}, {"deputy/1"}, {"deputy/2"},
		{"deputy/2", "foreign/3"}}[h.draw("signers", 11)]...)
}

// known picks a record that counts at p, so that most acts have effect.
func (h *historian) known(p *party, of []*record.Record) *record.Record {
	var out []*record.Record
	for _, r := range of {
		if p.view.byID[r.ID()] != nil || h.draw("unknown", 12) == 0 {
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out[max(h.draw("record", len(out)), h.draw("later", len(out)))]
}

func (h *historian) act(p *party, x int) {
	signers := h.signers()
	v := h.known(p, h.proposals)
	var r *record.Record
	switch {
	case x < 45 || v == nil:
		r = h.propose(p, v, signers)
	case x < 72:
		edits := []edit{p.about(v.ID()), target(v), signers}
		if _, rule, err := h.w.kinds.Rule(v.Header().Kind, record.Consent); err == nil && rule.Terms != nil && h.draw("on paper", 4) == 0 {
			edits = append(edits, by([]string{"registry/1", "registry/2", "foreign/3"}[h.draw("recorder", 3)]),
				onPaper([]string{"minister", "foreign", "press", "fuel-desk", "nobody"}[h.draw("signatory", 5)]))
		}
		r = p.put(p.draft(v.Header().Kind, record.Consent, edits...).sealed())
	case x < 80:
		r = p.put(p.draft(v.Header().Kind, record.Withdraw, p.about(v.ID()), target(v), signers).sealed())
	case x < 84 && v.Header().Kind == "statement":
		for _, q := range h.w.order {
			h.all = append(h.all, h.w.As(q).Consent(v.ID(), target(v), by("foreign/3")))
			r = h.w.As(q).Write("statement", record.Release, target(v), by("foreign/3"))
		}
	case x < 84:
		r = p.put(p.draft(v.Header().Kind, record.Report, p.about(v.ID()), target(v), rawTerms(map[int]any{1: "done"}), signers).sealed())
	case x < 88:
		to := h.known(p, h.all)
		if to == nil || p.view.byID[to.ID()] == nil || p.view.byID[to.Instrument()] == nil {
			return
		}
		kind := to.Header().Kind
		if _, rule, err := h.w.kinds.Rule(kind, record.Reply); err != nil || rule.Terms == nil {
			return
		}
		r = p.Reply(to.ID(), entente.Stances[h.draw("stance", len(entente.Stances))], signers)
	case x < 90 && h.draw("logs", 4) > 0:
		for range h.draw("more logs", 5) {
			h.all = append(h.all, h.log(p, by("foreign/3")))
		}
		r = h.log(p, signers)
	case x < 90:
		r = p.Write("receipt", record.Note, by())
	default:
		r = h.bad(p, v)
	}
	h.all = append(h.all, r)
	if r.Header().Verb == record.Propose {
		h.proposals = append(h.proposals, r)
		spoke := h.speak(r)
		for _, q := range h.w.order {
			if spoke[q] && h.draw("has spoken", 3) > 0 {
				continue
			}
			if to := h.w.As(q); h.draw("agrees", 3) > 0 && to.view.byID[r.ID()] != nil {
				h.all = append(h.all, to.Consent(r.ID(), target(r)))
				if h.draw("thinks again", 5) == 0 {
					h.all = append(h.all, to.Withdraw(r.ID(), target(r), by("foreign/3")))
				}
			}
		}
	}
}

// log writes what needs nobody's consent: a contact planned, held or called off, one's own or, which has no effect, another's; or an
// incident that has to do with one.
func (h *historian) log(p *party, signers edit) *record.Record {
	var logs []*record.Record
	for _, r := range h.all {
		if r.Header().Kind == "contact" && r.Header().Verb == record.Report && p.view.byID[r.Instrument()] != nil {
			logs = append(logs, r)
		}
	}
	from := h.known(p, logs)
	if h.draw("incident", 3) == 0 {
		t := entente.Incident{Where: p.id, At: h.w.now - 10, Severity: entente.Severities[h.draw("severity", 3)], Attributed: h.w.order[h.draw("attributed", len(h.w.order))]}
		if from != nil {
			t.Contact = from.Instrument()
		}
		return p.Write("incident", record.Report, append(texts("incident"), terms(t), signers)...)
	}
	end := h.w.now - int64(h.draw("ended", 800_000))
	t := entente.Contact{Agents: []record.Party{h.w.order[h.draw("agents", len(h.w.order))]}, From: end - 60, To: end}
	switch h.draw("took place", 4) {
	case 0:
		t.CalledOff = true
	case 1, 2:
		t.Held = true
	default:
		t.From, t.To = h.w.now+60, h.w.now+120
	}
	edits := []edit{terms(t), signers, content("title.es", "x", release.Default(p.id))}
	if from != nil && h.draw("of one", 2) == 0 {
		edits = append(edits, on(from.Instrument()))
	}
	return p.Write("contact", record.Report, edits...)
}

// logged holds a log to its records, read again: its author alone reports, and it is late by its first report that it was held.
func logged(rt *rapid.T, v *view, s *entente.State, count tally) {
	if s.Kind != "contact" {
		return
	}
	first, held := int64(0), false
	for _, j := range v.instruments[s.Instrument] {
		t, h := new(entente.Contact), j.Header()
		if len(j.Reasons) > 0 || h.Verb != record.Report {
			continue
		}
		if h.Party != s.Author {
			rt.Fatalf("%s reported on a log of %s, with effect", h.Party, s.Author)
		}
		if err := record.Unmarshal(h.Terms, t); err != nil {
			rt.Fatal(err)
		}
		if held = t.Held; held && first == 0 {
			first = h.Time
		}
		if late := max(first-t.To-3*day, 0); held && s.Fact("contact") == entente.ContactHeld && s.Fact("to") == fmt.Sprint(t.To) && s.Late() != late {
			rt.Fatalf("late by %d, by its records %d", s.Late(), late)
		}
	}
	count["contact "+s.Fact("contact")]++
	count["contact late"] += int(min(s.Late(), 1))
}

// speak lets the parties say something of a text, its author ask for objections to it.
func (h *historian) speak(r *record.Record) map[record.Party]bool {
	spoke := map[record.Party]bool{}
	for _, q := range h.w.order {
		to := h.w.As(q)
		if _, rule, err := h.w.kinds.Rule(r.Header().Kind, record.Reply); err != nil || rule.Terms == nil || h.draw("speaks", 2) > 0 ||
			to.view.byID[r.ID()] == nil || to.view.byID[r.Instrument()] == nil {
			continue
		}
		s := []entente.Stance{entente.AdReferendum, entente.AdReferendum, entente.Object, entente.Contest, entente.Acknowledge, entente.Answer}[h.draw("of a text", 6)]
		if q == r.Header().Party {
			s = entente.AskNoObjection
		}
		h.all, spoke[q] = append(h.all, to.Reply(r.ID(), s, by("foreign/3"))), true
	}
	return spoke
}

// target names the instrument of a version that may not count for the author.
func target(v *record.Record) edit {
	return with(func(h *record.Header) { h.Instrument, h.Line, h.Version = v.Instrument(), v.Header().Line, v.ID() })
}

func (h *historian) propose(p *party, v *record.Record, signers edit) *record.Record {
	edits := append(texts("x"), signers)
	switch h.draw("line", 3) {
	case 0:
		edits = append(edits, line("fuel"))
	case 1:
		edits = append(edits, among(p.id))
	}
	if h.draw("until", 4) == 0 {
		edits = append(edits, until(h.w.now+int64(h.draw("term", 300))))
	}
	if v != nil && v.Header().Kind != "charter" && h.draw("amend", 3) > 0 {
		replaces := []record.ID{{}, v.ID()}[h.draw("replaces", 2)]
		edits = append(edits, with(func(x *record.Header) { x.Instrument, x.Replaces, x.Line = v.Instrument(), replaces, v.Header().Line }))
		return p.Write(v.Header().Kind, record.Propose, append(edits, with(func(x *record.Header) { x.Terms = v.Header().Terms }))...)
	}
	switch h.draw("kind", 6) {
	case 0, 4:
		return p.Write("statement", record.Propose, edits...)
	case 1:
		return p.Write("objective", record.Propose, append(edits, terms(entente.Objective{Level: "outcome", Owner: p.id}))...)
	case 2:
		return p.Write("meeting", record.Propose, append(edits, terms(entente.Meeting{Starts: h.w.now + 100, Host: p.id}))...)
	case 3:
		return p.Write("indicator", record.Propose, append(edits, terms(entente.Indicator{Code: "a.1", Unit: "kg", Direction: "up", Period: "month"}))...)
	}
	return p.Write("commitment", record.Propose, append(edits, terms(promise(h.w.order[h.draw("owner", len(h.w.order))])))...)
}

// bad writes what has no effect, or what is held back.
func (h *historian) bad(p *party, v *record.Record) *record.Record {
	before := func(hd *record.Header) { hd.Time = max(1, hd.Time-50) }
	switch h.draw("bad", 9) {
	case 0:
		return p.Write("receipt", record.Note, by(), with(before))
	case 1: // forgets what it has seen
		return p.Write("receipt", record.Note, by(), with(func(hd *record.Header) { clear(hd.Seen) }))
	case 2:
		return p.Write("treaty", record.Propose)
	case 3:
		return p.Write("commitment", record.Propose, append(texts("x"), rawTerms(map[int]any{1: "MX", 99: strings.Repeat("x", h.draw("long", 500))}))...)
	case 4:
		return p.Write("commitment", record.Propose, terms(promise("FR")), content("annex/1", "x"), drop("body.en"), among("FR", "MX"))
	case 5: // ahead of everybody's clock
		return p.Write("receipt", record.Note, by(), with(func(hd *record.Header) { hd.Time += 301 + int64(h.draw("ahead", 400)) }))
	case 6: // an act once more
		if n := len(p.written); n > 3 {
			old := p.written[h.draw("replayed", n)].Header()
			d := p.draft(old.Kind, old.Verb, by(), with(func(x *record.Header) {
				seen, index, time := x.Seen, x.Index, x.Time
				*x = *old
				x.Seen, x.Index, x.Time = seen, index, time
			}))
			d.moved = old.Approvals
			return p.put(d.sealed())
		}
	case 7:
		return p.Write("charter", record.Propose, terms(newCharter(h.w.order...)), on(h.w.group), with(func(x *record.Header) { x.Version = h.w.group }))
	}
	return p.Write(v.Header().Kind, record.Consent, target(v), with(func(x *record.Header) { x.Version = record.ID{9} }))
}

// A record that knows what is not here is held back, and so is all that follows it in its log; one that names another log of
// that size is held back for good. Neither is judged before.
func TestHeldBack(t *testing.T) {
	w := newWorld(t, newCharter("CA", "MX", "US"))
	ca, mx, us := w.As("CA"), w.As("MX"), w.As("US")
	w.Cut("MX", "CA")
	v := mx.Propose("commitment", promise("MX"))
	us.good(us.Consent(v))
	us.Receipt()
	if n := len(ca.view.held); n != 1 || ca.view.held[0].Reason != consent.HeldMissing || ca.view.held[0].Party != "MX" || ca.view.states[v] != nil {
		t.Errorf("held at CA: %+v", ca.view.held)
	}
	w.Mend("MX", "CA")
	if len(ca.view.held) != 0 {
		t.Errorf("nothing is missing: %+v", ca.view.held)
	}
	w.same()
	r := us.Write("receipt", record.Note, by(), with(func(h *record.Header) {
		m := h.Seen["MX"]
		m.Root[0] ^= 1
		h.Seen["MX"] = m
	}))
	us.Write("receipt", record.Note, by())
	if n := len(ca.view.held); n != 1 || ca.view.held[0].Ref != r.Header().Ref() || ca.view.held[0].Reason != consent.HeldOtherLog {
		t.Errorf("held at CA: %+v", ca.view.held)
	}
	w.same()
}

// What a decoder or a map says of bad terms must not differ between two nodes: reasons are state.
func TestReasonsAreTheSameEveryTime(t *testing.T) {
	w := newWorld(t, newCharter("MX", "US"))
	mx := w.As("MX")
	c := newCharter("MX", "US")
	c.Consent = map[string]string{}
	for i := range 20 {
		c.Consent[fmt.Sprintf("kind%d", i)] = "most"
	}
	b, err := record.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	r := mx.draft("charter", record.Propose, on(w.group), with(func(h *record.Header) { h.Terms, h.Replaces = b, w.group })).sealed()
	first := fmt.Sprint(mx.view.ledger.Judge(r, counted{mx.view}))
	for range 50 {
		if got := fmt.Sprint(mx.view.ledger.Judge(r, counted{mx.view})); got != first {
			t.Fatalf("%s\n%s", first, got)
		}
	}
	for _, bad := range []any{map[int]any{1: 7}, map[int]any{99: 1}, map[string]any{"owner": "MX"}, map[int]any{1: "MX", 3: "soon"}} {
		got := mx.Reasons("commitment", record.Propose, append(texts("x"), rawTerms(bad))...)
		only(t, got, entente.ReasonTerms)
		for _, word := range []string{"cbor", "struct", "Go ", "int64"} {
			if bytes.Contains(fmt.Append(nil, got), []byte(word)) {
				t.Errorf("the decoder's own words are in a reason: %v", got)
			}
		}
	}
	got := mx.Reasons("powers", record.Propose, rawTerms(map[int]any{99: 1}), by("root"))
	if s := fmt.Sprint(got); !slices.Contains(codes(got), entente.ReasonApproval) || strings.Contains(s, "cbor") {
		t.Errorf("%v", got)
	}
}
