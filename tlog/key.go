package tlog

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
)

// An Alg is the signature type byte of a key, assigned by C2SP signed-note. It enters the key id, so one public key
// under two algorithms is two keys.
type Alg uint8

const (
	// AlgEd25519 is the plain note signature of a log key (signed-note, type 0x01).
	AlgEd25519 Alg = 0x01
	// AlgCosignatureV1 is the timestamped Ed25519 cosignature (tlog-cosignature, type 0x04).
	AlgCosignatureV1 Alg = 0x04
	// AlgMLDSA44 is the ML-DSA-44 cosignature (tlog-cosignature, type 0x06). Reserved: refused with [ErrAlgorithm].
	AlgMLDSA44 Alg = 0x06
)

// String returns the name of the algorithm for people.
func (a Alg) String() string {
	switch a {
	case AlgEd25519:
		return "Ed25519 note signature (0x01)"
	case AlgCosignatureV1:
		return "Ed25519 cosignature/v1 (0x04)"
	case AlgMLDSA44:
		return "ML-DSA-44 cosignature (0x06)"
	}
	return fmt.Sprintf("unknown algorithm (0x%02x)", uint8(a))
}

// Check returns [ErrAlgorithm] for all but the algorithms that this version signs and verifies.
func (a Alg) Check() error {
	switch a {
	case AlgEd25519, AlgCosignatureV1:
		return nil
	case AlgMLDSA44:
		return fmt.Errorf("%v is reserved and not yet supported; use %v: %w", a, AlgCosignatureV1, ErrAlgorithm)
	}
	return fmt.Errorf("%v: %w", a, ErrAlgorithm)
}

// A Key is a named public key with its algorithm.
type Key struct {
	Name   string
	Alg    Alg
	Public ed25519.PublicKey
}

// Check refuses an invalid name, an unsupported algorithm and a public key of the wrong length.
func (k Key) Check() error {
	if err := checkName(k.Name); err != nil {
		return err
	}
	if err := k.Alg.Check(); err != nil {
		return fmt.Errorf("key %s: %w", k.Name, err)
	}
	if len(k.Public) != ed25519.PublicKeySize {
		return fmt.Errorf("key %s has %d bytes, need %d: %w", k.Name, len(k.Public), ed25519.PublicKeySize, ErrMalformed)
	}
	return nil
}

// ID returns the key id of signed-note: the first four bytes, big-endian, of
// SHA-256(name || 0x0A || algorithm || public key). It tells keys apart and authenticates nothing.
func (k Key) ID() uint32 {
	buf := make([]byte, 0, 128)
	buf = append(buf, k.Name...)
	buf = append(buf, '\n', byte(k.Alg))
	buf = append(buf, k.Public...)
	sum := sha256.Sum256(buf)
	return binary.BigEndian.Uint32(sum[:])
}

// String returns the vkey of signed-note, <name>+<id, 8 hex digits>+<base64(algorithm || public key)>, which public
// tools take to check an exported log.
func (k Key) String() string {
	return fmt.Sprintf("%s+%08x+%s", k.Name, k.ID(),
		base64.StdEncoding.EncodeToString(append([]byte{byte(k.Alg)}, k.Public...)))
}

// ParseKey reads a vkey as [Key.String] writes it; no other spelling is taken.
func ParseKey(vkey string) (Key, error) {
	name, rest, _ := strings.Cut(vkey, "+")
	_, b64, _ := strings.Cut(rest, "+")
	raw, err := decodeBase64(b64)
	if err != nil || len(raw) == 0 {
		return Key{}, fmt.Errorf("vkey is not <name>+<id>+<base64>: %w", ErrMalformed)
	}
	k := Key{Name: name, Alg: Alg(raw[0]), Public: raw[1:]}
	if err := k.Check(); err != nil {
		return Key{}, fmt.Errorf("read vkey: %w", err)
	}
	if k.String() != vkey {
		return Key{}, fmt.Errorf("vkey of %s: id does not match the key: %w", name, ErrMalformed)
	}
	return k, nil
}

// Keys answers which keys a log could sign a checkpoint of the given size with. Keys change over the life of a log;
// which stood at which size is written in the log itself and known to the caller.
type Keys func(size uint64) []ed25519.PublicKey

// OneKey is the [Keys] of a log that never changed its key.
func OneKey(key ed25519.PublicKey) Keys {
	return func(uint64) []ed25519.PublicKey { return []ed25519.PublicKey{key} }
}
