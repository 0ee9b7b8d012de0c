package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"entente"
	"entente/api"
	"entente/node"
	"entente/record"
)

type rotateCmd struct {
	Node   rotateNodeCmd   `cmd:"" help:"Replace the node's own keys: record, log, witness, mirror, TLS."`
	Seat   rotateSeatCmd   `cmd:"" help:"Replace an official's key."`
	Root   rotateRootCmd   `cmd:"" help:"Replace the party's root key by the next root, and make a new next root."`
	Status rotateStatusCmd `cmd:"" help:"Which groups name the newest node keys, and which peers have not acknowledged that."`
}

// change is new powers for one group.
type change struct {
	group node.GroupInfo
	to    entente.Powers
	draft api.Draft
	party record.Party
}

// rotated is what a rotation answers.
type rotated struct {
	What    string         `json:"rotated"`
	Key     *entente.Key   `json:"key,omitempty"`
	Records []*node.Sealed `json:"records"` // the powers that were put on record
	Print   string         `json:"fingerprint,omitempty"`
}

// changes are the groups whose powers f changes. f reports whether it did.
func (s *session) changes(a *app, f func(*entente.Powers) bool) ([]change, error) {
	n, err := s.operator.Node(a.ctx)
	if err != nil {
		return nil, err
	}
	gs, err := s.operator.Groups(a.ctx)
	if err != nil {
		return nil, err
	}
	var out []change
	for _, g := range gs {
		ps, err := s.operator.Powers(a.ctx, g.ID)
		if err != nil {
			return nil, err
		}
		was := ps[n.Party]
		if was == nil { // joined and not founded: the first powers name what is newest
			continue
		}
		c := change{group: g, to: *was, party: n.Party}
		c.to.Offices = cloneOffices(was.Offices)
		if !f(&c.to) {
			continue
		}
		if err := c.to.Check(); err != nil {
			return nil, fmt.Errorf("powers of group %s: %w", g.ID.Short(), err)
		}
		out = append(out, c)
	}
	return out, nil
}

func cloneOffices(os []entente.Office) []entente.Office {
	out := slices.Clone(os)
	for i := range out {
		out[i].Seats = slices.Clone(out[i].Seats)
	}
	return out
}

// putChanges shows every change, asks once, and signs each with the root key. What is on record stays when a later one fails: the same
// command goes on with the rest.
func (s *session) putChanges(a *app, cs []change, root func() (ed25519.PrivateKey, error), yes bool) (out []*node.Sealed, err error) {
	defer func() {
		if err != nil {
			for _, c := range cs[len(out):] {
				if c.draft.Act != (record.ID{}) {
					_ = s.operator.DropDraft(a.ctx, c.group.ID, c.draft.Nonce)
				}
			}
		}
	}()
	if len(cs) == 0 {
		return []*node.Sealed{}, nil
	}
	for i := range cs {
		terms, err := json.Marshal(cs[i].to)
		if err != nil {
			return nil, err
		}
		if cs[i].draft, err = s.operator.NewDraft(a.ctx, cs[i].group.ID, api.NewAct{Kind: "powers", Verb: record.Propose, Terms: terms}); err != nil {
			return nil, fmt.Errorf("group %s: %w", cs[i].group.ID.Short(), err)
		}
		_, text, err := s.exactText(a, cs[i].group.ID, cs[i].draft)
		if err != nil {
			return nil, err
		}
		a.say("%s\n", text)
	}
	if err := a.confirm(fmt.Sprintf("Sign exactly this, in %d groups, with the root key?", len(cs)), yes); err != nil {
		return nil, err
	}
	k, err := root()
	if err != nil {
		return nil, err
	}
	for _, c := range cs {
		sealed, err := s.approveRoot(a, c.group.ID, c.party, c.draft, k)
		if err != nil {
			return out, hint(fmt.Errorf("group %s: %w", c.group.ID.Short(), err), "%d of %d groups are done; mend this and give the same command again", len(out), len(cs))
		}
		out = append(out, sealed)
	}
	return out, nil
}

type rotateNodeCmd struct {
	Yes bool `help:"Do not ask."`
	rootFlags
}

func (rotateNodeCmd) Help() string {
	return `Makes a new set of the keys with which the node seals headers, signs and cosigns heads, and connects; then puts powers that name
them on record in every group, under the root key. It ends the use of stolen ones. The exchange goes on, and no other node has to
restart: each peer takes the new keys from the record that names them. The old ones sign what a peer is still to be given in
order, and are destroyed when every peer has acknowledged the new ones (entente rotate status); only old log keys stay.

After it: save node.keys where you keep it, and make a backup. Hand the new introduction to parties with whom there is no group
yet. The key that wraps the data keys of parts is not replaced.

Examples:
  entente rotate node
  entente rotate node --root-key /mnt/usb/root.age
  entente rotate status`
}

