package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"entente/api"
	"entente/record"
)

type tokenCmd struct {
	New    tokenNewCmd    `cmd:"" help:"Make a token of an office, in DIR/tokens."`
	List   tokenListCmd   `cmd:"" help:"List tokens, without their secrets."`
	Revoke tokenRevokeCmd `cmd:"" help:"End every token of an office."`
}

type tokenNewCmd struct {
	Office string `arg:"" help:"The office."`
	Until  string `help:"When it ends." placeholder:"DATE"`
	Print  bool   `help:"Print the secret instead of writing the file; it cannot be shown again."`
}

func (tokenNewCmd) Help() string {
	return `A token lets a program act as an office over the API: read, draft, send signatures. It cannot sign: that takes the
officials' own keys. The node keeps only its digest.

Examples:
  entente token new press --until 2027-01-01
  entente token new desk --print`
}

func (c *tokenNewCmd) Run(a *app) error {
	until := int64(0)
	if c.Until != "" {
		var err error
		if until, err = parseDate(c.Until); err != nil {
			return err
		}
	}
	return a.with(func(s *session) error {
		if c.Print {
			t, err := s.operator.NewToken(a.ctx, c.Office, until)
			if err != nil {
				return err
			}
			return a.print(t, func(w io.Writer) { fmt.Fprintln(w, t.Secret) })
		}
		path, err := s.newToken(a, c.Office, until)
		if err != nil {
			return err
		}
		return a.print(map[string]string{"office": c.Office, "token_file": path}, func(w io.Writer) { fmt.Fprintf(w, "Token of %s: %s\n", c.Office, path) })
	})
}

// newToken writes a token to DIR/tokens/OFFICE.
func (s *session) newToken(a *app, office string, until int64) (string, error) {
	path := filepath.Join(a.flags.Dir, tokenDir, filepath.FromSlash(office))
	if !record.ValidName(office) {
		return "", usage("office %q: a name in small letters", office)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", hint(fmt.Errorf("token: %w", err), "entente token revoke %s ends the old ones; or make one elsewhere with --print", office)
	}
	defer f.Close()
	t, err := s.operator.NewToken(a.ctx, office, until)
	if err != nil {
		_ = os.Remove(path)
		return "", err
	}
	_, err = fmt.Fprintln(f, t.Secret)
	return path, err
}

type tokenListCmd struct{}

func (tokenListCmd) Help() string { return "Example:\n  entente token list --json" }

func (tokenListCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		ts, err := s.operator.Tokens(a.ctx)
		if err != nil {
			return err
		}
		return a.print(ts, func(w io.Writer) {
			for _, t := range ts {
				fmt.Fprintf(w, "%-20s made %s%s\n", t.Office, day(t.Created), ending(t))
			}
		})
	})
}

func ending(t api.Token) string {
	if t.Until == 0 {
		return ""
	}
	return ", ends " + day(t.Until)
}

type tokenRevokeCmd struct {
	Office string `arg:"" help:"The office."`
}

func (tokenRevokeCmd) Help() string { return "Example:\n  entente token revoke press" }

func (c *tokenRevokeCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		if err := s.operator.RevokeTokens(a.ctx, c.Office); err != nil {
			return err
		}
		if record.ValidName(c.Office) {
			_ = os.Remove(filepath.Join(a.flags.Dir, tokenDir, filepath.FromSlash(c.Office)))
		}
		return a.print(map[string]string{"revoked": c.Office}, func(w io.Writer) { fmt.Fprintf(w, "Every token of %s has ended.\n", c.Office) })
	})
}
