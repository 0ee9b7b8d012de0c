package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestShots takes pictures of pages for people to look at: ENTENTE_SHOTS is the folder, ENTENTE_PAGES the paths (with
// "security" for the first group's), ENTENTE_OFFICE the office.
func TestShots(t *testing.T) {
	dir := os.Getenv("ENTENTE_SHOTS")
	if dir == "" {
		t.Skip("no pictures are asked for: ENTENTE_SHOTS is not set")
	}
	s := example(t)
	office := os.Getenv("ENTENTE_OFFICE")
	if office == "" {
		office = "desk"
	}
	for _, x := range []struct {
		side, lang string
		width      int64
	}{{"MX", "es", 1200}, {"US", "en", 1200}, {"MX", "es", 390}} {
		side := s.sides["MX"]
		if x.side == "US" {
			side = s.sides["US"]
		}
		b := newTab(t)
		b.do(chromedp.EmulateViewport(x.width, 900))
		b.signIn(side, office, x.lang)
		for _, path := range strings.Fields(os.Getenv("ENTENTE_PAGES")) {
			b.open(side.url + side.path(t, path))
			png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
			b.ok(err)
			name := x.lang + "-" + map[bool]string{true: "phone", false: "wide"}[x.width < 500] + strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(path, "-"), "-")
			if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// path puts a group's real name in the place of its track, and the first or last instrument of a kind in the place of first:KIND
// or last:KIND.
func (x *side) path(t *testing.T, path string) string {
	t.Helper()
	for _, g := range x.node.Groups(t.Context(), who("desk")) {
		path = strings.Replace(path, "/g/"+g.Founding.Track+"/", "/g/"+g.Founding.Track+"-"+g.ID.Short()+"/", 1)
		path = regexp.MustCompile(`/g/`+g.Founding.Track+`$`).ReplaceAllString(path, "/g/"+g.Founding.Track+"-"+g.ID.Short())
		if kind := regexp.MustCompile(`(first|last):([a-z]+)`).FindStringSubmatch(path); kind != nil && g.Founding.Track == "security" {
			list, err := x.node.Instruments(t.Context(), who("desk"), g.ID, query(kind[2]))
			if err != nil || len(list.Items) == 0 {
				t.Fatalf("no %s: %v", kind[2], err)
			}
			i := map[string]int{"first": 0, "last": len(list.Items) - 1}[kind[1]]
			path = strings.Replace(path, kind[0], list.Items[i].State.Instrument.String(), 1)
		}
	}
	return path
}

// shot takes a picture of the page that a tab shows, wide and at phone width, where pictures are asked for.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("ENTENTE_SHOTS")
	if dir == "" {
		return
	}
	for suffix, width := range map[string]int64{"": 1200, "-phone": 390} {
		b.do(chromedp.EmulateViewport(width, 900))
		png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		b.ok(err)
		if err := os.WriteFile(filepath.Join(dir, name+suffix+".png"), png, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	b.do(chromedp.EmulateViewport(1200, 900))
}
