package world_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"entente"
	"entente/node"
	"entente/record"
	"entente/world"
)

const floatPath, takeBackPath = "/entente/v1/float", "/entente/v1/take-back"

func idea(text string) map[string]node.FloatText {
	return map[string]node.FloatText{"en": {Title: "Idea " + text, Body: text}, "es": {Title: "Idea " + text, Body: "¿Y si " + text + "?"}}
}

// float shows an idea and returns its id.
func float(t *testing.T, p *world.Party, text string, to ...record.Party) record.Nonce {
	t.Helper()
	x, err := p.Node.DraftNonPaper(t.Context(), desk, node.NewNonPaper{Group: p.W.Group, To: to, Texts: idea(text)})
	ok(t, err)
	x, err = p.Node.Float(t.Context(), desk, p.W.Group, x.ID)
	ok(t, err)
	if x.State != node.NonPaperFloated {
		t.Fatalf("floated: %+v", x)
	}
	return x.ID
}

// shown lists the non-papers at a party by id.
func shown(t *testing.T, p *world.Party) map[record.Nonce]*node.NonPaper {
	t.Helper()
	all, err := p.Node.NonPapers(t.Context(), desk, p.W.Group, "test")
	ok(t, err)
	out := map[record.Nonce]*node.NonPaper{}
	for _, x := range all {
		out[x.ID] = x
	}
	return out
}

func stateOf(t *testing.T, p *world.Party, id record.Nonce) node.NonPaperState {
	t.Helper()
	if x := shown(t, p)[id]; x != nil {
		return x.State
	}
	return ""
}

// saidBy is what a reader's node last said of one of p's.
func saidBy(t *testing.T, p *world.Party, id record.Nonce, reader record.Party) node.Said {
	t.Helper()
	for _, d := range shown(t, p)[id].Delivery {
		if d.Party == reader {
			return d.Said
		}
	}
	return ""
}

// quiet waits until no node has a receipt to write, and returns the state's digest.
func quiet(t *testing.T, w *world.World, parties ...record.Party) record.ID {
	t.Helper()
	for d := settle(t, w, parties...); ; {
		wrote := false
		for _, p := range parties {
			x, err := w.As(p).Node.Receipt(t.Context(), w.Group)
			ok(t, err)
			wrote = wrote || x
		}
		after := settle(t, w, parties...) // a node may have written one by itself meanwhile
		if !wrote && after == d {
			return d
		}
		d = after
	}
}

