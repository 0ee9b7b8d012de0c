package world_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"entente"
	"entente/node"
	"entente/record"
	"entente/world"
)

// rotate replaces a party's node keys in every group it is in.
func rotate(t *testing.T, p *world.Party) *node.NodeKeys {
	t.Helper()
	ctx := t.Context()
	k, err := p.Node.PrepareKeys(ctx)
	ok(t, err)
	for _, seed := range nodeKeys(t, p.Dir) {
		watched.guard(hex.EncodeToString(seed))
	}
	for _, g := range k.Groups {
		ok(t, p.Node.PutPowers(ctx, g.Group, p.Offices(), p.Root))
	}
	if k, err = p.Node.NodeKeys(ctx); err != nil {
		t.Fatal(err)
	}
	for _, g := range k.Groups {
		if !g.Current {
			t.Fatalf("group %s does not name the new keys", g.Group.Short())
		}
	}
	return k
}

func tlsKey(t *testing.T, p *world.Party) ed25519.PublicKey {
	t.Helper()
	i, err := p.Node.Introduction(t.Context())
	ok(t, err)
	return i.TLS.Ed25519()
}

func verdict(t *testing.T, w *world.World, file []byte) *entente.Verdict {
	t.Helper()
	e, err := entente.ParseEvidence(file)
	ok(t, err)
	v := e.Verify(entente.VerifyOptions{Now: w.Now(), Kinds: entente.Standard()})
	if !v.Valid {
		t.Fatalf("not valid: %+v", v.Reasons)
	}
	return v
}

// One side replaces all its node keys twice while the exchange runs. Nobody restarts; evidence from before verifies; the old keys
// are worth nothing afterwards and are gone from the disk.
func TestRotationWhileExchanging(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	agreed := commits(t, mx, 1)[0]
	settle(t, w, "MX", "US")
	_, err := mx.Consent(ctx, "commitment", agreed.ID)
	ok(t, err)
	_, err = us.Consent(ctx, "commitment", agreed.ID)
	ok(t, err)
	settle(t, w, "MX", "US")
	soon(t, "settled", func() bool {
		b, err := us.Node.Evidence(ctx, desk, w.Group, agreed.ID, nil)
		ok(t, err)
		return verdict(t, w, b).Grade == entente.GradeSettled
	})
	before, err := us.Node.Evidence(ctx, desk, w.Group, agreed.ID, nil)
	ok(t, err)
	for round := range 2 {
		oldTLS, old := tlsKey(t, mx), nodeKeys(t, mx.Dir)
		w.Pass(60)
		rotate(t, mx)
		commits(t, mx, 2)
		commits(t, us, 2)
		settle(t, w, "MX", "US")
		if _, known := us.Node.PartyByKey(ctx, oldTLS); known {
			t.Error("US still takes the old TLS key for MX")
		}
		if p, known := us.Node.PartyByKey(ctx, tlsKey(t, mx)); !known || p != "MX" {
			t.Error("US does not know the new TLS key")
		}
		soon(t, "the older keys are destroyed", func() bool {
			k, err := mx.Node.NodeKeys(ctx)
			ok(t, err)
			return k.Older == 0
		})
		b, err := os.ReadFile(filepath.Join(mx.Dir, node.NodeKeyFile))
		ok(t, err)
		for use, seed := range old {
			stays := use == "wrap" || use == entente.UseLog
			if has := contains(b, hex.EncodeToString(seed)); has != stays {
				t.Errorf("round %d: the old %s key is on disk: %v", round, use, has)
			}
		}
	}
	if v := verdict(t, w, before); v.Grade != entente.GradeSettled {
		t.Errorf("evidence from before the rotation: %s", v.Grade)
	}
	for _, p := range []*world.Party{mx, us} {
		soon(t, "evidence is settled again", func() bool { // once the peer has acknowledged under the new keys
			b, err := p.Node.Evidence(ctx, desk, w.Group, agreed.ID, nil)
			ok(t, err)
			return verdict(t, w, b).Grade == entente.GradeSettled
		})
		checked(t, p)
		if a := alarms(t, p, ""); len(a) > 0 {
			t.Errorf("alarms at %s: %q", p.ID, a)
		}
		ok(t, p.Stop())
		ok(t, p.Restart(ctx))
	}
	commits(t, mx, 1)
	commits(t, us, 1)
	settle(t, w, "MX", "US")
}

func contains(b []byte, s string) bool { return bytes.Contains(b, []byte(s)) }

