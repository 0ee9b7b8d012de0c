package territory

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Places on land, river and sea, by what is known of them.
func TestPlaces(t *testing.T) {
	b := real(t)
	for _, x := range []struct {
		name     string
		lat, lon float64
		hosts    []string
		notified []string
		where    Place
	}{
		{"Mexico City", 19.4326, -99.1332, []string{"MX"}, nil, OnLand},
		{"Washington", 38.8977, -77.0365, []string{"US"}, nil, OnLand},
		{"Tijuana, 1 km south of the line", 32.5250, -117.0200, []string{"MX"}, []string{"US"}, OnLand},
		{"Otay Mesa, north of the line", 32.5600, -116.9380, []string{"US"}, []string{"MX"}, OnLand},
		{"Ciudad Juárez, 700 m from the river", 31.7390, -106.4870, []string{"MX"}, []string{"US"}, OnLand},
		{"Laredo, 4 km from the river", 27.5400, -99.4600, []string{"US"}, nil, OnLand},
		{"Nuevo Laredo, 1.2 km from the river", 27.4860, -99.5300, []string{"MX"}, []string{"US"}, OnLand},
		{"Matamoros", 25.8690, -97.5030, []string{"MX"}, []string{"US"}, OnLand},
		{"Isla Guadalupe", 29.0300, -118.2800, []string{"MX"}, nil, OnLand},
		{"Cozumel", 20.4200, -86.9200, []string{"MX"}, nil, OnLand},
		{"Anchorage", 61.1900, -149.8500, []string{"US"}, nil, OnLand},
		{"Attu, beyond the antimeridian", 52.9000, 172.9000, []string{"US"}, nil, OnLand},
		{"San Juan, Puerto Rico", 18.4000, -66.0600, []string{"US"}, nil, OnLand},
		{"Sea off Ensenada, 10 km", 31.8000, -116.8500, []string{"MX"}, nil, AtSea},
		{"Sea off Miami, 8 km", 25.7800, -80.0500, []string{"US"}, nil, AtSea},
		{"Gulf of Mexico, middle", 24.5000, -92.5000, nil, nil, HighSeas},
		{"Pacific", 20.0000, -130.0000, nil, nil, HighSeas},
		{"Roma, on its bank of the river", 26.4050, -99.0160, []string{"US"}, []string{"MX"}, OnLand},
		{"Nogales, Sonora", 31.3000, -110.9400, []string{"MX"}, nil, OnLand},
		{"Nogales, Arizona, 600 m from the line", 31.3380, -110.9400, []string{"US"}, []string{"MX"}, OnLand},
		{"Tecún Umán, across the Suchiate", 14.6770, -92.1400, nil, []string{"MX"}, ThirdState},
		{"Tapachula", 14.9000, -92.2600, []string{"MX"}, nil, OnLand},
		{"Isla Clarión", 18.3600, -114.7300, []string{"MX"}, nil, OnLand},
		{"Sea off Imperial Beach, 5 km", 32.5800, -117.1800, []string{"US"}, nil, AtSea},
		{"Sea off Playa Bagdad, 8 km", 25.8500, -97.0700, []string{"MX"}, nil, AtSea},
		{"Gulf of California, its north, inside baselines", 30.5000, -113.9000, []string{"MX"}, nil, AtSea},
		{"Gulf of California, its middle, 80 km from both coasts", 25.2000, -109.7000, nil, nil, HighSeas},
		{"Windsor, across the Detroit river", 42.3000, -83.0200, nil, nil, ThirdState},
		{"Guatemala City", 14.6349, -90.5069, nil, nil, ThirdState},
		{"Belize City", 17.5000, -88.2000, nil, nil, ThirdState},
		{"Havana", 23.1136, -82.3666, nil, nil, ThirdState},
		{"Toronto", 43.6532, -79.3832, nil, nil, ThirdState},
		{"Antarctica", -80, 0, nil, nil, ThirdState},
		{"North Pole", 90, 0, nil, nil, HighSeas},
	} {
		a := b.Answer(At(pos(x.lat, x.lon), 0))
		if !slices.Equal(a.Hosts, x.hosts) || !slices.Equal(a.Notified, x.notified) || a.Where != x.where {
			j, _ := json.Marshal(a)
			t.Errorf("%s: %s", x.name, j)
		}
	}
}