func (c *rotateNodeCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		k, err := s.operator.PrepareKeys(a.ctx)
		if err != nil {
			return err
		}
		cs, err := s.changes(a, func(p *entente.Powers) bool {
			same := len(p.Keys) == len(k.Keys)
			for u, x := range k.Keys {
				same = same && p.Keys[u].String() == x.String()
			}
			p.Keys = k.Keys
			return !same
		})
		if err != nil {
			return err
		}
		done, err := s.putChanges(a, cs, func() (ed25519.PrivateKey, error) { return c.root(a) }, c.Yes)
		if err != nil {
			return err
		}
		i, err := s.operator.Introduction(a.ctx)
		if err != nil {
			return err
		}
		return a.print(rotated{What: "node", Records: done, Print: i.Fingerprint}, func(w io.Writer) {
			fmt.Fprintf(w, "The node has new keys in %d groups.\n", len(done))
			fmt.Fprintln(w, "Save node.keys where you keep it, and make a backup: what was saved before opens nothing that the node signs from now on.")
			fmt.Fprintf(w, "The introduction has changed; its fingerprint is now\n\n  %s\n\nParties that share a group take the new keys by themselves: entente rotate status.\n", i.Fingerprint)
		})
	})
}

type rotateStatusCmd struct{}

func (rotateStatusCmd) Help() string {
	return "Example:\n  entente rotate status --json"
}

func (rotateStatusCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		k, err := s.operator.NodeKeys(a.ctx)
		if err != nil {
			return err
		}
		return a.print(k, func(w io.Writer) {
			for _, g := range k.Groups {
				switch {
				case !g.Current:
					fmt.Fprintf(w, "group %s: its powers name older keys; entente rotate node goes on\n", g.Group.Short())
				case len(g.Waiting) > 0:
					fmt.Fprintf(w, "group %s: not acknowledged yet by %v\n", g.Group.Short(), g.Waiting)
				default:
					fmt.Fprintf(w, "group %s: the newest keys, known to all\n", g.Group.Short())
				}
			}
			if k.Older > 0 {
				fmt.Fprintf(w, "%d older sets are kept until then\n", k.Older)
			}
		})
	})
}

type rotateSeatCmd struct {
	Seat           string `arg:"" help:"The seat, as legal/1."`
	Key            string `help:"The new public key, as entente seat new wrote it on the official's machine; without it a new key is made here." placeholder:"FILE.pub" type:"existingfile"`
	PassphraseFile string `help:"File that holds the official's passphrase for the new key." placeholder:"FILE" type:"path"`
	Yes            bool   `help:"Do not ask."`
	WorkFactor     int    `hidden:"" help:"Base-2 logarithm of scrypt's cost."`
	rootFlags
}

func (rotateSeatCmd) Help() string {
	return `Makes a new key for an official and puts powers that name it on record in every group where the seat is named, under the root
key. From those records on the old key signs nothing; what it signed before stands. Its file in DIR/seats is replaced. A draft
that it signed and that is not on record must be signed again.

Examples:
  entente rotate seat legal/1
  entente rotate seat legal/1 --key legal-1.age.pub`
}

func (c *rotateSeatCmd) Run(a *app) error {
	ref, err := parseSeat(a.flags.Dir, c.Seat)
	if err != nil {
		return err
	}
	final, fresh := ref.path, ref.path+newSuffix
	key, err := c.key(a, fresh)
	if err != nil {
		return err
	}
	return a.with(func(s *session) error {
		named := false
		cs, err := s.changes(a, func(p *entente.Powers) bool {
			for i := range p.Offices {
				if p.Offices[i].ID != ref.office {
					continue
				}
				for j := range p.Offices[i].Seats {
					if x := &p.Offices[i].Seats[j]; x.Number == ref.number {
						named = true
						if x.Key.String() != key.String() {
							x.Key = key
							return true
						}
					}
				}
			}
			return false
		})
		if err != nil {
			return err
		}
		if !named {
			if c.Key == "" {
				err = errors.Join(os.Remove(fresh), os.Remove(fresh+publicSuffix))
			}
			return errors.Join(hint(fmt.Errorf("no group's powers name the seat %s/%d", ref.office, ref.number), "entente powers show lists the seats; entente powers set adds one"), err)
		}
		done, err := s.putChanges(a, cs, func() (ed25519.PrivateKey, error) { return c.root(a) }, c.Yes)
		if err != nil {
			return err
		}
		if c.Key == "" {
			if err := errors.Join(os.Rename(fresh+publicSuffix, final+publicSuffix), os.Rename(fresh, final)); err != nil {
				return fmt.Errorf("the new key is on record and lies in %s: %w", fresh, err)
			}
		}
		return a.print(rotated{What: "seat " + c.Seat, Key: &key, Records: done}, func(w io.Writer) {
			fmt.Fprintf(w, "The seat %s has a new key in %d groups: %s\n", c.Seat, len(done), key)
			if c.Key == "" {
				fmt.Fprintf(w, "It lies in %s: hand it to the official, with nothing left here.\n", final)
			}
		})
	})
}

