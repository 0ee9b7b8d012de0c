package node

import (
	"runtime"
	"syscall"
)

// lowerPriority binds the goroutine to its thread and gives that thread way to all others. The thread ends with the goroutine.
func lowerPriority() {
	runtime.LockOSThread()
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 19) // of the calling thread; where it is not allowed the check is only faster
}
