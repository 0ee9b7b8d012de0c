package world_test

import (
	"os"
	"testing"
)

// A machine rolled back with its anchor looks whole to itself. The peer's answer shows a longer log under this node's own
// signature, and the node takes it back before anybody has written.
func TestRolledBackWithItsAnchorTakesBack(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	commits(t, mx, 3)
	settle(t, w, "MX", "US")
	ok(t, mx.Stop())
	saved := backup(t, mx.Dir)
	anchor, err := os.ReadFile(mx.Dir + ".anchor")
	ok(t, err)
	ok(t, mx.Restart(ctx))
	lost := commits(t, mx, 20)
	settle(t, w, "MX", "US")
	ok(t, mx.Stop())
	putBack(t, mx, saved)
	ok(t, os.WriteFile(mx.Dir+".anchor", anchor, 0o600))
	w.Pass(600) // the lease of the copy that ran since
	ok(t, mx.Restart(ctx))
	if left := mx.Node.Restoring(); len(left) > 0 {
		t.Fatalf("its anchor fits, and it asks %v: this test shows nothing", left)
	}
	settle(t, w, "MX", "US")
	soon(t, "what was lost", func() bool {
		n, err := mx.Node.Sizes(w.Group)
		return err == nil && n["MX"] > lost[len(lost)-1].Ref.Index
	})
	settle(t, w, "MX", "US")
	noForks(t, w, "MX", "US")
	checked(t, mx)
}
