package entente_test

import (
	"crypto/ed25519"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"entente"
	"entente/record"
	"entente/record/authenticator"
	"entente/release"
)

// The world of these tests: parties with seeded keys, a log each, links that can be cut, and one clock. A record is
// delivered to everybody who can be reached as soon as it is written; what was missed follows when a link is mended.
type world struct {
	tb       tester
	kinds    entente.Kinds
	founding []byte
	group    record.ID
	now      int64
	parties  map[record.Party]*party
	order    []record.Party
	cuts     map[[2]record.Party]bool
	serial   uint64
}

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

type party struct {
	w        *world
	id       record.Party
	root     ed25519.PrivateKey
	next     ed25519.PrivateKey
	keys     map[entente.Use]ed25519.PrivateKey
	seats    map[string]ed25519.PrivateKey           // office/seat
	devices  map[string]*authenticator.Authenticator // likewise, of seats that sign by WebAuthn
	powers   entente.Powers                          // as last written
	view     *view
	written  []*record.Record
	careless bool // its gate does not stop rivals and records without effect
}

const epoch = int64(1_760_000_000)

func seedKey(what ...any) ed25519.PrivateKey {
	d := record.Digest("test key", fmt.Append(nil, what...))
	return ed25519.NewKeyFromSeed(d[:])
}

func publicKey(k ed25519.PrivateKey) entente.Key {
	return entente.Key{Alg: record.Ed25519, Public: entente.HexBytes(k.Public().(ed25519.PublicKey))}
}

func inBoth(s string) map[string]string { return map[string]string{"en": s, "es": s} }

func newCharter(ids ...record.Party) *entente.Charter {
	c := &entente.Charter{Rules: entente.Rules, Names: inBoth("Group"), Purpose: inBoth("Purpose"), Founded: epoch, Track: "security",
		Languages: []string{"en", "es"}, Clocks: entente.Clocks{Notice: 1000, Ceiling: 5000, Retention: 1, Skew: 300}, Handling: []string{"H1"}, Silence: []string{"commitment", "indicator", "meeting", "statement"},
		Lines: []entente.CharterLine{{Code: "arms", Names: inBoth("arms")}, {Code: "fuel", Names: inBoth("fuel")}}}
	for _, id := range ids {
		c.Parties = append(c.Parties, entente.CharterParty{ID: id, Names: inBoth(string(id)), Root: publicKey(seedKey(id, "root")), Next: publicKey(seedKey(id, "next")).Digest()})
	}
	return c
}

// newWorld founds a group: every party has put its powers on record and signed the charter.
func newWorld(tb tester, c *entente.Charter) *world {
	tb.Helper()
	w := bareWorld(tb, c)
	for _, id := range w.order {
		w.As(id).Powers()
	}
	for _, id := range w.order {
		w.As(id).Consent(w.group)
	}
	for _, id := range w.order {
		if got, _ := w.parties[id].view.ledger.Charter(); got != w.group {
			tb.Fatalf("the charter is not in force for %s", id)
		}
	}
	return w
}

// bareWorld is before anybody has written anything.
func bareWorld(tb tester, c *entente.Charter) *world {
	tb.Helper()
	b, err := c.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{tb: tb, kinds: entente.Standard(), founding: b, group: entente.GroupOf(b), now: epoch + 1, parties: map[record.Party]*party{},
		order: c.IDs(), cuts: map[[2]record.Party]bool{}}
	for _, id := range w.order {
		p := &party{w: w, id: id, root: seedKey(id, "root"), next: seedKey(id, "next"), keys: map[entente.Use]ed25519.PrivateKey{}, seats: map[string]ed25519.PrivateKey{},
			devices: map[string]*authenticator.Authenticator{}, view: newView(w.kinds, b)}
		for _, u := range entente.Uses {
			p.keys[u] = seedKey(id, u)
		}
		p.powers = entente.Powers{Root: publicKey(p.root), Next: publicKey(p.next).Digest(), Keys: map[entente.Use]entente.Key{}, Offices: []entente.Office{
			p.office("foreign", 3, entente.Grant{Kinds: []string{"*"}, Sign: 1}),
			p.office("fuel-desk", 2, entente.Grant{Kinds: []string{"commitment", "objective"}, Lines: []string{"fuel"}, Sign: 1}),
			p.office("joint", 3, entente.Grant{Kinds: []string{"*"}, Sign: 2}),
			p.office("minister", 0, entente.Grant{Kinds: []string{"*"}, Sign: 1}),
			p.office("press", 1, entente.Grant{Kinds: []string{"statement"}, Verbs: []record.Verb{record.Propose}, Sign: 1, Until: epoch + 10_000}),
			p.office("registry", 2, entente.Grant{Kinds: []string{"*"}, Verbs: []record.Verb{record.Consent}, Sign: 1, Paper: true}),
		}}
		p.powers.Offices = slices.Insert(p.powers.Offices, 0, entente.Office{ID: "deputy", Names: inBoth("deputy"),
			Seats: []entente.Seat{p.device("deputy", 1), p.device("deputy", 2)}, Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: 1}}})
		p.powers.Offices[0].Seats[1].From, p.powers.Offices[0].Seats[1].Until, p.powers.Offices[0].Seats[1].Acting = termFrom, termUntil, true
		for u, k := range p.keys {
			p.powers.Keys[u] = publicKey(k)
		}
		w.parties[id] = p
	}
	return w
}

