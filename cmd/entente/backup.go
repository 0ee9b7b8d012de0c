package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"entente/node"
)

type backupCmd struct {
	Make   backupMakeCmd   `cmd:"" default:"withargs" help:"Save the node while it serves: an archive, and its key file apart."`
	Verify backupVerifyCmd `cmd:"" help:"Verify a backup: whole, and everything in it holds. No node is needed."`
}

type backupMakeCmd struct {
	To     string `required:"" help:"Folder or file of the archive." placeholder:"FOLDER|FILE" type:"path"`
	KeysTo string `help:"Folder or file of its key file; default: beside the archive." placeholder:"FOLDER|FILE" type:"path"`
	Check  bool   `help:"Check everything in the archive after writing, as entente backup verify does without keys."`
}

func (backupMakeCmd) Help() string {
	return `Writes two files and reads both again: the archive (description and database; whoever has it alone reads headers, and no part),
and the key file, which opens the parts together with the node's own keys. Keep them apart: three things in one hand are the
whole node. The node's own keys (node.keys) are in the archive only where the node was made with --recovery, sealed to the key
that is on paper; else keep a copy of node.keys yourself.

The anchor (DIR.anchor) is never in a backup: it tells the node that it was put back. An archive may be restored with the key
file of a later backup; then what was destroyed in between stays destroyed.

Examples:
  entente backup --to /backup
  entente backup --to /backup --keys-to /mnt/usb --check
  entente backup verify /backup/MX-20260301T020000Z.backup`
}

// backedUp is what backup answers.
type backedUp struct {
	Archive string        `json:"archive"`
	Keys    string        `json:"keys"`
	Sealed  bool          `json:"node_keys_sealed"` // the node's own keys are in it
	Content node.Manifest `json:"manifest"`
	Check   *node.Report  `json:"check,omitempty"`
}

func (c *backupMakeCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		r, err := s.operator.Backup(a.ctx)
		if err != nil {
			return err
		}
		defer r.Close()
		where, err := save(r, c.names)
		if errors.Is(err, errNotWhole) {
			return hint(fmt.Errorf("backup: %w", err), "the node broke off: its log says why; nothing was kept")
		} else if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		if _, err := readArchive(where.archive); err != nil {
			return hint(fmt.Errorf("backup: what was written does not read back: %w", err), "%s cannot be relied on: look at the disk it lies on", where.archive)
		}
		if _, err := keyFileIs(where.keys, where.manifest, nil); err != nil {
			return hint(fmt.Errorf("backup: what was written does not read back: %w", err), "%s cannot be relied on: look at the disk it lies on", where.keys)
		}
		var rep *node.Report
		if c.Check {
			if rep, err = a.checkArchive(where.archive); err != nil {
				return err
			}
		}
		out := backedUp{where.archive, where.keys, where.manifest.Sealed(), *where.manifest, rep}
		if err := a.print(out, func(w io.Writer) { out.text(w, a.flags.Dir) }); err != nil {
			return err
		}
		if rep != nil && !rep.OK {
			return errSilent
		}
		return nil
	})
}

