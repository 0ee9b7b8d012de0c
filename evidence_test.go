package entente_test

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"entente"
	"entente/consent"
	"entente/record"
	"entente/record/authenticator"
	"entente/tlog"
)

var everyByte = flag.Bool("every-byte", os.Getenv("ENTENTE_LONG") != "", "flip every byte of the evidence file, not one in seventeen")

// ---- a stage: two logs in memory, with keys that are the same in every run

const evStart = 1_700_000_000

type evStage struct {
	t        testing.TB
	now      int64
	founding []byte
	group    record.ID
	logs     map[record.Party][]*record.Record
	gen      map[record.Party]string // generation of the node's keys
	parts    map[record.ID][]record.Part
	nonce    byte
	acked    map[record.Party]uint64 // of each log: the size the other side cosigned; 0: none
}

func evKey(name string) ed25519.PrivateKey {
	d := record.Digest("entente/evidence-test/v1", []byte(name))
	return ed25519.NewKeyFromSeed(d[:])
}

// evOwner is whose key a name means: the party's own, unless it says whose.
func evOwner(p record.Party, key string) string {
	if strings.Contains(key, "/") {
		return key
	}
	return string(p) + "/" + key
}

func evPublic(k ed25519.PrivateKey) entente.Key {
	return entente.Key{Alg: record.Ed25519, Public: entente.HexBytes(k.Public().(ed25519.PublicKey))}
}

// device is a seat's authenticator; spoil changes what it says before it signs, bend changes the assertion afterwards.
type device struct{ *authenticator.Authenticator }

func evDevice(p record.Party, name string) device {
	return device{authenticator.New(evOwner(p, name), "node."+strings.ToLower(string(p))+".example.org")}
}

func (d device) key() entente.Key { return entente.Key{Alg: record.WebAuthn, Public: d.Public()} }

func (d device) approve(act record.ID, p record.Party, office string, seat uint64, time int64, a *evAct) record.Approval {
	data, client, sig := d.Sign(record.Challenge(act, p, office, seat, time))
	if a.spoil != nil {
		data, client = a.spoil(data, client)
		sig = d.SignData(data, client)
	}
	x := record.Approval{Office: office, Seat: seat, Alg: record.WebAuthn, Time: time, Signature: sig, Evidence: [][]byte{data, client}}
	if a.bend != nil {
		a.bend(&x)
	}
	return x
}

func (s *evStage) use(p record.Party, u entente.Use) ed25519.PrivateKey {
	return evKey(string(p) + "/" + string(u) + s.gen[p])
}

func evOther(p record.Party) record.Party {
	if p == "MX" {
		return "US"
	}
	return "MX"
}

func newStage(t testing.TB) *evStage {
	s := &evStage{t: t, now: evStart, logs: map[record.Party][]*record.Record{}, gen: map[record.Party]string{}, parts: map[record.ID][]record.Part{}, acked: map[record.Party]uint64{}}
	text := map[string]string{"en": "G"}
	c := &entente.Charter{Rules: entente.Rules, Founded: evStart, Track: "security", Languages: []string{"en"}, Names: text, Purpose: text,
		Clocks: entente.Clocks{Notice: 1000, Ceiling: 500, Retention: 1, Skew: 300}}
	for _, p := range []record.Party{"MX", "US"} {
		c.Parties = append(c.Parties, entente.CharterParty{ID: p, Names: text, Root: evPublic(evKey(string(p) + "/root")), Next: evPublic(evKey(string(p) + "/next")).Digest()})
	}
	var err error
	s.founding, err = c.Encode()
	s.must(err)
	s.group = entente.GroupOf(s.founding)
	for _, p := range []record.Party{"MX", "US"} {
		s.powers(p)
		s.write(p, evAct{kind: "charter", verb: record.Consent, instrument: s.group, version: s.group, seen: &[]uint64{0}[0]})
	}
	return s
}

func (s *evStage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// act is a record to write. seen is how many records of the other log it knows: nil means all.
type evAct struct {
	kind                string
	verb                record.Verb
	instrument, version record.ID
	terms               any
	parts               []record.Part
	seen                *uint64
	root                *record.ID // false root of what it has seen
	time                int64
	until               int64
	nonce               record.Nonce
	signers             []string // office/seat=key name; nil: desk/1. A key whose name starts with device signs by WebAuthn
	spoil               func(data, client []byte) (d, c []byte)
	bend                func(*record.Approval)
	sealer              ed25519.PrivateKey
}

// powers writes those of the present keys; a root given is a false one of what it has seen.
func (s *evStage) powers(p record.Party, seen ...record.ID) record.ID {
	s.t.Helper()
	text := map[string]string{"en": "Desk"}
	pw := entente.Powers{Root: evPublic(evKey(string(p) + "/root")), Next: evPublic(evKey(string(p) + "/next")).Digest(), Keys: map[entente.Use]entente.Key{},
		Offices: []entente.Office{
			{ID: "deputy", Names: text, Seats: []entente.Seat{{Number: 1, Key: evDevice(p, "device").key(), From: evStart + 100, Until: evStart + 200, Acting: true}}, Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}},
			{ID: "desk", Names: text, Seats: []entente.Seat{{Number: 1, Key: evPublic(evKey(string(p) + "/desk" + s.gen[p]))}, {Number: 2, Key: evDevice(p, "device"+s.gen[p]+"2").key()}}, Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}},
			{ID: "minister", Names: text, Grants: []entente.Grant{{Kinds: []string{"commitment"}, Until: evStart + 50, Sign: 1}}},
			{ID: "press", Names: text, Seats: []entente.Seat{{Number: 1, Key: evPublic(evKey(string(p) + "/press"))}}, Grants: []entente.Grant{{Kinds: []string{"statement"}, Sign: 1}}},
			{ID: "registry", Names: text, Seats: []entente.Seat{{Number: 1, Key: evPublic(evKey(string(p) + "/registry"))}}, Grants: []entente.Grant{{Kinds: []string{"*"}, Verbs: []record.Verb{record.Consent}, Sign: 1, Paper: true}}}}}
	for _, u := range entente.Uses {
		pw.Keys[u] = evPublic(s.use(p, u))
	}
	none := uint64(0)
	a := evAct{kind: "powers", verb: record.Propose, terms: pw, signers: []string{"root/0=root"}}
	if len(s.logs[p]) == 0 {
		a.seen = &none
	}
	if len(seen) > 0 {
		a.root = &seen[0]
	}
	return s.write(p, a)
}

func (s *evStage) write(p record.Party, a evAct) record.ID {
	s.t.Helper()
	s.now++
	h := record.Header{Format: record.Format, Group: s.group, Party: p, Index: uint64(len(s.logs[p])), Kind: a.kind, Verb: a.verb, Instrument: a.instrument,
		Version: a.version, Charter: s.group, Time: cmp.Or(a.time, s.now), Until: a.until, Nonce: a.nonce}
	if s.nonce++; h.Nonce == (record.Nonce{}) {
		h.Nonce = record.Nonce{s.nonce}
	}
	if a.terms != nil {
		b, err := record.Marshal(a.terms)
		s.must(err)
		h.Terms = b
	}
	known := uint64(len(s.logs[evOther(p)]))
	if a.seen != nil {
		known = *a.seen
	}
	if known > 0 {
		root := s.root(evOther(p), known)
		if a.root != nil {
			root = *a.root
		}
		h.Seen = record.Seen{evOther(p): {Size: known, Root: root}}
	}
	for _, x := range a.parts {
		ref, err := record.Describe(s.group, h.Nonce, x, record.Marking{TLP: record.Amber, ReleasableTo: []record.Party{"MX", "US"}, Originator: p})
		s.must(err)
		h.Parts = append(h.Parts, ref)
	}
	digest, err := record.Act(&h)
	s.must(err)
	if a.signers == nil && a.kind != "receipt" {
		a.signers = []string{"desk/1=desk" + s.gen[p]}
	}
	for _, x := range a.signers {
		seat, key, _ := strings.Cut(x, "=")
		office, n, _ := strings.Cut(seat, "/")
		if strings.HasPrefix(key, "device") {
			h.Approvals = append(h.Approvals, evDevice(p, key).approve(digest, p, office, uint64(n[0]-'0'), h.Time, &a))
			continue
		}
		h.Approvals = append(h.Approvals, record.Approve(digest, p, office, uint64(n[0]-'0'), h.Time, evKey(evOwner(p, key))))
	}
	if a.sealer == nil {
		a.sealer = s.use(p, entente.UseRecord)
	}
	r, err := record.Seal(h, a.sealer)
	s.must(err)
	s.logs[p], s.parts[r.ID()] = append(s.logs[p], r), a.parts
	return r.ID()
}

func evPart(name, content string) record.Part {
	d := record.Digest(name)
	return record.Part{Name: name, Salt: record.Salt(d[:16]), Content: []byte(content)}
}

const evWithheld = "CANARY-WITHHELD"

