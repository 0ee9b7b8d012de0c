package entente_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"entente"
	"entente/consent"
	"entente/record"
)

// A second reading of rules C2 and C6, from the raw bytes and as slowly as they are written: it shares no code with the
// ledger beyond the decoding of structs. pick chooses the powers that judge a record; naming it makes mutants possible.
type auditor struct {
	founding *entente.Charter
	logs     map[record.Party][]*record.Header
	ids      map[record.ID]*record.Header
	pick     func(spans []span, h *record.Header) *entente.Powers
	sits     func(s entente.Seat, h *record.Header, a record.Approval) bool
	paper    bool // signatures on paper need the powers to record them; the mutant lets any office do so
}

type span struct {
	from   uint64
	time   int64
	powers *entente.Powers
}

// byIndex is the rule.
func byIndex(spans []span, h *record.Header) (p *entente.Powers) {
	for _, s := range spans {
		if s.from < h.Index {
			p = s.powers
		}
	}
	return p
}

// byTime is the mutant: it compares times where the rule compares positions.
func byTime(spans []span, h *record.Header) (p *entente.Powers) {
	for _, s := range spans {
		if s.time <= h.Time {
			p = s.powers
		}
	}
	return p
}

// inTerm is the rule; the mutants hold the term against the official's own clock, count its last second, or forget it.
func inTerm(s entente.Seat, h *record.Header, _ record.Approval) bool {
	return (s.From == 0 || s.From <= h.Time) && (s.Until == 0 || h.Time < s.Until)
}

func byOwnClock(s entente.Seat, _ *record.Header, a record.Approval) bool {
	return (s.From == 0 || s.From <= a.Time) && (s.Until == 0 || a.Time < s.Until)
}

func withLastSecond(s entente.Seat, h *record.Header, _ record.Approval) bool {
	return (s.From == 0 || s.From <= h.Time) && (s.Until == 0 || h.Time <= s.Until)
}

func anyTerm(entente.Seat, *record.Header, record.Approval) bool { return true }

func newAuditor(v *view, pick func([]span, *record.Header) *entente.Powers) *auditor {
	a := &auditor{founding: v.ledger.Founding(), logs: map[record.Party][]*record.Header{}, ids: map[record.ID]*record.Header{}, pick: pick, sits: inTerm, paper: true}
	for p, n := range v.cut {
		for _, r := range v.logs[p].records[:n] {
			h, _, err := record.Peek(r.Bytes())
			if err != nil {
				panic(err)
			}
			a.logs[p], a.ids[r.ID()] = append(a.logs[p], h), h
		}
	}
	return a
}

func (a *auditor) spans(p record.Party) (out []span) {
	i := slices.IndexFunc(a.founding.Parties, func(c entente.CharterParty) bool { return c.ID == p })
	root, next := a.founding.Parties[i].Root, a.founding.Parties[i].Next
	nonces := map[record.Nonce]bool{}
	for _, h := range a.logs[p] {
		if h.Kind != "powers" || h.Verb != record.Propose {
			continue
		}
		again := nonces[h.Nonce]
		nonces[h.Nonce] = true
		var x entente.Powers
		if again || record.Unmarshal(h.Terms, &x) != nil || x.Check() != nil {
			continue
		}
		stays := x.Root.String() == root.String() && x.Next == next
		if !stays && x.Root.Digest() != next {
			continue
		}
		act, _ := record.Act(h)
		for _, s := range h.Approvals {
			if s.Office == record.RootOffice && ed25519.Verify(ed25519.PublicKey(x.Root.Public), record.Statement(act, p, s.Office, s.Seat, s.Time), s.Signature) {
				out = append(out, span{h.Index, h.Time, &x})
				root, next = x.Root, x.Next
				break
			}
		}
	}
	return out
}

