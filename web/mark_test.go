package web_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"entente"
	"entente/node"
	"entente/record"
)

// unmarked are handlers whose files bear no mark of who took them, and why.
var unmarked = map[string]string{
	"claimReview":     "for publication: refused unless every party let it out",
	"charterFile":     "the founding charter, which each party has and no part is in",
	"mappingFile":     "how a file is read; it holds nothing of a record",
	"saveMapping":     "likewise",
	"ownIntroduction": "public keys",
	"boundaryFile":    "published boundary data",
	"whereItIs":       "in whose territory lies what the reader has just drawn",
	"proof":           "two signed heads that contradict each other, for anybody",
}

var shownOn = regexp.MustCompile(`Shown to (.+) \(desk(?:/\d+)?\) on`)

// Every file that a page gives bears the mark of the office that took it, and when; or it is named above, with its reason. The
// handlers are found in the source, so that a new one is not forgotten.
func TestEveryFileIsMarked(t *testing.T) {
	x := example(t).sides["MX"]
	r := newReader(t, x, "desk", "en")
	audit := newReader(t, x, "auditor", "en")
	slug := x.slug(t)
	_, home := r.get("/")
	reader := shownOn.FindStringSubmatch(home)
	if reader == nil {
		t.Fatal("the page bears no mark")
	}
	first := func(kind string, has func(*entente.State) bool) string {
		t.Helper()
		p, err := x.node.Instruments(t.Context(), who("desk"), x.security(t).ID, node.Query{Kind: kind, Limit: 200})
		must(t, err)
		for _, i := range p.Items {
			if has == nil || has(i.State) {
				return i.State.Instrument.String()
			}
		}
		t.Fatalf("the example has no such %s", kind)
		return ""
	}
	coded := func(s *entente.State) bool { return s.Fact("code") != "" && s.InForce() != nil }
	commitment := first("commitment", nil)
	_, contacts := r.get(slug + "/contacts")
	month := regexp.MustCompile(`contacts\?month=(\d{4}-\d{2})`).FindStringSubmatch(contacts)
	if month == nil {
		month = []string{"", "2026-11"}
	}
	_, made := r.post(slug+"/calendar", url.Values{"titles": {"yes"}})
	feed := regexp.MustCompile(`/calendar/[\w-]+\.ics`).FindString(made)
	if feed == "" {
		t.Fatalf("no calendar was made: %.300s", made)
	}
	progress := slug + "/progress/"
	marked := map[string][]string{
		"accessCSV":         {"/access/csv"},
		"draftedFile":       {slug + "/drafts/" + x.draftedFigures(t, first("indicator", coded)) + "/figures"},
		"claimFinding":      {slug + "/claims/" + first("claim", nil) + "/finding.json"},
		"contactsFile":      {slug + "/contact-files/contacts.csv?month=" + month[1], slug + "/contact-files/contacts.xlsx?month=" + month[1]},
		"exportCommitments": {slug + "/commitments/export?format=csv", slug + "/commitments/export?format=xlsx"},
		"exportIATI":        {progress + "results.xml"},
		"exportProgress":    {progress + "figures.csv", progress + "figures.xlsx", progress + "figures-sdmx.csv", progress + "figures-sdmx.json", progress + "signals.csv", progress + "signals.xlsx"},
		"resultsWord":       {slug + "/results/arms/word"},
		"exportWord":        {slug + "/i/" + commitment + "/word"},
		"explained":         {slug + "/indicators/" + first("indicator", coded) + "/signal.json"},
		"part":              {slug + "/r/" + commitment + "/body.en"},
		"evidence":          {slug + "/i/" + commitment + "/evidence"},
		"readCalendar":      {feed},
	}
	for _, name := range handlersOfFiles(t) {
		at, ok := marked[name]
		if reason := unmarked[name]; ok == (reason != "") {
			t.Errorf("%s gives a file: marked here, or unmarked with a reason, and not both", name)
		}
		for _, path := range at {
			r, office := r, reader[1]
			if name == "accessCSV" {
				r, office = audit, "(auditor"
			}
			res, err := r.http.Get(x.url + path)
			must(t, err)
			b, err := io.ReadAll(res.Body)
			must(t, err)
			must(t, res.Body.Close())
			if kind := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || strings.HasPrefix(kind, "text/html") {
				t.Errorf("%s: %d %s", path, res.StatusCode, kind)
				continue
			}
			if name == "evidence" {
				e, err := entente.ParseEvidence(b)
				must(t, err)
				if e.Copy == nil || e.Copy.Party != "MX" || e.Copy.Office != "desk" || e.Copy.Time == 0 {
					t.Errorf("%s bears %+v", path, e.Copy)
				}
				if v := e.Verify(entente.VerifyOptions{}); !v.Valid || v.Copy == nil {
					t.Errorf("marked, it does not verify: %v", v.Reasons)
				}
				continue
			}
			if !bears(t, b, office) {
				t.Errorf("%s does not say that it is a copy for %s, and when: %.300s", path, office, b)
			}
		}
	}
}