func (p *party) office(id string, seats uint64, grants ...entente.Grant) entente.Office {
	o := entente.Office{ID: id, Names: inBoth(id), Grants: grants}
	for n := uint64(1); n <= seats; n++ {
		k := seedKey(p.id, id, n)
		p.seats[fmt.Sprintf("%s/%d", id, n)] = k
		o.Seats = append(o.Seats, entente.Seat{Number: n, Key: publicKey(k)})
	}
	return o
}

// The term of the acting deputy, who holds deputy/2.
const termFrom, termUntil = epoch + 200, epoch + 900

// device gives a seat an authenticator.
func (p *party) device(office string, n uint64) entente.Seat {
	d := authenticator.New(fmt.Sprint(p.id, office, n), "entente."+string(p.id))
	p.devices[fmt.Sprintf("%s/%d", office, n)] = d
	return entente.Seat{Number: n, Key: entente.Key{Alg: record.WebAuthn, Public: d.Public()}}
}

// As lets a party act.
func (w *world) As(id record.Party) *party { return w.parties[id] }

// Cut stops delivery between two parties, Mend starts it again.
func (w *world) Cut(a, b record.Party) {
	w.cuts[[2]record.Party{a, b}], w.cuts[[2]record.Party{b, a}] = true, true
}
func (w *world) Mend(a, b record.Party) {
	w.cuts = maps.Clone(w.cuts)
	delete(w.cuts, [2]record.Party{a, b})
	delete(w.cuts, [2]record.Party{b, a})
	w.Deliver()
}

// CutAll and MendAll do so for every pair.
func (w *world) CutAll() {
	for _, a := range w.order {
		for _, b := range w.order {
			if a != b {
				w.Cut(a, b)
			}
		}
	}
}
func (w *world) MendAll() { clear(w.cuts); w.Deliver() }

// Wait moves the clock.
func (w *world) Wait(seconds int64) *world { w.now += seconds; return w }

// Deliver brings everything that was written to everybody who can be reached.
func (w *world) Deliver() {
	for _, to := range w.order {
		v := w.parties[to].view
		for _, from := range w.order {
			if from != to && w.cuts[[2]record.Party{from, to}] {
				continue
			}
			for n := len(v.logs[from].records); n < len(w.parties[from].written); n++ {
				if err := v.receive(from, w.parties[from].written[n].Bytes()); err != nil {
					w.tb.Fatalf("%s receives %s#%d: %v", to, from, n, err)
				}
			}
		}
		v.advance(w.now + 300)
	}
}

// draft is a record before it is sealed.
type draft struct {
	p       *party
	h       record.Header
	parts   []record.Part
	signers []string           // office/seat; root
	seal    ed25519.PrivateKey // record key
	moved   []record.Approval  // approvals taken as they are
}

type edit func(*draft)

// with changes the header before it is approved.
func with(f func(*record.Header)) edit { return func(d *draft) { f(&d.h) } }

// line, until and participants change what their names say.
func line(l string) edit { return with(func(h *record.Header) { h.Line = l }) }
func until(t int64) edit { return with(func(h *record.Header) { h.Until = t }) }
func among(p ...record.Party) edit {
	return with(func(h *record.Header) { h.Participants = slices.Sorted(slices.Values(p)) })
}

// by replaces the signers.
func by(seats ...string) edit { return func(d *draft) { d.signers = seats } }