// verifies reads the two algorithms as doc/record.md section 6 says, WebAuthn by a general decoder.
func verifies(k entente.Key, statement []byte, a record.Approval) bool {
	if k.Alg != a.Alg {
		return false
	}
	if k.Alg == record.Ed25519 {
		return len(a.Evidence) == 0 && ed25519.Verify(ed25519.PublicKey(k.Public), statement, a.Signature)
	}
	if len(a.Evidence) != 2 || len(a.Evidence[0]) != 37 || !bytes.Equal(a.Evidence[0][:32], k.Public[33:]) || a.Evidence[0][32]&0b11000101 != 0b101 {
		return false
	}
	var m map[string]any
	if json.Unmarshal(a.Evidence[1], &m) != nil {
		return false
	}
	c := sha256.Sum256(statement)
	origin, _ := m["origin"].(string)
	if len(origin) < 9 || m["type"] != "webauthn.get" || m["challenge"] != base64.RawURLEncoding.EncodeToString(c[:]) || m["crossOrigin"] != false {
		return false
	}
	if host := sha256.Sum256([]byte(origin[len("https://"):])); !bytes.Equal(host[:], k.Public[33:]) {
		return false
	}
	client := sha256.Sum256(a.Evidence[1])
	d := sha256.Sum256(slices.Concat(a.Evidence[0], client[:]))
	x, y := unpacked(k.Public[:33])
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x.FillBytes(make([]byte, 32)), y.FillBytes(make([]byte, 32))))
	return err == nil && ecdsa.VerifyASN1(pub, d[:], a.Signature)
}

// unpacked solves y² = x³ − 3x + b for the root of the parity that stands first.
func unpacked(point []byte) (x, y *big.Int) {
	c := elliptic.P256().Params()
	x = new(big.Int).SetBytes(point[1:])
	y = new(big.Int).Exp(x, big.NewInt(3), c.P)
	y.Sub(y, new(big.Int).Mul(big.NewInt(3), x)).Add(y, c.B).Mod(y, c.P).ModSqrt(y, c.P)
	if y != nil && y.Bit(0) != uint(point[0]&1) {
		y.Sub(c.P, y)
	}
	return x, y
}

// signed says whether enough officials with the powers signed the record, and nobody else did.
func (a *auditor) signed(h *record.Header) bool {
	p := a.pick(a.spans(h.Party), h)
	if p == nil {
		return false
	}
	act, _ := record.Act(h)
	good := map[string]map[uint64]bool{}
	for _, s := range h.Approvals {
		found := false
		for _, o := range p.Offices {
			for _, seat := range o.Seats {
				if s.Office == o.ID && s.Seat == seat.Number && a.sits(seat, h, s) && verifies(seat.Key, record.Statement(act, h.Party, o.ID, s.Seat, s.Time), s) {
					found = true
					if good[o.ID] == nil {
						good[o.ID] = map[uint64]bool{}
					}
					good[o.ID][s.Seat] = true
				}
			}
		}
		if !found {
			return false
		}
	}
	ink := paperIn(h)
	if ink != nil && a.paper && !a.mayHaveSigned(p, h, ink) {
		return false
	}
	for _, o := range p.Offices {
		seats := good[o.ID]
		for _, g := range o.Grants {
			kind := slices.Contains(g.Kinds, h.Kind) || slices.Contains(g.Kinds, "*")
			verb := len(g.Verbs) == 0 || slices.Contains(g.Verbs, h.Verb)
			where := len(g.Lines) == 0 || slices.Contains(g.Lines, h.Line)
			if kind && verb && where && (g.Until == 0 || h.Time < g.Until) && uint64(len(seats)) >= g.Sign &&
				(ink == nil || g.Paper || !a.paper) {
				return true
			}
		}
	}
	return false
}

// paperIn reads what a consent says of a signature on paper: office, date.
func paperIn(h *record.Header) map[uint64]any {
	var m map[uint64]map[uint64]any
	if h.Verb != record.Consent || len(h.Terms) == 0 || record.Unmarshal(h.Terms, &m) != nil {
		return nil
	}
	return m[1]
}

