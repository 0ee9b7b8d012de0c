package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"entente/api"
	"entente/node"
	"entente/store"
)

// hinted is an error with what to do about it.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

func hint(err error, format string, args ...any) error {
	return hinted{err, fmt.Sprintf(format, args...)}
}

// misuse is a command line that asks for nothing that can be done.
type misuse struct{ error }

func (m misuse) Unwrap() error { return m.error }

func usage(format string, args ...any) error { return misuse{fmt.Errorf(format, args...)} }

// hints for errors that come from below without one.
var hints = []struct {
	err  error
	hint string
}{
	{node.ErrPassphrase, "type the passphrase again, or name its file with --passphrase-file; nobody can recover it"},
	{store.ErrKey, "take files that belong together: archive, key file and node.keys of one node"},
	{node.ErrInUse, "a node serves this folder already: stop it first; other commands reach it through its socket once it answers"},
	{syscall.EADDRINUSE, "another process uses the port: stop it, or choose another with --listen and --http"},
	{syscall.EACCES, "look at the owner and the mode of the file or folder"},
	{fs.ErrNotExist, "look at the path; --dir names the node's folder, and entente init makes one"},
	{fs.ErrExist, "nothing is overwritten: choose another name, or move the file away"},
}

// fail prints an error with its hint and says how the process ends.
func (a *app) fail(err error) int {
	if errors.Is(err, errSilent) {
		return exitRefused
	}
	out := struct {
		Error   string              `json:"error"`
		Hint    string              `json:"hint,omitempty"`
		Type    string              `json:"type,omitempty"`
		Reasons []api.ProblemReason `json:"reasons,omitempty"`
	}{Error: err.Error()}
	code := exitRefused
	var h hinted
	var p *api.Problem
	var m misuse
	switch {
	case errors.As(err, &m):
		code, out.Hint = exitUsage, "add --help to the command to see how it is used"
	case errors.As(err, &h):
		out.Hint = h.hint
	case errors.As(err, &p):
		out.Hint = p.Hint
	default:
		for _, x := range hints {
			if errors.Is(err, x.err) {
				out.Hint = x.hint
				break
			}
		}
	}
	if errors.As(err, &p) {
		out.Type, out.Reasons = p.Type, p.Errors
	}
	if a.flags.JSON {
		_ = json.NewEncoder(a.err).Encode(out)
		return code
	}
	fmt.Fprintf(a.err, "entente: %s\n", strings.TrimSpace(out.Error))
	if out.Hint != "" {
		fmt.Fprintf(a.err, "  hint: %s\n", out.Hint)
	}
	return code
}
