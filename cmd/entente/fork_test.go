package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente/record"
	"entente/tlog"
)

func TestForkVerify(t *testing.T) {
	seed := record.Digest("test", []byte("log key"))
	k := ed25519.NewKeyFromSeed(seed[:])
	origin := tlog.Origin(record.Digest("test", []byte("group")), "US")
	var notes [][]byte
	for _, root := range []string{"one", "two"} {
		n, err := tlog.SignCheckpoint(tlog.Checkpoint{Origin: origin, Size: 7, Root: tlog.Hash(record.Digest("test", []byte(root)))}, k)
		if err != nil {
			t.Fatal(err)
		}
		notes = append(notes, n)
	}
	pub := k.Public().(ed25519.PublicKey)
	f, err := tlog.ForkOfRoots(origin, func(uint64) []ed25519.PublicKey { return []ed25519.PublicKey{pub} }, notes[0], notes[1])
	if err != nil {
		t.Fatal(err)
	}
	proof, err := f.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "proof")
	if err := os.WriteFile(path, proof, 0o600); err != nil {
		t.Fatal(err)
	}
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32)).Public().(ed25519.PublicKey)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{path, "--key", hex.EncodeToString(pub)}, exitOK, "The proof holds: the log keys of US"},
		{[]string{path, "--key", hex.EncodeToString(pub), "--json"}, exitOK, `"valid": true`},
		{[]string{path, "--key", hex.EncodeToString(other)}, exitRefused, "does not hold"},
		{[]string{path, "--key", "ab"}, exitUsage, "hex digits"},
		{[]string{path, "--dir", t.TempDir()}, exitRefused, "is not a node's folder"},
		{[]string{os.Args[0], "--key", hex.EncodeToString(pub)}, exitRefused, "entente alarms --proofs"},
	} {
		var out, errs bytes.Buffer
		code := Main(append([]string{"fork", "verify"}, c.args...), strings.NewReader(""), &out, &errs, kinds())
		if code != c.code || !strings.Contains(out.String()+errs.String(), c.want) {
			t.Errorf("%v: exit %d\n%s%s", c.args[1:], code, out.String(), errs.String())
		}
	}
}