// part puts a part in the place of the one of its name. Without a marking it goes to every party.
func content(name, content string, m ...record.Marking) edit {
	return func(d *draft) {
		mark := release.Default(d.p.id, d.p.w.order...)
		if len(m) > 0 {
			mark = m[0]
		}
		p := record.Part{Name: name, Content: []byte(content)}
		d.p.w.serial++
		binary.BigEndian.PutUint64(p.Salt[:], d.p.w.serial)
		ref, err := record.Describe(d.p.w.group, d.h.Nonce, p, mark)
		if err != nil {
			d.p.w.tb.Fatal(err)
		}
		drop(name)(d)
		d.h.Parts, d.parts = append(d.h.Parts, ref), append(d.parts, p)
		slices.SortFunc(d.h.Parts, func(a, b record.PartRef) int { return compare(a.Name, b.Name) })
	}
}

// drop takes a part out.
func drop(name string) edit {
	return func(d *draft) {
		d.h.Parts = slices.DeleteFunc(d.h.Parts, func(x record.PartRef) bool { return x.Name == name })
	}
}

// onPaper makes a consent record that an office signed on paper, a second before now.
func onPaper(office string) edit {
	return func(d *draft) {
		terms(entente.ConsentTerms{Paper: &entente.Paper{Office: office, Signed: d.p.w.now - 1, Place: "Ciudad de México"}})(d)
		content("annex/scan", "scan")(d)
	}
}

func compare(a, b string) int {
	if a < b {
		return -1
	} else if a > b {
		return 1
	}
	return 0
}

// texts are the parts that most kinds need.
func texts(s string) []edit {
	return []edit{content("title.en", s), content("title.es", s), content("body.en", s), content("body.es", s)}
}

// terms sets the terms from a struct of a kind.
func terms(v any) edit {
	return func(d *draft) {
		j, err := json.Marshal(v)
		if err != nil {
			d.p.w.tb.Fatal(err)
		}
		if d.h.Terms, err = d.p.w.kinds.EncodeTerms(d.h.Kind, d.h.Verb, j); err != nil {
			d.p.w.tb.Fatal(err)
		}
	}
}

// rawTerms sets terms that no kind may have.
func rawTerms(v any) edit {
	return func(d *draft) {
		b, err := record.Marshal(v)
		if err != nil {
			d.p.w.tb.Fatal(err)
		}
		d.h.Terms = b
	}
}

// draft starts a record at the end of the party's log, which knows all that counts there.
func (p *party) draft(kind string, verb record.Verb, edits ...edit) *draft {
	w := p.w
	w.serial++
	d := &draft{p: p, signers: []string{"foreign/1"}, seal: p.keys[entente.UseRecord],
		h: record.Header{Format: record.Format, Group: w.group, Party: p.id, Index: uint64(len(p.written)), Kind: kind, Verb: verb, Charter: w.group, Time: w.now, Seen: record.Seen{}}}
	binary.BigEndian.PutUint64(d.h.Nonce[:], w.serial)
	if id, c := p.view.ledger.Charter(); c != nil {
		d.h.Charter = id
	}
	for q, n := range p.view.cut {
		if n > 0 {
			d.h.Time = max(d.h.Time, p.view.logs[q].records[n-1].Header().Time)
			if q != p.id {
				d.h.Seen[q] = record.Mark{Size: n, Root: p.view.logs[q].roots[n-1]}
			}
		}
	}
	for _, e := range edits {
		e(d)
	}
	return d
}

// sealed approves and seals a draft.
func (d *draft) sealed() *record.Record {
	act, err := record.Act(&d.h)
	if err != nil {
		d.p.w.tb.Fatal(err)
	}
	d.h.Approvals = slices.Clone(d.moved)
	for _, s := range d.signers {
		if s == record.RootOffice {
			d.h.Approvals = append(d.h.Approvals, record.Approve(act, d.p.id, record.RootOffice, 0, d.p.w.now, d.p.root))
			continue
		}
		var office string
		var seat uint64
		for i := len(s) - 1; i > 0; i-- {
			if s[i] == '/' {
				office = s[:i]
				fmt.Sscan(s[i+1:], &seat)
				break
			}
		}
		if x := d.p.devices[s]; x != nil {
			d.h.Approvals = append(d.h.Approvals, byDevice(x, act, d.p.id, office, seat, d.p.w.now))
			continue
		}
		key := d.p.seats[s]
		if key == nil {
			d.p.w.tb.Fatalf("%s has no seat %s", d.p.id, s)
		}
		d.h.Approvals = append(d.h.Approvals, record.Approve(act, d.p.id, office, seat, d.p.w.now, key))
	}
	r, err := record.Seal(d.h, d.seal)
	if err != nil {
		d.p.w.tb.Fatal(err)
	}
	return r
}

