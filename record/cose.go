package record

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// Alg is a COSE algorithm id: every key and signature names its own, so that another can stand beside it one day.
type Alg int64

// Ed25519 is COSE algorithm −19 (RFC 9864); the only one for headers and for the keys of nodes and roots.
const Ed25519 Alg = -19

// ContentType stands in the protected header (RFC 9052 section 3.1) and names what was signed.
const ContentType = "application/entente-record+cbor"

// ErrSignature: the bytes are well formed and the signature does not verify under the key that counts.
var ErrSignature = errors.New("signature does not verify")

// ErrPlace: a well-formed record of another group, party or index than the one expected.
var ErrPlace = errors.New("belongs elsewhere")

// KeyID is the first 16 bytes of SHA-256 over the 32-byte Ed25519 public key (the COSE kid).
type KeyID [16]byte

func (k KeyID) String() string { return hex.EncodeToString(k[:]) }

// KeyIDOf is the id of a public key.
func KeyIDOf(pub ed25519.PublicKey) KeyID {
	s := sha256.Sum256(pub)
	return KeyID(s[:16])
}

// The envelope is fixed bytes around three strings: a tagged array of four (RFC 9052 section 4.2), a protected header that
// differs between records in the key id alone, and an unprotected header that is an empty map.
var (
	envelopeHead  = []byte{0xd2, 0x84}
	protectedHead = func() []byte {
		b := appendHead(nil, majorMap, 3)
		b = appendHead(append(b, 1), majorNegative, uint64(-1-Ed25519))
		b = appendString(append(b, 3), majorText, ContentType)
		return appendHead(append(b, 4), majorBytes, uint64(len(KeyID{})))
	}()
)

const noUnprotected = 0xa0

// toBeSigned is the Sig_structure of RFC 9052 section 4.4 with an empty external_aad.
func toBeSigned(protected, payload []byte) []byte {
	b := make([]byte, 0, len(protected)+len(payload)+24)
	b = appendHead(b, majorArray, 4)
	b = appendString(b, majorText, "Signature1")
	b = appendString(b, majorBytes, protected)
	b = appendString(b, majorBytes, "")
	return appendString(b, majorBytes, payload)
}

// Record is a header that verified: the bytes as signed, never re-encoded. Only Verify, Seal and Stored make one.
type Record struct {
	raw    []byte
	id     ID
	header Header
	key    KeyID
}

// Bytes are the complete signed bytes. The caller must not change them.
func (r *Record) Bytes() []byte { return r.raw }

// ID is the SHA-256 digest of Bytes.
func (r *Record) ID() ID { return r.id }

// Header is the decoded content. The caller must not change it.
func (r *Record) Header() *Header { return &r.header }

// Key is the id of the record key that sealed it.
func (r *Record) Key() KeyID { return r.key }

// Instrument is the id of the instrument the record speaks of: its own id where it opens one.
func (r *Record) Instrument() ID {
	if r.header.Instrument.IsZero() {
		return r.id
	}
	return r.header.Instrument
}

// Seal encodes and signs a header with the party's record key and returns it as Verify would. It keeps the slices and the
// map of h: the caller must not change them afterwards. What it refuses wraps ErrFormat.
func Seal(h Header, key ed25519.PrivateKey) (*Record, error) {
	h.Format = Format
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("seal: %w: %w", ErrFormat, err)
	}
	if len(key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("seal: the record key is not an Ed25519 private key")
	}
	kid := KeyIDOf(ed25519.PublicKey(key[ed25519.PrivateKeySize-ed25519.PublicKeySize:]))
	prot := append(slices.Clip(protectedHead), kid[:]...)
	var raw []byte
	err := withEncoded(&h, func(payload []byte) error {
		raw = make([]byte, 0, len(prot)+len(payload)+ed25519.SignatureSize+16)
		raw = appendString(append(raw, envelopeHead...), majorBytes, prot)
		raw = appendString(append(raw, noUnprotected), majorBytes, payload)
		raw = appendString(raw, majorBytes, ed25519.Sign(key, toBeSigned(prot, payload)))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if len(raw) > MaxHeader {
		return nil, fmt.Errorf("seal: %w: header of %d bytes, the limit is %d: move text into a part", ErrFormat, len(raw), MaxHeader)
	}
	return &Record{raw: raw, id: sha256.Sum256(raw), header: h, key: kid}, nil
}

// Place is where a record must belong to be accepted.
type Place struct {
	Group ID
	Party Party
	Index uint64
}

// Keys finds the record key that counts for this header, by the powers at its index. It returns nil when there is none.
type Keys func(h *Header, kid KeyID) ed25519.PublicKey

// Verify is the one way from received bytes to a Record: canonical form, bounds, place, key, signature, in this order.
// Errors wrap ErrFormat, ErrPlace or ErrSignature and never quote the received content at length.
// The signature check is crypto/ed25519's (RFC 8032 with S below the group order), the same on every node and in the auditor's tool.
func Verify(raw []byte, at Place, keys Keys) (*Record, error) {
	r, tbs, sig, err := parse(raw)
	if err != nil {
		return nil, err
	}
	if got := (Place{r.header.Group, r.header.Party, r.header.Index}); got != at {
		return nil, fmt.Errorf("record %w: it says group %s, %s#%d; expected group %s, %s#%d", ErrPlace,
			got.Group.Short(), got.Party, got.Index, at.Group.Short(), at.Party, at.Index)
	}
	pub := keys(&r.header, r.key)
	if len(pub) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("record %s of %s: %w: no record key %s counts there", r.id.Short(), r.header.Ref(), ErrSignature, r.key)
	}
	if !ed25519.Verify(pub, tbs, sig) {
		return nil, fmt.Errorf("record %s of %s: %w", r.id.Short(), r.header.Ref(), ErrSignature)
	}
	return r, nil
}

