package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente"
)

// A service manager hands the node's keys over as a credential: closed by its folder, and maybe with a group's bits.
func TestKeysAsACredential(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	for _, x := range []struct {
		dir  string
		mode os.FileMode
		ok   bool
	}{{dir, 0o440, true}, {dir, 0o400, true}, {dir, 0o444, false}, {elsewhere, 0o600, true}, {elsewhere, 0o440, false}, {elsewhere, 0o604, false}} {
		path := filepath.Join(x.dir, NodeKeyFile)
		_ = os.Remove(path)
		k := newNodeKeys()
		if err := k.save(x.dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, x.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := loadNodeKeys(path); (err == nil) != x.ok {
			t.Errorf("%s in the credentials %v: %v", x.mode, x.dir == dir, err)
		}
	}
}

// Where the key file cannot be written, no rotation begins: nothing names a key that a restart would lose.
func TestKeysThatCannotBeWritten(t *testing.T) {
	w := newTwo(t)
	n := w.nodes["MX"]
	before := n.PublicKeys()
	path := n.keys.path
	n.keys.path = filepath.Join(t.TempDir(), "gone", NodeKeyFile)
	if _, err := n.PrepareKeys(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("prepared: %v", err)
	}
	if !sameKeys(before, n.PublicKeys()) {
		t.Error("keys were changed that are on no disk")
	}
	n.keys.path = path
	k, err := n.PrepareKeys(t.Context())
	if err != nil || sameKeys(before, k.Keys) || k.Older != 1 {
		t.Fatalf("%+v, %v", k, err)
	}
	again, err := loadNodeKeys(path)
	if err != nil || !sameKeys(again.public(), k.Keys) || again.of(before[entente.UseLog].Ed25519()) == nil {
		t.Errorf("the file does not hold both sets: %v", err)
	}
	if es, err := filepath.Glob(path + "*"); err != nil || len(es) != 1 {
		t.Errorf("left behind: %v, %v", es, err)
	}
}
