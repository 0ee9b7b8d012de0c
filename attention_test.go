package entente_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"entente"
	"entente/consent"
	"entente/record"
	"entente/territory"
)

const day = int64(86400)

// phaseOf is a second reading of the phase, text by text at one moment, as an oracle for Standing.
func phaseOf(s *entente.State, now int64) entente.Phase {
	open, lapsed, pulled, stopped, hostless := 0, 0, 0, 0, 0
	for _, v := range s.Versions {
		back := slices.ContainsFunc(v.Sides, func(x entente.Side) bool { return x.Withdrawn != nil })
		switch {
		case v.Standing == consent.InForce && s.Ends != 0 && now >= s.Ends:
			return entente.PhaseEnded
		case v.Standing == consent.InForce:
			return entente.PhaseInForce
		case v.Standing == consent.Stopped:
			stopped++
		case v.Standing == consent.Hostless:
			hostless++
		case back:
			pulled++
		case v.Until != 0 && now > v.Until:
			lapsed++
		default:
			open++
		}
	}
	switch {
	case stopped+hostless > 0 && s.Ends != 0 && now >= s.Ends:
		return entente.PhaseEnded
	case stopped > 0:
		return entente.PhaseStopped
	case hostless > 0:
		return entente.PhaseAgreed
	case open > 0:
		return entente.PhaseProposed
	case lapsed > 0:
		return entente.PhaseLapsed
	case pulled > 0:
		return entente.PhaseWithdrawn
	case len(s.Rejected) > 0 && len(s.Reports) == 0:
		return entente.PhaseRejected
	}
	return entente.PhaseRecorded
}

// moments are all seconds at which something about a state may change, and their neighbours.
func turns(s *entente.State, waits []entente.Attention) []int64 {
	at := []int64{0, s.Due, s.Ends, record.MaxTime}
	for _, v := range s.Versions {
		at = append(at, v.Until)
		for _, r := range v.Releases {
			at = append(at, r.At)
		}
	}
	for _, a := range waits {
		at = append(at, a.From, a.Until)
	}
	for _, t := range slices.Clone(at) {
		at = append(at, t-1, t+1)
	}
	slices.Sort(at)
	return slices.DeleteFunc(slices.Compact(at), func(t int64) bool { return t < 0 })
}

