package node

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"filippo.io/age"

	"entente"
	"entente/record"
)

// ErrPassphrase: the passphrase does not open the key.
var ErrPassphrase = errors.New("wrong passphrase")

// nodeKeys are what the node signs and wraps with on its own. They put nothing in force. The file is readable by its owner only.
//
// Seed is the newest set: new powers name it. Until every group's powers do, and every peer has acknowledged them, the older
// sets are still signed with where they are current. Of a set that is done with only the log key stays: a peer that lost its
// copy is given old records again under checkpoints of that time.
type nodeKeys struct {
	Wrap  entente.HexBytes `json:"wrap"` // 32 bytes; wraps the data keys of parts
	Seed  seeds            `json:"seed"`
	Older []seeds          `json:"older,omitempty"` // newest first

	path string  // where it was read; empty: nowhere yet
	lock *locked // what its file is under; nil: permissions only
	mu   sync.RWMutex
	keys map[entente.Use]ed25519.PrivateKey // of the newest set
	all  map[string]ed25519.PrivateKey      // by public key
}

// seeds are 32-byte Ed25519 seeds by use.
type seeds map[entente.Use]entente.HexBytes

// Files of a node's folder that this package owns.
const (
	NodeKeyFile = "node.keys"
	RootFile    = "root.age"
	NextFile    = "next-root.age"
)

// maxNodeKeys in bytes: seeds in hex.
const maxNodeKeys = 64 << 10

func newNodeKeys() *nodeKeys {
	return &nodeKeys{Wrap: random(32), Seed: newSeeds()}
}

func newSeeds() seeds {
	s := seeds{}
	for _, u := range entente.Uses {
		s[u] = random(ed25519.SeedSize)
	}
	return s
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// key is the newest private key of a use. The first call of expand comes before the keys are shared.
func (k *nodeKeys) key(u entente.Use) ed25519.PrivateKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.keys[u]
}

// of is the private key of a public one, nil where the node does not hold it.
func (k *nodeKeys) of(pub ed25519.PublicKey) ed25519.PrivateKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.all[string(pub)]
}

// expand derives the keys from their seeds, once: it costs as much as a signature.
func (k *nodeKeys) expand() {
	k.keys, k.all = map[entente.Use]ed25519.PrivateKey{}, map[string]ed25519.PrivateKey{}
	for i, set := range append([]seeds{k.Seed}, k.Older...) {
		for u, s := range set {
			x := ed25519.NewKeyFromSeed(s)
			k.all[string(x.Public().(ed25519.PublicKey))] = x
			if i == 0 {
				k.keys[u] = x
			}
		}
	}
}

func (k *nodeKeys) public() map[entente.Use]entente.Key {
	k.mu.RLock()
	defer k.mu.RUnlock()
	out := map[entente.Use]entente.Key{}
	for _, u := range entente.Uses {
		out[u] = PublicKey(k.keys[u])
	}
	return out
}

// PublicKey is the public half with its algorithm.
func PublicKey(k ed25519.PrivateKey) entente.Key {
	return entente.Key{Alg: record.Ed25519, Public: entente.HexBytes(k.Public().(ed25519.PublicKey))}
}

// keyPath is where a node's own keys lie.
func keyPath(o Options) string {
	if o.Keys != "" {
		return o.Keys
	}
	return filepath.Join(o.Dir, NodeKeyFile)
}

// private reports whether nobody but its owner reads a file. What a service manager hands over as a credential is closed to
// others by the folder it lies in, and may carry a group's bits for its access list.
func private(path string, mode os.FileMode) bool {
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" && filepath.Dir(path) == filepath.Clean(dir) {
		return mode.Perm()&0o007 == 0
	}
	return mode.Perm()&0o077 == 0
}

func loadNodeKeys(path string) (*nodeKeys, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("node keys: %w; without this file the node cannot start: restore it from where you keep it, or run entente init for a new node", err)
	}
	if !private(path, fi.Mode()) {
		return nil, fmt.Errorf("node keys: %s may be read by others: run chmod 600 on it", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("node keys: %w", err)
	}
	b, lock, err := unlock(path, b)
	if err != nil {
		return nil, fmt.Errorf("node keys: %w", err)
	}
	k, err := decodeNodeKeys(path, b)
	if err == nil {
		k.path, k.lock = path, lock
	}
	return k, err
}

func decodeNodeKeys(path string, b []byte) (*nodeKeys, error) {
	k := new(nodeKeys)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(k); err != nil {
		return nil, fmt.Errorf("node keys: %s is not a key file", path) // never the content
	}
	if len(k.Wrap) != 32 {
		return nil, fmt.Errorf("node keys: %s has no wrapping key", path)
	}
	for _, u := range entente.Uses {
		if len(k.Seed[u]) != ed25519.SeedSize {
			return nil, fmt.Errorf("node keys: %s has no %s key", path, u)
		}
	}
	for _, set := range k.Older {
		for u, s := range set {
			if !slices.Contains(entente.Uses, u) || len(s) != ed25519.SeedSize {
				return nil, fmt.Errorf("node keys: %s has a key that is none", path)
			}
		}
	}
	k.expand()
	return k, nil
}

func (k *nodeKeys) encode() ([]byte, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	b, err := json.MarshalIndent(k, "", "  ")
	return append(b, '\n'), err
}

func (k *nodeKeys) save(dir string) error {
	b, err := k.encode()
	if err != nil {
		return err
	}
	return writeNew(filepath.Join(dir, NodeKeyFile), b)
}

// writeNew writes a file that must not exist yet, readable by its owner only, and syncs it.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// SaveKey writes an Ed25519 seed encrypted under a passphrase (age, scrypt). workFactor is the base-2 logarithm of scrypt's
// cost; 0 is age's own, about a second. Neither node nor operator can sign with it without the passphrase.
func SaveKey(path string, key ed25519.PrivateKey, passphrase string, workFactor int) error {
	if len(passphrase) < 8 {
		return fmt.Errorf("a passphrase has at least 8 characters")
	}
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return fmt.Errorf("key %s: %w", path, err)
	}
	if workFactor > 0 {
		r.SetWorkFactor(workFactor)
	}
	var buf bytes.Buffer
	w, err := age.Encrypt(&buf, r)
	if err != nil {
		return fmt.Errorf("key %s: %w", path, err)
	}
	if _, err := w.Write(key.Seed()); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := writeNew(path, buf.Bytes()); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	return nil
}

// OpenKey decrypts what SaveKey wrote. The error wraps ErrPassphrase where the passphrase is wrong.
func OpenKey(path, passphrase string) (ed25519.PrivateKey, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	defer f.Close()
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", path, ErrPassphrase)
	}
	r, err := age.Decrypt(f, id)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", path, ErrPassphrase)
	}
	seed, err := io.ReadAll(io.LimitReader(r, ed25519.SeedSize+1))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("key %s: not a key file of this program", path)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// mac authenticates bytes for a purpose, under a key that follows from the wrapping key and is not replaced.
func (k *nodeKeys) mac(purpose string, b []byte) []byte {
	derive := hmac.New(sha256.New, k.Wrap)
	derive.Write([]byte(purpose))
	h := hmac.New(sha256.New, derive.Sum(nil))
	h.Write(b)
	return h.Sum(nil)
}

// name stands in the database for a text that has no salt: a digest would let a thief of the database try whether it was this text.
func (k *nodeKeys) name(purpose string, text []byte) record.ID {
	return record.ID(k.mac(purpose, text))
}
