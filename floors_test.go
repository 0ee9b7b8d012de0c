package entente_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"entente"
)

// The laws of the tree. A package imports from lower floors only; floors 0 to 2 are pure.

const module = "entente"

// floors by folder; a folder below one of these stands on its floor.
var floors = map[string]int{
	"record": 0, "territory": 0, "opc": 0,
	"tlog": 1, "consent": 1, "release": 1, "progress": 1, "chart": 1, "sheet": 1, "word": 1,
	"": 2, "figures": 2,
	"store": 3,
	"node":  4,
	"web":   5, "api": 5, "peer": 5,
	"cmd/entente": 6, "demo": 6, "world": 6,
}

const purest = 2

// pure is what floors 0 to 2 may import beside each other: computation without clock, files, network or chance.
var pure = []string{
	"bytes", "cmp", "crypto", "crypto/ecdsa", "crypto/ed25519", "crypto/elliptic", "crypto/hmac", "crypto/sha256", "encoding", "encoding/base64",
	"encoding/binary", "encoding/hex", "encoding/json", "encoding/xml",
	"errors", "fmt", "hash", "io", "iter", "maps", "math", "math/big", "math/bits", "slices", "sort", "strconv", "strings", "sync", "unicode", "unicode/utf8",
	"github.com/fxamacker/cbor/v2", "golang.org/x/mod/sumdb/note", "golang.org/x/mod/sumdb/tlog", "filippo.io/torchwood", "github.com/golang/geo/r2", "github.com/golang/geo/s1", "github.com/golang/geo/s2",
}

// formats is what single packages of these floors may import beyond that: the formats of office files, computed on bytes. excelize
// renders number formats for sheet; it is given no file (doc/decisions/016-office-files.md).
var formats = map[string][]string{
	"figures": {"embed"},
	"opc":     {"archive/zip", "bufio", "path"},
	"release": {"unicode", "golang.org/x/text/unicode/norm"}, // the check of a text before it is announced
	"sheet": {"bufio", "encoding/csv", "unicode", "unicode/utf16", "github.com/xuri/excelize/v2", "golang.org/x/text/encoding",
		"golang.org/x/text/encoding/charmap", "golang.org/x/text/encoding/unicode", "golang.org/x/text/transform"},
	"word": {"bufio", "unicode", "github.com/sergi/go-diff/diffmatchpatch", "golang.org/x/text/unicode/norm"},
}

type source struct {
	path    string // in the module, with slashes
	pkg     string // folder, "" for the root
	test    bool
	written bool // not generated
	lines   int
	file    *ast.File
	set     *token.FileSet
}

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// sources parses every Go file of this module; folders with a go.mod of their own are others.
func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != "." && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(path, "go.mod")); path != "." && err == nil {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, b, parser.ParseComments)
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(path))
		if pkg == "." {
			pkg = ""
		}
		out = append(out, source{path: filepath.ToSlash(path), pkg: pkg, test: strings.HasSuffix(path, "_test.go"),
			written: !generated.Match(b), lines: bytes.Count(b, []byte("\n")), file: f, set: set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 40 {
		t.Fatalf("%d files found: this test reads the wrong tree", len(out))
	}
	return out
}

// floor of a folder of the module.
func floor(pkg string) (int, bool) {
	for {
		if f, ok := floors[pkg]; ok {
			return f, true
		}
		i := strings.LastIndex(pkg, "/")
		if i < 0 {
			return 0, false
		}
		pkg = pkg[:i]
	}
}

func TestFloors(t *testing.T) {
	checked, pureChecked := 0, 0
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		mine, ok := floor(s.pkg)
		if !ok {
			t.Errorf("%s: the folder %s has no floor: give it one in this test, and in doc/architecture.md", s.path, s.pkg)
			continue
		}
		for _, spec := range s.file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			to, own := strings.CutPrefix(path, module+"/")
			if path == module {
				to, own = "", true
			}
			if !own {
				if mine <= purest {
					pureChecked++
					if !slices.Contains(pure, path) && !slices.Contains(formats[s.pkg], path) {
						t.Errorf("%s imports %s: floors 0 to %d are pure", s.path, path, purest)
					}
				}
				continue
			}
			theirs, ok := floor(to)
			checked++
			command := s.file.Name.Name == "main" // a command stands above its floor: nothing can import it
			if !ok || theirs > mine || theirs == mine && !command {
				t.Errorf("%s on floor %d imports %s on floor %d", s.path, mine, path, theirs)
			}
		}
	}
	if checked < 40 || pureChecked < 40 {
		t.Errorf("%d imports between packages and %d of pure packages were checked", checked, pureChecked)
	}
}

