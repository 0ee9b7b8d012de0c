package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"entente/record"
)

func open(t *testing.T, dir string, kek byte) (*Store, error) {
	t.Helper()
	return Open(t.Context(), dir, [32]byte{kek})
}

func put(t *testing.T, s *Store, index uint64, id record.ID, content string, fault Fault) error {
	t.Helper()
	return s.Update(t.Context(), fault, func(tx *Tx) error {
		return tx.PutParts(PosOf(1, index), id, record.Part{Name: "body.en", Content: []byte(content)})
	})
}

// A destroyed key is gone for good; a key that was never there is an error, not an erasure.
func TestDestroyedAndMissingKeys(t *testing.T) {
	dir := t.TempDir()
	s, err := open(t, dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), nil, func(tx *Tx) error {
		_, err := tx.PutGroup(record.ID{1}, []byte("x"), []record.Party{"MX"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(3) {
		if err := put(t, s, i, record.ID{byte(i)}, "secret", nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Update(t.Context(), nil, func(tx *Tx) error { return tx.ErasePart(PosOf(1, 0), "body.en") }); err != nil {
		t.Fatal(err)
	}
	v := s.View(t.Context())
	if _, err := Part(v, PosOf(1, 0), record.ID{0}, "body.en"); !errors.Is(err, ErrErased) {
		t.Errorf("an erased part: %v", err)
	}
	if p, err := Part(v, PosOf(1, 1), record.ID{1}, "body.en"); err != nil || string(p.Content) != "secret" {
		t.Errorf("its neighbour: %v", err)
	}
	if _, err := Part(v, PosOf(1, 1), record.ID{2}, "body.en"); !errors.Is(err, ErrKey) {
		t.Errorf("a part under another record's id: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, KeyFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, cut := range map[string]int{"none": 0, "one key short": len(whole) - slotSize, "torn": len(whole) - 1} {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := open(t, dir, 1); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
			if err == nil {
				_ = s.Close()
			}
		}
		if got, _ := os.ReadFile(path); len(got) != cut {
			t.Errorf("%s: the refused file was changed", name)
		}
	}
	if err := os.WriteFile(path, append(bytes.Clone(whole), make([]byte, 10)...), 0o600); err != nil { // a slot torn by a crash
		t.Fatal(err)
	}
	if s, err = open(t, dir, 1); err != nil {
		t.Fatal(err)
	}
	if err := put(t, s, 9, record.ID{9}, "after", nil); err != nil {
		t.Fatal(err)
	}
	if p, err := Part(s.View(t.Context()), PosOf(1, 9), record.ID{9}, "body.en"); err != nil || string(p.Content) != "after" {
		t.Errorf("the slot after a torn one: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, dir, 2); !errors.Is(err, ErrKey) {
		t.Errorf("another node's key: %v", err)
	}
}

// A commit that fails leaves nothing, and the next one is whole.
func TestFailedUpdateLeavesNothing(t *testing.T) {
	s, err := open(t, t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	boom := errors.New("boom")
	steps := 0
	err = s.Update(t.Context(), func(string) { steps++ }, func(tx *Tx) error {
		if err := tx.PutParts(PosOf(1, 1), record.ID{1}, record.Part{Name: "body.en", Content: []byte("x")}); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) || steps != 1 {
		t.Errorf("%v after %d steps", err, steps)
	}
	if _, err := Part(s.View(t.Context()), PosOf(1, 1), record.ID{1}, "body.en"); !errors.Is(err, ErrNotFound) {
		t.Errorf("something was left: %v", err)
	}
	if err := put(t, s, 1, record.ID{1}, "y", func(string) { steps++ }); err != nil || steps != 5 {
		t.Errorf("%v after %d steps", err, steps)
	}
	if p, err := Part(s.View(t.Context()), PosOf(1, 1), record.ID{1}, "body.en"); err != nil || string(p.Content) != "y" {
		t.Errorf("the next one: %v", err)
	}
}
