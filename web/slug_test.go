package web

import (
	"testing"

	"entente/record"
)

// Two groups whose ids begin alike have different addresses.
func TestAddressesOfGroupsDiffer(t *testing.T) {
	a, b, c := record.ID{1, 2, 3, 4, 5}, record.ID{1, 2, 3, 4, 6}, record.ID{9}
	all := []record.ID{a, b, c}
	if x, y := slug("security", a, all), slug("security", b, all); x == y || x != "security-"+a.String() {
		t.Errorf("%s and %s", x, y)
	}
	if x := slug("security", c, all); x != "security-"+c.Short() {
		t.Errorf("%s", x)
	}
}
