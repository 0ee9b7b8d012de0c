package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"entente/store"
	"entente/web"
)

type linkCmd struct {
	Office string        `arg:"" help:"The office."`
	Seat   uint64        `help:"The official's seat; without it nobody in particular." placeholder:"N"`
	For    time.Duration `help:"How long the link may wait." default:"1h"`
	End    bool          `help:"Instead: end every sign-in and unused link of the office."`
}

func (linkCmd) Help() string {
	return `Prints a link that signs one official in, once. It lets its holder read and draft as the office; to put anything on record still
takes the officials' own keys. The node keeps only its digest.

Examples:
  entente link desk
  entente link legal --seat 2 --for 24h
  entente link press --end`
}

func (c *linkCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		if c.End {
			if err := s.operator.EndSessions(a.ctx, c.Office); err != nil {
				return err
			}
			return a.print(map[string]string{"ended": c.Office}, func(w io.Writer) { fmt.Fprintf(w, "Every sign-in of %s has ended.\n", c.Office) })
		}
		l, err := s.operator.NewLink(a.ctx, c.Office, c.Seat, c.For)
		if err != nil {
			return err
		}
		n, err := s.operator.Node(a.ctx)
		if err != nil {
			return err
		}
		out := map[string]any{"office": l.Office, "until": l.Until, "path": web.LinkPath + l.Secret}
		where := n.Origin
		if where == "" {
			where = "http://127.0.0.1:8080"
		}
		out["url"] = strings.TrimSuffix(where, "/") + web.LinkPath + l.Secret
		return a.print(out, func(w io.Writer) {
			fmt.Fprintf(w, "%s\nIt works once, until %s.\n", out["url"], time.Unix(l.Until, 0).Format(time.RFC3339))
		})
	})
}

// oidcFlags name an identity provider.
type oidcFlags struct {
	Issuer string `help:"Issuer of an OpenID Connect provider by which officials sign in." placeholder:"URL"`
	Client string `help:"This node's client id there." placeholder:"ID"`
	Secret string `help:"File with the client's secret." placeholder:"FILE" type:"existingfile"`
	Name   string `help:"Its name on the sign-in page." placeholder:"NAME"`
}

func (f oidcFlags) provider(origin string) (*web.OIDC, error) {
	switch {
	case f.Issuer == "":
		return nil, nil
	case f.Client == "" || origin == "":
		return nil, usage("--oidc-issuer needs --oidc-client and --origin: the provider sends browsers back to ORIGIN/signin/oidc/callback")
	}
	o := &web.OIDC{Name: or(f.Name, f.Issuer), Issuer: f.Issuer, ClientID: f.Client}
	if f.Secret != "" {
		b, err := os.ReadFile(f.Secret)
		if err != nil {
			return nil, fmt.Errorf("secret of the identity provider: %w", err)
		}
		o.Secret = strings.TrimSpace(string(b))
	}
	return o, nil
}

type accountCmd struct {
	List accountListCmd `cmd:"" help:"List the accounts that have a place."`
	Set  accountSetCmd  `cmd:"" help:"Give an account a place: an office and a seat."`
	Drop accountDropCmd `cmd:"" help:"Take an account's place away."`
}

type accountListCmd struct{}

func (*accountListCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		all, err := s.operator.Accounts(a.ctx)
		if err != nil {
			return err
		}
		return a.print(all, func(w io.Writer) {
			for _, x := range all {
				fmt.Fprintf(w, "%-24s %3d  %s  %s\n", x.Office, x.Seat, x.Issuer, x.Subject)
			}
		})
	})
}

type accountSetCmd struct {
	Issuer  string `arg:"" help:"The provider, as the sign-in page shows it."`
	Subject string `arg:"" help:"The account, as the sign-in page shows it."`
	Office  string `arg:"" help:"The office."`
	Seat    uint64 `help:"The official's seat." placeholder:"N"`
}

func (accountSetCmd) Help() string {
	return `An official who signs in through the identity provider without a place here is shown two lines, issuer and subject, to hand over.

Example:
  entente account set https://login.example 8f3b2c desk --seat 1`
}

func (c *accountSetCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		x := store.Subject{Issuer: c.Issuer, Subject: c.Subject, Office: c.Office, Seat: c.Seat}
		if err := s.operator.PutAccount(a.ctx, x); err != nil {
			return err
		}
		return a.print(x, func(w io.Writer) { fmt.Fprintf(w, "The account signs in as %s.\n", c.Office) })
	})
}

type accountDropCmd struct {
	Issuer  string `arg:"" help:"The provider."`
	Subject string `arg:"" help:"The account."`
}

func (c *accountDropCmd) Run(a *app) error {
	return a.with(func(s *session) error {
		if err := s.operator.DropAccount(a.ctx, c.Issuer, c.Subject); err != nil {
			return err
		}
		return a.print(map[string]string{"dropped": c.Subject}, func(w io.Writer) {
			fmt.Fprintln(w, "The account has no place any more. entente link OFFICE --end ends its sign-ins.")
		})
	})
}
