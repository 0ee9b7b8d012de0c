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
	"strconv"
	"strings"
	"time"

	"entente"
	"entente/node"
	"entente/record"
)

type seatCmd struct {
	New  seatNewCmd  `cmd:"" help:"Make an official's key."`
	Add  seatAddCmd  `cmd:"" help:"Take an official's public key that was made elsewhere."`
	List seatListCmd `cmd:"" help:"The officials' keys known here."`
}

type seatNewCmd struct {
	Office         string `arg:"" help:"The office."`
	Number         uint64 `arg:"" help:"The number of the seat, from 1."`
	PassphraseFile string `help:"File that holds the official's passphrase." placeholder:"FILE" type:"path"`
	WorkFactor     int    `hidden:"" help:"Base-2 logarithm of scrypt's cost."`
}

func (seatNewCmd) Help() string {
	return `Makes an Ed25519 key for an official, encrypted under a passphrase that only the official knows, in DIR/seats. It signs for
the party once the party's powers name it: entente powers set.

Examples:
  entente seat new legal 1
  entente seat new legal 2 --dir us`
}

// newSeat is what seat new answers.
type newSeat struct {
	Seat string      `json:"seat"`
	File string      `json:"file"`
	Key  entente.Key `json:"key"`
}

func (c *seatNewCmd) Run(a *app) error {
	name, err := seatName(c.Office, c.Number)
	if err != nil {
		return err
	}
	if _, err := os.Stat(seatPath(a.flags.Dir, name) + publicSuffix); err == nil {
		return hint(fmt.Errorf("the seat %s has a key already", name), "a key is never overwritten: take another number")
	}
	pass, err := a.passphrase("the new seat "+name, c.PassphraseFile, true)
	if err != nil {
		return err
	}
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	if err := saveSeat(a.flags.Dir, name, k, pass, c.WorkFactor); err != nil {
		return err
	}
	out := newSeat{name, seatPath(a.flags.Dir, name), node.PublicKey(k)}
	return a.print(out, func(w io.Writer) {
		fmt.Fprintf(w, "Seat %s: key in %s\npublic key %s\nIt signs once the powers name it: entente powers set\n", name, out.File, out.Key)
	})
}

type seatAddCmd struct {
	Office string `arg:"" help:"The office."`
	Number uint64 `arg:"" help:"The number of the seat, from 1."`
	Key    string `arg:"" help:"The public key: ALGORITHM:HEX."`
}

func (seatAddCmd) Help() string {
	return fmt.Sprintf(`The key is of an authenticator that the official registered in the browser (%d:…, WebAuthn), or an Ed25519 key that is kept on
another machine (%d:…). It signs for the party once the party's powers name it: entente powers set.

Examples:
  entente seat add minister 1 -- %d:02a1…
  entente seat add legal 3 -- %d:8a88…`, record.WebAuthn, record.Ed25519, record.WebAuthn, record.Ed25519)
}

func (c *seatAddCmd) Run(a *app) error {
	name, err := seatName(c.Office, c.Number)
	if err != nil {
		return err
	}
	k, err := entente.ParseKey(c.Key)
	if err != nil {
		return usage("%w", err)
	}
	if _, err := os.Stat(seatPath(a.flags.Dir, name) + publicSuffix); err == nil {
		return hint(fmt.Errorf("the seat %s has a key already", name), "a key is never overwritten: take another number")
	}
	path := seatPath(a.flags.Dir, name)
	if err := savePublic(path, k); err != nil {
		return fmt.Errorf("seat %s: %w", name, err)
	}
	return a.print(newSeat{name, path + publicSuffix, k}, func(w io.Writer) {
		fmt.Fprintf(w, "Seat %s: %s key %s\nIt signs once the powers name it: entente powers set\n", name, algorithm(k.Alg), k)
	})
}

type seatListCmd struct{}

func (seatListCmd) Help() string {
	return "The powers of a group say which of them count there: entente powers show.\n\nExamples:\n  entente seat list\n  entente seat list --json"
}

// knownSeat is a key in DIR/seats.
type knownSeat struct {
	Seat string      `json:"seat"`
	Key  entente.Key `json:"key"`
	Here bool        `json:"here"` // its private half is here too
}

func (c *seatListCmd) Run(a *app) error {
	files, err := filepath.Glob(filepath.Join(a.flags.Dir, "seats", "*"+keySuffix+publicSuffix))
	if err != nil {
		return err
	}
	out := []knownSeat{}
	for _, f := range files {
		base := strings.TrimSuffix(filepath.Base(f), keySuffix+publicSuffix)
		i := strings.LastIndexByte(base, '-')
		if i < 0 {
			continue
		}
		x := knownSeat{Seat: base[:i] + "/" + base[i+1:]}
		if x.Key, err = publicKeyOf(a.flags.Dir, x.Seat); err != nil {
			return err
		}
		_, err := os.Stat(strings.TrimSuffix(f, publicSuffix))
		x.Here = err == nil
		out = append(out, x)
	}
	return a.print(out, func(w io.Writer) {
		for _, x := range out {
			where := "kept elsewhere"
			if x.Here {
				where = "key file here"
			}
			fmt.Fprintf(w, "%-16s %-8s %s  %s\n", x.Seat, algorithm(x.Key.Alg), x.Key, where)
		}
	})
}