// checkArchive rebuilds everything from the logs in an archive, without its keys.
func (a *app) checkArchive(file string) (rep *node.Report, err error) {
	dir, err := os.MkdirTemp("", "entente-verify-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	u, err := unpack(file, dir)
	if err != nil {
		return nil, a.notRestorable(err)
	}
	if err := copyNew(filepath.Join(dir, node.ConfigFile), bytes.NewReader(u.description)); err != nil {
		return nil, err
	}
	step, end := a.progress("verify")
	defer end()
	return node.CheckFolder(a.ctx, dir, a.kinds, nil, step)
}

// names are the files of a backup: in folders under the party's id and the time.
func (c *backupMakeCmd) names(m *node.Manifest) (archive, keys string) {
	stem := fmt.Sprintf("%s-%s", m.Party, time.Unix(m.Time, 0).UTC().Format("20060102T150405Z"))
	archive = within(c.To, stem+".backup")
	if c.KeysTo == "" {
		return archive, strings.TrimSuffix(archive, ".backup") + ".keys"
	}
	return archive, within(c.KeysTo, stem+".keys")
}

// within is path, or name in it where it is a folder.
func within(path, name string) string {
	if fi, err := os.Stat(path); err == nil && fi.IsDir() {
		return filepath.Join(path, name)
	}
	return path
}

func (b backedUp) text(w io.Writer, dir string) {
	fmt.Fprintf(w, "%s is saved, read back and whole:\n  archive   %s\n  key file  %s\n", b.Content.Party, b.Archive, b.Keys)
	for _, g := range b.Content.Groups {
		fmt.Fprintf(w, "  group %s: %d records of our own log\n", g.Group.Short(), g.Head.Size)
	}
	if filepath.Dir(b.Archive) == filepath.Dir(b.Keys) {
		fmt.Fprintln(w, "Both lie in one folder: move the key file elsewhere, or name another place with --keys-to.")
	}
	if b.Sealed {
		fmt.Fprintln(w, "The node's own keys are in the archive, sealed to the recovery key on paper.")
	} else {
		fmt.Fprintf(w, "The node's own keys are not in it: keep a copy of %s apart from both. A restore needs it.\n", filepath.Join(dir, node.NodeKeyFile))
	}
	if c, err := node.ReadConfig(dir); err == nil {
		fmt.Fprintf(w, "The anchor %s belongs in no backup.\n", c.AnchorOf(dir, ""))
	}
	if b.Check != nil {
		verified{OK: b.Check.OK, Content: b.Content, Check: b.Check}.text(w)
	}
}

// readArchive reads an archive to its end and holds it against its manifest.
func readArchive(file string) (*node.Manifest, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return entries(f, func(*node.Manifest, sealed) error { return nil }, func(node.BackupFile, io.Reader) error { return nil }, nil)
}

// openers are what opens the parts of a backup.
type openers struct {
	Keys            string `help:"The key file of this backup, or of a later one." placeholder:"FILE" type:"existingfile"`
	RecoveryKeyFile string `help:"File that holds the recovery key, which opens the node's own keys in the archive; - : ask." placeholder:"FILE"`
}

// nodeKeys finds the node's own keys, from --node-keys, else sealed in the archive, and holds them against the archive's seal; nil
// where neither is given.
func (o *openers) nodeKeys(a *app, u *unpacked) (*node.BackupKeys, error) {
	k, err := o.find(a, u.keys)
	if err != nil || k == nil {
		return nil, err
	}
	if err := k.Made(u.manifest, u.seal); err != nil {
		return nil, hint(err, "use node.keys of the node that made it; if these are, somebody changed the archive: do not restore it, take one from another place")
	}
	return k, nil
}

func (o *openers) find(a *app, sealed []byte) (*node.BackupKeys, error) {
	switch {
	case o.RecoveryKeyFile != "" && len(sealed) == 0:
		return nil, hint(errors.New("the node's own keys are not in this archive"), "name the copy that you kept of them with --node-keys FILE")
	case o.RecoveryKeyFile != "":
		key, err := a.recoveryKey(o.RecoveryKeyFile)
		if err != nil {
			return nil, err
		}
		return node.UnsealBackupKeys(bytes.NewReader(sealed), key)
	case a.flags.NodeKeys != "":
		return node.ReadBackupKeys(a.flags.NodeKeys)
	}
	return nil, nil
}

// recoveryKey is read from a file, or typed from paper.
func (a *app) recoveryKey(file string) (string, error) {
	if file != "-" {
		b, err := readBounded(file, 64<<10)
		return string(b), err
	}
	f := a.terminal()
	if f == nil {
		return "", hint(errors.New("no terminal to ask for the recovery key"), "name a file that holds it with --recovery-key-file")
	}
	fmt.Fprint(a.err, "Recovery key, as it stands on the sheet: ")
	b, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(a.err)
	return string(b), err
}

type backupVerifyCmd struct {
	File string `arg:"" help:"The archive." type:"existingfile"`
	openers
}

func (backupVerifyCmd) Help() string {
	return `Holds every file against the manifest, then rebuilds everything from the logs in the archive and verifies every signature, in a
temporary folder (TMPDIR names another place). With the key file and the node's own keys (--node-keys, or the recovery key) every
part is opened too; without them the content of parts is not looked at. Exit code 0 when everything holds, 1 when not.

Examples:
  entente backup verify MX-20260301T020000Z.backup
  entente backup verify MX-20260301T020000Z.backup --keys MX-20260301T020000Z.keys --node-keys node.keys
  entente backup verify MX-20260301T020000Z.backup --keys MX-20260301T020000Z.keys --recovery-key-file -`
}

// verified is what backup verify answers.
type verified struct {
	OK      bool          `json:"ok"`
	Content node.Manifest `json:"manifest"`
	Keys    string        `json:"keys,omitempty"` // own, later
	Check   *node.Report  `json:"check"`
}

func (c *backupVerifyCmd) Run(a *app) (err error) {
	dir, err := os.MkdirTemp("", "entente-verify-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	u, err := unpack(c.File, dir)
	if err != nil {
		return a.notRestorable(err)
	}
	m := u.Manifest
	out := verified{Content: *m}
	keys, err := c.nodeKeys(a, u)
	if err != nil {
		return err
	}
	if c.Keys != "" {
		if out.Keys, err = keyFileIs(c.Keys, m, keys); err != nil {
			return err
		}
	}
	if keys != nil && c.Keys == "" {
		return usage("the node's own keys open nothing without the key file: add --keys FILE")
	}
	if keys != nil {
		if err := copyFile(c.Keys, filepath.Join(dir, m.Keys.Name)); err != nil {
			return err
		}
	}
	if err := copyNew(filepath.Join(dir, node.ConfigFile), bytes.NewReader(u.description)); err != nil {
		return err
	}
	step, end := a.progress("verify")
	out.Check, err = node.CheckFolder(a.ctx, dir, a.kinds, keys, step)
	end()
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	out.OK = out.Check.OK
	if err := a.print(out, func(w io.Writer) { out.text(w) }); err != nil {
		return err
	}
	if !out.OK {
		return errSilent
	}
	return nil
}

func (v verified) text(w io.Writer) {
	for _, f := range v.Check.Faults {
		fmt.Fprintf(w, "FAULT: %s\n", clean(f))
	}
	verdict := "Everything holds"
	if !v.OK {
		verdict = "It does not hold"
	}
	fmt.Fprintf(w, "Backup of %s of %s. %s: %s\n", v.Content.Party, moment(v.Content.Time), verdict, tally(v.Check))
	if v.Check.Sealed {
		fmt.Fprintln(w, "The content of parts was not looked at, nor who made the archive: that takes --keys and the node's own keys.")
	}
	if v.Keys == "later" {
		fmt.Fprintln(w, "The key file is of a later backup: it opens this one, but for what was destroyed since.")
	}
}

func (a *app) notRestorable(err error) error {
	if errors.Is(err, errNotWhole) {
		return hint(err, "take another copy of the backup, or an older one: the peers hold the records since")
	}
	return err
}

// copyFile copies a file into a folder.
func copyFile(from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	return copyNew(to, f)
}
