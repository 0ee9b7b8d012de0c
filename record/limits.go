package record

// Every bound on signed bytes stands here, with its reason. A change of one is a change of the format.
const (
	// MaxHeader is the largest header in bytes: the entry bundles of C2SP tlog-tiles carry a 16-bit length.
	MaxHeader = 1<<16 - 1
	// MaxTerms bounds what a kind adds to the header, so that every kind leaves room for parts, seen and approvals.
	MaxTerms = 40 << 10
	// MaxPart is the largest part in bytes: 100,000 rows of an agency file fit, and it is held in memory once per reader.
	MaxPart = 16 << 20
	// MaxParts per record: two languages of title, body and annexes, with room.
	MaxParts = 64
	// MaxRows of one rows part.
	MaxRows = 200_000
	// MaxColumns of one rows part.
	MaxColumns = 32
	// MaxParties in one group, and so entries of seen and participants.
	MaxParties = 32
	// MaxArea is the number of S2 cell ids that contain an area (rule C3).
	MaxArea = 256
	// MaxApprovals per record: four eyes of several offices, with room.
	MaxApprovals = 16
	// MaxSeat is the highest number of a seat; it bounds what a page has to lay out.
	MaxSeat = 1000
	// MaxSignature of an approval in bytes: room for ML-DSA-65 (3,309).
	MaxSignature = 4096
	// MaxEvidenceItems of one approval: WebAuthn needs two.
	MaxEvidenceItems = 4
	// MaxIndex of a record and size of a log: sums of two stay inside a signed 64-bit integer.
	MaxIndex = 1 << 62
	// MaxItems of any array or map in a header: without it 64 KiB of empty items would decode into megabytes.
	MaxItems = 4096
	// MaxDepth of nested arrays and maps in terms, the map of the terms among them.
	MaxDepth = 8
	// MaxName bounds names of parts, lines, offices, kinds and verbs, so that they fit a column and a page.
	MaxName = 64
	// MaxEvidence bounds what an approval carries beside its signature (WebAuthn authenticator and client data).
	MaxEvidence = 2 << 10
	// MaxClientData is the longest clientDataJSON of a WebAuthn approval: a challenge, an origin of 253 bytes, names, with room.
	MaxClientData = 1 << 10
	// maxClientNesting of its objects and lists, its own among them: what browsers add has two.
	maxClientNesting = 4
	// MaxTime is the last second that a record may name: year 9999, the end of RFC 3339.
	MaxTime = 253402300799
	// maxNesting of the CBOR that the decoder follows: terms inside the header's map, with one level of room.
	maxNesting = MaxDepth + 2
)