func (s *evStage) propose(until int64) record.ID {
	return s.write("MX", evAct{kind: "commitment", verb: record.Propose, until: until, terms: entente.Commitment{Owner: "US", Due: evStart + 9000},
		parts: []record.Part{evPart("annex/a", evWithheld), evPart("body.en", "body"), evPart("title.en", "title")}})
}

func (s *evStage) say(p record.Party, verb record.Verb, id record.ID) record.ID {
	return s.write(p, evAct{kind: "commitment", verb: verb, instrument: id, version: id})
}

func (s *evStage) receipt(p record.Party) { s.write(p, evAct{kind: "receipt", verb: record.Note}) }

func (s *evStage) rotate(p record.Party) { s.gen[p] += "+"; s.powers(p) }

// leaves of a log are a tlog.Source: it never has a full tile.
type evLeaves []*record.Record

func (l evLeaves) Tile(int, uint64) ([]byte, error) { return nil, errors.New("no tile is full") }

func (l evLeaves) Leaves(from, to uint64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, r := range l[from:to] {
		out = append(out, tlog.LeafHash(r.Bytes()))
	}
	return out, nil
}

func (s *evStage) root(p record.Party, size uint64) record.ID {
	h, err := tlog.RootAt(evLeaves(s.logs[p]), uint64(len(s.logs[p])), size)
	s.must(err)
	return record.ID(h)
}

// Header, ByID, NonceUsed and First implement entente.Source: everything counts.
func (s *evStage) Header(ref record.Ref) *record.Header {
	if l := s.logs[ref.Party]; ref.Index < uint64(len(l)) {
		return l[ref.Index].Header()
	}
	return nil
}

func (s *evStage) ByID(id record.ID) *record.Record {
	for _, l := range s.logs {
		for _, r := range l {
			if r.ID() == id {
				return r
			}
		}
	}
	return nil
}

func (s *evStage) NonceUsed(p record.Party, n record.Nonce) (uint64, bool) {
	for i, r := range s.logs[p] {
		if r.Header().Nonce == n {
			return uint64(i), true
		}
	}
	return 0, false
}

func (s *evStage) First(p record.Party, of record.Ref) (consent.Moment, bool) {
	for _, r := range s.logs[p] {
		if p != of.Party && r.Header().Knows(of) {
			return consent.Moment{Ref: r.Header().Ref(), Time: r.Header().Time}, true
		}
	}
	return consent.Moment{}, false
}

func (s *evStage) ledger() *entente.Ledger {
	l, err := entente.NewLedger(entente.Standard(), s.founding)
	s.must(err)
	var all []*record.Record
	for _, p := range []record.Party{"MX", "US"} {
		for _, r := range s.logs[p] {
			l.Hold(r.Header(), r.ID())
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(a, b *record.Record) int { return cmp.Compare(a.Header().Time, b.Header().Time) })
	for _, r := range all {
		l.Count(entente.Judged{Record: r, Reasons: l.Judge(r, s)})
	}
	return l
}

// checkpoint signs a head of a log with the key current at its size, and the other side cosigns it.
func (s *evStage) checkpoint(p record.Party, size uint64, cosigned bool) []byte {
	l := s.ledger()
	var signer ed25519.PrivateKey
	for _, gen := range []string{"", "+", "++"} {
		if k := evKey(string(p) + "/log" + gen); l.Ring(p).Key(entente.UseLog, size).Equal(k.Public()) {
			signer = k
		}
	}
	note, err := tlog.SignCheckpoint(tlog.Checkpoint{Origin: tlog.Origin(s.group, string(p)), Size: size, Root: tlog.Hash(s.root(p, size))}, signer)
	s.must(err)
	if !cosigned {
		return note
	}
	q := evOther(p)
	w, err := tlog.Cosign(note, tlog.WitnessName(s.group, string(q)), s.use(q, entente.UseWitness), s.now)
	s.must(err)
	m, err := tlog.Cosign(note, tlog.MirrorName(s.group, string(q)), s.use(q, entente.UseMirror), s.now)
	s.must(err)
	note, err = tlog.AddCosignatures(note, m, w)
	s.must(err)
	return note
}

// evidence is the file about a subject, with every part but annex/a.
func (s *evStage) evidence(subject record.ID) *entente.Evidence {
	s.t.Helper()
	l := s.ledger()
	instrument := subject
	if r := s.ByID(subject); r != nil {
		instrument = r.Instrument()
	}
	e := &entente.Evidence{Format: entente.EvidenceFormat, Subject: subject, Founding: s.founding}
	refs := map[record.Ref]bool{}
	var charters, mine []entente.Judged
	for _, p := range []record.Party{"MX", "US"} {
		for _, r := range s.logs[p] {
			j := entente.Judged{Record: r, Reasons: l.Judge(r, s)}
			switch {
			case r.Instrument() == instrument:
				mine = append(mine, j)
			case r.Header().Kind == "charter":
				charters = append(charters, j)
			case r.Header().Kind == "powers":
				refs[r.Header().Ref()] = true
			}
		}
	}
	more, err := l.EvidenceRecords(instrument, mine, charters, s)
	s.must(err)
	for _, ref := range more {
		refs[ref] = true
	}
	for _, p := range []record.Party{"MX", "US"} {
		size, sizes := uint64(len(s.logs[p])), map[uint64]bool{}
		if size == 0 {
			continue
		}
		if a := s.acked[p]; a > 0 && a < size {
			e.Heads = append(e.Heads, entente.EvidenceHead{Party: p, Note: s.checkpoint(p, a, true)})
			sizes[a] = true
		}
		e.Heads = append(e.Heads, entente.EvidenceHead{Party: p, Note: s.checkpoint(p, size, s.acked[p] >= size)})
		for i, r := range s.logs[p] {
			if !refs[r.Header().Ref()] {
				continue
			}
			path, err := tlog.Inclusion(evLeaves(s.logs[p]), uint64(i), size)
			s.must(err)
			e.Records = append(e.Records, entente.EvidenceRecord{Party: p, Index: uint64(i), Raw: r.Bytes(), Path: entente.EvidencePath(path)})
			if r.Instrument() == instrument {
				for _, x := range s.parts[r.ID()] {
					if x.Name != "annex/a" {
						e.Parts = append(e.Parts, entente.EvidencePart{Record: r.ID(), Part: x})
					}
				}
			}
		}
		for ref := range refs {
			if m := s.Header(ref).Seen[p]; m.Size > 0 && m.Size < size {
				sizes[m.Size] = true
			}
		}
		for n := uint64(1); n < size; n++ {
			if sizes[n] {
				path, err := tlog.Consistency(evLeaves(s.logs[p]), n, size)
				s.must(err)
				e.Links = append(e.Links, entente.EvidenceLink{Party: p, Size: n, Root: s.root(p, n), Path: entente.EvidencePath(path)})
			}
		}
	}
	slices.SortFunc(e.Parts, func(a, b entente.EvidencePart) int {
		return cmp.Or(bytes.Compare(a.Record[:], b.Record[:]), cmp.Compare(a.Part.Name, b.Part.Name))
	})
	return e
}

// ---- what both verifiers say, in one form

func evClaims(v *entente.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s in %s: %s %s\n", v.Subject, v.Instrument, v.Group, v.Grade, v.Standing)
	for _, r := range v.Records {
		fmt.Fprintf(&b, "%s %s effect=%v by %q witnesses=%v\n", r.Ref, r.ID, len(r.Reasons) == 0, r.Office, r.Witnesses)
		for _, x := range r.Signed {
			fmt.Fprintf(&b, "  %s/%d %d acting=%v", x.Office, x.Seat, x.Alg, x.Acting)
			if x.Paper != nil {
				fmt.Fprintf(&b, " paper of %s, %d, %q", x.Paper.Office, x.Paper.Signed, x.Paper.Place)
			}
			b.WriteString("\n")
		}
	}
	for _, p := range v.Parts {
		fmt.Fprintf(&b, "part %s %s %v\n", p.Record, p.Name, p.Included)
	}
	for _, l := range v.Logs {
		fmt.Fprintf(&b, "%s %d %s %d records, powers %v, links %v\n", l.Party, l.Size, l.Root, l.Records, l.Powers, l.Links)
		for _, c := range l.Cosigned {
			fmt.Fprintf(&b, "  %s %s %d %d\n", c.Party, c.Role, c.Size, c.Time)
		}
	}
	return b.String()
}

// both verifies a file twice and fails where the two verifiers differ.
func evBoth(t testing.TB, what string, file []byte, now int64) (claims string, valid bool) {
	t.Helper()
	slow, why := slowVerify(file, now)
	e, err := entente.ParseEvidence(file)
	if err != nil {
		if why == nil {
			t.Errorf("%s: ParseEvidence refuses (%v) what the separate checker takes", what, err)
		}
		return "", false
	}
	v := e.Verify(entente.VerifyOptions{Now: now})
	if v.Valid != (why == nil) {
		t.Errorf("%s: Verify says valid=%v %v, the separate checker %v", what, v.Valid, v.Reasons, why)
		return "", false
	}
	if !v.Valid {
		return "", false
	}
	if claims = evClaims(v); claims != slow {
		t.Errorf("%s: two verifiers, two readings:\n%s\n%s", what, claims, slow)
	}
	return claims, true
}

func evFile(t testing.TB, e *entente.Evidence) []byte {
	t.Helper()
	b, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// settled is the story most tests start from: keys change in it, and the file has every kind of element.
func evSettled(t testing.TB) (*evStage, record.ID) {
	s := newStage(t)
	id := s.propose(evStart + 5000)
	s.say("MX", record.Consent, id)
	s.rotate("US")
	s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, signers: []string{"desk/2=device+2"}})
	s.receipt("MX")
	s.acked["MX"], s.acked["US"] = uint64(len(s.logs["MX"]))-1, uint64(len(s.logs["US"]))
	return s, id
}

