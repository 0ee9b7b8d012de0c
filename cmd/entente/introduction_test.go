package main

import (
	"testing"
)

// FuzzIntroduction: whatever another party hands over is an introduction with usable keys, or is refused.
func FuzzIntroduction(f *testing.F) {
	f.Add([]byte(`{"party":"MX","root":{"alg":-19,"public":"` + zeros + `"},"tls":{"alg":-19,"public":"` + zeros + `"},"next":"` + ones + `"}`))
	f.Add([]byte(`{"introduction":{"party":"US"}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		i, ok := parseIntroduction(b)
		if ok && (!i.Party.Valid() || i.Root.Ed25519() == nil || i.TLS.Ed25519() == nil || i.Next.IsZero() || len(i.Fingerprint()) != 39) {
			t.Errorf("taken: %+v", i)
		}
	})
}

const (
	zeros = "0000000000000000000000000000000000000000000000000000000000000000"
	ones  = "1111111111111111111111111111111111111111111111111111111111111111"
)

func TestClean(t *testing.T) {
	if got := clean("a\x1b[2Jb\u202ec\n\té"); got != "a\uFFFD[2Jb\uFFFDc\n\té" {
		t.Errorf("%q", got)
	}
}