// attentive holds what a state says waits to what it says at a moment, at every moment.
func attentive(tb tester, s *entente.State, parties []record.Party, count tally) {
	tb.Helper()
	waits := s.Attention(parties)
	if again := s.Attention(parties); !slices.Equal(waits, again) {
		tb.Fatalf("two answers: %+v %+v", waits, again)
	}
	st := s.Standing()
	for _, now := range turns(s, waits) {
		v := s.At(now)
		if want := phaseOf(s, now); v.Phase != want || st.At(now) != want {
			tb.Fatalf("at %d: view %s, standing %+v gives %s, text by text %s: %+v", now, v.Phase, st, st.At(now), want, s)
		}
		shows := map[entente.AttentionReason]int{}
		signs := map[record.ID]bool{}
		for _, a := range waits {
			if a.Shows(now) {
				shows[a.Reason]++
				count["attention "+string(a.Reason)]++
				if a.Reason == entente.AttentionSign {
					signs[a.About] = true
				}
			}
		}
		for _, a := range waits {
			if a.Reason == entente.AttentionWait && a.Shows(now) && !signs[a.About] {
				tb.Fatalf("at %d %s waits for a text that nobody is asked to sign: %+v", now, a.Party, waits)
			}
		}
		session := s.Fact("starts") != ""
		others := slices.ContainsFunc(parties, func(p record.Party) bool {
			return len(s.Reports) > 0 && p != s.Reports[len(s.Reports)-1].Ref.Party && (s.Fact("verifier") == "" || s.Fact("verifier") == string(p))
		})
		both := func(what string, waiting, viewed bool) {
			tb.Helper()
			if waiting != viewed {
				tb.Fatalf("at %d %s waits: %v, the view says %v: %+v\n%+v\n%+v", now, what, waiting, viewed, v, waits, s)
			}
			if viewed {
				count["view "+what]++
			}
		}
		if0 := func(what string, waiting, viewed bool) {
			tb.Helper()
			both(what, waiting, waiting && viewed)
		}
		inForce := v.Phase == entente.PhaseInForce
		both("overdue", shows[entente.AttentionOverdue] > 0, v.Overdue)
		without := v.Phase == entente.PhaseStopped || v.Phase == entente.PhaseAgreed
		both("sign", shows[entente.AttentionSign] > 0, v.Phase == entente.PhaseProposed || v.Amending && inForce || without && shows[entente.AttentionSign] > 0)
		both("ending", shows[entente.AttentionEnding] > 0, v.Leaving)
		both("withdrawn-pending", shows[entente.AttentionWithdrawn] > 0, v.Pending && v.Phase != entente.PhaseEnded)
		both("done and not verified", shows[entente.AttentionVerify] > 0 || inForce && !session && others && v.Done && shows[entente.AttentionAnswer] > 0,
			inForce && !session && others && v.Done && (!v.Verified || shows[entente.AttentionAnswer] > 0))
		both("report-held", shows[entente.AttentionHeld] > 0, inForce && session && !v.Done && now >= s.Due)
		embargoed := inForce && s.Fact("embargo") != ""
		both("publish", shows[entente.AttentionPublish] > 0 && embargoed, embargoed && len(s.InForce().Releases) < len(s.InForce().Required))
		if0("publish", shows[entente.AttentionPublish] > 0, inForce && !v.Published)
		both("translate", shows[entente.AttentionTranslate] > 0, len(s.Untranslated) > 0 && v.Phase != entente.PhaseEnded && v.Phase != entente.PhaseRejected)
		if0("courtesy-copy", shows[entente.AttentionCopy] > 0, s.Fact("own") != "" && !v.Published)
		if0("due", shows[entente.AttentionDue] > 0, inForce && !v.Done && !v.Overdue && now < s.Due)
		some := func(f func(entente.VersionState) bool) bool { return slices.ContainsFunc(s.Versions, f) }
		running := s.Due == 0 || now < s.Due
		if0("action-stopped", shows[entente.AttentionStopped] > 0, running && some(func(x entente.VersionState) bool { return len(x.Stops) > 0 }))
		if0("action-near", shows[entente.AttentionNear] > 0, running && some(func(x entente.VersionState) bool { return len(x.Notified) > 0 }))
		if0("action-here", shows[entente.AttentionHere] > 0, inForce && running && !v.Done)
		if0("authorisation-ends", shows[entente.AttentionAuthorised] > 0, inForce && !v.Done && !v.Overdue && now < s.Due)
		if0("meeting", shows[entente.AttentionMeeting] > 0, inForce && !v.Done && session)
		if0("answer", shows[entente.AttentionAnswer] > 0, v.Observations && v.Phase != entente.PhaseLapsed && v.Phase != entente.PhaseWithdrawn)
		if0("objections-asked", shows[entente.AttentionSilence] > 0, slices.ContainsFunc(v.Silence, func(x entente.Silence) bool { return !x.Over }))
		if0("claim-to-answer", shows[entente.AttentionClaim] > 0, v.Phase == entente.PhaseRecorded && s.Fact("speaker") != "")
		by := int64(0)
		_, _ = fmt.Sscan(s.Fact("report_by"), &by)
		both("contact-overdue", shows[entente.AttentionContactLate] > 0, by != 0 && now > by && v.Phase != entente.PhaseEnded && v.Phase != entente.PhaseRejected)
		if0("contact-to-report", shows[entente.AttentionContact] > 0, by != 0 && now <= by)
		if0("incident-to-answer", shows[entente.AttentionIncident] > 0, v.Phase == entente.PhaseRecorded && s.Fact("severity") != "")
		if0("figures-to-answer", shows[entente.AttentionFigures] > 0, v.Phase == entente.PhaseRecorded)
		both("recalled", shows[entente.AttentionRecall] > 0, slices.ContainsFunc(s.Recalls, func(r entente.RecallState) bool { return len(r.Answers) < len(parties)-1 }))
		both("erase-asked", shows[entente.AttentionErase] > 0, slices.ContainsFunc(s.Erasures, func(e entente.Erasure) bool { return e.Since == 0 }))
		delete(shows, entente.AttentionRecall) // these outlast the instrument
		delete(shows, entente.AttentionErase)
		if0("anything on what has ended", len(shows) > 0, v.Phase != entente.PhaseEnded && v.Phase != entente.PhaseRejected)
	}
}

