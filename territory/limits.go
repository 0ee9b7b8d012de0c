package territory

// Every bound of this package stands here, with its reason.
const (
	// MaxCells that a header may name (rule C3, record.MaxArea).
	MaxCells = 256
	// fewCells an area is first covered by: enough to say where it is, and no more is told to whom the shape is not released.
	// What crosses a boundary gets more.
	fewCells = 12
	// MaxVertices of one area: a surveyed line of 10,000 points, with room.
	MaxVertices = 20_000
	// MaxShapes of one area, so that each has its share of the cells.
	MaxShapes = 32
	// MaxInput is the largest GeoJSON or KML file of an area in bytes: MaxVertices with long decimals, with room.
	MaxInput = 4 << 20
	// MaxRadius of a point in metres: what is larger is drawn.
	MaxRadius = 500_000
	// maxEdge in degrees between two neighbouring points: on a longer one a great circle and a line on a map go different ways.
	maxEdge = 60
	// maxDepth of nested GeoJSON collections and KML elements.
	maxDepth = 16
	// MaxFile is the largest boundary file in bytes: both countries of the example take 10 MB.
	MaxFile = 64 << 20
	// maxInfo is the largest description in a boundary file in bytes.
	maxInfo = 64 << 10
	// maxParties of a boundary file: those of a group (record.MaxParties).
	maxParties = 32
	// maxRanges of one list of a boundary file: 16 bytes each in memory.
	maxRanges = 4 << 20
	// maxLoops and maxPoints of one party's outline.
	maxLoops, maxPoints = 100_000, 2 << 20
	// MaxBand in metres.
	MaxBand = 50_000
	// maxOutline points are drawn on a map: about 1 MB, which is sent once. Points that stray less than leastStray metres from a line
	// are left out: nobody sees them, and the data err more.
	maxOutline         = 120_000
	leastStray float64 = 5
	// maxText of a name, a licence or an attribution in bytes.
	maxText = 1000
)

// The levels of S2 cells that boundaries are kept at. A cell of level 12 is about 2 km wide, 14 about 500 m, 16 about 130 m,
// 20 about 8 m.
const (
	levelCoarse = 12 // territory of states that are no party, away from the parties
	levelNear   = 12 // cells in which two territories count as near each other
	levelLand   = 14 // land, which only says "on land" or "at sea"
	levelBand   = 14 // the band, away from other territory
	levelOuter  = 16 // where territory meets the sea or a state that is no party
	levelBand2  = 17 // the band where another territory is near
	levelBorder = 20 // where the territories of two parties meet
)
