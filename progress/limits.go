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
)
