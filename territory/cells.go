package territory

import (
	"fmt"
	"slices"

	"github.com/golang/geo/s2"
)

// regions of an area. It has been checked.
func (a Area) regions() []region {
	out := make([]region, 0, len(a.Shapes))
	for _, s := range a.Shapes {
		if s.Kind == Point {
			out = append(out, circle{s.Rings[0][0].point(), metres(s.RadiusM), s.RadiusM})
		} else {
			out = append(out, newEdges(s.Rings, s.Kind == Polygon))
		}
	}
	return out
}

// Cells are the ids of S2 cells that together contain the area, ascending, at most MaxCells: what a header names. They may
// be wider than the area and are never narrower. With boundary data, cells that would reach into territory which the area
// only comes near are divided further. The area has been checked.
func (a Area) Cells(b *Boundary) []uint64 {
	var out []s2.CellID
	rs := a.regions()
	for _, r := range rs {
		out = append(out, cover(r, b, MaxCells/len(rs))...)
	}
	slices.Sort(out)
	return merge(out)
}

// merge drops cells that lie in others.
func merge(ids []s2.CellID) []uint64 {
	var kept []s2.CellID
	for _, id := range ids {
		for len(kept) > 0 && id.Contains(kept[len(kept)-1]) {
			kept = kept[:len(kept)-1]
		}
		if len(kept) == 0 || !kept[len(kept)-1].Contains(id) {
			kept = append(kept, id)
		}
	}
	out := make([]uint64, len(kept))
	for i, id := range kept {
		out[i] = uint64(id)
	}
	return out
}

// finest level that an area's cells are divided to at a boundary: some metres, which is finer than any boundary data.
const finest = 21

// cover divides the largest cells first: a few, and then those that meet territory which no cell lies in.
func cover(r region, b *Boundary, limit int) []s2.CellID {
	open := r.roots()
	var done []quad
	divide := func(i int) bool {
		parts := r.split(open[i])
		if len(open)-1+len(parts)+len(done) > limit {
			return false
		}
		open = append(append(open[:i:i], parts...), open[i+1:]...)
		return true
	}
	rough := min(fewCells, limit)
	for len(open) > 0 && len(open) < rough {
		i := largest(open)
		if open[i].id.Level() >= finest || open[i].whole {
			break
		}
		parts := r.split(open[i])
		if len(open)-1+len(parts) > rough {
			break
		}
		open = append(append(open[:i:i], parts...), open[i+1:]...)
	}
	if b != nil {
		sure := make([]bool, len(b.lists)) // lists that hold a whole cell of the area
		for len(open) > 0 {
			i := largest(open)
			q := open[i]
			vague := false
			for n := range b.lists {
				switch b.lists[n].relation(q.id) {
				case all:
					sure[n] = true
				case some:
					vague = vague || !sure[n]
				}
			}
			if !vague || q.whole || q.id.Level() >= finest || !divide(i) {
				done = append(done, q)
				open = append(open[:i], open[i+1:]...)
			}
		}
	}
	out := make([]s2.CellID, 0, len(open)+len(done))
	for _, q := range append(open, done...) {
		out = append(out, q.id)
	}
	return out
}

func largest(qs []quad) int {
	best := 0
	for i := range qs {
		if qs[i].id.Level() < qs[best].id.Level() {
			best = i
		}
	}
	return best
}

// CheckCells says what keeps cell ids of a header from standing for an area.
func CheckCells(cells []uint64) error {
	if len(cells) == 0 {
		return fmt.Errorf("%w: no cell", ErrArea)
	}
	if len(cells) > MaxCells {
		return fmt.Errorf("%w: %d cells, the limit is %d", ErrArea, len(cells), MaxCells)
	}
	last := uint64(0)
	for i, c := range cells {
		id := s2.CellID(c)
		if !id.IsValid() {
			return fmt.Errorf("%w: cell %d is no S2 cell id", ErrArea, i)
		}
		if i > 0 && uint64(id.RangeMin()) <= last {
			return fmt.Errorf("%w: cells ascend and do not overlap", ErrArea)
		}
		last = uint64(id.RangeMax())
	}
	return nil
}

// Covers tells whether the cells contain the area: what a reader who holds the shape checks before consent.
func Covers(cells []uint64, a Area) bool {
	var u s2.CellUnion
	for _, c := range cells {
		u = append(u, s2.CellID(c))
	}
	if CheckCells(cells) != nil {
		return false
	}
	for _, r := range a.regions() {
		open := r.roots()
		for steps := 0; len(open) > 0; steps++ {
			q := open[len(open)-1]
			open = open[:len(open)-1]
			if u.ContainsCellID(q.id) {
				continue
			}
			if q.id.IsLeaf() || !u.IntersectsCellID(q.id) || steps > 1<<16 {
				return false
			}
			open = append(open, r.split(q)...)
		}
	}
	return true
}

// ranges are spans of leaf cells, both ends included, ascending and apart.
type ranges struct{ lo, hi []uint64 }

// meeting of a list with a cell.
type meeting int

const (
	none meeting = iota
	some
	all
)

func (r *ranges) relation(id s2.CellID) meeting {
	lo, hi := uint64(id.RangeMin()), uint64(id.RangeMax())
	i, _ := slices.BinarySearch(r.hi, lo)
	switch {
	case i == len(r.lo) || r.lo[i] > hi:
		return none
	case r.lo[i] <= lo && hi <= r.hi[i]:
		return all
	}
	return some
}

// add puts a cell after those that are there.
func (r *ranges) add(id s2.CellID) {
	lo, hi := uint64(id.RangeMin()), uint64(id.RangeMax())
	if n := len(r.hi); n > 0 && r.hi[n-1]+2 >= lo { // leaf ids are odd: the next one is two further
		r.hi[n-1] = hi
		return
	}
	r.lo, r.hi = append(r.lo, lo), append(r.hi, hi)
}
