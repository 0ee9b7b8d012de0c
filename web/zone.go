package web

import (
	"slices"
	"time"
	_ "time/tzdata" // a node in a bare container knows the zones of its counterparts too

	"entente/record"
)

// zonesOf are the zones in which parties meet, capital first. A party that is not listed has the node's own zone and UTC.
var zonesOf = map[record.Party][]string{
	"CA": {"America/Toronto", "America/Vancouver"},
	"GT": {"America/Guatemala"},
	"MX": {"America/Mexico_City", "America/Tijuana", "America/Hermosillo", "America/Cancun"},
	"US": {"America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles"},
}

// zones are those a form offers for a time of day, the reader's own first.
func (r *request) zones() []option {
	names := []string{r.web.zone.String()}
	for _, p := range readerParty(r.web.node.Party(), r.group.Chart.IDs()) {
		names = append(names, zonesOf[p]...)
	}
	names = append(names, "UTC")
	var out []option
	for _, n := range names {
		if z, err := time.LoadLocation(n); err == nil && n != "Local" && !slices.ContainsFunc(out, func(o option) bool { return o.Value == n }) {
			out = append(out, option{Value: n, Text: zoneName(n) + " (" + time.Unix(r.web.node.Now(), 0).In(z).Format("MST, -07:00") + ")"})
		}
	}
	return out
}

func zoneName(n string) string {
	b := []byte(n)
	for i, c := range b {
		if c == '_' {
			b[i] = ' '
		}
	}
	return string(b)
}

// readerParty puts the reader's own party first (alternat).
func readerParty(own record.Party, parties []record.Party) []record.Party {
	out := []record.Party{own}
	for _, p := range parties {
		if p != own {
			out = append(out, p)
		}
	}
	return out
}

// moment reads a day and a time of day in the zone that was chosen; 0: not given or not right.
func (f *form) momentIn(day, hour, zone string) int64 {
	z, err := time.LoadLocation(f.choice(zone))
	if err != nil {
		f.wrong(zone, "form.choose")
		z = time.UTC
	}
	d, ok := f.date(day, z)
	v := f.text(hour)
	if v == "" {
		return 0
	}
	t, err := time.Parse("15:04", v)
	if err != nil {
		t, err = time.Parse(time.TimeOnly, v)
	}
	if err != nil {
		f.wrong(hour, "form.time")
	}
	if err != nil || !ok {
		return 0
	}
	return time.Date(d.Year(), d.Month(), d.Day(), t.Hour(), t.Minute(), 0, 0, z).Unix()
}