// States of every shape, those that no honest history gives included.
func TestAttentionAgreesWithTheView(t *testing.T) {
	quick(t, 3000)
	count := tally{}
	parties := []record.Party{"CA", "MX", "US"}
	rapid.Check(t, func(rt *rapid.T) {
		attentive(rt, randomState(rt, parties), parties, count)
	})
	want := []string{"view overdue", "view sign", "view ending", "view withdrawn-pending", "view done and not verified", "view report-held"}
	for _, r := range entente.AttentionReasons {
		want = append(want, "attention "+string(r))
	}
	count.need(t, want...)
}

func randomState(rt *rapid.T, parties []record.Party) *entente.State {
	n := func(name string, max int) int { return rapid.IntRange(0, max).Draw(rt, name) }
	who := func(name string) record.Party { return parties[n(name, len(parties)-1)] }
	serial := uint64(0)
	next := func() (record.ID, uint64) {
		serial++
		return record.Digest("id", fmt.Append(nil, serial)), serial
	}
	s := &entente.State{Kind: "commitment", Author: who("author")}
	if n("owned", 3) > 0 {
		s.Owner, s.Due = who("owner"), day*int64(n("due", 40))
	}
	forced := n("forced", 2) > 0
	var ids []record.ID
	for i := range n("versions", 4) {
		id, at := next()
		v := entente.VersionState{ID: id, Ref: record.Ref{Party: who("by"), Index: at}, Time: int64(at), Until: day * int64(n("until", 30)), Standing: consent.Open, Required: parties}
		if i > 0 && n("replaces", 1) > 0 {
			v.Replaces = ids[n("which", len(ids)-1)]
		}
		lacks := n("lacks", len(parties)-1)
		for k, p := range parties {
			_, at := next()
			x := entente.Side{Party: p}
			switch n("word", 5) {
			case 0, 1, 2:
				x.Consent = &consent.Moment{Ref: record.Ref{Party: p, Index: at}, Time: int64(at)}
			case 3:
				x.Withdrawn, x.Pending = &consent.Moment{Ref: record.Ref{Party: p, Index: at}, Time: int64(at)}, n("pending", 1) > 0
			}
			if k == lacks && x.Withdrawn == nil { // else it would be in force
				x.Consent = nil
			}
			v.Sides = append(v.Sides, x)
		}
		if i == 0 && forced {
			v.Standing = consent.InForce
			for k, p := range parties {
				v.Sides[k] = entente.Side{Party: p, Consent: &consent.Moment{Ref: record.Ref{Party: p, Index: at}, Time: int64(at)}}
			}
		}
		s.Versions, ids = append(s.Versions, v), append(ids, id)
	}
	if len(s.Versions) > 0 && forced && n("leaving", 2) == 0 {
		s.Ends = day * int64(1+n("ends", 40))
		s.Notices = []consent.Notice{{By: consent.Moment{Ref: record.Ref{Party: who("leaver")}}, Ends: s.Ends}}
	}
	for range n("reports", 2) {
		id, at := next()
		s.Reports = append(s.Reports, entente.Report{ID: id, Ref: record.Ref{Party: who("reports"), Index: at}, Time: int64(at), Progress: []string{"under-way", "done"}[n("progress", 1)]})
		ids = append(ids, id)
	}
	for range n("replies", 4) {
		if len(ids) == 0 {
			break
		}
		id, at := next()
		r := entente.Reply{ID: id, Ref: record.Ref{Party: who("replies"), Index: at}, Time: int64(at), To: ids[len(ids)-1-n("to", len(ids)-1)],
			Stance: entente.Stances[n("stance", len(entente.Stances)-1)]}
		if r.Stance == entente.AskNoObjection {
			r.By = day * int64(1+n("by", 30))
		}
		s.Replies = append(s.Replies, r)
		ids = append(ids, id)
	}
	if n("untranslated", 7) == 0 {
		s.Untranslated = []entente.Untranslated{{Ref: record.Ref{Party: who("owes")}}}
	}
	if n("rejected", 3) == 0 {
		s.Rejected = []entente.Rejected{{}}
	}
	for i := range s.Versions {
		for _, p := range parties {
			if v := &s.Versions[i]; v.Standing != consent.Open && n("released", 2) > 0 {
				v.Releases = append(v.Releases, entente.Release{Ref: record.Ref{Party: p}, At: day * int64(n("at", 40))})
			}
		}
	}
	if len(ids) > 0 && n("recalled", 3) == 0 {
		id, at := next()
		r := entente.RecallState{ID: id, Ref: record.Ref{Party: who("recalls"), Index: at}, Time: int64(at), Of: ids[0], Parts: []string{"body.en"}}
		for _, p := range parties {
			if stance := n("gives back", 2); p != r.Ref.Party && stance > 0 {
				r.Answers = append(r.Answers, entente.Reply{Ref: record.Ref{Party: p}, To: id, Stance: []entente.Stance{entente.Acknowledge, entente.Object}[stance-1]})
			}
		}
		s.Recalls = append(s.Recalls, r)
	}
	if len(ids) > 0 && n("erased", 3) == 0 {
		e := entente.Erasure{Of: ids[0], Part: "body.en", By: parties[:1+n("agree", len(parties)-1)]}
		if len(e.By) == len(parties) {
			e.Since = day
		}
		s.Erasures = append(s.Erasures, e)
	}
	switch n("fact", 9) {
	case 9:
		s.Facts = []entente.Fact{{Name: "from", Value: fmt.Sprint(day * int64(n("from", 20)))}}
		for i := range s.Versions {
			v := &s.Versions[i]
			v.Place, v.Hosts, v.Notified = territory.OnLand, parties[:n("hosts", 2)], parties[2:]
			if n("narrow", 1) > 0 {
				v.Required = parties[:1]
			}
			switch stopped := n("stopped", 2) == 0; {
			case stopped:
				id, at := next()
				v.Stops = []entente.Stop{{ID: id, Ref: record.Ref{Party: who("stops"), Index: at}, Claim: n("claim", 1) > 0}}
				if v.Standing == consent.InForce {
					v.Standing, s.Notices, s.Ends = consent.Stopped, nil, 0
				}
			case len(v.Hosts) == 0 && v.Standing == consent.InForce:
				v.Standing, s.Notices, s.Ends = consent.Hostless, nil, 0
			}
		}
	case 4:
		s.Facts = []entente.Fact{{Name: "embargo", Value: "1"}}
	case 5:
		s.Facts = []entente.Fact{{Name: "own", Value: string(s.Author)}}
	case 0:
		s.Facts = []entente.Fact{{Name: "verifier", Value: string(who("verifier"))}}
	case 1:
		if s.Owner != "" && s.Due != 0 {
			s.Facts = []entente.Fact{{Name: "starts", Value: fmt.Sprint(s.Due)}}
		}
	case 7:
		s.Facts = []entente.Fact{{Name: "contact", Value: entente.ContactPlanned}, {Name: "from", Value: fmt.Sprint(day * int64(n("from", 20)))}, {Name: "report_by", Value: fmt.Sprint(day * int64(20+n("by", 20)))}}
	case 8:
		s.Facts = []entente.Fact{{Name: "attributed", Value: string(who("attributed"))}, {Name: "severity", Value: "minor"}}
	case 6:
		s.Facts = []entente.Fact{{Name: "speaker", Value: "an office"}}
	}
	return s
}

