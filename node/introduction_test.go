package node

import (
	"errors"
	"testing"

	"entente/record"
)

// A counterpart that is suddenly known by other keys is shown to people; the same introduction again is no news.
func TestAnotherIntroductionIsShown(t *testing.T) {
	w := newTwo(t)
	w.agreeCharter(t)
	mx := w.nodes["MX"]
	count := func() int {
		t.Helper()
		as, err := mx.Alarms(t.Context(), Caller{Office: "desk"}, w.group)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, a := range as {
			if a.Code == AlarmIntroduction && a.Party == record.Party("US") {
				n++
			}
		}
		return n
	}
	meet(t, mx, w.nodes["US"])
	if count() != 0 {
		t.Error("the same introduction raises an alarm")
	}
	i, err := w.nodes["US"].Introduction(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i.TLS = PublicKey(testKey("another"))
	w.now += 60
	if err := mx.Meet(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	if count() != 1 {
		t.Errorf("%d alarms", count())
	}
	if pin, _, err := mx.PeerKey(t.Context(), "US"); err != nil || !pin.Equal(testKey("another").Public()) {
		t.Errorf("the key that people compared last does not count: %v", err)
	}
}

// FuzzIntroduction: whatever another party hands over is an introduction with usable keys, or is refused.
func FuzzIntroduction(f *testing.F) {
	f.Add([]byte(`{"format":"entente/introduction/v1","party":"MX","address":"mx.example:8443","root":{"alg":-19,"public":"` + zeros + `"},"tls":{"alg":-19,"public":"` + zeros + `"},"next":"` + ones + `"}`))
	f.Add([]byte(`{"introduction":{"party":"US"}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := ParseIntroduction(b)
		if err == nil && (!i.Party.Valid() || i.Root.Ed25519() == nil || i.TLS.Ed25519() == nil || i.Next.IsZero() || len(i.Fingerprint()) != 39) {
			t.Errorf("taken: %+v", i)
		}
		if err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("another error: %v", err)
		}
	})
}

const (
	zeros = "0000000000000000000000000000000000000000000000000000000000000000"
	ones  = "1111111111111111111111111111111111111111111111111111111111111111"
)