// Hosts and distances against the slow second implementation, mostly near boundaries.
func TestAgainstSlow(t *testing.T) {
	b := real(t)
	rnd := rand.New(rand.NewPCG(5, 7))
	count := map[string]int{}
	for n := range 96 {
		party := n % 2
		var p Position
		if n%8 == 7 {
			p = pos(math.Asin(rnd.Float64()*1.2-0.2)*180/math.Pi, -60-rnd.Float64()*115)
		} else {
			c := b.lands[party][rnd.IntN(len(b.lands[party]))]
			l := c[rnd.IntN(len(c))]
			v := l[rnd.IntN(len(l))]
			reach := []float64{0.002, 0.01, 0.05}[n%3]
			p = pos(max(-90, min(90, float64(v.Lat)/degree+(rnd.Float64()*2-1)*reach)), float64(v.Lon)/degree+(rnd.Float64()*2-1)*reach)
		}
		a := b.Answer(At(p, 0))
		for i, id := range b.Parties {
			want, line := slowDistance(b.lands[i], p)
			got := a.Parties[i]
			if d := math.Abs(float64(got.DistanceM) - want); d > max(2, want*0.001) {
				t.Errorf("%s: %s at %d m, the slow way says %.0f m", p, id, got.DistanceM, want)
			}
			if line > 250 && (got.Relation == Inside) != (want == 0) {
				t.Errorf("%s: %s is %s, the slow way says %.0f m", p, id, got.Relation, want)
			}
			if want == 0 && got.Relation != Inside {
				t.Errorf("%s: lies in %s, which is no host", p, id)
			}
			if want < float64(b.BandM) && got.Relation == Outside {
				t.Errorf("%s: %.0f m from %s, which is not notified", p, want, id)
			}
			if want > float64(b.BandM)+1200 && got.Relation == Band {
				t.Errorf("%s: %.0f m from %s, which is notified", p, want, id)
			}
			count[string(got.Relation)]++
			if line < 250 {
				count["at the line"]++
			}
		}
	}
	for _, k := range []string{"inside", "band", "outside", "at the line"} {
		if count[k] < 10 {
			t.Errorf("%s: %d times: the test looks in the wrong places", k, count[k])
		}
	}
	t.Log(count)
}

// Lines, circles and polygons against the slow way: the cells reach no party that the shape is 250 m away from.
func TestShapesAgainstSlow(t *testing.T) {
	b := real(t)
	rnd := rand.New(rand.NewPCG(3, 9))
	hosted := 0
	for n := range 24 {
		c := b.lands[n%2][0]
		l := slices.MaxFunc(c, func(x, y []Position) int { return len(x) - len(y) })
		v := l[rnd.IntN(len(l))]
		at := pos(float64(v.Lat)/degree+(rnd.Float64()*2-1)*0.03, float64(v.Lon)/degree+(rnd.Float64()*2-1)*0.03)
		var a Area
		var samples []Position
		switch n % 3 {
		case 0:
			a, samples = At(at, 300), []Position{at}
		case 1:
			to := pos(float64(at.Lat)/degree+0.02, float64(at.Lon)/degree+0.03)
			a = Area{[]Shape{{Kind: Line, Rings: [][]Position{{at, to}}}}}
			for k := range 17 {
				f := float64(k) / 16
				samples = append(samples, pos(float64(at.Lat)/degree+0.02*f, float64(at.Lon)/degree+0.03*f))
			}
		case 2:
			ring := []Position{}
			for k := range 8 {
				s, c := math.Sincos(float64(k) * math.Pi / 4)
				ring = append(ring, pos(float64(at.Lat)/degree+0.01*s, float64(at.Lon)/degree+0.01*c))
			}
			a, samples = Area{[]Shape{{Kind: Polygon, Rings: [][]Position{ring}}}}, append(ring, at)
		}
		cells := a.Cells(b)
		if err := CheckCells(cells); err != nil {
			t.Fatal(err)
		}
		if !Covers(cells, a) {
			t.Errorf("shape %d: its cells do not cover it", n)
		}
		f := b.Locate(cells)
		for i, id := range b.Parties {
			nearest := math.Inf(1)
			for _, s := range samples {
				d, _ := slowDistance(b.lands[i], s)
				nearest = min(nearest, d)
			}
			if n%3 == 0 {
				nearest = max(0, nearest-300)
			}
			host := slices.Contains(f.Hosts, id)
			if nearest == 0 && !host {
				t.Errorf("shape %d at %s: touches %s, which is no host", n, at, id)
			}
			if nearest > 250 && host && n%3 != 2 { // a polygon's edges pass nearer than its corners
				t.Errorf("shape %d at %s: %.0f m from %s, which hosts", n, at, nearest, id)
			}
			if d := b.distance(i, a); d > nearest+1 {
				t.Errorf("shape %d at %s: %.0f m from %s, a sample is at %.0f m", n, at, d, id, nearest)
			}
			if host {
				hosted++
			}
		}
	}
	if hosted < 10 {
		t.Errorf("%d hosts", hosted)
	}
}

func TestRealFile(t *testing.T) {
	b := real(t)
	if b.Source == "" || b.Licence == "" || b.Attribution == "" || b.Date == "" {
		t.Errorf("the file does not say where it is from: %+v", b.Info)
	}
	if !slices.Equal(b.Parties, []string{"MX", "US"}) || b.BandM != 2000 {
		t.Errorf("%+v", b.Info)
	}
}
