package entente

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"entente/consent"
	"entente/record"
	"entente/territory"
	"entente/tlog"
)

// EvidenceFormat is the name that stands first in an evidence file (doc/evidence.md).
const EvidenceFormat = "entente/evidence/v1"

// PublicationFormat stands first in the proof of a published text: the same form, and in it only what the public may have. It
// shows who signed and let out which text, and not the records around these, so less can be said of it.
const PublicationFormat = "entente/publication/v1"

// Bounds of an evidence file. A change of one is a change of the format.
const (
	// MaxEvidence is the longest file in bytes: the largest part in both languages for two versions, with room, and an
	// auditor holds it in memory once.
	MaxEvidence = 80 << 20
	// maxEvidenceItems of each list: an instrument of twenty thousand records with their neighbours fits, and a hostile file
	// of many empty items stays at a few megabytes once decoded.
	maxEvidenceItems = 1 << 16
	// maxEvidencePath is the longest proof in hashes: a tree of tlog.MaxSize needs 41.
	maxEvidencePath = 64
)

// Evidence is what an auditor or a court gets about one instrument, or one record of it: enough to check offline, without a
// node, what was agreed, by whom and under which powers. What ParseEvidence returns is a claim until Verify has looked at it.
type Evidence struct {
	Format   string           `cbor:"1,keyasint"`
	Subject  record.ID        `cbor:"2,keyasint"`           // the record the file is about; the group's id: its charter
	Founding []byte           `cbor:"3,keyasint"`           // the founding charter; its digest is the group's id
	Heads    []EvidenceHead   `cbor:"4,keyasint"`           // ascending by party and size; the last of a party is the head of its log
	Links    []EvidenceLink   `cbor:"5,keyasint"`           // ascending by party and size
	Records  []EvidenceRecord `cbor:"6,keyasint"`           // ascending by party and index
	Parts    []EvidencePart   `cbor:"7,keyasint"`           // ascending by record and name
	Copy     *EvidenceCopy    `cbor:"8,keyasint,omitempty"` // nil: all of it may be public
}

// EvidenceCopy is for whom and when a file was made that shows a part above TLP:CLEAR. Nobody signed it: it says whose copy went astray,
// and Verify claims nothing by it.
type EvidenceCopy struct {
	Party  record.Party `cbor:"1,keyasint" json:"party"`
	Office string       `cbor:"2,keyasint" json:"office"`
	Seat   uint64       `cbor:"3,keyasint,omitzero" json:"seat,omitzero"`
	Time   int64        `cbor:"4,keyasint" json:"time"` // Unix seconds
}

// EvidenceHead is a signed checkpoint of a party's log with the cosignatures held: the log's line first, the others ascending.
type EvidenceHead struct {
	Party record.Party `cbor:"1,keyasint"`
	Note  []byte       `cbor:"2,keyasint"`
}

// EvidenceLink proves which root a log had at another size than its head's (RFC 6962 section 2.1.2). It shows that what a
// record says it has seen is this log, and that a checkpoint pinned by an auditor is of this log.
type EvidenceLink struct {
	Party record.Party `cbor:"1,keyasint"`
	Size  uint64       `cbor:"2,keyasint"`
	Root  record.ID    `cbor:"3,keyasint"`
	Path  []byte       `cbor:"4,keyasint"` // hashes of 32 bytes, one after another
}

// EvidenceRecord is a record with its path to the head of its log (RFC 6962 section 2.1.1).
type EvidenceRecord struct {
	Party record.Party `cbor:"1,keyasint"`
	Index uint64       `cbor:"2,keyasint"`
	Raw   []byte       `cbor:"3,keyasint"`
	Path  []byte       `cbor:"4,keyasint"` // hashes of 32 bytes, one after another
}

// EvidencePart is a part that is shown. For a part that is withheld nothing stands in the file.
type EvidencePart struct {
	Record record.ID   `cbor:"1,keyasint"`
	Part   record.Part `cbor:"2,keyasint"`
}

