package node

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"entente"
)

// KeyLock is what opens the file of the node's own keys, beside its permissions.
type KeyLock string

// The locks.
const (
	LockNone        KeyLock = "none"        // permissions only
	LockEnvironment KeyLock = "environment" // 32 bytes in hex, in the variable of KeyVariable
	LockCommand     KeyLock = "command"     // the program of KeyCommandVariable, in front of a KMS or an HSM
)

// Where the two locks are named. A node that the file says is locked does not start without.
const (
	KeyVariable        = "ENTENTE_KEY"
	KeyCommandVariable = "ENTENTE_KEY_COMMAND"
)

// ErrLocked: the node's own keys are locked and what should open them did not.
var ErrLocked = errors.New("the node's own keys are locked")

// locked is a key file under a lock: the keys sealed with AES-256-GCM (nonce first) under a key of 32 bytes, and that key as
// the command wrapped it.
type locked struct {
	Lock    KeyLock          `json:"lock"`
	Wrapped entente.HexBytes `json:"wrapped,omitempty"` // by the command
	Sealed  entente.HexBytes `json:"sealed"`

	aead cipher.AEAD
}

// newLock makes a lock with a fresh key; the command must give back what it was given before anything depends on it.
func newLock(kind KeyLock) (*locked, error) {
	l := &locked{Lock: kind}
	var key []byte
	var err error
	switch kind {
	case LockEnvironment:
		key, err = environmentKey()
	case LockCommand:
		key = random(32)
		if l.Wrapped, err = runKeyCommand("wrap", key); err != nil {
			break
		}
		var again []byte
		if again, err = runKeyCommand("unwrap", l.Wrapped); err == nil && !bytes.Equal(again, key) || bytes.Contains(l.Wrapped, key) {
			err = fmt.Errorf("%w: the program of %s does not give back what it wrapped, or did not wrap it", ErrInvalid, KeyCommandVariable)
		}
	default:
		err = fmt.Errorf("%w: a lock is environment or command", ErrInvalid)
	}
	if err != nil {
		return nil, err
	}
	return l, l.use(key)
}

func (l *locked) use(key []byte) error {
	block, err := aes.NewCipher(key)
	if err == nil {
		l.aead, err = cipher.NewGCMWithRandomNonce(block)
	}
	return err
}

// seal is the file for these keys.
func (l *locked) seal(keys []byte) ([]byte, error) {
	b, err := json.MarshalIndent(locked{Lock: l.Lock, Wrapped: l.Wrapped, Sealed: l.aead.Seal(nil, nil, keys, []byte(NodeKeyFile))}, "", "  ")
	return append(b, '\n'), err
}

// unlock reads a key file: its keys, and its lock, nil where it has none. Errors wrap ErrLocked and never hold what was read.
func unlock(path string, b []byte) ([]byte, *locked, error) {
	l := new(locked)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if d.Decode(l) != nil || l.Lock == "" {
		return b, nil, nil
	}
	var key []byte
	var err error
	switch l.Lock {
	case LockEnvironment:
		key, err = environmentKey()
	case LockCommand:
		key, err = runKeyCommand("unwrap", l.Wrapped)
	default:
		err = fmt.Errorf("%.40q is no lock", string(l.Lock))
	}
	if err == nil && len(key) != 32 {
		err = fmt.Errorf("%d bytes came back, and a key has 32", len(key))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w: %w", path, ErrLocked, err)
	}
	if err := l.use(key); err != nil {
		return nil, nil, err
	}
	keys, err := l.aead.Open(nil, nil, l.Sealed, []byte(NodeKeyFile))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w: the key that came back is another, or the file was changed", path, ErrLocked)
	}
	l.Sealed = nil
	return keys, l, nil
}

// environmentKey is the key of LockEnvironment.
func environmentKey() ([]byte, error) {
	s, ok := os.LookupEnv(KeyVariable)
	if !ok {
		return nil, fmt.Errorf("%s is not set: it holds 64 hexadecimal digits", KeyVariable)
	}
	key, err := hex.DecodeString(s)
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%s does not hold 64 hexadecimal digits", KeyVariable) // never the digits
	}
	return key, nil
}

// runKeyCommand asks the operator's program: its only argument is wrap or unwrap, the bytes go in and come out as they are.
// What it writes to stderr is dropped: it may hold a key.
func runKeyCommand(verb string, in []byte) ([]byte, error) {
	program := os.Getenv(KeyCommandVariable)
	if program == "" {
		return nil, fmt.Errorf("%s is not set: it names the program that asks the KMS or HSM", KeyCommandVariable)
	}
	ctx, cancel := context.WithTimeout(context.Background(), keyCommandTime)
	defer cancel()
	c := exec.CommandContext(ctx, program, verb) //nolint:gosec // the operator of the node names it, in the environment of the node
	var out answer
	c.Stdin, c.Stdout, c.WaitDelay = bytes.NewReader(in), &out, keyCommandTime/10 // also where a child of it lives on
	err := c.Run()
	switch {
	case out.over:
		return nil, fmt.Errorf("%s %s answered more than %d bytes", program, verb, maxWrappedKey)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s %s did not answer within %s", program, verb, keyCommandTime)
	case err != nil:
		return nil, fmt.Errorf("%s %s: %w; run it by hand to see what it says", program, verb, err)
	case len(out.b) == 0:
		return nil, fmt.Errorf("%s %s answered nothing", program, verb)
	}
	return out.b, nil
}

// answer is what a program writes, up to maxWrappedKey.
type answer struct {
	b    []byte
	over bool
}

func (a *answer) Write(b []byte) (int, error) {
	if a.over = len(a.b)+len(b) > maxWrappedKey; a.over {
		return 0, io.ErrShortWrite
	}
	a.b = append(a.b, b...)
	return len(b), nil
}

// LockKeys puts the file of a node's own keys under another lock, in the place of the old file. The node must not be serving.
func LockKeys(o Options, kind KeyLock) error {
	folder, err := lockFolder(o.Dir)
	if err != nil {
		return err
	}
	k, err := loadNodeKeys(keyPath(o))
	if err == nil {
		k.lock = nil
		if kind != LockNone {
			k.lock, err = newLock(kind)
		}
	}
	if err == nil {
		err = k.change(func(*nodeKeys) {})
	}
	return errors.Join(err, folder.Close())
}
