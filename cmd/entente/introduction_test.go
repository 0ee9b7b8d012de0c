package main

import (
	"testing"
)

func TestClean(t *testing.T) {
	if got := clean("a\x1b[2Jb\u202ec\n\té"); got != "a\uFFFD[2Jb\uFFFDc\n\té" {
		t.Errorf("%q", got)
	}
}