// VerifyOptions are what the auditor brings along.
type VerifyOptions struct {
	Kinds Kinds    // nil: the standard ones
	Now   int64    // Unix seconds: standing and age are told for this moment; 0: that of the latest record
	Pins  [][]byte // signed checkpoints that the auditor trusts already
	// Boundary finds boundary data by digest; nil: none is at hand, and what needs it does not verify.
	Boundary func(record.ID) *territory.Boundary
}

// Verdict is what an evidence file shows. Of a file that is not valid nothing is claimed: it has reasons, and no standing.
type Verdict struct {
	Valid       bool             `json:"valid"`
	Publication bool             `json:"publication,omitempty"` // the proof of a published text: no record around it is shown
	Grade       string           `json:"grade,omitempty"`
	Group       record.ID        `json:"group,omitzero"`
	Subject     record.ID        `json:"subject,omitzero"`
	Instrument  record.ID        `json:"instrument,omitzero"`
	Kind        string           `json:"kind,omitempty"`
	Standing    Phase            `json:"standing,omitempty"`
	View        *View            `json:"view,omitempty"`
	State       *State           `json:"state,omitempty"` // as every node folds it from these records; absent for kinds without one
	Versions    []VerdictVersion `json:"versions,omitempty"`
	Records     []VerdictRecord  `json:"records,omitempty"` // of the instrument, by party and index
	Parts       []VerdictPart    `json:"parts,omitempty"`
	Logs        []VerdictLog     `json:"logs,omitempty"`
	Now         int64            `json:"now"`
	Age         int64            `json:"age"` // seconds: the greatest of the logs'
	Reasons     []Reason         `json:"reasons,omitempty"`
	Limits      []Reason         `json:"limits,omitempty"` // what the file cannot show
	Copy        *EvidenceCopy    `json:"copy,omitempty"`   // for whom the file was made, as it says itself; unsigned
}

// VerdictVersion is a text and who signed it.
type VerdictVersion struct {
	ID       record.ID        `json:"id"`
	Standing consent.Standing `json:"standing"`
	Since    int64            `json:"since,omitzero"`
	Settled  bool             `json:"settled,omitempty"`
	Required []record.Party   `json:"required"`
	Signed   []Signer         `json:"signed,omitempty"` // under the proposal, and under the consents that count or stand
}

// Signer is an official's approval.
type Signer struct {
	Record record.ID    `json:"record"`
	Verb   record.Verb  `json:"verb"`
	Party  record.Party `json:"party"`
	Office string       `json:"office"`
	Seat   uint64       `json:"seat"`
	Acting bool         `json:"acting,omitempty"` // as the powers of that place say
	Alg    record.Alg   `json:"alg"`
	Time   int64        `json:"time"`            // by the official's own clock
	Paper  *Paper       `json:"paper,omitempty"` // what the consent says of a signature on paper
}

// VerdictRecord is a record of the instrument.
type VerdictRecord struct {
	ID        record.ID      `json:"id"`
	Ref       record.Ref     `json:"ref"`
	Verb      record.Verb    `json:"verb"`
	Version   record.ID      `json:"version,omitzero"`
	Time      int64          `json:"time"`
	Office    string         `json:"office,omitempty"` // whose authority carries it
	Signed    []Signer       `json:"signed,omitempty"`
	Witnesses []record.Party `json:"witnesses,omitempty"` // other parties that cosigned a checkpoint above it
	Reasons   []Reason       `json:"reasons,omitempty"`   // why it has no effect
}

// VerdictPart is a part of a record of the instrument. One that is not included is withheld, unless the records say that it is
// destroyed, or that its copies were asked back.
type VerdictPart struct {
	Record   record.ID      `json:"record"`
	Name     string         `json:"name"`
	Included bool           `json:"included"`
	Length   uint64         `json:"length"`
	Marking  record.Marking `json:"marking"`
	Recalled bool           `json:"recalled,omitempty"`  // its author asked for the copies back
	GaveBack []record.Party `json:"gave_back,omitempty"` // who answered that it keeps none
	Erased   int64          `json:"erased_at,omitzero"`  // destroyed everywhere from then
}

