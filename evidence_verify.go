package entente

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"sort"

	"entente/consent"
	"entente/record"
	"entente/tlog"
)

// The grades of evidence, weakest first.
const (
	GradeSigned    = "signed"    // sealed, approved under the powers of its place, and under a checkpoint signed by the log's key
	GradeWitnessed = "witnessed" // and another party cosigned such a checkpoint
	GradeSettled   = "settled"   // and each required party has a record that knows all the consents
)

// The codes of reasons against an evidence file, beside those of the judge.
const (
	ReasonForm       = "form"       // an element has no place in the format
	ReasonFounding   = "founding"   // the founding charter constitutes no group
	ReasonSubject    = "subject"    // what the file is about is not in it
	ReasonRecord     = "record"     // a record does not verify at its place
	ReasonCheckpoint = "checkpoint" // a checkpoint is not signed by the log key current at its size, or not of this log
	ReasonLink       = "link"       // a consistency proof does not lead to the head
	ReasonInclusion  = "inclusion"  // a record is not under the head of its log
	ReasonSeen       = "seen"       // what a record says it has seen is not shown to be these logs
	ReasonMissing    = "missing"    // a record that must be judged stands without those around it
	ReasonAhead      = "ahead"      // a record is dated after the moment of verification plus the charter's skew
	ReasonPart       = "part"       // content is not the part that was signed
	ReasonPin        = "pin"        // a pinned checkpoint cannot be read
	ReasonFork       = "fork"       // a pinned checkpoint and this file show two histories of one log
)

// The codes of what an evidence file cannot show.
const (
	LimitAbsence     = "absence"     // that nothing was left out
	LimitAfter       = "after"       // what was recorded later
	LimitGroup       = "group"       // that the group is the one that is meant
	LimitTimes       = "times"       // that a time is right: each is its author's word
	LimitCosignature = "cosignature" // anything by a line that is false or of a key that does not count: evidence is graded
	LimitPin         = "pin"         // a pinned checkpoint of another size stands without a consistency proof
	LimitOrder       = "order"       // of a publication: that its records stand in the order of their logs, and what they refer to
)

// Verify checks a file in the order of doc/evidence.md and gives every reason at once. It has no rules of its own: it asks
// record, tlog, the ledger and the fold, as a node does. It does no I/O.
func (e *Evidence) Verify(o VerifyOptions) *Verdict {
	if o.Kinds == nil {
		o.Kinds = Standard()
	}
	v := &verifier{e: e, o: o, brief: e.Format == PublicationFormat, out: &Verdict{Publication: e.Format == PublicationFormat, Group: GroupOf(e.Founding), Subject: e.Subject, Now: o.Now}, logs: map[record.Party]*shownLog{}, byID: map[record.ID]*shown{}}
	if v.begin() {
		v.records()
		v.heads()
		v.links()
		v.inclusion()
		v.seen()
		v.judge()
		v.fold()
		v.parts()
		v.pins()
		v.conclude()
	}
	v.out.Valid, v.out.Copy = len(v.out.Reasons) == 0, e.Copy
	if !v.out.Valid {
		v.out.Grade, v.out.Standing, v.out.View, v.out.State, v.out.Versions, v.out.Copy = "", "", nil, nil, nil, nil
	}
	return v.out
}

type verifier struct {
	e       *Evidence
	o       VerifyOptions
	brief   bool // a publication
	out     *Verdict
	ledger  *Ledger
	logs    map[record.Party]*shownLog
	parties []record.Party // of logs, ascending
	byID    map[record.ID]*shown
	mine    []Judged // of the instrument
}

// shownLog is one party's log as far as the file goes.
type shownLog struct {
	party   record.Party
	head    tlog.Checkpoint
	roots   map[uint64]record.ID    // size → root, each proved to be of the log of the head
	covered map[record.Party]uint64 // cosigner → the largest size it cosigned
	cosigs  []Cosignature
	time    int64 // of the latest cosignature under the head
	entries []*shown
	pinned  []uint64
}

// shown is a record that verified at its place.
type shown struct {
	*record.Record
	path     []byte
	proven   bool // all it says it has seen is shown to be these logs
	reasons  []Reason
	looked   bool // at its neighbours
	alone    bool // they are not in the file
	sequence []record.Why
}

