package tlog

import (
	"encoding/hex"
	"fmt"
	"strings"
)

const originPrefix = "entente/"

// Origin returns the checkpoint origin of a party's log in a group, which is also the name of its log key:
//
//	entente/<group id, 64 lower-case hex digits>/<party>
//
// The party id is 2 to 8 capital letters. For any other the origin is "", which every function here refuses: a name
// that could be taken for another log's must not come into being.
func Origin(group [32]byte, party string) string {
	if !validParty(party) {
		return ""
	}
	return originPrefix + hex.EncodeToString(group[:]) + "/" + party
}

// WitnessName is the key name under which a party cosigns as a witness: it has checked that the log only grew.
func WitnessName(group [32]byte, party string) string { return cosignerName(group, party, "/witness") }

// MirrorName is the key name under which a party cosigns as a mirror: it holds the entries on disk. The key must be
// another than the witness key, because an Ed25519 cosignature does not commit to the name it is shown under
// (tlog-cosignature, "Ed25519 signed message").
func MirrorName(group [32]byte, party string) string { return cosignerName(group, party, "/mirror") }

func cosignerName(group [32]byte, party, role string) string {
	o := Origin(group, party)
	if o == "" {
		return ""
	}
	return o + role
}

// ParseOrigin is the inverse of [Origin]. It refuses every other spelling.
func ParseOrigin(origin string) (group [32]byte, party string, err error) {
	id, party, _ := strings.Cut(strings.TrimPrefix(origin, originPrefix), "/")
	if b, err := hex.DecodeString(id); err == nil && len(b) == len(group) {
		copy(group[:], b)
		if Origin(group, party) == origin && origin != "" {
			return group, party, nil
		}
	}
	return [32]byte{}, "", fmt.Errorf("origin %.300q is not entente/<group>/<party>: %w", origin, ErrMalformed)
}

func validParty(p string) bool {
	if len(p) < minParty || len(p) > maxParty {
		return false
	}
	for _, c := range []byte(p) {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

// checkName accepts a key name or origin: visible ASCII without plus, narrower than signed-note, so that what a person
// reads is what was compared.
func checkName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("name has %d bytes, need 1 to %d: %w", len(name), MaxName, ErrMalformed)
	}
	for _, c := range []byte(name) {
		if c <= ' ' || c > '~' || c == '+' {
			return fmt.Errorf("name %q has a byte outside visible ASCII, or a plus: %w", name, ErrMalformed)
		}
	}
	return nil
}
