package web_test

import (
	"html"
	"strings"
	"testing"
)

// An auditor reads in words what an office was shown; the names of parts stand in the file.
func TestAuditorReadsInWordsWhatWasShown(t *testing.T) {
	x := example(t).sides["MX"]
	desk := newReader(t, x, "desk", "es")
	desk.get(x.slug(t) + "/statements")
	auditor := newReader(t, x, "auditor", "es")
	_, page := auditor.get("/access?office=desk")
	page = html.UnescapeString(page)
	if !strings.Contains(page, `<span class="ent-quiet">Título</span>`) || strings.Contains(page, "title.es") {
		t.Errorf("the page does not say in words what was read: %.3000s", page)
	}
	if _, sheet := auditor.get("/access/csv?office=desk"); !strings.Contains(sheet, "title.es") {
		t.Error("the file does not name the parts that were read")
	}
}
