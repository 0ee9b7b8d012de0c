package figures

// Bounds of this package, with their reasons.
const (
	// MaxFigures of one file: a file of municipalities by month has more than a person can look at; states of ten years have 40,000.
	// Each takes about 400 bytes while it is looked at.
	MaxFigures = 400_000
	// MaxRefused rows that are listed with their reasons: whoever has more mends the file or the mapping first. The others are counted.
	MaxRefused = 500
	// MaxListed figures of one sort that an answer lists; the others are counted.
	MaxListed = 200
	// MaxMismatches of sums and totals that are listed.
	MaxMismatches = 100
	// MaxMapping bytes of a mapping in JSON: some hundreds of areas with their codes.
	MaxMapping = 64 << 10
	// MaxName of a mapping in bytes: it is a file's name and a part of an address.
	MaxName = 60
	// MaxText bytes of an area, and of what is counted: they stand in every row and in its key.
	MaxText = 200
	// MaxParts that tell what is counted.
	MaxParts = 6
	// maxSerial is how many figures one record carries: its part stays under record.MaxPart with texts of MaxText bytes, and
	// a page reads it in a moment.
	maxSerial = 50_000
)
