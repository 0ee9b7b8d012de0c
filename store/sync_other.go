//go:build !linux

package store

import "os"

// datasync waits until the data of f is on disk.
func datasync(f *os.File) error { return f.Sync() }

// freeBytes is not asked for here.
func freeBytes(string) (int64, bool) { return 0, false }