func (v *verifier) add(code, format string, args ...any) {
	v.out.Reasons = append(v.out.Reasons, Reason{Code: code, Text: fmt.Sprintf(format, args...)})
}

func (v *verifier) begin() bool {
	if err := v.e.check(); err != nil {
		v.add(ReasonForm, "%s", err)
		return false
	}
	var err error
	if v.ledger, err = NewLedger(v.o.Kinds, v.e.Founding); err != nil {
		v.add(ReasonFounding, "%s", err)
		return false
	}
	v.ledger.Boundary = v.o.Boundary
	for _, h := range v.e.Heads {
		if v.ledger.Ring(h.Party) == nil {
			v.add(ReasonForm, "%s is not a party of the group", h.Party)
			return false
		}
		if v.logs[h.Party] == nil {
			v.logs[h.Party] = &shownLog{party: h.Party, roots: map[uint64]record.ID{}, covered: map[record.Party]uint64{}}
			v.parties = append(v.parties, h.Party)
		}
		v.logs[h.Party].head, _ = tlog.ParseCheckpoint(h.Note) // check has read it
	}
	return true
}

// records verifies each record under the powers before it, log by log: keys count by position alone.
func (v *verifier) records() {
	for _, x := range v.e.Records {
		l, at := v.logs[x.Party], record.Place{Group: v.ledger.Group, Party: x.Party, Index: x.Index}
		r, err := record.Verify(x.Raw, at, v.ledger.Ring(x.Party).RecordKey)
		if err != nil {
			v.add(ReasonRecord, "%s#%d: %s", x.Party, x.Index, err)
			continue
		}
		v.ledger.Hold(r.Header(), r.ID())
		s := &shown{Record: r, path: x.Path}
		l.entries, v.byID[r.ID()] = append(l.entries, s), s
		if v.o.Now == 0 {
			v.out.Now = max(v.out.Now, r.Header().Time)
		}
	}
}

// heads opens the checkpoints, smaller ones too, with the keys current at their size.
func (v *verifier) heads() {
	sizes := map[record.Party]uint64{}
	for p, l := range v.logs {
		sizes[p] = l.head.Size
	}
	for _, h := range v.e.Heads {
		l, ring := v.logs[h.Party], v.ledger.Ring(h.Party)
		keys, names := v.ledger.Cosigners(h.Party, sizes), map[string]Cosignature{}
		for _, p := range v.ledger.Parties() {
			names[tlog.MirrorName(v.ledger.Group, string(p))] = Cosignature{Party: p, Role: string(UseMirror)}
			names[tlog.WitnessName(v.ledger.Group, string(p))] = Cosignature{Party: p, Role: string(UseWitness)}
		}
		c, found, err := tlog.OpenCosigned(h.Note, tlog.Origin(v.ledger.Group, string(h.Party)), func(size uint64) (out []ed25519.PublicKey) {
			if k := ring.Key(UseLog, size); k != nil {
				out = append(out, k)
			}
			return out
		}, keys)
		if err != nil {
			v.add(ReasonCheckpoint, "%s: %s", h.Party, err)
			continue
		}
		_, lines := noteLines(h.Note)
		good := 1
		for _, x := range found {
			if x.Err != nil {
				continue
			}
			good++
			s := names[x.Key.Name]
			s.Size, s.Time = c.Size, x.Time
			l.cosigs = append(l.cosigs, s)
			l.covered[s.Party] = max(l.covered[s.Party], c.Size)
			if c.Size == l.head.Size {
				l.time = max(l.time, x.Time)
			}
		}
		if good < len(lines) {
			v.limit(LimitCosignature, "checkpoint of %s at size %d: %d of its lines are false or by a key that does not count, and stand for nothing", h.Party, c.Size, len(lines)-good)
		}
		if c.Size == l.head.Size {
			l.roots[c.Size] = record.ID(c.Root)
		}
	}
}

