package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// ErrErased: the part's data key was destroyed; its content is gone for good.
var ErrErased = errors.New("content was destroyed")

// ErrKey: the node's key does not open the key file.
var ErrKey = errors.New("wrong or missing key")

// keyFile holds one data key per part, each in a slot of its own, wrapped under the node's key (AES-256-GCM, the slot's
// number as associated data). It stands apart from the database and is backed up apart: whoever has the database alone reads
// no part. Slot 0 proves the node's key. Destroying a key overwrites its slot.
type keyFile struct {
	mu   sync.Mutex
	f    *os.File
	wrap cipher.AEAD
	next uint64
	tail []byte // slots reserved and not yet written
	from uint64 // first slot of tail
}

// openKeyFile opens or makes the key file of a database that names slots up to newest. One that lacks them is refused and left
// as it is: it is missing or older than the database, and would give a slot away twice.
func openKeyFile(path string, kek [32]byte, newest uint64) (*keyFile, error) {
	if _, err := os.Stat(path); newest > 0 && errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("key file %s: %w: it is not there; restore the key file that belongs to the database", path, ErrKey)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the key file: %w", err)
	}
	wrap, err := newGCM(kek[:])
	if err != nil {
		return nil, err
	}
	k := &keyFile{f: f, wrap: wrap}
	fi, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	k.next = uint64(fi.Size()) / slotSize // a torn last slot belongs to nothing that was committed
	k.from = k.next
	if newest > 0 && newest >= k.next {
		return nil, errors.Join(fmt.Errorf("key file %s: %w: it has %d keys and the database needs %d; restore the key file that belongs to it",
			path, ErrKey, k.next, newest+1), f.Close())
	}
	if k.next == 0 {
		if _, _, err := k.reserve(); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return k, k.flush()
	}
	if _, err := k.key(0); err != nil {
		return nil, errors.Join(fmt.Errorf("key file %s: %w: it was made under another node key; restore the key that belongs to it", path, ErrKey), f.Close())
	}
	return k, nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(b)
}

func slotData(n uint64) []byte {
	return fmt.Appendf(nil, "entente/slot/v1/%d", n)
}

// reserve makes a data key in the next slot. It is durable after flush, which precedes the commit that names the slot.
func (k *keyFile) reserve() (slot uint64, key [32]byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	rand.Read(key[:])
	s := make([]byte, 13, slotSize)
	s[0] = 1
	rand.Read(s[1:13])
	slot = k.next
	s = k.wrap.Seal(s, s[1:13], key[:], slotData(slot))
	k.tail = append(k.tail, s[:slotSize]...)
	k.next++
	return slot, key, nil
}

// flush writes and syncs what was reserved.
func (k *keyFile) flush() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.tail) == 0 {
		return nil
	}
	if _, err := k.f.WriteAt(k.tail, int64(k.from*slotSize)); err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	if err := datasync(k.f); err != nil {
		return fmt.Errorf("sync the key file: %w", err)
	}
	k.tail, k.from = k.tail[:0], k.next
	return nil
}

func (k *keyFile) key(slot uint64) (key [32]byte, err error) {
	if k == nil { // of a database that was opened without its keys
		return key, fmt.Errorf("the database was opened without its key file: %w", ErrKey)
	}
	var s [slotSize]byte
	k.mu.Lock()
	next := k.next
	if slot >= k.from && slot < k.next {
		copy(s[:], k.tail[(slot-k.from)*slotSize:])
	} else if _, err = k.f.ReadAt(s[:], int64(slot*slotSize)); err != nil && !errors.Is(err, io.EOF) {
		k.mu.Unlock()
		return key, fmt.Errorf("read the key file: %w", err)
	}
	k.mu.Unlock()
	if slot >= next { // not destroyed: it was never here
		return key, fmt.Errorf("key slot %d of %d: %w", slot, next, ErrKey)
	}
	if s == [slotSize]byte{} {
		return key, ErrErased
	}
	b, err := k.wrap.Open(nil, s[1:13], s[13:13+48], slotData(slot))
	if s[0] != 1 || err != nil {
		return key, fmt.Errorf("key slot %d: %w", slot, ErrKey)
	}
	copy(key[:], b)
	return key, nil
}

// destroy overwrites slots and syncs. After it, nobody reads what they sealed, from this file or from a backup of the database.
func (k *keyFile) destroy(slots ...uint64) error {
	if len(slots) == 0 {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, slot := range slots {
		switch {
		case slot == 0:
			return fmt.Errorf("slot 0 proves the node's key")
		case slot >= k.from && slot < k.next: // reserved and not yet written
			clear(k.tail[(slot-k.from)*slotSize:][:slotSize])
			continue
		}
		if _, err := k.f.WriteAt(make([]byte, slotSize), int64(slot*slotSize)); err != nil {
			return fmt.Errorf("destroy a data key: %w", err)
		}
	}
	return datasync(k.f)
}

func (k *keyFile) close() error { return k.f.Close() }

var zeroNonce [12]byte // each data key seals once

// seal encrypts content under a fresh data key. about binds the ciphertext to its place.
func (k *keyFile) seal(content, about []byte) (slot uint64, body []byte, err error) {
	slot, key, err := k.reserve()
	if err != nil {
		return 0, nil, err
	}
	a, err := newGCM(key[:])
	if err != nil {
		return 0, nil, err
	}
	return slot, a.Seal(nil, zeroNonce[:], content, about), nil
}

func (k *keyFile) open(slot uint64, body, about []byte) ([]byte, error) {
	key, err := k.key(slot)
	if err != nil {
		return nil, err
	}
	a, err := newGCM(key[:])
	if err != nil {
		return nil, err
	}
	b, err := a.Open(nil, zeroNonce[:], body, about)
	if err != nil {
		return nil, fmt.Errorf("stored content does not decrypt: %w", ErrKey)
	}
	return b, nil
}