// newSuffix marks a key that no powers name yet: a rotation that broke off goes on with it.
const newSuffix = ".new"

// key is the new public key of the seat.
func (c *rotateSeatCmd) key(a *app, fresh string) (k entente.Key, err error) {
	from := c.Key
	if from == "" {
		from = fresh + publicSuffix
		if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
			if err := c.make(a, fresh); err != nil {
				return k, err
			}
		}
	}
	b, err := readBounded(from, 4<<10)
	if err != nil {
		return k, fmt.Errorf("new key of the seat: %w", err)
	}
	if json.Unmarshal(b, &k) != nil || k.Ed25519() == nil {
		return k, hint(fmt.Errorf("%s is not a public key", from), "entente seat new writes one beside the key, with the ending .pub")
	}
	return k, nil
}

func (c *rotateSeatCmd) make(a *app, fresh string) error {
	pass, err := a.passphrase("the new key of seat "+c.Seat, c.PassphraseFile, true)
	if err != nil {
		return err
	}
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	return saveKeyPair(fresh, k, pass, c.WorkFactor)
}

type rotateRootCmd struct {
	NextKey            string `help:"File of the next root key, which becomes the root; default: DIR/next-root.age." placeholder:"FILE" type:"path"`
	NextPassphraseFile string `help:"File that holds its passphrase; ENTENTE_PASSPHRASE is read too." placeholder:"FILE" type:"path"`
	NewPassphraseFile  string `help:"File that holds the passphrase for the new next root." placeholder:"FILE" type:"path"`
	Yes                bool   `help:"Do not ask."`
	WorkFactor         int    `hidden:"" help:"Base-2 logarithm of scrypt's cost."`
}

func (rotateRootCmd) Help() string {
	return `The key whose digest is committed to takes the root's place in every group, and commits to a new one. It needs the next root
alone: so a stolen or lost root is replaced, and a thief of the root cannot prevent it. From those records on the old root signs
nothing; what it signed before stands.

Writes the new next root to DIR/next-root.age and the root to DIR/root.age: take both away again, to two places. Both may lie
elsewhere (--next-key). The introduction changes: hand it anew, with its fingerprint, to parties with whom there is no group yet.

Examples:
  entente rotate root
  entente rotate root --next-key /mnt/usb/next-root.age`
}