// An idea is floated, read and taken back while the line is cut; nothing of it is in any log or state.
func TestNonPaperOverACutLink(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	c, err := mx.Commit(ctx, canary, "US")
	ok(t, err)
	digest := quiet(t, w, "MX", "US")
	sizes, err := us.Node.Sizes(w.Group)
	ok(t, err)

	first := float(t, mx, canary+" one")
	soon(t, "it is held there", func() bool { return saidBy(t, mx, first, "US") == node.SaidHeld })
	x, texts, err := us.Node.NonPaper(ctx, desk, w.Group, "MX", first)
	ok(t, err)
	if texts["es"].Body != "¿Y si "+canary+" one?" || x.Author != "MX" || x.Office != "" || x.Delivery != nil || x.Seen != w.Now() || x.Until != w.Now()+30*world.Day {
		t.Errorf("at the other side: %+v %v", x, texts)
	}
	before := accesses(t, us)
	if _, texts, err = us.Node.NonPaper(ctx, desk, w.Group, "MX", first); err != nil || texts == nil || accesses(t, us) != before+1 {
		t.Errorf("a read is not in the access log: %v", err)
	}
	before = accesses(t, us)
	if shown(t, us)[first].Titles["en"] == "" || accesses(t, us) != before+1 {
		t.Error("the titles of a list are not in the access log")
	}
	if _, _, err = us.Node.NonPaper(ctx, machine, w.Group, "MX", first); !errors.Is(err, node.ErrForbidden) {
		t.Errorf("the operator reads it: %v", err)
	}
	if _, err = us.Node.TakeBack(ctx, desk, w.Group, first); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("the reader takes it back: %v", err)
	}
	if _, err = us.Node.Promote(ctx, desk, first, node.Act{Group: w.Group, Kind: "commitment"}); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("the reader promotes it: %v", err)
	}
	if shown(t, mx)[first].Seen != 0 {
		t.Error("its author is told whether it was opened")
	}

	// While the line is cut one is floated and the other taken back. Each goes across when the line mends, once.
	w.Cut("MX", "US")
	second := float(t, mx, canary+" two")
	third := float(t, mx, canary+" three")
	for _, id := range []record.Nonce{first, third} {
		y, err := mx.Node.TakeBack(ctx, desk, w.Group, id)
		ok(t, err)
		if y.State != node.NonPaperTakenBack || y.Titles != nil {
			t.Errorf("taken back: %+v", y)
		}
		if y, err = mx.Node.TakeBack(ctx, desk, w.Group, id); err != nil || y.State != node.NonPaperTakenBack {
			t.Errorf("taken back twice: %v", err)
		}
		if _, err := mx.Node.Float(ctx, desk, w.Group, id); !errors.Is(err, node.ErrConflict) {
			t.Errorf("floated again: %v", err)
		}
	}
	if _, texts, err = mx.Node.NonPaper(ctx, desk, w.Group, "MX", first); err != nil || texts != nil {
		t.Errorf("its author still reads it: %v", err)
	}
	if stateOf(t, us, first) != node.NonPaperFloated || stateOf(t, us, second) != "" || saidBy(t, mx, first, "US") != "" {
		t.Error("something crossed a line that is cut")
	}
	if stateOf(t, us, third) != "" {
		t.Error("one that was never shown is listed")
	}
	w.Mend("MX", "US")
	soon(t, "it is destroyed there, and the other is held", func() bool {
		return saidBy(t, mx, first, "US") == node.SaidDestroyed && saidBy(t, mx, third, "US") == node.SaidDestroyed && saidBy(t, mx, second, "US") == node.SaidHeld
	})
	if y := shown(t, us)[first]; y.State != node.NonPaperTakenBack || y.Titles != nil || y.Seen == 0 {
		t.Errorf("at the other side: %+v", y)
	}
	if _, texts, err = us.Node.NonPaper(ctx, desk, w.Group, "MX", first); err != nil || texts != nil {
		t.Errorf("it can be read still: %v %v", texts, err)
	}
	if _, texts, err = us.Node.NonPaper(ctx, desk, w.Group, "MX", second); err != nil || texts == nil {
		t.Errorf("the second: %v", err)
	}

	// No record, no state, nothing to prove anything with.
	if after := settle(t, w, "MX", "US"); after != digest {
		t.Error("the state of the group changed")
	}
	now, err := us.Node.Sizes(w.Group)
	if ok(t, err); fmt.Sprint(now) != fmt.Sprint(sizes) {
		t.Errorf("a log grew: %v, %v", sizes, now)
	}
	ev, err := us.Node.Evidence(ctx, desk, w.Group, c.ID, nil)
	ok(t, err)
	p, err := mx.Node.Outgoing(ctx, w.Group, "US", 0)
	ok(t, err)
	for what, b := range map[string][]byte{"evidence": ev, "push": mustCBOR(t, p)} {
		if bytes.Contains(b, second[:]) || bytes.Contains(b, []byte(canary+" two")) {
			t.Errorf("the %s holds a non-paper", what)
		}
	}
	for _, q := range []*world.Party{mx, us} {
		onDisk(t, q.Dir, canary)
		checked(t, q)
		ok(t, q.Stop())
		ok(t, q.Restart(ctx))
		onDisk(t, q.Dir, canary)
	}
	if _, texts, err = us.Node.NonPaper(ctx, desk, w.Group, "MX", second); err != nil || texts == nil {
		t.Errorf("after a restart: %v", err)
	}
}

