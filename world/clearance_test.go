package world_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"entente"
	"entente/node"
	"entente/record"
	"entente/world"
)

func office(name string) node.Caller { return node.Caller{Office: name, Seat: 3, Via: "world"} }

var machine = node.Caller{Operator: true, Via: "world"}

// ministry gives a party the offices legal, lead and press at home. They have no part in the joint group.
func ministry(t *testing.T, p *world.Party) record.ID {
	t.Helper()
	offices := p.Offices()
	for _, o := range []string{"legal", "lead", "press"} {
		offices = append(offices, entente.Office{ID: o, Names: map[string]string{"en": o, "es": o}})
	}
	own := ownGroup(t, p)
	ok(t, p.Node.PutPowers(t.Context(), own, offices, p.Root))
	return own
}

func ownGroup(t *testing.T, p *world.Party) record.ID {
	t.Helper()
	for _, g := range p.Node.Groups(t.Context(), machine) {
		if g.Own {
			return g.ID
		}
	}
	t.Fatal("no group of one")
	return record.ID{}
}

// promise drafts a commitment and keeps it.
func promise(t *testing.T, p *world.Party, title string) *node.Draft {
	t.Helper()
	terms, err := json.Marshal(map[string]any{"owner": p.ID, "due": p.W.Now() + 30*world.Day})
	ok(t, err)
	d, err := p.Node.Prepare(t.Context(), desk, node.Act{Group: p.W.Group, Kind: "commitment", Verb: record.Propose, Line: "fuel", Terms: terms, Parts: world.Texts(title)})
	ok(t, err)
	ok(t, p.Node.Save(t.Context(), d))
	return d
}

func sign(t *testing.T, p *world.Party, d *node.Draft) (*node.Sealed, error) {
	t.Helper()
	_, s, err := p.Node.AddApprovals(t.Context(), desk, p.W.Group, d.Nonce, []record.Approval{record.Approve(d.Act, p.ID, "desk", 1, p.W.Now(), p.Seats["desk/1"])}, false)
	return s, err
}

// uncleared wants the gate to name exactly these offices.
func uncleared(t *testing.T, err error, offices ...string) {
	t.Helper()
	var r *node.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("not refused: %v", err)
	}
	for i, x := range r.Reasons {
		if x.Code != node.ReasonClearance || i >= len(offices) || !bytes.Contains([]byte(x.Text), []byte("the office "+offices[i]+" ")) {
			t.Errorf("reasons %v, want offices %v", r.Reasons, offices)
			return
		}
	}
	if len(r.Reasons) != len(offices) {
		t.Errorf("reasons %v, want offices %v", r.Reasons, offices)
	}
}

func answer(t *testing.T, p *world.Party, who string, id record.ID, w entente.ClearanceWord, text string) *node.Sealed {
	t.Helper()
	texts := map[string]string{}
	if text != "" {
		texts["es"] = text
	}
	s, err := p.Node.AnswerClearance(t.Context(), office(who), id, w, texts)
	ok(t, err)
	return s
}

