package main

import (
	"fmt"
	"io"
	"path/filepath"

	"entente/api"
)

type restoreCmd struct {
	From    restoreFromCmd    `cmd:"" help:"Put a backup back into an empty folder."`
	Status  restoreStatusCmd  `cmd:"" help:"Groups that are read-only after a restore, and who has not answered."`
	GiveUp  restoreGiveUpCmd  `cmd:"" help:"Go on without peers that are gone for good; the root key signs it."`
	Orphans restoreOrphansCmd `cmd:"" help:"Own records that surfaced after a restore: shown, without effect."`
}

type restoreStatusCmd struct{}

func (restoreStatusCmd) Help() string {
	return `After a start that the anchor outside the folder does not vouch for, a node writes nothing before every peer has said what it
holds of its log: otherwise an honest party would sign two histories.

Example:
  entente restore status`
}

func (restoreStatusCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		rs, err := s.operator.Restoring(a.ctx)
		if err != nil {
			return err
		}
		return a.print(rs, func(w io.Writer) {
			if len(rs) == 0 {
				fmt.Fprintln(w, "No group waits: the node writes.")
			}
			for _, r := range rs {
				fmt.Fprintf(w, "group %s is read-only; not answered yet: %v\n", r.Group.Short(), r.Silent)
			}
		})
	})
}

type restoreGiveUpCmd struct {
	Group string `required:"" help:"The group: track, id or prefix." placeholder:"GROUP"`
	Yes   bool   `help:"Do not ask."`
	rootFlags
}

func (restoreGiveUpCmd) Help() string {
	return `Only when the silent peers will never answer. If one of them holds later records of this node's log after all, that is a fork,
and this party is its author. The record names who answered and who did not.

Example:
  entente restore give-up --group trade`
}

func (c *restoreGiveUpCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		op := &session{Client: s.operator, operator: s.operator}
		g, err := op.group(a, c.Group)
		if err != nil {
			return err
		}
		d, err := s.operator.RestoreDraft(a.ctx, g.ID)
		if err != nil {
			return err
		}
		sealed, err := op.signRoot(a, g.ID, d, c.rootFlags, c.Yes)
		if err != nil {
			_ = s.operator.DropDraft(a.ctx, g.ID, d.Nonce)
			return err
		}
		return a.print(sealed, func(w io.Writer) { fmt.Fprintf(w, "The group goes on: %s\n", sealed.Ref) })
	})
}

type restoreOrphansCmd struct {
	From string `help:"An old copy of the node's folder, on the node's machine, to look for records in." placeholder:"FOLDER" type:"existingdir"`
}

func (restoreOrphansCmd) Help() string {
	return "Examples:\n  entente restore orphans\n  entente restore orphans --from /backup/old-node"
}

// orphans of one group.
type orphans struct {
	Group   string       `json:"group"`
	Orphans []api.Orphan `json:"orphans"`
}

func (c *restoreOrphansCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		if c.From != "" {
			from, err := filepath.Abs(c.From)
			if err != nil {
				return err
			}
			n, err := s.operator.Surface(a.ctx, from)
			if err != nil {
				return err
			}
			a.say("%d records surfaced.", n)
		}
		gs, err := s.operator.Groups(a.ctx)
		if err != nil {
			return err
		}
		out := []orphans{}
		for _, g := range gs {
			os, err := s.operator.Orphans(a.ctx, g.ID)
			if err != nil {
				return err
			}
			if len(os) > 0 {
				out = append(out, orphans{g.ID.String(), os})
			}
		}
		return a.print(out, func(w io.Writer) {
			if len(out) == 0 {
				fmt.Fprintln(w, "No orphans.")
			}
			for _, g := range out {
				for _, o := range g.Orphans {
					fmt.Fprintf(w, "group %s: %s#%d %s %s, %s: no effect\n", g.Group[:8], o.Header.Party, o.Header.Index, o.Header.Kind, o.Header.Verb, o.ID.Short())
				}
			}
		})
	})
}
