package node

import (
	"entente"
	"entente/record"
	"entente/store"
)

// rowsOf is what the tables hold of a state, beside its place and bytes: what lists are filtered by, what waits for whom, and
// what it refers to. It reads the fold's output and nothing else.
func rowsOf(s *entente.State, parties []record.Party) (store.StateRow, []store.AttentionRow, []store.RefRow) {
	st, view := s.Standing(), s.At(s.Last)
	row := store.StateRow{Kind: s.Kind, Line: s.Line, Owner: s.Owner, Phase: string(st.Phase), Until: st.Until, Ends: st.Ends, Due: s.Due, Opened: s.Opened.Time, Last: s.Last}
	switch {
	case view.Verified:
		row.Done = store.Verified
	case view.Done:
		row.Done = store.SaidDone
	}
	var waits []store.AttentionRow
	for _, a := range s.Attention(parties) {
		waits = append(waits, store.AttentionRow{Party: a.Party, Reason: string(a.Reason), About: a.About, From: a.From, Until: a.Until, By: a.By})
		if a.Reason == entente.AttentionOverdue {
			row.Overdue = a.From
		}
	}
	var refs []store.RefRow
	for _, f := range s.Facts {
		if id, err := record.ParseID(f.Value); err == nil {
			refs = append(refs, store.RefRow{Name: f.Name, Target: id})
		}
	}
	return row, waits, refs
}

// inPhase is how a phase at a moment reads in the columns of a state: entente.Standing.At the other way round.
func inPhase(f *store.Filter, p entente.Phase, now int64) {
	f.Phase = string(p)
	switch p {
	case entente.PhaseProposed:
		f.Until = [2]int64{now, store.Never}
	case entente.PhaseLapsed:
		f.Phase, f.Until = string(entente.PhaseProposed), [2]int64{1, now - 1}
	case entente.PhaseInForce, entente.PhaseStopped, entente.PhaseAgreed:
		f.Ends = [2]int64{now + 1, store.Never}
	case entente.PhaseEnded:
		f.Phase, f.Ends = string(entente.PhaseInForce), [2]int64{1, now}
	}
}
