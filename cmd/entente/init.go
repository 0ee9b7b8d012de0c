package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
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
	Recovery       bool     `help:"Make a recovery key and a passphrase for the next root, on paper only: the sheet then holds secrets."`
	Sheet          string   `help:"Where the recovery sheet goes; - : standard output, for the printer. Default: DIR/recovery-sheet.txt." placeholder:"FILE" type:"path"`
	PassphraseFile string   `help:"File that holds the passphrase." placeholder:"FILE" type:"path"`
	WorkFactor     int      `hidden:"" help:"Base-2 logarithm of scrypt's cost."`
}

func (initCmd) Help() string {
	return `Makes the folder DIR with the node's own keys, the party's root key and next root key (encrypted under the passphrase), the
seats of the offices named, the party's own group for drafts and the access log, and a token for the first office.

It writes a recovery sheet for paper, in both languages: the fingerprints of the keys, how to keep them, and what to do when one is
lost. With --recovery the sheet also holds two secrets that are nowhere else: a recovery key, to which backups seal the node's own
keys, and a random passphrase for the next root, which then is not the administrator's own. Print it, then destroy the file.

Keep DIR/root.age, DIR/next-root.age and their passphrases where the node is not, and apart.

Examples:
  entente init --dir mx --party MX --address mx.example:8443 --recovery --sheet /dev/shm/sheet.txt
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
	Sheet       string       `json:"sheet"`
	Secret      bool         `json:"sheet_is_secret"`
}

func (c *initCmd) Run(a *app) (err error) {
	dir := a.flags.Dir
	if !record.Party(c.Party).Valid() {
		return usage("--party %q: write 2 to 8 capital letters", c.Party)
	}
	if _, err := os.Stat(filepath.Join(dir, node.ConfigFile)); err == nil {
		return hint(fmt.Errorf("%s holds a node already", dir), "choose another folder with --dir; a node is never overwritten")
	}
	if a.flags.JSON && c.Sheet == "-" {
		return usage("--json answers on standard output: name a file with --sheet")
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
	if host, _, err := net.SplitHostPort(c.Address); err != nil {
		return usage("--address %q: write host:port", c.Address)
	} else if host == "localhost" || net.ParseIP(host).IsLoopback() {
		a.say("Note: %s is this machine as it calls itself. Other parties' nodes reach it only by a name or number of the network: entente move says another.", c.Address)
	}
	var sec *secrets
	recipient := ""
	if c.Recovery {
		if sec, recipient, err = newSecrets(); err != nil {
			return err
		}
	}
	set := node.Setup{Dir: dir, Config: node.Config{Party: record.Party(c.Party), Names: names, Address: c.Address, Anchor: c.Anchor, Recovery: recipient}, Passphrase: pass, WorkFactor: c.WorkFactor, Offices: offices}
	if sec != nil {
		set.Next = sec.next
	}
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
	out := made{Dir: dir, Party: record.Party(c.Party), Sheet: or(c.Sheet, filepath.Join(dir, sheetFile)), Secret: sec != nil}
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
		x, err := s.sheet(a)
		if err != nil {
			return err
		}
		x.secrets = sec
		if err := x.save(a, out.Sheet); err != nil {
			if sec == nil {
				return err
			}
			return hint(err, "the secrets of the sheet are lost: delete %s and make the node again", dir)
		}
		if out.Sheet == "-" { // standard output is the printer's
			out.text(a.err)
			return nil
		}
		return a.print(out, out.text)
	})
}

func (m made) text(w io.Writer) {
	dir := m.Dir
	fmt.Fprintf(w, "The node of %s is in %s.\nFingerprint of its introduction, to be read over the telephone:\n\n  %s\n\n", m.Party, dir, m.Fingerprint)
	switch {
	case m.Sheet == "-":
	case m.Secret:
		fmt.Fprintf(w, "The recovery sheet is in %s. It holds secrets that are nowhere else: print it, then destroy the file (shred -u).\n", m.Sheet)
	default:
		fmt.Fprintf(w, "The recovery sheet is in %s: print it. It holds no secret.\n", m.Sheet)
	}
	fmt.Fprintf(w, "Take %s away from this machine now; %s is needed to found a group, then take it to another place (--root-key names it).\n", node.NextFile, node.RootFile)
	fmt.Fprintf(w, `
Next:
  entente introduction --dir %[1]s -o %[2]s.introduction   hand it to the other party
  entente peer add --dir %[1]s FILE                    add theirs, with the fingerprint compared by telephone
  entente serve --dir %[1]s                            on both machines, from now on
  entente group new --dir %[1]s --help                 one side writes the charter
  entente group found --dir %[1]s TRACK.charter --seat %[3]s/1   both sides sign it
Or all of it in the browser, once the node serves: entente link --dir %[1]s %[3]s   opens the pages; there: Set-up
`, dir, strings.ToLower(string(m.Party)), firstOf(m.Offices))
}

func firstOf(offices []string) string {
	if len(offices) == 0 {
		return "OFFICE"
	}
	return offices[0]
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
