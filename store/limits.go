package store

// Bounds of this package, with their reasons.
const (
	// indexBits of a position are the index in a log; the rest is the log. 2^40 records of one log, 2^23 logs.
	indexBits = 40
	// slotSize is one wrapped data key in the key file: version, nonce, 32 bytes sealed with 16 of tag, padding.
	slotSize = 64
	// partsAtOnce is how many parts one statement stores: title and body in two languages, twice over.
	partsAtOnce = 8
	// manyAtOnce is how many rows one statement looks up by key: a page of titles in two languages takes two.
	manyAtOnce = 64
	// FewToSort is how many places of a list are found and sorted at once, in about two milliseconds; where a filter leaves more,
	// the list is read in its order, and a page is full after few of them.
	FewToSort = 2000
	// maxStatements a connection of snapshots keeps prepared: lists that pages make, with room; filters combine to thousands.
	maxStatements = 200
	// maxReaders is the number of connections that read beside the one writer.
	maxReaders = 4
	// writerCache and readerCache are the pages that one connection keeps, in KiB. The driver's allocator takes twice that: with
	// one writer and twice maxReaders readers about 130 MB in all. The file is not mapped into memory: every connection's map
	// would count against the process, and the system's own cache serves as well.
	writerCache = 32 << 10
	readerCache = 4 << 10
	// busyMillis is how long a second process (a backup) may hold the database before a write fails.
	busyMillis = 5000
	// keepIdempotent answers for a day: longer than any client retries.
	keepIdempotent = 86400
)
