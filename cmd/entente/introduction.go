package main

import (
	"fmt"
	"io"
	"os"

	"entente/node"
)

type introCmd struct {
	Output string `short:"o" help:"File to write it to." placeholder:"FILE" type:"path"`
}

func (introCmd) Help() string {
	return `An introduction says who a party is and under which keys. It holds no secret; what matters is that the other side holds
the true one, so its fingerprint is compared over the telephone.

Examples:
  entente introduction -o mx.introduction
  entente introduction --json`
}

func (c *introCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		i, err := s.operator.Introduction(a.ctx)
		if err != nil {
			return err
		}
		if c.Output != "" {
			b, err := i.Introduction.Encode()
			if err != nil {
				return err
			}
			if err := writeFile(c.Output, b, 0o644); err != nil {
				return err
			}
		}
		return a.print(i, func(w io.Writer) {
			fmt.Fprintf(w, "%s, %s\naddress      %s\nroot key     %s\nfingerprint  %s\n", i.Introduction.Party, i.Introduction.Names["en"], i.Introduction.Address, i.Introduction.Root, i.Fingerprint)
		})
	})
}

// writeFile writes a file that must not exist yet.
func writeFile(path string, b []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if _, err := f.Write(b); err != nil {
		_ = f.Close()
		return fmt.Errorf("write: %w", err)
	}
	return f.Close()
}

type peerCmd struct {
	Add  peerAddCmd  `cmd:"" help:"Keep another party's introduction."`
	List peerListCmd `cmd:"" help:"The parties that are known here, with the fingerprints that were compared."`
}

type peerListCmd struct{}

func (peerListCmd) Help() string { return "Example:\n  entente peer list" }

func (peerListCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		is, err := s.operator.Introductions(a.ctx)
		if err != nil {
			return err
		}
		return a.print(is, func(w io.Writer) {
			if len(is) == 0 {
				fmt.Fprintln(w, "Nobody is known here yet: entente peer add keeps another party's introduction.")
			}
			for _, i := range is {
				fmt.Fprintf(w, "%-8s %-24s %s\n", i.Introduction.Party, clean(i.Introduction.Address), i.Fingerprint)
			}
		})
	})
}

// known refuses an introduction that is not the one compared here.
func (s *session) known(a *app, i node.Introduction) error {
	is, err := s.operator.Introductions(a.ctx)
	if err != nil {
		return err
	}
	for _, x := range is {
		if x.Introduction.Party != i.Party {
			continue
		}
		if x.Fingerprint == i.Fingerprint() {
			return nil
		}
		return hint(fmt.Errorf("this introduction of %s is not the one that was compared: %s here, %s in the file", i.Party, x.Fingerprint, i.Fingerprint()),
			"call your counterpart; if it has new keys, entente peer add keeps the new introduction")
	}
	return hint(fmt.Errorf("nobody compared the introduction of %s yet", i.Party), "entente peer add FILE shows its fingerprint: compare it over the telephone first")
}

type peerAddCmd struct {
	File string `arg:"" help:"The introduction that the other party handed over." type:"existingfile"`
	Yes  bool   `help:"The fingerprint was compared."`
}

func (peerAddCmd) Help() string {
	return `Shows the fingerprint of the introduction. Call your counterpart, at a number that you knew before, and compare all eight
groups; only then say yes. From then on the other node is known by these keys.

Example:
  entente peer add us.introduction`
}

func (c *peerAddCmd) Run(a *app) error {
	i, err := readIntroduction(c.File)
	if err != nil {
		return err
	}
	a.say("Introduction of %s (%s)\n\n  %s\n\nCall your counterpart at a number that you knew before and compare all eight groups.", i.Party, clean(i.Names["en"]), i.Fingerprint())
	if err := a.confirm("Are they the same?", c.Yes); err != nil {
		return err
	}
	return a.with(func(s *session) error {
		if err := s.operator.Meet(a.ctx, i); err != nil {
			return err
		}
		return a.print(map[string]string{"party": string(i.Party), "fingerprint": i.Fingerprint()}, func(w io.Writer) { fmt.Fprintf(w, "%s is known by these keys from now on.\n", i.Party) })
	})
}

// readIntroduction reads a file of entente introduction -o, or what it printed with --json.
func readIntroduction(file string) (node.Introduction, error) {
	b, err := readBounded(file, maxIntroduction)
	if err != nil {
		return node.Introduction{}, fmt.Errorf("introduction: %w", err)
	}
	i, err := node.ParseIntroduction(b)
	if err != nil {
		return i, hint(fmt.Errorf("%s is not an introduction: %w", file, err), "the other party makes one with entente introduction -o FILE")
	}
	return i, nil
}

// maxIntroduction in bytes, with room: the node refuses what is longer than an introduction can be.
const maxIntroduction = 128 << 10

type peersCmd struct{}

func (peersCmd) Help() string {
	return `For each group and peer: how many of our records it has not acknowledged yet, how many of its records are held here and
how many of them count, and when it last answered.

Example:
  entente peers --json`
}

func (peersCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		ps, err := s.operator.Peers(a.ctx)
		if err != nil {
			return err
		}
		return a.print(ps, func(w io.Writer) {
			if len(ps) == 0 {
				fmt.Fprintln(w, "No peers: this node is in no joint group yet.")
			}
			for _, p := range ps {
				peerText(w, p)
			}
		})
	})
}

func peerText(w io.Writer, p node.PeerInfo) {
	contact := "never answered"
	if p.Contact != 0 {
		contact = "last answered " + moment(p.Contact)
	}
	fmt.Fprintf(w, "%-8s group %s: lacks %d of our %d records; %d of its records are here, %d count; %s", p.Peer, p.Group.Short(), p.Behind, p.Ours, p.Theirs, p.Counted, contact)
	if p.Closed {
		fmt.Fprint(w, "; ITS LOG CONFLICTS: see entente alarms")
	}
	fmt.Fprintln(w)
}
