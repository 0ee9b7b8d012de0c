// Package consent is the rules of agreement: which records count, when a version binds, when a party has left, and what a
// party's own node lets it sign (rules C1 to C8 of doc/model.md). It reads headers only and is pure: same headers, same answer.
package consent

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"entente/record"
)

// Version is one text of an instrument, as its proposal's header gives it.
type Version struct {
	ID       record.ID
	Replaces record.ID      // the version it replaces; zero for an opening text and for its counter-proposals
	Required []record.Party // ascending; computed by every node, never taken from the sender (rule C2)
	Until    int64          // consents later than this do not count; zero: no end
}

// Act is a valid consent or withdrawal: one that carries the approvals its party's powers demand.
type Act struct {
	ID      record.ID
	Ref     record.Ref
	Verb    record.Verb // record.Consent or record.Withdraw
	Version record.ID
	Time    int64
	Seen    record.Seen
}

// Knows reports whether the act knows the record at r.
func (a *Act) Knows(r record.Ref) bool {
	if r.Party == a.Ref.Party {
		return r.Index < a.Ref.Index
	}
	return r.Index < a.Seen[r.Party].Size
}

// Moment is a record's position and time.
type Moment struct {
	Ref  record.Ref `cbor:"1,keyasint" json:"ref"`
	Time int64      `cbor:"2,keyasint" json:"time"`
}

// Knowledge answers from the whole cut, whatever instrument the knowing record speaks of.
type Knowledge interface {
	// First is the earliest record of party p that knows of, false while none does.
	First(p record.Party, of record.Ref) (Moment, bool)
}

// Clocks are the charter's periods for leaving, in seconds.
type Clocks struct {
	Notice  int64 // from the day the other side knows until the instrument ends
	Ceiling int64 // notice starts at the latest this long after the withdrawal itself
}

// Standing is how a version stands. The order is that of its life; none goes back.
type Standing string

// The standings of a version at a cut.
const (
	Open       Standing = "proposed"
	InForce    Standing = "in force"
	Superseded Standing = "superseded" // a version that replaces it is in force
	// A version that is in force by these rules may be kept from it by what the fold adds for an area (rule C3).
	Stopped  Standing = "stopped" // a host withdrew, or a party that was only notified claims the place
	Hostless Standing = "agreed"  // agreed among the participants, and no host's consent is on record
)

// Outcome is what the rules say of one version at a cut. It gives dates, never "now".
type Outcome struct {
	Version  record.ID
	Standing Standing
	Since    int64                       // entry into force: the latest time among the consents that count
	Consents map[record.Party]Moment     // in force: the consent of each required party that counts
	Given    map[record.Party]Moment     // proposed: latest consent of each party that is neither late nor withdrawn
	Late     []record.Ref                // consents after until
	Pulled   map[record.Party]Withdrawal // latest withdrawal of each party that no later consent of it follows
	Settled  bool
}

// Withdrawal is a party's word that it no longer consents.
type Withdrawal struct {
	Moment
	Pending bool // not yet known by a record of each other required party: they may have signed before they learnt of it
}

// Notice is a withdrawal that came after entry into force: the party leaves the instrument, in all its versions (rule C8).
type Notice struct {
	By    Moment `cbor:"1,keyasint" json:"by"`
	Start int64  `cbor:"2,keyasint" json:"start"` // when another required party's record first knew it, at the latest By.Time plus the ceiling
	Ends  int64  `cbor:"3,keyasint" json:"ends"`  // Start plus the charter's notice
	Known bool   `cbor:"4,keyasint" json:"known"` // Start is that of a record, not of the ceiling
}

// Result is what the rules say of an instrument at a cut.
type Result struct {
	Outcomes []Outcome // in the order of versions given
	Notices  []Notice  // running notices that were not taken back, by party
	Ends     int64     // the earliest end among them; zero: none
	Waits    []Wait    // knowledge that would change this result
}

// Wait names knowledge that is not there yet: when a record of Knower first knows Of, the instrument must be folded again.
type Wait struct {
	Knower record.Party
	Of     record.Ref
}

// Evaluate applies rules C5 and C8 to one instrument. versions are in a fixed order (as their proposals count), acts in any.
func Evaluate(versions []Version, acts []Act, k Knowledge, c Clocks) Result {
	acts = slices.SortedFunc(slices.Values(acts), func(a, b Act) int {
		return cmp.Or(cmp.Compare(a.Ref.Party, b.Ref.Party), cmp.Compare(a.Ref.Index, b.Ref.Index))
	})
	res := Result{Outcomes: make([]Outcome, 0, len(versions))}
	waits := map[Wait]bool{}
	for _, v := range versions {
		res.Outcomes = append(res.Outcomes, evaluate(v, acts, k, waits))
	}
	supersede(versions, res.Outcomes)
	leave(versions, acts, k, c, &res, waits)
	for w := range waits {
		res.Waits = append(res.Waits, w)
	}
	slices.SortFunc(res.Waits, func(a, b Wait) int {
		return cmp.Or(cmp.Compare(a.Knower, b.Knower), cmp.Compare(a.Of.Party, b.Of.Party), cmp.Compare(a.Of.Index, b.Of.Index))
	})
	return res
}

