package tlog

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"strconv"
	"strings"

	sumdb "golang.org/x/mod/sumdb/tlog"
)

// An InclusionProof is the audit path of one leaf, from its sibling to the child of the root, RFC 6962 section 2.1.1.
type InclusionProof = sumdb.RecordProof

// A ConsistencyProof shows that one tree is a prefix of another, RFC 6962 section 2.1.2.
type ConsistencyProof = sumdb.TreeProof

// RootAt returns the root that the log in s, of the given size, had at an earlier size (at <= size).
func RootAt(s Source, size, at uint64) (Hash, error) {
	if at > size {
		return Hash{}, fmt.Errorf("root at %d of a log of size %d: %w", at, size, ErrMalformed)
	}
	r, err := newReader(s, size)
	if err != nil {
		return Hash{}, fmt.Errorf("root at %d: %w", at, err)
	}
	h, err := sumdb.TreeHash(int64(at), r)
	if err != nil {
		return Hash{}, fmt.Errorf("root at %d of a log of size %d: %w", at, size, err)
	}
	return h, nil
}

// Inclusion proves that the leaf at index is in the tree of the given size (index < size). The log in s may be longer.
func Inclusion(s Source, index, size uint64) (InclusionProof, error) {
	r, err := newReader(s, size)
	if err == nil && index >= size {
		err = fmt.Errorf("index not below size: %w", ErrMalformed)
	}
	var p InclusionProof
	if err == nil {
		p, err = sumdb.ProveRecord(int64(size), int64(index), r)
	}
	if err != nil {
		return nil, fmt.Errorf("prove inclusion of %d in size %d: %w", index, size, err)
	}
	return p, nil
}

// Consistency proves that the tree of size old is a prefix of the tree of size new (old <= new). The log in s may be
// longer. From size 0 the proof is empty.
func Consistency(s Source, old, new uint64) (ConsistencyProof, error) {
	r, err := newReader(s, new)
	if err == nil && old > new {
		err = fmt.Errorf("old size above new size: %w", ErrMalformed)
	}
	p := ConsistencyProof{}
	if err == nil && old > 0 {
		p, err = sumdb.ProveTree(int64(new), int64(old), r)
	}
	if err != nil {
		return nil, fmt.Errorf("prove consistency of %d with %d: %w", old, new, err)
	}
	return p, nil
}

// CheckInclusion returns nil if p leads from leaf at index to the root of the tree of the given size, else [ErrProof].
func CheckInclusion(p InclusionProof, index, size uint64, leaf, root Hash) error {
	if size > MaxSize || index >= size || sumdb.CheckRecord(p, int64(size), root, int64(index), leaf) != nil {
		return fmt.Errorf("inclusion of entry %d in a log of size %d: %w", index, size, ErrProof)
	}
	return nil
}

// CheckConsistency returns nil if p shows that the tree (old, oldRoot) is a prefix of (new, newRoot), else [ErrProof].
// A tree of size 0 is a prefix of all, by the empty proof and the empty root.
func CheckConsistency(p ConsistencyProof, old uint64, oldRoot Hash, new uint64, newRoot Hash) error {
	ok := old <= new && new <= MaxSize
	switch {
	case !ok:
	case old == 0:
		ok = len(p) == 0 && oldRoot == EmptyRoot() && (new > 0 || newRoot == oldRoot)
	default:
		ok = sumdb.CheckTree(p, int64(new), newRoot, int64(old), oldRoot) == nil
	}
	if !ok {
		return fmt.Errorf("log of size %d as a prefix of size %d: %w", old, new, ErrProof)
	}
	return nil
}

const proofHeader = "c2sp.org/tlog-proof@v1\n"

// A Proof is a C2SP tlog-proof without extra data: an inclusion proof and the checkpoint it leads to. It does not hold
// the entry.
type Proof struct {
	Index uint64
	Path  InclusionProof
	Note  []byte // signed checkpoint, cosignatures included
}

// Append appends the text of the proof to b.
func (p Proof) Append(b []byte) []byte {
	b = append(b, proofHeader...)
	b = append(b, "index "...)
	b = strconv.AppendUint(b, p.Index, 10)
	b = append(b, '\n')
	for _, h := range p.Path {
		b = append(b, h.String()...)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	return append(b, p.Note...)
}

// ParseProof reads a proof of at most [MaxProof] bytes in its one canonical form. Nothing is verified yet.
func ParseProof(text []byte) (Proof, error) {
	if len(text) > MaxProof {
		return Proof{}, fmt.Errorf("read log proof: %d bytes, at most %d: %w", len(text), MaxProof, ErrMalformed)
	}
	head, note, ok := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head)+"\n", "\n")
	lines = lines[:len(lines)-1]
	if !ok || len(lines) < 2 || lines[0]+"\n" != proofHeader || len(lines)-2 > treeHeight {
		return Proof{}, fmt.Errorf("read log proof: not a tlog-proof without extra data: %w", ErrMalformed)
	}
	digits, ok := strings.CutPrefix(lines[1], "index ")
	index, err := strconv.ParseUint(digits, 10, 64)
	if !ok || err != nil {
		return Proof{}, fmt.Errorf("read log proof: index line: %w", ErrMalformed)
	}
	p := Proof{Index: index, Path: make(InclusionProof, 0, len(lines)-2), Note: bytes.Clone(note)}
	for _, l := range lines[2:] {
		h, err := parseHash(l)
		if err != nil {
			return Proof{}, fmt.Errorf("read log proof: %w", err)
		}
		p.Path = append(p.Path, h)
	}
	if _, err := ParseCheckpoint(note); err != nil {
		return Proof{}, fmt.Errorf("read log proof: %w", err)
	}
	if !bytes.Equal(p.Append(make([]byte, 0, len(text))), text) {
		return Proof{}, fmt.Errorf("read log proof: not canonical: %w", ErrMalformed)
	}
	return p, nil
}

// Verify checks the log's signature and that leaf stands at p.Index, and returns the checkpoint. Cosignatures are for
// [OpenCosigned].
func (p Proof) Verify(leaf Hash, origin string, key ed25519.PublicKey) (Checkpoint, error) {
	c, err := OpenCheckpoint(p.Note, origin, key)
	if err != nil {
		return Checkpoint{}, err
	}
	if err := CheckInclusion(p.Path, p.Index, c.Size, leaf, c.Root); err != nil {
		return Checkpoint{}, err
	}
	return c, nil
}
