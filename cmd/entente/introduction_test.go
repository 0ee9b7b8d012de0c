package main

import (
	"testing"
)

func TestClean(t *testing.T) {
	if got := clean("a\x1b[2Jb\u202ec\u200bd\u2066\ufeff\n\té\U000e0041"); got != "a\uFFFD[2Jb\uFFFDc\uFFFDd\uFFFD\uFFFD\n\té\uFFFD" {
		t.Errorf("%q", got)
	}
}
