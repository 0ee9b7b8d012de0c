package progress

import (
	"math/big"
	"slices"
)

// observation is a point as a trend sees it: a time in months and a value, both exact.
type observation struct {
	t, y   *big.Rat
	season int64
}

// z is the two-sided 90 % quantile of the normal distribution: 1.6449.
var z = big.NewRat(16449, 10000)

// trend is the Theil–Sen estimate of a slope (Sen, J. Am. Stat. Assoc. 63, 1968): the median of the slopes between pairs of points,
// with an interval from the normal approximation to the variance of Kendall's S, corrected for ties. With seasons only points of
// one season are paired, and the variances of the seasons add up (Hirsch, Slack and Smith, Water Resour. Res. 18, 1982).
//
// It does not mind a third of the points being far off. It knows nothing of what follows on a change of course, and
// where one month is like the last its interval is too narrow (Hirsch and Slack, 1984).
type trend struct {
	slope, low, high *big.Rat // low and high nil: the interval is open
	pairs            int
	variance         *big.Rat // of S
}

// fit needs at least one pair.
func fit(points []observation) trend {
	var t trend
	var slopes []*big.Rat
	t.variance = new(big.Rat)
	seasons := map[int64][]observation{}
	for _, p := range points {
		seasons[p.season] = append(seasons[p.season], p)
	}
	for _, of := range seasons { // the order of seasons does not matter: slopes are sorted, variances added
		for i := range of {
			for j := range of[:i] {
				dt := new(big.Rat).Sub(of[i].t, of[j].t)
				if dt.Sign() == 0 {
					continue
				}
				dy := new(big.Rat).Sub(of[i].y, of[j].y)
				slopes = append(slopes, dy.Quo(dy, dt))
			}
		}
		t.variance.Add(t.variance, variance(of))
	}
	slices.SortFunc(slopes, (*big.Rat).Cmp)
	if t.pairs = len(slopes); t.pairs == 0 {
		return t
	}
	t.slope = median(slopes)
	// The interval: from the M1-th smallest slope to the (M2+1)-th, M = (pairs ∓ z·√variance)/2, rounded outwards.
	c := ceilRoot(new(big.Rat).Mul(new(big.Rat).Mul(z, z), t.variance))
	m1 := (t.pairs - c) / 2
	if t.pairs-c < 0 {
		m1 = 0
	}
	m2 := (t.pairs + c + 1) / 2
	if m1 >= 1 {
		t.low = slopes[m1-1]
	}
	if m2+1 <= t.pairs {
		t.high = slopes[m2]
	}
	return t
}

// variance of Kendall's S of one season, with the correction for equal values.
func variance(of []observation) *big.Rat {
	ties := map[string]int64{}
	for _, p := range of {
		ties[p.y.RatString()]++
	}
	term := func(n int64) int64 { return n * (n - 1) * (2*n + 5) }
	v := term(int64(len(of)))
	for _, n := range ties {
		v -= term(n)
	}
	return big.NewRat(v, 18)
}

// ceilRoot is the smallest whole number whose square is not less than x.
func ceilRoot(x *big.Rat) int {
	up := new(big.Int).Add(x.Num(), new(big.Int).Sub(x.Denom(), big.NewInt(1)))
	up.Quo(up, x.Denom())
	r := new(big.Int).Sqrt(up)
	if new(big.Int).Mul(r, r).Cmp(up) < 0 {
		r.Add(r, big.NewInt(1))
	}
	return int(r.Int64())
}

// median of ascending values.
func median(s []*big.Rat) *big.Rat {
	n := len(s)
	if n%2 == 1 {
		return s[n/2]
	}
	m := new(big.Rat).Add(s[n/2-1], s[n/2])
	return m.Quo(m, big.NewRat(2, 1))
}

// project is the line of a slope at a time: through the median of what the points leave over.
func project(points []observation, slope, at *big.Rat) *big.Rat {
	rest := make([]*big.Rat, len(points))
	for i, p := range points {
		rest[i] = new(big.Rat).Sub(p.y, new(big.Rat).Mul(slope, p.t))
	}
	slices.SortFunc(rest, (*big.Rat).Cmp)
	v := new(big.Rat).Mul(slope, at)
	return v.Add(v, median(rest))
}
