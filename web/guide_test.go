package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// pictures are what the guide shows of the example, by name.
var pictures = map[string]string{
	"attention": "/g/security", "minister": "/g/security/minister", "commitment": "/g/security/i/first:commitment", "keys": "/keys",
	"meeting": "/g/security/i/first:meeting", "indicator": "/g/security/indicators/first:indicator", "records": "/g/security/records",
}

// The guide has the same sections and pictures in both languages, each picture is there and has its words.
func TestGuideIsTheSameInBothLanguages(t *testing.T) {
	marks := regexp.MustCompile(`<section id="[a-z]+">|data-picture="[a-z]+"|href="[^"]+"`)
	read := func(lang string) []string {
		b, err := os.ReadFile("guide/guide." + lang + ".html")
		must(t, err)
		return marks.FindAllString(string(b), -1)
	}
	en, es := read("en"), read("es")
	for _, m := range regexp.MustCompile(`data-picture="([a-z]+)"`).FindAllStringSubmatch(strings.Join(en, " "), -1) {
		for _, lang := range []string{"en", "es"} {
			if _, err := os.Stat("guide/" + m[1] + "." + lang + ".png"); err != nil {
				t.Errorf("the guide shows a picture that make pictures has not taken: %v", err)
			}
		}
	}
	if strings.Join(en, " ") != strings.Join(es, " ") || len(en) < 12 {
		t.Errorf("the guides differ:\n%v\n%v", en, es)
	}
}

// TestPictures takes the pictures of the guide anew: make pictures.
func TestPictures(t *testing.T) {
	if os.Getenv("ENTENTE_PICTURES") == "" {
		t.Skip("the guide's pictures are taken by make pictures")
	}
	s := example(t)
	for lang, x := range map[string]*side{"es": s.sides["MX"], "en": s.sides["US"]} {
		b := newTab(t)
		take := func(name string) {
			png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
			b.ok(err)
			must(t, os.WriteFile(filepath.Join("guide", name+"."+lang+".png"), png, 0o644))
		}
		b.do(chromedp.EmulateViewport(1000, 720))
		b.signIn(x, minister[x.id], lang)
		for name, path := range pictures {
			b.open(x.url + x.path(t, path))
			take(name)
		}
		mx := s.sides["MX"] // whose minister has a draft to sign
		b.signIn(mx, minister[mx.id], lang)
		b.open(mx.url + mx.path(t, "/g/security"))
		b.press(`main a[href*="/drafts/"]`)
		take("sign")
	}
}
