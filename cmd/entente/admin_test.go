package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entente"
	"entente/api"
)

// block is one fenced block or one instruction to the test of a page.
type block struct {
	machine string // mx, us: run there; empty for what only root does
	text    string
	test    []string // of a comment: what the test does in between
	line    int
}

var pageParts = regexp.MustCompile("(?ms)^```(\\w+)(?: (\\w+))?\n(.*?)^```$|^<!-- test: (.*?) -->$")

func page(t *testing.T, name string) (out []block) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "doc", name))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range pageParts.FindAllSubmatchIndex(b, -1) {
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return string(b[m[2*i]:m[2*i+1]])
		}
		x := block{machine: part(2), text: part(3), line: bytes.Count(b[:m[0]], []byte("\n")) + 1}
		if part(4) != "" {
			x.test = splitWords(part(4))
		}
		out = append(out, x)
	}
	return out
}

// splitWords splits as a shell would, with double quotes only.
func splitWords(s string) (out []string) {
	for _, m := range regexp.MustCompile(`"([^"]*)"|(\S+)`).FindAllStringSubmatch(s, -1) {
		out = append(out, m[1]+m[2])
	}
	return out
}

// machines are the two sides of doc/admin.md on this one.
type machines struct {
	t       *testing.T
	dir     string
	address map[string]string
	serving map[string]*exec.Cmd
	runs    int
}

// confirm answers yes, and keeps keys cheap: nothing else differs from what stands on the page.
const confirm = `entente() {
  case "$1-${2-}" in
    init-*|seat-new) command entente "$@" --work-factor 2 ;;
    peer-add|group-found|powers-set|rotate-node) command entente "$@" --yes ;;
    rotate-seat) command entente "$@" --yes --work-factor 2 ;;
    *) command entente "$@" ;;
  esac
}
`

func (m *machines) env(machine string) []string {
	return append(os.Environ(), "ENTENTE_DIR="+filepath.Join(m.dir, machine, "node"), "ENTENTE_PASSPHRASE=correct horse battery")
}

// local puts this machine's addresses and folders in the place of the example's.
func (m *machines) local(s string) string {
	for name, addr := range m.address {
		s = strings.ReplaceAll(s, name+".example:8443", addr)
	}
	return strings.ReplaceAll(s, "/var/lib/entente-anchor", filepath.Join(m.dir, "anchor"))
}

func (m *machines) sh(machine, script string) (string, error) {
	c := exec.Command("sh", "-eu", "-c", confirm+m.local(script))
	c.Dir, c.Env = filepath.Join(m.dir, machine), m.env(machine)
	out, err := c.CombinedOutput()
	return string(out), err
}

func (m *machines) do(x block) {
	m.t.Helper()
	fail := func(err error) {
		m.t.Helper()
		if err != nil {
			m.t.Fatalf("line %d, %v: %v", x.line, x.test, err)
		}
	}
	node := func(machine string) string { return filepath.Join(m.dir, machine, "node") }
	switch x.test[0] {
	case "copy":
		b, err := os.ReadFile(filepath.Join(m.dir, x.test[1]))
		fail(err)
		fail(os.WriteFile(filepath.Join(m.dir, x.test[2]), b, 0o644))
	case "serve":
		machine := x.test[1]
		c := exec.Command("entente", "serve", "--listen", m.address[machine], "--http", "127.0.0.1:0")
		c.Env = m.env(machine)
		fail(c.Start())
		m.serving[machine] = c
		limit := time.After(patience)
		for {
			if l, err := net.Dial("unix", filepath.Join(node(machine), api.SocketFile)); err == nil {
				_ = l.Close()
				return
			}
			select {
			case <-limit:
				m.t.Fatalf("line %d: the node of %s does not answer", x.line, machine)
			case <-time.After(20 * time.Millisecond):
			}
		}
	case "until":
		limit := time.After(patience)
		for {
			out, err := m.sh(x.test[2], strings.Join(x.test[3:], " "))
			if err == nil && strings.Contains(out, x.test[1]) {
				return
			}
			select {
			case <-limit:
				m.t.Fatalf("line %d: never %q: %s %v", x.line, x.test[1], out, err)
			case <-time.After(50 * time.Millisecond):
			}
		}
	case "edit": // a third seat, as the page says
		path := filepath.Join(m.dir, x.test[1])
		b, err := os.ReadFile(path)
		fail(err)
		var offices []entente.Office
		fail(json.Unmarshal(b, &offices))
		i := slices.IndexFunc(offices, func(o entente.Office) bool { return o.ID == "legal" })
		offices[i].Seats = append(offices[i].Seats, entente.Seat{Number: 3})
		b, err = json.Marshal(offices)
		fail(err)
		fail(os.WriteFile(path, b, 0o644))
	case "lose": // the machine's disk; what was taken away is there
		m.stop(x.test[1])
		at := filepath.Join(m.dir, x.test[1])
		sheet, err := os.ReadFile(filepath.Join(node(x.test[1]), sheetFile))
		fail(err)
		key := regexp.MustCompile(`AGE-SECRET-KEY-PQ-1\S+\s+\S+`).Find(sheet)
		fail(os.WriteFile(filepath.Join(at, "recovery.txt"), key, 0o600))
		root, err := os.ReadFile(filepath.Join(node(x.test[1]), "root.age"))
		fail(err)
		fail(os.WriteFile(filepath.Join(at, "root.age"), root, 0o600))
		fail(os.RemoveAll(node(x.test[1])))
	default:
		m.t.Fatalf("line %d: %q is no instruction", x.line, x.test[0])
	}
}

