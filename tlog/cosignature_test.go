package tlog

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
)

const testTime = 1767225600 // 2026-01-01T00:00:00Z

func cosign(t testing.TB, msg []byte, role string, unix int64) []byte {
	name, key := witnessName, witnessKey
	if role == "mirror" {
		name, key = mirrorName, mirrorKey
	}
	line, err := Cosign(msg, name, key, unix)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

var (
	witness = Key{witnessName, AlgCosignatureV1, public(witnessKey)}
	mirror  = Key{mirrorName, AlgCosignatureV1, public(mirrorKey)}
)

func TestCosignatureBothWays(t *testing.T) {
	m := newMemory(t, 300)
	for _, size := range []int{0, 1, 256, 300} {
		msg := m.note(size, logKey)
		// Ours, read by torchwood.
		cosigned, err := AddCosignatures(msg, cosign(t, msg, "witness", testTime))
		if err != nil {
			t.Fatal(err)
		}
		v, err := torchwood.NewCosignatureVerifier(witness.String())
		if err != nil {
			t.Fatal(err)
		}
		n, err := note.Open(cosigned, note.VerifierList(v))
		if err != nil || len(n.Sigs) != 1 {
			t.Fatalf("torchwood refuses ours: %v", err)
		}
		if at, err := torchwood.CosignatureTimestamp(n.Sigs[0]); err != nil || at != testTime {
			t.Errorf("torchwood reads the time as %d, %v", at, err)
		}
		// Theirs, read by us.
		s, err := torchwood.NewCosignatureSigner(witnessName, witnessKey)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := note.Sign(&note.Note{Text: m.at(size).String()}, s)
		if err != nil {
			t.Fatal(err)
		}
		line := theirs[len(m.at(size).String())+1:]
		at, err := VerifyCosignature(msg, line, witnessName, public(witnessKey))
		if err != nil {
			t.Fatalf("we refuse theirs: %v", err)
		}
		again := cosign(t, msg, "witness", at)
		if !bytes.Equal(again, line) {
			t.Errorf("theirs\n%s\nours\n%s", line, again)
		}
	}
}

func TestCosignatureEveryBitCounts(t *testing.T) {
	m := newMemory(t, 300)
	msg := m.note(300, logKey)
	line := cosign(t, msg, "witness", testTime)
	n := eachFlip(line, func(at int, changed []byte) {
		if _, err := VerifyCosignature(msg, changed, witnessName, public(witnessKey)); err == nil {
			t.Errorf("byte %d changed and still verifies", at)
		}
	})
	n += eachFlip([]byte(m.at(300).String()), func(at int, changed []byte) {
		if _, err := VerifyCosignature(append(append(changed[:len(changed):len(changed)], '\n'), line...), line, witnessName, public(witnessKey)); err == nil {
			t.Errorf("byte %d of the checkpoint changed and the cosignature still verifies", at)
		}
	})
	// In a whole note nothing may change without one of the three verdicts changing.
	full, err := AddCosignatures(msg, line, cosign(t, msg, "mirror", testTime+1))
	if err != nil {
		t.Fatal(err)
	}
	n += eachFlip(full, func(at int, changed []byte) {
		_, got, err := OpenCosigned(changed, testOrigin, OneKey(public(logKey)), []Key{witness, mirror})
		if err == nil && got[0].Err == nil && got[1].Err == nil {
			t.Errorf("byte %d of the note changed and all three signatures hold", at)
		}
	})
	t.Logf("%d changes refused", n)
}

func TestCosignatureRefused(t *testing.T) {
	m := newMemory(t, 300)
	msg := m.note(300, logKey)
	line := cosign(t, msg, "witness", testTime)
	raw := ed25519CosignatureOf(t, msg, line)
	// A hostile cosigner can sign what a signed reader would take the time for: it must be refused by its range.
	text := cosignedText(math.MinInt64, m.at(300).String())
	future := append(binary.BigEndian.AppendUint64(nil, 1<<63), ed25519.Sign(witnessKey, text)...)
	for name, test := range map[string]struct {
		msg, line []byte
		name      string
		key       Key
		want      error
	}{
		"good":               {msg, line, witnessName, witness, nil},
		"other size":         {m.note(299, logKey), line, witnessName, witness, ErrSignature},
		"other key":          {msg, line, witnessName, mirror, ErrMissing},
		"other name":         {msg, line, mirrorName, witness, ErrMissing},
		"renamed":            {msg, appendSignature(nil, Key{mirrorName, AlgCosignatureV1, public(mirrorKey)}, raw), mirrorName, mirror, ErrSignature},
		"log signature":      {msg, msg[len(m.at(300).String())+1:], testOrigin, Key{Public: public(logKey)}, ErrMissing},
		"without time":       {msg, appendSignature(nil, witness, raw[8:]), witnessName, witness, ErrSignature},
		"time beyond 2^63-1": {msg, appendSignature(nil, witness, future), witnessName, witness, ErrSignature},
		"two lines":          {msg, append(append([]byte{}, line...), cosign(t, msg, "mirror", 5)...), witnessName, witness, ErrMalformed},
		"a note as line":     {msg, append([]byte("x\n\n"), line...), witnessName, witness, ErrMalformed},
		"no newline":         {msg, line[:len(line)-1], witnessName, witness, ErrMalformed},
		"empty":              {msg, nil, witnessName, witness, ErrMalformed},
		"no checkpoint":      {nil, line, witnessName, witness, ErrMalformed},
		"no key":             {msg, line, witnessName, Key{}, ErrMalformed},
	} {
		at, err := VerifyCosignature(test.msg, test.line, test.name, test.key.Public)
		if !errors.Is(err, test.want) || (err != nil) != (test.want != nil) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if err != nil && at != 0 {
			t.Errorf("%s: a time beside an error", name)
		}
	}
	for name, f := range map[string]func() ([]byte, error){
		"before 1970":   func() ([]byte, error) { return Cosign(msg, witnessName, witnessKey, -1) },
		"no name":       func() ([]byte, error) { return Cosign(msg, "", witnessKey, 1) },
		"half a key":    func() ([]byte, error) { return Cosign(msg, witnessName, witnessKey[:32], 1) },
		"no checkpoint": func() ([]byte, error) { return Cosign(nil, witnessName, witnessKey, 1) },
	} {
		if line, err := f(); !errors.Is(err, ErrMalformed) || line != nil {
			t.Errorf("cosigned with %s: %v", name, err)
		}
	}
}

func ed25519CosignatureOf(t *testing.T, msg, line []byte) []byte {
	c, err := ParseCheckpoint(msg)
	if err != nil {
		t.Fatal(err)
	}
	s, err := parseLine(c, line)
	if err != nil {
		t.Fatal(err)
	}
	return s.sig
}

func TestOpenCosignedIsGraded(t *testing.T) {
	m := newMemory(t, 300)
	msg, keys := m.note(300, logKey), OneKey(public(logKey))
	w, mi := cosign(t, msg, "witness", testTime), cosign(t, msg, "mirror", testTime+1)
	stale := cosign(t, m.note(299, logKey), "mirror", testTime)
	for name, test := range map[string]struct {
		lines [][]byte
		want  [2]error
	}{
		"signed only":                      {nil, [2]error{ErrMissing, ErrMissing}},
		"witnessed":                        {[][]byte{w}, [2]error{nil, ErrMissing}},
		"mirrored":                         {[][]byte{mi}, [2]error{ErrMissing, nil}},
		"both":                             {[][]byte{mi, w}, [2]error{nil, nil}},
		"false mirror leaves the witness":  {[][]byte{w, stale}, [2]error{nil, ErrSignature}},
		"the later line of a key replaces": {[][]byte{w, stale, mi}, [2]error{nil, nil}},
	} {
		full, err := AddCosignatures(msg, test.lines...)
		if err != nil {
			t.Fatal(err)
		}
		c, got, err := OpenCosigned(full, testOrigin, keys, []Key{witness, mirror})
		if err != nil || c != m.at(300) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i := range got {
			if !errors.Is(got[i].Err, test.want[i]) || got[i].Err == nil && got[i].Time != testTime+int64(i) {
				t.Errorf("%s: cosigner %d: %+v, want %v", name, i, got[i], test.want[i])
			}
		}
		if _, err := OpenCheckpoint(full, testOrigin, public(logKey)); err != nil {
			t.Errorf("%s: the log's own signature no longer opens: %v", name, err)
		}
	}
	full, err := AddCosignatures(msg, w, mi)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		cosigners []Key
		want      error
	}{
		"one key, two names":  {[]Key{witness, {mirrorName, AlgCosignatureV1, public(witnessKey)}}, ErrMalformed},
		"the log's own key":   {[]Key{{witnessName, AlgCosignatureV1, public(logKey)}}, ErrMalformed},
		"a log key":           {[]Key{{witnessName, AlgEd25519, public(witnessKey)}}, ErrAlgorithm},
		"ML-DSA-44, reserved": {[]Key{{witnessName, AlgMLDSA44, make([]byte, 1312)}}, ErrAlgorithm},
		"no public key":       {[]Key{{witnessName, AlgCosignatureV1, nil}}, ErrMalformed},
	} {
		if _, got, err := OpenCosigned(full, testOrigin, keys, test.cosigners); !errors.Is(err, test.want) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	forged := append([]byte(m.at(300).String()+"\n"), append(w, mi...)...)
	if _, _, err := OpenCosigned(forged, testOrigin, keys, []Key{witness, mirror}); !errors.Is(err, ErrMissing) {
		t.Errorf("cosigned but not signed by the log: %v", err)
	}
}

func FuzzCosignature(f *testing.F) {
	m := newMemory(f, 300)
	msg := m.note(300, logKey)
	good := cosign(f, msg, "witness", testTime)
	f.Add(good)
	f.Add(cosign(f, msg, "mirror", 0))
	f.Fuzz(func(t *testing.T, line []byte) {
		_, err := VerifyCosignature(msg, line, witnessName, public(witnessKey))
		if err == nil && !bytes.Equal(line, good) {
			t.Errorf("accepted: %q", line)
		}
		full, addErr := AddCosignatures(msg, line)
		if err == nil && addErr != nil {
			t.Errorf("verifies and cannot be added: %v", addErr)
		}
		if addErr != nil {
			return
		}
		v, verr := torchwood.NewCosignatureVerifier(witness.String())
		if verr != nil {
			t.Fatal(verr)
		}
		_, theirs := note.Open(full, note.VerifierList(v))
		if (err == nil) != (theirs == nil) {
			t.Errorf("we say %v, torchwood %v: %q", err, theirs, line)
		}
		// The line of a cosigner never takes the log's signature down, unless it claims to be that.
		if !bytes.HasPrefix(line, []byte("— "+testOrigin+" ")) {
			if _, err := OpenCheckpoint(full, testOrigin, public(logKey)); err != nil {
				t.Errorf("added %q: %v", line, err)
			}
		}
	})
}

func BenchmarkCosign(b *testing.B) {
	msg := newMemory(b, 300).note(300, logKey)
	b.ReportAllocs()
	for b.Loop() {
		cosign(b, msg, "witness", testTime)
	}
}

func BenchmarkVerifyCosignature(b *testing.B) {
	msg := newMemory(b, 300).note(300, logKey)
	line := cosign(b, msg, "witness", testTime)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := VerifyCosignature(msg, line, witnessName, public(witnessKey)); err != nil {
			b.Fatal(err)
		}
	}
}