// A newcomer learns the system from the folder names: one comment per package, which starts with its name.
func TestPackageComments(t *testing.T) {
	comments, packages := map[string][]string{}, map[string]string{}
	for _, s := range sources(t) {
		if s.test || !s.written {
			continue
		}
		packages[s.pkg] = s.file.Name.Name
		if s.file.Doc != nil {
			comments[s.pkg] = append(comments[s.pkg], s.file.Doc.Text())
		}
	}
	for pkg, name := range packages {
		got := comments[pkg]
		if len(got) != 1 {
			t.Errorf("package %s (%s) has %d package comments, want one", name, pkg, len(got))
			continue
		}
		first, _, _ := strings.Cut(got[0], "\n\n")
		if name != "main" && !strings.HasPrefix(first, "Package "+name+" ") || !strings.HasSuffix(strings.TrimSpace(first), ".") {
			t.Errorf("the comment of package %s (%s) is no sentence that starts with its name: %q", name, pkg, first)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	for _, s := range sources(t) {
		if !s.test && s.written && s.lines > 700 {
			t.Errorf("%s has %d lines: the limit is 700", s.path, s.lines)
		}
	}
}

// Tests wait for events, not for time; inside a synctest bubble time is not real.
func TestNoSleepInTests(t *testing.T) {
	for _, s := range sources(t) {
		if !s.test {
			continue
		}
		var bubbles []*ast.CallExpr
		ast.Inspect(s.file, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok && isSelector(c.Fun, "synctest", "Test") {
				bubbles = append(bubbles, c)
			}
			if e, ok := n.(ast.Expr); ok && isSelector(e, "time", "Sleep") {
				if !slices.ContainsFunc(bubbles, func(c *ast.CallExpr) bool { return c.Pos() <= e.Pos() && e.End() <= c.End() }) {
					t.Errorf("%s sleeps", s.set.Position(e.Pos()))
				}
			}
			return true
		})
	}
}

func isSelector(e ast.Expr, x, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	id, ok := s.X.(*ast.Ident)
	return ok && id.Name == x
}

// constitution: what a group stands on. A node finds charters and powers by name when it starts and when it takes a record;
// every other kind is the root package's own business.
var constitution = map[string][]string{"node": {"charter", "powers"}}

// A kind is a file of the root package: nothing outside compares with its name. demo writes the example groups and knows
// what it wrote.
func TestNoSwitchOnKinds(t *testing.T) {
	names := entente.Standard().Names()
	found := 0
	for _, s := range sources(t) {
		if s.test || s.pkg == "" {
			continue
		}
		check := func(e ast.Expr) {
			lit, ok := e.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return
			}
			name, err := strconv.Unquote(lit.Value)
			if err != nil || !slices.Contains(names, name) {
				return
			}
			found++
			if s.pkg != "demo" && !slices.Contains(constitution[s.pkg], name) {
				t.Errorf("%s compares with the kind %s", s.set.Position(lit.Pos()), name)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.BinaryExpr:
				if x.Op == token.EQL || x.Op == token.NEQ {
					check(x.X)
					check(x.Y)
				}
			case *ast.CaseClause:
				for _, e := range x.List {
					check(e)
				}
			}
			return true
		})
	}
	if found == 0 {
		t.Error("no comparison was found at all, not even those that are allowed")
	}
}

// licences that an Apache-2.0 program may be shipped with, by the words that tell them.
var licences = map[string]string{
	"Apache-2.0": "apache license",
	"MIT":        "permission is hereby granted, free of charge, to any person obtaining",
	"BSD":        "redistribution and use in source and binary forms, with or without",
	"ISC":        "permission to use, copy, modify, and/or distribute this software for any purpose",
}

// TestLicences reads the licence of every module whose packages are built into the module's programs.
func TestLicences(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Dir}}{{end}}{{end}}", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	modules := slices.Compact(slices.Sorted(strings.Lines(string(out))))
	read := 0
	for _, line := range modules {
		path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			continue
		}
		read++
		if got := licencesOf(t, dir); len(got) == 0 {
			t.Errorf("module %s: no licence that is allowed in %s", path, dir)
		} else if slices.Contains(got, "") {
			t.Errorf("module %s has a licence that is not on the list", path)
		}
	}
	if read < 5 {
		t.Errorf("%d modules read", read)
	}
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)(\.(md|txt))?$`)

// licencesOf names the licences in a module's folder, "" for one that is not known.
func licencesOf(t *testing.T, dir string) (found []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !licenceFile.MatchString(e.Name()) {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ToLower(strings.Join(strings.Fields(string(b)), " "))
		name := ""
		for n, words := range licences {
			if strings.Contains(text, words) {
				name = n
			}
		}
		for _, no := range []string{"gnu general public license", "gnu lesser general public", "gnu affero", "server side public license", "business source license", "commons clause"} {
			if strings.Contains(text, no) {
				name = ""
			}
		}
		found = append(found, name)
	}
	return found
}