// It goes to whom it is for and to nobody else; it lapses on both sides; it can become a proposal.
func TestNonPaperOfThree(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "CA", "MX", "US")
	founded(t, w, "CA", "MX", "US")
	mx, us, ca := w.As("MX"), w.As("US"), w.As("CA")
	mine := float(t, mx, canary+" us only", "US")
	all := float(t, us, canary+" all")
	soon(t, "held", func() bool {
		return saidBy(t, mx, mine, "US") == node.SaidHeld && saidBy(t, us, all, "CA") == node.SaidHeld && saidBy(t, us, all, "MX") == node.SaidHeld
	})
	if len(shown(t, ca)) != 1 || stateOf(t, ca, mine) != "" || len(shown(t, mx)) != 2 {
		t.Error("it went to somebody else")
	}
	if x := shown(t, ca)[all]; !slices.Equal(x.To, []record.Party{"CA", "MX"}) {
		t.Errorf("its readers: %v", x.To)
	}
	for name, q := range map[string]node.NewNonPaper{
		"to oneself":       {To: []record.Party{"MX"}, Texts: idea("x")},
		"to a stranger":    {To: []record.Party{"FR"}, Texts: idea("x")},
		"no text":          {},
		"no body":          {Texts: map[string]node.FloatText{"en": {Title: "x"}}},
		"another language": {Texts: map[string]node.FloatText{"fr": {Title: "x", Body: "x"}}},
		"for ever":         {Until: w.Now() + 367*world.Day, Texts: idea("x")},
		"over already":     {Until: w.Now() - 1, Texts: idea("x")},
		"too long":         {Texts: map[string]node.FloatText{"en": {Title: "x", Body: strings.Repeat("x", 65<<10)}}},
	} {
		q.Group = w.Group
		if _, err := mx.Node.DraftNonPaper(ctx, desk, q); !errors.Is(err, node.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for who, want := range map[string]error{"press": node.ErrNotFound, "": node.ErrNotFound} {
		if _, err := mx.Node.DraftNonPaper(ctx, office(who), node.NewNonPaper{Group: w.Group, Texts: idea("x")}); !errors.Is(err, want) {
			t.Errorf("floated by %q: %v", who, err)
		}
		if _, _, err := us.Node.NonPaper(ctx, office(who), w.Group, "MX", mine); !errors.Is(err, want) {
			t.Errorf("read by %q: %v", who, err)
		}
	}

	// A proposal is made of its texts; officials sign it like any other.
	d, err := mx.Node.Promote(ctx, desk, mine, node.Act{Group: w.Group, Kind: "commitment", Line: "fuel", Terms: []byte(fmt.Sprintf(`{"owner":"MX","due":%d}`, w.Now()+world.Day)),
		Parts: []node.NewPart{{Name: "body.en", Content: []byte("Mended " + canary)}}})
	ok(t, err)
	ok(t, mx.Node.Save(ctx, d))
	s, err := sign(t, mx, d)
	ok(t, err)
	settle(t, w, "CA", "MX", "US")
	part, _, err := us.Node.Part(ctx, desk, w.Group, s.ID, "title.es")
	if ok(t, err); string(part.Content) != "Idea "+canary+" us only" {
		t.Errorf("its title: %q", part.Content)
	}
	part, _, err = ca.Node.Part(ctx, desk, w.Group, s.ID, "body.en")
	if ok(t, err); string(part.Content) != "Mended "+canary {
		t.Errorf("its body: %q", part.Content)
	}
	if stateOf(t, mx, mine) != node.NonPaperFloated {
		t.Error("the non-paper is gone")
	}

	w.Pass(30 * world.Day)
	for _, p := range []*world.Party{us, ca} {
		if x, texts, err := p.Node.NonPaper(ctx, desk, w.Group, "US", all); err != nil || texts != nil || x.State != node.NonPaperLapsed {
			t.Errorf("it has lapsed: %+v, %v", x, err)
		}
		ok(t, p.Node.Tick(ctx))
		if x := shown(t, p)[all]; x.State != node.NonPaperLapsed || x.Titles != nil {
			t.Errorf("it has lapsed: %+v", x)
		}
	}
	if _, err = mx.Node.Promote(ctx, desk, mine, node.Act{Group: w.Group, Kind: "statement"}); !errors.Is(err, node.ErrConflict) {
		t.Errorf("promoted after it lapsed: %v", err)
	}
}

// A reader's node that was put back to a time before the taking back destroys its copy again, though no log grew since.
func TestNonPaperAndRestoredReader(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	id := float(t, mx, canary)
	soon(t, "held", func() bool { return saidBy(t, mx, id, "US") == node.SaidHeld })
	quiet(t, w, "MX", "US")
	ok(t, us.Stop())
	saved := backup(t, us.Dir)
	ok(t, us.Restart(ctx))
	_, err := mx.Node.TakeBack(ctx, desk, w.Group, id)
	ok(t, err)
	soon(t, "destroyed", func() bool { return saidBy(t, mx, id, "US") == node.SaidDestroyed })
	ok(t, us.Stop())
	putBack(t, us, saved)
	ok(t, us.Open(ctx))
	if len(us.Node.Restoring()) > 0 {
		t.Error("it waits for its peers, who have nothing new")
	}
	if stateOf(t, us, id) != node.NonPaperFloated {
		t.Error("the backup does not hold it: this test shows nothing")
	}
	ok(t, us.Run(ctx))
	soon(t, "destroyed again", func() bool { return stateOf(t, us, id) == node.NonPaperTakenBack })
}

// What a route covers is cleared at home before it is floated, non-papers too.
func TestNonPaperIsClearedFirst(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	ministry(t, mx)
	ok(t, mx.Node.PutRoute(ctx, machine, node.Route{Name: "ideas", Kinds: []string{node.NonPaperKind}, Stages: [][]string{{"legal"}}}))
	x, err := mx.Node.DraftNonPaper(ctx, desk, node.NewNonPaper{Group: w.Group, Texts: idea(canary)})
	ok(t, err)
	if len(x.Uncleared) != 1 || shown(t, mx)[x.ID].Uncleared[0].Office != "legal" {
		t.Errorf("it waits for %v", x.Uncleared)
	}
	_, err = mx.Node.Float(ctx, desk, w.Group, x.ID)
	uncleared(t, err, "legal")
	s, err := mx.Node.AskClearance(ctx, desk, node.ClearanceRequest{Group: w.Group, Draft: x.ID})
	ok(t, err)
	c, err := mx.Node.Clearance(ctx, office("legal"), s.ID)
	ok(t, err)
	if c.State.Kind != node.NonPaperKind || c.Draft != nil || !c.Kept || c.Words[0].Texts["title.en"] != "Idea "+canary {
		t.Errorf("the clearance: %+v", c)
	}
	parts, err := mx.Node.ClearanceParts(ctx, office("legal"), s.ID)
	ok(t, err)
	if len(parts) != 4 {
		t.Errorf("legal reads %d parts", len(parts))
	}
	answer(t, mx, "legal", s.ID, entente.ClearanceClear, "")
	_, err = mx.Node.Float(ctx, desk, w.Group, x.ID)
	ok(t, err)
	soon(t, "held", func() bool { return stateOf(t, us, x.ID) == node.NonPaperFloated })
	if f, err := mx.Node.ClearancesFor(ctx, desk); err != nil || len(f.Cleared) != 0 {
		t.Errorf("it waits still: %v", err)
	}
	// One that was not floated is forgotten, with its clearance.
	y, err := mx.Node.DraftNonPaper(ctx, desk, node.NewNonPaper{Group: w.Group, Texts: idea(canary)})
	ok(t, err)
	_, err = mx.Node.AskClearance(ctx, desk, node.ClearanceRequest{Group: w.Group, Draft: y.ID})
	ok(t, err)
	_, err = mx.Node.TakeBack(ctx, desk, w.Group, y.ID)
	ok(t, err)
	if f, err := mx.Node.ClearancesFor(ctx, office("legal")); err != nil || len(f.Waiting) != 0 || stateOf(t, mx, y.ID) != "" {
		t.Errorf("it waits still: %v", err)
	}
	// A route for a line of effort covers one that names no instrument: it may be on any. One about another line is not covered.
	ok(t, mx.Node.PutRoute(ctx, machine, node.Route{Name: "ideas", Kinds: []string{"*"}, Verbs: []record.Verb{record.Propose}, Lines: []string{"tunnels"}, Stages: [][]string{{"minister"}}}))
	c2, err := mx.Commit(ctx, canary, "MX")
	ok(t, err)
	other, err := mx.Node.DraftNonPaper(ctx, desk, node.NewNonPaper{Group: w.Group, About: c2.ID, Texts: idea(canary)})
	ok(t, err)
	if len(other.Uncleared) != 0 {
		t.Errorf("one about another line waits for %v", other.Uncleared)
	}
	z, err := mx.Node.DraftNonPaper(ctx, desk, node.NewNonPaper{Group: w.Group, Texts: idea(canary)})
	ok(t, err)
	_, err = mx.Node.Float(ctx, desk, w.Group, z.ID)
	uncleared(t, err, "minister")
}

// What a hostile peer may try with non-papers: nothing of it is stored, and nothing of another party's is touched.
func TestHostileNonPapers(t *testing.T) {
	ctx := t.Context()
	w, f := forged(t, "CA", "MX", "US")
	us, ca := w.As("US"), w.As("CA")
	good := func() *node.Float {
		m := &node.Float{Group: w.Group, To: []record.Party{"US"}, Created: w.Now(), Until: w.Now() + world.Day, Texts: idea(canary)}
		w.Pass(1)
		copy(m.ID[:], fmt.Sprintf("hostile%09d", w.Now()%1e9))
		return m
	}
	var own record.ID
	for _, g := range us.Node.Groups(ctx, machine) {
		if g.Own {
			own = g.ID
		}
	}
	ctl := idea(canary)
	ctl["en"] = node.FloatText{Title: "x", Body: canary + "\x1b[2J"}
	for name, x := range map[string]struct {
		change func(*node.Float)
		code   string
	}{
		"a group that does not exist": {func(m *node.Float) { m.Group[0] ^= 1 }, "not-found"},
		"the receiver's own group":    {func(m *node.Float) { m.Group = own }, "not-found"},
		"for another party":           {func(m *node.Float) { m.To = []record.Party{"CA"} }, "invalid"},
		"for its sender":              {func(m *node.Float) { m.To = []record.Party{"MX", "US"} }, "invalid"},
		"for a stranger":              {func(m *node.Float) { m.To = []record.Party{"FR", "US"} }, "invalid"},
		"for nobody":                  {func(m *node.Float) { m.To = nil }, "invalid"},
		"doubled readers":             {func(m *node.Float) { m.To = []record.Party{"US", "US"} }, "invalid"},
		"no name":                     {func(m *node.Float) { m.ID = record.Nonce{} }, "invalid"},
		"a body too long": {func(m *node.Float) {
			m.Texts = map[string]node.FloatText{"en": {Title: "x", Body: strings.Repeat(canary, 64<<10)}}
		}, "invalid"},
		"a title too long": {func(m *node.Float) {
			m.Texts = map[string]node.FloatText{"en": {Title: strings.Repeat(canary, 600), Body: "x"}}
		}, "invalid"},
		"a language the charter lacks": {func(m *node.Float) { m.Texts["fr"] = node.FloatText{Title: "x", Body: "x"} }, "invalid"},
		"no text":                      {func(m *node.Float) { m.Texts = nil }, "invalid"},
		"control characters":           {func(m *node.Float) { m.Texts = ctl }, "invalid"},
		"for ever":                     {func(m *node.Float) { m.Until = record.MaxTime }, "invalid"},
		"past the end of numbers":      {func(m *node.Float) { m.Created, m.Until = -1<<63, 1<<63-1 }, "invalid"},
		"from the future":              {func(m *node.Float) { m.Created, m.Until = w.Now()+world.Day, w.Now()+2*world.Day }, "invalid"},
	} {
		m := good()
		x.change(m)
		if code, answer := f.send("US", floatPath, m); code != x.code || bytes.Contains(answer, []byte(canary)) {
			t.Errorf("%s: answered %q, want %q", name, code, x.code)
		}
	}
	if got := shown(t, us); len(got) != 0 {
		t.Errorf("%d were stored", len(got))
	}
	for _, path := range []string{floatPath, takeBackPath} {
		for _, b := range [][]byte{nil, []byte(canary), mustCBOR(t, map[int]any{1: w.Group, 99: true})} {
			if status, body, err := f.post("US", path, b, nil); err != nil || status != 400 || bytes.Contains(body, []byte(canary)) {
				t.Errorf("garbage at %s: %d %v", path, status, err)
			}
		}
	}
	say := func(path string, m any) node.Said {
		t.Helper()
		code, b := f.send("US", path, m)
		if code != "" {
			t.Fatalf("%s: %s", path, code)
		}
		var a node.FloatAnswer
		ok(t, cbor.Unmarshal(b, &a))
		return a.Said
	}

	// Another party's is not touched, though its name is known.
	theirs := float(t, ca, canary+" of CA")
	soon(t, "held", func() bool { return saidBy(t, ca, theirs, "US") == node.SaidHeld })
	if s := say(takeBackPath, node.TakenBack{Group: w.Group, ID: theirs}); s != node.SaidDestroyed {
		t.Errorf("answered %q", s)
	}
	if x, texts, err := us.Node.NonPaper(ctx, desk, w.Group, "CA", theirs); err != nil || texts == nil || x.State != node.NonPaperFloated {
		t.Errorf("another party took it back: %v", err)
	}
	if m := good(); true { // and under its name another comes beside it, not in its place
		m.ID = theirs
		if s := say(floatPath, m); s != node.SaidDestroyed {
			t.Errorf("answered %q", s)
		}
		if _, texts, err := us.Node.NonPaper(ctx, desk, w.Group, "CA", theirs); err != nil || texts["en"].Body != canary+" of CA" {
			t.Errorf("another party changed it: %v", err)
		}
	}

	// Taken back before it comes: it does not come back. The first text under a name stands.
	m := good()
	if s := say(takeBackPath, node.TakenBack{Group: w.Group, ID: m.ID}); s != node.SaidDestroyed {
		t.Errorf("answered %q", s)
	}
	if s := say(floatPath, m); s != node.SaidDestroyed || stateOf(t, us, m.ID) != "" {
		t.Errorf("answered %q", s)
	}
	if _, _, err := us.Node.NonPaper(ctx, desk, w.Group, "MX", m.ID); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("one that never came is shown: %v", err)
	}
	m = good()
	say(floatPath, m)
	m.Texts = idea("another text")
	if s := say(floatPath, m); s != node.SaidHeld {
		t.Errorf("answered %q", s)
	}
	if _, texts, err := us.Node.NonPaper(ctx, desk, w.Group, "MX", m.ID); err != nil || texts["en"].Body != canary {
		t.Errorf("it was changed: %v", err)
	}
	over := good()
	over.Created, over.Until = w.Now()-world.Day, w.Now()-1
	if s := say(floatPath, over); s != node.SaidDestroyed || stateOf(t, us, over.ID) != "" {
		t.Errorf("one whose time has run out: %q", s)
	}

	// Bounds: so many, so many bytes, and so many remembered.
	full := 0
	direct := func(m *node.Float) node.Said { // without a handshake each: the wire was tested above
		t.Helper()
		a, err := us.Node.ReceiveFloat(ctx, "MX", *m)
		ok(t, err)
		return a.Said
	}
	for range 120 {
		if direct(good()) == node.SaidFull {
			full++
		}
	}
	counted(t, "refused as too many", full)
	open := 0
	for _, x := range shown(t, us) {
		if x.Author == "MX" && x.State == node.NonPaperFloated {
			open++
		}
	}
	if open != 100 {
		t.Errorf("%d of a hostile peer's are open", open)
	}
	w.Pass(2 * world.Day)
	ok(t, us.Node.Tick(ctx))
	full = 0
	for range 40 {
		big := good()
		big.Texts = map[string]node.FloatText{"en": {Title: "x", Body: strings.Repeat("x", 64<<10)}, "es": {Title: "x", Body: strings.Repeat("x", 64<<10)}}
		if direct(big) == node.SaidFull {
			full++
		}
	}
	counted(t, "refused as too large together", full)
	for range 1100 {
		_, err := us.Node.ReceiveTakenBack(ctx, "MX", node.TakenBack{Group: w.Group, ID: good().ID})
		ok(t, err)
	}
	gone := 0
	ok(t, rawDB(t, us).QueryRow("SELECT count(*) FROM nonpaper WHERE author = 'MX' AND body IS NULL").Scan(&gone))
	if gone != 1000 {
		t.Errorf("%d of a hostile peer's that are gone are remembered", gone)
	}
	if stateOf(t, us, theirs) != node.NonPaperFloated {
		t.Error("an honest party's was pushed out")
	}
	// The honest peer is not held up.
	last := float(t, ca, canary+" last")
	soon(t, "held", func() bool { return saidBy(t, ca, last, "US") == node.SaidHeld })
	checked(t, us)
}
