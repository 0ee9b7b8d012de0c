package world_test

import (
	"testing"

	"entente"
)

func TestAgreementSettlesWithoutAnybodyWriting(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	text, err := w.As("MX").Commit(ctx, "taps "+canary, "US")
	ok(t, err)
	_, err = w.As("MX").Consent(ctx, "commitment", text.ID)
	ok(t, err)
	settle(t, w, "MX", "US")
	_, err = w.As("US").Consent(ctx, "commitment", text.ID, "minister/1", "minister/3")
	ok(t, err)
	for {
		settle(t, w, "MX", "US")
		a, err := w.As("MX").See(ctx, text.ID)
		ok(t, err)
		b, err := w.As("US").See(ctx, text.ID)
		ok(t, err)
		if a.View.Settled && b.View.Settled && a.View.Phase == entente.PhaseInForce {
			break
		}
	}
}
