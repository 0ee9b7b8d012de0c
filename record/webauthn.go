package record

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// WebAuthn is the algorithm of a key that an authenticator keeps and a browser asks for: a WebAuthn assertion with ES256
// (Web Authentication Level 2; RFC 9053 section 2.1). COSE has no number for assertions; this one is from its private range,
// below −65536, and counts down by the 7 of ES256. For officials alone: nodes and roots sign with Ed25519.
const WebAuthn Alg = -65536 - 7

// A WebAuthn public key is a compressed point of P-256 (SEC 1 section 2.3.3) and SHA-256 of the host that may ask it to sign:
// an authenticator keeps one key per host, and signs the host's digest with every assertion.
const (
	pointSize       = 33
	webAuthnKeySize = pointSize + sha256.Size
)

// Authenticator data (Level 2 section 6.1): digest of the relying party's id, flags, signature counter. Nothing follows: an
// assertion attests no credential, and no extension is asked for.
const authenticatorDataSize = sha256.Size + 1 + 4

const (
	flagUserPresent  = 1 << 0
	flagUserVerified = 1 << 2
	flagAttested     = 1 << 6
	flagExtensions   = 1 << 7
)

// WebAuthnKey writes a public key from the affine coordinates that an authenticator names at registration (RFC 9053 section
// 7.1.1) and the relying party's id, which is the host of the page that asks for signatures.
func WebAuthnKey(x, y []byte, host string) ([]byte, error) {
	if len(x) != 32 || len(y) != 32 || host == "" {
		return nil, errors.New("a WebAuthn key: want two coordinates of 32 bytes and a host")
	}
	id := sha256.Sum256([]byte(host))
	b := append(append([]byte{2 | y[31]&1}, x...), id[:]...)
	p, err := webAuthnPoint(b)
	if err != nil {
		return nil, err
	}
	if u, err := p.Bytes(); err != nil || !bytes.Equal(u[33:], y) {
		return nil, errors.New("a WebAuthn key: not a point of P-256")
	}
	return b, nil
}

// CheckKey says what keeps bytes from being a public key of the algorithm.
func CheckKey(alg Alg, pub []byte) error {
	switch alg {
	case Ed25519:
		if len(pub) != ed25519.PublicKeySize {
			return fmt.Errorf("an Ed25519 key has %d bytes, not %d", ed25519.PublicKeySize, len(pub))
		}
		return nil
	case WebAuthn:
		_, err := webAuthnPoint(pub)
		return err
	}
	return fmt.Errorf("algorithm %d is not known to this version (%d is Ed25519, %d WebAuthn with ES256)", alg, Ed25519, WebAuthn)
}

// webAuthnPoint reads the point of a public key. The one of infinity and those off the curve are none.
func webAuthnPoint(pub []byte) (*ecdsa.PublicKey, error) {
	if len(pub) != webAuthnKeySize {
		return nil, fmt.Errorf("a WebAuthn key has %d bytes, not %d", webAuthnKeySize, len(pub))
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P256(), pub[:pointSize])
	if x == nil {
		return nil, errors.New("a WebAuthn key starts with a compressed point of P-256")
	}
	u := make([]byte, 65)
	u[0] = 4
	x.FillBytes(u[1:33])
	y.FillBytes(u[33:])
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), u)
}

// verifyWebAuthn reports whether an assertion over the statement is a signature of the key. What is looked at and what is not
// stands in doc/record.md section 6: two programs must agree on every byte.
func verifyWebAuthn(pub, statement []byte, evidence [][]byte, sig []byte) bool {
	p, err := webAuthnPoint(pub)
	if err != nil || len(evidence) != 2 {
		return false
	}
	authData, clientData := evidence[0], evidence[1]
	if len(authData) != authenticatorDataSize || !bytes.Equal(authData[:sha256.Size], pub[pointSize:]) {
		return false
	}
	const must, mustNot = flagUserPresent | flagUserVerified, flagAttested | flagExtensions
	if authData[sha256.Size]&(must|mustNot) != must {
		return false
	}
	if checkClientData(clientData, sha256.Sum256(statement), pub[pointSize:]) != nil {
		return false
	}
	c := sha256.Sum256(clientData)
	d := sha256.Sum256(append(bytes.Clone(authData), c[:]...))
	return ecdsa.VerifyASN1(p, d[:], sig) // strict DER; a high s verifies as well as a low one
}

// checkClientData holds what the browser says of the request (Level 2 section 5.8.1) to the challenge and the host that count.
func checkClientData(b []byte, challenge [32]byte, hostDigest []byte) error {
	m, err := readClientData(b)
	if err != nil {
		return fmt.Errorf("client data: %w", err)
	}
	if m["type"] != "webauthn.get" {
		return errors.New("client data: of another type than webauthn.get")
	}
	if m["challenge"] != base64.RawURLEncoding.EncodeToString(challenge[:]) {
		return errors.New("client data: another challenge")
	}
	origin, _ := m["origin"].(string)
	host, ok := originHost(origin)
	if id := sha256.Sum256([]byte(host)); !ok || !bytes.Equal(id[:], hostDigest) {
		return errors.New("client data: asked by a page of another host")
	}
	if cross, there := m["crossOrigin"]; there && cross != false {
		return errors.New("client data: asked by a page inside another")
	}
	if _, there := m["topOrigin"]; there { // Level 3: only where crossOrigin is true
		return errors.New("client data: asked by a page inside another")
	}
	return nil
}

// originHost takes the host out of an origin: https, or http on the machine itself, and any port.
func originHost(origin string) (host string, ok bool) {
	rest, secure := strings.CutPrefix(origin, "https://")
	if !secure {
		if rest, ok = strings.CutPrefix(origin, "http://"); !ok {
			return "", false
		}
	}
	host, port, has := strings.Cut(rest, ":")
	if has && (port == "" || len(port) > 5 || strings.Trim(port, "0123456789") != "") {
		return "", false
	}
	return host, host != "" && (secure || host == "localhost" || strings.HasSuffix(host, ".localhost"))
}

// readClientData reads JSON of which there are no two readings: RFC 8259 in valid UTF-8, one object, no name twice in any
// object, no \u, little nesting. Values that are objects or lists read as nil.
func readClientData(b []byte) (map[string]any, error) {
	if len(b) > MaxClientData || !utf8.Valid(b) || bytes.Contains(b, []byte(`\u`)) || !json.Valid(b) {
		return nil, fmt.Errorf("want JSON of at most %d bytes without \\u", MaxClientData)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("want an object")
	}
	return members(d, maxClientNesting)
}

// members reads an object after its brace.
func members(d *json.Decoder, levels int) (map[string]any, error) {
	if levels == 0 {
		return nil, fmt.Errorf("nested deeper than %d", maxClientNesting)
	}
	m := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := t.(string)
		if _, twice := m[name]; twice {
			return nil, errors.New("a name stands twice")
		}
		if m[name], err = value(d, levels-1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return m, err
}

func value(d *json.Decoder, levels int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		_, err := members(d, levels)
		return nil, err
	case json.Delim('['):
		if levels == 0 {
			return nil, fmt.Errorf("nested deeper than %d", maxClientNesting)
		}
		for d.More() {
			if _, err := value(d, levels-1); err != nil {
				return nil, err
			}
		}
		_, err := d.Token()
		return nil, err
	}
	return t, nil
}
