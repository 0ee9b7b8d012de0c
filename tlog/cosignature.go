package tlog

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// The text under a cosignature is two lines and the text of the checkpoint (tlog-cosignature, "Ed25519 signed message"):
//
//	cosignature/v1
//	time <seconds since 1970, decimal>
//	<origin>
//	<size>
//	<root>
//
// It names no cosigner. A witness and a mirror must therefore have keys of their own, or one statement could be shown
// as the other.
func cosignedText(unix int64, text string) []byte {
	b := append(make([]byte, 0, 256), "cosignature/v1\ntime "...)
	b = strconv.AppendInt(b, unix, 10)
	b = append(b, '\n')
	return append(b, text...)
}

// Cosign returns the signature line by which the cosigner states that it knew this head at the time unix (seconds).
// The caller has opened the checkpoint, has checked its consistency with the last head it cosigned, has stored the new
// head, and, as a mirror, all entries; only then may it sign.
func Cosign(checkpoint []byte, name string, key ed25519.PrivateKey, unix int64) ([]byte, error) {
	c, err := ParseCheckpoint(checkpoint)
	if err != nil {
		return nil, fmt.Errorf("cosign as %s: %w", name, err)
	}
	if len(key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("cosign as %s: key has the wrong length: %w", name, ErrMalformed)
	}
	k := Key{Name: name, Alg: AlgCosignatureV1, Public: key.Public().(ed25519.PublicKey)}
	if err := k.Check(); err != nil {
		return nil, fmt.Errorf("cosign: %w", err)
	}
	if unix < 0 {
		return nil, fmt.Errorf("cosign as %s: time %d is before 1970; set the clock: %w", name, unix, ErrMalformed)
	}
	sig := binary.BigEndian.AppendUint64(make([]byte, 0, 8+ed25519.SignatureSize), uint64(unix))
	sig = append(sig, ed25519.Sign(key, cosignedText(unix, c.String()))...)
	return appendSignature(nil, k, sig), nil
}

// VerifyCosignature checks one signature line against the head that the note states and returns the cosigner's time
// (seconds since 1970; its word, not ours). It says nothing of the log's own signature. Errors: [ErrMalformed],
// [ErrMissing] (a line of another key), [ErrSignature].
func VerifyCosignature(checkpoint, line []byte, name string, key ed25519.PublicKey) (int64, error) {
	c, err := ParseCheckpoint(checkpoint)
	if err != nil {
		return 0, fmt.Errorf("verify cosignature of %s: %w", name, err)
	}
	k := Key{Name: name, Alg: AlgCosignatureV1, Public: key}
	if err := k.Check(); err != nil {
		return 0, fmt.Errorf("verify cosignature: %w", err)
	}
	s, err := parseLine(c, line)
	if err != nil {
		return 0, fmt.Errorf("verify cosignature of %s: %w", name, err)
	}
	return verifyCosignature(c.String(), signedNote{sigs: []signature{s}}, k)
}

// parseLine reads exactly one signature line, by setting it under the text of c.
func parseLine(c Checkpoint, line []byte) (signature, error) {
	n, err := parseNote(append([]byte(c.String()+"\n"), line...))
	if err != nil {
		return signature{}, err
	}
	if n.text != c.String() || len(n.sigs) != 1 {
		return signature{}, fmt.Errorf("not one signature line: %w", ErrMalformed)
	}
	return n.sigs[0], nil
}

func verifyCosignature(text string, n signedNote, k Key) (int64, error) {
	sig, ok := n.find(k)
	if !ok {
		return 0, fmt.Errorf("cosignature of %s: %w", k.Name, ErrMissing)
	}
	if len(sig) != 8+ed25519.SignatureSize {
		return 0, fmt.Errorf("cosignature of %s has %d bytes: %w", k.Name, len(sig), ErrSignature)
	}
	t := binary.BigEndian.Uint64(sig)
	if t > math.MaxInt64 || !ed25519.Verify(k.Public, cosignedText(int64(t), text), sig[8:]) {
		return 0, fmt.Errorf("cosignature of %s: %w", k.Name, ErrSignature)
	}
	return int64(t), nil
}

// AddCosignatures returns the note with the lines appended, each in place of an earlier line of the same name and key
// (a cosigner may state a later time). Lines are checked for syntax only: verify them first.
func AddCosignatures(checkpoint []byte, lines ...[]byte) ([]byte, error) {
	n, err := parseNote(checkpoint)
	if err != nil {
		return nil, fmt.Errorf("add cosignatures: %w", err)
	}
	c, err := parseBody(n.text)
	if err != nil {
		return nil, fmt.Errorf("add cosignatures: %w", err)
	}
	for _, line := range lines {
		s, err := parseLine(c, line)
		if err != nil {
			return nil, fmt.Errorf("add cosignature: %w", err)
		}
		replaced := false
		for i, old := range n.sigs {
			if old.name == s.name && old.id == s.id {
				n.sigs[i], replaced = s, true
			}
		}
		if !replaced {
			n.sigs = append(n.sigs, s)
		}
	}
	msg := []byte(n.text + "\n")
	for _, s := range n.sigs {
		msg = appendLine(msg, s)
	}
	if len(n.sigs) > MaxSignatures || len(msg) > MaxNote {
		return nil, fmt.Errorf("add cosignatures: more than %d lines or %d bytes: %w", MaxSignatures, MaxNote, ErrMalformed)
	}
	return msg, nil
}

// A Cosignature is what a note holds of one cosigner.
type Cosignature struct {
	Key  Key
	Time int64 // seconds since 1970, as the cosigner states it; 0 unless Err is nil
	Err  error // nil: verified; ErrMissing: not cosigned; ErrSignature: a false line under this name
}

// OpenCosigned opens a checkpoint as [OpenCheckpoint] does and says of each cosigner, in the order given, whether its
// cosignature is there and holds. Evidence is graded, so a false cosignature does not take down the rest, where
// signed-note would reject the whole note; the caller shows it. Two cosigners with one public key, or one with the log's
// key, are refused: their statements could be swapped.
func OpenCosigned(checkpoint []byte, origin string, keys Keys, cosigners []Key) (Checkpoint, []Cosignature, error) {
	c, signer, err := open(checkpoint, origin, keys)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	for i, k := range cosigners {
		if err := k.Check(); err != nil {
			return Checkpoint{}, nil, fmt.Errorf("open cosigned checkpoint of %s: %w", origin, err)
		}
		if k.Alg != AlgCosignatureV1 {
			return Checkpoint{}, nil, fmt.Errorf("key of cosigner %s is for %v: %w", k.Name, k.Alg, ErrAlgorithm)
		}
		shared := k.Public.Equal(signer.Public)
		for _, other := range cosigners[:i] {
			shared = shared || k.Public.Equal(other.Public)
		}
		if shared {
			return Checkpoint{}, nil, fmt.Errorf("cosigner %s shares its key with another name; give it its own: %w", k.Name, ErrMalformed)
		}
	}
	n, err := parseNote(checkpoint)
	if err != nil {
		return Checkpoint{}, nil, fmt.Errorf("open cosigned checkpoint of %s: %w", origin, err)
	}
	found := make([]Cosignature, len(cosigners))
	for i, k := range cosigners {
		t, err := verifyCosignature(n.text, n, k)
		found[i] = Cosignature{Key: k, Time: t, Err: err}
	}
	return c, found, nil
}