func evaluate(v Version, acts []Act, k Knowledge, waits map[Wait]bool) Outcome {
	o := Outcome{Version: v.ID, Standing: Open}
	mine := actsOn(v, acts)
	for _, p := range v.Required {
		for _, a := range mine[p] {
			if a.Verb == record.Consent && late(v, a) {
				o.Late = append(o.Late, a.Ref)
			}
		}
	}
	if chosen, ok := choose(v, mine); ok {
		o.Standing, o.Consents, o.Settled = InForce, map[record.Party]Moment{}, true
		for p, a := range chosen {
			o.Since = max(o.Since, a.Time)
			o.Consents[p] = Moment{a.Ref, a.Time}
		}
		for _, p := range v.Required {
			for q, a := range chosen {
				if p == q || chosen[p].Knows(a.Ref) {
					continue
				}
				if _, ok := k.First(p, a.Ref); !ok {
					o.Settled = false
					waits[Wait{p, a.Ref}] = true
				}
			}
		}
		return o
	}
	o.Given, o.Pulled = map[record.Party]Moment{}, map[record.Party]Withdrawal{}
	for p, as := range mine {
		for _, a := range as {
			switch {
			case a.Verb == record.Withdraw:
				delete(o.Given, p)
				o.Pulled[p] = Withdrawal{Moment{a.Ref, a.Time}, pending(v, a.Ref, k, waits)}
			case !late(v, a):
				delete(o.Pulled, p)
				o.Given[p] = Moment{a.Ref, a.Time}
			}
		}
	}
	return o
}

func late(v Version, a *Act) bool { return v.Until != 0 && a.Time > v.Until }

func pending(v Version, of record.Ref, k Knowledge, waits map[Wait]bool) bool {
	out := false
	for _, p := range v.Required {
		if p == of.Party {
			continue
		}
		if _, ok := k.First(p, of); !ok {
			out = true
			waits[Wait{p, of}] = true
		}
	}
	return out
}

// actsOn groups the acts of required parties on v by party, ascending by index.
func actsOn(v Version, acts []Act) map[record.Party][]*Act {
	out := map[record.Party][]*Act{}
	for i := range acts {
		if a := &acts[i]; a.Version == v.ID && slices.Contains(v.Required, a.Ref.Party) {
			out[a.Ref.Party] = append(out[a.Ref.Party], a)
		}
	}
	return out
}

// choose finds one consent of each required party, none late, such that none of these knows the withdrawal of another of
// these (rule C5). A later consent of a party knows no less, so what it rules out of the others only grows: raising the
// lowest choice until nothing is ruled out gives the least choice, or shows that there is none. What is chosen at a cut
// is therefore chosen at every later one.
func choose(v Version, mine map[record.Party][]*Act) (map[record.Party]*Act, bool) {
	if len(v.Required) == 0 {
		return nil, false
	}
	chosen := map[record.Party]*Act{}
	for _, p := range v.Required {
		if chosen[p] = consentAfter(v, mine[p], 0); chosen[p] == nil {
			return nil, false
		}
	}
	for again := true; again; {
		again = false
		for _, p := range v.Required {
			for _, q := range v.Required {
				w, ok := lastKnownWithdrawal(mine[q], chosen[p])
				if p == q || !ok || w < chosen[q].Ref.Index {
					continue
				}
				if chosen[q] = consentAfter(v, mine[q], w+1); chosen[q] == nil {
					return nil, false
				}
				again = true
			}
		}
	}
	return chosen, true
}

// consentAfter is the first consent in time at or above an index.
func consentAfter(v Version, acts []*Act, index uint64) *Act {
	for _, a := range acts {
		if a.Verb == record.Consent && a.Ref.Index >= index && !late(v, a) {
			return a
		}
	}
	return nil
}

func lastKnownWithdrawal(acts []*Act, knower *Act) (uint64, bool) {
	for i := len(acts) - 1; i >= 0; i-- {
		if acts[i].Verb == record.Withdraw && knower.Knows(acts[i].Ref) {
			return acts[i].Ref.Index, true
		}
	}
	return 0, false
}

// supersede ends every version that one in force replaces, directly or through versions between.
func supersede(versions []Version, outcomes []Outcome) {
	for i := range versions {
		if outcomes[i].Standing == Open {
			continue
		}
		for j := range versions {
			if outcomes[j].Standing == InForce && replaces(versions, i, j) {
				outcomes[j].Standing = Superseded
			}
		}
	}
}

