package node

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"entente/record"
	"entente/store"
)

// NewToken makes a bearer token of an office. It is returned once and stored as a digest only. until 0: no end.
func (n *Node) NewToken(ctx context.Context, office string, until int64) (string, error) {
	if !record.ValidName(office) {
		return "", fmt.Errorf("office %.70q: %w: not a name", office, ErrInvalid)
	}
	secret := base64.RawURLEncoding.EncodeToString(random(tokenBytes))
	t := store.Token{Digest: tokenDigest(secret), Office: office, Created: n.clock(), Until: until}
	err := n.write(ctx, func(b *batch) error { return b.fail(b.tx.PutToken(t)) })
	return secret, err
}

// RevokeTokens ends every token of an office.
func (n *Node) RevokeTokens(ctx context.Context, office string) error {
	return n.write(ctx, func(b *batch) error { return b.fail(b.tx.DropTokens(office)) })
}

// Tokens lists tokens without their secrets.
func (n *Node) Tokens(ctx context.Context) ([]store.Token, error) {
	t, err := store.Tokens(n.store.View(ctx))
	return t, explainNil(err)
}

// Authenticate finds the office a token speaks for. A wrong, ended or revoked token: ErrForbidden.
func (n *Node) Authenticate(ctx context.Context, secret, via string) (Caller, error) {
	t, err := store.TokenByDigest(n.store.View(ctx), tokenDigest(secret))
	if errors.Is(err, store.ErrNotFound) || (err == nil && t.Until != 0 && n.clock() >= t.Until) {
		return Caller{}, fmt.Errorf("token: %w: unknown or ended", ErrForbidden)
	}
	return Caller{Office: t.Office, Via: via, How: ByToken}, explainNil(err)
}

// tokenDigest is looked up by equality of 256 random bits' digest: nothing can be learnt from how long that takes.
func tokenDigest(secret string) record.ID { return record.Digest("entente/token/v1", []byte(secret)) }

// Answered returns the stored answer to a request under an office's idempotency key; ErrConflict where the key was used for
// another request.
func (n *Node) Answered(ctx context.Context, office, key string, request []byte) ([]byte, bool, error) {
	a, found, same, err := store.Answered(n.store.View(ctx), idempotencyKey(office, key), requestDigest(key, request))
	if err == nil && found && !same {
		err = fmt.Errorf("idempotency key: %w: it was used for another request", ErrConflict)
	}
	return a, found, err
}

// PutAnswer stores an answer under an idempotency key.
func (n *Node) PutAnswer(ctx context.Context, office, key string, request, answer []byte) error {
	return n.write(ctx, func(b *batch) error {
		return b.fail(b.tx.PutAnswer(idempotencyKey(office, key), requestDigest(key, request), answer, b.now))
	})
}

func idempotencyKey(office, key string) record.ID {
	return record.Digest("entente/idempotency/v1", []byte(office), []byte{0}, []byte(key))
}

// requestDigest tells requests under one key apart. The key, which is not stored, keeps it from telling anything of the content.
func requestDigest(key string, request []byte) record.ID {
	return record.Digest("entente/request/v1", []byte(key), []byte{0}, request)
}
