package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"entente"
	"entente/api"
	"entente/node"
	"entente/record"

	"encoding/json"
)

type logCmd struct {
	Show   logShowCmd   `cmd:"" default:"withargs" help:"The access log: who was shown which parts, newest first."`
	Export logExportCmd `cmd:"" help:"Write a log in the layout of C2SP tlog-tiles, which public tools check."`
}

type logShowCmd struct {
	Cursor string `help:"Go on from here: next of the page before." placeholder:"CURSOR"`
	Limit  int    `help:"So many entries." default:"50" placeholder:"N"`
}

func (logShowCmd) Help() string { return "Examples:\n  entente log\n  entente log --limit 10 --json" }

func (c *logShowCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		p, err := s.Access(a.ctx, c.Cursor, c.Limit)
		if err != nil {
			return err
		}
		return a.print(p, func(w io.Writer) {
			if len(p.Items) == 0 {
				fmt.Fprintln(w, "Nobody has read a part above TLP:CLEAR yet.")
			}
			for _, r := range p.Items {
				accessText(w, r)
			}
			if p.Next != "" {
				fmt.Fprintf(w, "more: --cursor %s\n", p.Next)
			}
		})
	})
}

func accessText(w io.Writer, r api.Record) {
	var x entente.Access
	if json.Unmarshal(r.Header.Terms, &x) != nil {
		return
	}
	by := x.Office
	if x.Seat > 0 {
		by = fmt.Sprintf("%s/%d", x.Office, x.Seat)
	}
	via := x.Via
	if x.Page != "" {
		via += " " + x.Page
	}
	switch {
	case x.How == node.ByLink && len(x.Items) > 0:
		by += " (by a link)"
	case x.How == node.ByToken:
		by += " (token)"
	}
	if len(x.Items) == 0 {
		what := "signed in by a link that the operator printed"
		if x.Via == "operator" {
			what = "the operator printed a link for it"
		}
		fmt.Fprintf(w, "%s  %-12s %s\n", moment(r.Header.Time), by, what)
	}
	for _, i := range x.Items {
		ids := make([]string, len(i.Records))
		for j, id := range i.Records {
			ids[j] = id.Short()
		}
		fmt.Fprintf(w, "%s  %-12s read %s of %s in group %s, by %s\n", moment(r.Header.Time), by, strings.Join(i.Parts, ", "), strings.Join(ids, ", "), i.Group.Short(), via)
	}
}

type logExportCmd struct {
	Group  string `help:"The group: track, id or prefix; own: the party's own." placeholder:"GROUP"`
	Party  string `help:"Whose log; default: this party's." placeholder:"PARTY"`
	Output string `short:"o" help:"New folder to write to; default: PARTY-log." placeholder:"FOLDER" type:"path"`
}

func (logExportCmd) Help() string {
	return `Writes checkpoint, tiles and entry bundles (headers, never a part) as they are held here.

Examples:
  entente log export --dir mx
  entente log export --party US --group security -o us-log`
}

func (c *logExportCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		op := &session{Client: s.operator, operator: s.operator}
		g, err := op.group(a, c.Group)
		if err != nil {
			return err
		}
		party := record.Party(c.Party)
		if party == "" {
			n, err := s.operator.Node(a.ctx)
			if err != nil {
				return err
			}
			party = n.Party
		}
		to := or(c.Output, string(party)+"-log")
		if err := os.Mkdir(to, 0o755); err != nil {
			return fmt.Errorf("export: %w", err)
		}
		r, err := s.operator.ExportLog(a.ctx, g.ID, party)
		if err != nil {
			return errors.Join(err, os.Remove(to))
		}
		defer r.Close()
		files, err := untar(r, to, g.Held[party])
		if err != nil {
			return hint(fmt.Errorf("export: %w", err), "the folder %s is not complete: delete it", to)
		}
		return a.print(map[string]any{"party": party, "group": g.ID, "folder": to, "files": files, "size": g.Held[party]}, func(w io.Writer) {
			fmt.Fprintf(w, "Log of %s in %s: %d records, %d files\n", party, to, g.Held[party], files)
		})
	})
}

// untar writes the files of an export. The checkpoint comes last: without it the export broke off.
func untar(r io.Reader, to string, size uint64) (files int, err error) {
	t, whole := tar.NewReader(r), false
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) && whole {
			return files, nil
		}
		if errors.Is(err, io.EOF) {
			return files, io.ErrUnexpectedEOF
		}
		if err != nil {
			return files, err
		}
		if !filepath.IsLocal(h.Name) || h.Typeflag != tar.TypeReg {
			return files, fmt.Errorf("%q is not a file of a log", h.Name)
		}
		path := filepath.Join(to, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return files, err
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return files, err
		}
		_, err = io.Copy(f, t)
		if err := errors.Join(err, f.Close()); err != nil {
			return files, err
		}
		files++
		whole = h.Name == "checkpoint"
	}
}

type alarmsCmd struct {
	Group  string `help:"The group: track, id or prefix." placeholder:"GROUP"`
	Proofs string `help:"Folder to write the portable proofs to." placeholder:"FOLDER" type:"path"`
}

func (alarmsCmd) Help() string {
	return `Exit code 1 when there is an alarm. A proof of a fork can be handed to anybody: entente fork verify checks it.

Examples:
  entente alarms
  entente alarms --proofs proofs`
}

func (c *alarmsCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		g, err := s.group(a, c.Group)
		if err != nil {
			return err
		}
		as, err := s.Alarms(a.ctx, g.ID)
		if err != nil {
			return err
		}
		if c.Proofs != "" {
			if err := os.MkdirAll(c.Proofs, 0o755); err != nil {
				return fmt.Errorf("proofs: %w", err)
			}
			for _, x := range as {
				if len(x.Proof) == 0 {
					continue
				}
				if err := writeFile(filepath.Join(c.Proofs, fmt.Sprintf("%s-%s-%d.%s", g.ID.Short(), x.Party, x.ID, x.Code)), x.Proof, 0o644); err != nil {
					return err
				}
			}
		}
		if err := a.print(as, func(w io.Writer) {
			if len(as) == 0 {
				fmt.Fprintln(w, "No alarms.")
			}
			for _, x := range as {
				fmt.Fprintf(w, "%s  %s %s: %s\n", moment(x.Time), x.Party, strings.ToUpper(x.Code), clean(x.Text))
			}
		}); err != nil {
			return err
		}
		if len(as) > 0 {
			return errSilent
		}
		return nil
	})
}
