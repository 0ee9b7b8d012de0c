package entente

import "entente/consent"

// Standing is what a state says whatever the hour. With its two dates it gives the phase at any moment, so that lists can
// be filtered by phase without reading the state again.
type Standing struct {
	Phase Phase // proposed, withdrawn, in-force, stopped, agreed, recorded or rejected
	Until int64 // proposed: the last second in which an open text can be agreed; 0: no end
	Ends  int64 // in force: the second in which notice takes effect; 0: none runs
}

// At is the phase at a moment, Unix seconds: lapsed follows proposed, ended follows in force, the rest stays as it is.
func (x Standing) At(now int64) Phase {
	switch {
	case x.Phase == PhaseProposed && x.Until != 0 && now > x.Until:
		return PhaseLapsed
	case (x.Phase == PhaseInForce || x.Phase == PhaseStopped || x.Phase == PhaseAgreed) && x.Ends != 0 && now >= x.Ends:
		return PhaseEnded
	}
	return x.Phase
}

// stands is the latest version of that standing, nil where there is none.
func (s *State) stands(x consent.Standing) *VersionState {
	for i := len(s.Versions) - 1; i >= 0; i-- {
		if s.Versions[i].Standing == x {
			return &s.Versions[i]
		}
	}
	return nil
}

// Standing reads what does not depend on the hour.
func (s *State) Standing() Standing {
	switch {
	case s.InForce() != nil:
		return Standing{Phase: PhaseInForce, Ends: s.Ends}
	case s.stands(consent.Stopped) != nil:
		return Standing{Phase: PhaseStopped, Ends: s.Ends}
	case s.stands(consent.Hostless) != nil:
		return Standing{Phase: PhaseAgreed, Ends: s.Ends}
	case len(s.Versions) == 0 && len(s.Rejected) > 0 && len(s.Reports) == 0:
		return Standing{Phase: PhaseRejected}
	case len(s.Versions) == 0:
		return Standing{Phase: PhaseRecorded}
	}
	x := Standing{Phase: PhaseWithdrawn}
	for i := range s.Versions {
		switch v := &s.Versions[i]; {
		case v.pulled():
		case v.Until == 0:
			return Standing{Phase: PhaseProposed}
		default:
			x.Phase, x.Until = PhaseProposed, max(x.Until, v.Until)
		}
	}
	return x
}
