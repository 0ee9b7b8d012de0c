package node

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// kms is a program in front of a KMS: it wraps by a key of its own, which the node never sees.
func kms(t *testing.T, body string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kms")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o700); err != nil { //nolint:gosec // a program is to be run
		t.Fatal(err)
	}
	t.Setenv(KeyCommandVariable, path)
}

// working changes every byte and back, as a KMS would with a key that never leaves it.
const working = `export LC_ALL=C; case "$1" in
wrap) tr '\000-\377' '\001-\377\000' ;;
unwrap) tr '\001-\377\000' '\000-\377' ;;
*) exit 9 ;;
esac`

func keysIn(t *testing.T) (Options, *nodeKeys) {
	t.Helper()
	o := Options{Dir: t.TempDir()}
	k := newNodeKeys()
	k.expand()
	if err := k.save(o.Dir); err != nil {
		t.Fatal(err)
	}
	return o, k
}

func TestKeysUnderALock(t *testing.T) {
	t.Setenv(KeyVariable, strings.Repeat("0f", 32))
	kms(t, working)
	for _, lock := range []KeyLock{LockEnvironment, LockCommand} {
		o, k := keysIn(t)
		if err := LockKeys(o, lock); err != nil {
			t.Fatalf("%s: %v", lock, err)
		}
		b, err := os.ReadFile(keyPath(o))
		if err != nil || bytes.Contains(b, []byte(hex.EncodeToString(k.Wrap))) || bytes.Contains(b, []byte(`"seed"`)) {
			t.Errorf("%s: the file holds the keys in the clear, or is not there: %v", lock, err)
		}
		again, err := loadNodeKeys(keyPath(o))
		if err != nil || !bytes.Equal(again.Wrap, k.Wrap) || !sameKeys(again.public(), k.public()) {
			t.Fatalf("%s: not what was locked: %v", lock, err)
		}
		if err := again.change(func(k *nodeKeys) { k.Older, k.Seed = append(k.Older, k.Seed), newSeeds() }); err != nil { // as a rotation does
			t.Fatal(err)
		}
		if b, err = os.ReadFile(keyPath(o)); err != nil || !bytes.Contains(b, []byte(`"lock": "`+string(lock)+`"`)) || bytes.Contains(b, []byte(`"seed"`)) {
			t.Errorf("%s: replaced keys are not under the lock: %v", lock, err)
		}
		if x, err := loadNodeKeys(keyPath(o)); err != nil || len(x.Older) != 1 {
			t.Errorf("%s: after a rotation: %v", lock, err)
		}
		b[bytes.LastIndex(b, []byte(`"sealed"`))+20] ^= 1
		if err := os.WriteFile(keyPath(o), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadNodeKeys(keyPath(o)); err == nil {
			t.Errorf("%s: a changed file opens", lock)
		}
	}
	o, k := keysIn(t)
	for _, lock := range []KeyLock{LockCommand, LockEnvironment, LockNone} { // from any to any
		if err := LockKeys(o, lock); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := os.ReadFile(keyPath(o)); err != nil || !bytes.Contains(b, []byte(hex.EncodeToString(k.Wrap))) {
		t.Errorf("unlocked, and the file does not hold the keys: %v", err)
	}
}

// What does not work is told before the file is touched, and nothing that was read or answered stands in an error.
func TestLocksThatDoNotOpen(t *testing.T) {
	secret := strings.Repeat("secret", 3)
	defer func(d time.Duration) { keyCommandTime = d }(keyCommandTime)
	keyCommandTime = time.Second
	for name, x := range map[string]struct{ body, says string }{
		"fails":           {"echo " + secret + " >&2; echo " + secret + "; exit 3", "run it by hand"},
		"hangs":           {"sleep 60", "did not answer within"},
		"answers nothing": {"cat >/dev/null", "answered nothing"},
		"does not wrap":   {"cat", "did not wrap it"},
		"another answer":  {"cat >/dev/null; echo " + secret, "does not give back"},
		"floods":          {"while :; do echo " + secret + "; done", "answered more than"},
	} {
		kms(t, x.body)
		o, _ := keysIn(t)
		before, _ := os.ReadFile(keyPath(o))
		err := LockKeys(o, LockCommand)
		if err == nil || !strings.Contains(err.Error(), x.says) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := os.ReadFile(keyPath(o)); !bytes.Equal(before, after) {
			t.Errorf("%s: the file was changed", name)
		}
	}
	kms(t, working)
	o, _ := keysIn(t)
	if err := LockKeys(o, LockCommand); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func(){
		"no program named":  func() { t.Setenv(KeyCommandVariable, "") },
		"no such program":   func() { t.Setenv(KeyCommandVariable, filepath.Join(t.TempDir(), "gone")) },
		"another's key":     func() { kms(t, "head -c 32 /dev/zero") },
		"not a key's bytes": func() { kms(t, "echo "+secret) },
	} {
		f()
		if _, err := loadNodeKeys(keyPath(o)); !errors.Is(err, ErrLocked) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Setenv(KeyVariable, "not hex "+secret)
	o, _ = keysIn(t)
	if err := LockKeys(o, LockEnvironment); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("a key that is none: %v", err)
	}
}