func byDevice(x *authenticator.Authenticator, act record.ID, p record.Party, office string, seat uint64, time int64) record.Approval {
	data, client, sig := x.Sign(record.Challenge(act, p, office, seat, time))
	return record.Approval{Office: office, Seat: seat, Alg: record.WebAuthn, Time: time, Signature: sig, Evidence: [][]byte{data, client}}
}

// Write seals a record, puts it in the party's log and delivers it.
func (p *party) Write(kind string, verb record.Verb, edits ...edit) *record.Record {
	p.w.tb.Helper()
	return p.put(p.draft(kind, verb, edits...).sealed())
}

func (p *party) put(r *record.Record) *record.Record {
	p.w.tb.Helper()
	p.written = append(p.written, r)
	p.w.Deliver()
	return r
}

// Reasons judges what the party would write, without writing it.
func (p *party) Reasons(kind string, verb record.Verb, edits ...edit) []entente.Reason {
	return p.view.ledger.Judge(p.draft(kind, verb, edits...).sealed(), counted{p.view})
}

// good fails the test where a record has no effect at the node that wrote it.
func (p *party) good(r *record.Record) *record.Record {
	p.w.tb.Helper()
	if j, ok := p.view.judged[r.Header().Ref()]; !ok {
		p.w.tb.Fatalf("%s does not count at its author's node: %v", r.Header().Ref(), p.view.held)
	} else if len(j.Reasons) > 0 {
		p.w.tb.Fatalf("%s has no effect: %v", r.Header().Ref(), j.Reasons)
	}
	return r
}

// Powers puts the party's powers on record as they stand now.
func (p *party) Powers(edits ...edit) *record.Record {
	p.w.tb.Helper()
	return p.Write("powers", record.Propose, append([]edit{terms(p.powers), by(record.RootOffice)}, edits...)...)
}

// revoke takes a seat out of the powers, to be put on record by Powers.
func (p *party) revoke(office string, seat uint64) {
	offices := slices.Clone(p.powers.Offices)
	for i := range offices {
		if offices[i].ID == office {
			offices[i].Seats = slices.DeleteFunc(slices.Clone(offices[i].Seats), func(s entente.Seat) bool { return s.Number == seat })
		}
	}
	p.powers.Offices = offices
}

// Propose puts a text on record and returns its id.
func (p *party) Propose(kind string, t any, edits ...edit) record.ID {
	p.w.tb.Helper()
	all := append(texts(kind), terms(t))
	return p.good(p.Write(kind, record.Propose, append(all, edits...)...)).ID()
}

// Amend proposes a version of an instrument in the place of another, or a counter-proposal where that is zero.
func (p *party) Amend(of, replaces record.ID, t any, edits ...edit) record.ID {
	p.w.tb.Helper()
	h := p.view.byID[of].Header()
	return p.Propose(h.Kind, t, append([]edit{on(of), with(func(x *record.Header) { x.Replaces, x.Line = replaces, h.Line })}, edits...)...)
}

// AmendCharter proposes a new charter.
func (p *party) AmendCharter(replaces record.ID, c *entente.Charter, edits ...edit) record.ID {
	p.w.tb.Helper()
	return p.good(p.Write("charter", record.Propose, append([]edit{terms(c), on(p.w.group), with(func(h *record.Header) { h.Replaces = replaces })}, edits...)...)).ID()
}

// lineOf is the line of effort of an instrument.
func (p *party) lineOf(instrument record.ID) edit {
	return with(func(h *record.Header) { h.Line = p.view.byID[instrument].Header().Line })
}

func on(instrument record.ID) edit { return with(func(h *record.Header) { h.Instrument = instrument }) }

// about makes a record speak of a version, as the page that shows it would.
func (p *party) about(version record.ID) edit {
	return func(d *draft) {
		d.h.Version = version
		if r := p.view.byID[version]; r != nil {
			d.h.Instrument, d.h.Line = r.Instrument(), r.Header().Line
		} else {
			d.h.Instrument = version
		}
	}
}

