package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"entente"
	"entente/record"
	"entente/store"
)

// SheetFile is where init leaves the recovery sheet, for paper, unless it is told another place.
const SheetFile = "recovery-sheet.txt"

// RecoveryPlaces is where a party keeps what it goes on from after a bad day, as an office noted it. Encrypted at rest, never sent.
type RecoveryPlaces struct {
	Root    string `json:"root"`
	Next    string `json:"next"`
	Sheet   string `json:"sheet"`
	Compare bool   `json:"compared"` // the keys on paper are those that the node names
}

// RecoveryState is what the node knows of the keys that are kept away from it.
type RecoveryState struct {
	Root      entente.Key
	Next      record.ID // digest of the next root key
	Sealed    bool      // backups hold the node's own keys, sealed to the recovery key on paper
	Left      []string  // files that ought not to stay in the node's folder
	Places    *RecoveryPlaces
	Edition   Edition // who noted the places, and when
	Confirmed bool    // noted for these keys, and nothing is left in the folder
}

// RecoveryState reads it for who sets the node up.
func (n *Node) RecoveryState(ctx context.Context, who Caller) (*RecoveryState, error) {
	if err := n.setsUp(who); err != nil {
		return nil, err
	}
	i, err := n.Introduction(ctx)
	if err != nil {
		return nil, err
	}
	own := n.own()
	if own == nil {
		return nil, fmt.Errorf("group of one: %w", ErrNotFound)
	}
	out := &RecoveryState{Root: i.Root, Next: i.Next, Sealed: n.Config().Recovery != ""}
	for _, f := range []string{RootFile, NextFile, SheetFile} {
		if _, err := os.Stat(filepath.Join(n.dir, f)); err == nil {
			out.Left = append(out.Left, f)
		} else if !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("look for %s: %w", f, err)
		}
	}
	noted, edition, err := settingOf[noted](store.KeptAbout(n.store.View(ctx), own.row, store.KeptRecovery, own.id[:]))
	if err != nil {
		return nil, err
	}
	out.Edition = edition
	if len(noted) > 0 {
		out.Places = &noted[0].RecoveryPlaces
		out.Confirmed = noted[0].Root == i.Root.String() && noted[0].Next == i.Next && noted[0].Compare && len(out.Left) == 0
	}
	return out, nil
}

// noted are the places with the keys that they were noted for: after the root is replaced they are noted anew.
type noted struct {
	RecoveryPlaces
	Root string    `json:"root_key"`
	Next record.ID `json:"next_key"`
}

// PutRecoveryPlaces notes where the keys are kept, in the place of an edition: ErrConflict where another was written since.
func (n *Node) PutRecoveryPlaces(ctx context.Context, who Caller, p RecoveryPlaces, before Edition) error {
	own := n.own()
	if own == nil {
		return fmt.Errorf("group of one: %w", ErrNotFound)
	}
	if err := n.setsUp(who); err != nil {
		return err
	}
	for _, s := range []string{p.Root, p.Next, p.Sheet} {
		if s == "" || !plainLine(s, maxContact) {
			return fmt.Errorf("where it is kept: %w: one line of up to %d bytes", ErrInvalid, maxContact)
		}
	}
	i, err := n.Introduction(ctx)
	if err != nil {
		return err
	}
	return putSettingAt(ctx, n, who, own, store.KeptRecovery, own.id[:], []noted{{p, i.Root.String(), i.Next}}, before)
}
