//go:build !linux

package node

// lowerPriority: only Linux gives one thread another priority than its process.
func lowerPriority() {}