// Peek reads the header of bytes nobody vouches for, to learn where they claim to belong. Nothing may be done with the
// result but to find the place and the key for Verify, or to show two claims side by side.
func Peek(raw []byte) (*Header, KeyID, error) {
	r, _, _, err := parse(raw)
	if err != nil {
		return nil, KeyID{}, err
	}
	return &r.header, r.key, nil
}

// Stored reads bytes that Verify accepted before they were stored, without checking the signature again. The caller
// vouches that they come from its own database; entente check verifies them all again.
func Stored(raw []byte) (*Record, error) {
	r, _, _, err := parse(raw)
	return r, err
}

// openEnvelope takes the envelope apart without copying. Of each length and head only the shortest form passes, so that an
// envelope which opens is the only one of its three strings.
func openEnvelope(raw []byte) (protected, payload, sig []byte, err error) {
	b, ok := bytes.CutPrefix(raw, envelopeHead)
	if !ok {
		return nil, nil, nil, errors.New("not a tagged COSE_Sign1")
	}
	if protected, b, err = stringOf(majorBytes, b); err != nil {
		return nil, nil, nil, fmt.Errorf("protected header: %w", err)
	}
	if len(b) == 0 || b[0] != noUnprotected {
		return nil, nil, nil, errors.New("the unprotected header must be an empty map")
	}
	if payload, b, err = stringOf(majorBytes, b[1:]); err != nil {
		return nil, nil, nil, fmt.Errorf("payload: %w", err)
	}
	if sig, b, err = stringOf(majorBytes, b); err != nil {
		return nil, nil, nil, fmt.Errorf("signature: %w", err)
	}
	if len(sig) != ed25519.SignatureSize {
		return nil, nil, nil, fmt.Errorf("signature of %d bytes", len(sig))
	}
	if len(b) > 0 {
		return nil, nil, nil, fmt.Errorf("%d bytes follow the envelope", len(b))
	}
	return protected, payload, sig, nil
}

func parse(raw []byte) (r *Record, tbs, sig []byte, err error) {
	if len(raw) > MaxHeader {
		return nil, nil, nil, fmt.Errorf("record: %w: %d bytes, the limit is %d", ErrFormat, len(raw), MaxHeader)
	}
	r = &Record{raw: bytes.Clone(raw)}
	prot, payload, sig, err := openEnvelope(r.raw)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("record: %w: %w", ErrFormat, err)
	}
	kid, ok := bytes.CutPrefix(prot, protectedHead)
	if !ok || len(kid) != len(r.key) {
		return nil, nil, nil, fmt.Errorf("record: %w: the protected header is not algorithm %d, content type %s and a key id of %d bytes",
			ErrFormat, Ed25519, ContentType, len(r.key))
	}
	r.key = KeyID(kid)
	if err := unmarshal(decHeader, payload, &r.header); err != nil {
		return nil, nil, nil, fmt.Errorf("record header: %w", err)
	}
	if err := r.header.check(); err != nil {
		return nil, nil, nil, fmt.Errorf("record header: %w: %w", ErrFormat, err)
	}
	r.id = sha256.Sum256(r.raw)
	return r, toBeSigned(prot, payload), sig, nil
}
