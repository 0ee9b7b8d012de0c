package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"entente/record"
	"entente/tlog"
)

type forkCmd struct {
	Verify forkVerifyCmd `cmd:"" help:"Verify a proof that one log has two histories."`
}

type forkVerifyCmd struct {
	File string   `arg:"" help:"The proof, from entente alarms --proofs." type:"existingfile"`
	Key  []string `help:"A log key of that party in hex, as its powers name it; with it no node is needed." placeholder:"HEX"`
}

func (forkVerifyCmd) Help() string {
	return `The proof names its group and party. The keys come from --key, or from the node of --dir. Exit code 0 when the proof holds:
whoever has those keys signed two histories.

Examples:
  entente fork verify proofs/91cc02aa-US-3.fork
  entente fork verify proof.fork --key 5f0c… --json`
}

// forkVerdict is what fork verify answers.
type forkVerdict struct {
	Valid  bool         `json:"valid"`
	Group  record.ID    `json:"group"`
	Party  record.Party `json:"party"`
	Sizes  [2]uint64    `json:"sizes"`
	Roots  [2]record.ID `json:"roots"`
	Index  *uint64      `json:"index,omitempty"`
	Reason string       `json:"reason,omitempty"`
}

func (c *forkVerifyCmd) Run(a *app) error {
	b, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	f, err := tlog.ParseFork(b)
	if err != nil {
		return hint(fmt.Errorf("%s: %w", c.File, err), "entente alarms --proofs FOLDER writes proofs")
	}
	heads := f.Heads()
	group, party, err := tlog.ParseOrigin(heads[0].Origin)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	v := forkVerdict{Group: group, Party: record.Party(party), Sizes: [2]uint64{heads[0].Size, heads[1].Size}, Roots: [2]record.ID{record.ID(heads[0].Root), record.ID(heads[1].Root)}}
	if i, _, ok := f.Leaves(); ok {
		v.Index = &i
	}
	keys, err := c.keys(a, v)
	if err != nil {
		return err
	}
	if err := f.Verify(heads[0].Origin, func(uint64) []ed25519.PublicKey { return keys }); err != nil {
		v.Reason = err.Error()
	}
	v.Valid = v.Reason == ""
	if err := a.print(v, func(w io.Writer) {
		if !v.Valid {
			fmt.Fprintf(w, "The proof does not hold: %s\n", v.Reason)
			return
		}
		fmt.Fprintf(w, "The proof holds: the log keys of %s in group %s signed two histories, of %d and %d records.\nIt says that the keys were misused, not by whom.\n", v.Party, v.Group.Short(), v.Sizes[0], v.Sizes[1])
	}); err != nil {
		return err
	}
	if !v.Valid {
		return errSilent
	}
	return nil
}

func (c *forkVerifyCmd) keys(a *app, v forkVerdict) (keys []ed25519.PublicKey, err error) {
	for _, k := range c.Key {
		b, err := hex.DecodeString(k)
		if err != nil || len(b) != ed25519.PublicKeySize {
			return nil, usage("--key %q: %d hex digits", k, 2*ed25519.PublicKeySize)
		}
		keys = append(keys, b)
	}
	if len(keys) > 0 {
		return keys, nil
	}
	return keys, a.with(func(s *session) error {
		ps, err := s.operator.Powers(a.ctx, v.Group)
		if err != nil {
			return hint(fmt.Errorf("keys of %s: %w", v.Party, err), "name them with --key")
		}
		if p := ps[v.Party]; p != nil {
			keys = append(keys, p.Keys["log"].Ed25519())
		}
		return nil
	})
}
