package world_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"entente"
	"entente/node"
	"entente/record"
	"entente/world"
)

// What says again what a part for the parties says is not let out before two offices have cleared exactly that, knowing it is held.
func TestATextThatGivesAwayAPartIsHeld(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	ministry(t, mx)
	secret := "Agents of the field office seized 4,718 kilograms of cocaine in Sásabe on 14 March."
	promise := func(body string) {
		t.Helper()
		_, err := mx.Commit(ctx, body, "MX")
		ok(t, err)
	}
	promise(secret)
	said := "On 14 March, in Sasabe, 4 718 kilograms of cocaine were confiscated by agents."
	text := func(s string) *node.Sealed {
		t.Helper()
		x, err := mx.Act(ctx, node.Act{Kind: "statement", Verb: record.Propose, Terms: []byte(`{"own":true}`), Parts: []node.NewPart{
			{Name: "title.en", Content: []byte("News")}, {Name: "title.es", Content: []byte("Noticia")}, {Name: "body.en", Content: []byte(s)}, {Name: "body.es", Content: []byte("Texto")}}})
		ok(t, err)
		_, err = mx.Act(ctx, node.Act{Kind: "statement", Verb: record.Consent, Version: x.ID})
		ok(t, err)
		return x
	}
	clean := text("The group reviewed its lines of effort and thanks its hosts.")
	if _, err := mx.Act(ctx, node.Act{Kind: "statement", Verb: record.Release, Version: clean.ID}); err != nil {
		t.Errorf("a clean text is held: %v", err)
	}
	x := text(said)
	free := node.Act{Kind: "statement", Verb: record.Release, Version: x.ID}
	isHeld := func(err error) {
		t.Helper()
		var r *node.Refusal
		if !errors.As(err, &r) || len(r.Reasons) != 1 || r.Reasons[0].Code != node.ReasonHeld {
			t.Fatalf("want it held: %v", err)
		}
		if strings.Contains(err.Error(), "Sásabe") || strings.Contains(err.Error(), "4,718") {
			t.Errorf("the refusal says what the part says: %v", err)
		}
	}
	_, err := mx.Act(ctx, free)
	isHeld(err)

	free.Group = w.Group
	d, err := mx.Node.Prepare(ctx, desk, free)
	ok(t, err)
	ok(t, mx.Node.Save(ctx, d))
	before := accesses(t, mx)
	held, err := mx.Node.HeldDraft(ctx, desk, d)
	ok(t, err)
	if len(held) != 1 || held[0].Passage != strings.TrimSuffix(said, ".") || held[0].Needs != "MX" || held[0].Source == nil || !strings.Contains(held[0].Source.Passage, "4,718 kilograms") {
		t.Errorf("held: %+v", held)
	}
	if accesses(t, mx) == before {
		t.Error("the check is not in the access log")
	}
	asked, err := mx.Node.AskClearance(ctx, desk, node.ClearanceRequest{Group: w.Group, Draft: d.Nonce, Stages: [][]string{{"legal", "press"}}})
	ok(t, err)
	answer(t, mx, "legal", asked.ID, entente.ClearanceClear, "")
	_, err = letOut(t, mx, d)
	isHeld(err)
	answer(t, mx, "press", asked.ID, entente.ClearanceClear, "")
	if _, err = letOut(t, mx, d); err != nil {
		t.Errorf("two offices cleared it: %v", err)
	}

	// A check of one's own: of nobody's parts for an office that has no part in the group, and so many an hour.
	if _, err := mx.Node.CheckAnnouncement(ctx, office("legal"), w.Group, map[string]string{"text": said}); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("an office without a part in the group checks there: %v", err)
	}
	for i := range 100 {
		if _, err = mx.Node.CheckAnnouncement(ctx, desk, w.Group, map[string]string{"text": "Four words of text " + strconv.Itoa(i)}); err != nil {
			break
		}
	}
	refused(t, err, "in an hour")
	again, err := mx.Node.Prepare(ctx, desk, free)
	ok(t, err)
	if _, err := mx.Node.HeldDraft(ctx, desk, again); err != nil { // asked before
		t.Errorf("the same text again: %v", err)
	}
	other, err := mx.Node.Prepare(ctx, desk, node.Act{Group: w.Group, Kind: "statement", Verb: record.Propose, Terms: []byte(`{"own":true}`), Parts: []node.NewPart{
		{Name: "title.en", Content: []byte("Trial")}, {Name: "title.es", Content: []byte("Prueba")}, {Name: "body.en", Content: []byte("4,718 kilograms")}, {Name: "body.es", Content: []byte("Texto")}}})
	ok(t, err)
	_, err = mx.Node.HeldDraft(ctx, desk, other) // drafts are no way around it
	refused(t, err, "in an hour")
}

