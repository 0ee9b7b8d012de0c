package api

import (
	"time"

	"entente"
)

// Bounds of the API, with their reasons.
const (
	// maxBody of a request: the largest is sixteen approvals with evidence, or a founding charter in base64 (40 KiB of terms).
	maxBody = 256 << 10
	// maxDraftBody of a new draft: one part of record.MaxPart in base64 with its envelope, and what a peer accepts in one message.
	maxDraftBody = 32 << 20
	// maxHeaderBytes of a request: a token and an idempotency key with the usual fields.
	maxHeaderBytes = 16 << 10
	// maxKey of an idempotency key: any UUID or digest fits.
	maxKey = 128
	// headerTimeout is how long a client may take over the head of a request: slow senders must not hold connections.
	headerTimeout = 10 * time.Second
	// readTimeout of a whole request: maxDraftBody over two megabits per second.
	readTimeout = 3 * time.Minute
	// writeTimeout of an answer: a rows part over the same line. Check and log export lift it for themselves.
	writeTimeout = 3 * time.Minute
	// idleTimeout of a connection between requests.
	idleTimeout = 2 * time.Minute
	// stopTimeout is how long requests under way may take to end when the server stops.
	stopTimeout = 10 * time.Second
	// maxConns of the TCP listener at a time: each may hold a body in memory.
	maxConns = 128
	// maxFailures of authentication from one address within failureWindow, before it is told to wait. A token has 256 random
	// bits: this keeps noise out of the database, not guesses.
	maxFailures   = 10
	failureWindow = time.Minute
	// maxFailing addresses are remembered: a flood from many must not fill the memory. Past it the new ones are not counted: a token cannot be guessed.
	maxFailing = 4096
	// maxAnswer of the client: the largest part in base64 with its envelope.
	maxAnswer = 64 << 20
	// maxEvidence of the client: an evidence file, which is longer than any part.
	maxEvidence = entente.MaxEvidence
)