func TestEvidenceGrades(t *testing.T) {
	s := newStage(t)
	id := s.propose(evStart + 5000)
	s.say("MX", record.Consent, id)
	expect := func(grade string, standing entente.Phase) {
		t.Helper()
		e := s.evidence(id)
		v := e.Verify(entente.VerifyOptions{Now: s.now})
		if !v.Valid || v.Grade != grade || v.Standing != standing {
			t.Errorf("%v %s %s, want %s %s: %v", v.Valid, v.Grade, v.Standing, grade, standing, v.Reasons)
		}
		if _, ok := evBoth(t, grade, evFile(t, e), s.now); !ok {
			t.Error("not valid")
		}
		if bytes.Contains(evFile(t, e), []byte(evWithheld)) {
			t.Error("a withheld part is in the file")
		}
	}
	expect(entente.GradeSigned, entente.PhaseProposed)
	s.acked["MX"] = uint64(len(s.logs["MX"]))
	expect(entente.GradeWitnessed, entente.PhaseProposed)
	s.rotate("US")
	s.acked["MX"] = uint64(len(s.logs["MX"])) // cosigned anew: the old witness key is out of its span
	s.say("US", record.Consent, id)
	s.acked["US"] = uint64(len(s.logs["US"]))
	expect(entente.GradeWitnessed, entente.PhaseInForce)
	s.receipt("MX")
	expect(entente.GradeSettled, entente.PhaseInForce)
	s.now += 6000 // after until: in force all the same
	expect(entente.GradeSettled, entente.PhaseInForce)
	s.say("US", record.Withdraw, id)
	expect(entente.GradeSettled, entente.PhaseInForce)
	s.receipt("MX")
	s.now += 999
	expect(entente.GradeSettled, entente.PhaseInForce)
	s.now += 2
	expect(entente.GradeSettled, entente.PhaseEnded)
}

// The record that knows the consents stands far from the instrument's: what shows that it is in sequence comes along.
func TestEvidenceOfKnowledgeFarAway(t *testing.T) {
	s := newStage(t)
	id := s.propose(0)
	s.say("MX", record.Consent, id)
	s.say("US", record.Consent, id)
	before := uint64(len(s.logs["US"])) - 1
	for range 3 {
		s.write("MX", evAct{kind: "receipt", verb: record.Note, seen: &before})
		s.write("US", evAct{kind: "receipt", verb: record.Note})
	}
	s.receipt("MX")
	s.acked["MX"], s.acked["US"] = uint64(len(s.logs["MX"])), uint64(len(s.logs["US"]))
	e := s.evidence(id)
	if _, ok := evBoth(t, "far away", evFile(t, e), s.now); !ok {
		t.Error("not valid")
	}
	if v := e.Verify(entente.VerifyOptions{Now: s.now}); v.Grade != entente.GradeSettled || len(e.Records) >= len(s.logs["MX"])+len(s.logs["US"]) {
		t.Errorf("grade %q with %d records", v.Grade, len(e.Records))
	}
}

// Every element of a file flipped, dropped, doubled or swapped: no mutant verifies with the same claims, and a second verifier
// that shares no code with the first agrees on each.
func TestEvidenceMutants(t *testing.T) {
	s, id := evSettled(t)
	good := evFile(t, s.evidence(id))
	want, ok := evBoth(t, "the file itself", good, s.now)
	if !ok || !strings.Contains(want, "settled in-force") {
		t.Fatalf("the file to start from: %v\n%s", ok, want)
	}
	tried, stillValid := 0, 0
	try := func(what string, b []byte) {
		if bytes.Equal(b, good) {
			return
		}
		tried++
		got, ok := evBoth(t, what, b, s.now)
		if ok {
			stillValid++
		}
		if ok && got == want {
			t.Errorf("%s: verifies with the same claims", what)
		}
	}
	var tree any
	if err := cbor.Unmarshal(good, &tree); err != nil {
		t.Fatal(err)
	}
	evMutate(tree, "", func(what string) { try(what, evEncode(tree)) })
	structural := tried
	step := 17
	if *everyByte {
		step = 1
	}
	for i := 0; i < len(good); i += step {
		b := bytes.Clone(good)
		b[i] ^= 1 << (i % 8)
		try(fmt.Sprintf("byte %d of %d", i, len(good)), b)
	}
	t.Logf("%d bytes; %d mutants of elements, %d of bytes; %d of them valid with other claims", len(good), structural, tried-structural, stillValid)
	if structural < 300 || stillValid < 10 {
		t.Error("too few mutants, or too few that make a valid file of other claims, to prove anything")
	}
}

// mutate changes a decoded file in place in every way, calls f after each change, and undoes it.
func evMutate(node any, path string, f func(what string)) {
	change := func(set func(any), old any, what string, to ...any) {
		for i, x := range to {
			set(x)
			f(fmt.Sprintf("%s: %s %d", path, what, i))
		}
		set(old)
	}
	leaf := func(set func(any), x any) {
		switch x := x.(type) {
		case uint64:
			change(set, x, "number", x+1, x-1, uint64(0), "text", []byte{})
		case string:
			change(set, x, "text", x+"A", "", "ZZ", []byte(x))
		case []byte:
			var to []any
			for _, i := range []int{0, len(x) / 3, len(x) / 2, len(x) - 1} {
				if i >= 0 && i < len(x) {
					b := bytes.Clone(x)
					b[i] ^= 0x10
					to = append(to, b)
				}
			}
			to = append(to, append(bytes.Clone(x), 0), []byte{}, append(bytes.Clone(x), make([]byte, 32)...))
			if len(x) > 32 {
				to = append(to, x[:len(x)-32], x[32:], slices.Concat(x[32:64:64], x[:32], x[min(64, len(x)):]))
			}
			if i := bytes.LastIndex(bytes.TrimSuffix(x, []byte("\n")), []byte("\n")); i > 0 && bytes.HasSuffix(x, []byte("\n")) { // a note: its last line away, doubled, first
				lines := bytes.SplitAfter(x[bytes.Index(x, []byte("\n\n"))+2:], []byte("\n"))
				text := x[:bytes.Index(x, []byte("\n\n"))+2]
				to = append(to, bytes.Clone(x[:i+1]), slices.Concat(x, x[i+1:]))
				slices.Reverse(lines)
				to = append(to, slices.Concat(text, bytes.Join(lines, nil)))
			}
			if i := bytes.IndexByte(x, 0xa0); i > 0 && bytes.HasPrefix(x, []byte{0xd2, 0x84}) { // a record: something in the unprotected header
				for ; i > 0 && i < 120; i++ {
					if x[i] == 0xa0 {
						to = append(to, slices.Concat(x[:i], []byte{0xa1, 0x01, 0x01}, x[i+1:]))
					}
				}
			}
			change(set, x, "bytes", to...)
		}
	}
	switch n := node.(type) {
	case map[any]any:
		for k, x := range n {
			p := path + fmt.Sprintf("/%v", k)
			path, old := path, x
			delete(n, k)
			f(p + " away")
			n[k] = old
			_ = path
			if a, ok := x.([]any); ok {
				set := func(to []any) { n[k] = to }
				for i := range a {
					set(slices.Concat(a[:i], a[i+1:]))
					f(fmt.Sprintf("%s/%d away", p, i))
					set(slices.Concat(a[:i+1], a[i:]))
					f(fmt.Sprintf("%s/%d doubled", p, i))
					if i > 0 {
						b := slices.Clone(a)
						b[i-1], b[i] = b[i], b[i-1]
						set(b)
						f(fmt.Sprintf("%s/%d swapped with the one before", p, i))
						evSwap(a[i-1], a[i], func(field any) { n[k] = a; f(fmt.Sprintf("%s/%d field %v swapped with the one before", p, i, field)) })
					}
					set(a)
				}
				set(nil)
				f(p + " null")
				set(a)
			} else {
				leaf(func(to any) { n[k] = to }, x)
			}
			evMutate(x, p, f)
		}
		n[uint64(99)] = uint64(1)
		f(path + " with an unknown field")
		delete(n, uint64(99))
	case []any:
		for i, x := range n {
			evMutate(x, fmt.Sprintf("%s/%d", path, i), f)
		}
	}
}

