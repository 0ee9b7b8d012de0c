package tlog

// TileWidth is the number of hashes in a full tile (tlog-tiles), TileBytes its length.
const (
	TileWidth = 1 << tileHeight
	TileBytes = TileWidth * 32
)

const (
	// tileHeight is fixed by tlog-tiles.
	tileHeight = 8

	// treeHeight bounds the binary levels: a tree of MaxSize has one node at this level.
	treeHeight = 40

	// tileLevels is the number of tile levels a tree of MaxSize touches.
	tileLevels = treeHeight/tileHeight + 1
)

const (
	// MaxSize is the largest log, in entries: a thousand entries a second for 34 years. Sizes near 2^63 would make
	// the index arithmetic underneath overflow and never end, so a hostile checkpoint must be refused by size first.
	MaxSize = 1 << treeHeight

	// MaxEntry is the longest entry, in bytes: entry bundles of tlog-tiles have 16-bit lengths.
	MaxEntry = 1<<16 - 1

	// MaxNote is the longest signed note, in bytes. signed-note asks for at least 16 signatures; 16 of ML-DSA-44 at
	// 3.4 kB each fit.
	MaxNote = 64 << 10

	// MaxSignatures is the number of signature lines in one note: a log key and two cosigners for each of 31 peers.
	MaxSignatures = 63

	// MaxName is the longest key name or origin, in bytes: the ML-DSA-44 cosignature has an 8-bit length for it.
	MaxName = 255

	// MaxProof is the longest tlog-proof text, in bytes: treeHeight hash lines of 45 bytes, two head lines, a note.
	MaxProof = MaxNote + 2<<10

	// MaxFork is the longest fork proof, in bytes: two sides, each at most a leaf line, a proof with treeHeight hash
	// lines and a note with one signature and names of MaxName.
	MaxFork = 8 << 10

	// maxParty is the longest party id (2 to 8 capital letters).
	minParty, maxParty = 2, 8
)