func (p *party) kindOf(version record.ID) string {
	if r := p.view.byID[version]; r != nil {
		return r.Header().Kind
	}
	return "charter"
}

// Consent, Withdraw put a party's word on a version on record. The party's own gate asks for rivals first.
func (p *party) Consent(version record.ID, edits ...edit) *record.Record {
	p.w.tb.Helper()
	r := p.draft(p.kindOf(version), record.Consent, append([]edit{p.about(version)}, edits...)...).sealed()
	if !p.careless {
		if err := p.mayConsent(r.Header()); err != nil {
			p.w.tb.Fatalf("%s may not consent: %v", p.id, err)
		}
	}
	return p.put(r)
}

func (p *party) mayConsent(h *record.Header) error {
	return p.view.ledger.MayConsent(h, p.view.instruments[h.Instrument], counted{p.view})
}

func (p *party) Withdraw(version record.ID, edits ...edit) *record.Record {
	p.w.tb.Helper()
	return p.Write(p.kindOf(version), record.Withdraw, append([]edit{p.about(version)}, edits...)...)
}

// Report puts a report on a version on record.
func (p *party) Report(version record.ID, t any, edits ...edit) *record.Record {
	p.w.tb.Helper()
	return p.Write(p.kindOf(version), record.Report, append([]edit{p.about(version), terms(t)}, edits...)...)
}

// Release lets a text be published, from a time or, with 0, from its embargo.
func (p *party) Release(version record.ID, at int64, edits ...edit) *record.Record {
	p.w.tb.Helper()
	return p.Write(p.kindOf(version), record.Release, append([]edit{p.about(version), terms(entente.Released{At: at})}, edits...)...)
}

// Reply answers a record.
func (p *party) Reply(to record.ID, s entente.Stance, edits ...edit) *record.Record {
	p.w.tb.Helper()
	r := p.view.byID[to]
	t := entente.ReplyTerms{To: to, Stance: s}
	if s == entente.AskNoObjection {
		if t.By = p.w.now + 500; r.Header().Until != 0 {
			t.By = min(t.By, r.Header().Until)
		}
	}
	return p.Write(r.Header().Kind, record.Reply, append([]edit{on(r.Instrument()), p.lineOf(r.Instrument()), terms(t)}, edits...)...)
}

// Receipt tells the others what has arrived.
func (p *party) Receipt() *record.Record {
	p.w.tb.Helper()
	return p.good(p.Write("receipt", record.Note, by()))
}

// State is what a party's node says of an instrument.
func (p *party) State(id record.ID) *entente.State {
	p.w.tb.Helper()
	s := p.view.state(id)
	if s == nil {
		p.w.tb.Fatalf("%s has no state of %s", p.id, id.Short())
	}
	return s
}

// Phase reads the state now.
func (p *party) Phase(id record.ID) entente.Phase {
	p.w.tb.Helper()
	return p.State(id).At(p.w.now).Phase
}

// version finds a version of a state.
func version(s *entente.State, id record.ID) *entente.VersionState {
	for i := range s.Versions {
		if s.Versions[i].ID == id {
			return &s.Versions[i]
		}
	}
	return nil
}

// same fails where two nodes at equal cuts have other states.
func (w *world) same() {
	w.tb.Helper()
	first := w.parties[w.order[0]].view
	for _, id := range w.order[1:] {
		v := w.parties[id].view
		if v.cutKey() != first.cutKey() {
			w.tb.Fatalf("cuts differ: %s and %s; held %v %v", first.cutKey(), v.cutKey(), first.held, v.held)
		}
		if v.digest() != first.digest() {
			w.tb.Fatalf("states of %s and %s differ at equal cuts", w.order[0], id)
		}
	}
	for _, id := range w.order {
		if err := w.parties[id].view.scratch(); err != nil {
			w.tb.Fatal(err)
		}
	}
}

// codes are the codes of reasons, ascending, each once.
func codes(r []entente.Reason) []string {
	var out []string
	for _, x := range r {
		out = append(out, x.Code)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// only fails unless the reasons are exactly of these codes.
func only(tb tester, got []entente.Reason, want ...string) {
	tb.Helper()
	slices.Sort(want)
	if !slices.Equal(codes(got), want) {
		tb.Errorf("reasons %v, want codes %v", got, want)
	}
}

func promise(owner record.Party) entente.Commitment {
	return entente.Commitment{Owner: owner, Due: epoch + 20_000}
}
