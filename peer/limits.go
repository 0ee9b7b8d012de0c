package peer

import (
	"time"

	"entente/node"
)

// Bounds of the exchange, with their reasons.
const (
	// maxMessage is the largest request or answer in bytes: a full push, its headers and the CBOR around them.
	maxMessage = node.MaxPushBytes + 512*(64<<10) + 1<<20
	// callTimeout bounds one request: the largest message over a slow satellite line.
	callTimeout = 5 * time.Minute
	// dialTimeout bounds connecting and the handshake.
	dialTimeout = 15 * time.Second
	// retryFirst and retryLast bound the wait before an absent peer is tried again; it doubles between them.
	retryFirst = 250 * time.Millisecond
	retryLast  = time.Minute
	// maxGaps is how often one round starts over because the other side holds less than we thought.
	maxGaps = 3
	// heartbeat is how often an idle peer is told that we are here.
	heartbeat = time.Minute
	// stateEvery bounds how often the digest of all states is computed for a peer: it reads every state.
	stateEvery = 30 * time.Second
	// receiptDelay gathers what arrives together into one receipt.
	receiptDelay = 150 * time.Millisecond
	// maxConns of all peers together: each needs one, and one more while it reconnects.
	maxConns = 128
	// maxHeader of a request: instance names and little else.
	maxHeader = 16 << 10
)
