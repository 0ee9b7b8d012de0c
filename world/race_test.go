//go:build race

package world_test

// slow: the race detector runs, and signatures take ten times as long.
const slow = true