// draftedFigures keeps a draft of a report on an indicator, and gives its name.
func (x *side) draftedFigures(t *testing.T, indicator string) string {
	t.Helper()
	id, err := record.ParseID(indicator)
	must(t, err)
	d, err := x.node.Instrument(t.Context(), who("desk"), x.security(t).ID, id)
	must(t, err)
	rows, err := record.Table{Columns: entente.ObservationColumns, Rows: [][]string{{"a", "2025-01-01", "2025-02-01", "MX", "", "12.50", d.State.Fact("unit"), "provisional"}}}.Encode()
	must(t, err)
	terms, err := json.Marshal(entente.Observation{Indicator: d.State.Instrument, Version: d.State.InForce().ID, Source: "agency"})
	must(t, err)
	a, err := x.node.Prepare(t.Context(), who("desk"), node.Act{Group: x.security(t).ID, Kind: entente.Figures, Verb: record.Report, Line: d.State.Line, Terms: terms, Parts: []node.NewPart{{Name: record.RowsPart, Content: rows}}})
	must(t, err)
	must(t, x.node.Save(t.Context(), a))
	t.Cleanup(func() { must(t, x.node.Drop(context.WithoutCancel(t.Context()), who("desk"), a.Nonce)) })
	return a.Nonce.String()
}

// bears looks for the office and a moment in a file, or in the files of which it is made.
func bears(t *testing.T, b []byte, office string) bool {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		s := strings.NewReplacer("\r\n ", "", "\\,", ",", "&#39;", "'").Replace(string(b))
		i := strings.Index(s, office)
		return i >= 0 && regexp.MustCompile(`\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})? UTC`).MatchString(s[i:])
	}
	for _, f := range z.File {
		in, err := f.Open()
		must(t, err)
		content, err := io.ReadAll(in)
		must(t, err)
		if bears(t, content, office) {
			return true
		}
	}
	return false
}

// handlersOfFiles are the functions of the package that answer with a file.
func handlersOfFiles(t *testing.T) (out []string) {
	t.Helper()
	names, err := os.ReadDir(".")
	must(t, err)
	for _, n := range names {
		if !strings.HasSuffix(n.Name(), ".go") || strings.HasSuffix(n.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), n.Name(), nil, 0)
		must(t, err)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Name.Name == "jsonFile" || fn.Name.Name == "signedFile" { // what handlers write with
				continue
			}
			gives := false
			ast.Inspect(fn, func(n ast.Node) bool {
				switch x := n.(type) {
				case *ast.CompositeLit:
					id, ok := x.Type.(*ast.Ident)
					gives = gives || ok && (id.Name == "file" || id.Name == "calendarFile")
				case *ast.CallExpr:
					switch f := x.Fun.(type) {
					case *ast.Ident:
						gives = gives || f.Name == "jsonFile"
					case *ast.SelectorExpr:
						gives = gives || f.Sel.Name == "signedFile"
					}
				}
				return true
			})
			if gives {
				out = append(out, fn.Name.Name)
			}
		}
	}
	if len(out) < 15 {
		t.Fatalf("only %v give files: the search is broken", out)
	}
	return out
}
