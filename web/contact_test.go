package web_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The page of a month leads to its contacts as files, for the party's own desk; an office of the other side finds no subject in them.
func TestContactsOfAMonth(t *testing.T) {
	s := example(t)
	for _, party := range []string{"MX", "US"} {
		x := s.sides["MX"]
		if party == "US" {
			x = s.sides["US"]
		}
		r := newReader(t, x, "desk", "en")
		_, base := x.group(t)
		base = strings.TrimPrefix(base, x.url)
		found := 0
		for back := range 2 { // the example's contacts end within the last three weeks
			month := time.Unix(x.node.Now(), 0).UTC().AddDate(0, 0, -21*back).Format("2006-01")
			status, page := r.file(base + "/contacts?month=" + month)
			links := regexp.MustCompile(`href="([^"]*contacts\.(?:csv|xlsx)[^"]*)"`).FindAllStringSubmatch(page, -1)
			if status != 200 || len(links) != 2 {
				t.Fatalf("%s: the page of %s answers %d with %d files", party, month, status, len(links))
			}
			for _, l := range links {
				status, body := r.file(html.UnescapeString(l[1]))
				if status != 200 || len(body) == 0 {
					t.Errorf("%s: %s answers %d, %d bytes", party, l[1], status, len(body))
				}
				if strings.Contains(l[1], ".csv") && strings.Contains(body, "SRE-2026-0117") {
					found++
				}
			}
		}
		if (found > 0) != (party == "MX") {
			t.Errorf("%s: the authorisation of a contact stands in %d files", party, found)
		}
	}
}