func TestHomeClearance(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	ministry(t, mx)
	route := node.Route{Name: "commitments", Kinds: []string{"commitment"}, Verbs: []record.Verb{record.Propose}, Stages: [][]string{{"legal", "lead"}, {"minister"}}, Within: 3 * world.Day}
	if err := mx.Node.PutRoute(ctx, office("legal"), route); !errors.Is(err, node.ErrForbidden) {
		t.Errorf("an office that signs no charter sets a route: %v", err)
	}
	ok(t, mx.Node.PutRoute(ctx, machine, route))

	// Nothing on the route goes on record before it is cleared: not by signing a kept draft, not by sealing one directly.
	d := promise(t, mx, canary)
	if len(d.Uncleared) != 3 || len(d.Missing) != 4 {
		t.Errorf("the draft waits for %v: %v", d.Uncleared, d.Missing)
	}
	_, err := sign(t, mx, d)
	uncleared(t, err, "lead", "legal", "minister")
	if kept, err := mx.Node.Saved(ctx, desk, d.Nonce); err != nil || len(kept.Header.Approvals) != 0 {
		t.Errorf("a signature was kept: %v", err)
	}
	_, err = mx.Commit(ctx, canary, "MX")
	uncleared(t, err, "lead", "legal", "minister")

	// Asked once, answered in turn.
	q := node.ClearanceRequest{Group: w.Group, Draft: d.Nonce, Stages: [][]string{{}, {}, {"press"}}, Text: map[string]string{"es": canary}}
	asked, err := mx.Node.AskClearance(ctx, desk, q)
	ok(t, err)
	id := asked.ID
	if _, err = mx.Node.AskClearance(ctx, desk, q); !errors.Is(err, node.ErrConflict) {
		t.Errorf("asked twice: %v", err)
	}
	c, err := mx.Node.Clearance(ctx, office("legal"), id)
	ok(t, err)
	if c.State.By != w.Now()+3*world.Day || fmt.Sprint(c.State.Stages) != "[[lead legal] [minister] [press]]" || c.Draft == nil || c.Words[0].Texts["title.en"] != canary || c.Words[0].Texts["body.es"] != canary {
		t.Errorf("the clearance: %+v", c)
	}
	for who, want := range map[string]int{"legal": 1, "lead": 1, "minister": 0, "press": 0} {
		f, err := mx.Node.ClearancesFor(ctx, office(who))
		if ok(t, err); len(f.Waiting) != want || len(f.Waiting)+len(f.UnderWay) != 1 {
			t.Errorf("%s: %d wait for it, %d are under way", who, len(f.Waiting), len(f.UnderWay))
		}
	}
	_, err = mx.Node.AnswerClearance(ctx, office("minister"), id, entente.ClearanceClear, nil)
	refused(t, err, "turn of minister")
	_, err = mx.Node.AnswerClearance(ctx, desk, id, entente.ClearanceClear, nil)
	if !errors.Is(err, node.ErrForbidden) {
		t.Errorf("who asks clears: %v", err)
	}
	_, err = mx.Node.AnswerClearance(ctx, office("legal"), id, entente.ClearanceReturn, nil)
	refused(t, err, "what must change")
	if _, err = mx.Node.AnswerClearance(ctx, machine, id, entente.ClearanceClear, nil); !errors.Is(err, node.ErrForbidden) {
		t.Errorf("the operator clears: %v", err)
	}

	// An office asked reads the text, though it has no part in the group; the read stands in the access log.
	if _, err := mx.Node.DraftParts(ctx, office("legal"), w.Group, d.Nonce); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("legal reads drafts of a group it has no part in: %v", err)
	}
	before := accesses(t, mx)
	parts, err := mx.Node.ClearanceParts(ctx, office("legal"), id)
	ok(t, err)
	if len(parts) != 4 || string(parts[2].Content) != canary || accesses(t, mx) != before+1 {
		t.Errorf("%d parts read, %d entries", len(parts), accesses(t, mx)-before)
	}
	answer(t, mx, "legal", id, entente.ClearanceComment, canary)
	answer(t, mx, "desk", id, entente.ClearanceComment, canary)
	answer(t, mx, "legal", id, entente.ClearanceReturn, canary)
	_, err = sign(t, mx, d)
	uncleared(t, err, "lead", "legal", "minister")
	refused(t, err, "has returned it")
	f, err := mx.Node.ClearancesFor(ctx, desk)
	if ok(t, err); len(f.Returned) != 1 || f.Returned[0].ID != id || f.Returned[0].Late {
		t.Errorf("returned to the desk: %+v", f)
	}
	w.Pass(4 * world.Day)
	if f, err = mx.Node.ClearancesFor(ctx, desk); err != nil || !f.Returned[0].Late {
		t.Errorf("its deadline has passed: %v", err)
	}

	// A changed text is another draft: it is cleared again, whole.
	e := promise(t, mx, canary+" mended")
	ok(t, mx.Node.Drop(ctx, desk, d.Nonce))
	if f, err = mx.Node.ClearancesFor(ctx, desk); err != nil || len(f.Returned) != 0 {
		t.Errorf("a dropped draft waits still: %v", err)
	}
	_, err = mx.Node.AnswerClearance(ctx, office("legal"), id, entente.ClearanceClear, nil)
	refused(t, err, "nothing is left to clear")
	again, err := mx.Node.AskClearance(ctx, desk, node.ClearanceRequest{Group: w.Group, Draft: e.Nonce, After: id})
	ok(t, err)
	for _, who := range []string{"lead", "legal", "minister"} {
		_, err = sign(t, mx, e)
		refused(t, err, "the office "+who)
		s := answer(t, mx, who, again.ID, entente.ClearanceClear, "")
		o, _ := look(t, mx, again.ID).State.Of(who)
		if o.Record != s.ID || o.Standing != entente.ClearanceCleared || o.Seat != 3 {
			t.Errorf("%s: %+v", who, o)
		}
	}
	if f, err = mx.Node.ClearancesFor(ctx, desk); err != nil || len(f.Cleared) != 1 {
		t.Errorf("cleared: %v", err)
	}
	// An office may take its word back until the act is on record.
	answer(t, mx, "legal", again.ID, entente.ClearanceReturn, canary)
	_, err = sign(t, mx, e)
	uncleared(t, err, "legal")
	answer(t, mx, "legal", again.ID, entente.ClearanceClear, "")
	sealed, err := sign(t, mx, e)
	ok(t, err)
	x := look(t, mx, again.ID)
	if sealed == nil || x.Sealed == nil || x.Sealed.ID != sealed.ID || x.Kept || x.Draft != nil {
		t.Errorf("on record: %+v", x)
	}
	f, err = mx.Node.ClearancesFor(ctx, desk)
	if ok(t, err); len(f.Waiting)+len(f.Cleared)+len(f.Returned)+len(f.UnderWay) != 0 {
		t.Errorf("something waits still: %+v", f)
	}

	// No route, no clearance; and what the root signs needs none.
	ok(t, mx.Node.PutRoute(ctx, machine, node.Route{Name: "all", Kinds: []string{"*"}, Stages: [][]string{{"legal"}}}))
	if rs, err := mx.Node.Routes(ctx, desk); err != nil || len(rs) != 2 || rs[0].Name != "all" {
		t.Errorf("routes: %+v, %v", rs, err)
	}
	ok(t, mx.Node.PutPowers(ctx, w.Group, mx.Offices(), mx.Root))
	_, err = mx.Consent(ctx, "commitment", sealed.ID)
	uncleared(t, err, "legal")
	ok(t, mx.Node.DropRoute(ctx, machine, "all"))
	_, err = mx.Consent(ctx, "commitment", sealed.ID)
	ok(t, err)
	settle(t, w, "MX", "US")
	ok(t, mx.Stop()) // routes and clearances outlive the process
	ok(t, mx.Restart(ctx))
	_, err = mx.Commit(ctx, canary, "MX")
	uncleared(t, err, "lead", "legal", "minister")
	if x := look(t, mx, again.ID); x.State.Standing != entente.ClearanceCleared || len(x.Words) != 6 {
		t.Errorf("after a restart: %+v", x)
	}
	checked(t, mx)
}

