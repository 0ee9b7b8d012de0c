package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// What encryption at rest costs is told by a second build of this program whose store seals nothing: it writes no data keys and keeps
// parts as they are. The build alone differs (go build -overlay), so that the product has no switch for it.

// unsealed are the functions of store/keyfile.go without their work.
var unsealed = map[string]string{
	"seal": "{ return 0, content, nil }",
	"open": "{ return body, nil }",
}

// buildUnsealed builds this program over such a store.
func buildUnsealed(ctx context.Context, dir string) (string, error) {
	module, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", "entente/store").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	path := filepath.Join(string(module[:len(module)-1]), "keyfile.go")
	src, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, path, src, 0)
	if err != nil {
		return "", err
	}
	text, from, done := []byte(nil), 0, 0
	for _, d := range tree.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil || unsealed[f.Name.Name] == "" {
			continue
		}
		text = append(append(text, src[from:set.Position(f.Body.Pos()).Offset]...), unsealed[f.Name.Name]...)
		from = set.Position(f.Body.End()).Offset
		done++
	}
	if done != len(unsealed) {
		return "", fmt.Errorf("%s: %d functions of %d found", path, done, len(unsealed))
	}
	other, list, program := filepath.Join(dir, "keyfile.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "unsealed")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: other}})
	if err == nil {
		err = errors.Join(os.WriteFile(other, append(text, src[from:]...), 0o600), os.WriteFile(list, overlay, 0o600))
	}
	if err != nil {
		return "", err
	}
	build := exec.CommandContext(ctx, "go", "build", "-overlay", list, "-o", program, ".")
	build.Stderr = os.Stderr
	return program, build.Run()
}

// teller is a program that exchanges a round whenever it is told to.
type teller struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func tell(ctx context.Context, program, dir string, per int) (*teller, error) {
	t := &teller{cmd: exec.CommandContext(ctx, program, "-told", dir, "-n", strconv.Itoa(per))}
	t.cmd.Stderr = os.Stderr
	var err error
	if t.in, err = t.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	t.out = bufio.NewScanner(out)
	return t, t.cmd.Start()
}

// round is exchanges in a second, and the microseconds of CPU that one takes both nodes.
func (t *teller) round() (rate, spent float64, err error) {
	if _, err := io.WriteString(t.in, "go\n"); err != nil {
		return 0, 0, err
	}
	if !t.out.Scan() {
		return 0, 0, errors.Join(errors.New("the other program ended"), t.out.Err())
	}
	_, err = fmt.Sscan(t.out.Text(), &rate, &spent)
	return rate, spent, err
}

func (t *teller) close() error { return errors.Join(t.in.Close(), t.cmd.Wait()) }

// told is the other end of a teller.
func told(ctx context.Context, dir string, per int) error {
	p, err := newPair(ctx, dir)
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		began, used := time.Now(), cpu()
		if err := many(per, 256, func(i int) error { return p.act(ctx, "MX", commitment(i)) }); err != nil {
			return err
		}
		if err := p.even(ctx); err != nil {
			return err
		}
		fmt.Println(float64(per)/time.Since(began).Seconds(), (cpu()-used)/float64(per)*1e6)
	}
	return p.close()
}

// atRest compares the exchange with what the same program does that seals no parts, round by round.
func atRest(ctx context.Context, r *report, dir string, rounds, per int) error {
	dir = filepath.Join(dir, "rest")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	other, err := buildUnsealed(ctx, dir)
	if err != nil {
		return err
	}
	sealed, err := tell(ctx, program, filepath.Join(dir, "sealed"), per)
	if err != nil {
		return err
	}
	plain, err := tell(ctx, other, filepath.Join(dir, "plain"), per)
	if err != nil {
		return errors.Join(err, sealed.close())
	}
	var with, without, ratios, cpus []float64
	for round := range rounds + 1 {
		a, much, err := sealed.round()
		if err != nil {
			return err
		}
		b, less, err := plain.round()
		if err != nil {
			return err
		}
		if round > 0 { // the first fills caches
			with, without, ratios, cpus = append(with, a), append(without, b), append(ratios, a/b), append(cpus, less/much)
		}
	}
	r.add("exchange, parts encrypted at rest", "1/s", "", with...)
	r.add("exchange, parts in the clear (a build for this alone)", "1/s", "", without...)
	r.add("exchange encrypted at rest ÷ in the clear", "ratio", ">= 0.85", ratios...)
	r.add("CPU of an exchange, in the clear ÷ encrypted at rest", "ratio", "", cpus...)
	return errors.Join(sealed.close(), plain.close())
}
