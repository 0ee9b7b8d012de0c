package store

import (
	"errors"
	"os"
	"path/filepath"
)

// Usage is what a node's folder takes of the disk.
type Usage struct {
	Database int64 // bytes of the database with its journal
	Keys     int64 // bytes of the key file
	Free     int64 // bytes that this process may still write
	Known    bool  // Free is known on this system
}

// Usage looks at the files.
func (s *Store) Usage() (Usage, error) {
	var u Usage
	for name, n := range map[string]*int64{File: &u.Database, File + "-wal": &u.Database, KeyFile: &u.Keys} {
		fi, err := os.Stat(filepath.Join(s.dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return u, err
		}
		*n += fi.Size()
	}
	u.Free, u.Known = freeBytes(s.dir)
	return u, nil
}

// CountDrafts is how many acts of a group wait for signatures.
func CountDrafts(r reader, grp int64) (n int, err error) {
	err = one(r, []any{&n}, "SELECT count(*) FROM draft WHERE grp = ?", grp)
	return n, err
}
