// Package tlog keeps the append-only log of one party in one group: Merkle tree, tiles, proofs, checkpoints,
// cosignatures and portable proofs of a fork, all in the C2SP formats that doc/log.md writes out.
//
// It is pure: it reads hashes through [Source], writes an export through a function, and has no clock.
// It builds on golang.org/x/mod/sumdb/{tlog,note} for the tree arithmetic and the note syntax, and is stricter than
// they are where two readers could otherwise take different bytes for the same text (base64 padding bits, repeated
// signatures, extension lines, sizes beyond [MaxSize]).
package tlog

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	sumdb "golang.org/x/mod/sumdb/tlog"
)

// A Hash is a 32-byte SHA-256 hash of a leaf or of an interior node, RFC 6962 section 2.1.
type Hash = sumdb.Hash

// One sentinel per decision a caller makes. Everything else is an error of the [Source] or of the caller's arguments.
var (
	// ErrMalformed: the bytes are not the one canonical encoding. Refuse them; ask the sender again.
	ErrMalformed = errors.New("malformed")
	// ErrOrigin: a well-formed statement about another log than the one asked for.
	ErrOrigin = errors.New("other log")
	// ErrMissing: no signature line of the key asked for. The statement may still be good once it is signed.
	ErrMissing = errors.New("signature missing")
	// ErrSignature: a signature line claims the key asked for and does not verify. This is a fault or an attack.
	ErrSignature = errors.New("signature invalid")
	// ErrAlgorithm: the key's algorithm is unknown or reserved. Upgrade, or use another key.
	ErrAlgorithm = errors.New("algorithm not supported")
	// ErrProof: an inclusion or consistency proof does not lead to the root.
	ErrProof = errors.New("proof invalid")
	// ErrNoConflict: both sides of an alleged fork may be true of one log.
	ErrNoConflict = errors.New("no conflict")
	// ErrSource: the [Source] answered with the wrong amount of data, or with data that contradict the log.
	ErrSource = errors.New("stored log damaged")
)

// LeafHash returns the hash under which an entry stands in the tree: SHA-256(0x00 || data), RFC 6962 section 2.1.
func LeafHash(data []byte) Hash { return sumdb.RecordHash(data) }

// EmptyRoot returns the root of the tree with no entry: SHA-256 of nothing, RFC 6962 section 2.1.
func EmptyRoot() Hash { return sha256.Sum256(nil) }

// parseHash reads the one base64 form of a hash (44 characters, padding bits zero).
func parseHash(s string) (Hash, error) {
	h, err := sumdb.ParseHash(s)
	if err != nil || h.String() != s {
		return Hash{}, fmt.Errorf("hash is not 32 bytes in canonical base64: %w", ErrMalformed)
	}
	return h, nil
}

// decodeBase64 refuses what does not encode back to itself: otherwise one signature has many spellings.
func decodeBase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || base64.StdEncoding.EncodeToString(b) != s {
		return nil, fmt.Errorf("base64 is not canonical: %w", ErrMalformed)
	}
	return b, nil
}
