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
	New seatNewCmd `cmd:"" help:"Make an official's key."`
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
	if !record.ValidName(c.Office) || c.Office == record.RootOffice || c.Number == 0 || c.Number > record.MaxSeat {
		return usage("seat %s/%d: an office is a name in small letters, seats count from 1 to %d", c.Office, c.Number, record.MaxSeat)
	}
	name := fmt.Sprintf("%s/%d", c.Office, c.Number)
	if _, err := os.Stat(seatPath(a.flags.Dir, name)); err == nil {
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

const publicSuffix = ".pub"

// seatPath is where a seat's key lies: DIR/seats/OFFICE-N.age.
func seatPath(dir, seat string) string {
	return filepath.Join(dir, "seats", strings.ReplaceAll(seat, "/", "-")+".age")
}

func saveSeat(dir, seat string, k ed25519.PrivateKey, pass string, workFactor int) error {
	path := seatPath(dir, seat)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("seat: %w", err)
	}
	if err := node.SaveKey(path, k, pass, workFactor); err != nil {
		return fmt.Errorf("seat %s: %w", seat, err)
	}
	b, err := json.Marshal(node.PublicKey(k))
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
	k, err := a.unlock(what, seat.path, passFile)
	if err != nil {
		return record.Approval{}, err
	}
	return record.Approve(act, party, seat.office, seat.number, time.Now().Unix(), k), nil
}

// approveRoot unlocks the party's root key for one signature.
func (a *app) approveRoot(party record.Party, act record.ID, passFile string) (record.Approval, error) {
	k, err := a.unlock("the party's root key", filepath.Join(a.flags.Dir, node.RootFile), passFile)
	if err != nil {
		return record.Approval{}, err
	}
	return record.Approve(act, party, record.RootOffice, 0, time.Now().Unix(), k), nil
}

func (a *app) unlock(what, path, passFile string) (ed25519.PrivateKey, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, hint(fmt.Errorf("the key of %s is not at %s", what, path), "bring the file back for this signature, or name it: --seat OFFICE/NUMBER=FILE")
	}
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