// links proves the roots of other sizes, and holds the smaller checkpoints to them.
func (v *verifier) links() {
	for _, x := range v.e.Links {
		l, err := v.logs[x.Party], error(nil)
		if x.Size < l.head.Size {
			err = tlog.CheckConsistency(hashes(x.Path), x.Size, tlog.Hash(x.Root), l.head.Size, l.head.Root)
		} else {
			err = tlog.CheckConsistency(hashes(x.Path), l.head.Size, l.head.Root, x.Size, tlog.Hash(x.Root))
		}
		if err != nil {
			v.add(ReasonLink, "%s at size %d: %s", x.Party, x.Size, err)
			continue
		}
		l.roots[x.Size] = x.Root
	}
	for _, h := range v.e.Heads {
		c, _ := tlog.ParseCheckpoint(h.Note)
		if l := v.logs[h.Party]; c.Size != l.head.Size && l.roots[c.Size] != record.ID(c.Root) {
			v.add(ReasonCheckpoint, "%s: that of size %d is not shown to be of the log of size %d", h.Party, c.Size, l.head.Size)
		}
	}
}

func (v *verifier) inclusion() {
	for _, p := range v.parties {
		l := v.logs[p]
		for _, s := range l.entries {
			if err := tlog.CheckInclusion(hashes(s.path), s.Header().Index, l.head.Size, tlog.LeafHash(s.Bytes()), l.head.Root); err != nil {
				v.add(ReasonInclusion, "%s: %s", s.Header().Ref(), err)
			}
		}
	}
}

// seen holds what each record says it knows to the logs shown: a size without its root could be of another log. Powers count
// by position, whatever they have seen; they are no witness of knowledge while theirs is not shown.
func (v *verifier) seen() {
	for _, p := range v.parties {
		for _, s := range v.logs[p].entries {
			h := s.Header()
			s.proven = true
			for _, q := range h.Seen.Parties() {
				if l := v.logs[q]; l != nil && l.roots[h.Seen[q].Size] == h.Seen[q].Root && !h.Seen[q].Root.IsZero() {
					continue
				}
				s.proven = false
				if h.Kind != powersKind.Name && !v.brief {
					v.add(ReasonSeen, "%s: the log of %s with %d records that it knows is not shown to be this one", h.Ref(), q, h.Seen[q].Size)
				}
			}
		}
	}
}

func (v *verifier) at(ref record.Ref) *shown {
	l := v.logs[ref.Party]
	if l == nil {
		return nil
	}
	i := sort.Search(len(l.entries), func(i int) bool { return l.entries[i].Header().Index >= ref.Index })
	if i == len(l.entries) || l.entries[i].Header().Index != ref.Index {
		return nil
	}
	return l.entries[i]
}

// neighbours looks at the record before and the last under each seen: without them nobody can say that s stands in sequence.
func (v *verifier) neighbours(s *shown) {
	if s.looked {
		return
	}
	s.looked = true
	h := s.Header()
	var prev *record.Header
	if h.Index > 0 {
		if x := v.at(record.Ref{Party: h.Party, Index: h.Index - 1}); x != nil {
			prev = x.Header()
		} else {
			s.alone = true
		}
	}
	s.sequence = consent.Sequence(h, prev, func(ref record.Ref) *record.Header {
		if x := v.at(ref); x != nil {
			return x.Header()
		}
		s.alone = true
		return nil
	})
}

// First implements consent.Knowledge over the records of the file.
func (v *verifier) First(p record.Party, of record.Ref) (consent.Moment, bool) {
	if l := v.logs[p]; l != nil && p != of.Party {
		for _, s := range l.entries {
			if h := s.Header(); h.Knows(of) && s.proven {
				if v.neighbours(s); !s.alone && len(s.sequence) == 0 {
					return consent.Moment{Ref: h.Ref(), Time: h.Time}, true
				}
			}
		}
	}
	return consent.Moment{}, false
}

func (v *verifier) instrument() (record.ID, bool) {
	if v.e.Subject == v.ledger.Group {
		return v.ledger.Group, true
	}
	s := v.byID[v.e.Subject]
	if s == nil {
		return record.ID{}, false
	}
	return s.Instrument(), true
}

