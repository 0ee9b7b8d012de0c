package territory

import "math"

// GeoJSON's lines are straight in longitude and latitude (RFC 7946, section 3.1.1), those of the sphere are great circles: on
// a border along the 49th parallel they are kilometres apart. Points between bring them together to within a tolerance.
const (
	straightBoundary = 2.0  // metres: below the error of any boundary data
	straightArea     = 10.0 // metres
	maxBetween       = 4000 // points put into one edge
)

// straight is a ring or a line with points between, so that its great circles stay within a tolerance of straight lines.
func straight(r []Position, closed bool, tolerance float64) []Position {
	out := make([]Position, 0, len(r))
	for i, p := range r {
		out = append(out, p)
		if i+1 == len(r) && !closed {
			break
		}
		q := r[(i+1)%len(r)]
		dlat, dlon := int64(q.Lat)-int64(p.Lat), int64(q.Lon)-int64(p.Lon)
		switch {
		case dlon > 180*degree:
			dlon -= 360 * degree
		case dlon < -180*degree:
			dlon += 360 * degree
		}
		n := between(p, q, dlon, tolerance)
		for k := int64(1); k < n; k++ {
			lon := int64(p.Lon) + dlon*k/n
			out = append(out, position(int64(p.Lat)+dlat*k/n, lon))
		}
	}
	return out
}

// between is into how many an edge is divided: the two lines are apart by R·Δλ²·sin φ·cos φ ∕ 8 at its middle.
func between(p, q Position, dlon int64, tolerance float64) int64 {
	x := float64(dlon) / degree * math.Pi / 180
	most := 0.0
	for _, lat := range []float64{float64(p.Lat), float64(q.Lat), (float64(p.Lat) + float64(q.Lat)) / 2} {
		most = max(most, math.Abs(math.Sin(2*lat/degree*math.Pi/180)))
	}
	n := math.Ceil(math.Sqrt(earthRadius * x * x * most / 16 / tolerance))
	return int64(min(max(n, 1), maxBetween))
}