// letOut signs an act by which more may read than before, and says that this is meant.
func letOut(t *testing.T, p *world.Party, d *node.Draft) (*node.Sealed, error) {
	t.Helper()
	_, s, err := p.Node.AddApprovals(t.Context(), desk, p.W.Group, d.Nonce, []record.Approval{record.Approve(d.Act, p.ID, "desk", 1, p.W.Now(), p.Seats["desk/1"])}, true)
	return s, err
}

// What another party's part says waits for that party's word on the very text: its "no objection" to the courtesy copy lets it be said,
// and its observations do not. Its own office sees before it signs what it lets be said.
func TestAnotherPartysPartIsReleasedByItsNoObjection(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	ministry(t, mx)
	_, err := us.Commit(ctx, "Inspectors of the port authority counted 6,204 sealed containers in Laredo on 9 May.", "US")
	ok(t, err)
	settle(t, w, "MX", "US")
	x, err := mx.Act(ctx, node.Act{Kind: "statement", Verb: record.Propose, Terms: []byte(`{"own":true}`), Parts: []node.NewPart{
		{Name: "title.en", Content: []byte("News")}, {Name: "title.es", Content: []byte("Noticia")},
		{Name: "body.en", Content: []byte("In Laredo 6,204 sealed containers were counted on 9 May by inspectors.")}, {Name: "body.es", Content: []byte("Texto")}}})
	ok(t, err)
	_, err = mx.Act(ctx, node.Act{Kind: "statement", Verb: record.Consent, Version: x.ID})
	ok(t, err)
	free := node.Act{Kind: "statement", Verb: record.Release, Version: x.ID}
	_, err = mx.Act(ctx, free)
	refused(t, err, "give away")
	settle(t, w, "MX", "US")

	reply := func(stance entente.Stance) *node.Draft {
		t.Helper()
		d, err := us.Node.Prepare(ctx, desk, node.Act{Group: w.Group, Kind: "statement", Verb: record.Reply, Instrument: x.ID, Terms: []byte(`{"to":"` + x.ID.String() + `","stance":"` + string(stance) + `"}`),
			Parts: []node.NewPart{{Name: "body.en", Content: []byte("Seen.")}, {Name: "body.es", Content: []byte("Visto.")}}})
		ok(t, err)
		ok(t, us.Node.Save(ctx, d))
		return d
	}
	d := reply(entente.Contest)
	if held, err := us.Node.HeldDraft(ctx, desk, d); err != nil || len(held) != 0 {
		t.Errorf("observations let nothing be said, and are checked: %+v, %v", held, err)
	}
	_, err = letOut(t, us, d)
	ok(t, err)
	settle(t, w, "MX", "US")
	_, err = mx.Act(ctx, free)
	refused(t, err, "give away")

	d = reply(entente.Acknowledge)
	held, err := us.Node.HeldDraft(ctx, desk, d)
	ok(t, err)
	if len(held) != 1 || held[0].Needs != "US" || held[0].Source == nil || !strings.Contains(held[0].Source.Passage, "6,204") {
		t.Errorf("what the word lets be said: %+v", held)
	}
	_, err = letOut(t, us, d)
	ok(t, err)
	settle(t, w, "MX", "US")
	_, err = mx.Act(ctx, free)
	ok(t, err)
}