// judge judges the charter records and those of the instrument, each after all that it knows.
func (v *verifier) judge() {
	id, ok := v.instrument()
	if !ok {
		v.add(ReasonSubject, "the file is about %s, which is no verified record in it", v.e.Subject.Short())
	}
	v.out.Instrument = id
	nonces := map[record.Party]map[record.Nonce]uint64{}
	for _, s := range v.causal() {
		h := s.Header()
		if nonces[h.Party] == nil {
			nonces[h.Party] = map[record.Nonce]uint64{}
		}
		first, used := nonces[h.Party][h.Nonce]
		if !used {
			nonces[h.Party][h.Nonce] = h.Index
		}
		mine := ok && s.Instrument() == id
		if v.brief {
			v.stranger(s, mine)
		}
		if h.Kind != charterKind.Name && !mine {
			continue
		}
		if !v.brief {
			v.neighbours(s)
		}
		switch {
		case !v.brief && (s.alone || !s.proven):
			v.add(ReasonMissing, "%s: the records before it, in its log and in those it knows, are not in the file", h.Ref())
			continue
		case h.Time > v.out.Now+v.ledger.Founding().Clocks.Skew:
			v.add(ReasonAhead, "%s is dated %d seconds after the moment of verification: look at your clock", h.Ref(), h.Time-v.out.Now)
		}
		for _, why := range s.sequence {
			s.reasons = append(s.reasons, ReasonFor(ReasonSequence, why))
		}
		if used {
			s.reasons = append(s.reasons, ReasonFor(ReasonNonce, record.Because("nonce", "the act stands at %s#%d already", h.Party, first)))
		}
		authority := v.ledger.Authority(s.Record, v.find)
		if v.brief && h.Verb == record.Propose && mine { // what a text refers to is not in the file
			authority = slices.DeleteFunc(authority, func(r Reason) bool { return r.Code == ReasonReference })
		}
		s.reasons = append(s.reasons, authority...)
		j := Judged{s.Record, s.reasons}
		v.ledger.Count(j)
		if mine {
			v.mine = append(v.mine, j)
		}
		if s.ID() == v.e.Subject {
			v.out.Reasons = append(v.out.Reasons, s.reasons...)
		}
	}
}

// stranger refuses what has no place in a publication: it holds charter, powers, and of one instrument the texts, who signed
// them and who let them out.
func (v *verifier) stranger(s *shown, mine bool) {
	h := s.Header()
	switch {
	case h.Kind == charterKind.Name || h.Kind == powersKind.Name:
	case mine && (h.Verb == record.Propose || h.Verb == record.Consent || h.Verb == record.Release):
	default:
		v.add(ReasonForm, "%s has no place in the proof of a published text", h.Ref())
	}
}

func (v *verifier) find(id record.ID) *record.Record {
	if s := v.byID[id]; s != nil {
		return s.Record
	}
	return nil
}

// causal orders the records so that each follows all it knows.
func (v *verifier) causal() []*shown {
	var out []*shown
	next := map[record.Party]int{}
	ready := func(s *shown) bool {
		for q, m := range s.Header().Seen {
			if l := v.logs[q]; l != nil && next[q] < len(l.entries) && l.entries[next[q]].Header().Index < m.Size {
				return false
			}
		}
		return true
	}
	for again := true; again; {
		again = false
		for _, p := range v.parties {
			for l := v.logs[p]; next[p] < len(l.entries) && ready(l.entries[next[p]]); again = true {
				out = append(out, l.entries[next[p]])
				next[p]++
			}
		}
	}
	for _, p := range v.parties {
		if l := v.logs[p]; next[p] < len(l.entries) {
			v.add(ReasonSequence, "%s knows records that know it", l.entries[next[p]].Header().Ref())
		}
	}
	return out
}

