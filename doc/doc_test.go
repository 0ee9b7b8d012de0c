// Package doc_test holds the documents to their own laws.
package doc_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents of the repository, by path from its root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != ".." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"node_modules", "testdata", "bin"}, d.Name())) {
			return filepath.SkipDir
		}
		if !d.IsDir() && filepath.Ext(path) == ".md" {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			out[filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))] = string(b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"README.md", "README.es.md", "NEWS.md", "doc/architecture.md", "doc/security.md", "doc/model.md", "doc/record.md", "doc/log.md", "doc/peer.md"} {
		if out[want] == "" {
			t.Errorf("%s is missing or empty", want)
		}
	}
	return out
}

func headings(text string) []string {
	return regexp.MustCompile(`(?m)^#+ .*$`).FindAllString(outsideCode(text), -1)
}

var fenced = regexp.MustCompile("(?ms)^```.*?^```$")

func outsideCode(text string) string { return fenced.ReplaceAllString(text, "") }

func TestArchitectureIsShort(t *testing.T) {
	if n := strings.Count(documents(t)["doc/architecture.md"], "\n"); n >= 130 {
		t.Errorf("doc/architecture.md has %d lines: keep it under 130", n)
	}
}

// Every package has its row among the floors, and every row its package.
func TestArchitectureNamesEveryPackage(t *testing.T) {
	_, floors, _ := strings.Cut(documents(t)["doc/architecture.md"], "## Floors")
	floors, _, _ = strings.Cut(floors, "\n## ")
	named := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| \d \| ([^|]*) \|`).FindAllStringSubmatch(floors, -1) {
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			named[m[1]] = true
		}
	}
	delete(named, "entente") // the root folder
	found := map[string]bool{}
	for _, pattern := range []string{"../*/*.go", "../cmd/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if dir := filepath.ToSlash(filepath.Dir(f))[3:]; dir != "bench" && dir != "doc" { // a module of its own; these tests
				found[dir] = true
			}
		}
	}
	for p := range found {
		if !named[p] {
			t.Errorf("the package %s stands on no floor of doc/architecture.md", p)
		}
	}
	for p := range named {
		if !found[p] {
			t.Errorf("doc/architecture.md gives a floor to %s, which is no package", p)
		}
	}
}

// Both readmes are originals: they say the same in the same order.
func TestReadmesAreEqual(t *testing.T) {
	d := documents(t)
	en, es := headings(d["README.md"]), headings(d["README.es.md"])
	level := func(h []string) (out []int) {
		for _, x := range h {
			out = append(out, len(x)-len(strings.TrimLeft(x, "#")))
		}
		return out
	}
	if len(en) < 5 || !slices.Equal(level(en), level(es)) {
		t.Errorf("headings differ:\n%s\n\n%s", strings.Join(en, "\n"), strings.Join(es, "\n"))
	}
	for _, name := range []string{"README.md", "README.es.md"} {
		for _, command := range []string{"    make demo\n", "    make test\n"} {
			if !strings.Contains(d[name], command) {
				t.Errorf("%s does not name the command %q", name, strings.TrimSpace(command))
			}
		}
		if len(fenced.FindAllString(d[name], -1)) == 0 {
			t.Errorf("%s has no picture of the two nodes", name)
		}
	}
	links := func(s string) []string { return slices.Sorted(slices.Values(targets(s))) }
	a, b := links(strings.Replace(d["README.md"], "README.es.md", "README.md", 1)), links(strings.Replace(d["README.es.md"], "doc/admin.es.md)", "doc/admin.md)", 1))
	if !slices.Equal(a, b) {
		t.Errorf("the readmes link to different places:\n%v\n%v", a, b)
	}
}

// A decision is one page: context, choice, what was rejected, when to reconsider.
func TestDecisions(t *testing.T) {
	name, n := regexp.MustCompile(`^doc/decisions/(\d{3})-[a-z0-9-]+\.md$`), 0
	numbers := map[string]string{}
	for path, text := range documents(t) {
		if !strings.HasPrefix(path, "doc/decisions/") {
			continue
		}
		n++
		m := name.FindStringSubmatch(path)
		if m == nil {
			t.Errorf("%s: want NNN-title.md", path)
			continue
		}
		if other := numbers[m[1]]; other != "" {
			t.Errorf("%s and %s have one number", path, other)
		}
		numbers[m[1]] = path
		h := headings(text)
		if len(h) != 5 || !strings.HasPrefix(h[0], "# "+m[1]+" ") || !slices.Equal(h[1:], []string{"## Context", "## Choice", "## Rejected", "## When to reconsider"}) {
			t.Errorf("%s: want its number and title, then Context, Choice, Rejected, When to reconsider; it has %q", path, h)
		}
		if lines := strings.Count(text, "\n"); lines > 60 {
			t.Errorf("%s has %d lines: a decision is one page", path, lines)
		}
	}
	if n < 10 {
		t.Errorf("%d decisions were found", n)
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func targets(text string) (out []string) {
	for _, m := range link.FindAllStringSubmatch(outsideCode(text), -1) {
		out = append(out, m[1])
	}
	return out
}

func TestLinksResolve(t *testing.T) {
	docs, n := documents(t), 0
	for path, text := range docs {
		for _, target := range targets(text) {
			if strings.Contains(target, "://") {
				continue
			}
			file, anchor, _ := strings.Cut(target, "#")
			at := filepath.Join("..", filepath.Dir(path), file)
			if file == "" {
				at = filepath.Join("..", path)
			}
			n++
			if _, err := os.Stat(at); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", path, target)
			} else if anchor != "" && !slices.Contains(anchors(docs[filepath.ToSlash(at)[3:]]), anchor) {
				t.Errorf("%s: %s has no heading for #%s", path, file, anchor)
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d links were found", n)
	}
}

// anchors are the names that hosts give to headings.
func anchors(text string) (out []string) {
	for _, h := range headings(text) {
		h = strings.ToLower(strings.TrimSpace(strings.TrimLeft(h, "#")))
		h = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(h, "")
		out = append(out, strings.ReplaceAll(h, " ", "-"))
	}
	return out
}

// Files that documents and package comments send the reader to are there.
func TestNamedFilesExist(t *testing.T) {
	text, n := documents(t)["doc/architecture.md"], 0
	for _, m := range regexp.MustCompile("`([a-z0-9_/]+(?:\\.go|\\.json|/))`").FindAllStringSubmatch(text, -1) {
		if m[1] == "seats/" || m[1] == "tokens/" || m[1] == "node.json" { // of a node's folder
			continue
		}
		n++
		if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
			t.Errorf("doc/architecture.md sends the reader to %s, which is not there", m[1])
		}
	}
	if n < 20 {
		t.Errorf("only %d files were found in doc/architecture.md", n)
	}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasPrefix(path, "../doc/") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`\bdoc/[a-z0-9/-]+\.md\b`).FindAllString(string(b), -1) {
			if _, e := os.Stat(filepath.Join("..", m)); e != nil {
				t.Errorf("%s sends the reader to %s, which is not there", path, m)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// The repository speaks of itself alone: it names no folder of the machine that it was written on.
func TestNoMachinePaths(t *testing.T) {
	for path, text := range documents(t) {
		if m := regexp.MustCompile(`(^|[\s(` + "`" + `"'])/(work|root|home|Users)/\S*`).FindString(text); m != "" {
			t.Errorf("%s names a folder of one machine: %q", path, strings.TrimSpace(m))
		}
	}
}
