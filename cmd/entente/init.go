package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"entente"
	"entente/node"
	"entente/record"
)

type initCmd struct {
	Party          string   `required:"" help:"The party's id: 2 to 8 capital letters, ISO 3166 where one fits." placeholder:"MX"`
	NameEn         string   `help:"Its name in English." placeholder:"NAME"`
	NameEs         string   `help:"Its name in Spanish." placeholder:"NAME"`
	Address        string   `help:"Where peers reach this node." default:"localhost:8443" placeholder:"HOST:PORT"`
	Anchor         string   `help:"File that names the last head; it must lie outside the folder, and outside whatever takes the folder back in time. Default: DIR.anchor." placeholder:"FILE" type:"path"`
	Office         []string `help:"An office with so many seats, of which so many must sign; its keys are made here. Default: desk=1." placeholder:"ID=SEATS[/SIGN]" sep:"none"`
	Offices        string   `help:"Offices as JSON, instead of --office; see entente powers set --help." placeholder:"FILE" type:"existingfile"`
	PassphraseFile string   `help:"File that holds the passphrase." placeholder:"FILE" type:"path"`
	WorkFactor     int      `hidden:"" help:"Base-2 logarithm of scrypt's cost."`
}

func (initCmd) Help() string {
	return `Makes the folder DIR with the node's own keys, the party's root key and next root key (encrypted under the passphrase), the
seats of the offices named, the party's own group for drafts and the access log, and a token for the first office.

Keep DIR/root.age, DIR/next-root.age and their passphrase where the node is not, and DIR/node.keys apart from the database.

Examples:
  entente init --dir mx --party MX --name-en Mexico --name-es México --address mx.example:8443 --office desk=1
  entente init --dir us --party US --name-en "United States" --name-es "Estados Unidos" --office desk=2/2 --office press=1

Then:
  entente introduction --dir mx -o mx.introduction     hand this to the other party
  entente serve --dir mx`
}

// made is what init answers.
type made struct {
	Dir         string       `json:"dir"`
	Party       record.Party `json:"party"`
	Fingerprint string       `json:"fingerprint"`
	Offices     []string     `json:"offices"`
	TokenFile   string       `json:"token_file,omitempty"`
}

func (c *initCmd) Run(a *app) (err error) {
	dir := a.flags.Dir
	if !record.Party(c.Party).Valid() {
		return usage("--party %q: write 2 to 8 capital letters", c.Party)
	}
	if _, err := os.Stat(filepath.Join(dir, node.ConfigFile)); err == nil {
		return hint(fmt.Errorf("%s holds a node already", dir), "choose another folder with --dir; a node is never overwritten")
	}
	pass, err := a.passphrase("the party's root key", c.PassphraseFile, true)
	if err != nil {
		return err
	}
	if len(pass) < minPassphrase {
		return hint(fmt.Errorf("a passphrase has at least %d characters", minPassphrase), "five random words are better than one with signs in it")
	}
	seats := map[string]ed25519.PrivateKey{}
	offices, err := c.offices(dir, seats)
	if err != nil {
		return err
	}
	names := map[string]string{"en": or(c.NameEn, c.Party), "es": or(c.NameEs, or(c.NameEn, c.Party))}
	a.say("Making keys; this takes about a second each …")
	set := node.Setup{Dir: dir, Config: node.Config{Party: record.Party(c.Party), Names: names, Address: c.Address, Anchor: c.Anchor}, Passphrase: pass, WorkFactor: c.WorkFactor, Offices: offices}
	var files []string
	defer func() {
		if err != nil { // the node was not made: nothing stays behind
			for _, f := range files {
				_ = os.Remove(f)
				_ = os.Remove(f + publicSuffix)
			}
		}
	}()
	for name, k := range seats {
		if err := saveSeat(dir, name, k, pass, c.WorkFactor); err != nil {
			return err
		}
		files = append(files, seatPath(dir, name))
	}
	if err := node.Init(a.ctx, set); err != nil {
		return fmt.Errorf("make the node: %w", err)
	}
	files = nil
	out := made{Dir: dir, Party: record.Party(c.Party)}
	for _, o := range offices {
		out.Offices = append(out.Offices, o.ID)
	}
	return a.with(func(s *session) error {
		i, err := s.operator.Introduction(a.ctx)
		if err != nil {
			return err
		}
		out.Fingerprint = i.Fingerprint
		if len(offices) > 0 {
			if out.TokenFile, err = s.newToken(a, offices[0].ID, 0); err != nil {
				return err
			}
		}
		return a.print(out, func(w io.Writer) {
			fmt.Fprintf(w, "The node of %s is in %s.\nFingerprint of its introduction, to be read over the telephone:\n\n  %s\n\n", out.Party, dir, out.Fingerprint)
			fmt.Fprintf(w, "Next:\n  entente introduction --dir %s -o %s.introduction   hand it to the other party\n", dir, strings.ToLower(c.Party))
			fmt.Fprintf(w, "  entente peer add --dir %s FILE                   add theirs\n  entente serve --dir %s\n", dir, dir)
			fmt.Fprintf(w, "\nMove %s and %s away from this machine; they are needed for new powers only.\n", node.RootFile, node.NextFile)
		})
	})
}

const minPassphrase = 8

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// offices reads the offices of the command line. Seats of --office get fresh keys.
func (c *initCmd) offices(dir string, seats map[string]ed25519.PrivateKey) ([]entente.Office, error) {
	if c.Offices != "" {
		if len(c.Office) > 0 {
			return nil, usage("give --office or --offices, not both")
		}
		return readOffices(c.Offices, dir)
	}
	if len(c.Office) == 0 {
		c.Office = []string{"desk=1"}
	}
	var out []entente.Office
	for _, s := range c.Office {
		id, count, err := pair("office", s)
		if err != nil {
			return nil, err
		}
		count, need, _ := strings.Cut(count, "/")
		n, err := strconv.ParseUint(count, 10, 16)
		if err != nil || n == 0 || n > 64 || !record.ValidName(id) {
			return nil, usage("--office %q: write ID=SEATS or ID=SEATS/SIGN, as desk=2/2", s)
		}
		sign := uint64(1)
		if need != "" {
			if sign, err = strconv.ParseUint(need, 10, 16); err != nil || sign == 0 || sign > n {
				return nil, usage("--office %q: of %d seats, 1 to %d can be asked to sign", s, n, n)
			}
		}
		o := entente.Office{ID: id, Names: map[string]string{"en": id, "es": id}, Grants: []entente.Grant{{Kinds: []string{"*"}, Sign: sign}}}
		for i := range n {
			_, k, err := ed25519.GenerateKey(rand.Reader)
			if err != nil {
				return nil, err
			}
			seats[fmt.Sprintf("%s/%d", id, i+1)] = k
			o.Seats = append(o.Seats, entente.Seat{Number: i + 1, Key: node.PublicKey(k)})
		}
		out = append(out, o)
	}
	return out, nil
}
