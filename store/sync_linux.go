package store

import (
	"os"
	"syscall"
)

// datasync waits until the data of f is on disk.
func datasync(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return err
		}
	}
}