// The watch list holds wherever a term stands, and tells itself only to the offices that keep it. A clearance covers the passages that
// were held when it was asked for, and no others.
func TestTheWatchListHolds(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	ministry(t, mx)
	if err := mx.Node.PutWatchList(ctx, office("press"), []string{"Sable Anchor"}, node.Edition{}); !errors.Is(err, node.ErrForbidden) {
		t.Errorf("an office that signs no charters writes the watch list: %v", err)
	}
	if _, err := mx.Node.WatchList(ctx, machine); !errors.Is(err, node.ErrForbidden) {
		t.Errorf("the operator reads the watch list: %v", err)
	}
	keeper := desk
	ok(t, mx.Node.PutWatchList(ctx, keeper, []string{" Sable Anchor ", "Sable Anchor", ""}, node.Edition{}))
	before := accesses(t, mx)
	list, err := mx.Node.WatchList(ctx, keeper)
	ok(t, err)
	if len(list.Terms) != 1 || list.Terms[0] != "Sable Anchor" || accesses(t, mx) == before {
		t.Errorf("list %+v, %d entries of the access log after %d", list, accesses(t, mx), before)
	}
	refused(t, mx.Node.PutWatchList(ctx, keeper, []string{"Other"}, node.Edition{}), "has changed this")

	held, err := mx.Node.CheckAnnouncement(ctx, keeper, w.Group, map[string]string{"text": "We met. The work of sable anchors goes on."})
	ok(t, err)
	if len(held) != 1 || !held[0].Listed || held[0].Term != "Sable Anchor" || held[0].Passage != "The work of sable anchors goes on" {
		t.Errorf("held: %+v", held)
	}

	// Cleared for a passage of the list; then the list lets it go and a paper holds another passage: one for one, and not cleared.
	x, err := mx.Act(ctx, node.Act{Kind: "statement", Verb: record.Propose, Terms: []byte(`{"own":true}`), Parts: []node.NewPart{
		{Name: "title.en", Content: []byte("News")}, {Name: "title.es", Content: []byte("Noticia")}, {Name: "body.es", Content: []byte("Texto")},
		{Name: "body.en", Content: []byte("The work of sable anchors goes on. In Sonoita 3,815 rifles were taken from a warehouse on 2 June.")}}})
	ok(t, err)
	_, err = mx.Act(ctx, node.Act{Kind: "statement", Verb: record.Consent, Version: x.ID})
	ok(t, err)
	d, err := mx.Node.Prepare(ctx, desk, node.Act{Group: w.Group, Kind: "statement", Verb: record.Release, Version: x.ID})
	ok(t, err)
	ok(t, mx.Node.Save(ctx, d))
	asked, err := mx.Node.AskClearance(ctx, desk, node.ClearanceRequest{Group: w.Group, Draft: d.Nonce, Stages: [][]string{{"legal", "press"}}})
	ok(t, err)
	for _, o := range []string{"legal", "press"} {
		answer(t, mx, o, asked.ID, entente.ClearanceClear, "")
	}
	ok(t, mx.Node.PutWatchList(ctx, keeper, nil, list.Edition))
	_, err = mx.Commit(ctx, "Marines took 3,815 rifles from a warehouse in Sonoita on 2 June.", "MX")
	ok(t, err)
	_, err = letOut(t, mx, d)
	refused(t, err, "1 passages")
	ok(t, mx.Node.PutWatchList(ctx, keeper, list.Terms, node.Edition{Time: list.Edition.Time + 1}))
	_, err = letOut(t, mx, d)
	refused(t, err, "2 passages")
}
