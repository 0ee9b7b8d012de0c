package release

// Bounds of the check of a text against what may not be published, with their reasons.
const (
	// MaxChecked bytes of one text held against others: thirty pages, far more than anything that is read out.
	MaxChecked = 128 << 10
	// MaxPassages of an index, so that it stays under some hundred megabytes: 100,000 records with ten sentences each.
	MaxPassages = 1 << 20
	// maxWords of one passage: what is longer than a long sentence is cut, with half of it in the next one.
	maxWords = 64
	// maxPostings looked at for one word, and maxLooked for one passage: a word that stands in more places says little.
	maxPostings = 4000
	maxLooked   = 24000
	// maxCandidates are the passages of others that one passage is compared with word by word.
	maxCandidates = 64
	// MaxHolds of one text are reported: a text with more is no matter of single passages.
	MaxHolds = 200
	// commonTexts: wording that stands alike in so many texts, without figure, date or number, is a form of words and no secret.
	commonTexts = 8
	// exactDigits of an amount tell it from others of a year's figures; byChance is how often facts may stand together without one
	// having been taken from the other: one sentence in a hundred.
	exactDigits = 4
	byChance    = 0.01
	// MaxTerm bytes of one term of a watch list.
	MaxTerm = 200
	// fewWords of a passage are too few to be known again by their wording.
	fewWords = 4
	// sameRun of words one after the other, fillers apart, is the same wording however long the sentence around it.
	sameRun = 7
)