// VerdictLog is one party's log as the file shows it.
type VerdictLog struct {
	Party    record.Party  `json:"party"`
	Size     uint64        `json:"size"`
	Root     record.ID     `json:"root"`
	Time     int64         `json:"time"` // of the latest cosignature under the head, else of the latest record shown
	Age      int64         `json:"age"`  // seconds before now
	Cosigned []Cosignature `json:"cosigned,omitempty"`
	Records  int           `json:"records"`
	Powers   []record.ID   `json:"powers,omitempty"`   // in force one after another
	Links    []uint64      `json:"links,omitempty"`    // sizes shown to be of this log
	Pinned   []uint64      `json:"pinned,omitempty"`   // sizes of the auditor's checkpoints that agree
	Complete bool          `json:"complete,omitempty"` // every record up to the head is in the file
}

// Cosignature is another party's line under a checkpoint.
type Cosignature struct {
	Party record.Party `json:"party"`
	Role  string       `json:"role"` // witness: it only grew; mirror: held on disk
	Size  uint64       `json:"size"`
	Time  int64        `json:"time"`
}

// evidenceBounds passes over a file before anything of it is allocated.
var evidenceBounds = func() cbor.DecMode {
	m, err := cbor.DecOptions{MaxArrayElements: maxEvidenceItems, MaxMapPairs: 16, MaxNestedLevels: 4, IndefLength: cbor.IndefLengthForbidden,
		TagsMd: cbor.TagsForbidden}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}()

// ParseEvidence reads an evidence file of at most MaxEvidence bytes in its one form. Nothing of it is verified yet. Errors
// wrap record.ErrFormat and quote little of the content.
func ParseEvidence(b []byte) (*Evidence, error) {
	if len(b) > MaxEvidence {
		return nil, fmt.Errorf("evidence: %w: %d bytes, the limit is %d", record.ErrFormat, len(b), MaxEvidence)
	}
	if err := evidenceBounds.Wellformed(b); err != nil {
		return nil, fmt.Errorf("evidence: %w: %.200s", record.ErrFormat, err.Error())
	}
	e := new(Evidence)
	if err := record.Unmarshal(b, e); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("evidence: %w: %w", record.ErrFormat, err)
	}
	return e, nil
}

// Encode writes the file in its one form. What ParseEvidence would refuse it refuses with record.ErrFormat.
func (e *Evidence) Encode() ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("evidence: %w: %w", record.ErrFormat, err)
	}
	b, err := record.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	if len(b) > MaxEvidence {
		return nil, fmt.Errorf("evidence: %w: %d bytes, the limit is %d: show fewer parts", record.ErrFormat, len(b), MaxEvidence)
	}
	return b, nil
}

