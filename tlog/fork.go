package tlog

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

const forkHeader = "entente/fork/v1\n"

// A Fork is a portable proof that the holder of a log's keys signed two histories: either two roots at one size, or two
// leaves at one index, each with its path to a signed checkpoint. Whoever knows the origin and the log's keys can
// [Fork.Verify] it, without either history. A Fork from [ParseFork] is a claim until then.
//
// It proves that keys were misused, not by whom: a stolen key, and a node restored from a backup that went on writing,
// leave the same trace.
type Fork struct {
	leaves bool // two leaves at one index; else two roots at one size
	sides  [2]forkSide
}

// forkSide is one history. The note holds the log's signature and no other: lines that nobody checks would let one
// proof take many forms.
type forkSide struct {
	leaf  Hash // form "leaves" only
	proof Proof
	head  Checkpoint
}

// A ForkLeaf is one side of a fork by leaves: what stands at an index according to one checkpoint.
type ForkLeaf struct {
	Leaf Hash
	Path InclusionProof
	Note []byte // signed checkpoint that Path leads to; cosignatures are dropped
}

// ForkOfRoots makes a verified proof of two checkpoints of one size with different roots. [ErrNoConflict] if they agree
// or differ in size; the errors of [OpenCheckpoint] if one is not the log's.
func ForkOfRoots(origin string, keys Keys, a, b []byte) (Fork, error) {
	return newFork(origin, keys, false, 0, ForkLeaf{Note: a}, ForkLeaf{Note: b})
}

// ForkOfLeaves makes a verified proof of two different leaves at one index. [ErrNoConflict] if the leaves are equal;
// [ErrProof] or the errors of [OpenCheckpoint] if a side does not hold.
func ForkOfLeaves(origin string, keys Keys, index uint64, a, b ForkLeaf) (Fork, error) {
	return newFork(origin, keys, true, index, a, b)
}

func newFork(origin string, keys Keys, leaves bool, index uint64, a, b ForkLeaf) (Fork, error) {
	f := Fork{leaves: leaves}
	for i, in := range []ForkLeaf{a, b} {
		head, key, err := open(in.Note, origin, keys)
		if err != nil {
			return Fork{}, fmt.Errorf("prove fork: %w", err)
		}
		n, err := parseNote(in.Note)
		if err != nil {
			return Fork{}, fmt.Errorf("prove fork: %w", err)
		}
		sig, _ := n.find(key)
		f.sides[i] = forkSide{head: head, proof: Proof{Note: appendSignature([]byte(n.text+"\n"), key, sig)}}
		if leaves {
			f.sides[i].leaf = in.Leaf
			f.sides[i].proof.Index, f.sides[i].proof.Path = index, slices.Clone(in.Path)
		}
	}
	if f.order() > 0 {
		f.sides[0], f.sides[1] = f.sides[1], f.sides[0]
	}
	if err := f.Verify(origin, keys); err != nil {
		return Fork{}, fmt.Errorf("prove fork: %w", err)
	}
	return f, nil
}

// order compares what the sides disagree on: negative in the canonical order, zero if they agree.
func (f Fork) order() int {
	if f.leaves {
		return bytes.Compare(f.sides[0].leaf[:], f.sides[1].leaf[:])
	}
	return bytes.Compare(f.sides[0].head.Root[:], f.sides[1].head.Root[:])
}

// conflict refuses sides that can both be true, and the second way to write the same pair.
func (f Fork) conflict() error {
	a, b := f.sides[0], f.sides[1]
	switch {
	case a.head.Origin != b.head.Origin:
		return fmt.Errorf("checkpoints of %s and %s: %w", a.head.Origin, b.head.Origin, ErrNoConflict)
	case f.leaves && a.proof.Index != b.proof.Index:
		return fmt.Errorf("entries %d and %d: %w", a.proof.Index, b.proof.Index, ErrNoConflict)
	case !f.leaves && a.head.Size != b.head.Size:
		return fmt.Errorf("sizes %d and %d: %w", a.head.Size, b.head.Size, ErrNoConflict)
	case f.order() == 0:
		return fmt.Errorf("both sides state the same: %w", ErrNoConflict)
	case f.order() > 0:
		return fmt.Errorf("sides not in order: %w", ErrMalformed)
	}
	return nil
}

// Verify returns nil if both sides were signed by keys of the log named origin, each valid at its side's size, and
// cannot both be true of one log.
func (f Fork) Verify(origin string, keys Keys) error {
	if err := f.conflict(); err != nil {
		return fmt.Errorf("verify fork: %w", err)
	}
	for _, s := range f.sides {
		head, _, err := open(s.proof.Note, origin, keys)
		if err != nil {
			return fmt.Errorf("verify fork: %w", err)
		}
		if head != s.head {
			return fmt.Errorf("verify fork: head differs from its note: %w", ErrMalformed)
		}
		if f.leaves {
			if err := CheckInclusion(s.proof.Path, s.proof.Index, head.Size, s.leaf, head.Root); err != nil {
				return fmt.Errorf("verify fork: %w", err)
			}
		}
	}
	return nil
}