// fold computes the state as a node does, from the records with effect and from who knows what.
func (v *verifier) fold() {
	if v.out.Instrument.IsZero() {
		return
	}
	s, _, err := v.ledger.Fold(v.out.Instrument, v.mine, v)
	if err != nil {
		v.add(ReasonSubject, "%s", err)
		return
	}
	v.report()
	v.out.Standing = PhaseRecorded
	if v.out.State = s; s == nil {
		if x := v.byID[v.out.Instrument]; x != nil {
			v.out.Kind = x.Header().Kind
		}
		return
	}
	view := s.At(v.out.Now)
	v.out.Kind, v.out.View, v.out.Standing = s.Kind, &view, view.Phase
	for _, x := range s.Versions {
		y := VerdictVersion{ID: x.ID, Standing: x.Standing, Since: x.Since, Settled: x.Settled, Required: x.Required}
		refs := []record.Ref{x.Ref}
		for _, side := range x.Sides {
			if side.Consent != nil {
				refs = append(refs, side.Consent.Ref)
			}
		}
		for _, ref := range refs {
			if r := v.at(ref); r != nil {
				y.Signed = append(y.Signed, v.signers(r.Record)...)
			}
		}
		v.out.Versions = append(v.out.Versions, y)
	}
}

// signers are the officials under a record with effect.
func (v *verifier) signers(r *record.Record) []Signer {
	var out []Signer
	h := r.Header()
	powers, paper := v.ledger.Ring(h.Party).At(h.Index), PaperOf(h)
	for _, a := range h.Approvals {
		x := Signer{Record: r.ID(), Verb: h.Verb, Party: h.Party, Office: a.Office, Seat: a.Seat, Alg: a.Alg, Time: a.Time, Paper: paper}
		if powers != nil {
			o, _ := powers.Office(a.Office)
			seat, _ := o.Seat(a.Seat)
			x.Acting = seat.Acting
		}
		out = append(out, x)
	}
	return out
}

// report lists the records of the instrument.
func (v *verifier) report() {
	for _, p := range v.parties {
		for _, s := range v.logs[p].entries {
			if s.Instrument() != v.out.Instrument {
				continue
			}
			h := s.Header()
			x := VerdictRecord{ID: s.ID(), Ref: h.Ref(), Verb: h.Verb, Version: h.Version, Time: h.Time, Witnesses: v.witnesses(h.Ref()), Reasons: s.reasons}
			if len(s.reasons) == 0 { // else who signed is nobody's word
				x.Signed = v.signers(s.Record)
				if act, err := record.Act(h); err == nil && len(x.Signed) > 0 {
					if pw := v.ledger.Ring(h.Party).At(h.Index); pw != nil {
						x.Office, _ = v.ledger.Approved(h, act, pw)
					}
				}
			}
			v.out.Records = append(v.out.Records, x)
		}
	}
}