func (m *machines) stop(machine string) {
	if c := m.serving[machine]; c != nil {
		_ = c.Process.Signal(os.Interrupt)
		if err := c.Wait(); err != nil {
			m.t.Errorf("the node of %s ended with %v", machine, err)
		}
		delete(m.serving, machine)
	}
}

// Every command of the administrator's page is run, in its order, on two nodes.
func TestAdminPageRuns(t *testing.T) {
	dir, err := os.MkdirTemp("", "ea") // paths of sockets are short
	if err != nil {
		t.Fatal(err)
	}
	m := &machines{t: t, dir: dir, address: map[string]string{}, serving: map[string]*exec.Cmd{}}
	t.Cleanup(func() {
		for _, machine := range slices.Collect(maps.Keys(m.serving)) {
			m.stop(machine)
		}
		_ = os.RemoveAll(dir)
	})
	for _, machine := range []string{"mx", "us", "anchor"} {
		if err := os.Mkdir(filepath.Join(dir, machine), 0o700); err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		m.address[machine] = l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range page(t, "admin.md") {
		switch {
		case x.test != nil:
			m.do(x)
		case x.machine != "":
			out, err := m.sh(x.machine, x.text)
			if err != nil {
				t.Fatalf("doc/admin.md, line %d, on %s:\n%s\n%s%v", x.line, x.machine, x.text, out, err)
			}
			m.runs++
		}
	}
	if m.runs < 15 {
		t.Errorf("only %d blocks were run", m.runs)
	}
}

// Both languages have the same commands in the same order.
func TestAdminPagesAreEqual(t *testing.T) {
	en, es := page(t, "admin.md"), page(t, "admin.es.md")
	for i := range min(len(en), len(es)) {
		if a, b := fmt.Sprint(en[i].machine, en[i].text, en[i].test), fmt.Sprint(es[i].machine, es[i].text, es[i].test); a != b {
			t.Fatalf("line %d of admin.md and line %d of admin.es.md differ:\n%s\n%s", en[i].line, es[i].line, a, b)
		}
	}
	if len(en) != len(es) {
		t.Errorf("%d blocks in English, %d in Spanish", len(en), len(es))
	}
}

// What only root does calls files that are there, and subcommands on the page are subcommands of the program.
func TestAdminPageNamesWhatExists(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "doc", "admin.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := regexp.MustCompile(`\bdeploy/[A-Za-z.-]*[a-zA-Z]`).FindAllString(string(b), -1)
	for _, f := range files {
		if _, err := os.Stat(filepath.Join("..", "..", f)); err != nil {
			t.Errorf("the page names %s: %v", f, err)
		}
	}
	if len(files) < 6 {
		t.Errorf("%d files under deploy/ are named", len(files))
	}
}
