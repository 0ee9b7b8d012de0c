package progress

// Bounds, with their reasons.
const (
	// maxPoints is how many of the latest points a trend is made of: fifteen years of months. All pairs of them are compared.
	maxPoints = 180
	// maxDigits of a sum: forty of each figure, and what a million of them carry over.
	maxDigits = 64
	// maxRefused is how many rows that could not be read are listed; the others are counted.
	maxRefused = 100
	// minPoints of a trend without seasons: with fewer the interval says nothing.
	minPoints = 5
	// minPairs of a trend with seasons, and minCycles full cycles.
	minPairs  = 10
	minCycles = 2
	// shownPlaces after the point in results. Comparisons are made on the exact fractions.
	shownPlaces = 10
	// maxMeasures are the other indicators that a claim is held against: those of its line of effort. More fit by chance.
	maxMeasures = 24
	// maxParts are the areas and breakdowns of one party's figures that are read one by one, and added two by two and three by
	// three: twelve give 286 sums. Of more none is read: one of them would fit by chance.
	maxParts = 12
	// maxReadings of one claim: those of 25 indicators of several parties come to less.
	maxReadings = 4000
	// maxShown readings stand with a finding.
	maxShown = 5
	// maxAddends of a term are listed, the last among them; how many there are is said.
	maxAddends = 13
	// minRanked other periods make a superlative: with fewer, everything is the highest of something.
	minRanked = 2
	// shownDigits after the point in a claim's arithmetic, which people read.
	shownDigits = 4
	// maxSpelled figures of a sum are spelled out there; of more stands the sum.
	maxSpelled = 6
)
