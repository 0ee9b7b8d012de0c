// Package authenticator is a WebAuthn authenticator in software, with the browser before it. Its keys follow from a seed: tests
// and examples sign with it, real officials never.
package authenticator

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// Flags of authenticator data (Web Authentication Level 2 section 6.1).
const (
	UserPresent  = 1 << 0
	UserVerified = 1 << 2
	Attested     = 1 << 6
	Extensions   = 1 << 7
)

// Authenticator holds one credential of one relying party.
type Authenticator struct {
	Host string // the relying party's id
	key  *ecdsa.PrivateKey
}

// New makes the credential that follows from a seed.
func New(seed, host string) *Authenticator {
	d := sha256.Sum256([]byte("entente/authenticator/v1\x00" + seed))
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d[:])
	if err != nil {
		panic(fmt.Sprintf("authenticator: seed %q gives no key: take another", seed)) // one in 2^32
	}
	return &Authenticator{Host: host, key: k}
}

// Coordinates of the public key.
func (a *Authenticator) Coordinates() (x, y []byte) {
	b, err := a.key.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	return b[1:33], b[33:]
}

// Public is the public key as package record writes it: compressed point, digest of the host.
func (a *Authenticator) Public() []byte {
	x, y := a.Coordinates()
	id := sha256.Sum256([]byte(a.Host))
	return append(append([]byte{2 | y[31]&1}, x...), id[:]...)
}

// Sign answers a challenge as Chromium does on a page of the host.
func (a *Authenticator) Sign(challenge [32]byte) (authenticatorData, clientData, signature []byte) {
	authenticatorData = a.Data(UserPresent|UserVerified, 1)
	clientData = fmt.Appendf(nil, `{"type":"webauthn.get","challenge":"%s","origin":"https://%s","crossOrigin":false}`,
		base64.RawURLEncoding.EncodeToString(challenge[:]), a.Host)
	return authenticatorData, clientData, a.SignData(authenticatorData, clientData)
}

// Data is authenticator data with the flags given.
func (a *Authenticator) Data(flags byte, counter byte) []byte {
	id := sha256.Sum256([]byte(a.Host))
	return append(id[:], flags, 0, 0, 0, counter)
}

// SignData signs whatever it is given: what is refused then is refused for what it says, not for its signature. Signatures
// follow RFC 6979: one message has one.
func (a *Authenticator) SignData(authenticatorData, clientData []byte) []byte {
	c := sha256.Sum256(clientData)
	d := sha256.Sum256(append(append([]byte(nil), authenticatorData...), c[:]...))
	sig, err := a.key.Sign(nil, d[:], crypto.SHA256)
	if err != nil {
		panic(err)
	}
	return sig
}
