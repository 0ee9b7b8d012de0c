package tlog

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	sumdb "golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func TestNames(t *testing.T) {
	g, p, err := ParseOrigin(testOrigin)
	if err != nil || g != testGroup || p != "MX" {
		t.Errorf("parse %s: %x %s %v", testOrigin, g, p, err)
	}
	for _, bad := range []string{"", "M", "mx", "MX/", "M X", "M+X", "MÉXICO", "ABCDEFGHI", "M\nX"} {
		if o := Origin(testGroup, bad) + WitnessName(testGroup, bad) + MirrorName(testGroup, bad); o != "" {
			t.Errorf("party %q makes the name %q", bad, o)
		}
	}
	for _, bad := range []string{
		"", "entente/", strings.ToUpper(testOrigin), testOrigin + "/", witnessName, testOrigin[8:],
		strings.Replace(testOrigin, "entente/", "entente//", 1), "entente/" + testOrigin,
	} {
		if _, _, err := ParseOrigin(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("origin %q: %v", bad, err)
		}
	}
	if witnessName != Origin(testGroup, "US")+"/witness" || mirrorName != Origin(testGroup, "US")+"/mirror" {
		t.Error(witnessName, mirrorName)
	}
}

func TestKeys(t *testing.T) {
	for _, k := range []Key{
		{testOrigin, AlgEd25519, public(logKey)},
		{witnessName, AlgCosignatureV1, public(witnessKey)},
	} {
		back, err := ParseKey(k.String())
		if err != nil || back.String() != k.String() {
			t.Errorf("%s: %v", k, err)
		}
		eachFlip([]byte(k.String()), func(at int, changed []byte) {
			if _, err := ParseKey(string(changed)); err == nil {
				t.Errorf("byte %d changed and still a key: %s", at, changed)
			}
		})
	}
	if v, err := note.NewVerifier(Key{testOrigin, AlgEd25519, public(logKey)}.String()); err != nil || v.KeyHash() != (Key{testOrigin, AlgEd25519, public(logKey)}).ID() {
		t.Errorf("x/mod reads our vkey: %v", err)
	}
	for _, alg := range []Alg{AlgMLDSA44, 0, 2, 3, 5, 0xff} {
		k := Key{witnessName, alg, public(witnessKey)}
		if _, err := ParseKey(k.String()); !errors.Is(err, ErrAlgorithm) {
			t.Errorf("%v: %v", alg, err)
		}
	}
	if err := AlgMLDSA44.Check(); err == nil || !strings.Contains(err.Error(), "ML-DSA-44") {
		t.Errorf("reserved algorithm is not named: %v", err)
	}
}

func TestCheckpointBothWays(t *testing.T) {
	vkey := Key{testOrigin, AlgEd25519, public(logKey)}
	v, err := note.NewVerifier(vkey.String())
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(testOrigin), torchwood.SingleVerifierPolicy(v))
	skey := strings.Join([]string{"PRIVATE", "KEY", testOrigin, vkeyID(vkey),
		base64.StdEncoding.EncodeToString(append([]byte{1}, logKey.Seed()...))}, "+")
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		c := Checkpoint{Origin: testOrigin, Size: rapid.Uint64Range(1, MaxSize).Draw(t, "size")}
		copy(c.Root[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "root"))
		ours, err := SignCheckpoint(c, logKey)
		if err != nil {
			t.Fatal(err)
		}
		theirs, _, err := torchwood.VerifyCheckpoint(ours, policy)
		if err != nil || theirs.N != int64(c.Size) || theirs.Hash != c.Root || theirs.Origin != testOrigin {
			t.Fatalf("torchwood reads ours: %v %v", theirs, err)
		}
		text := torchwood.Checkpoint{Origin: c.Origin, Tree: sumdb.Tree{N: int64(c.Size), Hash: c.Root}}.String()
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(signed, ours) {
			t.Fatalf("theirs\n%s\nours\n%s", signed, ours)
		}
		if got, err := OpenCheckpoint(signed, testOrigin, public(logKey)); err != nil || got != c {
			t.Fatalf("we read theirs: %v %v", got, err)
		}
	})
}

