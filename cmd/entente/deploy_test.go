package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// calls are the command lines of this program in the files under deploy/.
func calls(t *testing.T, text string) (out [][]string) {
	t.Helper()
	list := func(s string) (l []string) {
		if err := json.Unmarshal([]byte(s), &l); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		return l
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if s, ok := strings.CutPrefix(line, "ExecStart=/usr/local/bin/entente "); ok {
			out = append(out, strings.Fields(s))
		}
		if s, ok := strings.CutPrefix(line, "# ExecStart then ends with: "); ok {
			out = append(out, append([]string{"serve", "--origin", "https://entente.example"}, strings.Fields(s)...))
		}
		if s, ok := strings.CutPrefix(line, "CMD "); ok {
			out = append(out, list(s))
		}
		if _, s, ok := strings.Cut(line, ` CMD ["/entente", `); ok {
			out = append(out, list("["+s))
		}
	}
	return out
}

// Whoever installs from deploy/ gets command lines that this program understands.
func TestDeployFilesCallTheProgram(t *testing.T) {
	found := map[string]int{}
	files, err := filepath.Glob(filepath.Join("..", "..", "deploy", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, args := range calls(t, string(b)) {
			k, err := kong.New(new(cli), kong.Name("entente"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.Parse(args); err != nil {
				t.Errorf("%s: entente %s: %v", f, strings.Join(args, " "), err)
			}
			found[args[0]]++
		}
	}
	for _, c := range []string{"serve", "backup", "status"} {
		if found[c] == 0 {
			t.Errorf("no file under deploy/ calls entente %s: %v", c, found)
		}
	}
}