func look(t *testing.T, p *world.Party, id record.ID) *node.ClearanceDetail {
	t.Helper()
	c, err := p.Node.Clearance(t.Context(), desk, id)
	ok(t, err)
	return c
}

// A route that changes after the asking is kept too: the offices it adds are asked, the others are not asked again.
func TestRouteChangesWhileCleared(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	ministry(t, mx)
	r := node.Route{Name: "r", Groups: []record.ID{w.Group}, Kinds: []string{"*"}, Lines: []string{"fuel"}, Stages: [][]string{{"legal"}}}
	ok(t, mx.Node.PutRoute(ctx, machine, r))
	d := promise(t, mx, canary)
	first, err := mx.Node.AskClearance(ctx, desk, node.ClearanceRequest{Group: w.Group, Draft: d.Nonce})
	ok(t, err)
	answer(t, mx, "legal", first.ID, entente.ClearanceClear, "")
	r.Stages = [][]string{{"legal"}, {"lead"}}
	ok(t, mx.Node.PutRoute(ctx, machine, r))
	_, err = sign(t, mx, d)
	uncleared(t, err, "lead")
	second, err := mx.Node.AskClearance(ctx, desk, node.ClearanceRequest{Group: w.Group, Draft: d.Nonce})
	ok(t, err)
	if c := look(t, mx, second.ID); fmt.Sprint(c.State.Stages) != "[[lead]]" {
		t.Errorf("asked: %v", c.State.Stages)
	}
	answer(t, mx, "lead", second.ID, entente.ClearanceClear, "")
	_, err = sign(t, mx, d)
	ok(t, err)
	for name, bad := range map[string]node.Route{
		"an unknown office": {Name: "b", Kinds: []string{"*"}, Stages: [][]string{{"nobody"}}},
		"an office twice":   {Name: "b", Kinds: []string{"*"}, Stages: [][]string{{"legal"}, {"legal"}}},
		"no office":         {Name: "b", Kinds: []string{"*"}},
		"an empty stage":    {Name: "b", Kinds: []string{"*"}, Stages: [][]string{{}}},
		"no kind":           {Name: "b", Stages: [][]string{{"legal"}}},
		"an unknown kind":   {Name: "b", Kinds: []string{"treaty"}, Stages: [][]string{{"legal"}}},
		"an unknown verb":   {Name: "b", Kinds: []string{"*"}, Verbs: []record.Verb{"sing"}, Stages: [][]string{{"legal"}}},
		"no name":           {Kinds: []string{"*"}, Stages: [][]string{{"legal"}}},
	} {
		if err := mx.Node.PutRoute(ctx, machine, bad); !errors.Is(err, node.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An office clears only what it may read whole.
func TestNoBlindClearance(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	ministry(t, mx)
	terms, err := json.Marshal(map[string]any{"owner": "MX", "due": w.Now() + world.Day})
	ok(t, err)
	parts := append(world.Texts(canary), node.NewPart{Name: "annex/1", Content: []byte(canary),
		Marking: &record.Marking{TLP: record.Red, ReleasableTo: []record.Party{"MX", "US"}, Offices: []string{"MX/desk", "US/desk"}}})
	d, err := mx.Node.Prepare(ctx, desk, node.Act{Group: w.Group, Kind: "commitment", Verb: record.Propose, Line: "fuel", Terms: terms, Parts: parts})
	ok(t, err)
	ok(t, mx.Node.Save(ctx, d))
	s, err := mx.Node.AskClearance(ctx, desk, node.ClearanceRequest{Group: w.Group, Draft: d.Nonce, Stages: [][]string{{"legal"}}})
	ok(t, err)
	read, err := mx.Node.ClearanceParts(ctx, office("legal"), s.ID)
	ok(t, err)
	if len(read) != 4 {
		t.Errorf("legal reads %d parts", len(read))
	}
	_, err = mx.Node.AnswerClearance(ctx, office("legal"), s.ID, entente.ClearanceClear, nil)
	refused(t, err, "annex/1 is not for the office legal")
	answer(t, mx, "legal", s.ID, entente.ClearanceReturn, canary)
	// An office without a part in it learns nothing, nor does one that is not of this party's own group.
	for _, who := range []string{"press", "nobody"} {
		if _, err := mx.Node.Clearance(ctx, office(who), s.ID); !errors.Is(err, node.ErrNotFound) {
			t.Errorf("%s: %v", who, err)
		}
		if _, err := mx.Node.ClearanceParts(ctx, office(who), s.ID); !errors.Is(err, node.ErrNotFound) {
			t.Errorf("%s: %v", who, err)
		}
		if _, err := mx.Node.AnswerClearance(ctx, office(who), s.ID, entente.ClearanceComment, map[string]string{"en": "x"}); !errors.Is(err, node.ErrNotFound) {
			t.Errorf("%s: %v", who, err)
		}
		if p, err := mx.Node.Parts(ctx, office(who), ownGroup(t, mx), s.ID); err == nil && len(p) > 0 {
			t.Errorf("%s reads %d parts of it at home", who, len(p))
		}
	}
	// The kind is written by the node alone: no office drafts a word of another.
	_, err = mx.Node.Prepare(ctx, desk, node.Act{Group: ownGroup(t, mx), Kind: entente.ClearanceKind, Verb: record.Note, Instrument: s.ID,
		Terms: []byte(`{"answer":{"word":"clear","office":"legal"}}`)})
	if !errors.Is(err, node.ErrForbidden) {
		t.Errorf("drafted: %v", err)
	}
}

// wiretap keeps every message that a party sends, in the clear.
type wiretap struct {
	mu  sync.Mutex
	all [][]byte
}

func (x *wiretap) take(_ record.Party, _ string, b []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.all = append(x.all, bytes.Clone(b))
}

// find counts the messages that hold any of the needles.
func (x *wiretap) find(needles ...[]byte) (n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, m := range x.all {
		if slices.ContainsFunc(needles, func(b []byte) bool { return bytes.Contains(m, b) }) {
			n++
		}
	}
	return n
}

func (x *wiretap) len() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.all)
}

// Nothing of a clearance leaves the node: no word, no digest, no id, not that there was one.
func TestClearanceStaysAtHome(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	tap := new(wiretap)
	mx.Wire = tap.take
	founded(t, w, "MX", "US")
	own := ministry(t, mx)
	secret := canary + "-at-home"
	ok(t, mx.Node.PutRoute(ctx, machine, node.Route{Name: "route-of-legal", Kinds: []string{"*"}, Stages: [][]string{{"legal"}}}))
	var kept [][]byte
	keep := func(ids ...record.ID) {
		for _, id := range ids {
			kept = append(kept, id[:], []byte(id.String()))
			watched.guard(id.String())
		}
	}
	keep(own)
	dropped := promise(t, mx, secret)
	d := promise(t, mx, "Public enough")
	keep(dropped.Act)
	for _, x := range []*node.Draft{dropped, d} {
		s, err := mx.Node.AskClearance(ctx, desk, node.ClearanceRequest{Group: w.Group, Draft: x.Nonce, Text: map[string]string{"en": secret, "es": secret}})
		ok(t, err)
		keep(s.ID)
		keep(answer(t, mx, "legal", s.ID, entente.ClearanceComment, secret).ID)
		if x == dropped {
			keep(answer(t, mx, "legal", s.ID, entente.ClearanceReturn, secret).ID)
			ok(t, mx.Node.Drop(ctx, desk, x.Nonce))
			continue
		}
		keep(answer(t, mx, "legal", s.ID, entente.ClearanceClear, secret).ID)
	}
	settle(t, w, "MX", "US")
	if n := tap.find(d.Act[:], d.Nonce[:]); n != 0 {
		t.Errorf("%d messages speak of the draft before it is signed", n)
	}
	sealed, err := sign(t, mx, d)
	ok(t, err)
	settle(t, w, "MX", "US")
	soon(t, "the act crosses", func() bool { return tap.find(d.Nonce[:]) > 0 })
	ok(t, us.Stop())
	ok(t, us.Restart(ctx)) // and once more from the start, as a peer that asks for everything
	for _, from := range []uint64{0, 1, 2} {
		p, err := mx.Node.Outgoing(ctx, w.Group, "US", from)
		ok(t, err)
		tap.take("US", "", mustCBOR(t, p))
	}
	ev, err := mx.Node.Evidence(ctx, desk, w.Group, sealed.ID, nil)
	ok(t, err)
	tap.take("US", "", ev)
	settle(t, w, "MX", "US")
	kept = append(kept, []byte(secret), []byte(hex.EncodeToString([]byte(secret))), []byte(entente.ClearanceKind), []byte("legal"), []byte("route-of-legal"))
	if n := tap.find(kept...); n != 0 {
		t.Errorf("%d of %d messages hold something of a clearance", n, tap.len())
	}
	counted(t, "messages searched", tap.len())
	counted(t, "messages with the act itself", tap.find(d.Nonce[:]))
	onDisk(t, us.Dir, secret, own.String(), string(own[:]), entente.ClearanceKind)
	onDisk(t, mx.Dir, secret)
	d2, err := us.Node.Instrument(ctx, desk, w.Group, sealed.ID)
	ok(t, err)
	if len(d2.Records) != 1 {
		t.Errorf("%d records at the other side", len(d2.Records))
	}
}

// A draft that was changed under its name, by whoever can write the database, is not the text that was cleared.
func TestClearanceIsOfOneText(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	ministry(t, mx)
	ok(t, mx.Node.PutRoute(ctx, machine, node.Route{Name: "r", Kinds: []string{"*"}, Stages: [][]string{{"legal"}}}))
	d := promise(t, mx, canary)
	s, err := mx.Node.AskClearance(ctx, desk, node.ClearanceRequest{Group: w.Group, Draft: d.Nonce})
	ok(t, err)
	answer(t, mx, "legal", s.ID, entente.ClearanceClear, "")
	var raw []byte
	db := rawDB(t, mx)
	ok(t, db.QueryRow("SELECT header FROM draft WHERE nonce = ?", d.Nonce[:]).Scan(&raw))
	h := new(record.Header)
	ok(t, record.Unmarshal(raw, h))
	h.Until = w.Now() + 400*world.Day
	changed, err := record.Marshal(h)
	ok(t, err)
	_, err = db.Exec("UPDATE draft SET header = ? WHERE nonce = ?", changed, d.Nonce[:])
	ok(t, err)
	e, err := mx.Node.Saved(ctx, desk, d.Nonce)
	ok(t, err)
	if e.Act == d.Act || len(e.Uncleared) != 1 {
		t.Fatalf("the draft was not changed: %+v", e)
	}
	_, err = sign(t, mx, e)
	uncleared(t, err, "legal")
	_, err = mx.Node.AnswerClearance(ctx, office("legal"), s.ID, entente.ClearanceClear, nil)
	refused(t, err, "the text was changed")
	_, err = mx.Node.ClearanceParts(ctx, office("legal"), s.ID)
	refused(t, err, "the text was changed")
	_, err = db.Exec("UPDATE draft SET header = ? WHERE nonce = ?", raw, d.Nonce[:])
	ok(t, err)
	_, err = sign(t, mx, d)
	ok(t, err)
}
