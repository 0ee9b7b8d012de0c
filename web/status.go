package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente"
	"entente/record"
)

// sentence is one thing to know about where an instrument stands, with its weight: late, wait, ok or none.
type sentence struct {
	Text   string
	Weight string
}

// status says in words where an instrument stands and why. It prints what the fold says and decides nothing.
func (w *Web) status(r *request, s *entente.State, v entente.View) []sentence {
	now := r.now()
	var out []sentence
	say := func(weight, key string, args ...any) { out = append(out, sentence{r.t(key, args...), weight}) }
	waits := map[entente.AttentionReason][]entente.Attention{}
	for _, a := range s.Attention(r.group.Chart.IDs()) {
		if a.Shows(now) {
			waits[a.Reason] = append(waits[a.Reason], a)
		}
	}
	who := func(reason entente.AttentionReason) string {
		var p []record.Party
		for _, a := range waits[reason] {
			if !slices.Contains(p, a.Party) {
				p = append(p, a.Party)
			}
		}
		return w.partyNames(r.group, p)
	}
	t := s.Text()
	switch v.Phase {
	case entente.PhaseProposed:
		for i := range s.Versions { // of several texts the first that still stands
			if x := &s.Versions[i]; !pulled(x) {
				t = x
				break
			}
		}
		say("wait", "status.proposed", "Day", r.day(t.Time), "Party", r.group.PartyName(t.Ref.Party))
		if t.Until != 0 {
			say("wait", "status.until", "Day", r.deadline(t.Until), "When", r.dateWords(t.Until))
		}
	case entente.PhaseLapsed:
		say("", "status.lapsed", "Day", r.deadline(s.Standing().Until))
	case entente.PhaseWithdrawn:
		say("", "status.withdrawn")
	case entente.PhaseStopped:
		say("late", "status.stopped")
	case entente.PhaseAgreed:
		say("wait", "status.agreed")
	case entente.PhaseEnded:
		say("", "status.ended", "Day", r.day(s.Ends))
	case entente.PhaseRecorded:
		say("", "status.recorded", "Party", r.group.PartyName(s.Author), "Day", r.day(s.Opened.Time))
	case entente.PhaseRejected:
		say("late", "status.rejected")
	}
	if f := s.InForce(); f != nil && v.Phase == entente.PhaseInForce {
		say("ok", "status.in-force", "Day", r.day(f.Since))
		if v.Settled {
			say("ok", "status.settled")
		} else {
			say("wait", "status.unsettled")
		}
	}
	if p := who(entente.AttentionSign); p != "" {
		say("wait", "status.to-sign", "Parties", p)
	}
	if len(v.AdReferendum) > 0 {
		say("wait", "status.ad-referendum", "Parties", w.partyNames(r.group, v.AdReferendum))
	}
	for _, x := range v.Silence {
		switch {
		case len(x.Objected) > 0:
			say("late", "status.objected", "Parties", w.partyNames(r.group, x.Objected), "Day", r.deadline(x.By))
		case x.Over:
			say("wait", "status.no-objection", "Day", r.deadline(x.By))
		default:
			say("wait", "status.silence", "Day", r.deadline(x.By), "When", r.dateWords(x.By))
		}
	}
	if v.Pending {
		say("wait", "pending.explained")
	}
	if v.Leaving {
		say("late", "status.leaving", "Day", r.day(s.Ends), "Parties", w.partyNames(r.group, leavers(s)))
	}
	if v.Phase == entente.PhaseInForce && s.Due != 0 && s.Owner != "" && !v.Done {
		switch {
		case v.Overdue:
			say("late", "status.overdue", "Day", r.deadline(s.Due), "When", r.dateWords(s.Due), "Party", r.group.PartyName(s.Owner))
		case now < s.Due:
			say("", "status.due", "Day", r.deadline(s.Due), "When", r.dateWords(s.Due), "Party", r.group.PartyName(s.Owner))
		}
	}
	if n := len(s.Reports); n > 0 && v.Phase == entente.PhaseInForce {
		last := s.Reports[n-1]
		switch {
		case v.Verified:
			say("ok", "status.verified", "Day", r.day(last.Time), "Party", r.group.PartyName(last.Ref.Party))
		case v.Done:
			say("wait", "status.done", "Day", r.day(last.Time), "Party", r.group.PartyName(last.Ref.Party))
		default:
			say("", "status.reported", "Day", r.day(last.Time), "Party", r.group.PartyName(last.Ref.Party))
		}
	}
	if p := who(entente.AttentionVerify); p != "" {
		say("wait", "status.to-verify", "Parties", p)
	}
	if v.Observations {
		if p := who(entente.AttentionAnswer); p != "" {
			say("late", "status.observations", "Parties", p)
		} else {
			say("wait", "status.observations-answered")
		}
	}
	if v.Amending {
		say("wait", "status.amending")
	}
	if v.Counter {
		say("wait", "status.counter")
	}
	slices.SortStableFunc(out, func(a, b sentence) int { // what is late is said first
		return cmp.Compare(slices.Index(weights, a.Weight), slices.Index(weights, b.Weight))
	})
	return out
}

var weights = []string{"late", "wait", "ok", ""}

// leavers are the parties whose notice runs.
func leavers(s *entente.State) []record.Party {
	var out []record.Party
	for _, n := range s.Notices {
		out = append(out, n.By.Ref.Party)
	}
	return out
}

// partyNames lists parties by name, own first.
func (w *Web) partyNames(g *group, parties []record.Party) string {
	parties = slices.Clone(parties)
	ownFirst(w.node.Party(), parties, func(p record.Party) record.Party { return p })
	names := make([]string, len(parties))
	for i, p := range parties {
		names[i] = g.PartyName(p)
	}
	return strings.Join(names, ", ")
}

func (r *request) day(sec int64) string { return r.web.languages[r.lang].day(sec) }

// deadline is a due date as both sides read it, whatever their zones: deadlines are days in UTC.
func (r *request) deadline(sec int64) string { return r.web.languages[r.lang].dayIn(sec, time.UTC) }

// dateWords say how far a deadline lies off: in three days, today, two days late.
func (r *request) dateWords(sec int64) string {
	return r.web.languages[r.lang].late(sec, r.now())
}

// daysFrom counts calendar days in UTC from one moment to another.
func daysFrom(from, to int64) int {
	const day = 86400
	return int(floor(to, day) - floor(from, day))
}

func floor(a, b int64) int64 {
	if a < 0 {
		a -= b - 1
	}
	return a / b
}

// late is the distance of a deadline in words.
func (l *language) late(sec, now int64) string {
	switch n := daysFrom(now, sec); {
	case n == 0 && now >= sec:
		return l.t("late.today")
	case n == 0:
		return l.t("in.today")
	case n < 0:
		return l.count("late.days", -n)
	default:
		return l.count("in.days", n)
	}
}

// since says how long ago something was.
func (l *language) since(sec, now int64) string {
	if n := daysFrom(sec, now); n > 0 {
		return l.count("since.days", n)
	}
	return l.t("since.today")
}

// count is a message with a number that people read: up to nine in words.
func (l *language) count(key string, n int) string {
	s := l.number(n)
	if n > 0 && n < 10 {
		s = l.t("number." + strconv.Itoa(n))
	}
	return l.t(key, "Count", n, "Number", s)
}
