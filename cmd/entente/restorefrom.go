package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"entente/node"
	"entente/store"
)

type restoreFromCmd struct {
	File string `arg:"" help:"The archive that entente backup wrote." type:"existingfile"`
	openers
	KeepSignIns bool   `help:"Keep passkeys and accounts: none of them was ended since the backup."`
	Anchor      string `help:"File that names the last head, outside the folder; name it again where it was named at init. Default: DIR.anchor." placeholder:"FILE" type:"path"`
}

func (restoreFromCmd) Help() string {
	return `Puts a backup back into the empty folder DIR and checks everything in it. The old node must have ended for good: two live copies
of one node sign two histories.

It takes the archive, its key file (or that of a later backup: then what was destroyed since stays destroyed), and the node's own
keys: a copy of node.keys, or the recovery key on paper. What may have been ended since the backup does not come back: tokens, links,
sessions, feeds, and, unless --keep-sign-ins says that none was, passkeys and accounts.

The node then writes nothing in a group with other parties until each of them has said which of its records it holds, and takes
back what the backup did not have. entente restore status names who has not answered.

Examples:
  entente restore from MX.backup --keys MX.keys --node-keys node.keys --dir mx
  entente restore from MX.backup --keys MX.keys --recovery-key-file - --dir mx`
}

// restored is what restore from answers.
type restored struct {
	Dir     string        `json:"dir"`
	Content node.Manifest `json:"manifest"`
	Keys    string        `json:"keys"`
	Anchor  string        `json:"anchor,omitempty"` // one that was there before
	Check   *node.Report  `json:"check"`
	kept    bool
}

func (c *restoreFromCmd) Run(a *app) (err error) {
	dir := a.flags.Dir
	if c.Keys == "" {
		return usage("name the key file with --keys: without it no part can be read, and the node does not start")
	}
	made, err := emptyFolder(dir)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // nothing stays behind
			err = errors.Join(err, emptyAgain(dir, made))
		}
	}()
	a.say("Unpacking …")
	u, err := unpack(c.File, dir)
	if err != nil {
		return a.notRestorable(err)
	}
	m := u.Manifest
	keys, err := c.nodeKeys(a, u)
	if err != nil {
		return err
	}
	if keys == nil {
		return hint(errors.New("the node's own keys are needed"), "name the copy that you kept with --node-keys FILE; where the node was made with --recovery: --recovery-key-file - asks for the key on paper")
	}
	out := restored{Dir: dir, Content: *m, kept: c.KeepSignIns}
	if out.Keys, err = keyFileIs(c.Keys, m, keys); err != nil {
		return err
	}
	if err := copyFile(c.Keys, filepath.Join(dir, store.KeyFile)); err != nil {
		return err
	}
	step, end := a.progress("check")
	out.Check, err = node.PutBack(a.ctx, node.PutBackOptions{Dir: dir, Manifest: u.manifest, Seal: u.seal, Description: u.description, Anchor: c.Anchor, KeepSignIns: c.KeepSignIns, Kinds: a.kinds}, keys, step)
	end()
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	done = true
	if c, err := node.ReadConfig(dir); err == nil {
		anchor := c.AnchorOf(dir, "")
		if _, err := os.Stat(anchor); err == nil {
			out.Anchor = anchor
		}
	}
	if err := a.print(out, func(w io.Writer) { out.text(w) }); err != nil {
		return err
	}
	if !out.Check.OK {
		return errSilent
	}
	return nil
}

// emptyFolder makes a folder, or takes one that is empty. made: it was not there.
func emptyFolder(dir string) (made bool, err error) {
	es, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return true, os.MkdirAll(dir, 0o700)
	case err != nil:
		return false, err
	case len(es) > 0:
		return false, hint(fmt.Errorf("%s is not empty", dir), "a restore overwrites nothing: name another folder with --dir, or move what is there away")
	}
	return false, os.Chmod(dir, 0o700)
}

func emptyAgain(dir string, made bool) error {
	es, err := os.ReadDir(dir)
	for _, e := range es {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	if made {
		err = errors.Join(err, os.Remove(dir))
	}
	return err
}

func (r restored) text(w io.Writer) {
	for _, f := range r.Check.Faults {
		fmt.Fprintf(w, "FAULT: %s\n", clean(f))
	}
	if !r.Check.OK {
		fmt.Fprintln(w, "The backup does not hold: take an older one. The folder is left to be looked at; do not serve it.")
		return
	}
	fmt.Fprintf(w, "%s of %s is in %s. Everything holds: %s\n", r.Content.Party, moment(r.Content.Time), r.Dir, tally(r.Check))
	if r.Keys == "later" {
		fmt.Fprintln(w, "The key file is of a later backup: what was destroyed since is destroyed.")
	}
	ended := ", and the passkeys and accounts by which people sign in"
	if r.kept {
		ended = ""
	}
	fmt.Fprintf(w, `
The node goes on only where it left off. In groups with other parties it writes nothing until each of them has said which of its
records it holds; it takes back what this backup did not have. What was released to nobody since, the access log and acts that
waited for signatures among it, is lost. All tokens, links, sessions and feeds have ended%[2]s.

Next, once the old node is ended for good:
  entente serve --dir %[1]s
  entente restore status --dir %[1]s
  entente token new OFFICE --dir %[1]s
  entente link OFFICE --dir %[1]s
`, r.Dir, ended)
	if r.Anchor != "" {
		fmt.Fprintf(w, "The anchor %s is from before: leave it where it is.\n", r.Anchor)
	}
}