// check refuses what has no place in the one form: every element is bound to a place, and no place is taken twice.
func (e *Evidence) check() error {
	if e.Format != EvidenceFormat && e.Format != PublicationFormat {
		return fmt.Errorf("format %.40q: this version reads %s and %s", e.Format, EvidenceFormat, PublicationFormat)
	}
	if e.Subject.IsZero() {
		return fmt.Errorf("it names no subject")
	}
	for _, n := range []int{len(e.Heads), len(e.Links), len(e.Records), len(e.Parts)} {
		if n > maxEvidenceItems {
			return fmt.Errorf("a list of %d items: the limit is %d; export the logs instead", n, maxEvidenceItems)
		}
	}
	if c := e.Copy; c != nil && (e.Format != EvidenceFormat || !c.Party.Valid() || !record.ValidName(c.Office) || c.Seat > record.MaxSeat || c.Time <= 0 || c.Time > record.MaxTime) {
		return fmt.Errorf("the mark of its reader is none")
	}
	group, sizes := GroupOf(e.Founding), map[record.Party]uint64{}
	for i, h := range e.Heads {
		if i > 0 && h.Party < e.Heads[i-1].Party {
			return fmt.Errorf("checkpoints do not ascend by party")
		}
		c, err := tlog.ParseCheckpoint(h.Note)
		switch {
		case err != nil:
			return fmt.Errorf("checkpoint of %.20q: %w", string(h.Party), err)
		case !h.Party.Valid() || c.Origin != tlog.Origin(group, string(h.Party)):
			return fmt.Errorf("checkpoint of %.20q: it is not of that party's log in this group", string(h.Party))
		case c.Size <= sizes[h.Party]:
			return fmt.Errorf("checkpoints of %s do not ascend by size", h.Party)
		}
		if err := checkLines(h.Note, c.Origin); err != nil {
			return fmt.Errorf("checkpoint of %s: %w", h.Party, err)
		}
		sizes[h.Party] = c.Size
	}
	for i, l := range e.Links {
		switch size, ok := sizes[l.Party]; {
		case !ok || l.Size == 0 || l.Size == size:
			return fmt.Errorf("link %d leads to no head, or from the head to itself", i)
		case i > 0 && cmp.Or(cmp.Compare(e.Links[i-1].Party, l.Party), cmp.Compare(e.Links[i-1].Size, l.Size)) >= 0:
			return fmt.Errorf("links do not ascend by party and size")
		case !validPath(l.Path):
			return fmt.Errorf("link %d: its path is not a list of hashes", i)
		}
	}
	for i, r := range e.Records {
		switch {
		case r.Index >= sizes[r.Party]:
			return fmt.Errorf("record %d stands under no head", i)
		case i > 0 && cmp.Or(cmp.Compare(e.Records[i-1].Party, r.Party), cmp.Compare(e.Records[i-1].Index, r.Index)) >= 0:
			return fmt.Errorf("records do not ascend by party and index")
		case !validPath(r.Path):
			return fmt.Errorf("record %d: its path is not a list of hashes", i)
		}
	}
	for i, p := range e.Parts {
		if i > 0 && cmp.Or(bytes.Compare(e.Parts[i-1].Record[:], p.Record[:]), cmp.Compare(e.Parts[i-1].Part.Name, p.Part.Name)) >= 0 {
			return fmt.Errorf("parts do not ascend by record and name")
		}
	}
	return nil
}

func validPath(b []byte) bool { return len(b)%32 == 0 && len(b) <= 32*maxEvidencePath }

func hashes(b []byte) []tlog.Hash {
	out := make([]tlog.Hash, len(b)/32)
	for i := range out {
		out[i] = tlog.Hash(b[32*i:])
	}
	return out
}

// EvidencePath joins the hashes of a proof as a file holds them.
func EvidencePath(p []tlog.Hash) []byte {
	out := make([]byte, 0, 32*len(p))
	for _, h := range p {
		out = append(out, h[:]...)
	}
	return out
}

// noteLines takes a signed note apart: the text with its empty line, and the signature lines without their newline.
func noteLines(note []byte) (text string, lines []string) {
	head, rest, _ := strings.Cut(string(note), "\n\n")
	return head + "\n\n", strings.Split(strings.TrimSuffix(rest, "\n"), "\n")
}

func lineOf(name string) string { return "— " + name + " " }

func checkLines(note []byte, origin string) error {
	_, lines := noteLines(note)
	for i, l := range lines {
		if strings.HasPrefix(l, lineOf(origin)) != (i == 0) || (i > 1 && lines[i-1] >= l) {
			return fmt.Errorf("want one line of the log first and cosignatures ascending")
		}
	}
	return nil
}