func evSwap(a, b any, f func(field any)) {
	x, y := a.(map[any]any), b.(map[any]any)
	for k := range x {
		x[k], y[k] = y[k], x[k]
		f(k)
		x[k], y[k] = y[k], x[k]
	}
}

func TestEvidenceAttacks(t *testing.T) {
	one, two := uint64(1), uint64(2)
	false1 := record.ID{1}
	for name, c := range map[string]struct {
		play     func(s *evStage, id record.ID) record.ID // returns the subject
		edit     func(s *evStage, e *entente.Evidence)
		reason   string // of the file; empty: valid
		standing entente.Phase
		grade    string // empty: signed, or none where there is a reason
	}{
		"a consent that knows another log of the same size": {play: func(s *evStage, id record.ID) record.ID {
			s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, root: &false1})
			return id
		}, reason: entente.ReasonSeen},
		"a consent whose time goes back": {play: func(s *evStage, id record.ID) record.ID {
			s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, time: evStart + 1})
			return id
		}, standing: entente.PhaseProposed},
		"a consent whose seen goes down, about itself": {play: func(s *evStage, id record.ID) record.ID {
			s.receipt("US")
			return s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, seen: &one})
		}, reason: entente.ReasonSequence},
		"an approval used twice": {play: func(s *evStage, id record.ID) record.ID {
			n := record.Nonce{77}
			s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, nonce: n})
			s.say("US", record.Withdraw, id)
			s.say("MX", record.Withdraw, id)
			s.say("MX", record.Consent, id)
			s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, nonce: n})
			return id
		}, standing: entente.PhaseInForce},
		"an office without the power": {play: func(s *evStage, id record.ID) record.ID {
			s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, signers: []string{"press/1=press"}})
			return id
		}, standing: entente.PhaseProposed},
		"the record key alone": {play: func(s *evStage, id record.ID) record.ID {
			s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, signers: []string{}})
			return id
		}, standing: entente.PhaseProposed},
		"another party's official": {play: func(s *evStage, id record.ID) record.ID {
			return s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, signers: []string{"desk/1=MX/desk"}})
		}, reason: entente.ReasonApproval},
		"a seat after it was replaced": {play: func(s *evStage, id record.ID) record.ID {
			s.rotate("US")
			s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, signers: []string{"desk/1=desk"}})
			return id
		}, standing: entente.PhaseProposed},
		"a record key after it was replaced": {play: func(s *evStage, id record.ID) record.ID {
			s.rotate("US")
			s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, sealer: evKey("US/record")})
			return id
		}, reason: entente.ReasonRecord},
		"a consent after until": {play: func(s *evStage, id record.ID) record.ID {
			s.now = evStart + 6000
			s.say("US", record.Consent, id)
			return id
		}, standing: entente.PhaseLapsed},
		"a consent that does not know the text": {play: func(s *evStage, id record.ID) record.ID {
			s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, seen: &two})
			return id
		}, standing: entente.PhaseProposed},
		"both withdraw and consent across": {play: func(s *evStage, id record.ID) record.ID {
			s.say("MX", record.Withdraw, id)
			s.say("US", record.Consent, id)
			return id
		}, standing: entente.PhaseWithdrawn},
		"posted beats unseen": {play: func(s *evStage, id record.ID) record.ID {
			known := uint64(len(s.logs["MX"]))
			s.say("MX", record.Withdraw, id)
			s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, seen: &known})
			return id
		}, standing: entente.PhaseInForce},
		"a receipt out of sequence is no knowledge": {play: func(s *evStage, id record.ID) record.ID {
			s.say("US", record.Consent, id)
			s.write("MX", evAct{kind: "receipt", verb: record.Note, time: evStart + 1})
			s.acked["MX"], s.acked["US"] = uint64(len(s.logs["MX"])), uint64(len(s.logs["US"]))
			return id
		}, standing: entente.PhaseInForce, grade: entente.GradeWitnessed},
		"powers that have seen another log are no knowledge": {play: func(s *evStage, id record.ID) record.ID {
			s.say("US", record.Consent, id)
			s.powers("MX", false1)
			s.acked["MX"], s.acked["US"] = uint64(len(s.logs["MX"])), uint64(len(s.logs["US"]))
			return id
		}, standing: entente.PhaseInForce, grade: entente.GradeWitnessed},
		"powers that have seen this log are": {play: func(s *evStage, id record.ID) record.ID {
			s.say("US", record.Consent, id)
			s.powers("MX")
			s.acked["MX"], s.acked["US"] = uint64(len(s.logs["MX"])), uint64(len(s.logs["US"]))
			return id
		}, standing: entente.PhaseInForce, grade: entente.GradeSettled},
		"a record dated ahead": {play: func(s *evStage, id record.ID) record.ID {
			s.write("US", evAct{kind: "commitment", verb: record.Consent, instrument: id, version: id, time: s.now + 1000})
			return id
		}, reason: entente.ReasonAhead},
		"neighbours left out": {play: func(s *evStage, id record.ID) record.ID {
			s.receipt("US")
			s.receipt("US")
			s.say("US", record.Withdraw, id)
			return id
		}, edit: func(s *evStage, e *entente.Evidence) {
			e.Records = slices.DeleteFunc(e.Records, func(r entente.EvidenceRecord) bool { return r.Party == "US" && r.Index == 3 })
		}, reason: entente.ReasonMissing},
		"a head of another history": {play: func(s *evStage, id record.ID) record.ID { return id }, edit: func(s *evStage, e *entente.Evidence) {
			c, err := tlog.ParseCheckpoint(e.Heads[0].Note)
			s.must(err)
			c.Root[0] ^= 1
			e.Heads[0].Note, err = tlog.SignCheckpoint(c, evKey("MX/log"))
			s.must(err)
		}, reason: entente.ReasonInclusion},
		"a smaller cosigned head of another history": {play: func(s *evStage, id record.ID) record.ID { return id }, edit: func(s *evStage, e *entente.Evidence) {
			c := tlog.Checkpoint{Origin: tlog.Origin(s.group, "MX"), Size: 3, Root: tlog.Hash{1}}
			note, err := tlog.SignCheckpoint(c, evKey("MX/log"))
			s.must(err)
			line, err := tlog.Cosign(note, tlog.WitnessName(s.group, "US"), evKey("US/witness"), s.now)
			s.must(err)
			note, err = tlog.AddCosignatures(note, line)
			s.must(err)
			e.Heads = slices.Insert(e.Heads, 0, entente.EvidenceHead{Party: "MX", Note: note})
		}, reason: entente.ReasonCheckpoint},
		"a cosignature by oneself": {play: func(s *evStage, id record.ID) record.ID { return id }, edit: func(s *evStage, e *entente.Evidence) {
			line, err := tlog.Cosign(e.Heads[0].Note, tlog.WitnessName(s.group, "MX"), evKey("MX/witness"), s.now)
			s.must(err)
			e.Heads[0].Note, err = tlog.AddCosignatures(e.Heads[0].Note, line)
			s.must(err)
		}, standing: entente.PhaseProposed},
		"a mirror's key under the witness's name": {play: func(s *evStage, id record.ID) record.ID { return id }, edit: func(s *evStage, e *entente.Evidence) {
			line, err := tlog.Cosign(e.Heads[0].Note, tlog.WitnessName(s.group, "US"), evKey("US/mirror"), s.now)
			s.must(err)
			e.Heads[0].Note, err = tlog.AddCosignatures(e.Heads[0].Note, line)
			s.must(err)
		}, standing: entente.PhaseProposed},
		"a part of another text": {play: func(s *evStage, id record.ID) record.ID { return id }, edit: func(s *evStage, e *entente.Evidence) {
			e.Parts[0].Part.Content = []byte("bodY")
		}, reason: entente.ReasonPart},
		"no log at all": {play: func(s *evStage, id record.ID) record.ID { return id }, edit: func(s *evStage, e *entente.Evidence) {
			e.Heads, e.Records, e.Links, e.Parts = nil, nil, nil, nil
		}, reason: entente.ReasonSubject},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			id := s.propose(evStart + 5000)
			s.say("MX", record.Consent, id)
			e := s.evidence(c.play(s, id))
			if c.edit != nil {
				c.edit(s, e)
			}
			_, valid := evBoth(t, name, evFile(t, e), s.now)
			v := e.Verify(entente.VerifyOptions{Now: s.now})
			if c.reason == "" {
				c.grade = cmp.Or(c.grade, entente.GradeSigned)
			}
			if valid != (c.reason == "") || v.Standing != c.standing || v.Grade != c.grade {
				t.Errorf("valid %v, %s, standing %q, want %s, %q: %v", valid, v.Grade, v.Standing, c.grade, c.standing, v.Reasons)
			}
			if c.reason != "" && !slices.ContainsFunc(v.Reasons, func(r entente.Reason) bool { return r.Code == c.reason }) {
				t.Errorf("reasons %v, want one of %s", v.Reasons, c.reason)
			}
			if !v.Valid && (v.Grade != "" || v.State != nil || v.View != nil || v.Versions != nil) {
				t.Error("a file that is not valid claims something")
			}
		})
	}
}

