package record

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
)

// RootOffice is the office whose approval carries a party's powers: it signs with the root key and holds no seat.
const RootOffice = "root"

// Approval is an official's signature under an act. It names the act by digest, so it binds group, party, kind, verb,
// instrument, version, terms, every part and the nonce; it cannot be moved to another act, and counts once.
type Approval struct {
	Office    string   `cbor:"1,keyasint" json:"office"`
	Seat      uint64   `cbor:"2,keyasint" json:"seat"`
	Alg       Alg      `cbor:"3,keyasint" json:"alg"`
	Time      int64    `cbor:"4,keyasint" json:"time"` // Unix seconds, by the official's own clock; shown, never judged
	Signature []byte   `cbor:"5,keyasint" json:"signature"`
	Evidence  [][]byte `cbor:"6,keyasint,omitempty" json:"evidence,omitempty"` // further signed bytes that the algorithm needs
}

func (a *Approval) check() error {
	n := 0
	for _, e := range a.Evidence {
		n += len(e)
	}
	switch {
	case !validName(a.Office):
		return fmt.Errorf("office %.70q is not a name", a.Office)
	case a.Seat > MaxSeat:
		return fmt.Errorf("seat %d: seats are numbered up to %d", a.Seat, MaxSeat)
	case a.Time <= 0 || a.Time > MaxTime:
		return fmt.Errorf("time outside the years 1970 to 9999")
	case len(a.Signature) > MaxSignature || n > MaxEvidence || len(a.Evidence) > MaxEvidenceItems:
		return fmt.Errorf("signature or its evidence is too long")
	}
	return nil
}

// Act is the digest of what officials approve: the header as it will be sealed, with index, time, seen and approvals
// zero or absent, since the node fills those in at its commit. Everything else, every part's digest among it, is bound.
func Act(h *Header) (ID, error) {
	a := *h
	a.Format = Format
	a.Index, a.Time, a.Seen, a.Approvals = 0, 0, nil, nil
	var id ID
	err := withEncoded(&a, func(b []byte) error { id = Digest("entente/act/v1", b); return nil })
	if err != nil {
		return ID{}, fmt.Errorf("act: %w", err)
	}
	return id, nil
}

// Statement is the exact bytes an official signs: domain, act, party, office, seat and time.
func Statement(act ID, party Party, office string, seat uint64, time int64) []byte {
	b := must(enc.Marshal([]any{act, party, office, seat, time}))
	return append([]byte("entente/approval/v1\x00"), b...)
}

// Challenge is SHA-256 of the statement: what a browser hands to an authenticator that signs by WebAuthn. The approval has its
// time from before the request; its evidence is authenticatorData and clientDataJSON, in this order.
func Challenge(act ID, party Party, office string, seat uint64, time int64) [32]byte {
	return sha256.Sum256(Statement(act, party, office, seat, time))
}

// Approve signs an act with an Ed25519 key. The key stays with the caller.
func Approve(act ID, party Party, office string, seat uint64, time int64, key ed25519.PrivateKey) Approval {
	return Approval{Office: office, Seat: seat, Alg: Ed25519, Time: time,
		Signature: ed25519.Sign(key, Statement(act, party, office, seat, time))}
}

// Verify reports whether the approval is a valid signature of the act under the seat's key. An algorithm that this
// version does not know verifies nothing.
func (a *Approval) Verify(act ID, party Party, alg Alg, pub []byte) bool {
	if a.Alg != alg {
		return false
	}
	statement := Statement(act, party, a.Office, a.Seat, a.Time)
	switch alg {
	case Ed25519:
		return len(pub) == ed25519.PublicKeySize && len(a.Signature) == ed25519.SignatureSize && len(a.Evidence) == 0 &&
			ed25519.Verify(pub, statement, a.Signature)
	case WebAuthn:
		return verifyWebAuthn(pub, statement, a.Evidence, a.Signature)
	}
	return false
}
