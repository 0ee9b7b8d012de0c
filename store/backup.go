package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
)

// Copy writes one consistent copy of what is committed to the new file db, without a trace of what was deleted, and of the key
// file to the new file keys. Reading and writing go on meanwhile. The keys are copied last: every slot that the copied database
// names is among them, and what was destroyed meanwhile is destroyed in the copy too. It returns how many slots the database
// needs. What was begun is left to the caller to remove.
func (s *Store) Copy(ctx context.Context, db, keys string) (slots uint64, err error) {
	if err := precreate(db); err != nil { // before SQLite would make it with wider permissions
		return 0, err
	}
	path := filepath.Join(s.dir, File)
	q := url.Values{"_pragma": {fmt.Sprintf("busy_timeout(%d)", busyMillis), fmt.Sprintf("cache_size(-%d)", readerCache)}}
	c, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "VACUUM INTO ?", db); err != nil {
		return 0, fmt.Errorf("copy the database: %w", err)
	}
	if err := syncFile(db); err != nil {
		return 0, fmt.Errorf("copy the database: %w", err)
	}
	if slots, err = neededSlots(ctx, db); err != nil {
		return 0, fmt.Errorf("copy the database: %w", err)
	}
	if err := s.keys.copy(keys); err != nil {
		return 0, err
	}
	return slots, nil
}

// neededSlots is how long the key file of a database that nobody writes must be.
func neededSlots(ctx context.Context, db string) (uint64, error) {
	c, err := openReaders(db, "query_only(ON)")
	if err != nil {
		return 0, err
	}
	s := &Store{db: c, read: map[string]*sql.Stmt{}}
	newest, err := newestSlot(s.View(ctx))
	for _, st := range s.read {
		err = errors.Join(err, st.Close())
	}
	return newest + 1, errors.Join(err, c.Close())
}

func openReaders(path string, pragmas ...string) (*sql.DB, error) {
	q := url.Values{"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", busyMillis), fmt.Sprintf("cache_size(-%d)", readerCache)}, pragmas...)}
	return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// copy writes the slots that are on disk to a new file. No slot is written or destroyed meanwhile.
func (k *keyFile) copy(path string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("copy the key file: %w", err)
	}
	_, err = io.Copy(f, io.NewSectionReader(k.f, 0, int64(k.from*slotSize)))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("copy the key file: %w", err)
	}
	return nil
}

// CheckKeys says whether a key file belongs to a database that needs so many slots: long enough, and, where kek is not nil,
// made under that node key. The error wraps ErrKey.
func CheckKeys(path string, slots uint64, kek *[32]byte) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	if have := uint64(fi.Size()) / slotSize; have < slots {
		return fmt.Errorf("key file %s: %w: it has %d keys and the database needs %d; take the one that was saved with the database, or a later one", path, ErrKey, have, slots)
	}
	k := &keyFile{f: f, next: uint64(fi.Size()) / slotSize}
	k.from = k.next
	if kek == nil {
		return nil
	}
	if k.wrap, err = newGCM(kek[:]); err != nil {
		return err
	}
	if _, err := k.key(0); err != nil {
		return fmt.Errorf("key file %s: %w: it was made under another node key; take the key file and the node keys of one node", path, ErrKey)
	}
	return nil
}

// OpenSealed opens a database without its keys, for a check of all but the content of parts.
func OpenSealed(ctx context.Context, dir string) (*Store, error) { return openDir(ctx, dir, nil) }

// Forget ends what must not come back with an old copy of the database, because it may have been ended since: tokens, one-time
// links, sessions, feeds, and answers under idempotency keys; and, unless they are kept, passkeys and accounts by which people
// sign in. What officials sign with stands in the powers.
func (tx *Tx) Forget(keepSignIns bool) error {
	err := errors.Join(tx.exec("DELETE FROM token"), tx.exec("DELETE FROM onelink"), tx.exec("DELETE FROM session"), tx.exec("DELETE FROM feed"),
		tx.exec("DELETE FROM idempotency"))
	if !keepSignIns {
		err = errors.Join(err, tx.exec("DELETE FROM credential WHERE use = 'signin'"), tx.exec("DELETE FROM subject"))
	}
	return err
}