func TestEvidenceBounds(t *testing.T) {
	s, id := evSettled(t)
	if _, err := entente.ParseEvidence(make([]byte, entente.MaxEvidence+1)); !errors.Is(err, record.ErrFormat) {
		t.Errorf("too long: %v", err)
	}
	many := evEncode(map[any]any{uint64(4): slices.Repeat([]any{map[any]any{}}, 1<<16+1)})
	if _, err := entente.ParseEvidence(many); !errors.Is(err, record.ErrFormat) {
		t.Errorf("too many: %v", err)
	}
	e := s.evidence(id)
	e.Parts = append(e.Parts, entente.EvidencePart{Record: record.ID{255}, Part: record.Part{Name: "x", Content: make([]byte, entente.MaxEvidence)}})
	slices.SortFunc(e.Parts, func(a, b entente.EvidencePart) int { return bytes.Compare(a.Record[:], b.Record[:]) })
	if _, err := e.Encode(); !errors.Is(err, record.ErrFormat) {
		t.Errorf("encode too long: %v", err)
	}
	var zero entente.Evidence
	if v := zero.Verify(entente.VerifyOptions{}); v.Valid || v.Reasons[0].Code != entente.ReasonForm {
		t.Errorf("no file at all: %+v", v)
	}
	if _, err := json.Marshal(e.Verify(entente.VerifyOptions{})); err != nil {
		t.Error(err)
	}
}

func FuzzParseEvidence(f *testing.F) {
	s, id := evSettled(f)
	e := s.evidence(id)
	f.Add(evFile(f, e))
	e.Parts, e.Links = nil, nil
	f.Add(evFile(f, e))
	e.Heads, e.Records = nil, nil
	f.Add(evFile(f, e))
	now := s.now
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := entente.ParseEvidence(b)
		if err != nil {
			if !errors.Is(err, record.ErrFormat) {
				t.Errorf("not a format error: %v", err)
			}
			return
		}
		again, err := e.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("it does not encode to itself: %v", err)
		}
		v := e.Verify(entente.VerifyOptions{Now: now})
		if v.Valid != (len(v.Reasons) == 0) || (v.Valid && v.Grade == "") {
			t.Errorf("%+v", v)
		}
	})
}

func BenchmarkEvidenceVerify(b *testing.B) {
	s, id := evSettled(b)
	good := evFile(b, s.evidence(id))
	for b.Loop() {
		e, err := entente.ParseEvidence(good)
		if err != nil {
			b.Fatal(err)
		}
		if v := e.Verify(entente.VerifyOptions{Now: s.now}); !v.Valid {
			b.Fatal(v.Reasons)
		}
	}
	b.ReportMetric(float64(len(good)), "bytes")
}

// ---- a second verifier, written from doc/evidence.md, doc/log.md and doc/record.md with nothing but SHA-256, Ed25519 and a
// CBOR decoder. It is slow (it tries every choice of consents) and knows the kinds of these tests alone.

func evEncode(v any) []byte {
	m, _ := cbor.CoreDetEncOptions().EncMode()
	b, err := m.Marshal(v)
	if err != nil {
		panic(slowFail(err.Error()))
	}
	return b
}

type slowFail string

func no(format string, args ...any) { panic(slowFail(fmt.Sprintf(format, args...))) }

func slowDecode(b []byte) any {
	var v any
	if err := cbor.Unmarshal(b, &v); err != nil {
		no("cbor: %v", err)
	}
	if !bytes.Equal(evEncode(v), b) {
		no("another encoding than the one")
	}
	return v
}

type obj map[any]any

func as[T any](v any) T {
	x, ok := v.(T)
	if !ok {
		no("a %T where a %T belongs", v, x)
	}
	return x
}

func object(v any, keys ...uint64) obj {
	m := as[map[any]any](v)
	if len(m) != len(keys) {
		no("%d fields", len(m))
	}
	for _, k := range keys {
		if _, ok := m[k]; !ok {
			no("field %d is not there", k)
		}
	}
	return m
}

func get[T any](o obj, k uint64) T { return as[T](o[k]) }

// opt is a field that may be absent.
func opt[T any](o obj, k uint64) (zero T) {
	if v, ok := o[k]; ok {
		return as[T](v)
	}
	return zero
}

func sum(parts ...[]byte) string {
	s := sha256.Sum256(bytes.Join(parts, nil))
	return string(s[:])
}

var slowMemory = map[string]bool{}

func slowSigned(pub, msg, sig []byte) bool {
	if len(pub) != 32 || len(sig) != 64 {
		return false
	}
	k := sum(pub, sig, msg)
	ok, known := slowMemory[k]
	if !known {
		ok = ed25519.Verify(pub, msg, sig)
		slowMemory[k] = ok
	}
	return ok
}

func slowLeaf(raw []byte) string         { return sum([]byte{0}, raw) }
func slowNode(left, right string) string { return sum([]byte{1}, []byte(left), []byte(right)) }

// slowSplit is the largest power of two below n.
func slowSplit(n uint64) uint64 {
	k := uint64(1)
	for k*2 < n {
		k *= 2
	}
	return k
}

// slowIncluded follows RFC 6962 section 2.1.1 from the top.
func slowIncluded(leaf string, index, size uint64, path []string) string {
	if size == 1 {
		if len(path) != 0 {
			no("the path is too long")
		}
		return leaf
	}
	if len(path) == 0 {
		no("the path is too short")
	}
	k, last, rest := slowSplit(size), path[len(path)-1], path[:len(path)-1]
	if index < k {
		return slowNode(slowIncluded(leaf, index, k, rest), last)
	}
	return slowNode(last, slowIncluded(leaf, index-k, size-k, rest))
}

// slowConsistent follows RFC 6962 section 2.1.2 from the top: the old and the new root that a path leads to.
func slowConsistent(oldRoot string, m, n uint64, path []string, whole bool) (was, is string) {
	if m == n {
		if whole {
			if len(path) != 0 {
				no("the path is too long")
			}
			return oldRoot, oldRoot
		}
		if len(path) != 1 {
			no("the path has another length")
		}
		return path[0], path[0]
	}
	if len(path) == 0 {
		no("the path is too short")
	}
	k, last, rest := slowSplit(n), path[len(path)-1], path[:len(path)-1]
	if m <= k {
		was, is = slowConsistent(oldRoot, m, k, rest, whole)
		return was, slowNode(is, last)
	}
	was, is = slowConsistent(oldRoot, m-k, n-k, rest, false)
	return slowNode(last, was), slowNode(last, is)
}

func slowPath(b []byte) (out []string) {
	if len(b)%32 != 0 || len(b) > 64*32 {
		no("not a path")
	}
	for ; len(b) > 0; b = b[32:] {
		out = append(out, string(b[:32]))
	}
	return out
}

func id32(b []byte) string {
	if len(b) != 32 {
		no("not an id")
	}
	return string(b)
}

func base64Of(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || base64.StdEncoding.EncodeToString(b) != s {
		no("base64")
	}
	return b
}

type slowNote struct {
	text  string
	size  uint64
	root  string
	names []string
	sigs  [][]byte // key id and signature
}

func slowReadNote(b []byte, origin string) slowNote {
	s := string(b)
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' }) {
		no("note is not text")
	}
	text, rest, ok := strings.Cut(s, "\n\n")
	lines := strings.Split(text, "\n")
	if !ok || len(lines) != 3 || lines[0] != origin || !strings.HasSuffix(rest, "\n") {
		no("not a note of %s", origin)
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil || strconv.FormatUint(size, 10) != lines[1] || size == 0 || size > 1<<40 {
		no("size")
	}
	n := slowNote{text: text + "\n", size: size, root: id32(base64Of(lines[2]))}
	all := strings.Split(strings.TrimSuffix(rest, "\n"), "\n")
	for i, l := range all {
		l, ok := strings.CutPrefix(l, "— ")
		name, b64, _ := strings.Cut(l, " ")
		raw := base64Of(b64)
		if !ok || name == "" || strings.ContainsRune(name, '+') || strings.ContainsFunc(name, unicode.IsSpace) || len(raw) < 5 {
			no("signature line")
		}
		if (name == origin) != (i == 0) || (i > 1 && all[i-1] >= all[i]) {
			no("order of lines")
		}
		for j := range n.names {
			if n.names[j] == name && bytes.Equal(n.sigs[j][:4], raw[:4]) {
				no("two lines of one key")
			}
		}
		n.names, n.sigs = append(n.names, name), append(n.sigs, raw)
	}
	return n
}

func slowKeyID(name string, alg byte, pub []byte) []byte {
	return []byte(sum([]byte(name), []byte{'\n', alg}, pub))[:4]
}

type slowMark struct {
	size uint64
	root string
}

type slowRecord struct {
	id, raw, kind, verb, party string
	index, time                uint64
	instrument, version        string
	nonce                      string
	h                          obj
	seen                       map[string]slowMark
	proven                     bool
	why                        []string
	office                     string
}