// Heads returns the two checkpoints, in canonical order.
func (f Fork) Heads() [2]Checkpoint { return [2]Checkpoint{f.sides[0].head, f.sides[1].head} }

// Leaves returns the index and the two leaf hashes of a fork by leaves, in the order of [Fork.Heads]; ok is false for
// a fork by roots.
func (f Fork) Leaves() (index uint64, leaves [2]Hash, ok bool) {
	return f.sides[0].proof.Index, [2]Hash{f.sides[0].leaf, f.sides[1].leaf}, f.leaves
}

// MarshalText writes the one canonical text of the proof (doc/log.md), at most [MaxFork] bytes.
func (f Fork) MarshalText() ([]byte, error) {
	if err := f.conflict(); err != nil {
		return nil, fmt.Errorf("write fork: %w", err)
	}
	b := []byte(forkHeader)
	if f.leaves {
		b = append(b, "leaves\n"...)
	} else {
		b = append(b, "roots\n"...)
	}
	for _, s := range f.sides {
		b = append(b, '\n')
		if f.leaves {
			b = append(b, "leaf "+s.leaf.String()+"\n"...)
			b = s.proof.Append(b)
		} else {
			b = append(b, s.proof.Note...)
		}
	}
	return b, nil
}

// ParseFork reads a fork proof in its one canonical form. It checks that the sides conflict; only [Fork.Verify] checks
// who signed them.
func ParseFork(text []byte) (Fork, error) {
	if len(text) > MaxFork {
		return Fork{}, fmt.Errorf("read fork: %d bytes, at most %d: %w", len(text), MaxFork, ErrMalformed)
	}
	rest, ok := bytes.CutPrefix(text, []byte(forkHeader))
	form, rest, found := bytes.Cut(rest, []byte("\n\n"))
	f := Fork{leaves: string(form) == "leaves"}
	if !ok || !found || !f.leaves && string(form) != "roots" {
		return Fork{}, fmt.Errorf("read fork: not an %s proof: %w", strings.TrimSpace(forkHeader), ErrMalformed)
	}
	for i := range f.sides {
		side := rest
		if i == 0 {
			end := forkSideEnd(rest, f.leaves)
			if end < 0 {
				return Fork{}, fmt.Errorf("read fork: no second side: %w", ErrMalformed)
			}
			side, rest = rest[:end], rest[end+1:]
		}
		var err error
		if f.sides[i], err = parseForkSide(side, f.leaves); err != nil {
			return Fork{}, fmt.Errorf("read fork, side %d: %w", i+1, err)
		}
	}
	if err := f.conflict(); err != nil {
		return Fork{}, fmt.Errorf("read fork: %w", err)
	}
	if again, err := f.MarshalText(); err != nil || !bytes.Equal(again, text) {
		return Fork{}, fmt.Errorf("read fork: not canonical: %w", ErrMalformed)
	}
	return f, nil
}

// forkSideEnd returns where the empty line after the first side begins. A side holds a fixed number of empty lines: one
// in a note, one more before it in a tlog-proof.
func forkSideEnd(b []byte, leaves bool) int {
	skip := 1
	if leaves {
		skip = 2
	}
	at := 0
	for {
		i := bytes.Index(b[at:], []byte("\n\n"))
		if i < 0 {
			return -1
		}
		if skip == 0 {
			return at + i + 1
		}
		skip--
		at += i + 2
	}
}

func parseForkSide(text []byte, leaves bool) (forkSide, error) {
	var s forkSide
	if leaves {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		b64, ok := strings.CutPrefix(string(line), "leaf ")
		if !ok {
			return forkSide{}, fmt.Errorf("no leaf line: %w", ErrMalformed)
		}
		var err error
		if s.leaf, err = parseHash(b64); err != nil {
			return forkSide{}, err
		}
		if s.proof, err = ParseProof(rest); err != nil {
			return forkSide{}, err
		}
	} else {
		s.proof.Note = bytes.Clone(text)
	}
	n, err := parseNote(s.proof.Note)
	if err != nil {
		return forkSide{}, err
	}
	if s.head, err = parseBody(n.text); err != nil {
		return forkSide{}, err
	}
	if len(n.sigs) != 1 || n.sigs[0].name != s.head.Origin {
		return forkSide{}, fmt.Errorf("note must have the log's signature and no other: %w", ErrMalformed)
	}
	return s, nil
}
