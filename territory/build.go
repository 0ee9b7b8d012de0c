package territory

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// Source is what boundary data is made from.
type Source struct {
	Info
	Countries io.Reader           // GeoJSON: a feature per country, of its land and territorial sea
	Property  string              // of a feature, which names its country; A3 in the data set of the example
	Codes     map[string][]string // party → the names of its countries there
	Land      io.Reader           // GeoJSON of land, features as in Countries; nil: all is called land
	Progress  func(step string)   // may be nil
}

// Build makes a boundary file. The same input gives the same bytes on one kind of machine; others compare digests.
func Build(s Source) ([]byte, error) {
	step := func(text string) {
		if s.Progress != nil {
			s.Progress(text)
		}
	}
	b := &Boundary{Info: s.Info}
	for p := range s.Codes {
		if !slices.Contains(b.Parties, p) {
			b.Parties = append(b.Parties, p)
		}
	}
	slices.Sort(b.Parties)
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("boundary: %w", err)
	}
	owner := map[string]int{}
	for i, p := range b.Parties {
		for _, c := range s.Codes[p] {
			if j, twice := owner[c]; twice {
				return nil, fmt.Errorf("boundary: %s is given to %s and to %s", c, b.Parties[j], p)
			}
			owner[c] = i
		}
	}
	step("countries")
	b.lands = make([][]country, len(b.Parties))
	var others []country
	found := map[string]bool{}
	err := eachFeature(s.Countries, func(props map[string]json.RawMessage, rings [][]Position) error {
		name := ""
		_ = json.Unmarshal(props[s.Property], &name)
		if i, ok := owner[name]; ok {
			b.lands[i] = append(b.lands[i], rings)
			found[name] = true
		} else {
			others = append(others, rings)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("countries: %w", err)
	}
	for _, p := range b.Parties {
		for _, c := range s.Codes[p] {
			if !found[c] {
				return nil, fmt.Errorf("countries: no feature has %s %q, for %s", s.Property, c, p)
			}
		}
	}
	var land []country
	if s.Land != nil {
		step("land")
		err := eachFeature(s.Land, func(props map[string]json.RawMessage, rings [][]Position) error {
			name := ""
			_ = json.Unmarshal(props[s.Property], &name)
			if _, ours := owner[name]; ours {
				land = append(land, rings)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("land: %w", err)
		}
	} else {
		land = slices.Concat(b.lands...)
	}
	b.fill(others, land, step)
	return b.encode()
}

// fill covers everything with cells.
func (b *Boundary) fill(others, land []country, step func(string)) {
	b.lists = make([]ranges, 2*len(b.Parties)+2)
	shapes := make([][]region, len(b.Parties))
	rough := make([]ranges, len(b.Parties)) // each party's territory and its surroundings, roughly
	for i := range b.Parties {
		shapes[i] = regionsOf(b.lands[i])
		rough[i] = covered(shapes[i], func(q *quad, add func(s2.CellID)) bool {
			if !q.whole && q.id.Level() < levelNear {
				return true
			}
			add(q.id)
			if q.id.Level() >= levelNear {
				for _, n := range q.id.Parent(levelNear).AllNeighbors(levelNear) {
					add(n)
				}
			}
			return false
		})
	}
	near := func(id s2.CellID, but int) bool { // the rough territory of another party
		for j := range rough {
			if j != but && rough[j].relation(id) != none {
				return true
			}
		}
		return false
	}
	// outer covers all of a region: one level where another party is near, another elsewhere.
	outer := func(i, level, close int) func(*quad, func(s2.CellID)) bool {
		return func(q *quad, add func(s2.CellID)) bool {
			l := q.id.Level()
			if !q.near && l >= levelNear {
				q.near = near(q.id, i)
			}
			if q.whole || l >= close || l >= level && !q.near {
				add(q.id)
				return false
			}
			return true
		}
	}
	// centred covers what has its centre in a region.
	centred := func(level func(s2.CellID) int) func(*quad, func(s2.CellID)) bool {
		return func(q *quad, add func(s2.CellID)) bool {
			if !q.whole && q.id.Level() < level(q.id) {
				return true
			}
			if q.whole || q.inside {
				add(q.id)
			}
			return false
		}
	}
	for i, p := range b.Parties {
		step("territory of " + p)
		*b.territory(i) = covered(shapes[i], outer(i, levelOuter, levelBorder))
		step("surroundings of " + p)
		around := make([]region, len(shapes[i]))
		for j, r := range shapes[i] {
			around[j] = newBand(r.(*edges), b.BandM)
		}
		*b.band(i) = covered(around, outer(i, levelBand, levelBand2))
	}
	step("other states")
	*b.others() = covered(regionsOf(others), centred(func(id s2.CellID) int {
		if id.Level() >= levelCoarse && near(id, -1) {
			return levelOuter
		}
		return levelCoarse
	}))
	step("land and sea")
	*b.land() = covered(regionsOf(land), centred(func(s2.CellID) int { return levelLand }))
}

func regionsOf(countries []country) []region {
	out := make([]region, len(countries))
	for i, c := range countries {
		e := &edges{closed: true}
		for _, l := range c {
			e.add(l)
		}
		out[i] = e
	}
	return out
}

// covered walks the regions and joins what f adds of each.
func covered(rs []region, f func(*quad, func(s2.CellID)) bool) ranges {
	var ids []s2.CellID
	for _, r := range rs {
		walk(r, func(q *quad) bool { return f(q, func(id s2.CellID) { ids = append(ids, id) }) })
	}
	return rangesOf(ids)
}

// walk visits the cells of a region from the largest, in the order of their ids; f says whether to divide one further.
func walk(r region, f func(*quad) bool) {
	var visit func(q quad)
	visit = func(q quad) {
		if !f(&q) || q.id.IsLeaf() {
			return
		}
		for _, k := range r.split(q) {
			visit(k)
		}
	}
	for _, q := range r.roots() {
		visit(q)
	}
}

func rangesOf(ids []s2.CellID) ranges {
	u := s2.CellUnion(ids)
	u.Normalize()
	var r ranges
	for _, id := range u {
		r.add(id)
	}
	return r
}

// band is the territory of a party and what lies within a distance of it.
type band struct {
	*edges
	m float64 // radians
}

func newBand(e *edges, metres int64) *band {
	return &band{edges: e, m: float64(metres) / earthRadius}
}

func (b *band) roots() []quad {
	var out []quad
	for f := range 6 {
		id := s2.CellIDFromFace(f)
		q := quad{id: id, inside: b.contains(id.Point())}
		for i := range b.raw {
			q.edges = append(q.edges, int32(i))
		}
		out = append(out, q)
	}
	return out
}

// split keeps, per cell, the edges near it: those that pass through it and those within the distance of its outer circle.
func (b *band) split(q quad) []quad {
	out := make([]quad, 0, 4)
	c := q.id.Point()
	for _, id := range q.id.Children() {
		cell := s2.CellFromCellID(id)
		centre := id.Point()
		radius := 0.0
		for k := range 4 {
			radius = max(radius, float64(centre.Distance(cell.Vertex(k))))
		}
		k := quad{id: id, inside: q.inside, near: q.near}
		reach := s1.ChordAngleFromAngle(s1.Angle(b.m + radius)).Expanded(1e-14)
		x := s2.NewEdgeCrosser(c, centre)
		nearest := s1.InfChordAngle()
		for _, i := range q.edges {
			e := &b.raw[i]
			if x.EdgeOrVertexCrossing(e.V0, e.V1) {
				k.inside = !k.inside
			}
			d, _ := s2.UpdateMinDistance(centre, e.V0, e.V1, s1.InfChordAngle())
			nearest = min(nearest, d)
			if d <= reach {
				k.edges = append(k.edges, i)
			}
		}
		switch {
		case len(k.edges) == 0 && !k.inside:
			continue
		case len(k.edges) == 0, radius < b.m && nearest <= s1.ChordAngleFromAngle(s1.Angle(b.m-radius)):
			k.whole = true
		}
		out = append(out, k)
	}
	return out
}