func (r *slowRecord) knows(q *slowRecord) bool {
	if r.party == q.party {
		return q.index < r.index
	}
	return q.index < r.seen[q.party].size
}

type slowSpan struct {
	from  uint64
	id    string
	terms obj
}

type slowLog struct {
	party, origin string
	root, next    []byte // of the founding charter: public root key, digest of the next
	spans         []slowSpan
	notes         []slowNote
	roots         map[uint64]string
	cosigned      []string
	covered       uint64
	records       []*slowRecord
	links         []uint64
}

func (l *slowLog) head() slowNote { return l.notes[len(l.notes)-1] }

func (l *slowLog) at(index uint64) obj {
	for i := len(l.spans) - 1; i >= 0; i-- {
		if l.spans[i].from < index {
			return l.spans[i].terms
		}
	}
	return nil
}

func (l *slowLog) key(use string, size uint64) []byte {
	if p := l.at(size); p != nil {
		return get[[]byte](as[map[any]any](as[map[any]any](p[uint64(3)])[use]), 2)
	}
	return nil
}

func (l *slowLog) find(index uint64) *slowRecord {
	for _, r := range l.records {
		if r.index == index {
			return r
		}
	}
	return nil
}

func slowDigestOfKey(pub []byte) string {
	return sum([]byte("entente/key/v1\x00"), fmt.Appendf(nil, "-19:%x", pub))
}

func slowAct(h obj) []byte {
	a := map[any]any{}
	for k, v := range h {
		a[k] = v
	}
	a[uint64(4)], a[uint64(11)] = uint64(0), uint64(0)
	delete(a, uint64(18))
	delete(a, uint64(21))
	return []byte(sum([]byte("entente/act/v1\x00"), evEncode(a)))
}

func slowApproved(r *slowRecord, a, key obj) bool {
	s := append([]byte("entente/approval/v1\x00"), evEncode([]any{slowAct(r.h), r.party, a[uint64(1)], a[uint64(2)], a[uint64(4)]})...)
	pub, sig, more := get[[]byte](key, 2), get[[]byte](a, 5), opt[[]any](a, 6)
	switch {
	case a[uint64(3)] != key[uint64(1)]:
	case a[uint64(3)] == int64(-19):
		return len(more) == 0 && slowSigned(pub, s, sig)
	case a[uint64(3)] == int64(-65543) && len(more) == 2:
		return slowAsserted(pub, s, as[[]byte](more[0]), as[[]byte](more[1]), sig)
	}
	return false
}

func (r *slowRecord) approvals() (out []obj) {
	for _, a := range opt[[]any](r.h, 21) {
		out = append(out, as[map[any]any](a))
	}
	return out
}

// powersOf reads the powers that a record states, nil where its root did not approve them.
func (l *slowLog) powersOf(r *slowRecord) obj {
	if r.kind != "powers" || r.verb != "propose" {
		return nil
	}
	p := obj(as[map[any]any](r.h[uint64(17)]))
	root, next := get[[]byte](as[map[any]any](p[uint64(1)]), 2), get[[]byte](p, 2)
	was, committed := l.root, l.next
	if old := l.at(r.index); old != nil {
		was, committed = get[[]byte](as[map[any]any](old[uint64(1)]), 2), get[[]byte](old, 2)
	}
	if !(bytes.Equal(root, was) && bytes.Equal(next, committed)) && slowDigestOfKey(root) != string(committed) {
		return nil
	}
	for _, a := range r.approvals() {
		if a[uint64(1)] == "root" && slowApproved(r, a, as[map[any]any](p[uint64(1)])) {
			return p
		}
	}
	return nil
}

func slowRead(raw []byte, group, party string, index uint64, l *slowLog) *slowRecord {
	t, ok := slowDecode(raw).(cbor.Tag)
	if !ok || t.Number != 18 || len(raw) > 65535 {
		no("not a COSE_Sign1")
	}
	env := as[[]any](t.Content)
	if len(env) != 4 || len(as[map[any]any](env[1])) != 0 {
		no("envelope")
	}
	prot, payload, sig := as[[]byte](env[0]), as[[]byte](env[2]), as[[]byte](env[3])
	ph := object(slowDecode(prot), 1, 3, 4)
	if ph[uint64(1)] != int64(-19) || ph[uint64(3)] != "application/entente-record+cbor" {
		no("protected header")
	}
	h := obj(as[map[any]any](slowDecode(payload)))
	if get[uint64](h, 1) != 1 || string(get[[]byte](h, 2)) != group || get[string](h, 3) != party || get[uint64](h, 4) != index {
		no("a record of another place")
	}
	r := &slowRecord{id: sum(raw), raw: string(raw), h: h, party: party, index: index, kind: get[string](h, 5), verb: get[string](h, 6), time: get[uint64](h, 11),
		instrument: string(opt[[]byte](h, 7)), version: string(opt[[]byte](h, 8)), nonce: string(get[[]byte](h, 20)), seen: map[string]slowMark{}}
	if r.instrument == "" {
		r.instrument = r.id
	}
	for q, m := range opt[map[any]any](h, 18) {
		o := object(m, 1, 2)
		r.seen[as[string](q)] = slowMark{get[uint64](o, 1), id32(get[[]byte](o, 2))}
	}
	kid := get[[]byte](ph, 4)
	var pub []byte
	try := func(p obj) {
		if p != nil && pub == nil {
			if k := get[[]byte](as[map[any]any](as[map[any]any](p[uint64(3)])["record"]), 2); bytes.Equal([]byte(sum(k))[:16], kid) {
				pub = k
			}
		}
	}
	stated := l.powersOf(r)
	try(l.at(index))
	try(stated)
	if !slowSigned(pub, evEncode([]any{"Signature1", prot, []byte{}, payload}), sig) {
		no("signature of %s#%d", party, index)
	}
	if stated != nil {
		l.spans = append(l.spans, slowSpan{index, r.id, stated})
	}
	return r
}

func slowVerify(b []byte, now int64) (claims string, err error) {
	defer func() {
		if x := recover(); x != nil {
			f, ok := x.(slowFail)
			if !ok {
				panic(x)
			}
			err = errors.New(string(f))
		}
	}()
	if len(b) > 80<<20 {
		no("too long")
	}
	s := &slowCase{now: uint64(now), logs: map[string]*slowLog{}}
	top := object(slowDecode(b), 1, 2, 3, 4, 5, 6, 7)
	if top[uint64(1)] != "entente/evidence/v1" {
		no("format")
	}
	s.subject = id32(get[[]byte](top, 2))
	s.read(top)
	s.judge()
	return s.conclude(top), nil
}

type slowCase struct {
	now            uint64
	subject, group string
	instrument     string
	parties        []string
	logs           map[string]*slowLog
	clocks         obj
	mine           []*slowRecord
}

func (s *slowCase) each() (out []*slowRecord) {
	for _, p := range s.parties {
		if l := s.logs[p]; len(l.notes) > 0 {
			out = append(out, l.records...)
		}
	}
	return out
}

func (s *slowCase) byID(id string) *slowRecord {
	for _, r := range s.each() {
		if r.id == id {
			return r
		}
	}
	return nil
}

