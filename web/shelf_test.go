package web

import "testing"

// What was uploaded is one session's, ends by itself, and takes no more room than the shelf has.
func TestShelfIsBounded(t *testing.T) {
	now := int64(1000)
	s := newShelf[string](func() int64 { return now }, 2)
	for _, x := range []struct {
		session, thing string
		ok             bool
	}{{"a", "1", true}, {"b", "2", true}, {"c", "3", false}, {"a", "4", true}} {
		if got := s.put(x.session, x.thing); got != x.ok {
			t.Errorf("put for %s: %v", x.session, got)
		}
	}
	if v, ok := s.get("a"); !ok || v != "4" {
		t.Errorf("a has %q, %v", v, ok)
	}
	if _, ok := s.get("c"); ok {
		t.Error("c has something")
	}
	now += shelfLife
	if _, ok := s.get("a"); !ok {
		t.Error("what is in use has ended")
	}
	now += shelfLife
	if _, ok := s.get("b"); ok {
		t.Error("what nobody used for long is still there")
	}
	if !s.put("c", "5") {
		t.Error("no room was made")
	}
	s.drop("c")
	if _, ok := s.get("c"); ok {
		t.Error("what was dropped is still there")
	}
}
