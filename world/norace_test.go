//go:build !race

package world_test

const slow = false