// What waits for whom, story by story, and from when until when.
func TestWhatWaits(t *testing.T) {
	far := epoch + 100*day
	owes := entente.Commitment{Owner: "MX", Due: far}
	verified := owes
	verified.Verifier = "US"
	agreed := func(w *world, kind string, t any, edits ...edit) record.ID {
		id := w.As("MX").Propose(kind, t, edits...)
		for _, p := range w.order {
			w.As(p).good(w.As(p).Consent(id))
		}
		return id
	}
	figures := func(w *world) record.ID {
		ind := agreed(w, "indicator", entente.Indicator{Code: "a", Unit: "kg", Direction: "up", Period: "month"})
		mx := w.As("MX")
		return mx.good(mx.Write("observation", record.Report, append(figures(mx, "x"), terms(entente.Observation{Indicator: ind, Version: ind, Source: "s"}))...)).ID()
	}
	for _, c := range []struct {
		name  string
		story func(w *world) record.ID
		want  []string // party reason from until by, dates in days after the epoch; - is none
	}{
		{"proposed", func(w *world) record.ID { return w.As("MX").Propose("commitment", owes) },
			[]string{"CA sign - - -", "MX sign - - -", "US sign - - -"}},
		{"signed by its author", func(w *world) record.ID {
			id := w.As("MX").Propose("commitment", owes, until(epoch+3*day-1))
			w.As("MX").good(w.As("MX").Consent(id))
			return id
		}, []string{"CA sign - 3 3-", "MX wait - 3 3-", "US sign - 3 3-"}},
		{"counter-proposed", func(w *world) record.ID {
			mx, us := w.As("MX"), w.As("US")
			id := mx.Propose("commitment", owes)
			mx.good(mx.Consent(id))
			us.good(us.Consent(us.Amend(id, record.ID{}, owes, until(epoch+5*day-1))))
			return id
		}, []string{"CA sign - 5 5-", "CA sign - - -", "MX sign - 5 5-", "MX wait - - -", "US sign 5 - -", "US wait - 5 5-"}},
		{"withdrawn and not yet known", func(w *world) record.ID {
			mx := w.As("MX")
			id := mx.Propose("commitment", owes)
			mx.good(mx.Consent(id))
			mx.good(mx.Withdraw(id))
			return id
		}, []string{"MX withdrawn-pending - - -"}},
		{"withdrawn and known", func(w *world) record.ID {
			mx := w.As("MX")
			id := mx.Propose("commitment", owes)
			mx.good(mx.Withdraw(id))
			w.As("US").Receipt()
			w.As("CA").Receipt()
			return id
		}, nil},
		{"agreed", func(w *world) record.ID { return agreed(w, "commitment", owes) },
			[]string{"MX overdue 100 - 100", "MX due 86 100 100"}},
		{"under way", func(w *world) record.ID {
			id := agreed(w, "commitment", owes)
			w.As("MX").good(w.As("MX").Report(id, entente.Progress{Progress: "under-way"}))
			return id
		}, []string{"MX overdue 100 - 100", "MX due 86 100 100"}},
		{"reported done", func(w *world) record.ID {
			id := agreed(w, "commitment", owes)
			w.As("MX").good(w.As("MX").Report(id, entente.Progress{Progress: "done"}))
			return id
		}, []string{"CA verify - - -", "US verify - - -"}},
		{"reported done, with a verifier who has observations", func(w *world) record.ID {
			id := agreed(w, "commitment", verified)
			r := w.As("MX").good(w.As("MX").Report(id, entente.Progress{Progress: "done"}))
			w.As("CA").good(w.As("CA").Reply(r.ID(), entente.Acknowledge))
			w.As("US").good(w.As("US").Reply(r.ID(), entente.Contest))
			return id
		}, []string{"MX answer - - -"}},
		{"and was answered", func(w *world) record.ID {
			id := agreed(w, "commitment", verified)
			r := w.As("MX").good(w.As("MX").Report(id, entente.Progress{Progress: "done"}))
			o := w.As("US").good(w.As("US").Reply(r.ID(), entente.Contest))
			w.As("MX").good(w.As("MX").Reply(o.ID(), entente.Answer))
			return id
		}, []string{"US verify - - -"}},
		{"and has observations again", func(w *world) record.ID {
			id := agreed(w, "commitment", verified)
			r := w.As("MX").good(w.As("MX").Report(id, entente.Progress{Progress: "done"}))
			w.As("US").good(w.As("US").Reply(r.ID(), entente.Contest))
			w.As("MX").good(w.As("MX").Reply(r.ID(), entente.Answer))
			w.As("US").good(w.As("US").Reply(r.ID(), entente.Object))
			return id
		}, []string{"MX answer - - -"}},
		{"verified", func(w *world) record.ID {
			id := agreed(w, "commitment", verified)
			r := w.As("MX").good(w.As("MX").Report(id, entente.Progress{Progress: "done"}))
			w.As("US").good(w.As("US").Reply(r.ID(), entente.Acknowledge))
			return id
		}, nil},
		{"observations on a text, which a new text answers", func(w *world) record.ID {
			mx, us := w.As("MX"), w.As("US")
			id := mx.Propose("commitment", owes, until(epoch+9*day-1))
			us.good(us.Reply(id, entente.Contest))
			return id
		}, []string{"CA sign - 9 9-", "MX sign - 9 9-", "MX answer - 9 -", "US sign - 9 9-"}},
		{"the new text", func(w *world) record.ID {
			mx, us := w.As("MX"), w.As("US")
			id := mx.Propose("commitment", owes)
			us.good(us.Reply(id, entente.Contest))
			mx.good(mx.Withdraw(id))
			mx.Amend(id, record.ID{}, owes)
			return id
		}, []string{"CA sign - - -", "MX sign - - -", "MX withdrawn-pending - - -", "US sign - - -"}},
		{"signing settles one's own observations", func(w *world) record.ID {
			id := w.As("MX").Propose("statement", entente.Statement{})
			w.As("US").good(w.As("US").Reply(id, entente.Contest))
			for _, p := range w.order {
				w.As(p).good(w.As(p).Consent(id))
			}
			return id
		}, nil},
		{"notice of leaving", func(w *world) record.ID {
			id := agreed(w, "commitment", owes)
			w.Wait(20*day - 1000 - (w.now - epoch))
			w.As("MX").good(w.As("MX").Withdraw(id))
			w.As("US").Receipt()
			return id
		}, []string{"CA ending - 20 20", "MX ending - 20 20", "US ending - 20 20"}},
		{"an amendment", func(w *world) record.ID {
			id := agreed(w, "commitment", owes)
			w.As("US").good(w.As("US").Consent(w.As("US").Amend(id, id, owes)))
			return id
		}, []string{"CA sign - - -", "MX overdue 100 - 100", "MX sign - - -", "MX due 86 100 100", "US wait - - -"}},
		{"a meeting", func(w *world) record.ID { return agreed(w, "meeting", entente.Meeting{Starts: far, Host: "US"}) },
			[]string{"CA meeting 79 101 100", "MX meeting 79 101 100", "US report-held 100 - 100", "US meeting 79 101 100"}},
		{"a meeting held", func(w *world) record.ID {
			id := agreed(w, "meeting", entente.Meeting{Starts: epoch, Host: "US"})
			w.As("US").good(w.As("US").Report(id, entente.MeetingHeld{Held: epoch}))
			return id
		}, nil},
		{"figures", figures, []string{"CA figures-to-answer - - -", "US figures-to-answer - - -"}},
		{"figures with observations", func(w *world) record.ID {
			id := figures(w)
			w.As("US").good(w.As("US").Reply(id, entente.Contest))
			w.As("CA").good(w.As("CA").Reply(id, entente.Acknowledge))
			return id
		}, []string{"MX answer - - -"}},
		{"a statement under embargo", func(w *world) record.ID {
			id := agreed(w, "statement", entente.Statement{Embargo: far})
			w.As("US").good(w.As("US").Release(id, 0))
			return id
		}, []string{"CA publish - - 100", "MX publish - - 100"}},
		{"a statement without one", func(w *world) record.ID { return agreed(w, "statement", entente.Statement{}) }, nil},
		{"one party's own text", func(w *world) record.ID {
			id := w.As("MX").Propose("statement", entente.Statement{Own: true, Embargo: far}, until(epoch+5*day-1))
			w.As("US").good(w.As("US").Reply(id, entente.Contest))
			return id
		}, []string{"CA courtesy-copy - 5 100", "MX sign - 5 5-", "MX answer - 5 -"}},
		{"changed after an answer, it is a new copy", func(w *world) record.ID {
			id := w.As("MX").Propose("statement", entente.Statement{Own: true})
			w.As("US").good(w.As("US").Reply(id, entente.Acknowledge))
			w.As("CA").good(w.As("CA").Reply(id, entente.Contest))
			w.As("MX").good(w.As("MX").Consent(id))
			w.As("MX").good(w.As("MX").Consent(w.As("MX").Amend(id, id, entente.Statement{Own: true})))
			return id
		}, []string{"CA courtesy-copy - - -", "US courtesy-copy - - -"}},
		{"and its release", func(w *world) record.ID {
			id := w.As("MX").Propose("statement", entente.Statement{Own: true, Embargo: far})
			w.As("MX").good(w.As("MX").Consent(id))
			w.As("MX").good(w.As("MX").Release(id, 0))
			w.As("US").good(w.As("US").Reply(id, entente.Acknowledge))
			return id
		}, []string{"CA courtesy-copy - 100 100"}},
		{"an action on another's ground", func(w *world) record.ID { return agreedAt(w, "inside US", "CA", true) },
			[]string{"CA overdue 40 - 40", "CA authorisation-ends 26 40 40", "US action-here 16 40 30"}},
		{"near a party that is asked for nothing", func(w *world) record.ID { return agreedAt(w, "MX, near the line", "MX", false) },
			[]string{"MX overdue 40 - 40", "MX authorisation-ends 26 40 40", "US action-near - 40 30"}},
		{"which claims the place", func(w *world) record.ID {
			id := agreedAt(w, "MX, near the line", "MX", false)
			claims(w.As("US"), id)
			return id
		}, []string{"MX action-stopped - 40 -"}},
		{"or says that it has nothing against it", func(w *world) record.ID {
			id := agreedAt(w, "MX, near the line", "MX", false)
			w.As("US").good(w.As("US").Reply(id, entente.Acknowledge))
			return id
		}, []string{"MX overdue 40 - 40", "MX authorisation-ends 26 40 40"}},
		{"a text that can no longer come into force", func(w *world) record.ID {
			mx := w.As("MX")
			id := mx.Propose("action", fieldwork("MX"), mx.at(spot("MX, near the line")), among("MX"), until(epoch+9*day-1))
			claims(w.As("US"), id)
			return id
		}, []string{"MX action-stopped - 9 -", "MX sign - 9 9-"}},
		{"an action stopped by its host", func(w *world) record.ID {
			id := agreedAt(w, "inside US", "CA", true)
			w.Wait(20*day - 1000 - (w.now - epoch)) // its word is notice too
			w.As("US").good(w.As("US").Withdraw(id))
			w.As("CA").Receipt()
			return id
		}, []string{"CA action-stopped - 20 -", "MX action-stopped - 20 -"}},
		{"and put forward again", func(w *world) record.ID {
			id, ca := agreedAt(w, "inside US", "CA", true), w.As("CA")
			w.As("US").good(w.As("US").Withdraw(id))
			ca.good(ca.Consent(ca.Amend(id, id, fieldwork("CA"), ca.at(spot("inside US")), until(epoch+900))))
			return id
		}, []string{"CA action-stopped 901s 1001s -", "CA wait - 901s 900s", "MX action-stopped 901s 1001s -", "MX sign - 901s 900s", "US sign - 901s 900s"}},
		{"on the high seas", func(w *world) record.ID { return agreedAt(w, "high seas", "CA", true) }, nil},
		{"nothing of it has effect", func(w *world) record.ID {
			return w.As("MX").Propose2("commitment", entente.Commitment{Owner: "FR", Due: far}).ID()
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, landCharter("CA", "MX", "US"))
			id := c.story(w)
			s := w.As("CA").State(id)
			var got []string
			for _, a := range s.Attention(w.order) {
				if a.About.IsZero() {
					t.Errorf("%+v is about nothing", a)
				}
				got = append(got, fmt.Sprintf("%s %s %s %s %s", a.Party, a.Reason, days(a.From), days(a.Until), days(a.By)))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("waits %q, want %q", got, c.want)
			}
			attentive(t, s, w.order, tally{})
			w.same()
		})
	}
}

func fieldwork(lead record.Party) entente.Action {
	return entente.Action{Lead: lead, From: epoch + 30*day, To: epoch + 40*day}
}

// agreedAt is an action at a place, agreed by all whom it needs: of everybody, or of its lead and the hosts alone.
func agreedAt(w *world, where string, lead record.Party, everybody bool) record.ID {
	p, edits := w.As(lead), []edit{w.As(lead).at(spot(where))}
	if !everybody {
		edits = append(edits, among(lead))
	}
	id := p.Propose("action", fieldwork(lead), edits...)
	for _, q := range p.State(id).Versions[0].Required {
		w.As(q).good(w.As(q).Consent(id))
	}
	return id
}

func claims(p *party, id record.ID) {
	p.good(p.Write("action", record.Note, on(id), target(p.view.byID[id]), terms(entente.ActionNote{Claim: true})))
}

// days writes a time as days after the epoch; a minus behind is a second less.
func days(at int64) string {
	switch n := at - epoch; {
	case at == 0:
		return "-"
	case n%day == 0:
		return fmt.Sprint(n / day)
	case (n+1)%day == 0:
		return fmt.Sprintf("%d-", (n+1)/day)
	default:
		return fmt.Sprint(n, "s")
	}
}