// EvidenceNote arranges a signed checkpoint as an evidence file holds it: the log's own line, then those of the cosigners
// named, ascending. Other lines are left out: nobody could check them.
func EvidenceNote(note []byte, origin string, cosigners ...string) []byte {
	text, lines := noteLines(note)
	own := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.HasPrefix(l, lineOf(origin)) })
	lines = slices.DeleteFunc(lines, func(l string) bool {
		return !slices.ContainsFunc(cosigners, func(n string) bool { return strings.HasPrefix(l, lineOf(n)) })
	})
	slices.Sort(lines)
	return []byte(text + strings.Join(append(own, lines...), "\n") + "\n")
}

// Cosigners are the keys under which the parties other than one may cosign its log: witness and mirror of the powers that
// are current at the sizes given. A party without a size, or without powers at it, has none.
func (l *Ledger) Cosigners(of record.Party, sizes map[record.Party]uint64) []tlog.Key {
	var out []tlog.Key
	for _, p := range l.Parties() {
		if p == of {
			continue
		}
		if pub := l.rings[p].Key(UseMirror, sizes[p]); pub != nil {
			out = append(out, tlog.Key{Name: tlog.MirrorName(l.Group, string(p)), Alg: tlog.AlgCosignatureV1, Public: pub})
		}
		if pub := l.rings[p].Key(UseWitness, sizes[p]); pub != nil {
			out = append(out, tlog.Key{Name: tlog.WitnessName(l.Group, string(p)), Alg: tlog.AlgCosignatureV1, Public: pub})
		}
	}
	return out
}

// EvidenceRecords says which records a file about an instrument holds beside every powers record: those of the instrument and
// all charter records that count, whatever judge and fold ask for of others, and what shows that these stand in sequence. It
// asks the same rules as every node, and notes what they look at: a new kind needs nothing here.
func (l *Ledger) EvidenceRecords(instrument record.ID, records, charters []Judged, src Source) ([]record.Ref, error) {
	a := &asked{Source: src, refs: map[record.Ref]bool{}}
	for _, j := range slices.Concat(charters, records) {
		a.refs[j.Header().Ref()] = true
		a.by = j.Header()
		l.Judge(j.Record, a)
	}
	if _, _, err := l.Fold(instrument, records, a); err != nil {
		return nil, err
	}
	for _, ref := range a.known {
		h := src.Header(ref)
		if h == nil {
			return nil, fmt.Errorf("record %s, which knows of another, does not count", ref)
		}
		a.refs[ref], a.by = true, h
		if ref.Index > 0 {
			a.Header(record.Ref{Party: ref.Party, Index: ref.Index - 1})
		}
		consent.Sequence(h, nil, a.Header)
	}
	return slices.SortedFunc(maps.Keys(a.refs), func(x, y record.Ref) int {
		return cmp.Or(cmp.Compare(x.Party, y.Party), cmp.Compare(x.Index, y.Index))
	}), nil
}

// asked is a Source that remembers which records its answers rest on.
type asked struct {
	Source
	by    *record.Header // who asks: what it does not know is no answer to it
	refs  map[record.Ref]bool
	known []record.Ref
}

func (a *asked) Header(ref record.Ref) *record.Header {
	h := a.Source.Header(ref)
	if h != nil && a.by.Knows(ref) {
		a.refs[ref] = true
	}
	return h
}

func (a *asked) ByID(id record.ID) *record.Record {
	r := a.Source.ByID(id)
	if r != nil && a.by.Knows(r.Header().Ref()) {
		a.refs[r.Header().Ref()] = true
	}
	return r
}

func (a *asked) NonceUsed(p record.Party, n record.Nonce) (uint64, bool) {
	i, ok := a.Source.NonceUsed(p, n)
	if ok && p == a.by.Party && i < a.by.Index {
		a.refs[record.Ref{Party: p, Index: i}] = true
	}
	return i, ok
}

func (a *asked) First(p record.Party, of record.Ref) (consent.Moment, bool) {
	m, ok := a.Source.First(p, of)
	if ok {
		a.known = append(a.known, m.Ref)
	}
	return m, ok
}