// mayHaveSigned: the office named could have signed it with a key on the date it bears.
func (a *auditor) mayHaveSigned(p *entente.Powers, h *record.Header, ink map[uint64]any) bool {
	date, _ := ink[2].(uint64)
	for _, o := range p.Offices {
		for _, g := range o.Grants {
			if o.ID == ink[1] && (slices.Contains(g.Kinds, h.Kind) || slices.Contains(g.Kinds, "*")) && (len(g.Verbs) == 0 || slices.Contains(g.Verbs, h.Verb)) &&
				(len(g.Lines) == 0 || slices.Contains(g.Lines, h.Line)) && (g.Until == 0 || date < uint64(g.Until)) {
				return true
			}
		}
	}
	return false
}

// heard reads from each party's own log what it said of a text: who agreed ad referendum, by when objections were asked for,
// and who objected. bad are the records without effect.
func (a *auditor) heard(x *entente.VersionState, bad func(record.Ref) bool) (adReferendum []record.Party, by int64, objected []record.Party) {
	type word struct {
		stance string
		time   int64
	}
	said, asked := map[record.Party][]word{}, int64(0)
	for p, log := range a.logs {
		for _, h := range log {
			var m map[uint64]any
			switch {
			case bad(h.Ref()):
			case h.Verb == record.Consent && h.Version == x.ID && (x.Until == 0 || h.Time <= x.Until):
				said[p] = append(said[p], word{"consent", 0})
			case h.Verb == record.Reply && record.Unmarshal(h.Terms, &m) == nil:
				if to, _ := m[1].([]byte); !bytes.Equal(to, x.ID[:]) {
					continue
				}
				switch stance, _ := m[2].(string); stance {
				case "ask-no-objection":
					last, _ := m[4].(uint64)
					asked = int64(last)
				case "answer":
				default:
					said[p] = append(said[p], word{stance, h.Time})
				}
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(said)) {
		last, timely := "", ""
		for _, w := range said[p] {
			if last = w.stance; w.time <= asked {
				timely = w.stance
			}
			if w.stance == "consent" {
				timely = w.stance
			}
		}
		consented := slices.ContainsFunc(said[p], func(w word) bool { return w.stance == "consent" })
		if last == "ad-referendum" && !consented {
			adReferendum = append(adReferendum, p)
		}
		if asked != 0 && p != x.Ref.Party && (timely == "object" || timely == "contest") {
			objected = append(objected, p)
		}
	}
	return adReferendum, asked, objected
}

// first says whether the act stands at no lower index of its log.
func (a *auditor) first(h *record.Header) bool {
	for _, x := range a.logs[h.Party][:h.Index] {
		if x.Nonce == h.Nonce {
			return false
		}
	}
	return true
}

// required is rule C2 for every kind but powers, in the words of the model.
func (a *auditor) required(h *record.Header) []record.Party {
	c := a.founding
	if x := a.ids[h.Charter]; x != nil {
		c = new(entente.Charter)
		if err := record.Unmarshal(x.Terms, c); err != nil {
			panic(err)
		}
	}
	if h.Kind != "charter" && c.Consent[h.Kind] == "participants" && len(h.Participants) > 0 {
		return h.Participants
	}
	var out []record.Party
	for _, p := range c.Parties {
		out = append(out, p.ID)
	}
	return out
}

// unsupported returns why a version that a state calls in force has no right to it (invariant 1): a required party without
// one valid consent in the cut. checked counts the consents that were found.
func (a *auditor) unsupported(v *view) (why []string, checked int) {
	for id := range v.states {
		s := v.state(id)
		for _, x := range s.Versions {
			if x.Standing == consent.Open {
				continue
			}
			required := a.founding.IDs()
			if h := a.ids[x.ID]; h != nil {
				required = a.required(h)
			}
			if len(required) == 0 || !slices.Equal(required, x.Required) {
				why = append(why, fmt.Sprintf("%s needs %v, the state says %v", x.ID.Short(), required, x.Required))
			}
			for _, p := range required {
				if !slices.ContainsFunc(a.logs[p], func(h *record.Header) bool {
					return h.Verb == record.Consent && h.Version == x.ID && (x.Until == 0 || h.Time <= x.Until) && a.first(h) && a.signed(h)
				}) {
					why = append(why, fmt.Sprintf("%s is %s without a valid consent of %s", x.ID.Short(), x.Standing, p))
					continue
				}
				checked++
			}
		}
	}
	return why, checked
}