// replaces reports whether version i replaces version j, directly or through versions between.
func replaces(versions []Version, i, j int) bool {
	for steps := 0; steps < len(versions); steps++ { // bounded, whatever the caller passes
		id := versions[i].Replaces
		if id.IsZero() {
			return false
		}
		if id == versions[j].ID {
			return i != j
		}
		if i = slices.IndexFunc(versions, func(v Version) bool { return v.ID == id }); i < 0 {
			return false
		}
	}
	return false
}

// leave finds the notices (rule C8): a withdrawal of a consent that counts for a version in force now or before. A later
// consent of the same party to such a version, before the notice has run out, takes it back; until bounds entry into
// force and nothing else, so it may be past.
func leave(versions []Version, acts []Act, k Knowledge, c Clocks, res *Result, waits map[Wait]bool) {
	forced := map[record.ID]int{}
	for i, o := range res.Outcomes {
		if o.Standing != Open {
			forced[o.Version] = i
		}
	}
	running := map[record.Party]Notice{}
	for i := range acts { // ascending within each party
		a := &acts[i]
		v, ok := forced[a.Version]
		if !ok {
			continue
		}
		counted, required := res.Outcomes[v].Consents[a.Ref.Party]
		if !required || a.Ref.Index <= counted.Ref.Index && a.Verb == record.Withdraw {
			continue
		}
		n, leaving := running[a.Ref.Party]
		switch {
		case a.Verb == record.Withdraw && !leaving:
			running[a.Ref.Party] = notice(versions[v], a, k, c, waits)
		case a.Verb == record.Consent && leaving && a.Time < n.Ends:
			delete(running, a.Ref.Party)
		}
	}
	for _, n := range running {
		res.Notices = append(res.Notices, n)
		if res.Ends == 0 || n.Ends < res.Ends {
			res.Ends = n.Ends
		}
	}
	slices.SortFunc(res.Notices, func(a, b Notice) int { return cmp.Compare(a.By.Ref.Party, b.By.Ref.Party) })
}

func notice(v Version, w *Act, k Knowledge, c Clocks, waits map[Wait]bool) Notice {
	n := Notice{By: Moment{w.Ref, w.Time}, Start: w.Time + c.Ceiling}
	for _, p := range v.Required {
		if p == w.Ref.Party {
			continue
		}
		if m, ok := k.First(p, w.Ref); !ok {
			waits[Wait{p, w.Ref}] = true
		} else if t := max(m.Time, w.Time); t <= n.Start { // a record without effect may be dated before what it knows
			n.Start, n.Known = t, true
		}
	}
	n.Ends = n.Start + c.Notice
	return n
}

// ErrRival: consenting now could bring two texts into force of which neither replaces the other.
var ErrRival = errors.New("a rival text stands in the way")

// MayConsent is the writer's own gate (rule C5): a party consents to a rival of a text it has consented to only when its
// withdrawal of the earlier consent is known by a record it holds of each other required party, and no rival is in force.
// Rivals are texts of which neither replaces the other: those with one predecessor, and their successors, or a text that
// replaces one never agreed would pass by the text in force. One honest gate of a party that both texts require is enough
// to keep two rivals from entering into force.
func MayConsent(me record.Party, to record.ID, versions []Version, acts []Act, k Knowledge) error {
	res := Evaluate(versions, acts, k, Clocks{})
	i := slices.IndexFunc(versions, func(v Version) bool { return v.ID == to })
	if i < 0 {
		return fmt.Errorf("text %s is not a version of this instrument", to.Short())
	}
	if res.Outcomes[i].Standing == Superseded {
		return fmt.Errorf("text %s: %w: a later version is in force", to.Short(), ErrRival)
	}
	for j, u := range versions {
		if j == i || replaces(versions, i, j) || replaces(versions, j, i) {
			continue
		}
		if res.Outcomes[j].Standing != Open {
			return fmt.Errorf("text %s: %w: text %s is already in force; propose a new version that replaces it", to.Short(), ErrRival, u.ID.Short())
		}
		var last *Act
		consented := false
		for n := range acts {
			if a := &acts[n]; a.Version == u.ID && a.Ref.Party == me {
				consented = consented || a.Verb == record.Consent
				if last == nil || a.Ref.Index > last.Ref.Index {
					last = a
				}
			}
		}
		if !consented {
			continue
		}
		if last.Verb != record.Withdraw {
			return fmt.Errorf("text %s: %w: withdraw your consent to text %s first", to.Short(), ErrRival, u.ID.Short())
		}
		for _, p := range u.Required {
			if p == me {
				continue
			}
			if _, ok := k.First(p, last.Ref); !ok {
				return fmt.Errorf("text %s: %w: your withdrawal from text %s is not yet acknowledged by %s", to.Short(), ErrRival, u.ID.Short(), p)
			}
		}
	}
	return nil
}