func vkeyID(k Key) string { return strings.Split(k.String(), "+")[1] }

func TestCheckpointEveryBitCounts(t *testing.T) {
	good := newMemory(t, 300).note(300, logKey)
	n := eachFlip(good, func(at int, changed []byte) {
		if c, err := OpenCheckpoint(changed, testOrigin, public(logKey)); err == nil {
			t.Errorf("byte %d changed and still opens as %v", at, c)
		}
	})
	for i := range good {
		if _, err := OpenCheckpoint(good[:i], testOrigin, public(logKey)); err == nil {
			t.Errorf("opens cut at %d", i)
		}
	}
	t.Logf("%d changes refused", n)
}

// signText signs any text as the log, as a hostile log can.
func signText(text, name string, key ed25519.PrivateKey) []byte {
	return appendSignature([]byte(text+"\n"), Key{name, AlgEd25519, public(key)}, ed25519.Sign(key, []byte(text)))
}

func TestCheckpointRefused(t *testing.T) {
	m := newMemory(t, 9)
	good, c := m.note(9, logKey), m.at(9)
	root := c.Root.String()
	line := string(good[len(c.String())+1:])
	other := string(appendSignature(nil, Key{testOrigin, AlgEd25519, public(nextKey)}, make([]byte, 64)))
	many := string(good)
	for i := range MaxSignatures {
		many += string(appendSignature(nil, Key{testOrigin, AlgEd25519, public(seeded(string(rune('a' + i))))}, make([]byte, 64)))
	}
	for name, test := range map[string]struct {
		msg  []byte
		want error
	}{
		"other origin":        {signText("entente/x/MX\n9\n"+root+"\n", "entente/x/MX", logKey), ErrOrigin},
		"signed under a name": {signText(c.String(), witnessName, logKey), ErrMissing},
		"signed by another":   {m.note(9, nextKey), ErrMissing},
		"false signature":     {appendSignature([]byte(c.String()+"\n"), Key{testOrigin, AlgEd25519, public(logKey)}, make([]byte, 64)), ErrSignature},
		"short signature":     {appendSignature([]byte(c.String()+"\n"), Key{testOrigin, AlgEd25519, public(logKey)}, make([]byte, 63)), ErrSignature},
		"no signature":        {[]byte(c.String() + "\n"), ErrMalformed},
		"repeated line":       {[]byte(string(good) + line), ErrMalformed},
		"repeated other line": {[]byte(string(good) + other + other), ErrMalformed},
		"too many lines":      {[]byte(many), ErrMalformed},
		"too long":            {append([]byte(strings.Repeat("a", MaxNote)), good...), ErrMalformed},
		"extension line":      {signText(c.String()+"more\n", testOrigin, logKey), ErrMalformed},
		"two lines":           {signText(testOrigin+"\n9\n", testOrigin, logKey), ErrMalformed},
		"leading zero":        {signText(testOrigin+"\n09\n"+root+"\n", testOrigin, logKey), ErrMalformed},
		"plus sign":           {signText(testOrigin+"\n+9\n"+root+"\n", testOrigin, logKey), ErrMalformed},
		"minus":               {signText(testOrigin+"\n-9\n"+root+"\n", testOrigin, logKey), ErrMalformed},
		"huge size":           {signText(testOrigin+"\n9223372036854775807\n"+root+"\n", testOrigin, logKey), ErrMalformed},
		"above the limit":     {signText(testOrigin+"\n1099511627777\n"+root+"\n", testOrigin, logKey), ErrMalformed},
		"short root":          {signText(testOrigin+"\n9\n"+root[4:]+"\n", testOrigin, logKey), ErrMalformed},
		"root padding bits":   {signText(testOrigin+"\n9\n"+root[:42]+string(root[42]+1)+"=\n", testOrigin, logKey), ErrMalformed},
		"empty with a root":   {signText(testOrigin+"\n0\n"+root+"\n", testOrigin, logKey), ErrMalformed},
		"not UTF-8":           {[]byte("\xff" + string(good)), ErrMalformed},
		"empty":               {nil, ErrMalformed},
	} {
		if _, err := OpenCheckpoint(test.msg, testOrigin, public(logKey)); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	for name, key := range map[string]ed25519.PublicKey{"nil": nil, "short": public(logKey)[:31]} {
		if _, err := OpenCheckpoint(good, testOrigin, key); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s key: %v", name, err)
		}
	}
	if _, err := OpenCheckpoint(good, "", public(logKey)); !errors.Is(err, ErrOrigin) {
		t.Errorf("empty origin: %v", err)
	}
	for name, c := range map[string]Checkpoint{
		"no origin": {Size: 1}, "space": {Origin: "a b", Size: 1}, "newline": {Origin: "a\nb", Size: 1},
		"too large": {Origin: testOrigin, Size: MaxSize + 1}, "empty tree, other root": {Origin: testOrigin},
	} {
		if _, err := SignCheckpoint(c, logKey); !errors.Is(err, ErrMalformed) {
			t.Errorf("signed a checkpoint with %s: %v", name, err)
		}
	}
	if _, err := SignCheckpoint(c, logKey[:40]); !errors.Is(err, ErrMalformed) {
		t.Errorf("signed with half a key: %v", err)
	}
}