// seatName is OFFICE/N for an official's seat.
func seatName(office string, n uint64) (string, error) {
	if !record.ValidName(office) || office == record.RootOffice || n == 0 || n > record.MaxSeat {
		return "", usage("seat %s/%d: an office is a name in small letters, seats count from 1 to %d", office, n, record.MaxSeat)
	}
	return fmt.Sprintf("%s/%d", office, n), nil
}

const (
	keySuffix    = ".age"
	publicSuffix = ".pub"
)

// seatPath is where a seat's key lies: DIR/seats/OFFICE-N.age.
func seatPath(dir, seat string) string {
	return filepath.Join(dir, "seats", strings.ReplaceAll(seat, "/", "-")+keySuffix)
}

func saveSeat(dir, seat string, k ed25519.PrivateKey, pass string, workFactor int) error {
	path := seatPath(dir, seat)
	if err := saveKeyPair(path, k, pass, workFactor); err != nil {
		return fmt.Errorf("seat %s: %w", seat, err)
	}
	return nil
}

// saveKeyPair writes a key under its passphrase, and its public half beside it.
func saveKeyPair(path string, k ed25519.PrivateKey, pass string, workFactor int) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("seat: %w", err)
	}
	if err := node.SaveKey(path, k, pass, workFactor); err != nil {
		return err
	}
	return savePublic(path, node.PublicKey(k))
}

func savePublic(path string, k entente.Key) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	b, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return os.WriteFile(path+publicSuffix, append(b, '\n'), 0o600)
}

// seatRef is OFFICE/N, or OFFICE/N=FILE where the key lies elsewhere.
type seatRef struct {
	office string
	number uint64
	path   string
}

func parseSeat(dir, s string) (seatRef, error) {
	name, path, _ := strings.Cut(s, "=")
	i := strings.LastIndexByte(name, '/')
	if i <= 0 {
		return seatRef{}, usage("--seat %q: write OFFICE/NUMBER, or OFFICE/NUMBER=FILE", s)
	}
	n, err := strconv.ParseUint(name[i+1:], 10, 16)
	if err != nil || n == 0 {
		return seatRef{}, usage("--seat %q: seats count from 1", s)
	}
	return seatRef{name[:i], n, or(path, seatPath(dir, name))}, nil
}

// approve unlocks a seat for one signature.
func (a *app) approve(party record.Party, act record.ID, seat seatRef, passFile string) (record.Approval, error) {
	what := fmt.Sprintf("seat %s/%d", seat.office, seat.number)
	if k, err := publicKeyOf(a.flags.Dir, fmt.Sprintf("%s/%d", seat.office, seat.number)); err == nil && k.Alg == record.WebAuthn {
		return record.Approval{}, hint(fmt.Errorf("the %s signs by WebAuthn, in a browser", what), "open the draft on the node's pages; what an authenticator signed elsewhere is taken by entente sign DRAFT --approval FILE")
	}
	k, err := a.unlock(what, seat.path, passFile)
	if err != nil {
		return record.Approval{}, err
	}
	return record.Approve(act, party, seat.office, seat.number, time.Now().Unix(), k), nil
}

// rootFlags say where the party's root key lies: it is brought to the machine for a signature and taken away again.
type rootFlags struct {
	RootKey            string `help:"File of the party's root key; default: DIR/root.age." placeholder:"FILE" type:"path"`
	RootPassphraseFile string `help:"File that holds the root key's passphrase; ENTENTE_PASSPHRASE is read too." placeholder:"FILE" type:"path"`
}

// root unlocks the party's root key.
func (f rootFlags) root(a *app) (ed25519.PrivateKey, error) {
	path := or(f.RootKey, filepath.Join(a.flags.Dir, node.RootFile))
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, hint(fmt.Errorf("the party's root key is not at %s", path), "bring the file to this machine for the signature and name it with --root-key; nothing was signed")
	}
	k, err := a.open("the party's root key", path, f.RootPassphraseFile)
	if errors.Is(err, errNoTerminal) {
		return nil, hint(err, "name a file that holds it with --root-passphrase-file")
	}
	return k, err
}

func (a *app) unlock(what, path, passFile string) (ed25519.PrivateKey, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, hint(fmt.Errorf("the key of %s is not at %s", what, path), "bring the file back for this signature, or name it: --seat OFFICE/NUMBER=FILE")
	}
	return a.open(what, path, passFile)
}

func (a *app) open(what, path, passFile string) (ed25519.PrivateKey, error) {
	pass, err := a.passphrase(what, passFile, false)
	if err != nil {
		return nil, err
	}
	k, err := node.OpenKey(path, pass)
	if err != nil {
		return nil, fmt.Errorf("unlock %s: %w", what, err)
	}
	return k, nil
}