// read is steps 1 to 7 of the order of verification.
func (s *slowCase) read(top obj) {
	founding := get[[]byte](top, 3)
	s.group = sum([]byte("entente/charter/v1\x00"), founding)
	c := obj(as[map[any]any](slowDecode(founding)))
	s.clocks = as[map[any]any](c[uint64(12)])
	for _, p := range get[[]any](c, 8) {
		o := object(p, 1, 2, 3, 4)
		l := &slowLog{party: get[string](o, 1), root: get[[]byte](as[map[any]any](o[uint64(3)]), 2), next: get[[]byte](o, 4), roots: map[uint64]string{}}
		l.origin = fmt.Sprintf("entente/%x/%s", s.group, l.party)
		s.parties, s.logs[l.party] = append(s.parties, l.party), l
	}
	log := func(v any) *slowLog {
		l := s.logs[as[string](v)]
		if l == nil {
			no("not a party")
		}
		return l
	}
	before := ""
	for _, v := range get[[]any](top, 4) {
		o := object(v, 1, 2)
		l := log(o[uint64(1)])
		n := slowReadNote(get[[]byte](o, 2), l.origin)
		if l.party < before || (len(l.notes) > 0 && n.size <= l.head().size) {
			no("order of checkpoints")
		}
		before, l.notes = l.party, append(l.notes, n)
	}
	key := ""
	ascend := func(k string) {
		if key >= k {
			no("order of a list")
		}
		key = k
	}
	under := func(v any) *slowLog {
		l := log(v)
		if len(l.notes) == 0 {
			no("under no head")
		}
		return l
	}
	for _, v := range get[[]any](top, 5) {
		o := object(v, 1, 2, 3, 4)
		l, size := under(o[uint64(1)]), get[uint64](o, 2)
		ascend(fmt.Sprintf("%s %020d", l.party, size))
		slowPath(get[[]byte](o, 4))
		id32(get[[]byte](o, 3))
		if size == 0 || size == l.head().size {
			no("a link from the head to itself")
		}
	}
	key = ""
	for _, v := range get[[]any](top, 6) {
		o := object(v, 1, 2, 3, 4)
		l, index := under(o[uint64(1)]), get[uint64](o, 2)
		ascend(fmt.Sprintf("%s %020d", l.party, index))
		if index >= l.head().size {
			no("above the head")
		}
		raw := get[[]byte](o, 3)
		r := slowRead(raw, s.group, l.party, index, l)
		l.records = append(l.records, r)
		if slowIncluded(slowLeaf(raw), index, l.head().size, slowPath(get[[]byte](o, 4))) != l.head().root {
			no("inclusion")
		}
	}
	for _, p := range s.parties {
		s.heads(s.logs[p])
	}
	for _, v := range get[[]any](top, 5) {
		o := object(v, 1, 2, 3, 4)
		l, size, root, path := under(o[uint64(1)]), get[uint64](o, 2), id32(get[[]byte](o, 3)), slowPath(get[[]byte](o, 4))
		was, is, small, large := root, l.head().root, size, l.head().size
		if size > l.head().size {
			was, is, small, large = is, was, large, size
		}
		if size > 1<<40 {
			no("size")
		}
		if gotWas, gotIs := slowConsistent(was, small, large, path, true); gotWas != was || gotIs != is {
			no("consistency")
		}
		l.roots[size], l.links = root, append(l.links, size)
	}
	for _, p := range s.parties {
		for _, n := range s.logs[p].notes {
			if s.logs[p].roots[n.size] != n.root {
				no("a smaller checkpoint of another log")
			}
		}
	}
	for _, r := range s.each() {
		r.proven = true
		for q, m := range r.seen {
			l := s.logs[q]
			if l == nil || len(l.notes) == 0 || l.roots[m.size] != m.root {
				r.proven = false
				if r.kind != "powers" {
					no("seen of %s#%d", r.party, r.index)
				}
			}
		}
	}
}

func (s *slowCase) heads(l *slowLog) {
	for _, n := range l.notes {
		pub := l.key("log", n.size)
		if !bytes.Equal(n.sigs[0][:4], slowKeyID(l.origin, 1, pub)) || !slowSigned(pub, []byte(n.text), n.sigs[0][4:]) {
			no("signature of a checkpoint")
		}
		l.roots[l.head().size] = l.head().root
		var good []string
		for _, q := range s.parties {
			for _, role := range []string{"mirror", "witness"} {
				c := s.logs[q]
				if q == l.party || len(c.notes) == 0 || c.key(role, c.head().size) == nil {
					continue
				}
				name, pub := c.origin+"/"+role, c.key(role, c.head().size)
				for i := range n.names {
					sig := n.sigs[i]
					if n.names[i] != name || !bytes.Equal(sig[:4], slowKeyID(name, 4, pub)) || len(sig) != 76 || sig[4] > 127 {
						continue
					}
					t := binary.BigEndian.Uint64(sig[4:])
					if slowSigned(pub, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", t, n.text), sig[12:]) {
						good = append(good, fmt.Sprintf("  %s %s %d %d\n", q, role, n.size, t))
						l.covered = max(l.covered, n.size)
					}
				}
			}
		}
		l.cosigned = append(l.cosigned, good...)
	}
}

// sequence says what breaks the order of the logs; ok is false where the records around r are not in the file.
func (s *slowCase) sequence(r *slowRecord) (broken, ok bool) {
	if r.index > 0 {
		prev := s.logs[r.party].find(r.index - 1)
		if prev == nil {
			return false, false
		}
		broken = r.time < prev.time
		for q, m := range prev.seen {
			broken = broken || r.seen[q].size < m.size
		}
	}
	for q, m := range r.seen {
		last := s.logs[q].find(m.size - 1)
		if last == nil {
			return false, false
		}
		broken = broken || r.time < last.time
		for x, n := range last.seen {
			known := r.seen[x].size
			if x == r.party {
				known = r.index
			}
			broken = broken || n.size > known
		}
	}
	return broken, true
}

func (s *slowCase) judge() {
	if s.instrument = s.group; s.subject != s.group {
		r := s.byID(s.subject)
		if r == nil {
			no("subject")
		}
		s.instrument = r.instrument
	}
	done := map[*slowRecord]bool{}
	for range s.each() { // slow: the next that follows all it knows
		for _, r := range s.each() {
			wait := done[r]
			for _, q := range s.each() {
				wait = wait || (r.knows(q) && !done[q])
			}
			if wait {
				continue
			}
			done[r] = true
			if r.kind == "charter" || r.instrument == s.instrument {
				s.judgeOne(r)
			}
		}
	}
	if len(done) != len(s.each()) {
		no("a circle")
	}
	if s.instrument != s.group && !slices.ContainsFunc(s.mine, func(r *slowRecord) bool { return r.id == s.instrument }) {
		no("the opening record")
	}
	if r := s.byID(s.subject); r != nil && len(r.why) > 0 {
		no("the subject has no effect: %v", r.why)
	}
}

func (s *slowCase) judgeOne(r *slowRecord) {
	broken, ok := s.sequence(r)
	if !ok || !r.proven {
		no("%s#%d without those around it", r.party, r.index)
	}
	if r.time > s.now+get[uint64](s.clocks, 6) {
		no("dated ahead")
	}
	add := func(bad bool, why string) {
		if bad {
			r.why = append(r.why, why)
		}
	}
	add(broken, "sequence")
	add(string(get[[]byte](r.h, 10)) != s.group, "charter")
	signed := map[string]bool{}
	for _, q := range s.each() {
		add(q.party == r.party && q.index < r.index && q.nonce == r.nonce, "nonce")
		if q.kind == "charter" && len(q.why) == 0 && r.knows(q) && q.verb == "consent" {
			signed[q.party] = true
		}
	}
	known := func(id string) *slowRecord {
		if q := s.byID(id); q != nil && r.knows(q) {
			return q
		}
		return nil
	}
	switch r.kind + " " + r.verb {
	case "charter consent":
		add(r.instrument != s.group || r.version != s.group, "reference")
	case "commitment propose":
		add(len(signed) != len(s.parties), "charter")
		add(r.instrument != r.id, "reference")
	case "commitment consent", "commitment withdraw":
		add(len(signed) != len(s.parties), "charter")
		open, text := known(r.instrument), known(r.version)
		add(open == nil || open.kind != r.kind || text == nil || text.verb != "propose" || text.instrument != r.instrument, "reference")
		if r.verb == "consent" {
			add(!r.consentForm(), "form of a consent")
		}
	default:
		no("%s %s is not known to this checker", r.kind, r.verb)
	}
	add(!s.approved(r), "approval")
	if len(r.why) > 0 {
		r.office = "" // what has no effect is carried by nobody
	}
	if r.instrument == s.instrument {
		s.mine = append(s.mine, r)
	}
}

// ink is what a consent says of a signature on paper, nil where it says nothing.
func (r *slowRecord) ink() obj {
	if t, ok := r.h[uint64(17)].(map[any]any); ok && r.verb == "consent" {
		if p, ok := t[uint64(1)].(map[any]any); ok {
			return p
		}
	}
	return nil
}

func (r *slowRecord) consentForm() bool {
	parts, ink := opt[[]any](r.h, 19), r.ink()
	if ink == nil {
		_, terms := r.h[uint64(17)]
		return len(parts) == 0 && !terms
	}
	scan := slices.ContainsFunc(parts, func(p any) bool { return strings.HasPrefix(get[string](as[map[any]any](p), 1), "annex/") })
	date, ok := ink[uint64(2)].(uint64)
	return scan && ok && date > 0 && date <= r.time
}

