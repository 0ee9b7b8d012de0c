package word

import "entente/opc"

// Every bound on foreign texts stands here, with its reason.
const (
	// MaxFile bytes of a DOCX: pictures included, which are not read. An agreement of a hundred pages takes 100 kB.
	MaxFile = 16 << 20
	// MaxUnpacked bytes of its parts together: the text is read as a stream, the rest not at all.
	MaxUnpacked = 256 << 20
	// MaxRatio of unpacked to packed bytes: the XML of a text reaches 40, a bomb 1,000.
	MaxRatio = 200
	// MaxEntries of its zip: pictures, fonts, themes and their relationships.
	MaxEntries = 4096
	// MaxToken bytes of one tag or one run of text.
	MaxToken = 1 << 20
	// MaxDepth of nested elements: a text inside a table, content controls and tracked changes nests 30 deep.
	MaxDepth = 256
	// MaxText bytes of all paragraphs together, and of comments: a part of a record holds 16 MiB, a book 1 MiB.
	MaxText = 4 << 20
	// MaxParagraphs of a text, rows of its table included.
	MaxParagraphs = 20_000
	// MaxComments that are listed, MaxQuote bytes of the text that one is about.
	MaxComments = 5000
	MaxQuote    = 1024
	// maxOpen comments at one place whose text is read.
	maxOpen = 64
	// maxPair bounds two blocks of paragraphs that are compared each with each, in words looked at.
	maxPair = 20_000_000
	// maxWords of a paragraph that is compared word by word, and maxWork of all of them, in the square of words that the
	// comparison takes at worst. What is past it is shown as removed and added, whole.
	maxWords = 4000
	maxWork  = 100_000_000
)

var packageLimits = opc.Limits{File: MaxFile, Entries: MaxEntries, Unpacked: MaxUnpacked, Ratio: MaxRatio, Token: MaxToken, Depth: MaxDepth}