// A peer that was away while keys were replaced twice, and long backlogs before, between and after, gets everything in order
// under checkpoints of their time, and so does one that lost its disk since.
func TestRotationWhileAPeerIsAway(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "CA", "MX", "US")
	founded(t, w, "CA", "MX", "US")
	ca, mx := w.As("CA"), w.As("MX")
	ok(t, ca.Stop())
	saved := backup(t, ca.Dir)
	first := tlsKey(t, mx)
	for _, n := range []int{node.MaxPushRecords + 10, 20} { // a message ends before the first change
		flood(t, mx, n)
		w.Pass(60)
		rotate(t, mx)
		settle(t, w, "MX", "US")
	}
	flood(t, mx, 20)
	settle(t, w, "MX", "US")
	k, err := mx.Node.NodeKeys(ctx)
	ok(t, err)
	if k.Older == 0 {
		t.Fatal("the keys that CA knows were destroyed before it heard of others")
	}
	for _, g := range k.Groups {
		if g.Group == w.Group && (len(g.Waiting) != 1 || g.Waiting[0] != "CA") {
			t.Errorf("it waits for %v", g.Waiting)
		}
	}
	ok(t, ca.Restart(ctx))
	settle(t, w, "CA", "MX", "US")
	if pin, _, err := ca.Node.PeerKey(ctx, "MX"); err != nil || pin.Equal(first) || !pin.Equal(tlsKey(t, mx)) {
		t.Errorf("CA knows another key: %v", err)
	}
	soon(t, "the older keys are destroyed", func() bool {
		k, err := mx.Node.NodeKeys(ctx)
		ok(t, err)
		return k.Older == 0
	})
	commits(t, ca, 2)
	settle(t, w, "CA", "MX", "US")

	ok(t, ca.Stop())
	putBack(t, ca, saved) // it knows the first keys of MX only, which are destroyed: people meet anew
	ok(t, ca.Open(ctx))
	i, err := mx.Node.Introduction(ctx)
	ok(t, err)
	w.Pass(60)
	ok(t, ca.Node.Meet(ctx, i))
	ok(t, ca.Run(ctx))
	settle(t, w, "CA", "MX", "US")
	soon(t, "CA is writable again", func() bool { return len(ca.Node.Restoring()) == 0 })
	commits(t, ca, 1)
	settle(t, w, "CA", "MX", "US")
	noForks(t, w, "CA", "MX", "US")
	for _, p := range []record.Party{"CA", "MX", "US"} {
		checked(t, w.As(p))
	}
}

// The answer to the very message that carries the new powers is lost: each side then knows something that the other does not
// know it knows, and they find to each other all the same.
func TestRotationWithALostAcknowledgement(t *testing.T) {
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	w.Pass(60)
	cuts := make(chan bool, 1)
	cuts <- true
	us.Hang()
	us.Send = func(point string) {
		if point == "acknowledge" { // received and on disk; the answer does not arrive
			select {
			case <-cuts:
				w.Cut("MX", "US")
				w.Mend("MX", "US")
			default:
			}
		}
	}
	ok(t, us.Run(t.Context()))
	rotate(t, mx)
	soon(t, "a link was cut", func() bool { return len(cuts) == 0 })
	commits(t, us, 2)
	commits(t, mx, 2)
	settle(t, w, "MX", "US")
	checked(t, mx)
	checked(t, us)
	if a := append(alarms(t, mx, ""), alarms(t, us, "")...); len(a) > 0 {
		t.Errorf("alarms: %q", a)
	}
}

// A rotation that broke off is finished with the keys it began with; powers that name keys of somebody else are refused.
func TestRotationBrokenOff(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	one, err := mx.Node.PrepareKeys(ctx)
	ok(t, err)
	ok(t, mx.Stop()) // before any powers name them
	ok(t, mx.Restart(ctx))
	commits(t, mx, 1)
	two, err := mx.Node.PrepareKeys(ctx)
	ok(t, err)
	if one.Keys[entente.UseLog].String() != two.Keys[entente.UseLog].String() || two.Older != 1 {
		t.Error("another set was made")
	}
	ok(t, mx.Node.PutPowers(ctx, w.Group, mx.Offices(), mx.Root)) // one group, not the party's own
	ok(t, mx.Stop())
	ok(t, mx.Restart(ctx))
	three := rotate(t, mx)
	if one.Keys[entente.UseTLS].String() != three.Keys[entente.UseTLS].String() {
		t.Error("another set was made")
	}
	commits(t, mx, 1)
	settle(t, w, "MX", "US")
	checked(t, mx)

	p, err := mx.Node.Powers(w.Group)
	ok(t, err)
	q := *p
	q.Keys = map[entente.Use]entente.Key{}
	for u := range p.Keys {
		q.Keys[u] = node.PublicKey(world.Key("thief/" + string(u)))
	}
	_, err = putPowers(ctx, mx, &q, mx.Root)
	refused(t, err, "does not hold")
	if !errors.Is(err, node.ErrConflict) {
		t.Error(err)
	}
}

