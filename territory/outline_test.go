package territory

import (
	"encoding/json"
	"testing"
)

// A map shows the boundary where it is: what the outline holds lies as the data says, within the metres that may stray.
func TestOutlineFollowsTheBoundary(t *testing.T) {
	b := real(t)
	var o Outline
	if err := json.Unmarshal(b.Outline(), &o); err != nil {
		t.Fatal(err)
	}
	if len(b.Outline()) > 2<<20 {
		t.Errorf("the outline has %d bytes", len(b.Outline()))
	}
	t.Logf("%d bytes", len(b.Outline()))
	points, inside := 0, map[string]int{}
	for _, p := range o.Parties {
		for _, rings := range p.Countries {
			for _, r := range rings {
				var lat, lon int64
				for i := 0; i < len(r); i += 2 {
					lat, lon = lat+r[i], lon+r[i+1]
					points++
				}
				if lat < -90e5 || lat > 90e5 {
					t.Fatalf("a ring of %s ends at %d, %d", p.Party, lat, lon)
				}
			}
		}
	}
	if points < 5000 || points > maxOutline {
		t.Errorf("the outline has %d points", points)
	}
	// Places some kilometres from the border, the coast and the sea limit lie on the same side of the drawn lines as the data says.
	for _, x := range []struct {
		lat, lon float64
		party    string
	}{{32.6, -116.9, "US"}, {32.5, -116.9, "MX"}, {31.80, -106.45, "US"}, {31.68, -106.40, "MX"}, {25.95, -97.4, "US"}, {25.8, -97.5, "MX"},
		{32.4, -117.3, "MX"}, {32.75, -117.4, "US"}, {30, -120, ""}, {25, -90, ""}, {19.43, -99.13, "MX"}, {61.2, -149.9, "US"}, {18.4, -66.1, "US"}, {14.6, -90.5, ""}} {
		for _, p := range o.Parties {
			if got := holds(p, x.lat, x.lon); got != (p.Party == x.party) {
				t.Errorf("%v, %v lies in the outline of %s: %v", x.lat, x.lon, p.Party, got)
			} else if got {
				inside[p.Party]++
			}
		}
	}
	if inside["MX"] < 5 || inside["US"] < 6 {
		t.Errorf("inside: %v", inside)
	}
	if v := o.View; v[0] < 13 || v[0] > 15 || v[2] < 48 || v[2] > 50 || v[1] > -117 || v[3] < -70 {
		t.Errorf("a map opens at %v", v)
	}
}

// holds counts the lines of an outline east of a place, as a map's even-odd rule fills it.
func holds(p PartyOutline, lat, lon float64) bool {
	in := false
	for _, rings := range p.Countries {
		odd := false
		for _, r := range rings {
			var pts [][2]float64
			var a, o int64
			for i := 0; i < len(r); i += 2 {
				a, o = a+r[i], o+r[i+1]
				pts = append(pts, [2]float64{float64(a) / 1e5, float64(o) / 1e5})
			}
			for i := range pts {
				p, q := pts[i], pts[(i+1)%len(pts)]
				if (p[0] > lat) != (q[0] > lat) && p[1]+(lat-p[0])/(q[0]-p[0])*(q[1]-p[1]) > lon {
					odd = !odd
				}
			}
		}
		in = in || odd
	}
	return in
}

// Where a ring crosses the antimeridian its line goes on, and runs around no globe.
func TestOutlineGoesOnBeyond180(t *testing.T) {
	r := unrolled([]Position{{10 * degree, 179 * degree}, {11 * degree, -179 * degree}, {12 * degree, 179 * degree}})
	if r[1].lon != 181*degree || r[2].lon != 179*degree {
		t.Errorf("%v", r)
	}
}
