package tlog

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// A Checkpoint is the head of a log, C2SP tlog-checkpoint without extension lines. Its text is
//
//	<origin>
//	<size, decimal>
//	<root, base64>
//
// with a newline after each line.
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   Hash
}

// String returns the text that is signed.
func (c Checkpoint) String() string {
	return c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

// check refuses a head that no log can have.
func (c Checkpoint) check() error {
	if err := checkName(c.Origin); err != nil {
		return fmt.Errorf("origin: %w", err)
	}
	if c.Size > MaxSize {
		return fmt.Errorf("size %d is above the limit of %d: %w", c.Size, uint64(MaxSize), ErrMalformed)
	}
	if c.Size == 0 && c.Root != EmptyRoot() {
		return fmt.Errorf("size 0 with a root that is not that of the empty tree: %w", ErrMalformed)
	}
	return nil
}

// SignCheckpoint returns the signed note of c under the log key, whose name is the origin. The caller must never sign
// two heads that are not consistent: that is a fork, and provable ([Fork]).
func SignCheckpoint(c Checkpoint, key ed25519.PrivateKey) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	if len(key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("sign checkpoint of %s: log key has the wrong length: %w", c.Origin, ErrMalformed)
	}
	k := Key{Name: c.Origin, Alg: AlgEd25519, Public: key.Public().(ed25519.PublicKey)}
	text := c.String()
	return appendSignature([]byte(text+"\n"), k, ed25519.Sign(key, []byte(text))), nil
}

// ParseCheckpoint reads the head that a signed note states. No signature is verified: nothing may rest on the result
// but the choice of the keys to verify it with.
func ParseCheckpoint(msg []byte) (Checkpoint, error) {
	n, err := parseNote(msg)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
	}
	return parseBody(n.text)
}

// OpenCheckpoint reads and verifies a checkpoint of the log named origin: one signature line under that name must be
// by key. Lines of other keys (cosigners) are ignored, as signed-note demands. Errors: [ErrMalformed], [ErrOrigin],
// [ErrMissing], [ErrSignature].
func OpenCheckpoint(msg []byte, origin string, key ed25519.PublicKey) (Checkpoint, error) {
	c, _, err := open(msg, origin, OneKey(key))
	return c, err
}

// OpenCheckpointKeys is [OpenCheckpoint] for a log that changed its key. It also returns the key that signed.
func OpenCheckpointKeys(msg []byte, origin string, keys Keys) (Checkpoint, ed25519.PublicKey, error) {
	c, k, err := open(msg, origin, keys)
	return c, k.Public, err
}

func open(msg []byte, origin string, keys Keys) (Checkpoint, Key, error) {
	n, err := parseNote(msg)
	if err != nil {
		return Checkpoint{}, Key{}, fmt.Errorf("open checkpoint: %w", err)
	}
	c, err := parseBody(n.text)
	if err != nil {
		return Checkpoint{}, Key{}, err
	}
	if c.Origin != origin {
		return Checkpoint{}, Key{}, fmt.Errorf("open checkpoint of %q: it is of %q: %w", origin, c.Origin, ErrOrigin)
	}
	result := ErrMissing
	for _, public := range keys(c.Size) {
		k := Key{Name: origin, Alg: AlgEd25519, Public: public}
		if err := k.Check(); err != nil {
			return Checkpoint{}, Key{}, fmt.Errorf("open checkpoint: %w", err)
		}
		sig, ok := n.find(k)
		switch {
		case !ok:
		case ed25519.Verify(public, []byte(n.text), sig):
			return c, k, nil
		default:
			result = ErrSignature
		}
	}
	return Checkpoint{}, Key{}, fmt.Errorf("open checkpoint of %s at size %d: %w", origin, c.Size, result)
}

func parseBody(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, fmt.Errorf("read checkpoint: not three lines (extension lines are refused): %w", ErrMalformed)
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint: size: %w", ErrMalformed)
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint: root: %w", err)
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root}
	if err := c.check(); err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
	}
	if c.String() != text {
		return Checkpoint{}, fmt.Errorf("read checkpoint: not canonical: %w", ErrMalformed)
	}
	return c, nil
}

// signedNote is a note whose syntax has been checked and whose signatures have not.
type signedNote struct {
	text string
	sigs []signature
}

type signature struct {
	name string
	id   uint32
	sig  []byte // without the key id
}

// parseNote reads a signed note in its one canonical form: at most MaxSignatures lines, base64 without stray padding
// bits, no two lines of one key. x/mod drops repeated lines silently; here they are refused.
func parseNote(msg []byte) (signedNote, error) {
	if len(msg) > MaxNote {
		return signedNote{}, fmt.Errorf("note has %d bytes, at most %d: %w", len(msg), MaxNote, ErrMalformed)
	}
	_, err := note.Open(msg, nil)
	var open *note.UnverifiedNoteError
	if !errors.As(err, &open) {
		return signedNote{}, fmt.Errorf("not a signed note: %w", ErrMalformed)
	}
	n := signedNote{text: open.Note.Text}
	lines := strings.Count(string(msg[len(n.text)+1:]), "\n")
	if lines > MaxSignatures || lines != len(open.Note.UnverifiedSigs) {
		return signedNote{}, fmt.Errorf("note with repeated or more than %d signatures: %w", MaxSignatures, ErrMalformed)
	}
	n.sigs = make([]signature, 0, lines)
	for _, s := range open.Note.UnverifiedSigs {
		raw, err := decodeBase64(s.Base64)
		if err != nil {
			return signedNote{}, fmt.Errorf("signature line of %q: %w", s.Name, err)
		}
		for _, other := range n.sigs {
			if other.name == s.Name && other.id == s.Hash {
				return signedNote{}, fmt.Errorf("two signatures of one key %q: %w", s.Name, ErrMalformed)
			}
		}
		n.sigs = append(n.sigs, signature{name: s.Name, id: s.Hash, sig: raw[4:]})
	}
	return n, nil
}

// find returns the signature that claims to be by k.
func (n signedNote) find(k Key) ([]byte, bool) {
	id := k.ID()
	for _, s := range n.sigs {
		if s.name == k.Name && s.id == id {
			return s.sig, true
		}
	}
	return nil, false
}

// appendSignature appends a signature line of signed-note to msg.
func appendSignature(msg []byte, k Key, sig []byte) []byte {
	return appendLine(msg, signature{name: k.Name, id: k.ID(), sig: sig})
}

func appendLine(msg []byte, s signature) []byte {
	raw := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(s.sig)), s.id)
	raw = append(raw, s.sig...)
	msg = append(msg, "— "...)
	msg = append(msg, s.name...)
	msg = append(msg, ' ')
	msg = base64.StdEncoding.AppendEncode(msg, raw)
	return append(msg, '\n')
}
