package world_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"entente"
	"entente/node"
	"entente/record"
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
	_, err = sign(t, mx, d)
	isHeld(err)
	answer(t, mx, "press", asked.ID, entente.ClearanceClear, "")
	if _, err = sign(t, mx, d); err != nil {
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