func (v *verifier) witnesses(ref record.Ref) []record.Party {
	var out []record.Party
	for p, size := range v.logs[ref.Party].covered {
		if size > ref.Index {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

// parts opens what is shown, and names what is not.
func (v *verifier) parts() {
	included := map[record.ID]map[string]bool{}
	for _, x := range v.e.Parts {
		s := v.byID[x.Record]
		if s == nil || s.Instrument() != v.out.Instrument {
			v.add(ReasonPart, "%.70q of %s: no record of the instrument in the file", x.Part.Name, x.Record.Short())
			continue
		}
		if err := record.Open(s.Header(), x.Part); err != nil {
			v.add(ReasonPart, "%s: %s", s.Header().Ref(), err)
			continue
		}
		if included[x.Record] == nil {
			included[x.Record] = map[string]bool{}
		}
		included[x.Record][x.Part.Name] = true
	}
	for _, r := range v.out.Records {
		for _, ref := range v.byID[r.ID].Header().Parts {
			p := VerdictPart{Record: r.ID, Name: ref.Name, Included: included[r.ID][ref.Name], Length: ref.Length, Marking: ref.Marking}
			if s := v.out.State; s != nil {
				p.Recalled, p.GaveBack, p.Erased = s.fate(r.ID, ref.Name)
			}
			v.out.Parts = append(v.out.Parts, p)
		}
	}
}

// pins holds the auditor's own checkpoints against the file.
func (v *verifier) pins() {
	for i, note := range v.o.Pins {
		c, err := tlog.ParseCheckpoint(note)
		if err != nil {
			v.add(ReasonPin, "pinned checkpoint %d: %s", i+1, err)
			continue
		}
		var l *shownLog
		for _, p := range v.parties {
			if tlog.Origin(v.ledger.Group, string(p)) == c.Origin {
				l = v.logs[p]
			}
		}
		if l == nil {
			v.limit(LimitPin, "the pinned checkpoint of %s is of no log in this file", c.Origin)
			continue
		}
		root, shown := l.roots[c.Size]
		switch {
		case shown && root == record.ID(c.Root) || c.Size == 0:
			l.pinned = append(l.pinned, c.Size)
		case shown:
			v.add(ReasonFork, "%s: the checkpoint of size %d that you pinned has another root than this log: somebody was shown two histories; keep both files", l.party, c.Size)
		case c.Size > l.head.Size:
			v.limit(LimitPin, "%s: newer checkpoint pinned, no consistency proof: ask for the file again, or for a proof from size %d to %d", l.party, l.head.Size, c.Size)
		default:
			v.limit(LimitPin, "%s: older checkpoint pinned, no consistency proof: ask for the file again with a proof from size %d", l.party, c.Size)
		}
	}
}

func (v *verifier) limit(code, format string, args ...any) {
	v.out.Limits = append(v.out.Limits, Reason{Code: code, Text: fmt.Sprintf(format, args...)})
}

// conclude grades the file and says how old it is and what it cannot show.
func (v *verifier) conclude() {
	for _, p := range v.ledger.Parties() {
		l := v.logs[p]
		if l == nil {
			v.limit(LimitAbsence, "%s: no record of this party is in the file", p)
			continue
		}
		x := VerdictLog{Party: p, Size: l.head.Size, Root: record.ID(l.head.Root), Time: l.time, Cosigned: l.cosigs, Records: len(l.entries), Pinned: l.pinned,
			Complete: uint64(len(l.entries)) == l.head.Size}
		for _, s := range l.entries {
			if l.time == 0 {
				x.Time = max(x.Time, s.Header().Time)
			}
		}
		x.Age = v.out.Now - x.Time
		v.out.Age = max(v.out.Age, x.Age)
		for _, s := range v.ledger.Ring(p).Spans() {
			x.Powers = append(x.Powers, s.ID)
		}
		for size := range l.roots {
			if size != l.head.Size {
				x.Links = append(x.Links, size)
			}
		}
		slices.Sort(x.Links)
		v.out.Logs = append(v.out.Logs, x)
		if !x.Complete {
			v.limit(LimitAbsence, "%s: %d of %d records are in the file; that none of the others is a withdrawal, a replacement of powers or an earlier use of a signature is shown by the complete log alone (entente log export)", p, x.Records, x.Size)
		}
		v.limit(LimitAfter, "%s: what was recorded after the first %d records is not in the file", p, x.Size)
	}
	if v.brief {
		v.limit(LimitOrder, "the records around those of the published text are not in the file: it shows who signed it and let it out, not that nobody withdrew before; ask a party for the evidence file")
	}
	v.limit(LimitGroup, "all keys follow from the founding charter: compare the group's id with a source of your own")
	v.limit(LimitTimes, "times are the word of the party or official who wrote them, within the order of the logs")
	v.out.Grade = v.grade()
}

// grade is that of the weakest record the claim rests on: the subject, and the text and consents in force, or while none is
// in force every record with effect.
func (v *verifier) grade() string {
	var rest []record.Ref
	if s := v.byID[v.e.Subject]; s != nil {
		rest = append(rest, s.Header().Ref())
	}
	var text *VersionState
	if v.out.State != nil {
		text = v.out.State.InForce()
	}
	if text != nil {
		if v.byID[text.ID] != nil { // the founding charter is no record
			rest = append(rest, text.Ref)
		}
		for _, s := range text.Sides {
			if s.Consent != nil {
				rest = append(rest, s.Consent.Ref)
			}
		}
	} else {
		for _, j := range v.mine {
			if len(j.Reasons) == 0 {
				rest = append(rest, j.Header().Ref())
			}
		}
	}
	for _, ref := range rest {
		if len(v.witnesses(ref)) == 0 {
			return GradeSigned
		}
	}
	switch {
	case len(rest) == 0:
		return GradeSigned
	case text != nil && text.Settled && !v.brief:
		return GradeSettled
	}
	return GradeWitnessed
}
