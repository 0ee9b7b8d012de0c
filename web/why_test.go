package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var formatVerb = regexp.MustCompile(`%[.\d]*[a-z]`)

// Every sentence with which the program says why something is not so stands in both languages, with no value that it lacks; no
// sentence stands there that nothing says; and nothing is held against a record, nor refused, without one.
func TestEveryReasonHasItsSentence(t *testing.T) {
	en, es := messages(t, "en-US"), messages(t, "es-MX")
	said := map[string]bool{}
	files, _ := filepath.Glob("../*/*.go")
	root, _ := filepath.Glob("../*.go")
	for _, f := range append(files, root...) {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, f, b, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := ""
			switch fun := call.Fun.(type) {
			case *ast.SelectorExpr:
				name = fun.Sel.Name
			case *ast.Ident:
				name = fun.Name
			}
			at := set.Position(call.Pos())
			if name == "Add" && len(call.Args) > 1 {
				if id, ok := call.Args[0].(*ast.Ident); ok && strings.HasPrefix(id.Name, "Reason") {
					t.Errorf("%s: held against a record without a sentence for pages: use Against, and write it in locale/why.*.json", at)
				}
			}
			first := map[string]int{"Because": 0, "Against": 1}
			i, ok := first[name]
			if !ok || len(call.Args) < i+2 {
				return true
			}
			code, format := literal(call.Args[i]), literal(call.Args[i+1])
			if code == "" {
				return true
			}
			said["why."+code] = true
			values := map[string]bool{}
			for k := range formatVerb.FindAllString(format, -1) {
				values[string(rune('A'+k))] = true
			}
			for lang, m := range map[string]map[string]any{"English": en, "Spanish": es} {
				s, ok := m["why."+code].(string)
				if !ok {
					t.Errorf("%s: why.%s is missing in %s: %s", at, code, lang, format)
				}
				for _, v := range placeholder.FindAllStringSubmatch(s, -1) {
					if !values[v[1]] {
						t.Errorf("%s: why.%s in %s wants a value %s that it does not have", at, code, lang, v[1])
					}
				}
			}
			return true
		})
	}
	for k := range en {
		if strings.HasPrefix(k, "why.") && !said[k] {
			t.Errorf("nothing says %s", k)
		}
	}
	if len(said) < 150 {
		t.Errorf("%d sentences found", len(said))
	}
}

func literal(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	s, _ := strconv.Unquote(l.Value)
	return s
}