func TestCheckpointKeysBySize(t *testing.T) {
	m := newMemory(t, 20)
	keys := func(size uint64) []ed25519.PublicKey {
		if size < 10 {
			return []ed25519.PublicKey{public(logKey)}
		}
		return []ed25519.PublicKey{public(nextKey)}
	}
	for _, test := range []struct {
		size int
		key  ed25519.PrivateKey
		want error
	}{{9, logKey, nil}, {10, logKey, ErrMissing}, {9, nextKey, ErrMissing}, {10, nextKey, nil}} {
		_, by, err := OpenCheckpointKeys(m.note(test.size, test.key), testOrigin, keys)
		if !errors.Is(err, test.want) {
			t.Errorf("size %d: %v, want %v", test.size, err, test.want)
		}
		if err == nil && !by.Equal(public(test.key)) {
			t.Errorf("size %d: wrong key named", test.size)
		}
	}
}

// A hash has one spelling; the padding bits of its last character carry nothing and must be zero.
func TestHashOneSpelling(t *testing.T) {
	h := LeafHash(nil)
	if got, err := parseHash(h.String()); err != nil || got != h {
		t.Errorf("%s: %v", h, err)
	}
	eachFlip([]byte(h.String()), func(at int, changed []byte) {
		if got, err := parseHash(string(changed)); err == nil && got == h {
			t.Errorf("byte %d changed and the same hash", at)
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	m := newMemory(f, 300)
	f.Add(m.note(0, logKey))
	f.Add(m.note(300, logKey))
	f.Fuzz(func(t *testing.T, msg []byte) {
		c, err := ParseCheckpoint(msg)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("error of no kind: %v", err)
			}
			return
		}
		if !bytes.HasPrefix(msg, []byte(c.String()+"\n")) {
			t.Errorf("text differs from what was read: %q", c.String())
		}
		if got, err := torchwood.ParseCheckpoint(c.String()); err != nil || got.N != int64(c.Size) || got.Hash != c.Root {
			t.Errorf("torchwood disagrees: %v %v", got, err)
		}
		again, err := AddCosignatures(msg)
		if err != nil || !bytes.Equal(again, msg) {
			t.Errorf("note is not canonical: %v\n%q\n%q", err, msg, again)
		}
	})
}

func BenchmarkSignCheckpoint(b *testing.B) {
	c := newMemory(b, 300).at(300)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := SignCheckpoint(c, logKey); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenCheckpoint(b *testing.B) {
	msg, key := newMemory(b, 300).note(300, logKey), public(logKey)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := OpenCheckpoint(msg, testOrigin, key); err != nil {
			b.Fatal(err)
		}
	}
}