// putPowers records powers as they stand, under a root key.
func putPowers(ctx context.Context, p *world.Party, q *entente.Powers, root ed25519.PrivateKey) (*node.Sealed, error) {
	terms, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	operator := node.Caller{Operator: true}
	d, err := p.Node.Prepare(ctx, operator, node.Act{Group: p.W.Group, Kind: "powers", Verb: record.Propose, Terms: terms})
	if err != nil {
		return nil, err
	}
	if err := p.Node.Save(ctx, d); err != nil {
		return nil, err
	}
	_, s, err := p.Node.AddApprovals(ctx, operator, p.W.Group, d.Nonce, []record.Approval{record.Approve(d.Act, p.ID, record.RootOffice, 0, p.W.Now(), root)}, false)
	if err == nil && s == nil {
		err = fmt.Errorf("not on record")
	}
	return s, err
}

// The root is replaced by the key that was committed to, and by no other; the old root is worth nothing then.
func TestRootRotation(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	s := commits(t, mx, 1)[0]
	settle(t, w, "MX", "US")
	before, err := us.Node.Evidence(ctx, desk, w.Group, s.ID, nil)
	ok(t, err)
	p, err := mx.Node.Powers(w.Group)
	ok(t, err)
	root, next := world.Key("MX/next-root"), world.Key("MX/after-next")
	thief := *p
	thief.Root, thief.Next = node.PublicKey(world.Key("thief")), node.PublicKey(world.Key("thief/next")).Digest()
	_, err = putPowers(ctx, mx, &thief, world.Key("thief"))
	refused(t, err, "neither the current one nor the one that was committed to")
	lockout := *p
	lockout.Next = node.PublicKey(world.Key("thief/next")).Digest()
	_, err = putPowers(ctx, mx, &lockout, mx.Root) // the old root cannot change what comes after it
	refused(t, err, "neither")
	fresh := *p
	fresh.Root, fresh.Next = node.PublicKey(root), node.PublicKey(next).Digest()
	_, err = putPowers(ctx, mx, &fresh, mx.Root)
	refused(t, err, "does not verify")
	_, err = putPowers(ctx, mx, &fresh, root)
	ok(t, err)
	_, err = putPowers(ctx, mx, p, mx.Root)
	refused(t, err, "neither")
	again := fresh
	again.Address = "elsewhere:1"
	_, err = putPowers(ctx, mx, &again, root)
	ok(t, err)
	commits(t, mx, 1)
	settle(t, w, "MX", "US")
	verdict(t, w, before)
	b, err := us.Node.Evidence(ctx, desk, w.Group, s.ID, nil)
	ok(t, err)
	verdict(t, w, b)
	checked(t, mx)
	checked(t, us)
	l, err := us.Node.Ledger(w.Group)
	ok(t, err)
	if spans := l.Ring("MX").Spans(); len(spans) != 3 || spans[2].Powers.Root.String() != node.PublicKey(root).String() {
		t.Errorf("US knows %d powers", len(spans))
	}
}

// A node that is put back with keys from before a rotation signs nothing, says so, and goes on under new keys once the root key
// names them and the other side has compared the new introduction.
func TestLostNodeKeys(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx, us := w.As("MX"), w.As("US")
	old, err := os.ReadFile(filepath.Join(mx.Dir, node.NodeKeyFile))
	ok(t, err)
	ok(t, mx.Stop())
	saved := backup(t, mx.Dir)
	ok(t, mx.Restart(ctx))
	w.Pass(60)
	rotate(t, mx)
	commits(t, mx, 2)
	settle(t, w, "MX", "US")
	soon(t, "the older keys are destroyed", func() bool {
		k, err := mx.Node.NodeKeys(ctx)
		ok(t, err)
		return k.Older == 0
	})
	size, err := us.Node.Sizes(w.Group)
	ok(t, err)
	ok(t, mx.Stop())
	putBack(t, mx, saved)
	ok(t, os.WriteFile(filepath.Join(mx.Dir, node.NodeKeyFile), old, 0o600))
	ok(t, mx.Open(ctx))
	i, err := mx.Node.Introduction(ctx)
	ok(t, err)
	w.Pass(60)
	ok(t, us.Node.Meet(ctx, i)) // over the telephone: the old TLS key again, so that the node can ask at all
	ok(t, mx.Run(ctx))
	soon(t, "it took back what it lost", func() bool {
		s, err := mx.Node.Sizes(w.Group)
		ok(t, err)
		return s["MX"] == size["MX"]
	})
	soon(t, "writable", func() bool { return len(mx.Node.Restoring()) == 0 })
	_, err = mx.Commit(ctx, canary, "US")
	refused(t, err, "entente rotate node")
	if !errors.Is(err, node.ErrKeysOlder) {
		t.Fatal(err)
	}
	k, err := mx.Node.PrepareKeys(ctx)
	ok(t, err)
	for _, g := range k.Groups {
		ok(t, mx.Node.PutPowers(ctx, g.Group, mx.Offices(), mx.Root))
	}
	commits(t, mx, 2)
	commits(t, us, 1)
	settle(t, w, "MX", "US")
	noForks(t, w, "MX", "US")
	checked(t, mx)
	checked(t, us)
}