// signed says who signed a record and how.
func (s *slowCase) signed(r *slowRecord) string {
	var b strings.Builder
	for _, a := range r.approvals() {
		acting := false
		if p := s.logs[r.party].at(r.index); p != nil {
			for _, o := range get[[]any](p, 5) {
				for _, v := range opt[[]any](as[map[any]any](o), 3) {
					seat := obj(as[map[any]any](v))
					acting = acting || (as[map[any]any](o)[uint64(1)] == a[uint64(1)] && seat[uint64(1)] == a[uint64(2)] && opt[bool](seat, 5))
				}
			}
		}
		fmt.Fprintf(&b, "  %s/%d %d acting=%v", a[uint64(1)], a[uint64(2)], a[uint64(3)], acting)
		if p := r.ink(); p != nil {
			fmt.Fprintf(&b, " paper of %s, %d, %q", get[string](p, 1), get[uint64](p, 2), opt[string](p, 3))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (s *slowCase) approved(r *slowRecord) bool {
	p := s.logs[r.party].at(r.index)
	if p == nil {
		return false
	}
	count := map[string]map[string]bool{}
	for _, a := range r.approvals() {
		ok := false
		for _, o := range get[[]any](p, 5) {
			office := obj(as[map[any]any](o))
			for _, v := range opt[[]any](office, 3) {
				seat := obj(as[map[any]any](v))
				key := obj(as[map[any]any](seat[uint64(2)]))
				pub := get[[]byte](key, 2)
				until, ends := seat[uint64(4)]
				sits := opt[uint64](seat, 3) <= r.time && (!ends || r.time < as[uint64](until))
				if office[uint64(1)] == a[uint64(1)] && seat[uint64(1)] == a[uint64(2)] && sits && slowApproved(r, a, key) {
					ok = true
					if count[get[string](a, 1)] == nil {
						count[get[string](a, 1)] = map[string]bool{}
					}
					count[get[string](a, 1)][string(pub)] = true
				}
			}
		}
		if !ok {
			return false
		}
	}
	ink := r.ink()
	covers := func(g obj, time uint64) bool {
		kinds, verbs := get[[]any](g, 1), opt[[]any](g, 2)
		until, ends := g[uint64(4)]
		return (slices.Contains(kinds, any("*")) || slices.Contains(kinds, any(r.kind))) && (len(verbs) == 0 || slices.Contains(verbs, any(r.verb))) &&
			(!ends || time < as[uint64](until))
	}
	if ink != nil && !slices.ContainsFunc(get[[]any](p, 5), func(o any) bool {
		office := obj(as[map[any]any](o))
		return office[uint64(1)] == ink[uint64(1)] && slices.ContainsFunc(opt[[]any](office, 4), func(v any) bool { return covers(as[map[any]any](v), get[uint64](ink, 2)) })
	}) {
		return false
	}
	for _, o := range get[[]any](p, 5) {
		office := obj(as[map[any]any](o))
		need := uint64(0)
		for _, v := range opt[[]any](office, 4) {
			g := obj(as[map[any]any](v))
			if covers(g, r.time) && (ink == nil || opt[bool](g, 6)) && (need == 0 || get[uint64](g, 5) < need) {
				need = get[uint64](g, 5)
			}
		}
		if n := uint64(len(count[get[string](office, 1)])); need > 0 && n >= need {
			r.office = get[string](office, 1)
			return true
		}
	}
	return false
}

// knowing is the first record of a party that knows r.
func (s *slowCase) knowing(p string, r *slowRecord) *slowRecord {
	for _, q := range s.logs[p].records {
		if broken, ok := s.sequence(q); q.knows(r) && q.proven && ok && !broken {
			return q
		}
	}
	return nil
}

// agreed tries every choice of one consent of each party and takes the least that stands.
func (s *slowCase) agreed(text string, until uint64, acts []*slowRecord) map[string]*slowRecord {
	var best map[string]*slowRecord
	for _, a := range acts {
		for _, b := range acts {
			if a.verb != "consent" || b.verb != "consent" || a.version != text || b.version != text || a.party != s.parties[0] || b.party != s.parties[1] {
				continue
			}
			stands := until == 0 || (a.time <= until && b.time <= until)
			for _, w := range acts {
				if w.verb == "withdraw" && w.version == text {
					stands = stands && !(w.party == b.party && w.index > b.index && a.knows(w)) && !(w.party == a.party && w.index > a.index && b.knows(w))
				}
			}
			if stands && (best == nil || a.index+b.index < best[a.party].index+best[b.party].index) {
				best = map[string]*slowRecord{a.party: a, b.party: b}
			}
		}
	}
	return best
}

func (s *slowCase) conclude(top obj) string {
	texts, acts, rejected := map[string]uint64{}, []*slowRecord{}, 0
	if s.instrument == s.group {
		texts[s.group] = 0
	}
	for _, r := range s.mine {
		switch {
		case len(r.why) > 0:
			rejected++
		case r.verb == "propose":
			texts[r.id] = opt[uint64](r.h, 12)
		default:
			acts = append(acts, r)
		}
	}
	if len(texts) > 1 {
		no("rivals are not known to this checker")
	}
	standing, settled := "rejected", false
	var rest []*slowRecord
	if r := s.byID(s.subject); r != nil {
		rest = append(rest, r)
	}
	if len(texts) == 0 {
		for _, r := range s.mine {
			if len(r.why) == 0 {
				rest = append(rest, r)
			}
		}
	}
	for text, until := range texts {
		chosen := s.agreed(text, until, acts)
		if chosen == nil {
			standing = s.open(text, until, acts)
			for _, r := range s.mine {
				if len(r.why) == 0 {
					rest = append(rest, r)
				}
			}
			continue
		}
		standing, settled = "in-force", true
		if r := s.byID(text); r != nil {
			rest = append(rest, r)
		}
		for p := range chosen {
			rest = append(rest, chosen[p])
			for q := range chosen {
				settled = settled && (p == q || chosen[p].knows(chosen[q]) || s.knowing(p, chosen[q]) != nil)
			}
		}
		for _, p := range s.parties {
			ends := uint64(0)
			for _, a := range acts {
				if a.party != p || a.index <= chosen[p].index {
					continue
				}
				switch {
				case a.verb == "withdraw" && ends == 0:
					from := a.time + get[uint64](s.clocks, 2)
					for _, q := range s.parties {
						if k := s.knowing(q, a); q != p && k != nil {
							from = min(from, k.time)
						}
					}
					ends = from + get[uint64](s.clocks, 1)
				case a.verb == "consent" && ends != 0 && a.time < ends && (until == 0 || a.time <= until):
					ends = 0
				}
			}
			if ends != 0 && s.now >= ends {
				standing = "ended"
			}
		}
	}
	grade := "signed"
	if len(rest) > 0 && !slices.ContainsFunc(rest, func(r *slowRecord) bool { return r.index >= s.logs[r.party].covered }) {
		if grade = "witnessed"; settled {
			grade = "settled"
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%x of %x in %x: %s %s\n", s.subject, s.instrument, s.group, grade, standing)
	for _, r := range s.each() {
		if r.instrument != s.instrument {
			continue
		}
		witnesses := []string{}
		if r.index < s.logs[r.party].covered {
			witnesses = append(witnesses, string(evOther(record.Party(r.party))))
		}
		fmt.Fprintf(&b, "%s#%d %x effect=%v by %q witnesses=%v\n", r.party, r.index, r.id, len(r.why) == 0, r.office, witnesses)
		if len(r.why) == 0 {
			b.WriteString(s.signed(r))
		}
	}
	b.WriteString(s.parts(top))
	for _, p := range s.parties {
		l := s.logs[p]
		if len(l.notes) == 0 {
			continue
		}
		ids := []string{}
		for _, x := range l.spans {
			ids = append(ids, fmt.Sprintf("%x", x.id))
		}
		fmt.Fprintf(&b, "%s %d %x %d records, powers %v, links %v\n", p, l.head().size, l.head().root, len(l.records), ids, l.links)
		b.WriteString(strings.Join(l.cosigned, ""))
	}
	return b.String()
}

// open is how a text stands that is not in force.
func (s *slowCase) open(text string, until uint64, acts []*slowRecord) string {
	last := map[string]string{}
	for _, a := range acts {
		if a.version == text && (a.verb == "withdraw" || until == 0 || a.time <= until) {
			last[a.party] = a.verb
		}
	}
	for _, verb := range last {
		if verb == "withdraw" {
			return "withdrawn"
		}
	}
	if until != 0 && s.now > until {
		return "lapsed"
	}
	return "proposed"
}

func (s *slowCase) parts(top obj) string {
	key, shown := "", map[string]bool{}
	for _, v := range get[[]any](top, 7) {
		o := object(v, 1, 2)
		x := object(o[uint64(2)], 1, 2, 3)
		r, name, content := s.byID(id32(get[[]byte](o, 1))), get[string](x, 1), get[[]byte](x, 3)
		k := string(get[[]byte](o, 1)) + name
		if key >= k || len(get[[]byte](x, 2)) != 16 {
			no("order of parts")
		}
		key = k
		if r == nil || r.instrument != s.instrument {
			no("a part of no record of the instrument")
		}
		found := false
		for _, p := range opt[[]any](r.h, 19) {
			ref := as[map[any]any](p)
			if ref[uint64(1)] != name {
				continue
			}
			bound := evEncode([]any{get[[]byte](r.h, 2), []byte(r.nonce), name, ref[uint64(4)], ref[uint64(3)], x[uint64(2)]})
			found = ref[uint64(3)] == uint64(len(content)) && sum([]byte("entente/part/v1\x00"), bound, content) == string(get[[]byte](ref, 2))
		}
		if !found {
			no("not the part that was signed")
		}
		shown[k] = true
	}
	var b strings.Builder
	for _, r := range s.each() {
		for _, p := range opt[[]any](r.h, 19) {
			if r.instrument == s.instrument {
				name := get[string](as[map[any]any](p), 1)
				fmt.Fprintf(&b, "part %x %s %v\n", r.id, name, shown[r.id+name])
			}
		}
	}
	return b.String()
}