func (c *rotateRootCmd) Run(a *app) (err error) {
	dir := a.flags.Dir
	path := or(c.NextKey, filepath.Join(dir, node.NextFile))
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return hint(fmt.Errorf("the next root key is not at %s", path), "bring the file to this machine and name it with --next-key; nothing was signed")
	}
	root, err := a.open("the next root key", path, c.NextPassphraseFile)
	if errors.Is(err, errNoTerminal) {
		return hint(err, "name a file that holds it with --next-passphrase-file")
	} else if err != nil {
		return err
	}
	pass, err := a.passphrase("the new next root key", c.NewPassphraseFile, true)
	if errors.Is(err, errNoTerminal) {
		return hint(err, "name a file that holds it with --new-passphrase-file")
	} else if err != nil {
		return err
	}
	fresh := filepath.Join(dir, node.NextFile+newSuffix)
	_, before := os.Stat(fresh)
	next, err := c.next(a, fresh, pass)
	if err != nil {
		return err
	}
	return a.with(func(s *session) error {
		pub, after, known, other := node.PublicKey(root), node.PublicKey(next).Digest(), false, false
		cs, err := s.changes(a, func(p *entente.Powers) bool {
			switch {
			case p.Root.String() == pub.String() && p.Next == after: // done before this run broke off
				known = true
				return false
			case p.Next != pub.Digest():
				other = true
				return false
			}
			p.Root, p.Next = pub, after
			return true
		})
		if err != nil {
			return err
		}
		if other || len(cs) == 0 && !known { // nothing is written over: the key that is committed to may lie there
			err := fmt.Errorf("the key in %s is not the one that the powers commit to", path)
			if before != nil { // made a moment ago, and nothing names it
				err = errors.Join(err, os.Remove(fresh))
			}
			return hint(err, "find the next root that was made with the root in force; the root was replaced already, perhaps")
		}
		done, err := s.putChanges(a, cs, func() (ed25519.PrivateKey, error) { return root, nil }, c.Yes)
		if err != nil {
			return err
		}
		if err := c.settle(dir, path, fresh); err != nil {
			return err
		}
		i, err := s.operator.Introduction(a.ctx)
		if err != nil {
			return err
		}
		return a.print(rotated{What: "root", Key: &pub, Records: done, Print: i.Fingerprint}, func(w io.Writer) {
			fmt.Fprintf(w, "The party has a new root key in %d groups: %s\nThe old one signs nothing any more: destroy its copies.\n", len(done), pub)
			fmt.Fprintf(w, "Take %s and %s away from this machine, to two places. The fingerprint of the introduction is now\n\n  %s\n\n", node.RootFile, node.NextFile, i.Fingerprint)
			fmt.Fprintln(w, "Print a new recovery sheet: entente sheet")
		})
	})
}

// next is the new next root: made now, or by a rotation that broke off.
func (c *rotateRootCmd) next(a *app, fresh, pass string) (ed25519.PrivateKey, error) {
	if _, err := os.Stat(fresh); err == nil {
		k, err := node.OpenKey(fresh, pass)
		return k, hintIf(err, "%s is of a rotation that broke off: give the passphrase that you gave then", fresh)
	}
	if len(pass) < minPassphrase {
		return nil, hint(fmt.Errorf("a passphrase has at least %d characters", minPassphrase), "five random words are better than one with signs in it")
	}
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return k, node.SaveKey(fresh, k, pass, c.WorkFactor)
}

// settle gives the files their new names once every group has its record: the next root is the root, the new one the next.
func (c *rotateRootCmd) settle(dir, path, fresh string) error {
	rootFile, nextFile := filepath.Join(dir, node.RootFile), filepath.Join(dir, node.NextFile)
	b, err := readBounded(path, 64<<10)
	if err == nil {
		err = replace(rootFile, b)
	}
	if err == nil {
		err = os.Rename(fresh, nextFile)
	}
	if err != nil {
		return fmt.Errorf("the new root is on record, and its file keeps its old name: %s is the root now, %s the next root: %w", path, fresh, err)
	}
	return nil
}

// replace writes a file in the place of another at once.
func replace(path string, b []byte) error {
	tmp := path + newSuffix
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

func hintIf(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return hint(err, format, args...)
}

type moveCmd struct {
	Address string `arg:"" help:"Where peers reach this node from now on, host:port."`
	Yes     bool   `help:"Do not ask."`
	rootFlags
}

func (moveCmd) Help() string {
	return `Tells every peer, by powers under the root key, where this node is reached. Give it while peers still reach the old address, or at
least while this node reaches theirs.

Examples:
  entente move mx.example:8443
  entente move 10.0.0.5:8443 --root-key /mnt/usb/root.age`
}

func (c *moveCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		before, err := s.operator.Node(a.ctx)
		if err != nil {
			return err
		}
		if err := s.operator.SetAddress(a.ctx, c.Address); err != nil {
			return err
		}
		cs, err := s.changes(a, func(p *entente.Powers) bool {
			same := p.Address == c.Address
			p.Address = c.Address
			return !same
		})
		if err != nil {
			return err
		}
		done, err := s.putChanges(a, cs, func() (ed25519.PrivateKey, error) { return c.root(a) }, c.Yes)
		if err != nil {
			if len(done) == 0 {
				err = errors.Join(err, s.operator.SetAddress(a.ctx, before.Address))
			}
			return err
		}
		return a.print(rotated{What: "address " + c.Address, Records: done}, func(w io.Writer) {
			fmt.Fprintf(w, "%d groups say that this node is reached at %s.\nHand the new introduction to parties with whom there is no group yet: entente introduction -o %s.introduction\n",
				len(done), c.Address, strings.ToLower(string(before.Party)))
		})
	})
}
